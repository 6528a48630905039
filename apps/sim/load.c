/*
 * apps/sim/load.c - which scenario: a file or one of the library, with --set and --seed.
 */
#include "apps/sim/command.h"
#include "apps/sim/files.h"
#include "sim/library/library.h"
#include "sim/yaml/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool assay_sim_source_set(struct assay_sim_source *source, const char *assignment)
{
    if (source->set_count == ASSAY_SIM_SETS_MAX) return false;
    source->sets[source->set_count++] = assignment;
    return true;
}

bool assay_sim_source_seed(struct assay_sim_source *source, const char *text)
{
    const bool is_hex = strncmp(text, "0x", 2) == 0;
    const char *digits = is_hex ? text + 2 : text;
    const char *known = is_hex ? "0123456789abcdefABCDEF" : "0123456789";
    if (*digits == '\0' || strspn(digits, known) != strlen(digits)) return false;
    errno = 0;
    source->seed = strtoull(digits, NULL, is_hex ? 16 : 10);
    source->has_seed = true;
    return errno == 0;
}

/* A path has a stroke or ends in .yaml; a bare name is one of the library, unless a file has it. */
static bool is_path(const char *name)
{
    const size_t len = strlen(name);
    if (strchr(name, '/') != NULL) return true;
    return len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

static enum assay_status read_file(const char *path, struct assay_scenario *scenario, char *message)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    ASSAY_TRY(assay_sim_input_read(path, ASSAY_SIM_YAML_MAX, &bytes, &len, message));
    const enum assay_status status = assay_scenario_parse_yaml(bytes, len, path, scenario, message);
    free(bytes);
    return status;
}

static enum assay_status read_source(const char *name, struct assay_scenario *scenario,
                                     char *message)
{
    const char *hint = NULL;
    const struct assay_sim_library_file *file = assay_sim_library_find(name, &hint);
    if (is_path(name) || (file == NULL && access(name, R_OK) == 0))
        return read_file(name, scenario, message);
    if (file != NULL) return assay_sim_library_read(file, scenario, message);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "there is no file and no library scenario \"%.100s\"%s%s%s; `assay-sim list` "
                   "lists them",
                   name, hint != NULL ? "; is \"" : "", hint != NULL ? hint : "",
                   hint != NULL ? "\" meant?" : "");
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_sim_source_load(const struct assay_sim_source *source,
                                        struct assay_scenario *scenario,
                                        char message[static ASSAY_SIM_MESSAGE_MAX])
{
    ASSAY_TRY(read_source(source->name, scenario, message));
    for (size_t i = 0; i < source->set_count; i++) {
        char why[ASSAY_SIM_MESSAGE_MAX];
        const enum assay_status status = assay_scenario_set(scenario, source->sets[i], why);
        if (status == ASSAY_OK) continue;
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "--set %.500s", why);
        return status;
    }
    if (source->has_seed) scenario->seed = source->seed;
    return assay_scenario_check(scenario, message);
}

/* In single quotes unless it is made of what no shell touches. */
static size_t put_word(const char *word, char *line, size_t capacity, size_t used)
{
    static const char harmless[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=,:@%+";
    if (used >= capacity) return used;
    if (word[0] != '\0' && strspn(word, harmless) == strlen(word))
        return used + (size_t)snprintf(line + used, capacity - used, " %s", word);
    used += (size_t)snprintf(line + used, capacity - used, " '");
    for (const char *c = word; *c != '\0' && used < capacity; c++)
        used += *c == '\'' ? (size_t)snprintf(line + used, capacity - used, "'\\''")
                           : (size_t)snprintf(line + used, capacity - used, "%c", *c);
    return used < capacity ? used + (size_t)snprintf(line + used, capacity - used, "'") : used;
}

void assay_sim_source_line(const struct assay_sim_source *source, uint64_t seed, char *line,
                           size_t capacity)
{
    size_t used = (size_t)snprintf(line, capacity, "assay-sim run");
    used = put_word(source->name, line, capacity, used);
    if (used < capacity)
        used += (size_t)snprintf(line + used, capacity - used, " --seed %" PRIu64, seed);
    for (size_t i = 0; i < source->set_count && used < capacity; i++) {
        used += (size_t)snprintf(line + used, capacity - used, " --set");
        used = put_word(source->sets[i], line, capacity, used);
    }
}
