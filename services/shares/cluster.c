/*
 * services/shares/cluster.c - the fold of shares over the chain (docs/services.md 5.5 to 5.9).
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
           align_up(ASSAY_SHARE_RESHARES_MAX * sizeof(struct assay_share_reshare));
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
    return r;
}

void assay_share_registry_copy(struct assay_share_registry *to,
                               const struct assay_share_registry *from)
{
    struct assay_share_row *const row = to->row;
    uint16_t *const order = to->order;
    struct assay_share_reshare *const reshare = to->reshare;
    ASSAY_ASSERT(to->config.ids_max == from->config.ids_max);
    *to = *from;
    to->row = row;
    to->order = order;
    to->reshare = reshare;
    const size_t rows = from->row_count * sizeof *row, orders = from->row_count * sizeof *order;
    const size_t reshares = from->reshare_count * sizeof *reshare;
    assay_bytes_copy(row, rows, from->row, rows);
    assay_bytes_copy(order, orders, from->order, orders);
    assay_bytes_copy(reshare, reshares, from->reshare, reshares);
}

/* --- ids */

/* The first place whose id is not below this one. */
static uint32_t place(const struct assay_share_registry *r, const uint8_t id[static 32])
{
    uint32_t low = 0, high = r->row_count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (assay_bytes_compare(r->row[r->order[middle]].id, id, 32) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static struct assay_share_row *row_of(const struct assay_share_registry *r,
                                      const uint8_t id[static 32])
{
    const uint32_t at = place(r, id);
    if (at == r->row_count) return NULL;
    struct assay_share_row *row = &r->row[r->order[at]];
    return assay_bytes_equal(row->id, id, 32) ? row : NULL;
}

const struct assay_share_row *assay_share_registry_find(const struct assay_share_registry *r,
                                                        const uint8_t id[static 32])
{
    return row_of(r, id);
}

const struct assay_share_reshare *assay_share_registry_reshare(
    const struct assay_share_registry *r, const struct assay_share_row *row)
{
    return row->reshare == 0 ? NULL : &r->reshare[row->reshare - 1];
}

bool assay_share_order_add(struct assay_share_registry *r)
{
    const uint8_t *const id = r->row[r->row_count].id;
    const uint32_t at = place(r, id);
    if (at < r->row_count && assay_bytes_equal(r->row[r->order[at]].id, id, 32)) return false;
    for (uint32_t i = r->row_count; i > at; i--)
        r->order[i] = r->order[i - 1];
    r->order[at] = (uint16_t)r->row_count++;
    return true;
}

uint32_t assay_share_put_attempt(uint64_t epoch)
{
    return (uint32_t)(epoch % UINT16_MAX) + 1;
}

static struct assay_share_row *row_add(struct assay_share_registry *r, const uint8_t id[static 32])
{
    struct assay_share_row *row = &r->row[r->row_count];
    *row = (struct assay_share_row){ .generation = 1,
                                     .put_epoch = r->epoch,
                                     .attempt = assay_share_put_attempt(r->epoch) };
    assay_bytes_copy(row->id, 32, id, 32);
    ASSAY_ASSERT(assay_share_order_add(r)); /* it was looked for before */
    return row;
}

/* The last row takes its place. */
static void row_remove(struct assay_share_registry *r, uint32_t number)
{
    const uint32_t last = r->row_count - 1;
    ASSAY_ASSERT(r->row[number].reshare == 0);
    for (uint32_t i = place(r, r->row[number].id); i < last; i++)
        r->order[i] = r->order[i + 1];
    r->row_count = last;
    if (number == last) return;
    r->row[number] = r->row[last];
    r->order[place(r, r->row[number].id)] = (uint16_t)number;
    if (r->row[number].reshare != 0) r->reshare[r->row[number].reshare - 1].row = number;
}

void assay_share_leaf(const uint8_t id[static 32], uint32_t generation, uint8_t leaf[static 36])
{
    struct assay_writer w = assay_writer_over(leaf, 36);
    assay_writer_put(&w, id, 32);
    assay_writer_u32be(&w, generation);
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

bool assay_share_registry_seat(const struct assay_share_registry *r,
                               const uint8_t key[static ASSAY_P256_PUBLIC_LEN], uint32_t *cluster,
                               uint32_t *slot)
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

/*
 * docs/services.md 5.7: the slot that a member may speak for, if it was given to it then.
 * Returns: the number of slots when it has none there, or has it anew.
 */
static uint32_t slot_of(const struct assay_share_registry *r, uint32_t cluster, uint32_t member,
                        uint64_t seating)
{
    if (cluster >= r->config.clusters || !r->cluster[cluster].seated) return r->config.slots;
    for (uint32_t i = 0; i < r->config.slots; i++)
        if (r->cluster[cluster].seat[i].member == member &&
            r->cluster[cluster].seat[i].seating == seating &&
            !assay_share_registry_is_lost(r, cluster, i))
            return i;
    return r->config.slots;
}

static bool key_is_taken(const struct assay_share_registry *r, uint32_t member,
                         const uint8_t key[static ASSAY_P256_PUBLIC_LEN])
{
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        if (i != member && r->member[i].listed &&
            assay_bytes_equal(r->member[i].key, key, ASSAY_P256_PUBLIC_LEN))
            return true;
    /* A key that sits keeps shares: nobody else takes it over. */
    for (uint32_t c = 0; c < r->config.clusters; c++)
        for (uint32_t i = 0; i < r->config.slots && r->cluster[c].seated; i++)
            if (r->cluster[c].seat[i].member != member &&
                assay_bytes_equal(r->cluster[c].seat[i].key, key, ASSAY_P256_PUBLIC_LEN))
                return true;
    return false;
}

/* A CURVE key is one process: who it is follows from it. Zeros are no key, and link nobody. */
static bool curve_is_taken(const struct assay_share_registry *r, uint32_t member,
                           const uint8_t curve[static 32])
{
    static const uint8_t none[32];
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        if (i != member && r->member[i].listed &&
            assay_bytes_equal(r->member[i].curve, curve, 32))
            return !assay_bytes_equal(curve, none, 32);
    return false;
}

static bool contact_is(const struct assay_share_member *m,
                       const struct assay_share_holder_record *record)
{
    return assay_bytes_equal(m->curve, record->curve, 32) &&
           m->address_len == record->address_len &&
           assay_bytes_equal(m->address, record->address, record->address_len);
}

enum assay_share_result assay_share_registry_holder(struct assay_share_registry *r, uint32_t member,
                                                    const uint8_t node[static 32],
                                                    const struct assay_share_holder_record *record,
                                                    struct assay_share_facts *facts)
{
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX || record->cluster >= r->config.clusters)
        return ASSAY_SHARE_NOT_HERE;
    if (key_is_taken(r, member, record->key)) return ASSAY_SHARE_KEY_TAKEN;
    if (curve_is_taken(r, member, record->curve)) return ASSAY_SHARE_KEY_TAKEN;
    struct assay_share_member *m = &r->member[member];
    const bool same = m->listed && m->cluster == record->cluster &&
                      assay_bytes_equal(m->key, record->key, sizeof m->key);
    if (same && contact_is(m, record)) return ASSAY_SHARE_SAME;
    assay_bytes_copy(m->curve, 32, record->curve, 32);
    assay_bytes_copy(m->address, sizeof m->address, record->address, sizeof record->address);
    m->address_len = record->address_len;
    if (same) return ASSAY_SHARE_APPLIED; /* it has moved to another address, nothing else */
    m->listed = true;
    m->cluster = record->cluster;
    assay_bytes_copy(m->key, sizeof m->key, record->key, sizeof m->key);
    assay_bytes_copy(m->node, sizeof m->node, node, sizeof m->node);
    assay_share_seats_decide(r, facts);
    assay_share_reshares_begin(r, facts);
    return ASSAY_SHARE_APPLIED;
}

/* --- ids come to be */

enum assay_share_result assay_share_registry_put(struct assay_share_registry *r,
                                                 const struct assay_share_put_record *record,
                                                 struct assay_share_facts *facts)
{
    uint8_t id[32];
    facts->count = 0;
    if (record->cluster >= r->config.clusters || !r->cluster[record->cluster].seated)
        return ASSAY_SHARE_NOT_HERE;
    if (record->k != r->config.k) return ASSAY_SHARE_MISMATCH;
    assay_share_id(record->owner, record->name, id);
    if (row_of(r, id) != NULL) return ASSAY_SHARE_SAME;
    if (r->row_count == r->config.ids_max) return ASSAY_SHARE_NO_ROOM;
    struct assay_share_row *row = row_add(r, id);
    row->origin = record->cluster;
    row->reader_count = record->reader_count;
    for (uint32_t i = 0; i < record->reader_count; i++)
        row->reader[i] = record->reader[i];
    assay_bytes_copy(row->digest, 32, record->digest, 32);
    assay_bytes_copy(row->payload, 32, record->payload, 32);
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_WAITING);
    fact->cluster = row->origin;
    assay_bytes_copy(fact->id, 32, id, 32);
    assay_bytes_copy(fact->digest, 32, row->digest, 32);
    return ASSAY_SHARE_APPLIED;
}

static void synced(struct assay_share_registry *r, struct assay_share_row *row,
                   struct assay_share_facts *facts)
{
    if (!row->synced) r->synced_count++;
    row->synced = true;
    r->root_known = false;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_SYNCED);
    fact->cluster = row->origin;
    fact->generation = row->generation;
    fact->attempt = row->attempt;
    assay_bytes_copy(fact->id, 32, row->id, 32);
    assay_bytes_copy(fact->digest, 32, row->digest, 32);
}

