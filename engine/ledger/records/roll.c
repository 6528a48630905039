/*
 * engine/ledger/records/roll.c - ROLL: the leader's list of the envelopes that it has
 * (docs/protocol.md 4.1.3).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

enum assay_status assay_roll_next(struct assay_cursor *entries, bool *present,
                                  uint8_t digest[static 32])
{
    enum assay_cbor_type type;
    ASSAY_TRY(assay_cbor_peek(entries, &type));
    *present = type != ASSAY_CBOR_NULL;
    return *present ? assay_cbor_bytes_exact(entries, digest, 32) : assay_cbor_null(entries);
}

void assay_roll_leaf(bool present, const uint8_t digest[static 32], uint8_t hash[static 32])
{
    assay_merkle_leaf_hash(digest, present ? 32 : 0, hash);
}

static enum assay_status decode_roll(struct assay_cursor *c, struct assay_record *r)
{
    uint64_t count = 0;
    bool present = false;
    uint8_t digest[32];
    ASSAY_TRY(assay_cbor_array(c, ASSAY_SCORING_MEMBERS_MAX, &count));
    const size_t start = c->pos;
    for (uint64_t i = 0; i < count; i++)
        ASSAY_TRY(assay_roll_next(c, &present, digest));
    r->entries = assay_slice_over(c->bytes + start, c->pos - start);
    r->entry_count = (uint32_t)count;
    assay_record_key(ASSAY_RECORD_ROLL, r->entries, r->key);
    ASSAY_ASSERT(count <= ASSAY_SCORING_MEMBERS_MAX && r->entries.len >= count);
    return ASSAY_OK;
}

enum assay_status assay_record_put_roll(struct assay_writer *w, const uint8_t (*digests)[32],
                                        const bool *present, uint32_t count)
{
    ASSAY_ASSERT(count > 0 && count <= ASSAY_SCORING_MEMBERS_MAX);

    struct assay_slice all;
    assay_cbor_put_array(w, 2);
    assay_cbor_put_uint(w, ASSAY_RECORD_ROLL);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++) {
        if (present[i]) assay_cbor_put_bytes(w, digests[i], 32);
        else assay_cbor_put_null(w);
    }
    return assay_writer_finish(w, &all);
}

/* A roll is a hint: only its shape is checked (docs/protocol.md 4.1.3). */
static enum assay_status check_roll(const struct assay_context *context,
                                    struct assay_record *record)
{
    if (record->entry_count != context->state->member_count) return ASSAY_E_INVALID;
    record->epoch = context->epoch;
    return ASSAY_OK;
}

static enum assay_status check_roll_fits(const struct assay_context *context,
                                         const struct assay_ledger *l, const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_ROLL);
    (void)context;
    return l->has_roll ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

static void apply_roll(const struct assay_context *context, struct assay_ledger *l,
                       const struct assay_record *r)
{
    ASSAY_ASSERT(!l->has_roll);
    (void)context;
    struct assay_cursor c = assay_cursor_over(r->entries.bytes, r->entries.len);
    struct assay_merkle tree;
    uint8_t hash[32];
    ASSAY_ASSERT(r->entry_count == l->members);
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < l->members; i++) {
        const enum assay_status status = assay_roll_next(&c, &l->roll_present[i], l->roll[i]);
        ASSAY_ASSERT(status == ASSAY_OK); /* decoded before */
        assay_roll_leaf(l->roll_present[i], l->roll[i], hash);
        assay_merkle_add_hash(&tree, hash);
    }
    ASSAY_ASSERT(assay_cursor_left(&c) == 0);
    assay_merkle_root(&tree, l->roll_root);
    l->has_roll = true;
}

const struct assay_record_row assay_row_roll = {
    .name = "roll",
    .items = 2,
    .in_rolls_only = true,
    .decode = decode_roll,
    .check = check_roll,
    .fits = check_roll_fits,
    .apply = apply_roll,
};
