/*
 * apps/assay/setup/genesis.c - command group `assay genesis`: create, sign and show the genesis of
 * a network.
 *
 * create reads a plan (apps/config.h) and writes the unsigned genesis; each founding operator adds
 * a signature with sign; assayd accepts the file when the threshold is met.
 */
#include "apps/assay/setup/genesis.h"

#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/output.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/core/view.h"
#include "services/registry/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ files */

enum assay_status cli_genesis_file_load(const char *path, struct assay_genesis_file *file,
                                        struct assay_where *where)
{
    *file = (struct assay_genesis_file){ .genesis = calloc(1, sizeof *file->genesis) };
    if (file->genesis == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &file->bytes, &file->len));
    return assay_genesis_decode(file->bytes, file->len, true, file->genesis, where);
}

void cli_genesis_file_free(struct assay_genesis_file *file)
{
    free(file->bytes);
    free(file->genesis);
    *file = (struct assay_genesis_file){ .bytes = NULL };
}

int cli_genesis_file_write(const char *verb, const char *path, struct assay_slice body,
                           const uint32_t *signers,
                           const uint8_t (*signatures)[ASSAY_P256_SIGNATURE_LEN], size_t count)
{
    const struct assay_where nowhere = { 0 };
    char command[32];
    uint8_t *bytes = malloc(ASSAY_GENESIS_LEN_MAX);
    if (bytes == NULL) return cli_genesis_report_error(verb, path, ASSAY_E_MEMORY, &nowhere);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_GENESIS_LEN_MAX);
    const enum assay_status status =
        assay_genesis_encode_file(body, signers, signatures, count, &w);
    (void)snprintf(command, sizeof command, "assay genesis %s", verb);
    const int result = status == ASSAY_OK ? cli_output_write(command, path, ASSAY_FILE_PUBLIC,
                                                             assay_slice_over(w.bytes, w.len))
                                          : cli_genesis_report_error(verb, path, status, &nowhere);
    free(bytes);
    return result;
}

enum assay_status cli_genesis_set_message(char message[static ASSAY_CONFIG_MESSAGE_MAX],
                                          enum assay_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(message, ASSAY_CONFIG_MESSAGE_MAX, format, args);
    va_end(args);
    return status;
}

