/*
 * engine/node/era.c - end of an era: receiving, storing and relaying FENCE; checking RECOVER;
 * answers of the node (docs/protocol.md 9.12 to 9.16).
 */
#include "engine/parts/era.h"

#include "base/bitmap.h"
#include "base/cbor.h"
#include "engine/parts/engine_internal.h"

enum {
    BEGAN_LEN_MAX = 128,
    KEEP_EFFECTS = 8,
    PASSES_PER_EPOCH = 2,
    CONFIRM_EPOCHS = 4,
};

static const char answering_tag[] = "assay/answering/v1";
static const char began_tag[] = "assay/began/v1";
static const char invalid_grounds[] =
    "the fence that it rests on is not of the operators in force, or an answer does not verify";
static const uint8_t void_marker[1] = {
    0xf6
}; /* stored in place of a FENCE or ANSWERED that is no longer in force */

static bool era_is_valid(const struct assay_engine *e)
{
    const struct assay_era_state *n = e->era;
    return n->fence_len <= ASSAY_FENCE_LEN_MAX && n->fenced == (n->fence_len > 0);
}

/* The answer to the fence in force, not to an earlier one (docs/protocol.md 9.12.5). */
static bool has_answered_fence(const struct assay_era_state *n)
{
    return n->fenced && n->answered && assay_bytes_equal(n->answered_digest, n->fence_digest, 32);
}

static void clear_answer(struct assay_era_state *n)
{
    n->released = n->answered = false;
    assay_bytes_zero(n->answered_digest, 32);
}

/* --- FENCE */

static void relay_fence(struct assay_engine *e, uint16_t except)
{
    struct assay_era_state *n = &e->parts->era;
    n->passed_ms = e->now_ms;
    const struct assay_slice kept = assay_eng_copy(e, assay_slice_over(n->fence, n->fence_len));
    if (kept.len > 0) assay_eng_send(e, ASSAY_SLOT_ALL, except, ASSAY_MESSAGE_FENCE, kept);
}

static void enforce_fence(struct assay_engine *e, const struct assay_fence *fence,
                          struct assay_slice bytes)
{
    struct assay_era_state *n = &e->parts->era;
    n->fenced = true;
    assay_bytes_copy(n->fence_digest, 32, fence->digest, 32);
    assay_bytes_copy(n->fence, ASSAY_FENCE_LEN_MAX, bytes.bytes, bytes.len);
    n->fence_len = bytes.len;
    n->fence_last = fence->last_epoch;
    ASSAY_ASSERT(era_is_valid(e) && !assay_eng_may_sign(e));
}

/* Checks chain, era and operators of a decision against the head. Which operators are in force
 * depends on how far this node has caught up: a FENCE by others is not the fault of the peer that
 * sent it (9.12.1). */
