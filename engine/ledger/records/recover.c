/*
 * engine/ledger/records/recover.c - FENCE and RECOVER: encode and decode side by side, and how a
 * RECOVER stands on a ledger (docs/protocol.md 9.11 to 9.15). ANSWER and grounds are in answer.c.
 *
 * What it makes of the state is close.c's, like the end of any epoch.
 */
#include "engine/ledger/records/recover.h"

#include "base/assert.h"
#include "base/cbor.h"

static const char fence_tag[] = "assay/fence/v2";
static const char fence_file_tag[] = "assay/fence-signed/v1";
static const char release_tag[] = "assay/release/v1";
static const char release_file_tag[] = "assay/release-signed/v1";
static const char keys_tag[] = "assay/recover-keys/v1";
static const char body_tag[] = "assay/recover-body/v1";
static const char recover_tag[] = "assay/recover/v1";

/* --- what operators sign */

enum assay_status assay_approval_next(struct assay_cursor *items, uint8_t operator_id[static 32],
                                      uint8_t signature[static 64])
{
    ASSAY_TRY(assay_cbor_array_exact(items, 2));
    ASSAY_TRY(assay_cbor_bytes_exact(items, operator_id, 32));
    return assay_cbor_bytes_exact(items, signature, ASSAY_P256_SIGNATURE_LEN);
}

static enum assay_status decode_approval(struct assay_cursor *c, struct assay_approval *approval)
{
    uint8_t before[32] = { 0 };
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array(c, ASSAY_OPERATORS_MAX, &count));
    const size_t start = c->pos;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t id[32], signature[ASSAY_P256_SIGNATURE_LEN];
        ASSAY_TRY(assay_approval_next(c, id, signature));
        if (i > 0 && assay_bytes_compare(before, id, 32) >= 0) return ASSAY_E_ENCODING;
        assay_bytes_copy(before, sizeof before, id, sizeof id);
    }
    approval->count = (uint32_t)count;
    approval->items = assay_slice_over(c->bytes + start, c->pos - start);
    return ASSAY_OK;
}

static enum assay_status encode_approval(struct assay_writer *w, const uint8_t (*ids)[32],
                                         const uint8_t (*signatures)[64], uint32_t count)
{
    if (count > ASSAY_OPERATORS_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && assay_bytes_compare(ids[i - 1], ids[i], 32) >= 0) return ASSAY_E_RANGE;
        assay_cbor_put_array(w, 2);
        assay_cbor_put_bytes(w, ids[i], 32);
        assay_cbor_put_bytes(w, signatures[i], ASSAY_P256_SIGNATURE_LEN);
    }
    return ASSAY_OK;
}

static enum assay_status find_operator(struct assay_slice document, const uint8_t id[static 32],
                                       uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    struct assay_cursor c;
    uint64_t number = 0;
    uint32_t threshold = 0, count = 0;
    ASSAY_TRY(assay_operators_open(document, &c, &number, &threshold, &count));
    for (uint32_t i = 0; i < count; i++) {
        struct assay_genesis_operator o;
        ASSAY_TRY(assay_operators_next(&c, &o));
        if (!assay_bytes_equal(o.operator_id, id, 32)) continue;
        assay_bytes_copy(key, ASSAY_P256_PUBLIC_LEN, o.public_key, sizeof o.public_key);
        return ASSAY_OK;
    }
    return ASSAY_E_STRANGER;
}

enum assay_status assay_recover_signed(const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                       const uint8_t digest[static 32],
                                       const uint8_t signature[static 64])
{
    struct assay_p256 *loaded = NULL;
    ASSAY_TRY(assay_p256_load(key, &loaded));
    const bool good = assay_p256_verify(loaded, digest, signature, ASSAY_S_LOW);
    assay_p256_free(&loaded);
    return good ? ASSAY_OK : ASSAY_E_SIGNATURE;
}

uint32_t assay_recover_signers(uint32_t threshold, uint32_t count)
{
    const uint32_t most = 2 * count / 3 + 1;
    return threshold > most ? threshold : most;
}

