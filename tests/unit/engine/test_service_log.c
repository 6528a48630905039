/*
 * tests/unit/engine/test_service_log.c - which SERVICE records of an epoch have a place
 * (docs/protocol.md 12.2).
 */
#include "engine/ledger/state/services.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { COMMON = 1, RESERVED = 28, LAST = 33, LARGE = ASSAY_SERVICE_PAYLOAD_LEN_MAX };

static const struct assay_services plain = { 0 };
static const struct assay_services reserving = { .reserved_first = RESERVED,
                                                 .reserved_last = LAST };

struct log_room {
    struct assay_service_log log;
    void *memory;
};

static struct log_room log_with(uint32_t members, const struct assay_services *services)
{
    const size_t len = assay_services_log_memory_len(members, services->reserved_first > 0);
    struct log_room r = { .memory = aligned_alloc(64, (len + 63) & ~(size_t)63) };
    assay_services_log_init(&r.log, r.memory, members, services);
    return r;
}

static struct log_room log_of(uint32_t members)
{
    return log_with(members, &plain);
}

/* Returns: how many payloads of that length one slot got in. */
static uint32_t fill_kind(struct assay_service_log *log, uint32_t slot, uint32_t kind, size_t len)
{
    static uint8_t payload[LARGE];
    uint32_t n = 0;
    while (n < ASSAY_SERVICE_NUMBERS &&
           assay_services_log_fits(log, slot, n, kind, len) == ASSAY_OK)
        assay_services_log_add(log, slot, n++, kind, assay_slice_over(payload, len));
    return n;
}

static uint32_t fill(struct assay_service_log *log, uint32_t slot, size_t len)
{
    return fill_kind(log, slot, COMMON, len);
}

Test(service_log, numbers_are_taken_once)
{
    struct log_room r = log_of(4);
    assay_services_log_add(&r.log, 2, 5, 1, assay_slice_over("a", 1));
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, 1, 1), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, 2, 1), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 4, 1, 1), ASSAY_OK);
    cr_assert_eq(assay_services_log_fits(&r.log, 1, 5, 1, 1), ASSAY_OK);
    assay_services_log_reset(&r.log);
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, 1, 1), ASSAY_OK);
    free(r.memory);
}

Test(service_log, nobody_takes_anothers_part)
{
    struct log_room r = log_of(16);
    for (uint32_t slot = 0; slot < 15; slot++)
        cr_assert_eq(fill(&r.log, slot, LARGE), 7);
    cr_assert_eq(fill(&r.log, 15, LARGE), 7, "what the last one may");
    cr_assert_eq(assay_services_log_fits(&r.log, 15, 60, COMMON, LARGE), ASSAY_E_FULL);
    free(r.memory);
    /* 64 KiB less 7 times 8,198, to the byte. */
    r = log_of(2);
    cr_assert_eq(fill(&r.log, 0, LARGE), 7);
    const size_t left = ASSAY_SERVICES_AUTHOR_LEN - 7 * (LARGE + 6);
    cr_assert_eq(assay_services_log_fits(&r.log, 0, 63, COMMON, left - 6), ASSAY_OK);
    cr_assert_eq(assay_services_log_fits(&r.log, 0, 63, COMMON, left - 5), ASSAY_E_FULL);
    free(r.memory);
    /* Of many each has a part, and one record in any case while there is room. */
    r = log_of(1024);
    cr_assert_eq(fill(&r.log, 0, 500), 2);
    cr_assert_eq(fill(&r.log, 1, LARGE), 1);
    free(r.memory);
}

/* Whatever an author's other records and those of all others are, its records of a ceremony find
 * the same place, and the other way round (docs/protocol.md 12.2.1). */
