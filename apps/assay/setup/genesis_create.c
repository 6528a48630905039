/*
 * apps/assay/setup/genesis_create.c - `assay genesis create`: unsigned genesis from a plan.
 *
 * Everything the plan names is read and verified now: the policy, the collateral of every vendor
 * root, and one quote of each member's platform, which identifies the platform in genesis
 * (docs/protocol.md 9.1, 9.2). Errors name the file.
 */
#include "apps/assay/setup/genesis.h"

#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/policy/policy.h"
#include "apps/assay/setup/member.h"
#include "base/system_clock.h"
#include "engine/ledger/records/change.h"
#include "net/verifier/rule_documents.h"
#include "quote/yaml.h"
#include "quote/yaml/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One network being built; everything large is on the heap and freed by close_draft. */
struct draft {
    struct assay_plan *plan;
    struct assay_genesis *genesis;
    struct assay_policy *policy;
    uint8_t *policy_bytes, *endorsements_bytes;
    struct assay_genesis_bundles *bundles;
    struct assay_collateral *collateral;
    struct assay_endorsements endorsements;
    struct assay_node_card *cards;
    uint32_t refused; /* samples of programs that the policy does not accept */
    uint8_t *body;
    uint8_t services[ASSAY_PLAN_LEN_MAX];
    char message[ASSAY_CONFIG_MESSAGE_MAX];
};

static void close_draft(struct draft *d)
{
    cli_genesis_bundles_close(d->bundles);
    free(d->plan);
    free(d->genesis);
    free(d->policy);
    free(d->policy_bytes);
    free(d->endorsements_bytes);
    free(d->bundles);
    free(d->collateral);
    free(d->cards);
    free(d->body);
}

static enum assay_status open_draft(struct draft *d)
{
    *d = (struct draft){ .message = "out of memory" };
    d->plan = calloc(1, sizeof *d->plan);
    d->genesis = calloc(1, sizeof *d->genesis);
    d->policy = calloc(1, sizeof *d->policy);
    d->policy_bytes = malloc(ASSAY_POLICY_LEN_MAX);
    d->endorsements_bytes = malloc(ASSAY_GENESIS_LEN_MAX);
    d->bundles = calloc(1, sizeof *d->bundles);
    d->collateral = calloc(ASSAY_ENDORSEMENTS_MAX, sizeof *d->collateral);
    d->cards = calloc(ASSAY_MEMBERS_MAX, sizeof *d->cards);
    d->body = malloc(ASSAY_GENESIS_LEN_MAX);
    const bool all = d->plan != NULL && d->genesis != NULL && d->policy != NULL &&
                     d->policy_bytes != NULL && d->endorsements_bytes != NULL &&
                     d->bundles != NULL && d->collateral != NULL && d->cards != NULL &&
                     d->body != NULL;
    return all ? ASSAY_OK : ASSAY_E_MEMORY;
}

/* ------------------------------------------------------------ policy and collateral */

/* A rule that can never match would bind the network permanently: reported before signing. */
static enum assay_status lint_policy(struct draft *d, uint8_t *text, size_t len)
{
    const struct assay_policy_file file = { .policy = d->policy, .text = text, .len = len };
    struct assay_lint_report *const report = calloc(1, sizeof *report);
    if (report == NULL) return ASSAY_E_MEMORY;
    assay_policy_lint(d->policy, (int64_t)(d->genesis->time_ms / 1000), report);
    if (report->count > 0) cli_policy_print_findings(&file, d->plan->policy, report, stderr);
    const uint32_t errors = report->errors;
    free(report);
    if (errors == 0) return ASSAY_OK;
    return cli_genesis_set_message(d->message, ASSAY_E_INVALID,
                                   "%s: the policy has ineffective rules: see above",
                                   d->plan->policy);
}

static enum assay_status read_policy(struct draft *d)
{
    uint8_t *text = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(d->plan->policy, ASSAY_CONFIG_LEN_MAX, &text, &len);
    if (status != ASSAY_OK)
        return cli_genesis_set_message(d->message, status, "%s: %s", d->plan->policy,
                                       cli_file_fault(d->plan->policy, status));
    char why[ASSAY_YAML_MESSAGE_MAX] = "";
    status = assay_policy_parse_yaml(text, len, d->policy, why);
    if (status != ASSAY_OK)
        status = cli_genesis_set_message(d->message, status, "%s:%s", d->plan->policy, why);
    else if (d->policy->tpm_weak_banks != ASSAY_ACCEPT_REFUSED)
        status = cli_genesis_set_message(
            d->message, ASSAY_E_RANGE,
            "%s: expected tpm_weak_banks: refused, found warning: no network accepts PCRs of "
            "SHA-1; remove the line",
            d->plan->policy);
    else status = lint_policy(d, text, len);
    free(text);
    if (status != ASSAY_OK) return status;

