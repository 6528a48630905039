/*
 * apps/api/sqlite/pages.c - digests of all pages of a database.
 */
#include "apps/api/sqlite/pages.h"

#include "base/assert.h"
#include "base/cursor.h"
#include "base/writer.h"

#include <stdlib.h>

enum { STATE_VERSION = 1, COMMIT_AT = 4 };

void assay_sqlite_state_encode(const struct assay_sqlite_state *state, uint8_t *bytes)
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_SQLITE_STATE_LEN);
    assay_writer_u32be(&w, STATE_VERSION);
    assay_writer_u32be(&w, state->page_size);
    assay_writer_u32be(&w, state->page_count);
    assay_writer_u64be(&w, state->commit);
    assay_writer_put(&w, state->root, ASSAY_SQLITE_DIGEST_LEN);
    ASSAY_ASSERT(!w.full && w.len == ASSAY_SQLITE_STATE_LEN);
}

bool assay_sqlite_is_page_size(uint32_t page_size)
{
    return page_size >= ASSAY_SQLITE_PAGE_MIN && page_size <= ASSAY_SQLITE_PAGE_MAX &&
           (page_size & (page_size - 1)) == 0;
}

bool assay_sqlite_state_decode(struct assay_slice bytes, struct assay_sqlite_state *state)
{
    struct assay_cursor c = assay_cursor_over(bytes.bytes, bytes.len);
    uint32_t version = 0;
    return assay_cursor_u32be(&c, &version) == ASSAY_OK && version == STATE_VERSION &&
           assay_cursor_u32be(&c, &state->page_size) == ASSAY_OK &&
           assay_cursor_u32be(&c, &state->page_count) == ASSAY_OK &&
           assay_cursor_u64be(&c, &state->commit) == ASSAY_OK &&
           assay_cursor_copy(&c, state->root, ASSAY_SQLITE_DIGEST_LEN) == ASSAY_OK &&
           assay_cursor_end(&c) == ASSAY_OK && assay_sqlite_is_page_size(state->page_size) &&
           state->page_count > 0;
}

uint32_t assay_sqlite_read_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

void assay_sqlite_page_digest(const struct assay_sqlite_pages *pages, const uint8_t *page,
                              assay_sqlite_digest digest)
{
    const uint8_t label = 0;
    const struct assay_slice pieces[] = { assay_slice_over(&label, 1),
                                          assay_slice_over(page, pages->page_size) };
    assay_sha256_pieces(pieces, 2, digest);
}

void assay_sqlite_pages_init(struct assay_sqlite_pages *pages, uint32_t page_size)
{
    static const uint8_t zeros[ASSAY_SQLITE_PAGE_MAX];
    *pages = (struct assay_sqlite_pages){ .page_size = page_size, .limit = UINT32_MAX };
    assay_sqlite_page_digest(pages, zeros, pages->zero);
}

void assay_sqlite_pages_free(struct assay_sqlite_pages *pages)
{
    assay_sqlite_tree_free(&pages->state);
    free(pages->main);
    free(pages->frames);
    free(pages->last);
    *pages = (struct assay_sqlite_pages){ .page_size = 0 };
}

bool assay_sqlite_pages_resize_main(struct assay_sqlite_pages *pages, uint32_t count)
{
    if (!assay_sqlite_grow((void **)&pages->main, &pages->main_capacity, count,
                           sizeof(assay_sqlite_digest)))
        return false;
    for (uint32_t page = pages->main_count; page < count; page++)
        assay_bytes_copy(pages->main[page], ASSAY_SQLITE_DIGEST_LEN, pages->zero,
                         ASSAY_SQLITE_DIGEST_LEN);
    pages->main_count = count;
    return true;
}

static uint32_t page_of(const struct assay_sqlite_pages *pages, uint32_t frame)
{
    return assay_sqlite_read_u32(pages->frames[frame - 1].header);
}

static void clear_last(struct assay_sqlite_pages *pages)
{
    for (uint32_t frame = 1; frame <= pages->committed; frame++)
        if (page_of(pages, frame) < pages->last_capacity) pages->last[page_of(pages, frame)] = 0;
    pages->committed = pages->certified = pages->commit_at = 0;
}

