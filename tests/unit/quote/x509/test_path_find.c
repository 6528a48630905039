/*
 * tests/unit/quote/x509/test_path_find.c - tests of certificate paths past copies.
 *
 * A certificate with a wrong signature, next to the genuine one, takes nobody's place, in any order
 * and number, and costs a bounded number of verifications.
 */
#include "quote/certificates/chain.h"
#include "quote/certificates/path.h"
#include "tests/support/authority.h"
#include "tests/support/signature_count.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { LEAF, ISSUER, ROOT, LINKS, ALL = ASSAY_PATH_CANDIDATES_MAX };

static const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
static struct authority_key *keys[LINKS];
static struct authority_certificate terms[LINKS];
static struct assay_certificate genuine[LINKS];
static struct assay_certificate *hand; /* [ALL] */
static const struct assay_certificate *leaves[ALL];
static struct assay_key root;
static struct assay_path path;
static struct assay_quote_fault fault;
static size_t at;
static bool is_sound;

static void set_up(void)
{
    for (size_t i = 0; i < LINKS; i++)
        keys[i] = authority_key_make(ASSAY_KEY_P256);
    terms[ROOT] = authority_ca("Root", keys[ROOT], "Root", keys[ROOT], alg);
    terms[ISSUER] = authority_ca("Issuer", keys[ISSUER], "Root", keys[ROOT], alg);
    terms[LEAF] = authority_leaf("Leaf", keys[LEAF], "Issuer", keys[ISSUER], alg);
    for (size_t i = 0; i < LINKS; i++) {
        terms[i].serial = 100 + i;
        genuine[i] = authority_certificate_read(&terms[i]);
    }
    authority_key_public(keys[ROOT], &root);
    hand = calloc(ALL, sizeof *hand);
    cr_assert_not_null(hand);
}

static void tear_down(void)
{
    free(hand);
    for (size_t i = 0; i < LINKS; i++)
        authority_key_free(&keys[i]);
}

TestSuite(quote_path_find, .init = set_up, .fini = tear_down);

/* The n-th copy: another signature, so another digest, and it may claim to expire last. */
static struct assay_certificate copy_of(size_t link, size_t n)
{
    struct assay_certificate c = genuine[link];
    c.signature.bytes[20] ^= (uint8_t)(1 + n);
    c.digest[0] ^= (uint8_t)(1 + n);
    c.not_after_s += n % 2 == 0 ? 1 : -1;
    return c;
}

static enum assay_status find(size_t leaf_count, size_t count)
{
    const struct assay_path_request request = { .leaf_count = leaf_count,
                                                .leaves = leaves,
                                                .count = count,
                                                .candidates = hand,
                                                .root = &root };
    return assay_path_find(&request, &path, &is_sound, &fault, &at);
}

