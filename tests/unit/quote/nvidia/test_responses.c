/*
 * tests/unit/quote/nvidia/test_responses.c - the form of OCSP responses: one meaning has one form,
 * also where nothing depends on it. All are signed by the vendor of the tests.
 */
#include "tests/unit/quote/nvidia/gpu_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct gpu_world *w;

static void open_world(void)
{
    w = gpu_world_open();
}

static void close_world(void)
{
    gpu_world_close(w);
}

TestSuite(gpu_responses, .init = open_world, .fini = close_world);

/* Nothing depends on the id of a responder, and yet it is read: one meaning has one form. */
Test(gpu_responses, a_responder_s_id_has_the_form_of_one)
{
    static const uint8_t id[] = { 0xa2, 0x03, 0x04, 0x01, 0x01 };
    static const struct {
        size_t at;
        uint8_t value;
    } defects[] = { { 0, 0xa3 }, { 0, 0xa1 }, { 2, 0x05 }, { 3, 0x94 }, { 3, 0x00 } };
    struct assay_ocsp *const response = calloc(1, sizeof *response);
    size_t at = 0;
    gpu_world_judge(w);
    while (at + sizeof id < w->ocsp_len && !assay_bytes_equal(w->ocsp + at, id, sizeof id))
        at += 1;
    cr_assert_lt(at + sizeof id, w->ocsp_len);
    cr_expect_eq(assay_x509_ocsp(w->ocsp, w->ocsp_len, response), ASSAY_OK);
    for (size_t i = 0; i < sizeof defects / sizeof defects[0]; i++) {
        w->ocsp[at + defects[i].at] = defects[i].value;
        cr_expect_neq(assay_x509_ocsp(w->ocsp, w->ocsp_len, response), ASSAY_OK, "defect %zu", i);
        assay_bytes_copy(w->ocsp + at, sizeof id, id, sizeof id);
    }
    free(response);
}

/* RFC 5754 2: of SHA-384 they are absent or NULL. The signature is right in each case. */
Test(gpu_responses, a_hash_has_no_parameters)
{
    static const uint8_t null[] = { 0x05, 0x00 }, cut[] = { 0x05 }, longer[] = { 0x05, 0x01, 0x00 },
                         twice[] = { 0x05, 0x00, 0x05, 0x00 }, other[] = { 0x04, 0x00 };
    const struct assay_slice wrong[] = { assay_slice_over(cut, sizeof cut),
                                         assay_slice_over(longer, sizeof longer),
                                         assay_slice_over(twice, sizeof twice),
                                         assay_slice_over(other, sizeof other) };
    w->ocsp_parameters = assay_slice_over(null, sizeof null);
    gpu_world_judge(w);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        w->ocsp_parameters = wrong[i];
        gpu_world_judge(w);
        cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN, "parameters %zu: %s", i,
                     gpu_reasons(&w->c.verdict));
        cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_COLLATERAL_FORMAT), "parameters %zu",
                  i);
    }
}

/* Two genuine responses of one second: neither their order nor their bytes decide. Their bytes are
 * drawn, so a test draws often enough to see both orders of them. */
enum { ROUNDS = 10 };

static void judge_two(void (*first)(void), void (*second)(void))
{
    static uint8_t bytes[AUTHORITY_DER_MAX];
    first();
    gpu_world_make(w);
    const size_t len = w->ocsp_len;
    assay_bytes_copy(bytes, sizeof bytes, w->ocsp, len);
    second();
    gpu_world_make(w);
    w->c.files[w->c.file_count++] = assay_slice_over(bytes, len);
    gpu_case_judge(&w->c);
    w->c.file_count -= 1;
}

static void is_held(void)
{
    w->ocsp_reason = ASSAY_OCSP_REASON_HOLD;
}

static void is_compromised(void)
{
    w->ocsp_reason = 1;
}

static void has_nonce(void)
{
    w->ocsp_has_nonce = true;
}

static void has_none(void)
{
    w->ocsp_has_nonce = false;
}

static void is_current(void)
{
    w->ocsp_to_s = GPU_AT + 60;
}

static void is_expired(void)
{
    w->ocsp_to_s = GPU_AT - 1;
}

Test(gpu_responses, of_one_second_the_graver_counts)
{
    w->c.policy.gpu.allow_certificate_hold = true;
    judge_two(is_held, is_held);
    const enum assay_tier held = w->c.verdict.tier;
    judge_two(is_compromised, is_compromised);
    const enum assay_tier compromised = w->c.verdict.tier;
    cr_assert_neq(held, compromised);
    for (int i = 0; i < ROUNDS; i++) {
        judge_two(is_held, is_compromised);
        cr_expect_eq(w->c.verdict.tier, compromised, "%s", gpu_reasons(&w->c.verdict));
        judge_two(is_compromised, is_held);
        cr_expect_eq(w->c.verdict.tier, compromised, "%s", gpu_reasons(&w->c.verdict));
    }
}

Test(gpu_responses, of_one_second_the_one_with_the_nonce_counts)
{
    static const uint8_t nonce[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    w->c.ocsp_nonce = assay_slice_over(nonce, sizeof nonce);
    for (int i = 0; i < ROUNDS; i++) {
        judge_two(has_nonce, has_none);
        cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
        judge_two(has_none, has_nonce);
        cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    }
    judge_two(has_none, has_none);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%s", gpu_reasons(&w->c.verdict));
}

Test(gpu_responses, of_one_second_the_current_one_counts)
{
    judge_two(is_current, is_expired);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    judge_two(is_expired, is_current);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s", gpu_reasons(&w->c.verdict));
    judge_two(is_expired, is_expired);
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN, "%s", gpu_reasons(&w->c.verdict));
}
