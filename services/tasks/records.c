/*
 * services/tasks/records.c - codec and signatures of task records, canonical CBOR (docs/services.md
 * 6.2).
 */
#include "services/tasks/records.h"

#include "base/cbor.h"

enum { STATEMENT_MAX = 512 }; /* the longest, of an OPEN, has about 280 bytes */

/* [type, chain_id, ... */
static struct assay_writer begin_statement(uint8_t *bytes, const char *type, uint64_t items,
                                           const uint8_t chain_id[static 32])
{
    struct assay_writer w = assay_writer_over(bytes, STATEMENT_MAX);
    assay_cbor_put_array(&w, 2 + items);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, chain_id, 32);
    ASSAY_ASSERT(!w.full);
    return w;
}

static void finish_statement(const struct assay_writer *w, uint8_t digest[static 32])
{
    ASSAY_ASSERT(!w->full);
    assay_sha256(w->bytes, w->len, digest);
}

/* --- signed fields, for statements and payloads alike */

enum { TRANSFER_FIELDS = 4, OPEN_FIELDS = 11, CLOSE_FIELDS = 2, RELEASE_FIELDS = 2 };

static void encode_transfer(struct assay_writer *w, const struct assay_task_transfer *record)
{
    assay_cbor_put_bytes(w, record->key, sizeof record->key);
    assay_cbor_put_uint(w, record->sequence);
    assay_cbor_put_bytes(w, record->to, sizeof record->to);
    assay_cbor_put_uint(w, record->amount);
}

static void encode_open(struct assay_writer *w, const struct assay_task_open *record)
{
    assay_cbor_put_bytes(w, record->key, sizeof record->key);
    assay_cbor_put_uint(w, record->sequence);
    assay_cbor_put_uint(w, record->executor);
    assay_cbor_put_bytes(w, record->code, sizeof record->code);
    assay_cbor_put_bytes(w, record->input, sizeof record->input);
    assay_cbor_put_bytes(w, record->box, sizeof record->box);
    assay_cbor_put_uint(w, record->price);
    assay_cbor_put_uint(w, record->hold);
    assay_cbor_put_uint(w, record->steps);
    assay_cbor_put_uint(w, record->deadline);
    assay_cbor_put_uint(w, (uint64_t)record->min_standing);
}

static void encode_close(struct assay_writer *w, const struct assay_task_close *record)
{
    assay_cbor_put_bytes(w, record->key, sizeof record->key);
    assay_cbor_put_bytes(w, record->task, sizeof record->task);
}

static void encode_release(struct assay_writer *w, const struct assay_task_release *record)
{
    assay_cbor_put_bytes(w, record->task, sizeof record->task);
    assay_cbor_put_uint(w, record->paid);
}

void assay_task_transfer_statement(const uint8_t chain_id[static 32],
                                   const struct assay_task_transfer *record,
                                   uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w =
        begin_statement(bytes, "assay/tasks/transfer/v1", TRANSFER_FIELDS, chain_id);
    encode_transfer(&w, record);
    finish_statement(&w, digest);
}

void assay_task_open_statement(const uint8_t chain_id[static 32],
                               const struct assay_task_open *record, uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin_statement(bytes, "assay/tasks/open/v1", OPEN_FIELDS, chain_id);
    encode_open(&w, record);
    finish_statement(&w, digest);
}

void assay_task_close_statement(const uint8_t chain_id[static 32],
                                const struct assay_task_close *record, uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w = begin_statement(bytes, "assay/tasks/close/v1", CLOSE_FIELDS, chain_id);
    encode_close(&w, record);
    finish_statement(&w, digest);
}

void assay_task_release_statement(const uint8_t chain_id[static 32],
                                  const struct assay_task_release *record,
                                  uint8_t digest[static 32])
{
    uint8_t bytes[STATEMENT_MAX];
    struct assay_writer w =
        begin_statement(bytes, "assay/tasks/release/v1", RELEASE_FIELDS + 1, chain_id);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    encode_release(&w, record);
    finish_statement(&w, digest);
}

/* --- encoding */

