/*
 * services/continuity/group.c - one group's fold over the chain: seats and views (docs/services.md
 * 1.3, 1.9).
 */
#include "services/continuity/group_internal.h"

void assay_cont_group_init(struct assay_cont_group *group, const struct assay_cont_home *home,
                           uint32_t size, uint32_t instances_max,
                           struct assay_cont_instance_row *rows)
{
    ASSAY_ASSERT(assay_cont_size_is_fit(size));
    ASSAY_ASSERT(instances_max > 0 && instances_max <= ASSAY_CONT_INSTANCES_MAX);
    assay_bytes_zero(group, sizeof *group);
    assay_bytes_zero(rows, instances_max * sizeof *rows);
    group->home = *home;
    group->size = size;
    group->instances_max = instances_max;
    group->instance = rows;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        group->member[slot].operator_ = (uint8_t)slot; /* until a close says whose it is */
}

void assay_cont_group_copy(struct assay_cont_group *to, const struct assay_cont_group *from)
{
    /* All but the instances, which are the most of it, and then those that there are. */
    const size_t head = offsetof(struct assay_cont_group, by_name);
    const size_t row = sizeof *from->instance;
    const uint32_t end = to->instance_end;
    ASSAY_ASSERT(to->instances_max == from->instances_max);
    assay_bytes_copy(to, sizeof *to, from, head);
    assay_bytes_copy(to->by_name, sizeof to->by_name, from->by_name, sizeof from->by_name);
    assay_bytes_copy(to->by_curve, sizeof to->by_curve, from->by_curve, sizeof from->by_curve);
    assay_bytes_copy(to->instance, to->instances_max * row, from->instance,
                     from->instance_end * row);
    if (end > from->instance_end)
        assay_bytes_zero(to->instance + from->instance_end, (end - from->instance_end) * row);
}

struct assay_cont_fact *assay_cont_fact_add(struct assay_cont_facts *facts,
                                            enum assay_cont_fact_kind kind)
{
    ASSAY_ASSERT(facts->count < ASSAY_CONT_FACTS_MAX);
    struct assay_cont_fact *fact = &facts->fact[facts->count++];
    *fact = (struct assay_cont_fact){ .kind = kind };
    return fact;
}

/* Enclaves may have to dial members whose listing they have not seen. */
static void tell_contacts(const struct assay_cont_group *group,
                          const struct assay_cont_seats *seats, struct assay_cont_fact *fact)
{
    for (uint32_t i = 0; i < seats->roster.count; i++)
        if (!assay_cont_is_rekeyed(group, seats, i))
            fact->contact[i] = group->member[seats->slot[i]].contact;
}

/* Which view serves. */
static void tell_serving(const struct assay_cont_group *group, struct assay_cont_fact *fact)
{
    fact->roster = group->now.roster;
    tell_contacts(group, &group->now, fact);
    fact->entries = group->entries;
    assay_bytes_copy(fact->root, 32, group->root, 32);
}

/* Which one shall. */
static void tell_waiting(const struct assay_cont_group *group, struct assay_cont_fact *fact)
{
    fact->roster = group->next.roster;
    tell_contacts(group, &group->next, fact);
    fact->base_roster = group->now.roster;
    fact->barred = group->barred;
}

void assay_cont_tell_session(const struct assay_cont_instance_row *row,
                             struct assay_cont_fact *fact)
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

bool assay_cont_is_nobodys(const struct assay_cont_seats *seats, uint32_t seat)
{
    return seats->slot[seat] == ASSAY_CONT_NOBODY;
}

/* The memory that sat there is another process's now. */
bool assay_cont_is_rekeyed(const struct assay_cont_group *group,
                           const struct assay_cont_seats *seats, uint32_t seat)
{
    if (assay_cont_is_nobodys(seats, seat)) return true;
    const struct assay_cont_member *m = &group->member[seats->slot[seat]];
    return !m->listed || !assay_bytes_equal(m->key, seats->roster.key[seat], ASSAY_P256_PUBLIC_LEN);
}