static enum assay_status check_decision(const struct assay_engine *e,
                                        const uint8_t chain_id[static 32], uint32_t era,
                                        const uint8_t operators[static 32])
{
    const struct assay_state *state = &e->head->state;
    if (!assay_bytes_equal(chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (era < state->era) return ASSAY_E_STALE;
    if (era > state->era) return ASSAY_E_EARLY;
    if (e->head->context.operators.len == 0)
        return ASSAY_E_UNSUPPORTED; /* no operator may decide here */
    return assay_bytes_equal(operators, state->operators_digest, 32) ? ASSAY_OK : ASSAY_E_STRANGER;
}

static void persist_meta(struct assay_engine *e, enum assay_store_meta number, struct assay_slice v)
{
    const struct assay_store_key key = { .era = e->head->state.era, .number = number };
    assay_eng_persist(e, ASSAY_STORE_META, &key, v);
}

/* Operators that fence and proceed without a RECOVER have changed their minds (docs/protocol.md
 * 9.12.4): an old copy of the fence halts no node later. */
static bool is_fence_over(const struct assay_engine *e, uint64_t last_epoch)
{
    return e->head->context.epoch > last_epoch;
}

static enum assay_status receive_fence(struct assay_engine *e, uint16_t from,
                                       struct assay_slice payload)
{
    struct assay_fence fence;
    ASSAY_TRY(assay_fence_decode(payload, &fence));
    ASSAY_TRY(check_decision(e, fence.chain_id, fence.era, fence.operators_digest));
    /* One fence is as good as another, and a repeated one costs no verification; but the node's
     * operator may want to answer this one. */
    struct assay_era_state *n = &e->parts->era;
    if (is_fence_over(e, fence.last_epoch)) return ASSAY_E_STALE;
    const bool same = assay_bytes_equal(fence.digest, n->fence_digest, 32);
    if (n->fenced && (same || (!n->released && from != ASSAY_SLOT_SELF))) return ASSAY_OK;
    ASSAY_TRY(assay_approval_check(&fence.approval, e->head->context.operators, fence.digest));
    const struct assay_slice kept = assay_eng_copy(e, payload);
    if (kept.len == 0 || !assay_eng_has_room(e, KEEP_EFFECTS)) return ASSAY_E_AGAIN;
    persist_meta(e, ASSAY_META_FENCE, kept);
    /* A new fence in the epoch of a RELEASE: the RELEASE was of the fence before it. */
    if (n->released) clear_answer(n);
    enforce_fence(e, &fence, payload);
    assay_simplex_halt(e->simplex);
    assay_eng_note(e, ASSAY_NOTE_FENCED, ASSAY_SLOT_ALL, fence.era, e->head->context.epoch);
    relay_fence(e, from < e->members ? from : ASSAY_SLOT_ALL);
    return ASSAY_OK;
}

/* RELEASE (docs/protocol.md 9.12.3). Simplex resumes with the next epoch or restart. */
static enum assay_status receive_release(struct assay_engine *e, uint16_t from,
                                         struct assay_slice payload)
{
    struct assay_release release;
    struct assay_fence fence;
    struct assay_era_state *n = &e->parts->era;
    ASSAY_TRY(assay_release_decode(payload, &release));
    ASSAY_TRY(check_decision(e, release.chain_id, release.era, release.operators_digest));
    if (!n->fenced || n->released) return ASSAY_OK;
    if (!assay_bytes_equal(release.fence_digest, n->fence_digest, 32)) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_fence_decode(assay_slice_over(n->fence, n->fence_len), &fence));
    /* The operators that fenced cannot revoke it: only RECOVER ends it (9.12). */
    if (assay_bytes_equal(fence.operators_digest, release.operators_digest, 32))
        return ASSAY_E_INVALID;
    ASSAY_TRY(assay_approval_check(&release.approval, e->head->context.operators, release.digest));
    const struct assay_slice kept = assay_eng_copy(e, payload);
    const struct assay_slice none =
        assay_eng_copy(e, assay_slice_over(void_marker, sizeof void_marker));
    if (kept.len == 0 || none.len == 0 || !assay_eng_has_room(e, KEEP_EFFECTS))
        return ASSAY_E_AGAIN;
    persist_meta(e, ASSAY_META_FENCE, none);
    persist_meta(e, ASSAY_META_ANSWERED, none);
    n->released = true;
    assay_eng_note(e, ASSAY_NOTE_RELEASED, ASSAY_SLOT_ALL, release.era, e->head->context.epoch);
    assay_eng_send(e, ASSAY_SLOT_ALL, from < e->members ? from : ASSAY_SLOT_ALL,
                   ASSAY_MESSAGE_FENCE, kept);
    ASSAY_ASSERT(era_is_valid(e));
    return ASSAY_OK;
}

void assay_era_on_epoch(struct assay_engine *e)
{
    struct assay_era_state *n = &e->parts->era;
    const bool over = n->fenced && !n->answered && is_fence_over(e, n->fence_last);
    if (over && !n->released)
        assay_eng_note(e, ASSAY_NOTE_RELEASED, ASSAY_SLOT_ALL, e->head->state.era,
                       e->head->context.epoch);
    if (!n->released && !over) return;
    clear_answer(n);
    n->fenced = false;
    n->fence_len = 0;
    ASSAY_ASSERT(era_is_valid(e));
}

void assay_era_encode_answering(struct assay_writer *w)
{
    assay_cbor_put_array(w, 1);
    assay_cbor_put_text(w, answering_tag);
}

static bool is_answering(struct assay_slice payload)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    return assay_cbor_array_exact(&c, 1) == ASSAY_OK &&
           assay_cbor_text_expect(&c, answering_tag) == ASSAY_OK;
}

/* Durable before the answer is sent. The complete fence is stored, since another one may be in
 * force by the time an operator reads the answer (9.12.5). */
static enum assay_status receive_answering(struct assay_engine *e)
{
    struct assay_era_state *n = &e->parts->era;
    if (!n->fenced || n->released) return ASSAY_E_EARLY;
    if (has_answered_fence(n)) return ASSAY_OK;
    const struct assay_slice kept = assay_eng_copy(e, assay_slice_over(n->fence, n->fence_len));
    if (kept.len == 0 || !assay_eng_has_room(e, KEEP_EFFECTS)) return ASSAY_E_AGAIN;
    persist_meta(e, ASSAY_META_ANSWERED, kept);
    n->answered = true;
    assay_bytes_copy(n->answered_digest, 32, n->fence_digest, 32);
    return ASSAY_OK;
}