/* All slots keep the next generation: it is the current one, and the older ones may go. */
static void finish(struct assay_share_registry *r, uint32_t number, struct assay_share_facts *facts)
{
    const struct assay_share_reshare *reshare = &r->reshare[number];
    struct assay_share_row *row = &r->row[reshare->row];
    row->generation = reshare->generation;
    row->attempt = reshare->attempt;
    row->origin = reshare->cluster;
    row->wanted = 0; /* whoever lost a slot before this never had a share of it */
    row->tried = 0;
    assay_bytes_copy(row->digest, 32, reshare->digest, 32);
    for (uint32_t c = 0; c < ASSAY_SHARE_CLUSTERS_MAX; c++)
        row->have[c] = c == reshare->cluster ? reshare->have : 0;
    assay_share_reshare_remove(r, number);
    synced(r, row, facts);
}

/* docs/services.md 5.5: a slot counts once, however often it is said. */
static enum assay_share_result have_current(struct assay_share_registry *r,
                                            struct assay_share_row *row, uint32_t cluster,
                                            uint32_t slot, const struct assay_share_line *line,
                                            struct assay_share_facts *facts)
{
    if (!row->synced && cluster != row->origin) return ASSAY_SHARE_UNKNOWN;
    if (line->attempt != row->attempt || !assay_bytes_equal(line->digest, row->digest, 32))
        return ASSAY_SHARE_MISMATCH;
    if (row->have[cluster] >> slot & 1) return ASSAY_SHARE_SAME;
    row->have[cluster] |= 1u << slot;
    if (!row->synced && assay_share_count(row->have[cluster]) >= r->config.confirmations)
        synced(r, row, facts);
    return ASSAY_SHARE_APPLIED;
}

