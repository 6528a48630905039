/*
 * tests/unit/apps/evidence/test_standing_cwt.c - tests of attestation results of a standing: as a
 * CBOR web token they say what they say as a JSON web token.
 */
#include "apps/assay/evidence/ear_cwt.h"
#include "apps/assay/evidence/ear_read.h"
#include "net/documents/ear_token.h"
#include "net/documents/standing_ear.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ISSUED_S = 1795855000, LIFE_S = 600 };

static struct assay_proof_verified verified;
static uint8_t claims[ASSAY_EAR_CLAIMS_MAX], token[ASSAY_EAR_TOKEN_MAX];

static void fill(enum assay_standing standing, enum assay_proof_profile profile)
{
    static const uint8_t bytes[] = { 1, 2, 3 };
    struct assay_proven_state *const p = &verified.proven;
    verified = (struct assay_proof_verified){ .bytes = assay_slice_over(bytes, sizeof bytes),
                                              .expires_ms = (ISSUED_S + LIFE_S) * UINT64_C(1000),
                                              .has_age = true,
                                              .profile = profile };
    p->time_ms = ISSUED_S * UINT64_C(1000);
    p->next.era = 2;
    p->next.epoch = 70000;
    p->certified = true;
    p->member.stage = ASSAY_STAGE_MEMBER;
    p->member.stage_epoch = 3;
    p->member.node_id[0] = 0xab;
    p->member.pass_epoch = 70000;
    p->member.lives[0].incarnation = 7;
    p->member.trust.score.standing = standing;
    p->member.found.certified_pass = standing != ASSAY_STANDING_SUSPENDED;
    p->member.found.level = ASSAY_OUTCOME_PASS_UP_TO_DATE;
    p->member.found.electorate_weight = 1000;
    p->member.found.pass_weight = 900;
    p->member.found.negative_weight = 40;
    p->policy_digest[5] = 9;
}

static struct assay_json *read_cbor(void)
{
    struct assay_writer w = assay_writer_over(claims, sizeof claims);
    struct assay_json *read = NULL;
    cr_assert_eq(assay_document_ear_standing_cbor(&verified, &w), ASSAY_OK);
    cr_assert_eq(cli_ear_cwt_claims(assay_slice_over(claims, w.len), &read), ASSAY_OK);
    return read;
}

static struct assay_json *read_json(void)
{
    struct assay_json *read = NULL;
    char *const text = assay_document_ear_standing(&verified);
    cr_assert_not_null(text);
    cr_assert_eq(assay_json_parse(text, strlen(text), &read), ASSAY_OK);
    free(text);
    return read;
}

static void expect_same(const struct assay_json *expected, const struct assay_json *found,
                        const char *what)
{
    char *const a = assay_json_print(expected, 0), *const b = assay_json_print(found, 0);
    cr_expect_str_eq(a != NULL ? a : "none", b != NULL ? b : "none", "%s", what);
    free(a);
    free(b);
}

static const struct assay_json *appraisal_of(const struct assay_json *of)
{
    return assay_json_get(assay_json_get(of, "submods"), ASSAY_EAR_STANDING_SUBMODULE);
}

/* The tier as its number, which JSON has as a word. */
static void expect_tier(const struct assay_json *cbor, const struct assay_json *json)
{
    static const struct {
        const char *word;
        uint64_t number;
    } tiers[] = { { "none", 0 }, { "affirming", 2 }, { "warning", 32 }, { "contraindicated", 96 } };
    const char *const word = assay_json_text(json, "ear_status", "");
    for (size_t i = 0; i < sizeof tiers / sizeof tiers[0]; i++)
        if (strcmp(tiers[i].word, word) == 0)
            cr_expect_eq(assay_json_uint(cbor, "ear_status", 1), tiers[i].number, "%s", word);
}

Test(standing_cwt, says_what_the_json_web_token_says)
{
    static const char *const top[] = { "eat_profile", "iat", "exp", "ear_verifier_id" };
    for (unsigned standing = 0; standing < 4; standing++)
        for (unsigned profile = 0; profile < 3; profile++) {
            fill((enum assay_standing)standing, (enum assay_proof_profile)profile);
            struct assay_json *cbor = read_cbor(), *json = read_json();
            const struct assay_json *const a = appraisal_of(json), *const b = appraisal_of(cbor);
            for (size_t i = 0; i < sizeof top / sizeof top[0]; i++)
                expect_same(assay_json_get(json, top[i]), assay_json_get(cbor, top[i]), top[i]);
            expect_same(assay_json_get(a, ASSAY_EAR_PRIVATE),
                        assay_json_get(b, "ear_verifier_claims"), "private claims");
            expect_same(assay_json_get(a, "ear_trustworthiness_vector"),
                        assay_json_get(b, "ear_trustworthiness_vector"), "vector");
            expect_tier(b, a);
            assay_json_free(&cbor);
            assay_json_free(&json);
        }
}

Test(standing_cwt, is_a_token_that_its_key_signed)
{
    static const struct assay_secret32 secret = { { 1 } };
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256_signer *signer = NULL;
    struct assay_p256 *key = NULL;
    struct assay_ear ear;
    fill(ASSAY_STANDING_FULL, ASSAY_PROOF_PROFILE_DEVELOPMENT);
    struct assay_writer w = assay_writer_over(claims, sizeof claims);
    struct assay_writer out = assay_writer_over(token, sizeof token);
    cr_assert_eq(assay_p256_public(&secret, public_key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&secret, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_load(public_key, &key), ASSAY_OK);
    cr_assert_eq(assay_document_ear_standing_cbor(&verified, &w), ASSAY_OK);
    cr_assert_eq(
        assay_document_ear_sign_cbor(signer, public_key, assay_slice_over(claims, w.len), &out),
        ASSAY_OK);
    cr_expect_eq(cli_ear_read((const char *)token, out.len, key, ISSUED_S + 1, NULL, &ear),
                 ASSAY_EAR_VALID, "%s", ear.why);
    cr_expect_eq(ear.submodule_count, 1);
    cr_expect(ear.submodules[0].insecure, "of profile development");
    cli_ear_close(&ear);
    cr_expect_eq(cli_ear_read((const char *)token, out.len, key, ISSUED_S + LIFE_S + 1, NULL, &ear),
                 ASSAY_EAR_EXPIRED);
    cli_ear_close(&ear);
    token[out.len - 1] ^= 1;
    cr_expect_eq(cli_ear_read((const char *)token, out.len, key, ISSUED_S + 1, NULL, &ear),
                 ASSAY_EAR_FORGED);
    cli_ear_close(&ear);
    assay_p256_free(&key);
    assay_p256_signer_free(&signer);
}

Test(standing_cwt, fills_no_memory_that_is_too_small)
{
    fill(ASSAY_STANDING_FULL, ASSAY_PROOF_PROFILE_PRODUCTION);
    struct assay_writer whole = assay_writer_over(claims, sizeof claims);
    cr_assert_eq(assay_document_ear_standing_cbor(&verified, &whole), ASSAY_OK);
    for (size_t len = 0; len < whole.len; len += 13) {
        struct assay_writer w = assay_writer_over(claims, len);
        cr_expect_eq(assay_document_ear_standing_cbor(&verified, &w), ASSAY_E_FULL, "%zu", len);
    }
}
