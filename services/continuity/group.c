/*
 * services/continuity/group.c - ledger state of one group: seats and views (docs/services.md 1.3,
 * 1.9).
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
        group->member[slot].operator_ = (uint8_t)slot; /* until an epoch close sets the operator */
}

void assay_cont_group_copy(struct assay_cont_group *to, const struct assay_cont_group *from)
{
    /* Everything but the instances, which are the largest part, then only the used ones. */
    const size_t head = offsetof(struct assay_cont_group, by_name);
    const size_t row = sizeof *from->instance;
    const uint32_t end = to->instance_end;
    ASSAY_ASSERT(to->instances_max == from->instances_max);
    ASSAY_ASSERT(to != from && from->instance_end <= from->instances_max);
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

/* Enclaves may have to connect to members whose listing they have not seen. */
static void set_contacts_fact(const struct assay_cont_group *group,
                              const struct assay_cont_seats *seats, struct assay_cont_fact *fact)
{
    ASSAY_ASSERT(seats->roster.count <= ASSAY_CONT_SEATS_MAX);
    for (uint32_t i = 0; i < seats->roster.count; i++)
        if (!assay_cont_is_rekeyed(group, seats, i))
            fact->contact[i] = group->member[seats->slot[i]].contact;
}

/* The current view. */
static void set_serving_fact(const struct assay_cont_group *group, struct assay_cont_fact *fact)
{
    fact->roster = group->now.roster;
    set_contacts_fact(group, &group->now, fact);
    fact->entries = group->entries;
    assay_bytes_copy(fact->root, 32, group->root, 32);
}

/* The pending view. */
static void set_pending_fact(const struct assay_cont_group *group, struct assay_cont_fact *fact)
{
    ASSAY_ASSERT(group->phase == ASSAY_CONT_CHANGING);
    fact->roster = group->next.roster;
    set_contacts_fact(group, &group->next, fact);
    fact->base_roster = group->now.roster;
    fact->barred = group->barred;
}

void assay_cont_set_session_fact(const struct assay_cont_instance_row *row,
                                 struct assay_cont_fact *fact)
{
    ASSAY_ASSERT(row->session != 0);
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

bool assay_cont_is_unlisted(const struct assay_cont_seats *seats, uint32_t seat)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX && seats->slot[seat] <= ASSAY_CONT_NO_SLOT);
    return seats->slot[seat] == ASSAY_CONT_NO_SLOT;
}

/* The memory in the seat belongs to another process now. */
bool assay_cont_is_rekeyed(const struct assay_cont_group *group,
                           const struct assay_cont_seats *seats, uint32_t seat)
{
    if (assay_cont_is_unlisted(seats, seat)) return true;
    ASSAY_ASSERT(seats->slot[seat] < ASSAY_CONT_SLOTS_MAX);
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

/* Other seats held by members of an operator. */
static uint32_t count_operator_seats(const struct assay_cont_group *group,
                                     const struct assay_cont_seats *seats, uint32_t without,
                                     uint8_t operator_)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < seats->roster.count; i++)
        count += i != without && !assay_cont_is_unlisted(seats, i) &&
                 group->member[seats->slot[i]].operator_ == operator_;
    return count;
}

/* docs/services.md 1.9.3: would this member's operator have more than n - q seats? */
bool assay_cont_is_over_cap(const struct assay_cont_group *group,
                            const struct assay_cont_seats *seats, uint32_t own_seat, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    return count_operator_seats(group, seats, own_seat, group->member[slot].operator_) >=
           assay_cont_operator_seats(group->size);
}

bool assay_cont_may_sit(const struct assay_cont_group *group, const struct assay_cont_seats *seats,
                        uint32_t own_seat, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    const struct assay_cont_member *m = &group->member[slot];
    if (!m->listed || m->drains || m->standing != ASSAY_CONT_STAND_FULL) return false;
    if (m->until > group->epoch) return false;
    const bool own = own_seat < seats->roster.count && seats->slot[own_seat] == slot;
    return own || !is_seated(seats, slot);
}

