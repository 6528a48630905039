/*
 * services/tasks/ledger_tasks.c - records of tasks from OPEN to the last claim (docs/services.md
 * 6.4 to 6.8).
 */
#include "services/tasks/ledger_internal.h"

#include "base/checked.h"

/* An unused row, else the first that has ended: only the reason for rejecting a late claim of it is
 * lost. */
static struct assay_task_row *find_free_row(struct assay_task_ledger *ledger)
{
    struct assay_task_row *ended = NULL;
    for (uint32_t i = 0; i < ledger->tasks_max; i++) {
        struct assay_task_row *row = &ledger->row[i];
        if (row->steps == 0) return row;
        if (ended == NULL && row->end != ASSAY_TASK_END_NONE) ended = row;
    }
    ASSAY_ASSERT(ended == NULL || ended->locked == 0);
    return ended;
}

/* docs/services.md 6.4: the table is shared: one account may use a part of it. */
static uint32_t compute_quota(const struct assay_task_ledger *ledger)
{
    const uint32_t part = ledger->tasks_max / ASSAY_TASK_QUOTA_PARTS;
    return part > ASSAY_TASK_QUOTA_MIN ? part : ASSAY_TASK_QUOTA_MIN;
}

static uint32_t open_of(const struct assay_task_ledger *ledger, const uint8_t account[static 32])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ledger->tasks_max; i++)
        count += ledger->row[i].steps > 0 && ledger->row[i].end == ASSAY_TASK_END_NONE &&
                 assay_bytes_equal(ledger->row[i].requestor, account, 32);
    return count;
}

/* docs/services.md 6.4: requirements of the terms on the executor, before any amount is locked. */
static enum assay_task_result check_executor(const struct assay_task_ledger *ledger,
                                             const struct assay_task_open *record)
{
    if (record->executor >= ledger->slots_max) return ASSAY_TASK_NOT_HERE;
    const struct seat *seat = &ledger->seat[record->executor];
    if (seat->standing == ASSAY_TASK_STAND_NONE) return ASSAY_TASK_NOT_HERE;
    if (!assay_task_offer_matches(seat, record->code, record->price)) return ASSAY_TASK_NO_OFFER;
    if (record->hold < seat->offer.hold) return ASSAY_TASK_NO_OFFER;
    if (seat->standing < record->min_standing) return ASSAY_TASK_STANDING;
    ASSAY_ASSERT(seat->offers && seat->offer.hold <= record->hold);
    return ASSAY_TASK_APPLIED;
}

enum assay_status assay_task_open_amount(const struct assay_task_open *record, uint64_t now,
                                         uint64_t *amount)
{
    uint64_t steps = 0, rent = 0;
    ASSAY_ASSERT(record->deadline > now);
    const uint8_t epochs = assay_task_rent_epochs(now, record->deadline);
    ASSAY_TRY(assay_mul_u64(record->price, record->steps, &steps));
    ASSAY_TRY(assay_mul_u64(record->hold, epochs, &rent));
    return assay_add_u64(steps, rent, amount);
}

enum assay_task_result assay_task_ledger_apply_open(struct assay_task_ledger *ledger,
                                                    const struct assay_task_open *record,
                                                    struct assay_task_facts *facts)
{
    uint8_t id[32];
    uint64_t amount = 0;
    facts->count = 0;
    assay_task_account(record->key, id);
    struct account *account = assay_task_account_find(ledger, id);
    if (account == NULL) return ASSAY_TASK_NO_ACCOUNT;
    /* Each number is used once: a record opens one task, and no two tasks have the same name. */
    if (record->sequence != assay_task_account_number(ledger, account)) return ASSAY_TASK_SEQUENCE;
    if (record->deadline <= ledger->epoch ||
        record->deadline - ledger->epoch > ASSAY_TASK_AHEAD_MAX)
        return ASSAY_TASK_DEADLINE;
    const enum assay_task_result looked = check_executor(ledger, record);
    if (looked != ASSAY_TASK_APPLIED) return looked;
    if (assay_task_open_amount(record, ledger->epoch, &amount) != ASSAY_OK)
        return ASSAY_TASK_OVERFLOW;
    if (amount > account->balance) return ASSAY_TASK_LOW_BALANCE;
    if (open_of(ledger, id) >= compute_quota(ledger)) return ASSAY_TASK_QUOTA;
    struct assay_task_row *row = find_free_row(ledger);
    if (row == NULL) return ASSAY_TASK_NO_ROOM;
    ASSAY_ASSERT(row->locked == 0 && amount <= account->balance);
    *row = (struct assay_task_row){
        .executor = record->executor,
        .price = record->price,
        .hold = record->hold,
        .steps = record->steps,
        .locked = amount,
        .rent = assay_task_rent_epochs(ledger->epoch, record->deadline),
        .opened = ledger->epoch,
        .deadline = record->deadline,
        .min_standing = record->min_standing,
    };
    assay_task_open_statement(ledger->chain_id, record, row->task);
    assay_bytes_copy(row->requestor, 32, id, 32);
    assay_bytes_copy(row->input, 32, record->input, 32);
    account->balance -= amount;
    account->sequence = record->sequence + 1;
    account->used = ledger->epoch;
    assay_task_fact_add(facts, ASSAY_TASK_OPENED, row)->amount = amount;
    assay_task_ledger_check(ledger);
    return ASSAY_TASK_APPLIED;
}

