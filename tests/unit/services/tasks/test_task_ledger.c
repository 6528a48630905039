/* tests/unit/services/tasks/test_task_ledger.c - ledger state of tasks (docs/services.md 6) */
#include "tests/support/services/task_kit.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { ACCOUNTS = 6, TASKS = 3, SLOTS = 4, FIRST_EPOCH = 100, ALICE_HAS = 1000, BOB_HAS = 500 };

struct bench {
    void *memory;
    struct assay_task_ledger *ledger;
    struct assay_task_facts facts;
    struct assay_task_member member[SLOTS];
    struct assay_task_fact fact[TASKS];
    uint32_t fact_count;
    uint64_t epoch;
    struct kit_key alice, bob, task_key, payee;
    uint8_t chain[32], code[32], input[32], task[32];
};

static void free_bench(struct bench *b)
{
    free(b->memory);
    free(b);
}

static struct assay_task_ledger_config config_of(const struct assay_task_balance *balances,
                                                 uint32_t count)
{
    return (struct assay_task_ledger_config){
        .accounts_max = ACCOUNTS,
        .tasks_max = TASKS,
        .slots_max = SLOTS,
        .epoch = FIRST_EPOCH,
        .balances = balances,
        .balance_count = count,
    };
}

/* Every member stands FULL and was certified, unless the test has said otherwise. */
static void next_epoch(struct bench *b)
{
    b->fact_count =
        assay_task_ledger_close_epoch(b->ledger, ++b->epoch, b->member, SLOTS, b->fact, TASKS);
}

static enum assay_task_result offer(struct bench *b, uint32_t slot, uint64_t price)
{
    struct assay_task_offer record = { .count = 1, .price = price };
    assay_bytes_copy(record.code[0], 32, b->code, 32);
    return assay_task_ledger_apply_offer(b->ledger, slot, &record, &b->facts);
}

static struct bench *made(void)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    kit_key_make(&b->alice, 1);
    kit_key_make(&b->bob, 2);
    kit_key_make(&b->task_key, 3);
    kit_key_make(&b->payee, 4);
    kit_bytes('c', 1, b->code);
    kit_bytes('i', 1, b->input);
    struct assay_task_balance first[2] = { { .amount = ALICE_HAS }, { .amount = BOB_HAS } };
    assay_bytes_copy(first[0].account, 32, b->alice.account, 32);
    assay_bytes_copy(first[1].account, 32, b->bob.account, 32);
    const struct assay_task_ledger_config config = config_of(first, 2);
    const size_t size = assay_task_ledger_size(ACCOUNTS, TASKS, SLOTS);
    b->memory = malloc(size);
    cr_assert_not_null(b->memory);
    cr_assert_eq(assay_task_ledger_init(b->memory, size, &config, &b->ledger), ASSAY_OK);
    b->epoch = FIRST_EPOCH;
    for (uint32_t i = 0; i < SLOTS; i++)
        b->member[i] = (struct assay_task_member){ .standing = ASSAY_TASK_STAND_FULL,
                                                   .score = 100,
                                                   .certified = true };
    next_epoch(b);
    for (uint32_t i = 0; i < SLOTS; i++)
        cr_assert_eq(offer(b, i, 10), ASSAY_TASK_APPLIED);
    return b;
}

static uint64_t balance(const struct bench *b, const struct kit_key *key)
{
    uint64_t amount = 0, sequence = 0;
    return assay_task_ledger_get_balance(b->ledger, key->account, &amount, &sequence) ? amount : 0;
}

static uint64_t sequence(const struct bench *b, const struct kit_key *key)
{
    uint64_t amount = 0, next = 0;
    (void)assay_task_ledger_get_balance(b->ledger, key->account, &amount, &next);
    return next;
}

static struct assay_task_open terms(const struct bench *b)
{
    struct assay_task_open open = {
        .sequence = sequence(b, &b->alice),
        .executor = 1,
        .price = 10,
        .steps = 5,
        .deadline = b->epoch + 4,
        .min_standing = ASSAY_TASK_STAND_WARNING,
    };
    assay_bytes_copy(open.key, 64, b->alice.key, 64);
    assay_bytes_copy(open.code, 32, b->code, 32);
    assay_bytes_copy(open.input, 32, b->input, 32);
    return open;
}

