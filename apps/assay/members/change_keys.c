/*
 * apps/assay/members/change_keys.c - actions of a draft that give an operator or a node a new key
 * (docs/protocol.md 9.6.7, 9.6.8).
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/text.h"
#include "apps/assay/members/identity_request.h"
#include "base/assert.h"
#include "engine/ledger/records/key_change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse_key(const struct assay_change_options *options, int exit, const char *why,
                      const char *what)
{
    return cli_print_error(options->json, exit,
                           exit == ASSAY_EXIT_NOT_FOUND ? "not_found" : "conflict", "%s: %s: %s",
                           cli_change_group(options), what, why);
}

/* The list that the change finds: in force, or as those that wait will leave it. */
static struct assay_slice operators_before(const struct assay_change_basis *basis, bool recovers)
{
    struct assay_slice operators = basis->operators;
    for (uint32_t i = 0; !recovers && i < basis->state.pending_count; i++) {
        struct assay_change pending;
        struct assay_action action;
        if (assay_change_record_read(basis->pending[i], &pending) != ASSAY_OK) continue;
        struct assay_cursor c = assay_cursor_over(pending.actions.bytes, pending.actions.len);
        for (uint32_t k = 0; k < pending.action_count; k++)
            if (assay_action_next(&c, &action) == ASSAY_OK &&
                (action.kind == ASSAY_ACTION_OPERATORS || action.kind == ASSAY_ACTION_OPERATOR_KEY))
                operators = action.document;
    }
    return operators;
}

static struct assay_genesis_operator *find_named(struct assay_genesis *list, const char *name,
                                                 size_t len)
{
    for (uint32_t i = 0; i < list->operator_count; i++)
        if (assay_slice_equal(list->operators[i].name, assay_slice_over(name, len)))
            return &list->operators[i];
    return NULL;
}

/* What a name is not among, and of which operator a key is. */
static int refuse_name(const struct assay_change_options *options, const struct assay_genesis *list)
{
    char names[256], why[sizeof names + 64];
    int len = 0;
    names[0] = '\0';
    for (uint32_t i = 0; i < list->operator_count && len >= 0 && len < (int)sizeof names; i++)
        len +=
            snprintf(names + len, sizeof names - (size_t)len, "%s%.*s", i > 0 ? ", " : "",
                     (int)list->operators[i].name.len, (const char *)list->operators[i].name.bytes);
    cli_text_mark_cut(names, sizeof names, len);
    (void)snprintf(why, sizeof why, "no operator has this name, expected one of %s",
                   len > 0 ? cli_text_sanitized(names) : "a list that is not here");
    return refuse_key(options, ASSAY_EXIT_NOT_FOUND, why, "--operator-key");
}

static int refuse_known_key(const struct assay_change_options *options,
                            const struct assay_genesis_operator *of)
{
    char name[ASSAY_NAME_MAX + 1], why[ASSAY_NAME_MAX + 80];
    (void)snprintf(name, sizeof name, "%.*s", (int)of->name.len, (const char *)of->name.bytes);
    (void)snprintf(why, sizeof why,
                   "the new key is that of operator %s, expected one that no "
                   "operator has",
                   cli_text_sanitized(name));
    return refuse_key(options, ASSAY_EXIT_CONFLICT, why, "--operator-key");
}

