/*
 * net/services/server/service_server.c - registry updates to programs of services, and the records
 * that programs submit (docs/services.md 4.1).
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

static enum assay_status load_plan(struct assay_service_server *d, struct assay_slice plan)
{
    ASSAY_ASSERT(!d->ready);
    ASSAY_TRY(assay_registry_plan_decode(plan, &d->plan));
    ASSAY_ASSERT(plan.len <= sizeof d->plan_bytes); /* it was decoded */
    assay_bytes_copy(d->plan_bytes, sizeof d->plan_bytes, plan.bytes, plan.len);
    d->plan_len = plan.len;
    free(d->memory);
    d->registry = NULL;
    d->memory = aligned_alloc(64, (assay_registry_size(&d->plan) + 63) / 64 * 64);
    return d->memory != NULL ? server_load_rows(d) : ASSAY_E_MEMORY;
}

static enum assay_status open_listener(struct listener *l, const char *folder,
                                       char message[static ASSAY_SERVICE_SERVER_MESSAGE_LEN])
{
    ASSAY_ASSERT(l->fd < 0);
    char own[ASSAY_SERVICE_SOCKET_PATH];
    ASSAY_TRY(assay_service_socket_path(folder, l->is, l->path));
    const size_t len = (size_t)(strrchr(l->path, '/') - l->path);
    assay_bytes_copy(own, sizeof own, l->path, len);
    own[len] = '\0';
    ASSAY_TRY(assay_unix_folder(own, "services socket", message, ASSAY_SERVICE_SERVER_MESSAGE_LEN));
    ASSAY_TRY(assay_unix_listen(l->path, "services socket", ASSAY_UNIX_QUEUE, &l->fd, message,
                                ASSAY_SERVICE_SERVER_MESSAGE_LEN));
    (void)snprintf(message, ASSAY_SERVICE_SERVER_MESSAGE_LEN,
                   "services socket %s: its mode cannot be set", l->path);
    return assay_unix_set_group(l->path, &l->is_shared);
}

static enum assay_status open_listeners(struct assay_service_server *d, const char *folder,
                                        struct assay_slice plan,
                                        char message[static ASSAY_SERVICE_SERVER_MESSAGE_LEN])
{
    const enum assay_status taken = load_plan(d, plan);
    (void)snprintf(message, ASSAY_SERVICE_SERVER_MESSAGE_LEN, "%s",
                   taken == ASSAY_E_MEMORY ? "no memory"
                                           : "the plan of services in force cannot be read");
    ASSAY_TRY(taken);
    (void)snprintf(message, ASSAY_SERVICE_SERVER_MESSAGE_LEN,
                   "services socket: the folder's path has %zu bytes, expected at most %d",
                   strlen(folder), (int)ASSAY_SERVICE_FOLDER_MAX);
    if (strlen(folder) > ASSAY_SERVICE_FOLDER_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(
        assay_unix_folder(folder, "services socket", message, ASSAY_SERVICE_SERVER_MESSAGE_LEN));
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        ASSAY_TRY(open_listener(&d->listeners[i], folder, message));
    return ASSAY_OK;
}

void assay_service_server_get_shared_names(const struct assay_service_server *server,
                                           char names[static ASSAY_SERVICE_SERVER_NAMES])
{
    size_t len = 0;
    names[0] = '\0';
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        char name[ASSAY_SERVICE_SOCKET_NAME];
        if (!server->listeners[i].is_shared) continue;
        assay_service_socket_name(server->listeners[i].is, name);
        ASSAY_ASSERT(len < ASSAY_SERVICE_SERVER_NAMES);
        len += (size_t)snprintf(names + len, ASSAY_SERVICE_SERVER_NAMES - len, "%s%s",
                                len > 0 ? " " : "", name);
    }
}

static void free_server(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        struct listener *l = &d->listeners[i];
        if (l->fd < 0) continue;
        (void)close(l->fd);
        (void)unlink(l->path);
    }
    server_free_rows(d);
    free(d->memory);
    free(d);
}

