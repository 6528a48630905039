/*
 * engine/parts/acceptance.h - manual acceptance of a RECOVER by a node's operator
 * (docs/protocol.md 9.16.2, 9.16.9).
 *
 * One holds in an era, the last. It is stored with the RECOVER itself, under the era that this
 * ends, until it is taken, withdrawn or void: the node takes it by itself once it has reached its
 * parent.
 */
#ifndef ASSAY_ENGINE_PARTS_ACCEPTANCE_H
#define ASSAY_ENGINE_PARTS_ACCEPTANCE_H

#include "engine/ledger/records/recover.h"

struct assay_engine;

/* The RECOVER that this node's operator accepted, whatever the weight of its grounds. */
struct assay_acceptance {
    bool held;
    uint8_t id[32], parent_id[32];
    uint8_t operators_digest[32]; /* of the operators' document that it names */
    uint64_t epoch, height;       /* of the block that it is */
    uint64_t again_ms;            /* monotonic: when it is tried next */
    uint8_t *document;            /* [ASSAY_RECOVER_LEN_MAX] */
    size_t document_len;
};

enum { ASSAY_ACCEPTANCE_OVERHEAD = 64 }; /* bytes around the RECOVER, at most */
/* Encodes what an operator hands in, as a RECOVER message, to accept one manually:
 * ["assay/accept/v1", RECOVER]; with an empty one to withdraw what was accepted in this era. */
void assay_acceptance_encode(struct assay_slice recover, struct assay_writer *w);
/* Out: *recover, the RECOVER in it. Returns: whether it is an acceptance. */
bool assay_acceptance_is_message(struct assay_slice payload, struct assay_slice *recover);

/* Returns: whether the RECOVER of this id is the accepted one. */
bool assay_acceptance_is_of(const struct assay_engine *e, const uint8_t id[static 32]);
/* docs/protocol.md 9.16.9: a node that accepted a RECOVER takes no block of the running era at or
 * above it. An acceptance that can no longer be taken is dropped here, durably, with a note.
 * Returns: whether the block of this height is not taken */
bool assay_acceptance_rejects(struct assay_engine *e, uint64_t height);

/*
 * assay_acceptance_add - the operator accepts this RECOVER: durable where it can be taken, now or
 * when the node has fetched what is missing. Nothing stays of what is refused.
 *
 * Returns: ASSAY_OK (it can be taken now) | ASSAY_E_AGAIN (also: no room in this step) |
 *          as assay_era_check_recover
 */
ASSAY_CHECKED enum assay_status assay_acceptance_add(struct assay_engine *e,
                                                     const struct assay_recover *recover,
                                                     struct assay_fault *fault);
/* Returns: ASSAY_OK (also: there is none) | ASSAY_E_AGAIN (no room in this step) */
ASSAY_CHECKED enum assay_status assay_acceptance_withdraw(struct assay_engine *e);
/* The era is over, by this RECOVER or another one: the stored row ends with it. Without room in
 * this step the row stays, of an era that no engine reads again. */
void assay_acceptance_end(struct assay_engine *e);
/* Takes it where its parent is the final head. */
void assay_acceptance_tick(struct assay_engine *e);
/* docs/protocol.md 9.16.9: blocks of the running epoch, proven to its end, lead on from the base of
 * the epoch; ids[count] names them. Returns: the accepted RECOVER, where its parent is one of them;
 * empty where it is not: then it is dropped, durably, with a note. */
struct assay_slice assay_acceptance_find_on(struct assay_engine *e, const uint8_t (*ids)[32],
                                            uint32_t count);
/* Restores the stored row of the running era. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_acceptance_restore(struct assay_engine *e,
                                                         struct assay_slice value);

#endif
