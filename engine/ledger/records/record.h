/*
 * engine/ledger/records/record.h - typed records of a block: one table row for each kind.
 *
 * docs/protocol.md 4.3, 5.23, 9.4. A record is canonical CBOR [kind, fields...]; the same bytes
 * travel as RECORD messages and stand in block bodies:
 *
 *   ROLL           [1, entries]: only in ROLL blocks, first and alone of its kind; an entry is an
 *                  envelope digest or null
 *   BALLOT         [2, body, signature]: engine/ledger/records/ballot.h
 *   FAIL           [3, envelope, evidence]: evidence that fails, for everyone to re-verify
 *   INCARNATE      [4, body, signature, evidence]: body is ["assay/incarnate/v1", chain_id, era,
 *                  epoch, node_id, incarnation, voting_pub, transport_pub, evidence digest,
 *                  length], signed by the identity key
 *   OFFENCE        [5, number, first, second]: E1..E4, E8, two signed messages that convict
 *   CONTRADICTION  [6, ballot record, envelope, evidence, path]: E5, an outcome of the ballot that
 *                  re-verification contradicts; path leads from the envelope's digest to the
 *                  ballot's roll root and is empty where the ballot names it as an exception
 *   CHANGE         [7, body, signatures]: what operators decide, engine/ledger/records/change.h
 *   COLLATERAL     [8, offer]: newer collateral of one vendor root, engine/ledger/records/update.h
 *   REVIEW         [10, body, signature, change]: of an operator about a change that is not signed
 *                  by enough of them yet, engine/ledger/records/review.h
 *   SERVICE        [9, body, signature]: of a member for a service (docs/protocol.md 12.1); body is
 *                  ["assay/service/v1", chain_id, era, epoch, node_id, incarnation, number, kind,
 *                  payload], signed by the voting key
 *   KEYS           [11, body, signature]: what a member declares (docs/protocol.md 2.16); body is
 *                  ["assay/keys/v1", chain_id, era, epoch, node_id, incarnation, list of workload
 *                  keys], signed by the voting key
 *
 * What a kind is stands in its row (row.h): decode (shape), check (what holds on every branch:
 * signatures, keys, epochs), judge (with the verdict on the evidence that it carries), fits and
 * apply (what holds on one branch), and what a pool keeps of it.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_RECORD_H
#define ASSAY_ENGINE_LEDGER_RECORDS_RECORD_H

#include "engine/ledger/records/ballot.h"
#include "engine/ledger/records/change.h"
#include "engine/ledger/records/context.h"
#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/finding.h"
#include "engine/ledger/records/review.h"
#include "engine/ledger/state/services.h"
#include "engine/ledger/state/workload_keys.h"

#include "base/merkle.h"

/* Every kind: symbol, number on the wire, row. A kind more is a line here and a file with its row.
 */
#define ASSAY_RECORD_LIST(X)                                                                       \
    X(ASSAY_RECORD_ROLL, 1, assay_row_roll)                                                        \
    X(ASSAY_RECORD_BALLOT, 2, assay_row_ballot)                                                    \
    X(ASSAY_RECORD_FAIL, 3, assay_row_fail)                                                        \
    X(ASSAY_RECORD_INCARNATE, 4, assay_row_incarnate)                                              \
    X(ASSAY_RECORD_OFFENCE, 5, assay_row_offence)                                                  \
    X(ASSAY_RECORD_CONTRADICTION, 6, assay_row_contradiction)                                      \
    X(ASSAY_RECORD_CHANGE, 7, assay_row_change)                                                    \
    X(ASSAY_RECORD_COLLATERAL, 8, assay_row_update)                                                \
    X(ASSAY_RECORD_SERVICE, 9, assay_row_service)                                                  \
    X(ASSAY_RECORD_REVIEW, 10, assay_row_review)                                                   \
    X(ASSAY_RECORD_KEYS, 11, assay_row_keys)                                                       \
    ASSAY_RECORD_LIST_MORE(X)

/* Of a test that tries a row of its own. */
#ifndef ASSAY_RECORD_LIST_MORE
#define ASSAY_RECORD_LIST_MORE(X)
#endif

#define ASSAY_RECORD_ENUM(symbol, number, row) symbol = number,
enum assay_record_kind { ASSAY_RECORD_LIST(ASSAY_RECORD_ENUM) };
#undef ASSAY_RECORD_ENUM

