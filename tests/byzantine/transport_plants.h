/*
 * tests/byzantine/transport_plants.h - transport processes that fail on purpose, for
 * `assayd-byzantine` and tests.
 */
#ifndef ASSAY_TESTS_BYZANTINE_TRANSPORT_PLANTS_H
#define ASSAY_TESTS_BYZANTINE_TRANSPORT_PLANTS_H

#include "net/transport/transport_process.h"

/*
 * The transport process of a daemon can be set to fail: ASSAY_BYZANTINE_TRANSPORT is "PLANT:N", for
 * one frame of N. Plants: transport_plants.c.
 * Returns: that text, NULL when its transport is as good as any.
 */
const char *assay_byzantine_transport(void);
/* Returns: the plant of a transport with that argument; NULL: it is a good one. */
assay_transport_plant *assay_byzantine_plant(const char *argument);
/* Of a transport whose frames are the name of a plant, and a space; of other frames nothing. */
void assay_planted_frame(uint16_t slot, struct assay_slice frame);

#endif
