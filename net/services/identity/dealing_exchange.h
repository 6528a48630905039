/*
 * net/services/identity/dealing_exchange.h - dealings of the running ceremony that a holder did not
 * see become final, from other holders (docs/identity.md 3.11.2).
 *
 * The ledger names each dealing by its SHA-256, so a holder takes one from any other that has it,
 * and trusts none. Without I/O: the process of a holder and the simulator carry its frames over
 * links that prove the sender. Not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_DEALING_EXCHANGE_H
#define ASSAY_NET_SERVICES_IDENTITY_DEALING_EXCHANGE_H

#include "services/identity/ceremony.h"

enum {
    ASSAY_DEALING_WANT_LEN = 32,        /* a digest */
    ASSAY_DEALING_WANT_AGAIN_MS = 1000, /* from another holder then */
    ASSAY_DEALING_WANTS_MAX = 16,       /* in a turn */
};

enum assay_keyholder_exchange_frame {
    ASSAY_DEALING_FRAME_WANT,  /* the digest of a dealing that the sender lacks */
    ASSAY_DEALING_FRAME_BYTES, /* the payload of its CA_DEAL */
};

struct assay_keyholder_exchange_config {
    uint8_t node_id[32]; /* of this holder */
    /* A dealing that is here. Returns: the payload with this digest, borrowed until `send` returns;
     * empty: it is not here */
    struct assay_slice (*find)(void *context, const uint8_t digest[static 32]);
    /* To another holder; lost frames are requested again. */
    void (*send)(void *context, const uint8_t to[static 32],
                 enum assay_keyholder_exchange_frame kind, struct assay_slice bytes);
    void *context;
};

struct assay_keyholder_exchange {
    struct assay_keyholder_exchange_config config;
    uint32_t turn;
    uint64_t due_ms;
    uint32_t given[ASSAY_CA_SLOTS_MAX]; /* dealings, by slot, since the last close */
};

/* Nothing is requested or given yet. In: config: copied */
void assay_keyholder_exchange_init(struct assay_keyholder_exchange *exchange,
                                   const struct assay_keyholder_exchange_config *config);
/* An epoch closed: what is missing is requested now, and each holder may request all of them. */
void assay_keyholder_exchange_on_close(struct assay_keyholder_exchange *exchange);
/* Requests what this holder needs and lacks, of one other holder after the other. In: ca: as the
 * last close left it */
void assay_keyholder_exchange_request(struct assay_keyholder_exchange *exchange,
                                      const struct assay_ca *ca, uint64_t now_ms);
/* A request of another holder, hostile: it is answered when that one is a holder, and has at most
 * as many answers between two closes as there are dealings. */
void assay_keyholder_exchange_on_want(struct assay_keyholder_exchange *exchange,
                                      const struct assay_ca *ca, const uint8_t from[static 32],
                                      struct assay_slice digest);
/* Returns: whether these bytes, which anyone may have sent, are a dealing that is missing. */
bool assay_keyholder_exchange_lacks(const struct assay_keyholder_exchange *exchange,
                                    const struct assay_ca *ca, struct assay_slice payload);
/* Returns: whether the running ceremony has a dealing with this digest. */
bool assay_keyholder_exchange_has(const struct assay_ca *ca, const uint8_t digest[static 32]);

#endif
