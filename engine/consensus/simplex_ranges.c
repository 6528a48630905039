/*
 * engine/consensus/simplex_ranges.c - window of views, and X over ranges of views.
 *
 * docs/protocol.md 5.21, 5.27. Views are stored in pages of 64, the ranges over which X may be cast
 * at once. A page that was left and has a certificate of its range, or of the 64 ranges around it,
 * is discarded: the certificate is all that is needed of it. So what is held grows with the ranges
 * in which something was nearly final, not with the views that were nullified.
 */
#include "engine/consensus/simplex_internal.h"

static const uint8_t no_block[32] = { 0 };

static uint64_t first_of_page(uint64_t view)
{
    return assay_vote_first(ASSAY_VOTE_NULLIFY_64, view);
}

static uint64_t first_of_pages(uint64_t view)
{
    return assay_vote_first(ASSAY_VOTE_NULLIFY_4096, view);
}

uint64_t assay_sx_last_view(const struct sx_view *v)
{
    return v->view + assay_vote_span(v->nullify) - 1;
}

/* The view that runs, or is about to: finality may have passed it in this very step. */
static uint64_t running_view(const struct assay_simplex *s)
{
    return s->view > s->final_view ? s->view : s->final_view + 1;
}

/* --- pages */

static struct sx_page *find_page(const struct assay_simplex *s, uint64_t view)
{
    ASSAY_ASSERT(view > 0);
    const uint64_t first = first_of_page(view);
    for (uint32_t i = 0; i < s->page_count; i++)
        if (s->pages[i].range.view == first) return &s->pages[i];
    return NULL;
}

/* Pages that the views up to the running one need. */
static uint64_t pages_needed(const struct assay_simplex *s)
{
    uint64_t needed = 0;
    for (uint32_t i = 0; i < s->page_count; i++)
        needed += s->pages[i].range.view != 0 && s->pages[i].range.view <= s->page_top;
    return needed;
}

bool assay_sx_in_window(const struct assay_simplex *s, uint64_t view)
{
    if (view == 0 || view > ASSAY_COUNT_MAX || view < s->final_view) return false;
    if (find_page(s, view) != NULL) return true;
    if (first_of_page(view) <= s->page_top) return false; /* forgotten */
    /* As many pages ahead as fit together: votes of others cannot keep us out of our own views. */
    const uint64_t ahead = (first_of_page(view) - s->page_top) / ASSAY_RANGE_VIEWS;
    return ahead <= s->page_count - pages_needed(s);
}

static void open_view(const struct assay_simplex *s, struct sx_view *v, uint64_t view,
                      enum assay_vote_type nullify)
{
    struct sx_received *received = v->received;
    *v = (struct sx_view){ .view = view, .nullify = nullify, .received = received };
    for (size_t type = 0; type < ASSAY_VOTE_TYPES; type++)
        v->certificate[type] = SX_NONE;
    for (uint32_t seat = 0; seat < s->seat_count; seat++)
        received[seat] = (struct sx_received){ 0 };
}

static struct sx_page *open_page(struct assay_simplex *s, uint64_t view)
{
    struct sx_page *page = find_page(s, view);
    for (uint32_t i = 0; page == NULL && i < s->page_count; i++) {
        if (s->pages[i].range.view != 0) continue;
        page = &s->pages[i];
        open_view(s, &page->range, first_of_page(view), ASSAY_VOTE_NULLIFY_64);
        page->range.certificate[ASSAY_VOTE_NULLIFY] =
            assay_sx_find_statement(s, ASSAY_VOTE_NULLIFY_64, page->range.view, no_block);
    }
    ASSAY_ASSERT(page != NULL); /* assay_sx_in_window, or the running view, which frees one */
    return page;
}

struct sx_view *assay_sx_find_view(const struct assay_simplex *s, uint64_t view)
{
    if (view == 0 || view < s->final_view) return NULL;
    struct sx_page *page = find_page(s, view);
    if (page == NULL) return NULL;
    struct sx_view *v = &page->views[view - page->range.view];
    return v->view == view ? v : NULL;
}

struct sx_view *assay_sx_open_view(struct assay_simplex *s, uint64_t view)
{
    ASSAY_ASSERT(assay_sx_in_window(s, view));

    struct sx_page *page = open_page(s, view);
    struct sx_view *v = &page->views[view - page->range.view];
    if (v->view != view) open_view(s, v, view, ASSAY_VOTE_NULLIFY);
    return v;
}

static void find_notarised(struct assay_simplex *s)
{
    s->notarised_view = 0;
    for (uint32_t i = 0; i < s->page_count; i++) {
        const struct sx_page *page = &s->pages[i];
        for (size_t k = 0; page->range.view != 0 && k < ASSAY_RANGE_VIEWS; k++) {
            const struct sx_view *v = &page->views[k];
            if (v->view > s->notarised_view && v->certificate[ASSAY_VOTE_NOTARISE] != SX_NONE)
                s->notarised_view = v->view;
        }
    }
}

