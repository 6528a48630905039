/*
 * sim/library/library.c - built-in scenarios and sweeps: lookup and parsing.
 */
#include "sim/library/library_internal.h"

#include "base/assert.h"
#include "base/words.h"
#include "sim/yaml/read.h"

#include <stdio.h>
#include <string.h>

static const struct assay_sim_library_file *find_file(const struct assay_sim_library_file *files,
                                                      size_t count, const char *name,
                                                      const char **hint)
{
    unsigned best = ASSAY_WORDS_APART_MAX;
    *hint = NULL;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(files[i].name, name) == 0) return &files[i];
        assay_words_nearest(name, files[i].name, &best, hint);
    }
    return NULL;
}

/* --- scenarios */
size_t assay_sim_library_count(void)
{
    return assay_sim_library_files_count;
}

const struct assay_sim_library_file *assay_sim_library_at(size_t index)
{
    ASSAY_ASSERT(index < assay_sim_library_files_count);
    return &assay_sim_library_files[index];
}

const struct assay_sim_library_file *assay_sim_library_find(const char *name, const char **hint)
{
    return find_file(assay_sim_library_files, assay_sim_library_files_count, name, hint);
}

enum assay_status assay_sim_library_read(const struct assay_sim_library_file *file,
                                         struct assay_scenario *scenario,
                                         char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char name[ASSAY_SIM_NAME_MAX + 8];
    (void)snprintf(name, sizeof name, "%s.yaml", file->name);
    return assay_scenario_parse_yaml(file->text.bytes, file->text.len, name, scenario, message);
}

/* --- sweeps */
size_t assay_sim_library_sweep_count(void)
{
    return assay_sim_library_sweeps_count;
}

const struct assay_sim_library_file *assay_sim_library_sweep_at(size_t index)
{
    ASSAY_ASSERT(index < assay_sim_library_sweeps_count);
    return &assay_sim_library_sweeps[index];
}

const struct assay_sim_library_file *assay_sim_library_sweep_find(const char *name,
                                                                  const char **hint)
{
    return find_file(assay_sim_library_sweeps, assay_sim_library_sweeps_count, name, hint);
}
