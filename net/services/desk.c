/*
 * net/services/desk.c - what programs of services are told, and what they ask (docs/services.md
 * 4.1).
 */
#include "net/services/desk.h"

#include "base/assert.h"
#include "base/checked.h"
#include "net/unix_socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where programs of one role dial. */
struct listener {
    struct assay_service_socket is;
    int fd; /* -1: it is not open */
    bool is_shared; /* the mode of the socket says who may connect */
    uint32_t records; /* that were handed in since the last close */
    uint32_t vain;    /* that the node did not take, since vain_ms */
    uint64_t vain_ms;
    char path[ASSAY_SERVICE_SOCKET_PATH];
    uint64_t quoted; /* number of the client whose quote was asked for last */
};

struct client {
    struct assay_service_stream stream; /* fd -1: free */
    uint64_t number;                    /* never used again */
    struct listener *at;                /* whose role it has */
    bool follows;                       /* it has said what it follows: that of its role */
    bool told;                          /* where the ledger is, and so on */
};

/* A quote or a verdict that a program waits for. */
struct ask {
    uint64_t ticket; /* 0: free */
    uint64_t client, serial;
    const struct listener *at;
    uint64_t until_ms;
    bool quote, sent;
    uint8_t report_data[64];
    uint8_t node_id[32]; /* of a verdict */
};

struct assay_desk {
    struct listener listeners[ASSAY_SERVICE_SOCKETS_MAX];
    uint8_t chain_id[32];
    struct assay_registry_plan plan;
    uint8_t plan_bytes[ASSAY_PLAN_LEN_MAX];
    size_t plan_len;
    struct assay_desk_world world;
    struct client clients[ASSAY_DESK_CLIENTS_MAX];
    struct ask asks[ASSAY_DESK_ASKS_MAX];
    uint64_t numbers, tickets;
    const struct listener *quoted; /* whose program was given the last quote; NULL: nobody's */
    bool ready; /* the registry is that of the ledger, and programs may be told */
    void *memory;
    struct assay_registry *registry; /* NULL before the first begin */
    struct assay_registry_facts facts;
    uint32_t slot;
    struct assay_desk_moment moment;
    uint64_t records[ASSAY_SERVICE_TASKS + 1]; /* by service, final since that moment's close */
    uint8_t document[ASSAY_REGISTRY_DOCUMENT_LEN_MAX];
    struct assay_service_message message, answer;
    struct assay_desk_snapshot figures;
};

/* --- opening */

static enum assay_status take_plan(struct assay_desk *d, struct assay_slice plan)
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
                                   char message[static ASSAY_DESK_MESSAGE])
{
    char own[ASSAY_SERVICE_SOCKET_PATH];
    ASSAY_TRY(assay_service_socket_path(folder, l->is, l->path));
    const size_t len = (size_t)(strrchr(l->path, '/') - l->path);
    assay_bytes_copy(own, sizeof own, l->path, len);
    own[len] = '\0';
    ASSAY_TRY(assay_unix_folder(own, "services socket", message, ASSAY_DESK_MESSAGE));
    ASSAY_TRY(assay_unix_listen(l->path, "services socket",
                                (int)assay_service_places(l->is.role), &l->fd, message,
                                ASSAY_DESK_MESSAGE));
    (void)snprintf(message, ASSAY_DESK_MESSAGE, "services socket %s: its mode cannot be set",
                   l->path);
    return assay_unix_share(l->path, &l->is_shared);
}

