/*
 * services/continuity/group.c - one group's fold over the chain (docs/services.md 1.3, 1.9).
 */
#include "services/continuity/group.h"

void assay_cont_group_init(struct assay_cont_group *group, const struct assay_cont_home *home,
                           uint32_t size, uint32_t instances_max)
{
    ASSAY_ASSERT(assay_cont_size_is_fit(size));
    ASSAY_ASSERT(instances_max > 0 && instances_max <= ASSAY_CONT_INSTANCES_MAX);
    assay_bytes_zero(group, sizeof *group);
    group->home = *home;
    group->size = size;
    group->instances_max = instances_max;
}

void assay_cont_group_copy(struct assay_cont_group *to, const struct assay_cont_group *from)
{
    /* All but the instances, which are the most of it, and then those that there are. */
    const size_t head = offsetof(struct assay_cont_group, instance);
    const size_t rows = from->instance_count * sizeof *from->instance;
    assay_bytes_copy(to, sizeof *to, from, head);
    assay_bytes_copy(to->instance, sizeof to->instance, from->instance, rows);
}

static struct assay_cont_fact *fact_add(struct assay_cont_facts *facts,
                                        enum assay_cont_fact_kind kind)
{
    ASSAY_ASSERT(facts->count < ASSAY_CONT_FACTS_MAX);
    struct assay_cont_fact *fact = &facts->fact[facts->count++];
    *fact = (struct assay_cont_fact){ .kind = kind };
    return fact;
}

/* Which view serves. */
static void tell_serving(const struct assay_cont_group *group, struct assay_cont_fact *fact)
{
    fact->roster = group->now.roster;
    fact->entries = group->entries;
    assay_bytes_copy(fact->root, 32, group->root, 32);
}

/* Which one shall. */
static void tell_waiting(const struct assay_cont_group *group, struct assay_cont_fact *fact)
{
    fact->roster = group->next.roster;
    fact->base_roster = group->now.roster;
    fact->barred = group->barred;
}

static void tell_session(const struct assay_cont_instance_row *row, struct assay_cont_fact *fact)
{
    fact->session = row->session;
    assay_bytes_copy(fact->instance, 32, row->instance, 32);
}

/* --- seats */

static bool is_seated(const struct assay_cont_seats *seats, uint32_t slot)
{
    for (uint32_t i = 0; i < seats->roster.count; i++)
        if (seats->slot[i] == slot) return true;
    return false;
}

/* The memory that sat there is another process's now. */
static bool is_rekeyed(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                       uint32_t seat)
{
    const struct assay_cont_member *m = &group->member[seats->slot[seat]];
    return !m->listed ||
           !assay_bytes_equal(m->key, seats->roster.key[seat], ASSAY_P256_PUBLIC_LEN);
}

static bool is_lost(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                    uint32_t seat)
{
    return is_rekeyed(group, seats, seat) ||
           group->member[seats->slot[seat]].standing < ASSAY_CONT_STAND_WARNING;
}

bool assay_cont_group_is_lost(const struct assay_cont_group *group, uint32_t seat)
{
    ASSAY_ASSERT(seat < group->now.roster.count);
    return is_lost(group, &group->now, seat);
}

/* Highest score, then lowest slot, of those that may and have no other seat. */
static uint32_t best_candidate(const struct assay_cont_group *group,
                               const struct assay_cont_seats *seats, uint32_t own_seat)
{
    uint32_t best = ASSAY_CONT_SLOTS_MAX;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        const struct assay_cont_member *m = &group->member[slot];
        if (!m->listed || m->standing != ASSAY_CONT_STAND_FULL) continue;
        if (is_seated(seats, slot) &&
            !(own_seat < seats->roster.count && seats->slot[own_seat] == slot))
            continue;
        if (best == ASSAY_CONT_SLOTS_MAX || m->score > group->member[best].score) best = slot;
    }
    return best;
}

