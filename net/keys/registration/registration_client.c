/*
 * net/keys/registration/registration_client.c - conversation with the enclave program: `key boot`,
 * then `key register` when that boot does not have the key; or `key withdraw`.
 */
#include "net/keys/registration/registration_client.h"

#include "base/assert.h"
#include "base/system_clock.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    LINE_MAX_LEN = 32 + 2 * (ASSAY_DECLARED_KEY_LEN_MAX + ASSAY_DECLARED_KEY_PROOF_MAX),
    ANSWER_MAX = 512,
    BUSY_PAUSE_MS = 50, /* before another attempt at a socket with a full queue */
};

enum phase { IDLE, BOOT, REGISTER, WITHDRAW };

struct assay_registration_client {
    struct assay_registration_config config;
    struct sockaddr_un address;
    int fd; /* -1: none */
    enum phase phase;
    uint64_t due_ms, end_ms;
    char line[LINE_MAX_LEN];
    size_t line_len, sent;
    char answer[ANSWER_MAX];
    size_t answer_len;
    struct assay_registration_boot boot; /* of the conversation */
    bool is_busy;                        /* too many clients wait at the socket */
    enum assay_registration_outcome outcome;
    enum assay_status made;
    unsigned count;
    bool is_done;
    uint8_t done_boot[32]; /* the one that has the key */
    char message[ASSAY_REGISTRATION_MESSAGE_LEN];
};

enum assay_status assay_registration_client_create(const struct assay_registration_config *config,
                                                   struct assay_registration_client **out)
{
    struct assay_registration_client *r = NULL;
    const size_t len = strlen(config->path);
    *out = NULL;
    if (len >= sizeof r->address.sun_path) return ASSAY_E_RANGE;
    r = calloc(1, sizeof *r);
    if (r == NULL) return ASSAY_E_MEMORY;
    r->config = *config;
    r->config.path = r->address.sun_path;
    if (r->config.timeout_ms == 0) r->config.timeout_ms = ASSAY_REGISTRATION_TIMEOUT_MS;
    r->fd = -1;
    r->address.sun_family = AF_UNIX;
    assay_bytes_copy(r->address.sun_path, sizeof r->address.sun_path, config->path, len + 1);
    (void)snprintf(r->message, sizeof r->message, "nothing was requested of the enclave yet");
    *out = r;
    return ASSAY_OK;
}

static void hang_up(struct assay_registration_client *r)
{
    if (r->fd >= 0) (void)close(r->fd);
    r->fd = -1;
    r->phase = IDLE;
}

void assay_registration_client_destroy(struct assay_registration_client **client)
{
    if (*client == NULL) return;
    hang_up(*client);
    free(*client);
    *client = NULL;
}

void assay_registration_client_resume(struct assay_registration_client *client,
                                      const uint8_t boot[static 32])
{
    assay_bytes_copy(client->done_boot, 32, boot, 32);
    client->is_done = true;
}

bool assay_registration_client_is_done(const struct assay_registration_client *client)
{
    return client->is_done;
}

enum assay_status assay_registration_client_made(const struct assay_registration_client *client)
{
    return client->made;
}

const struct assay_registration_boot *assay_registration_client_boot(
    const struct assay_registration_client *client)
{
    return &client->boot;
}

unsigned assay_registration_client_count(const struct assay_registration_client *client)
{
    return client->count;
}

const char *assay_registration_client_message(const struct assay_registration_client *client)
{
    return client->message;
}

/* The enclave may have restarted, and its new boot lack the key. */
__attribute__((format(printf, 3, 4))) static void fail(struct assay_registration_client *r,
                                                       enum assay_registration_outcome outcome,
                                                       const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(r->message, sizeof r->message, format, args);
    va_end(args);
    r->is_done = false;
    r->outcome = outcome;
    hang_up(r);
}

static void succeed(struct assay_registration_client *r, const char *text)
{
    (void)snprintf(r->message, sizeof r->message, "%s", text);
    r->is_done = true;
    r->outcome = ASSAY_REGISTRATION_DONE;
    hang_up(r);
}

static void start_line(struct assay_registration_client *r, enum phase phase)
{
    r->phase = phase;
    r->line_len = strlen(r->line);
    r->sent = r->answer_len = 0;
}

