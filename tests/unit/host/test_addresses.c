/*
 * tests/unit/host/test_addresses.c - claims of addresses: whose, how new, and of what shape.
 */
#include "base/cbor.h"
#include "host/peers/addresses.h"

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
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    while (assay_address_next(&address, item))
        assay_claim_add(&c, item);
    assay_claim_digest(&c);
    cr_assert_eq(assay_p256_sign(m->signer, c.digest, c.signature), ASSAY_OK);
    return c;
}

static enum assay_status take(struct assay_address *held, const struct assay_claim *c,
                              const struct member *m, uint64_t now_ms)
{
    return assay_address_update(held, c, chain_id, m->node_id, m->public, now_ms);
}

Test(addresses, fit_when_somebody_can_dial_them)
{
    static const char *const good[] = { "127.0.0.1:7100", "a.example.org:1", "[::1]:65535",
                                        "node-7:7100", "[2001:db8::7:1]:7100",
                                        "[1:2:3:4:5:6:7:8]:1", "[1::]:1", "[::ffff:192.0.2.1]:1",
                                        "[1:2:3:4:5:6:192.0.2.1]:1", "[1:2:3:4:5:6:7::]:1" };
    static const char *const bad[] = { "",           ":7100",          "host",
                                       "host:",      "host:0",         "host:65536",
                                       "host:07100", "host:7100/x",    "tcp://host:7100",
                                       "ho st:7100", "0.0.0.0:7100",   "[::]:7100",
                                       "*:7100",     "host;lo:7100",   "host:71000000",
                                       "host:7a",    "127.0.0.1:7100 " };
    /* Names in brackets: of whoever would be asked for them in the thread that serves all. */
    static const char *const brackets[] = {
        "[a.example]:1",   "[]:1",          "[1:2]:1",         "[::g]:1",
        "[::1:1",          "::1]:1",        "[a]b:1",          "a[::1]:1",
        "[[::1]]:1",       "[12345::]:1",   "[1::2::3]:1",     "[:::1]:1",
        "[1:]:1",          "[:1]:1",        "[127.0.0.1]:1",   "[::1.2.3]:1",
        "[::1.2.3.4:5]:1", "[fe80::1-2]:1", "[::1.example]:1", "[1:2:3:4:5:6:7:8:9]:1",
        "[1:2:3:4:5:6:7:8::]:1",
    };
    char longest[ASSAY_CLAIM_ADDRESS_MAX + 1];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        cr_expect(assay_address_is_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_expect_not(assay_address_is_valid(bad[i]), "%s", bad[i]);
    for (size_t i = 0; i < sizeof brackets / sizeof brackets[0]; i++)
        cr_expect_not(assay_address_is_valid(brackets[i]), "%s", brackets[i]);
    memset(longest, 'a', sizeof longest);
    (void)snprintf(longest + sizeof longest - 7, 7, ":65535");
    cr_expect_not(assay_address_is_valid(longest));
    cr_expect(assay_address_is_valid(longest + 1));
}

Test(addresses, are_walked_between_commas)
{
    static const char *const items[] = { "a:1", "[::1]:2", "b:3", "", "" };
    char longest[2 * ASSAY_CLAIM_ADDRESS_MAX] = " tcp://a:1 ,[::1]:2,  b:3,,";
    char item[ASSAY_CLAIM_ADDRESS_MAX];
    const char *rest = longest;
    memset(longest + strlen(longest), 'x', ASSAY_CLAIM_ADDRESS_MAX);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        cr_assert(assay_address_next(&rest, item), "%zu", i);
        cr_expect_str_eq(item, items[i]);
    }
    cr_assert_not(assay_address_next(&rest, item));
    rest = "";
    cr_assert_not(assay_address_next(&rest, item));
    rest = "tcp:/";
    cr_assert(assay_address_next(&rest, item));
    cr_assert_str_eq(item, "tcp:/");
}

Test(addresses, a_claim_has_one_to_four_each_once_and_in_order)
{
    struct assay_claim a = { .count = 0 }, b = { .count = 0 };
    assay_claim_add(&a, "0.0.0.0:1");
    cr_assert_eq(a.count, 0, "nobody dials that");
    static const char *const texts[] = { "a:1", "b:1", "a:1", "c:1", "d:1", "e:1" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assay_claim_add(&a, texts[i]);
    cr_assert_eq(a.count, ASSAY_CLAIM_ADDRESSES_MAX);
    cr_assert_str_eq(a.addresses[2], "c:1");
    cr_assert_str_eq(a.addresses[3], "d:1");
    assay_claim_add(&b, "b:1");
    cr_assert_not(assay_claim_equals(&a, &b));
    assay_claim_add(&b, "a:1");
    assay_claim_add(&b, "c:1");
    assay_claim_add(&b, "d:1");
    cr_assert_not(assay_claim_equals(&a, &b), "the order says which one is tried first");
}

/* [body, signature] around a body with these items as its addresses. */
static size_t made(const struct member *m, const char *const *items, size_t count, uint8_t *out)
{
    uint8_t body[2048];
    struct assay_writer w = assay_writer_over(body, sizeof body);
    struct assay_writer all = assay_writer_over(out, 4096);
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, "assay/address/v2");
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_bytes(&w, m->node_id, 32);
    assay_cbor_put_uint(&w, 1);
    assay_cbor_put_array(&w, count);
    for (size_t i = 0; i < count; i++)
        assay_cbor_put_text(&w, items[i]);
    assay_cbor_put_array(&all, 2);
    assay_cbor_put_bytes(&all, body, w.len);
    assay_cbor_put_bytes(&all, signature, sizeof signature);
    cr_assert_not(all.full);
    return all.len;
}

