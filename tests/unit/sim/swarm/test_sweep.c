/*
 * tests/unit/sim/swarm/test_sweep.c - sweep files, the numbering of points, shards and their
 * merging.
 */
#include "apps/sim/commands/sweep.h"
#include "apps/sim/sweep/merge.h"
#include "base/file/file.h"
#include "sim/library/library.h"
#include "sim/yaml/read.h"
#include "sim/yaml/sweep.h"
#include "tests/unit/sim/sim_fake.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char good[] = "sweep_version: 1\n"
                           "name: losses\n"
                           "title: Loss and size\n"
                           "scenario: honest\n"
                           "seed: 40\n"
                           "repeats: 3\n"
                           "set: [epoch_ms=1000]\n"
                           "axes:\n"
                           "  - name: loss\n"
                           "    key: link.loss_permille\n"
                           "    from: 0\n"
                           "    to: 100\n"
                           "    step: 25\n"
                           "  - name: kind\n"
                           "    cases:\n"
                           "      - name: small, quick\n"
                           "        set: [nodes=7, epochs=5]\n"
                           "      - name: large\n"
                           "        set: [nodes=20]\n"
                           "  - name: delay\n"
                           "    key: link.delay_max_ms\n"
                           "    values: [20, 30]\n"
                           "plot:\n"
                           "  x: loss\n"
                           "  series: kind\n"
                           "  figure: score_mean_bp honest\n";

static char folder[] = "/tmp/assay-sweep-XXXXXX";
static char message[ASSAY_SIM_MESSAGE_MAX];
static struct assay_sweep sweep;

static enum assay_status parse(const char *text, struct assay_sweep *out)
{
    return assay_sweep_parse_yaml((const uint8_t *)text, strlen(text), "sweep.yaml", out, message);
}

static void remove_all(const char *path)
{
    DIR *const dir = opendir(path);
    for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        char inner[PATH_MAX];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        (void)snprintf(inner, sizeof inner, "%s/%s", path, e->d_name);
        if (unlink(inner) != 0) remove_all(inner);
    }
    (void)closedir(dir);
    (void)rmdir(path);
}

static void begin(void)
{
    const struct assay_scenario base = assay_scenario_default();
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(parse(good, &sweep), ASSAY_OK, "%s", message);
    cr_assert_eq(assay_sweep_prepare(&sweep, &base, message), ASSAY_OK, "%s", message);
}

static void end(void)
{
    assay_sweep_free(&sweep);
    remove_all(folder);
}

TestSuite(sim_sweep, .init = begin, .fini = end);

Test(sim_sweep, numbers_points_with_the_first_axis_slowest)
{
    cr_assert_eq(assay_sweep_points(&sweep), 20);
    cr_assert_eq(assay_sweep_runs(&sweep), 60);
    for (uint64_t point = 0; point < 20; point++) {
        cr_expect_eq(assay_sweep_value_of(&sweep, point, 0), point / 4);
        cr_expect_eq(assay_sweep_value_of(&sweep, point, 1), point / 2 % 2);
        cr_expect_eq(assay_sweep_value_of(&sweep, point, 2), point % 2);
    }
    for (uint64_t run = 0; run < 60; run++)
        cr_expect_eq(assay_sweep_seed_of(&sweep, run), 40 + run % 3);
}

Test(sim_sweep, sets_what_each_axis_says)
{
    struct assay_scenario s;
    /* Run 41 is point 13: loss 75, small, delay 30. */
    cr_assert_eq(assay_sweep_scenario(&sweep, 41, &s, message), ASSAY_OK);
    cr_expect_eq(s.link.loss_permille, 75);
    cr_expect_eq(s.nodes, 7);
    cr_expect_eq(s.epochs, 5);
    cr_expect_eq(s.link.delay_max_ms, 30);
    cr_expect_eq(s.epoch_ms, 1000);
    cr_expect_eq(s.seed, 42);
    cr_expect_eq(s.assertion_count, 0);
}

