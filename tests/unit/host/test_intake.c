/*
 * tests/unit/host/test_intake.c - tests of the intake of messages and of the overlay's driver.
 *
 * One node of a full mesh and one of an overlay. A message reaches the engine once, is relayed only
 * when it verified, and costs its sender when it did not.
 */
#include "host/overlay/intake.h"

#include "base/crypto.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/records/envelope.h"
#include "tests/support/host_memory.h"

#include <criterion/criterion.h>
#include <string.h>

enum { MEMBERS = 100, EPOCH_MS = 10000, NOW = 5000, AUTHOR = 77 };

static struct {
    struct assay_roster_entry entries[MEMBERS];
    struct assay_roster roster;
    struct assay_limit limits[MEMBERS];
    struct assay_traffic_counters counters;
    struct assay_admission admission;
    struct assay_overlay_driver driver;
    struct assay_intake intake;
    void *memory;
    enum assay_status status; /* of each step */
    bool stops;               /* in its step */
    uint32_t hashed, stepped, relayed, resent, banned, opened, closed, sent;
    uint16_t relayed_except;
} t;

static void hash_payload(void *context, uint16_t from, struct assay_slice payload,
                         uint8_t digest[static 32])
{
    (void)context;
    (void)from;
    t.hashed++;
    assay_sha256(payload.bytes, payload.len, digest);
}

static bool step_engine(void *context, struct assay_event *event, enum assay_status *status)
{
    (void)context;
    cr_assert_eq(event->kind, ASSAY_EVENT_MESSAGE);
    t.stepped++;
    *status = t.status;
    return !t.stops;
}

static void relay_payload(void *context, uint16_t from, enum assay_message_kind kind,
                          struct assay_slice payload, bool resent)
{
    (void)context;
    (void)kind;
    (void)payload;
    t.relayed++;
    t.resent += resent;
    t.relayed_except = from;
}

static void count_banned(void *context, uint16_t slot)
{
    (void)context;
    (void)slot;
    t.banned++;
}

static void count_opened(void *context, uint16_t slot)
{
    (void)context;
    cr_assert_neq(slot, 0, "no link to itself");
    t.opened++;
}

static void count_closed(void *context, uint16_t slot)
{
    (void)context;
    (void)slot;
    t.closed++;
}

static void count_sent(void *context, uint16_t to, enum assay_message_kind kind,
                       struct assay_slice payload)
{
    (void)context;
    cr_assert(to != 0 && payload.len > 0);
    cr_assert(kind == ASSAY_MESSAGE_NEIGHBOUR || kind == ASSAY_MESSAGE_PRUNE);
    t.sent++;
}

static void open_node(bool overlay)
{
    const struct assay_overlay_config config = {
        .self = 0, .capacity = MEMBERS, .above = 64, .degree = 8, .epoch_ms = EPOCH_MS
    };
    const struct assay_overlay_links links = { .open = count_opened,
                                               .close = count_closed,
                                               .send = count_sent };
    struct assay_limit_rates rates;
    memset(&t, 0, sizeof t);
    assay_limit_rates(EPOCH_MS, MEMBERS, &rates);
    for (unsigned i = 0; i < MEMBERS; i++) {
        t.entries[i] =
            (struct assay_roster_entry){ .weight = 10000, .standing = ASSAY_STANDING_FULL };
        assay_limit_init(&t.limits[i], &rates, NOW);
    }
    t.roster = (struct assay_roster){ .count = MEMBERS, .self = 0, .entries = t.entries };
    if (overlay) t.memory = test_memory(assay_overlay_driver_size(MEMBERS));
    assay_overlay_driver_init(&t.driver, t.memory, &config, &links);
    if (overlay) assay_overlay_set_members(t.driver.overlay, MEMBERS);
    for (uint16_t s = 0; overlay && s < MEMBERS; s++) {
        const struct assay_overlay_peer peer = {
            .usable = true, .first = true, .voter = true, .operator_ = s, .group = s
        };
        assay_overlay_peer(t.driver.overlay, NOW, s, &peer);
    }
    t.admission = (struct assay_admission){ .roster = &t.roster,
                                            .limits = t.limits,
                                            .seen = test_seen(EPOCH_MS),
                                            .counters = &t.counters,
                                            .view = t.driver.overlay,
                                            .again_ms = assay_admission_repeat_ms(EPOCH_MS) };
    const struct assay_gossip_config gossip = { .self = 0,
                                                .members = MEMBERS,
                                                .retry_ms = 200,
                                                .patience_ms = 3000,
                                                .counters = &t.counters,
                                                .view = t.driver.overlay };
    t.intake = (struct assay_intake){ .admission = &t.admission,
                                      .driver = &t.driver,
                                      .gossip = test_gossip(&gossip),
                                      .operations = { .hash = hash_payload,
                                                      .step = step_engine,
                                                      .relay = relay_payload,
                                                      .on_banned = count_banned } };
}

static void close_node(void)
{
    free(t.admission.seen);
    free(t.intake.gossip);
    free(t.memory);
}

