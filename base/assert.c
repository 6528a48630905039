/*
 * base/assert.c - the last words of a process that found a bug in itself.
 *
 * It uses stdio and abort and nothing of Assay, so that it works whatever else is broken.
 */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void assay_assert_failed(const char *file, int line, const char *function, const char *text)
{
    fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, text);
    abort();
}
