/*
 * apps/assay/identity/identity_trust_none.c - `assay identity fetch` in a build without services:
 * CA certificates are those of --ca.
 */
#include "apps/assay/identity/identity_fetch.h"

#include "apps/assay/core/command.h"

int cli_identity_trust_prove(const struct cli_identity_fetch *f, struct cli_identity_trust *trust)
{
    *trust = (struct cli_identity_trust){ .from = f->checkpoint };
    return cli_identity_fail(f, ASSAY_EXIT_USAGE,
                             "this build proves no certificate authority: give --ca FILE");
}
