/*
 * tests/unit/engine/test_inventory.c - envelopes and ballots that their authors did not send to
 * everybody reach every member, each about once (docs/protocol.md 4.1.4, 4.1.5, 4.12.10).
 */
#include "engine/ledger/records/record.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>

#include <stdlib.h>

enum { EPOCH_MS = 1600, AUTHOR = 5 };

static struct assay_sim_world *world_of(uint32_t nodes, uint32_t overlay_above)
{
    const struct assay_sim_world_options options = { .seed = 5,
                                                     .nodes = nodes,
                                                     .epoch_ms = EPOCH_MS,
                                                     .limits = true,
                                                     .overlay_above = overlay_above,
                                                     .overlay_degree = overlay_above > 0 ? 4 : 0 };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    w->cut = calloc((size_t)nodes * nodes, 1);
    cr_assert_not_null(w->cut);
    return w;
}

/* Nothing of AUTHOR reaches anybody but one. */
static void cut_author_but_for(struct assay_sim_world *w, uint32_t one)
{
    for (uint32_t i = 0; i < w->options.nodes; i++)
        w->cut[AUTHOR * w->options.nodes + i] = i != one;
}

static void go_on(struct assay_sim_world *w, uint64_t ms)
{
    cr_assert(assay_sim_world_run(w, ms), "%s", assay_sim_world_violation(w));
}

static const struct assay_engine *engine_of(const struct assay_sim_world *w, uint32_t node)
{
    return w->nodes[node].engine;
}

static uint64_t running(const struct assay_sim_world *w, uint32_t node)
{
    return engine_of(w, node)->head->context.epoch;
}

/* To the beginning of the epoch behind `closed`, everywhere. */
static void to_beginning(struct assay_sim_world *w, uint64_t closed)
{
    cr_assert(assay_sim_world_run_to_epoch(w, closed, (closed + 3) * EPOCH_MS), "%s",
              assay_sim_world_violation(w));
}

static uint32_t holders(const struct assay_sim_world *w, uint32_t slot)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->options.nodes; i++)
        count += engine_of(w, i)->seats[slot].payload_len > 0;
    return count;
}

/* --- the payloads */

Test(inventory, payloads_say_what_was_said)
{
    const uint8_t envelopes[3] = { 0x81, 0, 0x0f }, ballots[3] = { 0, 0x42, 0 };
    const struct assay_inventory have = { .epoch = 77,
                                          .envelopes = assay_slice_over(envelopes, 3),
                                          .ballots = assay_slice_over(ballots, 3) };
    uint8_t bytes[64];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_inventory back = { 0 };
    cr_assert_eq(assay_inventory_encode(&have, &w), ASSAY_OK);
    cr_assert_leq(w.len, 6 + ASSAY_INVENTORY_FIXED_LEN_MAX);
    const struct assay_slice all = assay_slice_over(bytes, w.len);
    cr_assert_eq(assay_inventory_decode(all, 20, &back), ASSAY_OK);
    cr_assert_eq(back.epoch, 77);
    cr_assert_arr_eq(back.envelopes.bytes, envelopes, 3);
    cr_assert_arr_eq(back.ballots.bytes, ballots, 3);
    cr_assert_eq(assay_inventory_decode(all, 25, &back), ASSAY_E_STALE, "of a roster before");
    cr_assert_eq(assay_inventory_decode(all, 16, &back), ASSAY_E_EARLY, "or of a later one");
    for (size_t len = 0; len < w.len; len++)
        cr_assert_neq(assay_inventory_decode(assay_slice_over(bytes, len), 20, &back), ASSAY_OK);
    bytes[w.len] = 0;
    cr_assert_eq(assay_inventory_decode(assay_slice_over(bytes, w.len + 1), 20, &back),
                 ASSAY_E_TRAILING);
}

/* --- a full mesh */

