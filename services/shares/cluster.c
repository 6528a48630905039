/*
 * services/shares/cluster.c - ledger state of shares: holder records and epoch closes
 * (docs/services.md 5.5 to 5.9).
 */
#include "base/merkle.h"
#include "services/shares/cluster_internal.h"

static size_t align_up(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_share_registry_size(uint32_t ids_max)
{
    return align_up(sizeof(struct assay_share_registry)) +
           align_up(ids_max * sizeof(struct assay_share_row)) +
           align_up(ids_max * sizeof(uint16_t)) +
           align_up(ASSAY_SHARE_RESHARES_MAX * sizeof(struct assay_share_reshare)) +
           align_up(sizeof(struct assay_share_round));
}

struct assay_share_registry *assay_share_registry_init(void *memory, size_t memory_len,
                                                       const struct assay_share_config *config)
{
    ASSAY_ASSERT(config->clusters > 0 && config->clusters <= ASSAY_SHARE_CLUSTERS_MAX);
    ASSAY_ASSERT(config->k >= ASSAY_SHARE_K_MIN && config->k <= ASSAY_SHARE_K_MAX);
    ASSAY_ASSERT(config->slots >= config->k && config->slots <= ASSAY_SHARE_SLOTS_MAX);
    ASSAY_ASSERT(config->confirmations >= config->k && config->confirmations <= config->slots);
    ASSAY_ASSERT(config->ids_max > 0 && config->ids_max <= ASSAY_SHARE_IDS_MAX);
    ASSAY_ASSERT(memory_len >= assay_share_registry_size(config->ids_max));
    assay_bytes_zero(memory, assay_share_registry_size(config->ids_max));
    struct assay_share_registry *r = memory;
    uint8_t *at = (uint8_t *)memory + align_up(sizeof *r);
    r->config = *config;
    r->row = (struct assay_share_row *)(void *)at;
    at += align_up(config->ids_max * sizeof *r->row);
    r->order = (uint16_t *)(void *)at;
    at += align_up(config->ids_max * sizeof *r->order);
    r->reshare = (struct assay_share_reshare *)(void *)at;
    at += align_up(ASSAY_SHARE_RESHARES_MAX * sizeof *r->reshare);
    r->round = (struct assay_share_round *)(void *)at;
    ASSAY_ASSERT(at + align_up(sizeof *r->round) ==
                 (uint8_t *)memory + assay_share_registry_size(r->config.ids_max));
    return r;
}

void assay_share_registry_copy(struct assay_share_registry *to,
                               const struct assay_share_registry *from)
{
    ASSAY_ASSERT(to != from && from->row_count <= from->config.ids_max);
    struct assay_share_row *const row = to->row;
    uint16_t *const order = to->order;
    struct assay_share_reshare *const reshare = to->reshare;
    struct assay_share_round *const round = to->round;
    ASSAY_ASSERT(to->config.ids_max == from->config.ids_max);
    *to = *from;
    to->round = round;
    to->row = row;
    to->order = order;
    to->reshare = reshare;
    const size_t rows = from->row_count * sizeof *row, orders = from->row_count * sizeof *order;
    const size_t reshares = from->reshare_count * sizeof *reshare;
    assay_bytes_copy(row, rows, from->row, rows);
    assay_bytes_copy(order, orders, from->order, orders);
    assay_bytes_copy(reshare, reshares, from->reshare, reshares);
    if (from->round->phase != ASSAY_SHARE_PHASE_NONE) *round = *from->round;
    else if (round->phase != ASSAY_SHARE_PHASE_NONE) assay_bytes_zero(round, sizeof *round);
}

/* --- ids */

/* The first place whose id is not below this one. */
static uint32_t find_place(const struct assay_share_registry *r, const uint8_t id[static 32])
{
    uint32_t low = 0, high = r->row_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        ASSAY_ASSERT(r->order[middle] < r->config.ids_max);
        if (assay_bytes_compare(r->row[r->order[middle]].id, id, 32) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

struct assay_share_row *assay_share_find_row(const struct assay_share_registry *r,
                                             const uint8_t id[static 32])
{
    const uint32_t at = find_place(r, id);
    if (at == r->row_count) return NULL;
    struct assay_share_row *row = &r->row[r->order[at]];
    return assay_bytes_equal(row->id, id, 32) ? row : NULL;
}

static struct assay_share_row *row_of(const struct assay_share_registry *r,
                                      const uint8_t id[static 32])
{
    struct assay_share_row *row = assay_share_find_row(r, id);
    return row != NULL && !row->deleted ? row : NULL;
}

const struct assay_share_row *assay_share_registry_find(const struct assay_share_registry *r,
                                                        const uint8_t id[static 32])
{
    return row_of(r, id);
}

const struct assay_share_reshare *assay_share_registry_find_reshare(
    const struct assay_share_registry *r, const struct assay_share_row *row)
{
    ASSAY_ASSERT(row->reshare <= r->reshare_count);
    return row->reshare == 0 ? NULL : &r->reshare[row->reshare - 1];
}

bool assay_share_order_add(struct assay_share_registry *r)
{
    ASSAY_ASSERT(r->row_count < r->config.ids_max);
    const uint8_t *const id = r->row[r->row_count].id;
    const uint32_t at = find_place(r, id);
    if (at < r->row_count && assay_bytes_equal(r->row[r->order[at]].id, id, 32)) return false;
    for (uint32_t i = r->row_count; i > at; i--)
        r->order[i] = r->order[i - 1];
    r->order[at] = (uint16_t)r->row_count++;
    return true;
}

/* The last row takes its place. */
static void remove_row(struct assay_share_registry *r, uint32_t number)
{
    ASSAY_ASSERT(number < r->row_count);
    const uint32_t last = r->row_count - 1;
    ASSAY_ASSERT(r->row[number].reshare == 0);
    for (uint32_t i = find_place(r, r->row[number].id); i < last; i++)
        r->order[i] = r->order[i + 1];
    r->row_count = last;
    if (number == last) return;
    r->row[number] = r->row[last];
    r->order[find_place(r, r->row[number].id)] = (uint16_t)number;
    ASSAY_ASSERT(r->row[number].reshare <= r->reshare_count);
    if (r->row[number].reshare != 0) r->reshare[r->row[number].reshare - 1].row = number;
}

void assay_share_leaf(const uint8_t id[static 32], uint32_t generation, uint8_t leaf[static 36])
{
    struct assay_writer w = assay_writer_over(leaf, 36);
    assay_writer_put(&w, id, 32);
    assay_writer_u32be(&w, generation);
    ASSAY_ASSERT(!w.full && w.len == 36);
}

void assay_share_registry_root(const struct assay_share_registry *r, uint8_t root[static 32])
{
    struct assay_merkle tree;
    if (r->root_known) {
        assay_bytes_copy(root, 32, r->root, 32);
        return;
    }
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < r->row_count; i++) {
        const struct assay_share_row *row = &r->row[r->order[i]];
        uint8_t leaf[36];
        if (!row->synced) continue;
        assay_share_leaf(row->id, row->generation, leaf);
        assay_merkle_add(&tree, leaf, sizeof leaf);
    }
    assay_merkle_root(&tree, root);
}

/* --- seats */

bool assay_share_registry_find_seat(const struct assay_share_registry *r,
                                    const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                    uint32_t *cluster, uint32_t *slot)
{
    for (uint32_t c = 0; c < r->config.clusters; c++)
        for (uint32_t i = 0; i < r->config.slots && r->cluster[c].seated; i++) {
            if (!assay_bytes_equal(r->cluster[c].seat[i].key, key, ASSAY_P256_PUBLIC_LEN)) continue;
            *cluster = c;
            *slot = i;
            return !assay_share_registry_is_lost(r, c, i);
        }
    return false;
}

/* docs/services.md 5.7: statements from before a slot was reassigned are void. */
uint32_t assay_share_slot_of(const struct assay_share_registry *r, uint32_t cluster,
                             uint32_t member, uint64_t seating)
{
    if (cluster >= r->config.clusters || !r->cluster[cluster].seated) return r->config.slots;
    for (uint32_t i = 0; i < r->config.slots; i++)
        if (r->cluster[cluster].seat[i].member == member &&
            r->cluster[cluster].seat[i].seating == seating &&
            !assay_share_registry_is_lost(r, cluster, i))
            return i;
    return r->config.slots;
}

static bool is_key_taken(const struct assay_share_registry *r, uint32_t member,
                         const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    ASSAY_ASSERT(member < ASSAY_SHARE_MEMBERS_MAX);
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        if (i != member && r->member[i].listed &&
            assay_bytes_equal(r->member[i].key, key, ASSAY_P256_PUBLIC_LEN))
            return true;
    /* A seated key has shares: no other member may take it over. */
    for (uint32_t c = 0; c < r->config.clusters; c++)
        for (uint32_t i = 0; i < r->config.slots && r->cluster[c].seated; i++)
            if (r->cluster[c].seat[i].member != member &&
                assay_bytes_equal(r->cluster[c].seat[i].key, key, ASSAY_P256_PUBLIC_LEN))
                return true;
    return false;
}

/* A CURVE key identifies one process. Zeros are no key, and link to no process. */
static bool is_curve_taken(const struct assay_share_registry *r, uint32_t member,
                           const uint8_t curve[static 32])
{
    ASSAY_ASSERT(member < ASSAY_SHARE_MEMBERS_MAX);
    static const uint8_t none[32];
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        if (i != member && r->member[i].listed &&
            assay_bytes_equal(r->member[i].curve, curve, 32))
            return !assay_bytes_equal(curve, none, 32);
    return false;
}

static bool is_same_contact(const struct assay_share_member *m,
                            const struct assay_share_holder_record *record)
{
    ASSAY_ASSERT(record->address_len <= ASSAY_SHARE_ADDRESS_MAX);
    return assay_bytes_equal(m->curve, record->curve, 32) &&
           m->address_len == record->address_len &&
           assay_bytes_equal(m->address, record->address, record->address_len);
}

enum assay_share_result assay_share_registry_apply_holder(
    struct assay_share_registry *r, uint32_t member, const uint8_t node[static 32],
    const struct assay_share_holder_record *record, struct assay_share_facts *facts)
{
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX || record->cluster >= r->config.clusters)
        return ASSAY_SHARE_NOT_HERE;
    if (!assay_bytes_equal(record->node, node, sizeof record->node)) return ASSAY_SHARE_NOT_YOURS;
    if (is_key_taken(r, member, record->key)) return ASSAY_SHARE_KEY_TAKEN;
    if (is_curve_taken(r, member, record->curve)) return ASSAY_SHARE_KEY_TAKEN;
    struct assay_share_member *m = &r->member[member];
    const bool same = m->listed && m->cluster == record->cluster &&
                      assay_bytes_equal(m->key, record->key, sizeof m->key);
    if (same && is_same_contact(m, record)) return ASSAY_SHARE_SAME;
    assay_bytes_copy(m->curve, 32, record->curve, 32);
    assay_bytes_copy(m->address, sizeof m->address, record->address, sizeof record->address);
    m->address_len = record->address_len;
    if (same) return ASSAY_SHARE_APPLIED; /* only its address changed */
    m->listed = true;
    m->cluster = record->cluster;
    assay_bytes_copy(m->key, sizeof m->key, record->key, sizeof m->key);
    assay_bytes_copy(m->node, sizeof m->node, node, sizeof m->node);
    assay_share_assign_seats(r, facts);
    assay_share_start_reshares(r, facts);
    return ASSAY_SHARE_APPLIED;
}

/* --- confirmation of ids */

static void set_synced(struct assay_share_registry *r, struct assay_share_row *row,
                       struct assay_share_facts *facts)
{
    if (!row->synced) r->synced_count++;
    row->synced = true;
    r->root_known = false;
    ASSAY_ASSERT(r->synced_count <= r->row_count);
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_SYNCED);
    fact->cluster = row->origin;
    fact->generation = row->generation;
    fact->attempt = row->attempt;
    assay_bytes_copy(fact->id, 32, row->id, 32);
    assay_bytes_copy(fact->digest, 32, row->digest, 32);
}

