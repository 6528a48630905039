/*
 * tests/unit/quote/x509/test_path.c - tests of certificate paths.
 *
 * Paths from a leaf to a root key: any order, strangers, namesakes, loops, missing links, and what
 * each certificate must be to vouch for the next.
 */
#include "quote/certificates/path.h"

#include "quote/certificates/chain.h"
#include "tests/support/authority.h"
#include "tests/support/signature_count.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { ROOT, CA, ISSUER, LEAF, STRANGER, KEYS };

static const enum assay_signature_alg alg = ASSAY_SIGNATURE_ECDSA_SHA384;
static const char *const subjects[KEYS] = { "Root", "CA", "Issuer", "Leaf", "Stranger" };

/* Root, CA, Issuer, Leaf; the root is of RSA, so that a path mixes algorithms. */
struct house {
    struct authority_key *keys[KEYS];
    struct assay_key root;
    struct authority_certificate terms[KEYS];
    struct assay_certificate certificates[KEYS];
};

static void publish(struct house *h)
{
    for (size_t i = 0; i < KEYS; i++) h->certificates[i] = authority_certificate_read(&h->terms[i]);
}

static struct house *house_open(void)
{
    struct house *const h = calloc(1, sizeof *h);
    cr_assert_not_null(h);
    for (size_t i = 0; i < KEYS; i++)
        h->keys[i] = authority_key_make(i == ROOT ? ASSAY_KEY_RSA : i == LEAF ? ASSAY_KEY_P384
                                                                              : ASSAY_KEY_P256);
    authority_key_public(h->keys[ROOT], &h->root);
    const enum assay_signature_alg pss = ASSAY_SIGNATURE_RSA_PSS_SHA384;
    h->terms[ROOT] = authority_ca("Root", h->keys[ROOT], "Root", h->keys[ROOT], pss);
    h->terms[CA] = authority_ca("CA", h->keys[CA], "Root", h->keys[ROOT], pss);
    h->terms[ISSUER] = authority_ca("Issuer", h->keys[ISSUER], "CA", h->keys[CA], alg);
    h->terms[LEAF] = authority_leaf("Leaf", h->keys[LEAF], "Issuer", h->keys[ISSUER], alg);
    h->terms[STRANGER] =
        authority_ca("Stranger", h->keys[STRANGER], "Stranger", h->keys[STRANGER], alg);
    for (size_t i = 0; i < KEYS; i++) h->terms[i].serial = 100 + i;
    publish(h);
    return h;
}

static void house_close(struct house *h)
{
    for (size_t i = 0; i < KEYS; i++) authority_key_free(&h->keys[i]);
    free(h);
}

/* Leaf to root, as named. */
static void expect_path(const struct assay_path *path, const int *order, size_t count)
{
    cr_assert_eq(path->count, count);
    for (size_t i = 0; i < count; i++)
        cr_assert_str_eq(path->certificates[i]->subject_name, subjects[order[i]]);
}

static enum assay_status build(struct house *h, const struct assay_certificate *candidates,
                               size_t count, struct assay_path *path)
{
    return assay_path_build(&h->certificates[LEAF], candidates, count, &h->root, path);
}

static enum assay_status verify(const struct house *h, const struct assay_path *path,
                                struct assay_quote_fault *fault, size_t *at)
{
    return assay_path_verify(path, &h->root, fault, at);
}

/* Builds and verifies over all of the house; what must come of it. */
static void expect_fault(struct house *h, enum assay_rule rule, size_t index)
{
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 99;
    publish(h);
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
    cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_E_INVALID);
    cr_assert_eq(fault.rule, rule);
    cr_assert_eq(at, index);
    cr_assert(fault.expected != NULL && fault.observed != NULL);
}

static const int whole[] = { LEAF, ISSUER, CA, ROOT };

