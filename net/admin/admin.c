/*
 * net/admin/admin.c - line server on a UNIX socket.
 */
#include "net/admin/admin.h"

#include "base/assert.h"
#include "base/checked.h"
#include "net/system/accept_pause.h"
#include "net/system/connection_quota.h"
#include "net/system/unix_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct client {
    int fd; /* -1: free */
    uint32_t uid;
    uint64_t number; /* never used again */
    char *line;      /* [line_max]: received bytes are at [start, end) */
    size_t start, end;
    size_t searched; /* [start, searched) has no newline; below end: there is one */
    char *out;       /* NULL: nothing to write */
    size_t out_len, out_done;
    uint64_t progress_ms;
};

struct assay_admin {
    int fd;
    bool is_shared; /* the mode of the socket controls access */
    char *path;
    assay_admin_answer *answer;
    void *context;
    struct assay_traffic_counters *counters;
    size_t line_max;
    size_t first; /* served first: the one after the last answered */
    uint64_t numbers;
    uint64_t now_ms; /* of the last step */
    struct assay_accept_pause pause;
    struct client clients[ASSAY_ADMIN_CLIENTS_MAX];
};

/* ------------------------------------------------------------ opening */

enum assay_status assay_admin_open(const char *path, const char *what, size_t line_max,
                                   assay_admin_answer *answer, void *context,
                                   struct assay_traffic_counters *counters,
                                   struct assay_admin **out, char *message, size_t message_len)
{
    ASSAY_ASSERT(line_max > 1 && answer != NULL);
    struct assay_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL) return ASSAY_E_MEMORY;
    *admin = (struct assay_admin){
        .fd = -1,
        .answer = answer,
        .context = context,
        .counters = counters,
        .line_max = line_max,
    };
    for (size_t i = 0; i < ASSAY_ADMIN_CLIENTS_MAX; i++)
        admin->clients[i].fd = -1;
    admin->path = strdup(path);
    const enum assay_status status =
        admin->path == NULL
            ? ASSAY_E_MEMORY
            : assay_unix_listen(path, what, ASSAY_UNIX_QUEUE, &admin->fd, message, message_len);
    if (status != ASSAY_OK) {
        free(admin->path);
        free(admin);
        return status;
    }
    *out = admin;
    return ASSAY_OK;
}

enum assay_status assay_admin_set_group(struct assay_admin *admin)
{
    ASSAY_ASSERT(admin->fd >= 0 && admin->path != NULL);
    return assay_unix_set_group(admin->path, &admin->is_shared);
}

void assay_admin_set_answer(struct assay_admin *admin, void *context,
                            struct assay_traffic_counters *counters)
{
    admin->context = context;
    admin->counters = counters;
}

static void drop_client(struct client *client)
{
    if (client->fd >= 0) (void)close(client->fd);
    free(client->out);
    free(client->line);
    *client = (struct client){ .fd = -1 };
}

void assay_admin_close(struct assay_admin **admin)
{
    struct assay_admin *a = *admin;
    if (a == NULL) return;
    for (size_t i = 0; i < ASSAY_ADMIN_CLIENTS_MAX; i++)
        drop_client(&a->clients[i]);
    (void)close(a->fd);
    (void)unlink(a->path);
    free(a->path);
    free(a);
    *admin = NULL;
}

/* ------------------------------------------------------------ clients */

/* A free slot, or that of a user with more than this one (net/system/connection_quota.h). Returns:
 * it; NULL: there is none. */
static struct client *find_free_client(struct assay_admin *admin, uint32_t uid)
{
    struct assay_connection_place places[ASSAY_ADMIN_CLIENTS_MAX];
    for (size_t i = 0; i < ASSAY_ADMIN_CLIENTS_MAX; i++) {
        const struct client *c = &admin->clients[i];
        if (c->fd < 0) return &admin->clients[i];
        places[i] = (struct assay_connection_place){ .holder = c->uid, .since = c->number };
    }
    const size_t yields = assay_connection_quota_yield(places, ASSAY_ADMIN_CLIENTS_MAX, uid);
    if (yields == ASSAY_ADMIN_CLIENTS_MAX) return NULL;
    assay_count(admin->counters, ASSAY_COUNT_ADMIN_PREEMPTED);
    drop_client(&admin->clients[yields]);
    return &admin->clients[yields];
}

