/*
 * tests/unit/quote/results/test_cmw.c - records of the wrapper: type, value and indicator, byte by
 * byte as the draft encodes them; overflow is reported.
 */
#include "quote/result/cmw.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct assay_slice value = { (const uint8_t *)"\xd2\x84\xff\xfe", 4 };

Test(cmw, a_cbor_record_has_three_members)
{
    static const uint8_t expected[] = { 0x83, 0x63, 'a',  '/',  'b', 0x44,
                                        0xd2, 0x84, 0xff, 0xfe, 0x08 };
    uint8_t bytes[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cmw_put_cbor(&w, "a/b", value, ASSAY_CMW_ATTESTATION_RESULTS);
    cr_assert_not(w.full);
    cr_assert_eq(w.len, sizeof expected);
    cr_expect_arr_eq(bytes, expected, sizeof expected);
}

Test(cmw, a_json_record_has_the_value_in_base64url)
{
    static const char expected[] = "[\"a/b; p=\\\"q\\\"\",\"0oT__g\",8]";
    uint8_t bytes[64];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_cmw_put_json(&w, "a/b; p=\"q\"", value, ASSAY_CMW_ATTESTATION_RESULTS);
    cr_assert_not(w.full);
    cr_assert_eq(w.len, sizeof expected - 1);
    cr_expect_arr_eq(bytes, expected, sizeof expected - 1);
}

Test(cmw, what_does_not_fit_is_reported)
{
    uint8_t bytes[32];
    for (size_t capacity = 0; capacity < 10; capacity++) {
        struct assay_writer w = assay_writer_over(bytes, capacity);
        assay_cmw_put_cbor(&w, "a/b", value, 8);
        cr_expect(w.full, "CBOR in %zu", capacity);
    }
    for (size_t capacity = 0; capacity < 15; capacity++) {
        struct assay_writer w = assay_writer_over(bytes, capacity);
        assay_cmw_put_json(&w, "a/b", value, 8);
        cr_expect(w.full, "JSON in %zu", capacity);
    }
}
