/*
 * sim/yaml/sweep.c - sweep files, parsed by a schema.
 */
#include "sim/yaml/sweep.h"

#include "quote/yaml/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, TEXT_MAX = 255 };

/* ------------------------------------------------------------ the file as YAML has it */

struct yaml_case {
    char *name;
    char **set;
    unsigned set_count;
};
struct yaml_axis {
    char *name, *key, *from, *to, *step;
    char **values;
    unsigned values_count;
    struct yaml_case *cases;
    unsigned cases_count;
};
struct yaml_plot {
    char *x, *series, *figure;
};
struct yaml_sweep {
    char *sweep_version, *name, *title, *scenario, *inline_text, *seed, *repeats;
    char **set;
    unsigned set_count;
    struct yaml_axis *axes;
    unsigned axes_count;
    struct yaml_plot plot;
};

#define FIELD(key, type, member)                                                                   \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, TEXT_MAX)
#define OPTIONAL(key, type, member)                                                                \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, TEXT_MAX)

static const cyaml_schema_value_t text_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1,
                                                                    TEXT_MAX) };
static const cyaml_schema_field_t case_fields[] = { FIELD("name", struct yaml_case, name),
                                                    CYAML_FIELD_SEQUENCE(
                                                        "set", CYAML_FLAG_POINTER, struct yaml_case,
                                                        set, &text_value, 0, ASSAY_SWEEP_SETS_MAX),
                                                    CYAML_FIELD_END };
static const cyaml_schema_value_t case_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_case, case_fields) };
static const cyaml_schema_field_t axis_fields[] = {
    FIELD("name", struct yaml_axis, name),
    OPTIONAL("key", struct yaml_axis, key),
    OPTIONAL("from", struct yaml_axis, from),
    OPTIONAL("to", struct yaml_axis, to),
    OPTIONAL("step", struct yaml_axis, step),
    CYAML_FIELD_SEQUENCE("values", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_axis,
                         values, &text_value, 1, ASSAY_SWEEP_VALUES_MAX),
    CYAML_FIELD_SEQUENCE("cases", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_axis, cases,
                         &case_value, 1, ASSAY_SWEEP_VALUES_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t axis_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_axis, axis_fields) };
static const cyaml_schema_field_t plot_fields[] = { FIELD("x", struct yaml_plot, x),
                                                    OPTIONAL("series", struct yaml_plot, series),
                                                    FIELD("figure", struct yaml_plot, figure),
                                                    CYAML_FIELD_END };
static const cyaml_schema_field_t sweep_fields[] = {
    FIELD("sweep_version", struct yaml_sweep, sweep_version),
    FIELD("name", struct yaml_sweep, name),
    OPTIONAL("title", struct yaml_sweep, title),
    OPTIONAL("scenario", struct yaml_sweep, scenario),
    CYAML_FIELD_STRING_PTR("inline", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_sweep,
                           inline_text, 1, ASSAY_SIM_YAML_MAX),
    OPTIONAL("seed", struct yaml_sweep, seed),
    OPTIONAL("repeats", struct yaml_sweep, repeats),
    CYAML_FIELD_SEQUENCE("set", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_sweep, set,
                         &text_value, 1, ASSAY_SWEEP_SETS_MAX),
    CYAML_FIELD_SEQUENCE("axes", CYAML_FLAG_POINTER, struct yaml_sweep, axes, &axis_value, 1,
                         ASSAY_SWEEP_AXES_MAX),
    CYAML_FIELD_MAPPING("plot", CYAML_FLAG_DEFAULT, struct yaml_sweep, plot, plot_fields),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t sweep_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_sweep, sweep_fields) };

/* ------------------------------------------------------------ meaning */

static enum assay_status take_number(const struct assay_yaml *d, const char *key, const char *text,
                                     uint64_t min, uint64_t max, uint64_t *out)
{
    if (!assay_yaml_number(text, out))
        return assay_yaml_fail(d, ASSAY_E_SYNTAX, key, "expected a whole number, found \"%.40s\"",
                               text);
    if (*out >= min && *out <= max) return ASSAY_OK;
    return assay_yaml_fail(d, ASSAY_E_RANGE, key, "expected %llu .. %llu, found %.40s",
                           (unsigned long long)min, (unsigned long long)max, text);
}

