/*
 * services/shares/exchange.c - state machine of the mutually attested exchange of shares, in four
 * messages (docs/services.md 5.10).
 */
#include "services/shares/exchange.h"

#include "base/cbor.h"
#include "base/merkle.h"

/* --- messages */

enum assay_status assay_share_message_encode(const struct assay_share_message *m, uint8_t *bytes,
                                             size_t capacity, struct assay_slice *out)
{
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, m->kind == ASSAY_SHARE_ASK ? 7 : 4);
    assay_cbor_put_uint(&w, m->kind);
    assay_cbor_put_bytes(&w, m->nonce_a, sizeof m->nonce_a);
    if (m->kind == ASSAY_SHARE_ASK) {
        ASSAY_ASSERT(m->ids.len == (size_t)m->count * 32);
        assay_cbor_put_uint(&w, m->purpose);
        assay_cbor_put_uint(&w, m->era);
        assay_cbor_put_uint(&w, m->epoch);
        assay_cbor_put_bytes(&w, m->box, sizeof m->box);
        assay_cbor_put_bytes(&w, m->ids.bytes, m->ids.len);
        return assay_writer_finish(&w, out);
    }
    const struct assay_slice rest = m->kind == ASSAY_SHARE_GIVE ? m->sealed : m->evidence;
    assay_cbor_put_bytes(&w, m->nonce_b, sizeof m->nonce_b);
    assay_cbor_put_bytes(&w, rest.bytes, rest.len);
    return assay_writer_finish(&w, out);
}

static enum assay_status on_ask(struct assay_cursor *in, struct assay_share_message *m)
{
    uint64_t purpose = 0;
    ASSAY_TRY(assay_cbor_uint(in, &purpose));
    if (purpose < ASSAY_SHARE_FETCH || purpose > ASSAY_SHARE_LET) return ASSAY_E_UNSUPPORTED;
    m->purpose = (enum assay_share_purpose)purpose;
    ASSAY_TRY(assay_cbor_uint(in, &m->era));
    ASSAY_TRY(assay_cbor_uint(in, &m->epoch));
    ASSAY_TRY(assay_cbor_bytes_exact(in, m->box, sizeof m->box));
    ASSAY_TRY(assay_cbor_bytes(in, (size_t)ASSAY_SHARE_GIVE_MAX * 32, &m->ids));
    if (m->ids.len == 0 || m->ids.len % 32 != 0) return ASSAY_E_RANGE;
    m->count = (uint32_t)(m->ids.len / 32);
    for (uint32_t i = 1; i < m->count; i++)
        if (assay_bytes_compare(m->ids.bytes + (size_t)(i - 1) * 32,
                                m->ids.bytes + (size_t)i * 32, 32) >= 0)
            return ASSAY_E_ENCODING;
    return ASSAY_OK;
}

enum assay_status assay_share_message_decode(struct assay_slice bytes,
                                             struct assay_share_message *m)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_share_message read = { 0 };
    uint64_t items = 0, kind = 0;
    ASSAY_TRY(assay_cbor_array(&in, 7, &items));
    ASSAY_TRY(assay_cbor_uint(&in, &kind));
    if (kind < ASSAY_SHARE_ASK || kind > ASSAY_SHARE_GIVE) return ASSAY_E_UNSUPPORTED;
    read.kind = (enum assay_share_kind)kind;
    if (items != (read.kind == ASSAY_SHARE_ASK ? 7u : 4u)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cbor_bytes_exact(&in, read.nonce_a, sizeof read.nonce_a));
    if (read.kind == ASSAY_SHARE_ASK) {
        ASSAY_TRY(on_ask(&in, &read));
    } else {
        ASSAY_TRY(assay_cbor_bytes_exact(&in, read.nonce_b, sizeof read.nonce_b));
        if (read.kind == ASSAY_SHARE_GIVE)
            ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_SHARE_MESSAGE_MAX, &read.sealed));
        else ASSAY_TRY(assay_cbor_bytes(&in, ASSAY_SHARE_EVIDENCE_MAX, &read.evidence));
    }
    ASSAY_TRY(assay_cursor_end(&in));
    *m = read;
    return ASSAY_OK;
}

