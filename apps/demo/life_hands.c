/*
 * apps/demo/life_hands.c - helpers shared by the rows of the one-year story: operator commands,
 * start and stop of daemons, output of the witness.
 *
 * Operators act by `assay change` alone, each with a key of its own, as in docs/upgrade.md.
 */
#include "apps/demo/life.h"
#include "apps/demo/platforms.h"
#include "base/system_clock.h"
#include "engine/engine.h"

#include <string.h>

enum {
    SIGNERS = 5, /* the threshold of eight operators */
    GOES_ON_EPOCHS = 2,
    STOP_MS = 5000,
};

/* ------------------------------------------------------------ what operators type */

const char *life_socket(struct demo *demo)
{
    return demo_witness(demo)->admin;
}

bool life_sign(struct demo *demo, const char *file, uint32_t operator_)
{
    const char *const words[] = { "change", "sign", file, "--key",
                                  demo_below(demo, "operator-%u.key", (unsigned)operator_ + 1),
                                  NULL };
    return demo_run_assay(demo, words);
}

/* Drafts with these words, NULL at the end. Out: file, where it is. */
bool life_draft(struct demo *demo, struct life_turn *turn, char file[PATH_MAX],
                  const char *activation, const char *const actions[])
{
    const char *words[24] = { "change", "draft", "--out", file, "--socket", life_socket(demo),
                              "--activation", activation };
    size_t count = 8;
    turn->number = demo_witness(demo)->now.change_sequence + 1;
    (void)snprintf(file, PATH_MAX, "%s",
                   demo_below(demo, "change-%llu-%llu%s", (llu)turn->number, (llu)life_epoch(demo),
                              activation));
    for (size_t i = 0; actions[i] != NULL && count + 1 < sizeof words / sizeof words[0]; i++)
        words[count++] = actions[i];
    return demo_run_assay(demo, words);
}

bool life_submit(struct demo *demo, const char *file)
{
    const char *const words[] = { "change", "submit", file, "--socket", life_socket(demo), NULL };
    return demo_run_assay(demo, words);
}

enum { TAKEN_EPOCHS = 2 }; /* from standing in a block to being in force, at least */

/* By so many operators, from the first one on. */
static bool change_by(struct demo *demo, struct life_turn *turn, uint32_t ahead, uint32_t first,
                      uint32_t signers, const char *const actions[])
{
    char file[PATH_MAX], activation[16];
    const uint64_t late_ms =
        assay_monotonic_ms() + (uint64_t)(ahead - TAKEN_EPOCHS) * demo->options.epoch_ms;
    (void)snprintf(activation, sizeof activation, "+%u", (unsigned)ahead);
    if (!life_draft(demo, turn, file, activation, actions)) return false;
    for (uint32_t i = 0; i < signers; i++)
        if (!life_sign(demo, file, first + i)) return false;
    if (assay_monotonic_ms() > late_ms) return false; /* it may be taken, and expire unheard */
    demo_report(demo, life_epoch(demo), "all", "change", "change %llu: %s %s", (llu)turn->number,
                actions[0] + 2, actions[1]);
    return life_submit(demo, file);
}

/* Drafted, signed, handed to one peer. On a busy machine epochs pass meanwhile, and the activation
 * is too near: then it is drafted again, as an operator would. */
static bool submit_change(struct demo *demo, struct life_turn *turn, uint32_t first,
                          uint32_t signers, const char *const actions[])
{
    static const uint32_t ahead[] = { 4, 10, 24, 60 };
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++)
        if (change_by(demo, turn, ahead[i], first, signers, actions)) return true;
    return false;
}

bool life_change(struct demo *demo, struct life_turn *turn, const char *const actions[])
{
    return submit_change(demo, turn, 0, SIGNERS, actions);
}

bool life_change_alone(struct demo *demo, struct life_turn *turn, uint32_t operator_,
                       const char *const actions[])
{
    return submit_change(demo, turn, operator_, 1, actions);
}

bool life_refused(struct life_turn *turn)
{
    return life_known(turn, false, "the command was refused; setup.log says why");
}

/* ------------------------------------------------------------ looking */

bool life_is_at(struct demo *demo, uint32_t peer, const char *stage)
{
    const struct demo_member *member = life_seen(demo, peer);
    return member != NULL && strcmp(member->stage, stage) == 0;
}

bool life_is_full(struct demo *demo, uint32_t peer)
{
    const struct demo_member *member = life_seen(demo, peer);
    return member != NULL && strcmp(member->standing, "FULL") == 0;
}

/* Never found guilty of anything: evidence may have been late. */
bool life_is_whole(struct demo *demo, uint32_t peer)
{
    const struct demo_member *member = life_seen(demo, peer);
    return member != NULL && member->integrity_bp == ASSAY_SCORE_BP_MAX && !member->probation;
}

/* Everybody is well, epochs close certified, and so many passed since this phase began. */
bool life_goes_on(struct demo *demo, const struct life_turn *turn)
{
    return life_epoch(demo) >= turn->epoch + GOES_ON_EPOCHS && life_all_well(demo) &&
           demo_witness(demo)->now.certified;
}

bool life_start(struct demo *demo, uint32_t peer)
{
    if (demo->options.peer_count <= peer) demo->options.peer_count = peer + 1;
    life_away(peer, false);
    demo_report(demo, life_epoch(demo), demo->peers[peer].name, "started", "its daemon runs");
    return demo_peer_start(demo, &demo->peers[peer]);
}

void life_stop(struct demo *demo, uint32_t peer, bool by_force)
{
    life_away(peer, true);
    life_excuse(peer);
    demo_report(demo, life_epoch(demo), demo->peers[peer].name, by_force ? "killed" : "stopped",
                "%s", by_force ? "SIGKILL" : "SIGTERM");
    if (by_force) demo_peer_kill(&demo->peers[peer]);
    else (void)demo_peer_stop(&demo->peers[peer], STOP_MS);
}
