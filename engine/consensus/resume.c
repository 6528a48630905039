/*
 * engine/consensus/resume.c - Simplex after a crash (docs/protocol.md 2.4, 2.5).
 *
 * The stored items are restored; then peers are queried for our highest vote that they have. N and
 * F only in views above the maximum of log and answers; X also below, where the log has neither X
 * nor F: otherwise a view with two N, two X and two resumed nodes would be stuck for ever.
 *
 *   RESUME_ASK     [chain_id, era, epoch, nonce, view]: peers beyond that view also send help
 *   RESUME_ANSWER  [chain_id, era, epoch, nonce, [VOTE payloads], [CERTIFICATE payloads]]
 *                  the asker's own votes, signed by itself: they cannot be forged; and the
 *                  answerer's last final certificate, since it has no votes below that view, and
 *                  that of the highest range whose votes it has discarded (docs/protocol.md 5.27)
 */
#include "engine/consensus/simplex_internal.h"

#include "base/cbor.h"

enum {
    ASK_LEN_MAX = 80,
    ANSWER_CERTIFICATES_MAX = 2,
    ANSWER_LEN_MAX = 88 + ASSAY_VOTE_TYPES * (ASSAY_VOTE_LEN_MAX + 4) +
                     ANSWER_CERTIFICATES_MAX * (ASSAY_CERTIFICATE_LEN_MAX + 4)
};

/* --- restoring */

/* Also in views below the last final one, whose certificates are still in the table. */
static bool is_notarised(const struct assay_simplex *s, const struct assay_proposal *p)
{
    return assay_sx_find_statement(s, ASSAY_VOTE_NOTARISE, p->header.view, p->id) != SX_NONE;
}

static enum assay_status restore_block(struct assay_simplex *s, bool final_,
                                       struct assay_slice value)
{
    ASSAY_ASSERT(!s->running);

    struct assay_block *block = NULL;
    struct assay_proposal p;
    ASSAY_TRY(assay_proposal_decode(value, &p));
    const struct assay_block_header *h = &p.header;
    if (assay_sx_check_position(s, h->chain_id, h->era, h->epoch) != ASSAY_OK) return ASSAY_OK;
    const enum assay_status added = assay_sx_add_block(s, value, &p, &block);
    const bool held = added == ASSAY_OK || added == ASSAY_E_DUPLICATE;
    if (!held && added != ASSAY_E_FULL) return added; /* without room it is pulled again */
    if (held) block->stored = true;
    if (held && (final_ || is_notarised(s, &p))) block->notarised = true;
    if (!assay_sx_in_window(s, h->view)) return ASSAY_OK;
    struct sx_view *v = assay_sx_open_view(s, h->view);
    const bool own = h->leader == s->config.self;
    if (!own && (v->has_proposal || !held)) return ASSAY_OK;
    ASSAY_ASSERT(v->view == h->view && (!held || block->used));
    v->has_proposal = true;
    v->proposal_ms = s->now_ms;
    assay_bytes_copy(v->proposal_id, 32, p.id, 32);
    if (own) v->asked = v->made = true; /* never a second one, stored or not */
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));
    return ASSAY_OK;
}

/* The same way as from a peer: on writing and after reading back. */
static enum assay_status restore_certificate(struct assay_simplex *s, struct assay_slice value)
{
    struct assay_simplex_actions *none = NULL;
    ASSAY_ASSERT(s->unstored == 0);
    const enum assay_status status = assay_sx_receive_certificate(s, ASSAY_SLOT_SELF, value, none);
    if (status == ASSAY_E_DUPLICATE || status == ASSAY_E_STALE) return ASSAY_OK;
    if (status == ASSAY_E_FULL) return ASSAY_OK; /* as it was before the crash */
    if (status == ASSAY_E_EARLY)
        return ASSAY_OK; /* finality moved past it at once: it arrives later */
    ASSAY_TRY(status);
    ASSAY_ASSERT(s->unstored == 1);
    assay_sx_set_stored(s, assay_sx_find_unstored(s));
    /* They are restored in the order of views: the next one may lie beyond the window. */
    while (assay_sx_leave_view(s, none)) {
    }
    return ASSAY_OK;
}

