/*
 * net/services/server/service_server.c - what programs of services are told, and what they ask
 * (docs/services.md 4.1).
 */
#include "net/services/server/service_server_internal.h"

#include "base/assert.h"
#include "base/checked.h"
#include "net/system/unix_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- opening */

static enum assay_status take_plan(struct assay_service_server *d, struct assay_slice plan)
{
    ASSAY_TRY(assay_registry_plan_decode(plan, &d->plan));
    ASSAY_ASSERT(plan.len <= sizeof d->plan_bytes); /* it was decoded */
    assay_bytes_copy(d->plan_bytes, sizeof d->plan_bytes, plan.bytes, plan.len);
    d->plan_len = plan.len;
    free(d->memory);
    d->registry = NULL;
    d->memory = aligned_alloc(64, (assay_registry_size(&d->plan) + 63) / 64 * 64);
    return d->memory != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
}

static enum assay_status listen_at(struct listener *l, const char *folder,
                                   char message[static ASSAY_SERVICE_SERVER_MESSAGE])
{
    char own[ASSAY_SERVICE_SOCKET_PATH];
    ASSAY_TRY(assay_service_socket_path(folder, l->is, l->path));
    const size_t len = (size_t)(strrchr(l->path, '/') - l->path);
    assay_bytes_copy(own, sizeof own, l->path, len);
    own[len] = '\0';
    ASSAY_TRY(assay_unix_folder(own, "services socket", message, ASSAY_SERVICE_SERVER_MESSAGE));
    ASSAY_TRY(assay_unix_listen(l->path, "services socket", ASSAY_UNIX_QUEUE, &l->fd, message,
                                ASSAY_SERVICE_SERVER_MESSAGE));
    (void)snprintf(message, ASSAY_SERVICE_SERVER_MESSAGE,
                   "services socket %s: its mode cannot be set", l->path);
    return assay_unix_set_group(l->path, &l->is_shared);
}

static enum assay_status make(struct assay_service_server *d, const char *folder,
                              struct assay_slice plan,
                              char message[static ASSAY_SERVICE_SERVER_MESSAGE])
{
    const enum assay_status taken = take_plan(d, plan);
    (void)snprintf(message, ASSAY_SERVICE_SERVER_MESSAGE, "%s",
                   taken == ASSAY_E_MEMORY ? "no memory"
                                           : "the plan of services in force cannot be read");
    ASSAY_TRY(taken);
    (void)snprintf(message, ASSAY_SERVICE_SERVER_MESSAGE,
                   "services socket: the folder's path has %zu bytes, expected at most %d",
                   strlen(folder), (int)ASSAY_SERVICE_FOLDER_MAX);
    if (strlen(folder) > ASSAY_SERVICE_FOLDER_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_unix_folder(folder, "services socket", message, ASSAY_SERVICE_SERVER_MESSAGE));
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        ASSAY_TRY(listen_at(&d->listeners[i], folder, message));
    return ASSAY_OK;
}

void assay_service_server_shared(const struct assay_service_server *desk,
                                 char names[static ASSAY_SERVICE_SERVER_NAMES])
{
    size_t len = 0;
    names[0] = '\0';
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        char name[ASSAY_SERVICE_SOCKET_NAME];
        if (!desk->listeners[i].is_shared) continue;
        assay_service_socket_name(desk->listeners[i].is, name);
        len += (size_t)snprintf(names + len, ASSAY_SERVICE_SERVER_NAMES - len, "%s%s",
                                len > 0 ? " " : "", name);
    }
}

static void end(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        struct listener *l = &d->listeners[i];
        if (l->fd < 0) continue;
        (void)close(l->fd);
        (void)unlink(l->path);
    }
    free(d->memory);
    free(d);
}

enum assay_status assay_service_server_open(const char *folder, struct assay_slice plan,
                                            const uint8_t chain_id[static 32],
                                            const struct assay_service_server_world *world,
                                            struct assay_service_server **out,
                                            char message[static ASSAY_SERVICE_SERVER_MESSAGE])
{
    struct assay_service_server *d = calloc(1, sizeof *d);
    if (d == NULL) return ASSAY_E_MEMORY;
    d->world = *world;
    assay_bytes_copy(d->chain_id, 32, chain_id, 32);
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        d->listeners[i] = (struct listener){ .is = assay_service_socket_at(i), .fd = -1 };
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        d->clients[i].stream.fd = -1;
    const enum assay_status status = make(d, folder, plan, message);
    if (status != ASSAY_OK) {
        end(d);
        return status;
    }
    *out = d;
    return ASSAY_OK;
}

void desk_drop(struct assay_service_server *d, struct client *c)
{
    desk_ask_forget(d, c);
    ASSAY_ASSERT(c->of->connections > 0);
    c->of->connections--;
    assay_service_stream_close(&c->stream);
    *c = (struct client){ .stream = { .fd = -1 } };
}

