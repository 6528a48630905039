/*
 * tests/unit/library/test_verify.c - the public interface: the same verdicts as the core's, in any
 * order of setting up, and a status for every misuse.
 */
#include "base/base64.h"
#include "base/crypto.h"
#include "quote/source/soft/soft_x509.h"
#include "tests/unit/library/verify_bytes.h"
#include "tests/unit/quote/world.h"

#include <assay/assay.h>
#include <assay/policy.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world *w;
static struct assay_trust *trust;
static struct assay_policy *policy;
static struct assay_verifier *verifier;
static struct assay_verdict *verdict;
static struct assay_bytes files[ASSAY_PARTS];
static size_t file_count;
static uint8_t root[128];
static size_t root_len;

static void set_up(void)
{
    static uint8_t encoded[ASSAY_POLICY_LEN_MAX];
    struct assay_slice bytes;
    w = world_open();
    file_count = 0;
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = w->bundle.files.part[i];
        if (part.len > 0) files[file_count++] = (struct assay_bytes){ part.bytes, part.len };
    }
    cr_assert_gt(file_count, 4);
    cr_assert_eq(assay_key_spki(&w->endorsements.entries[0].root, root, sizeof root, &root_len),
                 ASSAY_OK);
    struct assay_writer out = assay_writer_over(encoded, sizeof encoded);
    assay_policy_encode(&w->policy, &out);
    cr_assert_eq(assay_writer_finish(&out, &bytes), ASSAY_OK);
    cr_assert_eq(assay_policy_create_encoded(bytes.bytes, bytes.len, &policy), ASSAY_OK);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_verifier_create(8, &verifier), ASSAY_OK);
}

static void tear_down(void)
{
    assay_verifier_destroy(&verifier);
    assay_verdict_destroy(&verdict);
    assay_policy_destroy(&policy);
    assay_trust_destroy(&trust);
    world_close(w);
}

TestSuite(library_verify, .init = set_up, .fini = tear_down);

static void fill(void)
{
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, files, file_count), ASSAY_OK);
}

static void judge_under(struct assay_verifier *memory, const struct assay_policy *accepted)
{
    cr_assert_eq(verify_bytes(memory, trust, accepted, ASSAY_KIND_NONE, w->quote, w->quote_len,
                              w->at_unix_s, verdict),
                 ASSAY_OK);
}

static void judge(struct assay_verifier *memory)
{
    judge_under(memory, policy);
}

/* The verdict is the core's own struct: every byte must be the same. */
static void expect_as_core(void)
{
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert(assay_bytes_equal(verdict, &w->verdict, sizeof w->verdict), "library %s, core %s",
              assay_tier_text(verdict->tier), assay_tier_text(w->verdict.tier));
}

Test(library_verify, gives_the_verdict_of_the_core_cold_and_warm)
{
    struct assay_counters counters = { .size = sizeof counters };
    fill();
    judge(NULL);
    expect_as_core();
    cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
    for (int i = 0; i < 3; i++) {
        judge(verifier);
        expect_as_core();
    }
    cr_assert_eq(assay_verifier_get_counters(verifier, &counters), ASSAY_OK);
    cr_assert_eq(counters.hits, 2);
    cr_assert_eq(counters.misses, 1);
    cr_assert_eq(counters.platforms, 1);
    cr_assert_gt(counters.memory_bytes, 1000);
}

/* Goal: a set whose one list of PCK certificates is of another authority accuses nobody. It looks
 * complete: each part is there once, and the CA of the list stands next to it. */
Test(library_verify, a_list_of_another_authority_accuses_nobody)
{
    struct world *const other = world_open();
    w->bundle.files.part[ASSAY_PART_PCK_CRL] = other->bundle.files.part[ASSAY_PART_PCK_CRL];
    w->bundle.files.part[ASSAY_PART_PCK_CHAIN] = other->bundle.files.part[ASSAY_PART_PCK_CHAIN];
    file_count = 0;
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = w->bundle.files.part[i];
        if (part.len > 0) files[file_count++] = (struct assay_bytes){ part.bytes, part.len };
    }
    fill();
    for (int i = 0; i < 2; i++) {
        judge(i == 0 ? NULL : verifier);
        cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_NONE);
        cr_expect_neq(verdict->genuine, ASSAY_GENUINE_FALSE);
        cr_expect(assay_verdict_has(verdict, ASSAY_RULE_COLLATERAL_MISSING));
    }
    world_close(other);
}

