/*
 * engine/simplex.h - weighted Simplex for one epoch (docs/protocol.md 5; Chan and Pass 2023, weighted).
 *
 * Knows votes, certificates, views, time-outs, leaders, the tree of blocks; knows nothing of records, scores
 * or time of day: the ledger (engine.c with epoch.c) says which blocks are valid and what to propose.
 * Input by the functions below; output as a list of actions, to be carried out in order. No I/O.
 *
 * Rules, in the words of the protocol: N(v,h) needs a valid proposal of leader(v), a notarised or final
 * parent, held nullification certificates of every view between, equal state root (ledger), no own X(v), no
 * own N(v). F(v,h) needs own N(v,h), its certificate, no own X(v). X(v) never after own F(v); X after N is
 * allowed. Views in which a resumed node does not know what it sent: only X, where its log holds neither X
 * nor F.
 */
#ifndef ASSAY_ENGINE_SIMPLEX_H
#define ASSAY_ENGINE_SIMPLEX_H

#include "engine/block.h"
#include "engine/engine.h"

enum assay_vote_type { ASSAY_VOTE_NOTARISE = 0, ASSAY_VOTE_NULLIFY = 1, ASSAY_VOTE_FINALISE = 2 };

/* Statement: ["assay/vote/v1", chain_id, era, epoch, view, type, block id (zero for X)]; every voter signs the
 * same bytes. VOTE payload: [statement, slot, signature]. CERTIFICATE payload: [statement, bitmap, signatures];
 * its commitment = SHA-256 of ["assay/certificate/v1", statement, bitmap]. */
struct assay_vote_statement {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    uint64_t view;
    enum assay_vote_type type;
    uint8_t block_id[32];
};

enum { ASSAY_VOTE_STATEMENT_LEN_MAX = 160, ASSAY_CERTIFICATE_LEN_MAX = 8192 };

/* Weights and keys of the running epoch, by roster slot; weight 0: not a voter. Built by the ledger at each
 * epoch boundary; keys are decoded once per incarnation. */
struct assay_voter_table {
    uint32_t count;               /* roster slots */
    const uint32_t *weight_bp;    /* [count] */
    const uint8_t (*node_id)[32]; /* [count] ties of the round robin */
    struct assay_p256 *const *voting_key; /* [count], NULL: cannot vote */
    uint64_t total_bp;
};

/* Q(x): 3x > 2W; G(x): 3x > W (docs/protocol.md 5). */
static inline bool assay_quorum(uint64_t weight_bp, uint64_t total_bp) { return 3 * weight_bp > 2 * total_bp; }
static inline bool assay_third(uint64_t weight_bp, uint64_t total_bp) { return 3 * weight_bp > total_bp; }

/* --- leaders: smooth weighted round robin, ties to the smaller node id (engine/leader.c).
 * counters[count] are advanced by one step. Returns: the leader's slot; total weight must be > 0 (asserted). */
uint16_t assay_leader_next(const struct assay_voter_table *voters, int64_t *counters);

enum assay_simplex_action_kind {
    ASSAY_SIMPLEX_SIGN,      /* a vote or proposal of ours: as ASSAY_EFFECT_SIGN, persist always set */
    ASSAY_SIMPLEX_PERSIST,   /* a certificate relied on: before what follows is sent */
    ASSAY_SIMPLEX_SEND,      /* resend or answer or pull: as ASSAY_EFFECT_SEND */
    ASSAY_SIMPLEX_PROPOSE,   /* we lead `view`: call assay_simplex_propose with a block on `parent` (tail: empty) */
    ASSAY_SIMPLEX_CHECK,     /* judge block `id`, whose ancestors are held: call assay_simplex_checked */
    ASSAY_SIMPLEX_FINAL,     /* block `id` (E where a tail was finalised) and its ancestors are final */
    ASSAY_SIMPLEX_ACCUSE,    /* two signed messages that convict `slot`: proof number and both payloads */
    ASSAY_SIMPLEX_BEHIND,    /* signed proof that epoch `view` > ours is running: sync */
    ASSAY_SIMPLEX_NOTE,      /* as ASSAY_EFFECT_NOTE */
};

struct assay_simplex_action {
    enum assay_simplex_action_kind kind;
    uint64_t view;
    uint8_t id[32];      /* PROPOSE: the parent; CHECK, FINAL: the block */
    bool tail;           /* PROPOSE */
    uint8_t proof[32];   /* FINAL: commitment of the F certificate */
    uint16_t slot;       /* ACCUSE */
    unsigned proof_number; /* ACCUSE: 1 for E1 ... */
    struct assay_slice first, second; /* ACCUSE: VOTE or PROPOSAL-header evidence, see engine/proof.h */
    struct assay_effect effect; /* SIGN, PERSIST, SEND, NOTE: ready to be handed to the host */
};

enum { ASSAY_SIMPLEX_ACTIONS_MAX = 256 };

struct assay_simplex_actions {
    size_t count;
    struct assay_simplex_action items[ASSAY_SIMPLEX_ACTIONS_MAX];
};

struct assay_simplex;