void assay_service_server_close(struct assay_service_server **desk)
{
    struct assay_service_server *d = *desk;
    if (d == NULL) return;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (d->clients[i].stream.fd >= 0) desk_drop(d, &d->clients[i]);
    end(d);
    *desk = NULL;
}

/* --- telling */

static enum assay_service service_of(const struct client *c)
{
    return assay_service_of_role(c->at->is.role);
}

/* Who reads too slowly dials again, and is told everything anew. */
void desk_send(struct assay_service_server *d, struct client *c,
               const struct assay_service_message *m)
{
    if (assay_service_send(&c->stream, m) != ASSAY_OK) desk_drop(d, c);
}

static void put_moment(const struct assay_service_server *d, struct assay_service_message *m)
{
    m->era = d->moment.era;
    m->epoch = d->moment.epoch;
    assay_bytes_copy(m->beacon, 32, d->moment.beacon, 32);
    m->members = d->moment.members;
    for (uint32_t i = 0; i < d->moment.members; i++) {
        m->member[i] = d->moment.member[i];
        assay_bytes_copy(m->node[i], 32, d->moment.node_id[i], 32);
    }
}

struct assay_service_message *desk_fresh(struct assay_service_server *d,
                                         enum assay_service_verb verb)
{
    d->answer = (struct assay_service_message){ .verb = verb };
    return &d->answer;
}

static void tell_document(struct assay_service_server *d, struct client *c, uint32_t index,
                          uint32_t number)
{
    struct assay_writer w = assay_writer_over(d->document, sizeof d->document);
    const enum assay_status status = assay_registry_encode(d->registry, number, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* within ASSAY_REGISTRY_DOCUMENT_LEN_MAX */
    struct assay_service_message *m = desk_fresh(d, ASSAY_SERVICE_DOCUMENT);
    m->index = index;
    m->document = assay_slice_over(d->document, w.len);
    desk_send(d, c, m);
}

static void tell_beginning(struct assay_service_server *d, struct client *c)
{
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    const uint32_t count =
        assay_service_documents(&d->plan, service_of(c), c->at->is.group, numbers);
    ASSAY_ASSERT(count > 0); /* follow() */
    struct assay_service_message *m = desk_fresh(d, ASSAY_SERVICE_BEGIN);
    assay_bytes_copy(m->chain_id, 32, d->chain_id, 32);
    m->slot = d->slot < ASSAY_REGISTRY_SLOTS_MAX ? d->slot : ASSAY_REGISTRY_SLOTS_MAX;
    m->plan = assay_slice_over(d->plan_bytes, d->plan_len);
    m->count = count;
    m->records = d->records[service_of(c)];
    put_moment(d, m);
    c->told = true;
    desk_send(d, c, m);
    for (uint32_t i = 0; i < count && desk_is_open(c); i++)
        tell_document(d, c, i, numbers[i]);
}

static void tell_waiting(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX && d->ready; i++) {
        struct client *c = &d->clients[i];
        if (desk_is_open(c) && c->follows && !c->told) tell_beginning(d, c);
    }
}

/* Programs that were told of the registry before dial again. */
static void drop_told(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (desk_is_open(&d->clients[i]) && d->clients[i].told) desk_drop(d, &d->clients[i]);
}

/* Of records that are final in it, and that are handed in. */
static void begin_epoch(struct assay_service_server *d)
{
    assay_bytes_zero(d->records, sizeof d->records);
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        for (size_t k = 0; k < ASSAY_USERS_MAX; k++)
            d->listeners[i].users[k].records = 0;
}

void assay_service_server_begin(struct assay_service_server *desk,
                                const struct assay_registry *registry, uint32_t slot,
                                const struct assay_service_server_moment *moment)
{
    struct assay_service_server *d = desk;
    if (d->registry == NULL) {
        const enum assay_status status = assay_registry_init(
            d->memory, assay_registry_size(&d->plan), &d->plan, d->chain_id, &d->registry);
        ASSAY_ASSERT(status == ASSAY_OK); /* the plan was decoded */
    }
    assay_registry_copy(d->registry, registry);
    d->slot = slot;
    d->moment = *moment;
    begin_epoch(d);
    d->ready = false;
    drop_told(d);
}

void assay_service_server_ready(struct assay_service_server *desk)
{
    ASSAY_ASSERT(desk->registry != NULL);
    desk->ready = true;
    tell_waiting(desk);
}