Test(inventory, rounds_go_to_other_members_at_other_distances)
{
    for (uint32_t nodes = 2; nodes <= 24; nodes += 11) {
        struct assay_sim_world *w = world_of(nodes, 0);
        const struct assay_engine *e = engine_of(w, 1);
        for (uint32_t round = 0; round < 3; round++) {
            uint32_t asked[ASSAY_PEERS_AT_ONCE];
            for (uint32_t k = 0; k < ASSAY_PEERS_AT_ONCE; k++) {
                asked[k] = assay_inventory_get_peer(e, round, k);
                if (k + 1 >= nodes) {
                    cr_assert_eq(asked[k], ASSAY_SLOT_ALL, "there is nobody else");
                    continue;
                }
                cr_assert(asked[k] < nodes && asked[k] != 1);
                for (uint32_t j = 0; j < k; j++)
                    cr_assert_neq(asked[k], asked[j]);
            }
        }
        assay_sim_world_destroy(&w);
    }
}

/* Who has asked the holder, or who has asked such a one: all sixty-four after three rounds. */
Test(inventory, three_rounds_join_sixty_four)
{
    struct assay_sim_world *w = world_of(64, 0);
    bool knows[64] = { [AUTHOR] = true };
    for (uint32_t round = 0; round < 3; round++) {
        bool next[64];
        for (uint32_t i = 0; i < 64; i++) {
            next[i] = knows[i];
            for (uint32_t k = 0; k < ASSAY_PEERS_AT_ONCE; k++)
                next[i] |= knows[assay_inventory_get_peer(engine_of(w, i), round, k)];
        }
        assay_bytes_copy(knows, sizeof knows, next, sizeof next);
    }
    for (uint32_t i = 0; i < 64; i++)
        cr_expect(knows[i], "node %u was left out", i);
    assay_sim_world_destroy(&w);
}

Test(inventory, what_a_single_member_was_sent_comes_to_all_before_ballots_are_due, .timeout = 600)
{
    struct assay_sim_world *w = world_of(40, 0);
    to_beginning(w, 1);
    cut_author_but_for(w, 20);
    to_beginning(w, 2);
    go_on(w, EPOCH_MS / 16);
    cr_assert_leq(holders(w, AUTHOR), 2, "itself and one other");
    go_on(w, EPOCH_MS / 2);
    cr_assert_eq(holders(w, AUTHOR), 40);
    go_on(w, EPOCH_MS * 3 / 8);
    cr_assert_eq(running(w, 0), 3);
    cr_assert(engine_of(w, 0)->chain->ledger.balloted[AUTHOR], "its ballot stands in a block");
    to_beginning(w, 6);
    const struct assay_member *m = &engine_of(w, 0)->head->state.members[AUTHOR];
    cr_assert_eq(m->trust.score.standing, ASSAY_STANDING_FULL);
    assay_sim_world_destroy(&w);
}

/* In a mesh where everything arrives nobody says or asks anything of this. */
Test(inventory, costs_nothing_where_nothing_is_missing)
{
    struct assay_sim_world *w = world_of(20, 0);
    to_beginning(w, 3);
    for (uint32_t i = 0; i < 20; i++) {
        const struct assay_traffic_counters *c = w->nodes[i].counters;
        cr_expect_eq(c->value[ASSAY_COUNT_DUPLICATE], 0, "node %u was told twice", i);
    }
    assay_sim_world_destroy(&w);
}

/* On a full machine most have not come yet: nobody is asked for all of it. */
Test(inventory, who_lacks_a_third_does_not_ask_before_the_roll_is_due)
{
    for (uint32_t lacking = 2; lacking <= 5; lacking += 3) {
        struct assay_sim_world *w = world_of(10, 0);
        to_beginning(w, 1);
        for (uint32_t i = 1; i <= lacking; i++)
            w->cut[i * 10] = 1;
        to_beginning(w, 2);
        const uint64_t opened_ms = engine_of(w, 0)->epoch_state->opened_ms;
        go_on(w, EPOCH_MS * 7 / 32);
        cr_expect_eq(engine_of(w, 0)->epoch_state->pulls, 2);
        cr_expect_eq(engine_of(w, 0)->epoch_state->asked_ms != 0, lacking == 2);
        go_on(w, EPOCH_MS / 16);
        cr_expect_eq(engine_of(w, 0)->epoch_state->pulls, 3);
        if (lacking > 2)
            cr_expect_geq(engine_of(w, 0)->epoch_state->asked_ms, opened_ms + EPOCH_MS / 4);
        assay_sim_world_destroy(&w);
    }
}

