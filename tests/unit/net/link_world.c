/*
 * tests/unit/net/link_world.c - fixture of three linked nodes.
 */
#include "tests/unit/net/link_world.h"

#include "base/crypto.h"
#include "base/system_clock.h"

#include <criterion/criterion.h>
#include <string.h>

struct node nodes[NODES];
assay_resolve *resolve;
int handshake_ms = 200;

uint64_t now_ms(void)
{
    return assay_monotonic_ms();
}

void make_keys(void)
{
    for (size_t i = 0; i < NODES; i++) {
        cr_assert_eq(assay_x25519_generate(&nodes[i].bootstrap_secret, nodes[i].bootstrap),
                     ASSAY_OK);
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
        assay_bytes_copy(node->entries[i].bootstrap, 32, nodes[i].bootstrap, 32);
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
        .bootstrap_secret = &node->bootstrap_secret,
        .bootstrap_public = node->bootstrap,
        .listen = listen != NULL ? listen : "127.0.0.1:*",
        .resolve = resolve,
        .handshake_ms = handshake_ms,
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
    for (const uint64_t end_ms = now_ms() + (uint64_t)wait_ms; now_ms() < end_ms;) {
        for (size_t i = 0; i < NODES; i++)
            if (nodes[i].link != NULL)
                cr_assert_eq(
                    assay_link_wait(nodes[i].link, now_ms(), NULL, 0, i == at ? STEP_MS : 0),
                    ASSAY_OK);
        enum assay_roster_key which = ASSAY_ROSTER_BOOTSTRAP;
        struct assay_slice frame;
        if (assay_link_receive(nodes[at].link, slot, &which, &frame) != ASSAY_OK) continue;
        cr_assert_lt(frame.len, text_len);
        assay_bytes_copy(text, text_len, frame.bytes, frame.len);
        text[frame.len] = '\0';
        return true;
    }
    return false;
}

bool counts(size_t at, enum assay_counter counter, uint64_t least)
{
    const uint64_t end_ms = now_ms() + LONG_MS;
    while (nodes[at].counters.value[counter] < least && now_ms() < end_ms)
        for (size_t i = 0; i < NODES; i++)
            cr_assert_eq(assay_link_wait(nodes[i].link, now_ms(), NULL, 0, i == at ? STEP_MS : 0),
                         ASSAY_OK);
    return nodes[at].counters.value[counter] >= least;
}

void say(size_t from, size_t to, const char *text)
{
    cr_assert_eq(
        assay_link_send(nodes[from].link, (uint16_t)to, assay_slice_over(text, strlen(text)), 0),
        ASSAY_OK);
}
