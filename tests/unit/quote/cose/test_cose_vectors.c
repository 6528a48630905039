/*
 * tests/unit/quote/cose/test_cose_vectors.c - genuine Nitro documents and the published CCA token:
 * exactly the expected links, claims and refusals.
 */
#include "apps/assay/evidence/claims.h"
#include "base/rfc3339.h"
#include "quote/accept/policy.h"
#include "quote/verify.h"
#include "tests/support/depth.h"
#include "tests/unit/quote/world.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct assay_json *read_manifest(void)
{
    char path[PATH_MAX];
    size_t len = 0;
    struct assay_json *manifest = NULL;
    if (vectors_dir() == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    (void)snprintf(path, sizeof path, "%s/MANIFEST.json", vectors_dir());
    uint8_t *const text = read_file(path, &len);
    cr_assert_not_null(text);
    cr_assert_eq(assay_json_parse((const char *)text, len, &manifest), ASSAY_OK);
    free(text);
    return manifest;
}

static uint8_t *read_role(const struct assay_json *item, const char *role, size_t *len)
{
    char path[PATH_MAX];
    const struct assay_json *const files = assay_json_get(item, "files");
    for (size_t i = 0; i < assay_json_count(files); i++) {
        const struct assay_json *const file = assay_json_at(files, i);
        if (strncmp(assay_json_text(file, "role", ""), role, strlen(role)) != 0) continue;
        (void)snprintf(path, sizeof path, "%s/%s", vectors_dir(),
                       assay_json_text(file, "path", "?"));
        return read_file(path, len);
    }
    return NULL;
}

struct fixture {
    const char *id;
    uint8_t *bytes;
    size_t len;
    enum assay_evidence_kind kind;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verdict verdict;
    struct assay_json *claims;
};

static enum assay_status judge(struct fixture *f, int64_t at_unix_s)
{
    const struct assay_evidence_request request = { .kind = f->kind,
                                                    .bytes = f->bytes,
                                                    .len = f->len,
                                                    .at_unix_s = at_unix_s,
                                                    .endorsements = &f->endorsements,
                                                    .policy = &f->policy };
    return assay_evidence_verify(NULL, &request, &f->verdict);
}

static void open_fixture(struct fixture *f, const struct assay_json *item, const char *role,
                         enum assay_evidence_kind kind)
{
    *f = (struct fixture){ .id = assay_json_text(item, "id", "?"), .kind = ASSAY_KIND_NONE };
    f->bytes = read_role(item, role, &f->len);
    cr_assert_not_null(f->bytes, "%s", f->id);
    cr_assert_eq(assay_evidence_detect(f->bytes, f->len, &f->kind), ASSAY_OK, "%s", f->id);
    cr_assert_eq(f->kind, kind, "%s", f->id);
    f->endorsements.count = 1;
    f->endorsements.entries[0].kinds = ASSAY_KIND_BIT(kind);
    assay_policy_default(&f->policy);
    cr_assert_eq(cli_claims_of(kind, f->bytes, f->len, &f->claims), ASSAY_OK);
}

static void close_fixture(struct fixture *f)
{
    assay_json_free(&f->claims);
    free(f->bytes);
}

static void expect_proof(const struct fixture *f, enum assay_proof which, bool expected)
{
    cr_assert_eq(f->verdict.proofs[which], expected ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE,
                 "%s: %s", f->id, assay_verdict_proof_name(which));
}

static const char *printed(const struct assay_json *value)
{
    static char text[2][8192];
    static unsigned turn;
    char *const made = assay_json_print(value, 0);
    turn = 1 - turn;
    (void)snprintf(text[turn], sizeof text[turn], "%s", made == NULL ? "(none)" : made);
    free(made);
    return text[turn];
}

/* What the verdict says (links, the exit status), not the document. */
static bool is_verdicts(const char *name)
{
    static const char names[][32] = { "crypto_and_chain_valid", "cose_signature_ok", "chain_ok",
                                      "must_reject" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

static size_t expect_claims(const struct fixture *f, const struct assay_json *wanted)
{
    const char *name = NULL;
    const struct assay_json *value = NULL;
    size_t compared = 0;
    for (size_t i = 0; assay_json_member(wanted, i, &name, &value); i++) {
        if (is_verdicts(name)) continue;
        cr_assert_str_eq(printed(assay_json_get(f->claims, name)), printed(value), "%s: %s", f->id,
                         name);
        compared += 1;
    }
    return compared;
}

static void pin_aws(struct fixture *f, const struct assay_json *item)
{
    struct assay_key pinned;
    uint32_t kinds = 0;
    size_t len = 0;
    uint8_t *const root = read_role(item, "trusted_root", &len);
    cr_assert_not_null(root);
    cr_assert_eq(assay_x509_root(root, len, &f->endorsements.entries[0].root), ASSAY_OK);
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_AWS_NITRO, &pinned, &kinds), ASSAY_OK);
    cr_assert(assay_key_equal(&pinned, &f->endorsements.entries[0].root));
    cr_assert_neq(kinds & ASSAY_KIND_BIT(ASSAY_KIND_NITRO), 0);
    free(root);
}

Test(quote_cose_vectors, judge_every_nitro_document_as_expected)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    size_t passed = 0, refused = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const struct assay_json *const expected = assay_json_get(item, "expected");
        const char *const at = assay_json_text(item, "evaluation_time", "");
        struct fixture f;
        int64_t at_unix_s = 0;
        if (strcmp(assay_json_text(item, "kind", ""), "nitro") != 0) continue;
        open_fixture(&f, item, "attestation_document", ASSAY_KIND_NITRO);
        pin_aws(&f, item);
        cr_assert_eq(assay_rfc3339_parse(at, strlen(at), &at_unix_s), ASSAY_OK);
        cr_assert_eq(judge(&f, at_unix_s), ASSAY_OK, "%s", f.id);
        const bool valid = assay_json_bool(expected, "crypto_and_chain_valid", false);
        cr_assert_eq(f.verdict.genuine, valid ? ASSAY_GENUINE_TRUE : ASSAY_GENUINE_FALSE, "%s: %s",
                     f.id, f.verdict.reasons[0].observed);
        expect_proof(&f, ASSAY_PROOF_CHAIN, assay_json_bool(expected, "chain_ok", !valid));
        expect_proof(&f, ASSAY_PROOF_COSE_SIGNATURE,
                     assay_json_bool(expected, "cose_signature_ok", !valid));
        const bool debug = assay_json_bool(expected, "debug_mode", false);
        cr_assert_eq(f.verdict.debug, debug, "%s", f.id);
        cr_assert_eq(f.verdict.tcb_status, ASSAY_TCB_NONE);
        if (valid && !debug) cr_assert_eq(f.verdict.tier, ASSAY_TIER_AFFIRMING, "%s", f.id);
        else cr_assert_eq(f.verdict.tier, ASSAY_TIER_CONTRAINDICATED, "%s", f.id);
        cr_assert_geq(expect_claims(&f, expected), 10, "%s", f.id);
        passed += valid ? 1 : 0;
        refused += valid ? 0 : 1;
        close_fixture(&f);
    }
    assay_json_free(&manifest);
    cr_assert_eq(passed, 4);
    cr_assert_eq(refused, 2);
}

