/*
 * sim/checkers/watch_internal.h - state of a watch between two epochs, and its parts.
 *
 * watch.c feeds, watch_figures.c counts; watch_members.c, watch_network.c (with watch_caps.c) and
 * watch_changes.c check. Membership of groups is taken from the scenario, never from the code under
 * test; sums are recomputed here.
 */
#ifndef ASSAY_SIM_CHECKERS_WATCH_INTERNAL_H
#define ASSAY_SIM_CHECKERS_WATCH_INTERNAL_H

#include "sim/checkers/watch.h"

/* The history of one member. */
struct assay_watch_track {
    bool seen;         /* in an earlier epoch */
    uint16_t score_bp; /* in that epoch */
    enum assay_standing standing;
    uint64_t first_bad_epoch;    /* 0: never bad */
    uint64_t detected_epoch;     /* first suspended since; 0: never */
    uint64_t suspended_epoch;    /* running suspension, until it is FULL again; 0: none */
    uint64_t epochs, bad_epochs; /* bad: an adversary acts in it */
    uint32_t seen_bad_streak;    /* P3: certified epochs in a row in which all saw it bad */
    bool seen_bad_now;           /* P3, P8: the closed epoch is one of them */
    /* Certified epochs in a row without a counted ballot of its own; certified epochs in a row in
     * which all voters that received its evidence could not judge it. */
    uint32_t mute_streak, unjudged_streak;
    /* P8, by channel: A (any bad epoch) and I (evidence fails soft). */
    uint64_t certified_epochs, seen_bad, seen_soft;
    uint16_t availability_min_bp, integrity_min_bp;
    bool went_over; /* P5: it was Byzantine in an epoch */
    /* Strikes: the newest proven FAIL that no trial excuses, and the integrity after it. */
    uint64_t struck_epoch; /* 0: none */
    uint16_t struck_bp;
    /* Quiet: its evidence in the last certified epochs, the newest first; and in how many more
     * honest voters could report it absent than passed it. */
    uint8_t shown[16];
    uint32_t absent_epochs;
};

/* The last fall of one member, by its scores alone. */
struct assay_watch_fall {
    bool follows; /* all closes since its last run may have ended were seen */
    bool runs;    /* no close made its standing better since its last fall */
    bool all;     /* no epoch was skipped */
    bool known;   /* the fall is its last one: */
    struct assay_fall fall;
};

struct assay_sim_watch {
    const struct assay_scenario *scenario;
    uint64_t seed;
    const uint8_t *cohort_of;
    struct assay_sim_outcome *outcome;
    uint32_t nodes;
    /* Members that share a platform, an operator, a vendor: by slot, from the scenario. */
    uint32_t platform_count, operator_count, vendor_count;
    uint32_t *platform, *operator_, *vendor;
    uint64_t *sums; /* scratch of one family */
    uint64_t *raw;  /* [nodes] scratch: weights before all cuts */
    struct assay_watch_track *tracks;
    struct assay_watch_fall *fall_tracks; /* [nodes] */
    /* Weight of the table in force in the closed epoch, by platform. */
    uint64_t *platform_weight, *platform_byzantine, *platform_silent;
    /* P5: the first table. */
    bool has_first, first_uncapped;
    uint64_t first_total;
    uint32_t *first_weight; /* [nodes] */
    /* Liveness. */
    uint64_t healed_ms, last_close_ms;
    uint64_t promised_ms; /* from then on progress is required; UINT64_MAX: not */
    bool healed, closed_since;
    uint64_t epochs_closed;
    uint64_t bad_epochs[ASSAY_SIM_COHORTS_MAX], member_epochs[ASSAY_SIM_COHORTS_MAX];
    struct assay_watch_rules *rules;     /* watch_changes.c; NULL: a fidelity without changes */
    void *scratch;                       /* of a state root */
    size_t scratch_len;
};

/* One epoch, as input of the checkers. */
struct assay_watch_epoch {
    struct assay_sim_watch *watch;
    const struct assay_sim_closed *closed;
    const struct assay_state *before, *after; /* of successive epochs */
    uint64_t total, byzantine, silent;        /* weight; silent: honest, no counted ballot */
    uint64_t balloted;                        /* weight of counted ballots */
    /* Every honest member ran, was reachable to all and attested; envelopes of more than two thirds
     * of the weight arrived, so that honest voters may vote ABSENT (docs/protocol.md 4.3.1). */
    bool calm;
};