/* --- two envelopes */

static size_t another_envelope(struct assay_sim_world *w,
                               uint8_t bytes[static ASSAY_ENVELOPE_LEN_MAX])
{
    const struct assay_seat *own = &engine_of(w, AUTHOR)->seats[AUTHOR];
    struct assay_envelope envelope = own->envelope;
    size_t signature_at = 0;
    cr_assert_gt(own->payload_len, 0);
    envelope.evidence_digest[0] ^= 0x55;
    struct assay_writer out = assay_writer_over(bytes, ASSAY_ENVELOPE_LEN_MAX);
    cr_assert_eq(assay_envelope_encode(&envelope, &out, &signature_at), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(w->nodes[AUTHOR].voting, envelope.digest, bytes + signature_at),
                 ASSAY_OK);
    return out.len;
}

static void show(struct assay_sim_world *w, uint32_t node, enum assay_message_kind kind,
                 uint16_t from, struct assay_slice payload)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = from;
    event.as.message.kind = kind;
    event.as.message.payload = payload;
    (void)world_step(w, node, &event);
}

/* AUTHOR shows one envelope to all but node 1, which sees another one. Ballots wait for node 7. */
static struct assay_sim_world *two_faced(void)
{
    uint8_t bytes[ASSAY_ENVELOPE_LEN_MAX];
    struct assay_sim_world *w = world_of(10, 0);
    assay_sim_world_acts(w, 7)->quiet = true;
    to_beginning(w, 1);
    w->cut[AUTHOR * 10 + 1] = 1;
    to_beginning(w, 2);
    while (engine_of(w, AUTHOR)->seats[AUTHOR].payload_len == 0)
        go_on(w, 1);
    const size_t len = another_envelope(w, bytes);
    struct world_payload *payload = world_payload(w, bytes, len);
    w->cut[AUTHOR * 10 + 1] = 0;
    world_deliver(w, AUTHOR, 1, ASSAY_MESSAGE_ENVELOPE, payload);
    world_payload_drop(w, payload);
    w->cut[AUTHOR * 10 + 1] = 1;
    go_on(w, 20);
    const struct assay_seat *one = &engine_of(w, 1)->seats[AUTHOR];
    const struct assay_seat *other = &engine_of(w, 0)->seats[AUTHOR];
    cr_assert(one->payload_len > 0 && other->payload_len > 0);
    cr_assert_not(assay_bytes_equal(one->envelope.digest, other->envelope.digest, 32));
    return w;
}

static bool is_convicted(const struct assay_sim_world *w)
{
    return engine_of(w, 0)->head->state.members[AUTHOR].trust.integrity.standing !=
           ASSAY_STANDING_FULL;
}

Test(inventory, another_envelope_than_the_rolls_is_looked_for_and_convicts, .timeout = 600)
{
    struct assay_sim_world *w = two_faced();
    to_beginning(w, 3);
    to_beginning(w, 4);
    cr_assert(is_convicted(w));
    assay_sim_world_destroy(&w);
}

Test(inventory, another_envelope_than_a_ballots_is_looked_for_and_convicts, .timeout = 600)
{
    struct assay_sim_world *w = two_faced();
    for (uint32_t ms = 0; ms < EPOCH_MS && running(w, 0) == 3; ms++) {
        for (uint32_t i = 0; i < 10; i++) /* as a leader that never heard of it would have it */
            w->nodes[i].engine->parts->chain.ledger.roll_present[AUTHOR] = false;
        go_on(w, 1);
    }
    to_beginning(w, 4);
    cr_assert(is_convicted(w));
    assay_sim_world_destroy(&w);
}

