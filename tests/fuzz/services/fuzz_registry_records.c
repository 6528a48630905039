/*
 * tests/fuzz/services/fuzz_registry_records.c - fuzz target: records of every kind. Each step is a
 * kind, a slot and a payload after its length (u16, big-endian); kind 0 closes an epoch, and its
 * payload is one standing per slot. A well-formed payload is folded, signed or not, since any input
 * of a fold must leave every invariant intact; the result is encoded and decoded again.
 */
#include "base/assert.h"
#include "tests/support/services/registry_world.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { SLOTS = 12 };

static struct registry_world world;
static struct assay_registry *genesis, *r, *read_again;
static struct assay_registry_facts *facts;
static uint64_t epoch;
static struct assay_registry_member member[SLOTS];

static void once(void)
{
    if (r != NULL) return;
    registry_world_init(&world, 1);
    genesis = registry_world_fresh(&world);
    r = registry_world_fresh(&world);
    read_again = registry_world_fresh(&world);
    facts = malloc(sizeof *facts);
    ASSAY_ASSERT(facts != NULL);
}

static void close_epoch(struct assay_slice payload)
{
    for (size_t i = 0; i < SLOTS; i++) {
        const uint8_t b = i < payload.len ? payload.bytes[i] : 4;
        member[i] = (struct assay_registry_member){
            .standing = (enum assay_registry_standing)(b % 5),
            .score_bp = b,
            .certified = b < 128,
            .failed = b % 16 == 15,
            .renewed = b % 32 == 31,
            .operator_ = (uint8_t)i,
        };
    }
    epoch++;
    assay_registry_close_epoch(r, epoch, member, SLOTS, facts, NULL, NULL);
}

static void step(uint8_t kind, uint8_t slot, struct assay_slice payload)
{
    uint8_t node[32];
    const enum assay_service_kind of = (enum assay_service_kind)kind;
    if (kind == 0) {
        close_epoch(payload);
        return;
    }
    const enum assay_status status =
        assay_registry_check_record(&world.plan, world.chain_id, of, payload);
    if (status != ASSAY_OK && status != ASSAY_E_SIGNATURE) return;
    kit_bytes('D', slot, node); /* as registry_world_record has it */
    ASSAY_ASSERT(assay_registry_apply(r, slot, node, of, payload, facts) != NULL);
}

static void write_and_read(void)
{
    struct registry_documents documents;
    registry_documents_of(&world, r, &documents);
    ASSAY_ASSERT(registry_documents_read(&documents, 0, read_again) == ASSAY_OK);
    if (epoch > 0) assay_registry_set_standing(read_again, epoch, member, SLOTS);
    assay_registry_check(read_again);
    registry_documents_free(&documents);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_slice payload;
    uint8_t kind = 0, slot = 0;
    uint16_t each = 0;
    once();
    epoch = 0;
    assay_registry_copy(r, genesis);
    while (assay_cursor_u8(&in, &kind) == ASSAY_OK && assay_cursor_u8(&in, &slot) == ASSAY_OK &&
           assay_cursor_u16be(&in, &each) == ASSAY_OK &&
           assay_cursor_slice(&in, each, &payload) == ASSAY_OK)
        step(kind, slot, payload);
    assay_registry_check(r);
    write_and_read();
    return 0;
}
