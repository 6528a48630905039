/*
 * enforce/decide.h - order decisions of the agent from its durable state (docs/protocol.md 10.2,
 * 10.3).
 *
 * Pure: memory and order in, decision out. The engine re-derives orders while their cause stands,
 * so most orders ask for what is already so.
 */
#ifndef ASSAY_ENFORCE_DECIDE_H
#define ASSAY_ENFORCE_DECIDE_H

#include "enforce/driver.h"
#include "engine/messages/effect.h"

/* What survives a crash: written before an order is carried out, and after. */
struct assay_agent_memory {
    bool has_last;           /* an order was taken up */
    struct assay_order last; /* the newest one that was */
    bool pending;            /* it was begun and its outcome is not recorded */
    uint32_t incarnation;    /* the highest that an order named, in the era of the last one */
    uint32_t restarted;      /* incarnation whose RESTART was executed in that era; 0: none */
    enum assay_work work;    /* what the enclave may do */
};

enum assay_agent_action {
    ASSAY_AGENT_DONE_BEFORE, /* taken up already, or older than the last one that was */
    ASSAY_AGENT_VOID,        /* for an incarnation that is no more */
    ASSAY_AGENT_SAME,        /* what it asks for is so, or under way */
    ASSAY_AGENT_LATER,       /* a restart is under way: the engine will say it again */
    ASSAY_AGENT_SET_WORK,
    ASSAY_AGENT_RESTART,
};

struct assay_agent_decision {
    enum assay_agent_action action;
    enum assay_work work; /* of SET_WORK and RESTART */
};

/* What an agent remembers that was never given an order. Returns: the memory. */
struct assay_agent_memory assay_agent_memory_none(void);
/* Order of (era, epoch, seq). Returns: <0, 0, >0. */
int assay_enforce_order_compare(const struct assay_order *a, const struct assay_order *b);
/* Returns: what to do about order. */
struct assay_agent_decision assay_agent_decide(const struct assay_agent_memory *memory,
                                               const struct assay_order *order);
/* Returns: the memory while order is carried out. decision is SET_WORK or RESTART (asserted). */
struct assay_agent_memory assay_agent_begin_order(const struct assay_agent_memory *memory,
                                                  const struct assay_order *order,
                                                  struct assay_agent_decision decision);
/* Returns: the memory when it is done. Something is pending (asserted). */
struct assay_agent_memory assay_agent_finish_order(const struct assay_agent_memory *memory);
/* Returns: the incarnation that a RESTART ended and for which no successor is known; 0: none. */
uint32_t assay_agent_ended_incarnation(const struct assay_agent_memory *memory);

enum { ASSAY_AGENT_MEMORY_LEN = 34 };

/* Encodes the durable state of the agent. */
void assay_agent_memory_encode(const struct assay_agent_memory *memory,
                               uint8_t bytes[static ASSAY_AGENT_MEMORY_LEN]);
/* Returns: ASSAY_OK | ASSAY_E_VERSION | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_agent_memory_decode(const uint8_t *bytes, size_t len,
                                                          struct assay_agent_memory *memory);

#endif
