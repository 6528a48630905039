/*
 * tests/unit/quote/collateral/test_ocsp.c - which OCSP response counts for a certificate: its
 * subject, who may sign it, and which of two decides.
 */
#include "quote/collateral/ocsp.h"

#include "quote/accept/policy.h"
#include "quote/collateral/collateral.h"
#include "tests/support/authority.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define ALG ASSAY_SIGNATURE_ECDSA_SHA384
enum { AT = 1800000000, SERIAL = 77 };

static struct authority_key *root_key, *leaf_key;
static struct assay_key root;
static struct assay_certificate certificates[2]; /* the leaf, and the root's own */
static struct assay_path path;
static struct assay_collateral *collateral;
static struct assay_endorsements *endorsements;
static struct assay_policy policy;
static struct assay_verdict *verdict;
static struct assay_evidence_request request;

static void sign(const struct authority_key *key, struct assay_ocsp *r)
{
    static const uint8_t data[] = "response data";
    authority_sign(key, ALG, data, sizeof data, &r->signature);
    assay_signature_digest(ALG, data, sizeof data, r->tbs_digest);
}

/* GOOD, about the leaf, by the root itself, for an hour before and after. */
static struct assay_ocsp_entry *add_response(void)
{
    static const uint8_t uncompressed = 0x04;
    const struct assay_certificate *const c = &certificates[0];
    struct assay_ocsp_entry *const e = &collateral->ocsp[collateral->ocsp_count++];
    struct assay_ocsp *const r = &e->response;
    const struct assay_slice name = assay_slice_over(c->issuer.der, c->issuer.len);
    const struct assay_slice key[] = { assay_slice_over(&uncompressed, 1),
                                       assay_slice_over(root.bytes, root.len) };
    r->hash_len = ASSAY_SHA384_LEN;
    assay_sha384_pieces(&name, 1, r->issuer_name_hash);
    assay_sha384_pieces(key, 2, r->issuer_key_hash);
    assay_bytes_copy(r->serial, sizeof r->serial, c->serial, sizeof c->serial);
    r->answer = ASSAY_OCSP_GOOD;
    r->this_update_s = AT - 3600;
    r->next_update_s = AT + 3600;
    sign(root_key, r);
    return e;
}

static void set_up(void)
{
    root_key = authority_key_make(ASSAY_KEY_P384);
    leaf_key = authority_key_make(ASSAY_KEY_P384);
    authority_key_public(root_key, &root);
    struct authority_certificate leaf = authority_leaf("Leaf", leaf_key, "Root", root_key, ALG);
    const struct authority_certificate own = authority_ca("Root", root_key, "Root", root_key, ALG);
    leaf.serial = SERIAL;
    certificates[0] = authority_certificate_read(&leaf);
    certificates[1] = authority_certificate_read(&own);
    path =
        (struct assay_path){ .count = 2, .certificates = { &certificates[0], &certificates[1] } };
    collateral = calloc(1, sizeof *collateral);
    endorsements = calloc(1, sizeof *endorsements);
    verdict = calloc(1, sizeof *verdict);
    cr_assert(collateral != NULL && endorsements != NULL && verdict != NULL);
    endorsements->count = 1;
    endorsements->entries[0] =
        (struct assay_endorsement){ .kinds = ASSAY_KIND_BIT(ASSAY_KIND_NVIDIA_GPU),
                                    .collateral = collateral };
    assay_policy_default(&policy);
    request = (struct assay_evidence_request){ .kind = ASSAY_KIND_NVIDIA_GPU,
                                               .at_unix_s = AT,
                                               .endorsements = endorsements,
                                               .policy = &policy };
}

static void tear_down(void)
{
    authority_key_free(&root_key);
    authority_key_free(&leaf_key);
    free(collateral);
    free(endorsements);
    free(verdict);
}

TestSuite(quote_ocsp, .init = set_up, .fini = tear_down);

/* Returns: whether a response covers the leaf. */
static bool is_covered(void)
{
    uint32_t covered = 0;
    *verdict = (struct assay_verdict){ .at_unix_s = AT, .expires_unix_s = INT64_MAX };
    cr_assert_eq(assay_ocsp_check(&request, &path, &root, verdict, &covered), ASSAY_OK);
    cr_expect_eq(covered & ~UINT32_C(1), 0, "no response is about a root");
    return covered == 1;
}

static void expect_reason(enum assay_rule rule, const char *what)
{
    cr_expect(assay_verdict_has(verdict, rule), "%s: no %s", what, assay_rule_name(rule));
    cr_expect_eq(verdict->reason_count, 1, "%s", what);
}

Test(quote_ocsp, the_issuer_answers_about_its_certificate)
{
    cr_expect_not(is_covered(), "no response");
    struct assay_ocsp_entry *const e = add_response();
    cr_expect(is_covered());
    cr_expect_eq(verdict->reason_count, 0);
    e->response.signature.bytes[0] ^= 1;
    cr_expect_not(is_covered());
    expect_reason(ASSAY_RULE_OCSP_SIGNATURE, "forged");
}