uint32_t assay_share_needed(const struct assay_share_config *config)
{
    ASSAY_ASSERT(config->k <= config->slots);
    const uint32_t n = config->slots, k = config->k;
    const uint32_t most = n - (n - k) / 2, least = k + 1;
    const uint32_t needed = most > least ? most : least;
    if (n > k + 1 && needed == n) return n - 1; /* a silent slot prevents nothing */
    return needed > n ? n : needed;
}

uint32_t assay_share_reported_slots(const struct assay_share_reshare *reshare)
{
    uint32_t said = reshare->other;
    for (uint32_t i = 0; i < ASSAY_SHARE_DIGESTS_MAX; i++)
        said |= reshare->have[i];
    return said;
}

/* Returns: the digest that enough slots report; ASSAY_SHARE_DIGESTS_MAX: none. */
static uint32_t find_agreed(const struct assay_share_registry *r,
                            const struct assay_share_reshare *reshare)
{
    ASSAY_ASSERT(!reshare->is_public);
    uint32_t i = 0;
    while (i < ASSAY_SHARE_DIGESTS_MAX &&
           assay_share_count_bits(reshare->have[i]) < assay_share_needed(&r->config))
        i++;
    return i;
}

/* docs/services.md 5.8: holders of reassigned slots have a share of the previous generation, and so
 * may those that never confirmed the next one. */
