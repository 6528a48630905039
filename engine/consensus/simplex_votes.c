/*
 * engine/consensus/simplex_votes.c - votes of each view, equivocation, own votes.
 *
 * docs/protocol.md 5. A vote counts once, after its signature was verified. A second, different
 * vote of the same seat is not counted: with the first one it convicts (E1, E2, E3). A vote that
 * only repeats a stored certificate is stored without verification of its signature, and looked at
 * when something depends on it.
 */
#include "engine/consensus/simplex_internal.h"

static const uint8_t no_block[32] = { 0 };

struct assay_vote_statement assay_sx_statement(const struct assay_simplex *s,
                                               const struct sx_view *v, enum assay_vote_type type,
                                               const uint8_t id[static 32])
{
    ASSAY_ASSERT(v->view > 0 && v->view <= UINT64_MAX / 8);
    ASSAY_ASSERT((unsigned)type < ASSAY_VOTE_TYPES);
    ASSAY_ASSERT(type == ASSAY_VOTE_NULLIFY || v->nullify == ASSAY_VOTE_NULLIFY);

    struct assay_vote_statement statement = {
        .era = s->base.era,
        .epoch = s->base.epoch,
        .view = v->view,
        .type = type == ASSAY_VOTE_NULLIFY ? v->nullify : type,
    };
    assay_bytes_copy(statement.chain_id, 32, s->config.chain_id, 32);
    assay_bytes_copy(statement.block_id, 32, type == ASSAY_VOTE_NULLIFY ? no_block : id, 32);
    return statement;
}

uint64_t assay_sx_weight(const struct assay_simplex *s, const struct sx_view *v,
                         enum assay_vote_type type, const uint8_t id[static 32])
{
    ASSAY_ASSERT((unsigned)type < ASSAY_VOTE_TYPES);

    const struct sx_sum *sum = &v->sum[type];
    ASSAY_ASSERT(sum->others <= sum->count);
    uint64_t weight = 0;
    if (sum->count == 0) return 0;
    if (type == ASSAY_VOTE_NULLIFY || assay_bytes_equal(sum->id, id, 32)) return sum->weight;
    if (sum->others == 0) return 0;
    for (uint32_t seat = 0; seat < s->seat_count; seat++) {
        const struct sx_received *received = &v->received[seat];
        if (!received->verified[type] || !assay_bytes_equal(received->id[type], id, 32)) continue;
        weight += s->voters->weight[s->slot_of[seat]];
    }
    ASSAY_ASSERT(weight <= s->voters->total_weight);
    return weight;
}

static void count_vote(const struct assay_simplex *s, struct sx_view *v,
                       const struct assay_vote_statement *statement, uint16_t seat)
{
    ASSAY_ASSERT(seat < s->seat_count);

    struct sx_sum *sum = &v->sum[assay_vote_kind(statement->type)];
    if (sum->count++ == 0) assay_bytes_copy(sum->id, 32, statement->block_id, 32);
    if (assay_bytes_equal(sum->id, statement->block_id, 32))
        sum->weight += s->voters->weight[s->slot_of[seat]];
    else sum->others++;
    ASSAY_ASSERT(sum->count <= s->seat_count && sum->others < sum->count);
    ASSAY_ASSERT(sum->weight <= s->voters->total_weight);
}

/* --- equivocation */

static void accuse_pair(struct assay_simplex *s, uint16_t slot, unsigned number,
                        const struct assay_vote *first, const struct assay_vote *second,
                        struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(number >= 1 && number <= 3);
    ASSAY_ASSERT(first->statement.epoch == second->statement.epoch);

    uint8_t bytes[2][ASSAY_VOTE_LEN_MAX];
    const struct assay_vote *votes[2] = { first, second };
    struct assay_slice payloads[2];
    if (assay_sx_is_proven(s, slot, number)) return;
    for (size_t i = 0; i < 2; i++) {
        struct assay_writer w = assay_writer_over(bytes[i], sizeof bytes[i]);
        assay_vote_encode(&votes[i]->statement, slot, votes[i]->signature, &w);
        ASSAY_ASSERT(!w.full);
        payloads[i] = assay_slice_over(bytes[i], w.len);
    }
    assay_sx_accuse(s, slot, number, payloads[0], payloads[1], out);
}

