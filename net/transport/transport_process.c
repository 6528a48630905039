/*
 * net/transport/transport_process.c - main loop of the transport process: orders out of one ring,
 * frames into the other.
 */
#include "net/transport/transport_process.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/system_clock.h"
#include "net/sandbox/child.h"
#include "net/sandbox/sandbox.h"
#include "net/system/allocator.h"
#include "net/transport/wire.h"
#include "net/zmq/pulse.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What it may map beyond its program: 16 MiB of stacks of libzmq's threads and twice as much for
 * what it always holds; then what members with a link can make it hold (net/zmq/link_internal.h),
 * which are all of them up to 64 (docs/protocol.md 4.12.1): the most for a third of them, for the
 * others what a slow line leaves waiting. With more it falls, and who held the most is shut out.
 */
enum {
    MEMORY_MIB = 48,
    MEMORY_HOSTILE_MIB = 16,
    MEMORY_SLOW_MIB = 4,
    MEMORY_MEMBERS = 64,
};

enum {
    TURN_MS = 100, /* the core considers a process without iterations stalled */
    ROOM_MS = 5,   /* how often the ring is looked at that has no room */
    STATE_MS = 10,
    BEAT_MS = ASSAY_PULSE_MS / 2, /* how often beats are counted */
    PACKETS_PER_TURN = 8,
};

struct role {
    assay_transport_plant *plant;
    struct assay_transport_shared *shared;
    struct assay_ring orders, reports;
    struct assay_transport_packet packet; /* the last one; the brief while it is opened */
    struct assay_transport_order order;
    struct assay_roster roster;
    struct assay_limit *limits; /* [roster.count] */
    struct assay_link *link;
    struct assay_pulse *pulse;
    struct assay_resolver_answer *answers; /* [answer_count], at most roster.count */
    uint32_t answer_count;
    uint64_t said_ms, felt_ms; /* time of the last state report, and of the last count of beats */
    uint64_t trim_ms;
    size_t frame_len;
    uint8_t frame[ASSAY_FRAME_LEN_MAX]; /* of CARRY_FRAME */
    uint8_t record[ASSAY_TRANSPORT_RECORD_MAX], report[ASSAY_TRANSPORT_RECORD_MAX];
    uint8_t bytes[ASSAY_TRANSPORT_PACKET_MAX];
};

__attribute__((noreturn)) static void give_up(const char *what, const char *why)
{
    (void)fprintf(stderr, "%s: %s", what, why);
    _exit(1);
}

static void exit_unless(enum assay_status status, const char *what)
{
    if (status != ASSAY_OK) give_up(what, assay_status_text(status));
}

bool assay_transport_is(int argc, char *const *argv)
{
    return (argc == 1 || argc == 2) && strcmp(argv[0], ASSAY_TRANSPORT_ROLE) == 0;
}

/* ------------------------------------------------------------ words with the core */

static void send_report(struct role *role, const struct assay_transport_packet *packet)
{
    struct assay_slice out;
    struct assay_writer w = assay_writer_over(role->bytes, sizeof role->bytes);
    assay_transport_packet_encode(packet, &w);
    exit_unless(assay_writer_finish(&w, &out), "packet");
    if (send(ASSAY_CHILD_SOCKET_FD, out.bytes, out.len, MSG_NOSIGNAL) < 0)
        _exit(0); /* the core is gone */
}

