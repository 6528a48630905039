/*
 * base/crypto/model.h - modelled cryptography for simulations, almost free of cost.
 *
 * Modelled: a signature is a keyed hash of the digest, and a public key carries its private key.
 * Not secure; it provides what protocols need in the absence of forgery:
 * equal inputs give equal outputs, a changed signature, key or digest does not verify. Hashes are
 * not modelled by this file: model.c has a fast mix for worlds that link nothing else, and with
 * model_mixed.c the real SHA-2 runs, once for the same bytes (model_hash.c).
 *
 * A modelled private key begins with 64 bits that are set. P-256 has no such private key and no
 * such coordinate (n and the field's prime begin ffffffff 0000000x), so a key identifies its own
 * kind, and both kinds exist in one program, in one run, in any thread.
 */
#ifndef ASSAY_BASE_CRYPTO_MODEL_H
#define ASSAY_BASE_CRYPTO_MODEL_H

#include "base/crypto.h"

enum { ASSAY_MODEL_MARK_LEN = 8 };

/* Makes a modelled private key of 32 bytes that were drawn. */
void assay_model_mark(struct assay_secret32 *private_key);
/* key: a private key, or a public one's X. Returns: true for a modelled one. */
bool assay_model_marked(const uint8_t key[static 32]);
/* */
void assay_model_public(const uint8_t private_key[static 32],
                        uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);
/* r | s; s begins with a zero bit, as low s does. */
void assay_model_sign(const uint8_t private_key[static 32],
                      const uint8_t digest[static ASSAY_SHA256_LEN],
                      uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);

/* With model_mixed.c alone: between the two, assay_random and assay_p256_generate of this thread
 * draw from the seed; else they fail. Not nested (asserted). Each */
void assay_model_random_begin(const uint8_t seed[static 32]);
void assay_model_random_end(void);

#endif
