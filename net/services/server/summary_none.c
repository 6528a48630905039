/*
 * net/services/server/summary_none.c - summary of a registry in a build without services: no task
 * has a state.
 */
#include "net/services/server/summary.h"

#include "base/assert.h"

enum assay_summary_state assay_summary_state_of(const struct assay_task_row *row)
{
    (void)row;
    ASSAY_UNREACHABLE("a build without services");
}
