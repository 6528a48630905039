/*
 * net/runtime/document_registry.c - admin requests about services:
 *
 *   services | account HEX | tasks | task HEX | share HEX | drain GROUP
 *
 * The first is of the snapshot; the others are looked up in the registry when they are requested.
 * drain has the replicas of a group that follow this daemon move their seats.
 */
#include "host/services.h"
#include "net/documents/document_services.h"
#include "net/runtime/runtime_internal.h"

#include <string.h>

static char *no_services(struct assay_runtime *runtime, const char *what)
{
    const bool any = runtime->config.services != NULL;
    const bool whole = runtime_services_registry(runtime) != NULL;
    if (any && !whole)
        return document_error(runtime, "not_ready",
                              "this node does not have the documents of services yet");
    return document_error(runtime, "not_found", what);
}

static const struct assay_task_ledger *account_tasks(const struct assay_runtime *runtime)
{
    const struct assay_registry *const r = runtime_services_registry(runtime);
    return r != NULL ? assay_registry_tasks(r) : NULL;
}

static char *document_account(struct assay_runtime *runtime, const uint8_t id[static 32])
{
    struct assay_summary_account found;
    if (account_tasks(runtime) == NULL) return no_services(runtime, "this network has no accounts");
    ASSAY_ASSERT(runtime->config.services != NULL);
    assay_summary_set_account(&found, runtime_services_registry(runtime), id);
    return document_finish(runtime, "assay.account", assay_document_account(&found));
}

static char *document_task(struct assay_runtime *runtime, const uint8_t id[static 32])
{
    const struct assay_task_ledger *const ledger = account_tasks(runtime);
    if (ledger == NULL) return no_services(runtime, "this network has no tasks");
    const struct assay_task_row *const row = assay_task_ledger_find_task(ledger, id);
    if (row == NULL)
        return document_error(runtime, "not_found",
                              "no such task is remembered: rows of those that ended are used "
                              "again");
    ASSAY_ASSERT(assay_bytes_equal(row->task, id, 32));
    return document_finish(runtime, "assay.task",
                           assay_document_task(runtime_snapshot(runtime), row));
}

static char *document_share(struct assay_runtime *runtime, const uint8_t id[static 32])
{
    const struct assay_registry *const r = runtime_services_registry(runtime);
    const struct assay_share_registry *const shares = r != NULL ? assay_registry_shares(r) : NULL;
    if (shares == NULL) return no_services(runtime, "this network has no shares");
    const struct assay_share_row *const row = assay_share_registry_find(shares, id);
    if (row == NULL) return document_error(runtime, "not_found", "no secret has that id");
    ASSAY_ASSERT(assay_bytes_equal(row->id, id, 32));
    return document_finish(runtime, "assay.share",
                           assay_document_share(runtime_snapshot(runtime), shares, row));
}

static char *document_tasks(struct assay_runtime *runtime)
{
    const struct assay_task_ledger *const ledger = account_tasks(runtime);
    const struct assay_task_row *row = NULL;
    if (ledger == NULL) return no_services(runtime, "this network has no tasks");
    const struct assay_snapshot *const s = runtime_snapshot(runtime);
    struct assay_json *const data = assay_json_object(), *const list = assay_json_array();
    for (uint32_t at = 0; (row = assay_task_ledger_next_task(ledger, &at)) != NULL;)
        assay_json_append(list, assay_document_task(s, row));
    assay_json_set(data, "tasks", list);
    return document_finish(runtime, "assay.tasks", data);
}

uint32_t document_find_group(const struct assay_registry_plan *plan, const char *which, size_t len)
{
    ASSAY_ASSERT(plan->group_count <= ASSAY_PLAN_GROUPS_MAX);
    char text[ASSAY_PLAN_NAME_MAX + 1] = "";
    uint64_t number = 0;
    if (len >= sizeof text) return plan->group_count;
    assay_bytes_copy(text, sizeof text, which, len);
    for (uint32_t i = 0; i < plan->group_count; i++)
        if (strcmp(plan->group[i].name, text) == 0) return i;
    return assay_document_number(text, &number) && number < plan->group_count ? (uint32_t)number
                                                                              : plan->group_count;
}

/* docs/services.md 1.9.2. Whether its seat has moved is in the document of services. */
static char *document_drain(struct assay_runtime *runtime, const char *which)
{
    if (runtime->config.services == NULL)
        return document_error(runtime, "not_found", "this network has no groups");
    const struct assay_registry_plan *plan = &runtime->config.services->plan;
    const uint32_t number = document_find_group(plan, which, strlen(which));
    if (number == plan->group_count)
        return document_error(runtime, "not_found", "no group has that name or number");
    const uint32_t sent = runtime->service_server != NULL
                              ? assay_service_server_drain(runtime->service_server, number)
                              : 0;
    if (sent == 0)
        return document_error(runtime, "not_found",
                              "no replica of this group follows this daemon: ask the daemon beside "
                              "the replica, which assay-replica has as \"daemon\"");
    struct assay_json *const data = assay_json_object();
    assay_json_set_uint(data, "group", number);
    assay_json_set_text(data, "name", plan->group[number].name);
    assay_json_set_uint(data, "slot", runtime->self);
    assay_json_set_uint(data, "replicas", sent);
    return document_finish(runtime, "assay.drain", data);
}

char *document_services(struct assay_runtime *runtime, const char *command, const char *argument)
{
    static const struct {
        const char *command;
        char *(*of)(struct assay_runtime *runtime, const uint8_t id[static 32]);
    } rows[] = { { "account", document_account },
                 { "task", document_task },
                 { "share", document_share } };
    uint8_t id[32];
    if (strcmp(command, "services") == 0)
        return document_finish(runtime, "assay.services",
                               assay_document_services(runtime_snapshot(runtime)));
    if (strcmp(command, "tasks") == 0) return document_tasks(runtime);
    if (strcmp(command, "drain") == 0) return document_drain(runtime, argument);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(command, rows[i].command) != 0) continue;
        if (strlen(argument) == 64 && assay_hex_decode(argument, 64, id, 32) == ASSAY_OK)
            return rows[i].of(runtime, id);
        return document_error(runtime, "usage", "account, task, share: 64 hexadecimal digits");
    }
    return NULL;
}