/* --- hashes of an exchange */

static bool does_giver_prove(const struct assay_share_terms *terms)
{
    return terms->purpose != ASSAY_SHARE_HAND;
}

void assay_share_report_data(const struct assay_share_exchange *x, bool of_giver,
                             uint8_t report_data[static 64])
{
    const struct assay_share_terms *t = &x->terms;
    const struct assay_share_side *own = of_giver ? &t->giver : &t->taker;
    const struct assay_share_side *other = of_giver ? &t->taker : &t->giver;
    uint8_t bytes[320];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 11);
    assay_cbor_put_text(&w, of_giver ? "assay/share/giver/v1" : "assay/share/taker/v1");
    assay_cbor_put_bytes(&w, t->home.chain_id, 32);
    assay_cbor_put_uint(&w, t->era);
    assay_cbor_put_uint(&w, t->epoch);
    assay_cbor_put_bytes(&w, t->beacon, 32);
    assay_cbor_put_bytes(&w, own->node, 32);
    assay_cbor_put_bytes(&w, other->node, 32);
    assay_cbor_put_bytes(&w, x->nonce_a, 32);
    assay_cbor_put_bytes(&w, x->nonce_b, 32);
    assay_cbor_put_bytes(&w, x->box, 32);
    assay_cbor_put_uint(&w, t->purpose);
    ASSAY_ASSERT(!w.full);
    assay_sha512(bytes, w.len, report_data);
}

/* Prefix of the gift in the box, compared when it is opened. */
static void hash_box_context(const struct assay_share_exchange *x, uint8_t context[static 32])
{
    const struct assay_share_terms *t = &x->terms;
    uint8_t bytes[320];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 11);
    assay_cbor_put_text(&w, "assay/share/box/v1");
    assay_cbor_put_bytes(&w, t->home.chain_id, 32);
    assay_cbor_put_uint(&w, t->purpose);
    assay_cbor_put_bytes(&w, t->giver.node, 32);
    assay_cbor_put_uint(&w, t->giver.cluster);
    assay_cbor_put_uint(&w, t->giver.slot);
    assay_cbor_put_bytes(&w, t->taker.node, 32);
    assay_cbor_put_uint(&w, t->taker.cluster);
    assay_cbor_put_uint(&w, t->taker.slot);
    assay_cbor_put_bytes(&w, x->nonce_a, 32);
    assay_cbor_put_bytes(&w, x->nonce_b, 32);
    ASSAY_ASSERT(!w.full);
    assay_sha256(bytes, w.len, context);
}

/* --- steps */

static enum assay_status want_send(const struct assay_share_exchange *x, enum assay_share_kind kind,
                                   struct assay_slice rest, uint8_t *bytes, size_t capacity,
                                   struct assay_share_want *want)
{
    ASSAY_ASSERT(kind > ASSAY_SHARE_ASK && kind <= ASSAY_SHARE_GIVE);
    struct assay_share_message m = { .kind = kind };
    assay_bytes_copy(m.nonce_a, 32, x->nonce_a, 32);
    assay_bytes_copy(m.nonce_b, 32, x->nonce_b, 32);
    if (kind == ASSAY_SHARE_GIVE) m.sealed = rest;
    else m.evidence = rest;
    want->action = ASSAY_SHARE_WANT_SEND;
    return assay_share_message_encode(&m, bytes, capacity, &want->bytes);
}

static void want_quote(struct assay_share_exchange *x, struct assay_share_want *want)
{
    ASSAY_ASSERT(x->gives ? does_giver_prove(&x->terms) : x->terms.taker_proves);
    ASSAY_ASSERT(x->step != ASSAY_SHARE_STEP_QUOTING && x->step < ASSAY_SHARE_STEP_PROVEN);
    x->step = ASSAY_SHARE_STEP_QUOTING;
    want->action = ASSAY_SHARE_WANT_QUOTE;
    assay_share_report_data(x, x->gives, want->report_data);
}