Test(quote_path, is_found_in_every_order_of_candidates_with_duplicates_and_strangers)
{
    struct house *const h = house_open();
    unsigned orders = 0;
    for (unsigned code = 0; code < 5 * 5 * 5 * 5 * 5; code++) {
        struct assay_certificate candidates[5];
        struct assay_path path;
        struct assay_quote_fault fault;
        size_t at = 0;
        bool has[KEYS] = { false };
        unsigned rest = code;
        for (size_t i = 0; i < 5; i++, rest /= 5) {
            candidates[i] = h->certificates[rest % 5];
            has[rest % 5] = true;
        }
        if (!has[CA] || !has[ISSUER]) {
            if (code % 17 != 0) continue; /* each costs a verification by the root key */
            cr_assert_eq(build(h, candidates, 5, &path), ASSAY_E_NOT_FOUND, "%u", code);
            expect_path(&path, whole, has[ISSUER] ? 2 : 1);
            continue;
        }
        if (code % 7 != 0) continue;
        cr_assert_eq(build(h, candidates, 5, &path), ASSAY_OK, "%u", code);
        expect_path(&path, whole, has[ROOT] ? 4 : 3); /* its key alone will do */
        cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_OK);
        orders += 1;
    }
    cr_assert_gt(orders, 100);
    house_close(h);
}

Test(quote_path, of_a_root_alone_is_the_root)
{
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 0;
    cr_assert_eq(assay_path_build(&h->certificates[ROOT], NULL, 0, &h->root, &path), ASSAY_OK);
    cr_assert_eq(path.count, 1);
    cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_OK);
    house_close(h);
}

/* evidence-rules.md 1.3: another root of the same name is another authority. */
Test(quote_path, tells_a_root_of_the_same_name_from_the_pinned_one)
{
    struct house *const h = house_open();
    struct assay_certificate candidates[4];
    struct assay_path path;
    h->terms[STRANGER] =
        authority_ca("Root", h->keys[STRANGER], "Root", h->keys[STRANGER], alg);
    h->terms[STRANGER].has_key_ids = false; /* which would tell them apart as well */
    publish(h);
    candidates[0] = h->certificates[STRANGER];
    candidates[1] = h->certificates[CA];
    candidates[2] = h->certificates[ISSUER];
    /* The namesake leads nowhere, but the pinned key signed the CA. */
    cr_assert_eq(build(h, candidates, 3, &path), ASSAY_OK);
    expect_path(&path, whole, 3);
    /* Beside the right one it is passed over. */
    candidates[3] = h->certificates[ROOT];
    cr_assert_eq(build(h, candidates, 4, &path), ASSAY_OK);
    expect_path(&path, whole, 4);
    cr_assert(assay_key_equal(&path.certificates[3]->key, &h->root));
    /* Under a chain of its own it is a foreign root. */
    h->terms[CA].signer = h->keys[STRANGER];
    h->terms[CA].alg = alg;
    h->terms[CA].has_key_ids = false;
    publish(h);
    candidates[1] = h->certificates[CA];
    cr_assert_eq(build(h, candidates, 3, &path), ASSAY_E_CHAIN);
    cr_assert_eq(path.count, 4);
    cr_assert(assay_key_equal(&path.certificates[3]->key, &h->certificates[STRANGER].key));
    house_close(h);
}

/* Two authorities of one name, as where a vendor renewed its key: the signature tells. */
Test(quote_path, chooses_between_namesakes_by_their_signature)
{
    struct house *const h = house_open();
    struct assay_certificate candidates[4];
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 0;
    h->terms[STRANGER] = h->terms[ISSUER];
    h->terms[STRANGER].key = h->keys[STRANGER];
    h->terms[STRANGER].has_key_ids = false;
    h->terms[ISSUER].has_key_ids = false;
    h->terms[LEAF].has_key_ids = false; /* as in AMD's VCEKs */
    publish(h);
    for (size_t swap = 0; swap < 2; swap++) {
        candidates[swap] = h->certificates[STRANGER];
        candidates[1 - swap] = h->certificates[ISSUER];
        candidates[2] = h->certificates[CA];
        candidates[3] = h->certificates[ROOT];
        cr_assert_eq(build(h, candidates, 4, &path), ASSAY_OK);
        cr_assert(assay_key_equal(&path.certificates[1]->key, &h->certificates[ISSUER].key));
        cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_OK);
    }
    house_close(h);
}

