/*
 * tests/unit/library/test_sizes.c - structures with a `size` of another version of the header:
 * nothing behind the caller's bytes is read or written (docs/compatibility.md 2).
 *
 * Each structure is in memory of exactly its size, so that AddressSanitizer finds any access beyond
 * it. A smaller one is refused; of a longer one the bytes that this version does not have stay as
 * they were.
 */
#include "tests/unit/library/soft_world.h"

#include <assay/assay.h>
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

static void set_up(void)
{
    char message[256];
    enum assay_tier tier = ASSAY_TIER_NONE;
    world = malloc(sizeof *world);
    cr_assert_not_null(world);
    soft_world_make(world);
    cr_assert_eq(assay_trust_create(&trust), ASSAY_OK);
    cr_assert_eq(assay_trust_add_root(trust, world->root, world->root_len,
                                      ASSAY_KIND_BIT(ASSAY_KIND_SOFT)),
                 ASSAY_OK);
    cr_assert_eq(assay_trust_add_collateral(trust, world->files, world->file_count), ASSAY_OK);
    cr_assert_eq(assay_policy_create_yaml(soft_world_policy, strlen(soft_world_policy), &policy,
                                          message, sizeof message),
                 ASSAY_OK, "%s", message);
    cr_assert_eq(assay_verdict_create(&verdict), ASSAY_OK);
    cr_assert_eq(assay_eventlog_report_create(&report), ASSAY_OK);
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
    static struct assay_identity *identity;
    enum assay_identity_answer answer = ASSAY_IDENTITY_NOT_READ;
    cr_assert(identity != NULL || assay_identity_create(&identity) == ASSAY_OK);
    return assay_identity_verify_token(in, "x", 1, identity, &answer);
}

static enum assay_status read_result(const void *in)
{
    static struct assay_result *result;
    enum assay_result_answer answer = ASSAY_RESULT_NOT_READ;
    enum assay_result_statement statement = ASSAY_STATED_NOTHING;
    cr_assert(result != NULL || assay_result_create(&result) == ASSAY_OK);
    return assay_result_verify(in, "x", 1, result, &answer, &statement);
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
        if (inputs[k].read == read_report) continue; /* in an array: one size alone */
        uint8_t *const in = calloc(1, size);
        cr_assert_not_null(in);
        assay_bytes_copy(in, size, &size, sizeof size);
        cr_expect_neq(inputs[k].read(in), ASSAY_E_UNSUPPORTED, "%s", inputs[k].what);
        in[size - 1] = 1;
        cr_expect_eq(inputs[k].read(in), ASSAY_E_UNSUPPORTED, "%s", inputs[k].what);
        free(in);
    }
}
