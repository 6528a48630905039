/*
 * tests/unit/scoring/test_standing.c - tests of bands, hysteresis, and initial standings.
 */
#include "scoring/standing.h"

#include <criterion/criterion.h>
#include <signal.h>

static struct assay_hysteresis at(enum assay_standing standing, uint8_t held)
{
    return (struct assay_hysteresis){ .standing = standing, .held_epochs = held };
}

Test(scoring_standing, has_the_bands_of_the_protocol_without_gaps)
{
    const struct {
        uint16_t score;
        enum assay_standing standing;
    } cases[] = {
        { 0, ASSAY_STANDING_SUSPENDED },     { 4999, ASSAY_STANDING_SUSPENDED },
        { 5000, ASSAY_STANDING_RESTRICTED }, { 7499, ASSAY_STANDING_RESTRICTED },
        { 7500, ASSAY_STANDING_WARNING },    { 8999, ASSAY_STANDING_WARNING },
        { 9000, ASSAY_STANDING_FULL },       { 10000, ASSAY_STANDING_FULL },
    };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++)
        cr_expect_eq(assay_standing_band(cases[k].score), cases[k].standing, "at %u",
                     cases[k].score);
    for (uint16_t score = 0; score <= 10000; score++) {
        const enum assay_standing band = assay_standing_band(score);
        cr_assert_geq(score, assay_standing_bound_bp(band));
        if (score > 0) cr_assert_leq(band, assay_standing_band((uint16_t)(score - 1)));
    }
}

Test(scoring_standing, goes_down_at_once_by_any_number_of_bands)
{
    const struct assay_hysteresis fallen = assay_standing_step(at(0, 0), 4999, true);
    cr_expect_eq(fallen.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect_eq(assay_standing_step(at(0, 0), 8999, true).standing, ASSAY_STANDING_WARNING);
    cr_expect_eq(assay_standing_step(at(1, 2), 7499, false).standing, ASSAY_STANDING_RESTRICTED,
                 "also in an epoch that is not certified");
}

Test(scoring_standing, goes_up_after_three_certified_epochs_at_bound_plus_200)
{
    struct assay_hysteresis state = at(ASSAY_STANDING_SUSPENDED, 0);
    state = assay_standing_step(state, 5200, true);
    state = assay_standing_step(state, 5200, true);
    cr_expect_eq(state.standing, ASSAY_STANDING_SUSPENDED, "two are not enough");
    state = assay_standing_step(state, 5200, true);
    cr_expect_eq(state.standing, ASSAY_STANDING_RESTRICTED);
    cr_expect_eq(state.held_epochs, 0, "the next bound starts its own count");
}

Test(scoring_standing, never_goes_up_one_point_below_the_hysteresis)
{
    struct assay_hysteresis state = at(ASSAY_STANDING_SUSPENDED, 0);
    for (int epoch = 0; epoch < 20; epoch++)
        state = assay_standing_step(state, 5199, true);
    cr_expect_eq(state.standing, ASSAY_STANDING_SUSPENDED);
    cr_expect_eq(state.held_epochs, 0);
}

Test(scoring_standing, starts_the_count_again_when_the_score_dips)
{
    struct assay_hysteresis state = at(ASSAY_STANDING_WARNING, 2);
    state = assay_standing_step(state, 9199, true);
    cr_expect_eq(state.held_epochs, 0);
    cr_expect_eq(state.standing, ASSAY_STANDING_WARNING);
}

Test(scoring_standing, pauses_the_count_in_an_epoch_that_is_not_certified)
{
    struct assay_hysteresis state = at(ASSAY_STANDING_WARNING, 2);
    state = assay_standing_step(state, 9300, false);
    cr_expect_eq(state.held_epochs, 2);
    cr_expect_eq(state.standing, ASSAY_STANDING_WARNING);
    cr_expect_eq(assay_standing_step(state, 9300, true).standing, ASSAY_STANDING_FULL);
}

Test(scoring_standing, rises_one_band_at_a_time_with_three_epochs_between)
{
    struct assay_hysteresis state = at(ASSAY_STANDING_SUSPENDED, 0);
    for (int epoch = 1; epoch <= 9; epoch++) {
        state = assay_standing_step(state, 10000, true);
        cr_expect_eq((int)state.standing, 3 - epoch / 3, "after epoch %d", epoch);
    }
    cr_expect_eq(assay_standing_step(state, 10000, true).held_epochs, 0, "FULL has nothing above");
}

Test(scoring_standing, founders_start_full_and_newcomers_on_probation)
{
    const struct assay_trust_state founder = assay_trust_genesis();
    assay_trust_check(&founder);
    cr_expect_eq(assay_trust_score_bp(&founder), 10000);
    cr_expect_eq(assay_trust_raw_weight(&founder), 10000);
    cr_expect_not(assay_trust_on_probation(&founder));

    const struct assay_offences seen = { .count = 2, .last_epoch = 7, .clean_epochs = 5 };
    const struct assay_trust_state newcomer = assay_trust_newcomer(seen);
    assay_trust_check(&newcomer);
    cr_expect_eq(assay_trust_score_bp(&newcomer), 0);
    cr_expect_eq(assay_trust_raw_weight(&newcomer), 0);
    cr_expect(assay_trust_on_probation(&newcomer));
    cr_expect_eq(newcomer.offences.count, 2, "P7: the platform is remembered");
}

Test(scoring_standing, weight_is_integrity_but_nothing_while_its_standing_is_suspended)
{
    struct assay_trust_state trust = assay_trust_genesis();
    trust.availability_bp = 0;
    cr_expect_eq(assay_trust_raw_weight(&trust), 10000, "absence never changes weight");
    trust.integrity_bp = 6000;
    trust.integrity.standing = ASSAY_STANDING_SUSPENDED; /* climbing, hysteresis not yet met */
    cr_expect_eq(assay_trust_raw_weight(&trust), 0);
}

Test(scoring_standing, names_every_standing)
{
    cr_expect_str_eq(assay_standing_text(ASSAY_STANDING_FULL), "FULL");
    cr_expect_str_eq(assay_standing_text(ASSAY_STANDING_WARNING), "WARNING");
    cr_expect_str_eq(assay_standing_text(ASSAY_STANDING_RESTRICTED), "RESTRICTED");
    cr_expect_str_eq(assay_standing_text(ASSAY_STANDING_SUSPENDED), "SUSPENDED");
}

Test(scoring_standing, aborts_on_a_standing_above_its_score, .signal = SIGABRT)
{
    struct assay_trust_state trust = assay_trust_genesis();
    trust.integrity_bp = 4999;
    assay_trust_check(&trust);
}

Test(scoring_standing, aborts_on_a_failed_member_that_stands_above_suspended, .signal = SIGABRT)
{
    struct assay_trust_state trust = assay_trust_genesis();
    trust.listed_after_failure = false;
    assay_trust_check(&trust);
}

Test(scoring_standing, aborts_on_a_score_above_its_range, .signal = SIGABRT)
{
    struct assay_trust_state trust = assay_trust_genesis();
    trust.availability_bp = 10001;
    assay_trust_check(&trust);
}
