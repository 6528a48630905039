/*
 * quote/api/policy.c - policies on the heap.
 */
#include "quote/api/api.h"

#include "base/assert.h"

#include <stdlib.h>

enum assay_status assay_policy_create(struct assay_policy **policy)
{
    if (policy == NULL) return ASSAY_E_INVALID;
    struct assay_policy *const made = malloc(sizeof *made);
    if (made == NULL) return ASSAY_E_MEMORY;
    assay_policy_default(made);
    *policy = made;
    return ASSAY_OK;
}

void assay_policy_destroy(struct assay_policy **policy)
{
    if (policy == NULL) return;
    free(*policy);
    *policy = NULL;
}

enum assay_status assay_policy_create_encoded(const uint8_t *bytes, size_t len,
                                              struct assay_policy **policy)
{
    struct assay_policy *made = NULL;
    if (bytes == NULL || policy == NULL) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_policy_create(&made));
    ASSAY_ASSERT(made != NULL);
    const enum assay_status status = assay_policy_decode(bytes, len, made);
    if (status == ASSAY_OK) *policy = made;
    else assay_policy_destroy(&made);
    return status;
}

enum assay_status assay_policy_get_digest(const struct assay_policy *policy, uint8_t digest[32])
{
    if (policy == NULL || digest == NULL) return ASSAY_E_INVALID;
    assay_policy_digest(policy, digest);
    return ASSAY_OK;
}