TestSuite(host_intake, .fini = close_node);

static void deliver_vote(uint64_t now_ms, uint16_t from)
{
    const struct assay_vote_statement st = { .epoch = 1, .view = 1, .type = ASSAY_VOTE_NULLIFY };
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&st, AUTHOR, NULL, &w);
    cr_assert_not(w.full);
    assay_intake_deliver(&t.intake, now_ms, from, ASSAY_MESSAGE_VOTE,
                         assay_slice_over(bytes, w.len));
}

static void deliver_record(uint16_t from, uint8_t which)
{
    const uint8_t bytes[] = { which, 1, 2, 3 };
    assay_intake_deliver(&t.intake, NOW, from, ASSAY_MESSAGE_RECORD,
                         assay_slice_over(bytes, sizeof bytes));
}

Test(host_intake, a_record_that_was_accepted_is_not_processed_again)
{
    open_node(false);
    deliver_record(1, 7);
    deliver_record(2, 7);
    cr_expect_eq(t.stepped, 1);
    cr_expect_eq(t.counters.value[ASSAY_COUNT_DUPLICATE], 1);
    deliver_record(2, 8);
    cr_expect_eq(t.stepped, 2);
    cr_expect_eq(t.hashed, 3);
    cr_expect_eq(t.relayed, 0, "the engine relays records, not the intake");
}

Test(host_intake, a_record_that_was_refused_is_processed_again)
{
    open_node(false);
    t.status = ASSAY_E_EARLY;
    deliver_record(1, 7);
    t.status = ASSAY_OK;
    deliver_record(2, 7);
    cr_expect_eq(t.stepped, 2, "an author that sends first and too early censors nothing");
}

Test(host_intake, votes_are_relayed_in_an_overlay_alone)
{
    open_node(false);
    deliver_vote(NOW, 1);
    deliver_vote(NOW, 1);
    cr_expect(t.stepped == 2 && t.relayed == 0 && t.hashed == 0);
    close_node();
    open_node(true);
    deliver_vote(NOW, 1);
    cr_expect(t.stepped == 1 && t.relayed == 1 && t.resent == 0 && t.hashed == 1);
    cr_expect_eq(t.relayed_except, 1);
    deliver_vote(NOW, 2);
    cr_expect(t.stepped == 1 && t.relayed == 1, "a duplicate costs no step and no bytes");
    t.status = ASSAY_E_DUPLICATE;
    deliver_vote(NOW + t.admission.again_ms, 3);
    cr_expect(t.stepped == 2 && t.relayed == 2 && t.resent == 1, "its author retransmitted it");
}

Test(host_intake, only_verified_messages_are_relayed)
{
    static const enum assay_status refused[] = { ASSAY_E_SIGNATURE, ASSAY_E_STRANGER,
                                                 ASSAY_E_DUPLICATE, ASSAY_E_STALE, ASSAY_E_FULL };
    open_node(true);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        t.status = refused[i];
        deliver_vote(NOW, (uint16_t)(1 + i));
    }
    cr_expect_eq(t.stepped, sizeof refused / sizeof refused[0]);
    cr_expect_eq(t.relayed, 0);
    t.status = ASSAY_OK;
    deliver_vote(NOW, 9);
    cr_expect_eq(t.relayed, 1, "refused copies do not keep out the true one");
}

Test(host_intake, invalid_signatures_end_in_a_ban_of_their_sender)
{
    open_node(false);
    t.status = ASSAY_E_SIGNATURE;
    for (uint8_t i = 0; i < 100 && t.banned == 0; i++)
        deliver_record(3, i);
    cr_expect_eq(t.banned, 1);
    cr_expect(assay_limit_is_banned(&t.limits[3], NOW));
    cr_expect_not(assay_limit_is_banned(&t.limits[4], NOW));
}

Test(host_intake, a_node_that_stopped_does_nothing_more)
{
    open_node(true);
    t.stops = true;
    deliver_vote(NOW, 1);
    cr_expect_eq(t.stepped, 1);
    cr_expect_eq(t.relayed, 0);
    cr_expect_eq(t.counters.value[ASSAY_COUNT_ENGINE_ACCEPTED], 0);
}

Test(host_intake, the_driver_opens_links_and_is_without_effect_in_a_full_mesh)
{
    const uint8_t join = ASSAY_OVERLAY_JOIN;
    const struct assay_slice payload = assay_slice_over(&join, 1);
    open_node(false);
    assay_overlay_driver_apply(&t.driver, NOW);
    assay_overlay_driver_on_epoch_closed(&t.driver, NOW, 1);
    cr_expect_eq(t.opened + t.closed + t.sent, 0);
    cr_expect_eq(assay_overlay_driver_wake_at(&t.driver), UINT64_MAX);
    cr_expect_eq(assay_overlay_driver_on_neighbour(&t.driver, NOW, 1, payload), ASSAY_E_INVALID);
    cr_expect_eq(assay_overlay_driver_on_prune(&t.driver, NOW, 1, payload), ASSAY_E_STRANGER);
    close_node();
    open_node(true);
    assay_overlay_driver_apply(&t.driver, NOW);
    cr_expect_geq(t.opened, 7, "its own choices (docs/protocol.md 4.12.1)");
    cr_expect_eq(t.sent, t.opened, "each is asked");
    cr_expect_neq(assay_overlay_driver_wake_at(&t.driver), UINT64_MAX);
}