/* A lost bell does no harm: the bell that fills the socket wakes the core. */
static void ring_bell(void)
{
    const uint8_t bell = ASSAY_PACKET_WAKE;
    if (send(ASSAY_CHILD_SOCKET_FD, &bell, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE)
        _exit(0);
}

/* Returns: whether one was received; role->packet. */
static bool on_link_event(struct role *role, int flags)
{
    const ssize_t got = recv(ASSAY_CHILD_SOCKET_FD, role->bytes, sizeof role->bytes, flags);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (got <= 0) _exit(0);
    const struct assay_slice in = assay_slice_over(role->bytes, (size_t)got);
    exit_unless(assay_transport_packet_decode(in, &role->packet), "packet");
    assay_secret_wipe(role->bytes, (size_t)got);
    return true;
}

static void report_event(struct role *role, const struct assay_transport_report *r)
{
    ASSAY_ASSERT(r->slot < ASSAY_MEMBERS_MAX);
    struct assay_slice record;
    struct assay_writer w = assay_writer_over(role->report, sizeof role->report);
    assay_transport_report_encode(r, &w);
    exit_unless(assay_writer_finish(&w, &record), "report");
    /* Of a frame there is room, which was looked for; a name is requested again. */
    assay_status_ignore(assay_ring_write(&role->reports, record), "a name is asked for again");
}

/* ------------------------------------------------------------ names */

static enum assay_status resolve_name(void *context, uint32_t asker, const char *host)
{
    struct role *role = context;
    ASSAY_ASSERT(asker < role->roster.count);
    struct assay_transport_report r = { .kind = ASSAY_TRANSPORT_REPORT_NAME,
                                        .slot = (uint16_t)asker };
    if (strlen(host) >= sizeof r.host) return ASSAY_E_RANGE;
    (void)snprintf(r.host, sizeof r.host, "%s", host);
    report_event(role, &r);
    return ASSAY_OK;
}

static bool on_name(void *context, struct assay_resolver_answer *answer)
{
    struct role *role = context;
    ASSAY_ASSERT(role->answer_count <= role->roster.count);
    if (role->answer_count == 0) return false;
    *answer = role->answers[--role->answer_count];
    return true;
}

/* ------------------------------------------------------------ orders */

static void apply_limits(struct role *role, const struct assay_transport_order *o)
{
    ASSAY_ASSERT(o->slot < role->roster.count);
    struct assay_limit *limit = &role->limits[o->slot];
    limit->banned_until_ms = o->until_ms;
    assay_peer_score_init(&limit->peer_score, assay_monotonic_ms());
    if (o->last) limit->peer_score.points_milli = 0;
}

/* Of members: before the listener opens, and at any time later. */
static void apply_roster(struct role *role, const struct assay_transport_order *o)
{
    ASSAY_ASSERT(o->slot < role->roster.count);
    struct assay_roster_entry *entry = &role->roster.entries[o->slot];
    assay_bytes_copy(entry->bootstrap, sizeof entry->bootstrap, o->bootstrap, sizeof o->bootstrap);
    assay_bytes_copy(entry->transport, sizeof entry->transport, o->transport,
                     sizeof o->transport);
    entry->gone = o->gone;
}

static void apply_peer(struct role *role, const struct assay_transport_order *o)
{
    char text[ASSAY_TRANSPORT_TEXT_MAX];
    ASSAY_ASSERT(o->slot < role->roster.count && o->bytes.len < sizeof text);
    assay_bytes_copy(text, sizeof text - 1, o->bytes.bytes, o->bytes.len);
    text[o->bytes.len] = '\0';
    assay_status_ignore(assay_link_peer(role->link, o->slot, text), "the core looked at it");
}

__attribute__((noreturn)) static void end_in_peace(struct role *role, uint32_t ms)
{
    assay_pulse_close(&role->pulse);
    assay_link_linger(role->link, (int)(ms < 10000 ? ms : 10000));
    assay_link_close(&role->link);
    _exit(0);
}

static void send_frame(struct role *role, const struct assay_transport_order *o)
{
    ASSAY_ASSERT(o->slot < role->roster.count && role->frame_len <= sizeof role->frame);
    const struct assay_slice frame = assay_slice_over(role->frame, role->frame_len);
    if (assay_link_send(role->link, o->slot, frame, o->relay) == ASSAY_E_MEMORY)
        assay_count(&role->shared->counters, ASSAY_COUNT_SEND_MEMORY);
}

static void apply_order(struct role *role, const struct assay_transport_order *o)
{
    switch (o->kind) {
    case ASSAY_TRANSPORT_ORDER_MEMBER: apply_roster(role, o); return;
    case ASSAY_TRANSPORT_ORDER_LIMITS: apply_limits(role, o); return;
    case ASSAY_TRANSPORT_ORDER_PEER: apply_peer(role, o); return;
    case ASSAY_TRANSPORT_ORDER_FORGET: assay_link_remove_peer(role->link, o->slot); return;
    case ASSAY_TRANSPORT_ORDER_FRAME:
        assay_bytes_copy(role->frame, sizeof role->frame, o->bytes.bytes, o->bytes.len);
        role->frame_len = o->bytes.len;
        return;
    case ASSAY_TRANSPORT_ORDER_TO: send_frame(role, o); return;
    case ASSAY_TRANSPORT_ORDER_SPARE: assay_link_spare(role->link, o->slot, o->relay); return;
    case ASSAY_TRANSPORT_ORDER_ADDRESSES:
        if (role->answer_count == role->roster.count) return; /* it repeats the request */
        role->answers[role->answer_count] = o->numbers;
        role->answers[role->answer_count++].asker = o->slot;
        return;
    case ASSAY_TRANSPORT_ORDER_LINGER: end_in_peace(role, o->ms);
    case ASSAY_TRANSPORT_ORDER_START: break;
    }
    give_up("orders", "one that has no place here");
}

/* Returns: whether there was one; role->order. */
static bool read_order(struct role *role)
{
    size_t len = 0;
    const enum assay_status status =
        assay_ring_read(&role->orders, role->record, sizeof role->record, &len);
    if (status == ASSAY_E_AGAIN) return false;
    exit_unless(status, "orders");
    exit_unless(assay_transport_order_decode(assay_slice_over(role->record, len), &role->order),
                "order");
    if (role->order.slot >= role->roster.count) give_up("order", "of no member");
    return true;
}

/* ------------------------------------------------------------ opening */

static void map_memory(struct role *role)
{
    struct stat about;
    const size_t len = sizeof *role->shared;
    if (fstat(ASSAY_CHILD_BRIEF_FD, &about) != 0 || (size_t)about.st_size != len)
        give_up("memory", "not what a daemon leaves: this role is for assayd alone");
    void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, ASSAY_CHILD_BRIEF_FD, 0);
    if (memory == MAP_FAILED) give_up("memory", strerror(errno));
    (void)close(ASSAY_CHILD_BRIEF_FD);
    role->shared = memory;
    role->orders = assay_ring_init(&role->shared->orders, role->shared->orders_bytes,
                                   ASSAY_TRANSPORT_ORDERS_LEN);
    role->reports = assay_ring_init(&role->shared->reports, role->shared->reports_bytes,
                                    ASSAY_TRANSPORT_REPORTS_LEN);
}

