/*
 * net/http/server.c - adapter of libmicrohttpd: thread, connections, limits.
 *
 * The thread polls the library's own descriptor and a wake-up of ours. Streams are suspended while
 * there is nothing to tell, requests to the node's loop until it has answered. What the library
 * does not bound is bounded here: the time for a complete request (a header a second would live
 * for ever), the time to read an answer, bytes that wait.
 */
#include "net/http/server_internal.h"

#include "base/assert.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "net/http/listen.h"
#include "net/http/tls.h"
#include "net/system/connection_quota.h"
#include "net/system/unix_socket.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    NICE = 10, /* the node's loop and its verifiers come first */
    SWEEP_MS = 500,
    MEASURE_MS = 20, /* between two looks at what clients have read of their answers */
    EVICT_ABOVE = ASSAY_HTTP_CONNECTIONS_MAX - 32, /* then a new one takes the place of another */
    PER_ADDRESS_MAX = 64,                          /* beyond this machine */
    PEM_MAX = 256 * 1024,
};

/* Above all ages of connections in milliseconds. */
static const uint64_t RANK_IDLE = UINT64_C(1) << 60, RANK_UNREAD = UINT64_C(1) << 61;

/* ------------------------------------------------------------ connections */

/* The library learns of it as if the other side had gone. */
static void cut_connection(struct link *link)
{
    ASSAY_ASSERT(link->fd >= 0);
    if (link->cut) return;
    link->cut = true;
    (void)shutdown(link->fd, SHUT_RDWR);
    if (!link->suspended) return;
    if (link->state == LINK_IN_TURN) link->http->waits--;
    link->suspended = false;
    MHD_resume_connection(link->connection);
}

/* Since when nothing was taken of what is sent. Streams with nothing to send are suspended. */
static uint64_t get_unread_ms(const struct link *link)
{
    const uint64_t now_ms = link->http->now_ms;
    ASSAY_ASSERT(now_ms >= link->since_ms && now_ms >= link->read_ms);
    if (link->state == LINK_ANSWERING) return now_ms - link->read_ms;
    return link->state == LINK_STREAMING && !link->suspended ? now_ms - link->since_ms : 0;
}

/* Of one client the connection with the highest rank is closed: with an answer that is not read,
 * then an idle one, the longest first, then the oldest. Clients may share an address, so a new
 * connection remains open while all places are taken once more: it is answered in that time. */
static uint64_t get_rank(const struct link *link)
{
    const uint64_t now_ms = link->http->now_ms, quiet_ms = now_ms - link->since_ms;
    ASSAY_ASSERT(now_ms >= link->since_ms && now_ms >= link->accepted_ms);
    if (get_unread_ms(link) >= ASSAY_HTTP_UNREAD_MS) return RANK_UNREAD + get_unread_ms(link);
    if (quiet_ms >= ASSAY_HTTP_UNREAD_MS && link->state == LINK_WAITING)
        return RANK_IDLE + quiet_ms;
    return now_ms - link->accepted_ms;
}

/* Of the owner, where it has one that may give way, else of all. Returns: count: none */
static size_t find_highest(const struct assay_connection_place *places, size_t count,
                           uint64_t owner)
{
    size_t own = count, any = count;
    for (size_t i = 0; i < count; i++) {
        const struct assay_connection_place *p = &places[i];
        if (p->stays) continue;
        if (any == count || p->since >= places[any].since) any = i;
        if (p->holder == owner && (own == count || p->since >= places[own].since)) own = i;
    }
    return own < count ? own : any;
}

/* Connections, or streams among them, with the sites that have them. */
struct crowd {
    struct assay_connection_place places[ASSAY_HTTP_CONNECTIONS_MAX];
    struct link *links[ASSAY_HTTP_CONNECTIONS_MAX];
    size_t count;
};

static void list_crowd(const struct assay_http *http, bool is_of_streams, struct crowd *out)
{
    out->count = 0;
    for (struct link *l = http->links; l != NULL && out->count < ASSAY_HTTP_CONNECTIONS_MAX;
         l = l->next) {
        if (l->cut) continue;
        if (is_of_streams && l->state != LINK_STREAMING) continue;
        out->places[out->count] = (struct assay_connection_place){
            .holder = l->origin.site,
            .since = get_rank(l),
            .stays = !is_of_streams && l->state == LINK_STREAMING,
        };
        out->links[out->count++] = l;
    }
}