enum assay_status assay_service_server_open(const char *folder, struct assay_slice plan,
                                            const uint8_t chain_id[static 32],
                                            const struct assay_service_server_callbacks *callbacks,
                                            struct assay_service_server **out,
                                            char message[static ASSAY_SERVICE_SERVER_MESSAGE_LEN])
{
    struct assay_service_server *d = calloc(1, sizeof *d);
    if (d == NULL) return ASSAY_E_MEMORY;
    d->callbacks = *callbacks;
    assay_bytes_copy(d->chain_id, 32, chain_id, 32);
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        d->listeners[i] = (struct listener){ .is = assay_service_socket_at(i), .fd = -1 };
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        d->clients[i].stream.fd = -1;
    const enum assay_status status = open_listeners(d, folder, plan, message);
    if (status != ASSAY_OK) {
        free_server(d);
        return status;
    }
    *out = d;
    return ASSAY_OK;
}

void server_drop_client(struct assay_service_server *d, struct client *c)
{
    ASSAY_ASSERT(client_is_open(c));
    server_cancel_requests(d, c);
    server_cancel_issues(d, c);
    ASSAY_ASSERT(c->of->connections > 0);
    c->of->connections--;
    assay_service_stream_close(&c->stream);
    *c = (struct client){ .stream = { .fd = -1 } };
}

void assay_service_server_close(struct assay_service_server **server)
{
    struct assay_service_server *d = *server;
    if (d == NULL) return;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (d->clients[i].stream.fd >= 0) server_drop_client(d, &d->clients[i]);
    free_server(d);
    *server = NULL;
}

/* --- sending */

static enum assay_service client_service(const struct client *c)
{
    ASSAY_ASSERT(c->at != NULL);
    return assay_service_of_role(c->at->is.role);
}

/* A program that reads too slowly is dropped; it reconnects and receives everything again. */
void server_send(struct assay_service_server *d, struct client *c,
                 const struct assay_service_message *m)
{
    ASSAY_ASSERT(client_is_open(c));
    if (assay_service_send(&c->stream, m) != ASSAY_OK) server_drop_client(d, c);
}

static void set_epoch(const struct assay_service_server *d, enum assay_service service,
                      struct assay_service_message *m)
{
    ASSAY_ASSERT(d->epoch.members <= ASSAY_REGISTRY_SLOTS_MAX);
    m->era = d->epoch.era;
    m->epoch = d->epoch.epoch;
    assay_bytes_copy(m->beacon, 32, d->epoch.beacon, 32);
    m->members = d->epoch.members;
    m->has_holders = service == ASSAY_SERVICE_IDENTITY;
    m->other_weight = m->has_holders ? d->epoch.other_weight : 0;
    for (uint32_t i = 0; i < d->epoch.members; i++) {
        m->member[i] = d->epoch.member[i];
        assay_bytes_copy(m->node[i], 32, d->epoch.node_id[i], 32);
    }
}

struct assay_service_message *server_new_message(struct assay_service_server *d,
                                                 enum assay_service_verb verb)
{
    d->answer = (struct assay_service_message){ .verb = verb };
    return &d->answer;
}

static void send_document(struct assay_service_server *d, struct client *c, uint32_t index,
                          uint32_t number)
{
    ASSAY_ASSERT(d->registry != NULL);
    struct assay_writer w = assay_writer_over(d->document, sizeof d->document);
    const enum assay_status status = assay_registry_encode(d->registry, number, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* within ASSAY_REGISTRY_DOCUMENT_LEN_MAX */
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_DOCUMENT);
    m->index = index;
    m->document = assay_slice_over(d->document, w.len);
    server_send(d, c, m);
}

static void send_fence(struct assay_service_server *d, struct client *c)
{
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_FENCE);
    m->is_fenced = d->is_fenced;
    server_send(d, c, m);
}

