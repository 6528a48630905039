/*
 * apps/signer/ssh_agent.c - key of an ssh-agent: client of its protocol.
 *
 * A message is u32 length, u8 type, contents; a string is u32 length, bytes. Every length is
 * checked against the bytes that are there, of which the limit is fixed.
 */
#include "apps/signer/ssh_agent.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cursor.h"
#include "base/system_clock.h"
#include "base/writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    MESSAGE_FAILURE = 5,
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    SIGN_RESPONSE = 14,
    KEYS_SHOWN = 4,
    FINGERPRINT_LEN = 7 + 43, /* "SHA256:" and base64 without padding */
    SCALAR_LEN = 32,
    TYPE_SHOWN = 40,
};

static const char key_type[] = "ecdsa-sha2-nistp256";
static const char curve_name[] = "nistp256";

struct assay_ssh_agent {
    int fd;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    size_t len;
    uint8_t message[ASSAY_SSH_AGENT_MESSAGE_MAX]; /* of either direction */
};

/* ------------------------------------------------------------ socket */

static bool fail_timeout(struct assay_signer_fault *fault)
{
    return assay_signer_fail(fault, ASSAY_SIGNER_TIMEOUT, "the agent did not answer in time");
}

static bool fail_connection(struct assay_signer_fault *fault)
{
    return assay_signer_fail(fault, ASSAY_SIGNER_UNREACHABLE,
                             "the connection to the agent was closed");
}

static bool wait_for(int fd, short what, uint64_t deadline_ms, struct assay_signer_fault *fault)
{
    struct pollfd poller = { .fd = fd, .events = what };
    for (;;) {
        const uint64_t now_ms = assay_monotonic_ms();
        if (now_ms >= deadline_ms) return fail_timeout(fault);
        const uint64_t left = deadline_ms - now_ms;
        const int ready = poll(&poller, 1, left < INT_MAX ? (int)left : INT_MAX);
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return fail_connection(fault);
    }
}

static bool connect_agent(int *out, uint64_t deadline_ms, struct assay_signer_fault *fault)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const char *const path = getenv("SSH_AUTH_SOCK");
    if (path == NULL || path[0] == '\0')
        return assay_signer_fail(fault, ASSAY_SIGNER_UNREACHABLE,
                                 "no agent is running here: SSH_AUTH_SOCK is not set (eval "
                                 "\"$(ssh-agent)\" starts one; a GPG card needs SSH_AUTH_SOCK=$("
                                 "gpgconf --list-dirs agent-ssh-socket))");
    if (strlen(path) >= sizeof address.sun_path)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "SSH_AUTH_SOCK is longer than the path of a socket");
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return fail_connection(fault);
    *out = fd;
    /* A full queue of an agent that does not accept is "again" at once. */
    while (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        if (errno != EAGAIN && errno != EINTR)
            return assay_signer_fail(fault, ASSAY_SIGNER_UNREACHABLE,
                                     "no agent answers at SSH_AUTH_SOCK %.100s: %s", path,
                                     strerror(errno));
        if (assay_monotonic_is_past(deadline_ms)) return fail_timeout(fault);
        const struct timespec pause = { 0, 10 * 1000000 };
        (void)nanosleep(&pause, NULL);
    }
    return true;
}

static bool send_message(struct assay_ssh_agent *a, uint64_t deadline_ms,
                         struct assay_signer_fault *fault)
{
    for (size_t done = 0; done < a->len;) {
        if (!wait_for(a->fd, POLLOUT, deadline_ms, fault)) return false;
        const ssize_t n = send(a->fd, a->message + done, a->len - done, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR && errno != EAGAIN) return fail_connection(fault);
        if (n > 0) done += (size_t)n;
    }
    return true;
}

static bool receive_bytes(struct assay_ssh_agent *a, uint8_t *bytes, size_t len,
                          uint64_t deadline_ms, struct assay_signer_fault *fault)
{
    for (size_t done = 0; done < len;) {
        if (!wait_for(a->fd, POLLIN, deadline_ms, fault)) return false;
        const ssize_t n = recv(a->fd, bytes + done, len - done, 0);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) return fail_connection(fault);
        if (n > 0) done += (size_t)n;
    }
    return true;
}

