/*
 * tests/unit/quote/cose/test_cca.c - tests of CCA tokens: valid in every profile, and with one
 * defect at a time.
 */
#include "tests/unit/quote/cose/cca_world.h"

#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void expect_pass(struct cca_world *w)
{
    cca_make(w);
    cr_assert_eq(cca_judge(w), ASSAY_OK, "%s: %s", w->verdict.reasons[0].expected,
                 w->verdict.reasons[0].observed);
    cr_assert_eq(w->verdict.reason_count, 0, "%s: %s / %s",
                 assay_rule_name(w->verdict.reasons[0].rule), w->verdict.reasons[0].expected,
                 w->verdict.reasons[0].observed);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
}

static void expect_rule(struct cca_world *w, enum assay_rule rule, enum assay_genuine genuine)
{
    cca_make(w);
    cr_assert_eq(cca_judge(w), ASSAY_OK, "%s: %s", w->verdict.reasons[0].expected,
                 w->verdict.reasons[0].observed);
    cr_assert(assay_verdict_has(&w->verdict, rule), "%s; first: %s", assay_rule_name(rule),
              assay_rule_name(w->verdict.reasons[0].rule));
    cr_assert_eq(w->verdict.genuine, genuine, "%s", assay_rule_name(rule));
    cr_assert_neq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_assert_neq(w->verdict.reasons[0].expected[0], '\0');
    cr_assert_neq(w->verdict.reasons[0].observed[0], '\0');
}

static void expect_status(struct cca_world *w, enum assay_status status, const char *field)
{
    cca_make(w);
    cr_assert_eq(cca_judge(w), status, "%s: %s", field, assay_status_symbol(cca_judge(w)));
    cr_assert_eq(w->verdict.reason_count, 1);
    cr_assert_eq(w->verdict.reasons[0].rule,
                 status == ASSAY_E_UNSUPPORTED ? ASSAY_RULE_UNSUPPORTED : ASSAY_RULE_FORMAT);
    cr_assert_str_eq(w->verdict.reasons[0].expected, field);
    cr_assert_leq(w->verdict.reasons[0].offset, w->len);
    cr_assert_neq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
}

static enum assay_proof_state proof(const struct cca_world *w, enum assay_proof which)
{
    return (enum assay_proof_state)w->verdict.proofs[which];
}

