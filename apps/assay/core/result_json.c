/*
 * apps/assay/core/result_json.c - JSON result of verbs that create something.
 */
#include "apps/assay/core/result_json.h"

#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"

struct assay_json *cli_result_json(const char *verb, const char *const *files)
{
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    assay_json_set_text(data, "verb", verb);
    for (size_t i = 0; files[i] != NULL; i++)
        assay_json_append_text(list, files[i]);
    assay_json_set(data, "files", list);
    return data;
}

int cli_result_print(struct assay_json *data, const char *view)
{
    return cli_view_result(cli_json_mode_is_on(), "assay.made", data, view);
}

int cli_result_json_print(struct assay_json *data)
{
    return cli_print_envelope("assay.made", data);
}
