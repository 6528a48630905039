/*
 * quote/yaml.h - policy file in YAML.
 *
 * An interface: implemented by quote/yaml/policy.c. YAML checked against a schema: an unknown key,
 * a key
 * twice, a wrong type, a value out of range is an error with its line, never a warning. One
 * document, without anchors, aliases and tags; numbers are plain decimals.
 *
 *     policy_version: 1
 *     profile: production            # or development: accepts SOFT, marks every output INSECURE
 *     kinds: [sgx-v3, tdx-v4]        # default: [every]
 *     statuses:                      # default: as assay_policy_default; one entry changes one
 *       - { status: OutOfDate, accept: warning, grace_s: 1296000 }
 *     tcb_evaluation_number_min: 17
 *     pcesvn_min: 13
 *     tee_tcb_svn_min: "04010700000000000000000000000000"
 *     service_td: refused            # refused, warning, affirming; so sept_ve_enabled
 *     vmpl_max: 0                    # SNP; so migration_agent, smt, single_socket_required
 *     crl_required: true
 *     snp_tcb_min: { bootloader: 4, tee: 0, snp: 22, microcode: 213, fmc: 0 }
 *     roots:
 *       - { name: Intel, pinned: intel-sgx }
 *       - { name: lab, key: "0ba9...", kinds: [sgx-v3, tdx-v4] }   # X | Y in hexadecimal
 *       - { name: other, kinds: [tpm2], pem: "-----BEGIN CERTIFICATE-----..." }
 *     advisories_denied: [INTEL-SA-00615]
 *     references:
 *       - { field: mrenclave, state: allowed, value: "33d8...", not_after: 2027-01-01T00:00:00Z,
 *           isvsvn_min: 2 }
 *
 * docs/configuration.md 4 and assay-policy(5) have every key.
 */
#ifndef ASSAY_QUOTE_YAML_H
#define ASSAY_QUOTE_YAML_H

#include "base/writer.h"

struct assay_policy;    /* quote/accept/policy.h */
struct assay_reference; /* quote/accept/policy.h */

enum {
    ASSAY_YAML_LEN_MAX = 131072, /* full tables take about 60 KB */
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

/* Counted from 1; line 0: no such value. */
struct assay_yaml_line {
    unsigned long line;
    unsigned long column;
};
/* Where a value stands in a policy file that was read before; path as in "references[3].value".
 * Returns: its place. */
struct assay_yaml_line assay_policy_yaml_line(const uint8_t *text, size_t len, const char *path);

/* --- quote/yaml/policy_write.c. The writer reports overflow. */
/* The file of a policy with every default spelled out; reading it gives the same policy. */
void assay_policy_put_yaml(const struct assay_policy *policy, struct assay_writer *w);
/* The entries of a list of references alone, "  - { field: ... }" each. */
void assay_references_put_yaml(const struct assay_reference *references, size_t count,
                               struct assay_writer *w);

#endif