static void want_verify(struct assay_share_exchange *x, struct assay_slice evidence,
                        struct assay_share_want *want)
{
    ASSAY_ASSERT(evidence.len > 0);
    ASSAY_ASSERT(x->step == (x->gives ? ASSAY_SHARE_STEP_OFFERED : ASSAY_SHARE_STEP_ASKED));
    x->step = ASSAY_SHARE_STEP_CHECKING;
    want->action = ASSAY_SHARE_WANT_VERIFY;
    want->bytes = evidence;
    assay_share_report_data(x, !x->gives, want->report_data);
}

enum assay_status assay_share_exchange_ask(struct assay_share_exchange *x,
                                           const struct assay_share_terms *terms,
                                           const uint8_t *ids, uint32_t count,
                                           const uint8_t nonce[static 32],
                                           const struct assay_secret32 *seed, uint64_t now_ms,
                                           uint8_t *bytes, size_t capacity,
                                           struct assay_share_want *want)
{
    ASSAY_ASSERT(terms->purpose >= ASSAY_SHARE_FETCH && terms->purpose <= ASSAY_SHARE_LET);
    ASSAY_ASSERT(count > 0 && count <= ASSAY_SHARE_GIVE_MAX);
    *want = (struct assay_share_want){ .action = ASSAY_SHARE_WANT_SEND };
    *x = (struct assay_share_exchange){ .terms = *terms, .step = ASSAY_SHARE_STEP_ASKED,
                                        .count = count,
                                        .until_ms = now_ms + ASSAY_SHARE_PATIENCE_MS };
    assay_bytes_copy(x->nonce_a, 32, nonce, 32);
    assay_bytes_copy(x->ids, sizeof x->ids, ids, (size_t)count * 32);
    assay_sodium_box_pair(seed, &x->box_secret, x->box);
    struct assay_share_message m = { .kind = ASSAY_SHARE_ASK, .purpose = terms->purpose,
                                     .era = terms->era, .epoch = terms->epoch, .count = count,
                                     .ids = assay_slice_over(x->ids, (size_t)count * 32) };
    assay_bytes_copy(m.nonce_a, 32, nonce, 32);
    assay_bytes_copy(m.box, 32, x->box, 32);
    return assay_share_message_encode(&m, bytes, capacity, &want->bytes);
}

enum assay_status assay_share_exchange_answer(struct assay_share_exchange *x,
                                              const struct assay_share_terms *terms,
                                              const struct assay_share_message *ask,
                                              const uint8_t nonce[static 32], uint64_t now_ms,
                                              uint8_t *bytes, size_t capacity,
                                              struct assay_share_want *want)
{
    *want = (struct assay_share_want){ 0 };
    if (ask->kind != ASSAY_SHARE_ASK || ask->purpose != terms->purpose) return ASSAY_E_LANE;
    if (ask->era != terms->era) return ASSAY_E_STALE;
    if (ask->epoch != terms->epoch)
        return ask->epoch < terms->epoch ? ASSAY_E_STALE : ASSAY_E_EARLY;
    ASSAY_ASSERT(ask->count > 0 && ask->count <= ASSAY_SHARE_GIVE_MAX);
    ASSAY_ASSERT(ask->ids.len == (size_t)ask->count * 32);
    *x = (struct assay_share_exchange){ .gives = true, .terms = *terms, .count = ask->count,
                                        .until_ms = now_ms + ASSAY_SHARE_PATIENCE_MS };
    assay_bytes_copy(x->nonce_a, 32, ask->nonce_a, 32);
    assay_bytes_copy(x->nonce_b, 32, nonce, 32);
    assay_bytes_copy(x->box, 32, ask->box, 32);
    assay_bytes_copy(x->ids, sizeof x->ids, ask->ids.bytes, ask->ids.len);
    if (does_giver_prove(terms)) {
        want_quote(x, want);
        return ASSAY_OK;
    }
    x->step = ASSAY_SHARE_STEP_OFFERED;
    return want_send(x, ASSAY_SHARE_OFFER, assay_slice_over(NULL, 0), bytes, capacity, want);
}

