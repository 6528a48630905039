/*
 * engine/node/order.c - orders for the own agent, derived from the final head state only
 * (docs/protocol.md 10.1, 10.2).
 *
 * They are derived again at every close while their cause persists, under the same (era, epoch,
 * seq), so that none is lost by a crash and none is executed twice. epoch is the epoch of the
 * cause.
 */
#include "engine/parts/engine_internal.h"

enum {
    SEQ_STANDING = 0,
    SEQ_RESTART = 1,
    SEQ_ROLLED_BACK = 2,
    HEAD_EPOCHS = 3, /* a head older than that is stale (docs/protocol.md 10.2) */
};

static void emit_order(struct assay_engine *e, enum assay_order_kind kind, uint64_t epoch,
                       uint32_t seq)
{
    ASSAY_ASSERT(seq <= SEQ_ROLLED_BACK);
    ASSAY_ASSERT(epoch <= e->head->context.epoch);
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_ORDER);
    if (effect == NULL) return; /* derived again at the next close */
    effect->as.order = (struct assay_order){
        .kind = kind,
        .era = e->head->state.era,
        .epoch = epoch,
        .seq = seq,
        .slot = e->self,
        .incarnation = e->head->state.members[e->self].lives[0].incarnation,
    };
}

static enum assay_order_kind order_for_standing(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return ASSAY_ORDER_RELEASE;
    case ASSAY_STANDING_WARNING: return ASSAY_ORDER_NOTE;
    case ASSAY_STANDING_RESTRICTED: return ASSAY_ORDER_RESTRICT;
    case ASSAY_STANDING_SUSPENDED: return ASSAY_ORDER_SUSPEND;
    }
    ASSAY_UNREACHABLE("a standing is one of four");
}

void assay_order_derive(struct assay_engine *e)
{
    const struct assay_member *m = &e->head->state.members[e->self];
    /* One step may close several epochs: orders of all but the last are obsolete. */
    assay_eng_remove_kind(e, ASSAY_EFFECT_ORDER);
    if (!e->start_state->started || e->sync->active || e->chain->halted)
        return; /* no orders from history */
    /* After a restart the state may be old: wait for the next close. */
    if (e->at_unix_ms > e->head->state.head_time_ms + HEAD_EPOCHS * assay_eng_epoch_ms(e)) return;
    const enum assay_standing standing = m->trust.score.standing;
    /* Operators took the member out of service: its standing is then no fault, and its machine is
     * in their hands (docs/protocol.md 9.6.2). */
    if (assay_member_serves(m))
        emit_order(e, order_for_standing(standing), m->order_epoch, SEQ_STANDING);
    /* Only an integrity failure causes a RESTART; listing a new incarnation ends the cause. */
    if (!m->trust.listed_after_failure && m->failure_epoch > 0)
        emit_order(e, ASSAY_ORDER_RESTART, m->failure_epoch, SEQ_RESTART);
    /* Of the last closed epoch: the next incarnation can be listed when the running one closes, and
     * the standing of that epoch ends the order. */
    if (e->key_state->rolled_back)
        emit_order(e, ASSAY_ORDER_RESTART, e->head->state.epoch, SEQ_ROLLED_BACK);
}
