/*
 * net/services/identity/journal_file.c - reading of files of a holder's journal.
 */
#include "net/services/identity/journal_file.h"

#include "base/cursor.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum {
    WRITE_MAX = ASSAY_JOURNAL_HEAD_LEN + ASSAY_SIGNING_ENTRY_MAX,
    SECTOR_LEN = 512, /* of a disk: written as a whole, or not at all */
};

void assay_keyholder_journal_name(uint64_t number, char name[static ASSAY_JOURNAL_NAME_LEN])
{
    (void)snprintf(name, ASSAY_JOURNAL_NAME_LEN, "journal-%llu", (unsigned long long)number);
}

/* Returns: the number of a file of this name; 0: it is none. */
static uint64_t number_of(const char *name)
{
    unsigned long long found = 0;
    char again[ASSAY_JOURNAL_NAME_LEN];
    if (sscanf(name, "journal-%19llu", &found) != 1) return 0;
    assay_keyholder_journal_name(found, again);
    return strcmp(again, name) == 0 ? found : 0;
}

enum assay_status assay_keyholder_journal_newest(const char *folder, uint64_t *number)
{
    DIR *const files = opendir(folder);
    *number = 0;
    if (files == NULL) return ASSAY_E_STORE;
    for (const struct dirent *file; (file = readdir(files)) != NULL;) {
        const uint64_t found = number_of(file->d_name);
        if (found > *number) *number = found;
    }
    (void)closedir(files);
    return ASSAY_OK;
}

enum assay_status assay_keyholder_journal_next(const char *folder, uint64_t after, uint64_t *number)
{
    DIR *const files = opendir(folder);
    *number = 0;
    if (files == NULL) return ASSAY_E_STORE;
    for (const struct dirent *file; (file = readdir(files)) != NULL;) {
        const uint64_t found = number_of(file->d_name);
        if (found > after && (*number == 0 || found < *number)) *number = found;
    }
    (void)closedir(files);
    return ASSAY_OK;
}

/* Returns: whether the rest of a file is what a power cut may leave of the last write, which is one
 * entry: zeros for each sector that was not written. */
static bool is_unwritten(const uint8_t *bytes, size_t at, size_t len)
{
    const size_t border = (at / SECTOR_LEN + 1) * SECTOR_LEN;
    if (assay_bytes_all_zero(bytes + at, len - at)) return true;
    return len - at <= WRITE_MAX && border < len &&
           (assay_bytes_all_zero(bytes + at, border - at) ||
            assay_bytes_all_zero(bytes + border, len - border));
}

enum assay_status assay_keyholder_journal_read(struct assay_signing_journal *journal,
                                               struct assay_slice file, assay_journal_visit *visit,
                                               void *context, size_t *good)
{
    struct assay_cursor c = assay_cursor_over(file.bytes, file.len);
    const size_t len = file.len;
    for (bool is_first = !journal->has_last; c.pos < len; is_first = false) {
        struct assay_signing_entry entry;
        struct assay_slice slice;
        uint16_t entry_len;
        *good = c.pos;
        if (assay_cursor_u16be(&c, &entry_len) != ASSAY_OK ||
            assay_cursor_slice(&c, entry_len, &slice) != ASSAY_OK)
            return len - *good < WRITE_MAX || is_unwritten(file.bytes, *good, len) ? ASSAY_OK
                                                                                   : ASSAY_E_CHAIN;
        /* The file before the first entry may be in an archive. */
        if (is_first && assay_signing_entry_decode(slice, &entry) == ASSAY_OK)
            assay_bytes_copy(journal->digest, 32, entry.before, 32);
        if (assay_signing_journal_check(journal, slice, &entry) != ASSAY_OK)
            return is_unwritten(file.bytes, *good, len) ? ASSAY_OK : ASSAY_E_CHAIN;
        if (visit != NULL && !visit(context, &entry)) return ASSAY_OK;
    }
    *good = len;
    return ASSAY_OK;
}
