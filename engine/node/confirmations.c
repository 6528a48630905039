/*
 * engine/node/confirmations.c - CONFIRM messages: signed statements of members about the RECOVER
 * that began their era (docs/protocol.md 9.16.5, 9.17.1).
 *
 * Answers may be replayed, and a relay may lie about their author, so the link alone proves nothing
 * about a RECOVER. Only fresh signatures do: each is made for one node and one nonce.
 */
#include "base/cbor.h"
#include "engine/parts/engine_internal.h"

enum { REQUESTS_PER_EPOCH = 2, ANSWERS_PER_EPOCH = 8 };

static const char request_tag[] = "assay/confirm-ask/v1";
static const char body_tag[] = "assay/confirm/v1";
static const char file_tag[] = "assay/confirm-signed/v1";
static const char nonce_tag[] = "assay/confirm-nonce/v1";

struct confirm_body {
    uint8_t chain_id[32], id[32], nonce[32], asker[32], member[32];
    uint32_t era;
};

void assay_confirmations_init(struct assay_engine *e, const struct assay_engine_config *config)
{
    struct assay_confirmations *c = &e->parts->confirmations;
    assay_bytes_copy(c->secret, 32, config->confirm_secret, 32);
    c->ready = !assay_bytes_all_zero(c->secret, 32);
    ASSAY_ASSERT(c->round == 0);
}

void assay_confirmations_nonce(const struct assay_engine *e, uint64_t round,
                               uint8_t nonce[static 32])
{
    uint8_t bytes[96];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, nonce_tag);
    assay_cbor_put_bytes(&w, e->confirmations->secret, 32);
    assay_cbor_put_uint(&w, round);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, nonce);
}

/* The era that the next RECOVER begins: after that of the head, or of the fast sync in progress. */
static uint64_t awaited_era(const struct assay_engine *e)
{
    const bool leaps = e->fast_sync->phase != ASSAY_FAST_SYNC_OFF;
    return (uint64_t)(leaps ? e->fast_sync->era : e->head->state.era) + 1;
}

/* --- requests */

static bool is_reachable_member(const struct assay_engine *e, uint32_t slot)
{
    return slot != e->self && slot < e->head->state.member_count &&
           e->head->state.members[slot].stage != ASSAY_STAGE_LEFT;
}

/* Sent to each member over its own link: neighbours do not relay it. */
static void send_request(struct assay_engine *e, struct assay_slice ask)
{
    struct assay_confirmations *c = &e->parts->confirmations;
    uint32_t asked = 0;
    for (uint32_t i = 0; i < e->members && asked < ASSAY_CONFIRMATIONS_ASKED; i++) {
        const uint32_t slot = c->next % e->members;
        c->next = slot + 1;
        if (!is_reachable_member(e, slot)) continue;
        assay_eng_send(e, (uint16_t)slot, ASSAY_SLOT_ALL, ASSAY_MESSAGE_FENCE, ask);
        asked++;
    }
}

void assay_confirmations_request(struct assay_engine *e)
{
    struct assay_confirmations *c = &e->parts->confirmations;
    uint8_t nonce[32];
    const uint64_t era = awaited_era(e);
    if (!c->ready || era > UINT32_MAX) return;
    if (c->round > 0 && e->now_ms < c->asked_ms + assay_eng_epoch_ms(e) / REQUESTS_PER_EPOCH)
        return;
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_CONFIRM_LEN_MAX);
    if (bytes == NULL) return; /* the step is repeated */
    c->round++;
    c->asked_ms = e->now_ms;
    assay_confirmations_nonce(e, c->round, nonce);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_CONFIRM_LEN_MAX);
    assay_cbor_put_array(&w, 4);
    assay_cbor_put_text(&w, request_tag);
    assay_cbor_put_bytes(&w, e->head->state.chain_id, 32);
    assay_cbor_put_uint(&w, era);
    assay_cbor_put_bytes(&w, nonce, 32);
    ASSAY_ASSERT(!w.full);
    send_request(e, assay_slice_over(bytes, w.len));
}

/* --- answers */

