/*
 * quote/source/calls.h - table of the system calls that sources of evidence use.
 *
 * Real platforms are exposed as kernel files, which a folder of regular files cannot imitate:
 * attributes appear with their folder, a write of one changes the contents of another. Tests
 * implement a platform behind these calls; other callers pass no table.
 *
 * Each call answers as the system's: -1 and errno on failure, short counts where they are allowed.
 */
#ifndef ASSAY_QUOTE_SOURCE_CALLS_H
#define ASSAY_QUOTE_SOURCE_CALLS_H

#include "base/bytes.h"

#include <sys/types.h>

enum {
    ASSAY_CALLS_NAME_MAX = 64,  /* longer names in a folder are not ours */
    ASSAY_CALLS_NAMES_MAX = 64, /* leftovers looked at in one go */
};

struct assay_source_calls {
    void *context; /* handed to every call */
    int (*open)(void *context, const char *path, int flags);
    ssize_t (*read)(void *context, int fd, void *bytes, size_t len);
    ssize_t (*write)(void *context, int fd, const void *bytes, size_t len);
    int (*close)(void *context, int fd);
    int (*mkdir)(void *context, const char *path);
    int (*rmdir)(void *context, const char *path);
    /* Exclusive flock(2) without waiting; released by close. */
    int (*lock)(void *context, int fd);
    int (*ioctl)(void *context, int fd, unsigned long request, void *argument);
    /* Is it a character device? 1, 0, or -1. */
    int (*is_device)(void *context, int fd);
    /* Names in a folder that start with prefix; returns how many, at most ASSAY_CALLS_NAMES_MAX. */
    ssize_t (*list)(void *context, const char *path, const char *prefix,
                    char names[][ASSAY_CALLS_NAME_MAX]);
};

/* Returns: the operating system's own calls; static memory. */
const struct assay_source_calls *assay_source_calls_system(void);

/*
 * assay_calls_read - a whole file, which may grow while it is made: one open, reads to its end.
 * Out:     *len <= capacity on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_RANGE (longer than capacity, EFBIG) |
 *          ASSAY_E_AGAIN (EAGAIN) | ASSAY_E_IO; *error is errno, 0 on ASSAY_OK
 */
ASSAY_CHECKED enum assay_status assay_calls_read(const struct assay_source_calls *calls,
                                                 const char *path, uint8_t *bytes, size_t capacity,
                                                 size_t *len, int *error);
/*
 * assay_calls_write - all bytes into a file that is there, in one go where the system allows it.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_AGAIN | ASSAY_E_IO; *error is errno
 */
ASSAY_CHECKED enum assay_status assay_calls_write(const struct assay_source_calls *calls,
                                                  const char *path, struct assay_slice content,
                                                  int *error);

#endif
