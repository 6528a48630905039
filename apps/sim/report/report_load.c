/*
 * apps/sim/report/report_load.c - reader of the folder of a run.
 */
#include "apps/sim/report/report_load_internal.h"

#include "base/file/file.h"
#include "sim/yaml/read.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { TABLE_LEN_MAX = 1 << 30 };

enum assay_status sim_load_fail(char *message, const char *dir, const char *name,
                                enum assay_status status, const char *format, ...)
{
    char why[ASSAY_SIM_MESSAGE_MAX];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(why, sizeof why, format, list);
    va_end(list);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.200s/%.20s: %.250s", dir, name, why);
    return status;
}

/* Initial size of the reader: that of the file, and not the maximum of a table. */
static size_t size_of(const char *path, size_t len_max)
{
    struct stat info;
    const bool known = stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size >= 0;
    return known && (uint64_t)info.st_size < len_max ? (size_t)info.st_size : len_max;
}

/* Out: *text of malloc, with a NUL after its *len bytes. */
static enum assay_status read_text(const char *dir, const char *name, size_t len_max, char **text,
                                   size_t *len, char *message)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    const int used = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (used < 0 || (size_t)used >= sizeof path)
        return sim_load_fail(message, dir, name, ASSAY_E_RANGE, "the path is too long");
    const enum assay_status status = assay_file_read(path, size_of(path, len_max), &bytes, len);
    if (status == ASSAY_E_NOT_FOUND)
        return sim_load_fail(message, dir, name, status,
                             "no such file; expected the folder of `assay-sim run --out`");
    if (status != ASSAY_OK)
        return sim_load_fail(message, dir, name, status, "%s",
                             status == ASSAY_E_IO ? strerror(errno) : assay_status_text(status));
    *text = malloc(*len + 1);
    if (*text != NULL) {
        assay_bytes_copy(*text, *len + 1, bytes, *len);
        (*text)[*len] = '\0';
    }
    free(bytes);
    if (*text == NULL) return sim_load_fail(message, dir, name, ASSAY_E_MEMORY, "no memory");
    /* Lines are read as texts: a NUL would hide what follows. */
    if (strlen(*text) == *len) return ASSAY_OK;
    return sim_load_fail(message, dir, name, ASSAY_E_SYNTAX, "expected text, found a NUL");
}

static enum assay_status load_scenario(const char *dir, struct assay_sim_loaded *loaded,
                                       char *message)
{
    char *text = NULL;
    size_t len = 0;
    char name[128];
    (void)snprintf(name, sizeof name, "%.100s/scenario.yaml", dir);
    enum assay_status status =
        read_text(dir, "scenario.yaml", ASSAY_SIM_YAML_MAX, &text, &len, message);
    if (status == ASSAY_OK)
        status =
            assay_scenario_parse_yaml((const uint8_t *)text, len, name, &loaded->scenario, message);
    free(text);
    return status;
}

static enum assay_status load_summary(const char *dir, struct assay_sim_loaded *loaded,
                                      char *message)
{
    char *text = NULL;
    size_t len = 0;
    enum assay_status status =
        read_text(dir, "summary.json", ASSAY_JSON_LEN_MAX, &text, &len, message);
    if (status == ASSAY_OK) status = sim_load_summary(dir, text, len, loaded, message);
    free(text);
    return status;
}

typedef enum assay_status load_table(const char *dir, char *text, struct assay_sim_loaded *loaded,
                                     char *message);

static enum assay_status load_rows(const char *dir, const char *name, load_table *load,
                                   struct assay_sim_loaded *loaded, char *message)
{
    char *text = NULL;
    size_t len = 0;
    enum assay_status status = read_text(dir, name, TABLE_LEN_MAX, &text, &len, message);
    if (status == ASSAY_OK) status = load(dir, text, loaded, message);
    free(text);
    return status;
}

enum assay_status sim_load(const char *dir, struct assay_sim_loaded *loaded,
                           char message[static ASSAY_SIM_MESSAGE_MAX])
{
    *loaded = (struct assay_sim_loaded){ .reproduce = NULL };
    assay_sim_outcome_init(&loaded->outcome);
    ASSAY_TRY(load_scenario(dir, loaded, message));
    ASSAY_TRY(load_summary(dir, loaded, message));
    ASSAY_TRY(load_rows(dir, "epochs.csv", sim_load_epochs, loaded, message));
    return load_rows(dir, "roots.csv", sim_load_roots, loaded, message);
}

void sim_loaded_free(struct assay_sim_loaded *loaded)
{
    assay_sim_outcome_free(&loaded->outcome);
    free(loaded->reproduce);
    loaded->reproduce = NULL;
}

struct assay_sim_result sim_loaded_result(const struct assay_sim_loaded *loaded)
{
    return (struct assay_sim_result){ .scenario = &loaded->scenario,
                                      .outcome = &loaded->outcome,
                                      .reproduce = loaded->reproduce,
                                      .interrupted = loaded->interrupted };
}
