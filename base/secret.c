/*
 * base/secret.c - wiping that the compiler cannot elide, and constant-time comparison.
 */
#define _GNU_SOURCE /* explicit_bzero under -std=c17 */

#include "base/secret.h"

#include "base/assert.h"

#include <string.h>

void assay_secret_wipe(void *secret, size_t len)
{
    if (len == 0) return;
    ASSAY_ASSERT(secret != NULL);
    explicit_bzero(secret, len);
}

bool assay_equal_ct(const void *a, const void *b, size_t len)
{
    if (len == 0) return true;
    ASSAY_ASSERT(a != NULL);
    ASSAY_ASSERT(b != NULL);
    const uint8_t *left = a;
    const uint8_t *right = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < len; i++) { /* no early exit: every byte is always read */
        difference |= (uint8_t)(left[i] ^ right[i]);
    }
    return difference == 0;
}
