/*
 * tests/unit/net/test_link_answers.c - tests of links that answer on the connection that a frame
 * came on, so that a member needs no address.
 */
#include "host/peers/wire.h"
#include "tests/unit/net/link_world.h"

#include <criterion/criterion.h>
#include <string.h>

enum { CLIENT = 0, SERVER = 1, OTHER = 2 };

static char text[2048];
static uint16_t slot;

/* Node 0 listens nowhere. */
static void set_up(void)
{
    links_answer = true;
    make_keys();
    open_node(CLIENT, "");
    open_node(SERVER, NULL);
    open_node(OTHER, "");
    introduce(CLIENT, SERVER);
    introduce(OTHER, SERVER);
    cr_assert_str_eq(assay_link_endpoint(nodes[CLIENT].link), "");
}

TestSuite(net_link_answers, .init = set_up, .fini = close_all, .timeout = 300);

static void expect_received(size_t at, size_t from, const char *said)
{
    cr_assert(listen_for(at, LONG_MS, text, sizeof text, &slot), "node %zu receives nothing", at);
    cr_expect_str_eq(text, said);
    cr_expect_eq(slot, from);
}

static enum assay_status answer(size_t to, const char *what)
{
    return assay_link_send(nodes[SERVER].link, (uint16_t)to, assay_slice_over(what, strlen(what)),
                           0);
}

Test(net_link_answers, a_member_without_an_address_is_answered)
{
    cr_expect_eq(answer(CLIENT, "too early"), ASSAY_E_NOT_FOUND);
    say(CLIENT, SERVER, "a question");
    say(OTHER, SERVER, "another one");
    for (int i = 0; i < 2; i++) {
        cr_assert(listen_for(SERVER, LONG_MS, text, sizeof text, &slot));
        cr_expect_str_eq(text, slot == CLIENT ? "a question" : "another one");
        cr_assert_eq(answer(slot, slot == CLIENT ? "an answer" : "its answer"), ASSAY_OK);
    }
    expect_received(CLIENT, SERVER, "an answer");
    expect_received(OTHER, SERVER, "its answer");
    for (int i = 0; i < 50; i++) {
        say(CLIENT, SERVER, "again");
        expect_received(SERVER, CLIENT, "again");
        cr_assert_eq(answer(CLIENT, "and again"), ASSAY_OK);
        cr_assert_eq(answer(CLIENT, "in one batch"), ASSAY_OK);
        expect_received(CLIENT, SERVER, "and again");
        expect_received(CLIENT, SERVER, "in one batch");
    }
}

Test(net_link_answers, a_member_that_came_back_is_answered_on_its_new_connection)
{
    say(CLIENT, SERVER, "once");
    expect_received(SERVER, CLIENT, "once");
    for (int round = 0; round < 3; round++) {
        assay_link_close(&nodes[CLIENT].link);
        open_node(CLIENT, "");
        introduce(CLIENT, SERVER);
        say(CLIENT, SERVER, "again");
        expect_received(SERVER, CLIENT, "again");
        cr_assert_eq(answer(CLIENT, "welcome"), ASSAY_OK);
        expect_received(CLIENT, SERVER, "welcome");
    }
}

/* While it is away the connection is gone: what is said to it is dropped, and nothing stops. */
Test(net_link_answers, answers_to_a_member_that_left_are_dropped)
{
    say(CLIENT, SERVER, "once");
    expect_received(SERVER, CLIENT, "once");
    assay_link_close(&nodes[CLIENT].link);
    for (int i = 0; i < 200; i++) {
        if (answer(CLIENT, "gone") == ASSAY_E_NOT_FOUND) break;
        cr_assert_eq(assay_link_wait(nodes[SERVER].link, now_ms(), NULL, 0, STEP_MS), ASSAY_OK);
    }
    cr_expect_eq(answer(CLIENT, "gone"), ASSAY_E_NOT_FOUND);
    say(OTHER, SERVER, "still there");
    expect_received(SERVER, OTHER, "still there");
}

/* Another session has the place, so the connection of the one before is none of its. */
Test(net_link_answers, a_member_in_the_place_of_another_is_not_answered_on_its_connection)
{
    say(CLIENT, SERVER, "mine");
    expect_received(SERVER, CLIENT, "mine");
    assay_bytes_copy(nodes[SERVER].entries[CLIENT].transport, 32, nodes[OTHER].bootstrap, 32);
    assay_bytes_copy(nodes[SERVER].entries[CLIENT].bootstrap, 32, nodes[OTHER].bootstrap, 32);
    assay_link_remove_peer(nodes[SERVER].link, CLIENT);
    cr_expect_eq(answer(CLIENT, "not for you"), ASSAY_E_NOT_FOUND);
    say(CLIENT, SERVER, "mine, still");
    cr_expect_not(listen_for(SERVER, SILENCE_MS, text, sizeof text, &slot));
    cr_expect_eq(answer(CLIENT, "not for you"), ASSAY_E_NOT_FOUND);
}

