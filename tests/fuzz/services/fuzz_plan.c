/*
 * Fuzz target: the plan of services. What is read is written again as the very bytes that it came
 * from, and a registry can be made of it.
 */
#include "base/assert.h"
#include "services/registry/registry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct assay_registry_plan plan;
    static const uint8_t chain_id[32];
    static uint8_t again[ASSAY_PLAN_LEN_MAX];
    struct assay_writer w = assay_writer_over(again, sizeof again);
    struct assay_registry *r = NULL;
    if (assay_registry_plan_decode(assay_slice_over(bytes, len), &plan) != ASSAY_OK) return 0;
    ASSAY_ASSERT(assay_registry_plan_encode(&plan, &w) == ASSAY_OK);
    ASSAY_ASSERT(w.len == len && assay_bytes_equal(again, bytes, len));
    ASSAY_ASSERT(assay_registry_documents(&plan) <= ASSAY_REGISTRY_DOCUMENTS_MAX);
    const size_t size = assay_registry_size(&plan);
    void *memory = malloc(size);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_registry_init(memory, size, &plan, chain_id, &r) == ASSAY_OK);
    assay_registry_check(r);
    free(memory);
    return 0;
}