static void expect_links(const struct cca_world *w, bool platform, bool realm, bool binding)
{
    cr_assert_eq(proof(w, ASSAY_PROOF_PLATFORM_SIGNATURE),
                 platform ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    cr_assert_eq(proof(w, ASSAY_PROOF_REALM_SIGNATURE),
                 realm ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    cr_assert_eq(proof(w, ASSAY_PROOF_REALM_BINDING),
                 binding ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
}

Test(quote_cca, affirms_the_first_profile_with_a_raw_key)
{
    struct cca_world *const w = cca_open();
    expect_pass(w);
    expect_links(w, true, true, true);
    cr_assert(assay_bytes_equal(w->verdict.report_data, w->challenge, 64));
    cr_assert_eq(w->verdict.measurement_len, 64);
    cr_assert_eq(w->verdict.measurement[0], 0x38);
    cr_assert(w->verdict.has_platform);
    cr_assert_not(w->verdict.platform_masked);
    uint8_t root[32];
    assay_key_name(&w->cpak.public, root);
    cr_assert(assay_bytes_equal(root, w->verdict.vendor_root, 32));
    cca_close(w);
}

Test(quote_cca, affirms_every_later_profile_with_a_cose_key)
{
    static const char profiles[][2][48] = {
        { "tag:arm.com,2023:cca_platform#1.0.0", "tag:arm.com,2023:realm#1.0.0" },
        { "tag:arm.com,2024:cca_platform#1.1.0", "tag:arm.com,2024:realm#1.1.0" },
        { "tag:arm.com,2024:cca_platform#2.0.0", "tag:arm.com,2024:realm#2.0.0" },
        { "tag:arm.com,2026:cca_platform#2.0.0", "tag:arm.com,2026:realm#2.0.0" },
        { "tag:arm.com,2026:cca_platform#2.0.0;delegated", "tag:arm.com,2026:realm#2.0.0" },
        { "tag:arm.com,2026:cca_platform#2.1.0", "tag:arm.com,2026:realm#2.0.0" },
        { "tag:arm.com,2026:cca_platform#2.1.0;delegated", "tag:arm.com,2026:realm#2.0.0" },
    };
    struct cca_world *const w = cca_open();
    w->key_form = CCA_COSE;
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        w->platform_profile = profiles[i][0];
        w->realm_profile = profiles[i][1];
        for (unsigned shape = 0; shape < 3; shape++) {
            w->tag = shape == 0 ? ASSAY_CCA_TAG_COLLECTION : ASSAY_CCA_TAG_CMW;
            w->media_type = shape == 2;
            w->other_entry = shape != 0;
            w->platform_sign1.tagged = shape == 1;
            w->unknown_claims = shape == 1;
            expect_pass(w);
        }
        w->other_entry = false;
        w->bind_other = true;
        expect_rule(w, ASSAY_RULE_REALM_BINDING, ASSAY_GENUINE_FALSE);
        w->bind_other = false;
    }
    cca_close(w);
}

Test(quote_cca, affirms_p256_keys_and_every_hash)
{
    static const char hashes[][8] = { "sha-256", "sha-384", "sha-512" };
    struct cca_world *const w = cca_open();
    cca_use_2023(w);
    maker_key_free(&w->cpak);
    maker_key_free(&w->rak);
    w->cpak = maker_key_make(ASSAY_KEY_P256);
    w->rak = maker_key_make(ASSAY_KEY_P256);
    w->endorsements.entries[0].root = w->cpak.public;
    w->platform_sign1.algorithm = ASSAY_COSE_ES256;
    w->realm_sign1.algorithm = ASSAY_COSE_ES256;
    for (size_t i = 0; i < 3; i++) {
        w->key_hash = hashes[i];
        expect_pass(w);
    }
    cca_close(w);
}

Test(quote_cca, finds_its_kind_and_its_end)
{
    struct cca_world *const w = cca_open();
    for (unsigned i = 0; i < 2; i++) {
        enum assay_evidence_kind kind = ASSAY_KIND_NONE;
        size_t declared = 0;
        w->tag = i == 0 ? ASSAY_CCA_TAG_COLLECTION : ASSAY_CCA_TAG_CMW;
        cca_make(w);
        cr_assert_eq(assay_evidence_detect(w->bytes, w->len, &kind), ASSAY_OK);
        cr_assert_eq(kind, ASSAY_KIND_CCA);
        memset(w->bytes + w->len, 0, 9);
        cr_assert_eq(assay_evidence_length(kind, w->bytes, w->len + 9, &declared), ASSAY_OK);
        cr_assert_eq(declared, w->len);
        w->bytes[w->len] = 1;
        cr_assert_eq(assay_evidence_length(kind, w->bytes, w->len + 9, &declared),
                     ASSAY_E_TRAILING);
    }
    cca_close(w);
}

/* --- links */
Test(quote_cca, breaks_each_link_by_itself)
{
    struct cca_world *const w = cca_open();
    w->platform_sign1.wrong_context = true;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    expect_links(w, false, true, true);
    cr_assert_not(w->verdict.has_platform);
    w->platform_sign1.wrong_context = false;
    w->realm_sign1.wrong_context = true;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    expect_links(w, true, false, true);
    w->realm_sign1.wrong_context = false;
    w->bind_other = true;
    expect_rule(w, ASSAY_RULE_REALM_BINDING, ASSAY_GENUINE_FALSE);
    expect_links(w, true, true, false);
    w->bind_other = false;
    w->bind_short = true; /* a hash of the key, but not the one that is named */
    expect_rule(w, ASSAY_RULE_REALM_BINDING, ASSAY_GENUINE_FALSE);
    expect_links(w, true, true, false);
    w->bind_short = false;
    expect_pass(w);
    cca_close(w);
}

Test(quote_cca, wants_the_platform_key_pinned_for_this_kind)
{
    struct cca_world *const w = cca_open();
    struct maker_key other = maker_key_make(ASSAY_KEY_P384);
    struct maker_key p256 = maker_key_make(ASSAY_KEY_P256);
    w->endorsements.entries[0].root = other.public;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    expect_links(w, false, true, true);
    w->endorsements.entries[0].root = p256.public; /* could not have signed ES384 */
    expect_rule(w, ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE);
    expect_links(w, false, true, true);
    w->endorsements.entries[0].root = w->cpak.public;
    w->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_NITRO);
    w->endorsements.exact = false;
    expect_rule(w, ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE);
    w->endorsements.exact = true; /* one's own affair, and nobody said whom to trust */
    expect_rule(w, ASSAY_RULE_ROOT_MISSING, ASSAY_GENUINE_UNKNOWN);
    cr_assert_eq(w->verdict.proofs[ASSAY_PROOF_PLATFORM_SIGNATURE], ASSAY_PROOF_UNKNOWN);
    cr_assert_eq(w->verdict.proofs[ASSAY_PROOF_REALM_SIGNATURE], ASSAY_PROOF_TRUE);
    cr_assert_not(w->verdict.has_platform);
    w->endorsements.exact = false;
    /* The second of two. */
    w->endorsements.count = 3;
    w->endorsements.entries[0] =
        (struct assay_endorsement){ .root = other.public, .kinds = ASSAY_KINDS_ALL };
    w->endorsements.entries[1] =
        (struct assay_endorsement){ .root = p256.public, .kinds = ASSAY_KINDS_ALL };
    w->endorsements.entries[2] =
        (struct assay_endorsement){ .root = w->cpak.public, .kinds = ASSAY_KINDS_ALL };
    expect_pass(w);
    maker_key_free(&other);
    maker_key_free(&p256);
    cca_close(w);
}

Test(quote_cca, refuses_swapped_and_missing_tokens)
{
    struct cca_world *const w = cca_open();
    w->swapped = true;
    cca_make(w);
    cr_assert_neq(cca_judge(w), ASSAY_OK);
    cr_assert_neq(w->verdict.genuine, ASSAY_GENUINE_TRUE);
    w->swapped = false;
    w->only_one = true;
    expect_status(w, ASSAY_E_NOT_FOUND, "realm token (44241)");
    w->swapped = true;
    expect_status(w, ASSAY_E_NOT_FOUND, "platform token (44234)");
    w->swapped = false;
    w->only_one = false;
    w->other_entry = true; /* unsigned, in a collection that has none */
    expect_status(w, ASSAY_E_INVALID, "the collection of tokens");
    w->other_entry = false;
    w->tag = 400;
    expect_status(w, ASSAY_E_UNSUPPORTED, "a CCA token (tag 399 or 907)");
    w->tag = 0;
    expect_status(w, ASSAY_E_TYPE, "a CCA token (tag 399 or 907)");
    cca_close(w);
}

Test(quote_cca, refuses_a_realm_key_that_another_realm_signed_with)
{
    struct cca_world *const w = cca_open();
    struct maker_key other = maker_key_make(ASSAY_KEY_P384);
    w->realm_sign1.key = &other;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    expect_links(w, true, false, true);
    maker_key_free(&other);
    cca_close(w);
}

/* --- algorithms and keys */
Test(quote_cca, says_which_algorithms_it_knows)
{
    struct cca_world *const w = cca_open();
    w->platform_sign1.algorithm = ASSAY_COSE_ES512;
    expect_status(w, ASSAY_E_UNSUPPORTED, "ES256 or ES384, not ES512");
    w->platform_sign1.algorithm = -8; /* EdDSA */
    expect_status(w, ASSAY_E_UNSUPPORTED, "ES256 or ES384");
    w->platform_sign1.algorithm = ASSAY_COSE_ES384;
    w->realm_sign1.algorithm = ASSAY_COSE_ES512;
    expect_status(w, ASSAY_E_UNSUPPORTED, "ES256 or ES384, not ES512");
    /* An algorithm of another curve than the key's. */
    w->realm_sign1.algorithm = ASSAY_COSE_ES256;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    expect_links(w, true, false, true);
    w->realm_sign1.algorithm = ASSAY_COSE_ES384;
    w->realm_sign1.alg_unprotected = true;
    expect_status(w, ASSAY_E_INVALID, "the realm token");
    w->realm_sign1.alg_unprotected = false;
    w->platform_sign1.alg_in_both = true;
    expect_status(w, ASSAY_E_INVALID, "the platform token");
    w->platform_sign1.alg_in_both = false;
    w->platform_sign1.cut_signature = 2;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    cca_close(w);
}

/* ES384 with a key on P-256, its signature made as long as P-384's: RFC 9053 would let it pass. */
Test(quote_cca, wants_the_curve_that_belongs_to_the_algorithm)
{
    struct cca_world *const w = cca_open();
    cca_use_2023(w);
    maker_key_free(&w->rak);
    w->rak = maker_key_make(ASSAY_KEY_P256);
    w->realm_sign1.half = 48;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    expect_links(w, true, false, true);
    w->realm_sign1.algorithm = ASSAY_COSE_ES256;
    w->realm_sign1.half = 0;
    expect_pass(w);
    cca_close(w);
}

Test(quote_cca, takes_one_binding_claim_by_the_profile)
{
    struct cca_world *const w = cca_open();
    w->bind_twice = true;
    expect_status(w, ASSAY_E_INVALID, "workload binding (2408)");
    w->platform_profile = "tag:arm.com,2026:cca_platform#2.0.0";
    expect_status(w, ASSAY_E_INVALID, "challenge (10)");
    w->bind_twice = false;
    expect_pass(w);
    cca_close(w);
}

static void expect_key(struct cca_world *w, const uint8_t *bytes, size_t len,
                       enum assay_status status)
{
    w->key_bytes = bytes;
    w->key_len = len;
    expect_status(w, status, "realm public key (44237)");
    w->key_bytes = NULL;
}

Test(quote_cca, refuses_realm_keys_of_the_wrong_form)
{
    struct cca_world *const w = cca_open();
    uint8_t raw[98] = { 4 };
    assay_bytes_copy(raw + 1, 97, w->rak.public.bytes, 96);
    expect_key(w, raw, 96, ASSAY_E_RANGE);
    expect_key(w, raw, 98, ASSAY_E_RANGE);
    raw[0] = 2; /* compressed */
    expect_key(w, raw, 97, ASSAY_E_INVALID);
    raw[0] = 4;
    raw[40] ^= 1; /* off the curve: bound and all, but no key */
    w->key_bytes = raw;
    w->key_len = 97;
    expect_rule(w, ASSAY_RULE_DOCUMENT_SIGNATURE, ASSAY_GENUINE_FALSE);
    expect_links(w, true, false, true);
    w->key_bytes = NULL;
    /* The forms belong to the profiles. */
    w->key_form = CCA_COSE;
    expect_status(w, ASSAY_E_RANGE, "realm public key (44237)");
    cca_use_2023(w);
    w->key_form = CCA_RAW;
    expect_status(w, ASSAY_E_TYPE, "realm public key (44237)");
    cca_close(w);
}

Test(quote_cca, refuses_cose_keys_of_another_type_or_curve)
{
    struct cca_world *const w = cca_open();
    uint8_t bytes[160];
    struct assay_slice key;
    cca_use_2023(w);
    struct assay_writer out = assay_writer_over(bytes, sizeof bytes);
    maker_cose_key_put(&w->rak, &out);
    cr_assert_eq(assay_writer_finish(&out, &key), ASSAY_OK);
    enum { KTY = 2, CRV = 4 }; /* a4 01 02 20 02 21 58 30 ... */
    cr_assert_eq(bytes[KTY], 2);
    cr_assert_eq(bytes[CRV], 2);
    bytes[CRV] = 3; /* P-521 */
    expect_key(w, bytes, key.len, ASSAY_E_UNSUPPORTED);
    bytes[CRV] = 1; /* P-256 with coordinates of P-384 */
    expect_key(w, bytes, key.len, ASSAY_E_INVALID);
    bytes[CRV] = 2;
    bytes[KTY] = 1; /* OKP */
    expect_key(w, bytes, key.len, ASSAY_E_UNSUPPORTED);
    bytes[KTY] = 2;
    expect_key(w, bytes, key.len - 1, ASSAY_E_TRUNCATED);
    bytes[key.len] = 0;
    expect_key(w, bytes, key.len + 1, ASSAY_E_TRAILING);
    w->key_bytes = bytes;
    w->key_len = key.len;
    expect_pass(w);
    cca_close(w);
}

/* --- claims */
Test(quote_cca, wants_every_mandatory_claim_once)
{
    static const struct {
        int64_t key;
        char name[32];
    } claims[] = {
        { 265, "profile (265)" },
        { 10, "challenge (10)" },
        { 2396, "implementation id (2396)" },
        { 256, "instance id (256)" },
        { 2401, "platform config (2401)" },
        { 2395, "lifecycle (2395)" },
        { 2399, "software components (2399)" },
        { 2402, "hash algorithm" },
        { 2394, "client id (2394)" },
        { -265, "profile (265)" },
        { -10, "challenge (10)" },
        { -44235, "personalization value (44235)" },
        { -44236, "hash algorithm" },
        { -44237, "realm public key (44237)" },
        { -44238, "initial measurement (44238)" },
        { -44239, "extensible measurements (44239)" },
        { -44240, "hash of the public key (44240)" },
        { -44243, "MEC policy (44243)" },
        { -256, "instance id (256)" },
    };
    struct cca_world *const w = cca_open();
    w->platform_profile = "tag:arm.com,2024:cca_platform#2.0.0";
    w->realm_profile = "tag:arm.com,2024:realm#2.0.0";
    w->key_form = CCA_COSE;
    expect_pass(w);
    for (size_t i = 0; i < sizeof claims / sizeof claims[0]; i++) {
        w->leave_out = claims[i].key;
        cca_make(w);
        if (claims[i].key == -265) { /* without it the key is a raw one */
            expect_status(w, ASSAY_E_RANGE, "realm public key (44237)");
        } else {
            expect_status(w, ASSAY_E_NOT_FOUND, claims[i].name);
            cr_assert_str_eq(w->verdict.reasons[0].observed, "missing");
        }
        w->leave_out = 0;
        w->twice = claims[i].key;
        expect_status(w, ASSAY_E_DUPLICATE, "the key of a claim");
        w->twice = 0;
    }
    cca_close(w);
}

Test(quote_cca, does_not_judge_profiles_and_hashes_that_it_does_not_know)
{
    static const char profiles[][56] = { "tag:arm.com,2026:cca_platform#2.0.0;direct",
                                         "tag:arm.com,2026:cca_platform#2.0.0;HESRAK",
                                         "tag:arm.com,2023:cca_platform#1.0.1",
                                         "tag:arm.com,2023:cca_platform#1.0.0 ", "x" };
    struct cca_world *const w = cca_open();
    for (size_t i = 0; i < sizeof profiles / sizeof profiles[0]; i++) {
        w->platform_profile = profiles[i];
        expect_status(w, ASSAY_E_UNSUPPORTED, "profile (265)");
        cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    }
    w->platform_profile = "http://arm.com/CCA-SSD/1.0.0";
    w->realm_profile = "tag:arm.com,2022:realm#1.0.0";
    w->key_form = CCA_COSE;
    expect_status(w, ASSAY_E_UNSUPPORTED, "profile (265)");
    w->realm_profile = "";
    expect_status(w, ASSAY_E_RANGE, "profile (265)");
    w->realm_profile = NULL;
    w->key_form = CCA_RAW;
    w->key_hash = "sha-1";
    expect_status(w, ASSAY_E_UNSUPPORTED, "hash of the public key (44240)");
    w->key_hash = "sha-256";
    static const char *const unknown[] = { "sha-1", "SHA-256", "sha-256 ", "mine" };
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        w->realm_hash = unknown[i]; /* what the measurements were made with */
        expect_status(w, ASSAY_E_UNSUPPORTED, "hash algorithm");
        cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    }
    cca_close(w);
}