/* Highest score, then lowest slot, among eligible members without another seat. capped: whose
 * operator may have one more. */
static uint32_t find_best_candidate(const struct assay_cont_group *group,
                                    const struct assay_cont_seats *seats, uint32_t own_seat,
                                    bool capped)
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

static void set_seat(const struct assay_cont_group *group, struct assay_cont_seats *seats,
                     uint32_t seat, uint32_t slot)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX && slot < ASSAY_CONT_SLOTS_MAX);
    ASSAY_ASSERT(group->member[slot].listed);
    seats->slot[seat] = slot;
    assay_bytes_copy(seats->roster.key[seat], ASSAY_P256_PUBLIC_LEN, group->member[slot].key,
                     ASSAY_P256_PUBLIC_LEN);
    assay_cont_contact_digest(&group->member[slot].contact, seats->roster.contact[seat]);
}

/* The initial seats. Returns: whether enough members are eligible. */
static bool fill_seats(const struct assay_cont_group *group, bool capped,
                       struct assay_cont_seats *seats)
{
    ASSAY_ASSERT(seats->roster.count <= group->size);
    while (seats->roster.count < group->size) {
        const uint32_t slot = find_best_candidate(group, seats, seats->roster.count, capped);
        if (slot == ASSAY_CONT_SLOTS_MAX) return false;
        set_seat(group, seats, seats->roster.count, slot);
        seats->roster.count++;
    }
    return true;
}

/* docs/services.md 1.2: view 0 starts empty, only once, when enough replicas are listed. */
static void form_group(struct assay_cont_group *group, struct assay_cont_facts *facts)
{
    ASSAY_ASSERT(group->phase == ASSAY_CONT_FORMING);
    struct assay_cont_seats seats = { 0 };
    if (!fill_seats(group, true, &seats)) return;
    seats.roster.view = group->era << ASSAY_CONT_NUMBER_BITS;
    group->view_last = seats.roster.view;
    group->now = group->next = seats;
    group->phase = ASSAY_CONT_SERVING;
    set_serving_fact(group, assay_cont_fact_add(facts, ASSAY_CONT_BORN));
}

/* Its operator has too many seats, since the member changed its operator or a RECOVER. */
static bool has_too_many_seats(const struct assay_cont_group *group,
                               const struct assay_cont_seats *seats, uint32_t seat)
{
    return !assay_cont_is_unlisted(seats, seat) &&
           assay_cont_is_over_cap(group, seats, seat, seats->slot[seat]);
}

/* Replaces lost seats by eligible members, then moves the last seats of an operator that has too
 * many.
 * Returns: true when the roster changed. */
static bool replace_lost_seats(const struct assay_cont_group *group, struct assay_cont_seats *seats)
{
    ASSAY_ASSERT(seats->roster.count == group->size);
    bool changed = false;
    for (uint32_t i = 0; i < seats->roster.count; i++) {
        if (!assay_cont_is_lost(group, seats, i)) continue;
        const uint32_t slot = find_best_candidate(group, seats, i, true);
        if (slot == ASSAY_CONT_SLOTS_MAX) continue;
        set_seat(group, seats, i, slot);
        changed = true;
    }
    for (uint32_t i = seats->roster.count; i-- > 0;) {
        if (!has_too_many_seats(group, seats, i)) continue;
        const uint32_t slot = find_best_candidate(group, seats, i, true);
        if (slot == ASSAY_CONT_SLOTS_MAX) continue;
        set_seat(group, seats, i, slot);
        changed = true;
    }
    return changed;
}

/* The memories left to decide a view with. */
struct memories {
    uint32_t memories; /* that may exist */
    uint32_t counted;  /* of members that list them and are not suspended */
    uint32_t usable;   /* of these and the suspended: those that counted when `next` was decided */
    uint8_t barred;
};

