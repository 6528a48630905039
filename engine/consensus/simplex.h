/*
 * engine/consensus/simplex.h - weighted Simplex for one epoch (docs/protocol.md 5; Chan and Pass
 * 2023, weighted).
 *
 * Covers votes, certificates, views, time-outs, leaders and the tree of blocks, but no records,
 * scores or time of day: the ledger (engine/node) decides which blocks are valid and what to
 * propose. Input by the functions below; output as a list of actions, to be carried out in order.
 * No I/O.
 *
 * Rules, in the words of the protocol: N(v,h) needs a valid proposal of leader(v), a notarised or
 * final parent, held nullification certificates of every view between, equal state root (ledger),
 * no own X(v), no own N(v). F(v,h) needs own N(v,h), its certificate, no own X(v). X(v) never after
 * own F(v); X after N is allowed. Views in which a resumed node does not know what it sent: only X,
 * where its log holds neither X nor F.
 *
 * Tail blocks are made and judged here: they are a function of their E, so the ledger sees none.
 */
#ifndef ASSAY_ENGINE_CONSENSUS_SIMPLEX_H
#define ASSAY_ENGINE_CONSENSUS_SIMPLEX_H

#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"
#include "engine/messages/effect.h"

enum assay_simplex_action_kind {
    ASSAY_SIMPLEX_SIGN, /* a vote or proposal of ours: as ASSAY_EFFECT_SIGN, persist always set */
    ASSAY_SIMPLEX_PERSIST, /* a certificate or block relied on: before what follows is sent */
    ASSAY_SIMPLEX_SEND,    /* resend or answer or pull: as ASSAY_EFFECT_SEND */
    ASSAY_SIMPLEX_PROPOSE, /* we lead `view`: call assay_simplex_propose with a block on `id` */
    /* Check block `id`, whose ancestors are stored: call assay_simplex_on_checked. */
    ASSAY_SIMPLEX_CHECK,
    /* Block `id` (E where a tail was finalised) and its ancestors are final and stored. */
    ASSAY_SIMPLEX_FINAL,
    ASSAY_SIMPLEX_ACCUSE, /* two signed messages that convict `slot`: proof number, both payloads */
    /* Others sign in epoch `view` > ours (more than a third of the weight, or any member while we
     * are stalled): sync. */
    ASSAY_SIMPLEX_BEHIND,
    /* Peers have a vote that our log lacks (docs/protocol.md 2.8): no more votes up to that vote's
     * epoch; reincarnate. */
    ASSAY_SIMPLEX_ROLLED_BACK,
    ASSAY_SIMPLEX_NOTE,        /* as ASSAY_EFFECT_NOTE */
};

struct assay_simplex_action {
    enum assay_simplex_action_kind kind;
    uint64_t view;
    uint8_t id[32];        /* PROPOSE: the parent; CHECK, FINAL: the block */
    uint8_t proof[32];     /* FINAL: commitment of the F certificate */
    uint16_t slot;         /* ACCUSE */
    unsigned proof_number; /* ACCUSE: 1 for E1 ... */
    struct assay_slice first,
        second;                 /* ACCUSE: E1..E3 VOTE payloads, E4 proposal heads (block.h) */
    struct assay_effect effect; /* SIGN, PERSIST, SEND, NOTE: ready to be handed to the host */
};

enum { ASSAY_SIMPLEX_ACTIONS_MAX = 256 };

/* The caller sets count to 0 when it has taken the actions over; calls append. */
struct assay_simplex_actions {
    size_t count;
    struct assay_simplex_action items[ASSAY_SIMPLEX_ACTIONS_MAX];
};

struct assay_simplex;

