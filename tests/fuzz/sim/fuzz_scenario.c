/*
 * tests/fuzz/sim/fuzz_scenario.c - any bytes as a scenario file, and any text as --set.
 *
 * Properties: what is refused has a message fit for a terminal; what is taken is within every
 * bound, prints as a file that reads again and prints as the same bytes, and its roster can be
 * made.
 */
#include "base/assert.h"
#include "sim/yaml/read.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_message(const char *message)
{
    const size_t len = strlen(message);
    ASSAY_ASSERT(len > 4 && len < ASSAY_SIM_MESSAGE_MAX);
    for (size_t i = 0; i < len; i++)
        ASSAY_ASSERT((unsigned char)message[i] >= ' ' && message[i] != 0x7f);
}

static struct assay_slice print(const struct assay_scenario *s, uint8_t *bytes)
{
    struct assay_slice text;
    struct assay_writer w = assay_writer_over(bytes, ASSAY_SIM_YAML_MAX);
    assay_scenario_put_yaml(s, &w);
    ASSAY_ASSERT(assay_writer_finish(&w, &text) == ASSAY_OK);
    return text;
}

static void check_taken(const struct assay_scenario *s)
{
    static uint8_t first[ASSAY_SIM_YAML_MAX], second[ASSAY_SIM_YAML_MAX];
    static uint8_t cohorts[ASSAY_SIM_NODES_MAX];
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_scenario again;
    ASSAY_ASSERT(assay_scenario_check(s, message) == ASSAY_OK);
    const struct assay_slice a = print(s, first);
    ASSAY_ASSERT(assay_scenario_parse_yaml(a.bytes, a.len, "a", &again, message) == ASSAY_OK);
    ASSAY_ASSERT(assay_slice_equal(a, print(&again, second)));
    if (s->nodes > 256) return; /* slow, and nothing new */
    uint32_t members[ASSAY_SIM_COHORTS_MAX] = { 0 };
    assay_scenario_cohorts(s, s->seed, cohorts);
    for (uint32_t i = 0; i < s->nodes; i++) {
        ASSAY_ASSERT(cohorts[i] < s->cohort_count);
        members[cohorts[i]]++;
        const uint32_t platform = assay_scenario_platform(s, i);
        ASSAY_ASSERT(platform < s->nodes || platform == UINT32_MAX);
        (void)assay_scenario_receives(s, cohorts, 1 + s->seed % 10, i, s->nodes - 1 - i);
    }
    for (uint32_t c = 1; c < s->cohort_count; c++)
        ASSAY_ASSERT(members[c] == assay_scenario_cohort_size(s, c));
}

static void check_set(const uint8_t *data, size_t size)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_scenario s = assay_scenario_default();
    char *text = calloc(size + 1, 1);
    ASSAY_ASSERT(text != NULL);
    assay_bytes_copy(text, size + 1, data, size);
    if (assay_scenario_set(&s, text, message) != ASSAY_OK)
        ASSAY_ASSERT(strlen(message) > 4 && strlen(message) < ASSAY_SIM_MESSAGE_MAX);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_scenario s;
    if (size > ASSAY_SIM_YAML_MAX) return 0;
    if (assay_scenario_parse_yaml(data, size, "f", &s, message) != ASSAY_OK) check_message(message);
    else check_taken(&s);
    check_set(data, size);
    return 0;
}
