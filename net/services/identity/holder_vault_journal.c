/*
 * net/services/identity/holder_vault_journal.c - journal of signatures in numbered files, each
 * entry durable before the answer that it is about leaves (docs/identity.md 4.14).
 *
 * A file is a sequence of a length of two bytes and an entry. The first entry of a file names the
 * digest of the last one in the file before, so files may be moved to an archive.
 */
#include "net/services/identity/holder_vault_internal.h"

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/file/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    HEAD_LEN = 2,
    WRITE_MAX = HEAD_LEN + ASSAY_SIGNING_ENTRY_MAX,
    SECTOR_LEN = 512, /* of a disk: written as a whole, or not at all */
    FILE_MAX = ASSAY_HOLDER_VAULT_JOURNAL_LEN + WRITE_MAX
};

static enum assay_status file_of(const struct assay_holder_vault *v, uint64_t number,
                                 char path[static PATH_MAX])
{
    char name[48];
    (void)snprintf(name, sizeof name, "journal-%llu", (unsigned long long)number);
    return holder_vault_path(v, name, path);
}

/* Returns: the highest number of a file; 0: none */
static enum assay_status find_newest(const struct assay_holder_vault *v, uint64_t *number)
{
    DIR *folder = opendir(v->folder);
    *number = 0;
    if (folder == NULL) return ASSAY_E_STORE;
    for (const struct dirent *file; (file = readdir(folder)) != NULL;) {
        unsigned long long found = 0;
        char again[48];
        if (sscanf(file->d_name, "journal-%19llu", &found) != 1) continue;
        (void)snprintf(again, sizeof again, "journal-%llu", found);
        if (strcmp(again, file->d_name) == 0 && found > *number) *number = found;
    }
    (void)closedir(folder);
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

/* Checks the entries of a file. Out: *good: bytes of complete ones. Returns: ASSAY_OK (the rest is
 * of an entry whose answer was never sent) | ASSAY_E_CHAIN */
static enum assay_status check_entries(struct assay_signing_journal *journal, const uint8_t *bytes,
                                       size_t len, size_t *good)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    for (bool is_first = true; c.pos < len; is_first = false) {
        struct assay_signing_entry entry;
        struct assay_slice slice;
        uint16_t entry_len;
        *good = c.pos;
        if (assay_cursor_u16be(&c, &entry_len) != ASSAY_OK ||
            assay_cursor_slice(&c, entry_len, &slice) != ASSAY_OK)
            return len - *good < WRITE_MAX || is_unwritten(bytes, *good, len) ? ASSAY_OK
                                                                              : ASSAY_E_CHAIN;
        /* The file before the first entry may be in an archive. */
        if (is_first && assay_signing_entry_decode(slice, &entry) == ASSAY_OK)
            assay_bytes_copy(journal->digest, 32, entry.before, 32);
        if (assay_signing_journal_check(journal, slice, &entry) != ASSAY_OK)
            return is_unwritten(bytes, *good, len) ? ASSAY_OK : ASSAY_E_CHAIN;
    }
    *good = len;
    return ASSAY_OK;
}

static enum assay_status read_file(struct assay_holder_vault *v, uint64_t number)
{
    struct holder_vault_journal *j = &v->journal;
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len, good = 0;
    ASSAY_TRY(file_of(v, number, path));
    (void)snprintf(j->reason, sizeof j->reason,
                   "the file journal-%llu cannot be read or written, or is too long: restore it",
                   (unsigned long long)number);
    enum assay_status status = assay_file_read(path, FILE_MAX, &bytes, &len);
    if (status != ASSAY_OK) return status == ASSAY_E_NOT_FOUND ? status : ASSAY_E_STORE;
    j->checked = (struct assay_signing_journal){ 0 };
    status = check_entries(&j->checked, bytes, len, &good);
    free(bytes);
    if (status != ASSAY_OK) {
        (void)snprintf(
            j->reason, sizeof j->reason,
            "the entry at byte %zu of the file journal-%llu was changed, or one before it is "
            "missing; no crash does that: restore the file, or keep this folder for an "
            "audit and begin with an empty one, which is another holder",
            good, (unsigned long long)number);
        return status;
    }
    j->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (j->fd < 0) return ASSAY_E_STORE;
    if (good < len && (ftruncate(j->fd, (off_t)good) != 0 || fsync(j->fd) != 0))
        return ASSAY_E_STORE;
    j->number = number;
    j->len = good;
    return ASSAY_OK;
}

