/*
 * apps/demo/life_lost.c - rows of the one-year story about permanent losses: a vendor's collateral
 * that is renewed, and recovery from the loss of a third of the network with its disks.
 */
#include "apps/demo/life.h"
#include "apps/demo/platforms.h"
#include "base/system_clock.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    RENEWED = 2,    /* the vendor, from 0, that publishes new collateral */
    SIGNERS = 6,    /* of eight operators: what a RECOVER needs (docs/protocol.md 9.15.1) */
    STILL_MS = 1500 /* so long after a third is gone nothing is agreed any more */
};

/* ------------------------------------------------------------ collateral */

/* The vendor publishes new collateral, and it is submitted to one member. */
static bool submit_offer(struct demo *demo)
{
    char vendor[PATH_MAX], newer[PATH_MAX], file[PATH_MAX], set[PATH_MAX];
    (void)snprintf(vendor, sizeof vendor, "%s", demo_below(demo, "vendor-%u", RENEWED + 1));
    (void)snprintf(newer, sizeof newer, "%s", demo_below(demo, "newer"));
    (void)snprintf(file, sizeof file, "%s", demo_below(demo, "newer.offer"));
    (void)snprintf(set, sizeof set, "%s", demo_below(demo, "genesis"));
    const char *const publish[] = { "soft", "collateral", vendor, "--out", newer, NULL };
    const char *const pack[] = { "collateral", "pack",  newer, "--in-force",
                                 set,          "--out", file,  NULL };
    const char *const submit[] = { "collateral", "submit", file, "--socket", life_socket(demo),
                                   NULL };
    return demo_run_assay(demo, publish) && demo_run_assay(demo, pack) &&
           demo_run_assay(demo, submit);
}

bool life_look_collateral(struct demo *demo, struct life_turn *turn)
{
    const struct demo_reading *now = &demo_witness(demo)->now;
    switch (turn->phase) {
    case 0:
        (void)snprintf(turn->digest, sizeof turn->digest, "%s", now->endorsements_digest);
        if (!submit_offer(demo)) return life_refused(turn);
        demo_report(demo, life_epoch(demo), "all", "collateral", "vendor %u published again",
                    (unsigned)RENEWED + 1);
        return life_next(demo, turn);
    case 1:
        if (strcmp(now->endorsements_digest, turn->digest) == 0) return false;
        turn->number = life_epoch(demo);
        return life_next(demo, turn);
    default:
        if (!life_goes_on(demo, turn)) return false;
        return life_known(turn, strcmp(now->endorsements_digest, turn->digest) != 0,
                          "newer material of vendor %u serves since epoch %llu",
                          (unsigned)RENEWED + 1, (llu)turn->number);
    }
}

/* ------------------------------------------------------------ recovery */

/* Gone with its disk: the identity key alone is left. */
static bool lose_disk(struct demo *demo, const struct demo_peer *peer)
{
    char dir[PATH_MAX + 16], rm[] = "/bin/rm", how[] = "-rf", ends[] = "--";
    (void)snprintf(dir, sizeof dir, "%s/state", peer->dir);
    char *argv[] = { rm, how, ends, dir, NULL };
    return demo_run(demo, peer->log, argv) == 0;
}

static bool is_alive(const struct demo *demo, uint32_t peer)
{
    return demo->peers[peer].pid != 0;
}

static bool is_gone(struct demo *demo, uint32_t peer)
{
    return !is_alive(demo, peer) && !life_is_at(demo, peer, "left");
}

static bool sign_file(struct demo *demo, const char *file)
{
    /* Notes of what the keys signed are of this network, not of the user. */
    (void)setenv("XDG_STATE_HOME", demo_below(demo, "notes"), 1);
    for (uint32_t i = 0; i < SIGNERS; i++) {
        const char *const words[] = { "recover", "sign", file, "--key",
                                      demo_below(demo, "operator-%u.key", (unsigned)i + 1), NULL };
        if (!demo_run_assay(demo, words)) return false;
    }
    return true;
}

static bool submit_file(struct demo *demo, const char *file, const struct demo_peer *to)
{
    const char *const words[] = { "recover", "submit", file, "--socket", to->admin, NULL };
    return demo_run_assay(demo, words);
}

static bool draft_fence(struct demo *demo)
{
    char file[PATH_MAX];
    (void)snprintf(file, sizeof file, "%s", demo_below(demo, "fence"));
    const char *const words[] = { "recover",         "fence", "--reason",
                                  "a third is gone", "--out", file,
                                  "--socket",        life_socket(demo), NULL };
    return demo_run_assay(demo, words) && sign_file(demo, file) &&
           submit_file(demo, file, demo_witness(demo));
}

