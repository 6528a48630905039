/*
 * engine/ledger/recover.h - FENCE, ANSWER and RECOVER: an era ends, the next one begins
 * (docs/protocol.md 9.11 to 9.18).
 *
 *   FENCE    ["assay/fence-signed/v1", body, signatures]: body is ["assay/fence/v1", chain_id, era,
 *            reason]
 *   ANSWER   ["assay/answer-signed/v1", body, identity key, signature]: body is
 *            ["assay/answer/v1", chain_id, era, fence digest, epoch, height, view, time_ms, id,
 *            state root, log is whole, F certificate or empty, [* [view, height, id]], keys or
 *            empty]
 *   KEYS     [node_id, voting key, transport key, signature by the identity key, by the voting key]
 *            over ["assay/recover-keys/v1", chain_id, era, node_id, voting key, transport key]
 *   RECOVER  ["assay/recover/v1", header, body, operators' document, signatures]: body is
 *            ["assay/recover-body/v1", CHANGE record without signatures or empty, [* KEYS]]
 *
 * Signatures are [operator id, signature], ids ascending; of FENCE over SHA-256(body), of RECOVER
 * over the block id. The block of a RECOVER is of kind EPOCH: one view above its parent, without
 * leader or certificate.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECOVER_H
#define ASSAY_ENGINE_LEDGER_RECOVER_H

#include "engine/ledger/fold.h"

enum {
    ASSAY_FENCE_REASON_MAX = 200,
    ASSAY_FENCE_LEN_MAX = 512 + ASSAY_OPERATORS_MAX * 104,
    ASSAY_RECOVER_KEYS_LEN = 1 + 34 + 66 + 34 + 66 + 66, /* of one KEYS */
    ASSAY_RECOVER_BODY_LEN_MAX = 64 * 1024,
    /* It stands in place of a finality proof, and travels in pages. */
    ASSAY_RECOVER_LEN_MAX = 128 * 1024,
    ASSAY_ANSWER_VOTES_MAX = 256, /* F above the head; more: the log is not called whole */
    ASSAY_ANSWER_LEN_MAX = ASSAY_CERTIFICATE_LEN_MAX + ASSAY_ANSWER_VOTES_MAX * 56 + 1024,
};

/* Signatures of operators behind a document; the encoded items borrow. */
struct assay_approval {
    uint32_t count;
    struct assay_slice items;
};
/* The next item. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_approval_next(struct assay_cursor *items,
                                                    uint8_t operator_id[static 32],
                                                    uint8_t signature[static 64]);
/* Are they good, and as many as the threshold of an operators' document (genesis.h)?
 * Returns: ASSAY_OK | ASSAY_E_STRANGER (no operator) | ASSAY_E_SIGNATURE (one is wrong, or too few)
 * | ASSAY_E_KEY | ASSAY_E_CRYPTO | INPUT statuses of the document */
ASSAY_CHECKED enum assay_status assay_approval_check(const struct assay_approval *approval,
                                                     struct assay_slice operators,
                                                     const uint8_t digest[static 32]);

/* --- FENCE */

struct assay_fence {
    uint8_t chain_id[32];
    uint32_t era; /* that ends */
    struct assay_slice reason;
    struct assay_slice body;
    uint8_t digest[32]; /* of the body: what is signed */
    struct assay_approval approval;
};
/* The body alone. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (reason) */
ASSAY_CHECKED enum assay_status assay_fence_body_encode(const uint8_t chain_id[static 32],
                                                        uint32_t era, struct assay_slice reason,
                                                        struct assay_writer *w);
/* Body and signatures, ids ascending. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_fence_encode(struct assay_slice body,
                                                   const uint8_t (*operator_ids)[32],
                                                   const uint8_t (*signatures)[64], uint32_t count,
                                                   struct assay_writer *w);
/* Shape; a draft without signatures is one. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_fence_decode(struct assay_slice bytes,
                                                   struct assay_fence *fence);

/* --- KEYS */

struct assay_recover_keys {
    uint8_t node_id[32], voting_public[ASSAY_P256_PUBLIC_LEN], transport_public[32];
    uint8_t identified[64], possessed[64]; /* signatures by the identity and by the voting key */
};
/* What both sign. Returns: nothing. */
void assay_recover_keys_digest(const uint8_t chain_id[static 32], uint32_t era,
                               const struct assay_recover_keys *keys, uint8_t digest[static 32]);
/* Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_recover_keys_check(
    const uint8_t chain_id[static 32], uint32_t era, const struct assay_recover_keys *keys,
    const uint8_t identity_public[static ASSAY_P256_PUBLIC_LEN]);

/* --- ANSWER */