/* The published key of the example token, a JWK: base64url without padding. */
static size_t decode_base64url(const char *text, uint8_t *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned count = 0;
    size_t len = 0;
    for (; *text != '\0'; text++) {
        bits = bits << 6 | (uint32_t)(strchr(digits, *text) - digits);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out[len++] = (uint8_t)(bits >> count);
    }
    return len;
}

static void pin_cpak(struct fixture *f, const struct assay_json *item)
{
    struct assay_json *jwk = NULL;
    uint8_t point[96 + 3];
    size_t len = 0;
    uint8_t *const text = read_role(item, "platform key", &len);
    cr_assert_not_null(text);
    cr_assert_eq(assay_json_parse((const char *)text, len, &jwk), ASSAY_OK);
    cr_assert_eq(decode_base64url(assay_json_text(jwk, "x", ""), point), 48);
    cr_assert_eq(decode_base64url(assay_json_text(jwk, "y", ""), point + 48), 48);
    assay_key_from(&f->endorsements.entries[0].root, ASSAY_KEY_P384, point, 96);
    assay_json_free(&jwk);
    free(text);
}

static const struct assay_json *find_cca(const struct assay_json *manifest)
{
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        if (strcmp(assay_json_text(item, "kind", ""), "cca") == 0) return item;
    }
    return NULL;
}

