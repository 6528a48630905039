/*
 * services/continuity/group_rows.c - rows of instances in a group: births, sessions, quotas and
 * expiry (docs/services.md 1.2.1, 1.3).
 */
#include "services/continuity/group_internal.h"

/* --- indexes: places in the order of names, and of CURVE keys */

enum key { NAME, CURVE };

static const uint8_t *key_of(const struct assay_cont_group *group, enum key key, uint32_t place)
{
    ASSAY_ASSERT(place < group->instances_max);
    const struct assay_cont_instance_row *row = &group->instance[place];
    return key == NAME ? row->instance : row->contact.curve;
}

static uint16_t *order_of(struct assay_cont_group *group, enum key key)
{
    return key == NAME ? group->by_name : group->by_curve;
}

/* The first of `count` in the order of a key that is not below these bytes. */
static uint32_t find_rank(const struct assay_cont_group *group, enum key key, uint32_t count,
                          const uint8_t bytes[static 32])
{
    ASSAY_ASSERT(count <= group->instances_max);
    const uint16_t *const order = key == NAME ? group->by_name : group->by_curve;
    uint32_t low = 0, high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (assay_bytes_compare(key_of(group, key, order[middle]), bytes, 32) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Returns: its place; instances_max: not found. */
static uint32_t place_of(const struct assay_cont_group *group, enum key key,
                         const uint8_t bytes[static 32])
{
    const uint16_t *const order = key == NAME ? group->by_name : group->by_curve;
    const uint32_t at = find_rank(group, key, group->instance_count, bytes);
    if (at == group->instance_count || !assay_bytes_equal(key_of(group, key, order[at]), bytes, 32))
        return group->instances_max;
    return order[at];
}

/* Puts a place among `count` others. */
static void order_add(struct assay_cont_group *group, enum key key, uint32_t count, uint32_t place)
{
    ASSAY_ASSERT(count < group->instances_max && place < group->instances_max);
    uint16_t *const order = order_of(group, key);
    const uint32_t at = find_rank(group, key, count, key_of(group, key, place));
    for (uint32_t i = count; i > at; i--)
        order[i] = order[i - 1];
    order[at] = (uint16_t)place;
}

/* Takes a place out of `count`. */
static void order_drop(struct assay_cont_group *group, enum key key, uint32_t count, uint32_t place)
{
    uint16_t *const order = order_of(group, key);
    const uint32_t at = find_rank(group, key, count, key_of(group, key, place));
    ASSAY_ASSERT(at < count && order[at] == place);
    for (uint32_t i = at + 1; i < count; i++)
        order[i - 1] = order[i];
    order[count - 1] = 0;
}

static bool is_taken(const struct assay_cont_group *group, uint32_t place)
{
    return group->instance[place].session != 0;
}

/* The lowest free place from here on. */
static uint32_t find_free_place(const struct assay_cont_group *group, uint32_t place)
{
    while (place < group->instance_end && is_taken(group, place))
        place++;
    return place;
}

/* Counts one more row of its payer, or with -1 one fewer. */
static void count_row(struct assay_cont_group *group, const struct assay_cont_instance_row *row,
                      int by)
{
    if (row->payer == ASSAY_CONT_SLOTS_MAX) return;
    ASSAY_ASSERT(row->payer < ASSAY_CONT_SLOTS_MAX && (by > 0 || group->charged[row->payer] > 0));
    group->charged[row->payer] = (uint16_t)(group->charged[row->payer] + by);
    if (row->kept) return;
    ASSAY_ASSERT(by > 0 || group->provisional[row->payer] > 0);
    group->provisional[row->payer] = (uint16_t)(group->provisional[row->payer] + by);
}

bool assay_cont_rows_build_indexes(struct assay_cont_group *group)
{
    group->instance_count = group->instance_end = 0;
    assay_bytes_zero(group->charged, sizeof group->charged);
    assay_bytes_zero(group->provisional, sizeof group->provisional);
    assay_bytes_zero(group->by_name, sizeof group->by_name);
    assay_bytes_zero(group->by_curve, sizeof group->by_curve);
    for (uint32_t place = 0; place < group->instances_max; place++) {
        const struct assay_cont_instance_row *row = &group->instance[place];
        if (!is_taken(group, place)) continue;
        if (place_of(group, NAME, row->instance) < group->instances_max ||
            place_of(group, CURVE, row->contact.curve) < group->instances_max)
            return false;
        order_add(group, NAME, group->instance_count, place);
        order_add(group, CURVE, group->instance_count, place);
        count_row(group, row, 1);
        group->instance_count++;
        group->instance_end = place + 1;
    }
    group->instance_free = find_free_place(group, 0);
    return true;
}

void assay_cont_rows_check(const struct assay_cont_group *group)
{
    uint32_t taken = 0, charged = 0, provisional = 0;
    ASSAY_ASSERT(group->instance_count <= group->instance_end);
    ASSAY_ASSERT(group->instance_end <= group->instances_max);
    ASSAY_ASSERT(group->instance_free == find_free_place(group, 0));
    for (uint32_t place = 0; place < group->instance_end; place++) {
        const struct assay_cont_instance_row *row = &group->instance[place];
        if (!is_taken(group, place)) continue;
        taken++;
        charged += row->payer < ASSAY_CONT_SLOTS_MAX;
        provisional += row->payer < ASSAY_CONT_SLOTS_MAX && !row->kept;
        ASSAY_ASSERT(place_of(group, NAME, row->instance) == place);
        ASSAY_ASSERT(place_of(group, CURVE, row->contact.curve) == place);
    }
    ASSAY_ASSERT(taken == group->instance_count);
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        charged -= group->charged[slot];
        provisional -= group->provisional[slot];
    }
    ASSAY_ASSERT(charged == 0 && provisional == 0);
}

static struct assay_cont_instance_row *row_find(struct assay_cont_group *group,
                                                const uint8_t instance[static 32])
{
    const uint32_t place = place_of(group, NAME, instance);
    return place < group->instances_max ? &group->instance[place] : NULL;
}

const struct assay_cont_instance_row *assay_cont_group_row(const struct assay_cont_group *group,
                                                           const uint8_t instance[static 32])
{
    const uint32_t place = place_of(group, NAME, instance);
    return place < group->instances_max ? &group->instance[place] : NULL;
}

bool assay_cont_row_has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32])
{
    return place_of(group, CURVE, curve) < group->instances_max;
}

