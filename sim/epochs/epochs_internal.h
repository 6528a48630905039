/*
 * sim/epochs/epochs_internal.h - internal interface of the epoch world.
 *
 * Times are milliseconds of virtual time since genesis; `_rel` counts from the start of the tick.
 */
#ifndef ASSAY_SIM_EPOCHS_EPOCHS_INTERNAL_H
#define ASSAY_SIM_EPOCHS_EPOCHS_INTERNAL_H

#include "base/assert.h"
#include "base/checked.h"
#include "engine/ledger/fold/close.h"
#include "engine/ledger/records/ledger.h"
#include "sim/attack.h"
#include "sim/checkers/watch.h"
#include "sim/epochs/chance.h"
#include "sim/epochs/epochs.h"
#include "sim/epochs/workers.h"
#include "sim/rules.h"

enum {
    SIDES_MAX = 256, /* 16 partitions by share cut the roster 17 times, cohorts 8 times */
    VIEWS = 10,      /* of an epoch: one every T/8, and those of phases */
    VIEWS_MAX = 256, /* until a leader that can closes it */
    VIEW_ROLL = 3,
    VIEW_EARLY = 4,      /* first view with ballots of voters that appraised everything at once */
    VIEW_LATE = 7,       /* first view with ballots cast at 5T/8 */
    VERIFIED_MAX = 1536, /* 64 re-verified records a block, a block every T/32 after the ROLL */
    STALL_EPOCHS = 2,    /* without a close the scenario continues after this many */
    AGENT_MS = 40,       /* from a RESTART to new keys, as in sim/world */
    FALSE_VOTES_OF_ONE = 4, /* proofs that the engine makes of one ballot: two take all integrity */
};

/* No such time. */
#define NEVER_MS UINT32_MAX

/* The findings of voters about a subject whose evidence arrived. */
struct epochs_subject {
    enum assay_outcome outcome; /* of its evidence; NONE: no evidence */
    bool announced;             /* an envelope arrived in time: the ROLL or an exception names it */
    bool in_roll;
    bool foreign; /* evidence, but not for this epoch: ABSENT */
    bool doubled; /* another envelope, without evidence, arrived first at half of the voters */
};

/* A ballot that re-verification contradicts (E5). */
struct epochs_lie {
    uint64_t epoch;
    uint32_t slot, subject;
    enum assay_falsehood falsehood;
};

struct epochs_false_votes {
    uint32_t count;
    struct epochs_lie false_votes[FALSE_VOTES_OF_ONE];
};

/* The ballot of a voter of a side that received everything. */
struct epochs_template {
    uint8_t *row;
    bool has_quorum; /* envelopes of more than two thirds: it may vote ABSENT */
    bool complete; /* nothing is missing: ballots need not wait for 5T/8 */
};

/* State of one node across epochs. */
struct epochs_node {
    uint64_t down_from_ms, up_at_ms; /* its last crash; equal: none */
    uint64_t closed;                 /* newest epoch that it knows as closed */
    uint32_t obeyed;                 /* newest incarnation with an executed RESTART */
    bool crash_loses;                /* the last crash cost it the whole disk, */
    bool crash_rolls;                /* or the newest part of it */
    bool faulty_disk; /* it lost a write: no honest voter any more (docs/protocol.md 2.10) */
    bool waits;       /* has keys that no epoch block lists */
    bool restarts;    /* since the last close: the old keys may have been used already */
    bool suspended;   /* it was suspended, and has not been in a block since */
};

/* State of one node in this tick. */
struct epochs_now {
    uint32_t ready_rel; /* in the running epoch from then on; NEVER_MS */
    uint32_t late_ms;   /* delay of everything that it sends */
    uint32_t side;
    bool silent; /* an adversary that sends no votes */
    bool alive;  /* ran through */
    enum assay_sim_evidence evidence;
};

/* Voters that could take part in consensus at some instant. */
struct epochs_quorum {
    bool any;                   /* a quorum whose members reach each other */
    bool in[SIDES_MAX];         /* these sides are of it */
    uint64_t weight[SIDES_MAX]; /* of voters on a side, in the quorum or not */
    uint64_t all, total;        /* of the quorum; of the table */
};

