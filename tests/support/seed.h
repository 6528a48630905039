/*
 * tests/support/seed.h - seeds of fuzz targets that unit tests make (tests/fuzz/corpus).
 *
 * A seed of a format that is no more reaches nothing behind the decoder's first check, and no
 * replay of the corpus notices. So the unit test of a format reads its seeds; with UPDATE=1 in its
 * environment it writes them first, below the build's folder, where tests/fuzz/pack.sh takes them
 * from.
 */
#ifndef ASSAY_TESTS_SUPPORT_SEED_H
#define ASSAY_TESTS_SUPPORT_SEED_H

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { SEED_MAX = 1 << 18 };

static inline FILE *seed_open(const char *folder, const char *name, const char *mode)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s/%s", ASSAY_TEST_CORPUS, folder, name);
    FILE *file = fopen(path, mode);
    cr_assert_not_null(file, "%s", path);
    return file;
}

/* The file's bytes; with UPDATE=1 these are made now. Returns: borrowed until the next call */
static inline struct assay_slice seed_of(const char *folder, const char *name,
                                         struct assay_slice made)
{
    static uint8_t bytes[SEED_MAX];
    if (getenv("UPDATE") != NULL) {
        FILE *out = seed_open(folder, name, "wb");
        cr_assert_eq(fwrite(made.bytes, 1, made.len, out), made.len);
        cr_assert_eq(fclose(out), 0);
    }
    FILE *in = seed_open(folder, name, "rb");
    const size_t len = fread(bytes, 1, sizeof bytes, in);
    (void)fclose(in);
    return assay_slice_over(bytes, len);
}

#endif
