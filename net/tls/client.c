/*
 * net/tls/client.c - dialling end of links: attempts, handshakes and turns.
 */
#include "net/tls/client.h"

#include "base/assert.h"
#include "base/checked.h"
#include "host/peers/dial.h"
#include "net/tls/address.h"
#include "net/tls/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64,
    ADDRESSES_MAX = 8,
    SHAKES_MAX = 8,      /* handshakes that are continued in one step */
    NAMES_AGAIN_MS = 20, /* between two looks at a request for a name */
};

static const struct assay_dial_config dial_config = { .give_up_ms = ASSAY_TLS_ATTEMPT_MS,
                                                      .pause_ms_max = ASSAY_TLS_PAUSE_MS_MAX };

struct server {
    bool is_set;
    bool is_connecting; /* the socket is not connected yet */
    bool is_resolving;  /* a name was requested, and not answered */
    bool is_ready, is_dirty;
    bool is_shaking; /* its handshake is to be continued */
    uint64_t turn;   /* number of the last turn of its handshake */
    uint8_t key[32];
    char addresses[ASSAY_TLS_ADDRESSES_LEN];
    uint32_t names;  /* answers that were used: a name's numbers have their turns */
    uint32_t events; /* that are polled */
    struct assay_dial dial;
    struct assay_tls_connection connection;
};

struct assay_tls_client {
    struct assay_tls_context *context;
    struct assay_tls_names names; /* request NULL: none */
    int epoll;
    uint64_t seed, now_ms;
    uint32_t slots;
    size_t queue_max;
    uint64_t turns; /* of handshakes */
    uint32_t resolving_count;
    struct server *server; /* [slots] */
    uint32_t *ready;       /* slots; a ring of [slots] */
    uint32_t ready_at, ready_count;
    uint32_t served; /* as in server.c */
};

/* --- opening */

enum assay_status assay_tls_client_open(const struct assay_tls_config *config, uint32_t slots,
                                        size_t queue_max, const struct assay_tls_names *names,
                                        struct assay_tls_client **out)
{
    struct assay_tls_client *c = calloc(1, sizeof *c);
    ASSAY_ASSERT(slots > 0 && slots < UINT32_MAX && queue_max >= ASSAY_TLS_QUEUE_SMALL);
    *out = c;
    if (c == NULL) return ASSAY_E_MEMORY;
    c->slots = slots;
    c->queue_max = queue_max;
    c->served = UINT32_MAX;
    if (names != NULL) c->names = *names;
    for (size_t i = 0; i < sizeof c->seed; i++) /* apart from other clients of the same server */
        c->seed = c->seed << 8 | config->public_key[i];
    c->server = calloc(slots, sizeof *c->server);
    c->ready = calloc(slots, sizeof *c->ready);
    c->epoll = epoll_create1(EPOLL_CLOEXEC);
    enum assay_status status = ASSAY_OK;
    if (c->server == NULL || c->ready == NULL) status = ASSAY_E_MEMORY;
    else if (c->epoll < 0) status = ASSAY_E_IO;
    else status = assay_tls_context_open(config, &c->context);
    if (status != ASSAY_OK) assay_tls_client_close(out);
    return status;
}

void assay_tls_client_close(struct assay_tls_client **client)
{
    struct assay_tls_client *c = *client;
    if (c == NULL) return;
    for (uint32_t i = 0; c->server != NULL && i < c->slots; i++)
        assay_tls_connection_close(&c->server[i].connection);
    assay_tls_context_close(&c->context);
    if (c->epoll >= 0) (void)close(c->epoll);
    free(c->server);
    free(c->ready);
    free(c);
    *client = NULL;
}

void assay_tls_client_set_chain(struct assay_tls_client *client, const uint8_t chain_id[static 32])
{
    assay_tls_context_set_chain(client->context, chain_id);
}

int assay_tls_client_fd(const struct assay_tls_client *client)
{
    return client->epoll;
}

bool assay_tls_client_has(const struct assay_tls_client *client, uint32_t slot)
{
    ASSAY_ASSERT(slot < client->slots);
    return client->server[slot].is_set;
}

bool assay_tls_client_is_up(const struct assay_tls_client *client, uint32_t slot)
{
    ASSAY_ASSERT(slot < client->slots);
    return client->server[slot].connection.is_up;
}