Test(sim_sweep, another_definition_has_another_digest)
{
    const struct assay_scenario base = assay_scenario_default();
    struct assay_sweep other;
    cr_assert_eq(parse(good, &other), ASSAY_OK);
    cr_assert_eq(assay_sweep_prepare(&other, &base, message), ASSAY_OK);
    cr_expect(assay_bytes_equal(other.digest, sweep.digest, 32));
    other.seed++;
    cr_assert_eq(assay_sweep_prepare(&other, &base, message), ASSAY_OK);
    cr_expect_not(assay_bytes_equal(other.digest, sweep.digest, 32));
    other.seed--;
    (void)snprintf(other.axes[2].values[1].sets[0].text, ASSAY_SWEEP_SET_LEN, "skew_ms=3");
    cr_assert_eq(assay_sweep_prepare(&other, &base, message), ASSAY_OK);
    cr_expect_not(assay_bytes_equal(other.digest, sweep.digest, 32));
    assay_sweep_free(&other);
}

/* --- files that are wrong: what to replace by what, and a part of the message */
static const struct {
    const char *from, *to, *says;
} wrong[] = {
    { "sweep_version: 1", "sweep_version: 2", "reads version 1" },
    { "name: losses\n", "", "name" },
    { "scenario: honest\n", "", "neither" },
    { "scenario: honest\n", "scenario: honest\ninline: \"nodes: 7\"\n", "both" },
    { "seed: 40", "seed: x", "whole number" },
    { "repeats: 3", "repeats: 0", "1 .. 100000" },
    { "    to: 100\n", "", "to and step" },
    { "step: 25", "step: 0", "step" },
    { "to: 100\n", "to: 100000\n    values: [1]\n", "expected one of" },
    { "from: 0", "from: 200", "expected 200" },
    { "    step: 25\n", "    step: 25\n    bogus: 1\n", "bogus" },
    { "key: link.delay_max_ms\n    ", "", "key" },
    { "    cases:\n", "    key: nodes\n    cases:\n", "expected no key" },
    { "name: delay", "name: kind", "two axes are called" },
    { "name: large", "name: small, quick", "two values are called" },
    { "x: loss", "x: size", "expected the name of an axis" },
    { "series: kind", "series: loss", "expected another axis" },
    { "[epoch_ms=1000]", "[epoch_ms]", "KEY=VALUE" },
    { "title: Loss and size", "title: \"a\\nb\"", "one line" },
};

static void replace(const char *from, const char *to, char *out, size_t len)
{
    const char *const at = strstr(good, from);
    cr_assert_not_null(at, "%s", from);
    (void)snprintf(out, len, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

Test(sim_sweep, refuses_files_that_are_wrong)
{
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[2048];
        struct assay_sweep s;
        replace(wrong[i].from, wrong[i].to, text, sizeof text);
        cr_expect_neq(parse(text, &s), ASSAY_OK, "%s", wrong[i].to);
        cr_expect_not_null(strstr(message, wrong[i].says), "\"%s\" of \"%s\"", message,
                           wrong[i].to);
        cr_expect_eq(strncmp(message, "sweep.yaml:", 11), 0, "%s", message);
    }
}

Test(sim_sweep, every_truncation_is_refused_or_complete)
{
    const size_t figure = (size_t)(strstr(good, "figure: ") - good) + 7;
    for (size_t len = 0; len < sizeof good - 1; len++) {
        struct assay_sweep s;
        char *const exact = malloc(len == 0 ? 1 : len); /* exact: one byte too far is seen */
        assay_bytes_copy(exact, len, good, len);
        if (assay_sweep_parse_yaml((const uint8_t *)exact, len, "cut", &s, message) == ASSAY_OK) {
            cr_expect_gt(len, figure, "only an end of the figure may be missing");
            assay_sweep_free(&s);
        }
        free(exact);
    }
}

static void expect_no_base(const char *from, const char *to, const char *says)
{
    const struct assay_scenario base = assay_scenario_default();
    char text[2048];
    struct assay_sweep s;
    replace(from, to, text, sizeof text);
    cr_assert_eq(parse(text, &s), ASSAY_OK, "%s", message);
    cr_expect_neq(assay_sweep_prepare(&s, &base, message), ASSAY_OK, "%s", to);
    cr_expect_not_null(strstr(message, says), "\"%s\" of \"%s\"", message, to);
    assay_sweep_free(&s);
}

Test(sim_sweep, tries_every_point_before_any_runs)
{
    expect_no_base("key: link.loss_permille", "key: link.loss", "link.loss");
    expect_no_base("[20, 30]", "[20, 3]", "point 1 (loss = 0, kind = small, quick, delay = 3)");
    expect_no_base("score_mean_bp honest", "score honest", "expected a figure");
    expect_no_base("score_mean_bp honest", "score_mean_bp liars", "expected a cohort");
    expect_no_base("repeats: 3", "repeats: 100000\n#", "expected");
}

/* --- running */
static void dir_of(uint32_t shard, char path[64])
{
    (void)snprintf(path, 64, "%s/%u", folder, (unsigned)shard);
}

static enum assay_status run_shard(uint32_t shard, uint32_t shards, const char *dir,
                                   struct assay_sim_sweeping *s)
{
    *s = (struct assay_sim_sweeping){ .sweep = &sweep,
                                      .shard = shard,
                                      .shards = shards,
                                      .threads = 3,
                                      .out_dir = dir,
                                      .quiet = true,
                                      .run = sim_fake_run };
    return sim_sweep_run(s, message);
}

static char *read_text(const char *dir, const char *file)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    cr_assert_eq(assay_file_read(path, 1 << 24, &bytes, &len), ASSAY_OK, "%s", path);
    char *const text = calloc(1, len + 1);
    assay_bytes_copy(text, len + 1, bytes, len);
    free(bytes);
    return text;
}

