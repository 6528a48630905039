/*
 * engine/consensus/simplex_internal.h - private state and functions shared by the files of Simplex.
 *
 * One machine, split by decision: simplex.c (memory, epochs, dispatch), _output (actions and their
 * bytes), _votes (votes received, equivocation, casting), _certificates (received, assembled,
 * served), _index (their table), _ranges (the views in the window; X over ranges of views), _view
 * (entering, time-outs, N, F, X), _proposal (checking and making blocks), _final (finality, missing
 * blocks), _standstill (resending, helping, pulling), _early (messages of the next epoch, detection
 * of being behind), vote_gossip.c (vote inventories of neighbours), resume.c (after a crash). Most
 * of it is level-triggered: assay_sx_advance does what the rules allow in the present state, so the
 * next step completes a step that ran out of room.
 */
#ifndef ASSAY_ENGINE_CONSENSUS_SIMPLEX_INTERNAL_H
#define ASSAY_ENGINE_CONSENSUS_SIMPLEX_INTERNAL_H

#include "base/assert.h"
#include "engine/consensus/simplex.h"

enum {
    SX_NONE = UINT32_MAX / 2, /* no certificate */
    SX_SEATS_MAX = ASSAY_VOTERS_MAX,
    SX_VIEWS_AHEAD = 16, /* views ahead of the running one in which proposals are accepted */
    SX_BACK_OFF_VIEWS =
        8,               /* nullified in a row: from then on a proposal waits for its grown delta */
    SX_SILENT_VIEWS = 2, /* r: a leader that was inactive for so many views gets no time */
    SX_TIMEOUT_MS_MAX = 60000,
    SX_DELTA_MS_MIN = 25,
    SX_DELTA_MS_MAX = 2000,
    SX_PAGE_CERTIFICATES = 12, /* in one standstill resend */
    SX_PAGE_VOTES = 24,
    SX_HELP_CERTIFICATES = 8, /* in one answer to a peer that is behind */
    SX_MISSING_MAX = 4,       /* blocks pulled at once */
    SX_ROOM = 24,             /* actions that a step reserves for what must not be lost */
    SX_RANGES_4096 = 4,       /* ranges of 4096 views whose votes are counted */
    SX_GOSSIP_VIEWS = 4,      /* two before the running view, that, and the next */
};

/* The votes of one seat in one view, by type; nullify names no block. A vote is *verified* once its
 * signature was checked. It is stored *unverified* when its owner sent it after the certificate
 * with the same statement (docs/protocol.md 5.25: such votes are redundant). */
struct sx_received {
    bool verified[ASSAY_VOTE_TYPES];
    bool unverified[ASSAY_VOTE_TYPES]; /* never both */
    uint8_t id[ASSAY_VOTE_TYPES][32];
    uint8_t signature[ASSAY_VOTE_TYPES][ASSAY_P256_SIGNATURE_LEN];
};

/* Tally of the verified votes of one view and type: nearly always all name one block. */
struct sx_sum {
    uint32_t count, others; /* votes, and those that name another block than id */
    uint64_t weight;        /* of the votes that name id */
    uint8_t id[32];         /* the block of the first vote */
};

/* One view of the running epoch; or a range of them, in which X alone is voted (simplex_ranges.c):
 * then cast[F] is set when own F of some view lies inside. */
struct sx_view {
    uint64_t view;                /* 0: unused; of a range its first */
    enum assay_vote_type nullify; /* the type of X over it */
    bool has_leader;
    bool has_proposal;
    bool proposal_bad;   /* breaks a rule: handled like a time-out */
    bool leader_accused; /* a second proposal of its leader was verified */
    bool asked;          /* own view: content was requested of the ledger, or our proposal exists */
    bool made;           /* own view: our proposal was handed out to be signed */
    bool another;        /* a second notarisation was stored */
    uint16_t leader;
    uint8_t proposal_id[32];
    uint64_t proposal_ms;        /* when it arrived */
    uint64_t base_view;          /* own view: the parent in the request to the ledger */
    bool cast[ASSAY_VOTE_TYPES]; /* own votes, set when they are handed out to be signed */
    uint8_t cast_id[ASSAY_VOTE_TYPES][32];
    uint32_t certificate[ASSAY_VOTE_TYPES]; /* the first one stored, or SX_NONE */
    struct sx_sum sum[ASSAY_VOTE_TYPES];
    struct sx_received *received; /* [seats] */
};