Test(service_log, no_flood_takes_a_place_of_the_other_budget_or_of_another_author)
{
    static const uint32_t members[] = { 1, 4, 7, 16, 17, 20, 63, 64, 65, 100, 127, 128, 129, 1024 };
    for (size_t n = 0; n < sizeof members / sizeof members[0]; n++) {
        const uint32_t count = members[n], holders = count < 128 ? count : 128;
        struct log_room quiet = log_with(count, &reserving), flood = log_with(count, &reserving);
        const uint32_t ceremony = fill_kind(&quiet.log, 0, RESERVED, 7600);
        cr_assert_geq(ceremony, 2, "%u members", count);
        assay_services_log_reset(&quiet.log);
        const uint32_t others = fill(&quiet.log, 0, 1000);
        /* Every author's other records first, as many as fit. */
        for (uint32_t slot = 0; slot < count; slot++)
            (void)fill(&flood.log, slot, LARGE);
        for (uint32_t slot = 0; slot < count; slot++)
            (void)fill(&flood.log, slot, 100);
        for (uint32_t slot = 0; slot < holders; slot++)
            cr_assert_eq(fill_kind(&flood.log, slot, LAST, 7600), ceremony, "%u of %u", slot,
                         count);
        /* Ceremonies first. */
        assay_services_log_reset(&flood.log);
        for (uint32_t slot = 0; slot < holders; slot++) {
            cr_assert_geq(fill_kind(&flood.log, slot, RESERVED, LARGE), 2);
            (void)fill_kind(&flood.log, slot, RESERVED, 50);
        }
        cr_assert_eq(fill(&flood.log, 0, 1000), others, "%u members", count);
        free(quiet.memory);
        free(flood.memory);
    }
}

/* A part is what the turns of dealers are computed with (docs/identity.md 3.5.2), to the byte. */
Test(service_log, a_part_of_the_reserved_budget_has_its_size)
{
    static const struct {
        uint32_t members, part;
    } rows[] = { { 4, 65536 }, { 16, 65536 }, { 17, 61680 }, { 64, 16396 }, { 128, 16396 } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct log_room r = log_with(rows[i].members, &reserving);
        const uint32_t n = fill_kind(&r.log, 0, RESERVED, 5000);
        const size_t left = rows[i].part - n * 5006;
        cr_assert_eq(assay_services_log_fits(&r.log, 0, 63, RESERVED, left - 6), ASSAY_OK);
        cr_assert_eq(assay_services_log_fits(&r.log, 0, 63, RESERVED, left - 5), ASSAY_E_FULL);
        free(r.memory);
    }
}

Test(service_log, budgets_have_numbers_of_their_own)
{
    struct log_room r = log_with(200, &reserving);
    assay_services_log_add(&r.log, 2, 5, COMMON, assay_slice_over("a", 1));
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, RESERVED, 1), ASSAY_OK);
    assay_services_log_add(&r.log, 2, 5, RESERVED, assay_slice_over("a", 1));
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, LAST, 1), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_services_log_fits(&r.log, 127, 0, RESERVED, 1), ASSAY_OK);
    cr_assert_eq(assay_services_log_fits(&r.log, 128, 0, RESERVED, 1), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_services_log_fits(&r.log, 128, 0, LAST + 1, 1), ASSAY_OK);
    cr_assert_eq(assay_services_log_fits(&r.log, 128, 0, RESERVED - 1, 1), ASSAY_OK);
    free(r.memory);
    r = log_of(200); /* below feature level 7: one budget */
    assay_services_log_add(&r.log, 2, 5, COMMON, assay_slice_over("a", 1));
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, RESERVED, 1), ASSAY_E_DUPLICATE);
    free(r.memory);
}

Test(service_log, a_copy_has_the_same_and_shares_nothing)
{
    struct log_room a = log_with(4, &reserving), b = log_with(4, &reserving);
    struct assay_service_entry entry;
    size_t at = 0;
    assay_services_log_add(&a.log, 2, 5, 0x1234, assay_slice_over("abc", 3));
    assay_services_log_add(&a.log, 2, 5, RESERVED, assay_slice_over("d", 1));
    assay_services_log_copy(&b.log, &a.log);
    assay_services_log_add(&a.log, 3, 0, 1, assay_slice_over("z", 1));
    assay_services_log_add(&a.log, 3, 0, RESERVED, assay_slice_over("z", 1));
    cr_assert(assay_services_log_next(&b.log, &at, &entry));
    cr_assert_eq(entry.slot, 2);
    cr_assert_eq(entry.kind, 0x1234);
    cr_assert(assay_bytes_equal(entry.payload.bytes, (const uint8_t *)"abc", 3));
    cr_assert(assay_services_log_next(&b.log, &at, &entry));
    cr_assert_eq(entry.kind, RESERVED, "in the order of the chain");
    cr_assert_not(assay_services_log_next(&b.log, &at, &entry));
    cr_assert_eq(assay_services_log_fits(&b.log, 2, 5, 1, 1), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_services_log_fits(&b.log, 2, 5, RESERVED, 1), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_services_log_fits(&b.log, 3, 0, 1, 1), ASSAY_OK);
    cr_assert_eq(assay_services_log_fits(&b.log, 3, 0, RESERVED, 1), ASSAY_OK);
    free(a.memory);
    free(b.memory);
}