/* Pairs that convict: E1 two N, E2 two F or F together with N of another block, E3 X and F. */
static const struct pair {
    enum assay_vote_type one, other;
    unsigned number;
} pairs[] = {
    { ASSAY_VOTE_NOTARISE, ASSAY_VOTE_NOTARISE, 1 },
    { ASSAY_VOTE_FINALISE, ASSAY_VOTE_FINALISE, 2 },
    { ASSAY_VOTE_FINALISE, ASSAY_VOTE_NOTARISE, 2 },
    { ASSAY_VOTE_NOTARISE, ASSAY_VOTE_FINALISE, 2 },
    { ASSAY_VOTE_NULLIFY, ASSAY_VOTE_FINALISE, 3 },
    { ASSAY_VOTE_FINALISE, ASSAY_VOTE_NULLIFY, 3 },
};

enum { PAIRS = sizeof pairs / sizeof pairs[0] };

/* Returns: whether the statement and a stored vote of the seat are such a pair. */
static bool is_conflicting_pair(const struct pair *pair, const struct sx_received *received,
                                const struct assay_vote_statement *statement)
{
    if (pair->one != assay_vote_kind(statement->type)) return false;
    if (!received->verified[pair->other] && !received->unverified[pair->other]) return false;
    return pair->number == 3 ||
           !assay_bytes_equal(received->id[pair->other], statement->block_id, 32);
}

static struct assay_vote received_vote(const struct assay_simplex *s, const struct sx_view *v,
                                       const struct sx_received *received,
                                       enum assay_vote_type type)
{
    ASSAY_ASSERT(received->verified[type]);
    struct assay_vote vote = { 0 };
    vote.statement = assay_sx_statement(s, v, type, received->id[type]);
    assay_bytes_copy(vote.signature, sizeof vote.signature, received->signature[type],
                     sizeof vote.signature);
    return vote;
}

bool assay_sx_has_vote(const struct sx_view *v, uint16_t seat, enum assay_vote_type type)
{
    return v->received[seat].verified[type] || v->received[seat].unverified[type];
}

/* docs/protocol.md 5.27: X of a range and F in it. */
static void find_range_conflict(struct assay_simplex *s, uint16_t seat,
                                const struct assay_vote *vote, struct assay_simplex_actions *out)
{
    const bool is_f = vote->statement.type == ASSAY_VOTE_FINALISE;
    const enum assay_vote_type other = is_f ? ASSAY_VOTE_NULLIFY : ASSAY_VOTE_FINALISE;
    struct sx_view *at;
    while ((at = assay_sx_find_range_conflict(s, &vote->statement, seat)) != NULL) {
        if (!assay_sx_verify_vote(s, at, seat, other)) continue; /* junk, and forgotten now */
        const struct assay_vote held = received_vote(s, at, &at->received[seat], other);
        accuse_pair(s, s->slot_of[seat], 3, &held, vote, out);
        return;
    }
}

/* Votes that conflict with this verified vote are verified too, if necessary, and reported. */
static void find_conflicts(struct assay_simplex *s, struct sx_view *v, uint16_t seat,
                           const struct assay_vote *vote, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(vote->statement.view == v->view);

    struct sx_received *received = &v->received[seat];
    for (size_t i = 0; i < PAIRS; i++) {
        if (!is_conflicting_pair(&pairs[i], received, &vote->statement)) continue;
        if (!assay_sx_verify_vote(s, v, seat, pairs[i].other)) continue;
        const struct assay_vote held = received_vote(s, v, received, pairs[i].other);
        accuse_pair(s, s->slot_of[seat], pairs[i].number, &held, vote, out);
    }
    find_range_conflict(s, seat, vote, out);
}