/* 64 views and the range that they form: discarded together. */
struct sx_page {
    struct sx_view range; /* range.view 0: unused */
    struct sx_view views[ASSAY_RANGE_VIEWS];
};

struct sx_certificate {
    bool used;
    bool stored;  /* handed out to be persisted */
    bool primary; /* named by its view */
    bool relied;  /* mark of the sweep that frees entries */
    struct assay_vote_statement statement;
    uint8_t commitment[32];
    uint32_t next_named, next_stating; /* lists of the index, or SX_NONE */
    uint32_t payload_len;
    uint8_t *payload;
};

/* Bytes handed out with actions; valid until assay_simplex_release. */
struct sx_arena {
    uint8_t *bytes;
    size_t capacity;
    size_t used;
};

/* A block whose body is needed. */
struct sx_missing {
    uint8_t id[32];
    uint64_t view;
};

/* Messages of the next epoch: [from u16][kind u16][len u32][bytes] one after the other. */
struct sx_early {
    uint8_t *bytes;
    size_t capacity;
    size_t used;
};

/* docs/protocol.md 2.4 (resume): the answers that a restarted node waits for, and where it may
 * vote. */
struct sx_resume {
    bool owed;   /* peers have not reported yet what this key signed before this run */
    bool asking; /* ... and are being queried: it has a seat */
    uint64_t nonce;
    uint64_t deadline_ms, ask_again_ms;
    uint32_t turn;           /* next peer to request help from while nothing may be signed */
    uint64_t log_view;       /* highest view of this epoch in which the restored log holds a vote */
    uint64_t floor;          /* N and F only above this view of this epoch */
    uint64_t forgotten;      /* peers may have discarded own votes up to this view: no X either */
    uint64_t silent_through; /* a rolled-back log: no votes up to this epoch */
    uint64_t later_bp;       /* weight of the members that answered from a later epoch than ours */
};

/* Members that announced a vote that this node lacks. ASSAY_SLOT_ALL: none. */
struct sx_holders {
    uint16_t first, next; /* to be queried, and the one after it */
    uint16_t asked;       /* was queried and has not sent it */
    bool fresh;           /* first announced it since the last update */
    bool due;             /* first is queried in this step */
};

/* Vote inventories of neighbours (docs/protocol.md 4.12.11). */
struct sx_gossip {
    uint64_t send_at_ms; /* UINT64_MAX: nothing new to announce */
    uint64_t request_at_ms;  /* UINT64_MAX: nothing to request */
    uint64_t news[SX_GOSSIP_VIEWS];  /* view % SX_GOSSIP_VIEWS: it has new votes; 0: none */
    uint64_t views[SX_GOSSIP_VIEWS]; /* the views of holders; 0: none */
    struct sx_holders *holders;     /* [SX_GOSSIP_VIEWS][ASSAY_VOTE_TYPES][seats_max] */
    /* [voters_max] the epoch in which it last left a request unanswered, if it sent nothing since;
     * 0: none */
    uint64_t *unresponsive_epoch;
};

struct assay_simplex {
    struct assay_simplex_config config;
    const struct assay_voter_table *voters;
    struct assay_simplex_base base;
    uint64_t delta_ms;
    uint64_t now_ms;

    /* seats: the voters of positive weight */
    uint32_t seat_count, seats_max;
    uint16_t *seat_of; /* [voters_max], UINT16_MAX: none */
    uint16_t *slot_of; /* [SX_SEATS_MAX] */
    int64_t *counters; /* [voters_max] as after view leader_view */
    uint64_t leader_view;

    bool begun, running, halted, done; /* done: E is final and handed out */
    bool waits;                        /* signs nothing until it is released */
    bool starved;                      /* a step ran out of room: call again at once */

