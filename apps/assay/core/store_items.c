/*
 * apps/assay/core/store_items.c - decoder of store items in JSON.
 */
#include "apps/assay/core/store_items.h"

#include <inttypes.h>
#include <stdio.h>
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
                                  const struct assay_json *item)
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
    return status;
}

void cli_items_request(const char *name, const struct cli_items_position *position,
                       char line[static CLI_ITEMS_LINE])
{
    (void)snprintf(line, CLI_ITEMS_LINE, "items %s %" PRIu64 " %" PRIu64 " %" PRIu64, name,
                   position->epoch, position->skip, position->era);
}

/* Returns: whether b is beyond a. */
static bool is_beyond(const struct cli_items_position *a, const struct cli_items_position *b)
{
    if (a->era != b->era) return b->era > a->era;
    if (a->epoch != b->epoch) return b->epoch > a->epoch;
    return b->skip > a->skip;
}

enum assay_status cli_items_put(struct assay_store *store, enum assay_store_class class_,
                                const struct assay_json *data, struct cli_items_position *position,
                                bool *more)
{
    const struct assay_json *const items = assay_json_get(data, "items");
    const struct cli_items_position next = { .era = assay_json_uint(data, "next_era", 0),
                                             .epoch = assay_json_uint(data, "next_epoch", 0),
                                             .skip = assay_json_uint(data, "next_skip", 0) };
    *more = assay_json_count(items) > 0 && is_beyond(position, &next);
    if (*more) *position = next;
    for (size_t i = 0; i < assay_json_count(items); i++)
        ASSAY_TRY(put_item(store, class_, assay_json_at(items, i)));
    return assay_store_commit(store);
}