/* A verified vote that is the first of its seat, view and type. */
static void record_verified(struct assay_simplex *s, struct sx_view *v,
                            const struct assay_vote_statement *statement, uint16_t seat,
                            const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    ASSAY_ASSERT(seat < s->seat_count && statement->view == v->view);

    struct sx_received *received = &v->received[seat];
    const enum assay_vote_type type = assay_vote_kind(statement->type);
    ASSAY_ASSERT(!received->verified[type]);
    received->verified[type] = true;
    received->unverified[type] = false;
    count_vote(s, v, statement, seat);
    assay_bytes_copy(received->id[type], 32, statement->block_id, 32);
    assay_bytes_copy(received->signature[type], sizeof received->signature[type], signature,
                     ASSAY_P256_SIGNATURE_LEN);
    assay_sx_note_active(s, s->slot_of[seat], statement->view);
    if (assay_vote_span(statement->type) == 1) assay_sx_gossip_note_vote(s, v->view);
}

bool assay_sx_verify_vote(struct assay_simplex *s, struct sx_view *v, uint16_t seat,
                          enum assay_vote_type type)
{
    ASSAY_ASSERT(seat < s->seat_count);
    ASSAY_ASSERT((unsigned)type < ASSAY_VOTE_TYPES);
    struct sx_received *received = &v->received[seat];
    ASSAY_ASSERT(!received->verified[type] || !received->unverified[type]);
    struct assay_vote vote = { .slot = s->slot_of[seat] };
    if (!received->unverified[type]) return received->verified[type];
    vote.statement = assay_sx_statement(s, v, type, received->id[type]);
    assay_vote_statement_digest(&vote.statement, vote.digest);
    assay_bytes_copy(vote.signature, sizeof vote.signature, received->signature[type],
                     sizeof vote.signature);
    received->unverified[type] = false;
    if (assay_vote_verify(&vote, s->voters) != ASSAY_OK) return false;
    record_verified(s, v, &vote.statement, seat, vote.signature);
    ASSAY_ASSERT(received->verified[type]);
    return true;
}

void assay_sx_record_vote(struct assay_simplex *s, const struct assay_vote_statement *statement,
                          uint16_t seat, const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                          struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(seat < s->seat_count);
    ASSAY_ASSERT(statement->epoch == s->base.epoch && statement->era == s->base.era);

    struct sx_view *v = assay_sx_open_tally(s, statement);
    struct sx_received *received = &v->received[seat];
    const enum assay_vote_type type = assay_vote_kind(statement->type);
    struct assay_vote vote = { .statement = *statement, .slot = s->slot_of[seat] };
    assay_bytes_copy(vote.signature, sizeof vote.signature, signature, sizeof vote.signature);
    if (received->verified[type] && assay_bytes_equal(received->id[type], statement->block_id, 32))
        return;
    find_conflicts(s, v, seat, &vote, out);
    if (received->verified[type]) return; /* the first one counts */
    record_verified(s, v, statement, seat, signature);
    ASSAY_ASSERT(received->verified[type] && !received->unverified[type]);
}

/* --- votes that nothing depends on */

/* Returns: whether the vote only repeats a stored certificate, and no other vote of its seat
 * conflicts with it. */
static bool is_redundant(const struct assay_simplex *s, const struct sx_view *v, uint16_t seat,
                         const struct assay_vote_statement *statement)
{
    const uint32_t index = v->certificate[assay_vote_kind(statement->type)];
    if (index == SX_NONE) return false;
    const struct assay_vote_statement *certified = &s->certificates[index].statement;
    ASSAY_ASSERT(certified->view == v->view && certified->type == statement->type);
    if (assay_sx_find_range_conflict(s, statement, seat) != NULL) return false;
    if (!assay_bytes_equal(certified->block_id, statement->block_id, 32)) return false;
    for (size_t i = 0; i < PAIRS; i++)
        if (is_conflicting_pair(&pairs[i], &v->received[seat], statement)) return false;
    return true;
}