Test(quote_cca, refuses_values_outside_their_limits)
{
    struct cca_world *const w = cca_open();
    w->rim_len = 63;
    expect_status(w, ASSAY_E_RANGE, "initial measurement (44238)");
    w->rim_len = 65;
    expect_status(w, ASSAY_E_RANGE, "initial measurement (44238)");
    w->rim_len = 64;
    w->lifecycle = 0x10000;
    expect_status(w, ASSAY_E_RANGE, "lifecycle (2395)");
    w->lifecycle = 0x3003;
    w->ueid_type = 2;
    expect_status(w, ASSAY_E_INVALID, "instance id (256)");
    w->ueid_type = 1;
    w->component_count = 0;
    expect_status(w, ASSAY_E_RANGE, "software components (2399)");
    w->component_count = ASSAY_CCA_COMPONENTS_MAX;
    expect_pass(w);
    w->component_count += 1;
    expect_status(w, ASSAY_E_RANGE, "software components (2399)");
    w->component_count = 1;
    w->component_without_signer = true;
    expect_status(w, ASSAY_E_NOT_FOUND, "software components (2399)");
    w->component_without_signer = false;
    w->platform_profile = "tag:arm.com,2024:cca_platform#2.0.0";
    w->client = 2;
    expect_status(w, ASSAY_E_INVALID, "client id (2394)");
    cca_close(w);
}

