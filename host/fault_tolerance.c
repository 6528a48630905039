/*
 * host/fault_tolerance.c - fault tolerance: sums over the seats (docs/protocol.md 5.22), of all and
 * of reachable members.
 */
#include "host/fault_tolerance.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "host/snapshot.h"

static bool is_quorum(uint64_t weight, uint64_t total)
{
    return 3 * weight > 2 * total;
}

/* docs/protocol.md 6.5: faulty weight must not exceed a third. */
static bool breaks_quorum(uint64_t weight, uint64_t total)
{
    return 3 * weight > total;
}

static uint32_t weight_of(const struct assay_snapshot *s, uint32_t slot, bool present_only)
{
    const struct assay_snapshot_member *m = &s->members[slot];
    return present_only && !m->present ? 0 : m->ledger.seat_weight;
}

static const uint8_t *group_of(const struct assay_snapshot_member *m, bool vendor)
{
    return vendor ? m->ledger.vendor_root : m->ledger.operator_id;
}

static uint64_t group_weight(const struct assay_snapshot *s, uint32_t slot, bool vendor,
                             bool present_only)
{
    const uint8_t *group = group_of(&s->members[slot], vendor);
    uint64_t weight = 0;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (assay_bytes_equal(group_of(&s->members[i], vendor), group, 32))
            weight += weight_of(s, i, present_only);
    return weight;
}

/* docs/protocol.md 6.2: masked ids count as one platform of their operator and vendor root. */
static bool same_platform(const struct assay_snapshot *s, uint32_t a, uint32_t b)
{
    const struct assay_member_snapshot *x = &s->members[a].ledger, *y = &s->members[b].ledger;
    if (!assay_bytes_equal(x->vendor_root, y->vendor_root, 32) ||
        !assay_bytes_equal(x->platform_id, y->platform_id, 32))
        return false;
    return !assay_bytes_all_zero(x->platform_id, 32) ||
           assay_bytes_equal(x->operator_id, y->operator_id, 32);
}

/* Members that fail together. */
enum unit { UNIT_MEMBER, UNIT_PLATFORM, UNIT_OPERATOR, UNIT_ROOT };

static bool same_unit(const struct assay_snapshot *s, uint32_t a, uint32_t b, enum unit unit)
{
    if (unit == UNIT_MEMBER) return a == b;
    if (unit == UNIT_PLATFORM) return same_platform(s, a, b);
    const bool vendor = unit == UNIT_ROOT;
    return assay_bytes_equal(group_of(&s->members[a], vendor), group_of(&s->members[b], vendor),
                             32);
}

/* A unit is identified by its first slot. */
static uint32_t unit_weight(const struct assay_snapshot *s, uint32_t slot, bool present_only,
                            enum unit unit)
{
    uint32_t weight = weight_of(s, slot, present_only);
    for (uint32_t i = 0; i < slot; i++)
        if (same_unit(s, i, slot, unit)) return 0;
    for (uint32_t i = slot + 1; i < s->member_count; i++)
        if (same_unit(s, i, slot, unit)) weight += weight_of(s, i, present_only);
    return weight;
}

/* docs/protocol.md 5.22.4: a third or less of the weight, and more than a third of the votes. */
static bool group_outvotes(const struct assay_snapshot *s, uint32_t slot)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (same_unit(s, i, slot, UNIT_ROOT)) weight += s->members[i].ledger.weight;
    return !breaks_quorum(weight, s->chain.total_weight) &&
           breaks_quorum(group_weight(s, slot, true, false), s->chain.seats_weight);
}

static void count_groups(struct assay_snapshot *s)
{
    const uint64_t total = s->chain.seats_weight;
    for (uint32_t i = 0; i < s->member_count; i++) {
        struct assay_snapshot_member *m = &s->members[i];
        const uint64_t present = s->margin.present_weight;
        const uint64_t of_operator = group_weight(s, i, false, true);
        const uint64_t of_vendor = group_weight(s, i, true, true);
        m->operator_stops = s->margin.progress && !is_quorum(present - of_operator, total);
        m->vendor_stops = s->margin.progress && !is_quorum(present - of_vendor, total);
        m->operator_breaks = breaks_quorum(group_weight(s, i, false, false), total);
        m->vendor_breaks = breaks_quorum(group_weight(s, i, true, false), total);
        m->vendor_outvotes = group_outvotes(s, i);
    }
}

static bool shares_platforms(const struct assay_snapshot *s)
{
    for (uint32_t i = 0; i < s->member_count; i++)
        for (uint32_t k = i + 1; k < s->member_count; k++)
            if (s->members[i].ledger.seat_weight > 0 && s->members[k].ledger.seat_weight > 0 &&
                same_platform(s, i, k))
                return true;
    return false;
}

/* The heaviest unit not yet selected; ties by slot. Returns: s->member_count when none is left. */
static uint32_t heaviest(const struct assay_snapshot *s, const uint32_t *weights,
                         uint32_t below_weight, uint32_t behind_slot)
{
    uint32_t found = s->member_count;
    uint32_t most = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        const uint32_t weight = weights[i];
        const bool left = weight < below_weight || (weight == below_weight && i > behind_slot);
        if (!left || weight <= most) continue;
        most = weight;
        found = i;
    }
    return found;
}

