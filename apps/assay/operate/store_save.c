/*
 * apps/assay/operate/store_save.c - `assay store save`: archive of the store of a running or
 * stopped daemon.
 *
 * A running daemon hands out its items; the newest state comes first, so what is asked for after it
 * reaches at least as far. Boundaries are asked for page by page, each from the epoch where the
 * last one ended.
 */
#include "apps/assay/operate/store.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/store_items.h"
#include "apps/assay/members/network.h"
#include "apps/client.h"
#include "engine/store/store_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ANSWER_MS = 30000 };

static int request_document(const char *command, const char *socket, const char *request,
                            struct assay_json **document)
{
    const enum assay_status asked = assay_client_request(socket, request, ANSWER_MS, document);
    if (asked != ASSAY_OK) {
        char fault[ASSAY_CLIENT_FAULT_LEN];
        assay_client_fault(socket, asked, fault);
        (void)fprintf(stderr, "%s: %s: %s\n", command, socket, fault);
        return asked == ASSAY_E_TIMEOUT ? ASSAY_EXIT_TIMEOUT : ASSAY_EXIT_UNREACHABLE;
    }
    if (strcmp(assay_json_text(*document, "schema", ""), "assay.error") != 0) return ASSAY_EXIT_OK;
    (void)fprintf(stderr, "%s: %s\n", command,
                  cli_text_of(assay_json_get(*document, "data"), "detail", "refused"));
    assay_json_free(document);
    return ASSAY_EXIT_INTERNAL;
}

static int fetch_class(const char *command, const char *socket, const char *name,
                       enum assay_store_class class_, struct assay_store *store)
{
    struct cli_items_position position = { 0 };
    for (bool more = true; more;) {
        char request[CLI_ITEMS_LINE];
        struct assay_json *document = NULL;
        cli_items_request(name, &position, request);
        const int asked = request_document(command, socket, request, &document);
        if (asked != ASSAY_EXIT_OK) return asked;
        const enum assay_status status =
            cli_items_put(store, class_, assay_json_get(document, "data"), &position, &more);
        assay_json_free(&document);
        if (status != ASSAY_OK) return cli_store_report_error(command, name, status);
    }
    return ASSAY_EXIT_OK;
}

static int open_socket(const char *command, const char *socket, struct assay_store **store)
{
    static const struct {
        const char *name;
        enum assay_store_class class_;
    } classes[] = { { "state", ASSAY_STORE_STATE },
                    { "changes", ASSAY_STORE_CHANGE },
                    { "boundaries", ASSAY_STORE_BOUNDARY },
                    { "finality", ASSAY_STORE_FINALITY },
                    { "anchors", ASSAY_STORE_ANCHOR } };
    int result = ASSAY_EXIT_OK;
    if (assay_store_memory_create(store) != ASSAY_OK)
        return cli_store_report_error(command, "start", ASSAY_E_MEMORY);
    for (size_t i = 0; result == ASSAY_EXIT_OK && i < sizeof classes / sizeof classes[0]; i++)
        result = fetch_class(command, socket, classes[i].name, classes[i].class_, *store);
    return result;
}

static int encode_archive(const char *command, const char *where, struct assay_store *store,
                          struct assay_store_file *file)
{
    struct assay_archive_plan plan;
    enum assay_status status = assay_archive_survey(store, &plan);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    if (status == ASSAY_OK && plan.len > ASSAY_ARCHIVE_LEN_MAX) status = ASSAY_E_RANGE;
    uint8_t *scratch = status == ASSAY_OK ? malloc(plan.value_len) : NULL;
    file->bytes = status == ASSAY_OK ? malloc(plan.len) : NULL;
    if (status == ASSAY_OK && (scratch == NULL || file->bytes == NULL)) status = ASSAY_E_MEMORY;
    struct assay_writer w = { 0 };
    if (status == ASSAY_OK) w = assay_writer_over(file->bytes, plan.len);
    if (status == ASSAY_OK)
        status = assay_archive_encode(store, &plan, scratch, plan.value_len, &w);
    free(scratch);
    file->len = w.len;
    if (status == ASSAY_E_NOT_FOUND) status = ASSAY_E_AGAIN; /* pruned since the survey */
    /* Written data is verified by reading it back. */
    if (status == ASSAY_OK)
        status = assay_archive_decode(assay_slice_over(file->bytes, w.len), &file->archive);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_store_report_error(command, where, status);
}

int cli_store_collect(const char *command, const char *socket, const char *path,
                      struct assay_store_file *file)
{
    struct assay_store *store = NULL;
    *file = (struct assay_store_file){ .bytes = NULL };
    int result = socket != NULL ? open_socket(command, socket, &store)
                                : cli_network_store(command, path, ", or use --socket", &store);
    if (result == ASSAY_EXIT_OK)
        result = encode_archive(command, socket != NULL ? socket : path, store, file);
    assay_store_close(&store);
    return result;
}

int cli_store_save(const struct assay_store_options *o)
{
    static const char command[] = "assay store save";
    struct assay_store_file file = { .bytes = NULL };
    const char *socket = o->socket;
    if (socket == NULL && o->file == NULL) socket = cli_daemon_default_socket();
    int result = cli_store_collect(command, socket, o->file, &file);
    if (result == ASSAY_EXIT_NOT_FOUND)
        (void)fprintf(stderr, "%s: no epoch was closed yet: there is nothing but the genesis\n",
                      command);
    if (result == ASSAY_EXIT_OK)
        result = cli_output_write(command, o->out, ASSAY_FILE_PUBLIC,
                                  assay_slice_over(file.bytes, file.len));
    if (result == ASSAY_EXIT_OK)
        (void)printf("%s: epoch %llu, %llu boundaries after epoch %llu\n", o->out,
                     (unsigned long long)file.archive.end.epoch,
                     (unsigned long long)file.archive.boundary_count,
                     (unsigned long long)file.archive.first);
    free(file.bytes);
    return result;
}