/* --- which RECOVER began the era (docs/protocol.md 9.16.4) */

const struct assay_began *assay_era_find_began(const struct assay_engine *e, uint64_t era)
{
    const struct assay_began *b = &e->era->began[era % ASSAY_ERAS_KEPT];
    return b->era == era && b->height > 0 ? b : NULL;
}

static void send_began(struct assay_engine *e, uint16_t to, const struct assay_began *b)
{
    uint8_t *bytes = assay_eng_alloc(e, BEGAN_LEN_MAX);
    if (bytes == NULL) return;
    struct assay_writer w = assay_writer_over(bytes, BEGAN_LEN_MAX);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_text(&w, began_tag);
    assay_cbor_put_bytes(&w, e->head->state.chain_id, 32);
    assay_cbor_put_uint(&w, b->era);
    assay_cbor_put_bytes(&w, b->id, 32);
    assay_cbor_put_uint(&w, b->height);
    assay_eng_send(e, to, ASSAY_SLOT_ALL, ASSAY_MESSAGE_FENCE, assay_slice_over(bytes, w.len));
}

static bool is_began(struct assay_slice payload, struct assay_cursor *c)
{
    *c = assay_cursor_over(payload.bytes, payload.len);
    return assay_cbor_array_exact(c, 5) == ASSAY_OK &&
           assay_cbor_text_expect(c, began_tag) == ASSAY_OK;
}

/* Returns: whether the peer's chain contradicts ours. A node of an old era announces its final
 * head, without an id. */
static bool is_forked(const struct assay_engine *e, const struct assay_began *announced)
{
    const bool old = assay_bytes_all_zero(announced->id, 32);
    const struct assay_began *own = assay_era_find_began(e, (uint64_t)announced->era + old);
    if (own != NULL)
        return old ? announced->height >= own->height
                   : !assay_bytes_equal(announced->id, own->id, 32);
    /* A RECOVER at or below what is final here. */
    return !old && announced->era == (uint64_t)e->head->state.era + 1 &&
           e->chain->ledger.height >= announced->height;
}

/* A claim about the sender alone, over its own link: a fork is reported once for each peer. */
static enum assay_status receive_began(struct assay_engine *e, uint16_t from,
                                       struct assay_cursor *c)
{
    struct assay_era_state *n = &e->parts->era;
    struct assay_began announced;
    uint8_t chain_id[32];
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(c, chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_bytes_exact(c, announced.id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, ASSAY_COUNT_MAX, &announced.height));
    ASSAY_TRY(assay_cursor_end(c));
    announced.era = (uint32_t)era;
    if (!assay_bytes_equal(chain_id, e->head->state.chain_id, 32)) return ASSAY_E_CHAIN;
    if (from >= e->members) return ASSAY_OK;
    if (!is_forked(e, &announced)) return ASSAY_OK;
    if (!assay_bit_has(n->forked, from))
        assay_eng_note(e, ASSAY_NOTE_ERA_FORKED, from, era, announced.height);
    assay_bit_add(n->forked, from);
    /* A node of the old era announces nothing on its own. It is answered each time: a reply may be
     * lost, and it is no longer than the request. */
    const struct assay_began own = { .era = e->head->state.era,
                                     .height = e->chain->ledger.height };
    if (era > e->head->state.era) send_began(e, from, &own);
    return ASSAY_OK;
}

enum assay_status assay_era_receive_fence(struct assay_engine *e, uint16_t from,
                                          struct assay_slice payload)
{
    struct assay_cursor c;
    ASSAY_ASSERT(era_is_valid(e));
    if (is_began(payload, &c)) return receive_began(e, from, &c);
    if (assay_confirmations_is_message(payload))
        return assay_confirmations_receive(e, from, payload);
    if (e->newcomer)
        return ASSAY_E_STALE; /* a newcomer uses only the messages of others (9.17.1) */
    if (from == ASSAY_SLOT_SELF && is_answering(payload)) return receive_answering(e);
    return assay_release_is(payload) ? receive_release(e, from, payload)
                                     : receive_fence(e, from, payload);
}

/* It was verified when it was received. Replaced operators and expired fences bind only a node that
 * has answered them (docs/protocol.md 9.12.2, 9.12.4). */
