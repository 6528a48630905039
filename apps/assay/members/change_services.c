/*
 * apps/assay/members/change_services.c - service actions of a change: the merged plan, and a text
 * of the additions and changes (docs/protocol.md 12.7: services of a network).
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/config.h"
#include "services/registry/plan.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------ drafting */

struct plans {
    struct assay_registry_plan before, added, sum;
};

static enum assay_status add_up(struct plans *p, struct assay_slice before, uint8_t *bytes,
                                struct assay_slice *document, const char **why)
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_PLAN_LEN_MAX);
    const bool any = before.len > 0;
    *why = "the plan of services in force cannot be read by this build";
    if (any) ASSAY_TRY(assay_registry_plan_decode(before, &p->before));
    ASSAY_TRY(assay_registry_plan_add(any ? &p->before : NULL, &p->added, &p->sum, why));
    *why = "together they are beyond the limits of a plan";
    ASSAY_TRY(assay_registry_plan_encode(&p->sum, &w));
    return assay_writer_finish(&w, document);
}

int cli_change_services_draft(const struct assay_change_options *options, struct assay_slice before,
                              uint32_t epoch_ms, const char *path, uint8_t *bytes,
                              struct assay_slice *document)
{
    char message[ASSAY_CONFIG_MESSAGE_MAX] = "";
    const char *why = "";
    struct plans *p = calloc(1, sizeof *p);
    if (p == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, path);
    enum assay_status status = assay_config_services_load(path, epoch_ms, &p->added, message);
    if (status != ASSAY_OK) {
        free(p);
        return cli_print_error(options->json, ASSAY_EXIT_USAGE, "usage", "%s: %s",
                               cli_change_group(options), message);
    }
    status = add_up(p, before, bytes, document, &why);
    free(p);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(options->json, ASSAY_EXIT_CONFLICT, "conflict",
                           "%s: --services %s: %s (%s)", cli_change_group(options), path, why,
                           assay_status_text(status));
}

/* ------------------------------------------------------------ telling */

static struct assay_json *service_json(const char *kind, bool new)
{
    struct assay_json *const object = assay_json_object();
    assay_json_set_text(object, "service", kind);
    assay_json_set_bool(object, "new", new);
    return object;
}

static struct assay_json *group_json(const struct assay_registry_plan *plan, uint32_t i, bool new)
{
    struct assay_json *const object = service_json("group", new);
    assay_json_set_text(object, "name", plan->group[i].name);
    assay_json_set_uint(object, "number", i);
    assay_json_set_uint(object, "size", plan->group[i].size);
    assay_json_set_uint(object, "instances", plan->group[i].instances_max);
    return object;
}

static struct assay_json *shares_json(const struct assay_registry_plan *plan, bool new)
{
    struct assay_json *const object = service_json("shares", new);
    assay_json_set_uint(object, "clusters", plan->shares.clusters);
    assay_json_set_uint(object, "slots", plan->shares.slots);
    assay_json_set_uint(object, "threshold", plan->shares.k);
    assay_json_set_uint(object, "confirmations", plan->shares.confirmations);
    assay_json_set_uint(object, "ids", plan->shares.ids_max);
    return object;
}

/* Whoever signs it makes the money. */
static struct assay_json *tasks_json(const struct assay_registry_plan *plan, bool new)
{
    struct assay_json *const object = service_json("tasks", new);
    struct assay_json *const balances = assay_json_array();
    assay_json_set_uint(object, "accounts", plan->tasks.accounts_max);
    assay_json_set_uint(object, "tasks", plan->tasks.tasks_max);
    for (uint32_t i = 0; i < plan->tasks.balance_count; i++) {
        struct assay_json *const balance = assay_json_append_object(balances);
        assay_json_set_hex(balance, "account", plan->tasks.balance[i].account, 32);
        assay_json_set_uint(balance, "amount", plan->tasks.balance[i].amount);
    }
    assay_json_set(object, "balances", balances);
    return object;
}

static struct assay_json *identity_json(const struct assay_registry_plan *before,
                                        const struct assay_registry_plan *plan)
{
    struct assay_json *const object = cli_identity_plan_json(plan);
    const bool is_changed =
        before->has_identity && !assay_registry_plan_has_same_terms(before, plan);
    assay_json_set_text(object, "service", "identity");
    assay_json_set_bool(object, "new", !before->has_identity);
    assay_json_set_bool(object, "changed", is_changed);
    return object;
}

struct assay_json *cli_change_services_json(struct assay_slice before, struct assay_slice after)
{
    struct assay_json *const list = assay_json_array();
    struct plans *p = calloc(1, sizeof *p);
    if (p != NULL && assay_registry_plan_decode(after, &p->sum) == ASSAY_OK) {
        if (before.len == 0 || assay_registry_plan_decode(before, &p->before) != ASSAY_OK)
            p->before = (struct assay_registry_plan){ 0 };
        for (uint32_t i = 0; i < p->sum.group_count; i++)
            assay_json_append(list, group_json(&p->sum, i, i >= p->before.group_count));
        if (p->sum.has_shares) assay_json_append(list, shares_json(&p->sum, !p->before.has_shares));
        if (p->sum.has_tasks) assay_json_append(list, tasks_json(&p->sum, !p->before.has_tasks));
        if (p->sum.has_identity) assay_json_append(list, identity_json(&p->before, &p->sum));
    }
    free(p);
    return list;
}

struct assay_json *cli_change_services_of(const struct assay_change_source *source,
                                          const struct assay_change *change)
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    struct assay_slice before = { 0 }, after = { 0 };
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        if (assay_action_next(&c, &action) != ASSAY_OK) break;
        if (action.kind == ASSAY_ACTION_SERVICES) after = action.document;
    }
    if (after.len == 0) return NULL;
    if (source != NULL && source->basis != NULL) before = assay_draft_plan(source->basis);
    return cli_change_services_json(before, after);
}

static const char services_view[] =
    "services       [?new new|[?changed changed|as before]]: "
    "[?service=group group {name} (number {number}), {size} replicas, at most {instances} "
    "instances\n"
    "|[?service=shares shares, {threshold} of {slots} in {clusters} clusters, {confirmations} "
    "confirmations, at most {ids} ids\n"
    "|[?service=identity identity {trust_domain}, issuer {issuer}, {validity} s, {refresh} epochs "
    "a generation, rollover {rollover}, every {rollover_epochs} epochs, next for {next_epochs}, "
    "old "
    "for {old_epochs}[?replace , numbers up to {replace} are replaced][?retire , numbers up to "
    "{retire} are retired at once]\n"
    "[*names   name         {name}, standing {min_standing}\n"
    "[*references     reference  {field} {value}\n]]"
    "|tasks, at most {tasks} at once, {accounts} accounts\n"
    "[*balances   balance      {account}: {amount}\n]]]]";

void cli_change_services_print(const struct assay_json *list)
{
    for (size_t i = 0; i < assay_json_count(list); i++)
        cli_view_print(services_view, assay_json_at(list, i), stdout);
}