Test(quote_ocsp, the_issuer_may_bring_its_own_certificate)
{
    struct assay_ocsp_entry *const e = add_response();
    e->response.has_responder = true;
    e->response.responder = certificates[1];
    e->is_signed = true;
    cr_expect(is_covered());
    e->is_signed = false;
    cr_expect_not(is_covered());
    expect_reason(ASSAY_RULE_OCSP_SIGNATURE, "not signed by what it brings");
}

/* RFC 6960 4.2.2.2: an end entity that the issuer made for this purpose by name. */
Test(quote_ocsp, a_delegate_is_made_for_it_by_the_issuer)
{
    static const uint8_t purpose[] = { 0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06,
                                       0x01, 0x05, 0x05, 0x07, 0x03, 0x09 };
    struct authority_certificate made = authority_leaf("Delegate", leaf_key, "Root", root_key, ALG);
    authority_add_extension(&made, "2.5.29.37", true, purpose, sizeof purpose);
    struct assay_ocsp_entry *const e = add_response();
    struct assay_certificate *const by = &e->response.responder;
    e->response.has_responder = e->is_signed = true;
    *by = authority_certificate_read(&made);
    cr_expect(is_covered());
    by->extended_key_usage = ASSAY_EKU_ANY;
    cr_expect_not(is_covered(), "any purpose is not this one");
    by->extended_key_usage = ASSAY_EKU_OCSP_SIGNING;
    by->is_ca = true;
    cr_expect_not(is_covered(), "an authority");
    by->is_ca = false;
    by->signature.bytes[0] ^= 1;
    cr_expect_not(is_covered(), "made by another one");
    by->signature.bytes[0] ^= 1;
    by->issuer.der[by->issuer.len - 1] ^= 1;
    cr_expect_not(is_covered(), "of another issuer's name");
    by->issuer.der[by->issuer.len - 1] ^= 1;
    e->is_signed = false;
    cr_expect_not(is_covered(), "not signed by the delegate");
    e->is_signed = true;
    cr_expect(is_covered());
}

Test(quote_ocsp, a_response_is_about_one_certificate_of_one_issuer)
{
    struct assay_ocsp *const r = &add_response()->response;
    r->serial[ASSAY_SERIAL_LEN - 1] ^= 1;
    cr_expect_not(is_covered(), "another number");
    r->serial[ASSAY_SERIAL_LEN - 1] ^= 1;
    r->issuer_name_hash[47] ^= 1;
    cr_expect_not(is_covered(), "another issuer's name");
    r->issuer_name_hash[47] ^= 1;
    r->issuer_key_hash[47] ^= 1;
    cr_expect_not(is_covered(), "another issuer's key");
    r->issuer_key_hash[47] ^= 1;
    cr_expect(is_covered());
    r->hash_len = ASSAY_SHA256_LEN;
    cr_expect_not(is_covered(), "digests of another hash");
    cr_expect_eq(verdict->reason_count, 0, "what is about others is no fault");
}

Test(quote_ocsp, an_issuer_is_named_by_sha256_as_well)
{
    static const uint8_t uncompressed = 0x04;
    struct assay_ocsp *const r = &add_response()->response;
    const struct assay_slice key[] = { assay_slice_over(&uncompressed, 1),
                                       assay_slice_over(root.bytes, root.len) };
    r->hash_len = ASSAY_SHA256_LEN;
    assay_sha256(certificates[0].issuer.der, certificates[0].issuer.len, r->issuer_name_hash);
    assay_sha256_pieces(key, 2, r->issuer_key_hash);
    cr_expect(is_covered());
    r->issuer_key_hash[31] ^= 1;
    cr_expect_not(is_covered());
}

/* A path without the root's own certificate, and a root that has no curve. */
Test(quote_ocsp, an_issuer_has_a_key_on_a_curve)
{
    add_response();
    path.count = 1;
    cr_expect(is_covered(), "the root as a key alone");
    root.type = ASSAY_KEY_RSA;
    cr_expect_not(is_covered());
    cr_expect_eq(verdict->reason_count, 0);
}

/* --- which of two counts: in both orders of them */
static void expect_of_two(void (*change)(struct assay_ocsp *), enum assay_rule rule,
                          const char *what)
{
    for (size_t i = 0; i < 2; i++) {
        collateral->ocsp_count = 0;
        struct assay_ocsp *const two[] = { &add_response()->response, &add_response()->response };
        change(two[i]);
        cr_expect(is_covered(), "%s", what);
        if (rule != 0) expect_reason(rule, what);
        else cr_expect_eq(verdict->reason_count, 0, "%s", what);
    }
}

static void is_unknown(struct assay_ocsp *r)
{
    r->answer = ASSAY_OCSP_UNKNOWN;
}

static void is_unknown_and_older(struct assay_ocsp *r)
{
    r->answer = ASSAY_OCSP_UNKNOWN;
    r->this_update_s -= 1;
}

static void is_revoked_and_newer(struct assay_ocsp *r)
{
    r->answer = ASSAY_OCSP_REVOKED;
    r->this_update_s += 1;
}

