/*
 * tests/unit/apps/folder.h - temporary folder of one test, and small files in it.
 */
#ifndef ASSAY_TESTS_UNIT_APPS_FOLDER_H
#define ASSAY_TESTS_UNIT_APPS_FOLDER_H

#include <limits.h>
#include <stddef.h>

struct folder {
    char path[64];
};

/* Makes an empty folder; aborts the test when it cannot. */
struct folder folder_make(void);
/* Removes it with everything in it. */
void folder_remove(const struct folder *folder);
/* Returns: path/name, in one of a few static buffers. */
const char *folder_at(const struct folder *folder, const char *name);
/* Writes a file with this mode; returns its path as folder_at does. */
const char *folder_put(const struct folder *folder, const char *name, const void *bytes, size_t len,
                       unsigned mode);

#endif
