/*
 * apps/enclave/attester.c - evidence of a SOFT platform, a TPM or another source.
 *
 * What a measurement means differs: SOFT puts it into the quote, a TPM is made to hold it before it
 * quotes. Hardware sources ignore it: the TEE that this daemon runs in was measured when it was
 * launched, with everything in it, and no program inside can change that (docs/configuration.md 6).
 */
#include "apps/enclave/attester.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "net/system/log.h"
#include "quote/source/soft/soft.h"
#include "quote/source/tpm/tpm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_attester_log(const char *level, const char *event, enum assay_status status,
                        const char *message)
{
    static const char *const levels[] = { "error", "warning", "info" };
    struct assay_log log; /* of this line: more than one thread comes here */
    size_t severity = 0;
    while (severity + 1 < sizeof levels / sizeof levels[0] && strcmp(level, levels[severity]) != 0)
        severity++;
    assay_log_init(&log, stderr, ASSAY_SEVERITY_INFO, "");
    log.at_unix_ms = assay_unix_ms();
    if (assay_log_begin(&log, (enum assay_severity)severity, event)) {
        assay_log_text(&log, "status", assay_status_symbol(status));
        assay_log_text(&log, "reason", message);
    }
    assay_log_end(&log);
}

static enum assay_status log_failure(enum assay_status status, const char *message)
{
    assay_attester_log("error", "no_quote", status,
                       message[0] != '\0' ? message : assay_status_text(status));
    return status;
}

static enum assay_status give_quote(struct assay_slice evidence, uint8_t *quote, size_t capacity,
                                    size_t *len)
{
    if (evidence.len > capacity) return log_failure(ASSAY_E_FULL, "the evidence is too long");
    assay_bytes_copy(quote, capacity, evidence.bytes, evidence.len);
    *len = evidence.len;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ TPM */

/*
 * What the CPU does for an SGX enclave, the platform does with a TPM: the image that was loaded is
 * what PCR 23 says, from before the first quote on. A TPM that could not be reached when the
 * enclave was loaded is tried again before it quotes.
 */
static enum assay_status read_measurement(struct assay_attester *attester,
                                          const uint8_t measurement[static 32])
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    if (attester->measured) return ASSAY_OK;
    const enum assay_status status = assay_tpm_source_measure(attester->tpm, measurement, message);
    attester->measured = status == ASSAY_OK;
    if (status != ASSAY_OK) assay_attester_log("error", "enclave_not_measured", status, message);
    return status;
}

static enum assay_status quote_tpm(struct assay_attester *attester,
                                   const struct assay_quoter_job *job, uint8_t *quote,
                                   size_t capacity, size_t *len)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_slice evidence;
    ASSAY_TRY(read_measurement(attester, job->measurement));
    const enum assay_status status =
        assay_tpm_source_quote(attester->tpm, job->report_data, &evidence, message);
    /* Whatever comes back may have been reset, and PCR 23 with it. */
    if (status == ASSAY_E_IO) attester->measured = false;
    if (status != ASSAY_OK) return log_failure(status, message);
    return give_quote(evidence, quote, capacity, len);
}

/* ------------------------------------------------------------ every other source */

/* A host may send a guest any table of certificates; the evidence stands for itself. */
static void check_table(struct assay_attester *attester, const struct assay_source_answer *answer)
{
    if (answer->auxiliary_status == ASSAY_OK || attester->complained_of_table) return;
    attester->complained_of_table = true;
    assay_attester_log("warning", "certificate_table_refused", answer->auxiliary_status,
                       "what the host sends with the report is no table of certificates");
}

static enum assay_status quote_source(struct assay_attester *attester,
                                      const struct assay_quoter_job *job, uint8_t *quote,
                                      size_t capacity, size_t *len)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_source_answer answer;
    struct assay_source_request request = { .deadline_ms = job->deadline_ms };
    assay_bytes_copy(request.report_data, sizeof request.report_data, job->report_data, 64);
    const enum assay_status status =
        assay_source_quote(attester->source, &request, &answer, message);
    if (status != ASSAY_OK) return log_failure(status, message);
    check_table(attester, &answer);
    struct assay_writer w = assay_writer_over(quote, capacity);
    if (assay_source_pack(&answer, &w) == ASSAY_OK) {
        *len = w.len;
        return ASSAY_OK;
    }
    /* Certificates without end: the peers may have them from genesis. */
    return give_quote(answer.evidence, quote, capacity, len);
}

/* ------------------------------------------------------------ with and without devices */

static enum assay_status quote_processor(struct assay_attester *attester,
                                         const struct assay_quoter_job *job, uint8_t *quote,
                                         size_t capacity, size_t *len)
{
    if (attester->source != NULL) return quote_source(attester, job, quote, capacity, len);
    if (attester->tpm != NULL) return quote_tpm(attester, job, quote, capacity, len);
    struct assay_soft_request request = { 0 };
    assay_bytes_copy(request.mrenclave, sizeof request.mrenclave, job->measurement, 32);
    assay_bytes_copy(request.report_data, sizeof request.report_data, job->report_data, 64);
    const enum assay_status status =
        assay_soft_quote(attester->credential, &request, quote, capacity, len);
    return status == ASSAY_OK ? status : log_failure(status, "");
}

/* docs/protocol.md 3.23: the devices answer the challenge, and the processor quotes their reports.
 * Without them there is no evidence: what is configured would be left out in silence. */
static enum assay_status quote_devices(struct assay_attester *attester,
                                       const struct assay_quoter_job *job, uint8_t *quote,
                                       size_t capacity, size_t *len)
{
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    struct assay_attester_reports *const reports = &attester->reports;
    struct assay_quoter_job bound = *job;
    size_t plain_len = 0;
    enum assay_status status = assay_attester_collect_reports(attester->devices, job->report_data,
                                                              job->deadline_ms, reports, message);
    if (status != ASSAY_OK) return log_failure(status, message);
    assay_device_report_data(job->report_data, assay_slice_over(reports->bytes, reports->len),
                             bound.report_data);
    ASSAY_TRY(
        quote_processor(attester, &bound, attester->plain, sizeof attester->plain, &plain_len));
    status =
        assay_attester_pack_reports(reports, assay_slice_over(attester->plain, plain_len),
                                    atomic_load(&attester->packs), quote, capacity, len, message);
    return status == ASSAY_OK ? status : log_failure(status, message);
}

/* ------------------------------------------------------------ the callbacks */

enum assay_status assay_attester_quote(void *context, const struct assay_quoter_job *job,
                                       uint8_t *quote, size_t capacity, size_t *len)
{
    struct assay_attester *const attester = context;
    return attester->devices != NULL ? quote_devices(attester, job, quote, capacity, len)
                                     : quote_processor(attester, job, quote, capacity, len);
}

void assay_attester_load(void *context, const uint8_t measurement[static 32])
{
    struct assay_attester *const attester = context;
    attester->measured = false;
    if (attester->tpm != NULL)
        assay_status_ignore(read_measurement(attester, measurement),
                            "tried again before the first quote");
}

void assay_attester_release(void *context)
{
    free(context);
}
