/*
 * quote/api/identity.c - certificates and tokens that a network signs for its members' keys.
 */
#include "quote/result/svid/svid.h"

#include "base/assert.h"
#include "quote/api/api.h"

#include <stdlib.h>

_Static_assert(ASSAY_IDENTITY_CHAIN_MAX == (int)ASSAY_SVID_CHAIN_MAX, "one bound");
_Static_assert(ASSAY_IDENTITY_CAS_MAX == (int)ASSAY_SVID_CAS_MAX, "one bound");
_Static_assert(ASSAY_IDENTITY_TRUSTED_MAX == (int)ASSAY_DOCUMENT_LEN_MAX, "one bound");
_Static_assert(ASSAY_IDENTITY_SKEW_S_MAX == (int)ASSAY_SVID_SKEW_S_MAX, "one bound");

struct assay_identity {
    bool is_used;
    struct assay_svid svid;
};

enum assay_status assay_identity_create(struct assay_identity **identity)
{
    if (identity == NULL) return ASSAY_E_INVALID;
    *identity = calloc(1, sizeof **identity);
    return *identity == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
}

void assay_identity_destroy(struct assay_identity **identity)
{
    if (identity == NULL) return;
    free(*identity);
    *identity = NULL;
}

static enum assay_status check_request(const struct assay_identity_request *request)
{
    static const int64_t last_s = INT64_C(253402300799); /* 9999: RFC 3339 */
    if (request == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_api_check_size(request, sizeof *request, request->size));
    if (request->trusted.bytes == NULL || request->trusted.len == 0) return ASSAY_E_INVALID;
    if (request->trusted.len > ASSAY_IDENTITY_TRUSTED_MAX) return ASSAY_E_RANGE;
    if ((unsigned)request->standing_worst > ASSAY_STANDING_SUSPENDED) return ASSAY_E_INVALID;
    if (request->skew_s > ASSAY_IDENTITY_SKEW_S_MAX) return ASSAY_E_RANGE;
    return request->at_unix_s < 0 || request->at_unix_s > last_s ? ASSAY_E_RANGE : ASSAY_OK;
}

static struct assay_svid_terms terms_of(const struct assay_identity_request *request)
{
    return (struct assay_svid_terms){
        .chain_id = request->chain_id,
        .node_id = request->node_id,
        .trust_domain = request->trust_domain,
        .spiffe_id = request->spiffe_id,
        .service = request->service,
        .issuer = request->issuer,
        .audience = request->audience,
        .has_era = request->has_era,
        .era = request->era,
        .epoch_min = request->epoch_min,
        .has_age = request->has_age_max,
        .age_max_s = request->age_max_s,
        .standing_worst = (uint32_t)request->standing_worst,
        .kinds = request->kinds,
        .accepts_insecure = request->accept_insecure,
        .skew_s = request->skew_s,
        .at_unix_s = request->at_unix_s,
    };
}

/* Before every verification: nothing of an earlier one is left, whatever is returned. */
static void clear_answer(struct assay_identity *identity, enum assay_identity_answer *answer)
{
    if (answer != NULL) *answer = ASSAY_IDENTITY_NOT_READ;
    if (identity == NULL) return;
    identity->is_used = false;
    identity->svid.answer = ASSAY_IDENTITY_NOT_READ;
    identity->svid.why[0] = '\0';
}

static enum assay_status store_answer(enum assay_status status, struct assay_identity *identity,
                                      enum assay_identity_answer *answer)
{
    identity->is_used = true;
    if (status != ASSAY_OK) identity->svid.answer = ASSAY_IDENTITY_NOT_READ;
    *answer = identity->svid.answer;
    return status;
}

static enum assay_status take_chain(const struct assay_bytes *certificates, size_t count,
                                    struct assay_slice chain[static ASSAY_IDENTITY_CHAIN_MAX])
{
    if (certificates == NULL || count == 0) return ASSAY_E_INVALID;
    if (count > ASSAY_IDENTITY_CHAIN_MAX) return ASSAY_E_RANGE;
    for (size_t i = 0; i < count; i++) {
        if (certificates[i].bytes == NULL && certificates[i].len > 0) return ASSAY_E_INVALID;
        chain[i] = assay_slice_over(certificates[i].bytes, certificates[i].len);
    }
    return ASSAY_OK;
}

