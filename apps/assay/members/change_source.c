/*
 * apps/assay/members/change_source.c - state in force, from a running node or from a store.
 *
 * A running node keeps its store to itself, so it hands out the items that matter; they are put
 * into a store in memory, and everything after that is the same for both.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/store_items.h"
#include "apps/assay/core/text.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/members/network.h"
#include "base/assert.h"
#include "engine/store/store_memory.h"
#include "engine/store/store_sqlite.h"
#include "net/verifier/rule_documents.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool cli_change_node_answers(const struct assay_change_options *options,
                             char fault[static ASSAY_CLIENT_FAULT_LEN])
{
    struct assay_json *document = NULL;
    const enum assay_status status =
        assay_client_request(options->socket, "items genesis", ASSAY_CLIENT_TIMEOUT_MS, &document);
    const bool is_refused =
        status == ASSAY_OK && strcmp(assay_json_text(document, "schema", ""), "assay.error") == 0;
    char why[ASSAY_CLIENT_FAULT_LEN];
    if (is_refused)
        (void)snprintf(why, sizeof why, "%s",
                       cli_text_of(assay_json_get(document, "data"), "detail", "refused"));
    else if (status != ASSAY_OK) assay_client_fault(options->socket, status, why);
    assay_json_free(&document);
    if (status == ASSAY_OK && !is_refused) return true;
    (void)snprintf(fault, ASSAY_CLIENT_FAULT_LEN, "%.100s: %.200s", options->socket, why);
    return false;
}

bool cli_change_source_given(const struct assay_change_options *options)
{
    char fault[ASSAY_CLIENT_FAULT_LEN];
    if (options->store != NULL || access(options->socket, F_OK) == 0) return true;
    if (!options->socket_given) return false;
    if (cli_change_node_answers(options, fault)) return true; /* a context */
    (void)fprintf(stderr, "assay: %s: no node was queried: %s\n", cli_change_group(options), fault);
    return false;
}

/* ------------------------------------------------------------ from a running node */

/* All items of a class, by as many questions as it takes. */
static int fetch_class(const struct assay_change_options *options, const char *name,
                       enum assay_store_class class_, uint64_t epoch, struct assay_store *store)
{
    struct cli_items_position position = { .epoch = epoch };
    for (bool more = true; more;) {
        char request[CLI_ITEMS_LINE];
        struct assay_json *document = NULL;
        cli_items_request(name, &position, request);
        const int asked = cli_change_request(options, request, &document);
        if (asked != ASSAY_EXIT_OK) return asked;
        const enum assay_status status =
            cli_items_put(store, class_, assay_json_get(document, "data"), &position, &more);
        assay_json_free(&document);
        if (status != ASSAY_OK) return cli_change_fail(options, status, name);
    }
    return ASSAY_EXIT_OK;
}

static int fetch_genesis(const struct assay_change_options *options, uint8_t **bytes, size_t *len)
{
    struct assay_json *document = NULL;
    const int asked = cli_change_request(options, "items genesis", &document);
    if (asked != ASSAY_EXIT_OK) return asked;
    const struct assay_json *items = assay_json_get(assay_json_get(document, "data"), "items");
    const enum assay_status status = cli_item_value(assay_json_at(items, 0), bytes, len);
    assay_json_free(&document);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_change_fail(options, status, "genesis");
}

static int open_socket(const struct assay_change_options *options,
                       struct assay_change_source *source, size_t *len)
{
    int result = fetch_genesis(options, &source->genesis_bytes, len);
    if (result != ASSAY_EXIT_OK) return result;
    if (assay_store_memory_create(&source->store) != ASSAY_OK)
        return cli_change_fail(options, ASSAY_E_MEMORY, options->socket);
    /* The state first: a change that is taken in between is at worst not needed. */
    result = fetch_class(options, "state", ASSAY_STORE_STATE, 0, source->store);
    if (result != ASSAY_EXIT_OK) return result;
    result = fetch_class(options, "changes", ASSAY_STORE_CHANGE, 0, source->store);
    if (result != ASSAY_EXIT_OK) return result;
    return fetch_class(options, "collateral", ASSAY_STORE_COLLATERAL, 0, source->store);
}

/* ------------------------------------------------------------ from a store */

