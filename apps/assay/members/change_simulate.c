/*
 * apps/assay/members/change_simulate.c - `assay change simulate`: appraisal of the evidence of the
 * last epochs under the rules of a change, and its effect on the weights.
 */
#include "apps/assay/members/change.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/view.h"
#include "apps/assay/evidence/device_changes.h"
#include "apps/assay/evidence/evidence_print.h"
#include "apps/assay/members/evidence_owner.h"
#include "base/assert.h"
#include "engine/ledger/records/finding.h"
#include "net/verifier/rule_documents.h"
#include "quote/verify.h"
#include "scoring/weight.h"

#include <stdio.h>
#include <stdlib.h>

/* What is known of one member. */
struct row {
    uint64_t epoch; /* of its newest evidence; 0: none was found */
    enum assay_outcome now, then;
    char reason[ASSAY_REASON_TEXT + 64]; /* why it fails then */
    struct assay_json *devices;          /* of its newest evidence; NULL: it has none */
};

struct trying {
    const struct assay_change_options *options;
    struct assay_change_source source;
    struct assay_change_draft *draft;
    struct assay_ruleset now, then;
    struct row *rows; /* [state.member_count] */
    struct assay_verdict *verdict, *verdict_then;
    struct assay_tolerance before, after;
    uint32_t evidence_count, fall_count;
    uint64_t suspended_weight;
    bool quorum_lost; /* members that do not vote now weigh a third or more under the change */
    enum assay_status failure;
    char note[2 * ASSAY_CHANGE_MESSAGE]; /* about its number; "": it is free */
};

/* ------------------------------------------------------------ evidence */

static enum assay_status appraise_evidence(struct assay_slice bytes, int64_t at_unix_s,
                                           const struct assay_ruleset *rules,
                                           struct assay_verdict *verdict)
{
    struct assay_evidence_request request = { .bytes = bytes.bytes,
                                              .len = bytes.len,
                                              .at_unix_s = at_unix_s,
                                              .endorsements = &rules->endorsements,
                                              .policy = rules->policy };
    ASSAY_TRY(assay_evidence_detect(bytes.bytes, bytes.len, &request.kind));
    return assay_evidence_verify(NULL, &request, verdict);
}

static bool take_evidence(void *context, const struct assay_store_key *key,
                          struct assay_slice value)
{
    struct trying *t = context;
    const struct assay_state *s = &t->source.basis->state;
    uint8_t beacon[32];
    int64_t at_unix_s = 0;
    if (key->era != s->era || !cli_evidence_owner_epoch(s, key->epoch, &at_unix_s, beacon))
        return true;
    if (appraise_evidence(value, at_unix_s, &t->now, t->verdict) != ASSAY_OK)
        return true; /* evidence of no member */
    const uint32_t slot = cli_evidence_owner_find(s, key->epoch, beacon, t->verdict->report_data);
    if (slot == s->member_count || key->epoch < t->rows[slot].epoch) return true;
    struct row row = { .epoch = key->epoch, .now = assay_verdict_outcome(t->verdict) };
    const struct assay_verdict *const then = t->verdict_then;
    t->failure = appraise_evidence(value, at_unix_s, &t->then, t->verdict_then);
    if (t->failure != ASSAY_OK) return false;
    row.then = assay_verdict_outcome(then);
    if (assay_outcome_is_fail(row.then) && then->reason_count > 0)
        (void)snprintf(row.reason, sizeof row.reason, "%s: %s",
                       assay_rule_name(then->reasons[0].rule), then->reasons[0].observed);
    if (then->device_count > 0) row.devices = cli_device_changes_json(t->verdict, then);
    assay_json_free(&t->rows[slot].devices);
    t->rows[slot] = row;
    t->evidence_count++;
    return true;
}