static enum assay_status make(struct assay_desk *d, const char *folder, struct assay_slice plan,
                              char message[static ASSAY_DESK_MESSAGE])
{
    const enum assay_status taken = take_plan(d, plan);
    (void)snprintf(message, ASSAY_DESK_MESSAGE, "%s",
                   taken == ASSAY_E_MEMORY ? "no memory"
                                           : "the plan of services in force cannot be read");
    ASSAY_TRY(taken);
    (void)snprintf(message, ASSAY_DESK_MESSAGE,
                   "services socket: the folder's path has %zu bytes, expected at most %d",
                   strlen(folder), (int)ASSAY_SERVICE_FOLDER_MAX);
    if (strlen(folder) > ASSAY_SERVICE_FOLDER_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_unix_folder(folder, "services socket", message, ASSAY_DESK_MESSAGE));
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        ASSAY_TRY(listen_at(&d->listeners[i], folder, message));
    return ASSAY_OK;
}

void assay_desk_shared(const struct assay_desk *desk, char names[static ASSAY_DESK_NAMES])
{
    size_t len = 0;
    names[0] = '\0';
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        char name[ASSAY_SERVICE_SOCKET_NAME];
        if (!desk->listeners[i].is_shared) continue;
        assay_service_socket_name(desk->listeners[i].is, name);
        len += (size_t)snprintf(names + len, ASSAY_DESK_NAMES - len, "%s%s", len > 0 ? " " : "",
                                name);
    }
}

static void end(struct assay_desk *d)
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

enum assay_status assay_desk_open(const char *folder, struct assay_slice plan,
                                  const uint8_t chain_id[static 32],
                                  const struct assay_desk_world *world, struct assay_desk **out,
                                  char message[static ASSAY_DESK_MESSAGE])
{
    struct assay_desk *d = calloc(1, sizeof *d);
    if (d == NULL) return ASSAY_E_MEMORY;
    d->world = *world;
    assay_bytes_copy(d->chain_id, 32, chain_id, 32);
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        d->listeners[i] = (struct listener){ .is = assay_service_socket_at(i), .fd = -1 };
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++)
        d->clients[i].stream.fd = -1;
    const enum assay_status status = make(d, folder, plan, message);
    if (status != ASSAY_OK) {
        end(d);
        return status;
    }
    *out = d;
    return ASSAY_OK;
}

static void drop(struct assay_desk *d, struct client *c)
{
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++)
        if (d->asks[i].ticket != 0 && d->asks[i].client == c->number && !d->asks[i].sent)
            d->asks[i].ticket = 0;
    assay_service_stream_close(&c->stream);
    *c = (struct client){ .stream = { .fd = -1 } };
}

void assay_desk_close(struct assay_desk **desk)
{
    struct assay_desk *d = *desk;
    if (d == NULL) return;
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++)
        if (d->clients[i].stream.fd >= 0) drop(d, &d->clients[i]);
    end(d);
    *desk = NULL;
}

/* --- telling */

static bool is_open(const struct client *c)
{
    return c->stream.fd >= 0;
}

static enum assay_service service_of(const struct client *c)
{
    return assay_service_of_role(c->at->is.role);
}

/* Who reads too slowly dials again, and is told everything anew. */
static void send_to(struct assay_desk *d, struct client *c, const struct assay_service_message *m)
{
    if (assay_service_send(&c->stream, m) != ASSAY_OK) drop(d, c);
}

static void put_moment(const struct assay_desk *d, struct assay_service_message *m)
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

static struct assay_service_message *fresh(struct assay_desk *d, enum assay_service_verb verb)
{
    d->answer = (struct assay_service_message){ .verb = verb };
    return &d->answer;
}

static void tell_document(struct assay_desk *d, struct client *c, uint32_t index, uint32_t number)
{
    struct assay_writer w = assay_writer_over(d->document, sizeof d->document);
    const enum assay_status status = assay_registry_encode(d->registry, number, &w);
    ASSAY_ASSERT(status == ASSAY_OK); /* within ASSAY_REGISTRY_DOCUMENT_LEN_MAX */
    struct assay_service_message *m = fresh(d, ASSAY_SERVICE_DOCUMENT);
    m->index = index;
    m->document = assay_slice_over(d->document, w.len);
    send_to(d, c, m);
}