/* Published tokens have 64 bytes under "sha-256". */
Test(quote_cca, takes_measurements_of_any_length_that_a_hash_has)
{
    static const char *const hashes[] = { "sha-256", "sha-384", "sha-512", "sha3-512" };
    static const size_t lengths[] = { 32, 48, 64 };
    struct cca_world *const w = cca_open();
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
        for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++) {
            w->realm_hash = hashes[i];
            w->rim_len = lengths[k];
            w->rem_len = lengths[(k + 1) % 3];
            w->component_len = lengths[(k + 2) % 3];
            expect_pass(w);
            cr_assert_eq(w->verdict.measurement_len, lengths[k]);
        }
    cca_close(w);
}

Test(quote_cca, takes_the_mec_policy_as_a_number_or_a_text)
{
    struct cca_world *const w = cca_open();
    w->platform_profile = "tag:arm.com,2024:cca_platform#1.1.0";
    w->realm_profile = "tag:arm.com,2024:realm#1.1.0";
    w->key_form = CCA_COSE;
    w->mec_number = 0;
    expect_pass(w);
    w->mec_number = 2;
    expect_status(w, ASSAY_E_RANGE, "MEC policy (44243)");
    w->mec_policy = "shared";
    expect_pass(w);
    w->mec_policy = "private";
    expect_pass(w);
    w->mec_policy = "public";
    expect_status(w, ASSAY_E_INVALID, "MEC policy (44243)");
    cca_close(w);
}

