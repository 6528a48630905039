/*
 * net/services/shares/vault_key.c - the file of a vault's wrapping key.
 */
#include "net/services/shares/vault_key.h"

#include "base/crypto.h"
#include "base/writer.h"
#include "services/shares/sodium.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILE_LEN = ASSAY_SODIUM_NONCE_LEN + 32 + ASSAY_SODIUM_TAG_LEN, ABOUT_LEN = 40 };

static enum assay_status file_of(const char *path, uint64_t number, char file[static PATH_MAX])
{
    const int len = snprintf(file, PATH_MAX, "%s.key.%llu", path, (unsigned long long)number);
    return len > 0 && len < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

/* Bound to its number: an older key is invalid under a newer number. */
static struct assay_slice about_of(uint64_t number, uint8_t about[static ABOUT_LEN])
{
    static const char type[] = "assay/vault/key/v1";
    struct assay_writer w = assay_writer_over(about, ABOUT_LEN);
    assay_writer_put(&w, type, sizeof type);
    assay_writer_u64be(&w, number);
    ASSAY_ASSERT(!w.full);
    return assay_slice_over(about, w.len);
}

/* Files created or unlinked in the vault's folder survive a power failure. */
static bool sync_folder(const char *file)
{
    char folder[PATH_MAX];
    const char *const slash = strrchr(file, '/');
    const size_t len = slash == NULL ? 0 : (size_t)(slash - file);
    (void)snprintf(folder, sizeof folder, "%.*s", (int)(len == 0 ? 1 : len),
                   slash == NULL ? "." : file);
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool synced = fsync(fd) == 0;
    return close(fd) == 0 && synced;
}

static bool write_all(int fd, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(fd >= 0 && len > 0);
    for (size_t at = 0; at < len;) {
        const ssize_t written = pwrite(fd, bytes + at, len - at, (off_t)at);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        at += (size_t)written;
    }
    return fsync(fd) == 0;
}

enum assay_status assay_vault_key_destroy(const char *path, uint64_t number)
{
    static const uint8_t zeros[FILE_LEN];
    char file[PATH_MAX];
    ASSAY_TRY(file_of(path, number, file));
    const int fd = open(file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? ASSAY_OK : ASSAY_E_STORE;
    const bool over = write_all(fd, zeros, sizeof zeros);
    if (close(fd) != 0 || !over || unlink(file) != 0 || !sync_folder(file)) return ASSAY_E_STORE;
    return ASSAY_OK;
}

enum assay_status assay_vault_key_make(const char *path, uint64_t number,
                                       const struct assay_secret32 *vault_key,
                                       struct assay_secret32 *made)
{
    char file[PATH_MAX];
    uint8_t bytes[FILE_LEN], about[ABOUT_LEN];
    ASSAY_TRY(file_of(path, number, file));
    ASSAY_TRY(assay_vault_key_destroy(path, number));
    ASSAY_TRY(assay_random(made->bytes, sizeof made->bytes));
    ASSAY_TRY(assay_random(bytes, ASSAY_SODIUM_NONCE_LEN));
    assay_sodium_seal(vault_key, bytes, about_of(number, about),
                      assay_slice_over(made->bytes, sizeof made->bytes),
                      bytes + ASSAY_SODIUM_NONCE_LEN);
    const int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return ASSAY_E_STORE;
    const bool written = write_all(fd, bytes, sizeof bytes);
    if (close(fd) != 0 || !written || !sync_folder(file)) return ASSAY_E_STORE;
    return ASSAY_OK;
}

enum assay_status assay_vault_key_read(const char *path, uint64_t number,
                                       const struct assay_secret32 *vault_key,
                                       struct assay_secret32 *key)
{
    char file[PATH_MAX];
    uint8_t bytes[FILE_LEN + 1], about[ABOUT_LEN];
    ASSAY_TRY(file_of(path, number, file));
    const int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_STORE;
    const ssize_t len = read(fd, bytes, sizeof bytes);
    (void)close(fd);
    if (len < 0) return ASSAY_E_STORE;
    if (len != FILE_LEN) return ASSAY_E_SIGNATURE;
    return assay_sodium_open(vault_key, bytes, about_of(number, about),
                             assay_slice_over(bytes + ASSAY_SODIUM_NONCE_LEN,
                                              FILE_LEN - ASSAY_SODIUM_NONCE_LEN),
                             key->bytes) == ASSAY_OK
               ? ASSAY_OK : ASSAY_E_SIGNATURE;
}
