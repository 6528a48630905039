/*
 * apps/build.c - check of a role's program that its daemon is of the same build.
 */
#include "apps/build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_build_require(int argc, char *const *argv)
{
    if (argc == 2 && strcmp(argv[1], assay_build) == 0) return;
    (void)fprintf(
        stderr, "expected to be started by assayd %s, found %.60s: install both from one package\n",
        assay_build, argc == 2 ? argv[1] : "another caller");
    exit(1);
}
