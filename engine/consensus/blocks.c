/*
 * engine/consensus/blocks.c - table of a node's blocks (engine/consensus/block.h).
 *
 * A fixed number of slots of fixed size: no message of a peer can make it grow. Simplex decides
 * which blocks to discard (simplex_final.c); this file only stores and finds them.
 */
#include "engine/consensus/block.h"

#include "base/assert.h"

/* Used slots by the first byte of their ids, which are hashes: a list for each byte. */
enum { BUCKETS = 256, NO_SLOT = UINT16_MAX };

struct assay_blocks {
    uint16_t first[BUCKETS]; /* of a list, or NO_SLOT */
    uint16_t *next;          /* [count] */
    uint32_t count;
    uint32_t body_max;
    size_t slot_len;
    struct assay_block *items; /* [count] */
    uint8_t *payloads;         /* [count][slot_len] */
};

enum { ALIGNMENT = 64 };

static size_t align_up(size_t len)
{
    return (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static size_t slot_len(uint32_t block_len_max)
{
    ASSAY_ASSERT(block_len_max <= ASSAY_BLOCK_LEN_MAX);
    return align_up((size_t)block_len_max + ASSAY_PROPOSAL_OVERHEAD_MAX);
}

/* Invariants of a stored block: it was decoded before it was added. */
static bool block_is_valid(const struct assay_blocks *blocks, const struct assay_block *block)
{
    if (!block->used) return block->payload_len == 0 && !block->pinned;
    if (block->payload_len == 0 || block->payload_len > blocks->slot_len) return false;
    if (block->body.len > blocks->body_max) return false;
    if (block->nulls.len != 32 * (size_t)block->header.null_count) return false;
    return !block->final || block->notarised;
}

size_t assay_blocks_size(uint32_t count, uint32_t block_len_max)
{
    ASSAY_ASSERT(count > 0 && count < NO_SLOT);
    ASSAY_ASSERT(block_len_max <= ASSAY_BLOCK_LEN_MAX);
    return align_up(sizeof(struct assay_blocks)) + align_up(count * sizeof(struct assay_block)) +
           align_up(count * sizeof(uint16_t)) + count * slot_len(block_len_max);
}

struct assay_blocks *assay_blocks_init(void *memory, size_t memory_len, uint32_t count,
                                       uint32_t block_len_max)
{
    ASSAY_ASSERT((uintptr_t)memory % ALIGNMENT == 0);
    ASSAY_ASSERT(memory_len >= assay_blocks_size(count, block_len_max));

    struct assay_blocks *blocks = memory;
    uint8_t *at = memory;
    at += align_up(sizeof *blocks);
    blocks->count = count;
    blocks->body_max = block_len_max;
    blocks->slot_len = slot_len(block_len_max);
    blocks->items = (void *)at;
    at += align_up(count * sizeof(struct assay_block));
    blocks->next = (void *)at;
    blocks->payloads = at + align_up(count * sizeof(uint16_t));
    assay_bytes_zero(blocks->items, count * sizeof(struct assay_block));
    for (uint32_t i = 0; i < count; i++)
        blocks->items[i].payload = blocks->payloads + i * blocks->slot_len;
    for (size_t i = 0; i < BUCKETS; i++)
        blocks->first[i] = NO_SLOT;
    ASSAY_ASSERT(at + align_up(count * sizeof(uint16_t)) + count * blocks->slot_len ==
                 (uint8_t *)memory + assay_blocks_size(count, block_len_max));
    return blocks;
}

uint32_t assay_blocks_count(const struct assay_blocks *blocks)
{
    return blocks->count;
}

uint32_t assay_blocks_body_max(const struct assay_blocks *blocks)
{
    return blocks->body_max;
}

struct assay_block *assay_blocks_at(struct assay_blocks *blocks, uint32_t i)
{
    ASSAY_ASSERT(i < blocks->count);
    return &blocks->items[i];
}

static uint32_t find_slot(const struct assay_blocks *blocks, const uint8_t id[static 32])
{
    uint16_t i = blocks->first[id[0]];
    while (i != NO_SLOT && !assay_bytes_equal(blocks->items[i].id, id, 32))
        i = blocks->next[i];
    ASSAY_ASSERT(i == NO_SLOT || (i < blocks->count && blocks->items[i].used));
    return i;
}

struct assay_block *assay_blocks_find(struct assay_blocks *blocks, const uint8_t id[static 32])
{
    const uint32_t i = find_slot(blocks, id);
    return i == NO_SLOT ? NULL : &blocks->items[i];
}

const struct assay_block *assay_blocks_find_const(const struct assay_blocks *blocks,
                                                  const uint8_t id[static 32])
{
    const uint32_t i = find_slot(blocks, id);
    return i == NO_SLOT ? NULL : &blocks->items[i];
}

static void link_slot(struct assay_blocks *blocks, const struct assay_block *block)
{
    ASSAY_ASSERT(block->used);
    const uint16_t i = (uint16_t)(block - blocks->items);
    blocks->next[i] = blocks->first[block->id[0]];
    blocks->first[block->id[0]] = i;
    ASSAY_ASSERT(find_slot(blocks, block->id) == i);
}

static void unlink_slot(struct assay_blocks *blocks, const struct assay_block *block)
{
    const uint16_t i = (uint16_t)(block - blocks->items);
    uint16_t *at = &blocks->first[block->id[0]];
    while (*at != i) {
        ASSAY_ASSERT(*at != NO_SLOT);
        at = &blocks->next[*at];
    }
    *at = blocks->next[i];
    ASSAY_ASSERT(find_slot(blocks, block->id) == NO_SLOT);
}

static struct assay_block *find_free_slot(struct assay_blocks *blocks)
{
    ASSAY_ASSERT(blocks->items != NULL);
    for (uint32_t i = 0; i < blocks->count; i++) {
        if (blocks->items[i].used) continue;
        ASSAY_ASSERT(block_is_valid(blocks, &blocks->items[i]));
        return &blocks->items[i];
    }
    return NULL;
}

/* A part of the payload as the same part of its copy. */
static struct assay_slice rebased(struct assay_slice part, struct assay_slice payload,
                                  const uint8_t *copy)
{
    ASSAY_ASSERT(part.bytes >= payload.bytes);
    const size_t at = (size_t)(part.bytes - payload.bytes);
    ASSAY_ASSERT(at <= payload.len && part.len <= payload.len - at);
    return assay_slice_over(copy + at, part.len);
}

enum assay_status assay_blocks_add_decoded(struct assay_blocks *blocks, struct assay_slice payload,
                                           const struct assay_proposal *proposal,
                                           struct assay_block **out)
{
    const struct assay_proposal *p = proposal;
    if (payload.len > blocks->slot_len || p->body.len > blocks->body_max) return ASSAY_E_RANGE;

    struct assay_block *held = assay_blocks_find(blocks, p->id);
    if (held != NULL) {
        ASSAY_ASSERT(block_is_valid(blocks, held));
        *out = held;
        return ASSAY_E_DUPLICATE;
    }
    struct assay_block *slot = find_free_slot(blocks);
    if (slot == NULL) return ASSAY_E_FULL;

    uint8_t *memory = slot->payload;
    assay_bytes_copy(memory, blocks->slot_len, payload.bytes, payload.len);
    *slot = (struct assay_block){ .used = true,
                                  .header = p->header,
                                  .payload = memory,
                                  .payload_len = payload.len,
                                  .header_bytes = rebased(p->header_bytes, payload, memory),
                                  .body = rebased(p->body, payload, memory),
                                  .nulls = rebased(p->nulls, payload, memory) };
    assay_bytes_copy(slot->id, sizeof slot->id, p->id, 32);
    link_slot(blocks, slot);
    assay_bytes_copy(slot->signature, sizeof slot->signature, p->signature, sizeof p->signature);
    *out = slot;
    ASSAY_ASSERT(block_is_valid(blocks, slot));
    return ASSAY_OK;
}

enum assay_status assay_blocks_add(struct assay_blocks *blocks, struct assay_slice payload,
                                   struct assay_block **out)
{
    struct assay_proposal p;
    if (payload.len > blocks->slot_len) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_proposal_decode(payload, &p));
    return assay_blocks_add_decoded(blocks, payload, &p, out);
}

void assay_blocks_remove(struct assay_blocks *blocks, struct assay_block *block)
{
    ASSAY_ASSERT(block >= blocks->items && block < blocks->items + blocks->count);
    ASSAY_ASSERT(block->used);
    ASSAY_ASSERT(!block->pinned && block_is_valid(blocks, block));
    unlink_slot(blocks, block);
    *block = (struct assay_block){ .payload = block->payload };
}

void assay_blocks_sweep(struct assay_blocks *blocks,
                        bool (*keep)(const struct assay_block *block, const void *context),
                        const void *context)
{
    for (uint32_t i = 0; i < blocks->count; i++) {
        struct assay_block *block = &blocks->items[i];
        if (block->used && !keep(block, context)) assay_blocks_remove(blocks, block);
    }
}