static enum assay_status restore_fence(struct assay_engine *e, struct assay_slice value)
{
    struct assay_fence fence;
    ASSAY_TRY(assay_fence_decode(value, &fence));
    const bool in_force =
        assay_bytes_equal(fence.operators_digest, e->head->state.operators_digest, 32);
    if (!e->era->answered && (!in_force || is_fence_over(e, fence.last_epoch))) return ASSAY_OK;
    enforce_fence(e, &fence, value);
    if (e->chain->begun) assay_simplex_halt(e->simplex);
    return ASSAY_OK;
}

enum assay_status assay_era_restore(struct assay_engine *e, const struct assay_store_key *key,
                                    struct assay_slice value)
{
    struct assay_era_state *n = &e->parts->era;
    if (key->number == ASSAY_META_BEGAN) {
        struct assay_began *b = &n->began[key->era % ASSAY_ERAS_KEPT];
        *b = (struct assay_began){ .era = key->era, .height = key->epoch };
        assay_bytes_copy(b->id, 32, key->id, 32);
    }
    if (key->era != e->head->state.era) return ASSAY_OK;
    if (value.len <= sizeof void_marker) return ASSAY_OK; /* released, withdrawn */
    if (key->number == ASSAY_META_ACCEPTED) return assay_acceptance_restore(e, value);
    /* Numbers ascend: the fence is restored first, then the items that depend on it. */
    if (key->number == ASSAY_META_FENCE) {
        if (value.len > ASSAY_FENCE_LEN_MAX) return ASSAY_E_RANGE;
        assay_bytes_copy(n->fence, ASSAY_FENCE_LEN_MAX, value.bytes, value.len);
        n->restored_len = value.len;
        return restore_fence(e, value);
    }
    if (key->number != ASSAY_META_ANSWERED || n->restored_len == 0) return ASSAY_OK;
    struct assay_fence fence;
    ASSAY_TRY(assay_fence_decode(value, &fence));
    n->answered = true;
    assay_bytes_copy(n->answered_digest, 32, fence.digest, 32);
    return n->fenced ? ASSAY_OK : restore_fence(e, assay_slice_over(n->fence, n->restored_len));
}

void assay_era_tick(struct assay_engine *e)
{
    ASSAY_ASSERT(era_is_valid(e));
    struct assay_era_state *n = &e->parts->era;
    const uint64_t epoch_ms = assay_eng_epoch_ms(e);
    const uint64_t epoch = e->head->context.epoch;
    if (epoch > n->asked_epoch ||
        (epoch == n->asked_epoch && e->chain->ledger.height >= n->asked_height))
        n->asked = false; /* the chain proceeded without it */
    if (n->asked && !n->unconfirmed_logged && e->now_ms > n->asked_ms + CONFIRM_EPOCHS * epoch_ms) {
        n->unconfirmed_logged = true;
        assay_eng_note(e, ASSAY_NOTE_RECOVER_UNCONFIRMED, ASSAY_SLOT_ALL,
                       (uint64_t)e->head->state.era + 1, e->head->context.epoch);
    }
    if (n->asked) assay_confirmations_request(e);
    if (e->now_ms < n->passed_ms + epoch_ms / PASSES_PER_EPOCH) return;
    n->passed_ms = e->now_ms;
    for (uint32_t i = 0; i < ASSAY_ERAS_KEPT; i++)
        if (n->began[i].height > 0) send_began(e, ASSAY_SLOT_ALL, &n->began[i]);
    if (n->fenced && !n->released) relay_fence(e, ASSAY_SLOT_ALL);
}

/* --- RECOVER */

static enum assay_status check_position(struct assay_engine *e, const struct assay_ledger *ledger,
                                        const struct assay_recover *r, struct assay_fault *fault)
{
    const struct assay_block_header *h = &r->header;
    const uint64_t running = e->head->context.epoch;
    const uint64_t next = (uint64_t)e->head->state.era + 1;
    const bool same = assay_bytes_equal(h->chain_id, e->head->state.chain_id, 32);
    if (same && h->era > next)
        return assay_fault_plain(fault, "the era before it is not known here yet", ASSAY_E_EARLY);
    if (!same || h->era != next)
        return assay_recover_follows(&e->head->context, ledger, r, fault);
    /* It would undo final blocks of this node (docs/protocol.md 9.16). */
    if (h->epoch < running || (h->epoch == running && h->height <= ledger->height)) {
        if (h->height != ledger->height + 1)
            assay_status_ignore(assay_fault_numbers(fault, "the final head here is higher",
                                                    h->height - 1, ledger->height),
                                "it is stale");
        else
            assay_status_ignore(assay_fault_plain(fault, "the epoch that it ends is over here",
                                                  ASSAY_E_STALE),
                                "it is stale");
        return fault->status = ASSAY_E_STALE;
    }
    if (h->epoch > running || h->height > ledger->height + 1)
        return assay_fault_plain(fault, "the head that it names is not known here yet",
                                 ASSAY_E_EARLY);
    return assay_recover_follows(&e->head->context, ledger, r, fault);
}

