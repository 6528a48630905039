/*
 * tests/bench/net/bench_links.c - benchmark of links between members.
 *
 * Throughput of a link between two members compared with bare ZeroMQ with CURVE in the same run:
 * frames and bytes per second, and handshakes per second.
 *
 * One process sends, one receives, on loopback. Our side is everything that a daemon does with a
 * frame before the engine receives it: header, queue of the peer, link (net/zmq) or a transport
 * process on both sides (net/transport), inbox of the member, then size, header, peer, lane, rate,
 * pages and duplicates (host/overlay/admission.h). The kind is one that floods, so each frame is
 * hashed. Budgets are active and too large to be reached. Bare is a PUSH and a PULL socket with the
 * same bytes, one message each, and libzmq's own limits. Our side has at most 192 frames in
 * transit, since it drops what a peer does not read; dropped frames are counted and end the run.
 * Turns alternate, and the median of each counts. Target: 70 % of the bare rate.
 *
 * usage: bench_net_links [SECONDS]; of each turn, default 1
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "base/system_clock.h"
#include "host/overlay/admission.h"
#include "host/peers/wire.h"
#include "net/transport/transport.h"
#include "net/transport/transport_process.h"
#include "tests/support/stopwatch.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum {
    SENDER,
    RECEIVER,
    MEMBERS,
    WINDOW = 192, /* frames under way; an outbox holds 256 */
    TURNS = 5,
    WARM_US = 300000,
    ENDLESS = 1000000000, /* of a budget */
    DIALS = 16,           /* at once */
    DIALS_ALL = 320,
};

enum way { BARE, IN_THREAD, IN_PROCESS, WAYS };
static const char *const names[] = { "bare ZeroMQ CURVE", "sockets in a thread",
                                     "sockets in a process" };

/* Shared by the two processes. */
struct shared {
    atomic_ullong taken;
    atomic_bool over, is_open;
    char endpoint[ASSAY_LINK_ENDPOINT_MAX];
};
static struct shared *shared;
static struct assay_secret32 secrets[MEMBERS];
static uint8_t publics[MEMBERS][32];
static struct assay_roster_entry entries[MEMBERS];
static const uint8_t chain_id[32] = { 7 };

static void need(bool good, const char *what)
{
    if (good) return;
    (void)fprintf(stderr, "bench_net_links: %s\n", what);
    exit(1);
}

static bool is_over(void)
{
    return atomic_load(&shared->over);
}

/* --- bare ZeroMQ */

static void set(void *socket, int option, const void *value, size_t len)
{
    need(socket != NULL && zmq_setsockopt(socket, option, value, len) == 0,
         zmq_strerror(zmq_errno()));
}

static void take_bare(void)
{
    const int one = 1;
    size_t len = sizeof shared->endpoint;
    zmq_msg_t frame;
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_PULL);
    set(socket, ZMQ_CURVE_SERVER, &one, sizeof one);
    set(socket, ZMQ_CURVE_SECRETKEY, secrets[RECEIVER].bytes, 32);
    need(zmq_bind(socket, "tcp://127.0.0.1:*") == 0, "bind");
    need(zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, shared->endpoint, &len) == 0, "endpoint");
    atomic_store(&shared->is_open, true);
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, socket, 0) >= 0)
        atomic_fetch_add(&shared->taken, 1);
}

static void *line_bare(void *context)
{
    void *socket = zmq_socket(context, ZMQ_PUSH);
    const int none = 0;
    set(socket, ZMQ_LINGER, &none, sizeof none);
    set(socket, ZMQ_CURVE_SERVERKEY, publics[RECEIVER], 32);
    set(socket, ZMQ_CURVE_PUBLICKEY, publics[SENDER], 32);
    set(socket, ZMQ_CURVE_SECRETKEY, secrets[SENDER].bytes, 32);
    return socket;
}

