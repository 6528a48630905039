/*
 * tests/unit/host/test_relay_tree.c - tests of routes of votes.
 *
 * Over which neighbours votes come (docs/protocol.md 4.12.11).
 */
#include "host/overlay/relay.h"
#include "host/overlay/relay_tree.h"

#include "base/bytes.h"
#include "engine/consensus/vote_inventory.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MANY = 100, EPOCH_MS = 10000, SOURCE = 77, NOW = 1000 };

static struct {
    struct assay_overlay *view;
    struct assay_relay_tree *routes;
    uint16_t a, b, c; /* neighbours */
} t;

static void set_up(void)
{
    static _Alignas(64) uint8_t memory[1 << 16], more[1 << 16];
    const struct assay_overlay_config config = {
        .self = 0, .capacity = MANY, .above = 64, .degree = 8, .epoch_ms = EPOCH_MS
    };
    const struct assay_relay_tree_config routes = { .self = 0,
                                                    .capacity = MANY,
                                                    .epoch_ms = EPOCH_MS };
    struct assay_overlay_action action;
    cr_assert_leq(assay_overlay_size(MANY), sizeof memory);
    cr_assert_leq(assay_relay_tree_size(MANY), sizeof more);
    memset(more, 0xa5, sizeof more);
    t.view = assay_overlay_init(memory, &config);
    t.routes = assay_relay_tree_init(more, &routes);
    assay_overlay_set_members(t.view, MANY);
    for (uint16_t s = 0; s < MANY; s++) {
        const struct assay_overlay_peer peer = {
            .usable = true, .first = true, .voter = true, .operator_ = s, .group = s
        };
        assay_overlay_peer(t.view, NOW, s, &peer);
    }
    while (assay_overlay_next(t.view, NOW, &action))
        continue;
    cr_assert_geq(assay_overlay_count(t.view), 4);
    t.a = assay_overlay_get(t.view, 0);
    t.b = assay_overlay_get(t.view, 1);
    t.c = assay_overlay_get(t.view, 2);
    cr_assert(t.a != SOURCE && t.b != SOURCE && t.c != SOURCE);
}

TestSuite(host_relay_tree, .init = set_up);

static size_t vote_of(uint16_t slot, uint8_t bytes[static ASSAY_VOTE_LEN_MAX])
{
    struct assay_vote_statement st = { .epoch = 1, .view = 1, .type = ASSAY_VOTE_NULLIFY };
    struct assay_writer w = assay_writer_over(bytes, ASSAY_VOTE_LEN_MAX);
    assay_vote_encode(&st, slot, NULL, &w);
    cr_assert_not(w.full);
    return w.len;
}

static void comes(uint16_t from, bool first)
{
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    const size_t len = vote_of(SOURCE, bytes);
    assay_relay_tree_on_message(t.routes, t.view, NOW, from, ASSAY_MESSAGE_VOTE,
                                assay_slice_over(bytes, len), first);
}

/* What is said now, at any later time. Returns: to how many; bits: of whom `to` is to be silent. */
static uint32_t said(uint16_t to, uint8_t bits[static ASSAY_PRUNE_LEN_MAX])
{
    struct assay_prune_message say;
    uint32_t count = 0;
    memset(bits, 0, ASSAY_PRUNE_LEN_MAX);
    for (; assay_relay_tree_next(t.routes, NOW + EPOCH_MS, &say); count++)
        if (say.to == to) assay_bytes_copy(bits, ASSAY_PRUNE_LEN_MAX, say.payload, say.len);
    cr_expect_eq(assay_relay_tree_wake_at(t.routes), UINT64_MAX);
    return count;
}

static bool is_set(const uint8_t *bits, unsigned slot)
{
    return (bits[slot / 8] >> slot % 8 & 1) != 0;
}

static void asks(uint16_t to)
{
    uint8_t bits[(MANY + 7) / 8] = { 0 }, bytes[ASSAY_VOTE_INVENTORY_LEN_MAX];
    bits[SOURCE / 8] = 1u << SOURCE % 8;
    const struct assay_vote_inventory lack = {
        .epoch = 1,
        .count = 1,
        .views = { { .view = 1, .bits = { assay_slice_over(bits, sizeof bits) } } },
    };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_inventory_encode(&lack, &w);
    assay_relay_tree_on_request(t.routes, t.view, NOW, to, assay_slice_over(bytes, w.len));
}

Test(host_relay_tree, who_brings_it_again_is_asked_not_to)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX];
    comes(t.a, false);
    cr_expect_eq(assay_relay_tree_wake_at(t.routes), UINT64_MAX, "nobody brought it first");
    comes(t.a, true);
    comes(t.b, false);
    cr_expect_eq(assay_relay_tree_wake_at(t.routes), NOW + EPOCH_MS / 64);
    cr_expect_eq(said(t.b, bits), 1);
    cr_expect(is_set(bits, SOURCE));
    cr_expect_not(is_set(bits, SOURCE - 1));
    comes(t.b, false);
    cr_expect_eq(said(t.b, bits), 0, "it was said");
}

