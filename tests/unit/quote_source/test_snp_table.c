/*
 * tests/unit/quote_source/test_snp_table.c - the host's table of certificates.
 */
#include "quote/source/platform/snp_table.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 4096 };

static const char *const guids[] = {
    "63da758de6644564adc5f4b93be8accd", "a8074bc2a25a483eaae639c045a0b8a1",
    "4ab7b379bbac4fe4a02f05aef327c782", "c0b406a4a803495297433fb6014cd0ae",
    "92f81bc358114d3d97ffd19f88dc67ea",
};
static const enum assay_source_role roles[] = { ASSAY_SOURCE_VCEK, ASSAY_SOURCE_VLEK,
                                                ASSAY_SOURCE_ASK, ASSAY_SOURCE_ARK,
                                                ASSAY_SOURCE_CRL };

struct table {
    uint8_t bytes[ROOM];
    size_t len, entries, end;
};

static void put_u32(uint8_t *at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* A DER SEQUENCE of so many bytes in all (4..127 + 2, or 131 and more). */
static void put_der(uint8_t *at, size_t len)
{
    at[0] = 0x30;
    if (len - 2 < 128) {
        at[1] = (uint8_t)(len - 2);
        return;
    }
    at[1] = 0x82;
    at[2] = (uint8_t)((len - 4) >> 8);
    at[3] = (uint8_t)(len - 4);
}

static void put_entry(struct table *t, const char *guid, uint32_t offset, uint32_t len)
{
    uint8_t *const at = t->bytes + t->entries * ASSAY_SNP_TABLE_ENTRY_LEN;
    char digits[33];
    size_t n = 0;
    for (const char *c = guid; *c != '\0'; c++)
        if (*c != ' ') digits[n++] = *c;
    cr_assert_eq(n, 32);
    cr_assert_eq(assay_hex_decode(digits, 32, at, 16), ASSAY_OK);
    put_u32(at + 16, offset);
    put_u32(at + 20, len);
    t->entries += 1;
}

/* Five certificates one after the other, each of another size, after room for `spare` entries. */
static void make(struct table *t)
{
    *t = (struct table){ 0 };
    uint32_t at = 6 * ASSAY_SNP_TABLE_ENTRY_LEN;
    for (uint32_t i = 0; i < 5; i++) {
        const uint32_t len = i == 2 ? 300 : 10 + i;
        put_entry(t, guids[i], at, len);
        put_der(t->bytes + at, len);
        at += len;
    }
    t->len = at;
}

static enum assay_status parse(const struct table *t, size_t len, size_t *count)
{
    /* exactly as long as it says, so that one byte too far is seen */
    uint8_t *const bytes = malloc(len == 0 ? 1 : len);
    struct assay_source_certificate certificates[ASSAY_SOURCE_CERTIFICATES_MAX];
    assay_bytes_copy(bytes, len, t->bytes, len);
    const enum assay_status status = assay_snp_table_parse(bytes, len, certificates, count);
    free(bytes);
    return status;
}

Test(snp_table, finds_every_kind_in_order)
{
    struct table t;
    struct assay_source_certificate certificates[ASSAY_SOURCE_CERTIFICATES_MAX];
    size_t count = 0;
    make(&t);
    cr_assert_eq(assay_snp_table_parse(t.bytes, t.len, certificates, &count), ASSAY_OK);
    cr_assert_eq(count, 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect_eq(certificates[i].role, roles[i]);
        cr_expect_eq(certificates[i].bytes.len, i == 2 ? 300 : 10 + i);
        cr_expect_eq(certificates[i].bytes.bytes[0], 0x30);
        cr_expect_not_null(assay_source_role_text(certificates[i].role));
    }
    cr_expect_str_eq(assay_source_role_text(ASSAY_SOURCE_CRL), "crl");
}

Test(snp_table, a_host_without_certificates_sends_nothing_or_zeros)
{
    struct table t = { 0 };
    size_t count = 9;
    cr_expect_eq(parse(&t, 0, &count), ASSAY_OK);
    cr_expect_eq(count, 0);
    count = 9;
    cr_expect_eq(parse(&t, 4000, &count), ASSAY_OK);
    cr_expect_eq(count, 0);
}

Test(snp_table, rejects_every_truncation)
{
    struct table t;
    size_t count = 77;
    make(&t);
    for (size_t len = 1; len < t.len; len++) {
        cr_expect_eq(parse(&t, len, &count), ASSAY_E_TRUNCATED, "%zu bytes", len);
        cr_expect_eq(count, 77, "written on failure");
    }
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_OK);
    cr_expect_eq(parse(&t, t.len + 100, &count), ASSAY_OK, "pages are filled up");
}

