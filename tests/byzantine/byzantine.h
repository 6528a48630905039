/*
 * tests/byzantine/byzantine.h - hooks of a Byzantine node.
 *
 * What a traitor does, for the demo and for tests.
 *
 * Compiled into `assayd-byzantine` only, by way of the hooks of net/runtime/runtime.h; assayd has
 * neither hooks nor this code. The traitor behaves well until told: the file named by the
 * environment variable ASSAY_BYZANTINE holds one word of command, is read at each signature and
 * removed when it was obeyed.
 *
 *   slander SLOT   the next ballot says FAIL hard of the good evidence of that slot
 *   replay         the next envelope names the quote of the epoch before
 *
 * The first quote it ever sees is kept beside the command file with the ending .quote, so that
 * others can
 * replay it too.
 */
#ifndef ASSAY_TESTS_BYZANTINE_BYZANTINE_H
#define ASSAY_TESTS_BYZANTINE_BYZANTINE_H

#include "net/runtime/runtime.h"
#include "tests/byzantine/transport_plants.h"
#include "tests/byzantine/verifier_plants.h"

/* Fills in both hooks. */
void assay_byzantine_hooks(struct assay_runtime_hooks *hooks);
/* ASSAY_TEST_OVERLAY=ABOVE,DEGREE: neighbours in a network that one machine can hold
 * (docs/protocol.md 4.12.1). Aborts where it says something else. */
void assay_byzantine_overlay(uint32_t *above, uint32_t *degree);

#endif