/* Names appear in rows of CSV, in figures and on terminals: one line of printable characters. */
static enum assay_status take_text(const struct assay_yaml *d, const char *key, const char *text,
                                   char *out, size_t capacity)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
            return assay_yaml_fail(d, ASSAY_E_SYNTAX, key, "expected one line of text");
    if (len >= capacity)
        return assay_yaml_fail(d, ASSAY_E_RANGE, key, "expected at most %zu bytes, found %zu",
                               capacity - 1, len);
    assay_bytes_copy(out, capacity, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status take_set(const struct assay_yaml *d, const char *key, const char *text,
                                  struct assay_sweep_set *out)
{
    if (strchr(text, '=') == NULL)
        return assay_yaml_fail(d, ASSAY_E_SYNTAX, key, "expected KEY=VALUE, found \"%.60s\"", text);
    return take_text(d, key, text, out->text, sizeof out->text);
}

static enum assay_status take_sets(const struct assay_yaml *d, const char *of, char *const *texts,
                                   unsigned count, struct assay_sweep_set *sets, uint32_t *out)
{
    char key[ASSAY_YAML_KEY_MAX];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "%sset[%u]", of, i);
        ASSAY_TRY(take_set(d, key, texts[i], &sets[i]));
    }
    *out = count;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ axes */

struct axis_reader {
    const struct assay_yaml *d;
    const struct yaml_axis *from;
    struct assay_sweep_axis *to;
    char at[32]; /* "axes[2]." */
};

static const char *key_of(const struct axis_reader *r, const char *name,
                          char key[ASSAY_YAML_KEY_MAX])
{
    (void)snprintf(key, ASSAY_YAML_KEY_MAX, "%s%s", r->at, name);
    return key;
}

static enum assay_status make_room(struct axis_reader *r, uint64_t count)
{
    r->to->values = calloc(count, sizeof *r->to->values);
    if (r->to->values == NULL) return ASSAY_E_MEMORY;
    r->to->value_count = (uint32_t)count;
    return ASSAY_OK;
}

/* A value of the axis' key. */
static enum assay_status put_value(const struct axis_reader *r, uint32_t index, const char *text)
{
    struct assay_sweep_value *const value = &r->to->values[index];
    char key[ASSAY_YAML_KEY_MAX], set[2 * TEXT_MAX + 2];
    (void)snprintf(key, sizeof key, "%svalues[%u]", r->at, (unsigned)index);
    ASSAY_TRY(take_text(r->d, key, text, value->name, sizeof value->name));
    (void)snprintf(set, sizeof set, "%s=%s", r->from->key, text);
    value->set_count = 1;
    return take_text(r->d, key, set, value->sets[0].text, sizeof value->sets[0].text);
}

static enum assay_status take_range(struct axis_reader *r)
{
    char key[ASSAY_YAML_KEY_MAX], text[24];
    uint64_t from = 0, to = 0, step = 0;
    if (r->from->to == NULL || r->from->step == NULL)
        return assay_yaml_fail(r->d, ASSAY_E_SYNTAX, key_of(r, "from", key),
                               "expected to and step with it");
    ASSAY_TRY(take_number(r->d, key_of(r, "from", key), r->from->from, 0, UINT64_MAX / 2, &from));
    ASSAY_TRY(take_number(r->d, key_of(r, "to", key), r->from->to, from, UINT64_MAX / 2, &to));
    ASSAY_TRY(take_number(r->d, key_of(r, "step", key), r->from->step, 1, UINT64_MAX / 2, &step));
    if ((to - from) / step >= ASSAY_SWEEP_VALUES_MAX)
        return assay_yaml_fail(r->d, ASSAY_E_RANGE, key_of(r, "step", key),
                               "expected at most %d values, found %llu", ASSAY_SWEEP_VALUES_MAX,
                               (unsigned long long)(to - from) / step + 1);
    ASSAY_TRY(make_room(r, (to - from) / step + 1));
    for (uint32_t i = 0; i < r->to->value_count; i++) {
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)from + i * step);
        ASSAY_TRY(put_value(r, i, text));
    }
    return ASSAY_OK;
}

