/*
 * tests/support/zmtp.h - a peer that sends any bytes: manual ZMTP 3.1 with CURVE (RFC 37 and RFC 26
 * of ZeroMQ), for messages that no library sends.
 *
 * One TCP connection on loopback; blocking, with a time-out of two seconds. Every function returns
 * false when the other side has closed the connection or sent nothing.
 */
#ifndef ASSAY_TESTS_SUPPORT_ZMTP_H
#define ASSAY_TESTS_SUPPORT_ZMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Flags of a sealed message, inside the box. */
enum { ZMTP_MORE = 1, ZMTP_COMMAND = 2 };

struct zmtp {
    int fd;
    bool is_server;
    uint64_t nonce;
    uint8_t own_secret[32], own_public[32]; /* of this connection */
    uint8_t peer_public[32];                /* ... the other side's */
    uint8_t long_secret[32], long_public[32], server_public[32], cookie[96];
};

/* Time-out of connections of this thread from now on: 2000 ms by default. */
void zmtp_be_patient(int ms);
/* Connects. Returns: true when it did. */
bool zmtp_dial(struct zmtp *z, uint16_t port);
/* Greeting and HELLO, up to the WELCOME, as a client of that listener, with this key. */
bool zmtp_hello(struct zmtp *z, const uint8_t secret[static 32],
                const uint8_t server_public[static 32]);
/* INITIATE as bytes, to be sent alone or with what must not come so early. socket_type: "PUSH".
 * Returns: how many bytes. */
size_t zmtp_initiate(struct zmtp *z, const char *socket_type, uint8_t out[static 512]);
/* All of it, and the READY that answers. */
bool zmtp_connect(struct zmtp *z, uint16_t port, const uint8_t secret[static 32],
                  const uint8_t server_public[static 32]);
/* A listener on a free port. Returns: its descriptor, -1: none. */
int zmtp_listen(uint16_t *port);
/* Accepts one caller and shakes hands as the server with this key. */
bool zmtp_accept(struct zmtp *z, int listener, const uint8_t secret[static 32]);
/* One sealed message as bytes; len + 64 fit. Returns: how many bytes. */
size_t zmtp_seal(struct zmtp *z, int flags, const void *bytes, size_t len, uint8_t *out);
bool zmtp_write(struct zmtp *z, const void *bytes, size_t len);
/* seal and write of up to 64 KiB. */
bool zmtp_send(struct zmtp *z, int flags, const void *bytes, size_t len);
/* Closes the connection; with a reset instead of an orderly close if requested. */
void zmtp_close(struct zmtp *z, bool reset);

#endif
