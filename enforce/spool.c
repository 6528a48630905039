/*
 * enforce/spool.c - spool of webhook events on disk.
 */
#include "enforce/spool.h"

#include "base/assert.h"
#include "base/file/file.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = 18 };

static void format_path(const struct assay_spool *spool, uint64_t number,
                        char path[static PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s/%0*llu", spool->folder, DIGITS, (unsigned long long)number);
}

/* Returns: false for a file that is none of ours. */
static bool read_name(const char *name, uint64_t *number)
{
    *number = 0;
    if (strlen(name) != DIGITS || strspn(name, "0123456789") != DIGITS) return false;
    for (; *name != '\0'; name++)
        *number = *number * 10 + (uint64_t)(*name - '0');
    return true;
}

/* Numbers that are missing in between (a file that somebody removed) are skipped by peek; but a
 * number far away from the others must not make it skip for ever. */
static enum assay_status find_range(struct assay_spool *spool, char *message)
{
    DIR *const dir = opendir(spool->folder);
    uint64_t lowest = UINT64_MAX, highest = 0, number = 0;
    if (dir == NULL) {
        (void)snprintf(message, ASSAY_SPOOL_MESSAGE_LEN, "%.120s: %s", spool->folder,
                       strerror(errno));
        return ASSAY_E_IO;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (!read_name(entry->d_name, &number)) continue;
        if (number < lowest) lowest = number;
        if (number > highest) highest = number;
    }
    (void)closedir(dir);
    spool->first = lowest == UINT64_MAX ? 1 : lowest;
    spool->next = lowest == UINT64_MAX ? 1 : highest + 1;
    if (spool->next - spool->first <= 2 * (uint64_t)ASSAY_SPOOL_COUNT_MAX) return ASSAY_OK;
    (void)snprintf(message, ASSAY_SPOOL_MESSAGE_LEN,
                   "%.120s: the numbers of its files lie too far apart", spool->folder);
    return ASSAY_E_IO;
}

enum assay_status assay_spool_open(const char *folder, uint32_t count_max,
                                   struct assay_spool *spool,
                                   char message[static ASSAY_SPOOL_MESSAGE_LEN])
{
    ASSAY_ASSERT(count_max >= 1 && count_max <= ASSAY_SPOOL_COUNT_MAX);
    *spool = (struct assay_spool){ .count_max = count_max };
    message[0] = '\0';
    const int len = snprintf(spool->folder, sizeof spool->folder, "%s", folder);
    if (len < 1 || (size_t)len >= sizeof spool->folder) {
        (void)snprintf(message, ASSAY_SPOOL_MESSAGE_LEN, "the spool's path is too long");
        return ASSAY_E_RANGE;
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        (void)snprintf(message, ASSAY_SPOOL_MESSAGE_LEN, "%.120s: %s", folder, strerror(errno));
        return ASSAY_E_IO;
    }
    return find_range(spool, message);
}

uint64_t assay_spool_count(const struct assay_spool *spool)
{
    return spool->next - spool->first;
}

enum assay_status assay_spool_append(struct assay_spool *spool, struct assay_slice event)
{
    char path[PATH_MAX];
    if (event.len > ASSAY_SPOOL_EVENT_MAX) return ASSAY_E_RANGE;
    if (assay_spool_count(spool) >= spool->count_max) return ASSAY_E_FULL;
    format_path(spool, spool->next, path);
    ASSAY_TRY(assay_file_replace(path, ASSAY_FILE_SECRET, event));
    spool->next++;
    return ASSAY_OK;
}

/* errno is of the failed read. Returns: whether trying again cannot help: the fault is of this file
 * alone, not of the process (descriptors, memory) or of the disk. */
static bool is_unreadable(void)
{
    return errno == EACCES || errno == EPERM || errno == EISDIR || errno == EINVAL ||
           errno == ELOOP || errno == ENXIO;
}

/* Returns: false when it cannot be renamed: then it is the folder that cannot be used. */
static bool set_aside(struct assay_spool *spool, const char *path)
{
    char aside[PATH_MAX + 16];
    (void)snprintf(aside, sizeof aside, "%s.unreadable", path);
    if (rename(path, aside) != 0) return false;
    spool->set_aside++;
    return true;
}

enum assay_status assay_spool_peek(struct assay_spool *spool,
                                   uint8_t event[static ASSAY_SPOOL_EVENT_MAX], size_t *len)
{
    char path[PATH_MAX];
    for (; spool->first < spool->next; assay_spool_remove(spool)) {
        uint8_t *bytes = NULL;
        format_path(spool, spool->first, path);
        const enum assay_status status = assay_file_read(path, ASSAY_SPOOL_EVENT_MAX, &bytes, len);
        if (status == ASSAY_E_NOT_FOUND || status == ASSAY_E_RANGE) continue;
        if (status == ASSAY_E_IO && is_unreadable() && set_aside(spool, path)) continue;
        if (status != ASSAY_OK) return status; /* descriptors, memory, the disk: it still waits */
        assay_bytes_copy(event, ASSAY_SPOOL_EVENT_MAX, bytes, *len);
        free(bytes);
        return ASSAY_OK;
    }
    return ASSAY_E_NOT_FOUND;
}

void assay_spool_remove(struct assay_spool *spool)
{
    char path[PATH_MAX];
    ASSAY_ASSERT(spool->first < spool->next);
    format_path(spool, spool->first, path);
    (void)unlink(path);
    spool->first++;
}