Test(library_verify, counts_the_table_of_a_busy_platform_until_it_is_set_to_none)
{
    enum { HOT = 1000, TABLE_LEN_MIN = 150000 };
    struct assay_counters before = { .size = sizeof before };
    struct assay_counters counters = { .size = sizeof counters };
    fill();
    for (int i = 0; i < HOT; i++)
        judge(verifier); /* one cold, the others warm */
    cr_assert_eq(assay_verifier_get_counters(verifier, &before), ASSAY_OK);
    judge(verifier);
    expect_as_core();
    cr_assert_eq(assay_verifier_get_counters(verifier, &counters), ASSAY_OK);
    cr_assert_gt(counters.memory_bytes, before.memory_bytes + TABLE_LEN_MIN);
    judge(verifier);
    expect_as_core();
    cr_assert_eq(assay_verifier_set_tables(verifier, 0), ASSAY_OK);
    cr_assert_eq(assay_verifier_get_counters(verifier, &counters), ASSAY_OK);
    cr_assert_eq(counters.memory_bytes, before.memory_bytes);
    for (int i = 0; i < 2 * HOT; i++)
        judge(verifier);
    cr_assert_eq(assay_verifier_get_counters(verifier, &counters), ASSAY_OK);
    cr_assert_eq(counters.memory_bytes, before.memory_bytes);
}

Test(library_verify, finds_parts_by_content_in_any_order_and_among_strangers)
{
    struct assay_bytes mixed[ASSAY_FILES_MAX];
    const char noise[] = "neither JSON nor DER";
    size_t count = 0;
    mixed[count++] = (struct assay_bytes){ NULL, 0 };
    for (size_t i = file_count; i-- > 0;) {
        mixed[count++] = files[i];
        mixed[count++] = (struct assay_bytes){ (const uint8_t *)noise, sizeof noise };
    }
    cr_assert_eq(assay_trust_add_collateral(trust, mixed, count), ASSAY_OK);
    /* The root after the collateral: bundles are built for it then. */
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    judge(NULL);
    cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
}

/* A newer list of the platform's CA, which revokes the platform's certificate. */
static struct assay_bytes make_revoking_list(const struct world *of, uint8_t *der, size_t capacity)
{
    size_t len = 0;
    const struct assay_soft_crl crl = {
        .issuer = ASSAY_SOFT_PLATFORM_CA,
        .vendor = of->ca.name,
        .this_update_s = of->at_unix_s - 1,
        .next_update_s = of->at_unix_s + 1000,
        .issuer_public_key = of->ca.platform_public,
        .issuer_key = &of->ca.platform_key,
        .revoked = (const uint8_t(*)[ASSAY_SERIAL_LEN]) & of->node.pck_serial,
        .revoked_count = 1,
    };
    cr_assert_eq(assay_soft_crl_make(&crl, der, capacity, &len), ASSAY_OK);
    return (struct assay_bytes){ der, len };
}

/* Two lists of one authority in one set: the newest counts, whichever stands first. */
Test(library_verify, looks_into_every_revocation_list_of_a_set)
{
    uint8_t der[4096];
    const struct assay_bytes revoking = make_revoking_list(w, der, sizeof der);
    for (size_t place = 0; place <= file_count; place++) {
        struct assay_bytes all[ASSAY_PARTS + 1];
        struct assay_trust *fresh = NULL;
        for (size_t i = 0, from = 0; i <= file_count; i++)
            all[i] = i == place ? revoking : files[from++];
        cr_assert_eq(assay_trust_create(&fresh), ASSAY_OK);
        cr_assert_eq(assay_trust_add_root(fresh, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
        cr_assert_eq(assay_trust_add_collateral(fresh, all, file_count + 1), ASSAY_OK);
        cr_assert_eq(verify_bytes(NULL, fresh, policy, ASSAY_KIND_SOFT, w->quote, w->quote_len,
                                  w->at_unix_s, verdict),
                     ASSAY_OK);
        cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_FALSE, "at place %zu",
                     place);
        assay_trust_destroy(&fresh);
    }
}

/* Verified with the collateral and further sets of one list each, of which `first` stand before it.
 * editions: of the TCB info, of which the evidence chooses one. */
static void judge_with_lists(const struct assay_bytes *lists, size_t count, size_t first,
                             uint32_t kinds, size_t editions)
{
    static uint8_t older[ASSAY_FILE_LEN_MAX];
    struct assay_bytes all[ASSAY_PARTS + 1];
    size_t all_count = 0;
    struct assay_trust *fresh = NULL;
    for (size_t i = 0; i < file_count; i++)
        all[all_count++] = files[i];
    if (editions > 1) {
        const struct assay_slice text = w->bundle.files.part[ASSAY_PART_TCB_INFO];
        assay_bytes_copy(older, sizeof older, text.bytes, text.len);
        older[text.len] = ' ';
        all[all_count++] = (struct assay_bytes){ older, text.len + 1 };
    }
    cr_assert_eq(assay_trust_create(&fresh), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(fresh, root, root_len, kinds), ASSAY_OK);
    for (size_t i = 0; i <= count; i++) {
        if (i == first)
            cr_assert_eq(assay_trust_add_collateral(fresh, all, all_count), ASSAY_OK);
        if (i < count) cr_assert_eq(assay_trust_add_collateral(fresh, &lists[i], 1), ASSAY_OK);
    }
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(verify_bytes(NULL, fresh, policy, ASSAY_KIND_SOFT, w->quote, w->quote_len,
                                  w->at_unix_s, verdict),
                     ASSAY_OK);
        cr_assert_eq(assay_trust_set_exact(fresh, true), ASSAY_OK); /* changes nothing here */
    }
    assay_trust_destroy(&fresh);
}

