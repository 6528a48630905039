/*
 * net/documents/ear_token.c - signed attestation results (EAR) as JSON web tokens.
 */
#include "net/documents/ear_token.h"

#include "quote/result/cwt.h"
#include "quote/result/jwt.h"

enum { HEADER_LEN_MAX = 256 };

enum assay_status assay_document_ear_sign(struct assay_p256_signer *signer,
                                          const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                                          enum assay_ear_profile profile, struct assay_slice claims,
                                          struct assay_writer *token)
{
    uint8_t header_bytes[HEADER_LEN_MAX], digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer header = assay_writer_over(header_bytes, sizeof header_bytes);
    struct assay_slice header_json, signed_text;
    ASSAY_ASSERT(token->len == 0 && !token->full);
    assay_ear_header(profile, public_key, &header);
    ASSAY_TRY(assay_writer_finish(&header, &header_json));
    assay_jwt_put(token, header_json, claims);
    ASSAY_TRY(assay_writer_finish(token, &signed_text));
    assay_sha256(signed_text.bytes, signed_text.len, digest);
    ASSAY_TRY(assay_p256_sign(signer, digest, signature));
    assay_jwt_put_signature(token, signature);
    return token->full ? ASSAY_E_FULL : ASSAY_OK;
}

enum assay_status assay_document_ear_sign_cbor(
    struct assay_p256_signer *signer, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    struct assay_slice claims, struct assay_writer *token)
{
    uint8_t digest[ASSAY_SHA256_LEN], signature[ASSAY_P256_SIGNATURE_LEN];
    ASSAY_ASSERT(token->len == 0 && !token->full);
    assay_cwt_digest(public_key, claims, digest);
    ASSAY_TRY(assay_p256_sign(signer, digest, signature));
    assay_cwt_put(token, public_key, claims, signature);
    return token->full ? ASSAY_E_FULL : ASSAY_OK;
}