static void alarm_old_shares(struct assay_share_registry *r, const struct assay_share_row *row,
                             uint32_t cluster, uint32_t have, struct assay_share_facts *facts)
{
    ASSAY_ASSERT((have & ~((1u << r->config.slots) - 1)) == 0);
    const uint32_t all = (1u << r->config.slots) - 1;
    if (assay_share_count_bits(row->gone | (all & ~have)) >= r->config.k)
        assay_share_alarm(r, cluster, ASSAY_SHARE_WHY_OLD_SHARES, facts);
}

/* Enough slots have confirmed the next generation: it becomes current, and older ones may be
 * erased. */
void assay_share_reshare_finish(struct assay_share_registry *r, uint32_t number, uint32_t digest,
                                struct assay_share_facts *facts)
{
    ASSAY_ASSERT(number < r->reshare_count && digest < ASSAY_SHARE_DIGESTS_MAX);
    const struct assay_share_reshare *reshare = &r->reshare[number];
    struct assay_share_row *row = &r->row[reshare->row];
    ASSAY_ASSERT(assay_share_count_bits(reshare->have[digest]) >= assay_share_needed(&r->config));
    ASSAY_ASSERT(reshare->generation == row->generation + 1);
    /* Slots that were reassigned during a public attempt: a former holder can read its dealings,
     * and so has a share of this generation, too. */
    const uint32_t out = reshare->is_public ? r->round->out : 0;
    alarm_old_shares(r, row, reshare->cluster, reshare->have[digest], facts);
    row->gone = out;
    row->generation = reshare->generation;
    row->attempt = reshare->attempt;
    row->origin = reshare->cluster;
    /* Any other slot reassigned before this never had a share of it. */
    row->wanted = out != 0 ? 1u << reshare->cluster : 0;
    row->tried = 0;
    row->due_epoch = 0;
    assay_bytes_copy(row->digest, 32, reshare->digest[digest], 32);
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        row->have[c] = c == reshare->cluster ? reshare->have[digest] : 0;
    assay_share_reshare_remove(r, number);
    set_synced(r, row, facts);
}