void assay_registration_client_connect_fault(const char *path, int error,
                                             char text[static ASSAY_REGISTRATION_REASON_LEN])
{
    struct stat info;
    if (error != EACCES && error != EPERM)
        (void)snprintf(text, ASSAY_REGISTRATION_REASON_LEN,
                       "the enclave program does not answer (%s): expected the socket that "
                       "enclave.service of the daemon's configuration names",
                       strerror(error));
    else if (stat(path, &info) != 0)
        (void)snprintf(text, ASSAY_REGISTRATION_REASON_LEN,
                       "user %u may not enter its folder (%s): run the command as a user of the "
                       "folder's group",
                       (unsigned)geteuid(), strerror(error));
    else
        (void)snprintf(text, ASSAY_REGISTRATION_REASON_LEN,
                       "user %u may not connect to the socket (%s): run the command as user %u or "
                       "in group %u, whose socket it is",
                       (unsigned)geteuid(), strerror(error), (unsigned)info.st_uid,
                       (unsigned)info.st_gid);
}

static void dial_enclave(struct assay_registration_client *r, uint64_t now_ms)
{
    r->due_ms = now_ms + ASSAY_REGISTRATION_AGAIN_MS;
    r->end_ms = now_ms + r->config.timeout_ms;
    r->made = ASSAY_OK;
    r->is_busy = false;
    r->answer[0] = '\0';
    r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (r->fd < 0 || connect(r->fd, (const struct sockaddr *)&r->address, sizeof r->address) != 0) {
        char why[ASSAY_REGISTRATION_REASON_LEN];
        r->is_busy = errno == EAGAIN;
        assay_registration_client_connect_fault(r->address.sun_path, errno, why);
        fail(r, ASSAY_REGISTRATION_UNREACHABLE, "%.108s: %s", r->address.sun_path, why);
        return;
    }
    if (r->config.withdraw != NULL) {
        (void)snprintf(r->line, sizeof r->line, "key withdraw %s\n", r->config.withdraw);
        start_line(r, WITHDRAW);
        return;
    }
    (void)snprintf(r->line, sizeof r->line, "key boot\n");
    start_line(r, BOOT);
}

