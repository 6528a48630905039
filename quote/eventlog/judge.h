/*
 * quote/eventlog/judge.h - events against what the policy says of them (quote/accept/policy.h).
 *
 * An event is believed where its register was replayed to the quoted value, and of its digests the
 * ones of the banks that were. evidence-rules.md 6.9, 6.10, 6.12 and 6.13.
 */
#ifndef ASSAY_QUOTE_EVENTLOG_JUDGE_H
#define ASSAY_QUOTE_EVENTLOG_JUDGE_H

#include "quote/eventlog/appraise.h"

enum { ASSAY_EVENT_BANKS = 3 }; /* SHA-256, SHA-384, SHA-512 */

struct assay_event_judge {
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
/* Nothing is proven yet. Returns: nothing. */
void assay_event_judge_init(struct assay_event_judge *judge, const struct assay_policy *policy,
                            const struct assay_quoted *quoted, struct assay_verdict *verdict,
                            struct assay_eventlog_report *report);
/* Does the policy speak of events that logs of a form hold? Returns: true when so. */
bool assay_event_judge_asks(const struct assay_event_judge *judge, enum assay_eventlog_form form);
/* Does it speak of events of that register (as the log counts)? Returns: true when so. */
bool assay_event_judge_names(const struct assay_event_judge *judge, uint32_t reg);
/* One event that extends a register; proven is set. Returns: nothing. */
void assay_event_judge_event(struct assay_event_judge *judge, const struct assay_event *event);
/* After all events: what should have occurred, and what could not be proven. Only for forms whose
 * log was read: 1 << enum assay_eventlog_form. Returns: nothing. */
void assay_event_judge_close(struct assay_event_judge *judge, uint8_t forms);

#endif
