/*
 * enforce/systemd.h - enforcement target for a systemd unit, over the system bus (sd-bus).
 *
 * StartUnit, StopUnit, FreezeUnit, ThawUnit of the manager, and the unit's ActiveState and
 * FreezerState. A start or stop is done when the unit says so, not when the job was queued. A bus
 * that is lost is opened again by the next act.
 */
#ifndef ASSAY_ENFORCE_SYSTEMD_H
#define ASSAY_ENFORCE_SYSTEMD_H

#include "enforce/target.h"

enum { ASSAY_SYSTEMD_UNIT_MAX = 255, ASSAY_SYSTEMD_ADDRESS_MAX = 255 };

/* Returns: whether it is the full name of a unit that can be started: "nginx.service". */
bool assay_systemd_unit_is_valid(const char *unit);

/* address: of the bus, "unix:path=..."; "": the system's. Both are copied.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (the unit) | ASSAY_E_RANGE (the address) | ASSAY_E_MEMORY |
 * ASSAY_E_IO (libsystemd cannot be loaded) */
ASSAY_CHECKED enum assay_status assay_systemd_open(const char *address, const char *unit,
                                                   struct assay_target **out);

#endif
