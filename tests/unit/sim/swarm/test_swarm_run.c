/*
 * tests/unit/sim/swarm/test_swarm_run.c - the work around the seeds: counting, resuming, refusing.
 */
#include "apps/sim/commands/minimize.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/report/fields.h"
#include "apps/sim/report/number.h"
#include "base/file/file.h"
#include "sim/yaml/read.h"
#include "tests/unit/sim/sim_fake.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/assay-swarm-XXXXXX";
static char state_path[64];
static char message[ASSAY_SIM_MESSAGE_MAX];

static void make_folder(void)
{
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(state_path, sizeof state_path, "%s/state.json", folder);
}

static void remove_folder(void)
{
    DIR *const dir = opendir(folder);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(dir);
    (void)rmdir(folder);
}

TestSuite(sim_swarm_run, .init = make_folder, .fini = remove_folder);

static struct assay_sim_swarm usual(uint64_t seeds)
{
    return (struct assay_sim_swarm){
        .from = 1, .seeds = seeds, .threads = 2, .quiet = true, .run = sim_fake_run
    };
}

static void run(const struct assay_sim_swarm *swarm, struct assay_sim_swarm_state *state)
{
    cr_assert_eq(sim_swarm_run(swarm, state, message), ASSAY_OK, "%s", message);
}

Test(sim_swarm_run, lists_what_broke_a_promise_in_order)
{
    const struct assay_sim_swarm swarm = usual(250);
    struct assay_sim_swarm_state s;
    run(&swarm, &s);
    cr_assert_eq(s.done, 250);
    /* Seeds 17, 42, 117, 142, 217, 242, unless a third of traitors excuses them. */
    cr_assert_eq(s.failed, s.failure_count);
    cr_assert(s.failed >= 3 && s.failed <= 6, "%u", s.failure_count);
    for (uint32_t i = 0; i < s.failure_count; i++) {
        const uint64_t rest = s.failures[i].seed % 100;
        cr_expect(rest == 17 || rest == 42);
        cr_expect_str_eq(s.failures[i].what, rest == 17 ? "P1" : "agreement");
        if (i > 0) cr_expect_lt(s.failures[i - 1].seed, s.failures[i].seed);
    }
    cr_expect_eq(s.messages, 25000);
    cr_expect_gt(s.beyond, 5);
    cr_expect_gt(s.drawn[ASSAY_SIM_DRAWN_CHANGES], 50);
    cr_expect_leq(s.drawn[ASSAY_SIM_DRAWN_CHANGES], s.done);
}

Test(sim_swarm_run, gives_the_same_digest_for_any_number_of_threads)
{
    struct assay_sim_swarm_state first;
    for (uint32_t threads = 1; threads <= 8; threads++) {
        struct assay_sim_swarm_state s;
        struct assay_sim_swarm swarm = usual(120);
        swarm.threads = threads;
        run(&swarm, &s);
        if (threads == 1) first = s;
        cr_expect(assay_bytes_equal(s.digest, first.digest, 32));
        cr_expect_eq(s.failed, first.failed);
    }
}

Test(sim_swarm_run, another_seed_gives_another_digest)
{
    struct assay_sim_swarm_state a, b;
    struct assay_sim_swarm swarm = usual(10);
    run(&swarm, &a);
    swarm.from = 2;
    run(&swarm, &b);
    cr_expect_not(assay_bytes_equal(a.digest, b.digest, 32));
}

