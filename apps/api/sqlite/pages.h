/*
 * apps/api/sqlite/pages.h - digests of all pages of a database: of the main file, of the frames of
 * its WAL, and of the state that the last commit leaves (docs/services.md 4.4.9).
 *
 * Pages and frames are numbered from 1, as in SQLite. No file is read or written here.
 */
#ifndef ASSAY_APPS_API_SQLITE_PAGES_H
#define ASSAY_APPS_API_SQLITE_PAGES_H

#include "apps/api/sqlite/page_tree.h"

enum {
    ASSAY_SQLITE_WAL_HEADER_LEN = 32,
    ASSAY_SQLITE_FRAME_HEADER_LEN = 24,
    ASSAY_SQLITE_PAGE_MIN = 512,
    ASSAY_SQLITE_PAGE_MAX = 65536,
    ASSAY_SQLITE_STATE_LEN = 52,
};

/* A frame of the WAL: page and, of a commit, the number of pages that the database has then. */
struct assay_sqlite_frame {
    uint8_t header[ASSAY_SQLITE_FRAME_HEADER_LEN];
    bool has_page;   /* its page was written, and has this digest */
    uint32_t before; /* earlier frame of the page that is committed; 0: none */
    assay_sqlite_digest digest;
};

struct assay_sqlite_pages {
    uint32_t page_size;
    uint32_t limit;           /* of the state: later pages of frames are not recorded */
    assay_sqlite_digest zero; /* of a page of zeros */
    struct assay_sqlite_tree state;
    /* The main file, which has `main_count` pages. */
    assay_sqlite_digest *main;
    size_t main_capacity;
    uint32_t main_count;
    /* The WAL: frames up to `committed` are part of the state; `commit_at` is a frame that ends a
     * transaction and is not part of it yet, 0: none. */
    bool has_header;
    uint8_t header[ASSAY_SQLITE_WAL_HEADER_LEN];
    struct assay_sqlite_frame *frames;
    size_t frame_capacity;
    uint32_t frame_count, committed, certified, commit_at;
    uint32_t *last; /* by page: its last committed frame; 0: none */
    size_t last_capacity;
};

/* What a sealed state has. */
struct assay_sqlite_state {
    uint32_t page_size, page_count;
    uint64_t commit;
    assay_sqlite_digest root;
};

/* Out: bytes[ASSAY_SQLITE_STATE_LEN] */
void assay_sqlite_state_encode(const struct assay_sqlite_state *state, uint8_t *bytes);
/* Returns: false of bytes that are no state of this version */
ASSAY_CHECKED bool assay_sqlite_state_decode(struct assay_slice bytes,
                                             struct assay_sqlite_state *state);

uint32_t assay_sqlite_read_u32(const uint8_t *bytes);
/* Returns: whether a database may have pages of that size */
bool assay_sqlite_is_page_size(uint32_t page_size);

void assay_sqlite_pages_init(struct assay_sqlite_pages *pages, uint32_t page_size);
void assay_sqlite_pages_free(struct assay_sqlite_pages *pages);
void assay_sqlite_page_digest(const struct assay_sqlite_pages *pages, const uint8_t *page,
                              assay_sqlite_digest digest);

/* Changes the number of pages of the main file; new ones are zeros. Returns: false without memory
 */
ASSAY_CHECKED bool assay_sqlite_pages_resize_main(struct assay_sqlite_pages *pages, uint32_t count);
/* Begins with the main file alone: its first `count` pages (at most main_count, asserted) are the
 * state, and no frame is committed. Returns: false without memory */
ASSAY_CHECKED bool assay_sqlite_pages_begin(struct assay_sqlite_pages *pages, uint32_t count);
/* Commits frames up to `frame`, which ends a transaction. Memory is for pages up to the limit,
 * whatever the frames say. Returns: false without memory */
ASSAY_CHECKED bool assay_sqlite_pages_commit(struct assay_sqlite_pages *pages, uint32_t frame);
/* Returns: whether a certified frame has this content of the page, so that a checkpoint may write
 * it to the main file */
bool assay_sqlite_pages_is_certified(const struct assay_sqlite_pages *pages, uint32_t page,
                                     const assay_sqlite_digest digest);
/* Returns: whether the main file has all of the state, so that no frame is needed */
bool assay_sqlite_pages_is_checkpointed(const struct assay_sqlite_pages *pages);
/* Forgets all frames. */
void assay_sqlite_pages_clear_wal(struct assay_sqlite_pages *pages);
/* Adds a frame, or replaces the header of one that is not committed. Returns: false without memory,
 * or for a frame that does not follow */
ASSAY_CHECKED bool assay_sqlite_pages_add_frame(struct assay_sqlite_pages *pages, uint32_t frame,
                                                const uint8_t *header);

#endif
