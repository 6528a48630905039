/*
 * tests/unit/quote/test_kind_more.c - test of an additional kind of evidence: one line and one row
 * suffice.
 *
 * The whole kind stands here: 4 bytes "DUMY", 64 bytes of report data, 32 bytes of measurement, and
 * the signature of a pinned key over all of it. The library is compiled with its line in the list.
 */
#include "quote/accept/policy.h"
#include "quote/kinds.h"
#include "quote/result/ar4si.h"
#include "quote/verify.h"
#include "quote/yaml.h"
#include "tests/support/dummy_kind.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNED = 4 + 64 + 32, LEN = SIGNED + ASSAY_P256_SIGNATURE_LEN };

static bool detect(const uint8_t *bytes, size_t len)
{
    return len >= 4 && assay_bytes_equal(bytes, (const uint8_t *)"DUMY", 4);
}

static enum assay_status length(const uint8_t *bytes, size_t len, size_t *declared)
{
    if (!detect(bytes, len)) return ASSAY_E_UNSUPPORTED;
    if (len < LEN) return ASSAY_E_TRUNCATED;
    *declared = LEN;
    return ASSAY_OK;
}

static bool is_signed(const struct assay_evidence_request *request, const uint8_t *bytes)
{
    const struct assay_endorsements *const all = request->endorsements;
    uint8_t digest[32];
    assay_sha256(bytes, SIGNED, digest);
    for (size_t i = 0; i < all->count; i++) {
        struct assay_p256 *key = NULL;
        if ((all->entries[i].kinds & ASSAY_KIND_BIT(DUMMY_KIND)) == 0) continue;
        if (assay_p256_load(all->entries[i].root.bytes, &key) != ASSAY_OK) continue;
        const bool is = assay_p256_verify(key, digest, bytes + SIGNED, ASSAY_S_ANY);
        assay_p256_free(&key);
        if (is) return true;
    }
    return false;
}

static enum assay_status verify(const struct assay_kind *kind, struct assay_verifier *verifier,
                                const struct assay_evidence_request *request,
                                struct assay_verdict *verdict)
{
    struct assay_package package;
    (void)verifier;
    ASSAY_TRY(assay_package_read(kind->kind, request->bytes, request->len, &package));
    if (package.main.len != LEN) return ASSAY_E_TRUNCATED;
    if ((request->policy->kinds & ASSAY_KIND_BIT(kind->kind)) == 0)
        assay_verdict_add(verdict, ASSAY_RULE_KIND, 0, "a kind that the policy accepts",
                          assay_kind_text(kind->kind));
    assay_bytes_copy(verdict->report_data, 64, package.main.bytes + 4, 64);
    assay_bytes_copy(verdict->measurement, 32, package.main.bytes + 68, 32);
    verdict->measurement_len = 32;
    const bool proven = is_signed(request, package.main.bytes);
    assay_verdict_proof(verdict, ASSAY_PROOF_REPORT_SIGNATURE,
                        proven ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE);
    if (!proven)
        assay_verdict_add(verdict, ASSAY_RULE_REPORT_SIGNATURE, SIGNED, "a pinned key's signature",
                          "none");
    verdict->appraised = true;
    return ASSAY_OK;
}

struct assay_kind dummy_kind_row(void)
{
    return (struct assay_kind){
        .kind = DUMMY_KIND,
        .what = "a dummy of the tests",
        .pieces = ASSAY_PIECE_PCRS,
        .speaks_of = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(EXECUTABLES),
        .affirms = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY),
        .proofs = ASSAY_PROOF_BIT(REPORT_SIGNATURE),
        .programs = ASSAY_PROGRAM_BIT(PCR0),
        .detect = detect,
        .length = length,
        .verify = verify,
    };
}

struct bench {
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verdict verdict;
    uint8_t bytes[LEN];
};