Test(sim_swarm_run, in_parts_it_is_the_same_as_in_one)
{
    struct assay_sim_swarm_state whole, parts;
    struct assay_sim_swarm swarm = usual(230);
    run(&swarm, &whole);
    swarm.state_path = state_path;
    for (uint64_t seeds = 1; seeds <= 230; seeds += 33) {
        swarm.seeds = seeds;
        run(&swarm, &parts);
        cr_assert_eq(parts.done, seeds);
    }
    swarm.seeds = 230;
    run(&swarm, &parts);
    cr_expect(assay_bytes_equal(parts.digest, whole.digest, 32));
    cr_expect_eq(parts.failed, whole.failed);
    cr_expect_eq(parts.failure_count, whole.failure_count);
    cr_expect_str_eq(parts.failures[0].message, whole.failures[0].message);
    cr_expect_eq(parts.events, whole.events);
    for (uint32_t i = 0; i < ASSAY_SIM_DRAWN_COUNT; i++)
        cr_expect_eq(parts.drawn[i], whole.drawn[i]);
    cr_expect(assay_bytes_equal(&parts.coverage, &whole.coverage, sizeof whole.coverage));
    swarm.seeds = 100; /* fewer than there are: nothing to do, nothing lost */
    run(&swarm, &parts);
    cr_expect_eq(parts.done, 230);
}

static enum assay_status slow_run(const struct assay_scenario *scenario,
                                  const struct assay_sim_options *options,
                                  struct assay_sim_outcome *outcome)
{
    (void)usleep(2000);
    return sim_fake_run(scenario, options, outcome);
}

Test(sim_swarm_run, goes_on_after_kill_9)
{
    struct assay_sim_swarm_state whole, after;
    struct assay_sim_swarm swarm = usual(400);
    run(&swarm, &whole);
    swarm.state_path = state_path;
    swarm.run = slow_run;
    const pid_t child = fork();
    if (child == 0) {
        struct assay_sim_swarm_state s;
        (void)!sim_swarm_run(&swarm, &s, message);
        _exit(0);
    }
    while (access(state_path, R_OK) != 0)
        (void)usleep(1000);
    (void)kill(child, SIGKILL);
    int status = 0;
    (void)waitpid(child, &status, 0);
    cr_assert(WIFSIGNALED(status), "it was not yet through");
    swarm.run = sim_fake_run;
    run(&swarm, &after);
    cr_expect_eq(after.done, 400);
    cr_expect(assay_bytes_equal(after.digest, whole.digest, 32));
    cr_expect_eq(after.failed, whole.failed);
    cr_expect(assay_bytes_equal(&after.coverage, &whole.coverage, sizeof whole.coverage),
              "no seed is counted twice, and none is missing");
}

/* Killed soon after each time that it stored more seeds, at different moments. */
Test(sim_swarm_run, counts_no_seed_twice_however_often_it_is_killed)
{
    enum { KILLS = 4, SEEDS = 2000 };
    static struct assay_sim_swarm_state whole, after, stored;
    struct assay_sim_swarm swarm = usual(SEEDS);
    run(&swarm, &whole);
    swarm.state_path = state_path;
    for (uint32_t i = 0; i < KILLS; i++) {
        const uint64_t before = stored.done;
        swarm.run = slow_run;
        const pid_t child = fork();
        if (child == 0) {
            (void)!sim_swarm_run(&swarm, &after, message);
            _exit(0);
        }
        while (stored.done == before) {
            (void)usleep(1000);
            if (sim_swarm_state_read(state_path, &stored, message) != ASSAY_OK)
                cr_assert(access(state_path, R_OK) != 0, "%s", message);
        }
        (void)usleep(1000 * i);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    cr_assert_lt(stored.done, SEEDS);
    swarm.run = sim_fake_run;
    run(&swarm, &after);
    cr_expect_eq(after.done, SEEDS);
    cr_expect(assay_bytes_equal(after.digest, whole.digest, 32));
    cr_expect(assay_bytes_equal(&after.coverage, &whole.coverage, sizeof whole.coverage));
    cr_expect_eq(after.messages, whole.messages);
}

/* Replaces a text in the state file by another. */
static void edit(const char *from, const char *to)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    cr_assert_eq(assay_file_read(state_path, 1 << 20, &bytes, &len), ASSAY_OK);
    char *const text = calloc(1, len + strlen(to) + 1);
    const char *const at = strstr((const char *)bytes, from);
    cr_assert_not_null(at);
    const int head = (int)(at - (const char *)bytes);
    const int tail = (int)(len - (size_t)head - strlen(from));
    (void)snprintf(text, len + strlen(to) + 1, "%.*s%s%.*s", head, (const char *)bytes, to, tail,
                   at + strlen(from));
    cr_assert_eq(
        assay_file_replace(state_path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text))),
        ASSAY_OK);
    free(text);
    free(bytes);
}

