/*
 * host/peers/wire.h - frame format of all messages between peers.
 *
 *     version u8 = 1 | chain tag 8 bytes | kind u16 big-endian | payload to the end
 *
 * The chain tag is the beginning of the chain id: it keeps networks apart that were given one
 * another's addresses; what is signed names the whole chain id. Kinds are
 * engine/messages/message.h. A payload above ASSAY_PAGE_LEN travels as pages (host/peers/page.h).
 *
 * What a node has for one peer after one commit travels as one batch, since a frame costs more than
 * what is in it (a call into the kernel and a wake-up on either side):
 *
 *     version u8 = 2 | then to the end: length u16 big-endian, a frame of that length
 */
#ifndef ASSAY_HOST_PEERS_WIRE_H
#define ASSAY_HOST_PEERS_WIRE_H

#include "base/writer.h"
#include "engine/messages/message.h"

#include <stdbool.h>

enum {
    ASSAY_WIRE_VERSION = 1,
    ASSAY_CHAIN_TAG_LEN = 8,
    ASSAY_FRAME_HEADER_LEN = 1 + ASSAY_CHAIN_TAG_LEN + 2,
    ASSAY_FRAME_LEN_MAX = 64 * 1024, /* ZMQ_MAXMSGSIZE is this and 33 for CURVE */
    ASSAY_PAGE_LEN = 48 * 1024,      /* the most that travels in one piece */
    ASSAY_BATCH_VERSION = 2,
    ASSAY_BATCH_HEADER_LEN = 1,
    ASSAY_BATCH_FRAMES_MAX = 256, /* as many as an outbox holds (net/zmq/outbox.h) */
};

struct assay_frame {
    enum assay_message_kind kind;
    enum assay_lane lane;
    struct assay_slice payload; /* borrowed */
};

/*
 * assay_frame_encode - header and payload into w.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (longer than a frame may be) | ASSAY_E_FULL (w is too small)
 */
ASSAY_CHECKED enum assay_status assay_frame_encode(const uint8_t chain_id[static 32],
                                                   enum assay_message_kind kind,
                                                   struct assay_slice payload,
                                                   struct assay_writer *w);
/*
 * assay_frame_decode - bytes from the wire, hostile.
 * Out:     *frame on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_RANGE (too long) | ASSAY_E_TRUNCATED | ASSAY_E_VERSION (another
 *          frame version) |
 *          ASSAY_E_CHAIN (another network) | ASSAY_E_UNSUPPORTED (no such kind)
 */
ASSAY_CHECKED enum assay_status assay_frame_decode(const uint8_t chain_id[static 32],
                                                   struct assay_slice bytes,
                                                   struct assay_frame *frame);

/*
 * assay_batch_add - one more frame into a batch; the first one writes the header, too.
 * In:      w holds the batch so far, over a buffer of at most ASSAY_FRAME_LEN_MAX
 * Returns: ASSAY_OK | ASSAY_E_FULL (it does not fit; what is in w stays as it was) |
 *          ASSAY_E_RANGE (no frame has this length)
 */
ASSAY_CHECKED enum assay_status assay_batch_add(struct assay_writer *w, struct assay_slice frame);

/* Iterator over received bytes: several frames, or one. All zero before its start. */
struct assay_batch {
    struct assay_slice bytes; /* borrowed */
    size_t at;
    uint32_t count; /* frames read so far */
};

/* bytes from the wire, hostile; even without a byte it is one frame, or one malformed batch.
 * Returns: the way before its first frame. */
struct assay_batch assay_batch_init(struct assay_slice bytes);
/* Returns: whether nothing is left. */
bool assay_batch_is_empty(const struct assay_batch *batch);
/*
 * assay_batch_next - the next frame, borrowed, itself hostile; whatever is no batch is one frame.
 * Only when not ended (asserted).
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED (no frame has this length, or fewer bytes are left) |
 *          ASSAY_E_RANGE (too many frames, or a batch in a batch). After these it is ended.
 */
ASSAY_CHECKED enum assay_status assay_batch_next(struct assay_batch *batch,
                                                 struct assay_slice *frame);

#endif
