/*
 * apps/sim/commands/twins.c - `assay-sim twins`: equivocation under every schedule, or under many.
 */
#include "sim/twins/twins.h"

#include "apps/sim/commands/command.h"
#include "apps/sim/commands/progress.h"
#include "apps/sim/report/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { SHOWN_MAX = 10, SAMPLES_DEFAULT = 1000 };

static const char usage[] =
    "usage: assay-sim twins [--nodes 4|7|10] [--twins N] [--views N] [--phases 1|2] [--groups N]\n"
    "                       [--samples N [--ranges]] [--seed S] [--shard I/N] [--json]\n"
    "       assay-sim twins --schedule TEXT [--json]\n"
    "\n"
    "Run every voter that lies as two copies of the program under one key; an adversary decides "
    "the\n"
    "reachability of machines view by view. Every step is checked; then the network heals and "
    "must\n"
    "make progress.\n"
    "  --nodes N      4 (the default), 7 or 10\n"
    "  --twins N      slots with two copies: 1, 2, 3 by default, as many as a third allows; with\n"
    "                 more the chain does split, and the proofs must convict more than a third\n"
    "  --views N      views with an adversary, at most 8; default 2, with --samples 4\n"
    "  --phases 2     cut proposals and N apart from F and X; default 1\n"
    "  --groups N     limit of groups in a view; default: any number\n"
    "  --samples N    run N drawn schedules, with one-way cuts and weights, instead of all; 7 and "
    "10\n"
    "                 nodes are always drawn, 1000 by default\n"
    "  --ranges       continue the drawn ones with refused blocks until X over 64 views is due\n"
    "  --seed S       seed of the drawn ones, default 1\n"
    "  --shard I/N    run the I-th of N parts, I from 1; counts and traces of the parts add up\n"
    "  --schedule T   run one schedule, in the form that a violation prints\n"
    "\n"
    "examples:\n"
    "  assay-sim twins\n"
    "  assay-sim twins --nodes 7 --samples 5000 --seed 2\n"
    "exit status: 0 nothing found, 1 a violation, 2 usage\n";

struct finding {
    char schedule[ASSAY_TWINS_TEXT_MAX];
    struct assay_twins_result result;
};

struct report {
    bool json;
    uint64_t found;
    struct finding *findings; /* [SHOWN_MAX], the first ones */
    uint64_t runs;
    struct assay_sim_progress line;
};

static bool read_shard(const char *text, struct assay_twins_campaign *c)
{
    uint64_t pair[2];
    if (!sim_parse_pair(text, "/", false, 1, UINT32_MAX, pair) || pair[0] > pair[1]) return false;
    c->shard = (uint32_t)pair[0] - 1;
    c->shards = (uint32_t)pair[1];
    return true;
}

static bool on_run(void *context, const struct assay_twins_schedule *schedule,
                   const struct assay_twins_result *result)
{
    struct report *report = context;
    sim_progress_show(&report->line, ++report->runs, ASSAY_SIM_PROGRESS_UNCOUNTED);
    if (result->checker == ASSAY_SIM_CHECKER_COUNT) return true;
    if (report->found < SHOWN_MAX) {
        struct finding *f = &report->findings[report->found];
        f->result = *result;
        assay_twins_print(schedule, f->schedule);
    }
    report->found++;
    return true;
}

static struct assay_json *finding_json(const struct finding *f)
{
    struct assay_json *out = assay_json_object();
    assay_json_set_text(out, "checker", assay_sim_checker_name(f->result.checker));
    assay_json_set_text(out, "message", f->result.violation);
    assay_json_set_text(out, "schedule", f->schedule);
    return out;
}

static void set_hash(struct assay_json *data, const char *key, uint64_t value)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%016" PRIx64, value);
    assay_json_set_text(data, key, text);
}

/* --- one schedule */

static void print_numbers(uint32_t bits, const char *prefix)
{
    for (unsigned i = 0; i < 32; i++)
        if ((bits >> i & 1) != 0) (void)printf(" %s%u", prefix, i);
}

