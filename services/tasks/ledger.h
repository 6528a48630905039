/*
 * services/tasks/ledger.h - ledger state of tasks (docs/services.md 6.2 to 6.9): accounts, offers,
 * tasks and payments.
 *
 * A pure fold in the order of the chain. A record without effect changes nothing and has a result
 * with the reason; it never invalidates a block. Balances and locked amounts add up to the first
 * balances after every record (asserted). Signatures are verified before a record is in a block
 * (records.h), not here. Changes are returned as facts.
 *
 * Memory is the caller's, one block; nothing is allocated after init. Not thread-safe.
 */
#ifndef ASSAY_SERVICES_TASKS_LEDGER_H
#define ASSAY_SERVICES_TASKS_LEDGER_H

#include "services/tasks/records.h"

enum {
    ASSAY_TASK_FACTS_MAX = 2,      /* of a record */
    ASSAY_TASK_CLOSED_EPOCHS = 64, /* closed epochs that are recorded of a member */
    ASSAY_TASK_WAITING_EPOCHS = 4, /* an OPEN that is not accepted ends after that many */
    ASSAY_TASK_QUIET_EPOCHS = 4,   /* closes without a claim, after which one side may release the
                                    * task, */
    ASSAY_TASK_LEAVING_EPOCHS = 4, /* and closes from then on, the last of which ends it */
    ASSAY_TASK_QUOTA_PARTS = 64,   /* of the table: limit of one account's open tasks, */
    ASSAY_TASK_QUOTA_MIN = 2,      /* or that many, where that is more */
    ASSAY_TASK_IDLE_EPOCHS = 4096, /* an empty, unused account is removed then */
};

struct assay_task_balance {
    uint8_t account[32];
    uint64_t amount;
};

struct assay_task_ledger_config {
    uint8_t chain_id[32];
    uint32_t accounts_max;                     /* 1 to ASSAY_TASK_ACCOUNTS_MAX */
    uint32_t tasks_max;                        /* 1 to ASSAY_TASK_TASKS_MAX */
    uint32_t slots_max;                        /* 1 to ASSAY_TASK_SLOTS_MAX */
    uint64_t epoch;                            /* the first current one */
    const struct assay_task_balance *balances; /* first balances; read by init alone */
    uint32_t balance_count;
};

/* Of a member, at the close of an epoch. */
struct assay_task_member {
    enum assay_task_standing standing;
    uint16_t score;
    bool certified; /* its evidence was certified in the closing epoch */
    bool failed;    /* it failed its integrity check in that epoch */
    bool renewed;   /* another member has the slot now: the previous one's state is cleared */
};

/* In documents, hence never reused. */
enum assay_task_end {
    ASSAY_TASK_END_NONE = 0,   /* it runs */
    ASSAY_TASK_END_PAID = 1,   /* every step was paid */
    ASSAY_TASK_END_CLOSED = 2, /* by its requestor, or the named executor was gone before it
                                * accepted */
    ASSAY_TASK_END_DEADLINE = 3,
    ASSAY_TASK_END_RELEASED = 4, /* no claim came, and one side released it, or the rent was used
                                  * up */
};

enum assay_task_fact_kind {
    ASSAY_TASK_OPENED,      /* executor: new work. amount: locked */
    ASSAY_TASK_ACCEPTED,    /* requestor: key is the task key */
    ASSAY_TASK_PAID,        /* up to step; opening; amount: of this claim */
    ASSAY_TASK_ENDED,       /* amount: returned */
    ASSAY_TASK_FAILED,      /* the executor failed its integrity check: no further payment */
    ASSAY_TASK_UNCERTIFIED, /* the executor was not certified in the closed epoch */
    ASSAY_TASK_RELEASED,    /* vouched steps must be claimed within `closes` */
};

struct assay_task_fact {
    enum assay_task_fact_kind kind;
    uint8_t task[32];
    uint32_t executor;
    uint32_t step;
    uint32_t closes;
    uint64_t amount;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t opening[32];
    enum assay_task_end end;
};

struct assay_task_facts {
    uint32_t count;
    struct assay_task_fact fact[ASSAY_TASK_FACTS_MAX];
};