static void tell_beginning(struct assay_desk *d, struct client *c)
{
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    const uint32_t count =
        assay_service_documents(&d->plan, service_of(c), c->at->is.group, numbers);
    ASSAY_ASSERT(count > 0); /* follow() */
    struct assay_service_message *m = fresh(d, ASSAY_SERVICE_BEGIN);
    assay_bytes_copy(m->chain_id, 32, d->chain_id, 32);
    m->slot = d->slot < ASSAY_REGISTRY_SLOTS_MAX ? d->slot : ASSAY_REGISTRY_SLOTS_MAX;
    m->plan = assay_slice_over(d->plan_bytes, d->plan_len);
    m->count = count;
    m->records = d->records[service_of(c)];
    put_moment(d, m);
    c->told = true;
    send_to(d, c, m);
    for (uint32_t i = 0; i < count && is_open(c); i++)
        tell_document(d, c, i, numbers[i]);
}

static void tell_waiting(struct assay_desk *d)
{
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX && d->ready; i++) {
        struct client *c = &d->clients[i];
        if (is_open(c) && c->follows && !c->told) tell_beginning(d, c);
    }
}

/* Programs that were told of the registry before dial again. */
static void drop_told(struct assay_desk *d)
{
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++)
        if (is_open(&d->clients[i]) && d->clients[i].told) drop(d, &d->clients[i]);
}

/* Of records that are final in it, and that are handed in. */
static void begin_epoch(struct assay_desk *d)
{
    assay_bytes_zero(d->records, sizeof d->records);
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        d->listeners[i].records = 0;
}

void assay_desk_begin(struct assay_desk *desk, const struct assay_registry *registry,
                      uint32_t slot, const struct assay_desk_moment *moment)
{
    struct assay_desk *d = desk;
    if (d->registry == NULL) {
        const enum assay_status status =
            assay_registry_init(d->memory, assay_registry_size(&d->plan), &d->plan, d->chain_id,
                                &d->registry);
        ASSAY_ASSERT(status == ASSAY_OK); /* the plan was decoded */
    }
    assay_registry_copy(d->registry, registry);
    d->slot = slot;
    d->moment = *moment;
    begin_epoch(d);
    d->ready = false;
    drop_told(d);
}

void assay_desk_ready(struct assay_desk *desk)
{
    ASSAY_ASSERT(desk->registry != NULL);
    desk->ready = true;
    tell_waiting(desk);
}

void assay_desk_record(struct assay_desk *desk, uint32_t slot, enum assay_service_kind kind,
                       struct assay_slice payload)
{
    static const char applied[] = "applied";
    static const uint8_t nobody[32];
    struct assay_desk *d = desk;
    ASSAY_ASSERT(d->registry != NULL);
    ASSAY_ASSERT((unsigned)kind > 0 && (unsigned)kind < ASSAY_SERVICE_KIND_COUNT);
    const uint8_t *node = slot < d->moment.members ? d->moment.node_id[slot] : nobody;
    const char *became = assay_registry_apply(d->registry, slot, node, kind, payload, &d->facts);
    if (strcmp(became, applied) == 0) d->figures.applied[kind]++;
    else d->figures.idle[kind]++;
    d->records[assay_service_of(kind)]++;
    if (!d->ready || slot >= ASSAY_REGISTRY_SLOTS_MAX) return;
    struct assay_service_message *m = fresh(d, ASSAY_SERVICE_RECORD);
    m->slot = slot;
    m->kind = kind;
    m->payload = payload;
    assay_bytes_copy(m->node_id, 32, node, 32);
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (is_open(c) && c->told && service_of(c) == assay_service_of(kind)) send_to(d, c, m);
    }
}

