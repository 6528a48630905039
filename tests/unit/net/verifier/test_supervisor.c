/*
 * tests/unit/net/verifier/test_supervisor.c - tests of the verifier supervisor.
 *
 * A judge in a process of its own, through the pool that has one: it falls, hangs, grows, lies and
 * reaches for what it may not; nobody's quote but the guilty one is left unjudged, and none is ever
 * FAIL.
 */
#include "net/verifier/verifier_supervisor.h"

#include "net/sandbox/sandbox.h"
#include "net/verifier/verify_pool.h"
#include "quote/collateral/endorsements.h"
#include "tests/support/sanitized.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CRASHES = TEST_SANITIZED ? 60 : 1000 };

static struct world *world;
static uint8_t policy[ASSAY_POLICY_LEN_MAX], endorsements[ASSAY_BUNDLE_LEN_MAX];
static struct assay_verifier_process_set set;
static struct assay_verifier_process_losses losses;
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
    losses = (struct assay_verifier_process_losses){ 0 };
}

static void stop(void)
{
    assay_verify_pool_destroy(&pool);
    world_close(world);
}

/* --- time: it passes when a test lets it, while what is to take long is in a judge's hands. A busy
 * machine makes nothing late. It trickles beside, as no two readings are one moment. */

enum { NAP_MS = 20 };

static uint64_t step_ms = 50;
static _Atomic uint64_t now_ms;

static uint64_t clock_of_tests(void)
{
    return ++now_ms;
}

/* The pool's news, as far as they were read. */
static struct {
    int64_t pid;                             /* of the judge that is ready; 0: none */
    uint32_t falls;                          /* of all its processes */
    uint32_t asides;                         /* jobs of the judge that go on in a process beside */
    char why[ASSAY_VERIFIER_SUPERVISOR_WHY]; /* of the last fall */
} seen;

static void read_news(void)
{
    struct assay_verifier_process_news news;
    while (assay_verify_pool_next_news(pool, &news)) {
        if (news.contradicted) continue;
        if (news.ready) {
            seen.pid = news.pid;
            continue;
        }
        seen.falls++;
        seen.asides += news.stalled && news.started && news.in_hand == 0;
        if (news.pid == seen.pid) seen.pid = 0;
        (void)snprintf(seen.why, sizeof seen.why, "%s", news.why);
    }
}

/* A little time, if there is a judge. */
static void let_time_pass(void)
{
    read_news();
    if (seen.pid != 0) now_ms += step_ms;
    (void)usleep(NAP_MS * 1000);
}

static uint32_t slow_max;            /* 0: as usual */
static uint32_t sample = UINT32_MAX; /* none, but by a chance of one in four billion */

/* patience_ms: as long as a stall takes, nothing is set aside. */
static void open_patient_pool(uint32_t threads, const char *argument, uint32_t stall_ms,
                              uint32_t patience_ms)
{
    char why[ASSAY_VERIFIER_SUPERVISOR_WHY];
    const struct assay_verifier_process_config judge = { .program = VERIFIER_PLANTED,
                                                         .argument = argument,
                                                         .sets = &set,
                                                         .set_count = 1,
                                                         .stall_ms = stall_ms,
                                                         .patience_ms = patience_ms,
                                                         .slow_max = slow_max,
                                                         .sample = sample,
                                                         .backoff_ms = 1 };
    const struct assay_verify_pool_config config = { .threads = threads,
                                                     .policy = &world->policy,
                                                     .endorsements = &world->endorsements,
                                                     .judge = &judge,
                                                     .message = why,
                                                     .clock = clock_of_tests };
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_OK, "%s", why);
}