enum {
    /* Re-verifications that one block may ask for; a FAIL under trial asks for two. */
    ASSAY_REVERIFIED_MAX = 64,
    ASSAY_SIGNED_LEN_MAX = 1024, /* one of the two messages of an OFFENCE */
    ASSAY_KEYS_RECORD_LEN_MAX = 8192,
    ASSAY_KEYS_EPOCH_LEN_MAX = 256 * 1024, /* KEYS of all members */
    ASSAY_KEYS_AGAIN_LEN_MAX = 128 * 1024, /* of those that declare often, or stand too low */
    ASSAY_KEYS_AGAIN_EPOCHS = 4,           /* often: within so many epochs */
    ASSAY_KEYS_BLOCK_MAX = 32,             /* in one block: as many lists are stored with it */
};

/* Does E5 convict of a false FAIL or of a false PASS? */
enum assay_falsehood { ASSAY_FALSE_NONE = 0, ASSAY_FALSE_FAIL = 1, ASSAY_FALSE_PASS = 2 };

struct assay_incarnate {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint8_t node_id[32];
    uint32_t incarnation;
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
    uint8_t evidence_digest[32];
    uint32_t evidence_len;
};

struct assay_service_body {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint8_t node_id[32];
    uint32_t incarnation;
    uint32_t number;            /* below ASSAY_SERVICE_NUMBERS; each once in an epoch */
    uint32_t kind;              /* what the service calls it; below 65536 */
    struct assay_slice payload; /* 1 .. ASSAY_SERVICE_PAYLOAD_LEN_MAX */
};

struct assay_keys_body {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint8_t node_id[32];
    uint32_t incarnation;
    struct assay_slice list; /* workload_keys.h */
    uint8_t root[32];        /* of it */
};

