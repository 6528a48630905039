/*
 * quote/source/platform/platform_channel.h - frames between a SOFT platform and its enclave.
 *
 * A socket pair of sequenced packets; one packet is one frame, numbers are big-endian:
 *
 *     u8 version = 1 | u8 kind | u16 length of body | u32 id | body
 *
 * The enclave endorses the keys of its daemon by requesting the quote itself (docs/protocol.md
 * 2.2): the daemon proposes report_data, the enclave requests a quote over it from the platform,
 * and the platform quotes only for the enclave. An enclave that announced STATES receives the
 * fields of the statement instead, so that the one who has the workloads' keys hashes them. Either
 * side drops kinds that it does not know, so that builds before and after these kinds work
 * together.
 */
#ifndef ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_CHANNEL_H
#define ASSAY_QUOTE_SOURCE_PLATFORM_PLATFORM_CHANNEL_H

#include "base/bytes.h"

enum {
    ASSAY_CHANNEL_VERSION = 1,
    ASSAY_CHANNEL_FD = 3, /* where the enclave finds its end */
    ASSAY_CHANNEL_HEAD_LEN = 8,
    ASSAY_CHANNEL_STATEMENT_LEN = 240,
    ASSAY_CHANNEL_KEYS_MAX = 7681, /* ASSAY_DECLARED_KEYS_LEN_MAX of engine/ledger */
    ASSAY_CHANNEL_BODY_MAX = ASSAY_CHANNEL_KEYS_MAX,
    ASSAY_CHANNEL_FRAME_MAX = ASSAY_CHANNEL_HEAD_LEN + ASSAY_CHANNEL_BODY_MAX,
};

/* symbol, number, name, length of the body (of KEYS: the longest), sender */
#define ASSAY_CHANNEL_LIST(X)                                                                      \
    X(ASSAY_CHANNEL_PROPOSE, 1, "propose", 64)  /* platform: please vouch for this report_data */  \
    X(ASSAY_CHANNEL_MODE, 2, "mode", 1)         /* platform: serve like this from now on */        \
    X(ASSAY_CHANNEL_PING, 3, "ping", 0)         /* platform: are you there? */                     \
    X(ASSAY_CHANNEL_HELLO, 4, "hello", 0)       /* enclave: my service is open */                  \
    X(ASSAY_CHANNEL_QUOTE, 5, "quote", 64)      /* enclave: quote this; id of what it answers */   \
    X(ASSAY_CHANNEL_MODE_SET, 6, "mode_set", 1) /* enclave: I do; id of MODE */                    \
    X(ASSAY_CHANNEL_PONG, 7, "pong", 0)         /* enclave: id of PING */                          \
    X(ASSAY_CHANNEL_STATEMENT, 8, "statement", 240) /* platform: hash this, and have it quoted */  \
    X(ASSAY_CHANNEL_KEYS, 9, "keys", 7681)   /* enclave: my list; id of STATEMENT, before   \
                                                       its QUOTE */      \
    X(ASSAY_CHANNEL_STATES, 10, "states", 0) /* enclave, before HELLO: I take STATEMENT */

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
    uint32_t id;       /* of the question; its answer carries the same */
    uint16_t body_len; /* of KEYS; set by decode for all, and else not read */
    uint8_t body[ASSAY_CHANNEL_BODY_MAX];
};

/* Body of STATEMENT: what evidence of an epoch states (docs/protocol.md 2.11, docs/identity.md
 * 6.5). The enclave adds the root of the keys itself: keys_root is the one that the ledger names,
 * which it binds when all of these keys are registered with it. */
struct assay_channel_statement {
    uint32_t era, incarnation;
    uint64_t epoch;
    uint8_t chain_id[32], beacon[32], node_id[32];
    uint8_t voting_public[64], transport_public[32];
    uint8_t keys_root[32];
};
void assay_channel_statement_encode(const struct assay_channel_statement *statement,
                                    uint8_t body[static ASSAY_CHANNEL_STATEMENT_LEN]);
/* Of a decoded frame of that kind: every body is a statement. */
void assay_channel_statement_decode(const uint8_t body[static ASSAY_CHANNEL_STATEMENT_LEN],
                                    struct assay_channel_statement *statement);

/* Returns: the length of the longest body that a kind has; KEYS alone has shorter ones. */
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