Test(snp_table, a_guid_comes_once)
{
    struct table t;
    size_t count = 0;
    make(&t);
    assay_bytes_copy(t.bytes + 24, 16, t.bytes, 16);
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_DUPLICATE);
}

Test(snp_table, unknown_guids_are_left_out_but_stay_in_bounds)
{
    struct table t;
    size_t count = 0;
    make(&t);
    t.bytes[0] ^= 0xff;
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_OK);
    cr_expect_eq(count, 4);
    put_u32(t.bytes + 20, (uint32_t)t.len);
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_TRUNCATED);
}

Test(snp_table, certificates_lie_behind_the_entries_and_beside_each_other)
{
    struct table t;
    size_t count = 0;
    make(&t);
    put_u32(t.bytes + 16, 6 * 24 - 1);
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_RANGE);
    make(&t);
    put_u32(t.bytes + 20, 0);
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_RANGE);
    make(&t);
    put_u32(t.bytes + 20, 11); /* into the second */
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_INVALID);
    make(&t);
    put_u32(t.bytes + 16, UINT32_MAX);
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_TRUNCATED);
    make(&t);
    put_u32(t.bytes + 20, UINT32_MAX);
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_TRUNCATED);
}

Test(snp_table, the_closing_entry_is_all_zero)
{
    struct table t;
    size_t count = 0;
    for (size_t i = 16; i < 24; i++) {
        make(&t);
        t.bytes[5 * 24 + i] = 1;
        cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_ENCODING, "byte %zu", i);
    }
}

Test(snp_table, a_certificate_is_one_whole_sequence)
{
    struct table t;
    size_t count = 0;
    static const struct {
        uint8_t at, value;
    } changes[] = { { 0, 0x31 }, { 1, 7 },    { 1, 9 },   { 1, 0x80 },
                    { 1, 0x81 }, { 1, 0x84 }, { 1, 0xff } };
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        make(&t);
        t.bytes[6 * 24 + changes[i].at] = changes[i].value;
        cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_ENCODING, "change %zu", i);
    }
    make(&t); /* a length in more octets than it needs */
    t.bytes[6 * 24] = 0x30;
    t.bytes[6 * 24 + 1] = 0x81;
    t.bytes[6 * 24 + 2] = 7;
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_ENCODING);
    t.bytes[6 * 24 + 1] = 0x82;
    t.bytes[6 * 24 + 2] = 0;
    cr_expect_eq(parse(&t, t.len, &count), ASSAY_E_ENCODING);
}

Test(snp_table, entries_are_counted)
{
    struct table t = { 0 };
    size_t count = 0;
    char guid[33];
    for (uint32_t i = 0; i < ASSAY_SNP_TABLE_ENTRIES_MAX + 1; i++) {
        (void)snprintf(guid, sizeof guid, "%032x", i + 1);
        put_entry(&t, guid, 2000 + i, 1);
    }
    cr_expect_eq(parse(&t, ROOM, &count), ASSAY_E_FULL);
    assay_bytes_zero(t.bytes + ASSAY_SNP_TABLE_ENTRIES_MAX * 24, 24);
    cr_expect_eq(parse(&t, ROOM, &count), ASSAY_OK);
    cr_expect_eq(count, 0);
}

Test(snp_table, no_flipped_bit_crashes_it)
{
    struct table t;
    size_t count = 0;
    make(&t);
    for (size_t bit = 0; bit < t.len * 8; bit++) {
        t.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        if (parse(&t, t.len, &count) == ASSAY_OK) cr_expect_leq(count, 5);
        t.bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
}
