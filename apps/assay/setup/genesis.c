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
#include "apps/assay/evidence/evidence_print.h"
#include "base/rfc3339.h"
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

static void put_id(const char *label, const uint8_t id[static 32])
{
    char text[65];
    assay_hex_encode(id, 32, text, sizeof text);
    (void)printf("%s%s\n", label, text);
}

/* Another operator wrote the name, and a terminal shows it: no control characters. */
static void put_name(struct assay_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        (void)putchar(name.bytes[i] < ' ' || name.bytes[i] == 0x7f ? '?' : name.bytes[i]);
}

static const char *profile_of(const struct assay_genesis *g)
{
    struct assay_policy *policy = malloc(sizeof *policy);
    const char *text = "unreadable";
    if (policy != NULL && assay_policy_decode(g->policy.bytes, g->policy.len, policy) == ASSAY_OK)
        text =
            policy->profile == ASSAY_PROFILE_DEVELOPMENT ? "development, INSECURE" : "production";
    free(policy);
    return text;
}

static void print_operators(const struct assay_genesis *g)
{
    uint32_t next = 0; /* signers ascend, as operators do */
    for (uint32_t i = 0; i < g->operator_count; i++) {
        const bool signed_it = next < g->signature_count && g->signers[next] == i;
        char id[65];
        assay_hex_encode(g->operators[i].operator_id, 32, id, sizeof id);
        (void)printf("operator %-3u   %.64s  %-8s  ", (unsigned)i, id,
                     signed_it ? "signed" : "unsigned");
        put_name(g->operators[i].name);
        (void)putchar('\n');
        next += signed_it ? 1 : 0;
    }
}

static void print_members(const struct assay_genesis *g)
{
    for (uint32_t i = 0; i < g->member_count; i++) {
        const struct assay_genesis_member *m = &g->members[i];
        char id[65], by[65];
        assay_hex_encode(m->node_id, 32, id, sizeof id);
        assay_hex_encode(m->operator_id, 32, by, sizeof by);
        (void)printf("member %-3u     %.64s  %-8s  operator %.64s  ", (unsigned)i, id,
                     assay_kind_text((enum assay_evidence_kind)m->evidence_kind), by);
        put_name(m->name);
        (void)putchar('\n');
        assay_hex_encode(m->platform_id, 32, id, sizeof id);
        assay_hex_encode(m->vendor_root, 32, by, sizeof by);
        (void)printf("  platform     %.64s  of vendor root %.64s\n", id, by);
    }
}

/* NULL: it has none, or a plan that this build cannot read. The caller frees it. */
static struct assay_registry_plan *plan_of(const struct assay_genesis *g)
{
    struct assay_registry_plan *plan = g->services.len > 0 ? calloc(1, sizeof *plan) : NULL;
    if (plan != NULL && assay_registry_plan_decode(g->services, plan) == ASSAY_OK) return plan;
    free(plan);
    return NULL;
}

static void print_services(const struct assay_genesis *g)
{
    struct assay_registry_plan *plan = plan_of(g);
    if (plan == NULL) {
        if (g->services.len > 0) (void)printf("services       a plan that cannot be read\n");
        return;
    }
    for (uint32_t i = 0; i < plan->group_count; i++)
        (void)printf("group          %s: %u replicas, at most %u instances\n", plan->group[i].name,
                     (unsigned)plan->group[i].size, (unsigned)plan->group[i].instances_max);
    if (plan->has_shares)
        (void)printf("shares         %u of %u in %u clusters, %u confirmations, at most %u ids\n",
                     (unsigned)plan->shares.k, (unsigned)plan->shares.slots,
                     (unsigned)plan->shares.clusters, (unsigned)plan->shares.confirmations,
                     (unsigned)plan->shares.ids_max);
    if (plan->has_tasks)
        (void)printf("tasks          at most %u at once, %u accounts, %u of them with a balance\n",
                     (unsigned)plan->tasks.tasks_max, (unsigned)plan->tasks.accounts_max,
                     (unsigned)plan->tasks.balance_count);
    free(plan);
}

