/*
 * engine/ledger/fold/fold.h - fold: application of an epoch's blocks to a state, which gives the
 * next state.
 *
 * docs/protocol.md 4.3, 4.4, 4.8, 5.20. assay_fold_follows and assay_fold_body check and apply
 * every block: proposed (engine/node/branch.c), synced (engine/sync/catchup.c), or audited years
 * later. struct assay_fold is a ledger of its own around them, for readers of blocks without an
 * engine: audits. Roster, keys, groups and weights come from the state of the epoch before, never
 * from genesis alone.
 */
#ifndef ASSAY_ENGINE_LEDGER_FOLD_FOLD_H
#define ASSAY_ENGINE_LEDGER_FOLD_FOLD_H

#include "engine/ledger/fold/close.h"
#include "engine/ledger/fold/effective_rules.h"
#include "engine/ledger/records/fault.h"

enum {
    ASSAY_POISON_VERIFIED_VIEWS = 4, /* nullified in a row: no record that must be re-verified */
};

/* Callbacks for records that were checked before, and for verdicts. */
struct assay_fold_vet {
    void *context;
    /* Was this record checked already, byte for byte? Fills in what check and judge fill in. NULL:
     * none was. */
    bool (*known)(void *context, struct assay_record *record);
    /* May what costs a verification be asked about? NULL: always. */
    bool (*trusted)(void *context);
    /* Returns: the finding about the evidence of a checked record; NULL: it is being verified. */
    assay_finding_find *finding;
    /* Verification refused a record. NULL: nobody answers for it. */
    void (*refused)(void *context);
    /* A record took its place, and nothing before it in this block is awaited. NULL: nobody asks.
     * */
    void (*placed)(void *context, const struct assay_record *record, uint64_t view);
};

/*
 * assay_fold_follows - may a block with this header stand on the ledger's tip? Its kind and its
 * leader are not looked at: who catches up has them from the proof.
 * Returns: ASSAY_OK | ASSAY_E_CHAIN | ASSAY_E_INVALID, with *fault
 */
ASSAY_CHECKED enum assay_status assay_fold_follows(const struct assay_context *context,
                                                   const struct assay_ledger *ledger,
                                                   const struct assay_block_header *header,
                                                   struct assay_fault *fault);
/*
 * assay_fold_body - the records of a block onto the ledger, whose tip is its parent; then the block
 * is the tip.
 * Out:     *ledger; on anything but ASSAY_OK of no use any more (work on a copy); *fault
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (a verdict is awaited; all are asked for) | ASSAY_E_INVALID and
 *          other INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_fold_body(
    const struct assay_context *context, struct assay_ledger *ledger,
    const struct assay_block_header *header, const uint8_t id[static 32], struct assay_slice body,
    const struct assay_fold_vet *vet, struct assay_fault *fault);

/* --- without an engine */

/* Where what operators decided is looked up: changes that wait, and documents, by their digests.
 * A chain that is folded from genesis on brings its changes along. */
struct assay_fold_books {
    void *context;
    /* *document stays until four others were looked up; what remains in force is copied. */
    assay_document_find *document;
    /* Copies the CHANGE or COLLATERAL record into record[ASSAY_CHANGE_RECORD_LEN_MAX]. Returns: its
     * length, 0: it is not there. */
    size_t (*change)(void *context, const uint8_t digest[static 32], uint8_t *record);
    assay_document_check *check; /* as the context's; NULL: documents are not looked into */
    assay_plan_follow *plan_follow;      /* as the context's */
    const struct assay_updates *updates; /* as the context's */
    /* NULL: blocks of a network that has services are refused. */
    const struct assay_service_plans *services;
};

struct assay_fold {
    const struct assay_genesis *genesis; /* of the network */
    struct assay_fold_books books;
    const struct assay_genesis *effective; /* what is in force: genesis, or its own */
    /* Look at no signature: what replaying costs by itself. Roots and links are compared as ever.
     * */
    bool unsigned_;
    const char *unfit; /* why the last state was refused, static text; NULL: by its status alone */
    struct assay_state state; /* after the last epoch that was taken */
    struct assay_state next;  /* after the EPOCH block that was folded last */
    struct assay_tolerance tolerance;
    struct assay_context context;
    struct assay_voter_table voters; /* of the running epoch */
    struct assay_ledger ledger;