/* docs/services.md 5.5: a slot counts once, whatever the number of its confirmations. */
static enum assay_share_result apply_have_current(struct assay_share_registry *r,
                                                  struct assay_share_row *row, uint32_t cluster,
                                                  uint32_t slot,
                                                  const struct assay_share_line *line,
                                                  struct assay_share_facts *facts)
{
    ASSAY_ASSERT(cluster < r->config.clusters && slot < r->config.slots);
    if (!row->synced && cluster != row->origin) return ASSAY_SHARE_UNKNOWN;
    if (line->attempt != row->attempt || !assay_bytes_equal(line->digest, row->digest, 32))
        return ASSAY_SHARE_MISMATCH;
    if (row->have[cluster] >> slot & 1) return ASSAY_SHARE_SAME;
    row->have[cluster] |= 1u << slot;
    if (!row->synced && assay_share_count_bits(row->have[cluster]) >= r->config.confirmations)
        set_synced(r, row, facts);
    return ASSAY_SHARE_APPLIED;
}

/* Stores a slot's digest, or counts it apart when there are too many different ones. */
static void note_digest(struct assay_share_reshare *reshare, uint32_t bit,
                        const uint8_t digest[static 32])
{
    ASSAY_ASSERT(bit != 0 &&
                 (assay_share_reported_slots(reshare) & bit) == 0); /* a slot reports once */
    for (uint32_t i = 0; i < ASSAY_SHARE_DIGESTS_MAX; i++) {
        if (reshare->have[i] == 0) assay_bytes_copy(reshare->digest[i], 32, digest, 32);
        if (!assay_bytes_equal(reshare->digest[i], digest, 32)) continue;
        reshare->have[i] |= bit;
        return;
    }
    reshare->other |= bit;
}

