/*
 * tests/unit/engine/test_simplex_ranges.c - thousands of views without finality, and X over ranges
 * of them (docs/protocol.md 5.27).
 */
#include "engine/consensus/simplex_internal.h"
#include "sim/simplex/world_internal.h"

#include <criterion/criterion.h>
#include <string.h>

static struct assay_sim_simplex *four(uint32_t views_max)
{
    const struct assay_sim_simplex_options options = { .seed = 11,
                                                       .slot_count = 4,
                                                       .weights = { 1, 1, 1, 1 },
                                                       .delay_min_ms = 1,
                                                       .delay_max_ms = 20,
                                                       .epoch_blocks = 1000,
                                                       .views_max = views_max,
                                                       .check_every = 101 };
    return assay_sim_simplex_create(&options);
}

/* No block of an earlier view is valid for anybody, as when clocks are wrong. */
static bool nothing_before(void *context, uint32_t machine, const struct assay_block_header *header)
{
    const uint64_t *view = context;
    (void)machine;
    return header->view >= *view;
}

static void require_sound(const struct assay_sim_simplex *w)
{
    const char *violation = assay_sim_simplex_violation(w);
    cr_assert(violation == NULL, "%s", violation == NULL ? "" : violation);
}

/* Views burn until machine 0 is there; time-outs that grow would only make it longer. */
static void burn_to(struct assay_sim_simplex *w, uint64_t view)
{
    struct assay_simplex_snapshot look;
    do {
        for (uint32_t i = 0; i < w->machine_count; i++) {
            w->machines[i].simplex->nullified_since_final = 0;
            w->machines[i].simplex->nullified_in_a_row = 0;
        }
        cr_assert(assay_sim_simplex_run(w, 100), "%s", assay_sim_simplex_violation(w));
        assay_sim_simplex_look(w, 0, &look);
    } while (look.view < view);
}

static uint32_t pages_held(const struct assay_simplex *s)
{
    uint32_t pages = 0;
    for (uint32_t i = 0; i < s->page_count; i++)
        pages += s->pages[i].range.view != 0;
    return pages;
}

/* Today's end of a network: 1024 nullified views. */
Test(simplex_ranges, a_network_goes_on_after_more_than_a_thousand_nullified_views, .timeout = 120)
{
    uint64_t view = 1100;
    struct assay_sim_simplex *w = four(256);
    assay_sim_simplex_set_judge(w, nothing_before, &view);
    burn_to(w, view);
    cr_expect(assay_sim_simplex_run_to_height(w, 8, 600000));
    require_sound(w);
    assay_sim_simplex_destroy(&w);
}

Test(simplex_ranges, four_thousand_nullified_views_are_named_by_few_certificates, .timeout = 300)
{
    uint64_t view = 4096 + 70;
    struct assay_sim_simplex *w = four(128);
    assay_sim_simplex_set_judge(w, nothing_before, &view);
    burn_to(w, view);
    for (uint32_t i = 0; i < 4; i++) {
        const struct assay_simplex *s = w->machines[i].simplex;
        const uint32_t all = assay_sx_covering(s, 17);
        cr_assert_neq(all, SX_NONE);
        cr_expect_eq((int)s->certificates[all].statement.type, ASSAY_VOTE_NULLIFY_4096);
        cr_expect_leq(pages_held(s), 2);
    }
    cr_expect(assay_sim_simplex_run_to_height(w, 8, 600000));
    require_sound(w);
    for (size_t i = 0; i < w->header_count; i++)
        if (w->headers[i].header.view > view) cr_expect_leq(w->headers[i].header.null_count, 130);
    assay_sim_simplex_destroy(&w);
}
