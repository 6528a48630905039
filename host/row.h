/*
 * host/row.h - row of an instance in the ledger, verifiable offline from a checkpoint
 * (docs/services.md 1.3.5).
 *
 * Canonical CBOR ["assay/group/row-evidence/v1", group, instance, proof, head, row]:
 *
 *   proof  of any member (engine/ledger/proofs/proof.h): it has leaf 0 of the state, and leaf 0 the
 *          digests of the services' documents
 *   head   of the group, one of these documents (services/continuity/document.h)
 *   row    proof of the instance's row under the head (services/continuity/row.h)
 */
#ifndef ASSAY_HOST_ROW_H
#define ASSAY_HOST_ROW_H

#include "engine/ledger/proofs/proof.h"
#include "services/continuity/document.h"

enum {
    ASSAY_ROW_HEAD_LEN_MAX = 64 * 1024, /* 128 replicas, seven seats thrice */
    ASSAY_ROW_EVIDENCE_LEN_MAX =
        96 + ASSAY_PROOF_LEN_MAX + ASSAY_ROW_HEAD_LEN_MAX + ASSAY_CONT_ROW_PROOF_LEN_MAX,
};

struct assay_row_evidence {
    uint32_t group;
    uint8_t instance[32];
    struct assay_slice proof, head, row; /* borrowed */
};

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_row_evidence_encode(const struct assay_row_evidence *evidence,
                                                          struct assay_writer *w);
/* Untrusted bytes. Returns: ASSAY_OK | statuses of base/cbor.h | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_row_evidence_decode(struct assay_slice bytes,
                                                          struct assay_row_evidence *evidence);
/*
 * assay_row_evidence_make - of what a node has.
 * In:      proof: of any member, after the epoch that closed last; group as that close left it;
 *          memory of ASSAY_ROW_HEAD_LEN_MAX bytes; tree: scratch
 * Out:     the evidence in w
 * Returns: ASSAY_OK | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_row_evidence_make(const struct assay_cont_group *group,
                                                        const uint8_t instance[static 32],
                                                        struct assay_slice proof,
                                                        struct assay_cont_row_tree *tree,
                                                        uint8_t *memory, struct assay_writer *w);
/* The row, verified against the enclosed head, which is not verified. Returns: as
 * assay_cont_rows_read and assay_cont_row_verify */
ASSAY_CHECKED enum assay_status assay_row_evidence_read(const struct assay_row_evidence *evidence,
                                                        struct assay_cont_row_proven *row);
/*
 * assay_row_evidence_verify - is this what a network that the checkpoint names has of an instance?
 * In:      evidence: hostile; checkpoint: trusted
 * Out:     *answer; *network and *row where it is ASSAY_PROVEN. Of time nothing is said:
 *          assay_proof_age is asked next
 * Returns: ASSAY_OK (see *answer) | ASSAY_E_NOT_FOUND (the head is no document of that state) | as
 *          assay_proof_verify and assay_row_evidence_read
 */
ASSAY_CHECKED enum assay_status assay_row_evidence_verify(const struct assay_row_evidence *evidence,
                                                          const struct assay_checkpoint *checkpoint,
                                                          enum assay_proof_answer *answer,
                                                          struct assay_proven_state *network,
                                                          struct assay_cont_row_proven *row);

#endif
