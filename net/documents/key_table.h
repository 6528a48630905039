/*
 * net/documents/key_table.h - lists of workload keys of all members, read from the store:
 * immutable, counted by references, shared by snapshots and threads.
 *
 * docs/protocol.md 2.16.7: a node that lacks a list reports no key of that member as active. So a
 * row has the list of a root, or none, and never that of another root.
 */
#ifndef ASSAY_NET_DOCUMENTS_KEY_TABLE_H
#define ASSAY_NET_DOCUMENTS_KEY_TABLE_H

#include "engine/engine.h"
#include "engine/ledger/state/workload_keys.h"

#include <stdatomic.h>

struct assay_authz_list {
    _Atomic uint32_t references;
    uint8_t root[32];
    struct assay_declared_keys keys;                  /* slices point into bytes */
    uint8_t spki_sha256[ASSAY_DECLARED_KEYS_MAX][32]; /* of keys.keys */
    uint8_t bytes[];
};

/* The lists that the state names of a member. NULL: it names none, or this node lacks it. */
struct assay_authz_table_row {
    struct assay_authz_list *declared, *certified; /* may be the same */
};

struct assay_authz_table {
    _Atomic uint32_t references;
    uint32_t count; /* members */
    struct assay_authz_table_row rows[];
};

/*
 * assay_authz_list_create - one list, whose root the caller has compared.
 * Out:     *list, of one reference
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | INPUT statuses (it is no list)
 */
ASSAY_CHECKED enum assay_status assay_authz_list_create(struct assay_slice bytes,
                                                        const uint8_t root[static 32],
                                                        struct assay_authz_list **list);
/* Accepts NULL. Returns: the list, with one more reference. */
struct assay_authz_list *assay_authz_list_share(struct assay_authz_list *list);
/* Accepts a pointer to NULL; nulls it. */
void assay_authz_list_release(struct assay_authz_list **list);

/* Of empty rows. Returns: a table of one reference, NULL without memory. */
struct assay_authz_table *assay_authz_table_create(uint32_t count);
/* Accepts NULL. Returns: the table, with one more reference. */
struct assay_authz_table *assay_authz_table_share(struct assay_authz_table *table);
/* Accepts a pointer to NULL; nulls it. */
void assay_authz_table_release(struct assay_authz_table **table);

/* The list of one root, read from a store. Out: *list, of one reference. Returns: as
 * assay_authz_list_create | ASSAY_E_NOT_FOUND | ASSAY_E_STORE */
typedef enum assay_status assay_authz_list_reader(void *context, uint32_t slot,
                                                  const uint8_t root[static 32],
                                                  struct assay_authz_list **list);
/*
 * assay_authz_table_update - makes the table that these members need; lists that it has are shared.
 * In:      old: may be NULL; loads: the most lists that are read; *first: the slot whose lists are
 *          read first, so that lists that cannot be read do not use up what others need
 * Out:     *missing: lists that the state names and the new table lacks; *first: for the next time
 * Returns: a table of one reference: the old one, where nothing changes; NULL without memory
 */
struct assay_authz_table *assay_authz_table_update(struct assay_authz_table *old,
                                                   const struct assay_member_keys_snapshot *members,
                                                   uint32_t count, uint32_t loads,
                                                   assay_authz_list_reader *read, void *context,
                                                   uint32_t *first, uint32_t *missing);

/* Lists of a member, as far as their roots are those that the state names. table: may be NULL.
 * Returns: the row; NULL for a list that is not here, or that no state names. */
struct assay_authz_table_row assay_authz_table_row_of(
    const struct assay_authz_table *table, uint32_t slot,
    const struct assay_member_keys_snapshot *keys);
/* Returns: whether both are here, as far as the state names any. */
bool assay_authz_table_has_lists(const struct assay_authz_table *table, uint32_t slot,
                                 const struct assay_member_keys_snapshot *keys);

#endif
