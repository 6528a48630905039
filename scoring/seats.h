/*
 * scoring/seats.h - voting members of a large roster, and their weights.
 *
 * docs/protocol.md 5.22: certificates have room for ASSAY_SEATS_MAX signatures, and a quorum should
 * receive a vote in a few hops. Each operator with weight has a seat of its own, and the seats of
 * an operator carry exactly what its members weigh. So the votes of every union of operators equal
 * its weight, and nothing that can be drawn, ground or waited for moves a vote from one operator to
 * another. One pure function: a close writes its result into the state, and every verifier can
 * repeat it.
 */
#ifndef ASSAY_SCORING_SEATS_H
#define ASSAY_SCORING_SEATS_H

#include "scoring/groups.h"
#include "scoring/weight.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_SEATS_MAX = 100, /* certificates stay below 8 KiB */
    /* A seat represents members of its operator: at most all of them. */
    ASSAY_SEAT_WEIGHT_MAX = ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT,
};

struct assay_seats_input {
    const struct assay_groups *groups; /* gives count */
    const uint32_t *weights;           /* [count]: the table of all members, after its caps */
    const bool *present;               /* [count]: not mute (7.14); NULL: all are */
    const bool *sat;                   /* [count]: had a seat in the epoch before; NULL: none */
    uint32_t seats_max;                /* 1 .. ASSAY_SEATS_MAX */
};

/* Returns: bytes of scratch that assay_seats needs for count members. */
size_t assay_seats_memory_len(uint32_t count);

/*
 * assay_seats - the seats of the next epoch.
 *
 * Members of weight 0 never have one. Where at most seats_max members have weight, each has a seat
 * of its own weight. Else each operator with weight has one, and what is left of seats_max goes by
 * D'Hondt over the operators' weight, to none more than it has members; ties go to the operator
 * whose first member stands first in the roster. (More operators than ASSAY_SEATS_MAX are refused
 * by genesis and by changes; here the heaviest would have seats.)
 *
 * Within an operator sit: those that sat and are present, then present ones, of these one of the
 * vendor root that is furthest below its share of votes, then by slot. Ids decide nothing.
 *
 * The seats of an operator carry its weight exactly; within that the weight is fitted to the vendor
 * roots' weight as far as the members that sit allow.
 *
 * In:       *input; memory: scratch, aligned for uint64_t, assay_seats_memory_len(count) or more
 * Out:      seat_weights[count] (must not be input->weights); 0: no seat. Their sum in each
 *           operator is that of its members' weights
 * Returns:  how many seats there are
 * Cost:     O(seats * count) and 60 rounds of fitting over the seats
 */
uint32_t assay_seats(const struct assay_seats_input *input, void *memory, size_t memory_len,
                     uint32_t *seat_weights);

#endif
