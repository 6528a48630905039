/*
 * tests/hostile/hostile.c - real daemons under attack, one attack after the other, then all at
 * once.
 *
 *     hostile_daemons BIN [--short] [--members N] [--hostile N] [--seconds S] [--epoch-ms T]
 *             [--only connections|messages|together] [--overlay ABOVE,DEGREE] [NAME]
 *
 * Of N daemons the last few are hostile: their own daemons follow the protocol, so that they have
 * weight and standing, and next to each runs a thread that attacks every honest one, as a stranger
 * or with its keys. Quiet and attacked windows alternate, so that other load of the machine affects
 * both; the attackers' own work affects the attacked windows, on the same processors.
 *
 * --overlay: members have links to neighbours only, as in a network of more than 64
 * (docs/protocol.md 4.12.1), with the test build of the daemon; the hostile ones dial every honest
 * one nevertheless.
 *
 * Each attack must leave every honest daemon running, in full standing and with its earlier score,
 * without a HELD epoch, with private memory within 23 MiB per attacker plus 8 MiB
 * (docs/threat-model.md), and with its earlier number of descriptors once it is over. --short
 * checks only these; without it finality is printed next to that of quiet windows. Exit status 0:
 * all of this was true; 1: it was not.
 */
#include "host/peers/page.h"
#include "net/zmq/link_internal.h"
#include "tests/hostile/attacker.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    HELD_KIB_MAX = 23 << 10, /* by one attacker (docs/threat-model.md) */
    SLACK_KIB = 8 << 10,     /* the engine's own: blocks, evidence, the store's pages */
    RELEASED_MS = 12000,     /* a silent caller is hung up after 5 s */
    FILES_SLACK = 6,         /* enclave, admin socket, a line that is dialled again */
    SHORT_MS = 400,
    LETS_IN_MS = 15000, /* so long is waited for those that are shut out */
    TOGETHER_WINDOWS = 12,
    TOGETHER_SHORT_MS = 1000,
    TRIES = 3, /* a busy machine does harm, too; an attack that does it does it again */
    CONTROL_EPOCHS = 4,
    SETTLED_MS = 90000,
};

_Static_assert(LINK_HELD_OF_ONE_MAX + LINK_INBOX_BYTES_MAX + ASSAY_OUTBOX_BYTES_MAX +
                       ASSAY_PAGE_OBJECTS_PER_PEER * ASSAY_OBJECT_LEN_MAX <=
                   HELD_KIB_MAX << 10,
               "what one member makes us hold, by every limit that there is");

static struct fleet fleet = { .epoch_ms = 1000 };
static struct attacker attackers[FLEET_MAX];
static struct {
    bool is_short;
    uint32_t members, hostile, window_ms;
    const char *only, *name;
} options = { .members = 7, .hostile = 2, .window_ms = 4000 };
static struct fleet_node base[FLEET_MAX]; /* as it was before the first attack */
static uint32_t strangers, by_members, undecided;

static const struct attack *attack_at(uint32_t which)
{
    return which < connection_attacks_count ? &connection_attacks[which]
                                            : &message_attacks[which - connection_attacks_count];
}

static uint32_t attack_count(void)
{
    return (uint32_t)(connection_attacks_count + message_attacks_count);
}

/* ------------------------------------------------------------ what must hold */

/* Returns: what an honest member lost, NULL: nothing. */
static const char *lost(void)
{
    fleet_judge(&fleet);
    for (uint32_t i = 0; i < fleet.honest; i++)
        for (uint32_t k = 0; k < fleet.honest; k++) {
            const struct fleet_node *now = &fleet.nodes[i];
            if (strcmp(now->standing[k], "FULL") != 0) return "an honest member lost its standing";
            if (now->score_bp[k] < base[i].score_bp[k])
                return "the score of an honest member fell";
        }
    return NULL;
}

