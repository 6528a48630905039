/*
 * apps/sim/report/report_law.h - the closed form of a scenario, and its curve over b.
 *
 * A law is drawn only where it applies: liars that do one thing, from some epoch to the end,
 * against every honest member, and no other fault. docs/simulator-checks.md derives or cites each.
 */
#ifndef ASSAY_APPS_SIM_REPORT_REPORT_LAW_H
#define ASSAY_APPS_SIM_REPORT_REPORT_LAW_H

#include "sim/scenario/scenario.h"

/* X(symbol, number, name, honest score, share of the liars' weight or NULL), b the share of liars.
 * The numbers are part of files. */
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

/* The parameters of the law. */
struct assay_sim_law_case {
    enum assay_sim_law law;
    uint32_t liars, nodes; /* b = liars / nodes */
    uint32_t cohort;       /* of the liars */
};

/* Returns: the law of a checked scenario; law ASSAY_SIM_LAW_NONE where none applies. */
struct assay_sim_law_case sim_law_of(const struct assay_scenario *scenario);
/* Returns: whether a number of a file is that of a law or of NONE. */
bool sim_law_known(uint64_t number);
/* Returns: "L2", and the formulas as text; NULL: no formula of the share. Not of NONE
 * (asserted). */
const char *sim_law_name(enum assay_sim_law law);
const char *sim_law_score_formula(enum assay_sim_law law);
const char *sim_law_share_formula(enum assay_sim_law law);
/* Returns: 0 .. 1; NAN where the law has no value. */
double sim_law_score(enum assay_sim_law law, double b, uint32_t nodes);
double sim_law_share(enum assay_sim_law law, double b);

#endif
