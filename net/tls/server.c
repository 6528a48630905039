/*
 * net/tls/server.c - listening end of links: admission, turns and limits.
 */
#include "net/tls/server.h"

#include "base/assert.h"
#include "net/system/accept_pause.h"
#include "net/system/caller_site.h"
#include "net/tls/address.h"
#include "net/tls/connection.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BACKLOG = 1024,
    EVENTS_MAX = 64,
    ACCEPTS_MAX = 16, /* in one step */
    SHAKES_MAX = 8,   /* handshakes that are continued in one step: some 0.2 ms each */
};

static const uint32_t number_of_listener = UINT32_MAX;

/* A connection whose handshake is not complete. */
struct candidate {
    struct assay_tls_connection connection;
    uint64_t since_ms;
    uint64_t turn;    /* number of its last turn, or of when it was accepted */
    bool is_ready;    /* has sent something, or closed */
    uint8_t from[16]; /* net/system/caller_site.h */
};

struct party {
    struct assay_tls_connection connection;
    bool is_ready, is_dirty, is_polled_out;
};

struct assay_tls_server {
    struct assay_tls_context *context;
    assay_tls_find_party *find;
    void *find_context;
    int fd, epoll;
    uint16_t port;
    bool accepts; /* the listener is polled */
    struct assay_accept_pause pause;
    uint32_t parties;
    struct party *party;            /* [parties] */
    uint32_t *ready, *dirty;        /* numbers of parties; ready is a ring */
    uint32_t ready_at, ready_count; /* of [parties] */
    uint32_t dirty_count;
    uint32_t served; /* the party whose frame was returned last and whose turn is over then;
                      * UINT32_MAX: none */
    uint32_t candidate_count;
    uint64_t turns; /* of candidates */
    struct candidate candidate[ASSAY_TLS_HANDSHAKES_MAX];
    struct assay_tls_server_figures figures;
};

/* --- the descriptor to poll; events have the number of a party, or behind these of a candidate */

static bool set_events(const struct assay_tls_server *s, int operation, int fd, uint32_t events,
                       uint32_t number)
{
    struct epoll_event event = { .events = events, .data.u32 = number };
    ASSAY_ASSERT(s->epoll >= 0);
    return epoll_ctl(s->epoll, operation, fd, &event) == 0;
}

static void set_accepts(struct assay_tls_server *s, bool accepts)
{
    if (s->accepts == accepts) return;
    if (set_events(s, EPOLL_CTL_MOD, s->fd, accepts ? EPOLLIN : 0, number_of_listener))
        s->accepts = accepts;
}

/* --- opening */

static enum assay_status bind_listener(struct assay_tls_server *s, const struct addrinfo *at)
{
    const int on = 1;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = { .v6 = { 0 } };
    socklen_t len = sizeof bound;
    ASSAY_ASSERT(s->fd < 0);
    s->fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->fd < 0) return ASSAY_E_IO;
    (void)setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assay_tls_connection_set_socket(s->fd); /* what is accepted has the same */
    if (bind(s->fd, at->ai_addr, at->ai_addrlen) != 0 || listen(s->fd, BACKLOG) != 0 ||
        getsockname(s->fd, &bound.any, &len) != 0)
        return ASSAY_E_IO;
    s->port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return ASSAY_OK;
}

static enum assay_status open_listener(struct assay_tls_server *s, const char *listen,
                                       char message[static ASSAY_TLS_SERVER_MESSAGE_LEN])
{
    struct assay_tls_address address;
    (void)snprintf(message, ASSAY_TLS_SERVER_MESSAGE_LEN, "%s is not an address, HOST:PORT",
                   listen);
    if (assay_tls_address_parse(listen, 0, &address) != ASSAY_OK) return ASSAY_E_IO;
    struct addrinfo *const at = assay_tls_address_find(&address, AI_PASSIVE);
    if (at == NULL) return ASSAY_E_IO;
    const enum assay_status status = bind_listener(s, at);
    (void)snprintf(message, ASSAY_TLS_SERVER_MESSAGE_LEN, "%s: %s", listen, strerror(errno));
    freeaddrinfo(at);
    ASSAY_TRY(status);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s->epoll < 0 || !set_events(s, EPOLL_CTL_ADD, s->fd, EPOLLIN, number_of_listener))
        return ASSAY_E_IO;
    s->accepts = true;
    message[0] = '\0';
    return ASSAY_OK;
}