    uint64_t view;
    uint64_t begun_ms, entered_ms, progress_ms;
    uint64_t demand_at_ms;
    uint64_t nullified_since_final, nullified_in_a_row;
    uint64_t notarised_view; /* highest view with a notarisation */

    uint64_t final_view; /* of the highest final certificate; 0: the base */
    uint8_t final_id[32];
    uint32_t final_certificate; /* or SX_NONE */
    uint64_t handed_view;       /* of the last FINAL: its block and every ancestor is stored */
    uint8_t handed_id[32];      /* never a tail */
    uint64_t handed_height;

    struct sx_page *pages; /* [page_count], in no order */
    uint32_t page_count;
    uint64_t page_top;       /* first view of the highest page that was entered */
    uint64_t forgotten_view; /* the highest view of a discarded page */
    uint64_t x_through;      /* no N and no F up to this view: own X of a range ends there */
    bool range_added;       /* a certificate of a range was added */
    struct sx_view
        *wide; /* [SX_RANGES_4096] ranges of 4096 views, the k-th at k % SX_RANGES_4096 */
    struct sx_certificate *certificates;
    uint32_t certificate_top;         /* none above was ever used in this epoch */
    uint32_t certificate_free;        /* the list of those that are not used */
    uint32_t *by_name, *by_statement; /* [bucket_count] lists, by commitment and by statement */
    uint32_t bucket_count;            /* a power of two */
    size_t certificate_len;
    uint32_t unstored;      /* certificates not yet handed out to be persisted */
    uint32_t unstored_from; /* none of them has a smaller index */
    uint32_t pinned;   /* blocks that actions of this step point to */

    struct sx_arena arena;
    uint8_t *draft; /* the proposal being signed */
    size_t draft_len_max;
    bool draft_used;

    struct sx_early early;
    struct sx_resume resume;
    bool *answered;       /* [voters_max] RESUME_ANSWER came */
    uint64_t *seen_epoch; /* [voters_max] highest later epoch with a valid signature */
    uint64_t behind_since_ms, behind_again_ms;
    uint64_t behind_epoch;

    uint64_t ordinal_base; /* views of all epochs before, so that silence is known across epochs */
    uint64_t *active_at;    /* [voters_max] ordinal of the last view with a vote or proposal */

    uint64_t standstill_ms;   /* last resend */
    uint64_t standstill_view; /* where the next one goes on */
    uint64_t
        helped_leader_of; /* the last view whose late leader was sent the certificates below it */
    uint64_t pull_at_ms; /* UINT64_MAX: nothing is missing */
    uint32_t pull_turn;

    /* the epoch before: its final certificate, for peers that have not seen it */
    uint32_t last_len;
    uint8_t *last_payload;

    struct sx_gossip gossip;

    /* counters: a rejected message may change only these */
    uint64_t refused;
    uint64_t *helped_ms; /* [voters_max] */
    uint8_t *proven;     /* [voters_max] bit n: En of this epoch was handed out */
};

/* --- simplex.c */
/* Cheap invariants across the parts of the machine, asserted at every entry point.
 * assay_simplex_check checks the rest. Returns: whether they hold. */
bool assay_sx_is_valid(const struct assay_simplex *s);
/* The same for one view of the window. */
bool assay_sx_view_is_valid(const struct assay_simplex *s, const struct sx_view *v);
/* Computes the leaders up to a view in the window. */
void assay_sx_compute_leaders(struct assay_simplex *s, uint64_t view);
/* Returns: whether own votes may be cast in this epoch now (the view's own rules aside). */
bool assay_sx_can_vote(const struct assay_simplex *s);
/* Checks chain, era and epoch of a message. Returns: ASSAY_OK (this epoch) | ASSAY_E_CHAIN |
 * ASSAY_E_STALE | ASSAY_E_EARLY */
enum assay_status assay_sx_check_position(const struct assay_simplex *s,
                                          const uint8_t chain_id[static 32], uint32_t era,
                                          uint64_t epoch);
void assay_sx_note_active(struct assay_simplex *s, uint16_t slot, uint64_t view);
/* Delivers one message, for the replay of early ones. */
enum assay_status assay_sx_dispatch(struct assay_simplex *s, uint16_t from,
                                    enum assay_message_kind kind, struct assay_slice payload,
                                    struct assay_simplex_actions *out);