/* Its certificates stay while there is room: a proposal may still name one. */
static void close_page(struct assay_simplex *s, struct sx_page *page)
{
    const uint64_t first = page->range.view;
    const uint64_t last = assay_sx_last_view(&page->range);
    ASSAY_ASSERT(first > 0 && last < running_view(s));
    for (size_t k = 0; k < ASSAY_RANGE_VIEWS; k++) {
        struct sx_view *v = &page->views[k];
        /* Those below the last final view may be gone: they are freed first. */
        for (size_t type = 0; v->view > s->final_view && type < ASSAY_VOTE_TYPES; type++)
            if (v->certificate[type] != SX_NONE)
                s->certificates[v->certificate[type]].primary = false;
        v->view = 0;
    }
    const uint32_t whole = page->range.certificate[ASSAY_VOTE_NULLIFY];
    if (first > s->final_view && whole != SX_NONE &&
        assay_sx_find_range_certificate(s, first) != whole)
        s->certificates[whole].primary = false;
    page->range.view = 0;
    if (s->forgotten_view < last) s->forgotten_view = last;
    if (s->notarised_view >= first && s->notarised_view <= last) find_notarised(s);
}

void assay_sx_close_pages(struct assay_simplex *s)
{
    const uint64_t view = running_view(s);
    for (uint32_t i = 0; i < s->page_count; i++) {
        struct sx_page *page = &s->pages[i];
        const uint64_t last = assay_sx_last_view(&page->range);
        if (page->range.view == 0 || last >= view) continue;
        if (last < s->final_view || assay_sx_find_range_certificate(s, page->range.view) != SX_NONE)
            close_page(s, page);
    }
}

void assay_sx_turn_page(struct assay_simplex *s)
{
    ASSAY_ASSERT(s->view > s->final_view);
    assay_sx_close_pages(s);
    if (s->page_top < first_of_page(s->view)) s->page_top = first_of_page(s->view);
    open_page(s, s->view);
}

void assay_sx_clear_pages(struct assay_simplex *s)
{
    for (uint32_t i = 0; i < s->page_count; i++) {
        s->pages[i].range.view = 0;
        for (size_t k = 0; k < ASSAY_RANGE_VIEWS; k++)
            s->pages[i].views[k].view = 0;
    }
    for (size_t i = 0; i < SX_RANGES_4096; i++)
        s->wide[i].view = 0;
    s->page_top = 0;
    s->forgotten_view = 0;
    s->x_through = 0;
}

/* --- what is counted of ranges */

/* Votes over 64 ranges are counted for the last few such ranges that may be over. */
static struct sx_view *wide_slot(const struct assay_simplex *s, uint64_t view)
{
    return &s->wide[(view - 1) / ASSAY_RANGES_VIEWS % SX_RANGES_4096];
}

static bool wide_counts(const struct assay_simplex *s, uint64_t first)
{
    const uint64_t now = first_of_pages(running_view(s));
    return first <= now && now - first < (uint64_t)SX_RANGES_4096 * ASSAY_RANGES_VIEWS;
}

bool assay_sx_is_counted(const struct assay_simplex *s, const struct assay_vote_statement *st)
{
    if (assay_vote_span(st->type) == 1) return assay_sx_in_window(s, st->view);
    if (st->view <= s->final_view) return false; /* something in it is final */
    return st->type == ASSAY_VOTE_NULLIFY_64 ? assay_sx_in_window(s, st->view)
                                             : wide_counts(s, st->view);
}

static struct sx_view *open_wide(struct assay_simplex *s, uint64_t first)
{
    ASSAY_ASSERT(wide_counts(s, first));
    struct sx_view *wide = wide_slot(s, first);
    ASSAY_ASSERT(wide->view <= first);
    if (wide->view != first) open_view(s, wide, first, ASSAY_VOTE_NULLIFY_4096);
    return wide;
}

struct sx_view *assay_sx_open_tally(struct assay_simplex *s, const struct assay_vote_statement *st)
{
    ASSAY_ASSERT(assay_sx_is_counted(s, st));
    if (st->type == ASSAY_VOTE_NULLIFY_4096) return open_wide(s, st->view);
    if (st->type == ASSAY_VOTE_NULLIFY_64) return &open_page(s, st->view)->range;
    return assay_sx_open_view(s, st->view);
}

struct sx_view *assay_sx_find_tally(const struct assay_simplex *s, enum assay_vote_type type,
                                    uint64_t view)
{
    if (assay_vote_span(type) == 1) return assay_sx_find_view(s, view);
    if (type == ASSAY_VOTE_NULLIFY_4096) {
        struct sx_view *wide = wide_slot(s, view);
        return wide->view == first_of_pages(view) ? wide : NULL;
    }
    struct sx_page *page = find_page(s, view);
    return page == NULL ? NULL : &page->range;
}

