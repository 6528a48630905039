/*
 * apps/assay/core/store_items.h - decoder of the store items that a running node's admin socket
 * returns.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_STORE_ITEMS_H
#define ASSAY_APPS_ASSAY_CORE_STORE_ITEMS_H

#include "engine/store/store.h"
#include "net/json/json.h"

enum { CLI_ITEMS_LINE = 96 };

/* Bytes of one item; the caller frees them. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_MEMORY |
 * other INPUT statuses */
ASSAY_CHECKED enum assay_status cli_item_value(const struct assay_json *item, uint8_t **bytes,
                                               size_t *len);
/* Where an answer begins; zero: with the first item. */
struct cli_items_position {
    uint64_t era, epoch, skip;
};

/* The request line of the items of a class from a position on. */
void cli_items_request(const char *name, const struct cli_items_position *position,
                       char line[static CLI_ITEMS_LINE]);
/* All items of an answer into the store, and committed. Out: *position: of the next answer, *more:
 * whether there is one; a position that does not advance ends it. Returns: as above |
 * ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status cli_items_put(struct assay_store *store,
                                              enum assay_store_class class_,
                                              const struct assay_json *data,
                                              struct cli_items_position *position, bool *more);

#endif
