/*
 * scoring/fall.c - runs of falls of a member's standing (docs/protocol.md 7.16).
 */
#include "scoring/fall.h"

#include "base/assert.h"

/* Can the rule lower its number? */
static bool step_holds(const struct assay_fall_step *step)
{
    if (step->epoch == 0) return false;
    if (step->number == ASSAY_FALL_INTEGRITY)
        return step->rule >= ASSAY_INTEGRITY_CEILING && step->rule <= ASSAY_INTEGRITY_FAIL_HARD;
    return step->number == ASSAY_FALL_AVAILABILITY &&
           (step->rule == ASSAY_AVAILABILITY_FALL || step->rule == ASSAY_AVAILABILITY_MUTE ||
            step->rule == ASSAY_AVAILABILITY_UNJUDGED);
}

static bool is_same_step(const struct assay_fall_step *a, const struct assay_fall_step *b)
{
    return a->epoch == b->epoch && a->begin_ms == b->begin_ms && a->number == b->number &&
           a->rule == b->rule;
}

/* A proven failure lowers availability, too, so the smaller number does not tell absence from
 * failure: what evidence made worse must not be recorded as an absence. Nor can integrity lower the
 * standing of the score without its own, which is never the worse one. */
static bool is_by_integrity(const struct assay_fall_close *close)
{
    return close->integrity_failed ||
           close->after->integrity.standing > close->before->integrity.standing;
}

/* Another failure of a member that stands at the lowest is a fall, too: what brought it there first
 * does not explain where it is. */
static bool is_fall(const struct assay_fall_close *close)
{
    const enum assay_standing before = close->before->score.standing;
    const enum assay_standing after = close->after->score.standing;
    return after != before ? after > before : is_by_integrity(close);
}

/* Each rise makes the standing better than what the run led to, and so does what a reversal of
 * rules gives back (9.9). A drain sets it to SUSPENDED, and on the way up it may pass any. */
static bool continues_run(const struct assay_fall *fall, const struct assay_fall_close *close)
{
    return assay_fall_is_set(fall) && fall->to == close->before->score.standing &&
           fall->last.epoch >= close->stage_epoch;
}

void assay_fall_on_close(struct assay_fall *fall, const struct assay_fall_close *close)
{
    ASSAY_ASSERT(close->epoch > fall->last.epoch);
    if (!is_fall(close)) return;
    const bool by_integrity = is_by_integrity(close);
    const struct assay_fall_step step = {
        .epoch = close->epoch,
        .begin_ms = close->begin_ms,
        .number = by_integrity ? ASSAY_FALL_INTEGRITY : ASSAY_FALL_AVAILABILITY,
        .rule =
            by_integrity ? (uint32_t)close->integrity_reason : (uint32_t)close->availability_rule,
    };
    if (!step_holds(&step)) return; /* what a reversal gives back was lowered by no rule */
    if (!continues_run(fall, close))
        *fall = (struct assay_fall){ .first = step,
                                     .from = close->before->score.standing,
                                     .integrity = fall->integrity };
    fall->last = step;
    if (by_integrity) fall->integrity = step;
    fall->to = close->after->score.standing;
    ASSAY_ASSERT(assay_fall_holds(fall));
}

/* Times of blocks go forward. */
static bool are_in_order(const struct assay_fall_step *a, const struct assay_fall_step *b)
{
    if (a->epoch == b->epoch) return is_same_step(a, b);
    return a->epoch < b->epoch && a->begin_ms <= b->begin_ms;
}

/* The last step where that is by integrity, and not before a first step by integrity. */
static bool integrity_holds(const struct assay_fall *fall)
{
    static const struct assay_fall_step none = { 0 };
    const struct assay_fall_step *const step = &fall->integrity;
    if (fall->last.number == ASSAY_FALL_INTEGRITY) return is_same_step(step, &fall->last);
    const bool in_run = fall->first.number == ASSAY_FALL_INTEGRITY;
    if (!in_run && step->epoch == 0) return is_same_step(step, &none);
    if (!step_holds(step) || step->number != ASSAY_FALL_INTEGRITY ||
        !are_in_order(step, &fall->last))
        return false;
    return are_in_order(&fall->first, step) || (!in_run && are_in_order(step, &fall->first));
}

/* Each step by availability made the standing of the score worse. */
static bool standings_hold(const struct assay_fall *fall)
{
    if (fall->to > ASSAY_STANDING_SUSPENDED || fall->from > fall->to) return false;
    const unsigned first = fall->first.number == ASSAY_FALL_AVAILABILITY;
    const unsigned last =
        fall->last.number == ASSAY_FALL_AVAILABILITY && fall->last.epoch != fall->first.epoch;
    return (unsigned)fall->to - (unsigned)fall->from >= first + last;
}

bool assay_fall_holds(const struct assay_fall *fall)
{
    return step_holds(&fall->first) && step_holds(&fall->last) &&
           are_in_order(&fall->first, &fall->last) && integrity_holds(fall) && standings_hold(fall);
}
