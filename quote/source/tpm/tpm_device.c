/*
 * quote/source/tpm/tpm_device.c - TPM commands for an attestation key; with tpm_device_key.c (keys
 * and activation) the only user of <tss2/...>.
 */
#include "quote/source/tpm/tpm_device_internal.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { QUOTE_TRIES = 8, READ_TURNS_MAX = 16 };

enum assay_status assay_tpm_refused(TSS2_RC rc, const char *what,
                                    char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ASSAY_ASSERT(rc != TSS2_RC_SUCCESS);
    const char *hint = "";
    enum assay_status status = ASSAY_E_INVALID;
    if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TCTI_RC_LAYER) status = ASSAY_E_IO;
    if (rc == TSS2_ESYS_RC_MEMORY) status = ASSAY_E_MEMORY;
    if ((rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER) {
        /* Part 2 6.6.3: warnings are what may work later. */
        if ((rc & TPM2_RC_WARN) == TPM2_RC_WARN && (rc & TPM2_RC_FMT1) == 0) status = ASSAY_E_AGAIN;
        const TSS2_RC error = rc & (TPM2_RC_FMT1 | 0x3f);
        if (error == TPM2_RC_AUTH_FAIL || error == TPM2_RC_BAD_AUTH)
            hint = "; an authorisation of owner or endorsement hierarchy is set, expected: none";
    }
    assay_source_set_message(message, "tpm: %s: %s%s", what, Tss2_RC_Decode(rc), hint);
    return status;
}

/* ------------------------------------------------------------ open and close */

static bool names_a_missing_path(const char *tcti)
{
    static const char *const prefixes[] = { "device:", "swtpm:path=" };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        const size_t len = strlen(prefixes[i]);
        if (strncmp(tcti, prefixes[i], len) == 0) return access(tcti + len, F_OK) != 0;
    }
    return false;
}

enum assay_status assay_tpm_device_open(const char *tcti, struct assay_tpm_device **out,
                                        char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ASSAY_ASSERT(tcti != NULL);
    if (names_a_missing_path(tcti)) {
        assay_source_set_message(
            message,
            "tpm: %s is not there. Expected: a TPM 2.0 (Linux: /dev/tpmrm0, driver "
            "tpm_crb or tpm_tis) or a running swtpm",
            strchr(tcti, '/') != NULL ? strchr(tcti, '/') : tcti);
        return ASSAY_E_NOT_FOUND;
    }
    struct assay_tpm_device *device = calloc(1, sizeof *device);
    if (device == NULL) return ASSAY_E_MEMORY;
    /* The library's stderr output duplicates our messages; a debugging user sets its own level. */
    (void)setenv("TSS2_LOG", "all+none", 0);
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &device->tcti);
    if (rc == TSS2_RC_SUCCESS) rc = Esys_Initialize(&device->esys, device->tcti, NULL);
    if (rc != TSS2_RC_SUCCESS) {
        const enum assay_status status = assay_tpm_refused(rc, tcti, message);
        assay_tpm_device_close(&device);
        return status == ASSAY_E_INVALID ? ASSAY_E_IO : status;
    }
    ASSAY_ASSERT(device->esys != NULL && device->tcti != NULL);
    *out = device;
    return ASSAY_OK;
}

void assay_tpm_device_close(struct assay_tpm_device **device)
{
    ASSAY_ASSERT(device != NULL);
    if (*device == NULL) return;
    if ((*device)->esys != NULL) Esys_Finalize(&(*device)->esys);
    if ((*device)->tcti != NULL) Tss2_TctiLdr_Finalize(&(*device)->tcti);
    free(*device);
    *device = NULL;
}

/* ------------------------------------------------------------ PCRs */