/* Goal: evidence-rules.md 1.12: a list that revokes counts, whichever set it stands in, before or
 * after the others, with a root for these kinds alone, and also where the evidence chooses. One
 * that cannot be read may be the one that revokes; one of another authority accuses nobody. */
Test(library_verify, a_list_in_a_set_of_its_own_counts)
{
    static const uint32_t kinds[] = { ASSAY_KINDS_ALL, ASSAY_KIND_BIT(ASSAY_KIND_SOFT) };
    enum { MANY = 10 };
    static uint8_t der[4096], damaged[4096], foreign[MANY][4096];
    struct world *const other = world_open();
    const struct assay_bytes revoking = make_revoking_list(w, der, sizeof der);
    assay_bytes_copy(damaged, sizeof damaged, der, revoking.len);
    const struct assay_bytes unread = { damaged, revoking.len - 10 };
    struct assay_bytes many[MANY];
    for (size_t i = 0; i < MANY; i++) {
        other->at_unix_s += 1;
        many[i] = make_revoking_list(other, foreign[i], sizeof foreign[i]);
    }
    for (size_t k = 0; k < 2; k++)
        for (size_t editions = 1; editions <= 2; editions++)
            for (size_t first = 0; first <= 1; first++) {
                judge_with_lists(&revoking, 1, first, kinds[k], editions);
                cr_expect_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_FALSE,
                             "%zu, %zu, %zu", k, editions, first);
                cr_expect(assay_verdict_has(verdict, ASSAY_RULE_CERT_REVOKED));
                judge_with_lists(&unread, 1, first, kinds[k], editions);
                cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_NONE, "%zu, %zu, %zu", k,
                             editions, first);
                cr_expect_neq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_FALSE);
                cr_expect(assay_verdict_has(verdict, ASSAY_RULE_COLLATERAL_FORMAT));
                judge_with_lists(many, MANY, first, kinds[k], editions);
                cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING, "%zu, %zu, %zu",
                             k, editions, first);
                many[MANY - 1] = revoking; /* behind more than one bundle holds */
                judge_with_lists(many, MANY, first, kinds[k], editions);
                cr_expect(assay_verdict_has(verdict, ASSAY_RULE_CERT_REVOKED), "%zu, %zu, %zu", k,
                          editions, first);
                many[MANY - 1] = unread;
                judge_with_lists(many, MANY, first, kinds[k], editions);
                cr_expect_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_NONE, "%zu, %zu, %zu", k,
                             editions, first);
                many[MANY - 1] = many[0];
            }
    world_close(other);
}

Test(library_verify, keeps_no_pointer_into_what_it_was_given)
{
    struct assay_bytes copies[ASSAY_PARTS];
    for (size_t i = 0; i < file_count; i++) {
        uint8_t *const copy = malloc(files[i].len);
        cr_assert_not_null(copy);
        assay_bytes_copy(copy, files[i].len, files[i].bytes, files[i].len);
        copies[i] = (struct assay_bytes){ copy, files[i].len };
    }
    cr_assert_eq(assay_trust_add_collateral(trust, copies, file_count), ASSAY_OK);
    for (size_t i = 0; i < file_count; i++)
        free((void *)(uintptr_t)copies[i].bytes);
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    judge(NULL);
    cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
}

