/*
 * services/tasks/ledger.c - ledger state of tasks: accounts, offers and epoch closes
 * (docs/services.md 6.2, 6.3, 6.9).
 */
#include "services/tasks/ledger_internal.h"

#include "base/checked.h"

enum { RECORDS_BITS = 20, EPOCH_BITS = 32 }; /* of an account's number, below the era */

static size_t align_up(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_task_ledger_size(uint32_t accounts_max, uint32_t tasks_max, uint32_t slots_max)
{
    ASSAY_ASSERT(accounts_max > 0 && accounts_max <= ASSAY_TASK_ACCOUNTS_MAX);
    ASSAY_ASSERT(tasks_max > 0 && tasks_max <= ASSAY_TASK_TASKS_MAX);
    ASSAY_ASSERT(slots_max > 0 && slots_max <= ASSAY_TASK_SLOTS_MAX);
    return align_up(sizeof(struct assay_task_ledger)) +
           align_up(accounts_max * sizeof(struct account)) +
           align_up(slots_max * sizeof(struct seat)) +
           align_up(tasks_max * sizeof(struct assay_task_row));
}

static enum assay_status init_balances(struct assay_task_ledger *ledger,
                                       const struct assay_task_ledger_config *config)
{
    for (uint32_t i = 0; i < config->balance_count; i++) {
        const struct assay_task_balance *given = &config->balances[i];
        if (assay_task_account_find(ledger, given->account) != NULL) return ASSAY_E_DUPLICATE;
        /* The sum fits, so no balance ever overflows: money only moves. */
        ASSAY_TRY(assay_add_u64(ledger->total, given->amount, &ledger->total));
        struct account *account = assay_task_account_add(ledger, given->account);
        if (account == NULL) return ASSAY_E_FULL;
        account->balance = given->amount;
        account->sequence = 0; /* unused before */
    }
    return ASSAY_OK;
}

enum assay_status assay_task_ledger_init(void *memory, size_t memory_len,
                                         const struct assay_task_ledger_config *config,
                                         struct assay_task_ledger **ledger)
{
    const size_t size =
        assay_task_ledger_size(config->accounts_max, config->tasks_max, config->slots_max);
    ASSAY_ASSERT(memory_len >= size);
    assay_bytes_zero(memory, size);
    struct assay_task_ledger *made = memory;
    uint8_t *at = (uint8_t *)memory + align_up(sizeof *made);
    made->account = (struct account *)(void *)at;
    at += align_up(config->accounts_max * sizeof(struct account));
    made->seat = (struct seat *)(void *)at;
    at += align_up(config->slots_max * sizeof(struct seat));
    made->row = (struct assay_task_row *)(void *)at;
    ASSAY_ASSERT((uint8_t *)(made->row + config->tasks_max) <= (uint8_t *)memory + memory_len);
    assay_bytes_copy(made->chain_id, 32, config->chain_id, 32);
    made->epoch = config->epoch;
    made->accounts_max = config->accounts_max;
    made->tasks_max = config->tasks_max;
    made->slots_max = config->slots_max;
    ASSAY_TRY(init_balances(made, config));
    assay_task_ledger_check(made);
    *ledger = made;
    return ASSAY_OK;
}

void assay_task_ledger_set_era(struct assay_task_ledger *ledger, uint64_t era)
{
    ledger->era = era;
}

void assay_task_ledger_copy(struct assay_task_ledger *to, const struct assay_task_ledger *from)
{
    ASSAY_ASSERT(to != from && from->account_count <= from->accounts_max);
    ASSAY_ASSERT(to->accounts_max == from->accounts_max && to->tasks_max == from->tasks_max &&
                 to->slots_max == from->slots_max);
    const size_t accounts = from->accounts_max * sizeof *from->account;
    const size_t seats = from->slots_max * sizeof *from->seat;
    const size_t rows = from->tasks_max * sizeof *from->row;
    assay_bytes_copy(to->chain_id, 32, from->chain_id, 32);
    to->era = from->era;
    to->epoch = from->epoch;
    to->total = from->total;
    to->account_count = from->account_count;
    assay_bytes_copy(to->account, accounts, from->account, accounts);
    assay_bytes_copy(to->seat, seats, from->seat, seats);
    assay_bytes_copy(to->row, rows, from->row, rows);
}

/* --- accounts */

/* The place of the account, or its insertion point. */
static uint32_t find_account_place(const struct assay_task_ledger *ledger,
                                   const uint8_t id[static 32])
{
    ASSAY_ASSERT(ledger->account_count <= ledger->accounts_max);
    uint32_t low = 0, high = ledger->account_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (assay_bytes_compare(ledger->account[middle].id, id, 32) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

struct account *assay_task_account_find(const struct assay_task_ledger *ledger,
                                        const uint8_t id[static 32])
{
    const uint32_t at = find_account_place(ledger, id);
    if (at == ledger->account_count) return NULL;
    return assay_bytes_equal(ledger->account[at].id, id, 32) ? &ledger->account[at] : NULL;
}

/* docs/services.md 6.2.1: above every number of an earlier, removed row. */
static uint64_t find_first_sequence(const struct assay_task_ledger *ledger)
{
    const uint64_t epoch = ledger->epoch & UINT32_MAX;
    return ledger->era << (EPOCH_BITS + RECORDS_BITS) | epoch << RECORDS_BITS;
}

/* docs/services.md 6.2.1: also above every number of earlier eras. */
uint64_t assay_task_account_number(const struct assay_task_ledger *ledger,
                                   const struct account *account)
{
    const uint64_t first = ledger->era << (EPOCH_BITS + RECORDS_BITS);
    return account->sequence > first ? account->sequence : first;
}

struct account *assay_task_account_add(struct assay_task_ledger *ledger,
                                       const uint8_t id[static 32])
{
    struct account *found = assay_task_account_find(ledger, id);
    if (found != NULL) found->used = ledger->epoch;
    if (found != NULL || ledger->account_count == ledger->accounts_max) return found;
    const uint32_t at = find_account_place(ledger, id);
    ASSAY_ASSERT(at <= ledger->account_count && ledger->account_count < ledger->accounts_max);
    for (uint32_t i = ledger->account_count++; i > at; i--)
        ledger->account[i] = ledger->account[i - 1];
    ledger->account[at] =
        (struct account){ .sequence = find_first_sequence(ledger), .used = ledger->epoch };
    assay_bytes_copy(ledger->account[at].id, 32, id, 32);
    return &ledger->account[at];
}

enum assay_task_result assay_task_ledger_apply_transfer(struct assay_task_ledger *ledger,
                                                        const struct assay_task_transfer *record,
                                                        struct assay_task_facts *facts)
{
    uint8_t id[32];
    facts->count = 0;
    assay_task_account(record->key, id);
    struct account *from = assay_task_account_find(ledger, id);
    if (from == NULL) return ASSAY_TASK_NO_ACCOUNT;
    if (record->sequence != assay_task_account_number(ledger, from)) return ASSAY_TASK_SEQUENCE;
    if (record->amount > from->balance) return ASSAY_TASK_LOW_BALANCE;
    struct account *to = assay_task_account_add(ledger, record->to);
    if (to == NULL) return ASSAY_TASK_NO_ROOM;
    from = assay_task_account_find(ledger, id); /* a new account may have moved it */
    ASSAY_ASSERT(from != NULL && from->balance >= record->amount);
    from->used = ledger->epoch;
    from->sequence = record->sequence + 1;
    from->balance -= record->amount;
    to->balance += record->amount;
    assay_task_ledger_check(ledger);
    return ASSAY_TASK_APPLIED;
}

bool assay_task_ledger_get_balance(const struct assay_task_ledger *ledger,
                                   const uint8_t account[static 32], uint64_t *balance,
                                   uint64_t *sequence)
{
    const struct account *found = assay_task_account_find(ledger, account);
    if (found == NULL) return false;
    *balance = found->balance;
    *sequence = assay_task_account_number(ledger, found);
    return true;
}

/* --- members and their offers */

static bool is_same_offer(const struct assay_task_offer *a, const struct assay_task_offer *b)
{
    return a->count == b->count && a->price == b->price && a->hold == b->hold &&
           a->address_len == b->address_len &&
           assay_bytes_equal(a->code, b->code, sizeof a->code) &&
           assay_bytes_equal(a->address, b->address, sizeof a->address);
}

enum assay_task_result assay_task_ledger_apply_offer(struct assay_task_ledger *ledger,
                                                     uint32_t slot,
                                                     const struct assay_task_offer *record,
                                                     struct assay_task_facts *facts)
{
    ASSAY_ASSERT(record->count <= ASSAY_TASK_MEASUREMENTS_MAX &&
                 record->address_len <= ASSAY_TASK_ADDRESS_MAX);
    facts->count = 0;
    if (slot >= ledger->slots_max || ledger->seat[slot].standing == ASSAY_TASK_STAND_NONE)
        return ASSAY_TASK_NOT_HERE;
    struct seat *seat = &ledger->seat[slot];
    if (seat->offers ? is_same_offer(&seat->offer, record) : record->count == 0)
        return ASSAY_TASK_SAME;
    seat->offers = record->count > 0;
    seat->offer = *record;
    return ASSAY_TASK_APPLIED;
}

bool assay_task_offer_matches(const struct seat *seat, const uint8_t code[static 32],
                              uint64_t price_max)
{
    ASSAY_ASSERT(seat->offer.count <= ASSAY_TASK_MEASUREMENTS_MAX);
    if (!seat->offers || seat->offer.price > price_max) return false;
    for (uint32_t i = 0; i < seat->offer.count; i++)
        if (assay_bytes_equal(seat->offer.code[i], code, 32)) return true;
    return false;
}

bool assay_task_offer_holds(const struct assay_task_offer *offer, uint64_t hold_max)
{
    return offer->hold <= (hold_max > 0 ? hold_max : assay_task_hold_least(offer->price));
}

/* docs/services.md 6.3: trust first, then price; the slot breaks ties. */
static bool is_better(const struct seat *a, const struct seat *b)
{
    if (a->score != b->score) return a->score > b->score;
    return a->offer.price < b->offer.price;
}

uint32_t assay_task_ledger_choose(const struct assay_task_ledger *ledger,
                                  const uint8_t code[static 32], uint64_t price_max,
                                  uint64_t hold_max, enum assay_task_standing min_standing)
{
    uint32_t best = ASSAY_TASK_SLOTS_MAX;
    for (uint32_t slot = 0; slot < ledger->slots_max; slot++) {
        const struct seat *seat = &ledger->seat[slot];
        if (seat->standing < min_standing) continue;
        if (!assay_task_offer_matches(seat, code, price_max)) continue;
        if (!assay_task_offer_holds(&seat->offer, hold_max)) continue;
        if (best == ASSAY_TASK_SLOTS_MAX || is_better(seat, &ledger->seat[best])) best = slot;
    }
    ASSAY_ASSERT(best < ledger->slots_max || best == ASSAY_TASK_SLOTS_MAX);
    return best;
}

const struct assay_task_offer *assay_task_ledger_find_offer(const struct assay_task_ledger *ledger,
                                                            uint32_t slot)
{
    if (slot >= ledger->slots_max || !ledger->seat[slot].offers) return NULL;
    return &ledger->seat[slot].offer;
}

/* --- tasks */

struct assay_task_row *assay_task_row_find(const struct assay_task_ledger *ledger,
                                           const uint8_t task[static 32])
{
    for (uint32_t i = 0; i < ledger->tasks_max; i++)
        if (ledger->row[i].steps > 0 && assay_bytes_equal(ledger->row[i].task, task, 32))
            return &ledger->row[i];
    return NULL;
}

const struct assay_task_row *assay_task_ledger_find_task(const struct assay_task_ledger *ledger,
                                                         const uint8_t task[static 32])
{
    return assay_task_row_find(ledger, task);
}

const struct assay_task_row *assay_task_ledger_next_task(const struct assay_task_ledger *ledger,
                                                         uint32_t *at)
{
    while (*at < ledger->tasks_max) {
        const struct assay_task_row *row = &ledger->row[(*at)++];
        if (row->steps > 0) return row;
    }
    return NULL;
}

void assay_task_ledger_get_sums(const struct assay_task_ledger *ledger, uint32_t *accounts,
                                uint64_t *total, uint64_t *locked)
{
    *accounts = ledger->account_count;
    *total = ledger->total;
    *locked = 0;
    for (uint32_t i = 0; i < ledger->tasks_max; i++)
        *locked += ledger->row[i].locked; /* at most the total: asserted by ledger_check */
}

uint64_t assay_task_ledger_get_epoch(const struct assay_task_ledger *ledger)
{
    return ledger->epoch;
}

static void make_fact(struct assay_task_fact *fact, enum assay_task_fact_kind kind,
                      const struct assay_task_row *row)
{
    ASSAY_ASSERT(row->steps > 0);
    *fact = (struct assay_task_fact){
        .kind = kind, .executor = row->executor, .step = row->paid, .end = row->end
    };
    assay_bytes_copy(fact->task, 32, row->task, 32);
    assay_bytes_copy(fact->key, sizeof fact->key, row->key, sizeof row->key);
}

struct assay_task_fact *assay_task_fact_add(struct assay_task_facts *facts,
                                            enum assay_task_fact_kind kind,
                                            const struct assay_task_row *row)
{
    ASSAY_ASSERT(facts->count < ASSAY_TASK_FACTS_MAX);
    struct assay_task_fact *fact = &facts->fact[facts->count++];
    make_fact(fact, kind, row);
    return fact;
}

uint64_t assay_task_row_end(struct assay_task_ledger *ledger, struct assay_task_row *row,
                            enum assay_task_end end)
{
    ASSAY_ASSERT(end != ASSAY_TASK_END_NONE && row->end == ASSAY_TASK_END_NONE); /* once */
    const uint64_t back = row->locked;
    struct account *account = assay_task_account_find(ledger, row->requestor);
    ASSAY_ASSERT(account != NULL); /* accounts of a running task exist */
    account->balance += back;
    account->used = ledger->epoch;
    row->locked = 0;
    row->rent = row->leaving = 0;
    row->end = end;
    return back;
}

/* --- epoch close */

static void close_seat(struct seat *seat, const struct assay_task_member *member, uint64_t from,
                       uint64_t epoch)
{
    ASSAY_ASSERT(epoch > from);
    if (member->standing == ASSAY_TASK_STAND_NONE || member->renewed)
        *seat = (struct seat){ 0 }; /* the slot's next member starts from zero */
    seat->standing = member->standing;
    if (member->standing == ASSAY_TASK_STAND_NONE) return;
    seat->score = member->score;
    /* Epochs that were not closed here count as uncertified. */
    if (epoch - from >= ASSAY_TASK_CLOSED_EPOCHS) seat->certified = 0;
    for (uint64_t e = from; e < epoch && seat->certified != 0; e++)
        seat->certified &= ~assay_task_epoch_bit(e);
    if (member->certified && !member->renewed) seat->certified |= assay_task_epoch_bit(epoch - 1);
}

uint8_t assay_task_rent_epochs(uint64_t opened, uint64_t deadline)
{
    ASSAY_ASSERT(deadline >= opened);
    const uint64_t epochs = deadline - opened + 1; /* closes up to the one that ends it */
    return (uint8_t)(epochs < ASSAY_TASK_RENT_EPOCHS ? epochs : ASSAY_TASK_RENT_EPOCHS);
}

/* docs/services.md 6.8.1: for its whole duration, with or without vouchers. */
static void pay_rent(struct assay_task_ledger *ledger, struct assay_task_row *row)
{
    ASSAY_ASSERT(row->accepted && row->end == ASSAY_TASK_END_NONE);
    if (row->rent == 0) return;
    struct account *payee = assay_task_account_find(ledger, row->payee);
    ASSAY_ASSERT(payee != NULL && row->hold <= row->locked);
    row->rent--;
    row->locked -= row->hold;
    payee->balance += row->hold;
    payee->used = ledger->epoch;
}

/* docs/services.md 6.8: unclaimed amounts are returned. */
static bool is_expired(const struct assay_task_ledger *ledger, const struct assay_task_row *row)
{
    return row->deadline < ledger->epoch;
}

/* Ages an accepted task. Returns: why it ends now, NONE: it continues. */
static enum assay_task_end age_row(struct assay_task_ledger *ledger, struct assay_task_row *row)
{
    ASSAY_ASSERT(row->accepted && row->quiet <= ASSAY_TASK_STEP_EPOCHS);
    if (!row->failed) pay_rent(ledger, row);
    if (row->quiet < ASSAY_TASK_STEP_EPOCHS) row->quiet++;
    if (is_expired(ledger, row)) return ASSAY_TASK_END_DEADLINE;
    if (row->leaving > 0 && --row->leaving == 0) return ASSAY_TASK_END_RELEASED;
    /* No further claim can be paid. */
    if (row->failed && row->quiet >= ASSAY_TASK_QUIET_EPOCHS) return ASSAY_TASK_END_CLOSED;
    if (row->rent == 0 && row->quiet == ASSAY_TASK_STEP_EPOCHS) return ASSAY_TASK_END_RELEASED;
    return ASSAY_TASK_END_NONE;
}

/* The terms name a member that is gone, or that withdrew its offer. */
static enum assay_task_end check_waiting_row(const struct assay_task_ledger *ledger,
                                             const struct assay_task_row *row,
                                             const struct assay_task_member *executor)
{
    ASSAY_ASSERT(!row->accepted && row->leaving == 0);
    const bool waits = ledger->epoch - row->opened < ASSAY_TASK_WAITING_EPOCHS;
    if (is_expired(ledger, row)) return ASSAY_TASK_END_DEADLINE;
    return waits && !executor->renewed ? ASSAY_TASK_END_NONE : ASSAY_TASK_END_CLOSED;
}

/* Returns: true when the task has a fact. */
static bool close_row(struct assay_task_ledger *ledger, struct assay_task_row *row,
                      const struct assay_task_member *executor, struct assay_task_fact *fact)
{
    ASSAY_ASSERT(row->steps > 0 && row->end == ASSAY_TASK_END_NONE);
    const bool has_failed =
        row->accepted && !row->failed &&
        (executor->failed || executor->renewed || executor->standing == ASSAY_TASK_STAND_NONE);
    if (has_failed) {
        row->failed = true;
        row->quiet = 0;
    }
    const enum assay_task_end end =
        row->accepted ? age_row(ledger, row) : check_waiting_row(ledger, row, executor);
    if (end != ASSAY_TASK_END_NONE) {
        const uint64_t back = assay_task_row_end(ledger, row, end);
        make_fact(fact, ASSAY_TASK_ENDED, row);
        fact->amount = back;
        return true;
    }
    if (has_failed) make_fact(fact, ASSAY_TASK_FAILED, row);
    if (has_failed) return true;
    if (!row->accepted || row->failed || executor->certified) return false;
    make_fact(fact, ASSAY_TASK_UNCERTIFIED, row);
    return true;
}

static bool is_of_a_task(const struct assay_task_ledger *ledger, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < ledger->tasks_max; i++) {
        const struct assay_task_row *row = &ledger->row[i];
        if (row->steps == 0 || row->end != ASSAY_TASK_END_NONE) continue;
        if (assay_bytes_equal(row->requestor, id, 32)) return true;
        if (row->accepted && assay_bytes_equal(row->payee, id, 32)) return true;
    }
    return false;
}

/* docs/services.md 6.2.1: the table is shared, and an empty row can be removed without loss. */
static void remove_idle_accounts(struct assay_task_ledger *ledger)
{
    ASSAY_ASSERT(ledger->account_count <= ledger->accounts_max);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < ledger->account_count; i++) {
        const struct account *account = &ledger->account[i];
        const bool idle = account->used < ledger->epoch &&
                          ledger->epoch - account->used >= ASSAY_TASK_IDLE_EPOCHS;
        if (account->balance == 0 && idle && !is_of_a_task(ledger, account->id)) continue;
        ledger->account[kept++] = *account;
    }
    ledger->account_count = kept;
}

uint32_t assay_task_ledger_close_epoch(struct assay_task_ledger *ledger, uint64_t epoch,
                                       const struct assay_task_member *member, uint32_t count,
                                       struct assay_task_fact *fact, uint32_t fact_max)
{
    static const struct assay_task_member nobody = { .standing = ASSAY_TASK_STAND_NONE };
    uint32_t facts = 0;
    ASSAY_ASSERT(epoch > ledger->epoch);
    ASSAY_ASSERT(count <= ledger->slots_max && fact_max >= ledger->tasks_max);
    for (uint32_t slot = 0; slot < ledger->slots_max; slot++)
        close_seat(&ledger->seat[slot], slot < count ? &member[slot] : &nobody, ledger->epoch,
                   epoch);
    ledger->epoch = epoch;
    for (uint32_t i = 0; i < ledger->tasks_max; i++) {
        struct assay_task_row *row = &ledger->row[i];
        if (row->steps == 0 || row->end != ASSAY_TASK_END_NONE) continue;
        const struct assay_task_member *executor =
            row->executor < count ? &member[row->executor] : &nobody;
        if (close_row(ledger, row, executor, &fact[facts])) facts++;
    }
    remove_idle_accounts(ledger);
    assay_task_ledger_check(ledger);
    return facts;
}

void assay_task_ledger_set_standing(struct assay_task_ledger *ledger, uint64_t epoch,
                                    const struct assay_task_member *member, uint32_t count)
{
    ASSAY_ASSERT(count <= ledger->slots_max);
    ledger->epoch = epoch;
    for (uint32_t slot = 0; slot < ledger->slots_max; slot++) {
        struct seat *seat = &ledger->seat[slot];
        seat->standing = slot < count ? member[slot].standing : ASSAY_TASK_STAND_NONE;
        seat->score = seat->standing == ASSAY_TASK_STAND_NONE ? 0 : member[slot].score;
    }
}

/* --- invariants */

static bool is_row_valid(const struct assay_task_row *row)
{
    uint64_t rest = 0, rent = 0;
    if (row->steps == 0) return row->locked == 0;
    if (row->paid > row->steps ||
        assay_mul_u64(row->price, row->steps - row->paid, &rest) != ASSAY_OK ||
        assay_mul_u64(row->hold, row->rent, &rent) != ASSAY_OK ||
        assay_add_u64(rest, rent, &rest) != ASSAY_OK)
        return false;
    if (!row->accepted && (row->quiet > 0 || row->leaving > 0)) return false;
    if (row->end != ASSAY_TASK_END_NONE && (row->rent > 0 || row->leaving > 0)) return false;
    return row->locked == (row->end == ASSAY_TASK_END_NONE ? rest : 0) &&
           (row->accepted || (row->paid == 0 && !row->failed)) &&
           (row->end == ASSAY_TASK_END_PAID) == (row->paid == row->steps);
}

bool assay_task_ledger_is_valid(const struct assay_task_ledger *ledger)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < ledger->account_count; i++)
        if (assay_add_u64(sum, ledger->account[i].balance, &sum) != ASSAY_OK) return false;
    for (uint32_t i = 0; i < ledger->tasks_max; i++)
        if (!is_row_valid(&ledger->row[i]) ||
            assay_add_u64(sum, ledger->row[i].locked, &sum) != ASSAY_OK)
            return false;
    return sum == ledger->total;
}

void assay_task_ledger_check(const struct assay_task_ledger *ledger)
{
    ASSAY_ASSERT(assay_task_ledger_is_valid(ledger));
}
