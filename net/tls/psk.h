/*
 * net/tls/psk.h - pre-shared key of a TLS link between two processes whose X25519 keys a ledger
 * lists (docs/services.md 4.2.1).
 *
 * HKDF-SHA-256 (RFC 5869) of the X25519 result of both static keys. Its info names the chain and
 * both keys by role, so a key of one direction is none of the other (RFC 9257 4.1: no reflection),
 * nor of another chain.
 */
#ifndef ASSAY_NET_TLS_PSK_H
#define ASSAY_NET_TLS_PSK_H

#include "base/secret.h"
#include "base/status.h"

/* In: secret: of the caller, one of the two. client, server: X25519 public keys of both ends by
 * their roles; peer: that one of them which is not the caller's.
 * Returns: ASSAY_OK | ASSAY_E_KEY (a key of small order) | ASSAY_E_CRYPTO; output wiped then */
ASSAY_CHECKED enum assay_status assay_tls_psk_derive(const struct assay_secret32 *secret,
                                                     const uint8_t peer[static 32],
                                                     const uint8_t chain_id[static 32],
                                                     const uint8_t client[static 32],
                                                     const uint8_t server[static 32],
                                                     struct assay_secret32 *psk);

#endif
