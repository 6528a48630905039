/*
 * engine/evidence/evidence.h - verdicts on evidence, and the seats that they judge.
 */
#ifndef ASSAY_ENGINE_EVIDENCE_EVIDENCE_H
#define ASSAY_ENGINE_EVIDENCE_EVIDENCE_H

#include "quote/verdict.h"

struct assay_engine;

struct assay_appraisal {
    bool fetch_wanted;   /* a seat may hold an envelope whose evidence nobody asked for yet */
    uint64_t judgements; /* of seats, made so far */
};

/* verdict NULL: not to be had, after so many peers were asked. */
void assay_evidence_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                            int64_t at_unix_s, bool before, const struct assay_verdict *verdict,
                            uint32_t asked);
/* An envelope was accepted: have its evidence. */
void assay_evidence_fetch(struct assay_engine *e, uint32_t slot);
/* A seat may hold an envelope whose evidence nobody asked for. */
void assay_evidence_wanted(struct assay_engine *e);
void assay_evidence_tick(struct assay_engine *e);

#endif
