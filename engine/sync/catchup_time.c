/*
 * engine/sync/catchup_time.c - time-outs and turns of the sync client (docs/protocol.md 5.20.2,
 * 5.20.3).
 */
#include "engine/sync/catchup_time.h"

#include "engine/parts/engine_internal.h"

static uint64_t base_timeout_ms(const struct assay_engine *e)
{
    const uint64_t part = e->sync->several ? 8 : 4; /* 2 delta are there and back */
    return assay_max_u64(assay_eng_epoch_ms(e) / part, 50);
}

uint64_t assay_sync_answer_timeout_ms(const struct assay_engine *e)
{
    const bool longest = e->sync->failures > ASSAY_SYNC_FAILURES_PATIENT;
    return base_timeout_ms(e) << (longest ? (uint32_t)ASSAY_SYNC_PATIENCE_MAX : e->sync->patience);
}

/* If no peer of a full turn answers in time, the links may be slower than delta, and each answer
 * would arrive when another peer has been queried (docs/protocol.md 5.20.2). */
void assay_sync_add_silent(struct assay_sync_state *s, const struct assay_engine *e)
{
    if (++s->silent < assay_eng_count_peers(e)) return;
    s->silent = 0;
    if (s->patience < ASSAY_SYNC_PATIENCE_MAX) s->patience++;
}

/* The queried peer has answered in time. */
void assay_sync_clear_silent(struct assay_sync_state *s, const struct assay_engine *e)
{
    s->silent = 0;
    if (s->patience > 0 && e->now_ms < s->asked_ms + (base_timeout_ms(e) << (s->patience - 1)))
        s->patience--;
}

/* docs/protocol.md 5.20.3: whatever a peer sends, its turn lasts two time-outs an epoch. */
bool assay_sync_is_turn_over(const struct assay_engine *e)
{
    return e->sync->timed_turn == e->sync->turn &&
           e->now_ms >= e->sync->turn_ms + (2 * base_timeout_ms(e) << e->sync->patience);
}

void assay_sync_start_turn(struct assay_sync_state *s, const struct assay_engine *e)
{
    s->timed_turn = s->turn;
    s->turn_ms = e->now_ms;
    s->turn_height = s->ledger.height;
}
