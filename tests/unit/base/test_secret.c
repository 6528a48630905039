/*
 * tests/unit/base/test_secret.c - tests of wiping and constant-time comparison.
 *
 * That the time is constant is tests/ctime's to show.
 */
#include "base/secret.h"

#include "base/bytes.h"

#include <criterion/criterion.h>

Test(base_secret, wipes_exactly_what_was_asked_for)
{
    uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    assay_secret_wipe(bytes + 2, 4);
    cr_assert(assay_bytes_equal(bytes, ((const uint8_t[]){ 1, 2, 0, 0, 0, 0, 7, 8 }), 8));
    assay_secret_wipe(NULL, 0);
}

Test(base_secret, sees_a_difference_in_every_bit)
{
    struct assay_secret32 a = { .bytes = { 0 } };
    struct assay_secret32 b = { .bytes = { 0 } };
    for (size_t i = 0; i < sizeof a.bytes; i++) {
        a.bytes[i] = (uint8_t)(i * 37);
        b.bytes[i] = (uint8_t)(i * 37);
    }
    cr_assert(assay_equal_ct(&a, &b, sizeof a));
    for (size_t i = 0; i < sizeof a.bytes; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            b.bytes[i] ^= (uint8_t)(1u << bit);
            cr_assert_not(assay_equal_ct(&a, &b, sizeof a));
            cr_assert(assay_equal_ct(&a, &b, i), "bytes past the end do not count");
            b.bytes[i] ^= (uint8_t)(1u << bit);
        }
    }
    cr_assert(assay_equal_ct(NULL, NULL, 0));
}

Test(base_secret, does_not_let_two_differences_cancel)
{
    const uint8_t a[2] = { 0x0f, 0xf0 };
    const uint8_t b[2] = { 0xf0, 0x0f };
    cr_assert_not(assay_equal_ct(a, b, 2));
}
