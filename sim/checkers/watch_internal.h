/*
 * sim/checkers/watch_internal.h - what a watch remembers between two epochs, and its parts.
 *
 * watch.c feeds, watch_figures.c counts; watch_members.c, watch_network.c (with watch_caps.c) and
 * watch_changes.c check. Who belongs where is taken from the scenario, never from the code under
 * test; sums are made here anew.
 */
#ifndef ASSAY_SIM_CHECKERS_WATCH_INTERNAL_H
#define ASSAY_SIM_CHECKERS_WATCH_INTERNAL_H

#include "sim/checkers/watch.h"

/* What is remembered of one member. */
struct assay_watch_track {
    bool seen;         /* in an epoch before this one */
    uint16_t score_bp; /* then */
    enum assay_standing standing;
    uint64_t first_bad_epoch;    /* 0: never bad */
    uint64_t detected_epoch;     /* first suspended since; 0: never */
    uint64_t suspended_epoch;    /* running suspension, until it is FULL again; 0: none */
    uint64_t epochs, bad_epochs; /* bad: some adversary acts in it */
    uint32_t seen_bad_streak;    /* P3: certified epochs in a row that all saw it bad in */
    bool seen_bad_now;           /* P3, P8: the epoch that just closed was such a one */
    /* Certified epochs in a row without a counted ballot of its own; so many in which all that
     * heard it found it not to be judged. */
    uint32_t mute_streak, unjudged_streak;
    /* P8, by channel: A (whatever is bad) and I (evidence fails soft). */
    uint64_t certified_epochs, seen_bad, seen_soft;
    uint16_t availability_min_bp, integrity_min_bp;
    bool went_over; /* P5: it was Byzantine in some epoch */
    /* Strikes: the newest proven FAIL that no trial excuses, and the integrity that it left. */
    uint64_t struck_epoch; /* 0: none */
    uint16_t struck_bp;
    /* Quiet: what it showed in the last certified epochs, the newest first; and in how many more
     * honest voters could report it absent than passed it. */
    uint8_t shown[16];
    uint32_t absent_epochs;
};

struct assay_sim_watch {
    const struct assay_scenario *scenario;
    uint64_t seed;
    const uint8_t *cohort_of;
    struct assay_sim_outcome *outcome;
    uint32_t nodes;
    /* Who shares a platform, an operator, a vendor with whom: by slot, from the scenario. */
    uint32_t platform_count, operator_count, vendor_count;
    uint32_t *platform, *operator_, *vendor;
    uint64_t *sums; /* scratch of one family */
    uint64_t *raw;  /* [nodes] scratch: weights before all cuts */
    struct assay_watch_track *tracks;
    /* Weight of the table in force in the epoch that closed, by platform. */
    uint64_t *platform_weight, *platform_byzantine, *platform_silent;
    /* P5: the first table. */
    bool has_first, first_uncapped;
    uint64_t first_total;
    uint32_t *first_weight; /* [nodes] */
    /* Liveness. */
    uint64_t healed_ms, last_close_ms;
    uint64_t promised_ms; /* from then on progress is demanded; UINT64_MAX: not */
    bool healed, closed_since;
    uint64_t epochs_closed;
    uint64_t bad_epochs[ASSAY_SIM_COHORTS_MAX], member_epochs[ASSAY_SIM_COHORTS_MAX];
    struct assay_watch_charter *charter; /* watch_changes.c; NULL: a fidelity without changes */
    void *scratch;                       /* of a state root */
    size_t scratch_len;
};

/* One epoch, as the checkers look at it. */
struct assay_watch_epoch {
    struct assay_sim_watch *watch;
    const struct assay_sim_closed *closed;
    const struct assay_state *before, *after; /* one follows the other */
    uint64_t total, byzantine, silent;        /* weight; silent: honest, no counted ballot */
    uint64_t balloted;                        /* weight of counted ballots */
    /* Every honest member ran, was heard by all and attested; envelopes of more than two thirds of
     * the weight came, so that honest voters may say ABSENT (docs/protocol.md 4.3.1). */
    bool calm;
};

/* watch_changes.c: what operators decided, followed from the records of final blocks. Before the
 * other checkers, which ask it. Each Returns: nothing. */
