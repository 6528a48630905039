/*
 * services/tasks/ledger_internal.h - the parts of the fold (docs/services.md 6).
 */
#ifndef ASSAY_SERVICES_TASKS_LEDGER_INTERNAL_H
#define ASSAY_SERVICES_TASKS_LEDGER_INTERNAL_H

#include "services/tasks/ledger.h"

/* Never removed: its sequence keeps signed records from being used again. */
struct account {
    uint8_t id[32];
    uint64_t balance;
    uint64_t sequence; /* the next */
};

struct seat {
    enum assay_task_standing standing;
    uint16_t score;
    uint64_t certified; /* bit k: in the epoch k + 1 before the one that runs */
    bool offers;
    struct assay_task_offer offer;
};

struct assay_task_ledger {
    uint8_t chain_id[32];
    uint64_t epoch; /* that runs */
    uint64_t total; /* of the first balances, for ever */
    uint32_t accounts_max, tasks_max, slots_max;
    uint32_t account_count;
    struct account *account; /* strictly ascending by id */
    struct seat *seat;       /* by slot */
    struct assay_task_row *row;
};

/* --- ledger.c. find Returns: NULL when there is none; need: NULL when there is no room. */
struct account *assay_task_account_find(const struct assay_task_ledger *ledger,
                                        const uint8_t id[static 32]);
struct account *assay_task_account_need(struct assay_task_ledger *ledger,
                                        const uint8_t id[static 32]);
struct assay_task_row *assay_task_row_find(const struct assay_task_ledger *ledger,
                                           const uint8_t task[static 32]);
struct assay_task_fact *assay_task_fact_add(struct assay_task_facts *facts,
                                            enum assay_task_fact_kind kind,
                                            const struct assay_task_row *row);
/* What is locked goes back, and the task has ended. Returns: what went back. */
uint64_t assay_task_row_end(struct assay_task_ledger *ledger, struct assay_task_row *row,
                            enum assay_task_end end);
/* Whether the member offers the program for at most that price. */
bool assay_task_offer_fits(const struct seat *seat, const uint8_t code[static 32],
                           uint64_t price_max);

#endif