static enum assay_task_result open_with(struct bench *b, const struct assay_task_open *open)
{
    assay_task_open_statement(b->chain, open, b->task);
    return assay_task_ledger_apply_open(b->ledger, open, &b->facts);
}

static enum assay_task_result accept_by(struct bench *b, uint32_t slot)
{
    struct assay_task_accept record = { 0 };
    assay_bytes_copy(record.task, 32, b->task, 32);
    assay_bytes_copy(record.key, 64, b->task_key.key, 64);
    assay_bytes_copy(record.account, 32, b->payee.account, 32);
    return assay_task_ledger_apply_accept(b->ledger, slot, &record, &b->facts);
}

/* Alice's task of five steps for ten each, taken by the member in slot 1. */
static struct bench *running(void)
{
    struct bench *b = made();
    const struct assay_task_open open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_APPLIED);
    return b;
}

static struct assay_task_claim claim_of(const struct bench *b, uint32_t step, uint64_t epoch)
{
    struct assay_task_claim claim;
    kit_claim(b->chain, &b->alice, &b->task_key, b->task, b->input, step, epoch, &claim);
    return claim;
}

static enum assay_task_result claim(struct bench *b, const struct assay_task_claim *record)
{
    return assay_task_ledger_apply_claim(b->ledger, 1, record, &b->facts);
}

static enum assay_task_result close_by(struct bench *b, const struct kit_key *key)
{
    struct assay_task_close record = { 0 };
    assay_bytes_copy(record.task, 32, b->task, 32);
    assay_bytes_copy(record.key, 64, key->key, 64);
    return assay_task_ledger_apply_close(b->ledger, &record, &b->facts);
}

/* --- first balances */

Test(task_ledger, first_balances_must_add_up_and_name_an_account_once)
{
    const size_t size = assay_task_ledger_size(ACCOUNTS, TASKS, SLOTS);
    void *memory = malloc(size);
    struct assay_task_ledger *ledger = NULL;
    struct assay_task_balance many[ACCOUNTS + 1] = { 0 };
    for (uint8_t i = 0; i <= ACCOUNTS; i++)
        many[i] = (struct assay_task_balance){ .account = { (uint8_t)(200 - i) }, .amount = i };
    struct assay_task_ledger_config config = config_of(many, ACCOUNTS);
    cr_assert_eq(assay_task_ledger_init(memory, size, &config, &ledger), ASSAY_OK);
    uint64_t amount = 0, next = 0;
    for (uint8_t i = 0; i < ACCOUNTS; i++) {
        cr_assert(assay_task_ledger_get_balance(ledger, many[i].account, &amount, &next));
        cr_assert_eq(amount, i);
        cr_assert_eq(next, 0);
    }
    config.balance_count = ACCOUNTS + 1;
    cr_assert_eq(assay_task_ledger_init(memory, size, &config, &ledger), ASSAY_E_FULL);
    config.balance_count = 2;
    many[1].account[0] = many[0].account[0];
    cr_assert_eq(assay_task_ledger_init(memory, size, &config, &ledger), ASSAY_E_DUPLICATE);
    many[1].account[0]++;
    many[0].amount = UINT64_MAX;
    many[1].amount = 1;
    cr_assert_eq(assay_task_ledger_init(memory, size, &config, &ledger), ASSAY_E_RANGE);
    many[1].amount = 0;
    cr_assert_eq(assay_task_ledger_init(memory, size, &config, &ledger), ASSAY_OK);
    free(memory);
}

/* A branch that loses leaves nothing behind. */
Test(task_ledger, a_copy_goes_its_own_way)
{
    struct bench *b = made(), *other = made();
    const struct assay_task_open open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    assay_task_ledger_copy(other->ledger, b->ledger);
    assay_task_ledger_check(other->ledger);
    assay_bytes_copy(other->task, 32, b->task, 32);
    other->epoch = b->epoch;
    cr_assert_eq(accept_by(other, 1), ASSAY_TASK_APPLIED);
    const struct assay_task_claim c = claim_of(other, 1, other->epoch);
    next_epoch(other);
    cr_assert_eq(claim(other, &c), ASSAY_TASK_APPLIED);
    cr_assert_eq(balance(other, &b->payee), 10);
    cr_assert_eq(balance(b, &b->payee), 0);
    cr_assert_not(assay_task_ledger_find_task(b->ledger, b->task)->accepted);
    cr_assert_eq(assay_task_ledger_get_epoch(b->ledger) + 1,
                 assay_task_ledger_get_epoch(other->ledger));
    free_bench(b);
    free_bench(other);
}