static struct assay_json *services_of(const struct assay_genesis *g)
{
    struct assay_registry_plan *plan = plan_of(g);
    struct assay_json *const object = assay_json_object();
    struct assay_json *const groups = assay_json_array();
    for (uint32_t i = 0; plan != NULL && i < plan->group_count; i++) {
        struct assay_json *const group = assay_json_object();
        assay_json_set_text(group, "name", plan->group[i].name);
        assay_json_set_uint(group, "size", plan->group[i].size);
        assay_json_set_uint(group, "instances", plan->group[i].instances_max);
        assay_json_append(groups, group);
    }
    assay_json_set(object, "groups", groups);
    if (plan != NULL && plan->has_shares) {
        struct assay_json *const shares = assay_json_object();
        assay_json_set_uint(shares, "clusters", plan->shares.clusters);
        assay_json_set_uint(shares, "slots", plan->shares.slots);
        assay_json_set_uint(shares, "threshold", plan->shares.k);
        assay_json_set_uint(shares, "confirmations", plan->shares.confirmations);
        assay_json_set_uint(shares, "ids", plan->shares.ids_max);
        assay_json_set(object, "shares", shares);
    }
    if (plan != NULL && plan->has_tasks) {
        struct assay_json *const tasks = assay_json_object();
        assay_json_set_uint(tasks, "tasks", plan->tasks.tasks_max);
        assay_json_set_uint(tasks, "accounts", plan->tasks.accounts_max);
        assay_json_set_uint(tasks, "balances", plan->tasks.balance_count);
        assay_json_set(object, "tasks", tasks);
    }
    free(plan);
    return object;
}

/* The share of live units that can hold a third, and two thirds, of the table: 1 / (2B + 1) and
 * 2 / (B + 2), docs/protocol.md 6.3.2. */
static void print_amplification(uint32_t percent)
{
    (void)printf("amplification  %u %%: %u %% of the live units may hold a third of the weight, "
                 "%u %% two thirds\n",
                 (unsigned)percent, (unsigned)(10000 / (2 * percent + 100)),
                 (unsigned)(20000 / (percent + 200)));
}

static void print_genesis(const struct assay_genesis *g)
{
    char time[ASSAY_RFC3339_MS_LEN + 1], delay[ASSAY_PERIOD_TEXT];
    assay_rfc3339_format_ms(g->time_ms, time);
    cli_format_period(assay_parameters_delay_ms(&g->parameters) / 1000, delay);
    put_id("chain_id       ", g->chain_id);
    (void)printf("time           %s\nepoch_ms       %u\n", time, (unsigned)g->parameters.epoch_ms);
    (void)printf("caps           operator %u/%u, vendor root %u/%u\n",
                 (unsigned)g->parameters.operator_cap_num, (unsigned)g->parameters.operator_cap_den,
                 (unsigned)g->parameters.vendor_cap_num, (unsigned)g->parameters.vendor_cap_den);
    (void)printf("block_len_max  %u\n", (unsigned)g->parameters.block_len_max);
    (void)printf("collateral     of a higher evaluation number takes effect %s after a block "
                 "contains it\n",
                 delay);
    (void)printf("seats_max      %u\n", (unsigned)assay_parameters_seats(&g->parameters));
    print_amplification(assay_parameters_amplification(&g->parameters));
    (void)printf(
        "quiet floor    %u %%: so much of the weight retains its votes when members do not "
        "attest\n",
        (unsigned)assay_parameters_quiet_floor(&g->parameters));
    put_id("policy         ", g->policy_digest);
    (void)printf("profile        %s\n", profile_of(g));
    put_id("endorsements   ", g->endorsements_digest);
    (void)printf("signatures     %u valid, %u of %u operators needed\n",
                 (unsigned)g->signature_count, (unsigned)g->threshold, (unsigned)g->operator_count);
    print_services(g);
    print_operators(g);
    print_members(g);
}

