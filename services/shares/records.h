/*
 * services/shares/records.h - payloads of the share records that holders and owners submit to the
 * ledger (docs/services.md 5.4): canonical CBOR, hostile until checked.
 *
 * `check` verifies the signatures inside a payload with the keys that it contains, so it needs no
 * branch of the ledger; cluster.h decides whether those keys are valid there.
 */
#ifndef ASSAY_SERVICES_SHARES_RECORDS_H
#define ASSAY_SERVICES_SHARES_RECORDS_H

#include "services/shares/piece.h"

enum {
    ASSAY_SHARE_ADDRESS_MAX = 64,
    ASSAY_SHARE_LIST_MAX = 96,     /* ids of one record */
    ASSAY_SHARE_READERS_MAX = 4,   /* of an id */
    ASSAY_SHARE_RECORD_MAX = 8192, /* a list of 100 would have at most 7,730 bytes */
};

/* HOLDER: a member offers to hold shares in a cluster. Both keys sign all of it, including the
 * member's node id, so a record submitted by another member is useless. */
struct assay_share_holder_record {
    uint32_t cluster;
    uint8_t node[32]; /* of the member that lists itself */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t link[32];  /* Ed25519, */
    uint8_t curve[32]; /* and its CURVE key: computed by the decoder, never sent */
    uint8_t address[ASSAY_SHARE_ADDRESS_MAX];
    uint8_t address_len;
    uint8_t link_signature[ASSAY_SODIUM_SIGNATURE_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

enum assay_share_reader_kind {
    ASSAY_SHARE_READER_ACCOUNT = 1,     /* SHA-256 of a P-256 key */
    ASSAY_SHARE_READER_MEASUREMENT = 2, /* SHA-256 of the measurement in the evidence */
};

struct assay_share_reader {
    enum assay_share_reader_kind kind;
    uint8_t name[32];
};

/* Signing time of a SHARE_PUT: the era, and the last closed epoch. It is valid for
 * ASSAY_SHARE_PUT_EPOCHS epochs from then on, and distinguishes a repeated put of an id from the
 * earlier one (docs/services.md 5.5.1). */
struct assay_share_birth {
    uint64_t era;
    uint64_t epoch;
};

/* SHARE_PUT: an owner has dealt a secret to the slots of a cluster. */
struct assay_share_put_record {
    uint32_t cluster;
    uint32_t k;
    struct assay_share_birth birth;
    uint8_t owner[ASSAY_P256_PUBLIC_LEN];
    uint8_t name[32]; /* determines the id, with the owner's key */
    uint8_t digest[32];  /* of A */
    uint8_t payload[32]; /* SHA-256 of the encrypted payload, which is stored elsewhere */
    uint32_t reader_count;
    struct assay_share_reader reader[ASSAY_SHARE_READERS_MAX];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* The id that an owner changes, and the version of the change: an older one has no effect. */
struct assay_share_order {
    uint8_t owner[ASSAY_P256_PUBLIC_LEN];
    uint8_t name[32];
    struct assay_share_birth birth; /* as the SHARE_PUT of the id names it */
    uint64_t era;     /* in which it is valid */
    uint32_t version; /* the version of the id plus one; from 1 */
};

/* SHARE_DELETE: the id leaves the ledger, and holders erase their shares. */
struct assay_share_delete_record {
    struct assay_share_order order;
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* SHARE_READERS: replaces the readers of the id. */
struct assay_share_readers_record {
    struct assay_share_order order;
    uint32_t reader_count;
    struct assay_share_reader reader[ASSAY_SHARE_READERS_MAX];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* One line of SHARE_HAVE or SHARE_DEAL. */
struct assay_share_line {
    uint8_t id[32];
    uint32_t generation;
    uint64_t attempt;
    uint8_t digest[32]; /* of A; of a dealer's B */
};

/* SHARE_HAVE: a slot has stored these shares durably. SHARE_DEAL: a dealer deals these. */
struct assay_share_list_record {
    uint32_t cluster;
    uint64_t seating; /* of the slot: statements from before it was reassigned are void */
    uint64_t era;     /* generations and attempts are reused in the next one */
    uint32_t count;
    struct assay_share_line line[ASSAY_SHARE_LIST_MAX];
};

/* SHARE_READY: a slot has every synced id. */
struct assay_share_ready_record {
    uint32_t cluster;
    uint32_t slot;
    uint64_t seating;
    uint64_t era;
    uint32_t count;
    uint8_t digest[32]; /* of the sorted ids with their generations */
};

/* SHARE_READ: a reader publicly requests the shares of an id. */
struct assay_share_read_record {
    uint8_t id[32];
    uint8_t nonce[32];
    uint8_t box[32]; /* X25519, to which holders seal */
    struct assay_share_reader reader;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* the signer; an account reader's own */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* SHARE_SUM: the complete dealings of an attempt: their sum determines the digest that every slot
 * must report. */
struct assay_share_sum_record {
    uint64_t era;
    uint8_t id[32];
    uint32_t generation;
    uint64_t attempt;
    struct assay_share_commitments current; /* A, from which it was dealt */
    uint32_t count;                         /* of dealers */
    struct assay_share_commitments dealt[ASSAY_SHARE_K_MAX]; /* B, by dealer's slot */
};

/* SHARE_LIE: an invalid sub-share that a dealer signed, or an invalid share that a giver signed. */
struct assay_share_lie_record {
    struct assay_share_given given;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* the dealer's */
    uint32_t dealers; /* SUBSHARE: of the attempt, slots; bits */
    struct assay_share_piece piece;
    uint8_t root[32]; /* signed by the dealer over count pieces, this one at index */
    uint32_t count;
    uint32_t index;
    uint32_t path_len;
    uint8_t path[ASSAY_SHARE_PATH_MAX][32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_share_commitments current; /* A, from which it was dealt; else ignored */
};

/* [kind, name]. */
void assay_share_reader_encode(struct assay_writer *w, const struct assay_share_reader *reader);
/* An array of them. Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_RANGE | ASSAY_E_ENCODING
 * (they do not ascend) */
ASSAY_CHECKED enum assay_status assay_share_readers_decode(
    struct assay_cursor *in, struct assay_share_reader reader[static ASSAY_SHARE_READERS_MAX],
    uint32_t *count);

/* Encoders write into bytes, and *out is borrowed from them; decoders write *record only on
 * ASSAY_OK. Each encoder Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_holder_record_encode(
    const struct assay_share_holder_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_put_record_encode(
    const struct assay_share_put_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_delete_record_encode(
    const struct assay_share_delete_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_readers_record_encode(
    const struct assay_share_readers_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_list_record_encode(
    const struct assay_share_list_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_ready_record_encode(
    const struct assay_share_ready_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_read_record_encode(
    const struct assay_share_read_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_sum_record_encode(
    const struct assay_share_sum_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_share_lie_record_encode(
    const struct assay_share_lie_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);

/* Each decoder Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE (a
 * number, an empty list) | ASSAY_E_ENCODING (ids or readers that do not ascend) | ASSAY_E_KEY (the
 * link key of a HOLDER has no CURVE key) */
ASSAY_CHECKED enum assay_status assay_share_holder_record_decode(
    struct assay_slice bytes, struct assay_share_holder_record *record);
ASSAY_CHECKED enum assay_status assay_share_put_record_decode(
    struct assay_slice bytes, struct assay_share_put_record *record);
ASSAY_CHECKED enum assay_status assay_share_delete_record_decode(
    struct assay_slice bytes, struct assay_share_delete_record *record);
ASSAY_CHECKED enum assay_status assay_share_readers_record_decode(
    struct assay_slice bytes, struct assay_share_readers_record *record);
ASSAY_CHECKED enum assay_status assay_share_list_record_decode(
    struct assay_slice bytes, struct assay_share_list_record *record);
ASSAY_CHECKED enum assay_status assay_share_ready_record_decode(
    struct assay_slice bytes, struct assay_share_ready_record *record);
ASSAY_CHECKED enum assay_status assay_share_read_record_decode(
    struct assay_slice bytes, struct assay_share_read_record *record);
ASSAY_CHECKED enum assay_status assay_share_sum_record_decode(
    struct assay_slice bytes, struct assay_share_sum_record *record);
ASSAY_CHECKED enum assay_status assay_share_lie_record_decode(
    struct assay_slice bytes, struct assay_share_lie_record *record);

/* Statements that the keys of a holder, an owner and a reader sign. */
void assay_share_holder_statement(const struct assay_share_home *home,
                                  const struct assay_share_holder_record *record,
                                  uint8_t digest[static 32]);
void assay_share_put_statement(const struct assay_share_home *home,
                               const struct assay_share_put_record *record,
                               uint8_t digest[static 32]);
void assay_share_delete_statement(const struct assay_share_home *home,
                                  const struct assay_share_delete_record *record,
                                  uint8_t digest[static 32]);
void assay_share_readers_statement(const struct assay_share_home *home,
                                   const struct assay_share_readers_record *record,
                                   uint8_t digest[static 32]);
void assay_share_read_statement(const struct assay_share_home *home,
                                const struct assay_share_read_record *record,
                                uint8_t digest[static 32]);
/* Returns: true when both of its keys signed it. The registry decides whether its author is that
 * node. */
bool assay_share_holder_record_check(const struct assay_share_home *home,
                                     const struct assay_share_holder_record *record);
/* Each Returns: true when the owner signed it. */
bool assay_share_put_record_check(const struct assay_share_home *home,
                                  const struct assay_share_put_record *record);
bool assay_share_delete_record_check(const struct assay_share_home *home,
                                     const struct assay_share_delete_record *record);
bool assay_share_readers_record_check(const struct assay_share_home *home,
                                      const struct assay_share_readers_record *record);
/* Returns: true when key signed it, and is the account that it reads for, if it is one. */
bool assay_share_read_record_check(const struct assay_share_home *home,
                                   const struct assay_share_read_record *record);
/* Returns: true when key signed that piece. The registry decides whether the piece is false: its
 * digest differs from the ledger's, or assay_share_lie_is_valid. */
bool assay_share_lie_record_check(const struct assay_share_home *home,
                                  const struct assay_share_lie_record *record);
/* Returns: true when a dealt piece, by its own B and by A, is no sub-share of its dealer, one of
 * its dealers, for its slot. */
bool assay_share_lie_is_valid(const struct assay_share_lie_record *record);

#endif
