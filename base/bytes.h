/*
 * base/bytes.h - copy and comparison of public bytes, and hexadecimal.
 *
 * memcpy and memcmp are not called outside base/: these functions take the capacity too.
 * Secrets are compared and wiped with base/secret.h.
 *
 * memcpy and memcmp are undefined for NULL even over no bytes; here a length of 0 may come with it.
 * What every parser calls for every field stands here, so that a length which the compiler knows
 * costs no call.
 */
#ifndef ASSAY_BASE_BYTES_H
#define ASSAY_BASE_BYTES_H

#include "base/assert.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Bytes owned by another object. */
struct assay_slice {
    const uint8_t *bytes;
    size_t len;
};

/* assay_bytes_copy for a length that the compiler does not know. */
void assay_bytes_copy_any(void *dst, size_t capacity, const void *src, size_t len);
/* Copy len bytes; the areas do not overlap, capacity >= len (asserted). */
static inline void assay_bytes_copy(void *dst, size_t capacity, const void *src, size_t len)
{
    if (!__builtin_constant_p(len) || len == 0) {
        assay_bytes_copy_any(dst, capacity, src, len);
        return;
    }
    ASSAY_ASSERT(len <= capacity);
    ASSAY_ASSERT(dst != NULL);
    ASSAY_ASSERT(src != NULL);
    memcpy(dst, src, len);
}
/* Zero public data (it may be elided: secrets use assay_secret_wipe). */
void assay_bytes_zero(void *dst, size_t len);
/* Variable time. Returns: true when both hold the same len bytes. */
static inline bool assay_bytes_equal(const void *a, const void *b, size_t len)
{
    if (len == 0) return true;
    ASSAY_ASSERT(a != NULL);
    ASSAY_ASSERT(b != NULL);
    return memcmp(a, b, len) == 0;
}
/* Variable time, unsigned lexicographic order. Returns: <0, 0, >0. */
int assay_bytes_compare(const void *a, const void *b, size_t len);
/* Returns: true when all len bytes are zero (true for len 0). */
bool assay_bytes_all_zero(const void *bytes, size_t len);
/* Returns: a slice over len bytes. */
static inline struct assay_slice assay_slice_over(const void *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL || len == 0);
    return (struct assay_slice){ .bytes = (const uint8_t *)bytes, .len = len };
}
/* Returns: true when both slices hold the same bytes. */
bool assay_slice_equal(struct assay_slice a, struct assay_slice b);

/*
 * Lower-case hexadecimal with a closing NUL; text_len must be >= 2 * len + 1 (asserted).
 */
void assay_hex_encode(const uint8_t *bytes, size_t len, char *text, size_t text_len);
/*
 * Either case, exactly 2 * len digits.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (another length, a character that is no digit; out untouched)
 */
ASSAY_CHECKED enum assay_status assay_hex_decode(const char *text, size_t text_len, uint8_t *out,
                                                 size_t len);

#endif
