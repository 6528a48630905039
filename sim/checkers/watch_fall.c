/*
 * sim/checkers/watch_fall.c - checker last_fall: the last fall in the state is the one that the
 * scores of all epochs show (docs/protocol.md 7.16).
 *
 * It follows standings, failures and stages from epoch to epoch and keeps by itself whether a run
 * is going on, when it began and why. Of the ledger's findings it reads the rule that moved a
 * number, and compares a proven FAIL with the records. After a gap it is silent about a member
 * until its next run begins.
 */
#include "sim/checkers/watch_internal.h"

#include "base/assert.h"

/* What one close did to one member. */
struct look {
    const struct assay_watch_epoch *epoch;
    uint32_t slot;
    const struct assay_member *before, *after;
    struct assay_watch_fall *own;
};

static void report_check(const struct look *l, const char *what)
{
    const struct assay_fall *f = &l->after->fall;
    const struct assay_fall *due = &l->own->fall;
    struct assay_sim_outcome *outcome = l->epoch->watch->outcome;
    const uint64_t epoch = l->epoch->closed->epoch;
    if (what == NULL) {
        assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_LAST_FALL, epoch, NULL);
        return;
    }
    assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_LAST_FALL, epoch,
                           "node %u: %s: epochs %llu to %llu, rule %u.%u, by its scores %llu to "
                           "%llu, rule %u.%u",
                           l->slot, what, (unsigned long long)f->first.epoch,
                           (unsigned long long)f->last.epoch, (unsigned)f->last.number,
                           f->last.rule, (unsigned long long)due->first.epoch,
                           (unsigned long long)due->last.epoch, (unsigned)due->last.number,
                           due->last.rule);
}

static struct assay_fall_step observe_step(const struct look *l, bool integrity)
{
    return (struct assay_fall_step){
        .epoch = l->epoch->closed->epoch,
        .begin_ms = l->epoch->before->head_time_ms,
        .number = integrity ? ASSAY_FALL_INTEGRITY : ASSAY_FALL_AVAILABILITY,
        .rule = integrity ? (uint32_t)l->after->found.integrity_reason
                          : (uint32_t)l->after->found.availability_rule,
    };
}

/* A proven FAIL hard is the strongest of all reasons. */
static bool contradicts_records(const struct look *l, const struct assay_fall_step *step)
{
    const uint8_t *fails = l->epoch->closed->fails;
    return fails != NULL && step->number == ASSAY_FALL_INTEGRITY &&
           !l->epoch->closed->truth[l->slot].felled &&
           (fails[l->slot] == ASSAY_OUTCOME_FAIL_HARD) !=
               (step->rule == ASSAY_INTEGRITY_FAIL_HARD);
}

static void observe_standing(const struct look *l)
{
    const enum assay_standing from = l->before->trust.score.standing;
    const enum assay_standing to = l->after->trust.score.standing;
    struct assay_watch_fall *own = l->own;
    if (to < from) {
        own->runs = false;
        own->follows = true; /* whatever was before: the next fall begins a run */
    }
    const bool integrity_worse =
        l->after->trust.integrity.standing > l->before->trust.integrity.standing ||
        l->after->failure_epoch == l->epoch->closed->epoch;
    if (to < from || (to == from && !integrity_worse)) return;
    const struct assay_fall_step step = observe_step(l, integrity_worse);
    if (!own->runs) {
        own->fall.first = step;
        own->fall.from = from;
        own->known = own->follows;
    }
    own->runs = true;
    own->fall.last = step;
    if (step.number == ASSAY_FALL_INTEGRITY) own->fall.integrity = step;
    own->fall.to = to;
    if (contradicts_records(l, &step)) report_check(l, "its cause is not what was proven");
}

static bool is_same_step(const struct assay_fall_step *a, const struct assay_fall_step *b)
{
    return a->epoch == b->epoch && a->begin_ms == b->begin_ms && a->number == b->number &&
           a->rule == b->rule;
}

static void compare_fall(const struct look *l)
{
    const struct assay_fall *found = &l->after->fall;
    const struct assay_fall *due = &l->own->fall;
    if (!l->own->known) return;
    if (found->first.epoch != due->first.epoch) report_check(l, "its run began in another epoch");
    else if (found->last.epoch != due->last.epoch)
        report_check(l, "its last fall was in another epoch");
    else if (!is_same_step(&found->first, &due->first) || !is_same_step(&found->last, &due->last))
        report_check(l, "its fall had another cause or time");
    else if (l->own->all && !is_same_step(&found->integrity, &due->integrity))
        report_check(l, "its newest fall by integrity is another one");
    else if (found->from != due->from || found->to != due->to)
        report_check(l, "its fall was between other standings");
    else report_check(l, NULL);
}

/* Drained, undrained, left or joined at the end of the epoch: the close before that may have made
 * its standing worse, and no one sees it behind a SUSPENDED of the drain. */
static void on_stage(const struct look *l, bool newcomer)
{
    const struct assay_fall *found = &l->after->fall;
    *l->own =
        (struct assay_watch_fall){ .follows = true, .known = true, .all = true, .fall = *found };
    if (newcomer) report_check(l, assay_fall_is_set(found) ? "it is new, and has a fall" : NULL);
    else if (found->last.epoch != l->epoch->closed->epoch &&
             found->last.epoch != l->before->fall.last.epoch)
        report_check(l, "operators decided about it, and its fall is of another epoch");
}

void assay_watch_fall_check(const struct assay_watch_epoch *epoch)
{
    const bool begins = epoch->before->epoch == 0;
    for (uint32_t slot = 0; slot < epoch->after->member_count; slot++) {
        const struct look l = { .epoch = epoch,
                                .slot = slot,
                                .before = &epoch->before->members[slot],
                                .after = &epoch->after->members[slot],
                                .own = &epoch->watch->fall_tracks[slot] };
        ASSAY_ASSERT(slot < epoch->watch->nodes);
        const bool newcomer = slot >= epoch->before->member_count ||
                              (l.before->stage == ASSAY_STAGE_LEFT &&
                               l.after->stage != ASSAY_STAGE_LEFT);
        if (begins)
            *l.own = (struct assay_watch_fall){ .follows = true, .known = true, .all = true };
        if (newcomer || l.before->stage_epoch != l.after->stage_epoch) {
            on_stage(&l, newcomer);
            continue;
        }
        observe_standing(&l);
        compare_fall(&l);
    }
}

void assay_watch_fall_skip(struct assay_sim_watch *watch)
{
    for (uint32_t slot = 0; slot < watch->nodes; slot++)
        watch->fall_tracks[slot] = (struct assay_watch_fall){ 0 };
}
