/*
 * engine/consensus/simplex_check.c - check of every invariant of Simplex (docs/protocol.md 5), for
 * tests.
 *
 * Aborts on a broken one. Not called on input: our own code establishes these invariants. The views
 * around the running one are checked each time; of views and certificates without end, as a long
 * stall leaves them, a sample: a broken one stays broken.
 */
#include "engine/consensus/simplex_internal.h"

enum { TURNS = 16, AROUND = 3 };

static bool is_sampled(const struct assay_simplex *s, uint64_t number)
{
    return (number + s->now_ms) % TURNS == 0;
}

static void check_own_votes(const struct sx_view *v)
{
    if (v->cast[ASSAY_VOTE_FINALISE]) {
        ASSAY_ASSERT(!v->cast[ASSAY_VOTE_NULLIFY]);
        if (v->nullify != ASSAY_VOTE_NULLIFY) return; /* of a range: F inside it */
        ASSAY_ASSERT(v->cast[ASSAY_VOTE_NOTARISE]);
        ASSAY_ASSERT(assay_bytes_equal(v->cast_id[ASSAY_VOTE_FINALISE],
                                       v->cast_id[ASSAY_VOTE_NOTARISE], 32));
    }
}

static void check_view_certificates(const struct assay_simplex *s, const struct sx_view *v)
{
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
        const uint32_t index = v->certificate[type];
        if (index == SX_NONE) continue;
        ASSAY_ASSERT(index < s->config.certificate_max);
        const struct sx_certificate *certificate = &s->certificates[index];
        ASSAY_ASSERT(certificate->used && certificate->primary);
        ASSAY_ASSERT(certificate->statement.view == v->view);
        ASSAY_ASSERT((size_t)assay_vote_kind(certificate->statement.type) == type);
        ASSAY_ASSERT(assay_vote_last(&certificate->statement) == assay_sx_last_view(v));
        ASSAY_ASSERT(certificate->statement.epoch == s->base.epoch);
        ASSAY_ASSERT(certificate->payload_len <= s->certificate_len);
    }
}

/* Unverified votes repeat a stored certificate of the view, and are not verified as well. */
static void check_unverified(const struct assay_simplex *s, const struct sx_view *v)
{
    for (uint32_t seat = 0; seat < s->seat_count; seat++) {
        const struct sx_received *received = &v->received[seat];
        for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
            if (!received->unverified[type]) continue;
            ASSAY_ASSERT(!received->verified[type]);
            ASSAY_ASSERT(v->certificate[type] != SX_NONE);
            const struct sx_certificate *certificate = &s->certificates[v->certificate[type]];
            ASSAY_ASSERT(
                assay_bytes_equal(certificate->statement.block_id, received->id[type], 32));
        }
        if (received->unverified[ASSAY_VOTE_FINALISE])
            ASSAY_ASSERT(!received->verified[ASSAY_VOTE_NULLIFY] &&
                         !received->unverified[ASSAY_VOTE_NULLIFY]);
    }
}

/* The tallies match the verified votes. */
static void check_sums(const struct assay_simplex *s, const struct sx_view *v)
{
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++) {
        const struct sx_sum *sum = &v->sum[type];
        uint32_t held = 0;
        uint32_t others = 0;
        uint64_t weight = 0;
        for (uint32_t seat = 0; seat < s->seat_count; seat++) {
            const struct sx_received *received = &v->received[seat];
            if (!received->verified[type]) continue;
            const bool same = assay_bytes_equal(received->id[type], sum->id, 32);
            held++;
            others += !same;
            if (same) weight += s->voters->weight[s->slot_of[seat]];
        }
        ASSAY_ASSERT(held == sum->count && others == sum->others);
        ASSAY_ASSERT(weight == sum->weight);
    }
}

static void check_view(const struct assay_simplex *s, const struct sx_view *v)
{
    ASSAY_ASSERT(assay_sx_in_window(s, v->view));
    ASSAY_ASSERT(v->view > s->leader_view || v->has_leader);
    check_own_votes(v);
    check_sums(s, v);
    check_unverified(s, v);
    check_view_certificates(s, v);
    /* Left behind only with a certificate, or by finality above. */
    if (v->view > s->final_view && v->view < s->view)
        ASSAY_ASSERT(v->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE ||
                     assay_sx_find_nullification(s, v->view) != SX_NONE);
    if (v->made) ASSAY_ASSERT(v->asked);
}

static void check_range(const struct assay_simplex *s, const struct sx_view *range)
{
    ASSAY_ASSERT(assay_vote_first(range->nullify, range->view) == range->view);
    if (range->cast[ASSAY_VOTE_NULLIFY]) ASSAY_ASSERT(assay_sx_last_view(range) <= s->x_through);
    if (range->view <= s->final_view) return;
    check_own_votes(range);
    check_sums(s, range);
    check_unverified(s, range);
    check_view_certificates(s, range);
}