/* Authorities that certify each other in a ring, and every one of them signed rightly. */
Test(quote_path, does_not_go_round_in_circles)
{
    struct house *const h = house_open();
    struct assay_path path;
    h->terms[CA] = authority_ca("CA", h->keys[CA], "Issuer", h->keys[ISSUER], alg);
    publish(h);
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_E_NOT_FOUND);
    cr_assert_eq(path.count, 3);
    house_close(h);
}

/* A cross-certified authority: the way by the first certificate ends nowhere, the second leads to
 * the root. */
Test(quote_path, leaves_a_dead_end_again)
{
    struct house *const h = house_open();
    struct assay_certificate candidates[4];
    struct assay_path path;
    struct authority_certificate cross =
        authority_ca("CA", h->keys[CA], "Nobody", h->keys[STRANGER], alg);
    candidates[0] = authority_certificate_read(&cross);
    candidates[1] = h->certificates[CA];
    candidates[2] = h->certificates[ISSUER];
    candidates[3] = h->certificates[ROOT];
    cr_assert_eq(build(h, candidates, 4, &path), ASSAY_OK);
    expect_path(&path, whole, 4);
    cr_assert_str_eq(path.certificates[2]->issuer_name, "Root");
    house_close(h);
}

/* More authorities than a path holds, and a thicket of namesakes: an answer, in bounded time. */
Test(quote_path, is_bounded_in_length_and_work)
{
    struct house *const h = house_open();
    struct assay_certificate *const candidates =
        calloc(ASSAY_PATH_CANDIDATES_MAX, sizeof *candidates);
    struct assay_path path;
    char names[ASSAY_CHAIN_MAX + 2][8];
    cr_assert_not_null(candidates);
    for (size_t i = 0; i < ASSAY_CHAIN_MAX + 2; i++) {
        names[i][0] = (char)('A' + i);
        names[i][1] = '\0';
    }
    for (size_t i = 0; i < ASSAY_CHAIN_MAX; i++) {
        const struct authority_certificate link =
            authority_ca(names[i], h->keys[CA], names[i + 1], h->keys[CA], alg);
        candidates[i] = authority_certificate_read(&link);
    }
    struct authority_certificate leaf =
        authority_leaf("Leaf", h->keys[LEAF], "A", h->keys[CA], alg);
    h->certificates[LEAF] = authority_certificate_read(&leaf);
    cr_assert_eq(build(h, candidates, ASSAY_CHAIN_MAX, &path), ASSAY_E_INVALID);
    /* Every one names itself and all others as issuer. */
    for (size_t i = 0; i < ASSAY_PATH_CANDIDATES_MAX; i++) {
        struct authority_certificate link =
            authority_ca("A", h->keys[CA], "A", h->keys[CA], alg);
        link.serial = 1000 + i;
        candidates[i] = authority_certificate_read(&link);
    }
    const enum assay_status status = build(h, candidates, ASSAY_PATH_CANDIDATES_MAX, &path);
    cr_assert(status == ASSAY_E_INVALID || status == ASSAY_E_CHAIN);
    free(candidates);
    house_close(h);
}

/* --- verifying */
Test(quote_path, refuses_a_wrong_signature_at_every_place)
{
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_quote_fault fault;
    for (size_t i = 0; i < 4; i++) {
        size_t at = 99;
        const size_t index = 3 - i; /* of the path */
        publish(h);
        cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
        h->certificates[i].signature.bytes[20] ^= 1;
        cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_E_INVALID);
        cr_assert_eq(fault.rule, ASSAY_RULE_CHAIN_SIGNATURE);
        cr_assert_eq(at, index);
    }
    house_close(h);
}

Test(quote_path, demands_authorities_that_may_issue)
{
    struct house *const h = house_open();
    static const size_t index_of[] = { [ROOT] = 3, [CA] = 2, [ISSUER] = 1 };
    for (size_t i = ROOT; i <= ISSUER; i++) {
        const struct authority_certificate right = h->terms[i];
        h->terms[i].is_ca = false;
        expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS, index_of[i]);
        h->terms[i] = right;
        h->terms[i].has_constraints = false;
        expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS, index_of[i]);
        h->terms[i] = right;
        h->terms[i].key_usage = ASSAY_KEY_USAGE_CRL_SIGN | ASSAY_KEY_USAGE_DIGITAL_SIGNATURE;
        expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS, index_of[i]);
        h->terms[i] = right;
        h->terms[i].key_usage = 0;
        expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS, index_of[i]);
        h->terms[i] = right;
    }
    house_close(h);
}

