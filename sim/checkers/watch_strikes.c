/*
 * sim/checkers/watch_strikes.c - checker of strikes: a proven FAIL always strikes (docs/protocol.md
 * 7.4, 9.9).
 *
 * The one exception is evidence that fails by rules on trial and passes by the rules before them,
 * which is ground truth; nothing of the ledger's bookkeeping is read. A strike is not undone
 * either: integrity rises by 100 bp an epoch at most.
 */
#include "sim/checkers/watch_internal.h"

enum { RISE_BP = 100 };

static void report_check(const struct assay_watch_epoch *epoch, uint32_t slot, const char *what)
{
    struct assay_sim_outcome *outcome = epoch->watch->outcome;
    const uint16_t before = epoch->before->members[slot].trust.integrity_bp;
    const uint16_t after = epoch->after->members[slot].trust.integrity_bp;
    if (what == NULL)
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_STRIKES, epoch->closed->epoch, NULL);
    else
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_STRIKES, epoch->closed->epoch,
                               "node %u: %s: integrity %u, it had %u", slot, what, after, before);
}

/* A FAIL record is in the epoch, and no trial excuses it. */
static void check_struck(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    struct assay_watch_track *track = &epoch->watch->tracks[slot];
    const uint32_t before = epoch->before->members[slot].trust.integrity_bp;
    const uint32_t after = epoch->after->members[slot].trust.integrity_bp;
    const bool hard = epoch->closed->fails[slot] == ASSAY_OUTCOME_FAIL_HARD;
    track->struck_epoch = epoch->closed->epoch;
    track->struck_bp = (uint16_t)after;
    if (assay_trial_runs(&epoch->before->trial))
        epoch->watch->outcome->figures[ASSAY_SIM_FIGURE_STRUCK_ON_TRIAL][0]++;
    if (hard) report_check(epoch, slot, after == 0 ? NULL : "proven FAIL hard, and not struck");
    else
        report_check(epoch, slot,
                     4 * after <= 3 * before ? NULL : "proven FAIL soft, and not struck");
}

static void check_strike_stays(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    const struct assay_watch_track *track = &epoch->watch->tracks[slot];
    const uint64_t since = epoch->closed->epoch - track->struck_epoch;
    if (track->struck_epoch == 0) return;
    const uint64_t most = track->struck_bp + since * RISE_BP;
    report_check(
        epoch, slot,
        epoch->after->members[slot].trust.integrity_bp <= most ? NULL : "a strike was given back");
}

void assay_watch_strikes(const struct assay_watch_epoch *epoch)
{
    if (epoch->closed->fails == NULL) return;
    for (uint32_t slot = 0; slot < epoch->before->member_count; slot++) {
        if (!assay_watch_same_member(epoch, slot)) continue; /* its track starts again */
        if (epoch->closed->fails[slot] != ASSAY_OUTCOME_NONE && !epoch->closed->truth[slot].felled)
            check_struck(epoch, slot);
        else check_strike_stays(epoch, slot);
    }
}
