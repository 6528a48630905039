/*
 * services/continuity/group_silence.c - silent seats (docs/services.md 1.11): reports of replicas
 * about one another, proofs of liveness, and the seat that moves.
 *
 * A report is signed by a replica, but its host controls what the replica receives. So q others
 * have to report a seat, a replica that can still submit a record delays the move, and moves are so
 * rare that an attacker who controls the network for a time gets no more than n - q seats.
 */
#include "services/continuity/group_internal.h"

#include "base/bitmap.h"

static bool has_view(const struct assay_cont_group *group)
{
    return group->phase == ASSAY_CONT_SERVING || group->phase == ASSAY_CONT_CHANGING;
}

static struct assay_cont_silence *silence_of(struct assay_cont_group *group, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    const struct assay_cont_member *m = &group->member[slot];
    for (uint32_t i = 0; i < group->now.roster.count; i++)
        if (group->now.slot[i] == slot &&
            assay_bytes_equal(m->key, group->now.roster.key[i], sizeof m->key))
            return &group->silence[i];
    return NULL;
}

static bool is_noticed(const struct assay_cont_silence *s)
{
    return (s->by[0] | s->by[1]) != 0 || s->missing != 0;
}

/* In the closing epoch, or the one before. */
static bool is_alive(const struct assay_cont_group *group, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    const uint64_t said = group->member[slot].alive;
    return said != 0 && said + 1 >= group->epoch;
}

/* What it has sent up to the last close. */
static void forget_alive(struct assay_cont_member *member, uint64_t closed)
{
    if (member->alive <= closed) member->alive = 0;
}

/* --- records */

enum assay_cont_result assay_cont_group_apply_silent(struct assay_cont_group *group,
                                                     const struct assay_cont_silent_record *record,
                                                     struct assay_cont_facts *facts)
{
    const struct assay_cont_roster *now = &group->now.roster;
    facts->count = 0;
    if (record->group != group->home.group) return ASSAY_CONT_NOT_HERE;
    /* Of this view alone: a report about another view's seat has no meaning here. */
    if (!has_view(group) || record->era != group->era || record->view != now->view)
        return ASSAY_CONT_DEAD;
    const uint32_t reporter = assay_cont_find_seat(now, record->key);
    if (record->seat >= now->count || reporter == now->count || reporter == record->seat)
        return ASSAY_CONT_NOT_HERE;
    const bool runs = record->epoch == group->epoch + 1;
    if (!runs && record->epoch != group->epoch) return ASSAY_CONT_EXPECTED;
    ASSAY_ASSERT(reporter < now->count && record->seat < now->count);
    struct assay_cont_silence *s = &group->silence[record->seat];
    uint8_t *const by = &s->by[runs ? 0 : 1];
    if ((*by >> reporter & 1) != 0) return ASSAY_CONT_SAME;
    /* An ALIVE from before the first report answers none, but for one of this epoch: it was given
     * in the view before, and a replica signs one an epoch. */
    if (!is_noticed(s) && !assay_cont_is_unlisted(&group->now, record->seat))
        forget_alive(&group->member[group->now.slot[record->seat]], group->epoch);
    *by |= (uint8_t)(1u << reporter);
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        if (group->member[slot].listed && assay_bit_has(record->reachable, slot))
            group->member[slot].reachable[runs ? 0 : 1] |= (uint8_t)(1u << reporter);
    return ASSAY_CONT_APPLIED;
}

bool assay_cont_group_needs_alive(const struct assay_cont_group *group, uint32_t slot)
{
    ASSAY_ASSERT(slot < ASSAY_CONT_SLOTS_MAX);
    const struct assay_cont_member *m = &group->member[slot];
    bool any = false;
    if (!has_view(group) || !m->listed || m->alive == group->epoch + 1) return false;
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        if (assay_bytes_equal(m->key, group->now.roster.key[i], sizeof m->key))
            return is_noticed(&group->silence[i]);
        any = any || is_noticed(&group->silence[i]);
    }
    return any && m->standing == ASSAY_CONT_STAND_FULL && !m->drains;
}

