/*
 * net/services/identity/holder_vault_journal.c - journal of signatures in numbered files, each
 * entry durable before the answer that it is about leaves (docs/identity.md 4.14).
 *
 * journal_file.h has the form of a file.
 */
#include "net/services/identity/holder_vault_internal.h"
#include "net/services/identity/journal_file.h"

#include "base/crypto.h"
#include "base/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD_LEN = ASSAY_JOURNAL_HEAD_LEN, FILE_MAX = ASSAY_JOURNAL_FILE_LEN_MAX };

static enum assay_status file_of(const struct assay_holder_vault *v, uint64_t number,
                                 char path[static PATH_MAX])
{
    char name[ASSAY_JOURNAL_NAME_LEN];
    assay_keyholder_journal_name(number, name);
    return holder_vault_path(v, name, path);
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
    status =
        assay_keyholder_journal_read(&j->checked, assay_slice_over(bytes, len), NULL, NULL, &good);
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
    ASSAY_TRY(assay_keyholder_journal_newest(v->folder, &number));
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
    j->written += w.len;
    j->checked = checked;
    return ASSAY_OK;
}

uint64_t assay_holder_vault_journal_written(const struct assay_holder_vault *vault)
{
    return vault->journal.written;
}

void assay_holder_vault_journal_digest(const struct assay_holder_vault *vault,
                                       uint8_t digest[static 32])
{
    assay_bytes_copy(digest, 32, vault->journal.checked.digest, 32);
}