void assay_desk_closed(struct assay_desk *desk, const struct assay_registry *registry,
                       const struct assay_desk_moment *moment)
{
    struct assay_desk *d = desk;
    ASSAY_ASSERT(d->registry != NULL);
    assay_registry_copy(d->registry, registry);
    d->moment = *moment;
    begin_epoch(d);
    if (!d->ready) return;
    struct assay_service_message *m = fresh(d, ASSAY_SERVICE_CLOSE);
    put_moment(d, m);
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++)
        if (is_open(&d->clients[i]) && d->clients[i].told) send_to(d, &d->clients[i], m);
}

/* --- what programs ask */

static struct client *client_of(struct assay_desk *d, uint64_t number)
{
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++)
        if (is_open(&d->clients[i]) && d->clients[i].number == number) return &d->clients[i];
    return NULL;
}

static enum assay_registry_standing standing_of(const struct assay_desk *d,
                                                const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < d->moment.members; i++)
        if (assay_bytes_equal(d->moment.node_id[i], node_id, 32))
            return d->moment.member[i].standing;
    return ASSAY_REGISTRY_STAND_NONE;
}

/* The ask has its answer. */
static void answer(struct assay_desk *d, struct ask *a, struct assay_slice evidence, bool good)
{
    struct client *c = client_of(d, a->client);
    struct assay_service_message *m =
        fresh(d, a->quote ? ASSAY_SERVICE_EVIDENCE : ASSAY_SERVICE_VERDICT);
    m->serial = a->serial;
    m->evidence = evidence;
    m->good = good;
    m->standing = standing_of(d, a->node_id);
    a->ticket = 0;
    if (c != NULL) send_to(d, c, m);
}

static struct ask *place_for(struct assay_desk *d, const struct listener *at)
{
    struct ask *place = NULL;
    uint32_t waiting = 0;
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++) {
        if (d->asks[i].ticket == 0) place = &d->asks[i];
        else waiting += d->asks[i].at == at;
    }
    if (waiting >= ASSAY_DESK_ASKS_EACH) return NULL;
    ASSAY_ASSERT(place != NULL); /* ASSAY_DESK_ASKERS sockets have that many at most */
    return place;
}

/* Of too many the answer is none, at once: who waits asks again. */
static struct ask *take_ask(struct assay_desk *d, const struct client *c, uint64_t now_ms,
                            struct ask *instead)
{
    const struct assay_service_message *m = &d->message;
    struct ask *a = place_for(d, c->at);
    if (a == NULL) a = instead;
    *a = (struct ask){ .ticket = ++d->tickets,
                       .client = c->number,
                       .at = c->at,
                       .serial = m->serial,
                       .until_ms = now_ms + ASSAY_DESK_PATIENCE_MS,
                       .quote = m->verb == ASSAY_SERVICE_QUOTE };
    assay_service_report_data(d->chain_id, m->purpose, m->statement, a->report_data);
    return a;
}

/* Programs of one socket take turns, in the order in which they came, each with its oldest ask. */
static bool is_before_there(const struct ask *a, const struct ask *b)
{
    const uint64_t last = a->at->quoted;
    if (a->client == b->client) return a->ticket < b->ticket;
    if ((a->client > last) == (b->client > last)) return a->client < b->client;
    return a->client > last;
}

/* Sockets take turns: after `last`, that of the lowest place comes first. */
static bool is_before(const struct ask *a, const struct ask *b, const struct listener *last)
{
    if (a->at == b->at) return is_before_there(a, b);
    if (last == NULL || (a->at > last) == (b->at > last)) return a->at < b->at;
    return a->at > last;
}

static void quote_next(struct assay_desk *d)
{
    struct ask *first = NULL;
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++) {
        struct ask *a = &d->asks[i];
        if (a->ticket == 0 || !a->quote) continue;
        if (a->sent) return; /* one at a time */
        if (first == NULL || is_before(a, first, d->quoted)) first = a;
    }
    if (first == NULL) return;
    struct listener *const at = &d->listeners[first->at - d->listeners];
    const uint64_t client = first->client;
    first->sent = d->world.quote(d->world.context, first->report_data);
    if (!first->sent) return;
    d->quoted = at;
    at->quoted = client;
}

