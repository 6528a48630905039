/*
 * apps/sim/report/report_summary.c - reader of summary.json: the inverse of
 * apps/sim/report/summary.c.
 *
 * An unknown checker or figure is refused, so that no page omits a finding of a newer program; a
 * missing one did not apply.
 */
#include "apps/sim/report/report_load_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    const char *dir;
    char *message;
    struct assay_sim_loaded *loaded;
};

static enum assay_status refuse_summary(const struct reading *r, const char *key,
                                        const char *expected)
{
    return sim_load_fail(r->message, r->dir, "summary.json", ASSAY_E_SYNTAX, "%.100s: expected %s",
                         key, expected);
}

static enum assay_status copy_text(const struct reading *r, const struct assay_json *object,
                                   const char *key, char *out, size_t capacity)
{
    const char *const text = assay_json_text(object, key, NULL);
    if (text == NULL || strlen(text) >= capacity)
        return refuse_summary(r, key, "a text that is not so long");
    (void)snprintf(out, capacity, "%s", text);
    return ASSAY_OK;
}

static enum assay_status read_hash(const struct reading *r, const struct assay_json *data,
                                   const char *key, uint8_t out[static 32])
{
    const char *const text = assay_json_text(data, key, "");
    if (assay_hex_decode(text, strlen(text), out, 32) == ASSAY_OK) return ASSAY_OK;
    return refuse_summary(r, key, "64 digits of hexadecimal");
}

/* A number of JSON, or, above 2^63 - 1, the text of its digits. */
static bool read_unsigned(const struct assay_json *object, const char *key, uint64_t *out)
{
    const struct assay_json *const value = assay_json_get(object, key);
    const char *const text = assay_json_as_text(value);
    int64_t number = 0;
    if (text == NULL) {
        if (!assay_json_as_int(value, &number) || number < 0) return false;
        *out = (uint64_t)number;
        return true;
    }
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return text[0] >= '0' && text[0] <= '9' && strspn(text, "0123456789") == strlen(text) &&
           errno == 0;
}

static enum assay_status read_choice(const struct reading *r, const struct assay_json *data,
                                     const char *key, const char *yes, const char *no, bool *out)
{
    char expected[64];
    const char *const text = assay_json_text(data, key, "");
    *out = strcmp(text, yes) == 0;
    if (*out || strcmp(text, no) == 0) return ASSAY_OK;
    (void)snprintf(expected, sizeof expected, "%s or %s", yes, no);
    return refuse_summary(r, key, expected);
}

static enum assay_status read_run(const struct reading *r, const struct assay_json *data)
{
    struct assay_sim_outcome *const o = &r->loaded->outcome;
    bool message = false;
    ASSAY_TRY(read_choice(r, data, "fidelity", "message", "epoch", &message));
    o->fidelity = message ? ASSAY_SIM_FIDELITY_MESSAGE : ASSAY_SIM_FIDELITY_EPOCH;
    ASSAY_TRY(read_choice(r, data, "evidence", "real", "modelled", &o->evidence_is_real));
    ASSAY_TRY(read_choice(r, data, "signatures", "real", "modelled", &o->signatures_are_real));
    ASSAY_TRY(read_hash(r, data, "trace_hash", o->trace_hash));
    ASSAY_TRY(read_hash(r, data, "state_root", o->state_root));
    ASSAY_TRY(read_hash(r, data, "root_chain", o->root_chain));
    ASSAY_TRY(copy_text(r, data, "stopped", o->stopped, sizeof o->stopped));
    r->loaded->interrupted = assay_json_bool(data, "interrupted", false);
    if (!read_unsigned(data, "seed", &o->seed)) return refuse_summary(r, "seed", "a number");
    if (o->seed != r->loaded->scenario.seed)
        return sim_load_fail(r->message, r->dir, "summary.json", ASSAY_E_INVALID,
                             "seed %" PRIu64 ", and scenario.yaml has %" PRIu64
                             ": files of different runs",
                             o->seed, r->loaded->scenario.seed);
    const char *const line = assay_json_text(data, "reproduce", NULL);
    if (line == NULL) return refuse_summary(r, "reproduce", "a command");
    r->loaded->reproduce = strdup(line);
    return r->loaded->reproduce != NULL
               ? ASSAY_OK
               : sim_load_fail(r->message, r->dir, "summary.json", ASSAY_E_MEMORY, "no memory");
}