/* The taker's evidence comes next, unless it needs none. */
static enum assay_status want_taker_proof(struct assay_share_exchange *x, uint8_t *bytes,
                                          size_t capacity, struct assay_share_want *want)
{
    ASSAY_ASSERT(!x->gives);
    if (x->terms.taker_proves) {
        want_quote(x, want);
        return ASSAY_OK;
    }
    x->step = ASSAY_SHARE_STEP_PROVEN;
    return want_send(x, ASSAY_SHARE_PROOF, assay_slice_over(NULL, 0), bytes, capacity, want);
}

static void want_give(struct assay_share_exchange *x, struct assay_share_want *want)
{
    ASSAY_ASSERT(x->gives);
    ASSAY_ASSERT(x->step == ASSAY_SHARE_STEP_CHECKING || !x->terms.taker_proves);
    x->step = ASSAY_SHARE_STEP_GIVING;
    want->action = ASSAY_SHARE_WANT_GIVE;
}

static enum assay_status on_offer(struct assay_share_exchange *x,
                                  const struct assay_share_message *m, uint8_t *bytes,
                                  size_t capacity, struct assay_share_want *want)
{
    ASSAY_ASSERT(!x->gives);
    const bool proves = does_giver_prove(&x->terms);
    if (x->step != ASSAY_SHARE_STEP_ASKED) return ASSAY_E_STALE;
    if ((m->evidence.len > 0) != proves) return ASSAY_E_INVALID;
    assay_bytes_copy(x->nonce_b, 32, m->nonce_b, 32);
    if (!proves) return want_taker_proof(x, bytes, capacity, want);
    want_verify(x, m->evidence, want);
    return ASSAY_OK;
}

static enum assay_status on_proof(struct assay_share_exchange *x,
                                  const struct assay_share_message *m,
                                  struct assay_share_want *want)
{
    ASSAY_ASSERT(x->gives);
    if (x->step != ASSAY_SHARE_STEP_OFFERED ||
        !assay_bytes_equal(m->nonce_b, x->nonce_b, 32))
        return ASSAY_E_STALE;
    if ((m->evidence.len > 0) != x->terms.taker_proves) return ASSAY_E_INVALID;
    if (x->terms.taker_proves) want_verify(x, m->evidence, want);
    else want_give(x, want);
    return ASSAY_OK;
}

enum assay_status assay_share_exchange_on_message(struct assay_share_exchange *x,
                                                  const struct assay_share_message *m,
                                                  uint8_t *bytes, size_t capacity,
                                                  struct assay_share_want *want)
{
    *want = (struct assay_share_want){ 0 };
    if (!assay_bytes_equal(m->nonce_a, x->nonce_a, 32)) return ASSAY_E_STALE;
    if (!x->gives && m->kind == ASSAY_SHARE_OFFER) return on_offer(x, m, bytes, capacity, want);
    if (x->gives && m->kind == ASSAY_SHARE_PROOF) return on_proof(x, m, want);
    if (!x->gives && m->kind == ASSAY_SHARE_GIVE && x->step == ASSAY_SHARE_STEP_PROVEN)
        return ASSAY_OK;
    return ASSAY_E_STALE;
}

enum assay_status assay_share_exchange_on_quote(struct assay_share_exchange *x,
                                                struct assay_slice evidence, uint8_t *bytes,
                                                size_t capacity, struct assay_share_want *want)
{
    *want = (struct assay_share_want){ 0 };
    if (x->step != ASSAY_SHARE_STEP_QUOTING) return ASSAY_E_STALE;
    if (evidence.len == 0 || evidence.len > ASSAY_SHARE_EVIDENCE_MAX) return ASSAY_E_RANGE;
    x->step = x->gives ? ASSAY_SHARE_STEP_OFFERED : ASSAY_SHARE_STEP_PROVEN;
    return want_send(x, x->gives ? ASSAY_SHARE_OFFER : ASSAY_SHARE_PROOF, evidence, bytes, capacity,
                     want);
}