static void take_quote(struct assay_desk *d, struct client *c, uint64_t now_ms)
{
    const struct assay_slice none = { 0 };
    struct ask instead = { 0 };
    struct ask *a = take_ask(d, c, now_ms, &instead);
    if (a == &instead) answer(d, a, none, false);
    else quote_next(d);
}

static void take_verify(struct assay_desk *d, struct client *c, uint64_t now_ms)
{
    const struct assay_service_message *m = &d->message;
    const struct assay_slice none = { 0 };
    struct assay_desk_proof proof = { .evidence = m->evidence,
                                      .has_measurement = m->measurement.len == 32 };
    struct ask instead = { 0 };
    struct ask *a = take_ask(d, c, now_ms, &instead);
    const uint64_t ticket = a->ticket;
    assay_bytes_copy(a->node_id, 32, m->node_id, 32);
    assay_bytes_copy(proof.node_id, 32, m->node_id, 32);
    assay_bytes_copy(proof.report_data, 64, a->report_data, 64);
    if (proof.has_measurement)
        assay_bytes_copy(proof.measurement, 32, m->measurement.bytes, m->measurement.len);
    a->sent = true;
    if (a != &instead && d->world.judge(d->world.context, ticket, &proof)) return;
    if (a->ticket == ticket) answer(d, a, none, false); /* not answered within the call */
}

void assay_desk_quoted(struct assay_desk *desk, struct assay_slice bytes)
{
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++) {
        struct ask *a = &desk->asks[i];
        if (a->ticket == 0 || !a->quote || !a->sent) continue;
        if (bytes.len > 0) desk->figures.quotes++;
        answer(desk, a, bytes.len <= ASSAY_SERVICE_EVIDENCE_MAX ? bytes : (struct assay_slice){ 0 },
               false);
        break;
    }
}

enum assay_status assay_desk_hand_over(struct assay_desk *desk,
                                       const struct assay_desk_world *world,
                                       struct assay_slice plan)
{
    desk->world = *world;
    desk->ready = false;
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++) {
        struct ask *a = &desk->asks[i];
        if (a->ticket == 0 || !a->sent) continue;
        if (a->quote) a->sent = false; /* asked again of who is there now */
        else answer(desk, a, (struct assay_slice){ 0 }, false);
    }
    if (assay_slice_equal(plan, assay_slice_over(desk->plan_bytes, desk->plan_len)))
        return ASSAY_OK;
    drop_told(desk);
    return take_plan(desk, plan);
}

void assay_desk_judged(struct assay_desk *desk, uint64_t ticket, bool good)
{
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++) {
        struct ask *a = &desk->asks[i];
        if (a->ticket != ticket || ticket == 0 || a->quote) continue;
        desk->figures.verdicts++;
        answer(desk, a, (struct assay_slice){ 0 }, good);
        return;
    }
}

static void refuse(struct assay_desk *d, struct client *c, enum assay_service_kind kind,
                   const char *why)
{
    struct assay_service_message *m = fresh(d, ASSAY_SERVICE_REFUSED);
    m->kind = kind;
    m->why = assay_slice_over(why, strnlen(why, ASSAY_SERVICE_WHY_MAX));
    send_to(d, c, m);
}

/* Whoever came first leaves each socket of the plan its part of what is kept for them. */
static bool has_record(const struct assay_desk *d, const struct listener *at)
{
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX], sockets = 0, beyond = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++) {
        const struct assay_service_socket *s = &d->listeners[i].is;
        sockets += assay_service_documents(&d->plan, assay_service_of_role(s->role), s->group,
                                           numbers) > 0;
    }
    ASSAY_ASSERT(sockets > 0); /* `at` is one: follow() */
    const uint32_t each = ASSAY_DESK_RECORDS / 2 / sockets;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        if (d->listeners[i].records > each) beyond += d->listeners[i].records - each;
    return at->records < each || beyond < ASSAY_DESK_RECORDS - each * sockets;
}