static struct memories count_memories(const struct assay_cont_group *group)
{
    struct memories m = { 0 };
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        const bool nobodys = assay_cont_is_unlisted(&group->now, i);
        if (assay_cont_is_rekeyed(group, &group->now, i) && !nobodys) continue;
        const bool suspended = !nobodys && group->member[group->now.slot[i]].standing ==
                                               ASSAY_CONT_STAND_SUSPENDED;
        /* Also one that was silent for so long that the group does not depend on it: it may
         * return. */
        if (suspended) m.barred |= (uint8_t)(1u << i);
        if (assay_cont_silence_is_forgotten(group, i)) continue;
        m.memories++;
        if (nobodys) continue; /* until its member lists it again */
        if (!(group->barred >> i & 1)) m.usable++;
        if (!suspended) m.counted++;
    }
    ASSAY_ASSERT(m.counted <= m.memories && m.usable <= m.memories);
    return m;
}

/* A newcomer of `next` that may be unreachable is tried again later; others first. */
static void replace_newcomers(struct assay_cont_group *group, struct assay_cont_seats *next)
{
    ASSAY_ASSERT(group->phase == ASSAY_CONT_CHANGING);
    for (uint32_t i = 0; i < next->roster.count; i++) {
        /* A lost seat is replaced anyway; a member that is not listed has no row in the
         * document. */
        if (assay_cont_is_lost(group, next, i) || is_seated(&group->now, next->slot[i])) continue;
        struct assay_cont_member *m = &group->member[next->slot[i]];
        const uint64_t before = m->until;
        m->until = group->epoch + UINT64_C(2) * ASSAY_CONT_STALL_CLOSES;
        const uint32_t slot = find_best_candidate(group, next, i, true);
        if (slot == ASSAY_CONT_SLOTS_MAX) m->until = before;
        else set_seat(group, next, i, slot);
    }
}

/* docs/services.md 1.9.6: its replicas may be gone, even where no seat of it is lost. */
static bool is_stalled(const struct assay_cont_group *group)
{
    return group->phase == ASSAY_CONT_CHANGING && group->epoch > group->changing &&
           (group->epoch - group->changing) % ASSAY_CONT_STALL_CLOSES == 0;
}

/*
 * docs/services.md 1.9: certified states are stored by a quorum of `now`. While a quorum is left, a
 * lost seat is replaced; with fewer memories nothing is restored, and the group is lost
 * permanently.
 */
static void decide_view_with(struct assay_cont_group *group, const struct assay_cont_move *move,
                             struct assay_cont_facts *facts)
{
    if (group->phase == ASSAY_CONT_GONE) return;
    if (group->phase == ASSAY_CONT_FORMING) {
        form_group(group, facts);
        return;
    }
    if (assay_cont_awaits_views(group)) return;
    const struct memories m = count_memories(group);
    const uint32_t quorum = assay_cont_quorum(group->now.roster.count);
    if (m.memories < quorum) {
        group->phase = ASSAY_CONT_GONE;
        group->next = group->now; /* no view is pending any more */
        group->barred = 0;
        group->changing = 0;
        assay_cont_fact_add(facts, ASSAY_CONT_LOST);
        return;
    }
    if (m.counted < quorum) return; /* until a suspended member recovers */
    const bool changing = group->phase == ASSAY_CONT_CHANGING;
    struct assay_cont_seats next = changing ? group->next : group->now;
    const bool moves = move != NULL && move->seat < next.roster.count;
    ASSAY_ASSERT(!moves || !changing); /* a seat moves for silence only while no view is pending */
    if (moves) {
        set_seat(group, &next, move->seat, move->slot);
        assay_cont_silence_on_moved(group, move->seat);
    }
    const bool stalled = move != NULL && is_stalled(group);
    if (stalled) replace_newcomers(group, &next);
    const bool refilled = replace_lost_seats(group, &next) || moves;
    /* Decided again also when a memory that was counted no longer counts, or when one that was not
     * counted is needed because others are gone. */
    const bool other = (m.barred & ~group->barred) != 0 || m.usable < quorum;
    /* Also in another era, whatever is lost: a RECOVER may have undone a decision for which members
     * of the base have signed, and they no longer serve. */
    const bool undone = assay_cont_number_era(group->next.roster.view) < group->era;
    if (!refilled && !(changing && other) && !undone && !stalled) return;
    if (!changing) group->changing = group->epoch;
    group->view_last = assay_cont_number_next(group->era, group->view_last);
    next.roster.view = group->view_last;
    group->next = next;
    group->barred = m.barred;
    group->phase = ASSAY_CONT_CHANGING;
    ASSAY_ASSERT(group->next.roster.view > group->now.roster.view);
    set_pending_fact(group, assay_cont_fact_add(facts, ASSAY_CONT_DECIDED));
}

