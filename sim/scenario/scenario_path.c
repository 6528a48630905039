/*
 * sim/scenario/scenario_path.c - paths of keys: "nodes", "link.loss_permille",
 * "cohorts[ring].share_bp".
 */
#include "base/assert.h"
#include "base/words.h"
#include "sim/scenario/scenario_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_MAX_LEN = 128 };

/* The parts of "SECTION[INDEX].KEY". */
struct path {
    char section[PATH_MAX_LEN], index[PATH_MAX_LEN], key[PATH_MAX_LEN];
    bool has_index;
};

static bool split_path(const char *text, size_t len, struct path *path)
{
    *path = (struct path){ .section = "" };
    if (len == 0 || len >= PATH_MAX_LEN) return false;
    const char *open = memchr(text, '[', len), *dot = memchr(text, '.', len);
    size_t rest = 0; /* start of the key */
    if (open != NULL && (dot == NULL || open < dot)) {
        const char *close = memchr(open, ']', len - (size_t)(open - text));
        if (close == NULL) return false;
        (void)snprintf(path->section, sizeof path->section, "%.*s", (int)(open - text), text);
        (void)snprintf(path->index, sizeof path->index, "%.*s", (int)(close - open - 1), open + 1);
        path->has_index = true;
        rest = (size_t)(close - text) + 1;
        if (rest == len) return true; /* an element that is a value itself */
        if (text[rest++] != '.') return false;
    } else if (dot != NULL) {
        (void)snprintf(path->section, sizeof path->section, "%.*s", (int)(dot - text), text);
        rest = (size_t)(dot - text) + 1;
    }
    (void)snprintf(path->key, sizeof path->key, "%.*s", (int)(len - rest), text + rest);
    return path->key[0] != '\0';
}

static enum assay_status report_unknown(const char *what, const char *found, const char *hint,
                                        char *message)
{
    return assay_scenario_refuse(message, ASSAY_E_NOT_FOUND,
                                 "there is no %s \"%.60s\"%s%s%s; `assay-sim keys` "
                                 "lists them",
                                 what, found, hint != NULL ? "; is \"" : "",
                                 hint != NULL ? hint : "", hint != NULL ? "\" meant?" : "");
}

static const struct assay_scenario_section *find_section(const char *name, char *message)
{
    const char *hint = NULL;
    unsigned best = ASSAY_WORDS_APART_MAX;
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        if (strcmp(assay_scenario_sections[s].name, name) == 0) return &assay_scenario_sections[s];
        assay_words_nearest(name, assay_scenario_sections[s].name, &best, &hint);
    }
    assay_status_ignore(report_unknown("section", name, hint, message), "NULL says so");
    return NULL;
}

static void update_nearest(const struct assay_scenario_section *section, const char *name,
                           unsigned *best, const char **hint)
{
    for (uint32_t k = 0; k < section->key_count; k++)
        if (section->keys[k].name != NULL)
            assay_words_nearest(name, section->keys[k].name, best, hint);
}

static const struct assay_scenario_key *find_key(const struct assay_scenario_section *section,
                                                 const char *name, char *message)
{
    for (uint32_t k = 0; k < section->key_count; k++) {
        const char *known = section->keys[k].name;
        if (known == NULL ? name[0] == '\0' : strcmp(known, name) == 0) return &section->keys[k];
    }
    const char *hint = NULL;
    unsigned best = ASSAY_WORDS_APART_MAX;
    update_nearest(section, name, &best, &hint);
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS && hint == NULL; s++)
        update_nearest(&assay_scenario_sections[s], name, &best, &hint);
    assay_status_ignore(report_unknown("key", name, hint, message), "NULL says so");
    return NULL;
}

/* An element by number, or a cohort by name. One past the last appends. */
static enum assay_status find_element(struct assay_scenario *scenario,
                                      const struct assay_scenario_section *section,
                                      const struct path *path, uint32_t *index, char *message)
{
    const uint32_t count = assay_scenario_part_count(scenario, section);
    uint64_t value = 0;
    if (strcmp(section->name, "cohorts") == 0 &&
        assay_scenario_find_cohort(scenario, path->index, strlen(path->index), index)) {
        value = *index;
    } else if (!assay_scenario_number(path->index, strlen(path->index), &value)) {
        return assay_scenario_refuse(message, ASSAY_E_NOT_FOUND, "%s has no \"%.60s\"",
                                     section->name, path->index);
    }
    if (value < section->first)
        return assay_scenario_refuse(message, ASSAY_E_RANGE,
                                     "honest is the rest of the roster and has no keys");
    if (value > count)
        return assay_scenario_refuse(message, ASSAY_E_RANGE,
                                     "%s has %" PRIu32 " elements; expected 0 .. %" PRIu32
                                     ", the last to add one, found %" PRIu64,
                                     section->name, count, count, value);
    *index = (uint32_t)value;
    if (value < count || assay_scenario_append(scenario, section)) return ASSAY_OK;
    return assay_scenario_refuse(message, ASSAY_E_RANGE, "%s is full: %" PRIu32 " at most",
                                 section->name, section->max);
}

