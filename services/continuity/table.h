/*
 * services/continuity/table.h - table of a replica's entries, sorted by instance, in memory of the
 * caller. The root is that of RFC 6962 over the entries of 88 bytes.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_TABLE_H
#define ASSAY_SERVICES_CONTINUITY_TABLE_H

#include "services/continuity/entry.h"

struct assay_cont_table {
    uint32_t count;
    uint32_t capacity;
    struct assay_cont_entry *entry; /* strictly ascending by instance */
};

/* Returns: the entry of the instance; NULL when there is none. */
struct assay_cont_entry *assay_cont_table_find(const struct assay_cont_table *table,
                                               const uint8_t instance[static 32]);
/* The same, made of zeros when it is not there. Returns: NULL when the table is full. */
struct assay_cont_entry *assay_cont_table_need(struct assay_cont_table *table,
                                               const uint8_t instance[static 32]);
/* Appends an entry. Returns: ASSAY_OK | ASSAY_E_ENCODING (not above the last) | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_table_append(struct assay_cont_table *table,
                                                        const struct assay_cont_entry *entry);
/* In: to->capacity >= from->count (asserted). */
void assay_cont_table_copy(struct assay_cont_table *to, const struct assay_cont_table *from);
/*
 * assay_cont_table_raise - raises each instance of `to` to the maximum of both tables: the later
 * state, and the higher promise.
 * Returns: ASSAY_OK | ASSAY_E_FULL (more instances than fit; `to` is then undefined)
 */
ASSAY_CHECKED enum assay_status assay_cont_table_raise(struct assay_cont_table *to,
                                                       const struct assay_cont_table *from);
void assay_cont_table_root(const struct assay_cont_table *table, uint8_t root[static 32]);

#endif
