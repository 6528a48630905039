/*
 * base/file/file.h - complete files in and out, for hosts and tools; the core does not use it.
 *
 * A file is replaced by writing a new one (DIR/.NAME.new), syncing, renaming and syncing the
 * folder: a crash at any instruction leaves the old content or the new one, and a left-over file is
 * removed by the next writer. Two writers at once write one after the other, so that a file has the
 * content of the one that reports success.
 */
#ifndef ASSAY_BASE_FILE_FILE_H
#define ASSAY_BASE_FILE_FILE_H

#include "base/bytes.h"

enum { ASSAY_FILE_MESSAGE_LEN = 512 }; /* for people */

enum assay_file_mode {
    ASSAY_FILE_SECRET = 0600,
    ASSAY_FILE_PUBLIC = 0644,
    ASSAY_FILE_PROGRAM = 0755,
};

/*
 * assay_file_read - a regular file of at most len_max bytes into memory of malloc (the caller
 * frees). /dev/stdin and /dev/fd/N may be pipes, /dev/null is an empty file; nothing else may be
 * a FIFO, socket or device.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (reason in errno) | ASSAY_E_RANGE (too large)
 * |
 *          ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_file_read(const char *path, size_t len_max, uint8_t **bytes,
                                                size_t *len);
/*
 * assay_file_open - open a regular file, for what is read piece by piece; the caller closes it.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (reason in errno)
 */
ASSAY_CHECKED enum assay_status assay_file_open(const char *path, int *fd);
/*
 * assay_file_read_fault - why this file was refused by assay_file_read or assay_file_open, for a
 * message "PATH: WHY": what it is and what is expected, its length and the limit.
 * In:      status: of that call, on this path and on no other since
 * Returns: true and message | false, the reason is another one
 */
bool assay_file_read_fault(const char *path, enum assay_status status,
                           char message[static ASSAY_FILE_MESSAGE_LEN]);
/*
 * assay_file_read_secret - a regular file that nobody but its owner may touch, no symbolic link.
 *
 * The owner is this process' user or root, of the file and of its folder, and nobody else may put
 * another file in its place: a folder that others may write keeps each name for its owner (/tmp).
 * Folders above, and links on the way, are held to what those of a configuration are
 * (base/file/trust.h).
 * A file of root, readable by one group, is accepted as a credential of systemd if this process is
 * not root.
 * In:      capacity: the file must be shorter
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (not to be read, no regular file) |
 *          ASSAY_E_INVALID (accessible to others, or owned by another user) | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_file_read_secret(const char *path, uint8_t *bytes,
                                                       size_t capacity, size_t *len);
/*
 * assay_file_check_folder - a folder of secrets: of this user or root, and not writable or
 * replaceable by any other user.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (no folder) | ASSAY_E_INVALID
 */
ASSAY_CHECKED enum assay_status assay_file_check_folder(const char *path);
/*
 * assay_file_secret_fault - describe wrong permissions of a secret or of its folder: path, found
 * and expected value.
 * Returns: true and message | false, nothing is
 */
bool assay_file_secret_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN]);
/* The same of a folder of secrets. */
bool assay_file_folder_fault(const char *path, char message[static ASSAY_FILE_MESSAGE_LEN]);
/* Create or replace a file, durably. Waits up to 5 s for another writer of it. Returns: ASSAY_OK |
 * ASSAY_E_IO | ASSAY_E_RANGE (path) */
ASSAY_CHECKED enum assay_status assay_file_replace(const char *path, enum assay_file_mode mode,
                                                   struct assay_slice content);
/* The same for a file that must not exist. Returns: as replace | ASSAY_E_DUPLICATE (left alone) */
ASSAY_CHECKED enum assay_status assay_file_create(const char *path, enum assay_file_mode mode,
                                                  struct assay_slice content);
/* Make renames and new names in the folder of path durable. Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_file_sync_folder(const char *path);

#endif
