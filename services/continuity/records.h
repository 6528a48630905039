/*
 * services/continuity/records.h - payloads of the continuity records that replicas and enclaves
 * submit to the ledger (docs/services.md 1.3): canonical CBOR, hostile until checked.
 *
 * `check` verifies the signatures inside a payload with the keys that it contains, so it needs no
 * branch of the ledger; group.h decides whether those keys are valid there.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_RECORDS_H
#define ASSAY_SERVICES_CONTINUITY_RECORDS_H

#include "services/continuity/receipt.h"
#include "services/shares/sodium.h"

enum {
    ASSAY_CONT_REACHABLE_LEN = 16, /* a bit for each slot that may offer a replica */
    ASSAY_CONT_RECORD_MAX = 4096,  /* the longest, of a kept row of seven, has about 2,000 bytes */
};

/* The owner of a CURVE key. That key cannot sign, so a record contains an Ed25519 key that does,
 * from which the CURVE key is computed (docs/services.md 1.3.3). */
struct assay_cont_link {
    uint8_t key[32];
    uint8_t signature[ASSAY_SODIUM_SIGNATURE_LEN]; /* over the statement that the record's other key
                                                    * signs */
};

/* A member lists a replica, or announces that it drains it. */
struct assay_cont_replica_record {
    uint32_t group;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_contact contact;
    struct assay_cont_link link;
    bool drains;                                 /* its seat moves, with its table */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN]; /* of key, over the author as well */
};

/* A process lifetime of an enclave requests its number. */
struct assay_cont_session_record {
    uint32_t group;
    struct assay_cont_birth birth; /* sealed with the state, as the key */
    uint32_t lease; /* epochs; 0: none. Effective in the session of the birth only */
    uint8_t instance_key[ASSAY_P256_PUBLIC_LEN]; /* generated at birth */
    struct assay_cont_contact contact;
    struct assay_cont_link link;
    uint64_t expected;                           /* the number that it would get */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN]; /* of instance_key, over the author as well */
};

/* The instance has a certified state: its row is kept. The receipt proves it to the fold, whose
 * roster must be this one. */
struct assay_cont_keep_record {
    uint32_t group;
    struct assay_cont_roster roster; /* without contacts */
    struct assay_cont_receipt receipt;
};

/* Ends an instance; signed by its key in the current session. */
struct assay_cont_retire_record {
    uint32_t group;
    struct assay_cont_birth birth;
    uint8_t instance_key[ASSAY_P256_PUBLIC_LEN];
    uint64_t session;
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* A seated replica received nothing from another seat for a while, though it received from a
 * quorum. */
struct assay_cont_silent_record {
    uint32_t group;
    uint64_t era, view;
    uint32_t seat;                       /* the silent seat of that view */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];  /* of the reporter */
    uint64_t epoch;                      /* of the report */
    uint8_t
        reachable[ASSAY_CONT_REACHABLE_LEN]; /* slots of unseated replicas that reach it; bits */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* Proves that a listed replica is alive; submitted by its member's daemon. */
struct assay_cont_alive_record {
    uint32_t group;
    uint64_t era;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint64_t epoch;                              /* the current epoch */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN]; /* over the author as well */
};

