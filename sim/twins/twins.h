/*
 * sim/twins/twins.h - Twins (Bano, Sonnino, Chursin, Perelman, Li, Ching, Malkhi 2020): an
 * equivocating voter is the same honest program run twice under one identity, and an adversary
 * decides in each view which machines are reachable.
 *
 * A schedule contains everything: the twins, the weights, and for each of the first views the
 * reachability of machines. It runs in the Simplex world (sim/simplex/), whose checkers evaluate
 * every step; then the network heals and the chain must continue. With twins of more than a third
 * of the weight the chain does split; then the sent messages must convict more than a third, and no
 * other slot (docs/protocol.md 5.23).
 */
#ifndef ASSAY_SIM_TWINS_TWINS_H
#define ASSAY_SIM_TWINS_TWINS_H

#include "sim/outcome.h"

enum {
    ASSAY_TWINS_NODES_MAX = 10,
    ASSAY_TWINS_TWINS_MAX = 4,
    ASSAY_TWINS_MACHINES_MAX = ASSAY_TWINS_NODES_MAX + ASSAY_TWINS_TWINS_MAX,
    ASSAY_TWINS_VIEWS_MAX = 8,
    ASSAY_TWINS_ROWS_MAX = 2 * ASSAY_TWINS_VIEWS_MAX,
    ASSAY_TWINS_TEXT_MAX = 1024,   /* of a schedule */
    ASSAY_TWINS_FINALISATIONS = 4, /* required after healing */
};

/*
 * Machines 0 .. nodes - 1 are the nodes; machine nodes + i is the second copy of twin i. Row r
 * gives reachability until the network heals: bit `to` of hears[r][from]. With one phase a view has
 * one row, with two the first is for proposals and N, the second for F and X; certificates follow
 * the type of their votes. A message belongs to the view of its subject; view v of epoch e uses the
 * rows of view v + e - 1, and past the last row every machine reaches every other.
 */
struct assay_twins_schedule {
    uint32_t nodes, twins, views, phases;
    uint16_t twin_of[ASSAY_TWINS_TWINS_MAX]; /* ascending */
    uint32_t weights[ASSAY_TWINS_NODES_MAX];
    uint32_t epoch_blocks; /* blocks of an epoch */
    uint64_t seed;         /* of the delays; 0: every message takes 5 ms */
    uint16_t receives[ASSAY_TWINS_ROWS_MAX][ASSAY_TWINS_MACHINES_MAX];
    /* docs/protocol.md 5.27: past the last row no block is valid on any machine until the first
     * range of 64 views is over and X over it was due; the rows that cut F stay in force until
     * then, and messages about that range follow a row of their own. */
    bool burns;
    uint16_t range_receives[ASSAY_TWINS_MACHINES_MAX];
};

/* The text that reproduces a schedule; a row is a partition ("00101": the groups of machines) or,
 * when it is none, the receivers of each machine, in hexadecimal ("x1f.03.1f.1f.1f"). */
void assay_twins_print(const struct assay_twins_schedule *schedule,
                       char text[static ASSAY_TWINS_TEXT_MAX]);
/*
 * Out:     *schedule, untouched unless ASSAY_OK; message otherwise: the position and the expected
 * text
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_twins_parse(const char *text,
                                                  struct assay_twins_schedule *schedule,
                                                  char message[static ASSAY_SIM_MESSAGE_MAX]);

/* For tests of the checkers: proofs of these numbers are lost (bit n: E n), or an honest slot is
 * named in place of the first culprit. */
struct assay_twins_plant {
    unsigned lost_proofs;
    bool frames;
};

struct assay_twins_result {
    enum assay_sim_checker checker; /* of the finding; ASSAY_SIM_CHECKER_COUNT: none */
    char violation[256];
    bool forked;         /* expected with too many twins, a violation otherwise */
    uint32_t convicted;  /* bit per slot, once forked */
    unsigned proofs;     /* bit per number, once forked */
    uint32_t rows_asked; /* number of rows that decided anything: 1 + the last one */
    uint64_t steps, sent, trace;
    uint64_t finals; /* best height at the end */
};

/* Runs one schedule to its end. plant: NULL except in tests. */
void assay_twins_run(const struct assay_twins_schedule *schedule,
                     const struct assay_twins_plant *plant, struct assay_twins_result *result);
/* Returns: whether the twins have a third of the weight or less, so that no fork is possible. */
bool assay_twins_tolerable(const struct assay_twins_schedule *schedule);

/* --- campaigns: many schedules */

struct assay_twins_campaign {
    uint32_t nodes;          /* 4, 7 or 10 */
    uint32_t twins;          /* 0: the most within a third: 1, 2, 3 */
    uint32_t views;          /* 0: 3 */
    uint32_t phases, groups; /* exhaustive: 0: 1 phase; maximum number of groups, 0: any */
    uint64_t samples;        /* 0: every schedule (nodes 4); otherwise the number drawn from seed */
    uint64_t first;          /* the first sample's number */
    uint64_t seed;
    bool ranges;            /* drawn schedules burn the rest of the first range */
    uint32_t shard, shards; /* 0, 0: all; otherwise the scenarios with number % shards == shard */
    bool unreduced;         /* exhaustive: without dividing by symmetry, to compare */
};

struct assay_twins_totals {
    uint64_t scenarios;  /* twins, weights, length of epochs */
    uint64_t schedules;  /* sequences of rows, of all scenarios, up to symmetry */
    uint64_t runs;       /* schedules with different behaviour */
    uint64_t violations; /* runs with a finding */
    uint64_t forks;      /* forks, where they are expected */
    uint64_t steps, sent;
    uint64_t trace; /* over all runs; the totals of shards add up, including this one */
};

/* Called after each run. Returns: false to stop the campaign. */
typedef bool assay_twins_visit(void *context, const struct assay_twins_schedule *schedule,
                               const struct assay_twins_result *result);
/*
 * assay_twins_campaign - run all schedules, in an order that depends only on the campaign.
 *
 * Exhaustive: every partition of the machines in every row. docs/simulator-checks.md 4 lists what
 * is omitted and why nothing is lost.
 *
 * Out:     *totals of the runs; message when the options are inconsistent
 * Returns: ASSAY_OK | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_twins_campaign(const struct assay_twins_campaign *campaign,
                                                     assay_twins_visit *visit, void *context,
                                                     struct assay_twins_totals *totals,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);
/* The number-th sample of a campaign. */
void assay_twins_sample(const struct assay_twins_campaign *campaign, uint64_t number,
                        struct assay_twins_schedule *schedule);

#endif
