/*
 * tests/mutants/main.c - assay-sim-NAME --suites "A B" --seeds N: one build tries itself.
 */
#include "tests/mutants/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *suites = NULL;
    uint64_t seeds = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--suites") == 0) suites = argv[i + 1];
        if (strcmp(argv[i], "--seeds") == 0) seeds = strtoull(argv[i + 1], NULL, 10);
    }
    if (suites == NULL || seeds == 0) {
        (void)fprintf(
            stderr,
            "usage: %s --suites \"twins simplex scoring messages epochs links dates changes days "
            "eras seats\" --seeds N\n",
            argv[0]);
        return 2;
    }
    return trial_run(suites, seeds);
}