struct sx_view *assay_sx_find_range_conflict(const struct assay_simplex *s,
                                             const struct assay_vote_statement *st, uint16_t seat)
{
    if (st->type == ASSAY_VOTE_FINALISE) {
        static const enum assay_vote_type types[] = { ASSAY_VOTE_NULLIFY_64,
                                                      ASSAY_VOTE_NULLIFY_4096 };
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
            struct sx_view *range = assay_sx_find_tally(s, types[i], st->view);
            if (range != NULL && assay_sx_has_vote(range, seat, ASSAY_VOTE_NULLIFY)) return range;
        }
        return NULL;
    }
    for (uint32_t i = 0; assay_vote_span(st->type) > 1 && i < s->page_count; i++) {
        struct sx_page *page = &s->pages[i];
        if (page->range.view == 0 || !assay_vote_covers(st, page->range.view)) continue;
        for (size_t k = 0; k < ASSAY_RANGE_VIEWS; k++)
            if (page->views[k].view != 0 &&
                assay_sx_has_vote(&page->views[k], seat, ASSAY_VOTE_FINALISE))
                return &page->views[k];
    }
    return NULL;
}

/* --- one certificate for many views */

uint32_t assay_sx_find_range_certificate(const struct assay_simplex *s, uint64_t view)
{
    static const enum assay_vote_type types[] = { ASSAY_VOTE_NULLIFY_4096, ASSAY_VOTE_NULLIFY_64 };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const uint64_t first = assay_vote_first(types[i], view);
        if (first <= s->final_view) continue;
        const uint32_t index = assay_sx_find_statement(s, types[i], first, no_block);
        if (index != SX_NONE) return index;
    }
    return SX_NONE;
}

uint32_t assay_sx_find_nullification(const struct assay_simplex *s, uint64_t view)
{
    const uint32_t covering = assay_sx_find_range_certificate(s, view);
    if (covering != SX_NONE) return covering;
    const struct sx_view *v = assay_sx_find_view(s, view);
    return v == NULL ? SX_NONE : v->certificate[ASSAY_VOTE_NULLIFY];
}

uint64_t assay_sx_view_after(const struct assay_simplex *s, uint32_t index)
{
    ASSAY_ASSERT(index < s->certificate_top && s->certificates[index].used);
    return assay_vote_last(&s->certificates[index].statement) + 1;
}

bool assay_sx_can_enter(const struct assay_simplex *s, uint64_t view)
{
    if (!assay_sx_in_window(s, view)) return false;
    if (first_of_page(view) <= s->page_top) return true;
    /* A new page, all of which a proposal may have to name in addition to its present names. */
    uint64_t names = ASSAY_RANGE_VIEWS;
    for (uint64_t at = s->final_view + 1; at < view; names++) {
        const uint32_t covering = assay_sx_find_range_certificate(s, at);
        at = covering == SX_NONE ? at + 1 : assay_sx_view_after(s, covering);
    }
    return names <= ASSAY_BLOCK_NULLS_MAX;
}

/* A node that left every view of it has sent no F in it and sends none: late N and F (5.5) end
 * SX_VIEWS_AHEAD views later, and x_through ends them for good (docs/protocol.md 5.27). */
static void consider_range(struct assay_simplex *s, struct sx_view *range,
                           struct assay_simplex_actions *out)
{
    if (range->cast[ASSAY_VOTE_NULLIFY] || range->cast[ASSAY_VOTE_FINALISE]) return;
    if (range->certificate[ASSAY_VOTE_NULLIFY] != SX_NONE) return;
    if (range->view <= s->final_view || range->view <= s->resume.forgotten) return;
    if (s->view <= assay_sx_last_view(range) + SX_VIEWS_AHEAD) return;
    if (!assay_sx_cast_vote(s, range, ASSAY_VOTE_NULLIFY, no_block, out)) {
        ASSAY_ASSERT(s->starved);
        return;
    }
    /* Views proceed without it, so the network is not stalled: lost votes of older ranges are sent
     * now. */
    for (uint32_t i = 0; i < s->page_count; i++) {
        const struct sx_view *other = &s->pages[i].range;
        if (other->view != 0 && other->certificate[ASSAY_VOTE_NULLIFY] == SX_NONE)
            assay_sx_resend_vote(s, other, ASSAY_VOTE_NULLIFY, out);
    }
}

void assay_sx_consider_ranges(struct assay_simplex *s, struct assay_simplex_actions *out)
{
    if (!assay_sx_can_vote(s) || s->view <= ASSAY_RANGE_VIEWS + SX_VIEWS_AHEAD) return;
    for (uint32_t i = 0; i < s->page_count; i++)
        if (s->pages[i].range.view != 0) consider_range(s, &s->pages[i].range, out);
    uint64_t first = first_of_pages(s->view);
    for (size_t i = 1; i < SX_RANGES_4096 && first > ASSAY_RANGES_VIEWS; i++) {
        first -= ASSAY_RANGES_VIEWS;
        if (first <= s->final_view) return;
        if (assay_sx_find_statement(s, ASSAY_VOTE_NULLIFY_4096, first, no_block) == SX_NONE)
            consider_range(s, open_wide(s, first), out);
    }
}

void assay_sx_note_final_cast(struct assay_simplex *s, uint64_t view)
{
    struct sx_page *page = find_page(s, view);
    if (page != NULL) page->range.cast[ASSAY_VOTE_FINALISE] = true;
    if (wide_counts(s, first_of_pages(view)))
        open_wide(s, first_of_pages(view))->cast[ASSAY_VOTE_FINALISE] = true;
}