static size_t encode_body(const struct confirm_body *b, uint8_t *bytes, size_t capacity)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, 7);
    assay_cbor_put_text(&w, body_tag);
    assay_cbor_put_bytes(&w, b->chain_id, 32);
    assay_cbor_put_uint(&w, b->era);
    assay_cbor_put_bytes(&w, b->id, 32);
    assay_cbor_put_bytes(&w, b->nonce, 32);
    assay_cbor_put_bytes(&w, b->asker, 32);
    assay_cbor_put_bytes(&w, b->member, 32);
    ASSAY_ASSERT(!w.full);
    return w.len;
}

/* The host signs it for this member alone. It is not persisted: the store has the same content. */
static enum assay_status sign_confirmation(struct assay_engine *e, uint16_t to,
                                           const struct confirm_body *b)
{
    static const uint8_t hole[ASSAY_P256_SIGNATURE_LEN];
    uint8_t body[ASSAY_CONFIRM_LEN_MAX];
    const size_t len = encode_body(b, body, sizeof body);
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_CONFIRM_LEN_MAX);
    if (bytes == NULL || !assay_eng_has_room(e, 1)) return ASSAY_E_AGAIN;
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_CONFIRM);
    ASSAY_ASSERT(effect != NULL);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_CONFIRM_LEN_MAX);
    assay_cbor_put_array(&w, 3);
    assay_cbor_put_text(&w, file_tag);
    assay_cbor_put_bytes(&w, body, len);
    assay_cbor_put_bytes(&w, hole, sizeof hole);
    ASSAY_ASSERT(!w.full);
    effect->as.confirm.to = to;
    effect->as.confirm.message = ASSAY_MESSAGE_FENCE;
    effect->as.confirm.payload = assay_slice_over(bytes, w.len);
    effect->as.confirm.signature_at = w.len - sizeof hole;
    assay_sha256(body, len, effect->as.confirm.digest);
    return ASSAY_OK;
}

/* Answers any member, a few times in an epoch: each answer costs a signature. */
static enum assay_status receive_request(struct assay_engine *e, uint16_t from,
                                         struct assay_cursor *c)
{
    struct assay_confirmations *v = &e->parts->confirmations;
    const struct assay_state *state = &e->head->state;
    struct confirm_body b = { 0 };
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_bytes_exact(c, b.chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_bytes_exact(c, b.nonce, 32));
    ASSAY_TRY(assay_cursor_end(c));
    if (!assay_bytes_equal(b.chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    const struct assay_began *began = assay_era_find_began(e, era);
    if (began == NULL || from >= state->member_count) return ASSAY_OK; /* no RECOVER to confirm */
    uint64_t *answered_ms = &v->answered_ms[from];
    const uint64_t pause_ms = assay_eng_epoch_ms(e) / ANSWERS_PER_EPOCH;
    if (*answered_ms > 0 && e->now_ms < *answered_ms + pause_ms) return ASSAY_OK;
    b.era = (uint32_t)era;
    assay_bytes_copy(b.id, 32, began->id, 32);
    assay_bytes_copy(b.asker, 32, state->members[from].node_id, 32);
    assay_bytes_copy(b.member, 32, state->members[e->self].node_id, 32);
    ASSAY_TRY(sign_confirmation(e, from, &b));
    *answered_ms = e->now_ms;
    return ASSAY_OK;
}

/* --- confirmations received */

bool assay_confirmations_has(const struct assay_engine *e, uint32_t slot,
                             const uint8_t node_id[static 32], const uint8_t id[static 32])
{
    return slot < e->members && slot < e->head->state.member_count &&
           assay_bytes_equal(e->head->state.members[slot].node_id, node_id, 32) &&
           assay_bytes_equal(e->confirmations->said[slot], id, 32);
}

bool assay_confirmations_suffice(const struct assay_engine *e, const uint8_t id[static 32])
{
    const struct assay_state *state = &e->head->state;
    uint64_t weight = 0, total = 0;
    ASSAY_ASSERT(state->member_count <= e->members);
    for (uint32_t i = 0; i < state->member_count; i++) {
        total += state->members[i].weight;
        if (assay_bytes_equal(e->confirmations->said[i], id, 32))
            weight += state->members[i].weight;
    }
    return assay_third(weight, total);
}

static enum assay_status decode_body(struct assay_slice body, struct confirm_body *b)
{
    struct assay_cursor c = assay_cursor_over(body.bytes, body.len);
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 7));
    ASSAY_TRY(assay_cbor_text_expect(&c, body_tag));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(&c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->id, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->nonce, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->asker, 32));
    ASSAY_TRY(assay_cbor_bytes_exact(&c, b->member, 32));
    b->era = (uint32_t)era;
    return assay_cursor_end(&c);
}

