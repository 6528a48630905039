/*
 * tests/support/criterion_diffs.c - the library of Criterion's diffs begins when a diff is wanted.
 *
 * Criterion compares two strings that differ by libgit2, and begins it in every process of every
 * case. libgit2 then reads all certificates of the machine: more than half of the processor time of
 * a short case with sanitizers. Defined in the program, these names come before the library's.
 * Libgit2 and the fifteen libraries that it needs are not even loaded: an empty library of its name
 * is (no_diffs.c), and the one at ASSAY_DIFFS when two strings differ.
 */
#include <dlfcn.h>
#include <stddef.h>

typedef void callback(void); /* of types of libgit2 that are only passed through */
typedef int begin(void);
typedef int diff_buffers(const void *old, size_t old_len, const char *old_path, const void *new,
                         size_t new_len, const char *new_path, const void *options, callback *file,
                         callback *binary, callback *hunk, callback *line, void *payload);

#define SEEN_BY_CRITERION __attribute__((visibility("default")))
SEEN_BY_CRITERION begin git_libgit2_init, git_libgit2_shutdown;
SEEN_BY_CRITERION diff_buffers git_diff_buffers;

#ifdef ASSAY_DIFFS
extern const int assay_no_diffs; /* without a use of it the linker would leave the library out */

int git_libgit2_init(void)
{
    return assay_no_diffs;
}

static void *library(void)
{
    return dlopen(ASSAY_DIFFS, RTLD_NOW);
}
#else
int git_libgit2_init(void)
{
    return 1;
}

static void *library(void)
{
    return RTLD_NEXT;
}
#endif

int git_libgit2_shutdown(void)
{
    return 0;
}

/* The library's own function of this name; POSIX permits a call of the address. */
#define REAL(type, library, name) (*(type **)&(void *){ dlsym(library, name) })

int git_diff_buffers(const void *old, size_t old_len, const char *old_path, const void *new,
                     size_t new_len, const char *new_path, const void *options, callback *file,
                     callback *binary, callback *hunk, callback *line, void *payload)
{
    void *const real = library();
#ifdef ASSAY_DIFFS
    if (real == NULL) return -1;
#endif
    begin *const init = REAL(begin, real, "git_libgit2_init");
    diff_buffers *const diff = REAL(diff_buffers, real, "git_diff_buffers");
    if (init == NULL || diff == NULL || init() < 0) return -1;
    return diff(old, old_len, old_path, new, new_len, new_path, options, file, binary, hunk, line,
                payload);
}
