/*
 * apps/demo/services_state.c - rows about state continuity: a rolled-back state, a clone, a replica
 * that dies under load, a group that dies.
 */
#include "apps/demo/platforms.h"
#include "apps/demo/services.h"

#include <stdlib.h>
#include <string.h>

enum {
    YESTERDAY = 5, /* states of the first day, */
    TODAY = 10,    /* of the second, */
    TOMORROW = 12, /* and after the lie */
    CLONED = 20,
    CLONE = 25,
    HALTED = 3,
    RATE = 8000, /* requests a second: Narrator-Pro's rate of states */
    KILLED = 3,  /* of five replicas */
    BEFORE_KILL = 2 * RATE,
    AFTER_KILL = RATE,
};

static struct {
    struct services_process *enclave, *clone, *load, *halted;
    char yesterday[65], today[65]; /* digests */
    char last[SERVICES_LINE];      /* the last certified state, and its digest */
    unsigned view, killed[KILLED]; /* peers */
    unsigned long long at;         /* requests that were certified then */
} state;

static struct services_process *start_enclave(struct demo *demo, const char *name, unsigned group,
                                              const char *folder, unsigned until, bool hold)
{
    char number[16], last[16];
    (void)snprintf(number, sizeof number, "%u", group);
    (void)snprintf(last, sizeof last, "%u", until);
    const char *const words[] = { "counter",
                                  services_socket(demo),
                                  number,
                                  demo_below(demo, "%s", folder),
                                  last,
                                  demo_below(demo, "checkpoint"),
                                  hold ? "hold" : NULL,
                                  NULL };
    return services_enclave(demo, name, words);
}

/* A digest in short. */
static const char *format_digest(const char *digest)
{
    static char text[4][13];
    static unsigned turn;
    char *out = text[turn++ % 4];
    (void)snprintf(out, sizeof text[0], "%.12s", digest);
    return out;
}

/* "INDEX DIGEST". Returns: whether both stand there */
static bool read_state(const char *text, unsigned *index, char digest[static 65])
{
    char *end = NULL;
    *index = (unsigned)strtoul(text, &end, 10);
    return end != text && sscanf(end, " %64s", digest) == 1;
}

static bool read_certified(const struct services_process *p, unsigned index, char digest[static 65])
{
    char rest[SERVICES_LINE];
    unsigned found = 0;
    return services_said(p, "certified", rest) && read_state(rest, &found, digest) &&
           found == index;
}

/* ------------------------------------------------------------ one state after the other */

bool services_look_states(struct demo *demo, struct life_turn *turn)
{
    switch (turn->phase) {
    case 0:
        if (!demo_make_checkpoint(demo)) return life_known(turn, false, "no checkpoint of genesis");
        state.enclave = start_enclave(demo, "enclave", 0, "state", YESTERDAY, false);
        return life_next(demo, turn);
    case 1:
        if (services_went_wrong(state.enclave, 0, turn)) return true;
        if (!state.enclave->ended) return false;
        if (!read_certified(state.enclave, YESTERDAY, state.yesterday) ||
            !services_copy(demo, "state", "yesterday"))
            return life_known(turn, false, "no state of the first day");
        state.enclave = start_enclave(demo, "enclave", 0, "state", TODAY, false);
        return life_next(demo, turn);
    default:
        if (services_went_wrong(state.enclave, 0, turn)) return true;
        if (!state.enclave->ended) return false;
        if (!read_certified(state.enclave, TODAY, state.today))
            return life_known(turn, false, "no state of the second day");
        return life_known(
            turn, true, "state %d (%s) by the first process, state %d (%s) by the second",
            YESTERDAY, format_digest(state.yesterday), TODAY, format_digest(state.today));
    }
}

/* Both are printed: the submitted and the certified state. */
static bool is_refused(const struct services_process *p, char handed[static 65],
                       char found[static 65])
{
    char rest[SERVICES_LINE];
    unsigned a = 0, b = 0;
    return services_said(p, "rollback", rest) &&
           read_state(services_behind(rest, "handed"), &a, handed) &&
           read_state(services_behind(rest, "certified"), &b, found) && a == YESTERDAY &&
           b == TODAY && strcmp(handed, state.yesterday) == 0 && strcmp(found, state.today) == 0;
}