/* Waits for confirmations until the chain has passed it. */
void assay_era_await_confirmations(struct assay_engine *e, const struct assay_block_header *h)
{
    struct assay_era_state *n = &e->parts->era;
    if (!n->asked) {
        n->asked = true;
        n->unconfirmed_logged = false;
        n->asked_ms = e->now_ms;
        n->asked_epoch = n->asked_height = 0;
    }
    if (h->epoch < n->asked_epoch ||
        (h->epoch == n->asked_epoch && h->height <= n->asked_height))
        return;
    n->asked_epoch = h->epoch;
    n->asked_height = h->height;
}

/* Stored answers may belong to a fence that ended long ago. The fence that this node has answered
 * is current, and so are fresh confirmations (docs/protocol.md 9.16.5). */
static enum assay_status check_confirmed(struct assay_engine *e,
                                         const struct assay_recover *recover,
                                         const uint8_t fence_digest[static 32],
                                         struct assay_fault *fault)
{
    const struct assay_era_state *n = e->era;
    if (has_answered_fence(n) && !n->released &&
        assay_bytes_equal(fence_digest, n->fence_digest, 32))
        return ASSAY_OK;
    assay_era_await_confirmations(e, &recover->header);
    if (assay_confirmations_suffice(e, recover->id)) return ASSAY_OK;
    return assay_fault_plain(fault,
                             "members of more than a third of the weight have not yet confirmed "
                             "that they took it, and this node has not answered its fence",
                             ASSAY_E_AGAIN);
}

static const struct assay_grounds *find_grounds(const struct assay_engine *e,
                                                const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < ASSAY_GROUNDS_KEPT; i++) {
        const struct assay_grounds *g = &e->era->grounds[i];
        if (g->epoch > 0 && g->epoch == e->head->context.epoch &&
            assay_bytes_equal(g->id, id, 32))
            return g;
    }
    return NULL;
}

/* Hundreds of signatures: the grounds of a repeated RECOVER are verified once, whatever the
 * result. */
static const struct assay_grounds *weigh_grounds(struct assay_engine *e,
                                                 const struct assay_recover *recover)
{
    struct assay_era_state *n = &e->parts->era;
    struct assay_recover_table table;
    struct assay_recover_weight weight;
    const struct assay_grounds *known = find_grounds(e, recover->id);
    if (known != NULL) return known;
    struct assay_grounds *g = &n->grounds[n->grounds_next];
    n->grounds_next = (n->grounds_next + 1) % ASSAY_GROUNDS_KEPT;
    assay_recover_table_of(&e->head->state, &table);
    *g = (struct assay_grounds){ .epoch = e->head->context.epoch };
    g->status = assay_recover_compute_weight(recover, &table, &weight);
    if (assay_status_class(g->status) == ASSAY_CLASS_HOST)
        g->epoch = 0; /* a host failure is no result */
    else if (g->status != ASSAY_OK) g->status = ASSAY_E_INVALID;
    else if (!assay_recover_is_grounded(&weight)) g->status = ASSAY_E_STRANGER;
    assay_bytes_copy(g->id, 32, recover->id, 32);
    if (g->status == ASSAY_OK) assay_bytes_copy(g->fence_digest, 32, weight.fence_digest, 32);
    return g;
}

/* Checkpoints and proofs of an era expire by the times of its blocks. */
bool assay_era_is_ahead(const struct assay_engine *e, uint64_t time_ms)
{
    const uint64_t known_ms = assay_max_u64(e->at_unix_ms, e->chain->ledger.time_ms);
    return time_ms > known_ms && time_ms - known_ms > ASSAY_RECOVER_AHEAD_MS;
}

