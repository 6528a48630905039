/*
 * apps/sim/report/table.c - tables of a run in the terminal.
 */
#include "apps/sim/report/output.h"

#include <inttypes.h>

enum { NAME_WIDTH = 22, VALUE_WIDTH = 14 };

/* ------------------------------------------------------------ verdicts */

static bool assertions_hold(const struct assay_sim_result *r)
{
    int64_t actual = 0;
    for (uint32_t i = 0; i < r->scenario->assertion_count; i++)
        if (!assay_sim_assertion_holds(&r->scenario->assertions[i], r->outcome, &actual))
            return false;
    return true;
}

bool sim_result_passed(const struct assay_sim_result *result)
{
    return !result->interrupted && result->outcome->stopped[0] == '\0' &&
           !assay_sim_outcome_violated(result->outcome) && assertions_hold(result);
}

static void put_value(FILE *out, int64_t value)
{
    if (value < 0) (void)fprintf(out, " %*s", VALUE_WIDTH, "-");
    else (void)fprintf(out, " %*" PRId64, VALUE_WIDTH, value);
}

void sim_print_failures(const struct assay_sim_result *result, FILE *out)
{
    const struct assay_sim_outcome *o = result->outcome;
    if (result->interrupted) (void)fputs("interrupted: the run is not over\n", out);
    if (o->stopped[0] != '\0') (void)fprintf(out, "stopped: %s\n", o->stopped);
    for (uint32_t i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        const struct assay_sim_check *check = &o->checks[i];
        if (check->violated == 0) continue;
        (void)fprintf(out,
                      "checker %s violated %" PRIu64 " times, first in epoch %" PRIu64 ": %s\n",
                      assay_sim_checker_name((enum assay_sim_checker)i), check->violated,
                      check->first_epoch, check->message);
    }
    if (result->interrupted) return; /* assertions do not apply to an incomplete run */
    for (uint32_t i = 0; i < result->scenario->assertion_count; i++) {
        const struct assay_sim_assertion *a = &result->scenario->assertions[i];
        int64_t actual = 0;
        if (assay_sim_assertion_holds(a, o, &actual)) continue;
        if (actual < 0)
            (void)fprintf(out, "assertion failed: %s, nothing happened that counts\n", a->text);
        else (void)fprintf(out, "assertion failed: %s, found %" PRId64 "\n", a->text, actual);
    }
}

/* ------------------------------------------------------------ tables */

static void print_head(const struct assay_sim_result *r)
{
    const struct assay_scenario *s = r->scenario;
    const struct assay_sim_outcome *o = r->outcome;
    (void)printf("%s: %s\n", s->name, s->title);
    (void)printf("seed %" PRIu64 ", fidelity %s, evidence %s, signatures %s\n", o->seed,
                 assay_sim_fidelity_name(o->fidelity), o->evidence_is_real ? "real" : "modelled",
                 o->signatures_are_real ? "real" : "modelled");
    (void)printf("%u nodes, %" PRIu64 " epochs of %u ms\n\n", (unsigned)s->nodes, s->epochs,
                 (unsigned)s->epoch_ms);
}

static void print_cohorts(const struct assay_sim_result *r)
{
    (void)printf("%-*s", NAME_WIDTH, "cohort");
    for (uint32_t c = 0; c < r->scenario->cohort_count; c++)
        (void)printf(" %*s", VALUE_WIDTH, r->scenario->cohorts[c].name);
    (void)printf("\n%-*s", NAME_WIDTH, "members");
    for (uint32_t c = 0; c < r->scenario->cohort_count; c++)
        put_value(stdout, r->outcome->cohort_members[c]);
    (void)puts("");
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        if (!assay_sim_figure_of_cohort((enum assay_sim_figure)f)) continue;
        (void)printf("%-*s", NAME_WIDTH, assay_sim_figure_name((enum assay_sim_figure)f));
        for (uint32_t c = 0; c < r->scenario->cohort_count; c++)
            put_value(stdout, r->outcome->figures[f][c]);
        (void)puts("");
    }
}

static void print_network(const struct assay_sim_outcome *o)
{
    (void)puts("\nnetwork");
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        if (assay_sim_figure_of_cohort((enum assay_sim_figure)f)) continue;
        (void)printf("%-*s", NAME_WIDTH, assay_sim_figure_name((enum assay_sim_figure)f));
        put_value(stdout, o->figures[f][0]);
        (void)puts("");
    }
}

static void print_checks(const struct assay_sim_outcome *o)
{
    (void)puts("\nchecker");
    for (uint32_t i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        const struct assay_sim_check *check = &o->checks[i];
        (void)printf("%-*s %-11s", NAME_WIDTH, assay_sim_checker_name((enum assay_sim_checker)i),
                     check->violated > 0  ? "VIOLATED"
                     : check->checked > 0 ? "held"
                                          : "not applied");
        if (check->checked > 0) (void)printf(" %10" PRIu64 " times looked", check->checked);
        (void)puts("");
    }
}

static void print_assertions(const struct assay_sim_result *r)
{
    if (r->scenario->assertion_count == 0 || r->interrupted) return;
    (void)puts("\nassertion");
    for (uint32_t i = 0; i < r->scenario->assertion_count; i++) {
        const struct assay_sim_assertion *a = &r->scenario->assertions[i];
        int64_t actual = 0;
        const bool holds = assay_sim_assertion_holds(a, r->outcome, &actual);
        (void)printf("%-6s %-48s", holds ? "holds" : "FAILS", a->text);
        put_value(stdout, actual);
        (void)puts("");
    }
}

static void print_hash(const char *name, const uint8_t hash[static 32])
{
    char text[2 * 32 + 1];
    assay_hex_encode(hash, 32, text, sizeof text);
    (void)printf("%-*s %s\n", NAME_WIDTH, name, text);
}

void sim_print_result(const struct assay_sim_result *result)
{
    print_head(result);
    print_cohorts(result);
    print_network(result->outcome);
    print_checks(result->outcome);
    print_assertions(result);
    (void)puts("");
    print_hash("state_root", result->outcome->state_root);
    print_hash("root_chain", result->outcome->root_chain);
    print_hash("trace_hash", result->outcome->trace_hash);
}