struct assay_simplex_config {
    uint8_t chain_id[32];
    uint16_t self;               /* own slot */
    uint32_t voters_max;         /* roster slots */
    uint32_t views_max;          /* size of the window, in pages of 64, two at least; 0: 1024 */
    uint32_t certificate_max;    /* size of the table; 0: 3 * views_max + 1280 */
    bool neighbours; /* the host has neighbours that relay votes (docs/protocol.md 4.12.11) */
    uint32_t early_len;          /* buffer for the next epoch's messages, in bytes; 0: 256 KiB */
    struct assay_blocks *blocks; /* shared with the ledger, which only reads; outlives */
    uint32_t block_len_max;      /* for assay_simplex_size while blocks is still NULL */
};

/* Returns: bytes of memory that init needs, a multiple of 64. */
size_t assay_simplex_size(const struct assay_simplex_config *config);
/* memory is aligned to 64. Returns: ASSAY_OK | ASSAY_E_FULL (memory too small) | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_simplex_init(void *memory, size_t memory_len,
                                                   const struct assay_simplex_config *config,
                                                   struct assay_simplex **out);

/*
 * To be called once at the start of every engine step: payload bytes that actions of the step
 * before point to may be reused from here on.
 */
void assay_simplex_release(struct assay_simplex *s);

/* The final block an epoch starts from. */
struct assay_simplex_base {
    uint32_t era;
    uint64_t epoch; /* the epoch that begins */
    uint8_t id[32]; /* E of the epoch before, or genesis */
    uint64_t height;
    uint8_t proof[32];       /* commitment of its F certificate; zero for genesis */
    uint64_t epoch_ms;       /* T; delta = clamp(T/16, 25 ms, 2 s) */
    const int64_t *counters; /* [voters.count] of the round robin at its start, copied */
    bool silent; /* nothing may be signed in it: as halted from its first moment */
};

/*
 * assay_simplex_begin - starts an epoch: discards the last one's views, uses the new table, replays
 * early messages. voters is borrowed until the next begin. Called when E is final (never from
 * within a list of actions that is still being filled).
 */
void assay_simplex_begin(struct assay_simplex *s, uint64_t now_ms,
                         const struct assay_simplex_base *base,
                         const struct assay_voter_table *voters, struct assay_simplex_actions *out);

/*
 * Between begin and run, after a restart: the stored items of the running epoch, in this order:
 * ASSAY_STORE_CERTIFICATE (they decide which blocks matter should the table be too small),
 * ASSAY_STORE_BLOCK, ASSAY_STORE_PROPOSAL, ASSAY_STORE_VOTE.
 * Returns: ASSAY_OK (also for an item of another epoch: ignored) | INPUT statuses | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_simplex_restore(struct assay_simplex *s,
                                                      enum assay_store_class class_,
                                                      const struct assay_store_key *key,
                                                      struct assay_slice value);
/* fresh: a new key set that never voted, nothing to ask; otherwise resume (docs/protocol.md 2.4):
 * ask peers for the highest vote of ours, wait for G of the weight or 4 delta; without a seat now,
 * in the first epoch that gives it one (2.4.1). */
void assay_simplex_run(struct assay_simplex *s, uint64_t now_ms, bool fresh,
                       struct assay_simplex_actions *out);

/*
 * PROPOSAL, VOTE, CERTIFICATE, CERTIFICATE_PULL, BLOCK_PULL, RESUME_ASK, RESUME_ANSWER; from is
 * ASSAY_SLOT_SELF for own votes and proposals after they were signed and persisted.
 * Returns: ASSAY_OK | why it was refused (then nothing changed, apart from counters)
 */
ASSAY_CHECKED enum assay_status assay_simplex_message(struct assay_simplex *s, uint64_t now_ms,
                                                      uint16_t from, enum assay_message_kind kind,
                                                      struct assay_slice payload,
                                                      struct assay_simplex_actions *out);
/* Time passed. */
void assay_simplex_tick(struct assay_simplex *s, uint64_t now_ms,
                        struct assay_simplex_actions *out);

/* The ledger's answer to CHECK: valid, or invalid (then X of its view). No call: still pending. */
void assay_simplex_on_checked(struct assay_simplex *s, uint64_t now_ms, const uint8_t id[static 32],
                              bool valid, struct assay_simplex_actions *out);

