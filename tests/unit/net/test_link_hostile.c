/*
 * tests/unit/net/test_link_hostile.c - tests of the ZeroMQ sockets against hostile peers.
 *
 * What a member can do to the sockets by speaking as no library would (tests/support/zmtp.h).
 */
#include "tests/support/zmtp.h"
#include "tests/unit/net/link_world.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* A host that has no room takes nothing; what its members send meanwhile must not stay with it. */
Test(net_link_hostile, bounds_what_waits_for_a_host_that_takes_nothing)
{
    static uint8_t big[32 * 1024];
    char text[64];
    uint16_t slot = 0;
    open_all();
    introduce(0, 1);
    introduce(2, 1);
    say(0, 1, "hello");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    assay_link_pause(nodes[1].link, true);
    for (int i = 0; i < 2048; i++) { /* 64 MiB */
        cr_assert_eq(assay_link_send(nodes[0].link, 1, assay_slice_over(big, sizeof big), 0),
                     ASSAY_OK);
        cr_assert_eq(assay_link_wait(nodes[0].link, now_ms(), NULL, 0, 1), ASSAY_OK);
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, 0), ASSAY_OK);
    }
    cr_assert_gt(nodes[1].counters.value[ASSAY_COUNT_FRAME_INBOX_FULL], 500);
    cr_assert_leq(nodes[1].link->inboxes[0].bytes, LINK_INBOX_BYTES_MAX);
    cr_assert_gt(nodes[1].link->inboxes[0].bytes, LINK_INBOX_BYTES_MAX - sizeof big);

    /* Served in turn: one frame of the flood at most comes before the other's. */
    say(2, 1, "honest");
    const uint64_t end_ms = now_ms() + LONG_MS;
    while (nodes[1].link->inboxes[2].count == 0 && now_ms() < end_ms) {
        cr_assert_eq(assay_link_wait(nodes[2].link, now_ms(), NULL, 0, 1), ASSAY_OK);
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, 1), ASSAY_OK);
    }
    assay_link_pause(nodes[1].link, false);
    int before = 0;
    for (; before < 3; before++) {
        struct assay_slice frame;
        enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
        cr_assert_eq(assay_link_receive(nodes[1].link, &slot, &which, &frame), ASSAY_OK);
        if (slot == 2) break;
    }
    cr_assert_leq(before, 1);
    close_all();
}

static struct zmtp hostile;
static uint8_t part[32 * 1024];

/* For tests of what follows a handshake: a slow machine must not end it before. */
static void open_all_patiently(void)
{
    handshake_ms = LONG_MS;
    open_all();
}

static bool connect_as_member_0(void)
{
    return zmtp_connect(&hostile, nodes[1].link->census.ports[0], nodes[0].transport_secret.bytes,
                        nodes[1].bootstrap);
}

static void work(size_t at)
{
    cr_assert_eq(assay_link_wait(nodes[at].link, now_ms(), NULL, 0, 1), ASSAY_OK);
}

/* What the hostile peer does, beside a node that works: both block, so it has a thread. */
static atomic_bool is_over;
static void *run(void *play)
{
    ((void (*)(void))(intptr_t)play)();
    is_over = true;
    return NULL;
}
static void beside(size_t at, void (*play)(void))
{
    pthread_t thread;
    is_over = false;
    cr_assert_eq(pthread_create(&thread, NULL, run, (void *)(intptr_t)play), 0);
    while (!is_over)
        work(at);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    for (int i = 0; i < 50; i++)
        work(at);
}

static void hears_the_honest(void)
{
    char text[64];
    uint16_t slot = 99;
    introduce(2, 1);
    say(2, 1, "honest");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_eq(slot, 2);
    cr_assert_str_eq(text, "honest");
}

/* 64 MiB of one message, unless somebody hangs up. */
static void say_endless_parts(void)
{
    bool ok = connect_as_member_0();
    for (size_t i = 0; ok && i < 2048; i++)
        ok = zmtp_send(&hostile, ZMTP_MORE, part, sizeof part);
    zmtp_close(&hostile, false);
}

