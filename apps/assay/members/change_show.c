/*
 * apps/assay/members/change_show.c - `assay change show`: actions, difference of the policies,
 * present and missing signatures.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/evidence_print.h"
#include "net/verifier/rule_documents.h"
#include "quote/accept/policy_diff.h"
#include "scoring/weight.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name is untrusted and printed on a terminal. */
static void name_text(struct assay_slice name, char text[static ASSAY_NAME_MAX + 1])
{
    size_t len = 0;
    for (; len < name.len && len < ASSAY_NAME_MAX; len++) {
        const uint8_t b = name.bytes[len];
        text[len] = (char)(b >= 0x20 && b < 0x7f ? b : '?');
    }
    text[len] = '\0';
}

/* ------------------------------------------------------------ actions and policy */

/* Who would decide from then on. */
static void put_operators(struct assay_json *object, struct assay_slice document)
{
    struct assay_genesis *g = calloc(1, sizeof *g);
    struct assay_json *list = assay_json_array();
    if (g != NULL && assay_operators_decode(document, g) == ASSAY_OK) {
        assay_json_set_uint(object, "threshold", g->threshold);
        for (uint32_t i = 0; i < g->operator_count; i++) {
            char name[ASSAY_NAME_MAX + 1];
            struct assay_json *const o = assay_json_append_object(list);
            name_text(g->operators[i].name, name);
            assay_json_set_text(o, "name", name);
            assay_json_set_hex(o, "operator_id", g->operators[i].operator_id, 32);
        }
    }
    assay_json_set(object, "operators", list);
    free(g);
}

/* Parameters are replaced as a whole: operators sign what differs from those that it finds. */
static void put_parameters(struct assay_json *object,
                           const struct assay_genesis_parameters *parameters,
                           const struct assay_rules_in_force *found)
{
    struct assay_change_parameter now[ASSAY_CHANGE_PARAMETERS], then[ASSAY_CHANGE_PARAMETERS];
    const struct assay_action before = { .kind = ASSAY_ACTION_PARAMETERS,
                                         .parameters = found->parameters };
    static const struct assay_state no_members; /* parameters name no member */
    char words[ASSAY_CHANGE_WORDS];
    assay_draft_format_action(&no_members, &before, words);
    assay_json_set_text(object, "before", words);
    assay_draft_list_parameters(&found->parameters, now);
    assay_draft_list_parameters(parameters, then);
    struct assay_json *const list = assay_json_set_array(object, "parameters");
    for (size_t i = 0; i < ASSAY_CHANGE_PARAMETERS; i++) {
        if (strcmp(now[i].value, then[i].value) == 0) continue;
        struct assay_json *const one = assay_json_append_object(list);
        assay_json_set_text(one, "name", now[i].name);
        assay_json_set_text(one, "before", now[i].value);
        assay_json_set_text(one, "after", then[i].value);
    }
}

/* found: NULL, or the rules that it finds. */
static struct assay_json *actions_json(const struct assay_state *state,
                                       const struct assay_change *change,
                                       const struct assay_rules_in_force *found)
{
    struct assay_json *list = assay_json_array();
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        char words[ASSAY_CHANGE_WORDS];
        if (assay_action_next(&c, &action) != ASSAY_OK) break;
        assay_draft_format_action(state, &action, words);
        struct assay_json *object = assay_json_object();
        assay_json_set_text(object, "action", assay_action_name(action.kind));
        assay_json_set_text(object, "words", words);
        if (action.kind == ASSAY_ACTION_OPERATORS || action.kind == ASSAY_ACTION_OPERATOR_KEY)
            put_operators(object, action.document);
        if (action.kind == ASSAY_ACTION_PARAMETERS && found != NULL)
            put_parameters(object, &action.parameters, found);
        assay_json_append(list, object);
    }
    return list;
}

/* The policy that it brings against the one that it finds; NULL when it brings none. */
static struct assay_json *policy_json(const struct assay_change_options *options,
                                      const struct assay_change_source *source,
                                      const struct assay_change *change,
                                      const struct assay_rules_in_force *found)
{
    static const char *const effects[] = { "looser", "stricter", "either" };
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    struct assay_slice document = { 0 };
    struct assay_json *list = NULL;
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        if (assay_action_next(&c, &action) != ASSAY_OK) break;
        if (action.kind == ASSAY_ACTION_POLICY) document = action.document;
    }
    if (document.len == 0) return NULL;
    struct assay_ruleset now;
    struct assay_policy *next = calloc(1, sizeof *next);
    struct assay_policy_changes *changes = calloc(1, sizeof *changes);
    if (cli_change_rules_of(options, source, NULL, found, &now) == ASSAY_EXIT_OK && next != NULL &&
        changes != NULL && assay_policy_decode(document.bytes, document.len, next) == ASSAY_OK) {
        list = assay_json_array();
        assay_policy_diff(now.policy, next, changes);
        for (uint32_t i = 0; i < changes->count; i++) {
            struct assay_json *const item = assay_json_append_object(list);
            assay_json_set_text(item, "effect", effects[changes->changes[i].effect]);
            assay_json_set_text(item, "what", changes->changes[i].what.text);
            assay_json_set_text(item, "before", changes->changes[i].before.text);
            assay_json_set_text(item, "after", changes->changes[i].after.text);
        }
    }
    assay_ruleset_close(&now);
    free(next);
    free(changes);
    return list;
}