/* --- what neighbours say */

static size_t have_all(const struct assay_sim_world *w, uint32_t node, uint8_t *bytes, size_t len)
{
    uint8_t ones[2] = { 0xff, 0x03 }, none[2] = { 0 };
    const struct assay_inventory have = { .epoch = running(w, node),
                                          .envelopes = assay_slice_over(ones, 2),
                                          .ballots = assay_slice_over(none, 2) };
    struct assay_writer out = assay_writer_over(bytes, len);
    cr_assert_eq(assay_inventory_encode(&have, &out), ASSAY_OK);
    return out.len;
}

/* Node 0 lacks AUTHOR's envelope; 1 says that it has it, and answers nothing. */
static struct assay_sim_world *claimed(uint8_t *bytes, size_t len, struct assay_slice *claim)
{
    struct assay_sim_world *w = world_of(10, 0);
    to_beginning(w, 1);
    w->cut[AUTHOR * 10] = 1;
    w->cut[1 * 10] = 1;
    to_beginning(w, 2);
    *claim = assay_slice_over(bytes, have_all(w, 0, bytes, len));
    show(w, 0, ASSAY_MESSAGE_INVENTORY, 1, *claim);
    return w;
}

Test(inventory, one_is_asked_and_when_it_is_late_another)
{
    uint8_t bytes[64];
    struct assay_slice claim;
    struct assay_sim_world *w = claimed(bytes, sizeof bytes, &claim);
    const struct assay_missing_item *l =
        &engine_of(w, 0)->inventory->lacks[ASSAY_INVENTORY_ENVELOPE][AUTHOR];
    cr_assert(l->source == 1 && l->spare == ASSAY_SLOT_ALL);
    go_on(w, 20);
    show(w, 0, ASSAY_MESSAGE_INVENTORY, 2, claim);
    show(w, 0, ASSAY_MESSAGE_INVENTORY, 3, claim);
    cr_assert(l->source == 1 && l->spare == 2, "a single one is asked at a time");
    go_on(w, 40);
    cr_assert(l->source == 1 && engine_of(w, 0)->seats[AUTHOR].payload_len == 0, "it has its time");
    go_on(w, 60);
    cr_assert_gt(engine_of(w, 0)->seats[AUTHOR].payload_len, 0, "the other one had it");
    const struct assay_request_missing_window *windows = engine_of(w, 0)->inventory->windows;
    cr_assert_eq(windows[1].size, ASSAY_REQUEST_MISSING_FIRST / 2, "it is asked for less at once");
    cr_assert_eq(windows[2].size, 2 * ASSAY_REQUEST_MISSING_FIRST, "and who gave in time for more");
    cr_assert_eq(windows[1].doubted, 0);
    assay_sim_world_destroy(&w);
}

/* A look in a step that has so many bytes left for what it says. Returns: whether it asked. */
static bool looks_with(struct assay_engine *e, size_t room)
{
    static struct assay_effects effects;
    struct assay_output *o = &e->parts->output;
    const struct assay_output before = *o;
    effects = (struct assay_effects){ .count = 0 };
    o->effects = &effects;
    cr_assert_leq(room, o->arena_len);
    o->arena_used = o->arena_len - room;
    assay_inventory_tick(e);
    *o = before;
    for (size_t i = 0; i < effects.count; i++)
        if (effects.items[i].kind == ASSAY_EFFECT_SEND &&
            effects.items[i].as.send.message == ASSAY_MESSAGE_REQUEST_MISSING)
            return true;
    return false;
}

