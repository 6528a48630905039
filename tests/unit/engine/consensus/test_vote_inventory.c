/*
 * tests/unit/engine/consensus/test_vote_inventory.c - votes come over one neighbour each, and over
 * another where that one is silent (docs/protocol.md 4.12.11).
 */
#include "engine/consensus/simplex_internal.h"
#include "engine/consensus/vote_inventory.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 20, EPOCH_MS = 1600, VICTIM = 7 };

/* --- the payload */

static struct assay_vote_inventory example(const uint8_t bits[3])
{
    return (struct assay_vote_inventory){
        .era = 3,
        .epoch = 77,
        .count = 2,
        .views = { { .view = 5, .bits = { [ASSAY_VOTE_FINALISE] = assay_slice_over(bits, 3) } },
                   { .view = 6,
                     .bits = { [ASSAY_VOTE_NOTARISE] = assay_slice_over(bits, 3),
                               [ASSAY_VOTE_NULLIFY] = assay_slice_over(bits, 3) } } },
    };
}

Test(vote_inventory, payloads_say_what_was_said)
{
    const uint8_t bits[3] = { 0x81, 0, 0x0f };
    const struct assay_vote_inventory have = example(bits);
    uint8_t bytes[ASSAY_VOTE_INVENTORY_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_vote_inventory back = { 0 };
    assay_vote_inventory_encode(&have, &w);
    cr_assert_not(w.full);
    cr_assert_eq(assay_vote_inventory_decode(assay_slice_over(bytes, w.len), &back), ASSAY_OK);
    cr_assert(back.era == 3 && back.epoch == 77 && back.count == 2);
    cr_assert(back.views[0].view == 5 && back.views[1].view == 6);
    cr_assert_eq(back.views[0].bits[ASSAY_VOTE_NOTARISE].len, 0);
    cr_assert_arr_eq(back.views[0].bits[ASSAY_VOTE_FINALISE].bytes, bits, 3);
    cr_assert_arr_eq(back.views[1].bits[ASSAY_VOTE_NULLIFY].bytes, bits, 3);
    cr_assert_eq(assay_vote_inventory_fits(&back, 20), ASSAY_OK);
    cr_assert_eq(assay_vote_inventory_fits(&back, 25), ASSAY_E_RANGE, "a bitmap is too short");
    cr_assert_eq(assay_vote_inventory_fits(&back, 16), ASSAY_E_RANGE, "or too long");
    for (size_t len = 0; len < w.len; len++)
        cr_assert_neq(assay_vote_inventory_decode(assay_slice_over(bytes, len), &back), ASSAY_OK);
    bytes[w.len] = 0;
    cr_assert_eq(assay_vote_inventory_decode(assay_slice_over(bytes, w.len + 1), &back),
                 ASSAY_E_TRAILING);
}

Test(vote_inventory, one_meaning_has_one_encoding)
{
    const uint8_t bits[3] = { 1, 0, 0 }, none[3] = { 0 };
    struct assay_vote_inventory back = { 0 };
    for (int bad = 0; bad < 5; bad++) {
        struct assay_vote_inventory have = example(bits);
        uint8_t bytes[ASSAY_VOTE_INVENTORY_LEN_MAX + 64];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        if (bad == 0) have.views[0].bits[ASSAY_VOTE_FINALISE] = assay_slice_over(none, 3);
        if (bad == 1) have.views[0].bits[ASSAY_VOTE_FINALISE].len = 0; /* nothing of this view */
        if (bad == 2) have.views[0].view = 0;
        assay_vote_inventory_encode(&have, &w);
        cr_assert_not(w.full);
        if (bad == 3) { /* the order of views */
            for (size_t i = 0; i < w.len; i++)
                if (bytes[i] == 6) bytes[i] = 5;
        }
        if (bad == 4) { /* [3, 77, []] */
            const uint8_t empty[] = { 0x83, 3, 0x18, 77, 0x80 };
            assay_bytes_copy(bytes, sizeof bytes, empty, sizeof empty);
            w.len = sizeof empty;
        }
        cr_expect_neq(assay_vote_inventory_decode(assay_slice_over(bytes, w.len), &back), ASSAY_OK,
                      "case %d", bad);
    }
}

/* --- in a network of neighbours */

static struct assay_sim_world *world_with(uint64_t seed, uint64_t delay_min_ms,
                                          uint64_t delay_max_ms)
{
    const struct assay_sim_world_options options = { .seed = seed,
                                                     .nodes = NODES,
                                                     .epoch_ms = EPOCH_MS,
                                                     .limits = true,
                                                     .delay_min_ms = delay_min_ms,
                                                     .delay_max_ms = delay_max_ms,
                                                     .overlay_above = 6,
                                                     .overlay_degree = 4 };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    w->cut = calloc((size_t)NODES * NODES, 1);
    cr_assert_not_null(w->cut);
    return w;
}

static struct assay_sim_world *world_of(void)
{
    return world_with(13, 0, 0);
}

static void to_epoch(struct assay_sim_world *w, uint64_t closed)
{
    cr_assert(assay_sim_world_run_to_epoch(w, closed, (closed + 3) * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
}

/* Copies after the first, of 1000 messages that are passed on. */
static uint64_t copies(const struct assay_sim_world *w, uint64_t first, uint64_t again)
{
    const uint64_t new = w->count.flooded - first;
    return new == 0 ? 0 : 1000 * (w->count.flooded_again - again) / new;
}

Test(vote_inventory, each_vote_comes_about_once, .timeout = 600)
{
    struct assay_sim_world *w = world_of();
    to_epoch(w, 1);
    const uint64_t before = copies(w, 0, 0);
    to_epoch(w, 4);
    const uint64_t first = w->count.flooded, again = w->count.flooded_again;
    to_epoch(w, 10);
    const uint64_t after = copies(w, first, again);
    cr_log_info("copies of 1000: %llu in the first epoch, %llu later", (unsigned long long)before,
                (unsigned long long)after);
    cr_expect_gt(before, 500, "until it is known who brings what");
    cr_expect_lt(after, 250);
    assay_sim_world_destroy(&w);
}

/* How many sources' votes a neighbour brings to the victim. */
static uint32_t brings(const struct assay_sim_world *w, uint32_t from)
{
    const struct world_node *n = &w->nodes[from];
    uint32_t count = 0;
    if (!assay_relay_tree_has_prune(n->driver.tree, world_mono_ms(w, from), VICTIM)) return 0;
    for (uint16_t source = 0; source < NODES; source++)
        count += assay_relay_tree_is_wanted(n->driver.tree, world_mono_ms(w, from), VICTIM, source);
    return count;
}

static uint32_t standstills(const struct assay_sim_world *w, uint64_t from_ms)
{
    uint32_t count = 0;
    for (size_t i = 0; i < w->note_count; i++)
        count += w->notes[i].note == ASSAY_NOTE_STANDSTILL && w->notes[i].at_ms >= from_ms &&
                 w->notes[i].node == VICTIM;
    return count;
}

static bool is_behind(const struct assay_sim_world *w, uint32_t left)
{
    const struct assay_simplex *own = w->nodes[VICTIM].engine->simplex;
    const struct assay_simplex *other = w->nodes[left].engine->simplex;
    if (own->base.epoch != other->base.epoch) return own->base.epoch < other->base.epoch;
    return own->final_view < other->final_view;
}

/* All neighbours but the one that brings least fall silent; their links still take what is put into
 * them, so nobody is told. Returns: for how long at most the victim is behind that one, ms,
 * and in *doubted_ms for how long it was taken for one that does not give. */
static uint64_t longest_behind(struct assay_sim_world *w, uint64_t ms, uint32_t *doubted_ms)
{
    enum { STEP_MS = 5 };
    uint32_t left = VICTIM;
    uint64_t behind_ms = 0, longest_ms = 0;
    to_epoch(w, 4);
    for (uint32_t i = 0; i < NODES; i++) {
        if (i == VICTIM || !assay_overlay_has(w->nodes[i].driver.overlay, VICTIM)) continue;
        if (!assay_relay_tree_has_prune(w->nodes[i].driver.tree, world_mono_ms(w, i), VICTIM))
            continue;
        if (left == VICTIM || brings(w, i) < brings(w, left)) left = i;
    }
    cr_assert(left != VICTIM && brings(w, left) < NODES / 2);
    for (uint32_t i = 0; i < NODES; i++)
        w->cut[i * NODES + VICTIM] =
            i != left && (assay_overlay_has(w->nodes[i].driver.overlay, VICTIM) ||
                          assay_overlay_has(w->nodes[VICTIM].driver.overlay, (uint16_t)i));
    for (uint64_t at_ms = 0; at_ms < ms; at_ms += STEP_MS) {
        cr_assert(assay_sim_world_run(w, STEP_MS), "%s", assay_sim_world_violation(w));
        behind_ms = is_behind(w, left) ? behind_ms + STEP_MS : 0;
        if (w->nodes[VICTIM].engine->simplex->gossip.unresponsive_epoch[left] != 0)
            *doubted_ms += STEP_MS;
        if (behind_ms > longest_ms) longest_ms = behind_ms;
    }
    return longest_ms;
}

/* docs/protocol.md 4.12.11, what is promised: where a round of votes takes longer than two pauses
 * (here 20 to 40 ms a link, and 25 ms a pause). */
Test(vote_inventory, a_parent_that_falls_silent_is_made_up_for_within_its_view, .timeout = 600)
{
    enum { SEEDS = 12 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint32_t doubted_ms = 0;
        struct assay_sim_world *w = world_with(seed, 20, 40);
        const uint64_t ms = longest_behind(w, EPOCH_MS, &doubted_ms);
        cr_expect_leq(ms, 3 * EPOCH_MS / 8, "seed %llu: behind for %llu ms",
                      (unsigned long long)seed, (unsigned long long)ms);
        assay_sim_world_destroy(&w);
    }
}

/* An answer that is back within a pause, from a neighbour that has what it said. */
Test(vote_inventory, a_neighbour_that_gives_is_not_doubted, .timeout = 600)
{
    enum { SEEDS = 12 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint32_t doubted_ms = 0;
        struct assay_sim_world *w = world_with(seed, 8, 12);
        (void)longest_behind(w, EPOCH_MS / 2, &doubted_ms);
        cr_expect_eq(doubted_ms, 0, "seed %llu: what it asked for was not given",
                     (unsigned long long)seed);
        assay_sim_world_destroy(&w);
    }
}

/* And where views are over before a neighbour says what it holds. */
Test(vote_inventory, a_parent_that_falls_silent_is_made_up_for_in_two_epochs, .timeout = 600)
{
    enum { SEEDS = 12 };
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        uint32_t doubted_ms = 0;
        struct assay_sim_world *w = world_with(seed, 1, 6);
        const uint64_t ms = longest_behind(w, 3 * EPOCH_MS, &doubted_ms);
        cr_expect_leq(ms, 9 * EPOCH_MS / 4, "seed %llu: behind for %llu ms",
                      (unsigned long long)seed, (unsigned long long)ms);
        assay_sim_world_destroy(&w);
    }
}

/* Nobody has brought anything to who comes up again, whatever it asked for before. */
Test(vote_inventory, who_was_down_is_told_everything_again, .timeout = 600)
{
    struct assay_sim_world *w = world_of();
    to_epoch(w, 4);
    assay_sim_world_kill(w, VICTIM);
    assay_sim_world_restart(w, VICTIM);
    to_epoch(w, 9);
    cr_expect_geq(w->nodes[VICTIM].closed, 9);
    const uint64_t since_ms = w->now_us / 1000;
    to_epoch(w, 12);
    cr_expect_eq(standstills(w, since_ms), 0);
    assay_sim_world_destroy(&w);
}