enum assay_cont_result assay_cont_group_apply_alive(struct assay_cont_group *group, uint32_t slot,
                                                    const struct assay_cont_alive_record *record,
                                                    struct assay_cont_facts *facts)
{
    facts->count = 0;
    if (record->group != group->home.group || slot >= ASSAY_CONT_SLOTS_MAX)
        return ASSAY_CONT_NOT_HERE;
    struct assay_cont_member *m = &group->member[slot];
    if (!m->listed || !assay_bytes_equal(m->key, record->key, sizeof m->key))
        return ASSAY_CONT_NOT_HERE;
    if (record->era != group->era || record->epoch != group->epoch + 1) return ASSAY_CONT_EXPECTED;
    if (!assay_cont_group_needs_alive(group, slot)) return ASSAY_CONT_SAME;
    m->alive = record->epoch;
    struct assay_cont_silence *s = silence_of(group, slot);
    if (s != NULL) s->missing = 0;
    return ASSAY_CONT_APPLIED;
}

/* --- closes */

/* Those of the seats that count, as bits. */
static uint32_t standing_seats(const struct assay_cont_group *group, unsigned bits)
{
    ASSAY_ASSERT(bits >> group->now.roster.count == 0);
    uint32_t count = 0;
    for (uint32_t i = 0; i < group->now.roster.count; i++)
        count += (bits >> i & 1) != 0 && !assay_cont_is_lost(group, &group->now, i);
    return count;
}

static bool is_reported(const struct assay_cont_group *group, uint32_t seat)
{
    const unsigned by = group->silence[seat].by[0] | group->silence[seat].by[1];
    return standing_seats(group, by) >= assay_cont_quorum(group->now.roster.count);
}

/* docs/services.md 1.11.3: a candidate that is alive but unreachable for most could not serve, and
 * would be silent in the seat. */
static bool is_reachable(const struct assay_cont_group *group, uint32_t slot)
{
    const unsigned reachable_by =
        group->member[slot].reachable[0] | group->member[slot].reachable[1];
    return standing_seats(group, reachable_by) >= assay_cont_quorum(group->now.roster.count);
}

/* Listed as a candidate for some time, alive, and without a seat. */
static bool may_follow(const struct assay_cont_group *group, uint32_t seat, uint32_t slot)
{
    ASSAY_ASSERT(seat < group->now.roster.count);
    return assay_cont_may_sit(group, &group->now, group->now.roster.count, slot) &&
           group->member[slot].stood >= ASSAY_CONT_STOOD_CLOSES && is_alive(group, slot) &&
           is_reachable(group, slot) && !assay_cont_is_over_cap(group, &group->now, seat, slot);
}

static uint32_t follower_of(const struct assay_cont_group *group, uint32_t seat)
{
    uint32_t best = ASSAY_CONT_SLOTS_MAX;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        if (!may_follow(group, seat, slot)) continue;
        if (best == ASSAY_CONT_SLOTS_MAX || group->member[slot].score > group->member[best].score)
            best = slot;
    }
    return best;
}

/* Whether the limit of recent moves is reached. */
static bool is_paced(const struct assay_cont_group *group)
{
    uint32_t moves = 0;
    for (uint32_t i = 0; i < ASSAY_CONT_MOVES_MAX; i++)
        moves += group->moved[i] != 0 && group->epoch - group->moved[i] < ASSAY_CONT_MOVES_CLOSES;
    return moves >= assay_cont_operator_seats(group->size) ||
           (group->moved[0] != 0 && group->epoch - group->moved[0] < ASSAY_CONT_MOVE_CLOSES);
}

/* Returns: whether it may move at this close. */
static bool move_seat(struct assay_cont_group *group, uint32_t seat)
{
    ASSAY_ASSERT(seat < group->now.roster.count);
    struct assay_cont_silence *s = &group->silence[seat];
    if (!is_reported(group, seat)) {
        s->cut = 0;
        return false;
    }
    if (!assay_cont_is_unlisted(&group->now, seat) && is_alive(group, group->now.slot[seat])) {
        if (s->cut <= ASSAY_CONT_CUT_CLOSES) s->cut++;
        return s->cut > ASSAY_CONT_CUT_CLOSES;
    }
    s->cut = 0;
    if (s->missing == 0) s->missing = group->epoch;
    return true;
}

