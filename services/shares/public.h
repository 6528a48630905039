/*
 * services/shares/public.h - records of holders for public attempts of a reshare (docs/services.md
 * 5.17): SHARE_KEY, SHARE_DEALING, SHARE_DISPUTE. Canonical CBOR, hostile until checked.
 *
 * Each is signed by the key of the submitting slot. A dealing is on the ledger in full, so that no
 * part of it can be withheld from a slot: commitments B, R, a sealed number for every slot, and the
 * proof of R, whose label is a digest of all of it and of its dealer.
 */
#ifndef ASSAY_SERVICES_SHARES_PUBLIC_H
#define ASSAY_SERVICES_SHARES_PUBLIC_H

#include "services/shares/dealing.h"
#include "services/shares/piece.h"

enum {
    ASSAY_SHARE_DEALINGS_MAX = 8, /* of one record */
};

/* The submitting slot. */
struct assay_share_speaker {
    uint32_t cluster, slot;
    uint64_t seating, era;
    uint8_t node[32]; /* of its member */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
};

/* SHARE_KEY: the key for dealings to a slot in the next round of public attempts, and in none
 * after. */
struct assay_share_key_record {
    struct assay_share_speaker speaker;
    uint64_t round; /* number of earlier rounds of its cluster: it is valid in no later one, whoever
                     * retained it */
    uint8_t point[ASSAY_SODIUM_POINT_LEN];
    struct assay_dealing_proof proof; /* that it has the secret key */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* The dealing of one slot for one id. */
struct assay_share_public_dealing {
    struct assay_share_commitments commitments; /* B; B_0 is A at the dealer */
    uint8_t dealt[ASSAY_SODIUM_POINT_LEN];      /* R */
    uint32_t slots;
    uint8_t sealed[ASSAY_SHARE_SLOTS_MAX][32]; /* by taker's slot */
};

struct assay_share_dealing_line {
    uint8_t id[32];
    uint32_t generation;
    uint64_t attempt;
    struct assay_dealing_proof proof; /* of R */
    struct assay_share_public_dealing dealing;
};

/* SHARE_DEALING: lines ascend by id. */
struct assay_share_dealing_record {
    struct assay_share_speaker speaker;
    uint32_t count; /* 1 to ASSAY_SHARE_DEALINGS_MAX */
    struct assay_share_dealing_line line[ASSAY_SHARE_DEALINGS_MAX];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

enum assay_share_dispute_kind {
    ASSAY_SHARE_DISPUTE_NUMBER = 1,   /* the number for the submitting slot is not on B */
    ASSAY_SHARE_DISPUTE_CONSTANT = 2, /* B_0 is not A at the dealer: it dealt another number */
};

/* SHARE_DISPUTE: a dealing is invalid. */
struct assay_share_dispute_record {
    struct assay_share_speaker speaker;
    uint8_t id[32];
    uint32_t generation;
    uint64_t attempt;
    uint32_t dealer; /* its slot */
    enum assay_share_dispute_kind kind;
    uint8_t shown[ASSAY_SODIUM_POINT_LEN]; /* NUMBER: K, */
    struct assay_dealing_proof proof;      /* and the proof of it */
    struct assay_share_commitments current; /* CONSTANT: A */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* Encoders write into bytes, and *out is borrowed from them; decoders write *record only on
 * ASSAY_OK. Each encoder Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_key_record_encode(
    const struct assay_share_key_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_dealing_record_encode(
    const struct assay_share_dealing_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_dispute_record_encode(
    const struct assay_share_dispute_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Each decoder Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE |
 * ASSAY_E_ENCODING (ids do not ascend) */
ASSAY_CHECKED enum assay_status assay_share_key_record_decode(
    struct assay_slice bytes, struct assay_share_key_record *record);
ASSAY_CHECKED enum assay_status assay_share_dealing_record_decode(
    struct assay_slice bytes, struct assay_share_dealing_record *record);
ASSAY_CHECKED enum assay_status assay_share_dispute_record_decode(
    struct assay_slice bytes, struct assay_share_dispute_record *record);
/* The statement that the speaker's key signs; of a SHARE_KEY the label of its proof as well. */
void assay_share_key_statement(const struct assay_share_home *home,
                               const struct assay_share_key_record *record,
                               uint8_t digest[static 32]);
void assay_share_dealing_statement(const struct assay_share_home *home,
                                   const struct assay_share_dealing_record *record,
                                   uint8_t digest[static 32]);
void assay_share_dispute_statement(const struct assay_share_home *home,
                                   const struct assay_share_dispute_record *record,
                                   uint8_t digest[static 32]);
/* Each Returns: true when the speaker's key signed it; of a SHARE_KEY the point is proven as
 * well. */
bool assay_share_key_record_check(const struct assay_share_home *home,
                                  const struct assay_share_key_record *record);
bool assay_share_dealing_record_check(const struct assay_share_home *home,
                                      const struct assay_share_dealing_record *record);
bool assay_share_dispute_record_check(const struct assay_share_home *home,
                                      const struct assay_share_dispute_record *record);

/* --- labels */
/* Label of the proof of R: type, chain, all of the speaker, id, generation, attempt, B, R and every
 * sealed number. */
void assay_share_dealing_label(const struct assay_share_home *home,
                               const struct assay_share_speaker *dealer,
                               const struct assay_share_dealing_line *line,
                               uint8_t label[static 32]);
/* The identity of a sealed number: its dealing, dealer and taker. */
struct assay_share_sealed_for {
    uint64_t era;
    uint32_t cluster;
    uint8_t id[32];
    uint32_t generation;
    uint64_t attempt;
    uint32_t dealer, taker; /* slots */
};
/* SHA-256 over type, chain and all of it. */
void assay_share_sealed_label(const struct assay_share_home *home,
                              const struct assay_share_sealed_for *what,
                              uint8_t label[static 32]);

#endif
