/*
 * services/shares/cluster_seats.c - assignment of seats and selection of dealers (docs/services.md
 * 5.7, 5.8).
 */
#include "services/shares/cluster_internal.h"

struct assay_share_fact *assay_share_fact_add(struct assay_share_facts *facts,
                                              enum assay_share_fact_kind kind)
{
    ASSAY_ASSERT(facts->count < ASSAY_SHARE_FACTS_MAX);
    struct assay_share_fact *fact = &facts->fact[facts->count++];
    *fact = (struct assay_share_fact){ .kind = kind };
    return fact;
}

uint32_t assay_share_count_bits(uint32_t bits)
{
    uint32_t count = 0;
    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

/* --- slots */

bool assay_share_registry_is_lost(const struct assay_share_registry *r, uint32_t cluster,
                                  uint32_t slot)
{
    ASSAY_ASSERT(cluster < ASSAY_SHARE_CLUSTERS_MAX && slot < ASSAY_SHARE_SLOTS_MAX);
    const struct assay_share_seat *seat = &r->cluster[cluster].seat[slot];
    if (seat->member == ASSAY_SHARE_NO_MEMBER) return true;
    ASSAY_ASSERT(seat->member < ASSAY_SHARE_MEMBERS_MAX);
    const struct assay_share_member *m = &r->member[seat->member];
    return m->standing < ASSAY_SHARE_STAND_WARNING || m->convicted || m->cluster != cluster ||
           m->away_until > r->epoch || !assay_bytes_equal(m->key, seat->key, sizeof seat->key);
}

uint32_t assay_share_active_slots(const struct assay_share_registry *r, uint32_t cluster)
{
    ASSAY_ASSERT(cluster < ASSAY_SHARE_CLUSTERS_MAX);
    uint32_t bits = 0;
    if (!r->cluster[cluster].seated) return 0;
    for (uint32_t slot = 0; slot < r->config.slots; slot++)
        if (!assay_share_registry_is_lost(r, cluster, slot)) bits |= 1u << slot;
    return bits;
}

static bool has_other_seat(const struct assay_share_registry *r, uint32_t member, uint32_t cluster,
                           uint32_t slot, uint32_t filled)
{
    ASSAY_ASSERT(filled <= r->config.slots);
    for (uint32_t c = 0; c < r->config.clusters; c++) {
        const uint32_t count = c == cluster ? filled : r->cluster[c].seated ? r->config.slots : 0;
        for (uint32_t i = 0; i < count; i++)
            if (!(c == cluster && i == slot) && r->cluster[c].seat[i].member == member) return true;
    }
    return false;
}

/* Highest score, then lowest number, among eligible members without another slot; `filled` slots of
 * the cluster have a member. */
static uint32_t find_best_candidate(const struct assay_share_registry *r, uint32_t cluster,
                                    uint32_t slot, uint32_t filled)
{
    ASSAY_ASSERT(cluster < r->config.clusters && slot < r->config.slots);
    uint32_t best = ASSAY_SHARE_MEMBERS_MAX;
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++) {
        const struct assay_share_member *m = &r->member[i];
        if (!m->listed || m->convicted || m->cluster != cluster || m->away_until > r->epoch ||
            m->standing != ASSAY_SHARE_STAND_FULL || has_other_seat(r, i, cluster, slot, filled))
            continue;
        if (best == ASSAY_SHARE_MEMBERS_MAX || m->score > r->member[best].score) best = i;
    }
    return best;
}

static void set_seat(struct assay_share_registry *r, uint32_t cluster, uint32_t slot,
                     uint32_t member, struct assay_share_facts *facts)
{
    ASSAY_ASSERT(member < ASSAY_SHARE_MEMBERS_MAX && r->member[member].listed);
    struct assay_share_seat *seat = &r->cluster[cluster].seat[slot];
    seat->member = member;
    assay_bytes_copy(seat->key, sizeof seat->key, r->member[member].key, sizeof seat->key);
    if (facts == NULL) return;
    seat->seating = ++r->seatings;
    seat->next_era = 0;
    seat->has_next = false;
    assay_bytes_zero(seat->next, sizeof seat->next);
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_SEATED);
    fact->cluster = cluster;
    fact->slot = slot;
    fact->member = member;
    assay_bytes_copy(fact->key, sizeof fact->key, seat->key, sizeof seat->key);
}

/* docs/services.md 5.7: all slots at once, when enough members are eligible. */
static void form_cluster(struct assay_share_registry *r, uint32_t cluster,
                         struct assay_share_facts *facts)
{
    struct assay_share_cluster *c = &r->cluster[cluster];
    ASSAY_ASSERT(!c->seated);
    for (uint32_t slot = 0; slot < r->config.slots; slot++) {
        const uint32_t member = find_best_candidate(r, cluster, slot, slot);
        if (member == ASSAY_SHARE_MEMBERS_MAX) return;
        set_seat(r, cluster, slot, member, NULL);
    }
    c->seated = true;
    for (uint32_t slot = 0; slot < r->config.slots; slot++)
        set_seat(r, cluster, slot, c->seat[slot].member, facts);
}

