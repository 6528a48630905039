/*
 * engine/ledger/records/recover.h - FENCE, ANSWER and RECOVER: an era ends, the next one begins
 * (docs/protocol.md 9.11 to 9.18).
 *
 *   FENCE    ["assay/fence-signed/v1", body, signatures]: body is ["assay/fence/v2", chain_id, era,
 *            operators' digest, id of the last final block that was known, last epoch, nonce,
 *            reason]
 *   ANSWER   ["assay/answer-signed/v1", core, rest, identity key, signature by it, signature by the
 *            voting key]: core is ["assay/answer/v1", chain_id, era, fence digest, node_id, epoch,
 *            height, view, time_ms, id, state root, log is whole, SHA-256(rest)], rest is
 *            [F certificate or empty, [* [view, height, id]], keys or empty]; both signatures are
 *            over SHA-256(core)
 *   KEYS     [node_id, voting key, transport key, signature by the identity key, by the voting key]
 *            over ["assay/recover-keys/v1", chain_id, era, node_id, voting key, transport key]
 *   RECOVER  ["assay/recover/v1", header, body, grounds, operators' document, signatures]: body is
 *            ["assay/recover-body/v1", CHANGE record without signatures or empty, [* KEYS]],
 *            grounds are ["assay/recover-grounds/v1", FENCE or empty, [* [core, signature by the
 *            identity key, by the voting key]]], cores ascending by node id
 *
 * Signatures are [operator id, signature], ids ascending; of FENCE over SHA-256(body), of RECOVER
 * over the block id. The block of a RECOVER is of kind EPOCH: one view above its parent, without
 * leader or certificate; the place of the parent's proof has SHA-256(grounds), so that the
 * signatures cover them.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_RECOVER_H
#define ASSAY_ENGINE_LEDGER_RECORDS_RECOVER_H

#include "engine/ledger/records/fault.h"
#include "engine/ledger/records/ledger.h"

enum {
    ASSAY_FENCE_REASON_MAX = 200,
    ASSAY_RECOVER_AHEAD_MS = 10 * 60 * 1000, /* of a date: docs/protocol.md 9.16.6 */
    ASSAY_FENCE_LEN_MAX = 512 + ASSAY_OPERATORS_MAX * 104,
    ASSAY_RECOVER_KEYS_LEN = 1 + 34 + 66 + 34 + 66 + 66, /* of one KEYS */
    ASSAY_RECOVER_BODY_LEN_MAX = 64 * 1024,
    /* It stands in place of a finality proof, and travels in pages: answers of more than a third of
     * 1024 members of one weight fit, whatever else is longest. */
    ASSAY_RECOVER_LEN_MAX = 320 * 1024,
    ASSAY_ANSWER_CORE_LEN_MAX = 320,
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
/* How many operators sign a RECOVER (docs/protocol.md 9.15.1): max(threshold, floor(2 n / 3) + 1).
 * Returns: at most count where 1 <= threshold <= count. */
uint32_t assay_recover_signers(uint32_t threshold, uint32_t count);
/* One signature. Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_recover_signed(
    const uint8_t key[static ASSAY_P256_PUBLIC_LEN], const uint8_t digest[static 32],
    const uint8_t signature[static 64]);

/* --- FENCE */

struct assay_fence {
    uint8_t chain_id[32];
    uint32_t era; /* that ends */
    uint8_t operators_digest[32]; /* whose threshold signs */
    uint8_t head_id[32];          /* the last final block that the drafting node knew */
    uint64_t last_epoch;          /* a node in a later one takes it no more (9.12.4) */
    uint8_t nonce[32];            /* two fences of one era are two */
    struct assay_slice reason;
    struct assay_slice body;
    uint8_t digest[32]; /* of the body: what is signed, and the fence's id */
    struct assay_approval approval;
};
/* The body alone, of the fields above it. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (reason)
 */