/* --- transfers */

static enum assay_task_result transfer(struct bench *b, const struct kit_key *from, uint64_t number,
                                       const uint8_t to[static 32], uint64_t amount)
{
    struct assay_task_transfer record = { .sequence = number, .amount = amount };
    assay_bytes_copy(record.key, 64, from->key, 64);
    assay_bytes_copy(record.to, 32, to, 32);
    return assay_task_ledger_apply_transfer(b->ledger, &record, &b->facts);
}

Test(task_ledger, money_moves_once_and_by_number)
{
    struct bench *b = made();
    cr_assert_eq(transfer(b, &b->alice, 0, b->bob.account, 300), ASSAY_TASK_APPLIED);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS - 300);
    cr_assert_eq(balance(b, &b->bob), BOB_HAS + 300);
    cr_assert_eq(transfer(b, &b->alice, 0, b->bob.account, 300), ASSAY_TASK_SEQUENCE, "again");
    cr_assert_eq(transfer(b, &b->alice, 2, b->bob.account, 300), ASSAY_TASK_SEQUENCE, "ahead");
    cr_assert_eq(transfer(b, &b->alice, 1, b->bob.account, 701), ASSAY_TASK_LOW_BALANCE);
    cr_assert_eq(sequence(b, &b->alice), 1, "what is refused uses up no number");
    cr_assert_eq(transfer(b, &b->alice, 1, b->alice.account, 700), ASSAY_TASK_APPLIED);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS - 300, "to itself nothing moves");
    cr_assert_eq(transfer(b, &b->payee, 0, b->alice.account, 1), ASSAY_TASK_NO_ACCOUNT);
    free_bench(b);
}

Test(task_ledger, a_new_account_begins_with_what_it_is_sent_until_there_is_no_room)
{
    struct bench *b = made();
    uint8_t to[32] = { 0 };
    for (uint8_t i = 0; i < ACCOUNTS - 2; i++) {
        to[0] = (uint8_t)(i * 60);
        cr_assert_eq(transfer(b, &b->alice, i, to, 5), ASSAY_TASK_APPLIED);
    }
    to[0] = 255;
    to[1] = 255;
    cr_assert_eq(transfer(b, &b->alice, ACCOUNTS - 2, to, 5), ASSAY_TASK_NO_ROOM);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS - (ACCOUNTS - 2) * 5);
    cr_assert_eq(sequence(b, &b->alice), ACCOUNTS - 2);
    free_bench(b);
}

/* --- offers and choice */

Test(task_ledger, an_offer_is_a_members_and_the_last_counts)
{
    struct bench *b = made();
    struct assay_task_offer record = { .count = 1, .price = 8, .address_len = 2, .address = "me" };
    assay_bytes_copy(record.code[0], 32, b->code, 32);
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, SLOTS, &record, &b->facts),
                 ASSAY_TASK_NOT_HERE);
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 2, &record, &b->facts),
                 ASSAY_TASK_APPLIED);
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 2, &record, &b->facts), ASSAY_TASK_SAME);
    cr_assert_eq(assay_task_ledger_find_offer(b->ledger, 2)->price, 8);
    record.address[0] = 'w';
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 2, &record, &b->facts),
                 ASSAY_TASK_APPLIED);
    record.count = 0;
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 2, &record, &b->facts),
                 ASSAY_TASK_APPLIED);
    cr_assert_null(assay_task_ledger_find_offer(b->ledger, 2));
    cr_assert_null(assay_task_ledger_find_offer(b->ledger, SLOTS));
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 2, &record, &b->facts), ASSAY_TASK_SAME);
    b->member[3].standing = ASSAY_TASK_STAND_NONE;
    next_epoch(b);
    cr_assert_null(assay_task_ledger_find_offer(b->ledger, 3), "it has left, and its offer");
    record.count = 1;
    cr_assert_eq(assay_task_ledger_apply_offer(b->ledger, 3, &record, &b->facts),
                 ASSAY_TASK_NOT_HERE);
    free_bench(b);
}