Test(library_verify, every_missing_file_is_unjudged_and_says_so)
{
    for (size_t left_out = 0; left_out < file_count; left_out++) {
        struct assay_bytes some[ASSAY_PARTS];
        size_t count = 0;
        for (size_t i = 0; i < file_count; i++)
            if (i != left_out) some[count++] = files[i];
        struct assay_trust *poor = NULL;
        cr_assert_eq(assay_trust_create(&poor), ASSAY_OK);
        cr_assert_eq(assay_trust_add_root(poor, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
        cr_assert_eq(assay_trust_set_exact(poor, true), ASSAY_OK);
        cr_assert_eq(assay_trust_add_collateral(poor, some, count), ASSAY_OK);
        cr_assert_eq(verify_bytes(NULL, poor, policy, ASSAY_KIND_SOFT, w->quote, w->quote_len,
                                  w->at_unix_s, verdict),
                     ASSAY_OK);
        /* Without the QE chain or the PCK chain the others may serve. */
        if (assay_verdict_get_tier(verdict) != ASSAY_TIER_AFFIRMING) {
            cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_NONE);
            cr_assert_gt(assay_verdict_count_findings(verdict), 0);
        }
        assay_trust_destroy(&poor);
    }
}

Test(library_verify, malformed_bytes_have_a_verdict_too)
{
    fill();
    for (size_t len = 0; len < w->quote_len; len += 61) {
        uint8_t *const exact = malloc(len == 0 ? 1 : len);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, len, w->quote, len);
        cr_assert_eq(verify_bytes(verifier, trust, policy, ASSAY_KIND_NONE, exact, len,
                                  w->at_unix_s, verdict),
                     ASSAY_OK);
        cr_assert_neq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
        cr_assert_gt(assay_verdict_count_findings(verdict), 0);
        free(exact);
    }
    for (size_t i = 0; i < w->quote_len; i += 7) {
        w->quote[i] ^= 1;
        judge(verifier);
        cr_assert_neq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING, "byte %zu", i);
        w->quote[i] ^= 1;
    }
}

Test(library_verify, nobody_is_trusted_until_somebody_is)
{
    judge(NULL);
    cr_assert_neq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
    cr_assert_eq(assay_trust_add_pinned(trust), ASSAY_OK);
    cr_assert_eq(assay_trust_add_pinned(trust), ASSAY_OK, "a root twice is a root");
    cr_assert_eq(assay_trust_add_collateral(trust, files, file_count), ASSAY_OK);
    judge(NULL);
    cr_assert_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_FALSE);
    /* The default policy is production: SOFT evidence is refused even when it is genuine. */
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    cr_assert_eq(verify_bytes(NULL, trust, NULL, ASSAY_KIND_NONE, w->quote, w->quote_len,
                              w->at_unix_s, verdict),
                 ASSAY_OK);
    cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_CONTRAINDICATED);
    cr_assert_not(assay_verdict_is_insecure(verdict));
}

Test(library_verify, a_root_counts_for_its_kinds_only)
{
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KIND_BIT(ASSAY_KIND_TDX4)),
                 ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_trust_add_collateral(trust, files, file_count), ASSAY_OK);
    judge(NULL);
    cr_assert_neq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
}

Test(library_verify, tells_what_a_verdict_says)
{
    struct assay_bytes bytes, other;
    struct assay_finding finding = { .size = sizeof finding };
    const char *name = NULL;
    enum assay_proof_state state;
    bool masked = true;
    int64_t unix_s = 0;
    int8_t vector[8];
    fill();
    judge(NULL);
    cr_assert_eq(assay_verdict_get_kind(verdict), ASSAY_KIND_SOFT);
    cr_assert_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);
    cr_assert_eq(assay_verdict_get_tcb_status(verdict), ASSAY_TCB_UP_TO_DATE);
    cr_assert_eq(assay_verdict_get_launch_status(verdict), ASSAY_TCB_UP_TO_DATE);
    cr_assert_eq(assay_verdict_get_current_status(verdict), ASSAY_TCB_UP_TO_DATE);
    cr_assert(assay_verdict_is_insecure(verdict));
    cr_assert_not(assay_verdict_is_debug(verdict));
    cr_assert(assay_verdict_get_time(verdict, &unix_s));
    cr_assert_eq(unix_s, w->at_unix_s);
    cr_assert(assay_verdict_get_expiry(verdict, &unix_s));
    cr_assert_gt(unix_s, w->at_unix_s);
    cr_assert(assay_verdict_get_tcb_date(verdict, &unix_s));
    cr_assert(assay_verdict_get_report_data(verdict, &bytes));
    cr_assert_eq(bytes.len, 64);
    cr_assert(assay_verdict_get_measurement(verdict, &bytes));
    cr_assert_eq(bytes.len, 32);
    cr_assert(assay_verdict_get_platform(verdict, &bytes, &other, &masked));
    cr_assert_eq(bytes.len, 32);
    cr_assert_eq(other.len, 32);
    cr_assert(assay_verdict_get_link(verdict, 0, &name, &state));
    cr_assert_str_eq(name, "quote_signature_ok");
    cr_assert_eq(state, ASSAY_PROOF_TRUE);
    cr_assert_not(assay_verdict_get_link(verdict, 4, &name, &state));
    cr_assert_not(assay_verdict_get_finding(verdict, 0, &finding));
    cr_assert_null(assay_verdict_get_advisory(verdict, assay_verdict_count_advisories(verdict)));
    cr_assert_eq(assay_verdict_get_trust_vector(verdict, policy, vector), ASSAY_OK);
    cr_assert_eq(vector[ASSAY_AR4SI_INSTANCE_IDENTITY], 2);
    cr_assert_eq(vector[ASSAY_AR4SI_RUNTIME_OPAQUE], 0);

    w->quote[w->quote_len / 2] ^= 1;
    judge(NULL);
    cr_assert(assay_verdict_get_finding(verdict, 0, &finding));
    cr_assert_gt(strlen(finding.name), 0);
    cr_assert_gt(strlen(finding.fix), 0);
    cr_assert_eq(finding.class_, ASSAY_RULE_FORGED);
}

