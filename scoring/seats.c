/*
 * scoring/seats.c - assignment of seats: one for each operator, D'Hondt for the rest, and the
 * weight of each seat (docs/protocol.md 5.22: at most 100 members vote).
 */
#include "scoring/seats.h"

#include "base/assert.h"

/* While weight is fitted a unit of it is counted in up to PARTS_MAX parts: in so many for 1024
 * members, in fewer for more, so that a share times a target fits in 64 bits. */
enum { PARTS_MAX = 256, FITTING_ROUNDS = 60 };

_Static_assert(UINT64_C(1) * ASSAY_SEAT_WEIGHT_MAX <= UINT64_C(1) << 32,
               "a weight times a weight fits in 64 bits");

/* One way to split the roster: operators, or vendor roots. */
struct party {
    const uint32_t *of; /* [count] */
    uint64_t *weight;   /* [count] of all members, by number of the group */
    uint64_t *fitted;   /* [count] of its seats, in parts */
};

struct hall {
    const struct assay_seats_input *input;
    uint32_t count;
    uint32_t seats, given;
    uint64_t parts;    /* of one unit of weight */
    uint32_t *seat;    /* [count]: 1 where there is a seat; its weight in the end */
    uint64_t *part;    /* [count]: what a seat carries, in parts */
    uint32_t *quota;   /* [count] seats of an operator */
    uint32_t *members; /* [count] of an operator, with weight */
    uint32_t *first;   /* [count] first slot of an operator with weight */
    uint32_t *order;   /* [count] operators with weight */
    uint32_t operators_count;
    struct party operators, roots;
};

enum { WIDE_ARRAYS = 5, NARROW_ARRAYS = 4 };

size_t assay_seats_memory_len(uint32_t count)
{
    const size_t own =
        (size_t)count * (WIDE_ARRAYS * sizeof(uint64_t) + NARROW_ARRAYS * sizeof(uint32_t));
    const size_t weigh = assay_weights_memory_len(count); /* one scratch serves both */
    return own > weigh ? own : weigh;
}

static struct hall hall_over(const struct assay_seats_input *input, void *memory, uint32_t *seat)
{
    const uint32_t count = input->groups->count;
    uint64_t *const wide = memory;
    uint32_t *const narrow = (uint32_t *)(void *)(wide + (size_t)WIDE_ARRAYS * count);
    struct hall h = {
        .input = input,
        .count = count,
        .parts = 1,
        .seat = seat,
        .part = wide,
        .operators = { input->groups->operator_, wide + count, wide + 2 * (size_t)count },
        .roots = { input->groups->vendor, wide + 3 * (size_t)count, wide + 4 * (size_t)count },
        .quota = narrow,
        .members = narrow + count,
        .first = narrow + 2 * (size_t)count,
        .order = narrow + 3 * (size_t)count,
    };
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        h.seat[i] = h.quota[i] = h.members[i] = 0;
        h.part[i] = h.operators.weight[i] = h.roots.weight[i] = 0;
        h.operators.fitted[i] = h.roots.fitted[i] = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t operator_ = input->groups->operator_[i];
        if (input->weights[i] == 0) continue;
        if (h.members[operator_]++ == 0) {
            h.first[operator_] = i;
            h.order[h.operators_count++] = operator_;
        }
        h.operators.weight[operator_] += input->weights[i];
        h.roots.weight[input->groups->vendor[i]] += input->weights[i];
        total += input->weights[i];
    }
    while (h.parts < PARTS_MAX && total * h.parts * 2 <= UINT64_C(1) << 32)
        h.parts *= 2;
    return h;
}

/* D'Hondt: does operator a claim the next seat before b? Of equals, by order in the roster. */
static bool claims_before(const struct hall *h, uint32_t a, uint32_t b)
{
    const uint64_t of_a = h->operators.weight[a] * (h->quota[b] + 1);
    const uint64_t of_b = h->operators.weight[b] * (h->quota[a] + 1);
    return of_a != of_b ? of_a > of_b : h->first[a] < h->first[b];
}

/* docs/protocol.md 5.22: one seat for each operator, the others by D'Hondt. */
static void share_seats(struct hall *h)
{
    const uint32_t wanted =
        h->operators_count > h->input->seats_max ? h->operators_count : h->input->seats_max;
    h->seats = wanted < ASSAY_SEATS_MAX ? wanted : (uint32_t)ASSAY_SEATS_MAX;
    for (h->given = 0; h->given < h->seats; h->given++) {
        uint32_t best = h->count;
        for (uint32_t k = 0; k < h->operators_count; k++) {
            const uint32_t o = h->order[k];
            if (h->quota[o] == h->members[o]) continue;
            /* Each gets its first seat before any gets a second one. */
            const bool late = h->given < h->operators_count && h->quota[o] > 0;
            if (!late && (best == h->count || claims_before(h, o, best))) best = o;
        }
        if (best == h->count) return;
        h->quota[best]++;
    }
}

static bool is_present(const struct hall *h, uint32_t slot)
{
    return h->input->present == NULL || h->input->present[slot];
}

/* 2: sat and is present, 1: is present, 0: is not. */
static unsigned rank_of(const struct hall *h, uint32_t slot)
{
    if (!is_present(h, slot)) return 0;
    return h->input->sat != NULL && h->input->sat[slot] ? 2 : 1;
}

