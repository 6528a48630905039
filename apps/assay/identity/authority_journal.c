/*
 * apps/assay/identity/authority_journal.c - reading of a holder's journal for an audit.
 */
#include "apps/assay/identity/authority_journal.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "net/services/identity/journal_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* While a file is read. */
struct reading {
    struct cli_authority_journal *journal;
    struct assay_signing_journal chain;
    uint64_t number;
    const size_t *good; /* byte of the entry that is visited */
    bool is_full;       /* no memory */
};

void cli_authority_journal_free(struct cli_authority_journal *journal)
{
    free(journal->rows);
    journal->rows = NULL;
}

static bool add_row(void *context, const struct assay_signing_entry *entry)
{
    struct reading *const r = context;
    struct cli_authority_journal *const j = r->journal;
    if (j->count == j->capacity) {
        const size_t capacity = j->capacity > 0 ? 2 * j->capacity : 256;
        struct cli_authority_journal_row *const more = realloc(j->rows, capacity * sizeof *more);
        r->is_full = more == NULL;
        if (more == NULL) return false;
        j->rows = more;
        j->capacity = capacity;
    }
    j->rows[j->count++] =
        (struct cli_authority_journal_row){ .entry = *entry, .file = r->number, .at = *r->good };
    return true;
}

static int read_file(const char *command, const char *folder, struct reading *r)
{
    char path[PATH_MAX], name[ASSAY_JOURNAL_NAME_LEN];
    uint8_t *bytes = NULL;
    size_t len = 0, good = 0;
    assay_keyholder_journal_name(r->number, name);
    const int wrote = snprintf(path, sizeof path, "%s/%s", folder, name);
    enum assay_status status = wrote > 0 && (size_t)wrote < sizeof path ? ASSAY_OK : ASSAY_E_RANGE;
    if (status == ASSAY_OK)
        status = assay_file_read(path, ASSAY_JOURNAL_FILE_LEN_MAX, &bytes, &len);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "%s: %s: %s\n", command, path, cli_file_fault(path, status));
        return ASSAY_EXIT_INTERNAL;
    }
    r->good = &good;
    status =
        assay_keyholder_journal_read(&r->chain, assay_slice_over(bytes, len), add_row, r, &good);
    free(bytes);
    r->journal->files++;
    if (r->is_full) return ASSAY_EXIT_INTERNAL;
    if (status == ASSAY_OK && good < len) {
        r->journal->behind_file = r->number;
        r->journal->behind = len - good;
    }
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    r->journal->is_damaged = true;
    r->journal->damaged_file = r->number;
    r->journal->damaged_at = good;
    return ASSAY_EXIT_OK;
}

/* A file between others is missing: the chain begins again behind it. */
static void note_gap(struct reading *r, uint64_t before)
{
    if (before == 0 || r->number == before + 1) return;
    if (r->journal->missing_count == 0) {
        r->journal->missing_from = before + 1;
        r->journal->missing_count = r->number - before - 1;
    }
    r->chain = (struct assay_signing_journal){ 0 };
}

int cli_authority_journal_read(const char *command, const char *folder,
                               struct cli_authority_journal *journal)
{
    struct reading r = { .journal = journal };
    *journal = (struct cli_authority_journal){ .files = 0 };
    for (uint64_t before = 0; !journal->is_damaged; before = r.number) {
        if (assay_keyholder_journal_next(folder, before, &r.number) != ASSAY_OK) {
            (void)fprintf(stderr, "%s: %s: %s\n", command, folder,
                          cli_file_fault(folder, ASSAY_E_NOT_FOUND));
            return ASSAY_EXIT_NOT_FOUND;
        }
        if (r.number == 0) break;
        note_gap(&r, before);
        const int exit = read_file(command, folder, &r);
        if (exit != ASSAY_EXIT_OK) return exit;
    }
    if (journal->files > 0) return ASSAY_EXIT_OK;
    (void)fprintf(stderr,
                  "%s: %s: expected files journal-1, journal-2 and so on of a holder's "
                  "store, found none\n",
                  command, folder);
    return ASSAY_EXIT_NOT_FOUND;
}