/* docs/services.md 1.2.1: after its birth expired an id without a row can never have one. */
bool assay_cont_group_may_be_born(const struct assay_cont_group *group,
                                  const struct assay_cont_birth *birth)
{
    return birth->era == group->era && birth->epoch <= group->epoch &&
           group->epoch - birth->epoch <= ASSAY_CONT_BIRTH_EPOCHS;
}

/* --- quota */

uint32_t assay_cont_group_quota(const struct assay_cont_group *group, uint32_t *provisional)
{
    uint32_t members = 0;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        members += group->member[slot].standing >= ASSAY_CONT_STAND_WARNING;
    const uint32_t part = group->instances_max / (2 * (members > 0 ? members : 1));
    const uint32_t all = part > ASSAY_CONT_QUOTA_MIN ? part : ASSAY_CONT_QUOTA_MIN;
    *provisional = all / 2;
    return all;
}

/* docs/services.md 1.2.3: charged at the birth; later sessions of the instance are free. */
static enum assay_cont_result charge_payer(const struct assay_cont_group *group, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    uint32_t provisional_max = 0;
    const uint32_t all_max = assay_cont_group_quota(group, &provisional_max);
    if (group->charged[slot] >= all_max || group->provisional[slot] >= provisional_max)
        return ASSAY_CONT_QUOTA;
    return group->instance_count < group->instances_max ? ASSAY_CONT_APPLIED : ASSAY_CONT_NO_ROOM;
}

/* --- sessions */

/* Checks whether this record may number a session. *row: of its instance; NULL: a birth. */
static enum assay_cont_result check_session(struct assay_cont_group *group, uint32_t slot,
                                            const struct assay_cont_session_record *record,
                                            const uint8_t instance[static 32],
                                            struct assay_cont_instance_row **row)
{
    *row = row_find(group, instance);
    if (*row == NULL && !assay_cont_group_may_be_born(group, &record->birth))
        return ASSAY_CONT_GONE_ROW;
    if (*row != NULL && (*row)->retired) return ASSAY_CONT_RETIRED;
    const uint64_t last = *row == NULL ? 0 : (*row)->session;
    /* A replayed record, or one that lost the race, has an outdated number. */
    if (record->expected != assay_cont_number_next(group->era, last)) return ASSAY_CONT_EXPECTED;
    if (assay_cont_has_curve(group, record->contact.curve)) return ASSAY_CONT_KEY_TAKEN;
    ASSAY_ASSERT(record->expected > last);
    return *row != NULL ? ASSAY_CONT_APPLIED : charge_payer(group, slot);
}