static void expect_refusal(const struct assay_sim_swarm *swarm, enum assay_status status,
                           const char *says)
{
    struct assay_sim_swarm_state s;
    cr_expect_eq(sim_swarm_run(swarm, &s, message), status, "%s", message);
    cr_expect_not_null(strstr(message, says), "%s", message);
}

Test(sim_swarm_run, refuses_the_state_of_another_program)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(5);
    swarm.state_path = state_path;
    run(&swarm, &s);
    edit(", build ", ", build 0");
    swarm.seeds = 10;
    expect_refusal(&swarm, ASSAY_E_VERSION, "written by another program");
}

Test(sim_swarm_run, refuses_a_state_in_another_version_of_the_format)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(5);
    swarm.state_path = state_path;
    run(&swarm, &s);
    edit("\"schema_version\": 3", "\"schema_version\": 2");
    swarm.seeds = 10;
    expect_refusal(&swarm, ASSAY_E_SYNTAX, "format version 3, found version 2");
}

Test(sim_swarm_run, refuses_counts_that_no_seeds_can_have)
{
    static const char *const edits[][2] = {
        { "\"traitors\": [\n", "\"traitors\": [\n9," },     /* three counts */
        { "\"loss\": [", "\"wrong\": [" },                  /* of another table */
        { "\"loss\": \"00", "\"loss\": \"01" },             /* a pair more often than its seeds */
        { "\"partitions\": \"0000", "\"partitions\": \"0" } /* too short */
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct assay_sim_swarm_state s;
        struct assay_sim_swarm swarm = usual(5);
        swarm.state_path = state_path;
        (void)unlink(state_path);
        run(&swarm, &s);
        edit(edits[i][0], edits[i][1]);
        swarm.seeds = 10;
        expect_refusal(&swarm, ASSAY_E_SYNTAX, "expected the state of a swarm");
    }
}

Test(sim_swarm_run, refuses_other_arguments)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(5);
    swarm.state_path = state_path;
    run(&swarm, &s);
    swarm.seeds = 10;
    swarm.from = 7;
    expect_refusal(&swarm, ASSAY_E_INVALID, "begin at 1, not at 7");
    swarm.from = 1;
    swarm.sizes = (struct assay_sim_swarm_sizes){ 4, 5 };
    expect_refusal(&swarm, ASSAY_E_INVALID, "made with the arguments");
    swarm.sizes = (struct assay_sim_swarm_sizes){ 0 };
    swarm.sets[0] = "epoch_ms=3000";
    swarm.set_count = 1;
    expect_refusal(&swarm, ASSAY_E_INVALID, "epoch_ms=3000");
}

Test(sim_swarm_run, arguments_are_quoted_for_a_shell_or_refused_whole)
{
    static char text[ASSAY_SIM_SWARM_ARGUMENTS_MAX], long_title[ASSAY_SIM_SWARM_ARGUMENTS_MAX];
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(1);
    swarm.sizes = (struct assay_sim_swarm_sizes){ 4, 9 };
    swarm.twice = true;
    swarm.set_count = 3;
    swarm.sets[0] = "nodes=5";
    swarm.sets[1] = "title=it's $HOME";
    swarm.sets[2] = "'";
    cr_assert(sim_swarm_arguments(&swarm, text));
    cr_expect_str_eq(text, " --nodes 4..9 --twice --set nodes=5 --set 'title=it'\\''s $HOME'"
                           " --set ''\\'''");
    memset(long_title, 'x', sizeof long_title - 1);
    swarm = usual(1);
    swarm.set_count = 1;
    swarm.sets[0] = long_title + strlen(" --set ");
    cr_expect(sim_swarm_arguments(&swarm, text));
    cr_expect_eq(strlen(text), sizeof text - 1);
    swarm.sets[0]--;
    cr_expect_not(sim_swarm_arguments(&swarm, text));
    cr_expect_eq(sim_swarm_run(&swarm, &s, message), ASSAY_E_RANGE);
    cr_expect_not_null(strstr(message, "fewer than 8192 bytes"), "%s", message);
}