Test(quote_cca, refuses_a_token_longer_than_evidence_may_be)
{
    static uint8_t bytes[ASSAY_EVIDENCE_LEN_MAX + 1];
    struct assay_cca_token t;
    cr_assert_eq(assay_cca_parse(bytes, sizeof bytes, &t, NULL), ASSAY_E_RANGE);
}

Test(quote_cca, refuses_every_state_but_secured)
{
    static const struct {
        uint16_t lifecycle;
        bool debug;
    } states[] = {
        { 0x0000, false }, { 0x1000, false }, { 0x2000, false }, { 0x2fff, false },
        { 0x3100, false }, { 0x4000, true },  { 0x40ff, true },  { 0x5000, true },
        { 0x6000, false }, { 0x7000, false }, { 0xffff, false },
    };
    struct cca_world *const w = cca_open();
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
        w->lifecycle = states[i].lifecycle;
        expect_rule(w, ASSAY_RULE_LIFECYCLE, ASSAY_GENUINE_TRUE);
        cr_assert_eq(w->verdict.debug, states[i].debug, "%zu", i);
        cr_assert_eq(assay_verdict_has(&w->verdict, ASSAY_RULE_DEBUG), states[i].debug);
        cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_HARD);
    }
    w->lifecycle = 0x3000;
    expect_pass(w);
    w->lifecycle = 0x30ff;
    expect_pass(w);
    cca_close(w);
}