Test(task_ledger, the_best_score_is_chosen_then_the_price_then_the_slot)
{
    struct bench *b = made();
    uint8_t other[32] = { 3 };
    const enum assay_task_standing warning = ASSAY_TASK_STAND_WARNING;
    cr_assert_eq(assay_task_ledger_choose(b->ledger, b->code, 10, 0, warning), 0, "all are equal");
    cr_assert_eq(offer(b, 2, 9), ASSAY_TASK_APPLIED);
    cr_assert_eq(assay_task_ledger_choose(b->ledger, b->code, 10, 0, warning), 2, "it is cheaper");
    b->member[3].score = 101;
    next_epoch(b);
    cr_assert_eq(assay_task_ledger_choose(b->ledger, b->code, 10, 0, warning), 3,
                 "more is trusted");
    cr_assert_eq(offer(b, 3, 11), ASSAY_TASK_APPLIED);
    cr_assert_eq(assay_task_ledger_choose(b->ledger, b->code, 10, 0, warning), 2, "3 is too dear");
    b->member[2].standing = ASSAY_TASK_STAND_RESTRICTED;
    next_epoch(b);
    cr_assert_eq(assay_task_ledger_choose(b->ledger, b->code, 10, 0, warning), 0,
                 "2 stands too low");
    cr_assert_eq(assay_task_ledger_choose(b->ledger, b->code, 10, 0, ASSAY_TASK_STAND_RESTRICTED),
                 2);
    cr_assert_eq(assay_task_ledger_choose(b->ledger, b->code, 8, 0, warning), ASSAY_TASK_SLOTS_MAX);
    cr_assert_eq(assay_task_ledger_choose(b->ledger, other, 10, 0, warning), ASSAY_TASK_SLOTS_MAX);
    free_bench(b);
}

/* --- opening */

Test(task_ledger, opening_locks_price_times_steps)
{
    struct bench *b = made();
    const struct assay_task_open open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS - 50);
    cr_assert_eq(b->facts.count, 1);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_TASK_OPENED);
    cr_assert_eq(b->facts.fact[0].amount, 50);
    cr_assert_eq(b->facts.fact[0].executor, 1);
    cr_assert(assay_bytes_equal(b->facts.fact[0].task, b->task, 32));
    const struct assay_task_row *row = assay_task_ledger_find_task(b->ledger, b->task);
    cr_assert_eq(row->locked, 50);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_SEQUENCE, "the same record again");
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS - 50);
    free_bench(b);
}

Test(task_ledger, price_times_steps_must_be_an_amount)
{
    struct bench *b = made();
    struct assay_task_open open = terms(b);
    open.price = UINT64_MAX / 5 + 1; /* times five it is four */
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_OVERFLOW);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS);
    open.price = UINT64_MAX / 5;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_LOW_BALANCE);
    free_bench(b);
}

Test(task_ledger, terms_that_cannot_be_kept_open_nothing)
{
    struct bench *b = made();
    struct assay_task_open open = terms(b);
    assay_bytes_copy(open.key, 64, b->payee.key, 64);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_NO_ACCOUNT);
    open = terms(b);
    open.sequence = 1;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_SEQUENCE);
    open = terms(b);
    open.deadline = b->epoch;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_DEADLINE, "no receipt of this epoch is payable");
    open.deadline = b->epoch + ASSAY_TASK_AHEAD_MAX + 1;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_DEADLINE);
    open = terms(b);
    open.executor = SLOTS;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_NOT_HERE);
    open = terms(b);
    open.code[0] ^= 1;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_NO_OFFER);
    open = terms(b);
    open.price = 9;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_NO_OFFER, "below what it asks");
    open = terms(b);
    open.steps = 101;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_LOW_BALANCE);
    b->member[1].standing = ASSAY_TASK_STAND_RESTRICTED;
    next_epoch(b);
    open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_STANDING);
    b->member[1].standing = ASSAY_TASK_STAND_NONE;
    next_epoch(b);
    open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_NOT_HERE);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS);
    free_bench(b);
}

