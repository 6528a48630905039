/*
 * tests/unit/engine/test_evasion.c - members whose evidence is made so that nobody can judge it.
 *
 * A score that is held is a good score kept: whoever sends what cannot be judged, or cannot be
 * proven, must fall as one that fails or as one that is silent.
 */
#include "tests/support/world.h"

#include <criterion/criterion.h>

enum { NODES = 7, EVADER = 3 };

static struct world *running(void)
{
    const struct world_options o = { .seed = 14, .nodes = NODES, .check_each_step = true };
    struct world *w = world_create(&o);
    cr_assert(world_run_to_epoch(w, 2, 10000));
    return w;
}

static struct assay_trust trust_after(struct world *w, uint64_t epochs)
{
    struct assay_member_view view;
    const uint64_t epoch = world_epoch(w, 0);
    const bool goes_on = world_run_to_epoch(w, epoch + epochs, 20000);
    if (!goes_on) world_explain(w, 60);
    cr_assert(goes_on, "%s", world_violation(w) != NULL ? world_violation(w) : "no progress");
    world_member(w, 0, EVADER, &view);
    return view.trust;
}

Test(evasion, a_lie_about_its_length_does_not_save_tampered_evidence, .timeout = 60)
{
    struct world *w = running();
    world_acts(w, EVADER)->lies_about_len = true;
    world_acts(w, EVADER)->tampered = true;
    (void)trust_after(w, 3);
    cr_assert_gt(world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, EVADER), 0);
    cr_assert_eq(world_orders(w, EVADER, ASSAY_ORDER_RESTART), 1);
    world_destroy(&w);
}

Test(evasion, an_envelope_of_another_kind_fails_hard, .timeout = 60)
{
    struct world *w = running();
    world_acts(w, EVADER)->lies_about_kind = true;
    const struct assay_trust trust = trust_after(w, 3);
    cr_assert_eq(trust.integrity_bp, 0);
    cr_assert_gt(world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, EVADER), 0);
    world_destroy(&w);
}

Test(evasion, evidence_that_nobody_reads_is_absence_and_no_guilt, .timeout = 60)
{
    struct world *w = running();
    world_acts(w, EVADER)->unreadable = true;
    struct assay_trust trust = trust_after(w, 5);
    cr_assert_eq(trust.score.standing, ASSAY_STANDING_SUSPENDED);
    cr_assert_eq(trust.integrity_bp, 10000);
    cr_assert_eq(world_notes(w, 0, ASSAY_NOTE_FAIL_PROVEN, EVADER), 0);
    world_acts(w, EVADER)->unreadable = false;
    const uint16_t lowest = trust.availability_bp;
    trust = trust_after(w, 4);
    cr_assert_gt(trust.availability_bp, lowest, "and it comes back");
    world_destroy(&w);
}
