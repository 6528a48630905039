/*
 * sim/checkers/watch_quiet.c - checker quiet: votes of members that do not attest (docs/protocol.md
 * 6.7).
 *
 * Three goals, by ground truth. A member that votes without evidence in eight more of sixteen
 * epochs than with some has no vote, unless that left less than the floor. A member keeps its vote
 * if honest voters did not report it absent in eight epochs more than they passed it, whatever a
 * third withholds or reports. Rows with a key hold the floor, and no weight changes by it (checkers
 * self_harm, amplification and seats).
 */
#include "sim/checkers/watch_internal.h"

enum { WINDOW = 16, LEAD = 8 };

static void report_check(const struct assay_watch_epoch *epoch, uint32_t slot, const char *what)
{
    struct assay_sim_outcome *outcome = epoch->watch->outcome;
    if (what == NULL)
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_QUIET, epoch->closed->epoch, NULL);
    else
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_QUIET, epoch->closed->epoch,
                               "node %u: %s", slot, what);
}

/* The evidence of a member in one certified epoch. */
enum shown { UNSEEN = 0, NOTHING, SOMETHING };

/* It votes, no evidence of it is seen, and no announcement of operators and no trial keeps it from
 * attesting. (A row without a key has no ballot to count.) */
static enum shown get_shown(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    const struct assay_member *before = &epoch->before->members[slot];
    const bool votes = before->keyless || epoch->after->members[slot].found.balloted;
    if (epoch->closed->truth[slot].evidence != ASSAY_SIM_EVIDENCE_NONE) return SOMETHING;
    if (!votes || assay_trial_runs(&epoch->before->trial)) return UNSEEN;
    return epoch->watch->tracks[slot].seen_bad_now ? NOTHING : UNSEEN;
}

/* Looking back from now: the lead of NOTHING never drops below zero, and reaches LEAD. */
static bool has_lead(const struct assay_watch_track *track)
{
    int lead = 0;
    for (uint32_t back = 0; back < WINDOW && lead >= 0; back++) {
        lead += track->shown[back] == NOTHING;
        lead -= track->shown[back] == SOMETHING;
        if (lead == LEAD) return true;
    }
    return false;
}

static void push_shown(struct assay_watch_track *track, enum shown shown)
{
    for (uint32_t i = WINDOW - 1; i > 0; i--)
        track->shown[i] = track->shown[i - 1];
    track->shown[0] = (uint8_t)shown;
}

/* Weight of the table of the next epoch, and of its rows with a key. */
struct keys {
    uint64_t total, with_key;
    uint32_t floor_percent;
};

static void check_loses(const struct assay_watch_epoch *epoch, uint32_t slot,
                        const struct keys *keys)
{
    const struct assay_member *after = &epoch->after->members[slot];
    if (after->weight == 0 || !has_lead(&epoch->watch->tracks[slot])) return;
    const bool floor =
        100 * (keys->with_key - after->weight) < (uint64_t)keys->floor_percent * keys->total;
    report_check(epoch, slot,
                 after->keyless || floor ? NULL : "no evidence for long, and it has votes");
}

/* Whether honest voters may report it absent. Those of a third of the table, with all liars, decide
 * nothing. In doubt: true. */
static bool may_be_absent(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    const struct assay_sim_truth *t = &epoch->closed->truth[slot];
    const struct assay_watch_electorate e = assay_watch_electorate_of(epoch, slot);
    const bool shows =
        t->evidence == ASSAY_SIM_EVIDENCE_GOOD || t->evidence == ASSAY_SIM_EVIDENCE_HELD;
    return !(t->honest && t->alive && t->reachable && shows) ||
           3 * (e.byzantine + t->unreachable_weight) > e.table;
}

/* Its evidence reached honest voters of more than a third of the table: they passed it. */
static bool is_passed(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    const struct assay_sim_truth *t = &epoch->closed->truth[slot];
    const struct assay_watch_electorate e = assay_watch_electorate_of(epoch, slot);
    const uint64_t gone = e.byzantine + e.silent + t->unreachable_weight;
    return t->evidence == ASSAY_SIM_EVIDENCE_GOOD && gone < e.weight &&
           3 * (e.weight - gone) > e.table;
}

static void check_keeps(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    struct assay_watch_track *track = &epoch->watch->tracks[slot];
    if (epoch->after->certified) {
        if (may_be_absent(epoch, slot)) track->absent_epochs += track->absent_epochs < LEAD;
        else if (is_passed(epoch, slot)) track->absent_epochs -= track->absent_epochs > 0;
    }
    if (!epoch->closed->truth[slot].honest) return;
    const bool lost = epoch->after->members[slot].keyless && track->absent_epochs < LEAD;
    report_check(epoch, slot, lost ? "honest, not absent for long, and it has no vote" : NULL);
}

static struct keys sum_keys(const struct assay_watch_epoch *epoch)
{
    const struct assay_state *after = epoch->after;
    struct keys keys = { .floor_percent = assay_parameters_quiet_floor(&after->rules.parameters) };
    for (uint32_t i = 0; i < after->member_count; i++) {
        keys.total += after->members[i].weight;
        if (!after->members[i].keyless) keys.with_key += after->members[i].weight;
    }
    return keys;
}

void assay_watch_quiet(const struct assay_watch_epoch *epoch)
{
    const struct keys keys = sum_keys(epoch);
    if (100 * keys.with_key < (uint64_t)keys.floor_percent * keys.total)
        assay_sim_report_check(epoch->watch->outcome, ASSAY_SIM_CHECKER_QUIET, epoch->closed->epoch,
                               "rows with a key hold %llu of %llu: the floor is %u %%",
                               (unsigned long long)keys.with_key, (unsigned long long)keys.total,
                               keys.floor_percent);
    for (uint32_t slot = 0; slot < epoch->before->member_count; slot++) {
        struct assay_watch_track *track = &epoch->watch->tracks[slot];
        if (!assay_watch_same_member(epoch, slot)) {
            assay_bytes_zero(track->shown, sizeof track->shown);
            track->absent_epochs = 0;
            continue;
        }
        const bool asked = epoch->after->certified && !assay_watch_set_aside(epoch, slot);
        if (asked) push_shown(track, get_shown(epoch, slot));
        /* Evidence restores its key, whatever came before. */
        if (asked && track->shown[0] == NOTHING) check_loses(epoch, slot, &keys);
        check_keeps(epoch, slot);
    }
}
