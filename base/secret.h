/*
 * base/secret.h - container for secrets, wiping and constant-time comparison.
 *
 * Secret here: private keys and nonces before use. Quotes, votes and scores are public.
 */
#ifndef ASSAY_BASE_SECRET_H
#define ASSAY_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct assay_secret32 {
    uint8_t bytes[32];
};

/* explicit_bzero. */
void assay_secret_wipe(void *secret, size_t len);
/* Constant time in the contents. Returns: true when equal. */
bool assay_equal_ct(const void *a, const void *b, size_t len);

#endif
