/*
 * engine/consensus/block.h - block headers, proposals, and the table of a node's blocks.
 *
 * docs/protocol.md 4.8 (kinds of blocks), 5.7 (what a proposal commits to). A block id is the
 * SHA-256 of the header; the header covers the body root, the state root and, through commitments,
 * the bitmaps of every certificate it relies on, never signature bytes. The leader signs the id.
 *
 * PROPOSAL payload: canonical CBOR [header bytes, signature (64), body bytes, nullifications]; the
 * body is a CBOR array of byte strings, each one record (engine/ledger/records/record.h);
 * nullifications are the commitments (32 bytes each, ascending views) under null_root: only names,
 * the certificates are objects of their own, or a proposal would outgrow the block limit after some
 * hundred nullified views. This payload is also what the store keeps.
 */
#ifndef ASSAY_ENGINE_CONSENSUS_BLOCK_H
#define ASSAY_ENGINE_CONSENSUS_BLOCK_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"

enum assay_block_kind {
    ASSAY_BLOCK_NORMAL = 1,
    ASSAY_BLOCK_ROLL = 2,
    ASSAY_BLOCK_EPOCH = 3, /* the last of its epoch */
    ASSAY_BLOCK_TAIL = 4, /* empty, below a notarised E of its own epoch; never part of the chain */
};

enum {
    ASSAY_MEMBERS_MAX = 1024, /* of a daemon; the engine's capacity is an init parameter */
    ASSAY_VOTERS_MAX = 100,   /* seats */
    ASSAY_BLOCK_HEADER_LEN_MAX = 512,
    ASSAY_BLOCK_LEN_MIN = 64 * 1024, /* body of a block: a record of 48 KiB must fit */
    ASSAY_BLOCK_LEN_MAX = 4 << 20,
    ASSAY_BLOCK_RECORDS_MAX = 4096,
    ASSAY_BLOCK_NULLS_MAX = 1024, /* nullifications that a proposal may name */
    ASSAY_RANGE_VIEWS =
        64, /* One certificate covers this number of views (docs/protocol.md 5.27), */
    ASSAY_RANGES_VIEWS = 64 * ASSAY_RANGE_VIEWS, /* or this number */
    ASSAY_PROPOSAL_OVERHEAD_MAX = ASSAY_BLOCK_HEADER_LEN_MAX + 32 * ASSAY_BLOCK_NULLS_MAX + 128,
    ASSAY_PROPOSAL_HEAD_LEN_MAX = ASSAY_BLOCK_HEADER_LEN_MAX + 80,
};

/* Views and epochs are counted, never hashed: above this nothing honest exists, and sums of a few
 * of them cannot wrap. */
#define ASSAY_COUNT_MAX (UINT64_MAX / 16)

/* ["assay/block/v1", chain_id, era, epoch, view, height, kind, parent_id, parent_view,
 *  parent_proof, null_count, null_root, time_ms, record_count, body_root, state_root, leader] */
struct assay_block_header {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint64_t view;   /* from 1 in each epoch */
    uint64_t height; /* genesis 0; a tail has the height of its E */
    enum assay_block_kind kind;
    uint8_t parent_id[32];
    uint64_t parent_view;     /* 0: the parent is the final E of the epoch before (or genesis) */
    uint8_t parent_proof[32]; /* commitment of the parent's notarisation certificate; with
                                 parent_view 0 that of E's final certificate (zero for genesis) */
    uint32_t null_count;      /* nullification certificates, of views or ranges, for each view
                                 between: none where there is none, at most one a view */
    uint8_t null_root[32];    /* Merkle root over their commitments, ascending views */
    uint64_t time_ms;         /* Unix ms */
    uint32_t record_count;
    uint8_t body_root[32];  /* Merkle root over the records */
    uint8_t state_root[32]; /* after this block: moves in EPOCH blocks only */
    uint16_t leader;
};

/* Never more than ASSAY_BLOCK_HEADER_LEN_MAX bytes (w sets full when short). */
void assay_block_header_encode(const struct assay_block_header *header, struct assay_writer *w);
/*
 * Shape only: the null count must fit the views, the kind must be known.
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *          ASSAY_E_RANGE | ASSAY_E_UNSUPPORTED
 */
ASSAY_CHECKED enum assay_status assay_block_header_decode(struct assay_slice bytes,
                                                          struct assay_block_header *header);
void assay_block_id(struct assay_slice header_bytes, uint8_t id[static 32]);

