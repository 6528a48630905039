/*
 * tests/unit/net/transport/transport_planted.c - transport process with planted faults.
 *
 * A transport whose frames tell it what to do (tests/byzantine/transport_plants.c), or a good one.
 */
#include "tests/byzantine/transport_plants.h"

#include <string.h>

int main(int argc, char **argv)
{
    if (!assay_transport_is(argc, argv)) return 2;
    const bool good = argc == 2 && strcmp(argv[1], "good") == 0;
    assay_transport_run(good ? NULL : assay_planted_frame);
}
