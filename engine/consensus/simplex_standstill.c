/*
 * engine/consensus/simplex_standstill.c - recovery from lost messages: resending, helping, pulling.
 *
 * docs/protocol.md 5.14: without progress for Ts = 4 delta re-send the highest final
 * certificate, certificates above it and all own votes above the last final view, in rotating
 * pages, capped. A peer that is behind is answered at once, at most once a delta; a leader
 * that is late is sent what led to its view; what a proposal needs and is not held is pulled by
 * name.
 */
#include "engine/consensus/simplex_internal.h"

/* --- resending */

void assay_sx_resend_vote(struct assay_simplex *s, const struct sx_view *v,
                          enum assay_vote_type type, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT((unsigned)type < ASSAY_VOTE_TYPES);

    const uint16_t seat = s->seat_of[s->config.self];
    uint8_t bytes[ASSAY_VOTE_LEN_MAX];
    if (seat == UINT16_MAX || !v->received[seat].verified[type]) return;
    const struct sx_received *own = &v->received[seat];
    const struct assay_vote_statement statement =
        assay_sx_statement(s, v, type, own->id[type]);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_encode(&statement, s->config.self, own->signature[type], &w);
    ASSAY_ASSERT(!w.full);
    assay_sx_send(s, ASSAY_SLOT_ALL, ASSAY_MESSAGE_VOTE, assay_slice_over(bytes, w.len), out);
}

static void resend_view(struct assay_simplex *s, const struct sx_view *v,
                        struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(v->view >= s->final_view && assay_sx_view_is_valid(s, v));

    for (int type = 0; type < ASSAY_VOTE_TYPES; type++)
        assay_sx_resend_vote(s, v, (enum assay_vote_type)type, out);
    if (v->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE)
        assay_sx_send_certificate(s, v->certificate[ASSAY_VOTE_NOTARISE], ASSAY_SLOT_ALL, out);
    if (v->certificate[ASSAY_VOTE_NULLIFY] != SX_NONE)
        assay_sx_send_certificate(s, v->certificate[ASSAY_VOTE_NULLIFY], ASSAY_SLOT_ALL, out);
}

/* Own votes and, as its leader, the proposal of the running view. */
static void resend_running(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    const struct sx_view *v = assay_sx_find_view(s, s->view);
    if (v == NULL) return;
    resend_view(s, v, out);
    if (!v->has_proposal || v->leader != s->config.self) return;
    struct assay_block *block = assay_blocks_find(s->config.blocks, v->proposal_id);
    ASSAY_ASSERT(block == NULL || block->header.view == s->view);
    if (block == NULL || !assay_sx_send_block(s, ASSAY_SLOT_ALL, block, out)) return;
}

/* One certificate where a range has one; and own X of the ranges that start here. Returns: the view
 * to continue from. */
static uint64_t resend_from(struct assay_simplex *s, uint64_t view,
                            struct assay_simplex_actions *out)
{
    static const enum assay_vote_type types[] = { ASSAY_VOTE_NULLIFY_64, ASSAY_VOTE_NULLIFY_4096 };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const struct sx_view *range = assay_sx_find_tally(s, types[i], view);
        if (range != NULL && range->view == view)
            assay_sx_resend_vote(s, range, ASSAY_VOTE_NULLIFY, out);
    }
    const uint32_t covering = assay_sx_find_range_certificate(s, view);
    if (covering != SX_NONE) {
        assay_sx_send_certificate(s, covering, ASSAY_SLOT_ALL, out);
        return assay_sx_view_after(s, covering);
    }
    const struct sx_view *v = assay_sx_find_view(s, view);
    if (v != NULL) resend_view(s, v, out);
    return view + 1;
}

/* Views between the last final one and the running one: a page of them, the next page next time. */
static void resend_page(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->view > s->final_view);

    const uint64_t from = s->final_view + 1;
    uint64_t at = s->standstill_view;
    if (from == s->view) return;
    if (at < from || at >= s->view) at = from;
    const uint64_t start = at;
    for (size_t i = 0; i < SX_PAGE_CERTIFICATES / 2; i++) { /* up to two certificates a view */
        at = resend_from(s, at, out);
        if (at >= s->view) at = from;
        if (at == start) break;
    }
    s->standstill_view = at;
}

void assay_sx_resend(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_is_valid(s));

    s->standstill_ms = s->now_ms;
    if (s->final_certificate != SX_NONE)
        assay_sx_send_certificate(s, s->final_certificate, ASSAY_SLOT_ALL, out);
    resend_running(s, out);
    if (s->view > s->final_view) resend_page(s, out);
}