static enum assay_status merge(const char *const *dirs, uint32_t count, const char *out)
{
    struct assay_sim_merged merged;
    enum assay_status status = sim_merge(dirs, count, &merged, message);
    if (status == ASSAY_OK) status = sim_merged_write(&merged, out, message);
    sim_merged_free(&merged);
    return status;
}

Test(sim_sweep, shards_merge_to_what_one_run_gives)
{
    char whole[64], parts[3][64], one[64], all[64];
    const char *const dirs[] = { parts[0], parts[1], parts[2] };
    const char *const single[] = { whole };
    struct assay_sim_sweeping s;
    dir_of(100, whole);
    dir_of(200, one);
    dir_of(300, all);
    cr_assert_eq(run_shard(1, 1, whole, &s), ASSAY_OK, "%s", message);
    cr_assert_eq(s.done, 60);
    cr_assert_eq(s.violated, 20, "seed 42 of each point");
    for (uint32_t i = 0; i < 3; i++) {
        dir_of(i + 1, parts[i]);
        cr_assert_eq(run_shard(i + 1, 3, parts[i], &s), ASSAY_OK, "%s", message);
        cr_assert_eq(s.done, 20);
    }
    cr_assert_eq(merge(single, 1, one), ASSAY_OK, "%s", message);
    cr_assert_eq(merge(dirs, 3, all), ASSAY_OK, "%s", message);
    static const char *const files[] = { "sweep.csv", "summary.csv" };
    for (size_t i = 0; i < 2; i++) {
        char *const a = read_text(one, files[i]), *const b = read_text(all, files[i]);
        cr_expect_str_eq(a, b);
        cr_expect_gt(strlen(a), 1000);
        free(a);
        free(b);
    }
}

Test(sim_sweep, a_point_has_its_axes_and_its_spread_in_the_summary)
{
    char dir[64];
    struct assay_sim_sweeping s;
    const char *const dirs[] = { dir };
    dir_of(1, dir);
    cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK);
    cr_assert_eq(merge(dirs, 1, dir), ASSAY_OK);
    char *const text = read_text(dir, "summary.csv");
    cr_expect_not_null(strstr(text, "point,loss,kind,delay,runs,violated,score_mean_bp.honest_min,"
                                    "score_mean_bp.honest_p50,score_mean_bp.honest_mean,"
                                    "score_mean_bp.honest_max,epochs_mean,"));
    /* 10000 - 750 - seed mod 7, seeds 40, 41, 42: 5, 6, 0. The mean -3.67 is rounded down. */
    cr_expect_not_null(strstr(text, "\n13,75,\"small, quick\",30,3,1,9244,9245,9246,9250,5,"), "%s",
                       text);
    free(text);
}