/* docs/services.md 5.8: all slots must have come to the same commitments. */
static enum assay_share_result have_next(struct assay_share_registry *r, uint32_t number,
                                         uint32_t slot, const struct assay_share_line *line,
                                         struct assay_share_facts *facts)
{
    struct assay_share_reshare *reshare = &r->reshare[number];
    const uint32_t bit = 1u << slot;
    if (line->attempt != reshare->attempt) return ASSAY_SHARE_UNKNOWN;
    if (reshare->dealt != reshare->dealers) return ASSAY_SHARE_UNKNOWN; /* of what, then? */
    if ((reshare->have | reshare->other) & bit) return ASSAY_SHARE_SAME;
    if (reshare->have == 0) assay_bytes_copy(reshare->digest, 32, line->digest, 32);
    if (assay_bytes_equal(reshare->digest, line->digest, 32)) reshare->have |= bit;
    else reshare->other |= bit;
    if (assay_share_count(reshare->have | reshare->other) < r->config.slots)
        return ASSAY_SHARE_APPLIED;
    if (reshare->other == 0) finish(r, number, facts);
    else assay_share_reshare_fail(r, number); /* somebody lies; others deal the next attempt */
    return ASSAY_SHARE_APPLIED;
}

enum assay_share_result assay_share_registry_have(struct assay_share_registry *r, uint32_t member,
                                                  const struct assay_share_list_record *record,
                                                  struct assay_share_facts *facts)
{
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    const uint32_t slot = slot_of(r, record->cluster, member, record->seating);
    if (slot == r->config.slots) return ASSAY_SHARE_STRANGER;
    enum assay_share_result last = ASSAY_SHARE_SAME;
    const uint32_t under_way = r->reshare_count;
    bool applied = false;
    for (uint32_t i = 0; i < record->count; i++) {
        const struct assay_share_line *line = &record->line[i];
        struct assay_share_row *row = row_of(r, line->id);
        const struct assay_share_reshare *reshare =
            row == NULL ? NULL : assay_share_registry_reshare(r, row);
        if (row == NULL) last = ASSAY_SHARE_UNKNOWN;
        else if (line->generation == row->generation)
            last = have_current(r, row, record->cluster, slot, line, facts);
        else if (reshare != NULL && line->generation == reshare->generation &&
                 record->cluster == reshare->cluster)
            last = have_next(r, row->reshare - 1, slot, line, facts);
        else last = ASSAY_SHARE_UNKNOWN;
        if (last == ASSAY_SHARE_APPLIED) applied = true;
    }
    if (r->reshare_count < under_way) assay_share_reshares_begin(r, facts); /* there is room */
    return applied ? ASSAY_SHARE_APPLIED : last;
}

