/*
 * tests/unit/services/tasks/test_task_release.c - tests of rent and RELEASE.
 *
 * What a place costs while it waits, and how either side leaves it (docs/services.md 6.8.1, 6.8.2).
 */
#include "tests/support/services/task_kit.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum {
    ACCOUNTS = 4,
    TASKS = 8,
    SLOTS = 2,
    HAS = 100000,
    PRICE = 90,
    HOLD = 2,
    STEPS = 5,
    EXECUTOR = 1
};

struct bench {
    void *memory;
    struct assay_task_ledger *ledger;
    struct assay_task_facts facts;
    struct assay_task_member member[SLOTS];
    struct assay_task_fact fact[TASKS];
    uint32_t fact_count;
    uint64_t epoch;
    struct kit_key alice, payee, task_key;
    struct assay_task_open open;
    uint8_t chain[32], task[32];
};

static void next_epoch(struct bench *b)
{
    b->fact_count =
        assay_task_ledger_close_epoch(b->ledger, ++b->epoch, b->member, SLOTS, b->fact, TASKS);
}

static void epochs(struct bench *b, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        next_epoch(b);
}

static struct bench *made(void)
{
    struct bench *b = calloc(1, sizeof *b);
    struct assay_task_balance first = { .amount = HAS };
    struct assay_task_offer offer = { .count = 1, .price = PRICE, .hold = HOLD };
    cr_assert_not_null(b);
    kit_key_make(&b->alice, 1);
    kit_key_make(&b->payee, 2);
    kit_key_make(&b->task_key, 3);
    assay_bytes_copy(first.account, 32, b->alice.account, 32);
    const struct assay_task_ledger_config config = { .accounts_max = ACCOUNTS,
                                                     .tasks_max = TASKS,
                                                     .slots_max = SLOTS,
                                                     .epoch = 9,
                                                     .balances = &first,
                                                     .balance_count = 1 };
    const size_t size = assay_task_ledger_size(ACCOUNTS, TASKS, SLOTS);
    b->memory = malloc(size);
    cr_assert_eq(assay_task_ledger_init(b->memory, size, &config, &b->ledger), ASSAY_OK);
    b->epoch = config.epoch;
    for (uint32_t i = 0; i < SLOTS; i++)
        b->member[i] =
            (struct assay_task_member){ .standing = ASSAY_TASK_STAND_FULL, .certified = true };
    next_epoch(b);
    kit_bytes('c', 1, offer.code[0]);
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, EXECUTOR, &offer, &b->facts),
                 ASSAY_TASK_APPLIED);
    b->open = (struct assay_task_open){ .executor = EXECUTOR,
                                        .price = PRICE,
                                        .hold = HOLD,
                                        .steps = STEPS,
                                        .deadline = b->epoch + 1000,
                                        .min_standing = ASSAY_TASK_STAND_WARNING };
    kit_bytes('c', 1, b->open.code);
    kit_bytes('i', 1, b->open.input);
    assay_bytes_copy(b->open.key, 64, b->alice.key, 64);
    return b;
}

static void done(struct bench *b)
{
    free(b->memory);
    free(b);
}

static uint64_t has(const struct bench *b, const struct kit_key *key)
{
    uint64_t balance = 0, sequence = 0;
    return assay_task_ledger_get_balance(b->ledger, key->account, &balance, &sequence) ? balance
                                                                                       : 0;
}

static const struct assay_task_row *row(const struct bench *b)
{
    return assay_task_ledger_find_task(b->ledger, b->task);
}

static enum assay_task_result opens(struct bench *b)
{
    uint64_t balance = 0;
    (void)assay_task_ledger_get_balance(b->ledger, b->alice.account, &balance, &b->open.sequence);
    assay_task_open_statement(b->chain, &b->open, b->task);
    return assay_task_ledger_apply_open(b->ledger, &b->open, &b->facts);
}

static struct bench *running(void)
{
    struct bench *b = made();
    struct assay_task_accept record = { 0 };
    cr_assert_eq(opens(b), ASSAY_TASK_APPLIED);
    assay_bytes_copy(record.task, 32, b->task, 32);
    assay_bytes_copy(record.key, 64, b->task_key.key, 64);
    assay_bytes_copy(record.account, 32, b->payee.account, 32);
    cr_assert_eq(assay_task_ledger_apply_accept(b->ledger, EXECUTOR, &record, &b->facts),
                 ASSAY_TASK_APPLIED);
    return b;
}