static void send_bare(uint8_t *frame, size_t len)
{
    void *context = zmq_ctx_new(), *socket = line_bare(context);
    need(zmq_connect(socket, shared->endpoint) == 0, "connect");
    for (uint64_t sent = 0; !is_over(); sent++) {
        assay_bytes_copy(frame + ASSAY_FRAME_HEADER_LEN, 8, &sent, sizeof sent);
        need(zmq_send(socket, frame, len, 0) == (int)len, "send");
    }
}

/* --- ours */

static bool has_room(uint64_t sent)
{
    return sent < atomic_load(&shared->taken) + WINDOW;
}

static struct assay_transport *open_ours(enum way way, struct assay_roster *roster, uint16_t self,
                                         struct assay_traffic_counters *counters)
{
    static const struct assay_transport_apart apart = { .program = NULL };
    char message[ASSAY_LINK_MESSAGE_LEN];
    struct assay_transport *link = NULL;
    *roster = (struct assay_roster){ .count = MEMBERS, .self = self, .entries = entries };
    const struct assay_link_config config = { .roster = roster,
                                              .counters = counters,
                                              .bootstrap_secret = &secrets[self],
                                              .bootstrap_public = publics[self],
                                              .listen = "127.0.0.1:0" };
    need(assay_transport_open(&config, way == IN_PROCESS ? &apart : NULL, &link, message) ==
             ASSAY_OK,
         message);
    need(assay_transport_identify(link, &secrets[self], publics[self]) == ASSAY_OK, "key");
    return link;
}

static void *memory_of(size_t len)
{
    void *memory = aligned_alloc(64, (len + 63) / 64 * 64);
    need(memory != NULL, "memory");
    return memory;
}

/* As net/runtime/runtime_receive.c does it, up to the engine. */
static void take_in(struct assay_admission *admission, uint64_t now_ms, uint16_t slot,
                    enum assay_roster_key which, struct assay_slice frame)
{
    struct assay_admission_message message;
    uint8_t digest[32];
    need(assay_admission_check_frame(admission, now_ms, slot, which, frame, &message) ==
             ASSAY_ADMIT_TAKEN,
         "a frame was refused");
    need(assay_admission_is_flooded(message.kind), "a kind that floods");
    assay_sha256(message.payload.bytes, message.payload.len, digest);
    need(assay_admission_is_new(admission, now_ms, digest), "a frame came twice");
    need(!assay_admission_on_result(admission, now_ms, slot, ASSAY_OK, digest), "a ban");
    atomic_fetch_add(&shared->taken, 1);
}

static void take_ours(enum way way)
{
    const struct assay_limit_rates rates = { ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS,
                                             ENDLESS, ENDLESS, ENDLESS, ENDLESS, ENDLESS };
    static struct assay_traffic_counters counters;
    struct assay_roster roster;
    struct assay_limit limits[MEMBERS];
    struct assay_transport *link = open_ours(way, &roster, RECEIVER, &counters);
    struct assay_admission admission = {
        .chain_id = chain_id,
        .roster = &roster,
        .limits = limits,
        .pages = assay_pages_init(memory_of(assay_pages_size(MEMBERS)), MEMBERS),
        .seen = assay_seen_init(memory_of(assay_seen_size()), 60000),
        .counters = &counters,
        .again_ms = 1000,
    };
    for (uint32_t i = 0; i < MEMBERS; i++)
        assay_limit_init(&limits[i], &rates, assay_monotonic_ms());
    (void)snprintf(shared->endpoint, sizeof shared->endpoint, "%s", assay_transport_endpoint(link));
    atomic_store(&shared->is_open, true);
    for (;;) {
        uint16_t slot = 0;
        enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
        struct assay_slice frame;
        need(assay_transport_wait(link, assay_monotonic_ms(), NULL, 0, 1000) == ASSAY_OK, "wait");
        const uint64_t now_ms = assay_monotonic_ms();
        while (assay_transport_receive(link, &slot, &which, &frame) == ASSAY_OK)
            take_in(&admission, now_ms, slot, which, frame);
    }
}