/* In a step without room nobody is asked, and nobody is late with what it never heard of. */
Test(inventory, who_could_not_be_asked_is_not_late, .timeout = 600)
{
    uint8_t bytes[64];
    struct assay_slice claim;
    uint32_t given_back = 0;
    for (size_t room = 0; room < 256; room += 16) {
        struct assay_sim_world *w = claimed(bytes, sizeof bytes, &claim);
        struct assay_engine *e = w->nodes[0].engine;
        const struct assay_missing_item *l = &e->inventory->lacks[ASSAY_INVENTORY_ENVELOPE][AUTHOR];
        go_on(w, 20);
        show(w, 0, ASSAY_MESSAGE_INVENTORY, 2, claim);
        cr_assert(l->source == 1 && l->spare == 2);
        const uint64_t now_ms = e->now_ms;
        e->now_ms = l->since_ms + EPOCH_MS;
        const bool asked = looks_with(e, room);
        e->now_ms = now_ms;
        cr_expect_eq(l->source == 2, asked, "%zu bytes", room);
        cr_expect_eq(e->inventory->windows[2].flying > 0, asked, "%zu bytes", room);
        given_back += l->source == ASSAY_SLOT_ALL && l->spare == 2;
        assay_inventory_check(e);
        assay_sim_world_destroy(&w);
    }
    cr_expect_gt(given_back, 0, "there was room to look, and none to ask");
}

/* A neighbour that left so many asks without an answer that it is asked for one piece at a time. */
static void distrust(const struct assay_sim_world *w)
{
    engine_of(w, 0)->parts->inventory.windows[1].size = 1;
}

/* All ones, and never an answer: one time-out in two epochs, then others come first. */
Test(inventory, who_did_not_answer_is_not_asked_first_again)
{
    uint8_t bytes[64];
    struct assay_slice claim;
    struct assay_sim_world *w = claimed(bytes, sizeof bytes, &claim);
    const struct assay_inventory_state *h = engine_of(w, 0)->inventory;
    distrust(w);
    go_on(w, 110);
    cr_assert_eq(h->windows[1].doubted, running(w, 0));
    show(w, 0, ASSAY_MESSAGE_INVENTORY, 1, claim);
    const struct assay_missing_item *l = &h->lacks[ASSAY_INVENTORY_ENVELOPE][AUTHOR];
    cr_assert(l->source == ASSAY_SLOT_ALL && l->spare == 1);
    cr_assert_eq(h->windows[1].flying, 0, "for nothing at all");
    show(w, 0, ASSAY_MESSAGE_INVENTORY, 2, claim);
    cr_assert_eq(l->source, 2, "asked at once");
    go_on(w, 20);
    cr_assert_gt(engine_of(w, 0)->seats[AUTHOR].payload_len, 0);
    assay_sim_world_destroy(&w);
}

/* Else a neighbour that claims everything could clear itself with one piece now and then. */
Test(inventory, one_piece_that_comes_late_clears_nothing)
{
    uint8_t bytes[64];
    struct assay_slice claim;
    struct assay_sim_world *w = claimed(bytes, sizeof bytes, &claim);
    const struct assay_inventory_state *h = engine_of(w, 0)->inventory;
    const struct assay_seat *seat = &engine_of(w, 1)->seats[AUTHOR];
    distrust(w);
    go_on(w, 110);
    cr_assert_eq(h->windows[1].doubted, running(w, 0));
    cr_assert_eq(engine_of(w, 0)->seats[AUTHOR].payload_len, 0);
    show(w, 0, ASSAY_MESSAGE_ENVELOPE, 1, assay_slice_over(seat->payload, seat->payload_len));
    cr_assert_gt(engine_of(w, 0)->seats[AUTHOR].payload_len, 0);
    cr_assert_eq(h->windows[1].doubted, running(w, 0));
    cr_assert_eq(h->windows[1].size, 1);
    assay_sim_world_destroy(&w);
}

