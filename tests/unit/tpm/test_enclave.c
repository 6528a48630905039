/*
 * tests/unit/tpm/test_enclave.c - the enclave of a node whose platform is a TPM: what is loaded is
 * what PCR 23 says, from the first quote on, also after somebody put another program in its place.
 */
#include "tests/unit/enforce/enclave_fixture.h"
#include "tests/unit/tpm/software_tpm.h"

#include "base/file/file.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>

enum { PROGRAM_MAX = 64 << 20 };

static struct fixture fixture;
static struct softtpm softtpm;

TestSuite(tpm_enclave, .timeout = 600);

static void open_all(void)
{
    softtpm_open(&softtpm, 1);
    softtpm_enroll(&softtpm, 0, 0);
    fixture_make(&fixture);
    fixture.tpm = softtpm_source(&softtpm, 0);
    fixture_open(&fixture);
}

static void close_all(void)
{
    struct assay_tpm_source *source = fixture.tpm;
    fixture_close(&fixture);
    fixture_remove(&fixture);
    assay_tpm_source_close(&source);
    softtpm_close(&softtpm);
}

/* The policy accepts what PCR 23 is after loading that program, and nothing else. */
static void allow(const char *program)
{
    uint8_t *bytes = NULL, measurement[32];
    size_t len = 0;
    cr_assert_eq(assay_file_read(program, PROGRAM_MAX, &bytes, &len), ASSAY_OK);
    assay_sha256(bytes, len, measurement);
    free(bytes);
    struct assay_reference *const r = &softtpm.policy.references[0];
    *r = (struct assay_reference){ .field = (enum assay_reference_field)(ASSAY_REFERENCE_PCR0 + 23),
                                   .value_len = 32 };
    assay_tpm_pcr_of(measurement, r->value);
    softtpm.policy.reference_count = 1;
}

static enum assay_outcome quote(uint8_t fill)
{
    uint8_t report_data[64];
    struct assay_verdict verdict;
    for (size_t i = 0; i < sizeof report_data; i++)
        report_data[i] = fill;
    fixture_forget(&fixture);
    cr_assert_eq(fixture.enclave.request_quote(fixture.enclave.context, fill, 1, report_data, NULL),
                 ASSAY_OK);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE));
    softtpm_verify(&softtpm, fixture.quote, fixture.quote_len, &verdict);
    cr_assert_eq(verdict.genuine, ASSAY_GENUINE_TRUE);
    cr_assert(assay_bytes_equal(verdict.report_data, report_data, 64));
    return assay_verdict_outcome(&verdict);
}

Test(tpm_enclave, is_measured_into_the_tpm_each_time_it_is_loaded)
{
    struct assay_enclave_snapshot snapshot;
    open_all();
    allow(fixture.restore_path); /* the right build */
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    cr_expect_eq(quote(1), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    cr_expect_eq(quote(2), ASSAY_OUTCOME_PASS_UP_TO_DATE);

    fixture_swap(&fixture, TAMPERED);
    fixture.enclave.look(fixture.enclave.context, &snapshot);
    fixture_forget(&fixture);
    cr_assert_eq(kill((pid_t)snapshot.pid, SIGKILL), 0);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    cr_expect_eq(quote(3), ASSAY_OUTCOME_FAIL_HARD);
    allow(TAMPERED); /* and it is this very program */
    cr_expect_eq(quote(4), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    close_all();
}

Test(tpm_enclave, is_measured_anew_when_its_tpm_comes_back)
{
    uint8_t report_data[64] = { 9 };
    open_all();
    allow(fixture.restore_path);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    cr_expect_eq(quote(1), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    swtpm_stop(&softtpm.tpms[0]);
    fixture_forget(&fixture);
    cr_assert_eq(fixture.enclave.request_quote(fixture.enclave.context, 2, 1, report_data, NULL),
                 ASSAY_OK);
    const struct assay_enclave_event *const event = fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE);
    cr_assert_not_null(event);
    cr_expect_eq(event->as.quote.bytes.len, 0, "there is nobody to quote");
    cr_assert(swtpm_start(&softtpm.tpms[0]));
    /* A TPM that was reset has forgotten: that must not look like another program. */
    cr_expect_eq(quote(3), ASSAY_OUTCOME_PASS_UP_TO_DATE);
    close_all();
}
