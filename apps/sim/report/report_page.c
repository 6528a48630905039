/*
 * apps/sim/report/report_page.c - report page around a document, as text and as a file.
 */
#include "apps/sim/report/report.h"
#include "base/file/file.h"
#include "web/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes ownership of content. Returns: NULL: no memory. */
static char *print_document(const char *kind, struct assay_json *content)
{
    struct assay_json *document = assay_json_object(), *const data = assay_json_object();
    assay_json_set(data, kind, content);
    assay_json_set_text(document, "schema", "assay.sim.page");
    assay_json_set_uint(document, "schema_version", 1);
    assay_json_set_text(document, "version", ASSAY_VERSION);
    assay_json_set(document, "data", data);
    char *const text = assay_json_print(document, 0);
    assay_json_free(&document);
    return text;
}

enum assay_status sim_document_text(const char *kind, struct assay_json *data, char **text)
{
    char *const json = data != NULL ? print_document(kind, data) : NULL;
    const bool made = json != NULL && asprintf(text, "%s\n", json) >= 0;
    free(json);
    return made ? ASSAY_OK : ASSAY_E_MEMORY;
}

enum assay_status sim_page_text(const char *kind, struct assay_json *data, char **text)
{
    char *bytes = NULL;
    size_t len = 0;
    char *const json = data != NULL ? print_document(kind, data) : NULL;
    FILE *const out = json != NULL ? open_memstream(&bytes, &len) : NULL;
    const bool good = out != NULL && assay_web_report_put(json, out);
    free(json);
    if (out != NULL && fclose(out) == 0 && good) {
        *text = bytes;
        return ASSAY_OK;
    }
    free(bytes);
    return ASSAY_E_MEMORY;
}

enum assay_status sim_page_write(const char *path, char *text,
                                 char message[static ASSAY_SIM_MESSAGE_MAX])
{
    enum assay_status status = ASSAY_E_MEMORY;
    if (text != NULL)
        status = assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, strlen(text)));
    free(text);
    if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%.350s: %.120s", path,
                       status == ASSAY_E_IO ? strerror(errno) : assay_status_text(status));
    return status;
}

enum assay_status sim_report_text(const struct assay_sim_result *runs, size_t run_count,
                                  char **text)
{
    return sim_page_text("runs", sim_report_data(runs, run_count), text);
}

enum assay_status sim_report_write(const char *path, const struct assay_sim_result *result,
                                   char message[static ASSAY_SIM_MESSAGE_MAX])
{
    char *text = NULL;
    const enum assay_status status = sim_report_text(result, 1, &text);
    return sim_page_write(path, status == ASSAY_OK ? text : NULL, message);
}
