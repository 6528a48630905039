/*
 * services/tasks/ledger_internal.h - the parts of the fold (docs/services.md 6).
 */
#ifndef ASSAY_SERVICES_TASKS_LEDGER_INTERNAL_H
#define ASSAY_SERVICES_TASKS_LEDGER_INTERNAL_H

#include "services/tasks/ledger.h"

/* One that is removed and made again begins behind every number that it can have had: no record
 * that was signed for it before is of use again (docs/services.md 6.2.1). */
struct account {
    uint8_t id[32];
    uint64_t balance;
    uint64_t sequence; /* the next */
    uint64_t used;     /* the epoch in which something of it changed last */
};

struct seat {
    enum assay_task_standing standing;
    uint16_t score;
    /* Bit e mod 64: in epoch e, one of the last 64 that closed. So while a member is certified in
     * each, the ledger stays the same from epoch to epoch (document.h). */
    uint64_t certified;
    bool offers;
    struct assay_task_offer offer;
};

struct assay_task_ledger {
    uint8_t chain_id[32];
    uint64_t era;   /* of the chain; in no document */
    uint64_t epoch; /* that runs */
    uint64_t total; /* of the first balances, for ever */
    uint32_t accounts_max, tasks_max, slots_max;
    uint32_t account_count;
    struct account *account; /* strictly ascending by id */
    struct seat *seat;       /* by slot */
    struct assay_task_row *row;
};

/* Of `certified`. Returns: one bit. */
static inline uint64_t assay_task_epoch_bit(uint64_t epoch)
{
    return UINT64_C(1) << epoch % ASSAY_TASK_CLOSED_EPOCHS;
}

/* --- ledger.c. find Returns: NULL when there is none; need: NULL when there is no room.
 * Whoever finds one to change it says so by `need` or by setting used. */
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
/* Every invariant, the sum of all balances and locked amounts first. Returns: whether it holds. */
bool assay_task_ledger_is_sound(const struct assay_task_ledger *ledger);
/* Whether the member offers the program for at most that price. */
bool assay_task_offer_fits(const struct seat *seat, const uint8_t code[static 32],
                           uint64_t price_max);
/* Returns: how many epochs' rent an OPEN locks. */
uint8_t assay_task_rent_epochs(uint64_t opened, uint64_t deadline);

#endif
