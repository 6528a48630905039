/*
 * services/continuity/document.h - a group as the ledger keeps it from epoch to epoch
 * (docs/services.md 1.3.1).
 *
 * Canonical CBOR of what records have made of it. What each close tells anew, standings and scores,
 * is no part of it, so a group of which nobody says anything stays the same bytes: whoever follows
 * the ledger by digests has nothing to fetch.
 *
 *   ["assay/group/v6", group, size, instances_max, phase, changing, view_last, barred, root,
 *    entries, SEATS, SEATS or null,
 *    [epoch, epoch, epoch] of moves for silence, last first,
 *    [[by, by before, cut, missing], ...] by seat of the first,
 *    era closed, closes in it,
 *    [view, [key, ...] by seat, root, entries] of a view that a RECOVER undid, or null,
 *    [[slot, key, curve, address, relists, until, drains, alive, stood], ...] of members that
 *    listed a replica, by slot,
 *    [[instance, birth era, birth epoch, payer, kept | retired << 1, session, author, epoch,
 *      in_epoch,
 *      curve, address], ...] in the order of births]
 *   SEATS: [view, [[slot, key], ...] by seat]
 */
#ifndef ASSAY_SERVICES_CONTINUITY_DOCUMENT_H
#define ASSAY_SERVICES_CONTINUITY_DOCUMENT_H

#include "services/continuity/group.h"

/* Returns: an upper bound of the bytes of a group with so many instances: 180 KiB for 1,024. */
size_t assay_cont_group_len_max(uint32_t instances_max);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_group_encode(const struct assay_cont_group *group,
                                                        struct assay_writer *w);
/*
 * assay_cont_group_decode - the group of a document.
 * In:      home: the document has to be of that group
 * Out:     *group, in which nobody has a standing before assay_cont_group_stand; undefined unless
 *          ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (another group) | ASSAY_E_RANGE, ASSAY_E_INVALID (no fold could
 *          have made it) | what base/cbor.h says | ASSAY_E_TRAILING
 */
ASSAY_CHECKED enum assay_status assay_cont_group_decode(struct assay_slice bytes,
                                                        const struct assay_cont_home *home,
                                                        struct assay_cont_group *group);

#endif
