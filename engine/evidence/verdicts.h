/*
 * engine/evidence/verdicts.h - evidence that was verified here, and what is being verified.
 */
#ifndef ASSAY_ENGINE_EVIDENCE_VERIFYING_H
#define ASSAY_ENGINE_EVIDENCE_VERIFYING_H

#include "engine/ledger/records/record.h"

struct assay_engine;

enum { ASSAY_VERDICTS_MAX = 96 }; /* verifications asked for by blocks and records at once */

/* A verification that was asked for with VERIFY. */
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

/* Asks for a verification unless it is being made. engine: an assay_engine. Returns: the finding,
 * or NULL: on its way. */
const struct assay_finding *assay_verdicts_request(void *engine, const struct assay_ask *ask);
/* Returns: the finding, NULL when it is not known; asks for nothing. */
const struct assay_finding *assay_verdicts_find(struct assay_engine *e,
                                                const uint8_t digest[static 32], int64_t at_unix_s,
                                                enum assay_evidence_kind kind, bool before);
/* An answer came; verdict NULL: the evidence is not to be had. */
void assay_verdicts_on_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                               int64_t at_unix_s, bool before, const struct assay_verdict *verdict);

#endif
