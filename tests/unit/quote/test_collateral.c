/*
 * tests/unit/quote/test_collateral.c - tests of bundles: canonical bytes, validity, endorsements of
 * a network.
 */
#include "tests/unit/quote/world.h"

#include "quote/collateral/endorsements.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { BYTES_MAX = 65536 };

static struct assay_slice encode(const struct assay_collateral_files *files, uint8_t *memory)
{
    struct assay_slice bytes = { NULL, 0 };
    struct assay_writer w = assay_writer_over(memory, BYTES_MAX);
    assay_collateral_encode(files, &w);
    cr_assert_eq(assay_writer_finish(&w, &bytes), ASSAY_OK);
    return bytes;
}

Test(quote_collateral, survives_its_bytes_and_agrees_with_its_digest)
{
    static uint8_t memory[BYTES_MAX];
    struct world *const w = world_open();
    struct assay_collateral_files files;
    uint8_t a[32], b[32];
    for (int left_out = -1; left_out < ASSAY_PARTS; left_out++) {
        struct assay_collateral_files some = w->bundle.files;
        if (left_out >= 0) some.part[left_out] = assay_slice_over(NULL, 0);
        const struct assay_slice bytes = encode(&some, memory);
        cr_assert_eq(assay_collateral_decode(bytes.bytes, bytes.len, &files), ASSAY_OK);
        for (int i = 0; i < ASSAY_PARTS; i++)
            cr_assert(assay_slice_equal(files.part[i], some.part[i]), "part %d", i);
        assay_collateral_digest(&some, a);
        assay_sha256(bytes.bytes, bytes.len, b);
        cr_assert_arr_eq(a, b, 32);
    }
    cr_assert_arr_eq(w->collateral.digest, (assay_collateral_digest(&w->bundle.files, a), a), 32);
    world_close(w);
}

Test(quote_collateral, rejects_every_truncation_of_its_bytes)
{
    static uint8_t memory[BYTES_MAX];
    struct world *const w = world_open();
    struct assay_collateral_files files;
    const struct assay_slice bytes = encode(&w->bundle.files, memory);
    for (size_t cut = 0; cut < bytes.len; cut++)
        cr_assert_eq(assay_collateral_decode(memory, cut, &files), ASSAY_E_TRUNCATED, "%zu", cut);
    cr_assert_eq(assay_collateral_decode(memory, bytes.len + 1, &files), ASSAY_E_TRAILING);
    cr_assert_eq(assay_collateral_decode(memory, ASSAY_BUNDLE_LEN_MAX + 1, &files), ASSAY_E_RANGE);
    world_close(w);
}

Test(quote_collateral, has_one_encoding)
{
    static const struct {
        uint8_t bytes[8];
        size_t len;
        enum assay_status status;
    } rows[] = {
        { { 0xa0 }, 1, ASSAY_OK },
        { { 0xa2, 0x00, 0x41, 0x61, 0x01, 0x41, 0x62 }, 7, ASSAY_OK },
        { { 0xa2, 0x01, 0x41, 0x61, 0x00, 0x41, 0x62 }, 7, ASSAY_E_ENCODING }, /* order */
        { { 0xa2, 0x01, 0x41, 0x61, 0x01, 0x41, 0x62 }, 7, ASSAY_E_DUPLICATE },
        { { 0xa1, 0x0b, 0x41, 0x61 }, 4, ASSAY_E_RANGE }, /* no such part */
        { { 0xa1, 0x00, 0x40 }, 3, ASSAY_E_ENCODING },    /* an empty part is left out */
        { { 0xa1, 0x00, 0x61, 0x61 }, 4, ASSAY_E_TYPE },  /* text */
        { { 0x80 }, 1, ASSAY_E_TYPE },
        { { 0xac, 0x00 }, 2, ASSAY_E_RANGE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct assay_collateral_files files;
        const enum assay_status status =
            assay_collateral_decode(rows[i].bytes, rows[i].len, &files);
        cr_assert_eq(status, rows[i].status, "row %zu: %s", i, assay_status_symbol(status));
    }
}

Test(quote_collateral, bounds_its_parts)
{
    struct world *const w = world_open();
    uint8_t *const big = calloc(1, ASSAY_PART_LEN_MAX + 1);
    cr_assert_not_null(big);
    struct assay_collateral_files files = w->bundle.files;
    files.part[ASSAY_PART_TCB_INFO] = assay_slice_over(big, ASSAY_PART_LEN_MAX + 1);
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    cr_assert_eq(assay_collateral_build(&files, &root, &w->collateral), ASSAY_E_RANGE);
    files.part[ASSAY_PART_TCB_INFO] = assay_slice_over(big, ASSAY_PART_LEN_MAX);
    cr_assert_eq(assay_collateral_build(&files, &root, &w->collateral), ASSAY_OK);
    cr_assert_not(assay_collateral_sound(&w->collateral));
    cr_assert_eq(w->collateral.faults[0].rule, ASSAY_RULE_COLLATERAL_FORMAT);
    free(big);
    world_close(w);
}

/* Garbage in any part: built, unsound, and nothing is judged good by it. */
Test(quote_collateral, is_never_sound_with_garbage_in_a_part)
{
    struct world *const w = world_open();
    cr_assert(assay_collateral_sound(&w->collateral));
    for (int part = 0; part < ASSAY_PARTS; part++) {
        struct assay_slice *const slot = &w->bundle.files.part[part];
        const struct assay_slice kept = *slot;
        *slot = assay_slice_over("garbage", 7);
        world_build(w);
        cr_assert_not(assay_collateral_sound(&w->collateral), "part %d", part);
        cr_assert_eq(world_judge(w), ASSAY_OK);
        cr_assert_neq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "part %d", part);
        *slot = kept;
    }
    world_build(w);
    cr_assert(assay_collateral_sound(&w->collateral));
    world_close(w);
}