bool services_look_rollback(struct demo *demo, struct life_turn *turn)
{
    char handed[65] = "", found[65] = "", digest[65];
    switch (turn->phase) {
    case 0:
        if (!services_copy(demo, "state", "today") || !services_copy(demo, "yesterday", "state"))
            return life_known(turn, false, "no copy");
        demo_report(demo, life_epoch(demo), "enclave", "rolled back",
                    "its host hands it the state of yesterday");
        state.enclave = start_enclave(demo, "enclave", 0, "state", TOMORROW, false);
        return life_next(demo, turn);
    case 1:
        if (services_went_wrong(state.enclave, 4, turn)) return true;
        if (!state.enclave->ended) return false;
        if (!is_refused(state.enclave, handed, found) || !services_copy(demo, "today", "state"))
            return life_known(turn, false, "refused, and not as it should");
        state.enclave = start_enclave(demo, "enclave", 0, "state", TOMORROW, false);
        return life_next(demo, turn);
    default:
        if (services_went_wrong(state.enclave, 0, turn)) return true;
        if (!state.enclave->ended) return false;
        return life_known(turn, read_certified(state.enclave, TOMORROW, digest),
                          "rollback: handed state %d (%s), certified is %d (%s); with that one it "
                          "goes on to %d",
                          YESTERDAY, format_digest(state.yesterday), TODAY,
                          format_digest(state.today), TOMORROW);
    }
}

/* ------------------------------------------------------------ two of them */

bool services_look_clone(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    unsigned session = 0, index = 0;
    switch (turn->phase) {
    case 0:
        state.enclave = start_enclave(demo, "enclave", 0, "state", CLONED, true);
        return life_next(demo, turn);
    case 1:
        if (services_went_wrong(state.enclave, -2, turn)) return true;
        if (!services_said(state.enclave, "read", rest)) return false;
        if (!services_copy(demo, "state", "clone")) return life_known(turn, false, "no copy");
        demo_report(demo, life_epoch(demo), "clone", "started", "from a copy of the folder");
        state.clone = start_enclave(demo, "clone", 0, "clone", CLONE, true);
        return life_next(demo, turn);
    case 2:
        if (services_went_wrong(state.enclave, 4, turn) ||
            services_went_wrong(state.clone, -2, turn))
            return true;
        if (!state.enclave->ended || !services_said(state.clone, "read", rest)) return false;
        services_ask_to_end(state.clone);
        return life_next(demo, turn);
    default:
        if (services_went_wrong(state.clone, 0, turn)) return true;
        if (!state.clone->ended) return false;
        if (!services_said(state.enclave, "fenced", rest) ||
            services_numbers(rest, "session", &session, 1) != 1 ||
            services_numbers(rest, "state", &index, 1) != 1)
            return life_known(turn, false, "the older one ended, and was not fenced");
        return life_known(turn, index == CLONED && read_certified(state.clone, CLONE, state.today),
                          "the older one (session %u) is fenced at state %u, the clone certifies "
                          "%d and is read",
                          session, index, CLONE);
    }
}

/* ------------------------------------------------------------ a replica dies under load */

static bool seats_of(unsigned group, unsigned *view, unsigned seats[static SERVICES_GROUP])
{
    char words[16], rest[SERVICES_LINE];
    (void)snprintf(words, sizeof words, "group %u", group);
    return services_seen(words, rest) && strncmp(rest, " serving ", 9) == 0 &&
           services_numbers(rest, "view", view, 1) == 1 &&
           services_numbers(rest, "seats", seats, SERVICES_GROUP) == SERVICES_GROUP;
}

static unsigned long long certified_so_far(const struct services_process *p)
{
    char rest[SERVICES_LINE];
    return services_said(p, "at", rest) ? strtoull(rest, NULL, 10) : 0;
}

/* The replica in a seat of the view that serves. Returns: false: none, by now */
static bool kill_seat(struct demo *demo, unsigned group, unsigned seat, unsigned *peer)
{
    unsigned view = 0, seats[SERVICES_GROUP];
    if (!seats_of(group, &view, seats)) return false;
    *peer = services_peer_in(demo, seats[seat]);
    if (*peer >= DEMO_PEERS_MAX) return false;
    services_kill_replica(demo, *peer);
    return true;
}

static bool begin_load(struct demo *demo, struct life_turn *turn)
{
    char rate[16];
    (void)snprintf(rate, sizeof rate, "%d", RATE);
    const char *const words[] = { "load", services_socket(demo),
                                  "0",    demo_below(demo, "clone"),
                                  rate,   demo_below(demo, "checkpoint"),
                                  NULL };
    state.load = services_enclave(demo, "load", words);
    return life_next(demo, turn);
}

/* Returns: whether a number stands behind the word */
static bool parse_figure(const char *text, const char *word, double *value)
{
    char *end = NULL;
    const char *const at = services_behind(text, word);
    *value = strtod(at, &end);
    return end != at;
}

static bool end_load(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    unsigned full = 0;
    double rate = 0, states = 0, p50 = 0, p99 = 0, longest = 0;
    if (!services_said(state.load, "load", rest) || !parse_figure(rest, "rate", &rate) ||
        !parse_figure(rest, "states", &states) || !parse_figure(rest, "p50", &p50) ||
        !parse_figure(rest, "p99", &p99) || !parse_figure(rest, "longest", &longest) ||
        services_numbers(rest, "full", &full, 1) != 1 ||
        !services_said(state.load, "certified", state.last))
        return life_known(turn, false, "no figures");
    const unsigned long long count = strtoull(rest, NULL, 10);
    demo_report(demo, life_epoch(demo), "load", "measured",
                "%llu requests, p99 %.1f ms; the queue was full %u times", count, p99, full);
    return life_known(turn, count > BEFORE_KILL,
                      "%.0f requests/s in %.0f states/s on disk, p50 %.2f ms, at most %.0f ms "
                      "while view %u took over (Narrator-Pro: 8,000/s, 3.58 ms on five machines "
                      "with SGX; here everything runs on one machine without)",
                      rate, states, p50, longest, state.view);
}

