/*
 * engine/ledger/records/ledger.h - ledger: content of one branch of an epoch, block by block.
 *
 * docs/protocol.md 4.3 to 4.8. A ledger starts empty at the EPOCH block of the epoch before, takes
 * the records of each block in chain order, and gives at E the next state. The final prefix is one
 * ledger; a branch is a copy of it with the blocks up to a parent applied.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_LEDGER_H
#define ASSAY_ENGINE_LEDGER_RECORDS_LEDGER_H

#include "engine/consensus/vote.h"
#include "engine/ledger/records/record.h"
#include "engine/ledger/state/services.h"

enum {
    ASSAY_CONTRADICTIONS_MAX = 256, /* E5 in one epoch; more wait for the next */
};

struct assay_recover; /* recover.h */

struct assay_contradiction {
    uint32_t slot, subject;
    uint64_t epoch;
};

/* A REVIEW of this epoch. */
struct assay_ledger_review {
    uint16_t operator_; /* index in the effective rules */
    bool proposes;
    uint8_t key[16]; /* the first half of the record's */
    uint64_t issued;
};

struct assay_ledger {
    uint32_t members;
    size_t row_len;
    /* Tip of the branch: the block after which this is the ledger. */
    uint8_t tip_id[32];
    uint64_t height, view, time_ms;
    bool closed; /* the tip is an EPOCH block */
    /* It closes by this one (docs/protocol.md 9.15): recover.h; borrowed. NULL: by an EPOCH block
     * of its era. */
    const struct assay_recover *recover;
    bool has_roll;
    uint8_t roll_root[32];
    uint32_t contradiction_count;
    struct assay_contradiction contradictions[ASSAY_CONTRADICTIONS_MAX];
    /* [members] */
    uint8_t (*roll)[32]; /* envelope digests; zero where roll_present is false */
    bool *roll_present;
    bool *balloted;       /* a ballot is included */
    bool *counted;        /* and it is over the digests of this branch */
    uint8_t *rows;        /* [members][row_len] of counted ballots */
    uint8_t *fail;        /* enum assay_outcome: FAIL_SOFT, FAIL_HARD or NONE */
    bool *felled;         /* the rules before those on trial say PASS of what failed */
    uint32_t *struck;     /* incarnation that an offence struck; 0: none */
    uint8_t *false_fails; /* proofs of this epoch, at most 255 counted */
    bool *false_pass;
    bool *incarnated;
    uint8_t (*voting)[ASSAY_P256_PUBLIC_LEN]; /* keys of the incarnation to be listed */
    uint8_t (*transport)[32];
    struct assay_maintenance *maintenance; /* announced in this epoch; until 0: none */
    bool *declares;                        /* workload keys: a KEYS is included */
    uint8_t (*declared)[32];               /* and their root */
    uint32_t *levels;                      /* that ballots announced; of those who balloted */
    /* The record of the one CHANGE that an epoch may take. */
    size_t change_len;
    uint8_t *change; /* [ASSAY_CHANGE_RECORD_LEN_MAX] */
    /* And the records of its COLLATERAL, in chain order. */
    uint32_t update_count;
    struct assay_update_facts update_facts[ASSAY_UPDATES_EPOCH_MAX];
    size_t update_len[ASSAY_UPDATES_EPOCH_MAX];
    uint8_t *updates[ASSAY_UPDATES_EPOCH_MAX]; /* [ASSAY_UPDATE_RECORD_LEN_MAX] each */
    size_t declared_len;                       /* bytes of its KEYS */
    size_t declared_again_len;                 /* of them, of members that declare often */
    uint32_t declared_in_block;                /* KEYS of the block that is built on the tip */
    uint32_t review_count;
    struct assay_ledger_review reviews[ASSAY_REVIEWS_EPOCH_MAX];
    struct assay_service_log services; /* of no members where the network has none */
    struct {
        uint32_t names; /* 0: the plan grants none */
        uint8_t *rows;  /* [members][assay_grants_row_len] of counted ballots */
    } grants;
};