enum assay_task_result {
    ASSAY_TASK_APPLIED,
    ASSAY_TASK_SAME,        /* no change */
    ASSAY_TASK_NOT_HERE,    /* a slot without a member */
    ASSAY_TASK_NO_ACCOUNT,  /* the key has none */
    ASSAY_TASK_SEQUENCE,    /* another record of the account used that number, or it is ahead */
    ASSAY_TASK_LOW_BALANCE, /* the balance is lower */
    ASSAY_TASK_NO_ROOM,     /* no room for another account or task */
    ASSAY_TASK_OVERFLOW,    /* price x steps and rent is no amount */
    ASSAY_TASK_NO_OFFER,    /* the executor does not run this program at this price and rent */
    ASSAY_TASK_STANDING,    /* the executor's standing is below the terms */
    ASSAY_TASK_DEADLINE,    /* past, or too near or far */
    ASSAY_TASK_UNKNOWN,     /* no such task */
    ASSAY_TASK_OTHER_SLOT,  /* not the executor of the terms */
    ASSAY_TASK_TAKEN,       /* accepted with another key */
    ASSAY_TASK_NOT_TAKEN,   /* not accepted */
    ASSAY_TASK_WRONG_KEY,   /* another task or account key than on the ledger */
    ASSAY_TASK_CHANGED,     /* receipt and voucher, or receipt and terms, do not match */
    ASSAY_TASK_LOCK,        /* the key does not open the lock of both */
    ASSAY_TASK_STEP,        /* not above the paid steps, or beyond the terms */
    ASSAY_TASK_INTEGRITY,   /* the executor failed its integrity check since it accepted */
    ASSAY_TASK_UNPROVEN,    /* a receipt of an epoch in which the executor was not certified */
    ASSAY_TASK_EARLY,       /* the receipt's epoch has not closed; the task may still be claimed, or
                            * was recently */
    ASSAY_TASK_GONE,        /* it ended before */
    ASSAY_TASK_QUOTA,       /* the account has the maximum number of open tasks */
};

/* State of one task; read by hosts, owned by the ledger. */
struct assay_task_row {
    uint8_t task[32];
    uint8_t requestor[32];              /* account */
    uint8_t payee[32];                  /* account; zeros until accepted */
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* task key; zeros until accepted */
    uint8_t input[32];
    uint32_t executor;
    uint64_t price;
    uint64_t hold;
    uint32_t steps; /* 0: the row is free */
    uint32_t paid;  /* steps */
    uint64_t locked;
    uint64_t opened; /* the current epoch */
    uint64_t deadline;
    enum assay_task_standing min_standing;
    bool accepted;
    bool failed;
    uint8_t rent;    /* epochs whose hold is still locked */
    uint8_t quiet;   /* closes since ACCEPT, the last claim or the failure, up to STEP_EPOCHS */
    uint8_t leaving; /* closes up to the end, after RELEASE; 0: not released */
    enum assay_task_end end;
};

struct assay_task_ledger;

/* Returns: bytes that init needs for these limits (asserted: within their ranges). */
size_t assay_task_ledger_size(uint32_t accounts_max, uint32_t tasks_max, uint32_t slots_max);
/*
 * assay_task_ledger_init - accounts of the genesis, no offers, no tasks.
 * In:      memory: memory_len >= assay_task_ledger_size (asserted), aligned for any object
 * Out:     *ledger: in memory, for as long as that exists; written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (the balances do not add up in 64 bits) | ASSAY_E_DUPLICATE (an
 *          account twice) | ASSAY_E_FULL (more than accounts_max)
 */
ASSAY_CHECKED enum assay_status assay_task_ledger_init(
    void *memory, size_t memory_len, const struct assay_task_ledger_config *config,
    struct assay_task_ledger **ledger);

/* Sets the chain's current era; it is in no document, so it is also called after each start. */
void assay_task_ledger_set_era(struct assay_task_ledger *ledger, uint64_t era);
/* Copies a ledger, as the base of a branch. In: to, of init with the same limits (asserted). */
void assay_task_ledger_copy(struct assay_task_ledger *to, const struct assay_task_ledger *from);

/* Applies TRANSFER. Returns: APPLIED | NO_ACCOUNT | SEQUENCE | POOR | NO_ROOM */
enum assay_task_result assay_task_ledger_apply_transfer(struct assay_task_ledger *ledger,
                                                        const struct assay_task_transfer *record,
                                                        struct assay_task_facts *facts);
/* Applies OFFER of the member in a slot. Returns: APPLIED | SAME | NOT_HERE */
enum assay_task_result assay_task_ledger_apply_offer(struct assay_task_ledger *ledger,
                                                     uint32_t slot,
                                                     const struct assay_task_offer *record,
                                                     struct assay_task_facts *facts);
/* The amount that an OPEN locks when it applies in epoch `now`, before its deadline (asserted): its
 * steps, and rent for the epochs up to and with the deadline, at most ASSAY_TASK_RENT_EPOCHS.
 * Returns: ASSAY_OK | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_task_open_amount(const struct assay_task_open *record,
                                                       uint64_t now, uint64_t *amount);
/* Applies OPEN: locks price x steps, and the rent of its epochs. Returns: APPLIED and OPENED |
 * NO_ACCOUNT | SEQUENCE | DEADLINE | NOT_HERE | NO_OFFER | STANDING | OVERFLOW | POOR | QUOTA |
 * NO_ROOM */
enum assay_task_result assay_task_ledger_apply_open(struct assay_task_ledger *ledger,
                                                    const struct assay_task_open *record,
                                                    struct assay_task_facts *facts);
/* Applies ACCEPT of the member in a slot. Returns: APPLIED and ACCEPTED | SAME | UNKNOWN | GONE |
 * OTHER_SLOT | TAKEN | DEADLINE | STANDING | NO_ROOM (for the payee's account) */
