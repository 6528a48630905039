/*
 * tests/differential/mutate_blob.c - changes of bytes, of DER and of signatures; see mutate.h.
 */
#include "base/assert.h"
#include "tests/differential/layout.h"
#include "tests/differential/mutate.h"

/* --- bytes */
static void flip(struct diff_case *c, struct diff_blob *b, size_t at, struct diff_random *random)
{
    const unsigned bit = (unsigned)diff_random_below(random, 8);
    b->bytes[at] = (uint8_t)(b->bytes[at] ^ 1u << bit);
    diff_note(c, "flip@%zu.%u", at, bit);
}

static void set_byte(struct diff_case *c, struct diff_blob *b, size_t at,
                     struct diff_random *random)
{
    static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff, ' ', '\n', '"' };
    uint8_t value = values[diff_random_below(random, sizeof values)];
    if (diff_random_one_in(random, 2)) diff_random_bytes(random, &value, 1);
    b->bytes[at] = value;
    diff_note(c, "set@%zu=%02x", at, value);
}

static void insert(struct diff_case *c, struct diff_blob *b, size_t at, struct diff_random *random)
{
    uint8_t bytes[16] = { 0 };
    const size_t len = 1 + diff_random_below(random, sizeof bytes);
    if (diff_random_one_in(random, 2)) diff_random_bytes(random, bytes, len);
    diff_blob_insert(b, at, bytes, len);
    diff_note(c, "insert@%zu+%zu", at, len);
}

static void repeat(struct diff_case *c, struct diff_blob *b, size_t at, size_t len)
{
    uint8_t bytes[32];
    assay_bytes_copy(bytes, sizeof bytes, b->bytes + at, len);
    diff_blob_insert(b, at, bytes, len);
    diff_note(c, "repeat@%zu+%zu", at, len);
}

void diff_change_bytes(struct diff_case *c, struct diff_blob *blob, size_t from, size_t to,
                       struct diff_random *random)
{
    enum { RUN_MAX = 32 };
    if (from >= to || to > blob->len) return;
    const size_t at = from + diff_random_below(random, to - from);
    const size_t room = to - at < RUN_MAX ? to - at : RUN_MAX;
    const size_t len = 1 + diff_random_below(random, room);
    switch (diff_random_below(random, 8)) {
    case 0:
    case 1:
    case 2:
    case 3: flip(c, blob, at, random); return;
    case 4:
    case 5: set_byte(c, blob, at, random); return;
    case 6:
        diff_blob_erase(blob, at, len);
        diff_note(c, "erase@%zu+%zu", at, len);
        return;
    case 7:
        if (diff_random_one_in(random, 2)) insert(c, blob, at, random);
        else repeat(c, blob, at, len);
        return;
    }
}

/* --- DER */
static void nudge_length(struct diff_case *c, struct diff_blob *der, const struct diff_tlv *tlv,
                         struct diff_random *random)
{
    uint8_t *const last = &der->bytes[tlv->at + tlv->head_len - 1];
    *last = (uint8_t)(*last + (diff_random_one_in(random, 2) ? 1 : 255));
    diff_note(c, "der-length@%zu", tlv->at);
}

static void retag(struct diff_case *c, struct diff_blob *der, const struct diff_tlv *tlv,
                  struct diff_random *random)
{
    static const uint8_t tags[] = { 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c,
                                    0x13, 0x17, 0x18, 0x30, 0x31, 0x80, 0xa0, 0xa3 };
    der->bytes[tlv->at] = tags[diff_random_below(random, sizeof tags)];
    diff_note(c, "der-tag@%zu=%02x", tlv->at, der->bytes[tlv->at]);
}

static void double_value(struct diff_case *c, struct diff_blob *der, const struct diff_tlv *tlvs,
                         size_t index)
{
    struct diff_blob twice = { 0 };
    const size_t len = tlvs[index].head_len + tlvs[index].len;
    diff_blob_set(&twice, der->bytes + tlvs[index].at, len);
    diff_blob_insert(&twice, len, der->bytes + tlvs[index].at, len);
    diff_note(c, "der-twice@%zu", tlvs[index].at);
    diff_der_replace(der, tlvs, index, twice.bytes, twice.len);
    diff_blob_free(&twice);
}

/* The length in more bytes than it needs: BER, and no DER. */
static void widen_length(struct diff_case *c, struct diff_blob *der, const struct diff_tlv *tlvs,
                         size_t index)
{
    struct diff_blob value = { 0 };
    const struct diff_tlv *const tlv = &tlvs[index];
    const uint8_t head[] = { der->bytes[tlv->at], 0x83, (uint8_t)(tlv->len >> 16),
                             (uint8_t)(tlv->len >> 8), (uint8_t)tlv->len };
    diff_blob_set(&value, head, sizeof head);
    diff_blob_insert(&value, sizeof head, der->bytes + tlv->at + tlv->head_len, tlv->len);
    diff_note(c, "der-wide-length@%zu", tlv->at);
    diff_der_replace(der, tlvs, index, value.bytes, value.len);
    diff_blob_free(&value);
}

void diff_change_der(struct diff_case *c, struct diff_blob *der, struct diff_random *random)
{
    static struct diff_tlv tlvs[DIFF_TLVS_MAX];
    const size_t count = diff_der_walk(der, tlvs);
    if (count < 2) {
        diff_change_bytes(c, der, 0, der->len, random);
        return;
    }
    const size_t index = 1 + diff_random_below(random, count - 1);
    const struct diff_tlv *const tlv = &tlvs[index];
    const size_t value_at = tlv->at + tlv->head_len;
    switch (diff_random_below(random, 8)) {
    case 0:
    case 1:
    case 2: diff_change_bytes(c, der, value_at, value_at + tlv->len, random); return;
    case 3: retag(c, der, tlv, random); return;
    case 4: nudge_length(c, der, tlv, random); return;
    case 5:
        diff_note(c, "der-without@%zu", tlv->at);
        diff_der_replace(der, tlvs, index, NULL, 0);
        return;
    case 6: double_value(c, der, tlvs, index); return;
    case 7: widen_length(c, der, tlvs, index); return;
    }
}

/* --- signatures: SEC 2, the order n of P-256 */
static const uint8_t order[32] = { 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                   0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                   0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51 };

static void negate(uint8_t scalar[32])
{
    unsigned borrow = 0;
    for (size_t i = 32; i > 0; i--) {
        const unsigned less = (unsigned)scalar[i - 1] + borrow;
        borrow = order[i - 1] < less ? 1 : 0;
        scalar[i - 1] = (uint8_t)(order[i - 1] + 256u - less);
    }
}

void diff_change_signature(struct diff_case *c, uint8_t signature[64], struct diff_random *random)
{
    uint8_t half[32];
    switch (diff_random_below(random, 6)) {
    case 0:
    case 1:
        negate(signature + 32);
        diff_note(c, "negated-s");
        return;
    case 2:
        assay_bytes_zero(signature, 32);
        diff_note(c, "zero-r");
        return;
    case 3:
        assay_bytes_zero(signature + 32, 32);
        diff_note(c, "zero-s");
        return;
    case 4:
        assay_bytes_copy(signature + (diff_random_one_in(random, 2) ? 32 : 0), 32, order, 32);
        diff_note(c, "r-or-s-of-n");
        return;
    case 5:
        assay_bytes_copy(half, 32, signature, 32);
        assay_bytes_copy(signature, 32, signature + 32, 32);
        assay_bytes_copy(signature + 32, 32, half, 32);
        diff_note(c, "r-and-s-swapped");
        return;
    }
}