/* What a library reads from files at its first use is read before the sandbox layers. */
static void preload(void)
{
    struct assay_secret32 secret;
    uint8_t public_key[32];
    exit_unless(assay_x25519_generate(&secret, public_key), "keys");
    assay_secret_wipe(&secret, sizeof secret);
}

static void read_brief(struct role *role)
{
    while (!on_link_event(role, 0)) {
    }
    if (role->packet.kind != ASSAY_PACKET_BRIEF) give_up("brief", "something else came");
    const uint32_t members = role->packet.members;
    ASSAY_ASSERT(members > 0 && members <= ASSAY_MEMBERS_MAX); /* as decoded */
    role->roster = (struct assay_roster){ .count = members,
                                          .self = role->packet.self,
                                          .entries = calloc(members,
                                                            sizeof *role->roster.entries) };
    role->limits = calloc(members, sizeof *role->limits);
    role->answers = calloc(members, sizeof *role->answers);
    if (role->roster.entries == NULL || role->limits == NULL || role->answers == NULL)
        give_up("memory", assay_status_text(ASSAY_E_MEMORY));
    struct assay_limit_rates rates; /* of frames and messages, which the core counts: any will do */
    assay_limit_rates(1000, members, &rates);
    for (uint32_t i = 0; i < members; i++)
        assay_limit_init(&role->limits[i], &rates, assay_monotonic_ms());
    while (read_order(role) && role->order.kind != ASSAY_TRANSPORT_ORDER_START) {
        if (role->order.kind == ASSAY_TRANSPORT_ORDER_MEMBER) apply_roster(role, &role->order);
        else if (role->order.kind == ASSAY_TRANSPORT_ORDER_LIMITS) apply_limits(role, &role->order);
        else give_up("orders", "one that has no place here");
    }
    if (role->order.kind != ASSAY_TRANSPORT_ORDER_START) give_up("orders", "they do not begin");
}

