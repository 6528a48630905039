/*
 * services/shares/document.h - documents of clusters and ids in the ledger state (docs/services.md
 * 7.5): document 0 has members, clusters and reshares, document 1 the round of public attempts, and
 * each further one ASSAY_SHARE_DOCUMENT_ROWS rows, so that a changed id changes one of them.
 *
 * Canonical CBOR of the state that records and closes have made. Standings, scores and the epoch,
 * which each close sets again, are not part of it.
 *
 *   0: ["assay/shares/v4", clusters, slots, k, confirmations, ids_max, begun, begin_at,
 *       seatings,
 *       [[member, cluster, convicted, key, node, curve, address, away_until, barred_until,
 *         silent_epoch] ..] of members that are listed, by number,
 *       [[alarm_epoch, alarms, rounds, public_until, ready,
 *         [[member, key, seating, next_era, next key or null] .. by slot]] or null
 * ..]
 *       by cluster,
 *       [[row, cluster, whole, [[slot, digest or null] .. of dealers, by slot],
 *         [[have, digest] .. as they were said], other] or, public,
 *        [row, place, able, dealt, bad, dealers, have, digest or null] ..] of reshares]
 *   1: ["assay/shares/round/v1", phase, cluster, closes, era, takers, out, certified,
 *       [key .. of takers, by slot], [dealing .. of attempts under way, by place and dealer]] or,
 *       without a round, the first alone; a dealing is B, R and a sealed number for each slot
 *   n: ["assay/shares/rows/v4", n,
 *       [[id, owner, author, deleted_epoch, birth era, birth epoch, version, payload, digest,
 *         synced, put_epoch, generation, attempt less the first of its put, origin,
 *         [have .. by cluster], wanted, gone,
 *         tried, due_epoch, [[kind, name] .. of readers]] or, deleted, the first four ..] by row]
 */
#ifndef ASSAY_SERVICES_SHARES_DOCUMENT_H
#define ASSAY_SERVICES_SHARES_DOCUMENT_H

#include "services/shares/cluster.h"

enum {
    ASSAY_SHARE_DOCUMENT_ROWS = 688, /* of one document */
    ASSAY_SHARE_DOCUMENT_FIRST = 2,  /* that has rows */
    ASSAY_SHARE_DOCUMENTS_MAX =
        ASSAY_SHARE_DOCUMENT_FIRST +
        (ASSAY_SHARE_IDS_MAX + ASSAY_SHARE_DOCUMENT_ROWS - 1) / ASSAY_SHARE_DOCUMENT_ROWS,
    ASSAY_SHARE_DOCUMENT_ROW_MAX = 1 + 4 * 34 + 2 + 9 + 9 + 9 + 5 + 1 + 9 + 5 + 3 + 1 +
                                   (1 + 3 * ASSAY_SHARE_CLUSTERS_MAX) + 2 + 3 + 3 + 9 +
                                   (1 + 36 * ASSAY_SHARE_READERS_MAX),
    ASSAY_SHARE_DOCUMENT_CLUSTER_MAX = 1 + 9 + 2 + 9 + 9 + 3 + 1 + 121 * ASSAY_SHARE_SLOTS_MAX,
    ASSAY_SHARE_DOCUMENT_MEMBER_MAX = 1 + 2 + 1 + 1 + 66 + 34 + 34 + 2 + ASSAY_SHARE_ADDRESS_MAX +
                                      27,
    ASSAY_SHARE_DOCUMENT_RESHARE_MAX = 1 + 3 + 1 + 1 + 1 + 36 * ASSAY_SHARE_K_MAX + 1 +
                                       38 * ASSAY_SHARE_DIGESTS_MAX + 3,
    ASSAY_SHARE_DOCUMENT_LEN_MAX = 64 + ASSAY_SHARE_DOCUMENT_ROWS * ASSAY_SHARE_DOCUMENT_ROW_MAX,
};

/* Returns: the number of documents of a registry with that many ids, from 3 on. */
uint32_t assay_share_documents(uint32_t ids_max);
/* At most ASSAY_SHARE_DOCUMENT_LEN_MAX bytes. In: document: below assay_share_documents (asserted).
 * Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_registry_encode(const struct assay_share_registry *r,
                                                            uint32_t document,
                                                            struct assay_writer *w);
/*
 * assay_share_registry_decode - one document, each in any order, once; then
 * assay_share_registry_join.
 * In:      r: of init, with the configuration of the documents; document below
 *          assay_share_documents (asserted)
 * Out:     *r: of no use before join
 * Returns: ASSAY_OK | ASSAY_E_RANGE (also another configuration or number of the document),
 *          ASSAY_E_ENCODING (something does not ascend) | what base/cbor.h says | ASSAY_E_TRAILING
 */
ASSAY_CHECKED enum assay_status assay_share_registry_decode(struct assay_share_registry *r,
                                                            uint32_t document,
                                                            struct assay_slice bytes);
/*
 * assay_share_registry_join - completes a registry after all documents were decoded.
 * Out:     *r, in which no member has a standing before assay_share_registry_set_standing, which
 *          also sets the epoch; undefined unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_INVALID (no fold could have made it)
 */
ASSAY_CHECKED enum assay_status assay_share_registry_join(struct assay_share_registry *r);

#endif