/* F of one's own, above the final head. */
struct assay_answer_vote {
    uint64_t view, height; /* height 0: the block is not held any more */
    uint8_t id[32];
};
struct assay_answer_body {
    uint8_t chain_id[32], fence_digest[32];
    uint32_t era;
    uint64_t epoch; /* running */
    /* The final head; view 0: it is what closed the epoch before, or genesis. */
    uint64_t height, view, time_ms;
    uint8_t id[32], state_root[32];
    bool whole; /* the log: votes lists every F above the head */
    struct assay_slice certificate; /* F of the highest view of this epoch; empty: there is none */
    uint32_t vote_count;
    struct assay_answer_vote votes[ASSAY_ANSWER_VOTES_MAX];
    bool has_keys;
    struct assay_recover_keys keys; /* to be listed */
};
struct assay_answer_file {
    struct assay_answer_body about;
    struct assay_slice body;
    uint8_t digest[32];
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN], node_id[32], signature[64];
};
/* The body alone. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_answer_body_encode(const struct assay_answer_body *body,
                                                         struct assay_writer *w);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_answer_encode(
    struct assay_slice body, const uint8_t identity_public[static ASSAY_P256_PUBLIC_LEN],
    const uint8_t signature[static 64], struct assay_writer *w);
/* Shape, and the signatures by the keys that it names: whose they are is the caller's to know.
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY | ASSAY_E_CRYPTO | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_answer_decode(struct assay_slice bytes,
                                                    struct assay_answer_file *answer);

/* --- RECOVER */

struct assay_recover {
    struct assay_slice bytes; /* as a whole; what follows borrows from it */
    struct assay_slice header_bytes;
    struct assay_block_header header;
    uint8_t id[32];
    struct assay_slice body;
    struct assay_slice change; /* record; empty: no actions */
    uint32_t key_count;
    struct assay_cursor keys;
    struct assay_slice operators;
    struct assay_approval approval;
};

/* Does it stand in the place of a finality proof? Returns: whether it says to be one. */
bool assay_recover_is(struct assay_slice proof);
/* The body alone; keys ascend by node id. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_recover_body_encode(struct assay_slice change,
                                                          const struct assay_recover_keys *keys,
                                                          uint32_t count, struct assay_writer *w);
/* Shape of a body. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_recover_body_decode(struct assay_slice body,
                                                          struct assay_recover *recover);
/* Signatures as in a fence. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_recover_encode(
    struct assay_slice header, struct assay_slice body, struct assay_slice operators,
    const uint8_t (*operator_ids)[32], const uint8_t (*signatures)[64], uint32_t count,
    struct assay_writer *w);
/* Shape, and that header and body belong together; a draft without signatures is one.
 * Returns: ASSAY_OK | ASSAY_E_INVALID | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_recover_decode(struct assay_slice bytes,
                                                     struct assay_recover *recover);
/* The next of recover->keys. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_recover_keys_next(struct assay_cursor *c,
                                                        struct assay_recover_keys *keys);

/* Signed by the threshold of the operators whose document has this digest: what a state names.
 * Returns: as assay_approval_check | ASSAY_E_STRANGER (another document) */
ASSAY_CHECKED enum assay_status assay_recover_approved(const struct assay_recover *recover,
                                                       const uint8_t operators_digest[static 32]);

/* The header of a RECOVER with this body on top of a ledger; the state root is the caller's to fill
 * in. Returns: nothing. */
void assay_recover_header(const struct assay_state *state, const struct assay_ledger *ledger,
                          struct assay_slice body, uint64_t time_ms,
                          struct assay_block_header *header);
/* Is its header the one on top of this ledger, whose tip is its parent? Returns: ASSAY_OK |
 * ASSAY_E_CHAIN | ASSAY_E_INVALID, with *fault */
ASSAY_CHECKED enum assay_status assay_recover_follows(const struct assay_context *context,
                                                      const struct assay_ledger *ledger,
                                                      const struct assay_recover *recover,
                                                      struct assay_fault *fault);
/*
 * assay_recover_onto - the ledger as it closes by it: assay_close makes the state of it.
 *
 * Out:     *ledger, with recover borrowed; undefined unless ASSAY_OK (work on a copy); *fault
 * Returns: ASSAY_OK | ASSAY_E_INVALID | ASSAY_E_DUPLICATE (a key is another's) | ASSAY_E_SIGNATURE
 *          (of KEYS) | other INPUT statuses: what it wants cannot be done
 */
ASSAY_CHECKED enum assay_status assay_recover_onto(const struct assay_context *context,
                                                   struct assay_ledger *ledger,
                                                   const struct assay_recover *recover,
                                                   struct assay_fault *fault);

/* Names it as the block after which this is the state. Returns: nothing. */
void assay_recover_seal(const struct assay_recover *recover, struct assay_state *next);

#endif
