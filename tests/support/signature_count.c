/*
 * tests/support/signature_count.c - the counter of verifications (signature_count.h).
 */
#include "tests/support/signature_count.h"

#include "base/crypto.h"

/* The names are the linker's (--wrap).
 * NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
bool __real_assay_public_key_check(const struct assay_verify_key *key,
                                   const struct assay_signature *signature, const uint8_t *digest,
                                   size_t digest_len);
bool __wrap_assay_public_key_check(const struct assay_verify_key *key,
                                   const struct assay_signature *signature, const uint8_t *digest,
                                   size_t digest_len);

static size_t checked;

bool __wrap_assay_public_key_check(const struct assay_verify_key *key,
                                   const struct assay_signature *signature, const uint8_t *digest,
                                   size_t digest_len)
{
    checked += 1;
    return __real_assay_public_key_check(key, signature, digest, digest_len);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

size_t test_signature_count_take(void)
{
    const size_t count = checked;
    checked = 0;
    return count;
}
