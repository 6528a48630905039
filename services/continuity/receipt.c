/*
 * services/continuity/receipt.c - codec and verification of receipts, canonical CBOR
 * (docs/services.md 1.8).
 */
#include "services/continuity/receipt.h"

#include "base/cbor.h"

enum { PLACE_LEN_MAX = 37 + 32 * ASSAY_CONT_TREE_LEVELS };

static const char type[] = "assay/continuity/receipt/v2";

enum assay_status assay_cont_receipt_encode(const struct assay_cont_receipt *receipt,
                                            uint8_t *bytes, size_t capacity,
                                            struct assay_slice *out)
{
    uint8_t entry[ASSAY_CONT_ENTRY_LEN];
    struct assay_writer e = assay_writer_over(entry, sizeof entry);
    assay_cont_entry_encode(&e, &receipt->entry);
    ASSAY_ASSERT(!e.full && e.len == sizeof entry);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    ASSAY_ASSERT(receipt->count <= ASSAY_CONT_SEATS_MAX);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_text(&w, type);
    assay_cbor_put_bytes(&w, receipt->home.chain_id, 32);
    assay_cbor_put_uint(&w, receipt->home.group);
    assay_cbor_put_uint(&w, receipt->view);
    assay_cbor_put_bytes(&w, receipt->nonce, 32);
    assay_cbor_put_bytes(&w, entry, sizeof entry);
    assay_cbor_put_array(&w, receipt->count);
    for (uint32_t i = 0; i < receipt->count; i++) {
        uint8_t place[PLACE_LEN_MAX];
        struct assay_writer p = assay_writer_over(place, sizeof place);
        assay_cont_place_encode(&p, &receipt->place[i]);
        ASSAY_ASSERT(!p.full);
        assay_cbor_put_array(&w, 3);
        assay_cbor_put_uint(&w, receipt->seat[i]);
        assay_cbor_put_bytes(&w, place, p.len);
        assay_cbor_put_bytes(&w, receipt->signature[i], ASSAY_P256_SIGNATURE_LEN);
    }
    return assay_writer_finish(&w, out);
}

static enum assay_status decode_place(struct assay_cursor *in, struct assay_cont_place *place)
{
    struct assay_slice bytes;
    ASSAY_TRY(assay_cbor_bytes(in, PLACE_LEN_MAX, &bytes));
    struct assay_cursor inner = assay_cursor_over(bytes.bytes, bytes.len);
    ASSAY_TRY(assay_cont_place_decode(&inner, place));
    return assay_cursor_end(&inner);
}

static enum assay_status decode_seats(struct assay_cursor *in, struct assay_cont_receipt *read)
{
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(in, ASSAY_CONT_SEATS_MAX, &count));
    read->count = (uint32_t)count;
    for (uint32_t i = 0; i < read->count; i++) {
        uint64_t seat = 0;
        ASSAY_TRY(assay_cbor_array_exact(in, 3));
        ASSAY_TRY(assay_cbor_uint_max(in, ASSAY_CONT_SEATS_MAX - 1, &seat));
        ASSAY_TRY(decode_place(in, &read->place[i]));
        ASSAY_TRY(assay_cbor_bytes_exact(in, read->signature[i], ASSAY_P256_SIGNATURE_LEN));
        read->seat[i] = (uint8_t)seat;
        /* Each seat counts once: seats ascend. */
        if (i > 0 && read->seat[i] <= read->seat[i - 1]) return ASSAY_E_DUPLICATE;
    }
    return ASSAY_OK;
}

enum assay_status assay_cont_receipt_decode(struct assay_slice bytes,
                                            struct assay_cont_receipt *receipt)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_cont_receipt read = { 0 };
    uint8_t entry[ASSAY_CONT_ENTRY_LEN];
    uint64_t group = 0;
    ASSAY_TRY(assay_cbor_array_exact(&in, 7));
    ASSAY_TRY(assay_cbor_text_expect(&in, type));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.home.chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&in, UINT32_MAX, &group));
    read.home.group = (uint32_t)group;
    ASSAY_TRY(assay_cbor_uint(&in, &read.view));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.nonce, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&in, entry, sizeof entry));
    struct assay_cursor inner = assay_cursor_over(entry, sizeof entry);
    ASSAY_TRY(assay_cont_entry_decode(&inner, &read.entry));
    ASSAY_TRY(decode_seats(&in, &read));
    ASSAY_TRY(assay_cursor_end(&in));
    *receipt = read;
    return ASSAY_OK;
}

bool assay_cont_receipt_verify(const struct assay_cont_receipt *receipt,
                               const struct assay_cont_home *home,
                               const struct assay_cont_roster *roster,
                               const uint8_t nonce[static 32])
{
    ASSAY_ASSERT(roster->count <= ASSAY_CONT_SEATS_MAX && receipt->count <= ASSAY_CONT_SEATS_MAX);
    if (receipt->home.group != home->group ||
        !assay_bytes_equal(receipt->home.chain_id, home->chain_id, 32) ||
        receipt->view != roster->view || !assay_bytes_equal(receipt->nonce, nonce, 32))
        return false;
    if (receipt->count < assay_cont_quorum(roster->count)) return false;
    for (uint32_t i = 0; i < receipt->count; i++) {
        if (receipt->seat[i] >= roster->count) return false;
        if (i > 0 && receipt->seat[i] <= receipt->seat[i - 1]) return false;
        if (!assay_cont_receipt_verify_place(home, receipt->view, &receipt->entry, nonce,
                                             &receipt->place[i], roster->key[receipt->seat[i]],
                                             receipt->signature[i]))
            return false;
    }
    return true;
}
