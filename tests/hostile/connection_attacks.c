/*
 * tests/hostile/connection_attacks.c - attacks on sockets: before the handshake is complete, and
 * with frames that no library sends.
 */
#include "tests/hostile/attacker.h"

#include <signal.h>
#include <sodium.h>
#include <string.h>

enum { GREETING = 64, PARTS = 500, PART = 32 * 1024 };

static uint32_t turn_of(const struct attacker *a)
{
    return (uint32_t)(a->turns % a->fleet->honest);
}

static bool dial(struct attacker *a, struct zmtp *z, uint32_t i)
{
    return zmtp_dial(z, a->fleet->nodes[i].port);
}

static void greeting_of(const char *mechanism, uint8_t out[static GREETING])
{
    static const uint8_t head[12] = { 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 1 };
    memset(out, 0, GREETING);
    assay_bytes_copy(out, sizeof head, head, sizeof head);
    assay_bytes_copy(out + 12, strlen(mechanism), mechanism, strlen(mechanism));
}

/* A new connection that sends these bytes and stays open. */
static void call_and_say(struct attacker *a, const void *bytes, size_t len)
{
    struct zmtp *z = attacker_next(a);
    if (dial(a, z, turn_of(a))) (void)zmtp_write(z, bytes, len);
}

/* ------------------------------------------------------------ strangers */

static void half_open(struct attacker *a)
{
    for (int i = 0; i < 4 && a->used < RAW; i++)
        (void)dial(a, attacker_next(a), turn_of(a));
}

static void slow_drip(struct attacker *a)
{
    uint8_t greeting[GREETING];
    greeting_of("CURVE", greeting);
    for (uint32_t i = 0; i < 64; i++) {
        struct zmtp *z = &a->raw[i];
        if (z->fd < 0) (void)dial(a, z, i % a->fleet->honest);
        else if (a->turns % 20 == 0) (void)zmtp_write(z, greeting + a->turns / 20 % GREETING, 1);
    }
}

static void garbage_greeting(struct attacker *a)
{
    uint8_t bytes[256];
    attacker_noise(a, bytes, sizeof bytes);
    call_and_say(a, bytes, sizeof bytes);
}

static void garbage_after_greeting(struct attacker *a)
{
    uint8_t bytes[512];
    attacker_noise(a, bytes, sizeof bytes);
    greeting_of("CURVE", bytes);
    call_and_say(a, bytes, sizeof bytes);
}

static void null_mechanism(struct attacker *a)
{
    static const char ready[] = "\004\032\005READY\013Socket-Type\0\0\0\004PUSH";
    uint8_t bytes[GREETING + sizeof ready - 1 + 12] = { 0 };
    greeting_of("NULL", bytes);
    assay_bytes_copy(bytes + GREETING, sizeof ready - 1, ready, sizeof ready - 1);
    bytes[GREETING + sizeof ready] = 9; /* and a message at once */
    call_and_say(a, bytes, sizeof bytes);
}

static void plain_mechanism(struct attacker *a)
{
    static const char hello[] = "\004\022\005HELLO\005assay\005assay";
    uint8_t bytes[GREETING + sizeof hello - 1];
    greeting_of("PLAIN", bytes);
    assay_bytes_copy(bytes + GREETING, sizeof hello - 1, hello, sizeof hello - 1);
    call_and_say(a, bytes, sizeof bytes);
}

static void old_versions(struct attacker *a)
{
    uint8_t bytes[GREETING];
    greeting_of("", bytes);
    bytes[10] = (uint8_t)(a->turns % 3); /* ZMTP 1 and 2, and 0 */
    call_and_say(a, bytes, a->turns % 2 ? 12 : sizeof bytes);
}

static void other_protocols(struct attacker *a)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const uint8_t tls[] = { 22, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 1, 2, 3, 4 };
    if (a->turns % 2) call_and_say(a, http, sizeof http - 1);
    else call_and_say(a, tls, sizeof tls);
}

static void claimed_lengths(struct attacker *a)
{
    uint8_t bytes[GREETING + 9 + 300] = { 0 };
    greeting_of("CURVE", bytes);
    bytes[GREETING] = (uint8_t)(a->turns % 2 ? 6 : 2); /* long, a command or a message */
    memset(bytes + GREETING + 1, a->turns % 3 ? 0x7f : 0xff, 8);
    call_and_say(a, bytes, sizeof bytes);
}