void assay_watch_changes(const struct assay_watch_epoch *epoch);
/* RECOVER closed the epoch (docs/protocol.md 9.14): it says roster and rules, nothing waits. */
void assay_watch_changes_era(const struct assay_watch_epoch *epoch);
/* The run is over. */
void assay_watch_changes_end(struct assay_sim_watch *watch, uint64_t now_ms);
void assay_watch_changes_free(struct assay_sim_watch *watch);
/* Returns: whether a slot has the member that it had before the epoch. */
bool assay_watch_same_member(const struct assay_watch_epoch *epoch, uint32_t slot);
/* The rules about members do not speak of it in this epoch: it does not serve, is announced absent,
 * came, went or was spared at its end. Returns: whether so. */
bool assay_watch_set_aside(const struct assay_watch_epoch *epoch, uint32_t slot);
/* Returns: whether somebody came, went, rested or woke at the end of the epoch. */
bool assay_watch_roster_changed(const struct assay_watch_epoch *epoch);

/* Returns: the number of the platform of a slot, where it is on the machine that is listed. */
uint32_t assay_watch_platform(const struct assay_sim_watch *w, const uint32_t *machines,
                              uint32_t slot);

/* Weights of the electorate of one subject: everybody but its platform (docs/protocol.md 7.1). */
struct assay_watch_electorate {
    uint64_t weight, byzantine, silent;
    uint64_t table; /* weight of all members, the subject's platform included */
};

/* Returns: the electorate of a subject in the epoch that closed. */
struct assay_watch_electorate assay_watch_electorate_of(const struct assay_watch_epoch *epoch,
                                                        uint32_t subject);
/* Returns: whether some adversary acts for the member in this epoch. */
bool assay_watch_acts(const struct assay_sim_watch *watch, uint64_t epoch, uint32_t slot);
/* Sums weights of a family into watch->sums[count]. Returns: the largest sum. */
uint64_t assay_watch_sums(struct assay_sim_watch *watch, const uint32_t *group_of, uint32_t count,
                          const uint32_t *weights, const struct assay_state *state);

/* Members that share one operator or one vendor root, and the cap on their share. */
struct assay_watch_family {
    const char *name;
    const uint32_t *group_of; /* [nodes] */
    uint32_t count, num, den;
};

/* watch_caps.c: which caps the four cuts of docs/protocol.md 6.3 are sure to meet, with weights
 * [nodes] before all cuts and B in percent; where the guard may leave cuts out, or B what a cap
 * would take, none. */
struct assay_watch_caps {
    bool operators, vendors;
};
struct assay_watch_caps assay_watch_caps(const struct assay_sim_watch *watch, const uint64_t *raw,
                                         const struct assay_watch_family *operators,
                                         const struct assay_watch_family *vendors,
                                         uint32_t percent);

/* watch_figures.c: a row, and figures that grow. Each Returns: nothing. */
void assay_watch_count(struct assay_sim_watch *watch, const struct assay_sim_closed *closed);
void assay_watch_count_end(struct assay_sim_watch *watch, uint64_t now_ms);
/* watch_members.c: P1..P4, P7, P8, justice. watch_recount.c: the tally done again.
 * watch_network.c: P5, P9, P10, P11. Each Returns: nothing. */
void assay_watch_members(const struct assay_watch_epoch *epoch);
void assay_watch_members_end(struct assay_sim_watch *watch);
void assay_watch_recount(const struct assay_watch_epoch *epoch);
void assay_watch_network(const struct assay_watch_epoch *epoch);
/* watch_seats.c: who votes next. Returns: nothing. */
void assay_watch_seats(const struct assay_watch_epoch *epoch);
/* watch_quiet.c: who does not attest has no vote. After assay_watch_members. Returns: nothing. */
void assay_watch_quiet(const struct assay_watch_epoch *epoch);
/* watch_strikes.c: a proven FAIL strikes. Returns: nothing. */
void assay_watch_strikes(const struct assay_watch_epoch *epoch);
/* watch_shares.c: who gains a share by what. Returns: nothing. */
void assay_watch_shares(const struct assay_watch_epoch *epoch);
/* P10 needs no state before. */
void assay_watch_root(struct assay_sim_watch *watch, const struct assay_sim_closed *closed);

#endif
