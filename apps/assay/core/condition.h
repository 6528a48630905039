/*
 * apps/assay/core/condition.h - condition of a member, its way back and times of epochs, from the
 * documents of a daemon.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_CONDITION_H
#define ASSAY_APPS_ASSAY_CORE_CONDITION_H

#include "net/json/json.h"

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

#endif