enum { CALLS_PER_TURN = 64 };

static void accept_clients(struct assay_admin *admin, uint64_t now_ms)
{
    if (assay_accept_is_paused(&admin->pause, now_ms)) return;
    for (size_t i = 0; i < CALLS_PER_TURN; i++) { /* poll reports those behind them */
        const int fd = accept4(admin->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        uint32_t uid = 0;
        if (fd < 0 && errno == EINTR) continue;
        if (fd < 0) {
            assay_accept_failed(&admin->pause, errno, now_ms);
            return;
        }
        const bool may =
            assay_unix_user(fd, &uid) && (admin->is_shared || assay_unix_may_connect(uid));
        struct client *const place = may ? find_free_client(admin, uid) : NULL;
        if (place == NULL) {
            assay_count(admin->counters, may ? ASSAY_COUNT_ADMIN_FULL : ASSAY_COUNT_ADMIN_USER);
            (void)close(fd);
            continue;
        }
        ASSAY_ASSERT(place->fd < 0);
        *place = (struct client){ .fd = fd,
                                  .uid = uid,
                                  .number = ++admin->numbers,
                                  .line = malloc(admin->line_max),
                                  .progress_ms = now_ms };
        if (place->line == NULL) drop_client(place);
    }
}

static bool is_request(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] < 0x20 || line[i] > 0x7e) return false;
    return len > 0;
}

/* Scans each byte once. Returns: whether a complete line waits, whose newline is line[searched] */
static bool has_line(struct client *client)
{
    ASSAY_ASSERT(client->start <= client->searched && client->searched <= client->end);
    if (client->searched == client->end) return false;
    const char *newline =
        memchr(client->line + client->searched, '\n', client->end - client->searched);
    client->searched = newline != NULL ? (size_t)(newline - client->line) : client->end;
    return newline != NULL;
}

static bool waits_for_answer(const struct client *client)
{
    return client->fd >= 0 && client->out == NULL && client->searched < client->end;
}

/* One document at a time: the next line is read when this answer is written. */
static bool answer_line(struct assay_admin *admin, struct client *client)
{
    ASSAY_ASSERT(client->out == NULL && client->searched < client->end);
    char *line = client->line + client->start;
    const size_t len = client->searched - client->start;
    if (!is_request(line, len)) {
        assay_count(admin->counters, ASSAY_COUNT_ADMIN_SYNTAX);
        return false;
    }
    line[len] = '\0'; /* in the place of the newline */
    assay_count(admin->counters, ASSAY_COUNT_ADMIN_REQUESTS);
    client->out = admin->answer(admin->context, line);
    client->start = ++client->searched;
    if (client->out == NULL) return false;
    client->out_len = strlen(client->out);
    client->out[client->out_len++] = '\n'; /* in the place of the NUL */
    client->out_done = 0;
    return true;
}

/* Only a piece of a line is there: it is moved to the front, once, and more is read behind it.
 * Returns: false when the client is to be dropped. */