enum assay_task_result assay_task_ledger_apply_accept(struct assay_task_ledger *ledger,
                                                      uint32_t slot,
                                                      const struct assay_task_accept *record,
                                                      struct assay_task_facts *facts)
{
    facts->count = 0;
    struct assay_task_row *row = assay_task_row_find(ledger, record->task);
    if (row == NULL) return ASSAY_TASK_UNKNOWN;
    if (row->end != ASSAY_TASK_END_NONE) return ASSAY_TASK_GONE;
    if (slot != row->executor) return ASSAY_TASK_OTHER_SLOT;
    if (row->accepted)
        return assay_bytes_equal(row->key, record->key, sizeof row->key) &&
                       assay_bytes_equal(row->payee, record->account, 32)
                   ? ASSAY_TASK_SAME
                   : ASSAY_TASK_TAKEN;
    /* A receipt is paid after its epoch has closed: with one epoch left no step can be paid. */
    if (row->deadline <= ledger->epoch) return ASSAY_TASK_DEADLINE;
    ASSAY_ASSERT(row->executor < ledger->slots_max && row->paid == 0);
    if (ledger->seat[slot].standing < row->min_standing) return ASSAY_TASK_STANDING;
    /* Reserved now, so that no claim fails for lack of room. */
    if (assay_task_account_add(ledger, record->account) == NULL) return ASSAY_TASK_NO_ROOM;
    row->accepted = true;
    assay_bytes_copy(row->key, sizeof row->key, record->key, sizeof record->key);
    assay_bytes_copy(row->payee, 32, record->account, 32);
    assay_task_fact_add(facts, ASSAY_TASK_ACCEPTED, row);
    assay_task_ledger_check(ledger);
    return ASSAY_TASK_APPLIED;
}

/* --- claims */

/* Whether there is a task that this member may claim. */
static enum assay_task_result check_row(const struct assay_task_row *row, uint32_t slot)
{
    if (row == NULL) return ASSAY_TASK_UNKNOWN;
    if (row->end == ASSAY_TASK_END_DEADLINE) return ASSAY_TASK_DEADLINE;
    if (row->end == ASSAY_TASK_END_PAID) return ASSAY_TASK_STEP;
    if (row->end != ASSAY_TASK_END_NONE) return ASSAY_TASK_GONE;
    if (slot != row->executor) return ASSAY_TASK_OTHER_SLOT;
    if (!row->accepted) return ASSAY_TASK_NOT_TAKEN;
    return ASSAY_TASK_APPLIED;
}

/* docs/services.md 6.7: receipt, voucher and key are of one step of this task. */
static enum assay_task_result check_proof(const struct assay_task_row *row,
                                          const struct assay_task_claim *record)
{
    ASSAY_ASSERT(row->accepted && row->end == ASSAY_TASK_END_NONE);
    const struct assay_task_receipt *receipt = &record->receipt;
    const struct assay_task_voucher *voucher = &record->voucher;
    uint8_t account[32], lock[32];
    assay_task_account(record->requestor, account);
    if (!assay_bytes_equal(account, row->requestor, 32)) return ASSAY_TASK_WRONG_KEY;
    if (!assay_bytes_equal(record->task_key, row->key, sizeof row->key))
        return ASSAY_TASK_WRONG_KEY;
    if (!assay_bytes_equal(receipt->task, voucher->task, 32) || receipt->step != voucher->step ||
        !assay_bytes_equal(receipt->input, row->input, 32))
        return ASSAY_TASK_CHANGED;
    assay_sha256(record->opening, sizeof record->opening, lock);
    if (!assay_bytes_equal(lock, receipt->lock, 32) || !assay_bytes_equal(lock, voucher->lock, 32))
        return ASSAY_TASK_LOCK;
    if (receipt->step <= row->paid || receipt->step > row->steps) return ASSAY_TASK_STEP;
    return ASSAY_TASK_APPLIED;
}

/* docs/services.md 6.7: a step is paid if its executor was certified in the epoch of the step. */
static enum assay_task_result check_epoch(const struct assay_task_ledger *ledger,
                                          const struct assay_task_row *row, uint64_t epoch)
{
    ASSAY_ASSERT(row->executor < ledger->slots_max);
    if (row->failed) return ASSAY_TASK_INTEGRITY;
    if (epoch >= ledger->epoch) return ASSAY_TASK_EARLY;
    if (ledger->epoch - epoch > ASSAY_TASK_CLOSED_EPOCHS) return ASSAY_TASK_UNPROVEN;
    return ledger->seat[row->executor].certified & assay_task_epoch_bit(epoch)
               ? ASSAY_TASK_APPLIED
               : ASSAY_TASK_UNPROVEN;
}

