/*
 * tests/unit/quote/nvidia/test_strays.c - certificates and OCSP responses of another vendor next to
 * those of a device, of the same names and serial numbers: what is revoked is decided by the
 * issuer's key.
 */
#include "tests/unit/quote/nvidia/gpu_world.h"

#include <criterion/criterion.h>

static struct gpu_world *w, *stray; /* the same terms, other keys */

static void open_worlds(void)
{
    w = gpu_world_open();
    stray = gpu_world_open();
}

static void close_worlds(void)
{
    gpu_world_close(stray);
    gpu_world_close(w);
}

TestSuite(gpu_strays, .init = open_worlds, .fini = close_worlds);

static void insert_first(struct assay_slice file)
{
    cr_assert_lt(w->c.file_count, GPU_FILES_MAX);
    for (size_t i = w->c.file_count; i > 0; i--)
        w->c.files[i] = w->c.files[i - 1];
    w->c.files[0] = file;
    w->c.file_count += 1;
}

static void append(struct assay_slice file)
{
    cr_assert_lt(w->c.file_count, GPU_FILES_MAX);
    w->c.files[w->c.file_count++] = file;
}

static struct assay_slice stray_device(void)
{
    return assay_slice_over(stray->ders[GPU_DEVICE], stray->der_len[GPU_DEVICE]);
}

static struct assay_slice stray_response(void)
{
    return assay_slice_over(stray->ocsp, stray->ocsp_len);
}

typedef void placing(struct assay_slice file);

/* The device's certificate and a response about it, both of the stray vendor. */
static void judge_with_stray(placing *place)
{
    gpu_world_make(stray);
    gpu_world_make(w);
    cr_assert_eq(stray->terms[GPU_DEVICE].serial, w->terms[GPU_DEVICE].serial);
    cr_assert_str_eq(stray->terms[GPU_DEVICE].issuer, w->terms[GPU_DEVICE].issuer);
    place(stray_device());
    place(stray_response());
    gpu_case_judge(&w->c);
    cr_assert_eq(w->c.status, ASSAY_OK);
}

static placing *const places[] = { insert_first, append };

Test(gpu_strays, one_that_is_good_does_not_hide_that_the_device_is_revoked)
{
    w->ocsp_reason = 1;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        judge_with_stray(places[i]);
        cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_CERT_REVOKED), "%s",
                  gpu_reasons(&w->c.verdict));
        cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_FALSE);
    }
}

/* Its vendor signs it with keys of its own, and could write it for each device. */
Test(gpu_strays, one_that_is_revoked_does_not_revoke_the_device)
{
    stray->ocsp_reason = 1;
    for (unsigned weak = 0; weak < 2; weak++)
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            stray->ocsp_weak = weak == 1;
            judge_with_stray(places[i]);
            cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_TRUE, "%s",
                         gpu_reasons(&w->c.verdict));
            cr_expect_eq(w->c.verdict.proofs[ASSAY_PROOF_CHAIN], ASSAY_PROOF_TRUE);
        }
}

/* Without a response about the device itself. */
Test(gpu_strays, a_response_about_one_does_not_cover_the_device)
{
    static const uint8_t nonce[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    w->c.ocsp_nonce = assay_slice_over(nonce, sizeof nonce);
    stray->c.ocsp_nonce = w->c.ocsp_nonce;
    stray->ocsp_has_nonce = true;
    gpu_world_make(stray);
    gpu_world_make(w);
    w->c.files[w->c.file_count - 1] = stray_response();
    insert_first(stray_device());
    gpu_case_judge(&w->c);
    cr_expect(assay_verdict_has(&w->c.verdict, ASSAY_RULE_OCSP_NONCE), "%s",
              gpu_reasons(&w->c.verdict));
    cr_expect_eq(w->c.verdict.genuine, ASSAY_GENUINE_UNKNOWN);
}