static struct bench *make(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct assay_p256_signer *signer = NULL;
    struct assay_secret32 secret;
    uint8_t digest[32];
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    cr_assert_not_null(b);
    cr_assert_eq(assay_p256_generate(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    assay_bytes_copy(b->bytes, 4, (const uint8_t *)"DUMY", 4);
    for (size_t i = 4; i < SIGNED; i++)
        b->bytes[i] = (uint8_t)i;
    assay_sha256(b->bytes, SIGNED, digest);
    cr_assert_eq(assay_p256_sign(signer, digest, b->bytes + SIGNED), ASSAY_OK);
    assay_p256_signer_free(&signer);
    assay_policy_default(&b->policy);
    b->endorsements.count = 1;
    assay_key_from(&b->endorsements.entries[0].root, ASSAY_KEY_P256, public_key, sizeof public_key);
    b->endorsements.entries[0].kinds = ASSAY_KIND_BIT(DUMMY_KIND);
    return b;
}

static enum assay_status judge(struct bench *b, const uint8_t *bytes, size_t len)
{
    const struct assay_evidence_request request = { .kind = DUMMY_KIND,
                                                    .bytes = bytes,
                                                    .len = len,
                                                    .at_unix_s = 1700000000,
                                                    .endorsements = &b->endorsements,
                                                    .policy = &b->policy };
    return assay_evidence_verify(NULL, &request, &b->verdict);
}

Test(quote_kind_more, is_recognised_judged_and_spoken_of)
{
    struct bench *b = make();
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    size_t declared = 0;
    cr_assert_eq(assay_evidence_detect(b->bytes, LEN, &kind), ASSAY_OK);
    cr_assert_eq(kind, DUMMY_KIND);
    cr_assert_eq(assay_evidence_length(kind, b->bytes, LEN, &declared), ASSAY_OK);
    cr_assert_eq(declared, LEN);
    cr_assert_eq(judge(b, b->bytes, LEN), ASSAY_OK);
    cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(b->verdict.tier, ASSAY_TIER_AFFIRMING);
    const struct assay_trust_vector v = assay_ar4si_vector(&b->verdict, &b->policy);
    cr_assert_eq(v.claims[ASSAY_TRUST_INSTANCE_IDENTITY], 2);
    cr_assert_eq(v.claims[ASSAY_TRUST_HARDWARE], 0, "its row does not speak of it");
    cr_assert(assay_ar4si_supports(DUMMY_KIND, ASSAY_TRUST_EXECUTABLES));
    cr_assert_not(assay_ar4si_supports(DUMMY_KIND, ASSAY_TRUST_HARDWARE));
    b->bytes[70] ^= 1;
    cr_assert_eq(judge(b, b->bytes, LEN), ASSAY_OK);
    cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert_eq(judge(b, b->bytes, LEN - 1), ASSAY_E_TRUNCATED);
    free(b);
}

Test(quote_kind_more, travels_in_a_package_of_the_pieces_of_its_row)
{
    struct bench *b = make();
    const uint8_t piece[32] = { 1 };
    uint8_t bytes[512];
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct assay_package p = { .kind = DUMMY_KIND,
                               .main = assay_slice_over(b->bytes, LEN),
                               .pcrs = assay_slice_over(piece, sizeof piece) };
    cr_assert(assay_package_fits(&p));
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_package_encode(&p, &w);
    cr_assert_not(w.full);
    cr_assert(assay_package_detect(bytes, w.len, &kind));
    cr_assert_eq(kind, DUMMY_KIND);
    cr_assert_eq(judge(b, bytes, w.len), ASSAY_OK);
    cr_assert_eq(b->verdict.genuine, ASSAY_GENUINE_TRUE);
    p.signature = p.pcrs;
    cr_assert_not(assay_package_fits(&p), "its row has no signature");
    free(b);
}

Test(quote_kind_more, is_named_in_policies_and_left_out_of_what_others_share)
{
    static const char text[] = "policy_version: 1\nprofile: production\nkinds: [dummy]\n";
    struct bench *b = make();
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    cr_assert_eq(assay_kind_parse("dummy", &kind), ASSAY_OK);
    cr_assert_eq(kind, DUMMY_KIND);
    cr_assert_str_eq(assay_kind_text(DUMMY_KIND), "dummy");
    cr_assert_neq(ASSAY_KINDS_KNOWN & ASSAY_KIND_BIT(DUMMY_KIND), 0);
    cr_assert_eq((ASSAY_KINDS_DCAP | ASSAY_KINDS_TPM) & ASSAY_KIND_BIT(DUMMY_KIND), 0);
    char message[ASSAY_YAML_MESSAGE_MAX];
    cr_assert_eq(
        assay_policy_parse_yaml((const uint8_t *)text, sizeof text - 1, &b->policy, message),
        ASSAY_OK, "%s", message);
    cr_assert_eq(b->policy.kinds, ASSAY_KIND_BIT(DUMMY_KIND));
    cr_assert_eq(judge(b, b->bytes, LEN), ASSAY_OK);
    cr_assert_not(assay_verdict_has(&b->verdict, ASSAY_RULE_KIND));
    b->policy.kinds = ASSAY_KINDS_SNP;
    cr_assert_eq(judge(b, b->bytes, LEN), ASSAY_OK);
    cr_assert(assay_verdict_has(&b->verdict, ASSAY_RULE_KIND));
    free(b);
}
