/*
 * engine/node/clock.c - header times (docs/protocol.md 4.5).
 */
#include "engine/parts/engine_internal.h"

enum { SLACK_MS_MAX = 5000 };

/* How far ahead of our date a header may be, whatever the measured time. */
static uint64_t slack_ms(const struct assay_engine *e)
{
    return assay_min_u64(SLACK_MS_MAX, assay_eng_epoch_ms(e) / 8);
}

/* When the branch's tip was first stored here. */
static uint64_t tip_held_since_ms(const struct assay_engine *e)
{
    const struct assay_ledger *ledger = &e->branch->ledger;
    if (assay_bytes_equal(ledger->tip_id, e->chain->ledger.tip_id, 32)) return e->chain->tip_ms;
    const struct assay_block *tip = assay_blocks_find_const(e->blocks, ledger->tip_id);
    return tip != NULL ? tip->held_ms : e->now_ms;
}

/* The measured time since then, never more than has passed. */
static uint64_t measured_ms(const struct assay_engine *e)
{
    const uint64_t since = tip_held_since_ms(e);
    return e->now_ms > since ? e->now_ms - since : 0;
}

uint64_t assay_clock_valid_from(const struct assay_engine *e, uint64_t time_ms)
{
    const uint64_t parent_ms = e->branch->ledger.time_ms;
    if (time_ms <= parent_ms) return UINT64_MAX;
    const uint64_t date_ms = e->at_unix_ms + slack_ms(e);
    const uint64_t by_date = time_ms > date_ms ? time_ms - date_ms : 0;
    const uint64_t passed = measured_ms(e);
    const uint64_t step = time_ms - parent_ms;
    const uint64_t by_measure = step > passed ? step - passed : 0;
    const uint64_t wait = assay_min_u64(by_date, by_measure);
    return wait < UINT64_MAX - e->now_ms ? e->now_ms + wait : UINT64_MAX;
}

/* The chain is ahead of our date: proposals advance by half of the measured time, so that the date
 * catches up, and at most to the next phase. A node that has measured for hours thus proposes
 * nothing that a peer which started a minute ago would reject. */
static uint64_t slewed_time_ms(const struct assay_engine *e)
{
    const uint64_t parent_ms = e->branch->ledger.time_ms;
    const uint64_t phase_ms = assay_ledger_phase(&e->branch->ledger, e->head->state.head_time_ms,
                                                 assay_eng_epoch_ms(e));
    const uint64_t room = phase_ms > parent_ms ? phase_ms - parent_ms : 0;
    return parent_ms + assay_max_u64(assay_min_u64(measured_ms(e) / 2, room), 1);
}

uint64_t assay_clock_proposal_time(const struct assay_engine *e)
{
    uint64_t date_ms = e->at_unix_ms;
    /* Peers rejected a proposal with our date: stay within what they have measured, too. */
    if (e->proposal->humble)
        date_ms = assay_min_u64(date_ms, e->branch->ledger.time_ms + measured_ms(e));
    const uint64_t time_ms = assay_max_u64(date_ms, slewed_time_ms(e));
    ASSAY_ASSERT(time_ms > e->branch->ledger.time_ms);
    return time_ms;
}

uint64_t assay_clock_proposal_due(const struct assay_engine *e, uint64_t time_ms)
{
    const uint64_t parent_ms = e->branch->ledger.time_ms;
    uint64_t by_date = time_ms > e->at_unix_ms ? time_ms - e->at_unix_ms : 0;
    const uint64_t step = time_ms > parent_ms ? time_ms - parent_ms : 0;
    const uint64_t passed = measured_ms(e);
    if (e->proposal->humble && step > passed) by_date = assay_max_u64(by_date, step - passed);
    const uint64_t by_slew = step > passed / 2 ? 2 * step - passed : 0;
    return e->now_ms + assay_min_u64(by_date, by_slew);
}

uint64_t assay_clock_lead(const struct assay_engine *e)
{
    const uint64_t date_ms = e->at_unix_ms + slack_ms(e);
    const uint64_t head_ms = e->head->state.head_time_ms;
    return head_ms > date_ms ? head_ms - date_ms : 0;
}