Test(library_verify, writes_the_claims_of_an_attestation_result)
{
    static char text[16384];
    size_t len = 0;
    struct assay_ear_request request = { .size = sizeof request,
                                         .policy = policy,
                                         .profile = "ietf-04",
                                         .developer = "tests",
                                         .build = "1",
                                         .nonce = "12345678" };
    cr_assert_eq(assay_verdict_write_ear(verdict, &request, text, sizeof text, &len),
                 ASSAY_E_INVALID, "nothing was appraised yet");
    fill();
    judge(NULL);
    cr_assert_eq(assay_verdict_write_ear(verdict, &request, text, sizeof text, &len), ASSAY_OK);
    text[len] = '\0';
    cr_assert_not_null(strstr(text, "\"ear_status\":\"affirming\""));
    cr_assert_eq(assay_verdict_write_ear(verdict, &request, text, len - 1, &len), ASSAY_E_FULL);
    request.policy = NULL;
    request.profile = "veraison-2023";
    cr_assert_eq(assay_verdict_write_ear(verdict, &request, text, sizeof text, &len), ASSAY_OK);
    request.profile = "ear";
    cr_assert_eq(assay_verdict_write_ear(verdict, &request, text, sizeof text, &len),
                 ASSAY_E_NOT_FOUND);
    request.profile = "ietf-04";
    request.nonce = "short";
    cr_assert_eq(assay_verdict_write_ear(verdict, &request, text, sizeof text, &len),
                 ASSAY_E_RANGE);
    request.developer = NULL;
    cr_assert_eq(assay_verdict_write_ear(verdict, &request, text, sizeof text, &len),
                 ASSAY_E_INVALID);
}