Test(host_relay_tree, a_parent_is_never_asked_to_be_silent)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX];
    comes(t.a, true);
    comes(t.a, false);
    cr_expect_eq(said(t.a, bits), 0);
    comes(t.b, false);
    cr_expect_eq(said(t.b, bits), 1);
    comes(t.b, true); /* it did not know yet, and was faster this time */
    cr_expect_eq(said(t.b, bits), 1);
    cr_expect_not(is_set(bits, SOURCE));
    comes(t.a, false);
    cr_expect_eq(said(t.a, bits), 1);
    cr_expect(is_set(bits, SOURCE));
}

Test(host_relay_tree, nobody_needs_to_bring_what_is_our_own)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX], bytes[ASSAY_VOTE_LEN_MAX];
    const size_t len = vote_of(0, bytes);
    assay_relay_tree_on_message(t.routes, t.view, NOW, t.a, ASSAY_MESSAGE_VOTE,
                                assay_slice_over(bytes, len), false);
    cr_expect_eq(said(t.a, bits), 1);
    cr_expect(is_set(bits, 0));
}

Test(host_relay_tree, a_queried_peer_becomes_the_parent_and_a_late_one_is_none_for_eight_epochs)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX];
    assay_relay_tree_on_epoch_closed(t.routes, NOW, 10);
    comes(t.a, true);
    comes(t.b, false);
    comes(t.c, false);
    (void)said(t.b, bits);
    asks(t.b);
    cr_expect_eq(said(t.b, bits), 1, "it may bring it again");
    cr_expect_not(is_set(bits, SOURCE));
    for (uint64_t epoch = 10; epoch <= 18; epoch++) {
        assay_relay_tree_on_epoch_closed(t.routes, NOW, epoch);
        (void)said(t.b, bits);
        comes(t.a, true); /* fast again, and b after it */
        comes(t.b, false);
        (void)said(t.b, bits);
        cr_expect_not(is_set(bits, SOURCE), "epoch %llu", (unsigned long long)epoch);
    }
    assay_relay_tree_on_epoch_closed(t.routes, NOW, 19);
    comes(t.a, true);
    comes(t.b, false);
    (void)said(t.b, bits);
    cr_expect(is_set(bits, SOURCE), "it is the parent again");
}

Test(host_relay_tree, when_the_parent_leaves_everybody_may_bring_it)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX];
    const struct assay_overlay_peer gone = { .usable = false };
    comes(t.a, true);
    comes(t.b, false);
    (void)said(t.b, bits);
    assay_overlay_peer(t.view, NOW, t.a, &gone);
    assay_relay_tree_update(t.routes, t.view, NOW);
    cr_expect_eq(said(t.b, bits), 1);
    cr_expect_not(is_set(bits, SOURCE));
}

Test(host_relay_tree, what_is_asked_for_is_said_in_every_epoch)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX];
    comes(t.a, true);
    comes(t.b, false);
    (void)said(t.b, bits);
    assay_relay_tree_on_epoch_closed(t.routes, NOW, 2);
    cr_expect_eq(said(t.b, bits), 1, "and of the others nothing is asked");
    cr_expect(is_set(bits, SOURCE));
    assay_relay_tree_on_restart(t.routes, NOW, t.b);
    cr_expect_eq(said(t.b, bits), 1, "and when it began anew");
}

/* --- what neighbours ask of us */

static bool everybody(void *context, uint16_t slot)
{
    (void)context;
    (void)slot;
    return true;
}

static uint32_t walk(uint64_t now_ms, uint16_t except, enum assay_message_kind kind,
                     uint16_t source, unsigned got[static MANY])
{
    const uint8_t digest[32] = { 1, 2, 3 };
    const uint16_t to = kind == ASSAY_MESSAGE_VOTE_INVENTORY ? ASSAY_SLOT_NEAR : ASSAY_SLOT_ALL;
    const struct assay_relay wide = assay_relay_init(0, MANY, to, except, digest);
    struct assay_relay relay =
        assay_relay_init_overlay(t.view, t.routes, now_ms, &wide, kind, source);
    uint32_t count = 0;
    uint16_t slot = 0;
    memset(got, 0, MANY * sizeof *got);
    for (; assay_relay_next(&relay, everybody, NULL, &slot); count++)
        got[slot]++;
    return count;
}

static void hears(uint16_t from, const uint8_t *bits, size_t len, enum assay_status status)
{
    cr_expect_eq(
        assay_relay_tree_on_prune(t.routes, t.view, NOW, from, assay_slice_over(bits, len)),
        status);
}

