/*
 * apps/assay/identity/authority_journal.h - all entries of a holder's journal, in the order in
 * which they were signed.
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_JOURNAL_H
#define ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_JOURNAL_H

#include "services/identity/signing_journal.h"

struct cli_authority_journal_row {
    struct assay_signing_entry entry;
    uint64_t file; /* its number */
    size_t at;     /* byte in it */
};

struct cli_authority_journal {
    uint64_t files;
    size_t count, capacity;
    struct cli_authority_journal_row *rows;
    uint64_t missing_from, missing_count; /* files between others; of several gaps the first */
    bool is_damaged;                      /* nothing from there on was read */
    uint64_t damaged_file;
    size_t damaged_at;
    uint64_t behind_file; /* with bytes behind its last complete entry; of several the newest */
    size_t behind;        /* how many; 0: none */
};

/* Reads the files of a folder, the oldest first; reports on stderr what cannot be read. Returns:
 * ASSAY_EXIT_OK, also of a damaged journal | ASSAY_EXIT_NOT_FOUND (no folder, or no journal in it)
 * | ASSAY_EXIT_INTERNAL; freed by the caller in any case */
int cli_authority_journal_read(const char *command, const char *folder,
                               struct cli_authority_journal *journal);
void cli_authority_journal_free(struct cli_authority_journal *journal);

#endif
