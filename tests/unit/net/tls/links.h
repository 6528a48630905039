/*
 * tests/unit/net/tls/links.h - test fixture: a server of links and clients over loopback, under a
 * clock of the test, and raw sockets for what is no client.
 */
#ifndef ASSAY_TESTS_UNIT_NET_TLS_LINKS_H
#define ASSAY_TESTS_UNIT_NET_TLS_LINKS_H

#include "net/tls/client.h"
#include "net/tls/server.h"

enum { LINKS_PARTIES = 8, LINKS_NOBODY = 99 };

struct link_key {
    struct assay_secret32 secret;
    uint8_t public_key[32];
};

extern struct links {
    struct link_key own;                   /* of the server */
    struct link_key client[LINKS_PARTIES]; /* party i is permitted if listed[i] */
    bool listed[LINKS_PARTIES];
    uint8_t chain_id[32];
    uint64_t now_ms;
    uint32_t finds; /* calls of the server's callback */
    struct assay_tls_server *server;
    char address[64];
} links;

void links_open(void);
void links_close(void);
struct assay_tls_config links_server_config(void);
/* A client with the key of a party, dialling the server. */
struct assay_tls_client *links_client(uint32_t party);
struct assay_tls_client *links_client_of(const struct link_key *key,
                                         const uint8_t chain_id[static 32]);
/* Advances both by 1 ms and runs them once; client may be NULL. */
void links_run(struct assay_tls_client *client);
/* Runs until the server has the party, or the given number of turns is over. */
bool links_wait_up(struct assay_tls_client *client, uint32_t party);
/* Next frame at the server. Returns: its party; LINKS_NOBODY: none arrived */
uint32_t links_next(struct assay_tls_client *client, struct assay_slice *frame);
/* A connection without TLS. */
int links_dial_raw(void);
/* Returns: whether the server has closed it. */
bool links_is_closed(int fd);

#endif