enum assay_status assay_era_check_grounds(struct assay_engine *e,
                                          const struct assay_recover *recover,
                                          struct assay_fault *fault)
{
    if (assay_era_is_ahead(e, recover->header.time_ms)) /* also after manual acceptance */
        return assay_fault_plain(
            fault, "its time lies more than 10 minutes ahead of this node's clock", ASSAY_E_AGAIN);
    const bool accepted = assay_acceptance_is_of(e, recover->id);
    /* Former operators may still have the answers of their time (9.16.3). */
    if (!accepted && e->at_unix_ms > e->head->state.head_time_ms + ASSAY_TRUSTING_MS)
        return assay_fault_plain(fault, "the final head here is older than the trusting period",
                                 ASSAY_E_STRANGER);
    const struct assay_grounds *g = weigh_grounds(e, recover);
    /* Operators signed over invalid grounds, and no audit would accept it (9.16.8). It undoes
     * nothing that is final here, and its sender is not at fault. */
    if (g->status == ASSAY_E_INVALID)
        return assay_fault_plain(fault, invalid_grounds, ASSAY_E_STRANGER);
    if (accepted && g->status == ASSAY_E_STRANGER) return ASSAY_OK;
    if (g->status == ASSAY_OK)
        return accepted ? ASSAY_OK : check_confirmed(e, recover, g->fence_digest, fault);
    if (g->status != ASSAY_E_STRANGER)
        return assay_fault_plain(fault, "its grounds could not be verified", g->status);
    return assay_fault_plain(fault,
                             "it does not rest on answers of more than a third of the weight, "
                             "one with its parent as head",
                             ASSAY_E_STRANGER);
}

/* Too few signatures, which may all verify, are no wrong one: more have to be collected. */
static enum assay_status count_signatures(const struct assay_recover *r, struct assay_fault *fault)
{
    const uint32_t needed = assay_recover_signatures_needed(r);
    if (fault->status != ASSAY_E_SIGNATURE || r->approval.count >= needed) return fault->status;
    assay_status_ignore(assay_fault_numbers(fault, fault->what, needed, r->approval.count),
                        "the status stays");
    return fault->status = ASSAY_E_SIGNATURE;
}

enum assay_status assay_era_check_recover(struct assay_engine *e, const struct assay_ledger *ledger,
                                          const struct assay_recover *recover,
                                          struct assay_fault *fault)
{
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    const enum assay_status signed_ =
        assay_recover_approved(recover, e->head->state.operators_digest);
    if (signed_ != ASSAY_OK) {
        *fault = (struct assay_fault){ .what = "not signed by the operators in force here",
                                       .status = signed_ };
        return count_signatures(recover, fault);
    }
    ASSAY_TRY(check_position(e, ledger, recover, fault));
    ASSAY_TRY(assay_era_check_grounds(e, recover, fault));
    if (!assay_head_can_close(e))
        return assay_fault_plain(fault, "documents of services or of changes are still to come",
                                 ASSAY_E_AGAIN);
    ASSAY_TRY(assay_branch_recover(e, ledger, recover, fault));
    assay_head_compute_next(e, &e->branch->ledger, recover->header.view);
    if (assay_bytes_equal(e->head->next.root, recover->header.state_root, 32)) return ASSAY_OK;
    return assay_fault_ids(fault, "state root", e->head->next.root, recover->header.state_root);
}

enum assay_status assay_era_receive_recover(struct assay_engine *e, uint16_t from,
                                            struct assay_slice payload)
{
    struct assay_recover r;
    struct assay_fault fault;
    const bool accepts =
        from == ASSAY_SLOT_SELF && assay_acceptance_is_message(payload, &payload);
    if (accepts && payload.len == 0) return assay_acceptance_withdraw(e);
    ASSAY_TRY(assay_recover_decode(payload, &r));
    if (assay_bytes_equal(r.header.chain_id, e->head->state.chain_id, 32) &&
        r.header.era <= e->head->state.era) { /* one RECOVER begins an era, the first */
        const struct assay_began *began = assay_era_find_began(e, r.header.era);
        const bool other = began != NULL && !assay_bytes_equal(began->id, r.id, 32);
        return accepts && other ? ASSAY_E_DUPLICATE : ASSAY_OK; /* peers repeat it */
    }
    const enum assay_status status =
        accepts ? assay_acceptance_add(e, &r, &fault)
                : assay_era_check_recover(e, &e->chain->ledger, &r, &fault);
    if (status == ASSAY_E_EARLY) assay_sync_start(e, r.header.epoch);
    if (status == ASSAY_E_STALE || status == ASSAY_E_INVALID)
        assay_eng_note(e, ASSAY_NOTE_RECOVER_REFUSED, ASSAY_SLOT_ALL, e->chain->ledger.height,
                       r.header.height - 1);
    ASSAY_TRY(status);
    ASSAY_TRY(assay_finalize_recover(e, &r, &e->branch->ledger));
    const struct assay_slice kept = assay_eng_copy(e, payload);
    if (kept.len > 0)
        assay_eng_send(e, ASSAY_SLOT_ALL, from < e->members ? from : ASSAY_SLOT_ALL,
                       ASSAY_MESSAGE_RECOVER, kept);
    return ASSAY_OK;
}

