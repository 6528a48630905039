/*
 * engine/api/standing_parts.h - verification of a proof of standing for both functions of
 * libassay-standing, internal to engine/api/.
 */
#ifndef ASSAY_ENGINE_API_STANDING_PARTS_H
#define ASSAY_ENGINE_API_STANDING_PARTS_H

#include "engine/ledger/proofs/key_proof.h"

/* After the room's headers: it leaves out what they define. */
#include <assay/standing.h>

/* In: max_age_s: at least 1. Out: *report; *proven where its answer is ASSAY_PROVEN. Returns: as
 * assay_standing_verify */
ASSAY_CHECKED enum assay_status assay_standing_prove(struct assay_slice proof,
                                                     struct assay_slice checkpoint, uint64_t now_ms,
                                                     uint32_t max_age_s,
                                                     struct assay_standing_report *report,
                                                     struct assay_proven_state *proven);

#endif
