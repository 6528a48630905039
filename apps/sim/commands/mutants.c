/*
 * apps/sim/commands/mutants.c - `assay-sim mutants`: detection of known-bad builds by the checkers.
 *
 * Runs the sound build and every known-bad one (target assay_mutants, tests/mutants/) with the same
 * suites, each in a process of its own, and reports the checker that detected each fault and the
 * number of seeds.
 */
#include "apps/sim/commands/command.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/report/number.h"
#include "base/file/file.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CPU_SECONDS_MAX = 120, LINE_MAX_LEN = 512, PATH_LEN = 1024 };
enum { PROGRAM_LEN = PATH_LEN + 128 };

#define MAKE_THEM "`cmake --build --preset release --target assay_mutants` builds them"

static const char usage[] =
    "usage: assay-sim mutants [--seeds N] [--only NAME] [--share K/N] [--dir DIR] [--json]\n"
    "\n"
    "Run the sound build and every known-bad build of this tree: an expected checker must detect\n"
    "each, within its number of seeds, and must not fire on the sound one.\n"
    "  --seeds N    seeds of the sound build; default: the maximum that a fault may take\n"
    "  --only NAME  run this fault, and the sound build\n"
    "  --share K/N  run the K-th of all builds, the K+N-th and so on; the sound build is the "
    "first\n"
    "  --dir DIR    folder of the builds; default: mutants/ next to the folder of this program\n"
    "\n" MAKE_THEM ".\n"
    "examples:\n"
    "  assay-sim mutants --only equivocation-forgiven\n"
    "exit status: 0 every fault detected and the sound build clean, 1 otherwise, 2 usage\n";

struct options {
    uint64_t seeds;
    const char *only;
    uint64_t share, shares;
    bool json;
    char dir[PATH_LEN];
};

struct trial {
    bool ran; /* it started and ended as expected */
    bool caught;
    bool expected; /* by one of the expected checkers */
    uint64_t seed; /* the last one */
    char suite[32];
    char checker[64];
    char message[LINE_MAX_LEN];
};

/* --- one build */

static void name_program(char program[static PROGRAM_LEN], const struct options *o,
                         const char *name)
{
    (void)snprintf(program, PROGRAM_LEN, "%s/assay-sim-%s", o->dir, name);
}

static void exec_build(const char *program, const char *suites, const char *seeds, int out)
{
    const struct rlimit cpu = { .rlim_cur = CPU_SECONDS_MAX, .rlim_max = CPU_SECONDS_MAX + 5 };
    const struct rlimit core = { 0 };
    char *argv[] = { strdup(program),   strdup("--suites"), strdup(suites),
                     strdup("--seeds"), strdup(seeds),      NULL };
    if (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0) _exit(126);
    (void)setrlimit(RLIMIT_CPU, &cpu);
    (void)setrlimit(RLIMIT_CORE, &core);
    (void)execv(program, argv);
    (void)fprintf(stderr, "%s: %s\n", program, strerror(errno));
    _exit(127);
}

static void parse_line(const char *line, struct trial *t)
{
    char first[32];
    char suite[32];
    char checker[64];
    int seed_at = 0;
    if (sscanf(line, "at %31s %n", suite, &seed_at) == 1 && isdigit((unsigned char)line[seed_at])) {
        (void)snprintf(t->suite, sizeof t->suite, "%s", suite);
        t->seed = strtoull(line + seed_at, NULL, 10);
        return;
    }
    if (sscanf(line, "caught %63s", checker) == 1) {
        const char *message = line + strlen("caught ") + strlen(checker);
        t->caught = true;
        (void)snprintf(t->checker, sizeof t->checker, "%s", checker);
        (void)snprintf(t->message, sizeof t->message, "%s", *message == ' ' ? message + 1 : "");
        return;
    }
    if (sscanf(line, "%31s", first) == 1 && strcmp(first, "clean") != 0)
        (void)snprintf(t->message, sizeof t->message, "%s", line); /* its last output */
}

static void read_lines(int in, struct trial *t)
{
    char line[LINE_MAX_LEN];
    FILE *stream = fdopen(in, "r");
    if (stream == NULL) {
        (void)close(in);
        return;
    }
    while (fgets(line, sizeof line, stream) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        parse_line(line, t);
    }
    (void)fclose(stream);
}