/* How many of the heaviest may go before it is too much. */
static uint32_t largest_tolerated(const struct assay_snapshot *s, bool present_only, enum unit unit)
{
    const uint64_t total = s->chain.seats_weight;
    uint32_t weights[ASSAY_MEMBERS_MAX];
    uint64_t gone = 0;
    uint32_t count = 0;
    uint32_t weight = UINT32_MAX;
    uint32_t slot = 0;
    ASSAY_ASSERT(s->member_count <= ASSAY_MEMBERS_MAX);
    for (uint32_t i = 0; i < s->member_count; i++)
        weights[i] = unit_weight(s, i, present_only, unit);
    while ((slot = heaviest(s, weights, weight, slot)) < s->member_count) {
        weight = weights[slot];
        gone += weight;
        const bool too_much = present_only ? !is_quorum(s->margin.present_weight - gone, total)
                                           : breaks_quorum(gone, total);
        if (too_much) return count;
        count++;
    }
    return count;
}

static uint64_t balloted_weight(const struct assay_snapshot *s)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (s->members[i].ledger.balloted && !s->members[i].ledger.votes_lost)
            weight += s->members[i].ledger.weight;
    return weight;
}

static void choose_advice(struct assay_snapshot *s)
{
    struct assay_fault_tolerance *o = &s->margin;
    const bool alone = o->present_weight <= s->members[s->self].ledger.seat_weight;
    /* docs/protocol.md 9.12, 9.16.5: nothing is signed under a fence, or in an era that the others
     * have left, whatever members are started. */
    const bool moves = !s->fenced && !s->recover_unconfirmed;
    const bool waits = moves && (!o->progress || o->overdue);
    o->advised[ASSAY_ADVICE_FENCED] = s->fenced;
    o->advised[ASSAY_ADVICE_RECOVER_UNCONFIRMED] = s->recover_unconfirmed;
    o->advised[ASSAY_ADVICE_ALONE] = alone && !o->progress;
    o->advised[ASSAY_ADVICE_BRING_BACK] = moves && !alone && !o->progress;
    o->advised[ASSAY_ADVICE_CLOCK] = s->clock_out_of_sync || s->chain.clock_lead_ms > 0;
    const struct assay_member_snapshot *own = &s->members[s->self].ledger;
    const bool mute = own->seat_weight > 0 && !s->chain.voting;
    o->advised[ASSAY_ADVICE_CATCH_UP] = waits && own->weight > 0 && (s->chain.behind || mute);
    o->advised[ASSAY_ADVICE_VIEWS] =
        moves && o->overdue && o->progress && s->chain.views_nullified > 0;
    o->advised[ASSAY_ADVICE_BALLOTS] = moves && o->overdue && o->ballots_short;
    o->advised[ASSAY_ADVICE_NO_VOTES] = own->votes_lost;
    o->advised[ASSAY_ADVICE_QUIET_FLOOR] = o->advised[ASSAY_ADVICE_ROOT_VOTES] = false;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (s->members[i].vendor_outvotes) o->advised[ASSAY_ADVICE_ROOT_VOTES] = true;
    for (uint32_t i = 0; i < s->member_count; i++)
        if (s->members[i].ledger.votes_retained) o->advised[ASSAY_ADVICE_QUIET_FLOOR] = true;
    o->advised[ASSAY_ADVICE_MARGIN] =
        moves && o->progress && o->platforms_stop == 0 && o->present_weight < s->chain.seats_weight;
}

void assay_tolerance_compute(struct assay_snapshot *snapshot)
{
    struct assay_snapshot *s = snapshot;
    struct assay_fault_tolerance *o = &s->margin;
    const uint64_t total = s->chain.seats_weight;
    ASSAY_ASSERT(s->members != NULL && s->self < s->member_count && s->epoch_ms > 0);
    *o = (struct assay_fault_tolerance){ .quorum_weight = 2 * total / 3 + 1 };
    for (uint32_t i = 0; i < s->member_count; i++)
        o->present_weight += weight_of(s, i, true);
    ASSAY_ASSERT(o->present_weight <= total);
    o->progress = is_quorum(o->present_weight, total);
    if (s->chain.opened_ms != 0 && s->now_ms > s->chain.opened_ms)
        o->open_ms = s->now_ms - s->chain.opened_ms;
    o->overdue = o->open_ms > s->epoch_ms + s->epoch_ms / 4;
    o->ballots_short = s->chain.has_roll && !is_quorum(balloted_weight(s), s->chain.total_weight);
    count_groups(s);
    if (o->progress) {
        o->members_stop = largest_tolerated(s, true, UNIT_MEMBER);
        o->platforms_stop = largest_tolerated(s, true, UNIT_PLATFORM);
        o->operators_stop = largest_tolerated(s, true, UNIT_OPERATOR);
        o->roots_stop = largest_tolerated(s, true, UNIT_ROOT);
    }
    o->members_break = largest_tolerated(s, false, UNIT_MEMBER);
    o->platforms_break = largest_tolerated(s, false, UNIT_PLATFORM);
    o->operators_break = largest_tolerated(s, false, UNIT_OPERATOR);
    o->roots_break = largest_tolerated(s, false, UNIT_ROOT);
    o->shares_platforms = shares_platforms(s);
    choose_advice(s);
}

static const struct {
    const char *code, *text;
} advices[ASSAY_ADVICE_COUNT] = {
#define ASSAY_ADVICE_ROW(symbol, code, text) [symbol] = { code, text },
    ASSAY_ADVICE_LIST(ASSAY_ADVICE_ROW)
#undef ASSAY_ADVICE_ROW
};

const char *assay_advice_code(enum assay_advice advice)
{
    ASSAY_ASSERT((unsigned)advice < ASSAY_ADVICE_COUNT);
    return advices[advice].code;
}

const char *assay_advice_text(enum assay_advice advice)
{
    ASSAY_ASSERT((unsigned)advice < ASSAY_ADVICE_COUNT);
    return advices[advice].text;
}