static enum assay_status restore_vote(struct assay_simplex *s, struct assay_slice value)
{
    struct assay_vote vote;
    ASSAY_TRY(assay_vote_decode(value, &vote));
    const struct assay_vote_statement *st = &vote.statement;
    if (assay_sx_check_position(s, st->chain_id, st->era, st->epoch) != ASSAY_OK) return ASSAY_OK;
    if (vote.slot != s->config.self) return ASSAY_E_STRANGER;
    const uint16_t seat = s->seat_of[vote.slot];
    if (seat == UINT16_MAX) return ASSAY_OK; /* no voter in this epoch */
    ASSAY_TRY(assay_vote_verify(&vote, s->voters));

    const enum assay_vote_type type = assay_vote_kind(st->type);
    const uint64_t last = assay_vote_last(st);
    if (s->resume.log_view < last) s->resume.log_view = last;
    if (last > st->view && s->x_through < last) s->x_through = last;
    if (type == ASSAY_VOTE_FINALISE) assay_sx_note_final_cast(s, st->view);
    if (!assay_sx_is_counted(s, st)) return ASSAY_OK; /* below the last final view, or in a range */
    assay_sx_record_vote(s, st, seat, vote.signature, NULL);
    struct sx_view *v = assay_sx_open_tally(s, st);
    ASSAY_ASSERT(v->view == st->view && v->received[seat].verified[type]);
    v->cast[type] = true;
    assay_bytes_copy(v->cast_id[type], 32, st->block_id, 32);
    return ASSAY_OK;
}

enum assay_status assay_simplex_restore(struct assay_simplex *s, enum assay_store_class class_,
                                        const struct assay_store_key *key, struct assay_slice value)
{
    ASSAY_ASSERT(s->begun && !s->running);
    ASSAY_ASSERT(assay_sx_is_valid(s));

    if (key->era != s->base.era || key->epoch != s->base.epoch) return ASSAY_OK;
    if (class_ == ASSAY_STORE_BLOCK || class_ == ASSAY_STORE_PROPOSAL)
        return restore_block(s, class_ == ASSAY_STORE_BLOCK, value);
    if (class_ == ASSAY_STORE_CERTIFICATE) return restore_certificate(s, value);
    if (class_ == ASSAY_STORE_VOTE) return restore_vote(s, value);
    return ASSAY_E_UNSUPPORTED;
}

/* --- requests */

static void send_resume_request(struct assay_simplex *s, uint16_t to,
                                struct assay_simplex_actions *out)
{
    uint8_t bytes[ASK_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 5);
    assay_cbor_put_bytes(&w, s->config.chain_id, 32);
    assay_cbor_put_uint(&w, s->base.era);
    assay_cbor_put_uint(&w, s->base.epoch);
    assay_cbor_put_uint(&w, s->resume.nonce);
    assay_cbor_put_uint(&w, s->view);
    ASSAY_ASSERT(!w.full);
    assay_sx_send(s, to, ASSAY_MESSAGE_RESUME_ASK, assay_slice_over(bytes, w.len), out);
    s->resume.ask_again_ms = s->now_ms + s->delta_ms;
}

static void finish_resume(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->resume.asking);

    s->resume.asking = s->resume.owed = false;
    if (s->resume.floor < s->resume.log_view) s->resume.floor = s->resume.log_view;
    assay_sx_note(s, ASSAY_NOTE_RESUMED, s->config.self, s->resume.floor, 0, out);
    assay_sx_resend(s, out);
    ASSAY_ASSERT(s->resume.floor >= s->resume.log_view);
}

static void start_resume(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    for (uint32_t i = 0; i < s->config.voters_max; i++)
        s->answered[i] = false;
    s->resume.nonce = s->now_ms;
    s->resume.later_bp = 0;
    s->resume.deadline_ms = s->now_ms + 4 * s->delta_ms;
    send_resume_request(s, ASSAY_SLOT_ALL, out);
}

