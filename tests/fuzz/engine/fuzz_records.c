/*
 * tests/fuzz/engine/fuzz_records.c - records and envelopes as peers may send them, and what they
 * say that they hold of them.
 *
 * What decodes must be its own canonical encoding where there is an encoder, and have a key.
 */
#include "base/assert.h"
#include "engine/ledger/records/inventory.h"
#include "engine/ledger/records/record.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* One meaning, one encoding; and a proposal is about the change in it. */
static void check_review(const struct assay_record *record)
{
    static uint8_t again[ASSAY_CHANGE_RECORD_LEN_MAX];
    uint8_t body[ASSAY_REVIEW_BODY_LEN_MAX], digest[32];
    const struct assay_review *r = &record->review;
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    ASSAY_ASSERT(assay_review_comment_is_fit(r->comment));
    ASSAY_ASSERT(assay_review_encode(r, &inner) == ASSAY_OK);
    struct assay_writer w = assay_writer_over(again, sizeof again);
    ASSAY_ASSERT(assay_record_put_review(&w, assay_slice_over(body, inner.len), record->signature,
                                         r->change) == ASSAY_OK);
    ASSAY_ASSERT(w.len == record->bytes.len);
    ASSAY_ASSERT(assay_bytes_equal(again, record->bytes.bytes, w.len));
    if (r->act != ASSAY_REVIEW_PROPOSE) return;
    assay_sha256(r->change.bytes, r->change.len, digest);
    ASSAY_ASSERT(assay_bytes_equal(digest, r->digest, 32));
    ASSAY_ASSERT(record->change.sequence == r->sequence && r->sequence > 0);
}

/* One meaning, one encoding, granted names included. */
static void check_ballot(const struct assay_record *record)
{
    static uint8_t again[ASSAY_BALLOT_LEN_MAX];
    struct assay_writer w = assay_writer_over(again, sizeof again);
    assay_ballot_encode(&record->ballot, &w);
    ASSAY_ASSERT(!w.full && w.len == record->body.len);
    ASSAY_ASSERT(assay_bytes_equal(again, record->body.bytes, w.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct assay_slice payload = assay_slice_over(bytes, len);
    struct assay_record record;
    if (assay_record_decode(payload, &record) == ASSAY_OK) {
        ASSAY_ASSERT(!assay_bytes_all_zero(record.key, 32));
        ASSAY_ASSERT(record.bytes.len == len);
        if (record.kind == ASSAY_RECORD_REVIEW) check_review(&record);
        if (record.kind == ASSAY_RECORD_BALLOT) check_ballot(&record);
    }
    struct assay_envelope envelope;
    if (assay_envelope_decode(payload, &envelope) == ASSAY_OK) {
        uint8_t again[ASSAY_ENVELOPE_LEN_MAX];
        size_t signature_at = 0;
        struct assay_writer w = assay_writer_over(again, sizeof again);
        const enum assay_status status = assay_envelope_encode(&envelope, &w, &signature_at);
        ASSAY_ASSERT(status == ASSAY_OK && w.len == len);
        ASSAY_ASSERT(assay_bytes_equal(again, bytes, len));
    }
    uint64_t epoch = 0;
    struct assay_slice slots;
    assay_status_ignore(assay_envelope_pull_decode(payload, 20, &epoch, &slots),
                        "only crashes count");
    struct assay_inventory have;
    if (assay_inventory_decode(payload, 20, &have) == ASSAY_OK) {
        uint8_t again[2 * 3 + ASSAY_INVENTORY_FIXED_LEN_MAX];
        struct assay_writer w = assay_writer_over(again, sizeof again);
        ASSAY_ASSERT(assay_inventory_encode(&have, &w) == ASSAY_OK && w.len == len);
        ASSAY_ASSERT(assay_bytes_equal(again, bytes, len));
    }
    return 0;
}