/* As many as the threshold, or as a RECOVER needs. */
static enum assay_status check_approval(const struct assay_approval *approval,
                                        struct assay_slice operators, bool recovers,
                                        const uint8_t digest[static 32])
{
    struct assay_cursor c;
    uint64_t number = 0;
    uint32_t threshold = 0, count = 0;
    ASSAY_TRY(assay_operators_open(operators, &c, &number, &threshold, &count));
    if (recovers) threshold = assay_recover_signers(threshold, count);
    /* Before any is verified: ids ascend, so each is another operator's. */
    if (threshold == 0 || approval->count < threshold) return ASSAY_E_SIGNATURE;
    c = assay_cursor_over(approval->items.bytes, approval->items.len);
    for (uint32_t i = 0; i < approval->count; i++) {
        uint8_t id[32], signature[ASSAY_P256_SIGNATURE_LEN], key[ASSAY_P256_PUBLIC_LEN];
        ASSAY_TRY(assay_approval_next(&c, id, signature));
        ASSAY_TRY(find_operator(operators, id, key));
        ASSAY_TRY(assay_recover_signed(key, digest, signature));
    }
    return ASSAY_OK;
}

enum assay_status assay_approval_check(const struct assay_approval *approval,
                                       struct assay_slice operators,
                                       const uint8_t digest[static 32])
{
    return check_approval(approval, operators, false, digest);
}

/* --- FENCE */

enum assay_status assay_fence_body_encode(const struct assay_fence *f, struct assay_writer *w)
{
    struct assay_slice all;
    if (f->reason.len == 0 || f->reason.len > ASSAY_FENCE_REASON_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, 8);
    assay_cbor_put_text(w, fence_tag);
    assay_cbor_put_bytes(w, f->chain_id, 32);
    assay_cbor_put_uint(w, f->era);
    assay_cbor_put_bytes(w, f->operators_digest, 32);
    assay_cbor_put_bytes(w, f->head_id, 32);
    assay_cbor_put_uint(w, f->last_epoch);
    assay_cbor_put_bytes(w, f->nonce, 32);
    assay_cbor_put_text_n(w, (const char *)f->reason.bytes, f->reason.len);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_fence_encode(struct assay_slice body, const uint8_t (*operator_ids)[32],
                                     const uint8_t (*signatures)[64], uint32_t count,
                                     struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_text(w, fence_file_tag);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    ASSAY_TRY(encode_approval(w, operator_ids, signatures, count));
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_fence_body(struct assay_fence *f)
{
    struct assay_cursor c = assay_cursor_over(f->body.bytes, f->body.len);
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 8));
    ASSAY_TRY(assay_cbor_text_expect(&c, fence_tag));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, f->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX - 1, &era));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, f->operators_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, f->head_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &f->last_epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, f->nonce, 32));
    ASSAY_TRY(assay_cbor_text(&c, ASSAY_FENCE_REASON_MAX, &f->reason));
    if (f->reason.len == 0) return ASSAY_E_RANGE;
    f->era = (uint32_t)era;
    return assay_cursor_end(&c);
}

enum assay_status assay_fence_decode(struct assay_slice bytes, struct assay_fence *fence)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_fence f = { 0 };
    if (bytes.len > ASSAY_FENCE_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, fence_file_tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_FENCE_LEN_MAX, &f.body));
    ASSAY_TRY(decode_fence_body(&f));
    ASSAY_TRY(decode_approval(&c, &f.approval));
    ASSAY_TRY(assay_cursor_end(&c));
    assay_sha256(f.body.bytes, f.body.len, f.digest);
    *fence = f;
    return ASSAY_OK;
}

/* --- RELEASE */

bool assay_release_is(struct assay_slice bytes)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    return assay_cbor_array_exact(&c, 3) == ASSAY_OK &&
           assay_cbor_text_expect(&c, release_file_tag) == ASSAY_OK;
}

enum assay_status assay_release_body_encode(const struct assay_release *r, struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 5);
    assay_cbor_put_text(w, release_tag);
    assay_cbor_put_bytes(w, r->chain_id, 32);
    assay_cbor_put_uint(w, r->era);
    assay_cbor_put_bytes(w, r->fence_digest, 32);
    assay_cbor_put_bytes(w, r->operators_digest, 32);
    return assay_writer_finish(w, &all);
}