static int run_schedule(const char *text, bool json)
{
    struct assay_twins_schedule schedule;
    struct finding f = { 0 };
    char message[ASSAY_SIM_MESSAGE_MAX];
    if (assay_twins_parse(text, &schedule, message) != ASSAY_OK)
        return sim_print_error(json, ASSAY_SIM_EXIT_USAGE, "usage", "twins: %s", message);
    assay_twins_run(&schedule, NULL, &f.result);
    assay_twins_print(&schedule, f.schedule);
    const struct assay_twins_result *r = &f.result;
    const bool found = r->checker != ASSAY_SIM_CHECKER_COUNT;
    if (json) {
        struct assay_json *data = assay_json_object();
        assay_json_set_text(data, "schedule", f.schedule);
        assay_json_set_bool(data, "forked", r->forked);
        assay_json_set_uint(data, "convicted", r->convicted);
        assay_json_set_uint(data, "finals", r->finals);
        set_hash(data, "trace", r->trace);
        assay_json_set(data, "violation", found ? finding_json(&f) : NULL);
        const int printed = sim_print_envelope("assay.sim.twins", data);
        return printed != ASSAY_SIM_EXIT_OK ? printed
               : found                      ? ASSAY_SIM_EXIT_FAILED
                                            : ASSAY_SIM_EXIT_OK;
    }
    (void)printf("%s\n%" PRIu64 " blocks final, %" PRIu64 " steps, trace %016" PRIx64 "\n",
                 f.schedule, r->finals, r->steps, r->trace);
    if (r->forked) {
        (void)printf("the chain split; convicted: slots");
        print_numbers(r->convicted, "");
        (void)printf(" by");
        print_numbers(r->proofs, "E");
        (void)printf("\n");
    }
    if (found)
        (void)printf("VIOLATION of %s: %s\n", assay_sim_checker_name(r->checker), r->violation);
    return found ? ASSAY_SIM_EXIT_FAILED : ASSAY_SIM_EXIT_OK;
}

/* --- many */

static void print_table(const struct assay_twins_campaign *c, const struct assay_twins_totals *t,
                        const struct report *report, uint64_t elapsed_ms)
{
    (void)printf("twins: %u nodes, %s, seed %" PRIu64 "\n", (unsigned)c->nodes,
                 c->samples == 0 ? "every schedule" : "drawn schedules", c->seed);
    (void)printf("  scenarios   %12" PRIu64 "  who lives twice, weights, length of epochs\n",
                 t->scenarios);
    (void)printf("  schedules   %12" PRIu64 "  up to symmetry\n", t->schedules);
    (void)printf("  runs        %12" PRIu64 "  that differ in what happens\n", t->runs);
    (void)printf("  steps       %12" PRIu64 "  each one checked; %" PRIu64 " messages\n", t->steps,
                 t->sent);
    (void)printf("  splits      %12" PRIu64 "  every one with its culprits\n", t->forks);
    (void)printf("  violations  %12" PRIu64 "\n", t->violations);
    (void)printf("  trace       %016" PRIx64 "\n  time        %9" PRIu64 ".%01" PRIu64 " s\n",
                 t->trace, elapsed_ms / 1000, elapsed_ms / 100 % 10);
    for (uint64_t i = 0; i < report->found && i < SHOWN_MAX; i++) {
        const struct finding *f = &report->findings[i];
        (void)printf("VIOLATION of %s: %s\n  reproduce: assay-sim twins --schedule %s\n",
                     assay_sim_checker_name(f->result.checker), f->result.violation, f->schedule);
    }
}

static int print_totals_json(const struct assay_twins_campaign *c,
                             const struct assay_twins_totals *t, const struct report *report,
                             uint64_t elapsed_ms)
{
    struct assay_json *data = assay_json_object();
    struct assay_json *findings = assay_json_array();
    assay_json_set_uint(data, "nodes", c->nodes);
    assay_json_set_bool(data, "exhaustive", c->samples == 0);
    assay_json_set_uint(data, "seed", c->seed);
    assay_json_set_uint(data, "scenarios", t->scenarios);
    assay_json_set_uint(data, "schedules", t->schedules);
    assay_json_set_uint(data, "runs", t->runs);
    assay_json_set_uint(data, "steps", t->steps);
    assay_json_set_uint(data, "messages", t->sent);
    assay_json_set_uint(data, "forks", t->forks);
    assay_json_set_uint(data, "violations", t->violations);
    set_hash(data, "trace", t->trace);
    assay_json_set_uint(data, "elapsed_ms", elapsed_ms);
    for (uint64_t i = 0; i < report->found && i < SHOWN_MAX; i++)
        assay_json_append(findings, finding_json(&report->findings[i]));
    assay_json_set(data, "findings", findings);
    return sim_print_envelope("assay.sim.twins", data);
}