ASSAY_CHECKED enum assay_status assay_fence_body_encode(const struct assay_fence *fence,
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
/* What both sign. */
void assay_recover_keys_digest(const uint8_t chain_id[static 32], uint32_t era,
                               const struct assay_recover_keys *keys, uint8_t digest[static 32]);
/* The item of an array, with its signatures. */
void assay_recover_keys_put(struct assay_writer *w, const struct assay_recover_keys *keys);
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
    /* The core: what a RECOVER carries. */
    uint8_t chain_id[32], fence_digest[32], node_id[32];
    uint32_t era;
    uint64_t epoch; /* running */
    /* The final head; view 0: it is what closed the epoch before, or genesis. */
    uint64_t height, view, time_ms;
    uint8_t id[32], state_root[32];
    bool whole; /* the log: votes lists every F above the head */
    /* The rest, of which the core has the digest. */
    struct assay_slice certificate; /* F of the highest view of this epoch; empty: there is none */
    uint32_t vote_count;
    struct assay_answer_vote votes[ASSAY_ANSWER_VOTES_MAX];
    bool has_keys;
    struct assay_recover_keys keys; /* to be listed */
};
struct assay_answer_file {
    struct assay_answer_body about;
    struct assay_slice core, rest;
    uint8_t digest[32]; /* of the core: what is signed */
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t identified[64], voted[64]; /* signatures by the identity and by the voting key */
};
/* The rest, then the core with its digest. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_answer_body_encode(const struct assay_answer_body *body,
                                                         struct assay_writer *rest,
                                                         struct assay_writer *core);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_answer_encode(
    struct assay_slice core, struct assay_slice rest,
    const uint8_t identity_public[static ASSAY_P256_PUBLIC_LEN],
    const uint8_t identified[static 64], const uint8_t voted[static 64], struct assay_writer *w);
/* Shape, and the signature by the identity key that it names. A caller that knows the member's keys
 * compares that key (docs/protocol.md 9.6.8: the node id does not tell it), and checks the
 * signature by the voting key (assay_recover_signed over digest).
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
    struct assay_slice grounds;
    struct assay_slice operators;
    struct assay_approval approval;
};

/* FENCE and ANSWERs, ascending by node id; both empty: for manual acceptance alone.
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE (order) */
ASSAY_CHECKED enum assay_status assay_recover_grounds_encode(
    struct assay_slice fence, const struct assay_answer_file *const *answers, uint32_t count,
    struct assay_writer *w);
/* What the answers of a RECOVER weigh, by members' weights in the table at its parent. */
struct assay_recover_weight {
    uint64_t total;
    uint64_t answered; /* both keys of the member have signed an answer to the fence */
    uint64_t whole;    /* ... and it says that its log is whole */
    bool has_head;     /* one of these answers names the parent as its final head */
    uint8_t fence_digest[32]; /* that they answer; zero where the grounds are empty */
};
/* Enough that a member takes it without a manual decision: more than a third, and the parent is the
 * head of one. Returns: whether so. */
bool assay_recover_is_grounded(const struct assay_recover_weight *weight);
/* More than two thirds with whole logs. Returns: whether so; the F that they show are in their
 * answers alone (host/recovery.h). */
bool assay_recover_is_complete(const struct assay_recover_weight *weight);
/* Author of an answer. */
struct assay_recover_voter {
    const uint8_t *identity_public; /* [64]; NULL: not known, its signature is not checked */
    const uint8_t *voting_public;   /* [64]; NULL: a row without a key, of no weight here */
    uint64_t weight;
};
/* The table at the parent of a RECOVER. Pointers are borrowed. */
struct assay_recover_table {
    uint32_t era;
    const uint8_t *chain_id, *operators_digest; /* [32] */
    uint64_t total_weight;
    const void *context;
    /* Returns: whether there is such a member, and *voter. */
    bool (*find)(const void *context, const uint8_t node_id[static 32],
                 struct assay_recover_voter *voter);
};
/* Of a state after the epoch before the one that a RECOVER closes: members with their weights,
 * whoever represents them (docs/protocol.md 9.14). */
void assay_recover_table_of(const struct assay_state *state, struct assay_recover_table *table);
/*
 * assay_recover_compute_weight - verify the grounds of a RECOVER (docs/protocol.md 9.15).
 *
 * Out:     *weight, zero where the grounds are empty
 * Returns: ASSAY_OK | ASSAY_E_INVALID (of another fence, era or member) | ASSAY_E_SIGNATURE | other
 *          INPUT statuses | ASSAY_E_CRYPTO
 * Cost:    two signatures an answer; check the operators' first
 */
