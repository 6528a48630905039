/*
 * engine/parts/confirmations.h - CONFIRM: members sign, for the requesting node and its nonce,
 * which RECOVER began their era (docs/protocol.md 9.16.5, 9.17.1).
 *
 *   ASK      ["assay/confirm-ask/v1", chain_id, era that began, nonce]
 *   CONFIRM  ["assay/confirm-signed/v1", body, signature by the identity key over SHA-256(body)]:
 *            body is ["assay/confirm/v1", chain_id, era, id of the RECOVER, nonce, node_id of the
 *            requester, node_id of the signer]
 *
 * Nonces are derived from a secret that the host draws for each engine. A signature made before
 * this engine started, for another node or in another round is therefore worthless.
 */
#ifndef ASSAY_ENGINE_PARTS_CONFIRMATIONS_H
#define ASSAY_ENGINE_PARTS_CONFIRMATIONS_H

#include "base/bytes.h"
#include "base/status.h"

struct assay_engine;
struct assay_engine_config;

enum {
    ASSAY_CONFIRM_LEN_MAX = 384,
    ASSAY_CONFIRMATIONS_ASKED = 64,  /* members in one round: all in turn */
    ASSAY_CONFIRMATIONS_ROUNDS = 2,  /* answers to this round and the one before are accepted */
};

struct assay_confirmations {
    bool ready; /* the host has drawn a secret: without one nothing is requested */
    uint8_t secret[32];
    uint64_t round; /* rounds so far; 0: none */
    uint64_t asked_ms;
    uint32_t next; /* first slot of the next round */
    uint8_t (*said)[32];   /* [members] the RECOVER that each signed last; zero: none */
    uint64_t *answered_ms; /* [members] time of the last answer to each; 0: never */
};

/* Derives the nonce of a round. It is secret until the request is sent. */
void assay_confirmations_nonce(const struct assay_engine *e, uint64_t round,
                               uint8_t nonce[static 32]);
/* Copies the secret of the configuration. */
void assay_confirmations_init(struct assay_engine *e, const struct assay_engine_config *config);
/* Returns: whether the payload carries the tag of one of these messages. */
bool assay_confirmations_is_message(struct assay_slice payload);
/* Receives a message over this member's link.
 * Returns: ASSAY_OK | ASSAY_E_STALE (another round, era, node or member: no effect) | ASSAY_E_CHAIN
 * | ASSAY_E_INVALID (not by the listed key) | ASSAY_E_AGAIN (no room) | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_confirmations_receive(struct assay_engine *e, uint16_t from,
                                                            struct assay_slice payload);
/* Sends a request to members, at most every half epoch. */
void assay_confirmations_request(struct assay_engine *e);
/* Returns: whether the member in this slot, with this id, signed last that this RECOVER began its
 * era. */
bool assay_confirmations_has(const struct assay_engine *e, uint32_t slot,
                             const uint8_t node_id[static 32], const uint8_t id[static 32]);
/* Returns: whether members of more than a third of the weight after the head signed that they
 * applied it. */
bool assay_confirmations_suffice(const struct assay_engine *e, const uint8_t id[static 32]);

#endif
