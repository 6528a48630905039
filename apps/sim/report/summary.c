/*
 * apps/sim/report/summary.c - summary.json and the answer of --json: schema assay.sim.run.
 *
 * Within a version of the schema fields are only added. A figure without anything to count is null.
 */
#include "apps/sim/report/output.h"

static void put_run(struct assay_json *data, const struct assay_sim_result *r)
{
    const struct assay_sim_outcome *o = r->outcome;
    assay_json_set_text(data, "fidelity", assay_sim_fidelity_name(o->fidelity));
    assay_json_set_text(data, "evidence", o->evidence_is_real ? "real" : "modelled");
    assay_json_set_text(data, "signatures", o->signatures_are_real ? "real" : "modelled");
    assay_json_set_hex(data, "trace_hash", o->trace_hash, sizeof o->trace_hash);
    assay_json_set_hex(data, "state_root", o->state_root, sizeof o->state_root);
    assay_json_set_hex(data, "root_chain", o->root_chain, sizeof o->root_chain);
    assay_json_set_bool(data, "interrupted", r->interrupted);
    assay_json_set_text(data, "stopped", o->stopped);
}

static struct assay_json *checks_of(const struct assay_sim_outcome *o)
{
    struct assay_json *checks = assay_json_array();
    for (uint32_t i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        const struct assay_sim_check *found = &o->checks[i];
        struct assay_json *check = assay_json_object();
        assay_json_set_text(check, "name", assay_sim_checker_name((enum assay_sim_checker)i));
        assay_json_set_text(check, "line", assay_sim_checker_line((enum assay_sim_checker)i));
        assay_json_set_text(check, "verdict",
                            found->violated > 0  ? "violated"
                            : found->checked > 0 ? "held"
                                                 : "not applied");
        assay_json_set_uint(check, "checked", found->checked);
        assay_json_set_uint(check, "violated", found->violated);
        if (found->violated > 0) {
            assay_json_set_uint(check, "first_epoch", found->first_epoch);
            assay_json_set_text(check, "message", found->message);
        }
        assay_json_append(checks, check);
    }
    return checks;
}

static void set_figure(struct assay_json *to, const char *key, int64_t value)
{
    if (value < 0) assay_json_set_null(to, key);
    else assay_json_set_int(to, key, value);
}

static struct assay_json *figures_of(const struct assay_sim_result *r)
{
    struct assay_json *figures = assay_json_object();
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        const enum assay_sim_figure figure = (enum assay_sim_figure)f;
        const char *name = assay_sim_figure_name(figure);
        if (!assay_sim_figure_of_cohort(figure)) {
            set_figure(figures, name, r->outcome->figures[f][0]);
            continue;
        }
        struct assay_json *by_cohort = assay_json_object();
        for (uint32_t c = 0; c < r->scenario->cohort_count; c++)
            set_figure(by_cohort, r->scenario->cohorts[c].name, r->outcome->figures[f][c]);
        assay_json_set(figures, name, by_cohort);
    }
    return figures;
}

static struct assay_json *cohorts_of(const struct assay_sim_result *r)
{
    struct assay_json *cohorts = assay_json_array();
    for (uint32_t c = 0; c < r->scenario->cohort_count; c++) {
        struct assay_json *cohort = assay_json_object();
        assay_json_set_text(cohort, "name", r->scenario->cohorts[c].name);
        assay_json_set_uint(cohort, "members", r->outcome->cohort_members[c]);
        assay_json_append(cohorts, cohort);
    }
    return cohorts;
}

static struct assay_json *assertions_of(const struct assay_sim_result *r)
{
    struct assay_json *assertions = assay_json_array();
    for (uint32_t i = 0; i < r->scenario->assertion_count; i++) {
        const struct assay_sim_assertion *a = &r->scenario->assertions[i];
        struct assay_json *entry = assay_json_object();
        int64_t actual = 0;
        const bool holds = assay_sim_assertion_holds(a, r->outcome, &actual);
        assay_json_set_text(entry, "text", a->text);
        set_figure(entry, "actual", actual);
        assay_json_set_bool(entry, "holds", holds);
        assay_json_append(assertions, entry);
    }
    return assertions;
}

struct assay_json *sim_summary(const struct assay_sim_result *result)
{
    const struct assay_scenario *s = result->scenario;
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "version", ASSAY_VERSION);
    assay_json_set_text(data, "name", s->name);
    assay_json_set_text(data, "title", s->title);
    assay_json_set_uint(data, "seed", result->outcome->seed);
    assay_json_set_bool(data, "passed", sim_result_passed(result));
    assay_json_set_text(data, "reproduce", result->reproduce);
    assay_json_set_uint(data, "nodes", s->nodes);
    assay_json_set_uint(data, "epochs", s->epochs);
    assay_json_set_uint(data, "epoch_ms", s->epoch_ms);
    put_run(data, result);
    assay_json_set(data, "cohorts", cohorts_of(result));
    assay_json_set(data, "checks", checks_of(result->outcome));
    assay_json_set(data, "assertions", assertions_of(result));
    assay_json_set(data, "figures", figures_of(result));
    return data;
}