static int open_file(const struct assay_change_options *options, struct assay_change_source *source,
                     size_t *len)
{
    char message[ASSAY_STORE_MESSAGE_LEN] = "", path[PATH_MAX];
    enum assay_status status =
        assay_file_read(options->genesis, ASSAY_GENESIS_LEN_MAX, &source->genesis_bytes, len);
    if (status != ASSAY_OK) return cli_change_fail(options, status, options->genesis);
    if (!cli_network_store_path(options->store, path))
        return cli_change_fail(options, ASSAY_E_RANGE, options->store);
    if (access(path, R_OK) != 0) /* opening would make one */
        return cli_change_fail(options, errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO, path);
    status = assay_store_sqlite_open(path, &source->store, message, sizeof message);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(options->json, ASSAY_EXIT_INTERNAL, "internal", "%s: %s",
                           cli_change_group(options), message);
}

/* ------------------------------------------------------------ both */

int cli_change_source_open(const struct assay_change_options *options,
                           struct assay_change_source *source)
{
    struct assay_where where = { 0 };
    size_t len = 0;
    *source = (struct assay_change_source){ .genesis = calloc(1, sizeof *source->genesis) };
    if (source->genesis == NULL) return cli_change_fail(options, ASSAY_E_MEMORY, "start");
    const int result = options->store != NULL ? open_file(options, source, &len)
                                              : open_socket(options, source, &len);
    if (result != ASSAY_EXIT_OK) return result;
    enum assay_status status =
        assay_genesis_decode(source->genesis_bytes, len, false, source->genesis, &where);
    if (status != ASSAY_OK) return cli_change_fail(options, status, "genesis");
    status = assay_draft_basis_open(source->genesis, source->store, &source->basis);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : cli_change_fail(options, status, "the newest state");
}

int cli_change_source_evidence(const struct assay_change_options *options,
                               struct assay_change_source *source, uint64_t epoch)
{
    if (options->store != NULL) return ASSAY_EXIT_OK; /* it is in it */
    return fetch_class(options, "evidence", ASSAY_STORE_EVIDENCE, epoch, source->store);
}

void cli_change_source_close(struct assay_change_source *source)
{
    assay_draft_basis_close(&source->basis);
    assay_store_close(&source->store);
    free(source->genesis);
    free(source->genesis_bytes);
    *source = (struct assay_change_source){ 0 };
}

/* ------------------------------------------------------------ the number of a change */

struct number_search {
    uint64_t sequence;
    const struct assay_state *state;
    const uint8_t *digest;            /* of the change that is asked about */
    bool is_found, is_same;           /* a record has the number; it is that change */
    uint64_t activation;              /* of the record */
    char words[ASSAY_CHANGE_WORDS];   /* its first action */
    struct assay_change_draft *draft; /* scratch */
};

static bool take_number(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct number_search *s = context;
    struct assay_action action;
    (void)key;
    if (assay_draft_decode(value, s->draft) != ASSAY_OK) return true;
    const struct assay_change *const change = &s->draft->change;
    if (change->sequence != s->sequence || change->era != s->state->era) return true;
    struct assay_cursor c = assay_cursor_over(change->actions.bytes, change->actions.len);
    s->is_found = true;
    s->is_same = assay_bytes_equal(s->draft->digest, s->digest, sizeof s->draft->digest);
    s->activation = change->activation;
    if (assay_action_next(&c, &action) == ASSAY_OK)
        assay_draft_format_action(s->state, &action, s->words);
    return false;
}

