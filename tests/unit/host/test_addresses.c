/*
 * tests/unit/host/test_addresses.c - claims of addresses: whose, how new, and of what shape.
 */
#include "host/addresses.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t chain_id[32] = { 7 };

struct member {
    uint8_t public[64], node_id[32];
    struct assay_p256_signer *signer;
};

static void make_member(struct member *m)
{
    struct assay_secret32 key;
    cr_assert_eq(assay_p256_generate(&key, m->public), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&key, &m->signer), ASSAY_OK);
    assay_sha256(m->public, 64, m->node_id);
}

static struct assay_claim claim_of(const struct member *m, uint64_t number, const char *address)
{
    struct assay_claim c = { .number = number };
    assay_bytes_copy(c.chain_id, 32, chain_id, 32);
    assay_bytes_copy(c.node_id, 32, m->node_id, 32);
    (void)snprintf(c.address, sizeof c.address, "%s", address);
    assay_claim_digest(&c);
    cr_assert_eq(assay_p256_sign(m->signer, c.digest, c.signature), ASSAY_OK);
    return c;
}

static enum assay_status take(struct assay_address *held, const struct assay_claim *c,
                              const struct member *m, uint64_t now_ms)
{
    return assay_address_take(held, c, chain_id, m->node_id, m->public, now_ms);
}

Test(addresses, fit_when_somebody_can_dial_them)
{
    static const char *const good[] = { "127.0.0.1:7100", "a.example.org:1", "[::1]:65535",
                                        "node-7:7100" };
    static const char *const bad[] = { "",           ":7100",          "host",
                                       "host:",      "host:0",         "host:65536",
                                       "host:07100", "host:7100/x",    "tcp://host:7100",
                                       "ho st:7100", "0.0.0.0:7100",   "[::]:7100",
                                       "*:7100",     "host;lo:7100",   "host:71000000",
                                       "host:7a",    "127.0.0.1:7100 " };
    char longest[ASSAY_CLAIM_ADDRESS_MAX + 1];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(assay_address_fits(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(assay_address_fits(bad[i]), "%s", bad[i]);
    memset(longest, 'a', sizeof longest);
    (void)snprintf(longest + sizeof longest - 7, 7, ":65535");
    cr_expect_not(assay_address_fits(longest));
    cr_expect(assay_address_fits(longest + 1));
}

Test(addresses, the_newest_genuine_claim_of_a_member_stands)
{
    struct member m, other;
    struct assay_address held = { .known = false };
    make_member(&m);
    make_member(&other);
    struct assay_claim first = claim_of(&m, 5, "a:1"), second = claim_of(&m, 6, "b:2");
    struct assay_claim foreign = claim_of(&other, 9, "c:3"), forged = second;
    cr_assert_eq(take(&held, &foreign, &m, 0), ASSAY_E_STRANGER);
    assay_bytes_copy(foreign.node_id, 32, m.node_id, 32);
    assay_claim_digest(&foreign);
    cr_assert_eq(take(&held, &foreign, &m, 0), ASSAY_E_SIGNATURE);
    cr_assert_not(held.known);
    cr_assert_eq(take(&held, &first, &m, 0), ASSAY_OK);
    cr_assert_eq(take(&held, &first, &m, 0), ASSAY_E_STALE);
    forged.address[0] = 'x';
    assay_claim_digest(&forged);
    cr_assert_eq(take(&held, &forged, &m, 0), ASSAY_E_SIGNATURE);
    cr_assert_eq(take(&held, &second, &m, 0), ASSAY_OK, "its first move is taken at once");
    cr_assert_str_eq(held.claim.address, "b:2");
    struct assay_claim third = claim_of(&m, 7, "d:4");
    cr_assert_eq(take(&held, &third, &m, ASSAY_CLAIM_EVERY_MS - 1), ASSAY_E_RATE);
    cr_assert_eq(take(&held, &third, &m, ASSAY_CLAIM_EVERY_MS), ASSAY_OK);
    cr_assert_eq(take(&held, &second, &m, 10 * ASSAY_CLAIM_EVERY_MS), ASSAY_E_STALE);
    struct assay_claim elsewhere = claim_of(&m, 8, "e:5");
    elsewhere.chain_id[0] ^= 1;
    cr_assert_eq(take(&held, &elsewhere, &m, 10 * ASSAY_CLAIM_EVERY_MS), ASSAY_E_CHAIN);
    assay_p256_signer_free(&m.signer);
    assay_p256_signer_free(&other.signer);
}

Test(addresses, hostile_bytes_are_refused)
{
    struct member m;
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    make_member(&m);
    const struct assay_claim c = claim_of(&m, 5, "a.example:7100");
    struct assay_claim read;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_claim_encode(&c, &w), ASSAY_OK);
    cr_assert_eq(assay_claim_decode(assay_slice_over(bytes, w.len), &read), ASSAY_OK);
    cr_assert_eq(read.number, 5);
    cr_assert_str_eq(read.address, c.address);
    cr_assert(assay_bytes_equal(read.digest, c.digest, 32));
    for (size_t len = 0; len < w.len; len++) {
        uint8_t *exact = malloc(len > 0 ? len : 1);
        assay_bytes_copy(exact, len > 0 ? len : 1, bytes, len);
        cr_expect_neq(assay_claim_decode(assay_slice_over(exact, len), &read), ASSAY_OK, "%zu",
                      len);
        free(exact);
    }
    cr_expect_eq(assay_claim_decode(assay_slice_over(bytes, w.len + 1), &read), ASSAY_E_TRAILING);
    for (size_t bit = 0; bit < 8 * w.len; bit++) {
        struct assay_address held = { .known = false };
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (assay_claim_decode(assay_slice_over(bytes, w.len), &read) == ASSAY_OK)
            cr_expect_neq(take(&held, &read, &m, 0), ASSAY_OK, "bit %zu", bit);
        bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assay_p256_signer_free(&m.signer);
}
