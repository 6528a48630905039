/*
 * tests/unit/net/verifier/verifier_planted.c - verifier process with planted faults.
 *
 * A judge whose evidence tells it what to do (tests/byzantine/verifier_plants.c), or a good one.
 */
#include "tests/byzantine/verifier_plants.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (!assay_verifier_process_is(argc, argv)) return 2;
    const bool good = argc == 2 && strcmp(argv[1], "good") == 0;
    assay_verifier_process_run(good ? assay_evidence_verify : assay_planted_verify);
}
