/*
 * host/light/light.h - light client of the ledger: tables of voters, followed by finality
 * certificates from a pinned checkpoint (docs/services.md 9).
 *
 * For a program, such as an enclave, that trusts neither its host nor a node. Its inputs are what a
 * daemon stores of an epoch: boundary, finality proof and rows of the table of voters. Every input
 * is hostile, and a refused one changes nothing. No I/O and no clock: time is that of headers that
 * voters certified. The state is plain data in memory of the caller, without pointers.
 */
#ifndef ASSAY_HOST_LIGHT_LIGHT_H
#define ASSAY_HOST_LIGHT_LIGHT_H

#include "engine/ledger/proofs/checkpoint.h"

enum {
    ASSAY_LIGHT_VOTERS_MAX = ASSAY_VOTERS_MAX,
    ASSAY_LIGHT_TAILS_MAX = 8,        /* headers between the certified block and its EPOCH block */
    ASSAY_LIGHT_LEN_MAX = 256 * 1024, /* of the state: an enclave has little memory */
};

/* Why an input is refused, in the order of the checks. The numbers are public and never reused. */
enum assay_light_answer {
    ASSAY_LIGHT_TAKEN = 0,
    ASSAY_LIGHT_NOT_READ = 1,        /* truncated, not canonical, or longer than any */
    ASSAY_LIGHT_NO_TABLE = 2,        /* the voters of the checkpoint come first */
    ASSAY_LIGHT_OTHER_CHAIN = 3,     /* of another network than the checkpoint */
    ASSAY_LIGHT_OTHER_ERA = 4,       /* a RECOVER lies between */
    ASSAY_LIGHT_OLDER = 5,           /* of an epoch that is not after the trusted one */
    ASSAY_LIGHT_TIME_BACK = 6,       /* its time is not after the trusted one */
    ASSAY_LIGHT_TRUST_EXPIRED = 7,   /* more than the trusting period after the trusted one */
    ASSAY_LIGHT_OTHER_STATE = 8,     /* leaf 0 is not of the block's state, or of its epoch */
    ASSAY_LIGHT_LONG_TAIL = 9,       /* more than ASSAY_LIGHT_TAILS_MAX headers */
    ASSAY_LIGHT_OTHER_BLOCK = 10,    /* not the block that the certificate or checkpoint names */
    ASSAY_LIGHT_NOT_FINAL = 11,      /* the votes are none to finalise */
    ASSAY_LIGHT_OTHER_VOTERS = 12,   /* rows that the trusted state does not name: forged */
    ASSAY_LIGHT_BAD_TABLE = 13,      /* rows no network has: a key twice, too many, no weight */
    ASSAY_LIGHT_VOTERS_CHANGED = 14, /* two thirds of the trusted weight or less have signed */
    ASSAY_LIGHT_NO_OWNER = 15,       /* no owner's key is pinned */
    ASSAY_LIGHT_NOT_OWNER = 16,      /* not signed by the pinned owner */
};
/* What it means and what to do. Returns: a sentence, never NULL. */
const char *assay_light_text(enum assay_light_answer answer);

struct assay_light_voter {
    uint32_t slot; /* for good within an era */
    uint32_t weight;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
};

/* Rows with weight and key, by slot; rows without a key count in the total alone. */
struct assay_light_table {
    uint64_t total_weight;
    uint32_t count;
    struct assay_light_voter voter[ASSAY_LIGHT_VOTERS_MAX];
};

struct assay_light {
    struct assay_checkpoint at; /* the newest trusted epoch */
    bool has_owner;
    uint8_t owner[ASSAY_P256_PUBLIC_LEN];
    bool has_table; /* voters of the epoch after `at` */
    struct assay_light_table table;
    struct assay_light_table next; /* scratch of a call */
    /* Of the state after `at`, once its boundary was taken. */
    bool has_state, certified;
    uint32_t epoch_ms; /* T */
    uint32_t service_count;
    uint8_t services[ASSAY_SERVICE_DOCUMENTS_MAX][32];
};
_Static_assert(sizeof(struct assay_light) <= ASSAY_LIGHT_LEN_MAX, "the state outgrows an enclave");

/* Encoded as engine/store has them; slices of untrusted bytes. */
struct assay_light_epoch {
    struct assay_slice boundary; /* engine/ledger/proofs/boundary.h */
    struct assay_slice finality; /* engine/consensus/vote.h */
    /* Rows of the table after that epoch, all slots (roster_digest.h). Empty: the same as before */
    struct assay_slice rows;
};

/*
 * assay_light_init - starts at a checkpoint, which is trusted: measured, or sealed by this program.
 * In:      checkpoint: copied; owner: P-256 key that may sign later checkpoints; NULL: none
 */
void assay_light_init(struct assay_light *light, const struct assay_checkpoint *checkpoint,
                      const uint8_t *owner);
/*
 * assay_light_take_base - the voters that the checkpoint names, before any later epoch.
 * In:      boundary: of the checkpoint's own epoch; empty: its documents stay unknown; both are
 *          hostile
 * Returns: TAKEN | NOT_READ | OTHER_BLOCK | OTHER_STATE | OTHER_VOTERS | BAD_TABLE
 */
enum assay_light_answer assay_light_take_base(struct assay_light *light,
                                              struct assay_slice boundary, struct assay_slice rows);
/*
 * assay_light_take_epoch - a later epoch, next or not, certified by the trusted voters.
 * In:      epoch: hostile
 * Out:     TAKEN: light->at is that epoch, light->table its successors
 * Returns: the answer; a refused input changes nothing
 * Cost:    one signature for each trusted voter that the certificate names, at most
 */
enum assay_light_answer assay_light_take_epoch(struct assay_light *light,
                                               const struct assay_light_epoch *epoch);
/*
 * assay_light_take_checkpoint - a later checkpoint that the pinned owner signed: over a RECOVER, or
 * when the trusting period is over.
 * In:      checkpoint: encoded; signature: of assay_light_owner_digest, low s; rows: its voters.
 *          All are hostile
 * Returns: TAKEN | NOT_READ | NO_OWNER | NOT_OWNER | OTHER_CHAIN | OLDER | TIME_BACK |
 *          OTHER_VOTERS | BAD_TABLE
 */
enum assay_light_answer assay_light_take_checkpoint(
    struct assay_light *light, struct assay_slice checkpoint,
    const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN], struct assay_slice rows);
/* Digest that an owner signs: SHA-256 of canonical CBOR ["assay/light/checkpoint/v1", checkpoint
 * bytes]. */
void assay_light_owner_digest(struct assay_slice checkpoint, uint8_t digest[static 32]);
/* The epoch to request next, to get from `at` to `target` when the trusted voters did not certify
 * `refused` (0: nothing was refused yet): halfway, so the way is as long as voters changed.
 * Returns: it; 0: no epoch lies between, so the certificate of the next epoch itself was refused */
uint64_t assay_light_next(const struct assay_light *light, uint64_t target, uint64_t refused);
/* Returns: whether the state after `at` names these bytes as a document of a service. */
bool assay_light_has_document(const struct assay_light *light, struct assay_slice document);

#endif