void cli_change_put_effect(const struct assay_change_options *options,
                           const struct assay_change_source *source,
                           const struct assay_change *change, uint64_t sequence,
                           struct assay_json *data)
{
    static const struct assay_state no_members;
    const bool has_state = source != NULL && source->basis != NULL;
    struct assay_rules_in_force found;
    uint64_t after = 0;
    const bool has_rules = has_state && cli_change_rules_before(options, source, sequence, &found,
                                                                &after) == ASSAY_EXIT_OK;
    assay_json_set(data, "actions",
                   actions_json(has_state ? &source->basis->state : &no_members, change,
                                has_rules ? &found : NULL));
    struct assay_json *const services = cli_change_services_of(source, change);
    if (services != NULL) assay_json_set(data, "services", services);
    if (!has_rules) return;
    if (after != 0) assay_json_set_uint(data, "after", after);
    struct assay_json *const policy = policy_json(options, source, change, &found);
    if (policy != NULL) assay_json_set(data, "policy_changes", policy);
}

/* ------------------------------------------------------------ signatures */

static struct assay_json *signature_json(const struct assay_change_source *source,
                                         const struct assay_change_draft *draft, uint32_t i)
{
    const struct assay_genesis *effective =
        source != NULL ? source->basis->effective.genesis : NULL;
    struct assay_json *object = assay_json_object();
    assay_json_set_hex(object, "operator_id", draft->signers[i], 32);
    if (effective == NULL) return object;
    char name[ASSAY_NAME_MAX + 1] = "";
    const struct assay_genesis_operator *o = assay_operator_find(effective, draft->signers[i]);
    if (o != NULL) name_text(o->name, name);
    assay_json_set_text(object, "name", name);
    assay_json_set_bool(object, "good", assay_draft_signature_is_valid(effective, draft, i));
    return object;
}

static bool has_signed(const struct assay_change_draft *draft, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < draft->signature_count; i++)
        if (assay_bytes_equal(draft->signers[i], id, 32)) return true;
    return false;
}

/* Announcements are signed by the operator of the members that they name. */
static bool is_asked(const struct assay_state *state, const struct assay_change *change,
                     const uint8_t id[static 32])
{
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    if (change->sequence != 0) return true;
    for (uint32_t i = 0; i < change->action_count; i++) {
        struct assay_action action;
        if (assay_action_next(&c, &action) != ASSAY_OK) return false;
        const uint32_t slot = assay_state_slot_of(state, action.node_id);
        if (slot < state->member_count &&
            assay_bytes_equal(state->members[slot].operator_id, id, 32))
            return true;
    }
    return false;
}

static void put_signatures(struct assay_json *data, const struct assay_change_source *source,
                           const struct assay_change_draft *draft)
{
    struct assay_json *list = assay_json_array(), *missing = assay_json_array();
    for (uint32_t i = 0; i < draft->signature_count; i++)
        assay_json_append(list, signature_json(source, draft, i));
    assay_json_set(data, "signatures", list);
    if (source == NULL) {
        assay_json_free(&missing);
        return;
    }
    const struct assay_genesis *effective = source->basis->effective.genesis;
    const uint32_t needed = draft->change.sequence == 0 ? 1 : effective->threshold;
    for (uint32_t i = 0; i < effective->operator_count; i++) {
        char name[ASSAY_NAME_MAX + 1];
        name_text(effective->operators[i].name, name);
        const uint8_t *id = effective->operators[i].operator_id;
        if (!has_signed(draft, id) && is_asked(&source->basis->state, &draft->change, id))
            assay_json_append_text(missing, name);
    }
    assay_json_set_uint(data, "signatures_needed", needed);
    assay_json_set(data, "not_signed", missing);
}

/* ------------------------------------------------------------ quorum */

/* NULL: it concerns no weight, or does not fit. */
static struct assay_json *quorum_json(const struct assay_change_options *options,
                                      const struct assay_change_source *source,
                                      const struct assay_change *change)
{
    char message[ASSAY_CHANGE_MESSAGE];
    struct assay_tolerance after;
    bool lost = false;
    if (source == NULL || change->sequence == 0) return NULL;
    if (assay_draft_stage(source->basis, change, message) != ASSAY_OK) return NULL;
    assay_draft_compute_weights(source->basis, &source->basis->stage, &after);
    struct assay_json *quorum = cli_change_quorum_json(options, source->basis, NULL, &after, &lost);
    const bool same =
        assay_json_uint(quorum, "weight_now", 0) == assay_json_uint(quorum, "weight_then", 0) &&
        assay_json_uint(quorum, "voters_now", 0) == assay_json_uint(quorum, "voters_then", 0);
    if (same && !lost) assay_json_free(&quorum);
    return quorum;
}

/* ------------------------------------------------------------ the document, and the text of it */

