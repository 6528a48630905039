/*
 * tests/unit/services/tasks/test_task_executor.c - tests of the executor's side of a task.
 *
 * The enclave's side of a task, with real sealing and signatures (docs/services.md 6.5 to 6.7).
 */
#include "tests/support/services/task_pair.h"

#include <criterion/criterion.h>
#include <stdlib.h>

Test(task_executor, a_task_runs_to_its_end_and_its_claim_is_paid_for)
{
    struct task_pair *b = pair_running();
    cr_assert_eq(b->e.input_len, 32 + sizeof pair_input);
    cr_assert(assay_bytes_equal(b->e.input + 32, pair_input, sizeof pair_input));
    for (uint32_t i = 1; i <= STEPS; i++) {
        pair_buy_step(b, i);
        cr_assert_eq(b->r.result.output.len, 8);
        cr_assert_eq(b->r.result.output.bytes[7], '0' + i);
        cr_assert(assay_slice_equal(b->r.result.state, assay_slice_over("state", 5)));
        pair_next(b);
        pair_to_executor(b, ASSAY_OK);
        cr_assert_eq(b->outs.events, i < STEPS ? ASSAY_TASK_EVENT_NEXT : ASSAY_TASK_EVENT_DONE);
    }
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    cr_assert_eq(b->e.phase, ASSAY_TASK_VOUCHED, "it answers on");
    assay_task_executor_stop(&b->e);
    assay_task_executor_check(&b->e);
    cr_assert(assay_bytes_all_zero(b->e.opening.bytes, 32));
    cr_assert(assay_bytes_all_zero(b->e.before.bytes, 32));
    cr_assert(assay_bytes_all_zero(b->e.input, sizeof b->e.input));
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0, "its epoch has not closed");
    assay_task_executor_on_epoch(&b->e, EPOCH + 1, true);
    cr_assert(assay_task_executor_claim_due(&b->e));
    struct assay_task_claim claim;
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert(assay_task_claim_check(b->chain, &claim));
    cr_assert_eq(claim.receipt.step, STEPS);
    const struct assay_task_fact paid = { .kind = ASSAY_TASK_PAID, .step = STEPS };
    assay_task_executor_on_fact(&b->e, &paid);
    cr_assert(assay_task_executor_claim_due(&b->e), "of another task it means nothing");
    struct assay_task_fact mine = paid;
    assay_bytes_copy(mine.task, 32, b->task, 32);
    assay_task_executor_on_fact(&b->e, &mine);
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0);
    free(b);
}

Test(task_executor, evidence_is_given_once_for_each_question_and_has_its_bound)
{
    static uint8_t much[ASSAY_TASK_EVIDENCE_MAX + 1];
    struct task_pair *b = pair_made();
    const struct assay_slice quote = assay_slice_over("quote", 5);
    pair_checked(b, assay_task_executor_on_evidence(&b->e, quote, &b->outs), ASSAY_E_INVALID);
    pair_ask(b);
    pair_checked(b, assay_task_executor_on_evidence(&b->e, assay_slice_over(much, 0), &b->outs),
                 ASSAY_E_RANGE);
    pair_checked(
        b, assay_task_executor_on_evidence(&b->e, assay_slice_over(much, sizeof much), &b->outs),
        ASSAY_E_RANGE);
    pair_checked(
        b,
        assay_task_executor_on_evidence(&b->e, assay_slice_over(much, sizeof much - 1), &b->outs),
        ASSAY_OK);
    pair_to_requestor(b, ASSAY_OK);
    pair_checked(b, assay_task_executor_on_evidence(&b->e, quote, &b->outs), ASSAY_E_INVALID);
    pair_ask(b);
    pair_answer(b);
    pair_to_requestor(b, ASSAY_OK);
    free(b);
}

