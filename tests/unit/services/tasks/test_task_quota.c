/*
 * tests/unit/services/tasks/test_task_quota.c - tests of quotas of accounts.
 *
 * What one account may hold of a table of tasks, and for how long without an executor
 * (docs/services.md 6.4): money that is locked comes back, so it keeps nobody else out.
 */
#include "services/tasks/ledger.h"
#include "tests/support/services/task_kit.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ACCOUNTS = 4, SLOTS = 2, HAS = 100000 };

struct bench {
    void *memory;
    struct assay_task_ledger *ledger;
    struct assay_task_facts facts;
    struct assay_task_member member[SLOTS];
    struct assay_task_fact fact[ASSAY_TASK_TASKS_MAX];
    uint32_t fact_count, tasks;
    uint64_t epoch;
    struct kit_key of[2];
    uint8_t chain[32], code[32], task[32];
};

static void next_epoch(struct bench *b)
{
    b->fact_count = assay_task_ledger_close_epoch(b->ledger, ++b->epoch, b->member, SLOTS, b->fact,
                                                  ASSAY_TASK_TASKS_MAX);
}

static struct bench *made(uint32_t tasks)
{
    struct bench *b = calloc(1, sizeof *b);
    struct assay_task_balance first[2] = { { .amount = HAS }, { .amount = HAS } };
    struct assay_task_offer offer = { .count = 1, .price = 1 };
    for (uint32_t i = 0; i < 2; i++) {
        kit_key_make(&b->of[i], (uint8_t)(i + 1));
        assay_bytes_copy(first[i].account, 32, b->of[i].account, 32);
    }
    const struct assay_task_ledger_config config = { .accounts_max = ACCOUNTS,
                                                     .tasks_max = tasks,
                                                     .slots_max = SLOTS,
                                                     .epoch = 9,
                                                     .balances = first,
                                                     .balance_count = 2 };
    const size_t size = assay_task_ledger_size(ACCOUNTS, tasks, SLOTS);
    b->memory = malloc(size);
    cr_assert_eq(assay_task_ledger_init(b->memory, size, &config, &b->ledger), ASSAY_OK);
    b->epoch = config.epoch;
    for (uint32_t i = 0; i < SLOTS; i++)
        b->member[i] =
            (struct assay_task_member){ .standing = ASSAY_TASK_STAND_FULL, .certified = true };
    next_epoch(b);
    kit_bytes('c', 1, b->code);
    assay_bytes_copy(offer.code[0], 32, b->code, 32);
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 1, &offer, &b->facts),
                 ASSAY_TASK_APPLIED);
    return b;
}

static void done(struct bench *b)
{
    free(b->memory);
    free(b);
}

static enum assay_task_result open_by(struct bench *b, uint32_t account)
{
    uint64_t balance = 0;
    struct assay_task_open open = { .executor = 1,
                                    .price = 1,
                                    .steps = 1,
                                    .deadline = b->epoch + 10000,
                                    .min_standing = ASSAY_TASK_STAND_WARNING };
    cr_assert(
        assay_task_ledger_get_balance(b->ledger, b->of[account].account, &balance, &open.sequence));
    assay_bytes_copy(open.key, 64, b->of[account].key, 64);
    assay_bytes_copy(open.code, 32, b->code, 32);
    assay_task_open_statement(b->chain, &open, b->task);
    return assay_task_ledger_apply_open(b->ledger, &open, &b->facts);
}

static enum assay_task_result accept(struct bench *b)
{
    struct assay_task_accept record = { .key = { 1 }, .account = { 1 } };
    assay_bytes_copy(record.task, 32, b->task, 32);
    return assay_task_ledger_apply_accept(b->ledger, 1, &record, &b->facts);
}

Test(task_quota, one_account_does_not_fill_the_table)
{
    static const uint32_t table[][2] = { { 3, 2 }, { 128, 2 }, { 192, 3 }, { 512, 8 } };
    for (uint32_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct bench *b = made(table[i][0]);
        uint32_t applied = 0;
        for (uint32_t tried = 0; tried < 40; tried++)
            applied += open_by(b, 0) == ASSAY_TASK_APPLIED;
        cr_expect_eq(applied, table[i][1], "%u of %u", applied, table[i][0]);
        cr_expect_eq(open_by(b, 0), ASSAY_TASK_QUOTA);
        cr_expect_eq(open_by(b, 1), ASSAY_TASK_APPLIED, "others have room");
        done(b);
    }
}

/* Money and row come back by themselves when the executor does not want the task. */
Test(task_quota, an_open_that_nobody_accepts_ends_after_four_closes)
{
    struct bench *b = made(4);
    uint64_t balance = 0, sequence = 0;
    cr_assert_eq(open_by(b, 0), ASSAY_TASK_APPLIED);
    for (uint32_t i = 1; i < ASSAY_TASK_WAITING_EPOCHS; i++) {
        next_epoch(b);
        cr_assert_eq(b->fact_count, 0, "epoch %u", i);
    }
    next_epoch(b);
    cr_assert_eq(b->fact_count, 1);
    cr_assert_eq(b->fact[0].kind, ASSAY_TASK_ENDED);
    cr_assert_eq(b->fact[0].end, ASSAY_TASK_END_CLOSED);
    cr_assert(assay_task_ledger_get_balance(b->ledger, b->of[0].account, &balance, &sequence));
    cr_assert_eq(balance, HAS);
    cr_assert_eq(open_by(b, 0), ASSAY_TASK_APPLIED);
    cr_assert_eq(accept(b), ASSAY_TASK_APPLIED);
    for (uint32_t i = 0; i < 2 * ASSAY_TASK_WAITING_EPOCHS; i++) {
        next_epoch(b);
        cr_assert_eq(b->fact_count, 0, "one that was accepted goes on");
    }
    done(b);
}
