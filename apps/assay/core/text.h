/*
 * apps/assay/core/text.h - values of documents as text for a terminal: names come from operators
 * that are not trusted; condition of a member, its way back and times of epochs.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_TEXT_H
#define ASSAY_APPS_ASSAY_CORE_TEXT_H

#include "net/json/json.h"

#include <stdio.h>

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

/* --- members and epochs */

/* "FULL" .. "SUSPENDED", "OFFLINE", "MAINTENANCE", "DRAINED", "LEFT"; of a daemon that has no such
 * word, by stage and standing. Returns: as cli_text_sanitized. */
const char *cli_condition_of(const struct assay_json *member);

/* " (18:40 UTC)" of Unix ms, "" of 0. Returns: as cli_text_sanitized. */
const char *cli_when_at(uint64_t unix_ms);
/* " (18:40 UTC)" of a member with Unix ms, with the date where it is not today's; "" where there is
 * none. Returns: as cli_text_sanitized. */
const char *cli_when_of(const struct assay_json *object, const char *key);
/* The same of the begin of an epoch, by a document with epoch, epoch_t0_ms and epoch_ms. */
const char *cli_when_of_epoch(const struct assay_json *data, unsigned long long epoch);

/* A reason of a finding has a fixed length. Returns: as cli_text_sanitized, "..." where it was cut.
 */
const char *cli_reason_of(const char *text);

/* "full in 73 epochs (18:40 UTC)": the best standing ahead, in lower case: in a table the condition
 * alone is in capitals. "" where nothing is ahead. Returns: as cli_text_sanitized. */
const char *cli_recovery_of(const struct assay_json *member);

/* Lines that are longer than so many columns are continued at a space, behind an indent; a word
 * without one stays whole. The text is ASCII. */
void cli_text_wrap(const char *text, size_t columns, size_t indent, FILE *out);

#endif