/* Those of one site remain, with the addresses that have them. Returns: whether there are several
 * addresses. */
static bool limit_to_site(struct crowd *crowd, uint64_t site)
{
    size_t kept = 0;
    bool differ = false;
    for (size_t i = 0; i < crowd->count; i++) {
        if (crowd->places[i].holder != site) continue;
        crowd->places[kept] = crowd->places[i];
        crowd->places[kept].holder = crowd->links[i]->origin.owner;
        crowd->links[kept] = crowd->links[i];
        differ = differ || crowd->places[kept].holder != crowd->places[0].holder;
        kept++;
    }
    crowd->count = kept;
    return differ;
}

/* Of the site with most the address with most, for one more of the caller's. Among equals a
 * connection takes the place of one of its own site and address, a stream none. Returns: NULL: none
 * may give way */
static struct link *find_yielding(const struct assay_http *http, struct http_server_origin caller,
                                  bool is_stream)
{
    struct crowd crowd;
    list_crowd(http, is_stream, &crowd);
    size_t chosen = assay_connection_quota_yield(crowd.places, crowd.count, caller.site);
    if (chosen == crowd.count && !is_stream)
        chosen = find_highest(crowd.places, crowd.count, caller.site);
    if (chosen == crowd.count && !is_stream) return NULL;
    const uint64_t site = chosen < crowd.count ? crowd.places[chosen].holder : caller.site;
    const bool differ = limit_to_site(&crowd, site);
    chosen = crowd.count;
    if (differ) chosen = assay_connection_quota_yield(crowd.places, crowd.count, caller.owner);
    if (chosen == crowd.count && (!is_stream || site != caller.site))
        chosen = find_highest(crowd.places, crowd.count, caller.owner);
    return chosen < crowd.count ? crowd.links[chosen] : NULL;
}

/* A new connection, with little room left. Streams have a limit of their own. */
static void evict_connection(struct assay_http *http, struct http_server_origin caller)
{
    if (http->figures.connections < EVICT_ABOVE) return;
    struct link *const yielding = find_yielding(http, caller, false);
    if (yielding == NULL) return;
    http->figures.refused++;
    cut_connection(yielding);
}

bool http_server_has_stream_place(struct link *link)
{
    const struct assay_http *http = link->http;
    size_t count = 0;
    for (const struct link *l = http->links; l != NULL; l = l->next)
        count += l->state == LINK_STREAMING && !l->cut; /* those are closed in the next turn */
    if (count < ASSAY_HTTP_STREAMS_MAX) return true;
    struct link *const yielding = find_yielding(http, link->origin, true);
    if (yielding != NULL) cut_connection(yielding);
    return yielding != NULL;
}

/* Each program of this machine may connect from all of its loopback addresses: they are one client.
 * Returns: bytes of an IPv4 address, NULL: it is an IPv6 address */
static const uint8_t *find_v4(const struct sockaddr *address)
{
    enum { LOOPBACK_NET = 127, MAPPED_AT = 12 };
    static const uint8_t loopback[] = { LOOPBACK_NET, 0, 0, 1 };
    const void *const at = address;
    const struct sockaddr_in *v4 = at;
    const struct sockaddr_in6 *v6 = at;
    const uint8_t *bytes = NULL;
    if (address->sa_family == AF_INET) bytes = (const uint8_t *)&v4->sin_addr.s_addr;
    else if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) bytes = v6->sin6_addr.s6_addr + MAPPED_AT;
    else if (IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)) bytes = loopback;
    return bytes != NULL && bytes[0] == LOOPBACK_NET ? loopback : bytes;
}

