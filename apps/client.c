/*
 * apps/client.c - client of the admin socket: one request line, one JSON reply; also one HTTP
 * request.
 */
#define _GNU_SOURCE
#include "apps/client.h"
#include "base/bytes.h"
#include "base/system_clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { REQUEST_LEN_MAX = 100 * 1024, FIRST_CAPACITY = 64 * 1024, RETRY_MS = 10 };

static const struct assay_client_remote *remote; /* NULL: there are no contexts */

void assay_client_set_remote(const struct assay_client_remote *functions)
{
    remote = functions;
}

const char *assay_client_context(const char *where)
{
    static const char prefix[] = ASSAY_CLIENT_CONTEXT;
    const bool is_context = remote != NULL && strncmp(where, prefix, sizeof prefix - 1) == 0;
    return is_context ? where + sizeof prefix - 1 : NULL;
}

/* A daemon that is too busy to accept leaves its queue full: the kernel then says "again" at once
 * to a socket that does not block, and would let a blocking one wait for ever. */
static enum assay_status connect_until(int fd, const void *address, socklen_t len,
                                       uint64_t deadline_ms)
{
    while (connect(fd, address, len) != 0) {
        if (errno == EISCONN) break;
        if (errno == EINPROGRESS || errno == EALREADY) errno = EAGAIN;
        if (errno == ENOENT) return ASSAY_E_NOT_FOUND;
        if (errno != EAGAIN && errno != EINTR) return ASSAY_E_IO;
        if (assay_monotonic_is_past(deadline_ms)) return ASSAY_E_TIMEOUT;
        const struct timespec pause = { 0, RETRY_MS * 1000000 };
        (void)nanosleep(&pause, NULL);
    }
    return ASSAY_OK;
}

static enum assay_status connect_socket(const char *path, uint64_t deadline_ms, int *fd_out)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t len = strlen(path);
    if (len >= sizeof address.sun_path) return ASSAY_E_RANGE;
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, len + 1);

    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return ASSAY_E_IO;
    const enum assay_status status = connect_until(fd, &address, sizeof address, deadline_ms);
    if (status == ASSAY_OK) *fd_out = fd;
    else (void)close(fd);
    return status;
}

/* "127.0.0.1:8080": no path begins with a digit and has a colon but no slash. */
static bool take_address(const char *text, struct sockaddr_in *address)
{
    char host[INET_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (strchr(text, '/') != NULL || colon == NULL) return false;
    const size_t len = (size_t)(colon - text);
    const unsigned long port = strtoul(colon + 1, &end, 10);
    if (len >= sizeof host || *end != '\0' || port == 0 || port > UINT16_MAX) return false;
    assay_bytes_copy(host, sizeof host, text, len);
    host[len] = '\0';
    *address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    return inet_pton(AF_INET, host, &address->sin_addr) == 1;
}

static enum assay_status dial_either(const char *where, uint64_t deadline_ms, int *fd_out)
{
    struct sockaddr_in address;
    if (!take_address(where, &address)) return connect_socket(where, deadline_ms, fd_out);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return ASSAY_E_IO;
    const enum assay_status status = connect_until(fd, &address, sizeof address, deadline_ms);
    if (status == ASSAY_OK) *fd_out = fd;
    else (void)close(fd);
    return status;
}

static enum assay_status wait_for(int fd, short what, uint64_t deadline_ms)
{
    struct pollfd poller = { .fd = fd, .events = what };
    for (;;) {
        const uint64_t now_ms = assay_monotonic_ms();
        if (now_ms >= deadline_ms) return ASSAY_E_TIMEOUT;
        const uint64_t left = deadline_ms - now_ms;
        const int ready = poll(&poller, 1, left < INT_MAX ? (int)left : INT_MAX);
        if (ready > 0) return ASSAY_OK;
        if (ready < 0 && errno != EINTR) return ASSAY_E_IO;
    }
}

static enum assay_status send_all(int fd, const char *bytes, size_t len, uint64_t deadline_ms)
{
    for (size_t done = 0; done < len;) {
        ASSAY_TRY(wait_for(fd, POLLOUT, deadline_ms));
        const ssize_t n = send(fd, bytes + done, len - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR && errno != EAGAIN) return ASSAY_E_IO;
        if (n > 0) done += (size_t)n;
    }
    return ASSAY_OK;
}

/* In one piece: another program at this socket may answer the first and close. */
static enum assay_status send_line(int fd, const char *request, uint64_t deadline_ms)
{
    const size_t len = strlen(request);
    if (len + 1 > REQUEST_LEN_MAX) return ASSAY_E_RANGE;
    char *line = malloc(len + 2);
    if (line == NULL) return ASSAY_E_MEMORY;
    (void)snprintf(line, len + 2, "%s\n", request);
    const enum assay_status status = send_all(fd, line, len + 1, deadline_ms);
    free(line);
    return status;
}

/* The answer ends with the connection, or before: with a newline. */
static enum assay_status read_answer(int fd, bool line, uint64_t deadline_ms, char **text,
                                     size_t *len)
{
    size_t capacity = FIRST_CAPACITY;
    char *buffer = malloc(capacity);
    *len = 0;
    *text = buffer;
    while (buffer != NULL) {
        ASSAY_TRY(wait_for(fd, POLLIN, deadline_ms));
        const ssize_t n = recv(fd, buffer + *len, capacity - *len, 0);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n < 0) return ASSAY_E_IO;
        *len += (size_t)n;
        if (n == 0) return *len != 0 ? ASSAY_OK : ASSAY_E_IO;
        if (line && buffer[*len - 1] == '\n') return ASSAY_OK;
        if (*len < capacity) continue;
        if (capacity >= ASSAY_JSON_LEN_MAX) return ASSAY_E_RANGE;
        capacity *= 2;
        buffer = realloc(buffer, capacity);
        if (buffer != NULL) *text = buffer;
    }
    return ASSAY_E_MEMORY;
}