static void check_views(const struct assay_simplex *s)
{
    uint64_t ahead = 0;
    for (uint32_t i = 0; i < s->page_count; i++) {
        const struct sx_page *page = &s->pages[i];
        if (page->range.view == 0) continue;
        ahead += page->range.view > s->page_top;
        check_range(s, &page->range);
        for (uint64_t k = 0; k < ASSAY_RANGE_VIEWS; k++) {
            const struct sx_view *v = &page->views[k];
            if (v->view == 0) continue;
            ASSAY_ASSERT(v->view == page->range.view + k);
            /* docs/protocol.md 5.27: no F under an own X of the range. */
            if (v->cast[ASSAY_VOTE_FINALISE]) ASSAY_ASSERT(page->range.cast[ASSAY_VOTE_FINALISE]);
            if (v->view < s->final_view) continue;
            if (v->view + AROUND >= s->view && v->view <= s->view + AROUND) check_view(s, v);
            else if (is_sampled(s, k)) check_view(s, v);
        }
    }
    for (size_t i = 0; i < SX_RANGES_4096; i++)
        if (s->wide[i].view != 0) check_range(s, &s->wide[i]);
    /* Every page up to the running view fits, even if pages ahead are in use. */
    ASSAY_ASSERT(ahead <= s->page_count);
    /* Discarded views are covered by certificates. */
    for (uint64_t at = s->final_view + 1; at < s->view;) {
        const uint32_t covering = assay_sx_find_range_certificate(s, at);
        if (covering == SX_NONE) ASSAY_ASSERT(assay_sx_in_window(s, at));
        at = covering == SX_NONE ? at + 1 : assay_sx_view_after(s, covering);
    }
}

static void check_unstored(const struct assay_simplex *s)
{
    uint32_t unstored = 0;
    for (uint32_t i = 0; i < s->certificate_top; i++) {
        const struct sx_certificate *certificate = &s->certificates[i];
        if (!certificate->used || certificate->stored) continue;
        ASSAY_ASSERT(i >= s->unstored_from);
        unstored++;
    }
    ASSAY_ASSERT(unstored == s->unstored);
}

/* Certificates are found by commitment and by statement: a sample of them each time, since there
 * may be thousands. */
static void check_index(const struct assay_simplex *s)
{
    enum { LOOKED_AT = 4, FEW = 64 };
    if (s->certificate_top <= FEW || is_sampled(s, 0)) check_unstored(s);
    for (uint32_t k = 0; k < LOOKED_AT && k < s->certificate_top; k++) {
        const uint32_t i = (uint32_t)((s->now_ms + k) % s->certificate_top);
        const struct sx_certificate *certificate = &s->certificates[i];
        const struct assay_vote_statement *st = &certificate->statement;
        if (!certificate->used) continue;
        ASSAY_ASSERT(assay_sx_find_certificate(s, certificate->commitment) == i);
        ASSAY_ASSERT(assay_sx_find_statement(s, st->type, st->view, st->block_id) != SX_NONE);
    }
}

void assay_simplex_check(const struct assay_simplex *s)
{
    if (!s->begun) return;
    ASSAY_ASSERT(s->view > 0 && s->final_view <= s->view + s->config.views_max);
    ASSAY_ASSERT(s->handed_view <= s->final_view);
    ASSAY_ASSERT((s->final_view == 0) == (s->final_certificate == SX_NONE));
    /* Above it nothing is certain: where more than a third sign two chains, the other chain's
     * blocks may be lower than the end of the epoch before. The ledger walks down and reports
     * it. */
    if (s->handed_view == 0) ASSAY_ASSERT(s->handed_height == s->base.height);
    if (s->done) ASSAY_ASSERT(s->handed_view == s->final_view);
    if (s->resume.asking) ASSAY_ASSERT(!assay_sx_can_vote(s));
    if (s->running && s->resume.owed) ASSAY_ASSERT(!assay_sx_can_vote(s));

    uint64_t total = 0;
    for (uint32_t seat = 0; seat < s->seat_count; seat++) {
        ASSAY_ASSERT(s->seat_of[s->slot_of[seat]] == seat);
        total += s->voters->weight[s->slot_of[seat]];
    }
    ASSAY_ASSERT(total <= s->voters->total_weight);
    check_index(s);
    ASSAY_ASSERT(s->arena.used <= s->arena.capacity);
    ASSAY_ASSERT(s->early.used <= s->early.capacity);
    if (!s->done && s->view > s->final_view) check_views(s);
}