static uint64_t clock_ms(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int run_campaign(const struct assay_twins_campaign *c, bool json)
{
    struct finding findings[SHOWN_MAX];
    struct report report = { .json = json, .findings = findings };
    struct assay_twins_totals totals;
    char message[ASSAY_SIM_MESSAGE_MAX];
    const uint64_t start_ms = clock_ms();
    /* The number of schedules without their mirror images is known after they have run. */
    const uint64_t shards = c->shards > 0 ? c->shards : 1;
    const uint64_t total =
        c->samples > 0 ? (c->samples + shards - 1) / shards : ASSAY_SIM_PROGRESS_UNKNOWN;
    report.line = sim_progress_start("runs", total, 0, false);
    const enum assay_status status = assay_twins_campaign(c, on_run, &report, &totals, message);
    sim_progress_end(&report.line);
    if (status != ASSAY_OK)
        return sim_print_error(json, ASSAY_SIM_EXIT_USAGE, "usage", "twins: %s", message);
    const uint64_t elapsed_ms = clock_ms() - start_ms;
    if (json) {
        const int printed = print_totals_json(c, &totals, &report, elapsed_ms);
        if (printed != ASSAY_SIM_EXIT_OK) return printed;
    } else {
        print_table(c, &totals, &report, elapsed_ms);
    }
    return totals.violations > 0 ? ASSAY_SIM_EXIT_FAILED : ASSAY_SIM_EXIT_OK;
}

/* --- the command line */

enum option_code {
    OPT_NODES = 1,
    OPT_TWINS,
    OPT_VIEWS,
    OPT_PHASES,
    OPT_GROUPS,
    OPT_SAMPLES,
    OPT_RANGES,
    OPT_SEED,
    OPT_SHARD,
    OPT_SCHEDULE,
    OPT_JSON,
    OPT_HELP
};

static const struct option known[] = { { "nodes", required_argument, NULL, OPT_NODES },
                                       { "twins", required_argument, NULL, OPT_TWINS },
                                       { "views", required_argument, NULL, OPT_VIEWS },
                                       { "phases", required_argument, NULL, OPT_PHASES },
                                       { "groups", required_argument, NULL, OPT_GROUPS },
                                       { "samples", required_argument, NULL, OPT_SAMPLES },
                                       { "ranges", no_argument, NULL, OPT_RANGES },
                                       { "seed", required_argument, NULL, OPT_SEED },
                                       { "shard", required_argument, NULL, OPT_SHARD },
                                       { "schedule", required_argument, NULL, OPT_SCHEDULE },
                                       { "json", no_argument, NULL, OPT_JSON },
                                       { "help", no_argument, NULL, OPT_HELP },
                                       { NULL, 0, NULL, 0 } };

static const char *report_wrong_number(int option)
{
    switch (option) {
    case OPT_NODES: return "--nodes: expected 4, 7 or 10";
    case OPT_SEED: return "--seed: expected 0 .. 18446744073709551615";
    case OPT_SAMPLES: return "--samples: expected a number from 1";
    case OPT_TWINS: return "--twins: expected 1 .. 100";
    case OPT_VIEWS: return "--views: expected 1 .. 8";
    case OPT_PHASES: return "--phases: expected 1 or 2";
    default: return "--groups: expected 1 .. 100";
    }
}

/* Returns: whether the value of a numeric option is a permitted number. */
static bool parse_number(int option, const char *text, struct assay_twins_campaign *c)
{
    uint64_t value = 0;
    const bool large = option == OPT_SAMPLES || option == OPT_SEED;
    if (!sim_parse_number(text, option == OPT_SEED ? 0 : 1, large ? UINT64_MAX : 100, &value))
        return false;
    if (option == OPT_SEED) c->seed = value;
    if (option == OPT_SAMPLES) c->samples = value;
    if (option == OPT_NODES) c->nodes = (uint32_t)value;
    if (option == OPT_TWINS) c->twins = (uint32_t)value;
    if (option == OPT_VIEWS) c->views = (uint32_t)value;
    if (option == OPT_PHASES) c->phases = (uint32_t)value;
    if (option == OPT_GROUPS) c->groups = (uint32_t)value;
    return true;
}

int sim_command_twins(int argc, char **argv)
{
    struct assay_twins_campaign c = { .nodes = 4, .seed = 1 };
    const char *schedule = NULL;
    bool json = false;
    optind = 0; /* main.c has read words before */
    for (int option = 0; (option = sim_next_option(argc, argv, known, NULL)) != -1;) {
        if (option == '?' || option == ':') return sim_print_option(argc, argv, known, option);
        if (option == OPT_HELP) {
            (void)fputs(usage, stdout);
            return ASSAY_SIM_EXIT_OK;
        }
        if (option == OPT_RANGES) c.ranges = true;
        else if (option == OPT_JSON) json = true;
        else if (option == OPT_SCHEDULE) schedule = optarg;
        else if (option == OPT_SHARD && !read_shard(optarg, &c))
            return sim_print_misuse(argc, argv, optarg, "--shard: expected I/N, from 1/N to N/N");
        else if (option != OPT_SHARD && !parse_number(option, optarg, &c))
            return sim_print_misuse(argc, argv, optarg, "%s", report_wrong_number(option));
    }
    if (optind < argc) return sim_print_misuse(argc, argv, argv[optind], "expected no argument");
    if (schedule != NULL) return run_schedule(schedule, json);
    if (c.samples == 0 && c.nodes != 4) c.samples = SAMPLES_DEFAULT;
    if (c.views == 0) c.views = c.samples > 0 ? 4 : 2;
    return run_campaign(&c, json);
}
