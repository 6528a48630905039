/*
 * tests/fuzz/services/fuzz_replica.c - fuzz target: a replica under a script of frames. Each step
 * is a byte (sender, tick), two of length, and a frame, whose group, view, instance and session are
 * corrected so that it passes the first checks. Every invariant holds after each step, and a
 * rejected frame does not change any message.
 */
#include "base/assert.h"
#include "base/cursor.h"
#include "services/continuity/replica.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

enum { INSTANCES = 4, SESSION_AT = 46, FRAME_HEAD = 54 };

static struct assay_cont_replica *fresh(void *memory)
{
    struct assay_cont_replica_config config = { .instances_max = INSTANCES, .key = { 1 } };
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_BORN };
    static struct assay_cont_effects effects;
    struct assay_cont_replica *r =
        assay_cont_replica_init(memory, assay_cont_replica_size(INSTANCES), &config);
    fact.roster.count = 3;
    for (uint8_t i = 0; i < 3; i++)
        fact.roster.key[i][0] = (uint8_t)(i + 1);
    assay_cont_replica_fact(r, &fact, 0, &effects);
    for (uint8_t i = 0; i < INSTANCES; i++) {
        fact = (struct assay_cont_fact){ .kind = ASSAY_CONT_SESSION, .session = 250 };
        fact.instance[0] = i;
        assay_cont_replica_fact(r, &fact, 0, &effects);
    }
    return r;
}

static void step(struct assay_cont_replica *r, uint8_t head, uint64_t now_ms,
                 struct assay_slice frame)
{
    static struct assay_cont_effects effects;
    static uint8_t copy[ASSAY_CONT_FRAME_MAX];
    struct assay_cont_from from = { .replica = head >> 7, .key = { head & 3 } };
    if (frame.len > sizeof copy) return;
    assay_bytes_copy(copy, sizeof copy, frame.bytes, frame.len);
    if (frame.len >= FRAME_HEAD && !from.replica) {
        copy[0] = 1;
        assay_bytes_zero(copy + 2, SESSION_AT + 7 - 2); /* group, view 0, instance, session */
        copy[14] = head % INSTANCES;
        from.instance[0] = head % INSTANCES;
        from.session = copy[SESSION_AT + 7];
    }
    const enum assay_status status = assay_cont_replica_frame(
        r, &from, assay_slice_over(copy, frame.len), now_ms, &effects);
    if (status != ASSAY_OK) ASSAY_ASSERT(effects.count == 0);
    assay_cont_replica_check(r);
    if ((head & 64) == 0) return;
    assay_cont_replica_tick(r, now_ms, &effects);
    assay_cont_replica_check(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static void *memory;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint64_t now_ms = 0;
    if (memory == NULL) memory = malloc(assay_cont_replica_size(INSTANCES));
    ASSAY_ASSERT(memory != NULL);
    struct assay_cont_replica *r = fresh(memory);
    for (;;) {
        uint8_t head = 0;
        uint16_t size = 0;
        struct assay_slice frame;
        if (assay_cursor_u8(&in, &head) != ASSAY_OK || assay_cursor_u16be(&in, &size) != ASSAY_OK)
            return 0;
        if (size > assay_cursor_left(&in)) size = (uint16_t)assay_cursor_left(&in);
        if (assay_cursor_slice(&in, size, &frame) != ASSAY_OK) return 0;
        step(r, head, ++now_ms, frame);
    }
}