static void send_begin(struct assay_service_server *d, struct client *c)
{
    ASSAY_ASSERT(d->ready && c->follows && !c->is_following);
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    uint32_t count = assay_service_documents(&d->plan, client_service(c), c->at->is.group, numbers);
    ASSAY_ASSERT(count > 0); /* checked by on_follow */
    if (!assay_service_has_documents(c->at->is.role)) count = 0;
    if (d->is_fenced && client_service(c) == ASSAY_SERVICE_IDENTITY) send_fence(d, c);
    if (!client_is_open(c)) return;
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_BEGIN);
    assay_bytes_copy(m->chain_id, 32, d->chain_id, 32);
    m->slot = d->slot < ASSAY_REGISTRY_SLOTS_MAX ? d->slot : ASSAY_REGISTRY_SLOTS_MAX;
    m->plan = assay_slice_over(d->plan_bytes, d->plan_len);
    m->count = count;
    m->records = d->records[client_service(c)];
    set_epoch(d, client_service(c), m);
    c->is_following = true;
    server_send(d, c, m);
    for (uint32_t i = 0; i < count && client_is_open(c); i++)
        send_document(d, c, i, numbers[i]);
}

static void send_begin_to_waiting(struct assay_service_server *d)
{
    ASSAY_ASSERT(!d->ready || d->registry != NULL);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX && d->ready; i++) {
        struct client *c = &d->clients[i];
        if (client_is_open(c) && c->follows && !c->is_following) send_begin(d, c);
    }
}

/* Drops the programs that follow the previous registry: they reconnect. */
static void drop_followers(struct assay_service_server *d)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (client_is_open(&d->clients[i]) && d->clients[i].is_following)
            server_drop_client(d, &d->clients[i]);
}

/* Counts of final records and of submitted records. */
static void reset_record_counts(struct assay_service_server *d)
{
    assay_bytes_zero(d->records, sizeof d->records);
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        for (size_t k = 0; k < ASSAY_USERS_MAX; k++)
            d->listeners[i].users[k].records = 0;
}

void assay_service_server_reset(struct assay_service_server *server,
                                const struct assay_registry *registry, uint32_t slot,
                                const struct assay_service_epoch *epoch)
{
    ASSAY_ASSERT(epoch->members <= ASSAY_REGISTRY_SLOTS_MAX);
    struct assay_service_server *d = server;
    if (d->registry == NULL) {
        const enum assay_status status = assay_registry_init(
            d->memory, assay_registry_size(&d->plan), &d->plan, d->chain_id, &d->registry);
        ASSAY_ASSERT(status == ASSAY_OK); /* the plan was decoded */
    }
    assay_registry_copy(d->registry, registry);
    server_close_rows(d, registry);
    d->slot = slot;
    d->epoch = *epoch;
    reset_record_counts(d);
    assay_issuance_clear(&d->issues);
    d->ready = false;
    drop_followers(d);
}

void assay_service_server_set_fenced(struct assay_service_server *server, bool is_fenced)
{
    struct assay_service_server *d = server;
    if (d->is_fenced == is_fenced) return;
    d->is_fenced = is_fenced;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (client_is_open(c) && c->follows && client_service(c) == ASSAY_SERVICE_IDENTITY)
            send_fence(d, c);
    }
}

uint32_t assay_service_server_drain(struct assay_service_server *server, uint32_t group)
{
    struct assay_service_server *d = server;
    uint32_t sent = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (!client_is_open(c) || !c->is_following) continue;
        if (c->at->is.role != ASSAY_SERVICE_ROLE_REPLICA || c->at->is.group != group) continue;
        server_send(d, c, server_new_message(d, ASSAY_SERVICE_DRAIN));
        sent += client_is_open(c);
    }
    return sent;
}

void assay_service_server_set_ready(struct assay_service_server *server)
{
    ASSAY_ASSERT(server->registry != NULL);
    server->ready = true;
    send_begin_to_waiting(server);
}

