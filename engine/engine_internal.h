/*
 * engine/engine_internal.h - what the files of the ledger half share; nobody else includes it.
 *
 * One machine, split by what each file decides: engine.c (memory, dispatch, control flow), branch.c
 * (which blocks are valid, what to propose), settle.c (final blocks, closing an epoch), epoch.c
 * (attest, judge, ballot), evidence.c (verdicts and the records that follow from them), gather.c
 * (envelopes and records of peers), order.c, sync.c, restore.c, look.c.
 */
#ifndef ASSAY_ENGINE_ENGINE_INTERNAL_H
#define ASSAY_ENGINE_ENGINE_INTERNAL_H

#include "base/assert.h"
#include "base/checked.h"
#include "engine/consensus/simplex.h"
#include "engine/engine.h"
#include "engine/ledger/ledger.h"
#include "engine/ledger/rule.h"
#include "engine/pool.h"
#include "engine/sync.h"

enum {
    ASSAY_WANTS_MAX = 32,         /* proofs that wait for evidence bytes */
    ASSAY_VERIFYING_MAX = 96,     /* verifications asked for by blocks and records at once */
    ASSAY_CHECKS_MAX = 16,        /* blocks whose judgement waits for a verdict */
    ASSAY_SYNC_BLOCKS_MAX = 1024, /* of one epoch; more is no honest chain (branch.c, pace) */
    ASSAY_PEERS_ASKED_MIN = 3,    /* before ABSENT may be voted (docs/protocol.md 4.3) */
};

enum assay_seat_phase {
    ASSAY_SEAT_EMPTY,    /* no envelope */
    ASSAY_SEAT_FETCHING, /* envelope held, evidence or verdict on its way */
    ASSAY_SEAT_JUDGED,
    ASSAY_SEAT_FOREIGN, /* evidence of something else: as if nothing had come */
    ASSAY_SEAT_MISSING, /* envelope held, evidence not to be had */
};

/* What this node knows of one roster slot in the running epoch. */
struct assay_seat {
    enum assay_seat_phase phase;
    enum assay_outcome outcome; /* JUDGED */
    struct assay_envelope envelope;
    uint8_t payload[ASSAY_ENVELOPE_LEN_MAX];
    size_t payload_len;                    /* 0: no envelope */
    uint8_t early[ASSAY_ENVELOPE_LEN_MAX]; /* of the next epoch, signature good */
    size_t early_len;
    uint32_t asked; /* peers asked for envelope or evidence */
    /* For people, across epochs. */
    enum assay_outcome last_outcome;
    uint64_t last_attempt_epoch;
    char last_reason[ASSAY_FINDING_REASON_LEN];
};

/* A record to be made as soon as the evidence is at hand. */
struct assay_want {
    bool used;
    bool loading;
    bool contradiction; /* E5, else FAIL */
    uint32_t slot;      /* of the accused */
    uint32_t subject;
    uint64_t epoch;
    uint64_t at_ms; /* not before: those of low rank go first, the others only if they are silent */
    uint8_t evidence_digest[32];
    uint8_t envelope[ASSAY_ENVELOPE_LEN_MAX];
    size_t envelope_len;
    uint8_t *ballot; /* the BALLOT record, in memory of the engine */
    size_t ballot_len;
    uint8_t path[ASSAY_MERKLE_LEVELS][32];
    size_t path_len;
};

/* A verification that was asked for with VERIFY. */
struct assay_verifying {
    bool used;
    uint8_t digest[32];
    int64_t at_unix_s;
    enum assay_evidence_kind kind;
    uint64_t asked_ms;
};

/* The running epoch, seen from here. */
struct assay_run {
    uint64_t opened_ms; /* when E(e-1) was seen final */
    bool opened;        /* own evidence was asked for, or may not be */
    struct assay_moment moment;
    uint64_t quote_again_ms; /* UINT64_MAX: nothing to ask again */
    bool envelope_made, ballot_made, incarnate_made;
    uint64_t own_asked_ms; /* peers were asked for an envelope of ours; 0: not in this epoch */
    uint32_t pulls;        /* rounds of ENVELOPE_PULL so far */
    uint64_t progress_ms;  /* last final block */
    uint64_t block_ms;     /* last block that was valid or made here: pace and cadence count */
    uint64_t waits_ms;     /* when a record that fits began to wait */
    /* When a block is wanted, and the view and last final view that this is about. */
    uint64_t demand_ms, demand_view, demand_final;
    uint64_t clock_bound_ms; /* how far ahead of our clock a header may be */
};