static void seat_set(const struct assay_cont_group *group, struct assay_cont_seats *seats,
                     uint32_t seat, uint32_t slot)
{
    seats->slot[seat] = slot;
    assay_bytes_copy(seats->roster.key[seat], ASSAY_P256_PUBLIC_LEN, group->member[slot].key,
                     ASSAY_P256_PUBLIC_LEN);
}

/* docs/services.md 1.2: view 0 begins empty, once for ever, when enough replicas stand. */
static void form(struct assay_cont_group *group, struct assay_cont_facts *facts)
{
    struct assay_cont_seats seats = { 0 };
    while (seats.roster.count < group->size) {
        const uint32_t slot = best_candidate(group, &seats, seats.roster.count);
        if (slot == ASSAY_CONT_SLOTS_MAX) return;
        seat_set(group, &seats, seats.roster.count, slot);
        seats.roster.count++;
    }
    group->now = group->next = seats;
    group->phase = ASSAY_CONT_SERVING;
    tell_serving(group, fact_add(facts, ASSAY_CONT_BORN));
}

/* Replaces what is lost by who may. Returns: true when the roster became another. */
static bool refill(const struct assay_cont_group *group, struct assay_cont_seats *seats)
{
    bool changed = false;
    for (uint32_t i = 0; i < seats->roster.count; i++) {
        if (!is_lost(group, seats, i)) continue;
        const uint32_t slot = best_candidate(group, seats, i);
        if (slot == ASSAY_CONT_SLOTS_MAX) continue;
        seat_set(group, seats, i, slot);
        changed = true;
    }
    return changed;
}

/*
 * docs/services.md 1.9: whoever holds certified states is a quorum of `now`. While one is left, a
 * lost seat is replaced; with less nothing is restored, and the group says so for ever.
 */
static void decide(struct assay_cont_group *group, struct assay_cont_facts *facts)
{
    if (group->phase == ASSAY_CONT_GONE) return;
    if (group->phase == ASSAY_CONT_FORMING) {
        form(group, facts);
        return;
    }
    uint32_t memories = 0, counted = 0, usable = 0;
    uint8_t barred = 0;
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        if (is_rekeyed(group, &group->now, i)) continue;
        memories++;
        if (!(group->barred >> i & 1)) usable++;
        if (group->member[group->now.slot[i]].standing == ASSAY_CONT_STAND_SUSPENDED)
            barred |= (uint8_t)(1u << i);
        else counted++;
    }
    const uint32_t quorum = assay_cont_quorum(group->now.roster.count);
    if (memories < quorum) {
        group->phase = ASSAY_CONT_GONE;
        group->next = group->now; /* nothing is waited for any more */
        group->barred = 0;
        (void)fact_add(facts, ASSAY_CONT_LOST);
        return;
    }
    if (counted < quorum) return; /* until a suspended member stands again */
    const bool changing = group->phase == ASSAY_CONT_CHANGING;
    struct assay_cont_seats next = changing ? group->next : group->now;
    const bool refilled = refill(group, &next);
    /* Decided anew also when a memory that was counted on counts no more, or when one that did not
     * count then is needed now that others are gone. */
    const bool other = (barred & ~group->barred) != 0 || usable < quorum;
    if (!refilled && !(changing && other)) return;
    next.roster.view = ++group->view_last;
    group->next = next;
    group->barred = barred;
    group->phase = ASSAY_CONT_CHANGING;
    tell_waiting(group, fact_add(facts, ASSAY_CONT_DECIDED));
}

/* --- records */

/* A link tells who speaks by this key: nobody has two names, and no name is two. */
static bool has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32])
{
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (group->member[i].listed &&
            assay_bytes_equal(group->member[i].contact.curve, curve, 32))
            return true;
    for (uint32_t i = 0; i < group->instance_count; i++)
        if (assay_bytes_equal(group->instance[i].contact.curve, curve, 32)) return true;
    return false;
}

