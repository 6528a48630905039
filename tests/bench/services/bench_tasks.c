/*
 * tests/bench/services/bench_tasks.c - benchmark of attested tasks.
 *
 * Processor time of attested tasks: records in the fold with full tables, the signatures in them,
 * and a step of both sides together.
 *
 * One core, no network, no ledger around the fold; best of seven rounds. A step is what requestor
 * and enclave compute for it: two sealings and their opening, receipt, voucher and key, with
 * OpenSSL behind the functions of seal.h (the adapter of the tests, which loads its keys each
 * time).
 */
#include "base/assert.h"
#include "services/tasks/executor.h"
#include "services/tasks/requestor.h"
#include "tests/support/stopwatch.h"
#include "tests/support/services/task_kit.h"
#include "tests/support/services/task_seal.h"

#include <stdlib.h>

enum {
    ACCOUNTS = ASSAY_TASK_ACCOUNTS_MAX,
    TASKS = ASSAY_TASK_TASKS_MAX,
    SLOTS = 128,
    STEPS = ASSAY_TASK_STEPS_MAX,
    PART = TASKS / ASSAY_TASK_QUOTA_PARTS, /* what one account may have open */
    OTHERS = TASKS / PART - 1, /* accounts that open tasks too, so that the table fills */
};

static void must(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* --- the fold */

struct fold {
    struct assay_task_ledger *ledger;
    struct kit_key rich, task_key, other[OTHERS];
    uint8_t chain[32], code[32], input[32], task[32];
    struct assay_task_facts facts;
    uint64_t sequence;
    struct assay_task_claim claim;
    uint32_t step;
};

static struct assay_task_open terms(const struct fold *f, const struct kit_key *key,
                                    uint64_t sequence)
{
    struct assay_task_open open = { .sequence = sequence,
                                    .price = 1,
                                    .steps = STEPS,
                                    .deadline = 60,
                                    .min_standing = ASSAY_TASK_STAND_WARNING };
    assay_bytes_copy(open.key, 64, key->key, 64);
    assay_bytes_copy(open.code, 32, f->code, 32);
    assay_bytes_copy(open.input, 32, f->input, 32);
    return open;
}

static void open_one(struct fold *f)
{
    const struct assay_task_open open = terms(f, &f->rich, f->sequence++);
    ASSAY_ASSERT(assay_task_ledger_apply_open(f->ledger, &open, &f->facts) == ASSAY_TASK_APPLIED);
    assay_task_open_statement(f->chain, &open, f->task);
}

/* Every row but the last. The rich account's tasks are behind all others; it may open one more. */
static void fill_rows(struct fold *f)
{
    for (uint32_t i = 0; i < OTHERS * PART; i++) {
        const struct assay_task_open open = terms(f, &f->other[i / PART], i % PART);
        ASSAY_ASSERT(assay_task_ledger_apply_open(f->ledger, &open, &f->facts) ==
                     ASSAY_TASK_APPLIED);
    }
    for (uint32_t i = OTHERS * PART; i < TASKS - 1; i++)
        open_one(f);
}

static enum assay_task_result accept_one(struct fold *f)
{
    struct assay_task_accept record = { 0 };
    assay_bytes_copy(record.task, 32, f->task, 32);
    assay_bytes_copy(record.key, 64, f->task_key.key, 64);
    assay_bytes_copy(record.account, 32, f->rich.account, 32);
    return assay_task_ledger_apply_accept(f->ledger, 0, &record, &f->facts);
}

static void transfer_once(void *context)
{
    struct fold *f = context;
    struct assay_task_transfer record = { .sequence = f->sequence++, .amount = 1 };
    assay_bytes_copy(record.key, 64, f->rich.key, 64);
    assay_bytes_copy(record.to, 32, f->rich.account, 32);
    ASSAY_ASSERT(assay_task_ledger_apply_transfer(f->ledger, &record, &f->facts) ==
                 ASSAY_TASK_APPLIED);
}

/* What is vouched for step after step, each claimed at once. */
static void claim_once(void *context)
{
    struct fold *f = context;
    f->claim.receipt.step = f->claim.voucher.step = ++f->step;
    ASSAY_ASSERT(assay_task_ledger_apply_claim(f->ledger, 0, &f->claim, &f->facts) ==
                 ASSAY_TASK_APPLIED);
}

/* A task from its opening to its end: OPEN and CLOSE, in the last free row. */
static void open_close(void *context)
{
    struct fold *f = context;
    struct assay_task_close record = { 0 };
    open_one(f);
    assay_bytes_copy(record.task, 32, f->task, 32);
    assay_bytes_copy(record.key, 64, f->rich.key, 64);
    ASSAY_ASSERT(assay_task_ledger_apply_close(f->ledger, &record, &f->facts) ==
                 ASSAY_TASK_APPLIED);
}

/* An ACCEPT of a task that is accepted: found and compared. */
static void accept_again(void *context)
{
    ASSAY_ASSERT(accept_one(context) == ASSAY_TASK_SAME);
}

static void check_claim(void *context)
{
    struct fold *f = context;
    ASSAY_ASSERT(assay_task_claim_check(f->chain, &f->claim));
}

static void decode_claim(void *context)
{
    struct fold *f = context;
    uint8_t bytes[ASSAY_TASK_RECORD_MAX];
    struct assay_slice out;
    struct assay_task_claim read;
    must(assay_task_claim_encode(&f->claim, bytes, sizeof bytes, &out));
    must(assay_task_claim_decode(out, &read));
}

static struct fold *fold_make(void)
{
    static struct assay_task_balance first[ACCOUNTS];
    struct assay_task_member member[SLOTS] = { 0 };
    struct assay_task_fact *fact = malloc(TASKS * sizeof *fact);
    struct fold *f = calloc(1, sizeof *f);
    const size_t size = assay_task_ledger_size(ACCOUNTS, TASKS, SLOTS);
    ASSAY_ASSERT(f != NULL && fact != NULL);
    kit_key_make(&f->rich, 1);
    kit_key_make(&f->task_key, 2);
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        first[i].amount = 1;
        kit_bytes('a', i, first[i].account);
    }
    assay_bytes_copy(first[0].account, 32, f->rich.account, 32);
    first[0].amount = UINT64_MAX / 2;
    for (uint32_t i = 0; i < OTHERS; i++) {
        kit_key_make(&f->other[i], 3 + i);
        assay_bytes_copy(first[1 + i].account, 32, f->other[i].account, 32);
        first[1 + i].amount = (uint64_t)PART * STEPS;
    }
    const struct assay_task_ledger_config config = { .accounts_max = ACCOUNTS,
                                                     .tasks_max = TASKS,
                                                     .slots_max = SLOTS,
                                                     .balances = first,
                                                     .balance_count = ACCOUNTS };
    must(assay_task_ledger_init(malloc(size), size, &config, &f->ledger));
    for (uint32_t i = 0; i < SLOTS; i++)
        member[i] =
            (struct assay_task_member){ .standing = ASSAY_TASK_STAND_FULL, .certified = true };
    (void)assay_task_ledger_close_epoch(f->ledger, 1, member, SLOTS, fact, TASKS);
    const struct assay_task_offer offer = { .count = 1, .price = 1 };
    ASSAY_ASSERT(assay_task_ledger_apply_offer(f->ledger, 0, &offer, &f->facts) ==
                 ASSAY_TASK_APPLIED);
    fill_rows(f);
    ASSAY_ASSERT(accept_one(f) == ASSAY_TASK_APPLIED);
    kit_claim(f->chain, &f->rich, &f->task_key, f->task, f->input, 1, 1, &f->claim);
    (void)assay_task_ledger_close_epoch(f->ledger, 2, member, SLOTS, fact, TASKS);
    free(fact);
    return f;
}