/* --- misuse */
Test(library_verify, null_is_a_status_and_never_a_crash)
{
    struct assay_counters counters = { .size = sizeof counters };
    uint8_t digest[32];
    size_t len = 0;
    enum assay_evidence_kind kind;
    struct assay_trust *no_trust = NULL;
    struct assay_policy *no_policy = NULL;
    struct assay_verifier *no_verifier = NULL;
    struct assay_verdict *no_verdict = NULL;
    const struct assay_bytes hole = { NULL, 1 };

    cr_assert_eq(assay_verifier_create(1, NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_verifier_create(0, &no_verifier), ASSAY_E_RANGE);
    cr_assert_eq(assay_verifier_create(ASSAY_VERIFIER_PLATFORMS_MAX + 1, &no_verifier),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_verifier_set_tables(NULL, 1), ASSAY_E_INVALID);
    cr_assert_eq(assay_verifier_set_tables(verifier, ASSAY_VERIFIER_TABLES_MAX + 1), ASSAY_E_RANGE);
    cr_assert_eq(assay_verifier_set_tables(verifier, ASSAY_VERIFIER_TABLES_MAX), ASSAY_OK);
    cr_assert_eq(assay_verifier_get_counters(verifier, NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_verifier_get_counters(NULL, &counters), ASSAY_OK);
    cr_assert_eq(counters.memory_bytes, 0);
    cr_assert_eq(assay_policy_create(NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_policy_create_yaml(NULL, 0, &no_policy, NULL, 0), ASSAY_E_INVALID);
    cr_assert_eq(assay_policy_create_encoded(NULL, 0, &no_policy), ASSAY_E_INVALID);
    cr_assert_eq(assay_policy_get_digest(NULL, digest), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_create(NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_add_pinned(NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_add_root(NULL, root, root_len, 1), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_add_root(trust, NULL, 0, 1), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, 0), ASSAY_E_INVALID);
    cr_assert_neq(assay_trust_add_root(trust, root, root_len - 1, 1), ASSAY_OK);
    cr_assert_eq(assay_trust_add_policy_roots(trust, NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_add_collateral(trust, NULL, 1), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_add_collateral(trust, &hole, 1), ASSAY_E_INVALID);
    cr_assert_eq(assay_trust_add_collateral(trust, NULL, 0), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_trust_add_collateral(trust, files, ASSAY_FILES_MAX + 1), ASSAY_E_RANGE);
    cr_assert_eq(assay_trust_set_exact(NULL, true), ASSAY_E_INVALID);
    cr_assert_eq(assay_evidence_recognise(NULL, 1, &kind), ASSAY_E_INVALID);
    cr_assert_eq(assay_evidence_recognise(w->quote, w->quote_len, NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_evidence_recognise(w->quote, w->quote_len, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_SOFT);
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_SNP, NULL, digest, sizeof digest, &len),
                 ASSAY_E_INVALID);
    cr_assert_eq(assay_verdict_create(NULL), ASSAY_E_INVALID);
    cr_assert_eq(
        verify_bytes(NULL, NULL, policy, ASSAY_KIND_NONE, w->quote, w->quote_len, 0, verdict),
        ASSAY_E_INVALID);
    cr_assert_eq(
        verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, w->quote, w->quote_len, 0, NULL),
        ASSAY_OK);
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, NULL, 1, 0, verdict),
                 ASSAY_E_INVALID);
    cr_assert_eq(verify_bytes(NULL, trust, policy, (enum assay_evidence_kind)99, w->quote,
                              w->quote_len, 0, verdict),
                 ASSAY_E_INVALID);
    cr_assert_eq(verify_bytes(NULL, trust, policy, ASSAY_KIND_NONE, NULL, 0, 0, verdict), ASSAY_OK);
    assay_verifier_destroy(NULL);
    assay_verifier_destroy(&no_verifier);
    assay_policy_destroy(NULL);
    assay_policy_destroy(&no_policy);
    assay_trust_destroy(NULL);
    assay_trust_destroy(&no_trust);
    assay_verdict_destroy(NULL);
    assay_verdict_destroy(&no_verdict);
}

Test(library_verify, a_verdict_that_was_never_made_or_used_says_nothing)
{
    const struct assay_verdict *const empty[] = { NULL, verdict };
    struct assay_bytes bytes;
    struct assay_finding finding = { .size = sizeof finding };
    const char *name = NULL;
    enum assay_proof_state state;
    int64_t unix_s = 0;
    int8_t vector[8];
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(assay_verdict_get_tier(empty[i]), ASSAY_TIER_NONE);
        cr_assert_eq(assay_verdict_get_genuine(empty[i]), ASSAY_GENUINE_UNKNOWN);
        cr_assert_eq(assay_verdict_get_kind(empty[i]), ASSAY_KIND_NONE);
        cr_assert_eq(assay_verdict_get_tcb_status(empty[i]), ASSAY_TCB_NONE);
        cr_assert_eq(assay_verdict_get_launch_status(empty[i]), ASSAY_TCB_NONE);
        cr_assert_eq(assay_verdict_get_current_status(empty[i]), ASSAY_TCB_NONE);
        cr_assert_not(assay_verdict_is_insecure(empty[i]));
        cr_assert_not(assay_verdict_is_debug(empty[i]));
        cr_assert_not(assay_verdict_get_time(empty[i], &unix_s));
        cr_assert_not(assay_verdict_get_tcb_date(empty[i], &unix_s));
        cr_assert_not(assay_verdict_get_expiry(empty[i], &unix_s));
        cr_assert_not(assay_verdict_get_report_data(empty[i], &bytes));
        cr_assert_not(assay_verdict_get_measurement(empty[i], &bytes));
        cr_assert_not(assay_verdict_get_platform(empty[i], NULL, NULL, NULL));
        cr_assert_eq(assay_verdict_count_findings(empty[i]), 0);
        cr_assert_not(assay_verdict_get_finding(empty[i], 0, &finding));
        cr_assert_eq(assay_verdict_count_advisories(empty[i]), 0);
        cr_assert_null(assay_verdict_get_advisory(empty[i], 0));
        cr_assert_not(assay_verdict_get_link(empty[i], 0, &name, &state));
        cr_assert_eq(assay_verdict_get_trust_vector(empty[i], NULL, vector), ASSAY_E_INVALID);
    }
}

Test(library_verify, holds_its_bounds_and_stays_usable_past_them)
{
    fill();
    enum assay_status status = ASSAY_OK;
    int sets = 1;
    for (; status == ASSAY_OK && sets < 100; sets++)
        status = assay_trust_add_collateral(trust, files, file_count);
    cr_assert_eq(status, ASSAY_E_FULL);
    judge(NULL);
    cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
}

Test(library_verify, a_policy_is_read_from_yaml_with_a_message_for_people)
{
    struct assay_policy *read = NULL;
    char message[ASSAY_POLICY_MESSAGE_MAX], little[4];
    uint8_t a[32], b[32];
    const char good[] = "policy_version: 1\nprofile: production\n";
    const char bad[] = "policy_version: 1\nprofil: production\n";
    cr_assert_eq(assay_policy_create_yaml(good, sizeof good - 1, &read, message, sizeof message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(assay_policy_get_digest(read, a), ASSAY_OK);
    assay_policy_destroy(&read);
    cr_assert_eq(assay_policy_create(&read), ASSAY_OK);
    cr_assert_eq(assay_policy_get_digest(read, b), ASSAY_OK);
    cr_assert(assay_bytes_equal(a, b, 32), "the empty file is the default");
    assay_policy_destroy(&read);
    cr_assert_null(read);
    cr_assert_neq(assay_policy_create_yaml(bad, sizeof bad - 1, &read, message, sizeof message),
                  ASSAY_OK);
    cr_assert_not_null(strstr(message, "profil"));
    cr_assert_null(read);
    cr_assert_neq(assay_policy_create_yaml(bad, sizeof bad - 1, &read, little, sizeof little),
                  ASSAY_OK);
    cr_assert_eq(strlen(little), sizeof little - 1);
    cr_assert_neq(assay_policy_create_yaml(bad, sizeof bad - 1, &read, NULL, 0), ASSAY_OK);
}

/* Intel's service hands lists out as PEM, too. */
Test(library_verify, reads_revocation_lists_as_pem)
{
    static char pem[2][8192];
    struct assay_bytes mixed[ASSAY_PARTS];
    size_t count = 0, lists = 0;
    for (size_t i = 0; i < ASSAY_PARTS; i++) {
        const struct assay_slice part = w->bundle.files.part[i];
        if (part.len == 0) continue;
        mixed[count] = (struct assay_bytes){ part.bytes, part.len };
        if (i == ASSAY_PART_ROOT_CRL || i == ASSAY_PART_PCK_CRL) {
            static char text[6000];
            size_t text_len = 0;
            cr_assert_eq(assay_base64_encode(ASSAY_BASE64_STANDARD, part.bytes, part.len, text,
                                             sizeof text, &text_len),
                         ASSAY_OK);
            const int len =
                snprintf(pem[lists], sizeof pem[lists],
                         "-----BEGIN X509 CRL-----\n%s\n-----END X509 CRL-----\n", text);
            mixed[count] = (struct assay_bytes){ (const uint8_t *)pem[lists], (size_t)len };
            lists += 1;
        }
        count += 1;
    }
    cr_assert_eq(lists, 2);
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, mixed, count), ASSAY_OK);
    judge(NULL);
    cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
}

/* Without a signed document of Intel's a set is certificates and a list. */
Test(library_verify, certificates_alone_are_a_set_and_strangers_take_no_room)
{
    static uint8_t der[16384];
    struct assay_bytes some[2] = { { NULL, 0 }, { NULL, 0 } };
    struct assay_slice chain = w->bundle.files.part[ASSAY_PART_PCK_CHAIN], label;
    size_t len = 0, used = 0;
    while (assay_pem_next(&chain, &label, der + used, sizeof der - used, &len) == ASSAY_OK)
        used += len;
    cr_assert_gt(used, 0);
    some[0] = (struct assay_bytes){ der, used };
    some[1] = files[0];
    cr_assert_eq(assay_trust_add_collateral(trust, some, 1), ASSAY_OK);
    struct assay_bytes cut = { der, used - 1 };
    cr_assert_eq(assay_trust_add_collateral(trust, &cut, 1), ASSAY_OK);
    size_t damaged = 0;
    struct assay_trust_piece piece = { .size = sizeof piece };
    for (size_t i = 0; assay_trust_get_piece(trust, i, &piece) == ASSAY_OK; i++) {
        cr_expect_str_eq(piece.name, "certificate");
        cr_expect_neq(piece.status, ASSAY_OK, "no root is there that it could lead to");
        if (piece.status == ASSAY_E_NOT_FOUND) continue;
        cr_expect_eq(piece.set, 1);
        damaged += 1;
    }
    cr_expect_eq(damaged, 1);
    /* The same ones again are no more than they were. */
    const struct assay_bytes twice[] = { some[0], some[0], some[0] };
    cr_assert_eq(assay_trust_add_collateral(trust, twice, 3), ASSAY_OK);
    struct assay_bytes many[5];
    struct world *others[5];
    for (size_t i = 0; i < 5; i++) {
        others[i] = world_open();
        const struct assay_slice part = others[i]->bundle.files.part[ASSAY_PART_PCK_CHAIN];
        many[i] = (struct assay_bytes){ part.bytes, part.len };
    }
    cr_assert_eq(assay_trust_add_collateral(trust, many, 2), ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, many, 5), ASSAY_OK);
    for (size_t i = 0; i < 5; i++)
        world_close(others[i]);
    judge(NULL);
    cr_assert_neq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
}

