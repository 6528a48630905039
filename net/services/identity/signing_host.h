/*
 * net/services/identity/signing_host.h - signing sessions in a holder's process: its side as signer
 * (services/identity/signer.h), its coordinator (coordinator.h) and the certificate of the group
 * key (docs/identity.md 4.17).
 *
 * Frames between holders are a byte and what enum assay_signing_frame says. The link proves the
 * sender; everything else is hostile. What must be durable before a message leaves is in the
 * vault by then. Without sockets and clocks of its own: the caller hands both in. Not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_SIGNING_HOST_H
#define ASSAY_NET_SERVICES_IDENTITY_SIGNING_HOST_H

#include "net/services/identity/derivation.h"
#include "net/services/identity/holder_vault.h"
#include "services/identity/coordinator.h"

/* First byte of a frame, then: */
enum assay_signing_frame {
    ASSAY_SIGNING_FRAME_MESSAGE = 1,     /* a message of services/identity/signing.h */
    ASSAY_SIGNING_FRAME_CERTIFICATE = 2, /* signature of the newest certificate of the key */
};
enum { ASSAY_SIGNING_FRAME_MAX = 1 + ASSAY_SIGNING_MESSAGE_MAX };

struct assay_keyholder_signing_config {
    struct assay_holder_vault *vault; /* borrowed */
    uint8_t node_id[32], link_key[32];
    struct assay_derivation_terms terms; /* texts are borrowed */
    uint64_t period_ms;                  /* T of the network */
    /* To another holder; lost frames are sent in another session. */
    void (*send)(void *context, const uint8_t node_id[static 32], struct assay_slice frame);
    /* Proof that a holder signed wrongly, for a CA_LIE. */
    void (*lie)(void *context, struct assay_slice proof);
    /* A certificate of the key, verified. Returns: ASSAY_OK | ASSAY_E_STORE */
    enum assay_status (*certified)(void *context, uint32_t ca_number, struct assay_slice der);
    /* A certificate of a workload key of this member. Returns: ASSAY_OK | ASSAY_E_STORE */
    enum assay_status (*issued)(void *context, struct assay_slice name, struct assay_slice der);
    void *context;
};

struct assay_keyholder_signing_status {
    bool is_open; /* it signs for: */
    uint64_t epoch;
    uint64_t answered;      /* messages of sessions that it replied to */
    uint64_t refused;       /* that it did not */
    enum assay_status last; /* of the last refused one */
    uint32_t certificates;  /* of the key, since the start */
    uint64_t issued;        /* of workload keys of this member, since the start */
};

struct assay_keyholder_signing;

/* Returns: ASSAY_OK | ASSAY_E_MEMORY (also: it cannot be locked) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_create(
    const struct assay_keyholder_signing_config *config, struct assay_keyholder_signing **out);
/* Wipes. Accepts a pointer to NULL; sets it to NULL. */
void assay_keyholder_signing_destroy(struct assay_keyholder_signing **host);
/*
 * assay_keyholder_signing_on_epoch - a close that the holder verified and acts on.
 * In:      holder: with the shares of the generation in force; now
 * Returns: ASSAY_OK: it signs for this epoch, or for none (no key, no share, not a holder); an
 *          epoch that is not certified changes nothing | ASSAY_E_STORE | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_on_epoch(
    struct assay_keyholder_signing *host, const struct assay_keyholder_proof *proof,
    const struct assay_ca *ca, const struct assay_ceremony_holder *holder,
    struct assay_cosigner_time now);
/*
 * assay_keyholder_signing_show - workload keys of this member after the epoch that it signs for.
 *
 * For each key of purpose TLS a certificate is requested of the holders, one after the other, when
 * it has none or half of the validity has passed; again until the epoch ends. All bytes are
 * hostile: holders verify them.
 * In:      standing: bare proof; keys: list that the newest certified PASS bound; declared: the
 *          newest declared one; empty: that one
 */
void assay_keyholder_signing_show(struct assay_keyholder_signing *host, uint64_t epoch,
                                  struct assay_slice standing, struct assay_slice keys,
                                  struct assay_slice declared, struct assay_cosigner_time now);
/* A fence, a fold that is not the ledger's, an expired checkpoint: signs nothing before the next
 * on_epoch. */
void assay_keyholder_signing_stop(struct assay_keyholder_signing *host);
/* A frame of a holder, which the link proves. Returns: ASSAY_OK, whatever it was | ASSAY_E_STORE |
 * ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_on_frame(
    struct assay_keyholder_signing *host, const uint8_t from[static 32], struct assay_slice frame,
    struct assay_cosigner_time now);
/* At least every ASSAY_COSIGNER_TICK_MS. Returns: as on_frame */
ASSAY_CHECKED enum assay_status assay_keyholder_signing_on_tick(
    struct assay_keyholder_signing *host, struct assay_cosigner_time now);
struct assay_keyholder_signing_status assay_keyholder_signing_status(
    const struct assay_keyholder_signing *host);

#endif