static void select_pcrs(uint32_t mask, TPML_PCR_SELECTION *selection)
{
    ASSAY_ASSERT(mask >> ASSAY_TPM_PCRS == 0);
    *selection = (TPML_PCR_SELECTION){ .count = 1 };
    TPMS_PCR_SELECTION *const bank = &selection->pcrSelections[0];
    bank->hash = TPM2_ALG_SHA256;
    bank->sizeofSelect = 3;
    for (unsigned i = 0; i < 3; i++)
        bank->pcrSelect[i] = (BYTE)(mask >> (8 * i));
}

static uint32_t mask_of(const TPML_PCR_SELECTION *selection)
{
    uint32_t mask = 0;
    if (selection->count != 1 || selection->pcrSelections[0].hash != TPM2_ALG_SHA256) return 0;
    for (unsigned i = 0; i < selection->pcrSelections[0].sizeofSelect && i < 3; i++)
        mask |= (uint32_t)selection->pcrSelections[0].pcrSelect[i] << (8 * i);
    return mask;
}

/* The answers of one TPM2_PCR_Read: a TPM returns as many as fit and lists them. */
static bool keep_values(uint32_t mask, const TPML_DIGEST *digests,
                        uint8_t values[24][ASSAY_SHA256_LEN])
{
    uint32_t at = 0;
    for (uint32_t pcr = 0; pcr < 24; pcr++) {
        if ((mask >> pcr & 1) == 0) continue;
        if (at >= digests->count || digests->digests[at].size != ASSAY_SHA256_LEN) return false;
        assay_bytes_copy(values[pcr], ASSAY_SHA256_LEN, digests->digests[at].buffer,
                         ASSAY_SHA256_LEN);
        at += 1;
    }
    return at == digests->count;
}

/* Values of all PCRs of mask, of one and the same moment. */
static enum assay_status read_values(struct assay_tpm_device *device, uint32_t mask,
                                     struct assay_tpm_statement *out, char *message)
{
    ASSAY_ASSERT(mask != 0);
    uint8_t values[24][ASSAY_SHA256_LEN];
    UINT32 first = 0, counter = 0;
    uint32_t left = mask;
    for (unsigned turn = 0; left != 0; turn++) {
        TPML_PCR_SELECTION wanted, *got = NULL;
        TPML_DIGEST *digests = NULL;
        select_pcrs(left, &wanted);
        const TSS2_RC rc = Esys_PCR_Read(device->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                         &wanted, &counter, &got, &digests);
        if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "PCRs cannot be read", message);
        const uint32_t read = mask_of(got);
        const bool ok = read != 0 && (read & ~left) == 0 && keep_values(read, digests, values);
        Esys_Free(got);
        Esys_Free(digests);
        if (turn == 0) first = counter;
        if (!ok || turn >= READ_TURNS_MAX) {
            assay_source_set_message(message, "tpm: PCRs of mask 0x%06x have no SHA-256 values",
                                     (unsigned)left);
            return ASSAY_E_INVALID;
        }
        if (counter != first) return ASSAY_E_AGAIN;
        left &= ~read;
    }
    struct assay_writer w = assay_writer_over(out->values, sizeof out->values);
    for (uint32_t pcr = 0; pcr < 24; pcr++)
        if ((mask >> pcr & 1) != 0) assay_writer_put(&w, values[pcr], ASSAY_SHA256_LEN);
    ASSAY_ASSERT(!w.full);
    out->values_len = (uint32_t)w.len;
    ASSAY_ASSERT(out->values_len % ASSAY_SHA256_LEN == 0);
    return ASSAY_OK;
}

enum assay_status assay_tpm_device_measure(struct assay_tpm_device *device, uint32_t pcr,
                                           const uint8_t measurement[static 32],
                                           char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ASSAY_ASSERT(pcr < ASSAY_TPM_PCRS);
    TPML_DIGEST_VALUES digests = { .count = 1 };
    digests.digests[0].hashAlg = TPM2_ALG_SHA256;
    assay_bytes_copy(digests.digests[0].digest.sha256, ASSAY_SHA256_LEN, measurement, 32);
    const ESYS_TR handle = ESYS_TR_PCR0 + pcr;
    TSS2_RC rc = Esys_PCR_Reset(device->esys, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "the PCR cannot be reset", message);
    rc = Esys_PCR_Extend(device->esys, handle, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                         &digests);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "the PCR cannot be extended", message);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ quotes */