__attribute__((noreturn)) static void refuse(struct role *role, enum assay_status status,
                                             const char *message)
{
    role->packet = (struct assay_transport_packet){ .kind = ASSAY_PACKET_REFUSED,
                                                    .status = status };
    (void)snprintf(role->packet.text, sizeof role->packet.text, "%s", message);
    send_report(role, &role->packet);
    _exit(1);
}

static void open_link(struct role *role)
{
    ASSAY_ASSERT(role->link == NULL && role->pulse == NULL);
    char message[ASSAY_LINK_MESSAGE_LEN];
    const struct assay_link_names names = { role, resolve_name, on_name };
    const struct assay_transport_packet *const brief = &role->packet;
    const struct assay_link_config config = { .roster = &role->roster,
                                              .limits = role->limits,
                                              .counters = &role->shared->counters,
                                              .bootstrap_secret = &brief->secret,
                                              .bootstrap_public = brief->public_key,
                                              .listen = brief->text,
                                              .handshake_ms = (int)brief->handshake_ms,
                                              .redial_ms = (int)brief->redial_ms,
                                              .pause_ms_max = brief->pause_ms_max,
                                              .names = &names,
                                              .self_test = brief->self_test };
    const enum assay_status status = assay_link_open(&config, &role->link, message);
    if (status != ASSAY_OK) refuse(role, status, message);
    exit_unless(assay_pulse_open(role->link, &role->pulse), "pulse");
}

static void send_ready(struct role *role, uint32_t walls, uint32_t landlock)
{
    ASSAY_ASSERT(role->link != NULL);
    const char *const endpoint = assay_link_endpoint(role->link);
    const char *const port = strrchr(endpoint, ':');
    assay_secret_wipe(&role->packet, sizeof role->packet);
    role->packet = (struct assay_transport_packet){
        .kind = ASSAY_PACKET_READY,
        .walls = walls,
        .landlock = landlock,
        .port = port != NULL ? (uint16_t)strtoul(port + 1, NULL, 10) : 0,
    };
    (void)snprintf(role->packet.text, sizeof role->packet.text, "%s", endpoint);
    send_report(role, &role->packet);
}

/* ------------------------------------------------------------ at work */

static void receive_packets(struct role *role)
{
    for (int i = 0; i < PACKETS_PER_TURN && on_link_event(role, MSG_DONTWAIT); i++) {
        if (role->packet.kind == ASSAY_PACKET_WAKE) continue;
        if (role->packet.kind != ASSAY_PACKET_IDENTIFY)
            give_up("packet", "one that has no place here");
        exit_unless(assay_link_identify(role->link, &role->packet.secret, role->packet.public_key),
                    "keys");
        assay_secret_wipe(&role->packet, sizeof role->packet);
    }
}

/* Returns: whether the ring has room for more. */
static bool deliver_frames(struct role *role)
{
    struct assay_transport_report r = { .kind = ASSAY_TRANSPORT_REPORT_FRAME };
    while (assay_ring_has_room(&role->reports, ASSAY_TRANSPORT_RECORD_MAX)) {
        if (assay_link_receive(role->link, &r.slot, &r.which, &r.bytes) != ASSAY_OK) return true;
        ASSAY_ASSERT(r.slot < role->roster.count);
        const struct assay_roster_entry *entry = &role->roster.entries[r.slot];
        assay_bytes_copy(r.key, sizeof r.key,
                         r.which == ASSAY_ROSTER_BOOTSTRAP ? entry->bootstrap : entry->transport,
                         32);
        atomic_store_explicit(&role->shared->handling, r.slot + 1U, memory_order_relaxed);
        if (role->plant != NULL) role->plant(r.slot, r.bytes);
        report_event(role, &r);
        atomic_store_explicit(&role->shared->handling, 0, memory_order_relaxed);
    }
    return false;
}

