/*
 * apps/assay/proofs/proof_ear.c - attestation result of a proven state
 * (net/documents/standing_ear.h), signed by the verifier of the proof, and written to a file.
 */
#include "apps/assay/proofs/proof.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/ear.h"
#include "base/file/file.h"
#include "net/documents/ear_token.h"
#include "net/keys/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum assay_status load_signer(const char *key, struct assay_p256_signer **signer,
                                     uint8_t public_key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_secret32 secret;
    ASSAY_TRY(assay_keyring_operator_load(key, &secret, public_key));
    const enum assay_status status = assay_p256_signer_load(&secret, signer);
    assay_secret_wipe(&secret, sizeof secret);
    return status;
}

static enum assay_status sign_json(const struct assay_proof_verified *verified,
                                   struct assay_p256_signer *signer, const uint8_t *public_key,
                                   struct assay_writer *token)
{
    char *const claims = assay_document_ear_standing(verified);
    if (claims == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = assay_document_ear_sign(
        signer, public_key, ASSAY_EAR_IETF_04, assay_slice_over(claims, strlen(claims)), token);
    free(claims);
    assay_writer_u8(token, '\n');
    return status == ASSAY_OK && token->full ? ASSAY_E_FULL : status;
}

static enum assay_status sign_cbor(const struct assay_proof_verified *verified,
                                   struct assay_p256_signer *signer, const uint8_t *public_key,
                                   struct assay_writer *token)
{
    static uint8_t bytes[ASSAY_EAR_CLAIMS_MAX];
    struct assay_writer claims = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_document_ear_standing_cbor(verified, &claims));
    return assay_document_ear_sign_cbor(signer, public_key, assay_slice_over(bytes, claims.len),
                                        token);
}

int cli_proof_ear_write(const struct assay_proof_verified *verified, const char *path,
                        const char *key, bool is_cbor)
{
    static uint8_t bytes[ASSAY_EAR_TOKEN_MAX];
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_writer token = assay_writer_over(bytes, sizeof bytes);
    struct assay_p256_signer *signer = NULL;
    enum assay_status status = load_signer(key, &signer, public_key);
    if (status == ASSAY_OK)
        status = is_cbor ? sign_cbor(verified, signer, public_key, &token)
                         : sign_json(verified, signer, public_key, &token);
    assay_p256_signer_free(&signer);
    if (status != ASSAY_OK) return cli_ear_key_report(false, key, status);
    if (strcmp(path, "-") == 0)
        return fwrite(bytes, 1, token.len, stdout) == token.len ? ASSAY_EXIT_OK
                                                                : ASSAY_EXIT_INTERNAL;
    return cli_output_write("assay proof", path, ASSAY_FILE_PUBLIC,
                            assay_slice_over(bytes, token.len));
}
