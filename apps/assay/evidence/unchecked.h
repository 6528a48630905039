/*
 * apps/assay/evidence/unchecked.h - challenge of `assay evidence verify`, and the list of checks
 * that a verdict does not include.
 *
 * A verdict covers what was verified. A relying party also needs what was not: affirming evidence
 * may be a recording, of any program, of a key revoked since.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_UNCHECKED_H
#define ASSAY_APPS_ASSAY_EVIDENCE_UNCHECKED_H

#include "apps/assay/evidence/appraisal.h"
#include "quote/result/unchecked.h"

/* Values of the options; NULL for absent ones. */
struct assay_challenge {
    const char *report_data; /* up to 64 bytes in hexadecimal; zeros follow */
    const char *nonce;       /* 1 to 1024 bytes, as the claim `nonce` has them */
};

/*
 * cli_challenge_check - are the options fit, before anything is read? Errors are printed.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE
 */
int cli_challenge_check(const struct assay_challenge *challenge, bool json);
/*
 * cli_challenge_appraise - compare what the evidence answers with the challenge: another one
 * makes the verdict contraindicated (rule `challenge`). After cli_appraisal_run.
 * Returns: ASSAY_EXIT_OK | ASSAY_EXIT_USAGE (this evidence has no nonce; printed)
 */
int cli_challenge_appraise(struct cli_appraisal *a, const struct assay_challenge *challenge);

enum { ASSAY_UNCHECKED_COMMAND_MAX = ASSAY_UNCHECKED_MAX + 3 }; /* freshness, time, certificate */
/* What the verdict does not cover. challenge: NULL for a command that takes none.
 * Returns: how many. */
size_t cli_unchecked_of(const struct cli_appraisal *a,
                        const struct assay_appraisal_options *options,
                        const struct assay_challenge *challenge,
                        struct assay_open_check out[static ASSAY_UNCHECKED_COMMAND_MAX]);
/* The list as an array of { what, why }. */
struct assay_json *cli_unchecked_json(const struct assay_open_check *list, size_t count);
/* The list as lines that begin with before. */
void cli_unchecked_print(const char *before, const struct assay_open_check *list, size_t count);

#endif