static struct assay_task_open of_bob(const struct bench *b, uint64_t sequence)
{
    struct assay_task_open open = terms(b);
    assay_bytes_copy(open.key, sizeof open.key, b->bob.key, sizeof open.key);
    open.sequence = sequence;
    return open;
}

Test(task_ledger, room_is_made_by_tasks_that_have_ended)
{
    struct bench *b = made();
    struct assay_task_open open;
    uint8_t first[32];
    for (uint32_t i = 0; i < ASSAY_TASK_QUOTA_MIN; i++) {
        open = terms(b);
        cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
        if (i == 0) assay_bytes_copy(first, 32, b->task, 32);
    }
    open = of_bob(b, 0);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    open = of_bob(b, 1);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_NO_ROOM);
    assay_bytes_copy(b->task, 32, first, 32);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_APPLIED);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_GONE);
    open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    assay_bytes_copy(b->task, 32, first, 32);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_UNKNOWN, "its row is another's");
    free_bench(b);
}

Test(task_ledger, the_executor_of_the_terms_accepts_once)
{
    struct bench *b = made();
    const struct assay_task_open open = terms(b);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_UNKNOWN, "the name of nothing");
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(accept_by(b, 2), ASSAY_TASK_OTHER_SLOT);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_TASK_ACCEPTED);
    cr_assert(assay_bytes_equal(b->facts.fact[0].key, b->task_key.key, 64));
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_SAME);
    kit_key_make(&b->task_key, 9);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_TAKEN);
    cr_assert_eq(balance(b, &b->payee), 0);
    free_bench(b);
}

Test(task_ledger, an_executor_that_fell_below_the_terms_does_not_accept)
{
    struct bench *b = made();
    const struct assay_task_open open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    b->member[1].standing = ASSAY_TASK_STAND_RESTRICTED;
    next_epoch(b);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_STANDING);
    b->member[1].standing = ASSAY_TASK_STAND_WARNING;
    next_epoch(b);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_APPLIED);
    free_bench(b);
}

Test(task_ledger, a_task_is_not_accepted_when_nothing_can_be_earned_any_more)
{
    struct bench *b = made();
    struct assay_task_open open = terms(b);
    open.deadline = b->epoch + 1;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    next_epoch(b);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_DEADLINE);
    next_epoch(b);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_GONE);
    free_bench(b);
}

Test(task_ledger, an_account_that_is_to_be_paid_has_its_room_before_the_work)
{
    struct bench *b = made();
    uint8_t to[32] = { 0 };
    for (uint8_t i = 0; i < ACCOUNTS - 2; i++) {
        to[0] = (uint8_t)(i + 1);
        cr_assert_eq(transfer(b, &b->alice, i, to, 5), ASSAY_TASK_APPLIED);
    }
    const struct assay_task_open open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_NO_ROOM);
    cr_assert_not(assay_task_ledger_find_task(b->ledger, b->task)->accepted);
    free_bench(b);
}

/* --- claims */

Test(task_ledger, a_claim_pays_every_step_up_to_its_own_and_none_twice)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    struct assay_task_claim second = claim_of(b, 2, made_in), third = claim_of(b, 3, made_in);
    cr_assert_eq(claim(b, &second), ASSAY_TASK_APPLIED);
    cr_assert_eq(balance(b, &b->payee), 20);
    cr_assert_eq(b->facts.count, 1);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_TASK_PAID);
    cr_assert_eq(b->facts.fact[0].step, 2);
    cr_assert_eq(b->facts.fact[0].amount, 20);
    cr_assert(assay_bytes_equal(b->facts.fact[0].opening, second.opening, 32),
              "whoever has paid can open what was bought");
    cr_assert_eq(claim(b, &second), ASSAY_TASK_STEP);
    struct assay_task_claim first = claim_of(b, 1, made_in);
    cr_assert_eq(claim(b, &first), ASSAY_TASK_STEP);
    cr_assert_eq(balance(b, &b->payee), 20);
    cr_assert_eq(claim(b, &third), ASSAY_TASK_APPLIED);
    cr_assert_eq(balance(b, &b->payee), 30);
    struct assay_task_claim beyond = claim_of(b, 6, made_in);
    cr_assert_eq(claim(b, &beyond), ASSAY_TASK_STEP);
    struct assay_task_claim last = claim_of(b, 5, made_in);
    cr_assert_eq(claim(b, &last), ASSAY_TASK_APPLIED);
    cr_assert_eq(b->facts.count, 2);
    cr_assert_eq(b->facts.fact[1].kind, ASSAY_TASK_ENDED);
    cr_assert_eq(b->facts.fact[1].end, ASSAY_TASK_END_PAID);
    cr_assert_eq(b->facts.fact[1].amount, 0);
    cr_assert_eq(claim(b, &last), ASSAY_TASK_STEP);
    cr_assert_eq(balance(b, &b->payee), 50);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS - 50);
    free_bench(b);
}

