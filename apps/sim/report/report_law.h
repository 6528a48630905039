/*
 * apps/sim/report/report_law.h - which closed form a scenario is about, and its curve over b.
 *
 * A law is drawn only where the scenario is what it speaks of: liars who do one thing, from some
 * epoch to the end, against everybody honest, and nothing else goes wrong. docs/simulator-checks.md
 * derives or cites each.
 */
#ifndef ASSAY_APPS_SIM_REPORT_REPORT_LAW_H
#define ASSAY_APPS_SIM_REPORT_REPORT_LAW_H

#include "sim/scenario/scenario.h"

/* X(symbol, number, name, honest score, share of the liars' weight or NULL), b the share of liars.
 * The numbers stand in files. */
#define ASSAY_SIM_LAW_LIST(X)                                                                      \
    X(MEAN, 1, "L1", "1 - b", NULL)                                                                \
    X(MEAN_SCORE, 2, "L2", "(1 - 2b) / (1 - b), 0 above 1/3", "b / (1 - b), 1 above 1/3")          \
    X(TRIMMED, 3, "L3", "1 up to 1/3, (2 - 3b + sqrt(13b^2 - 16b + 4)) / (2 - 2b), 0 above 0.349", \
      NULL)                                                                                        \
    X(INTERVAL, 4, "L4", "1 up to 1/3, then 2 - 3b n / (n - 1)", NULL)                             \
    X(EVIDENCE, 7, "L7", "1 for every b", NULL)

#define ASSAY_SIM_LAW_ENUM(symbol, number, name, score, share) ASSAY_SIM_LAW_##symbol = number,
enum assay_sim_law { ASSAY_SIM_LAW_NONE = 0, ASSAY_SIM_LAW_LIST(ASSAY_SIM_LAW_ENUM) };
#undef ASSAY_SIM_LAW_ENUM

/* What the law is evaluated at. */
struct assay_sim_law_case {
    enum assay_sim_law law;
    uint32_t liars, nodes; /* b = liars / nodes */
    uint32_t cohort;       /* of the liars */
};

/* Returns: the law of a checked scenario; law ASSAY_SIM_LAW_NONE where none is about it. */
struct assay_sim_law_case assay_sim_law_of(const struct assay_scenario *scenario);
/* Returns: whether a number of a file is a law, or none of them. */
bool assay_sim_law_known(uint64_t number);
/* Returns: "L2", and the formulas as text; NULL: the law says nothing about the share. Not of NONE
 * (asserted). */
const char *assay_sim_law_name(enum assay_sim_law law);
const char *assay_sim_law_score_formula(enum assay_sim_law law);
const char *assay_sim_law_share_formula(enum assay_sim_law law);
/* Returns: 0 .. 1; NAN where the law says nothing. */
double assay_sim_law_score(enum assay_sim_law law, double b, uint32_t nodes);
double assay_sim_law_share(enum assay_sim_law law, double b);

#endif
