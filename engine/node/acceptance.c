/*
 * engine/node/acceptance.c - manual acceptance of a RECOVER by a node's operator
 * (docs/protocol.md 9.16.2, 9.16.9).
 */
#include "engine/parts/acceptance.h"

#include "base/cbor.h"
#include "engine/parts/engine_internal.h"

enum { KEEP_EFFECTS = 8, TRIES_PER_EPOCH = 8 };

static const char accept_tag[] = "assay/accept/v1";
static const uint8_t void_marker[1] = { 0xf6 }; /* stored in place of one that ended */

void assay_acceptance_encode(struct assay_slice recover, struct assay_writer *w)
{
    assay_cbor_put_array(w, 2);
    assay_cbor_put_text(w, accept_tag);
    assay_cbor_put_bytes(w, recover.bytes, recover.len);
}

bool assay_acceptance_is_message(struct assay_slice payload, struct assay_slice *recover)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    return assay_cbor_array_exact(&c, 2) == ASSAY_OK &&
           assay_cbor_text_expect(&c, accept_tag) == ASSAY_OK &&
           assay_cbor_bytes(&c, ASSAY_RECOVER_LEN_MAX, recover) == ASSAY_OK;
}

bool assay_acceptance_is_of(const struct assay_engine *e, const uint8_t id[static 32])
{
    return e->acceptance->held && assay_bytes_equal(e->acceptance->id, id, 32);
}

static void set_acceptance(struct assay_acceptance *a, const struct assay_recover *r)
{
    a->held = true;
    a->epoch = r->header.epoch;
    a->height = r->header.height;
    a->again_ms = 0;
    assay_bytes_copy(a->id, 32, r->id, 32);
    assay_bytes_copy(a->parent_id, 32, r->header.parent_id, 32);
    assay_sha256(r->operators.bytes, r->operators.len, a->operators_digest);
}

static void set_document(struct assay_acceptance *a, struct assay_slice bytes)
{
    ASSAY_ASSERT(a->held && bytes.len > 0 && bytes.len <= ASSAY_RECOVER_LEN_MAX);
    assay_bytes_copy(a->document, ASSAY_RECOVER_LEN_MAX, bytes.bytes, bytes.len);
    a->document_len = bytes.len;
}

/* Returns: ASSAY_OK | ASSAY_E_AGAIN (no room in this step) */
static enum assay_status persist_row(struct assay_engine *e, struct assay_slice value)
{
    const struct assay_store_key key = { .era = e->head->state.era, .number = ASSAY_META_ACCEPTED };
    const struct assay_slice kept = assay_eng_copy(e, value);
    if (kept.len == 0 || !assay_eng_has_room(e, KEEP_EFFECTS)) return ASSAY_E_AGAIN;
    assay_eng_persist(e, ASSAY_STORE_META, &key, kept);
    return ASSAY_OK;
}

/* It can be taken no more: its epoch is closed, its parent is not on the chain, or the operators
 * that signed it are not those in force there. */
static bool is_void(const struct assay_engine *e)
{
    const struct assay_acceptance *a = e->acceptance;
    const struct assay_ledger *ledger = &e->chain->ledger;
    const uint64_t running = e->head->context.epoch;
    if (running != a->epoch) return running > a->epoch;
    if (!assay_bytes_equal(a->operators_digest, e->head->state.operators_digest, 32)) return true;
    return ledger->height + 1 == a->height && !assay_bytes_equal(a->parent_id, ledger->tip_id, 32);
}

enum assay_status assay_acceptance_withdraw(struct assay_engine *e)
{
    if (!e->acceptance->held) return ASSAY_OK;
    ASSAY_TRY(persist_row(e, assay_slice_over(void_marker, sizeof void_marker)));
    e->parts->acceptance.held = false;
    return ASSAY_OK;
}

void assay_acceptance_end(struct assay_engine *e)
{
    assay_status_ignore(assay_acceptance_withdraw(e), "the row is of an era that is over");
}

/* Returns: whether it is dropped, durably */
static bool drop_void(struct assay_engine *e)
{
    const uint64_t own = e->chain->ledger.height, named = e->acceptance->height - 1;
    if (assay_acceptance_withdraw(e) != ASSAY_OK) return false;
    assay_eng_note(e, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL, own, named);
    return true;
}

bool assay_acceptance_rejects(struct assay_engine *e, uint64_t height)
{
    const struct assay_acceptance *a = e->acceptance;
    if (!a->held || e->chain->ledger.height >= a->height) return false;
    if (is_void(e)) return !drop_void(e); /* what follows it is not taken before */
    return height >= a->height;
}