/* An unknown secret, another one each time. */
static void strange_secret(struct attacker *a, uint8_t secret[32])
{
    attacker_noise(a, secret, 32);
}

static bool hello(struct attacker *a, struct zmtp *z, const uint8_t *secret)
{
    const uint32_t i = turn_of(a);
    return dial(a, z, i) && zmtp_hello(z, secret, attacker_bootstrap_key_of(a, i));
}

static void unknown_key(struct attacker *a)
{
    uint8_t secret[32], out[512];
    struct zmtp *z = attacker_next(a);
    strange_secret(a, secret);
    if (hello(a, z, secret)) (void)zmtp_write(z, out, zmtp_initiate(z, "PUSH", out));
}

static void unknown_key_speaks(struct attacker *a)
{
    uint8_t secret[32], out[16384];
    struct zmtp *z = attacker_next(a);
    strange_secret(a, secret);
    if (!hello(a, z, secret)) return;
    size_t len = zmtp_initiate(z, "PUSH", out);
    for (int i = 0; i < 100; i++)
        len += zmtp_seal(z, 0, "x", 1, out + len);
    (void)zmtp_write(z, out, len);
}

static void wrong_bootstrap_key(struct attacker *a)
{
    uint8_t secret[32], bootstrap[32];
    struct zmtp *z = attacker_next(a);
    strange_secret(a, secret);
    (void)crypto_scalarmult_base(bootstrap, secret);
    if (dial(a, z, turn_of(a))) (void)zmtp_hello(z, secret, bootstrap);
}

static void hello_then_silence(struct attacker *a)
{
    uint8_t secret[32];
    strange_secret(a, secret);
    (void)hello(a, attacker_next(a), secret);
}

static void hello_flood(struct attacker *a)
{
    for (int i = 0; i < 4; i++) {
        hello_then_silence(a);
        zmtp_close(&a->raw[(a->used - 1) % RAW], true);
        a->raw[(a->used - 1) % RAW].fd = -1;
    }
}

static void spoilt_initiate(struct attacker *a)
{
    uint8_t secret[32], out[512], at = 0;
    struct zmtp *z = attacker_next(a);
    strange_secret(a, secret);
    if (!hello(a, z, secret)) return;
    const size_t len = zmtp_initiate(z, "PUSH", out);
    attacker_noise(a, &at, 1);
    out[11 + at % (len - 11)] ^= 1;
    (void)zmtp_write(z, out, len);
}

/* The cookie of one connection, and the vouch that goes with it, on another one. */
static void replayed_initiate(struct attacker *a)
{
    uint8_t out[512];
    const uint8_t *secret = a->ring.current.transport_private.bytes;
    struct zmtp *one = attacker_next(a), *other = attacker_next(a);
    if (!hello(a, one, secret) || !hello(a, other, secret)) return;
    (void)zmtp_write(other, out, zmtp_initiate(one, "PUSH", out));
}

static void early_message(struct attacker *a)
{
    uint8_t secret[32], out[512];
    struct zmtp *z = attacker_next(a);
    strange_secret(a, secret);
    if (hello(a, z, secret)) (void)zmtp_write(z, out, zmtp_seal(z, 0, "early", 5, out));
}

static void connect_storm(struct attacker *a)
{
    for (uint32_t i = 0; i < RATE; i++) {
        struct zmtp z;
        (void)dial(a, &z, i % a->fleet->honest);
        zmtp_close(&z, i % 2 == 0);
    }
}

/* ------------------------------------------------------------ members, on the wire */

static void endless_parts(struct attacker *a)
{
    static uint8_t part[PART];
    for (int i = 0; i < 4; i++)
        attacker_say_all(a, ZMTP_MORE, part, sizeof part);
}

static void many_of(struct attacker *a, int flags, int last, const char *bytes, size_t len)
{
    static _Thread_local uint8_t out[PARTS * 128];
    for (uint32_t i = 0; i < a->fleet->honest; i++) {
        struct zmtp *z = attacker_to(a, i);
        size_t all = 0;
        for (int k = 0; z != NULL && k < PARTS; k++)
            all += zmtp_seal(z, k + 1 < PARTS ? flags : last, bytes, len, out + all);
        if (z != NULL && !zmtp_write(z, out, all)) attacker_drop(a, i);
    }
}

static void endless_empty_parts(struct attacker *a)
{
    many_of(a, ZMTP_MORE, ZMTP_MORE, "", 0);
}