bool assay_cont_is_lost(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t seat)
{
    return assay_cont_is_rekeyed(group, seats, seat) || group->member[seats->slot[seat]].drains ||
           group->member[seats->slot[seat]].standing < ASSAY_CONT_STAND_WARNING;
}

enum assay_cont_seat_state assay_cont_group_seat(const struct assay_cont_group *group,
                                                 uint32_t seat)
{
    ASSAY_ASSERT(seat < group->now.roster.count);
    if (assay_cont_is_rekeyed(group, &group->now, seat)) return ASSAY_CONT_SEAT_LOST;
    const struct assay_cont_member *m = &group->member[group->now.slot[seat]];
    if (m->standing < ASSAY_CONT_STAND_WARNING) return ASSAY_CONT_SEAT_LOST;
    if (group->silence[seat].missing != 0) return ASSAY_CONT_SEAT_MISSING;
    if (group->silence[seat].cut > 0) return ASSAY_CONT_SEAT_CUT;
    return m->drains ? ASSAY_CONT_SEAT_DRAINS : ASSAY_CONT_SEAT_SERVES;
}

/* Seats but this one of members of an operator. */
static uint32_t seats_of(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                         uint32_t without, uint8_t operator_)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < seats->roster.count; i++)
        count += i != without && !assay_cont_is_nobodys(seats, i) &&
                 group->member[seats->slot[i]].operator_ == operator_;
    return count;
}

/* docs/services.md 1.9.3: would this member's operator sit in more seats than one may? */
bool assay_cont_is_over_cap(const struct assay_cont_group *group,
                            const struct assay_cont_seats *seats, uint32_t own_seat, uint32_t slot)
{
    return seats_of(group, seats, own_seat, group->member[slot].operator_) >=
           assay_cont_operator_seats(group->size);
}

bool assay_cont_may_sit(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t own_seat, uint32_t slot)
{
    const struct assay_cont_member *m = &group->member[slot];
    if (!m->listed || m->drains || m->standing != ASSAY_CONT_STAND_FULL) return false;
    if (m->until > group->epoch) return false;
    const bool own = own_seat < seats->roster.count && seats->slot[own_seat] == slot;
    return own || !is_seated(seats, slot);
}

/* Highest score, then lowest slot, of those that may and have no other seat. capped: whose operator
 * may have one more. */
static uint32_t best_candidate(const struct assay_cont_group *group,
                               const struct assay_cont_seats *seats, uint32_t own_seat, bool capped)
{
    uint32_t best = ASSAY_CONT_SLOTS_MAX;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        const struct assay_cont_member *m = &group->member[slot];
        if (!assay_cont_may_sit(group, seats, own_seat, slot)) continue;
        if (capped && assay_cont_is_over_cap(group, seats, own_seat, slot)) continue;
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
    assay_cont_contact_digest(&group->member[slot].contact, seats->roster.contact[seat]);
}

/* The first seats of all. Returns: whether enough may sit. */
static bool fill(const struct assay_cont_group *group, bool capped, struct assay_cont_seats *seats)
{
    while (seats->roster.count < group->size) {
        const uint32_t slot = best_candidate(group, seats, seats->roster.count, capped);
        if (slot == ASSAY_CONT_SLOTS_MAX) return false;
        seat_set(group, seats, seats->roster.count, slot);
        seats->roster.count++;
    }
    return true;
}

/* docs/services.md 1.2: view 0 begins empty, once for ever, when enough replicas stand. */
static void form(struct assay_cont_group *group, struct assay_cont_facts *facts)
{
    struct assay_cont_seats seats = { 0 };
    if (!fill(group, true, &seats)) return;
    seats.roster.view = group->era << ASSAY_CONT_NUMBER_BITS;
    group->view_last = seats.roster.view;
    group->now = group->next = seats;
    group->phase = ASSAY_CONT_SERVING;
    tell_serving(group, assay_cont_fact_add(facts, ASSAY_CONT_BORN));
}

/* Its operator has more seats than one may, since it became another's or a RECOVER. */
static bool is_too_many(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t seat)
{
    return !assay_cont_is_nobodys(seats, seat) &&
           assay_cont_is_over_cap(group, seats, seat, seats->slot[seat]);
}

