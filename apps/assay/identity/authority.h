/*
 * apps/assay/identity/authority.h - options and verbs of `assay ca`.
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_H
#define ASSAY_APPS_ASSAY_IDENTITY_AUTHORITY_H

#include "apps/assay/identity/identity_source.h"
#include "apps/assay/proofs/proof.h"

struct cli_authority_options {
    struct cli_identity_node node;
    const char *out, *format, *checkpoint, *proof, *next;
    const char *journal, *certificate, *ledger, *genesis; /* of an audit */
    struct assay_proof_time time;
    bool json;
};

/* authority_bundle.c. Returns: an enum assay_exit. */
int cli_authority_bundle(const struct cli_authority_options *options);
/* authority_audit.c. Returns: an enum assay_exit. */
int cli_authority_audit(const struct cli_authority_options *options);

#endif