static enum assay_task_result claims(struct bench *b, uint32_t step, uint64_t epoch)
{
    struct assay_task_claim claim;
    kit_claim(b->chain, &b->alice, &b->task_key, b->task, b->open.input, step, epoch, &claim);
    return assay_task_ledger_apply_claim(b->ledger, EXECUTOR, &claim, &b->facts);
}

static enum assay_task_result releases(struct bench *b, bool requestor)
{
    struct assay_task_release record = { .paid = row(b) != NULL ? row(b)->paid : 0 };
    assay_bytes_copy(record.task, 32, b->task, 32);
    if (requestor) kit_sign_release(b->chain, &b->alice, &record);
    return assay_task_ledger_apply_release(b->ledger, requestor ? 0 : EXECUTOR, &record, &b->facts);
}

/* --- rent */

Test(task_release, an_open_locks_its_steps_and_the_rent_of_sixty_four_epochs_at_most)
{
    static const uint32_t ahead[][2] = {
        { 1, 2 }, { 62, 63 }, { 63, 64 }, { 64, 64 }, { 9999, 64 }
    };
    for (size_t i = 0; i < sizeof ahead / sizeof *ahead; i++) {
        struct bench *b = made();
        uint64_t amount = 0;
        b->open.deadline = b->epoch + ahead[i][0];
        cr_assert_eq(opens(b), ASSAY_TASK_APPLIED);
        cr_expect_eq(HAS - has(b, &b->alice), STEPS * PRICE + HOLD * ahead[i][1]);
        cr_assert_eq(assay_task_open_amount(&b->open, b->epoch, &amount), ASSAY_OK);
        cr_expect_eq(amount, STEPS * PRICE + HOLD * ahead[i][1], "as is said before");
        done(b);
    }
}

Test(task_release, who_offers_names_the_rent_and_nobody_opens_for_less)
{
    struct bench *b = made();
    b->open.hold = HOLD - 1;
    cr_expect_eq(opens(b), ASSAY_TASK_NO_OFFER);
    b->open.hold = HOLD + 1;
    cr_expect_eq(opens(b), ASSAY_TASK_APPLIED);
    b->open.price = UINT64_MAX / STEPS;
    b->open.hold = UINT64_MAX / STEPS;
    cr_expect_eq(opens(b), ASSAY_TASK_OVERFLOW);
    b->open.price = PRICE;
    b->open.hold = PRICE;
    b->open.steps = (HAS - STEPS * PRICE) / PRICE - 64; /* its steps alone could be paid */
    cr_expect_eq(opens(b), ASSAY_TASK_LOW_BALANCE);
    done(b);
}

/* From ACCEPT on, whether anything is vouched or the executor certified, as long as it lasts. */
Test(task_release, rent_goes_to_the_executor_at_each_close_and_never_beyond_what_is_locked)
{
    struct bench *b = running();
    for (uint32_t i = 1; i <= 40; i++) {
        b->member[EXECUTOR].certified = i % 3 != 0;
        next_epoch(b);
        cr_assert_eq(has(b, &b->payee), HOLD * i, "close %u", i);
    }
    b->member[EXECUTOR].certified = true;
    next_epoch(b);
    cr_assert_eq(claims(b, 1, b->epoch - 1), ASSAY_TASK_APPLIED);
    epochs(b, 23);
    cr_assert_eq(has(b, &b->payee), HOLD * 64 + PRICE);
    epochs(b, 20);
    cr_expect_eq(has(b, &b->payee), HOLD * 64 + PRICE, "that was all");
    cr_expect_eq(row(b)->locked, (STEPS - 1) * PRICE, "steps stay locked");
    done(b);
}

Test(task_release, what_waits_for_an_executor_pays_nobody)
{
    struct bench *b = made();
    cr_assert_eq(opens(b), ASSAY_TASK_APPLIED);
    epochs(b, ASSAY_TASK_WAITING_EPOCHS);
    cr_expect_eq(row(b)->end, ASSAY_TASK_END_CLOSED);
    cr_expect_eq(has(b, &b->alice), HAS, "all of it is back");
    done(b);
}

