/*
 * sim/services/tasks.h - internal interface of tasks.c (openings, both sides and their hosts),
 * audit.c (checker) and seal.c (modelled boxes).
 */
#ifndef ASSAY_SIM_SERVICES_TASKS_H
#define ASSAY_SIM_SERVICES_TASKS_H

#include "services/tasks/executor.h"
#include "services/tasks/requestor.h"
#include "sim/services/internal.h"

enum {
    JOBS = 64,       /* at a time */
    SIGNED_MAX = 64, /* digests that one side of a job signs */
    CLOSED_KEPT = 256,
    MONEY = 4000, /* of each requestor, at the start */
};

/* A signer with a box key: context of struct assay_task_crypto. */
struct side {
    struct assay_secret32 secret; /* of the key that signs */
    uint8_t box[32];
    uint32_t signed_count;
    uint8_t signed_[SIGNED_MAX][32]; /* digests, as the checker accepts them */
    struct assay_task_crypto crypto;
};

enum job_stage {
    JOB_FREE,
    JOB_ASKED, /* its OPEN is submitted */
    JOB_OPEN,  /* it is in the requestor's ledger */
};

struct job {
    enum job_stage stage;
    uint32_t number; /* never reused */
    uint32_t requestor, home;
    struct assay_task_open open;
    uint8_t id[32];
    uint64_t submit_at_ms;
    struct assay_sim_random random;
    /* The requestor's side; fields after `kept` are on its disk. */
    struct side mine;
    uint32_t start; /* first number of its program */
    uint8_t salt[32];
    struct assay_task_requestor *r;
    uint64_t r_wake_ms;
    bool kept, left, leaves;
    struct assay_task_receipt shown; /* on which it left, to get the key of that step */
    uint64_t forge_at_ms, close_at_ms;
    struct assay_task_chain chain;
    /* The executor's side; held is on its disk. */
    struct side theirs;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* task key */
    struct assay_task_executor *e;
    bool accepted, gone, program_runs;
    uint64_t accept_at_ms, claim_at_ms;
    struct assay_task_held held[2];
    bool
        lapse[2]; /* at the close that is being reported: to the executor's side, the requestor's */
    /* The checker's, from final records and closes alone. */
    struct {
        bool opened, accepted, failed, ended, hampered;
        uint32_t made, paid;
        uint64_t amount, ended_in;
        uint64_t last_claim_epoch; /* ACCEPT, or the last claim */
    } seen;
};

struct account {
    struct assay_secret32 secret;
    uint8_t key[ASSAY_P256_PUBLIC_LEN], id[32];
};

struct tasks {
    uint8_t code[32];
    struct account requestor[ASSAY_SIM_REQUESTORS_MAX], payee[NODES];
    uint32_t wanted[ASSAY_SIM_REQUESTORS_MAX]; /* tasks that it has yet to open */
    uint64_t offer_at_ms[NODES];
    uint32_t numbers;
    struct job job[JOBS];
    uint64_t now;                       /* running epoch of the final chain */
    uint64_t sure_from;                 /* certification before this epoch is unknown */
    bool forgot;                        /* tasks that were dropped here may exist */
    bool certified[NODES][CLOSED_KEPT]; /* by slot and epoch, of final states */
    struct assay_task_outputs outs;
    uint64_t opened, paid_up, steps_paid, results, refused;
};

/* seal.c */
/* Draws keys; crypto.context is the side, so it stays in place. Out: key: the public one. */
void side_make(struct side *side, struct assay_sim_random *random,
               uint8_t key[static ASSAY_P256_PUBLIC_LEN]);
/* The same with an existing key. */
void side_of(struct side *side, struct assay_sim_random *random,
             const struct assay_secret32 *secret);
/* Returns: whether the side has signed that digest. */
bool side_has_signed(const struct side *side, const uint8_t digest[static 32]);

/* tasks.c */
/* Returns: the job of a task; NULL: of another requestor, or dropped. */
struct job *tasks_job(struct tasks *t, const uint8_t id[static 32]);

/* audit.c: a key leaves the executor's side; a result was opened; the run ends */
void audit_key(struct assay_sim_services *s, const struct job *j, struct assay_slice frame);
void audit_result(struct assay_sim_services *s, const struct job *j);
void audit_vouched(struct assay_sim_services *s, const struct job *j);
void audit_job(struct assay_sim_services *s, const struct job *j);

#endif
