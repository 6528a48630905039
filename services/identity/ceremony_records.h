/*
 * services/identity/ceremony_records.h - records of a ceremony that makes or reshares a group key
 * (docs/identity.md 3.5): CA_OFFER, CA_DEAL, CA_DISPUTE, CA_HAVE, CA_TABLE, and CA_LIE.
 *
 * Canonical CBOR, hostile until checked. Each but CA_LIE is signed by its author's holder key
 * (Ed25519) over SHA-256 of the record without its signature, preceded by a type string and the
 * chain id. A dealing is on the ledger in full, so no part of it can be withheld from a receiver.
 *
 * Points of commitments, shares and keys of the group are of edwards25519; encryption keys, R and K
 * are of ristretto255 (docs/identity.md 3.8), whose scalars have the same order.
 */
#ifndef ASSAY_SERVICES_IDENTITY_CEREMONY_RECORDS_H
#define ASSAY_SERVICES_IDENTITY_CEREMONY_RECORDS_H

#include "base/writer.h"
#include "services/identity/sharing.h"
#include "services/identity/signing_lie.h"

enum {
    ASSAY_CA_ADDRESS_MAX = 128,
    ASSAY_CA_ENTRY_MAX = 480, /* ASSAY_DECLARED_KEY_LEN_MAX */
    ASSAY_CA_KEYS_MAX = 16,   /* entries of a list */
    ASSAY_CA_PATH_MAX = 4,    /* of one among them */
    ASSAY_CA_DEAL_LEN_MAX = 7680,
    ASSAY_CA_LIE_LEN_MAX = ASSAY_SIGNING_LIE_MAX, /* with the rest it fits a service record */
};

/* What every record names. */
struct assay_ca_scope {
    uint64_t era;
    uint32_t ca_number;  /* from 1 */
    uint64_t generation; /* the one that the ceremony makes, from 1 */
    uint64_t attempt;    /* number of the ceremony on this ledger, from 1 */
    uint8_t node_id[32]; /* of the author */
    uint8_t key[32];     /* its holder key */
};

/* CA_OFFER: a member offers to hold shares; also sent outside a ceremony by a holder whose list of
 * keys, link key or address changed. key of the scope is that of the entry. */
struct assay_ca_offer_record {
    struct assay_ca_scope scope;
    struct assay_slice entry; /* of its list of keys: purpose holder, Ed25519; borrowed */
    uint32_t place, count;    /* of the entry in the list */
    uint32_t path_len;
    uint8_t path[ASSAY_CA_PATH_MAX][32];         /* from the entry to keys_root */
    uint8_t encryption[ASSAY_SODIUM_POINT_LEN];  /* E, for this attempt alone */
    struct assay_dealing_proof encryption_proof; /* that it has e; label: assay_ca_offer_label */
    uint8_t link_key[32];                        /* Ed25519 */
    uint8_t address[ASSAY_CA_ADDRESS_MAX];       /* printable ASCII, may be empty */
    uint8_t address_len;
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
};

/* CA_DEAL: one dealing. */
struct assay_ca_deal_record {
    struct assay_ca_scope scope;
    uint32_t dealer;                        /* reshare: the old index whose share is dealt; else 1 +
                                             * the place of the author among the offered holders */
    uint8_t dealt[ASSAY_SODIUM_POINT_LEN];  /* R = r G */
    struct assay_dealing_proof dealt_proof; /* of r; label: assay_ca_deal_label */
    bool has_constant_proof;                /* in a key generation */
    struct assay_dealing_proof constant_proof;    /* of a_0; label: assay_ca_constant_label */
    struct assay_sharing_commitments commitments; /* any bytes: points are not checked here */
    uint32_t receivers;                           /* T' */
    uint8_t sealed[ASSAY_FROST_INDICES_MAX][32];  /* of index i + 1; below the order */
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
};

/* Wire values. */
enum assay_ca_dispute_kind {
    ASSAY_CA_DISPUTE_VALUE = 1, /* the value of index j is wrong */
    ASSAY_CA_DISPUTE_POINT = 2, /* a commitment is no point of the group */
};

/* CA_DISPUTE: an accusation of a dealer. */
struct assay_ca_dispute_record {
    struct assay_ca_scope scope;
    enum assay_ca_dispute_kind kind;
    struct assay_slice dealing;            /* the payload of the CA_DEAL; borrowed */
    uint32_t index;                        /* VALUE: j, of the author; POINT: m of C_m */
    uint8_t shown[ASSAY_SODIUM_POINT_LEN]; /* VALUE: K = e R; else zeros, not encoded */
    struct assay_dealing_proof proof;      /* that log E = log K to the base R; as shown */
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
};

/* CA_HAVE: the author has its shares durably; all who have the same table have the same digest.
 * With a digest of zeros: those for which it vouched are gone. */
struct assay_ca_have_record {
    struct assay_ca_scope scope;
    uint8_t digest[32]; /* assay_ca_table_digest */
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
};
static inline bool assay_ca_have_is_lack(const struct assay_ca_have_record *record)
{
    return assay_bytes_all_zero(record->digest, 32);
}

/* CA_TABLE: the bytes of that digest; once. */
struct assay_ca_table_record {
    struct assay_ca_scope scope;
    struct assay_sharing_commitments sum;                                  /* A' */
    uint32_t indices;                                                      /* T' */
    uint8_t public_share[ASSAY_FROST_INDICES_MAX][ASSAY_SODIUM_POINT_LEN]; /* Y of index i + 1 */
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN];
};

