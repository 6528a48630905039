/*
 * quote/source/platform/platform_channel.h - frames between a SOFT platform and its enclave.
 *
 * A socket pair of sequenced packets; one packet is one frame, numbers are big-endian:
 *
 *     u8 version = 1 | u8 kind | u16 length of body | u32 id | body
 *
 * The enclave endorses the keys of its daemon by requesting the quote itself (docs/protocol.md
 * 2.2): the daemon proposes report_data, the enclave requests a quote over it from the platform,
 * and the platform quotes only for the enclave.
 */
#ifndef ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_CHANNEL_H
#define ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_CHANNEL_H

#include "base/bytes.h"

enum {
    ASSAY_CHANNEL_VERSION = 1,
    ASSAY_CHANNEL_FD = 3, /* where the enclave finds its end */
    ASSAY_CHANNEL_HEAD_LEN = 8,
    ASSAY_CHANNEL_BODY_MAX = 64,
    ASSAY_CHANNEL_FRAME_MAX = 72,
};

/* symbol, number, name, length of the body, sender */
#define ASSAY_CHANNEL_LIST(X)                                                                      \
    X(ASSAY_CHANNEL_PROPOSE, 1, "propose", 64)  /* platform: please vouch for this report_data */  \
    X(ASSAY_CHANNEL_MODE, 2, "mode", 1)         /* platform: serve like this from now on */        \
    X(ASSAY_CHANNEL_PING, 3, "ping", 0)         /* platform: are you there? */                     \
    X(ASSAY_CHANNEL_HELLO, 4, "hello", 0)       /* enclave: my service is open */                  \
    X(ASSAY_CHANNEL_QUOTE, 5, "quote", 64)      /* enclave: quote me over this; id of PROPOSE */   \
    X(ASSAY_CHANNEL_MODE_SET, 6, "mode_set", 1) /* enclave: I do; id of MODE */                    \
    X(ASSAY_CHANNEL_PONG, 7, "pong", 0)         /* enclave: id of PING */

#define ASSAY_CHANNEL_ENUM(symbol, number, name, len) symbol = number,
enum assay_channel_kind { ASSAY_CHANNEL_LIST(ASSAY_CHANNEL_ENUM) };
#undef ASSAY_CHANNEL_ENUM

/* Body of MODE and MODE_SET. */
enum assay_channel_mode {
    ASSAY_CHANNEL_MODE_FULL = 1,
    ASSAY_CHANNEL_MODE_RESTRICTED = 2, /* critical work is refused */
    ASSAY_CHANNEL_MODE_SUSPENDED = 3,  /* all work is refused */
};

struct assay_channel_frame {
    enum assay_channel_kind kind;
    uint32_t id; /* of the question; its answer carries the same */
    uint8_t body[ASSAY_CHANNEL_BODY_MAX];
};

/* Returns: the length of the body that a kind has. */
size_t assay_channel_body_len(enum assay_channel_kind kind);
/* Returns: the number of bytes written to frame. */
size_t assay_channel_encode(const struct assay_channel_frame *in,
                            uint8_t frame[static ASSAY_CHANNEL_FRAME_MAX]);
/*
 * assay_channel_decode - one packet, hostile.
 * Out:     *out, written only on ASSAY_OK; the body beyond its length is zero
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_UNSUPPORTED (version, kind) |
 *          ASSAY_E_RANGE (length of the body, mode)
 */
ASSAY_CHECKED enum assay_status assay_channel_decode(const uint8_t *bytes, size_t len,
                                                     struct assay_channel_frame *out);

#endif