enum assay_status assay_share_exchange_on_verified(struct assay_share_exchange *x, uint8_t *bytes,
                                                   size_t capacity, struct assay_share_want *want)
{
    *want = (struct assay_share_want){ 0 };
    if (x->step != ASSAY_SHARE_STEP_CHECKING) return ASSAY_E_STALE;
    if (!x->gives) return want_taker_proof(x, bytes, capacity, want);
    want_give(x, want);
    return ASSAY_OK;
}

enum assay_status assay_share_exchange_give(struct assay_share_exchange *x, struct assay_slice gift,
                                            const struct assay_secret32 *seed, uint8_t *room,
                                            uint8_t *bytes, size_t capacity,
                                            struct assay_share_want *want)
{
    uint8_t head[80];
    *want = (struct assay_share_want){ 0 };
    if (x->step != ASSAY_SHARE_STEP_GIVING) return ASSAY_E_STALE;
    ASSAY_ASSERT(x->gives);
    ASSAY_ASSERT(gift.len <= ASSAY_SHARE_GIFT_MAX);
    hash_box_context(x, room);
    assay_bytes_copy(room + 32, ASSAY_SHARE_GIFT_MAX, gift.bytes, gift.len);
    const size_t plain = 32 + gift.len, sealed = plain + ASSAY_SODIUM_BOX_OVERHEAD;
    struct assay_writer w = assay_writer_over(head, sizeof head);
    assay_cbor_put_array(&w, 4); /* as assay_share_message_encode, sealed in place */
    assay_cbor_put_uint(&w, ASSAY_SHARE_GIVE);
    assay_cbor_put_bytes(&w, x->nonce_a, 32);
    assay_cbor_put_bytes(&w, x->nonce_b, 32);
    assay_cbor_put_bytes_head(&w, sealed);
    ASSAY_ASSERT(!w.full);
    enum assay_status status = ASSAY_E_FULL;
    if (capacity >= w.len + sealed) {
        assay_bytes_copy(bytes, capacity, head, w.len);
        status = assay_sodium_box_seal(seed, x->box, assay_slice_over(room, plain), bytes + w.len);
    }
    assay_secret_wipe(room, plain);
    if (status != ASSAY_OK) return status;
    x->step = ASSAY_SHARE_STEP_DONE;
    want->action = ASSAY_SHARE_WANT_SEND;
    want->bytes = assay_slice_over(bytes, w.len + sealed);
    return ASSAY_OK;
}

enum assay_status assay_share_exchange_open(struct assay_share_exchange *x,
                                            const struct assay_share_message *m, uint8_t *room,
                                            struct assay_slice *gift)
{
    uint8_t context[32];
    if (x->step != ASSAY_SHARE_STEP_PROVEN || m->kind != ASSAY_SHARE_GIVE ||
        !assay_bytes_equal(m->nonce_a, x->nonce_a, 32) ||
        !assay_bytes_equal(m->nonce_b, x->nonce_b, 32))
        return ASSAY_E_STALE;
    ASSAY_ASSERT(!x->gives && m->sealed.len <= ASSAY_SHARE_MESSAGE_MAX);
    ASSAY_TRY(assay_sodium_box_open(&x->box_secret, x->box, m->sealed, room));
    if (m->sealed.len < ASSAY_SODIUM_BOX_OVERHEAD + sizeof context) return ASSAY_E_TRUNCATED;
    hash_box_context(x, context);
    if (!assay_bytes_equal(context, room, sizeof context)) return ASSAY_E_CHAIN;
    x->step = ASSAY_SHARE_STEP_DONE;
    *gift = assay_slice_over(room + sizeof context,
                             m->sealed.len - ASSAY_SODIUM_BOX_OVERHEAD - sizeof context);
    return ASSAY_OK;
}

