/*
 * quote/result/token/issuers.h - issuers of tokens that a policy file accepts (`token_issuers`).
 *
 * They are no part of the policy's canonical bytes or digest, and nothing of them is looked at when
 * evidence is appraised: a token is a statement of its issuer (docs/results.md).
 */
#ifndef ASSAY_QUOTE_RESULT_TOKEN_ISSUERS_H
#define ASSAY_QUOTE_RESULT_TOKEN_ISSUERS_H

#include "quote/result/token/token.h"

enum { ASSAY_TOKEN_ISSUERS_MAX = 16, ASSAY_TOKEN_ISSUER_TEXT = 256 };

/* Texts that are not given are empty. */
struct assay_token_issuer {
    enum assay_result_service service;
    char issuer[ASSAY_TOKEN_ISSUER_TEXT];
    char audience[ASSAY_TOKEN_ISSUER_TEXT];
    char keys[ASSAY_TOKEN_ISSUER_TEXT]; /* files, from the folder of the policy file on */
    char root[ASSAY_TOKEN_ISSUER_TEXT];
    bool has_age;
    uint64_t age_max_s;
};

struct assay_token_issuers {
    uint32_t count;
    struct assay_token_issuer entries[ASSAY_TOKEN_ISSUERS_MAX];
};

/*
 * assay_token_issuers_parse_yaml - the section `token_issuers` of a policy file (quote/yaml).
 * Out:     *issuers on ASSAY_OK, without entries where the file has no section; else message as of
 *          assay_policy_parse_yaml: the complete file must be a policy
 * Returns: as assay_policy_parse_yaml
 */
ASSAY_CHECKED enum assay_status assay_token_issuers_parse_yaml(const uint8_t *text, size_t len,
                                                               struct assay_token_issuers *issuers,
                                                               char *message);

#endif