static enum assay_status take_statement(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature,
                                        struct assay_tpm_statement *out, char *message)
{
    size_t len = 0;
    if (attest->size > sizeof out->attest) return ASSAY_E_INVALID;
    assay_bytes_copy(out->attest, sizeof out->attest, attest->attestationData, attest->size);
    out->attest_len = attest->size;
    const TSS2_RC rc =
        Tss2_MU_TPMT_SIGNATURE_Marshal(signature, out->signature, sizeof out->signature, &len);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "the signature", message);
    out->signature_len = (uint32_t)len;
    ASSAY_ASSERT(out->signature_len <= sizeof out->signature);
    return ASSAY_OK;
}

static enum assay_status quote_once(struct assay_tpm_device *device, ESYS_TR ak,
                                    struct assay_slice data, uint32_t mask,
                                    struct assay_tpm_statement *out, char *message)
{
    TPM2B_DATA qualifying = { .size = (UINT16)data.len };
    const TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL }; /* the key's */
    TPML_PCR_SELECTION selection;
    TPM2B_ATTEST *attest = NULL;
    TPMT_SIGNATURE *signature = NULL;
    assay_bytes_copy(qualifying.buffer, sizeof qualifying.buffer, data.bytes, data.len);
    select_pcrs(mask, &selection);
    const TSS2_RC rc = Esys_Quote(device->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                  &qualifying, &own, &selection, &attest, &signature);
    if (rc != TSS2_RC_SUCCESS) return assay_tpm_refused(rc, "no quote", message);
    const enum assay_status status = take_statement(attest, signature, out, message);
    Esys_Free(attest);
    Esys_Free(signature);
    return status;
}

/* Returns: true when the values are those that were quoted. */
static bool belong_together(const struct assay_tpm_statement *s)
{
    ASSAY_ASSERT(s->attest_len <= sizeof s->attest && s->values_len <= sizeof s->values);
    struct assay_tpm_quote quote;
    uint8_t digest[ASSAY_SHA256_LEN];
    if (assay_tpm_quote_parse(s->attest, s->attest_len, &quote) != ASSAY_OK) return false;
    assay_sha256(s->values, s->values_len, digest);
    return quote.pcr_digest.len == sizeof digest &&
           assay_bytes_equal(digest, quote.pcr_digest.bytes, sizeof digest);
}

enum assay_status assay_tpm_device_quote(struct assay_tpm_device *device,
                                         struct assay_slice qualifying_data, uint32_t mask,
                                         struct assay_tpm_statement *out,
                                         char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ESYS_TR ak = ESYS_TR_NONE;
    ASSAY_ASSERT(qualifying_data.len <= ASSAY_SHA256_LEN);
    ASSAY_ASSERT(mask != 0 && mask >> ASSAY_TPM_PCRS == 0);
    ASSAY_TRY(assay_tpm_find(device, ASSAY_TPM_AK_HANDLE, &ak, message));
    enum assay_status status = ASSAY_E_AGAIN;
    /* Others extend PCRs between the quote and the reading: then both are repeated. */
    for (unsigned i = 0; i < QUOTE_TRIES && status == ASSAY_E_AGAIN; i++) {
        message[0] = '\0';
        status = quote_once(device, ak, qualifying_data, mask, out, message);
        if (status == ASSAY_OK) status = read_values(device, mask, out, message);
        if (status == ASSAY_OK && !belong_together(out)) status = ASSAY_E_AGAIN;
    }
    Esys_TR_Close(device->esys, &ak);
    if (status == ASSAY_E_AGAIN && message[0] == '\0')
        assay_source_set_message(message,
                                 "tpm: PCRs of mask 0x%06x changed during each of %u quotes",
                                 (unsigned)mask, (unsigned)QUOTE_TRIES);
    return status;
}