/* CA_LIE: a proof that a holder signed wrongly. Any member submits it, it needs no signature. */
struct assay_ca_lie_record {
    uint64_t era;
    uint32_t ca_number;
    uint64_t generation;    /* about which it is */
    struct assay_slice lie; /* services/identity/signing_lie.h; borrowed */
};

/* Encoders write into bytes, and *out is borrowed from them. Each Returns: ASSAY_OK |
 * ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_ca_offer_encode(const struct assay_ca_offer_record *record,
                                                      uint8_t *bytes, size_t capacity,
                                                      struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_ca_deal_encode(const struct assay_ca_deal_record *record,
                                                     uint8_t *bytes, size_t capacity,
                                                     struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_ca_dispute_encode(
    const struct assay_ca_dispute_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_ca_have_encode(const struct assay_ca_have_record *record,
                                                     uint8_t *bytes, size_t capacity,
                                                     struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_ca_table_encode(const struct assay_ca_table_record *record,
                                                      uint8_t *bytes, size_t capacity,
                                                      struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_ca_lie_encode(const struct assay_ca_lie_record *record,
                                                    uint8_t *bytes, size_t capacity,
                                                    struct assay_slice *out);

/* Decoders read form alone; *record is written only on ASSAY_OK. Each Returns: ASSAY_OK | what
 * base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE (a number, a length, a sealed value that is
 * no scalar) | ASSAY_E_UNSUPPORTED (kind of a dispute) | ASSAY_E_ENCODING (an entry that is none of
 * a holder's Ed25519 key, or not of the key in the scope; an address that is not printable) |
 * ASSAY_E_KEY (a link key without CURVE key) */
ASSAY_CHECKED enum assay_status assay_ca_offer_decode(struct assay_slice bytes,
                                                      struct assay_ca_offer_record *record);
ASSAY_CHECKED enum assay_status assay_ca_deal_decode(struct assay_slice bytes,
                                                     struct assay_ca_deal_record *record);
ASSAY_CHECKED enum assay_status assay_ca_dispute_decode(struct assay_slice bytes,
                                                        struct assay_ca_dispute_record *record);
ASSAY_CHECKED enum assay_status assay_ca_have_decode(struct assay_slice bytes,
                                                     struct assay_ca_have_record *record);
ASSAY_CHECKED enum assay_status assay_ca_table_decode(struct assay_slice bytes,
                                                      struct assay_ca_table_record *record);
ASSAY_CHECKED enum assay_status assay_ca_lie_decode(struct assay_slice bytes,
                                                    struct assay_ca_lie_record *record);

/* Digests that the holder key signs (assay_sodium_link_sign). */
void assay_ca_offer_statement(const uint8_t chain_id[static 32],
                              const struct assay_ca_offer_record *record,
                              uint8_t digest[static 32]);
void assay_ca_deal_statement(const uint8_t chain_id[static 32],
                             const struct assay_ca_deal_record *record, uint8_t digest[static 32]);
void assay_ca_dispute_statement(const uint8_t chain_id[static 32],
                                const struct assay_ca_dispute_record *record,
                                uint8_t digest[static 32]);
void assay_ca_have_statement(const uint8_t chain_id[static 32],
                             const struct assay_ca_have_record *record, uint8_t digest[static 32]);
void assay_ca_table_statement(const uint8_t chain_id[static 32],
                              const struct assay_ca_table_record *record,
                              uint8_t digest[static 32]);

/* --- labels of proofs and of encrypted values */
/* Of the proof that the author of an offer has e of E. */
void assay_ca_offer_label(const uint8_t chain_id[static 32], const struct assay_ca_scope *scope,
                          uint8_t label[static 32]);
/* Of the proof of r: covers the dealer and every byte of its dealing but the proofs and the
 * signature (3.8). */
void assay_ca_deal_label(const uint8_t chain_id[static 32],
                         const struct assay_ca_deal_record *record, uint8_t label[static 32]);
/* Of the proof of a_0: covers dealer and attempt. */
void assay_ca_constant_label(const uint8_t chain_id[static 32], const struct assay_ca_scope *scope,
                             uint32_t dealer, uint8_t label[static 32]);
/* Of the value that is sealed to an index, and of its opening in public. In: scope: the dealer's */
void assay_ca_value_label(const uint8_t chain_id[static 32], const struct assay_ca_scope *scope,
                          uint32_t dealer, uint32_t index, uint8_t label[static 32]);
/* Of the table that a generation would have. In: scope: node id and key are not part of it */
void assay_ca_table_digest(const uint8_t chain_id[static 32],
                           const struct assay_ca_table_record *table, uint8_t digest[static 32]);

/* --- checks that need no ledger: what may be in a block. Each Returns: ASSAY_OK |
 * ASSAY_E_SIGNATURE */
ASSAY_CHECKED enum assay_status assay_ca_offer_check(const uint8_t chain_id[static 32],
                                                     const struct assay_ca_offer_record *record);
ASSAY_CHECKED enum assay_status assay_ca_deal_check(const uint8_t chain_id[static 32],
                                                    const struct assay_ca_deal_record *record);
ASSAY_CHECKED enum assay_status assay_ca_dispute_check(
    const uint8_t chain_id[static 32], const struct assay_ca_dispute_record *record);
ASSAY_CHECKED enum assay_status assay_ca_have_check(const uint8_t chain_id[static 32],
                                                    const struct assay_ca_have_record *record);
ASSAY_CHECKED enum assay_status assay_ca_table_check(const uint8_t chain_id[static 32],
                                                     const struct assay_ca_table_record *record);
/* The root of the list in which the offer's entry is. Returns: true when the path leads there. */
bool assay_ca_offer_is_listed(const struct assay_ca_offer_record *record,
                              const uint8_t keys_root[static 32]);

#endif
