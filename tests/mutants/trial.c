/*
 * tests/mutants/trial.c - runs the suites seed by seed until something is found.
 */
#include "tests/mutants/trial.h"

#include "base/assert.h"
#include "sim/run.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct suite {
    const char *name;
    void (*run)(uint64_t seed, struct trial_finding *finding);
};

static const struct suite suites[] = {
    { "twins", trial_twins },           { "simplex", trial_simplex },
    { "scoring", trial_scoring },       { "messages", trial_messages },
    { "epochs", trial_epochs },         { "links", trial_links },
    { "clocks", trial_clocks },         { "changes", trial_changes },
    { "collateral", trial_collateral }, { "eras", trial_eras },
    { "seats", trial_seats },
};
enum { SUITES = sizeof suites / sizeof suites[0] };

void trial_found(struct trial_finding *finding, enum assay_sim_checker checker, const char *format,
                 ...)
{
    if (finding->checker != ASSAY_SIM_CHECKER_COUNT) return;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(finding->message, sizeof finding->message, format, arguments);
    va_end(arguments);
    finding->checker = checker;
}

static void expect_one(struct assay_scenario *s, const struct assay_sim_outcome *o,
                       const struct trial_expectation *expected, struct trial_finding *finding)
{
    char assignment[ASSAY_SIM_NAME_MAX * 2 + 32];
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    int64_t actual = 0;
    (void)snprintf(assignment, sizeof assignment, "assertions[%u]=%s", s->assertion_count,
                   expected->text);
    const enum assay_status status = assay_scenario_set(s, assignment, message);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (!assay_sim_assertion_holds(&s->assertions[s->assertion_count - 1], o, &actual))
        trial_found(finding, expected->checker, "%s: it is %lld", expected->text,
                    (long long)actual);
}

void trial_expect(struct assay_scenario *s, const struct assay_sim_outcome *o,
                  const struct trial_expectation *expected, size_t max,
                  struct trial_finding *finding)
{
    for (size_t i = 0; i < max && expected[i].text != NULL; i++)
        expect_one(s, o, &expected[i], finding);
}

void trial_scenario(const struct assay_scenario *s, uint64_t seed, struct assay_sim_outcome *o,
                    struct trial_finding *finding)
{
    const struct assay_sim_options options = { .seed = seed, .threads = 1 };
    const enum assay_status status = assay_sim_run(s, &options, o);
    ASSAY_ASSERT(status == ASSAY_OK);
    for (int c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        if (o->checks[c].violated > 0)
            trial_found(finding, (enum assay_sim_checker)c, "%s", o->checks[c].message);
}

/* Whether the name stands in the list, as a word. */
static bool is_listed(const char *list, const char *name)
{
    const size_t len = strlen(name);
    for (const char *at = list; *at != '\0';) {
        const size_t word = strcspn(at, " ,");
        if (word == len && strncmp(at, name, len) == 0) return true;
        at += word;
        at += strspn(at, " ,");
    }
    return false;
}

static bool all_known(const char *list)
{
    size_t words = 0;
    size_t known = 0;
    for (const char *at = list + strspn(list, " ,"); *at != '\0'; words++) {
        at += strcspn(at, " ,");
        at += strspn(at, " ,");
    }
    for (size_t i = 0; i < SUITES; i++)
        known += is_listed(list, suites[i].name);
    return words > 0 && words == known;
}

int trial_run(const char *list, uint64_t seeds)
{
    if (!all_known(list)) {
        (void)fprintf(
            stderr,
            "suites: expected words out of twins, simplex, scoring, messages, epochs, links, "
            "clocks, changes, collateral, eras, seats; found \"%s\"\n",
            list);
        return 2;
    }
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        for (size_t i = 0; i < SUITES; i++) {
            struct trial_finding finding = { .checker = ASSAY_SIM_CHECKER_COUNT };
            if (!is_listed(list, suites[i].name)) continue;
            (void)printf("at %s %" PRIu64 "\n", suites[i].name, seed);
            (void)fflush(stdout);
            suites[i].run(seed, &finding);
            if (finding.checker == ASSAY_SIM_CHECKER_COUNT) continue;
            (void)printf("caught %s %s\n", assay_sim_checker_name(finding.checker),
                         finding.message);
            return 1;
        }
    }
    (void)printf("clean %" PRIu64 "\n", seeds);
    return 0;
}
