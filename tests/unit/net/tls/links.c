/*
 * tests/unit/net/tls/links.c - a server of links and its clients, in one thread.
 */
#include "tests/unit/net/tls/links.h"

#include "base/crypto.h"
#include "net/tls/connection.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct links links;

enum { TURNS = 2000 };

static bool find_party(void *context, const uint8_t key[static 32], uint32_t *party)
{
    (void)context;
    links.finds++;
    for (uint32_t i = 0; i < LINKS_PARTIES; i++)
        if (links.listed[i] && assay_bytes_equal(links.client[i].public_key, key, 32)) {
            *party = i;
            return true;
        }
    return false;
}

struct assay_tls_config links_server_config(void)
{
    return (struct assay_tls_config){ .secret = &links.own.secret,
                                      .public_key = links.own.public_key,
                                      .chain_id = links.chain_id,
                                      .find = find_party };
}

void links_open(void)
{
    char message[ASSAY_TLS_SERVER_MESSAGE_LEN];
    links = (struct links){ .now_ms = 1000, .chain_id = { 1, 2, 3 } };
    cr_assert_eq(assay_x25519_generate(&links.own.secret, links.own.public_key), ASSAY_OK);
    for (uint32_t i = 0; i < LINKS_PARTIES; i++) {
        cr_assert_eq(assay_x25519_generate(&links.client[i].secret, links.client[i].public_key),
                     ASSAY_OK);
        links.listed[i] = true;
    }
    const struct assay_tls_config config = links_server_config();
    cr_assert_eq(
        assay_tls_server_open(&config, "127.0.0.1:0", LINKS_PARTIES, &links.server, message),
        ASSAY_OK, "%s", message);
    (void)snprintf(links.address, sizeof links.address, "127.0.0.1:%u",
                   (unsigned)assay_tls_server_port(links.server));
}

void links_close(void)
{
    assay_tls_server_close(&links.server);
}

struct assay_tls_client *links_client_of(const struct link_key *key,
                                         const uint8_t chain_id[static 32])
{
    struct assay_tls_client *client = NULL;
    const struct assay_tls_config config = { .secret = &key->secret,
                                             .public_key = key->public_key,
                                             .chain_id = chain_id };
    cr_assert_eq(assay_tls_client_open(&config, 1, ASSAY_TLS_QUEUE_SMALL, NULL, &client), ASSAY_OK);
    cr_assert_eq(assay_tls_client_set(client, 0, links.own.public_key, links.address, links.now_ms),
                 ASSAY_OK);
    return client;
}

struct assay_tls_client *links_client(uint32_t party)
{
    return links_client_of(&links.client[party], links.chain_id);
}

void links_run(struct assay_tls_client *client)
{
    struct pollfd fd = { .fd = assay_tls_server_fd(links.server), .events = POLLIN };
    links.now_ms++;
    if (client != NULL) {
        assay_tls_client_step(client, links.now_ms);
        assay_tls_client_flush(client, links.now_ms);
    }
    if (assay_tls_server_wake_at(links.server, links.now_ms) > links.now_ms) (void)poll(&fd, 1, 1);
    assay_tls_server_step(links.server, links.now_ms);
    assay_tls_server_flush(links.server);
}

bool links_wait_up(struct assay_tls_client *client, uint32_t party)
{
    for (int i = 0; i < TURNS && (!assay_tls_client_is_up(client, 0) ||
                                  !assay_tls_server_is_up(links.server, party));
         i++)
        links_run(client);
    return assay_tls_client_is_up(client, 0) && assay_tls_server_is_up(links.server, party);
}

uint32_t links_next(struct assay_tls_client *client, struct assay_slice *frame)
{
    uint32_t party = LINKS_NOBODY;
    for (int i = 0; i < TURNS; i++) {
        if (assay_tls_server_receive(links.server, &party, frame) == ASSAY_OK) return party;
        links_run(client);
    }
    return LINKS_NOBODY;
}

int links_dial_raw(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons(assay_tls_server_port(links.server)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert(fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof at) == 0);
    assay_tls_connection_set_socket(fd); /* a small frame waits for no acknowledgement */
    return fd;
}

bool links_is_closed(int fd)
{
    char bytes[1024];
    ssize_t got = 1;
    while (got > 0)
        got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}
