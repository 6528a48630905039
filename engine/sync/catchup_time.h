/*
 * engine/sync/catchup_time.h - time-outs and turns of the sync client (docs/protocol.md 5.20.2,
 * 5.20.3).
 */
#ifndef ASSAY_ENGINE_SYNC_CATCHUP_TIME_H
#define ASSAY_ENGINE_SYNC_CATCHUP_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct assay_engine;
struct assay_sync_state;

enum {
    ASSAY_SYNC_FAILURES_PATIENT = 8, /* after more in a row each answer has the longest time */
    ASSAY_SYNC_PATIENCE_MAX = 3,     /* doublings of the time-out */
};

/* Returns: the time in which the queried peer has to answer. */
uint64_t assay_sync_answer_timeout_ms(const struct assay_engine *e);
/* The queried peer did not answer in time. */
void assay_sync_add_silent(struct assay_sync_state *s, const struct assay_engine *e);
/* It did. */
void assay_sync_clear_silent(struct assay_sync_state *s, const struct assay_engine *e);
/* A turn begins: of another peer, or in another epoch. */
void assay_sync_start_turn(struct assay_sync_state *s, const struct assay_engine *e);
/* Returns: whether the turn of the queried peer has lasted as long as one may. */
bool assay_sync_is_turn_over(const struct assay_engine *e);

#endif
