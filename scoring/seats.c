/*
 * scoring/seats.c - D'Hondt over vendor roots and operators, and the weight of each seat
 * (docs/protocol.md 5.22).
 */
#include "scoring/seats.h"

#include "base/assert.h"
#include "scoring/order.h"

_Static_assert(UINT64_C(1) * ASSAY_SEAT_WEIGHT_MAX * ASSAY_SEAT_WEIGHT_MAX <= UINT64_MAX / 4,
               "a weight times a target fits in 64 bits");

/* One way to split the roster: vendor roots, operators, or both at once. */
struct party {
    const uint32_t *of; /* [count] */
    uint64_t *weight;   /* [parties] of all members */
    uint64_t *seated;   /* [parties] of those with a seat, while weight is spread */
    uint32_t *taken;    /* [parties] seats so far */
};

struct hall {
    const struct assay_groups *groups;
    const uint32_t *weights;
    uint64_t total;
    uint32_t seats_max, given;
    uint32_t *seats; /* [count]: 0, or 1 where there is a seat */
    uint32_t *rank;  /* [count]: place in the order of ids */
    uint32_t *order; /* [count]: slots by root and operator */
    uint32_t *cell;  /* [count]: number of (root, operator) */
    struct party roots, operators, cells;
};

enum { WIDE_ARRAYS = 6, NARROW_ARRAYS = 6 };

static size_t arrays_len(uint32_t count)
{
    return (size_t)count * (WIDE_ARRAYS * sizeof(uint64_t) + NARROW_ARRAYS * sizeof(uint32_t));
}

size_t assay_seats_memory_len(uint32_t count)
{
    const size_t cut = assay_weights_memory_len(count);
    return arrays_len(count) > cut ? arrays_len(count) : cut;
}

static int compare_cells(const void *context, uint32_t a, uint32_t b)
{
    const struct assay_groups *g = context;
    if (g->vendor[a] != g->vendor[b]) return g->vendor[a] < g->vendor[b] ? -1 : 1;
    if (g->operator_[a] != g->operator_[b]) return g->operator_[a] < g->operator_[b] ? -1 : 1;
    return 0;
}

static void number_cells(struct hall *h)
{
    const uint32_t count = h->groups->count;
    for (uint32_t i = 0; i < count; i++) {
        h->order[i] = i;
        h->rank[h->groups->by_id[i]] = i;
    }
    assay_order_sort(h->order, count, compare_cells, h->groups);
    uint32_t cell = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0 && compare_cells(h->groups, h->order[i - 1], h->order[i]) != 0) cell++;
        h->cell[h->order[i]] = cell;
    }
    ASSAY_ASSERT(cell < count);
}

static void weigh(const struct party *p, uint32_t count, const uint32_t *weights, uint64_t *sums)
{
    for (uint32_t i = 0; i < count; i++)
        sums[i] = 0;
    for (uint32_t i = 0; i < count; i++)
        sums[p->of[i]] += weights[i];
}

static struct party party_over(const uint32_t *of, uint64_t **wide, uint32_t **narrow,
                               const struct hall *h)
{
    const uint32_t count = h->groups->count;
    struct party p = { .of = of, .weight = *wide, .seated = *wide + count, .taken = *narrow };
    *wide += 2 * (size_t)count;
    *narrow += count;
    for (uint32_t i = 0; i < count; i++)
        p.taken[i] = 0;
    weigh(&p, count, h->weights, p.weight);
    return p;
}

static struct hall hall_over(const struct assay_seats_input *input, void *memory,
                             uint32_t *seat_weights)
{
    const uint32_t count = input->groups->count;
    uint64_t *wide = memory;
    uint32_t *narrow = (uint32_t *)(wide + (size_t)WIDE_ARRAYS * count);
    struct hall h = { .groups = input->groups,
                      .weights = input->weights,
                      .seats_max = input->seats_max,
                      .seats = seat_weights,
                      .rank = narrow,
                      .order = narrow + count,
                      .cell = narrow + 2 * (size_t)count };
    narrow += 3 * (size_t)count;
    number_cells(&h);
    h.roots = party_over(input->groups->vendor, &wide, &narrow, &h);
    h.operators = party_over(input->groups->operator_, &wide, &narrow, &h);
    h.cells = party_over(h.cell, &wide, &narrow, &h);
    for (uint32_t i = 0; i < count; i++) {
        h.total += input->weights[i];
        h.seats[i] = 0;
    }
    return h;
}

/* Fewer seats than its share of the weight makes, rounded up? */
static bool below_share(const struct hall *h, const struct party *p, uint32_t slot)
{
    const uint32_t g = p->of[slot];
    return (uint64_t)p->taken[g] * h->total < p->weight[g] * h->seats_max;
}

/* D'Hondt: whose party has the larger weight / (seats + 1)? <0: a's, and of equals the smaller id's
 * (groups are numbered in the order of ids); 0: they are of one party. */
