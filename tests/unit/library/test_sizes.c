/*
 * tests/unit/library/test_sizes.c - structures with a `size` of another version of the header:
 * nothing behind the caller's bytes is read or written (docs/compatibility.md 2).
 *
 * Each structure is in memory of exactly its size, so that AddressSanitizer finds any access beyond
 * it. A smaller one is refused; of a longer one the bytes that this version does not have stay as
 * they were.
 */
#include "tests/unit/library/soft_world.h"

#include <assay/permit.h>
#include <assay/policy.h>
#include <assay/standing.h>
#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { FILL = 0xa5, MORE = 64 };

static struct soft_world *world;
static struct assay_trust *trust;
static struct assay_policy *policy;
static struct assay_verdict *verdict;
static struct assay_eventlog_report *report;
static struct assay_policy_issuers *issuers;
static struct assay_identity *identity;
static struct assay_result *result;

/* Each answers to bytes that are no token: there is an answer, and nothing is proven. */
static void ask_about_no_token(void)
{
    const struct assay_identity_request about_identity = { .size = sizeof about_identity,
                                                           .trusted = { (const uint8_t *)"{}", 2 },
                                                           .at_unix_s = WORLD_TIME,
                                                           .issuer = "issuer",
                                                           .audience = "audience" };
    const struct assay_result_issuer issuer = { .size = sizeof issuer,
                                                .service = ASSAY_RESULT_INTEL,
                                                .issuer = "https://issuer.example",
                                                .keys = { (const uint8_t *)"{}", 2 } };
    const struct assay_result_request about_result = {
        .size = sizeof about_result, .issuers = &issuer, .issuer_count = 1, .at_unix_s = WORLD_TIME
    };
    enum assay_identity_answer identity_answer = ASSAY_IDENTITY_NOT_READ;
    enum assay_result_answer answer = ASSAY_RESULT_NOT_READ;
    enum assay_result_statement statement = ASSAY_STATED_NOTHING;
    cr_assert_eq(assay_identity_create(&identity), ASSAY_OK);
    cr_assert_eq(assay_result_create(&result), ASSAY_OK);
    cr_assert_eq(assay_identity_verify_token(&about_identity, "x", 1, identity, &identity_answer),
                 ASSAY_OK);
    cr_assert_eq(assay_result_verify(&about_result, "x", 1, result, &answer, &statement), ASSAY_OK);
}

static void set_up(void)
{
    static const char named[] = "policy_version: 1\nprofile: production\ntoken_issuers:\n"
                                "  - { service: intel, issuer: https://i.example, keys: k }\n";
    char message[256];
    enum assay_tier tier = ASSAY_TIER_NONE;
    world = malloc(sizeof *world);
    cr_assert_not_null(world);
    soft_world_make(world);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(
        assay_trust_add_root(trust, world->root, world->root_len, ASSAY_KIND_BIT(ASSAY_KIND_SOFT)),
        ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, world->files, world->file_count), ASSAY_OK);
    cr_assert_eq(assay_policy_create_yaml(soft_world_policy, strlen(soft_world_policy), &policy,
                                          message, sizeof message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_eventlog_report_create(&report), ASSAY_OK);
    cr_assert_eq(
        assay_policy_issuers_create_yaml(named, strlen(named), &issuers, message, sizeof message),
        ASSAY_OK, "%s", message);
    ask_about_no_token();
    const struct assay_verify_request request = {
        .size = sizeof request,
        .trust = trust,
        .policy = policy,
        .evidence = { world->quotes[0], world->quote_lens[0] },
        .at_unix_s = WORLD_TIME,
    };
    cr_assert_eq(assay_verify(&request, verdict, &tier), ASSAY_OK);
    cr_assert_eq(assay_verdict_get_genuine(verdict), ASSAY_GENUINE_TRUE);
}

static void tear_down(void)
{
    assay_result_destroy(&result);
    assay_identity_destroy(&identity);
    assay_policy_issuers_destroy(&issuers);
    assay_eventlog_report_destroy(&report);
    assay_verdict_destroy(&verdict);
    assay_policy_destroy(&policy);
    assay_trust_destroy(&trust);
    soft_world_end(world);
    free(world);
}

TestSuite(library_sizes, .init = set_up, .fini = tear_down);

/* --- structures that the library fills. Each returns: whether it did */
static bool fill_counters(void *out)
{
    return assay_verifier_get_counters(NULL, out) == ASSAY_OK;
}

static bool fill_piece(void *out)
{
    return assay_trust_get_piece(trust, 0, out) == ASSAY_OK;
}

static bool fill_unchecked(void *out)
{
    return assay_verdict_get_unchecked(verdict, 0, out);
}

static bool fill_claim(void *out)
{
    return assay_verdict_get_claim_at(verdict, 0, out) == ASSAY_OK;
}

static bool fill_finding(void *out)
{
    return assay_verdict_get_finding(verdict, 0, out);
}

static bool fill_instance(void *out)
{
    return assay_verdict_get_instance(verdict, out);
}

