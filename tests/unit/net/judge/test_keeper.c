/*
 * A judge in a process of its own, through the pool that has one: it falls, hangs, grows, lies and
 * reaches for what it may not; nobody's quote but the guilty one is left unjudged, and none is ever
 * FAIL.
 */
#include "net/judge/keeper.h"

#include "net/child/cage.h"
#include "net/verify_pool.h"
#include "quote/collateral/endorsements.h"
#include "tests/support/sanitized.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CRASHES = TEST_SANITIZED ? 60 : 1000 };

static struct world *world;
static uint8_t policy[ASSAY_POLICY_LEN_MAX], endorsements[ASSAY_BUNDLE_LEN_MAX];
static struct assay_judge_set set;
static struct assay_judge_losses losses;
static struct assay_verify_pool *pool;

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
    losses = (struct assay_judge_losses){ 0 };
}

static void stop(void)
{
    assay_verify_pool_destroy(&pool);
    world_close(world);
}

static void open_pool(uint32_t threads, const char *argument, uint32_t stall_ms)
{
    char why[ASSAY_KEEPER_WHY];
    const struct assay_judge_config judge = { .program = JUDGE_PLANTED,
                                              .argument = argument,
                                              .sets = &set,
                                              .set_count = 1,
                                              .stall_cpu_ms = 200,
                                              .stall_ms = stall_ms,
                                              .backoff_ms = 1 };
    const struct assay_verify_pool_config config = { .threads = threads,
                                                     .policy = &world->policy,
                                                     .endorsements = &world->endorsements,
                                                     .judge = &judge,
                                                     .message = why };
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_OK, "%s", why);
}

static void ask_bytes(const uint8_t *bytes, size_t len, int64_t at_unix_s)
{
    const struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                          .at_unix_s = at_unix_s,
                                          .bytes = assay_slice_over(bytes, len) };
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_OK);
}

static void ask(const char *text)
{
    ask_bytes((const uint8_t *)text, strlen(text), 1);
}

/* The next answer, however long it takes. */
static const struct assay_verdict *hear(void)
{
    static struct assay_verdict verdict;
    uint8_t digest[32];
    int64_t at = 0;
    struct pollfd fd = { .fd = assay_verify_pool_fd(pool), .events = POLLIN };
    while (!assay_verify_pool_next(pool, digest, &at, &verdict))
        cr_assert_eq(poll(&fd, 1, 60000), 1, "nothing for a minute");
    return &verdict;
}

static void expect_good(const char *text)
{
    const struct assay_verdict *verdict = hear();
    cr_assert(assay_bytes_equal(verdict->report_data, text, strlen(text)), "%s: %.20s", text,
              (const char *)verdict->report_data);
}

static void expect_unjudged(const char *what)
{
    const struct assay_verdict *verdict = hear();
    cr_assert_eq(assay_verdict_outcome(verdict), ASSAY_OUTCOME_NONE, "%s", what);
    cr_assert_eq(verdict->report_data[0], 0, "%s: an answer came", what);
}

static void count(void)
{
    struct assay_judge_losses since;
    assay_verify_pool_losses(pool, &since);
    losses.restarts += since.restarts;
    losses.stalls += since.stalls;
    losses.retried += since.retried;
    losses.unjudged += since.unjudged;
}

static bool next_fall(struct assay_judge_news *news)
{
    while (assay_verify_pool_news(pool, news))
        if (!news->ready) return true;
    return false;
}

TestSuite(net_judge_keeper, .init = start, .fini = stop, .timeout = 240);