/* Replaces what is lost by who may, then moves the last seats of an operator that has too many.
 * Returns: true when the roster became another. */
static bool refill(const struct assay_cont_group *group, struct assay_cont_seats *seats)
{
    bool changed = false;
    for (uint32_t i = 0; i < seats->roster.count; i++) {
        if (!assay_cont_is_lost(group, seats, i)) continue;
        const uint32_t slot = best_candidate(group, seats, i, true);
        if (slot == ASSAY_CONT_SLOTS_MAX) continue;
        seat_set(group, seats, i, slot);
        changed = true;
    }
    for (uint32_t i = seats->roster.count; i-- > 0;) {
        if (!is_too_many(group, seats, i)) continue;
        const uint32_t slot = best_candidate(group, seats, i, true);
        if (slot == ASSAY_CONT_SLOTS_MAX) continue;
        seat_set(group, seats, i, slot);
        changed = true;
    }
    return changed;
}

/* What a group that is left to decide has. */
struct memories {
    uint32_t memories; /* that may be there */
    uint32_t counted;  /* of members that list them and are not suspended */
    uint32_t usable;   /* of these and the suspended: that counted when `next` was decided */
    uint8_t barred;
};

static struct memories memories_of(const struct assay_cont_group *group)
{
    struct memories m = { 0 };
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        const bool nobodys = assay_cont_is_nobodys(&group->now, i);
        if (assay_cont_is_rekeyed(group, &group->now, i) && !nobodys) continue;
        const bool suspended = !nobodys && group->member[group->now.slot[i]].standing ==
                                               ASSAY_CONT_STAND_SUSPENDED;
        /* Also one that was silent for so long that nothing rests on it: it may come back. */
        if (suspended) m.barred |= (uint8_t)(1u << i);
        if (assay_cont_silence_forgot(group, i)) continue;
        m.memories++;
        if (nobodys) continue; /* until its member lists it again */
        if (!(group->barred >> i & 1)) m.usable++;
        if (!suspended) m.counted++;
    }
    return m;
}

/* Who is new in `next` and has perhaps not been there is tried later again; others first. */
static void replace_newcomers(struct assay_cont_group *group, struct assay_cont_seats *next)
{
    for (uint32_t i = 0; i < next->roster.count; i++) {
        /* What is lost is replaced anyway; who is not listed has nothing in the document. */
        if (assay_cont_is_lost(group, next, i) || is_seated(&group->now, next->slot[i])) continue;
        struct assay_cont_member *m = &group->member[next->slot[i]];
        const uint64_t before = m->until;
        m->until = group->epoch + UINT64_C(2) * ASSAY_CONT_STALL_CLOSES;
        const uint32_t slot = best_candidate(group, next, i, true);
        if (slot == ASSAY_CONT_SLOTS_MAX) m->until = before;
        else seat_set(group, next, i, slot);
    }
}

/* docs/services.md 1.9.6: its replicas may be gone, also where no seat of it is lost. */
static bool is_stalled(const struct assay_cont_group *group)
{
    return group->phase == ASSAY_CONT_CHANGING && group->epoch > group->changing &&
           (group->epoch - group->changing) % ASSAY_CONT_STALL_CLOSES == 0;
}

/*
 * docs/services.md 1.9: whoever holds certified states is a quorum of `now`. While one is left, a
 * lost seat is replaced; with less nothing is restored, and the group says so for ever.
 */