/* A record that is not looked at is as one for which there is no room now. */
static bool may_fail(struct listener *at, uint64_t now_ms)
{
    if (now_ms - at->vain_ms >= ASSAY_DESK_VAIN_MS) {
        at->vain_ms = now_ms;
        at->vain = 0;
    }
    return at->vain < ASSAY_DESK_VAIN;
}

/* What can never stand in a block is said; what may be said again later is the program's to say
 * again: it has not come back. */
static void take_submit(struct assay_desk *d, struct client *c, uint64_t now_ms)
{
    const struct assay_service_message *m = &d->message;
    d->figures.submitted++;
    if (!assay_service_may_submit(c->at->is.role, m->kind)) {
        d->figures.refused++;
        refuse(d, c, m->kind, "no record of this socket's role");
        return;
    }
    if (!has_record(d, c->at) || !may_fail(c->at, now_ms)) return;
    const enum assay_status status = d->world.submit(d->world.context, m->kind, m->payload);
    if (status == ASSAY_OK) c->at->records++;
    else c->at->vain++;
    if (status == ASSAY_OK || status == ASSAY_E_DUPLICATE || status == ASSAY_E_AGAIN ||
        status == ASSAY_E_FULL)
        return;
    d->figures.refused++;
    refuse(d, c, m->kind, status == ASSAY_E_STRANGER ? "this node is suspended: it has no word"
                                                     : assay_status_text(status));
}

/* docs/protocol.md 12.7: operators may add it; who dials again until then is told why it waits. */
static void refuse_follow(struct assay_desk *d, struct client *c, const char *why)
{
    static const enum assay_service_kind first[] = {
        [ASSAY_SERVICE_CONTINUITY] = ASSAY_SERVICE_REPLICA,
        [ASSAY_SERVICE_SHARES] = ASSAY_SERVICE_HOLDER,
        [ASSAY_SERVICE_TASKS] = ASSAY_SERVICE_TRANSFER,
    };
    refuse(d, c, first[d->message.service], why);
}

/* A program says what it is as well: one that dials another's socket is told so. */
static bool take_follow(struct assay_desk *d, struct client *c)
{
    const struct assay_service_message *m = &d->message;
    uint32_t numbers[ASSAY_REGISTRY_DOCUMENTS_MAX];
    if (c->follows) return false;
    const bool is_its = m->service == service_of(c) && m->group == c->at->is.group;
    c->follows = is_its && assay_service_documents(&d->plan, m->service, m->group, numbers) > 0;
    if (!c->follows)
        refuse_follow(d, c, is_its ? "the network has no such service yet"
                                   : "this socket is of another service or group");
    return c->follows;
}

/* Returns: whether it speaks as a program of its role does. */
static bool take(struct assay_desk *d, struct client *c, uint64_t now_ms)
{
    const struct assay_service_message *m = &d->message;
    if (m->verb == ASSAY_SERVICE_FOLLOW) return take_follow(d, c);
    if (!c->follows) return false;
    if (m->verb == ASSAY_SERVICE_SUBMIT) {
        take_submit(d, c, now_ms);
        return true;
    }
    if (!assay_service_may_ask(c->at->is.role, m->verb, m->purpose)) return false;
    if (m->verb == ASSAY_SERVICE_QUOTE) take_quote(d, c, now_ms);
    else take_verify(d, c, now_ms);
    return true;
}

/* --- turns */

static bool may_connect(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static struct client *place_at(struct assay_desk *d, const struct listener *l)
{
    struct client *place = NULL;
    uint32_t taken = 0;
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++) {
        if (!is_open(&d->clients[i])) place = &d->clients[i];
        else taken += d->clients[i].at == l;
    }
    if (taken >= assay_service_places(l->is.role)) return NULL;
    ASSAY_ASSERT(place != NULL); /* there are as many as all sockets have together */
    return place;
}