enum assay_status assay_identity_verify_peer(const struct assay_identity_request *request,
                                             const struct assay_bytes *certificates, size_t count,
                                             struct assay_identity *identity,
                                             enum assay_identity_answer *answer)
{
    struct assay_slice chain[ASSAY_IDENTITY_CHAIN_MAX];
    clear_answer(identity, answer);
    if (identity == NULL || answer == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(check_request(request));
    ASSAY_TRY(take_chain(certificates, count, chain));
    const struct assay_svid_terms terms = terms_of(request);
    return store_answer(assay_svid_verify_chain(
                            &terms, assay_slice_over(request->trusted.bytes, request->trusted.len),
                            chain, count, &identity->svid),
                        identity, answer);
}

enum assay_status assay_identity_verify_token(const struct assay_identity_request *request,
                                              const void *token, size_t len,
                                              struct assay_identity *identity,
                                              enum assay_identity_answer *answer)
{
    clear_answer(identity, answer);
    if (identity == NULL || answer == NULL || (token == NULL && len > 0)) return ASSAY_E_INVALID;
    ASSAY_TRY(check_request(request));
    if (request->issuer == NULL || request->audience == NULL) return ASSAY_E_INVALID;
    const struct assay_svid_terms terms = terms_of(request);
    return store_answer(assay_svid_verify_token(
                            &terms, assay_slice_over(request->trusted.bytes, request->trusted.len),
                            assay_slice_over(token, len), &identity->svid),
                        identity, answer);
}

static void copy_state(const struct assay_svid_state *state, struct assay_identity_claims *claims)
{
    claims->era = state->era;
    claims->epoch = state->epoch;
    claims->incarnation = state->incarnation;
    claims->standing = (enum assay_standing)state->standing;
    claims->score_bp = state->score_bp;
    claims->evidence_kind = state->evidence_kind;
    assay_bytes_copy(claims->chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(claims->block_id, 32, state->block_id, 32);
    assay_bytes_copy(claims->node_id, 32, state->node_id, 32);
    assay_bytes_copy(claims->entry_digest, 32, state->entry_digest, 32);
    assay_bytes_copy(claims->proof_digest, 32, state->proof_digest, 32);
}

bool assay_identity_get_claims(const struct assay_identity *identity,
                               struct assay_identity_claims *claims)
{
    if (identity == NULL || claims == NULL || claims->size < sizeof *claims) return false;
    if (!identity->is_used) return false;
    const struct assay_svid *const s = &identity->svid;
    *claims = (struct assay_identity_claims){
        .size = sizeof *claims,
        .answer = s->answer,
        .why = s->why,
    };
    if (s->answer != ASSAY_IDENTITY_VALID) return true;
    copy_state(&s->state, claims);
    claims->spiffe_id = s->spiffe_id;
    claims->trust_domain = s->trust_domain;
    claims->name = s->name;
    claims->is_service = s->is_service;
    claims->insecure = s->is_insecure;
    assay_bytes_copy(claims->serial, sizeof claims->serial, s->serial, sizeof s->serial);
    claims->issued_unix_s = s->issued_s;
    claims->starts_unix_s = s->not_before_s;
    claims->expires_unix_s = s->not_after_s;
    claims->ca_number = s->ca_number;
    if (s->spki_len > 0) claims->key = (struct assay_bytes){ s->spki, s->spki_len };
    if (s->thumbprint[0] != '\0') claims->key_thumbprint = s->thumbprint;
    return true;
}

bool assay_identity_get_unchecked(const struct assay_identity *identity, size_t index,
                                  struct assay_unchecked *unchecked)
{
    if (identity == NULL || unchecked == NULL || unchecked->size < sizeof *unchecked) return false;
    const struct assay_svid *const s = &identity->svid;
    if (s->answer != ASSAY_IDENTITY_VALID || index >= s->unchecked_count) return false;
    *unchecked = (struct assay_unchecked){
        .size = sizeof *unchecked,
        .what = s->unchecked[index].what,
        .why = s->unchecked[index].why,
    };
    return true;
}

const char *assay_name_of_identity(enum assay_identity_answer answer)
{
    return assay_svid_answer_text(answer);
}