Test(task_ledger, a_key_that_does_not_open_the_lock_pays_nothing)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    struct assay_task_claim c = claim_of(b, 2, made_in);
    c.opening[0] ^= 1;
    cr_assert_eq(claim(b, &c), ASSAY_TASK_LOCK);
    c = claim_of(b, 2, made_in);
    c.voucher.lock[0] ^= 1;
    kit_sign_claim(b->chain, &b->alice, &b->task_key, &c);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_LOCK, "vouched for another key");
    c = claim_of(b, 2, made_in);
    c.receipt.lock[0] ^= 1;
    kit_sign_claim(b->chain, &b->alice, &b->task_key, &c);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_LOCK, "the receipt is of another key");
    cr_assert_eq(balance(b, &b->payee), 0);
    free_bench(b);
}

Test(task_ledger, receipt_and_voucher_must_be_of_one_step_of_this_task)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    struct assay_task_claim c = claim_of(b, 2, made_in);
    c.voucher.step = 3;
    cr_assert_eq(claim(b, &c), ASSAY_TASK_CHANGED);
    c = claim_of(b, 2, made_in);
    c.voucher.task[0] ^= 1;
    cr_assert_eq(claim(b, &c), ASSAY_TASK_CHANGED);
    c = claim_of(b, 2, made_in);
    c.receipt.input[0] ^= 1;
    cr_assert_eq(claim(b, &c), ASSAY_TASK_CHANGED, "it worked on something else");
    c = claim_of(b, 2, made_in);
    c.receipt.task[0] ^= 1;
    cr_assert_eq(claim(b, &c), ASSAY_TASK_UNKNOWN);
    assay_bytes_zero(c.receipt.task, 32);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_UNKNOWN, "the name of nothing");
    free_bench(b);
}

Test(task_ledger, other_keys_claim_nothing)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    struct assay_task_claim c = claim_of(b, 2, made_in);
    kit_sign_claim(b->chain, &b->bob, &b->task_key, &c);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_WRONG_KEY, "bob vouches for alice's task");
    kit_sign_claim(b->chain, &b->alice, &b->bob, &c);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_WRONG_KEY, "a receipt of another enclave");
    kit_sign_claim(b->chain, &b->alice, &b->task_key, &c);
    cr_assert_eq(assay_task_ledger_apply_claim(b->ledger, 2, &c, &b->facts), ASSAY_TASK_OTHER_SLOT);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    free_bench(b);
}

Test(task_ledger, what_nobody_accepted_pays_nobody)
{
    struct bench *b = made();
    const struct assay_task_open open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    const struct assay_task_claim c = claim_of(b, 1, b->epoch);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_NOT_TAKEN);
    free_bench(b);
}

