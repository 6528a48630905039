/*
 * net/documents/ear_token.h - signed attestation results (EAR) as JSON web tokens.
 */
#ifndef ASSAY_NET_DOCUMENTS_EAR_TOKEN_H
#define ASSAY_NET_DOCUMENTS_EAR_TOKEN_H

#include "base/crypto.h"
#include "quote/result/ear.h"

/*
 * assay_document_ear_sign - claims as a token of ES256 (RFC 7515 3.1).
 * In:      public_key: of the signer; claims: JSON
 * Out:     the token in *token, which is empty before
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_document_ear_sign(
    struct assay_p256_signer *signer, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    enum assay_ear_profile profile, struct assay_slice claims, struct assay_writer *token);
/* Claims as a CBOR web token of ES256 (RFC 8392, quote/result/cwt.h). In: claims: CBOR. Returns: as
 * above */
ASSAY_CHECKED enum assay_status assay_document_ear_sign_cbor(
    struct assay_p256_signer *signer, const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
    struct assay_slice claims, struct assay_writer *token);

#endif