static void is_revoked_and_not_issued(struct assay_ocsp *r)
{
    r->answer = ASSAY_OCSP_REVOKED;
    r->this_update_s = AT + 1;
}

static void is_expired(struct assay_ocsp *r)
{
    r->next_update_s = AT - 1;
}

Test(quote_ocsp, of_two_the_newest_that_was_issued_counts)
{
    expect_of_two(is_unknown, ASSAY_RULE_COLLATERAL_MISSING, "of one second the graver");
    expect_of_two(is_unknown_and_older, 0, "an older one");
    expect_of_two(is_revoked_and_newer, ASSAY_RULE_CERT_REVOKED, "a newer one");
    expect_of_two(is_revoked_and_not_issued, 0, "one of the future");
    expect_of_two(is_expired, 0, "of one second and one answer the one that lasts");
}

Test(quote_ocsp, of_two_that_are_not_issued_the_earlier_counts)
{
    for (size_t i = 0; i < 2; i++) {
        collateral->ocsp_count = 0;
        struct assay_ocsp *const two[] = { &add_response()->response, &add_response()->response };
        two[i]->this_update_s = AT + 10;
        two[1 - i]->this_update_s = AT + 20;
        two[1 - i]->answer = ASSAY_OCSP_REVOKED;
        cr_expect(is_covered());
        expect_reason(ASSAY_RULE_COLLATERAL_EARLY, "the earlier");
    }
}

static void is_unknown_beside_revoked(struct assay_ocsp *r)
{
    collateral->ocsp[0].response.answer = collateral->ocsp[1].response.answer = ASSAY_OCSP_REVOKED;
    r->answer = ASSAY_OCSP_UNKNOWN;
}

static void is_held_beside_unknown(struct assay_ocsp *r)
{
    collateral->ocsp[0].response.answer = collateral->ocsp[1].response.answer = ASSAY_OCSP_UNKNOWN;
    r->answer = ASSAY_OCSP_REVOKED;
    r->reason = ASSAY_OCSP_REASON_HOLD;
}

Test(quote_ocsp, of_one_second_unknown_is_graver_than_good_and_lighter_than_held)
{
    policy.gpu.allow_certificate_hold = true;
    expect_of_two(is_unknown_beside_revoked, ASSAY_RULE_CERT_REVOKED, "unknown and revoked");
    expect_of_two(is_held_beside_unknown, ASSAY_RULE_CERT_HELD, "held and unknown");
}

/* An answer of unknown is none, with any reason that stands there. */
Test(quote_ocsp, unknown_is_never_on_hold)
{
    struct assay_ocsp *const r = &add_response()->response;
    policy.gpu.allow_certificate_hold = true;
    r->answer = ASSAY_OCSP_UNKNOWN;
    r->reason = ASSAY_OCSP_REASON_HOLD;
    cr_expect(is_covered());
    expect_reason(ASSAY_RULE_COLLATERAL_MISSING, "unknown");
}

/* --- where responses are looked for */
Test(quote_ocsp, bundles_of_other_kinds_and_entries_without_one_are_passed_over)
{
    struct assay_ocsp *const r = &add_response()->response;
    cr_expect_not(assay_ocsp_is_named_weakly(&request, &certificates[0]));
    r->hash_len = ASSAY_OCSP_SHA1_LEN;
    cr_expect(assay_ocsp_is_named_weakly(&request, &certificates[0]));
    cr_expect_not(assay_ocsp_is_named_weakly(&request, &certificates[1]), "another number");
    cr_expect_not(is_covered(), "by SHA-1 nothing is covered");
    r->answer = ASSAY_OCSP_REVOKED;
    cr_expect_not(is_covered());
    expect_reason(ASSAY_RULE_CERT_REVOKED, "by SHA-1, and signed by the issuer");
    endorsements->entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
    cr_expect_not(assay_ocsp_is_named_weakly(&request, &certificates[0]));
    cr_expect_not(is_covered());
    cr_expect_eq(verdict->reason_count, 0);
    endorsements->entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_NVIDIA_GPU);
    endorsements->entries[0].collateral = NULL;
    cr_expect_not(assay_ocsp_is_named_weakly(&request, &certificates[0]));
    cr_expect_not(is_covered());
    cr_expect_eq(verdict->reason_count, 0);
}

/* --- the nonce */
Test(quote_ocsp, a_response_has_exactly_the_nonce_of_the_request)
{
    static const uint8_t nonce[] = { 1, 2, 3, 4 };
    struct assay_ocsp *const r = &add_response()->response;
    request.ocsp_nonce = assay_slice_over(nonce, sizeof nonce);
    cr_expect(is_covered());
    expect_reason(ASSAY_RULE_OCSP_NONCE, "none");
    r->nonce_len = sizeof nonce;
    cr_expect(is_covered());
    expect_reason(ASSAY_RULE_OCSP_NONCE, "another one");
    assay_bytes_copy(r->nonce, sizeof r->nonce, nonce, sizeof nonce);
    cr_expect(is_covered());
    cr_expect_eq(verdict->reason_count, 0);
}
