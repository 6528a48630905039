/*
 * apps/sim/report/report_data.c - data of the report page of one run or several.
 *
 * One run is treated as several with a count of one: a value has a middle, and of several bounds
 * too.
 */
#include "apps/sim/report/report.h"
#include "apps/sim/report/report_columns.h"
#include "apps/sim/report/report_law.h"
#include "base/assert.h"
#include "sim/theory/laws.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

struct runs {
    const struct assay_sim_result *of;
    size_t count;
    unsigned scale;  /* of every value that may be fractional */
    double *scratch; /* [count] */
};

static const struct assay_scenario *scenario_of(const struct runs *r)
{
    return r->of[0].scenario;
}

static void put_scaled(struct assay_json *to, const char *key, double value, unsigned scale)
{
    if (isfinite(value)) assay_json_set_int(to, key, llround(value * scale));
    else assay_json_set_null(to, key);
}

void sim_report_put_spread(struct assay_json *to, const struct assay_sim_spread *spread,
                           unsigned scale)
{
    put_scaled(to, "middle", spread->middle, scale);
    put_scaled(to, "low", spread->low, scale);
    put_scaled(to, "high", spread->high, scale);
}

/* Of the first values of the scratch, and the number of runs that have one. */
static void put_found(const struct runs *r, struct assay_json *to, size_t found)
{
    const struct assay_sim_spread spread = sim_spread_of(r->scratch, found);
    assay_json_set_uint(to, "found", found);
    sim_report_put_spread(to, &spread, r->scale);
}

/* --- the simulation */

static struct assay_json *network_of(const struct runs *r)
{
    const struct assay_scenario *const s = scenario_of(r);
    const struct assay_sim_outcome *const o = r->of[0].outcome;
    struct assay_json *const network = assay_json_object();
    assay_json_set_uint(network, "nodes", s->nodes);
    assay_json_set_uint(network, "operators", s->operators);
    assay_json_set_uint(network, "vendors", s->vendors);
    assay_json_set_uint(network, "epochs", s->epochs);
    assay_json_set_uint(network, "epoch_ms", s->epoch_ms);
    assay_json_set_text(network, "fidelity", assay_sim_fidelity_name(o->fidelity));
    assay_json_set_text(network, "evidence", o->evidence_is_real ? "real" : "modelled");
    assay_json_set_text(network, "signatures", o->signatures_are_real ? "real" : "modelled");
    assay_json_set_text(network, "rule", assay_sim_rule_name(s->rule));
    assay_json_set_text(network, "weight", assay_sim_weight_source_name(s->weight_source));
    assay_json_set_uint(network, "operator_cap_bp",
                        10000 * (uint64_t)s->operator_cap_num / s->operator_cap_den);
    assay_json_set_uint(network, "vendor_cap_bp",
                        10000 * (uint64_t)s->vendor_cap_num / s->vendor_cap_den);
    return network;
}

static struct assay_json *link_of(const struct assay_scenario *s)
{
    const struct assay_sim_link *const l = &s->link;
    struct assay_json *const link = assay_json_object();
    assay_json_set_text(link, "delay", assay_sim_delay_name(l->delay));
    assay_json_set_uint(link, "delay_min_ms", l->delay_min_ms);
    assay_json_set_uint(link, "delay_mean_ms", l->delay_mean_ms);
    assay_json_set_uint(link, "delay_max_ms", l->delay_max_ms);
    assay_json_set_uint(link, "loss_permille", l->loss_permille);
    assay_json_set_text(link, "loss_of", assay_sim_losing_name(l->loss_of));
    assay_json_set_uint(link, "duplicate_permille", l->duplicate_permille);
    assay_json_set_uint(link, "reorder_permille", l->reorder_permille);
    assay_json_set_uint(link, "reorder_ms", l->reorder_ms);
    assay_json_set_uint(link, "bandwidth_kbit_s", l->bandwidth_kbit_s);
    assay_json_set_uint(link, "skew_ms", s->skew_ms);
    assay_json_set_uint(link, "drift_ppm", s->drift_ppm);
    return link;
}

static struct assay_json *cohorts_of(const struct runs *r)
{
    struct assay_json *const cohorts = assay_json_array();
    for (uint32_t c = 0; c < scenario_of(r)->cohort_count; c++) {
        struct assay_json *const cohort = assay_json_object();
        assay_json_set_text(cohort, "name", scenario_of(r)->cohorts[c].name);
        assay_json_set_uint(cohort, "members", r->of[0].outcome->cohort_members[c]);
        assay_json_append(cohorts, cohort);
    }
    return cohorts;
}