/* Node 0 has no envelope but its own; 1 says that it has all, and is asked for a few. */
Test(inventory, a_neighbour_is_asked_for_as_much_as_it_gives)
{
    uint8_t bytes[64];
    struct assay_sim_world *w = world_of(12, 0);
    to_beginning(w, 1);
    for (uint32_t i = 1; i < 12; i++)
        w->cut[i * 12] = 1;
    go_on(w, EPOCH_MS * 3 / 8);
    const uint8_t ones[2] = { 0xff, 0x0f }, none[2] = { 0 };
    const struct assay_inventory have = { .epoch = running(w, 0),
                                          .envelopes = assay_slice_over(ones, 2),
                                          .ballots = assay_slice_over(none, 2) };
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_inventory_encode(&have, &out), ASSAY_OK);
    show(w, 0, ASSAY_MESSAGE_INVENTORY, 1, assay_slice_over(bytes, out.len));
    const struct assay_request_missing_window *window = &engine_of(w, 0)->inventory->windows[1];
    cr_assert_eq(window->flying, ASSAY_REQUEST_MISSING_FIRST);
    const struct assay_missing_item *l =
        engine_of(w, 0)->inventory->lacks[ASSAY_INVENTORY_ENVELOPE];
    uint32_t gave = 0;
    for (uint32_t i = 1; i < 12 && gave < 4; i++) { /* half of what was asked */
        const struct assay_seat *seat = &engine_of(w, 1)->seats[i];
        if (l[i].source != 1 || seat->payload_len == 0) continue;
        show(w, 0, ASSAY_MESSAGE_ENVELOPE, 1, assay_slice_over(seat->payload, seat->payload_len));
        gave++;
    }
    cr_assert_eq(gave, 4);
    cr_assert_eq(window->size, ASSAY_REQUEST_MISSING_FIRST);
    go_on(w, 110); /* and the rest is late */
    cr_assert_eq(window->size, ASSAY_REQUEST_MISSING_FIRST / 2);
    assay_sim_world_destroy(&w);
}

Test(inventory, words_about_other_epochs_are_refused)
{
    uint8_t bytes[64];
    struct assay_sim_world *w = world_of(10, 0);
    struct assay_engine *e = w->nodes[0].engine;
    uint8_t map[2] = { 0 };
    struct assay_inventory have = { .envelopes = assay_slice_over(map, 2),
                                    .ballots = assay_slice_over(map, 2) };
    to_beginning(w, 2);
    for (uint64_t epoch = running(w, 0) - 1; epoch <= running(w, 0) + 1; epoch += 2) {
        struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
        have.epoch = epoch;
        cr_assert_eq(assay_inventory_encode(&have, &out), ASSAY_OK);
        const struct assay_slice all = assay_slice_over(bytes, out.len);
        const enum assay_status expected = epoch < running(w, 0) ? ASSAY_E_STALE : ASSAY_E_EARLY;
        cr_assert_eq(assay_inventory_on_announcement(e, 3, all), expected);
        cr_assert_eq(assay_inventory_on_request(e, 3, all), expected);
    }
    assay_sim_world_destroy(&w);
}

/* --- among neighbours */

Test(inventory, neighbours_have_everything_about_once, .timeout = 600)
{
    struct assay_sim_world *w = world_of(40, 8);
    to_beginning(w, 2);
    const uint64_t told = w->count.authored, again = w->count.authored_again;
    to_beginning(w, 6);
    const uint64_t first = w->count.authored - told, more = w->count.authored_again - again;
    cr_assert_geq(first, 4 * 40 * 39, "every envelope came to everybody, and most ballots");
    cr_assert_lt(more * 4, first, "%llu came again, of %llu", (unsigned long long)more,
                 (unsigned long long)first);
    for (uint32_t i = 0; i < 40; i++)
        cr_expect_eq(engine_of(w, 0)->head->state.members[i].trust.score.standing,
                     ASSAY_STANDING_FULL);
    assay_sim_world_destroy(&w);
}

/* Who is alone lacks nothing that anybody could give. */
Test(inventory, one_member_and_two_go_on_as_well, .timeout = 600)
{
    for (uint32_t nodes = 1; nodes <= 2; nodes++) {
        struct assay_sim_world *w = world_of(nodes, 0);
        to_beginning(w, 3);
        for (uint32_t i = 0; i < nodes; i++)
            cr_assert(engine_of(w, i)->head->state.certified, "%u of %u", i, nodes);
        assay_sim_world_destroy(&w);
    }
}
