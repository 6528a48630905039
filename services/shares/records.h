/*
 * services/shares/records.h - what holders and owners put on the ledger, as payloads of its service
 * records (docs/services.md 5.4): canonical CBOR, hostile until checked.
 *
 * `check` verifies what is signed inside a payload with the keys that stand beside it, so it needs
 * no branch of the ledger; whether those keys mean anything is the fold's to say (cluster.h).
 */
#ifndef ASSAY_SERVICES_SHARES_RECORDS_H
#define ASSAY_SERVICES_SHARES_RECORDS_H

#include "services/shares/piece.h"

enum {
    ASSAY_SHARE_ADDRESS_MAX = 64,
    ASSAY_SHARE_LIST_MAX = 96,     /* ids of one record */
    ASSAY_SHARE_READERS_MAX = 4,   /* of an id */
    ASSAY_SHARE_RECORD_MAX = 8192, /* a list of 100 has at most 7,730 bytes */
};

/* HOLDER: a member offers to hold shares in a cluster. Both keys sign all of it, the member's node
 * id included, so whoever hands in another member's gains nothing. */
struct assay_share_holder_record {
    uint32_t cluster;
    uint8_t node[32]; /* of the member that lists itself */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t link[32];  /* Ed25519, */
    uint8_t curve[32]; /* and the CURVE key of it: computed when it is read, and never sent */
    uint8_t address[ASSAY_SHARE_ADDRESS_MAX];
    uint8_t address_len;
    uint8_t link_signature[ASSAY_SODIUM_SIGNATURE_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

enum assay_share_reader_kind {
    ASSAY_SHARE_READER_ACCOUNT = 1,     /* SHA-256 of a P-256 key */
    ASSAY_SHARE_READER_MEASUREMENT = 2, /* SHA-256 of what evidence calls the measurement */
};

struct assay_share_reader {
    enum assay_share_reader_kind kind;
    uint8_t name[32];
};

/* When a SHARE_PUT was signed: the era, and the last epoch that was closed. It is valid for
 * ASSAY_SHARE_PUT_EPOCHS epochs from then on, and tells an id that was put again from the one
 * before (docs/services.md 5.5.1). */
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
    uint8_t name[32]; /* with the owner's key it makes the id */
    uint8_t digest[32];  /* of A */
    uint8_t payload[32]; /* SHA-256 of the sealed payload, which others keep */
    uint32_t reader_count;
    struct assay_share_reader reader[ASSAY_SHARE_READERS_MAX];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* Which id an owner changes, and as the how-manieth change of it: an older one has no effect. */
struct assay_share_order {
    uint8_t owner[ASSAY_P256_PUBLIC_LEN];
    uint8_t name[32];
    struct assay_share_birth birth; /* as the SHARE_PUT of the id names it */
    uint64_t era;     /* in which it is valid */
    uint32_t version; /* that of the id, and one; from 1 */
};

/* SHARE_DELETE: the id leaves the ledger, and holders erase what they keep of it. */
struct assay_share_delete_record {
    struct assay_share_order order;
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* SHARE_READERS: these may read the id from now on, and nobody else. */
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

/* SHARE_HAVE: a slot keeps these shares durably. SHARE_DEAL: a dealer deals these on. */
struct assay_share_list_record {
    uint32_t cluster;
    uint64_t seating; /* of the slot: what was said of it before it was given anew is void */
    uint64_t era;     /* generations and attempts come again in the next one */
    uint32_t count;
    struct assay_share_line line[ASSAY_SHARE_LIST_MAX];
};

/* SHARE_READY: a slot has everything that is synced. */
struct assay_share_ready_record {
    uint32_t cluster;
    uint32_t slot;
    uint64_t seating;
    uint64_t era;
    uint32_t count;
    uint8_t digest[32]; /* of the sorted ids with their generations */
};

/* SHARE_READ: a reader asks for the shares of an id, in everybody's sight. */
struct assay_share_read_record {
    uint8_t id[32];
    uint8_t nonce[32];
    uint8_t box[32]; /* X25519, to which holders seal */
    struct assay_share_reader reader;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* who signs; an account reader's own */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* SHARE_SUM: what the dealers of an attempt have dealt, in full: their sum says what every slot has
 * to come to. */
struct assay_share_sum_record {
    uint64_t era;
    uint8_t id[32];
    uint32_t generation;
    uint64_t attempt;
    struct assay_share_commitments current; /* A, from which it was dealt */
    uint32_t count;                         /* of dealers */
    struct assay_share_commitments dealt[ASSAY_SHARE_K_MAX]; /* B, by dealer's slot */
};

/* SHARE_LIE: a sub-share that a dealer signed, or a share that a giver signed, and that does not
 * stand. */
struct assay_share_lie_record {
    struct assay_share_given given;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* the dealer's */
    uint32_t dealers; /* SUBSHARE: of the attempt, slots; bits */
    struct assay_share_piece piece;
    uint8_t root[32]; /* what the dealer signed, over count pieces, this one at index */
    uint32_t count;
    uint32_t index;
    uint32_t path_len;
    uint8_t path[ASSAY_SHARE_PATH_MAX][32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_share_commitments current; /* A, from which it was to be dealt; else anything */
};

/* [kind, name]. Returns: nothing. */
void assay_share_reader_put(struct assay_writer *w, const struct assay_share_reader *reader);
/* An array of them. Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_RANGE | ASSAY_E_ENCODING
 * (they do not ascend) */
ASSAY_CHECKED enum assay_status assay_share_readers_take(
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

/* What the keys of a holder, an owner and a reader sign. Each Returns: nothing. */
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
/* Returns: true when both of its keys signed it. Whether its author is that node is the fold's to
 * say. */
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
/* Returns: true when key signed that very piece. Whether the piece lies is the fold's to say: its
 * digest may be another than the ledger's, or assay_share_lie_stands. */
bool assay_share_lie_record_check(const struct assay_share_home *home,
                                  const struct assay_share_lie_record *record);
/* Returns: true when a dealt piece, by its own B and by A, is no sub-share of its dealer, one of
 * its dealers, for its slot. */
bool assay_share_lie_stands(const struct assay_share_lie_record *record);

#endif
