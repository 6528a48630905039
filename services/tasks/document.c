/*
 * services/tasks/document.c - encoder and decoder of the document of accounts, offers and tasks
 * (docs/services.md 7.4).
 */
#include "services/tasks/document.h"

#include "base/cbor.h"
#include "base/checked.h"
#include "services/tasks/ledger_internal.h"

enum { ITEMS = 6, ROW_ITEMS = 17 };

static const char type[] = "assay/tasks/v3";

size_t assay_task_ledger_len_max(uint32_t accounts_max, uint32_t tasks_max, uint32_t slots_max)
{
    return ASSAY_TASK_DOCUMENT_HEAD_MAX + (size_t)accounts_max * ASSAY_TASK_DOCUMENT_ACCOUNT_MAX +
           (size_t)slots_max * ASSAY_TASK_DOCUMENT_SEAT_MAX +
           (size_t)tasks_max * ASSAY_TASK_DOCUMENT_ROW_MAX;
}

/* --- encoding */

static void encode_accounts(struct assay_writer *w, const struct assay_task_ledger *ledger)
{
    ASSAY_ASSERT(ledger->account_count <= ledger->accounts_max);
    assay_cbor_put_array(w, ledger->account_count);
    for (uint32_t i = 0; i < ledger->account_count; i++) {
        const struct account *account = &ledger->account[i];
        assay_cbor_put_array(w, 4);
        assay_cbor_put_bytes(w, account->id, 32);
        assay_cbor_put_uint(w, account->balance);
        assay_cbor_put_uint(w, account->sequence);
        assay_cbor_put_uint(w, account->used);
    }
}

static void encode_offer(struct assay_writer *w, const struct assay_task_offer *offer)
{
    ASSAY_ASSERT(offer->count <= ASSAY_TASK_MEASUREMENTS_MAX &&
                 offer->address_len <= ASSAY_TASK_ADDRESS_MAX);
    assay_cbor_put_array(w, 4);
    assay_cbor_put_array(w, offer->count);
    for (uint32_t i = 0; i < offer->count; i++)
        assay_cbor_put_bytes(w, offer->code[i], 32);
    assay_cbor_put_uint(w, offer->price);
    assay_cbor_put_uint(w, offer->hold);
    assay_cbor_put_bytes(w, offer->address, offer->address_len);
}

static bool has_seat_content(const struct seat *seat)
{
    return seat->offers || seat->certified != 0;
}

static void encode_seats(struct assay_writer *w, const struct assay_task_ledger *ledger)
{
    uint32_t lines = 0;
    for (uint32_t i = 0; i < ledger->slots_max; i++)
        lines += has_seat_content(&ledger->seat[i]);
    assay_cbor_put_array(w, lines);
    for (uint32_t i = 0; i < ledger->slots_max; i++) {
        const struct seat *seat = &ledger->seat[i];
        if (!has_seat_content(seat)) continue;
        assay_cbor_put_array(w, 3);
        assay_cbor_put_uint(w, i);
        assay_cbor_put_uint(w, seat->certified);
        if (seat->offers) encode_offer(w, &seat->offer);
        else assay_cbor_put_null(w);
    }
}

/* The locked amount is derived from the others (ledger.c). */
static void encode_row(struct assay_writer *w, const struct assay_task_row *row)
{
    ASSAY_ASSERT(row->steps > 0 && row->paid <= row->steps);
    assay_cbor_put_array(w, ROW_ITEMS);
    assay_cbor_put_bytes(w, row->task, 32);
    assay_cbor_put_bytes(w, row->requestor, 32);
    assay_cbor_put_bytes(w, row->input, 32);
    assay_cbor_put_uint(w, row->executor);
    assay_cbor_put_uint(w, row->price);
    assay_cbor_put_uint(w, row->hold);
    assay_cbor_put_uint(w, row->steps);
    assay_cbor_put_uint(w, row->paid);
    assay_cbor_put_uint(w, row->rent);
    assay_cbor_put_uint(w, row->opened);
    assay_cbor_put_uint(w, row->deadline);
    assay_cbor_put_uint(w, (uint64_t)row->min_standing);
    assay_cbor_put_uint(w, (uint64_t)row->end);
    assay_cbor_put_bool(w, row->failed);
    assay_cbor_put_uint(w, row->quiet);
    assay_cbor_put_uint(w, row->leaving);
    if (!row->accepted) {
        assay_cbor_put_null(w);
        return;
    }
    assay_cbor_put_array(w, 2);
    assay_cbor_put_bytes(w, row->key, sizeof row->key);
    assay_cbor_put_bytes(w, row->payee, 32);
}