Test(task_ledger, past_the_deadline_nothing_is_paid_and_the_rest_goes_back)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch, deadline = b->epoch + 4;
    next_epoch(b);
    const struct assay_task_claim second = claim_of(b, 2, made_in), third = claim_of(b, 3, made_in);
    cr_assert_eq(claim(b, &second), ASSAY_TASK_APPLIED);
    while (b->epoch < deadline)
        next_epoch(b);
    cr_assert_eq(b->fact_count, 0, "in its last epoch it still runs");
    next_epoch(b);
    cr_assert_eq(b->fact_count, 1);
    cr_assert_eq(b->fact[0].kind, ASSAY_TASK_ENDED);
    cr_assert_eq(b->fact[0].end, ASSAY_TASK_END_DEADLINE);
    cr_assert_eq(b->fact[0].amount, 30);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS - 20);
    cr_assert_eq(claim(b, &third), ASSAY_TASK_DEADLINE);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_GONE);
    cr_assert_eq(balance(b, &b->payee), 20);
    free_bench(b);
}

Test(task_ledger, in_the_epoch_of_the_deadline_a_claim_still_counts)
{
    struct bench *b = running();
    const uint64_t deadline = b->epoch + 4;
    while (b->epoch < deadline)
        next_epoch(b);
    const struct assay_task_claim c = claim_of(b, 2, deadline - 1);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    free_bench(b);
}

Test(task_ledger, an_executor_whose_integrity_fell_since_it_accepted_is_not_paid)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    b->member[1].failed = true;
    next_epoch(b);
    cr_assert_eq(b->fact_count, 1);
    cr_assert_eq(b->fact[0].kind, ASSAY_TASK_FAILED);
    b->member[1].failed = false;
    next_epoch(b);
    cr_assert_eq(b->fact_count, 0, "it is told once");
    const struct assay_task_claim c = claim_of(b, 2, made_in);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_INTEGRITY, "an honest epoch does not undo it");
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_APPLIED, "nothing is owed any more");
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS);
    free_bench(b);
}

Test(task_ledger, a_member_that_left_is_not_paid)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    b->member[1].standing = ASSAY_TASK_STAND_NONE;
    next_epoch(b);
    cr_assert_eq(b->fact[0].kind, ASSAY_TASK_FAILED);
    b->member[1].standing = ASSAY_TASK_STAND_FULL;
    next_epoch(b);
    const struct assay_task_claim c = claim_of(b, 2, made_in);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_INTEGRITY, "whoever sits there now");
    free_bench(b);
}

Test(task_ledger, a_fall_before_the_task_was_accepted_is_forgiven)
{
    struct bench *b = made();
    b->member[1].failed = true;
    next_epoch(b);
    b->member[1].failed = false;
    const struct assay_task_open open = terms(b);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_APPLIED);
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    const struct assay_task_claim c = claim_of(b, 1, made_in);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    free_bench(b);
}

Test(task_ledger, a_receipt_of_an_epoch_without_certificate_pays_nothing)
{
    struct bench *b = running();
    const uint64_t certified = b->epoch;
    next_epoch(b);
    const uint64_t not_certified = b->epoch;
    b->member[1].certified = false;
    next_epoch(b);
    cr_assert_eq(b->fact_count, 1);
    cr_assert_eq(b->fact[0].kind, ASSAY_TASK_UNCERTIFIED);
    b->member[1].certified = true;
    next_epoch(b);
    cr_assert_eq(b->fact_count, 0);
    const struct assay_task_claim bad = claim_of(b, 3, not_certified);
    const struct assay_task_claim good = claim_of(b, 2, certified);
    const struct assay_task_claim later = claim_of(b, 4, not_certified + 1);
    cr_assert_eq(claim(b, &bad), ASSAY_TASK_UNPROVEN);
    cr_assert_eq(claim(b, &good), ASSAY_TASK_APPLIED);
    cr_assert_eq(claim(b, &later), ASSAY_TASK_APPLIED);
    free_bench(b);
}

Test(task_ledger, a_receipt_is_paid_when_its_epoch_has_closed)
{
    struct bench *b = running();
    struct assay_task_claim c = claim_of(b, 2, b->epoch);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_EARLY);
    next_epoch(b);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    c = claim_of(b, 3, UINT64_MAX);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_EARLY, "nor in an epoch that nobody will see");
    c = claim_of(b, 3, 0);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_UNPROVEN, "longer ago than anybody remembers");
    free_bench(b);
}

