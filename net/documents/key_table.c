/*
 * net/documents/key_table.c - lists of workload keys, counted by references.
 */
#include "net/documents/key_table.h"

#include "base/assert.h"

#include <stdlib.h>

/* ------------------------------------------------------------ lists */

enum assay_status assay_authz_list_create(struct assay_slice bytes, const uint8_t root[static 32],
                                          struct assay_authz_list **list)
{
    *list = NULL;
    if (bytes.len > ASSAY_DECLARED_KEYS_LEN_MAX) return ASSAY_E_RANGE;
    struct assay_authz_list *l = malloc(sizeof *l + bytes.len);
    if (l == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(l->bytes, bytes.len, bytes.bytes, bytes.len);
    const enum assay_status status =
        assay_declared_keys_decode(assay_slice_over(l->bytes, bytes.len), &l->keys);
    if (status != ASSAY_OK) {
        free(l);
        return status;
    }
    for (uint32_t i = 0; i < l->keys.count; i++)
        assay_sha256(l->keys.keys[i].spki.bytes, l->keys.keys[i].spki.len, l->spki_sha256[i]);
    assay_bytes_copy(l->root, 32, root, 32);
    atomic_init(&l->references, 1);
    *list = l;
    return ASSAY_OK;
}

struct assay_authz_list *assay_authz_list_share(struct assay_authz_list *list)
{
    if (list != NULL) (void)atomic_fetch_add(&list->references, 1);
    return list;
}

void assay_authz_list_release(struct assay_authz_list **list)
{
    struct assay_authz_list *l = *list;
    *list = NULL;
    if (l != NULL && atomic_fetch_sub(&l->references, 1) == 1) free(l);
}

/* ------------------------------------------------------------ tables */

struct assay_authz_table *assay_authz_table_create(uint32_t count)
{
    struct assay_authz_table *table = calloc(1, sizeof *table + count * sizeof table->rows[0]);
    if (table == NULL) return NULL;
    table->count = count;
    atomic_init(&table->references, 1);
    return table;
}

struct assay_authz_table *assay_authz_table_share(struct assay_authz_table *table)
{
    if (table != NULL) (void)atomic_fetch_add(&table->references, 1);
    return table;
}

void assay_authz_table_release(struct assay_authz_table **table)
{
    struct assay_authz_table *t = *table;
    *table = NULL;
    if (t == NULL || atomic_fetch_sub(&t->references, 1) > 1) return;
    for (uint32_t i = 0; i < t->count; i++) {
        assay_authz_list_release(&t->rows[i].declared);
        assay_authz_list_release(&t->rows[i].certified);
    }
    free(t);
}

/* root: NULL: the state names none. Returns: whether the list is the one of that root. */
static bool is_list_of(const struct assay_authz_list *list, const uint8_t *root)
{
    if (root == NULL) return list == NULL;
    return list != NULL && assay_bytes_equal(list->root, root, 32);
}

static const uint8_t *declared_root(const struct assay_member_keys_snapshot *keys)
{
    return keys->is_declared ? keys->declared_root : NULL;
}

static const uint8_t *certified_root(const struct assay_member_keys_snapshot *keys)
{
    return keys->keys_epoch > 0 ? keys->keys_root : NULL;
}

struct assay_authz_table_row assay_authz_table_row_of(const struct assay_authz_table *table,
                                                      uint32_t slot,
                                                      const struct assay_member_keys_snapshot *keys)
{
    struct assay_authz_table_row row = { NULL, NULL };
    if (table == NULL || slot >= table->count) return row;
    row = table->rows[slot];
    if (!is_list_of(row.declared, declared_root(keys))) row.declared = NULL;
    if (!is_list_of(row.certified, certified_root(keys))) row.certified = NULL;
    return row;
}

bool assay_authz_table_has_lists(const struct assay_authz_table *table, uint32_t slot,
                                 const struct assay_member_keys_snapshot *keys)
{
    const struct assay_authz_table_row row = assay_authz_table_row_of(table, slot, keys);
    return is_list_of(row.declared, declared_root(keys)) &&
           is_list_of(row.certified, certified_root(keys));
}

/* Returns: whether a table has exactly what these members need. */
static bool is_current(const struct assay_authz_table *table,
                       const struct assay_member_keys_snapshot *members, uint32_t count)
{
    if (table == NULL || table->count != count) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!is_list_of(table->rows[i].declared, declared_root(&members[i])) ||
            !is_list_of(table->rows[i].certified, certified_root(&members[i])))
            return false;
    return true;
}

struct update {
    const struct assay_authz_table *old;
    uint32_t loads, missing;
    uint32_t next; /* the slot that found no load left first; UINT32_MAX: none did */
    assay_authz_list_reader *read;
    void *context;
};

/* Returns: a reference; NULL: none is named, or it is not here. */
static struct assay_authz_list *find_list(struct update *u, uint32_t slot, const uint8_t *root,
                                          struct assay_authz_list *other)
{
    struct assay_authz_list *list = NULL;
    if (root == NULL) return NULL;
    if (is_list_of(other, root)) return assay_authz_list_share(other);
    if (u->old != NULL && slot < u->old->count) {
        const struct assay_authz_table_row *row = &u->old->rows[slot];
        if (is_list_of(row->declared, root)) return assay_authz_list_share(row->declared);
        if (is_list_of(row->certified, root)) return assay_authz_list_share(row->certified);
    }
    if (u->loads > 0) {
        u->loads--;
        if (u->read(u->context, slot, root, &list) != ASSAY_OK) list = NULL;
    } else if (u->next == UINT32_MAX) {
        u->next = slot;
    }
    u->missing += list == NULL;
    return list;
}

struct assay_authz_table *assay_authz_table_update(struct assay_authz_table *old,
                                                   const struct assay_member_keys_snapshot *members,
                                                   uint32_t count, uint32_t loads,
                                                   assay_authz_list_reader *read, void *context,
                                                   uint32_t *first, uint32_t *missing)
{
    struct update u = {
        .old = old, .loads = loads, .next = UINT32_MAX, .read = read, .context = context
    };
    *missing = 0;
    if (is_current(old, members, count)) return assay_authz_table_share(old);
    struct assay_authz_table *table = assay_authz_table_create(count);
    if (table == NULL) return NULL;
    for (uint32_t n = 0; n < count; n++) {
        const uint32_t i = (*first % count + n) % count;
        struct assay_authz_table_row *row = &table->rows[i];
        row->declared = find_list(&u, i, declared_root(&members[i]), NULL);
        row->certified = find_list(&u, i, certified_root(&members[i]), row->declared);
    }
    if (u.next != UINT32_MAX) *first = u.next;
    *missing = u.missing;
    return table;
}
