/*
 * engine/evidence/pool.c - pool of records waiting for a block (docs/protocol.md 5.12).
 */
#include "engine/evidence/pool.h"

#include "base/assert.h"
#include "engine/ledger/records/row.h"
#include "engine/messages/message.h"

enum {
    LARGE_MIN = 24, /* proofs with evidence: some for a small network, and n/8 for a big one */
    LARGE_LEN = 48 * 1024,
    SMALL_EXTRA = 64,
    WAIT_VIEWS = 16,
    WAIT_VIEWS_MAX = 1 << 20,
    PER_SENDER_ASKED = 8, /* unverified records of one peer at once */
    PASSING_OF_MEMBER = 8,
    PASSING_MAX = 256,
    KEYS_LEN = (ASSAY_KEYS_RECORD_LEN_MAX + 63) & ~63,
    SERVICE_LEN = (ASSAY_SERVICE_RECORD_LEN_MAX + 63) & ~63,
    RESERVED_OF_MEMBER_MIN = PASSING_MAX / ASSAY_SERVICES_RESERVED_SLOTS,
};

static bool has_reserved(const struct assay_services *services)
{
    return services != NULL && services->reserved_first > 0;
}

/* Any number of granted names is valid in a ballot of a network with a group key. */
static size_t small_len(uint32_t members, const struct assay_services *services)
{
    const uint32_t names = has_reserved(services) ? ASSAY_GRANTS_MAX : 0;
    return (assay_ballot_len_max(members, names) + 128 + 63) & ~(size_t)63;
}

static uint32_t small_count(uint32_t members)
{
    return 2 * members + SMALL_EXTRA;
}

static uint32_t large_count(uint32_t members)
{
    return LARGE_MIN + members / 8;
}

/* KEYS of an epoch have one place of each member: as many authors as there are places, which send
 * theirs first, would leave another one none. */
static uint32_t keys_count(uint32_t members)
{
    return members;
}

static uint32_t service_count(uint32_t members, const struct assay_services *services)
{
    if (services == NULL) return 0;
    const uint32_t each =
        members < PASSING_MAX / PASSING_OF_MEMBER ? members * PASSING_OF_MEMBER : PASSING_MAX;
    return has_reserved(services) ? 2 * each : each;
}

/* Every author of the reserved budget has its places whatever others have: all of them fit. */
static uint32_t reserved_of_author(uint32_t members)
{
    const uint32_t each = PASSING_MAX / members;
    if (each > PASSING_OF_MEMBER) return PASSING_OF_MEMBER;
    return each < RESERVED_OF_MEMBER_MIN ? (uint32_t)RESERVED_OF_MEMBER_MIN : each;
}

static size_t items_len(uint32_t members, const struct assay_services *services)
{
    const size_t count = (size_t)small_count(members) + large_count(members) + keys_count(members) +
                         service_count(members, services);
    const size_t item_len = sizeof(struct assay_pool_item) + 1; /* and a tag */
    return (count * item_len + 63) & ~(size_t)63;
}

size_t assay_pool_memory_len(uint32_t members, const struct assay_services *services)
{
    return items_len(members, services) + small_count(members) * small_len(members, services) +
           (size_t)large_count(members) * LARGE_LEN + (size_t)keys_count(members) * KEYS_LEN +
           (size_t)service_count(members, services) * SERVICE_LEN;
}

/* Of the places for records that pass alone. */
enum part { PART_KEYS, PART_COMMON, PART_RESERVED };

/* Places of KEYS and of the budgets of services take turns, so in blocks, which take records in the
 * order of places, none of them waits for more records of another than it has itself. */