enum assay_status holder_vault_journal_open(struct assay_holder_vault *v)
{
    uint64_t number;
    v->journal.fd = -1;
    ASSAY_TRY(find_newest(v, &number));
    if (number == 0) return ASSAY_OK;
    enum assay_status status = read_file(v, number);
    if (status != ASSAY_OK) return status == ASSAY_E_NOT_FOUND ? ASSAY_E_STORE : status;
    if (v->journal.len > 0 || number == 1) return ASSAY_OK;
    /* A crash left a file without entries: the chain goes on from the one before. */
    const int empty = v->journal.fd;
    status = read_file(v, number - 1);
    if (status == ASSAY_E_NOT_FOUND) {
        (void)snprintf(v->journal.reason, sizeof v->journal.reason,
                       "the file journal-%llu has no entry yet and follows journal-%llu, which is "
                       "missing: bring journal-%llu back from the archive",
                       (unsigned long long)number, (unsigned long long)(number - 1),
                       (unsigned long long)(number - 1));
        status = ASSAY_E_STORE;
    }
    if (v->journal.fd != empty) (void)close(v->journal.fd);
    v->journal.fd = empty;
    v->journal.number = number;
    v->journal.len = 0;
    return status;
}

void holder_vault_journal_close(struct assay_holder_vault *v)
{
    if (v->journal.fd >= 0) (void)close(v->journal.fd);
    v->journal.fd = -1;
}

/* Another file when there is none, or it is long enough. */
static enum assay_status begin_file(struct assay_holder_vault *v)
{
    struct holder_vault_journal *j = &v->journal;
    char path[PATH_MAX];
    if (j->fd >= 0 && j->len < ASSAY_HOLDER_VAULT_JOURNAL_LEN) return ASSAY_OK;
    holder_vault_journal_close(v);
    ASSAY_TRY(file_of(v, j->number + 1, path));
    j->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (j->fd < 0 || assay_file_sync_folder(path) != ASSAY_OK) return ASSAY_E_STORE;
    j->number++;
    j->len = 0;
    return ASSAY_OK;
}

enum assay_status assay_holder_vault_append(struct assay_holder_vault *vault,
                                            struct assay_slice entry)
{
    struct holder_vault_journal *j = &vault->journal;
    struct assay_signing_journal checked = j->checked;
    struct assay_signing_entry read;
    uint8_t bytes[HEAD_LEN + ASSAY_SIGNING_ENTRY_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    if (vault->is_failed) return ASSAY_E_STORE;
    ASSAY_TRY(assay_signing_journal_check(&checked, entry, &read));
    assay_writer_u16be(&w, (uint16_t)entry.len);
    assay_writer_put(&w, entry.bytes, entry.len);
    ASSAY_ASSERT(!w.full); /* it was decoded */
    if (begin_file(vault) != ASSAY_OK) return holder_vault_fail(vault);
    const ssize_t written = pwrite(j->fd, bytes, w.len, (off_t)j->len);
    if (written != (ssize_t)w.len || fdatasync(j->fd) != 0) return holder_vault_fail(vault);
    j->len += w.len;
    j->checked = checked;
    return ASSAY_OK;
}

void assay_holder_vault_journal_digest(const struct assay_holder_vault *vault,
                                       uint8_t digest[static 32])
{
    assay_bytes_copy(digest, 32, vault->journal.checked.digest, 32);
}
