/*
 * sim/watch_charter.h - what checker changes has followed of roster, rules and operators.
 *
 * watch_charter.c takes the CHANGE records of final blocks; watch_changes.c says what follows.
 */
#ifndef ASSAY_SIM_WATCH_CHARTER_H
#define ASSAY_SIM_WATCH_CHARTER_H

#include "sim/watch_internal.h"

enum {
    WAITING_MAX = 16,
    ABSENCES_MAX = 64,
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
    uint64_t sequence; /* 0: none */
    uint64_t epoch;    /* of activation */
    uint64_t total, felled;
    struct assay_charter_rules before;
};

struct felled {
    uint32_t weight; /* 0: it was not certified PASS */
    bool now;        /* it is */
    uint16_t integrity_bp;
    uint32_t offences; /* before it was */
};

struct assay_watch_charter {
    struct assay_genesis *operators; /* in force: operators, threshold */
    uint8_t *operators_bytes;        /* their document, when a change brought it */
    uint8_t operators_digest[32];
    struct assay_charter_rules rules;
    uint64_t sequence; /* of the last change that a block took */
    struct waiting waiting[WAITING_MAX];
    uint32_t waiting_count;
    struct trial trial;
    struct felled *felled; /* [nodes] */
    uint64_t reverted;     /* the last sequence that went back */
    struct place *places;  /* [nodes] */
    struct absence (*absences)[ABSENCES_MAX];
    uint32_t *absence_count; /* [nodes] */
    bool blind;              /* epochs were skipped */
    /* Of the epoch that closed: */
    bool turned, spared_now;
    uint64_t turned_ms; /* when the boundary was that the epoch began with; 0: an ordinary one */
    uint64_t epoch;
};

#define BROKEN(e, ...)                                                                             \
    assay_sim_check_look((e)->watch->outcome, ASSAY_SIM_CHECKER_CHANGES, (e)->closed->epoch,       \
                         __VA_ARGS__)
#define FINE(e) BROKEN(e, NULL)

/* A CHANGE record of a final block: who signed it, and may it stand there? Returns: nothing. */
void assay_watch_take_change(const struct assay_watch_epoch *epoch, struct assay_slice bytes);

#endif