/* All honest daemons in full standing: required again after each attack. */
static void settle(const char *name)
{
    const uint64_t end_ms = fleet_ms() + SETTLED_MS;
    for (uint32_t i = 0; i < fleet.honest; i++)
        for (uint32_t k = 0; k < fleet.honest; k++)
            base[i].score_bp[k] = 0;
    for (const char *what = lost(); what != NULL; what = lost()) {
        if (fleet_ms() > end_ms) fleet_fail(what, name);
        (void)usleep(200000);
    }
    for (uint32_t i = 0; i < fleet.honest; i++)
        assay_bytes_copy(base[i].score_bp, sizeof base[i].score_bp, fleet.nodes[i].score_bp,
                         sizeof fleet.nodes[i].score_bp);
}

static void hold_memory(const char *name)
{
    const uint64_t most = (uint64_t)HELD_KIB_MAX * options.hostile + SLACK_KIB;
    for (uint32_t i = 0; i < fleet.honest; i++)
        if (fleet.nodes[i].peak_kib > base[i].private_kib + most)
            fleet_fail("memory beyond the bound", name);
}

static bool is_released(void)
{
    fleet_look(&fleet);
    for (uint32_t i = 0; i < fleet.honest; i++)
        if (fleet.nodes[i].files > base[i].files + FILES_SLACK) return false;
    return true;
}

static void hold_release(const char *name)
{
    const uint64_t end_ms = fleet_ms() + RELEASED_MS;
    while (!is_released()) {
        if (fleet_ms() > end_ms) fleet_fail("descriptors stay when the attacker is gone", name);
        (void)usleep(50000);
    }
}

/* ------------------------------------------------------------ windows */

static void attack(uint32_t a, int which)
{
    atomic_store(&attackers[a].quiet, false);
    atomic_store(&attackers[a].which, which);
}

static void hush(void)
{
    for (uint32_t a = 0; a < options.hostile; a++)
        atomic_store(&attackers[a].which, -1);
    for (uint32_t a = 0; a < options.hostile; a++)
        while (!atomic_load(&attackers[a].quiet))
            (void)usleep(10000);
}

static double ms_of(struct fleet_window *w, uint32_t permille)
{
    return (double)fleet_us(w, permille) / 1000;
}

static double cores(const struct fleet_window *w)
{
    const double s = (double)w->cpu_ticks / (double)sysconf(_SC_CLK_TCK);
    return w->ms > 0 ? s * 1000 / (double)w->ms / fleet.honest : 0;
}

static void print_head(void)
{
    printf("%-24s %-8s %18s %26s %6s %15s %11s %13s %s\n", "attack", "as", "quiet p50 p90 ms",
           "attacked p50 p90 ms (n)", "p90 x", "private MiB", "files", "cores each", "shut out");
}

static void print_row(const char *name, const char *as, struct fleet_window *quiet,
                      struct fleet_window *loud)
{
    uint64_t peak = 0, before = 0;
    uint32_t files = 0, shuts = 0;
    for (uint32_t i = 0; i < fleet.honest; i++) {
        const struct fleet_node *n = &fleet.nodes[i];
        if (n->peak_kib > peak) peak = n->peak_kib;
        if (base[i].private_kib > before) before = base[i].private_kib;
        if (n->files_peak > files) files = n->files_peak;
        shuts += n->shuts;
    }
    const double q90 = ms_of(quiet, 900), l90 = ms_of(loud, 900);
    printf("%-24s %-8s %8.1f %9.1f %9.1f %9.1f (%4u) %6.1f %6.1f -> %5.1f %4u -> %4u "
           "%5.2f -> %4.2f %u\n",
           name, as, ms_of(quiet, 500), q90, ms_of(loud, 500), l90, loud->count,
           q90 > 0 ? l90 / q90 : 0, (double)before / 1024, (double)peak / 1024, base[0].files,
           files, cores(quiet), cores(loud), shuts);
}