/* --- attempts */

static void close_connection(struct assay_tls_client *c, uint32_t slot)
{
    struct server *s = &c->server[slot];
    assay_tls_connection_close(&s->connection);
    s->is_connecting = s->is_dirty = s->is_shaking = false;
    s->events = 0;
    if (c->served == slot) c->served = UINT32_MAX;
}

static void end_attempt(struct assay_tls_client *c, uint32_t slot)
{
    close_connection(c, slot);
    assay_dial_on_disconnected(&c->server[slot].dial, &dial_config, c->now_ms);
}

static bool set_events(struct assay_tls_client *c, uint32_t slot, uint32_t events)
{
    struct server *s = &c->server[slot];
    struct epoll_event event = { .events = events, .data.u32 = slot };
    ASSAY_ASSERT(s->connection.session != NULL && events != 0);
    if (s->events == events) return true;
    const int operation = s->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    const int fd = assay_tls_session_fd(s->connection.session);
    if (epoll_ctl(c->epoll, operation, fd, &event) != 0) return false;
    s->events = events;
    return true;
}

static bool connect_to(struct assay_tls_client *c, uint32_t slot, const struct addrinfo *at)
{
    struct server *s = &c->server[slot];
    ASSAY_ASSERT(s->connection.session == NULL);
    const int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return false;
    assay_tls_connection_set_socket(fd);
    if (connect(fd, at->ai_addr, at->ai_addrlen) != 0 && errno != EINPROGRESS) {
        (void)close(fd);
        return false;
    }
    if (assay_tls_connection_open(&s->connection, c->context, fd, s->key) != ASSAY_OK) return false;
    s->is_connecting = true;
    return set_events(c, slot, EPOLLIN | EPOLLOUT);
}

static void dial_number(struct assay_tls_client *c, uint32_t slot,
                        const struct assay_tls_address *address)
{
    struct addrinfo *const at = assay_tls_address_find(address, AI_NUMERICHOST);
    const bool dialled = at != NULL && connect_to(c, slot, at);
    if (at != NULL) freeaddrinfo(at);
    if (!dialled) end_attempt(c, slot);
}

static void dial_server(struct assay_tls_client *c, uint32_t slot)
{
    struct server *s = &c->server[slot];
    struct assay_tls_address address;
    ASSAY_ASSERT(s->is_set && s->connection.session == NULL);
    if (assay_tls_address_parse(s->addresses, s->dial.index, &address) != ASSAY_OK) {
        end_attempt(c, slot);
        return;
    }
    struct addrinfo *const number = assay_tls_address_find(&address, AI_NUMERICHOST);
    if (number != NULL) {
        freeaddrinfo(number);
        dial_number(c, slot, &address);
        return;
    }
    if (s->is_resolving) return; /* its answer is used for this attempt, if it is of this host */
    s->is_resolving = c->names.request != NULL &&
                      c->names.request(c->names.context, slot, address.host) == ASSAY_OK;
    if (s->is_resolving) c->resolving_count++;
    else end_attempt(c, slot);
}

/* An answer may be to a request of an earlier attempt, or of a server that was in the slot before:
 * it is used if the present attempt is to the same host. */
static void receive_name(struct assay_tls_client *c, const struct assay_tls_name *answer)
{
    struct server *s = &c->server[answer->slot];
    struct assay_tls_address address;
    char text[ASSAY_TLS_NUMBER_LEN + ASSAY_TLS_PORT_MAX + 1];
    ASSAY_ASSERT(s->is_resolving && answer->count <= ASSAY_TLS_NUMBERS_MAX);
    s->is_resolving = false;
    c->resolving_count--;
    if (s->dial.state != ASSAY_DIAL_TRYING || s->connection.session != NULL) return;
    if (assay_tls_address_parse(s->addresses, s->dial.index, &address) != ASSAY_OK ||
        strcmp(address.host, answer->host) != 0) {
        dial_server(c, answer->slot);
        return;
    }
    if (answer->count == 0) {
        end_attempt(c, answer->slot);
        return;
    }
    const char *const number = answer->numbers[s->names++ % answer->count];
    (void)snprintf(text, sizeof text, "%s:%s", number, address.port);
    if (assay_tls_address_parse(text, 0, &address) == ASSAY_OK)
        dial_number(c, answer->slot, &address);
    else end_attempt(c, answer->slot);
}