/* What the ledger fills in for PROPOSE; simplex completes header and commitments. */
struct assay_simplex_content {
    enum assay_block_kind kind; /* any but TAIL (asserted) */
    uint64_t time_ms;
    uint8_t state_root[32];
    struct assay_slice body; /* canonical: assay_body_root accepts it (asserted) */
};
/* Ignored when the view is over or was proposed in already. */
void assay_simplex_propose(struct assay_simplex *s, uint64_t now_ms, uint64_t view,
                           const struct assay_simplex_content *content,
                           struct assay_simplex_actions *out);

/*
 * Demand: the monotonic time from which a proposal is wanted in the running view (a record waits:
 * now or a little later; else the next phase; UINT64_MAX: never). It is in effect until the next
 * call, FINAL or begin: set it again after these. The leader proposes at max(entered, demand); the
 * others' time-outs start then. While the base of the view is not final, a proposal is wanted one
 * delta after the view was entered, whatever the demand: the base's F votes are on their way, and
 * an immediate proposal would add an empty block after every block.
 */
void assay_simplex_demand(struct assay_simplex *s, uint64_t now_ms, uint64_t demand_at_ms,
                          struct assay_simplex_actions *out);
/* The usual sender of a CERTIFICATE: the leader of the view after its own, or of the running one if
 * that is higher, which sends the certificates that its proposal names right after it. payload:
 * hostile bytes.
 * Returns: true and *slot; false: nothing is known of that view */
bool assay_simplex_expected_sender(const struct assay_simplex *s, struct assay_slice payload,
                                   uint16_t *slot);
/* Returns: when assay_simplex_tick is due; UINT64_MAX: never. */
uint64_t assay_simplex_wake_at(const struct assay_simplex *s);

/* A member was convicted or the node halted: no more votes in this epoch. */
void assay_simplex_halt(struct assay_simplex *s);
/* An ACCUSE had no effect: the next such pair is reported again. */
void assay_simplex_clear_proven(struct assay_simplex *s, uint16_t slot, unsigned number);
/* Suspends votes until the next call with false, or the next epoch. */
void assay_simplex_set_waiting(struct assay_simplex *s, bool waits);

struct assay_simplex_snapshot {
    uint64_t epoch, view;
    uint64_t final_height, final_view; /* of the last FINAL handed out */
    uint8_t final_id[32];
    uint64_t nullified_in_a_row; /* views left by nullification since the last notarised one */
    uint64_t gives_up_ms;        /* when X of the running view is due; UINT64_MAX: not by time */
    bool voting;                 /* resumed, not halted, epoch not over, has weight and key */
    bool asking;                 /* peers have not reported yet what this key signed before */
    uint64_t refused;            /* messages */
};
void assay_simplex_snapshot(const struct assay_simplex *s, struct assay_simplex_snapshot *snapshot);
/* Returns: how many certificates are held. */
size_t assay_simplex_count_certificates(const struct assay_simplex *s);

/* F of one's own. */
struct assay_simplex_cast {
    uint64_t view, height; /* height 0: its block is not stored */
    uint8_t id[32];
};
/* Own F of this epoch in views above that one, ascending. Returns: their number, which may exceed
 * capacity. */
size_t assay_simplex_finals(const struct assay_simplex *s, uint64_t above_view,
                            struct assay_simplex_cast *casts, size_t capacity);
/* The final certificate of the highest view of this epoch. Returns: its payload, empty when there
 * is none; borrowed until the next call that changes anything. */
struct assay_slice assay_simplex_final_certificate(const struct assay_simplex *s);
/*
 * The finality proof (vote.h) of the epoch's E once it is final: for storing and sync. Available
 * until the next begin. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_simplex_finality(const struct assay_simplex *s,
                                                       struct assay_writer *w);
/* Every invariant, aborts on a broken one. */
void assay_simplex_check(const struct assay_simplex *s);

#endif
