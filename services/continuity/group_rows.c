/*
 * services/continuity/group_rows.c - instances in a group's fold: births, sessions, what is kept
 * and what leaves the table (docs/services.md 1.2.1, 1.3).
 */
#include "services/continuity/group_internal.h"

static struct assay_cont_instance_row *row_find(struct assay_cont_group *group,
                                                const uint8_t instance[static 32])
{
    for (uint32_t i = 0; i < group->instance_count; i++)
        if (assay_bytes_equal(group->instance[i].instance, instance, 32))
            return &group->instance[i];
    return NULL;
}

const struct assay_cont_instance_row *assay_cont_group_row(const struct assay_cont_group *group,
                                                           const uint8_t instance[static 32])
{
    for (uint32_t i = 0; i < group->instance_count; i++)
        if (assay_bytes_equal(group->instance[i].instance, instance, 32))
            return &group->instance[i];
    return NULL;
}

/* docs/services.md 1.2.1: beyond it an id without a row can never have one. */
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

/* docs/services.md 1.2.3: charged at the birth; whoever goes on with an instance pays nothing. */
static enum assay_cont_result charge(const struct assay_cont_group *group, uint32_t slot)
{
    uint32_t all = 0, provisional = 0, provisional_max = 0;
    const uint32_t all_max = assay_cont_group_quota(group, &provisional_max);
    for (uint32_t i = 0; i < group->instance_count; i++) {
        if (group->instance[i].payer != slot) continue;
        all++;
        provisional += !group->instance[i].kept;
    }
    if (all >= all_max || provisional >= provisional_max) return ASSAY_CONT_QUOTA;
    return group->instance_count < group->instances_max ? ASSAY_CONT_APPLIED : ASSAY_CONT_NO_ROOM;
}

/* --- sessions */

static enum assay_cont_result row_need(struct assay_cont_group *group, uint32_t slot,
                                       const struct assay_cont_session_record *record,
                                       struct assay_cont_instance_row **row)
{
    uint8_t instance[32];
    assay_cont_instance(&group->home, &record->birth, record->instance_key, instance);
    *row = row_find(group, instance);
    if (*row == NULL && !assay_cont_group_may_be_born(group, &record->birth))
        return ASSAY_CONT_GONE_ROW;
    if (*row != NULL && (*row)->retired) return ASSAY_CONT_RETIRED;
    const uint64_t last = *row == NULL ? 0 : (*row)->session;
    /* A record that was replayed, or that lost the race, names a number that is gone. */
    if (record->expected != assay_cont_number_next(group->era, last)) return ASSAY_CONT_EXPECTED;
    if (assay_cont_has_curve(group, record->contact.curve)) return ASSAY_CONT_KEY_TAKEN;
    if (*row != NULL) return ASSAY_CONT_APPLIED;
    const enum assay_cont_result charged = charge(group, slot);
    if (charged != ASSAY_CONT_APPLIED) return charged;
    *row = &group->instance[group->instance_count++];
    **row = (struct assay_cont_instance_row){ .birth = record->birth,
                                              .payer = slot,
                                              .lease = record->lease,
                                              .epoch = group->epoch };
    assay_bytes_copy((*row)->instance, 32, instance, 32);
    return ASSAY_CONT_APPLIED;
}

enum assay_cont_result assay_cont_group_session(struct assay_cont_group *group, uint32_t slot,
                                                const struct assay_cont_session_record *record,
                                                struct assay_cont_facts *facts)
{
    struct assay_cont_instance_row *row = NULL;
    facts->count = 0;
    if (record->group != group->home.group || slot >= ASSAY_CONT_SLOTS_MAX)
        return ASSAY_CONT_NOT_HERE;
    if (group->member[slot].standing < ASSAY_CONT_STAND_WARNING) return ASSAY_CONT_NOT_HERE;
    const enum assay_cont_result result = row_need(group, slot, record, &row);
    if (result != ASSAY_CONT_APPLIED) return result;
    if (row->epoch != group->epoch) row->in_epoch = 0;
    if (row->in_epoch == ASSAY_CONT_SESSIONS_EPOCH_MAX) return ASSAY_CONT_CLONES;
    row->epoch = group->epoch;
    row->in_epoch++;
    row->session = assay_cont_number_next(group->era, row->session);
    row->contact = record->contact;
    row->author = slot;
    assay_cont_tell_session(row, assay_cont_fact_add(facts, ASSAY_CONT_SESSION));
    return ASSAY_CONT_APPLIED;
}

/* --- rows that stay, rows that go */

