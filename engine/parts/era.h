/*
 * engine/parts/era.h - end of an era by FENCE and RECOVER (docs/protocol.md 9.11 to 9.17).
 *
 * A fence is stored under the era that it ends. A RECOVER is not stored on its own: once applied,
 * it takes the place of the finality proof of the epoch that it closes.
 */
#ifndef ASSAY_ENGINE_PARTS_ERA_H
#define ASSAY_ENGINE_PARTS_ERA_H

#include "engine/engine.h"
#include "engine/ledger/records/recover.h"

enum { ASSAY_TRUSTING_MS = 14 * 86400 * 1000 }; /* docs/protocol.md 9.16.3 */

enum { ASSAY_ERAS_KEPT = 4 }; /* the last eras whose first RECOVER a node announces */
enum { ASSAY_GROUNDS_KEPT = 8 }; /* cache of the RECOVERs whose grounds were verified last */

/* The RECOVER that began an era (docs/protocol.md 9.16.4); height 0: unknown. */
struct assay_began {
    uint32_t era;
    uint64_t height;
    uint8_t id[32];
};

/* Result of verifying the grounds of a RECOVER at the head of this epoch. */
struct assay_grounds {
    uint64_t epoch; /* 0: none */
    /* ASSAY_OK | ASSAY_E_STRANGER (too few) | ASSAY_E_INVALID (they do not verify) | HOST */
    enum assay_status status;
    uint8_t id[32], fence_digest[32]; /* the fence that they answer */
};

struct assay_era_state {
    bool fenced; /* nothing more is signed in the running era */
    /* Operators received an answer to a fence of this era, this one or an earlier one. A fence that
     * is in force outlives the operators' replacement and its last epoch. */
    bool answered;
    uint8_t answered_digest[32]; /* of the fence that was answered last; zero: of none */
    bool released; /* in force until the epoch closes: signing does not resume within one */
    struct assay_grounds grounds[ASSAY_GROUNDS_KEPT];
    uint32_t grounds_next; /* entry that is replaced next */
    struct assay_began began[ASSAY_ERAS_KEPT]; /* of an era at its number modulo the count */
    /* Since when a RECOVER waits for confirmations (docs/protocol.md 9.16.5); of several, the
     * highest. */
    bool asked, unconfirmed_logged;
    uint64_t asked_ms, asked_epoch, asked_height;
    uint8_t forked[ASSAY_MEMBERS_MAX / 8]; /* bit per slot: the fork was reported */
    bool recovered; /* this engine ended by RECOVER: the next one starts an era */
    uint64_t fence_last; /* epoch after which an unanswered fence expires (9.12.4) */
    uint8_t fence_digest[32];
    uint8_t *fence; /* [ASSAY_FENCE_LEN_MAX] the message */
    size_t fence_len;
    size_t restored_len; /* of a restored fence, also one that is no longer in force */
    uint64_t passed_ms; /* monotonic: time of the last announcement */
};

/* Receives a FENCE or RELEASE message; from the node's own operator also an answering
 * (assay_era_encode_answering).
 * Returns: ASSAY_OK (in force, now or before) | ASSAY_E_AGAIN (no room in this step) |
 * ASSAY_E_CHAIN | ASSAY_E_STALE (of a past era or epoch) | ASSAY_E_EARLY (of a later one) |
 * ASSAY_E_STRANGER (by other operators than those in force at the head: not the sender's fault) |
 * ASSAY_E_INVALID (a RELEASE of another fence) | as assay_approval_check */
ASSAY_CHECKED enum assay_status assay_era_receive_fence(struct assay_engine *e, uint16_t from,
                                                        struct assay_slice payload);
/* Restores an item of the store. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_era_restore(struct assay_engine *e,
                                                  const struct assay_store_key *key,
                                                  struct assay_slice value);
/* Encodes the FENCE message that a node's operator submits before it fetches an ANSWER: from then
 * on only RECOVER or RELEASE ends the fence (docs/protocol.md 9.12.2). */
void assay_era_encode_answering(struct assay_writer *w);
/* An epoch begins: a fence that was released or has expired is no longer in force. */
void assay_era_on_epoch(struct assay_engine *e);
/* Repeats announcements to peers that may have restarted. */
void assay_era_tick(struct assay_engine *e);

/*
 * assay_era_check_recover - checks a RECOVER on top of this ledger, which is of the running epoch.
 *
 * Out:     head->next is the state that comes out; *fault is the reason of a rejection
 * Returns: ASSAY_OK | ASSAY_E_EARLY (its parent is not reached) | ASSAY_E_STALE (below the ledger's
 *          tip, or in an epoch that is closed) | ASSAY_E_INVALID (on another branch, or of another
 *          state) | ASSAY_E_CHAIN | as assay_recover_approved, assay_era_check_grounds,
 *          assay_recover_apply
 */
ASSAY_CHECKED enum assay_status assay_era_check_recover(struct assay_engine *e,
                                                        const struct assay_ledger *ledger,
                                                        const struct assay_recover *recover,
                                                        struct assay_fault *fault);
/* Checks that it rests on answers of more than a third of the weight, to the fence that this node
 * answered or that members of more than a third confirmed, or that the operator accepted it. The
 * caller has checked the operators' signatures and that its parent is on the chain of the head.
 * Returns: ASSAY_OK | ASSAY_E_STRANGER (applied after manual acceptance only, and never where its
 * grounds do not verify) | ASSAY_E_AGAIN (waits for confirmations, or its time lies ahead) | HOST
 * statuses */
ASSAY_CHECKED enum assay_status assay_era_check_grounds(struct assay_engine *e,
                                                        const struct assay_recover *recover,
                                                        struct assay_fault *fault);
/* Returns: whether the time of a RECOVER lies too far ahead (docs/protocol.md 9.16.6). */
bool assay_era_is_ahead(const struct assay_engine *e, uint64_t time_ms);
/* Returns: the RECOVER that began this era; NULL: unknown. */
const struct assay_began *assay_era_find_began(const struct assay_engine *e, uint64_t era);
/* Registers that a RECOVER with this header waits for confirmations; an alarm is logged if they do
 * not arrive. */
void assay_era_await_confirmations(struct assay_engine *e, const struct assay_block_header *header);
/* Receives a RECOVER message. Returns: ASSAY_OK (applied, or of an era that has begun) |
 * ASSAY_E_EARLY (missing blocks are fetched) | ASSAY_E_AGAIN (no room in this step) | as
 * assay_era_check_recover */
ASSAY_CHECKED enum assay_status assay_era_receive_recover(struct assay_engine *e, uint16_t from,
                                                          struct assay_slice payload);
/* The RECOVER was applied (finalize.c): this engine is done. recover: it began the next era. */
void assay_era_finish(struct assay_engine *e, const struct assay_recover *recover);

#endif
