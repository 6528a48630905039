/* apps/enclave/service.c - server of the counter's socket. */
#include "apps/enclave/service.h"

#include "base/assert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A folder with the setgid bit gives the socket to its group: programs of other users register
 * their keys there (docs/identity.md 6.7). */
static bool is_shared(const char *path)
{
    struct stat about;
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    const char *const slash = strrchr(path, '/');
    const size_t len = slash != NULL ? (size_t)(slash - path) : 0;
    if (len == 0 || len >= sizeof folder) return false;
    assay_bytes_copy(folder, sizeof folder, path, len);
    folder[len] = '\0';
    return stat(folder, &about) == 0 && (about.st_mode & S_ISGID) != 0;
}

static bool bind_to(int fd, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    struct stat about;
    if (lstat(path, &about) == 0 && S_ISSOCK(about.st_mode)) unlink(path);
    const mode_t before = umask(is_shared(path) ? 0117 : 0177);
    const int bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
    const int error = errno;
    umask(before);
    errno = error;
    return bound == 0;
}

enum assay_status service_open(struct service *service, const char *path)
{
    *service = (struct service){ .listener = -1 };
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        service->clients[i].fd = -1;
    if (strlen(path) >= sizeof service->path) {
        errno = ENAMETOOLONG;
        return ASSAY_E_RANGE;
    }
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return ASSAY_E_IO;
    if (!bind_to(fd, path) || listen(fd, SERVICE_CLIENTS_MAX) != 0) {
        const int error = errno;
        close(fd);
        errno = error;
        return ASSAY_E_IO;
    }
    snprintf(service->path, sizeof service->path, "%s", path);
    service->listener = fd;
    return ASSAY_OK;
}

size_t service_poll_set(const struct service *service, struct pollfd fds[static SERVICE_FDS])
{
    size_t count = 0;
    fds[count++] = (struct pollfd){ .fd = service->listener, .events = POLLIN };
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        if (service->clients[i].fd >= 0)
            fds[count++] = (struct pollfd){ .fd = service->clients[i].fd, .events = POLLIN };
    return count;
}

static void drop_client(struct service_client *client)
{
    close(client->fd);
    client->fd = -1;
    client->len = 0;
}

static bool send_line(int fd, const char *text, size_t len)
{
    return send(fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
}

/* What the clients of one user have in common. */
struct user_clients {
    size_t count;
    struct service_client *oldest; /* whose last line came first */
};

static struct user_clients count_clients(struct service *service, uint32_t uid)
{
    struct user_clients of = { 0 };
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++) {
        struct service_client *client = &service->clients[i];
        if (client->fd < 0 || client->uid != uid) continue;
        of.count++;
        if (of.oldest == NULL || client->received_ms < of.oldest->received_ms) of.oldest = client;
    }
    ASSAY_ASSERT((of.oldest == NULL) == (of.count == 0));
    return of;
}

/* Returns: the client that gives way to one more of this user: of the user with most, if that one
 * still has as many as the caller then; never one of the enclave's own user. NULL: none. */
static struct service_client *find_to_drop(struct service *service, uint32_t uid, bool others_only,
                                           const struct registrations *keys)
{
    struct user_clients most = { 0 };
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++) {
        const struct service_client *client = &service->clients[i];
        if (client->fd < 0 || client->uid == keys->users.owner) continue;
        if (others_only && registrations_is_named(keys, client->uid)) continue;
        const struct user_clients of = count_clients(service, client->uid);
        if (of.count > most.count) most = of;
    }
    return most.count >= count_clients(service, uid).count + 2 ? most.oldest : NULL;
}

static void send_busy(int fd)
{
    static const char busy[] = "error busy\n";
    if (!send_line(fd, busy, sizeof busy - 1)) errno = 0; /* it is refused in any case */
}

/* docs/identity.md 6.6.1: as many users as there are places have one each, whatever the others
 * open; users that the configuration does not name leave some to those that it does.
 * Returns: a free place; NULL: there is none for this user. */
