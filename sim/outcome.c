/*
 * sim/outcome.c - rows, findings and assertions of outcomes, names of checkers.
 */
#include "sim/outcome.h"

#include "base/assert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *line;
} checkers[ASSAY_SIM_CHECKER_COUNT] = {
#define CHECKER(symbol, text, about) [ASSAY_SIM_CHECKER_##symbol] = { (text), (about) },
    ASSAY_SIM_CHECKER_LIST(CHECKER)
#undef CHECKER
};

/* Figures that stay -1 until there is something to count. */
static const enum assay_sim_figure unknown_at_first[] = {
    ASSAY_SIM_FIGURE_DETECTION_EPOCHS, ASSAY_SIM_FIGURE_RECOVERY_EPOCHS,
    ASSAY_SIM_FIGURE_PROGRESS_EPOCHS,  ASSAY_SIM_FIGURE_FINALITY_MS_P50,
    ASSAY_SIM_FIGURE_FINALITY_MS_P99,  ASSAY_SIM_FIGURE_ENVELOPE_MS_P50,
    ASSAY_SIM_FIGURE_ENVELOPE_MS_P99,
};

/* An event that never happened is neither early nor late: of a figure that stays -1 only == and !=
 * hold. */
static bool is_unknown(uint32_t figure, int64_t value)
{
    if (value != -1) return false;
    for (size_t i = 0; i < sizeof unknown_at_first / sizeof unknown_at_first[0]; i++)
        if (unknown_at_first[i] == figure) return true;
    return false;
}

void assay_sim_outcome_init(struct assay_sim_outcome *outcome)
{
    *outcome = (struct assay_sim_outcome){ 0 };
    for (size_t i = 0; i < sizeof unknown_at_first / sizeof unknown_at_first[0]; i++)
        for (uint32_t c = 0; c < ASSAY_SIM_COHORTS_MAX; c++)
            outcome->figures[unknown_at_first[i]][c] = -1;
}

void assay_sim_outcome_free(struct assay_sim_outcome *outcome)
{
    free(outcome->rows);
    *outcome = (struct assay_sim_outcome){ 0 };
}

struct assay_sim_row *assay_sim_outcome_row(struct assay_sim_outcome *outcome)
{
    const uint64_t n = outcome->row_count;
    if ((n & (n - 1)) == 0) { /* full at every power of two */
        const uint64_t room = n == 0 ? 1 : 2 * n;
        outcome->rows = realloc(outcome->rows, room * sizeof *outcome->rows);
        ASSAY_ASSERT(outcome->rows != NULL);
    }
    struct assay_sim_row *row = &outcome->rows[outcome->row_count++];
    memset(row, 0, sizeof *row);
    return row;
}

void assay_sim_report_check(struct assay_sim_outcome *outcome, enum assay_sim_checker checker,
                            uint64_t epoch, const char *message, ...)
{
    ASSAY_ASSERT(checker < ASSAY_SIM_CHECKER_COUNT);
    struct assay_sim_check *check = &outcome->checks[checker];
    check->checked++;
    if (message == NULL) return;
    if (check->violated++ > 0) return;
    va_list args;
    check->first_epoch = epoch;
    va_start(args, message);
    (void)vsnprintf(check->message, sizeof check->message, message, args);
    va_end(args);
}

const char *assay_sim_outcome_violation(const struct assay_sim_outcome *outcome)
{
    for (size_t i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        if (outcome->checks[i].violated > 0) return checkers[i].name;
    return NULL;
}

bool assay_sim_outcome_violated(const struct assay_sim_outcome *outcome)
{
    return assay_sim_outcome_violation(outcome) != NULL;
}

bool assay_sim_assertion_holds(const struct assay_sim_assertion *assertion,
                               const struct assay_sim_outcome *outcome, int64_t *actual)
{
    ASSAY_ASSERT(assertion->figure < ASSAY_SIM_FIGURE_COUNT);
    ASSAY_ASSERT(assertion->cohort < ASSAY_SIM_COHORTS_MAX);
    const uint32_t cohort = assay_sim_figure_of_cohort((enum assay_sim_figure)assertion->figure)
                                ? assertion->cohort
                                : 0;
    const int64_t value = outcome->figures[assertion->figure][cohort];
    *actual = value;
    const bool known = !is_unknown(assertion->figure, value);
    switch (assertion->compare) {
    case ASSAY_SIM_LESS: return known && value < assertion->value;
    case ASSAY_SIM_AT_MOST: return known && value <= assertion->value;
    case ASSAY_SIM_EQUAL: return value == assertion->value;
    case ASSAY_SIM_AT_LEAST: return known && value >= assertion->value;
    case ASSAY_SIM_GREATER: return known && value > assertion->value;
    case ASSAY_SIM_NOT_EQUAL: return value != assertion->value;
    }
    ASSAY_UNREACHABLE("every comparison returns");
}

const char *assay_sim_checker_name(enum assay_sim_checker checker)
{
    ASSAY_ASSERT(checker < ASSAY_SIM_CHECKER_COUNT);
    return checkers[checker].name;
}

const char *assay_sim_checker_line(enum assay_sim_checker checker)
{
    ASSAY_ASSERT(checker < ASSAY_SIM_CHECKER_COUNT);
    return checkers[checker].line;
}
