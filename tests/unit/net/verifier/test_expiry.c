/*
 * tests/unit/net/verifier/test_expiry.c - tests of jobs that expire in the hands of the verifier
 * supervisor.
 *
 * One thread plays the pool, so that the order of what the supervisor reports is certain.
 */
#include "net/verifier/verifier_supervisor.h"

#include "quote/collateral/endorsements.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <poll.h>

static struct world *world;
static uint8_t policy[ASSAY_POLICY_LEN_MAX], endorsements[ASSAY_BUNDLE_LEN_MAX];
static struct assay_verifier_process_set set;

static void start(void)
{
    struct assay_endorsement_files files = { .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT) };
    world = world_open();
    files.files = world->bundle.files;
    files.root = assay_key_p256(world->ca.root_public);
    struct assay_writer w = assay_writer_over(endorsements, sizeof endorsements);
    cr_assert_eq(assay_endorsements_encode(&files, 1, &w), ASSAY_OK);
    cr_assert_eq(assay_writer_finish(&w, &set.documents.endorsements), ASSAY_OK);
    w = assay_writer_over(policy, sizeof policy);
    assay_policy_encode(&world->policy, &w);
    cr_assert_eq(assay_writer_finish(&w, &set.documents.policy), ASSAY_OK);
    set.policy = &world->policy;
    set.endorsements = &world->endorsements;
}

static void stop(void)
{
    world_close(world);
}

TestSuite(net_verifier_expiry, .init = start, .fini = stop, .timeout = 600);

/* One job, whose epoch is closed while the second process reads it. */
static struct {
    uint32_t loads, answers, told;
} one;

static void load_one(void *context, uint64_t number, struct assay_verifier_process_job *job)
{
    (void)context;
    one.loads++;
    *job = (struct assay_verifier_process_job){
        .number = number,
        .kind = ASSAY_KIND_SOFT,
        .at_unix_s = 1,
        .bytes = assay_slice_over((const uint8_t *)"dice ", 5),
    };
}

/* For the first process, for its verdict, and for the second process. */
static bool is_one_expired(void *context, uint64_t number)
{
    (void)context;
    return number == 1 && one.loads >= 3;
}

static void answer_one(void *context, uint64_t number, const struct assay_verdict *verdict)
{
    (void)context;
    cr_expect(number == 1 && verdict == NULL);
    one.answers++;
}

static void set_one_aside(void *context, uint64_t number)
{
    (void)context;
    cr_expect_fail("%lu is not slow", (unsigned long)number);
}

static void notify_of_one(void *context, const struct assay_verifier_process_news *news)
{
    (void)context;
    if (!news->contradicted) return;
    cr_expect_eq(one.answers, 0, "the report names a job that is gone");
    one.told += news->number == 1;
}

/* Every process gives another verdict: that the first one is replaced is reported before the job is
 * dropped, as the report names its evidence. */
Test(net_verifier_expiry, what_is_contradicted_too_late_is_reported_before_it_is_dropped)
{
    const struct assay_verifier_supervisor_world there = { NULL,           load_one,
                                                           is_one_expired, answer_one,
                                                           set_one_aside,  notify_of_one };
    const struct assay_verifier_process_config process = {
        .program = VERIFIER_PLANTED, .sets = &set, .set_count = 1, .stall_ms = 60000
    };
    struct assay_verifier_supervisor *supervisor = NULL;
    uint64_t now_ms = 0;
    cr_assert_eq(assay_verifier_supervisor_create(&process, 1, &there, &supervisor), ASSAY_OK);
    for (bool submitted = false;;) {
        struct pollfd fds[ASSAY_VERIFIER_SUPERVISOR_FDS];
        assay_verifier_supervisor_run(supervisor, ++now_ms);
        if (one.answers > 0) break; /* nothing is left to wait for */
        if (!submitted && assay_verifier_supervisor_has_room(supervisor, now_ms))
            submitted = assay_verifier_supervisor_submit(supervisor, now_ms, 1);
        assay_verifier_supervisor_poll(supervisor, fds);
        (void)poll(fds, ASSAY_VERIFIER_SUPERVISOR_FDS,
                   assay_verifier_supervisor_wait_ms(supervisor, now_ms));
    }
    cr_expect_eq(one.told, 1);
    assay_verifier_supervisor_destroy(&supervisor);
}
