/*
 * apps/demo/main.c - entry point of `assay-demo`: options, main loop, orderly shutdown.
 */
#include "apps/demo/platforms.h"
#include "apps/flags.h"
#include "base/checked.h"
#include "base/system_clock.h"

#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

volatile sig_atomic_t demo_interrupted;

enum {
    EPOCH_MS_MIN = 200,
    EPOCH_MS_MAX = 60000,
    EPOCH_MS_DEFAULT = 500,
    PEERS_AT_DEFAULT = 10, /* more are slower: the signatures of a view grow with their square */
    EPOCH_MS_A_PEER = 100,
    /* A machine that takes this long to start a program has the default epochs, a slower one longer
     * ones: appraisal is confirmed in processes of its own, whose cost that is. */
    START_US_AT_DEFAULT = 10000,
    START_FACTOR_MAX = 4,
    STARTS = 5,
    STOP_GRACE_MS = 30000, /* sanitizers look through all memory at the end */
    LOOK_MS = 100,
};

static const char usage[] =
    "usage: assay-demo [--story trial|life|services|identity] [--short]\n"
    "                  [--evidence soft|tpm] [--headless] [--json FILE] [--keep] [--peers N]\n"
    "                  [--epoch MS] [--dir DIR]\n"
    "\n"
    "Start a network of assayd peers on loopback, each with its own enclave, and run a\n"
    "story. Show the score of every peer, and print a table of what the story expects;\n"
    "exit status 0 only if all of it happened.\n"
    "\n"
    "  --story       trial (default): a tampered enclave, a slanderer, a killed peer, replayed "
    "quotes;\n"
    "                life: a year in about two minutes: members join, are drained, are replaced, "
    "rules "
    "change and\n"
    "                revert, power fails. Every month the dates of all peers leap by one;\n"
    "                services: 11 peers with replicas, holders and executors beside them: states "
    "that no\n"
    "                host can roll back, a secret that survives a suspension, a task paid by the "
    "step;\n"
    "                identity: seven peers are a certificate authority: nginx and curl "
    "authenticate "
    "each\n"
    "                other with its certificates, a tampered enclave is refused and its "
    "certificate "
    "ends,\n"
    "                three of seven holders stop, one signs wrongly. Needs nginx, curl and "
    "openssl\n"
    "  --short       life without waiting for newcomers to be FULL: under a minute; services "
    "without\n"
    "                replicas that die; identity without waiting until a certificate ends\n"
    "  --evidence    soft (default): made by the project itself; tpm: quotes of live software "
    "TPMs,\n"
    "                one a peer, started and stopped by the demo. Both prove nothing about "
    "hardware:\n"
    "                profile development\n"
    "  --headless    no live view: one line an event on stderr\n"
    "  --json FILE   write the timeline and the results to FILE\n"
    "  --keep        after the story leave the network running until Ctrl-C\n"
    "  --peers N     7 to 20, default 7; trial alone\n"
    "  --epoch MS    length of an epoch, 200 to 60000; default 500, from 11 peers on 100 a peer,\n"
    "                of identity 1500;\n"
    "                up to four times that where starting a process takes more than 10 ms: peers\n"
    "                are processes that share this machine\n"
    "  --dir DIR     work in DIR (a short path) and leave it behind\n"
    "  --version     print the version\n"
    "\n"
    "examples:\n"
    "  assay-demo\n"
    "  assay-demo --story life --headless --json out.json\n"
    "exit status: 0 all of the story happened, 1 some did not or it was interrupted, 2 usage\n";

static void on_interrupt(int signal)
{
    (void)signal;
    demo_interrupted = 1;
}

static bool parse_number(const char *text, const char *option, unsigned min, unsigned max,
                         uint32_t *out)
{
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);
    if (end != text && *end == '\0' && value >= min && value <= max) {
        *out = (uint32_t)value;
        return true;
    }
    (void)fprintf(stderr, "assay-demo: %s: expected a number from %u to %u, found \"%s\"\n", option,
                  min, max, text);
    return false;
}

static bool parse_evidence(const char *text, struct demo_options *options)
{
    options->tpm = strcmp(text, "tpm") == 0;
    if (options->tpm || strcmp(text, "soft") == 0) return true;
    (void)fprintf(stderr, "assay-demo: --evidence: expected soft or tpm, found \"%s\"\n", text);
    return false;
}

static bool parse_story(const char *text, struct demo_options *options)
{
    static const struct demo_story *const stories[] = { &demo_story_trial, &demo_story_life,
                                                        &demo_story_services,
                                                        &demo_story_identity };
    for (size_t i = 0; i < sizeof stories / sizeof stories[0]; i++) {
        if (strcmp(text, stories[i]->name) != 0) continue;
        options->story = stories[i];
        return true;
    }
    (void)fprintf(stderr,
                  "assay-demo: --story: expected trial, life, services or identity, found "
                  "\"%s\"\n",
                  text);
    return false;
}