static void send_ours(enum way way, uint8_t *frame, size_t len)
{
    static const char scheme[] = "tcp://";
    static struct assay_traffic_counters counters;
    struct assay_roster roster;
    struct assay_transport *link = open_ours(way, &roster, SENDER, &counters);
    need(assay_transport_peer(link, RECEIVER, shared->endpoint + sizeof scheme - 1) == ASSAY_OK,
         "address");
    for (uint64_t sent = 0; !is_over();) {
        for (; has_room(sent); sent++) {
            assay_bytes_copy(frame + ASSAY_FRAME_HEADER_LEN, 8, &sent, sizeof sent);
            need(assay_transport_send(link, RECEIVER, assay_slice_over(frame, len), 0) == ASSAY_OK,
                 "send");
        }
        need(assay_transport_wait(link, assay_monotonic_ms(), NULL, 0, 0) == ASSAY_OK, "wait");
        if (!has_room(sent)) (void)usleep(20);
        need(counters.value[ASSAY_COUNT_SEND_DROPPED] == 0, "frames were dropped");
    }
    assay_transport_close(&link);
}

/* --- two processes, and a clock between them */

static pid_t begin(enum way way)
{
    atomic_store(&shared->is_open, false);
    atomic_store(&shared->over, false);
    atomic_store(&shared->taken, 0);
    const pid_t pid = fork();
    need(pid >= 0, "fork");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (way == BARE) take_bare();
        else take_ours(way);
        _exit(0);
    }
    while (!atomic_load(&shared->is_open)) {
        need(waitpid(pid, NULL, WNOHANG) == 0, "the receiver ended");
        (void)usleep(1000);
    }
    return pid;
}

