/*
 * engine/consensus/simplex_internal.h - what the files of Simplex share; nobody else includes it.
 *
 * One machine, split by what each file decides: simplex.c (memory, life, dispatch), _output
 * (actions and their bytes), _votes (who voted what, equivocation, casting), _certificates (taken,
 * assembled, served), _index (their table), _ranges (which views are held; X over many), _view
 * (entering, time-outs, N, F, X), _proposal (judging and making blocks), _final (finality, missing
 * blocks), _standstill (resending, helping, pulling), _told (what neighbours say they hold), _early
 * (the next epoch's messages, being behind), resume.c (after a crash). Most of it is
 * level-triggered: assay_sx_advance looks at what is held and does what the rules allow, so a step
 * that runs out of room is completed by the next one.
 */
#ifndef ASSAY_ENGINE_CONSENSUS_SIMPLEX_INTERNAL_H
#define ASSAY_ENGINE_CONSENSUS_SIMPLEX_INTERNAL_H

#include "base/assert.h"
#include "engine/consensus/simplex.h"

enum {
    SX_NONE = UINT32_MAX / 2, /* no certificate */
    SX_SEATS_MAX = ASSAY_VOTERS_MAX,
    SX_LOOK = 16, /* proposals are taken so many views ahead */
    SX_BACK_OFF_VIEWS =
        8,               /* nullified in a row: from then on a proposal waits for its grown delta */
    SX_SILENT_VIEWS = 2, /* r: a leader unheard of so long gets no time */
    SX_TIMEOUT_MS_MAX = 60000,
    SX_DELTA_MS_MIN = 25,
    SX_DELTA_MS_MAX = 2000,
    SX_PAGE_CERTIFICATES = 12, /* in one standstill resend */
    SX_PAGE_VOTES = 24,
    SX_HELP_CERTIFICATES = 8, /* in one answer to somebody who is behind */
    SX_MISSING_MAX = 4,       /* blocks pulled at once */
    SX_ROOM = 24,             /* actions that a step keeps for what must not be lost */
    SX_WIDE = 4,              /* ranges of 4096 views that votes are counted of */
    SX_TOLD_VIEWS = 4,        /* two before the running view, that, and the next */
};

/* What one seat was seen to vote in one view, by type; nullify names no block. A vote is *held*
 * once its signature was verified; it is *kept*, unverified, when it came from its owner after the
 * certificate that says the same (docs/protocol.md 5.25). */
struct sx_said {
    bool held[ASSAY_VOTE_TYPES];
    bool kept[ASSAY_VOTE_TYPES]; /* never both */
    uint8_t id[ASSAY_VOTE_TYPES][32];
    uint8_t signature[ASSAY_VOTE_TYPES][ASSAY_P256_SIGNATURE_LEN];
};

/* The votes held of one view and type together: nearly always all name one block. */
struct sx_sum {
    uint32_t held, others; /* votes, and those that name another block than id */
    uint64_t weight;    /* of those that name id */
    uint8_t id[32];        /* that the first one named */
};

/* One view of the running epoch; or a range of them, in which X alone is voted (simplex_ranges.c):
 * then cast[F] says that own F of some view lies inside. */
struct sx_view {
    uint64_t view;                /* 0: unused; of a range its first */
    enum assay_vote_type nullify; /* what X of it is called */
    bool has_leader;
    bool has_proposal;
    bool proposal_bad;   /* breaks a rule: as if timed out */
    bool leader_accused; /* a second proposal of its leader was verified */
    bool asked;          /* own view: the ledger was asked for content, or our proposal is known */
    bool made;           /* own view: our proposal was handed out to be signed */
    bool another;        /* a notarisation was taken beside the first */
    uint16_t leader;
    uint8_t proposal_id[32];
    uint64_t proposal_ms;        /* when it came */
    uint64_t base_view;          /* own view: the parent the ledger was asked for */
    bool cast[ASSAY_VOTE_TYPES]; /* own votes, known from the moment they are handed out */
    uint8_t cast_id[ASSAY_VOTE_TYPES][32];
    uint32_t certificate[ASSAY_VOTE_TYPES]; /* the first one held, or SX_NONE */
    struct sx_sum sum[ASSAY_VOTE_TYPES];
    struct sx_said *said; /* [seats] */
};