static enum part part_of_place(const struct assay_pool *pool, uint32_t index)
{
    ASSAY_ASSERT(index >= pool->passing_from && index < pool->count);
    const uint32_t budgets = has_reserved(pool->services) ? ASSAY_BUDGETS : 1, each = budgets + 1;
    const uint32_t services = pool->count - pool->passing_from - pool->keys_count;
    const uint32_t most = services / budgets;
    const uint32_t turns = most < pool->keys_count ? most : pool->keys_count;
    const uint32_t at = index - pool->passing_from;
    if (at >= turns * each && pool->keys_count > turns) return PART_KEYS;
    const uint32_t turn = at < turns * each ? at % each : (at - turns * each) % budgets;
    if (turn == budgets) return PART_KEYS;
    return budgets > 1 && turn == 0 ? PART_RESERVED : PART_COMMON;
}

static size_t place_len(const struct assay_pool *pool, uint32_t index, uint32_t members)
{
    if (index < pool->small_count) return small_len(members, pool->services);
    if (index < pool->passing_from) return LARGE_LEN;
    return part_of_place(pool, index) == PART_KEYS ? KEYS_LEN : SERVICE_LEN;
}

static void clear_parts(struct assay_pool *pool)
{
    for (uint32_t i = 0; i < ASSAY_OPERATORS_MAX; i++)
        pool->parts[i] = (struct assay_review_part){ 0 };
}

void assay_pool_init(struct assay_pool *pool, void *memory, uint32_t members,
                     const struct assay_services *services)
{
    ASSAY_ASSERT(members > 0);

    uint8_t *at = memory;
    pool->items = memory;
    pool->version = 1;
    pool->small_count = small_count(members);
    pool->passing_from = pool->small_count + large_count(members);
    pool->keys_count = keys_count(members);
    pool->count = pool->passing_from + pool->keys_count + service_count(members, services);
    pool->services = services;
    pool->reserved_of_author = reserved_of_author(members);
    pool->tags = (uint8_t *)&pool->items[pool->count];
    clear_parts(pool);
    assay_bytes_zero(pool->tags, pool->count);
    at += items_len(members, services);
    for (uint32_t i = 0; i < pool->count; i++) {
        const size_t len = place_len(pool, i, members);
        pool->items[i] = (struct assay_pool_item){ .bytes = at, .capacity = len };
        at += len;
    }
}

static bool pool_is_valid(const struct assay_pool *pool)
{
    return pool->count > 0 && pool->small_count <= pool->passing_from &&
           pool->passing_from <= pool->count &&
           pool->keys_count <= pool->count - pool->passing_from && pool->version > 0 &&
           pool->tags == (const uint8_t *)&pool->items[pool->count];
}

static bool item_is_valid(const struct assay_pool_item *item)
{
    if (item->phase == ASSAY_POOL_FREE) return item->len == 0;
    if (item->len == 0 || item->len > item->capacity || item->wait_views < 2) return false;
    return !item->chosen || item->phase == ASSAY_POOL_READY || item->phase == ASSAY_POOL_DONE;
}

const struct assay_pool_item *assay_pool_find(const struct assay_pool *pool,
                                              const uint8_t key[static 32])
{
    ASSAY_ASSERT(pool_is_valid(pool));

    for (uint32_t i = 0; i < pool->count; i++) {
        const struct assay_pool_item *item = &pool->items[i];
        if (pool->tags[i] != key[0] || item->phase == ASSAY_POOL_FREE) continue;
        if (assay_bytes_equal(item->key, key, 32)) return item;
    }
    return NULL;
}

static bool is_above_limit(uint32_t count, uint32_t limit)
{
    return limit != 0 && count >= limit;
}

static enum part part_of_kind(const struct assay_record_row *row, enum assay_service_budget budget)
{
    ASSAY_ASSERT(row->passes);
    if (row->place_of_author) return PART_KEYS;
    return budget == ASSAY_BUDGET_RESERVED ? PART_RESERVED : PART_COMMON;
}

static enum assay_service_budget budget_of(const struct assay_pool *pool,
                                           const struct assay_record *r)
{
    const bool serves = r->kind == ASSAY_RECORD_SERVICE && pool->services != NULL;
    return serves ? assay_services_budget(pool->services, r->service.kind) : ASSAY_BUDGET_COMMON;
}