static bool fill_device(void *out)
{
    return assay_verdict_get_device(verdict, 0, out);
}

static bool fill_log(void *out)
{
    return assay_eventlog_report_get_log(report, 0, out);
}

static bool fill_register(void *out)
{
    return assay_eventlog_report_get_register(report, 0, out);
}

static bool fill_event(void *out)
{
    return assay_eventlog_report_get_failed(report, 0, out);
}

static bool fill_identity_claims(void *out)
{
    return assay_identity_get_claims(identity, out);
}

static bool fill_summary(void *out)
{
    return assay_result_get_summary(result, out);
}

static bool fill_result_device(void *out)
{
    return assay_result_get_device(result, 0, out);
}

static bool fill_policy_issuer(void *out)
{
    return assay_policy_issuers_get(issuers, 0, out);
}

/* Of a daemon that is not there: "unreachable". */
static bool fill_permit(void *out)
{
    return assay_permit_ask("/nonexistent/socket", ASSAY_PERMIT_NORMAL, 0, out) != ASSAY_E_INVALID;
}

/* A proof that cannot be read: the report states no standing. */
static bool fill_standing(void *out)
{
    static const uint8_t none[1];
    return assay_standing_verify(none, sizeof none, none, sizeof none, 1, 0, out) !=
           ASSAY_E_INVALID;
}

static bool fill_standing_of_key(void *out)
{
    static const uint8_t none[1];
    const struct assay_key_request request = { .size = sizeof request,
                                               .proof = none,
                                               .proof_len = sizeof none,
                                               .checkpoint = none,
                                               .checkpoint_len = sizeof none,
                                               .key = none,
                                               .key_len = sizeof none,
                                               .now_ms = 1,
                                               .max_age_s = 1 };
    enum assay_key_answer answer = ASSAY_KEY_ACTIVE;
    return assay_standing_verify_key(&request, out, &answer) != ASSAY_E_INVALID;
}

static const struct {
    const char *what;
    size_t size;
    bool (*fill)(void *out);
    bool is_there; /* the verdict of this test has one */
} outputs[] = {
    { "counters", sizeof(struct assay_counters), fill_counters, true },
    { "piece", sizeof(struct assay_trust_piece), fill_piece, true },
    { "unchecked", sizeof(struct assay_unchecked), fill_unchecked, true },
    { "claim", sizeof(struct assay_claim_value), fill_claim, true },
    { "finding", sizeof(struct assay_finding), fill_finding, false },
    { "instance", sizeof(struct assay_cloud_instance), fill_instance, false },
    { "device", sizeof(struct assay_device_verdict), fill_device, false },
    { "log", sizeof(struct assay_log_outcome), fill_log, false },
    { "register", sizeof(struct assay_log_register), fill_register, false },
    { "event", sizeof(struct assay_log_event), fill_event, false },
    { "identity", sizeof(struct assay_identity_claims), fill_identity_claims, true },
    { "summary", sizeof(struct assay_result_summary), fill_summary, true },
    { "device of a result", sizeof(struct assay_result_device), fill_result_device, false },
    { "issuer of a policy", sizeof(struct assay_policy_issuer), fill_policy_issuer, true },
    { "permit", sizeof(struct assay_permit_answer), fill_permit, true },
    { "standing", sizeof(struct assay_standing_report), fill_standing, true },
    { "standing of a key", sizeof(struct assay_standing_report), fill_standing_of_key, true },
};

/* The caller's bytes, `size` first. */
static uint8_t *make_caller(size_t size)
{
    uint8_t *const bytes = malloc(size);
    cr_assert_not_null(bytes);
    memset(bytes, FILL, size);
    assay_bytes_copy(bytes, size, &size, sizeof size);
    return bytes;
}

static bool is_untouched(const uint8_t *bytes, size_t from, size_t size)
{
    for (size_t i = from; i < size; i++)
        if (bytes[i] != FILL) return false;
    return true;
}

Test(library_sizes, of_outputs_bound_what_is_written)
{
    for (size_t k = 0; k < sizeof outputs / sizeof outputs[0]; k++) {
        const size_t full = outputs[k].size;
        for (size_t size = sizeof(size_t); size <= full + MORE; size++) {
            uint8_t *const out = make_caller(size);
            size_t filled = 0;
            const bool yes = outputs[k].fill(out);
            assay_bytes_copy(&filled, sizeof filled, out, sizeof filled);
            cr_expect_eq(yes, outputs[k].is_there && size >= full, "%s of %zu bytes",
                         outputs[k].what, size);
            cr_expect_eq(filled, yes ? full : size, "%s of %zu bytes", outputs[k].what, size);
            cr_expect(is_untouched(out, yes ? full : sizeof filled, size), "%s of %zu bytes",
                      outputs[k].what, size);
            free(out);
        }
    }
}

/* --- structures that the library reads. Each returns: the status of the call */
static enum assay_status read_verify(const void *in)
{
    enum assay_tier tier = ASSAY_TIER_NONE;
    return assay_verify(in, NULL, &tier);
}