bool services_look_load(struct demo *demo, struct life_turn *turn)
{
    unsigned view = 0, seats[SERVICES_GROUP];
    if (turn->phase > 0 && services_went_wrong(state.load, turn->phase < 4 ? -2 : 0, turn))
        return true;
    const unsigned long long now = turn->phase > 0 ? certified_so_far(state.load) : 0;
    switch (turn->phase) {
    case 0: return begin_load(demo, turn);
    case 1:
        if (now < BEFORE_KILL || !seats_of(0, &state.view, seats) ||
            !kill_seat(demo, 0, 1, &state.killed[0]))
            return false;
        state.at = now;
        return life_next(demo, turn);
    case 2: /* four of five certify */
        if (now < state.at + AFTER_KILL) return false;
        demo_report(demo, life_epoch(demo), "load", "certified", "%llu requests without it",
                    now - state.at);
        if (!services_start_replica(demo, state.killed[0]))
            return life_known(turn, false, "the replica does not start");
        return life_next(demo, turn);
    case 3: /* the new one has a seat of the next view */
        if (!seats_of(0, &view, seats) || view <= state.view) return false;
        state.view = view;
        state.at = now;
        demo_report(demo, life_epoch(demo), "first", "view", "view %u of the group serves", view);
        return life_next(demo, turn);
    case 4:
        if (now >= state.at + AFTER_KILL) services_ask_to_end(state.load);
        return state.load->ended && end_load(demo, turn);
    default: return false;
    }
}

/* The next process finds what the last one had certified, and goes on from there. */
bool services_look_kept(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE], digest[65] = "", was[65] = "", next[65];
    unsigned last = 0, found = 0;
    if (!read_state(state.last, &last, was)) return life_known(turn, false, "no state of the load");
    if (turn->phase == 0) {
        state.enclave = start_enclave(demo, "enclave", 0, "clone", last + 1, false);
        return life_next(demo, turn);
    }
    if (services_went_wrong(state.enclave, 0, turn)) return true;
    if (!state.enclave->ended) return false;
    const bool same = services_said(state.enclave, "found", rest) &&
                      read_state(rest, &found, digest) && found == last && strcmp(digest, was) == 0;
    return life_known(turn, same && read_certified(state.enclave, last + 1, next),
                      "certified last: state %u (%s); found by the next process: %u (%s)", last,
                      format_digest(was), found, format_digest(digest));
}

/* ------------------------------------------------------------ a group dies */

static bool kill_three(struct demo *demo)
{
    unsigned view = 0, seats[SERVICES_GROUP];
    if (!seats_of(1, &view, seats)) return false;
    for (unsigned i = 0; i < KILLED; i++)
        if (!kill_seat(demo, 1, i, &state.killed[i])) return false;
    return true;
}

static bool has_halted(struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    unsigned index = 0, view = 0, seats[SERVICES_GROUP];
    if (!services_seen("group 1", rest) || strncmp(rest, " gone ", 6) != 0) return false;
    if (!state.halted->ended) return false;
    const bool said = services_said(state.halted, "halted", rest) &&
                      services_numbers(rest, "state", &index, 1) == 1 && index == HALTED;
    const bool rest_serves = seats_of(0, &view, seats);
    return life_known(turn, said && rest_serves,
                      "the ledger: GONE; its enclave: halted at state %u, which is kept; the first "
                      "group serves view %u",
                      index, view);
}

bool services_look_gone(struct demo *demo, struct life_turn *turn)
{
    char rest[SERVICES_LINE];
    if (turn->phase > 0 && services_went_wrong(state.halted, turn->phase < 3 ? -2 : 4, turn))
        return true;
    switch (turn->phase) {
    case 0:
        state.halted = start_enclave(demo, "enclave", 1, "halted", HALTED, true);
        return life_next(demo, turn);
    case 1:
        if (!services_said(state.halted, "read", rest) || !kill_three(demo)) return false;
        return life_next(demo, turn);
    case 2: /* two of five have no effect */
        if (!services_said(state.halted, "doubts", rest)) return false;
        demo_report(demo, life_epoch(demo), "enclave", "in doubt", "it releases nothing meanwhile");
        for (unsigned i = 0; i < KILLED; i++)
            if (!services_start_replica(demo, state.killed[i]))
                return life_known(turn, false, "a replica does not start");
        return life_next(demo, turn);
    default: return has_halted(turn);
    }
}
