/*
 * tests/unit/tpm/test_faults.c - a live software TPM behind a line that fails at each command in
 * turn: the wire breaks, or the TPM refuses. Every operation says so, and leaves nothing behind.
 */
#include "tests/support/faults/fault.h"
#include "tests/unit/tpm/software_tpm.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_tcti.h>
#include <tss2/tss2_tctildr.h>

TestSuite(tpm_faults, .timeout = 600);

enum fault_sort { WIRE_BREAKS, TPM_REFUSES, SORTS };
static enum fault_sort sort;

/* --- a line in between; the names are the linker's (--wrap) */
TSS2_RC __real_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **out);
TSS2_RC __wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **out);
void __real_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context);
void __wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context);

struct line {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    TSS2_TCTI_CONTEXT *end;
    bool refuses;
};

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const uint8_t *command)
{
    struct line *const line = (struct line *)context;
    if (!fault_now()) return Tss2_Tcti_Transmit(line->end, size, command);
    if (sort == WIRE_BREAKS) return TSS2_TCTI_RC_IO_ERROR;
    line->refuses = true;
    return TSS2_RC_SUCCESS;
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, uint8_t *response, int32_t timeout)
{
    /* TPM_ST_NO_SESSIONS, ten bytes, TPM_RC_FAILURE */
    static const uint8_t refusal[10] = { 0x80, 0x01, 0, 0, 0, 10, 0, 0, 0x01, 0x01 };
    struct line *const line = (struct line *)context;
    if (!line->refuses) return Tss2_Tcti_Receive(line->end, size, response, timeout);
    if (response != NULL) {
        assay_bytes_copy(response, *size, refusal, sizeof refusal);
        line->refuses = false;
    }
    *size = sizeof refusal;
    return TSS2_RC_SUCCESS;
}

TSS2_RC __wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **out)
{
    struct line *const line = calloc(1, sizeof *line);
    cr_assert_not_null(line);
    const TSS2_RC rc = __real_Tss2_TctiLdr_Initialize(name, &line->end);
    if (rc != TSS2_RC_SUCCESS) {
        free(line);
        return rc;
    }
    line->common.v1.magic = 0x6c696e65;
    line->common.v1.version = 2;
    line->common.v1.transmit = transmit;
    line->common.v1.receive = receive;
    *out = (TSS2_TCTI_CONTEXT *)line;
    return TSS2_RC_SUCCESS;
}

void __wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context)
{
    struct line *const line = (struct line *)*context;
    __real_Tss2_TctiLdr_Finalize(&line->end);
    free(line);
    *context = NULL;
}

/* --- operations */

struct bench {
    struct softtpm softtpm;
    struct assay_tpm_challenge challenge;
    uint32_t slot;
    struct assay_tpm_source *source;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX]; /* made last */
    size_t ak_len;
    struct assay_slice evidence;
};

typedef enum assay_status (*operation)(struct bench *b, char *message);

/* On a device of its own, opened before the first command. */
static enum assay_status with_device(struct bench *b, char *message,
                                     enum assay_status (*act)(struct bench *b,
                                                              struct assay_tpm_device *device,
                                                              char *message))
{
    struct assay_tpm_device *device = NULL;
    enum assay_status status = assay_tpm_device_open(b->softtpm.tpms[0].tcti, &device, message);
    if (status != ASSAY_OK) return status;
    status = act(b, device, message);
    assay_tpm_device_close(&device);
    return status;
}

static enum assay_status act_ek(struct bench *b, struct assay_tpm_device *device, char *message)
{
    struct assay_tpm_ek ek;
    return assay_tpm_device_ek(device, b->slot, &ek, message);
}

static enum assay_status op_ek(struct bench *b, char *message)
{
    return with_device(b, message, act_ek);
}

static enum assay_status act_ak(struct bench *b, struct assay_tpm_device *device, char *message)
{
    return assay_tpm_device_ak(device, true, b->ak, &b->ak_len, message);
}

static enum assay_status op_ak(struct bench *b, char *message)
{
    return with_device(b, message, act_ak);
}

static enum assay_status act_activate(struct bench *b, struct assay_tpm_device *device,
                                      char *message)
{
    uint8_t secret[ASSAY_TPM_CREDENTIAL_MAX];
    size_t len = 0;
    return assay_tpm_device_activate(device, b->slot, &b->challenge.credential, secret, &len,
                                     message);
}

static enum assay_status op_activate(struct bench *b, char *message)
{
    return with_device(b, message, act_activate);
}

static enum assay_status op_quote(struct bench *b, char *message)
{
    static const uint8_t report_data[64];
    return assay_tpm_source_quote(b->source, report_data, &b->evidence, message);
}

static enum assay_status op_measure(struct bench *b, char *message)
{
    static const uint8_t measurement[32] = { 1 };
    return assay_tpm_source_measure(b->source, measurement, message);
}

static enum assay_status op_open(struct bench *b, char *message)
{
    struct assay_tpm_source *source = NULL;
    const struct assay_tpm_source_config config = { .tcti = b->softtpm.tpms[0].tcti,
                                                    .state_dir = b->softtpm.tpms[0].dir };
    const enum assay_status status = assay_tpm_source_open(&config, &source, message);
    assay_tpm_source_close(&source);
    return status;
}

