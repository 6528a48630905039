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

static enum assay_status sign_token(const char *claims, const char *key, struct assay_writer *token)
{
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_keyring_operator_load(key, &secret, public_key));
    enum assay_status status = assay_p256_signer_load(&secret, &signer);
    assay_secret_wipe(&secret, sizeof secret);
    if (status != ASSAY_OK) return status;
    status = assay_document_ear_sign(signer, public_key, ASSAY_EAR_IETF_04,
                                     assay_slice_over(claims, strlen(claims)), token);
    assay_p256_signer_free(&signer);
    if (status != ASSAY_OK) return status;
    assay_writer_u8(token, '\n');
    return token->full ? ASSAY_E_FULL : ASSAY_OK;
}

int cli_proof_ear_write(const struct assay_proof_verified *verified, const char *path,
                        const char *key)
{
    static uint8_t bytes[ASSAY_EAR_TOKEN_MAX];
    struct assay_writer token = assay_writer_over(bytes, sizeof bytes);
    char *claims = assay_document_ear_standing(verified);
    enum assay_status status = claims != NULL ? sign_token(claims, key, &token) : ASSAY_E_MEMORY;
    free(claims);
    if (status != ASSAY_OK) return cli_ear_key_report(false, key, status);
    if (strcmp(path, "-") == 0)
        return fwrite(bytes, 1, token.len, stdout) == token.len ? ASSAY_EXIT_OK
                                                                : ASSAY_EXIT_INTERNAL;
    return cli_output_write("assay proof", path, ASSAY_FILE_PUBLIC,
                            assay_slice_over(bytes, token.len));
}
