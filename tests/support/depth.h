/*
 * tests/support/depth.h - depth of long searches.
 *
 * How much of a long search one run takes.
 *
 * Searches that go through every bit, schedule or phase cost many times as much under sanitizers.
 * `./dev test` runs them with ASSAY_DEPTH=quick: every n-th case, spread over the whole. Without
 * the word, as in all parts of `./dev check`, all of it is done.
 */
#ifndef ASSAY_TESTS_SUPPORT_DEPTH_H
#define ASSAY_TESTS_SUPPORT_DEPTH_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Returns: n in a quick run; else 1. */
static inline size_t test_every(size_t n)
{
    const char *const depth = getenv("ASSAY_DEPTH");
    return depth != NULL && strcmp(depth, "quick") == 0 ? n : 1;
}

#endif