/* A proposal taken apart; slices borrow from the payload. */
struct assay_proposal {
    struct assay_slice header_bytes;
    struct assay_block_header header;
    uint8_t id[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_slice body;
    struct assay_slice nulls; /* 32 * null_count bytes */
};

/*
 * Checks shape, the record count, the body root and the root of the nullifications; neither
 * signature nor rules.
 * Returns: as assay_block_header_decode | ASSAY_E_INVALID (a count or a root differs)
 */
ASSAY_CHECKED enum assay_status assay_proposal_decode(struct assay_slice payload,
                                                      struct assay_proposal *proposal);
/*
 * With a zero signature when signature is NULL; *signature_at (optional) is the offset of the 64
 * bytes.
 * Returns: ASSAY_OK and the payload in w | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_proposal_encode(struct assay_slice header_bytes,
                                                      const uint8_t *signature,
                                                      struct assay_slice body,
                                                      struct assay_slice nulls,
                                                      struct assay_writer *w, size_t *signature_at);
/*
 * The head of a proposal, [header bytes, signature]: two of them convict a leader (E4).
 * Returns: as assay_block_header_decode; proposal->body and nulls are empty
 */
ASSAY_CHECKED enum assay_status assay_proposal_head_decode(struct assay_slice bytes,
                                                           struct assay_proposal *proposal);
/* At most ASSAY_PROPOSAL_HEAD_LEN_MAX bytes. */
void assay_proposal_head_encode(struct assay_slice header_bytes,
                                const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                                struct assay_writer *w);

/*
 * Walk the records of a body: assay_body_open reads the array head and leaves *c at the first
 * record; after count calls of assay_body_next the caller calls assay_cursor_end.
 * Returns: ASSAY_OK | ASSAY_CLASS_INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_body_open(struct assay_slice body, struct assay_cursor *c,
                                                uint64_t *count);
ASSAY_CHECKED enum assay_status assay_body_next(struct assay_cursor *c, struct assay_slice *record);
/* Count and Merkle root of a body. Returns: ASSAY_OK | ASSAY_CLASS_INPUT statuses */
ASSAY_CHECKED enum assay_status assay_body_root(struct assay_slice body, uint32_t *count,
                                                uint8_t root[static 32]);

/* One block of the table. Slices point into its payload, in memory of the table. */
struct assay_block {
    bool used;
    bool notarised; /* its certificate is stored */
    bool final;     /* handed out as final, or an ancestor of such a one */
    bool stored;    /* its payload was handed out to be persisted */
    bool pinned;    /* an action of this step points to its payload */
    bool check_asked, checked_valid, checked_invalid; /* the ledger's answer; neither: pending */
    struct assay_block_header header;
    uint64_t held_ms; /* monotonic: when it was stored, in this run of the process */
    uint8_t id[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t *payload; /* the PROPOSAL payload as received */
    size_t payload_len;
    struct assay_slice header_bytes, body, nulls;
};

/* The table: a fixed number of slots of fixed size, in the caller's memory. The payload area is not
 * touched before it is used, so a table costs only its contents. */
struct assay_blocks;
/* Returns: bytes of memory for count blocks with bodies up to block_len_max; a multiple of 64. */
size_t assay_blocks_size(uint32_t count, uint32_t block_len_max);
/* memory is aligned to 64, memory_len >= assay_blocks_size (both asserted). Returns: the table. */
struct assay_blocks *assay_blocks_init(void *memory, size_t memory_len, uint32_t count,
                                       uint32_t block_len_max);
/* Returns: the block or NULL. */
struct assay_block *assay_blocks_find(struct assay_blocks *blocks, const uint8_t id[static 32]);
const struct assay_block *assay_blocks_find_const(const struct assay_blocks *blocks,
                                                  const uint8_t id[static 32]);
/* Returns: the i-th slot, i < assay_blocks_count (asserted); it may be unused. */
struct assay_block *assay_blocks_at(struct assay_blocks *blocks, uint32_t i);
/* Returns: the number of slots. */
uint32_t assay_blocks_count(const struct assay_blocks *blocks);
/* Returns: the largest body it takes. */
uint32_t assay_blocks_body_max(const struct assay_blocks *blocks);
/*
 * Copies the payload in.
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (stored already; *out is it) | ASSAY_E_FULL (no slot) |
 *          ASSAY_E_RANGE (larger than a slot) | the statuses of assay_proposal_decode
 */
ASSAY_CHECKED enum assay_status assay_blocks_add(struct assay_blocks *blocks,
                                                 struct assay_slice payload,
                                                 struct assay_block **out);
/* The same for a payload that was decoded into *proposal. Returns: as assay_blocks_add */
ASSAY_CHECKED enum assay_status assay_blocks_add_decoded(struct assay_blocks *blocks,
                                                         struct assay_slice payload,
                                                         const struct assay_proposal *proposal,
                                                         struct assay_block **out);
/* Forget one block of the table. */
void assay_blocks_remove(struct assay_blocks *blocks, struct assay_block *block);
/* Forget every block that keep() does not want. */
void assay_blocks_sweep(struct assay_blocks *blocks,
                        bool (*keep)(const struct assay_block *block, const void *context),
                        const void *context);

#endif