/* A member that the previous attack banned gets time to be admitted again. */
static void await_entry(enum attack_sort sort)
{
    const bool is_due = !options.is_short || sort == FORGED;
    const uint64_t end_ms = fleet_ms() + (is_due ? LETS_IN_MS : 0);
    for (bool is_shut = true; is_shut && fleet_ms() < end_ms;) {
        is_shut = false;
        fleet_judge(&fleet);
        for (uint32_t i = 0; i < fleet.honest; i++)
            is_shut |= fleet.nodes[i].shuts > 0;
        if (is_shut) (void)usleep(250000);
    }
}

/* Quiet and attacked windows alternate; in the latter the hostile members run the attacks that
 * `choose` selects. Returns: number of reports that an attacked epoch was HELD. */
static uint64_t run_windows(uint32_t pairs, uint32_t quiet_ms, uint32_t loud_ms,
                            int (*choose)(uint32_t pair, uint32_t attacker, int which), int which,
                            struct fleet_window *quiet, struct fleet_window *loud)
{
    uint64_t held = 0;
    for (uint32_t k = 0; k < pairs; k++) {
        if (quiet_ms > 0) fleet_watch(&fleet, quiet_ms, quiet);
        fleet_begin_epochs(&fleet);
        for (uint32_t a = 0; a < options.hostile; a++)
            attack(a, choose(k, a, which));
        fleet_watch(&fleet, loud_ms, loud);
        held += fleet.held;
        hush();
    }
    return held;
}

static int all_the_same(uint32_t pair, uint32_t attacker, int which)
{
    (void)pair;
    (void)attacker;
    return which;
}

/* Each something else, and something else in each window. */
static int each_another(uint32_t pair, uint32_t attacker, int which)
{
    (void)which;
    const uint32_t step = attack_count() / options.hostile;
    uint32_t at = (pair * 5 + attacker * step) % attack_count();
    while (attack_at(at)->sort == FORGED) at = (at + 7) % attack_count();
    return (int)at;
}

static void hold_all(const char *name)
{
    hold_memory(name);
    hold_release(name);
}

/* Does the same finding occur on this machine without an attack? */
static bool is_machine(const char *name)
{
    settle(name);
    fleet_begin_epochs(&fleet);
    fleet_watch(&fleet, (uint64_t)CONTROL_EPOCHS * fleet.epoch_ms, NULL);
    return fleet.held > 0 || lost() != NULL;
}

/* Returns: whether the attack is to be tried once more; what it did each time fails the run. */
static bool tries_again(const char *fault, const char *name, int *tries)
{
    if (fault == NULL) return false;
    *tries += 1;
    const bool is_busy = is_machine(name);
    if (*tries < TRIES) return true;
    if (!is_busy) fleet_fail(fault, name);
    (void)fprintf(stderr, "hostile: %s: %s, and so they are without an attack: not decided\n", name,
                  fault);
    undecided++;
    return false;
}

static void run_attack(uint32_t which)
{
    static struct fleet_window quiet, loud;
    const struct attack *what = attack_at(which);
    const uint32_t pairs = options.is_short ? 1 : 2, each_ms = options.window_ms / pairs;
    const char *fault = NULL;
    int tries = 0;
    await_entry(what->sort);
    do {
        quiet = loud = (struct fleet_window){ 0 };
        fleet_begin(&fleet);
        const uint64_t held = run_windows(pairs, options.is_short ? 0 : each_ms, each_ms,
                                          all_the_same, (int)which, &quiet, &loud);
        fault = held > 0 ? "epochs are held" : lost();
    } while (tries_again(fault, what->name, &tries));
    hold_all(what->name);
    print_row(what->name, what->as == STRANGER ? "stranger" : "member", &quiet, &loud);
    if (what->as == STRANGER) strangers++;
    else by_members++;
}

static void run_together(void)
{
    static struct fleet_window quiet, loud;
    const uint32_t windows = options.is_short ? 8 : TOGETHER_WINDOWS;
    const char *fault = NULL;
    int tries = 0;
    do {
        quiet = loud = (struct fleet_window){ 0 };
        fleet_begin(&fleet);
        const uint64_t held = run_windows(windows, options.is_short ? 0 : options.window_ms / 2,
                                          options.is_short ? TOGETHER_SHORT_MS
                                                           : options.window_ms / 2,
                                          each_another, 0, &quiet, &loud);
        fault = held > 0 ? "epochs are held" : lost();
    } while (tries_again(fault, "together", &tries));
    hold_all("together");
    print_row("together", "members", &quiet, &loud);
}

