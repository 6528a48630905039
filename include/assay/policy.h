/*
 * include/assay/policy.h - libassay-policy: policy files (YAML) as objects of libassay.
 *
 * A library of its own, so that a verifier without policy files has no parser of YAML.
 */
#ifndef ASSAY_POLICY_H
#define ASSAY_POLICY_H

#include <assay/assay.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The longest policy, in bytes of YAML, and of its message. */
#define ASSAY_POLICY_YAML_MAX    131072
#define ASSAY_POLICY_MESSAGE_MAX 512

/*
 * assay_policy_create_yaml - from the text of a policy file (docs/configuration.md, section 4).
 * In:      text[len], len up to ASSAY_POLICY_YAML_MAX
 * Out:     *policy on ASSAY_OK; else message, when it is not NULL, is "LINE:COLUMN: what is wrong"
 *          (message_len at least ASSAY_POLICY_MESSAGE_MAX, or it is cut)
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE | ASSAY_E_RANGE | ASSAY_E_INVALID |
 *          ASSAY_E_VERSION | ASSAY_E_MEMORY
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_policy_create_yaml(const char *text, size_t len,
                                                                   struct assay_policy **policy,
                                                                   char *message,
                                                                   size_t message_len);

#ifdef __cplusplus
}
#endif
#endif