/* IPv4 addresses are behind four zeros, which no /64 in use has. */
static struct http_server_origin get_address_origin(const struct sockaddr *address)
{
    enum { V4_LEN = 4, SITE_LEN = 6 };
    const void *const at = address;
    const struct sockaddr_in6 *v6 = at;
    const uint8_t *v4 = find_v4(address);
    uint8_t owner[sizeof(uint64_t)] = { 0 };
    struct http_server_origin out = { 0 };
    if (v4 != NULL) assay_bytes_copy(owner + V4_LEN, V4_LEN, v4, V4_LEN);
    else assay_bytes_copy(owner, sizeof owner, v6->sin6_addr.s6_addr, sizeof owner);
    assay_bytes_copy(&out.owner, sizeof out.owner, owner, sizeof owner);
    assay_bytes_copy(&out.site, sizeof out.site, owner, v4 != NULL ? sizeof owner : SITE_LEN);
    return out;
}

/* A client before its certificate is read: the user of a UNIX socket, else its address. */
static struct http_server_origin get_origin(const struct assay_http *http,
                                            struct MHD_Connection *connection, int fd)
{
    uint32_t uid = 0;
    if (http->socket_path != NULL) {
        const uint64_t user = assay_unix_user(fd, &uid) ? uid : UINT64_MAX;
        return (struct http_server_origin){ user, user };
    }
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL)
        return (struct http_server_origin){ UINT64_MAX, UINT64_MAX };
    return get_address_origin(info->client_addr);
}

/* A client shows a certificate of http.clients, or the handshake fails. */
static bool demand_certificate(struct MHD_Connection *connection)
{
    ASSAY_ASSERT(connection != NULL);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL || info->tls_session == NULL) return false;
    assay_http_tls_require_client(info->tls_session);
    return true;
}

static void on_socket(struct assay_http *http, struct MHD_Connection *connection, void **place)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    const int fd = info != NULL ? info->connect_fd : -1;
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL || fd < 0 || (http->certificate != NULL && !demand_certificate(connection))) {
        if (fd >= 0) (void)shutdown(fd, SHUT_RDWR);
        free(link);
        return;
    }
    const struct http_server_origin origin = get_origin(http, connection, fd);
    evict_connection(http, origin);
    *link = (struct link){ .http = http,
                           .next = http->links,
                           .connection = connection,
                           .fd = fd,
                           .origin = origin,
                           .accepted_ms = http->now_ms,
                           .since_ms = http->now_ms,
                           .read_ms = http->now_ms };
    if (http->links != NULL) http->links->before = link;
    http->links = link;
    http->figures.connections++;
    http->figures.accepted++;
    *place = link;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **place,
                          enum MHD_ConnectionNotificationCode code)
{
    struct assay_http *http = context;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        on_socket(http, connection, place);
    } else if (*place != NULL) {
        struct link *link = *place;
        if (link->next != NULL) link->next->before = link->before;
        if (link->before != NULL) link->before->next = link->next;
        else http->links = link->next;
        ASSAY_ASSERT(http->figures.connections > 0);
        http->figures.connections--;
        http_server_forget_request(link);
        free(link);
        *place = NULL;
    }
    atomic_store(&http->clients, (uint32_t)http->figures.connections);
}

static bool is_over(const struct assay_http *http, const struct link *link)
{
    ASSAY_ASSERT(http->now_ms >= link->since_ms);
    const uint64_t age = http->now_ms - link->since_ms;
    if (link->cut || link->suspended) return false;
    return age > (link->state == LINK_WAITING ? ASSAY_HTTP_IDLE_MS : ASSAY_HTTP_SLOW_MS);
}

static void sweep_connections(struct assay_http *http)
{
    ASSAY_ASSERT(http->now_ms >= http->swept_ms);
    if (http->now_ms - http->swept_ms < SWEEP_MS) return;
    http->swept_ms = http->now_ms;
    for (struct link *l = http->links, *next = NULL; l != NULL; l = next) {
        next = l->next;
        if (!is_over(http, l)) continue;
        if (l->state == LINK_WAITING) http->figures.cut_idle++;
        else http->figures.cut_slow++;
        cut_connection(l);
    }
}

/* ------------------------------------------------------------ reading of answers */

/* Returns: bytes in the socket that the other side has not taken. */
static int count_queued(const struct link *link)
{
    int len = 0;
    return ioctl(link->fd, SIOCOUTQ, &len) == 0 ? len : 0;
}

