/*
 * quote/source/tpm/tpm.c - source of TPM evidence (tpm.h), with the driver "tpm" of
 * quote/source/source.h at the end.
 */
#include "quote/source/tpm/tpm.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "quote/package.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TCTI_MAX = 256, PEM_FILE_MAX = 32768, CHAIN_BYTES_MAX = 12288 };

static const char usual_tcti[] = "device:/dev/tpmrm0";

struct assay_tpm_source {
    char tcti[TCTI_MAX];
    uint32_t pcr_mask;
    struct assay_tpm_device *device; /* NULL: reopened on demand */
    size_t ak_len;
    uint8_t ak[ASSAY_TPM_PUBLIC_MAX]; /* TPM2B_PUBLIC */
    size_t certificate_count;         /* of the attestation key, then its issuers */
    struct assay_slice certificates[ASSAY_PACKAGE_CERTIFICATES_MAX];
    size_t chain_len;
    uint8_t chain[CHAIN_BYTES_MAX]; /* DER, one after the other */
    struct assay_tpm_statement statement;
    uint8_t evidence[ASSAY_TPM_EVIDENCE_MAX];
};

/* ------------------------------------------------------------ open and close */

/* Every certificate of a PEM text, as DER. */
static enum assay_status take_certificates(struct assay_tpm_source *source, struct assay_slice text)
{
    struct assay_slice label;
    size_t len = 0;
    for (;;) {
        ASSAY_ASSERT(source->chain_len <= sizeof source->chain);
        uint8_t *const room = source->chain + source->chain_len;
        const enum assay_status status =
            assay_pem_next(&text, &label, room, sizeof source->chain - source->chain_len, &len);
        if (status == ASSAY_E_NOT_FOUND)
            return source->certificate_count > 0 ? ASSAY_OK : ASSAY_E_SYNTAX;
        if (status != ASSAY_OK) return status;
        if (!assay_slice_equal(label, assay_slice_over("CERTIFICATE", 11))) return ASSAY_E_SYNTAX;
        if (len == 0) return ASSAY_E_SYNTAX;
        if (source->certificate_count == ASSAY_PACKAGE_CERTIFICATES_MAX) return ASSAY_E_FULL;
        source->certificates[source->certificate_count++] = assay_slice_over(room, len);
        source->chain_len += len;
    }
}

static enum assay_status read_certificates(struct assay_tpm_source *source, const char *state_dir,
                                           char *message)
{
    char path[PATH_MAX];
    uint8_t *text = NULL;
    size_t len = 0;
    const int used = snprintf(path, sizeof path, "%s/ak.pem", state_dir);
    if (used <= 0 || used >= PATH_MAX) {
        assay_source_set_message(message, "tpm: the state folder's path is too long");
        return ASSAY_E_RANGE;
    }
    enum assay_status status = assay_file_read(path, PEM_FILE_MAX, &text, &len);
    if (status == ASSAY_OK) status = take_certificates(source, assay_slice_over(text, len));
    free(text);
    if (status != ASSAY_OK)
        assay_source_set_message(
            message,
            "tpm: %s: %s. Expected: the certificate of the attestation key, as "
            "`assay tpm enroll` writes it",
            path, assay_status_text(status));
    return status;
}

static enum assay_status open_device(struct assay_tpm_source *source, char *message)
{
    if (source->device != NULL) return ASSAY_OK;
    ASSAY_TRY(assay_tpm_device_open(source->tcti, &source->device, message));
    const enum assay_status status =
        assay_tpm_device_ak(source->device, false, source->ak, &source->ak_len, message);
    /* Another key may be in it than the one that was read last. */
    if (status != ASSAY_OK) assay_tpm_device_close(&source->device);
    return status;
}

/* A connection that failed is given up; the next call makes a new one. */
static enum assay_status close_on_failure(struct assay_tpm_source *source, enum assay_status status)
{
    if (status == ASSAY_E_IO) assay_tpm_device_close(&source->device);
    return status;
}

enum assay_status assay_tpm_source_open(const struct assay_tpm_source_config *config,
                                        struct assay_tpm_source **out,
                                        char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    const char *const tcti = config->tcti != NULL ? config->tcti : usual_tcti;
    message[0] = '\0';
    if (strlen(tcti) >= TCTI_MAX || config->pcr_mask >> ASSAY_TPM_PCRS != 0) {
        assay_source_set_message(message,
                                 "tpm: expected a TCTI of at most %d characters and PCRs 0 to 23",
                                 TCTI_MAX - 1);
        return ASSAY_E_RANGE;
    }
    struct assay_tpm_source *source = calloc(1, sizeof *source);
    if (source == NULL) return ASSAY_E_MEMORY;
    (void)snprintf(source->tcti, sizeof source->tcti, "%s", tcti);
    source->pcr_mask = config->pcr_mask != 0 ? config->pcr_mask : ASSAY_TPM_PCR_MASK;
    enum assay_status status = open_device(source, message);
    if (status == ASSAY_OK && config->state_dir != NULL)
        status = read_certificates(source, config->state_dir, message);
    if (status != ASSAY_OK) {
        assay_tpm_source_close(&source);
        return status;
    }
    *out = source;
    return ASSAY_OK;
}

