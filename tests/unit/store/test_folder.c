/* tests/unit/store/test_folder.c - see place.h. */
#include "tests/unit/store/test_folder.h"

#include "base/assert.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void test_folder_make(struct test_folder *place)
{
    snprintf(place->folder, sizeof place->folder, "/tmp/assay-test-store-XXXXXX");
    ASSAY_ASSERT(mkdtemp(place->folder) != NULL);
    snprintf(place->store, sizeof place->store, "%s/node.store", place->folder);
}

void test_folder_remove(const struct test_folder *place)
{
    DIR *folder = opendir(place->folder);
    if (folder == NULL) return;
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(place->folder);
}