static int judge_all(struct trying *t)
{
    const struct assay_state *s = &t->source.basis->state;
    const uint64_t first =
        s->epoch > ASSAY_RETAINED_EPOCHS ? s->epoch + 1 - ASSAY_RETAINED_EPOCHS : 1;
    int result = cli_change_source_evidence(t->options, &t->source, first);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_store_key from = { .era = s->era, .epoch = first };
    struct assay_store_key to = { .era = s->era,
                                  .epoch = s->epoch + 1,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    enum assay_status status = assay_store_scan(t->source.store, ASSAY_STORE_EVIDENCE, &from, &to,
                                                false, take_evidence, t);
    if (status == ASSAY_OK) status = t->failure;
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_change_fail(t->options, status, "evidence");
}

/* ------------------------------------------------------------ what would be */

static bool is_suspended(const struct row *row)
{
    return row->epoch != 0 && assay_outcome_is_pass(row->now) && assay_outcome_is_fail(row->then);
}

static int submit_simulation(struct trying *t)
{
    char message[ASSAY_CHANGE_MESSAGE];
    struct assay_change_basis *b = t->source.basis;
    cli_change_number_note(&t->source, t->draft, t->note);
    assay_draft_compute_weights(b, &b->stage, &t->before); /* still as the state */
    const enum assay_status status = assay_draft_stage(b, &t->draft->change, message);
    if (status != ASSAY_OK)
        return cli_print_error(t->options->json, ASSAY_EXIT_CONFLICT, "conflict",
                               "change simulate: %s", t->note[0] != '\0' ? t->note : message);
    assay_draft_compute_weights(b, &b->stage, &t->after);
    int result = cli_change_rules_of(t->options, &t->source, NULL, &b->state.rules, &t->now);
    if (result == ASSAY_EXIT_OK)
        result = cli_change_rules_of(t->options, &t->source, &t->draft->change, &b->stage.rules,
                                     &t->then);
    return result;
}

/* docs/protocol.md 9.9: of the members that pass now, under the table of the change. */
static void sum_up(struct trying *t)
{
    const struct assay_change_basis *b = t->source.basis;
    for (uint32_t i = 0; i < b->state.member_count; i++) {
        if (!is_suspended(&t->rows[i]) || !assay_member_serves(&b->stage.members[i])) continue;
        t->fall_count++;
        t->suspended_weight += b->stage.members[i].weight;
    }
}

static bool would_revert(const struct trying *t)
{
    return t->draft->change.forces == 0 && 5 * t->suspended_weight > t->after.total_weight &&
           !assay_state_rules_equal(&t->source.basis->state.rules, &t->source.basis->stage.rules);
}

/* ------------------------------------------------------------ report */

static unsigned share_bp(uint64_t part, uint64_t whole)
{
    return whole == 0 ? 0 : (unsigned)(part * 10000 / whole);
}

static struct assay_json *tolerance_json(const struct assay_tolerance *t)
{
    struct assay_json *o = assay_json_object();
    assay_json_set_uint(o, "total_weight", t->total_weight);
    assay_json_set_uint(o, "voters", t->voter_count);
    assay_json_set_uint(o, "largest_node_bp", share_bp(t->node.largest_weight, t->total_weight));
    assay_json_set_uint(o, "largest_platform_bp",
                        share_bp(t->platform.largest_weight, t->total_weight));
    assay_json_set_uint(o, "largest_operator_bp",
                        share_bp(t->operator_.largest_weight, t->total_weight));
    assay_json_set_uint(o, "largest_vendor_bp",
                        share_bp(t->vendor.largest_weight, t->total_weight));
    assay_json_set_bool(o, "operator_cap_met", t->operator_cap_met);
    assay_json_set_bool(o, "vendor_cap_met", t->vendor_cap_met);
    return o;
}

/* A member without evidence is silent, unless no evidence is found of anybody. */
static struct assay_json *quorum_of(struct trying *t)
{
    const uint32_t count = t->source.basis->state.member_count;
    bool *absent = calloc(count, sizeof *absent);
    for (uint32_t i = 0; absent != NULL && t->evidence_count > 0 && i < count; i++)
        absent[i] = t->rows[i].epoch == 0;
    struct assay_json *quorum =
        cli_change_quorum_json(t->options, t->source.basis, absent, &t->after, &t->quorum_lost);
    free(absent);
    return quorum;
}

static struct assay_json *document_of(struct trying *t)
{
    const struct assay_change_basis *b = t->source.basis;
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    assay_json_set_uint(data, "sequence", t->draft->change.sequence);
    assay_json_set_uint(data, "epoch", b->state.epoch + 1);
    assay_json_set_uint(data, "evidence", t->evidence_count);
    assay_json_set_uint(data, "suspensions", t->fall_count);
    assay_json_set_uint(data, "suspended_weight", t->suspended_weight);
    assay_json_set_bool(data, "reverts", would_revert(t));
    for (uint32_t i = 0; i < b->stage.member_count; i++) {
        const struct row none = { 0 };
        const bool old = i < b->state.member_count;
        const struct row *row = old ? &t->rows[i] : &none;
        const struct assay_member *m = &b->stage.members[i];
        struct assay_json *o = assay_json_object();
        if (m->stage == ASSAY_STAGE_LEFT && (!old || b->state.members[i].stage == m->stage)) {
            assay_json_free(&o);
            continue;
        }
        assay_json_set_text(o, "name", m->name);
        assay_json_set_uint(o, "evidence_epoch", row->epoch);
        assay_json_set_text(o, "now", row->epoch != 0 ? assay_outcome_text(row->now) : "unknown");
        assay_json_set_text(o, "then", row->epoch != 0 ? assay_outcome_text(row->then) : "unknown");
        assay_json_set_bool(o, "would_suspend", is_suspended(row));
        assay_json_set_text(o, "reason", row->reason);
        assay_json_set(o, "devices",
                       row->devices != NULL ? assay_json_copy(row->devices) : assay_json_array());
        assay_json_set_uint(o, "weight_now", old ? b->state.members[i].weight : 0);
        assay_json_set_uint(o, "weight_then", m->weight);
        assay_json_append(list, o);
    }
    assay_json_set(data, "members", list);
    assay_json_set(data, "tolerance_now", tolerance_json(&t->before));
    assay_json_set(data, "tolerance_then", tolerance_json(&t->after));
    assay_json_set(data, "quorum", quorum_of(t));
    assay_json_set_text(data, "note", t->note);
    return data;
}

#define TOLERANCE(label, key)                                                                      \
    label "weight {" key ".total_weight} of {" key ".voters} voters; largest node {" key           \
          ".largest_node_bp:/100.0} %, platform {" key                                             \
          ".largest_platform_bp:/100.0} %, operator {" key                                         \
          ".largest_operator_bp:/100.0} %, vendor {" key ".largest_vendor_bp:/100.0} %; caps "     \
          "met: operator {" key ".operator_cap_met}, vendor {" key ".vendor_cap_met}\n"

static const char simulation_view[] =
    "NODE             NOW                      THEN                      WEIGHT    THEN\n"
    "[*members {name,-16} {now,-24} {then,-24} {weight_now,7} {weight_then,7}"
    "[?would_suspend   SUSPENDED: ]{reason|}\n"
    "[*devices?changes     " CLI_DEVICE_CHANGE "]]" TOLERANCE("now            ", "tolerance_now")
        TOLERANCE(
            "then           ",
            "tolerance_then") "suspended      {suspensions} members of weight {suspended_weight}"
                              "[?reverts : more than a fifth: the change would revert by itself]\n"
                              "[?note note           {note}\n]";

static int report_simulation(struct trying *t)
{
    struct assay_json *data = document_of(t);
    int printed = ASSAY_EXIT_OK;
    if (t->options->json) {
        printed = cli_print_envelope("assay.change.simulate", data);
    } else {
        cli_view_print(simulation_view, data, stdout);
        cli_change_quorum_print(assay_json_get(data, "quorum"));
        assay_json_free(&data);
        if (fflush(stdout) != 0) printed = ASSAY_EXIT_INTERNAL;
    }
    if (printed != ASSAY_EXIT_OK) return printed;
    if (would_revert(t)) return ASSAY_EXIT_CONTRAINDICATED;
    return t->fall_count > 0 || t->quorum_lost ? ASSAY_EXIT_WARNING : ASSAY_EXIT_OK;
}

int cli_change_run_simulate(const struct assay_change_options *options)
{
    uint8_t *bytes = NULL;
    struct trying t = { .options = options,
                        .draft = calloc(1, sizeof *t.draft),
                        .verdict = calloc(1, sizeof *t.verdict),
                        .verdict_then = calloc(1, sizeof *t.verdict_then) };
    if (t.draft == NULL || t.verdict == NULL || t.verdict_then == NULL) {
        free(t.draft);
        free(t.verdict);
        free(t.verdict_then);
        return cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    }
    int result = cli_change_file_load(options, &bytes, t.draft);
    if (result == ASSAY_EXIT_OK && t.draft->change.sequence == 0)
        result = cli_print_error(options->json, ASSAY_EXIT_USAGE, "usage",
                                 "change simulate: maintenance changes neither rules nor weights");
    if (result == ASSAY_EXIT_OK) result = cli_change_source_open(options, &t.source);
    if (result == ASSAY_EXIT_OK) {
        ASSAY_ASSERT(t.source.basis != NULL);
        t.rows = calloc(t.source.basis->state.member_count, sizeof *t.rows);
        if (t.rows == NULL) result = cli_change_fail(options, ASSAY_E_MEMORY, options->file);
    }
    if (result == ASSAY_EXIT_OK) result = submit_simulation(&t);
    if (result == ASSAY_EXIT_OK) result = judge_all(&t);
    if (result == ASSAY_EXIT_OK) {
        sum_up(&t);
        result = report_simulation(&t);
    }
    assay_ruleset_close(&t.now);
    assay_ruleset_close(&t.then);
    for (uint32_t i = 0; t.rows != NULL && i < t.source.basis->state.member_count; i++)
        assay_json_free(&t.rows[i].devices);
    cli_change_source_close(&t.source);
    free(t.rows);
    free(t.draft);
    free(t.verdict);
    free(t.verdict_then);
    free(bytes);
    return result;
}
