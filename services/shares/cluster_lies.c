/*
 * services/shares/cluster_lies.c - ledger state of shares: proofs that a dealer, a giver or a slot
 * lied, and their effect (docs/services.md 5.9).
 */
#include "services/shares/cluster_internal.h"

static bool is_current(const struct assay_share_row *row, const struct assay_share_piece *piece)
{
    return row->synced && piece->generation == row->generation && piece->attempt == row->attempt;
}

/* The private attempt that a sub-share is of. Returns: NULL: it has ended. */
static const struct assay_share_reshare *find_attempt(const struct assay_share_registry *r,
                                                      const struct assay_share_row *row,
                                                      const struct assay_share_lie_record *record)
{
    const struct assay_share_reshare *reshare = assay_share_registry_find_reshare(r, row);
    return reshare != NULL && !reshare->is_public && reshare->cluster == record->given.cluster &&
                   reshare->generation == record->piece.generation &&
                   reshare->attempt == record->piece.attempt
               ? reshare
               : NULL;
}

/* docs/services.md 5.9: a share that is not on the row's A. Of another generation or attempt it is
 * LATE: the current ledger state proves nothing about it. */
static enum assay_share_result check_false_share(const struct assay_share_row *row,
                                                 const struct assay_share_lie_record *record)
{
    const struct assay_share_piece *piece = &record->piece;
    uint8_t digest[32];
    if (!is_current(row, piece)) return ASSAY_SHARE_LATE;
    assay_share_commitments_digest(&piece->commitments, digest);
    return assay_bytes_equal(digest, row->digest, 32) &&
                   assay_share_verify(&piece->commitments, record->given.slot, &piece->share) ==
                       ASSAY_OK
               ? ASSAY_SHARE_HONEST
               : ASSAY_SHARE_APPLIED;
}

/* docs/services.md 5.9: a sub-share that does not match its dealer's published dealing of the
 * current attempt. Of an ended attempt the ledger has no dealing: LATE. */
static enum assay_share_result check_false_sub_share(const struct assay_share_registry *r,
                                                     const struct assay_share_row *row,
                                                     const struct assay_share_lie_record *record)
{
    ASSAY_ASSERT(record->given.dealer < r->config.slots);
    const struct assay_share_piece *piece = &record->piece;
    const struct assay_share_reshare *reshare = find_attempt(r, row, record);
    uint8_t digest[32];
    if (reshare == NULL) return ASSAY_SHARE_LATE;
    if (!(reshare->dealt >> record->given.dealer & 1)) return ASSAY_SHARE_STRANGER;
    if (record->dealers != reshare->dealers) return ASSAY_SHARE_MISMATCH;
    assay_share_commitments_digest(&record->current, digest);
    if (!assay_bytes_equal(digest, row->digest, 32)) return ASSAY_SHARE_MISMATCH;
    assay_share_commitments_digest(&piece->commitments, digest);
    return assay_bytes_equal(digest, reshare->dealing[record->given.dealer], 32) &&
                   !assay_share_lie_is_valid(record)
               ? ASSAY_SHARE_HONEST
               : ASSAY_SHARE_APPLIED;
}

/* By its type alone: numbers of both kinds are equal after a reshare. Returns: APPLIED for a false
 * share | LATE | STRANGER | MISMATCH | HONEST */
static enum assay_share_result check_false_piece(const struct assay_share_registry *r,
                                                 const struct assay_share_row *row,
                                                 const struct assay_share_lie_record *record)
{
    if (record->given.era != r->era) return ASSAY_SHARE_LATE;
    return record->given.type == ASSAY_SHARE_GIFT_FETCHED ? check_false_share(row, record)
                                                          : check_false_sub_share(r, row, record);
}

/* docs/services.md 5.9: the member that signed it, if it has that slot by the same seating.
 * Returns: ASSAY_SHARE_NO_MEMBER when it does not. */
static uint32_t find_giver(const struct assay_share_registry *r,
                           const struct assay_share_lie_record *record)
{
    ASSAY_ASSERT(record->given.cluster < r->config.clusters);
    const struct assay_share_given *given = &record->given;
    if (given->dealer >= r->config.slots) return ASSAY_SHARE_NO_MEMBER;
    const struct assay_share_seat *seat = &r->cluster[given->cluster].seat[given->dealer];
    if (!assay_bytes_equal(seat->key, record->key, sizeof record->key) ||
        seat->seating != given->seating || seat->member == ASSAY_SHARE_NO_MEMBER)
        return ASSAY_SHARE_NO_MEMBER;
    return assay_bytes_equal(r->member[seat->member].node, given->node, 32) ? seat->member
                                                                            : ASSAY_SHARE_NO_MEMBER;
}

void assay_share_convict(struct assay_share_registry *r, uint32_t cluster, uint32_t slot,
                         const uint8_t id[static 32], struct assay_share_facts *facts)
{
    ASSAY_ASSERT(cluster < r->config.clusters && slot < r->config.slots);
    const uint32_t member = r->cluster[cluster].seat[slot].member;
    if (member == ASSAY_SHARE_NO_MEMBER || r->member[member].convicted) return;
    r->member[member].convicted = true;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_CONVICTED);
    fact->cluster = cluster;
    fact->slot = slot;
    fact->member = member;
    assay_bytes_copy(fact->id, 32, id, 32);
    assay_share_round_convicted(r, cluster, slot);
    for (uint32_t i = r->reshare_count; i-- > 0;)
        if (!r->reshare[i].is_public && r->reshare[i].cluster == cluster &&
            r->reshare[i].dealers >> slot & 1)
            assay_share_reshare_fail(r, i);
}

