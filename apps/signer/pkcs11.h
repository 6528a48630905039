/*
 * apps/signer/pkcs11.h - key of a PKCS#11 token: the one adapter of modules (PKCS#11 2.40).
 *
 * The module is loaded when it is first needed: module-path of the URI, else the environment's
 * ASSAY_PKCS11_MODULE, else p11-kit, which has the modules that the machine has registered.
 */
#ifndef ASSAY_APPS_SIGNER_PKCS11_H
#define ASSAY_APPS_SIGNER_PKCS11_H

#include "apps/signer/pkcs11_uri.h"
#include "base/crypto.h"

struct assay_pkcs11;

/*
 * assay_pkcs11_open - log in to the one token that the URI selects, and find its one key.
 * In:      generates: make the key pair there first, which never leaves the token
 * Out:     *token, which assay_pkcs11_close frees, also where it fails; public_key as the module
 *          shows it, not verified
 * Returns: true | false and *fault
 */
bool assay_pkcs11_open(const struct assay_pkcs11_uri *uri, bool generates,
                       struct assay_pkcs11 **token,
                       uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                       struct assay_signer_fault *fault);
/* CKM_ECDSA over a digest. Out: signature as the module returns it, not verified, s of any size.
 * Returns: true | false and *fault */
bool assay_pkcs11_sign(struct assay_pkcs11 *token, const uint8_t digest[static ASSAY_SHA256_LEN],
                       uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       struct assay_signer_fault *fault);
/* Logs out and wipes the PIN. Accepts a NULL token; sets *token to NULL. */
void assay_pkcs11_close(struct assay_pkcs11 **token);

#endif