enum assay_cont_result assay_cont_group_replica(struct assay_cont_group *group, uint32_t slot,
                                                const struct assay_cont_replica_record *record,
                                                struct assay_cont_facts *facts)
{
    facts->count = 0;
    if (record->group != group->home.group || slot >= ASSAY_CONT_SLOTS_MAX)
        return ASSAY_CONT_NOT_HERE;
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++) {
        if (!group->member[i].listed ||
            !assay_bytes_equal(group->member[i].key, record->key, sizeof record->key))
            continue;
        return i == slot ? ASSAY_CONT_SAME : ASSAY_CONT_KEY_TAKEN;
    }
    /* A key that sits, or that another view was decided with, is a memory: nobody takes it over. */
    const struct assay_cont_seats *all[] = { &group->now, &group->next };
    for (uint32_t i = 0; i < 2; i++)
        if (assay_cont_seat(&all[i]->roster, record->key) < all[i]->roster.count)
            return ASSAY_CONT_KEY_TAKEN;
    if (has_curve(group, record->contact.curve)) return ASSAY_CONT_KEY_TAKEN;
    group->member[slot].listed = true;
    group->member[slot].contact = record->contact;
    assay_bytes_copy(group->member[slot].key, ASSAY_P256_PUBLIC_LEN, record->key,
                     ASSAY_P256_PUBLIC_LEN);
    decide(group, facts);
    return ASSAY_CONT_APPLIED;
}

void assay_cont_group_stand(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_CONT_SLOTS_MAX);
    group->epoch = epoch;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        group->member[slot].standing = slot < count ? standing[slot] : ASSAY_CONT_STAND_NONE;
        group->member[slot].score = slot < count ? score[slot] : 0;
    }
}

void assay_cont_group_close(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            uint32_t count, struct assay_cont_facts *facts)
{
    facts->count = 0;
    assay_cont_group_stand(group, epoch, standing, score, count);
    decide(group, facts);
}

void assay_cont_group_renew(struct assay_cont_group *group, uint32_t slot)
{
    if (slot >= ASSAY_CONT_SLOTS_MAX) return;
    group->member[slot] = (struct assay_cont_member){ 0 };
    for (uint32_t i = 0; i < group->instance_count; i++)
        if (group->instance[i].author == slot) group->instance[i].author = ASSAY_CONT_SLOTS_MAX;
}

static struct assay_cont_instance_row *row_of(struct assay_cont_group *group,
                                              const uint8_t instance[static 32])
{
    for (uint32_t i = 0; i < group->instance_count; i++)
        if (assay_bytes_equal(group->instance[i].instance, instance, 32))
            return &group->instance[i];
    return NULL;
}

enum assay_cont_result assay_cont_group_session(struct assay_cont_group *group, uint32_t slot,
                                                const struct assay_cont_session_record *record,
                                                struct assay_cont_facts *facts)
{
    uint8_t instance[32];
    facts->count = 0;
    if (record->group != group->home.group || slot >= ASSAY_CONT_SLOTS_MAX)
        return ASSAY_CONT_NOT_HERE;
    if (group->member[slot].standing < ASSAY_CONT_STAND_WARNING) return ASSAY_CONT_NOT_HERE;
    assay_cont_instance(record->group, record->instance_key, instance);
    struct assay_cont_instance_row *row = row_of(group, instance);
    const uint64_t last = row == NULL ? 0 : row->session;
    /* A record that was replayed, or that lost the race, names a number that is gone. */
    if (record->expected != last + 1) return ASSAY_CONT_EXPECTED;
    if (has_curve(group, record->contact.curve)) return ASSAY_CONT_KEY_TAKEN;
    if (row == NULL && group->instance_count == group->instances_max) return ASSAY_CONT_NO_ROOM;
    if (row == NULL) {
        row = &group->instance[group->instance_count++];
        *row = (struct assay_cont_instance_row){ .epoch = group->epoch };
        assay_bytes_copy(row->instance, 32, instance, 32);
    }
    if (row->epoch != group->epoch) row->in_epoch = 0;
    if (row->in_epoch == ASSAY_CONT_SESSIONS_EPOCH_MAX) return ASSAY_CONT_CLONES;
    row->epoch = group->epoch;
    row->in_epoch++;
    row->session = last + 1;
    row->contact = record->contact;
    row->author = slot;
    tell_session(row, fact_add(facts, ASSAY_CONT_SESSION));
    return ASSAY_CONT_APPLIED;
}