void assay_share_exchange_wipe(struct assay_share_exchange *x)
{
    assay_secret_wipe(x, sizeof *x);
}

/* --- gifts */

enum assay_share_gift_type assay_share_gift_type_of(enum assay_share_purpose purpose)
{
    return purpose == ASSAY_SHARE_DEAL ? ASSAY_SHARE_GIFT_SUBSHARE : ASSAY_SHARE_GIFT_FETCHED;
}

struct assay_share_given assay_share_given_by(const struct assay_share_terms *terms)
{
    struct assay_share_given given = {
        .type = assay_share_gift_type_of(terms->purpose), .era = terms->era,
        .cluster = terms->giver.cluster, .dealer = terms->giver.slot,
        .seating = terms->giver.seating, .slot = terms->taker.slot,
        .taker_seating = terms->taker.seating,
    };
    assay_bytes_copy(given.node, sizeof given.node, terms->giver.node, sizeof terms->giver.node);
    return given;
}

/* One piece and its trailer. */
static enum assay_status decode_gift_piece(struct assay_cursor *at, bool dealt,
                                           struct assay_share_piece *piece, uint32_t *dealers,
                                           struct assay_share_commitments *current)
{
    ASSAY_ASSERT(!dealt || current != NULL);
    uint16_t bits = 0;
    ASSAY_TRY(assay_share_piece_decode(at, piece));
    *dealers = 0;
    if (!dealt) return ASSAY_OK;
    ASSAY_TRY(assay_cursor_u16be(at, &bits));
    *dealers = bits;
    current->k = piece->commitments.k;
    return assay_cursor_copy(at, current->point, (size_t)current->k * ASSAY_SODIUM_POINT_LEN);
}

enum assay_status assay_share_gift_open(struct assay_slice bytes, enum assay_share_purpose purpose,
                                        struct assay_share_gift *gift, uint8_t (*leaf)[32])
{
    struct assay_share_gift read = { .purpose = purpose };
    const bool dealt = purpose == ASSAY_SHARE_DEAL;
    struct assay_share_piece piece;
    struct assay_share_commitments current;
    struct assay_merkle tree;
    struct assay_cursor at = assay_cursor_over(bytes.bytes, bytes.len);
    uint16_t count = 0;
    uint32_t dealers = 0;
    enum assay_status status = assay_cursor_u16be(&at, &count);
    if (status == ASSAY_OK && count > ASSAY_SHARE_GIVE_MAX) status = ASSAY_E_RANGE;
    read.at = at;
    read.count = count;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < count && status == ASSAY_OK; i++) {
        uint8_t own[32];
        status = decode_gift_piece(&at, dealt, &piece, &dealers, &current);
        if (status != ASSAY_OK) break;
        assay_share_piece_leaf(assay_share_gift_type_of(purpose), dealers, &piece, own);
        assay_merkle_add_hash(&tree, own);
        if (leaf != NULL) assay_bytes_copy(leaf[i], 32, own, 32);
    }
    assay_secret_wipe(&piece, sizeof piece);
    ASSAY_TRY(status);
    assay_merkle_root(&tree, read.root);
    if (dealt || purpose == ASSAY_SHARE_FETCH)
        ASSAY_TRY(assay_cursor_copy(&at, read.signature, sizeof read.signature));
    ASSAY_TRY(assay_cursor_end(&at));
    *gift = read;
    return ASSAY_OK;
}

bool assay_share_gift_next(struct assay_share_gift *gift, struct assay_share_piece *piece,
                           struct assay_share_commitments *current)
{
    struct assay_share_commitments unused;
    if (gift->count == 0) return false;
    gift->count--;
    const enum assay_status status =
        decode_gift_piece(&gift->at, gift->purpose == ASSAY_SHARE_DEAL, piece, &gift->dealers,
                          current != NULL ? current : &unused);
    ASSAY_ASSERT(status == ASSAY_OK); /* it was validated to its end before */
    return true;
}
