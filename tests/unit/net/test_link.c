/*
 * tests/unit/net/test_link.c - tests of the ZeroMQ sockets.
 *
 * The sockets: who gets in, what of them is heard, and what happens to the rest.
 */
#include "base/crypto.h"
#include "host/peers/wire.h"
#include "tests/unit/net/link_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

Test(net_link, carries_a_frame_and_knows_who_sent_it)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    introduce(0, 1);
    introduce(2, 1);
    say(2, 1, "hello");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_str_eq(text, "hello");
    cr_assert_eq(slot, 2);
    say(0, 1, "good day");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_eq(slot, 0);
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_HANDSHAKE_ACCEPTED], 2);
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_HANDSHAKE_STRANGER], 0);
    close_all();
}

Test(net_link, gives_a_stranger_silence_and_a_counter)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    /* Node 2 is a stranger to node 1: neither of its keys is on node 1's roster. */
    assay_bytes_zero(nodes[1].entries[2].bootstrap, 32);
    assay_bytes_zero(nodes[1].entries[2].transport, 32);
    introduce(2, 1);
    say(2, 1, "let me in");
    cr_assert(counts(1, ASSAY_COUNT_HANDSHAKE_STRANGER, 1));
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    /* It kept dialling; once it is listed it gets in without anybody's help. */
    assay_bytes_copy(nodes[1].entries[2].transport, 32, nodes[2].transport, 32);
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_str_eq(text, "let me in");
    close_all();
}

Test(net_link, goes_on_for_members_while_a_stranger_keeps_dialling)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    assay_bytes_zero(nodes[1].entries[2].bootstrap, 32);
    assay_bytes_zero(nodes[1].entries[2].transport, 32);
    introduce(2, 1);
    say(2, 1, "let me in");
    for (int round = 0; round < 5; round++) { /* each longer than a refused handshake lives */
        cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
        cr_assert_eq(
            assay_link_identify(nodes[0].link, &nodes[0].transport_secret, nodes[0].transport),
            ASSAY_OK);
        introduce(0, 1);
        say(0, 1, "a member");
        cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot), "round %d", round);
        cr_assert_eq(slot, 0);
    }
    cr_assert(counts(1, ASSAY_COUNT_HANDSHAKE_STRANGER, 3));
    close_all();
}

Test(net_link, refuses_an_old_transport_key_on_an_open_connection)
{
    char text[64];
    uint16_t slot = 99;
    uint8_t fresh[32];
    struct assay_secret32 fresh_secret;
    open_all();
    introduce(0, 1);
    say(0, 1, "before");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));

    cr_assert_eq(assay_x25519_generate(&fresh_secret, fresh), ASSAY_OK);
    assay_bytes_copy(nodes[1].entries[0].transport, 32, fresh, 32); /* listed at node 1 */
    say(0, 1, "with the old key");
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    cr_assert(counts(1, ASSAY_COUNT_FRAME_OLD_KEY, 1));
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_FRAME_OLD_KEY], 1);

    cr_assert_eq(assay_link_identify(nodes[0].link, &fresh_secret, fresh), ASSAY_OK);
    say(0, 1, "with the new key");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_str_eq(text, "with the new key");
    cr_assert_eq(slot, 0);
    close_all();
}

Test(net_link, lets_an_unlisted_incarnation_in_by_its_bootstrap_key)
{
    uint16_t slot = 99;
    open_all();
    assay_bytes_zero(nodes[1].entries[0].transport, 32);
    cr_assert_eq(assay_link_identify(nodes[0].link, &nodes[0].bootstrap_secret, nodes[0].bootstrap),
                 ASSAY_OK);
    introduce(0, 1);
    say(0, 1, "knock");
    for (const uint64_t end_ms = now_ms() + LONG_MS; now_ms() < end_ms;) {
        enum assay_roster_key which = ASSAY_ROSTER_TRANSPORT;
        struct assay_slice frame;
        for (size_t i = 0; i < NODES; i++)
            cr_assert_eq(assay_link_wait(nodes[i].link, now_ms(), NULL, 0, STEP_MS), ASSAY_OK);
        if (assay_link_receive(nodes[1].link, &slot, &which, &frame) != ASSAY_OK) continue;
        cr_assert_eq(which, ASSAY_ROSTER_BOOTSTRAP);
        close_all();
        return;
    }
    cr_assert_fail("the bootstrap key opened nothing");
}