static void receive_names(struct assay_tls_client *c)
{
    struct assay_tls_name answer;
    while (c->resolving_count > 0 && c->names.next(c->names.context, &answer)) {
        ASSAY_ASSERT(answer.slot < c->slots);
        receive_name(c, &answer);
    }
}

enum assay_status assay_tls_client_set(struct assay_tls_client *client, uint32_t slot,
                                       const uint8_t key[static 32], const char *addresses,
                                       uint64_t now_ms)
{
    struct assay_tls_address address;
    uint32_t count = 0;
    assay_tls_client_remove(client, slot);
    struct server *s = &client->server[slot];
    enum assay_status status = ASSAY_OK;
    while (count < ADDRESSES_MAX && status == ASSAY_OK) {
        status = assay_tls_address_parse(addresses, count, &address);
        count += status == ASSAY_OK;
    }
    if (status == ASSAY_E_SYNTAX || strlen(addresses) >= sizeof s->addresses) return ASSAY_E_SYNTAX;
    ASSAY_ASSERT(count > 0);
    s->is_set = true;
    assay_bytes_copy(s->key, sizeof s->key, key, 32);
    (void)snprintf(s->addresses, sizeof s->addresses, "%s", addresses);
    s->dial = (struct assay_dial){ .random = client->seed ^ slot };
    assay_dial_set_addresses(&s->dial, count, now_ms);
    return ASSAY_OK;
}

void assay_tls_client_remove(struct assay_tls_client *client, uint32_t slot)
{
    ASSAY_ASSERT(slot < client->slots);
    struct server *s = &client->server[slot];
    close_connection(client, slot);
    s->is_set = false;
    s->dial = (struct assay_dial){ .state = ASSAY_DIAL_IDLE };
}

/* --- turns */

static void add_ready(struct assay_tls_client *c, uint32_t slot)
{
    struct server *s = &c->server[slot];
    if (s->is_ready || !s->connection.is_up) return;
    ASSAY_ASSERT(c->ready_count < c->slots);
    s->is_ready = true;
    c->ready[(c->ready_at + c->ready_count++) % c->slots] = slot;
}

static uint32_t take_ready(struct assay_tls_client *c)
{
    ASSAY_ASSERT(c->ready_count > 0);
    const uint32_t slot = c->ready[c->ready_at];
    c->ready_at = (c->ready_at + 1) % c->slots;
    c->ready_count--;
    c->server[slot].is_ready = false;
    return slot;
}

static bool is_connected(struct server *s)
{
    int error = 0;
    socklen_t len = sizeof error;
    const int fd = assay_tls_session_fd(s->connection.session);
    s->is_connecting = false;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
}

static void continue_handshake(struct assay_tls_client *c, uint32_t slot)
{
    struct server *s = &c->server[slot];
    enum assay_status status = ASSAY_E_IO;
    s->is_shaking = false;
    s->turn = ++c->turns;
    if (!s->is_connecting || is_connected(s))
        status = assay_tls_connection_handshake(&s->connection);
    const bool waits =
        status == ASSAY_E_AGAIN && assay_tls_session_is_write_blocked(s->connection.session);
    if ((status != ASSAY_OK && status != ASSAY_E_AGAIN) ||
        !set_events(c, slot, waits ? EPOLLIN | EPOLLOUT : EPOLLIN)) {
        end_attempt(c, slot);
        return;
    }
    if (status != ASSAY_OK) return;
    assay_dial_on_connected(&s->dial, c->now_ms);
    s->is_dirty = true;
    add_ready(c, slot); /* frames may have arrived with the end of the handshake */
}

/* Those whose last turn was longest ago. */
static void continue_handshakes(struct assay_tls_client *c)
{
    for (int i = 0; i < SHAKES_MAX; i++) {
        uint32_t next = UINT32_MAX;
        for (uint32_t k = 0; k < c->slots; k++)
            if (c->server[k].is_shaking &&
                (next == UINT32_MAX || c->server[k].turn < c->server[next].turn))
                next = k;
        if (next == UINT32_MAX) return;
        continue_handshake(c, next);
    }
}

