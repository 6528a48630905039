/*
 * host/light/light_group.h - a group of state continuity after the trusted epoch of a light client
 * (docs/services.md 9.6): its view, and the row of one instance.
 *
 * The head of the group is a document that the trusted state names. Bytes are hostile.
 */
#ifndef ASSAY_HOST_LIGHT_LIGHT_GROUP_H
#define ASSAY_HOST_LIGHT_LIGHT_GROUP_H

#include "host/light/light.h"
#include "services/continuity/document.h"

/* The serving view of a group: whose replicas to dial, and by which keys they sign. Phase GONE: its
 * quorum is lost for ever. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (the trusted state does not name
 * the head) | as assay_cont_view_read */
ASSAY_CHECKED enum assay_status assay_light_read_view(const struct assay_light *light,
                                                      uint32_t group, struct assay_slice head,
                                                      struct assay_cont_view *view);
/* What the ledger has of an instance. In: proof: services/continuity/row.h. Returns: ASSAY_OK |
 * ASSAY_E_NOT_FOUND (as above) | as assay_cont_rows_read and assay_cont_row_verify */
ASSAY_CHECKED enum assay_status assay_light_read_row(const struct assay_light *light,
                                                     uint32_t group, struct assay_slice head,
                                                     const uint8_t instance[static 32],
                                                     struct assay_slice proof,
                                                     struct assay_cont_row_proven *row);

#endif