static void record_unverified(struct assay_simplex *s, struct sx_view *v, uint16_t seat,
                              const struct assay_vote *vote)
{
    ASSAY_ASSERT(vote->statement.view == v->view && vote->slot == s->slot_of[seat]);

    struct sx_received *received = &v->received[seat];
    const enum assay_vote_type type = assay_vote_kind(vote->statement.type);
    ASSAY_ASSERT(!received->verified[type] && !received->unverified[type]);
    received->unverified[type] = true;
    assay_bytes_copy(received->id[type], 32, vote->statement.block_id, 32);
    assay_bytes_copy(received->signature[type], sizeof received->signature[type], vote->signature,
                     sizeof vote->signature);
    /* Its owner sent it over an authenticated link: valid or not, the owner is active. */
    assay_sx_note_active(s, vote->slot, v->view);
    ASSAY_ASSERT(v->certificate[type] != SX_NONE);
}

/* --- VOTE messages */

static enum assay_status check_position(struct assay_simplex *s, uint16_t from,
                                        struct assay_slice payload, const struct assay_vote *vote,
                                        struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->begun);

    const struct assay_vote_statement *st = &vote->statement;
    const enum assay_status place = assay_sx_check_position(s, st->chain_id, st->era, st->epoch);
    if (place == ASSAY_E_EARLY) {
        if (from != vote->slot) return ASSAY_E_EARLY; /* relayed: its owner sends it again */
        assay_sx_note_later_epoch(s, vote);
        return st->epoch == s->base.epoch + 1
                   ? assay_sx_buffer_early(s, from, ASSAY_MESSAGE_VOTE, payload)
                   : ASSAY_E_EARLY;
    }
    if (place == ASSAY_E_STALE && st->epoch + 1 == s->base.epoch)
        assay_sx_send_last_epoch(s, from, out);
    return place;
}

/* Returns: whether the vote adds nothing: it is stored byte for byte, or it is a second one of its
 * kind and its slot is proven to sign such pairs in this epoch (docs/protocol.md 5.23.1). An
 * unverified one with another signature is verified: the first may be invalid. */
static bool is_duplicate(const struct assay_simplex *s, const struct sx_received *received,
                         const struct assay_vote *vote)
{
    const enum assay_vote_type type = assay_vote_kind(vote->statement.type);
    ASSAY_ASSERT(!received->verified[type] || !received->unverified[type]);
    if (!received->verified[type] && !received->unverified[type]) return false;
    if (!assay_bytes_equal(received->id[type], vote->statement.block_id, 32))
        return assay_sx_is_proven(s, vote->slot, type == ASSAY_VOTE_FINALISE ? 2 : 1);
    return received->verified[type] ||
           assay_bytes_equal(received->signature[type], vote->signature, sizeof vote->signature);
}

/* The vote of a seat as a certificate has it. Returns: false when it has none. */
static bool find_vote_in(const struct assay_simplex *s, uint32_t index, uint16_t slot,
                         struct assay_vote *vote)
{
    ASSAY_ASSERT(index < s->certificate_top && s->certificates[index].used);
    const struct sx_certificate *held = &s->certificates[index];
    struct assay_vote_certificate certificate;
    const enum assay_status read = assay_certificate_decode(
        assay_slice_over(held->payload, held->payload_len), s->voters->count, &certificate);
    ASSAY_ASSERT(read == ASSAY_OK); /* it was when it was received */
    struct assay_cursor c =
        assay_cursor_over(certificate.signatures.bytes, certificate.signatures.len);
    for (uint32_t i = 0; i <= slot; i++) {
        const uint8_t *signature = NULL;
        if (!assay_bitmap_has(certificate.bitmap, i)) continue;
        const enum assay_status taken = assay_cursor_take(&c, ASSAY_P256_SIGNATURE_LEN, &signature);
        ASSAY_ASSERT(taken == ASSAY_OK);
        assay_bytes_copy(vote->signature, sizeof vote->signature, signature,
                         ASSAY_P256_SIGNATURE_LEN);
    }
    vote->statement = certificate.statement;
    vote->slot = slot;
    return assay_bitmap_has(certificate.bitmap, slot);
}

