/*
 * apps/assay/proof.h - what is shared by `assay proof`, its attestation result and `assay
 * checkpoint`.
 */
#ifndef ASSAY_APPS_ASSAY_PROOF_H
#define ASSAY_APPS_ASSAY_PROOF_H

#include "engine/ledger/proof.h"
#include "net/json/json.h"

/* "FULL" .. "SUSPENDED". Returns: never NULL. */
const char *assay_proof_standing_text(enum assay_standing standing);

/* A checkpoint from a file, or that of a genesis; says on stderr, after `who`, what is wrong.
 * Returns: an enum assay_exit. */
int assay_proof_checkpoint(const char *who, const char *path, struct assay_checkpoint *checkpoint);
/*
 * assay_proof_ear_write - what is proven as an attestation result of all verifiers together
 * (proof_ear.c), signed with a key of `assay keys operator`.
 * In:      proof: its bytes, named by their hash; path: "-" for stdout
 * Returns: an enum assay_exit
 */
int assay_proof_ear_write(const struct assay_proven *proven, struct assay_slice proof,
                          const char *path, const char *key);

#endif
