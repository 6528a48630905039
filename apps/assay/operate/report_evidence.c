/*
 * apps/assay/operate/report_evidence.c - newest evidence of every member next to the policy in
 * force, for a report.
 *
 * Genesis, state, changes and evidence come from the node as for `assay change simulate`; evidence
 * is decoded and appraised again here, under the rules in force.
 */
#include "apps/assay/operate/report.h"

#include "apps/assay/core/command.h"
#include "apps/assay/evidence/claims.h"
#include "apps/assay/members/evidence_owner.h"
#include "net/verifier/rule_documents.h"
#include "quote/kinds.h"
#include "quote/verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLAIM_TEXT = 160, EXPECTED_TEXT = 600, CLAIMS_MAX = 80 };

struct collecting {
    struct assay_change_source source;
    struct assay_ruleset rules;
    struct assay_verdict *verdict;
    uint64_t *epochs;          /* [member_count]: of the newest piece; 0: none */
    struct assay_json **nodes; /* [member_count] */
};

/* ------------------------------------------------------------ one claim */

/* A scalar as text. Returns: false for lists and objects, which are details. */
static bool format_scalar(const struct assay_json *value, char text[static CLAIM_TEXT])
{
    int64_t number = 0;
    const char *own = assay_json_as_text(value);
    if (own != NULL) (void)snprintf(text, CLAIM_TEXT, "%s", own);
    else if (assay_json_as_int(value, &number))
        (void)snprintf(text, CLAIM_TEXT, "%" PRId64, number);
    else return false;
    return text[0] != '\0';
}

static bool is_in_force(const struct assay_reference *r, int64_t at_unix_s)
{
    return (!r->has_not_before || at_unix_s >= r->not_before_s) &&
           (!r->has_not_after || at_unix_s <= r->not_after_s);
}

/* Values that the policy accepts in this field, now. Returns: whether it has any. */
static bool expected_of(const struct assay_policy *policy, const char *name, const char *observed,
                        int64_t at_unix_s, char text[static EXPECTED_TEXT], bool *matches)
{
    enum assay_reference_field field;
    bool any = false;
    size_t len = 0;
    *matches = false;
    text[0] = '\0';
    if (assay_reference_field_parse(name, strlen(name), &field) != ASSAY_OK) return false;
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *r = &policy->references[i];
        char value[2 * ASSAY_MEASUREMENT_MAX + 1];
        if (r->field != field || !is_in_force(r, at_unix_s)) continue;
        assay_hex_encode(r->value, r->value_len, value, sizeof value);
        const bool same = strcmp(value, observed) == 0;
        if (r->state == ASSAY_REFERENCE_DENIED) {
            if (!same) continue;
            (void)snprintf(text, EXPECTED_TEXT, "denied");
            *matches = false;
            return true;
        }
        any = true;
        *matches = *matches || same;
        if (len + sizeof value + 4 < EXPECTED_TEXT)
            len += (size_t)snprintf(text + len, EXPECTED_TEXT - len, "%s%s", len > 0 ? ", " : "",
                                    value);
    }
    return any;
}

static struct assay_json *claims_of(const struct collecting *c, const struct assay_json *claims,
                                    int64_t at_unix_s)
{
    struct assay_json *list = assay_json_array();
    const char *name = NULL;
    const struct assay_json *value = NULL;
    for (size_t i = 0; i < CLAIMS_MAX && assay_json_member(claims, i, &name, &value); i++) {
        char observed[CLAIM_TEXT], expected[EXPECTED_TEXT];
        bool matches = false;
        if (assay_json_kind_of(value) == ASSAY_JSON_BOOL)
            (void)snprintf(observed, sizeof observed, "%s",
                           assay_json_bool(claims, name, false) ? "true" : "false");
        else if (!format_scalar(value, observed)) continue;
        struct assay_json *const o = assay_json_append_object(list);
        assay_json_set_text(o, "name", name);
        assay_json_set_text(o, "observed", observed);
        if (expected_of(c->rules.policy, name, observed, at_unix_s, expected, &matches)) {
            assay_json_set_text(o, "expected", expected);
            assay_json_set_bool(o, "matches", matches);
        }
    }
    return list;
}

/* ------------------------------------------------------------ one piece */

static struct assay_json *reasons_of(const struct assay_verdict *v)
{
    struct assay_json *list = assay_json_array();
    for (uint32_t i = 0; i < v->reason_count; i++) {
        struct assay_json *const o = assay_json_append_object(list);
        assay_json_set_text(o, "rule", assay_rule_name(v->reasons[i].rule));
        assay_json_set_text(o, "text", assay_rule_text(v->reasons[i].rule));
        assay_json_set_text(o, "expected", v->reasons[i].expected);
        assay_json_set_text(o, "observed", v->reasons[i].observed);
    }
    return list;
}

