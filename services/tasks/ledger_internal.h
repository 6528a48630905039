/*
 * services/tasks/ledger_internal.h - interface between the files of the task ledger
 * (docs/services.md 6).
 */
#ifndef ASSAY_SERVICES_TASKS_LEDGER_INTERNAL_H
#define ASSAY_SERVICES_TASKS_LEDGER_INTERNAL_H

#include "services/tasks/ledger.h"

/* An account that is removed and created again starts above every number that it can have had: a
 * record signed for it before stays void (docs/services.md 6.2.1). */
struct account {
    uint8_t id[32];
    uint64_t balance;
    uint64_t sequence; /* the next one, of the era of its last record */
    uint64_t used;     /* the epoch of its last change */
};

struct seat {
    enum assay_task_standing standing;
    uint16_t score;
    /* Bit e mod 64: in epoch e, one of the last 64 that closed. So while a member is certified in
     * each, the ledger does not change from epoch to epoch (document.h). */
    uint64_t certified;
    bool offers;
    struct assay_task_offer offer;
};

struct assay_task_ledger {
    uint8_t chain_id[32];
    uint64_t era;   /* of the chain; not in a document */
    uint64_t epoch; /* the current one */
    uint64_t total; /* of the first balances; constant */
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

/* --- ledger.c. find returns NULL when there is none, add NULL when there is no room. A caller that
 * changes the account of find sets `used`. */
struct account *assay_task_account_find(const struct assay_task_ledger *ledger,
                                        const uint8_t id[static 32]);
struct account *assay_task_account_add(struct assay_task_ledger *ledger,
                                       const uint8_t id[static 32]);
/* Returns: the number of its next record. */
uint64_t assay_task_account_number(const struct assay_task_ledger *ledger,
                                   const struct account *account);
struct assay_task_row *assay_task_row_find(const struct assay_task_ledger *ledger,
                                           const uint8_t task[static 32]);
struct assay_task_fact *assay_task_fact_add(struct assay_task_facts *facts,
                                            enum assay_task_fact_kind kind,
                                            const struct assay_task_row *row);
/* Returns the locked amount to the requestor and ends the task. Returns: that amount. */
uint64_t assay_task_row_end(struct assay_task_ledger *ledger, struct assay_task_row *row,
                            enum assay_task_end end);
/* Checks every invariant, the sum of all balances and locked amounts first. Returns: whether all
 * are met. */
bool assay_task_ledger_is_valid(const struct assay_task_ledger *ledger);
/* Whether the member offers the program for at most that price. */
bool assay_task_offer_matches(const struct seat *seat, const uint8_t code[static 32],
                              uint64_t price_max);
/* Returns: the number of epochs' rent that an OPEN locks. */
uint8_t assay_task_rent_epochs(uint64_t opened, uint64_t deadline);

#endif
