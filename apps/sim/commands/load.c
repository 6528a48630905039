/*
 * apps/sim/commands/load.c - the scenario of a command: a file or one of the library, with --set
 * and --seed.
 */
#include "apps/sim/commands/command.h"
#include "apps/sim/report/files.h"
#include "apps/sim/commands/shell.h"
#include "sim/library/library.h"
#include "sim/yaml/read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool sim_source_set(struct assay_sim_source *source, const char *assignment)
{
    if (source->set_count == ASSAY_SIM_SETS_MAX) return false;
    source->sets[source->set_count++] = assignment;
    return true;
}

bool sim_source_seed(struct assay_sim_source *source, const char *text)
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

bool sim_is_path(const char *name)
{
    const size_t len = strlen(name);
    if (strchr(name, '/') != NULL) return true;
    return len > 5 && strcmp(name + len - 5, ".yaml") == 0;
}

static enum assay_status read_file(const char *path, struct assay_scenario *scenario, char *message)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    ASSAY_TRY(sim_input_read(path, ASSAY_SIM_YAML_MAX, &bytes, &len, message));
    const enum assay_status status = assay_scenario_parse_yaml(bytes, len, path, scenario, message);
    free(bytes);
    return status;
}

static enum assay_status read_source(const char *name, struct assay_scenario *scenario,
                                     char *message)
{
    const char *hint = NULL;
    const struct assay_sim_library_file *file = assay_sim_library_find(name, &hint);
    if (sim_is_path(name) || (file == NULL && access(name, R_OK) == 0))
        return read_file(name, scenario, message);
    if (file != NULL) return assay_sim_library_read(file, scenario, message);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX,
                   "there is no file and no library scenario \"%.100s\"%s%s%s; `assay-sim list` "
                   "lists them",
                   name, hint != NULL ? "; is \"" : "", hint != NULL ? hint : "",
                   hint != NULL ? "\" meant?" : "");
    return ASSAY_E_NOT_FOUND;
}

enum assay_status sim_source_load(const struct assay_sim_source *source,
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

char *sim_source_line(const struct assay_sim_source *source, uint64_t seed)
{
    char *line = NULL;
    size_t len = 0;
    FILE *const out = open_memstream(&line, &len);
    if (out == NULL) return NULL;
    (void)fputs("assay-sim run ", out);
    sim_put_word(out, source->name);
    (void)fprintf(out, " --seed %" PRIu64, seed);
    for (size_t i = 0; i < source->set_count; i++) {
        (void)fputs(" --set ", out);
        sim_put_word(out, source->sets[i]);
    }
    const bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed) return line;
    free(line);
    return NULL;
}