/* The mean of a figure in the first row of a summary, counted from the end of the line: an axis may
 * have a comma. */
static long first_mean(const char *summary, const char *column)
{
    const char *at = strstr(summary, column);
    cr_assert_not_null(at, "%s", column);
    unsigned behind = 1; /* the one before its cell */
    for (; *at != '\n'; at++)
        behind += *at == ',';
    const char *const row = at + 1, *cell = strchr(row, '\n');
    cr_assert_not_null(cell);
    while (cell > row && behind > 0)
        behind -= *--cell == ',';
    return strtol(cell + 1, NULL, 10);
}

Test(sim_sweep, runs_in_which_nothing_happened_are_no_part_of_a_mean)
{
    char dir[64];
    struct assay_sim_sweeping s;
    const char *const dirs[] = { dir };
    dir_of(1, dir);
    cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK);
    cr_assert_eq(merge(dirs, 1, dir), ASSAY_OK);
    char *const text = read_text(dir, "summary.csv");
    /* Seeds 40, 41, 42: the last alone detected anybody, after 5 epochs; nobody recovered. */
    cr_expect_eq(first_mean(text, "detection_epochs.honest_mean"), 5);
    cr_expect_eq(first_mean(text, "recovery_epochs.honest_mean"), -1);
    cr_expect_eq(first_mean(text, "events_mean"), 1000);
    free(text);
}

/* As if `left` bytes were left for each file. */
static void fill_disk(rlim_t left)
{
    const struct rlimit limit = { left, left };
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static bool is_there(const char *dir, const char *file)
{
    char path[PATH_MAX];
    struct stat info;
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    return stat(path, &info) == 0;
}

Test(sim_sweep, a_full_disk_leaves_no_half_result_and_none_that_it_does_not_go_with)
{
    char dir[64], out[64];
    struct assay_sim_sweeping s;
    const char *const dirs[] = { dir };
    dir_of(1, dir);
    dir_of(2, out);
    cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK, "%s", message);
    cr_assert_eq(merge(dirs, 1, out), ASSAY_OK, "%s", message);
    char *const runs = read_text(out, "sweep.csv"), *const points = read_text(out, "summary.csv");
    /* sweep.csv does not fit: everything is as it was. */
    fill_disk(strlen(runs) - 1);
    cr_expect_eq(merge(dirs, 1, out), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "/sweep.csv: cannot be written: File too large; fix that"),
                       "%s", message);
    char *const runs_now = read_text(out, "sweep.csv"), *points_now = read_text(out, "summary.csv");
    cr_expect_str_eq(runs_now, runs);
    cr_expect_str_eq(points_now, points);
    cr_expect_not(is_there(out, ".sweep.csv.new"), "no draft is left");
    /* In a new folder: nothing but the folder. */
    dir_of(3, out);
    cr_expect_eq(merge(dirs, 1, out), ASSAY_E_IO);
    cr_expect_not(is_there(out, "sweep.csv"));
    cr_expect_not(is_there(out, "summary.csv"));
    free(runs);
    free(points);
    free(runs_now);
    free(points_now);
}

Test(sim_sweep, a_summary_of_other_runs_does_not_outlive_them)
{
    char dir[64], path[PATH_MAX];
    struct assay_sim_sweeping s;
    const char *const dirs[] = { dir };
    dir_of(1, dir);
    cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK, "%s", message);
    static const char *const names[] = { "summary.csv", ".summary.csv.new", "sweep.html" };
    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        /* The draft is a folder that is not empty: the summary cannot be written. */
        if (i == 1) {
            cr_assert_eq(mkdir(path, 0700), 0);
            (void)snprintf(path, sizeof path, "%s/%s/file", dir, names[i]);
        }
        cr_assert_eq(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over("x", 1)),
                     ASSAY_OK);
    }
    cr_expect_eq(merge(dirs, 1, dir), ASSAY_E_IO);
    cr_expect_not_null(strstr(message, "/summary.csv: cannot be written"), "%s", message);
    cr_expect(is_there(dir, "sweep.csv"));
    cr_expect_not(is_there(dir, "summary.csv"));
    cr_expect_not(is_there(dir, "sweep.html"));
}