struct assay_cont_move assay_cont_silence_close(struct assay_cont_group *group)
{
    struct assay_cont_move move = { .seat = ASSAY_CONT_SEATS_MAX, .slot = ASSAY_CONT_SLOTS_MAX };
    if (!has_view(group)) return move;
    const bool may = group->phase == ASSAY_CONT_SERVING && !is_paced(group);
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        const bool out = move_seat(group, i);
        group->silence[i].by[1] = group->silence[i].by[0];
        group->silence[i].by[0] = 0;
        if (!out || !may || move.seat < ASSAY_CONT_SEATS_MAX) continue;
        if (assay_cont_is_lost(group, &group->now, i)) continue;
        const uint32_t slot = follower_of(group, i);
        if (slot == ASSAY_CONT_SLOTS_MAX) continue;
        move = (struct assay_cont_move){ .seat = i, .slot = slot };
    }
    ASSAY_ASSERT(move.seat < ASSAY_CONT_SEATS_MAX || move.slot == ASSAY_CONT_SLOTS_MAX);
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        struct assay_cont_member *m = &group->member[slot];
        m->reachable[1] = m->reachable[0];
        m->reachable[0] = 0;
    }
    return move;
}

void assay_cont_silence_on_moved(struct assay_cont_group *group, uint32_t seat)
{
    ASSAY_ASSERT(seat < group->now.roster.count && group->now.slot[seat] < ASSAY_CONT_SLOTS_MAX);
    struct assay_cont_member *m = &group->member[group->now.slot[seat]];
    const uint64_t until = group->epoch + ASSAY_CONT_MOVES_CLOSES;
    for (uint32_t i = ASSAY_CONT_MOVES_MAX - 1; i > 0; i--)
        group->moved[i] = group->moved[i - 1];
    group->moved[0] = group->epoch;
    if (until > m->until) m->until = until;
}

/* A replica of the next view may be as silent as before; reports name their view, and so the
 * messages that were received. */
void assay_cont_silence_on_started(struct assay_cont_group *group,
                                   const struct assay_cont_seats *before)
{
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++)
        group->member[slot].reachable[0] = group->member[slot].reachable[1] = 0;
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        struct assay_cont_silence *s = &group->silence[i];
        s->by[0] = s->by[1] = 0;
        if (!assay_bytes_equal(before->roster.key[i], group->now.roster.key[i],
                               ASSAY_P256_PUBLIC_LEN))
            *s = (struct assay_cont_silence){ 0 };
    }
}

void assay_cont_silence_on_unlisted(struct assay_cont_group *group)
{
    for (uint32_t i = 0; i < group->now.roster.count; i++)
        if (assay_cont_is_unlisted(&group->now, i) && group->silence[i].missing == 0)
            group->silence[i].missing = group->epoch;
}

bool assay_cont_silence_is_forgotten(const struct assay_cont_group *group, uint32_t seat)
{
    ASSAY_ASSERT(seat < ASSAY_CONT_SEATS_MAX);
    const uint64_t missing = group->silence[seat].missing;
    return missing != 0 && group->epoch - missing >= ASSAY_CONT_GONE_CLOSES;
}

/* The member of the seat may not follow itself. Returns: the alarms of why it does not move; 0:
 * there is a candidate. */
static uint32_t follower_alarms(const struct assay_cont_group *group, uint32_t seat)
{
    ASSAY_ASSERT(seat < group->now.roster.count);
    uint32_t alarms = ASSAY_CONT_ALARM_NO_CANDIDATE;
    for (uint32_t slot = 0; slot < ASSAY_CONT_SLOTS_MAX; slot++) {
        if (!assay_cont_may_sit(group, &group->now, group->now.roster.count, slot)) continue;
        if (!assay_cont_is_over_cap(group, &group->now, seat, slot)) return 0;
        alarms = ASSAY_CONT_ALARM_OPERATORS;
    }
    return alarms;
}

uint32_t assay_cont_silence_alarms(const struct assay_cont_group *group)
{
    uint32_t alarms = 0;
    for (uint32_t i = 0; i < group->now.roster.count; i++) {
        const struct assay_cont_silence *s = &group->silence[i];
        if (s->missing != 0) alarms |= ASSAY_CONT_ALARM_MISSING;
        if (s->cut > 0) alarms |= ASSAY_CONT_ALARM_CUT;
        if (s->missing == 0 && s->cut <= ASSAY_CONT_CUT_CLOSES) continue;
        if (assay_cont_is_lost(group, &group->now, i)) continue;
        alarms |= follower_alarms(group, i);
    }
    return alarms;
}