void assay_sx_standstill(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->begun);

    const uint64_t since = assay_sx_active_since(s);
    uint64_t from = s->progress_ms > s->standstill_ms ? s->progress_ms : s->standstill_ms;
    if (s->done || since == UINT64_MAX) return;
    if (from < since) from = since;
    if (s->now_ms < from + assay_sx_backed_off(s, 4 * s->delta_ms)) return;

    assay_sx_note(s, ASSAY_NOTE_STANDSTILL, ASSAY_SLOT_ALL, s->view, 0, out);
    assay_sx_resend(s, out);
    assay_sx_check_behind_stalled(s, out);
    ASSAY_ASSERT(s->standstill_ms == s->now_ms);
}

/* --- helping one peer */

/* At most once a delta to each peer. Returns: whether it may be helped now. */
static bool may_help(struct assay_simplex *s, uint16_t to)
{
    if (to >= s->config.voters_max || to == s->config.self) return false;
    if (s->helped_ms[to] != 0 && s->now_ms < s->helped_ms[to] + s->delta_ms) return false;
    s->helped_ms[to] = s->now_ms + 1; /* 0 means never */
    ASSAY_ASSERT(s->helped_ms[to] > 0);
    return true;
}

/* Sends the certificates from this view to the running one, as far as one answer goes. */
static void send_certificates_from(struct assay_simplex *s, uint16_t to, uint64_t view,
                                   struct assay_simplex_actions *out)
{
    if (view <= s->final_view && s->final_certificate != SX_NONE)
        assay_sx_send_certificate(s, s->final_certificate, to, out);
    if (view <= s->final_view) view = s->final_view + 1;
    ASSAY_ASSERT(view > s->final_view);
    for (size_t sent = 0; view < s->view && sent < SX_HELP_CERTIFICATES; sent++) {
        const uint32_t covering = assay_sx_find_range_certificate(s, view);
        if (covering != SX_NONE) {
            assay_sx_send_certificate(s, covering, to, out);
            view = assay_sx_view_after(s, covering);
            continue;
        }
        const struct sx_view *v = assay_sx_find_view(s, view++);
        if (v == NULL) return;
        const bool notarised = v->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE;
        const uint32_t index = v->certificate[notarised ? ASSAY_VOTE_NOTARISE : ASSAY_VOTE_NULLIFY];
        if (index != SX_NONE) assay_sx_send_certificate(s, index, to, out);
    }
}

void assay_sx_send_help(struct assay_simplex *s, uint16_t to, uint64_t view,
                        struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(view > 0);

    if (may_help(s, to)) send_certificates_from(s, to, view, out);
}

uint64_t assay_sx_leader_due(const struct assay_simplex *s)
{
    const struct sx_view *v = assay_sx_find_view(s, s->view);
    if (v == NULL || s->done || !v->has_leader || v->has_proposal || s->view < 2) return UINT64_MAX;
    if (v->leader == s->config.self || s->helped_leader_of == s->view) return UINT64_MAX;
    if (!assay_sx_can_vote(s) || v->cast[ASSAY_VOTE_NULLIFY]) return UINT64_MAX;
    const uint64_t since = assay_sx_demand_since(s);
    return since == UINT64_MAX ? since : since + 2 * s->delta_ms;
}

void assay_sx_send_help_to_leader(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    if (s->now_ms < assay_sx_leader_due(s)) return;
    const uint16_t leader = assay_sx_open_view(s, s->view)->leader;
    s->helped_leader_of = s->view;
    send_certificates_from(s, leader, s->view - 1, out);
}

/* On seeing E final a node stops voting in e and keeps serving its certificates (docs/protocol.md
 * 5.18). Blocks of e are served as long as the table has them. */
void assay_sx_send_last_epoch(struct assay_simplex *s, uint16_t to,
                              struct assay_simplex_actions *out)
{
    /* Votes in flight when E became final are no request for help; resends arrive later. */
    if (s->now_ms < s->begun_ms + 2 * s->delta_ms) return;
    if (s->last_len == 0 || !may_help(s, to)) return;
    assay_sx_send(s, to, ASSAY_MESSAGE_CERTIFICATE, assay_slice_over(s->last_payload, s->last_len),
                  out);
}

/* --- pulling */

/* The leader first, which must have what it relies on, then round the seats. Returns: a slot, or
 * ASSAY_SLOT_ALL when there is no other member. */