static void bench_fold(void)
{
    struct fold *f = fold_make();
    (void)stopwatch_best_us("fold", "TRANSFER", 2000, transfer_once, f);
    (void)stopwatch_best_us("fold", "ACCEPT, again", 2000, accept_again, f);
    (void)stopwatch_best_us("fold", "CLAIM, one step each", 2000, claim_once, f);
    f->claim.receipt.step = f->claim.voucher.step = 1; /* as it was signed */
    (void)stopwatch_best_us("fold", "OPEN and CLOSE, two records", 2000, open_close, f);
    (void)stopwatch_best_us("record", "CLAIM, written and read", 5000, decode_claim, f);
    (void)stopwatch_best_us("record", "CLAIM, both signatures verified", 100, check_claim, f);
    free(f->ledger);
    free(f);
}

/* --- a step */

struct work {
    struct kit_key account, task_key;
    struct task_seal mine, theirs;
    struct assay_task_requestor r;
    struct assay_task_executor e;
    struct assay_task_outputs outs;
    struct assay_task_product result;
    uint8_t chain[32], salt[32], blob[ASSAY_TASK_BLOB_MAX];
    uint32_t number;
};

static void to_executor(struct work *w)
{
    must(assay_task_executor_on_frame(&w->e, w->outs.frame, &w->outs));
}

