/*
 * tests/fuzz/net/fuzz_transport.c - fuzz target: the core's side of a transport (net/transport)
 * with a transport that the input scripts: it becomes ready, reports valid and invalid frames,
 * writes anything into the shared memory, sends invalid messages, crashes, or cannot be started.
 * Properties: only frames of a slot under a key that the roster has for it are passed on; only
 * counters of a transport change; and frames of a later correct transport are received.
 */
#include "base/assert.h"
#include "base/system_clock.h"
#include "net/transport/client_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { MEMBERS = 3, STEPS_MAX = 400 };

static struct world {
    struct assay_roster_entry entries[MEMBERS];
    struct assay_roster roster;
    struct assay_limit limits[MEMBERS];
    struct assay_traffic_counters counters;
    struct assay_secret32 secret;
    struct assay_transport_client *far;
    int socket; /* the transport's end; -1: none runs */
    struct assay_transport_shared *shared;
    struct assay_ring reports, orders;
    uint32_t pids;
    bool no_start;
    bool scribbled; /* what it reads of the orders is its own nonsense from then on */
} w;

static struct assay_transport_packet packet;
static struct assay_transport_report report;
static uint8_t record[ASSAY_TRANSPORT_RECORD_MAX];

/* ------------------------------------------------------------ in place of net/sandbox/child.c */

static void end_transport(void)
{
    if (w.socket >= 0) (void)close(w.socket);
    if (w.shared != NULL) (void)munmap(w.shared, sizeof *w.shared);
    w.socket = -1;
    w.shared = NULL;
}

enum assay_status assay_child_start(const char *program, const char *role, const char *argument,
                                    int brief, struct assay_child *child)
{
    int pair[2];
    (void)program;
    (void)role;
    (void)argument;
    ASSAY_ASSERT(brief >= 0 && w.socket < 0 && child->pid == 0);
    if (w.no_start) return ASSAY_E_IO;
    const int made = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair);
    void *memory = mmap(NULL, sizeof *w.shared, PROT_READ | PROT_WRITE, MAP_SHARED, brief, 0);
    ASSAY_ASSERT(made == 0 && memory != MAP_FAILED);
    *child = (struct assay_child){ .pid = (pid_t)++w.pids, .socket = pair[0], .words = -1 };
    w.socket = pair[1];
    w.shared = memory;
    w.scribbled = false;
    w.reports =
        assay_ring_init(&w.shared->reports, w.shared->reports_bytes, ASSAY_TRANSPORT_REPORTS_LEN);
    w.orders =
        assay_ring_init(&w.shared->orders, w.shared->orders_bytes, ASSAY_TRANSPORT_ORDERS_LEN);
    return ASSAY_OK;
}

void assay_child_end(struct assay_child *child, struct assay_child_end *end)
{
    *end = (struct assay_child_end){ .number = 1 };
    if (child->pid == 0) return;
    (void)close(child->socket);
    *child = (struct assay_child){ .socket = -1, .words = -1 };
    end_transport();
}

uint64_t assay_child_cpu_ms(const struct assay_child *child)
{
    ASSAY_ASSERT(child->pid > 0);
    return 0;
}

/* ------------------------------------------------------------ what the transport does */

static void put_report(const uint8_t *bytes, size_t len)
{
    if (w.shared == NULL) return;
    assay_status_ignore(assay_ring_write(&w.reports, assay_slice_over(bytes, len)), "it is full");
    (void)assay_ring_publish(&w.reports);
}