Test(addresses, a_list_that_no_member_writes_is_refused)
{
    static const char *const good[] = { "a:1", "b:1", "c:1", "d:1", "e:1" };
    static const char *const twice[] = { "a:1", "b:1", "a:1" };
    static const char *const wild[] = { "a:1", "[::]:1" };
    struct member m;
    struct assay_claim read;
    uint8_t bytes[4096];
    make_member(&m);
#define DECODED(items, count)                                                                      \
    assay_claim_decode(assay_slice_over(bytes, made(&m, items, count, bytes)), &read)
    cr_assert_eq(DECODED(good, 1), ASSAY_OK);
    cr_assert_eq(DECODED(good, 4), ASSAY_OK);
    cr_assert_eq(read.count, 4);
    cr_assert_neq(DECODED(good, 0), ASSAY_OK);
    cr_assert_neq(DECODED(good, 5), ASSAY_OK);
    cr_assert_eq(DECODED(twice, 3), ASSAY_E_INVALID);
    cr_assert_eq(DECODED(wild, 2), ASSAY_E_INVALID);
#undef DECODED
    assay_p256_signer_free(&m.signer);
}

Test(addresses, the_longest_claim_fits_its_buffer)
{
    struct member m;
    char text[ASSAY_CLAIM_ADDRESSES_MAX * ASSAY_CLAIM_ADDRESS_MAX + 1] = "";
    uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
    make_member(&m);
    for (int i = 0; i < ASSAY_CLAIM_ADDRESSES_MAX; i++) {
        memset(text + i * ASSAY_CLAIM_ADDRESS_MAX, 'a' + i, ASSAY_CLAIM_ADDRESS_MAX);
        (void)snprintf(text + (i + 1) * ASSAY_CLAIM_ADDRESS_MAX - 7, 8, ":65535,");
    }
    text[sizeof text - 2] = '\0';
    const struct assay_claim c = claim_of(&m, INT64_MAX, text);
    cr_assert_eq(c.count, ASSAY_CLAIM_ADDRESSES_MAX);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_claim read;
    cr_assert_eq(assay_claim_encode(&c, &w), ASSAY_OK);
    cr_assert_eq(assay_claim_decode(assay_slice_over(bytes, w.len), &read), ASSAY_OK);
    cr_assert(assay_claim_equals(&read, &c));
    assay_p256_signer_free(&m.signer);
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
    forged.addresses[0][0] = 'x';
    assay_claim_digest(&forged);
    cr_assert_eq(take(&held, &forged, &m, 0), ASSAY_E_SIGNATURE);
    cr_assert_eq(take(&held, &second, &m, 0), ASSAY_OK, "its first move is taken at once");
    cr_assert_str_eq(held.claim.addresses[0], "b:2");
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
    const struct assay_claim c =
        claim_of(&m, 5, "a.example:7100, [::1]:7100,b.example:1,127.0.0.1:65535");
    struct assay_claim read;
    cr_assert_eq(c.count, ASSAY_CLAIM_ADDRESSES_MAX);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_claim_encode(&c, &w), ASSAY_OK);
    cr_assert_eq(assay_claim_decode(assay_slice_over(bytes, w.len), &read), ASSAY_OK);
    cr_assert_eq(read.number, 5);
    cr_assert(assay_claim_equals(&read, &c));
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

Test(addresses, groups_are_what_fails_together)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "8.8.8.8:7100", "8.8.4.4:7200", true },
        { "8.8.8.8:7100", "8.9.8.8:7100", false },
        { "8.8.8.8:7100, 9.9.9.9:1", "8.8.1.1:1", true },
        { "[2001:db8::1]:7100", "[2001:0DB8:ffff::2]:7100", true },
        { "[2001:db8::1]:7100", "[2001:db9::1]:7100", false },
        { "10.1.2.3:7100", "10.1.2.3:7200", true },
        { "10.1.2.3:7100", "10.1.2.4:7100", false },
        { "192.168.0.1:1", "192.168.0.2:1", false },
        { "172.16.0.1:1", "172.31.0.2:1", false },
        { "172.32.0.1:1", "172.32.9.9:1", true },
        { "100.64.0.1:1", "100.64.0.2:1", false },
        { "169.254.0.1:1", "169.254.0.2:1", false },
        { "[fd00::1]:1", "[fd00::2]:1", false },
        { "[fe80::1]:1", "[fe80::2]:1", false },
        { "127.0.0.1:7100", "127.0.0.1:7200", false },
        { "[::1]:7100", "[::1]:7200", false },
        { "localhost:7100", "localhost:7200", false },
        { "a.example:7100", "a.example:7200", true },
        { "a.example:7100", "b.example:7100", false },
        { "1.2.3:7100", "1.2.4:7100", false }, /* names */
        { "1.2.3.4.5:7100", "1.2.3.4.6:7100", false },
        { "1.2.3.256:7100", "1.2.9.256:7100", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(assay_address_group(rows[i].a) == assay_address_group(rows[i].b),
                     rows[i].same, "%s and %s", rows[i].a, rows[i].b);
    cr_expect_eq(assay_address_group(""), 0);
}
