/*
 * tests/unit/enforce/agent_victim.c - agent process that the crash tests kill at any point.
 *
 * usage: agent_victim STORE DISK_AT ACT_AT
 *
 * Gives the agent RESTRICT and RESTART for incarnation 1 again and again, as the engine does while
 * their causes stand, and says on stdout what happens. The DISK_AT-th change of the disk, or the
 * ACT_AT-th point before or after an act of the driver (from 1; 0: never), ends it by SIGKILL.
 */
#include "enforce/agent.h"
#include "engine/store/store_sqlite.h"
#include "tests/unit/enforce/scripted_driver.h"
#include "tests/unit/store/sqlite_faults.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t act_at;

static void say(const char *what, unsigned number)
{
    printf("%s %u\n", what, number);
    fflush(stdout);
}

static void watch(const char *act)
{
    if (act_at == 1) raise(SIGKILL);
    if (act_at > 1) act_at--;
    say(act, 0);
}

static void report(struct assay_agent *agent)
{
    struct assay_agent_event event;
    while (assay_agent_next(agent, &event)) {
        if (event.kind == ASSAY_AGENT_OUTCOME) say("outcome", (unsigned)event.order.kind);
        if (event.kind == ASSAY_AGENT_REBUILT) say("rebuilt", event.ended_incarnation);
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    struct assay_store *store = NULL;
    struct assay_agent *agent = NULL;
    struct scripted scripted;
    char message[ASSAY_STORE_MESSAGE_LEN];
    scripted_init(&scripted);
    scripted.watch = watch;
    sqlite_faults_install();
    if (assay_store_sqlite_open(argv[1], &store, message, sizeof message) != ASSAY_OK) return 3;
    sqlite_faults_plan(SQLITE_FAULT_KILL, strtoull(argv[2], NULL, 10), false);
    act_at = strtoull(argv[3], NULL, 10);
    const struct assay_agent_config config = { .store = store, .driver = &scripted.base };
    if (assay_agent_open(&config, &agent) != ASSAY_OK) return 4;
    say("restarted", assay_agent_get_memory(agent)->restarted);
    for (uint64_t now_ms = 1000; now_ms < 1600; now_ms += 10) {
        const uint64_t epoch = now_ms / 100;
        struct assay_order order = { .kind = ASSAY_ORDER_RESTRICT,
                                     .epoch = epoch,
                                     .incarnation = 1 };
        if (now_ms >= 1200) order.kind = ASSAY_ORDER_RESTART;
        scripted.slow_to_stop = now_ms < 1400; /* intent, act and outcome lie apart */
        if (assay_agent_order(agent, &order, now_ms) != ASSAY_OK) return 5;
        assay_agent_step(agent, now_ms);
        report(agent);
    }
    say("end", assay_agent_get_memory(agent)->restarted);
    assay_agent_close(&agent);
    assay_store_close(&store);
    return 0;
}
