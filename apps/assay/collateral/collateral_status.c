/*
 * apps/assay/collateral/collateral_status.c - `assay collateral status` and `submit`: collateral in
 * force, pending collateral, members that it would suspend, and submission of an offer to a running
 * node.
 */
#include "apps/assay/collateral/collateral.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/print.h"
#include "apps/assay/core/view.h"
#include "apps/assay/members/evidence_owner.h"
#include "base/file/kind.h"
#include "engine/ledger/records/update.h"
#include "net/documents/collateral_updates.h"
#include "net/verifier/rule_documents.h"
#include "quote/collateral/endorsements.h"
#include "quote/result/outlook.h"
#include "quote/verify.h"

#include <stdlib.h>
#include <string.h>

typedef unsigned long long llu;

/* ------------------------------------------------------------ submit */

/* The daemon validates the offer; the wrong file is named here. */
static int check_offer(const struct assay_collateral_options *options, const uint8_t *bytes,
                       size_t len)
{
    size_t count = 0;
    enum assay_status status = assay_endorsements_count(bytes, len, &count);
    /* A genesis is an array as well. */
    const struct assay_file_kind kind = assay_file_kind_of(assay_slice_over(bytes, len));
    if (status == ASSAY_OK && strcmp(kind.id, "binary") != 0) status = ASSAY_E_TYPE;
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return cli_print_error(options->json, ASSAY_EXIT_MALFORMED, "malformed", "%s: %s",
                           options->offer,
                           cli_file_fault_of(options->offer, status, "an offer of collateral"));
}