static void report_frame(uint16_t slot, bool true_key)
{
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(record, sizeof record);
    report = (struct assay_transport_report){ .kind = ASSAY_TRANSPORT_REPORT_FRAME,
                                              .slot = slot,
                                              .which = ASSAY_ROSTER_TRANSPORT,
                                              .bytes = assay_slice_over("frame", 5) };
    if (true_key && slot < MEMBERS)
        assay_bytes_copy(report.key, sizeof report.key, w.entries[slot].transport, 32);
    assay_transport_report_encode(&report, &writer);
    const enum assay_status status = assay_writer_finish(&writer, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    put_report(out.bytes, out.len);
}

static void say(const uint8_t *bytes, size_t len)
{
    if (w.socket >= 0) (void)send(w.socket, bytes, len, MSG_NOSIGNAL);
}

static void say_ready(uint16_t port)
{
    struct assay_slice out;
    struct assay_writer writer = assay_writer_over(record, sizeof record);
    packet = (struct assay_transport_packet){ .kind = ASSAY_PACKET_READY, .port = port };
    assay_transport_packet_encode(&packet, &writer);
    const enum assay_status status = assay_writer_finish(&writer, &out);
    ASSAY_ASSERT(status == ASSAY_OK);
    say(out.bytes, out.len);
}

/* Anything, anywhere in front of the records of the rings: positions and state. */
static void scribble(uint16_t at, uint8_t value)
{
    if (w.shared == NULL) return;
    const size_t head = offsetof(struct assay_transport_shared, orders_bytes);
    ((uint8_t *)w.shared)[at % head] = value;
    w.scribbled = true;
}

static void take_orders(void)
{
    static struct assay_transport_order order;
    size_t len = 0;
    while (w.shared != NULL &&
           assay_ring_read(&w.orders, record, sizeof record, &len) == ASSAY_OK) {
        const enum assay_status status =
            assay_transport_order_decode(assay_slice_over(record, len), &order);
        ASSAY_ASSERT(w.scribbled || (status == ASSAY_OK && order.slot < MEMBERS));
    }
}

/* ------------------------------------------------------------ the host */

/* Returns: how many frames came. */
static unsigned hear(void)
{
    unsigned count = 0;
    uint16_t slot = 99;
    enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
    struct assay_slice frame;
    const enum assay_status status =
        assay_transport_client_wait(w.far, assay_monotonic_ms(), NULL, 0, 0);
    ASSAY_ASSERT(status == ASSAY_OK);
    while (count < 64 && assay_transport_client_receive(w.far, &slot, &which, &frame) == ASSAY_OK) {
        ASSAY_ASSERT(slot > 0 && slot < MEMBERS && frame.len <= ASSAY_FRAME_LEN_MAX);
        ASSAY_ASSERT(which == ASSAY_ROSTER_BOOTSTRAP || which == ASSAY_ROSTER_TRANSPORT);
        ASSAY_ASSERT(!w.entries[slot].gone);
        count++;
    }
    (void)assay_transport_client_is_up(w.far, 1);
    return count;
}

static void do_one(uint8_t what, uint8_t a, uint8_t b)
{
    struct assay_transport_news news;
    switch (what % 14) {
    case 0: say_ready((uint16_t)(a << 8 | b)); return;
    case 1: report_frame((uint16_t)(a % 5), b % 2 == 0); return;
    case 2: put_report((const uint8_t[]){ a, b, a, b, 0, 0 }, a % 7U); return;
    case 3: say((const uint8_t[]){ a, b, b, a }, 1 + a % 4U); return;
    case 4: scribble((uint16_t)(a << 8 | b), what); return;
    case 5: (void)hear(); return;
    case 6: take_orders(); return;
    case 7: end_transport(); return;
    case 8: w.no_start = a % 2 == 0; return;
    case 9:
        w.entries[1].transport[0] = a;
        assay_transport_client_roster(w.far);
        return;
    case 10:
        w.entries[2].gone = a % 2 == 0;
        assay_transport_client_roster(w.far);
        return;
    case 11:
        assay_status_ignore(
            assay_transport_client_send(w.far, 1 + a % 2, assay_slice_over("frame", 1 + b % 5), b),
            "it may have no address");
        return;
    case 12:
        if (a % 2 == 0) assay_transport_client_remove_peer(w.far, 1);
        else assay_status_ignore(assay_transport_client_peer(w.far, 1, "127.0.0.1:1"), "it is one");
        return;
    default:
        while (assay_transport_client_news(w.far, &news))
            ASSAY_ASSERT(news.ready || news.why[0] != '\0');
    }
}

/* A correct one is ready in the end, and its frames are received. */
static void end_well(void)
{
    w.no_start = false;
    end_transport();
    (void)hear();
    if (w.shared == NULL) w.far->start_ms = 0; /* what it waits for is over */
    (void)hear();
    ASSAY_ASSERT(w.shared != NULL);
    say_ready(1);
    (void)hear();
    w.entries[2].gone = false;
    report_frame(2, true);
    const unsigned heard = hear();
    ASSAY_ASSERT(heard == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct assay_transport_apart apart = { .backoff_ms = 1 };
    struct assay_limit_rates rates;
    char message[ASSAY_LINK_MESSAGE_LEN];
    w = (struct world){ .socket = -1 };
    w.roster = (struct assay_roster){ .count = MEMBERS, .entries = w.entries };
    assay_limit_rates(1000, MEMBERS, &rates);
    for (unsigned i = 0; i < MEMBERS; i++) {
        memset(w.entries[i].transport, (int)(10 + i), 32);
        memset(w.entries[i].bootstrap, (int)(20 + i), 32);
        assay_limit_init(&w.limits[i], &rates, 1);
    }
    const struct assay_link_config config = { .roster = &w.roster,
                                              .limits = w.limits,
                                              .counters = &w.counters,
                                              .bootstrap_secret = &w.secret,
                                              .bootstrap_public = w.entries[0].bootstrap,
                                              .listen = "127.0.0.1:0" };
    const enum assay_status status = assay_transport_client_init(&config, &apart, &w.far, message);
    ASSAY_ASSERT(status == ASSAY_OK);
    say_ready(1); /* the first one: whose that one falls says so, and does not try again */
    (void)hear();
    for (size_t i = 0; i + 3 <= len && i < (size_t)3 * STEPS_MAX; i += 3)
        do_one(bytes[i], bytes[i + 1], bytes[i + 2]);
    end_well();
    for (unsigned i = ASSAY_COUNT_TRANSPORT_EXCLUDED + 1; i < ASSAY_COUNT_SEND_DROPPED; i++)
        ASSAY_ASSERT(w.counters.value[i] == 0);
    assay_transport_client_close(&w.far);
    end_transport();
    return 0;
}