enum assay_status assay_task_transfer_encode(const struct assay_task_transfer *record,
                                             uint8_t *bytes, size_t capacity,
                                             struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, TRANSFER_FIELDS + 1);
    encode_transfer(&w, record);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_open_encode(const struct assay_task_open *record, uint8_t *bytes,
                                         size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, OPEN_FIELDS + 1);
    encode_open(&w, record);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_close_encode(const struct assay_task_close *record, uint8_t *bytes,
                                          size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, CLOSE_FIELDS + 1);
    encode_close(&w, record);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_release_encode(const struct assay_task_release *record, uint8_t *bytes,
                                            size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, RELEASE_FIELDS + 1);
    encode_release(&w, record);
    if (!record->is_signed) {
        assay_cbor_put_null(&w);
        return assay_writer_finish(&w, out);
    }
    assay_cbor_put_array(&w, 2);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cbor_put_bytes(&w, record->signature, sizeof record->signature);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_offer_encode(const struct assay_task_offer *record, uint8_t *bytes,
                                          size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(record->count <= ASSAY_TASK_MEASUREMENTS_MAX);
    ASSAY_ASSERT(record->address_len <= ASSAY_TASK_ADDRESS_MAX);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_array(&w, record->count);
    for (uint32_t i = 0; i < record->count; i++)
        assay_cbor_put_bytes(&w, record->code[i], 32);
    assay_cbor_put_uint(&w, record->price);
    assay_cbor_put_uint(&w, record->hold);
    assay_cbor_put_bytes(&w, record->address, record->address_len);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_accept_encode(const struct assay_task_accept *record, uint8_t *bytes,
                                           size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_bytes(&w, record->task, sizeof record->task);
    assay_cbor_put_bytes(&w, record->key, sizeof record->key);
    assay_cbor_put_bytes(&w, record->account, sizeof record->account);
    return assay_writer_finish(&w, out);
}

enum assay_status assay_task_claim_encode(const struct assay_task_claim *record, uint8_t *bytes,
                                          size_t capacity, struct assay_slice *out)
{
    uint8_t receipt[ASSAY_TASK_RECEIPT_LEN];
    struct assay_writer r = assay_writer_over(receipt, sizeof receipt);
    assay_task_receipt_encode(&r, &record->receipt);
    ASSAY_ASSERT(!r.full && r.len == sizeof receipt);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_bytes(&w, receipt, sizeof receipt);
    assay_cbor_put_bytes(&w, record->task_key, sizeof record->task_key);
    assay_cbor_put_bytes(&w, record->receipt_signature, sizeof record->receipt_signature);
    assay_cbor_put_bytes(&w, record->opening, sizeof record->opening);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_bytes(&w, record->voucher.task, 32);
    assay_cbor_put_uint(&w, record->voucher.step);
    assay_cbor_put_bytes(&w, record->voucher.lock, 32);
    assay_cbor_put_bytes(&w, record->voucher.signature, sizeof record->voucher.signature);
    assay_cbor_put_bytes(&w, record->requestor, sizeof record->requestor);
    return assay_writer_finish(&w, out);
}

/* --- decoding */

/* A number from 1 to max. */
static enum assay_status decode_number(struct assay_cursor *in, uint64_t max, uint64_t *out)
{
    ASSAY_ASSERT(max > 0);
    uint64_t value = 0;
    ASSAY_TRY(assay_cbor_uint_max(in, max, &value));
    if (value == 0) return ASSAY_E_RANGE;
    *out = value;
    return ASSAY_OK;
}

/* A price, and the rent next to it: a place costs a step per ASSAY_TASK_STEP_EPOCHS at least, and
 * at most the price per epoch. */
static enum assay_status decode_price(struct assay_cursor *in, uint64_t *price, uint64_t *hold)
{
    ASSAY_TRY(decode_number(in, UINT64_MAX, price));
    ASSAY_TRY(decode_number(in, *price, hold));
    return *hold < assay_task_hold_least(*price) ? ASSAY_E_RANGE : ASSAY_OK;
}

enum assay_status assay_task_transfer_decode(struct assay_slice bytes,
                                             struct assay_task_transfer *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_transfer read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, TRANSFER_FIELDS + 1));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_uint(&in, &read.sequence));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.to, sizeof read.to));
    ASSAY_TRY(decode_number(&in, UINT64_MAX, &read.amount));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

static enum assay_status decode_standing(struct assay_cursor *in, enum assay_task_standing *out)
{
    uint64_t value = 0;
    ASSAY_TRY(decode_number(in, ASSAY_TASK_STAND_FULL, &value));
    /* A suspended executor cannot be requested. */
    if (value < ASSAY_TASK_STAND_RESTRICTED) return ASSAY_E_RANGE;
    *out = (enum assay_task_standing)value;
    return ASSAY_OK;
}