static struct assay_json *operators_of(const struct assay_genesis *g)
{
    struct assay_json *const list = assay_json_array();
    uint32_t next = 0; /* signers ascend, as operators do */
    for (uint32_t i = 0; i < g->operator_count; i++) {
        const bool signed_it = next < g->signature_count && g->signers[next] == i;
        struct assay_json *const object = assay_json_object();
        assay_json_set_text_n(object, "name", g->operators[i].name.bytes, g->operators[i].name.len);
        assay_json_set_hex(object, "operator_id", g->operators[i].operator_id, 32);
        assay_json_set_hex(object, "public_key", g->operators[i].public_key, ASSAY_P256_PUBLIC_LEN);
        assay_json_set_bool(object, "signed", signed_it);
        assay_json_append(list, object);
        next += signed_it ? 1 : 0;
    }
    return list;
}

static struct assay_json *members_of(const struct assay_genesis *g)
{
    struct assay_json *const list = assay_json_array();
    for (uint32_t i = 0; i < g->member_count; i++) {
        const struct assay_genesis_member *const m = &g->members[i];
        struct assay_json *const object = assay_json_object();
        assay_json_set_uint(object, "slot", i);
        assay_json_set_text_n(object, "name", m->name.bytes, m->name.len);
        assay_json_set_hex(object, "node_id", m->node_id, 32);
        assay_json_set_hex(object, "operator_id", m->operator_id, 32);
        assay_json_set_text(object, "kind",
                            assay_kind_text((enum assay_evidence_kind)m->evidence_kind));
        assay_json_set_hex(object, "platform_id", m->platform_id, 32);
        assay_json_set_hex(object, "vendor_root", m->vendor_root, 32);
        assay_json_append(list, object);
    }
    return list;
}

static int print_json(const struct assay_genesis *g)
{
    char time[ASSAY_RFC3339_MS_LEN + 1];
    const struct assay_genesis_parameters *const p = &g->parameters;
    struct assay_json *const data = assay_json_object();
    assay_rfc3339_format_ms(g->time_ms, time);
    assay_json_set_hex(data, "chain_id", g->chain_id, 32);
    assay_json_set_text(data, "time", time);
    assay_json_set_uint(data, "epoch_ms", p->epoch_ms);
    assay_json_set_uint(data, "operator_cap_num", p->operator_cap_num);
    assay_json_set_uint(data, "operator_cap_den", p->operator_cap_den);
    assay_json_set_uint(data, "vendor_cap_num", p->vendor_cap_num);
    assay_json_set_uint(data, "vendor_cap_den", p->vendor_cap_den);
    assay_json_set_uint(data, "block_len_max", p->block_len_max);
    assay_json_set_uint(data, "collateral_delay_s", assay_parameters_delay_ms(p) / 1000);
    assay_json_set_uint(data, "seats_max", assay_parameters_seats(p));
    assay_json_set_uint(data, "amplification_percent", assay_parameters_amplification(p));
    assay_json_set_uint(data, "quiet_floor_percent", assay_parameters_quiet_floor(p));
    assay_json_set_hex(data, "policy_digest", g->policy_digest, 32);
    const char *const profile = profile_of(g);
    const bool insecure = strncmp(profile, "development", 11) == 0;
    assay_json_set_text(data, "profile", insecure ? "development" : profile);
    assay_json_set_bool(data, "insecure", insecure);
    assay_json_set_hex(data, "endorsements_digest", g->endorsements_digest, 32);
    assay_json_set_uint(data, "signatures", g->signature_count);
    assay_json_set_uint(data, "threshold", g->threshold);
    if (g->services.len > 0) assay_json_set(data, "services", services_of(g));
    assay_json_set(data, "operators", operators_of(g));
    assay_json_set(data, "members", members_of(g));
    return cli_print_envelope("assay.genesis", data);
}

static int show_genesis(const char *path, bool json)
{
    struct assay_genesis_file file;
    struct assay_where where = { 0 };
    const enum assay_status status = cli_genesis_file_load(path, &file, &where);
    int result = ASSAY_EXIT_OK;
    if (status == ASSAY_OK && json) result = print_json(file.genesis);
    else if (status == ASSAY_OK) print_genesis(file.genesis);
    else result = cli_genesis_report_error("show", path, status, &where);
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
