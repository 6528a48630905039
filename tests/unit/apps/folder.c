/* tests/unit/apps/folder.c - temporary folders of tests */
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder folder_make(void)
{
    struct folder folder;
    (void)snprintf(folder.path, sizeof folder.path, "/tmp/assay-test-XXXXXX");
    cr_assert_not_null(mkdtemp(folder.path));
    return folder;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info;
    (void)type;
    (void)at;
    return remove(path);
}

void folder_remove(const struct folder *folder)
{
    cr_expect_eq(nftw(folder->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

const char *folder_at(const struct folder *folder, const char *name)
{
    static char buffers[8][PATH_MAX];
    static unsigned turn;
    char *path = buffers[turn++ % 8];
    (void)snprintf(path, PATH_MAX, "%s/%s", folder->path, name);
    return path;
}

const char *folder_put(const struct folder *folder, const char *name, const void *bytes, size_t len,
                       unsigned mode)
{
    const char *path = folder_at(folder, name);
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    cr_assert(fd >= 0, "%s", path);
    cr_assert_eq(write(fd, bytes, len), (ssize_t)len);
    cr_assert_eq(fchmod(fd, (mode_t)mode), 0);
    cr_assert_eq(close(fd), 0);
    return path;
}