Test(task_executor, the_enclave_takes_no_other_input_than_the_terms_name)
{
    struct task_pair *b = pair_made();
    static uint8_t sealed[256];
    uint8_t plain[64];
    size_t len = 0;
    kit_bytes('s', 9, plain);
    assay_bytes_copy(plain + 32, 32, "something else", 15);
    cr_assert_eq(b->mine.crypto.seal(&b->mine, b->theirs.box, assay_slice_over(plain, 47), sealed,
                                     sizeof sealed, &len),
                 ASSAY_OK);
    struct assay_task_frame f = { .kind = ASSAY_TASK_INPUT };
    f.list = assay_slice_over(sealed, len);
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->mine.crypto.seal(&b->mine, b->theirs.box, assay_slice_over(plain, 31), sealed,
                                     sizeof sealed, &len),
                 ASSAY_OK);
    f.list = assay_slice_over(sealed, len);
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_RANGE); /* shorter than a salt */
    sealed[len - 1] ^= 1;
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_INVALID); /* sealed by nobody */
    cr_assert_eq(b->e.phase, ASSAY_TASK_WAITING);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_NEXT, .step = 1 };
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_EARLY);
    pair_checked(b, pair_step(b, 1), ASSAY_E_INVALID);
    free(b);
}

Test(task_executor, no_key_leaves_without_a_good_voucher)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    pair_to_requestor(b, ASSAY_OK);
    const struct assay_task_frame good = pair_heard(b);
    struct assay_task_frame f = good;
    f.signature[9] ^= 1;
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_SIGNATURE);
    f = good;
    f.nonce[0] ^= 1; /* another lock */
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_INVALID);
    f = good;
    f.step = 2;
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_STALE);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_NEXT, .step = 1 };
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_STALE); /* it has not been bought */
    cr_assert_eq(b->e.phase, ASSAY_TASK_OFFERED);
    assay_task_executor_on_epoch(&b->e, EPOCH + 1, true);
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0, "nothing is vouched");
    pair_say(b, &good);
    pair_to_executor(b, ASSAY_OK);
    cr_assert_eq(pair_heard(b).kind, ASSAY_TASK_KEY_IS);
    cr_assert_neq(assay_task_executor_claim(&b->e).len, 0);
    free(b);
}

Test(task_executor, everything_can_be_said_again)
{
    struct task_pair *b = pair_running();
    pair_make_step(b, 1);
    struct assay_task_frame f = { .kind = ASSAY_TASK_INPUT, .list = assay_slice_over("x", 1) };
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_OK); /* it did not hear the step */
    cr_assert_eq(pair_heard(b).kind, ASSAY_TASK_STEP_IS);
    pair_to_requestor(b, ASSAY_OK);
    static uint8_t voucher[512];
    const size_t voucher_len = b->len;
    assay_bytes_copy(voucher, sizeof voucher, b->frame, b->len);
    pair_to_executor(b, ASSAY_OK);
    assay_bytes_copy(b->frame, sizeof b->frame, voucher, voucher_len);
    b->len = voucher_len;
    pair_to_executor(b, ASSAY_OK); /* it did not hear the key */
    cr_assert_eq(b->outs.events, 0, "the claim is the same");
    cr_assert_eq(pair_heard(b).kind, ASSAY_TASK_KEY_IS);
    static uint8_t key[512];
    const size_t key_len = b->len;
    assay_bytes_copy(key, sizeof key, b->frame, b->len);
    pair_to_requestor(b, ASSAY_OK);
    assay_bytes_copy(b->frame, sizeof b->frame, key, key_len);
    b->len = key_len;
    pair_to_requestor(b, ASSAY_E_STALE);
    pair_next(b);
    pair_to_executor(b, ASSAY_OK);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_NEXT, .step = 1 };
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_EARLY); /* the program is at it */
    /* Anybody can have said NEXT: the voucher still buys its key, and only that. */
    assay_bytes_copy(b->frame, sizeof b->frame, voucher, voucher_len);
    b->len = voucher_len;
    pair_to_executor(b, ASSAY_OK);
    cr_assert_eq(b->len, key_len);
    cr_assert(assay_bytes_equal(b->frame, key, key_len));
    assay_bytes_copy(b->frame, sizeof b->frame, voucher, voucher_len);
    b->len = voucher_len;
    b->frame[38] ^= 1; /* another lock */
    pair_to_executor(b, ASSAY_E_INVALID);
    pair_make_step(b, 2);
    pair_to_requestor(b, ASSAY_OK);
    pair_to_executor(b, ASSAY_OK);
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_OK); /* it came back with step 1 */
    cr_assert_eq(pair_heard(b).kind, ASSAY_TASK_STEP_IS);
    cr_assert_eq(pair_heard(b).receipt.step, 2);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_INPUT, .list = assay_slice_over("x", 1) };
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_STALE);
    free(b);
}

