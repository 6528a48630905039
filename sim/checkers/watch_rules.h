/*
 * sim/checkers/watch_rules.h - state of the checker of changes: roster, rules and operators.
 *
 * watch_rules.c reads the CHANGE records of final blocks; watch_changes.c computes their effect.
 */
#ifndef ASSAY_SIM_CHECKERS_WATCH_RULES_H
#define ASSAY_SIM_CHECKERS_WATCH_RULES_H

#include "sim/checkers/watch_internal.h"

enum {
    WAITING_MAX = 16,
    ABSENCES_MAX = 64,
    OPERATORS_SEEN = 64,
};

struct waiting {
    uint64_t sequence, activation, forces;
    uint8_t *body; /* of the change */
    size_t len;
};

struct absence {
    uint64_t from, until;
};

/* The member of a slot, and whether it is in service. */
struct place {
    bool taken;
    uint8_t node_id[32], operator_id[32];
    uint8_t identity[ASSAY_P256_PUBLIC_LEN];
    enum assay_stage stage;
    uint64_t stage_epoch;
};

/* Members that were certified PASS before new rules, and those that failed since. */
struct trial {
    uint64_t sequence; /* 0: of collateral */
    uint64_t epoch;    /* of activation; 0: none */
    uint64_t total, felled;
    struct assay_rules_in_force before;
    uint64_t until_ms; /* header time at which they expire */
};

enum { UPDATES_WATCHED = 64, SET_WATCHED = 4096, OFFER_WATCHED = 128 };

struct watched_update {
    enum assay_update_phase phase;
    struct assay_update_facts facts;
    uint64_t epoch, due_ms;
    uint32_t len;
    uint8_t offer[OFFER_WATCHED];
};

struct felled {
    uint32_t weight; /* 0: its newest verdict before was not PASS */
    bool passed;     /* it was certified PASS since */
    bool now;        /* in the present epoch */
    bool struck;     /* since, for another reason than the rules */
    uint16_t integrity_bp;
    uint32_t offences; /* before it was */
};

struct assay_watch_rules {
    struct assay_genesis *operators; /* in force: operators, threshold */
    uint8_t *operators_bytes;        /* their document, of a change */
    uint8_t operators_digest[32];
    uint8_t seen[OPERATORS_SEEN][32]; /* digests of operators that were in force, newest last */
    uint32_t seen_count;
    struct assay_rules_in_force rules;
    uint64_t sequence; /* of the last change in a block */
    struct waiting waiting[WAITING_MAX];
    uint32_t waiting_count;
    struct trial trial;
    struct felled *felled; /* [nodes] */
    uint64_t reverted;     /* the last sequence that was reverted, */
    uint64_t forceable;    /* and the one at the start of the epoch: its blocks see no other */
    struct place *places;  /* [nodes] */
    struct absence (*absences)[ABSENCES_MAX];
    uint32_t *absence_count; /* [nodes] */
    bool blind;              /* epochs were skipped */
    /* Collateral: the set in force, the previous one, and offers in blocks. */
    uint8_t set[SET_WATCHED], set_before[SET_WATCHED], set_next[SET_WATCHED];
    size_t set_len, set_before_len;
    uint64_t set_before_until_ms;
    struct watched_update updates[UPDATES_WATCHED];
    uint32_t update_count;
    /* Of the closed epoch: */
    bool turned, spared_now, dropped_now;
    uint64_t turned_ms; /* time of the boundary that started the epoch; 0: an ordinary one */
    uint32_t era;
    uint64_t epoch;
};

#define BROKEN(e, ...)                                                                             \
    assay_sim_report_check((e)->watch->outcome, ASSAY_SIM_CHECKER_CHANGES, (e)->closed->epoch,     \
                           __VA_ARGS__)
#define FINE(e) BROKEN(e, NULL)

/* A CHANGE record of a final block: checks its signers and whether it may be in the block. */
void assay_watch_on_change(const struct assay_watch_epoch *epoch, struct assay_slice bytes);

/* Increments a figure of the run. */
void assay_watch_add(const struct assay_watch_epoch *epoch, enum assay_sim_figure figure);

/* --- watch_updates.c. Each but serve returns nothing. */
void assay_watch_updates_open(struct assay_watch_rules *rules, const struct assay_genesis *genesis);
/* A COLLATERAL record of a final block: checks whether it may be in the block. */
void assay_watch_on_update(const struct assay_watch_epoch *epoch, struct assay_slice record);
void assay_watch_updates_end_trial(const struct assay_watch_epoch *epoch, bool reverted);
/* Due offers come into force with these rules. Out: *tried: on trial. Returns: whether there were
 * any. */
bool assay_watch_activate_updates(const struct assay_watch_epoch *epoch,
                                  struct assay_rules_in_force *rules, bool *tried);

#endif