/* Returns: the number of an escape \uXXXX, of four digits; 0: it has none. */
static unsigned read_escape(const char *digits, size_t len)
{
    unsigned code = 0;
    for (size_t i = 0; i < 4; i++) {
        const unsigned char c = i < len ? (unsigned char)digits[i] : 0;
        const unsigned letter = (c | 0x20u) - 'a';
        if (c >= '0' && c <= '9') code = code << 4 | (c - (unsigned)'0');
        else if (letter < 6) code = code << 4 | (letter + 10);
        else return 0;
    }
    return code;
}

/* C0, DEL and C1; lines and tabs are part of texts. */
static bool is_control(unsigned code)
{
    return (code > 0 && code < ' ' && code != '\n' && code != '\t') ||
           (code >= 0x7f && code <= 0x9f);
}

/* A terminal would obey control characters, and not every daemon is the operator's own
 * (docs/command-line.md 1). The text stays as long as it is. */
void assay_client_sanitize(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        const unsigned char next = i + 1 < len ? (unsigned char)text[i + 1] : 0;
        if (c == 0x7f) text[i] = '?';
        if (c == 0xc2 && next >= 0x80 && next <= 0x9f) text[i] = text[i + 1] = '?';
        if (c != '\\') continue;
        i++; /* what is escaped begins no escape */
        if (next == 'b' || next == 'f' || next == 'r') text[i - 1] = text[i] = '?';
        if (next == 'u' && is_control(read_escape(text + i + 1, len - i - 1)))
            assay_bytes_copy(text + i + 1, 4, "003f", 4);
    }
}

enum assay_status assay_client_request(const char *socket_path, const char *request,
                                       unsigned timeout_ms, struct assay_json **document)
{
    const char *const context = assay_client_context(socket_path);
    if (context != NULL) return remote->request(context, request, timeout_ms, document);
    const uint64_t deadline_ms = assay_monotonic_ms() + timeout_ms;
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    enum assay_status status = connect_socket(socket_path, deadline_ms, &fd);
    if (status == ASSAY_OK) status = send_line(fd, request, deadline_ms);
    if (status == ASSAY_OK) status = read_answer(fd, true, deadline_ms, &text, &len);
    if (status == ASSAY_OK) assay_client_sanitize(text, len);
    if (status == ASSAY_OK) status = assay_json_parse(text, len, document);
    free(text);
    if (fd >= 0) (void)close(fd);
    return status;
}

/* ------------------------------------------------------------ what went wrong, for operators */

static void set_message(char *message, const char *text)
{
    (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN, "%s", text);
}