static void many_parts(struct attacker *a)
{
    if (a->turns % 4 == 0) many_of(a, ZMTP_MORE, 0, "x", 1);
}

static void ping_flood(struct attacker *a)
{
    many_of(a, ZMTP_COMMAND, ZMTP_COMMAND, "\004PING\0\0x", 8);
}

static void pings_and_gone(struct attacker *a)
{
    static _Thread_local uint8_t out[8192];
    const uint32_t i = turn_of(a);
    struct zmtp *z = attacker_next(a);
    if (!dial(a, z, i) ||
        !zmtp_hello(z, a->ring.current.transport_private.bytes, attacker_bootstrap_key_of(a, i)))
        return;
    size_t len = zmtp_initiate(z, "PUSH", out);
    for (int k = 0; k < 3; k++)
        len += zmtp_seal(z, ZMTP_COMMAND, "\004PING\0\0x", 8, out + len);
    (void)zmtp_write(z, out, len);
    zmtp_close(z, true);
    z->fd = -1;
}

static void unknown_commands(struct attacker *a)
{
    if (a->turns % 4 == 0) many_of(a, ZMTP_COMMAND, ZMTP_COMMAND, "\005SHOUT", 6);
}

static void subscriptions(struct attacker *a)
{
    if (a->turns % 4 == 0) many_of(a, ZMTP_COMMAND, ZMTP_COMMAND, "\011SUBSCRIBEall", 13);
}

/* A routing id would be a property of the handshake; other sockets have other rules. */
static void other_sockets(struct attacker *a)
{
    static const char *const types[] = { "DEALER", "ROUTER", "REQ", "SUB", "PULL", "PAIR", "" };
    uint8_t out[512];
    struct zmtp *z = attacker_next(a);
    if (hello(a, z, a->ring.current.transport_private.bytes))
        (void)zmtp_write(z, out, zmtp_initiate(z, types[a->turns % 7], out));
}

static void many_connections(struct attacker *a)
{
    if (attacker_connect(a, attacker_next(a), turn_of(a))) a->said++;
}

static void members_storm(struct attacker *a)
{
    uint8_t out[512];
    struct zmtp *z = attacker_next(a);
    if (!hello(a, z, a->ring.current.transport_private.bytes)) return;
    (void)zmtp_write(z, out, zmtp_initiate(z, "PUSH", out));
    zmtp_close(z, true);
    z->fd = -1;
}

/* Sealed rightly but for one thing, on a connection that is hung up for it. */
static void spoilt_boxes(struct attacker *a)
{
    uint8_t out[256];
    for (uint32_t i = 0; i < a->fleet->honest; i++) {
        struct zmtp *z = attacker_to(a, i);
        if (z == NULL) continue;
        const size_t len = zmtp_seal(z, 0, "spoilt", 6, out);
        if (a->turns % 3 == 0) out[len - 1] ^= 1;
        else if (a->turns % 3 == 1) assay_bytes_zero(out + 2 + 8, 8); /* an old nonce */
        else out[4] = 'A';
        if (!zmtp_write(z, out, len)) attacker_drop(a, i);
    }
}

static void half_frames(struct attacker *a)
{
    static _Thread_local uint8_t big[PART], out[PART + 256];
    for (uint32_t i = 0; i < a->fleet->honest && a->turns % 20 == 0; i++) {
        struct zmtp *z = attacker_next(a);
        if (!attacker_connect(a, z, i)) continue;
        (void)zmtp_write(z, out, zmtp_seal(z, 0, big, sizeof big, out) - 1);
    }
}

static void claimed_gigabyte(struct attacker *a)
{
    static const uint8_t head[9 + 8] = { 2, 0, 0, 0, 0, 0x40, 0, 0, 0, 7, 'M', 'E', 'S', 'S' };
    for (uint32_t i = 0; i < a->fleet->honest; i++) {
        struct zmtp *z = attacker_to(a, i);
        if (z != NULL && !zmtp_write(z, head, sizeof head)) attacker_drop(a, i);
    }
}

/* Its own daemon reads nothing: what is for it waits with the others. */
static void slow_reader(struct attacker *a)
{
    if (a->turns == 0) (void)kill(a->fleet->nodes[a->number].pid, SIGSTOP);
    a->is_stopped = true;
}