void assay_service_server_on_record(struct assay_service_server *server, uint32_t slot,
                                    enum assay_service_kind kind, struct assay_slice payload)
{
    static const char applied[] = "applied";
    static const uint8_t no_node[32];
    struct assay_service_server *d = server;
    ASSAY_ASSERT(d->registry != NULL);
    ASSAY_ASSERT((unsigned)kind > 0 && (unsigned)kind < ASSAY_SERVICE_KIND_COUNT);
    const uint8_t *node = slot < d->epoch.members ? d->epoch.node_id[slot] : no_node;
    const char *became = assay_registry_apply(d->registry, slot, node, kind, payload, &d->facts);
    if (strcmp(became, applied) == 0) d->figures.applied[kind]++;
    else d->figures.idle[kind]++;
    d->records[assay_service_of(kind)]++;
    if (!d->ready || slot >= ASSAY_REGISTRY_SLOTS_MAX) return;
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_RECORD);
    m->slot = slot;
    m->kind = kind;
    m->payload = payload;
    assay_bytes_copy(m->node_id, 32, node, 32);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (client_is_open(c) && c->is_following && client_service(c) == assay_service_of(kind) &&
            assay_service_has_documents(c->at->is.role))
            server_send(d, c, m);
    }
    if (slot == d->slot) server_send_result(d, kind, payload, became);
}

void assay_service_server_on_epoch_closed(struct assay_service_server *server,
                                          const struct assay_registry *registry,
                                          const struct assay_service_epoch *epoch)
{
    ASSAY_ASSERT(epoch->members <= ASSAY_REGISTRY_SLOTS_MAX);
    struct assay_service_server *d = server;
    ASSAY_ASSERT(d->registry != NULL);
    assay_registry_copy(d->registry, registry);
    server_close_rows(d, registry);
    d->epoch = *epoch;
    reset_record_counts(d);
    assay_issuance_on_close(&d->issues, d->now_ms);
    if (!d->ready) return;
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_CLOSE);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (!client_is_open(c) || !c->is_following) continue;
        set_epoch(d, client_service(c), m);
        server_send(d, c, m);
    }
}

/* --- submitted records */

enum assay_status assay_service_server_rebind(
    struct assay_service_server *server, const struct assay_service_server_callbacks *callbacks,
    struct assay_slice plan)
{
    server->callbacks = *callbacks;
    server->ready = false;
    server_reset_requests(server);
    assay_issuance_clear(&server->issues);
    if (assay_slice_equal(plan, assay_slice_over(server->plan_bytes, server->plan_len)))
        return ASSAY_OK;
    drop_followers(server);
    return load_plan(server, plan);
}

static void send_refusal(struct assay_service_server *d, struct client *c,
                         enum assay_service_kind kind, const char *why)
{
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_REFUSED);
    m->kind = kind;
    m->why = assay_slice_over(why, strnlen(why, ASSAY_SERVICE_WHY_MAX));
    server_send(d, c, m);
}

/* A user's part of the records reserved for its socket: the same as that of each other connected
 * user. */
static uint32_t user_part(const struct listener *at, uint32_t each)
{
    const uint32_t present = assay_users_count_present(at->users);
    return present <= 1 ? each : each / present > 0 ? each / present : 1;
}

/* Records of the group key have a budget of their own (docs/protocol.md 12.2.1). */
static bool is_of_group_key(const struct listener *l)
{
    return assay_service_of_role(l->is.role) == ASSAY_SERVICE_IDENTITY;
}

/* Whether the plan has the service of a socket, and its records count in the common budget. */
static bool shares_budget(const struct assay_service_server *d, const struct listener *l)
{
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    return !is_of_group_key(l) &&
           assay_service_documents(&d->plan, assay_service_of_role(l->is.role), l->is.group,
                                   numbers) > 0;
}

/* Half of the records is reserved: the same number for each socket of the plan, and of a socket
 * for each connected user. Of the remainder a user may take no more than each other user of its
 * socket. */