static struct assay_reference *add_reference(struct cca_world *w, enum assay_reference_field field,
                                             uint8_t fill, uint32_t len)
{
    struct assay_reference *const r = &w->policy.references[w->policy.reference_count];
    *r = (struct assay_reference){ .field = field, .value_len = len };
    memset(r->value, fill, len);
    w->policy.reference_count += 1;
    return r;
}

Test(quote_cca, compares_measurements_with_reference_values)
{
    struct cca_world *const w = cca_open();
    add_reference(w, ASSAY_REFERENCE_RIM, 0x38, 64);
    add_reference(w, ASSAY_REFERENCE_CCA_IMPLEMENTATION, 0x96, 32);
    for (uint8_t i = 0; i < 4; i++)
        add_reference(w, (enum assay_reference_field)(ASSAY_REFERENCE_REM0 + i), i, 64);
    expect_pass(w);
    for (uint32_t i = 0; i < w->policy.reference_count; i++) {
        w->policy.references[i].value[5] ^= 1;
        expect_rule(w, ASSAY_RULE_MEASUREMENT_UNKNOWN, ASSAY_GENUINE_TRUE);
        w->policy.references[i].value[5] ^= 1;
    }
    w->policy.kinds = 0;
    expect_rule(w, ASSAY_RULE_KIND, ASSAY_GENUINE_TRUE);
    cca_close(w);
}