/* F in a range whose votes are discarded: the certificate still has them (docs/protocol.md
 * 5.27). */
static void find_certificate_conflict(struct assay_simplex *s, const struct assay_vote *vote,
                                      struct assay_simplex_actions *out)
{
    struct assay_vote x = { 0 };
    const uint32_t index = assay_sx_find_range_certificate(s, vote->statement.view);
    if (vote->statement.type != ASSAY_VOTE_FINALISE || index == SX_NONE) return;
    if (assay_sx_is_proven(s, vote->slot, 3) || !find_vote_in(s, index, vote->slot, &x)) return;
    if (assay_vote_verify(vote, s->voters) != ASSAY_OK) return;
    accuse_pair(s, vote->slot, 3, &x, vote, out);
}

/* A vote that is not counted: obsolete, or too far ahead. */
static enum assay_status reject_uncounted(struct assay_simplex *s, uint16_t from,
                                          const struct assay_vote *vote,
                                          struct assay_simplex_actions *out)
{
    const struct assay_vote_statement *st = &vote->statement;
    if (st->view > s->final_view && st->view >= s->view) return ASSAY_E_EARLY;
    find_certificate_conflict(s, vote, out);
    if (from == vote->slot) assay_sx_send_help(s, from, st->view, out);
    return ASSAY_E_STALE;
}

enum assay_status assay_sx_receive_vote(struct assay_simplex *s, uint16_t from,
                                        struct assay_slice payload,
                                        struct assay_simplex_actions *out)
{
    struct assay_vote vote;
    ASSAY_TRY(assay_vote_decode(payload, &vote));
    const uint64_t view = vote.statement.view;
    const enum assay_status place = check_position(s, from, payload, &vote, out);
    if (place != ASSAY_OK || vote.statement.epoch != s->base.epoch) return place;
    if (from == ASSAY_SLOT_SELF && vote.slot != s->config.self) return ASSAY_E_STRANGER;
    if (vote.slot >= s->config.voters_max || s->seat_of[vote.slot] == UINT16_MAX)
        return ASSAY_E_STRANGER;
    const uint16_t seat = s->seat_of[vote.slot];
    ASSAY_ASSERT(seat < s->seat_count && s->slot_of[seat] == vote.slot);
    if (!assay_sx_is_counted(s, &vote.statement)) return reject_uncounted(s, from, &vote, out);

    const enum assay_vote_type type = assay_vote_kind(vote.statement.type);
    struct sx_view *known = assay_sx_find_tally(s, vote.statement.type, view);
    if (known != NULL && is_duplicate(s, &known->received[seat], &vote)) {
        const bool same =
            assay_bytes_equal(known->received[seat].id[type], vote.statement.block_id, 32);
        /* Only a stalled node sends a vote again. */
        if (same && from == vote.slot && view < s->view) assay_sx_send_help(s, from, view, out);
        return ASSAY_E_DUPLICATE;
    }
    const bool kept = known != NULL && known->received[seat].unverified[type];
    if (known != NULL && !kept && from == vote.slot &&
        is_redundant(s, known, seat, &vote.statement)) {
        record_unverified(s, known, seat, &vote);
        assay_sx_advance(s, out); /* as after all that is taken: a certificate may need it now */
        return ASSAY_E_DUPLICATE; /* its signature is not verified, so it is not relayed */
    }
    /* Our own was signed by our host, with the key that the ledger lists for us. */
    if (from != ASSAY_SLOT_SELF) ASSAY_TRY(assay_vote_verify(&vote, s->voters));

    assay_sx_gossip_on_vote(s, from);
    assay_sx_record_vote(s, &vote.statement, seat, vote.signature, out);
    struct sx_view *v = assay_sx_open_tally(s, &vote.statement);
    assay_sx_assemble_certificate(s, v, type, vote.statement.block_id, out);
    return ASSAY_OK;
}

/* --- own votes */