Test(sim_sweep, a_full_disk_loses_no_run_and_the_same_command_goes_on)
{
    char dir[64], whole[64];
    struct assay_sim_sweeping s;
    dir_of(1, dir);
    dir_of(2, whole);
    const pid_t child = fork();
    if (child == 0) {
        fill_disk(4096);
        const bool told = run_shard(1, 1, dir, &s) == ASSAY_E_IO && s.done > 0 &&
                          strstr(message, "it continues") != NULL;
        _exit(told ? 0 : 1);
    }
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect_eq(status, 0, "it says that the same command goes on");
    cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK, "%s", message);
    cr_expect_gt(s.before, 0);
    cr_expect_lt(s.before, s.total);
    cr_assert_eq(run_shard(1, 1, whole, &s), ASSAY_OK, "%s", message);
    char *const a = read_text(dir, "points.csv"), *const b = read_text(whole, "points.csv");
    cr_expect_str_eq(a, b);
    free(a);
    free(b);
}

Test(sim_sweep, violations_of_an_earlier_time_count_too)
{
    char dir[64];
    struct assay_sim_sweeping s;
    dir_of(1, dir);
    for (int again = 0; again < 2; again++) {
        cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK, "%s", message);
        cr_expect_eq(s.violated, 20, "seed 42 of each point");
    }
    cr_expect_eq(s.before, 60);
}

Test(sim_sweep, two_at_once_in_one_folder_are_refused)
{
    char dir[64], path[PATH_MAX];
    struct assay_sim_sweeping s;
    dir_of(1, dir);
    cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK, "%s", message);
    (void)snprintf(path, sizeof path, "%s/points.csv", dir);
    FILE *const other = fopen(path, "ab");
    cr_assert_not_null(other);
    cr_assert_eq(flock(fileno(other), LOCK_EX), 0);
    cr_expect_eq(run_shard(1, 1, dir, &s), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "another assay-sim is at work on it"), "%s", message);
    (void)fclose(other);
    cr_expect_eq(run_shard(1, 1, dir, &s), ASSAY_OK, "%s", message);
}

Test(sim_sweep, every_sweep_of_the_library_can_be_planned)
{
    const char *hint = NULL;
    cr_assert_gt(assay_sim_library_sweep_count(), 0);
    for (size_t i = 0; i < assay_sim_library_sweep_count(); i++) {
        const struct assay_sim_library_file *const file = assay_sim_library_sweep_at(i);
        struct assay_scenario base;
        struct assay_sweep other;
        cr_expect_eq(assay_sim_library_sweep_find(file->name, &hint), file);
        cr_assert_eq(
            assay_sweep_parse_yaml(file->text.bytes, file->text.len, file->name, &other, message),
            ASSAY_OK, "%s", message);
        cr_expect_str_eq(other.name, file->name);
        cr_expect_gt(strlen(other.title), 10, "`assay-sim list` shows it");
        const struct assay_sim_library_file *const scenario =
            assay_sim_library_find(other.scenario, &hint);
        const char *const text = other.inline_text;
        cr_assert_eq(text != NULL ? assay_scenario_parse_yaml((const uint8_t *)text, strlen(text),
                                                              "inline", &base, message)
                                  : assay_sim_library_read(scenario, &base, message),
                     ASSAY_OK, "%s", message);
        cr_expect_eq(assay_sweep_prepare(&other, &base, message), ASSAY_OK, "%s", message);
        assay_sweep_free(&other);
    }
    cr_expect_null(assay_sim_library_sweep_find("badmouthin", &hint));
    cr_expect_str_eq(hint, "badmouthing");
    cr_expect_null(assay_sim_library_sweep_find("honest", &hint), "a scenario is no sweep");
}