/* The library writes in its turn alone: between two turns the client alone changes the bytes in the
 * socket. */
static void note_reading(struct assay_http *http)
{
    for (struct link *l = http->links; l != NULL; l = l->next)
        if (l->state == LINK_ANSWERING && count_queued(l) < l->queued_len)
            l->read_ms = http->now_ms;
}

static void measure_queues(struct assay_http *http)
{
    http->measured_ms = http->now_ms;
    for (struct link *l = http->links; l != NULL; l = l->next)
        if (l->state == LINK_ANSWERING) l->queued_len = count_queued(l);
}

/* ------------------------------------------------------------ the thread */

static void resume_streams(struct assay_http *http)
{
    struct assay_http_snapshot *view = assay_http_snapshot_slot_acquire(http->slot);
    const uint64_t last = assay_timeline_log_last(http->timeline);
    if (view != NULL && view->generation != http->generation) {
        http->generation = view->generation;
        http_server_clear_cached(http, false);
    }
    assay_http_snapshot_release(&view);
    for (struct link *l = http->links; l != NULL; l = l->next) {
        if (!l->suspended || l->stream == NULL) continue;
        if (!assay_http_stream_is_ready(l->stream, last, http->generation, http->now_ms)) continue;
        l->suspended = false;
        MHD_resume_connection(l->connection);
    }
}

static int idle_limit_ms(struct assay_http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout = SWEEP_MS;
    if (http->waits > 0) return 0;
    const unsigned long long most = http->figures.streams > 0 ? ASSAY_HTTP_SNAPSHOT_MS : SWEEP_MS;
    if (MHD_get_timeout(http->daemon, &timeout) != MHD_YES || timeout > most) timeout = most;
    return (int)timeout;
}

static void *run_server(void *context)
{
    struct assay_http *http = context;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct pollfd fds[2] = { { .fd = info != NULL ? info->epoll_fd : -1, .events = POLLIN },
                             { .fd = http->wake_fd, .events = POLLIN } };
    (void)setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone, on Linux */
    while (!atomic_load(&http->stop)) {
        uint64_t woken = 0;
        (void)poll(fds, 2, idle_limit_ms(http));
        http->now_ms = assay_monotonic_ms();
        if (read(http->wake_fd, &woken, sizeof woken) > 0 || http->figures.streams > 0)
            resume_streams(http);
        http_server_resume_core(http);
        http_server_give_turn(http);
        sweep_connections(http);
        const bool is_measured = http->now_ms - http->measured_ms >= MEASURE_MS;
        if (is_measured) note_reading(http);
        (void)MHD_run(http->daemon);
        if (is_measured) measure_queues(http);
    }
    /* The library closes no connection that is suspended. */
    for (struct link *l = http->links; l != NULL; l = l->next) {
        if (!l->suspended) continue;
        l->suspended = false;
        MHD_resume_connection(l->connection);
    }
    (void)MHD_run(http->daemon);
    return NULL;
}

/* ------------------------------------------------------------ opening and closing */

static enum assay_status read_pem(const char *key, const char *path, char **out, char *message,
                                  size_t message_len)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (path == NULL) return ASSAY_OK;
    enum assay_status status = assay_file_read(path, PEM_MAX, &bytes, &len);
    char *text = status == ASSAY_OK ? malloc(len + 1) : NULL;
    if (status == ASSAY_OK && text == NULL) status = ASSAY_E_MEMORY;
    if (text != NULL) {
        assay_bytes_copy(text, len, bytes, len);
        text[len] = '\0';
    }
    if (bytes != NULL) explicit_bzero(bytes, len);
    free(bytes);
    *out = text;
    if (status != ASSAY_OK)
        (void)snprintf(message, message_len, "%s: %.200s: %s", key, path,
                       status == ASSAY_E_NOT_FOUND ? "no such file" : assay_status_text(status));
    return status;
}

