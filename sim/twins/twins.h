/*
 * sim/twins/twins.h - Twins (Bano, Sonnino, Chursin, Perelman, Li, Ching, Malkhi 2020): a voter
 * that equivocates is the same honest program run twice under one identity, and an adversary
 * decides in each view who hears whom.
 *
 * A schedule says everything: who lives twice, the weights, and for each of the first views which
 * machine hears which. It is run in the Simplex world (sim/simplex/), whose checkers look at every
 * step; then the network heals and the chain must go on. With twins of more than a third of the
 * weight the chain does split; then what was sent must convict more than a third, and nobody else
 * (docs/protocol.md 5.23).
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
    ASSAY_TWINS_FINALISATIONS = 4, /* demanded after healing */
};

/*
 * Machines 0 .. nodes - 1 are the nodes; machine nodes + i is the second copy of twin i. Row r says
 * who is heard while the network is not healed: bit `to` of hears[r][from]. With one phase a view
 * has one row, with two the first is for proposals and N, the second for F and X; certificates go
 * by the type of their votes. A message belongs to the view that it is about; view v of epoch e
 * goes by the rows of view v + e - 1, and past the last row everybody hears everybody.
 */
struct assay_twins_schedule {
    uint32_t nodes, twins, views, phases;
    uint16_t twin_of[ASSAY_TWINS_TWINS_MAX]; /* ascending */
    uint32_t weights[ASSAY_TWINS_NODES_MAX];
    uint32_t epoch_blocks; /* an epoch ends with so many blocks */
    uint64_t seed;         /* of the delays; 0: every message takes 5 ms */
    uint16_t hears[ASSAY_TWINS_ROWS_MAX][ASSAY_TWINS_MACHINES_MAX];
    /* docs/protocol.md 5.27: past the last row no block is valid for anybody until the first range
     * of 64 views is over and X over it was due; of the rows what cuts F stands until then, and
     * what is sent about that range goes by a row of its own. */
    bool burns;
    uint16_t range_hears[ASSAY_TWINS_MACHINES_MAX];
};

/* The text that reproduces a schedule; a row is a partition ("00101": the groups of machines) or,
 * when it is none, what each machine is heard by, in hexadecimal ("x1f.03.1f.1f.1f").
 * Returns: nothing. */
void assay_twins_print(const struct assay_twins_schedule *schedule,
                       char text[static ASSAY_TWINS_TEXT_MAX]);
/*
 * Out:     *schedule, untouched unless ASSAY_OK; message otherwise: where, what was expected
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_twins_parse(const char *text,
                                                  struct assay_twins_schedule *schedule,
                                                  char message[static ASSAY_SIM_MESSAGE_MAX]);

/* For tests of the checkers: proofs of these numbers are lost (bit n: E n), or an honest slot is
 * named in the place of the first culprit. */
struct assay_twins_plant {
    unsigned lost_proofs;
    bool frames;
};

struct assay_twins_result {
    enum assay_sim_checker checker; /* that found something; ASSAY_SIM_CHECKER_COUNT: none */
    char violation[256];
    bool forked;         /* expected with too many twins, a violation otherwise */
    uint32_t convicted;  /* bit per slot, once forked */
    unsigned proofs;     /* bit per number, once forked */
    uint32_t rows_asked; /* how many rows decided anything: 1 + the last one */
    uint64_t steps, sent, trace;
    uint64_t finals; /* best height at the end */
};

/* Runs one schedule to its end. plant: NULL but for tests. Returns: nothing. */
void assay_twins_run(const struct assay_twins_schedule *schedule,
                     const struct assay_twins_plant *plant, struct assay_twins_result *result);
/* Returns: whether the twins have a third of the weight or less, so that nothing may split. */
bool assay_twins_tolerable(const struct assay_twins_schedule *schedule);

/* --- campaigns: many schedules */

struct assay_twins_campaign {
    uint32_t nodes;          /* 4, 7 or 10 */
    uint32_t twins;          /* 0: as many as a third allows: 1, 2, 3 */
    uint32_t views;          /* 0: 3 */
    uint32_t phases, groups; /* exhaustive: 0: 1 phase; at most so many groups, 0: any number */
    uint64_t samples;        /* 0: every schedule (nodes 4); otherwise so many drawn from seed */
    uint64_t first;          /* the first sample's number */
    uint64_t seed;
    bool ranges;            /* drawn schedules burn the rest of the first range */
    uint32_t shard, shards; /* 0, 0: all; otherwise the scenarios with number % shards == shard */
    bool unreduced;         /* exhaustive: without dividing by symmetry, to compare */
};

struct assay_twins_totals {
    uint64_t scenarios;  /* who is twin, weights, length of epochs */
    uint64_t schedules;  /* sequences of rows, of all scenarios, up to symmetry */
    uint64_t runs;       /* schedules that differ in what happens */
    uint64_t violations; /* runs in which a checker found something */
    uint64_t forks;      /* runs that split, where that is to be expected */
    uint64_t steps, sent;
    uint64_t trace; /* over all runs; the totals of shards add up, this one as well */
};

/* Called after each run. Returns: false to stop the campaign. */
typedef bool assay_twins_visit(void *context, const struct assay_twins_schedule *schedule,
                               const struct assay_twins_result *result);
/*
 * assay_twins_campaign - run them all, in an order that depends on nothing but the campaign.
 *
 * Exhaustive: every partition of the machines in every row. What is left out, and why that loses
 * nothing: docs/simulator-checks.md 4.
 *
 * Out:     *totals of what ran; message when the campaign makes no sense
 * Returns: ASSAY_OK | ASSAY_E_RANGE
 */
ASSAY_CHECKED enum assay_status assay_twins_campaign(const struct assay_twins_campaign *campaign,
                                                     assay_twins_visit *visit, void *context,
                                                     struct assay_twins_totals *totals,
                                                     char message[static ASSAY_SIM_MESSAGE_MAX]);
/* The number-th sample of a campaign. Returns: nothing. */
void assay_twins_sample(const struct assay_twins_campaign *campaign, uint64_t number,
                        struct assay_twins_schedule *schedule);

#endif
