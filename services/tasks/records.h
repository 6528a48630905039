/*
 * services/tasks/records.h - payloads of the task records that requestors and executors submit to
 * the ledger (docs/services.md 6.2): canonical CBOR, hostile until checked.
 *
 * TRANSFER, OPEN and CLOSE are signed by an account key, a CLAIM contains two signatures; OFFER and
 * ACCEPT need none inside, since the submitting member signs the record, and RELEASE is either.
 * `check` verifies with the keys in the payload, so it needs no branch of the ledger; ledger.h
 * decides whether those keys are valid there. A record has some hundred bytes, always less than
 * ASSAY_TASK_RECORD_MAX.
 */
#ifndef ASSAY_SERVICES_TASKS_RECORDS_H
#define ASSAY_SERVICES_TASKS_RECORDS_H

#include "services/tasks/receipt.h"
#include "services/tasks/voucher.h"

enum {
    ASSAY_TASK_ADDRESS_MAX = 64,
    ASSAY_TASK_MEASUREMENTS_MAX = 8,
    ASSAY_TASK_RECORD_MAX = 1024, /* the longest, a claim, has about 680 bytes */
};

struct assay_task_transfer {
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* of the account that pays */
    uint64_t sequence;                  /* that account's next, from 0 */
    uint8_t to[32];                     /* account; it need not exist */
    uint64_t amount;                    /* from 1 */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* The terms of a task. */
struct assay_task_open {
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* the requestor's account key */
    uint64_t sequence;
    uint32_t executor; /* slot of a member */
    uint8_t code[32];  /* digest of the program's measurement, as in offers */
    uint8_t input[32]; /* assay_task_blob_digest; of a successor: the state that it continues
                        * from */
    uint8_t box[32];   /* X25519 key to which outputs are sealed */
    uint64_t price;    /* a step; from 1 */
    uint64_t hold;     /* an epoch, from ACCEPT on; assay_task_hold_least to price */
    uint32_t steps;    /* from 1 */
    uint64_t deadline; /* the last epoch in which a claim is valid */
    enum assay_task_standing min_standing; /* RESTRICTED and better */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

struct assay_task_close {
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t task[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* One side releases a task without claims. */
struct assay_task_release {
    uint8_t task[32];
    uint32_t paid;  /* steps: the number paid when this was made */
    bool is_signed; /* by the requestor; otherwise submitted by the executor's member */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/* A member offers to run programs. */
struct assay_task_offer {
    uint32_t count;                                /* 0 withdraws the offer */
    uint8_t code[ASSAY_TASK_MEASUREMENTS_MAX][32]; /* ascending */
    uint64_t price;                                /* a step; from 1 */
    uint64_t hold;                                 /* an epoch; as of an OPEN */
    uint8_t address[ASSAY_TASK_ADDRESS_MAX];
    uint8_t address_len;
};

struct assay_task_accept {
    uint8_t task[32];
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* the task key, generated in the enclave */
    uint8_t account[32];                /* the payee */
};

struct assay_task_claim {
    struct assay_task_receipt receipt;
    uint8_t task_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t receipt_signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t opening[32]; /* the key of the lock: public from now on */
    struct assay_task_voucher voucher;
    uint8_t requestor[ASSAY_P256_PUBLIC_LEN]; /* account key */
};

/* Statements that the account key signs. That of an OPEN is the task's name as well. */
void assay_task_transfer_statement(const uint8_t chain_id[static 32],
                                   const struct assay_task_transfer *record,
                                   uint8_t digest[static 32]);
void assay_task_open_statement(const uint8_t chain_id[static 32],
                               const struct assay_task_open *record, uint8_t digest[static 32]);
void assay_task_close_statement(const uint8_t chain_id[static 32],
                                const struct assay_task_close *record, uint8_t digest[static 32]);
void assay_task_release_statement(const uint8_t chain_id[static 32],
                                  const struct assay_task_release *record,
                                  uint8_t digest[static 32]);

/* Encoders write into bytes, and *out is borrowed from them; their input is within its ranges
 * (asserted where a length depends on it). Each Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_task_transfer_encode(const struct assay_task_transfer *record,
                                                           uint8_t *bytes, size_t capacity,
                                                           struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_task_open_encode(const struct assay_task_open *record,
                                                       uint8_t *bytes, size_t capacity,
                                                       struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_task_close_encode(const struct assay_task_close *record,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_task_release_encode(const struct assay_task_release *record,
                                                          uint8_t *bytes, size_t capacity,
                                                          struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_task_offer_encode(const struct assay_task_offer *record,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_task_accept_encode(const struct assay_task_accept *record,
                                                         uint8_t *bytes, size_t capacity,
                                                         struct assay_slice *out);
ASSAY_CHECKED enum assay_status assay_task_claim_encode(const struct assay_task_claim *record,
                                                        uint8_t *bytes, size_t capacity,
                                                        struct assay_slice *out);

/* Decoders write *record only on ASSAY_OK. Each Returns: ASSAY_OK | as base/cbor.h |
 * ASSAY_E_TRAILING | ASSAY_E_RANGE (a number that the struct above excludes); of an offer
 * ASSAY_E_ENCODING (codes do not ascend), of a claim ASSAY_E_INVALID (an invalid receipt) */
ASSAY_CHECKED enum assay_status assay_task_transfer_decode(struct assay_slice bytes,
                                                           struct assay_task_transfer *record);
ASSAY_CHECKED enum assay_status assay_task_open_decode(struct assay_slice bytes,
                                                       struct assay_task_open *record);
ASSAY_CHECKED enum assay_status assay_task_close_decode(struct assay_slice bytes,
                                                        struct assay_task_close *record);
ASSAY_CHECKED enum assay_status assay_task_release_decode(struct assay_slice bytes,
                                                          struct assay_task_release *record);
ASSAY_CHECKED enum assay_status assay_task_offer_decode(struct assay_slice bytes,
                                                        struct assay_task_offer *record);
ASSAY_CHECKED enum assay_status assay_task_accept_decode(struct assay_slice bytes,
                                                         struct assay_task_accept *record);
ASSAY_CHECKED enum assay_status assay_task_claim_decode(struct assay_slice bytes,
                                                        struct assay_task_claim *record);

/* Each Returns: true when all signatures inside verify with the keys of the record. */
bool assay_task_transfer_check(const uint8_t chain_id[static 32],
                               const struct assay_task_transfer *record);
bool assay_task_open_check(const uint8_t chain_id[static 32], const struct assay_task_open *record);
bool assay_task_close_check(const uint8_t chain_id[static 32],
                            const struct assay_task_close *record);
/* An unsigned one has nothing to verify. */
bool assay_task_release_check(const uint8_t chain_id[static 32],
                              const struct assay_task_release *record);
bool assay_task_claim_check(const uint8_t chain_id[static 32],
                            const struct assay_task_claim *record);

#endif
