/*
 * tests/unit/services/tasks/test_task_records.c - tests of payloads of tasks.
 *
 * Payloads of tasks: canonical, bounded, signed (docs/services.md 6.2).
 */
#include "tests/support/services/task_kit.h"

#include <criterion/criterion.h>

enum { MAX = ASSAY_TASK_RECORD_MAX };

static const uint8_t chain[32] = { 7 };

/* One decoder of many, so that every kind is tried with the same faults. */
union any {
    struct assay_task_transfer transfer;
    struct assay_task_open open;
    struct assay_task_close close;
    struct assay_task_offer offer;
    struct assay_task_accept accept;
    struct assay_task_claim claim;
    struct assay_task_release release;
};

enum { TRANSFER, OPEN, CLOSE, OFFER, ACCEPT, RELEASE, WORD, CLAIM, KINDS };

static enum assay_status decode(int kind, struct assay_slice bytes, union any *out)
{
    switch (kind) {
    case TRANSFER: return assay_task_transfer_decode(bytes, &out->transfer);
    case OPEN: return assay_task_open_decode(bytes, &out->open);
    case CLOSE: return assay_task_close_decode(bytes, &out->close);
    case OFFER: return assay_task_offer_decode(bytes, &out->offer);
    case ACCEPT: return assay_task_accept_decode(bytes, &out->accept);
    case RELEASE:
    case WORD: return assay_task_release_decode(bytes, &out->release);
    default: return assay_task_claim_decode(bytes, &out->claim);
    }
}

static enum assay_status encode(int kind, const union any *in, uint8_t *bytes, size_t capacity,
                                struct assay_slice *out)
{
    switch (kind) {
    case TRANSFER: return assay_task_transfer_encode(&in->transfer, bytes, capacity, out);
    case OPEN: return assay_task_open_encode(&in->open, bytes, capacity, out);
    case CLOSE: return assay_task_close_encode(&in->close, bytes, capacity, out);
    case OFFER: return assay_task_offer_encode(&in->offer, bytes, capacity, out);
    case ACCEPT: return assay_task_accept_encode(&in->accept, bytes, capacity, out);
    case RELEASE:
    case WORD: return assay_task_release_encode(&in->release, bytes, capacity, out);
    default: return assay_task_claim_encode(&in->claim, bytes, capacity, out);
    }
}

/* Returns: true when what is signed inside verifies; kinds without signatures always do. */
static bool is_signed(int kind, const union any *in)
{
    switch (kind) {
    case TRANSFER: return assay_task_transfer_check(chain, &in->transfer);
    case OPEN: return assay_task_open_check(chain, &in->open);
    case CLOSE: return assay_task_close_check(chain, &in->close);
    case RELEASE:
    case WORD: return assay_task_release_check(chain, &in->release);
    case CLAIM: return assay_task_claim_check(chain, &in->claim);
    default: return true;
    }
}

static struct assay_task_open terms(void)
{
    struct assay_task_open open = {
        .sequence = 5,
        .executor = 3,
        .price = 9,
        .hold = 2,
        .steps = 12,
        .deadline = 44,
        .min_standing = ASSAY_TASK_STAND_WARNING,
    };
    kit_bytes('c', 1, open.code);
    kit_bytes('i', 1, open.input);
    kit_bytes('b', 1, open.box);
    return open;
}

