/*
 * engine/parts/clock.h - validity of header times, and header times of own proposals
 * (docs/protocol.md 4.5).
 *
 * There are two clocks: the date, which may be wrong and may be set, and the monotonic time since
 * this node first had a block, which runs evenly. Header times follow the first while clocks agree,
 * and the second where they do not.
 */
#ifndef ASSAY_ENGINE_PARTS_CLOCK_H
#define ASSAY_ENGINE_PARTS_CLOCK_H

#include <stdint.h>

struct assay_engine;

/* For a child of the branch's tip with this header time. Returns: the monotonic time from which it
 * is valid here, now when it is already; UINT64_MAX: never. */
uint64_t assay_clock_valid_from(const struct assay_engine *e, uint64_t time_ms);
/* Returns: the header time of a proposal of ours on the branch's tip, above the tip's. */
uint64_t assay_clock_proposal_time(const struct assay_engine *e);
/* Returns: the monotonic time from which such a proposal has at least this header time. */
uint64_t assay_clock_proposal_due(const struct assay_engine *e, uint64_t time_ms);
/* Returns: how far the head is ahead of our date, beyond the slack; 0: it is not. */
uint64_t assay_clock_lead(const struct assay_engine *e);

#endif
