/*
 * services/continuity/records.h - what replicas and enclaves put on the ledger, as payloads of its
 * service records (docs/services.md 1.3): canonical CBOR, hostile until checked.
 *
 * `check` verifies what is signed inside a payload with the keys that stand beside it, so it needs
 * no branch of the ledger; whether those keys mean anything is the fold's to say (group.h).
 */
#ifndef ASSAY_SERVICES_CONTINUITY_RECORDS_H
#define ASSAY_SERVICES_CONTINUITY_RECORDS_H

#include "services/continuity/entry.h"

enum {
    ASSAY_CONT_ADDRESS_MAX = 64,
    ASSAY_CONT_RECORD_MAX = 1024, /* the longest, of a table of seven, has about 700 bytes */
};

/* How a process is reached, and known when it calls: links run between CURVE keys. */
struct assay_cont_contact {
    uint8_t curve[32]; /* made at start, never sealed */
    uint8_t address[ASSAY_CONT_ADDRESS_MAX]; /* HOST:PORT, printable, no NUL */
    uint8_t address_len;                     /* 1 .. ASSAY_CONT_ADDRESS_MAX */
};

/* A member offers a memory. */
struct assay_cont_replica_record {
    uint32_t group;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_contact contact;
};

/* One process life of an enclave asks for its number. */
struct assay_cont_session_record {
    uint32_t group;
    uint8_t instance_key[ASSAY_P256_PUBLIC_LEN]; /* made at birth, sealed with the state */
    struct assay_cont_contact contact;
    uint64_t expected;                           /* the number that it would get */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* Members of a decided view vouch for the table that it starts from. */
struct assay_cont_table_record {
    uint32_t group;
    uint64_t view;
    uint8_t root[32];
    uint32_t entries;
    uint32_t count;
    uint8_t key[ASSAY_CONT_SEATS_MAX][ASSAY_P256_PUBLIC_LEN];
    uint8_t signature[ASSAY_CONT_SEATS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

/* SHA-256 of group and key: the name of an instance. Returns: nothing. */
void assay_cont_instance(uint32_t group, const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                         uint8_t instance[static 32]);
/* What the instance's key signs of a session record. Returns: nothing. */
void assay_cont_session_statement(const struct assay_cont_home *home,
                                  const struct assay_cont_session_record *record,
                                  uint8_t digest[static 32]);

/* Curve key and address, two items. Returns: nothing. */
void assay_cont_contact_put(struct assay_writer *w, const struct assay_cont_contact *contact);
/* Returns: ASSAY_OK | what base/cbor.h says | ASSAY_E_INVALID (an address that is no text) */
ASSAY_CHECKED enum assay_status assay_cont_contact_take(struct assay_cursor *in,
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
/* Returns: true when all that is signed inside verifies with the keys beside it. */
bool assay_cont_session_record_check(const struct assay_cont_home *home,
                                     const struct assay_cont_session_record *record);
/* Returns: the same of a table record. */
bool assay_cont_table_record_check(const struct assay_cont_home *home,
                                   const struct assay_cont_table_record *record);

#endif