/* RFC 5280 4.1.2.2: what has no number cannot be revoked. A root is its key. */
Test(quote_path, refuses_certificates_without_a_serial_number)
{
    for (int place = LEAF; place >= CA; place--) {
        struct house *const h = house_open();
        h->terms[place].serial = 0;
        expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS,
                     place == LEAF ? 0 : place == ISSUER ? 1 : 2);
        house_close(h);
    }
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 0;
    h->terms[ROOT].serial = 0;
    publish(h);
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
    cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_OK);
    house_close(h);
}

/* Every kind asks these two: AMD's keys, which all have 0, are told by their extensions. */
Test(quote_path, takes_nobody_without_a_serial_number_for_a_signer_or_an_authority)
{
    struct house *const h = house_open();
    struct assay_certificate ca = h->certificates[CA], leaf = h->certificates[LEAF];
    cr_assert(assay_chain_is_ca(&ca, 0) && assay_chain_is_signer(&leaf));
    assay_bytes_zero(ca.serial, sizeof ca.serial);
    assay_bytes_zero(leaf.serial, sizeof leaf.serial);
    cr_assert_not(assay_chain_is_ca(&ca, 0));
    cr_assert_not(assay_chain_is_signer(&leaf));
    leaf.has_vek = true;
    cr_assert(assay_chain_is_signer(&leaf));
    house_close(h);
}

/* The root's certificate says how it is called: what names another issuer is not its own. */
Test(quote_path, compares_the_name_of_the_issuer_with_that_of_the_root)
{
    struct house *const h = house_open();
    struct assay_path path;
    h->terms[CA].issuer = "Another";
    publish(h);
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_E_NOT_FOUND);
    /* Of a root that is known as a key alone nobody knows the name. */
    cr_assert_eq(build(h, h->certificates + CA, KEYS - CA, &path), ASSAY_OK);
    /* A certificate of the root's key under another name that the root did not sign tells nothing.
     * */
    struct assay_certificate candidates[KEYS];
    h->terms[CA].issuer = "Root";
    publish(h);
    for (size_t i = 0; i < KEYS; i++)
        candidates[i] = h->certificates[i];
    h->terms[ROOT].subject = h->terms[ROOT].issuer = "Another";
    h->terms[ROOT].signer = h->keys[STRANGER];
    h->terms[ROOT].alg = alg;
    candidates[ROOT] = authority_certificate_read(&h->terms[ROOT]);
    cr_assert_eq(build(h, candidates, KEYS, &path), ASSAY_OK);
    expect_path(&path, whole, 3);
    house_close(h);
}

Test(quote_path, counts_path_lengths)
{
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 0;
    h->terms[ROOT].has_path_len = h->terms[CA].has_path_len = h->terms[ISSUER].has_path_len = true;
    h->terms[ROOT].path_len = 2;
    h->terms[CA].path_len = 1;
    h->terms[ISSUER].path_len = 0;
    publish(h);
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
    cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_OK);
    h->terms[CA].path_len = 0;
    expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS, 2);
    h->terms[CA].path_len = 1;
    h->terms[ROOT].path_len = 1;
    expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS, 3);
    house_close(h);
}

Test(quote_path, refuses_critical_extensions_that_nobody_knows)
{
    static const uint8_t null[] = { 0x05, 0x00 };
    static const size_t index_of[] = { [ROOT] = 3, [CA] = 2, [ISSUER] = 1, [LEAF] = 0 };
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 0;
    for (size_t i = 0; i < 4; i++) {
        const struct authority_certificate right = h->terms[i];
        authority_add_extension(&h->terms[i], "2.5.29.30", true, null, sizeof null);
        expect_fault(h, ASSAY_RULE_CHAIN_CONSTRAINTS, index_of[i]);
        h->terms[i] = right;
        authority_add_extension(&h->terms[i], "2.5.29.30", false, null, sizeof null);
        publish(h);
        cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
        cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_OK);
        h->terms[i] = right;
    }
    house_close(h);
}