/* The lowest free place, so that few documents have rows. It has no session yet. */
static struct assay_cont_instance_row *add_row(struct assay_cont_group *group, uint32_t slot,
                                               const struct assay_cont_session_record *record,
                                               const uint8_t instance[static 32])
{
    const uint32_t place = group->instance_free;
    ASSAY_ASSERT(place < group->instances_max && !is_taken(group, place));
    struct assay_cont_instance_row *row = &group->instance[place];
    *row = (struct assay_cont_instance_row){ .birth = record->birth,
                                             .payer = slot,
                                             .lease = record->lease,
                                             .epoch = group->epoch };
    assay_bytes_copy(row->instance, 32, instance, 32);
    order_add(group, NAME, group->instance_count, place);
    count_row(group, row, 1);
    if (group->instance_end == place) group->instance_end++;
    return row;
}

enum assay_cont_result assay_cont_group_apply_session(
    struct assay_cont_group *group, uint32_t slot, const struct assay_cont_session_record *record,
    struct assay_cont_facts *facts)
{
    struct assay_cont_instance_row *row = NULL;
    uint8_t instance[32];
    facts->count = 0;
    if (record->group != group->home.group || slot >= ASSAY_CONT_SLOTS_MAX)
        return ASSAY_CONT_NOT_HERE;
    if (group->member[slot].standing < ASSAY_CONT_STAND_WARNING) return ASSAY_CONT_NOT_HERE;
    assay_cont_instance(&group->home, &record->birth, record->instance_key, instance);
    const enum assay_cont_result result = check_session(group, slot, record, instance, &row);
    if (result != ASSAY_CONT_APPLIED) return result;
    const bool is_birth = row == NULL;
    if (is_birth) row = add_row(group, slot, record, instance);
    ASSAY_ASSERT(row != NULL);
    const uint32_t place = (uint32_t)(row - group->instance);
    if (row->epoch != group->epoch) row->in_epoch = 0;
    if (row->in_epoch == ASSAY_CONT_SESSIONS_EPOCH_MAX) return ASSAY_CONT_CLONES;
    if (!is_birth) order_drop(group, CURVE, group->instance_count, place);
    row->epoch = group->epoch;
    row->in_epoch++;
    ASSAY_ASSERT(row->in_epoch <= ASSAY_CONT_SESSIONS_EPOCH_MAX);
    row->session = assay_cont_number_next(group->era, row->session);
    row->contact = record->contact;
    row->author = slot;
    order_add(group, CURVE, group->instance_count - (is_birth ? 0 : 1), place);
    if (is_birth) {
        group->instance_count++;
        ASSAY_ASSERT(group->instance_count <= group->instance_end);
        group->instance_free = find_free_place(group, place);
    }
    assay_cont_set_session_fact(row, assay_cont_fact_add(facts, ASSAY_CONT_SESSION));
    return ASSAY_CONT_APPLIED;
}

/* --- retention */

enum assay_cont_result assay_cont_group_apply_keep(struct assay_cont_group *group,
                                                   const struct assay_cont_keep_record *record,
                                                   struct assay_cont_facts *facts)
{
    ASSAY_ASSERT(record->receipt.count <= ASSAY_CONT_SEATS_MAX);
    const struct assay_cont_roster *now = &group->now.roster;
    uint8_t seen = 0;
    uint32_t count = 0;
    facts->count = 0;
    if (record->group != group->home.group) return ASSAY_CONT_NOT_HERE;
    if (group->phase == ASSAY_CONT_FORMING || record->roster.view != now->view)
        return ASSAY_CONT_DEAD;
    for (uint32_t i = 0; i < record->receipt.count; i++) {
        const uint8_t *key = record->roster.key[record->receipt.seat[i]];
        const uint32_t seat = assay_cont_find_seat(now, key);
        if (seat == now->count || seen >> seat & 1) continue;
        seen |= (uint8_t)(1u << seat);
        count++;
    }
    if (count < assay_cont_quorum(now->count)) return ASSAY_CONT_FEW;
    struct assay_cont_instance_row *row = row_find(group, record->receipt.entry.instance);
    if (row == NULL) return ASSAY_CONT_GONE_ROW;
    const uint64_t index = record->receipt.entry.index;
    /* Only a state newer than all proven ones renews a lease: a replayed KEEP does not. */
    const bool renews = row->lease > 0 && index > row->shown;
    if (row->kept && !renews) return ASSAY_CONT_SAME;
    count_row(group, row, -1);
    row->kept = true;
    count_row(group, row, 1);
    if (renews) {
        row->shown = index;
        row->renewed = group->epoch;
    }
    return ASSAY_CONT_APPLIED;
}