/* A node without a seat gets no answers about its own votes, and may have cast some after the epoch
 * in which its log ends (docs/protocol.md 2.4.1). */
void assay_sx_resume_start(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->running && s->begun);
    const bool asked = s->resume.asking;
    s->resume.asking = s->resume.owed && s->seat_of[s->config.self] != UINT16_MAX;
    if (s->resume.asking && !asked) start_resume(s, out);
    ASSAY_ASSERT(s->resume.owed || !s->resume.asking);
}

void assay_simplex_run(struct assay_simplex *s, uint64_t now_ms, bool fresh,
                       struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->begun && !s->running);

    s->now_ms = now_ms;
    s->running = true;
    s->entered_ms = now_ms;
    s->progress_ms = now_ms;
    s->standstill_ms = now_ms;
    ASSAY_ASSERT(s->resume.log_view == 0 || s->seat_of[s->config.self] != UINT16_MAX);
    for (uint32_t i = 0; i < assay_blocks_count(s->config.blocks); i++)
        assay_blocks_at(s->config.blocks, i)->held_ms = now_ms; /* measured in this run alone */
    s->resume.owed = !fresh;
    s->resume.floor = s->resume.log_view;
    assay_sx_resume_start(s, out);
    assay_sx_advance(s, out);
    ASSAY_ASSERT(assay_sx_is_valid(s));
}

/* Nothing is signed there, so no peer can see that we are behind (docs/protocol.md 5.29). */
static bool cannot_sign(const struct assay_simplex *s)
{
    return !s->resume.asking && !s->done && s->view <= s->resume.forgotten;
}

/* One peer after the other. */
static void request_help(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->seat_count > 0);
    const uint16_t to = s->slot_of[s->resume.turn++ % s->seat_count];
    if (to != s->config.self) send_resume_request(s, to, out);
    s->resume.ask_again_ms = s->now_ms + s->delta_ms;
}

void assay_sx_resume_tick(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(s->running);
    if (cannot_sign(s) && s->now_ms >= s->resume.ask_again_ms) request_help(s, out);
    if (!s->resume.asking) return;
    if (s->now_ms >= s->resume.deadline_ms) finish_resume(s, out);
    else if (s->now_ms >= s->resume.ask_again_ms) send_resume_request(s, ASSAY_SLOT_ALL, out);
}

uint64_t assay_sx_resume_wake(const struct assay_simplex *s)
{
    if (cannot_sign(s)) return s->resume.ask_again_ms;
    if (!s->resume.asking) return UINT64_MAX;
    return s->resume.deadline_ms < s->resume.ask_again_ms ? s->resume.deadline_ms
                                                          : s->resume.ask_again_ms;
}

/* [chain_id, era, epoch, nonce, ...]: common fields of requests and answers. */
static enum assay_status decode_header(const struct assay_simplex *s, struct assay_cursor *c,
                                       uint64_t items, uint64_t *epoch, uint64_t *nonce)
{
    uint8_t chain_id[32];
    uint64_t era = 0;
    ASSAY_TRY(assay_cbor_array_exact(c, items));
    ASSAY_TRY(assay_cbor_bytes_exact(c, chain_id, 32));
    ASSAY_TRY(assay_cbor_uint_max(c, UINT32_MAX, &era));
    ASSAY_TRY(assay_cbor_uint(c, epoch));
    ASSAY_TRY(assay_cbor_uint(c, nonce));
    if (!assay_bytes_equal(chain_id, s->config.chain_id, 32)) return ASSAY_E_CHAIN;
    return era == s->base.era ? ASSAY_OK : ASSAY_E_CHAIN; /* an asker may be in another epoch */
}

/* --- answers */

static bool has_any_vote(const struct sx_view *v, uint16_t seat)
{
    for (int type = 0; type < ASSAY_VOTE_TYPES; type++)
        if (assay_sx_has_vote(v, seat, (enum assay_vote_type)type)) return true;
    return false;
}

