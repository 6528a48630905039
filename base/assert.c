/*
 * base/assert.c - failure report of assertions.
 *
 * It uses stdio and abort and nothing of Assay, so that it works even if everything else is broken.
 */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void assay_assert_failed(const char *file, int line, const char *function, const char *text)
{
    fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, text);
    abort();
}
