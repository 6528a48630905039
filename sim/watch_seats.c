/*
 * sim/watch_seats.c - who votes in the next epoch, worked out once more (docs/protocol.md 5.22).
 *
 * Seats are given one by one, each by asking every member: slow, and by nothing that the engine
 * uses. What seats weigh is checked as a whole: no more than members, and at least half of what the
 * roots that have a seat weigh.
 */
#include "sim/watch_internal.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "scoring/weight.h"

#include <stdlib.h>

struct claim {
    uint64_t weight, seats;
};

struct room {
    const struct assay_watch_epoch *epoch;
    uint32_t seats_max, eligible;
    uint64_t total, seats_total, rooted; /* weight of: members, seats, roots that have a seat */
    bool *seated;
    /* By number of the watch: roots, operators, and both (root after root). */
    struct claim *roots, *operators, *cells;
};

static const struct assay_member *member(const struct room *r, uint32_t slot)
{
    return &r->epoch->after->members[slot];
}

static struct claim *root_of(const struct room *r, uint32_t slot)
{
    return &r->roots[r->epoch->watch->vendor[slot]];
}

static struct claim *operator_of(const struct room *r, uint32_t slot)
{
    return &r->operators[r->epoch->watch->operator_[slot]];
}

static struct claim *cell_of(const struct room *r, uint32_t slot)
{
    const struct assay_sim_watch *w = r->epoch->watch;
    return &r->cells[(size_t)w->vendor[slot] * w->operator_count + w->operator_[slot]];
}

static bool may_have_more(const struct room *r, const struct claim *c)
{
    return c->seats * r->total < c->weight * r->seats_max;
}

/* >0: a's weight for one seat more is larger. */
static int compare(const struct claim *a, const struct claim *b)
{
    const uint64_t x = a->weight * (b->seats + 1), y = b->weight * (a->seats + 1);
    return x > y ? 1 : x < y ? -1 : 0;
}

static bool goes_first(const struct room *r, uint32_t a, uint32_t b)
{
    const struct assay_member *m = member(r, a), *n = member(r, b);
    int sign = compare(root_of(r, a), root_of(r, b));
    if (sign != 0) return sign > 0;
    sign = assay_bytes_compare(m->vendor_root, n->vendor_root, 32);
    if (sign != 0) return sign < 0;
    sign = compare(cell_of(r, a), cell_of(r, b));
    if (sign != 0) return sign > 0;
    sign = assay_bytes_compare(m->operator_id, n->operator_id, 32);
    if (sign != 0) return sign < 0;
    if (m->weight != n->weight) return m->weight > n->weight;
    return assay_bytes_compare(m->node_id, n->node_id, 32) < 0;
}

static void seat_them(struct room *r)
{
    const uint32_t count = r->epoch->after->member_count;
    for (uint32_t given = 0; given < r->seats_max; given++) {
        uint32_t best = count;
        for (uint32_t i = 0; i < count; i++) {
            if (r->seated[i] || member(r, i)->weight == 0) continue;
            if (!may_have_more(r, root_of(r, i))) continue;
            if (!may_have_more(r, operator_of(r, i))) continue;
            if (best == count || goes_first(r, i, best)) best = i;
        }
        if (best == count) return;
        r->seated[best] = true;
        root_of(r, best)->seats++;
        operator_of(r, best)->seats++;
        cell_of(r, best)->seats++;
    }
}

/* Where everybody has a seat it is worth the member. A seat of next to nothing may be cut away. */
static bool is_right(const struct room *r, uint32_t slot)
{
    const struct assay_member *m = member(r, slot);
    if (r->eligible <= r->seats_max) return m->seat_weight == m->weight;
    if (!r->seated[slot]) return m->seat_weight == 0;
    return m->seat_weight > 0 || m->weight < ASSAY_WEIGHT_UNIT / 100;
}

static void look(const struct room *r)
{
    bool right = true;
    for (uint32_t i = 0; i < r->epoch->after->member_count && right; i++) {
        right = is_right(r, i);
        if (right) continue;
        assay_sim_check_look(r->epoch->watch->outcome, ASSAY_SIM_CHECKER_SEATS,
                             r->epoch->closed->epoch, "node %u: a seat of %u for a weight of %u", i,
                             member(r, i)->seat_weight, member(r, i)->weight);
    }
    /* Seats carry what their roots weigh, and cuts leave at least half of it (6.3). */
    const bool carried = r->seats_total <= r->total && 2 * r->seats_total >= r->rooted;
    if (right && !carried)
        assay_sim_check_look(r->epoch->watch->outcome, ASSAY_SIM_CHECKER_SEATS,
                             r->epoch->closed->epoch,
                             "seats weigh %llu, members %llu, of roots with a seat %llu",
                             (unsigned long long)r->seats_total, (unsigned long long)r->total,
                             (unsigned long long)r->rooted);
    else if (right)
        assay_sim_check_look(r->epoch->watch->outcome, ASSAY_SIM_CHECKER_SEATS,
                             r->epoch->closed->epoch, NULL);
}

static void add_up(struct room *r)
{
    const struct assay_sim_watch *w = r->epoch->watch;
    const size_t cells = (size_t)w->vendor_count * w->operator_count;
    r->roots = calloc(w->vendor_count + w->operator_count + cells, sizeof *r->roots);
    ASSAY_ASSERT(r->roots != NULL);
    r->operators = r->roots + w->vendor_count;
    r->cells = r->operators + w->operator_count;
    for (uint32_t i = 0; i < r->epoch->after->member_count; i++) {
        const uint32_t weight = member(r, i)->weight;
        r->seated[i] = false;
        r->eligible += weight > 0;
        r->total += weight;
        r->seats_total += member(r, i)->seat_weight;
        root_of(r, i)->weight += weight;
        operator_of(r, i)->weight += weight;
        cell_of(r, i)->weight += weight;
    }
}

void assay_watch_seats(const struct assay_watch_epoch *epoch)
{
    struct room r = { .epoch = epoch,
                      .seats_max = epoch->watch->scenario->seats_max,
                      .seated = epoch->watch->seated };
    add_up(&r);
    if (r.eligible > r.seats_max) seat_them(&r);
    for (uint32_t v = 0; v < epoch->watch->vendor_count; v++)
        r.rooted += r.roots[v].seats > 0 ? r.roots[v].weight : 0;
    look(&r);
    free(r.roots);
}