static enum assay_status open_daemon(struct assay_http *http, int fd, bool within, char *message,
                                     size_t message_len)
{
    ASSAY_ASSERT(fd >= 0 && http->daemon == NULL);
    const bool tls = http->certificate != NULL;
    static char priorities[] = ASSAY_HTTP_TLS_PRIORITIES;
    const struct MHD_OptionItem tls_options[] = {
        { MHD_OPTION_HTTPS_PRIORITIES, 0, priorities },
        { MHD_OPTION_HTTPS_MEM_KEY, 0, http->key },
        { MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate },
        { MHD_OPTION_HTTPS_MEM_TRUST, 0, http->authority },
        { MHD_OPTION_END, 0, NULL },
    };
    const struct MHD_OptionItem plain_options[] = { { MHD_OPTION_END, 0, NULL } };
    union {
        const struct MHD_OptionItem *in;
        void *out;
    } options = { .in = tls ? tls_options : plain_options };
    const unsigned flags = (unsigned)MHD_USE_EPOLL | (unsigned)MHD_ALLOW_SUSPEND_RESUME |
                           (tls ? (unsigned)MHD_USE_TLS : 0U);
    http->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, http_server_on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)ASSAY_HTTP_CONNECTIONS_MAX,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, within ? 0U : (unsigned)PER_ADDRESS_MAX,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(ASSAY_HTTP_SLOW_MS / 1000),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_SERVER_POOL_LEN,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_NOTIFY_COMPLETED,
        http_server_on_completed, http, MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_URI_LOG_CALLBACK, http_server_on_target, http, MHD_OPTION_ARRAY, options.out,
        MHD_OPTION_END);
    if (http->daemon != NULL) return ASSAY_OK;
    (void)close(fd);
    (void)snprintf(message, message_len, "%s",
                   tls ? "HTTP: certificate and key are not of a kind that TLS takes, or not of "
                         "each other"
                       : "HTTP: the server cannot be set up");
    return ASSAY_E_IO;
}