/* A good record of each kind. */
static void make(int kind, union any *any)
{
    struct kit_key account, task_key;
    uint8_t task[32], input[32];
    kit_key_make(&account, 11);
    kit_key_make(&task_key, 12);
    kit_bytes('t', 1, task);
    kit_bytes('i', 1, input);
    assay_bytes_zero(any, sizeof *any);
    switch (kind) {
    case TRANSFER:
        any->transfer = (struct assay_task_transfer){ .sequence = 3, .amount = 400 };
        kit_bytes('t', 2, any->transfer.to);
        kit_sign_transfer(chain, &account, &any->transfer);
        break;
    case OPEN:
        any->open = terms();
        kit_sign_open(chain, &account, &any->open);
        break;
    case CLOSE:
        assay_bytes_copy(any->close.task, 32, task, 32);
        kit_sign_close(chain, &account, &any->close);
        break;
    case OFFER:
        any->offer = (struct assay_task_offer){ .count = 2,
                                                .price = 6,
                                                .hold = 1,
                                                .address_len = 4,
                                                .address = "host",
                                                .code = { { 1 }, { 2 } } };
        break;
    case ACCEPT:
        assay_bytes_copy(any->accept.task, 32, task, 32);
        assay_bytes_copy(any->accept.key, 64, task_key.key, 64);
        assay_bytes_copy(any->accept.account, 32, account.account, 32);
        break;
    case RELEASE: /* of the requestor; WORD is one of the executor's member */
        assay_bytes_copy(any->release.task, 32, task, 32);
        any->release.paid = 7;
        kit_sign_release(chain, &account, &any->release);
        break;
    case WORD:
        assay_bytes_copy(any->release.task, 32, task, 32);
        any->release.paid = ASSAY_TASK_STEPS_MAX;
        break;
    default: kit_claim(chain, &account, &task_key, task, input, 4, 9, &any->claim); break;
    }
}

Test(task_records, every_kind_comes_back_as_it_was_and_is_below_its_bound)
{
    for (int kind = 0; kind < KINDS; kind++) {
        union any in, out;
        uint8_t bytes[MAX], again[MAX];
        struct assay_slice first, second;
        make(kind, &in);
        assay_bytes_zero(&out, sizeof out);
        cr_assert_eq(encode(kind, &in, bytes, sizeof bytes, &first), ASSAY_OK);
        cr_assert_eq(decode(kind, first, &out), ASSAY_OK, "kind %d", kind);
        cr_assert_eq(encode(kind, &out, again, sizeof again, &second), ASSAY_OK);
        cr_assert(assay_slice_equal(first, second), "kind %d", kind);
        cr_assert(is_signed(kind, &out), "kind %d", kind);
        cr_assert_eq(encode(kind, &in, bytes, first.len - 1, &second), ASSAY_E_FULL);
    }
}

Test(task_records, every_truncation_and_one_byte_more_is_refused)
{
    for (int kind = 0; kind < KINDS; kind++) {
        union any in, out;
        uint8_t bytes[MAX + 1];
        struct assay_slice whole;
        make(kind, &in);
        cr_assert_eq(encode(kind, &in, bytes, MAX, &whole), ASSAY_OK);
        for (size_t len = 0; len < whole.len; len++)
            cr_assert_neq(decode(kind, assay_slice_over(bytes, len), &out), ASSAY_OK,
                          "kind %d of %zu bytes", kind, len);
        bytes[whole.len] = 0;
        cr_assert_eq(decode(kind, assay_slice_over(bytes, whole.len + 1), &out), ASSAY_E_TRAILING);
    }
}

/* What is read after a bit has flipped means something else, which nobody has signed. */
Test(task_records, no_flipped_bit_of_a_signed_record_passes_its_check)
{
    static const int kinds[] = { TRANSFER, OPEN, CLOSE, RELEASE, CLAIM };
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        union any in, out;
        uint8_t bytes[MAX];
        struct assay_slice whole;
        make(kinds[k], &in);
        cr_assert_eq(encode(kinds[k], &in, bytes, sizeof bytes, &whole), ASSAY_OK);
        uint32_t checked = 0;
        for (size_t i = 0; i < whole.len; i++) {
            bytes[i] ^= (uint8_t)(1u << i % 8);
            if (decode(kinds[k], whole, &out) == ASSAY_OK) {
                /* The key of the lock is the fold's to judge: nobody signs it. */
                const bool opening = kinds[k] == CLAIM &&
                                     !assay_bytes_equal(out.claim.opening, in.claim.opening, 32);
                cr_assert(opening || !is_signed(kinds[k], &out), "kind %d byte %zu", kinds[k], i);
                checked++;
            }
            bytes[i] ^= (uint8_t)(1u << i % 8);
        }
        cr_assert_gt(checked, 100);
    }
}