static void decide_with(struct assay_cont_group *group, const struct assay_cont_move *move,
                        struct assay_cont_facts *facts)
{
    if (group->phase == ASSAY_CONT_GONE) return;
    if (group->phase == ASSAY_CONT_FORMING) {
        form(group, facts);
        return;
    }
    if (assay_cont_awaits_views(group)) return;
    const struct memories m = memories_of(group);
    const uint32_t quorum = assay_cont_quorum(group->now.roster.count);
    if (m.memories < quorum) {
        group->phase = ASSAY_CONT_GONE;
        group->next = group->now; /* nothing is waited for any more */
        group->barred = 0;
        group->changing = 0;
        assay_cont_fact_add(facts, ASSAY_CONT_LOST);
        return;
    }
    if (m.counted < quorum) return; /* until a suspended member stands again */
    const bool changing = group->phase == ASSAY_CONT_CHANGING;
    struct assay_cont_seats next = changing ? group->next : group->now;
    const bool moves = move != NULL && move->seat < next.roster.count;
    if (moves) {
        seat_set(group, &next, move->seat, move->slot);
        assay_cont_silence_moved(group, move->seat);
    }
    const bool stalled = move != NULL && is_stalled(group);
    if (stalled) replace_newcomers(group, &next);
    const bool refilled = refill(group, &next) || moves;
    /* Decided anew also when a memory that was counted on counts no more, or when one that did not
     * count then is needed now that others are gone. */
    const bool other = (m.barred & ~group->barred) != 0 || m.usable < quorum;
    /* And in another era, whatever is lost: a RECOVER may have undone a decision for which members
     * of the base have signed, and they serve no more. */
    const bool undone = assay_cont_number_era(group->next.roster.view) < group->era;
    if (!refilled && !(changing && other) && !undone && !stalled) return;
    if (!changing) group->changing = group->epoch;
    group->view_last = assay_cont_number_next(group->era, group->view_last);
    next.roster.view = group->view_last;
    group->next = next;
    group->barred = m.barred;
    group->phase = ASSAY_CONT_CHANGING;
    tell_waiting(group, assay_cont_fact_add(facts, ASSAY_CONT_DECIDED));
}

static void decide(struct assay_cont_group *group, struct assay_cont_facts *facts)
{
    decide_with(group, NULL, facts);
}

/* --- records */

/* A link tells who speaks by this key: nobody has two names, and no name is two. */
bool assay_cont_has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32])
{
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (group->member[i].listed && assay_bytes_equal(group->member[i].contact.curve, curve, 32))
            return true;
    return assay_cont_row_has_curve(group, curve);
}

static bool sits(const struct assay_cont_group *group, uint32_t slot)
{
    return is_seated(&group->now, slot) || is_seated(&group->next, slot);
}

/*
 * docs/services.md 1.9.2: the seat moves, and costs the group no memory; but each move is a change
 * of views, so whoever drains gets no seat for a while.
 */
static enum assay_cont_result drain(struct assay_cont_group *group, uint32_t slot, bool drains,
                                    struct assay_cont_facts *facts)
{
    struct assay_cont_member *m = &group->member[slot];
    if (m->drains == drains) return ASSAY_CONT_SAME;
    m->drains = drains;
    if (drains && sits(group, slot)) {
        const uint64_t until = group->epoch + ASSAY_CONT_DRAIN_CLOSES;
        if (until > m->until) m->until = until;
    }
    decide(group, facts);
    return ASSAY_CONT_APPLIED;
}

/*
 * docs/services.md 1.9.1: another key while it sits costs the group a memory and a change of views.
 * The first is a restart; whoever goes on with it waits for a seat twice as long each time.
 */
static void back_off(struct assay_cont_group *group, uint32_t slot)
{
    struct assay_cont_member *m = &group->member[slot];
    if (!m->listed || !sits(group, slot)) return;
    /* After a RECOVER members list what they had listed in what was undone. */
    if (assay_cont_awaits_views(group)) return;
    if (m->relists > 0) m->until = group->epoch + (UINT64_C(1) << m->relists);
    if (m->relists < ASSAY_CONT_RELISTS_MAX) m->relists++;
}

/*
 * docs/services.md 1.9.5: a RECOVER undid that a member listed the key which sits there, and its
 * replica lists it once more. Returns: whether that seat is the member's now.
 */