enum assay_status assay_tls_server_open(const struct assay_tls_config *config, const char *listen,
                                        uint32_t parties, struct assay_tls_server **out,
                                        char message[static ASSAY_TLS_SERVER_MESSAGE_LEN])
{
    struct assay_tls_server *s = calloc(1, sizeof *s);
    ASSAY_ASSERT(parties > 0 && parties < number_of_listener - ASSAY_TLS_HANDSHAKES_MAX);
    (void)snprintf(message, ASSAY_TLS_SERVER_MESSAGE_LEN, "out of memory");
    *out = s;
    if (s == NULL) return ASSAY_E_MEMORY;
    s->fd = s->epoll = -1;
    s->served = UINT32_MAX;
    s->parties = parties;
    s->find = config->find;
    s->find_context = config->context;
    s->party = calloc(parties, sizeof *s->party);
    s->ready = calloc(parties, sizeof *s->ready);
    s->dirty = calloc(parties, sizeof *s->dirty);
    enum assay_status status = ASSAY_E_MEMORY;
    if (s->party != NULL && s->ready != NULL && s->dirty != NULL)
        status = assay_tls_context_open(config, &s->context);
    if (status == ASSAY_OK) status = open_listener(s, listen, message);
    if (status != ASSAY_OK) assay_tls_server_close(out);
    return status;
}

void assay_tls_server_close(struct assay_tls_server **server)
{
    struct assay_tls_server *s = *server;
    if (s == NULL) return;
    for (uint32_t i = 0; s->party != NULL && i < s->parties; i++)
        assay_tls_connection_close(&s->party[i].connection);
    for (uint32_t i = 0; i < s->candidate_count; i++)
        assay_tls_connection_close(&s->candidate[i].connection);
    assay_tls_context_close(&s->context);
    if (s->epoll >= 0) (void)close(s->epoll);
    if (s->fd >= 0) (void)close(s->fd);
    free(s->party);
    free(s->ready);
    free(s->dirty);
    free(s);
    *server = NULL;
}

uint16_t assay_tls_server_port(const struct assay_tls_server *server)
{
    return server->port;
}

void assay_tls_server_set_chain(struct assay_tls_server *server, const uint8_t chain_id[static 32])
{
    assay_tls_context_set_chain(server->context, chain_id);
}

int assay_tls_server_fd(const struct assay_tls_server *server)
{
    return server->epoll;
}

struct assay_tls_server_figures assay_tls_server_figures(const struct assay_tls_server *server)
{
    return server->figures;
}

bool assay_tls_server_is_up(const struct assay_tls_server *server, uint32_t party)
{
    ASSAY_ASSERT(party < server->parties);
    return server->party[party].connection.session != NULL;
}

/* --- parties */

static void add_ready(struct assay_tls_server *s, uint32_t number)
{
    struct party *p = &s->party[number];
    if (p->is_ready || p->connection.session == NULL) return;
    ASSAY_ASSERT(s->ready_count < s->parties);
    p->is_ready = true;
    s->ready[(s->ready_at + s->ready_count++) % s->parties] = number;
}

static uint32_t take_ready(struct assay_tls_server *s)
{
    ASSAY_ASSERT(s->ready_count > 0);
    const uint32_t number = s->ready[s->ready_at];
    s->ready_at = (s->ready_at + 1) % s->parties;
    s->ready_count--;
    s->party[number].is_ready = false;
    return number;
}

/* To be flushed, or closed. */
static void add_dirty(struct assay_tls_server *s, uint32_t number)
{
    struct party *p = &s->party[number];
    if (p->is_dirty) return;
    ASSAY_ASSERT(s->dirty_count < s->parties);
    p->is_dirty = true;
    s->dirty[s->dirty_count++] = number;
}

/* Its places in the lists stay: a party without a connection is passed over there. */
void assay_tls_server_remove(struct assay_tls_server *server, uint32_t party)
{
    ASSAY_ASSERT(party < server->parties);
    struct party *p = &server->party[party];
    assay_tls_connection_close(&p->connection);
    p->is_polled_out = false;
    if (server->served == party) server->served = UINT32_MAX;
}

void assay_tls_server_send(struct assay_tls_server *server, uint32_t party,
                           struct assay_slice frame)
{
    ASSAY_ASSERT(party < server->parties);
    struct assay_tls_connection *c = &server->party[party].connection;
    if (c->session == NULL || c->is_failed) return;
    add_dirty(server, party);
    if (assay_tls_connection_send(c, frame, ASSAY_TLS_QUEUE_MAX) == ASSAY_OK) return;
    c->is_failed = true; /* closed by the flush, since a frame of it may be borrowed */
    server->figures.slow++;
}

static void flush_party(struct assay_tls_server *s, uint32_t number)
{
    struct party *p = &s->party[number];
    ASSAY_ASSERT(number < s->parties);
    if (p->connection.session == NULL) return;
    const enum assay_status status = assay_tls_connection_flush(&p->connection);
    if (status != ASSAY_OK && status != ASSAY_E_AGAIN) {
        assay_tls_server_remove(s, number);
        return;
    }
    const bool waits = status == ASSAY_E_AGAIN;
    if (waits == p->is_polled_out) return;
    const int fd = assay_tls_session_fd(p->connection.session);
    if (set_events(s, EPOLL_CTL_MOD, fd, waits ? EPOLLIN | EPOLLOUT : EPOLLIN, number))
        p->is_polled_out = waits;
}