static void send_line(struct assay_registration_client *r)
{
    while (r->sent < r->line_len) {
        const ssize_t sent = send(r->fd, r->line + r->sent, r->line_len - r->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (sent <= 0) {
            fail(r, ASSAY_REGISTRATION_UNREACHABLE, "%.108s: the enclave program disconnected",
                 r->address.sun_path);
            return;
        }
        r->sent += (size_t)sent;
    }
}

/* Returns: whether the answer is there, without its end of line. */
static bool read_answer(struct assay_registration_client *r)
{
    while (r->fd >= 0) {
        const ssize_t got =
            recv(r->fd, r->answer + r->answer_len, sizeof r->answer - 1 - r->answer_len, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
        if (got > 0) r->answer_len += (size_t)got;
        r->answer[r->answer_len] = '\0';
        char *const end = memchr(r->answer, '\n', r->answer_len);
        if (end != NULL) {
            *end = '\0';
            for (char *c = r->answer; *c != '\0'; c++)
                if (*c < ' ' || *c > '~') *c = '?';
            return true;
        }
        if (got <= 0 || r->answer_len + 1 == sizeof r->answer)
            fail(r, ASSAY_REGISTRATION_UNREACHABLE,
                 "%.108s: the enclave program disconnected, or does not speak its protocol: "
                 "expected one line for each request (docs/identity.md 6.7)",
                 r->address.sun_path);
    }
    return false;
}

static bool read_hex(const char *text, uint8_t out[static 32])
{
    return assay_hex_decode(text, strlen(text), out, 32) == ASSAY_OK;
}

static bool read_boot(const char *answer, struct assay_registration_boot *boot)
{
    char hex[3][65];
    return sscanf(answer, "boot %64[0-9a-f] chain %64[0-9a-f] node %64[0-9a-f]", hex[0], hex[1],
                  hex[2]) == 3 &&
           read_hex(hex[0], boot->boot) && read_hex(hex[1], boot->chain_id) &&
           read_hex(hex[2], boot->node_id);
}

static bool is_refused(const struct assay_registration_client *r)
{
    return strncmp(r->answer, "error", 5) == 0;
}

bool assay_registration_client_is_refused_with(const struct assay_registration_client *client,
                                               enum assay_status status)
{
    char start[64];
    const int len = snprintf(start, sizeof start, "error %s:", assay_status_symbol(status));
    return client->outcome != ASSAY_REGISTRATION_DONE && len > 0 && (size_t)len < sizeof start &&
           strncmp(client->answer, start, (size_t)len) == 0;
}

static void start_registration(struct assay_registration_client *r)
{
    struct assay_registration_statement s = { .entry_len = 0 };
    char reason[ASSAY_REGISTRATION_REASON_LEN] = "";
    r->is_done = false;
    r->made = r->config.make(r->config.context, &r->boot, &s, reason);
    if (r->made != ASSAY_OK) {
        fail(r, ASSAY_REGISTRATION_NOT_MADE, "%s", reason);
        return;
    }
    char entry[2 * ASSAY_DECLARED_KEY_LEN_MAX + 1], proof[2 * ASSAY_DECLARED_KEY_PROOF_MAX + 1];
    assay_hex_encode(s.entry, s.entry_len, entry, sizeof entry);
    assay_hex_encode(s.proof, s.proof_len, proof, sizeof proof);
    (void)snprintf(r->line, sizeof r->line, "key register %s %s\n", entry, proof);
    start_line(r, REGISTER);
}

static void on_boot(struct assay_registration_client *r)
{
    if (is_refused(r)) {
        fail(r, ASSAY_REGISTRATION_NOT_READY, "%.108s: %.250s", r->address.sun_path, r->answer);
    } else if (!read_boot(r->answer, &r->boot)) {
        fail(r, ASSAY_REGISTRATION_UNREACHABLE,
             "%.108s: expected \"boot HEX chain HEX node HEX\", found \"%.120s\"",
             r->address.sun_path, r->answer);
    } else if (r->is_done && assay_bytes_equal(r->boot.boot, r->done_boot, 32)) {
        succeed(r, "registered with the enclave");
    } else {
        start_registration(r);
    }
}

/* Of `key register` and `key withdraw`. */
static void on_count(struct assay_registration_client *r)
{
    if (is_refused(r)) {
        fail(r, ASSAY_REGISTRATION_REFUSED, "%.108s: the enclave refuses the request: %.200s",
             r->address.sun_path, r->answer);
    } else if (sscanf(r->answer, "ok %9u", &r->count) != 1) {
        fail(r, ASSAY_REGISTRATION_UNREACHABLE, "%.108s: expected \"ok COUNT\", found \"%.120s\"",
             r->address.sun_path, r->answer);
    } else {
        assay_bytes_copy(r->done_boot, 32, r->boot.boot, 32);
        succeed(r, r->phase == WITHDRAW ? "withdrawn from the enclave"
                                        : "registered with the enclave");
    }
}

void assay_registration_client_step(struct assay_registration_client *client, uint64_t now_ms)
{
    struct assay_registration_client *r = client;
    if (r->phase == IDLE && now_ms >= r->due_ms) dial_enclave(r, now_ms);
    while (r->phase != IDLE) {
        const enum phase phase = r->phase;
        send_line(r);
        if (r->phase == IDLE || r->sent < r->line_len || !read_answer(r)) break;
        if (phase == BOOT) on_boot(r);
        else on_count(r);
    }
    if (r->phase != IDLE && now_ms >= r->end_ms)
        fail(r, ASSAY_REGISTRATION_UNREACHABLE,
             "%.108s: the enclave program does not answer within %u ms", r->address.sun_path,
             r->config.timeout_ms);
}

/* ------------------------------------------------------------ one conversation */

static void pause_ms(unsigned ms)
{
    const struct timespec pause = { .tv_sec = 0, .tv_nsec = (long)ms * 1000000 };
    (void)nanosleep(&pause, NULL);
}

static void wait_for_socket(const struct assay_registration_client *r, uint64_t now_ms)
{
    struct pollfd poller = { .fd = r->fd, .events = POLLIN };
    if (r->sent < r->line_len) poller.events = POLLIN | POLLOUT;
    (void)poll(&poller, 1, r->end_ms > now_ms ? (int)(r->end_ms - now_ms) : 0);
}

enum assay_registration_outcome assay_registration_client_run(
    struct assay_registration_client *client)
{
    struct assay_registration_client *const r = client;
    const uint64_t end_ms = assay_monotonic_ms() + r->config.timeout_ms;
    hang_up(r);
    r->due_ms = 0;
    for (;;) {
        const uint64_t now_ms = assay_monotonic_ms();
        assay_registration_client_step(r, now_ms);
        if (r->end_ms > end_ms) r->end_ms = end_ms;
        if (r->phase != IDLE) {
            wait_for_socket(r, now_ms);
        } else if (r->outcome == ASSAY_REGISTRATION_UNREACHABLE && r->is_busy && now_ms < end_ms) {
            pause_ms(BUSY_PAUSE_MS);
            r->due_ms = 0;
        } else {
            return r->outcome;
        }
    }
}