void cli_change_number_note(const struct assay_change_source *source,
                            const struct assay_change_draft *draft,
                            char note[static 2 * ASSAY_CHANGE_MESSAGE])
{
    typedef unsigned long long llu;
    const struct assay_state *const state = &source->basis->state;
    struct number_search s = { .sequence = draft->change.sequence,
                               .state = state,
                               .digest = draft->digest,
                               .words = "another change",
                               .draft = calloc(1, sizeof *s.draft) };
    const struct assay_store_key from = { 0 };
    struct assay_store_key to = { .era = UINT32_MAX,
                                  .epoch = ASSAY_STORE_NUMBER_MAX,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    note[0] = '\0';
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    /* One of another era or network has numbers of its own. */
    const bool is_of_state = draft->change.era == state->era &&
                             assay_bytes_equal(draft->change.chain_id, state->chain_id, 32);
    const bool is_taken = is_of_state && s.sequence != 0 && s.sequence <= state->change_sequence;
    if (is_taken && s.draft != NULL)
        assay_status_ignore(
            assay_store_scan(source->store, ASSAY_STORE_CHANGE, &from, &to, false, take_number, &s),
            "then what took the number is not named");
    free(s.draft);
    if (is_taken && s.is_same)
        (void)snprintf(
            note, 2 * ASSAY_CHANGE_MESSAGE,
            "a block has this change already, for epoch %llu: it needs no more signatures",
            (llu)s.activation);
    else if (is_taken)
        (void)snprintf(
            note, 2 * ASSAY_CHANGE_MESSAGE,
            "number %llu was taken by another change (%.400s): no block takes this one; "
            "draft it anew (assay change draft gives it number %llu) and have that signed",
            (llu)s.sequence, s.words, (llu)state->change_sequence + 1);
}

/* ------------------------------------------------------------ rules */

/* A document of the change itself, or one in force. */
static enum assay_status find_document(const struct assay_change_source *source,
                                       const struct assay_change *change,
                                       const uint8_t digest[static 32], uint8_t *memory,
                                       struct assay_slice *document)
{
    struct assay_cursor c = { 0 };
    if (change != NULL) c = assay_cursor_over(change->actions.bytes, change->actions.len);
    for (uint32_t i = 0; change != NULL && i < change->action_count; i++) {
        struct assay_action action;
        uint8_t own[32];
        ASSAY_TRY(assay_action_next(&c, &action));
        if (action.document.len == 0) continue;
        assay_sha256(action.document.bytes, action.document.len, own);
        if (!assay_bytes_equal(own, digest, sizeof own)) continue;
        *document = action.document;
        return ASSAY_OK;
    }
    return assay_host_rules_document(source->genesis, source->store, digest, memory,
                                     ASSAY_SET_LEN_MAX, document);
}

/* What an action makes of the rules that it finds; other actions leave them. */
static void follow_action(const struct assay_action *action, struct assay_rules_in_force *rules)
{
    if (action->kind == ASSAY_ACTION_PARAMETERS) rules->parameters = action->parameters;
    if (action->kind == ASSAY_ACTION_POLICY)
        assay_sha256(action->document.bytes, action->document.len, rules->policy_digest);
    if (action->kind == ASSAY_ACTION_ENDORSEMENTS)
        assay_sha256(action->document.bytes, action->document.len, rules->endorsements_digest);
}

static enum assay_status follow_pending(struct assay_slice record,
                                        struct assay_rules_in_force *rules)
{
    struct assay_change pending;
    struct assay_action action;
    if (record.len == 0) return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(assay_change_record_read(record, &pending));
    struct assay_cursor c = assay_cursor_over(pending.actions.bytes, pending.actions.len);
    for (uint32_t i = 0; i < pending.action_count; i++) {
        ASSAY_TRY(assay_action_next(&c, &action));
        follow_action(&action, rules);
    }
    return ASSAY_OK;
}

int cli_change_rules_before(const struct assay_change_options *options,
                            const struct assay_change_source *source, uint64_t sequence,
                            struct assay_rules_in_force *rules, uint64_t *after)
{
    ASSAY_ASSERT(source->basis != NULL);
    const struct assay_change_basis *const basis = source->basis;
    *rules = basis->state.rules;
    *after = 0;
    for (uint32_t i = 0; i < basis->state.pending_count; i++) {
        if (basis->state.pending[i].sequence >= sequence) break;
        *after = basis->state.pending[i].sequence;
        const enum assay_status status = follow_pending(basis->pending[i], rules);
        if (status != ASSAY_OK) return cli_change_fail(options, status, "a change that waits");
    }
    return ASSAY_EXIT_OK;
}

int cli_change_rules_of(const struct assay_change_options *options,
                        const struct assay_change_source *source, const struct assay_change *change,
                        const struct assay_rules_in_force *rules, struct assay_ruleset *set)
{
    struct assay_slice policy, endorsements;
    uint8_t *memory = malloc((size_t)2 * ASSAY_SET_LEN_MAX);
    *set = (struct assay_ruleset){ 0 };
    enum assay_status status = memory != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK)
        status = find_document(source, change, rules->policy_digest, memory, &policy);
    if (status == ASSAY_OK)
        status = find_document(source, change, rules->endorsements_digest,
                               memory + ASSAY_SET_LEN_MAX, &endorsements);
    if (status == ASSAY_OK) status = assay_ruleset_open(policy, endorsements, set);
    free(memory);
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : cli_change_fail(options, status, "policy and endorsements");
}