Test(net_link, refuses_a_copy_of_oneself)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    /* Node 0 dials node 1 with node 1's own key: a clone. */
    cr_assert_eq(assay_link_identify(nodes[0].link, &nodes[1].transport_secret, nodes[1].transport),
                 ASSAY_OK);
    introduce(0, 1);
    say(0, 1, "I am you");
    cr_assert(counts(1, ASSAY_COUNT_HANDSHAKE_OWN_KEY, 1));
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    close_all();
}

Test(net_link, refuses_handshakes_over_the_budget_and_from_the_banned)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    nodes[1].limits[0].handshakes.level_milli = 0;
    nodes[1].limits[0].handshakes.rate_s = 0;
    nodes[1].limits[2].banned_until_ms = UINT64_MAX;
    introduce(0, 1);
    introduce(2, 1);
    say(0, 1, "too often");
    say(2, 1, "too bad");
    cr_assert(counts(1, ASSAY_COUNT_HANDSHAKE_RATE, 1));
    cr_assert(counts(1, ASSAY_COUNT_HANDSHAKE_BANNED, 1));
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    close_all();
}

/* A caller made with the library itself, as somebody else would. */
static void *raw_caller(void *context, bool curve, const char *routing_id)
{
    void *socket = zmq_socket(context, ZMQ_PUSH);
    cr_assert(assay_socket_int(socket, ZMQ_LINGER, 0));
    if (routing_id != NULL)
        cr_assert(assay_socket_bytes(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)));
    if (curve) {
        cr_assert(assay_socket_bytes(socket, ZMQ_CURVE_SERVERKEY, nodes[1].bootstrap, 32));
        cr_assert(assay_socket_bytes(socket, ZMQ_CURVE_PUBLICKEY, nodes[0].transport, 32));
        cr_assert(
            assay_socket_bytes(socket, ZMQ_CURVE_SECRETKEY, nodes[0].transport_secret.bytes, 32));
    }
    cr_assert_eq(zmq_connect(socket, assay_link_endpoint(nodes[1].link)), 0);
    return socket;
}

Test(net_link, counts_a_caller_without_curve)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    void *context = zmq_ctx_new();
    void *plain = raw_caller(context, false, NULL);
    cr_assert_eq(zmq_send(plain, "hi", 2, 0), 2);
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    zmq_close(plain);
    zmq_ctx_term(context);
    cr_assert(counts(1, ASSAY_COUNT_HANDSHAKE_FAILED, 1));
    close_all();
}

Test(net_link, drops_messages_of_several_parts)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    void *context = zmq_ctx_new();
    void *caller = raw_caller(context, true, NULL);
    cr_assert_eq(zmq_send(caller, "one", 3, ZMQ_SNDMORE), 3);
    cr_assert_eq(zmq_send(caller, "two", 3, ZMQ_SNDMORE), 3);
    cr_assert_eq(zmq_send(caller, "three", 5, 0), 5);
    cr_assert_eq(zmq_send(caller, "whole", 5, 0), 5);
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_str_eq(text, "whole");
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_FRAME_PARTS], 1);
    zmq_close(caller);
    zmq_ctx_term(context);
    close_all();
}

/* A frame whose payload is text; chain and kind are the host's business, not the link's. */
static struct assay_slice frame_of(uint8_t *bytes, const char *text)
{
    const size_t len = strlen(text);
    memset(bytes, 0, ASSAY_FRAME_HEADER_LEN);
    bytes[0] = ASSAY_WIRE_VERSION;
    assay_bytes_copy(bytes + ASSAY_FRAME_HEADER_LEN, len, text, len);
    return assay_slice_over(bytes, ASSAY_FRAME_HEADER_LEN + len);
}

static void say_frame(size_t from, size_t to, const char *text)
{
    uint8_t bytes[64];
    cr_assert_eq(assay_link_send(nodes[from].link, (uint16_t)to, frame_of(bytes, text), 0),
                 ASSAY_OK);
}

static bool hears(size_t at, const char *text, uint16_t from)
{
    char got[64];
    uint16_t slot = 99;
    if (!listen_for(at, LONG_MS, got, sizeof got, &slot)) return false;
    return slot == from && strcmp(got + ASSAY_FRAME_HEADER_LEN, text) == 0;
}

