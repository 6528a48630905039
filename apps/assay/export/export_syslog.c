/*
 * apps/assay/export/export_syslog.c - target of syslog messages: a UNIX datagram socket, UDP, TCP.
 *
 * None of them acknowledges a message. On TCP a batch counts as delivered when the receiver's
 * kernel has all of it and the connection still stands: a receiver that is killed before it reads
 * loses that, and so does one on UDP; a datagram on a UNIX socket is in the receiver's queue.
 */
#include "apps/assay/export/export.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/options.h"
#include "base/assert.h"
#include "base/system_clock.h"
#include "net/system/syslog.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum transport { OVER_UNIX, OVER_UDP, OVER_TCP };

enum {
    HOST_LEN = 256,
    PORT_LEN = 8,
    WAIT_MS = 5000,
    STALL_MS = 20000,
    TURN_MS = 20,
    UDP_PACE_MS = 1,
    READS_MAX = 16
};

struct syslog_target {
    struct export_target target;
    enum transport over;
    char host[HOST_LEN], port[PORT_LEN]; /* host: path of a UNIX socket */
    char machine[HOST_LEN];
    int fd;               /* -1: not connected */
    size_t batch;         /* at most so many records at once; 0: as many as there are */
    uint64_t deadline_ms; /* of the batch, as long as nothing of it is taken */
    bool ends;            /* a signal has asked to end */
};

/* ------------------------------------------------------------ connecting */

static enum export_outcome fail_sending(struct syslog_target *t, const char *what,
                                        struct export_result *result)
{
    (void)snprintf(result->message, sizeof result->message, "%.300s: %s: %s", t->target.shown, what,
                   strerror(errno));
    if (t->fd >= 0) (void)close(t->fd);
    t->fd = -1;
    return EXPORT_LATER;
}

/* Non-blocking from the begin. Returns: whether it is connected, within the wait */
static bool connect_to(int fd, const struct sockaddr *address, socklen_t len)
{
    struct pollfd polled = { .fd = fd, .events = POLLOUT };
    int error = 0;
    socklen_t error_len = sizeof error;
    if (connect(fd, address, len) == 0) return true;
    if (errno != EINPROGRESS) return false;
    const int ready = poll(&polled, 1, WAIT_MS);
    if (ready == 0) errno = ETIMEDOUT;
    if (ready <= 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) != 0) return false;
    errno = error;
    return error == 0;
}

static bool connect_unix(struct syslog_target *t)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    /* parse_target has checked its length. */
    assay_bytes_copy(address.sun_path, sizeof address.sun_path - 1, t->host, strlen(t->host));
    t->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return t->fd >= 0 && connect_to(t->fd, (const struct sockaddr *)&address, sizeof address);
}

/* The first address that answers. Returns: false, errno has the last reason */
static bool connect_internet(struct syslog_target *t, char *reason, size_t size)
{
    const struct addrinfo hints = { .ai_socktype = t->over == OVER_UDP ? SOCK_DGRAM : SOCK_STREAM };
    struct addrinfo *list = NULL;
    const int error = getaddrinfo(t->host, t->port, &hints, &list);
    if (error != 0) {
        (void)snprintf(reason, size, "%s", gai_strerror(error));
        errno = EHOSTUNREACH;
        return false;
    }
    bool connected = false;
    for (const struct addrinfo *a = list; a != NULL && !connected; a = a->ai_next) {
        if (t->fd >= 0) (void)close(t->fd);
        t->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
        connected = t->fd >= 0 && connect_to(t->fd, a->ai_addr, a->ai_addrlen);
    }
    const int why = errno;
    freeaddrinfo(list);
    errno = why;
    return connected;
}

static bool connect_target(struct syslog_target *t, char *reason, size_t size)
{
    (void)snprintf(reason, size, "cannot connect");
    if (t->fd >= 0) return true;
    return t->over == OVER_UNIX ? connect_unix(t) : connect_internet(t, reason, size);
}

/* ------------------------------------------------------------ sending */

/* A receiver that is slow has as long as it takes something: its window opens in steps of half a
 * buffer. Not after a signal to end. */
static void note_progress(struct syslog_target *t)
{
    if (!t->ends) t->deadline_ms = assay_monotonic_ms() + STALL_MS;
}

