/*
 * tests/unit/quote/test_vectors.c - genuine public evidence: exactly the expected status,
 * advisories, claims and debug, and every changed copy refused for its reason.
 */
#include "tests/unit/quote/world.h"

#include "apps/assay/evidence/claims.h"
#include "base/rfc3339.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
    char dir[PATH_MAX];
    uint8_t *quote;
    size_t quote_len;
    size_t declared;
    enum assay_evidence_kind kind;
    struct assay_collateral_files files;
    struct assay_collateral *collateral;
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verdict verdict;
};

static struct assay_json *read_manifest(void)
{
    char path[PATH_MAX];
    size_t len = 0;
    struct assay_json *manifest = NULL;
    const char *const dir = vectors_dir();
    if (dir == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    (void)snprintf(path, sizeof path, "%s/MANIFEST.json", dir);
    uint8_t *const text = read_file(path, &len);
    cr_assert_not_null(text);
    cr_assert_eq(assay_json_parse((const char *)text, len, &manifest), ASSAY_OK);
    free(text);
    return manifest;
}

static void open_fixture(struct fixture *f, const struct assay_json *item)
{
    char path[2 * PATH_MAX];
    *f = (struct fixture){ 0 };
    const struct assay_json *const file = assay_json_at(assay_json_get(item, "files"), 0);
    (void)snprintf(f->dir, sizeof f->dir, "%s/%s", vectors_dir(),
                   assay_json_text(file, "path", "?"));
    *strrchr(f->dir, '/') = '\0';
    (void)snprintf(path, sizeof path, "%s/quote.bin", f->dir);
    f->quote = read_file(path, &f->quote_len);
    cr_assert_not_null(f->quote, "%s", path);
    parts_read(f->dir, &f->files);
    f->collateral = calloc(1, sizeof *f->collateral);
    struct assay_key root;
    uint32_t kinds = 0;
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &root, &kinds), ASSAY_OK);
    cr_assert_eq(assay_collateral_build(&f->files, &root, f->collateral), ASSAY_OK);
    f->endorsements.count = 1;
    f->endorsements.exact = true;
    f->endorsements.entries[0].kinds = ASSAY_KINDS_ALL;
    f->endorsements.entries[0].collateral = f->collateral;
    f->endorsements.entries[0].root = root;
    assay_policy_default(&f->policy);
}

static void close_fixture(struct fixture *f)
{
    parts_free(&f->files);
    free(f->collateral);
    free(f->quote);
}

/* Detect, cut the zero tail, appraise. */
static enum assay_status judge(struct fixture *f, const char *at)
{
    struct assay_evidence_request request = { .bytes = f->quote,
                                              .endorsements = &f->endorsements,
                                              .policy = &f->policy };
    if (at != NULL) cr_assert_eq(assay_rfc3339_parse(at, strlen(at), &request.at_unix_s), ASSAY_OK);
    ASSAY_TRY(assay_evidence_detect(f->quote, f->quote_len, &f->kind));
    ASSAY_TRY(assay_evidence_length(f->kind, f->quote, f->quote_len, &f->declared));
    request.kind = f->kind;
    request.len = f->declared;
    return assay_evidence_verify(NULL, &request, &f->verdict);
}

static bool is_kind(const struct assay_json *item, const char *kind)
{
    return strcmp(assay_json_text(item, "kind", ""), kind) == 0;
}

/* Every member of the expected claims must be there with this very value and type. */
static void expect_claims(const struct fixture *f, const char *id, const struct assay_json *wanted)
{
    struct assay_json *claims = NULL;
    cr_assert_eq(cli_claims_of(f->kind, f->quote, f->declared, &claims), ASSAY_OK);
    const char *name = NULL;
    const struct assay_json *value = NULL;
    size_t compared = 0;
    for (; assay_json_member(wanted, compared, &name, &value); compared++) {
        const struct assay_json *const found = assay_json_get(claims, name);
        cr_assert_not_null(found, "%s: no claim %s", id, name);
        char *const a = assay_json_print(value, 0);
        char *const b = assay_json_print(found, 0);
        cr_assert_str_eq(a, b, "%s: %s is %s, not %s", id, name, b, a);
        free(a);
        free(b);
    }
    cr_assert_geq(compared, 19, "%s", id);
    /* And nothing beyond the contract but the names of the chain's keys. */
    size_t members = 0;
    while (assay_json_member(claims, members, &name, &value))
        members += 1;
    if (assay_json_get(claims, "spki_sha256") != NULL) members -= 1;
    cr_assert_eq(members, compared, "%s", id);
    assay_json_free(&claims);
}

