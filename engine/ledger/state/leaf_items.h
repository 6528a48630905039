/*
 * engine/ledger/state/leaf_items.h - items of a leaf that are encoded in files of their own.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_LEAF_ITEMS_H
#define ASSAY_ENGINE_LEDGER_STATE_LEAF_ITEMS_H

#include "base/cursor.h"
#include "base/writer.h"
#include "scoring/fall.h"

#include <stdbool.h>

/* 32 bytes or null. Out: *has: which of both. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_leaf_read_hash(struct assay_cursor *c, bool *has,
                                                     uint8_t *out);
/* The last fall of a member; null where there was none. */
void assay_leaf_put_fall(struct assay_writer *w, const struct assay_fall *fall);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_leaf_read_fall(struct assay_cursor *c,
                                                     struct assay_fall *fall);

#endif