/* Returns: false, and errno says so: the receiver takes nothing more */
static bool has_time(struct syslog_target *t)
{
    const uint64_t now = assay_monotonic_ms();
    if (export_is_ending() && !t->ends) {
        t->ends = true;
        if (t->deadline_ms > now + WAIT_MS) t->deadline_ms = now + WAIT_MS;
    }
    errno = ETIMEDOUT;
    return now < t->deadline_ms;
}

static bool send_all(struct syslog_target *t, const char *bytes, size_t len)
{
    struct pollfd polled = { .fd = t->fd, .events = POLLOUT };
    while (len > 0) {
        const ssize_t sent = send(t->fd, bytes, len, MSG_NOSIGNAL);
        if (sent >= 0) {
            bytes += sent;
            len -= (size_t)sent;
            note_progress(t);
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!has_time(t)) return false;
            (void)poll(&polled, 1, TURN_MS);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* A receiver that closed its end reads no more: what is sent then is lost without an error. What it
 * sends is no part of the protocol, and not read without end. */
static bool is_open(int fd)
{
    struct pollfd polled = { .fd = fd, .events = POLLIN | POLLRDHUP };
    char ignored[256];
    for (int reads = 0; reads < READS_MAX && poll(&polled, 1, 0) > 0; reads++) {
        if ((polled.revents & (POLLERR | POLLHUP | POLLRDHUP | POLLNVAL)) == 0 &&
            recv(fd, ignored, sizeof ignored, MSG_DONTWAIT) > 0)
            continue;
        errno = ECONNRESET;
        return false;
    }
    return true;
}

/* TCP: until the receiver's kernel has acknowledged every byte. */
static bool flush_stream(struct syslog_target *t)
{
    int queued = 0, least = INT_MAX;
    for (;;) {
        if (!is_open(t->fd) || ioctl(t->fd, SIOCOUTQ, &queued) != 0) return false;
        if (queued == 0) return is_open(t->fd);
        if (queued < least) note_progress(t);
        if (queued < least) least = queued;
        if (!has_time(t)) return false;
        (void)poll(NULL, 0, TURN_MS);
    }
}

/* UDP: what the network has answered by now. */
static bool has_error(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) return true;
    errno = error;
    return error != 0;
}

static void write_message(const struct syslog_target *t, const struct assay_record *record,
                          struct assay_syslog_message *m)
{
    static const enum assay_syslog_severity severities[] = {
        [ASSAY_SEVERITY_ERROR] = ASSAY_SYSLOG_ERROR,
        [ASSAY_SEVERITY_WARNING] = ASSAY_SYSLOG_WARNING,
        [ASSAY_SEVERITY_INFO] = ASSAY_SYSLOG_INFO,
        [ASSAY_SEVERITY_DEBUG] = ASSAY_SYSLOG_DEBUG,
    };
    const struct assay_json *value = NULL;
    const char *key = NULL;
    assay_syslog_begin(m, severities[record->severity], record->at_unix_ms, t->machine,
                       record->code);
    for (size_t i = 0; assay_json_member(record->fields, i, &key, &value); i++) {
        char number[24];
        int64_t n = 0;
        if (strcmp(key, "text") == 0) continue;
        if (assay_json_as_int(value, &n)) {
            (void)snprintf(number, sizeof number, "%" PRId64, n);
            assay_syslog_add(m, key, number);
        } else if (assay_json_kind_of(value) == ASSAY_JSON_BOOL) {
            assay_syslog_add(m, key,
                             assay_json_bool(record->fields, key, false) ? "true" : "false");
        } else {
            assay_syslog_add(m, key, assay_json_text(record->fields, key, ""));
        }
    }
    assay_syslog_end(m, assay_telemetry_record_text(record));
}

static bool send_record(struct syslog_target *t, const struct assay_record *record)
{
    struct assay_syslog_message message;
    char frame[ASSAY_SYSLOG_FRAME_MAX];
    write_message(t, record, &message);
    if (t->over != OVER_TCP) return send_all(t, message.bytes, message.len);
    return send_all(t, frame, assay_syslog_frame(&message, frame));
}

static enum export_outcome send_batch(struct syslog_target *t, const struct export_item *items,
                                      size_t count, struct export_result *result)
{
    char reason[128];
    t->deadline_ms = assay_monotonic_ms() + (t->ends ? WAIT_MS : STALL_MS);
    if (t->fd >= 0 && t->over == OVER_TCP && !is_open(t->fd)) {
        (void)close(t->fd);
        t->fd = -1;
    }
    if (!connect_target(t, reason, sizeof reason)) return fail_sending(t, reason, result);
    for (size_t i = 0; i < count; i++) {
        if (!send_record(t, &items[i].record)) return fail_sending(t, "cannot send", result);
        /* A receiver drops what its buffer has no room for, without an error. */
        if (t->over == OVER_UDP) (void)poll(NULL, 0, UDP_PACE_MS);
    }
    if (t->over == OVER_TCP && !flush_stream(t)) return fail_sending(t, "not acknowledged", result);
    if (t->over == OVER_UDP && has_error(t->fd)) return fail_sending(t, "refused", result);
    result->done = count;
    return EXPORT_DELIVERED;
}

/* After a failure all of the batch is sent again: less at once, so that some of it arrives. */
static enum export_outcome deliver_messages(struct export_target *target,
                                            const struct export_item *items, size_t count,
                                            struct export_result *result)
{
    struct syslog_target *t = (struct syslog_target *)target;
    if (t->batch != 0 && count > t->batch) count = t->batch;
    const enum export_outcome outcome = send_batch(t, items, count, result);
    if (outcome == EXPORT_DELIVERED) t->batch = 2 * t->batch; /* 0 stays 0 */
    else t->batch = count > 1 ? count / 2 : 1;
    if (t->batch >= EXPORT_BATCH_MAX) t->batch = 0;
    return outcome;
}

static void close_target(struct export_target *target)
{
    struct syslog_target *t = (struct syslog_target *)target;
    if (t->fd >= 0) (void)close(t->fd);
    free(t);
}

/* ------------------------------------------------------------ opening */

/* "HOST:PORT", "[ADDRESS]:PORT". Returns: false, and it is neither */
static bool split_address(const char *text, struct syslog_target *t)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    char *end = NULL;
    if (len == 0) return false;
    const long port = strtol(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end != '\0' || port < 1 || port > 65535) return false;
    (void)snprintf(t->port, sizeof t->port, "%ld", port);
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return false;
    }
    if (len == 0 || len >= sizeof t->host || strcspn(text, " /@") < len) return false;
    (void)snprintf(t->host, sizeof t->host, "%.*s", (int)len, text);
    return true;
}