/* ------------------------------------------------------------ the whole */

static bool is_wanted(uint32_t which)
{
    const bool is_connection_attack = which < connection_attacks_count;
    if (options.name != NULL) return strcmp(options.name, attack_at(which)->name) == 0;
    if (options.only == NULL) return true;
    return strcmp(options.only, is_connection_attack ? "connections" : "messages") == 0;
}

static void run_all(void)
{
    uint32_t ran = 0;
    static const enum attack_sort in_order[2][4] = { { FORMED, FLOOD, MALFORMED, FORGED },
                                                     { MALFORMED, FORMED, FLOOD, FORGED } };
    for (int k = 0; k < 4; k++)
        for (uint32_t which = 0; which < attack_count(); which++)
            if (attack_at(which)->sort == in_order[options.is_short][k] && is_wanted(which)) {
                run_attack(which);
                ran++;
            }
    if (ran == 0 && (options.only == NULL || strcmp(options.only, "together") != 0))
        fleet_fail("there is no such attack", options.name != NULL ? options.name : options.only);
    if (options.name == NULL && (options.only == NULL || strcmp(options.only, "together") == 0))
        run_together();
}

static bool read_options(int argc, char **argv)
{
    static const struct option known[] = {
        { "short", no_argument, NULL, 's' },         { "members", required_argument, NULL, 'm' },
        { "hostile", required_argument, NULL, 'h' }, { "seconds", required_argument, NULL, 't' },
        { "only", required_argument, NULL, 'o' },    { "epoch-ms", required_argument, NULL, 'e' },
        { "overlay", required_argument, NULL, 'v' }, { NULL, 0, NULL, 0 },
    };
    for (int o; (o = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (o == 's') options.is_short = true;
        else if (o == 'm') options.members = (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 'h') options.hostile = (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 't') options.window_ms = 1000 * (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 'e') fleet.epoch_ms = (uint32_t)strtoul(optarg, NULL, 10);
        else if (o == 'o') options.only = optarg;
        else if (o == 'v') fleet.overlay = optarg;
        else return false;
    }
    if (options.is_short) options.window_ms = SHORT_MS;
    options.name = optind + 1 < argc ? argv[optind + 1] : NULL;
    return optind < argc && options.hostile > 0 && options.members <= FLEET_MAX &&
           3 * options.hostile < options.members && options.window_ms > 0;
}

static void raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv)
{
    if (!read_options(argc, argv)) {
        (void)fprintf(stderr, "usage: hostile_daemons BIN [--short] [--members N] [--hostile N] "
                              "[--seconds S] [--epoch-ms T] [--only connections|messages|together] "
                              "[--overlay ABOVE,DEGREE] [NAME]\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)signal(SIGPIPE, SIG_IGN);
    fleet_open(&fleet, ASSAY_SOURCE_DIR, argv[optind], options.members,
               options.members - options.hostile);
    raise_files(); /* ours: the daemons keep what they were given */
    for (uint32_t a = 0; a < options.hostile; a++)
        attacker_open(&attackers[a], &fleet, fleet.honest + a, options.is_short);
    fleet_watch(&fleet, fleet.epoch_ms, NULL);
    fleet_begin(&fleet);
    for (uint32_t i = 0; i < fleet.honest; i++)
        base[i] = fleet.nodes[i];
    settle("before the first attack");
    print_head();
    run_all();
    for (uint32_t a = 0; a < options.hostile; a++)
        attacker_close(&attackers[a]);
    fleet_close(&fleet);
    printf("%u attacks of strangers, %u of members, by %u of %u at once: nobody honest ended, lost "
           "standing or score; no epoch was held%s\n",
           strangers, by_members, options.hostile, options.members,
           undecided > 0 ? " but where the machine does so by itself" : "");
    return 0;
}