Test(net_judge_keeper, every_verdict_is_that_of_this_process)
{
    uint8_t here[ASSAY_JUDGE_ANSWER_LEN_MAX], there[ASSAY_JUDGE_ANSWER_LEN_MAX];
    open_pool(2, "good", 10000);
    for (int i = 0; i < 40; i++) {
        struct assay_slice a, b;
        if (i > 0) world->quote[(i * 37) % (int)world->quote_len] ^= (uint8_t)i;
        ask_bytes(world->quote, world->quote_len, world->at_unix_s + i % 3);
        world->at_unix_s += i % 3;
        cr_assert_neq(assay_status_class(world_judge(world)), ASSAY_CLASS_HOST);
        world->at_unix_s -= i % 3;
        struct assay_writer w = assay_writer_over(here, sizeof here);
        assay_judge_verdict_encode(0, &world->verdict, &w);
        cr_assert_eq(assay_writer_finish(&w, &a), ASSAY_OK);
        w = assay_writer_over(there, sizeof there);
        assay_judge_verdict_encode(0, hear(), &w);
        cr_assert_eq(assay_writer_finish(&w, &b), ASSAY_OK);
        cr_assert(a.len == b.len && assay_bytes_equal(a.bytes, b.bytes, a.len), "quote %d", i);
        if (i == 0) cr_assert_eq(world->verdict.genuine, ASSAY_GENUINE_TRUE);
    }
    count();
    cr_assert_eq(losses.restarts, 0);
}

Test(net_judge_keeper, all_its_walls_stand)
{
    struct assay_judge_news news;
    open_pool(3, NULL, 10000);
    cr_assert(assay_verify_pool_news(pool, &news));
    cr_assert(news.ready);
    cr_assert(news.walls & ASSAY_WALL_CALLS);
    cr_assert(news.walls & ASSAY_WALL_LIMITS);
    cr_assert(TEST_SANITIZED || news.walls & ASSAY_WALL_MEMORY);
    cr_assert_eq((news.walls & ASSAY_WALL_FILES) != 0, news.landlock > 0);
}

/* Each fells two judges, and is the only thing that is lost. */
static void fells(const char *plant, const char *why)
{
    struct assay_judge_news news;
    open_pool(1, NULL, 10000);
    ask("good before");
    ask(plant);
    ask("good after");
    expect_good("good before");
    expect_unjudged(plant);
    expect_good("good after");
    count();
    cr_assert_eq(losses.restarts, 2, "%s: %u", plant, (unsigned)losses.restarts);
    cr_assert_eq(losses.unjudged, 1, "%s", plant);
    cr_assert(next_fall(&news), "%s", plant);
    cr_assert_not_null(strstr(news.why, why), "%s: %s", plant, news.why);
    cr_assert(next_fall(&news) && news.unjudged, "%s", plant);
    cr_assert_not(next_fall(&news));
}

Test(net_judge_keeper, survives_one_that_aborts)
{
    fells("abort ", "SIGABRT: a planted abort");
}

Test(net_judge_keeper, survives_one_that_crashes)
{
    fells("segv ", TEST_SANITIZED ? "" : "SIGSEGV");
}

#if !TEST_SANITIZED /* no limit of memory stands with them */
Test(net_judge_keeper, survives_one_that_grows)
{
    fells("alloc ", "SIGABRT");
}
#endif

Test(net_judge_keeper, ends_one_that_runs_without_end)
{
    fells("loop ", "a job without end");
    cr_assert_eq(losses.stalls, 2);
}

Test(net_judge_keeper, ends_one_that_sleeps)
{
    open_pool(1, NULL, 400);
    ask("sleep ");
    ask("good after");
    expect_unjudged("sleep");
    expect_good("good after");
    count();
    cr_assert_eq(losses.stalls, 2);
}

Test(net_judge_keeper, a_socket_ends_it)
{
    fells("socket ", "SIGSYS");
}

Test(net_judge_keeper, another_program_ends_it)
{
    fells("exec ", "SIGSYS");
}

Test(net_judge_keeper, a_process_more_ends_it)
{
    fells("fork ", "SIGSYS");
}

Test(net_judge_keeper, a_signal_to_its_daemon_ends_it)
{
    fells("kill ", "SIGSYS");
}

Test(net_judge_keeper, an_answer_that_cannot_be_read_is_a_fall)
{
    fells("babble ", "its answer is none");
}

Test(net_judge_keeper, an_answer_to_what_nobody_asked_is_a_fall)
{
    fells("lie ", "its answer is none");
}

Test(net_judge_keeper, one_that_shouts_holds_nobody_up)
{
    fells("shout ", "shout shout");
}