int cli_collateral_submit(const struct assay_collateral_options *options)
{
    static const char word[] = "offer ";
    const struct assay_change_options ask = { .group = "collateral submit",
                                              .socket = options->socket,
                                              .json = options->json };
    struct assay_json *document = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const enum assay_status status =
        assay_file_read(options->offer, ASSAY_UPDATE_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_RANGE)
        return cli_print_error(options->json, ASSAY_EXIT_USAGE, "usage",
                               "%s: longer than %d bytes (an offer is of one family: assay "
                               "collateral pack)",
                               options->offer, (int)ASSAY_UPDATE_LEN_MAX);
    if (status != ASSAY_OK) return cli_print_file_fault(options->json, "", options->offer, status);
    const int readable = check_offer(options, bytes, len);
    if (readable != ASSAY_EXIT_OK) {
        free(bytes);
        return readable;
    }
    char *request = malloc(sizeof word + 2 * len);
    int result = ASSAY_EXIT_INTERNAL;
    if (request != NULL) {
        assay_bytes_copy(request, sizeof word, word, sizeof word);
        assay_hex_encode(bytes, len, request + sizeof word - 1, 2 * len + 1);
        result = cli_change_request(&ask, request, &document);
    }
    free(request);
    free(bytes);
    if (result != ASSAY_EXIT_OK) return result;
    if (options->json) result = cli_print_document(document);
    else cli_view_print("{note|it is offered}\n", assay_json_get(document, "data"), stdout);
    assay_json_free(&document);
    return fflush(stdout) == 0 ? result : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ suspended members */

struct looking {
    const struct assay_change_options *options;
    struct assay_change_source source;
    struct assay_collateral_updates *judge;
    struct assay_ruleset now, then;
    struct assay_outlook *outlook;
    const struct assay_update *update;
    struct assay_json *rows;          /* of the update that is looked at */
    uint64_t seen[ASSAY_MEMBERS_MAX]; /* epoch of the reported evidence */
    uint64_t worsening;
    bool json;
};

static void append_suspended(struct looking *l, uint32_t slot)
{
    const char *name = l->source.basis->state.members[slot].name;
    l->worsening += l->outlook->change == ASSAY_OUTLOOK_WORSENS;
    if (l->json) assay_json_append(l->rows, cli_collateral_outlook_json(name, l->outlook));
    else cli_collateral_outlook_print(name, l->outlook);
}

/* The newest evidence of each member comes first. */
static bool take_evidence(void *context, const struct assay_store_key *key,
                          struct assay_slice value)
{
    struct looking *l = context;
    const struct assay_state *s = &l->source.basis->state;
    uint8_t beacon[32];
    struct assay_outlook_request request = { .evidence = value,
                                             .in_force = &l->now.endorsements,
                                             .offered = &l->then.endorsements,
                                             .policy = l->now.policy };
    if (key->era != s->era || !cli_evidence_owner_epoch(s, key->epoch, &request.at_unix_s, beacon))
        return true;
    /* When it will come into force; documents that have expired by then would change the result. */
    request.then_unix_s = (int64_t)(l->update->due_ms / 1000);
    if (request.then_unix_s < request.at_unix_s) request.then_unix_s = request.at_unix_s;
    if (assay_evidence_detect(value.bytes, value.len, &request.kind) != ASSAY_OK ||
        assay_outlook_make(NULL, &request, l->outlook) != ASSAY_OK)
        return true; /* evidence of no member */
    const uint32_t slot =
        cli_evidence_owner_find(s, key->epoch, beacon, l->outlook->now.report_data);
    if (slot == s->member_count || l->seen[slot] != 0) return true;
    l->seen[slot] = key->epoch;
    if (l->outlook->change != ASSAY_OUTLOOK_SAME) append_suspended(l, slot);
    return true;
}

static enum assay_status find_record(struct looking *l, struct assay_slice *offer, uint8_t *memory)
{
    struct assay_store_key key;
    size_t len = 0;
    ASSAY_TRY(assay_store_find(l->source.store, ASSAY_STORE_COLLATERAL, l->update->digest, &key,
                               memory, ASSAY_UPDATE_RECORD_LEN_MAX, &len));
    return assay_update_offer(assay_slice_over(memory, len), offer);
}

/* The rules as this update alone would leave them. */
static enum assay_status open_then(struct looking *l, struct assay_slice offer, uint8_t *set)
{
    struct assay_writer w = assay_writer_over(set, ASSAY_SET_LEN_MAX);
    const struct assay_updates *updates = assay_document_collateral_functions(l->judge);
    const struct assay_state *s = &l->source.basis->state;
    const struct assay_genesis *effective = l->source.basis->effective.genesis;
    int64_t until_unix_s = 0;
    bool taken = false, same = false;
    ASSAY_TRY(updates->follow(updates->context, effective->endorsements, &offer, 1,
                              (int64_t)(s->head_time_ms / 1000), &w, &taken, &until_unix_s, &same));
    return assay_ruleset_open(effective->policy, assay_slice_over(set, w.len), &l->then);
}

static enum assay_status scan_evidence(struct looking *l)
{
    const struct assay_state *s = &l->source.basis->state;
    const uint64_t first =
        s->epoch > ASSAY_RETAINED_EPOCHS ? s->epoch + 1 - ASSAY_RETAINED_EPOCHS : 1;
    const struct assay_store_key from = { .era = s->era, .epoch = first };
    struct assay_store_key to = { .era = s->era,
                                  .epoch = s->epoch + 1,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    for (size_t i = 0; i < sizeof l->seen / sizeof l->seen[0]; i++)
        l->seen[i] = 0;
    return assay_store_scan(l->source.store, ASSAY_STORE_EVIDENCE, &from, &to, true, take_evidence,
                            l);
}

static enum assay_status look_at(struct looking *l, const struct assay_update *update)
{
    struct assay_slice offer;
    uint8_t *record = malloc(ASSAY_UPDATE_RECORD_LEN_MAX), *set = malloc(ASSAY_SET_LEN_MAX);
    enum assay_status status = record != NULL && set != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    l->update = update;
    if (status == ASSAY_OK) status = find_record(l, &offer, record);
    if (status == ASSAY_OK) status = open_then(l, offer, set);
    if (status == ASSAY_OK) status = scan_evidence(l);
    assay_ruleset_close(&l->then);
    free(record);
    free(set);
    return status;
}

/* ------------------------------------------------------------ status */

static const char lives_view[] =
    "[*in_force in force   root {root}, evaluation number {evaluation_number}: {age}"
    "[?until , until {until} ({expires_first} expires first), alarm from {alarm} on]\n]";

static const char update_view[] =
    "{phase,-10} {digest}: root {root}, evaluation number {evaluation_number}"
    "[?recovery , a TCB recovery][?forced , forced][?serves_after , serves after {serves_after}"
    "|[?again_after , not again before {again_after}]]\n";

static const char delay_view[] = "collateral of a higher evaluation number takes effect "
                                 "{delay_s:period} after a block contains it\n";

/* The update of a row in the state that the source has; it may have gone on meanwhile. */
static const struct assay_update *update_of(const struct assay_state *s,
                                            const struct assay_json *row)
{
    const char *hex = assay_json_text(row, "digest", "");
    uint8_t digest[32];
    if (assay_hex_decode(hex, strlen(hex), digest, sizeof digest) != ASSAY_OK) return NULL;
    for (uint32_t i = 0; i < s->update_count; i++)
        if (s->updates[i].phase == ASSAY_UPDATE_WAITING &&
            assay_bytes_equal(s->updates[i].digest, digest, 32))
            return &s->updates[i];
    return NULL;
}

static int look_at_all(struct looking *l, const struct assay_json *updates,
                       struct assay_json *outlooks)
{
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; status == ASSAY_OK && i < assay_json_count(updates); i++) {
        const struct assay_json *row = assay_json_at(updates, i);
        const struct assay_update *u = update_of(&l->source.basis->state, row);
        if (!l->json) cli_view_print(update_view, row, stdout);
        if (u == NULL) continue;
        l->rows = assay_json_array();
        status = look_at(l, u);
        if (status == ASSAY_E_STALE) status = ASSAY_OK; /* it would be void */
        struct assay_json *const outlook = assay_json_append_object(outlooks);
        assay_json_set_hex(outlook, "digest", u->digest, 32);
        assay_json_set(outlook, "members", l->rows);
    }
    return status == ASSAY_OK ? ASSAY_EXIT_OK
                              : cli_change_fail(l->options, status, "collateral that waits");
}

/* Takes the document over. */
static int report_status(struct looking *l, struct assay_json *document)
{
    const struct assay_json *data = assay_json_get(document, "data");
    struct assay_json *outlooks = assay_json_array();
    if (!l->json) cli_view_print(lives_view, data, stdout);
    int result = look_at_all(l, assay_json_get(data, "updates"), outlooks);
    if (result == ASSAY_EXIT_OK && l->json) {
        assay_json_set_uint(document, "would_suspend", l->worsening);
        assay_json_set(document, "outlook", outlooks);
        outlooks = NULL;
        result = cli_print_document(document);
    } else if (result == ASSAY_EXIT_OK) {
        cli_view_print(delay_view, data, stdout);
        if (l->worsening > 0)
            (void)printf(
                "%llu member%s will be suspended with their present evidence: update them before "
                "that day\n",
                (llu)l->worsening, l->worsening == 1 ? "" : "s");
        if (fflush(stdout) != 0) result = ASSAY_EXIT_INTERNAL;
    }
    assay_json_free(&outlooks);
    assay_json_free(&document);
    if (result != ASSAY_EXIT_OK) return result;
    return l->worsening > 0 ? ASSAY_EXIT_CONTRAINDICATED : ASSAY_EXIT_OK;
}

int cli_collateral_status(const struct assay_collateral_options *options)
{
    const struct assay_change_options ask = { .group = "collateral status",
                                              .socket = options->socket,
                                              .json = options->json };
    struct assay_json *document = NULL;
    struct looking l = { .options = &ask,
                         .outlook = calloc(1, sizeof *l.outlook),
                         .json = options->json };
    int result = cli_change_request(&ask, "collateral", &document);
    if (result == ASSAY_EXIT_OK) result = cli_change_source_open(&ask, &l.source);
    if (result == ASSAY_EXIT_OK && l.source.basis->state.epoch > 0)
        result =
            cli_change_source_evidence(&ask, &l.source,
                                       l.source.basis->state.epoch > ASSAY_RETAINED_EPOCHS
                                           ? l.source.basis->state.epoch + 1 - ASSAY_RETAINED_EPOCHS
                                           : 1);
    if (result == ASSAY_EXIT_OK)
        result = cli_change_rules_of(&ask, &l.source, NULL, &l.source.basis->state.rules, &l.now);
    if (result == ASSAY_EXIT_OK &&
        (l.outlook == NULL || assay_document_collateral_create(&l.judge) != ASSAY_OK))
        result = cli_change_fail(&ask, ASSAY_E_MEMORY, "status");
    if (result == ASSAY_EXIT_OK) {
        result = report_status(&l, document);
        document = NULL;
    }
    assay_document_collateral_destroy(&l.judge);
    assay_ruleset_close(&l.now);
    cli_change_source_close(&l.source);
    assay_json_free(&document);
    free(l.outlook);
    return result;
}