void assay_tpm_source_close(struct assay_tpm_source **source)
{
    ASSAY_ASSERT(source != NULL);
    if (*source == NULL) return;
    assay_tpm_device_close(&(*source)->device);
    free(*source);
    *source = NULL;
}

/* ------------------------------------------------------------ measuring and quoting */

enum assay_status assay_tpm_source_measure(struct assay_tpm_source *source,
                                           const uint8_t measurement[static 32],
                                           char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    message[0] = '\0';
    enum assay_status status = open_device(source, message);
    if (status == ASSAY_OK)
        status =
            assay_tpm_device_measure(source->device, ASSAY_TPM_PCR_MEASURED, measurement, message);
    return close_on_failure(source, status);
}

static enum assay_status pack_evidence(struct assay_tpm_source *source,
                                       const uint8_t report_data[static 64],
                                       struct assay_slice *evidence)
{
    ASSAY_ASSERT(source->ak_len > 0 && source->ak_len <= sizeof source->ak);
    ASSAY_ASSERT(source->certificate_count <= ASSAY_PACKAGE_CERTIFICATES_MAX);
    const struct assay_tpm_statement *const s = &source->statement;
    ASSAY_ASSERT(s->attest_len > 0 && s->attest_len <= sizeof s->attest);
    struct assay_package package = {
        .kind = ASSAY_KIND_TPM,
        .main = assay_slice_over(s->attest, s->attest_len),
        .signature = assay_slice_over(s->signature, s->signature_len),
        .pcrs = assay_slice_over(s->values, s->values_len),
        .key = assay_slice_over(source->ak, source->ak_len),
        .report_data = assay_slice_over(report_data, 64),
        .certificate_count = source->certificate_count,
    };
    for (size_t i = 0; i < source->certificate_count; i++)
        package.certificates[i] = source->certificates[i];
    struct assay_writer w = assay_writer_over(source->evidence, sizeof source->evidence);
    assay_package_encode(&package, &w);
    return assay_writer_finish(&w, evidence);
}

enum assay_status assay_tpm_source_quote(struct assay_tpm_source *source,
                                         const uint8_t report_data[static 64],
                                         struct assay_slice *evidence,
                                         char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ASSAY_ASSERT(source->pcr_mask != 0);
    uint8_t digest[ASSAY_SHA256_LEN];
    message[0] = '\0';
    assay_sha256(report_data, 64, digest);
    enum assay_status status = open_device(source, message);
    if (status == ASSAY_OK)
        status = assay_tpm_device_quote(source->device, assay_slice_over(digest, sizeof digest),
                                        source->pcr_mask, &source->statement, message);
    ASSAY_TRY(close_on_failure(source, status));
    status = pack_evidence(source, report_data, evidence);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_source_set_message(message, "tpm: the evidence is longer than %d bytes",
                             ASSAY_TPM_EVIDENCE_MAX);
    return ASSAY_E_RANGE;
}

/* ------------------------------------------------------------ the driver */

static enum assay_status open_source(const struct assay_source_config *config, void **state,
                                     char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    const struct assay_tpm_source_config settings = { config->path, config->state_dir,
                                                      config->pcr_mask };
    struct assay_tpm_source *source = NULL;
    ASSAY_TRY(assay_tpm_source_open(&settings, &source, message));
    *state = source;
    return ASSAY_OK;
}

static enum assay_status get_quote(void *state, const struct assay_source_request *request,
                                   struct assay_source_answer *answer,
                                   char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct assay_tpm_source *const source = state;
    ASSAY_ASSERT(source->certificate_count <= ASSAY_SOURCE_CERTIFICATES_MAX);
    ASSAY_TRY(assay_tpm_source_quote(source, request->report_data, &answer->evidence, message));
    (void)snprintf(answer->provider, sizeof answer->provider, "tpm2");
    for (size_t i = 0; i < source->certificate_count; i++)
        answer->certificates[i] =
            (struct assay_source_certificate){ ASSAY_SOURCE_AK, source->certificates[i] };
    answer->certificate_count = source->certificate_count;
    return ASSAY_OK;
}

static void close_source(void *state)
{
    struct assay_tpm_source *source = state;
    assay_tpm_source_close(&source);
}

const struct assay_source_driver *assay_source_tpm(void)
{
    static const struct assay_source_driver driver = {
        .name = "tpm",
        .usual_path = usual_tcti,
        .summary = "TPM 2.0 through tss2: hardware, firmware or swtpm",
        .open = open_source,
        .quote = get_quote,
        .close = close_source,
    };
    return &driver;
}
