/*
 * base/bytes.h - moving and comparing public bytes, hexadecimal.
 *
 * memcpy and memcmp are not called outside base/: these functions take the capacity too.
 * Secrets are compared and wiped with base/secret.h.
 */
#ifndef ASSAY_BASE_BYTES_H
#define ASSAY_BASE_BYTES_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes somebody else owns. */
struct assay_slice {
    const uint8_t *bytes;
    size_t len;
};

/* Copy len bytes; the areas do not overlap, capacity >= len (asserted). Returns: nothing. */
void assay_bytes_copy(void *dst, size_t capacity, const void *src, size_t len);
/* Zero public data (it may be elided: secrets use assay_secret_wipe). Returns: nothing. */
void assay_bytes_zero(void *dst, size_t len);
/* Variable time. Returns: true when both hold the same len bytes. */
bool assay_bytes_equal(const void *a, const void *b, size_t len);
/* Variable time, unsigned lexicographic order. Returns: <0, 0, >0. */
int assay_bytes_compare(const void *a, const void *b, size_t len);
/* Returns: true when all len bytes are zero (true for len 0). */
bool assay_bytes_all_zero(const void *bytes, size_t len);
/* Returns: a slice over len bytes. */
struct assay_slice assay_slice_over(const void *bytes, size_t len);
/* Returns: true when both slices hold the same bytes. */
bool assay_slice_equal(struct assay_slice a, struct assay_slice b);

/*
 * Lower-case hexadecimal with a closing NUL; text_len must be >= 2 * len + 1 (asserted).
 * Returns: nothing.
 */
void assay_hex_encode(const uint8_t *bytes, size_t len, char *text, size_t text_len);
/*
 * Either case, exactly 2 * len digits.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (another length, a character that is no digit; out untouched)
 */
ASSAY_CHECKED enum assay_status assay_hex_decode(const char *text, size_t text_len, uint8_t *out,
                                                 size_t len);

#endif