/* Of two views or ranges the one that ends later and has votes of the seat. */
static struct sx_view *later_voted(struct sx_view *best, struct sx_view *v, uint16_t seat,
                                   uint64_t final_view)
{
    if (v->view == 0 || v->view < final_view || !has_any_vote(v, seat)) return best;
    return best != NULL && assay_sx_last_view(v) <= assay_sx_last_view(best) ? best : v;
}

/* Returns: the highest view or range with a vote of the seat, verified or not, or NULL. */
static struct sx_view *find_highest_voted(const struct assay_simplex *s, uint16_t seat)
{
    ASSAY_ASSERT(seat < s->seat_count);

    struct sx_view *best = NULL;
    for (uint32_t i = 0; i < s->page_count; i++) {
        struct sx_page *page = &s->pages[i];
        for (size_t k = 0; page->range.view != 0 && k < ASSAY_RANGE_VIEWS; k++)
            best = later_voted(best, &page->views[k], seat, s->final_view);
        best = later_voted(best, &page->range, seat, s->final_view);
    }
    for (size_t i = 0; i < SX_RANGES_4096; i++)
        best = later_voted(best, &s->wide[i], seat, s->final_view);
    ASSAY_ASSERT(best == NULL || best->view >= s->final_view);
    return best;
}

/* The same for verified votes: an unverified vote is verified before it is reported, and the search
 * continues below an invalid one. One invalid vote would have the complete answer rejected. */
static const struct sx_view *find_highest_verified(struct assay_simplex *s, uint16_t seat)
{
    struct sx_view *v;
    bool any = false;
    while (!any && (v = find_highest_voted(s, seat)) != NULL)
        for (int type = 0; type < ASSAY_VOTE_TYPES; type++)
            any = assay_sx_verify_vote(s, v, seat, (enum assay_vote_type)type) || any;
    return v;
}

static void encode_votes(struct assay_simplex *s, uint16_t slot, struct assay_writer *w)
{
    ASSAY_ASSERT(slot < s->voters->count);

    const uint16_t seat = s->seat_of[slot];
    const struct sx_view *v = seat == UINT16_MAX ? NULL : find_highest_verified(s, seat);
    uint64_t count = 0;
    for (size_t type = 0; v != NULL && type < ASSAY_VOTE_TYPES; type++)
        count += v->received[seat].verified[type];
    ASSAY_ASSERT(count <= ASSAY_VOTE_TYPES && (v == NULL || count > 0));
    assay_cbor_put_array(w, count);
    for (int type = 0; v != NULL && type < ASSAY_VOTE_TYPES; type++) {
        const struct sx_received *received = &v->received[seat];
        if (!received->verified[type]) continue;
        const struct assay_vote_statement statement =
            assay_sx_statement(s, v, (enum assay_vote_type)type, received->id[type]);
        uint8_t bytes[ASSAY_VOTE_LEN_MAX];
        struct assay_writer vote = assay_writer_over(bytes, sizeof bytes);
        assay_vote_encode(&statement, slot, received->signature[type], &vote);
        ASSAY_ASSERT(!vote.full);
        assay_cbor_put_bytes(w, bytes, vote.len);
    }
}

static void encode_certificates(const struct assay_simplex *s, struct assay_writer *w)
{
    uint32_t shown[ANSWER_CERTIFICATES_MAX];
    size_t count = 0;
    const uint32_t covering = s->forgotten_view > s->final_view
                                  ? assay_sx_find_range_certificate(s, s->forgotten_view)
                                  : SX_NONE;
    if (s->final_certificate != SX_NONE) shown[count++] = s->final_certificate;
    if (covering != SX_NONE) shown[count++] = covering;
    assay_cbor_put_array(w, count);
    for (size_t i = 0; i < count; i++) {
        const struct sx_certificate *certificate = &s->certificates[shown[i]];
        ASSAY_ASSERT(certificate->used);
        assay_cbor_put_bytes(w, certificate->payload, certificate->payload_len);
    }
}

