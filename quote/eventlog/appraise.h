/*
 * quote/eventlog/appraise.h - appraisal of event logs that accompany evidence: do they explain the
 * quoted registers?
 *
 * A log proves nothing by itself. Events are trusted where their replay yields the quoted value,
 * register by register and bank by bank, and only these are compared with the event entries of the
 * policy (quote/eventlog/event_match.h). evidence-rules.md 6.7 to 6.11.
 */
#ifndef ASSAY_QUOTE_EVENTLOG_APPRAISE_H
#define ASSAY_QUOTE_EVENTLOG_APPRAISE_H

#include "quote/eventlog/quoted.h"

struct assay_kind; /* quote/kinds.h */

enum {
    ASSAY_EVENTLOG_REGISTERS_SHOWN = 2 * ASSAY_EVENT_REGISTERS,
    ASSAY_EVENTS_SHOWN = 16,
    ASSAY_EVENT_TEXT = 128,
};

/* What became of one log. Of events that extend no register of the evidence nothing is known. */
struct assay_eventlog_outcome {
    enum assay_eventlog_form form; /* 0: neither */
    enum assay_status status;      /* of reading it */
    bool judged;                   /* it was read, it fits, and it is the first of its form */
    enum assay_rule rule;          /* the gravest against it and its events; 0: none */
    uint64_t events;
    uint64_t later;     /* of IMA: after the events that yield the quoted value; not evaluated */
    uint64_t extending; /* how many of the others extend a register that the evidence may have */
    uint64_t proven;    /* how many of those, one that is quoted as it is replayed */
};

enum assay_register_state {
    ASSAY_REGISTER_MATCHES = 1,
    ASSAY_REGISTER_DIFFERS = 2,
    ASSAY_REGISTER_NOT_QUOTED = 3,   /* the log extends it, and the quote leaves it out */
    ASSAY_REGISTER_NOT_REPLAYED = 4, /* the log has no digests of the bank, or it is SHA-1 */
    ASSAY_REGISTER_NOT_LOGGED = 5,   /* quoted, and no event of any log extends it */
};

struct assay_register_outcome {
    const char *name; /* "rtmr1", "pcr4" */
    uint16_t alg;     /* 0: not quoted */
    enum assay_register_state state;
    uint64_t events;
    size_t len;
    uint8_t quoted[ASSAY_MEASUREMENT_MAX];
    uint8_t replayed[ASSAY_MEASUREMENT_MAX]; /* where it was */
};

/* An event that the policy has something against, or one that it requires and that is missing. */
struct assay_event_outcome {
    enum assay_rule rule;
    enum assay_eventlog_form form;
    char expected[ASSAY_REASON_TEXT];
    char observed[ASSAY_REASON_TEXT];
    bool occurred; /* false: what follows is empty, but for the name */
    uint64_t index; /* in its log */
    uint32_t offset;
    uint32_t type;
    const char *name; /* of the register; empty for a file that did not occur */
    char text[ASSAY_EVENT_TEXT]; /* IMA: the file; else data as far as it is text; may be empty */
    uint16_t alg;
    size_t len;
    uint8_t digest[ASSAY_MEASUREMENT_MAX];
};

/* Report of all checks. The counts include what did not fit. */
struct assay_eventlog_report {
    size_t log_count;
    struct assay_eventlog_outcome logs[ASSAY_EVENTLOGS_MAX];
    size_t register_count; /* at most ASSAY_EVENTLOG_REGISTERS_SHOWN are kept */
    struct assay_register_outcome registers[ASSAY_EVENTLOG_REGISTERS_SHOWN];
    uint64_t failed_count; /* at most ASSAY_EVENTS_SHOWN are kept */
    struct assay_event_outcome failed[ASSAY_EVENTS_SHOWN];
};

/* Nothing was looked at: of evidence that cannot be read no log is. */
void assay_eventlog_report_init(struct assay_eventlog_report *report);
/* Adds the rule to the log of that form whose events are evaluated, unless it has a graver one;
 * report may be NULL. */
void assay_eventlog_report_note(struct assay_eventlog_report *report,
                                enum assay_eventlog_form form, enum assay_rule rule);
/* The graver of two rules by their classes, the first of equal ones; 0 is none. Returns: it. */
enum assay_rule assay_eventlog_graver(enum assay_rule a, enum assay_rule b);
/* Returns: true when events yield the value in `replayed`. */
bool assay_register_was_replayed(const struct assay_register_outcome *outcome);
/* Each Returns: a word ("firmware", "ima"; "matches"); "unknown" outside the list. */
const char *assay_eventlog_form_text(enum assay_eventlog_form form);
const char *assay_register_state_text(enum assay_register_state state);
/* "sha256". Returns: "unknown" for a bank that is not known here. */
const char *assay_register_bank_text(uint16_t alg);

/*
 * assay_eventlog_appraise - adds reasons about the logs of a request to the verdict on its
 * evidence, which was read before.
 * In:      kind: the row of the evidence; request->log_report: NULL, or of init
 * Cost:    each log is read at most 4 + 2 * 8 times (twice a bank), with one hash an event
 */
void assay_eventlog_appraise(const struct assay_kind *kind,
                             const struct assay_evidence_request *request,
                             struct assay_verdict *verdict);

#endif