/* Own key set. */
struct assay_own {
    struct assay_own_keys keys;
    bool listed;            /* keys are those of the listed incarnation: may vote, attest, ballot */
    bool rolled_back;       /* peers hold votes that our log lacks: this key set is finished */
    bool from_log;          /* this run began with a log, which may be an old one */
    uint64_t began_unix_ms; /* ... at that time */
};

/* docs/protocol.md 9, 11; sync.c. */
struct assay_syncing {
    bool active;
    uint64_t target_epoch; /* that somebody was seen in */
    uint64_t asked_ms;
    uint32_t turn;     /* next peer */
    uint32_t failures; /* in a row */
    uint32_t empty;    /* peers in a row that had nothing newer */
    bool proven;       /* the running epoch's proof was seen */
    bool verified;     /* and its blocks up to E: ids[] are the chain, to be kept */
    bool answered;     /* by the one asked, as far as a verdict of our own allows */
    uint8_t (*ids)[32];
    uint32_t id_count, kept;
    uint8_t final_id[32], commitment[32];
    uint8_t *proof;
    size_t proof_len;
};

struct assay_engine {
    struct assay_engine_config config;
    const struct assay_genesis *genesis;
    uint32_t members;
    uint16_t self;

    /* the step */
    uint64_t now_ms, at_unix_ms;
    struct assay_effects *effects;
    bool crowded; /* effects were left out for want of room: step again */
    uint8_t *arena;
    size_t arena_len, arena_used;

    /* the final state */
    struct assay_state state, next;
    struct assay_tolerance tolerance, next_tolerance;
    uint8_t head_header[ASSAY_BLOCK_HEADER_LEN_MAX];
    size_t head_header_len;
    uint8_t head_proof[32]; /* commitment of its finality proof */
    struct assay_groups groups;
    struct assay_close close;
    struct assay_close_rules rules;
    struct assay_context context;
    struct assay_p256 **voting, **identity;
    uint8_t (*loaded)[ASSAY_P256_PUBLIC_LEN]; /* whose decoded key stands in voting[] */
    uint32_t *weights;
    uint8_t (*node_ids)[32];
    struct assay_voter_table voters;
    uint8_t *scratch;
    size_t scratch_len;

    /* the running epoch */
    struct assay_ledger final, branch, synced;
    bool branch_good;  /* branch is the ledger after branch.tip_id */
    bool final_wanted; /* final_id is final but not applied */
    uint8_t final_id[32], final_proof[32];
    struct assay_run run;
    struct assay_seat *seats;
    struct assay_findings findings;
    struct assay_pool pool;
    bool fetch_wanted; /* a seat may hold an envelope whose evidence nobody asked for yet */
    struct assay_want wants[ASSAY_WANTS_MAX];
    uint32_t wants_used;
    size_t ballot_len_max; /* of the ballots in wants */
    /* Every ballot of this pool was compared with our judgements, unless one was made since. */
    uint64_t scanned_version, scanned_judgements;
    uint64_t judgements; /* of seats, made so far */
    /* When a record of ours in this pool is due to be sent again. */
    uint64_t resend_version, resend_at_ms;
    struct assay_verifying verifying[ASSAY_VERIFYING_MAX];
    uint8_t checks[ASSAY_CHECKS_MAX][32];
    size_t check_count;
    /* Does a record wait? As it was for this pool, branch and view. */
    bool waits;
    uint64_t waits_version, waits_view, waits_nullified;
    bool held_back; /* a record that fits waits for later views: views have to pass */
    uint8_t waits_tip[32];
    bool propose_wanted;
    uint64_t propose_view;
    uint8_t propose_parent[32];
    uint8_t (*hashes)[32]; /* leaf hashes of a roll */
    uint8_t *body;
    size_t body_len_max;
    uint8_t (*path)[32]; /* ids of the blocks between the final ledger and a tip */
    uint32_t path_max;