struct epochs_chances {
    uint32_t absent;      /* evidence of one subject does not reach one voter */
    uint32_t ballot_lost; /* a ballot is in no block before E */
    uint32_t announce_ms; /* from the start of an epoch until peers have pulled the evidence */
    uint32_t judge_ms;    /* from there until they have appraised it */
    uint32_t hop_ms;      /* one message, mean delay */
    uint32_t delta_ms;    /* docs/protocol.md 5.9 */
};

/* Figures of the run outside the watch. */
struct epochs_sums {
    uint64_t messages, bytes, lost, verifications, blocks, nullified, proofs, crashes, recovered;
    uint64_t equivocations, strange, node_epochs;
};

struct assay_sim_epochs {
    struct assay_scenario scenario;
    uint64_t seed;
    uint32_t n;
    size_t row_len;
    uint8_t *cohort_of;
    bool *byzantine; /* an adversary is of its cohort */
    struct workers *workers;
    struct assay_sim_watch *watch;
    struct assay_sim_outcome *outcome;
    struct epochs_chances chances;
    uint64_t *survives; /* [n + 1] rows of chances.absent: chance_gaps */

    /* Time. */
    uint64_t now_ms; /* start of the tick */
    uint64_t tick;   /* the scenario's epoch, from 1 */
    bool stalled;    /* the running epoch is overdue: a quorum was missing */

    /* The product's own state, ledger and close. */
    struct assay_genesis *genesis; /* parameters; its roster is not used */
    struct assay_state states[2];
    uint32_t current; /* states[current] is the head */
    struct assay_ledger ledger;
    struct assay_context context;
    struct assay_groups groups;
    struct assay_close close;
    struct assay_close_rules rules;
    struct assay_weight_rules caps;
    struct assay_tolerance tolerance;
    struct assay_record *record;
    struct assay_sim_rules *other; /* a rule other than the product's; NULL: interval */
    uint16_t *score_bp;            /* [n] of `other` */
    uint8_t *other_bytes;          /* [n * 6]: input of its root */
    uint32_t *weights;             /* [n] in force */
    uint64_t total_weight;
    uint32_t *seats;               /* [n] weights of votes: docs/protocol.md 5.22 */
    uint64_t seats_weight;
    uint64_t epoch; /* running */
    uint8_t root[32];

    /* Reachability. */
    uint64_t sides_of; /* the cuts of the following fields; UINT64_MAX: none yet */
    uint32_t side_count;
    uint16_t *side;                     /* [n] by partitions alone */
    bool receives[SIDES_MAX][SIDES_MAX]; /* [to][from] */
    bool reaches[SIDES_MAX][SIDES_MAX]; /* [to][from]: directly or relayed */
    bool pulls[SIDES_MAX][SIDES_MAX];   /* [to][from]: by request; directly or relayed */
    struct epochs_quorum quorum;        /* at the end of the tick */
    bool roll_quorum;

    /* [n] each. */
    struct epochs_node *nodes;
    struct epochs_now *at;
    struct epochs_subject *subjects;
    struct assay_sim_truth *truth;
    struct epochs_false_votes *false_votes;
    uint32_t *doubled; /* [doubled_count] subjects with two envelopes */
    uint32_t doubled_count;
    struct assay_tally_member *members; /* other rules */
    const uint8_t **row_of;             /* other rules: counted rows */
    uint8_t *rows;                      /* [n][row_len] ballots of this epoch */
    bool *flags;                        /* [n] scratch */
    bool *cast;                         /* [n] it signed a ballot of the running epoch */
    bool *in_chain;                     /* [n] its ballot is in a block */
    uint64_t *drawn;                    /* [n] hash of what was drawn for a voter */
    uint8_t (*hashes)[32];
    uint8_t (*node_ids)[32];
    struct epochs_template *templates; /* [SIDES_MAX] by side of the voter */
    uint8_t *template_rows;            /* [template_room][row_len] */
    uint32_t template_room;
    uint16_t leaders[VIEWS_MAX + 1]; /* by view; UINT16_MAX: the view was nullified */
    uint32_t views;                  /* the last of the epoch, that of E */
    int64_t *counters;               /* [n] scratch of the leader sequence */
    uint32_t *missed;                /* [workers][n] honest weight that lost a subject's evidence */
    uint8_t *scratch;                /* [workers][scratch_len] */
    size_t scratch_len;
    uint8_t *roll_bytes;
    size_t roll_len;