/* --- hostile bytes and memory */
Test(quote_cca, takes_maps_and_arrays_of_indefinite_length)
{
    struct cca_world *const w = cca_open();
    w->indefinite = true;
    w->unknown_claims = true;
    expect_pass(w);
    w->component_count = 0;
    expect_status(w, ASSAY_E_RANGE, "software components (2399)");
    w->component_count = ASSAY_CCA_COMPONENTS_MAX + 1;
    expect_status(w, ASSAY_E_RANGE, "software components (2399)");
    w->component_count = 1;
    w->rem_count = 3;
    expect_status(w, ASSAY_E_RANGE, "extensible measurements (44239)");
    w->rem_count = 5;
    expect_status(w, ASSAY_E_RANGE, "extensible measurements (44239)");
    w->indefinite = false;
    expect_status(w, ASSAY_E_RANGE, "extensible measurements (44239)");
    cca_close(w);
}

Test(quote_cca, rejects_every_truncation)
{
    struct cca_world *const w = cca_open();
    for (size_t len = 0; len < w->len; len++) {
        struct assay_cca_token t;
        uint8_t *const exact = malloc(len == 0 ? 1 : len);
        assay_bytes_copy(exact, len, w->bytes, len);
        cr_assert_eq(assay_cca_parse(exact, len, &t, NULL), ASSAY_E_TRUNCATED, "%zu", len);
        free(exact);
    }
    cca_close(w);
}

Test(quote_cca, never_affirms_a_token_with_one_bit_flipped)
{
    struct cca_world *const w = cca_open();
    struct assay_verdict again;
    void *const memory = malloc(assay_verifier_size(16));
    struct assay_verifier *verifier = NULL;
    cr_assert_eq(assay_verifier_init(memory, assay_verifier_size(16), 16, &verifier), ASSAY_OK);
    /* Every bit is read; a bit of every byte is verified, each time another one. */
    for (size_t bit = 0; bit < 8 * w->len; bit++) {
        struct assay_cca_token t;
        w->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assay_status_ignore(assay_cca_parse(w->bytes, w->len, &t, NULL), "reads inside the bytes");
        w->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t byte = 0; byte < w->len; byte++) {
        w->bytes[byte] ^= (uint8_t)(1u << byte % 8);
        w->verifier = verifier;
        const enum assay_status status = cca_judge(w);
        cr_assert_neq(assay_status_class(status), ASSAY_CLASS_HOST);
        cr_assert_neq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "byte %zu", byte);
        if (byte % 8 == 0) { /* with and without a memory */
            again = w->verdict;
            w->verifier = NULL;
            cr_assert_eq(cca_judge(w), status);
            cr_assert(assay_bytes_equal(&again, &w->verdict, sizeof again), "byte %zu", byte);
        }
        w->bytes[byte] ^= (uint8_t)(1u << byte % 8);
    }
    w->verifier = NULL;
    assay_verifier_deinit(&verifier);
    free(memory);
    cca_close(w);
}