Test(library_verify, takes_the_roots_that_a_policy_names)
{
    w->policy.root_count = 1;
    w->policy.roots[0] = (struct assay_policy_root){ .name = "vendor",
                                                     .key = w->endorsements.entries[0].root,
                                                     .kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT) };
    cr_assert_eq(assay_trust_add_policy_roots(trust, &w->policy), ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, files, file_count), ASSAY_OK);
    judge(NULL);
    cr_assert_eq(assay_verdict_get_tier(verdict), ASSAY_TIER_AFFIRMING);
}

Test(library_verify, packs_only_what_the_kind_has_use_for)
{
    static const uint8_t main[] = "report", piece[] = "piece";
    const struct assay_bytes certificate = { piece, sizeof piece };
    struct assay_evidence_piece_list pieces = { .size = sizeof pieces,
                                                .main = { main, sizeof main } };
    uint8_t packed[64], again[64];
    size_t len = 0, again_len = 0;
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_NITRO, &pieces, packed, sizeof packed, &len),
                 ASSAY_OK);
    cr_assert_eq(len, sizeof main);
    cr_assert_arr_eq(packed, main, sizeof main);

    pieces.certificates = &certificate;
    pieces.certificate_count = 1;
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_NITRO, &pieces, packed, sizeof packed, &len),
                 ASSAY_E_INVALID);
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_SNP, &pieces, packed, sizeof packed, &len),
                 ASSAY_OK);
    pieces.main = (struct assay_bytes){ packed, len };
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_SNP, &pieces, again, sizeof again, &again_len),
                 ASSAY_E_INVALID, "a package in a package");
    pieces.main = (struct assay_bytes){ main, sizeof main };
    pieces.activation = certificate;
    cr_assert_eq(assay_evidence_pack(ASSAY_KIND_TPM, &pieces, packed, sizeof packed, &len),
                 ASSAY_E_INVALID);
}

