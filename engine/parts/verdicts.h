/*
 * engine/parts/verdicts.h - verdicts on evidence: cached results and pending verifications.
 */
#ifndef ASSAY_ENGINE_PARTS_VERDICTS_H
#define ASSAY_ENGINE_PARTS_VERDICTS_H

#include "engine/ledger/records/record.h"

struct assay_engine;

enum { ASSAY_VERDICTS_MAX = 96 }; /* pending verifications for blocks and records */

/* A verification that was requested with VERIFY. */
struct assay_asked {
    bool used;
    uint8_t digest[32];
    int64_t at_unix_s;
    enum assay_evidence_kind kind;
    bool before;
    uint64_t asked_ms;
};

struct assay_verdicts {
    struct assay_findings findings;
    struct assay_asked asked[ASSAY_VERDICTS_MAX];
};

/* Requests a verification unless it is pending. engine: an assay_engine. Returns: the finding, or
 * NULL: pending. */
const struct assay_finding_record *assay_verdicts_request(void *engine,
                                                          const struct assay_ask *ask);
/* Returns: the finding, or NULL: not cached; requests nothing. */
const struct assay_finding_record *assay_verdicts_find(struct assay_engine *e,
                                                       const uint8_t digest[static 32],
                                                       int64_t at_unix_s,
                                                       enum assay_evidence_kind kind, bool before);
/* Handles an answer; verdict NULL: the evidence is unavailable. */
void assay_verdicts_on_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                               int64_t at_unix_s, bool before, const struct assay_verdict *verdict);

#endif