enum assay_cont_result assay_cont_group_table(struct assay_cont_group *group,
                                              const struct assay_cont_table_record *record,
                                              struct assay_cont_facts *facts)
{
    facts->count = 0;
    if (record->group != group->home.group || record->entries > group->instances_max)
        return ASSAY_CONT_NOT_HERE;
    /* docs/services.md 1.9: one successor, the one that was decided last on what serves. */
    if (group->phase != ASSAY_CONT_CHANGING || record->view != group->next.roster.view)
        return ASSAY_CONT_DEAD;
    uint8_t seen = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < record->count; i++) {
        const uint32_t seat = assay_cont_seat(&group->next.roster, record->key[i]);
        if (seat == group->next.roster.count || seen >> seat & 1) continue;
        seen |= (uint8_t)(1u << seat);
        count++;
    }
    if (count < assay_cont_quorum(group->next.roster.count)) return ASSAY_CONT_FEW;
    group->now = group->next;
    group->barred = 0;
    group->phase = ASSAY_CONT_SERVING;
    group->entries = record->entries;
    assay_bytes_copy(group->root, 32, record->root, 32);
    tell_serving(group, fact_add(facts, ASSAY_CONT_STARTED));
    decide(group, facts); /* what was lost meanwhile is replaced at once */
    return ASSAY_CONT_APPLIED;
}

bool assay_cont_group_tell(const struct assay_cont_group *group, uint32_t number,
                           struct assay_cont_fact *fact)
{
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_BORN };
    if (group->phase == ASSAY_CONT_FORMING) return false;
    if (number == 0) {
        if (group->now.roster.view > 0) fact->kind = ASSAY_CONT_STARTED;
        tell_serving(group, fact);
        return true;
    }
    uint32_t rest = number - 1;
    const bool waits = group->phase == ASSAY_CONT_CHANGING;
    if (waits || group->phase == ASSAY_CONT_GONE) {
        fact->kind = waits ? ASSAY_CONT_DECIDED : ASSAY_CONT_LOST;
        if (rest == 0 && waits) tell_waiting(group, fact);
        if (rest == 0) return true;
        rest--;
    }
    if (rest >= group->instance_count) return false;
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_SESSION };
    tell_session(&group->instance[rest], fact);
    return true;
}

bool assay_cont_group_standing(const struct assay_cont_group *group, uint32_t i,
                               struct assay_cont_fact *fact)
{
    if (i >= group->instance_count) return false;
    const struct assay_cont_instance_row *row = &group->instance[i];
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_STANDING };
    assay_bytes_copy(fact->instance, 32, row->instance, 32);
    fact->suspended = row->author < ASSAY_CONT_SLOTS_MAX &&
                      group->member[row->author].standing == ASSAY_CONT_STAND_SUSPENDED;
    return true;
}

void assay_cont_group_check(const struct assay_cont_group *group)
{
    ASSAY_ASSERT(group->instance_count <= group->instances_max);
    if (group->phase == ASSAY_CONT_FORMING) {
        ASSAY_ASSERT(group->now.roster.count == 0 && group->view_last == 0);
        return;
    }
    ASSAY_ASSERT(group->now.roster.count == group->size);
    ASSAY_ASSERT(group->now.roster.view <= group->view_last);
    if (group->phase == ASSAY_CONT_CHANGING) {
        ASSAY_ASSERT(group->next.roster.count == group->size);
        ASSAY_ASSERT(group->next.roster.view == group->view_last);
        ASSAY_ASSERT(group->next.roster.view > group->now.roster.view);
    }
    for (uint32_t i = 0; i < group->size; i++)
        for (uint32_t k = 0; k < i; k++)
            ASSAY_ASSERT(group->now.slot[i] != group->now.slot[k]);
}
