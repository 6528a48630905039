/*
 * tests/unit/services/identity/test_indices.c - tests of how indices of a group key follow weights.
 *
 * What must hold (docs/identity.md 3.3): holders of up to a third of the weight never have as many
 * indices as sign, and without any such set enough remain to sign. Checked over all subsets of
 * small tables, not by the search that the code uses.
 */
#include "base/crypto.h"
#include "services/identity/indices.h"

#include <criterion/criterion.h>

static void set_orders(struct assay_frost_holder *holder, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        assay_sha256(&i, sizeof i, holder[i].order);
}

static uint32_t distribute(const uint32_t *weight, uint32_t count, uint64_t total,
                           struct assay_frost_indices *out)
{
    struct assay_frost_holder holder[ASSAY_FROST_HOLDERS_MAX] = { 0 };
    for (uint32_t i = 0; i < count; i++)
        holder[i].weight = weight[i];
    set_orders(holder, count);
    return assay_frost_distribute(holder, count, total, out);
}

static uint32_t next_number(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

static void check_all_subsets(const uint32_t *weight, uint32_t count, uint64_t total,
                              const struct assay_frost_indices *x)
{
    uint64_t holds = 0;
    for (uint32_t i = 0; i < count; i++)
        holds += x->of[i];
    cr_assert_eq(holds, x->count);
    for (uint32_t set = 0; set < 1U << count; set++) {
        uint64_t heavy = 0;
        uint32_t has = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (!(set >> i & 1)) continue;
            heavy += weight[i];
            has += x->of[i];
        }
        if (3 * heavy > total) continue;
        cr_assert_lt(has, x->threshold, "a third of the weight signs");
        cr_assert_geq(x->count - has, x->threshold, "without a third nobody signs");
    }
}

Test(indices, equal_weights_give_one_index_each)
{
    static const uint32_t expected[][2] = { { 4, 3 }, { 7, 4 }, { 20, 11 }, { 100, 51 } };
    for (size_t i = 0; i < 4; i++) {
        uint32_t weight[ASSAY_FROST_HOLDERS_MAX];
        struct assay_frost_indices x;
        for (uint32_t j = 0; j < expected[i][0]; j++)
            weight[j] = 10000;
        cr_assert_eq(distribute(weight, expected[i][0], expected[i][0] * 10000ULL, &x), ASSAY_OK);
        cr_assert_eq(x.count, expected[i][0]);
        cr_assert_eq(x.threshold, expected[i][1]);
    }
}

Test(indices, a_third_of_any_table_neither_signs_nor_prevents)
{
    uint32_t state = 7, found = 0;
    for (uint32_t round = 0; round < 3000; round++) {
        const uint32_t count = 3 + next_number(&state) % 8;
        uint32_t weight[12];
        uint64_t sum = 0;
        struct assay_frost_indices x;
        for (uint32_t i = 0; i < count; i++) {
            weight[i] = 1 + next_number(&state) % (round % 3 == 0 ? 10 : 10000);
            sum += weight[i];
        }
        /* Some seats hold nothing: their weight counts all the same. */
        const uint64_t total = sum + (round % 2 ? next_number(&state) % (sum / 3) : 0);
        if (distribute(weight, count, total, &x) != ASSAY_OK) continue;
        found++;
        check_all_subsets(weight, count, total, &x);
    }
    cr_assert_gt(found, 1000, "only %u tables", found);
}

/* docs/identity.md 3.1: a third of the members offers, the others are kept from it. */
Test(indices, holders_of_a_third_get_no_key)
{
    struct assay_frost_indices x;
    const uint32_t weight[4] = { 10000, 10000, 10000, 10000 };
    cr_assert_eq(distribute(weight, 4, 120000, &x), ASSAY_E_NOT_FOUND);
    cr_assert_eq(distribute(weight, 4, 80000, &x), ASSAY_E_NOT_FOUND, "h weighs a quarter");
    cr_assert_eq(distribute(weight, 4, 59999, &x), ASSAY_OK);
    check_all_subsets(weight, 4, 59999, &x);
}

/* More than two thirds of the weight decides what the ledger says: such a member signs alone, and
 * no set of the others does. Caps of operators and vendors are there to prevent such tables. */
Test(indices, one_that_outweighs_all_others_signs_and_they_cannot)
{
    struct assay_frost_indices x;
    const uint32_t weight[4] = { 90000, 100, 100, 100 };
    cr_assert_eq(distribute(weight, 4, 90300, &x), ASSAY_OK);
    cr_assert_geq(x.of[0], x.threshold);
    check_all_subsets(weight, 4, 90300, &x);
}

Test(indices, the_lightest_set_is_that_of_a_search_through_all)
{
    uint32_t state = 11;
    for (uint32_t round = 0; round < 300; round++) {
        const uint32_t count = 2 + next_number(&state) % 9;
        struct assay_frost_holder holder[12] = { 0 };
        uint8_t of[12];
        uint32_t all = 0;
        for (uint32_t i = 0; i < count; i++) {
            holder[i].weight = 1 + next_number(&state) % 1000;
            of[i] = (uint8_t)(next_number(&state) % 6);
            all += of[i];
        }
        const uint32_t wanted = next_number(&state) % (all + 2);
        uint64_t best = UINT64_MAX;
        for (uint32_t set = 0; set < 1U << count; set++) {
            uint64_t heavy = 0;
            uint32_t has = 0;
            for (uint32_t i = 0; i < count; i++) {
                if (!(set >> i & 1)) continue;
                heavy += holder[i].weight;
                has += of[i];
            }
            if (has >= wanted && heavy < best) best = heavy;
        }
        cr_assert_eq(assay_frost_lightest(holder, of, count, wanted), best);
    }
}

Test(indices, the_order_of_the_table_changes_nothing)
{
    struct assay_frost_holder holder[7] = { 0 }, turned[7];
    struct assay_frost_indices a, b;
    for (uint32_t i = 0; i < 7; i++)
        holder[i].weight = i < 4 ? 10000 : 6667;
    set_orders(holder, 7);
    for (uint32_t i = 0; i < 7; i++)
        turned[i] = holder[(i + 3) % 7];
    cr_assert_eq(assay_frost_distribute(holder, 7, 60001, &a), ASSAY_OK);
    cr_assert_eq(assay_frost_distribute(turned, 7, 60001, &b), ASSAY_OK);
    cr_assert_eq(a.count, b.count);
    for (uint32_t i = 0; i < 7; i++)
        cr_assert_eq(b.of[i], a.of[(i + 3) % 7]);
}

Test(indices, tables_have_bounds)
{
    struct assay_frost_indices x;
    uint32_t weight[ASSAY_FROST_HOLDERS_MAX] = { 10000, 0, 10000, 10000 };
    cr_assert_eq(distribute(weight, 4, 40000, &x), ASSAY_E_RANGE, "no weight");
    cr_assert_eq(distribute(weight, 0, 40000, &x), ASSAY_E_RANGE);
    cr_assert_eq(distribute(weight, 1, 9999, &x), ASSAY_E_RANGE, "less than its parts");
    cr_assert_eq(distribute(weight, 1, UINT64_MAX, &x), ASSAY_E_RANGE);
    for (uint32_t i = 0; i < ASSAY_FROST_HOLDERS_MAX; i++)
        weight[i] = UINT32_MAX;
    cr_assert_eq(distribute(weight, ASSAY_FROST_HOLDERS_MAX, 100ULL * UINT32_MAX, &x), ASSAY_OK,
                 "largest weights");
    cr_assert_eq(x.count, 100);
}