/* What the seats of a root carry so far, against what its members weigh; more is further below. */
static int64_t need_of(const struct hall *h, uint32_t slot)
{
    const uint32_t root = h->roots.of[slot];
    return (int64_t)(h->roots.weight[root] * h->parts) - (int64_t)h->roots.fitted[root];
}

/* Does a sit before b, both of one operator, a the earlier slot? */
static bool sits_before(const struct hall *h, uint32_t a, uint32_t b)
{
    const unsigned of_a = rank_of(h, a), of_b = rank_of(h, b);
    if (of_a != of_b) return of_a > of_b;
    return need_of(h, a) >= need_of(h, b);
}

/* The members that sit for one operator, each with an equal share of its weight before fitting. */
static void seat_operator(struct hall *h, uint32_t operator_)
{
    const uint64_t share = h->operators.weight[operator_] * h->parts / h->quota[operator_];
    for (uint32_t k = 0; k < h->quota[operator_]; k++) {
        uint32_t best = h->count;
        for (uint32_t i = h->first[operator_]; i < h->count; i++) {
            if (h->operators.of[i] != operator_ || h->input->weights[i] == 0 || h->seat[i] != 0)
                continue;
            if (best == h->count || !sits_before(h, best, i)) best = i;
        }
        ASSAY_ASSERT(best < h->count);
        h->seat[best] = 1;
        h->part[best] = share;
        h->roots.fitted[h->roots.of[best]] += share;
    }
}

static bool is_larger_seat(const struct hall *h, uint32_t a, uint32_t b)
{
    const uint64_t of_a = h->operators.weight[a] * h->quota[b];
    const uint64_t of_b = h->operators.weight[b] * h->quota[a];
    return of_a != of_b ? of_a > of_b : h->first[a] < h->first[b];
}

/* Operators of large seats first: small ones fill in what roots lack. */
static void seat_members(struct hall *h)
{
    for (uint32_t k = 1; k < h->operators_count; k++)
        for (uint32_t j = k; j > 0 && is_larger_seat(h, h->order[j], h->order[j - 1]); j--) {
            const uint32_t o = h->order[j];
            h->order[j] = h->order[j - 1];
            h->order[j - 1] = o;
        }
    for (uint32_t k = 0; k < h->operators_count; k++)
        if (h->quota[h->order[k]] > 0) seat_operator(h, h->order[k]);
}

/* Each group's seats are scaled to what its members weigh, rounded down; none to nothing. */
static void scale_seats(const struct hall *h, const struct party *p)
{
    for (uint32_t i = 0; i < h->count; i++)
        p->fitted[i] = 0;
    for (uint32_t i = 0; i < h->count; i++)
        if (h->seat[i] != 0) p->fitted[p->of[i]] += h->part[i];
    for (uint32_t i = 0; i < h->count; i++) {
        if (h->seat[i] == 0) continue;
        const uint32_t g = p->of[i];
        const uint64_t target = p->weight[g] * h->parts;
        h->part[i] = h->part[i] * target / p->fitted[g];
        if (h->part[i] == 0) h->part[i] = 1;
    }
}

/* Whole weights: rounded down but never to nothing, and what an operator lacks then goes to its
 * largest fractions. Out: seat[]. */
static void round_operator(struct hall *h, uint32_t operator_)
{
    uint64_t left = h->operators.weight[operator_];
    uint64_t others = h->quota[operator_]; /* seats that still need a unit; each member has one */
    for (uint32_t i = h->first[operator_]; i < h->count; i++) {
        if (h->operators.of[i] != operator_ || h->seat[i] == 0) continue;
        uint64_t whole = h->part[i] / h->parts;
        others--;
        ASSAY_ASSERT(left > others);
        if (whole > left - others) whole = left - others;
        if (whole == 0) whole = 1;
        h->part[i] = h->part[i] > whole * h->parts ? h->part[i] - whole * h->parts : 0;
        h->seat[i] = (uint32_t)whole;
        left -= whole;
    }
    while (left > 0) {
        uint32_t best = h->count;
        for (uint32_t i = h->first[operator_]; i < h->count; i++) {
            if (h->operators.of[i] != operator_ || h->seat[i] == 0) continue;
            if (best == h->count || h->part[i] > h->part[best]) best = i;
        }
        ASSAY_ASSERT(best < h->count);
        h->seat[best]++;
        h->part[best] = h->part[best] > h->parts ? h->part[best] - h->parts : 0;
        left--;
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
    share_seats(&h);
    seat_members(&h);
    for (unsigned round = 0; round < FITTING_ROUNDS; round++) {
        scale_seats(&h, &h.roots);
        scale_seats(&h, &h.operators); /* last: what an operator weighs is exact */
    }
    for (uint32_t k = 0; k < h.operators_count; k++)
        if (h.quota[h.order[k]] > 0) round_operator(&h, h.order[k]);
    uint32_t seats = 0;
    for (uint32_t i = 0; i < count; i++)
        seats += seat_weights[i] > 0;
    ASSAY_ASSERT(seats > 0 && seats == h.given);
    return seats;
}
