/*
 * engine/ledger/records/context.h - input of the ledger's rules: final state, running epoch,
 * decoded keys.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_CONTEXT_H
#define ASSAY_ENGINE_LEDGER_RECORDS_CONTEXT_H

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/finding.h"
#include "engine/ledger/records/update.h"
#include "engine/ledger/state/services.h"
#include "engine/ledger/state/state.h"

/* Can a policy (else: a set of endorsements) be judged by, in a network of that feature level? The
 * same on every machine. Returns: ASSAY_OK | ASSAY_E_EARLY (of a later level) | why not */
typedef enum assay_status assay_document_check(bool is_policy, uint32_t level,
                                               struct assay_slice document);

struct assay_context {
    const struct assay_state *state;    /* after the last EPOCH block */
    uint64_t epoch;                     /* running: state->epoch + 1 */
    struct assay_p256 *const *voting;   /* [members] of the listed incarnation, decoded once */
    struct assay_p256 *const *identity; /* [members] */

    /* For changes (docs/protocol.md 9.5); without effective rules there are none. */
    const struct assay_genesis *effective; /* operators and threshold in force */
    struct assay_slice operators;          /* the same as a document */
    const struct assay_slice *pending;     /* [state->pending_count] their records */
    struct assay_state *stage;             /* scratch with room for ASSAY_JOINS_MAX more slots */
    assay_document_check *document_check;  /* NULL: documents are not looked into */
    assay_plan_follow *plan_follow;        /* which services may be added (12.7); NULL: none */

    /* For collateral (docs/protocol.md 8.8); without the functions there is none. */
    const struct assay_updates *updates;
    struct assay_slice endorsements;               /* the set in force */
    const struct assay_update_cache *update_cache; /* records of the updates that the state names */
    struct assay_writer *set; /* scratch of a close: the set that it brings into force */
    /* For services (docs/protocol.md 12); without the functions there is none. */
    const struct assay_services *services;
    const void *registry;                  /* of the state */
    const struct assay_service_room *room; /* of a close */
    /* Signatures are not looked at: reading again what was verified before (fold.h). Nothing that
     * votes or answers may say so. */
    bool unsigned_;
};

/* Returns: whether the context is one of the running epoch. */
bool assay_context_holds(const struct assay_context *context);

/* Epochs that proofs may be about: the running one and the past that the state remembers. */
struct assay_moment {
    uint64_t t0_ms;
    int64_t at_unix_s; /* appraisal time: floor(t0 / 1000), docs/protocol.md 4.6 */
    uint8_t beacon[32];
};
/* Returns: ASSAY_OK | ASSAY_E_STALE (forgotten) | ASSAY_E_EARLY */
ASSAY_CHECKED enum assay_status assay_context_moment(const struct assay_context *context,
                                                     uint64_t epoch, struct assay_moment *moment);

/* Slots of the roster of an epoch that is not over yet for proofs; 0: it is forgotten.
 * Returns: the count. */
uint32_t assay_context_members(const struct assay_context *context, uint64_t epoch);

/* Verify a signature of a life of a member; keys that are no longer listed are decoded again.
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_context_verify(const struct assay_context *context,
                                                     uint32_t slot, const struct assay_life *life,
                                                     const uint8_t digest[static 32],
                                                     const uint8_t signature[static 64]);

/* The same by the identity key. Returns: ASSAY_OK | ASSAY_E_SIGNATURE */
ASSAY_CHECKED enum assay_status assay_context_identified(const struct assay_context *context,
                                                         uint32_t slot,
                                                         const uint8_t digest[static 32],
                                                         const uint8_t signature[static 64]);
/* And by a key that no life has yet. Returns: ASSAY_OK | ASSAY_E_SIGNATURE | ASSAY_E_KEY |
 * ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_context_possessed(const struct assay_context *context,
                                                        const uint8_t public_key[static 64],
                                                        const uint8_t digest[static 32],
                                                        const uint8_t signature[static 64]);

/* Who says to have made something, and when. */
struct assay_author {
    const uint8_t *chain_id, *node_id; /* 32 bytes each */
    uint32_t era, incarnation;
    uint64_t epoch;
};
/* The member and the life that were listed when that epoch opened: no other is judged in it
 * (docs/protocol.md 9.4).
 * Returns: ASSAY_OK | ASSAY_E_CHAIN (chain, era) | ASSAY_E_EARLY | ASSAY_E_STRANGER |
 *          ASSAY_E_STALE | ASSAY_E_INVALID (incarnation) */
ASSAY_CHECKED enum assay_status assay_context_author(const struct assay_context *context,
                                                     const struct assay_author *author,
                                                     uint32_t *slot,
                                                     const struct assay_life **life);
/* The envelope's author and life, its epoch known and its signature good.
 * Returns: ASSAY_OK and the slot | ASSAY_E_CHAIN | ASSAY_E_STRANGER | ASSAY_E_STALE |
 *          ASSAY_E_EARLY | ASSAY_E_INVALID (incarnation) | ASSAY_E_SIGNATURE */
ASSAY_CHECKED enum assay_status assay_context_envelope(const struct assay_context *context,
                                                       const struct assay_envelope *envelope,
                                                       uint32_t *slot);
/* The 64 bytes that evidence of this life in this epoch must carry. In: keys_root: that it binds;
 * NULL where evidence binds no keys. */
void assay_context_expected(const struct assay_context *context, uint32_t slot,
                            const struct assay_life *life, uint64_t epoch,
                            const struct assay_moment *moment, const uint8_t *keys_root,
                            uint8_t expected[static 64]);
/*
 * The finding as evidence of a member: assay_finding_judge with what its declaration of that epoch
 * allows, the declared root or that of no keys (docs/protocol.md 2.16.3).
 * Out:     *without_keys: a PASS that binds none although some are declared
 * Returns: as assay_finding_judge
 */
bool assay_context_judge(const struct assay_context *context,
                         const struct assay_finding_record *finding, uint32_t slot,
                         const struct assay_life *life, enum assay_evidence_kind kind,
                         uint64_t epoch, const struct assay_moment *moment,
                         enum assay_outcome *outcome, bool *without_keys);
/* Does evidence of that epoch bind keys (docs/protocol.md 2.16)? slot: of a member of it. Returns:
 * whether so. */
bool assay_context_binds_keys(const struct assay_context *context, uint32_t slot, uint64_t epoch);
/* Returns: the names that ballots of the running epoch are about (docs/protocol.md 2.17); NULL: the
 * plan grants none, or the level is too low. */
const struct assay_grants *assay_context_grants(const struct assay_context *context);

#endif
