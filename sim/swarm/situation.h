/*
 * sim/swarm/situation.h - table of all situations that a scenario can contain, for the coverage of
 * a swarm: how many seeds drew each one and each pair, and in how many of them it happened.
 *
 * The table is derived: kinds of faults (drawn.h), ranges of sizes (the list below), and from the
 * table of keys of a scenario (sim/scenario/scenario_keys.c) each word of an enumeration and each
 * other key. A new attack or key is a new situation without a further list.
 */
#ifndef ASSAY_SIM_SWARM_SITUATION_H
#define ASSAY_SIM_SWARM_SITUATION_H

#include "sim/outcome.h"

/* X(number, in a scenario s; name; its lowest and highest value). Ranges of one number exclude each
 * other. */
#define ASSAY_SIM_RANGE_LIST(X)                                                                    \
    X(s->nodes - s->spares, "members", 1, 3)                                                       \
    X(s->nodes - s->spares, "members", 4, 7)                                                       \
    X(s->nodes - s->spares, "members", 8, 10)                                                      \
    X(s->nodes - s->spares, "members", 11, 16)                                                     \
    X(s->nodes - s->spares, "members", 17, ASSAY_SIM_NODES_MAX)                                    \
    X(s->vendors, "vendors", 1, 1)                                                                 \
    X(s->vendors, "vendors", 2, 3)                                                                 \
    X(s->vendors, "vendors", 4, 7)                                                                 \
    X(s->proposals.level, "level", 1, 1)                                                           \
    X(s->proposals.level, "level", 2, 2)                                                           \
    X(s->proposals.level, "level", 3, 3)                                                           \
    X(s->services.groups > 0 ? s->services.group_size : 0, "group_size", 3, 3)                     \
    X(s->services.groups > 0 ? s->services.group_size : 0, "group_size", 5, 5)                     \
    X(s->services.groups > 0 ? s->services.group_size : 0, "group_size", 7, 7)

enum {
    ASSAY_SIM_SITUATIONS_MAX = 448,
    ASSAY_SIM_PAIRED_MAX = 176, /* the first situations of the table are counted in pairs too */
    ASSAY_SIM_PAIRS_MAX = ASSAY_SIM_PAIRED_MAX * (ASSAY_SIM_PAIRED_MAX - 1) / 2,
    ASSAY_SIM_SITUATION_NAME_MAX = 72,
};

struct assay_sim_situation {
    /* A kind of fault; "members=4..7"; "adversaries.attack=mute"; "link.reorder_ms": a value other
     * than the default one. */
    char name[ASSAY_SIM_SITUATION_NAME_MAX];
    bool drawable;   /* the swarm draws it without --nodes and --set */
    uint32_t choice; /* situations of one choice exclude each other; 0: none does */
};

struct assay_sim_situations {
    uint32_t count, paired; /* paired: the first ones */
    struct assay_sim_situation items[ASSAY_SIM_SITUATIONS_MAX];
};

/* Out: *table, the same for every call */
void assay_sim_situations_list(struct assay_sim_situations *table);
/* Returns: whether one scenario can contain both of the table's first situations a and b. */
bool assay_sim_situations_pair(const struct assay_sim_situations *table, uint32_t a, uint32_t b);
/* Returns: the number of a pair in counters; a < b (asserted). */
uint32_t assay_sim_pair_index(uint32_t a, uint32_t b);

/* Out: has[i]: whether the scenario contains situation i of the table */
void assay_sim_situations_mark(const struct assay_scenario *scenario,
                               bool has[static ASSAY_SIM_SITUATIONS_MAX]);
/* Out: has[i]: also, whether it happened in the run: it begins before the end, and the figure that
 * counts it, if there is one, is not 0 */
void assay_sim_situations_happened(const struct assay_scenario *scenario,
                                   const struct assay_sim_outcome *outcome,
                                   bool has[static ASSAY_SIM_SITUATIONS_MAX]);

struct assay_sim_coverage {
    uint64_t drawn[ASSAY_SIM_SITUATIONS_MAX], happened[ASSAY_SIM_SITUATIONS_MAX]; /* seeds */
    uint32_t pairs_drawn[ASSAY_SIM_PAIRS_MAX], pairs_happened[ASSAY_SIM_PAIRS_MAX];
};

/* Counts one seed. What was not drawn is not counted as happened. In: paired: of the table */
void assay_sim_coverage_add(struct assay_sim_coverage *coverage, uint32_t paired,
                            const bool drawn[static ASSAY_SIM_SITUATIONS_MAX],
                            const bool happened[static ASSAY_SIM_SITUATIONS_MAX]);

#endif