Test(quote_cca, remembers_a_platform_token_and_says_the_same)
{
    struct cca_world *const w = cca_open();
    struct assay_verifier_counts counts;
    struct assay_verdict cold;
    void *const memory = malloc(assay_verifier_size(4));
    expect_pass(w);
    cold = w->verdict;
    cr_assert_eq(assay_verifier_init(memory, assay_verifier_size(4), 4, &w->verifier), ASSAY_OK);
    for (unsigned i = 0; i < 3; i++) {
        cr_assert_eq(cca_judge(w), ASSAY_OK);
        cr_assert(assay_bytes_equal(&cold, &w->verdict, sizeof cold));
    }
    assay_verifier_count(w->verifier, &counts);
    cr_assert_eq(counts.misses, 1);
    cr_assert_eq(counts.hits, 2);
    /* The root is judged anew: none, and another one of the same type. */
    struct maker_key other = maker_key_make(ASSAY_KEY_P384);
    w->endorsements.count = 0;
    cr_assert_eq(cca_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    w->endorsements.count = 1;
    w->endorsements.entries[0].root = other.public;
    cr_assert_eq(cca_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
    expect_links(w, false, true, true);
    maker_key_free(&other);
    assay_verifier_deinit(&w->verifier);
    free(memory);
    cca_close(w);
}

/* The same tokens in the other kind of collection, the realm's some bytes further on. */
static void wrap_as_cmw(struct cca_world *w, uint64_t format)
{
    static uint8_t copy[MAKER_EVIDENCE_MAX];
    const size_t len = w->len;
    assay_bytes_copy(copy, sizeof copy, w->bytes, len);
    struct assay_cursor in = assay_cursor_over(copy, len);
    struct assay_writer out = assay_writer_over(w->bytes, sizeof w->bytes);
    struct assay_slice written;
    uint64_t number = 0;
    cr_assert_eq(assay_cbor_tag(&in, &number), ASSAY_OK);
    cr_assert_eq(assay_cbor_map(&in, 2, &number), ASSAY_OK);
    assay_cbor_put_tag(&out, ASSAY_CCA_TAG_CMW);
    assay_cbor_put_map(&out, 2);
    for (int i = 0; i < 2; i++) {
        struct assay_slice token;
        cr_assert_eq(assay_cbor_uint(&in, &number), ASSAY_OK);
        cr_assert_eq(assay_cbor_bytes(&in, SIZE_MAX, &token), ASSAY_OK);
        assay_cbor_put_uint(&out, number);
        assay_cbor_put_array(&out, 2);
        assay_cbor_put_uint(&out, format);
        assay_cbor_put_bytes(&out, token.bytes, token.len);
    }
    cr_assert_eq(assay_writer_finish(&out, &written), ASSAY_OK);
    w->len = written.len;
}

/* "application/eat+cwt" has one number. Content format 0 is plain text. */
Test(quote_cca, takes_no_record_of_another_content_format)
{
    static const uint64_t formats[] = { 0, 262, 264 };
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct cca_world *const w = cca_open();
        cca_make(w);
        wrap_as_cmw(w, formats[i]);
        cr_assert_eq(cca_judge(w), ASSAY_E_UNSUPPORTED, "format %u", (unsigned)formats[i]);
        cca_close(w);
    }
}

Test(quote_cca, remembers_a_fault_at_its_place)
{
    struct cca_world *const w = cca_open();
    struct assay_verdict cold;
    struct assay_verifier *verifier = NULL;
    void *const memory = malloc(assay_verifier_size(4));
    uint8_t raw[97] = { 4 }; /* off the curve */
    assay_bytes_copy(raw + 1, 96, w->rak.public.bytes, 96);
    raw[50] ^= 1;
    w->key_bytes = raw;
    w->key_len = sizeof raw;
    cca_make(w);
    cr_assert_eq(assay_verifier_init(memory, assay_verifier_size(4), 4, &verifier), ASSAY_OK);
    for (int i = 0; i < 2; i++) {
        w->verifier = NULL;
        cr_assert_eq(cca_judge(w), ASSAY_OK);
        cold = w->verdict;
        cr_assert_neq(cold.reasons[0].offset, 0);
        w->verifier = verifier;
        for (int again = 0; again < 2; again++) {
            cr_assert_eq(cca_judge(w), ASSAY_OK);
            cr_assert(assay_bytes_equal(&cold, &w->verdict, sizeof cold));
        }
        if (i == 0) wrap_as_cmw(w, 263);
    }
    assay_verifier_deinit(&verifier);
    free(memory);
    cca_close(w);
}