/* 64 views and the range that they are: forgotten together. */
struct sx_page {
    struct sx_view range; /* range.view 0: unused */
    struct sx_view views[ASSAY_RANGE_VIEWS];
};

struct sx_certificate {
    bool used;
    bool stored;  /* handed out to be persisted */
    bool primary; /* named by its view */
    bool relied;  /* of the sweep that looks for room */
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

/* A body that is needed: of that id, and of that view. */
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

/* docs/protocol.md 2.4: what a resumed node waits for and where it may vote. */
struct sx_resume {
    bool owed;   /* peers have not said yet what this key signed before this run */
    bool asking; /* ... and are asked: it has a seat */
    uint64_t nonce;
    uint64_t deadline_ms, ask_again_ms;
    uint32_t turn;           /* whom to ask for help while nothing may be signed */
    uint64_t log_view;       /* highest view of this epoch in which the restored log holds a vote */
    uint64_t floor;          /* N and F only above this view of this epoch */
    uint64_t forgotten;      /* peers may have forgotten own votes up to this view: no X either */
    uint64_t silent_through; /* a rolled-back log: no votes up to this epoch */
    uint64_t later_bp;       /* weight of those who answered from a later epoch than ours */
};

/* Who says that it holds a vote that is not here. ASSAY_SLOT_ALL: nobody. */
struct sx_teller {
    uint16_t first, next; /* to be asked, and after it */
    uint16_t asked;       /* was asked, and has not given it */
    bool fresh;           /* first spoke since the last look */
    bool due;             /* first is to be asked in this step */
};

/* docs/protocol.md 4.12.11. */
struct sx_told {
    uint64_t tell_at_ms; /* UINT64_MAX: neighbours know what is here */
    uint64_t ask_at_ms;  /* UINT64_MAX: nothing is to be asked for */
    uint64_t news[SX_TOLD_VIEWS];  /* view % SX_TOLD_VIEWS: votes of it came since; 0: none */
    uint64_t views[SX_TOLD_VIEWS]; /* what tellers are of; 0: of none */
    struct sx_teller *tellers;     /* [SX_TOLD_VIEWS][ASSAY_VOTE_TYPES][seats_max] */
    /* [voters_max] the epoch in which it last left an ask without an answer, and gave nothing
     * since; 0: none */
    uint64_t *doubted;
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
    bool waits;                        /* signs nothing for the time being */
    bool starved;                      /* a step ran out of room: call again at once */

    uint64_t view;
    uint64_t begun_ms, entered_ms, progress_ms;
    uint64_t demand_at_ms;
    uint64_t nullified_since_final, nullified_in_a_row;
    uint64_t notarised_view; /* highest view with a notarisation */

    uint64_t final_view; /* of the highest final certificate; 0: the base */
    uint8_t final_id[32];
    uint32_t final_certificate; /* or SX_NONE */
    uint64_t handed_view;       /* of the last FINAL: its block and every ancestor is held */
    uint8_t handed_id[32];      /* never a tail */
    uint64_t handed_height;

    struct sx_page *pages; /* [page_count], in no order */
    uint32_t page_count;
    uint64_t page_top;       /* first view of the highest page that was entered */
    uint64_t forgotten_view; /* the highest view of a page that was forgotten */
    uint64_t x_through;      /* no N and no F up to this view: own X of a range ends there */
    bool covered_anew;       /* a certificate of a range came */
    struct sx_view *wide;    /* [SX_WIDE] ranges of 4096 views, the k-th at k % SX_WIDE */
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
    uint64_t *heard_at;    /* [voters_max] ordinal of the last view with a vote or proposal */

    uint64_t standstill_ms;   /* last resend */
    uint64_t standstill_view; /* where the next one goes on */
    uint64_t helped_leader_of; /* the last view whose late leader was sent what led there */
    uint64_t pull_at_ms; /* UINT64_MAX: nothing is missing */
    uint32_t pull_turn;

    /* the epoch before: its final certificate helps those who have not seen it */
    uint32_t last_len;
    uint8_t *last_payload;

    struct sx_told told;

