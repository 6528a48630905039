/*
 * tests/integration/net/test_hostile.c - tests of a hostile member on the wire.
 *
 * A member that misbehaves on the wire, with its own good keys: every frame of it is refused for
 * the right reason, and the others go on.
 */
#include "net/runtime/runtime_internal.h"
#include "tests/integration/net/network.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { FOUR = 4, EPOCH_MS = 600, START_MS = 300, PATIENCE_MS = 60000, EVIL = 3 };

static struct network *network;
static struct assay_keyring ring;
static struct assay_roster_entry entries[FOUR];
static struct assay_roster roster;
static struct assay_traffic_counters own;
static struct assay_link *evil; /* speaks with the keys of node EVIL, whose host is down */

static bool past(const struct network *n, const void *context)
{
    for (uint32_t i = 0; i < EVIL; i++)
        if (network_epoch(n, i) <= *(const uint64_t *)context) return false;
    return true;
}

static void run_past(uint64_t epoch)
{
    cr_assert(network_run(network, PATIENCE_MS, past, &epoch));
}

static void start(void)
{
    char message[ASSAY_LINK_MESSAGE_LEN];
    network = network_make(FOUR, EPOCH_MS, START_MS);
    for (uint32_t i = 0; i < EVIL; i++)
        cr_assert(network_up(network, i));
    cr_assert_eq(assay_keyring_load(network->nodes[EVIL].keys_dir, &ring), ASSAY_OK);
    for (uint32_t i = 0; i < FOUR; i++)
        assay_bytes_copy(entries[i].bootstrap, 32, network->genesis.members[i].bootstrap_public,
                         32);
    roster = (struct assay_roster){ FOUR, network->nodes[EVIL].slot, entries };
    const struct assay_link_config config = { .roster = &roster,
                                              .counters = &own,
                                              .bootstrap_secret = &ring.bootstrap_private,
                                              .bootstrap_public = ring.bootstrap_public,
                                              .listen = "tcp://127.0.0.1:*" };
    cr_assert_eq(assay_link_open(&config, &evil, message), ASSAY_OK, "%s", message);
    cr_assert_eq(
        assay_link_identify(evil, &ring.current.transport_private, ring.current.transport_public),
        ASSAY_OK);
    cr_assert_eq(assay_link_peer(evil, network->nodes[0].slot, network->nodes[0].endpoint),
                 ASSAY_OK);
}

static void stop(void)
{
    assay_link_close(&evil);
    assay_keyring_wipe(&ring);
    network_free(&network);
}

static uint64_t counted(enum assay_counter which)
{
    return network->nodes[0].host->counters.value[which];
}

static void send_bytes(const void *bytes, size_t len)
{
    cr_assert_eq(assay_link_send(evil, network->nodes[0].slot, assay_slice_over(bytes, len), 0),
                 ASSAY_OK);
    cr_assert_eq(assay_link_wait(evil, 0, NULL, 0, 0), ASSAY_OK);
}

static void send_frame(unsigned kind, const void *payload, size_t len)
{
    static uint8_t bytes[ASSAY_FRAME_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_frame_encode(network->genesis.chain_id, (enum assay_message_kind)kind,
                                    assay_slice_over(payload, len), &w),
                 ASSAY_OK);
    send_bytes(bytes, w.len);
}

/* Let the network work until the counter moved. */
static bool moved(const struct network *n, const void *context)
{
    const enum assay_counter *which = context;
    (void)n;
    cr_assert_eq(assay_link_wait(evil, 0, NULL, 0, 0), ASSAY_OK);
    return counted(*which) > 0;
}

static void expect(enum assay_counter which)
{
    cr_assert(network_run(network, 5000, moved, &which), "%s did not move",
              assay_counter_name(which));
}