/* Stories that go on with peers of their own making have no room for more, and no TPMs. */
static bool fits(struct demo_options *options)
{
    const uint32_t peers = options->story->peers;
    if (options->peer_count == 0) options->peer_count = peers != 0 ? peers : DEMO_PEERS_MIN;
    if (peers == 0 || (!options->tpm && options->peer_count == peers)) return true;
    (void)fprintf(stderr, "assay-demo: --story %s: expected %u peers with evidence soft\n",
                  options->story->name, (unsigned)peers);
    return false;
}

/* Returns: exit status + 1. */
static int other_option(int argc, char **argv, int code, const struct option *table)
{
    char wrong[ASSAY_FLAGS_MESSAGE_MAX];
    if (code == 'h') (void)fputs(usage, stdout);
    if (code == 'V') (void)printf("assay-demo %s\n", ASSAY_VERSION);
    if (code == 'h' || code == 'V') return 1;
    assay_flags_wrong(argc, argv, code, table, wrong);
    assay_flags_misuse("assay-demo", usage, wrong);
    return 3;
}

/* Returns: 0 to go on, else exit status + 1. */
static int read_options(int argc, char **argv, struct demo_options *options)
{
    static const struct option table[] = {
        { "headless", no_argument, NULL, 'H' },    { "json", required_argument, NULL, 'j' },
        { "keep", no_argument, NULL, 'k' },        { "peers", required_argument, NULL, 'p' },
        { "epoch", required_argument, NULL, 'e' }, { "dir", required_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },        { "evidence", required_argument, NULL, 'v' },
        { "story", required_argument, NULL, 's' }, { "short", no_argument, NULL, 'b' },
        { "version", no_argument, NULL, 'V' },     { NULL, 0, NULL, 0 },
    };
    bool ok = true;
    for (int o; ok && (o = assay_flags_next(argc, argv, ":h", table, NULL)) != -1;) {
        if (o == 'H') options->headless = true;
        else if (o == 'j') options->json_path = optarg;
        else if (o == 'k') options->keep = true;
        else if (o == 'd') options->dir = optarg;
        else if (o == 'v') ok = parse_evidence(optarg, options);
        else if (o == 's') ok = parse_story(optarg, options);
        else if (o == 'b') options->brief = true;
        else if (o == 'p')
            ok = parse_number(optarg, "--peers", DEMO_PEERS_MIN, DEMO_PEERS_MAX,
                              &options->peer_count);
        else if (o == 'e')
            ok = parse_number(optarg, "--epoch", EPOCH_MS_MIN, EPOCH_MS_MAX, &options->epoch_ms);
        else return other_option(argc, argv, o, table);
    }
    if (ok && optind == argc) return fits(options) ? 0 : 3;
    if (ok)
        (void)fprintf(stderr, "assay-demo: expected options alone, found \"%s\"\n", argv[optind]);
    return 3;
}

static bool find_programs(struct demo *demo)
{
    const ssize_t len = readlink("/proc/self/exe", demo->bin, sizeof demo->bin - 1);
    char *slash = NULL;
    if (len > 0) {
        demo->bin[len] = '\0';
        slash = strrchr(demo->bin, '/');
    }
    if (slash == NULL) return false;
    *slash = '\0';
    /* As built and as installed (cmake/install.cmake). */
    (void)snprintf(demo->cast, sizeof demo->cast, "%s/../libexec/assay", demo->bin);
    return true;
}

/* Returns: the shortest of several starts of a program, us. */
static uint64_t measure_start(const struct demo *demo)
{
    char program[PATH_MAX + 16], version[] = "--version";
    (void)snprintf(program, sizeof program, "%s/assayd", demo->bin);
    char *argv[] = { program, version, NULL };
    uint64_t shortest_us = UINT64_MAX;
    for (unsigned i = 0; i < STARTS; i++) {
        const uint64_t from_us = assay_monotonic_us();
        if (demo_run(demo, "/dev/null", argv) != 0) return START_US_AT_DEFAULT;
        const uint64_t took_us = assay_monotonic_us() - from_us;
        if (took_us < shortest_us) shortest_us = took_us;
    }
    return shortest_us;
}

/* All peers share this machine: how long an epoch has to be follows from their number and from how
 * fast it starts processes. */
static uint32_t choose_epoch(const struct demo *demo)
{
    const uint64_t longest_us = START_US_AT_DEFAULT * START_FACTOR_MAX;
    const uint64_t start_us =
        assay_min_u64(assay_max_u64(measure_start(demo), START_US_AT_DEFAULT), longest_us);
    const uint32_t of_peers_ms = demo->options.peer_count <= PEERS_AT_DEFAULT
                                     ? EPOCH_MS_DEFAULT
                                     : EPOCH_MS_A_PEER * demo->options.peer_count;
    const uint32_t of_story_ms = demo->options.story->epoch_ms;
    const uint32_t usual_ms = of_story_ms != 0 ? of_story_ms : of_peers_ms;
    const uint32_t scaled_ms = (uint32_t)(usual_ms * start_us / START_US_AT_DEFAULT);
    const uint32_t least_ms = demo->options.story->epoch_ms_min;
    return scaled_ms > least_ms ? scaled_ms : least_ms;
}