/* A batch of as many frames as fit, none of which is one. */
static void batches(struct attacker *a)
{
    static const uint8_t good[] = { 2, 0, 1, 'x', 0, 1, 'y' }, cut[] = { 2, 0, 9, 'x' },
                         nested[] = { 2, 0, 4, 2, 0, 1, 'x' };
    if (a->turns % 3 == 0) attacker_say_all(a, 0, good, sizeof good);
    else if (a->turns % 3 == 1) attacker_say_all(a, 0, cut, sizeof cut);
    else attacker_say_all(a, 0, nested, sizeof nested);
}

static void empty_messages(struct attacker *a)
{
    many_of(a, 0, 0, "", 0);
}

static void oversize_messages(struct attacker *a)
{
    static uint8_t all[ASSAY_FRAME_LEN_MAX]; /* and the flag of CURVE: at the limit */
    attacker_say_all(a, 0, all, sizeof all);
}

const struct attack connection_attacks[] = {
    { "half-open", "connects and says nothing", STRANGER, half_open, FORMED },
    { "slow-drip", "a greeting byte by byte, 64 at a time", STRANGER, slow_drip, FORMED },
    { "garbage-greeting", "random bytes", STRANGER, garbage_greeting, FORMED },
    { "garbage-later", "random bytes after a greeting", STRANGER, garbage_after_greeting, FORMED },
    { "null-mechanism", "NULL, READY and a message", STRANGER, null_mechanism, FORMED },
    { "plain-mechanism", "PLAIN with a password", STRANGER, plain_mechanism, FORMED },
    { "old-versions", "ZMTP 0 to 2", STRANGER, old_versions, FORMED },
    { "other-protocols", "HTTP and TLS", STRANGER, other_protocols, FORMED },
    { "claimed-lengths", "frames of 2^63 bytes", STRANGER, claimed_lengths, FORMED },
    { "unknown-key", "a whole handshake", STRANGER, unknown_key, FORMED },
    { "unknown-key-speaks", "... and messages at once", STRANGER, unknown_key_speaks, FORMED },
    { "wrong-bootstrap-key", "a HELLO for another bootstrap key", STRANGER, wrong_bootstrap_key,
      FORMED },
    { "hello-silence", "half a handshake", STRANGER, hello_then_silence, FORMED },
    { "hello-flood", "half handshakes and gone", STRANGER, hello_flood, FORMED },
    { "spoilt-initiate", "one bit of INITIATE", STRANGER, spoilt_initiate, FORMED },
    { "early-message", "a message before INITIATE", STRANGER, early_message, FORMED },
    { "connect-storm", "2000 connections a second", STRANGER, connect_storm, FORMED },
    { "replayed-initiate", "another connection's cookie", MEMBER, replayed_initiate, FORMED },
    { "endless-parts", "a message without end", MEMBER, endless_parts, FORMED },
    { "endless-empty-parts", "... of nothing", MEMBER, endless_empty_parts, FORMED },
    { "many-parts", "messages of 500 parts", MEMBER, many_parts, FORMED },
    { "ping-flood", "50,000 PINGs a second, no PONG read", MEMBER, ping_flood, FORMED },
    { "pings-and-gone", "PINGs, then a reset", MEMBER, pings_and_gone, FORMED },
    { "unknown-commands", "commands that are none", MEMBER, unknown_commands, FORMED },
    { "other-sockets", "DEALER, ROUTER, REQ, SUB ...", MEMBER, other_sockets, FORMED },
    { "many-connections", "100 a second with one key", MEMBER, many_connections, FORMED },
    { "members-storm", "handshakes and gone", MEMBER, members_storm, FORMED },
    { "spoilt-boxes", "bits, nonces and names", MEMBER, spoilt_boxes, FORMED },
    { "half-frames", "all of a frame but its last byte", MEMBER, half_frames, FORMED },
    { "claimed-gigabyte", "a frame of 1 GiB, in drops", MEMBER, claimed_gigabyte, FORMED },
    { "slow-reader", "its daemon stands still", MEMBER, slow_reader, FORMED },
    { "subscriptions", "SUBSCRIBE at a PULL: a message", MEMBER, subscriptions, FLOOD },
    { "batches", "malformed and nested ones", MEMBER, batches, MALFORMED },
    { "empty-messages", "50,000 a second", MEMBER, empty_messages, FLOOD },
    { "oversize", "64 KiB that are no frame", MEMBER, oversize_messages, MALFORMED },
};
const size_t connection_attacks_count = sizeof connection_attacks / sizeof connection_attacks[0];
