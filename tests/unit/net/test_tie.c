/*
 * tests/unit/net/test_tie.c - a store knows its keys, or that it is nobody's.
 */
#include "net/tie.h"

#include "engine/store/store_memory.h"

#include <criterion/criterion.h>

Test(tie, is_kept_as_a_whole_and_nobodys_is_told_apart)
{
    struct assay_store *store = NULL;
    struct assay_tie tie = { .id = { 1, 2, 3 }, .set = { 4, 5, 6 } }, read = { .id = { 0 } };
    const uint8_t short_value[40] = { 0 };
    const struct assay_store_key key = { .number = 1000 };
    cr_assert_eq(assay_store_memory_create(&store), ASSAY_OK);
    cr_assert_eq(assay_tie_get(store, &read), ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_tie_put(store, &tie), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(assay_tie_get(store, &read), ASSAY_OK);
    cr_assert(assay_bytes_equal(read.id, tie.id, 32) && assay_bytes_equal(read.set, tie.set, 32));
    cr_assert_eq(assay_tie_put_nobody(store), ASSAY_OK);
    cr_assert_eq(assay_store_commit(store), ASSAY_OK);
    cr_assert_eq(assay_tie_get(store, &read), ASSAY_OK);
    cr_assert(assay_bytes_all_zero(read.set, sizeof read.set));
    cr_assert_not(assay_bytes_all_zero(read.id, sizeof read.id));
    cr_assert_eq(assay_store_put(store, ASSAY_STORE_META, &key,
                                 assay_slice_over(short_value, sizeof short_value)),
                 ASSAY_OK);
    cr_assert_eq(assay_tie_get(store, &read), ASSAY_E_STORE);
    assay_store_close(&store);
}