/* Whose socket it is, or whose folder when even the socket cannot be looked at. */
static void put_denied(const char *path, char *message)
{
    char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)] = ".";
    struct stat info;
    const char *const slash = strrchr(path, '/');
    if (slash != NULL && (size_t)(slash - path) + 1 < sizeof folder)
        (void)snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + (slash == path), path);
    if (stat(path, &info) != 0 && stat(folder, &info) != 0) {
        set_message(message, "permission denied; run as the daemon's user or in its group");
        return;
    }
    const struct passwd *const user = getpwuid(info.st_uid);
    const struct group *const group = getgrgid(info.st_gid);
    (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN,
                   "permission denied for user %u; run as the daemon's user (%.60s, %u) or in its "
                   "group (%.60s, %u)",
                   (unsigned)geteuid(), user != NULL ? user->pw_name : "no name",
                   (unsigned)info.st_uid, group != NULL ? group->gr_name : "no name",
                   (unsigned)info.st_gid);
}

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode)) return "is a directory";
    if (S_ISREG(mode)) return "is a regular file";
    return S_ISFIFO(mode) ? "is a FIFO" : "is a device";
}

/* 0, or what connecting says now. */
static int connect_error(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof address.sun_path) return ENAMETOOLONG;
    assay_bytes_copy(address.sun_path, sizeof address.sun_path - 1, path, strlen(path));
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return errno;
    const int why = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    (void)close(fd);
    return why;
}

void assay_client_fault(const char *socket_path, enum assay_status status,
                        char message[static ASSAY_CLIENT_FAULT_LEN])
{
    struct stat info;
    struct sockaddr_in address;
    const char *const context = assay_client_context(socket_path);
    if (context != NULL) {
        remote->fault(context, message);
        return;
    }
    const bool is_there = stat(socket_path, &info) == 0;
    const int why = is_there && S_ISSOCK(info.st_mode) ? connect_error(socket_path) : errno;
    if (!is_there && (take_address(socket_path, &address) || strncmp(socket_path, "http", 4) == 0))
        set_message(message,
                    "is an address of HTTP, expected the path of a UNIX socket: the daemon's "
                    "listen.admin, such as /run/assay/admin.sock");
    else if (is_there && !S_ISSOCK(info.st_mode))
        (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN,
                       "%s, expected the admin socket of assayd (its listen.admin)",
                       kind_of(info.st_mode));
    else if (why == EACCES || why == EPERM) put_denied(socket_path, message);
    else if (!is_there && why == ENOENT)
        set_message(message, "no such socket; is assayd running, and is this its listen.admin?");
    else if (why == ECONNREFUSED)
        set_message(message,
                    "no daemon listens on this socket, which a daemon that exited left behind; is "
                    "assayd running? systemctl status assayd, or assayd --config FILE");
    else if (status == ASSAY_E_SYNTAX)
        set_message(message,
                    "the answer is not one of assayd's admin socket; is this its listen.admin, "
                    "and not listen.http?");
    else
        (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN,
                       "%s; is assayd running, and is this its listen.admin?",
                       assay_status_text(status));
}

bool assay_client_is_http(const char *where)
{
    struct sockaddr_in address;
    if (strncmp(where, "http://", 7) == 0 || strncmp(where, "https://", 8) == 0) return false;
    return where[0] != '\0' && (strchr(where, '/') != NULL || strchr(where, ':') == NULL ||
                                take_address(where, &address));
}

/* 0, or what connecting says now. */
static int dial_error(const char *where)
{
    int fd = -1;
    errno = 0;
    if (dial_either(where, assay_monotonic_ms() + RETRY_MS, &fd) != ASSAY_OK) return errno;
    (void)close(fd);
    return 0;
}

void assay_client_http_fault(const char *where, enum assay_status status,
                             char message[static ASSAY_CLIENT_FAULT_LEN])
{
    struct stat info;
    const bool is_path = !assay_client_is_http(where) || strchr(where, ':') == NULL;
    const int why = status == ASSAY_E_IO || status == ASSAY_E_NOT_FOUND ? dial_error(where) : 0;
    if (!assay_client_is_http(where)) set_message(message, "expected " ASSAY_CLIENT_HTTP_EXPECTED);
    else if (is_path && stat(where, &info) == 0 && !S_ISSOCK(info.st_mode))
        (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN,
                       "%s, expected the UNIX socket of HTTP (listen.http of assayd)",
                       kind_of(info.st_mode));
    else if (why == ENOENT)
        set_message(message, "no such socket: is assayd running, and is this its listen.http?");
    else if (why == ECONNREFUSED)
        set_message(message, "connection refused: is assayd running, and is this its listen.http?");
    else if (why == EACCES || why == EPERM) put_denied(where, message);
    else if (why != 0)
        (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN,
                       "no answer over HTTP: %s: is assayd running, and is this its listen.http?",
                       strerror(why));
    else if (status == ASSAY_E_IO)
        set_message(message, "no answer over HTTP: the connection was closed: is this the "
                             "listen.http of assayd, and not a port with TLS?");
    else if (status == ASSAY_E_SYNTAX)
        set_message(message, "the answer is not one of assayd's HTTP: is this its listen.http, and "
                             "not listen.admin or a port with TLS?");
    else if (status == ASSAY_E_TIMEOUT)
        set_message(message, "no answer over HTTP in time (--timeout)");
    else
        (void)snprintf(message, ASSAY_CLIENT_FAULT_LEN, "no answer over HTTP (%s)",
                       assay_status_text(status));
}