Test(net_link, what_waits_for_one_peer_leaves_as_one_frame)
{
    open_all();
    introduce(0, 1);
    say_frame(0, 1, "up");
    cr_assert(hears(1, "up", 0));
    const uint64_t before = nodes[0].counters.value[ASSAY_COUNT_FRAMES_OUT];
    say_frame(0, 1, "one");
    say_frame(0, 1, "two");
    say_frame(0, 1, "three");
    assay_link_flush(nodes[0].link);
    cr_assert_eq(nodes[0].counters.value[ASSAY_COUNT_FRAMES_OUT], before + 1);
    cr_assert(hears(1, "one", 0));
    cr_assert(hears(1, "two", 0));
    cr_assert(hears(1, "three", 0));
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_FRAMES_IN], 2);
    close_all();
}

Test(net_link, a_long_batch_gains_nobody_a_longer_turn)
{
    struct assay_slice frame;
    enum assay_roster_key which;
    uint16_t slot = 0, honest_at = 0;
    open_all();
    introduce(0, 1);
    introduce(2, 1);
    say_frame(0, 1, "up");
    cr_assert(hears(1, "up", 0));
    say_frame(2, 1, "up");
    cr_assert(hears(1, "up", 2));
    for (int i = 0; i < 100; i++)
        say_frame(0, 1, "flood");
    assay_link_flush(nodes[0].link);
    say_frame(2, 1, "honest");
    assay_link_flush(nodes[2].link);
    const uint64_t end_ms = now_ms() + LONG_MS;
    while (nodes[1].link->waiting < 2 && now_ms() < end_ms)
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, STEP_MS), ASSAY_OK);
    cr_assert_eq(nodes[1].link->waiting, 2, "one batch of a hundred, one frame");
    for (uint16_t i = 1; i <= 101; i++) {
        cr_assert_eq(assay_link_receive(nodes[1].link, &slot, &which, &frame), ASSAY_OK);
        if (slot == 2) honest_at = i;
    }
    cr_assert(honest_at == 1 || honest_at == 2, "served in turn, not %u.", honest_at);
    close_all();
}

Test(net_link, what_is_passed_on_waits_and_is_spared)
{
    uint8_t bytes[64];
    char text[64];
    uint16_t slot = 99;
    open_all();
    introduce(0, 1);
    say_frame(0, 1, "up");
    cr_assert(hears(1, "up", 0));
    cr_assert_eq(assay_link_send(nodes[0].link, 1, frame_of(bytes, "known"), 7), ASSAY_OK);
    cr_assert_eq(assay_link_send(nodes[0].link, 1, frame_of(bytes, "news"), 8), ASSAY_OK);
    assay_link_spare(nodes[0].link, 1, 7);
    assay_link_spare(nodes[0].link, 1, 7);
    cr_assert_eq(nodes[0].counters.value[ASSAY_COUNT_SEND_REDUNDANT], 1);
    cr_assert(hears(1, "news", 0));
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    close_all();
}

/* What waits for company, too: the last word of an epoch, before the link is made anew. */
Test(net_link, what_lingers_leaves_before_the_end)
{
    uint8_t bytes[64];
    struct assay_slice frame = { 0 };
    enum assay_roster_key which;
    uint16_t slot = 99;
    open_all();
    introduce(0, 1);
    say_frame(0, 1, "up");
    cr_assert(hears(1, "up", 0));
    cr_assert_eq(assay_link_send(nodes[0].link, 1, frame_of(bytes, "last"), 7), ASSAY_OK);
    assay_link_linger(nodes[0].link, LONG_MS);
    assay_link_close(&nodes[0].link);
    const uint64_t end_ms = now_ms() + LONG_MS;
    while (nodes[1].link->waiting == 0 && now_ms() < end_ms)
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, STEP_MS), ASSAY_OK);
    cr_assert_eq(assay_link_receive(nodes[1].link, &slot, &which, &frame), ASSAY_OK);
    cr_assert_eq(slot, 0);
    cr_assert_geq(frame.len, ASSAY_FRAME_HEADER_LEN + 4);
    cr_assert(assay_bytes_equal(frame.bytes + ASSAY_FRAME_HEADER_LEN, "last", 4));
    close_all();
}

