/*
 * net/services/server/service_server_clients.c - admission of connections to the sockets of
 * services, by user (docs/services.md 4.1.2).
 */
#include "net/services/server/service_server_internal.h"

#include "base/assert.h"
#include "net/system/connection_quota.h"
#include "net/system/unix_socket.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PLACES_MAX = 8 }; /* of one socket */

static uint32_t places_of(const struct assay_service_server *d, const struct listener *l,
                          uint32_t uid)
{
    uint32_t held = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        const struct client *c = &d->clients[i];
        held += desk_is_open(c) && c->at == l && c->of->uid == uid;
    }
    return held;
}

/* For the log, so often that a program that dials again and again does not fill it. */
static void say_crowded(struct assay_service_server *d, struct listener *l,
                        const struct assay_service_server_crowd *crowd)
{
    const size_t which = crowd->given ? 1 : 0;
    if (l->has_told[which] && d->now_ms - l->told_ms[which] < ASSAY_SERVICE_SERVER_CROWD_MS) return;
    l->has_told[which] = true;
    l->told_ms[which] = d->now_ms;
    d->world.crowded(d->world.context, crowd);
}

/* In a few words, and then it hangs up. */
static struct assay_service_message *crowded(struct assay_service_server *d, char *why,
                                             size_t why_len,
                                             const struct assay_service_server_crowd *crowd,
                                             bool given_up)
{
    struct assay_service_message *m = desk_fresh(d, ASSAY_SERVICE_CROWDED);
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

/* All places are taken. Returns: one that another user gives up, now free; NULL: none, and the
 * caller was told. */
static struct client *crowd_out(struct assay_service_server *d, struct listener *l, uint32_t uid,
                                struct client *const *there, size_t count, int fd)
{
    struct assay_place places[PLACES_MAX];
    char why[ASSAY_SERVICE_WHY_MAX + 1], name[ASSAY_SERVICE_SOCKET_NAME];
    struct assay_service_server_crowd crowd = { .uid = uid,
                                                .had = places_of(d, l, uid),
                                                .socket = name };
    for (size_t i = 0; i < count; i++) {
        const struct client *c = there[i];
        const uint32_t held = places_of(d, l, c->of->uid);
        places[i] = (struct assay_place){ .holder = c->of->uid, .since = c->number };
        if (held > crowd.held) crowd.of = c->of->uid;
        if (held > crowd.held) crowd.held = held;
    }
    const size_t yields = assay_connection_quota_yield(places, count, uid);
    crowd.places = (uint32_t)count;
    crowd.given = yields < count;
    assay_service_socket_name(l->is, name);
    say_crowded(d, l, &crowd);
    struct assay_service_message *m = crowded(d, why, sizeof why, &crowd, crowd.given);
    if (crowd.given) {
        d->figures.calls_yielded++;
        desk_send(d, there[yields], m);
        if (desk_is_open(there[yields])) desk_drop(d, there[yields]);
        return there[yields];
    }
    struct assay_service_stream stream = { .fd = -1 };
    d->figures.calls_refused++;
    if (assay_service_stream_open(&stream, fd) == ASSAY_OK)
        assay_status_ignore(assay_service_send(&stream, m), "it is told what fits");
    if (stream.fd >= 0) assay_service_stream_close(&stream);
    else (void)close(fd);
    return NULL;
}

/* Returns: a place for one more of that user; NULL: there is none, and fd is closed. */
static struct client *place_at(struct assay_service_server *d, struct listener *l, uint32_t uid,
                               int fd)
{
    struct client *place = NULL, *there[PLACES_MAX];
    size_t taken = 0;
    for (size_t i = 0; i < ASSAY_SERVICE_SERVER_CLIENTS_MAX; i++) {
        struct client *c = &d->clients[i];
        if (!desk_is_open(c)) place = c;
        if (!desk_is_open(c) || c->at != l) continue;
        ASSAY_ASSERT(taken < PLACES_MAX);
        there[taken++] = c;
    }
    if (taken >= assay_service_places(l->is.role)) return crowd_out(d, l, uid, there, taken, fd);
    ASSAY_ASSERT(place != NULL); /* there are as many as all sockets have together */
    return place;
}

static void let_in(struct assay_service_server *d, struct listener *l, uint32_t uid, int fd)
{
    struct client *c = place_at(d, l, uid, fd);
    if (c == NULL) return;
    struct assay_service_stream stream;
    if (assay_service_stream_open(&stream, fd) != ASSAY_OK) {
        (void)close(fd);
        return;
    }
    *c = (struct client){ .stream = stream, .number = ++d->numbers, .at = l };
    c->of = assay_users_enter(l->users, uid, ++d->turns);
    c->of->connections++;
    for (size_t i = 0; i < ASSAY_TURNS; i++)
        c->served[i] = d->turns; /* behind those of its user that were here before */
}

void desk_door_turn(struct assay_service_server *d, struct listener *l)
{
    for (unsigned i = 0; i < CALLS_PER_TURN; i++) {
        const int fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        uint32_t uid = 0;
        if (fd < 0) return;
        const bool known = d->world.user(d->world.context, fd, &uid);
        if (known && (l->is_shared || assay_unix_may_connect(uid))) let_in(d, l, uid, fd);
        else (void)close(fd);
    }
}