    struct assay_writer w = assay_writer_over(d->policy_bytes, ASSAY_POLICY_LEN_MAX);
    assay_policy_encode(d->policy, &w);
    status = assay_writer_finish(&w, &d->genesis->policy);
    if (status != ASSAY_OK)
        return cli_genesis_set_message(d->message, status, "%s: %s", d->plan->policy,
                                       assay_status_text(status));
    assay_sha256(d->genesis->policy.bytes, d->genesis->policy.len, d->genesis->policy_digest);
    return ASSAY_OK;
}

/* Told now: without a readable sample the search for collateral finds the wrong bundles. */
static enum assay_status read_request(struct draft *d, const char *path)
{
    uint8_t *quote = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(path, ASSAY_EVIDENCE_LEN_MAX, &quote, &len);
    if (status == ASSAY_OK) status = cli_genesis_add_wanted(d->bundles, quote, len);
    free(quote);
    if (status == ASSAY_OK) return ASSAY_OK;
    return cli_genesis_set_message(d->message, status, "%s: %s", path,
                                   cli_file_fault(path, status));
}

static int by_entry(const void *a, const void *b)
{
    return assay_endorsement_compare(a, b);
}

static enum assay_status read_collateral(struct draft *d)
{
    struct assay_genesis_bundles *const b = d->bundles;
    b->at_unix_s = (int64_t)(d->genesis->time_ms / 1000);
    for (uint32_t i = 0; i < d->plan->member_count; i++)
        ASSAY_TRY(read_request(d, d->plan->members[i].sample));
    for (uint32_t i = 1; i < d->plan->collateral_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(d->plan->collateral[i], d->plan->collateral[k]) == 0)
                return cli_genesis_set_message(d->message, ASSAY_E_DUPLICATE,
                                               "collateral[%u]: the folder %s is named twice",
                                               (unsigned)i, d->plan->collateral[i]);
    for (uint32_t i = 0; i < d->plan->collateral_count; i++)
        ASSAY_TRY(cli_genesis_bundles_read(b, d->plan->collateral[i], d->policy, d->message));
    ASSAY_TRY(cli_genesis_keys_read(b, d->policy, d->message));
    qsort(b->entries, b->count, sizeof *b->entries, by_entry);

    struct assay_writer w = assay_writer_over(d->endorsements_bytes, ASSAY_GENESIS_LEN_MAX);
    enum assay_status status = assay_endorsements_encode(b->entries, b->count, &w);
    if (status != ASSAY_OK)
        return cli_genesis_set_message(d->message, status,
                                       "collateral: %s (the same folder twice?)",
                                       assay_status_text(status));
    d->genesis->endorsements = assay_slice_over(w.bytes, w.len);
    assay_sha256(w.bytes, w.len, d->genesis->endorsements_digest);
    status = assay_endorsements_decode(w.bytes, w.len, d->collateral, ASSAY_ENDORSEMENTS_MAX,
                                       &d->endorsements);
    if (status != ASSAY_OK)
        return cli_genesis_set_message(
            d->message, status, "collateral: %s (%s)",
            status == ASSAY_E_DUPLICATE
                ? "two folders differ about one platform family or authority"
                : "a bundle is incomplete or does not verify",
            assay_status_symbol(status));
    return ASSAY_OK;
}

/* ------------------------------------------------------------ members */

/* Allowed, since a machine may have two nodes; but the usual reason is one sample for both. */
static void warn_of_platform(const struct draft *d, uint32_t a, uint32_t b)
{
    const struct assay_genesis_member *x = &d->genesis->members[a], *y = &d->genesis->members[b];
    if (!assay_bytes_equal(x->platform_id, y->platform_id, 32)) return;
    (void)fprintf(stderr,
                  "assay genesis create: warning: %s, %s: the samples of members[%u] and "
                  "members[%u] are of one platform, so that both share the weight of one: give "
                  "each member a quote of its own machine\n",
                  d->plan->members[a].sample, d->plan->members[b].sample, (unsigned)a, (unsigned)b);
}

/* Values that no two members may share, reported with both files; the codec would only report a
 * duplicate.
 */