static void check_pulse(struct role *role, uint64_t now_ms)
{
    if (now_ms < role->felt_ms + BEAT_MS) return;
    role->felt_ms = now_ms;
    atomic_store_explicit(&role->shared->beats, assay_pulse_beats(role->pulse),
                          memory_order_relaxed);
}

static void publish_state(struct role *role, uint64_t now_ms)
{
    atomic_fetch_add_explicit(&role->shared->turns, 1, memory_order_relaxed);
    if (now_ms < role->said_ms + STATE_MS) return;
    role->said_ms = now_ms;
    check_pulse(role, now_ms);
    const uint64_t trim_ms = role->trim_ms;
    assay_allocator_trim(now_ms, &role->trim_ms);
    if (role->trim_ms != trim_ms) assay_ring_trim(&role->reports);
    for (uint32_t i = 0; i < role->roster.count; i++) {
        const uint16_t slot = (uint16_t)i;
        const uint8_t up = assay_link_is_up(role->link, slot);
        atomic_store_explicit(&role->shared->up[slot], up, memory_order_relaxed);
        atomic_store_explicit(&role->shared->held[slot], assay_link_get_bytes(role->link, slot),
                              memory_order_relaxed);
    }
}

static void publish_counters(struct role *role)
{
    if (assay_ring_publish(&role->reports)) ring_bell();
}

__attribute__((noreturn)) static void serve(struct role *role)
{
    ASSAY_ASSERT(role->link != NULL && role->pulse != NULL);
    for (;;) {
        struct pollfd core = { .fd = ASSAY_CHILD_SOCKET_FD, .events = POLLIN };
        while (read_order(role))
            apply_order(role, &role->order);
        const bool room = deliver_frames(role);
        publish_counters(role);
        publish_state(role, assay_monotonic_ms());
        atomic_store(&role->shared->wants_room, !room);
        assay_link_pause(role->link, !room);
        const int rest_ms = room ? TURN_MS : ROOM_MS;
        const bool idle = assay_ring_sleep(&role->orders);
        exit_unless(assay_link_wait(role->link, assay_monotonic_ms(), &core, 1, idle ? rest_ms : 0),
                    "poll");
        assay_ring_wake(&role->orders);
        if (core.revents != 0) receive_packets(role);
    }
}

static uint64_t memory_mib(uint32_t members)
{
    const uint32_t linked = members < MEMORY_MEMBERS ? members : MEMORY_MEMBERS;
    const uint32_t hostile = (linked + 2) / 3;
    ASSAY_ASSERT(hostile <= linked);
    return MEMORY_MIB + MEMORY_HOSTILE_MIB * (uint64_t)hostile +
           MEMORY_SLOW_MIB * (uint64_t)(linked - hostile);
}

void assay_transport_run(assay_transport_plant *plant)
{
    static struct role role;
    uint32_t walls = 0, landlock = 0;
    assay_child_begin(ASSAY_TRANSPORT_ROLE);
    assay_allocator_init();
    role.plant = plant;
    map_memory(&role);
    read_brief(&role);
    preload();
    assay_sandbox_prefer_oom_kill();
    const uint64_t mapped = assay_sandbox_get_mapped();
    const uint64_t mib = memory_mib(role.roster.count);
    walls |=
        assay_sandbox_close_files(ASSAY_SANDBOX_SPEAKER, &landlock); /* before there are threads */
    walls |= assay_sandbox_apply_limits(ASSAY_SANDBOX_SPEAKER,
                                        mapped > 0 ? mapped + mib * 1024 * 1024 : 0);
    open_link(&role);
    exit_unless(assay_sandbox_filter_calls(ASSAY_SANDBOX_SPEAKER),
                "the kernel filters no system calls");
    send_ready(&role, walls | ASSAY_SANDBOX_LAYER_CALLS, landlock);
    serve(&role);
}
