/*
 * quote/text.h - bounded text for reasons, built without the C library (the core is pure).
 */
#ifndef ASSAY_QUOTE_TEXT_H
#define ASSAY_QUOTE_TEXT_H

#include "base/bytes.h"
#include "quote/verdict.h"

/* Always NUL-terminated; what does not fit is cut. */
struct assay_text {
    size_t len;
    char text[ASSAY_REASON_TEXT];
};

/* Returns: an empty text. */
struct assay_text assay_text_empty(void);
/* Each appends. */
void assay_text_add(struct assay_text *t, const char *text);
void assay_text_add_u64(struct assay_text *t, uint64_t value);
void assay_text_add_hex(struct assay_text *t, const uint8_t *bytes, size_t len);
void assay_text_add_time(struct assay_text *t, int64_t unix_s);
/* Length up to the NUL or max. Returns: <= max. */
size_t assay_text_len(const char *text, size_t max);
/* Copy with cut and NUL; src may be NULL (empty). */
void assay_text_copy(char *dst, size_t capacity, const char *src);
/* Bytewise order of two NUL-terminated texts of at most max bytes. Returns: <0, 0, >0. */
int assay_text_compare(const char *a, const char *b, size_t max);

#endif