static bool has_record_quota(const struct assay_service_server *d, const struct client *c)
{
    ASSAY_ASSERT(c->of->connections > 0);
    uint32_t sockets = 0, kept = 0, beyond = 0;
    if (is_of_group_key(c->at))
        return c->of->records < user_part(c->at, ASSAY_SERVICE_SERVER_RECORDS);
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        sockets += shares_budget(d, &d->listeners[i]);
    ASSAY_ASSERT(sockets > 0); /* the client's is one: on_follow */
    const uint32_t each = ASSAY_SERVICE_SERVER_RECORDS / 2 / sockets;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        const struct listener *l = &d->listeners[i];
        const uint32_t part = user_part(l, each), present = assay_users_count_present(l->users);
        if (is_of_group_key(l)) continue;
        if (shares_budget(d, l)) kept += part * (present > 0 ? present : 1);
        beyond += assay_users_count_excess(l->users, part);
    }
    const uint32_t part = user_part(c->at, each);
    const uint32_t rest =
        kept < ASSAY_SERVICE_SERVER_RECORDS ? ASSAY_SERVICE_SERVER_RECORDS - kept : 0;
    if (c->of->records < part) return true;
    return beyond < rest && c->of->records - part < rest / assay_users_count_present(c->at->users);
}

/* A record beyond the quota is dropped unverified, as if there were no room now. */
static bool has_rejection_quota(const struct client *c, uint64_t now_ms)
{
    ASSAY_ASSERT(c->of->connections > 0);
    struct listener *const at = c->at;
    if (now_ms - at->rejected_since_ms >= ASSAY_SERVICE_SERVER_REJECTED_WINDOW_MS) {
        at->rejected_since_ms = now_ms;
        for (size_t i = 0; i < ASSAY_USERS_MAX; i++)
            at->users[i].rejected = 0;
    }
    return c->of->rejected <
           ASSAY_SERVICE_SERVER_REJECTED_MAX / assay_users_count_present(at->users);
}

/* Only a permanent error is reported. After a temporary one the program resends: its record does
 * not become final. */
static void on_submit(struct assay_service_server *d, struct client *c)
{
    ASSAY_ASSERT(c->follows);
    const struct assay_service_message *m = &d->message;
    d->figures.submitted++;
    if (!assay_service_may_submit(c->at->is.role, m->kind)) {
        d->figures.refused++;
        send_refusal(d, c, m->kind, "no record of this socket's role");
        return;
    }
    if (!has_record_quota(d, c) || !has_rejection_quota(c, d->now_ms)) return;
    const enum assay_status status = d->callbacks.submit(d->callbacks.context, m->kind, m->payload);
    ASSAY_ASSERT(client_is_open(c)); /* events come later */
    if (status == ASSAY_OK) c->of->records++;
    else c->of->rejected++;
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE) server_add_submitted(c, m->payload);
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE || status == ASSAY_E_AGAIN ||
        status == ASSAY_E_FULL)
        return;
    d->figures.refused++;
    send_refusal(d, c, m->kind,
                 status == ASSAY_E_STRANGER ? "this node is suspended: it has no word"
                                            : assay_status_text(status));
}

/* docs/protocol.md 12.7: an operator may add the service later; a program that reconnects until
 * then receives the reason. */
static void send_follow_refusal(struct assay_service_server *d, struct client *c, const char *why)
{
    static const enum assay_service_kind first[] = {
        [ASSAY_SERVICE_CONTINUITY] = ASSAY_SERVICE_REPLICA,
        [ASSAY_SERVICE_SHARES] = ASSAY_SERVICE_HOLDER,
        [ASSAY_SERVICE_TASKS] = ASSAY_SERVICE_TRANSFER,
        [ASSAY_SERVICE_IDENTITY] = ASSAY_SERVICE_CA_OFFER,
    };
    send_refusal(d, c, first[d->message.service], why);
}

/* The program names its service and group too: one that connects to another service's socket
 * receives an error. */
