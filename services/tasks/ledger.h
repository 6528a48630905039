/*
 * services/tasks/ledger.h - what the ledger makes of records of tasks (docs/services.md 6.2 to
 * 6.9): accounts, offers, tasks and who is paid.
 *
 * A pure fold in the order of the chain. A record that means nothing changes nothing and has a
 * result that says why; it never makes a block invalid. Balances and locked amounts add up to the
 * first balances after every record (asserted). Signatures inside are verified before a record goes
 * into a block (records.h), not here. What changes is told as facts.
 *
 * Memory is the caller's, one block; nothing is allocated after init. The fold is not shared
 * between threads.
 */
#ifndef ASSAY_SERVICES_TASKS_LEDGER_H
#define ASSAY_SERVICES_TASKS_LEDGER_H

#include "services/tasks/records.h"

enum {
    ASSAY_TASK_FACTS_MAX = 2,      /* of a record */
    ASSAY_TASK_CLOSED_EPOCHS = 64, /* how many closed epochs are remembered of a member */
    ASSAY_TASK_WAITING_EPOCHS = 4, /* an OPEN that nobody accepts ends after so many */
    ASSAY_TASK_QUIET_EPOCHS = 4,   /* closes without a claim, after which one side may leave, */
    ASSAY_TASK_LEAVING_EPOCHS = 4, /* and closes from then on, the last of which ends the task */
    ASSAY_TASK_QUOTA_PARTS = 64,   /* of the table: what one account may have open at a time, */
    ASSAY_TASK_QUOTA_MIN = 2,      /* or so many, where that is more */
    ASSAY_TASK_IDLE_EPOCHS = 4096, /* an empty account of which nobody says anything goes then */
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
    uint64_t epoch;                            /* the one that runs first */
    const struct assay_task_balance *balances; /* first balances; read by init alone */
    uint32_t balance_count;
};

/* Of a member, when an epoch closes. */
struct assay_task_member {
    enum assay_task_standing standing;
    uint16_t score;
    bool certified; /* its evidence of the epoch that closed was found good */
    bool failed;    /* its integrity fell in it */
    bool renewed;   /* another member has the slot now: nothing here is of who had it */
};

/* In documents, hence never reused. */
enum assay_task_end {
    ASSAY_TASK_END_NONE = 0,   /* it runs */
    ASSAY_TASK_END_PAID = 1,   /* every step was */
    ASSAY_TASK_END_CLOSED = 2, /* by its requestor, or whom it names was gone before it accepted */
    ASSAY_TASK_END_DEADLINE = 3,
    ASSAY_TASK_END_RELEASED = 4, /* no claim came, and one side said so, or the rent was used up */
};

enum assay_task_fact_kind {
    ASSAY_TASK_OPENED,      /* executor: here is work. amount: locked */
    ASSAY_TASK_ACCEPTED,    /* requestor: key is the task key */
    ASSAY_TASK_PAID,        /* up to step; opening; amount: of this claim */
    ASSAY_TASK_ENDED,       /* amount: what went back */
    ASSAY_TASK_FAILED,      /* the executor's integrity fell: nothing will be paid any more */
    ASSAY_TASK_UNCERTIFIED, /* the executor was not certified in the epoch that closed */
    ASSAY_TASK_RELEASED,    /* what is vouched for has to be claimed before `closes` are over */
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
    ASSAY_TASK_SAME,       /* it stood already */
    ASSAY_TASK_NOT_HERE,   /* a slot where no member sits */
    ASSAY_TASK_NO_ACCOUNT, /* the key has none */
    ASSAY_TASK_SEQUENCE,   /* another record of the account took that number, or none led to it */
    ASSAY_TASK_POOR,       /* the balance is lower */
    ASSAY_TASK_NO_ROOM,    /* no room for another account or task */
    ASSAY_TASK_OVERFLOW,   /* price x steps and rent is no amount */
    ASSAY_TASK_NO_OFFER,   /* the executor does not run this program at this price and rent */
    ASSAY_TASK_STANDING,   /* the executor stands below what the terms ask */
    ASSAY_TASK_DEADLINE,   /* past, or too near or far */
    ASSAY_TASK_UNKNOWN,    /* no such task */
    ASSAY_TASK_OTHER_SLOT, /* not the executor of the terms */
    ASSAY_TASK_TAKEN,      /* accepted with another key */
    ASSAY_TASK_NOT_TAKEN,  /* not accepted */
    ASSAY_TASK_WRONG_KEY,  /* another task or account key than the ledger knows */
    ASSAY_TASK_CHANGED,    /* receipt and voucher, or receipt and terms, do not belong together */
    ASSAY_TASK_LOCK,       /* the key does not open the lock of both */
    ASSAY_TASK_STEP,       /* not above what was paid, or beyond the terms */
    ASSAY_TASK_INTEGRITY,  /* the executor's fell since it accepted */
    ASSAY_TASK_UNPROVEN,   /* a receipt of an epoch in which the executor was not certified */
    ASSAY_TASK_EARLY,      /* the receipt's epoch has not closed; the task may still be claimed,
                              or was not long ago */
    ASSAY_TASK_GONE,       /* it ended before */
    ASSAY_TASK_QUOTA,      /* the account has as many tasks open as one may */
};