void assay_era_finish(struct assay_engine *e, const struct assay_recover *recover)
{
    struct assay_store_key key = { .era = recover->header.era,
                                   .epoch = recover->header.height,
                                   .number = ASSAY_META_BEGAN };
    const struct assay_slice kept = assay_eng_copy(e, assay_slice_over(recover->id, 32));
    assay_bytes_copy(key.id, 32, recover->id, 32);
    if (kept.len > 0) assay_eng_persist(e, ASSAY_STORE_META, &key, kept);
    assay_acceptance_end(e);
    e->parts->era.recovered = true;
}

/* --- snapshots for operators */

void assay_engine_era(const struct assay_engine *engine, struct assay_era_snapshot *ending)
{
    const struct assay_engine *e = engine;
    *ending = (struct assay_era_snapshot){ .fenced = e->era->fenced,
                                           .answered = has_answered_fence(e->era),
                                           .unconfirmed =
                                               e->era->asked && e->era->unconfirmed_logged };
    const struct assay_began *began = assay_era_find_began(e, e->head->state.era);
    ending->began = began != NULL;
    if (began != NULL) assay_bytes_copy(ending->began_id, 32, began->id, 32);
    if (e->acceptance->held) {
        ending->accepted_height = e->acceptance->height;
        assay_bytes_copy(ending->accepted_id, 32, e->acceptance->id, 32);
    }
    assay_bytes_copy(ending->operators_digest, 32, e->head->state.operators_digest, 32);
    ending->next_sequence =
        e->head->state.change_sequence + 1 + (e->chain->ledger.change_len > 0);
    if (!e->era->fenced) return;
    ending->fence = assay_slice_over(e->era->fence, e->era->fence_len);
    assay_bytes_copy(ending->fence_digest, 32, e->era->fence_digest, 32);
}

static bool log_is_whole(const struct assay_engine *e)
{
    struct assay_simplex_snapshot s;
    assay_simplex_snapshot(e->simplex, &s);
    return e->key_state->listed && !e->key_state->rolled_back && e->start_state->voted_on &&
           !s.asking;
}

static void fill_answer_head(const struct assay_engine *e, struct assay_answer_body *b)
{
    const struct assay_state *state = &e->head->state;
    const struct assay_ledger *ledger = &e->chain->ledger;
    b->era = state->era;
    b->epoch = e->head->context.epoch;
    b->height = ledger->height;
    b->view = ledger->view;
    b->time_ms = ledger->time_ms;
    assay_bytes_copy(b->chain_id, 32, state->chain_id, 32);
    assay_bytes_copy(b->id, 32, ledger->tip_id, 32);
    assay_bytes_copy(b->state_root, 32, state->root, 32);
    assay_bytes_copy(b->fence_digest, 32, e->era->fence_digest, 32);
    assay_bytes_copy(b->node_id, 32, state->members[e->self].node_id, 32);
}

enum assay_status assay_engine_answer(const struct assay_engine *engine,
                                      struct assay_answer_body *body)
{
    const struct assay_engine *e = engine;
    struct assay_simplex_cast casts[ASSAY_ANSWER_VOTES_MAX];
    if (!has_answered_fence(e->era)) return ASSAY_E_EARLY; /* this node may still sign */
    if (!e->start_state->started || e->chain->turned) return ASSAY_E_AGAIN;
    assay_bytes_zero(body, sizeof *body);
    fill_answer_head(e, body);
    body->certificate = assay_simplex_final_certificate(e->simplex);
    const size_t count = assay_simplex_finals(e->simplex, e->chain->ledger.view, casts,
                                              ASSAY_ANSWER_VOTES_MAX);
    body->whole = log_is_whole(e) && count <= ASSAY_ANSWER_VOTES_MAX;
    for (size_t i = 0; i < count && i < ASSAY_ANSWER_VOTES_MAX; i++) {
        struct assay_answer_vote *v = &body->votes[body->vote_count++];
        *v = (struct assay_answer_vote){ .view = casts[i].view, .height = casts[i].height };
        assay_bytes_copy(v->id, 32, casts[i].id, 32);
    }
    body->has_keys = !e->key_state->listed;
    if (!body->has_keys) return ASSAY_OK;
    const struct assay_node_keys *keys = &e->key_state->keys;
    assay_bytes_copy(body->keys.node_id, 32, e->head->state.members[e->self].node_id, 32);
    assay_bytes_copy(body->keys.voting_public, 64, keys->voting_public, 64);
    assay_bytes_copy(body->keys.transport_public, 32, keys->transport_public, 32);
    return ASSAY_OK;
}

