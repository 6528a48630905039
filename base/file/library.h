/*
 * base/file/library.h - shared libraries that their adapter loads when it first needs them.
 *
 * A library that most processes of a program never use costs each of them its start, and is code in
 * the memory of each. Adapters call such a library by pointers, with the types of its header.
 */
#ifndef ASSAY_BASE_FILE_LIBRARY_H
#define ASSAY_BASE_FILE_LIBRARY_H

#include "base/file/file.h"

struct assay_library_function {
    const char *name;
    void *pointer; /* the address of a pointer to the function */
};

/*
 * assay_library_load - loads a library for the rest of the process, and finds functions in it.
 * Out:     the pointers, when it is loaded; fault otherwise
 * Returns: whether it is loaded and has all of them
 */
bool assay_library_load(const char *file, const struct assay_library_function *functions,
                        size_t count, char fault[static ASSAY_FILE_MESSAGE_LEN]);

#endif
