/*
 * sim/twins/twins_internal.h - internal interface of Twins.
 */
#ifndef ASSAY_SIM_TWINS_TWINS_INTERNAL_H
#define ASSAY_SIM_TWINS_TWINS_INTERNAL_H

#include "base/assert.h"
#include "base/bytes.h"
#include "sim/simplex/world.h"
#include "sim/twins/twins.h"

/* schedule.c: a row in which the machines of one group reach each other. */
void assay_twins_row(const uint32_t *group_of, uint32_t machines, uint16_t *receives);

/* proofs.c: everything that was signed and sent, and the convicted slots. */
struct assay_twins_proofs;
struct assay_twins_proofs *assay_twins_proofs_create(const struct assay_sim_simplex *world,
                                                     uint32_t slots);
void assay_twins_proofs_destroy(struct assay_twins_proofs **proofs);
/* An assay_sim_simplex_observer; context is the collection. */
void assay_twins_proofs_note(void *context, uint32_t machine, enum assay_message_kind kind,
                             struct assay_slice payload);
/* Every pair that convicts, verified, except proofs whose number is in `lost`.
 * Returns: a bit per convicted slot; *numbers a bit per number of proof. */
uint32_t assay_twins_proofs_convict(const struct assay_twins_proofs *proofs, unsigned lost,
                                    unsigned *numbers);

#endif