Test(task_release, what_is_left_of_the_rent_goes_back_with_the_last_step)
{
    struct bench *b = running();
    epochs(b, 3);
    cr_assert_eq(claims(b, STEPS, b->epoch - 1), ASSAY_TASK_APPLIED);
    cr_expect_eq(row(b)->end, ASSAY_TASK_END_PAID);
    cr_expect_eq(has(b, &b->payee), STEPS * PRICE + 3 * HOLD);
    cr_expect_eq(has(b, &b->alice), HAS - STEPS * PRICE - 3 * HOLD);
    cr_expect_eq(b->facts.fact[1].amount, 61 * HOLD, "and is told");
    done(b);
}

/* T1: over its life a place has cost a step for each 60 epochs. */
Test(task_release, no_place_is_kept_for_nothing)
{
    for (uint32_t claimed = 0; claimed < 4; claimed++) {
        struct bench *b = running();
        uint32_t kept = 0, steps = 0;
        while (row(b)->end == ASSAY_TASK_END_NONE && kept < 999) {
            next_epoch(b);
            kept++;
            const uint64_t cost = HOLD * (uint64_t)(kept < 64 ? kept : 64) + steps * PRICE;
            if (row(b)->end == ASSAY_TASK_END_NONE)
                cr_assert_geq(60 * cost, PRICE * (uint64_t)kept, "epoch %u", kept);
            if (steps < claimed && kept % 59 == 0)
                cr_assert_eq(claims(b, ++steps, b->epoch - 1), ASSAY_TASK_APPLIED);
        }
        cr_expect_eq(row(b)->end, ASSAY_TASK_END_RELEASED);
        cr_expect_eq(kept, claimed == 0 ? 64 : claimed * 59 + 60);
        cr_expect_eq(has(b, &b->alice) + has(b, &b->payee), HAS);
        cr_expect_eq(has(b, &b->payee), HOLD * 64 + steps * PRICE);
        done(b);
    }
}

Test(task_release, who_has_fallen_gets_no_rent_and_keeps_no_row)
{
    struct bench *b = running();
    epochs(b, 10);
    b->member[EXECUTOR].failed = true;
    next_epoch(b);
    b->member[EXECUTOR].failed = false;
    cr_expect_eq(b->fact[0].kind, ASSAY_TASK_FAILED);
    epochs(b, 2);
    cr_expect_eq(row(b)->end, ASSAY_TASK_END_NONE);
    next_epoch(b);
    cr_expect_eq(row(b)->end, ASSAY_TASK_END_CLOSED, "nobody has to say so");
    cr_expect_eq(has(b, &b->payee), 10 * HOLD);
    cr_expect_eq(has(b, &b->alice), HAS - 10 * HOLD);
    done(b);
}

/* --- leaving */

Test(task_release, nobody_leaves_before_four_closes_without_a_claim)
{
    for (uint32_t side = 0; side < 2; side++) {
        struct bench *b = running();
        for (uint32_t i = 0; i < ASSAY_TASK_QUIET_EPOCHS; i++) {
            cr_expect_eq(releases(b, side == 0), ASSAY_TASK_EARLY, "close %u", i);
            next_epoch(b);
        }
        cr_assert_eq(claims(b, 1, b->epoch - 1), ASSAY_TASK_APPLIED);
        for (uint32_t i = 0; i < ASSAY_TASK_QUIET_EPOCHS; i++) {
            cr_expect_eq(releases(b, side == 0), ASSAY_TASK_EARLY, "a claim came, close %u", i);
            next_epoch(b);
        }
        cr_expect_eq(releases(b, side == 0), ASSAY_TASK_APPLIED);
        cr_expect_eq(b->facts.fact[0].kind, ASSAY_TASK_RELEASED);
        cr_expect_eq(b->facts.fact[0].closes, ASSAY_TASK_LEAVING_EPOCHS);
        cr_expect_eq(releases(b, side != 0), ASSAY_TASK_SAME, "it ends no sooner");
        done(b);
    }
}

/* Whoever leaves takes nothing that was vouched for. */
Test(task_release, no_claim_inside_the_window_is_lost)
{
    for (uint32_t after = 0; after < ASSAY_TASK_LEAVING_EPOCHS; after++) {
        struct bench *b = running();
        epochs(b, ASSAY_TASK_QUIET_EPOCHS);
        cr_assert_eq(releases(b, true), ASSAY_TASK_APPLIED);
        epochs(b, after);
        cr_expect_eq(claims(b, 3, b->epoch - 1), ASSAY_TASK_APPLIED, "after %u closes", after);
        epochs(b, ASSAY_TASK_LEAVING_EPOCHS - after - 1);
        cr_expect_eq(row(b)->end, ASSAY_TASK_END_NONE);
        next_epoch(b);
        cr_expect_eq(row(b)->end, ASSAY_TASK_END_RELEASED);
        cr_expect_eq(claims(b, 4, b->epoch - 1), ASSAY_TASK_GONE);
        cr_expect_eq(has(b, &b->payee), 3 * PRICE + 8 * HOLD);
        cr_expect_eq(has(b, &b->alice), HAS - 3 * PRICE - 8 * HOLD, "the rest is back");
        done(b);
    }
}

