/*
 * quote/api/ear.c - attestation results of a verdict: claims, or signed by a key or by the caller.
 */
#include "quote/api/api.h"

#include "base/assert.h"
#include "base/secret.h"
#include "quote/result/cwt.h"
#include "quote/result/ear.h"
#include "quote/result/jwt.h"
#include "quote/text.h"

#include <stdlib.h>
#include <string.h>

_Static_assert((int)ASSAY_EAR_BYTES_MAX == (int)ASSAY_EAR_TOKEN_MAX, "one bound");

enum {
    NONCE_CBOR_MAX = 64,    /* RFC 9711 4.1 */
    POINT_UNCOMPRESSED = 4, /* SEC 1, 2.3.3 */
};

/* RFC 3339's last year: what is issued later has no end that a number of JSON can say. */
#define ISSUED_MAX INT64_C(253402300799)

static bool is_signed(const struct assay_ear_request *request)
{
    return request->form == ASSAY_EAR_FORM_JWT || request->form == ASSAY_EAR_FORM_CWT;
}

static bool is_cbor(const struct assay_ear_request *request)
{
    return request->form == ASSAY_EAR_FORM_CBOR || request->form == ASSAY_EAR_FORM_CWT;
}

/* A name of the verifier: the room for claims is bounded. */
static bool is_too_long(const char *name)
{
    return assay_text_len(name, ASSAY_EAR_NAME_MAX + 1) > ASSAY_EAR_NAME_MAX;
}

/* Returns: ASSAY_OK and *terms | ASSAY_E_NOT_FOUND | ASSAY_E_RANGE | ASSAY_E_UNSUPPORTED */
static enum assay_status read_terms(const struct assay_verdict *verdict,
                                    const struct assay_ear_request *request,
                                    struct assay_ear_terms *terms)
{
    *terms = (struct assay_ear_terms){
        .developer = request->developer,
        .build = request->build,
        .issued_unix_s = verdict->at_unix_s,
        .end_unix_s = request->expires_unix_s,
        .cbor = is_cbor(request),
    };
    if (verdict->at_unix_s < 0 || verdict->at_unix_s > ISSUED_MAX) return ASSAY_E_RANGE;
    if (is_too_long(request->developer) || is_too_long(request->build)) return ASSAY_E_RANGE;
    if (request->expires_unix_s != 0 && request->expires_unix_s <= verdict->at_unix_s)
        return ASSAY_E_RANGE;
    ASSAY_TRY(assay_ear_profile_parse(request->profile, &terms->profile));
    if (terms->cbor && assay_ear_names(terms->profile).attester_claims == NULL)
        return ASSAY_E_UNSUPPORTED;
    assay_bytes_copy(terms->evidence_digest, sizeof terms->evidence_digest,
                     request->evidence_digest, sizeof request->evidence_digest);
    if (request->nonce == NULL) return ASSAY_OK;
    terms->nonce = assay_slice_over(request->nonce, strlen(request->nonce));
    if (!assay_ear_nonce_is_fit(request->nonce, terms->nonce.len)) return ASSAY_E_RANGE;
    return terms->cbor && terms->nonce.len > NONCE_CBOR_MAX ? ASSAY_E_RANGE : ASSAY_OK;
}

/* Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status sign_digest(const struct assay_ear_request *request,
                                     const uint8_t digest[static ASSAY_SHA256_LEN],
                                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256_signer *signer = NULL;
    struct assay_secret32 secret;
    if (request->sign != NULL)
        return request->sign(request->sign_context, digest, signature) ? ASSAY_OK : ASSAY_E_CRYPTO;
    assay_bytes_copy(secret.bytes, sizeof secret.bytes, request->private_key, sizeof secret.bytes);
    enum assay_status status = assay_p256_signer_load(&secret, &signer);
    assay_secret_wipe(&secret, sizeof secret);
    if (status == ASSAY_OK) status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    return status;
}

/* What a callback returns is checked: no caller gets a token that does not verify.
 * Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status sign_checked(const struct assay_ear_request *request,
                                      const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                      const uint8_t digest[static ASSAY_SHA256_LEN],
                                      uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    struct assay_p256 *key = NULL;
    ASSAY_TRY(assay_p256_load(public_key, &key));
    enum assay_status status = sign_digest(request, digest, signature);
    if (status == ASSAY_OK && !assay_p256_verify(key, digest, signature, ASSAY_S_ANY))
        status = ASSAY_E_KEY;
    assay_p256_free(&key);
    return status;
}

/* Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status find_public_key(const struct assay_ear_request *request,
                                         uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_secret32 secret;
    if (request->sign != NULL) {
        if (request->public_key[0] != POINT_UNCOMPRESSED) return ASSAY_E_KEY;
        assay_bytes_copy(public_key, ASSAY_P256_PUBLIC_LEN, request->public_key + 1,
                         ASSAY_P256_PUBLIC_LEN);
        return ASSAY_OK;
    }
    assay_bytes_copy(secret.bytes, sizeof secret.bytes, request->private_key, sizeof secret.bytes);
    const enum assay_status status = assay_p256_public(&secret, public_key);
    assay_secret_wipe(&secret, sizeof secret);
    return status;
}

/* Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_KEY | ASSAY_E_CRYPTO */
static enum assay_status write_token(const struct assay_ear_request *request,
                                     enum assay_ear_profile profile, struct assay_slice claims,
                                     struct assay_writer *w)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN], digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN], header[256];
    ASSAY_TRY(find_public_key(request, public_key));
    if (request->form == ASSAY_EAR_FORM_CWT) {
        assay_cwt_digest(public_key, claims, digest);
        ASSAY_TRY(sign_checked(request, public_key, digest, signature));
        assay_cwt_put(w, public_key, claims, signature);
        return w->full ? ASSAY_E_FULL : ASSAY_OK;
    }
    struct assay_writer h = assay_writer_over(header, sizeof header);
    assay_ear_header(profile, public_key, &h);
    ASSAY_ASSERT(!h.full);
    assay_jwt_put(w, assay_slice_over(header, h.len), claims);
    if (w->full) return ASSAY_E_FULL;
    assay_sha256(w->bytes, w->len, digest);
    ASSAY_TRY(sign_checked(request, public_key, digest, signature));
    assay_jwt_put_signature(w, signature);
    return w->full ? ASSAY_E_FULL : ASSAY_OK;
}

static enum assay_status write_ear(const struct assay_verdict *verdict,
                                   const struct assay_policy *policy,
                                   const struct assay_ear_request *request, struct assay_writer *w)
{
    struct assay_ear_terms terms;
    ASSAY_TRY(read_terms(verdict, request, &terms));
    assay_policy_digest(policy, terms.policy_digest);
    if (!is_signed(request)) {
        assay_ear_claims(verdict, policy, &terms, w);
        return w->full ? ASSAY_E_FULL : ASSAY_OK;
    }
    uint8_t *const bytes = malloc(ASSAY_EAR_CLAIMS_MAX);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    struct assay_writer claims = assay_writer_over(bytes, ASSAY_EAR_CLAIMS_MAX);
    assay_ear_claims(verdict, policy, &terms, &claims);
    ASSAY_ASSERT(!claims.full);
    const enum assay_status status =
        write_token(request, terms.profile, assay_slice_over(bytes, claims.len), w);
    free(bytes);
    return status;
}

static bool is_misused(const struct assay_ear_request *request)
{
    if (request->profile == NULL || request->developer == NULL || request->build == NULL)
        return true;
    if ((unsigned)request->form > ASSAY_EAR_FORM_CWT) return true;
    if (!is_signed(request)) return request->sign != NULL || request->private_key != NULL;
    if (request->sign != NULL) return request->public_key == NULL || request->private_key != NULL;
    return request->private_key == NULL;
}

enum assay_status assay_verdict_write_ear(const struct assay_verdict *verdict,
                                          const struct assay_ear_request *request, void *buffer,
                                          size_t capacity, size_t *len)
{
    if (assay_api_is_unused(verdict) || request == NULL || buffer == NULL || len == NULL)
        return ASSAY_E_INVALID;
    ASSAY_TRY(assay_api_check_size(request, sizeof *request, request->size));
    if (is_misused(request)) return ASSAY_E_INVALID;
    struct assay_policy *usual = NULL;
    if (request->policy == NULL) {
        ASSAY_TRY(assay_policy_create(&usual));
        assay_gpu_rules_accept_devices(&usual->gpu); /* as assay_verify without one */
    }
    struct assay_writer w = assay_writer_over(buffer, capacity);
    const enum assay_status status =
        write_ear(verdict, request->policy == NULL ? usual : request->policy, request, &w);
    assay_policy_destroy(&usual);
    ASSAY_ASSERT(w.len <= capacity);
    if (status == ASSAY_OK) *len = w.len;
    return status;
}