static void to_requestor(struct work *w)
{
    must(assay_task_requestor_on_frame(&w->r, w->outs.frame, 0, &w->outs));
}

static void step_once(void *context)
{
    struct work *w = context;
    struct assay_secret32 opening;
    kit_bytes('k', ++w->number, opening.bytes);
    must(assay_task_executor_step(&w->e, &w->result, &opening, &w->outs));
    to_requestor(w);
    to_executor(w);
    to_requestor(w);
    ASSAY_ASSERT(w->outs.events & ASSAY_TASK_EVENT_OUTPUT);
    must(assay_task_requestor_next(&w->r, 0, &w->outs));
    to_executor(w);
}

static void work_make(struct work *w)
{
    struct assay_task_requestor_config mine = { .epoch = 1, .crypto = &w->mine.crypto };
    struct assay_task_executor_config theirs = { .epoch = 1, .crypto = &w->theirs.crypto };
    kit_key_make(&w->account, 1);
    kit_key_make(&w->task_key, 2);
    task_seal_make(&w->mine, &w->account.secret);
    task_seal_make(&w->theirs, &w->task_key.secret);
    mine.terms = (struct assay_task_open){ .price = 1, .steps = STEPS, .deadline = 9 };
    assay_task_blob_digest(w->salt, assay_slice_over("in", 2), mine.terms.input);
    assay_bytes_copy(mine.terms.box, 32, w->mine.box, 32);
    kit_sign_open(w->chain, &w->account, &mine.terms);
    assay_bytes_copy(mine.key, 64, w->task_key.key, 64);
    theirs.terms = mine.terms;
    assay_bytes_copy(theirs.key, 64, w->task_key.key, 64);
    assay_bytes_copy(theirs.box, 32, w->theirs.box, 32);
    assay_task_requestor_init(&w->r, &mine);
    assay_task_executor_init(&w->e, &theirs);
    must(assay_task_requestor_request_keys(&w->r, w->salt, 0, &w->outs));
    to_executor(w);
    must(assay_task_executor_on_evidence(&w->e, assay_slice_over("quote", 5), &w->outs));
    to_requestor(w);
    must(assay_task_requestor_trust(&w->r, w->salt, assay_slice_over("in", 2), 0, &w->outs));
    to_executor(w);
}

static void bench_step(void)
{
    struct work *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    work_make(w);
    w->result.state = assay_slice_over(w->blob, 1024);
    w->result.output = assay_slice_over(w->blob, 1024);
    (void)stopwatch_best_us("step", "state and output of 1 KiB each", 100, step_once, w);
    w->result.state = assay_slice_over(w->blob, sizeof w->blob);
    w->result.output = assay_slice_over(w->blob, sizeof w->blob);
    (void)stopwatch_best_us("step", "state and output of 24 KiB each", 100, step_once, w);
    free(w);
}

int main(void)
{
    printf("accounts %u, tasks %u (tables full); processor time, no network\n", ACCOUNTS, TASKS);
    bench_fold();
    bench_step();
    return 0;
}
