/*
 * base/crypto/openssl_ecdsa.h - ECDSA over P-256 at less cost than ECDSA_do_verify, with or without
 * precomputed multiples of the public key.
 *
 * Internal to base/crypto/. A table takes ASSAY_P256_TABLE_LEN bytes and about 350 verifications'
 * time to make, so it is for keys that verify often (quote/verifier.h).
 */
#ifndef ASSAY_BASE_CRYPTO_OPENSSL_ECDSA_H
#define ASSAY_BASE_CRYPTO_OPENSSL_ECDSA_H

#include "base/crypto.h"

struct ec_key_st;
struct assay_curve_table;

/* In: a loaded public key of P-256. Returns: its table, the caller's; NULL when memory ran out or
 * this OpenSSL has no such functions. */
struct assay_curve_table *assay_curve_table_make(const struct ec_key_st *key);
/* Accepts a NULL table; sets *table to NULL. */
void assay_curve_table_free(struct assay_curve_table **table);
/*
 * assay_curve_verify_p256 - a signature r | s over a digest, r and s in 1..n-1 (the caller's
 * check). table: of this key, or NULL.
 * Returns: 1 it verifies, 0 it does not, below 0: no answer (memory ran out, or too many threads
 * verify at once): ask assay_curve_verify
 */
int assay_curve_verify_p256(const struct ec_key_st *key, const struct assay_curve_table *table,
                            const uint8_t digest[static ASSAY_SHA256_LEN],
                            const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