/* A root certified by another authority is trusted for its key; what else that certificate says,
 * its dates for one, nobody on the path has signed. */
Test(quote_path, ends_at_the_root_key_whoever_certified_it)
{
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_quote_fault fault;
    struct assay_verdict verdict;
    size_t at = 0;
    h->terms[ROOT] = authority_ca("Root", h->keys[ROOT], "Elder", h->keys[STRANGER], alg);
    h->terms[ROOT].to_s = h->terms[ROOT].from_s + 1;
    publish(h);
    h->certificates[ROOT].signature.bytes[20] ^= 1; /* and it costs no key to write one */
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
    expect_path(&path, whole, 3);
    cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_OK);
    assay_verdict_init(&verdict, ASSAY_KIND_TPM, h->terms[CA].to_s);
    assay_path_windows(&path, &verdict);
    cr_assert_eq(verdict.reason_count, 0);
    house_close(h);
}

/* Whoever makes a certificate of the root's public key has the root vouch for nothing in it. */
Test(quote_path, does_not_take_a_certificate_of_the_root_key_for_one_by_the_root)
{
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_quote_fault fault;
    size_t at = 99;
    h->terms[LEAF] = authority_leaf("Leaf", h->keys[ROOT], "Elder", h->keys[STRANGER], alg);
    publish(h);
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
    cr_assert_eq(path.count, 1);
    cr_assert_eq(verify(h, &path, &fault, &at), ASSAY_E_INVALID);
    cr_assert_eq(fault.rule, ASSAY_RULE_CHAIN_SIGNATURE);
    house_close(h);
}

/*
 * Two keys that certify each other under one name, in as many certificates as there is room for:
 * every step asks for signatures, and each that fails on P-384 costs two libraries their time.
 *
 * No signature is verified twice: nine certificates with the leaf, by two keys, are 18. Nine of
 * them verify, and each is on some path. Of the nine others six are asked for before the search
 * ends, after 64 steps (STEPS_MAX in path.c): it does not come back to the leaf, nor to the first
 * two authorities.
 */
Test(quote_path, looks_at_few_signatures_whatever_it_is_given)
{
    enum { HAND = 8 };
    struct house *const h = house_open();
    struct assay_certificate c[HAND];
    struct assay_path path;
    struct authority_key *pair[] = { authority_key_make(ASSAY_KEY_P384),
                                     authority_key_make(ASSAY_KEY_P384) };
    for (size_t i = 0; i < HAND; i++) {
        struct authority_certificate link =
            authority_ca("A", pair[i % 2], "A", pair[1 - i % 2], alg);
        link.serial = 1000 + i;
        link.has_key_ids = false;
        c[i] = authority_certificate_read(&link);
    }
    h->terms[LEAF] = authority_leaf("Leaf", h->keys[LEAF], "A", pair[0], alg);
    h->terms[LEAF].has_key_ids = false;
    publish(h);
    test_signature_count_take();
    cr_assert_eq(build(h, c, HAND, &path), ASSAY_E_INVALID);
    const size_t count = test_signature_count_take();
    cr_assert_eq(count, 9 + 6, "%zu", count);
    for (size_t i = 0; i < 2; i++) authority_key_free(&pair[i]);
    house_close(h);
}

/* --- into the verdict */
Test(quote_path, reports_faults_and_windows)
{
    struct house *const h = house_open();
    struct assay_path path;
    struct assay_verdict verdict;
    const struct assay_quote_fault fault = { ASSAY_RULE_CHAIN_SIGNATURE, 7, "right", "wrong" };
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
    assay_verdict_init(&verdict, ASSAY_KIND_TPM, h->terms[CA].from_s);
    assay_path_windows(&path, &verdict);
    cr_assert_eq(verdict.reason_count, 0);
    cr_assert(verdict.has_expiry);
    cr_assert_eq(verdict.expires_unix_s, h->terms[CA].to_s);
    assay_path_report(&path, &fault, 2, &verdict);
    cr_assert_eq(verdict.reason_count, 1);
    cr_assert_str_eq(verdict.reasons[0].observed, "wrong: CA");
    h->terms[ISSUER].to_s -= 1;
    publish(h);
    assay_verdict_init(&verdict, ASSAY_KIND_TPM, h->terms[CA].to_s);
    assay_path_windows(&path, &verdict);
    cr_assert_eq(verdict.reason_count, 1);
    cr_assert_eq(verdict.reasons[0].rule, ASSAY_RULE_CERT_TIME);
    cr_assert_eq(verdict.expires_unix_s, h->terms[ISSUER].to_s);
    house_close(h);
}

