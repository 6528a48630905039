/*
 * apps/enclave/targets.h - enforcement targets in addition to the enclave: an agent and a driver
 * for each target of the configuration, and the manual hold over all of them (docs/enforcement.md).
 */
#ifndef ASSAY_APPS_ENCLAVE_TARGETS_H
#define ASSAY_APPS_ENCLAVE_TARGETS_H

#include "apps/config.h"
#include "enforce/agent.h"
#include "net/runtime/runtime.h"

struct assay_targets;

/* Borrowed for the life of the targets. */
struct assay_targets_config {
    const struct assay_config_enforcement *enforcement;
    struct assay_store *store;
    struct assay_journal *journal;
    struct assay_hook_runs *hook_runs; /* outlives the targets: of those before, too */
    const uint8_t *node_id;            /* [32] */
    bool keep_unopened; /* one that cannot be opened fails each order; the others work */
};

/*
 * assay_targets_check - read what an open reads and an operator may have got wrong: the keys of
 * webhooks. Nothing is opened.
 * Returns: as assay_targets_open; message: the reason of a failure
 */
ASSAY_CHECKED enum assay_status assay_targets_check(
    const struct assay_config_enforcement *enforcement,
    char message[static ASSAY_RUNTIME_MESSAGE_LEN]);

/* message: the reason of a failure. Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_IO |
 * ASSAY_E_INVALID (a key that others may read) | ASSAY_E_STORE | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_targets_open(const struct assay_targets_config *config,
                                                   struct assay_targets **out,
                                                   char message[static ASSAY_RUNTIME_MESSAGE_LEN]);
/* To every target. Returns: ASSAY_OK | ASSAY_E_STORE (one of them could not persist it) */
ASSAY_CHECKED enum assay_status assay_targets_order(struct assay_targets *targets,
                                                    const struct assay_order *order,
                                                    uint64_t now_ms);
/* Returns: whether all are open; false only with keep_unopened. */
bool assay_targets_are_open(const struct assay_targets *targets);
/* Returns: whether assay_agent_is_suspending is true of one. */
bool assay_targets_are_suspending(const struct assay_targets *targets);
/* Returns: the longest action_ms of those; 0: of none, or their default. */
uint32_t assay_targets_suspending_action_ms(const struct assay_targets *targets);
/* Logs those as targets that run on. */
void assay_targets_report_suspending(const struct assay_targets *targets);
void assay_targets_hold(struct assay_targets *targets, bool held, uint64_t now_ms);
/* Steps all, and logs the events. */
void assay_targets_step(struct assay_targets *targets, uint64_t now_ms);
/* Returns: the time at which step must be called at the latest; UINT64_MAX: never. */
uint64_t assay_targets_wake_at(struct assay_targets *targets);
/* Returns: how many were written to views[capacity]. */
size_t assay_targets_inspect(const struct assay_targets *targets,
                             struct assay_enforcement_target *views, size_t capacity);
/* Targets keep their state. Accepts a pointer to NULL; sets it to NULL. */
void assay_targets_close(struct assay_targets **targets);

#endif