static void expect_advisories(const struct fixture *f, const char *id,
                              const struct assay_json *wanted)
{
    cr_assert_eq(f->verdict.advisory_count, assay_json_count(wanted), "%s", id);
    for (uint32_t i = 0; i < f->verdict.advisory_count; i++)
        cr_assert_str_eq(f->verdict.advisories[i], assay_json_as_text(assay_json_at(wanted, i)));
}

Test(quote_vectors, give_exactly_the_expected_status_advisories_claims_and_debug)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    size_t judged = 0;
    size_t unjudged = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const struct assay_json *const expected = assay_json_get(item, "expected");
        const char *const id = assay_json_text(item, "id", "?");
        if (!is_kind(item, "sgx-v3") && !is_kind(item, "tdx-v4") && !is_kind(item, "tdx-v5"))
            continue;
        if (assay_json_bool(expected, "must_reject", false)) continue;
        struct fixture f;
        open_fixture(&f, item);
        cr_assert_eq(judge(&f, assay_json_text(item, "evaluation_time", NULL)), ASSAY_OK, "%s", id);
        cr_assert_str_eq(assay_kind_text(f.kind), assay_json_text(item, "kind", ""));
        cr_assert_eq(f.verdict.debug, assay_json_bool(expected, "debug", false), "%s", id);
        expect_claims(&f, id, assay_json_get(expected, "measurements"));
        const char *const status = assay_json_text(expected, "tcb_status", NULL);
        if (status != NULL) { /* the manifest adds an explanation in brackets to NotSupported */
            const char *const text = assay_tcb_status_text(f.verdict.tcb_status);
            cr_assert_eq(strncmp(text, status, strlen(text)), 0, "%s: %s", id, text);
            cr_assert_eq(f.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", id);
            expect_advisories(&f, id, assay_json_get(expected, "advisory_ids"));
            judged += 1;
        } else {
            cr_assert_eq(f.verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%s", id);
            cr_assert_eq(f.verdict.tier, ASSAY_TIER_NONE, "%s", id);
            unjudged += 1;
        }
        close_fixture(&f);
    }
    assay_json_free(&manifest);
    cr_assert_eq(judged, 18);
    cr_assert_eq(unjudged, 3);
}

/* What each changed copy must be refused for; 0: the lengths do not fit what the bytes say. */
static const struct {
    const char *id;
    int rule;
    enum assay_genuine genuine;
} negatives[] = {
    { "neg-sgx-quote-signature-bit", ASSAY_RULE_QUOTE_SIGNATURE, ASSAY_GENUINE_FALSE },
    { "neg-sgx-mrenclave-bit", ASSAY_RULE_QUOTE_SIGNATURE, ASSAY_GENUINE_FALSE },
    { "neg-sgx-qe-report-bit", ASSAY_RULE_QE_SIGNATURE, ASSAY_GENUINE_FALSE },
    { "neg-sgx-qe-auth-data-bit", ASSAY_RULE_AK_BINDING, ASSAY_GENUINE_FALSE },
    { "neg-sgx-wrong-fmspc", ASSAY_RULE_FMSPC, ASSAY_GENUINE_FALSE },
    { "neg-sgx-tcbinfo-signature", ASSAY_RULE_TCB_INFO_SIGNATURE, ASSAY_GENUINE_FALSE },
    { "neg-sgx-collateral-expired", ASSAY_RULE_COLLATERAL_EXPIRED, ASSAY_GENUINE_UNKNOWN },
    { "neg-sgx-attestation-key-bit", ASSAY_RULE_AK_BINDING, ASSAY_GENUINE_FALSE },
    { "neg-tdx-sgx-tcbinfo", ASSAY_RULE_TCB_INFO_ID, ASSAY_GENUINE_FALSE },
    { "neg-tdx-before-issue", ASSAY_RULE_COLLATERAL_EARLY, ASSAY_GENUINE_UNKNOWN },
    { "neg-tdx-rtmr-bit", ASSAY_RULE_QUOTE_SIGNATURE, ASSAY_GENUINE_FALSE },
    { "neg-tdx-tee-type", 0, ASSAY_GENUINE_UNKNOWN },
    { "tdx-v5-preproduction-root", ASSAY_RULE_CHAIN_ROOT, ASSAY_GENUINE_FALSE },
};