void assay_tls_server_flush(struct assay_tls_server *server)
{
    struct assay_tls_server *s = server;
    ASSAY_ASSERT(s->dirty_count <= s->parties);
    while (s->dirty_count > 0) {
        const uint32_t number = s->dirty[--s->dirty_count];
        s->party[number].is_dirty = false;
        flush_party(s, number);
    }
}

/* --- candidates */

static void remove_candidate(struct assay_tls_server *s, uint32_t index)
{
    ASSAY_ASSERT(index < s->candidate_count);
    struct candidate *c = &s->candidate[index];
    struct candidate *last = &s->candidate[--s->candidate_count];
    assay_tls_connection_close(&c->connection);
    if (c == last) return;
    *c = *last;
    *last = (struct candidate){ .since_ms = 0 };
    const int fd = assay_tls_session_fd(c->connection.session);
    if (!set_events(s, EPOLL_CTL_MOD, fd, EPOLLIN, s->parties + index)) c->since_ms = 0;
}

/* In its place from now on; a connection that the party had before gives way. */
static void admit_candidate(struct assay_tls_server *s, uint32_t index)
{
    struct candidate *c = &s->candidate[index];
    uint32_t number = 0;
    const uint8_t *const key = assay_tls_session_client(c->connection.session);
    /* It may have left the ledger during the handshake. */
    const bool is_known = s->find(s->find_context, key, &number);
    const int fd = assay_tls_session_fd(c->connection.session);
    if (!is_known || !set_events(s, EPOLL_CTL_MOD, fd, EPOLLIN, number)) {
        s->figures.refused++;
        remove_candidate(s, index);
        return;
    }
    ASSAY_ASSERT(number < s->parties);
    assay_tls_server_remove(s, number);
    s->party[number].connection = c->connection;
    c->connection = (struct assay_tls_connection){ .session = NULL };
    remove_candidate(s, index);
    s->figures.accepted++;
    add_ready(s, number); /* frames may have arrived with the end of the handshake */
}

static void continue_handshake(struct assay_tls_server *s, uint32_t index)
{
    s->candidate[index].is_ready = false;
    s->candidate[index].turn = ++s->turns;
    const enum assay_status status =
        assay_tls_connection_handshake(&s->candidate[index].connection);
    if (status == ASSAY_E_AGAIN) return;
    if (status == ASSAY_OK) {
        admit_candidate(s, index);
        return;
    }
    s->figures.refused++;
    remove_candidate(s, index);
}

/* Those whose last turn was longest ago, whatever order epoll reports. */
static void continue_handshakes(struct assay_tls_server *s)
{
    for (int i = 0; i < SHAKES_MAX; i++) {
        uint32_t next = UINT32_MAX;
        for (uint32_t k = 0; k < s->candidate_count; k++)
            if (s->candidate[k].is_ready &&
                (next == UINT32_MAX || s->candidate[k].turn < s->candidate[next].turn))
                next = k;
        if (next == UINT32_MAX) return;
        continue_handshake(s, next);
    }
}

static void expire_candidates(struct assay_tls_server *s, uint64_t now_ms)
{
    for (uint32_t i = s->candidate_count; i > 0; i--)
        if (now_ms - s->candidate[i - 1].since_ms >= ASSAY_TLS_HANDSHAKE_MS) {
            s->figures.refused++;
            remove_candidate(s, i - 1);
        }
}

/* Candidates of one site, and of one address of it. */
struct crowd {
    uint32_t site, address;
};

static struct crowd count_from(const struct assay_tls_server *s, const uint8_t from[static 16])
{
    struct crowd crowd = { 0 };
    for (uint32_t i = 0; i < s->candidate_count; i++) {
        crowd.site += assay_caller_site_is_same(s->candidate[i].from, from);
        crowd.address += assay_bytes_equal(s->candidate[i].from, from, 16);
    }
    return crowd;
}

/* Returns: the oldest candidate of the address with most of the site with most. */
static uint32_t find_victim(const struct assay_tls_server *s)
{
    uint32_t victim = 0;
    struct crowd most = { 0 };
    for (uint32_t i = 0; i < s->candidate_count; i++) {
        const struct candidate *const c = &s->candidate[i];
        const struct crowd crowd = count_from(s, c->from);
        if (crowd.site < most.site) continue;
        if (crowd.site == most.site &&
            (crowd.address < most.address ||
             (crowd.address == most.address && c->since_ms >= s->candidate[victim].since_ms)))
            continue;
        most = crowd;
        victim = i;
    }
    return victim;
}

