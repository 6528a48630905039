/*
 * services/shares/cluster_invariants.c - invariants of the share registry (docs/services.md 5.5 to
 * 5.9): asserted after records, validated after decoding.
 */
#include "services/shares/cluster_internal.h"

static bool is_within(uint32_t bits, uint32_t count)
{
    return bits >> count == 0;
}

static bool is_cluster_number(const struct assay_share_registry *r, uint32_t cluster)
{
    return cluster < r->config.clusters && r->cluster[cluster].seated;
}

/* --- members and seats */

static bool are_members_valid(const struct assay_share_registry *r)
{
    static const uint8_t none[32];
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++) {
        const struct assay_share_member *m = &r->member[i];
        const uint64_t marks = m->away_until | m->barred_until | m->silent_epoch;
        if (!m->listed && (m->convicted || marks != 0)) return false;
        if (!m->listed) continue;
        if (m->cluster >= r->config.clusters) return false;
        const bool linked = !assay_bytes_equal(m->curve, none, sizeof m->curve);
        for (uint32_t k = 0; k < i; k++) {
            const struct assay_share_member *other = &r->member[k];
            if (!other->listed) continue;
            if (assay_bytes_equal(other->key, m->key, sizeof m->key)) return false;
            if (linked && assay_bytes_equal(other->curve, m->curve, sizeof m->curve)) return false;
        }
    }
    return true;
}

/* A member has one seat, and a seated key belongs to one member. */
static bool are_seats_distinct(const struct assay_share_seat *a, const struct assay_share_seat *b)
{
    if (a->member == b->member && a->member != ASSAY_SHARE_NO_MEMBER) return false;
    return a->seating != b->seating && !assay_bytes_equal(a->key, b->key, sizeof a->key);
}

static bool is_seat_valid(const struct assay_share_registry *r, uint32_t cluster, uint32_t slot)
{
    const struct assay_share_seat *seat = &r->cluster[cluster].seat[slot];
    if (seat->member > ASSAY_SHARE_NO_MEMBER) return false;
    if (seat->seating == 0 || seat->seating > r->seatings) return false;
    if (!seat->has_next && (seat->next_era != 0 || !assay_bytes_all_zero(seat->next, 32)))
        return false;
    if (seat->member != ASSAY_SHARE_NO_MEMBER && !r->member[seat->member].listed) return false;
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        if (i != seat->member && r->member[i].listed &&
            assay_bytes_equal(r->member[i].key, seat->key, sizeof seat->key))
            return false;
    for (uint32_t c = 0; c <= cluster; c++)
        for (uint32_t i = 0; i < (c == cluster ? slot : r->config.slots); i++)
            if (r->cluster[c].seated && !are_seats_distinct(seat, &r->cluster[c].seat[i]))
                return false;
    return true;
}

static bool are_clusters_valid(const struct assay_share_registry *r)
{
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++) {
        const struct assay_share_cluster *cluster = &r->cluster[c];
        if (!is_within(cluster->ready, r->config.slots)) return false;
        if (!cluster->seated && (cluster->ready != 0 || cluster->alarm_epoch != 0 ||
                                 cluster->public_until != 0 || cluster->rounds != 0))
            return false;
        if (cluster->seated && c >= r->config.clusters) return false;
        for (uint32_t slot = 0; slot < r->config.slots && cluster->seated; slot++)
            if (!is_seat_valid(r, c, slot)) return false;
    }
    return true;
}

/* --- ids */

/* Everything but its charge is cleared. */
static bool is_deleted_valid(const struct assay_share_row *row)
{
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        if (row->have[c] != 0) return false;
    return row->author <= ASSAY_SHARE_NO_MEMBER && row->generation == 1 && row->attempt == 0 &&
           row->origin == 0 && row->put_epoch == 0 && row->deleted_epoch > 0 && !row->synced &&
           row->version == 0 && row->reader_count == 0 && row->birth.era == 0 &&
           row->birth.epoch == 0 && row->reshare == 0 &&
           (row->wanted | row->gone | row->tried) == 0 && row->due_epoch == 0;
}

/* docs/services.md 5.5.1: its record was valid when it was put. */
static bool is_birth_valid(const struct assay_share_row *row)
{
    if (row->deleted_epoch > 0 && row->deleted_epoch >= row->birth.epoch) return false;
    return row->author <= ASSAY_SHARE_NO_MEMBER && row->birth.epoch <= row->put_epoch &&
           row->put_epoch - row->birth.epoch < ASSAY_SHARE_PUT_EPOCHS;
}

/* docs/services.md 5.5: attempt numbers of one put start with its epoch. */
static bool is_row_attempt_valid(const struct assay_share_row *row)
{
    const uint64_t first = assay_share_put_attempt(row->put_epoch);
    if (row->generation == 1) return row->attempt == first;
    return row->attempt >= first && row->attempt - first < UINT16_MAX;
}

