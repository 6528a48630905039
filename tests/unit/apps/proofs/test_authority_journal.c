/*
 * tests/unit/apps/proofs/test_authority_journal.c - tests of the reading of a holder's journal for
 * an audit.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/identity/authority_journal.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct folder folder;
static struct cli_authority_journal journal;
static uint8_t file[ASSAY_SIGNING_ENTRY_MAX + 64];

static void set_up(void)
{
    folder = folder_make();
    memset(file, 0, sizeof file);
}

static void tear_down(void)
{
    cli_authority_journal_free(&journal);
    folder_remove(&folder);
}

TestSuite(apps_authority_journal, .init = set_up, .fini = tear_down);

/* Returns: bytes of a journal with one entry */
static size_t write_entry(void)
{
    const struct assay_signing_entry entry = {
        .wall_ms = 5, .era = 1, .epoch = 7, .generation = 1, .ca_number = 1
    };
    const size_t len = assay_signing_entry_encode(&entry, file + 2);
    file[0] = (uint8_t)(len >> 8);
    file[1] = (uint8_t)len;
    return 2 + len;
}

static void read_file(size_t len)
{
    char path[256];
    cli_authority_journal_free(&journal);
    (void)snprintf(path, sizeof path, "%s/journal-1", folder.path);
    FILE *const f = fopen(path, "wb");
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(file, 1, len, f), len);
    cr_assert_eq(fclose(f), 0);
    cr_assert_eq(cli_authority_journal_read("test", folder.path, &journal), ASSAY_EXIT_OK);
    cr_expect_not(journal.is_damaged);
}

Test(apps_authority_journal, what_is_behind_the_last_entry_is_counted)
{
    const size_t len = write_entry();
    read_file(len);
    cr_expect_eq(journal.count, 1);
    cr_expect_eq(journal.behind, 0);
    for (size_t more = 1; more <= 64; more += 21) { /* zeros: a write that a crash prevented */
        read_file(len + more);
        cr_expect_eq(journal.count, 1);
        cr_expect_eq(journal.behind, more);
        cr_expect_eq(journal.behind_file, 1);
    }
    memset(file + len, 'x', 5);
    read_file(len + 5);
    cr_expect_eq(journal.count, 1);
    cr_expect_eq(journal.behind, 5);
}

Test(apps_authority_journal, an_entry_that_is_cut_is_behind_the_last_one)
{
    const size_t len = write_entry();
    for (size_t cut = 1; cut < len; cut += 13) {
        read_file(len - cut);
        cr_expect_eq(journal.count, 0);
        cr_expect_eq(journal.behind, len - cut);
    }
    read_file(0);
    cr_expect_eq(journal.count, 0);
    cr_expect_eq(journal.behind, 0);
}
