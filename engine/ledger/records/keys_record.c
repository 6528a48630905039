/*
 * engine/ledger/records/keys_record.c - KEYS: the workload keys that a member declares
 * (docs/protocol.md 2.16).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

enum { BODY_LEN_MAX = ASSAY_KEYS_RECORD_LEN_MAX - 80 };

_Static_assert((int)ASSAY_DECLARED_KEYS_LEN_MAX + 192 < (int)BODY_LEN_MAX,
               "sixteen of the longest entries fit");

static const char label[] = "assay/keys/v1";

enum assay_status assay_record_put_keys(struct assay_writer *w, const struct assay_keys_body *keys,
                                        uint8_t digest[static 32], size_t *signature_at)
{
    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN] = { 0 };
    uint8_t bytes[BODY_LEN_MAX];
    struct assay_slice all;
    struct assay_writer body = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&body, 7);
    assay_cbor_put_text(&body, label);
    assay_cbor_put_bytes(&body, keys->chain_id, 32);
    assay_cbor_put_uint(&body, keys->era);
    assay_cbor_put_uint(&body, keys->epoch);
    assay_cbor_put_bytes(&body, keys->node_id, 32);
    assay_cbor_put_uint(&body, keys->incarnation);
    assay_writer_put(&body, keys->list.bytes, keys->list.len);
    ASSAY_TRY(assay_writer_finish(&body, &all));
    assay_sha256(all.bytes, all.len, digest);
    assay_cbor_put_array(w, 3);
    assay_cbor_put_uint(w, ASSAY_RECORD_KEYS);
    assay_cbor_put_bytes(w, all.bytes, all.len);
    assay_cbor_put_bytes(w, hole, sizeof hole);
    ASSAY_TRY(assay_writer_finish(w, &all));
    *signature_at = all.len - sizeof hole;
    return ASSAY_OK;
}

static enum assay_status decode_body(struct assay_slice body, struct assay_keys_body *keys)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    struct assay_keys_body k = { 0 };
    struct assay_declared_keys list;
    uint64_t era = 0, incarnation = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 7));
    ASSAY_TRY(assay_cbor_text_expect(&c, label));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, k.chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint_max(&c, INT64_MAX, &k.epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, k.node_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &incarnation));
    k.era = (uint32_t)era;
    k.incarnation = (uint32_t)incarnation;
    k.list = assay_slice_over(body.bytes + c.pos, body.len - c.pos);
    ASSAY_TRY(assay_declared_keys_decode(k.list, &list));
    assay_declared_keys_root(&list, k.root);
    *keys = k;
    return ASSAY_OK;
}

static enum assay_status decode_keys(struct assay_cursor *c, struct assay_record *r)
{
    ASSAY_TRY(assay_cbor_bytes(c, BODY_LEN_MAX, &r->body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->signature, sizeof r->signature));
    ASSAY_TRY(decode_body(r->body, &r->keys));
    assay_sha256(r->body.bytes, r->body.len, r->body_digest);
    assay_record_key(ASSAY_RECORD_KEYS, r->body, r->key);
    return ASSAY_OK;
}

/* Nobody lists a stranger's key (docs/protocol.md 2.16.1). */
static enum assay_status check_proofs(const struct assay_context *context,
                                      const struct assay_keys_body *k)
{
    struct assay_declared_keys list;
    uint32_t at = 0;
    ASSAY_TRY(assay_declared_keys_decode(k->list, &list));
    if (context->unsigned_) return ASSAY_OK;
    return assay_declared_keys_verify(k->chain_id, k->node_id, &list, &at);
}

static enum assay_status check_keys(const struct assay_context *context, struct assay_record *r)
{
    const struct assay_keys_body *k = &r->keys;
    const struct assay_author author = { k->chain_id, k->node_id, k->era, k->incarnation,
                                         k->epoch };
    const struct assay_life *life = NULL;
    if (context->state->rules.parameters.level < ASSAY_LEVEL_DECLARED_KEYS) return ASSAY_E_EARLY;
    if (k->epoch < context->epoch) return ASSAY_E_STALE;
    ASSAY_TRY(assay_context_author(context, &author, &r->slot, &life));
    ASSAY_TRY(assay_context_verify(context, r->slot, life, r->body_digest, r->signature));
    ASSAY_TRY(check_proofs(context, k));
    r->incarnation = life->incarnation;
    r->epoch = k->epoch;
    ASSAY_ASSERT(r->epoch == context->epoch);
    return ASSAY_OK;
}