Test(sim_sweep, goes_on_behind_the_last_whole_row)
{
    char dir[64], path[PATH_MAX];
    struct assay_sim_sweeping s;
    dir_of(1, dir);
    (void)snprintf(path, sizeof path, "%s/points.csv", dir);
    cr_assert_eq(run_shard(1, 2, dir, &s), ASSAY_OK);
    char *const text = read_text(dir, "points.csv");
    const size_t len = strlen(text);
    /* Cut anywhere: the rest is made again, byte for byte. */
    for (size_t cut = 0; cut < len; cut += 1499) {
        cr_assert_eq(truncate(path, (off_t)(len - cut)), 0);
        cr_assert_eq(run_shard(1, 2, dir, &s), ASSAY_OK, "%s", message);
        cr_assert_eq(s.done, 30);
        char *const again = read_text(dir, "points.csv");
        cr_assert_str_eq(again, text);
        free(again);
    }
    cr_assert_eq(run_shard(1, 2, dir, &s), ASSAY_OK);
    cr_expect_eq(s.before, 30, "nothing was left to do");
    free(text);
}

static enum assay_status slow_run(const struct assay_scenario *scenario,
                                  const struct assay_sim_options *options,
                                  struct assay_sim_outcome *outcome)
{
    (void)usleep(20000);
    return sim_fake_run(scenario, options, outcome);
}

Test(sim_sweep, goes_on_after_kill_9)
{
    char dir[64], other[64], path[PATH_MAX];
    struct assay_sim_sweeping s = { .sweep = &sweep, .shard = 1, .shards = 1, .threads = 2 };
    dir_of(1, dir);
    dir_of(2, other);
    (void)snprintf(path, sizeof path, "%s/points.csv", dir);
    const pid_t child = fork();
    if (child == 0) {
        s.out_dir = dir;
        s.quiet = true;
        s.run = slow_run;
        assay_status_ignore(sim_sweep_run(&s, message), "it is killed");
        _exit(0);
    }
    for (int i = 0; i < 500 && access(path, R_OK) != 0; i++)
        (void)usleep(1000);
    (void)usleep(100000);
    (void)kill(child, SIGKILL);
    int status = 0;
    (void)waitpid(child, &status, 0);
    cr_assert(WIFSIGNALED(status), "it was not yet through");
    cr_assert_eq(run_shard(1, 1, dir, &s), ASSAY_OK, "%s", message);
    cr_expect(s.before > 0 && s.before < 60, "%u rows were there", (unsigned)s.before);
    cr_assert_eq(run_shard(1, 1, other, &s), ASSAY_OK);
    char *const a = read_text(dir, "points.csv"), *const b = read_text(other, "points.csv");
    cr_expect_str_eq(a, b);
    free(a);
    free(b);
}

Test(sim_sweep, a_folder_is_of_one_sweep_one_shard_and_one_program)
{
    char dir[64];
    struct assay_sim_sweeping s;
    struct assay_sim_sweep_note note;
    dir_of(1, dir);
    cr_assert_eq(run_shard(1, 2, dir, &s), ASSAY_OK);
    cr_expect_eq(run_shard(2, 2, dir, &s), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "holds shard 1/2"), "%s", message);
    sweep.digest[0] ^= 1;
    cr_expect_eq(run_shard(1, 2, dir, &s), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "holds another sweep"), "%s", message);
    sweep.digest[0] ^= 1;
    cr_assert_eq(sim_sweep_note_load(dir, &note, message), ASSAY_OK);
    note.program[0] ^= 1;
    cr_assert_eq(sim_sweep_note_save(dir, &note, message), ASSAY_OK);
    cr_expect_eq(run_shard(1, 2, dir, &s), ASSAY_E_VERSION);
    cr_expect_not_null(strstr(message, "another program"), "%s", message);
}