static uint32_t limit_of_epoch(const struct assay_pool *pool, const struct assay_record_row *row,
                               enum assay_service_budget budget)
{
    return budget == ASSAY_BUDGET_RESERVED ? pool->reserved_of_author : row->limits.of_epoch;
}

bool assay_pool_is_full_of(const struct assay_pool *pool, enum assay_record_kind kind,
                           enum assay_service_budget budget, uint32_t slot, uint64_t epoch)
{
    const struct assay_record_row *row = assay_record_row(kind);
    const enum part part = part_of_kind(row, budget);
    uint32_t same = 0;
    bool place = false;
    ASSAY_ASSERT(pool_is_valid(pool) && row->passes);
    for (uint32_t i = pool->passing_from; i < pool->count; i++) {
        const struct assay_pool_item *item = &pool->items[i];
        if (part_of_place(pool, i) != part) continue;
        if (item->phase == ASSAY_POOL_FREE) place = true;
        else if (item->kind == kind && item->slot == slot && item->epoch == epoch) same++;
    }
    return !place || is_above_limit(same, limit_of_epoch(pool, row, budget));
}

/* What a member could otherwise say again and again in other words. */
static bool is_author_over_limit(const struct assay_pool *pool, const struct assay_record *r)
{
    ASSAY_ASSERT(pool->small_count <= pool->count);
    uint32_t same = 0;  /* of this slot */
    uint32_t epoch = 0; /* and this epoch */
    uint32_t said = 0;  /* and about this subject */
    const enum assay_service_budget budget = budget_of(pool, r);
    for (uint32_t i = 0; i < pool->count; i++) {
        const struct assay_pool_item *item = &pool->items[i];
        if (item->phase == ASSAY_POOL_FREE || item->kind != r->kind) continue;
        if (item->slot != r->slot || item->may_wait != r->may_wait) continue;
        if (item->budget != budget) continue;
        same++;
        if (item->epoch != r->epoch) continue;
        epoch++;
        said += item->subject == r->subject;
    }
    const struct assay_record_row *row = assay_record_row(r->kind);
    if (row->in_rolls_only) return true; /* never sent alone */
    if (r->may_wait && row->waits_freely) return false;
    return is_above_limit(same, row->limits.of_author) ||
           is_above_limit(epoch, limit_of_epoch(pool, row, budget)) ||
           is_above_limit(said, row->limits.of_subject);
}

/* Of this author and subject: one in a final block, else the first that makes room for the later
 * record; the last proposal must not have it. NULL: none. */
static const struct assay_pool_item *find_yielding(const struct assay_pool *pool,
                                                   const struct assay_record *r)
{
    const struct assay_record_row *row = assay_record_row(r->kind);
    const struct assay_pool_item *found = NULL;
    struct assay_record other, oldest; /* large */
    for (uint32_t i = 0; row->yields != NULL && i < pool->count; i++) {
        const struct assay_pool_item *item = &pool->items[i];
        if (item->phase == ASSAY_POOL_FREE || item->kind != r->kind || item->chosen) continue;
        if (item->slot != r->slot || item->subject != r->subject || item->epoch != r->epoch)
            continue;
        if (item->phase == ASSAY_POOL_DONE) return item; /* the chain refuses it a second time */
        if (assay_record_decode(assay_slice_over(item->bytes, item->len), &other) != ASSAY_OK ||
            !row->yields(&other, r) || (found != NULL && !row->yields(&other, &oldest)))
            continue;
        found = item;
        oldest = other;
    }
    return found;
}

static bool is_same_size(const struct assay_pool *pool, size_t a, size_t b)
{
    const size_t small = pool->items[0].capacity;
    return (a <= small) == (b <= small);
}