static struct assay_json *node_of(const struct collecting *c, uint32_t slot, uint64_t epoch,
                                  struct assay_slice bytes, int64_t at_unix_s)
{
    const struct assay_verdict *v = c->verdict;
    struct assay_json *o = assay_json_object(), *claims = NULL;
    struct assay_kind row;
    assay_json_set_uint(o, "slot", slot);
    assay_json_set_uint(o, "epoch", epoch);
    assay_json_set_text(o, "kind", assay_kind_text(v->kind));
    assay_json_set_text(o, "what", assay_kind_find(v->kind, &row) == ASSAY_OK ? row.what : "");
    assay_json_set_uint(o, "length", bytes.len);
    assay_json_set_text(o, "verdict", assay_tier_text(v->tier));
    if (cli_claims_of(v->kind, bytes.bytes, bytes.len, &claims) == ASSAY_OK)
        assay_json_set(o, "claims", claims_of(c, claims, at_unix_s));
    assay_json_free(&claims);
    assay_json_set(o, "reasons", reasons_of(v));
    return o;
}

/* Evidence without a current owner, or that does not parse, is not part of a report. */
static bool on_evidence(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct collecting *c = context;
    const struct assay_state *s = &c->source.basis->state;
    uint8_t beacon[32];
    int64_t at_unix_s = 0;
    struct assay_evidence_request request = { .bytes = value.bytes,
                                              .len = value.len,
                                              .endorsements = &c->rules.endorsements,
                                              .policy = c->rules.policy };
    if (key->era != s->era || !cli_evidence_owner_epoch(s, key->epoch, &at_unix_s, beacon))
        return true;
    request.at_unix_s = at_unix_s;
    if (assay_evidence_detect(value.bytes, value.len, &request.kind) != ASSAY_OK) return true;
    if (assay_evidence_verify(NULL, &request, c->verdict) != ASSAY_OK) return true;
    const uint32_t slot = cli_evidence_owner_find(s, key->epoch, beacon, c->verdict->report_data);
    if (slot == s->member_count || key->epoch < c->epochs[slot]) return true;
    assay_json_free(&c->nodes[slot]);
    c->nodes[slot] = node_of(c, slot, key->epoch, value, at_unix_s);
    c->epochs[slot] = key->epoch;
    return true;
}

/* ------------------------------------------------------------ all */

static int collect_evidence(const struct assay_change_options *options, struct collecting *c)
{
    const struct assay_state *s = &c->source.basis->state;
    const uint64_t first =
        s->epoch > ASSAY_RETAINED_EPOCHS ? s->epoch + 1 - ASSAY_RETAINED_EPOCHS : 1;
    const int result = cli_change_source_evidence(options, &c->source, first);
    if (result != ASSAY_EXIT_OK) return result;
    const struct assay_store_key from = { .era = s->era, .epoch = first };
    struct assay_store_key to = { .era = s->era,
                                  .epoch = s->epoch + 1,
                                  .number = ASSAY_STORE_NUMBER_MAX };
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    const enum assay_status status =
        assay_store_scan(c->source.store, ASSAY_STORE_EVIDENCE, &from, &to, false, on_evidence, c);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_change_fail(options, status, "evidence");
}

static int rules_in_force(const struct assay_change_options *options, struct collecting *c)
{
    int result = cli_change_source_open(options, &c->source);
    if (result != ASSAY_EXIT_OK) return result;
    result =
        cli_change_rules_of(options, &c->source, NULL, &c->source.basis->state.rules, &c->rules);
    if (result != ASSAY_EXIT_OK) return result;
    const uint32_t members = c->source.basis->state.member_count;
    c->verdict = calloc(1, sizeof *c->verdict);
    c->epochs = calloc(members, sizeof *c->epochs);
    c->nodes = calloc(members, sizeof(struct assay_json *));
    if (c->verdict == NULL || c->epochs == NULL || c->nodes == NULL)
        return cli_change_fail(options, ASSAY_E_MEMORY, "evidence");
    return ASSAY_EXIT_OK;
}

int cli_report_add_evidence(const struct assay_change_options *options, struct assay_json *data)
{
    struct collecting c = { 0 };
    int result = rules_in_force(options, &c);
    if (result == ASSAY_EXIT_OK) result = collect_evidence(options, &c);
    if (result == ASSAY_EXIT_OK) {
        struct assay_json *evidence = assay_json_object(), *list = assay_json_array();
        for (uint32_t i = 0; i < c.source.basis->state.member_count; i++) {
            if (c.nodes[i] != NULL) assay_json_append(list, c.nodes[i]);
            c.nodes[i] = NULL;
        }
        assay_json_set(evidence, "nodes", list);
        assay_json_set(data, "evidence", evidence);
    }
    for (uint32_t i = 0; c.nodes != NULL && i < c.source.basis->state.member_count; i++)
        assay_json_free(&c.nodes[i]);
    assay_ruleset_close(&c.rules);
    cli_change_source_close(&c.source);
    free(c.verdict);
    free(c.epochs);
    free(c.nodes);
    return result;
}