/* The list with the new key in the operator's place. */
static int make_list(const struct assay_change_options *options, struct assay_genesis *list,
                     struct assay_genesis_operator *o, struct assay_action *action,
                     uint8_t document[static ASSAY_OPERATORS_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(document, ASSAY_OPERATORS_LEN_MAX);
    for (uint32_t i = 0; i < list->operator_count; i++)
        if (assay_bytes_equal(list->operators[i].public_key, action->public_key,
                              sizeof action->public_key))
            return refuse_known_key(options, &list->operators[i]);
    assay_bytes_copy(action->node_id, 32, o->operator_id, 32);
    assay_bytes_copy(o->public_key, sizeof o->public_key, action->public_key,
                     sizeof action->public_key);
    assay_genesis_sort(list);
    const enum assay_status status = assay_operators_encode(list, &w);
    if (status != ASSAY_OK) return cli_change_fail(options, status, "the list of operators");
    action->document = assay_slice_over(w.bytes, w.len);
    return ASSAY_EXIT_OK;
}

/* The new key signs that it takes this place by this change. */
static int accept_key(const struct assay_change_options *options, const struct assay_change *head,
                      const char *key, struct assay_signer *signer, struct assay_action *action)
{
    uint8_t bytes[ASSAY_KEY_STATEMENT_LEN_MAX];
    struct cli_key_fault fault;
    const struct assay_slice statement = assay_operator_key_statement(
        head->chain_id, head->era, head->sequence, action->node_id, action->public_key, bytes);
    return cli_operator_key_sign(key, signer, statement, action->signature, &fault)
               ? ASSAY_EXIT_OK
               : cli_change_fail_key(options, &fault);
}

int cli_change_operator_key_draft(const struct assay_change_options *options,
                                  const struct assay_change_basis *basis, bool recovers,
                                  const struct assay_change *head, const char *argument,
                                  uint8_t document[static ASSAY_OPERATORS_LEN_MAX],
                                  struct assay_action *action)
{
    const char *const equals = strchr(argument, '=');
    const struct assay_slice before = operators_before(basis, recovers);
    struct assay_signer *signer = NULL;
    struct cli_key_fault fault;
    if (equals == NULL || equals == argument || equals[1] == '\0')
        return cli_print_error(options->json, ASSAY_EXIT_USAGE, "usage",
                               "%s: --operator-key: expected NAME=KEY, the operator's name and its "
                               "new key, as beta=beta-2.key",
                               cli_change_group(options));
    struct assay_genesis *const list = calloc(1, sizeof *list);
    if (list == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, "the list of operators");
    struct assay_genesis_operator *o = NULL;
    int result = ASSAY_EXIT_OK;
    if (before.len > 0 && assay_operators_decode(before, list) == ASSAY_OK)
        o = find_named(list, argument, (size_t)(equals - argument));
    list->operators_number = head->sequence;
    if (o == NULL) result = refuse_name(options, list);
    else if (!cli_operator_key_open(equals + 1, &signer, &fault))
        result = cli_change_fail_key(options, &fault);
    if (result == ASSAY_EXIT_OK) {
        assay_bytes_copy(action->public_key, sizeof action->public_key, assay_signer_public(signer),
                         sizeof action->public_key);
        result = make_list(options, list, o, action, document);
    }
    if (result == ASSAY_EXIT_OK) result = accept_key(options, head, equals + 1, signer, action);
    assay_signer_close(&signer);
    free(list);
    return result;
}

/* Another change took the number, or an era ended, since the node signed. */
static int refuse_number(const struct assay_change_options *options,
                         const struct assay_change *head,
                         const struct cli_identity_request *request, const char *path)
{
    char why[200];
    (void)snprintf(why, sizeof why,
                   "it is for change %llu of era %u, expected change %llu of era %u, which is "
                   "drafted here: make it again on the node, `assay keys rotate --identity --era "
                   "%u --sequence %llu --out FILE`",
                   (unsigned long long)request->sequence, (unsigned)request->era,
                   (unsigned long long)head->sequence, (unsigned)head->era, (unsigned)head->era,
                   (unsigned long long)head->sequence);
    return refuse_key(options, ASSAY_EXIT_CONFLICT, why, path);
}

int cli_change_identity_draft(const struct assay_change_options *options,
                              const struct assay_change *head, const char *path,
                              struct assay_action *action)
{
    struct cli_identity_request request;
    const char *field = NULL;
    const enum assay_status status = cli_identity_request_read(path, &request, &field);
    if (field != NULL)
        return cli_print_error(options->json, ASSAY_EXIT_MALFORMED, "malformed",
                               "%s: %s: %s: expected what `assay keys rotate --identity` wrote "
                               "there, found something else or nothing",
                               cli_change_group(options), path, field);
    if (status != ASSAY_OK)
        return cli_print_error(options->json,
                               status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND
                                                           : ASSAY_EXIT_MALFORMED,
                               status == ASSAY_E_NOT_FOUND ? "not_found" : "malformed",
                               "%s: %s: %s: expected what `assay keys rotate --identity` wrote",
                               cli_change_group(options), path, cli_file_fault(path, status));
    if (!assay_bytes_equal(request.chain_id, head->chain_id, 32))
        return refuse_key(options, ASSAY_EXIT_CONFLICT, "it is of a node of another network", path);
    if (request.era != head->era || request.sequence != head->sequence)
        return refuse_number(options, head, &request, path);
    assay_bytes_copy(action->node_id, 32, request.node_id, 32);
    assay_bytes_copy(action->public_key, sizeof action->public_key, request.public_key,
                     sizeof request.public_key);
    assay_bytes_copy(action->signature, sizeof action->signature, request.signature,
                     sizeof request.signature);
    return ASSAY_EXIT_OK;
}
