/*
 * scoring/standing.c - standings with hysteresis, and the initial standing of a member.
 *
 * protocol.md 7.8: "Standing goes down at once, up only at bound + 200 bp held for 3 certified
 * epochs." One step up at a time: after a step the count starts again for the next bound.
 */
#include "scoring/standing.h"

#include "base/assert.h"

enum assay_standing assay_standing_band(uint16_t score_bp)
{
    ASSAY_ASSERT(score_bp <= ASSAY_SCORE_BP_MAX);

    if (score_bp >= ASSAY_BOUND_FULL_BP) return ASSAY_STANDING_FULL;
    if (score_bp >= ASSAY_BOUND_WARNING_BP) return ASSAY_STANDING_WARNING;
    if (score_bp >= ASSAY_BOUND_RESTRICTED_BP) return ASSAY_STANDING_RESTRICTED;
    return ASSAY_STANDING_SUSPENDED;
}

uint16_t assay_standing_bound_bp(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return ASSAY_BOUND_FULL_BP;
    case ASSAY_STANDING_WARNING: return ASSAY_BOUND_WARNING_BP;
    case ASSAY_STANDING_RESTRICTED: return ASSAY_BOUND_RESTRICTED_BP;
    case ASSAY_STANDING_SUSPENDED: return 0;
    }
    ASSAY_UNREACHABLE("a standing outside its enum");
}

const char *assay_standing_text(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return "FULL";
    case ASSAY_STANDING_WARNING: return "WARNING";
    case ASSAY_STANDING_RESTRICTED: return "RESTRICTED";
    case ASSAY_STANDING_SUSPENDED: return "SUSPENDED";
    }
    ASSAY_UNREACHABLE("a standing outside its enum");
}

static enum assay_standing one_better(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return ASSAY_STANDING_FULL;
    case ASSAY_STANDING_WARNING: return ASSAY_STANDING_FULL;
    case ASSAY_STANDING_RESTRICTED: return ASSAY_STANDING_WARNING;
    case ASSAY_STANDING_SUSPENDED: return ASSAY_STANDING_RESTRICTED;
    }
    ASSAY_UNREACHABLE("a standing outside its enum");
}

struct assay_hysteresis assay_standing_step(struct assay_hysteresis before, uint16_t score_bp,
                                            bool certified)
{
    ASSAY_ASSERT(score_bp <= ASSAY_SCORE_BP_MAX);
    ASSAY_ASSERT(before.held_epochs < ASSAY_HYSTERESIS_EPOCHS);

    const enum assay_standing band = assay_standing_band(score_bp);
    if (band > before.standing) return (struct assay_hysteresis){ .standing = band };

    const enum assay_standing next = one_better(before.standing);
    if (next == before.standing || score_bp < assay_standing_bound_bp(next) + ASSAY_HYSTERESIS_BP)
        return (struct assay_hysteresis){ .standing = before.standing };
    if (!certified) return before; /* a HELD epoch neither counts nor starts the count again */

    if (before.held_epochs + 1 == ASSAY_HYSTERESIS_EPOCHS)
        return (struct assay_hysteresis){ .standing = next };
    return (struct assay_hysteresis){ .standing = before.standing,
                                      .held_epochs = (uint8_t)(before.held_epochs + 1) };
}

struct assay_trust_state assay_trust_genesis(void)
{
    return (struct assay_trust_state){
        .integrity_bp = ASSAY_SCORE_BP_MAX,
        .peak_bp = ASSAY_SCORE_BP_MAX,
        .availability_bp = ASSAY_SCORE_BP_MAX,
        .score = { .standing = ASSAY_STANDING_FULL },
        .integrity = { .standing = ASSAY_STANDING_FULL },
        .listed_after_failure = true,
    };
}

struct assay_offences assay_offences_worse(struct assay_offences a, struct assay_offences b)
{
    if (a.count != b.count) return a.count > b.count ? a : b;
    if (a.last_epoch != b.last_epoch) return a.last_epoch > b.last_epoch ? a : b;
    return a.clean_epochs <= b.clean_epochs ? a : b;
}