static enum assay_status read_pieces(const void *in)
{
    uint8_t buffer[64];
    size_t len = 0;
    return assay_evidence_pack(ASSAY_KIND_SNP, in, buffer, sizeof buffer, &len);
}

static enum assay_status read_report(const void *in)
{
    static const uint8_t challenge[ASSAY_DEVICE_CHALLENGE_BYTES];
    uint8_t buffer[64], report_data[ASSAY_DEVICE_CHALLENGE_BYTES];
    size_t len = 0;
    return assay_devices_pack(challenge, in, 1, buffer, sizeof buffer, &len, report_data);
}

static enum assay_status read_ear(const void *in)
{
    uint8_t buffer[64];
    size_t len = 0;
    return assay_verdict_write_ear(verdict, in, buffer, sizeof buffer, &len);
}

static enum assay_status read_identity(const void *in)
{
    enum assay_identity_answer answer = ASSAY_IDENTITY_NOT_READ;
    return assay_identity_verify_token(in, "x", 1, identity, &answer);
}

static enum assay_status read_result(const void *in)
{
    enum assay_result_answer answer = ASSAY_RESULT_NOT_READ;
    enum assay_result_statement statement = ASSAY_STATED_NOTHING;
    return assay_result_verify(in, "x", 1, result, &answer, &statement);
}

static enum assay_status read_issuer(const void *in)
{
    const struct assay_result_request request = {
        .size = sizeof request, .issuers = in, .issuer_count = 1, .at_unix_s = WORLD_TIME
    };
    return read_result(&request);
}

static enum assay_status read_key(const void *in)
{
    struct assay_standing_report out = { .size = sizeof out };
    enum assay_key_answer answer = ASSAY_KEY_ACTIVE;
    const enum assay_status status = assay_standing_verify_key(in, &out, &answer);
    cr_expect_eq(answer, ASSAY_KEY_NOT_READ);
    return status;
}

static const struct {
    const char *what;
    size_t size;
    enum assay_status (*read)(const void *in);
} inputs[] = {
    { "request", sizeof(struct assay_verify_request), read_verify },
    { "pieces", sizeof(struct assay_evidence_piece_list), read_pieces },
    { "report", sizeof(struct assay_device_report), read_report },
    { "ear", sizeof(struct assay_ear_request), read_ear },
    { "identity", sizeof(struct assay_identity_request), read_identity },
    { "result", sizeof(struct assay_result_request), read_result },
    { "issuer", sizeof(struct assay_result_issuer), read_issuer },
    { "key", sizeof(struct assay_key_request), read_key },
};

/* A caller with fewer members than this version has: whatever the bytes are, none is used. */
Test(library_sizes, of_inputs_bound_what_is_read)
{
    for (size_t k = 0; k < sizeof inputs / sizeof inputs[0]; k++)
        for (size_t size = sizeof(size_t); size < inputs[k].size; size++) {
            uint8_t *const in = make_caller(size);
            cr_expect_eq(inputs[k].read(in), ASSAY_E_INVALID, "%s of %zu bytes", inputs[k].what,
                         size);
            cr_expect(is_untouched(in, sizeof size, size), "%s of %zu bytes", inputs[k].what, size);
            free(in);
        }
}

/* Members of a later version: none of them is ignored. Zeros are as if absent, so the call is
 * refused for something else, or not. */
Test(library_sizes, of_inputs_of_a_later_version_are_noticed)
{
    for (size_t k = 0; k < sizeof inputs / sizeof inputs[0]; k++) {
        const size_t size = inputs[k].size + sizeof(void *);
        if (inputs[k].read == read_report || inputs[k].read == read_issuer)
            continue; /* in an array: one size alone */
        uint8_t *const in = calloc(1, size);
        cr_assert_not_null(in);
        assay_bytes_copy(in, size, &size, sizeof size);
        cr_expect_neq(inputs[k].read(in), ASSAY_E_UNSUPPORTED, "%s", inputs[k].what);
        in[size - 1] = 1;
        cr_expect_eq(inputs[k].read(in), ASSAY_E_UNSUPPORTED, "%s", inputs[k].what);
        free(in);
    }
}

/* Issuers are in an array, so that another size is another place of the second one. */
Test(library_sizes, issuers_of_another_size_are_refused)
{
    const struct assay_result_issuer issuer = { .size = sizeof issuer,
                                                .service = ASSAY_RESULT_INTEL,
                                                .issuer = "https://issuer.example",
                                                .keys = { (const uint8_t *)"{}", 2 } };
    cr_expect_eq(read_issuer(&issuer), ASSAY_OK);
    for (size_t size = sizeof issuer - 1; size <= sizeof issuer + 1; size += 2) {
        uint8_t *const in = calloc(1, sizeof issuer + 1);
        cr_assert_not_null(in);
        assay_bytes_copy(in, sizeof issuer, &issuer, sizeof issuer);
        assay_bytes_copy(in, sizeof issuer, &size, sizeof size);
        cr_expect_eq(read_issuer(in), ASSAY_E_INVALID, "%zu bytes", size);
        free(in);
    }
}