Test(library_verify, refuses_to_pack_a_piece_with_a_length_and_no_bytes)
{
    static const uint8_t main[] = "report";
    const struct assay_bytes missing = { NULL, 5 };
    struct assay_evidence_piece_list all[9];
    uint8_t packed[64];
    size_t len = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        all[i] = (struct assay_evidence_piece_list){ .size = sizeof all[i],
                                                     .main = { main, sizeof main } };
    all[0].main = missing;
    all[1].certificates = &missing;
    all[1].certificate_count = 1;
    all[2].signature = missing;
    all[3].pcrs = missing;
    all[4].key = missing;
    all[5].hardware = missing;
    all[6].activation = missing;
    all[7].report_data = missing;
    all[8].quote = missing;
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (unsigned kind = 1; kind < ASSAY_KIND_COUNT; kind++)
            cr_assert_eq(assay_evidence_pack((enum assay_evidence_kind)kind, &all[i], packed,
                                             sizeof packed, &len),
                         ASSAY_E_INVALID, "piece %zu, kind %u", i, kind);
    cr_assert_eq(len, 0);
}

static bool is_unchecked(const char *what)
{
    struct assay_unchecked one = { .size = sizeof one };
    for (size_t i = 0; assay_verdict_get_unchecked(verdict, i, &one); i++) {
        cr_assert_gt(strlen(one.why), 10);
        if (strcmp(one.what, what) == 0) return true;
    }
    return false;
}

/* A caller that keeps a verdict until its end keeps none that the policy refuses by then. */
Test(library_verify, a_verdict_ends_with_the_acceptance_of_its_policy)
{
    int64_t unix_s = 0;
    fill();
    policy->has_collateral_age = true;
    policy->collateral_age_max_s = (uint64_t)(w->at_unix_s - w->terms.issue_unix_s) + 60;
    judge(NULL);
    cr_assert(assay_verdict_get_expiry(verdict, &unix_s));
    cr_expect_eq(unix_s, w->at_unix_s + 60);
}

/* A caller of the library is told of what nobody checked, as the user of the command is. */
Test(library_verify, lists_what_was_not_checked)
{
    struct assay_unchecked one = { .size = sizeof one, .what = "as it was" };
    cr_expect_not(assay_verdict_get_unchecked(verdict, 0, &one), "nothing was appraised");
    fill();
    judge(NULL);
    cr_expect(is_unchecked("freshness"));
    cr_expect_not(is_unchecked("policy"));
    cr_expect_eq(is_unchecked("program"), policy->reference_count == 0);
    cr_expect_not(is_unchecked("revocation"));
    cr_expect_not(is_unchecked("proof"));
    cr_expect_not(assay_verdict_get_unchecked(verdict, 99, &one));
    cr_expect_not(assay_verdict_get_unchecked(NULL, 0, &one));
    cr_expect_not(assay_verdict_get_unchecked(verdict, 0, NULL));
    cr_expect_str_eq(one.what, "as it was");
    assay_trust_destroy(&trust); /* without collateral nothing proves the platform */
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(trust, root, root_len, ASSAY_KINDS_ALL), ASSAY_OK);
    judge(NULL);
    cr_expect(is_unchecked("proof"));
    judge_under(NULL, NULL);
    cr_expect(is_unchecked("policy"));
}