static void take_signals(void)
{
    struct sigaction action = { .sa_handler = on_interrupt };
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    /* The terminal is closed: the peers would not be stopped. Not under nohup. */
    struct sigaction hangup;
    if (sigaction(SIGHUP, NULL, &hangup) == 0 && hangup.sa_handler != SIG_IGN)
        (void)sigaction(SIGHUP, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* Web page to watch: of a peer that the story does not affect. */
static void print_address(struct demo *demo)
{
    char address[48];
    const bool display = getenv("DISPLAY") != NULL || getenv("WAYLAND_DISPLAY") != NULL;
    (void)snprintf(address, sizeof address, "http://127.0.0.1:%u/", demo_witness(demo)->http_port);
    demo_report(demo, 0, demo_witness(demo)->name, "page", "%s%s%s", address,
                display ? "  open it: xdg-open " : "", display ? address : "");
}

static bool start_peers(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        if (demo_peer_start(demo, &demo->peers[i])) continue;
        (void)fprintf(stderr, "assay-demo: %s could not be started\n", demo->peers[i].program);
        return false;
    }
    return true;
}

static void poll_network(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        demo_peer_read(demo, &demo->peers[i]);
    if (!demo->options.headless) demo_view_draw(demo);
    demo_sleep_ms(LOOK_MS);
}

/* Returns: true when the story completed. */
static bool run_story(struct demo *demo)
{
    bool failed = !start_peers(demo);
    while (!failed && !demo_interrupted && demo->options.story->step(demo, &failed))
        poll_network(demo);
    if (!failed && !demo_interrupted && demo->options.keep) {
        demo->chapter = "the story is over; the network runs until Ctrl-C";
        while (!demo_interrupted)
            poll_network(demo);
        return true;
    }
    return !failed && !demo_interrupted;
}

static void stop_peers(struct demo *demo)
{
    bool orderly = true;
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (demo->peers[i].pid != 0) (void)kill(demo->peers[i].pid, SIGTERM);
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        orderly = demo_peer_stop(&demo->peers[i], STOP_GRACE_MS) && orderly;
    demo_settle(demo_check(demo, "every peer shut down cleanly"), orderly,
                orderly ? "all exited with status 0" : "some had to be killed");
}

static void remove_folder(const struct demo *demo, bool passed)
{
    if (demo->options.dir != NULL || !passed) {
        (void)fprintf(stderr, "assay-demo: keys, stores and logs are in %s\n", demo->dir);
        return;
    }
    char dir[PATH_MAX], rm[] = "/bin/rm", how[] = "-rf", ends[] = "--";
    (void)snprintf(dir, sizeof dir, "%s", demo->dir);
    char *argv[] = { rm, how, ends, dir, NULL };
    (void)demo_run(demo, "/dev/null", argv);
}

int main(int argc, char **argv)
{
    static struct demo demo = { .options = { .story = &demo_story_trial } };
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as a parent may leave it, no child has a status */
    const int early = read_options(argc, argv, &demo.options);
    if (early != 0) return early - 1;
    if (demo.options.story->ready != NULL && !demo.options.story->ready()) return 1;
    if (isatty(STDOUT_FILENO) == 0) demo.options.headless = true;
    take_signals();

    demo.started_ms = assay_monotonic_ms();
    const bool found = find_programs(&demo);
    if (found && demo.options.epoch_ms == 0) demo.options.epoch_ms = choose_epoch(&demo);
    if (!found || !demo_network_make(&demo) ||
        (demo.options.story->dated && !demo_dates_begin(&demo))) {
        demo_tpm_platforms_stop(&demo);
        return 1;
    }
    if (!demo.options.headless) demo_view_open(&demo);
    print_address(&demo);
    const bool completed = run_story(&demo);
    if (demo.options.story->end != NULL) demo.options.story->end(&demo);
    stop_peers(&demo);
    demo_tpm_platforms_stop(&demo);
    if (!demo.options.headless) demo_view_close();

    demo.options.story->after(&demo);
    bool passed = demo_summary(&demo, stdout) && completed;
    (void)printf("\n%s after %.1f s\n",
                 passed ? "all steps had the expected result"
                 : !completed && demo_interrupted
                     ? "interrupted: NOT all steps had the expected result"
                     : "NOT all steps had the expected result",
                 (double)(assay_monotonic_ms() - demo.started_ms) / 1000);
    if (demo.options.json_path != NULL &&
        !demo_timeline_write(&demo, demo.options.json_path, passed))
        passed = false;
    remove_folder(&demo, passed);
    return passed ? 0 : 1;
}
