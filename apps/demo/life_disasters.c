/*
 * apps/demo/life_disasters.c - rows of the one-year story about power: rolling restarts, a power
 * cut, a third rebooted.
 */
#include "apps/demo/life.h"
#include "apps/demo/platforms.h"
#include "base/system_clock.h"

enum {
    /* Without another epoch: that of the kill has closed, and the witness has reported it. */
    SETTLE_MS = 1000,
    DOWN_MS = 1000,
};

static bool roll_back_store(struct demo *demo, uint32_t peer)
{
    return demo->peers[peer].pid != 0 && peer != demo->witness;
}

/* One after the other is stopped in order and started again; the next when the one before is well.
 * The witness stays, for observation. */
bool life_look_rolling(struct demo *demo, struct life_turn *turn)
{
    uint32_t peer = turn->before;
    if (turn->phase == 0) {
        turn->number = demo_witness(demo)->now.certified_epoch;
        return life_next(demo, turn);
    }
    if (!life_all_well(demo)) return false;
    while (peer < demo->options.peer_count && !roll_back_store(demo, peer))
        peer++;
    if (peer < demo->options.peer_count) {
        life_stop(demo, peer, false);
        turn->before = peer + 1;
        life_settled(demo, peer);
        return !life_start(demo, peer) && life_known(turn, false, "a daemon did not start");
    }
    if (turn->phase == 1) return life_next(demo, turn);
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        life_settled(demo, i);
    if (!life_goes_on(demo, turn)) return false;
    return life_known(turn, true, "all restarted in turn, certified up to epoch %llu",
                      (llu)demo_witness(demo)->now.certified_epoch);
}

static bool start_again(struct demo *demo)
{
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        if (demo->peers[i].pid == 0 && !life_is_at(demo, i, "left") && !life_start(demo, i))
            return false;
    return true;
}

/* Power failure: all processes die at once and restart from disk. */
bool life_look_power_cut(struct demo *demo, struct life_turn *turn)
{
    const uint32_t last = demo->options.peer_count - 1;
    switch (turn->phase) {
    case 0:
        for (uint32_t i = 0; i <= last; i++)
            if (demo->peers[i].pid != 0) (void)kill(demo->peers[i].pid, SIGKILL);
        for (uint32_t i = 0; i <= last; i++)
            if (demo->peers[i].pid != 0) life_stop(demo, i, true);
        if (!demo_audit_before(demo, demo_witness(demo)))
            return life_known(turn, false, "a store could not be read after the cut");
        return life_next(demo, turn);
    case 1:
        if (assay_monotonic_ms() - turn->at_ms < DOWN_MS) return false;
        if (!start_again(demo)) return life_known(turn, false, "one did not start");
        return life_next(demo, turn);
    default:
        if (!life_goes_on(demo, turn)) return false;
        for (uint32_t i = 0; i <= last; i++)
            life_settled(demo, i);
        return life_known(turn, true, "all back and voting after %llu ms, epoch %llu",
                          (llu)(assay_monotonic_ms() - turn->at_ms), (llu)life_epoch(demo));
    }
}

/* Kills members until a third of the weight is gone. Returns: how many percent of it. */
uint32_t life_kill_a_third(struct demo *demo)
{
    uint64_t total = 0, gone = 0;
    for (uint32_t i = 0; i < demo->options.peer_count; i++)
        total += life_seen(demo, i) != NULL ? life_seen(demo, i)->weight : 0;
    for (uint32_t i = 0; i < demo->witness && 3 * gone < total; i++) {
        if (demo->peers[i].pid == 0 || life_seen(demo, i) == NULL) continue;
        gone += life_seen(demo, i)->weight;
        life_stop(demo, i, true);
    }
    return total == 0 ? 0 : (uint32_t)(100 * gone / total);
}

/* A third of the weight at once: nothing can be agreed until it is back, and then all goes on. */
bool life_look_third(struct demo *demo, struct life_turn *turn)
{
    switch (turn->phase) {
    case 0:
        turn->before = life_kill_a_third(demo);
        return life_next(demo, turn);
    case 1:
        /* Earlier output may still be read on a busy machine. Where epochs go on closing without
         * a third, this never ends, and the row fails. */
        if (life_epoch(demo) != turn->epoch) {
            turn->epoch = life_epoch(demo);
            turn->at_ms = assay_monotonic_ms();
        }
        if (assay_monotonic_ms() - turn->at_ms < SETTLE_MS) return false;
        return life_next(demo, turn);
    case 2:
        if (assay_monotonic_ms() - turn->at_ms < DOWN_MS) return false;
        turn->number = life_epoch(demo) - turn->epoch;
        if (!start_again(demo)) return life_known(turn, false, "one did not start");
        return life_next(demo, turn);
    default:
        if (!life_goes_on(demo, turn)) return false;
        for (uint32_t i = 0; i < demo->options.peer_count; i++)
            life_settled(demo, i);
        return life_known(turn, turn->number == 0 && life_seen(demo, 0)->incarnation == 1,
                          "%u %% of the weight; %llu epochs closed without it; incarnation %u; "
                          "well after %llu ms",
                          (unsigned)turn->before, (llu)turn->number,
                          (unsigned)life_seen(demo, 0)->incarnation,
                          (llu)(assay_monotonic_ms() - turn->at_ms));
    }
}
