/*
 * tests/unit/services/tasks/test_task_accounts.c - tests of accounts.
 *
 * Accounts that nobody uses leave the table, and what was signed for one of them is never of use
 * again, in no epoch and era (docs/services.md 6.2.1).
 */
#include "services/tasks/document.h"
#include "tests/support/services/task_kit.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ACCOUNTS = 3, TASKS = 2, SLOTS = 1, HAS = 1000, FIRST_EPOCH = 9 };

struct bench {
    void *memory;
    struct assay_task_ledger *ledger;
    struct assay_task_facts facts;
    uint64_t epoch;
    struct kit_key alice, bob, carol;
    struct assay_task_balance first;
};

static struct assay_task_ledger *made_of(const struct bench *b, void **memory)
{
    const struct assay_task_ledger_config config = { .accounts_max = ACCOUNTS,
                                                     .tasks_max = TASKS,
                                                     .slots_max = SLOTS,
                                                     .epoch = FIRST_EPOCH,
                                                     .balances = &b->first,
                                                     .balance_count = 1 };
    const size_t size = assay_task_ledger_size(ACCOUNTS, TASKS, SLOTS);
    struct assay_task_ledger *ledger = NULL;
    *memory = malloc(size);
    cr_assert_not_null(*memory);
    cr_assert_eq(assay_task_ledger_init(*memory, size, &config, &ledger), ASSAY_OK);
    return ledger;
}

static struct bench *made(void)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    kit_key_make(&b->alice, 1);
    kit_key_make(&b->bob, 2);
    kit_key_make(&b->carol, 3);
    b->first.amount = HAS;
    assay_bytes_copy(b->first.account, 32, b->alice.account, 32);
    b->ledger = made_of(b, &b->memory);
    b->epoch = FIRST_EPOCH;
    return b;
}

static void done(struct bench *b)
{
    free(b->memory);
    free(b);
}

/* The epoch that runs is this one; the member of slot 0 was certified in the one before. */
static void close_at(struct bench *b, uint64_t epoch)
{
    const struct assay_task_member member = { .standing = ASSAY_TASK_STAND_FULL,
                                              .certified = true };
    struct assay_task_fact fact[TASKS];
    assay_task_ledger_close_epoch(b->ledger, epoch, &member, SLOTS, fact, TASKS);
    b->epoch = epoch;
}

static bool has(const struct bench *b, const struct kit_key *key, uint64_t *balance,
                uint64_t *sequence)
{
    return assay_task_ledger_get_balance(b->ledger, key->account, balance, sequence);
}

static bool is_there(const struct bench *b, const struct kit_key *key)
{
    uint64_t balance = 0, sequence = 0;
    return has(b, key, &balance, &sequence);
}

static struct assay_task_transfer signed_by(const struct bench *b, const struct kit_key *from,
                                            const struct kit_key *to, uint64_t amount)
{
    struct assay_task_transfer record = { .amount = amount };
    uint64_t balance = 0;
    cr_assert(has(b, from, &balance, &record.sequence));
    assay_bytes_copy(record.key, 64, from->key, 64);
    assay_bytes_copy(record.to, 32, to->account, 32);
    return record;
}

static void pay(struct bench *b, const struct kit_key *from, const struct kit_key *to,
                uint64_t amount)
{
    const struct assay_task_transfer record = signed_by(b, from, to, amount);
    cr_assert_eq(assay_task_ledger_apply_transfer(b->ledger, &record, &b->facts),
                 ASSAY_TASK_APPLIED);
}

/* Bob is paid, pays everything on, and whoever saw his record keeps it. */
static struct assay_task_transfer come_and_gone(struct bench *b)
{
    pay(b, &b->alice, &b->bob, 10);
    const struct assay_task_transfer kept = signed_by(b, &b->bob, &b->carol, 10);
    cr_assert_eq(assay_task_ledger_apply_transfer(b->ledger, &kept, &b->facts), ASSAY_TASK_APPLIED);
    return kept;
}

Test(task_accounts, no_signed_record_counts_twice_though_its_account_has_gone_and_come_again)
{
    for (uint64_t era = 0; era < 2; era++) {
        struct bench *b = made();
        assay_task_ledger_set_era(b->ledger, era);
        const struct assay_task_transfer kept = come_and_gone(b);
        close_at(b, b->epoch + ASSAY_TASK_IDLE_EPOCHS);
        cr_assert_not(is_there(b, &b->bob));
        cr_expect_eq(assay_task_ledger_apply_transfer(b->ledger, &kept, &b->facts),
                     ASSAY_TASK_NO_ACCOUNT);
        pay(b, &b->alice, &b->bob, 10);
        cr_expect_eq(assay_task_ledger_apply_transfer(b->ledger, &kept, &b->facts),
                     ASSAY_TASK_SEQUENCE);
        pay(b, &b->bob, &b->carol, 10); /* its next record has the number that the ledger says */
        done(b);
    }
}

/* A RECOVER undid the row; in the new era the same epoch comes again. */
Test(task_accounts, what_was_signed_in_an_era_that_was_undone_is_of_no_use_to_a_row_of_the_next)
{
    struct bench *b = made(), *next = made();
    const struct assay_task_transfer kept = come_and_gone(b);
    assay_task_ledger_set_era(next->ledger, 1);
    pay(next, &next->alice, &next->bob, 10);
    cr_expect_eq(assay_task_ledger_apply_transfer(next->ledger, &kept, &next->facts),
                 ASSAY_TASK_SEQUENCE);
    done(b);
    done(next);
}