/* docs/services.md 5.8: all slots report the same commitments. Where they differ, or some are
 * silent, the close decides with enough of them. */
static enum assay_share_result apply_have_next(struct assay_share_registry *r, uint32_t number,
                                               uint32_t slot, const struct assay_share_line *line,
                                               struct assay_share_facts *facts)
{
    ASSAY_ASSERT(number < r->reshare_count && slot < r->config.slots);
    struct assay_share_reshare *reshare = &r->reshare[number];
    if (reshare->is_public) return assay_share_round_have(r, number, slot, line, facts);
    if (line->attempt != reshare->attempt) return ASSAY_SHARE_UNKNOWN;
    if (reshare->dealt != reshare->dealers) return ASSAY_SHARE_UNKNOWN; /* incomplete */
    if (assay_share_reported_slots(reshare) >> slot & 1) return ASSAY_SHARE_SAME;
    const bool was_one = reshare->have[1] == 0;
    note_digest(reshare, 1u << slot, line->digest);
    if (was_one && reshare->have[1] != 0) {
        struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_SPLIT);
        fact->cluster = reshare->cluster;
        fact->generation = reshare->generation;
        fact->attempt = reshare->attempt;
        assay_bytes_copy(fact->id, 32, line->id, 32);
    }
    if (assay_share_count_bits(reshare->have[0]) == r->config.slots)
        assay_share_reshare_finish(r, number, 0, facts);
    return ASSAY_SHARE_APPLIED;
}