void assay_acceptance_tick(struct assay_engine *e)
{
    struct assay_acceptance *a = &e->parts->acceptance;
    if (!a->held || e->newcomer || e->chain->turned || e->now_ms < a->again_ms) return;
    if (e->head->context.epoch != a->epoch || e->chain->ledger.height + 1 != a->height) return;
    if (is_void(e)) {
        (void)drop_void(e); /* without room: with the next tick */
        return;
    }
    a->again_ms = e->now_ms + assay_eng_epoch_ms(e) / TRIES_PER_EPOCH;
    const enum assay_status status = assay_era_receive_recover(
        e, ASSAY_SLOT_SELF, assay_slice_over(a->document, a->document_len));
    /* It was reported. Another state than this node computes is no matter of time. */
    if (status == ASSAY_E_INVALID) a->again_ms = UINT64_MAX;
}

struct assay_slice assay_acceptance_find_on(struct assay_engine *e, const uint8_t (*ids)[32],
                                            uint32_t count)
{
    const struct assay_acceptance *a = e->acceptance;
    const uint64_t base = e->head->state.head_height;
    ASSAY_ASSERT(a->held && a->height > base);
    const bool at_base = a->height - 1 == base;
    const uint64_t index = a->height - base - 2; /* of the parent, where it is not the base */
    const bool leads = at_base ? assay_bytes_equal(a->parent_id, e->head->state.head_id, 32)
                               : index < count && assay_bytes_equal(a->parent_id, ids[index], 32);
    if (leads && a->epoch == e->head->context.epoch)
        return assay_slice_over(a->document, a->document_len);
    (void)drop_void(e); /* without room: when the blocks arrive again */
    return (struct assay_slice){ 0 };
}

/* The operators in force at its parent are not known here yet; and a newcomer takes nothing before
 * it has a state with itself in the roster. */
static bool must_wait(const struct assay_engine *e, const struct assay_recover *r)
{
    return e->newcomer || r->header.epoch > e->head->context.epoch;
}

/* Could it be taken here, now or when this node has fetched what is missing? */
static enum assay_status check_acceptable(const struct assay_engine *e,
                                          const struct assay_recover *r)
{
    const struct assay_state *state = &e->head->state;
    const struct assay_block_header *h = &r->header;
    if (!assay_bytes_equal(h->chain_id, state->chain_id, 32) || h->era != (uint64_t)state->era + 1)
        return ASSAY_E_CHAIN;
    if (must_wait(e, r)) return assay_recover_self_approved(r);
    return assay_recover_approved(r, state->operators_digest);
}

/* One row an era: a later decision replaces it. */
static enum assay_status persist_accepted(struct assay_engine *e, const struct assay_recover *r)
{
    ASSAY_TRY(persist_row(e, r->bytes));
    set_document(&e->parts->acceptance, r->bytes);
    assay_eng_note(e, ASSAY_NOTE_RECOVER_ACCEPTED, ASSAY_SLOT_ALL, r->header.height,
                   r->header.epoch);
    return ASSAY_OK;
}

enum assay_status assay_acceptance_add(struct assay_engine *e, const struct assay_recover *r,
                                       struct assay_fault *fault)
{
    struct assay_acceptance *a = &e->parts->acceptance;
    const struct assay_acceptance before = *a; /* but for the bytes of the document */
    ASSAY_TRY(check_acceptable(e, r));
    const bool same = assay_acceptance_is_of(e, r->id);
    set_acceptance(a, r);
    const enum assay_status status =
        must_wait(e, r) ? assay_fault_plain(fault, "the head that it names is not known here yet",
                                            ASSAY_E_EARLY)
                        : assay_era_check_recover(e, &e->chain->ledger, r, fault);
    const bool stays = status == ASSAY_OK || status == ASSAY_E_EARLY || status == ASSAY_E_AGAIN;
    const enum assay_status kept = stays && !same ? persist_accepted(e, r) : ASSAY_OK;
    if (stays && kept == ASSAY_OK) {
        if (!same) assay_fast_sync_restart(e);
        return status;
    }
    *a = before;
    return stays ? kept : status;
}

enum assay_status assay_acceptance_restore(struct assay_engine *e, struct assay_slice value)
{
    struct assay_recover r;
    if (value.len <= sizeof void_marker) return ASSAY_OK; /* withdrawn */
    if (value.len > ASSAY_RECOVER_LEN_MAX) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_recover_decode(value, &r));
    set_acceptance(&e->parts->acceptance, &r);
    set_document(&e->parts->acceptance, value);
    return ASSAY_OK;
}