static bool fail_form(struct assay_signer_fault *fault)
{
    return assay_signer_fail(fault, ASSAY_SIGNER_FAULTY, "the agent's answer is malformed");
}

/* Sends the message and receives one. Out: what follows the type, in a->message. */
static bool exchange(struct assay_ssh_agent *a, uint64_t deadline_ms, uint8_t expected,
                     struct assay_cursor *contents, struct assay_signer_fault *fault)
{
    uint8_t head[4] = { 0 };
    uint32_t len = 0;
    struct assay_cursor c = assay_cursor_over(head, sizeof head);
    if (!send_message(a, deadline_ms, fault) ||
        !receive_bytes(a, head, sizeof head, deadline_ms, fault))
        return false;
    if (assay_cursor_u32be(&c, &len) != ASSAY_OK || len == 0 || len > sizeof a->message)
        return assay_signer_fail(fault, ASSAY_SIGNER_FAULTY,
                                 "the agent announced an answer of %lu bytes, expected 1 to %d",
                                 (unsigned long)len, ASSAY_SSH_AGENT_MESSAGE_MAX);
    a->len = len;
    if (!receive_bytes(a, a->message, len, deadline_ms, fault)) return false;
    *contents = assay_cursor_over(a->message + 1, len - 1);
    if (a->message[0] == MESSAGE_FAILURE)
        return assay_signer_fail(fault, ASSAY_SIGNER_DENIED, "the agent refused%s",
                                 expected == SIGN_RESPONSE
                                     ? " to sign: it is locked, its user declined, or the card is "
                                       "missing"
                                     : " to list its keys");
    return a->message[0] == expected || fail_form(fault);
}

/* ------------------------------------------------------------ encodings */

static enum assay_status take_string(struct assay_cursor *c, struct assay_slice *out)
{
    uint32_t len = 0;
    ASSAY_TRY(assay_cursor_u32be(c, &len));
    return assay_cursor_slice(c, len, out);
}

static bool is_text(struct assay_slice bytes, const char *text)
{
    return bytes.len == strlen(text) && assay_bytes_equal(bytes.bytes, text, bytes.len);
}

static void put_string(struct assay_writer *w, const void *bytes, size_t len)
{
    assay_writer_u32be(w, (uint32_t)len);
    assay_writer_put(w, bytes, len);
}

/* RFC 5656 3.1. */
static void put_key(struct assay_writer *w, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    put_string(w, key_type, sizeof key_type - 1);
    put_string(w, curve_name, sizeof curve_name - 1);
    assay_writer_u32be(w, 1 + ASSAY_P256_PUBLIC_LEN);
    assay_writer_u8(w, 4);
    assay_writer_put(w, public_key, ASSAY_P256_PUBLIC_LEN);
}

