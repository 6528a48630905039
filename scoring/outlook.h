/*
 * scoring/outlook.h - outlook of a score: epochs until a member has a standing again, if every
 * close is certified and every verification of its evidence is good.
 *
 * A pure function of one trust state, with the steps of protocol.md 7.3, 7.5, 7.6 and 7.8 that the
 * tally makes of such epochs. It promises nothing: one bad epoch ends it.
 */
#ifndef ASSAY_SCORING_OUTLOOK_H
#define ASSAY_SCORING_OUTLOOK_H

#include "scoring/trust.h"

enum {
    ASSAY_OUTLOOK_NEVER = -1,
    /* From 0 at the slowest rise, with the epochs that three steps are held. */
    ASSAY_OUTLOOK_EPOCHS = 1024,
};

struct assay_outlook {
    /* By standing: the close, counted from 1, that gives it this standing or a better one. 0: it
     * has it. ASSAY_OUTLOOK_NEVER: no number of good epochs does. */
    int32_t epochs[ASSAY_STANDING_SUSPENDED + 1];
};

/*
 * assay_outlook - forward from the last closed epoch.
 *
 * In:       *trust as that epoch left it; ceiling_bp: of I by the TCB ladder, 7499 or more, 10000
 *           without one
 * Returns:  the closes until each standing
 * Cost:     ASSAY_OUTLOOK_EPOCHS steps of a few comparisons
 */
struct assay_outlook assay_outlook(const struct assay_trust_state *trust, uint16_t ceiling_bp);

#endif
