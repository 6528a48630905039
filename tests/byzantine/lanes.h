/*
 * tests/byzantine/lanes.h - counts of received messages by kind.
 *
 * What comes in, by kinds of messages, for a bench.
 *
 * ASSAY_TEST_LANES=FILE: the file has 64 pairs of 64-bit numbers in host order while the daemon
 * runs: messages of each kind (engine/messages/message.h), and their bytes with the header of their
 * frame. They only grow.
 */
#ifndef ASSAY_TESTS_BYZANTINE_LANES_H
#define ASSAY_TESTS_BYZANTINE_LANES_H

#include "base/bytes.h"

/* Maps the file. Aborts where it cannot. Returns: the hook of net/runtime/runtime.h; NULL: nobody
 * asks. */
void (*assay_lanes_hook(void))(void *context, struct assay_slice bytes);

#endif