enum assay_share_result assay_share_registry_apply_have(
    struct assay_share_registry *r, uint32_t member, const struct assay_share_list_record *record,
    struct assay_share_facts *facts)
{
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_LIST_MAX);
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    if (record->era != r->era) return ASSAY_SHARE_LATE; /* from before a RECOVER that undid it */
    const uint32_t slot = assay_share_slot_of(r, record->cluster, member, record->seating);
    if (slot == r->config.slots) return ASSAY_SHARE_STRANGER;
    enum assay_share_result last = ASSAY_SHARE_SAME;
    const uint32_t under_way = r->reshare_count;
    bool applied = false;
    /* Its report may have cost it the slot. */
    for (uint32_t i = 0; i < record->count; i++) {
        const struct assay_share_line *line = &record->line[i];
        if (assay_share_slot_of(r, record->cluster, member, record->seating) != slot) break;
        struct assay_share_row *row = row_of(r, line->id);
        const struct assay_share_reshare *reshare =
            row == NULL ? NULL : assay_share_registry_find_reshare(r, row);
        if (row == NULL) last = ASSAY_SHARE_UNKNOWN;
        else if (line->generation == row->generation)
            last = apply_have_current(r, row, record->cluster, slot, line, facts);
        else if (reshare != NULL && line->generation == reshare->generation &&
                 record->cluster == reshare->cluster)
            last = apply_have_next(r, row->reshare - 1, slot, line, facts);
        else last = ASSAY_SHARE_UNKNOWN;
        if (last == ASSAY_SHARE_APPLIED) applied = true;
    }
    if (r->reshare_count < under_way) assay_share_start_reshares(r, facts); /* there is room */
    return applied ? ASSAY_SHARE_APPLIED : last;
}

static enum assay_share_result apply_deal_line(struct assay_share_registry *r, uint32_t cluster,
                                               uint32_t slot, const struct assay_share_line *line,
                                               struct assay_share_facts *facts)
{
    ASSAY_ASSERT(slot < r->config.slots);
    const struct assay_share_row *row = row_of(r, line->id);
    if (row == NULL || row->reshare == 0) return ASSAY_SHARE_UNKNOWN;
    struct assay_share_reshare *reshare = &r->reshare[row->reshare - 1];
    const uint32_t bit = 1u << slot;
    if (reshare->is_public || reshare->cluster != cluster ||
        reshare->generation != line->generation || reshare->attempt != line->attempt)
        return ASSAY_SHARE_UNKNOWN;
    if (!(reshare->dealers & bit)) return ASSAY_SHARE_STRANGER;
    if (reshare->dealt & bit) /* one polynomial per attempt, for all takers */
        return assay_bytes_equal(reshare->dealing[slot], line->digest, 32) ? ASSAY_SHARE_SAME
                                                                           : ASSAY_SHARE_MISMATCH;
    reshare->dealt |= bit;
    ASSAY_ASSERT((reshare->dealt & ~reshare->dealers) == 0);
    assay_bytes_copy(reshare->dealing[slot], 32, line->digest, 32);
    if (reshare->dealt != reshare->dealers) return ASSAY_SHARE_APPLIED;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_DEALT);
    fact->cluster = cluster;
    fact->generation = reshare->generation;
    fact->attempt = reshare->attempt;
    fact->dealers = reshare->dealers;
    assay_bytes_copy(fact->id, 32, row->id, 32);
    return ASSAY_SHARE_APPLIED;
}

enum assay_share_result assay_share_registry_apply_deal(
    struct assay_share_registry *r, uint32_t member, const struct assay_share_list_record *record,
    struct assay_share_facts *facts)
{
    ASSAY_ASSERT(record->count <= ASSAY_SHARE_LIST_MAX);
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    if (record->era != r->era) return ASSAY_SHARE_LATE; /* of an undone attempt */
    const uint32_t slot = assay_share_slot_of(r, record->cluster, member, record->seating);
    if (slot == r->config.slots) return ASSAY_SHARE_STRANGER;
    enum assay_share_result last = ASSAY_SHARE_SAME;
    bool applied = false;
    for (uint32_t i = 0; i < record->count; i++) {
        last = apply_deal_line(r, record->cluster, slot, &record->line[i], facts);
        if (last == ASSAY_SHARE_APPLIED) applied = true;
    }
    return applied ? ASSAY_SHARE_APPLIED : last;
}

