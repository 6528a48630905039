/*
 * base/file/library.c - loading of shared libraries by name.
 */
#include "base/file/library.h"

#include "base/assert.h"

#include <dlfcn.h>
#include <stdio.h>

bool assay_library_load(const char *file, const struct assay_library_function *functions,
                        size_t count, char fault[static ASSAY_FILE_MESSAGE_LEN])
{
    ASSAY_ASSERT(count > 0);
    void *const library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    void *found = library;
    for (size_t i = 0; i < count && found != NULL; i++) {
        found = dlsym(library, functions[i].name);
        /* C has no conversion of this to a function. */
        assay_bytes_copy(functions[i].pointer, sizeof found, &found, sizeof found);
    }
    if (found != NULL) return true;
    const char *const why = dlerror();
    (void)snprintf(fault, ASSAY_FILE_MESSAGE_LEN, "%.200s", why != NULL ? why : file);
    return false;
}
