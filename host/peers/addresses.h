/*
 * host/peers/addresses.h - listening addresses of members: signed claims, the newest one of each.
 *
 * docs/protocol.md 9.3.1. A dialling hint only: the link authenticates the peer (bootstrap keys),
 * and no decision depends on an address. A claim is signed with the identity key, so any member may
 * relay it; it is numbered by its creation time, and the higher number wins. Canonical CBOR [body,
 * signature], the body being ["assay/address/v2", chain_id, node_id, number, ["HOST:PORT", ..]], in
 * dialling order.
 */
#ifndef ASSAY_HOST_PEERS_ADDRESSES_H
#define ASSAY_HOST_PEERS_ADDRESSES_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"

#include <stdbool.h>

enum {
    ASSAY_CLAIM_ADDRESS_MAX = 128, /* with its terminating zero */
    ASSAY_CLAIM_ADDRESSES_MAX = 4,
    ASSAY_CLAIM_LEN_MAX = 768,
    ASSAY_CLAIM_EVERY_MS = 10 * 1000, /* minimum interval between claims of a member: each costs a
                                       * signature */
};

struct assay_claim {
    uint8_t chain_id[32], node_id[32];
    uint64_t number;
    uint32_t count; /* 1 to ASSAY_CLAIM_ADDRESSES_MAX, all different */
    char addresses[ASSAY_CLAIM_ADDRESSES_MAX][ASSAY_CLAIM_ADDRESS_MAX];
    uint8_t digest[32], signature[ASSAY_P256_SIGNATURE_LEN];
};

/* Returns: whether text is a HOST:PORT that can be dialled: letters, digits, dots, dashes, brackets
 * and colons; a port of 1 to 65535; no wildcard. */
bool assay_address_is_valid(const char *text);
/*
 * assay_address_next - walks "HOST:PORT, HOST:PORT": between commas, without blanks and "tcp://".
 * In:      *rest: the text, advanced
 * Out:     item: the next one, "" when it is too long
 * Returns: false at the end
 */
bool assay_address_next(const char **rest, char item[static ASSAY_CLAIM_ADDRESS_MAX]);
/*
 * assay_address_group - the failure domain of an address: the first 16 bits of a public IPv4
 * address, the first 32 of a public IPv6 address. A name or a non-public address is a group of its
 * own; on the loopback so is each port.
 * In:      text: HOST:PORT, several between commas: of the first
 */
uint32_t assay_address_group(const char *text);
/* Adds an address, unless it is invalid, a duplicate, or the claim is full. */
void assay_claim_add(struct assay_claim *claim, const char *address);
/* Returns: whether both have the same addresses in the same order. */
bool assay_claim_equals(const struct assay_claim *a, const struct assay_claim *b);
/* Sets claim->digest, the digest to sign. The addresses must be valid (asserted). */
void assay_claim_digest(struct assay_claim *claim);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_claim_encode(const struct assay_claim *claim,
                                                   struct assay_writer *w);
/* Checks the format only; *claim has its digest. Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_claim_decode(struct assay_slice bytes,
                                                   struct assay_claim *claim);

/* Address state of one member. */
struct assay_address {
    bool known;
    bool again;        /* a newer claim was received in this run of the process */
    bool dial_due;     /* for the caller: dial it there at the next poll */
    uint64_t taken_ms; /* monotonic: when */
    struct assay_claim claim;
};

/*
 * assay_address_update - accepts a decoded claim of this member, with its public identity key.
 * Out:     *held, where it is newer and genuine
 * Returns: ASSAY_OK | ASSAY_E_STALE (known, or older) | ASSAY_E_RATE (too soon after the last) |
 *          ASSAY_E_CHAIN | ASSAY_E_STRANGER (of another member) | ASSAY_E_SIGNATURE | ASSAY_E_KEY |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_address_update(
    struct assay_address *held, const struct assay_claim *claim, const uint8_t chain_id[static 32],
    const uint8_t node_id[static 32], const uint8_t identity_public[static ASSAY_P256_PUBLIC_LEN],
    uint64_t now_ms);

#endif