static struct service_client *find_place(struct service *service, uint32_t uid,
                                         const struct registrations *keys, uint64_t now_ms)
{
    struct service_client *place = NULL;
    size_t of_others = 0;
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++) {
        struct service_client *client = &service->clients[i];
        if (client->fd >= 0 && now_ms > client->received_ms + SERVICE_IDLE_MS) drop_client(client);
        if (client->fd < 0) place = client;
        else of_others += !registrations_is_named(keys, client->uid);
    }
    const bool others_only = !registrations_is_named(keys, uid) &&
                             of_others >= SERVICE_CLIENTS_MAX - SERVICE_NAMED_CLIENTS;
    if (place != NULL && !others_only) return place;
    place = find_to_drop(service, uid, others_only, keys);
    if (place == NULL) return NULL;
    send_busy(place->fd);
    drop_client(place);
    return place;
}

static void accept_one(struct service *service, const struct registrations *keys, uint64_t now_ms)
{
    struct ucred peer;
    socklen_t peer_len = sizeof peer;
    const int fd = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return; /* no client, or it has left already: the next poll reports it */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len) != 0) {
        close(fd);
        return;
    }
    struct service_client *const place = find_place(service, peer.uid, keys, now_ms);
    if (place != NULL) {
        *place = (struct service_client){ .fd = fd, .uid = peer.uid, .received_ms = now_ms };
        return;
    }
    send_busy(fd);
    close(fd);
}

/* What a line may have at most depends on how it begins. */
static bool is_too_long(const struct service_client *client, size_t line_len)
{
    return line_len > (key_request_is(client->line, line_len) ? (size_t)KEY_REQUEST_MAX
                                                              : (size_t)COUNTER_LINE_MAX);
}

static bool answer_line(struct service_client *client, size_t line_len, struct counter *counter,
                        struct registrations *keys, uint64_t now_ms)
{
    _Static_assert((int)COUNTER_ANSWER_MAX <= (int)KEY_ANSWER_MAX, "one room");
    char answer[KEY_ANSWER_MAX];
    const size_t len =
        key_request_is(client->line, line_len)
            ? key_request_answer(keys, client->uid, now_ms, client->line, line_len, answer)
            : counter_answer(counter, client->line, line_len, answer);
    return send_line(client->fd, answer, len);
}

/* Returns: false when the connection is closed. */
static bool answer_lines(struct service_client *client, struct counter *counter,
                         struct registrations *keys, uint64_t now_ms)
{
    static const char too_long[] = "error line too long\n";
    char *end = NULL;
    while ((end = memchr(client->line, '\n', client->len)) != NULL) {
        const size_t line_len = (size_t)(end - client->line);
        if (is_too_long(client, line_len)) break;
        if (!answer_line(client, line_len, counter, keys, now_ms)) return false;
        client->len -= line_len + 1;
        for (size_t i = 0; i < client->len; i++)
            client->line[i] = client->line[line_len + 1 + i];
    }
    if (end == NULL && !is_too_long(client, client->len)) return true;
    return send_line(client->fd, too_long, sizeof too_long - 1) && false;
}

static void serve_client(struct service_client *client, struct counter *counter,
                         struct registrations *keys, uint64_t now_ms)
{
    const ssize_t got = recv(client->fd, client->line + client->len,
                             sizeof client->line - client->len, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return;
    if (got <= 0) {
        drop_client(client);
        return;
    }
    client->len += (size_t)got;
    client->received_ms = now_ms;
    if (!answer_lines(client, counter, keys, now_ms)) drop_client(client);
}

void service_step(struct service *service, struct counter *counter, struct registrations *keys,
                  uint64_t now_ms)
{
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        if (service->clients[i].fd >= 0) serve_client(&service->clients[i], counter, keys, now_ms);
    accept_one(service, keys, now_ms);
}

void service_close(struct service *service)
{
    for (size_t i = 0; i < SERVICE_CLIENTS_MAX; i++)
        if (service->clients[i].fd >= 0) drop_client(&service->clients[i]);
    if (service->listener < 0) return;
    close(service->listener);
    service->listener = -1;
    unlink(service->path);
}