static bool take_back(struct assay_cont_group *group, uint32_t slot, const uint8_t *key)
{
    struct assay_cont_seats *const all[] = { &group->now, &group->next };
    bool took = false;
    for (uint32_t v = 0; v < 2; v++) {
        const uint32_t seat = assay_cont_seat(&all[v]->roster, key);
        if (seat == all[v]->roster.count) continue;
        if (!assay_cont_is_nobodys(all[v], seat) || is_seated(all[v], slot)) continue;
        all[v]->slot[seat] = slot;
        if (v == 0) group->silence[seat].missing = 0;
        took = true;
    }
    return took;
}

/* A key that sits, or that another view was decided with, is a memory: nobody takes it over. */
static bool is_a_memory(const struct assay_cont_group *group, const uint8_t *key)
{
    return assay_cont_seat(&group->now.roster, key) < group->now.roster.count ||
           assay_cont_seat(&group->next.roster, key) < group->next.roster.count;
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
        return i == slot ? drain(group, slot, record->drains, facts) : ASSAY_CONT_KEY_TAKEN;
    }
    if (assay_cont_has_curve(group, record->contact.curve)) return ASSAY_CONT_KEY_TAKEN;
    const bool took = take_back(group, slot, record->key);
    if (!took && is_a_memory(group, record->key)) return ASSAY_CONT_KEY_TAKEN;
    if (!took) back_off(group, slot);
    group->member[slot].listed = true;
    group->member[slot].alive = 0;
    group->member[slot].stood = 0;
    group->member[slot].heard[0] = group->member[slot].heard[1] = 0;
    group->member[slot].drains = record->drains;
    group->member[slot].contact = record->contact;
    assay_bytes_copy(group->member[slot].key, ASSAY_P256_PUBLIC_LEN, record->key,
                     ASSAY_P256_PUBLIC_LEN);
    decide(group, facts);
    return ASSAY_CONT_APPLIED;
}

void assay_cont_group_stand(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            const uint8_t *operators, uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_CONT_SLOTS_MAX);
    group->epoch = epoch;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        group->member[slot].standing = slot < count ? standing[slot] : ASSAY_CONT_STAND_NONE;
        group->member[slot].score = slot < count ? score[slot] : 0;
        group->member[slot].operator_ =
            slot < count && operators != NULL ? operators[slot] : (uint8_t)slot;
    }
}

void assay_cont_group_close(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            const uint8_t *operators, uint32_t count,
                            struct assay_cont_facts *facts)
{
    facts->count = 0;
    assay_cont_group_stand(group, epoch, standing, score, operators, count);
    assay_cont_rows_expire(group);
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        struct assay_cont_member *m = &group->member[slot];
        if (epoch % ASSAY_CONT_RELIST_CLOSES == 0 && m->relists > 0) m->relists--;
        if (!m->listed || m->standing != ASSAY_CONT_STAND_FULL) m->stood = 0;
        else if (m->stood < ASSAY_CONT_STOOD_CLOSES) m->stood++;
    }
    const struct assay_cont_move move = assay_cont_silence_close(group);
    if (assay_cont_era_close(group)) {
        tell_serving(group, assay_cont_fact_add(facts, ASSAY_CONT_STARTED));
        decide(group, facts);
    } else {
        decide_with(group, &move, facts);
    }
}

void assay_cont_group_renew(struct assay_cont_group *group, uint32_t slot)
{
    if (slot >= ASSAY_CONT_SLOTS_MAX) return;
    /* Whose the slot is now is the close's to tell. */
    group->member[slot] = (struct assay_cont_member){ .operator_ = group->member[slot].operator_ };
    assay_cont_rows_renew(group, slot);
}

