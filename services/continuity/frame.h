/*
 * services/continuity/frame.h - frames between enclaves and replicas (docs/services.md 1).
 *
 * A frame is fixed and big-endian: version, kind, group, view, then the fields of its kind in the
 * order of struct assay_cont_frame; one meaning has one encoding. Frames travel between CURVE keys
 * that are on the ledger: the link authenticates the sender, so frames of the hot path carry
 * neither a signature nor a MAC. A signature comes last, so that a host can sign the bytes that the
 * core has written.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_FRAME_H
#define ASSAY_SERVICES_CONTINUITY_FRAME_H

#include "services/continuity/handover.h"

/* Wire values: never reused. */
enum assay_cont_kind {
    ASSAY_CONT_OPEN = 1,      /* enclave: a session starts. instance session nonce */
    ASSAY_CONT_OPENED = 2,    /* replica: promised. instance session nonce writer index digest */
    ASSAY_CONT_ADOPT = 3,     /* enclave: adopts this state. instance session index digest */
    ASSAY_CONT_UPDATE = 4,    /* enclave: states. instance session index prev digests; index is
                                 that of the first digest */
    ASSAY_CONT_ACK = 5,       /* replica: stored. instance session index digest */
    ASSAY_CONT_CONFIRM = 6,   /* enclave: is this the newest session? instance session nonce */
    ASSAY_CONT_CONFIRMED = 7, /* replica: it is. instance session nonce */
    ASSAY_CONT_RECEIPT = 8,   /* enclave: requests a signature of its entry. instance session nonce;
                               * 9 was its answer with a signature of its own */
    ASSAY_CONT_REFUSED = 10,  /* replica: refused. instance session reason value */
    ASSAY_CONT_FIN = 11,      /* replica: my last table of `base`, which `view` follows. base root
                                 entries signature */
    ASSAY_CONT_PAGE_GET = 12, /* replica. root page */
    ASSAY_CONT_PAGE = 13,     /* replica. root page list */
    ASSAY_CONT_VOUCH = 14,    /* replica: the table that `view` may start from. base root entries
                               * mask signature */
    ASSAY_CONT_ROOT = 15,     /* replica, to itself: signs receipts. root entries signature */
    ASSAY_CONT_SIGNED = 16,   /* replica. instance session nonce promised writer index digest place
                                 signature */
    ASSAY_CONT_PING = 17,     /* replica: keep-alive */
    ASSAY_CONT_HANDOVER_GET = 18, /* enclave: which view followed `view`? instance session */
    ASSAY_CONT_HANDOVER = 19,     /* replica: the answer. instance session bytes (handover.h);
                                   * `view` is the requested one */
};

enum assay_cont_reason {
    ASSAY_CONT_FENCED = 1,    /* a newer session runs; value: its number */
    ASSAY_CONT_VIEW = 2,      /* another view is served; value: its number */
    ASSAY_CONT_GAP = 3,       /* this replica lags; value: the index that it has */
    ASSAY_CONT_SUSPENDED = 4, /* the session's author is suspended */
    ASSAY_CONT_UNKNOWN = 5,   /* the session is not final here yet; value: the last final one */
    ASSAY_CONT_HALTED = 6,    /* the group's quorum is lost */
    ASSAY_CONT_IS_RETIRED = 7, /* the instance is retired */
};

struct assay_cont_frame {
    enum assay_cont_kind kind;
    uint32_t group;
    uint64_t view;
    uint8_t instance[32];
    uint64_t session; /* from 1 */
    uint8_t nonce[32];
    enum assay_cont_reason reason;
    uint64_t value;
    uint64_t promised;
    uint64_t writer;
    uint64_t index;
    uint8_t digest[32];
    uint8_t prev[32];
    uint64_t base; /* view */
    uint8_t root[32];
    uint32_t entries; /* of the complete table */
    uint8_t mask;     /* seats of the base view whose tables were joined */
    uint32_t page;
    uint32_t count;          /* digests or entries that follow */
    struct assay_slice list; /* borrowed: count digests, or count entries; of HANDOVER its bytes */
    struct assay_cont_place place;
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

enum {
    ASSAY_CONT_FRAME_MAX = 14 + 32 + 4 + 2 + ASSAY_CONT_PAGE_ENTRIES * ASSAY_CONT_ENTRY_LEN,
};

/*
 * assay_cont_frame_encode - encodes a frame.
 * In:      f: only the fields of its kind are read; they are within their ranges (asserted)
 * Returns: ASSAY_OK and *out, borrowed from bytes | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_cont_frame_encode(const struct assay_cont_frame *f,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);
/*
 * assay_cont_frame_decode - decodes a frame from a hostile network.
 * Out:     *f, written only on ASSAY_OK; its list points into bytes. Fields of other kinds are zero
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (version, kind) | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING |
 *          ASSAY_E_RANGE (session 0, counts, indices that wrap, an unknown reason) |
 *          ASSAY_E_INVALID (an invalid entry) | ASSAY_E_ENCODING (entries out of order)
 */
ASSAY_CHECKED enum assay_status assay_cont_frame_decode(struct assay_slice bytes,
                                                        struct assay_cont_frame *f);
/* Returns: digest i of an UPDATE, borrowed; i < f->count (asserted). */
const uint8_t *assay_cont_frame_digest(const struct assay_cont_frame *f, uint32_t i);
/* Returns: entry i of a PAGE; i < f->count (asserted). */
struct assay_cont_entry assay_cont_frame_entry(const struct assay_cont_frame *f, uint32_t i);

#endif