Test(net_hostile, every_bad_frame_is_counted_under_its_reason, .init = start, .fini = stop)
{
    uint8_t bytes[256] = { 0 };
    run_past(1);
    send_bytes(bytes, 1);
    expect(ASSAY_COUNT_FRAME_VERSION);
    bytes[0] = ASSAY_WIRE_VERSION;
    send_bytes(bytes, 5);
    expect(ASSAY_COUNT_FRAME_TRUNCATED);
    send_bytes(bytes, 60);
    expect(ASSAY_COUNT_FRAME_CHAIN);
    send_frame(999, bytes, 1);
    expect(ASSAY_COUNT_FRAME_KIND);
    send_frame(ASSAY_MESSAGE_PAGE, bytes, sizeof bytes);
    expect(ASSAY_COUNT_PAGE_MALFORMED);
    send_frame(ASSAY_MESSAGE_EVIDENCE_PULL, bytes, 31);
    expect(ASSAY_COUNT_EVIDENCE_REQUEST_MALFORMED);
    send_frame(ASSAY_MESSAGE_EVIDENCE_PULL, bytes, 32);
    expect(ASSAY_COUNT_EVIDENCE_REQUEST_UNKNOWN);
    send_frame(ASSAY_MESSAGE_EVIDENCE, bytes, 3);
    expect(ASSAY_COUNT_EVIDENCE_MALFORMED);
    send_frame(ASSAY_MESSAGE_EVIDENCE, bytes, 100);
    expect(ASSAY_COUNT_EVIDENCE_UNSOLICITED);
    send_frame(ASSAY_MESSAGE_SYNC_ASK, bytes, 9);
    expect(ASSAY_COUNT_SYNC_MALFORMED);
    send_frame(ASSAY_MESSAGE_SERVICE_ASK, bytes, 3);
    expect(ASSAY_COUNT_SERVICE_MALFORMED);
    send_frame(ASSAY_MESSAGE_SERVICE_ANSWER, bytes, 17);
    expect(ASSAY_COUNT_SERVICE_UNSOLICITED);
    send_frame(ASSAY_MESSAGE_ENVELOPE, bytes, 9);
    expect(ASSAY_COUNT_ENGINE_ENCODING);
    run_past(network_epoch(network, 0) + 1);
}

Test(net_hostile, a_flood_costs_the_flooder_alone, .init = start, .fini = stop)
{
    uint8_t ask[16];
    run_past(1);
    const uint64_t since = network_epoch(network, 0);
    for (uint64_t i = 0; i < 20000; i++) {
        struct assay_writer w = assay_writer_over(ask, sizeof ask);
        assay_service_probe_request_encode(i, &w);
        send_frame(ASSAY_MESSAGE_SERVICE_ASK, ask, w.len);
        if (i % 50 == 0) network_run(network, 1, NULL, NULL);
    }
    expect(ASSAY_COUNT_RATE_MESSAGES);
    struct assay_engine_snapshot snapshot = { 0 };
    /* On a busy machine one epoch may come to nothing, flood or not. */
    for (uint64_t epoch = since + 2; epoch < since + 8 && !snapshot.certified; epoch++) {
        run_past(epoch);
        assay_engine_snapshot(assay_runtime_engine(network->nodes[0].host), &snapshot);
    }
    cr_assert(snapshot.certified, "three of four close certified epochs through it");
}

/* What no build sends costs its sender the connection, for a while, and nobody anything else. */
Test(net_hostile, who_sends_what_is_no_message_is_hung_up, .init = start, .fini = stop)
{
    uint8_t vote[200] = { 0x83 };
    run_past(1);
    for (int i = 0; i < 200; i++) {
        vote[1] = (uint8_t)i;
        send_frame(ASSAY_MESSAGE_VOTE, vote, sizeof vote);
    }
    expect(ASSAY_COUNT_SHUT);
    expect(ASSAY_COUNT_CONNECTION_CUT);
    expect(ASSAY_COUNT_HANDSHAKE_SHUT);
    cr_assert_eq(counted(ASSAY_COUNT_BANS), 0);
    run_past(network_epoch(network, 0) + 2);
    for (uint32_t i = 0; i < EVIL; i++) {
        struct assay_member_snapshot member;
        network_look(network, 0, i, &member);
        cr_assert_eq(member.trust.score.standing, ASSAY_STANDING_FULL);
    }
}