/* The last table that a member of the base has signed. */
struct assay_cont_last_table {
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t root[32];
    uint32_t entries;
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/*
 * Members of the base have stopped for the view of a roster, and members of that view vouch for the
 * table that it starts from. It proves by itself that this view followed that base, so it restores
 * a view that a RECOVER undid (docs/services.md 1.9.5).
 */
struct assay_cont_table_record {
    uint32_t group;
    uint64_t base;                   /* a view; below that of the roster */
    struct assay_cont_roster roster; /* with the contacts that the last tables name */
    uint8_t root[32];
    uint32_t entries;
    uint32_t last_count;
    struct assay_cont_last_table last[ASSAY_CONT_SEATS_MAX]; /* of the base */
    uint32_t count;
    uint8_t key[ASSAY_CONT_SEATS_MAX][ASSAY_P256_PUBLIC_LEN]; /* that vouch, of the roster */
    uint8_t signature[ASSAY_CONT_SEATS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

/* The name of an instance. */
void assay_cont_instance(const struct assay_cont_home *home, const struct assay_cont_birth *birth,
                         const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                         uint8_t instance[static 32]);
/* The link key of a seed, in a record, and the CURVE key derived from it. */
void assay_cont_link_name(const struct assay_secret32 *seed, struct assay_cont_link *link,
                          struct assay_cont_contact *contact);
/* Statements that keys sign for their records, with the node id of the record's author: a payload
 * that another member submits is invalid. */
void assay_cont_replica_statement(const struct assay_cont_home *home,
                                  const uint8_t node_id[static 32],
                                  const struct assay_cont_replica_record *record,
                                  uint8_t digest[static 32]);
void assay_cont_session_statement(const struct assay_cont_home *home,
                                  const uint8_t node_id[static 32],
                                  const struct assay_cont_session_record *record,
                                  uint8_t digest[static 32]);
void assay_cont_alive_statement(const struct assay_cont_home *home,
                                const uint8_t node_id[static 32],
                                const struct assay_cont_alive_record *record,
                                uint8_t digest[static 32]);
/* The same of records that any member may submit. */
void assay_cont_silent_statement(const struct assay_cont_home *home,
                                 const struct assay_cont_silent_record *record,
                                 uint8_t digest[static 32]);
void assay_cont_retire_statement(const struct assay_cont_home *home,
                                 const struct assay_cont_retire_record *record,
                                 uint8_t digest[static 32]);

/* Digest of a contact in a roster: SHA-256("assay/contact/v1", curve key, address). */
void assay_cont_contact_digest(const struct assay_cont_contact *contact, uint8_t digest[static 32]);
/* Curve key and address, two items. */
void assay_cont_contact_encode(struct assay_writer *w, const struct assay_cont_contact *contact);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_INVALID (an address that is no text) */
ASSAY_CHECKED enum assay_status assay_cont_contact_decode(struct assay_cursor *in,
                                                          struct assay_cont_contact *contact);

/* Encoders write into bytes, and *out is borrowed from them; decoders write *record only on
 * ASSAY_OK. */
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_replica_record_encode(
    const struct assay_cont_replica_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_INVALID */
ASSAY_CHECKED enum assay_status assay_cont_replica_record_decode(
    struct assay_slice bytes, struct assay_cont_replica_record *record);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_session_record_encode(
    const struct assay_cont_session_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_INVALID */
ASSAY_CHECKED enum assay_status assay_cont_session_record_decode(
    struct assay_slice bytes, struct assay_cont_session_record *record);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_table_record_encode(
    const struct assay_cont_table_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_cont_table_record_decode(
    struct assay_slice bytes, struct assay_cont_table_record *record);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_keep_record_encode(
    const struct assay_cont_keep_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE | ASSAY_E_CHAIN (a
 * receipt of another group) | as assay_cont_receipt_decode */
ASSAY_CHECKED enum assay_status assay_cont_keep_record_decode(
    struct assay_slice bytes, struct assay_cont_keep_record *record);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_retire_record_encode(
    const struct assay_cont_retire_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_cont_retire_record_decode(
    struct assay_slice bytes, struct assay_cont_retire_record *record);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_silent_record_encode(
    const struct assay_cont_silent_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_cont_silent_record_decode(
    struct assay_slice bytes, struct assay_cont_silent_record *record);
/* Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_cont_alive_record_encode(
    const struct assay_cont_alive_record *record, uint8_t *bytes, size_t capacity,
    struct assay_slice *out);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_TRAILING | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_cont_alive_record_decode(
    struct assay_slice bytes, struct assay_cont_alive_record *record);
/* Possession of the keys by the member that submitted the record. Each Returns: true when the
 * signature covers that author. */
bool assay_cont_replica_record_is_of(const struct assay_cont_home *home,
                                     const uint8_t node_id[static 32],
                                     const struct assay_cont_replica_record *record);
bool assay_cont_session_record_is_of(const struct assay_cont_home *home,
                                     const uint8_t node_id[static 32],
                                     const struct assay_cont_session_record *record);
bool assay_cont_alive_record_is_of(const struct assay_cont_home *home,
                                   const uint8_t node_id[static 32],
                                   const struct assay_cont_alive_record *record);
/* Returns: true when all signatures inside verify with the keys of the record. */
bool assay_cont_keep_record_check(const struct assay_cont_home *home,
                                  const struct assay_cont_keep_record *record);
bool assay_cont_retire_record_check(const struct assay_cont_home *home,
                                    const struct assay_cont_retire_record *record);
bool assay_cont_silent_record_check(const struct assay_cont_home *home,
                                    const struct assay_cont_silent_record *record);
bool assay_cont_table_record_check(const struct assay_cont_home *home,
                                   const struct assay_cont_table_record *record);

#endif
