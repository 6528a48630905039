/*
 * net/services/server/service_server_clients.c - admission of connections to the sockets of
 * services, by user (docs/services.md 4.1.2).
 */
#include "net/services/server/service_server_internal.h"

#include "base/assert.h"
#include "net/system/connection_quota.h"
#include "net/system/unix_socket.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PLACES_MAX = 8 }; /* of one socket */

static uint32_t count_places(const struct assay_service_server *d, const struct listener *l,
                             uint32_t uid)
{
    uint32_t held = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        const struct client *c = &d->clients[i];
        held += client_is_open(c) && c->at == l && c->of->uid == uid;
    }
    return held;
}

/* For the log, at a limited rate: a program that reconnects in a loop does not fill it. */
static void report_crowded(struct assay_service_server *d, struct listener *l,
                           const struct assay_service_server_crowd *crowd)
{
    ASSAY_ASSERT(crowd->places > 0);
    const size_t which = crowd->given ? 1 : 0;
    if (l->has_logged[which] && d->now_ms - l->logged_ms[which] < ASSAY_SERVICE_SERVER_CROWD_LOG_MS)
        return;
    l->has_logged[which] = true;
    l->logged_ms[which] = d->now_ms;
    d->callbacks.crowded(d->callbacks.context, crowd);
}

/* The reason that the client receives before it is disconnected. */
static struct assay_service_message *make_crowded(struct assay_service_server *d, char *why,
                                                  size_t why_len,
                                                  const struct assay_service_server_crowd *crowd,
                                                  bool given_up)
{
    ASSAY_ASSERT(why_len > ASSAY_SERVICE_WHY_MAX);
    struct assay_service_message *m = server_new_message(d, ASSAY_SERVICE_CROWDED);
    const int len =
        given_up ? snprintf(why, why_len,
                            "its place goes to another user: yours had %u of %u, end what is not "
                            "needed",
                            (unsigned)crowd->held, (unsigned)crowd->places)
                 : snprintf(why, why_len,
                            "all %u places are taken, %u by this user and %u by user %u: end what "
                            "is not needed",
                            (unsigned)crowd->places, (unsigned)crowd->had, (unsigned)crowd->held,
                            (unsigned)crowd->of);
    ASSAY_ASSERT(len > 0 && (size_t)len < why_len);
    m->why = assay_slice_over(why, (size_t)len);
    return m;
}

/* All places are taken. Returns: the place of a connection that was dropped for this user; NULL:
 * none, and the caller was notified. */
static struct client *evict_for_user(struct assay_service_server *d, struct listener *l,
                                     uint32_t uid, struct client *const *there, size_t count,
                                     int fd)
{
    ASSAY_ASSERT(fd >= 0 && count > 0 && count <= PLACES_MAX);
    struct assay_connection_place places[PLACES_MAX];
    char why[ASSAY_SERVICE_WHY_MAX + 1], name[ASSAY_SERVICE_SOCKET_NAME];
    struct assay_service_server_crowd crowd = { .uid = uid,
                                                .had = count_places(d, l, uid),
                                                .socket = name };
    for (size_t i = 0; i < count; i++) {
        const struct client *c = there[i];
        const uint32_t held = count_places(d, l, c->of->uid);
        places[i] = (struct assay_connection_place){ .holder = c->of->uid, .since = c->number };
        if (held > crowd.held) crowd.of = c->of->uid;
        if (held > crowd.held) crowd.held = held;
    }
    const size_t yields = assay_connection_quota_yield(places, count, uid);
    crowd.places = (uint32_t)count;
    crowd.given = yields < count;
    assay_service_socket_name(l->is, name);
    report_crowded(d, l, &crowd);
    struct assay_service_message *m = make_crowded(d, why, sizeof why, &crowd, crowd.given);
    if (crowd.given) {
        d->figures.connections_preempted++;
        server_send(d, there[yields], m);
        if (client_is_open(there[yields])) server_drop_client(d, there[yields]);
        return there[yields];
    }
    struct assay_service_stream stream = { .fd = -1 };
    d->figures.connections_refused++;
    if (assay_service_stream_open(&stream, fd) == ASSAY_OK)
        assay_status_ignore(assay_service_send(&stream, m), "it is told what fits");
    if (stream.fd >= 0) assay_service_stream_close(&stream);
    else (void)close(fd);
    return NULL;
}

/* Returns: a place for one more connection of that user; NULL: there is none, and fd is closed. */
static struct client *find_socket_place(struct assay_service_server *d, struct listener *l,
                                        uint32_t uid, int fd)
{
    struct client *place = NULL, *there[PLACES_MAX];
    size_t taken = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (!client_is_open(c)) place = c;
        if (!client_is_open(c) || c->at != l) continue;
        ASSAY_ASSERT(taken < PLACES_MAX);
        there[taken++] = c;
    }
    if (taken >= assay_service_places(l->is.role))
        return evict_for_user(d, l, uid, there, taken, fd);
    ASSAY_ASSERT(place != NULL); /* there are as many as all sockets have together */
    return place;
}

static void add_client(struct assay_service_server *d, struct listener *l, uint32_t uid, int fd)
{
    ASSAY_ASSERT(fd >= 0);
    struct client *c = find_socket_place(d, l, uid, fd);
    if (c == NULL) return;
    struct assay_service_stream stream;
    if (assay_service_stream_open(&stream, fd) != ASSAY_OK) {
        (void)close(fd);
        return;
    }
    ASSAY_ASSERT(!client_is_open(c));
    *c = (struct client){ .stream = stream, .number = ++d->numbers, .at = l };
    c->of = assay_users_add(l->users, uid, ++d->turns);
    c->of->connections++;
    for (size_t i = 0; i < ASSAY_USER_REQUESTS; i++)
        c->served[i] = d->turns; /* behind the earlier connections of its user */
}

void server_accept_clients(struct assay_service_server *d, struct listener *l)
{
    ASSAY_ASSERT(l->fd >= 0);
    if (assay_accept_is_paused(&d->pause, d->now_ms)) return;
    for (unsigned i = 0; i < ACCEPTS_PER_STEP; i++) {
        const int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        uint32_t uid = 0;
        if (fd < 0 && errno == EINTR) continue;
        if (fd < 0) {
            assay_accept_failed(&d->pause, errno, d->now_ms);
            return;
        }
        const bool known = d->callbacks.user(d->callbacks.context, fd, &uid);
        if (known && (l->is_shared || assay_unix_may_connect(uid))) add_client(d, l, uid, fd);
        else (void)close(fd);
    }
}
