/*
 * tests/support/zmtp.c - see zmtp.h.
 */
#include "tests/support/zmtp.h"

#include "base/bytes.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { GREETING = 64, BOX = crypto_box_MACBYTES, READ_MAX = 1024 };
enum { FRAME_LONG = 2, FRAME_COMMAND = 4 };

static void nonce_of(const char prefix[static 16], const uint8_t tail[static 8], uint8_t out[24])
{
    assay_bytes_copy(out, 16, prefix, 16);
    assay_bytes_copy(out + 16, 8, tail, 8);
}

/* It cannot fail: the keys are points that were made here or came through a handshake. */
static void seal_box(uint8_t *out, const uint8_t *plain, size_t len, const uint8_t nonce[24],
                     const uint8_t public_key[32], const uint8_t secret[32])
{
    ASSAY_ASSERT(crypto_box_easy(out, plain, len, nonce, public_key, secret) == 0);
}

static void count_nonce(struct zmtp *z, uint8_t out[8])
{
    z->nonce += 1;
    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(z->nonce >> (56 - 8 * i));
}

static bool read_all(struct zmtp *z, uint8_t *out, size_t len)
{
    while (len > 0) {
        const ssize_t n = recv(z->fd, out, len, 0);
        if (n <= 0) return false;
        out += n;
        len -= (size_t)n;
    }
    return true;
}

/* A short frame, as all of the handshake are. */
static bool read_frame(struct zmtp *z, uint8_t out[static READ_MAX], size_t *len)
{
    uint8_t head[2];
    if (!read_all(z, head, 2) || (head[0] & FRAME_LONG) != 0) return false;
    *len = head[1];
    return read_all(z, out, *len);
}

static size_t frame(int flags, const uint8_t *body, size_t len, uint8_t *out)
{
    size_t at = 0;
    out[at++] = (uint8_t)(flags | (len > 255 ? FRAME_LONG : 0));
    if (len > 255)
        for (int i = 0; i < 8; i++)
            out[at++] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
    else out[at++] = (uint8_t)len;
    assay_bytes_copy(out + at, len, body, len);
    return at + len;
}

bool zmtp_write(struct zmtp *z, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    while (len > 0) {
        const ssize_t n = send(z->fd, at, len, MSG_NOSIGNAL);
        if (n <= 0) return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}

static _Thread_local int patience_ms = 2000;

void zmtp_be_patient(int ms)
{
    patience_ms = ms;
}

static void be_patient(int fd)
{
    const struct timeval patience = { .tv_sec = patience_ms / 1000,
                                      .tv_usec = patience_ms % 1000 * 1000 };
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

bool zmtp_dial(struct zmtp *z, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    *z = (struct zmtp){ .fd = socket(AF_INET, SOCK_STREAM, 0) };
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    be_patient(z->fd);
    return z->fd >= 0 && connect(z->fd, (struct sockaddr *)&address, sizeof address) == 0;
}

static bool greet(struct zmtp *z)
{
    uint8_t ours[GREETING] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1 }, theirs[GREETING];
    assay_bytes_copy(ours + 12, 5, "CURVE", 5);
    ours[32] = z->is_server;
    return zmtp_write(z, ours, sizeof ours) && read_all(z, theirs, sizeof theirs);
}

bool zmtp_hello(struct zmtp *z, const uint8_t secret[static 32],
                const uint8_t server_public[static 32])
{
    uint8_t body[200] = "\005HELLO\001", out[210], in[READ_MAX], nonce[24], plain[128];
    const uint8_t zeros[64] = { 0 };
    size_t len = 0;
    assay_bytes_copy(z->long_secret, 32, secret, 32);
    assay_bytes_copy(z->server_public, 32, server_public, 32);
    (void)crypto_scalarmult_base(z->long_public, secret);
    (void)crypto_box_keypair(z->own_public, z->own_secret);
    if (!greet(z)) return false;
    assay_bytes_copy(body + 80, 32, z->own_public, 32);
    count_nonce(z, body + 112);
    nonce_of("CurveZMQHELLO---", body + 112, nonce);
    seal_box(body + 120, zeros, 64, nonce, server_public, z->own_secret);
    if (!zmtp_write(z, out, frame(FRAME_COMMAND, body, sizeof body, out))) return false;
    if (!read_frame(z, in, &len) || len != 168) return false;
    if (!assay_bytes_equal(in, "\007WELCOME", 8)) return false;
    assay_bytes_copy(nonce, 8, "WELCOME-", 8);
    assay_bytes_copy(nonce + 8, 16, in + 8, 16);
    if (crypto_box_open_easy(plain, in + 24, 144, nonce, server_public, z->own_secret) != 0)
        return false;
    assay_bytes_copy(z->peer_public, 32, plain, 32);
    assay_bytes_copy(z->cookie, 96, plain + 32, 96);
    return true;
}

/* One property of a handshake. Returns: its length. */
static size_t property(const char *name, const char *value, uint8_t *out)
{
    const size_t name_len = strlen(name), value_len = strlen(value);
    out[0] = (uint8_t)name_len;
    assay_bytes_copy(out + 1, name_len, name, name_len);
    memset(out + 1 + name_len, 0, 3);
    out[4 + name_len] = (uint8_t)value_len;
    assay_bytes_copy(out + 5 + name_len, value_len, value, value_len);
    return 5 + name_len + value_len;
}

size_t zmtp_initiate(struct zmtp *z, const char *socket_type, uint8_t out[static 512])
{
    uint8_t body[480] = "\010INITIATE", plain[256], vouch[64], nonce[24];
    size_t len = 128;
    assay_bytes_copy(plain, 32, z->long_public, 32);
    randombytes_buf(plain + 32, 16);
    assay_bytes_copy(nonce, 8, "VOUCH---", 8);
    assay_bytes_copy(nonce + 8, 16, plain + 32, 16);
    assay_bytes_copy(vouch, 32, z->own_public, 32);
    assay_bytes_copy(vouch + 32, 32, z->server_public, 32);
    seal_box(plain + 48, vouch, 64, nonce, z->peer_public, z->long_secret);
    len += property("Socket-Type", socket_type, plain + len);
    len += property("Identity", "", plain + len);
    assay_bytes_copy(body + 9, 96, z->cookie, 96);
    count_nonce(z, body + 105);
    nonce_of("CurveZMQINITIATE", body + 105, nonce);
    seal_box(body + 113, plain, len, nonce, z->peer_public, z->own_secret);
    return frame(FRAME_COMMAND, body, 113 + len + BOX, out);
}

bool zmtp_connect(struct zmtp *z, uint16_t port, const uint8_t secret[static 32],
                  const uint8_t server_public[static 32])
{
    uint8_t out[512], in[READ_MAX];
    size_t len = 0;
    return zmtp_dial(z, port) && zmtp_hello(z, secret, server_public) &&
           zmtp_write(z, out, zmtp_initiate(z, "PUSH", out)) && read_frame(z, in, &len) &&
           len > 6 && assay_bytes_equal(in, "\005READY", 6);
}

int zmtp_listen(uint16_t *port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        close(fd);
        return -1;
    }
    be_patient(fd);
    *port = ntohs(address.sin_port);
    return fd;
}