Test(net_link, forgets_the_rest_of_a_malformed_batch)
{
    static uint8_t all[256];
    uint8_t bytes[64];
    struct assay_writer w = assay_writer_over(all, sizeof all);
    open_all();
    void *context = zmq_ctx_new();
    void *caller = raw_caller(context, true, NULL);
    cr_assert_eq(assay_batch_add(&w, frame_of(bytes, "good")), ASSAY_OK);
    assay_writer_u16be(&w, 999);
    cr_assert_eq(zmq_send(caller, all, w.len, 0), (int)w.len);
    cr_assert_eq(zmq_send(caller, frame_of(bytes, "next").bytes, ASSAY_FRAME_HEADER_LEN + 4, 0),
                 ASSAY_FRAME_HEADER_LEN + 4);
    cr_assert(hears(1, "good", 0));
    cr_assert(hears(1, "next", 0));
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_FRAME_BATCH], 1);
    zmq_close(caller);
    zmq_ctx_term(context);
    close_all();
}

Test(net_link, survives_two_callers_with_one_routing_id)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    void *context = zmq_ctx_new();
    void *squatter = raw_caller(context, true, "node-2");
    cr_assert_eq(zmq_send(squatter, "first", 5, 0), 5);
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_eq(slot, 0, "the routing id is not believed");
    void *second = raw_caller(context, true, "node-2");
    introduce(2, 1);
    say(2, 1, "honest");
    do {
        cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    } while (slot != 2);
    cr_assert_str_eq(text, "honest");
    zmq_close(second);
    zmq_close(squatter);
    zmq_ctx_term(context);
    close_all();
}

Test(net_link, hangs_up_on_a_frame_above_the_limit)
{
    static uint8_t big[ASSAY_FRAME_LEN_MAX + 64];
    uint16_t slot = 99;
    open_all();
    cr_assert_eq(assay_link_send(nodes[0].link, 1, assay_slice_over(big, ASSAY_FRAME_LEN_MAX), 0),
                 ASSAY_E_NOT_FOUND);
    introduce(0, 1);
    const struct assay_slice too_big = assay_slice_over(big, ASSAY_FRAME_LEN_MAX + 1);
    cr_assert_eq(assay_link_send(nodes[0].link, 1, too_big, 0), ASSAY_E_RANGE);
    cr_assert_eq(assay_link_send(nodes[0].link, 1, assay_slice_over(big, ASSAY_FRAME_LEN_MAX), 0),
                 ASSAY_OK);
    static char text[ASSAY_FRAME_LEN_MAX + 64];
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot), "the largest frame goes through");

    void *context = zmq_ctx_new();
    void *caller = raw_caller(context, true, NULL);
    cr_assert_eq(zmq_send(caller, big, ASSAY_FRAME_LEN_MAX + 1, 0), ASSAY_FRAME_LEN_MAX + 1);
    cr_assert_not(listen_for(1, SILENCE_MS, text, sizeof text, &slot));
    zmq_close(caller);
    zmq_ctx_term(context);
    close_all();
}

Test(net_link, bounds_what_waits_for_a_peer_that_is_away)
{
    open_all();
    cr_assert_eq(assay_link_peer(nodes[0].link, 1, "tcp://127.0.0.1:1"), ASSAY_OK);
    for (int i = 0; i < 2 * ASSAY_OUTBOX_FRAMES_MAX; i++)
        say(0, 1, "nobody is there");
    cr_assert_eq(nodes[0].counters.value[ASSAY_COUNT_SEND_DROPPED], ASSAY_OUTBOX_FRAMES_MAX);
    close_all();
}

Test(net_link, says_when_the_port_is_in_use)
{
    struct assay_link *second = NULL;
    char message[ASSAY_LINK_MESSAGE_LEN] = "";
    open_all();
    const struct assay_link_config config = {
        .roster = &nodes[0].roster,
        .counters = &nodes[0].counters,
        .bootstrap_secret = &nodes[0].bootstrap_secret,
        .bootstrap_public = nodes[0].bootstrap,
        .listen = assay_link_endpoint(nodes[1].link),
    };
    cr_assert_eq(assay_link_open(&config, &second, message), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "cannot listen on"));
    cr_assert_null(second);
    close_all();
}

