/*
 * quote/eventlog/event_match.h - matching of events with the event entries of the policy
 * (quote/accept/policy.h).
 *
 * An event is trusted if its register was replayed to the quoted value, and of its digests those of
 * the replayed banks. evidence-rules.md 6.9, 6.10, 6.12 and 6.13.
 */
#ifndef ASSAY_QUOTE_EVENTLOG_EVENT_MATCH_H
#define ASSAY_QUOTE_EVENTLOG_EVENT_MATCH_H

#include "quote/eventlog/appraise.h"

enum { ASSAY_EVENT_BANKS = 3 }; /* SHA-256, SHA-384, SHA-512 */

struct assay_event_match {
    const struct assay_policy *policy;
    const struct assay_quoted *quoted;
    struct assay_verdict *verdict;
    struct assay_eventlog_report *report; /* NULL: not wanted */
    uint8_t proven[ASSAY_EVENT_REGISTERS]; /* bits of banks: assay_event_bank */
    bool closed[ASSAY_EVENT_REGISTERS];    /* takes listed events alone */
    bool names_files;
    uint64_t files;
    uint64_t files_unproven;
    uint8_t seen[ASSAY_EVENT_REFERENCES_MAX]; /* required entries that occurred: 1 */
    /* What each entry looks for, by bank, and in which of them: bits of banks. */
    uint8_t banks[ASSAY_EVENT_REFERENCES_MAX];
    uint8_t digests[ASSAY_EVENT_REFERENCES_MAX][ASSAY_EVENT_BANKS][ASSAY_MEASUREMENT_MAX];
};

/* Bit of a bank in `proven`. Returns: 0 for one that is not hashed here. */
uint8_t assay_event_bank(uint16_t alg);
/* Nothing is proven yet. */
void assay_event_match_init(struct assay_event_match *judge, const struct assay_policy *policy,
                            const struct assay_quoted *quoted, struct assay_verdict *verdict,
                            struct assay_eventlog_report *report);
/* Does the policy have entries for events of this form of log? Returns: true if so. */
bool assay_event_match_has_form(const struct assay_event_match *judge,
                                enum assay_eventlog_form form);
/* Does it have entries for events of that register (in the log's numbering)? Returns: true if
 * so. */
bool assay_event_match_has_register(const struct assay_event_match *judge, uint32_t reg);
/* One event that extends a register; proven is set. */
void assay_event_match_add(struct assay_event_match *judge, const struct assay_boot_event *event);
/* After all events: what should have occurred, and what could not be proven. Only for forms whose
 * log was read: 1 << enum assay_eventlog_form. */
void assay_event_match_finish(struct assay_event_match *judge, uint8_t forms);

#endif