enum assay_task_result assay_task_ledger_apply_claim(struct assay_task_ledger *ledger,
                                                     uint32_t slot,
                                                     const struct assay_task_claim *record,
                                                     struct assay_task_facts *facts)
{
    facts->count = 0;
    struct assay_task_row *row = assay_task_row_find(ledger, record->receipt.task);
    enum assay_task_result result = check_row(row, slot);
    if (result != ASSAY_TASK_APPLIED) return result;
    result = check_proof(row, record);
    if (result != ASSAY_TASK_APPLIED) return result;
    result = check_epoch(ledger, row, record->receipt.epoch);
    if (result != ASSAY_TASK_APPLIED) return result;
    /* at most price x steps, which does not overflow. */
    const uint64_t amount = (uint64_t)(record->receipt.step - row->paid) * row->price;
    struct account *payee = assay_task_account_find(ledger, row->payee);
    ASSAY_ASSERT(payee != NULL && amount <= row->locked);
    row->locked -= amount;
    row->paid = record->receipt.step;
    ASSAY_ASSERT(row->paid <= row->steps);
    row->quiet = 0;
    payee->balance += amount;
    payee->used = ledger->epoch;
    struct assay_task_fact *fact = assay_task_fact_add(facts, ASSAY_TASK_PAID, row);
    fact->amount = amount;
    assay_bytes_copy(fact->opening, 32, record->opening, 32);
    if (row->paid == row->steps) {
        const uint64_t back = assay_task_row_end(ledger, row, ASSAY_TASK_END_PAID);
        assay_task_fact_add(facts, ASSAY_TASK_ENDED, row)->amount = back;
    }
    assay_task_ledger_check(ledger);
    return ASSAY_TASK_APPLIED;
}

enum assay_task_result assay_task_ledger_apply_close(struct assay_task_ledger *ledger,
                                                     const struct assay_task_close *record,
                                                     struct assay_task_facts *facts)
{
    uint8_t account[32];
    facts->count = 0;
    struct assay_task_row *row = assay_task_row_find(ledger, record->task);
    if (row == NULL) return ASSAY_TASK_UNKNOWN;
    assay_task_account(record->key, account);
    if (!assay_bytes_equal(account, row->requestor, 32)) return ASSAY_TASK_WRONG_KEY;
    if (row->end != ASSAY_TASK_END_NONE) return ASSAY_TASK_GONE;
    /* docs/services.md 6.8: the executor may claim its vouchers until the deadline. */
    if (row->accepted && !row->failed) return ASSAY_TASK_EARLY;
    ASSAY_ASSERT(row->paid < row->steps);
    const uint64_t back = assay_task_row_end(ledger, row, ASSAY_TASK_END_CLOSED);
    assay_task_fact_add(facts, ASSAY_TASK_ENDED, row)->amount = back;
    assay_task_ledger_check(ledger);
    return ASSAY_TASK_APPLIED;
}

/* --- release */

/* Whether the author is one of both sides. */
static enum assay_task_result check_side(const struct assay_task_row *row, uint32_t slot,
                                         const struct assay_task_release *record)
{
    uint8_t account[32];
    if (!record->is_signed)
        return slot == row->executor ? ASSAY_TASK_APPLIED : ASSAY_TASK_OTHER_SLOT;
    assay_task_account(record->key, account);
    return assay_bytes_equal(account, row->requestor, 32) ? ASSAY_TASK_APPLIED
                                                          : ASSAY_TASK_WRONG_KEY;
}

enum assay_task_result assay_task_ledger_apply_release(struct assay_task_ledger *ledger,
                                                       uint32_t slot,
                                                       const struct assay_task_release *record,
                                                       struct assay_task_facts *facts)
{
    facts->count = 0;
    struct assay_task_row *row = assay_task_row_find(ledger, record->task);
    if (row == NULL) return ASSAY_TASK_UNKNOWN;
    if (row->end != ASSAY_TASK_END_NONE) return ASSAY_TASK_GONE;
    const enum assay_task_result side = check_side(row, slot, record);
    if (side != ASSAY_TASK_APPLIED) return side;
    if (!row->accepted) return ASSAY_TASK_NOT_TAKEN;
    if (row->leaving > 0) return ASSAY_TASK_SAME;
    /* docs/services.md 6.8.2: a retained early record does not end a task that has continued
     * since. */
    if (record->paid != row->paid) return ASSAY_TASK_CHANGED;
    if (row->quiet < ASSAY_TASK_QUIET_EPOCHS) return ASSAY_TASK_EARLY;
    row->leaving = ASSAY_TASK_LEAVING_EPOCHS;
    ASSAY_ASSERT(row->accepted && row->paid < row->steps);
    assay_task_fact_add(facts, ASSAY_TASK_RELEASED, row)->closes = row->leaving;
    assay_task_ledger_check(ledger);
    return ASSAY_TASK_APPLIED;
}
