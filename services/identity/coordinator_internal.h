/*
 * services/identity/coordinator_internal.h - functions shared by the files of the coordinator.
 */
#ifndef ASSAY_SERVICES_IDENTITY_COORDINATOR_INTERNAL_H
#define ASSAY_SERVICES_IDENTITY_COORDINATOR_INTERNAL_H

#include "services/identity/coordinator.h"

/* Chooses exactly t live indices of holders that are not left out, and lists their holders.
 * Returns: false when there are fewer; slot->session is unchanged then. */
bool assay_coordinator_choose(const struct assay_coordinator *c,
                              struct assay_coordinator_slot *slot);

#endif