/* Once an epoch for each reason: none hides another. */
void assay_share_alarm(struct assay_share_registry *r, uint32_t cluster, enum assay_share_why why,
                       struct assay_share_facts *facts)
{
    ASSAY_ASSERT(why > ASSAY_SHARE_WHY_NONE && why <= ASSAY_SHARE_WHY_OLD_SHARES);
    struct assay_share_cluster *c = &r->cluster[cluster];
    if (c->alarm_epoch != r->epoch) c->alarms = 0;
    c->alarm_epoch = r->epoch;
    if ((c->alarms >> why & 1) != 0) return;
    c->alarms |= 1u << why;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_ALARM);
    fact->cluster = cluster;
    fact->why = why;
}

/* docs/services.md 5.7: would every synced id still have `least` shares, in some cluster, when
 * shares of lost slots no longer count? A suspended holder may recover tomorrow, with its share. */
static bool are_ids_kept(const struct assay_share_registry *r, uint32_t least)
{
    ASSAY_ASSERT(least >= r->config.k);
    uint32_t standing[ASSAY_SHARE_CLUSTERS_MAX];
    for (uint32_t c = 0; c < r->config.clusters; c++)
        standing[c] = assay_share_active_slots(r, c);
    for (uint32_t i = 0; i < r->row_count; i++) {
        const struct assay_share_row *row = &r->row[i];
        bool kept = !row->synced;
        for (uint32_t c = 0; c < r->config.clusters && !kept; c++)
            kept = assay_share_count_bits(row->have[c] & standing[c]) >= least;
        if (!kept) return false;
    }
    return true;
}

bool assay_share_seat_may_go(const struct assay_share_registry *r, uint32_t cluster, uint32_t slot)
{
    const uint32_t k = r->config.k, least = r->config.slots > k + 1 ? k + 1 : k;
    return are_ids_kept(r, least) &&
           find_best_candidate(r, cluster, slot, r->config.slots) != ASSAY_SHARE_MEMBERS_MAX;
}

/* The slot's shares are gone with its holder: every id needs a reshare. */
static void reassign_seat(struct assay_share_registry *r, uint32_t cluster, uint32_t slot,
                          uint32_t member, struct assay_share_facts *facts)
{
    ASSAY_ASSERT(assay_share_registry_is_lost(r, cluster, slot));
    const uint32_t bit = 1u << slot;
    set_seat(r, cluster, slot, member, facts);
    r->cluster[cluster].ready &= ~bit;
    for (uint32_t i = 0; i < r->row_count; i++) {
        if (r->row[i].deleted) continue;
        r->row[i].have[cluster] &= ~bit;
        r->row[i].wanted |= 1u << cluster;
        r->row[i].gone |= bit;
    }
    assay_share_round_on_seat_change(r, cluster, slot);
    for (uint32_t i = r->reshare_count; i-- > 0;)
        if (!r->reshare[i].is_public && r->reshare[i].cluster == cluster)
            assay_share_reshare_fail(r, i);
}

void assay_share_assign_seats(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    for (uint32_t c = 0; c < r->config.clusters; c++) {
        if (!r->cluster[c].seated) {
            form_cluster(r, c, facts);
            continue;
        }
        const uint32_t standing = assay_share_active_slots(r, c);
        if (assay_share_count_bits(standing) == r->config.slots) continue;
        if (!are_ids_kept(r, r->config.k)) {
            assay_share_alarm(r, c, ASSAY_SHARE_WHY_FEW, facts);
            continue;
        }
        for (uint32_t slot = 0; slot < r->config.slots; slot++) {
            if (standing >> slot & 1) continue;
            const uint32_t member = find_best_candidate(r, c, slot, r->config.slots);
            if (member == ASSAY_SHARE_MEMBERS_MAX)
                assay_share_alarm(r, c, ASSAY_SHARE_WHY_NO_CANDIDATE, facts);
            else reassign_seat(r, c, slot, member, facts);
        }
    }
}

/* --- reshares */

void assay_share_reshare_remove(struct assay_share_registry *r, uint32_t number)
{
    ASSAY_ASSERT(number < r->reshare_count);
    ASSAY_ASSERT(r->row[r->reshare[number].row].reshare == number + 1);
    r->row[r->reshare[number].row].reshare = 0;
    r->reshare_count--;
    if (number == r->reshare_count) return;
    r->reshare[number] = r->reshare[r->reshare_count];
    r->row[r->reshare[number].row].reshare = number + 1;
}