/* An assertion counts as a checker, and so does the time limit. */
static void record_exit(int status, struct trial *t)
{
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        const bool slow = number == SIGXCPU || number == SIGKILL;
        t->ran = t->caught = true;
        (void)snprintf(t->checker, sizeof t->checker, "%s", slow ? "liveness" : "invariants");
        if (slow)
            (void)snprintf(t->message, sizeof t->message, "%d s of processor time and no end",
                           CPU_SECONDS_MAX);
        else if (t->message[0] == '\0')
            (void)snprintf(t->message, sizeof t->message, "died of signal %d", number);
        return;
    }
    t->ran = WIFEXITED(status) && WEXITSTATUS(status) == (t->caught ? 1 : 0);
}

static struct trial run_build(const struct options *o, const char *name, const char *suites,
                              uint64_t seeds)
{
    struct trial t = { 0 };
    char program[PROGRAM_LEN];
    char count[32];
    int ends[2];
    name_program(program, o, name);
    (void)snprintf(count, sizeof count, "%" PRIu64, seeds);
    (void)fflush(NULL);
    if (pipe(ends) != 0) return t;
    const pid_t pid = fork();
    if (pid == 0) {
        (void)close(ends[0]);
        exec_build(program, suites, count, ends[1]);
    }
    (void)close(ends[1]);
    if (pid < 0) {
        (void)close(ends[0]);
        return t;
    }
    read_lines(ends[0], &t);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return t;
    record_exit(status, &t);
    return t;
}

/* --- the table */

struct table {
    const struct options *options;
    struct assay_json *rows; /* array, when json */
    uint64_t faults, missed;
    bool good; /* or not requested */
    uint64_t tried;
    struct assay_sim_progress line; /* on a terminal, below the rows */
};

static bool is_word_of(const char *list, const char *word)
{
    const size_t len = strlen(word);
    for (const char *at = strstr(list, word); at != NULL && len > 0; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) return true;
    return false;
}

static const char *verdict_of(const struct trial *t, bool sound)
{
    if (!t->ran) return "DID NOT RUN";
    if (sound) return t->caught ? "FOUND SOMETHING" : "clean";
    if (!t->caught) return "MISSED";
    return t->expected ? "caught" : "CAUGHT BY ANOTHER";
}

static void put_row(struct table *table, const char *name, const char *about, const char *suites,
                    const struct trial *t, uint64_t bound, bool sound)
{
    const char *verdict = verdict_of(t, sound);
    sim_progress_end(&table->line);
    table->tried++;
    if (!table->options->json) {
        (void)printf("%-34s %-17s %-20s %5" PRIu64 " of %-5" PRIu64 " %s\n", name, verdict,
                     t->caught ? t->checker : "", t->seed, bound, about);
        if (strcmp(verdict, "caught") != 0 && strcmp(verdict, "clean") != 0)
            (void)printf("    %s%s%s\n", t->checker, t->checker[0] == '\0' ? "" : ": ", t->message);
        (void)fflush(stdout);
        return;
    }
    struct assay_json *row = assay_json_object();
    assay_json_set_text(row, "name", name);
    assay_json_set_text(row, "about", about);
    assay_json_set_text(row, "suites", suites);
    assay_json_set_text(row, "verdict", verdict);
    assay_json_set_text(row, "checker", t->caught ? t->checker : "");
    assay_json_set_text(row, "suite", t->caught ? t->suite : "");
    assay_json_set_text(row, "message", t->message);
    assay_json_set_uint(row, "seeds", t->seed);
    assay_json_set_uint(row, "bound", bound);
    assay_json_append(table->rows, row);
}

/* One suite after the other, each with the processor time of a fault's suites: a further suite
 * takes nothing from the others. The row is that of the first which is not clean, or the last. */
static void try_sound(struct table *table, const char *suites, uint64_t seeds)
{
    char copy[256];
    char *rest = NULL;
    struct trial t = { 0 };
    bool clean = true;
    (void)snprintf(copy, sizeof copy, "%s", suites);
    for (char *suite = strtok_r(copy, " ", &rest); suite != NULL && clean;
         suite = strtok_r(NULL, " ", &rest)) {
        t = run_build(table->options, "good", suite, seeds);
        clean = t.ran && !t.caught;
    }
    table->good = clean && t.ran; /* no suite is no proof */
    put_row(table, "good", "the build as it is", suites, &t, seeds, true);
}

