/*
 * tests/unit/net/test_history.c - tests of the score history.
 *
 * Rows of the score history.
 */
#include "base/cbor.h"
#include "net/timeline/history.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct assay_history_row sample = {
    .incarnation = 3,
    .score_bp = 7500,
    .integrity_bp = 10000,
    .availability_bp = 7500,
    .standing = 1,
    .weight = 10000,
    .positive_bp = 60000,
    .negative_bp = 0,
    .electorate_bp = UINT64_MAX,
    .reason = 5,
    .certified = true,
    .unjudged_bp = 3,
    .lo_bp = 7000,
    .hi_bp = 8000,
    .availability_rule = 2,
    .orders = 12,
};

static size_t encode(const struct assay_history_row *row, uint8_t *out, size_t capacity)
{
    struct assay_writer w = assay_writer_over(out, capacity);
    cr_assert_eq(assay_history_encode(row, &w), ASSAY_OK);
    return w.len;
}

Test(net_history, decodes_what_it_encoded)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX], again[ASSAY_HISTORY_ROW_MAX];
    struct assay_history_row row;
    const size_t len = encode(&sample, bytes, sizeof bytes);
    cr_assert_eq(assay_history_decode(assay_slice_over(bytes, len), &row), ASSAY_OK);
    cr_assert_eq(row.electorate_bp, UINT64_MAX);
    cr_assert(row.certified);
    cr_assert_eq(row.orders, 12);
    cr_assert_eq(row.version, 3);
    cr_assert_eq(encode(&row, again, sizeof again), len);
    cr_assert(assay_bytes_equal(bytes, again, len));
}

/* A store that an older daemon wrote. */
Test(net_history, a_row_of_version_1_is_read)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_history_row row;
    assay_cbor_put_array(&w, 12);
    assay_cbor_put_text(&w, "assay/score/v1");
    for (uint64_t i = 1; i <= 10; i++)
        assay_cbor_put_uint(&w, i);
    assay_cbor_put_bool(&w, true);
    cr_assert_eq(assay_history_decode(assay_slice_over(bytes, w.len), &row), ASSAY_OK);
    cr_assert_eq(row.incarnation, 1);
    cr_assert_eq(row.reason, 10);
    cr_assert_eq(row.unjudged_bp + row.lo_bp + row.hi_bp + row.availability_rule, 0);
    bytes[0] = 0x90; /* the length of version 2 under the name of version 1 */
    cr_assert_neq(assay_history_decode(assay_slice_over(bytes, w.len), &row), ASSAY_OK);
}

Test(net_history, a_row_of_version_2_is_read)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_history_row row = { .orders = 7 };
    assay_cbor_put_array(&w, 16);
    assay_cbor_put_text(&w, "assay/score/v2");
    for (uint64_t i = 1; i <= 10; i++)
        assay_cbor_put_uint(&w, i);
    assay_cbor_put_bool(&w, true);
    for (uint64_t i = 11; i <= 14; i++)
        assay_cbor_put_uint(&w, i);
    cr_assert_eq(assay_history_decode(assay_slice_over(bytes, w.len), &row), ASSAY_OK);
    cr_assert_eq(row.availability_rule, 14);
    cr_assert_eq(row.orders, 0);
}