/* Neither the limit of a part nor one of messages ever ends this: the census does. */
Test(net_link_hostile, hangs_up_on_a_message_of_endless_parts)
{
    open_all_patiently();
    beside(1, say_endless_parts);
    cr_assert(counts(1, ASSAY_COUNT_CONNECTION_CUT, 1));
    cr_assert_eq(nodes[1].counters.value[ASSAY_COUNT_FRAME_PARTS], 0, "it never ended");
    hears_the_honest();
    close_all();
}

static void say_endless_empty_parts(void)
{
    bool ok = connect_as_member_0();
    for (size_t i = 0; ok && i < 400000; i++)
        ok = zmtp_send(&hostile, ZMTP_MORE, part, 0);
    zmtp_close(&hostile, false);
}

/* Empty on the wire is not empty in memory: each costs libzmq 64 bytes. */
Test(net_link_hostile, hangs_up_on_endless_empty_parts)
{
    open_all_patiently();
    beside(1, say_endless_empty_parts);
    cr_assert(counts(1, ASSAY_COUNT_CONNECTION_CUT, 1));
    hears_the_honest();
    close_all();
}

/* The other way round: whom we dial may send, too, and nothing of it is ever read. */
static int listener;
static void send_to_the_caller(void)
{
    bool ok = zmtp_accept(&hostile, listener, nodes[1].bootstrap_secret.bytes);
    for (size_t i = 0; ok && i < 2048; i++)
        ok = zmtp_send(&hostile, 0, part, sizeof part);
    zmtp_close(&hostile, false);
}

Test(net_link_hostile, hangs_up_on_a_listener_that_sends)
{
    char endpoint[64];
    uint16_t port = 0;
    open_all_patiently();
    listener = zmtp_listen(&port);
    cr_assert_geq(listener, 0);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", port);
    cr_assert_eq(assay_link_peer(nodes[0].link, 1, endpoint), ASSAY_OK);
    beside(0, send_to_the_caller);
    cr_assert(counts(0, ASSAY_COUNT_CONNECTION_CUT, 1));
    close(listener);
    close_all();
}

/*
 * With routing ids and full pipes each of these aborted the process (libzmq issue 4841): PINGs ask
 * for an answer on a connection whose input is stopped and whose peer is gone.
 */
static void ping_and_leave(void)
{
    static const uint8_t ping[] = "\004PING\0\0x";
    static uint8_t all[8192];
    for (int round = 0; round < 24; round++) {
        size_t len = 0;
        if (!zmtp_dial(&hostile, nodes[1].link->census.ports[0]) ||
            !zmtp_hello(&hostile, nodes[0].transport_secret.bytes, nodes[1].bootstrap))
            continue;
        len = zmtp_initiate(&hostile, "PUSH", all);
        for (int i = 0; i < 3; i++)
            len += zmtp_seal(&hostile, ZMTP_COMMAND, ping, sizeof ping - 1, all + len);
        (void)zmtp_write(&hostile, all, len);
        usleep((useconds_t)(round % 6) * 100);
        zmtp_close(&hostile, true);
    }
    for (int round = 0; round < 8 && connect_as_member_0(); round++) {
        bool ok = true;
        for (int i = 0; ok && i < 3000; i++)
            ok = i % 4 != 0 ? zmtp_send(&hostile, 0, "x", 1)
                            : zmtp_send(&hostile, ZMTP_COMMAND, ping, sizeof ping - 1);
        zmtp_close(&hostile, round % 2 == 0);
    }
}

Test(net_link_hostile, survives_pings_of_a_peer_that_is_gone)
{
    open_all_patiently();
    for (size_t i = 0; i < NODES; i++) /* the budget of handshakes is another test's affair */
        nodes[1].limits[i].handshakes = (struct assay_bucket){ .rate_s = 1000, .burst = 1000 };
    assay_link_pause(nodes[1].link, true); /* frames wait: once this filled the pipe */
    beside(1, ping_and_leave);
    assay_link_pause(nodes[1].link, false);
    char text[64];
    uint16_t slot = 0;
    bool heard = false;
    introduce(2, 1);
    say(2, 1, "honest");
    for (const uint64_t end_ms = now_ms() + LONG_MS; now_ms() < end_ms && !heard;)
        heard = listen_for(1, STEP_MS, text, sizeof text, &slot) && slot == 2;
    cr_assert(heard);
    close_all();
}

