/*
 * apps/api/sqlite/page_tree.h - hash tree over the digests of a database's pages (docs/services.md
 * 4.4.9).
 *
 * Nodes have 16 children, so that a page costs 34 bytes of memory; setting a page costs its path.
 */
#ifndef ASSAY_APPS_API_SQLITE_PAGE_TREE_H
#define ASSAY_APPS_API_SQLITE_PAGE_TREE_H

#include "base/crypto.h"

enum { ASSAY_SQLITE_DIGEST_LEN = ASSAY_SHA256_LEN, ASSAY_SQLITE_TREE_LEVELS = 9 };

typedef uint8_t assay_sqlite_digest[ASSAY_SQLITE_DIGEST_LEN];

/* Nodes of one height; those in [dirty_from, dirty_to) with a mark are to be computed. */
struct assay_sqlite_level {
    assay_sqlite_digest *nodes;
    uint8_t *dirty;
    size_t capacity, dirty_from, dirty_to;
};

struct assay_sqlite_tree {
    uint32_t count; /* pages */
    struct assay_sqlite_level levels[ASSAY_SQLITE_TREE_LEVELS];
};

void assay_sqlite_tree_free(struct assay_sqlite_tree *tree);
/* Changes the number of pages; digests of new ones are set afterwards. Returns: false without
 * memory */
ASSAY_CHECKED bool assay_sqlite_tree_resize(struct assay_sqlite_tree *tree, uint32_t count);
/* In: page: from 1 to count (asserted) */
void assay_sqlite_tree_set(struct assay_sqlite_tree *tree, uint32_t page,
                           const assay_sqlite_digest digest);
/* Returns: the digest of a page, from 1 to count (asserted) */
const uint8_t *assay_sqlite_tree_get(const struct assay_sqlite_tree *tree, uint32_t page);
/* Out: root; zeros of no page */
void assay_sqlite_tree_root(struct assay_sqlite_tree *tree, assay_sqlite_digest root);

/* Makes room for `needed` items. Returns: false without memory, nothing has changed */
ASSAY_CHECKED bool assay_sqlite_grow(void **items, size_t *capacity, size_t needed, size_t size);

#endif