/* Each that lives is asked until the fence has reached it. Returns: whether all answered. */
static bool all_answered(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        char file[PATH_MAX];
        (void)snprintf(file, sizeof file, "%s", demo_below(demo, "answer-%u", (unsigned)i + 1));
        if (!is_alive(demo, i) || access(file, R_OK) == 0) continue;
        const char *const words[] = { "recover",  "answer",             "--out", file,
                                      "--socket", demo->peers[i].admin, NULL };
        if (demo_ask_assay(demo, words) != 0) return false;
    }
    return true;
}

/* Of those that live the one with the highest final head. */
static const struct demo_peer *find_highest(const struct demo *demo)
{
    const struct demo_peer *best = NULL;
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (is_alive(demo, i) && (best == NULL || demo->peers[i].now.height > best->now.height))
            best = &demo->peers[i];
    return best;
}

/* Drafted from all answers; lost members are drained; signed, and submitted to the node with the
 * highest head.
 */
static bool submit_recover(struct demo *demo)
{
    static char answers[DEMO_PEERS_MAX][PATH_MAX];
    char file[PATH_MAX];
    const struct demo_peer *best = find_highest(demo);
    const char *words[64] = { "recover",  "draft",     "--out",   file,
                              "--socket", best->admin, "--forced" };
    size_t count = 7;
    (void)snprintf(file, sizeof file, "%s", demo_below(demo, "recover"));
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        if (is_alive(demo, i)) {
            (void)snprintf(answers[i], sizeof answers[i], "%s",
                           demo_below(demo, "answer-%u", (unsigned)i + 1));
            words[count++] = answers[i];
        } else if (is_gone(demo, i)) {
            words[count++] = "--drain";
            words[count++] = demo->peers[i].name;
        }
    }
    const int status = demo_ask_assay(demo, words);
    /* 10: it lists what might be undone, for operators to weigh; here nothing was communicated. */
    return (status == 0 || status == 10) && sign_file(demo, file) && submit_file(demo, file, best);
}

static bool undrain_members(struct demo *demo, struct life_turn *turn)
{
    const char *words[2 * DEMO_PEERS_MAX + 1] = { NULL };
    size_t count = 0;
    for (uint32_t i = 0; i < demo->options.peer_count; i++) {
        if (!life_is_at(demo, i, "resting")) continue;
        words[count++] = "--undrain";
        words[count++] = demo->peers[i].name;
    }
    return count > 0 && life_change(demo, turn, words);
}

static bool none_rests(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (life_is_at(demo, i, "resting")) return false;
    return true;
}

static bool start_gone(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (is_gone(demo, i) && !life_start(demo, i)) return false;
    return true;
}

/* A third of the weight is gone, its disks with it: the remainder continues in another era, and a
 * node that returns with only its identity key is a member of it. */
bool life_look_recover(struct demo *demo, struct life_turn *turn)
{
    switch (turn->phase) {
    case 0:
        turn->before = life_kill_a_third(demo);
        for (uint32_t i = 0; i < demo->options.peer_count; i++)
            if (is_gone(demo, i) && !lose_disk(demo, &demo->peers[i])) return life_refused(turn);
        return life_next(demo, turn);
    case 1:
        if (assay_monotonic_ms() - turn->at_ms < STILL_MS) return false;
        return draft_fence(demo) ? life_next(demo, turn) : life_refused(turn);
    case 2:
        if (!all_answered(demo)) return false;
        return submit_recover(demo) ? life_next(demo, turn) : life_refused(turn);
    case 3:
        if (demo_witness(demo)->now.era != 1 || !life_goes_on(demo, turn)) return false;
        return start_gone(demo) ? life_next(demo, turn) : life_refused(turn);
    case 4:
        if (!life_goes_on(demo, turn)) return false;
        return undrain_members(demo, turn) ? life_next(demo, turn) : life_refused(turn);
    default:
        if (!none_rests(demo) || !life_goes_on(demo, turn)) return false;
        for (uint32_t i = 0; i < demo->options.peer_count; i++)
            life_settled(demo, i);
        return life_known(turn, demo_witness(demo)->now.era == 1,
                          "%u %% of the weight and its disks were gone; era 1, all back",
                          (unsigned)turn->before);
    }
}