static enum assay_status read_cohorts(const struct reading *r, const struct assay_json *cohorts)
{
    const struct assay_scenario *const s = &r->loaded->scenario;
    if (assay_json_count(cohorts) != s->cohort_count)
        return refuse_summary(r, "cohorts", "those of scenario.yaml");
    for (uint32_t c = 0; c < s->cohort_count; c++) {
        const struct assay_json *const cohort = assay_json_at(cohorts, c);
        uint64_t members = 0;
        if (strcmp(assay_json_text(cohort, "name", ""), s->cohorts[c].name) != 0)
            return refuse_summary(r, "cohorts", "those of scenario.yaml");
        if (!read_unsigned(cohort, "members", &members) || members > s->nodes)
            return refuse_summary(r, "members", "a number of nodes");
        r->loaded->outcome.cohort_members[c] = (uint32_t)members;
    }
    return ASSAY_OK;
}

static enum assay_status read_check(const struct reading *r, const struct assay_json *check)
{
    const char *const name = assay_json_text(check, "name", "");
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++) {
        if (strcmp(name, assay_sim_checker_name((enum assay_sim_checker)i)) != 0) continue;
        struct assay_sim_check *const c = &r->loaded->outcome.checks[i];
        if (!read_unsigned(check, "checked", &c->checked) ||
            !read_unsigned(check, "violated", &c->violated))
            return refuse_summary(r, name, "how often it looked and found something");
        if (c->violated == 0) return ASSAY_OK;
        if (!read_unsigned(check, "first_epoch", &c->first_epoch))
            return refuse_summary(r, "first_epoch", "a number");
        return copy_text(r, check, "message", c->message, sizeof c->message);
    }
    return sim_load_fail(r->message, r->dir, "summary.json", ASSAY_E_SYNTAX,
                         "the checker \"%.60s\" is not known here: of a newer assay-sim?", name);
}

/* null: nothing to count happened. */
static bool read_figure(const struct assay_json *value, int64_t *out)
{
    *out = -1;
    if (assay_json_kind_of(value) == ASSAY_JSON_NULL) return true;
    return assay_json_as_int(value, out) && *out >= 0;
}

static enum assay_status read_figure_of(const struct reading *r, enum assay_sim_figure figure,
                                        const struct assay_json *value)
{
    const struct assay_scenario *const s = &r->loaded->scenario;
    int64_t *const out = r->loaded->outcome.figures[figure];
    const char *const name = assay_sim_figure_name(figure);
    if (!assay_sim_figure_of_cohort(figure))
        return read_figure(value, &out[0]) ? ASSAY_OK : refuse_summary(r, name, "a number or null");
    for (uint32_t c = 0; c < s->cohort_count; c++)
        if (!read_figure(assay_json_get(value, s->cohorts[c].name), &out[c]))
            return refuse_summary(r, name, "a number or null for each cohort");
    return ASSAY_OK;
}

static enum assay_status read_figures(const struct reading *r, const struct assay_json *figures)
{
    const char *key = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; assay_json_member(figures, i, &key, &value); i++) {
        unsigned f = 0;
        while (f < ASSAY_SIM_FIGURE_COUNT &&
               strcmp(key, assay_sim_figure_name((enum assay_sim_figure)f)) != 0)
            f++;
        if (f == ASSAY_SIM_FIGURE_COUNT)
            return sim_load_fail(r->message, r->dir, "summary.json", ASSAY_E_SYNTAX,
                                 "the figure \"%.60s\" is not known here: of a newer assay-sim?",
                                 key);
        ASSAY_TRY(read_figure_of(r, (enum assay_sim_figure)f, value));
    }
    return ASSAY_OK;
}

static enum assay_status read_document(const struct reading *r, const struct assay_json *document)
{
    const struct assay_json *const data = assay_json_get(document, "data");
    if (strcmp(assay_json_text(document, "schema", ""), "assay.sim.run") != 0 ||
        assay_json_uint(document, "schema_version", 0) != 1)
        return refuse_summary(r, "schema", "assay.sim.run, version 1");
    ASSAY_TRY(read_run(r, data));
    ASSAY_TRY(read_cohorts(r, assay_json_get(data, "cohorts")));
    const struct assay_json *const checks = assay_json_get(data, "checks");
    for (size_t i = 0; i < assay_json_count(checks); i++)
        ASSAY_TRY(read_check(r, assay_json_at(checks, i)));
    return read_figures(r, assay_json_get(data, "figures"));
}

enum assay_status sim_load_summary(const char *dir, const char *text, size_t len,
                                   struct assay_sim_loaded *loaded, char *message)
{
    const struct reading r = { .dir = dir, .message = message, .loaded = loaded };
    struct assay_json *document = NULL;
    enum assay_status status = assay_json_parse(text, len, &document);
    if (status != ASSAY_OK)
        return sim_load_fail(message, dir, "summary.json", ASSAY_E_SYNTAX,
                             "expected JSON of a run, found something else");
    status = read_document(&r, document);
    assay_json_free(&document);
    return status;
}