static void open_pool(uint32_t threads, const char *argument, uint32_t stall_ms)
{
    open_patient_pool(threads, argument, stall_ms, stall_ms);
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

/* The next answer, if there is one. */
static const struct assay_verdict *next_answer(void)
{
    static struct assay_verdict verdict;
    uint8_t digest[32];
    int64_t at = 0;
    bool before = false;
    return assay_verify_pool_next(pool, digest, &at, &before, &verdict) ? &verdict : NULL;
}

/* The next answer, however long it takes: no time passes. */
static const struct assay_verdict *hear(void)
{
    const struct assay_verdict *verdict;
    struct pollfd fd = { .fd = assay_verify_pool_fd(pool), .events = POLLIN };
    while ((verdict = next_answer()) == NULL)
        cr_assert_eq(poll(&fd, 1, 60000), 1, "nothing for a minute");
    return verdict;
}

static void expect_good(const char *text)
{
    const struct assay_verdict *verdict = hear();
    cr_assert(assay_bytes_equal(verdict->report_data, text, strlen(text)), "%s: %.20s", text,
              (const char *)verdict->report_data);
}

/* What does not end is not judged, when its time is over. */
static void expect_given_up(const char *what)
{
    const struct assay_verdict *verdict;
    while ((verdict = next_answer()) == NULL)
        let_time_pass();
    cr_assert_eq(assay_verdict_outcome(verdict), ASSAY_OUTCOME_NONE, "%s", what);
    cr_assert_eq(verdict->report_data[0], 0, "%s: an answer came", what);
}

/* Time passes until so many processes were ended for what they had in hand. */
static void let_fall(uint32_t times)
{
    const uint32_t before = seen.falls;
    while (seen.falls < before + times)
        let_time_pass();
}

static void expect_unjudged(const char *what)
{
    const struct assay_verdict *verdict = hear();
    cr_assert_eq(assay_verdict_outcome(verdict), ASSAY_OUTCOME_NONE, "%s", what);
    cr_assert_eq(verdict->report_data[0], 0, "%s: an answer came", what);
}

static void count(void)
{
    struct assay_verifier_process_losses since;
    assay_verify_pool_get_losses(pool, &since);
    losses.restarts += since.restarts;
    losses.stalls += since.stalls;
    losses.retried += since.retried;
    losses.unjudged += since.unjudged;
    losses.contradicted += since.contradicted;
}

static bool next_fall(struct assay_verifier_process_news *news)
{
    while (assay_verify_pool_next_news(pool, news))
        if (!news->ready && !news->contradicted) return true;
    return false;
}

TestSuite(net_verifier_supervisor, .init = start, .fini = stop, .timeout = 600);

Test(net_verifier_supervisor, every_verdict_is_that_of_this_process)
{
    uint8_t here[ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX],
        there[ASSAY_VERIFIER_PROCESS_ANSWER_LEN_MAX];
    open_pool(2, "good", 10000);
    for (int i = 0; i < 40; i++) {
        struct assay_slice a, b;
        if (i > 0) world->quote[(i * 37) % (int)world->quote_len] ^= (uint8_t)i;
        ask_bytes(world->quote, world->quote_len, world->at_unix_s + i % 3);
        world->at_unix_s += i % 3;
        cr_assert_neq(assay_status_class(world_judge(world)), ASSAY_CLASS_HOST);
        world->at_unix_s -= i % 3;
        struct assay_writer w = assay_writer_over(here, sizeof here);
        assay_verifier_process_verdict_encode(0, &world->verdict, &w);
        cr_assert_eq(assay_writer_finish(&w, &a), ASSAY_OK);
        w = assay_writer_over(there, sizeof there);
        assay_verifier_process_verdict_encode(0, hear(), &w);
        cr_assert_eq(assay_writer_finish(&w, &b), ASSAY_OK);
        cr_assert(a.len == b.len && assay_bytes_equal(a.bytes, b.bytes, a.len), "quote %d", i);
        if (i == 0) cr_assert_eq(world->verdict.genuine, ASSAY_GENUINE_TRUE);
    }
    count();
    cr_assert_eq(losses.restarts, 0);
}

Test(net_verifier_supervisor, all_its_walls_stand)
{
    struct assay_verifier_process_news news;
    open_pool(3, NULL, 10000);
    cr_assert(assay_verify_pool_next_news(pool, &news));
    cr_assert(news.ready);
    cr_assert(news.walls & ASSAY_SANDBOX_LAYER_CALLS);
    cr_assert(news.walls & ASSAY_SANDBOX_LAYER_LIMITS);
    cr_assert(TEST_SANITIZED || news.walls & ASSAY_SANDBOX_LAYER_MEMORY);
    cr_assert_eq((news.walls & ASSAY_SANDBOX_LAYER_FILES) != 0, news.landlock > 0);
}

/* Each fells two judges, and is the only thing that is lost. */
static void fells(const char *plant, const char *why)
{
    struct assay_verifier_process_news news;
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

Test(net_verifier_supervisor, survives_one_that_aborts)
{
    fells("abort ", "SIGABRT: a planted abort");
}

Test(net_verifier_supervisor, survives_one_that_crashes)
{
    fells("segv ", TEST_SANITIZED ? "" : "SIGSEGV");
}

#if !TEST_SANITIZED /* no limit of memory stands with them */
Test(net_verifier_supervisor, survives_one_that_grows)
{
    fells("alloc ", "SIGABRT");
}
#endif

Test(net_verifier_supervisor, ends_one_that_runs_without_end)
{
    fells("loop ", "a job without end");
    cr_assert_eq(losses.stalls, 2);
}

Test(net_verifier_supervisor, ends_one_that_sleeps)
{
    open_pool(1, NULL, 400);
    ask("sleep ");
    ask("good after");
    expect_given_up("sleep");
    expect_good("good after");
    count();
    cr_assert_eq(losses.stalls, 2);
}

Test(net_verifier_supervisor, a_socket_ends_it)
{
    fells("socket ", "SIGSYS");
}

Test(net_verifier_supervisor, another_program_ends_it)
{
    fells("exec ", "SIGSYS");
}

Test(net_verifier_supervisor, a_process_more_ends_it)
{
    fells("fork ", "SIGSYS");
}

Test(net_verifier_supervisor, a_signal_to_its_daemon_ends_it)
{
    fells("kill ", "SIGSYS");
}

Test(net_verifier_supervisor, an_answer_that_cannot_be_read_is_a_fall)
{
    fells("babble ", "its answer does not match the request");
}

Test(net_verifier_supervisor, an_answer_to_what_nobody_asked_is_a_fall)
{
    fells("lie ", "its answer does not match the request");
}

Test(net_verifier_supervisor, one_that_shouts_holds_nobody_up)
{
    fells("shout ", "shout shout");
}

Test(net_verifier_supervisor, files_and_code_are_refused)
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
Test(net_verifier_supervisor, neighbours_of_the_guilty_are_judged)
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

Test(net_verifier_supervisor, survives_a_thousand_in_a_row)
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

Test(net_verifier_supervisor, other_threads_are_another_judge_and_lose_nothing)
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

Test(net_verifier_supervisor, rules_that_it_was_not_told_are_a_fault_of_ours)
{
    struct assay_verify_job job = { .kind = ASSAY_KIND_SOFT,
                                    .bytes = assay_slice_over((const uint8_t *)"good", 4) };
    open_pool(1, NULL, 10000);
    job.policy = (const struct assay_policy *)&losses;
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_E_RANGE);
    cr_assert_eq(assay_verify_pool_pending(pool), 0);
}

/* Rules that cannot be read, and a program that is not there. */
Test(net_verifier_supervisor, why_there_is_no_judge_is_said_at_the_start)
{
    char why[ASSAY_VERIFIER_SUPERVISOR_WHY] = "";
    struct assay_verifier_process_config judge = { .program = VERIFIER_PLANTED,
                                                   .sets = &set,
                                                   .set_count = 1 };
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

Test(net_verifier_supervisor, without_a_judge_quotes_are_left_unjudged)
{
    struct assay_verifier_process_config judge = {
        .program = "/nonexistent/assayd", .sets = &set, .set_count = 1, .stall_ms = 200
    };
    const struct assay_verify_pool_config config = { .threads = 1,
                                                     .policy = &world->policy,
                                                     .endorsements = &world->endorsements,
                                                     .judge = &judge,
                                                     .clock = clock_of_tests };
    cr_assert_eq(assay_verify_pool_create(&config, &pool), ASSAY_OK);
    ask("good one");
    ask("good two");
    seen.pid = -1; /* there is none to wait for */
    expect_given_up("one");
    expect_given_up("two");
    count();
    cr_assert_eq(losses.unjudged, 2);
}

/* --- docs/protocol.md 3.1.1: a verdict against a member needs a second process */

static void expect_outcome(const char *what, enum assay_outcome outcome)
{
    const struct assay_verdict *verdict = hear();
    cr_assert_eq(assay_verdict_outcome(verdict), outcome, "%s: %s", what,
                 assay_outcome_text(assay_verdict_outcome(verdict)));
}

/* Evidence that takes the process over makes it lie about everybody, and nobody loses anything. */
Test(net_verifier_supervisor, a_judge_that_turned_costs_no_member_its_verdict)
{
    struct assay_verifier_process_news news;
    open_pool(2, NULL, 10000);
    ask("member 0");
    expect_outcome("before", ASSAY_OUTCOME_PASS_UP_TO_DATE);
    ask("turn ");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    for (int i = 0; i < 9; i++)
        ask(i % 3 == 2 ? "level 1" : "member 1");
    for (int i = 0; i < 9; i++)
        expect_outcome("a lie", ASSAY_OUTCOME_PASS_UP_TO_DATE);
    cr_assert(next_fall(&news));
    cr_expect_str_eq(news.why, "its verdict is not that of a fresh process");
    cr_expect_not(next_fall(&news), "one process lied, one is replaced");
    count();
    cr_expect_eq(losses.restarts, 1);
    cr_expect_eq(losses.unjudged, 0);
    cr_expect_geq(losses.contradicted, 1);
}

/* Evidence that takes the process over and ends it with the evidence of a member: that is tried
 * alone, but after other evidence of the same author, which takes over the next process. */
Test(net_verifier_supervisor, a_judge_that_ends_with_others_leaves_no_member_unjudged)
{
    open_pool(1, NULL, 10000);
    ask("sneak 1");
    ask("sneak 2");
    ask("member 1");
    expect_outcome("takes over the first", ASSAY_OUTCOME_NONE);
    expect_outcome("takes over the second", ASSAY_OUTCOME_NONE);
    expect_outcome("ends the second", ASSAY_OUTCOME_PASS_UP_TO_DATE);
    count();
    cr_expect_eq(losses.unjudged, 0);
    cr_expect_eq(losses.restarts, 2);
    cr_expect_eq(losses.retried, 3);
}

Test(net_verifier_supervisor, what_fails_in_every_process_fails)
{
    open_pool(2, NULL, 10000);
    for (int i = 0; i < 5; i++)
        ask(i % 2 ? "bad " : "member ");
    for (int i = 0; i < 5; i++)
        expect_outcome("bad", i % 2 ? ASSAY_OUTCOME_FAIL_HARD : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    count();
    cr_expect_eq(losses.restarts, 0);
}

Test(net_verifier_supervisor, three_processes_with_three_verdicts_prove_nothing)
{
    open_pool(1, NULL, 10000);
    ask("dice ");
    ask("member ");
    expect_unjudged("no verdict");
    expect_outcome("after", ASSAY_OUTCOME_PASS_UP_TO_DATE);
    count();
    cr_expect_eq(losses.unjudged, 1);
}

Test(net_verifier_supervisor, what_ends_the_second_process_is_not_judged)
{
    open_pool(1, NULL, 10000);
    ask("turn ");
    ask("second ");
    ask("good after");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    expect_unjudged("no verdict");
    expect_good("good after");
    count();
    cr_expect_eq(losses.unjudged, 1);
    cr_expect_eq(losses.restarts, 2);
}

/* Evidence that takes over the process which confirms takes over a copy that ends with it. */
Test(net_verifier_supervisor, what_was_confirmed_before_changes_nothing)
{
    open_pool(1, NULL, 10000);
    ask("turn ");
    ask("poison ");
    ask("bad ");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    expect_outcome("poison", ASSAY_OUTCOME_FAIL_HARD);
    expect_outcome("bad", ASSAY_OUTCOME_FAIL_HARD);
    count();
    cr_expect_eq(losses.restarts, 0);
}

Test(net_verifier_supervisor, a_copy_cannot_reach_the_core)
{
    open_pool(1, NULL, 10000);
    ask("turn ");
    ask("reach ");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    expect_outcome("reach", ASSAY_OUTCOME_FAIL_HARD);
    count();
    cr_expect_eq(losses.restarts, 0);
}

Test(net_verifier_supervisor, a_copy_that_computes_without_end_is_ended_by_its_limit)
{
    open_pool(1, NULL, 60000);
    ask("turn ");
    ask("busy ");
    ask("bad ");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    expect_unjudged("busy");
    expect_outcome("bad", ASSAY_OUTCOME_FAIL_HARD);
    count();
    cr_expect_eq(losses.restarts, 2);
    cr_expect_eq(losses.stalls, 0);
    cr_expect_eq(losses.unjudged, 1);
}

/* --- docs/protocol.md 3.1.4: what an epoch no longer needs */

static void ask_for_epoch(const char *text, uint64_t epoch)
{
    const struct assay_verify_job job = {
        .kind = ASSAY_KIND_SOFT,
        .at_unix_s = 1,
        .epoch = epoch,
        .bytes = assay_slice_over((const uint8_t *)text, strlen(text)),
    };
    cr_assert_eq(assay_verify_pool_submit(pool, &job), ASSAY_OK);
}

/* The process that confirms is late: of five verdicts that wait for it, and of those behind them,
 * nothing comes once their epoch is closed. */
Test(net_verifier_supervisor, what_is_too_late_for_its_epoch_is_not_confirmed)
{
    enum { STALL = 3000, LATE = 5 };
    open_pool(1, NULL, STALL);
    ask("turn ");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    cr_assert_null(next_answer());
    ask("doze ");
    for (int i = 0; i < LATE; i++)
        ask_for_epoch("bad ", 7);
    ask("good of a service");
    /* The last one has an answer, as it needs no second process: all others wait for theirs. */
    struct pollfd fd = { .fd = assay_verify_pool_fd(pool), .events = POLLIN };
    cr_assert_eq(poll(&fd, 1, 60000), 1);
    cr_assert_null(next_answer(), "in order: behind those that wait");
    cr_assert_eq(assay_verify_pool_expire(pool, 6), 0);
    cr_assert_eq(assay_verify_pool_expire(pool, 7), LATE);
    cr_assert_eq(assay_verify_pool_expire(pool, 7), 0, "once");
    ask_for_epoch("bad ", 8);
    let_fall(1); /* it goes on in a process of its own */
    expect_good("good of a service");
    expect_outcome("of the next epoch", ASSAY_OUTCOME_FAIL_HARD);
    expect_given_up("doze");
    cr_assert_eq(assay_verify_pool_pending(pool), 0);
    count();
    cr_assert_eq(losses.unjudged, 1, "what expired is no loss");
}

/* --- docs/protocol.md 3.1.2: evidence that takes long holds nobody up */

enum { PATIENCE_MS = 400, STALL_MS = 3000, FOR_EVER_MS = 600000 };

/* Sleeps in every process that reads it. */
Test(net_verifier_supervisor, others_pass_what_sleeps_in_the_judge)
{
    open_patient_pool(1, NULL, STALL_MS, PATIENCE_MS);
    ask("sleep ");
    for (int i = 0; i < 3; i++)
        ask("good after");
    let_fall(2); /* among others, and alone */
    for (int i = 0; i < 3; i++)
        expect_good("good after");
    cr_expect_eq(assay_verify_pool_pending(pool), 1, "while it still sleeps");
    expect_given_up("sleep");
    count();
    cr_expect_eq(losses.unjudged, 1);
}

/* However many pass it while it sleeps, it takes one place of the queue. */
Test(net_verifier_supervisor, what_sleeps_takes_one_place_however_many_pass)
{
    enum { PASSES = 20 };
    open_patient_pool(1, NULL, FOR_EVER_MS, PATIENCE_MS);
    ask("sleep ");
    ask("good after");
    let_fall(1);
    expect_good("good after");
    for (int pass = 0; pass < PASSES; pass++) {
        for (int i = 0; i < ASSAY_POOL_QUEUE_MAX - 1; i++)
            ask("good after");
        for (int i = 0; i < ASSAY_POOL_QUEUE_MAX - 1; i++)
            expect_good("good after");
    }
    cr_expect_eq(assay_verify_pool_pending(pool), 1, "while it still sleeps");
}

/* Sleeps where its verdict is confirmed; the others' wait for that as well. */
Test(net_verifier_supervisor, others_pass_what_sleeps_where_it_is_confirmed)
{
    open_patient_pool(1, NULL, STALL_MS, PATIENCE_MS);
    ask("turn ");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    for (int i = 0; i < 3; i++) {
        ask("doze ");
        ask("bad ");
    }
    for (int i = 0; i < 3; i++) {
        let_fall(1);
        expect_outcome("bad", ASSAY_OUTCOME_FAIL_HARD);
    }
    cr_expect_eq(assay_verify_pool_pending(pool), 3, "while they still sleep");
    for (int i = 0; i < 3; i++)
        expect_given_up("doze");
    count();
    cr_expect_eq(losses.unjudged, 3);
}

/* What is only slow has all the time of a stall, and its verdict counts. */
Test(net_verifier_supervisor, what_takes_longer_than_others_wait_is_judged_all_the_same)
{
    open_patient_pool(1, NULL, FOR_EVER_MS, PATIENCE_MS);
    ask("slow ");
    ask("turn ");
    ask("slowbad ");
    let_fall(2); /* a second is long for the judge, and short for its time */
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    let_fall(1); /* where it is confirmed */
    expect_good("slow ");
    expect_outcome("slow and bad", ASSAY_OUTCOME_FAIL_HARD);
    count();
    cr_expect_eq(losses.unjudged, 0);
}

/* Each that is slow makes the keeper less patient: many hold others up little longer than one. */
Test(net_verifier_supervisor, many_that_sleep_hold_others_up_little_longer_than_one)
{
    open_patient_pool(1, NULL, FOR_EVER_MS, 2000);
    const uint64_t from_ms = now_ms;
    step_ms = 10; /* the keeper looks at a judge every 100 ms of the machine's time */
    for (int i = 0; i < 6; i++)
        ask("sleep ");
    ask("good after");
    while (seen.asides < 6)
        let_time_pass();
    expect_good("good after");
    cr_expect_lt(now_ms - from_ms, 10000, "a patience that stays would be 14 s at least: %lu ms",
                 (unsigned long)(now_ms - from_ms));
}

/* However many members send such evidence: a few wait for their turn, the others are not judged,
 * and whoever comes behind them is as if they were not there. */
Test(net_verifier_supervisor, more_that_sleep_than_may_wait_are_not_judged)
{
    enum { WAIT = 2, BEYOND = 4 };
    slow_max = WAIT;
    open_patient_pool(1, NULL, FOR_EVER_MS, PATIENCE_MS);
    for (int i = 0; i < WAIT + BEYOND; i++)
        ask("sleep ");
    ask("good after");
    for (int i = 0; i < BEYOND; i++)
        expect_given_up("sleep");
    expect_good("good after");
    cr_expect_eq(assay_verify_pool_pending(pool), WAIT, "and nothing else");
    count();
    cr_expect_eq(losses.unjudged, BEYOND);
}

Test(net_verifier_supervisor, more_that_sleep_where_they_are_confirmed_than_may_wait_are_not_judged)
{
    enum { WAIT = 2, BEYOND = 3 };
    slow_max = WAIT;
    open_patient_pool(1, NULL, FOR_EVER_MS, PATIENCE_MS);
    ask("turn ");
    expect_outcome("turn", ASSAY_OUTCOME_NONE);
    for (int i = 0; i < WAIT + BEYOND; i++)
        ask("doze ");
    ask("bad ");
    for (int i = 0; i < BEYOND; i++)
        expect_given_up("doze");
    expect_outcome("bad", ASSAY_OUTCOME_FAIL_HARD);
    cr_expect_eq(assay_verify_pool_pending(pool), WAIT, "and nothing else");
    count();
    cr_expect_eq(losses.unjudged, BEYOND);
}

/* --- docs/protocol.md 3.1.3: a sample of the verdicts that convict nobody */

/* After "forgive" the process passes what fails, and is silent about what passes. */
static void is_found_out(const char *text, enum assay_outcome lie, enum assay_outcome truth,
                         uint32_t one_in)
{
    enum { MANY = 400 };
    struct assay_verifier_process_news news;
    uint32_t lies = 0, told = 0;
    sample = one_in;
    open_pool(1, NULL, 60000);
    ask("forgive ");
    expect_outcome("forgive", ASSAY_OUTCOME_NONE);
    for (uint32_t i = 0; i < MANY; i++) {
        ask(text);
        const enum assay_outcome outcome = assay_verdict_outcome(hear());
        cr_assert(outcome == lie || outcome == truth, "%s", assay_outcome_text(outcome));
        if (outcome == truth) break;
        lies++;
    }
    cr_expect_lt(lies, MANY, "nobody looked");
    if (one_in == 1) cr_expect_eq(lies, 0);
    ask(text);
    expect_outcome("the next judge is honest", truth);
    while (assay_verify_pool_next_news(pool, &news))
        told += news.contradicted;
    count();
    cr_expect_eq(told, 1);
    cr_expect_eq(losses.contradicted, 1);
    cr_expect_eq(losses.restarts, 1, "it is replaced");
}

Test(net_verifier_supervisor, a_judge_that_passes_what_fails_is_found_out)
{
    is_found_out("bad ", ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_OUTCOME_FAIL_HARD,
                 ASSAY_VERIFIER_SUPERVISOR_SAMPLE);
}

Test(net_verifier_supervisor, a_judge_that_leaves_what_passes_unjudged_is_found_out)
{
    is_found_out("member ", ASSAY_OUTCOME_NONE, ASSAY_OUTCOME_PASS_UP_TO_DATE,
                 ASSAY_VERIFIER_SUPERVISOR_SAMPLE);
}

Test(net_verifier_supervisor, a_lie_that_is_drawn_does_not_count)
{
    is_found_out("bad ", ASSAY_OUTCOME_PASS_UP_TO_DATE, ASSAY_OUTCOME_FAIL_HARD, 1);
}
