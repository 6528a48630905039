/*
 * apps/assay/services/services_none.c - the command line in a build without services: no verbs
 * about them, and no programs of them are set up.
 */
#include "apps/assay/core/options.h"
#include "apps/assay/setup/setup.h"

#include "base/assert.h"

const struct assay_verb assay_verbs_services[] = { { 0 } };
const size_t assay_verbs_services_count = 0;

int cli_setup_programs(const struct assay_setup_programs *p, unsigned long n)
{
    (void)p;
    (void)n;
    ASSAY_UNREACHABLE("a build without services"); /* cli_setup_local refuses */
}
