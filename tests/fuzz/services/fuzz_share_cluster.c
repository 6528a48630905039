/*
 * tests/fuzz/services/fuzz_share_cluster.c - fuzz target: the fold of shares under a script of
 * records. Each step is a byte (kind), one (member), two of length, and a payload. Every invariant
 * holds after each step.
 */
#include "base/assert.h"
#include "base/cursor.h"
#include "services/shares/cluster.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { IDS = 6, KINDS = 14, STEPS_MAX = 400 };

static struct assay_share_facts facts;

static void close_epoch(struct assay_share_registry *r, struct assay_slice bytes)
{
    enum assay_share_standing standing[ASSAY_SHARE_MEMBERS_MAX];
    uint16_t score[ASSAY_SHARE_MEMBERS_MAX];
    const uint32_t count = bytes.len < ASSAY_SHARE_MEMBERS_MAX ? (uint32_t)bytes.len
                                                               : ASSAY_SHARE_MEMBERS_MAX;
    for (uint32_t i = 0; i < count; i++) {
        standing[i] = (enum assay_share_standing)(bytes.bytes[i] % 4);
        score[i] = (uint16_t)(100 + i);
    }
    bool certified[ASSAY_SHARE_MEMBERS_MAX];
    for (uint32_t i = 0; i < count; i++)
        certified[i] = (bytes.bytes[i] & 4) == 0;
    assay_share_registry_set_certified(r, certified, count);
    assay_share_registry_close_epoch(r, r->epoch + 1, standing, score, count, &facts);
}

/* Of public attempts. Returns: false when it is another record's. */
static bool step_public(struct assay_share_registry *r, uint8_t kind, uint8_t member,
                        struct assay_slice bytes)
{
    static struct assay_share_key_record key;
    static struct assay_share_dealing_record dealing;
    static struct assay_share_dispute_record dispute;
    switch (kind % KINDS) {
    case 11:
        if (assay_share_key_record_decode(bytes, &key) == ASSAY_OK)
            (void)assay_share_registry_apply_key(r, member, &key, &facts);
        return true;
    case 12:
        if (assay_share_dealing_record_decode(bytes, &dealing) == ASSAY_OK)
            (void)assay_share_registry_apply_dealing(r, member, &dealing, &facts);
        return true;
    case 13:
        if (assay_share_dispute_record_decode(bytes, &dispute) == ASSAY_OK)
            (void)assay_share_registry_apply_dispute(r, member, &dispute, &facts);
        return true;
    default: return false;
    }
}

static void step(struct assay_share_registry *r, uint8_t kind, uint8_t member,
                 struct assay_slice bytes)
{
    static struct assay_share_holder_record holder;
    static struct assay_share_put_record put;
    static struct assay_share_delete_record delete;
    static struct assay_share_readers_record readers;
    static struct assay_share_list_record list;
    static struct assay_share_ready_record ready;
    static struct assay_share_read_record read;
    static struct assay_share_lie_record lie;
    static struct assay_share_sum_record sum;
    switch (step_public(r, kind, member, bytes) ? KINDS : kind % KINDS) {
    case KINDS: break;
    case 0:
        if (assay_share_holder_record_decode(bytes, &holder) == ASSAY_OK)
            (void)assay_share_registry_apply_holder(r, member, holder.node, &holder, &facts);
        break;
    case 1:
        if (assay_share_put_record_decode(bytes, &put) == ASSAY_OK)
            (void)assay_share_registry_apply_put(r, member, &put, &facts);
        break;
    case 2:
        if (assay_share_list_record_decode(bytes, &list) == ASSAY_OK)
            (void)assay_share_registry_apply_have(r, member, &list, &facts);
        break;
    case 3:
        if (assay_share_list_record_decode(bytes, &list) == ASSAY_OK)
            (void)assay_share_registry_apply_deal(r, member, &list, &facts);
        break;
    case 4:
        if (assay_share_ready_record_decode(bytes, &ready) == ASSAY_OK)
            (void)assay_share_registry_apply_ready(r, member, &ready, &facts);
        break;
    case 5:
        if (assay_share_lie_record_decode(bytes, &lie) == ASSAY_OK)
            (void)assay_share_registry_apply_lie(r, &lie, &facts);
        break;
    case 6: close_epoch(r, bytes); break;
    case 7:
        if (assay_share_sum_record_decode(bytes, &sum) == ASSAY_OK)
            (void)assay_share_registry_apply_sum(r, &sum, &facts);
        break;
    case 8:
        if (assay_share_delete_record_decode(bytes, &delete) == ASSAY_OK)
            (void)assay_share_registry_apply_delete(r, &delete, &facts);
        break;
    case 9:
        if (assay_share_readers_record_decode(bytes, &readers) == ASSAY_OK)
            (void)assay_share_registry_apply_readers(r, &readers, &facts);
        break;
    default:
        if (assay_share_read_record_decode(bytes, &read) == ASSAY_OK)
            (void)assay_share_registry_apply_read(r, &read, &facts);
        break;
    }
    ASSAY_ASSERT(facts.count <= ASSAY_SHARE_FACTS_MAX);
    assay_share_registry_check(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void *memory;
    const struct assay_share_config config = { .clusters = 1, .slots = 5, .k = 3,
                                               .confirmations = 4, .ids_max = IDS };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    if (memory == NULL) memory = malloc(assay_share_registry_size(IDS));
    ASSAY_ASSERT(memory != NULL);
    struct assay_share_registry *r =
        assay_share_registry_init(memory, assay_share_registry_size(IDS), &config);
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        uint8_t kind = 0, member = 0;
        uint16_t size = 0;
        struct assay_slice payload;
        if (assay_cursor_u8(&in, &kind) != ASSAY_OK || assay_cursor_u8(&in, &member) != ASSAY_OK ||
            assay_cursor_u16be(&in, &size) != ASSAY_OK)
            return 0;
        if (size > assay_cursor_left(&in)) size = (uint16_t)assay_cursor_left(&in);
        if (assay_cursor_slice(&in, size, &payload) != ASSAY_OK) return 0;
        step(r, kind, member, payload);
    }
    return 0;
}