static int compare_claims(const struct party *p, const uint32_t *number, uint32_t a, uint32_t b)
{
    const uint64_t of_a = p->weight[p->of[a]] * (p->taken[p->of[b]] + 1);
    const uint64_t of_b = p->weight[p->of[b]] * (p->taken[p->of[a]] + 1);
    if (of_a != of_b) return of_a > of_b ? -1 : 1;
    return number[a] < number[b] ? -1 : number[a] > number[b] ? 1 : 0;
}

static bool goes_before(const struct hall *h, uint32_t a, uint32_t b)
{
    int sign = compare_claims(&h->roots, h->groups->vendor, a, b);
    if (sign == 0) sign = compare_claims(&h->cells, h->groups->operator_, a, b);
    if (sign != 0) return sign < 0;
    if (h->weights[a] != h->weights[b]) return h->weights[a] > h->weights[b];
    return h->rank[a] < h->rank[b];
}

/* Returns: whether there was somebody to give it to. */
static bool give_seat(struct hall *h)
{
    const uint32_t count = h->groups->count;
    uint32_t best = count;
    for (uint32_t i = 0; i < count; i++) {
        if (h->seats[i] != 0 || h->weights[i] == 0) continue;
        if (!below_share(h, &h->roots, i) || !below_share(h, &h->operators, i)) continue;
        if (best == count || goes_before(h, i, best)) best = i;
    }
    if (best == count) return false;
    h->seats[best] = 1;
    h->given++;
    h->roots.taken[h->roots.of[best]]++;
    h->operators.taken[h->operators.of[best]]++;
    h->cells.taken[h->cells.of[best]]++;
    return true;
}

/* Each party's seats carry what all its members weigh: in proportion to what they carry now,
 * rounded down, and +1 in the order of ids to those whose division left a rest (as in 6.3). */
static void spread(const struct hall *h, const struct party *p)
{
    const uint32_t count = h->groups->count;
    uint32_t *const rest = p->taken; /* every seat is given: it is free */
    weigh(p, count, h->seats, p->seated);
    for (uint32_t g = 0; g < count; g++) {
        ASSAY_ASSERT(p->weight[g] <= ASSAY_SEAT_WEIGHT_MAX && p->seated[g] <= p->weight[g]);
        rest[g] = p->seated[g] > 0 ? (uint32_t)p->weight[g] : 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t g = p->of[i];
        if (h->seats[i] > 0) rest[g] -= (uint32_t)(h->seats[i] * p->weight[g] / p->seated[g]);
    }
    for (uint32_t k = 0; k < count; k++) {
        const uint32_t i = h->groups->by_id[k];
        const uint32_t g = p->of[i];
        if (h->seats[i] == 0) continue;
        const uint64_t product = h->seats[i] * p->weight[g];
        const bool lifted = rest[g] > 0 && product % p->seated[g] != 0;
        h->seats[i] = (uint32_t)(product / p->seated[g]) + (lifted ? 1 : 0);
        if (lifted) rest[g]--;
    }
}

/* Returns: how many members have weight; the table as it is if all of them may vote. */
static uint32_t seat_everybody(const struct assay_seats_input *input, uint32_t *seat_weights)
{
    uint32_t eligible = 0;
    for (uint32_t i = 0; i < input->groups->count; i++) {
        ASSAY_ASSERT(input->weights[i] <= ASSAY_WEIGHT_UNIT);
        seat_weights[i] = input->weights[i];
        eligible += input->weights[i] > 0;
    }
    return eligible;
}

uint32_t assay_seats(const struct assay_seats_input *input, void *memory, size_t memory_len,
                     uint32_t *seat_weights)
{
    const uint32_t count = input->groups->count;
    ASSAY_ASSERT(input->seats_max >= 1 && input->seats_max <= ASSAY_SEATS_MAX);
    ASSAY_ASSERT(memory_len >= assay_seats_memory_len(count) && input->weights != seat_weights);
    ASSAY_ASSERT((uintptr_t)memory % sizeof(uint64_t) == 0);

    const uint32_t eligible = seat_everybody(input, seat_weights);
    if (eligible <= input->seats_max) return eligible;
    struct hall h = hall_over(input, memory, seat_weights);
    while (h.given < h.seats_max && give_seat(&h))
        continue;
    ASSAY_ASSERT(h.given > 0);
    for (uint32_t i = 0; i < count; i++)
        h.seats[i] *= h.weights[i]; /* from now on what it carries */
    spread(&h, &h.cells);
    spread(&h, &h.roots);
    assay_weights_cut(input->groups, input->rules, memory, memory_len, seat_weights);
    uint32_t seats = 0;
    for (uint32_t i = 0; i < count; i++)
        seats += seat_weights[i] > 0; /* a cut may leave one without anything */
    ASSAY_ASSERT(seats > 0 && seats <= h.given);
    return seats;
}