enum assay_status assay_sx_receive_resume_request(struct assay_simplex *s, uint16_t from,
                                                  struct assay_slice payload,
                                                  struct assay_simplex_actions *out)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    uint64_t epoch = 0;
    uint64_t nonce = 0;
    uint64_t view = 0;
    ASSAY_TRY(decode_header(s, &c, 5, &epoch, &nonce));
    ASSAY_TRY(assay_cbor_uint_max(&c, ASSAY_COUNT_MAX, &view));
    ASSAY_TRY(assay_cursor_end(&c));
    if (view == 0) return ASSAY_E_RANGE;
    if (from >= s->voters->count) return ASSAY_E_STRANGER;

    uint8_t bytes[ANSWER_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_bytes(&w, s->config.chain_id, 32);
    assay_cbor_put_uint(&w, s->base.era);
    assay_cbor_put_uint(&w, s->base.epoch);
    assay_cbor_put_uint(&w, nonce);
    encode_votes(s, from, &w);
    encode_certificates(s, &w);
    ASSAY_ASSERT(!w.full);
    assay_sx_send(s, from, ASSAY_MESSAGE_RESUME_ANSWER, assay_slice_over(bytes, w.len), out);
    if (epoch == s->base.epoch && view < s->view) assay_sx_send_help(s, from, view, out);
    return ASSAY_OK;
}

/* --- being answered */

struct answer {
    uint64_t floor;         /* highest view of this epoch */
    bool unknown;           /* a vote that our log lacks */
    uint64_t unknown_epoch; /* the latest such */
};

/* One vote of ours that a peer has. */
static enum assay_status decode_own_vote(const struct assay_simplex *s, struct assay_slice payload,
                                         struct answer *answer)
{
    struct assay_vote vote;
    ASSAY_TRY(assay_vote_decode(payload, &vote));
    const struct assay_vote_statement *st = &vote.statement;
    if (vote.slot != s->config.self) return ASSAY_E_STRANGER;
    const enum assay_status place = assay_sx_check_position(s, st->chain_id, st->era, st->epoch);
    if (place == ASSAY_E_CHAIN) return place;
    const enum assay_status good = assay_vote_verify(&vote, s->voters);
    /* In another epoch we may have other keys: a log from before our own reincarnation may meet
     * peers that are behind it. Votes that our keys did not sign prove nothing about them, and are
     * no forgery of their sender. */
    if (good == ASSAY_E_SIGNATURE && place != ASSAY_OK) return ASSAY_OK;
    ASSAY_TRY(good);

    bool unknown = place == ASSAY_E_EARLY;
    if (place == ASSAY_OK) {
        const enum assay_vote_type type = assay_vote_kind(st->type);
        const uint64_t last = assay_vote_last(st);
        if (last > answer->floor) answer->floor = last;
        if (st->view < s->final_view) return ASSAY_OK; /* forgotten on purpose */
        /* The same for a view in a range, as far as the log goes. */
        if (last <= s->resume.log_view && !assay_sx_is_counted(s, st)) return ASSAY_OK;
        const struct sx_view *v = assay_sx_find_tally(s, st->type, st->view);
        unknown = v == NULL || !v->cast[type] ||
                  !assay_bytes_equal(v->cast_id[type], st->block_id, 32);
    }
    answer->unknown = answer->unknown || unknown;
    if (unknown && st->epoch > answer->unknown_epoch) answer->unknown_epoch = st->epoch;
    return ASSAY_OK;
}

/* The view below which the answerer has no votes: a final view, which we pass, or a range, in which
 * we may have voted if our log ends before it. */
static void receive_certificate(struct assay_simplex *s, uint16_t from, struct assay_slice payload,
                                struct assay_simplex_actions *out)
{
    struct assay_vote_certificate c;
    if (assay_sx_verify_certificate(s, payload, &c) && assay_vote_span(c.statement.type) > 1) {
        const uint64_t last = assay_vote_last(&c.statement);
        if (last > s->resume.log_view && s->resume.forgotten < last) s->resume.forgotten = last;
        if (s->resume.floor < s->resume.forgotten) s->resume.floor = s->resume.forgotten;
    }
    assay_status_ignore(assay_sx_receive_certificate(s, from, payload, out),
                        "most hold it already; a bad one is no certificate");
}