/* Silence is worth what the place costs, to either side: eight epochs' rent, and no more. */
Test(task_release, a_lie_about_silence_gains_nothing)
{
    uint64_t gained[2];
    for (uint32_t side = 0; side < 2; side++) {
        struct bench *b = running();
        epochs(b, ASSAY_TASK_QUIET_EPOCHS);
        cr_assert_eq(releases(b, side == 0), ASSAY_TASK_APPLIED);
        epochs(b, ASSAY_TASK_LEAVING_EPOCHS);
        gained[side] = has(b, &b->payee);
        cr_expect_eq(has(b, &b->alice) + gained[side], HAS);
        done(b);
    }
    cr_expect_eq(gained[0], gained[1], "whoever says so");
    cr_expect_lt(gained[0], PRICE);
}

Test(task_release, only_the_two_sides_leave_and_only_what_was_accepted)
{
    struct bench *b = made();
    struct assay_task_release record = { .paid = 0 };
    cr_assert_eq(opens(b), ASSAY_TASK_APPLIED);
    cr_expect_eq(releases(b, true), ASSAY_TASK_NOT_TAKEN);
    cr_expect_eq(releases(b, false), ASSAY_TASK_NOT_TAKEN);
    done(b);
    b = running();
    epochs(b, ASSAY_TASK_QUIET_EPOCHS);
    cr_expect_eq(assay_task_ledger_apply_release(b->ledger, EXECUTOR, &record, &b->facts),
                 ASSAY_TASK_UNKNOWN);
    assay_bytes_copy(record.task, 32, b->task, 32);
    cr_expect_eq(assay_task_ledger_apply_release(b->ledger, 0, &record, &b->facts),
                 ASSAY_TASK_OTHER_SLOT);
    kit_sign_release(b->chain, &b->payee, &record);
    cr_expect_eq(assay_task_ledger_apply_release(b->ledger, EXECUTOR, &record, &b->facts),
                 ASSAY_TASK_WRONG_KEY, "nor does the executor for another account");
    done(b);
}

/* T2: who has kept one that came too early does not end what went on. */
Test(task_release, a_release_that_was_signed_before_a_claim_means_nothing_after_it)
{
    struct bench *b = running();
    struct assay_task_release kept = { .paid = 0 };
    assay_bytes_copy(kept.task, 32, b->task, 32);
    kit_sign_release(b->chain, &b->alice, &kept);
    epochs(b, 3);
    cr_expect_eq(assay_task_ledger_apply_release(b->ledger, 0, &kept, &b->facts), ASSAY_TASK_EARLY);
    cr_assert_eq(claims(b, 1, b->epoch - 1), ASSAY_TASK_APPLIED);
    epochs(b, 30);
    cr_expect_eq(assay_task_ledger_apply_release(b->ledger, 0, &kept, &b->facts),
                 ASSAY_TASK_CHANGED);
    cr_expect_eq(row(b)->leaving, 0);
    done(b);
}

/* CLOSE is no way around it. */
Test(task_release, a_close_does_not_come_before_the_window)
{
    struct bench *b = running();
    struct assay_task_close record = { 0 };
    assay_bytes_copy(record.task, 32, b->task, 32);
    kit_sign_close(b->chain, &b->alice, &record);
    epochs(b, ASSAY_TASK_QUIET_EPOCHS);
    cr_expect_eq(assay_task_ledger_apply_close(b->ledger, &record, &b->facts), ASSAY_TASK_EARLY);
    cr_assert_eq(releases(b, true), ASSAY_TASK_APPLIED);
    for (uint32_t i = 0; i < ASSAY_TASK_LEAVING_EPOCHS; i++) {
        cr_expect_eq(assay_task_ledger_apply_close(b->ledger, &record, &b->facts),
                     ASSAY_TASK_EARLY);
        next_epoch(b);
    }
    cr_expect_eq(assay_task_ledger_apply_close(b->ledger, &record, &b->facts), ASSAY_TASK_GONE);
    done(b);
}