Test(task_executor, an_executor_makes_no_step_that_it_could_not_claim)
{
    struct task_pair *b = pair_running();
    assay_task_executor_on_epoch(&b->e, DEADLINE, true);
    pair_checked(b, pair_step(b, 1), ASSAY_E_STALE);
    assay_task_executor_on_epoch(&b->e, DEADLINE - 1, true);
    pair_checked(b, pair_step(b, 1), ASSAY_E_STALE);
    free(b);
    b = pair_running();
    assay_task_executor_on_epoch(&b->e, DEADLINE - 1, true);
    pair_make_step(b, 1);
    free(b);
}

Test(task_executor, the_last_claim_of_an_earlier_epoch_outlives_one_that_is_worth_nothing)
{
    struct task_pair *b = pair_running();
    pair_buy_step(b, 1); /* in EPOCH */
    pair_next(b);
    pair_to_executor(b, ASSAY_OK);
    assay_task_executor_on_epoch(&b->e, EPOCH + 1, true);
    assay_task_requestor_on_epoch(&b->r, EPOCH + 1, true);
    pair_buy_step(b, 2); /* in EPOCH + 1, which will not be certified */
    assay_task_executor_on_epoch(&b->e, EPOCH + 2, false);
    cr_assert_not(assay_task_executor_claim_due(&b->e), "the deadline is far");
    struct assay_task_claim claim;
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert_eq(claim.receipt.step, 1);
    pair_next(b);
    pair_to_executor(b, ASSAY_OK);
    assay_task_requestor_on_epoch(&b->r, EPOCH + 2, true);
    pair_buy_step(b, 3);
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert_eq(claim.receipt.step, 1);
    assay_task_executor_on_epoch(&b->e, EPOCH + 3, true);
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert_eq(claim.receipt.step, 3);
    assay_task_executor_on_epoch(&b->e, EPOCH + 3 + ASSAY_TASK_CLOSED_EPOCHS, true);
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0, "nobody remembers that epoch");
    free(b);
}

Test(task_executor, a_claim_is_due_before_the_deadline_and_when_the_task_has_stopped)
{
    struct task_pair *b = pair_running();
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    pair_buy_step(b, 1);
    assay_task_executor_on_epoch(&b->e, EPOCH + 1, true);
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    free(b);
    b = pair_running();
    assay_task_executor_on_epoch(&b->e, DEADLINE - 2, true);
    assay_task_requestor_on_epoch(&b->r, DEADLINE - 2, true);
    pair_buy_step(b, 1);
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    assay_task_executor_on_epoch(&b->e, DEADLINE - 1, true);
    cr_assert(assay_task_executor_claim_due(&b->e));
    free(b);
    b = pair_running();
    pair_buy_step(b, 1);
    assay_task_executor_on_epoch(&b->e, EPOCH + 1, true);
    struct assay_task_fact fact = { .kind = ASSAY_TASK_FAILED };
    assay_bytes_copy(fact.task, 32, b->task, 32);
    assay_task_executor_on_fact(&b->e, &fact);
    cr_assert_eq(b->e.phase, ASSAY_TASK_STOPPED);
    cr_assert(assay_task_executor_claim_due(&b->e));
    struct assay_task_frame f = { .kind = ASSAY_TASK_NEXT, .step = 1 };
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_AGAIN);
    free(b);
}

/* --- what a requestor has vouched for is paid, also when it is never heard of again */