    /* E5 proofs that wait for room in a block. */
    struct epochs_lie *waiting;
    size_t waiting_count, waiting_max;
    uint32_t verified; /* of VERIFIED_MAX in this epoch */

    /* Costs of the epoch. */
    uint64_t messages, bytes, verifications;
    uint32_t proofs, crashes, nullified;
    struct epochs_sums sums; /* over all epochs */
    uint8_t trace[32];
    uint8_t root_chain[32];
    void *memory[64];
    size_t memory_count;
};

/* network.c */
void *epochs_allocate(struct assay_sim_epochs *w, size_t count, size_t size);
enum assay_status epochs_found(struct assay_sim_epochs *w);
void epochs_key(const struct assay_sim_epochs *w, uint32_t slot, uint64_t purpose, uint8_t *key,
                size_t len);
/* Out: *acts: the combined acts of adversaries at this node in the running epoch. Returns: whether
 * there are any. */
bool epochs_acts(const struct assay_sim_epochs *w, uint32_t node, struct assay_attack_acts *acts);

/* delivery.c: the link model */
void epochs_chances(const struct assay_scenario *scenario, struct epochs_chances *chances);

/* reach.c */
void epochs_sides(struct assay_sim_epochs *w);
bool epochs_reaches(const struct assay_sim_epochs *w, uint32_t from_side, uint32_t to_side);
/* Returns: whether evidence of one side can be pulled by the other: both ways must be open. */
bool epochs_pulls(const struct assay_sim_epochs *w, uint32_t from_side, uint32_t to_side);
struct epochs_quorum epochs_quorum_at(const struct assay_sim_epochs *w, uint32_t rel_ms);
bool epochs_follows(const struct assay_sim_epochs *w, const struct epochs_quorum *quorum,
                    uint32_t side);
/* Returns: weight on some sides (NULL: on all) that a side receives from directly. */
uint64_t epochs_received_weight(const struct assay_sim_epochs *w, const uint64_t *weight,
                                const bool *sides, uint32_t to);
bool epochs_reaches_quorum(const struct assay_sim_epochs *w, uint32_t side);

/* uptime.c */
void epochs_crash(struct assay_sim_epochs *w); /* once a tick */
/* When unlisted keys can be submitted. Returns: NEVER_MS: there are none. */
uint32_t epochs_new_keys_rel(const struct assay_sim_epochs *w, uint32_t node);
void epochs_uptime(struct assay_sim_epochs *w);                         /* for the running epoch */
void epochs_restart_crashed(struct assay_sim_epochs *w, uint32_t end_rel); /* within the tick */
bool epochs_up(const struct assay_sim_epochs *w, uint32_t node, uint32_t rel_ms);
/* Completion of an uninterrupted task of that duration, started at from_rel or after the crash that
 * ends it.
 * Returns: when it is done; NEVER_MS: not by until_rel. */
uint32_t epochs_done_rel(const struct assay_sim_epochs *w, uint32_t node, uint64_t from_rel,
                         uint64_t takes_ms, uint64_t until_rel);
void epochs_closed_known(struct assay_sim_epochs *w, uint32_t end_rel);
void epochs_execute_orders(struct assay_sim_epochs *w);

/* subjects.c */
void epochs_leaders(struct assay_sim_epochs *w);
void epochs_subjects(struct assay_sim_epochs *w);
/* Returns: whether a leader from that view on includes the voter's ballot in a block. */
bool epochs_included(const struct assay_sim_epochs *w, uint32_t voter, uint32_t from_view);
void epochs_templates(struct assay_sim_epochs *w);
void epochs_truth(struct assay_sim_epochs *w);

/* rows.c */
void epochs_rows(struct assay_sim_epochs *w);

/* records.c */
void epochs_records(struct assay_sim_epochs *w);
void epochs_late_ballots(struct assay_sim_epochs *w, uint32_t end_rel);
void epochs_members(struct assay_sim_epochs *w);

/* close.c */
void epochs_close(struct assay_sim_epochs *w, uint32_t end_rel);
void epochs_begin(struct assay_sim_epochs *w);
void epochs_trace(struct assay_sim_epochs *w, const void *bytes, size_t len);

#endif