static void process_event(struct assay_tls_client *c, const struct epoll_event *event)
{
    const uint32_t slot = event->data.u32;
    ASSAY_ASSERT(slot < c->slots);
    struct server *s = &c->server[slot];
    if (s->connection.session == NULL) return; /* closed since it was reported */
    if (!s->connection.is_up) {
        s->is_shaking = true;
        return;
    }
    if ((event->events & EPOLLOUT) != 0) s->is_dirty = true;
    if ((event->events & ~(uint32_t)EPOLLOUT) != 0) add_ready(c, slot);
}

void assay_tls_client_step(struct assay_tls_client *client, uint64_t now_ms)
{
    struct assay_tls_client *c = client;
    struct epoll_event events[EVENTS_MAX];
    c->now_ms = now_ms;
    const int count = epoll_wait(c->epoll, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++)
        process_event(c, &events[i]);
    continue_handshakes(c);
    receive_names(c);
    for (uint32_t slot = 0; slot < c->slots; slot++) {
        struct server *s = &c->server[slot];
        if (assay_dial_check_timeout(&s->dial, &dial_config, now_ms)) close_connection(c, slot);
        if (assay_dial_start_due(&s->dial, &dial_config, now_ms)) dial_server(c, slot);
    }
}

uint64_t assay_tls_client_wake_at(const struct assay_tls_client *client, uint64_t now_ms)
{
    uint64_t due = client->resolving_count > 0 ? now_ms + NAMES_AGAIN_MS : UINT64_MAX;
    if (client->ready_count > 0 || client->served != UINT32_MAX) return now_ms;
    for (uint32_t slot = 0; slot < client->slots; slot++)
        due = assay_min_u64(due, assay_dial_wake_at(&client->server[slot].dial));
    return due;
}

enum assay_status assay_tls_client_receive(struct assay_tls_client *client, uint32_t *slot,
                                           struct assay_slice *frame)
{
    struct assay_tls_client *c = client;
    if (c->served != UINT32_MAX) add_ready(c, c->served);
    c->served = UINT32_MAX;
    size_t work = 0;
    for (uint32_t visits = c->ready_count; visits > 0 && work < ASSAY_TLS_RECEIVE_WORK; visits--) {
        const uint32_t at = c->ready[c->ready_at];
        struct server *s = &c->server[at];
        bool is_over = false;
        if (!s->connection.is_up) {
            (void)take_ready(c);
            continue;
        }
        const enum assay_status status =
            assay_tls_connection_receive(&s->connection, frame, &is_over);
        if (status == ASSAY_OK) {
            *slot = at;
            if (is_over) c->served = take_ready(c); /* to the end of the ring at the next call */
            return ASSAY_OK;
        }
        (void)take_ready(c);
        work += assay_tls_connection_work(&s->connection);
        if (is_over) add_ready(c, at);
        if (status != ASSAY_E_AGAIN) end_attempt(c, at);
    }
    return ASSAY_E_AGAIN;
}

void assay_tls_client_send(struct assay_tls_client *client, uint32_t slot, struct assay_slice frame)
{
    ASSAY_ASSERT(slot < client->slots);
    struct server *s = &client->server[slot];
    if (!s->is_set) return;
    s->is_dirty = true;
    if (assay_tls_connection_send(&s->connection, frame, client->queue_max) == ASSAY_OK ||
        s->connection.is_up)
        return;
    /* What waits for a handshake is older than this frame. */
    assay_tls_queue_clear(&s->connection.out);
    assay_status_ignore(assay_tls_connection_send(&s->connection, frame, client->queue_max),
                        "without memory it is lost like any frame");
}

void assay_tls_client_flush(struct assay_tls_client *client, uint64_t now_ms)
{
    struct assay_tls_client *c = client;
    c->now_ms = now_ms;
    for (uint32_t slot = 0; slot < c->slots; slot++) {
        struct server *s = &c->server[slot];
        if (!s->is_dirty || !s->connection.is_up) continue;
        s->is_dirty = false;
        const enum assay_status status = assay_tls_connection_flush(&s->connection);
        const bool waits = status == ASSAY_E_AGAIN;
        if ((status != ASSAY_OK && !waits) ||
            !set_events(c, slot, waits ? EPOLLIN | EPOLLOUT : EPOLLIN))
            end_attempt(c, slot);
    }
}
