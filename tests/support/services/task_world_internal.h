/*
 * tests/support/services/task_world_internal.h - the parts of a world of tasks: task_world.c has
 * the ledger, the network and the hosts, task_world_sides.c the modelled cryptography,
 * task_world_attacks.c the attackers.
 */
#ifndef ASSAY_TESTS_SUPPORT_TASK_WORLD_INTERNAL_H
#define ASSAY_TESTS_SUPPORT_TASK_WORLD_INTERNAL_H

#include "tests/support/services/task_kit.h"
#include "tests/support/services/task_world.h"

enum {
    REQUESTORS = 3, /* the last may be hostile */
    SLOTS = 4,      /* the last two may be hostile */
    ACCOUNTS = 10,
    JOBS = 12,
    MESSAGES = 48,
    PAYLOADS = 48,
    LOG = 96,
    EPOCHS = 400,
    EVENTS = 400,
    FIRST_EPOCH = 20,
    FIRST_BALANCE = 900,
};

/* Kinds of records, as a ledger would number them. */
enum payload_kind { TRANSFER, OPEN, CLOSE, OFFER, ACCEPT, CLAIM, RELEASE };

struct world;

/* What a ledger shows to both sides of a task, each when its daemon gets there. */
struct event {
    uint64_t epoch; /* 0: a fact */
    bool certified;
    struct assay_task_fact fact;
};

/* Keys of a side: context of the modelled cryptography. */
struct side {
    struct world *w;
    uint32_t job;
    struct kit_key key;
    uint8_t box[32];
    bool enclave;
    struct assay_task_crypto crypto;
};

/* Digests that were signed. */
struct log {
    uint32_t count;
    uint8_t digest[LOG][32];
};

struct job {
    uint32_t requestor, slot;
    struct assay_task_open open;
    uint8_t id[32];
    struct side mine, theirs;
    struct assay_task_requestor *r; /* NULL: crashed, or not there yet */
    struct assay_task_executor *e;
    bool program_runs;
    uint32_t count;         /* of the program, from its state */
    uint32_t start;         /* from its input */
    uint8_t salt[32];       /* of the input */
    uint8_t state_salt[32]; /* of the last result that was kept */
    bool kept;
    struct assay_task_chain chain;  /* kept with it */
    struct assay_task_held held[2]; /* durable claims */
    struct log receipts, vouchers;
    uint64_t accepted_in, opened_in;
    bool accepted, ended, paid_up, e_gone, r_crashed, contradicted, lapsed, failed, fallen,
        succeeded;
    uint32_t made, paid;
    uint64_t amount;
    uint64_t rent;    /* that went to the executor, by what its account gained */
    uint32_t kept_in; /* closes since ACCEPT, while it ran */
    uint32_t quiet;   /* closes since ACCEPT or the last claim */
    uint32_t leaving; /* closes since RELEASE, plus one; 0: no RELEASE */
    uint32_t event_count, mine_seen, theirs_seen;
    struct event event[EVENTS];
};

struct message {
    uint32_t job;
    bool to_executor;
    size_t len;
    uint8_t *bytes;
};

struct payload {
    enum payload_kind kind;
    uint32_t slot;
    size_t len;
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
};

struct world {
    const struct task_plan *plan;
    struct task_result *result;
    uint64_t random, now_ms;
    uint8_t chain[32], code[32];
    void *memory;
    struct assay_task_ledger *ledger;
    struct kit_key account[REQUESTORS], payee[SLOTS];
    struct assay_task_member member[SLOTS];
    bool certified[SLOTS][EPOCHS]; /* as at every close */
    uint64_t epoch;
    uint32_t job_count, crashes, keys, salts;
    struct job job[JOBS];
    uint32_t message_count;
    struct message message[MESSAGES];
    uint32_t payload_count;
    struct payload payload[PAYLOADS];
    struct assay_task_outputs outs;
};

/* --- task_world.c */
uint64_t task_world_draw(struct world *w, uint64_t below);
bool task_world_hostile_requestor(const struct world *w, uint32_t requestor);
bool task_world_hostile_executor(const struct world *w, uint32_t slot);
/* As a block would take it: through bytes and checks. Returns: whether it was applied. */
bool task_world_apply(struct world *w, enum payload_kind kind, uint32_t slot,
                      struct assay_slice bytes);
/* The same, and recorded, so that any member may submit it again. */
bool task_world_submit(struct world *w, enum payload_kind kind, uint32_t slot,
                       struct assay_slice bytes);
void task_world_send(struct world *w, const struct job *j, bool to_executor,
                     struct assay_slice frame);
void task_world_requestor_crash(struct job *j);

/* --- task_world_sides.c: cryptography that is modelled, and remembers what was signed */
void task_world_side(struct world *w, struct side *side, uint32_t job, uint32_t key, bool enclave);
bool task_world_signed(const struct log *log, const uint8_t digest[static 32]);

/* --- task_world_attacks.c */
/* A step with an empty ciphertext, under the lock of the true one; signed, or not. */
void task_world_lie(struct world *w, struct job *j);
/* One attack by a hostile member on any task. */
void task_world_attack(struct world *w);

#endif