/* "adversaries=none" clears a list; cohorts stay, since others name them. */
static bool clears_list(struct assay_scenario *scenario, const struct path *path, const char *value)
{
    if (path->has_index || path->section[0] != '\0' || strcmp(value, "none") != 0) return false;
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        const struct assay_scenario_section *section = &assay_scenario_sections[s];
        if (!section->is_list || section->first > 0) continue;
        if (strcmp(section->name, path->key) != 0) continue;
        const uint32_t none = 0;
        assay_bytes_copy((uint8_t *)scenario + section->count_offset, sizeof none, &none,
                         sizeof none);
        return true;
    }
    return false;
}

static enum assay_status set_value(struct assay_scenario *scenario, const struct path *path,
                                   const char *value, char *message)
{
    uint32_t index = 0;
    if (clears_list(scenario, path, value)) return ASSAY_OK;
    const struct assay_scenario_section *section = find_section(path->section, message);
    if (section == NULL) return ASSAY_E_NOT_FOUND;
    if (section->is_list != path->has_index)
        return assay_scenario_refuse(message, ASSAY_E_SYNTAX,
                                     section->is_list ? "%s is a list: expected %s[0] and so on"
                                                      : "%s is no list: no number behind %s",
                                     section->name, section->name);
    const struct assay_scenario_key *key = find_key(section, path->key, message);
    if (key == NULL) return ASSAY_E_NOT_FOUND;
    if (section->is_list) ASSAY_TRY(find_element(scenario, section, path, &index, message));
    return assay_scenario_take(scenario, assay_scenario_part(scenario, section, index), key, value,
                               message);
}

enum assay_status assay_scenario_set(struct assay_scenario *scenario, const char *assignment,
                                     char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char what[ASSAY_SIM_MESSAGE_MAX] = "";
    struct path path;
    /* The first "=" that is not within a comparison of an assertion: keys contain none. */
    const char *equals = strchr(assignment, '=');
    const size_t len = equals != NULL ? (size_t)(equals - assignment) : 0;
    if (equals == NULL || !split_path(assignment, len, &path))
        return assay_scenario_refuse(message, ASSAY_E_SYNTAX,
                                     "expected KEY=VALUE, found \"%.100s\"", assignment);
    struct assay_scenario changed = *scenario;
    const enum assay_status status = set_value(&changed, &path, equals + 1, what);
    if (status != ASSAY_OK)
        return assay_scenario_refuse(message, status, "%.*s: %.400s", (int)(len < 90 ? len : 90),
                                     assignment, what);
    *scenario = changed;
    return ASSAY_OK;
}

/* ------------------------------------------------------------ bounds */

static enum assay_status check_key(const struct assay_scenario *s,
                                   const struct assay_scenario_section *section, uint32_t index,
                                   const struct assay_scenario_key *key, char *message)
{
    char place[64] = "", expects[ASSAY_SCENARIO_VALUE_MAX], text[ASSAY_SCENARIO_VALUE_MAX];
    const void *part = assay_scenario_part_const(s, section, index);
    if (section->is_list)
        (void)snprintf(place, sizeof place, "%s[%u].", section->name, (unsigned)index);
    else if (section->name[0] != '\0') (void)snprintf(place, sizeof place, "%s.", section->name);
    struct assay_scenario_found found;
    assay_scenario_look(part, key, &found);
    if (found.fits && (key->kind != ASSAY_SCENARIO_COHORT || found.value < s->cohort_count))
        return ASSAY_OK;
    assay_scenario_expects(key, expects);
    (void)snprintf(text, sizeof text, "%" PRIu64, found.value);
    return assay_scenario_refuse(message, ASSAY_E_RANGE, "%s%s: expected %s, found %s", place,
                                 key->name, expects, text);
}

enum assay_status assay_scenario_bounds(const struct assay_scenario *scenario, char *message)
{
    for (size_t s = 0; s < ASSAY_SCENARIO_SECTIONS; s++) {
        const struct assay_scenario_section *section = &assay_scenario_sections[s];
        const uint32_t count = assay_scenario_part_count(scenario, section);
        if (count < section->first || (section->is_list && count > section->max))
            return assay_scenario_refuse(message, ASSAY_E_RANGE,
                                         "%s: expected %u elements at most, found %u",
                                         section->name, (unsigned)section->max, (unsigned)count);
        for (uint32_t i = section->first; i < count; i++)
            for (uint32_t k = 0; k < section->key_count; k++)
                ASSAY_TRY(check_key(scenario, section, i, &section->keys[k], message));
    }
    return ASSAY_OK;
}
