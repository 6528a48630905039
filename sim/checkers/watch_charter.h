/*
 * sim/checkers/watch_charter.h - what checker changes has followed of roster, rules and operators.
 *
 * watch_charter.c takes the CHANGE records of final blocks; watch_changes.c says what follows.
 */
#ifndef ASSAY_SIM_CHECKERS_WATCH_CHARTER_H
#define ASSAY_SIM_CHECKERS_WATCH_CHARTER_H

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

/* Who a slot has, and whether it serves. */
struct place {
    bool taken;
    uint8_t node_id[32];
    enum assay_stage stage;
    uint64_t stage_epoch;
};

/* Members that were certified PASS before new rules came, and which of them failed since. */
struct trial {
    uint64_t sequence; /* 0: of collateral */
    uint64_t epoch;    /* of activation; 0: none */
    uint64_t total, felled;
    struct assay_rules_in_force before;
    uint64_t until_ms; /* header time from which they are good for nothing */
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
    bool now;        /* it is */
    bool struck;     /* since, for what has nothing to do with the rules */
    uint16_t integrity_bp;
    uint32_t offences; /* before it was */
};

struct assay_watch_charter {
    struct assay_genesis *operators; /* in force: operators, threshold */
    uint8_t *operators_bytes;        /* their document, when a change brought it */
    uint8_t operators_digest[32];
    uint8_t seen[OPERATORS_SEEN][32]; /* digests of operators that were in force, newest last */
    uint32_t seen_count;
    struct assay_rules_in_force rules;
    uint64_t sequence; /* of the last change that a block took */
    struct waiting waiting[WAITING_MAX];
    uint32_t waiting_count;
    struct trial trial;
    struct felled *felled; /* [nodes] */
    uint64_t reverted;     /* the last sequence that went back, */
    uint64_t forceable;    /* and that had when the epoch began: its blocks see no other */
    struct place *places;  /* [nodes] */
    struct absence (*absences)[ABSENCES_MAX];
    uint32_t *absence_count; /* [nodes] */
    bool blind;              /* epochs were skipped */
    /* Collateral: the set in force, the one before, and what blocks took. */
    uint8_t set[SET_WATCHED], set_before[SET_WATCHED], set_next[SET_WATCHED];
    size_t set_len, set_before_len;
    uint64_t set_before_until_ms;
    struct watched_update updates[UPDATES_WATCHED];
    uint32_t update_count;
    /* Of the epoch that closed: */
    bool turned, spared_now, dropped_now;
    uint64_t turned_ms; /* when the boundary was that the epoch began with; 0: an ordinary one */
    uint64_t epoch;
};

#define BROKEN(e, ...)                                                                             \
    assay_sim_check_look((e)->watch->outcome, ASSAY_SIM_CHECKER_CHANGES, (e)->closed->epoch,       \
                         __VA_ARGS__)
#define FINE(e) BROKEN(e, NULL)

/* A CHANGE record of a final block: who signed it, and may it stand there? Returns: nothing. */
void assay_watch_take_change(const struct assay_watch_epoch *epoch, struct assay_slice bytes);

/* One more in a figure of the whole. Returns: nothing. */
void assay_watch_add(const struct assay_watch_epoch *epoch, enum assay_sim_figure figure);

/* --- watch_updates.c. Each but serve returns nothing. */
void assay_watch_updates_open(struct assay_watch_charter *charter,
                              const struct assay_genesis *genesis);
/* A COLLATERAL record of a final block: may it stand there? */
void assay_watch_take_update(const struct assay_watch_epoch *epoch, struct assay_slice record);
void assay_watch_updates_end_trial(const struct assay_watch_epoch *epoch, bool reverted);
/* What is due comes into force with these rules. Out: *tried: on trial. Returns: whether anything
 * did. */
bool assay_watch_serve(const struct assay_watch_epoch *epoch, struct assay_rules_in_force *rules,
                       bool *tried);

#endif