/* watch_changes.c: decisions of operators in the records of final blocks. Runs before the other
 * checkers, which use it. */
void assay_watch_changes(const struct assay_watch_epoch *epoch);
/* protocol.md 9.14: RECOVER closed the epoch: it contains roster and rules, nothing is pending. */
void assay_watch_changes_era(const struct assay_watch_epoch *epoch);
/* The run is over. */
void assay_watch_changes_end(struct assay_sim_watch *watch, uint64_t now_ms);
void assay_watch_changes_free(struct assay_sim_watch *watch);
/* Returns: whether a slot has the same member as before the epoch. */
bool assay_watch_same_member(const struct assay_watch_epoch *epoch, uint32_t slot);
/* Returns: whether the rules about members exclude it in this epoch: it is out of service,
 * announced absent, joined, left or was spared at its end. */
bool assay_watch_set_aside(const struct assay_watch_epoch *epoch, uint32_t slot);
/* Returns: whether a member joined, left, was drained or undrained at the end of the epoch. */
bool assay_watch_roster_changed(const struct assay_watch_epoch *epoch);

/* Returns: the number of the platform of a slot, where it is on the machine that is listed. */
uint32_t assay_watch_platform(const struct assay_sim_watch *w, const uint32_t *machines,
                              uint32_t slot);

/* Weights of the electorate of one subject: all members except its platform (docs/protocol.md
 * 7.1). */
struct assay_watch_electorate {
    uint64_t weight, byzantine, silent;
    uint64_t table; /* weight of all members, the subject's platform included */
};

/* Returns: the electorate of a subject in the closed epoch. */
struct assay_watch_electorate assay_watch_electorate_of(const struct assay_watch_epoch *epoch,
                                                        uint32_t subject);
/* Returns: whether an adversary acts for the member in this epoch. */
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

/* watch_caps.c: the caps that the four cuts of docs/protocol.md 6.3 are sure to meet, with weights
 * [nodes] before all cuts and B in percent; none where the guard may omit cuts, or B the effect of
 * a cap. */
struct assay_watch_caps {
    bool operators, vendors;
};
struct assay_watch_caps assay_watch_caps(const struct assay_sim_watch *watch, const uint64_t *raw,
                                         const struct assay_watch_family *operators,
                                         const struct assay_watch_family *vendors,
                                         uint32_t percent);

/* watch_figures.c: a row, and figures that grow. */
void assay_watch_count(struct assay_sim_watch *watch, const struct assay_sim_closed *closed);
void assay_watch_count_end(struct assay_sim_watch *watch, uint64_t now_ms);
/* watch_members.c: P1..P4, P7, P8, justice. watch_recount.c: the tally repeated. watch_network.c:
 * P5, P9, P10, P11. */
void assay_watch_members(const struct assay_watch_epoch *epoch);
void assay_watch_members_end(struct assay_sim_watch *watch);
void assay_watch_recount(const struct assay_watch_epoch *epoch);
void assay_watch_network(const struct assay_watch_epoch *epoch);
/* watch_seats.c: votes of the next epoch. */
void assay_watch_seats(const struct assay_watch_epoch *epoch);
/* watch_quiet.c: members that do not attest have no vote. After assay_watch_members. */
void assay_watch_quiet(const struct assay_watch_epoch *epoch);
/* watch_strikes.c: a proven FAIL strikes. */
void assay_watch_strikes(const struct assay_watch_epoch *epoch);
/* watch_fall.c: the last fall in the state. */
void assay_watch_fall_check(const struct assay_watch_epoch *epoch);
/* Epochs were skipped, or the chain forked. */
void assay_watch_fall_skip(struct assay_sim_watch *watch);
/* watch_shares.c: gains of shares of weight. */
void assay_watch_shares(const struct assay_watch_epoch *epoch);
/* P10 needs no previous state. */
void assay_watch_root(struct assay_sim_watch *watch, const struct assay_sim_closed *closed);

#endif