static void decide_view(struct assay_cont_group *group, struct assay_cont_facts *facts)
{
    decide_view_with(group, NULL, facts);
}

/* --- records */

/* A link identifies its peer by this key: it belongs to one process only. */
bool assay_cont_has_curve(const struct assay_cont_group *group, const uint8_t curve[static 32])
{
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++)
        if (group->member[i].listed && assay_bytes_equal(group->member[i].contact.curve, curve, 32))
            return true;
    return assay_cont_row_has_curve(group, curve);
}

static bool has_seat(const struct assay_cont_group *group, uint32_t slot)
{
    return is_seated(&group->now, slot) || is_seated(&group->next, slot);
}

/*
 * docs/services.md 1.9.2: the seat moves without the loss of a memory; but each move is a view
 * change, so a member that drains gets no seat for ASSAY_CONT_DRAIN_CLOSES closes.
 */
static enum assay_cont_result drain_seat(struct assay_cont_group *group, uint32_t slot, bool drains,
                                         struct assay_cont_facts *facts)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX && group->member[slot].listed);
    struct assay_cont_member *m = &group->member[slot];
    if (m->drains == drains) return ASSAY_CONT_SAME;
    m->drains = drains;
    if (drains && has_seat(group, slot)) {
        const uint64_t until = group->epoch + ASSAY_CONT_DRAIN_CLOSES;
        if (until > m->until) m->until = until;
    }
    decide_view(group, facts);
    return ASSAY_CONT_APPLIED;
}

/*
 * docs/services.md 1.9.1: a key change of a seated member costs the group a memory and a view
 * change. The first one is a restart; with each further one the member waits for a seat twice as
 * long.
 */
static void set_backoff(struct assay_cont_group *group, uint32_t slot)
{
    struct assay_cont_member *m = &group->member[slot];
    ASSAY_ASSERT(m->relists <= ASSAY_CONT_RELISTS_MAX);
    if (!m->listed || !has_seat(group, slot)) return;
    /* After a RECOVER members list again what they had listed in the undone blocks. */
    if (assay_cont_awaits_views(group)) return;
    if (m->relists > 0) m->until = group->epoch + (UINT64_C(1) << m->relists);
    if (m->relists < ASSAY_CONT_RELISTS_MAX) m->relists++;
}

/* Its other seat in a pending view, which it has by an older key, is lost. */
static void vacate_seat(struct assay_cont_seats *seats, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    for (uint32_t i = 0; i < seats->roster.count; i++)
        if (seats->slot[i] == slot) seats->slot[i] = ASSAY_CONT_NO_SLOT;
}

/*
 * docs/services.md 1.9.5: a RECOVER undid the listing of a seated key, and its member lists it
 * again. In a pending view the member may have another seat by the key that it listed before: it
 * gets the seat of its replica there as well, and one seat in each view. Returns: whether that seat
 * is the member's now.
 */
