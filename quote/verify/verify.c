/*
 * quote/verify/verify.c - appraisal entry point: find the row of the kind, let it appraise,
 * conclude; detection of the kind of bytes.
 */
#include "quote/verify.h"

#include "base/assert.h"
#include "quote/eventlog/appraise.h"
#include "quote/intel/dcap.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/verifier.h"
#include "quote/verify/devices.h"

/* Declared properties of unreadable bytes. */
static void note_status(struct assay_verdict *verdict, enum assay_status status)
{
    if (status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_HOST) return;
    /* A reason of the kind that names the field is more precise. */
    if (assay_verdict_has(verdict, ASSAY_RULE_FORMAT)) return;
    if (assay_verdict_has(verdict, ASSAY_RULE_UNSUPPORTED)) return;
    if (status == ASSAY_E_UNSUPPORTED)
        assay_verdict_add(verdict, ASSAY_RULE_UNSUPPORTED, 0, "a supported version and type",
                          "another one");
    else
        assay_verdict_add(verdict, ASSAY_RULE_FORMAT, 0, "a well-formed quote",
                          assay_status_text(status));
}

static enum assay_status verify_with(struct assay_verifier *verifier,
                                     const struct assay_evidence_request *request,
                                     uint8_t *unpacked, struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request->endorsements != NULL);
    ASSAY_ASSERT(request->policy != NULL);
    ASSAY_ASSERT(request->endorsements->count <= ASSAY_ENDORSEMENTS_MAX);

    struct assay_kind row;
    struct assay_device_set devices;
    if (request->log_report != NULL) assay_eventlog_report_init(request->log_report);
    assay_verdict_init(verdict, request->kind, request->at_unix_s);
    verdict->insecure = request->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    enum assay_status status = assay_kind_find(request->kind, &row);
    if (status != ASSAY_OK) status = ASSAY_E_UNSUPPORTED;
    if (status == ASSAY_OK) status = assay_devices_open(&row, request, unpacked, &devices, verdict);
    if (status == ASSAY_OK) status = row.verify(&row, verifier, request, verdict);
    if (status == ASSAY_OK) assay_eventlog_appraise(&row, request, verdict);
    if (status == ASSAY_OK)
        status = assay_devices_appraise(&row, verifier, request, &devices, verdict);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) {
        /* A verifier that fails knows nothing: unjudged, never FAIL (docs/protocol.md 3.1). */
        assay_verdict_init(verdict, request->kind, request->at_unix_s);
        verdict->insecure = request->policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    }
    note_status(verdict, status);
    assay_verdict_conclude(verdict);
    if (verifier != NULL) assay_verifier_conclude(verifier, verdict->genuine == ASSAY_GENUINE_TRUE);
    ASSAY_ASSERT(status == ASSAY_OK || verdict->genuine != ASSAY_GENUINE_TRUE);
    return status;
}

/* The buffer is large, and is zeroed: only packages under a policy for packed devices need it. */
static enum assay_status verify_once(struct assay_verifier *verifier,
                                     const struct assay_evidence_request *request,
                                     struct assay_verdict *verdict)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    if (request->policy->gpu.packed && assay_package_detect(request->bytes, request->len, &kind)) {
        uint8_t unpacked[ASSAY_DEVICES_LEN_MAX];
        return verify_with(verifier, request, unpacked, verdict);
    }
    return verify_with(verifier, request, NULL, verdict);
}

enum assay_status assay_evidence_verify(struct assay_verifier *verifier,
                                        const struct assay_evidence_request *request,
                                        struct assay_verdict *verdict)
{
    ASSAY_ASSERT(request != NULL);
    enum assay_status status = verify_once(verifier, request, verdict);
    if (!request->at_end || status != ASSAY_OK || !verdict->has_expiry ||
        verdict->expires_unix_s >= request->at_unix_s)
        return status;
    struct assay_evidence_request ended = *request;
    ended.at_unix_s = verdict->expires_unix_s;
    status = verify_once(verifier, &ended, verdict);
    verdict->at_unix_s = request->at_unix_s; /* the question that it answers */
    return status;
}

/*
 * Version and TEE type name the format; within one format the vendor id of the quoting enclave
 * distinguishes SOFT from SGX. Evidence of an unknown vendor goes to the first kind of its format,
 * where it
 * fails with a reason instead of being unknown.
 */
static enum assay_status detect_quote(const uint8_t *bytes, size_t len,
                                      enum assay_evidence_kind *kind)
{
    enum { VERSION_OF_CWT = 0x3dd8, QUOTE_LEN_MAX = 8192 };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint16_t version = 0;
    uint32_t tee_type = 0;
    const uint8_t *vendor = NULL;
    ASSAY_TRY(assay_cursor_u16le(&in, &version));
    if (version == VERSION_OF_CWT && len > QUOTE_LEN_MAX) {
        *kind = ASSAY_KIND_TDX5; /* a token of TDX by DICE, refused in words (quote/intel/dcap.c) */
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_cursor_skip(&in, 2)); /* attestation key type */
    ASSAY_TRY(assay_cursor_u32le(&in, &tee_type));
    ASSAY_TRY(assay_cursor_skip(&in, 4)); /* QE SVN, PCE SVN */
    ASSAY_TRY(assay_cursor_take(&in, 16, &vendor));

    enum assay_evidence_kind found = ASSAY_KIND_NONE;
    struct assay_kind row;
    for (size_t i = 0; assay_kind_at(i, &row) == ASSAY_OK; i++) {
        if (row.detect != NULL || row.version != version || row.tee_type != tee_type) continue;
        if (found == ASSAY_KIND_NONE) found = row.kind;
        if (assay_bytes_equal(vendor, row.qe_vendor_id, 16)) found = row.kind;
    }
    if (found == ASSAY_KIND_NONE) return ASSAY_E_UNSUPPORTED;
    *kind = found;
    return ASSAY_OK;
}

enum assay_status assay_evidence_detect(const uint8_t *bytes, size_t len,
                                        enum assay_evidence_kind *kind)
{
    struct assay_kind other;
    if (assay_package_detect(bytes, len, kind)) return ASSAY_OK;
    /* An SVSM's evidence begins with a report that is evidence by itself: the longer form first. */
    for (int longer = 1; longer >= 0; longer--)
        for (size_t i = 0; assay_kind_at(i, &other) == ASSAY_OK; i++) {
            const bool is_longer = (other.pieces & ASSAY_PIECE_HARDWARE) != 0;
            if (is_longer != (longer == 1) || other.detect == NULL || !other.detect(bytes, len))
                continue;
            *kind = other.kind;
            return ASSAY_OK;
        }
    return detect_quote(bytes, len, kind);
}

enum assay_status assay_evidence_length(enum assay_evidence_kind kind, const uint8_t *bytes,
                                        size_t len, size_t *declared)
{
    struct assay_kind row;
    enum assay_evidence_kind said = ASSAY_KIND_NONE;
    if (assay_kind_find(kind, &row) != ASSAY_OK) return ASSAY_E_UNSUPPORTED;
    if (assay_package_detect(bytes, len, &said)) {
        *declared = len; /* a package declares its own end */
        return ASSAY_OK;
    }
    if (row.length != NULL) return row.length(bytes, len, declared);
    return assay_quote_length(&row, bytes, len, declared);
}

bool assay_evidence_shape_ok(enum assay_evidence_kind kind, struct assay_slice bytes)
{
    size_t declared = 0;
    return assay_evidence_length(kind, bytes.bytes, bytes.len, &declared) == ASSAY_OK &&
           declared == bytes.len;
}
