/*
 * tests/unit/services/identity/test_signer_links.c - links of holders: who a frame is of, whatever
 * other holders list.
 */
#include "base/bytes.h"
#include "net/services/identity/signer_links.h"
#include "services/shares/sodium.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 3, WAITS = 200 };

typedef char link_address[ASSAY_CA_ADDRESS_MAX + 1];

static struct assay_ca *ca_of(const uint8_t keys[NODES][32], link_address address[NODES])
{
    struct assay_ca *ca = calloc(1, sizeof *ca);
    cr_assert_not_null(ca);
    ca->force.holders = NODES;
    for (uint32_t i = 0; i < NODES; i++) {
        struct assay_ca_holder *h = &ca->force.holder[i];
        h->slot = i;
        h->node_id[0] = (uint8_t)(i + 1);
        assay_bytes_copy(h->link_key, 32, keys[i], 32);
        h->address_len = (uint8_t)strlen(address[i]);
        assay_bytes_copy(h->address, sizeof h->address, address[i], h->address_len);
    }
    return ca;
}

/* Holder 1 lists the key of holder 2, with its first bit changed by sign; holder 2 sends to 3. */
static void send_with_copied_key(uint8_t sign)
{
    static const uint8_t three[32] = { 3 };
    const struct assay_secret32 seed[NODES] = { { { 1 } }, { { 2 } }, { { 3 } } };
    struct assay_keyholder_links *l[NODES];
    uint8_t keys[NODES][32], from[32];
    link_address address[NODES];
    char message[ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN];
    struct assay_slice frame;
    struct pollfd none = { .fd = -1 };
    bool is_of_two = false;
    for (uint32_t i = 0; i < NODES; i++) {
        assay_sodium_link_pair(&seed[i], keys[i]);
        cr_assert_eq(assay_keyholder_links_open("127.0.0.1:0", &seed[i], &l[i], message), ASSAY_OK,
                     "%s", message);
        cr_assert_eq(assay_keyholder_links_address(l[i], NULL, address[i]), ASSAY_OK);
    }
    assay_bytes_copy(keys[0], 32, keys[1], 32);
    keys[0][31] ^= sign;
    struct assay_ca *ca = ca_of((const uint8_t(*)[32])keys, address);
    for (uint32_t i = 0; i < NODES; i++)
        assay_keyholder_links_apply(l[i], ca);
    for (uint32_t n = 0; n < WAITS && !is_of_two; n++) {
        assay_keyholder_links_send(l[1], three, assay_slice_over("hello", 5));
        for (uint32_t i = 1; i < NODES; i++) {
            assay_status_ignore(assay_keyholder_links_wait(l[i], &none, 50), "sent again");
            assay_keyholder_links_flush(l[i]);
        }
        while (assay_keyholder_links_receive(l[2], from, &frame) == ASSAY_OK) {
            cr_expect(assay_slice_equal(frame, assay_slice_over("hello", 5)));
            is_of_two |= from[0] == 2;
        }
    }
    cr_expect(is_of_two, "holder 2 is cut off");
    for (uint32_t i = 0; i < NODES; i++)
        assay_keyholder_links_close(&l[i]);
    free(ca);
}

Test(services_signer_links, a_copied_link_key_cuts_no_holder_off, .timeout = 60)
{
    send_with_copied_key(0);
}

/* The X25519 forms of P and -P are equal. */
Test(services_signer_links, the_negative_of_a_link_key_cuts_no_holder_off, .timeout = 60)
{
    send_with_copied_key(0x80);
}

/* Holder 2 is lost in the next number (it has not vouched there) and lives in the active
 * one. Its process restarts: its CA_OFFER renews the row of the active number alone. The row of the
 * next number, which is read last, has the key of the process before, and does not count. */
Test(services_signer_links, a_holder_that_is_lost_in_the_next_number_signs_for_the_active_one,
     .timeout = 60)
{
    static const uint8_t three[32] = { 3 };
    const struct assay_secret32 seed[NODES] = { { { 1 } }, { { 2 } }, { { 3 } } },
                                before = { { 22 } };
    struct assay_keyholder_links *l[NODES];
    uint8_t keys[NODES][32], from[32];
    link_address address[NODES];
    char message[ASSAY_KEYHOLDER_LINKS_MESSAGE_LEN];
    struct assay_slice frame;
    struct pollfd none = { .fd = -1 };
    bool is_of_two = false;
    for (uint32_t i = 0; i < NODES; i++) {
        assay_sodium_link_pair(&seed[i], keys[i]);
        cr_assert_eq(assay_keyholder_links_open("127.0.0.1:0", &seed[i], &l[i], message), ASSAY_OK);
        cr_assert_eq(assay_keyholder_links_address(l[i], NULL, address[i]), ASSAY_OK);
    }
    struct assay_ca *ca = ca_of((const uint8_t(*)[32])keys, address);
    ca->next.force = ca->force;
    ca->next.force.holder[1].lost = true;
    assay_sodium_link_pair(&before, ca->next.force.holder[1].link_key);
    for (uint32_t i = 0; i < NODES; i++)
        assay_keyholder_links_apply(l[i], ca);
    for (uint32_t n = 0; n < WAITS / 4 && !is_of_two; n++) {
        assay_keyholder_links_send(l[1], three, assay_slice_over("hello", 5));
        for (uint32_t i = 1; i < NODES; i++) {
            assay_status_ignore(assay_keyholder_links_wait(l[i], &none, 50), "sent again");
            assay_keyholder_links_flush(l[i]);
        }
        while (assay_keyholder_links_receive(l[2], from, &frame) == ASSAY_OK)
            is_of_two |= from[0] == 2;
    }
    cr_expect(is_of_two, "holder 2 is cut off from sessions of the active number");
    for (uint32_t i = 0; i < NODES; i++)
        assay_keyholder_links_close(&l[i]);
    free(ca);
}
