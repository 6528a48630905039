/*
 * net/runtime/log_fields.h - log field names of the two numbers of a note
 * (engine/messages/effect.h).
 *
 * Where a number stands for a word (a standing, a status, the end of a change) the word is logged.
 */
#ifndef ASSAY_NET_RUNTIME_LOG_FIELDS_H
#define ASSAY_NET_RUNTIME_LOG_FIELDS_H

#include "engine/messages/effect.h"
#include "net/runtime/log.h"

/* The fields of one note, into a line that is begun. */
void assay_log_note_fields(struct assay_log *log, enum assay_note note, uint64_t a, uint64_t b);

#endif
