/*
 * base/crypto/openssl_table.h - precomputed multiples of one P-256 public key, which halve the cost
 * of its verifications.
 *
 * Internal to base/crypto/. A table takes ASSAY_P256_TABLE_LEN bytes and about 350 verifications'
 * time to make, so it is for keys that verify often (quote/verifier.h).
 */
#ifndef ASSAY_BASE_CRYPTO_OPENSSL_TABLE_H
#define ASSAY_BASE_CRYPTO_OPENSSL_TABLE_H

#include "base/crypto.h"

struct ec_key_st;
struct assay_curve_table;

/* In: a loaded public key of P-256. Returns: its table, the caller's; NULL when memory ran out or
 * this OpenSSL has no such functions. */
struct assay_curve_table *assay_curve_table_make(const struct ec_key_st *key);
/* Accepts a NULL table; sets *table to NULL. */
void assay_curve_table_free(struct assay_curve_table **table);
/*
 * assay_curve_table_verify - an ECDSA signature r | s over a digest, r and s in 1..n-1 (the
 * caller's check). Several threads may share a table: one at a time uses it.
 * Returns: 1 it verifies, 0 it does not, below 0: no answer (another thread uses the table, or
 * memory ran out), the caller verifies without the table
 */
int assay_curve_table_verify(struct assay_curve_table *table,
                             const uint8_t digest[static ASSAY_SHA256_LEN],
                             const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

#endif
