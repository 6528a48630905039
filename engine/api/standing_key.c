/*
 * engine/api/standing_key.c - verification of a TLS peer's key by a proof of its member's standing
 * (include/assay/standing.h, docs/identity.md 10).
 */
#include "engine/api/standing_parts.h"

_Static_assert((int)ASSAY_KEY_PROOF_BYTES_MAX >= (int)ASSAY_KEY_PROOF_LEN_MAX, "one bound");

enum { AGE_MAX_S = 90 * 86400 };

/* Bytes beyond the members that this version has must be zero. */
static enum assay_status check_size(const struct assay_key_request *request)
{
    const uint8_t *const bytes = (const uint8_t *)request;
    if (request->size < sizeof *request) return ASSAY_E_INVALID;
    for (size_t i = sizeof *request; i < request->size; i++)
        if (bytes[i] != 0) return ASSAY_E_UNSUPPORTED;
    return ASSAY_OK;
}

static enum assay_status check_request(const struct assay_key_request *request)
{
    if (request == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(check_size(request));
    if (request->proof == NULL || request->checkpoint == NULL) return ASSAY_E_INVALID;
    if (request->key == NULL || request->key_len == 0) return ASSAY_E_INVALID;
    if (request->proof_len > ASSAY_KEY_PROOF_BYTES_MAX) return ASSAY_E_RANGE;
    /* docs/protocol.md 2.16.6: keys of a worse standing are never active. */
    if ((unsigned)request->standing_worst > ASSAY_STANDING_WARNING) return ASSAY_E_RANGE;
    return request->max_age_s == 0 || request->max_age_s > AGE_MAX_S ? ASSAY_E_RANGE : ASSAY_OK;
}

static struct assay_slice name_of(const char *name)
{
    size_t len = 0;
    if (name == NULL) return (struct assay_slice){ NULL, 0 };
    while (len <= ASSAY_DECLARED_KEY_NAME_MAX && name[len] != '\0')
        len += 1;
    return assay_slice_over(name, len);
}

enum assay_status assay_standing_verify_key(const struct assay_key_request *request,
                                            struct assay_standing_report *report,
                                            enum assay_key_answer *answer)
{
    struct assay_key_proof proof;
    struct assay_proven_state proven;
    if (answer != NULL) *answer = ASSAY_KEY_NOT_READ;
    if (report == NULL || answer == NULL || report->size < sizeof *report) return ASSAY_E_INVALID;
    *report =
        (struct assay_standing_report){ .size = sizeof *report, .answer = ASSAY_PROOF_OTHER_CHAIN };
    ASSAY_TRY(check_request(request));
    const struct assay_slice name = name_of(request->name);
    if (request->name != NULL && name.len == 0) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_proof_key_decode(assay_slice_over(request->proof, request->proof_len), &proof));
    ASSAY_TRY(assay_standing_prove(proof.proof,
                                   assay_slice_over(request->checkpoint, request->checkpoint_len),
                                   request->now_ms, request->max_age_s, report, &proven));
    *answer = ASSAY_KEY_OTHER_PROOF;
    /* Also without a clock: a key that was active once proves nothing of now. */
    if (report->answer != ASSAY_PROVEN) return ASSAY_OK;
    const struct assay_key_terms terms = {
        .spki = assay_slice_over(request->key, request->key_len),
        .name = name,
        .node_id = request->node_id,
        .standing_worst = request->standing_worst,
    };
    *answer = assay_proof_key_check(&proven, &proof, &terms);
    return ASSAY_OK;
}

const char *assay_describe_key(enum assay_key_answer answer)
{
    return assay_proof_key_text(answer);
}