static uint16_t next_peer_to_ask(struct assay_simplex *s)
{
    ASSAY_ASSERT(s->seat_count > 0);

    const struct sx_view *v = assay_sx_find_view(s, s->view);
    if (s->pull_turn == 0 && v != NULL && v->has_proposal && v->leader != s->config.self)
        return v->leader;
    for (uint32_t i = 0; i < s->seat_count; i++) {
        const uint16_t slot = s->slot_of[(s->pull_turn + i) % s->seat_count];
        if (slot != s->config.self) {
            s->pull_turn += i;
            return slot;
        }
    }
    return ASSAY_SLOT_ALL;
}

/* The proposal whose certificates we need before we vote. Returns: NULL when there is none. */
static const struct assay_block *considered_proposal(const struct assay_simplex *s)
{
    const struct sx_view *v = assay_sx_find_view(s, s->view);
    if (v == NULL || !v->has_proposal || v->proposal_bad || s->done) return NULL;
    if (v->cast[ASSAY_VOTE_NOTARISE] || v->cast[ASSAY_VOTE_NULLIFY]) return NULL;
    return assay_blocks_find_const(s->config.blocks, v->proposal_id);
}

static void send_pulls(struct assay_simplex *s, uint8_t (*certificates)[32],
                       size_t certificate_count, const struct sx_missing *blocks,
                       size_t block_count, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(certificate_count <= ASSAY_PULL_MAX && block_count <= SX_MISSING_MAX);
    ASSAY_ASSERT(certificate_count + block_count > 0);

    uint8_t bytes[ASSAY_PULL_LEN_MAX];
    const uint16_t to = next_peer_to_ask(s);
    if (to == ASSAY_SLOT_ALL) return;
    if (certificate_count > 0) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_certificate_pull_encode(s->base.era, s->base.epoch,
                                      assay_slice_over(certificates, 32 * certificate_count), &w);
        ASSAY_ASSERT(!w.full);
        assay_sx_send(s, to, ASSAY_MESSAGE_CERTIFICATE_PULL, assay_slice_over(bytes, w.len), out);
    }
    for (size_t i = 0; i < block_count; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_block_pull_encode(s->base.era, s->base.epoch, blocks[i].id, &w);
        ASSAY_ASSERT(!w.full);
        assay_sx_send(s, to, ASSAY_MESSAGE_BLOCK_PULL, assay_slice_over(bytes, w.len), out);
    }
}

static void clear_pull(struct assay_simplex *s)
{
    s->pull_at_ms = UINT64_MAX;
    s->pull_turn = 0;
}

static void pull_missing(struct assay_simplex *s, const struct assay_block *proposal,
                         const struct sx_missing *blocks, size_t block_count,
                         struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(block_count <= SX_MISSING_MAX);

    uint8_t certificates[ASSAY_PULL_MAX][32];
    size_t certificate_count = 0;
    bool bad = false;
    if (proposal != NULL)
        certificate_count =
            assay_sx_missing_certificates(s, proposal, certificates, ASSAY_PULL_MAX, &bad);
    if (certificate_count == 0 && block_count == 0) {
        clear_pull(s);
        return;
    }
    if (s->pull_at_ms == UINT64_MAX) {
        /* What is missing is mostly on its way already (offer_certificates). */
        s->pull_at_ms = s->now_ms + s->delta_ms / 16;
    }
    if (s->now_ms < s->pull_at_ms) return;
    send_pulls(s, certificates, certificate_count, blocks, block_count, out);
    s->pull_at_ms = s->now_ms + s->delta_ms;
    s->pull_turn++;
}

/* Asked after every event, and nearly always in vain. */
void assay_sx_request_missing(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->begun && s->running);

    struct sx_missing blocks[SX_MISSING_MAX];
    const struct assay_block *proposal = considered_proposal(s);
    const size_t block_count = assay_sx_missing_blocks(s, blocks);
    if (proposal == NULL && block_count == 0) clear_pull(s);
    else pull_missing(s, proposal, blocks, block_count, out);
    ASSAY_ASSERT(s->pull_at_ms != UINT64_MAX || s->pull_turn == 0);
}

enum assay_status assay_sx_receive_block_pull(struct assay_simplex *s, uint16_t from,
                                              struct assay_slice payload,
                                              struct assay_simplex_actions *out)
{
    uint32_t era = 0;
    uint64_t epoch = 0;
    uint8_t id[32];
    ASSAY_TRY(assay_block_pull_decode(payload, &era, &epoch, id));
    if (from == ASSAY_SLOT_SELF) return ASSAY_E_STRANGER;
    if (era != s->base.era) return ASSAY_E_CHAIN;
    struct assay_block *block = assay_blocks_find(s->config.blocks, id);
    if (block == NULL || block->header.epoch != epoch) return ASSAY_E_NOT_FOUND;
    return assay_sx_send_block(s, from, block, out) ? ASSAY_OK : ASSAY_E_AGAIN;
}