static void expect_genuine(size_t count)
{
    cr_assert(is_sound, "%s", fault.observed);
    cr_assert_eq(path.count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert(assay_bytes_equal(path.certificates[i]->digest, genuine[i].digest, 32), "%zu", i);
}

/* In any number, before and behind the genuine one, of each link, of the first two, and of all. */
Test(quote_path_find, passes_over_copies)
{
    for (size_t copied = 0; copied <= LINKS + 1; copied++)
        for (size_t count = 1; count <= ALL - LINKS; count++)
            for (int behind = 0; behind < 2; behind++) {
                size_t leaf_count = 0;
                for (size_t i = 0; i < LINKS; i++)
                    hand[behind == 1 ? i : count + i] = genuine[i];
                for (size_t n = 0; n < count; n++)
                    hand[behind == 1 ? LINKS + n : n] =
                        copy_of(copied < LINKS ? copied : n % (copied == LINKS ? LINKS : 2), n);
                for (size_t i = 0; i < LINKS + count; i++)
                    if (assay_key_equal(&hand[i].key, &genuine[LEAF].key))
                        leaves[leaf_count++] = &hand[i];
                cr_assert_eq(find(leaf_count, LINKS + count), ASSAY_OK, "%zu, %zu", copied, count);
                expect_genuine(LINKS);
            }
}

/* It adds nothing that is needed: the root is its key. */
Test(quote_path_find, passes_over_a_copy_of_the_root_alone)
{
    leaves[0] = &genuine[LEAF];
    hand[0] = copy_of(ROOT, 0);
    hand[1] = genuine[ISSUER];
    cr_assert_eq(find(1, 2), ASSAY_OK);
    expect_genuine(ISSUER + 1);
}

/* A certificate that nobody else could have the place of is what it was: a wrong signature. */
Test(quote_path_find, reports_a_wrong_signature_where_nothing_else_is_at_hand)
{
    leaves[0] = &genuine[LEAF];
    hand[0] = copy_of(ISSUER, 0);
    hand[1] = genuine[ROOT];
    cr_assert_eq(find(1, 2), ASSAY_OK);
    cr_assert_not(is_sound);
    cr_assert_eq(fault.rule, ASSAY_RULE_CHAIN_SIGNATURE);
    cr_assert_eq(at, ISSUER);
    for (size_t count = 0; count < 2; count++)
        cr_assert_eq(find(1, count), ASSAY_E_NOT_FOUND);
}

/* Both are genuine, and one of them has run out. */
Test(quote_path_find, takes_the_renewed_certificate)
{
    struct authority_certificate old = terms[ISSUER];
    old.to_s -= 1000;
    leaves[0] = &genuine[LEAF];
    for (size_t place = 0; place < 2; place++) {
        hand[place] = authority_certificate_read(&old);
        hand[1 - place] = genuine[ISSUER];
        cr_assert_eq(find(1, 2), ASSAY_OK);
        expect_genuine(ISSUER + 1);
    }
}

/* Everything names everything, by keys of its own: an answer, and nothing genuine in it. */
Test(quote_path_find, gives_up_in_a_thicket)
{
    for (size_t i = 0; i < ALL; i++) {
        struct authority_key *key = authority_key_make(ASSAY_KEY_P256);
        struct authority_certificate c = authority_ca("Issuer", key, "Issuer", key, alg);
        c.has_key_ids = false;
        c.serial = 1000 + i;
        hand[i] = authority_certificate_read(&c);
        leaves[i] = &hand[i];
        authority_key_free(&key);
    }
    const enum assay_status status = find(ALL, ALL);
    cr_assert(status == ASSAY_E_INVALID || status == ASSAY_E_CHAIN);
    cr_assert_not(is_sound);
}

/* --- cost */
/* As many certificates of keys of their own under one name. */
static size_t count_of(size_t certificates)
{
    for (size_t i = 0; i < certificates; i++) {
        struct authority_key *key = authority_key_make(ASSAY_KEY_P384);
        struct authority_certificate c = authority_ca("A", key, "A", key, alg);
        c.has_key_ids = false;
        c.serial = 1000 + i;
        hand[i] = authority_certificate_read(&c);
        leaves[i] = &hand[i];
        authority_key_free(&key);
    }
    test_signature_count_take();
    cr_assert_neq(find(certificates, certificates), ASSAY_OK);
    return test_signature_count_take();
}

/* Building a path verifies the first of six certificates by the five other keys, and the search
 * past copies none of these again: each of the others by five keys. Looking again would make it
 * 35. */
Test(quote_path_find, looks_at_each_signature_once)
{
    const size_t count = count_of(6);
    cr_expect_eq(count, 30, "%zu", count);
}

/* 15 to build, and 48 more (STRICT_SIGNATURES_MAX in path.c) of the 225 that are left. */
Test(quote_path_find, looks_at_so_many_and_no_more)
{
    const size_t count = count_of(ALL);
    cr_expect_eq(count, 15 + 48, "%zu", count);
}

/* --- strangers that use up what building may look at */
/* A certificate without key identifiers; `later`: which of one name is tried first. */
static struct assay_certificate stranger(const char *subject, struct authority_key *key,
                                         const char *issuer, struct authority_key *by,
                                         size_t serial, int64_t later)
{
    struct authority_certificate c = authority_ca(subject, key, issuer, by, alg);
    c.has_key_ids = false;
    c.serial = 1000 + serial;
    c.to_s += later;
    return authority_certificate_read(&c);
}

/* Of one issuer's key, under a name that leads to four copies of another one, which lead to five
 * that lead nowhere. */
Test(quote_path_find, strangers_do_not_use_up_the_search_past_them)
{
    enum { MIDDLE = 4, ENDS = 5, OTHERS = 4 };
    struct authority_key *wrong = authority_key_make(ASSAY_KEY_P256);
    struct authority_key *middle = authority_key_make(ASSAY_KEY_P256);
    size_t n = 0;
    hand[n++] = stranger("Issuer", keys[ISSUER], "M", wrong, 1, 500);
    for (size_t i = 0; i < MIDDLE; i++)
        hand[n++] = stranger("M", middle, "N", wrong, 10 + i, 0);
    for (size_t i = 0; i < ENDS; i++) {
        struct authority_key *key = authority_key_make(ASSAY_KEY_P256);
        hand[n++] = stranger("N", key, "N", key, 20 + i, 0);
        authority_key_free(&key);
    }
    for (size_t i = 0; i < OTHERS; i++)
        hand[n++] = stranger("Issuer", keys[ISSUER], "N", wrong, 30 + i, 400);
    hand[n++] = genuine[ISSUER];
    hand[n++] = genuine[LEAF];
    leaves[0] = &genuine[LEAF];
    cr_assert_eq(find(1, n), ASSAY_OK);
    expect_genuine(ISSUER + 1);
    authority_key_free(&middle);
    authority_key_free(&wrong);
}

/* As many as a package may have, found by a search for the worst. */
Test(quote_path_find, nor_do_the_strangers_of_one_package)
{
    enum { KEYS = 12, STRANGERS = 8 };
    static const struct {
        unsigned subject, issuer, key, signer;
        int later;
    } all[STRANGERS] = { { 1, 1, 7, 6, 38 }, { 1, 1, 5, 6, 24 }, { 1, 1, 11, 5, 28 },
                         { 1, 2, 4, 9, 37 }, { 1, 1, 1, 4, 32 }, { 1, 1, 6, 5, 28 },
                         { 2, 1, 5, 7, 25 }, { 1, 1, 4, 11, 14 } };
    static const char *const names[LINKS] = { "Leaf", "Issuer", "Root" };
    struct authority_key *pair[KEYS];
    size_t n = 0;
    for (size_t i = 0; i < KEYS; i++)
        pair[i] = i == ISSUER ? keys[ISSUER] : authority_key_make(ASSAY_KEY_P256);
    for (size_t i = 0; i < STRANGERS; i++)
        hand[n++] = stranger(names[all[i].subject], pair[all[i].key], names[all[i].issuer],
                             pair[all[i].signer], 50 + i, all[i].later - 20);
    hand[n++] = genuine[ISSUER];
    for (size_t i = 0; i < n; i++)
        hand[i].has_subject_key_id = hand[i].has_authority_key_id = false;
    struct assay_certificate leaf = genuine[LEAF];
    leaf.has_authority_key_id = false;
    leaves[0] = &leaf;
    cr_assert_eq(find(1, n), ASSAY_OK);
    expect_genuine(ISSUER + 1);
    for (size_t i = 0; i < KEYS; i++)
        if (i != ISSUER) authority_key_free(&pair[i]);
}