static enum assay_status take_values(struct axis_reader *r)
{
    ASSAY_TRY(make_room(r, r->from->values_count));
    for (uint32_t i = 0; i < r->to->value_count; i++)
        ASSAY_TRY(put_value(r, i, r->from->values[i]));
    return ASSAY_OK;
}

static enum assay_status take_cases(struct axis_reader *r)
{
    char of[ASSAY_YAML_KEY_MAX / 2], key[ASSAY_YAML_KEY_MAX];
    ASSAY_TRY(make_room(r, r->from->cases_count));
    for (uint32_t i = 0; i < r->to->value_count; i++) {
        struct assay_sweep_value *const value = &r->to->values[i];
        const struct yaml_case *const c = &r->from->cases[i];
        (void)snprintf(of, sizeof of, "%scases[%u].", r->at, (unsigned)i);
        (void)snprintf(key, sizeof key, "%sname", of);
        ASSAY_TRY(take_text(r->d, key, c->name, value->name, sizeof value->name));
        ASSAY_TRY(take_sets(r->d, of, c->set, c->set_count, value->sets, &value->set_count));
    }
    return ASSAY_OK;
}

static enum assay_status take_axis(struct axis_reader *r)
{
    char key[ASSAY_YAML_KEY_MAX];
    const struct yaml_axis *const a = r->from;
    const int kinds = (a->from != NULL) + (a->values != NULL) + (a->cases != NULL);
    ASSAY_TRY(take_text(r->d, key_of(r, "name", key), a->name, r->to->name, sizeof r->to->name));
    if (kinds != 1)
        return assay_yaml_fail(r->d, ASSAY_E_SYNTAX, key_of(r, "name", key),
                               "expected one of: key with from, to, step; key with values; cases");
    if ((a->cases == NULL) != (a->key != NULL))
        return assay_yaml_fail(r->d, ASSAY_E_SYNTAX, key_of(r, "name", key),
                               a->key == NULL ? "expected the key that its values are of"
                                              : "cases say what they set; expected no key");
    if (a->from != NULL) return take_range(r);
    return a->values != NULL ? take_values(r) : take_cases(r);
}

/* Two values of one name would be one row in every table. */
static enum assay_status check_names(const struct axis_reader *r)
{
    char key[ASSAY_YAML_KEY_MAX];
    for (uint32_t i = 0; i < r->to->value_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(r->to->values[i].name, r->to->values[k].name) == 0)
                return assay_yaml_fail(r->d, ASSAY_E_DUPLICATE, key_of(r, "name", key),
                                       "two values are called \"%s\"", r->to->values[i].name);
    return ASSAY_OK;
}

static enum assay_status take_axes(const struct assay_yaml *d, const struct yaml_sweep *y,
                                   struct assay_sweep *sweep)
{
    char key[ASSAY_YAML_KEY_MAX];
    sweep->axis_count = y->axes_count;
    for (uint32_t i = 0; i < y->axes_count; i++) {
        struct axis_reader r = { .d = d, .from = &y->axes[i], .to = &sweep->axes[i] };
        (void)snprintf(r.at, sizeof r.at, "axes[%u].", (unsigned)i);
        ASSAY_TRY(take_axis(&r));
        ASSAY_TRY(check_names(&r));
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(sweep->axes[k].name, sweep->axes[i].name) == 0)
                return assay_yaml_fail(d, ASSAY_E_DUPLICATE, key_of(&r, "name", key),
                                       "two axes are called \"%s\"", sweep->axes[i].name);
    }
    return ASSAY_OK;
}

static enum assay_status find_axis(const struct assay_yaml *d, const struct assay_sweep *sweep,
                                   const char *key, const char *name, uint32_t *out)
{
    for (uint32_t i = 0; i < sweep->axis_count; i++) {
        *out = i;
        if (strcmp(sweep->axes[i].name, name) == 0) return ASSAY_OK;
    }
    return assay_yaml_fail(d, ASSAY_E_NOT_FOUND, key,
                           "expected the name of an axis, found \"%.60s\"", name);
}