/* What is known of one task; read by hosts, owned by the ledger. */
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
    uint64_t opened; /* the epoch that ran */
    uint64_t deadline;
    enum assay_task_standing min_standing;
    bool accepted;
    bool failed;
    uint8_t rent;    /* epochs whose hold is locked still */
    uint8_t quiet;   /* closes since ACCEPT, the last claim or the fall, up to STEP_EPOCHS */
    uint8_t leaving; /* closes up to the end, after RELEASE; 0: nobody leaves */
    enum assay_task_end end;
};

struct assay_task_ledger;

/* Returns: bytes that init needs for these limits (asserted: within their ranges). */
size_t assay_task_ledger_size(uint32_t accounts_max, uint32_t tasks_max, uint32_t slots_max);
/*
 * assay_task_ledger_init - accounts as genesis gives them, no offer, no task.
 * In:      memory: memory_len >= assay_task_ledger_size (asserted), aligned for any object
 * Out:     *ledger: in memory, for as long as that lives; written only on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (the balances do not add up in 64 bits) | ASSAY_E_DUPLICATE (an
 *          account twice) | ASSAY_E_FULL (more than accounts_max)
 */
ASSAY_CHECKED enum assay_status assay_task_ledger_init(
    void *memory, size_t memory_len, const struct assay_task_ledger_config *config,
    struct assay_task_ledger **ledger);

/* The era of the chain from now on; in no document, hence told after each start as well. Returns:
 * nothing. */
void assay_task_ledger_enter(struct assay_task_ledger *ledger, uint64_t era);
/* A branch is folded onto a copy. In: to, of init with the same limits (asserted). Returns:
 * nothing. */
void assay_task_ledger_copy(struct assay_task_ledger *to, const struct assay_task_ledger *from);

/* TRANSFER. Returns: APPLIED | NO_ACCOUNT | SEQUENCE | POOR | NO_ROOM */
enum assay_task_result assay_task_ledger_transfer(struct assay_task_ledger *ledger,
                                                  const struct assay_task_transfer *record,
                                                  struct assay_task_facts *facts);
/* OFFER of the member in a slot. Returns: APPLIED | SAME | NOT_HERE */
enum assay_task_result assay_task_ledger_offer(struct assay_task_ledger *ledger, uint32_t slot,
                                               const struct assay_task_offer *record,
                                               struct assay_task_facts *facts);
/* What an OPEN locks when it applies in epoch `now`, before its deadline (asserted): its steps, and
 * rent for the epochs up to and with the deadline, at most ASSAY_TASK_RENT_EPOCHS. Returns:
 * ASSAY_OK | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_task_open_amount(const struct assay_task_open *record,
                                                       uint64_t now, uint64_t *amount);
/* OPEN: locks price x steps, and the rent of its epochs. Returns: APPLIED and OPENED | NO_ACCOUNT |
 * SEQUENCE | DEADLINE | NOT_HERE | NO_OFFER | STANDING | OVERFLOW | POOR | QUOTA | NO_ROOM */
enum assay_task_result assay_task_ledger_open(struct assay_task_ledger *ledger,
                                              const struct assay_task_open *record,
                                              struct assay_task_facts *facts);
/* ACCEPT of the member in a slot. Returns: APPLIED and ACCEPTED | SAME | UNKNOWN | GONE |
 * OTHER_SLOT | TAKEN | DEADLINE | STANDING | NO_ROOM (for the account that is to be paid) */
enum assay_task_result assay_task_ledger_accept(struct assay_task_ledger *ledger, uint32_t slot,
                                                const struct assay_task_accept *record,
                                                struct assay_task_facts *facts);
/* CLAIM, submitted by the member in a slot: pays (step - paid) x price. Returns: APPLIED, PAID and,
 * when that was the last step, ENDED | UNKNOWN | DEADLINE | GONE | OTHER_SLOT | NOT_TAKEN |
 * WRONG_KEY | CHANGED | LOCK | STEP | INTEGRITY | EARLY | UNPROVEN */