enum assay_status assay_release_encode(struct assay_slice body, const uint8_t (*operator_ids)[32],
                                       const uint8_t (*signatures)[64], uint32_t count,
                                       struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_text(w, release_file_tag);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    ASSAY_TRY(encode_approval(w, operator_ids, signatures, count));
    return assay_writer_finish(w, &all);
}

static enum assay_status decode_release_body(struct assay_release *r)
{
    struct assay_cursor c = assay_cursor_over(r->body.bytes, r->body.len);
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 5));
    ASSAY_TRY(assay_cbor_text_expect(&c, release_tag));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, r->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX - 1, &era));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, r->fence_digest, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, r->operators_digest, 32));
    r->era = (uint32_t)era;
    return assay_cursor_end(&c);
}

enum assay_status assay_release_decode(struct assay_slice bytes, struct assay_release *release)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_release r = { 0 };
    if (bytes.len > ASSAY_FENCE_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, release_file_tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_FENCE_LEN_MAX, &r.body));
    ASSAY_TRY(decode_release_body(&r));
    ASSAY_TRY(decode_approval(&c, &r.approval));
    ASSAY_TRY(assay_cursor_end(&c));
    assay_sha256(r.body.bytes, r.body.len, r.digest);
    *release = r;
    return ASSAY_OK;
}

/* --- KEYS */

void assay_recover_keys_digest(const uint8_t chain_id[static 32], uint32_t era,
                               const struct assay_recover_keys *keys, uint8_t digest[static 32])
{
    uint8_t bytes[256];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_text(&w, keys_tag);
    assay_cbor_put_bytes(&w, chain_id, 32);
    assay_cbor_put_uint(&w, era);
    assay_cbor_put_bytes(&w, keys->node_id, 32);
    assay_cbor_put_bytes(&w, keys->voting_public, ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_bytes(&w, keys->transport_public, 32);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, digest);
}

enum assay_status assay_recover_keys_check(const uint8_t chain_id[static 32], uint32_t era,
                                           const struct assay_recover_keys *keys,
                                           const uint8_t identity_public[static 64])
{
    uint8_t digest[32];
    assay_recover_keys_digest(chain_id, era, keys, digest);
    ASSAY_TRY(assay_recover_signed(identity_public, digest, keys->identified));
    return assay_recover_signed(keys->voting_public, digest, keys->possessed);
}

void assay_recover_keys_put(struct assay_writer *w, const struct assay_recover_keys *k)
{
    assay_cbor_put_array(w, 5);
    assay_cbor_put_bytes(w, k->node_id, 32);
    assay_cbor_put_bytes(w, k->voting_public, ASSAY_P256_PUBLIC_LEN);
    assay_cbor_put_bytes(w, k->transport_public, 32);
    assay_cbor_put_bytes(w, k->identified, ASSAY_P256_SIGNATURE_LEN);
    assay_cbor_put_bytes(w, k->possessed, ASSAY_P256_SIGNATURE_LEN);
}

enum assay_status assay_recover_keys_next(struct assay_cursor *c, struct assay_recover_keys *k)
{
    ASSAY_TRY(assay_cbor_array_exact(c, 5));
    ASSAY_TRY(assay_cbor_bytes_exact(c, k->node_id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, k->voting_public, ASSAY_P256_PUBLIC_LEN));
    ASSAY_TRY(assay_cbor_bytes_exact(c, k->transport_public, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(c, k->identified, ASSAY_P256_SIGNATURE_LEN));
    return assay_cbor_bytes_exact(c, k->possessed, ASSAY_P256_SIGNATURE_LEN);
}

/* --- RECOVER */

bool assay_recover_is(struct assay_slice proof)
{
    struct assay_cursor c = assay_cursor_over(proof.bytes, proof.len);
    return assay_cbor_array_exact(&c, 6) == ASSAY_OK &&
           assay_cbor_text_expect(&c, recover_tag) == ASSAY_OK;
}

enum assay_status assay_recover_body_encode(struct assay_slice change,
                                            const struct assay_recover_keys *keys, uint32_t count,
                                            struct assay_writer *w)
{
    struct assay_slice all;
    if (count > ASSAY_MEMBERS_MAX) return ASSAY_E_RANGE;
    assay_cbor_put_array(w, 3);
    assay_cbor_put_text(w, body_tag);
    assay_cbor_put_bytes(w, change.bytes, change.len);
    assay_cbor_put_array(w, count);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && assay_bytes_compare(keys[i - 1].node_id, keys[i].node_id, 32) >= 0)
            return ASSAY_E_RANGE;
        assay_recover_keys_put(w, &keys[i]);
    }
    return assay_writer_finish(w, &all);
}