static int by_root(const void *a, const void *b)
{
    const struct assay_endorsement_files *const left = a, *const right = b;
    return assay_bytes_compare(left->root.bytes, right->root.bytes, 64);
}

Test(quote_collateral, of_several_vendors_travels_as_one_byte_string)
{
    enum { VENDORS = 4 };
    static uint8_t memory[2 * BYTES_MAX];
    struct world *w[VENDORS];
    struct assay_endorsement_files entries[VENDORS] = { { .kinds = 0 } };
    struct assay_collateral *const built = calloc(VENDORS, sizeof *built);
    struct assay_endorsements endorsements;
    size_t count = 0;
    cr_assert_not_null(built);
    for (size_t i = 0; i < VENDORS; i++) {
        w[i] = world_open();
        entries[i].root = assay_key_p256(w[i]->ca.root_public);
        entries[i].kinds = ASSAY_KIND_BIT(ASSAY_KIND_SOFT);
        entries[i].files = w[i]->bundle.files;
    }
    qsort(entries, VENDORS, sizeof entries[0], by_root);
    struct assay_writer out = assay_writer_over(memory, sizeof memory);
    cr_assert_eq(assay_endorsements_encode(entries, VENDORS, &out), ASSAY_OK);
    cr_assert_eq(assay_endorsements_count(memory, out.len, &count), ASSAY_OK);
    cr_assert_eq(count, VENDORS);
    cr_assert_eq(assay_endorsements_decode(memory, out.len, built, VENDORS - 1, &endorsements),
                 ASSAY_E_FULL);
    cr_assert_eq(assay_endorsements_decode(memory, out.len, built, VENDORS, &endorsements),
                 ASSAY_OK);
    for (size_t i = 0; i < VENDORS; i++) {
        w[i]->endorsements = endorsements;
        cr_assert_eq(world_judge(w[i]), ASSAY_OK);
        cr_assert_eq(w[i]->verdict.tier, ASSAY_TIER_AFFIRMING, "vendor %zu", i);
    }
    for (size_t cut = 0; cut < out.len; cut += 211)
        cr_assert_neq(assay_endorsements_decode(memory, cut, built, VENDORS, &endorsements),
                      ASSAY_OK);
    entries[1] = entries[0]; /* two truths about one root */
    out = assay_writer_over(memory, sizeof memory);
    cr_assert_eq(assay_endorsements_encode(entries, VENDORS, &out), ASSAY_E_INVALID);
    for (size_t i = 0; i < VENDORS; i++)
        world_close(w[i]);
    free(built);
}

Test(quote_collateral, is_current_within_all_its_windows)
{
    struct world *const w = world_open();
    w->terms.issue_unix_s = WORLD_FROM + 100;
    w->terms.next_unix_s = WORLD_TO - 100;
    world_publish(w);
    static const struct {
        int64_t at;
        bool current;
    } rows[] = { { WORLD_FROM + 99, false }, { WORLD_FROM + 100, true }, { WORLD_AT, true },
                 { WORLD_TO - 100, true },   { WORLD_TO - 99, false },   { 0, false },
                 { INT64_MAX, false } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(assay_collateral_current(&w->collateral, rows[i].at), rows[i].current,
                     "row %zu", i);
    world_close(w);
}