/* ------------------------------------------------------------ rest */

static void say_once(void)
{
    if (connect_as_member_0()) (void)zmtp_send(&hostile, 0, "here", 4);
}

static void fall_idle(size_t at)
{
    const uint64_t end_ms = now_ms() + LONG_MS;
    while (!nodes[at].link->census.is_idle && now_ms() < end_ms)
        work(at);
    cr_assert(nodes[at].link->census.is_idle);
}

static void say_one_byte(void)
{
    usleep(3000); /* the node is asleep by then */
    (void)zmtp_send(&hostile, ZMTP_MORE, "x", 1);
}

/* A byte that is no frame yet wakes up nobody but libzmq. */
Test(net_link_hostile, looks_again_once_something_arrives)
{
    bool has_woken = false;
    pthread_t thread;
    open_all_patiently();
    beside(1, say_once);
    for (int i = 0; i < 2000 && !has_woken; i++) { /* libzmq is often faster */
        fall_idle(1);
        nodes[1].link->census.next_ms = UINT64_MAX; /* so no look at the time can tell */
        is_over = false;
        cr_assert_eq(pthread_create(&thread, NULL, run, (void *)(intptr_t)say_one_byte), 0);
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, 8), ASSAY_OK);
        has_woken = !nodes[1].link->census.is_idle;
        nodes[1].link->census.next_ms = 0;
        cr_assert_eq(pthread_join(thread, NULL), 0);
    }
    cr_assert(has_woken);
    zmtp_close(&hostile, false);
    close_all();
}

static long sleeps(void)
{
    struct rusage usage;
    cr_assert_eq(getrusage(RUSAGE_THREAD, &usage), 0);
    return usage.ru_nvcsw;
}

/* A look each ten milliseconds would be a hundred of them. */
Test(net_link_hostile, rests_while_nothing_arrives)
{
    char text[64];
    uint16_t slot = 0;
    open_all();
    introduce(0, 1);
    introduce(1, 0);
    say(0, 1, "hello");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    fall_idle(1);
    const long before = sleeps();
    cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, 1000), ASSAY_OK);
    cr_assert_lt(sleeps() - before, 50);
    close_all();
}

Test(net_link_hostile, keeps_few_connections_of_one_member)
{
    enum { CALLERS = 3 * LINK_CONNECTIONS_OF_ONE };
    static struct zmtp callers[CALLERS];
    open_all_patiently();
    for (size_t i = 0; i < NODES; i++)
        nodes[1].limits[i].handshakes = (struct assay_bucket){ .rate_s = 1000, .burst = 1000 };
    for (size_t i = 0; i < CALLERS; i++) {
        beside(1, say_once);
        callers[i] = hostile;
    }
    cr_assert(counts(1, ASSAY_COUNT_CONNECTION_CUT, CALLERS - LINK_CONNECTIONS_OF_ONE));
    for (size_t i = 0; i < CALLERS; i++)
        zmtp_close(&callers[i], false);
    close_all();
}

/* Half-open connections cost a descriptor each: the oldest go, members still get in. */
Test(net_link_hostile, hangs_up_the_oldest_of_many_that_say_nothing)
{
    enum { CALLERS = 400 };
    int callers[CALLERS];
    char text[64];
    uint16_t slot = 99;
    open_all_patiently();
    nodes[1].link->census.silent_max = 64; /* as if descriptors were few */
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_port = htons(nodes[1].link->census.ports[0]);
    cr_assert_eq(inet_pton(AF_INET, "127.0.0.1", &address.sin_addr), 1);
    for (size_t i = 0; i < CALLERS; i++) {
        callers[i] = socket(AF_INET, SOCK_STREAM, 0);
        cr_assert_eq(connect(callers[i], (struct sockaddr *)&address, sizeof address), 0);
        if (i % 16 == 0) (void)listen_for(1, STEP_MS, text, sizeof text, &slot);
    }
    hears_the_honest();
    cr_assert(counts(1, ASSAY_COUNT_CONNECTION_CUT, CALLERS / 2));
    for (size_t i = 0; i < CALLERS; i++)
        close(callers[i]);
    close_all();
}