static struct assay_json *document_of(const struct assay_change_options *options,
                                      const struct assay_change_source *source,
                                      const struct assay_change_draft *draft)
{
    const struct assay_change *change = &draft->change;
    struct assay_json *data = assay_json_object();
    assay_json_set_hex(data, "chain_id", change->chain_id, 32);
    assay_json_set_uint(data, "era", change->era);
    assay_json_set_uint(data, "sequence", change->sequence);
    assay_json_set_uint(data, "activation", change->activation);
    assay_json_set_uint(data, "forces", change->forces);
    assay_json_set_hex(data, "digest", draft->digest, sizeof draft->digest);
    cli_change_put_effect(options, source, change, change->sequence, data);
    put_signatures(data, source, draft);
    struct assay_json *quorum = quorum_json(options, source, change);
    if (quorum != NULL) assay_json_set(data, "quorum", quorum);
    if (source == NULL) return data;
    char message[ASSAY_CHANGE_MESSAGE], note[2 * ASSAY_CHANGE_MESSAGE];
    const enum assay_status status =
        assay_draft_review(source->basis, draft, draft->signature_count > 0, message);
    cli_change_number_note(source, draft, note);
    assay_json_set_uint(data, "epoch", source->basis->state.epoch + 1);
    assay_json_set_bool(data, "fit", status == ASSAY_OK);
    assay_json_set_text(data, "note", note[0] != '\0' ? note : message);
    return data;
}

static bool brings_policy(const struct assay_json *actions)
{
    for (size_t i = 0; i < assay_json_count(actions); i++)
        if (strcmp(assay_json_text(assay_json_at(actions, i), "action", ""), "policy") == 0)
            return true;
    return false;
}

static const char actions_view[] =
    "[?after after          change {after}, which waits: compared with what it leaves\n]"
    "[*actions action         [?before parameters\n"
    "[*parameters                {name}: {before} -> {after}\n"
    "|               all as they are in force\n]|{words}\n"
    "[?action=parameters                these are all parameters: without a node it is not known "
    "which of them differ (--socket)\n]]"
    "[*operators   operator     {operator_id} {name}, {<threshold} of {<#operators} must sign\n]]"
    "[*policy_changes policy         {effect}: {what}: {before} -> {after}\n]";

void cli_change_print_effect(const struct assay_json *data)
{
    cli_view_print(actions_view, data, stdout);
    if (assay_json_get(data, "policy_changes") == NULL &&
        brings_policy(assay_json_get(data, "actions")))
        (void)puts("policy         not compared: no node was queried, or its policy cannot be "
                   "read");
    cli_change_services_print(assay_json_get(data, "services"));
}

/* An epoch is there where a node was queried. */
static const char head_view[] =
    "[?sequence change         {sequence}|announcement   of one operator], in force from epoch "
    "{activation}[?forces , without a trial]\n"
    "[?epoch!= now            epoch {epoch}\n"
    "|note           names, effect and required signatures unknown: no node was queried "
    "(--socket)\n]";

static const char signatures_view[] =
    "[*signatures signed         {operator_id}[?name  {name}][?^epoch!= [?!good : WRONG, "
    "[?name the signature does not verify|not an operator of this network]]"
    "| (not verified: no node was queried)]\n]"
    "[*not_signed not signed     {.}\n]"
    "[?signatures_needed!= signatures     {#signatures?good} valid of {signatures_needed} "
    "needed\n]";
static const char note_view[] = "[?note note           {note}\n]";

static int print_change(const struct assay_change_options *options,
                        const struct assay_change_source *source,
                        const struct assay_change_draft *draft, bool is_signed)
{
    struct assay_json *data = document_of(options, source, draft);
    if (options->json) return cli_print_envelope("assay.change", data);
    cli_view_print(head_view, data, stdout);
    cli_change_print_effect(data);
    cli_change_quorum_print(assay_json_get(data, "quorum"));
    if (is_signed) cli_view_print(signatures_view, data, stdout);
    return cli_view_result(false, "", data, note_view);
}

int cli_change_print(const struct assay_change_options *options,
                     const struct assay_change_source *source,
                     const struct assay_change_draft *draft)
{
    return print_change(options, source, draft, true);
}

int cli_change_print_unsigned(const struct assay_change_options *options,
                              const struct assay_change_source *source,
                              const struct assay_change_draft *draft)
{
    return print_change(options, source, draft, false);
}

int cli_change_run_show(const struct assay_change_options *options)
{
    uint8_t *bytes = NULL;
    struct assay_change_source source = { 0 };
    struct assay_change_draft *draft = calloc(1, sizeof *draft);
    if (draft == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    const bool has_source = cli_change_source_given(options);
    int result = cli_change_file_load(options, &bytes, draft);
    if (result == ASSAY_EXIT_OK && has_source) result = cli_change_source_open(options, &source);
    if (result == ASSAY_EXIT_OK)
        result = cli_change_print(options, has_source ? &source : NULL, draft);
    cli_change_source_close(&source);
    free(draft);
    free(bytes);
    return result;
}
