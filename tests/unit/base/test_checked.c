/*
 * tests/unit/base/test_checked.c - tests of checked arithmetic against 128-bit numbers.
 */
#include "base/checked.h"

#include "tests/unit/base/random.h"

#include <criterion/criterion.h>

__extension__ typedef unsigned __int128 wide;

/* Near the edges, where overflow starts; the random ones cover every width. */
static size_t interesting(uint64_t *values)
{
    size_t count = 0;
    for (unsigned bit = 0; bit < 64; bit += 8) {
        values[count++] = (UINT64_C(1) << bit) - 1;
        values[count++] = UINT64_C(1) << bit;
        values[count++] = (UINT64_C(1) << bit) + 1;
    }
    values[count++] = UINT64_MAX / 2;
    values[count++] = UINT64_MAX - 1;
    values[count++] = UINT64_MAX;
    struct random random = { 7 };
    for (unsigned i = 0; i < 100; i++) {
        values[count++] = random_u64(&random) >> random_below(&random, 64);
    }
    return count;
}

static void check(enum assay_status status, uint64_t out, bool fits, wide exact)
{
    cr_assert_eq(status, fits ? ASSAY_OK : ASSAY_E_RANGE);
    cr_assert_eq(out, fits ? (uint64_t)exact : 77, "out is untouched on failure");
}

Test(base_checked, agrees_with_wider_numbers)
{
    uint64_t values[200];
    const size_t count = interesting(values);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            const uint64_t a = values[i];
            const uint64_t b = values[j];
            uint64_t out = 77;
            enum assay_status status = assay_add_u64(a, b, &out);
            check(status, out, (wide)a + b <= UINT64_MAX, (wide)a + b);
            out = 77;
            status = assay_sub_u64(a, b, &out);
            check(status, out, a >= b, (wide)a - b);
            out = 77;
            status = assay_mul_u64(a, b, &out);
            check(status, out, (wide)a * b <= UINT64_MAX, (wide)a * b);
            size_t size = 77;
            status = assay_add_size((size_t)a, (size_t)b, &size);
            check(status, size, (wide)a + b <= SIZE_MAX, (wide)a + b);
            cr_assert_eq(assay_min_u64(a, b) + (wide)assay_max_u64(a, b), (wide)a + b);
            cr_assert_leq(assay_min_u64(a, b), assay_max_u64(a, b));
        }
    }
}
