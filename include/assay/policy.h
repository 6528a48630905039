/*
 * include/assay/policy.h - libassay-policy: policy files (YAML) as objects of libassay, and the
 * issuers of tokens that they name.
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

/* --- issuers of tokens of other verifiers: the section `token_issuers` of a policy file */
struct assay_policy_issuers;

/*
 * assay_policy_issuers_create_yaml - from the same text; the complete file must be a policy.
 * Out:     *issuers on ASSAY_OK, empty where the file has no such section; else message as above
 * Returns: as assay_policy_create_yaml
 */
ASSAY_API ASSAY_CHECKED enum assay_status assay_policy_issuers_create_yaml(
    const char *text, size_t len, struct assay_policy_issuers **issuers, char *message,
    size_t message_len);
ASSAY_API void assay_policy_issuers_destroy(struct assay_policy_issuers **issuers);

/* One issuer. Its files are names from the folder of the policy file on: this library opens none.
 * Texts belong to the list; what is not given is NULL, of keys and root one at most. */
struct assay_policy_issuer {
    size_t size;
    enum assay_result_service service;
    const char *issuer;
    const char *keys_file; /* for `keys` of struct assay_result_issuer */
    const char *root_file;
    const char *audience;
    bool has_age_max;
    uint64_t age_max_s;
};
/* Returns: how many there are, at most ASSAY_RESULT_ISSUERS_MAX; 0 of NULL. */
ASSAY_API size_t assay_policy_issuers_count(const struct assay_policy_issuers *issuers);
/* Returns: false past the last one; *issuer untouched. */
ASSAY_API bool assay_policy_issuers_get(const struct assay_policy_issuers *issuers, size_t index,
                                        struct assay_policy_issuer *issuer);

#ifdef __cplusplus
}
#endif
#endif
