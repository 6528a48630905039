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

/* Decided changes are final and their epoch has started, oldest first; each says what it is now. */
static const char list_view[] =
    "epoch      {epoch:epoch}; newest change in a block: {sequence}"
    "[?level!= ; feature level in force: {level}]\n"
    "[*decided {now,-10} [?sequence change {sequence}, ][?end=+end=none since|it was for] epoch "
    "{activation:epoch}[?now=over  until epoch {until:epoch}][?by  until change {by}]"
    "[?signers , signed by {signers}]\n"
    "[*rows              {action}[?by  (superseded by change {by})]\n]]" CHANGES("waiting",
                                                                                 "offered   ")
        CHANGES("queue", "pending   ") "[?trial trial      change {trial.sequence} since "
                                       "epoch {trial.epoch:epoch}: weight "
                                       "{trial.suspended_weight} of {trial.total_weight} was "
                                       "suspended, {trial.unjudged_weight} is not "
                                       "yet appraised under it\n]"
                                       "[?ended {ended.end,-10} change {ended.sequence}, by "
                                       "the close of epoch {ended.epoch:epoch}"
                                       "[?ended.total_weight : it suspended weight "
                                       "{ended.suspended_weight} of {ended.total_weight}]"
                                       "[?felled : {felled}]\n]"
                                       "[*members [?stage!=&stage!=member {.:stage,-10} "
                                       "{name}, since epoch {stage_epoch:epoch}\n]"
                                       "[?maintenance_until [?maintenance_until<@^epoch "
                                       "|maintained {name}, epochs {maintenance_from:epoch} "
                                       "to {maintenance_until:epoch}\n]]]";

/* Number of the change that superseded an action; 0: it is in force, or the daemon is of a version
 * that does not name it. */
static uint64_t superseded_by(const struct assay_json *change, size_t action)
{
    int64_t by = 0;
    const struct assay_json *const list = assay_json_get(change, "superseded_by");
    return assay_json_as_int(assay_json_at(list, action), &by) && by > 0 ? (uint64_t)by : 0;
}

/* "in force", "superseded" as a whole, "over" or how it ended. Out: *by: the last change that
 * superseded a part of it */
static const char *state_now(const struct assay_json *change, uint64_t epoch, uint64_t *by)
{
    const size_t count = assay_json_count(assay_json_get(change, "actions"));
    const char *const end = assay_json_text(change, "end", "none");
    size_t superseded = 0;
    *by = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t one = superseded_by(change, i);
        superseded += one != 0;
        if (one > *by) *by = one;
    }
    if (strcmp(end, "none") != 0) return end;
    if (assay_json_uint(change, "until", UINT64_MAX) < epoch) return "over";
    return count > 0 && superseded == count ? "superseded" : "in force";
}

static struct assay_json *decided_row(const struct assay_json *change, uint64_t epoch)
{
    struct assay_json *const row = assay_json_copy(change);
    const struct assay_json *const actions = assay_json_get(change, "actions");
    uint64_t by = 0;
    const char *const now = state_now(change, epoch, &by);
    const bool is_whole = strcmp(now, "superseded") == 0;
    struct assay_json *const rows = assay_json_set_array(row, "rows");
    for (size_t i = 0; i < assay_json_count(actions); i++) {
        struct assay_json *const action = assay_json_append_object(rows);
        assay_json_set(action, "action", assay_json_copy(assay_json_at(actions, i)));
        assay_json_set_uint(action, "by", is_whole ? 0 : superseded_by(change, i));
    }
    assay_json_set_text(row, "now", now);
    assay_json_set_uint(row, "by", is_whole ? by : 0);
    return row;
}

static void print_list(const struct assay_json *data)
{
    const struct assay_json *const list = assay_json_get(data, "decided");
    struct assay_json *page = assay_json_copy(data), *const decided = assay_json_array();
    for (size_t i = 0; i < assay_json_count(list); i++)
        assay_json_append(decided,
                          decided_row(assay_json_at(list, i), assay_json_uint(data, "epoch", 0)));
    assay_json_set(page, "decided", decided);
    cli_view_print(list_view, page, stdout);
    assay_json_free(&page);
}

int cli_change_run_list(const struct assay_change_options *options)
{
    struct assay_json *document = NULL;
    int result = cli_change_request(options, "changes", &document);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_json *data = assay_json_get(document, "data");
    if (options->json) result = cli_print_document(document);
    else print_list(data);
    assay_json_free(&document);
    return result;
}
