/*
 * engine/ledger/state/genesis.h - final block 0: chain, parameters, policy, members
 * (docs/protocol.md 9.1 to 9.3).
 *
 * A genesis file is canonical CBOR: ["assay/genesis/v1", body, signatures]. The body is signed by
 * at least `threshold` of the founding operators it names. chain_id = SHA-256 of that body. Bodies
 * are of version 2, which fixes the length of blocks; those of version 1 are refused. A plan of
 * services stands last where there is one; what it says is not looked into here
 * (docs/protocol.md 12.3).
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_GENESIS_H
#define ASSAY_ENGINE_LEDGER_STATE_GENESIS_H

#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"
#include "engine/consensus/block.h"
#include "scoring/quiet.h"
#include "scoring/weight.h"

enum {
    ASSAY_OPERATORS_MAX = 256, /* founding operators in one genesis */
    ASSAY_NAME_MAX = 63,       /* 1 to 63 of A-Z a-z 0-9 . _ - */
    ASSAY_GENESIS_LEN_MAX = 1 << 20,
    ASSAY_LEVEL_MAX = 65535, /* feature levels: so many are never counted */
    ASSAY_EPOCH_MS_MIN = 100,
    ASSAY_EPOCH_MS_MAX = 3600 * 1000,
    ASSAY_COLLATERAL_DELAY_S = 14 * 86400, /* where parameters say nothing */
    ASSAY_COLLATERAL_DELAY_S_MAX = 28 * 86400, /* Intel's documents live 30 days */
    ASSAY_SERVICES_PLAN_LEN_MAX = 16 * 1024,
    ASSAY_OPERATORS_LEN_MAX = 64 + ASSAY_OPERATORS_MAX * 140, /* of the operators' document */
};

struct assay_genesis_operator {
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t operator_id[32]; /* SHA-256 of public_key */
    struct assay_slice name;
};

/* Everything a member is at birth; incarnation 1. */
struct assay_genesis_member {
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t node_id[32];     /* SHA-256 of identity_public */
    uint8_t bootstrap_public[32]; /* CURVE25519, lifelong */
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32]; /* CURVE25519 */
    uint8_t operator_id[32];
    uint8_t vendor_root[32]; /* as verdicts name it: quote/verdict.h */
    uint8_t platform_id[32]; /* as verdicts name it; evidence from another platform is FAIL hard */
    uint32_t evidence_kind;  /* enum assay_evidence_kind */
    struct assay_slice name;
};

struct assay_genesis_parameters {
    uint32_t epoch_ms;                           /* T */
    uint32_t operator_cap_num, operator_cap_den; /* 20/100 */
    uint32_t vendor_cap_num, vendor_cap_den;     /* 33/100 */
    /* Bytes of a block's body. Agreed, not configured: a node with a smaller limit would refuse
     * what the others make final. */
    uint32_t block_len_max;
    /* Version of the verifier whose ballots are counted; all zero: the operators pin none, and the
     * digests that ballots name are not compared. */
    uint8_t verifier_digest[32];
    uint32_t level; /* feature level in force (docs/protocol.md 9.10) */
    /* How long collateral of a higher evaluation number waits (docs/protocol.md 8.9); 0:
     * ASSAY_COLLATERAL_DELAY_S. */
    uint32_t collateral_delay_s;
    uint32_t seats_max; /* members that vote (docs/protocol.md 5.22); 0: ASSAY_VOTERS_MAX */
    /* B, the bound of amplification (docs/protocol.md 6.3.2); 0: ASSAY_AMPLIFICATION_PERCENT. */
    uint32_t amplification_percent;
    /* Rows with a key hold so much of the weight (docs/protocol.md 6.7); 0:
     * ASSAY_QUIET_FLOOR_PERCENT. */
    uint32_t quiet_floor_percent;
};

/* Decoded; slices point into the file's bytes, which must outlive it. Members are in slot order,
 * which is the byte order of node_id, operators in that of public_key (both checked). */
