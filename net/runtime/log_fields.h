/*
 * net/runtime/log_fields.h - log field names of the two numbers of a note
 * (engine/messages/effect.h), and what a note says about a member.
 *
 * Where a number stands for a word (a standing, a status, the end of a change) the word is logged.
 */
#ifndef ASSAY_NET_RUNTIME_LOG_FIELDS_H
#define ASSAY_NET_RUNTIME_LOG_FIELDS_H

#include "engine/engine.h"
#include "net/system/log.h"

/* The fields of one note, into a line that is begun. */
void assay_log_note_fields(struct assay_log *log, enum assay_note note, uint64_t a, uint64_t b);

/* Of a member's last reason and the mark of a cut. */
enum { ASSAY_LOG_REASON_LEN = ASSAY_FINDING_REASON_LEN + 4 };

/* The last reason of a member, with "..." where the engine cut it. Returns: text */
const char *assay_log_reason(const struct assay_member_snapshot *member,
                             char text[static ASSAY_LOG_REASON_LEN]);
/* After "NAME ": the predicate of a note about a member's evidence or signatures.
 * note: FAIL_PROVEN, OFFENCE_PROVEN, EQUIVOCATION, EVIDENCE_FOREIGN or EVIDENCE_MISSING
 * Returns: static text */
const char *assay_log_predicate(enum assay_note note, const struct assay_member_snapshot *member);
/* Does the member's last reason belong to that note? An earlier appraisal is not the reason for
 * what is missing or signed twice, and a reason that repeats the predicate is none. */
bool assay_log_has_reason(enum assay_note note, const struct assay_member_snapshot *member);

#endif
