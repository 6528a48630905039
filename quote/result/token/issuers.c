/*
 * quote/result/token/issuers.c - a token under the terms of several issuers, and what a valid one
 * leaves unchecked.
 */
#include "quote/result/token/token.h"

#include "base/assert.h"

const char assay_token_note[] =
    "A statement of its issuer: Assay verified who made it, not the evidence behind it.";

enum assay_status assay_token_verify_any(const struct assay_token_terms *terms, size_t count,
                                         const char *text, size_t len, struct assay_token *token,
                                         size_t *index)
{
    enum assay_result_answer answer = ASSAY_RESULT_NOT_READ;
    uint32_t passed = 0;
    size_t best = 0;
    ASSAY_ASSERT(count > 0);
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_token_verify(&terms[i], text, len, token));
        *index = i;
        if (token->answer == ASSAY_RESULT_VALID) return ASSAY_OK;
        /* One check has several answers: of two that failed in it, the later one of their list. */
        if (token->passed < passed || (token->passed == passed && token->answer <= answer))
            continue;
        answer = token->answer;
        passed = token->passed;
        best = i;
    }
    /* A second copy of a token is large, so the one to be reported is read again. */
    *index = best;
    return best == count - 1 ? ASSAY_OK : assay_token_verify(&terms[best], text, len, token);
}

size_t assay_token_list_unchecked(const struct assay_token *token,
                                  const struct assay_token_terms *terms,
                                  struct assay_open_check out[static ASSAY_TOKEN_UNCHECKED_MAX])
{
    size_t count = 0;
    ASSAY_ASSERT(token->answer == ASSAY_RESULT_VALID);
    out[count++] = (struct assay_open_check){ "evidence", assay_token_note };
    if (terms->nonce == NULL)
        out[count++] = (struct assay_open_check){
            "freshness", "no nonce was expected: the token may be an old one that has not expired"
        };
    if (terms->root != NULL)
        out[count++] = (struct assay_open_check){ "revocation",
                                                  "certificates of the keys were not looked up" };
    if (token->devices_named > token->device_count)
        out[count++] = (struct assay_open_check){
            "devices", "their tokens were not given: verify the list that the service returned"
        };
    return count;
}