/* Rows are reused, so those in use come first. */
static uint32_t count_rows(const struct assay_task_ledger *ledger)
{
    uint32_t count = 0;
    while (count < ledger->tasks_max && ledger->row[count].steps > 0)
        count++;
    return count;
}

enum assay_status assay_task_ledger_encode(const struct assay_task_ledger *ledger,
                                           struct assay_writer *w)
{
    struct assay_slice all;
    const size_t start = w->len;
    const uint32_t rows = count_rows(ledger);
    assay_task_ledger_check(ledger);
    assay_cbor_put_array(w, ITEMS);
    assay_cbor_put_text(w, type);
    assay_cbor_put_uint(w, ledger->accounts_max);
    assay_cbor_put_uint(w, ledger->tasks_max);
    encode_accounts(w, ledger);
    encode_seats(w, ledger);
    assay_cbor_put_array(w, rows);
    for (uint32_t i = 0; i < rows; i++)
        encode_row(w, &ledger->row[i]);
    ASSAY_ASSERT(w->full ||
                 w->len - start <= assay_task_ledger_len_max(ledger->accounts_max,
                                                             ledger->tasks_max, ledger->slots_max));
    return assay_writer_finish(w, &all);
}

/* --- decoding */

static enum assay_status decode_u32(struct assay_cursor *c, uint32_t min, uint32_t max,
                                    uint32_t *out)
{
    ASSAY_ASSERT(min <= max);
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(c, max, &value));
    if (value < min) return ASSAY_E_RANGE;
    *out = (uint32_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_u8(struct assay_cursor *c, uint32_t max, uint8_t *out)
{
    ASSAY_ASSERT(max <= UINT8_MAX);
    uint32_t value = 0;
    ASSAY_TRY(decode_u32(c, 0, max, &value));
    *out = (uint8_t)value;
    return ASSAY_OK;
}

static enum assay_status decode_accounts(struct assay_cursor *c, struct assay_task_ledger *ledger)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ledger->accounts_max, &count));
    ledger->account_count = (uint32_t)count;
    for (uint32_t i = 0; i < ledger->account_count; i++) {
        struct account *account = &ledger->account[i];
        ASSAY_TRY(assay_cbor_array_exact(c, 4));
        ASSAY_TRY(assay_cbor_bytes_exact(c, account->id, 32));
        ASSAY_TRY(assay_cbor_uint(c, &account->balance));
        ASSAY_TRY(assay_cbor_uint(c, &account->sequence));
        ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &account->used));
        if (i > 0 && assay_bytes_compare(account[-1].id, account->id, 32) >= 0)
            return ASSAY_E_ENCODING;
    }
    return ASSAY_OK;
}

static enum assay_status decode_price(struct assay_cursor *c, uint64_t *price, uint64_t *hold)
{
    ASSAY_TRY(assay_cbor_uint(c, price));
    ASSAY_TRY(assay_cbor_uint_max(c, *price, hold));
    return *price == 0 || *hold < assay_task_hold_least(*price) ? ASSAY_E_RANGE : ASSAY_OK;
}