enum assay_task_result assay_task_ledger_claim(struct assay_task_ledger *ledger, uint32_t slot,
                                               const struct assay_task_claim *record,
                                               struct assay_task_facts *facts);
/* CLOSE: the rest goes back. Before the deadline only while no claim can be good. Returns: APPLIED
 * and ENDED | UNKNOWN | GONE | WRONG_KEY | EARLY */
enum assay_task_result assay_task_ledger_close(struct assay_task_ledger *ledger,
                                               const struct assay_task_close *record,
                                               struct assay_task_facts *facts);
/* RELEASE, signed by the requestor, or of the member in a slot: the task ends in some closes, and
 * claims are taken until then. Returns: APPLIED and RELEASED | SAME | UNKNOWN | GONE | WRONG_KEY |
 * OTHER_SLOT | NOT_TAKEN | CHANGED (a claim came since it was made) | EARLY */
enum assay_task_result assay_task_ledger_release(struct assay_task_ledger *ledger, uint32_t slot,
                                                 const struct assay_task_release *record,
                                                 struct assay_task_facts *facts);
/*
 * assay_task_ledger_epoch - an epoch closes, and `epoch` begins: rent is paid, tasks end that are
 * past their deadline, released, or kept by nobody's money, and accounts go that are empty, idle,
 * and of no task that runs.
 * In:      epoch: above the one that ran (asserted). member[count] by slot, count <= slots_max
 *          (asserted); the others are NONE. fact[fact_max], fact_max >= tasks_max (asserted)
 * Returns: how many facts: ENDED, FAILED or UNCERTIFIED, at most one a task
 */
uint32_t assay_task_ledger_epoch(struct assay_task_ledger *ledger, uint64_t epoch,
                                 const struct assay_task_member *member, uint32_t count,
                                 struct assay_task_fact *fact, uint32_t fact_max);

/* What the last close told, to a ledger that was read from its document: `epoch` runs, and who was
 * certified stands there already. In: as above. Returns: nothing. */
void assay_task_ledger_stand(struct assay_task_ledger *ledger, uint64_t epoch,
                             const struct assay_task_member *member, uint32_t count);

/*
 * assay_task_ledger_choose - who may run a program: of the offers that name it, for at most
 * price_max, of members not below min_standing, the highest score, then the lowest price, then the
 * lowest slot.
 * In:      hold_max: rent of an epoch; 0: no more than the lowest of the offer's price
 * Returns: the slot; ASSAY_TASK_SLOTS_MAX when there is none
 */
uint32_t assay_task_ledger_choose(const struct assay_task_ledger *ledger,
                                  const uint8_t code[static 32], uint64_t price_max,
                                  uint64_t hold_max, enum assay_task_standing min_standing);
/* In: hold_max: as above. Returns: whether the rent of an offer is within it. */
bool assay_task_offer_holds(const struct assay_task_offer *offer, uint64_t hold_max);
/* Returns: the offer of a slot, borrowed until the next record; NULL when there is none. */
const struct assay_task_offer *assay_task_ledger_offered(const struct assay_task_ledger *ledger,
                                                         uint32_t slot);
/* Returns: the task, borrowed until the next record; NULL when it is not remembered. */
const struct assay_task_row *assay_task_ledger_task(const struct assay_task_ledger *ledger,
                                                    const uint8_t task[static 32]);
/* Out: *balance, *sequence (of its next record). Returns: false when there is no such account. */
bool assay_task_ledger_balance(const struct assay_task_ledger *ledger,
                               const uint8_t account[static 32], uint64_t *balance,
                               uint64_t *sequence);
/* Walks the tasks that are remembered. In: *at: 0 at first. Returns: the next, borrowed until the
 * next record; NULL: there is none */
const struct assay_task_row *assay_task_ledger_next(const struct assay_task_ledger *ledger,
                                                    uint32_t *at);
/* Out: *accounts: how many there are; *total: all money, *locked: what of it tasks have. Returns:
 * nothing. */
void assay_task_ledger_sums(const struct assay_task_ledger *ledger, uint32_t *accounts,
                            uint64_t *total, uint64_t *locked);
/* Returns: the epoch that runs. */
uint64_t assay_task_ledger_now(const struct assay_task_ledger *ledger);
/* Asserts every invariant, the sum of all balances and locked amounts first. Returns: nothing. */
void assay_task_ledger_check(const struct assay_task_ledger *ledger);

#endif