void assay_share_reshare_fail(struct assay_share_registry *r, uint32_t number)
{
    ASSAY_ASSERT(number < r->reshare_count);
    const struct assay_share_reshare *reshare = &r->reshare[number];
    struct assay_share_row *row = &r->row[reshare->row];
    row->wanted |= 1u << reshare->cluster;
    /* docs/services.md 5.17.1: whatever ended it, including a slot reassigned before the close. */
    if (reshare->whole && row->due_epoch == 0) row->due_epoch = r->epoch;
    assay_share_reshare_remove(r, number);
}

/* k of the eligible slots, others with every attempt, so that a silent one is skipped. */
static uint32_t choose_dealers(uint32_t able, uint32_t k, uint32_t attempt)
{
    const uint32_t count = assay_share_count_bits(able);
    uint32_t number[ASSAY_SHARE_SLOTS_MAX], at = 0, chosen = 0;
    for (uint32_t slot = 0; slot < ASSAY_SHARE_SLOTS_MAX; slot++)
        if (able >> slot & 1) number[at++] = slot;
    ASSAY_ASSERT(at == count && k <= count && attempt > 0);
    for (uint32_t i = 0; i < k; i++)
        chosen |= 1u << number[(attempt - 1 + i) % count];
    ASSAY_ASSERT(assay_share_count_bits(chosen) == k);
    return chosen;
}

/* docs/services.md 5.8: all slots of a cluster must agree, so all need a holder that may act; k of
 * them deal, which are ready and have the current generation. Returns: the eligible ones; 0: not
 * here. */
static uint32_t find_able_dealers(const struct assay_share_registry *r,
                                  const struct assay_share_row *row, uint32_t cluster)
{
    const uint32_t standing = assay_share_active_slots(r, cluster);
    if (assay_share_count_bits(standing) != r->config.slots) return 0;
    const uint32_t able = row->have[cluster] & r->cluster[cluster].ready;
    return assay_share_count_bits(able) >= r->config.k ? able : 0;
}

/* A cluster that reassigned a slot, or any other that is able: a new generation serves all
 * clusters. */
static bool choose_cluster(const struct assay_share_registry *r, const struct assay_share_row *row,
                           uint32_t *cluster, uint32_t *able)
{
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t c = 0; c < r->config.clusters; c++) {
            if ((row->wanted >> c & 1) != (pass == 0)) continue;
            *able = find_able_dealers(r, row, c);
            *cluster = c;
            if (*able != 0) return true;
        }
    return false;
}

static void start_reshare(struct assay_share_registry *r, uint32_t number, uint32_t cluster,
                          uint32_t able, struct assay_share_facts *facts)
{
    struct assay_share_row *row = &r->row[number];
    ASSAY_ASSERT(row->synced && row->reshare == 0);
    ASSAY_ASSERT(r->reshare_count < ASSAY_SHARE_RESHARES_MAX);
    struct assay_share_reshare *reshare = &r->reshare[r->reshare_count++];
    row->reshare = r->reshare_count;
    row->tried++;
    *reshare = (struct assay_share_reshare){
        .row = number,
        .cluster = cluster,
        .generation = row->generation + 1,
        .attempt = assay_share_row_attempt(row),
        .dealers = choose_dealers(able, r->config.k, row->tried),
    };
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_BEGUN);
    fact->cluster = cluster;
    fact->generation = reshare->generation;
    fact->attempt = reshare->attempt;
    fact->dealers = reshare->dealers;
    assay_bytes_copy(fact->id, 32, row->id, 32);
    assay_bytes_copy(fact->digest, 32, row->digest, 32);
}

void assay_share_start_reshares(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    const uint32_t from = r->begin_at;
    for (uint32_t i = 0; i < r->row_count && r->begun < ASSAY_SHARE_BEGUN_MAX &&
                         r->reshare_count < ASSAY_SHARE_RESHARES_MAX;
         i++) {
        const uint32_t number = (from + i) % r->row_count;
        const struct assay_share_row *row = &r->row[number];
        uint32_t cluster = 0, able = 0;
        if (!row->synced || row->wanted == 0 || row->reshare != 0) continue;
        if (row->tried == UINT16_MAX || row->generation == UINT32_MAX) continue;
        if (!choose_cluster(r, row, &cluster, &able)) {
            for (cluster = 0; !(row->wanted >> cluster & 1);)
                cluster++;
            ASSAY_ASSERT(cluster < r->config.clusters);
            assay_share_alarm(r, cluster, ASSAY_SHARE_WHY_NO_DEALERS, facts);
            continue;
        }
        start_reshare(r, number, cluster, able, facts);
        r->begun++;
        r->begin_at = number + 1; /* the next one is behind it: none waits permanently */
    }
}

bool assay_share_registry_has_listed(const struct assay_share_registry *r, uint32_t slot,
                                     uint32_t cluster,
                                     const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    ASSAY_ASSERT(slot < ASSAY_SHARE_MEMBERS_MAX && cluster < ASSAY_SHARE_CLUSTERS_MAX);
    const struct assay_share_member *m = &r->member[slot];
    return m->listed && m->cluster == cluster && assay_bytes_equal(m->key, key, sizeof m->key);
}
