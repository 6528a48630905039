/*
 * engine/evidence/prove.c - inputs of proofs: the newest two snapshots of a store and the votes
 * between them (docs/protocol.md 11.2).
 */
#include "engine/evidence/prove.h"

#include "base/assert.h"
#include "engine/sync/key_list_page.h"

static size_t round_up(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_prove_memory_len(uint32_t members)
{
    return 2 * round_up(assay_state_len_max(members)) + round_up(ASSAY_FINALITY_LEN_MAX) +
           round_up(((size_t)members + 1) * 32);
}

/* Snapshots from the newest on. */
struct collecting {
    uint8_t *into[2];
    size_t len_max, len[2];
    struct assay_store_key key[2];
    size_t count;
    bool too_long;
};

static bool visit_snapshot(void *context, const struct assay_store_key *key,
                           struct assay_slice value)
{
    struct collecting *c = context;
    if (value.len > c->len_max) {
        c->too_long = true;
        return false;
    }
    assay_bytes_copy(c->into[c->count], c->len_max, value.bytes, value.len);
    c->len[c->count] = value.len;
    c->key[c->count] = *key;
    return ++c->count < 2;
}

enum assay_status assay_prove_open(struct assay_prove *prove, struct assay_store *store,
                                   void *memory, uint32_t members)
{
    const size_t state_len = round_up(assay_state_len_max(members));
    uint8_t *at = memory;
    struct collecting c = { .into = { at, at + state_len }, .len_max = state_len };
    uint8_t *finality = at + 2 * state_len;
    const struct assay_store_key from = { .era = 0 };
    struct assay_store_key to = { .era = UINT32_MAX, .epoch = UINT64_MAX, .number = UINT64_MAX };
    size_t len = 0;
    ASSAY_ASSERT(memory != NULL && ((uintptr_t)memory & 15) == 0);
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    *prove = (struct assay_prove){ .now = { 0 } };
    prove->hashes = (uint8_t(*)[32])(finality + round_up(ASSAY_FINALITY_LEN_MAX));
    ASSAY_TRY(assay_store_scan(store, ASSAY_STORE_STATE, &from, &to, true, visit_snapshot, &c));
    if (c.too_long) return ASSAY_E_RANGE;
    if (c.count == 0) return ASSAY_E_NOT_FOUND;
    prove->now = assay_slice_over(c.into[0], c.len[0]);
    ASSAY_TRY(assay_proof_checkpoint_of(prove->now, &prove->checkpoint));
    if (c.count < 2 || c.key[1].epoch + 1 != c.key[0].epoch || c.key[1].era != c.key[0].era)
        return ASSAY_OK;
    const struct assay_store_key key = { .era = c.key[0].era, .epoch = c.key[0].epoch };
    const enum assay_status got =
        assay_store_get(store, ASSAY_STORE_FINALITY, &key, finality, ASSAY_FINALITY_LEN_MAX, &len);
    if (got == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(got);
    prove->finality = assay_slice_over(finality, len);
    prove->before = assay_slice_over(c.into[1], c.len[1]);
    return ASSAY_OK;
}

enum assay_status assay_prove_member(const struct assay_prove *prove, uint32_t slot, bool bare,
                                     struct assay_writer *w)
{
    const struct assay_slice none = { 0 };
    if (!bare && prove->before.len == 0) return ASSAY_E_EARLY;
    return assay_proof_make(prove->now, bare ? none : prove->before, bare ? none : prove->finality,
                            slot, prove->hashes, w);
}

/* ------------------------------------------------------------ workload keys */

/* The list of a root, that of no keys too, which no store has.
 * Out: *list, in buffer. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_STORE | ASSAY_E_FULL */
static enum assay_status load_list(struct assay_store *store, uint32_t slot,
                                   const uint8_t root[static 32],
                                   uint8_t buffer[static ASSAY_DECLARED_KEYS_LEN_MAX],
                                   struct assay_slice *list)
{
    uint8_t none[32];
    assay_declared_keys_no_root(none);
    if (!assay_bytes_equal(root, none, sizeof none))
        return assay_declared_list_load(store, slot, root, buffer, ASSAY_DECLARED_KEYS_LEN_MAX,
                                        list);
    struct assay_writer w = assay_writer_over(buffer, ASSAY_DECLARED_KEYS_LEN_MAX);
    ASSAY_TRY(assay_declared_keys_encode(NULL, 0, &w));
    *list = assay_slice_over(buffer, w.len);
    return ASSAY_OK;
}

/* Below the level that has keys none is declared, and `declared` stays empty; it does so, too,
 * where both lists are one (docs/identity.md 10.1). */
static enum assay_status load_lists(struct assay_store *store, uint32_t slot,
                                    const struct assay_declaration *d,
                                    struct assay_prove_keys_room *room,
                                    struct assay_key_proof *made)
{
    ASSAY_TRY(load_list(store, slot, d->keys_root, room->list, &made->list));
    const struct assay_declared_root *const newest = &d->roots[0];
    if (d->count == 0 || !newest->binds || assay_bytes_equal(newest->root, d->keys_root, 32))
        return ASSAY_OK;
    return load_list(store, slot, newest->root, room->declared, &made->declared);
}

enum assay_status assay_prove_keys(const struct assay_prove *prove, struct assay_store *store,
                                   const uint8_t node_id[static 32],
                                   struct assay_prove_keys_room *room,
                                   enum assay_prove_keys_answer *answer, struct assay_writer *w)
{
    struct assay_member member;
    struct assay_key_proof made = { .proof = { NULL, 0 } };
    uint32_t slot = 0;
    *answer = ASSAY_PROVE_KEYS_NONE;
    ASSAY_TRY(assay_proof_slot_of(prove->now, node_id, &slot));
    ASSAY_TRY(assay_proof_member_of(prove->now, node_id, &member));
    if (member.declaration.keys_epoch == 0) return ASSAY_OK;
    *answer = ASSAY_PROVE_KEYS_MISSING;
    const enum assay_status loaded = load_lists(store, slot, &member.declaration, room, &made);
    if (loaded == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(loaded);
    struct assay_writer proof = assay_writer_over(room->proof, sizeof room->proof);
    ASSAY_TRY(assay_prove_member(prove, slot, false, &proof));
    made.proof = assay_slice_over(room->proof, proof.len);
    *answer = ASSAY_PROVE_KEYS_MADE;
    return assay_proof_key_encode(&made, w);
}