static enum assay_share_result deal_one(struct assay_share_registry *r, uint32_t cluster,
                                        uint32_t slot, const struct assay_share_line *line,
                                        struct assay_share_facts *facts)
{
    const struct assay_share_row *row = row_of(r, line->id);
    if (row == NULL || row->reshare == 0) return ASSAY_SHARE_UNKNOWN;
    struct assay_share_reshare *reshare = &r->reshare[row->reshare - 1];
    const uint32_t bit = 1u << slot;
    if (reshare->cluster != cluster || reshare->generation != line->generation ||
        reshare->attempt != line->attempt)
        return ASSAY_SHARE_UNKNOWN;
    if (!(reshare->dealers & bit)) return ASSAY_SHARE_STRANGER;
    if (reshare->dealt & bit) /* one polynomial an attempt, for everybody */
        return assay_bytes_equal(reshare->dealing[slot], line->digest, 32) ? ASSAY_SHARE_SAME
                                                                           : ASSAY_SHARE_MISMATCH;
    reshare->dealt |= bit;
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

enum assay_share_result assay_share_registry_deal(struct assay_share_registry *r, uint32_t member,
                                                  const struct assay_share_list_record *record,
                                                  struct assay_share_facts *facts)
{
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    const uint32_t slot = slot_of(r, record->cluster, member, record->seating);
    if (slot == r->config.slots) return ASSAY_SHARE_STRANGER;
    enum assay_share_result last = ASSAY_SHARE_SAME;
    bool applied = false;
    for (uint32_t i = 0; i < record->count; i++) {
        last = deal_one(r, record->cluster, slot, &record->line[i], facts);
        if (last == ASSAY_SHARE_APPLIED) applied = true;
    }
    return applied ? ASSAY_SHARE_APPLIED : last;
}

/* docs/services.md 5.6: not before it has everything. */
enum assay_share_result assay_share_registry_ready(struct assay_share_registry *r, uint32_t member,
                                                   const struct assay_share_ready_record *record,
                                                   struct assay_share_facts *facts)
{
    facts->count = 0;
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    const uint32_t slot = slot_of(r, record->cluster, member, record->seating);
    if (slot == r->config.slots || slot != record->slot) return ASSAY_SHARE_STRANGER;
    struct assay_share_cluster *c = &r->cluster[record->cluster];
    if (c->ready >> slot & 1) return ASSAY_SHARE_SAME;
    assay_share_registry_root(r, r->root); /* made once, until another id is synced */
    r->root_known = true;
    if (record->count != r->synced_count || !assay_bytes_equal(record->digest, r->root, 32))
        return ASSAY_SHARE_MISMATCH;
    c->ready |= 1u << slot;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_READY);
    fact->cluster = record->cluster;
    fact->slot = slot;
    assay_share_reshares_begin(r, facts);
    return ASSAY_SHARE_APPLIED;
}