/* A RECOVER undid two payments of an account that stays. The account makes one of them again, and
 * the payee of the other one submits the record of it that it retained. */
Test(task_accounts, a_payment_that_a_recover_undid_is_not_made_next_to_the_one_that_repeats_it)
{
    struct bench *b = made();
    const struct assay_task_transfer first = signed_by(b, &b->alice, &b->bob, 10);
    struct assay_task_transfer second = signed_by(b, &b->alice, &b->carol, 20);
    uint64_t balance = 0, sequence = 0;
    second.sequence = first.sequence + 1;
    assay_task_ledger_set_era(b->ledger, 1);
    cr_expect_eq(assay_task_ledger_apply_transfer(b->ledger, &first, &b->facts),
                 ASSAY_TASK_SEQUENCE);
    pay(b, &b->alice, &b->carol, 20);
    cr_expect_eq(assay_task_ledger_apply_transfer(b->ledger, &second, &b->facts),
                 ASSAY_TASK_SEQUENCE);
    cr_assert(has(b, &b->carol, &balance, &sequence));
    cr_expect_eq(balance, 20, "paid once");
    pay(b, &b->alice, &b->bob, 10);
    cr_assert(has(b, &b->alice, &balance, &sequence));
    cr_expect_eq(balance, HAS - 30);
    assay_task_ledger_set_era(b->ledger, 2);
    pay(b, &b->alice, &b->bob, 1);
    done(b);
}

Test(task_accounts, an_account_goes_when_it_is_empty_and_idle_and_not_before)
{
    struct bench *b = made();
    (void)come_and_gone(b);
    const uint64_t used = b->epoch;
    close_at(b, used + ASSAY_TASK_IDLE_EPOCHS - 1);
    cr_expect(is_there(b, &b->bob));
    close_at(b, used + ASSAY_TASK_IDLE_EPOCHS);
    cr_expect_not(is_there(b, &b->bob));
    close_at(b, used + 100 * ASSAY_TASK_IDLE_EPOCHS);
    cr_expect(is_there(b, &b->alice), "it has money");
    cr_expect(is_there(b, &b->carol), "it has money");
    done(b);
}

Test(task_accounts, what_is_locked_or_to_be_paid_keeps_its_account)
{
    struct bench *b = made();
    struct assay_task_offer offer = { .count = 1, .price = HAS };
    struct assay_task_accept accept = { .key = { 1 } };
    close_at(b, b->epoch + 1);
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 0, &offer, &b->facts),
                 ASSAY_TASK_APPLIED);
    struct assay_task_open open = { .price = HAS,
                                    .steps = 1,
                                    .deadline = b->epoch + ASSAY_TASK_AHEAD_MAX,
                                    .min_standing = ASSAY_TASK_STAND_WARNING };
    assay_bytes_copy(open.key, 64, b->alice.key, 64);
    cr_assert_eq(assay_task_ledger_apply_open(b->ledger, &open, &b->facts), ASSAY_TASK_APPLIED);
    assay_bytes_copy(accept.task, 32, b->facts.fact[0].task, 32);
    assay_bytes_copy(accept.account, 32, b->bob.account, 32);
    cr_assert_eq(assay_task_ledger_apply_accept(b->ledger, 0, &accept, &b->facts),
                 ASSAY_TASK_APPLIED);
    close_at(b, open.deadline);
    cr_expect(is_there(b, &b->alice), "its money is locked");
    cr_expect(is_there(b, &b->bob), "it may be paid");
    close_at(b, open.deadline + 1);
    cr_expect(is_there(b, &b->bob), "rent came until now, if only of nothing here");
    close_at(b, open.deadline + 1 + ASSAY_TASK_IDLE_EPOCHS);
    cr_expect(is_there(b, &b->alice), "it has its money again");
    cr_expect_not(is_there(b, &b->bob), "there is nothing to be paid");
    done(b);
}

Test(task_accounts, room_comes_back_and_documents_say_when)
{
    struct bench *b = made();
    struct kit_key late;
    uint8_t bytes[4096];
    void *memory = NULL;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    kit_key_make(&late, 4);
    (void)come_and_gone(b);
    const struct assay_task_transfer refused = signed_by(b, &b->alice, &late, 1);
    cr_assert_eq(assay_task_ledger_apply_transfer(b->ledger, &refused, &b->facts),
                 ASSAY_TASK_NO_ROOM);
    /* Whoever reads the document removes the row at the same close. */
    cr_assert_eq(assay_task_ledger_encode(b->ledger, &w), ASSAY_OK);
    struct bench other = *b;
    other.ledger = made_of(b, &memory);
    cr_assert_eq(assay_task_ledger_decode(assay_slice_over(bytes, w.len), other.ledger), ASSAY_OK);
    assay_task_ledger_set_standing(other.ledger, b->epoch, NULL, 0);
    for (struct bench *at = b;; at = &other) {
        close_at(at, FIRST_EPOCH + ASSAY_TASK_IDLE_EPOCHS - 1);
        cr_expect(is_there(at, &b->bob));
        close_at(at, FIRST_EPOCH + ASSAY_TASK_IDLE_EPOCHS);
        cr_expect_not(is_there(at, &b->bob));
        cr_expect_eq(assay_task_ledger_apply_transfer(at->ledger, &refused, &at->facts),
                     ASSAY_TASK_APPLIED);
        if (at == &other) break;
    }
    free(memory);
    done(b);
}
