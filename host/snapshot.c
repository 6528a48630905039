/*
 * host/snapshot.c - copy of a node's state into a snapshot.
 */
#include "host/snapshot.h"

#include "base/assert.h"

static void snapshot_clocks(struct assay_snapshot *s, const struct assay_peer_clocks *dates)
{
    for (uint32_t slot = 0; slot < s->member_count; slot++) {
        struct assay_snapshot_member *m = &s->members[slot];
        const struct assay_peer_clocks_peer *p = &dates->peers[slot];
        m->present = assay_peer_clocks_is_reachable(dates, (uint16_t)slot, s->now_ms);
        m->was_received = p->received && p->received_ms <= s->now_ms;
        m->received_age_ms = m->was_received ? s->now_ms - p->received_ms : 0;
        m->ended = p->ended;
        m->has_date = p->known && m->present;
        m->has_round = p->known;
        m->round_ms = p->round_ms;
        m->round_worst_ms = p->worst_ms;
        m->date_ahead_ms = p->ahead_ms;
        m->date_round_ms = p->round_ms;
    }
    const struct assay_peer_clocks_found found = dates->found;
    s->clock_known = found.known;
    s->clock_ahead_ms = found.ahead_ms;
    s->clock_out_of_sync = dates->off;
    s->clock_bound_ms = dates->bound_ms;
}

static void snapshot_scores(struct assay_snapshot_member *member,
                            const struct assay_peer_score *peer_score, uint64_t now_ms)
{
    member->is_shut_out = assay_peer_score_is_shut_out(peer_score, now_ms);
    member->is_served_last = assay_peer_score_is_deprioritised(peer_score, now_ms);
    member->peer_score = assay_peer_score_points(peer_score, now_ms);
    for (unsigned i = 0; i < ASSAY_PEER_SCORE_FAULTS; i++)
        member->peer_score_faults[i] = peer_score->faults[i];
}

void assay_snapshot_take(struct assay_snapshot *snapshot, const struct assay_engine *engine,
                         const struct assay_limit *limits, const struct assay_peer_clocks *dates,
                         uint64_t now_ms)
{
    ASSAY_ASSERT(snapshot->members != NULL && limits != NULL);
    ASSAY_ASSERT(dates->count == snapshot->member_count);
    snapshot->now_ms = now_ms;
    assay_engine_snapshot(engine, &snapshot->chain);
    assay_engine_changes(engine, &snapshot->changes);
    struct assay_era_snapshot ending;
    assay_engine_era(engine, &ending);
    snapshot->fenced = ending.fenced;
    snapshot->recover_unconfirmed = ending.unconfirmed;
    ASSAY_ASSERT(snapshot->member_count == snapshot->chain.member_count);
    ASSAY_ASSERT(snapshot->self < snapshot->member_count);
    for (uint32_t slot = 0; slot < snapshot->member_count; slot++) {
        struct assay_snapshot_member *member = &snapshot->members[slot];
        assay_engine_member_snapshot(engine, (uint16_t)slot, &member->ledger);
        member->banned = assay_limit_is_banned(&limits[slot], now_ms);
        snapshot_scores(member, &limits[slot].peer_score, now_ms);
    }
    snapshot_clocks(snapshot, dates);
    assay_tolerance_compute(snapshot);
}
