/*
 * engine/node/confirmations.h - CONFIRM: members say, each to the node that asks and for its nonce, which
 * RECOVER began their era (docs/protocol.md 9.16.5, 9.17.1).
 *
 *   ASK      ["assay/confirm-ask/v1", chain_id, era that began, nonce]
 *   CONFIRM  ["assay/confirm-signed/v1", body, signature by the identity key over SHA-256(body)]:
 *            body is ["assay/confirm/v1", chain_id, era, id of the RECOVER, nonce, node_id of who
 *            asked, node_id of who signs]
 *
 * Nonces are made of a secret that the host draws for each engine: what was signed before this
 * engine began, for another node or in another round, is of no use to anybody.
 */
#ifndef ASSAY_ENGINE_NODE_VOUCH_H
#define ASSAY_ENGINE_NODE_VOUCH_H

#include "base/bytes.h"
#include "base/status.h"

struct assay_engine;
struct assay_engine_config;

enum {
    ASSAY_CONFIRM_LEN_MAX = 384,
    ASSAY_CONFIRMATIONS_ASKED = 64,  /* members that are asked at once: all others in turn */
    ASSAY_CONFIRMATIONS_ROUNDS = 2,  /* the round that runs and the one before it are answered */
};

struct assay_confirmations {
    bool ready; /* the host has drawn a secret: nothing is asked without */
    uint8_t secret[32];
    uint64_t round; /* asked so often; 0: never */
    uint64_t asked_ms;
    uint32_t next; /* slot that is asked first next time */
    uint8_t (*said)[32];   /* [members] the RECOVER that each signed last; zero: none */
    uint64_t *answered_ms; /* [members] when each was answered last; 0: never */
};

/* The nonce of a round, the engine's alone until it asks. */
void assay_confirmations_nonce(const struct assay_engine *e, uint64_t round,
                               uint8_t nonce[static 32]);
/* Takes the secret of the configuration. */
void assay_confirmations_init(struct assay_engine *e, const struct assay_engine_config *config);
/* Is it one of these messages? Returns: whether it says to be. */
bool assay_confirmations_is_message(struct assay_slice payload);
/* Takes one from this member's link. Returns: ASSAY_OK | ASSAY_E_STALE (of another round or era,
 * for another node, or of another member: of no effect) | ASSAY_E_CHAIN | ASSAY_E_SIGNATURE |
 * ASSAY_E_AGAIN (no room in this step) | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_confirmations_receive(struct assay_engine *e, uint16_t from,
                                                            struct assay_slice payload);
/* Asks members, half an epoch after the last time at the earliest. */
void assay_confirmations_request(struct assay_engine *e);
/* Did the member in this slot, of this id, sign last that this RECOVER began its era?
 * Returns: whether so. */
bool assay_confirmations_has(const struct assay_engine *e, uint32_t slot,
                             const uint8_t node_id[static 32], const uint8_t id[static 32]);
/* Members of more than a third of the weight after the head sign that they took it.
 * Returns: whether so. */
bool assay_confirmations_suffice(const struct assay_engine *e, const uint8_t id[static 32]);

#endif