/* A resource manager lets go of what a connection leaves; without one it goes with the power. */
static void restart(struct bench *b)
{
    swtpm_stop(&b->softtpm.tpms[0]);
    cr_assert(swtpm_start(&b->softtpm.tpms[0]));
}

/*
 * The operation, with command number nth failing. A software TPM takes one connection at a time and
 * may still be at the last one: whoever finds the line dead before any fault was made tries anew.
 */
static enum assay_status run(struct bench *b, operation op, size_t nth, char *message)
{
    enum { TRIES = 250, NAP_MS = 20 };
    enum assay_status status = ASSAY_E_IO;
    for (int i = 0; i < TRIES; i++) {
        message[0] = '\0';
        fault_arm(nth);
        status = op(b, message);
        if (status != ASSAY_E_IO || (nth > 0 && fault_count() >= nth)) break;
        (void)poll(NULL, 0, NAP_MS);
    }
    return status;
}

static void expect_said(struct bench *b, operation op, const char *what)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    for (int i = 0; i < SORTS; i++) {
        sort = (enum fault_sort)i;
        cr_assert_eq(run(b, op, 0, message), ASSAY_OK, "%s: %s", what, message);
        const size_t commands = fault_count();
        size_t swallowed = 0;
        cr_assert_gt(commands, 0);
        for (size_t at = 1; at <= commands; at++) {
            const enum assay_status status = run(b, op, at, message);
            /* Nothing can be let go of over a broken wire, nor by a command that is refused. */
            if (status == ASSAY_OK || sort == WIRE_BREAKS) restart(b);
            if (status == ASSAY_OK) { /* of cleaning up, of something that may be missing */
                swallowed += 1;
                continue;
            }
            cr_expect_eq(status, sort == WIRE_BREAKS ? ASSAY_E_IO : ASSAY_E_INVALID,
                         "%s, command %zu of %zu: %s", what, at, commands, message);
            cr_expect_neq(message[0], '\0', "%s, command %zu", what, at);
        }
        cr_expect_leq(swallowed, 4, "%s: %zu of %zu commands", what, swallowed, commands);
        /* Three transient objects have room in it: what leaked would be in the way. */
        for (int again = 0; again < 4; again++)
            cr_expect_eq(run(b, op, 0, message), ASSAY_OK, "%s afterwards: %s", what, message);
    }
}

static void challenge_for(struct bench *b, uint32_t slot)
{
    struct assay_tpm_ek ek;
    struct assay_tpm_request request;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX];
    const char *why = "";
    const struct assay_tpm_vendors vendors = softtpm_vendors(&b->softtpm);
    b->slot = slot;
    softtpm_request(&b->softtpm, 0, slot, &ek, ak, &request);
    cr_assert_eq(assay_tpm_challenge_make(&request, &vendors, &b->challenge, &why), ASSAY_OK, "%s",
                 why);
}

Test(tpm_faults, of_the_rsa_endorsement_key_are_said)
{
    static struct bench b;
    softtpm_open(&b.softtpm, 1);
    challenge_for(&b, 0);
    expect_said(&b, op_ek, "endorsement key");
    expect_said(&b, op_activate, "activation");
    softtpm_close(&b.softtpm);
}

Test(tpm_faults, of_the_p384_endorsement_key_are_said)
{
    static struct bench b;
    softtpm_open(&b.softtpm, 1);
    challenge_for(&b, 4);
    expect_said(&b, op_ek, "endorsement key");
    expect_said(&b, op_activate, "activation");
    softtpm_close(&b.softtpm);
}

Test(tpm_faults, of_the_attestation_key_are_said)
{
    static struct bench b;
    softtpm_open(&b.softtpm, 1);
    softtpm_enroll(&b.softtpm, 0, 0);
    expect_said(&b, op_open, "opening");
    expect_said(&b, op_ak, "attestation key");
    softtpm_close(&b.softtpm);
}

Test(tpm_faults, of_quotes_and_measurements_are_said_and_the_next_one_works)
{
    static struct bench b;
    softtpm_open(&b.softtpm, 1);
    softtpm_enroll(&b.softtpm, 0, 0);
    b.source = softtpm_source(&b.softtpm, 0);
    expect_said(&b, op_quote, "quote");
    expect_said(&b, op_measure, "measurement");
    assay_tpm_source_close(&b.source);
    softtpm_close(&b.softtpm);
}

Test(tpm_faults, a_key_that_was_replaced_meanwhile_is_read_after_a_first_try_that_failed)
{
    static struct bench b;
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    softtpm_open(&b.softtpm, 1);
    softtpm_enroll(&b.softtpm, 0, 0);
    b.source = softtpm_source(&b.softtpm, 0);
    sort = WIRE_BREAKS;
    cr_assert_eq(run(&b, op_quote, 1, message), ASSAY_E_IO, "%s", message);
    restart(&b);
    cr_assert_eq(run(&b, op_ak, 0, message), ASSAY_OK, "%s", message);
    sort = TPM_REFUSES;
    cr_assert_eq(run(&b, op_quote, 1, message), ASSAY_E_INVALID, "%s", message);
    cr_assert_eq(run(&b, op_quote, 0, message), ASSAY_OK, "%s", message);
    cr_expect_not_null(memmem(b.evidence.bytes, b.evidence.len, b.ak, b.ak_len),
                       "the evidence holds the key that made it");
    assay_tpm_source_close(&b.source);
    softtpm_close(&b.softtpm);
}