Test(host_relay_tree, a_neighbour_gets_what_it_wants_for_three_epochs)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX] = { 0 };
    unsigned got[MANY];
    bits[SOURCE / 8] = 1u << SOURCE % 8;
    const uint32_t near = assay_overlay_count(t.view);
    hears(t.a, bits, SOURCE / 8 + 1, ASSAY_OK);
    cr_expect(assay_relay_tree_has_prune(t.routes, NOW + 3 * EPOCH_MS - 1, t.a));
    cr_expect_not(assay_relay_tree_has_prune(t.routes, NOW + 3 * EPOCH_MS, t.a));
    cr_expect_not(assay_relay_tree_is_wanted(t.routes, NOW, t.a, SOURCE));
    cr_expect(assay_relay_tree_is_wanted(t.routes, NOW, t.a, SOURCE - 1));
    /* What others said: those who said nothing get it as one of four. */
    cr_expect_eq(walk(NOW, t.b, ASSAY_MESSAGE_VOTE, SOURCE, got), ASSAY_RELAY_PEERS);
    cr_expect_eq(got[t.a], 0);
    cr_expect_eq(walk(NOW, t.b, ASSAY_MESSAGE_VOTE, SOURCE - 1, got), 1 + ASSAY_RELAY_PEERS);
    cr_expect_eq(got[t.a], 1);
    cr_expect_eq(walk(NOW, t.b, ASSAY_MESSAGE_VOTE, ASSAY_SLOT_ALL, got), ASSAY_RELAY_PEERS,
                 "what is sent again goes round as ever");
    /* What is our own goes to all but those who have it from elsewhere. */
    cr_expect_eq(walk(NOW, ASSAY_SLOT_ALL, ASSAY_MESSAGE_VOTE, SOURCE, got), near - 1);
    cr_expect_eq(walk(NOW + 3 * EPOCH_MS, ASSAY_SLOT_ALL, ASSAY_MESSAGE_VOTE, SOURCE, got), near);
    /* And only who asked to be left alone is told what is here. */
    cr_expect_eq(walk(NOW, ASSAY_SLOT_ALL, ASSAY_MESSAGE_VOTE_INVENTORY, ASSAY_SLOT_ALL, got), 1);
    cr_expect_eq(got[t.a], 1);
    assay_relay_tree_on_restart(t.routes, NOW, t.a);
    cr_expect(assay_relay_tree_is_wanted(t.routes, NOW, t.a, SOURCE),
              "it knows of nothing any more");
}

Test(host_relay_tree, bytes_of_strangers_change_nothing)
{
    uint8_t bits[ASSAY_PRUNE_LEN_MAX + 1];
    uint16_t far = 1;
    memset(bits, 0xff, sizeof bits);
    while (assay_overlay_has(t.view, far))
        far++;
    hears(far, bits, 13, ASSAY_E_STRANGER);
    hears(MANY, bits, 13, ASSAY_E_STRANGER);
    hears(t.a, bits, 0, ASSAY_E_RANGE);
    hears(t.a, bits, sizeof bits, ASSAY_E_RANGE);
    cr_expect_not(assay_relay_tree_has_prune(t.routes, NOW, t.a));
    hears(t.a, bits, ASSAY_PRUNE_LEN_MAX, ASSAY_OK); /* of slots that nobody has, too */
    cr_expect_not(assay_relay_tree_is_wanted(t.routes, NOW, t.a, MANY - 1));
}

Test(host_relay_tree, sources_are_read_from_what_was_signed)
{
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    const size_t len = vote_of(SOURCE, bytes);
    const struct assay_slice vote = assay_slice_over(bytes, len);
    cr_expect_eq(assay_relay_tree_source(t.routes, NULL, ASSAY_MESSAGE_VOTE, vote), SOURCE);
    cr_expect_eq(assay_relay_tree_source(t.routes, NULL, ASSAY_MESSAGE_PROPOSAL, vote),
                 ASSAY_SLOT_ALL);
    cr_expect_eq(assay_relay_tree_source(t.routes, NULL, ASSAY_MESSAGE_CERTIFICATE, vote),
                 ASSAY_SLOT_ALL);
    cr_expect_eq(assay_relay_tree_source(t.routes, NULL, ASSAY_MESSAGE_RECORD, vote),
                 ASSAY_SLOT_ALL);
    const size_t other = vote_of(MANY, bytes); /* no slot of ours */
    cr_expect_eq(
        assay_relay_tree_source(t.routes, NULL, ASSAY_MESSAGE_VOTE, assay_slice_over(bytes, other)),
        ASSAY_SLOT_ALL);
    for (size_t cut = 0; cut < len - ASSAY_P256_SIGNATURE_LEN - 4; cut++)
        cr_expect_eq(assay_relay_tree_source(t.routes, NULL, ASSAY_MESSAGE_VOTE,
                                             assay_slice_over(bytes, cut)),
                     ASSAY_SLOT_ALL);
}