static enum assay_status open_all(struct assay_http *http, const struct assay_http_config *config,
                                  char *message, size_t message_len)
{
    ASSAY_ASSERT(http->wake_fd < 0 && http->slot == NULL && http->daemon == NULL);
    ASSAY_ASSERT(config->timeline != NULL && config->role_count <= ASSAY_HTTP_ROLES_MAX);
    int fd = -1;
    ASSAY_TRY(assay_http_check(config, message, message_len));
    ASSAY_TRY(read_pem("http.certificate", config->certificate, &http->certificate, message,
                       message_len));
    ASSAY_TRY(read_pem("http.key", config->key, &http->key, message, message_len));
    ASSAY_TRY(read_pem("http.clients", config->clients, &http->authority, message, message_len));
    (void)snprintf(message, message_len, "HTTP cannot be set up");
    http->certificate_ends_unix_s = assay_http_tls_get_expiry(http->certificate);
    http->state_dir = config->state_dir != NULL ? strdup(config->state_dir) : NULL;
    if (config->state_dir != NULL && http->state_dir == NULL) return ASSAY_E_MEMORY;
    http->metrics_members = config->metrics_members;
    http->held_max = config->held_max > 0 ? config->held_max : ASSAY_HTTP_HELD_MAX;
    http->slot = assay_http_snapshot_slot_create(http->boot);
    http->core = assay_http_core_queue_create();
    http->timeline = config->timeline;
    http->role_count = config->role_count;
    http->local_role = config->local_role;
    for (size_t i = 0; i < config->role_count; i++)
        http->roles[i] = config->roles[i];
    if (http->slot == NULL || http->core == NULL) return ASSAY_E_MEMORY;
    http->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    http->core_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (http->wake_fd < 0 || http->core_fd < 0) return ASSAY_E_IO;
    ASSAY_TRY(assay_http_listen(config, &fd, &http->loopback, message, message_len));
    if (config->socket_path != NULL) {
        http->socket_path = strdup(config->socket_path);
        if (http->socket_path == NULL) {
            (void)unlink(config->socket_path);
            (void)close(fd);
            return ASSAY_E_MEMORY;
        }
    }
    ASSAY_TRY(
        open_daemon(http, fd, config->socket_path != NULL || http->loopback, message, message_len));
    http->now_ms = assay_monotonic_ms();
    http->has_thread = pthread_create(&http->thread, NULL, run_server, http) == 0;
    return http->has_thread ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status assay_http_open(const struct assay_http_config *config, uint64_t boot,
                                  struct assay_http **out, char *message, size_t message_len)
{
    struct assay_http *http = calloc(1, sizeof *http);
    if (http == NULL) return ASSAY_E_MEMORY;
    http->wake_fd = http->core_fd = -1;
    http->boot = boot;
    const enum assay_status status = open_all(http, config, message, message_len);
    if (status != ASSAY_OK) assay_http_close(&http);
    else message[0] = '\0';
    *out = http;
    return status;
}

void http_server_wake(int fd)
{
    const uint64_t one = 1;
    /* A counter that is full wakes as well. */
    const ssize_t written = write(fd, &one, sizeof one);
    ASSAY_ASSERT(written == (ssize_t)sizeof one || errno == EAGAIN);
}

void assay_http_close(struct assay_http **http)
{
    struct assay_http *h = *http;
    *http = NULL;
    if (h == NULL) return;
    atomic_store(&h->stop, true);
    if (h->has_thread) http_server_wake(h->wake_fd);
    if (h->has_thread) (void)pthread_join(h->thread, NULL);
    http_server_clear_cached(h, true);
    if (h->daemon != NULL) MHD_stop_daemon(h->daemon); /* closes the listener, too */
    if (h->socket_path != NULL) (void)unlink(h->socket_path);
    free(h->socket_path);
    assay_http_snapshot_slot_destroy(&h->slot);
    assay_http_core_queue_destroy(&h->core);
    if (h->wake_fd >= 0) (void)close(h->wake_fd);
    if (h->core_fd >= 0) (void)close(h->core_fd);
    if (h->key != NULL) explicit_bzero(h->key, strlen(h->key));
    free(h->state_dir);
    free(h->certificate);
    free(h->key);
    free(h->authority);
    free(h);
}

/* ------------------------------------------------------------ from the node's loop */

bool assay_http_due(const struct assay_http *http, uint64_t now_ms)
{
    const uint64_t every =
        atomic_load(&http->clients) > 0 ? ASSAY_HTTP_PUBLISH_MS : ASSAY_HTTP_ALONE_MS;
    return !http->has_published || now_ms - http->published_ms >= every;
}

void assay_http_set_due(struct assay_http *http)
{
    http->has_published = false;
}

void assay_http_publish(struct assay_http *http, const struct assay_snapshot *snapshot,
                        bool draining)
{
    http->published_ms = snapshot->now_ms;
    http->has_published = assay_http_snapshot_slot_publish(http->slot, snapshot, draining);
    http_server_wake(http->wake_fd);
}

void assay_http_epoch(struct assay_http *http, struct assay_http_epoch *epoch)
{
    assay_http_snapshot_slot_add_epoch(http->slot, epoch);
}

void assay_http_rules(struct assay_http *http, struct assay_http_rules *rules)
{
    assay_http_snapshot_slot_set_rules(http->slot, rules);
}

void assay_http_false_vote(struct assay_http *http, const struct assay_http_false_vote *lie)
{
    assay_http_snapshot_slot_add_false_vote(http->slot, lie);
}

void assay_http_notify(struct assay_http *http)
{
    http_server_wake(http->wake_fd);
}

int assay_http_core_fd(const struct assay_http *http)
{
    return http->core_fd;
}

void assay_http_core_step(struct assay_http *http, assay_http_core_render *render, void *context)
{
    uint64_t woken = 0, ticket = 0;
    const char *line = NULL;
    unsigned answers = 0;
    (void)!read(http->core_fd, &woken, sizeof woken);
    for (; answers < ASSAY_HTTP_CORE_ANSWERS; answers++) {
        line = assay_http_core_queue_next(http->core, &ticket);
        if (line == NULL) break;
        assay_http_core_queue_answer(http->core, ticket, render(context, line));
    }
    if (answers > 0) http_server_wake(http->wake_fd);
    /* Others may wait: the next turn begins at once. */
    if (line != NULL) http_server_wake(http->core_fd);
}