static bool on_follow(struct assay_service_server *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    if (c->follows) return false;
    const bool is_its = m->service == client_service(c) && m->group == c->at->is.group;
    c->follows = is_its && assay_service_documents(&d->plan, m->service, m->group, numbers) > 0;
    /* While the daemon catches up: BEGIN comes later. */
    if (c->follows && !d->ready && d->is_fenced && m->service == ASSAY_SERVICE_IDENTITY)
        send_fence(d, c);
    if (!c->follows)
        send_follow_refusal(d, c,
                            is_its ? "the network has no such service yet"
                                   : "this socket is of another service or group");
    return c->follows;
}

/* Returns: whether the message is allowed in the program's role. */
static bool on_client_message(struct assay_service_server *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    if (m->verb == ASSAY_SERVICE_FOLLOW) return on_follow(d, c);
    if (!c->follows) return false;
    if (m->verb == ASSAY_SERVICE_SUBMIT) {
        on_submit(d, c);
        return true;
    }
    if (!assay_service_may_request(c->at->is.role, m->verb, m->purpose)) return false;
    if (m->verb == ASSAY_SERVICE_ISSUED) server_on_issued(d, c);
    else server_add_request(d, c);
    return true;
}

/* --- polling */

enum { MESSAGES_PER_TURN = 64 }; /* of one socket: limits its share of the node's time */

static void poll_client(struct assay_service_server *d, struct client *c)
{
    ASSAY_ASSERT(client_is_open(c));
    const uint64_t number = c->number;
    const unsigned most = MESSAGES_PER_TURN / assay_service_places(c->at->is.role);
    enum assay_status status = assay_service_flush(&c->stream);
    for (unsigned i = 0; status == ASSAY_OK && i < most; i++) {
        status = assay_service_next(&c->stream, &d->message);
        if (status != ASSAY_OK) break;
        const bool fit = on_client_message(d, c);
        if (!client_is_open(c) || c->number != number) return; /* dropped while it was answered */
        if (!fit) status = ASSAY_E_INVALID;
    }
    if (status != ASSAY_OK && status != ASSAY_E_AGAIN) server_drop_client(d, c);
}

void assay_service_server_step(struct assay_service_server *server, uint64_t now_ms)
{
    server->now_ms = now_ms;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        server_accept_clients(server, &server->listeners[i]);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++)
        if (client_is_open(&server->clients[i])) poll_client(server, &server->clients[i]);
    server_poll_requests(server);
    server_poll_issues(server);
    send_begin_to_waiting(server);
}

size_t assay_service_server_poll(const struct assay_service_server *server, struct pollfd *fds,
                                 size_t capacity)
{
    size_t count = 0;
    const bool accepts = !assay_accept_is_paused(&server->pause, server->now_ms);
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX && count < capacity && accepts; i++)
        fds[count++] = (struct pollfd){ .fd = server->listeners[i].fd, .events = POLLIN };
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX && count < capacity; i++) {
        const struct client *c = &server->clients[i];
        if (!client_is_open(c)) continue;
        const short events = assay_service_has_output(&c->stream) ? POLLIN | POLLOUT : POLLIN;
        fds[count++] = (struct pollfd){ .fd = c->stream.fd, .events = events };
    }
    ASSAY_ASSERT(count <= capacity);
    return count;
}

const struct assay_registry *assay_service_server_registry(
    const struct assay_service_server *server)
{
    return server->registry;
}

void assay_service_server_get_snapshot(const struct assay_service_server *server,
                                       struct assay_service_server_snapshot *snapshot)
{
    *snapshot = server->figures;
    snapshot->has_signer = assay_service_server_has_signer(server);
    assay_bytes_copy(snapshot->issues, sizeof snapshot->issues, server->issues.answers,
                     sizeof server->issues.answers);
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        snapshot->clients += client_is_open(&server->clients[i]);
        snapshot->following +=
            client_is_open(&server->clients[i]) && server->clients[i].is_following;
    }
}
