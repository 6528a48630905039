/*
 * tests/unit/quote/x509/test_gather.c - tests of the certificates that are gathered for one root:
 * second forms of signatures take no room, and copies cost a bounded number of verifications.
 */
#include "quote/certificates/chain.h"
#include "quote/pieces/gather.h"
#include "tests/support/authority.h"
#include "tests/support/signature_count.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { HALF = ASSAY_P256_SIGNATURE_LEN / 2, BUNDLE = ASSAY_CHAIN_MAX };

/* The order of P-256 (FIPS 186-4, D.1.2.3). */
static const uint8_t order[HALF] = { 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,
                                     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                     0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84,
                                     0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

static struct assay_recognition *found;
static struct assay_gathered *gathered;

static void set_up(void)
{
    found = calloc(1, sizeof *found);
    gathered = calloc(1, sizeof *gathered);
    cr_assert(found != NULL && gathered != NULL);
}

static void tear_down(void)
{
    free(found);
    free(gathered);
}

TestSuite(quote_gather, .init = set_up, .fini = tear_down);

static void add(const uint8_t *der, size_t len)
{
    struct assay_certificate c;
    cr_assert_lt(found->count, ASSAY_RECOGNISED_MAX);
    cr_assert_eq(assay_x509_certificate(der, len, &c), ASSAY_OK);
    found->pieces[found->count++] =
        (struct assay_recognised){ .shape = ASSAY_SHAPE_CERTIFICATE, .bytes = { der, len } };
}

/* n - s instead of s, in a certificate that is signed by a key of P-256. Returns: its length */
static size_t write_second_form(const uint8_t *der, size_t len,
                                uint8_t out[static AUTHORITY_DER_MAX])
{
    size_t at = len - 80; /* of the BIT STRING */
    while (der[at] != 0x03 || der[at + 1] != len - at - 2 || der[at + 2] != 0 ||
           der[at + 3] != 0x30 || der[at + 4] != len - at - 5)
        at += 1;
    const size_t r_len = der[at + 6], s_at = at + 7 + r_len;
    cr_assert(der[s_at] == 0x02 && s_at + 2 + der[s_at + 1] == len);
    uint8_t s[HALF + 1] = { 0 }; /* with the zero that DER puts before a high bit */
    const size_t s_len = der[s_at + 1];
    assay_bytes_copy(s + sizeof s - s_len, s_len, der + s_at + 2, s_len);
    for (size_t i = HALF, borrow = 0; i > 0; i--) {
        const int digit = (int)order[i - 1] - (int)s[i] - (int)borrow;
        s[i] = (uint8_t)(digit & 255);
        borrow = digit < 0;
    }
    size_t from = 0;
    while (s[from] == 0 && s[from + 1] < 0x80)
        from += 1;
    const size_t other_len = sizeof s - from, other = s_at + 2 + other_len;
    assay_bytes_copy(out, AUTHORITY_DER_MAX, der, s_at + 1);
    out[s_at + 1] = (uint8_t)other_len;
    assay_bytes_copy(out + s_at + 2, AUTHORITY_DER_MAX - s_at - 2, s + from, other_len);
    out[at + 1] = (uint8_t)(other - at - 2);
    out[at + 4] = (uint8_t)(other - at - 5);
    cr_assert(out[0] == 0x30 && out[1] == 0x82);
    out[2] = (uint8_t)((other - 4) >> 8);
    out[3] = (uint8_t)((other - 4) & 255);
    return other;
}

/* As many certificates as a bundle has room for, and of each the second form, before or behind:
 * each is gathered once, in whichever form, and none is left out. */
Test(quote_gather, takes_each_certificate_in_one_form)
{
    static uint8_t ders[BUNDLE][AUTHORITY_DER_MAX], seconds[BUNDLE][AUTHORITY_DER_MAX];
    size_t lens[BUNDLE], second_lens[BUNDLE];
    struct assay_key root;
    struct assay_certificate first, second;
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA256;
    struct authority_key *keys[] = { authority_key_make(ASSAY_KEY_P256),
                                     authority_key_make(ASSAY_KEY_P256) };
    authority_key_public(keys[0], &root);
    for (size_t i = 0; i < BUNDLE; i++) {
        struct authority_certificate c = authority_ca("Root", keys[0], "Root", keys[0], alg);
        if (i == 1) c = authority_ca("Issuer", keys[1], "Root", keys[0], alg);
        if (i > 1) c = authority_leaf("Leaf", keys[1], "Issuer", keys[1], alg);
        c.serial = 100 + i;
        lens[i] = authority_certificate_make(&c, ders[i]);
        second_lens[i] = write_second_form(ders[i], lens[i], seconds[i]);
        cr_assert_eq(assay_x509_certificate(ders[i], lens[i], &first), ASSAY_OK);
        cr_assert_eq(assay_x509_certificate(seconds[i], second_lens[i], &second), ASSAY_OK);
        struct assay_key signer;
        authority_key_public(keys[i > 1], &signer);
        cr_assert_eq(assay_chain_signed(&signer, second.tbs_digest, &second.signature), ASSAY_OK);
        cr_assert_not(assay_bytes_equal(first.digest, second.digest, sizeof first.digest));
    }
    for (int behind = 0; behind < 2; behind++) {
        found->count = 0;
        for (int turn = 0; turn < 2; turn++)
            for (size_t i = 0; i < BUNDLE; i++)
                if (turn == behind) add(seconds[i], second_lens[i]);
                else add(ders[i], lens[i]);
        cr_assert_eq(assay_collateral_gather(found, &root, false, gathered), ASSAY_OK);
        cr_expect_eq(gathered->left_out, 0);
        cr_assert_eq(gathered->count, BUNDLE);
        for (size_t i = 0; i < BUNDLE; i++)
            for (size_t k = 0; k < i; k++)
                cr_expect_not(assay_bytes_equal(gathered->certificates[i].serial,
                                                gathered->certificates[k].serial, ASSAY_SERIAL_LEN),
                              "%zu and %zu", i, k);
    }
    for (size_t i = 0; i < 2; i++)
        authority_key_free(&keys[i]);
}

/* --- lists */
enum { LISTS_AT = 1800000000, STRANGE_LISTS = 60, LISTS = STRANGE_LISTS + ASSAY_LISTS_MAX };

/* A vendor's root with that many lists of its own, behind those of strangers. Out: *built: its
 * bundle */
static void build_lists(size_t strange, size_t own, struct assay_collateral *built)
{
    static uint8_t ders[LISTS][AUTHORITY_DER_MAX], root_der[AUTHORITY_DER_MAX];
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA256;
    struct authority_key *key = authority_key_make(ASSAY_KEY_P256);
    struct authority_key *other = authority_key_make(ASSAY_KEY_P256);
    struct assay_key root;
    authority_key_public(key, &root);
    const struct authority_certificate c = authority_ca("Root", key, "Root", key, alg);
    found->count = 0;
    add(root_der, authority_certificate_make(&c, root_der));
    for (size_t i = 0; i < strange + own; i++) {
        const struct authority_crl crl = { .issuer = i < strange ? "Other" : "Root",
                                           .signer = i < strange ? other : key,
                                           .alg = alg,
                                           .number = i + 1,
                                           .from_s = LISTS_AT,
                                           .to_s = LISTS_AT + 1 };
        found->pieces[found->count++] =
            (struct assay_recognised){ .shape = ASSAY_SHAPE_CRL,
                                       .bytes = { ders[i], authority_crl_make(&crl, ders[i]) } };
    }
    cr_assert_eq(assay_collateral_gather(found, &root, true, gathered), ASSAY_OK);
    cr_assert_eq(assay_collateral_build(&gathered->files, &root, built), ASSAY_OK);
    cr_expect_eq(built->fault_count, 0);
    authority_key_free(&other);
    authority_key_free(&key);
}

/* A network has no evidence at hand: a bundle that leaves lists out is none for it. */
Test(quote_gather, a_bundle_that_leaves_lists_out_is_not_sound)
{
    struct assay_collateral *const built = calloc(1, sizeof *built);
    cr_assert_not_null(built);
    build_lists(0, ASSAY_LISTS_MAX, built);
    cr_expect(assay_collateral_sound(built));
    build_lists(2, ASSAY_LISTS_MAX, built);
    cr_expect_eq(built->list_count, ASSAY_LISTS_MAX);
    cr_expect_eq(built->left_out.count, 1, "a name once");
    cr_expect_not(assay_collateral_sound(built));
    free(built);
}

Test(quote_gather, finds_the_list_of_the_root_behind_any_number_of_others)
{
    struct assay_collateral *const built = calloc(1, sizeof *built);
    cr_assert_not_null(built);
    build_lists(STRANGE_LISTS, 1, built);
    cr_assert_eq(built->list_count, ASSAY_LISTS_MAX);
    cr_expect(built->lists[0].has_issuer);
    free(built);
}

/* --- cost */
/*
 * A chain whose lowest authority is read first, so that each round finds one, and copies of the
 * first authority below the root: each is verified before its issuer is known and after, and not in
 * every round. Genuine authorities are found all the same.
 *
 * Each copy costs three verifications: by the root's key alone in the first round; then, behind the
 * root's certificate, that certificate and the copy. The chain costs, a round at a time: the root
 * 1, the first authority 2 (to find its path, and to verify it), the four others 1 each; the second
 * authority 3, as long as its path, the three below it 1 each; then paths of 4, 5 and 6.
 */
Test(quote_gather, verifies_copies_once)
{
    enum { CHAIN = 6, COPIES = 60 };
    static uint8_t ders[CHAIN][AUTHORITY_DER_MAX], copies[COPIES][AUTHORITY_DER_MAX];
    static const char *const names[CHAIN + 1] = { "Root", "A", "B", "C", "D", "E", "F" };
    const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
    struct authority_key *keys[CHAIN];
    struct assay_key root;
    size_t lens[CHAIN];
    for (size_t i = 0; i < CHAIN; i++) {
        keys[i] = authority_key_make(ASSAY_KEY_P384);
        const size_t above = i == 0 ? 0 : i - 1;
        const struct authority_certificate terms =
            authority_ca(names[i], keys[i], names[above], keys[above], alg);
        lens[i] = authority_certificate_make(&terms, ders[i]);
    }
    authority_key_public(keys[0], &root);
    for (size_t i = 0; i < COPIES; i++) {
        assay_bytes_copy(copies[i], sizeof copies[i], ders[1], lens[1]);
        copies[i][lens[1] - 1 - i / 4] ^= (uint8_t)(1 << i % 4);
        add(copies[i], lens[1]);
    }
    for (size_t i = CHAIN; i > 0; i--)
        add(ders[i - 1], lens[i - 1]);
    test_signature_count_take();
    cr_assert_eq(assay_collateral_gather(found, &root, false, gathered), ASSAY_OK);
    const size_t count = test_signature_count_take();
    cr_assert_eq(gathered->count, CHAIN);
    cr_expect_eq(count, 3 * COPIES + (1 + 2 + 4) + (3 + 3) + 4 + 5 + 6, "%zu", count);
    for (size_t i = 0; i < CHAIN; i++)
        authority_key_free(&keys[i]);
}
