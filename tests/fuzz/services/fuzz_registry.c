/*
 * tests/fuzz/services/fuzz_registry.c - fuzz target: the documents of a registry, each after its
 * length (u16, big-endian); omitted ones are those of the genesis. Properties: what decodes has
 * every invariant, is encoded with the same bytes, and accepts any close.
 */
#include "base/assert.h"
#include "tests/support/services/registry_world.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct registry_world world;
static struct registry_documents genesis;
static struct assay_registry *r;
static struct assay_registry_facts *facts;

static void once(void)
{
    if (r != NULL) return;
    registry_world_init(&world, 1);
    r = registry_world_fresh(&world);
    registry_documents_of(&world, r, &genesis);
    facts = malloc(sizeof *facts);
    ASSAY_ASSERT(facts != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct registry_documents documents, again;
    uint16_t each = 0;
    once();
    struct registry_world now = world;
    documents = genesis;
    for (uint32_t i = 0; i < documents.count; i++)
        if (assay_cursor_u16be(&in, &each) != ASSAY_OK ||
            assay_cursor_slice(&in, each, &documents.of[i]) != ASSAY_OK)
            break;
    if (registry_documents_read(&documents, (uint32_t)(len % documents.count), r) != ASSAY_OK)
        return 0;
    registry_world_close(&now);
    assay_registry_set_standing(r, 7, now.member, WORLD_MEMBERS);
    assay_registry_check(r);
    registry_documents_of(&world, r, &again);
    for (uint32_t i = 0; i < again.count; i++)
        ASSAY_ASSERT(assay_slice_equal(again.of[i], documents.of[i]));
    registry_documents_free(&again);
    registry_world_close(&now);
    assay_registry_close_epoch(r, 8, now.member, WORLD_MEMBERS, facts, NULL, NULL);
    assay_registry_check(r);
    return 0;
}