Test(sim_swarm_run, a_state_that_could_not_be_replaced_is_refused_before_a_seed_runs)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(1);
    char link_path[80];
    (void)snprintf(link_path, sizeof link_path, "%s/link", folder);
    cr_assert_eq(symlink("state.json", link_path), 0);
    const char *const wrong[] = { folder, "/nowhere/state.json", "/dev/null", link_path, "" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        swarm.state_path = wrong[i];
        cr_expect_eq(sim_swarm_run(&swarm, &s, message), ASSAY_E_INVALID, "%s", wrong[i]);
        cr_expect_eq(s.done, 0);
    }
}

Test(sim_fields, are_there_of_their_kind_and_within_their_bounds)
{
    static const char text[] = "{\"small\": 7, \"large\": \"18446744073709551615\","
                               "\"larger\": \"18446744073709551616\", \"minus\": -1,"
                               "\"word\": \"four\"}";
    struct assay_json *object = NULL;
    uint64_t number = 0;
    char word[5];
    cr_assert_eq(assay_json_parse(text, strlen(text), &object), ASSAY_OK);
    cr_expect(sim_field_number(object, "small", 7, &number) && number == 7);
    cr_expect(sim_field_number(object, "large", UINT64_MAX, &number) && number == UINT64_MAX);
    cr_expect_not(sim_field_number(object, "small", 6, &number));
    cr_expect_not(sim_field_number(object, "large", UINT64_MAX - 1, &number));
    cr_expect_not(sim_field_number(object, "larger", UINT64_MAX, &number));
    cr_expect_not(sim_field_number(object, "minus", UINT64_MAX, &number));
    cr_expect_not(sim_field_number(object, "word", UINT64_MAX, &number));
    cr_expect_not(sim_field_number(object, "none", UINT64_MAX, &number));
    cr_expect(sim_field_text(object, "word", word, sizeof word));
    cr_expect_str_eq(word, "four");
    cr_expect_not(sim_field_text(object, "word", word, sizeof word - 1));
    cr_expect_not(sim_field_text(object, "small", word, sizeof word));
    cr_expect_not(sim_field_text(object, "none", word, sizeof word));
    assay_json_free(&object);
}

Test(sim_swarm_run, refuses_a_file_that_is_no_state)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(5);
    swarm.state_path = state_path;
    cr_assert_eq(assay_file_replace(state_path, ASSAY_FILE_PUBLIC, assay_slice_over("{}", 2)),
                 ASSAY_OK);
    expect_refusal(&swarm, ASSAY_E_SYNTAX, "expected the state of a swarm");
    cr_assert_eq(assay_file_replace(state_path, ASSAY_FILE_PUBLIC, assay_slice_over("{", 1)),
                 ASSAY_OK);
    expect_refusal(&swarm, ASSAY_E_SYNTAX, "cannot be read");
    (void)unlink(state_path);
    run(&swarm, &s);
    static const char *const edits[][2] = { { "\"done\": 5", "\"done\": -5" },
                                            { "\"done\": -5", "\"done\": 0" },
                                            { "\"failed\": 0", "\"failed\": 1" },
                                            { "\"failures\": []", "\"failures\": 7" } };
    for (size_t i = 0; i < 4; i++) {
        edit(edits[i][0], edits[i][1]);
        if (i != 1) expect_refusal(&swarm, ASSAY_E_SYNTAX, "expected the state of a swarm");
        if (i == 2) edit("\"failed\": 1", "\"failed\": 0");
    }
    swarm.state_path = "/nonexistent/state.json";
    cr_expect_eq(sim_swarm_run(&swarm, &s, message), ASSAY_E_INVALID);
}