static bool parse_target(const char *text, struct syslog_target *t)
{
    static const struct {
        const char *prefix;
        enum transport over;
    } forms[] = { { "udp://", OVER_UDP }, { "tcp://", OVER_TCP } };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const size_t len = strlen(forms[i].prefix);
        if (strncmp(text, forms[i].prefix, len) != 0) continue;
        t->over = forms[i].over;
        return split_address(text + len, t);
    }
    t->over = OVER_UNIX;
    (void)snprintf(t->host, sizeof t->host, "%s", text);
    return text[0] == '/' && strlen(text) < sizeof((struct sockaddr_un *)0)->sun_path;
}

int export_open_syslog(const struct export_options *options, struct export_target **out)
{
    static const struct export_target_type type = { .deliver = deliver_messages,
                                                    .close = close_target };
    const char *text = options->to + strlen("syslog:");
    struct syslog_target *t = calloc(1, sizeof *t);
    if (t == NULL) return ASSAY_EXIT_INTERNAL;
    t->target.type = &type;
    (void)snprintf(t->target.shown, sizeof t->target.shown, "%s", options->to);
    t->fd = -1;
    if (gethostname(t->machine, sizeof t->machine - 1) != 0) t->machine[0] = '\0';
    *out = &t->target;
    if (parse_target(text, t)) return ASSAY_EXIT_OK;
    free(t);
    *out = NULL;
    return cli_misuse("--to %s: expected syslog:/PATH of a socket, syslog:udp://HOST:PORT or "
                      "syslog:tcp://HOST:PORT, with a port from 1 to 65535",
                      options->to);
}