enum assay_cont_result assay_cont_group_apply_retire(struct assay_cont_group *group,
                                                     const struct assay_cont_retire_record *record,
                                                     struct assay_cont_facts *facts)
{
    uint8_t instance[32];
    facts->count = 0;
    if (record->group != group->home.group) return ASSAY_CONT_NOT_HERE;
    assay_cont_instance(&group->home, &record->birth, record->instance_key, instance);
    struct assay_cont_instance_row *row = row_find(group, instance);
    if (row == NULL) return ASSAY_CONT_GONE_ROW;
    /* A signature of an older session, possibly a clone, ends nothing. */
    if (record->session != row->session) return ASSAY_CONT_EXPECTED;
    if (row->retired) return ASSAY_CONT_SAME;
    row->retired = true;
    struct assay_cont_fact *const fact = assay_cont_fact_add(facts, ASSAY_CONT_OVER);
    assay_bytes_copy(fact->instance, 32, row->instance, 32);
    return ASSAY_CONT_APPLIED;
}

/* Closes since the instance last had a session numbered, or proved a newer state. */
static uint64_t count_unused_closes(const struct assay_cont_group *group,
                                    const struct assay_cont_instance_row *row)
{
    const uint64_t last = row->epoch > row->renewed ? row->epoch : row->renewed;
    return group->epoch > last ? group->epoch - last : 0;
}

bool assay_cont_group_lease_is_due(const struct assay_cont_group *group,
                                   const struct assay_cont_instance_row *row)
{
    return row->lease > 0 && count_unused_closes(group, row) >= row->lease / 2;
}

/* docs/services.md 1.2.2: of kept rows only those with a lease expire, and none that could be born
 * again. A RECOVER may undo the lease of a row: such a row has its full time as well. */
static bool is_row_expired(const struct assay_cont_group *group,
                           const struct assay_cont_instance_row *row)
{
    const bool expired = row->lease > 0 && count_unused_closes(group, row) > row->lease;
    return (!row->kept || row->retired || expired) && group->epoch > row->birth.epoch &&
           group->epoch - row->birth.epoch > ASSAY_CONT_BIRTH_EPOCHS;
}

/* Removes rows that are gone from an order. Returns: the number left. */
static uint32_t sift_order(struct assay_cont_group *group, enum key key)
{
    ASSAY_ASSERT(group->instance_count <= group->instances_max);
    uint16_t *const order = order_of(group, key);
    uint32_t count = 0;
    for (uint32_t i = 0; i < group->instance_count; i++)
        if (is_taken(group, order[i])) order[count++] = order[i];
    for (uint32_t i = count; i < group->instance_count; i++)
        order[i] = 0;
    return count;
}

void assay_cont_rows_expire(struct assay_cont_group *group)
{
    uint32_t end = 0;
    for (uint32_t place = 0; place < group->instance_end; place++) {
        struct assay_cont_instance_row *row = &group->instance[place];
        if (!is_taken(group, place)) continue;
        if (!is_row_expired(group, row)) {
            end = place + 1;
            continue;
        }
        count_row(group, row, -1);
        *row = (struct assay_cont_instance_row){ 0 };
    }
    const uint32_t count = sift_order(group, NAME), same = sift_order(group, CURVE);
    ASSAY_ASSERT(count == same);
    group->instance_count = count;
    group->instance_end = end;
    ASSAY_ASSERT(count <= end);
    group->instance_free = find_free_place(group, 0);
}

void assay_cont_rows_clear_slot(struct assay_cont_group *group, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    for (uint32_t place = 0; place < group->instance_end; place++) {
        struct assay_cont_instance_row *row = &group->instance[place];
        if (!is_taken(group, place)) continue;
        if (row->author == slot) row->author = ASSAY_CONT_SLOTS_MAX;
        if (row->payer == slot) row->payer = ASSAY_CONT_SLOTS_MAX;
    }
    group->charged[slot] = group->provisional[slot] = 0;
}

void assay_cont_set_standing_fact(const struct assay_cont_group *group,
                                  const struct assay_cont_instance_row *row,
                                  struct assay_cont_fact *fact)
{
    ASSAY_ASSERT(row->author <= ASSAY_CONT_SLOTS_MAX);
    fact->kind = ASSAY_CONT_STANDING;
    assay_bytes_copy(fact->instance, 32, row->instance, 32);
    fact->retired = row->retired;
    fact->suspended = row->author < ASSAY_CONT_SLOTS_MAX &&
                      group->member[row->author].standing == ASSAY_CONT_STAND_SUSPENDED;
}
