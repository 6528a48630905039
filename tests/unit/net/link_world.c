/*
 * tests/unit/net/link_world.c - fixture of three linked nodes.
 */
#include "tests/unit/net/link_world.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

struct node nodes[NODES];
assay_resolve *resolve;

uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void make_keys(void)
{
    for (size_t i = 0; i < NODES; i++) {
        cr_assert_eq(assay_x25519_generate(&nodes[i].door_secret, nodes[i].door), ASSAY_OK);
        cr_assert_eq(assay_x25519_generate(&nodes[i].transport_secret, nodes[i].transport),
                     ASSAY_OK);
    }
}

void open_node(size_t self, const char *listen)
{
    struct node *node = &nodes[self];
    struct assay_limit_rates rates;
    char message[ASSAY_LINK_MESSAGE_LEN];
    assay_limit_rates(500, NODES, &rates);
    for (size_t i = 0; i < NODES; i++) {
        assay_bytes_copy(node->entries[i].door, 32, nodes[i].door, 32);
        assay_bytes_copy(node->entries[i].transport, 32, nodes[i].transport, 32);
        node->entries[i].weight = 10000;
        assay_limit_init(&node->limits[i], &rates, now_ms());
    }
    node->roster =
        (struct assay_roster){ .count = NODES, .self = (uint16_t)self, .entries = node->entries };
    const struct assay_link_config config = {
        .roster = &node->roster,
        .limits = node->limits,
        .counters = &node->counters,
        .door_secret = &node->door_secret,
        .door_public = node->door,
        .listen = listen != NULL ? listen : "127.0.0.1:*",
        .resolve = resolve,
        .handshake_ms = 200,
        .self_test = true,
    };
    const enum assay_status status = assay_link_open(&config, &node->link, message);
    cr_assert_eq(status, ASSAY_OK, "%s", message);
    cr_assert_eq(assay_link_identify(node->link, &node->transport_secret, node->transport),
                 ASSAY_OK);
}

void open_all(void)
{
    make_keys();
    for (size_t i = 0; i < NODES; i++)
        open_node(i, NULL);
}

void introduce(size_t from, size_t to)
{
    cr_assert_eq(
        assay_link_peer(nodes[from].link, (uint16_t)to, assay_link_endpoint(nodes[to].link)),
        ASSAY_OK);
}

void close_all(void)
{
    for (size_t i = 0; i < NODES; i++)
        assay_link_close(&nodes[i].link);
}

bool listen_for(size_t at, int wait_ms, char *text, size_t text_len, uint16_t *slot)
{
    for (int waited = 0; waited < wait_ms; waited += STEP_MS) {
        for (size_t i = 0; i < NODES; i++)
            if (nodes[i].link != NULL)
                cr_assert_eq(
                    assay_link_wait(nodes[i].link, now_ms(), NULL, 0, i == at ? STEP_MS : 0),
                    ASSAY_OK);
        enum assay_roster_key which = ASSAY_ROSTER_DOOR;
        struct assay_slice frame;
        if (assay_link_receive(nodes[at].link, slot, &which, &frame) != ASSAY_OK) continue;
        cr_assert_lt(frame.len, text_len);
        assay_bytes_copy(text, text_len, frame.bytes, frame.len);
        text[frame.len] = '\0';
        return true;
    }
    return false;
}

void say(size_t from, size_t to, const char *text)
{
    cr_assert_eq(
        assay_link_send(nodes[from].link, (uint16_t)to, assay_slice_over(text, strlen(text)), 0),
        ASSAY_OK);
}