void assay_service_server_record(struct assay_service_server *desk, uint32_t slot,
                                 enum assay_service_kind kind, struct assay_slice payload)
{
    static const char applied[] = "applied";
    static const uint8_t nobody[32];
    struct assay_service_server *d = desk;
    ASSAY_ASSERT(d->registry != NULL);
    ASSAY_ASSERT((unsigned)kind > 0 && (unsigned)kind < ASSAY_SERVICE_KIND_COUNT);
    const uint8_t *node = slot < d->moment.members ? d->moment.node_id[slot] : nobody;
    const char *became = assay_registry_apply(d->registry, slot, node, kind, payload, &d->facts);
    if (strcmp(became, applied) == 0) d->figures.applied[kind]++;
    else d->figures.idle[kind]++;
    d->records[assay_service_of(kind)]++;
    if (!d->ready || slot >= ASSAY_REGISTRY_SLOTS_MAX) return;
    struct assay_service_message *m = desk_fresh(d, ASSAY_SERVICE_RECORD);
    m->slot = slot;
    m->kind = kind;
    m->payload = payload;
    assay_bytes_copy(m->node_id, 32, node, 32);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (desk_is_open(c) && c->told && service_of(c) == assay_service_of(kind))
            desk_send(d, c, m);
    }
}

void assay_service_server_closed(struct assay_service_server *desk,
                                 const struct assay_registry *registry,
                                 const struct assay_service_server_moment *moment)
{
    struct assay_service_server *d = desk;
    ASSAY_ASSERT(d->registry != NULL);
    assay_registry_copy(d->registry, registry);
    d->moment = *moment;
    begin_epoch(d);
    if (!d->ready) return;
    struct assay_service_message *m = desk_fresh(d, ASSAY_SERVICE_CLOSE);
    put_moment(d, m);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (desk_is_open(&d->clients[i]) && d->clients[i].told) desk_send(d, &d->clients[i], m);
}

/* --- what programs hand in */

enum assay_status assay_service_server_hand_over(struct assay_service_server *desk,
                                                 const struct assay_service_server_world *world,
                                                 struct assay_slice plan)
{
    desk->world = *world;
    desk->ready = false;
    desk_ask_hand_over(desk);
    if (assay_slice_equal(plan, assay_slice_over(desk->plan_bytes, desk->plan_len)))
        return ASSAY_OK;
    drop_told(desk);
    return take_plan(desk, plan);
}

static void refuse(struct assay_service_server *d, struct client *c, enum assay_service_kind kind,
                   const char *why)
{
    struct assay_service_message *m = desk_fresh(d, ASSAY_SERVICE_REFUSED);
    m->kind = kind;
    m->why = assay_slice_over(why, strnlen(why, ASSAY_SERVICE_WHY_MAX));
    desk_send(d, c, m);
}

/* What a user has of what is kept for its socket: as much as each other one that is there. */
static uint32_t part_at(const struct listener *at, uint32_t each)
{
    const uint32_t present = assay_users_present(at->users);
    return present <= 1 ? each : each / present > 0 ? each / present : 1;
}

/* Whoever came first leaves each socket of the plan its part of what is kept for them, and each
 * user there its own; of the rest no user has more than each other one of its socket may have. */
static bool has_record(const struct assay_service_server *d, const struct client *c)
{
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX], sockets = 0, kept = 0, beyond = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        const struct assay_service_socket *s = &d->listeners[i].is;
        sockets += assay_service_documents(&d->plan, assay_service_of_role(s->role), s->group,
                                           numbers) > 0;
    }
    ASSAY_ASSERT(sockets > 0); /* the client's is one: follow() */
    const uint32_t each = ASSAY_SERVICE_SERVER_RECORDS / 2 / sockets;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        const struct listener *l = &d->listeners[i];
        const uint32_t part = part_at(l, each), present = assay_users_present(l->users);
        if (assay_service_documents(&d->plan, assay_service_of_role(l->is.role), l->is.group,
                                    numbers) > 0)
            kept += part * (present > 0 ? present : 1);
        beyond += assay_users_beyond(l->users, part);
    }
    const uint32_t part = part_at(c->at, each);
    const uint32_t rest =
        kept < ASSAY_SERVICE_SERVER_RECORDS ? ASSAY_SERVICE_SERVER_RECORDS - kept : 0;
    if (c->of->records < part) return true;
    return beyond < rest && c->of->records - part < rest / assay_users_present(c->at->users);
}

/* A record that is not looked at is as one for which there is no room now. */
static bool may_fail(const struct client *c, uint64_t now_ms)
{
    struct listener *const at = c->at;
    if (now_ms - at->vain_ms >= ASSAY_SERVICE_SERVER_VAIN_MS) {
        at->vain_ms = now_ms;
        for (size_t i = 0; i < ASSAY_USERS_MAX; i++)
            at->users[i].vain = 0;
    }
    return c->of->vain < ASSAY_SERVICE_SERVER_VAIN / assay_users_present(at->users);
}