enum assay_status assay_recover_body_decode(struct assay_slice body, struct assay_recover *r)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    struct assay_change change;
    uint8_t before[32] = { 0 };
    uint64_t count = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 3));
    ASSAY_TRY(assay_cbor_text_expect(&c, body_tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CHANGE_RECORD_LEN_MAX, &r->change));
    if (r->change.len > 0) ASSAY_TRY(assay_change_record_read(r->change, &change));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_MEMBERS_MAX, &count));
    r->body = body;
    r->key_count = (uint32_t)count;
    r->keys = c;
    for (uint64_t i = 0; i < count; i++) {
        struct assay_recover_keys k;
        ASSAY_TRY(assay_recover_keys_next(&c, &k));
        if (i > 0 && assay_bytes_compare(before, k.node_id, 32) >= 0) return ASSAY_E_ENCODING;
        assay_bytes_copy(before, 32, k.node_id, 32);
    }
    return assay_cursor_end(&c);
}

enum assay_status assay_recover_encode(struct assay_slice header, struct assay_slice body,
                                       struct assay_slice grounds, struct assay_slice operators,
                                       const uint8_t (*operator_ids)[32],
                                       const uint8_t (*signatures)[64], uint32_t count,
                                       struct assay_writer *w)
{
    struct assay_slice all;
    assay_cbor_put_array(w, 6);
    assay_cbor_put_text(w, recover_tag);
    assay_cbor_put_bytes(w, header.bytes, header.len);
    assay_cbor_put_bytes(w, body.bytes, body.len);
    assay_cbor_put_bytes(w, grounds.bytes, grounds.len);
    assay_cbor_put_bytes(w, operators.bytes, operators.len);
    ASSAY_TRY(encode_approval(w, operator_ids, signatures, count));
    return assay_writer_finish(w, &all);
}

/* What depends on neither state nor ledger. */
static void fill_fixed_header(struct assay_slice body, struct assay_slice grounds,
                              struct assay_block_header *h)
{
    struct assay_merkle none;
    assay_merkle_init(&none);
    assay_merkle_root(&none, h->null_root);
    h->kind = ASSAY_BLOCK_EPOCH;
    h->record_count = 1; /* the body is its one record */
    assay_merkle_leaf_hash(body.bytes, body.len, h->body_root);
    assay_sha256(grounds.bytes, grounds.len, h->parent_proof);
}

static bool is_header_valid(const struct assay_recover *r)
{
    const struct assay_block_header *h = &r->header;
    struct assay_block_header own = *h;
    fill_fixed_header(r->body, r->grounds, &own);
    return h->era > 0 && h->view == h->parent_view + 1 && h->leader == 0 &&
           assay_bytes_equal(h->parent_proof, own.parent_proof, 32) && h->null_count == 0 &&
           h->kind == own.kind && h->record_count == own.record_count &&
           assay_bytes_equal(h->null_root, own.null_root, 32) &&
           assay_bytes_equal(h->body_root, own.body_root, 32);
}

enum assay_status assay_recover_decode(struct assay_slice bytes, struct assay_recover *recover)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_recover r = { .bytes = bytes };
    struct assay_slice body;
    if (bytes.len > ASSAY_RECOVER_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_array_exact(&c, 6));
    ASSAY_TRY(assay_cbor_text_expect(&c, recover_tag));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &r.header_bytes));
    ASSAY_TRY(assay_block_header_decode(r.header_bytes, &r.header));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_RECOVER_BODY_LEN_MAX, &body));
    ASSAY_TRY(assay_recover_body_decode(body, &r));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_RECOVER_LEN_MAX, &r.grounds));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_OPERATORS_LEN_MAX, &r.operators));
    ASSAY_TRY(decode_approval(&c, &r.approval));
    ASSAY_TRY(assay_cursor_end(&c));
    if (!is_header_valid(&r)) return ASSAY_E_INVALID;
    assay_block_id(r.header_bytes, r.id);
    *recover = r;
    return ASSAY_OK;
}