/* Frames of a replica that has another key now are not those of the new one. */
Test(net_link_answers, what_came_from_a_member_before_it_was_removed_is_dropped)
{
    say(CLIENT, SERVER, "once");
    expect_received(SERVER, CLIENT, "once");
    cr_assert_eq(answer(CLIENT, "old"), ASSAY_OK);
    const uint64_t end_ms = now_ms() + LONG_MS;
    while (assay_link_get_bytes(nodes[CLIENT].link, SERVER) == 0 && now_ms() < end_ms)
        for (size_t i = 0; i < NODES; i++)
            cr_assert_eq(assay_link_wait(nodes[i].link, now_ms(), NULL, 0, 0), ASSAY_OK);
    cr_assert_gt(assay_link_get_bytes(nodes[CLIENT].link, SERVER), 0);
    assay_link_remove_peer(nodes[CLIENT].link, SERVER);
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_slice frame;
    cr_expect_eq(assay_link_receive(nodes[CLIENT].link, &slot, &which, &frame), ASSAY_E_AGAIN);
}

/* A caller with the keys of a member, and libzmq at its hands. */
static void *open_raw(void *context, const char *id)
{
    void *raw = zmq_socket(context, ZMQ_DEALER);
    cr_assert_not_null(raw);
    cr_assert(assay_socket_int(raw, ZMQ_LINGER, 0));
    if (id != NULL) cr_assert(assay_socket_bytes(raw, ZMQ_ROUTING_ID, id, strlen(id)));
    cr_assert(assay_socket_bytes(raw, ZMQ_CURVE_SERVERKEY, nodes[SERVER].bootstrap, 32));
    cr_assert(assay_socket_bytes(raw, ZMQ_CURVE_PUBLICKEY, nodes[CLIENT].transport, 32));
    cr_assert(
        assay_socket_bytes(raw, ZMQ_CURVE_SECRETKEY, nodes[CLIENT].transport_secret.bytes, 32));
    cr_assert_eq(zmq_connect(raw, assay_link_endpoint(nodes[SERVER].link)), 0);
    return raw;
}

Test(net_link_answers, a_caller_that_chooses_its_routing_id_is_received_and_not_answered)
{
    void *context = zmq_ctx_new();
    void *raw = open_raw(context, "fives");
    cr_assert_eq(zmq_send(raw, "hello", 5, 0), 5);
    expect_received(SERVER, CLIENT, "hello");
    cr_expect_eq(answer(CLIENT, "who?"), ASSAY_E_NOT_FOUND);
    (void)zmq_close(raw);
    (void)zmq_ctx_term(context);
}

Test(net_link_answers, parts_are_dropped_and_counted)
{
    void *context = zmq_ctx_new();
    void *raw = open_raw(context, NULL);
    cr_assert_eq(zmq_send(raw, "one", 3, ZMQ_SNDMORE), 3);
    cr_assert_eq(zmq_send(raw, "two", 3, 0), 3);
    cr_assert(counts(SERVER, ASSAY_COUNT_FRAME_PARTS, 1));
    cr_assert_eq(zmq_send(raw, "whole", 5, 0), 5);
    expect_received(SERVER, CLIENT, "whole");
    cr_assert_eq(answer(CLIENT, "good"), ASSAY_OK);
    char got[16] = "";
    for (const uint64_t end_ms = now_ms() + LONG_MS; got[0] == '\0' && now_ms() < end_ms;) {
        cr_assert_eq(assay_link_wait(nodes[SERVER].link, now_ms(), NULL, 0, STEP_MS), ASSAY_OK);
        if (zmq_recv(raw, got, sizeof got - 1, ZMQ_DONTWAIT) < 0) got[0] = '\0';
    }
    cr_expect_str_eq(got, "good");
    (void)zmq_close(raw);
    (void)zmq_ctx_term(context);
}

/* A client that reads nothing: what it is sent is bounded, and others are served. */
Test(net_link_answers, a_client_that_reads_nothing_delays_no_other)
{
    static char frame[1024];
    struct assay_link *const silent = nodes[CLIENT].link;
    say(CLIENT, SERVER, "once");
    expect_received(SERVER, CLIENT, "once");
    memset(frame, 'x', sizeof frame - 1);
    nodes[CLIENT].link = NULL; /* it does not even wait */
    for (int i = 0; i < 40000; i++) {
        if (answer(CLIENT, frame) != ASSAY_OK) break;
        if (i % 100 == 0)
            cr_assert_eq(assay_link_wait(nodes[SERVER].link, now_ms(), NULL, 0, 0), ASSAY_OK);
    }
    cr_expect_gt(nodes[SERVER].counters.value[ASSAY_COUNT_SEND_DROPPED], 0);
    say(OTHER, SERVER, "and I?");
    expect_received(SERVER, OTHER, "and I?");
    cr_assert_eq(answer(OTHER, "and you"), ASSAY_OK);
    expect_received(OTHER, SERVER, "and you");
    nodes[CLIENT].link = silent;
}

Test(net_link_answers, a_server_that_floods_fills_an_inbox_and_no_more)
{
    static char frame[32768];
    say(CLIENT, SERVER, "once");
    expect_received(SERVER, CLIENT, "once");
    memset(frame, 'x', sizeof frame - 1);
    for (int i = 0; i < 2000; i++) {
        (void)answer(CLIENT, frame);
        for (size_t n = 0; n < NODES; n++)
            cr_assert_eq(assay_link_wait(nodes[n].link, now_ms(), NULL, 0, 0), ASSAY_OK);
        cr_assert_leq(assay_link_get_bytes(nodes[CLIENT].link, SERVER), LINK_INBOX_BYTES_MAX);
    }
    cr_expect_gt(nodes[CLIENT].counters.value[ASSAY_COUNT_FRAME_INBOX_FULL], 0);
}
