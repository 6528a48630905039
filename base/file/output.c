/*
 * base/file/output.c - output files named by the user of a tool: an existing file is replaced only
 * by one of its kind.
 */
#include "base/file/output.h"

#include "base/assert.h"
#include "base/file/kind.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum assay_status system_fault(char *message)
{
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "%s", strerror(errno));
    return ASSAY_E_IO;
}

static bool is_stream(const char *path, const struct stat *info)
{
    return S_ISCHR(info->st_mode) || S_ISFIFO(info->st_mode) ||
           strcmp(path, "/dev/stdout") == 0 || strcmp(path, "/dev/stderr") == 0 ||
           strncmp(path, "/dev/fd/", 8) == 0;
}

static const char *name_of(mode_t mode)
{
    if (S_ISDIR(mode)) return "a directory";
    if (S_ISLNK(mode)) return "a symbolic link";
    if (S_ISSOCK(mode)) return "a socket";
    return "a device";
}

static enum assay_status open_stream(const char *path, struct assay_slice content, char *message)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return system_fault(message);
    for (size_t done = 0; done < content.len;) {
        const ssize_t n = write(fd, content.bytes + done, content.len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            const enum assay_status status = system_fault(message);
            (void)close(fd);
            return status;
        }
        done += (size_t)n;
    }
    return close(fd) == 0 ? ASSAY_OK : system_fault(message);
}

static bool has_content(const char *path, struct assay_slice content)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (assay_file_read(path, content.len, &bytes, &len) != ASSAY_OK) return false;
    const bool same = len == content.len && (len == 0 || memcmp(bytes, content.bytes, len) == 0);
    free(bytes);
    return same;
}

/* Kind of the file at path if it must not be replaced.
 * In: next: the kind of what would be written, NULL: not known yet */
static enum assay_status check_kind(const char *path, const struct assay_file_kind *next,
                                    char *message)
{
    struct assay_file_kind old;
    if (!assay_file_kind_at(path, &old)) return system_fault(message);
    if (strcmp(old.id, "empty") == 0) return ASSAY_OK;
    if (!old.is_secret && (next == NULL || strcmp(old.id, next->id) == 0)) return ASSAY_OK;
    if (old.is_secret || next == NULL)
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%s is there, which is never replaced: name another file", old.text);
    else
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN,
                       "%s is there, which %s does not replace: name another file, or remove it "
                       "first",
                       old.text, next->text);
    return ASSAY_E_DUPLICATE;
}

/* Out: info: of what is there; is_new: nothing is */
static enum assay_status stat_output(const char *path, struct stat *info, bool *is_new,
                                     char *message)
{
    struct stat link;
    *is_new = false;
    if (path[0] == '\0') {
        (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "the name of the file is empty");
        return ASSAY_E_IO;
    }
    if (lstat(path, &link) != 0) {
        *is_new = errno == ENOENT;
        return *is_new ? ASSAY_OK : system_fault(message);
    }
    *info = link;
    if (S_ISLNK(link.st_mode) && stat(path, info) != 0) *info = link;
    if (is_stream(path, info) || S_ISREG(link.st_mode)) return ASSAY_OK;
    (void)snprintf(message, ASSAY_FILE_MESSAGE_LEN, "is %s, expected a file%s",
                   name_of(link.st_mode),
                   S_ISLNK(link.st_mode) ? ": name the one that it points to" : "");
    return ASSAY_E_IO;
}

enum assay_status assay_file_output_check(const char *path, const char *kind_id,
                                          char message[static ASSAY_FILE_MESSAGE_LEN])
{
    struct stat info = { 0 };
    struct assay_file_kind next = { .text = "what is written" };
    bool is_new = false;
    ASSAY_TRY(stat_output(path, &info, &is_new, message));
    if (is_new || is_stream(path, &info)) return ASSAY_OK;
    if (kind_id != NULL) (void)snprintf(next.id, sizeof next.id, "%s", kind_id);
    return check_kind(path, kind_id != NULL ? &next : NULL, message);
}

enum assay_status assay_file_output(const char *path, enum assay_file_mode mode,
                                    struct assay_slice content,
                                    char message[static ASSAY_FILE_MESSAGE_LEN])
{
    ASSAY_ASSERT(path != NULL);

    struct stat info = { 0 };
    bool is_new = false;
    ASSAY_TRY(stat_output(path, &info, &is_new, message));
    if (!is_new && is_stream(path, &info)) return open_stream(path, content, message);
    if (!is_new && !has_content(path, content)) {
        const struct assay_file_kind next = assay_file_kind_of(content);
        ASSAY_TRY(check_kind(path, &next, message));
    }
    unsigned rights = (unsigned)mode;
    if (!is_new) rights = (unsigned)(info.st_mode & 0777);
    if (mode == ASSAY_FILE_SECRET) rights &= ASSAY_FILE_SECRET;
    const enum assay_status status =
        assay_file_replace(path, (enum assay_file_mode)rights, content);
    if (status == ASSAY_OK) return ASSAY_OK;
    if (status == ASSAY_E_RANGE) errno = ENAMETOOLONG;
    return system_fault(message);
}
