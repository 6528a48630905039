/*
 * net/timeline/history.h - score history of a node for operators (ASSAY_STORE_SCORE).
 *
 * One row per member and closed epoch, written by the runtime; the engine never reads it. Canonical
 * CBOR: ["assay/score/v3", incarnation, score, I, A, standing, weight, P, N, W, reason, certified,
 * U, lo, hi, rule of A, orders]; rows of version 1 end before U, of version 2 before the orders,
 * and are still read.
 *
 * Every row of a day is kept, and for a month one an hour: those stand under an era that no chain
 * has, in places that are used again (docs/operations.md 7), so that the file stays bounded. What
 * the network could bear stands next to the rows of its epoch.
 */
#ifndef ASSAY_NET_TIMELINE_HISTORY_H
#define ASSAY_NET_TIMELINE_HISTORY_H

#include "base/writer.h"
#include "engine/engine.h"

enum {
    ASSAY_HISTORY_ROW_MAX = 128,
    ASSAY_HISTORY_DAY_S = 24 * 3600,
    ASSAY_HISTORY_HOURS = 30 * 24, /* places */
    ASSAY_HISTORY_TOLERANCE = 1 << 20, /* number of the key, where rows have their slot */
};
/* Of the key of an hourly row: era, hour, slot. */
#define ASSAY_HISTORY_ERA UINT32_MAX

struct assay_history_row {
    uint32_t incarnation;
    uint32_t score_bp, integrity_bp, availability_bp;
    uint32_t standing;  /* enum assay_standing */
    uint32_t weight; /* of the epoch that begins */
    uint64_t positive_bp, negative_bp, electorate_bp;
    uint32_t reason; /* enum assay_integrity_reason */
    bool certified;
    /* Zero in rows of version 1. */
    uint64_t unjudged_bp;
    uint32_t lo_bp, hi_bp;
    uint32_t availability_rule; /* enum assay_availability_rule */
    /* Zero in rows of version 2. */
    uint32_t orders; /* orders against it after this close: 1 << enum assay_order_kind */
    uint32_t version; /* that it was read as, 1 to 3; written as the newest */
};

/* After a close; ["assay/tolerance/v1", total weight, members that may fail, that may be faulty,
 * largest shares of operator, vendor root, platform]. */
struct assay_history_tolerance {
    uint64_t total_weight;
    uint32_t members_stop, members_break;
    uint32_t largest_operator_bp, largest_vendor_bp, largest_platform_bp;
};

/* What the network orders of a member after a close (docs/protocol.md 10.1): by its standing, while
 * it serves, and to restart until it is re-registered. Returns: bits, 1 << enum assay_order_kind */
uint32_t assay_history_orders(const struct assay_member_snapshot *member);

/* Returns: the hour of the epoch, counted from genesis by the planned length. */
uint64_t assay_history_hour(uint32_t epoch_ms, uint64_t epoch);

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_history_encode(const struct assay_history_row *row,
                                                     struct assay_writer *w);
/* Returns: ASSAY_OK | statuses of base/cbor.h */
ASSAY_CHECKED enum assay_status assay_history_decode(struct assay_slice bytes,
                                                     struct assay_history_row *row);

/* ["assay/hour/v1", era, epoch, row]: at most ASSAY_HISTORY_ROW_MAX + 32 bytes.
 * Returns: as above */
ASSAY_CHECKED enum assay_status assay_history_hour_encode(uint32_t era, uint64_t epoch,
                                                          const struct assay_history_row *row,
                                                          struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_history_hour_decode(struct assay_slice bytes, uint32_t *era,
                                                          uint64_t *epoch,
                                                          struct assay_history_row *row);
/* Returns: as above */
ASSAY_CHECKED enum assay_status assay_history_tolerance_encode(
    const struct assay_history_tolerance *tolerance, struct assay_writer *w);
ASSAY_CHECKED enum assay_status assay_history_tolerance_decode(
    struct assay_slice bytes, struct assay_history_tolerance *tolerance);

#endif
