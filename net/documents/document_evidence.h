/*
 * net/documents/document_evidence.h - document `evidence`: what this node found when it verified
 * the newest evidence of a member.
 */
#ifndef ASSAY_NET_DOCUMENTS_DOCUMENT_EVIDENCE_H
#define ASSAY_NET_DOCUMENTS_DOCUMENT_EVIDENCE_H

#include "host/snapshot.h"
#include "net/json/json.h"
#include "quote/verdict.h"

struct assay_document_evidence {
    uint64_t epoch; /* of the evidence; 0: none was verified in this run */
    uint32_t len;
    uint8_t digest[32];
    const struct assay_verdict *verdict; /* NULL: none */
};

/* slot < member_count (asserted). Returns: an object. */
struct assay_json *assay_document_evidence(const struct assay_snapshot *s, uint32_t slot,
                                           const struct assay_document_evidence *evidence);

#endif
