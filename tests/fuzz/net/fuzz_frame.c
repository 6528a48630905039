/*
 * tests/fuzz/net/fuzz_frame.c - fuzz target: a frame from the wire, a batch of them, and every
 * payload that the host decodes itself.
 *
 * What decodes must encode to the same bytes; a frame of another chain never decodes.
 */
#include "base/assert.h"
#include "engine/consensus/vote.h"
#include "host/overlay/gossip.h"
#include "host/overlay/relay_tree.h"
#include "host/peers/wire.h"
#include "net/services/service_probe.h"
#include "net/timeline/history.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static const uint8_t chain[32] = { 'f', 'u', 'z', 'z', 'z', 'z', 'z', 'z' };
static uint8_t again[ASSAY_FRAME_LEN_MAX];

static void check_frame(struct assay_slice bytes)
{
    struct assay_frame frame;
    if (assay_frame_decode(chain, bytes, &frame) != ASSAY_OK) return;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    ASSAY_ASSERT(assay_frame_encode(chain, frame.kind, frame.payload, &w) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(bytes, assay_slice_over(again, w.len)));
}

/* Every frame lies in the batch, after the one before it; whole, they make the same batch. */
static void check_batch(struct assay_slice bytes)
{
    struct assay_batch batch = assay_batch_init(bytes);
    struct assay_writer w = assay_writer_over(again, sizeof again);
    const uint8_t *end = bytes.bytes;
    enum assay_status status = ASSAY_OK;
    if (bytes.len > ASSAY_FRAME_LEN_MAX || bytes.len == 0) return;
    while (!assay_batch_is_empty(&batch)) {
        struct assay_slice frame;
        status = assay_batch_next(&batch, &frame);
        if (status != ASSAY_OK) break;
        ASSAY_ASSERT(frame.bytes >= end && frame.bytes + frame.len <= bytes.bytes + bytes.len);
        end = frame.bytes + frame.len;
        if (bytes.bytes[0] == ASSAY_BATCH_VERSION)
            ASSAY_ASSERT(assay_batch_add(&w, frame) == ASSAY_OK);
    }
    ASSAY_ASSERT(assay_batch_is_empty(&batch) && batch.count <= ASSAY_BATCH_FRAMES_MAX + 1);
    if (status == ASSAY_OK && bytes.bytes[0] == ASSAY_BATCH_VERSION)
        ASSAY_ASSERT(assay_slice_equal(bytes, assay_slice_over(again, w.len)));
}

static void check_service(struct assay_slice bytes)
{
    struct assay_service_probe_answer answer;
    uint64_t ticket = 0;
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_service_probe_answer_decode(bytes, &answer) == ASSAY_OK) {
        assay_service_probe_answer_encode(&answer, &w);
        ASSAY_ASSERT(assay_slice_equal(bytes, assay_slice_over(again, w.len)));
    }
    w = assay_writer_over(again, sizeof again);
    if (assay_service_probe_request_decode(bytes, &ticket) == ASSAY_OK) {
        assay_service_probe_request_encode(ticket, &w);
        ASSAY_ASSERT(assay_slice_equal(bytes, assay_slice_over(again, w.len)));
    }
    w = assay_writer_over(again, sizeof again);
    if (assay_pull_decode(bytes, digest) == ASSAY_OK) {
        assay_pull_encode(digest, &w);
        ASSAY_ASSERT(assay_slice_equal(bytes, assay_slice_over(again, w.len)));
    }
}

/* Owner of a message, decoded before any part of it is verified. */
static void check_source(struct assay_slice bytes)
{
    static _Alignas(64) uint8_t memory[1 << 16];
    const struct assay_relay_tree_config config = { .capacity = 100, .epoch_ms = 1000 };
    struct assay_vote vote;
    ASSAY_ASSERT(assay_relay_tree_size(config.capacity) <= sizeof memory);
    const struct assay_relay_tree *routes = assay_relay_tree_init(memory, &config);
    const uint16_t of_vote = assay_relay_tree_source(routes, NULL, ASSAY_MESSAGE_VOTE, bytes);
    const uint16_t of_proposal =
        assay_relay_tree_source(routes, NULL, ASSAY_MESSAGE_PROPOSAL, bytes);
    ASSAY_ASSERT(of_vote < 100 || of_vote == ASSAY_SLOT_ALL);
    ASSAY_ASSERT(of_proposal < 100 || of_proposal == ASSAY_SLOT_ALL);
    if (assay_vote_decode(bytes, &vote) == ASSAY_OK)
        ASSAY_ASSERT(of_vote == (vote.slot < 100 ? vote.slot : (uint16_t)ASSAY_SLOT_ALL));
}

static void check_history(struct assay_slice bytes)
{
    struct assay_history_row row;
    struct assay_writer w = assay_writer_over(again, sizeof again);
    if (assay_history_decode(bytes, &row) != ASSAY_OK) return;
    ASSAY_ASSERT(assay_history_encode(&row, &w) == ASSAY_OK);
    const struct assay_slice now = assay_slice_over(again, w.len);
    /* A row in the previous format is encoded in the current one, and decodes to the same row. */
    static uint8_t once_more[sizeof again];
    struct assay_writer more = assay_writer_over(once_more, sizeof once_more);
    const bool of_today = now.len > 0 && bytes.bytes[0] == now.bytes[0];
    ASSAY_ASSERT(!of_today || assay_slice_equal(bytes, now));
    ASSAY_ASSERT(assay_history_decode(now, &row) == ASSAY_OK);
    ASSAY_ASSERT(assay_history_encode(&row, &more) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(now, assay_slice_over(once_more, more.len)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const struct assay_slice input = assay_slice_over(bytes, len);
    check_frame(input);
    check_batch(input);
    if (len <= ASSAY_FRAME_LEN_MAX) {
        check_service(input);
        check_source(input);
        check_history(input);
    }
    return 0;
}
