/*
 * tests/mutants/main.c - assay-sim-NAME --suites "A B" --seeds N [--quick N]: one build tries
 * itself, with the seeds 1 .. N, or with as many as --quick says in a quick run.
 */
#include "tests/mutants/trial.h"
#include "tests/support/depth.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *suites = NULL;
    uint64_t seeds = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--suites") == 0) suites = argv[i + 1];
        const bool is_quick = strcmp(argv[i], "--quick") == 0 && test_every(2) == 2;
        if (is_quick || strcmp(argv[i], "--seeds") == 0) seeds = strtoull(argv[i + 1], NULL, 10);
    }
    if (suites == NULL || seeds == 0) {
        (void)fprintf(stderr,
                      "usage: %s --suites \"twins simplex scoring messages epochs links clocks "
                      "changes collateral "
                      "eras seats\" --seeds N [--quick N]\n",
                      argv[0]);
        return 2;
    }
    return trial_run(suites, seeds);
}