Test(net_judge_keeper, files_and_code_are_refused)
{
    open_pool(1, NULL, 10000);
    const char *const plants[] = { "write ", "read ", "code " };
    for (size_t i = 0; i < 3; i++) {
        ask(plants[i]);
        cr_assert_eq(hear()->measurement[0], EACCES, "%s", plants[i]);
    }
    count();
    cr_assert_eq(losses.restarts, 0);
}

/* With many in hand, the guilty one is found among them. */
Test(net_judge_keeper, neighbours_of_the_guilty_are_judged)
{
    char text[32];
    open_pool(4, NULL, 10000);
    for (int i = 0; i < 60; i++) {
        (void)snprintf(text, sizeof text, "%s %d", i % 10 == 7 ? "abort" : "good", i);
        ask(text);
    }
    for (int i = 0; i < 60; i++) {
        (void)snprintf(text, sizeof text, "good %d", i);
        if (i % 10 == 7) expect_unjudged(text);
        else expect_good(text);
    }
    count();
    cr_assert_eq(losses.unjudged, 6);
}

Test(net_judge_keeper, survives_a_thousand_in_a_row)
{
    open_pool(1, NULL, 10000);
    for (int i = 0; i < CRASHES / 2; i++) {
        ask("abort ");
        expect_unjudged("abort");
    }
    ask("good after all");
    expect_good("good after all");
    count();
    cr_assert_eq(losses.restarts, CRASHES);
    cr_assert_eq(losses.unjudged, CRASHES / 2);
}

Test(net_judge_keeper, other_threads_are_another_judge_and_lose_nothing)
{
    char text[32];
    open_pool(1, NULL, 10000);
    for (int i = 0; i < 90; i++) {
        if (i % 10 == 5)
            cr_assert_eq(assay_verify_pool_threads(pool, 1 + (uint32_t)i / 10), ASSAY_OK);
        (void)snprintf(text, sizeof text, "good %d", i);
        ask(text);
    }
    for (int i = 0; i < 90; i++) {
        (void)snprintf(text, sizeof text, "good %d", i);
        expect_good(text);
    }
    cr_assert_eq(assay_verify_pool_threads(pool, 0), ASSAY_E_RANGE);
    count();
    cr_assert_eq(losses.restarts, 0);
}

Test(net_judge_keeper, rules_that_it_was_not_told_are_a_fault_of_ours)
{
    struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                    .bytes = assay_slice_over((const uint8_t *)"good", 4) };
    open_pool(1, NULL, 10000);
    job.policy = (const struct assay_policy *)&losses;
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_E_RANGE);
    cr_assert_eq(assay_verify_pool_pending(pool), 0);
}

/* Rules that cannot be read, and a program that is not there. */
Test(net_judge_keeper, why_there_is_no_judge_is_said_at_the_start)
{
    char why[ASSAY_KEEPER_WHY] = "";
    struct assay_judge_config judge = { .program = JUDGE_PLANTED, .sets = &set, .set_count = 1 };
    const struct assay_verify_pool_config config = { .threads = 1,
                                                     .judge = &judge,
                                                     .message = why };
    set.documents.policy.len--;
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_E_IO);
    cr_assert_not_null(strstr(why, "status 1: rules: "), "%s", why);
    judge.program = "/nonexistent/assayd";
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_E_IO);
    cr_assert_str_eq(why, "it cannot be started");
}

Test(net_judge_keeper, without_a_judge_quotes_are_left_unjudged)
{
    struct assay_judge_config judge = { .program = "/nonexistent/assayd",
                                        .sets = &set,
                                        .set_count = 1,
                                        .stall_ms = 200 };
    const struct assay_verify_pool_config config = { .threads = 1,
                                                     .policy = &world->policy,
                                                     .endorsements = &world->endorsements,
                                                     .judge = &judge };
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_OK);
    ask("good one");
    ask("good two");
    expect_unjudged("one");
    expect_unjudged("two");
    count();
    cr_assert_eq(losses.unjudged, 2);
}
