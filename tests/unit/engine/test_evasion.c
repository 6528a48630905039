/*
 * tests/unit/engine/test_evasion.c - members whose evidence is made so that nobody can judge it.
 *
 * A score that is held is a good score kept: whoever sends what cannot be judged, or cannot be
 * proven, must fall as one that fails or as one that is silent.
 */
#include "sim/world/world.h"

#include <criterion/criterion.h>

enum { NODES = 7, EVADER = 3 };

static struct assay_sim_world *running(void)
{
    const struct assay_sim_world_options o = { .seed = 14,
                                               .nodes = NODES,
                                               .check_each_step = true };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    cr_assert(assay_sim_world_run_to_epoch(w, 2, 10000));
    return w;
}

static struct assay_trust_state trust_after(struct assay_sim_world *w, uint64_t epochs)
{
    struct assay_member_snapshot snapshot;
    const uint64_t epoch = assay_sim_world_epoch(w, 0);
    const bool goes_on = assay_sim_world_run_to_epoch(w, epoch + epochs, 20000);
    if (!goes_on) assay_sim_world_explain(w, 60);
    cr_assert(goes_on, "%s",
              assay_sim_world_violation(w) != NULL ? assay_sim_world_violation(w) : "no progress");
    assay_sim_world_member(w, 0, EVADER, &snapshot);
    return snapshot.trust;
}

Test(evasion, a_lie_about_its_length_does_not_save_tampered_evidence, .timeout = 600)
{
    struct assay_sim_world *w = running();
    assay_sim_world_acts(w, EVADER)->claims_false_len = true;
    assay_sim_world_acts(w, EVADER)->tampered = true;
    (void)trust_after(w, 3);
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, EVADER), 0);
    cr_assert_eq(assay_sim_world_orders(w, EVADER, ASSAY_ORDER_RESTART), 1);
    assay_sim_world_destroy(&w);
}

Test(evasion, an_envelope_of_another_kind_fails_hard, .timeout = 600)
{
    struct assay_sim_world *w = running();
    assay_sim_world_acts(w, EVADER)->claims_false_kind = true;
    const struct assay_trust_state trust = trust_after(w, 3);
    cr_assert_eq(trust.integrity_bp, 0);
    cr_assert_gt(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, EVADER), 0);
    assay_sim_world_destroy(&w);
}

Test(evasion, evidence_that_nobody_reads_is_absence_and_no_guilt, .timeout = 600)
{
    struct assay_sim_world *w = running();
    assay_sim_world_acts(w, EVADER)->unreadable = true;
    struct assay_trust_state trust = trust_after(w, 5);
    cr_assert_eq(trust.score.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_eq(trust.integrity_bp, 10000);
    cr_assert_eq(assay_sim_world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, EVADER), 0);
    assay_sim_world_acts(w, EVADER)->unreadable = false;
    const uint16_t lowest = trust.availability_bp;
    trust = trust_after(w, 4);
    cr_assert_gt(trust.availability_bp, lowest, "and it comes back");
    assay_sim_world_destroy(&w);
}