enum assay_cont_result assay_cont_group_table(struct assay_cont_group *group,
                                              const struct assay_cont_table_record *record,
                                              struct assay_cont_facts *facts)
{
    facts->count = 0;
    if (record->group != group->home.group || record->entries > 2 * group->instances_max)
        return ASSAY_CONT_NOT_HERE;
    if (assay_cont_number_era(record->roster.view) < group->era &&
        assay_cont_number_era(group->now.roster.view) < group->era)
        return assay_cont_attach(group, record);
    /* docs/services.md 1.9: one successor, the one that was decided last on what serves. */
    if (group->phase != ASSAY_CONT_CHANGING || record->base != group->now.roster.view ||
        record->roster.view != group->next.roster.view)
        return ASSAY_CONT_DEAD;
    const uint32_t quorum = assay_cont_quorum(group->size);
    if (assay_cont_count_last(&group->now.roster, group->barred, record) < quorum ||
        assay_cont_count_vouches(&group->next.roster, record) < quorum)
        return ASSAY_CONT_FEW;
    const struct assay_cont_seats before = group->now;
    group->now = group->next;
    group->barred = 0;
    group->changing = 0;
    group->phase = ASSAY_CONT_SERVING;
    assay_cont_silence_started(group, &before);
    group->entries = record->entries;
    assay_bytes_copy(group->root, 32, record->root, 32);
    tell_serving(group, assay_cont_fact_add(facts, ASSAY_CONT_STARTED));
    decide(group, facts); /* what was lost meanwhile is replaced at once */
    return ASSAY_CONT_APPLIED;
}

bool assay_cont_group_tell(const struct assay_cont_group *group, uint32_t number,
                           struct assay_cont_fact *fact)
{
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_BORN };
    if (group->phase == ASSAY_CONT_FORMING) return false;
    if (number == 0) {
        if (!assay_cont_view_is_first(group->now.roster.view)) fact->kind = ASSAY_CONT_STARTED;
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
    assay_cont_tell_session(&group->instance[group->by_name[rest]], fact);
    return true;
}

bool assay_cont_group_standing(const struct assay_cont_group *group, uint32_t i,
                               struct assay_cont_fact *fact)
{
    if (i > group->instance_count) return false;
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_ROWS, .era = group->era };
    if (i == group->instance_count) return true;
    assay_cont_tell_standing(group, &group->instance[group->by_name[i]], fact);
    return true;
}

/* --- for people */

/* A group that has not begun: is it for operators that enough replicas do not suffice? */
static uint32_t forming_alarms(const struct assay_cont_group *group)
{
    struct assay_cont_seats any = { 0 };
    return fill(group, false, &any) ? ASSAY_CONT_ALARM_OPERATORS : 0;
}

static uint32_t seat_alarms(const struct assay_cont_group *group,
                            const struct assay_cont_seats *seats, uint32_t seat)
{
    if (best_candidate(group, seats, seat, true) < ASSAY_CONT_SLOTS_MAX) return 0;
    return best_candidate(group, seats, seat, false) < ASSAY_CONT_SLOTS_MAX
               ? ASSAY_CONT_ALARM_OPERATORS
               : ASSAY_CONT_ALARM_NO_CANDIDATE;
}

uint32_t assay_cont_group_alarms(const struct assay_cont_group *group)
{
    const bool changing = group->phase == ASSAY_CONT_CHANGING;
    const struct assay_cont_seats *const seats = changing ? &group->next : &group->now;
    uint32_t alarms = 0, counted = 0;
    if (changing && group->epoch - group->changing >= ASSAY_CONT_STALL_CLOSES)
        alarms |= ASSAY_CONT_ALARM_CHANGING;
    if (group->phase == ASSAY_CONT_GONE) return 0;
    if (group->phase == ASSAY_CONT_FORMING) return forming_alarms(group);
    for (uint32_t i = 0; i < seats->roster.count; i++) {
        if (assay_cont_is_lost(group, seats, i)) alarms |= seat_alarms(group, seats, i);
        if (is_too_many(group, seats, i)) alarms |= ASSAY_CONT_ALARM_OPERATORS;
        counted += !assay_cont_is_rekeyed(group, &group->now, i) &&
                   group->member[group->now.slot[i]].standing != ASSAY_CONT_STAND_SUSPENDED;
    }
    if (counted < assay_cont_quorum(group->size)) alarms |= ASSAY_CONT_ALARM_FEW;
    return alarms | assay_cont_silence_alarms(group);
}

void assay_cont_group_check(const struct assay_cont_group *group)
{
    assay_cont_rows_check(group);
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
            ASSAY_ASSERT(group->now.slot[i] != group->now.slot[k] ||
                         assay_cont_is_nobodys(&group->now, i));
}