Test(sim_swarm_run, stops_at_the_first_when_told)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(1000);
    swarm.stop_at_first = true;
    swarm.threads = 4;
    run(&swarm, &s);
    cr_assert_eq(s.failed, 1);
    cr_expect_eq(s.done, s.failures[0].seed, "everything up to it, nothing after");
}

Test(sim_swarm_run, stops_when_a_signal_says_so)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(1000);
    swarm.stop = sim_progress_catch_signals();
    (void)raise(SIGTERM);
    run(&swarm, &s);
    cr_expect_lt(s.done, 1000);
}

Test(sim_swarm_run, a_failing_seed_becomes_a_file_that_reads_back)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(50);
    char path[512];
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_scenario read, made;
    swarm.out_dir = folder;
    run(&swarm, &s);
    cr_assert_gt(s.failed, 0);
    const uint64_t seed = s.failures[0].seed;
    (void)snprintf(path, sizeof path, "%s/swarm-%llu.yaml", folder, (unsigned long long)seed);
    cr_assert_eq(assay_file_read(path, ASSAY_SIM_YAML_MAX, &bytes, &len), ASSAY_OK);
    cr_assert_eq(assay_scenario_parse_yaml(bytes, len, path, &read, message), ASSAY_OK, "%s",
                 message);
    free(bytes);
    cr_assert_eq(sim_swarm_scenario(&swarm, seed, &made, message), ASSAY_OK);
    cr_expect_eq(read.seed, seed);
    cr_expect_eq(read.nodes, made.nodes);
    cr_expect_eq(read.adversary_count, made.adversary_count);
    cr_expect(assay_bytes_equal(read.partitions, made.partitions, sizeof read.partitions));
}

Test(sim_swarm_run, says_at_once_that_a_set_is_wrong)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(5);
    swarm.sets[0] = "no_such_key=1";
    swarm.set_count = 1;
    cr_expect_eq(sim_swarm_run(&swarm, &s, message), ASSAY_E_NOT_FOUND);
    cr_expect_eq(s.done, 0);
}

/* --- a run that is not repeatable */
static enum assay_status moody_run(const struct assay_scenario *scenario,
                                   const struct assay_sim_options *options,
                                   struct assay_sim_outcome *outcome)
{
    static uint8_t calls;
    const enum assay_status status = sim_fake_run(scenario, options, outcome);
    if (options->seed == 7) outcome->trace_hash[0] ^= ++calls;
    return status;
}

Test(sim_swarm_run, twice_finds_what_is_not_repeatable)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(10);
    swarm.run = moody_run;
    run(&swarm, &s);
    cr_expect_eq(s.failed, 0);
    swarm.twice = true;
    run(&swarm, &s);
    cr_assert_eq(s.failed, 1);
    cr_expect_eq(s.failures[0].seed, 7);
    cr_expect_str_eq(s.failures[0].what, "determinism");
}

/* --- runs that do not come to their end */
static enum assay_status broken_run(const struct assay_scenario *scenario,
                                    const struct assay_sim_options *options,
                                    struct assay_sim_outcome *outcome)
{
    if (options->seed == 4) abort();
    if (options->seed == 5) _exit(3);
    if (options->seed == 6) (void)raise(SIGXCPU); /* what the limit of processor time sends */
    const enum assay_status status = sim_fake_run(scenario, options, outcome);
    return options->seed == 7 ? ASSAY_E_MEMORY : status;
}

