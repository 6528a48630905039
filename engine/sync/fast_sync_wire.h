/*
 * engine/sync/fast_sync_wire.h - wire format of fast sync, and answers from the store
 * (docs/protocol.md 5.30).
 *
 * They travel as SYNC_ASK and SYNC_ANSWER, told apart from blocks (sync.h) by their first word:
 *
 *   ["assay/boundary-ask/v1", chain_id, era, epoch]   ["assay/state-ask/v1", chain_id, era, epoch]
 *   ["assay/boundary-answer/v1", chain_id, era, epoch, [* [boundary, finality proof]]]: from that
 *       epoch on, one after the other; none: nothing newer is here
 *   ["assay/state-answer/v1", chain_id, era, epoch, snapshot, [* [epoch, decision]]]: empty: it is
 *       not here; with it every decision that it names by digest, or names a document of: CHANGE
 *       and COLLATERAL records, and sets of endorsements by themselves
 */
#ifndef ASSAY_ENGINE_SYNC_FAST_SYNC_WIRE_H
#define ASSAY_ENGINE_SYNC_FAST_SYNC_WIRE_H

#include "base/cursor.h"
#include "base/writer.h"
#include "engine/ledger/state/leaf.h"
#include "engine/store/store.h"

_Static_assert(ASSAY_LEAF_RECORDS_MAX + ASSAY_LEAF_DOCUMENTS_MAX <= 64, "a bit for each");

enum {
    ASSAY_FAST_SYNC_WIRE_PAGE_LEN =
        256 * 1024, /* 38 epochs of 100 members: a sixth of a second of keys */
    ASSAY_FAST_SYNC_WIRE_BOUNDARIES_MAX = 200, /* what one step can keep */
    ASSAY_FAST_SYNC_WIRE_CHANGES_MAX = ASSAY_LEAF_RECORDS_MAX + ASSAY_LEAF_DOCUMENTS_MAX,
    ASSAY_FAST_SYNC_WIRE_CHANGE_LEN_MAX = 512 * 1024, /* ASSAY_SET_LEN_MAX */
};

struct assay_fast_sync_wire_request {
    bool state; /* a snapshot, else boundaries */
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
};

/* Slices borrow from the payload. */
struct assay_fast_sync_wire_answer {
    struct assay_fast_sync_wire_request about;
    struct assay_slice snapshot; /* empty: not there */
    struct assay_cursor pairs; /* [boundary, finality] each; of a state [epoch, decision] */
    uint32_t pair_count;
};

/* Is this payload of SYNC_ASK or SYNC_ANSWER one of these? Returns: whether. */
bool assay_fast_sync_wire_is_message(struct assay_slice payload);

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_fast_sync_wire_request_encode(
    const struct assay_fast_sync_wire_request *ask, struct assay_writer *w);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_fast_sync_wire_request_decode(
    struct assay_slice payload, struct assay_fast_sync_wire_request *ask);
/* Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_fast_sync_wire_answer_decode(
    struct assay_slice payload, struct assay_fast_sync_wire_answer *answer);
/* The next pair. Returns: ASSAY_OK; the decoder has counted and read them */
ASSAY_CHECKED enum assay_status assay_fast_sync_wire_next(
    struct assay_fast_sync_wire_answer *answer, struct assay_slice *boundary,
    struct assay_slice *finality);
/* The next decision of a state's. Returns: the same */
ASSAY_CHECKED enum assay_status assay_fast_sync_wire_next_change(
    struct assay_fast_sync_wire_answer *answer, uint64_t *epoch, struct assay_slice *record);
/* Which of the records (from bit 0) and of the documents (from bit ASSAY_LEAF_RECORDS_MAX) that a
 * state names are in these bytes, whose SHA-256 is known. Returns: a bit for each, 0: it is not
 * needed. */
uint64_t assay_fast_sync_wire_covers(const struct assay_leaf_head *head,
                                     const uint8_t digest[static 32], struct assay_slice kept);
/* Where a store keeps such bytes, whose key has the epoch that a peer claims for them: a CHANGE
 * under its sequence, as of `epoch` at the latest; a set and a COLLATERAL record as of `epoch`,
 * since they go with the horizon of who keeps them. Out: the rest of *key but its id.
 * Returns: the class. */
enum assay_store_class assay_fast_sync_wire_class(struct assay_slice kept, uint64_t epoch,
                                                  struct assay_store_key *key);
/* As assay_sync_answer, which hands over what is not its own. Returns: the same */
ASSAY_CHECKED enum assay_status assay_fast_sync_wire_answer(struct assay_store *store,
                                                            const uint8_t chain_id[static 32],
                                                            struct assay_slice ask, void *scratch,
                                                            size_t scratch_len,
                                                            struct assay_writer *w);

#endif