/* ------------------------------------------------------------ what cannot be decoded */

static void flip_a_bit(uint8_t *frame, size_t len)
{
    frame[len - 1] ^= 1;
}

static void say_it_again(uint8_t *frame, size_t len)
{
    (void)len;
    assay_bytes_zero(frame + 2 + 8, 8); /* the nonce, which must grow */
}

static void say_massage(uint8_t *frame, size_t len)
{
    (void)len;
    frame[2 + 2] = 'A';
}

static void be_short(uint8_t *frame, size_t len)
{
    frame[1] = 20; /* what follows is the next frame, then */
    assay_bytes_zero(frame + 22, len - 22);
}

static void be_empty(uint8_t *frame, size_t len)
{
    assay_bytes_zero(frame, len);
}

static const struct {
    const char *name;
    void (*spoil)(uint8_t *frame, size_t len);
} spoilt[] = {
    { "a box that does not open", flip_a_bit },
    { "an old nonce", say_it_again },
    { "no MESSAGE", say_massage },
    { "a message without a box", be_short },
    { "empty messages", be_empty },
};
static size_t spoilt_at;
static int before_count; /* messages that can be, in the same breath */
static bool was_hung_up;

static void say_what_cannot_be_decoded(void)
{
    uint8_t frame[512], in[64];
    was_hung_up = false;
    if (!connect_as_member_0()) return;
    size_t before = 0;
    for (int i = 0; i < before_count; i++)
        before += zmtp_seal(&hostile, i % 2 == 0 ? ZMTP_MORE : 0, "x", 1, frame + before);
    const size_t len = zmtp_seal(&hostile, 0, "honest", 6, frame + before);
    spoilt[spoilt_at].spoil(frame + before, len);
    usleep(20000); /* libzmq looks for commands once a millisecond: that is what sets errno */
    if (!zmtp_write(&hostile, frame, before + len)) return;
    /* At once: not when a PING has gone without an answer for long enough. */
    const ssize_t got = recv(hostile.fd, in, sizeof in, 0);
    was_hung_up = got == 0 || (got < 0 && errno == ECONNRESET);
    zmtp_close(&hostile, true);
}

/*
 * libzmq tells a monitor of a message that it cannot decode between setting errno and looking at
 * it: told so, it takes the error for a full pipe, stops reading, and aborts at the next heartbeat
 * after the peer has gone. So no monitor asks for that event (net/zmq/gate.c).
 */
Test(net_link_hostile, hangs_up_on_what_cannot_be_decoded)
{
    open_all_patiently();
    for (before_count = 0; before_count < 2; before_count++)
        for (spoilt_at = 0; spoilt_at < sizeof spoilt / sizeof spoilt[0]; spoilt_at++) {
            beside(1, say_what_cannot_be_decoded);
            cr_expect(was_hung_up, "%s after %d", spoilt[spoilt_at].name, before_count);
        }
    const uint64_t end_ms = now_ms() + LINK_HEARTBEAT_MS + LINK_HEARTBEAT_MS / 2;
    while (now_ms() < end_ms)
        work(1);
    hears_the_honest();
    close_all();
}

/* ------------------------------------------------------------ conduct */

Test(net_link_hostile, hangs_up_on_the_shut_out_and_hears_them_again_afterwards)
{
    char text[64];
    uint16_t slot = 99;
    open_all();
    introduce(0, 1);
    say(0, 1, "before");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    struct assay_peer_score *conduct = &nodes[1].limits[0].peer_score;
    conduct->shut_until_ms = now_ms() + 1500;
    while (assay_peer_score_is_shut_out(conduct, now_ms())) {
        say(0, 1, "meanwhile");
        (void)listen_for(1, STEP_MS, text, sizeof text, &slot);
    }
    cr_assert(counts(1, ASSAY_COUNT_CONNECTION_CUT, 1));
    cr_assert(counts(1, ASSAY_COUNT_HANDSHAKE_SHUT, 1));
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot), "forgiven");
    cr_assert_eq(slot, 0);
    close_all();
}