Test(quote_vectors, refuse_every_changed_copy_for_its_reason)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    size_t found = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const char *const id = assay_json_text(item, "id", "?");
        for (size_t k = 0; k < sizeof negatives / sizeof negatives[0]; k++) {
            if (strcmp(negatives[k].id, id) != 0) continue;
            struct fixture f;
            open_fixture(&f, item);
            const enum assay_status status =
                judge(&f, assay_json_text(item, "evaluation_time", NULL));
            if (negatives[k].rule == 0) {
                cr_assert_eq(assay_status_class(status), ASSAY_CLASS_INPUT, "%s", id);
            } else {
                cr_assert_eq(status, ASSAY_OK, "%s", id);
                cr_assert_eq(f.verdict.genuine, negatives[k].genuine, "%s", id);
                cr_assert(assay_verdict_has(&f.verdict, (enum assay_rule)negatives[k].rule), "%s",
                          id);
            }
            found += 1;
            close_fixture(&f);
        }
    }
    assay_json_free(&manifest);
    cr_assert_eq(found, sizeof negatives / sizeof negatives[0]);
}

/* The single links and the names of keys, where the manifest states them. */
Test(quote_vectors, prove_the_single_links)
{
    static const struct {
        enum assay_proof proof;
        const char *name;
    } links[] = {
        { ASSAY_PROOF_QUOTE_SIGNATURE, "quote_signature_ok" },
        { ASSAY_PROOF_QE_REPORT_SIGNATURE, "qe_report_signature_ok" },
        { ASSAY_PROOF_AK_BINDING, "ak_binding_ok" },
        { ASSAY_PROOF_CHAIN_TO_ROOT, "chain_to_trusted_root_ok" },
    };
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    size_t found = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const struct assay_json *const expected = assay_json_get(item, "expected");
        const char *const id = assay_json_text(item, "id", "?");
        if (assay_json_get(expected, "quote_signature_ok") == NULL) continue;
        struct fixture f;
        struct assay_json *claims = NULL;
        open_fixture(&f, item);
        cr_assert_eq(judge(&f, assay_json_text(item, "evaluation_time", NULL)), ASSAY_OK, "%s", id);
        for (size_t k = 0; k < sizeof links / sizeof links[0]; k++) {
            const bool ok = assay_json_bool(expected, links[k].name, false);
            cr_assert_eq(f.verdict.proofs[links[k].proof],
                         ok ? ASSAY_PROOF_TRUE : ASSAY_PROOF_FALSE, "%s: %s", id, links[k].name);
        }
        cr_assert_eq(cli_claims_of(f.kind, f.quote, f.declared, &claims), ASSAY_OK);
        char *const a = assay_json_print(assay_json_get(expected, "spki_sha256"), 0);
        char *const b = assay_json_print(assay_json_get(claims, "spki_sha256"), 0);
        cr_assert_str_eq(a, b, "%s", id);
        free(a);
        free(b);
        assay_json_free(&claims);
        found += 1;
        close_fixture(&f);
    }
    assay_json_free(&manifest);
    cr_assert_eq(found, 2);
}

Test(quote_vectors, name_the_same_root_for_two_encodings_of_it)
{
    uint8_t root[32];
    char text[65];
    struct assay_key key;
    uint32_t kinds = 0;
    cr_assert_eq(assay_pinned_root(ASSAY_PINNED_INTEL_SGX, &key, &kinds), ASSAY_OK);
    assay_key_name(&key, root);
    assay_hex_encode(root, 32, text, sizeof text);
    cr_assert_str_eq(text, "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e");
}

Test(quote_vectors, refuse_a_quote_with_a_tail_that_is_not_zero)
{
    struct assay_json *manifest = read_manifest();
    const struct assay_json *const cases = assay_json_get(manifest, "cases");
    size_t tails = 0;
    for (size_t i = 0; i < assay_json_count(cases); i++) {
        const struct assay_json *const item = assay_json_at(cases, i);
        const uint64_t tail =
            assay_json_uint(assay_json_get(item, "expected"), "trailing_bytes_after_quote", 0);
        if (tail == 0) continue;
        struct fixture f;
        open_fixture(&f, item);
        cr_assert_eq(judge(&f, assay_json_text(item, "evaluation_time", NULL)), ASSAY_OK);
        cr_assert_eq(f.quote_len - f.declared, tail);
        f.quote[f.quote_len - 1] = 1;
        cr_assert_eq(judge(&f, NULL), ASSAY_E_TRAILING);
        tails += 1;
        close_fixture(&f);
    }
    assay_json_free(&manifest);
    cr_assert_geq(tails, 2);
}