/* Makes a place for one more caller. Returns: whether there is one */
static bool make_place(struct assay_tls_server *s, const uint8_t from[static 16], uint64_t now_ms)
{
    if (s->candidate_count < ASSAY_TLS_HANDSHAKES_MAX) return true;
    const uint32_t victim = find_victim(s);
    const struct candidate *const c = &s->candidate[victim];
    const struct crowd most = count_from(s, c->from), own = count_from(s, from);
    const bool has_fewer = assay_caller_site_is_same(c->from, from) ? own.address + 1 < most.address
                                                                  : own.site + 1 < most.site;
    s->figures.refused++; /* one of the two */
    if (!has_fewer && now_ms - c->since_ms < ASSAY_TLS_GRACE_MS) return false;
    remove_candidate(s, victim);
    return true;
}

static void accept_callers(struct assay_tls_server *s, uint64_t now_ms)
{
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
        socklen_t len = sizeof at;
        uint8_t from[16];
        const int fd = accept4(s->fd, (struct sockaddr *)&at, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            assay_accept_failed(&s->pause, errno, now_ms);
            set_accepts(s, !assay_accept_is_paused(&s->pause, now_ms));
            return;
        }
        assay_caller_site_read(&at, from);
        if (!make_place(s, from, now_ms)) {
            (void)close(fd);
            continue;
        }
        struct candidate *c = &s->candidate[s->candidate_count];
        if (assay_tls_connection_open(&c->connection, s->context, fd, NULL) != ASSAY_OK) continue;
        c->since_ms = now_ms;
        c->turn = ++s->turns;
        c->is_ready = false;
        assay_bytes_copy(c->from, sizeof c->from, from, 16);
        if (!set_events(s, EPOLL_CTL_ADD, fd, EPOLLIN, s->parties + s->candidate_count)) {
            assay_tls_connection_close(&c->connection);
            continue;
        }
        s->candidate_count++;
    }
}

/* --- turns */

uint64_t assay_tls_server_wake_at(const struct assay_tls_server *server, uint64_t now_ms)
{
    uint64_t due = server->accepts ? UINT64_MAX : server->pause.until_ms;
    if (server->ready_count > 0 || server->served != UINT32_MAX) return now_ms;
    for (uint32_t i = 0; i < server->candidate_count; i++)
        if (server->candidate[i].since_ms + ASSAY_TLS_HANDSHAKE_MS < due)
            due = server->candidate[i].since_ms + ASSAY_TLS_HANDSHAKE_MS;
    return due;
}

void assay_tls_server_step(struct assay_tls_server *server, uint64_t now_ms)
{
    struct assay_tls_server *s = server;
    struct epoll_event events[EVENTS_MAX];
    bool is_called = false;
    if (!s->accepts && !assay_accept_is_paused(&s->pause, now_ms)) set_accepts(s, true);
    expire_candidates(s, now_ms);
    const int count = epoll_wait(s->epoll, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        const uint32_t number = events[i].data.u32;
        if (number == number_of_listener) is_called = true;
        else if (number >= s->parties) s->candidate[number - s->parties].is_ready = true;
        else {
            if ((events[i].events & EPOLLOUT) != 0) add_dirty(s, number);
            if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0) add_ready(s, number);
        }
    }
    continue_handshakes(s);
    if (is_called) accept_callers(s, now_ms);
}

static void end_party(struct assay_tls_server *s, uint32_t number)
{
    s->figures.malformed++;
    assay_tls_server_remove(s, number);
}

enum assay_status assay_tls_server_receive(struct assay_tls_server *server, uint32_t *party,
                                           struct assay_slice *frame)
{
    struct assay_tls_server *s = server;
    if (s->served != UINT32_MAX) add_ready(s, s->served);
    s->served = UINT32_MAX;
    size_t work = 0;
    for (uint32_t visits = s->ready_count; visits > 0 && work < ASSAY_TLS_RECEIVE_WORK; visits--) {
        const uint32_t number = s->ready[s->ready_at];
        struct assay_tls_connection *c = &s->party[number].connection;
        bool is_over = false;
        ASSAY_ASSERT(s->ready_count > 0 && s->party[number].is_ready);
        if (c->session == NULL) {
            (void)take_ready(s);
            continue;
        }
        const enum assay_status status = assay_tls_connection_receive(c, frame, &is_over);
        if (status == ASSAY_OK) {
            *party = number;
            if (is_over) s->served = take_ready(s); /* to the end of the ring at the next call */
            return ASSAY_OK;
        }
        (void)take_ready(s);
        work += assay_tls_connection_work(c);
        if (is_over) add_ready(s, number);
        if (status != ASSAY_E_AGAIN) end_party(s, number);
    }
    return ASSAY_E_AGAIN;
}
