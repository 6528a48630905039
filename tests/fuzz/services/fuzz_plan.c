/*
 * tests/fuzz/services/fuzz_plan.c - fuzz target: the plan of services. What is read is written
 * again as the very bytes that it came from, and a registry can be made of it. Added to another
 * plan it makes one that extends that, or is refused; and it extends nothing that it was not made
 * of.
 */
#include "base/assert.h"
#include "services/registry/registry.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* docs/protocol.md 12.7: beside one group and no tasks. */
static void follow(const struct assay_registry_plan *plan)
{
    static struct assay_registry_plan before, sum;
    const char *why = "";
    before = (struct assay_registry_plan){ .group_count = 1 };
    before.group[0].name[0] = 'g';
    before.group[0].size = 3;
    before.group[0].instances_max = 4;
    const bool extends = assay_registry_plan_extends(&before, plan, &why) == ASSAY_OK;
    ASSAY_ASSERT(extends == (why[0] == 0));
    ASSAY_ASSERT(!extends || assay_bytes_equal(plan->group[0].name, before.group[0].name, 2));
    ASSAY_ASSERT(assay_registry_plan_extends(plan, plan, &why) != ASSAY_OK);
    if (assay_registry_plan_add(&before, plan, &sum, &why) != ASSAY_OK) return;
    ASSAY_ASSERT(assay_registry_plan_check(&sum) == ASSAY_OK);
    ASSAY_ASSERT(assay_registry_plan_extends(&before, &sum, &why) == ASSAY_OK);
    uint32_t found = 0;
    for (uint32_t i = 0; i < assay_registry_documents(&sum); i++)
        found += assay_registry_document_before(&before, &sum, i) < ASSAY_REGISTRY_DOCUMENTS_MAX;
    ASSAY_ASSERT(found == assay_registry_documents(&before));
}

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
    follow(&plan);
    const size_t size = assay_registry_size(&plan);
    void *memory = malloc(size);
    ASSAY_ASSERT(memory != NULL);
    ASSAY_ASSERT(assay_registry_init(memory, size, &plan, chain_id, &r) == ASSAY_OK);
    assay_registry_check(r);
    free(memory);
    return 0;
}