/* --- readers and liars */

enum assay_share_result assay_share_registry_read(struct assay_share_registry *r,
                                                  const struct assay_share_read_record *record,
                                                  struct assay_share_facts *facts)
{
    facts->count = 0;
    const struct assay_share_row *row = row_of(r, record->id);
    if (row == NULL || !row->synced) return ASSAY_SHARE_UNKNOWN;
    uint32_t i = 0;
    while (i < row->reader_count &&
           (row->reader[i].kind != record->reader.kind ||
            !assay_bytes_equal(row->reader[i].name, record->reader.name, 32)))
        i++;
    if (i == row->reader_count) return ASSAY_SHARE_NO_READER;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_READ);
    fact->reader = record->reader;
    fact->generation = row->generation;
    assay_bytes_copy(fact->id, 32, record->id, 32);
    assay_bytes_copy(fact->nonce, 32, record->nonce, 32);
    assay_bytes_copy(fact->box, 32, record->box, 32);
    return ASSAY_SHARE_APPLIED;
}

/* docs/services.md 5.9: what it signed is not what the ledger has, or is no share. Returns: APPLIED
 * for a lie | UNKNOWN | STRANGER | MISMATCH | HONEST */
static enum assay_share_result judge(const struct assay_share_registry *r,
                                     const struct assay_share_row *row,
                                     const struct assay_share_lie_record *record)
{
    const struct assay_share_piece *piece = &record->piece;
    const struct assay_share_reshare *reshare = assay_share_registry_reshare(r, row);
    uint8_t digest[32], current[32];
    assay_share_commitments_digest(&piece->commitments, digest);
    if (row->synced && piece->generation == row->generation && piece->attempt == row->attempt) {
        const bool good =
            assay_bytes_equal(digest, row->digest, 32) &&
            assay_share_verify(&piece->commitments, record->slot, &piece->share) == ASSAY_OK;
        return good ? ASSAY_SHARE_HONEST : ASSAY_SHARE_APPLIED;
    }
    if (reshare == NULL || reshare->cluster != record->cluster ||
        reshare->generation != piece->generation || reshare->attempt != piece->attempt)
        return ASSAY_SHARE_UNKNOWN;
    if (!(reshare->dealt >> record->dealer & 1)) return ASSAY_SHARE_STRANGER;
    assay_share_commitments_digest(&record->current, current);
    if (!assay_bytes_equal(current, row->digest, 32)) return ASSAY_SHARE_MISMATCH;
    return assay_bytes_equal(digest, reshare->dealing[record->dealer], 32) &&
                   !assay_share_lie_stands(record, reshare->dealers)
               ? ASSAY_SHARE_HONEST : ASSAY_SHARE_APPLIED;
}