enum assay_share_result assay_share_registry_apply_lie(struct assay_share_registry *r,
                                                       const struct assay_share_lie_record *record,
                                                       struct assay_share_facts *facts)
{
    facts->count = 0;
    const uint32_t cluster = record->given.cluster, dealer = record->given.dealer;
    if (cluster >= r->config.clusters || !r->cluster[cluster].seated) return ASSAY_SHARE_NOT_HERE;
    const struct assay_share_row *row = assay_share_registry_find(r, record->piece.id);
    if (row == NULL) return ASSAY_SHARE_UNKNOWN;
    const uint32_t member = find_giver(r, record);
    if (member == ASSAY_SHARE_NO_MEMBER) return ASSAY_SHARE_STRANGER;
    if (r->member[member].convicted) return ASSAY_SHARE_SAME;
    const enum assay_share_result result = check_false_piece(r, row, record);
    if (result != ASSAY_SHARE_APPLIED) return result;
    assay_share_convict(r, cluster, dealer, row->id, facts);
    assay_share_assign_seats(r, facts);
    assay_share_start_reshares(r, facts);
    return ASSAY_SHARE_APPLIED;
}

bool assay_share_registry_lie_is_over(const struct assay_share_registry *r,
                                      const struct assay_share_lie_record *record)
{
    const uint32_t cluster = record->given.cluster;
    if (record->given.era != r->era || cluster >= r->config.clusters || !r->cluster[cluster].seated)
        return true;
    const struct assay_share_row *row = assay_share_registry_find(r, record->piece.id);
    const uint32_t member = find_giver(r, record);
    if (row == NULL || member == ASSAY_SHARE_NO_MEMBER || r->member[member].convicted) return true;
    return record->given.type == ASSAY_SHARE_GIFT_FETCHED ? !is_current(row, &record->piece)
                                                          : find_attempt(r, row, record) == NULL;
}

/* docs/services.md 5.9: the sum of an attempt's dealings, from A and the points of each B, whose
 * digests the ledger has. Returns: ASSAY_SHARE_APPLIED and the digest | MISMATCH */
static enum assay_share_result sum_dealings(const struct assay_share_row *row,
                                            const struct assay_share_reshare *reshare,
                                            const struct assay_share_sum_record *record,
                                            uint8_t digest[static 32])
{
    struct assay_share_commitments sum;
    uint32_t i = 0;
    assay_share_commitments_digest(&record->current, digest);
    if (!assay_bytes_equal(digest, row->digest, 32)) return ASSAY_SHARE_MISMATCH;
    if (record->count != assay_share_count_bits(reshare->dealers)) return ASSAY_SHARE_MISMATCH;
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX; slot++) {
        if (!(reshare->dealers >> slot & 1)) continue;
        assay_share_commitments_digest(&record->dealt[i++], digest);
        if (!assay_bytes_equal(digest, reshare->dealing[slot], 32)) return ASSAY_SHARE_MISMATCH;
    }
    ASSAY_ASSERT(i == record->count);
    if (assay_share_commitments_sum(&record->current, record->dealt, record->count, &sum) !=
        ASSAY_OK)
        return ASSAY_SHARE_MISMATCH;
    assay_share_commitments_digest(&sum, digest);
    return ASSAY_SHARE_APPLIED;
}

enum assay_share_result assay_share_registry_apply_sum(struct assay_share_registry *r,
                                                       const struct assay_share_sum_record *record,
                                                       struct assay_share_facts *facts)
{
    uint8_t digest[32];
    facts->count = 0;
    if (record->era != r->era) return ASSAY_SHARE_LATE; /* its numbers are reused */
    const struct assay_share_row *row = assay_share_registry_find(r, record->id);
    if (row == NULL) return ASSAY_SHARE_UNKNOWN;
    const struct assay_share_reshare *under_way = assay_share_registry_find_reshare(r, row);
    if (under_way == NULL || under_way->is_public || under_way->generation != record->generation ||
        under_way->attempt != record->attempt || under_way->dealt != under_way->dealers)
        return ASSAY_SHARE_LATE;
    const struct assay_share_reshare reshare = *under_way; /* it ends with a convicted dealer */
    if (sum_dealings(row, &reshare, record, digest) != ASSAY_SHARE_APPLIED)
        return ASSAY_SHARE_MISMATCH;
    uint32_t right = 0;
    for (uint32_t i = 0; i < ASSAY_SHARE_DIGESTS_MAX; i++)
        if (assay_bytes_equal(reshare.digest[i], digest, 32)) right = reshare.have[i];
    /* Slots with an unrecorded digest may have reported the right one, if no recorded digest is
     * right. */
    const uint32_t wrong =
        assay_share_reported_slots(&reshare) & ~right & ~(right == 0 ? reshare.other : 0u);
    if (wrong == 0) return ASSAY_SHARE_SAME;
    for (uint32_t slot = 0; slot < r->config.slots; slot++)
        if (wrong >> slot & 1) assay_share_convict(r, reshare.cluster, slot, record->id, facts);
    assay_share_assign_seats(r, facts);
    assay_share_start_reshares(r, facts);
    return ASSAY_SHARE_APPLIED;
}
