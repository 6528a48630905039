/*
 * base/crypto/openssl_seam_p384.c - P-384 of the interface through OpenSSL only
 * (-DASSAY_P384=openssl).
 *
 * For sites whose rules name one cryptographic library. It takes twice nettle's time.
 */
#include "base/crypto/p384.h"

#include "base/assert.h"

#include <stdlib.h>

struct assay_p384 {
    struct assay_p384_reference *reference;
};

enum assay_status assay_p384_load(const uint8_t public_key[static ASSAY_P384_PUBLIC_LEN],
                                  struct assay_p384 **key)
{
    ASSAY_ASSERT(key != NULL);
    struct assay_p384 *const loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL) return ASSAY_E_CRYPTO;
    const enum assay_status status = assay_p384_reference_load(public_key, &loaded->reference);
    if (status != ASSAY_OK) {
        free(loaded);
        return status;
    }
    *key = loaded;
    return ASSAY_OK;
}

void assay_p384_free(struct assay_p384 **key)
{
    ASSAY_ASSERT(key != NULL);
    if (*key == NULL) return;
    assay_p384_reference_free(&(*key)->reference);
    free(*key);
    *key = NULL;
}

bool assay_p384_verify(const struct assay_p384 *key, const uint8_t *digest, size_t digest_len,
                       const uint8_t signature[static ASSAY_P384_SIGNATURE_LEN])
{
    ASSAY_ASSERT(key != NULL);
    return assay_p384_reference_verify(key->reference, digest, digest_len, signature);
}

size_t assay_p384_weight(void)
{
    enum { MEASURED = 2048 }; /* 1816 in OpenSSL 3.0 */
    return sizeof(struct assay_p384) + MEASURED;
}

const char *assay_p384_library(void)
{
    return "openssl";
}