enum assay_status assay_recover_approved(const struct assay_recover *recover,
                                         const uint8_t operators_digest[static 32])
{
    uint8_t digest[32];
    assay_sha256(recover->operators.bytes, recover->operators.len, digest);
    if (!assay_bytes_equal(digest, operators_digest, 32)) return ASSAY_E_STRANGER;
    return check_approval(&recover->approval, recover->operators, true, recover->id);
}

enum assay_status assay_recover_self_approved(const struct assay_recover *recover)
{
    return check_approval(&recover->approval, recover->operators, true, recover->id);
}

uint32_t assay_recover_signatures_needed(const struct assay_recover *recover)
{
    struct assay_cursor c;
    uint64_t number = 0;
    uint32_t threshold = 0, count = 0;
    if (assay_operators_open(recover->operators, &c, &number, &threshold, &count) != ASSAY_OK)
        return 0;
    return assay_recover_signers(threshold, count);
}

void assay_recover_header(const struct assay_state *state, const struct assay_ledger *ledger,
                          struct assay_slice body, struct assay_slice grounds, uint64_t time_ms,
                          struct assay_block_header *header)
{
    ASSAY_ASSERT(state->era < UINT32_MAX && !ledger->closed);
    *header = (struct assay_block_header){ .era = state->era + 1,
                                           .epoch = state->epoch + 1,
                                           .view = ledger->view + 1,
                                           .height = ledger->height + 1,
                                           .parent_view = ledger->view,
                                           .time_ms = time_ms };
    assay_bytes_copy(header->chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(header->parent_id, 32, ledger->tip_id, 32);
    fill_fixed_header(body, grounds, header);
}

/* --- on a ledger */

enum assay_status assay_recover_follows(const struct assay_context *context,
                                        const struct assay_ledger *ledger,
                                        const struct assay_recover *recover,
                                        struct assay_fault *fault)
{
    const struct assay_state *state = context->state;
    const struct assay_block_header *h = &recover->header;
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    if (!assay_bytes_equal(h->chain_id, state->chain_id, 32)) {
        assay_status_ignore(assay_fault_ids(fault, "chain id", state->chain_id, h->chain_id),
                            "another chain has a status of its own");
        return fault->status = ASSAY_E_CHAIN;
    }
    if (h->era != (uint64_t)state->era + 1)
        return assay_fault_numbers(fault, "era", (uint64_t)state->era + 1, h->era);
    if (h->epoch != context->epoch)
        return assay_fault_numbers(fault, "epoch", context->epoch, h->epoch);
    if (h->height != ledger->height + 1)
        return assay_fault_numbers(fault, "height", ledger->height + 1, h->height);
    if (!assay_bytes_equal(h->parent_id, ledger->tip_id, 32))
        return assay_fault_ids(fault, "parent", ledger->tip_id, h->parent_id);
    if (h->parent_view != ledger->view)
        return assay_fault_numbers(fault, "view of the parent", ledger->view, h->parent_view);
    if (h->time_ms <= ledger->time_ms)
        return assay_fault_plain(fault, "time not above the parent's", ASSAY_E_INVALID);
    return ASSAY_OK;
}

/* One key set takes its place as an INCARNATE does (docs/protocol.md 9.4). */
static enum assay_status check_listed_keys(const struct assay_context *context,
                                           struct assay_ledger *ledger,
                                           const struct assay_recover_keys *k,
                                           struct assay_fault *fault)
{
    const struct assay_state *state = context->state;
    const uint32_t slot = assay_state_slot_of(state, k->node_id);
    if (slot == state->member_count)
        return assay_fault_plain(fault, "a key set of one who is no member", ASSAY_E_STRANGER);
    for (uint32_t i = 0; i < state->member_count; i++) {
        if (assay_member_has_key(&state->members[i], k->voting_public, k->transport_public))
            return assay_fault_plain(fault, "a key set with a listed key", ASSAY_E_DUPLICATE);
        if (i != slot && ledger->incarnated[i] &&
            (assay_bytes_equal(ledger->voting[i], k->voting_public, ASSAY_P256_PUBLIC_LEN) ||
             assay_bytes_equal(ledger->transport[i], k->transport_public, 32)))
            return assay_fault_plain(fault, "two key sets share a key", ASSAY_E_DUPLICATE);
    }
    if (!context->unsigned_ &&
        assay_recover_keys_check(state->chain_id, state->era, k,
                                 state->members[slot].identity_public) != ASSAY_OK)
        return assay_fault_plain(fault, "signature of a key set", ASSAY_E_SIGNATURE);
    ledger->incarnated[slot] = true;
    assay_bytes_copy(ledger->voting[slot], ASSAY_P256_PUBLIC_LEN, k->voting_public,
                     ASSAY_P256_PUBLIC_LEN);
    assay_bytes_copy(ledger->transport[slot], 32, k->transport_public, 32);
    return ASSAY_OK;
}

/* Its actions on a copy of the state, with the key sets listed: a card may name one of them. */
static enum assay_status simulate_change(const struct assay_context *context,
                                         const struct assay_ledger *ledger,
                                         const struct assay_change *change,
                                         struct assay_fault *fault)
{
    struct assay_staging staging = assay_staging_of(context);
    struct assay_unfit unfit;
    assay_state_copy(staging.state, context->state);
    for (uint32_t i = 0; i < ledger->members; i++)
        if (ledger->incarnated[i])
            assay_member_list(&staging.state->members[i], context->epoch + 1, ledger->voting[i],
                              ledger->transport[i]);
    const enum assay_status status = assay_change_apply(&staging, change, &unfit);
    return status == ASSAY_OK ? status : assay_fault_plain(fault, unfit.why, status);
}

static enum assay_status check_change(const struct assay_context *context,
                                      const struct assay_ledger *ledger,
                                      const struct assay_recover *recover,
                                      struct assay_fault *fault)
{
    struct assay_change change;
    const struct assay_state *state = context->state;
    const uint64_t next = state->change_sequence + 1 + (ledger->change_len > 0);
    if (recover->change.len == 0) return ASSAY_OK;
    ASSAY_TRY(assay_change_record_read(recover->change, &change));
    if (!assay_bytes_equal(change.chain_id, state->chain_id, 32) ||
        change.era != recover->header.era)
        return assay_fault_plain(fault, "its actions are of another chain or era", ASSAY_E_CHAIN);
    if (change.sequence != next)
        return assay_fault_numbers(fault, "number of the change", next, change.sequence);
    if (change.activation != context->epoch + 1)
        return assay_fault_numbers(fault, "activation of the change", context->epoch + 1,
                                   change.activation);
    if (change.forces != 0)
        return assay_fault_plain(fault, "it forces what it need not", ASSAY_E_INVALID);
    const enum assay_status documents = assay_change_documents_check(context, &change);
    if (documents != ASSAY_OK)
        return assay_fault_plain(fault, "a document by which no evidence can be appraised",
                                 documents);
    return simulate_change(context, ledger, &change, fault);
}

enum assay_status assay_recover_apply(const struct assay_context *context,
                                      struct assay_ledger *ledger,
                                      const struct assay_recover *recover,
                                      struct assay_fault *fault)
{
    struct assay_cursor c = recover->keys;
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    ASSAY_ASSERT(!ledger->closed && ledger->members == context->state->member_count);
    for (uint32_t i = 0; i < recover->key_count; i++) {
        struct assay_recover_keys k;
        ASSAY_TRY(assay_recover_keys_next(&c, &k));
        ASSAY_TRY(check_listed_keys(context, ledger, &k, fault));
    }
    ASSAY_TRY(check_change(context, ledger, recover, fault));
    ledger->recover = recover;
    return ASSAY_OK;
}

void assay_recover_seal(const struct assay_recover *recover, struct assay_state *next)
{
    const struct assay_block_header *h = &recover->header;
    ASSAY_ASSERT(next->era == h->era && next->epoch == h->epoch);
    assay_bytes_copy(next->head_id, 32, recover->id, 32);
    next->head_height = h->height;
    next->head_view = h->view;
    next->head_time_ms = h->time_ms;
}