/* WELCOME: the cookie is for the server alone, so it may be anything. */
static bool welcome(struct zmtp *z, const uint8_t secret[static 32])
{
    uint8_t in[READ_MAX], body[168] = "\007WELCOME", plain[128] = { 0 }, nonce[24], out[180];
    size_t len = 0;
    if (!read_frame(z, in, &len) || len != 200) return false;
    assay_bytes_copy(z->peer_public, 32, in + 80, 32);
    (void)crypto_box_keypair(z->own_public, z->own_secret);
    randombytes_buf(body + 8, 16);
    assay_bytes_copy(nonce, 8, "WELCOME-", 8);
    assay_bytes_copy(nonce + 8, 16, body + 8, 16);
    assay_bytes_copy(plain, 32, z->own_public, 32);
    seal_box(body + 24, plain, 128, nonce, z->peer_public, secret);
    return zmtp_write(z, out, frame(FRAME_COMMAND, body, sizeof body, out));
}

/* INITIATE is taken as it comes; READY. */
static bool be_ready(struct zmtp *z)
{
    uint8_t head[2], in[READ_MAX], body[128] = "\005READY", plain[64], nonce[24], out[140];
    if (!read_all(z, head, 2)) return false;
    size_t len = head[1];
    if (head[0] & FRAME_LONG) {
        uint8_t rest[7];
        if (!read_all(z, rest, 7)) return false;
        len = (size_t)rest[5] << 8 | rest[6];
    }
    if (len > sizeof in || !read_all(z, in, len)) return false;
    len = property("Socket-Type", "PULL", plain);
    len += property("Identity", "", plain + len);
    count_nonce(z, body + 6);
    nonce_of("CurveZMQREADY---", body + 6, nonce);
    seal_box(body + 14, plain, len, nonce, z->peer_public, z->own_secret);
    return zmtp_write(z, out, frame(FRAME_COMMAND, body, 14 + len + BOX, out));
}

bool zmtp_accept(struct zmtp *z, int listener, const uint8_t secret[static 32])
{
    *z = (struct zmtp){ .fd = accept(listener, NULL, NULL), .is_server = true };
    if (z->fd < 0) return false;
    be_patient(z->fd);
    return greet(z) && welcome(z, secret) && be_ready(z);
}

size_t zmtp_seal(struct zmtp *z, int flags, const void *bytes, size_t len, uint8_t *out)
{
    static _Thread_local uint8_t plain[1 + 65536], body[16 + BOX + sizeof plain];
    uint8_t nonce[24];
    plain[0] = (uint8_t)flags;
    assay_bytes_copy(plain + 1, len, bytes, len);
    assay_bytes_copy(body, 8, "\007MESSAGE", 8);
    count_nonce(z, body + 8);
    nonce_of(z->is_server ? "CurveZMQMESSAGES" : "CurveZMQMESSAGEC", body + 8, nonce);
    seal_box(body + 16, plain, 1 + len, nonce, z->peer_public, z->own_secret);
    return frame(0, body, 16 + BOX + 1 + len, out);
}

bool zmtp_send(struct zmtp *z, int flags, const void *bytes, size_t len)
{
    static uint8_t out[65536 + 64];
    return zmtp_write(z, out, zmtp_seal(z, flags, bytes, len, out));
}

void zmtp_close(struct zmtp *z, bool reset)
{
    const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
    if (z->fd < 0) return;
    if (reset) (void)setsockopt(z->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(z->fd);
    z->fd = -1;
}