/* docs/services.md 5.6: not before it has every synced id. */
enum assay_share_result assay_share_registry_apply_ready(
    struct assay_share_registry *r, uint32_t member, const struct assay_share_ready_record *record,
    struct assay_share_facts *facts)
{
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    if (record->era != r->era) return ASSAY_SHARE_LATE; /* of another era */
    const uint32_t slot = assay_share_slot_of(r, record->cluster, member, record->seating);
    if (slot == r->config.slots || slot != record->slot) return ASSAY_SHARE_STRANGER;
    struct assay_share_cluster *c = &r->cluster[record->cluster];
    if (c->ready >> slot & 1) return ASSAY_SHARE_SAME;
    assay_share_registry_root(r, r->root); /* computed once, until another id is synced */
    r->root_known = true;
    if (record->count != r->synced_count || !assay_bytes_equal(record->digest, r->root, 32))
        return ASSAY_SHARE_MISMATCH;
    c->ready |= 1u << slot;
    ASSAY_ASSERT(c->ready >> r->config.slots == 0);
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_READY);
    fact->cluster = record->cluster;
    fact->slot = slot;
    assay_share_start_reshares(r, facts);
    return ASSAY_SHARE_APPLIED;
}

/* --- readers */

enum assay_share_result assay_share_registry_apply_read(
    struct assay_share_registry *r, const struct assay_share_read_record *record,
    struct assay_share_facts *facts)
{
    facts->count = 0;
    const struct assay_share_row *row = row_of(r, record->id);
    if (row == NULL || !row->synced) return ASSAY_SHARE_UNKNOWN;
    if (!assay_share_row_has_reader(row, &record->reader)) return ASSAY_SHARE_NO_READER;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_READ);
    fact->reader = record->reader;
    fact->generation = row->generation;
    assay_bytes_copy(fact->id, 32, record->id, 32);
    assay_bytes_copy(fact->nonce, 32, record->nonce, 32);
    assay_bytes_copy(fact->box, 32, record->box, 32);
    return ASSAY_SHARE_APPLIED;
}

/* --- epochs */

static void drop_expired_row(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    uint32_t forgotten = 0;
    for (uint32_t i = r->row_count; i-- > 0 && forgotten < ASSAY_SHARE_FORGET_MAX;) {
        struct assay_share_row *row = &r->row[i];
        const bool waits = !row->synced && !row->deleted;
        if (waits && r->epoch - row->put_epoch < ASSAY_SHARE_WAITING_EPOCHS) continue;
        if (waits) {
            struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_FORGOTTEN);
            assay_bytes_copy(fact->id, 32, row->id, 32);
            /* The id may have been put after a deletion, whose records are still valid. */
            if (row->deleted_epoch > 0) assay_share_row_delete(row, row->deleted_epoch);
            else remove_row(r, i);
            forgotten++;
        } else if (row->deleted && r->epoch - row->deleted_epoch >= ASSAY_SHARE_PUT_EPOCHS) {
            remove_row(r, i);
            forgotten++;
        }
    }
}

/* docs/services.md 5.8: a share that no cluster has confirmed for its slot cannot be fetched from
 * any slot: the next generation gives one to every slot. At once when fewer slots have one than a
 * generation starts with, else at one close in eight, so that a silent slot keeps no other slot
 * busy. */
static void request_missing_shares(struct assay_share_registry *r)
{
    const uint32_t all = (1u << r->config.slots) - 1;
    for (uint32_t i = 0; i < r->row_count; i++) {
        struct assay_share_row *row = &r->row[i];
        uint32_t kept = 0;
        for (uint32_t c = 0; c < r->config.clusters; c++)
            kept |= row->have[c];
        ASSAY_ASSERT((kept & ~all) == 0);
        if (!row->synced || kept == all) continue;
        if (assay_share_count_bits(kept) < assay_share_needed(&r->config) ||
            (r->epoch + row->id[31]) % ASSAY_SHARE_WHOLE_EPOCHS == 0)
            row->wanted |= 1u << row->origin;
    }
}

