/*
 * apps/assay/members/change_list.c - `assay change submit` and `list`: submission to a running
 * node, and state of changes.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ submit */

static int hand_over(const struct assay_change_options *options, struct assay_slice bytes)
{
    static const char verb[] = "submit ";
    const size_t verb_len = sizeof verb - 1;
    const size_t size = verb_len + 2 * bytes.len + 1;
    char *request = malloc(size);
    struct assay_json *document = NULL;
    if (request == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    assay_bytes_copy(request, size, verb, verb_len);
    assay_hex_encode(bytes.bytes, bytes.len, request + verb_len, size - verb_len);
    int result = cli_change_request(options, request, &document);
    free(request);
    if (result != ASSAY_EXIT_OK) return result;
    if (options->json) {
        result = cli_print_document(document);
    } else {
        (void)printf("%s: ", options->file);
        cli_view_print("taken for epoch {activation}, offered in every epoch until a block has "
                       "it[?note ; {note}]\n",
                       assay_json_get(document, "data"), stdout);
    }
    assay_json_free(&document);
    return result;
}

int cli_change_run_submit(const struct assay_change_options *options)
{
    uint8_t *bytes = NULL;
    struct assay_change_draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    int result = cli_change_file_load(options, &bytes, draft);
    if (result == ASSAY_EXIT_OK) result = hand_over(options, draft->bytes);
    free(draft);
    free(bytes);
    return result;
}

/* ------------------------------------------------------------ list */

#define ACTIONS "[*actions              {.}\n]"
#define CHANGES(key, label)                                                                        \
    "[*" key " " label " change {sequence}, in force from epoch {activation:epoch}\n" ACTIONS "]"

/* Decided changes are final and their epoch has started, oldest first; reverted ones are marked. */
static const char list_view[] =
    "epoch      {epoch:epoch}; newest change in a block: {sequence}\n"
    "[*decided [?end=+end=none in force  |{end,-10}] [?sequence change {sequence}, ]"
    "[?end=+end=none since|it was for] epoch {activation:epoch}[?signers , signed by "
    "{signers}]\n" ACTIONS "]" CHANGES("waiting", "offered   ") CHANGES(
        "queue",
        "pending   ") "[?trial trial      change {trial.sequence} since epoch {trial.epoch:epoch}: "
                      "weight "
                      "{trial.suspended_weight} of {trial.total_weight} was suspended, "
                      "{trial.unjudged_weight} is not "
                      "yet appraised under it\n]"
                      "[?ended {ended.end,-10} change {ended.sequence}, by the close of epoch "
                      "{ended.epoch:epoch}"
                      "[?ended.total_weight : it suspended weight {ended.suspended_weight} of "
                      "{ended.total_weight}]"
                      "[?felled : {felled}]\n]"
                      "[*members [?stage!=&stage!=member {.:stage,-10} {name}, since epoch "
                      "{stage_epoch:epoch}\n]"
                      "[?maintenance_until [?maintenance_until<@^epoch |maintained {name}, epochs "
                      "{maintenance_from:epoch} to {maintenance_until:epoch}\n]]]";

int cli_change_run_list(const struct assay_change_options *options)
{
    struct assay_json *document = NULL;
    int result = cli_change_request(options, "changes", &document);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *data = assay_json_get(document, "data");
    if (options->json) result = cli_print_document(document);
    else cli_view_print(list_view, data, stdout);
    assay_json_free(&document);
    return result;
}
