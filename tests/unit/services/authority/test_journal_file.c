/*
 * tests/unit/services/authority/test_journal_file.c - tests of files of a holder's journal, as an
 * audit reads them: one after the other, with what a crash leaves, and not with a changed entry
 * (docs/identity.md 4.14).
 */
#include "base/crypto.h"
#include "base/writer.h"
#include "net/services/identity/journal_file.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { ENTRIES = 6, FIRST_FILE = 4 };

/* Entries 0 to 3 are in the first file, the rest in the second. */
static uint8_t bytes[2][4096];
static size_t len[2], at[ENTRIES];

static void set_up(void)
{
    uint8_t digest[32] = { 0 }, one[ASSAY_SIGNING_ENTRY_MAX];
    for (uint32_t i = 0; i < ENTRIES; i++) {
        const uint32_t file = i < FIRST_FILE ? 0 : 1;
        struct assay_signing_entry e = { .era = 1, .epoch = 10 + i, .generation = 1 };
        e.name[0] = (uint8_t)i;
        e.block_id[0] = (uint8_t)(100 + i);
        assay_bytes_copy(e.before, 32, digest, 32);
        const size_t entry_len = assay_signing_entry_encode(&e, one);
        assay_sha256(one, entry_len, digest);
        struct assay_writer w =
            assay_writer_over(bytes[file] + len[file], sizeof bytes[file] - len[file]);
        at[i] = len[file];
        assay_writer_u16be(&w, (uint16_t)entry_len);
        assay_writer_put(&w, one, entry_len);
        len[file] += w.len;
    }
}

TestSuite(journal_file, .init = set_up);

/* Epochs of the entries that were visited. */
static uint64_t seen[ENTRIES];
static size_t count, stop_after;

static bool visit(void *context, const struct assay_signing_entry *entry)
{
    (void)context;
    seen[count++] = entry->epoch;
    return stop_after == 0 || count < stop_after;
}

static enum assay_status read_file(struct assay_signing_journal *journal, uint32_t file,
                                   size_t *good)
{
    return assay_keyholder_journal_read(journal, assay_slice_over(bytes[file], len[file]), visit,
                                        NULL, good);
}

Test(journal_file, entries_of_all_files_are_visited_in_their_order)
{
    struct assay_signing_journal journal = { .has_last = false };
    size_t good = 0;
    cr_assert_eq(read_file(&journal, 0, &good), ASSAY_OK);
    cr_expect_eq(good, len[0]);
    cr_assert_eq(read_file(&journal, 1, &good), ASSAY_OK);
    cr_expect_eq(good, len[1]);
    cr_assert_eq(count, ENTRIES);
    for (uint64_t i = 0; i < ENTRIES; i++)
        cr_expect_eq(seen[i], 10 + i);
    count = 0;
    stop_after = 2;
    journal = (struct assay_signing_journal){ .has_last = false };
    cr_assert_eq(read_file(&journal, 0, &good), ASSAY_OK);
    cr_expect_eq(count, 2);
}

Test(journal_file, a_file_that_does_not_follow_the_one_before_is_found)
{
    struct assay_signing_journal journal = { .has_last = false };
    size_t good = 1;
    cr_assert_eq(assay_keyholder_journal_read(&journal, assay_slice_over(bytes[0], at[3]), NULL,
                                              NULL, &good),
                 ASSAY_OK);
    cr_expect_eq(read_file(&journal, 1, &good), ASSAY_E_CHAIN, "entry 3 is missing");
    cr_expect_eq(good, 0);
    journal = (struct assay_signing_journal){ .has_last = false };
    cr_expect_eq(read_file(&journal, 1, &good), ASSAY_OK, "the file before is in an archive");
}

Test(journal_file, a_changed_entry_is_found_and_a_torn_last_one_is_left_out)
{
    struct assay_signing_journal journal = { .has_last = false };
    size_t good = 0;
    len[0] -= 5;
    cr_expect_eq(read_file(&journal, 0, &good), ASSAY_OK);
    cr_expect_eq(good, at[3]);
    cr_expect_eq(count, 3);
    bytes[0][at[1] + 60] ^= 1;
    journal = (struct assay_signing_journal){ .has_last = false };
    cr_expect_eq(read_file(&journal, 0, &good), ASSAY_E_CHAIN);
    cr_expect_leq(good, at[2]);
}

static void put_file(const struct folder *folder, const char *name)
{
    FILE *const file = fopen(folder_at(folder, name), "w");
    cr_assert_not_null(file);
    (void)fclose(file);
}

Test(journal_file, files_are_found_by_their_numbers)
{
    struct folder folder = folder_make();
    uint64_t number = 9;
    cr_expect_eq(assay_keyholder_journal_newest(folder.path, &number), ASSAY_OK);
    cr_expect_eq(number, 0);
    put_file(&folder, "journal-2");
    put_file(&folder, "journal-11");
    put_file(&folder, "journal-012"); /* none of these names */
    put_file(&folder, "journal-13.gz");
    put_file(&folder, "journal-");
    cr_expect_eq(assay_keyholder_journal_newest(folder.path, &number), ASSAY_OK);
    cr_expect_eq(number, 11);
    cr_expect_eq(assay_keyholder_journal_next(folder.path, 0, &number), ASSAY_OK);
    cr_expect_eq(number, 2);
    cr_expect_eq(assay_keyholder_journal_next(folder.path, 2, &number), ASSAY_OK);
    cr_expect_eq(number, 11);
    cr_expect_eq(assay_keyholder_journal_next(folder.path, 11, &number), ASSAY_OK);
    cr_expect_eq(number, 0);
    folder_remove(&folder);
    cr_expect_eq(assay_keyholder_journal_next("/nowhere", 0, &number), ASSAY_E_STORE);
}