static enum assay_status check_pair(struct draft *d, uint32_t a, uint32_t b)
{
    const struct assay_genesis_member *x = &d->genesis->members[a], *y = &d->genesis->members[b];
    const char *const first = d->plan->members[a].card, *const second = d->plan->members[b].card;
    const char *what = NULL;
    if (assay_bytes_equal(x->node_id, y->node_id, 32))
        return cli_genesis_set_message(d->message, ASSAY_E_DUPLICATE,
                                       "members[%u].card: %s names the node of %s, which is "
                                       "members[%u]: expected a card of its own for each member",
                                       (unsigned)b, second, first, (unsigned)a);
    if (assay_slice_equal(x->name, y->name))
        return cli_genesis_set_message(
            d->message, ASSAY_E_DUPLICATE,
            "%s, %s: two members of the name \"%.*s\": change the name in one of the cards", first,
            second, (int)y->name.len, (const char *)y->name.bytes);
    if (assay_bytes_equal(x->bootstrap_public, y->bootstrap_public, 32)) what = "bootstrap";
    else if (assay_bytes_equal(x->voting_public, y->voting_public, ASSAY_P256_PUBLIC_LEN))
        what = "voting";
    else if (assay_bytes_equal(x->transport_public, y->transport_public, 32)) what = "transport";
    if (what == NULL) warn_of_platform(d, a, b);
    if (what == NULL) return ASSAY_OK;
    return cli_genesis_set_message(
        d->message, ASSAY_E_DUPLICATE,
        "%s, %s: one %s key in both cards: make keys for each node (assay "
        "keys generate)",
        first, second, what);
}

static enum assay_status read_operators(struct draft *d)
{
    struct assay_genesis *g = d->genesis;
    g->operator_count = d->plan->operator_count;
    for (uint32_t i = 0; i < g->operator_count; i++) {
        struct assay_genesis_operator *op = &g->operators[i];
        const struct assay_plan_operator *const from = &d->plan->operators[i];
        assay_bytes_copy(op->public_key, ASSAY_P256_PUBLIC_LEN, from->public_key,
                         ASSAY_P256_PUBLIC_LEN);
        assay_sha256(op->public_key, sizeof op->public_key, op->operator_id);
        op->name = assay_slice_over(from->name, strlen(from->name));
        for (uint32_t k = 0; k < i; k++)
            if (assay_bytes_equal(g->operators[k].operator_id, op->operator_id, 32))
                return cli_genesis_set_message(d->message, ASSAY_E_DUPLICATE,
                                               "operators[%u].public_key: %s has the key of %s: "
                                               "expected a key of its own for each operator",
                                               (unsigned)i, from->name, d->plan->operators[k].name);
    }
    return ASSAY_OK;
}

static enum assay_status read_member(struct draft *d, uint32_t index)
{
    const struct assay_plan_member *from = &d->plan->members[index];
    struct assay_genesis_member *member = &d->genesis->members[index];
    const struct assay_member_rules rules = { .at_unix_s = (int64_t)(d->genesis->time_ms / 1000),
                                              .endorsements = &d->endorsements,
                                              .policy = d->policy,
                                              .refused = &d->refused };
    ASSAY_TRY(
        cli_member_read(from->card, from->sample, &rules, &d->cards[index], member, d->message));
    for (uint32_t i = 0; i < d->plan->operator_count; i++) {
        if (strcmp(d->plan->operators[i].name, from->operator_name) != 0) continue;
        assay_sha256(d->plan->operators[i].public_key, ASSAY_P256_PUBLIC_LEN, member->operator_id);
        return ASSAY_OK;
    }
    return cli_genesis_set_message(d->message, ASSAY_E_NOT_FOUND,
                                   "members[].operator: no operator is named \"%s\"",
                                   from->operator_name);
}