Test(sim_sweep, merge_refuses_holes_doubles_and_strangers)
{
    char parts[3][64], out[64];
    struct assay_sim_sweeping s;
    dir_of(9, out);
    for (uint32_t i = 0; i < 3; i++) {
        dir_of(i + 1, parts[i]);
        cr_assert_eq(run_shard(i + 1, 3, parts[i], &s), ASSAY_OK);
    }
    const char *const hole[] = { parts[0], parts[2] };
    cr_expect_eq(merge(hole, 2, out), ASSAY_E_NOT_FOUND);
    cr_expect_not_null(
        strstr(message, "20 of 60 runs are missing, the first is run 1, of shard 2/3"), "%s",
        message);
    const char *const doubled[] = { parts[0], parts[1], parts[2], parts[1] };
    cr_expect_eq(merge(doubled, 4, out), ASSAY_E_DUPLICATE);
    cr_expect_not_null(strstr(message, "run 1 is in"), "%s", message);
    sweep.digest[3] ^= 1;
    char other[64];
    dir_of(4, other);
    cr_assert_eq(run_shard(2, 3, other, &s), ASSAY_OK);
    const char *const strange[] = { parts[0], other, parts[2] };
    cr_expect_eq(merge(strange, 3, out), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "different sweeps"), "%s", message);
    const char *const nothing[] = { folder };
    cr_expect_eq(merge(nothing, 1, out), ASSAY_E_NOT_FOUND);
}

Test(sim_sweep, a_note_of_another_version_is_refused)
{
    char dir[64], path[PATH_MAX];
    struct assay_sim_sweeping s;
    dir_of(1, dir);
    cr_assert_eq(run_shard(1, 3, dir, &s), ASSAY_OK);
    char *const text = read_text(dir, "sweep.json");
    char *const version = strstr(text, "\"schema_version\": 1");
    cr_assert_not_null(version);
    version[strlen("\"schema_version\": ")] = '2';
    (void)snprintf(path, sizeof path, "%s/sweep.json", dir);
    cr_assert_eq(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text))),
                 ASSAY_OK);
    const char *const dirs[] = { dir };
    cr_expect_eq(merge(dirs, 1, dir), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "expected the note of a sweep"), "%s", message);
    free(text);
}

/* --- tables */
static enum assay_status load_text(const char *text, struct assay_sim_grid *grid)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/table.csv", folder);
    cr_assert_eq(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text))),
                 ASSAY_OK);
    return sim_grid_load(path, grid, message);
}

Test(sim_sweep, cells_come_back_as_they_went)
{
    static const char *const cells[] = { "plain", "", "a,b", "\"", "say \"no\", twice", "-12" };
    struct assay_sim_line line = { 0 };
    struct assay_sim_grid grid;
    char cell[ASSAY_SIM_CELL_MAX];
    int64_t number = 0;
    for (int k = 0; k < 3; k++) {
        for (size_t i = 0; i < 6; i++)
            sim_line_text(&line, cells[i]);
        sim_line_end(&line);
    }
    cr_assert_eq(load_text(line.text, &grid), ASSAY_OK, "%s", message);
    cr_assert_eq(grid.row_count, 2);
    for (uint32_t i = 0; i < 6; i++) {
        sim_grid_cell(&grid, 1, i, cell);
        cr_expect_str_eq(cell, cells[i]);
    }
    cr_expect(sim_grid_number(&grid, 0, 5, &number) && number == -12);
    cr_expect_not(sim_grid_number(&grid, 0, 0, &number));
    sim_grid_free(&grid);
    sim_line_free(&line);
}

Test(sim_sweep, tables_that_are_wrong_are_refused)
{
    struct assay_sim_grid grid;
    cr_expect_eq(load_text("", &grid), ASSAY_E_TRUNCATED);
    sim_grid_free(&grid);
    cr_expect_eq(load_text("a,b", &grid), ASSAY_E_TRUNCATED);
    sim_grid_free(&grid);
    cr_expect_eq(load_text("a,b\n1,2\n1\n", &grid), ASSAY_E_SYNTAX);
    cr_expect_not_null(strstr(message, "row 2: expected the 2 cells"), "%s", message);
    sim_grid_free(&grid);
    cr_expect_eq(load_text("a,b\n\"1,2\n", &grid), ASSAY_E_SYNTAX);
    sim_grid_free(&grid);
    cr_expect_eq(load_text("a,b\n\"1\"x,2\n", &grid), ASSAY_E_SYNTAX);
    sim_grid_free(&grid);
    cr_assert_eq(load_text("a,b\n1,2\n3,", &grid), ASSAY_OK);
    cr_expect(grid.torn);
    cr_expect_eq(grid.row_count, 1);
    sim_grid_free(&grid);
}
