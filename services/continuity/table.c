/*
 * services/continuity/table.c - sorted array of entries with binary search (docs/services.md 1).
 */
#include "services/continuity/table.h"

#include "base/merkle.h"

/* The first place whose instance is not below this one. */
static uint32_t find_place(const struct assay_cont_table *table, const uint8_t instance[static 32])
{
    uint32_t low = 0, high = table->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (assay_bytes_compare(table->entry[middle].instance, instance, 32) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static bool is_at(const struct assay_cont_table *table, uint32_t at,
                  const uint8_t instance[static 32])
{
    ASSAY_ASSERT(table->count <= table->capacity);
    return at < table->count && assay_bytes_equal(table->entry[at].instance, instance, 32);
}

struct assay_cont_entry *assay_cont_table_find(const struct assay_cont_table *table,
                                               const uint8_t instance[static 32])
{
    const uint32_t at = find_place(table, instance);
    return is_at(table, at, instance) ? &table->entry[at] : NULL;
}

struct assay_cont_entry *assay_cont_table_need(struct assay_cont_table *table,
                                               const uint8_t instance[static 32])
{
    const uint32_t at = find_place(table, instance);
    if (is_at(table, at, instance)) return &table->entry[at];
    ASSAY_ASSERT(table->count <= table->capacity);
    if (table->count == table->capacity) return NULL;
    for (uint32_t i = table->count; i > at; i--)
        table->entry[i] = table->entry[i - 1];
    table->count++;
    table->entry[at] = (struct assay_cont_entry){ 0 };
    assay_bytes_copy(table->entry[at].instance, 32, instance, 32);
    return &table->entry[at];
}

enum assay_status assay_cont_table_append(struct assay_cont_table *table,
                                          const struct assay_cont_entry *entry)
{
    if (table->count > 0 && assay_bytes_compare(table->entry[table->count - 1].instance,
                                                entry->instance, 32) >= 0)
        return ASSAY_E_ENCODING;
    if (table->count == table->capacity) return ASSAY_E_FULL;
    ASSAY_ASSERT(table->count < table->capacity);
    table->entry[table->count++] = *entry;
    return ASSAY_OK;
}

void assay_cont_table_copy(struct assay_cont_table *to, const struct assay_cont_table *from)
{
    ASSAY_ASSERT(to != from);
    ASSAY_ASSERT(to->capacity >= from->count);
    for (uint32_t i = 0; i < from->count; i++)
        to->entry[i] = from->entry[i];
    to->count = from->count;
}

enum assay_status assay_cont_table_raise(struct assay_cont_table *to,
                                         const struct assay_cont_table *from)
{
    ASSAY_ASSERT(to != from);
    for (uint32_t i = 0; i < from->count; i++) {
        const struct assay_cont_entry *theirs = &from->entry[i];
        struct assay_cont_entry *mine = assay_cont_table_need(to, theirs->instance);
        if (mine == NULL) return ASSAY_E_FULL;
        if (assay_cont_is_newer(theirs, mine)) {
            mine->writer = theirs->writer;
            mine->index = theirs->index;
            assay_bytes_copy(mine->digest, 32, theirs->digest, 32);
        }
        if (theirs->promised > mine->promised) mine->promised = theirs->promised;
    }
    return ASSAY_OK;
}

void assay_cont_table_root(const struct assay_cont_table *table, uint8_t root[static 32])
{
    struct assay_merkle tree;
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < table->count; i++) {
        uint8_t bytes[ASSAY_CONT_ENTRY_LEN];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_cont_entry_encode(&w, &table->entry[i]);
        ASSAY_ASSERT(!w.full && w.len == sizeof bytes);
        assay_merkle_add(&tree, bytes, sizeof bytes);
    }
    assay_merkle_root(&tree, root);
}