/* The type of a key, and of a P-256 key its point. */
static enum assay_status take_key(struct assay_slice blob, struct assay_slice *type,
                                  uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_slice curve, point;
    struct assay_cursor c = assay_cursor_over(blob.bytes, blob.len);
    ASSAY_TRY(take_string(&c, type));
    if (!is_text(*type, key_type)) return ASSAY_OK;
    ASSAY_TRY(take_string(&c, &curve));
    ASSAY_TRY(take_string(&c, &point));
    ASSAY_TRY(assay_cursor_end(&c));
    if (!is_text(curve, curve_name) || point.len != 1 + ASSAY_P256_PUBLIC_LEN ||
        point.bytes[0] != 4)
        return ASSAY_E_ENCODING;
    assay_bytes_copy(public_key, ASSAY_P256_PUBLIC_LEN, point.bytes + 1, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_OK;
}

/* A positive number of at most 32 bytes, without bytes that it does not need (RFC 4251 5). */
static enum assay_status take_scalar(struct assay_cursor *c, uint8_t out[static SCALAR_LEN])
{
    struct assay_slice number;
    ASSAY_TRY(take_string(c, &number));
    if (number.len == 0 || (number.bytes[0] & 0x80) != 0) return ASSAY_E_RANGE;
    if (number.bytes[0] == 0) {
        if (number.len == 1 || (number.bytes[1] & 0x80) == 0) return ASSAY_E_ENCODING;
        number = assay_slice_over(number.bytes + 1, number.len - 1);
    }
    if (number.len > SCALAR_LEN) return ASSAY_E_RANGE;
    assay_bytes_zero(out, SCALAR_LEN);
    assay_bytes_copy(out + SCALAR_LEN - number.len, number.len, number.bytes, number.len);
    return ASSAY_OK;
}

/* RFC 5656 3.1.2. */
static enum assay_status take_signature(struct assay_cursor *c,
                                        uint8_t out[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_slice all, type, numbers;
    ASSAY_TRY(take_string(c, &all));
    ASSAY_TRY(assay_cursor_end(c));
    struct assay_cursor in = assay_cursor_over(all.bytes, all.len);
    ASSAY_TRY(take_string(&in, &type));
    ASSAY_TRY(take_string(&in, &numbers));
    ASSAY_TRY(assay_cursor_end(&in));
    if (!is_text(type, key_type)) return ASSAY_E_TYPE;
    struct assay_cursor scalars = assay_cursor_over(numbers.bytes, numbers.len);
    ASSAY_TRY(take_scalar(&scalars, out));
    ASSAY_TRY(take_scalar(&scalars, out + SCALAR_LEN));
    return assay_cursor_end(&scalars);
}

/* As `ssh-add -l` prints it. */
static void put_fingerprint(struct assay_slice blob, char text[static FINGERPRINT_LEN + 2])
{
    uint8_t digest[ASSAY_SHA256_LEN];
    size_t len = 0;
    assay_sha256(blob.bytes, blob.len, digest);
    (void)snprintf(text, FINGERPRINT_LEN + 2, "SHA256:");
    const enum assay_status status = assay_base64_encode(
        ASSAY_BASE64_STANDARD, digest, sizeof digest, text + 7, FINGERPRINT_LEN + 2 - 7, &len);
    ASSAY_ASSERT(status == ASSAY_OK && 7 + len == FINGERPRINT_LEN + 1);
    text[FINGERPRINT_LEN] = '\0'; /* the padding */
}

/* ------------------------------------------------------------ choice of a key */

struct choice {
    const char *name;
    unsigned keys, found, shown;
    char wrong_type[TYPE_SHOWN + 1]; /* of the key that fits the name, where it is no P-256 key */
    char list[(FINGERPRINT_LEN + 2) * KEYS_SHOWN + 1];
};

static enum assay_status consider_key(struct assay_slice blob, struct assay_slice comment,
                                      struct choice *o,
                                      uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    uint8_t point[ASSAY_P256_PUBLIC_LEN];
    char fingerprint[FINGERPRINT_LEN + 2];
    struct assay_slice type;
    ASSAY_TRY(take_key(blob, &type, point));
    put_fingerprint(blob, fingerprint);
    o->keys++;
    const bool is_fit = is_text(type, key_type);
    if (is_fit && o->shown < KEYS_SHOWN) {
        const size_t at = strlen(o->list);
        (void)snprintf(o->list + at, sizeof o->list - at, "%s%s", o->shown++ > 0 ? ", " : "",
                       fingerprint);
    }
    const bool is_named = strncmp(o->name, "SHA256:", 7) == 0 ? strcmp(o->name, fingerprint) == 0
                                                              : is_text(comment, o->name);
    if (!is_named) return ASSAY_OK;
    o->found++;
    if (is_fit) assay_bytes_copy(public_key, ASSAY_P256_PUBLIC_LEN, point, sizeof point);
    else
        (void)snprintf(o->wrong_type, sizeof o->wrong_type, "%.*s",
                       type.len < TYPE_SHOWN ? (int)type.len : TYPE_SHOWN,
                       (const char *)type.bytes);
    return ASSAY_OK;
}

/* The answer's keys: each takes bytes of it, so their number needs no limit of its own. */
static enum assay_status consider_all(struct assay_cursor *c, struct choice *o,
                                      uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    uint32_t count = 0;
    ASSAY_TRY(assay_cursor_u32be(c, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct assay_slice blob, comment;
        ASSAY_TRY(take_string(c, &blob));
        ASSAY_TRY(take_string(c, &comment));
        ASSAY_TRY(consider_key(blob, comment, o, public_key));
    }
    return assay_cursor_end(c);
}

static bool check_choice(const struct choice *o, struct assay_signer_fault *fault)
{
    if (o->found > 1)
        return assay_signer_fail(fault, ASSAY_SIGNER_CONFLICT,
                                 "%u keys of the agent have this comment: name the fingerprint, "
                                 "ssh-agent:SHA256:... (ssh-add -l)",
                                 o->found);
    if (o->found == 1 && o->wrong_type[0] != '\0')
        return assay_signer_fail(fault, ASSAY_SIGNER_UNFIT,
                                 "the key is of type %s, expected %s (ssh-keygen -t ecdsa -b 256)",
                                 o->wrong_type, key_type);
    return o->found == 1 ||
           assay_signer_fail(fault, ASSAY_SIGNER_NOT_FOUND,
                             "the agent has %u key%s, and none of this name; keys on P-256: %s",
                             o->keys, o->keys == 1 ? "" : "s",
                             o->shown > 0 ? o->list : "none (ssh-add adds one)");
}

/* ------------------------------------------------------------ the interface */

bool assay_ssh_agent_open(const char *name, uint32_t timeout_ms, struct assay_ssh_agent **agent,
                          uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                          struct assay_signer_fault *fault)
{
    const uint64_t deadline_ms = assay_monotonic_ms() + timeout_ms;
    struct assay_cursor c;
    struct choice choice = { .name = name };
    *agent = NULL;
    if (name[0] == '\0')
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "no key is selected: expected ssh-agent:SHA256:FINGERPRINT "
                                 "(ssh-add -l), or the key's comment");
    struct assay_ssh_agent *const a = calloc(1, sizeof *a);
    if (a == NULL) return assay_signer_fail(fault, ASSAY_SIGNER_INTERNAL, "out of memory");
    *agent = a;
    a->fd = -1;
    if (!connect_agent(&a->fd, deadline_ms, fault)) return false;
    struct assay_writer w = assay_writer_over(a->message, sizeof a->message);
    assay_writer_u32be(&w, 1);
    assay_writer_u8(&w, REQUEST_IDENTITIES);
    a->len = w.len;
    if (!exchange(a, deadline_ms, IDENTITIES_ANSWER, &c, fault)) return false;
    if (consider_all(&c, &choice, a->public_key) != ASSAY_OK) return fail_form(fault);
    if (!check_choice(&choice, fault)) return false;
    assay_bytes_copy(public_key, ASSAY_P256_PUBLIC_LEN, a->public_key, sizeof a->public_key);
    return true;
}

bool assay_ssh_agent_sign(struct assay_ssh_agent *a, struct assay_slice body, uint32_t timeout_ms,
                          uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                          struct assay_signer_fault *fault)
{
    uint8_t blob_bytes[256];
    struct assay_slice blob;
    struct assay_cursor c;
    struct assay_writer blob_writer = assay_writer_over(blob_bytes, sizeof blob_bytes);
    put_key(&blob_writer, a->public_key);
    const enum assay_status fits = assay_writer_finish(&blob_writer, &blob);
    ASSAY_ASSERT(fits == ASSAY_OK);
    const size_t len = 1 + 4 + blob.len + 4 + body.len + 4;
    if (body.len > sizeof a->message - 512)
        return assay_signer_fail(fault, ASSAY_SIGNER_USAGE,
                                 "an agent signs at most %d bytes, and this has %zu",
                                 ASSAY_SSH_AGENT_MESSAGE_MAX - 512, body.len);
    struct assay_writer w = assay_writer_over(a->message, sizeof a->message);
    assay_writer_u32be(&w, (uint32_t)len);
    assay_writer_u8(&w, SIGN_REQUEST);
    put_string(&w, blob.bytes, blob.len);
    put_string(&w, body.bytes, body.len);
    assay_writer_u32be(&w, 0); /* no flags: they are of RSA keys */
    ASSAY_ASSERT(!w.full && w.len == 4 + len);
    a->len = w.len;
    if (!exchange(a, assay_monotonic_ms() + timeout_ms, SIGN_RESPONSE, &c, fault)) return false;
    return take_signature(&c, signature) == ASSAY_OK || fail_form(fault);
}

void assay_ssh_agent_close(struct assay_ssh_agent **agent)
{
    if (*agent == NULL) return;
    if ((*agent)->fd >= 0) (void)close((*agent)->fd);
    free(*agent);
    *agent = NULL;
}