static bool is_own_nonce(const struct assay_engine *e, const uint8_t nonce[static 32])
{
    const uint64_t round = e->confirmations->round;
    for (uint64_t i = 0; i < ASSAY_CONFIRMATIONS_ROUNDS && i < round; i++) {
        uint8_t own[32];
        assay_confirmations_nonce(e, round - i, own);
        if (assay_bytes_equal(own, nonce, 32)) return true;
    }
    return false;
}

/* Node and round are checked before the signature is verified. */
static enum assay_status receive_confirmation(struct assay_engine *e, uint16_t from,
                                              struct assay_cursor *c)
{
    struct assay_confirmations *v = &e->parts->confirmations;
    const struct assay_state *state = &e->head->state;
    struct assay_slice body;
    struct confirm_body b = { 0 };
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN], digest[32];
    ASSAY_TRY(assay_cbor_bytes(c, ASSAY_CONFIRM_LEN_MAX, &body));
    ASSAY_TRY(assay_cbor_bytes_exact(c, signature, sizeof signature));
    ASSAY_TRY(assay_cursor_end(c));
    ASSAY_TRY(decode_body(body, &b));
    if (!assay_bytes_equal(b.chain_id, state->chain_id, 32)) return ASSAY_E_CHAIN;
    if (from >= state->member_count || b.era != awaited_era(e) || !is_own_nonce(e, b.nonce) ||
        !assay_bytes_equal(b.asker, state->members[e->self].node_id, 32) ||
        !assay_bytes_equal(b.member, state->members[from].node_id, 32))
        return ASSAY_E_STALE;
    if (assay_bytes_equal(v->said[from], b.id, 32)) return ASSAY_OK;
    assay_sha256(body.bytes, body.len, digest);
    /* No fault of its signer: in the era that it confirms it may have another identity key, which
     * no state here lists yet (docs/protocol.md 9.6.8). It confirms nothing. */
    if (assay_recover_signed(state->members[from].identity_public, digest, signature) != ASSAY_OK)
        return ASSAY_E_INVALID;
    /* Each member counts for the RECOVER that it named last, whatever RECOVER is pending here. */
    assay_bytes_copy(v->said[from], 32, b.id, 32);
    if (e->era->asked && assay_confirmations_suffice(e, b.id))
        assay_sync_start(e,
                         e->head->context.epoch + 1); /* the members that applied it can serve it */
    return ASSAY_OK;
}

static bool has_tag(struct assay_slice payload, uint64_t items, const char *tag,
                    struct assay_cursor *c)
{
    *c = assay_cursor_over(payload.bytes, payload.len);
    return assay_cbor_array_exact(c, items) == ASSAY_OK &&
           assay_cbor_text_expect(c, tag) == ASSAY_OK;
}

bool assay_confirmations_is_message(struct assay_slice payload)
{
    struct assay_cursor c;
    return has_tag(payload, 4, request_tag, &c) || has_tag(payload, 3, file_tag, &c);
}

enum assay_status assay_confirmations_receive(struct assay_engine *e, uint16_t from,
                                              struct assay_slice payload)
{
    struct assay_cursor c;
    if (from >= e->members) return ASSAY_E_STRANGER; /* never from the node's own operator */
    if (has_tag(payload, 4, request_tag, &c)) return receive_request(e, from, &c);
    if (!has_tag(payload, 3, file_tag, &c)) return ASSAY_E_SYNTAX;
    return receive_confirmation(e, from, &c);
}
