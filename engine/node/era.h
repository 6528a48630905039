/*
 * engine/node/era.h - the end of an era: FENCE, and RECOVER (docs/protocol.md 9.11 to 9.17).
 *
 * A fence is kept in the store under the era that it ends. RECOVER is not kept by itself: when it
 * is taken it stands as the finality proof of the epoch that it closes.
 */
#ifndef ASSAY_ENGINE_NODE_ERA_H
#define ASSAY_ENGINE_NODE_ERA_H

#include "engine/node/engine.h"
#include "engine/ledger/records/recover.h"

enum { ASSAY_TRUSTING_MS = 14 * 86400 * 1000 }; /* docs/protocol.md 9.16.3 */

enum { ASSAY_ERAS_KEPT = 4 }; /* the last ones, of which a node says how they began */
enum { ASSAY_GROUNDS_KEPT = 8 }; /* RECOVERs whose grounds were weighed last */

/* docs/protocol.md 9.16.4: the RECOVER that began an era; height 0: it is not known here. */
struct assay_began {
    uint32_t era;
    uint64_t height;
    uint8_t id[32];
};

/* What the grounds of a RECOVER were found to be, at the head of this epoch. */
struct assay_grounds {
    uint64_t epoch; /* 0: none */
    /* ASSAY_OK | ASSAY_E_STRANGER (too few) | ASSAY_E_INVALID (they do not verify) | HOST */
    enum assay_status status;
    uint8_t id[32], fence_digest[32]; /* the fence that they answer */
};

struct assay_era_state {
    bool fenced; /* nothing is signed in the running era any more */
    /* Operators were given an answer to a fence of this era, to this one or to one before it: what
     * is obeyed outlives their replacement, and its last epoch. */
    bool answered;
    uint8_t answered_digest[32]; /* of the fence that was answered last; zero: of none */
    bool released; /* in force until the epoch is over: nothing is signed in the middle of one */
    /* This node's operator accepted the RECOVER of accepted_id, whatever its grounds (9.16.2). */
    bool accepted;
    uint8_t accepted_id[32], accepted_parent[32], accepted_operators[32];
    uint64_t accepted_epoch, accepted_height; /* of the block that it is */
    struct assay_grounds grounds[ASSAY_GROUNDS_KEPT];
    uint32_t grounds_next; /* is replaced next */
    struct assay_began began[ASSAY_ERAS_KEPT]; /* of an era at its number modulo the count */
    /* docs/protocol.md 9.16.5: a RECOVER that others have to confirm waits since then; of several
     * the highest. */
    bool asked, unconfirmed_logged;
    uint64_t asked_ms, asked_epoch, asked_height;
    uint8_t forked[ASSAY_MEMBERS_MAX / 8]; /* bit per slot: it was reported */
    bool recovered; /* this engine ended by RECOVER: the next one begins an era */
    uint64_t fence_last; /* epoch: one that was not answered is over behind it (9.12.4) */
    uint8_t fence_digest[32];
    uint8_t *fence; /* [ASSAY_FENCE_LEN_MAX] as it travels */
    size_t fence_len;
    size_t restored_len; /* of a fence out of the store, also one that holds no more */
    uint64_t passed_ms; /* monotonic: when peers were told last */
};

/* A FENCE message, or a RELEASE; from the node's own operator also an answering
 * (assay_era_encode_answering).
 * Returns: ASSAY_OK (it is in force, now or before) | ASSAY_E_AGAIN (no room in this step) |
 * ASSAY_E_CHAIN | ASSAY_E_STALE (of an era, or an epoch, that is over) | ASSAY_E_EARLY (of a later
 * one) |
 * ASSAY_E_STRANGER (by other operators than those in force at the head: no fault of the sender) |
 * ASSAY_E_INVALID (a RELEASE of another fence) | as assay_approval_check */
ASSAY_CHECKED enum assay_status assay_era_receive_fence(struct assay_engine *e, uint16_t from,
                                                        struct assay_slice payload);
