/*
 * sim/scenario/scenario_assert.c - assertions: conversion between "score_min_bp honest >= 9000" and
 * figure, cohort, comparison and number.
 */
#include "base/assert.h"
#include "base/words.h"
#include "sim/scenario/figures.h"
#include "sim/scenario/scenario_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 4 };

struct words {
    const char *at[WORDS_MAX];
    size_t len[WORDS_MAX];
    size_t count;
};

static const char *const compare_words[] = {
    [ASSAY_SIM_LESS] = "<",      [ASSAY_SIM_AT_MOST] = "<=", [ASSAY_SIM_EQUAL] = "==",
    [ASSAY_SIM_AT_LEAST] = ">=", [ASSAY_SIM_GREATER] = ">",  [ASSAY_SIM_NOT_EQUAL] = "!=",
};

/* Returns: false when there are more than four. */
static bool split_words(const char *text, struct words *words)
{
    words->count = 0;
    for (const char *c = text + strspn(text, " "); *c != '\0'; c += strspn(c, " ")) {
        if (words->count == WORDS_MAX) return false;
        words->at[words->count] = c;
        words->len[words->count] = strcspn(c, " ");
        c += words->len[words->count++];
    }
    return true;
}

static bool is_word(const struct words *words, size_t i, const char *text)
{
    return words->len[i] == strlen(text) && assay_bytes_equal(words->at[i], text, words->len[i]);
}

/* Returns: whether it is the name of a figure; else the nearest one is in *hint, or NULL. */
static bool find_figure(const struct words *words, uint32_t *figure, const char **hint)
{
    char name[ASSAY_WORDS_LEN_MAX + 1];
    unsigned best = ASSAY_WORDS_APART_MAX;
    (void)snprintf(name, sizeof name, "%.*s", (int)(words->len[0] < 33 ? words->len[0] : 33),
                   words->at[0]);
    *hint = NULL;
    for (uint32_t f = 0; f < ASSAY_SIM_FIGURE_COUNT; f++) {
        if (is_word(words, 0, assay_sim_figure_name((enum assay_sim_figure)f))) {
            *figure = f;
            return true;
        }
        assay_words_nearest(name, assay_sim_figure_name((enum assay_sim_figure)f), &best, hint);
    }
    return false;
}

static bool find_compare(const struct words *words, size_t i, enum assay_sim_compare *compare)
{
    for (uint32_t c = 0; c < sizeof compare_words / sizeof compare_words[0]; c++) {
        if (!is_word(words, i, compare_words[c])) continue;
        *compare = (enum assay_sim_compare)c;
        return true;
    }
    return false;
}

static bool find_number(const struct words *words, size_t i, int64_t *out)
{
    uint64_t value = 0;
    const bool minus = words->at[i][0] == '-';
    if (!assay_scenario_number(words->at[i] + minus, words->len[i] - minus, &value)) return false;
    if (value > INT64_MAX) return false;
    *out = minus ? -(int64_t)value : (int64_t)value;
    return true;
}

void assay_assertion_name(const struct assay_scenario *scenario,
                          struct assay_sim_assertion *assertion)
{
    const enum assay_sim_figure figure = (enum assay_sim_figure)assertion->figure;
    const bool of_cohort = assay_sim_figure_of_cohort(figure);
    (void)snprintf(assertion->text, sizeof assertion->text, "%s %s%s%s %" PRId64,
                   assay_sim_figure_name(figure),
                   of_cohort ? scenario->cohorts[assertion->cohort].name : "", of_cohort ? " " : "",
                   compare_words[assertion->compare], assertion->value);
}

static enum assay_status refuse_assertion(const char *text, const char *what, size_t len,
                                          const char *found, const char *hint, char *message)
{
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "\"%.100s\": expected %s, found \"%.*s\"%s%s%s",
                   text, what, (int)(len < 60 ? len : 60), found, hint != NULL ? "; is \"" : "",
                   hint != NULL ? hint : "", hint != NULL ? "\" meant?" : "");
    return ASSAY_E_SYNTAX;
}

enum assay_status assay_assertion_take(const struct assay_scenario *scenario,
                                       struct assay_sim_assertion *assertion, const char *text,
                                       char *message)
{
    static const char form[] = "FIGURE [COHORT] COMPARE NUMBER, as score_min_bp honest >= 9000";
    struct assay_sim_assertion a = { .text = "" };
    struct words w;
    const char *hint = NULL;
    if (!split_words(text, &w) || w.count < 1)
        return refuse_assertion(text, form, strlen(text), text, NULL, message);
    if (!find_figure(&w, &a.figure, &hint))
        return refuse_assertion(text, "a figure of `assay-sim keys`", w.len[0], w.at[0], hint,
                                message);
    const bool of_cohort = assay_sim_figure_of_cohort((enum assay_sim_figure)a.figure);
    if (w.count != (of_cohort ? 4u : 3u))
        return refuse_assertion(
            text,
            of_cohort ? "COHORT COMPARE NUMBER behind this figure"
                      : "COMPARE NUMBER behind this figure, which is of the whole network",
            strlen(w.at[0] + w.len[0]), w.at[0] + w.len[0], NULL, message);
    if (of_cohort && !assay_scenario_find_cohort(scenario, w.at[1], w.len[1], &a.cohort))
        return refuse_assertion(text, "the name of a cohort", w.len[1], w.at[1], NULL, message);
    if (!find_compare(&w, w.count - 2, &a.compare))
        return refuse_assertion(text, "<, <=, ==, >=, > or !=", w.len[w.count - 2],
                                w.at[w.count - 2], NULL, message);
    if (!find_number(&w, w.count - 1, &a.value))
        return refuse_assertion(text, "a number", w.len[w.count - 1], w.at[w.count - 1], NULL,
                                message);
    assay_assertion_name(scenario, &a);
    *assertion = a;
    return ASSAY_OK;
}