static enum assay_status decode_offer(struct assay_cursor *c, struct assay_task_offer *offer)
{
    uint64_t count = 0;
    struct assay_slice address;
    ASSAY_TRY(assay_cbor_array_exact(c, 4));
    ASSAY_TRY(assay_cbor_array(c, ASSAY_TASK_MEASUREMENTS_MAX, &count));
    if (count == 0) return ASSAY_E_RANGE; /* that is none */
    offer->count = (uint32_t)count;
    for (uint32_t i = 0; i < offer->count; i++) {
        ASSAY_TRY(assay_cbor_bytes_exact(c, offer->code[i], 32));
        if (i > 0 && assay_bytes_compare(offer->code[i - 1], offer->code[i], 32) >= 0)
            return ASSAY_E_ENCODING;
    }
    ASSAY_TRY(decode_price(c, &offer->price, &offer->hold));
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_TASK_ADDRESS_MAX, &address));
    assay_bytes_copy(offer->address, sizeof offer->address, address.bytes, address.len);
    offer->address_len = (uint8_t)address.len;
    return ASSAY_OK;
}

static enum assay_status decode_seats(struct assay_cursor *c, struct assay_task_ledger *ledger)
{
    uint64_t count = 0;
    uint32_t next_slot = 0;
    ASSAY_TRY(assay_cbor_array(c, ledger->slots_max, &count));
    for (uint64_t i = 0; i < count; i++) {
        struct seat seat = { 0 };
        uint32_t slot = 0;
        enum assay_cbor_type item;
        ASSAY_TRY(assay_cbor_array_exact(c, 3));
        ASSAY_TRY(decode_u32(c, 0, ledger->slots_max - 1, &slot));
        ASSAY_TRY(assay_cbor_uint(c, &seat.certified));
        ASSAY_TRY(assay_cbor_peek(c, &item));
        seat.offers = item != ASSAY_CBOR_NULL;
        if (seat.offers) ASSAY_TRY(decode_offer(c, &seat.offer));
        else ASSAY_TRY(assay_cbor_null(c));
        if (slot < next_slot || !has_seat_content(&seat)) return ASSAY_E_ENCODING;
        ledger->seat[slot] = seat;
        next_slot = slot + 1;
    }
    return ASSAY_OK;
}

static enum assay_status decode_acceptance(struct assay_cursor *c, struct assay_task_row *row)
{
    enum assay_cbor_type item;
    ASSAY_TRY(assay_cbor_peek(c, &item));
    row->accepted = item != ASSAY_CBOR_NULL;
    if (!row->accepted) return assay_cbor_null(c);
    ASSAY_TRY(assay_cbor_array_exact(c, 2));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->key, sizeof row->key));
    return assay_cbor_bytes_exact(c, row->payee, 32);
}

static enum assay_status decode_row(struct assay_cursor *c, const struct assay_task_ledger *ledger,
                                    struct assay_task_row *row)
{
    uint32_t standing = 0, end = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, ROW_ITEMS));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->task, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->requestor, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, row->input, 32));
    ASSAY_TRY(decode_u32(c, 0, ledger->slots_max - 1, &row->executor));
    ASSAY_TRY(decode_price(c, &row->price, &row->hold));
    ASSAY_TRY(decode_u32(c, 1, ASSAY_TASK_STEPS_MAX, &row->steps));
    ASSAY_TRY(decode_u32(c, 0, row->steps, &row->paid));
    ASSAY_TRY(decode_u8(c, ASSAY_TASK_RENT_EPOCHS, &row->rent));
    ASSAY_TRY(assay_cbor_uint_max(c, INT64_MAX, &row->opened));
    ASSAY_TRY(assay_cbor_uint(c, &row->deadline));
    if (row->deadline <= row->opened) return ASSAY_E_RANGE;
    ASSAY_TRY(decode_u32(c, ASSAY_TASK_STAND_RESTRICTED, ASSAY_TASK_STAND_FULL, &standing));
    ASSAY_TRY(decode_u32(c, ASSAY_TASK_END_NONE, ASSAY_TASK_END_RELEASED, &end));
    ASSAY_TRY(assay_cbor_bool(c, &row->failed));
    ASSAY_TRY(decode_u8(c, ASSAY_TASK_STEP_EPOCHS, &row->quiet));
    ASSAY_TRY(decode_u8(c, ASSAY_TASK_LEAVING_EPOCHS, &row->leaving));
    ASSAY_TRY(decode_acceptance(c, row));
    row->min_standing = (enum assay_task_standing)standing;
    row->end = (enum assay_task_end)end;
    return ASSAY_OK;
}