static bool has_third_answered(const struct assay_simplex *s)
{
    uint64_t weight = 0;
    for (uint32_t seat = 0; seat < s->seat_count; seat++)
        if (s->answered[s->slot_of[seat]]) weight += s->voters->weight[s->slot_of[seat]];
    ASSAY_ASSERT(s->resume.later_bp <= weight && weight <= s->voters->total_weight);
    return assay_third(weight - s->resume.later_bp, s->voters->total_weight);
}

/* A peer in a later epoch has discarded our votes: its answer proves nothing about them. When more
 * than a third is there, an honest node is, and this epoch is over: there is nothing left to vote
 * on, and an incomplete log could only contradict them. */
static void note_later_answer(struct assay_simplex *s, uint16_t from, uint64_t epoch)
{
    ASSAY_ASSERT(s->answered[from] && s->seat_of[from] != UINT16_MAX && epoch > s->base.epoch);
    s->resume.later_bp += s->voters->weight[from];
    if (s->seen_epoch[from] < epoch) s->seen_epoch[from] = epoch;
    if (assay_third(s->resume.later_bp, s->voters->total_weight)) {
        s->halted = true;
        /* No peer can answer this any more: the end of this epoch is fetched at once, not only when
         * votes of the next one arrive. */
        s->behind_epoch = assay_sx_third_epoch(s);
        s->behind_since_ms = s->behind_again_ms = s->now_ms;
    }
    ASSAY_ASSERT(s->resume.later_bp <= s->voters->total_weight);
}

enum assay_status assay_sx_receive_resume_answer(struct assay_simplex *s, uint16_t from,
                                                 struct assay_slice payload,
                                                 struct assay_simplex_actions *out)
{
    struct assay_cursor c = assay_cursor_over(payload.bytes, payload.len);
    struct answer answer = { 0 };
    struct assay_slice certificates[ANSWER_CERTIFICATES_MAX] = { { 0 } };
    uint64_t certificate_count = 0;
    uint64_t epoch = 0;
    uint64_t nonce = 0;
    uint64_t votes = 0;
    ASSAY_TRY(decode_header(s, &c, 6, &epoch, &nonce));
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_VOTE_TYPES, &votes));
    /* Also after the time-out: links may take longer than 4 delta to connect, and a vote that the
     * log lacks must silence this node whenever it is shown. */
    if (s->resume.nonce == 0 || nonce != s->resume.nonce) return ASSAY_E_STALE;
    if (from >= s->voters->count || s->seat_of[from] == UINT16_MAX) return ASSAY_E_STRANGER;
    if (s->answered[from]) return ASSAY_E_DUPLICATE;
    for (uint64_t i = 0; i < votes; i++) {
        struct assay_slice vote = { 0 };
        ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_VOTE_LEN_MAX, &vote));
        ASSAY_TRY(decode_own_vote(s, vote, &answer));
    }
    ASSAY_TRY(assay_cbor_array(&c, ANSWER_CERTIFICATES_MAX, &certificate_count));
    for (uint64_t i = 0; i < certificate_count; i++)
        ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &certificates[i]));
    ASSAY_TRY(assay_cursor_end(&c));
    if (!assay_sx_has_room(s, out, 1, 0)) return ASSAY_E_AGAIN;

    ASSAY_ASSERT(s->running && votes <= ASSAY_VOTE_TYPES);
    s->answered[from] = true;
    if (epoch > s->base.epoch) note_later_answer(s, from, epoch);
    for (uint64_t i = 0; i < certificate_count; i++)
        receive_certificate(s, from, certificates[i], out);
    if (s->resume.floor < answer.floor) s->resume.floor = answer.floor;
    if (answer.unknown) {
        s->halted = true;
        if (s->resume.silent_through < answer.unknown_epoch)
            s->resume.silent_through = answer.unknown_epoch;
        assay_sx_add_action(out, ASSAY_SIMPLEX_ROLLED_BACK)->view = answer.floor;
    }
    if (s->resume.asking && has_third_answered(s)) finish_resume(s, out);
    ASSAY_ASSERT(!answer.unknown || s->halted);
    return ASSAY_OK;
}
