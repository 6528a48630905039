/*
 * net/services/identity/journal_file.h - files of a holder's journal of signatures, as the holder
 * writes them and an audit reads them (docs/identity.md 4.14).
 *
 * `journal-NUMBER`, from 1 on: a sequence of a length of two bytes and an entry
 * (services/identity/signing_journal.h). The first entry of a file names the digest of the last one
 * in the file before, so files may be moved to an archive.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_JOURNAL_FILE_H
#define ASSAY_NET_SERVICES_IDENTITY_JOURNAL_FILE_H

#include "net/services/identity/holder_vault.h"
#include "services/identity/signing_journal.h"

enum {
    ASSAY_JOURNAL_HEAD_LEN = 2,
    ASSAY_JOURNAL_NAME_LEN = 48,
    ASSAY_JOURNAL_FILE_LEN_MAX =
        ASSAY_HOLDER_VAULT_JOURNAL_LEN + ASSAY_JOURNAL_HEAD_LEN + ASSAY_SIGNING_ENTRY_MAX,
};

/* "journal-NUMBER". */
void assay_keyholder_journal_name(uint64_t number, char name[static ASSAY_JOURNAL_NAME_LEN]);
/* Out: *number: the highest of a file in the folder; 0: there is none. Returns: ASSAY_OK |
 * ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_keyholder_journal_newest(const char *folder,
                                                               uint64_t *number);
/* The lowest above `after`. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_keyholder_journal_next(const char *folder, uint64_t after,
                                                             uint64_t *number);
/* One entry. Returns: false: to end the reading */
typedef bool assay_journal_visit(void *context, const struct assay_signing_entry *entry);
/*
 * assay_keyholder_journal_read - checks the entries of a file: form, chain and order.
 * In:      journal: zeros: the file before the first entry is not here, and its digest is taken
 *          from the entry; else as the file before left it, which the first entry must name
 * Out:     *good: bytes of complete entries; *journal, as far as it was checked
 * Returns: ASSAY_OK (the rest is of an entry whose answer was never sent, or visit ended it) |
 *          ASSAY_E_CHAIN (the entry at *good was changed, or one before it is missing)
 */
ASSAY_CHECKED enum assay_status assay_keyholder_journal_read(struct assay_signing_journal *journal,
                                                             struct assay_slice file,
                                                             assay_journal_visit *visit,
                                                             void *context, size_t *good);

#endif