static enum assay_status open_again(const struct assay_task_open *open)
{
    uint8_t bytes[MAX];
    struct assay_slice out;
    struct assay_task_open read;
    cr_assert_eq(assay_task_open_encode(open, bytes, sizeof bytes, &out), ASSAY_OK);
    return assay_task_open_decode(out, &read);
}

Test(task_records, numbers_of_terms_stay_within_their_ranges)
{
    struct assay_task_open open = terms();
    cr_assert_eq(open_again(&open), ASSAY_OK);
    open.steps = 0;
    cr_assert_eq(open_again(&open), ASSAY_E_RANGE);
    open.steps = ASSAY_TASK_STEPS_MAX;
    cr_assert_eq(open_again(&open), ASSAY_OK);
    open.steps = ASSAY_TASK_STEPS_MAX + 1;
    cr_assert_eq(open_again(&open), ASSAY_E_RANGE);
    open = terms();
    open.price = 0;
    cr_assert_eq(open_again(&open), ASSAY_E_RANGE);
    open.price = UINT64_MAX;
    open.hold = assay_task_hold_least(UINT64_MAX);
    cr_assert_eq(open_again(&open), ASSAY_OK);
    open = terms();
    open.executor = ASSAY_TASK_SLOTS_MAX - 1;
    cr_assert_eq(open_again(&open), ASSAY_OK);
    open.executor = ASSAY_TASK_SLOTS_MAX;
    cr_assert_eq(open_again(&open), ASSAY_E_RANGE);
    open = terms();
    for (uint32_t standing = 0; standing < 6; standing++) {
        open.min_standing = (enum assay_task_standing)standing;
        const bool good =
            standing >= ASSAY_TASK_STAND_RESTRICTED && standing <= ASSAY_TASK_STAND_FULL;
        cr_assert_eq(open_again(&open), good ? ASSAY_OK : ASSAY_E_RANGE, "%u", standing);
    }
}

/* A place costs a step in 60 epochs at least, and nobody locks more than that for one. */
Test(task_records, rent_is_a_sixtieth_of_the_price_at_least_and_the_price_at_most)
{
    static const uint64_t prices[] = { 1, 2, 59, 60, 61, 120, 121, 1000, UINT64_MAX };
    struct assay_task_offer read, offer = { .count = 1 };
    uint8_t bytes[MAX];
    struct assay_slice out;
    for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) {
        struct assay_task_open open = terms();
        const uint64_t least = assay_task_hold_least(prices[i]);
        const uint64_t holds[] = { 0, least - 1, least, prices[i], prices[i] + 1 };
        cr_expect(least >= 1 && (prices[i] == UINT64_MAX || least * 60 >= prices[i]));
        for (size_t k = 0; k < sizeof holds / sizeof *holds; k++) {
            const bool good = holds[k] >= least && holds[k] <= prices[i];
            open.price = offer.price = prices[i];
            open.hold = offer.hold = holds[k];
            cr_expect_eq(open_again(&open), good ? ASSAY_OK : ASSAY_E_RANGE);
            cr_assert_eq(assay_task_offer_encode(&offer, bytes, sizeof bytes, &out), ASSAY_OK);
            cr_expect_eq(assay_task_offer_decode(out, &read), good ? ASSAY_OK : ASSAY_E_RANGE);
        }
    }
}