static void fill(size_t from, uint32_t frames)
{
    const uint64_t end_ms = now_ms() + LONG_MS;
    for (uint32_t i = 0; i < frames; i++)
        say(from, 1, "x");
    while (nodes[1].link->inboxes[from].count == 0 && now_ms() < end_ms) {
        cr_assert_eq(assay_link_wait(nodes[from].link, now_ms(), NULL, 0, 1), ASSAY_OK);
        cr_assert_eq(assay_link_wait(nodes[1].link, now_ms(), NULL, 0, 1), ASSAY_OK);
    }
    cr_assert_gt(nodes[1].link->inboxes[from].count, 0);
}

Test(net_link_hostile, serves_those_who_behave_first)
{
    enum { FRAMES = 8 };
    open_all();
    introduce(0, 1);
    introduce(2, 1);
    assay_link_pause(nodes[1].link, true);
    fill(0, FRAMES);
    fill(2, FRAMES);
    nodes[1].limits[0].peer_score.points_milli = 0;
    nodes[1].limits[0].peer_score.at_ms = UINT64_MAX; /* nothing comes back while this runs */
    assay_link_pause(nodes[1].link, false);
    for (int i = 0; i < FRAMES; i++) {
        struct assay_slice frame;
        uint16_t slot = 0;
        enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
        cr_assert_eq(assay_link_receive(nodes[1].link, &slot, &which, &frame), ASSAY_OK);
        cr_assert_eq(slot, 2, "frame %d", i);
    }
    uint16_t slot = 99;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_slice frame;
    cr_assert_eq(assay_link_receive(nodes[1].link, &slot, &which, &frame), ASSAY_OK);
    cr_assert_eq(slot, 0, "last, but served");
    close_all();
}

/* At the limit and one past it: what one member's frames may take, over all its connections. */
Test(net_link_hostile, one_inbox_holds_its_bytes_and_its_frames_and_not_one_more)
{
    open_all();
    zmq_msg_t message;
    uint32_t taken = 0;
    cr_assert_eq(zmq_msg_init_size(&message, 10), 0);
    while (assay_inbox_add(nodes[1].link, 0, &message)) {
        taken++;
        cr_assert_eq(zmq_msg_init_size(&message, 10), 0);
    }
    zmq_msg_close(&message);
    cr_assert_eq(taken, LINK_INBOX_FRAMES_MAX);
    cr_assert_eq(zmq_msg_init_size(&message, LINK_INBOX_BYTES_MAX), 0);
    cr_assert(assay_inbox_add(nodes[1].link, 2, &message), "another member's, to its last byte");
    cr_assert_eq(zmq_msg_init_size(&message, 1), 0);
    cr_assert_not(assay_inbox_add(nodes[1].link, 2, &message));
    zmq_msg_close(&message);
    close_all();
}

/* A socket of libzmq that answers on the connection of the caller knows it by a routing id, which
 * the caller may choose: one with the id that libzmq gives next ends the process. */
Test(net_link_hostile, no_caller_has_a_routing_id)
{
    char text[64];
    uint16_t slot = 0;
    int type = 0;
    size_t len = sizeof type;
    open_all();
    introduce(0, 1);
    say(0, 1, "hello");
    cr_assert(listen_for(1, LONG_MS, text, sizeof text, &slot));
    cr_assert_eq(zmq_getsockopt(nodes[1].link->listener, ZMQ_TYPE, &type, &len), 0);
    cr_expect_eq(type, ZMQ_PULL);
    cr_assert_eq(zmq_getsockopt(nodes[0].link->peers[1].line, ZMQ_TYPE, &type, &len), 0);
    cr_expect_eq(type, ZMQ_PUSH);
    close_all();
}
