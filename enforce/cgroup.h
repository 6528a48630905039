/*
 * enforce/cgroup.h - enforcement target for a control group (version 2): cgroup.freeze and
 * cgroup.kill.
 *
 * The processes of the group are started by another program, so there is no START: STOP freezes the
 * group and kills what is in it, and what is started in it afterwards is frozen from its first
 * moment until the group is thawed. STOP is done when nothing that was killed is left in the group
 * or in a group below it.
 */
#ifndef ASSAY_ENFORCE_CGROUP_H
#define ASSAY_ENFORCE_CGROUP_H

#include "enforce/target.h"

/* path: the folder of the group, copied; it need not be there yet.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (no absolute path, or too long) | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_cgroup_open(const char *path, struct assay_target **out);

#endif
