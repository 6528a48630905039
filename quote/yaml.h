/*
 * quote/yaml.h - the policy file, for people.
 *
 * A seam: implemented by quote/yaml/policy.c. YAML checked against a schema: an unknown key, a key
 * twice, a wrong type, a value out of range is an error with its line, never a warning. One
 * document, without anchors, aliases and tags; numbers are plain decimals.
 *
 *     policy_version: 1
 *     profile: production            # or development: accepts SOFT, marks every output INSECURE
 *     kinds: [sgx-v3, tdx-v4]        # default: every kind
 *     statuses:                      # default: as assay_policy_default; one entry changes one
 *       status - { status: OutOfDate, accept: warning, grace_s: 1296000 }
 *     tcb_evaluation_number_min: 17
 *     pcesvn_min: 13
 *     tee_tcb_svn_min: "04010700000000000000000000000000"
 *     roots:
 *       - { name: intel, key: "0ba9...", kinds: [sgx-v3, tdx-v4] }   # X | Y in hexadecimal
 *     advisories_denied: [INTEL-SA-00615]
 *     references:
 *       - { field: mrenclave, state: allowed, value: "33d8...", not_after: 2027-01-01T00:00:00Z,
 *           isvsvn_min: 2 }
 */
#ifndef ASSAY_QUOTE_YAML_H
#define ASSAY_QUOTE_YAML_H

#include "quote/policy.h"

enum {
    ASSAY_YAML_LEN_MAX = 131072, /* full tables take about 30 KB */
    ASSAY_YAML_MESSAGE_MAX = 512,
};

/*
 * assay_policy_parse_yaml - read a policy file's text.
 * Out:     *policy on ASSAY_OK; otherwise message is "LINE:COLUMN: what is wrong", for the caller
 *          to put the name of the file and a colon before
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE | ASSAY_E_RANGE | ASSAY_E_INVALID |
 *          ASSAY_E_VERSION | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_policy_parse_yaml(
    const uint8_t *text, size_t len, struct assay_policy *policy,
    char message[static ASSAY_YAML_MESSAGE_MAX]);

#endif