/* The effective scenario as a file. */
static void put_yaml(struct assay_json *data, const struct assay_scenario *scenario)
{
    struct assay_slice text = { NULL, 0 };
    uint8_t *const bytes = malloc(ASSAY_SIM_YAML_MAX);
    if (bytes == NULL) return; /* the document is short of memory too, and fails */
    struct assay_writer w = assay_writer_over(bytes, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(scenario, &w);
    if (assay_writer_finish(&w, &text) == ASSAY_OK)
        assay_json_set_text_n(data, "scenario", text.bytes, text.len);
    free(bytes);
}

/* --- the results */

static struct assay_json *runs_of(const struct runs *r)
{
    struct assay_json *const list = assay_json_array();
    for (size_t k = 0; k < r->count; k++) {
        const struct assay_sim_outcome *const o = r->of[k].outcome;
        struct assay_json *const run = assay_json_object();
        char seed[24]; /* a text: readers of JSON lose digits above 2^53 */
        (void)snprintf(seed, sizeof seed, "%" PRIu64, o->seed);
        assay_json_set_text(run, "seed", seed);
        assay_json_set_bool(run, "passed", sim_result_passed(&r->of[k]));
        assay_json_set_bool(run, "interrupted", r->of[k].interrupted);
        assay_json_set_text(run, "stopped", o->stopped);
        assay_json_set_uint(run, "epochs", o->row_count);
        assay_json_set_hex(run, "trace_hash", o->trace_hash, sizeof o->trace_hash);
        assay_json_set_hex(run, "state_root", o->state_root, sizeof o->state_root);
        assay_json_set_hex(run, "root_chain", o->root_chain, sizeof o->root_chain);
        if (r->of[k].reproduce != NULL) assay_json_set_text(run, "reproduce", r->of[k].reproduce);
        assay_json_append(list, run);
    }
    return list;
}

static struct assay_json *assertions_of(const struct runs *r)
{
    const struct assay_scenario *const s = scenario_of(r);
    struct assay_json *const list = assay_json_array();
    for (uint32_t i = 0; i < s->assertion_count; i++) {
        struct assay_json *const entry = assay_json_object();
        size_t held = 0, found = 0;
        for (size_t k = 0; k < r->count; k++) {
            int64_t actual = 0;
            held += assay_sim_assertion_holds(&s->assertions[i], r->of[k].outcome, &actual);
            if (actual >= 0) r->scratch[found++] = (double)actual;
        }
        assay_json_set_text(entry, "text", s->assertions[i].text);
        assay_json_set_uint(entry, "held", held);
        put_found(r, entry, found);
        assay_json_append(list, entry);
    }
    return list;
}

static struct assay_json *check_of(const struct runs *r, enum assay_sim_checker checker)
{
    struct assay_json *const entry = assay_json_object();
    uint64_t looked = 0;
    size_t violated = 0, first = 0;
    for (size_t k = 0; k < r->count; k++) {
        const struct assay_sim_check *const c = &r->of[k].outcome->checks[checker];
        looked += c->checked;
        if (c->violated > 0 && violated++ == 0) first = k;
    }
    assay_json_set_text(entry, "name", assay_sim_checker_name(checker));
    assay_json_set_text(entry, "line", assay_sim_checker_line(checker));
    assay_json_set_uint(entry, "looked", looked);
    assay_json_set_uint(entry, "violated", violated);
    if (violated == 0) return entry;
    char seed[24];
    const struct assay_sim_check *const c = &r->of[first].outcome->checks[checker];
    (void)snprintf(seed, sizeof seed, "%" PRIu64, r->of[first].outcome->seed);
    assay_json_set_text(entry, "seed", seed);
    assay_json_set_uint(entry, "epoch", c->first_epoch);
    assay_json_set_text(entry, "message", c->message);
    return entry;
}

static struct assay_json *figure_of(const struct runs *r, enum assay_sim_figure figure,
                                    uint32_t cohort)
{
    struct assay_json *const entry = assay_json_object();
    size_t found = 0;
    for (size_t k = 0; k < r->count; k++) {
        const int64_t value = r->of[k].outcome->figures[figure][cohort];
        if (value >= 0) r->scratch[found++] = (double)value;
    }
    assay_json_set_text(entry, "name", assay_sim_figure_name(figure));
    assay_json_set_text(entry, "line", assay_sim_figure_line(figure));
    if (assay_sim_figure_of_cohort(figure)) assay_json_set_uint(entry, "cohort", cohort);
    put_found(r, entry, found);
    return entry;
}

static struct assay_json *figures_of(const struct runs *r)
{
    struct assay_json *const list = assay_json_array();
    for (unsigned f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        const enum assay_sim_figure figure = (enum assay_sim_figure)f;
        const uint32_t cohorts =
            assay_sim_figure_of_cohort(figure) ? scenario_of(r)->cohort_count : 1;
        for (uint32_t c = 0; c < cohorts; c++)
            assay_json_append(list, figure_of(r, figure, c));
    }
    return list;
}

/* --- closed forms */

static void put_law(struct assay_json *list, const char *of, const char *name, const char *formula,
                    double value)
{
    struct assay_json *const entry = assay_json_object();
    assay_json_set_text(entry, "of", of);
    assay_json_set_text(entry, "law", name);
    assay_json_set_text(entry, "formula", formula);
    assay_json_set_int(entry, "value", llround(value));
    assay_json_append(list, entry);
}

/* L8 concerns members that are absent in every epoch, under the rule of the protocol. */
static bool is_about_absence(const struct assay_scenario *s)
{
    if (s->rule != ASSAY_SIM_RULE_INTERVAL) return false;
    for (uint32_t i = 0; i < s->adversary_count; i++)
        if (s->adversaries[i].attack == ASSAY_SIM_ATTACK_QUIET &&
            s->adversaries[i].rate_permille == 1000 && s->adversaries[i].start_epoch <= s->epochs)
            return true;
    return false;
}

static struct assay_json *laws_of(const struct assay_scenario *s)
{
    const struct assay_sim_law_case law = sim_law_of(s);
    struct assay_json *const list = assay_json_array();
    const double b = law.nodes > 0 ? law.liars / (double)law.nodes : 0;
    if (law.law != ASSAY_SIM_LAW_NONE) {
        char text[160];
        (void)snprintf(text, sizeof text, "%s; b = %.4g %%", sim_law_score_formula(law.law),
                       100 * b);
        put_law(list, "score", sim_law_name(law.law), text,
                10000 * sim_law_score(law.law, b, law.nodes));
        if (sim_law_share_formula(law.law) != NULL) {
            (void)snprintf(text, sizeof text, "%s; b = %.4g %%", sim_law_share_formula(law.law),
                           100 * b);
            put_law(list, "weight", sim_law_name(law.law), text, 10000 * sim_law_share(law.law, b));
        }
    }
    if (is_about_absence(s))
        put_law(list, "detection", "L8", "absent in every epoch",
                assay_sim_law_detection_epochs(0, 0.5));
    return list;
}

/* --- the document */

static struct assay_json *checks_of(const struct runs *r)
{
    struct assay_json *const list = assay_json_array();
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        assay_json_append(list, check_of(r, (enum assay_sim_checker)i));
    return list;
}

struct assay_json *sim_report_data(const struct assay_sim_result *runs, size_t run_count)
{
    ASSAY_ASSERT(run_count > 0);
    bool failed = false;
    const struct runs r = { .of = runs,
                            .count = run_count,
                            .scale = run_count > 1 ? 100 : 1,
                            .scratch = calloc(run_count, sizeof(double)) };
    if (r.scratch == NULL) return NULL;
    const struct assay_scenario *const s = scenario_of(&r);
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "name", s->name);
    assay_json_set_text(data, "title", s->title);
    assay_json_set_uint(data, "scale", r.scale);
    assay_json_set_bool(data, "band_5_to_95", run_count >= ASSAY_SIM_BAND_RUNS);
    assay_json_set(data, "network", network_of(&r));
    assay_json_set(data, "link", link_of(s));
    assay_json_set(data, "cohorts", cohorts_of(&r));
    assay_json_set(data, "schedule", sim_report_schedule(s));
    assay_json_set(data, "runs", runs_of(&r));
    assay_json_set(data, "assertions", assertions_of(&r));
    assay_json_set(data, "checks", checks_of(&r));
    assay_json_set(data, "figures", figures_of(&r));
    assay_json_set(data, "laws", laws_of(s));
    assay_json_set(data, "epochs", sim_report_epochs(runs, run_count, 100, &failed));
    put_yaml(data, s);
    free(r.scratch);
    if (failed) assay_json_free(&data);
    return data;
}
