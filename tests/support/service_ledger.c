/*
 * tests/support/service_ledger.c - see the header.
 */
#include "tests/support/service_ledger.h"

#include "base/assert.h"
#include "net/unix_socket.h"
#include "services/continuity/document.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DOCUMENT_MAX = 256 * 1024, HELD_MAX = 64 };

struct program {
    struct assay_service_stream stream; /* fd -1: none */
    uint32_t slot;
    bool follows;
};

struct held {
    uint32_t slot;
    enum assay_service_kind kind;
    size_t len;
    uint8_t payload[ASSAY_SERVICE_PAYLOAD_MAX];
};

struct service_ledger {
    int fd;
    uint32_t next_slot;
    bool holds;
    size_t held_count;
    struct held held[HELD_MAX];
    uint64_t epoch;
    enum assay_cont_standing standing[ASSAY_CONT_SLOTS_MAX];
    uint16_t score[ASSAY_CONT_SLOTS_MAX];
    struct program programs[SERVICE_LEDGER_PROGRAMS];
    struct assay_cont_group group;
    struct assay_cont_facts facts;
    struct assay_service_message message;
    uint8_t document[DOCUMENT_MAX];
};

struct service_ledger *service_ledger_open(const char *path, uint32_t group, uint32_t size,
                                           uint32_t instances_max)
{
    char message[256];
    struct service_ledger *l = calloc(1, sizeof *l);
    ASSAY_ASSERT(l != NULL);
    const struct assay_cont_home home = { .chain_id = "a chain of the tests", .group = group };
    assay_cont_group_init(&l->group, &home, size, instances_max);
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++) {
        l->standing[i] = ASSAY_CONT_STAND_FULL;
        l->score[i] = 10000;
        if (i < SERVICE_LEDGER_PROGRAMS) l->programs[i].stream.fd = -1;
    }
    const enum assay_status status =
        assay_unix_listen(path, "ledger", 16, &l->fd, message, sizeof message);
    ASSAY_ASSERT(status == ASSAY_OK);
    service_ledger_close_epoch(l);
    return l;
}

void service_ledger_hang_up(struct service_ledger *ledger)
{
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        assay_service_stream_close(&ledger->programs[i].stream);
}

void service_ledger_close(struct service_ledger **ledger)
{
    service_ledger_hang_up(*ledger);
    (void)close((*ledger)->fd);
    free(*ledger);
    *ledger = NULL;
}

void service_ledger_expect(struct service_ledger *ledger, uint32_t slot)
{
    ledger->next_slot = slot;
}

void service_ledger_stand(struct service_ledger *ledger, uint32_t slot,
                          enum assay_cont_standing standing)
{
    ledger->standing[slot] = standing;
}

const struct assay_cont_group *service_ledger_group(const struct service_ledger *ledger)
{
    return &ledger->group;
}

/* --- what is final */

static void say(struct program *p, const struct assay_service_message *m)
{
    if (assay_service_send(&p->stream, m) != ASSAY_OK) assay_service_stream_close(&p->stream);
}

static void say_to_all(struct service_ledger *l, const struct assay_service_message *m)
{
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (l->programs[i].stream.fd >= 0 && l->programs[i].follows) say(&l->programs[i], m);
}

static void put_standings(const struct service_ledger *l, struct assay_service_message *m)
{
    static const enum assay_registry_standing as[] = {
        [ASSAY_CONT_STAND_NONE] = ASSAY_REGISTRY_STAND_NONE,
        [ASSAY_CONT_STAND_SUSPENDED] = ASSAY_REGISTRY_STAND_SUSPENDED,
        [ASSAY_CONT_STAND_WARNING] = ASSAY_REGISTRY_STAND_WARNING,
        [ASSAY_CONT_STAND_FULL] = ASSAY_REGISTRY_STAND_FULL,
    };
    m->epoch = l->epoch;
    m->members = ASSAY_CONT_SLOTS_MAX;
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        m->member[i] = (struct assay_registry_member){ .standing = as[l->standing[i]],
                                                       .score_bp = l->score[i] };
}

void service_ledger_close_epoch(struct service_ledger *ledger)
{
    struct service_ledger *l = ledger;
    struct assay_service_message m = { .verb = ASSAY_SERVICE_CLOSE };
    l->epoch++;
    assay_cont_group_close(&l->group, l->epoch, l->standing, l->score, ASSAY_CONT_SLOTS_MAX,
                           &l->facts);
    assay_cont_group_check(&l->group);
    put_standings(l, &m);
    say_to_all(l, &m);
}

