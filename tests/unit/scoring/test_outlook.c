/*
 * tests/unit/scoring/test_outlook.c - tests of the outlook of a score against the tally itself, on
 * random trust states.
 */
#include "scoring/outlook.h"
#include "scoring/score.h"
#include "scoring/standing.h"
#include "tests/unit/scoring/world.h"

#include <criterion/criterion.h>

enum { MEMBERS = 4, STATES = 10000 };

static struct world w; /* too large for the stack of a test */

/* Of member 0, from its state and so many closes in which everybody passes everybody. */
static struct assay_outlook tallied(const struct assay_trust_state *trust, enum assay_outcome level)
{
    struct assay_outlook found;
    world_init(&w, MEMBERS);
    world_vote_all(&w, 0, level);
    w.epoch = 2000; /* behind every epoch of the state */
    w.trust[0] = *trust;
    for (int s = 0; s <= ASSAY_STANDING_SUSPENDED; s++)
        found.epochs[s] = (int)trust->score.standing <= s ? 0 : ASSAY_OUTLOOK_NEVER;
    for (int32_t epoch = 1; epoch <= ASSAY_OUTLOOK_EPOCHS && found.epochs[0] < 0; epoch++) {
        world_step(&w);
        for (int s = 0; s <= ASSAY_STANDING_SUSPENDED; s++)
            if (found.epochs[s] < 0 && (int)w.trust[0].score.standing <= s) found.epochs[s] = epoch;
    }
    return found;
}

/* A standing is that of its band, or one below on the way up. */
static struct assay_hysteresis random_standing(uint64_t *seed, uint16_t score_bp)
{
    const enum assay_standing band = assay_standing_band(score_bp);
    const bool lags = band < ASSAY_STANDING_SUSPENDED && world_below(seed, 3) == 0;
    return (struct assay_hysteresis){
        .standing = lags ? (enum assay_standing)(band + 1) : band,
        .held_epochs = lags ? (uint8_t)world_below(seed, ASSAY_HYSTERESIS_EPOCHS) : 0,
    };
}

static struct assay_trust_state random_trust(uint64_t *seed)
{
    struct assay_trust_state t = assay_trust_genesis();
    t.integrity_bp = (uint16_t)world_below(seed, ASSAY_SCORE_BP_MAX + 1);
    t.availability_bp = (uint16_t)world_below(seed, ASSAY_SCORE_BP_MAX + 1);
    t.integrity = random_standing(seed, t.integrity_bp);
    t.score = random_standing(seed, assay_trust_score_bp(&t));
    t.listed_after_failure =
        t.integrity_bp >= ASSAY_BOUND_RESTRICTED_BP || world_below(seed, 4) > 0;
    t.offences.count = world_below(seed, 6);
    if (t.offences.count > 0) {
        t.offences.last_epoch = 1 + world_below(seed, 1000);
        t.offences.clean_epochs = world_below(seed, ASSAY_FORGET_EPOCHS);
    }
    t.mute_epochs = (uint8_t)world_below(seed, ASSAY_PATIENCE_EPOCHS + 1);
    t.unjudged_epochs = (uint8_t)world_below(seed, ASSAY_PATIENCE_EPOCHS + 1);
    return t;
}

static bool is_same(const struct assay_outlook *a, const struct assay_outlook *b)
{
    for (int s = 0; s <= ASSAY_STANDING_SUSPENDED; s++)
        if (a->epochs[s] != b->epochs[s]) return false;
    return true;
}

Test(scoring_outlook, agrees_with_the_tally_in_10000_random_states, .timeout = 300)
{
    uint64_t seed = 0x0071004;
    uint32_t differ = 0, never = 0, slow = 0;
    for (uint32_t i = 0; i < STATES; i++) {
        const struct assay_trust_state trust = random_trust(&seed);
        const struct assay_outlook told = assay_outlook(&trust, ASSAY_SCORE_BP_MAX);
        const struct assay_outlook done = tallied(&trust, ASSAY_OUTCOME_PASS_UP_TO_DATE);
        differ += !is_same(&told, &done);
        never += told.epochs[ASSAY_STANDING_FULL] == ASSAY_OUTLOOK_NEVER;
        slow += told.epochs[ASSAY_STANDING_FULL] > 512;
    }
    cr_expect_eq(differ, 0u);
    cr_expect_gt(never, 100u, "states without a listed incarnation are drawn");
    cr_expect_gt(slow, 100u, "and those that forget an offence on the way");
}

/* docs/protocol.md 7.6, the closed forms. */
Test(scoring_outlook, has_the_closed_forms_of_a_first_hard_failure)
{
    struct assay_trust_state t = assay_trust_genesis();
    t.integrity_bp = 0;
    t.integrity.standing = t.score.standing = ASSAY_STANDING_SUSPENDED;
    t.offences = (struct assay_offences){ .count = 1, .last_epoch = 33 };
    const struct assay_outlook o = assay_outlook(&t, ASSAY_SCORE_BP_MAX);
    cr_expect_eq(o.epochs[ASSAY_STANDING_SUSPENDED], 0);
    cr_expect_eq(o.epochs[ASSAY_STANDING_RESTRICTED], 54);
    cr_expect_eq(o.epochs[ASSAY_STANDING_FULL], 94);
    t.listed_after_failure = false;
    cr_expect_eq(assay_outlook(&t, ASSAY_SCORE_BP_MAX).epochs[ASSAY_STANDING_RESTRICTED],
                 ASSAY_OUTLOOK_NEVER, "nothing rises before a new incarnation is listed");
}

/* docs/protocol.md 7.7. */
Test(scoring_outlook, ends_at_the_ceiling_of_the_level)
{
    struct assay_trust_state t = assay_trust_genesis();
    t.integrity_bp = 6000;
    t.integrity.standing = t.score.standing = ASSAY_STANDING_RESTRICTED;
    struct assay_outlook o = assay_outlook(&t, ASSAY_CEILING_WARNING_BP);
    const struct assay_outlook done = tallied(&t, ASSAY_OUTCOME_PASS_OUT_OF_DATE);
    cr_expect(is_same(&o, &done));
    cr_expect_gt(o.epochs[ASSAY_STANDING_WARNING], 0);
    cr_expect_eq(o.epochs[ASSAY_STANDING_FULL], ASSAY_OUTLOOK_NEVER);
    o = assay_outlook(&t, ASSAY_CEILING_RESTRICTED_BP);
    cr_expect_eq(o.epochs[ASSAY_STANDING_WARNING], ASSAY_OUTLOOK_NEVER);
    t = assay_trust_genesis();
    cr_expect_eq(assay_outlook(&t, ASSAY_CEILING_WARNING_BP).epochs[ASSAY_STANDING_FULL], 0,
                 "it has it now, whatever follows");
}