static bool is_any(void *context, uint16_t slot)
{
    (void)context;
    return slot < MEMBERS;
}

static uint32_t count_route(uint16_t to)
{
    const uint8_t byte = 1;
    const struct assay_outbound_message message = { .to = to,
                                                    .except = ASSAY_SLOT_ALL,
                                                    .kind = ASSAY_MESSAGE_RECORD,
                                                    .payload = assay_slice_over(&byte, 1) };
    struct assay_relay walk =
        assay_overlay_driver_route(&t.driver, NULL, NOW, MEMBERS, &message, NULL, false);
    uint32_t count = 0;
    uint16_t slot = 0;
    while (assay_relay_next(&walk, is_any, NULL, &slot))
        count++;
    return count;
}

Test(host_intake, a_broadcast_goes_to_all_members_or_to_the_neighbours)
{
    open_node(false);
    cr_expect_eq(count_route(ASSAY_SLOT_ALL), MEMBERS - 1);
    cr_expect_eq(count_route(5), 1);
    close_node();
    open_node(true);
    assay_overlay_driver_apply(&t.driver, NOW);
    cr_expect_eq(count_route(ASSAY_SLOT_ALL), assay_overlay_count(t.driver.overlay));
    cr_expect_eq(count_route(5), 1);
}

static void deliver_envelope(uint16_t from, uint32_t number, uint8_t evidence[static 32])
{
    struct assay_envelope envelope = {
        .epoch = 1, .incarnation = 1, .kind = ASSAY_KIND_SOFT, .evidence_len = 1
    };
    uint8_t bytes[ASSAY_ENVELOPE_LEN_MAX];
    size_t signature_at = 0;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_sha256(&number, sizeof number, envelope.evidence_digest);
    assay_bytes_copy(evidence, 32, envelope.evidence_digest, 32);
    cr_assert_eq(assay_envelope_encode(&envelope, &w, &signature_at), ASSAY_OK);
    assay_intake_deliver(&t.intake, NOW, from, ASSAY_MESSAGE_ENVELOPE,
                         assay_slice_over(bytes, w.len));
}

/* docs/protocol.md 4.12.8: envelopes that the engine refuses, of any member, do not displace which
 * neighbour announced evidence. */
Test(host_intake, refused_envelopes_displace_no_announcement)
{
    open_node(true);
    assay_overlay_driver_apply(&t.driver, NOW);
    const uint16_t announcer =
        assay_overlay_get(t.driver.overlay, assay_overlay_count(t.driver.overlay) - 1);
    struct assay_fetch_request request = {
        .len = 1, .origin = AUTHOR, .epoch = 1, .kind = ASSAY_KIND_SOFT
    };
    struct assay_gossip_action action;
    uint8_t junk[32];
    uint32_t number = 0;
    /* Of evidence that another neighbour would be asked for first. */
    do {
        deliver_envelope(announcer, number++, request.digest);
    } while (((uint32_t)request.digest[0] << 8 | request.digest[1]) %
                 assay_overlay_count(t.driver.overlay) ==
             assay_overlay_count(t.driver.overlay) - 1);
    t.status = ASSAY_E_STALE;
    for (uint32_t i = 0; i < 2 * ASSAY_ANNOUNCED_MAX; i++)
        deliver_envelope(1, 1000 + i, junk);
    cr_assert_eq(assay_gossip_fetch(t.intake.gossip, NOW, &request), ASSAY_OK);
    cr_assert(assay_gossip_next(t.intake.gossip, NOW, &action));
    cr_expect_eq(action.kind, ASSAY_GOSSIP_PULL);
    cr_expect_eq(action.to, announcer);
}

Test(host_intake, what_a_refused_envelope_replaced_is_there_again)
{
    uint8_t evidence[32], other[32];
    struct assay_gossip_action action;
    struct assay_fetch_request request = { .len = 1, .origin = AUTHOR, .kind = ASSAY_KIND_SOFT };
    open_node(true);
    assay_overlay_driver_apply(&t.driver, NOW);
    const uint16_t announcer = assay_overlay_get(t.driver.overlay, 0);
    for (uint32_t i = 0; i <= ASSAY_ANNOUNCED_MAX; i++) /* the ring is full, and goes on */
        deliver_envelope(announcer, i, evidence);
    t.status = ASSAY_E_SIGNATURE;
    deliver_envelope(2, 5000, other);
    assay_bytes_copy(request.digest, 32, evidence, 32);
    cr_assert_eq(assay_gossip_fetch(t.intake.gossip, NOW, &request), ASSAY_OK);
    cr_assert(assay_gossip_next(t.intake.gossip, NOW, &action));
    cr_expect_eq(action.to, announcer);
}
