/*
 * tests/unit/engine/test_story.c - seven nodes under a virtual clock, told as stories.
 */
#include "tests/support/world.h"

#include <criterion/criterion.h>

static const struct world_options seven = { .seed = 7, .nodes = 7 };

static void must(struct world *w, bool condition, const char *what)
{
    if (!condition) world_explain(w, 60);
    cr_assert(condition, "%s (%s)", what, world_violation(w) != NULL ? world_violation(w) : "-");
}

Test(story, seven_nodes_close_ten_epochs_and_everyone_stays_full)
{
    struct world *w = world_create(&seven);
    must(w, world_run_to_epoch(w, 10, 20000), "ten epochs close");
    for (uint32_t node = 0; node < 7; node++) {
        for (uint16_t slot = 0; slot < 7; slot++) {
            struct assay_member_view m;
            world_member(w, node, slot, &m);
            cr_assert_eq(m.trust.integrity_bp, 10000);
            cr_assert_eq(m.trust.availability_bp, 10000);
            cr_assert_eq(m.trust.score.standing, ASSAY_STANDING_FULL);
        }
        struct assay_engine_view v;
        assay_engine_view(world_engine(w, node), &v);
        cr_assert(v.certified);
    }
    world_destroy(&w);
}