/* A listener that refuses no key: the self-test waits until one of its callers is let in. */
static bool pump_nothing(void *context)
{
    (void)context;
    return false;
}

/* The self-test must be able to fail: listeners that let strangers in. */
Test(net_link, self_test_notices_a_listener_without_curve)
{
    char endpoint[128];
    size_t len = sizeof endpoint;
    make_keys();
    void *context = zmq_ctx_new();
    void *bootstrap = zmq_socket(context, ZMQ_PULL);
    cr_assert_eq(zmq_bind(bootstrap, "tcp://127.0.0.1:*"), 0);
    cr_assert_eq(zmq_getsockopt(bootstrap, ZMQ_LAST_ENDPOINT, endpoint, &len), 0);
    cr_assert_eq(assay_selftest(context, endpoint, nodes[0].bootstrap, &nodes[1].bootstrap_secret,
                                nodes[1].bootstrap, pump_nothing, NULL),
                 ASSAY_E_INVALID);
    zmq_close(bootstrap);
    zmq_ctx_term(context);
}

/* Accepts every client of the listener, and refuses none. */
static bool pump_yes(void *zap)
{
    char id[64] = "", part[256];
    int more = 1;
    for (int at = 0; more != 0; at++) {
        size_t len = sizeof more;
        const int got = zmq_recv(zap, at == 1 ? id : part, sizeof id, ZMQ_DONTWAIT);
        if (got < 0) return false;
        if (zmq_getsockopt(zap, ZMQ_RCVMORE, &more, &len) != 0) return false;
    }
    const char *const answer[] = { "1.0", id, "200", "", "", "" };
    for (int i = 0; i < 6; i++)
        (void)zmq_send(zap, answer[i], strlen(answer[i]), i < 5 ? ZMQ_SNDMORE : 0);
    return false;
}

Test(net_link, self_test_notices_a_listener_that_takes_passwords)
{
    char endpoint[128];
    size_t len = sizeof endpoint;
    make_keys();
    void *context = zmq_ctx_new();
    void *zap = zmq_socket(context, ZMQ_REP);
    void *bootstrap = zmq_socket(context, ZMQ_PULL);
    cr_assert_eq(zmq_bind(zap, "inproc://zeromq.zap.01"), 0);
    cr_assert(assay_socket_int(bootstrap, ZMQ_PLAIN_SERVER, 1));
    cr_assert(assay_socket_bytes(bootstrap, ZMQ_ZAP_DOMAIN, "assay", 5));
    cr_assert_eq(zmq_bind(bootstrap, "tcp://127.0.0.1:*"), 0);
    cr_assert_eq(zmq_getsockopt(bootstrap, ZMQ_LAST_ENDPOINT, endpoint, &len), 0);
    cr_assert_eq(assay_selftest(context, endpoint, nodes[0].bootstrap, &nodes[1].bootstrap_secret,
                                nodes[1].bootstrap, pump_yes, zap),
                 ASSAY_E_INVALID);
    zmq_close(bootstrap);
    zmq_close(zap);
    zmq_ctx_term(context);
}

Test(net_link, self_test_notices_a_listener_that_takes_every_key)
{
    char endpoint[128];
    size_t len = sizeof endpoint;
    make_keys();
    void *context = zmq_ctx_new();
    void *bootstrap = zmq_socket(context, ZMQ_PULL);
    cr_assert(assay_socket_int(bootstrap, ZMQ_CURVE_SERVER, 1));
    cr_assert(
        assay_socket_bytes(bootstrap, ZMQ_CURVE_SECRETKEY, nodes[0].bootstrap_secret.bytes, 32));
    cr_assert_eq(zmq_bind(bootstrap, "tcp://127.0.0.1:*"), 0);
    cr_assert_eq(zmq_getsockopt(bootstrap, ZMQ_LAST_ENDPOINT, endpoint, &len), 0);
    cr_assert_eq(assay_selftest(context, endpoint, nodes[0].bootstrap, &nodes[1].bootstrap_secret,
                                nodes[1].bootstrap, pump_nothing, NULL),
                 ASSAY_E_INVALID);
    zmq_close(bootstrap);
    zmq_ctx_term(context);
}
