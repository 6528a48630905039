/*
 * base/crypto/openssl_agreement.c - X25519 key agreement by OpenSSL.
 */
#include "base/crypto/agreement.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/crypto/openssl_curve.h"

#include <openssl/evp.h>

enum assay_status assay_x25519_agree(const struct assay_secret32 *private_key,
                                     const uint8_t public_key[static 32],
                                     struct assay_secret32 *shared)
{
    ASSAY_ASSERT(private_key != NULL && shared != NULL);
    size_t made_len = sizeof shared->bytes;
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key->bytes,
                                                 sizeof private_key->bytes);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, 32);
    EVP_PKEY_CTX *context = own != NULL ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    const bool ready = context != NULL && peer != NULL && EVP_PKEY_derive_init(context) == 1 &&
                       EVP_PKEY_derive_set_peer(context, peer) == 1;
    /* RFC 7748 6.1: OpenSSL 3.0 refuses a result of zeros; the second check depends on no
     * release. */
    const bool made = ready && EVP_PKEY_derive(context, shared->bytes, &made_len) == 1 &&
                      made_len == sizeof shared->bytes &&
                      !assay_bytes_all_zero(shared->bytes, sizeof shared->bytes);
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    if (made) return ASSAY_OK;
    assay_secret_wipe(shared, sizeof *shared);
    const enum assay_status failed = assay_openssl_failed();
    return ready ? ASSAY_E_KEY : failed;
}
