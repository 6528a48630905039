/*
 * services/shares/cluster_owners.c - owner records of shares: SHARE_PUT, SHARE_READERS and
 * SHARE_DELETE (docs/services.md 5.5).
 */
#include "services/shares/cluster_internal.h"

static const uint64_t EPOCH_MASK = (UINT64_C(1) << 47) - 1; /* attempts are below 2^63 */

/* --- SHARE_PUT */

uint64_t assay_share_put_attempt(uint64_t epoch)
{
    return ((epoch & EPOCH_MASK) << 16) + 1;
}

bool assay_share_is_one_put(uint64_t attempt, uint64_t other)
{
    return attempt >> 16 == other >> 16;
}

uint64_t assay_share_row_attempt(const struct assay_share_row *row)
{
    ASSAY_ASSERT(row->tried > 0 && row->tried <= UINT16_MAX);
    return assay_share_put_attempt(row->put_epoch) + row->tried - 1;
}

/* Appended. */
static struct assay_share_row *add_row(struct assay_share_registry *r, const uint8_t id[static 32])
{
    ASSAY_ASSERT(r->row_count < r->config.ids_max);
    struct assay_share_row *row = &r->row[r->row_count];
    *row = (struct assay_share_row){ 0 };
    assay_bytes_copy(row->id, 32, id, 32);
    const bool added = assay_share_order_add(r);
    ASSAY_ASSERT(added); /* its absence was checked before */
    return row;
}

uint32_t assay_share_registry_quota(const struct assay_share_registry *r)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < ASSAY_SHARE_MEMBERS_MAX; i++)
        members += r->member[i].standing >= ASSAY_SHARE_STAND_WARNING;
    const uint32_t parts = ASSAY_SHARE_QUOTA_PARTS * (members > 0 ? members : 1);
    const uint32_t part = r->config.ids_max / parts;
    return part > ASSAY_SHARE_QUOTA_MIN ? part : ASSAY_SHARE_QUOTA_MIN;
}

/* docs/services.md 5.5.2: charged to owner and author both, so neither can use up the room of
 * others, with any number of keys or through any member. `again`: the row that it replaces. */
static enum assay_share_result check_quota(const struct assay_share_registry *r,
                                           const uint8_t owner[static 32], uint32_t author,
                                           const struct assay_share_row *again)
{
    ASSAY_ASSERT(again == NULL || (again >= r->row && again < r->row + r->row_count));
    const uint32_t quota = assay_share_registry_quota(r);
    uint32_t owned = 0, handed_in = 0;
    for (uint32_t i = 0; i < r->row_count; i++) {
        const struct assay_share_row *row = &r->row[i];
        if (row == again) continue;
        owned += assay_bytes_equal(row->owner, owner, 32);
        handed_in += row->author == author;
    }
    if (owned >= quota) return ASSAY_SHARE_QUOTA;
    if (handed_in >= quota) return ASSAY_SHARE_QUOTA;
    return again != NULL || r->row_count < r->config.ids_max ? ASSAY_SHARE_APPLIED
                                                             : ASSAY_SHARE_NO_ROOM;
}

/* docs/services.md 5.5.1: a recent SHARE_PUT. After a deletion only one that was signed later. */
static bool is_put_valid(const struct assay_share_registry *r,
                         const struct assay_share_birth *birth, const struct assay_share_row *row)
{
    if (birth->era != r->era || birth->epoch > r->epoch) return false;
    if (r->epoch - birth->epoch >= ASSAY_SHARE_PUT_EPOCHS) return false;
    return row == NULL || birth->epoch > row->deleted_epoch;
}

/* A waiting id is replaced by a later record of its owner: otherwise a replayed older one, of a
 * dropped id, would keep the owner from putting it again. */
static bool is_taken(const struct assay_share_row *row, const struct assay_share_birth *birth)
{
    if (row == NULL || row->deleted) return false;
    if (row->synced || birth->era < row->birth.era) return true;
    return birth->era == row->birth.era && birth->epoch <= row->birth.epoch;
}

bool assay_share_registry_may_put(const struct assay_share_registry *r,
                                  const uint8_t id[static 32], struct assay_share_birth *birth)
{
    const struct assay_share_row *const row = assay_share_find_row(r, id);
    *birth = (struct assay_share_birth){ .era = r->era, .epoch = r->epoch };
    return !is_taken(row, birth) && is_put_valid(r, birth, row);
}

static void init_row(struct assay_share_registry *r, struct assay_share_row *row, uint32_t author,
                     const struct assay_share_put_record *record)
{
    ASSAY_ASSERT(record->reader_count <= ASSAY_SHARE_READERS_MAX);
    ASSAY_ASSERT(row->reshare == 0); /* it is new, or waits */
    const uint64_t deleted_epoch = row->deleted_epoch;
    *row = (struct assay_share_row){ .generation = 1,
                                     .put_epoch = r->epoch,
                                     .deleted_epoch = deleted_epoch,
                                     .attempt = assay_share_put_attempt(r->epoch),
                                     .birth = record->birth,
                                     .author = author,
                                     .origin = record->cluster,
                                     .reader_count = record->reader_count };
    assay_share_id(record->owner, record->name, row->id);
    assay_sha256(record->owner, sizeof record->owner, row->owner);
    for (uint32_t i = 0; i < record->reader_count; i++)
        row->reader[i] = record->reader[i];
    assay_bytes_copy(row->digest, 32, record->digest, 32);
    assay_bytes_copy(row->payload, 32, record->payload, 32);
}