ASSAY_CHECKED enum assay_status assay_recover_compute_weight(
    const struct assay_recover *recover, const struct assay_recover_table *table,
    struct assay_recover_weight *weight);

/* --- what an operator gives to its own node */

/* RELEASE: a FENCE of operators who were replaced since holds no more, also for a node that has
 * answered it (docs/protocol.md 9.12.3). ["assay/release-signed/v1", body, signatures]: body is
 * ["assay/release/v1", chain_id, era, fence id, operators' digest] */
struct assay_release {
    uint8_t chain_id[32], fence_digest[32], operators_digest[32];
    uint32_t era;
    struct assay_slice body;
    uint8_t digest[32];
    struct assay_approval approval;
};
/* Returns: whether it says to be a RELEASE. */
bool assay_release_is(struct assay_slice bytes);
/* The body alone. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_release_body_encode(const struct assay_release *release,
                                                          struct assay_writer *w);
/* Body and signatures, ids ascending. Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_release_encode(struct assay_slice body,
                                                     const uint8_t (*operator_ids)[32],
                                                     const uint8_t (*signatures)[64],
                                                     uint32_t count, struct assay_writer *w);
/* Shape. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_release_decode(struct assay_slice bytes,
                                                     struct assay_release *release);

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
    struct assay_slice header, struct assay_slice body, struct assay_slice grounds,
    struct assay_slice operators, const uint8_t (*operator_ids)[32],
    const uint8_t (*signatures)[64], uint32_t count, struct assay_writer *w);
/* Shape, and that header, body and grounds belong together; a draft without signatures is one.
 * Returns: ASSAY_OK | ASSAY_E_INVALID | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_recover_decode(struct assay_slice bytes,
                                                     struct assay_recover *recover);
/* The next of recover->keys. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_recover_keys_next(struct assay_cursor *c,
                                                        struct assay_recover_keys *keys);

/* Signed by assay_recover_signers of the operators whose document has this digest: what a state
 * names. Returns: as assay_approval_check | ASSAY_E_STRANGER (another document) */
ASSAY_CHECKED enum assay_status assay_recover_approved(const struct assay_recover *recover,
                                                       const uint8_t operators_digest[static 32]);
/* How many signatures the operators that it names have to give it. Returns: the number; 0: their
 * document cannot be read. */
uint32_t assay_recover_signatures_needed(const struct assay_recover *recover);
/* By the operators that it names itself: whether these are in force is known at its parent alone.
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_recover_self_approved(const struct assay_recover *recover);

/* The header of a RECOVER with this body on top of a ledger; the state root is the caller's to fill
 * in. */
void assay_recover_header(const struct assay_state *state, const struct assay_ledger *ledger,
                          struct assay_slice body, struct assay_slice grounds, uint64_t time_ms,
                          struct assay_block_header *header);
/* Is its header the one on top of this ledger, whose tip is its parent? Returns: ASSAY_OK |
 * ASSAY_E_CHAIN | ASSAY_E_INVALID, with *fault */
ASSAY_CHECKED enum assay_status assay_recover_follows(const struct assay_context *context,
                                                      const struct assay_ledger *ledger,
                                                      const struct assay_recover *recover,
                                                      struct assay_fault *fault);
/*
 * assay_recover_apply - the ledger as it closes by it: assay_close makes the state of it.
 *
 * Out:     *ledger, with recover borrowed; undefined unless ASSAY_OK (work on a copy); *fault
 * Returns: ASSAY_OK | ASSAY_E_INVALID | ASSAY_E_DUPLICATE (a key is another's) | ASSAY_E_SIGNATURE
 *          (of KEYS) | other INPUT statuses: what it wants cannot be done
 */
ASSAY_CHECKED enum assay_status assay_recover_apply(const struct assay_context *context,
                                                    struct assay_ledger *ledger,
                                                    const struct assay_recover *recover,
                                                    struct assay_fault *fault);

/* Names it as the block after which this is the state. */
void assay_recover_seal(const struct assay_recover *recover, struct assay_state *next);

#endif