static uint32_t share_bp(const struct assay_share *share, uint64_t total)
{
    return total == 0 ? 0 : (uint32_t)(share->largest_weight * 10000 / total);
}

/* Rejects a draft that no node would apply, before operators sign it. */
static enum assay_status check_draft_grounds(const struct assay_engine *e, struct assay_recover *r,
                                             struct assay_slice grounds, struct assay_fault *fault)
{
    struct assay_recover_table table;
    struct assay_recover_weight weight;
    r->grounds = grounds;
    r->operators = e->head->context.operators;
    assay_recover_table_of(&e->head->state, &table);
    const enum assay_status good = assay_recover_compute_weight(r, &table, &weight);
    return good == ASSAY_OK ? ASSAY_OK : assay_fault_plain(fault, invalid_grounds, good);
}

enum assay_status assay_engine_recover_draft(struct assay_engine *engine, struct assay_slice body,
                                             struct assay_slice grounds, uint64_t time_ms,
                                             struct assay_recover_drafted *out,
                                             struct assay_fault *fault)
{
    struct assay_engine *e = engine;
    struct assay_recover r = { 0 };
    const struct assay_ledger *ledger = &e->chain->ledger;
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    if (!e->start_state->started || e->chain->turned)
        return assay_fault_plain(fault, "the node is about to begin an epoch", ASSAY_E_AGAIN);
    if (!assay_head_can_close(e))
        return assay_fault_plain(fault, "documents of services or of changes are still to come",
                                 ASSAY_E_AGAIN);
    const enum assay_status read = assay_recover_body_decode(body, &r);
    if (read != ASSAY_OK) return assay_fault_plain(fault, "body cannot be read", read);
    assay_recover_header(&e->head->state, ledger, body, grounds, time_ms, &r.header);
    ASSAY_TRY(assay_recover_follows(&e->head->context, ledger, &r, fault));
    ASSAY_TRY(check_draft_grounds(e, &r, grounds, fault));
    ASSAY_TRY(assay_branch_recover(e, ledger, &r, fault));
    assay_head_compute_next(e, &e->branch->ledger, r.header.view);
    assay_bytes_copy(r.header.state_root, 32, e->head->next.root, 32);
    const struct assay_tolerance *t = &e->head->next_tolerance;
    *out = (struct assay_recover_drafted){
        .header = r.header,
        .operators = e->head->context.operators,
        .largest_operator_bp = share_bp(&t->operator_, t->total_weight),
        .largest_vendor_bp = share_bp(&t->vendor, t->total_weight),
        .largest_platform_bp = share_bp(&t->platform, t->total_weight),
    };
    for (uint32_t i = 0; i < e->head->next.member_count; i++) {
        out->total_weight += assay_member_row_weight(&e->head->next.members[i]);
        out->voters += e->head->next.members[i].seat_weight > 0;
    }
    return ASSAY_OK;
}

/* An operator that submits it again asks whether the first time had an effect. */
static enum assay_status explain_begun(const struct assay_engine *e, const struct assay_recover *r,
                                       struct assay_fault *fault)
{
    const struct assay_began *began = assay_era_find_began(e, r->header.era);
    if (began == NULL)
        return assay_fault_plain(fault, "its era has begun here already", ASSAY_E_INVALID);
    if (!assay_bytes_equal(began->id, r->id, 32))
        return assay_fault_plain(fault, "its era has begun here by another RECOVER",
                                 ASSAY_E_INVALID);
    return assay_fault_plain(fault,
                             "this RECOVER is in force here already: its era has begun by it",
                             ASSAY_E_DUPLICATE);
}

enum assay_status assay_engine_recover_try(struct assay_engine *engine, struct assay_slice bytes,
                                           struct assay_fault *fault)
{
    struct assay_engine *e = engine;
    struct assay_recover r;
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    const enum assay_status read = assay_recover_decode(bytes, &r);
    if (read != ASSAY_OK) return assay_fault_plain(fault, "RECOVER cannot be read", read);
    if (!e->start_state->started || e->chain->turned)
        return assay_fault_plain(fault, "the node is about to begin an epoch", ASSAY_E_AGAIN);
    if (assay_bytes_equal(r.header.chain_id, e->head->state.chain_id, 32) &&
        r.header.era <= e->head->state.era)
        return explain_begun(e, &r, fault);
    return assay_era_check_recover(e, &e->chain->ledger, &r, fault);
}