Test(quote_cose_vectors, judge_the_cca_token_as_expected)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const item = find_cca(manifest);
    struct fixture f;
    cr_assert_not_null(item);
    open_fixture(&f, item, "cca_token", ASSAY_KIND_CCA);
    pin_cpak(&f, item);
    cr_assert_eq(judge(&f, 1800000000), ASSAY_OK);
    expect_proof(&f, ASSAY_PROOF_PLATFORM_SIGNATURE, true);
    expect_proof(&f, ASSAY_PROOF_REALM_SIGNATURE, true);
    expect_proof(&f, ASSAY_PROOF_REALM_BINDING, true);
    cr_assert_eq(f.verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert_eq(f.verdict.tier, ASSAY_TIER_AFFIRMING);
    cr_assert_eq(expect_claims(&f, assay_json_get(item, "expected")), 6);
    char challenge[129];
    assay_hex_encode(f.verdict.report_data, 64, challenge, sizeof challenge);
    cr_assert_str_eq(challenge,
                     assay_json_text(assay_json_get(item, "expected"), "realm_challenge", ""));
    close_fixture(&f);
    assay_json_free(&manifest);
}

/* Genuine bytes with one bit turned: every third byte (test_nitro.c and test_cca.c turn all). */
static void flip(struct fixture *f, int64_t at_unix_s)
{
    cr_assert_eq(judge(f, at_unix_s), ASSAY_OK);
    cr_assert_eq(f->verdict.genuine, ASSAY_GENUINE_TRUE);
    for (size_t byte = 0; byte < f->len; byte += 3 * test_every(3)) {
        const uint8_t mask = (uint8_t)(1u << byte % 8);
        f->bytes[byte] ^= mask;
        cr_assert_neq(assay_status_class(judge(f, at_unix_s)), ASSAY_CLASS_HOST);
        cr_assert_neq(f->verdict.genuine, ASSAY_GENUINE_TRUE, "%s: byte %zu", f->id, byte);
        f->bytes[byte] ^= mask;
    }
}

Test(quote_cose_vectors, never_affirm_genuine_evidence_with_one_bit_flipped)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    struct fixture f;
    size_t flipped = 0;
    open_fixture(&f, find_cca(manifest), "cca_token", ASSAY_KIND_CCA);
    pin_cpak(&f, find_cca(manifest));
    flip(&f, 0);
    close_fixture(&f);
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const char *const at = assay_json_text(item, "evaluation_time", "");
        int64_t at_unix_s = 0;
        if (strcmp(assay_json_text(item, "id", ""), "release-enclave") != 0) continue;
        open_fixture(&f, item, "attestation_document", ASSAY_KIND_NITRO);
        pin_aws(&f, item);
        cr_assert_eq(assay_rfc3339_parse(at, strlen(at), &at_unix_s), ASSAY_OK);
        flip(&f, at_unix_s);
        close_fixture(&f);
        flipped += 1;
    }
    assay_json_free(&manifest);
    cr_assert_eq(flipped, 1);
}
