/*
 * enforce/decide.c - order decisions of the agent, each rule with its sentence of docs/protocol.md
 * 10.2 and 10.3.
 */
#include "enforce/decide.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/writer.h"

enum { MEMORY_VERSION = 1, FLAG_PENDING = 1 };

struct assay_agent_memory assay_agent_memory_none(void)
{
    return (struct assay_agent_memory){ .work = ASSAY_WORK_FULL };
}

int assay_enforce_order_compare(const struct assay_order *a, const struct assay_order *b)
{
    if (a->era != b->era) return a->era < b->era ? -1 : 1;
    if (a->epoch != b->epoch) return a->epoch < b->epoch ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* What the enclave may do under an order; one that is restarted does nothing until it is trusted.
 */
static enum assay_work work_for_order(enum assay_order_kind kind)
{
    switch (kind) {
    case ASSAY_ORDER_NOTE: return ASSAY_WORK_FULL;
    case ASSAY_ORDER_RESTRICT: return ASSAY_WORK_RESTRICTED;
    case ASSAY_ORDER_SUSPEND: return ASSAY_WORK_SUSPENDED;
    case ASSAY_ORDER_RESTART: return ASSAY_WORK_SUSPENDED;
    case ASSAY_ORDER_RELEASE: return ASSAY_WORK_FULL;
    }
    ASSAY_UNREACHABLE("an order outside the list");
}

/* The numbers in the memory are of the era of its last order. An era that began on an older block
 * assigns them again, to other key sets (docs/protocol.md 9.4.1). */
static bool is_of_later_era(const struct assay_agent_memory *memory,
                            const struct assay_order *order)
{
    return memory->has_last && order->era > memory->last.era;
}

struct assay_agent_decision assay_agent_decide(const struct assay_agent_memory *memory,
                                               const struct assay_order *order)
{
    const enum assay_work work = work_for_order(order->kind);
    const bool renumbered = is_of_later_era(memory, order);
    const int newer = memory->has_last ? assay_enforce_order_compare(order, &memory->last) : 1;
    /* A RESTART may come after a standing of a later epoch (its member rested meanwhile): the rules
     * of its incarnation below say whether it was executed. */
    const bool due = order->kind == ASSAY_ORDER_RESTART && order->era == memory->last.era;
    /* "each naming (era, epoch, seq)": executed once. */
    if (newer == 0 || (newer < 0 && !due))
        return (struct assay_agent_decision){ ASSAY_AGENT_DONE_BEFORE, work };
    /* "void for another incarnation": one that a restart ended is served no more, whatever is said
     * of it; "at most one RESTART executed per incarnation" is the same rule. While the ledger
     * still lists the old one, its orders keep coming: they are no news. */
    if (order->incarnation == memory->restarted && !renumbered)
        return (struct assay_agent_decision){ ASSAY_AGENT_SAME, work };
    if (order->incarnation < memory->incarnation && !renumbered)
        return (struct assay_agent_decision){ ASSAY_AGENT_VOID, work };
    if (memory->pending && memory->last.kind == ASSAY_ORDER_RESTART)
        return (struct assay_agent_decision){ memory->last.incarnation == order->incarnation
                                                  ? ASSAY_AGENT_SAME
                                                  : ASSAY_AGENT_LATER,
                                              work };
    if (order->kind == ASSAY_ORDER_RESTART)
        return (struct assay_agent_decision){ ASSAY_AGENT_RESTART, work };
    const enum assay_agent_action action =
        work == memory->work ? ASSAY_AGENT_SAME : ASSAY_AGENT_SET_WORK;
    return (struct assay_agent_decision){ action, work };
}

struct assay_agent_memory assay_agent_begin_order(const struct assay_agent_memory *memory,
                                                  const struct assay_order *order,
                                                  struct assay_agent_decision decision)
{
    ASSAY_ASSERT(decision.action == ASSAY_AGENT_SET_WORK || decision.action == ASSAY_AGENT_RESTART);
    const bool renumbered = is_of_later_era(memory, order);
    ASSAY_ASSERT(order->incarnation >= memory->incarnation || renumbered);
    struct assay_agent_memory next = *memory;
    if (renumbered) next.restarted = 0;
    next.has_last = next.pending = true;
    next.last = *order;
    if (memory->has_last && assay_enforce_order_compare(order, &memory->last) < 0) {
        /* A late RESTART: numbers never go back. */
        next.last.epoch = memory->last.epoch;
        next.last.seq = memory->last.seq;
    }
    next.incarnation = order->incarnation;
    next.work = decision.work;
    return next;
}

struct assay_agent_memory assay_agent_finish_order(const struct assay_agent_memory *memory)
{
    ASSAY_ASSERT(memory->pending);
    struct assay_agent_memory next = *memory;
    next.pending = false;
    if (next.last.kind == ASSAY_ORDER_RESTART) next.restarted = next.last.incarnation;
    ASSAY_ASSERT(next.restarted <= next.incarnation);
    return next;
}

uint32_t assay_agent_ended_incarnation(const struct assay_agent_memory *memory)
{
    return memory->incarnation > memory->restarted ? 0 : memory->restarted;
}

void assay_agent_memory_encode(const struct assay_agent_memory *memory,
                               uint8_t bytes[static ASSAY_AGENT_MEMORY_LEN])
{
    ASSAY_ASSERT(memory->has_last);
    struct assay_writer out = assay_writer_over(bytes, ASSAY_AGENT_MEMORY_LEN);
    assay_writer_u8(&out, MEMORY_VERSION);
    assay_writer_u8(&out, memory->pending ? FLAG_PENDING : 0);
    assay_writer_u8(&out, (uint8_t)memory->work);
    assay_writer_u8(&out, (uint8_t)memory->last.kind);
    assay_writer_u32be(&out, memory->last.era);
    assay_writer_u64be(&out, memory->last.epoch);
    assay_writer_u32be(&out, memory->last.seq);
    assay_writer_u16be(&out, memory->last.slot);
    assay_writer_u32be(&out, memory->last.incarnation);
    assay_writer_u32be(&out, memory->incarnation);
    assay_writer_u32be(&out, memory->restarted);
    ASSAY_ASSERT(!out.full && out.len == ASSAY_AGENT_MEMORY_LEN);
}

enum assay_status assay_agent_memory_decode(const uint8_t *bytes, size_t len,
                                            struct assay_agent_memory *memory)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_agent_memory read = { .has_last = true };
    uint8_t version = 0, flags = 0, work = 0, kind = 0;
    ASSAY_TRY(assay_cursor_u8(&in, &version));
    if (version != MEMORY_VERSION) return ASSAY_E_VERSION;
    ASSAY_TRY(assay_cursor_u8(&in, &flags));
    ASSAY_TRY(assay_cursor_u8(&in, &work));
    ASSAY_TRY(assay_cursor_u8(&in, &kind));
    ASSAY_TRY(assay_cursor_u32be(&in, &read.last.era));
    ASSAY_TRY(assay_cursor_u64be(&in, &read.last.epoch));
    ASSAY_TRY(assay_cursor_u32be(&in, &read.last.seq));
    ASSAY_TRY(assay_cursor_u16be(&in, &read.last.slot));
    ASSAY_TRY(assay_cursor_u32be(&in, &read.last.incarnation));
    ASSAY_TRY(assay_cursor_u32be(&in, &read.incarnation));
    ASSAY_TRY(assay_cursor_u32be(&in, &read.restarted));
    ASSAY_TRY(assay_cursor_end(&in));
    if (flags > FLAG_PENDING || kind > ASSAY_ORDER_RELEASE) return ASSAY_E_RANGE;
    if (work < ASSAY_WORK_FULL || work > ASSAY_WORK_SUSPENDED) return ASSAY_E_RANGE;
    if (read.last.incarnation > read.incarnation || read.restarted > read.incarnation)
        return ASSAY_E_RANGE;
    read.pending = flags == FLAG_PENDING;
    read.work = (enum assay_work)work;
    read.last.kind = (enum assay_order_kind)kind;
    *memory = read;
    return ASSAY_OK;
}
