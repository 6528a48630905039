/*
 * sim/scenario/figures.c - names of figures.
 */
#include "sim/scenario/figures.h"

#include "base/assert.h"

static const struct {
    const char *name, *line;
    bool of_cohort;
} figures[ASSAY_SIM_FIGURE_COUNT] = {
#define FIGURE(symbol, text, cohort, about)                                                        \
    [ASSAY_SIM_FIGURE_##symbol] = { .name = (text), .line = (about), .of_cohort = (cohort) },
    ASSAY_SIM_FIGURE_LIST(FIGURE)
#undef FIGURE
};

const char *assay_sim_figure_name(enum assay_sim_figure figure)
{
    ASSAY_ASSERT(figure < ASSAY_SIM_FIGURE_COUNT);
    return figures[figure].name;
}

const char *assay_sim_figure_line(enum assay_sim_figure figure)
{
    ASSAY_ASSERT(figure < ASSAY_SIM_FIGURE_COUNT);
    return figures[figure].line;
}

bool assay_sim_figure_of_cohort(enum assay_sim_figure figure)
{
    ASSAY_ASSERT(figure < ASSAY_SIM_FIGURE_COUNT);
    return figures[figure].of_cohort;
}