static bool read_client(struct assay_admin *admin, struct client *client)
{
    ASSAY_ASSERT(client->start <= client->end && client->end <= admin->line_max);
    client->end -= client->start;
    for (size_t i = 0; i < client->end && client->start > 0; i++)
        client->line[i] = client->line[client->start + i];
    client->start = 0;
    client->searched = client->end;
    ssize_t n = 0;
    do
        n = recv(client->fd, client->line + client->end, admin->line_max - client->end,
                 MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    if (n == 0) return false;
    client->end += (size_t)n;
    if (has_line(client) || client->end < admin->line_max) return true;
    assay_count(admin->counters, ASSAY_COUNT_ADMIN_SYNTAX);
    return false;
}

static bool write_client(struct client *client, uint64_t now_ms)
{
    ASSAY_ASSERT(client->out == NULL || client->out_done < client->out_len);
    while (client->out != NULL) {
        const ssize_t n = send(client->fd, client->out + client->out_done,
                               client->out_len - client->out_done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
        client->progress_ms = now_ms;
        client->out_done += (size_t)n;
        if (client->out_done < client->out_len) continue;
        free(client->out);
        client->out = NULL;
    }
    return true;
}

static uint64_t client_deadline(const struct client *client)
{
    ASSAY_ASSERT(client->fd >= 0);
    return client->progress_ms + (client->out != NULL ? ASSAY_ADMIN_SLOW_MS : ASSAY_ADMIN_IDLE_MS);
}

/* answers: how many more this turn may have. */
static void serve_client(struct assay_admin *admin, struct client *client, uint64_t now_ms,
                         unsigned *answers)
{
    ASSAY_ASSERT(client->fd >= 0);
    bool alive = write_client(client, now_ms);
    if (alive && client->out == NULL && !has_line(client)) alive = read_client(admin, client);
    if (alive && waits_for_answer(client) && *answers > 0) {
        (*answers)--;
        client->progress_ms = now_ms;
        alive = answer_line(admin, client) && write_client(client, now_ms);
        if (alive) (void)has_line(client); /* the next one is buffered: poll would not report it */
    }
    if (alive && !waits_for_answer(client) && now_ms >= client_deadline(client)) {
        if (client->out != NULL) assay_count(admin->counters, ASSAY_COUNT_ADMIN_SLOW);
        alive = false;
    }
    if (!alive) drop_client(client);
}

void assay_admin_step(struct assay_admin *admin, uint64_t now_ms, bool called)
{
    ASSAY_ASSERT(admin->first < ASSAY_ADMIN_CLIENTS_MAX);
    unsigned answers = ASSAY_ADMIN_ANSWERS_MAX;
    const size_t first = admin->first;
    admin->now_ms = now_ms;
    if (called) accept_clients(admin, now_ms);
    for (size_t i = 0; i < ASSAY_ADMIN_CLIENTS_MAX; i++) {
        const size_t at = (first + i) % ASSAY_ADMIN_CLIENTS_MAX;
        const unsigned before = answers;
        if (admin->clients[at].fd >= 0) serve_client(admin, &admin->clients[at], now_ms, &answers);
        if (answers < before) admin->first = (at + 1) % ASSAY_ADMIN_CLIENTS_MAX;
    }
}

size_t assay_admin_poll(const struct assay_admin *admin, struct pollfd *fds, size_t capacity)
{
    size_t count = 0;
    const bool accepts = !assay_accept_is_paused(&admin->pause, admin->now_ms);
    if (capacity > 0)
        fds[count++] = (struct pollfd){ .fd = accepts ? admin->fd : -1, .events = POLLIN };
    for (size_t i = 0; i < ASSAY_ADMIN_CLIENTS_MAX && count < capacity; i++) {
        const struct client *client = &admin->clients[i];
        if (client->fd < 0) continue;
        short events = 0;
        if (client->out != NULL) events = POLLOUT;
        else if (!waits_for_answer(client)) events = POLLIN;
        fds[count++] = (struct pollfd){ .fd = client->fd, .events = events };
    }
    ASSAY_ASSERT(count <= capacity);
    return count;
}

uint64_t assay_admin_wake_at(const struct assay_admin *admin)
{
    const bool accepts = !assay_accept_is_paused(&admin->pause, admin->now_ms);
    uint64_t wake = accepts ? UINT64_MAX : admin->pause.until_ms;
    for (size_t i = 0; i < ASSAY_ADMIN_CLIENTS_MAX; i++) {
        const struct client *client = &admin->clients[i];
        if (client->fd < 0) continue;
        wake = waits_for_answer(client) ? 0 : assay_min_u64(wake, client_deadline(client));
        if (wake == 0) return 0;
    }
    return wake;
}
