/*
 * tests/unit/services/identity/test_signing_journal.c - tests of a holder's journal: what holders
 * write is accepted, and nothing can be left out, changed or put in another order unseen.
 */
#include "base/crypto.h"
#include "services/identity/signing_journal.h"
#include "tests/unit/services/identity/signing_world.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ENTRIES = 6 };

static uint8_t bytes[ENTRIES][ASSAY_SIGNING_ENTRY_MAX];
static size_t len[ENTRIES];

/* The journal of holder 1 over three epochs, two texts each. */
static void write_journal(void)
{
    static const uint32_t one_each[WORLD_HOLDERS] = { 1, 1, 1, 1, 1 };
    static const uint8_t first_three[] = { 1, 2, 3 };
    struct world *w = world_new(3, one_each);
    for (uint8_t session = 0; session < ENTRIES / 2; session++) {
        struct world_attempt a =
            world_attempt(w, 0, (uint8_t)(1 + session), first_three, 'c', 3, session);
        a.items = 2;
        assay_bytes_copy(a.item[1], 3, "c\3\20", 3);
        for (uint32_t i = 0; i < 3; i++)
            cr_assert_eq(world_request(w, &a, i), ASSAY_OK);
        for (uint32_t i = 0; i < 3; i++)
            cr_assert_eq(world_list(w, &a, i), ASSAY_OK);
        cr_assert_eq(world_echoes(w, &a, 1), ASSAY_OK);
        for (uint32_t i = 0; i < 2; i++) {
            const uint32_t at = 2u * session + i;
            len[at] = w->out->journal_len[i];
            assay_bytes_copy(bytes[at], sizeof bytes[at], w->out->journal[i], len[at]);
        }
        world_close_epoch(w);
    }
    world_free(w);
}

static enum assay_status check_all(uint32_t without, uint32_t count)
{
    struct assay_signing_journal journal = { .has_last = false };
    struct assay_signing_entry entry;
    for (uint32_t i = 0; i < count; i++)
        if (i != without)
            ASSAY_TRY(
                assay_signing_journal_check(&journal, assay_slice_over(bytes[i], len[i]), &entry));
    return ASSAY_OK;
}

Test(signing_journal, what_holders_write_is_accepted_and_nothing_is_left_out_or_changed_unseen)
{
    write_journal();
    cr_assert_eq(check_all(ENTRIES, ENTRIES), ASSAY_OK);
    for (uint32_t i = 0; i + 1 < ENTRIES; i++)
        cr_assert_eq(check_all(i, ENTRIES), ASSAY_E_CHAIN);
    for (uint32_t i = 0; i + 1 < ENTRIES; i++)
        for (size_t bit = 0; bit < len[i] * 8; bit++) {
            bytes[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
            cr_assert_neq(check_all(ENTRIES, i + 2), ASSAY_OK, "entry %u, bit %zu", (unsigned)i,
                          bit);
            bytes[i][bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    for (size_t cut = 0; cut < len[0]; cut++) {
        struct assay_signing_entry entry;
        cr_assert_neq(assay_signing_entry_decode(assay_slice_over(bytes[0], cut), &entry),
                      ASSAY_OK);
    }
}

/* A holder that breaks the rules writes a chain that is right; the order shows it. */
static enum assay_status check_pair(const struct assay_signing_entry *first,
                                    struct assay_signing_entry second)
{
    struct assay_signing_journal journal = { .has_last = false };
    struct assay_signing_entry read;
    len[0] = assay_signing_entry_encode(first, bytes[0]);
    assay_sha256(bytes[0], len[0], second.before);
    len[1] = assay_signing_entry_encode(&second, bytes[1]);
    ASSAY_TRY(assay_signing_journal_check(&journal, assay_slice_over(bytes[0], len[0]), &read));
    const enum assay_status status =
        assay_signing_journal_check(&journal, assay_slice_over(bytes[1], len[1]), &read);
    if (status == ASSAY_OK) cr_assert_arr_eq(&read, &second, sizeof read);
    return status;
}

Test(signing_journal, an_older_epoch_another_block_and_a_second_list_are_found)
{
    struct assay_signing_entry first, next;
    memset(&first, 0, sizeof first);
    first.wall_ms = 1;
    first.era = 3;
    first.epoch = 10;
    first.generation = 2;
    memset(first.name, 7, sizeof first.name);
    cr_assert_eq(check_pair(&first, first), ASSAY_OK);
    next = first;
    next.epoch = 9;
    cr_assert_eq(check_pair(&first, next), ASSAY_E_STALE);
    next.era = 4; /* epochs of another era */
    next.generation = 1;
    cr_assert_eq(check_pair(&first, next), ASSAY_OK);
    next = first;
    next.era = 2;
    cr_assert_eq(check_pair(&first, next), ASSAY_E_STALE);
    next = first;
    next.generation = 1;
    cr_assert_eq(check_pair(&first, next), ASSAY_E_STALE);
    next = first;
    next.block_id[0] = 1;
    cr_assert_eq(check_pair(&first, next), ASSAY_E_INVALID);
    next = first;
    next.list[0] = 1;
    cr_assert_eq(check_pair(&first, next), ASSAY_E_INVALID);
    next.name[47] = 1; /* another session */
    cr_assert_eq(check_pair(&first, next), ASSAY_OK);
}
