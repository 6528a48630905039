/*
 * net/services/follower.c - see follower.h.
 */
#include "net/services/follower.h"

#include "base/assert.h"
#include "services/continuity/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct assay_follower {
    char path[ASSAY_FOLLOWER_PATH_MAX + 1];
    uint32_t number;
    assay_follower_fact *fact;
    void *context;
    struct assay_service_stream stream; /* fd -1: none */
    uint64_t dial_at_ms;
    uint64_t told;
    bool begun;  /* on this connection */
    bool awaits; /* BEGIN came, its document did not */
    uint8_t chain_id[32];
    uint64_t epoch; /* that closed last, */
    uint32_t slots;
    enum assay_cont_standing standing[ASSAY_CONT_SLOTS_MAX]; /* and what it told */
    uint16_t score[ASSAY_CONT_SLOTS_MAX];
    bool has_group; /* ever */
    struct assay_cont_group group, next;
    struct assay_service_message message;
};

enum assay_status assay_follower_create(const char *path, uint32_t group, assay_follower_fact *fact,
                                        void *context, struct assay_follower **out)
{
    if (strlen(path) > ASSAY_FOLLOWER_PATH_MAX) return ASSAY_E_RANGE;
    struct assay_follower *f = calloc(1, sizeof *f);
    if (f == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(f->path, sizeof f->path, path, strlen(path));
    f->number = group;
    f->fact = fact;
    f->context = context;
    f->stream.fd = -1;
    *out = f;
    return ASSAY_OK;
}

void assay_follower_destroy(struct assay_follower **follower)
{
    if (*follower == NULL) return;
    assay_service_stream_close(&(*follower)->stream);
    free(*follower);
    *follower = NULL;
}

struct pollfd assay_follower_poll(const struct assay_follower *f)
{
    const bool waits = f->stream.fd >= 0 && assay_service_waits(&f->stream);
    return (struct pollfd){ .fd = f->stream.fd,
                            .events = (short)(waits ? POLLIN | POLLOUT : POLLIN) };
}

const struct assay_cont_group *assay_follower_group(const struct assay_follower *f)
{
    return f->has_group ? &f->group : NULL;
}

bool assay_follower_follows(const struct assay_follower *f)
{
    return f->begun;
}

uint64_t assay_follower_told(const struct assay_follower *f)
{
    return f->told;
}

/* --- the connection */

static void hang_up(struct assay_follower *f, uint64_t now_ms)
{
    assay_service_stream_close(&f->stream);
    f->begun = f->awaits = false;
    f->dial_at_ms = now_ms + ASSAY_FOLLOWER_REDIAL_MS;
}

static enum assay_status dial(struct assay_follower *f, uint64_t now_ms)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const struct assay_service_message follow = { .verb = ASSAY_SERVICE_FOLLOW,
                                                  .service = ASSAY_SERVICE_CONTINUITY,
                                                  .group = f->number };
    if (now_ms < f->dial_at_ms) return ASSAY_OK;
    f->dial_at_ms = now_ms + ASSAY_FOLLOWER_REDIAL_MS;
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, f->path, sizeof f->path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return ASSAY_E_IO;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        (void)close(fd);
        return ASSAY_E_NOT_FOUND;
    }
    const enum assay_status opened = assay_service_stream_open(&f->stream, fd);
    if (opened != ASSAY_OK) {
        (void)close(fd);
        f->stream.fd = -1;
        return opened;
    }
    return assay_service_send(&f->stream, &follow);
}

/* --- what is told */

static void tell(struct assay_follower *f, const struct assay_cont_fact *fact)
{
    f->fact(f->context, fact);
}

static void tell_all(struct assay_follower *f, const struct assay_cont_facts *facts)
{
    for (uint32_t i = 0; i < facts->count; i++)
        tell(f, &facts->fact[i]);
}

static void tell_standings(struct assay_follower *f)
{
    struct assay_cont_fact fact;
    for (uint32_t i = 0; assay_cont_group_standing(&f->group, i, &fact); i++)
        tell(f, &fact);
}

/* Whoever is restricted has no seat. */
static enum assay_cont_standing standing_of(enum assay_registry_standing standing)
{
    switch (standing) {
    case ASSAY_REGISTRY_STAND_NONE:
    case ASSAY_REGISTRY_STAND_RESTRICTED: return ASSAY_CONT_STAND_NONE;
    case ASSAY_REGISTRY_STAND_SUSPENDED: return ASSAY_CONT_STAND_SUSPENDED;
    case ASSAY_REGISTRY_STAND_WARNING: return ASSAY_CONT_STAND_WARNING;
    case ASSAY_REGISTRY_STAND_FULL: return ASSAY_CONT_STAND_FULL;
    }
    ASSAY_UNREACHABLE("a standing");
}