enum { SLOT = 0, PAYEE = 23 };

struct till {
    struct assay_task_ledger *ledger;
    void *memory;
    struct kit_key payee;
    uint64_t epoch;
};

/* A ledger on which the task of the pair is open and accepted. */
static struct till till_of(const struct task_pair *b)
{
    struct till t = { .epoch = EPOCH };
    struct assay_task_balance balance = { .amount = 100 };
    struct assay_task_ledger_config config = { .accounts_max = 4, .tasks_max = 2, .slots_max = 1,
                                               .epoch = EPOCH - 1, .balances = &balance,
                                               .balance_count = 1 };
    const struct assay_task_member member = { .standing = ASSAY_TASK_STAND_FULL,
                                              .certified = true };
    struct assay_task_offer offer = { .count = 1, .price = 1 };
    struct assay_task_accept accept = { 0 };
    struct assay_task_facts facts;
    struct assay_task_fact fact[2];
    const size_t size = assay_task_ledger_size(4, 2, 1);
    t.memory = malloc(size);
    cr_assert_not_null(t.memory);
    kit_key_make(&t.payee, PAYEE);
    assay_bytes_copy(balance.account, 32, b->account.account, 32);
    assay_bytes_copy(config.chain_id, 32, b->chain, 32);
    cr_assert_eq(assay_task_ledger_init(t.memory, size, &config, &t.ledger), ASSAY_OK);
    assay_task_ledger_close_epoch(t.ledger, EPOCH, &member, 1, fact, 2);
    assay_bytes_copy(offer.code[0], 32, b->terms.code, 32);
    cr_assert_eq(assay_task_ledger_apply_offer(t.ledger, SLOT, &offer, &facts), ASSAY_TASK_APPLIED);
    cr_assert_eq(assay_task_ledger_apply_open(t.ledger, &b->terms, &facts), ASSAY_TASK_APPLIED);
    assay_bytes_copy(accept.task, 32, b->task, 32);
    assay_bytes_copy(accept.key, 64, b->task_key.key, 64);
    assay_bytes_copy(accept.account, 32, t.payee.account, 32);
    cr_assert_eq(assay_task_ledger_apply_accept(t.ledger, SLOT, &accept, &facts),
                 ASSAY_TASK_APPLIED);
    return t;
}

/* An epoch closes; a claim that is due is handed in. */
static void till_close(struct till *t, struct task_pair *b, bool certified)
{
    const struct assay_task_member member = { .standing = ASSAY_TASK_STAND_FULL,
                                              .certified = certified };
    struct assay_task_fact fact[2];
    struct assay_task_facts facts;
    struct assay_task_claim claim;
    assay_task_ledger_close_epoch(t->ledger, ++t->epoch, &member, 1, fact, 2);
    assay_task_executor_on_epoch(&b->e, t->epoch, certified);
    if (!assay_task_executor_claim_due(&b->e)) return;
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert_eq(assay_task_ledger_apply_claim(t->ledger, SLOT, &claim, &facts),
                 ASSAY_TASK_APPLIED);
    for (uint32_t i = 0; i < facts.count; i++)
        assay_task_executor_on_fact(&b->e, &facts.fact[i]);
}

static uint64_t till_paid(const struct till *t)
{
    uint64_t balance = 0, number = 0;
    cr_assert(assay_task_ledger_get_balance(t->ledger, t->payee.account, &balance, &number));
    return balance;
}

Test(task_executor, what_was_vouched_is_paid_though_the_requestor_vanishes)
{
    /* It vanishes behind the key, behind NEXT, and behind a step that it does not vouch for. */
    for (int at = 0; at < 3; at++) {
        struct task_pair *b = pair_running();
        struct till t = till_of(b);
        pair_buy_step(b, 1);
        if (at > 0) {
            pair_next(b);
            pair_to_executor(b, ASSAY_OK);
        }
        if (at == 2) pair_make_step(b, 2);
        while (t.epoch < DEADLINE - 10)
            till_close(&t, b, true);
        cr_expect_eq(till_paid(&t), 1, "vanished at %d", at);
        free(t.memory);
        free(b);
    }
}

