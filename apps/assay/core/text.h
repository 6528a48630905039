/*
 * apps/assay/core/text.h - values of documents as text for a terminal: names come from operators
 * that are not trusted.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_TEXT_H
#define ASSAY_APPS_ASSAY_CORE_TEXT_H

#include "net/json/json.h"

/* No control characters. Returns: one of a few static buffers, for use at once; longer is cut, with
 * "..." at its end. */
const char *cli_text_sanitized(const char *text);
/* After snprintf into text[size], which returned len: where the text was cut, "..." is its end. */
void cli_text_mark_cut(char *text, size_t size, int len);
/* The same as cli_text_sanitized of any length, to stdout. */
void cli_text_print(const char *text);
/* Returns: as cli_text_sanitized. */
const char *cli_text_of(const struct assay_json *object, const char *key, const char *fallback);
/* A member's stage in the words of the command line: "member", "drained", "newcomer", "left".
 * Returns: as cli_text_of. */
const char *cli_stage_of(const struct assay_json *object);
/* Returns: 0 for what is not there. */
unsigned long long cli_number_of(const struct assay_json *object, const char *key);
/* Basis points as "87.50 %". Each Returns: as cli_text_sanitized. */
const char *cli_percent(uint64_t bp);
const char *cli_percent_of(const struct assay_json *object, const char *key);

#endif