Test(net_hostile, large_objects_that_never_end_are_forgotten, .init = start, .fini = stop)
{
    static uint8_t object[ASSAY_OBJECT_LEN_MAX], page[ASSAY_FRAME_LEN_MAX];
    run_past(1);
    for (unsigned i = 0; i < 40; i++) {
        uint8_t digest[32];
        struct assay_writer w = assay_writer_over(page, sizeof page);
        object[0] = (uint8_t)i;
        assay_page_digest(ASSAY_MESSAGE_PROPOSAL, assay_slice_over(object, sizeof object), digest);
        cr_assert_eq(assay_page_encode(ASSAY_MESSAGE_PROPOSAL,
                                       assay_slice_over(object, sizeof object), digest, 0, &w),
                     ASSAY_OK);
        send_frame(ASSAY_MESSAGE_PAGE, page, w.len);
        network_run(network, 5, NULL, NULL);
    }
    expect(ASSAY_COUNT_PAGE_EVICTED);
    struct assay_pages_losses losses;
    cr_assert_leq(assay_pages_get_bytes(network->nodes[0].host->pages, &losses),
                  (size_t)ASSAY_PAGE_OBJECTS_PER_PEER * ASSAY_PAGE_LEN);
    run_past(network_epoch(network, 0) + 1);
}

/* Of each key at most one value: nothing was signed twice. */
struct audit {
    struct assay_store_key last;
    bool any, twice;
};

static bool look_at(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct audit *audit = context;
    (void)value;
    audit->twice |=
        audit->any && key->epoch == audit->last.epoch && key->number == audit->last.number;
    audit->any = true;
    audit->last = *key;
    return true;
}

static bool signed_twice(struct assay_store *store, enum assay_store_class class_)
{
    struct audit audit = { 0 };
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { UINT32_MAX, UINT64_MAX, UINT64_MAX, { 0 } };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    cr_assert_eq(store->ops->scan(store, class_, &from, &to, false, look_at, &audit), ASSAY_OK);
    return audit.twice;
}

static bool stopped(const struct network *n, const void *context)
{
    return n->nodes[*(const uint32_t *)context].status != ASSAY_E_AGAIN;
}

Test(net_hostile, a_node_that_dies_at_one_commit_after_another_signs_nothing_twice)
{
    const uint32_t victim = 1;
    network = network_make(FOUR, EPOCH_MS, START_MS);
    for (uint32_t i = 0; i < FOUR; i++)
        cr_assert(network_up(network, i));
    uint64_t epoch = 1;
    cr_assert(network_run(network, PATIENCE_MS, past, &epoch));
    for (uint64_t k = 1; k <= 12; k++) {
        /* before the batch is durable, and after it but before anything of it is sent */
        struct assay_store *store = network->nodes[victim].store;
        const enum assay_store_fault fault =
            k % 2 ? ASSAY_STORE_FAULT_COMMIT : ASSAY_STORE_FAULT_COMMIT_ACK;
        assay_store_memory_fail(store, fault, k, false);
        cr_assert(network_run(network, PATIENCE_MS, stopped, &victim), "commit %u", (unsigned)k);
        cr_assert_eq(network->nodes[victim].status, ASSAY_E_STORE);
        network_down(network, victim);
        assay_store_memory_crash(store);
        cr_assert(network_up(network, victim));
        network_run(network, 100, NULL, NULL);
    }
    epoch = network_epoch(network, 0) + 3;
    cr_assert(network_run(network, PATIENCE_MS, past, &epoch));
    cr_assert_not(signed_twice(network->nodes[victim].store, ASSAY_STORE_VOTE));
    cr_assert_not(signed_twice(network->nodes[victim].store, ASSAY_STORE_ENVELOPE));
    cr_assert_not(signed_twice(network->nodes[victim].store, ASSAY_STORE_BALLOT));
    for (uint32_t i = 0; i < FOUR; i++) {
        struct assay_member_snapshot member;
        network_look(network, i, victim, &member);
        cr_assert_eq(member.trust.offences.count, 0, "nobody holds two signatures of it");
        cr_assert_eq(member.incarnation, 1);
    }
    network_free(&network);
}
