/*
 * net/documents/document_registry.c - what the admin socket answers about services:
 *
 *   services | account HEX | tasks | task HEX | share HEX
 *
 * The first is of the snapshot; the others are looked up in the registry when they are asked for.
 */
#include "net/documents/document_services.h"
#include "net/runtime/runtime_internal.h"

#include <string.h>

static char *no_services(struct assay_host *host, const char *what)
{
    const bool any = host->config.services != NULL;
    const bool whole = host_services_registry(host) != NULL;
    if (any && !whole)
        return host_document_refuse(host, "not_ready",
                                    "this node does not have the documents of services yet");
    return host_document_refuse(host, "not_found", what);
}

static const struct assay_task_ledger *tasks_of(const struct assay_host *host)
{
    const struct assay_registry *const r = host_services_registry(host);
    return r != NULL ? assay_registry_tasks(r) : NULL;
}

static char *account(struct assay_host *host, const uint8_t id[static 32])
{
    struct assay_summary_account found;
    if (tasks_of(host) == NULL) return no_services(host, "this network has no accounts");
    assay_summary_account_take(&found, host_services_registry(host), id);
    return host_document_finish(host, "assay.account", assay_document_account(&found));
}

static char *task(struct assay_host *host, const uint8_t id[static 32])
{
    const struct assay_task_ledger *const ledger = tasks_of(host);
    if (ledger == NULL) return no_services(host, "this network has no tasks");
    const struct assay_task_row *const row = assay_task_ledger_task(ledger, id);
    if (row == NULL)
        return host_document_refuse(host, "not_found",
                                    "no such task is remembered: rows of those that ended are used "
                                    "again");
    return host_document_finish(host, "assay.task", assay_document_task(host_snapshot(host), row));
}

static char *share(struct assay_host *host, const uint8_t id[static 32])
{
    const struct assay_registry *const r = host_services_registry(host);
    const struct assay_share_registry *const shares = r != NULL ? assay_registry_shares(r) : NULL;
    if (shares == NULL) return no_services(host, "this network has no shares");
    const struct assay_share_row *const row = assay_share_registry_find(shares, id);
    if (row == NULL) return host_document_refuse(host, "not_found", "no secret has that id");
    return host_document_finish(host, "assay.share",
                                assay_document_share(host_snapshot(host), shares, row));
}

static char *tasks(struct assay_host *host)
{
    const struct assay_task_ledger *const ledger = tasks_of(host);
    const struct assay_task_row *row = NULL;
    if (ledger == NULL) return no_services(host, "this network has no tasks");
    const struct assay_snapshot *const s = host_snapshot(host);
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    for (uint32_t at = 0; (row = assay_task_ledger_next(ledger, &at)) != NULL;)
        assay_json_append(list, assay_document_task(s, row));
    assay_json_set(data, "tasks", list);
    return host_document_finish(host, "assay.tasks", data);
}

char *host_document_service(struct assay_host *host, const char *command, const char *argument)
{
    static const struct {
        const char *command;
        char *(*of)(struct assay_host *host, const uint8_t id[static 32]);
    } rows[] = { { "account", account }, { "task", task }, { "share", share } };
    uint8_t id[32];
    if (strcmp(command, "services") == 0)
        return host_document_finish(host, "assay.services",
                                    assay_document_services(host_snapshot(host)));
    if (strcmp(command, "tasks") == 0) return tasks(host);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(command, rows[i].command) != 0) continue;
        if (strlen(argument) == 64 && assay_hex_decode(argument, 64, id, 32) == ASSAY_OK)
            return rows[i].of(host, id);
        return host_document_refuse(host, "usage", "account, task, share: 64 hexadecimal digits");
    }
    return NULL;
}