int cli_genesis_report_error(const char *verb, const char *path, enum assay_status status,
                             const struct assay_where *where)
{
    (void)fprintf(stderr, "assay genesis %s: %s: %s", verb, path,
                  cli_file_fault_of(path, status, "a genesis"));
    if (where->field != NULL)
        (void)fprintf(stderr, " in %s at byte %lu", where->field, where->offset);
    (void)fputc('\n', stderr);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                           : ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ show */

static const char *profile_of(const struct assay_genesis *g)
{
    struct assay_policy *policy = malloc(sizeof *policy);
    const char *text = "unreadable";
    if (policy != NULL && assay_policy_decode(g->policy.bytes, g->policy.len, policy) == ASSAY_OK)
        text = policy->profile == ASSAY_PROFILE_DEVELOPMENT ? "development" : "production";
    free(policy);
    return text;
}

/* NULL: it has none, or a plan that this build cannot read. The caller frees it. */
static struct assay_registry_plan *plan_of(const struct assay_genesis *g)
{
    struct assay_registry_plan *plan = g->services.len > 0 ? calloc(1, sizeof *plan) : NULL;
    if (plan != NULL && assay_registry_plan_decode(g->services, plan) == ASSAY_OK) return plan;
    free(plan);
    return NULL;
}

static void set_services(struct assay_json *data, const struct assay_genesis *g)
{
    struct assay_registry_plan *plan = plan_of(g);
    struct assay_json *const object = assay_json_set_object(data, "services");
    struct assay_json *const groups = assay_json_set_array(object, "groups");
    for (uint32_t i = 0; plan != NULL && i < plan->group_count; i++) {
        struct assay_json *const group = assay_json_append_object(groups);
        assay_json_set_text(group, "name", plan->group[i].name);
        assay_json_set_uint(group, "size", plan->group[i].size);
        assay_json_set_uint(group, "instances", plan->group[i].instances_max);
    }
    if (plan != NULL && plan->has_shares) {
        struct assay_json *const shares = assay_json_set_object(object, "shares");
        assay_json_set_uint(shares, "clusters", plan->shares.clusters);
        assay_json_set_uint(shares, "slots", plan->shares.slots);
        assay_json_set_uint(shares, "threshold", plan->shares.k);
        assay_json_set_uint(shares, "confirmations", plan->shares.confirmations);
        assay_json_set_uint(shares, "ids", plan->shares.ids_max);
    }
    if (plan != NULL && plan->has_tasks) {
        struct assay_json *const tasks = assay_json_set_object(object, "tasks");
        assay_json_set_uint(tasks, "tasks", plan->tasks.tasks_max);
        assay_json_set_uint(tasks, "accounts", plan->tasks.accounts_max);
        assay_json_set_uint(tasks, "balances", plan->tasks.balance_count);
    }
    if (plan != NULL && plan->has_identity)
        assay_json_set(object, "identity", cli_identity_plan_json(plan));
    free(plan);
}

static void set_operators(struct assay_json *data, const struct assay_genesis *g)
{
    struct assay_json *const list = assay_json_set_array(data, "operators");
    uint32_t next = 0; /* signers ascend, as operators do */
    for (uint32_t i = 0; i < g->operator_count; i++) {
        const bool signed_it = next < g->signature_count && g->signers[next] == i;
        struct assay_json *const object = assay_json_append_object(list);
        assay_json_set_text_n(object, "name", g->operators[i].name.bytes, g->operators[i].name.len);
        assay_json_set_hex(object, "operator_id", g->operators[i].operator_id, 32);
        assay_json_set_hex(object, "public_key", g->operators[i].public_key, ASSAY_P256_PUBLIC_LEN);
        assay_json_set_bool(object, "signed", signed_it);
        next += signed_it ? 1 : 0;
    }
}

static void set_members(struct assay_json *data, const struct assay_genesis *g)
{
    struct assay_json *const list = assay_json_set_array(data, "members");
    for (uint32_t i = 0; i < g->member_count; i++) {
        const struct assay_genesis_member *const m = &g->members[i];
        struct assay_json *const object = assay_json_append_object(list);
        assay_json_set_uint(object, "slot", i);
        assay_json_set_text_n(object, "name", m->name.bytes, m->name.len);
        assay_json_set_hex(object, "node_id", m->node_id, 32);
        assay_json_set_hex(object, "operator_id", m->operator_id, 32);
        assay_json_set_text(object, "kind",
                            assay_kind_text((enum assay_evidence_kind)m->evidence_kind));
        assay_json_set_hex(object, "platform_id", m->platform_id, 32);
        assay_json_set_hex(object, "vendor_root", m->vendor_root, 32);
    }
}

/* The share of live units that can hold a third, and two thirds, of the table: 1 / (2B + 1) and
 * 2 / (B + 2), docs/protocol.md 6.3.2. */
static void set_amplification(struct assay_json *data, uint32_t percent)
{
    assay_json_set_uint(data, "amplification_percent", percent);
    assay_json_set_uint(data, "third_held_percent", 10000 / (2 * percent + 100));
    assay_json_set_uint(data, "two_thirds_held_percent", 20000 / (percent + 200));
}

static struct assay_json *document_of(const struct assay_genesis *g)
{
    const struct assay_genesis_parameters *const p = &g->parameters;
    struct assay_json *const data = assay_json_object();
    const char *const profile = profile_of(g);
    assay_json_set_hex(data, "chain_id", g->chain_id, 32);
    assay_json_set_time_ms(data, "time", g->time_ms);
    assay_json_set_uint(data, "epoch_ms", p->epoch_ms);
    assay_json_set_uint(data, "operator_cap_num", p->operator_cap_num);
    assay_json_set_uint(data, "operator_cap_den", p->operator_cap_den);
    assay_json_set_uint(data, "vendor_cap_num", p->vendor_cap_num);
    assay_json_set_uint(data, "vendor_cap_den", p->vendor_cap_den);
    assay_json_set_uint(data, "block_len_max", p->block_len_max);
    assay_json_set_uint(data, "level", p->level);
    assay_json_set_uint(data, "collateral_delay_s", assay_parameters_delay_ms(p) / 1000);
    assay_json_set_uint(data, "seats_max", assay_parameters_seats(p));
    set_amplification(data, assay_parameters_amplification(p));
    assay_json_set_uint(data, "quiet_floor_percent", assay_parameters_quiet_floor(p));
    assay_json_set_hex(data, "policy_digest", g->policy_digest, 32);
    assay_json_set_text(data, "profile", profile);
    assay_json_set_bool(data, "insecure", strcmp(profile, "development") == 0);
    assay_json_set_hex(data, "endorsements_digest", g->endorsements_digest, 32);
    assay_json_set_uint(data, "signatures", g->signature_count);
    assay_json_set_uint(data, "threshold", g->threshold);
    if (g->services.len > 0) set_services(data, g);
    set_operators(data, g);
    set_members(data, g);
    return data;
}

static const char genesis_view[] =
    "chain_id       {chain_id}\n"
    "time           {time}\n"
    "epoch_ms       {epoch_ms}\n"
    "caps           operator {operator_cap_num}/{operator_cap_den}, vendor root "
    "{vendor_cap_num}/{vendor_cap_den}\n"
    "block_len_max  {block_len_max}\n"
    "feature level  {level}\n"
    "collateral     of a higher evaluation number takes effect {collateral_delay_s:period} after a "
    "block contains it\n"
    "seats_max      {seats_max}\n"
    "amplification  {amplification_percent} %: {third_held_percent} % of the live units may hold a "
    "third of the weight, {two_thirds_held_percent} % two thirds\n"
    "quiet floor    {quiet_floor_percent} %: so much of the weight retains its votes when members "
    "do not attest\n"
    "policy         {policy_digest}\n"
    "profile        {profile}[?insecure , INSECURE]\n"
    "endorsements   {endorsements_digest}\n"
    "signatures     {signatures} valid, {threshold} of {#operators} operators needed\n"
    "[?services [?services.groups+services.shares+services.tasks+services.identity "
    "[*services.groups group          {name}: {size} replicas, at most {instances} instances\n]"
    "[?services.shares shares         {services.shares.threshold} of {services.shares.slots} in "
    "{services.shares.clusters} clusters, {services.shares.confirmations} confirmations, at most "
    "{services.shares.ids} ids\n]"
    "[?services.tasks tasks          at most {services.tasks.tasks} at once, "
    "{services.tasks.accounts} accounts, {services.tasks.balances} of them with a balance\n]"
    "[?services.identity identity       {services.identity.trust_domain}, issuer "
    "{services.identity.issuer}, {services.identity.validity} s, {services.identity.refresh} "
    "epochs a generation, rollover {services.identity.rollover}, every "
    "{services.identity.rollover_epochs} epochs[?services.identity.insecure , "
    "INSECURE]\n"
    "[*services.identity.names   name         {name}, standing {min_standing}\n"
    "[*references     reference  {field} {value}\n]]]"
    "|services       a plan that cannot be read\n]]"
    "[*operators operator {#,-3}   {operator_id}  [?signed signed  |unsigned]  {name}\n]"
    "[*members member {slot,-3}     {node_id}  {kind,-8}  operator {operator_id}  {name}\n"
    "  platform     {platform_id}  of vendor root {vendor_root}\n]";

static int show_genesis(const char *path, bool json)
{
    struct assay_genesis_file file;
    struct assay_where where = { 0 };
    const enum assay_status status = cli_genesis_file_load(path, &file, &where);
    const int result = status == ASSAY_OK ? cli_view_result(json, "assay.genesis",
                                                            document_of(file.genesis), genesis_view)
                                          : cli_genesis_report_error("show", path, status, &where);
    cli_genesis_file_free(&file);
    return result;
}

int cli_command_genesis(int argc, char **argv)
{
    const char *out = NULL, *key = NULL;
    bool json = false;
    const struct cli_option_target targets[] = {
        { "out", .text = &out },
        { "key", .text = &key },
        { "json", .flag = &json },
        { .name = NULL },
    };
    const int early = cli_options_read(argc, argv, targets);
    if (early >= 0) return early;
    const char *const verb = argv[1], *const path = argv[2];
    if (strcmp(verb, "create") == 0) return cli_genesis_create(path, out);
    if (strcmp(verb, "sign") == 0) return cli_genesis_sign(path, key);
    return show_genesis(path, json);
}