static bool is_row_valid(const struct assay_share_registry *r, const struct assay_share_row *row)
{
    if (row->deleted) return is_deleted_valid(row);
    if (!is_birth_valid(row)) return false;
    if (!is_cluster_number(r, row->origin) || row->generation == 0) return false;
    if (row->tried > UINT16_MAX || !is_row_attempt_valid(row)) return false;
    if (row->tried > 0 && row->wanted == 0) return false;
    if (row->due_epoch != 0 && row->tried == 0) return false;
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++) {
        if (!is_within(row->have[c], r->config.slots)) return false;
        if (!is_cluster_number(r, c) && (row->have[c] != 0 || row->wanted >> c & 1)) return false;
        if (!row->synced && c != row->origin && row->have[c] != 0) return false;
    }
    if (!is_within(row->wanted, ASSAY_SHARE_CLUSTERS_MAX)) return false;
    if (!is_within(row->gone, r->config.slots)) return false;
    if (row->synced) return true;
    return row->generation == 1 && row->tried == 0 && row->reshare == 0 && row->version == 0 &&
           assay_share_count_bits(row->have[row->origin]) < r->config.confirmations;
}

static bool are_rows_valid(const struct assay_share_registry *r)
{
    uint32_t synced_count = 0, reshare_count = 0;
    for (uint32_t i = 0; i < r->row_count; i++) {
        const struct assay_share_row *row = &r->row[r->order[i]];
        if (r->order[i] >= r->row_count || !is_row_valid(r, row)) return false;
        if (i > 0 && assay_bytes_compare(r->row[r->order[i - 1]].id, row->id, 32) >= 0)
            return false;
        if (row->reshare > r->reshare_count ||
            (row->reshare != 0 && r->reshare[row->reshare - 1].row != r->order[i]))
            return false;
        synced_count += row->synced;
        reshare_count += row->reshare != 0;
    }
    return synced_count == r->synced_count && reshare_count == r->reshare_count;
}

/* Each slot reported one digest, digests differ, and there are no gaps. */
static bool are_digests_valid(const struct assay_share_reshare *reshare)
{
    uint32_t said = 0;
    for (uint32_t i = 0; i < ASSAY_SHARE_DIGESTS_MAX; i++) {
        if ((reshare->have[i] & said) != 0) return false;
        said |= reshare->have[i];
        if (reshare->have[i] == 0 && !assay_bytes_all_zero(reshare->digest[i], 32)) return false;
        for (uint32_t k = 0; k < i && reshare->have[i] != 0; k++)
            if (reshare->have[k] == 0 ||
                assay_bytes_equal(reshare->digest[k], reshare->digest[i], 32))
                return false;
    }
    if ((reshare->other & said) != 0) return false;
    return reshare->other == 0 || reshare->have[ASSAY_SHARE_DIGESTS_MAX - 1] != 0;
}

/* Dealers have their shares until a slot moves, and then the attempt ends. */
static bool is_reshare_valid(const struct assay_share_registry *r,
                             const struct assay_share_reshare *reshare)
{
    const struct assay_share_row *row = &r->row[reshare->row];
    if (!is_cluster_number(r, reshare->cluster)) return false;
    const uint32_t able = row->have[reshare->cluster] & r->cluster[reshare->cluster].ready;
    const uint32_t said = assay_share_reported_slots(reshare);
    if (row->generation == UINT32_MAX || reshare->generation != row->generation + 1) return false;
    if (row->tried == 0 || reshare->attempt != assay_share_row_attempt(row)) return false;
    if (reshare->is_public) return row->due_epoch != 0; /* the round checks the remaining fields */
    if ((reshare->able | reshare->bad | reshare->place) != 0) return false;
    if (assay_share_count_bits(reshare->dealers) != r->config.k) return false;
    if ((reshare->dealers & ~able) != 0 || (reshare->dealt & ~reshare->dealers) != 0) return false;
    if (!are_digests_valid(reshare) || !is_within(said, r->config.slots)) return false;
    if (assay_share_count_bits(reshare->have[0]) >= r->config.slots) return false;
    return said == 0 || (reshare->have[0] != 0 && reshare->dealt == reshare->dealers);
}

bool assay_share_registry_is_valid(const struct assay_share_registry *r)
{
    if (r->row_count > r->config.ids_max || r->begin_at > r->config.ids_max) return false;
    if (r->reshare_count > ASSAY_SHARE_RESHARES_MAX || r->reshare_count > r->begun) return false;
    if (r->begun > ASSAY_SHARE_BEGUN_MAX) return false;
    if (!are_members_valid(r) || !are_clusters_valid(r) || !are_rows_valid(r)) return false;
    for (uint32_t i = 0; i < r->reshare_count; i++)
        if (!is_reshare_valid(r, &r->reshare[i])) return false;
    return assay_share_round_is_valid(r);
}

void assay_share_registry_check(const struct assay_share_registry *r)
{
    ASSAY_ASSERT(assay_share_registry_is_valid(r));
}
