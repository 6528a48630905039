/*
 * host/wire.h - the frame around every message between peers.
 *
 *     version u8 = 1 | chain tag 8 bytes | kind u16 big-endian | payload to the end
 *
 * The chain tag is the beginning of the chain id: it keeps networks apart that were given one
 * another's addresses; what is signed names the whole chain id. Kinds are engine/message.h. A
 * payload above ASSAY_PAGE_LEN travels as pages (host/page.h).
 */
#ifndef ASSAY_HOST_WIRE_H
#define ASSAY_HOST_WIRE_H

#include "base/writer.h"
#include "engine/message.h"

enum {
    ASSAY_WIRE_VERSION = 1,
    ASSAY_CHAIN_TAG_LEN = 8,
    ASSAY_FRAME_HEADER_LEN = 1 + ASSAY_CHAIN_TAG_LEN + 2,
    ASSAY_FRAME_LEN_MAX = 64 * 1024, /* ZMQ_MAXMSGSIZE is this and 33 for CURVE */
    ASSAY_PAGE_LEN = 48 * 1024,      /* the most that travels in one piece */
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

#endif