struct assay_genesis {
    uint8_t chain_id[32];
    uint64_t time_ms; /* Unix ms: t0 of epoch 1 */
    struct assay_genesis_parameters parameters;
    struct assay_slice services;     /* which services it has: their plan; empty: none */
    struct assay_slice policy;       /* canonical policy, quote/accept/policy.h */
    struct assay_slice endorsements; /* collateral of all roots, canonical: collateral.h */
    uint8_t policy_digest[32], endorsements_digest[32]; /* SHA-256 of the slices */
    uint8_t operators_digest[32];                       /* of assay_operators_encode */
    uint8_t first[3][32]; /* those three of the file: effective rules made of it keep them */
    uint64_t operators_number; /* of the CHANGE that brought the operators; 0: the genesis */
    uint32_t threshold;
    uint32_t operator_count;
    struct assay_genesis_operator operators[ASSAY_OPERATORS_MAX];
    uint32_t member_count;
    struct assay_genesis_member members[ASSAY_MEMBERS_MAX];
    struct assay_slice body;  /* the signed bytes */
    uint32_t signature_count; /* valid ones, each from another operator, signers ascending */
    uint32_t signers[ASSAY_OPERATORS_MAX]; /* index into operators */
    uint8_t signatures[ASSAY_OPERATORS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

/*
 * Names stand in YAML, JSON, logs and terminals, and come from other operators: letters, digits and
 * a few marks, in genesis as in cards and plans.
 * Returns: true for 1 to ASSAY_NAME_MAX of A-Z a-z 0-9 . _ -
 */
bool assay_name_is_fit(struct assay_slice name);

/*
 * assay_genesis_decode - read a genesis file and check every signature in it.
 *
 * Out:     *genesis, zeroed unless ASSAY_OK (large: keep it in static or heap memory)
 * Returns: ASSAY_OK | any ASSAY_CLASS_INPUT status; ASSAY_E_SYNTAX for a name with another
 *          character than A-Z a-z 0-9 . _ -; ASSAY_E_SIGNATURE when a signature is bad, from
 *          a key that the body does not name, or when fewer than threshold operators signed (unless
 *          allow_unsigned)
 */
ASSAY_CHECKED enum assay_status assay_genesis_decode(const uint8_t *bytes, size_t len,
                                                     bool allow_unsigned,
                                                     struct assay_genesis *genesis,
                                                     struct assay_where *where);
/* Fills in operator_id and node_id from the keys and brings operators and members into their order.
 */
void assay_genesis_sort(struct assay_genesis *genesis);
/* --- parts that changes carry, too (engine/ledger/records/change.h) */

/* [epoch_ms, caps, block_len_max, verifier digest, ?level, ?collateral_delay_s, ?seats_max,
 * ?amplification_percent, ?quiet_floor_percent]: what is last is left out where it is the default,
 * so that there is one encoding. */
void assay_parameters_put(struct assay_writer *w, const struct assay_genesis_parameters *p);
/* Returns: the delay in ms. */
uint64_t assay_parameters_delay_ms(const struct assay_genesis_parameters *p);
/* Returns: how many members vote at most, 1 .. ASSAY_VOTERS_MAX. */
uint32_t assay_parameters_seats(const struct assay_genesis_parameters *p);
/* Returns: B in percent, ASSAY_AMPLIFICATION_PERCENT_MIN .. _MAX. */
uint32_t assay_parameters_amplification(const struct assay_genesis_parameters *p);
/* Returns: the floor in percent, ASSAY_QUIET_FLOOR_PERCENT_MIN .. _MAX. */
uint32_t assay_parameters_quiet_floor(const struct assay_genesis_parameters *p);
/* Returns: ASSAY_OK | ASSAY_E_RANGE | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_parameters_read(struct assay_cursor *c,
                                                      struct assay_genesis_parameters *p);
/* A member's card. */
void assay_member_card_put(struct assay_writer *w, const struct assay_genesis_member *m);
/* With its keys on the curve, a fit name, and node_id filled in; the operator is not looked for.
 * Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_RANGE (kind) | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_member_card_read(struct assay_cursor *c,
                                                       struct assay_genesis_member *m);
/* Operators and threshold as one document, ["assay/operators/v2", number, threshold, [key, name
 * ..]], which the state names by its digest. The number is that of the CHANGE that brings it, 0 in
 * the genesis: operators that come back have another digest than before (docs/protocol.md 9.6.4).
 * Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_operators_encode(const struct assay_genesis *genesis,
                                                       struct assay_writer *w);
/* Out: operators, their number, operator_count, threshold and operators_digest of *genesis; names
 * borrow from bytes.
 * Returns: ASSAY_OK | ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_KEY | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_operators_decode(struct assay_slice bytes,
                                                       struct assay_genesis *genesis);
/* The same without a place for what it says. Returns: as assay_operators_decode */
ASSAY_CHECKED enum assay_status assay_operators_check(struct assay_slice bytes);
/* Opens a document up to its list, any bytes. Out: *c stands at the first operator.
 * Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_operators_open(struct assay_slice bytes,
                                                     struct assay_cursor *c, uint64_t *number,
                                                     uint32_t *threshold, uint32_t *count);
/* The next operator of a document that was opened; the order is not checked. Its name borrows.
 * Returns: ASSAY_OK | INPUT statuses */
ASSAY_CHECKED enum assay_status assay_operators_next(struct assay_cursor *c,
                                                     struct assay_genesis_operator *o);
/* Returns: the operator of this id, NULL when there is none. */
const struct assay_genesis_operator *assay_operator_find(const struct assay_genesis *genesis,
                                                         const uint8_t id[static 32]);

/* The signed body from its parts (sorted: assay_genesis_sort; checked).
 * Returns: ASSAY_OK and the bytes in w | ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_FULL |
 *          ASSAY_E_SYNTAX (a name) */
ASSAY_CHECKED enum assay_status assay_genesis_encode_body(const struct assay_genesis *genesis,
                                                          struct assay_writer *w);
/* The file around a body: signatures[i] is by operators[signers[i]], signers ascending.
 * Returns: ASSAY_OK | ASSAY_E_FULL | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_genesis_encode_file(
    struct assay_slice body, const uint32_t *signers,
    const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], size_t count, struct assay_writer *w);
/* The digest an operator signs: SHA-256 of ["assay/genesis-signature/v1", chain_id]. */
void assay_genesis_signing_digest(const uint8_t chain_id[static 32], uint8_t digest[static 32]);

#endif
