/*
 * tests/bench/quote/raw_p384.c - a P-384 verification alone (raw_p384.h).
 */
#include "tests/bench/quote/raw_p384.h"

#include "base/assert.h"

void raw_p384_open(struct raw_p384 *raw)
{
    enum { MESSAGE_LEN = 672 };
    struct authority_key *key = authority_key_make(ASSAY_KEY_P384);
    struct assay_key public_key;
    static const uint8_t message[MESSAGE_LEN] = { 1 };
    authority_key_public(key, &public_key);
    authority_sign(key, ASSAY_SIGNATURE_ECDSA_SHA384, message, sizeof message, &raw->signature);
    assay_sha384(message, sizeof message, raw->digest);
    ASSAY_ASSERT(assay_p384_load(public_key.bytes, &raw->key) == ASSAY_OK);
    authority_key_free(&key);
}

void raw_p384_verify(void *context)
{
    const struct raw_p384 *const raw = context;
    ASSAY_ASSERT(
        assay_p384_verify(raw->key, raw->digest, sizeof raw->digest, raw->signature.bytes));
}

void raw_p384_close(struct raw_p384 *raw)
{
    assay_p384_free(&raw->key);
}