enum assay_task_result assay_task_ledger_apply_accept(struct assay_task_ledger *ledger,
                                                      uint32_t slot,
                                                      const struct assay_task_accept *record,
                                                      struct assay_task_facts *facts);
/* Applies CLAIM of the member in a slot: pays (step - paid) x price. Returns: APPLIED, PAID and,
 * when that was the last step, ENDED | UNKNOWN | DEADLINE | GONE | OTHER_SLOT | NOT_TAKEN |
 * WRONG_KEY | CHANGED | LOCK | STEP | INTEGRITY | EARLY | UNPROVEN */
enum assay_task_result assay_task_ledger_apply_claim(struct assay_task_ledger *ledger,
                                                     uint32_t slot,
                                                     const struct assay_task_claim *record,
                                                     struct assay_task_facts *facts);
/* Applies CLOSE: returns the remaining amount. Before the deadline only while no claim can be
 * valid. Returns: APPLIED and ENDED | UNKNOWN | GONE | WRONG_KEY | EARLY */
enum assay_task_result assay_task_ledger_apply_close(struct assay_task_ledger *ledger,
                                                     const struct assay_task_close *record,
                                                     struct assay_task_facts *facts);
/* Applies RELEASE, signed by the requestor, or of the member in a slot: the task ends some closes
 * later, and accepts claims until then. Returns: APPLIED and RELEASED | SAME | UNKNOWN | GONE |
 * WRONG_KEY | OTHER_SLOT | NOT_TAKEN | CHANGED (a claim came since it was made) | EARLY */
enum assay_task_result assay_task_ledger_apply_release(struct assay_task_ledger *ledger,
                                                       uint32_t slot,
                                                       const struct assay_task_release *record,
                                                       struct assay_task_facts *facts);
/*
 * assay_task_ledger_close_epoch - closes an epoch, and `epoch` starts: rent is paid, tasks end that
 * are past their deadline, released, or out of rent, and accounts are removed that are empty, idle,
 * and used by no running task.
 * In:      epoch: above the previous one (asserted). member[count] by slot, count <= slots_max
 *          (asserted); the others are NONE. fact[fact_max], fact_max >= tasks_max (asserted)
 * Returns: the number of facts: ENDED, FAILED or UNCERTIFIED, at most one per task
 */
uint32_t assay_task_ledger_close_epoch(struct assay_task_ledger *ledger, uint64_t epoch,
                                       const struct assay_task_member *member, uint32_t count,
                                       struct assay_task_fact *fact, uint32_t fact_max);

/* Sets the standings of the last close in a ledger decoded from its document: `epoch` is current,
 * and certified epochs are in the document. In: as above. */
void assay_task_ledger_set_standing(struct assay_task_ledger *ledger, uint64_t epoch,
                                    const struct assay_task_member *member, uint32_t count);

/*
 * assay_task_ledger_choose - selects an executor: of the offers with this program, for at most
 * price_max, of members not below min_standing, the highest score, then the lowest price, then the
 * lowest slot.
 * In:      hold_max: rent of an epoch; 0: at most the lowest of the offer's price
 * Returns: the slot; ASSAY_TASK_SLOTS_MAX when there is none
 */
uint32_t assay_task_ledger_choose(const struct assay_task_ledger *ledger,
                                  const uint8_t code[static 32], uint64_t price_max,
                                  uint64_t hold_max, enum assay_task_standing min_standing);
/* In: hold_max: as above. Returns: whether the rent of an offer is within it. */
bool assay_task_offer_holds(const struct assay_task_offer *offer, uint64_t hold_max);
/* Returns: the offer of a slot, borrowed until the next record; NULL when there is none. */
const struct assay_task_offer *assay_task_ledger_find_offer(const struct assay_task_ledger *ledger,
                                                            uint32_t slot);
/* Returns: the task, borrowed until the next record; NULL when it is not in the table. */
const struct assay_task_row *assay_task_ledger_find_task(const struct assay_task_ledger *ledger,
                                                         const uint8_t task[static 32]);
/* Out: *balance, *sequence (of its next record). Returns: false when there is no such account. */
bool assay_task_ledger_get_balance(const struct assay_task_ledger *ledger,
                                   const uint8_t account[static 32], uint64_t *balance,
                                   uint64_t *sequence);
/* Iterates over the tasks. In: *at: 0 at first. Returns: the next, borrowed until the next record;
 * NULL: there is none */
const struct assay_task_row *assay_task_ledger_next_task(const struct assay_task_ledger *ledger,
                                                         uint32_t *at);
/* Out: *accounts: their number; *total: all balances and locked amounts, *locked: the amounts
 * locked by tasks. */
void assay_task_ledger_get_sums(const struct assay_task_ledger *ledger, uint32_t *accounts,
                                uint64_t *total, uint64_t *locked);
/* Returns: the current epoch. */
uint64_t assay_task_ledger_get_epoch(const struct assay_task_ledger *ledger);
/* Asserts every invariant, the sum of all balances and locked amounts first. */
void assay_task_ledger_check(const struct assay_task_ledger *ledger);

#endif