enum assay_share_result assay_share_registry_apply_put(struct assay_share_registry *r,
                                                       uint32_t author,
                                                       const struct assay_share_put_record *record,
                                                       struct assay_share_facts *facts)
{
    uint8_t id[32], owner[32];
    facts->count = 0;
    if (author >= ASSAY_SHARE_MEMBERS_MAX) return ASSAY_SHARE_NOT_HERE;
    if (record->cluster >= r->config.clusters || !r->cluster[record->cluster].seated)
        return ASSAY_SHARE_NOT_HERE;
    if (record->k != r->config.k) return ASSAY_SHARE_MISMATCH;
    assay_share_id(record->owner, record->name, id);
    assay_sha256(record->owner, sizeof record->owner, owner);
    struct assay_share_row *row = assay_share_find_row(r, id);
    if (is_taken(row, &record->birth)) return ASSAY_SHARE_SAME;
    if (!is_put_valid(r, &record->birth, row)) return ASSAY_SHARE_LATE;
    const enum assay_share_result charged = check_quota(r, owner, author, row);
    if (charged != ASSAY_SHARE_APPLIED) return charged;
    if (row == NULL) row = add_row(r, id);
    ASSAY_ASSERT(row->deleted || !row->synced);
    init_row(r, row, author, record);
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_WAITING);
    fact->cluster = row->origin;
    assay_bytes_copy(fact->id, 32, id, 32);
    assay_bytes_copy(fact->digest, 32, row->digest, 32);
    return ASSAY_SHARE_APPLIED;
}

/* --- SHARE_READERS and SHARE_DELETE */

void assay_share_row_delete(struct assay_share_row *row, uint64_t epoch)
{
    ASSAY_ASSERT(row->reshare == 0);
    const struct assay_share_row was = *row;
    *row = (struct assay_share_row){
        .deleted = true, .generation = 1, .deleted_epoch = epoch, .author = was.author
    };
    assay_bytes_copy(row->id, 32, was.id, 32);
    assay_bytes_copy(row->owner, 32, was.owner, 32);
}

/* docs/services.md 5.5.3: of this put of the id, of this era, and its next version: a replayed
 * record fails one of these. */
static enum assay_share_result check_order(const struct assay_share_registry *r,
                                           const struct assay_share_order *order,
                                           struct assay_share_row **row)
{
    uint8_t id[32];
    assay_share_id(order->owner, order->name, id);
    *row = assay_share_find_row(r, id);
    if (*row == NULL || (*row)->deleted || (*row)->birth.era != order->birth.era ||
        (*row)->birth.epoch != order->birth.epoch)
        return ASSAY_SHARE_UNKNOWN;
    if (order->era != r->era || order->version <= (*row)->version) return ASSAY_SHARE_LATE;
    return order->version - (*row)->version == 1 ? ASSAY_SHARE_APPLIED : ASSAY_SHARE_MISMATCH;
}

enum assay_share_result assay_share_registry_apply_delete(
    struct assay_share_registry *r, const struct assay_share_delete_record *record,
    struct assay_share_facts *facts)
{
    struct assay_share_row *row = NULL;
    facts->count = 0;
    const enum assay_share_result result = check_order(r, &record->order, &row);
    if (result != ASSAY_SHARE_APPLIED) return result;
    if (row->reshare != 0) assay_share_reshare_remove(r, row->reshare - 1);
    if (row->synced) {
        ASSAY_ASSERT(r->synced_count > 0);
        r->synced_count--;
        r->root_known = false;
    }
    /* In the first epoch none is closed: 0 would mean that it was never deleted. */
    assay_share_row_delete(row, r->epoch > 0 ? r->epoch : 1);
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_DELETED);
    assay_bytes_copy(fact->id, 32, row->id, 32);
    assay_share_assign_seats(r, facts); /* it may have prevented the reassignment of a lost slot */
    assay_share_start_reshares(r, facts);
    return ASSAY_SHARE_APPLIED;
}

enum assay_share_result assay_share_registry_apply_readers(
    struct assay_share_registry *r, const struct assay_share_readers_record *record,
    struct assay_share_facts *facts)
{
    ASSAY_ASSERT(record->reader_count <= ASSAY_SHARE_READERS_MAX);
    struct assay_share_row *row = NULL;
    facts->count = 0;
    const enum assay_share_result result = check_order(r, &record->order, &row);
    if (result != ASSAY_SHARE_APPLIED) return result;
    /* A dropped id may be put again by the same record, and would be at version 0. */
    if (!row->synced) return ASSAY_SHARE_UNKNOWN;
    row->version = record->order.version;
    row->reader_count = record->reader_count;
    for (uint32_t i = 0; i < ASSAY_SHARE_READERS_MAX; i++)
        row->reader[i] = i < record->reader_count ? record->reader[i]
                                                  : (struct assay_share_reader){ 0 };
    struct assay_share_fact *fact = assay_share_fact_add(facts, ASSAY_SHARE_CHANGED);
    assay_bytes_copy(fact->id, 32, row->id, 32);
    return ASSAY_SHARE_APPLIED;
}

bool assay_share_row_has_reader(const struct assay_share_row *row,
                                const struct assay_share_reader *reader)
{
    ASSAY_ASSERT(row->reader_count <= ASSAY_SHARE_READERS_MAX);
    for (uint32_t i = 0; i < row->reader_count; i++)
        if (row->reader[i].kind == reader->kind &&
            assay_bytes_equal(row->reader[i].name, reader->name, 32))
            return true;
    return false;
}