    struct assay_own own;
    struct assay_syncing sync;
    bool started, begun;
    bool restored; /* the store held something: what we signed is known */
    bool voted_on; /* Simplex runs; not before we know whether our vote log is missing */
    bool halted;   /* our state is not the network's */
    uint64_t refused[16];

    struct assay_blocks *blocks;
    struct assay_simplex *simplex;
    struct assay_simplex_actions actions;
};

/* --- engine.c: effects. A slice must live until the next step: assay_eng_keep copies it there. */
/* Returns: an effect to fill in; NULL when there is no room (the step is repeated by a wake-up). */
struct assay_effect *assay_eng_effect(struct assay_engine *e, enum assay_effect_kind kind);
/* Returns: whether so many more effects fit; the step is repeated when they do not. */
bool assay_eng_room(struct assay_engine *e, size_t effects);
/* Returns: len bytes of the step's memory, NULL when there is no room. */
uint8_t *assay_eng_take(struct assay_engine *e, size_t len);
/* Returns: a copy; a slice of len 0 when there is no room. */
struct assay_slice assay_eng_keep(struct assay_engine *e, struct assay_slice bytes);
void assay_eng_send(struct assay_engine *e, uint16_t to, uint16_t except,
                    enum assay_message_kind kind, struct assay_slice payload);
void assay_eng_note(struct assay_engine *e, enum assay_note note, uint16_t slot, uint64_t a,
                    uint64_t b);
/* Why a member was judged badly last, for people; cut to its field. */
void assay_eng_reason(struct assay_engine *e, uint32_t slot, const char *text);
void assay_eng_persist(struct assay_engine *e, enum assay_store_class class_,
                       const struct assay_store_key *key, struct assay_slice value);
/* Returns: T of the network. */
uint64_t assay_eng_epoch_ms(const struct assay_engine *e);
/* Returns: the next peer in turn, never oneself; ASSAY_SLOT_ALL when there is none. */
uint16_t assay_eng_peer(const struct assay_engine *e, uint32_t turn);
/* May this node sign for the running epoch as the listed incarnation? */
bool assay_eng_may_sign(const struct assay_engine *e);

/* --- branch.c */
enum assay_answer {
    ASSAY_ANSWER_VALID,
    ASSAY_ANSWER_INVALID,
    ASSAY_ANSWER_PENDING, /* evidence in it is being verified */
    ASSAY_ANSWER_MISSING, /* a block on the way down is not held */
};
/* Brings e->branch to a block. Returns: any answer; the branch is good only with VALID. */
enum assay_answer assay_branch_to(struct assay_engine *e, const uint8_t id[static 32]);
/* Applies one block to a ledger whose tip is its parent. PENDING and INVALID leave it broken. */
enum assay_answer assay_branch_absorb(struct assay_engine *e, struct assay_ledger *ledger,
                                      const struct assay_block_header *header,
                                      const uint8_t id[static 32], struct assay_slice body);
void assay_branch_check(struct assay_engine *e, const uint8_t id[static 32]);
void assay_branch_recheck(struct assay_engine *e);
void assay_branch_propose(struct assay_engine *e, uint64_t view, const uint8_t parent[static 32]);
/* A proposal's view was nullified: its records wait (docs/protocol.md 5, poison). */
void assay_branch_nullified(struct assay_engine *e, uint64_t view);
/* Returns: the monotonic time from which a block is wanted. */
uint64_t assay_branch_demand(struct assay_engine *e);
/* The state after an EPOCH block on e->branch, into e->next, with its root. */
void assay_branch_close(struct assay_engine *e, uint64_t view);
/* Asks for a verification unless it is being made. Returns: the finding, or NULL: on its way. */
const struct assay_finding *assay_branch_finding(struct assay_engine *e,
                                                 const struct assay_ask *ask);

/* --- settle.c */
void assay_settle(struct assay_engine *e);
/* The epoch's E is final and e->next is the state after it: take it over. payload: E's proposal. */
void assay_settle_close(struct assay_engine *e, const struct assay_block_header *header,
                        const uint8_t id[static 32], struct assay_slice header_bytes,
                        const uint8_t commitment[static 32], struct assay_slice proof);