enum { CALLS_PER_TURN = 16 }; /* of one socket: who dials again and again holds nothing up */

static void accept_at(struct assay_desk *d, struct listener *l)
{
    for (unsigned i = 0; i < CALLS_PER_TURN; i++) {
        const int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        struct client *c = place_at(d, l);
        if (c == NULL || !(l->is_shared || may_connect(fd))) {
            (void)close(fd);
            continue;
        }
        *c = (struct client){ .number = ++d->numbers, .at = l };
        if (assay_service_stream_open(&c->stream, fd) != ASSAY_OK) {
            (void)close(fd);
            *c = (struct client){ .stream = { .fd = -1 } };
        }
    }
}

enum { MESSAGES_PER_TURN = 64 }; /* of one socket: the node has other work */

static void serve(struct assay_desk *d, struct client *c, uint64_t now_ms)
{
    const uint64_t number = c->number;
    const unsigned most = MESSAGES_PER_TURN / assay_service_places(c->at->is.role);
    enum assay_status status = assay_service_flush(&c->stream);
    for (unsigned i = 0; status == ASSAY_OK && i < most; i++) {
        status = assay_service_next(&c->stream, &d->message);
        if (status != ASSAY_OK) break;
        const bool fit = take(d, c, now_ms);
        if (!is_open(c) || c->number != number) return; /* dropped while it was answered */
        if (!fit) status = ASSAY_E_INVALID;
    }
    if (status != ASSAY_OK && status != ASSAY_E_AGAIN) drop(d, c);
}

static void give_up(struct assay_desk *d, uint64_t now_ms)
{
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++) {
        struct ask *a = &d->asks[i];
        if (a->ticket != 0 && now_ms >= a->until_ms) answer(d, a, (struct assay_slice){ 0 }, false);
    }
}

void assay_desk_step(struct assay_desk *desk, uint64_t now_ms)
{
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        accept_at(desk, &desk->listeners[i]);
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++)
        if (is_open(&desk->clients[i])) serve(desk, &desk->clients[i], now_ms);
    give_up(desk, now_ms);
    quote_next(desk);
    tell_waiting(desk);
}

size_t assay_desk_poll(const struct assay_desk *desk, struct pollfd *fds, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX && count < capacity; i++)
        fds[count++] = (struct pollfd){ .fd = desk->listeners[i].fd, .events = POLLIN };
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX && count < capacity; i++) {
        const struct client *c = &desk->clients[i];
        if (!is_open(c)) continue;
        const short events = assay_service_waits(&c->stream) ? POLLIN | POLLOUT : POLLIN;
        fds[count++] = (struct pollfd){ .fd = c->stream.fd, .events = events };
    }
    return count;
}

uint64_t assay_desk_wake_at(const struct assay_desk *desk)
{
    uint64_t wake = UINT64_MAX;
    for (size_t i = 0; i < ASSAY_DESK_ASKS_MAX; i++)
        if (desk->asks[i].ticket != 0) wake = assay_min_u64(wake, desk->asks[i].until_ms);
    return wake;
}

const struct assay_registry *assay_desk_registry(const struct assay_desk *desk)
{
    return desk->registry;
}

const struct assay_registry_plan *assay_desk_plan(const struct assay_desk *desk)
{
    return &desk->plan;
}

void assay_desk_look(const struct assay_desk *desk, struct assay_desk_snapshot *snapshot)
{
    *snapshot = desk->figures;
    for (size_t i = 0; i < ASSAY_DESK_CLIENTS_MAX; i++) {
        snapshot->clients += is_open(&desk->clients[i]);
        snapshot->following += is_open(&desk->clients[i]) && desk->clients[i].told;
    }
}