/* --- simplex_ranges.c */
/* Returns: the slot of a view in the window, made if need be. */
struct sx_view *assay_sx_open_view(struct assay_simplex *s, uint64_t view);
/* Returns: the slot of a view, or NULL when there is none. */
struct sx_view *assay_sx_find_view(const struct assay_simplex *s, uint64_t view);
/* Returns: whether a view has or may get a slot: not discarded, and not too far ahead. */
bool assay_sx_in_window(const struct assay_simplex *s, uint64_t view);
/* Returns: the last view of a range; of a view that view. */
uint64_t assay_sx_last_view(const struct sx_view *v);
/* Discards pages that were left, below the last final view or with a certificate of their range. */
void assay_sx_close_pages(struct assay_simplex *s);
/* A view was entered: its page is opened. */
void assay_sx_turn_page(struct assay_simplex *s);
/* Discards all pages. */
void assay_sx_clear_pages(struct assay_simplex *s);
/* Returns: whether votes of a statement are counted. */
bool assay_sx_is_counted(const struct assay_simplex *s, const struct assay_vote_statement *st);
/* Returns: the tally of a statement that is counted, made if need be. */
struct sx_view *assay_sx_open_tally(struct assay_simplex *s, const struct assay_vote_statement *st);
/* Returns: the same for the view, or the range of this type around it; NULL: none. */
struct sx_view *assay_sx_find_tally(const struct assay_simplex *s, enum assay_vote_type type,
                                    uint64_t view);
/* E3 over a range: X of a range that contains the view of this F, or F in the range of this X.
 * Returns: the tally with such a vote of the seat, verified or not, or NULL. */
struct sx_view *assay_sx_find_range_conflict(const struct assay_simplex *s,
                                             const struct assay_vote_statement *st, uint16_t seat);