Test(net_history, an_hour_and_a_tolerance_are_what_they_were)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX + 32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_history_row row = { 0 };
    uint32_t era = 0;
    uint64_t epoch = 0;
    cr_assert_eq(assay_history_hour_encode(UINT32_MAX, UINT64_MAX, &sample, &w), ASSAY_OK);
    for (size_t cut = 0; cut < w.len; cut++)
        cr_assert_neq(assay_history_hour_decode(assay_slice_over(bytes, cut), &era, &epoch, &row),
                      ASSAY_OK);
    cr_assert_eq(assay_history_hour_decode(assay_slice_over(bytes, w.len), &era, &epoch, &row),
                 ASSAY_OK);
    cr_expect_eq(era, UINT32_MAX);
    cr_expect_eq(epoch, UINT64_MAX);
    cr_expect_eq(row.hi_bp, sample.hi_bp);
    cr_expect_neq(assay_history_decode(assay_slice_over(bytes, w.len), &row), ASSAY_OK);

    const struct assay_history_tolerance most = { UINT64_MAX, UINT32_MAX, 2, 10000, 9999, 1 };
    struct assay_history_tolerance found;
    w = assay_writer_over(bytes, 64);
    cr_assert_eq(assay_history_tolerance_encode(&most, &w), ASSAY_OK);
    for (size_t cut = 0; cut < w.len; cut++)
        cr_assert_neq(assay_history_tolerance_decode(assay_slice_over(bytes, cut), &found),
                      ASSAY_OK);
    cr_assert_eq(assay_history_tolerance_decode(assay_slice_over(bytes, w.len), &found), ASSAY_OK);
    cr_expect_eq(found.total_weight, UINT64_MAX);
    cr_expect_eq(found.largest_vendor_bp, 9999);
}

Test(net_history, an_epoch_lies_in_its_hour)
{
    cr_expect_eq(assay_history_hour(60000, 59), 0);
    cr_expect_eq(assay_history_hour(60000, 60), 1);
    cr_expect_eq(assay_history_hour(500, 7200 * 3), 3);
    cr_expect_eq(assay_history_hour(UINT32_MAX, 5), 5, "longer than an hour: one in each");
    cr_expect_eq(assay_history_hour(0, 5), 5);
}

Test(net_history, the_largest_row_fits)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX];
    const struct assay_history_row most = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                            UINT32_MAX, UINT32_MAX, UINT64_MAX, UINT64_MAX,
                                            UINT64_MAX, UINT32_MAX, true,       UINT64_MAX,
                                            UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX,
                                            3 };
    cr_assert_leq(encode(&most, bytes, sizeof bytes), sizeof bytes);
}

Test(net_history, rejects_every_truncation_and_a_byte_too_many)
{
    uint8_t bytes[ASSAY_HISTORY_ROW_MAX];
    struct assay_history_row row = { .incarnation = 77 };
    const size_t len = encode(&sample, bytes, sizeof bytes - 1);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *copy = malloc(cut > 0 ? cut : 1);
        assay_bytes_copy(copy, cut, bytes, cut);
        cr_assert_neq(assay_history_decode(assay_slice_over(copy, cut), &row), ASSAY_OK);
        free(copy);
    }
    bytes[len] = 0;
    cr_assert_eq(assay_history_decode(assay_slice_over(bytes, len + 1), &row), ASSAY_E_TRAILING);
    cr_assert_eq(row.incarnation, 77, "untouched on failure");
}

/* --- orders */

static uint32_t orders(enum assay_stage stage, enum assay_standing standing, bool listed)
{
    struct assay_member_snapshot member = { .stage = stage };
    member.trust.score.standing = standing;
    member.trust.listed_after_failure = listed;
    return assay_history_orders(&member);
}

Test(net_history, orders_follow_the_standing_of_who_serves)
{
    static const uint32_t expected[] = {
        [ASSAY_STANDING_FULL] = 0,
        [ASSAY_STANDING_WARNING] = 1U << ASSAY_ORDER_NOTE,
        [ASSAY_STANDING_RESTRICTED] = 1U << ASSAY_ORDER_RESTRICT,
        [ASSAY_STANDING_SUSPENDED] = 1U << ASSAY_ORDER_SUSPEND,
    };
    const uint32_t restart = 1U << ASSAY_ORDER_RESTART;
    for (size_t s = 0; s < sizeof expected / sizeof expected[0]; s++) {
        const enum assay_standing standing = (enum assay_standing)s;
        cr_expect_eq(orders(ASSAY_STAGE_MEMBER, standing, true), expected[s], "%zu", s);
        cr_expect_eq(orders(ASSAY_STAGE_MEMBER, standing, false), expected[s] | restart, "%zu", s);
        cr_expect_eq(orders(ASSAY_STAGE_RESTING, standing, true), 0, "nothing of who rests");
        cr_expect_eq(orders(ASSAY_STAGE_RESTING, standing, false), restart);
    }
}