bool assay_sqlite_pages_begin(struct assay_sqlite_pages *pages, uint32_t count)
{
    ASSAY_ASSERT(count <= pages->main_count);
    clear_last(pages);
    if (!assay_sqlite_tree_resize(&pages->state, count)) return false;
    for (uint32_t page = 1; page <= count; page++)
        assay_sqlite_tree_set(&pages->state, page, pages->main[page - 1]);
    return true;
}

/* Content of a page that a growing database has not written: a frame or the main file of a time
 * when it was as large before, or zeros. A start finds the same one. */
static const uint8_t *find_content(const struct assay_sqlite_pages *pages, uint32_t page)
{
    if (page < pages->last_capacity && pages->last[page] != 0)
        return pages->frames[pages->last[page] - 1].digest;
    return page <= pages->main_count ? pages->main[page - 1] : pages->zero;
}

bool assay_sqlite_pages_commit(struct assay_sqlite_pages *pages, uint32_t frame)
{
    const uint32_t old_count = pages->state.count;
    const uint32_t size = assay_sqlite_read_u32(pages->frames[frame - 1].header + COMMIT_AT);
    const uint32_t count = size < pages->limit ? size : pages->limit;
    const uint32_t first = pages->committed + 1;
    ASSAY_ASSERT(frame > pages->committed && frame <= pages->frame_count);
    for (uint32_t i = first; i <= frame; i++) {
        const uint32_t page = page_of(pages, i);
        pages->committed = i;
        if (page > pages->limit) continue;
        if (!assay_sqlite_grow((void **)&pages->last, &pages->last_capacity, (size_t)page + 1,
                               sizeof *pages->last))
            return false;
        pages->frames[i - 1].before = pages->last[page];
        pages->last[page] = i;
    }
    if (!assay_sqlite_tree_resize(&pages->state, count)) return false;
    for (uint32_t page = old_count + 1; page <= count && page != 0; page++)
        assay_sqlite_tree_set(&pages->state, page, find_content(pages, page));
    for (uint32_t i = first; i <= frame; i++)
        if (page_of(pages, i) <= count)
            assay_sqlite_tree_set(&pages->state, page_of(pages, i), pages->frames[i - 1].digest);
    pages->commit_at = 0;
    return true;
}

bool assay_sqlite_pages_is_certified(const struct assay_sqlite_pages *pages, uint32_t page,
                                     const assay_sqlite_digest digest)
{
    uint32_t frame = page < pages->last_capacity ? pages->last[page] : 0;
    for (; frame != 0; frame = pages->frames[frame - 1].before)
        if (frame <= pages->certified &&
            assay_bytes_equal(pages->frames[frame - 1].digest, digest, ASSAY_SQLITE_DIGEST_LEN))
            return true;
    return false;
}

bool assay_sqlite_pages_is_checkpointed(const struct assay_sqlite_pages *pages)
{
    if (pages->certified != pages->committed) return false;
    for (uint32_t frame = 1; frame <= pages->committed; frame++) {
        const uint32_t page = page_of(pages, frame);
        if (page > pages->state.count) continue;
        if (page > pages->main_count ||
            !assay_bytes_equal(pages->main[page - 1], assay_sqlite_tree_get(&pages->state, page),
                               ASSAY_SQLITE_DIGEST_LEN))
            return false;
    }
    return true;
}

void assay_sqlite_pages_clear_wal(struct assay_sqlite_pages *pages)
{
    clear_last(pages);
    pages->frame_count = 0;
    pages->has_header = false;
}

bool assay_sqlite_pages_add_frame(struct assay_sqlite_pages *pages, uint32_t frame,
                                  const uint8_t *header)
{
    if (frame <= pages->committed || frame > pages->frame_count + 1) return false;
    if (!assay_sqlite_grow((void **)&pages->frames, &pages->frame_capacity, frame,
                           sizeof *pages->frames))
        return false;
    struct assay_sqlite_frame *const f = &pages->frames[frame - 1];
    if (frame > pages->frame_count) {
        *f = (struct assay_sqlite_frame){ .has_page = false };
        pages->frame_count = frame;
    }
    assay_bytes_copy(f->header, sizeof f->header, header, sizeof f->header);
    /* SQLite writes the header of a commit last, also where it rewrites earlier ones. */
    pages->commit_at = assay_sqlite_read_u32(header + COMMIT_AT) != 0 ? frame : 0;
    return true;
}