enum assay_status assay_task_open_decode(struct assay_slice bytes, struct assay_task_open *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_open read = { 0 };
    uint64_t executor = 0, steps = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, OPEN_FIELDS + 1));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_uint(&in, &read.sequence));
    ASSAY_TRY(assay_cbor_uint_max(&in, ASSAY_TASK_SLOTS_MAX - 1, &executor));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.code, sizeof read.code));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.input, sizeof read.input));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.box, sizeof read.box));
    ASSAY_TRY(decode_price(&in, &read.price, &read.hold));
    ASSAY_TRY(decode_number(&in, ASSAY_TASK_STEPS_MAX, &steps));
    ASSAY_TRY(assay_cbor_uint(&in, &read.deadline));
    ASSAY_TRY(decode_standing(&in, &read.min_standing));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    read.executor = (uint32_t)executor;
    read.steps = (uint32_t)steps;
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_task_close_decode(struct assay_slice bytes, struct assay_task_close *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_close read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, CLOSE_FIELDS + 1));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.task, sizeof read.task));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_task_release_decode(struct assay_slice bytes,
                                            struct assay_task_release *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_release read = { 0 };
    enum assay_cbor_type item;
    uint64_t paid = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, RELEASE_FIELDS + 1));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.task, sizeof read.task));
    ASSAY_TRY(assay_cbor_uint_max(&in, ASSAY_TASK_STEPS_MAX, &paid));
    ASSAY_TRY(assay_cbor_peek(&in, &item));
    read.is_signed = item != ASSAY_CBOR_NULL;
    if (read.is_signed) {
        ASSAY_TRY(assay_cbor_array_exact(&in, 2));
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.signature, sizeof read.signature));
    } else {
        ASSAY_TRY(assay_cbor_null(&in));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    read.paid = (uint32_t)paid;
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_task_offer_decode(struct assay_slice bytes, struct assay_task_offer *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_offer read = { 0 };
    struct assay_slice address;
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 4));
    ASSAY_TRY(assay_cbor_array(&in, ASSAY_TASK_MEASUREMENTS_MAX, &count));
    read.count = (uint32_t)count;
    for (uint32_t i = 0; i < read.count; i++) {
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.code[i], 32));
        if (i > 0 && assay_bytes_compare(read.code[i - 1], read.code[i], 32) >= 0)
            return ASSAY_E_ENCODING;
    }
    ASSAY_TRY(decode_price(&in, &read.price, &read.hold));
    ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_TASK_ADDRESS_MAX, &address));
    ASSAY_TRY(assay_cursor_end(&in));
    assay_bytes_copy(read.address, sizeof read.address, address.bytes, address.len);
    read.address_len = (uint8_t)address.len;
    *record = read;
    return ASSAY_OK;
}

enum assay_status assay_task_accept_decode(struct assay_slice bytes,
                                           struct assay_task_accept *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_accept read = { 0 };
    ASSAY_TRY(assay_cbor_array_exact(&in, 3));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.task, sizeof read.task));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.key, sizeof read.key));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.account, sizeof read.account));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

static enum assay_status decode_voucher(struct assay_cursor *in, struct assay_task_voucher *out)
{
    uint64_t step = 0;
    ASSAY_TRY(assay_cbor_array_exact(in, 4));
    ASSAY_TRY(assay_cbor_bytes_exact(in, out->task, 32));
    ASSAY_TRY(decode_number(in, ASSAY_TASK_STEPS_MAX, &step));
    ASSAY_TRY(assay_cbor_bytes_exact(in, out->lock, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(in, out->signature, sizeof out->signature));
    out->step = (uint32_t)step;
    return ASSAY_OK;
}

enum assay_status assay_task_claim_decode(struct assay_slice bytes, struct assay_task_claim *record)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_task_claim read = { 0 };
    uint8_t receipt[ASSAY_TASK_RECEIPT_LEN];
    ASSAY_TRY(assay_cbor_array_exact(&in, 6));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, receipt, sizeof receipt));
    struct assay_cursor inner = assay_cursor_over(receipt, sizeof receipt);
    ASSAY_TRY(assay_task_receipt_decode(&inner, &read.receipt));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.task_key, sizeof read.task_key));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.receipt_signature, sizeof read.receipt_signature));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.opening, sizeof read.opening));
    ASSAY_TRY(decode_voucher(&in, &read.voucher));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.requestor, sizeof read.requestor));
    ASSAY_TRY(assay_cursor_end(&in));
    *record = read;
    return ASSAY_OK;
}

/* --- signatures inside */

bool assay_task_transfer_check(const uint8_t chain_id[static 32],
                               const struct assay_task_transfer *record)
{
    uint8_t digest[32];
    assay_task_transfer_statement(chain_id, record, digest);
    return assay_task_verify_signature(record->key, digest, record->signature);
}

bool assay_task_open_check(const uint8_t chain_id[static 32], const struct assay_task_open *record)
{
    uint8_t digest[32];
    assay_task_open_statement(chain_id, record, digest);
    return assay_task_verify_signature(record->key, digest, record->signature);
}

bool assay_task_close_check(const uint8_t chain_id[static 32],
                            const struct assay_task_close *record)
{
    uint8_t digest[32];
    assay_task_close_statement(chain_id, record, digest);
    return assay_task_verify_signature(record->key, digest, record->signature);
}

bool assay_task_release_check(const uint8_t chain_id[static 32],
                              const struct assay_task_release *record)
{
    uint8_t digest[32];
    if (!record->is_signed) return true;
    assay_task_release_statement(chain_id, record, digest);
    return assay_task_verify_signature(record->key, digest, record->signature);
}

bool assay_task_claim_check(const uint8_t chain_id[static 32],
                            const struct assay_task_claim *record)
{
    uint8_t digest[32];
    assay_task_receipt_digest(&record->receipt, digest);
    return assay_task_verify_signature(record->task_key, digest, record->receipt_signature) &&
           assay_task_voucher_check(chain_id, &record->voucher, record->requestor);
}