struct assay_simplex_config {
    uint8_t chain_id[32];
    uint16_t self;             /* own slot */
    uint32_t voters_max;       /* roster slots */
    uint32_t views_max;        /* views of one epoch held at once; 0: 256 */
    uint32_t certificate_max;  /* certificates held; 0: 1024 */
    struct assay_blocks *blocks; /* shared with the ledger, outlives */
};

size_t assay_simplex_size(const struct assay_simplex_config *config);
ASSAY_CHECKED enum assay_status assay_simplex_init(void *memory, size_t memory_len,
                                                   const struct assay_simplex_config *config,
                                                   struct assay_simplex **out);

/* The final block an epoch starts from. */
struct assay_simplex_base {
    uint32_t era;
    uint64_t epoch;         /* the epoch that begins */
    uint8_t id[32];         /* E of the epoch before, or genesis */
    uint64_t height;
    uint8_t proof[32];      /* commitment of its finality proof; zero for genesis */
    uint64_t epoch_ms;      /* T; delta = clamp(T/16, 25 ms, 2 s) */
    const int64_t *counters; /* [voters.count] of the round robin at its start, copied */
};

/*
 * assay_simplex_begin - start an epoch: forget the last one's views, take the new table, replay early messages.
 * voters is borrowed until the next begin.
 */
void assay_simplex_begin(struct assay_simplex *s, uint64_t now_ms, const struct assay_simplex_base *base,
                         const struct assay_voter_table *voters, struct assay_simplex_actions *out);

/* Before run: own votes, certificates, blocks (already in the block table) of the running epoch from the store. */
ASSAY_CHECKED enum assay_status assay_simplex_restore(struct assay_simplex *s, enum assay_store_class class_,
                                                      const struct assay_store_key *key, struct assay_slice value);
/* fresh: a new key set that never voted, nothing to ask; otherwise resume (docs/protocol.md 2): ask peers for
 * the highest vote of ours, wait for G of the weight or 4 delta. */
void assay_simplex_run(struct assay_simplex *s, uint64_t now_ms, bool fresh, struct assay_simplex_actions *out);

/* PROPOSAL, VOTE, CERTIFICATE, CERTIFICATE_PULL, BLOCK_PULL, RESUME_ASK, RESUME_ANSWER.
 * Returns: ASSAY_OK | why it was refused (then nothing changed) */
ASSAY_CHECKED enum assay_status assay_simplex_message(struct assay_simplex *s, uint64_t now_ms, uint16_t from,
                                                      enum assay_message_kind kind, struct assay_slice payload,
                                                      struct assay_simplex_actions *out);
void assay_simplex_tick(struct assay_simplex *s, uint64_t now_ms, struct assay_simplex_actions *out);

/* The ledger's answer to CHECK: valid, or invalid (then X of its view). No call: still pending. */
void assay_simplex_checked(struct assay_simplex *s, uint64_t now_ms, const uint8_t id[static 32], bool valid,
                           struct assay_simplex_actions *out);

/* What the ledger fills in for PROPOSE; simplex completes header and commitments. */
struct assay_simplex_content {
    enum assay_block_kind kind;
    uint64_t time_ms;
    uint8_t state_root[32];
    struct assay_slice body; /* canonical, assay_body_open accepts it */
};
/* Ignored when the view is over. */
void assay_simplex_propose(struct assay_simplex *s, uint64_t now_ms, uint64_t view,
                           const struct assay_simplex_content *content, struct assay_simplex_actions *out);

/*
 * Demand: the monotonic time from which a proposal is wanted in the running view (a record waits: now; else the
 * next phase or the cadence T/8, whichever is first; UINT64_MAX: never). While the base of the view is not
 * final, demand counts as now. The leader proposes at max(entered, demand); others start time-outs then.
 */
void assay_simplex_demand(struct assay_simplex *s, uint64_t now_ms, uint64_t demand_at_ms,
                          struct assay_simplex_actions *out);
/* Returns: when assay_simplex_tick is due; UINT64_MAX: never. */
uint64_t assay_simplex_wake_at(const struct assay_simplex *s);

/* A member was convicted or the node halted: votes no more in this epoch. Returns: nothing. */
void assay_simplex_halt(struct assay_simplex *s);

struct assay_simplex_view {
    uint64_t epoch, view, final_height, nullified_in_a_row;
    uint8_t final_id[32];
    bool voting;
};
void assay_simplex_look(const struct assay_simplex *s, struct assay_simplex_view *view);
/* The finality proof of the epoch's E once it is final: for storing, sync and the first proposals of e+1.
 * Encoded: [F certificate payload, [headers of tails from the finalised one up to, not including, E]].
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_simplex_finality(const struct assay_simplex *s, struct assay_writer *w);
/* Verify such a proof with the table of its epoch (sync.c). Returns: ASSAY_OK and the proven block's id |
 * ASSAY_E_SIGNATURE | other INPUT statuses */
ASSAY_CHECKED enum assay_status assay_finality_verify(struct assay_slice proof, const uint8_t chain_id[static 32],
                                                      uint32_t era, uint64_t epoch,
                                                      const struct assay_voter_table *voters,
                                                      uint8_t final_id[static 32], uint8_t commitment[static 32]);
/* Every invariant, aborts on a broken one. */
void assay_simplex_check(const struct assay_simplex *s);

#endif