struct assay_trust_state assay_trust_newcomer(struct assay_offences offences)
{
    ASSAY_ASSERT(offences.count > 0 || offences.clean_epochs == 0);

    return (struct assay_trust_state){
        .score = { .standing = ASSAY_STANDING_SUSPENDED },
        .integrity = { .standing = ASSAY_STANDING_SUSPENDED },
        .listed_after_failure = true,
        .offences = offences,
    };
}

void assay_trust_list(struct assay_trust_state *trust)
{
    ASSAY_ASSERT(trust->integrity_bp <= ASSAY_SCORE_BP_MAX);
    trust->listed_after_failure = true;
}

void assay_trust_rest(struct assay_trust_state *trust)
{
    trust->availability_bp = 0;
    trust->score = (struct assay_hysteresis){ .standing = ASSAY_STANDING_SUSPENDED };
    assay_trust_check(trust);
}

uint16_t assay_trust_score_bp(const struct assay_trust_state *trust)
{
    ASSAY_ASSERT(trust->integrity_bp <= ASSAY_SCORE_BP_MAX &&
                 trust->availability_bp <= ASSAY_SCORE_BP_MAX);
    return trust->integrity_bp < trust->availability_bp ? trust->integrity_bp
                                                        : trust->availability_bp;
}

/* protocol.md 7.10. */
bool assay_trust_on_probation(const struct assay_trust_state *trust)
{
    return trust->integrity.standing == ASSAY_STANDING_SUSPENDED && trust->listed_after_failure;
}

uint32_t assay_trust_raw_weight(const struct assay_trust_state *trust)
{
    ASSAY_ASSERT(trust->integrity_bp <= ASSAY_SCORE_BP_MAX);
    return trust->integrity.standing == ASSAY_STANDING_SUSPENDED ? 0u : trust->integrity_bp;
}

/* protocol.md 6.3.2. */
uint32_t assay_trust_peak_weight(const struct assay_trust_state *trust)
{
    const uint32_t now = assay_trust_raw_weight(trust);
    return now > trust->peak_bp ? now : trust->peak_bp;
}

bool assay_trust_is_quiet(const struct assay_trust_state *trust)
{
    return trust->quiet_epochs == ASSAY_PATIENCE_EPOCHS;
}

bool assay_trust_holds(const struct assay_trust_state *trust)
{
    if (trust->peak_bp > ASSAY_SCORE_BP_MAX || trust->integrity_bp > ASSAY_SCORE_BP_MAX ||
        trust->availability_bp > ASSAY_SCORE_BP_MAX ||
        trust->score.held_epochs >= ASSAY_HYSTERESIS_EPOCHS ||
        trust->integrity.held_epochs >= ASSAY_HYSTERESIS_EPOCHS ||
        trust->mute_epochs > ASSAY_PATIENCE_EPOCHS ||
        trust->unjudged_epochs > ASSAY_PATIENCE_EPOCHS ||
        trust->quiet_epochs > ASSAY_PATIENCE_EPOCHS ||
        assay_trust_is_quiet(trust) != (trust->quiet_since_epoch > 0))
        return false;
    /* A standing may lag behind its score on the way up, never on the way down. */
    if (assay_standing_band(assay_trust_score_bp(trust)) > trust->score.standing ||
        assay_standing_band(trust->integrity_bp) > trust->integrity.standing)
        return false;
    /* After a failure nothing rises before a new incarnation is listed. */
    if (!trust->listed_after_failure && trust->integrity.standing != ASSAY_STANDING_SUSPENDED)
        return false;
    const struct assay_offences *offences = &trust->offences;
    return offences->count > 0 ? offences->last_epoch > 0 : offences->clean_epochs == 0;
}

void assay_trust_check(const struct assay_trust_state *trust)
{
    ASSAY_ASSERT(assay_trust_holds(trust));
}
