/*
 * engine/ledger/state/snapshot.c - encoding of a complete state: ["assay/snapshot/v1", head header
 * bytes, leaves] (docs/protocol.md 11.1).
 */
#include "engine/ledger/state/leaf.h"
#include "engine/ledger/state/roster_digest.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/merkle.h"

size_t assay_state_len_max(uint32_t members)
{
    return assay_state_scratch_len(members) + (size_t)(members + 1) * (ASSAY_LEAF_LEN_MAX + 8) +
           ASSAY_BLOCK_HEADER_LEN_MAX + 64;
}

enum assay_status assay_state_encode(const struct assay_state *state, struct assay_slice head,
                                     void *scratch, size_t scratch_len, struct assay_writer *w)
{
    ASSAY_ASSERT(head.len <= ASSAY_BLOCK_HEADER_LEN_MAX);
    const size_t start = w->len;

    struct assay_slice leaf;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_text(w, "assay/snapshot/v1");
    assay_cbor_put_bytes(w, head.bytes, head.len);
    assay_cbor_put_array(w, (uint64_t)state->member_count + 1);
    struct assay_writer one = assay_writer_over(scratch, scratch_len);
    ASSAY_TRY(assay_state_header_encode(state, &one));
    ASSAY_TRY(assay_writer_finish(&one, &leaf));
    assay_cbor_put_bytes(w, leaf.bytes, leaf.len);
    for (uint32_t slot = 0; slot < state->member_count; slot++) {
        one = assay_writer_over(scratch, scratch_len);
        ASSAY_TRY(assay_state_leaf_encode(state, slot, &one));
        ASSAY_TRY(assay_writer_finish(&one, &leaf));
        assay_cbor_put_bytes(w, leaf.bytes, leaf.len);
    }
    struct assay_slice all;
    ASSAY_ASSERT(w->full || w->len - start <= assay_state_len_max(state->member_count));
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_leaves(struct assay_cursor *c, struct assay_state *state)
{
    ASSAY_ASSERT(state->member_count > 0);

    struct assay_merkle tree;
    struct assay_slice leaf;
    uint8_t hash[32];
    assay_merkle_init(&tree);
    uint64_t leaves = 0;
    ASSAY_TRY(assay_cbor_array(c, (uint64_t)state->capacity + 1, &leaves));
    if (leaves == 0) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes(c, SIZE_MAX, &leaf));
    ASSAY_TRY(assay_leaf_header_decode(leaf, state));
    if (leaves != (uint64_t)state->member_count + 1) return ASSAY_E_ENCODING;
    assay_leaf_head_hash(leaf, hash);
    assay_merkle_add_hash(&tree, hash);
    for (uint32_t slot = 0; slot < state->member_count; slot++) {
        ASSAY_TRY(assay_cbor_bytes(c, ASSAY_LEAF_LEN_MAX, &leaf));
        ASSAY_TRY(assay_leaf_member(leaf, &state->members[slot]));
        assay_merkle_add(&tree, leaf.bytes, leaf.len);
    }
    assay_merkle_root(&tree, state->root);
    if (!assay_state_seats_fit(state)) return ASSAY_E_INVALID;
    uint8_t roster[32];
    assay_roster_digest(state, roster);
    return assay_bytes_equal(roster, state->roster_digest, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

static bool trust_fits(const struct assay_trust_state *t, uint64_t epoch)
{
    return assay_trust_holds(t) && t->offences.last_epoch <= epoch &&
           t->last_false_fail_epoch <= epoch && t->out_of_date_since_epoch <= epoch;
}

/* What a close relies on: a file may say anything of the members, and an audit folds it before it
 * knows whether any network had this state. */
static bool members_fit(const struct assay_state *state)
{
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        if (!trust_fits(&m->trust, state->epoch)) return false;
        if (m->felled && !trust_fits(&m->spared, state->epoch)) return false;
        if (m->change_epoch > state->epoch || m->failure_epoch > state->epoch ||
            m->fall.last.epoch > state->epoch)
            return false;
    }
    return true;
}

enum assay_status assay_state_peek(struct assay_slice bytes, uint64_t *epoch, uint32_t *members)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_slice head;
    struct assay_block_header header;
    uint64_t leaves = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/snapshot/v1"));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &head));
    ASSAY_TRY(assay_block_header_decode(head, &header));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_MEMBERS_MAX + 1, &leaves));
    if (leaves < 2) return ASSAY_E_RANGE;
    *epoch = header.epoch;
    *members = (uint32_t)leaves - 1;
    return ASSAY_OK;
}

enum assay_status assay_state_decode(struct assay_slice bytes, struct assay_state *state)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_slice head;
    struct assay_block_header header;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, "assay/snapshot/v1"));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &head));
    ASSAY_TRY(assay_block_header_decode(head, &header));
    ASSAY_TRY(decode_leaves(&c, state));
    ASSAY_TRY(assay_cursor_end(&c));
    if (!assay_bytes_equal(header.chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (header.kind != ASSAY_BLOCK_EPOCH || header.epoch != state->epoch) return ASSAY_E_INVALID;
    if (header.era != state->era) return ASSAY_E_CHAIN;
    if (!assay_bytes_equal(header.state_root, state->root, 32)) return ASSAY_E_INVALID;
    if (!members_fit(state)) return ASSAY_E_INVALID;
    assay_block_id(head, state->head_id);
    state->head_height = header.height;
    state->head_view = header.view;
    state->head_time_ms = header.time_ms;
    ASSAY_ASSERT(assay_state_holds(state));
    return ASSAY_OK;
}
