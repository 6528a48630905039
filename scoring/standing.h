/*
 * scoring/standing.h - standing derived from a score: immediate drops, rises with hysteresis.
 *
 * protocol.md 7.8. Used twice per member: for S, which gates service, and for I, which gates
 * weight.
 */
#ifndef ASSAY_SCORING_STANDING_H
#define ASSAY_SCORING_STANDING_H

#include "scoring/trust.h"

#include <stdbool.h>
#include <stdint.h>

/* Returns: the standing whose band holds score_bp, without hysteresis. */
enum assay_standing assay_standing_band(uint16_t score_bp);

/* Returns: the lowest score of a standing (0 for SUSPENDED). */
uint16_t assay_standing_bound_bp(enum assay_standing standing);

/* Returns: static text, "FULL" .. "SUSPENDED". Never NULL. */
const char *assay_standing_text(enum assay_standing standing);

/*
 * assay_standing_step - one epoch of hysteresis.
 *
 * In:       before; score_bp at the end of the epoch; certified: did the epoch close certified
 * Returns:  after. Below its band: the band, at once. At the next bound + 200: one epoch more is
 *           held when certified, and the third moves up one step. In between: the count is 0.
 */
struct assay_hysteresis assay_standing_step(struct assay_hysteresis before, uint16_t score_bp,
                                            bool certified);

#endif