enum assay_share_result assay_share_registry_lie(struct assay_share_registry *r,
                                                 const struct assay_share_lie_record *record,
                                                 struct assay_share_facts *facts)
{
    facts->count = 0;
    if (record->cluster >= r->config.clusters || !r->cluster[record->cluster].seated)
        return ASSAY_SHARE_NOT_HERE;
    const struct assay_share_row *row = row_of(r, record->piece.id);
    if (row == NULL) return ASSAY_SHARE_UNKNOWN;
    if (record->dealer >= r->config.slots ||
        !assay_bytes_equal(r->cluster[record->cluster].seat[record->dealer].key, record->key,
                           sizeof record->key))
        return ASSAY_SHARE_STRANGER;
    const uint32_t member = r->cluster[record->cluster].seat[record->dealer].member;
    if (member == ASSAY_SHARE_NOBODY) return ASSAY_SHARE_STRANGER; /* its slot is lost anyway */
    if (r->member[member].convicted) return ASSAY_SHARE_SAME;
    const enum assay_share_result result = judge(r, row, record);
    if (result != ASSAY_SHARE_APPLIED) return result;
    r->member[member].convicted = true;
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_CONVICTED);
    fact->cluster = record->cluster;
    fact->slot = record->dealer;
    fact->member = member;
    assay_bytes_copy(fact->id, 32, row->id, 32);
    for (uint32_t i = r->reshare_count; i-- > 0;) /* whatever it deals is worth nothing */
        if (r->reshare[i].cluster == record->cluster &&
            r->reshare[i].dealers >> record->dealer & 1)
            assay_share_reshare_fail(r, i);
    assay_share_seats_decide(r, facts);
    assay_share_reshares_begin(r, facts);
    return ASSAY_SHARE_APPLIED;
}

/* --- epochs */

static void forget(struct assay_share_registry *r, struct assay_share_facts *facts)
{
    uint32_t forgotten = 0;
    for (uint32_t i = r->row_count; i-- > 0 && forgotten < ASSAY_SHARE_FORGET_MAX;) {
        if (r->row[i].synced || r->epoch - r->row[i].put_epoch < ASSAY_SHARE_WAITING_EPOCHS)
            continue;
        struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_FORGOTTEN);
        assay_bytes_copy(fact->id, 32, r->row[i].id, 32);
        row_remove(r, i);
        forgotten++;
    }
}

/* docs/services.md 5.8: a share that no slot of any cluster keeps, since its slot never confirmed
 * it, can be fetched of nobody: the next generation gives one to every slot. */
static void want_whole(struct assay_share_registry *r)
{
    const uint32_t all = (1u << r->config.slots) - 1;
    for (uint32_t i = 0; i < r->row_count; i++) {
        struct assay_share_row *row = &r->row[i];
        uint32_t kept = 0;
        for (uint32_t c = 0; c < r->config.clusters; c++)
            kept |= row->have[c];
        if (row->synced && kept != all) row->wanted |= 1u << row->origin;
    }
}

void assay_share_registry_stand(struct assay_share_registry *r, uint64_t epoch,
                                const enum assay_share_standing *standing, const uint16_t *score,
                                uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_SHARE_MEMBERS_MAX);
    r->epoch = epoch;
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++) {
        r->member[i].standing = i < count ? standing[i] : ASSAY_SHARE_STAND_NONE;
        r->member[i].score = i < count ? score[i] : 0;
    }
}

void assay_share_registry_renew(struct assay_share_registry *r, uint32_t member)
{
    if (member >= ASSAY_SHARE_MEMBERS_MAX) return;
    r->member[member] = (struct assay_share_member){ 0 };
    for (uint32_t c = 0; c < r->config.clusters; c++)
        for (uint32_t i = 0; i < r->config.slots && r->cluster[c].seated; i++)
            if (r->cluster[c].seat[i].member == member)
                r->cluster[c].seat[i].member = ASSAY_SHARE_NOBODY;
}

void assay_share_registry_close(struct assay_share_registry *r, uint64_t epoch,
                                const enum assay_share_standing *standing, const uint16_t *score,
                                uint32_t count, struct assay_share_facts *facts)
{
    ASSAY_ASSERT(epoch > r->epoch);
    facts->count = 0;
    assay_share_registry_stand(r, epoch, standing, score, count);
    r->begun = 0;
    while (r->reshare_count > 0) /* not done in time: another attempt, by others */
        assay_share_reshare_fail(r, r->reshare_count - 1);
    forget(r, facts);
    want_whole(r);
    assay_share_seats_decide(r, facts);
    assay_share_reshares_begin(r, facts);
}