static void end(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

/* Returns: frames a second. */
static double turn(enum way way, size_t len, double seconds)
{
    static uint8_t frame[ASSAY_FRAME_LEN_MAX], payload[ASSAY_FRAME_LEN_MAX];
    struct assay_writer w = assay_writer_over(frame, sizeof frame);
    need(assay_frame_encode(chain_id, ASSAY_MESSAGE_RECORD,
                            assay_slice_over(payload, len - ASSAY_FRAME_HEADER_LEN),
                            &w) == ASSAY_OK &&
             w.len == len,
         "frame");
    const pid_t receiver = begin(way), sender = fork();
    need(sender >= 0, "fork");
    if (sender == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (way == BARE) send_bare(frame, len);
        else send_ours(way, frame, len);
        _exit(0);
    }
    const double start_us = stopwatch_us(CLOCK_MONOTONIC);
    while (atomic_load(&shared->taken) == 0) {
        need(waitpid(sender, NULL, WNOHANG) == 0, "the sender ended");
        need(stopwatch_us(CLOCK_MONOTONIC) - start_us < 1e7, "nothing arrived in ten seconds");
        (void)usleep(1000);
    }
    (void)usleep(WARM_US);
    const uint64_t before = atomic_load(&shared->taken);
    const double from_us = stopwatch_us(CLOCK_MONOTONIC);
    (void)usleep((useconds_t)(seconds * 1e6));
    const uint64_t after = atomic_load(&shared->taken);
    const double rate = (double)(after - before) / (stopwatch_us(CLOCK_MONOTONIC) - from_us) * 1e6;
    need(waitpid(sender, NULL, WNOHANG) == 0, "the sender ended");
    need(waitpid(receiver, NULL, WNOHANG) == 0, "the receiver ended");
    atomic_store(&shared->over, true);
    (void)waitpid(sender, NULL, 0);
    end(receiver);
    return rate;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void carry(size_t len, double seconds)
{
    double rates[WAYS][TURNS];
    for (unsigned i = 0; i < TURNS; i++)
        for (int way = 0; way < WAYS; way++)
            rates[way][i] = turn((enum way)way, len, seconds);
    for (int way = 0; way < WAYS; way++) {
        qsort(rates[way], TURNS, sizeof rates[way][0], ascending);
        const double rate = rates[way][TURNS / 2];
        printf("%4zu bytes   %-21s %9.0f frames/s %8.1f MB/s   %5.1f %% of bare (70 wanted)\n", len,
               names[way], rate, rate * (double)len / 1e6, 100 * rate / rates[BARE][TURNS / 2]);
    }
}

/* --- handshakes */

static void wait_for_handshake(void *monitor)
{
    zmq_msg_t part;
    for (bool done = false; !done;) {
        uint16_t event = 0;
        zmq_msg_init(&part);
        need(zmq_msg_recv(&part, monitor, 0) >= 2, "an event");
        assay_bytes_copy(&event, sizeof event, zmq_msg_data(&part), sizeof event);
        (void)zmq_msg_recv(&part, monitor, 0);
        (void)zmq_msg_close(&part);
        done = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    }
}

/* The dialling side is bare in each case. A transport process includes the budget of each member
 * (host/peers/limit.h: 4 a second), which would limit the speed. Returns: handshakes per second. */
static double dial(enum way way)
{
    const pid_t receiver = begin(way);
    void *context = zmq_ctx_new();
    const double start_us = stopwatch_us(CLOCK_MONOTONIC);
    for (unsigned done = 0; done < DIALS_ALL; done += DIALS) {
        void *line[DIALS], *monitor[DIALS];
        for (unsigned i = 0; i < DIALS; i++) {
            char name[32];
            (void)snprintf(name, sizeof name, "inproc://dial-%u", done + i);
            line[i] = line_bare(context);
            monitor[i] = zmq_socket(context, ZMQ_PAIR);
            need(zmq_socket_monitor(line[i], name, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) == 0 &&
                     zmq_connect(monitor[i], name) == 0 &&
                     zmq_connect(line[i], shared->endpoint) == 0,
                 "dial");
        }
        for (unsigned i = 0; i < DIALS; i++)
            wait_for_handshake(monitor[i]);
        for (unsigned i = 0; i < DIALS; i++) {
            (void)zmq_close(line[i]);
            (void)zmq_close(monitor[i]);
        }
    }
    const double rate = DIALS_ALL / (stopwatch_us(CLOCK_MONOTONIC) - start_us) * 1e6;
    (void)zmq_ctx_term(context);
    end(receiver);
    return rate;
}

static void dial_all(void)
{
    double rates[IN_PROCESS][TURNS];
    for (unsigned i = 0; i < TURNS; i++)
        for (int way = BARE; way < IN_PROCESS; way++)
            rates[way][i] = dial((enum way)way);
    for (int way = BARE; way < IN_PROCESS; way++) {
        qsort(rates[way], TURNS, sizeof rates[way][0], ascending);
        const double rate = rates[way][TURNS / 2];
        printf("handshakes   %-21s %9.0f /s   %5.1f %% of bare\n", names[way], rate,
               100 * rate / rates[BARE][TURNS / 2]);
    }
}

int main(int argc, char **argv)
{
    if (assay_transport_is(argc, argv)) assay_transport_run(NULL);
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    need(seconds > 0 && seconds <= 600, "usage: bench_net_links [SECONDS]");
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    need(shared != MAP_FAILED, "memory");
    for (uint32_t i = 0; i < MEMBERS; i++) {
        need(assay_x25519_generate(&secrets[i], publics[i]) == ASSAY_OK, "a key");
        entries[i] = (struct assay_roster_entry){ .weight = 1, .seated = true };
        assay_bytes_copy(entries[i].bootstrap, 32, publics[i], 32);
        assay_bytes_copy(entries[i].transport, 32, publics[i], 32);
    }
    carry(256, seconds);
    carry(5120, seconds);
    dial_all();
    return 0;
}
