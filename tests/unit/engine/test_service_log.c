/*
 * tests/unit/engine/test_service_log.c - which SERVICE records of an epoch have a place
 * (docs/protocol.md 12.2).
 */
#include "engine/ledger/state/services.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <stdlib.h>

struct log_room {
    struct assay_service_log log;
    void *memory;
};

static struct log_room log_of(uint32_t members)
{
    struct log_room r = { .memory = aligned_alloc(
                              64, (assay_services_log_memory_len(members) + 63) & ~(size_t)63) };
    assay_services_log_init(&r.log, r.memory, members);
    return r;
}

/* Returns: how many payloads of that length one slot got in. */
static uint32_t fill(struct assay_service_log *log, uint32_t slot, size_t len)
{
    static uint8_t payload[ASSAY_SERVICE_PAYLOAD_LEN_MAX];
    uint32_t n = 0;
    while (n < ASSAY_SERVICE_NUMBERS && assay_services_log_fits(log, slot, n, len) == ASSAY_OK)
        assay_services_log_add(log, slot, n++, 1, assay_slice_over(payload, len));
    return n;
}

Test(service_log, numbers_are_taken_once)
{
    struct log_room r = log_of(4);
    assay_services_log_add(&r.log, 2, 5, 1, assay_slice_over("a", 1));
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, 1), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 4, 1), ASSAY_OK);
    cr_assert_eq(assay_services_log_fits(&r.log, 1, 5, 1), ASSAY_OK);
    assay_services_log_reset(&r.log);
    cr_assert_eq(assay_services_log_fits(&r.log, 2, 5, 1), ASSAY_OK);
    free(r.memory);
}

Test(service_log, nobody_takes_anothers_part)
{
    struct log_room r = log_of(16);
    for (uint32_t slot = 0; slot < 15; slot++)
        cr_assert_eq(fill(&r.log, slot, ASSAY_SERVICE_PAYLOAD_LEN_MAX), 7);
    cr_assert_eq(fill(&r.log, 15, ASSAY_SERVICE_PAYLOAD_LEN_MAX), 7, "what the last one may");
    cr_assert_eq(assay_services_log_fits(&r.log, 15, 60, ASSAY_SERVICE_PAYLOAD_LEN_MAX),
                 ASSAY_E_FULL);
    free(r.memory);
    /* 64 KiB less 7 times 8,198, to the byte. */
    r = log_of(2);
    cr_assert_eq(fill(&r.log, 0, ASSAY_SERVICE_PAYLOAD_LEN_MAX), 7);
    const size_t left = ASSAY_SERVICES_AUTHOR_LEN - 7 * (ASSAY_SERVICE_PAYLOAD_LEN_MAX + 6);
    cr_assert_eq(assay_services_log_fits(&r.log, 0, 63, left - 6), ASSAY_OK);
    cr_assert_eq(assay_services_log_fits(&r.log, 0, 63, left - 5), ASSAY_E_FULL);
    free(r.memory);
    /* Of many each has a part, and one record in any case while there is room. */
    r = log_of(1024);
    cr_assert_eq(fill(&r.log, 0, 500), 2);
    cr_assert_eq(fill(&r.log, 1, ASSAY_SERVICE_PAYLOAD_LEN_MAX), 1);
    free(r.memory);
}

/* A flood by all others leaves each author its part: in networks of up to 128 members one dealing
 * of the group key always has a place (docs/identity.md 3.5.2). */
Test(service_log, a_flood_of_the_others_leaves_room_for_a_dealing)
{
    static const uint32_t members[] = { 4, 7, 20, 100, 128 };
    for (size_t n = 0; n < sizeof members / sizeof members[0]; n++) {
        struct log_room r = log_of(members[n]);
        for (uint32_t slot = 1; slot < members[n]; slot++) {
            cr_assert_geq(fill(&r.log, slot, 7600), 1);
            (void)fill(&r.log, slot, 100);
        }
        cr_assert_eq(assay_services_log_fits(&r.log, 0, 0, 7600), ASSAY_OK, "%u members",
                     members[n]);
        free(r.memory);
    }
}

Test(service_log, a_copy_has_the_same_and_shares_nothing)
{
    struct log_room a = log_of(4), b = log_of(4);
    struct assay_service_entry entry;
    size_t at = 0;
    assay_services_log_add(&a.log, 2, 5, 0x1234, assay_slice_over("abc", 3));
    assay_services_log_copy(&b.log, &a.log);
    assay_services_log_add(&a.log, 3, 0, 1, assay_slice_over("z", 1));
    cr_assert(assay_services_log_next(&b.log, &at, &entry));
    cr_assert_eq(entry.slot, 2);
    cr_assert_eq(entry.kind, 0x1234);
    cr_assert(assay_bytes_equal(entry.payload.bytes, (const uint8_t *)"abc", 3));
    cr_assert_not(assay_services_log_next(&b.log, &at, &entry));
    cr_assert_eq(assay_services_log_fits(&b.log, 2, 5, 1), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_services_log_fits(&b.log, 3, 0, 1), ASSAY_OK);
    free(a.memory);
    free(b.memory);
}
