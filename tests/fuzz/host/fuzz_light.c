/*
 * tests/fuzz/host/fuzz_light.c - a light client whose host supplies everything but the checkpoint
 * (docs/services.md 9).
 *
 * An input is parts, each after its length (u24, big-endian): the owner's key (64 bytes, or none),
 * a checkpoint, then calls: a byte that names the call, and its slices.
 */
#include "base/assert.h"
#include "base/cursor.h"
#include "host/light/light.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { CALLS_MAX = 64 };

static struct assay_light light, before;

static bool read_part(struct assay_cursor *c, struct assay_slice *part)
{
    const uint8_t *head = NULL, *body = NULL;
    if (assay_cursor_take(c, 3, &head) != ASSAY_OK) return false;
    const size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    if (assay_cursor_take(c, len, &body) != ASSAY_OK) return false;
    *part = assay_slice_over(body, len);
    return true;
}

static void check_table(const struct assay_light_table *table)
{
    uint64_t weight = 0;
    ASSAY_ASSERT(table->count > 0 && table->count <= ASSAY_LIGHT_VOTERS_MAX);
    for (uint32_t i = 0; i < table->count; i++) {
        ASSAY_ASSERT(table->voter[i].weight > 0);
        ASSAY_ASSERT(i == 0 || table->voter[i].slot > table->voter[i - 1].slot);
        weight += table->voter[i].weight;
        for (uint32_t j = 0; j < i; j++)
            ASSAY_ASSERT(!assay_bytes_equal(table->voter[i].key, table->voter[j].key,
                                            ASSAY_P256_PUBLIC_LEN));
    }
    ASSAY_ASSERT(weight <= table->total_weight);
}

static void check_unchanged(void)
{
    ASSAY_ASSERT(light.at.era == before.at.era && light.at.epoch == before.at.epoch);
    ASSAY_ASSERT(light.at.time_ms == before.at.time_ms);
    ASSAY_ASSERT(assay_bytes_equal(light.at.id, before.at.id, 32));
    ASSAY_ASSERT(assay_bytes_equal(light.at.roster_digest, before.at.roster_digest, 32));
    ASSAY_ASSERT(light.has_table == before.has_table && light.has_state == before.has_state);
    ASSAY_ASSERT(light.table.count == before.table.count);
    ASSAY_ASSERT(light.table.total_weight == before.table.total_weight);
}

static void check_call(enum assay_light_answer answer, bool advances)
{
    ASSAY_ASSERT(assay_light_text(answer) != NULL);
    ASSAY_ASSERT(assay_bytes_equal(light.at.chain_id, before.at.chain_id, 32));
    if (answer != ASSAY_LIGHT_TAKEN) {
        check_unchanged();
        return;
    }
    ASSAY_ASSERT(light.has_table);
    check_table(&light.table);
    if (!advances) return;
    ASSAY_ASSERT(light.at.time_ms > before.at.time_ms);
    ASSAY_ASSERT(light.at.era > before.at.era ||
                 (light.at.era == before.at.era && light.at.epoch > before.at.epoch));
}

static bool call(uint8_t which, struct assay_cursor *c)
{
    struct assay_light_epoch e;
    struct assay_slice signature;
    before = light;
    if (which % 3 == 0) {
        if (!read_part(c, &e.boundary) || !read_part(c, &e.rows)) return false;
        check_call(assay_light_take_base(&light, e.boundary, e.rows), false);
    } else if (which % 3 == 1) {
        if (!read_part(c, &e.boundary) || !read_part(c, &e.finality) || !read_part(c, &e.rows))
            return false;
        check_call(assay_light_take_epoch(&light, &e), true);
    } else {
        if (!read_part(c, &e.boundary) || !read_part(c, &signature) || !read_part(c, &e.rows) ||
            signature.len != ASSAY_P256_SIGNATURE_LEN)
            return false;
        check_call(assay_light_take_checkpoint(&light, e.boundary, signature.bytes, e.rows), true);
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct assay_cursor c = assay_cursor_over(bytes, len);
    struct assay_slice owner, encoded;
    struct assay_checkpoint checkpoint;
    const uint8_t *which = NULL;
    if (!read_part(&c, &owner) || !read_part(&c, &encoded)) return 0;
    if (assay_checkpoint_decode(encoded, &checkpoint) != ASSAY_OK) return 0;
    assay_light_init(&light, &checkpoint, owner.len == 64 ? owner.bytes : NULL);
    for (int i = 0; i < CALLS_MAX; i++)
        if (assay_cursor_take(&c, 1, &which) != ASSAY_OK || !call(*which, &c)) break;
    return 0;
}