static void push_sign_vote(struct assay_simplex *s, const struct assay_vote_statement *statement,
                           struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(statement->epoch == s->base.epoch && statement->era == s->base.era);

    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(statement, s->config.self, NULL, &w);
    ASSAY_ASSERT(!w.full);
    ASSAY_ASSERT(w.len > ASSAY_P256_SIGNATURE_LEN);
    assay_vote_statement_digest(statement, digest);

    struct assay_simplex_action *action = assay_sx_add_action(out, ASSAY_SIMPLEX_SIGN);
    action->view = statement->view;
    struct assay_signing signing = {
        .key = ASSAY_KEY_VOTING,
        .digest = digest,
        .message = ASSAY_MESSAGE_VOTE,
        .payload = assay_sx_copy(s, assay_slice_over(bytes, w.len)),
        .signature_at = w.len - ASSAY_P256_SIGNATURE_LEN,
        .class_ = ASSAY_STORE_VOTE,
        .store_key = { .era = statement->era,
                       .epoch = statement->epoch,
                       .number = assay_vote_number(statement) },
    };
    assay_bytes_copy(signing.store_key.id, 32, statement->block_id, 32);
    assay_effect_sign(&action->effect, &signing);
}

/* Asserts the rules of casting (docs/protocol.md 5.2 to 5.4, 5.27): never two N; never X and F; F
 * only after the same N; never X of a range and F in it. */
static void check_cast(const struct assay_simplex *s, const struct sx_view *v,
                       enum assay_vote_type type, const uint8_t id[32])
{
    if (type != ASSAY_VOTE_NULLIFY) ASSAY_ASSERT(v->view > s->x_through);
    ASSAY_ASSERT(!v->cast[type]);
    switch (type) {
    case ASSAY_VOTE_NOTARISE: ASSAY_ASSERT(!v->cast[ASSAY_VOTE_NULLIFY]); return;
    case ASSAY_VOTE_NULLIFY:
    case ASSAY_VOTE_NULLIFY_64:
    case ASSAY_VOTE_NULLIFY_4096: ASSAY_ASSERT(!v->cast[ASSAY_VOTE_FINALISE]); return;
    case ASSAY_VOTE_FINALISE:
        ASSAY_ASSERT(v->cast[ASSAY_VOTE_NOTARISE]);
        ASSAY_ASSERT(assay_bytes_equal(v->cast_id[ASSAY_VOTE_NOTARISE], id, 32));
        ASSAY_ASSERT(!v->cast[ASSAY_VOTE_NULLIFY]);
        ASSAY_ASSERT(v->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE);
        return;
    }
    ASSAY_UNREACHABLE("vote type");
}

bool assay_sx_cast_vote(struct assay_simplex *s, struct sx_view *v, enum assay_vote_type type,
                        const uint8_t id[static 32], struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_can_vote(s));
    ASSAY_ASSERT(v->view > s->final_view);
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));
    check_cast(s, v, type, id);

    if (!assay_sx_persist_certificates(s, out)) return false;
    if (type == ASSAY_VOTE_NOTARISE) {
        struct assay_block *block = assay_blocks_find(s->config.blocks, id);
        ASSAY_ASSERT(block != NULL);
        ASSAY_ASSERT(block->header.view == v->view && block->header.epoch == s->base.epoch);
        /* A notarised block whose body every voter lost could neither be built on nor, once a
         * member sent F, be nullified. */
        if (!assay_sx_persist_block(s, block, out)) return false;
    }
    if (!assay_sx_has_room(s, out, 1, ASSAY_VOTE_LEN_MAX)) {
        s->starved = true;
        return false;
    }
    const struct assay_vote_statement statement = assay_sx_statement(s, v, type, id);
    v->cast[type] = true;
    assay_bytes_copy(v->cast_id[type], 32, statement.block_id, 32);
    if (type == ASSAY_VOTE_FINALISE) assay_sx_note_final_cast(s, v->view);
    if (assay_sx_last_view(v) > v->view && s->x_through < assay_sx_last_view(v))
        s->x_through = assay_sx_last_view(v);
    push_sign_vote(s, &statement, out);
    return true;
}
