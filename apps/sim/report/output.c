/*
 * apps/sim/report/output.c - output files of a run.
 */
#include "apps/sim/report/output.h"
#include "apps/sim/report/report.h"
#include "base/file/file.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum assay_status report_io_error(const char *path, enum assay_status status, char *message)
{
    const char *why = status == ASSAY_E_IO ? strerror(errno) : assay_status_text(status);
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.350s: %.120s", path, why);
    return status;
}

static enum assay_status write_text(const char *dir, const char *name, const char *text, size_t len,
                                    char *message)
{
    char path[PATH_MAX];
    const int used = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (used < 0 || (size_t)used >= sizeof path)
        return report_io_error(dir, ASSAY_E_RANGE, message);
    if (text == NULL) return report_io_error(path, ASSAY_E_MEMORY, message);
    const enum assay_status status =
        assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, len));
    return status == ASSAY_OK ? ASSAY_OK : report_io_error(path, status, message);
}

/* Takes text of malloc over. */
static enum assay_status write_made(const char *dir, const char *name, char *text, char *message)
{
    const enum assay_status status =
        write_text(dir, name, text, text != NULL ? strlen(text) : 0, message);
    free(text);
    return status;
}

static enum assay_status write_scenario(const char *dir, const struct assay_scenario *scenario,
                                        char *message)
{
    struct assay_slice text = { NULL, 0 };
    uint8_t *bytes = malloc(ASSAY_SIM_YAML_MAX);
    struct assay_writer w = assay_writer_over(bytes, bytes != NULL ? ASSAY_SIM_YAML_MAX : 0);
    enum assay_status status = ASSAY_E_MEMORY;
    if (bytes != NULL) {
        assay_scenario_put_yaml(scenario, &w);
        status = assay_writer_finish(&w, &text);
    }
    status = status == ASSAY_OK
                 ? write_text(dir, "scenario.yaml", (const char *)text.bytes, text.len, message)
                 : report_io_error("scenario.yaml", status, message);
    free(bytes);
    return status;
}

static enum assay_status write_summary(const char *dir, const struct assay_sim_result *result,
                                       char *message)
{
    struct assay_json *document = assay_json_object();
    assay_json_set_text(document, "schema", "assay.sim.run");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set(document, "data", sim_summary(result));
    char *text = assay_json_print(document, 2), *line = NULL;
    assay_json_free(&document);
    if (text != NULL && asprintf(&line, "%s\n", text) < 0) line = NULL;
    free(text);
    return write_made(dir, "summary.json", line, message);
}

static enum assay_status write_report(const char *dir, const struct assay_sim_result *result,
                                      char *message)
{
    char path[PATH_MAX];
    const int used = snprintf(path, sizeof path, "%s/report.html", dir);
    if (used < 0 || (size_t)used >= sizeof path)
        return report_io_error(dir, ASSAY_E_RANGE, message);
    return sim_report_write(path, result, message);
}

/* Removed first: if this run stops early, an older summary must not describe its files. */
static enum assay_status remove_summary(const char *dir, char *message)
{
    char path[PATH_MAX];
    const int used = snprintf(path, sizeof path, "%s/summary.json", dir);
    if (used < 0 || (size_t)used >= sizeof path)
        return report_io_error(dir, ASSAY_E_RANGE, message);
    if (unlink(path) == 0 || errno == ENOENT) return ASSAY_OK;
    return report_io_error(path, ASSAY_E_IO, message);
}

enum assay_status sim_output_write(const char *dir, const struct assay_sim_result *result,
                                   char message[static ASSAY_SIM_MESSAGE_MAX])
{
    ASSAY_TRY(remove_summary(dir, message));
    ASSAY_TRY(write_made(dir, "epochs.csv", sim_csv_epochs(result), message));
    ASSAY_TRY(write_made(dir, "roots.csv", sim_csv_roots(result), message));
    ASSAY_TRY(write_scenario(dir, result->scenario, message));
    ASSAY_TRY(write_report(dir, result, message));
    return write_summary(dir, result, message); /* last: it exists only when all others do */
}