static bool reclaim_seat(struct assay_cont_group *group, uint32_t slot, const uint8_t *key)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    struct assay_cont_seats *const now = &group->now, *const next = &group->next;
    const uint32_t seat = assay_cont_find_seat(&now->roster, key);
    const uint32_t pending = assay_cont_find_seat(&next->roster, key);
    if (seat == now->roster.count) return false;
    if (!assay_cont_is_unlisted(now, seat) || is_seated(now, slot)) return false;
    now->slot[seat] = slot;
    group->silence[seat].missing = 0;
    if (pending == next->roster.count) return true;
    ASSAY_ASSERT(assay_cont_is_unlisted(next, pending)); /* a copy of that seat */
    vacate_seat(next, slot);
    next->slot[pending] = slot;
    return true;
}

/* A key that sits, or that another view was decided with, is a memory: no other member may take it
 * over. */
static bool is_memory_key(const struct assay_cont_group *group, const uint8_t *key)
{
    return assay_cont_find_seat(&group->now.roster, key) < group->now.roster.count ||
           assay_cont_find_seat(&group->next.roster, key) < group->next.roster.count;
}

enum assay_cont_result assay_cont_group_apply_replica(
    struct assay_cont_group *group, uint32_t slot, const struct assay_cont_replica_record *record,
    struct assay_cont_facts *facts)
{
    facts->count = 0;
    if (record->group != group->home.group || slot >= ASSAY_CONT_SLOTS_MAX)
        return ASSAY_CONT_NOT_HERE;
    for (uint32_t i = 0; i < ASSAY_CONT_SLOTS_MAX; i++) {
        if (!group->member[i].listed ||
            !assay_bytes_equal(group->member[i].key, record->key, sizeof record->key))
            continue;
        return i == slot ? drain_seat(group, slot, record->drains, facts) : ASSAY_CONT_KEY_TAKEN;
    }
    if (assay_cont_has_curve(group, record->contact.curve)) return ASSAY_CONT_KEY_TAKEN;
    const bool took = reclaim_seat(group, slot, record->key);
    if (!took && is_memory_key(group, record->key)) return ASSAY_CONT_KEY_TAKEN;
    if (!took) set_backoff(group, slot);
    group->member[slot].listed = true;
    group->member[slot].alive = 0;
    group->member[slot].stood = 0;
    group->member[slot].reachable[0] = group->member[slot].reachable[1] = 0;
    group->member[slot].drains = record->drains;
    group->member[slot].contact = record->contact;
    assay_bytes_copy(group->member[slot].key, ASSAY_P256_PUBLIC_LEN, record->key,
                     ASSAY_P256_PUBLIC_LEN);
    decide_view(group, facts);
    return ASSAY_CONT_APPLIED;
}

void assay_cont_group_set_standing(struct assay_cont_group *group, uint64_t epoch,
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

void assay_cont_group_close_epoch(struct assay_cont_group *group, uint64_t epoch,
                                  const enum assay_cont_standing *standing, const uint16_t *score,
                                  const uint8_t *operators, uint32_t count,
                                  struct assay_cont_facts *facts)
{
    facts->count = 0;
    assay_cont_group_set_standing(group, epoch, standing, score, operators, count);
    assay_cont_rows_expire(group);
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        struct assay_cont_member *m = &group->member[slot];
        if (epoch % ASSAY_CONT_RELIST_CLOSES == 0 && m->relists > 0) m->relists--;
        if (!m->listed || m->standing != ASSAY_CONT_STAND_FULL) m->stood = 0;
        else if (m->stood < ASSAY_CONT_STOOD_CLOSES) m->stood++;
    }
    const struct assay_cont_move move = assay_cont_silence_close(group);
    if (assay_cont_era_close(group)) {
        set_serving_fact(group, assay_cont_fact_add(facts, ASSAY_CONT_STARTED));
        decide_view(group, facts);
    } else {
        decide_view_with(group, &move, facts);
    }
}

