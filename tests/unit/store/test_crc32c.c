/*
 * tests/unit/store/test_crc32c.c - tests of the row checksum.
 *
 * The checksum of rows: values of RFC 3720 appendix B.4, and bit by bit beside.
 */
#include "engine/store/crc32c.h"

#include <criterion/criterion.h>
#include <string.h>

static struct assay_crc32c tables;

static void fill(void)
{
    assay_crc32c_init(&tables);
}

TestSuite(crc32c, .init = fill);

static uint32_t bit_by_bit(uint32_t crc, const uint8_t *bytes, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
    }
    return ~crc;
}

Test(crc32c, is_that_of_the_standard)
{
    uint8_t bytes[32];
    memset(bytes, 0, sizeof bytes);
    cr_expect_eq(assay_crc32c_add(&tables, 0, bytes, sizeof bytes), 0x8a9136aaU);
    memset(bytes, 0xff, sizeof bytes);
    cr_expect_eq(assay_crc32c_add(&tables, 0, bytes, sizeof bytes), 0x62a8ab43U);
    for (uint8_t i = 0; i < sizeof bytes; i++)
        bytes[i] = i;
    cr_expect_eq(assay_crc32c_add(&tables, 0, bytes, sizeof bytes), 0x46dd794eU);
    for (uint8_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(31 - i);
    cr_expect_eq(assay_crc32c_add(&tables, 0, bytes, sizeof bytes), 0x113fdb5cU);
    cr_expect_eq(assay_crc32c_add(&tables, 0, (const uint8_t *)"123456789", 9), 0xe3069283U);
    cr_expect_eq(assay_crc32c_add(&tables, 0, NULL, 0), 0);
}

Test(crc32c, is_the_same_at_any_length_place_and_in_parts)
{
    uint8_t bytes[80];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 151 + 7);
    for (size_t from = 0; from < 9; from++)
        for (size_t len = 0; from + len <= sizeof bytes; len++) {
            const uint32_t whole = bit_by_bit(0, bytes + from, len);
            cr_assert_eq(assay_crc32c_add(&tables, 0, bytes + from, len), whole);
            const uint32_t part = assay_crc32c_add(&tables, 0, bytes + from, len / 3);
            cr_assert_eq(
                assay_crc32c_add(&tables, part, bytes + from + len / 3, len - len / 3), whole);
        }
}