static uint32_t count_of_subject(const struct assay_pool *pool, const struct assay_record *r,
                                 uint32_t subject)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < pool->count; i++) {
        const struct assay_pool_item *item = &pool->items[i];
        count += item->phase != ASSAY_POOL_FREE && item->kind == r->kind &&
                 item->subject == subject && is_same_size(pool, item->len, r->bytes.len);
    }
    return count;
}

/* One that has none yet finds a place before those that had more in this epoch, and of these before
 * the one that was here longest: as many authors as there are places, that never let go, would
 * leave none. How often is bounded by the parts. */
static bool goes_first(const struct assay_pool *pool, const struct assay_record *r, uint32_t own,
                       const struct assay_pool_item *item, const struct assay_pool_item *best)
{
    const uint32_t had = pool->parts[item->subject].count;
    if (own > 0 || had <= pool->parts[r->subject].count) return false;
    if (best == NULL) return true;
    const uint32_t most = pool->parts[best->subject].count;
    return had != most ? had > most : item->since < best->since;
}

/* All records of a kind of this size have a part of the pool, and no author fills that part: what
 * is in a final block makes room, or the author with most of them for one that has fewer by two, or
 * one that had more in this epoch for one that has none.
 * Out: *yielding: NULL: it needs none. Returns: whether there is room */
static bool find_room_of_kind(const struct assay_pool *pool, const struct assay_record *r,
                              const struct assay_pool_item **yielding)
{
    const struct assay_record_row *row = assay_record_row(r->kind);
    const bool small = r->bytes.len <= pool->items[0].capacity;
    const uint32_t places = small ? pool->small_count : pool->passing_from - pool->small_count;
    const struct assay_pool_item *found = NULL, *done = NULL, *first = NULL;
    *yielding = NULL;
    if (row->places_of == 0) return true;
    const uint32_t own = count_of_subject(pool, r, r->subject);
    uint32_t all = 0, most = own + 1;
    for (uint32_t i = 0; i < pool->count; i++) {
        const struct assay_pool_item *item = &pool->items[i];
        if (item->phase == ASSAY_POOL_FREE || item->kind != r->kind) continue;
        if (!is_same_size(pool, item->len, r->bytes.len)) continue;
        all++;
        if (item->chosen) continue;
        if (item->phase == ASSAY_POOL_DONE) done = item;
        const uint32_t count = count_of_subject(pool, r, item->subject);
        if (count > most) {
            most = count;
            found = item;
        }
        if (goes_first(pool, r, own, item, first)) first = item;
    }
    if (all < places / row->places_of) return true;
    if (found == NULL) found = first;
    *yielding = done != NULL ? done : found;
    return *yielding != NULL;
}

static bool is_sender_over_limit(const struct assay_pool *pool, uint16_t from)
{
    uint32_t asked = 0;
    for (uint32_t i = 0; i < pool->count; i++) {
        if (pool->items[i].phase == ASSAY_POOL_ASKED && pool->items[i].from == from) asked++;
    }
    return asked >= PER_SENDER_ASKED;
}

/* Each later record of an author makes an older one leave, and all of them are relayed: so what
 * comes in messages is bounded in an epoch, and not only at a time. A block has its own bound.
 * Out: *part: what its author has used with it */
static bool has_part(const struct assay_pool *pool, const struct assay_record *r, uint16_t from,
                     struct assay_review_part *part)
{
    const struct assay_record_row *row = assay_record_row(r->kind);
    if (row->take_part == NULL || from == ASSAY_SLOT_ALL) return true;
    ASSAY_ASSERT(r->subject < ASSAY_OPERATORS_MAX);
    *part = pool->parts[r->subject];
    return row->take_part(part, r);
}

