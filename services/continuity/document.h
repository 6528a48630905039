/*
 * services/continuity/document.h - documents of a group in the ledger state (docs/services.md
 * 1.3.1): document 0 has views and members, and each further one ASSAY_CONT_DOCUMENT_ROWS places of
 * rows, so that a changed instance changes one of them, and in the head the root over all rows.
 *
 * Canonical CBOR of the state that records have made. Standings and scores, which each close sets
 * again, are not part of it, so the documents of a group without records stay the same bytes: a
 * node that follows the ledger by digests has nothing to fetch.
 *
 *   0: ["assay/group/v10", group, rows, root over them (row.h), size, instances_max, phase,
 *       changing, view_last, barred, root, entries, SEATS, SEATS or null,
 *       [epoch, epoch, epoch] of moves for silence, last first,
 *       [[by, by before, cut, missing], ...] by seat of the first,
 *       era closed, closes in it,
 *       [view, [[key, contact], ...] by seat, root, entries] of a view that a RECOVER undid, or
 *       null,
 *       [[slot, key, curve, address, relists, until, drains, alive, stood, heard, heard before],
 *        ...] of members that listed a replica, by slot]
 *   n: ["assay/group/rows/v1", group, n,
 *       [[place, instance, birth era, birth epoch, payer, kept | retired << 1, session, author,
 *         epoch, in_epoch, curve, address, lease, shown, renewed], ...] by place]
 *   SEATS: [view, [[slot, key, contact], ...] by seat]; contact: its digest
 */
#ifndef ASSAY_SERVICES_CONTINUITY_DOCUMENT_H
#define ASSAY_SERVICES_CONTINUITY_DOCUMENT_H

#include "services/continuity/row.h"

enum {
    ASSAY_CONT_DOCUMENT_ROWS = 1024, /* places of one document */
    ASSAY_CONT_DOCUMENTS_MAX =
        1 + (ASSAY_CONT_INSTANCES_MAX + ASSAY_CONT_DOCUMENT_ROWS - 1) / ASSAY_CONT_DOCUMENT_ROWS,
    ASSAY_CONT_DOCUMENT_ROW_MAX = 1 + 3 + ASSAY_CONT_ROW_FIELDS_LEN_MAX,
    ASSAY_CONT_DOCUMENT_LEN_MAX = 64 + ASSAY_CONT_DOCUMENT_ROWS * ASSAY_CONT_DOCUMENT_ROW_MAX,
};

/* Returns: the number of documents of a group with that many instances, from 2 on. */
uint32_t assay_cont_documents(uint32_t instances_max);
/* At most ASSAY_CONT_DOCUMENT_LEN_MAX bytes. In: document: below assay_cont_documents (asserted).
 * Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_group_encode(const struct assay_cont_group *group,
                                                        uint32_t document, struct assay_writer *w);
/*
 * assay_cont_group_decode - one document, each in any order, once; then assay_cont_group_join.
 * In:      group: of init, with the size and the instances of the documents; document below
 *          assay_cont_documents (asserted)
 * Out:     *group: of no use before join
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (another group) | ASSAY_E_RANGE (also another size or number of
 *          the document), ASSAY_E_INVALID (no fold could have made it), ASSAY_E_ENCODING (something
 *          does not ascend) | what base/cbor.h says | ASSAY_E_TRAILING
 */
ASSAY_CHECKED enum assay_status assay_cont_group_decode(struct assay_cont_group *group,
                                                        uint32_t document,
                                                        struct assay_slice bytes);
/*
 * assay_cont_rows_read - reads the row count and root of a head; ignores its other items.
 * In:      head: of a digest that the caller trusts (engine/ledger/proofs/proof.h); else any bytes
 * Out:     *rows on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (another group) | ASSAY_E_RANGE (more rows than a group may
 *          have) | as base/cbor.h | ASSAY_E_TRAILING
 */
ASSAY_CHECKED enum assay_status assay_cont_rows_read(uint32_t group, struct assay_slice head,
                                                     struct assay_cont_rows *rows);
/* The view that serves, as the head of a group has it, and the addresses of its replicas. */
struct assay_cont_view {
    struct assay_cont_rows rows;
    enum assay_cont_phase phase;
    struct assay_cont_roster roster; /* FORMING: of no seats */
    /* By seat; address_len 0: no member lists that key with this contact. */
    struct assay_cont_contact contact[ASSAY_CONT_SEATS_MAX];
};
/*
 * assay_cont_view_read - reads these items of a head; ignores the others. For a program that has
 * neither the memory nor the documents for the group.
 * In:      head: of a digest that the caller trusts; else any bytes
 * Out:     *view on ASSAY_OK
 * Returns: as assay_cont_rows_read | ASSAY_E_INVALID (a key has two seats)
 */
ASSAY_CHECKED enum assay_status assay_cont_view_read(uint32_t group, struct assay_slice head,
                                                     struct assay_cont_view *view);
/*
 * assay_cont_group_join - completes a group after all documents were decoded, or after init.
 * Out:     *group, in which no member has a standing before assay_cont_group_set_standing;
 *          undefined unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_INVALID (no fold could have made it)
 */
ASSAY_CHECKED enum assay_status assay_cont_group_join(struct assay_cont_group *group);

#endif