/* HTTP/1.0: the answer is not cut into chunks, and ends with the connection. */
static enum assay_status send_get(int fd, const char *target, uint64_t deadline_ms)
{
    char request[512];
    const int len =
        snprintf(request, sizeof request,
                 "GET %s HTTP/1.0\r\nHost: localhost\r\nAccept: application/json\r\n\r\n", target);
    if (len < 0 || (size_t)len >= sizeof request) return ASSAY_E_RANGE;
    return send_all(fd, request, (size_t)len, deadline_ms);
}

static enum assay_status body_of(const char *text, size_t len, unsigned *status, const char **body,
                                 size_t *body_len)
{
    static const char end[] = "\r\n\r\n", first[] = "HTTP/1.1 200";
    const char *head_end = memmem(text, len, end, sizeof end - 1);
    if (head_end == NULL || len < sizeof first || strncmp(text, "HTTP/1.", 7) != 0 ||
        text[8] != ' ')
        return ASSAY_E_SYNTAX;
    *status = 0;
    for (size_t i = 9; i < sizeof first - 1; i++) {
        if (text[i] < '0' || text[i] > '9') return ASSAY_E_SYNTAX;
        *status = *status * 10 + (unsigned)(text[i] - '0');
    }
    *body = head_end + sizeof end - 1;
    *body_len = len - (size_t)(*body - text);
    return ASSAY_OK;
}

/* Out: *text: of malloc, whatever the status; *body: in it */
static enum assay_status get_body(const char *where, const char *target, unsigned timeout_ms,
                                  unsigned *code, char **text, const char **body, size_t *body_len)
{
    const uint64_t deadline_ms = assay_monotonic_ms() + timeout_ms;
    size_t len = 0;
    int fd = -1;
    *text = NULL;
    enum assay_status status = dial_either(where, deadline_ms, &fd);
    if (status == ASSAY_OK) status = send_get(fd, target, deadline_ms);
    if (status == ASSAY_OK) status = read_answer(fd, false, deadline_ms, text, &len);
    if (status == ASSAY_OK) assay_client_sanitize(*text, len);
    if (status == ASSAY_OK) status = body_of(*text, len, code, body, body_len);
    if (fd >= 0) (void)close(fd);
    return status;
}

enum assay_status assay_client_get(const char *where, const char *target, unsigned timeout_ms,
                                   struct assay_json **document)
{
    const char *const context = assay_client_context(where);
    if (context != NULL) return remote->get(context, target, timeout_ms, document);
    char *text = NULL;
    const char *body = NULL;
    size_t body_len = 0;
    unsigned code = 0;
    enum assay_status status = get_body(where, target, timeout_ms, &code, &text, &body, &body_len);
    if (status == ASSAY_OK && code == 404) status = ASSAY_E_NOT_FOUND;
    if (status == ASSAY_OK && code != 200) status = ASSAY_E_UNSUPPORTED;
    if (status == ASSAY_OK) status = assay_json_parse(body, body_len, document);
    free(text);
    return status;
}

enum assay_status assay_client_exchange(const char *where, const char *target, unsigned timeout_ms,
                                        struct assay_client_answer *answer)
{
    char *text = NULL;
    const char *body = NULL;
    size_t body_len = 0;
    *answer = (struct assay_client_answer){ .status = 0 };
    enum assay_status status =
        get_body(where, target, timeout_ms, &answer->status, &text, &body, &body_len);
    if (status == ASSAY_OK) status = assay_json_parse(body, body_len, &answer->document);
    free(text);
    return status;
}
