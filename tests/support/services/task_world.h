/*
 * tests/support/services/task_world.h - one ledger, requestors and executors, honest and hostile,
 * under a schedule drawn from a seed.
 *
 * Messages are lost, repeated, changed and reordered, either side crashes and receives the ledger
 * late, members fail or are not certified, and any member submits records again. Hostile executors
 * have a broken TEE: their task keys sign anything. The code under test is the product's: records,
 * fold, requestor, executor. The world computes the expected result again, from what was signed and
 * from what closed:
 *   PAID      a claim was paid without a receipt and a voucher of that step, for an epoch without
 *             certificate, after the deadline, or after the executor failed
 *   TWICE     the steps of a task were paid more than once
 *   REQUESTOR an honest requestor paid for more than one step that it cannot read, or for one step
 *             although it never crashed and its enclave was honest; or vouched for an unsigned
 *             receipt
 *   EXECUTOR  an honest executor that stayed certified made more than one step that was not paid,
 *             or sent a key without a voucher
 *   RENT      a place cost its requestor less than the price of a step in 60 epochs, or more than
 *             was locked for it; or rent was paid to another account
 *   RELEASE   a task ended before its deadline, under an executor that had not failed, with a claim
 *             in one of the 8 epochs before, or while it was still paid for
 *   RESULT    an output differs from that of the program
 */
#ifndef ASSAY_TESTS_SUPPORT_TASK_WORLD_H
#define ASSAY_TESTS_SUPPORT_TASK_WORLD_H

#include "services/tasks/executor.h"
#include "services/tasks/requestor.h"

struct task_plan {
    uint64_t seed;
    uint32_t steps;          /* of the schedule */
    uint32_t jobs;           /* tasks, at most */
    uint32_t crashes;        /* at most */
    bool hostile_requestors; /* some of them */
    bool hostile_executors;
    bool lapses; /* members fail, or are not certified */
    bool long_;  /* deadlines of up to 200 epochs, and tasks that one side leaves */
};

struct task_result {
    const char *violation; /* NULL: none */
    char story[160];
    uint32_t opened, successors, made, read, paid, claims, refused, attacks, crashes, cheated;
    uint32_t released, lasted; /* tasks that one side has left; closes of tasks that ran */
    uint32_t completed;        /* tasks of which every step was paid */
};

/* Returns: what one schedule came to. */
struct task_result task_world_run(const struct task_plan *plan);

#endif