enum assay_status assay_pool_add(struct assay_pool *pool, const struct assay_record *record,
                                 uint16_t from, const struct assay_pool_item **out)
{
    ASSAY_ASSERT(pool_is_valid(pool));
    ASSAY_ASSERT(record->bytes.len > 0 && out != NULL);
    if (assay_pool_find(pool, record->key) != NULL) return ASSAY_E_DUPLICATE;
    struct assay_review_part part = { 0 };
    if (!has_part(pool, record, from, &part)) return ASSAY_E_FULL;
    const bool over = is_author_over_limit(pool, record);
    const struct assay_pool_item *yielding = over ? find_yielding(pool, record) : NULL;
    if (over && yielding == NULL) return ASSAY_E_DUPLICATE;
    if (from != ASSAY_SLOT_SELF && is_sender_over_limit(pool, from)) return ASSAY_E_FULL;
    if (!over && !find_room_of_kind(pool, record, &yielding)) return ASSAY_E_FULL;
    if (yielding != NULL) assay_pool_remove(pool, yielding);
    struct assay_pool_item *found = NULL;
    struct assay_pool_item *done = NULL; /* the chain itself refuses it a second time */
    bool fits = false;
    const struct assay_record_row *row = assay_record_row(record->kind);
    const enum assay_service_budget budget = budget_of(pool, record);
    const uint32_t to = row->passes ? pool->count : pool->passing_from;
    for (uint32_t i = row->passes ? pool->passing_from : 0; found == NULL && i < to; i++) {
        struct assay_pool_item *item = &pool->items[i];
        if (record->bytes.len > item->capacity) continue;
        if (row->passes && part_of_place(pool, i) != part_of_kind(row, budget)) continue;
        fits = true;
        if (item->phase == ASSAY_POOL_FREE) found = item;
        if (item->phase == ASSAY_POOL_DONE && !assay_record_row(item->kind)->stays) done = item;
    }
    if (found == NULL) found = done;
    if (found == NULL) return fits ? ASSAY_E_FULL : ASSAY_E_RANGE;
    *found = (struct assay_pool_item){
        .phase = ASSAY_POOL_ASKED,
        .kind = record->kind,
        .budget = budget,
        .epoch = record->epoch,
        .slot = record->slot,
        .subject = record->subject,
        .from = from,
        .incarnation = record->incarnation,
        .may_wait = record->may_wait,
        .wait_views = 2,
        .since = pool->version,
        .bytes = found->bytes,
        .capacity = found->capacity,
        .len = record->bytes.len,
        .update = record->update,
    };
    assay_bytes_copy(found->key, 32, record->key, 32);
    pool->tags[found - pool->items] = record->key[0];
    if (row->take_part != NULL && from != ASSAY_SLOT_ALL) pool->parts[record->subject] = part;
    assay_bytes_copy(found->evidence_digest, 32, record->evidence_digest, 32);
    assay_bytes_copy(found->bytes, found->capacity, record->bytes.bytes, record->bytes.len);
    pool->version++;
    ASSAY_ASSERT(item_is_valid(found) && assay_pool_find(pool, record->key) == found);
    *out = found;
    return ASSAY_OK;
}

/* The pool's own, to change it. */
static struct assay_pool_item *mutable_item(struct assay_pool *pool,
                                            const struct assay_pool_item *item)
{
    const ptrdiff_t index = item - pool->items;
    ASSAY_ASSERT(index >= 0 && (uint32_t)index < pool->count);
    ASSAY_ASSERT(item->phase != ASSAY_POOL_FREE);
    ASSAY_ASSERT(item_is_valid(item));
    return &pool->items[index];
}

void assay_pool_set_ready(struct assay_pool *pool, const struct assay_pool_item *item,
                          const struct assay_record *record)
{
    struct assay_pool_item *i = mutable_item(pool, item);
    ASSAY_ASSERT(i->phase == ASSAY_POOL_ASKED);
    i->phase = ASSAY_POOL_READY;
    i->outcome = record->outcome;
    i->falsehood = record->falsehood;
    i->felled = record->felled;
    pool->version++;
    ASSAY_ASSERT(item_is_valid(i) && pool_is_valid(pool));
}

void assay_pool_set_final(struct assay_pool *pool, const struct assay_pool_item *item)
{
    mutable_item(pool, item)->phase = ASSAY_POOL_DONE;
    pool->version++;
}