Test(task_executor, what_was_vouched_is_paid_though_the_newest_epochs_are_worth_nothing)
{
    struct task_pair *b = pair_running();
    struct till t = till_of(b);
    pair_buy_step(b, 1);
    till_close(&t, b, true);
    assay_task_requestor_on_epoch(&b->r, t.epoch, true);
    pair_next(b);
    pair_to_executor(b, ASSAY_OK);
    pair_buy_step(b, 2); /* of an epoch that is not certified */
    till_close(&t, b, false);
    pair_next(b);
    pair_to_executor(b, ASSAY_OK); /* the third step takes for ever */
    while (t.epoch < DEADLINE - 10)
        till_close(&t, b, true);
    cr_expect_eq(till_paid(&t), 1);
    free(t.memory);
    free(b);
}

Test(task_executor, one_claim_pays_for_all_steps_while_the_requestor_goes_on)
{
    struct task_pair *b = pair_running();
    struct till t = till_of(b);
    for (uint32_t step = 1; step < STEPS; step++) {
        pair_buy_step(b, step);
        pair_next(b);
        pair_to_executor(b, ASSAY_OK);
        for (int i = 0; i < 10; i++) { /* a slow program */
            till_close(&t, b, true);
            assay_task_requestor_on_epoch(&b->r, t.epoch, true);
            cr_expect_eq(till_paid(&t), 0, "no claim before it has to be");
        }
    }
    pair_buy_step(b, STEPS);
    till_close(&t, b, true);
    cr_expect_eq(till_paid(&t), STEPS);
    free(t.memory);
    free(b);
}

/* Where the money lies elsewhere, name and voucher are those of that place (docs/services.md 8.9).
 */
static bool paid_elsewhere(const void *context, const struct assay_task_voucher *voucher)
{
    const uint8_t *const word = context;
    return voucher->step == 1 && assay_bytes_equal(voucher->signature, word, 32);
}

Test(task_executor, vouchers_of_another_payer_are_checked_by_it)
{
    static const uint8_t word[32] = "the word of another place";
    struct task_pair *b = pair_running();
    const struct assay_task_payer payer = { .task = { 7, 7 },
                                            .check = paid_elsewhere,
                                            .context = word };
    struct assay_task_executor_config config = b->e.config;
    static struct assay_task_executor e;
    config.payer = &payer;
    assay_task_executor_init(&e, &config);
    cr_assert_arr_eq(e.task, payer.task, 32, "its name is the payer's");
    pair_make_step(b, 1);
    b->e.config.payer = &payer;
    struct assay_task_frame f = { .kind = ASSAY_TASK_VOUCH, .step = 1 };
    assay_bytes_copy(f.nonce, 32, b->e.receipt.lock, 32);
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_E_SIGNATURE);
    cr_assert_eq(b->e.claim.step, 0, "no key without a voucher");
    assay_bytes_copy(f.signature, sizeof f.signature, word, 32);
    pair_say(b, &f);
    pair_to_executor(b, ASSAY_OK);
    cr_assert_eq(b->e.claim.step, 1);
    cr_assert_eq(b->outs.events & ASSAY_TASK_EVENT_CLAIM, ASSAY_TASK_EVENT_CLAIM);
    free(b);
}

/* What comes before a task is the host's affair: neither side takes it for a part of one. */
Test(task_executor, drafts_are_no_part_of_a_task)
{
    struct task_pair *b = pair_running();
    const enum assay_task_kind kinds[] = { ASSAY_TASK_DRAFT, ASSAY_TASK_DRAFT_IS, ASSAY_TASK_NO };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct assay_task_frame f = { .kind = kinds[i], .list = assay_slice_over("d", 1) };
        pair_say(b, &f);
        pair_to_executor(b, ASSAY_E_LANE);
        pair_say(b, &f);
        pair_to_requestor(b, ASSAY_E_LANE);
    }
    free(b);
}