static void try_fault(struct table *table, const struct assay_json *entry)
{
    const char *name = assay_json_text(entry, "name", "");
    const char *suites = assay_json_text(entry, "suites", "");
    const uint64_t bound = assay_json_uint(entry, "seeds", 0);
    struct trial t = run_build(table->options, name, suites, bound);
    t.expected = t.caught && is_word_of(assay_json_text(entry, "expect", ""), t.checker);
    table->faults++;
    table->missed += !t.ran || !t.expected;
    put_row(table, name, assay_json_text(entry, "about", ""), suites, &t, bound, false);
}

/* Appends each word of `words` that the list does not have yet. */
static void add_words(char *list, size_t capacity, const char *words)
{
    char copy[256];
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", words);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (is_word_of(list, word)) continue;
        const size_t len = strlen(list);
        (void)snprintf(list + len, capacity - len, "%s%s", len > 0 ? " " : "", word);
    }
}

/* Builds are numbered from 0, the sound one. */
static bool is_in_share(const struct options *o, size_t build)
{
    return build % o->shares == o->share - 1;
}

static bool is_selected(const struct options *o, const struct assay_json *entries, size_t i)
{
    const char *name = assay_json_text(assay_json_at(entries, i), "name", "");
    return is_in_share(o, i + 1) && (o->only == NULL || strcmp(o->only, name) == 0);
}

static int run_table(const struct options *o, const struct assay_json *entries)
{
    struct table table = {
        .options = o, .rows = o->json ? assay_json_array() : NULL, .good = true
    };
    const bool sound = is_in_share(o, 0);
    uint64_t builds = sound ? 1 : 0;
    char suites[256] = "";
    uint64_t seeds = o->seeds;
    for (size_t i = 0; i < assay_json_count(entries); i++) {
        const struct assay_json *entry = assay_json_at(entries, i);
        const uint64_t bound = assay_json_uint(entry, "seeds", 0);
        add_words(suites, sizeof suites, assay_json_text(entry, "suites", ""));
        if (o->seeds == 0 && bound > seeds) seeds = bound;
        if (is_selected(o, entries, i)) builds++;
    }
    table.line = sim_progress_start("builds", builds, 0, false);
    if (sound) try_sound(&table, suites, seeds);
    for (size_t i = 0; i < assay_json_count(entries); i++) {
        if (!is_selected(o, entries, i)) continue;
        sim_progress_show(&table.line, table.tried, table.missed);
        try_fault(&table, assay_json_at(entries, i));
    }
    sim_progress_end(&table.line);
    const bool all = table.good && table.missed == 0;
    if (o->json) {
        struct assay_json *data = assay_json_object();
        assay_json_set_uint(data, "faults", table.faults);
        assay_json_set_uint(data, "missed", table.missed);
        if (sound) assay_json_set_bool(data, "good_is_clean", table.good);
        assay_json_set(data, "builds", table.rows);
        const int printed = sim_print_envelope("assay.sim.mutants", data);
        if (printed != ASSAY_SIM_EXIT_OK) return printed;
    } else {
        (void)printf("%" PRIu64 " faults, %" PRIu64 " missed; the sound build is %s\n",
                     table.faults, table.missed,
                     !sound ? "in another share" : table.good ? "clean" : "NOT clean");
    }
    return all ? ASSAY_SIM_EXIT_OK : ASSAY_SIM_EXIT_FAILED;
}

/* --- programs */

static bool has_entry(const struct assay_json *entries, const char *name)
{
    for (size_t i = 0; i < assay_json_count(entries); i++)
        if (strcmp(assay_json_text(assay_json_at(entries, i), "name", ""), name) == 0) return true;
    return false;
}

/* The number of requested builds without a program, and the first of them. */
struct missing {
    size_t count, of;
    char first[PROGRAM_LEN];
};

static void check_program(struct missing *missing, const struct options *o, const char *name)
{
    char program[PROGRAM_LEN];
    struct stat about;
    name_program(program, o, name);
    missing->of++;
    if (stat(program, &about) == 0 && S_ISREG(about.st_mode) && access(program, X_OK) == 0) return;
    if (missing->count++ == 0) (void)snprintf(missing->first, sizeof missing->first, "%s", program);
}