/* Starts Simplex on the state's head. */
void assay_settle_begin(struct assay_engine *e);
/* Decodes the keys of the listed incarnations, builds the voter table. Returns: ASSAY_OK |
 * ASSAY_E_KEY | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_settle_table(struct assay_engine *e);
/* Persists a final block and notes it. Returns: false when there was no room for it. */
bool assay_settle_block(struct assay_engine *e, const struct assay_block_header *header,
                        const uint8_t id[static 32], struct assay_slice payload);

/* --- epoch.c */
void assay_epoch_open(struct assay_engine *e);
void assay_epoch_tick(struct assay_engine *e);
uint64_t assay_epoch_wake(const struct assay_engine *e);
void assay_epoch_quote(struct assay_engine *e, uint64_t epoch, uint32_t incarnation,
                       struct assay_slice evidence);
void assay_epoch_keys(struct assay_engine *e, const uint8_t *voting_public,
                      const uint8_t *transport_public);
/* After a close: are our keys the listed ones? */
void assay_epoch_own(struct assay_engine *e);

/* --- evidence.c */
void assay_evidence_verdict(struct assay_engine *e, const uint8_t digest[static 32],
                            int64_t at_unix_s, const struct assay_verdict *verdict, uint32_t asked);
void assay_evidence_loaded(struct assay_engine *e, const uint8_t digest[static 32],
                           struct assay_slice bytes);
/* An envelope was accepted: have its evidence. */
void assay_evidence_fetch(struct assay_engine *e, uint32_t slot);
/* Compares ballots in the pool with our own judgements; wants E5 where they contradict. */
void assay_evidence_scan(struct assay_engine *e);
void assay_evidence_tick(struct assay_engine *e);

/* --- gather.c */
ASSAY_CHECKED enum assay_status assay_gather_envelope(struct assay_engine *e, uint16_t from,
                                                      struct assay_slice payload);
ASSAY_CHECKED enum assay_status assay_gather_pull(struct assay_engine *e, uint16_t from,
                                                  struct assay_slice payload);
ASSAY_CHECKED enum assay_status assay_gather_record(struct assay_engine *e, uint16_t from,
                                                    struct assay_slice payload);
/* An epoch began: the pool forgets what is over and checks what it keeps anew. */
void assay_gather_turn(struct assay_engine *e);
/* A record made here: into the pool, persisted, sent. */
void assay_gather_own(struct assay_engine *e, struct assay_slice bytes);
/* Records in a valid block that we did not know: kept against doubles and for E5. */
void assay_gather_seen(struct assay_engine *e, const struct assay_record *record, uint64_t view);
/* A final block holds another ballot of a voter than the pool: the one that counts is the one to be
 * compared with our judgements (E5). */
void assay_gather_counted(struct assay_engine *e, struct assay_record *r);
/* A verdict came: records that waited for it become ready, or go. */
void assay_gather_judged(struct assay_engine *e);
/* Asks peers for the envelopes that are missing. */
void assay_gather_ask(struct assay_engine *e);
/* Asks everybody for our own envelope of the running epoch. */
void assay_gather_ask_own(struct assay_engine *e);
void assay_gather_resend(struct assay_engine *e);
void assay_gather_accuse(struct assay_engine *e, uint16_t slot, unsigned number,
                         struct assay_slice first, struct assay_slice second);

/* --- order.c */
void assay_order_derive(struct assay_engine *e);

/* --- sync.c */
void assay_sync_start(struct assay_engine *e, uint64_t epoch_seen);
void assay_sync_tick(struct assay_engine *e);
/* An epoch closed: what was gathered about it is of no use any more. */
void assay_sync_turn(struct assay_engine *e);
uint64_t assay_sync_wake(const struct assay_engine *e);
ASSAY_CHECKED enum assay_status assay_sync_take(struct assay_engine *e, uint16_t from,
                                                struct assay_slice payload);

/* --- restore.c */
ASSAY_CHECKED enum assay_status assay_restore_item(struct assay_engine *e,
                                                   enum assay_store_class class_,
                                                   const struct assay_store_key *key,
                                                   struct assay_slice value);
void assay_restore_start(struct assay_engine *e);
/* Lets Simplex run. */
void assay_restore_run(struct assay_engine *e);

#endif
