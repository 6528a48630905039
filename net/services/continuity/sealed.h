/*
 * net/services/continuity/sealed.h - codec of what an instance seals with each of its states: its
 * identity and what it trusts (docs/services.md 4.4.2). The enclave encrypts it; here it is plain.
 *
 * Canonical CBOR ["assay/enclave/sealed/v1", chain id, group, birth era, birth epoch, key,
 * checkpoint, null | [view, [[replica key, contact digest, null | [CURVE key, address]] ...]]].
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_SEALED_H
#define ASSAY_NET_SERVICES_CONTINUITY_SEALED_H

#include "net/services/continuity/enclave.h"

enum { ASSAY_ENCLAVE_SEALED_LEN_MAX = 2048 };

/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_enclave_sealed_encode(
    const struct assay_enclave_identity *identity, const struct assay_enclave_trust *trust,
    struct assay_writer *w);
/* Out: *identity, a secret, and *trust on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_CHAIN (checkpoint
 * and identity are of different networks) | ASSAY_E_RANGE | ASSAY_E_INVALID (a key has two seats) |
 * as assay_checkpoint_decode, base/cbor.h | ASSAY_E_TRAILING */
ASSAY_CHECKED enum assay_status assay_enclave_sealed_decode(struct assay_slice bytes,
                                                            struct assay_enclave_identity *identity,
                                                            struct assay_enclave_trust *trust);

#endif