/* --- revocation */
struct list_case {
    const char *issuer;
    int signer;
    uint64_t revoked;
    enum assay_revocation answer;
    size_t at;
    bool has_key_id; /* of its signer */
};

static void expect_answer(struct house *h, const struct assay_path *path,
                          const struct list_case *c)
{
    uint8_t der[AUTHORITY_DER_MAX];
    struct assay_crl *const crl = calloc(1, sizeof *crl);
    cr_assert_not_null(crl);
    const struct authority_crl terms = {
        .issuer = c->issuer,
        .signer = h->keys[c->signer],
        .alg = c->signer == ROOT ? ASSAY_SIGNATURE_RSA_PSS_SHA384 : alg,
        .from_s = h->terms[ROOT].from_s,
        .to_s = h->terms[ROOT].to_s,
        .revoked_count = 1,
        .revoked = &c->revoked,
        .has_key_id = c->has_key_id,
    };
    const size_t len = authority_crl_make(&terms, der);
    cr_assert_eq(assay_x509_crl(der, len, crl), ASSAY_OK);
    for (size_t at = 0; at < assay_path_issued(path, &h->root); at++) {
        enum assay_revocation answer = ASSAY_REVOCATION_UNCOVERED;
        cr_assert_eq(assay_path_revocation(path, &h->root, at, crl, NULL, &answer), ASSAY_OK);
        cr_assert_eq(answer, at == c->at ? c->answer : ASSAY_REVOCATION_UNCOVERED, "%s %d at %zu",
                     c->issuer, c->signer, at);
    }
    free(crl);
}

Test(quote_path, asks_a_list_about_what_its_issuer_issued)
{
    static const struct list_case cases[] = {
        { "Root", ROOT, 100 + CA, ASSAY_REVOCATION_REVOKED, 2, false },
        { "Root", ROOT, 100 + ISSUER, ASSAY_REVOCATION_NONE, 2, false }, /* it issued no such */
        { "Root", STRANGER, 100 + CA, ASSAY_REVOCATION_FORGED, 2, false },
        /* With its key id it is a namesake's, and nobody's forgery. */
        { "Root", ROOT, 100 + CA, ASSAY_REVOCATION_REVOKED, 2, true },
        { "Root", STRANGER, 100 + CA, ASSAY_REVOCATION_UNCOVERED, 2, true },
        { "CA", STRANGER, 100 + ISSUER, ASSAY_REVOCATION_UNCOVERED, 1, true },
        { "CA", CA, 100 + ISSUER, ASSAY_REVOCATION_REVOKED, 1, false },
        { "CA", ROOT, 100 + ISSUER, ASSAY_REVOCATION_FORGED, 1, false },
        { "Issuer", ISSUER, 100 + LEAF, ASSAY_REVOCATION_REVOKED, 0, false },
        { "Issuer", ISSUER, 0, ASSAY_REVOCATION_NONE, 0, false },
        { "Stranger", STRANGER, 100 + LEAF, ASSAY_REVOCATION_UNCOVERED, 0, false },
    };
    struct house *const h = house_open();
    struct assay_path path;
    /* With the root's certificate, and with its key alone. */
    for (size_t first = ROOT; first <= CA; first++) {
        cr_assert_eq(build(h, h->certificates + first, KEYS - first, &path), ASSAY_OK);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            expect_answer(h, &path, &cases[i]);
    }
    /* An authority that may not sign lists says nothing. */
    h->terms[CA].key_usage = ASSAY_KEY_USAGE_CERT_SIGN;
    publish(h);
    cr_assert_eq(build(h, h->certificates, KEYS, &path), ASSAY_OK);
    const struct list_case mute = { "CA", CA, 100 + ISSUER, ASSAY_REVOCATION_UNCOVERED, 0,
                                    false };
    expect_answer(h, &path, &mute);
    house_close(h);
}