enum assay_cont_result assay_cont_group_keep(struct assay_cont_group *group,
                                             const struct assay_cont_keep_record *record,
                                             struct assay_cont_facts *facts)
{
    const struct assay_cont_roster *now = &group->now.roster;
    uint8_t seen = 0;
    uint32_t count = 0;
    facts->count = 0;
    if (record->group != group->home.group) return ASSAY_CONT_NOT_HERE;
    if (group->phase == ASSAY_CONT_FORMING || record->roster.view != now->view)
        return ASSAY_CONT_DEAD;
    for (uint32_t i = 0; i < record->receipt.count; i++) {
        const uint8_t *key = record->roster.key[record->receipt.seat[i]];
        const uint32_t seat = assay_cont_seat(now, key);
        if (seat == now->count || seen >> seat & 1) continue;
        seen |= (uint8_t)(1u << seat);
        count++;
    }
    if (count < assay_cont_quorum(now->count)) return ASSAY_CONT_FEW;
    struct assay_cont_instance_row *row = row_find(group, record->receipt.entry.instance);
    if (row == NULL) return ASSAY_CONT_GONE_ROW;
    const uint64_t index = record->receipt.entry.index;
    /* Only what is newer than all that was shown renews a lease: a replayed KEEP does not. */
    const bool renews = row->lease > 0 && index > row->shown;
    if (row->kept && !renews) return ASSAY_CONT_SAME;
    row->kept = true;
    if (renews) {
        row->shown = index;
        row->renewed = group->epoch;
    }
    return ASSAY_CONT_APPLIED;
}

enum assay_cont_result assay_cont_group_retire(struct assay_cont_group *group,
                                               const struct assay_cont_retire_record *record,
                                               struct assay_cont_facts *facts)
{
    uint8_t instance[32];
    facts->count = 0;
    if (record->group != group->home.group) return ASSAY_CONT_NOT_HERE;
    assay_cont_instance(&group->home, &record->birth, record->instance_key, instance);
    struct assay_cont_instance_row *row = row_find(group, instance);
    if (row == NULL) return ASSAY_CONT_GONE_ROW;
    /* What an older session signed, a clone perhaps, ends nothing. */
    if (record->session != row->session) return ASSAY_CONT_EXPECTED;
    if (row->retired) return ASSAY_CONT_SAME;
    row->retired = true;
    struct assay_cont_fact *const fact = assay_cont_fact_add(facts, ASSAY_CONT_OVER);
    assay_bytes_copy(fact->instance, 32, row->instance, 32);
    return ASSAY_CONT_APPLIED;
}

/* Closes since the instance last had a session numbered, or showed a newer state. */
static uint64_t unused(const struct assay_cont_group *group,
                       const struct assay_cont_instance_row *row)
{
    const uint64_t last = row->epoch > row->renewed ? row->epoch : row->renewed;
    return group->epoch > last ? group->epoch - last : 0;
}

bool assay_cont_group_lease_is_due(const struct assay_cont_group *group,
                                   const struct assay_cont_instance_row *row)
{
    return row->lease > 0 && unused(group, row) >= row->lease / 2;
}

/* docs/services.md 1.2.2: of rows that are kept only such as chose it, and none that could be born
 * again. A RECOVER may undo that a row is kept: it has its time as well. */
static bool is_over(const struct assay_cont_group *group,
                    const struct assay_cont_instance_row *row)
{
    const bool expired = row->lease > 0 && unused(group, row) > row->lease;
    return (!row->kept || row->retired || expired) && group->epoch > row->birth.epoch &&
           group->epoch - row->birth.epoch > ASSAY_CONT_BIRTH_EPOCHS;
}

void assay_cont_rows_expire(struct assay_cont_group *group)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < group->instance_count; i++) {
        if (is_over(group, &group->instance[i])) continue;
        if (count != i) group->instance[count] = group->instance[i];
        count++;
    }
    group->instance_count = count;
}

void assay_cont_row_renew(struct assay_cont_instance_row *row, uint32_t slot)
{
    if (row->author == slot) row->author = ASSAY_CONT_SLOTS_MAX;
    if (row->payer == slot) row->payer = ASSAY_CONT_SLOTS_MAX;
}

void assay_cont_tell_standing(const struct assay_cont_group *group,
                              const struct assay_cont_instance_row *row,
                              struct assay_cont_fact *fact)
{
    fact->kind = ASSAY_CONT_STANDING;
    assay_bytes_copy(fact->instance, 32, row->instance, 32);
    fact->retired = row->retired;
    fact->suspended = row->author < ASSAY_CONT_SLOTS_MAX &&
                      group->member[row->author].standing == ASSAY_CONT_STAND_SUSPENDED;
}