Test(task_ledger, epochs_are_remembered_for_so_long)
{
    struct bench *b = made();
    struct assay_task_open open = terms(b);
    open.deadline = b->epoch + 200;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_APPLIED);
    const uint64_t made_in = b->epoch;
    const struct assay_task_claim first = claim_of(b, 1, made_in); /* pays for the row meanwhile */
    for (uint32_t i = 0; i < ASSAY_TASK_CLOSED_EPOCHS; i++, next_epoch(b))
        if (i == 9) cr_assert_eq(claim(b, &first), ASSAY_TASK_APPLIED);
    const struct assay_task_claim second = claim_of(b, 2, made_in), third = claim_of(b, 3, made_in);
    cr_assert_eq(claim(b, &second), ASSAY_TASK_APPLIED);
    next_epoch(b);
    cr_assert_eq(claim(b, &third), ASSAY_TASK_UNPROVEN);
    free_bench(b);
}

Test(task_ledger, epochs_that_were_skipped_were_certified_by_nobody)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    b->epoch += 1;
    next_epoch(b); /* made_in + 2 begins: only made_in + 1 was closed */
    struct assay_task_claim c = claim_of(b, 2, made_in);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_UNPROVEN);
    c = claim_of(b, 2, made_in + 1);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    struct assay_task_open open = terms(b);
    open.deadline = b->epoch + 500;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_APPLIED);
    b->epoch += 100;
    next_epoch(b);
    c = claim_of(b, 1, b->epoch - 2);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_UNPROVEN);
    c = claim_of(b, 1, b->epoch - 1);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    free_bench(b);
}

/* --- closing */

Test(task_ledger, the_requestor_closes_what_nobody_can_claim)
{
    struct bench *b = made();
    const struct assay_task_open open = terms(b);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_UNKNOWN);
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_eq(close_by(b, &b->bob), ASSAY_TASK_WRONG_KEY);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_TASK_ENDED);
    cr_assert_eq(b->facts.fact[0].end, ASSAY_TASK_END_CLOSED);
    cr_assert_eq(b->facts.fact[0].amount, 50);
    cr_assert_eq(balance(b, &b->alice), ALICE_HAS);
    cr_assert_eq(accept_by(b, 1), ASSAY_TASK_GONE);
    const struct assay_task_claim c = claim_of(b, 1, b->epoch);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_GONE);
    free_bench(b);
}

Test(task_ledger, a_task_that_was_accepted_is_not_closed_before_its_deadline)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_EARLY);
    next_epoch(b);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_EARLY, "what it has vouched can be claimed");
    const struct assay_task_claim c = claim_of(b, 4, made_in);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    free_bench(b);
}

Test(task_ledger, what_goes_back_is_what_was_not_paid)
{
    struct bench *b = running();
    const uint64_t made_in = b->epoch;
    next_epoch(b);
    const struct assay_task_claim c = claim_of(b, 2, made_in);
    cr_assert_eq(claim(b, &c), ASSAY_TASK_APPLIED);
    b->member[1].failed = true;
    next_epoch(b);
    cr_assert_eq(close_by(b, &b->alice), ASSAY_TASK_APPLIED);
    cr_assert_eq(b->facts.fact[0].amount, 30);
    cr_assert_eq(balance(b, &b->alice) + balance(b, &b->payee), ALICE_HAS);
    free_bench(b);
}

/* A successor takes the state after the last step as its input, under a name of its own. */
Test(task_ledger, a_successor_goes_on_from_the_state_of_a_receipt)
{
    struct bench *b = running();
    const struct assay_task_claim c = claim_of(b, 2, b->epoch);
    uint8_t before[32];
    assay_bytes_copy(before, 32, b->task, 32);
    struct assay_task_open open = terms(b);
    assay_bytes_copy(open.input, 32, c.receipt.state, 32);
    open.executor = 2;
    cr_assert_eq(open_with(b, &open), ASSAY_TASK_APPLIED);
    cr_assert_not(assay_bytes_equal(before, b->task, 32));
    cr_assert(assay_bytes_equal(assay_task_ledger_find_task(b->ledger, b->task)->input,
                                c.receipt.state, 32));
    cr_assert_null(assay_task_ledger_find_task(b->ledger, (const uint8_t[32]){ 0 }));
    cr_assert_eq(assay_task_ledger_get_epoch(b->ledger), b->epoch);
    free_bench(b);
}
