/*
 * apps/assay/evidence/ear.h - verdict of `assay evidence verify` as a signed attestation result
 * (EAR).
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EAR_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EAR_H

#include "apps/assay/evidence/appraisal.h"

/* Values of the options; NULL for absent ones. */
struct assay_ear_options {
    const char *file; /* "-": standard output, instead of the verdict */
    const char *key;
    const char *profile;
    const char *nonce;
    const char *form; /* "jwt" */
};

/*
 * cli_ear_check - are the options fit, before anything is read? Errors are printed.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE
 */
int cli_ear_check(const struct assay_ear_options *options, bool json);
/*
 * cli_ear_key_report - why the key of --ear-key cannot be used, as an error of the command.
 * In:      status: of assay_keyring_operator_load, or of the signature
 * Returns: ASSAY_EXIT_NOT_FOUND | ASSAY_EXIT_USAGE | ASSAY_EXIT_INTERNAL
 */
int cli_ear_key_report(bool json, const char *key, enum assay_status status);
/*
 * cli_ear_write - sign the verdict and write the token. Errors are printed.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_NOT_FOUND (no key) | ASSAY_EXIT_USAGE (the key, the file) |
 *          ASSAY_EXIT_INTERNAL
 */
int cli_ear_write(const struct cli_appraisal *a, const struct assay_ear_options *options);

#endif
