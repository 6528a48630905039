/*
 * scoring/seats.h - who of a large roster votes, and with what weight.
 *
 * docs/protocol.md 5.22: certificates have room for ASSAY_SEATS_MAX signatures, and a quorum should
 * hear of a vote in a few hops. The heaviest members would be the least cut ones, so the caps (6.3)
 * would be undone; seats therefore go to vendor roots first, then to their operators, then to
 * members. This is the whole rule, in one pure function: what a close writes into the state, and
 * what everybody else can do again.
 */
#ifndef ASSAY_SCORING_SEATS_H
#define ASSAY_SCORING_SEATS_H

#include "scoring/groups.h"
#include "scoring/weight.h"

#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_SEATS_MAX = 100, /* certificates stay below 8 KiB */
    /* A seat speaks for its group: at most for everybody. */
    ASSAY_SEAT_WEIGHT_MAX = ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT,
};

struct assay_seats_input {
    const struct assay_weight_rules *rules; /* the caps that the seats are cut to */
    const struct assay_groups *groups;      /* gives count */
    const uint32_t *weights;                /* [count]: the table of all members, after its caps */
    uint32_t seats_max;                     /* 1 .. ASSAY_SEATS_MAX */
};

/* Returns: bytes of scratch that assay_seats needs for count members. */
size_t assay_seats_memory_len(uint32_t count);

/*
 * assay_seats - the seats of the next epoch.
 *
 * Members of weight 0 never have one. Where at most seats_max members have weight, each has a seat
 * of its own weight. Else, one seat after the other by D'Hondt: to the vendor root with the largest
 * weight / (seats + 1), in it to the operator of the same kind (by what it weighs in that root),
 * in that to the heaviest member without a seat; ties go to the smaller id. A root or an operator
 * that has as many seats as its share of the weight makes, rounded up, gets none any more, nor does
 * one without members left. When nobody is left who may have one, seats stay empty: given to others
 * they would lift these above their share.
 *
 * The weight of a root is carried by its seats, so that what its members hold together is held by
 * those who vote: in each operator in proportion to the members' own weight, then the root's as a
 * whole. What is of roots without any seat is lost, which lifts the others, so the table is cut to
 * the caps as that of the members is (6.3).
 *
 * In:       *input; memory: scratch, aligned for uint64_t, assay_seats_memory_len(count) or more
 * Out:      seat_weights[count] (must not be input->weights); 0: no seat. Their sum is at most that
 *           of the members' weights, and positive if that is
 * Returns:  how many seats there are, at most seats_max
 * Cost:     O(count log count + seats_max * count); 1024 members, 100 seats: some 100,000
 *           comparisons
 */
uint32_t assay_seats(const struct assay_seats_input *input, void *memory, size_t memory_len,
                     uint32_t *seat_weights);

#endif