void assay_pool_set_own(struct assay_pool *pool, const struct assay_pool_item *item)
{
    mutable_item(pool, item)->own = true;
}

void assay_pool_set_sent(struct assay_pool *pool, const struct assay_pool_item *item,
                         uint64_t now_ms)
{
    ASSAY_ASSERT(item->phase == ASSAY_POOL_READY); /* nothing is relayed before it is valid */
    mutable_item(pool, item)->sent_ms = now_ms;
}

void assay_pool_set_proposed(struct assay_pool *pool, const struct assay_pool_item *item,
                             uint64_t view)
{
    ASSAY_ASSERT(view > 0);
    mutable_item(pool, item)->placed_view = view;
}

void assay_pool_remove(struct assay_pool *pool, const struct assay_pool_item *item)
{
    struct assay_pool_item *i = mutable_item(pool, item);
    i->phase = ASSAY_POOL_FREE;
    i->len = 0;
    pool->version++;
    ASSAY_ASSERT(item_is_valid(i));
}

void assay_pool_set_compared(struct assay_pool *pool, uint32_t index, uint64_t judgements)
{
    ASSAY_ASSERT(index < pool->count && pool->items[index].kind == ASSAY_RECORD_BALLOT);
    ASSAY_ASSERT(pool->items[index].phase != ASSAY_POOL_FREE);
    pool->items[index].compared = judgements;
}

void assay_pool_clear_choice(struct assay_pool *pool)
{
    ASSAY_ASSERT(pool_is_valid(pool));
    for (uint32_t i = 0; i < pool->count; i++)
        pool->items[i].chosen = false;
}

void assay_pool_choose(struct assay_pool *pool, uint32_t index, uint64_t view)
{
    ASSAY_ASSERT(index < pool->count && view > 0);
    struct assay_pool_item *item = &pool->items[index];
    ASSAY_ASSERT(item->phase == ASSAY_POOL_READY && !item->chosen);
    item->chosen = true;
    item->placed_view = view;
    ASSAY_ASSERT(item_is_valid(item));
}

/* The first nullification is most often a lost message, so the record is tried once more soon; from
 * then on it waits 16 views, doubling. What needs no verification, ballots above all, does not
 * wait: a leader's silence must not cost an epoch its ballots. */
void assay_pool_on_nullified(struct assay_pool *pool, uint64_t view)
{
    ASSAY_ASSERT(view > 0 && pool_is_valid(pool));

    for (uint32_t i = 0; i < pool->count; i++) {
        struct assay_pool_item *item = &pool->items[i];
        if (item->phase != ASSAY_POOL_READY || item->placed_view != view) continue;
        item->placed_view = 0;
        if (!assay_record_costs(item->kind)) continue;
        pool->version++;
        item->not_before = view + item->wait_views;
        item->wait_views = item->wait_views < WAIT_VIEWS ? WAIT_VIEWS : item->wait_views * 2;
        if (item->wait_views > WAIT_VIEWS_MAX) item->wait_views = WAIT_VIEWS_MAX;
    }
}

void assay_pool_on_epoch(struct assay_pool *pool, uint64_t epoch)
{
    ASSAY_ASSERT(epoch > 0);
    clear_parts(pool);
    for (uint32_t i = 0; i < pool->count; i++) {
        struct assay_pool_item *item = &pool->items[i];
        if (item->phase == ASSAY_POOL_FREE) continue;
        const bool over =
            assay_record_row(item->kind)->outlives
                ? item->epoch + ASSAY_RETAINED_EPOCHS < epoch || item->phase == ASSAY_POOL_DONE
                : item->epoch < epoch;
        if (over) {
            assay_pool_remove(pool, item);
            continue;
        }
        item->placed_view = 0; /* views start again at 1 */
        item->not_before = 0;
        item->wait_views = 2;
    }
    pool->version++;
    ASSAY_ASSERT(pool_is_valid(pool));
}
