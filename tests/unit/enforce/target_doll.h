/*
 * tests/unit/enforce/target_doll.h - fixture of a target made of strings, with the driver and the
 * agent that execute orders on it.
 */
#ifndef ASSAY_TESTS_UNIT_ENFORCE_TARGET_DOLL_H
#define ASSAY_TESTS_UNIT_ENFORCE_TARGET_DOLL_H

#include "enforce/agent.h"
#include "enforce/target.h"
#include "engine/store/store_memory.h"

/* A thing that is what it was last told to be, unless the test says otherwise. */
struct doll {
    struct assay_target base;
    enum assay_target_state state;
    enum assay_target_verb verb;
    bool acting, hangs;
    enum assay_status begin_says, step_says;
    enum assay_target_verb fails; /* this one alone; INSPECT: none */
    char acts[512];               /* every act that was begun, in order: "look start ..." */
    unsigned starts, stops, abandoned;
    bool held;
    struct assay_order stopped_for; /* the order of the last stop; epoch 0: none */
};

extern struct doll doll;
extern bool doll_open;
extern struct assay_driver *driver;
extern struct assay_agent *agent;
extern struct assay_store *store;
extern uint64_t now_ms;
extern const struct assay_target_ops seeing, blind;
extern struct assay_target_config settings;
extern struct assay_agent_config agent_settings;

/* The driver and the agent, without any order. */
void open_unordered(void);
void give(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation);
/* What a member that was never suspended is ordered after each close. */
void open_all(void);
void close_all(void);
void set_up(void);
void tear_down(void);
void step_for(uint64_t ms);
/* The daemon is killed; what it drove goes on. */
void crash(void);
/* Returns: how many events of that kind were waiting. Out: last: the last one; may be NULL. */
unsigned take(enum assay_agent_event_kind kind, struct assay_agent_event *last);

#endif