/* What one row says of itself and of accounts; the sums are the ledger's (is_sound). */
static bool is_row_possible(const struct assay_task_ledger *ledger,
                            const struct assay_task_row *row)
{
    ASSAY_ASSERT(row->deadline > row->opened && row->steps > 0);
    const struct account *requestor = assay_task_account_find(ledger, row->requestor);
    uint64_t all = 0;
    const bool runs = row->end == ASSAY_TASK_END_NONE;
    /* It opened the task with one of its numbers, and accounts of a task that runs stay. */
    if (requestor == NULL ? runs : requestor->sequence == 0) return false;
    if (runs && row->accepted && assay_task_account_find(ledger, row->payee) == NULL) return false;
    if (assay_mul_u64(row->price, row->steps, &all) != ASSAY_OK) return false;
    const uint8_t rent = assay_task_rent_epochs(row->opened, row->deadline);
    if (row->rent > rent || (runs && !row->accepted && row->rent < rent)) return false;
    if (row->end == ASSAY_TASK_END_RELEASED) return row->accepted;
    if (row->end == ASSAY_TASK_END_PAID) return !row->failed;
    return row->end != ASSAY_TASK_END_CLOSED || !row->accepted || row->failed;
}

/* What is locked: steps that are not paid, and the rent that is left. */
static enum assay_status compute_locked(struct assay_task_row *row)
{
    ASSAY_ASSERT(row->paid <= row->steps);
    uint64_t rent = 0;
    ASSAY_TRY(assay_mul_u64(row->price, row->steps - row->paid, &row->locked));
    ASSAY_TRY(assay_mul_u64(row->hold, row->rent, &rent));
    return assay_add_u64(row->locked, rent, &row->locked);
}

static enum assay_status decode_rows(struct assay_cursor *c, struct assay_task_ledger *ledger)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ledger->tasks_max, &count));
    for (uint32_t i = 0; i < (uint32_t)count; i++) {
        struct assay_task_row row = { 0 };
        ASSAY_TRY(decode_row(c, ledger, &row));
        if (!is_row_possible(ledger, &row)) return ASSAY_E_INVALID;
        if (assay_task_row_find(ledger, row.task) != NULL) return ASSAY_E_INVALID;
        if (row.end == ASSAY_TASK_END_NONE) ASSAY_TRY(compute_locked(&row));
        ASSAY_ASSERT(ledger->row[i].steps == 0);
        ledger->row[i] = row;
    }
    return ASSAY_OK;
}

static enum assay_status decode_ledger(struct assay_cursor *c, struct assay_task_ledger *ledger)
{
    uint32_t accounts_max = 0, tasks_max = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, ITEMS));
    ASSAY_TRY(assay_cbor_text_expect(c, type));
    ASSAY_TRY(decode_u32(c, ledger->accounts_max, ledger->accounts_max, &accounts_max));
    ASSAY_TRY(decode_u32(c, ledger->tasks_max, ledger->tasks_max, &tasks_max));
    ASSAY_TRY(decode_accounts(c, ledger));
    ASSAY_TRY(decode_seats(c, ledger));
    return decode_rows(c, ledger);
}

enum assay_status assay_task_ledger_decode(struct assay_slice bytes,
                                           struct assay_task_ledger *ledger)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    assay_bytes_zero(ledger->account, ledger->accounts_max * sizeof *ledger->account);
    assay_bytes_zero(ledger->seat, ledger->slots_max * sizeof *ledger->seat);
    assay_bytes_zero(ledger->row, ledger->tasks_max * sizeof *ledger->row);
    ASSAY_TRY(decode_ledger(&c, ledger));
    ASSAY_TRY(assay_cursor_end(&c));
    return assay_task_ledger_is_valid(ledger) ? ASSAY_OK : ASSAY_E_INVALID;
}
