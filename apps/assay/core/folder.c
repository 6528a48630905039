/*
 * apps/assay/core/folder.c - regular files of one folder.
 */
#include "apps/assay/core/folder.h"

#include "base/file/file.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPEN_FOLDERS = 16 };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

enum assay_status cli_folder_open(const char *dir, struct assay_folder *out)
{
    out->count = 0;
    DIR *const stream = opendir(dir);
    if (stream == NULL) return errno == ENOENT || errno == ENOTDIR ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
    enum assay_status status = ASSAY_OK;
    for (;;) {
        errno = 0;
        const struct dirent *const entry = readdir(stream);
        if (entry == NULL) {
            if (errno != 0) status = ASSAY_E_IO;
            break;
        }
        if (out->count == ASSAY_FOLDER_FILES_MAX) status = ASSAY_E_FULL;
        else if ((out->names[out->count] = strdup(entry->d_name)) == NULL) status = ASSAY_E_MEMORY;
        if (status != ASSAY_OK) break;
        out->count += 1;
    }
    (void)closedir(stream);
    qsort(out->names, out->count, sizeof out->names[0], by_name); /* names differ: total order */
    return status;
}

enum assay_status cli_folder_read(const char *dir, const char *name, size_t len_max,
                                  uint8_t **bytes, size_t *len)
{
    char path[PATH_MAX];
    struct stat info;
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return ASSAY_E_RANGE;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode)) return ASSAY_E_NOT_FOUND;
    return assay_file_read(path, len_max, bytes, len);
}

void cli_folder_close(struct assay_folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        free(folder->names[i]);
    folder->count = 0;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

void cli_folder_remove(const char *dir)
{
    (void)nftw(dir, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