static enum assay_status read_members(struct draft *d)
{
    struct assay_genesis *g = d->genesis;
    ASSAY_TRY(read_operators(d));
    g->member_count = d->plan->member_count;
    for (uint32_t i = 0; i < g->member_count; i++) {
        ASSAY_TRY(read_member(d, i));
        for (uint32_t k = 0; k < i; k++)
            ASSAY_TRY(check_pair(d, k, i));
    }
    /* A network in which no member can pass would be suspended entirely within three epochs. */
    if (d->refused == g->member_count)
        return cli_genesis_set_message(
            d->message, ASSAY_E_INVALID,
            "%s: no sample matches the policy: is a reference value that of another program? Make "
            "the samples with the program that will run, or fix the policy",
            d->plan->policy);
    assay_genesis_sort(g);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ create */

/* docs/identity.md 5.8: where anything is accepted as evidence, no certificate hides it. */
static enum assay_status write_services(struct draft *d)
{
    if (d->policy->profile == ASSAY_PROFILE_DEVELOPMENT && d->plan->services.has_identity)
        d->plan->services.identity.insecure = true;
    struct assay_writer w = assay_writer_over(d->services, sizeof d->services);
    const enum assay_status status = assay_registry_plan_encode(&d->plan->services, &w);
    if (status != ASSAY_OK)
        return cli_genesis_set_message(d->message, status, "services: %s",
                                       assay_status_text(status));
    d->genesis->services = assay_slice_over(d->services, w.len);
    return ASSAY_OK;
}

/* docs/protocol.md 3.24, 12.7.1: a build that cannot read rules of devices, or a plan with a group
 * key, joins no such network. */
static void raise_level(struct draft *d)
{
    const bool has_key = d->plan->has_services && d->plan->services.has_identity;
    uint32_t *const level = &d->genesis->parameters.level;
    uint32_t needed = assay_rules_level(d->policy, &d->endorsements);
    if (has_key && needed < ASSAY_LEVEL_GROUP_KEY) needed = ASSAY_LEVEL_GROUP_KEY;
    ASSAY_ASSERT(needed <= ASSAY_LEVEL_NEWEST);
    if (*level < needed) *level = needed;
}

static enum assay_status build_genesis(struct draft *d, const char *plan_path,
                                       struct assay_slice *body)
{
    ASSAY_TRY(open_draft(d));
    ASSAY_TRY(assay_plan_load(plan_path, d->plan, d->message));
    d->genesis->parameters = d->plan->parameters;
    d->genesis->threshold = d->plan->threshold;
    d->genesis->time_ms = d->plan->time_ms;
    if (!d->plan->has_time) d->genesis->time_ms = assay_unix_ms();
    ASSAY_TRY(read_policy(d));
    if (d->plan->has_services) ASSAY_TRY(write_services(d));
    ASSAY_TRY(read_collateral(d));
    raise_level(d);
    ASSAY_TRY(read_members(d));

    struct assay_writer w = assay_writer_over(d->body, ASSAY_GENESIS_LEN_MAX);
    const enum assay_status status = assay_genesis_encode_body(d->genesis, &w);
    if (status != ASSAY_OK)
        return cli_genesis_set_message(d->message, status,
                                       "the plan breaks a rule of genesis: %s (%s)",
                                       assay_status_text(status), assay_status_symbol(status));
    return assay_writer_finish(&w, body);
}

/* Signatures are others' work: a file that has some is not written over. */
static bool is_signed(const char *path)
{
    struct assay_genesis_file file;
    struct assay_where where = { 0 };
    const enum assay_status status = cli_genesis_file_load(path, &file, &where);
    const uint32_t count = status == ASSAY_OK ? file.genesis->signature_count : 0;
    cli_genesis_file_free(&file);
    return cli_output_check_signed("assay genesis create", path, count) != ASSAY_EXIT_OK;
}

static int print_created(const char *path, const struct assay_genesis *genesis)
{
    struct assay_json *const data =
        cli_result_json("genesis create", (const char *const[]){ path, NULL });
    assay_json_set_uint(data, "members", genesis->member_count);
    assay_json_set_uint(data, "operators", genesis->operator_count);
    assay_json_set_uint(data, "threshold", genesis->threshold);
    return cli_result_print(data, "{files.0}: {members} members, {operators} operators, "
                                  "{threshold} of them must sign; now: assay genesis sign\n");
}

int cli_genesis_create(const char *plan_path, const char *out_path)
{
    struct draft d;
    if (is_signed(out_path)) return ASSAY_EXIT_CONFLICT;
    struct assay_slice body = { NULL, 0 };
    const enum assay_status status = build_genesis(&d, plan_path, &body);
    int result = ASSAY_EXIT_OK;
    if (status == ASSAY_OK)
        result = cli_genesis_file_write("create", out_path, body, NULL, NULL, 0);
    if (status == ASSAY_OK && result == ASSAY_EXIT_OK) result = print_created(out_path, d.genesis);
    if (status != ASSAY_OK) {
        assay_yaml_sanitize(d.message); /* it names files as the plan does */
        (void)fprintf(stderr, "assay genesis create: %s\n", d.message);
    }
    const bool input = assay_status_class(status) == ASSAY_CLASS_INPUT;
    close_draft(&d);
    return status == ASSAY_OK ? result : input ? ASSAY_EXIT_USAGE : ASSAY_EXIT_INTERNAL;
}