/* Does it use the part of the members that declared keys within the last epochs, or whose keys are
 * not active at their standing? The others have a part of their own: an enclave that restarted, or
 * of which a key was withdrawn, keeps its keys, whatever others declare in each epoch. */
static bool declares_again(const struct assay_context *context, uint32_t slot)
{
    const struct assay_member *m = &context->state->members[slot];
    const struct assay_declaration *d = &m->declaration;
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    if (m->trust.score.standing > ASSAY_STANDING_WARNING ||
        m->trust.integrity.standing > ASSAY_STANDING_WARNING)
        return true;
    for (uint32_t i = 0; i < d->count; i++) {
        const struct assay_declared_root *r = &d->roots[i]; /* declared in the epoch before */
        if (r->binds && r->since_epoch + ASSAY_KEYS_AGAIN_EPOCHS > context->epoch &&
            !assay_bytes_equal(r->root, none, 32))
            return true;
    }
    return false;
}

/* A list that is declared already declares nothing: its root would stay the one of its first epoch,
 * and its author would never be one that declared within the last epochs. */
static bool is_declared(const struct assay_context *context, const struct assay_record *r)
{
    const struct assay_declaration *d = &context->state->members[r->slot].declaration;
    const uint8_t *root = assay_declaration_root_at(d, context->epoch);
    return root != NULL && assay_bytes_equal(root, r->keys.root, 32);
}

/* docs/protocol.md 2.16.2: one of a member and epoch, the first in chain order; 32 of a block. */
static enum assay_status check_keys_fits(const struct assay_context *context,
                                         const struct assay_ledger *l, const struct assay_record *r)
{
    ASSAY_ASSERT(r->kind == ASSAY_RECORD_KEYS && l->declared_len <= ASSAY_KEYS_EPOCH_LEN_MAX);
    if (r->epoch != context->epoch) return ASSAY_E_STALE;
    if (!assay_member_serves(&context->state->members[r->slot])) return ASSAY_E_INVALID;
    if (l->declares[r->slot] || is_declared(context, r)) return ASSAY_E_DUPLICATE;
    const bool again = declares_again(context, r->slot);
    if (again && r->bytes.len > ASSAY_KEYS_AGAIN_LEN_MAX - l->declared_again_len)
        return ASSAY_E_FULL;
    if (r->bytes.len > ASSAY_KEYS_EPOCH_LEN_MAX - l->declared_len) return ASSAY_E_FULL;
    /* The next block has room again. */
    return l->declared_in_block < ASSAY_KEYS_BLOCK_MAX ? ASSAY_OK : ASSAY_E_EARLY;
}

static void apply_keys(const struct assay_context *context, struct assay_ledger *l,
                       const struct assay_record *r)
{
    ASSAY_ASSERT(!l->declares[r->slot] && r->epoch == context->epoch);
    l->declares[r->slot] = true;
    l->declared_len += r->bytes.len;
    if (declares_again(context, r->slot)) l->declared_again_len += r->bytes.len;
    l->declared_in_block++;
    assay_bytes_copy(l->declared[r->slot], 32, r->keys.root, 32);
}

const struct assay_record_row assay_row_keys = {
    .name = "keys",
    .items = 3,
    .limits = { .of_epoch = 1 },
    .passes = true, /* it takes no place of a proof, and is out of the pool when it is final */
    .place_of_author = true,
    .full_for_epoch = true,
    .check_costs = true,
    .late_is_free = true, /* relayed by the honest when their epoch had not closed */
    .decode = decode_keys,
    .check = check_keys,
    .fits = check_keys_fits,
    .apply = apply_keys,
};
