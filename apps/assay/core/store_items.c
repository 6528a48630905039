/*
 * apps/assay/core/store_items.c - decoder of store items in JSON.
 */
#include "apps/assay/core/store_items.h"

#include <stdlib.h>
#include <string.h>

enum assay_status cli_item_value(const struct assay_json *item, uint8_t **bytes, size_t *len)
{
    const char *hex = assay_json_text(item, "value", "");
    const size_t hex_len = strlen(hex);
    *len = hex_len / 2;
    *bytes = malloc(*len + 1);
    if (*bytes == NULL) return ASSAY_E_MEMORY;
    return hex_len == 0 ? ASSAY_E_SYNTAX : assay_hex_decode(hex, hex_len, *bytes, *len);
}

static enum assay_status put_item(struct assay_store *store, enum assay_store_class class_,
                                  const struct assay_json *item, uint64_t *last)
{
    struct assay_store_key key = { .era = (uint32_t)assay_json_uint(item, "era", 0),
                                   .epoch = assay_json_uint(item, "epoch", 0),
                                   .number = assay_json_uint(item, "number", 0) };
    const char *id = assay_json_text(item, "id", "");
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_hex_decode(id, strlen(id), key.id, sizeof key.id);
    if (status == ASSAY_OK) status = cli_item_value(item, &bytes, &len);
    if (status == ASSAY_OK)
        status = assay_store_put(store, class_, &key, assay_slice_over(bytes, len));
    free(bytes);
    *last = key.epoch;
    return status;
}

enum assay_status cli_items_put(struct assay_store *store, enum assay_store_class class_,
                                const struct assay_json *items, uint64_t *last)
{
    for (size_t i = 0; i < assay_json_count(items); i++)
        ASSAY_TRY(put_item(store, class_, assay_json_at(items, i), last));
    return assay_store_commit(store);
}