static enum assay_status take_plot(const struct assay_yaml *d, const struct yaml_plot *y,
                                   struct assay_sweep *sweep)
{
    ASSAY_TRY(find_axis(d, sweep, "plot.x", y->x, &sweep->plot_x));
    sweep->plot_series = sweep->axis_count;
    if (y->series != NULL)
        ASSAY_TRY(find_axis(d, sweep, "plot.series", y->series, &sweep->plot_series));
    if (sweep->plot_series == sweep->plot_x)
        return assay_yaml_fail(d, ASSAY_E_DUPLICATE, "plot.series",
                               "expected another axis than x, found the same");
    return take_text(d, "plot.figure", y->figure, sweep->plot_figure, sizeof sweep->plot_figure);
}

/* ------------------------------------------------------------ the file */

static enum assay_status take_base(const struct assay_yaml *d, const struct yaml_sweep *y,
                                   struct assay_sweep *sweep)
{
    if ((y->scenario == NULL) == (y->inline_text == NULL))
        return assay_yaml_fail(d, ASSAY_E_SYNTAX, "scenario",
                               "expected a scenario (name or path) or inline (its text), found %s",
                               y->scenario == NULL ? "neither" : "both");
    if (y->scenario != NULL)
        ASSAY_TRY(take_text(d, "scenario", y->scenario, sweep->scenario, sizeof sweep->scenario));
    if (y->inline_text != NULL) {
        sweep->inline_text = strdup(y->inline_text);
        if (sweep->inline_text == NULL) return ASSAY_E_MEMORY;
    }
    return take_sets(d, "", y->set, y->set_count, sweep->sets, &sweep->set_count);
}

static enum assay_status take_sweep(const struct assay_yaml *d, struct assay_sweep *sweep)
{
    const struct yaml_sweep *const y = d->data;
    uint64_t number = 0;
    ASSAY_TRY(take_number(d, "sweep_version", y->sweep_version, 0, UINT64_MAX, &number));
    if (number != VERSION)
        return assay_yaml_fail(d, ASSAY_E_VERSION, "sweep_version",
                               "this program reads version %d, found %llu", VERSION,
                               (unsigned long long)number);
    ASSAY_TRY(take_text(d, "name", y->name, sweep->name, sizeof sweep->name));
    ASSAY_TRY(take_text(d, "title", y->title == NULL ? y->name : y->title, sweep->title,
                        sizeof sweep->title));
    sweep->seed = 1;
    if (y->seed != NULL)
        ASSAY_TRY(take_number(d, "seed", y->seed, 0, UINT64_MAX / 2, &sweep->seed));
    number = 1;
    if (y->repeats != NULL)
        ASSAY_TRY(take_number(d, "repeats", y->repeats, 1, ASSAY_SWEEP_REPEATS_MAX, &number));
    sweep->repeats = (uint32_t)number;
    ASSAY_TRY(take_base(d, y, sweep));
    ASSAY_TRY(take_axes(d, y, sweep));
    return take_plot(d, &y->plot, sweep);
}

enum assay_status assay_sweep_parse_yaml(const uint8_t *text, size_t len, const char *name,
                                         struct assay_sweep *sweep,
                                         char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char said[ASSAY_YAML_MESSAGE_MAX] = "out of memory";
    struct assay_yaml document = {
        .name = name, .text = { text, len }, .schema = &sweep_schema, .message = said
    };
    *sweep = (struct assay_sweep){ 0 };
    message[0] = '\0';
    enum assay_status status = len > ASSAY_SWEEP_YAML_MAX ? ASSAY_E_RANGE : ASSAY_OK;
    if (status != ASSAY_OK) {
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.200s: expected at most %d bytes", name,
                       ASSAY_SWEEP_YAML_MAX);
        return status;
    }
    status = assay_yaml_open(&document);
    if (status == ASSAY_OK) status = take_sweep(&document, sweep);
    assay_yaml_close(&document);
    if (status == ASSAY_OK) return ASSAY_OK;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.511s", said);
    assay_sweep_free(sweep);
    return status;
}
