/*
 * scoring/quiet.h - members without a vote in the next epoch because they do not attest.
 *
 * docs/protocol.md 6.7: a quiet member keeps its weight and its place in the table, and its row has
 * no key: no share grows. Rows lose their key while the remaining ones meet the floor, since a
 * network must
 * not halt because quoting fails for many. One pure function, like the seats.
 */
#ifndef ASSAY_SCORING_QUIET_H
#define ASSAY_SCORING_QUIET_H

#include "scoring/trust.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ASSAY_QUIET_FLOOR_PERCENT = 90,
    ASSAY_QUIET_FLOOR_PERCENT_MIN = 67, /* more than two thirds, or the rows left are no quorum */
    ASSAY_QUIET_FLOOR_PERCENT_MAX = 100, /* no row goes */
};

struct assay_quiet_input {
    uint32_t count;
    const struct assay_trust_state *trust; /* [count]: as the tally left it */
    const uint32_t *weights;         /* [count]: the table of the next epoch, after its caps */
    uint32_t floor_percent;          /* ASSAY_QUIET_FLOOR_PERCENT_MIN .. _MAX */
};

/*
 * assay_quiet_rows - the rows without a key.
 *
 * Quiet members with weight lose their key, the longest quiet one first, ties by earliest join; one
 * whose weight would leave less than the floor to rows with a key keeps
 * it.
 *
 * Out:      keyless[count]
 * Returns:  how many quiet members with weight keep their key for the floor's sake
 * Cost:     one pass over the members for each quiet one
 */
uint32_t assay_quiet_rows(const struct assay_quiet_input *input, bool *keyless);

#endif