/* docs/services.md 5.8: former holders of a slot have the current generation until there is a next
 * one, which may never be made: so the alarm is raised at every close, not at the reassignment. */
static void alarm_reassigned(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    for (uint32_t i = 0; i < r->row_count; i++) {
        const struct assay_share_row *row = &r->row[i];
        if (row->synced && assay_share_count_bits(row->gone) >= r->config.k)
            assay_share_alarm(r, row->origin, ASSAY_SHARE_WHY_OLD_SHARES, facts);
    }
}

/* Finished, or timed out: another attempt with other dealers. docs/services.md 5.17.1: a public
 * one, when it had the full epoch, or slots of its cluster were silent recently. */
static void close_private(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    for (uint32_t i = r->reshare_count; i-- > 0;) {
        const struct assay_share_reshare *reshare = &r->reshare[i];
        ASSAY_ASSERT(reshare->row < r->row_count);
        struct assay_share_row *row = &r->row[reshare->row];
        if (reshare->is_public) continue;
        const uint32_t digest = find_agreed(r, reshare);
        if (digest < ASSAY_SHARE_DIGESTS_MAX) {
            assay_share_reshare_finish(r, i, digest, facts);
            continue;
        }
        if (r->cluster[reshare->cluster].public_until > r->epoch && row->due_epoch == 0)
            row->due_epoch = r->epoch;
        assay_share_reshare_fail(r, i);
    }
}

void assay_share_registry_set_certified(struct assay_share_registry *r, const bool *certified,
                                        uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_SHARE_MEMBERS_MAX);
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        r->certified[i] = i < count && certified[i];
}

void assay_share_registry_set_era(struct assay_share_registry *r, uint64_t era)
{
    r->era = era;
}

void assay_share_registry_set_standing(struct assay_share_registry *r, uint64_t epoch,
                                       const enum assay_share_standing *standing,
                                       const uint16_t *score, uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_SHARE_MEMBERS_MAX);
    r->epoch = epoch;
    r->members = count;
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++) {
        r->member[i].standing = i < count ? standing[i] : ASSAY_SHARE_STAND_NONE;
        r->member[i].score = i < count ? score[i] : 0;
    }
}

void assay_share_registry_clear_member(struct assay_share_registry *r, uint32_t member)
{
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return;
    r->member[member] = (struct assay_share_member){ 0 };
    for (uint32_t i = 0; i < r->row_count; i++)
        if (r->row[i].author == member) r->row[i].author = ASSAY_SHARE_NO_MEMBER;
    for (uint32_t c = 0; c < r->config.clusters; c++)
        for (uint32_t i = 0; i < r->config.slots && r->cluster[c].seated; i++)
            if (r->cluster[c].seat[i].member == member)
                r->cluster[c].seat[i].member = ASSAY_SHARE_NO_MEMBER;
}

void assay_share_registry_close_epoch(struct assay_share_registry *r, uint64_t epoch,
                                      const enum assay_share_standing *standing,
                                      const uint16_t *score, uint32_t count,
                                      struct assay_share_facts *facts)
{
    ASSAY_ASSERT(epoch > r->epoch);
    facts->count = 0;
    assay_share_registry_set_standing(r, epoch, standing, score, count);
    r->begun = 0;
    close_private(r, facts);
    assay_share_round_close(r, facts);
    r->begun = r->reshare_count; /* those that continue */
    drop_expired_row(r, facts);
    request_missing_shares(r);
    assay_share_assign_seats(r, facts);
    alarm_reassigned(r, facts);
    assay_share_round_start(r, facts);
    const uint32_t public_ones = r->reshare_count;
    assay_share_start_reshares(r, facts);
    for (uint32_t i = public_ones; i < r->reshare_count; i++)
        r->reshare[i].whole = true;
    assay_bytes_zero(r->certified, sizeof r->certified);
    ASSAY_ASSERT(r->begun >= r->reshare_count);
}
