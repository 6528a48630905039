/*
 * engine/parts/evidence.h - appraisal of seats by verdicts on their evidence.
 */
#ifndef ASSAY_ENGINE_PARTS_EVIDENCE_H
#define ASSAY_ENGINE_PARTS_EVIDENCE_H

#include "quote/verdict.h"

struct assay_engine;

struct assay_appraisal {
    bool fetch_wanted;   /* a seat may have an envelope whose evidence was not requested yet */
    uint64_t judgements; /* appraisals of seats so far */
};

/* Handles a verdict. verdict NULL: unavailable, after `asked` peers were queried. */
void assay_evidence_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                            int64_t at_unix_s, bool before, const struct assay_verdict *verdict,
                            uint32_t asked);
/* An envelope was accepted: fetches its evidence. */
void assay_evidence_fetch(struct assay_engine *e, uint32_t slot);
/* Marks that a seat may have an envelope whose evidence was not requested. */
void assay_evidence_wanted(struct assay_engine *e);
void assay_evidence_tick(struct assay_engine *e);

#endif