Test(sim_swarm_run, a_run_that_dies_is_a_failure_like_any_other)
{
    static const char *const says[] = { "signal 6", "exit status 3", "did not end", "no memory" };
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(10);
    swarm.run = broken_run;
    run(&swarm, &s);
    cr_assert_eq(s.done, 10);
    cr_assert_eq(s.failed, 4);
    for (uint32_t i = 0; i < 4; i++) {
        cr_expect_eq(s.failures[i].seed, 4 + i);
        cr_expect_str_eq(s.failures[i].what, i == 3 ? "run" : "crash");
        cr_expect_not_null(strstr(s.failures[i].message, says[i]), "%s", s.failures[i].message);
    }
}

Test(sim_swarm_run, in_one_process_a_crash_is_its_own, .signal = SIGABRT)
{
    struct assay_sim_swarm_state s;
    struct assay_sim_swarm swarm = usual(10);
    swarm.run = broken_run;
    swarm.one_process = true;
    swarm.threads = 1;
    run(&swarm, &s);
}

Test(sim_shrink, shrinks_what_crashes)
{
    struct assay_scenario s = assay_sim_random_scenario(4, (struct assay_sim_swarm_sizes){ 0 });
    struct assay_sim_shrinking how = { .run = broken_run };
    cr_assert(sim_shrink(&how, &s));
    cr_expect_str_eq(how.breach.what, "crash");
    cr_expect_eq(s.nodes, 1);
    cr_expect_eq(s.adversary_count + s.crash_count + s.partition_count, 0);
}

/* --- shrinking */
static enum assay_status lossy_fails(const struct assay_scenario *scenario,
                                     const struct assay_sim_options *options,
                                     struct assay_sim_outcome *outcome)
{
    const enum assay_status status = sim_fake_run(scenario, options, outcome);
    outcome->checks[ASSAY_SIM_CHECKER_P1] = (struct assay_sim_check){ 0 };
    outcome->checks[ASSAY_SIM_CHECKER_AGREEMENT] = (struct assay_sim_check){ 0 };
    if (scenario->link.loss_permille >= 20 && scenario->adversary_count > 0)
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_P3, 2, "node 1 stays");
    if (scenario->nodes < 6) /* another failure, which must not be taken for the first */
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_AGREEMENT, 1, "heads differ");
    return status;
}

static struct assay_scenario failing_scenario(void)
{
    for (uint64_t seed = 1;; seed++) {
        const struct assay_scenario s =
            assay_sim_random_scenario(seed, (struct assay_sim_swarm_sizes){ 0 });
        if (assay_sim_promise_of(&s, seed).progress && s.nodes >= 7 && s.adversary_count > 2 &&
            s.link.loss_permille > 20)
            return s;
    }
}

Test(sim_shrink, keeps_the_same_checker_failing)
{
    struct assay_scenario s = failing_scenario();
    struct assay_sim_shrinking how = { .run = lossy_fails };
    cr_assert(sim_shrink(&how, &s));
    cr_expect_str_eq(how.breach.what, "P3");
    cr_expect_eq(s.nodes, 6);
    cr_expect_eq(s.link.loss_permille, 20);
    cr_expect_eq(s.adversary_count, 1);
    cr_expect_eq(s.crash_count + s.partition_count, 0);
    cr_expect_lt(how.size_after, how.size_before);
}

/* A failure that only a majority of traitors brings about is none of the promise. */
static enum assay_status majority_fails(const struct assay_scenario *scenario,
                                        const struct assay_sim_options *options,
                                        struct assay_sim_outcome *outcome)
{
    const struct assay_sim_promise p = assay_sim_promise_of(scenario, options->seed);
    const enum assay_status status = lossy_fails(scenario, options, outcome);
    cr_assert(p.safety, "a candidate beyond the third was run");
    return status;
}