Test(task_records, a_transfer_of_nothing_is_none)
{
    uint8_t bytes[MAX];
    struct assay_slice out;
    struct assay_task_transfer read, record = { .amount = 0 };
    cr_assert_eq(assay_task_transfer_encode(&record, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_transfer_decode(out, &read), ASSAY_E_RANGE);
}

Test(task_records, codes_of_an_offer_ascend_and_are_at_most_eight)
{
    uint8_t bytes[MAX];
    struct assay_slice out;
    struct assay_task_offer read,
        record = { .count = 2, .price = 1, .hold = 1, .code = { { 2 }, { 1 } } };
    cr_assert_eq(assay_task_offer_encode(&record, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_offer_decode(out, &read), ASSAY_E_ENCODING);
    record.code[1][0] = 2;
    cr_assert_eq(assay_task_offer_encode(&record, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_offer_decode(out, &read), ASSAY_E_ENCODING, "twice the same");
    record = (struct assay_task_offer){ .count = ASSAY_TASK_MEASUREMENTS_MAX,
                                        .price = 1,
                                        .hold = 1,
                                        .address_len = ASSAY_TASK_ADDRESS_MAX };
    for (uint8_t i = 0; i < ASSAY_TASK_MEASUREMENTS_MAX; i++)
        record.code[i][0] = i;
    cr_assert_eq(assay_task_offer_encode(&record, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_offer_decode(out, &read), ASSAY_OK);
    bytes[1]++; /* the head of the list: nine */
    cr_assert_eq(assay_task_offer_decode(out, &read), ASSAY_E_RANGE);
    record.price = 0;
    cr_assert_eq(assay_task_offer_encode(&record, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_task_offer_decode(out, &read), ASSAY_E_RANGE);
}

Test(task_records, a_signature_is_of_one_chain_and_one_kind)
{
    static const uint8_t other[32] = { 8 };
    union any any;
    for (int kind = 0; kind < KINDS; kind++) {
        make(kind, &any);
        if (kind == TRANSFER) cr_assert_not(assay_task_transfer_check(other, &any.transfer));
        if (kind == OPEN) cr_assert_not(assay_task_open_check(other, &any.open));
        if (kind == CLOSE) cr_assert_not(assay_task_close_check(other, &any.close));
        if (kind == CLAIM) cr_assert_not(assay_task_claim_check(other, &any.claim));
        if (kind == RELEASE) cr_assert_not(assay_task_release_check(other, &any.release));
    }
}

Test(task_records, a_claim_needs_both_signatures)
{
    union any any;
    make(CLAIM, &any);
    any.claim.receipt_signature[40] ^= 1;
    cr_assert_not(assay_task_claim_check(chain, &any.claim));
    make(CLAIM, &any);
    any.claim.voucher.signature[40] ^= 1;
    cr_assert_not(assay_task_claim_check(chain, &any.claim));
    make(CLAIM, &any);
    any.claim.receipt.state[0] ^= 1;
    cr_assert_not(assay_task_claim_check(chain, &any.claim));
    make(CLAIM, &any);
    assay_bytes_zero(any.claim.requestor, 64); /* no point of the curve */
    cr_assert_not(assay_task_claim_check(chain, &any.claim));
}

Test(task_records, the_name_of_a_task_covers_every_term)
{
    struct kit_key account;
    struct assay_task_open open = terms(), other;
    uint8_t name[32], changed[32];
    kit_key_make(&account, 11);
    kit_sign_open(chain, &account, &open);
    assay_task_open_statement(chain, &open, name);
#define DIFFERS(change)                                                                            \
    do {                                                                                           \
        other = open;                                                                              \
        other.change;                                                                              \
        assay_task_open_statement(chain, &other, changed);                                         \
        cr_assert_not(assay_bytes_equal(name, changed, 32), #change);                              \
    } while (0)
    DIFFERS(key[3] ^= 1);
    DIFFERS(sequence++);
    DIFFERS(executor++);
    DIFFERS(code[1] ^= 1);
    DIFFERS(input[1] ^= 1);
    DIFFERS(box[1] ^= 1);
    DIFFERS(price++);
    DIFFERS(hold++);
    DIFFERS(steps++);
    DIFFERS(deadline++);
    DIFFERS(min_standing = ASSAY_TASK_STAND_FULL);
#undef DIFFERS
    other = open;
    other.signature[0] ^= 1; /* whoever signs again names the same task */
    assay_task_open_statement(chain, &other, changed);
    cr_assert(assay_bytes_equal(name, changed, 32));
}