    /* Its own: fold.c. */
    uint32_t members, capacity;
    void *ledger_memory;
    struct assay_genesis *own_effective;
    struct assay_state stage;
    struct assay_effective_rules_room room_in_force;
    struct assay_slice pending[ASSAY_PENDING_MAX];
    uint8_t *pending_bytes[2][ASSAY_PENDING_MAX]; /* in turns */
    unsigned pending_turn;
    struct assay_update_cache update_cache;
    uint8_t *scratch_record;
    struct assay_writer set[2]; /* in turns: what the last two closes brought into force */
    unsigned set_turn;
    struct assay_p256 **voting, **identity;
    uint8_t (*loaded)[ASSAY_P256_PUBLIC_LEN], (*named)[ASSAY_P256_PUBLIC_LEN];
    uint32_t *weights;
    uint8_t (*node_ids)[32];
    struct assay_place *places;
    void *groups_memory;
    struct assay_groups groups;
    struct assay_close close;
    struct assay_close_rules rules;
    /* Of the plan in force. */
    const struct assay_services *services; /* NULL: there is none, or nothing is known of it */
    struct assay_slice plan;
    uint8_t plan_digest[32];  /* as a state has it: zeros, the genesis's */
    uint8_t *plan_bytes[2];   /* in turns: of one that a change brought */
    unsigned plan_turn;
    void *registry; /* of the state */
    struct assay_service_room room;
    void *log_memory;
    void *grant_rows; /* of ballots, for as many names as a plan grants */
    int64_t *counters; /* of the leader sequence, at `view` */
    uint64_t view;
    uint16_t leader;
    uint8_t *scratch;
    size_t scratch_len;
    /* What was done so far. */
    uint64_t blocks, records;
    /* The last RECOVER (9.17): weight of the voters at its parent, and of those whose answers
     * verify; is it more than a third? All zero where signatures are not verified. */
    uint64_t recover_total, recover_answered;
    bool recover_grounded;
};

/* Returns: bytes of memory, a multiple of 64, for rosters of up to so many slots. */
size_t assay_fold_memory_len(uint32_t capacity);
/* Returns: additional bytes for services. */
size_t assay_fold_services_len(const struct assay_service_plans *services, uint32_t capacity);
/*
 * The state is genesis. memory: aligned to 64, outlives it, as genesis does; books: NULL: none.
 * Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO | ASSAY_E_RANGE (no member has a seat) |
 *          ASSAY_E_FULL (more members than capacity)
 */
ASSAY_CHECKED enum assay_status assay_fold_init(struct assay_fold *fold, void *memory,
                                                uint32_t capacity,
                                                const struct assay_genesis *genesis,
                                                const struct assay_fold_books *books);
/* Begin at a stored state instead, which proves itself against its own block: whether that block is
 * the chain is for the caller to know. Documents of services come from the books. Returns: as
 * assay_state_decode | ASSAY_E_KEY | ASSAY_E_CRYPTO | ASSAY_E_NOT_FOUND (a document) |
 * ASSAY_E_RANGE (no member has a seat) | ASSAY_E_INVALID (a record of another kind) */
ASSAY_CHECKED enum assay_status assay_fold_from(struct assay_fold *fold,
                                                struct assay_slice snapshot);
/* Frees the decoded keys. */
void assay_fold_deinit(struct assay_fold *fold);

/*
 * assay_fold_block - the next final block: link, leader, signature, kind, time, records, root.
 *
 * In:      PROPOSAL payload as stored
 * Out:     with an EPOCH block fold->next is the state after it and ledger.closed; nothing else may
 *          be folded until assay_fold_take
 * Returns: ASSAY_OK | ASSAY_E_AGAIN (vet->finding said so) | INPUT statuses with *fault
 */
ASSAY_CHECKED enum assay_status assay_fold_block(struct assay_fold *fold,
                                                 struct assay_slice payload,
                                                 const struct assay_fold_vet *vet,
                                                 struct assay_fault *fault);
/*
 * assay_fold_proven - does the finality proof name the EPOCH block that was folded, by a quorum of
 * the epoch's own table?
 * Returns: ASSAY_OK | INPUT statuses with *fault
 */
ASSAY_CHECKED enum assay_status assay_fold_proven(const struct assay_fold *fold,
                                                  struct assay_slice proof,
                                                  struct assay_fault *fault);
/*
 * assay_fold_recover - the epoch ends by decision of the operators, on top of the block that was
 * folded last (docs/protocol.md 9.15, 9.17): as assay_fold_block with an EPOCH block, and proven.
 * In:      bytes: a RECOVER (recover.h), which outlives assay_fold_take
 * Returns: ASSAY_OK | INPUT statuses with *fault
 */
ASSAY_CHECKED enum assay_status assay_fold_recover(struct assay_fold *fold,
                                                   struct assay_slice bytes,
                                                   struct assay_fault *fault);
/* next becomes the state. Returns: ASSAY_OK | ASSAY_E_KEY | ASSAY_E_CRYPTO | ASSAY_E_NOT_FOUND (a
 * change or a document that it names is in no book) | ASSAY_E_RANGE, ASSAY_E_INVALID as
 * assay_fold_from */
ASSAY_CHECKED enum assay_status assay_fold_take(struct assay_fold *fold);

#endif