/* One out of the store. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_era_restore(struct assay_engine *e,
                                                  const struct assay_store_key *key,
                                                  struct assay_slice value);
/* What a node's operator hands in, as a FENCE message, before it fetches an ANSWER: from then on
 * the fence ends by RECOVER or RELEASE alone (docs/protocol.md 9.12.2). */
void assay_era_encode_answering(struct assay_writer *w);
enum { ASSAY_ERA_ACCEPTING_OVERHEAD = 64 }; /* bytes around the RECOVER, at most */
/* What it hands in, as a RECOVER message, to accept one manually: ["assay/accept/v1", RECOVER];
 * with an empty one to withdraw what it accepted in this era.
 * Returns: nothing. */
void assay_era_encode_accepting(struct assay_slice recover, struct assay_writer *w);
/* docs/protocol.md 9.16.9: a node that accepted a RECOVER takes no block of the running era at or
 * above it. An acceptance that can no longer be taken is dropped here, durably, with a note.
 * Returns: whether the block of this epoch and height is not taken */
bool assay_era_is_abandoned(struct assay_engine *e, uint64_t epoch, uint64_t height);
/* An epoch begins: a fence that was released, or is over by its date, binds no more.
 * Returns: nothing. */
void assay_era_on_epoch(struct assay_engine *e);
/* Peers are told again: one may have come back. Returns: nothing. */
void assay_era_tick(struct assay_engine *e);

/*
 * assay_era_check_recover - would this RECOVER be taken on top of this ledger, which is of the running
 * epoch?
 *
 * Out:     head->next is the state that comes out; *fault has the reason of a refusal
 * Returns: ASSAY_OK | ASSAY_E_EARLY (its parent is not reached) | ASSAY_E_STALE (below the ledger's
 *          tip, or in an epoch that is closed) | ASSAY_E_INVALID (beside it, or another state) |
 *          ASSAY_E_CHAIN | as assay_recover_approved, assay_era_check_grounds, assay_recover_onto
 */
ASSAY_CHECKED enum assay_status assay_era_check_recover(struct assay_engine *e,
                                                        const struct assay_ledger *ledger,
                                                        const struct assay_recover *recover,
                                                        struct assay_fault *fault);
/* Does it rest on answers of more than a third, to the fence that this node answered or confirmed
 * by members of more than a third, or has the operator accepted it? Its operators' signatures were
 * checked, and its parent is on the chain of the head.
 * Returns: ASSAY_OK | ASSAY_E_STRANGER (manual acceptance alone lets it be taken, and nothing where
 *          its grounds do not verify) | ASSAY_E_AGAIN (others have to confirm it, or its time lies
 *          ahead) | HOST statuses */
ASSAY_CHECKED enum assay_status assay_era_check_grounds(struct assay_engine *e,
                                                        const struct assay_recover *recover,
                                                        struct assay_fault *fault);
/* docs/protocol.md 9.16.6. Returns: whether the time of a RECOVER lies too far ahead. */
bool assay_era_is_ahead(const struct assay_engine *e, uint64_t time_ms);
/* Returns: the RECOVER that began this era, if it is known here; NULL: it is not. */
const struct assay_began *assay_era_find_began(const struct assay_engine *e, uint64_t era);
/* A RECOVER with this header waits for others to say so: an alarm follows where they do not. */
void assay_era_await_confirmations(struct assay_engine *e, const struct assay_block_header *header);
/* A RECOVER message. Returns: ASSAY_OK (taken, or of an era that has begun) | ASSAY_E_EARLY (what
 * is missing is fetched) | ASSAY_E_AGAIN (no room in this step) | as assay_era_check_recover */
ASSAY_CHECKED enum assay_status assay_era_receive_recover(struct assay_engine *e, uint16_t from,
                                                          struct assay_slice payload);
/* It was taken (settle.c): this engine is done. recover: what began the next era. */
void assay_era_finish(struct assay_engine *e, const struct assay_recover *recover);

#endif