void assay_cont_group_clear_slot(struct assay_cont_group *group, uint32_t slot)
{
    if (slot >= ASSAY_CONT_SLOTS_MAX) return;
    /* The epoch close sets the slot's operator. */
    group->member[slot] = (struct assay_cont_member){ .operator_ = group->member[slot].operator_ };
    assay_cont_rows_clear_slot(group, slot);
}

enum assay_cont_result assay_cont_group_apply_table(struct assay_cont_group *group,
                                                    const struct assay_cont_table_record *record,
                                                    struct assay_cont_facts *facts)
{
    facts->count = 0;
    if (record->group != group->home.group || record->entries > 2 * group->instances_max)
        return ASSAY_CONT_NOT_HERE;
    if (assay_cont_number_era(record->roster.view) < group->era &&
        assay_cont_number_era(group->now.roster.view) < group->era)
        return assay_cont_attach(group, record);
    /* docs/services.md 1.9: one successor, the one decided last on the current view. */
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
    /* Too late for an undone view that was shown in this epoch (docs/services.md 1.9.5). */
    group->attach = (struct assay_cont_attach){ 0 };
    assay_cont_silence_on_started(group, &before);
    assay_cont_silence_on_unlisted(group);
    group->entries = record->entries;
    assay_bytes_copy(group->root, 32, record->root, 32);
    ASSAY_ASSERT(group->now.roster.count == group->size);
    set_serving_fact(group, assay_cont_fact_add(facts, ASSAY_CONT_STARTED));
    decide_view(group, facts); /* seats lost meanwhile are replaced at once */
    return ASSAY_CONT_APPLIED;
}

bool assay_cont_group_get_fact(const struct assay_cont_group *group, uint32_t number,
                               struct assay_cont_fact *fact)
{
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_BORN };
    if (group->phase == ASSAY_CONT_FORMING) return false;
    if (number == 0) {
        if (!assay_cont_view_is_first(group->now.roster.view)) fact->kind = ASSAY_CONT_STARTED;
        set_serving_fact(group, fact);
        return true;
    }
    uint32_t rest = number - 1;
    const bool waits = group->phase == ASSAY_CONT_CHANGING;
    if (waits || group->phase == ASSAY_CONT_GONE) {
        fact->kind = waits ? ASSAY_CONT_DECIDED : ASSAY_CONT_LOST;
        if (rest == 0 && waits) set_pending_fact(group, fact);
        if (rest == 0) return true;
        rest--;
    }
    if (rest >= group->instance_count) return false;
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_SESSION };
    assay_cont_set_session_fact(&group->instance[group->by_name[rest]], fact);
    return true;
}

bool assay_cont_group_get_standing(const struct assay_cont_group *group, uint32_t i,
                                   struct assay_cont_fact *fact)
{
    if (i > group->instance_count) return false;
    *fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_ROWS, .era = group->era };
    if (i == group->instance_count) return true;
    assay_cont_set_standing_fact(group, &group->instance[group->by_name[i]], fact);
    return true;
}

/* --- reports */

/* A group that has not formed: are there enough replicas, but of too few operators? */
static uint32_t forming_alarms(const struct assay_cont_group *group)
{
    struct assay_cont_seats any = { 0 };
    return fill_seats(group, false, &any) ? ASSAY_CONT_ALARM_OPERATORS : 0;
}

static uint32_t seat_alarms(const struct assay_cont_group *group,
                            const struct assay_cont_seats *seats, uint32_t seat)
{
    ASSAY_ASSERT(seat < seats->roster.count);
    if (find_best_candidate(group, seats, seat, true) < ASSAY_CONT_SLOTS_MAX) return 0;
    return find_best_candidate(group, seats, seat, false) < ASSAY_CONT_SLOTS_MAX
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
        if (has_too_many_seats(group, seats, i)) alarms |= ASSAY_CONT_ALARM_OPERATORS;
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
                         assay_cont_is_unlisted(&group->now, i));
}