static void take_members(struct assay_follower *f, const struct assay_service_message *m)
{
    f->epoch = m->epoch;
    f->slots = m->members;
    for (uint32_t i = 0; i < m->members; i++) {
        f->standing[i] = standing_of(m->member[i].standing);
        f->score[i] = m->member[i].score_bp;
    }
}

static enum assay_status begin(struct assay_follower *f, const struct assay_service_message *m)
{
    if (f->begun || f->awaits || m->count != 1) return ASSAY_E_INVALID;
    assay_bytes_copy(f->chain_id, 32, m->chain_id, 32);
    take_members(f, m);
    f->awaits = true;
    return ASSAY_OK;
}

/* docs/services.md 4.1: what is older than seen is refused, and another chain is nobody's. */
static enum assay_status document(struct assay_follower *f, const struct assay_service_message *m)
{
    struct assay_cont_home home = { .group = f->number };
    struct assay_cont_fact fact;
    if (!f->awaits || m->index != 0) return ASSAY_E_INVALID;
    assay_bytes_copy(home.chain_id, 32, f->chain_id, 32);
    ASSAY_TRY(assay_cont_group_decode(m->document, &home, &f->next));
    if (f->has_group && (!assay_bytes_equal(f->group.home.chain_id, home.chain_id, 32) ||
                         f->epoch < f->group.epoch || f->next.view_last < f->group.view_last))
        return ASSAY_E_CHAIN;
    f->group = f->next;
    assay_cont_group_stand(&f->group, f->epoch, f->standing, f->score, f->slots);
    f->awaits = false;
    f->begun = f->has_group = true;
    for (uint32_t i = 0; assay_cont_group_tell(&f->group, i, &fact); i++)
        tell(f, &fact);
    tell_standings(f);
    return ASSAY_OK;
}

static void record(struct assay_follower *f, const struct assay_service_message *m)
{
    struct assay_cont_facts facts;
    struct assay_cont_replica_record replica;
    struct assay_cont_session_record session;
    struct assay_cont_table_record table;
    facts.count = 0;
    switch ((int)m->kind) {
    case ASSAY_SERVICE_REPLICA:
        if (assay_cont_replica_record_decode(m->payload, &replica) != ASSAY_OK) return;
        assay_cont_group_replica(&f->group, m->slot, &replica, &facts);
        break;
    case ASSAY_SERVICE_SESSION:
        if (assay_cont_session_record_decode(m->payload, &session) != ASSAY_OK) return;
        assay_cont_group_session(&f->group, m->slot, &session, &facts);
        break;
    case ASSAY_SERVICE_TABLE:
        if (assay_cont_table_record_decode(m->payload, &table) != ASSAY_OK) return;
        assay_cont_group_table(&f->group, &table, &facts);
        break;
    default: return;
    }
    tell_all(f, &facts);
}

static enum assay_status take(struct assay_follower *f, const struct assay_service_message *m)
{
    struct assay_cont_facts facts;
    if (m->verb == ASSAY_SERVICE_BEGIN) return begin(f, m);
    if (m->verb == ASSAY_SERVICE_DOCUMENT) return document(f, m);
    if (!f->begun) return ASSAY_E_INVALID;
    if (m->verb == ASSAY_SERVICE_RECORD) {
        record(f, m);
        return ASSAY_OK;
    }
    if (m->verb != ASSAY_SERVICE_CLOSE) return ASSAY_E_UNSUPPORTED;
    if (m->epoch <= f->group.epoch) return ASSAY_E_CHAIN;
    take_members(f, m);
    assay_cont_group_close(&f->group, f->epoch, f->standing, f->score, f->slots, &facts);
    tell_all(f, &facts);
    tell_standings(f);
    return ASSAY_OK;
}

enum assay_status assay_follower_turn(struct assay_follower *f, uint64_t now_ms)
{
    if (f->stream.fd < 0) ASSAY_TRY(dial(f, now_ms));
    if (f->stream.fd < 0) return ASSAY_OK;
    enum assay_status status = assay_service_flush(&f->stream);
    while (status == ASSAY_OK) {
        status = assay_service_next(&f->stream, &f->message);
        if (status == ASSAY_OK) status = take(f, &f->message);
        if (status == ASSAY_OK) f->told++;
    }
    if (status == ASSAY_E_AGAIN) return ASSAY_OK;
    hang_up(f, now_ms);
    return status;
}

enum assay_status assay_follower_submit(struct assay_follower *f, enum assay_service_kind kind,
                                        struct assay_slice payload)
{
    const struct assay_service_message m = { .verb = ASSAY_SERVICE_SUBMIT,
                                             .kind = kind,
                                             .payload = payload };
    if (!f->begun) return ASSAY_E_AGAIN;
    return assay_service_send(&f->stream, &m);
}