/* Fails as misuse when a build is missing: a missing program proves nothing about the checkers. */
static int run_all_built(const struct options *o, const struct assay_json *entries)
{
    struct missing missing = { 0 };
    if (is_in_share(o, 0)) check_program(&missing, o, "good");
    for (size_t i = 0; i < assay_json_count(entries); i++)
        if (is_selected(o, entries, i))
            check_program(&missing, o, assay_json_text(assay_json_at(entries, i), "name", ""));
    if (missing.of == 0)
        return sim_print_error(o->json, ASSAY_SIM_EXIT_USAGE, "not_found",
                               "mutants: no build is in this share: expected one of the "
                               "first %zu, or the share of the fault that --only names",
                               assay_json_count(entries) + 1);
    if (missing.count == 0) return run_table(o, entries);
    return sim_print_error(o->json, ASSAY_SIM_EXIT_USAGE, "not_found",
                           "mutants: %zu of %zu builds are missing, %s first; " MAKE_THEM
                           ", --dir names another folder",
                           missing.count, missing.of, missing.first);
}

static int run_folder(const struct options *o)
{
    char path[PATH_LEN + 32];
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_json *document = NULL;
    (void)snprintf(path, sizeof path, "%s/mutants.json", o->dir);
    const enum assay_status read = assay_file_read(path, ASSAY_JSON_LEN_MAX, &bytes, &len);
    if (read != ASSAY_OK)
        return sim_print_error(o->json, ASSAY_SIM_EXIT_USAGE, "not_found",
                               "mutants: %s: %s; " MAKE_THEM ", --dir names another folder", path,
                               assay_status_text(read));
    const enum assay_status parsed = assay_json_parse((const char *)bytes, len, &document);
    const struct assay_json *entries = assay_json_get(document, "mutants");
    int result = ASSAY_SIM_EXIT_USAGE;
    if (parsed != ASSAY_OK || assay_json_count(entries) == 0)
        result = sim_print_error(o->json, result, "malformed",
                                 "mutants: %s: expected {\"mutants\": [...]} with entries", path);
    else if (o->only != NULL && !has_entry(entries, o->only))
        result =
            sim_print_error(o->json, result, "not_found",
                            "mutants: no fault is called \"%s\"; %s names them all", o->only, path);
    else result = run_all_built(o, entries);
    assay_json_free(&document);
    free(bytes);
    return result;
}

/* DIR/bin/assay-sim -> DIR/mutants. */
static void default_dir(char dir[static PATH_LEN])
{
    char self[PATH_LEN - 16];
    const ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    self[len < 0 ? 0 : len] = '\0';
    for (int up = 0; up < 2; up++) {
        char *slash = strrchr(self, '/');
        if (slash != NULL) *slash = '\0';
    }
    (void)snprintf(dir, PATH_LEN, "%s/mutants", self);
}

static bool parse_share(const char *text, struct options *o)
{
    char first[24];
    const char *slash = strchr(text, '/');
    if (slash == NULL || (size_t)(slash - text) >= sizeof first) return false;
    (void)snprintf(first, sizeof first, "%.*s", (int)(slash - text), text);
    return sim_parse_number(slash + 1, 1, 1000, &o->shares) &&
           sim_parse_number(first, 1, o->shares, &o->share);
}

int sim_command_mutants(int argc, char **argv)
{
    static const struct option known[] = {
        { "seeds", required_argument, NULL, 's' }, { "only", required_argument, NULL, 'o' },
        { "dir", required_argument, NULL, 'd' },   { "share", required_argument, NULL, 'p' },
        { "json", no_argument, NULL, 'j' },        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };
    static struct options o;
    o = (struct options){ .share = 1, .shares = 1 };
    default_dir(o.dir);
    optind = 0; /* main.c has read words before */
    for (int option = 0; (option = sim_next_option(argc, argv, known, NULL)) != -1;) {
        if (option == '?' || option == ':') return sim_print_option(argc, argv, known, option);
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return ASSAY_SIM_EXIT_OK;
        }
        if (option == 'j') o.json = true;
        if (option == 'o') o.only = optarg;
        if (option == 's' && !sim_parse_number(optarg, 1, 1000000000, &o.seeds))
            return sim_print_misuse(argc, argv, optarg, "--seeds: expected 1 .. 1000000000");
        if (option == 'p' && !parse_share(optarg, &o))
            return sim_print_misuse(argc, argv, optarg,
                                    "--share: expected K/N, 1 <= K <= N <= 1000");
        if (option == 'd' && strlen(optarg) >= sizeof o.dir)
            return sim_print_misuse(argc, argv, optarg, "--dir: expected a shorter path");
        if (option == 'd') (void)snprintf(o.dir, sizeof o.dir, "%s", optarg);
    }
    if (optind < argc) return sim_print_misuse(argc, argv, argv[optind], "expected no argument");
    return run_folder(&o);
}