/* Decoded; slices borrow from bytes. Fields that a kind does not have are zero. */
struct assay_record {
    enum assay_record_kind kind;
    struct assay_slice bytes;
    uint8_t key[32]; /* digest of what it says, never of signature bytes: equality and dedup */
    struct assay_slice body;
    uint8_t body_digest[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint8_t possession[ASSAY_P256_SIGNATURE_LEN]; /* INCARNATE: by the new voting key */
    struct assay_slice entries; /* ROLL, CHANGE (signatures): encoded items, entry_count of them */
    uint32_t entry_count;
    struct assay_ballot ballot;     /* BALLOT, CONTRADICTION */
    struct assay_envelope envelope; /* FAIL, CONTRADICTION */
    struct assay_incarnate incarnate;
    struct assay_slice evidence; /* FAIL, INCARNATE, CONTRADICTION */
    uint8_t evidence_digest[32];
    struct assay_change change; /* CHANGE; REVIEW: of a proposal */
    struct assay_review review;
    uint32_t share; /* REVIEW, by check: how many its operator has in an epoch; 0: not checked */
    bool is_old;    /* REVIEW, by check: not fresh */
    struct assay_slice offer; /* COLLATERAL */
    struct assay_service_body service;
    struct assay_keys_body keys;
    unsigned offence; /* OFFENCE: 1..4, 8 */
    bool may_wait;    /* the chain may put it off for epochs: it keeps no other of its kind out */
    struct assay_slice first, second; /* OFFENCE: signed messages */
    struct assay_slice ballot_record; /* CONTRADICTION: the BALLOT record inside */
    size_t path_len;
    uint8_t path[ASSAY_MERKLE_LEVELS][32];

    /* Filled in by check and judge. */
    uint64_t epoch;             /* that it is about */
    uint32_t slot;              /* of the author or, in proofs, of the accused */
    uint32_t subject;           /* whose evidence it carries */
    uint32_t incarnation;       /* of the accused */
    enum assay_outcome outcome; /* FAIL: what re-verification said */
    bool felled;                /* FAIL: the rules before those on trial say PASS */
    enum assay_falsehood falsehood;
    bool without_keys; /* a PASS that binds no keys although its subject declared some */
    struct assay_update_facts update; /* COLLATERAL: relative to the set in force */
};

/* Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (kind) | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_record_decode(struct assay_slice bytes,
                                                    struct assay_record *record);
/*
 * assay_record_check - everything that does not depend on the branch and needs no verdict.
 * Out:     record's epoch, slot, subject, incarnation
 * Returns: ASSAY_OK | ASSAY_E_CHAIN | ASSAY_E_STALE | ASSAY_E_EARLY | ASSAY_E_STRANGER |
 *          ASSAY_E_SIGNATURE | ASSAY_E_INVALID
 */
ASSAY_CHECKED enum assay_status assay_record_check(const struct assay_context *context,
                                                   struct assay_record *record);

/* The verification that a record asks for. */
struct assay_ask {
    uint8_t digest[32];
    struct assay_slice bytes;
    enum assay_evidence_kind kind;
    uint64_t epoch;
    int64_t at_unix_s;
    /* By the rules before those on trial, each piece of their collateral at its last valid second
     * at the latest (docs/protocol.md 9.9); else by the rules of the epoch. */
    bool before;
};
/* Returns: the finding that answers; NULL: it is on its way. */
typedef const struct assay_finding_record *assay_finding_find(void *context,
                                                              const struct assay_ask *ask);
/* After check. Returns: true when the record carries evidence that must be verified again. */
bool assay_record_ask(const struct assay_context *context, const struct assay_record *record,
                      struct assay_ask *ask);
/*
 * assay_record_judge - does the evidence of a checked record say what the record says?
 * In:      find answers every verification that the record needs; all are asked for
 * Out:     record->outcome, falsehood, felled
 * Returns: ASSAY_OK (also: it carries no evidence) | ASSAY_E_AGAIN (a finding is on its way) |
 *          ASSAY_E_INVALID (the evidence does not say what the record says)
 */
ASSAY_CHECKED enum assay_status assay_record_judge(const struct assay_context *context,
                                                   assay_finding_find *find, void *find_context,
                                                   struct assay_record *record);
/* Returns: how many re-verifications a block asks for with a record of this kind (5.12). */
unsigned assay_record_cost(const struct assay_context *context, enum assay_record_kind kind);

/* What an outcome of a ballot is convicted of (E5). said: the ballot's four bits; own: the evidence
 * is bound to this subject and epoch; without_keys: as a PASS, without the keys that it declared.
 * Returns: ASSAY_FALSE_NONE when the ballot may stand. */
enum assay_falsehood assay_record_falsehood(uint8_t said, bool own, enum assay_outcome truth,
                                            bool without_keys);

/* The same of the granted names that a ballot states of a PASS with the declared keys, by the list
 * of the plan in force. Returns: the same. */
enum assay_falsehood assay_record_grants_falsehood(uint8_t said, uint8_t truth);

/* Must each receiver verify it again, at the cost of several signatures: for its evidence, or for
 * what vendors signed in it (docs/protocol.md 5.12.1)? Returns: whether so. */
bool assay_record_costs(enum assay_record_kind kind);
/* "ballot", "fail", ... Returns: never NULL. */
const char *assay_record_name(enum assay_record_kind kind);

/* --- writing. Each Returns: ASSAY_OK | ASSAY_E_FULL; signature_at: offset of the hole in w. */
ASSAY_CHECKED enum assay_status assay_record_put_roll(struct assay_writer *w,
                                                      const uint8_t (*digests)[32],
                                                      const bool *present, uint32_t count);
ASSAY_CHECKED enum assay_status assay_record_put_ballot(struct assay_writer *w,
                                                        struct assay_slice body,
                                                        size_t *signature_at);
ASSAY_CHECKED enum assay_status assay_record_put_fail(struct assay_writer *w,
                                                      struct assay_slice envelope,
                                                      struct assay_slice evidence);
ASSAY_CHECKED enum assay_status assay_record_put_incarnate(
    struct assay_writer *w, const struct assay_incarnate *incarnate, struct assay_slice evidence,
    uint8_t digest[static 32], size_t *signature_at, size_t *possession_at);
ASSAY_CHECKED enum assay_status assay_record_put_offence(struct assay_writer *w, unsigned number,
                                                         struct assay_slice first,
                                                         struct assay_slice second);
ASSAY_CHECKED enum assay_status assay_record_put_contradiction(
    struct assay_writer *w, struct assay_slice ballot_record, struct assay_slice envelope,
    struct assay_slice evidence, const uint8_t (*path)[32], size_t path_len);

/* The record around a body that is made of it. Out: digest: to be signed; *signature_at: the hole.
 * Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_record_put_service(struct assay_writer *w,
                                                         const struct assay_service_body *service,
                                                         uint8_t digest[static 32],
                                                         size_t *signature_at);

/* The same of what a member declares; keys->root is not read. Returns: the same. */
ASSAY_CHECKED enum assay_status assay_record_put_keys(struct assay_writer *w,
                                                      const struct assay_keys_body *keys,
                                                      uint8_t digest[static 32],
                                                      size_t *signature_at);

/* --- the roll as a Merkle tree: leaf = the entry's digest, or nothing where it is null. */
/* Walks the entries of a decoded ROLL. Returns: ASSAY_OK and the next one | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_roll_next(struct assay_cursor *entries, bool *present,
                                                uint8_t digest[static 32]);
void assay_roll_leaf(bool present, const uint8_t digest[static 32], uint8_t hash[static 32]);

/* A document that nobody could judge by must not come into force. Returns: ASSAY_OK | INPUT
 * statuses of one of them | ASSAY_E_INVALID (an empty one) */
ASSAY_CHECKED enum assay_status assay_change_documents_check(const struct assay_context *context,
                                                             const struct assay_change *change);

#endif