/* Returns: bytes of the arrays. */
size_t assay_ledger_memory_len(uint32_t members);
/* memory: aligned to 16. */
void assay_ledger_init(struct assay_ledger *ledger, void *memory, uint32_t members);
/* It takes records of services, too. memory: assay_services_log_memory_len, aligned to 16. */
void assay_ledger_serve(struct assay_ledger *ledger, void *memory,
                        const struct assay_services *services);
/* Returns: bytes of the rows of granted names; 0 without names. */
size_t assay_ledger_grants_len(uint32_t members, uint32_t names);
/* Its ballots state which of so many granted names evidence has. memory: assay_ledger_grants_len,
 * NULL without names. */
void assay_ledger_grant(struct assay_ledger *ledger, void *memory, uint32_t names);
/* Empty, at the state's head. */
void assay_ledger_reset(struct assay_ledger *ledger, const struct assay_state *state);
/* The two ledgers share nothing afterwards. */
void assay_ledger_copy(struct assay_ledger *to, const struct assay_ledger *from);

/* Of a decoded record whose signatures nobody has verified: whether the chain has taken all that it
 * could prove (docs/protocol.md 5.23.1). Returns: so or not */
bool assay_record_is_spent(const struct assay_context *context, const struct assay_ledger *ledger,
                           const struct assay_record *record);
/* Returns: whether a proof of E1 to E4 or E8 has struck this incarnation of a slot or a later one.
 */
bool assay_offence_is_struck(const struct assay_context *context, const struct assay_ledger *ledger,
                             uint32_t slot, uint32_t incarnation);

/*
 * assay_ledger_fits - may this checked (and judged) record stand in the next block of the branch?
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (the branch has it) | ASSAY_E_INVALID | ASSAY_E_EARLY (a
 *          ballot before the roll, an E8 that waits for the next epoch, KEYS in a block that has as
 *          many as it may) | ASSAY_E_FULL (contradictions, parts of authors, parts of an epoch)
 */
ASSAY_CHECKED enum assay_status assay_ledger_fits(const struct assay_context *context,
                                                  const struct assay_ledger *ledger,
                                                  const struct assay_record *record);
/* fits must have said ASSAY_OK. */
void assay_ledger_apply(const struct assay_context *context, struct assay_ledger *ledger,
                        const struct assay_record *record);
/* The block becomes the tip. */
void assay_ledger_advance(struct assay_ledger *ledger, const struct assay_block_header *header,
                          const uint8_t id[static 32]);

/*
 * The kind of the next block is a function of branch and header time (docs/protocol.md 4.8).
 * Returns: EPOCH at or after t0 + T; ROLL at or after t0 + T/4 without one yet; else NORMAL.
 */
enum assay_block_kind assay_ledger_kind(const struct assay_ledger *ledger, uint64_t t0_ms,
                                        uint64_t epoch_ms, uint64_t time_ms);
/* Returns: the header time from which the next block of another kind than NORMAL is due; t0 + T
 * once there is a ROLL. */
uint64_t assay_ledger_phase(const struct assay_ledger *ledger, uint64_t t0_ms, uint64_t epoch_ms);
/* Leaf hashes of the roll, for paths: hashes[members]. */
void assay_ledger_roll_hashes(const struct assay_ledger *ledger, uint8_t (*hashes)[32]);

/* Aborts on a ledger that breaks an invariant. */
void assay_ledger_check(const struct assay_ledger *ledger);

/* Collateral whose time has come, at the end of a close (docs/protocol.md 8.10): next->rules, its
 * updates and its trial; the new set is in context->set. decided: a change came into force here,
 * so only what it forces serves. */
void assay_updates_serve(const struct assay_context *context, const struct assay_ledger *ledger,
                         bool decided, struct assay_state *next);

#endif