/* What can never stand in a block is said; what may be said again later is the program's to say
 * again: it has not come back. */
static void take_submit(struct assay_service_server *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    d->figures.submitted++;
    if (!assay_service_may_submit(c->at->is.role, m->kind)) {
        d->figures.refused++;
        refuse(d, c, m->kind, "no record of this socket's role");
        return;
    }
    if (!has_record(d, c) || !may_fail(c, d->now_ms)) return;
    const enum assay_status status = d->world.submit(d->world.context, m->kind, m->payload);
    if (status == ASSAY_OK) c->of->records++;
    else c->of->vain++;
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE || status == ASSAY_E_AGAIN ||
        status == ASSAY_E_FULL)
        return;
    d->figures.refused++;
    refuse(d, c, m->kind,
           status == ASSAY_E_STRANGER ? "this node is suspended: it has no word"
                                      : assay_status_text(status));
}

/* docs/protocol.md 12.7: operators may add it; who dials again until then is told why it waits. */
static void refuse_follow(struct assay_service_server *d, struct client *c, const char *why)
{
    static const enum assay_service_kind first[] = {
        [ASSAY_SERVICE_CONTINUITY] = ASSAY_SERVICE_REPLICA,
        [ASSAY_SERVICE_SHARES] = ASSAY_SERVICE_HOLDER,
        [ASSAY_SERVICE_TASKS] = ASSAY_SERVICE_TRANSFER,
    };
    refuse(d, c, first[d->message.service], why);
}

/* A program says what it is as well: one that dials another's socket is told so. */
static bool take_follow(struct assay_service_server *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    if (c->follows) return false;
    const bool is_its = m->service == service_of(c) && m->group == c->at->is.group;
    c->follows = is_its && assay_service_documents(&d->plan, m->service, m->group, numbers) > 0;
    if (!c->follows)
        refuse_follow(d, c,
                      is_its ? "the network has no such service yet"
                             : "this socket is of another service or group");
    return c->follows;
}

/* Returns: whether it speaks as a program of its role does. */
static bool take(struct assay_service_server *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    if (m->verb == ASSAY_SERVICE_FOLLOW) return take_follow(d, c);
    if (!c->follows) return false;
    if (m->verb == ASSAY_SERVICE_SUBMIT) {
        take_submit(d, c);
        return true;
    }
    if (!assay_service_may_ask(c->at->is.role, m->verb, m->purpose)) return false;
    desk_ask_take(d, c);
    return true;
}

/* --- turns */

enum { MESSAGES_PER_TURN = 64 }; /* of one socket: the node has other work */

static void serve(struct assay_service_server *d, struct client *c)
{
    const uint64_t number = c->number;
    const unsigned most = MESSAGES_PER_TURN / assay_service_places(c->at->is.role);
    enum assay_status status = assay_service_flush(&c->stream);
    for (unsigned i = 0; status == ASSAY_OK && i < most; i++) {
        status = assay_service_next(&c->stream, &d->message);
        if (status != ASSAY_OK) break;
        const bool fit = take(d, c);
        if (!desk_is_open(c) || c->number != number) return; /* dropped while it was answered */
        if (!fit) status = ASSAY_E_INVALID;
    }
    if (status != ASSAY_OK && status != ASSAY_E_AGAIN) desk_drop(d, c);
}

void assay_service_server_step(struct assay_service_server *desk, uint64_t now_ms)
{
    desk->now_ms = now_ms;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        desk_door_turn(desk, &desk->listeners[i]);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (desk_is_open(&desk->clients[i])) serve(desk, &desk->clients[i]);
    desk_ask_turn(desk);
    tell_waiting(desk);
}

size_t assay_service_server_poll(const struct assay_service_server *desk, struct pollfd *fds,
                                 size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX && count < capacity; i++)
        fds[count++] = (struct pollfd){ .fd = desk->listeners[i].fd, .events = POLLIN };
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX && count < capacity; i++) {
        const struct client *c = &desk->clients[i];
        if (!desk_is_open(c)) continue;
        const short events = assay_service_waits(&c->stream) ? POLLIN | POLLOUT : POLLIN;
        fds[count++] = (struct pollfd){ .fd = c->stream.fd, .events = events };
    }
    return count;
}

const struct assay_registry *assay_service_server_registry(const struct assay_service_server *desk)
{
    return desk->registry;
}

const struct assay_registry_plan *assay_service_server_plan(const struct assay_service_server *desk)
{
    return &desk->plan;
}

void assay_service_server_look(const struct assay_service_server *desk,
                               struct assay_service_server_snapshot *snapshot)
{
    *snapshot = desk->figures;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        snapshot->clients += desk_is_open(&desk->clients[i]);
        snapshot->following += desk_is_open(&desk->clients[i]) && desk->clients[i].told;
    }
}