/* Returns: the certificate of the widest range around a view, or SX_NONE. */
uint32_t assay_sx_find_range_certificate(const struct assay_simplex *s, uint64_t view);
/* Returns: the certificate that nullifies the view, of a range if there is one, or SX_NONE. */
uint32_t assay_sx_find_nullification(const struct assay_simplex *s, uint64_t view);
/* Returns: the view after the last one that a certificate covers. */
uint64_t assay_sx_view_after(const struct assay_simplex *s, uint32_t index);
/* docs/protocol.md 5.21 (window of views). Returns: whether there is room to enter the view. */
bool assay_sx_can_enter(const struct assay_simplex *s, uint64_t view);
/* Casts X over every range where it is allowed. */
void assay_sx_consider_ranges(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Own F was cast: no X over a range that contains the view. */
void assay_sx_note_final_cast(struct assay_simplex *s, uint64_t view);

/* --- simplex_output.c */
/* Returns: whether n more actions and len more payload bytes fit. */
bool assay_sx_has_room(const struct assay_simplex *s, const struct assay_simplex_actions *out,
                       size_t n, size_t len);
/* Copies into the arena. Returns: the copy; the caller checked assay_sx_has_room. */
struct assay_slice assay_sx_copy(struct assay_simplex *s, struct assay_slice bytes);
void assay_sx_send(struct assay_simplex *s, uint16_t to, enum assay_message_kind kind,
                   struct assay_slice payload, struct assay_simplex_actions *out);
/* Blocks are too large to copy: the action points into the table. Returns: false without room. */
bool assay_sx_send_block(struct assay_simplex *s, uint16_t to, struct assay_block *block,
                         struct assay_simplex_actions *out);
void assay_sx_note(struct assay_simplex *s, enum assay_note note, uint16_t slot, uint64_t a,
                   uint64_t b, struct assay_simplex_actions *out);
struct assay_simplex_action *assay_sx_add_action(struct assay_simplex_actions *out,
                                                 enum assay_simplex_action_kind kind);
/* Hands out every certificate that is not persisted yet. Returns: false when there was no room. */
bool assay_sx_persist_certificates(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Returns: false when there was no room. */
bool assay_sx_persist_block(struct assay_simplex *s, struct assay_block *block,
                            struct assay_simplex_actions *out);
/* Returns: whether a proof of En (number 1 to 4) about the slot was handed out in this epoch. */
bool assay_sx_is_proven(const struct assay_simplex *s, uint16_t slot, unsigned number);
/* Hands a proof out, once an epoch for each slot and number (docs/protocol.md 5.23.1). */
void assay_sx_accuse(struct assay_simplex *s, uint16_t slot, unsigned number,
                     struct assay_slice first, struct assay_slice second,
                     struct assay_simplex_actions *out);

/* --- simplex_votes.c */
enum assay_status assay_sx_receive_vote(struct assay_simplex *s, uint16_t from,
                                        struct assay_slice payload,
                                        struct assay_simplex_actions *out);
/* Records a verified vote, or hands out the proof of a conflict. */
void assay_sx_record_vote(struct assay_simplex *s, const struct assay_vote_statement *statement,
                          uint16_t seat, const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                          struct assay_simplex_actions *out);
/* Verifies a vote that was stored unverified, since something depends on it; discards a bad one.
 * Returns: whether the vote is verified. */
bool assay_sx_verify_vote(struct assay_simplex *s, struct sx_view *v, uint16_t seat,
                          enum assay_vote_type type);
/* Returns: the weight of the seats with this vote. */
uint64_t assay_sx_weight(const struct assay_simplex *s, const struct sx_view *v,
                         enum assay_vote_type type, const uint8_t id[static 32]);
/* Of a view or a range; type N, X or F. */
struct assay_vote_statement assay_sx_statement(const struct assay_simplex *s,
                                               const struct sx_view *v, enum assay_vote_type type,
                                               const uint8_t id[static 32]);
/* Returns: whether a vote of the seat is stored, verified or not. */
bool assay_sx_has_vote(const struct sx_view *v, uint16_t seat, enum assay_vote_type type);
/* Signs a vote after persisting everything that it relies on. Returns: false when there was no
 * room. */
bool assay_sx_cast_vote(struct assay_simplex *s, struct sx_view *v, enum assay_vote_type type,
                        const uint8_t id[static 32], struct assay_simplex_actions *out);

/* --- simplex_index.c */
/* Returns: the number of hash buckets for a table of that size. */
uint32_t assay_sx_bucket_count(uint32_t certificate_max);
/* Removes every certificate. */
void assay_sx_index_clear(struct assay_simplex *s);
/* Returns: an unused entry to fill and add, or SX_NONE. */
uint32_t assay_sx_index_alloc(struct assay_simplex *s);
void assay_sx_index_add(struct assay_simplex *s, uint32_t index);
void assay_sx_index_remove(struct assay_simplex *s, uint32_t index);
/* Returns: the certificate of that commitment, or SX_NONE. */
uint32_t assay_sx_find_certificate(const struct assay_simplex *s,
                                   const uint8_t commitment[static 32]);
/* Returns: the one that its view names, else any with this statement, or SX_NONE. */
uint32_t assay_sx_find_statement(const struct assay_simplex *s, enum assay_vote_type type,
                                 uint64_t view, const uint8_t id[static 32]);
/* Returns: the first certificate that was not handed out to be persisted, or SX_NONE. */
uint32_t assay_sx_find_unstored(const struct assay_simplex *s);
/* Marks it as handed out. */
void assay_sx_set_stored(struct assay_simplex *s, uint32_t index);

/* --- simplex_certificates.c */
/* Makes a certificate of a quorum of verified votes, when there is none yet. Returns: whether one
 * was made. */
bool assay_sx_assemble_certificate(struct assay_simplex *s, struct sx_view *v,
                                   enum assay_vote_type type, const uint8_t id[static 32],
                                   struct assay_simplex_actions *out);
enum assay_status assay_sx_receive_certificate(struct assay_simplex *s, uint16_t from,
                                               struct assay_slice payload,
                                               struct assay_simplex_actions *out);
enum assay_status assay_sx_receive_certificate_pull(struct assay_simplex *s, uint16_t from,
                                                    struct assay_slice payload,
                                                    struct assay_simplex_actions *out);
void assay_sx_send_certificate(struct assay_simplex *s, uint32_t index, uint16_t to,
                               struct assay_simplex_actions *out);

/* Returns: whether it decodes, is of this epoch, and is signed by a quorum. */
bool assay_sx_verify_certificate(const struct assay_simplex *s, struct assay_slice payload,
                                 struct assay_vote_certificate *certificate);

/* --- simplex_view.c */
/* Applies the certificates in the table. Returns: whether a view was left. */
bool assay_sx_leave_view(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Does everything that the present state allows. */
void assay_sx_advance(struct assay_simplex *s, struct assay_simplex_actions *out);
void assay_sx_enter_view(struct assay_simplex *s, uint64_t view);
/* Casts F(view), if it is allowed. */
void assay_sx_try_finalise(struct assay_simplex *s, struct sx_view *v,
                           struct assay_simplex_actions *out);
/* Returns: since when a proposal is wanted, before any back-off; UINT64_MAX: idle. */
uint64_t assay_sx_demand_since(const struct assay_simplex *s);
/* Returns: since when time runs in this view; UINT64_MAX: idle. */
uint64_t assay_sx_active_since(const struct assay_simplex *s);
/* A time grown by 3/2 per nullified view, at most 60 s. Returns: milliseconds. */
uint64_t assay_sx_backed_off(const struct assay_simplex *s, uint64_t ms);
/* Returns: when time next changes what assay_sx_advance does. */
uint64_t assay_sx_view_wake(const struct assay_simplex *s);
/* Returns: when X of the running view is due by time; UINT64_MAX: never. */
uint64_t assay_sx_timeout_at(const struct assay_simplex *s);

/* --- simplex_proposal.c */
enum sx_validity { SX_BAD, SX_WAIT, SX_READY };
enum assay_status assay_sx_receive_proposal(struct assay_simplex *s, uint16_t from,
                                            struct assay_slice payload,
                                            struct assay_simplex_actions *out);
/* Checks a proposal of the running view by the rules of docs/protocol.md 5; the ledger checks its
 * own rules. */
enum sx_validity assay_sx_check_proposal(const struct assay_simplex *s,
                                         const struct assay_block *block);
/* Commitments of certificates that the block relies on and that are missing.
 * Returns: how many, at most max; *bad when a stored one has another statement. */
size_t assay_sx_missing_certificates(const struct assay_simplex *s, const struct assay_block *block,
                                     uint8_t (*out)[32], size_t max, bool *bad);
/* Returns: whether a pending proposal relies on this certificate. */
bool assay_sx_is_certificate_wanted(const struct assay_simplex *s,
                                    const uint8_t commitment[static 32]);
void assay_sx_consider_proposing(struct assay_simplex *s, struct sx_view *v,
                                 struct assay_simplex_actions *out);

/* --- simplex_final.c */
void assay_sx_set_final(struct assay_simplex *s, uint64_t view, const uint8_t id[static 32],
                        uint32_t certificate);
/* Reports FINAL, once the block and its ancestors are stored. */
void assay_sx_report_final(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Blocks whose bodies are needed and missing. Returns: how many, at most SX_MISSING_MAX. */
size_t assay_sx_missing_blocks(const struct assay_simplex *s,
                               struct sx_missing missing[static SX_MISSING_MAX]);
/* Walks from a stored block up to the last final one or the base. Returns: true when all are
 * stored; otherwise missing is the first that is not. */
bool assay_sx_has_ancestors(const struct assay_simplex *s, const struct assay_block *block,
                            uint8_t missing[static 32]);
/* Adds a decoded block; a full table discards the block of the lowest rank.
 * Returns: as assay_blocks_add */
enum assay_status assay_sx_add_block(struct assay_simplex *s, struct assay_slice payload,
                                     const struct assay_proposal *proposal,
                                     struct assay_block **out);

/* --- simplex_standstill.c */
/* Sends own vote of a view or range again, if it was cast and is signed. */
void assay_sx_resend_vote(struct assay_simplex *s, const struct sx_view *v,
                          enum assay_vote_type type, struct assay_simplex_actions *out);
/* Sends a page of: final certificate, certificates above it, own votes. */
void assay_sx_resend(struct assay_simplex *s, struct assay_simplex_actions *out);
/* The same when there was no progress for Ts. */
void assay_sx_standstill(struct assay_simplex *s, struct assay_simplex_actions *out);
/* A peer is behind this view: sends it the certificates that let it proceed. */
void assay_sx_send_help(struct assay_simplex *s, uint16_t to, uint64_t view,
                        struct assay_simplex_actions *out);
/* docs/protocol.md 5.14.1: a leader that proposes nothing may lack the certificates below its view.
 */
void assay_sx_send_help_to_leader(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Returns: when that is due; UINT64_MAX: not in this view, or not any more. */
uint64_t assay_sx_leader_due(const struct assay_simplex *s);
void assay_sx_send_last_epoch(struct assay_simplex *s, uint16_t to,
                              struct assay_simplex_actions *out);
void assay_sx_request_missing(struct assay_simplex *s, struct assay_simplex_actions *out);
enum assay_status assay_sx_receive_block_pull(struct assay_simplex *s, uint16_t from,
                                              struct assay_slice payload,
                                              struct assay_simplex_actions *out);

/* --- vote_gossip.c */
/* An epoch begins: clears announcements and requests. */
void assay_sx_gossip_reset(struct assay_simplex *s);
/* A vote of a view was verified: it is announced to neighbours a little later. */
void assay_sx_gossip_note_vote(struct assay_simplex *s, uint64_t view);
/* A member sent a vote that was missing. */
void assay_sx_gossip_on_vote(struct assay_simplex *s, uint16_t from);
enum assay_status assay_sx_receive_vote_inventory(struct assay_simplex *s, uint16_t from,
                                                  struct assay_slice payload,
                                                  struct assay_simplex_actions *out);
enum assay_status assay_sx_receive_vote_request(struct assay_simplex *s, uint16_t from,
                                                struct assay_slice payload,
                                                struct assay_simplex_actions *out);
void assay_sx_gossip_tick(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Returns: when assay_sx_gossip_tick has something to do; UINT64_MAX: never. */
uint64_t assay_sx_gossip_wake(const struct assay_simplex *s);

/* --- simplex_early.c */
/* Returns: ASSAY_E_EARLY (buffered, or of an unknown sender) | ASSAY_E_DUPLICATE | ASSAY_E_FULL */
enum assay_status assay_sx_buffer_early(struct assay_simplex *s, uint16_t from,
                                        enum assay_message_kind kind, struct assay_slice payload);
void assay_sx_replay_early(struct assay_simplex *s, struct assay_simplex_actions *out);
/* The latest epoch in which more than a third of the weight was seen. Returns: 0 when none. */
uint64_t assay_sx_third_epoch(const struct assay_simplex *s);
/* Records that the signer of this vote is in a later epoch. */
void assay_sx_note_later_epoch(struct assay_simplex *s, const struct assay_vote *vote);
void assay_sx_check_behind(struct assay_simplex *s, struct assay_simplex_actions *out);
/* In a stalled network one member that is ahead is reason enough to sync. */
void assay_sx_check_behind_stalled(struct assay_simplex *s, struct assay_simplex_actions *out);

/* --- resume.c */
/* At the start, and in each epoch from then on: queries peers as soon as it has a seat, if they
 * have not reported yet what this key signed. */
void assay_sx_resume_start(struct assay_simplex *s, struct assay_simplex_actions *out);
enum assay_status assay_sx_receive_resume_request(struct assay_simplex *s, uint16_t from,
                                                  struct assay_slice payload,
                                                  struct assay_simplex_actions *out);
enum assay_status assay_sx_receive_resume_answer(struct assay_simplex *s, uint16_t from,
                                                 struct assay_slice payload,
                                                 struct assay_simplex_actions *out);
/* Returns: when assay_sx_resume_tick is due; UINT64_MAX: never. */
uint64_t assay_sx_resume_wake(const struct assay_simplex *s);
/* Repeats the request, or stops waiting. */
void assay_sx_resume_tick(struct assay_simplex *s, struct assay_simplex_actions *out);

#endif