    /* counters: a refused message may change these and nothing else */
    uint64_t refused;
    uint64_t *helped_ms; /* [voters_max] */
    uint8_t *proven;     /* [voters_max] bit n: En of this epoch was handed out */
};

/* --- simplex.c */
/* What the parts of the machine say of one another, at little cost: asked wherever the state comes
 * in or goes out. assay_simplex_check walks the rest. Returns: whether it holds. */
bool assay_sx_holds(const struct assay_simplex *s);
/* The same of one view of the window. Returns: whether it holds. */
bool assay_sx_view_holds(const struct assay_simplex *s, const struct sx_view *v);
/* Works out the leaders up to a view in the window. */
void assay_sx_know_leaders(struct assay_simplex *s, uint64_t view);
/* Returns: whether own votes may be cast in this epoch now (the view's own rules aside). */
bool assay_sx_voting(const struct assay_simplex *s);
/* Where a message belongs. Returns: ASSAY_OK (this epoch) | ASSAY_E_CHAIN | ASSAY_E_STALE |
 * ASSAY_E_EARLY */
enum assay_status assay_sx_place(const struct assay_simplex *s, const uint8_t chain_id[static 32],
                                 uint32_t era, uint64_t epoch);
void assay_sx_heard(struct assay_simplex *s, uint16_t slot, uint64_t view);
/* A status-free delivery of one message, for the replay of early ones. */
enum assay_status assay_sx_dispatch(struct assay_simplex *s, uint16_t from,
                                    enum assay_message_kind kind, struct assay_slice payload,
                                    struct assay_simplex_actions *out);

/* --- simplex_ranges.c */
/* Returns: the slot of a view in the window, made if need be. */
struct sx_view *assay_sx_view(struct assay_simplex *s, uint64_t view);
/* Returns: the slot of a view, or NULL when nothing is known of it. */
struct sx_view *assay_sx_peek(const struct assay_simplex *s, uint64_t view);
/* Returns: whether a view is held or may be: not forgotten, and not too far ahead. */
bool assay_sx_in_window(const struct assay_simplex *s, uint64_t view);
/* Returns: the last view of a range; of a view that view. */
uint64_t assay_sx_last(const struct sx_view *v);
/* Forgets pages that were left, below the last final view or with a certificate of their range. */
void assay_sx_close_pages(struct assay_simplex *s);
/* A view was entered: its page is opened. */
void assay_sx_turn_page(struct assay_simplex *s);
/* Forgets all of them. */
void assay_sx_forget_pages(struct assay_simplex *s);
/* Returns: whether votes of a statement are counted. */
bool assay_sx_counts(const struct assay_simplex *s, const struct assay_vote_statement *st);
/* Returns: where votes of a statement that counts are held, made if need be. */
struct sx_view *assay_sx_tally(struct assay_simplex *s, const struct assay_vote_statement *st);
/* Returns: the same for the view, or the range of this type around it; NULL: nothing is known. */
struct sx_view *assay_sx_tally_peek(const struct assay_simplex *s, enum assay_vote_type type,
                                    uint64_t view);
/* E3 over a range: X of a range that holds the view of this F, or F in the range of this X.
 * Returns: where such a vote of the seat is held or kept, or NULL. */
struct sx_view *assay_sx_across(const struct assay_simplex *s,
                                const struct assay_vote_statement *st, uint16_t seat);
/* Returns: the certificate of the widest range around a view that is held, or SX_NONE. */
uint32_t assay_sx_covering(const struct assay_simplex *s, uint64_t view);
/* Returns: the certificate that nullifies the view, of a range if there is one, or SX_NONE. */
uint32_t assay_sx_nullification(const struct assay_simplex *s, uint64_t view);
/* Returns: the view after the last one that a certificate is about. */
uint64_t assay_sx_after(const struct assay_simplex *s, uint32_t index);
/* docs/protocol.md 5.21. Returns: whether there is room to enter the view. */
bool assay_sx_may_enter(const struct assay_simplex *s, uint64_t view);
/* X over every range that it may be cast over. */
void assay_sx_consider_ranges(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Own F was cast: no X over a range that holds the view. */
void assay_sx_note_final_cast(struct assay_simplex *s, uint64_t view);

/* --- simplex_output.c */
/* Returns: whether n more actions and len more payload bytes fit. */
bool assay_sx_room(const struct assay_simplex *s, const struct assay_simplex_actions *out, size_t n,
                   size_t len);
/* Copies into the arena. Returns: the copy; the caller checked assay_sx_room. */
struct assay_slice assay_sx_keep(struct assay_simplex *s, struct assay_slice bytes);
void assay_sx_send(struct assay_simplex *s, uint16_t to, enum assay_message_kind kind,
                   struct assay_slice payload, struct assay_simplex_actions *out);
/* Blocks are too large to copy: the action points into the table. Returns: false without room. */
bool assay_sx_send_block(struct assay_simplex *s, uint16_t to, struct assay_block *block,
                         struct assay_simplex_actions *out);
void assay_sx_note(struct assay_simplex *s, enum assay_note note, uint16_t slot, uint64_t a,
                   uint64_t b, struct assay_simplex_actions *out);
struct assay_simplex_action *assay_sx_push(struct assay_simplex_actions *out,
                                           enum assay_simplex_action_kind kind);
/* Hands out every certificate not yet persisted. Returns: false when there was no room. */
bool assay_sx_store_certificates(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Returns: false when there was no room. */
bool assay_sx_store_block(struct assay_simplex *s, struct assay_block *block,
                          struct assay_simplex_actions *out);
/* Whether a proof of En (number 1 to 4) about the slot was handed out in this epoch. */
bool assay_sx_proven(const struct assay_simplex *s, uint16_t slot, unsigned number);
/* docs/protocol.md 5.23.1: hands a proof out once an epoch for each slot and number. */
void assay_sx_accuse(struct assay_simplex *s, uint16_t slot, unsigned number,
                     struct assay_slice first, struct assay_slice second,
                     struct assay_simplex_actions *out);

/* --- simplex_votes.c */
enum assay_status assay_sx_vote(struct assay_simplex *s, uint16_t from, struct assay_slice payload,
                                struct assay_simplex_actions *out);
/* A verified vote: noted, unless it conflicts (then accused). */
void assay_sx_vote_note(struct assay_simplex *s, const struct assay_vote_statement *statement,
                        uint16_t seat, const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                        struct assay_simplex_actions *out);
/* A kept vote is verified now, since something depends on it; a bad one is forgotten.
 * Returns: whether the vote is held. */
bool assay_sx_vote_prove(struct assay_simplex *s, struct sx_view *v, uint16_t seat,
                         enum assay_vote_type type);
/* Returns: the weight of the seats that voted so. */
uint64_t assay_sx_weight(const struct assay_simplex *s, const struct sx_view *v,
                         enum assay_vote_type type, const uint8_t id[static 32]);
/* Of a view or a range; type N, X or F. */
struct assay_vote_statement assay_sx_statement(const struct assay_simplex *s,
                                               const struct sx_view *v, enum assay_vote_type type,
                                               const uint8_t id[static 32]);
/* Returns: whether a vote of the seat is held or kept. */
bool assay_sx_said(const struct sx_view *v, uint16_t seat, enum assay_vote_type type);
/* Signs, with everything it relies on made durable first. Returns: false when there was no room. */
bool assay_sx_cast(struct assay_simplex *s, struct sx_view *v, enum assay_vote_type type,
                   const uint8_t id[static 32], struct assay_simplex_actions *out);

/* --- simplex_index.c */
/* Returns: how many buckets so many certificates are spread over. */
uint32_t assay_sx_buckets(uint32_t certificate_max);
/* Forgets every certificate. */
void assay_sx_index_clear(struct assay_simplex *s);
/* Returns: an unused entry, or SX_NONE; it is filled and then added. */
uint32_t assay_sx_index_take(struct assay_simplex *s);
void assay_sx_index_add(struct assay_simplex *s, uint32_t index);
void assay_sx_index_drop(struct assay_simplex *s, uint32_t index);
/* Returns: the certificate of that commitment, or SX_NONE. */
uint32_t assay_sx_certificate_find(const struct assay_simplex *s,
                                   const uint8_t commitment[static 32]);
/* Returns: the one that its view names, else any with this statement, or SX_NONE. */
uint32_t assay_sx_certificate_stating(const struct assay_simplex *s, enum assay_vote_type type,
                                      uint64_t view, const uint8_t id[static 32]);
/* Returns: the first certificate not handed out to be persisted, or SX_NONE. */
uint32_t assay_sx_certificate_unstored(const struct assay_simplex *s);
/* That one was. */
void assay_sx_certificate_stored(struct assay_simplex *s, uint32_t index);

/* --- simplex_certificates.c */
/* From the votes held, when they are a quorum and none is held. Returns: whether one was made. */
bool assay_sx_certificate_assemble(struct assay_simplex *s, struct sx_view *v,
                                   enum assay_vote_type type, const uint8_t id[static 32],
                                   struct assay_simplex_actions *out);
enum assay_status assay_sx_certificate(struct assay_simplex *s, uint16_t from,
                                       struct assay_slice payload,
                                       struct assay_simplex_actions *out);
enum assay_status assay_sx_certificate_pull(struct assay_simplex *s, uint16_t from,
                                            struct assay_slice payload,
                                            struct assay_simplex_actions *out);
void assay_sx_certificate_send(struct assay_simplex *s, uint32_t index, uint16_t to,
                               struct assay_simplex_actions *out);

/* Decoded, of this epoch, and signed by a quorum. Returns: whether it is. */
bool assay_sx_certificate_true(const struct assay_simplex *s, struct assay_slice payload,
                               struct assay_certificate *certificate);

/* --- simplex_view.c */
/* Certificates already held are applied. Returns: whether a view was left. */
bool assay_sx_leave(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Does everything that what is held allows. */
void assay_sx_advance(struct assay_simplex *s, struct assay_simplex_actions *out);
void assay_sx_enter(struct assay_simplex *s, uint64_t view);
/* F(view), if it is allowed. */
void assay_sx_try_finalise(struct assay_simplex *s, struct sx_view *v,
                           struct assay_simplex_actions *out);
/* Returns: since when a proposal is wanted, before any back-off; UINT64_MAX: idle. */
uint64_t assay_sx_demand_since(const struct assay_simplex *s);
/* Returns: since when time runs in this view; UINT64_MAX: idle. */
uint64_t assay_sx_active_since(const struct assay_simplex *s);
/* A time grown by 3/2 per nullified view, at most 60 s. Returns: milliseconds. */
uint64_t assay_sx_grown(const struct assay_simplex *s, uint64_t ms);
/* Returns: when time next changes what assay_sx_advance does. */
uint64_t assay_sx_view_wake(const struct assay_simplex *s);
/* When X of the running view is due by time; UINT64_MAX: never. */
uint64_t assay_sx_gives_up_at(const struct assay_simplex *s);

/* --- simplex_proposal.c */
enum sx_judgement { SX_BAD, SX_WAIT, SX_READY };
enum assay_status assay_sx_proposal(struct assay_simplex *s, uint16_t from,
                                    struct assay_slice payload, struct assay_simplex_actions *out);
/* The rules of section 5 for the proposal of the running view; the ledger's are not asked. */
enum sx_judgement assay_sx_judge(const struct assay_simplex *s, const struct assay_block *block);
/* Commitments of certificates that the block relies on and that are not held.
 * Returns: how many, at most max; *bad when one is held but says something else. */
size_t assay_sx_missing_certificates(const struct assay_simplex *s, const struct assay_block *block,
                                     uint8_t (*out)[32], size_t max, bool *bad);
/* Returns: whether a proposal that is being considered relies on this certificate. */
bool assay_sx_certificate_wanted(const struct assay_simplex *s,
                                 const uint8_t commitment[static 32]);
void assay_sx_consider_proposing(struct assay_simplex *s, struct sx_view *v,
                                 struct assay_simplex_actions *out);

/* --- simplex_final.c */
void assay_sx_final(struct assay_simplex *s, uint64_t view, const uint8_t id[static 32],
                    uint32_t certificate);
/* FINAL, once the block and its ancestors are held. */
void assay_sx_hand_out_final(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Blocks whose bodies are needed and not held. Returns: how many, at most SX_MISSING_MAX. */
size_t assay_sx_missing_blocks(const struct assay_simplex *s,
                               struct sx_missing missing[static SX_MISSING_MAX]);
/* From a held block up to the last final one or the base. Returns: true when all are held;
 * otherwise missing is the first that is not. */
bool assay_sx_ancestors_held(const struct assay_simplex *s, const struct assay_block *block,
                             uint8_t missing[static 32]);
/* Adds what was decoded, forgetting what is worth least when the table is full.
 * Returns: as assay_blocks_add */
enum assay_status assay_sx_block_add(struct assay_simplex *s, struct assay_slice payload,
                                     const struct assay_proposal *proposal,
                                     struct assay_block **out);

/* --- simplex_standstill.c */
/* Own vote of a view or range, if it was cast and came back signed. */
void assay_sx_resend_vote(struct assay_simplex *s, const struct sx_view *v,
                          enum assay_vote_type type, struct assay_simplex_actions *out);
/* Final certificate, certificates above it, own votes: a page. */
void assay_sx_resend(struct assay_simplex *s, struct assay_simplex_actions *out);
/* The same when nothing moved for Ts. */
void assay_sx_standstill(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Somebody shows that it is behind this view: send it what lets it go on. */
void assay_sx_help(struct assay_simplex *s, uint16_t to, uint64_t view,
                   struct assay_simplex_actions *out);
/* docs/protocol.md 5.14.1: a leader that proposes nothing may lack what led to its view. */
void assay_sx_help_leader(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Returns: when that is due; UINT64_MAX: not in this view, or not any more. */
uint64_t assay_sx_leader_due(const struct assay_simplex *s);
void assay_sx_help_last_epoch(struct assay_simplex *s, uint16_t to,
                              struct assay_simplex_actions *out);
void assay_sx_pull(struct assay_simplex *s, struct assay_simplex_actions *out);
enum assay_status assay_sx_block_pull(struct assay_simplex *s, uint16_t from,
                                      struct assay_slice payload,
                                      struct assay_simplex_actions *out);

/* --- simplex_told.c */
/* An epoch begins: nothing was told or asked. */
void assay_sx_told_forget(struct assay_simplex *s);
/* A vote of a view was verified: neighbours are told of it a little later. */
void assay_sx_told_news(struct assay_simplex *s, uint64_t view);
/* A vote that was not here came from a member. */
void assay_sx_told_given(struct assay_simplex *s, uint16_t from);
enum assay_status assay_sx_vote_have(struct assay_simplex *s, uint16_t from,
                                     struct assay_slice payload,
                                     struct assay_simplex_actions *out);
enum assay_status assay_sx_vote_lack(struct assay_simplex *s, uint16_t from,
                                     struct assay_slice payload,
                                     struct assay_simplex_actions *out);
void assay_sx_told_tick(struct assay_simplex *s, struct assay_simplex_actions *out);
/* Returns: when assay_sx_told_tick has something to do; UINT64_MAX: never. */
uint64_t assay_sx_told_wake(const struct assay_simplex *s);

/* --- simplex_early.c */
/* Returns: ASSAY_E_EARLY (kept, or of somebody unknown) | ASSAY_E_DUPLICATE | ASSAY_E_FULL */
enum assay_status assay_sx_early_keep(struct assay_simplex *s, uint16_t from,
                                      enum assay_message_kind kind, struct assay_slice payload);
void assay_sx_early_replay(struct assay_simplex *s, struct assay_simplex_actions *out);
/* The latest epoch in which more than a third of the weight was seen. Returns: 0 when none. */
uint64_t assay_sx_epoch_of_a_third(const struct assay_simplex *s);
/* A vote of a later epoch: who is there already. */
void assay_sx_behind_note(struct assay_simplex *s, const struct assay_vote *vote);
void assay_sx_behind(struct assay_simplex *s, struct assay_simplex_actions *out);
/* At a standstill anybody ahead is reason enough to ask. */
void assay_sx_behind_hint(struct assay_simplex *s, struct assay_simplex_actions *out);

/* --- resume.c */
/* When it begins to run, and in each epoch from then on: asks as soon as it has a seat, if peers
 * have not said yet what this key signed. Returns: nothing. */
void assay_sx_resume_seat(struct assay_simplex *s, struct assay_simplex_actions *out);
enum assay_status assay_sx_resume_ask(struct assay_simplex *s, uint16_t from,
                                      struct assay_slice payload,
                                      struct assay_simplex_actions *out);
enum assay_status assay_sx_resume_answer(struct assay_simplex *s, uint16_t from,
                                         struct assay_slice payload,
                                         struct assay_simplex_actions *out);
/* Returns: when assay_sx_resume_tick is due; UINT64_MAX: never. */
uint64_t assay_sx_resume_wake(const struct assay_simplex *s);
/* Asks again, or gives up waiting. */
void assay_sx_resume_tick(struct assay_simplex *s, struct assay_simplex_actions *out);

#endif
