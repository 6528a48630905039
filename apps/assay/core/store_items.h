/*
 * apps/assay/core/store_items.h - decoder of the store items that a running node's admin socket
 * returns.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_STORE_ITEMS_H
#define ASSAY_APPS_ASSAY_CORE_STORE_ITEMS_H

#include "engine/store/store.h"
#include "net/json/json.h"

/* Bytes of one item; the caller frees them. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_MEMORY |
 * other INPUT statuses */
ASSAY_CHECKED enum assay_status cli_item_value(const struct assay_json *item, uint8_t **bytes,
                                               size_t *len);
/* All items of an answer into the store, and committed. Out: *last: epoch of the last one.
 * Returns: as above | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status cli_items_put(struct assay_store *store,
                                              enum assay_store_class class_,
                                              const struct assay_json *items, uint64_t *last);

#endif