/* As a ledger checks before a record may stand in a block. Returns: whether it means something. */
static bool fold(struct service_ledger *l, uint32_t slot, enum assay_service_kind kind,
                 struct assay_slice payload)
{
    struct assay_cont_replica_record replica;
    struct assay_cont_session_record session;
    struct assay_cont_table_record table;
    switch ((int)kind) {
    case ASSAY_SERVICE_REPLICA:
        if (assay_cont_replica_record_decode(payload, &replica) != ASSAY_OK) return false;
        (void)assay_cont_group_replica(&l->group, slot, &replica, &l->facts);
        return true;
    case ASSAY_SERVICE_SESSION:
        if (assay_cont_session_record_decode(payload, &session) != ASSAY_OK ||
            !assay_cont_session_record_check(&l->group.home, &session))
            return false;
        (void)assay_cont_group_session(&l->group, slot, &session, &l->facts);
        return true;
    case ASSAY_SERVICE_TABLE:
        if (assay_cont_table_record_decode(payload, &table) != ASSAY_OK ||
            !assay_cont_table_record_check(&l->group.home, &table))
            return false;
        (void)assay_cont_group_table(&l->group, &table, &l->facts);
        return true;
    default: return false;
    }
}

static void order(struct service_ledger *l, uint32_t slot, enum assay_service_kind kind,
                  struct assay_slice payload)
{
    const struct assay_service_message m = {
        .verb = ASSAY_SERVICE_RECORD, .slot = slot, .kind = kind, .payload = payload
    };
    if (!fold(l, slot, kind, payload)) return;
    assay_cont_group_check(&l->group);
    say_to_all(l, &m);
}

void service_ledger_hold(struct service_ledger *ledger, bool held)
{
    ledger->holds = held;
    for (size_t i = 0; !held && i < ledger->held_count; i++) {
        const struct held *h = &ledger->held[i];
        order(ledger, h->slot, h->kind, assay_slice_over(h->payload, h->len));
    }
    if (!held) ledger->held_count = 0;
}

/* --- programs */

static void begin(struct service_ledger *l, struct program *p)
{
    static const uint8_t plan[] = "continuity alone";
    struct assay_service_message m = { .verb = ASSAY_SERVICE_BEGIN,
                                       .slot = p->slot,
                                       .plan = assay_slice_over(plan, sizeof plan),
                                       .count = 1 };
    struct assay_service_message document = { .verb = ASSAY_SERVICE_DOCUMENT };
    struct assay_writer w = assay_writer_over(l->document, sizeof l->document);
    const enum assay_status encoded = assay_cont_group_encode(&l->group, &w);
    const enum assay_status status = assay_writer_finish(&w, &document.document);
    ASSAY_ASSERT(encoded == ASSAY_OK && status == ASSAY_OK);
    assay_bytes_copy(m.chain_id, 32, l->group.home.chain_id, 32);
    put_standings(l, &m);
    p->follows = true;
    say(p, &m);
    if (p->stream.fd >= 0) say(p, &document);
}

static void take(struct service_ledger *l, struct program *p)
{
    const struct assay_service_message *m = &l->message;
    if (m->verb == ASSAY_SERVICE_FOLLOW) {
        begin(l, p);
    } else if (l->holds && l->held_count < HELD_MAX) {
        struct held *h = &l->held[l->held_count++];
        *h = (struct held){ .slot = p->slot, .kind = m->kind, .len = m->payload.len };
        assay_bytes_copy(h->payload, sizeof h->payload, m->payload.bytes, m->payload.len);
    } else if (!l->holds) {
        uint8_t payload[ASSAY_SERVICE_PAYLOAD_MAX]; /* the stream may be closed under it */
        assay_bytes_copy(payload, sizeof payload, m->payload.bytes, m->payload.len);
        order(l, p->slot, m->kind, assay_slice_over(payload, m->payload.len));
    }
}

static void serve(struct service_ledger *l, struct program *p)
{
    enum assay_status status = assay_service_flush(&p->stream);
    while (status == ASSAY_OK) {
        status = assay_service_next(&p->stream, &l->message);
        if (status == ASSAY_OK) take(l, p);
        if (p->stream.fd < 0) return;
    }
    if (status != ASSAY_E_AGAIN) assay_service_stream_close(&p->stream);
}

static void admit(struct service_ledger *l)
{
    const int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++) {
        struct program *p = &l->programs[i];
        if (p->stream.fd >= 0) continue;
        const enum assay_status status = assay_service_stream_open(&p->stream, fd);
        ASSAY_ASSERT(status == ASSAY_OK);
        p->slot = l->next_slot++;
        p->follows = false;
        return;
    }
    (void)close(fd);
}

void service_ledger_turn(struct service_ledger *ledger, int timeout_ms)
{
    struct pollfd fds[SERVICE_LEDGER_PROGRAMS + 1];
    fds[0] = (struct pollfd){ .fd = ledger->fd, .events = POLLIN };
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++) {
        const struct assay_service_stream *s = &ledger->programs[i].stream;
        const bool waits = s->fd >= 0 && assay_service_waits(s);
        fds[i + 1] =
            (struct pollfd){ .fd = s->fd, .events = (short)(waits ? POLLIN | POLLOUT : POLLIN) };
    }
    if (poll(fds, SERVICE_LEDGER_PROGRAMS + 1, timeout_ms) <= 0) return;
    for (size_t i = 0; i < SERVICE_LEDGER_PROGRAMS; i++)
        if (fds[i + 1].revents != 0 && ledger->programs[i].stream.fd == fds[i + 1].fd)
            serve(ledger, &ledger->programs[i]);
    if (fds[0].revents != 0) admit(ledger);
}