Test(sim_shrink, never_leaves_the_promise)
{
    struct assay_scenario s = failing_scenario();
    struct assay_sim_shrinking how = { .run = majority_fails };
    cr_assert(sim_shrink(&how, &s));
    cr_expect(assay_sim_promise_of(&s, s.seed).progress);
}

Test(sim_shrink, says_that_nothing_fails)
{
    struct assay_scenario s = assay_scenario_default();
    struct assay_sim_shrinking how = { .run = lossy_fails };
    cr_expect_not(sim_shrink(&how, &s));
    cr_expect_eq(how.tried, 1);
}

Test(sim_shrink, keeps_the_assertion_that_fails)
{
    struct assay_scenario s = failing_scenario();
    struct assay_sim_shrinking how = { .run = sim_fake_run };
    s.seed = 1;
    s.assertion_count = 2;
    s.assertions[0] = (struct assay_sim_assertion){ .text = "events == 1000",
                                                    .figure = ASSAY_SIM_FIGURE_EVENTS,
                                                    .compare = ASSAY_SIM_EQUAL,
                                                    .value = 1000 };
    s.assertions[1] = (struct assay_sim_assertion){ .text = "epochs <= 3",
                                                    .figure = ASSAY_SIM_FIGURE_EPOCHS,
                                                    .compare = ASSAY_SIM_AT_MOST,
                                                    .value = 3 };
    cr_assert(sim_shrink(&how, &s));
    cr_expect_str_eq(how.breach.what, "assertion: epochs <= 3");
    cr_expect_eq(s.assertion_count, 1);
    cr_expect_eq(s.epochs, 4);
    cr_expect_eq(s.adversary_count, 0);
    cr_expect_eq(s.nodes, 1);
}

/* --- what people see and type */
Test(sim_progress, shows_bar_rate_and_eta)
{
    char line[ASSAY_SIM_PROGRESS_LINE_MAX];
    const struct assay_sim_progress p = { .unit = "seeds", .total = 2000, .before = 500 };
    sim_progress_line(line, &p, 1000, 3, 60000);
    cr_expect_str_eq(line, "[############............] 1000/2000 seeds  50 %  500 a minute  "
                           "ETA 2:00  failed 3");
    sim_progress_line(line, &p, 500, 0, 0);
    cr_expect_not_null(strstr(line, "ETA -"));
    /* What has no failures counts none; more than was thought is all of it. */
    sim_progress_line(line, &p, 2500, ASSAY_SIM_PROGRESS_UNCOUNTED, 60000);
    cr_expect_str_eq(line,
                     "[########################] 2500/2500 seeds  100 %  2000 a minute  ETA 0:00");
    const struct assay_sim_progress open = { .unit = "runs", .total = ASSAY_SIM_PROGRESS_UNKNOWN };
    sim_progress_line(line, &open, 300, ASSAY_SIM_PROGRESS_UNCOUNTED, 30000);
    cr_expect_str_eq(line, "300 runs  600 a minute");
}

Test(sim_number, takes_plain_decimals_alone)
{
    static const char *const bad[] = { "",   "-1",  "+1",  "01",
                                       "1 ", "0x1", "1.5", "18446744073709551616" };
    uint64_t n = 77, pair[2];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(sim_parse_number(bad[i], 0, UINT64_MAX, &n), "%s", bad[i]);
    cr_expect_eq(n, 77);
    cr_expect(sim_parse_number("18446744073709551615", 0, UINT64_MAX, &n));
    cr_expect_not(sim_parse_number("3", 4, 9, &n));
    cr_expect(sim_parse_pair("4..10", "..", true, 4, 100, pair));
    cr_expect(pair[0] == 4 && pair[1] == 10);
    cr_expect(sim_parse_pair("7", "..", true, 4, 100, pair));
    cr_expect(pair[0] == 7 && pair[1] == 7);
    cr_expect_not(sim_parse_pair("7", "/", false, 1, 100, pair));
    cr_expect_not(sim_parse_pair("1/", "/", false, 1, 100, pair));
}
