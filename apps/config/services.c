/*
 * apps/config/services.c - section services of a plan.
 */
#include "apps/config/services.h"

#include "base/bytes.h"
#include "base/dns_name.h"
#include "quote/accept/policy.h"
#include "services/registry/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cyaml_schema_field_t group_fields[] = {
    ASSAY_CONFIG_FIELD("name", struct assay_yaml_group, name),
    ASSAY_CONFIG_FIELD("size", struct assay_yaml_group, size),
    ASSAY_CONFIG_FIELD_OPTIONAL("instances", struct assay_yaml_group, instances), CYAML_FIELD_END
};
static const cyaml_schema_value_t group_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct assay_yaml_group, group_fields) };
static const cyaml_schema_field_t balance_fields[] = {
    ASSAY_CONFIG_FIELD("account", struct assay_yaml_balance, account),
    ASSAY_CONFIG_FIELD("amount", struct assay_yaml_balance, amount), CYAML_FIELD_END
};
static const cyaml_schema_value_t balance_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct assay_yaml_balance, balance_fields) };
static const cyaml_schema_field_t shares_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("clusters", struct assay_yaml_shares, clusters),
    ASSAY_CONFIG_FIELD_OPTIONAL("slots", struct assay_yaml_shares, slots),
    ASSAY_CONFIG_FIELD_OPTIONAL("threshold", struct assay_yaml_shares, threshold),
    ASSAY_CONFIG_FIELD_OPTIONAL("confirmations", struct assay_yaml_shares, confirmations),
    ASSAY_CONFIG_FIELD_OPTIONAL("ids", struct assay_yaml_shares, ids),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t tasks_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("accounts", struct assay_yaml_tasks, accounts),
    ASSAY_CONFIG_FIELD_OPTIONAL("tasks", struct assay_yaml_tasks, tasks),
    CYAML_FIELD_SEQUENCE("balances", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct assay_yaml_tasks, balances, &balance_value, 1,
                         ASSAY_PLAN_BALANCES_MAX),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t grant_reference_fields[] = {
    ASSAY_CONFIG_FIELD("field", struct assay_yaml_grant_reference, field),
    ASSAY_CONFIG_FIELD("value", struct assay_yaml_grant_reference, value), CYAML_FIELD_END
};
static const cyaml_schema_value_t grant_reference_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct assay_yaml_grant_reference, grant_reference_fields) };
static const cyaml_schema_field_t grant_fields[] = {
    ASSAY_CONFIG_FIELD("name", struct assay_yaml_grant, name),
    ASSAY_CONFIG_FIELD_OPTIONAL("min_standing", struct assay_yaml_grant, min_standing),
    CYAML_FIELD_SEQUENCE("references", CYAML_FLAG_POINTER, struct assay_yaml_grant, references,
                         &grant_reference_value, 1, ASSAY_PLAN_REFERENCES_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t grant_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct assay_yaml_grant, grant_fields) };
static const cyaml_schema_field_t identity_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("trust_domain", struct assay_yaml_identity, trust_domain),
    ASSAY_CONFIG_FIELD_OPTIONAL("issuer", struct assay_yaml_identity, issuer),
    ASSAY_CONFIG_FIELD_OPTIONAL("validity", struct assay_yaml_identity, validity),
    ASSAY_CONFIG_FIELD_OPTIONAL("refresh", struct assay_yaml_identity, refresh),
    ASSAY_CONFIG_FIELD_OPTIONAL("rollover", struct assay_yaml_identity, rollover),
    ASSAY_CONFIG_FIELD_OPTIONAL("rollover_epochs", struct assay_yaml_identity, rollover_epochs),
    ASSAY_CONFIG_FIELD_OPTIONAL("next_epochs", struct assay_yaml_identity, next_epochs),
    ASSAY_CONFIG_FIELD_OPTIONAL("old_epochs", struct assay_yaml_identity, old_epochs),
    ASSAY_CONFIG_FIELD_OPTIONAL("replace", struct assay_yaml_identity, replace),
    ASSAY_CONFIG_FIELD_OPTIONAL("retire", struct assay_yaml_identity, retire),
    ASSAY_CONFIG_FIELD_OPTIONAL("insecure", struct assay_yaml_identity, insecure),
    CYAML_FIELD_SEQUENCE("names", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct assay_yaml_identity, names, &grant_value, 1, ASSAY_PLAN_GRANTS_MAX),
    CYAML_FIELD_END
};

const cyaml_schema_field_t assay_config_services_fields[] = {
    CYAML_FIELD_SEQUENCE("groups", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct assay_yaml_services, groups, &group_value, 1,
                         ASSAY_PLAN_GROUPS_MAX),
    CYAML_FIELD_MAPPING("shares", CYAML_FLAG_OPTIONAL, struct assay_yaml_services, shares,
                        shares_fields),
    CYAML_FIELD_MAPPING("tasks", CYAML_FLAG_OPTIONAL, struct assay_yaml_services, tasks,
                        tasks_fields),
    CYAML_FIELD_MAPPING("identity", CYAML_FLAG_OPTIONAL, struct assay_yaml_services, identity,
                        identity_fields),
    CYAML_FIELD_END
};

enum {
    INSTANCES_USUAL = 256,
    SLOTS_USUAL = 5,
    SLOTS_MORE = 2, /* than the threshold (docs/services.md 5.8) */
    K_USUAL = 3,
    IDS_USUAL = 1024,
    ACCOUNTS_USUAL = 256,
    VALIDITY_USUAL = 900, /* seconds */
    HOUR_S = 3600,
    YEAR_S = 365 * 24 * 3600,
    TASKS_USUAL = 512 /* of which one account may have 8 open */
};

/* text NULL: the usual one. */
static enum assay_status parse_number(const struct assay_config_file *file, const char *key,
                                      const char *text, uint32_t usual, uint32_t min, uint32_t max,
                                      uint32_t *out)
{
    *out = usual;
    return text != NULL ? assay_config_take_number(file, key, text, min, max, out) : ASSAY_OK;
}

static enum assay_status take_group(const struct assay_config_file *file,
                                    const struct assay_yaml_group *yaml, uint32_t index,
                                    struct assay_registry_plan *plan)
{
    char key[ASSAY_CONFIG_KEY_MAX];
    _Static_assert((int)ASSAY_PLAN_NAME_MAX == (int)ASSAY_NAME_MAX, "one kind of names");
    (void)snprintf(key, sizeof key, "services.groups[%u].name", (unsigned)index);
    ASSAY_TRY(assay_config_take_name(file, key, yaml->name, plan->group[index].name));
    for (uint32_t k = 0; k < index; k++)
        if (strcmp(plan->group[k].name, plan->group[index].name) == 0)
            return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "%s is named twice",
                                     plan->group[index].name);
    (void)snprintf(key, sizeof key, "services.groups[%u].size", (unsigned)index);
    ASSAY_TRY(assay_config_take_number(file, key, yaml->size, 3, 7, &plan->group[index].size));
    if (plan->group[index].size % 2 == 0)
        return assay_config_fail(file, ASSAY_E_RANGE, key, "expected 3, 5 or 7, found %u",
                                 (unsigned)plan->group[index].size);
    (void)snprintf(key, sizeof key, "services.groups[%u].instances", (unsigned)index);
    return parse_number(file, key, yaml->instances, INSTANCES_USUAL, 1, ASSAY_CONT_INSTANCES_MAX,
                        &plan->group[index].instances_max);
}

static enum assay_status take_shares(const struct assay_config_file *file,
                                     const struct assay_yaml_services *yaml,
                                     struct assay_registry_plan *plan)
{
    plan->has_shares = yaml->shares.clusters != NULL;
    if (!plan->has_shares) {
        if (yaml->shares.slots == NULL && yaml->shares.threshold == NULL &&
            yaml->shares.confirmations == NULL && yaml->shares.ids == NULL)
            return ASSAY_OK;
        return assay_config_fail(file, ASSAY_E_NOT_FOUND, "services.shares.clusters",
                                 "expected how many clusters there are, 1 to %d",
                                 (int)ASSAY_SHARE_CLUSTERS_MAX);
    }
    ASSAY_TRY(parse_number(file, "services.shares.clusters", yaml->shares.clusters, 1, 1,
                           ASSAY_SHARE_CLUSTERS_MAX, &plan->shares.clusters));
    ASSAY_TRY(parse_number(file, "services.shares.slots", yaml->shares.slots, SLOTS_USUAL,
                           ASSAY_SHARE_K_MIN + SLOTS_MORE, ASSAY_SHARE_SLOTS_MAX,
                           &plan->shares.slots));
    const uint32_t most = plan->shares.slots - SLOTS_MORE;
    ASSAY_TRY(parse_number(file, "services.shares.threshold", yaml->shares.threshold,
                           most < K_USUAL ? most : K_USUAL, ASSAY_SHARE_K_MIN, ASSAY_SHARE_K_MAX,
                           &plan->shares.k));
    if (plan->shares.k > most)
        return assay_config_fail(file, ASSAY_E_RANGE, "services.shares.threshold",
                                 "expected at most %u, which is %d less than slots, found %u: one "
                                 "holder that is silent would stop every reshare",
                                 (unsigned)most, (int)SLOTS_MORE, (unsigned)plan->shares.k);
    ASSAY_TRY(parse_number(file, "services.shares.confirmations", yaml->shares.confirmations,
                           plan->shares.slots, plan->shares.k, plan->shares.slots,
                           &plan->shares.confirmations));
    return parse_number(file, "services.shares.ids", yaml->shares.ids, IDS_USUAL, 1,
                        ASSAY_SHARE_IDS_MAX, &plan->shares.ids_max);
}

static enum assay_status take_amount(const struct assay_config_file *file, const char *key,
                                     const char *text, uint64_t *out)
{
    uint64_t value = 0;
    const size_t len = strlen(text);
    if (len == 0 || len > 19 || strspn(text, "0123456789") != len || (len > 1 && text[0] == '0'))
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected a number of at most 19 digits, found \"%.40s\"", text);
    for (size_t i = 0; i < len; i++)
        value = value * 10 + (uint64_t)(text[i] - '0');
    *out = value;
    return ASSAY_OK;
}

static int by_account(const void *a, const void *b)
{
    const struct assay_task_balance *x = a, *y = b;
    return assay_bytes_compare(x->account, y->account, 32);
}

static enum assay_status take_tasks(const struct assay_config_file *file,
                                    const struct assay_yaml_services *yaml,
                                    struct assay_registry_plan *plan)
{
    const uint32_t count = yaml->tasks.balances_count;
    char key[ASSAY_CONFIG_KEY_MAX];
    plan->has_tasks = yaml->tasks.accounts != NULL || yaml->tasks.tasks != NULL || count > 0;
    if (!plan->has_tasks) return ASSAY_OK;
    ASSAY_TRY(parse_number(file, "services.tasks.accounts", yaml->tasks.accounts, ACCOUNTS_USUAL,
                           count > 0 ? count : 1, ASSAY_TASK_ACCOUNTS_MAX,
                           &plan->tasks.accounts_max));
    ASSAY_TRY(parse_number(file, "services.tasks.tasks", yaml->tasks.tasks, TASKS_USUAL, 1,
                           ASSAY_TASK_TASKS_MAX, &plan->tasks.tasks_max));
    plan->tasks.balance_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_task_balance *to = &plan->tasks.balance[i];
        (void)snprintf(key, sizeof key, "services.tasks.balances[%u].account", (unsigned)i);
        ASSAY_TRY(
            assay_config_take_hex(file, key, yaml->tasks.balances[i].account, to->account, 32));
        (void)snprintf(key, sizeof key, "services.tasks.balances[%u].amount", (unsigned)i);
        ASSAY_TRY(take_amount(file, key, yaml->tasks.balances[i].amount, &to->amount));
    }
    qsort(plan->tasks.balance, count, sizeof plan->tasks.balance[0], by_account);
    for (uint32_t i = 1; i < count; i++)
        if (by_account(&plan->tasks.balance[i - 1], &plan->tasks.balance[i]) == 0)
            return assay_config_fail(file, ASSAY_E_DUPLICATE, "services.tasks.balances",
                                     "an account is named twice");
    return ASSAY_OK;
}

/* --- identity */

static enum assay_status take_grant_reference(const struct assay_config_file *file,
                                              const struct assay_yaml_grant *yaml, unsigned grant,
                                              unsigned index, struct assay_plan_reference *to)
{
    const struct assay_yaml_grant_reference *from = &yaml->references[index];
    const size_t len = strlen(from->value) / 2;
    enum assay_reference_field field = ASSAY_REFERENCE_MRENCLAVE;
    char key[ASSAY_CONFIG_KEY_MAX];
    (void)snprintf(key, sizeof key, "services.identity.names[%u].references[%u].field", grant,
                   index);
    if (assay_reference_field_parse(from->field, strlen(from->field), &field) != ASSAY_OK)
        return assay_config_fail(file, ASSAY_E_NOT_FOUND, key,
                                 "expected a field of reference values (assay policy), such as "
                                 "mrenclave or mrtd, found \"%.40s\"",
                                 from->field);
    (void)snprintf(key, sizeof key, "services.identity.names[%u].references[%u].value", grant,
                   index);
    if (len == ASSAY_SHA1_LEN || !assay_reference_field_fits(field, len))
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected the hexadecimal digits of a value of %s, as in the "
                                 "policy and not of SHA-1, found \"%.40s\" (%zu)",
                                 from->field, from->value, strlen(from->value));
    *to = (struct assay_plan_reference){ .field = (uint32_t)field, .value_len = (uint32_t)len };
    return assay_config_take_hex(file, key, from->value, to->value, len);
}

static int by_value(const void *a, const void *b)
{
    const struct assay_plan_reference *x = a, *y = b;
    if (x->field != y->field) return x->field < y->field ? -1 : 1;
    if (x->value_len != y->value_len) return x->value_len < y->value_len ? -1 : 1;
    return assay_bytes_compare(x->value, y->value, x->value_len);
}

static enum assay_status take_grant(const struct assay_config_file *file,
                                    const struct assay_yaml_grant *yaml, unsigned index,
                                    struct assay_plan_grant *to)
{
    char key[ASSAY_CONFIG_KEY_MAX];
    (void)snprintf(key, sizeof key, "services.identity.names[%u].name", index);
    if (!assay_credential_name_is_fit(assay_slice_over(yaml->name, strlen(yaml->name))))
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected 1 to %d of a-z 0-9 -, no hyphen at an end, neither node "
                                 "nor svc, found \"%.70s\"",
                                 (int)ASSAY_DNS_LABEL_MAX, yaml->name);
    (void)snprintf(to->name, sizeof to->name, "%s", yaml->name);
    (void)snprintf(key, sizeof key, "services.identity.names[%u].min_standing", index);
    to->needs_full = yaml->min_standing != NULL && strcmp(yaml->min_standing, "full") == 0;
    if (!to->needs_full && yaml->min_standing != NULL && strcmp(yaml->min_standing, "warning") != 0)
        return assay_config_fail(file, ASSAY_E_SYNTAX, key,
                                 "expected full or warning, found \"%.40s\"", yaml->min_standing);
    to->reference_count = yaml->references_count;
    for (unsigned i = 0; i < yaml->references_count; i++)
        ASSAY_TRY(take_grant_reference(file, yaml, index, i, &to->reference[i]));
    qsort(to->reference, to->reference_count, sizeof to->reference[0], by_value);
    (void)snprintf(key, sizeof key, "services.identity.names[%u].references", index);
    for (uint32_t i = 1; i < to->reference_count; i++)
        if (by_value(&to->reference[i - 1], &to->reference[i]) == 0)
            return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "a value is named twice");
    return ASSAY_OK;
}

static int by_grant_name(const void *a, const void *b)
{
    const struct assay_plan_grant *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static enum assay_status take_grants(const struct assay_config_file *file,
                                     const struct assay_yaml_identity *yaml,
                                     struct assay_registry_plan *plan)
{
    struct assay_plan_grant *grant = plan->identity.grant;
    plan->identity.grant_count = yaml->names_count;
    for (unsigned i = 0; i < yaml->names_count; i++)
        ASSAY_TRY(take_grant(file, &yaml->names[i], i, &grant[i]));
    qsort(grant, yaml->names_count, sizeof *grant, by_grant_name);
    for (unsigned i = 1; i < yaml->names_count; i++)
        if (by_grant_name(&grant[i - 1], &grant[i]) == 0)
            return assay_config_fail(file, ASSAY_E_DUPLICATE, "services.identity.names",
                                     "%s is named twice", grant[i].name);
    return ASSAY_OK;
}

static enum assay_status take_domain(const struct assay_config_file *file,
                                     const struct assay_yaml_identity *yaml,
                                     struct assay_registry_plan *plan)
{
    const char *domain = yaml->trust_domain, *issuer = yaml->issuer;
    if (domain == NULL ||
        !assay_dns_is_name(assay_slice_over(domain, strlen(domain)), ASSAY_CREDENTIAL_DOMAIN_MAX))
        return assay_config_fail(file, domain == NULL ? ASSAY_E_NOT_FOUND : ASSAY_E_SYNTAX,
                                 "services.identity.trust_domain",
                                 "expected a DNS name of at most %d characters in lower case, "
                                 "found \"%.80s\"",
                                 (int)ASSAY_CREDENTIAL_DOMAIN_MAX, domain == NULL ? "" : domain);
    if (issuer == NULL || !assay_credential_issuer_is_fit(assay_slice_over(issuer, strlen(issuer))))
        return assay_config_fail(file, issuer == NULL ? ASSAY_E_NOT_FOUND : ASSAY_E_SYNTAX,
                                 "services.identity.issuer",
                                 "expected an https URL of at most %d characters without query, "
                                 "fragment and / at its end, found \"%.80s\"",
                                 (int)ASSAY_CREDENTIAL_ISSUER_MAX, issuer == NULL ? "" : issuer);
    (void)snprintf(plan->identity.trust_domain, sizeof plan->identity.trust_domain, "%s", domain);
    (void)snprintf(plan->identity.issuer, sizeof plan->identity.issuer, "%s", issuer);
    return ASSAY_OK;
}

/* Returns: epochs that last so long, within limits. */
static uint32_t epochs_of(uint64_t seconds, uint32_t epoch_ms, uint32_t min, uint32_t max)
{
    const uint64_t epochs = (seconds * 1000 + epoch_ms - 1) / epoch_ms;
    if (epochs < min) return min;
    return epochs < max ? (uint32_t)epochs : max;
}

/* docs/identity.md 3.15: an epoch lasts epoch_ms at least, so a time that is counted in epochs is
 * never shorter. A number is old until twice the validity is over, or longer. */
static enum assay_status take_rollover(const struct assay_config_file *file,
                                       const struct assay_yaml_identity *yaml, uint32_t epoch_ms,
                                       struct assay_registry_plan *plan)
{
    const uint32_t min = ASSAY_CA_OVERLAP_MIN, max = ASSAY_CA_OVERLAP_MAX;
    const uint32_t year = epochs_of(YEAR_S, epoch_ms, ASSAY_CA_ROLLOVER_MIN, ASSAY_CA_ROLLOVER_MAX);
    const uint32_t hour = epochs_of(HOUR_S, epoch_ms, min, max);
    const uint32_t twice = epochs_of(2ULL * plan->identity.validity_s, epoch_ms, min, max);
    ASSAY_TRY(parse_number(file, "services.identity.rollover_epochs", yaml->rollover_epochs, year,
                           0, ASSAY_CA_ROLLOVER_MAX, &plan->identity.rollover));
    if (plan->identity.rollover > 0 && plan->identity.rollover < ASSAY_CA_ROLLOVER_MIN)
        return assay_config_fail(file, ASSAY_E_RANGE, "services.identity.rollover_epochs",
                                 "expected 0 (never), or %d or more, found %s",
                                 (int)ASSAY_CA_ROLLOVER_MIN, yaml->rollover_epochs);
    ASSAY_TRY(parse_number(file, "services.identity.next_epochs", yaml->next_epochs, hour, min, max,
                           &plan->identity.next_epochs));
    ASSAY_TRY(parse_number(file, "services.identity.old_epochs", yaml->old_epochs, twice, min, max,
                           &plan->identity.old_epochs));
    if (plan->identity.old_epochs < twice)
        return assay_config_fail(file, ASSAY_E_RANGE, "services.identity.old_epochs",
                                 "expected %u or more, which is twice the validity, found %s",
                                 (unsigned)twice, yaml->old_epochs);
    ASSAY_TRY(parse_number(file, "services.identity.replace", yaml->replace, 0, 0,
                           ASSAY_CA_ORDERED_MAX, &plan->identity.replaced));
    return parse_number(file, "services.identity.retire", yaml->retire, 0, 0, ASSAY_CA_ORDERED_MAX,
                        &plan->identity.retired);
}

static bool has_rollover(const struct assay_yaml_identity *yaml)
{
    return yaml->rollover_epochs != NULL || yaml->next_epochs != NULL || yaml->old_epochs != NULL ||
           yaml->replace != NULL || yaml->retire != NULL;
}

static enum assay_status take_identity(const struct assay_config_file *file,
                                       const struct assay_yaml_identity *yaml, uint32_t epoch_ms,
                                       struct assay_registry_plan *plan)
{
    plan->has_identity = yaml->trust_domain != NULL || yaml->issuer != NULL ||
                         yaml->validity != NULL || yaml->refresh != NULL ||
                         yaml->rollover != NULL || yaml->insecure != NULL ||
                         yaml->names_count > 0 || has_rollover(yaml);
    if (!plan->has_identity) return ASSAY_OK;
    ASSAY_TRY(take_domain(file, yaml, plan));
    ASSAY_TRY(parse_number(file, "services.identity.validity", yaml->validity, VALIDITY_USUAL,
                           ASSAY_CREDENTIAL_VALIDITY_S_MIN, ASSAY_CREDENTIAL_VALIDITY_S_MAX,
                           &plan->identity.validity_s));
    ASSAY_TRY(parse_number(file, "services.identity.refresh", yaml->refresh, ASSAY_CA_REFRESH,
                           ASSAY_CA_BAR_EPOCHS, ASSAY_CA_REFRESH_MAX, &plan->identity.refresh));
    plan->identity.replaces_lost_key =
        yaml->rollover == NULL || strcmp(yaml->rollover, "auto") == 0;
    if (!plan->identity.replaces_lost_key && strcmp(yaml->rollover, "manual") != 0)
        return assay_config_fail(file, ASSAY_E_SYNTAX, "services.identity.rollover",
                                 "expected auto or manual, found \"%.40s\"", yaml->rollover);
    ASSAY_TRY(take_rollover(file, yaml, epoch_ms, plan));
    plan->identity.insecure = yaml->insecure != NULL && strcmp(yaml->insecure, "yes") == 0;
    if (yaml->insecure != NULL && !plan->identity.insecure && strcmp(yaml->insecure, "no") != 0)
        return assay_config_fail(file, ASSAY_E_SYNTAX, "services.identity.insecure",
                                 "expected yes or no, found \"%.40s\"", yaml->insecure);
    return take_grants(file, yaml, plan);
}

/* As assay_registry_plan_check, which knows no words. */
static enum assay_status check_pages(const struct assay_config_file *file,
                                     const struct assay_registry_plan *plan)
{
    uint32_t pages = 0;
    for (uint32_t i = 0; i < plan->group_count; i++)
        pages += (plan->group[i].instances_max + ASSAY_PLAN_PAGE_ROWS - 1) / ASSAY_PLAN_PAGE_ROWS;
    if (pages <= ASSAY_PLAN_PAGES_MAX) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_RANGE, "services.groups",
                             "expected at most %d pages of %d instances in all groups together, "
                             "found %u",
                             (int)ASSAY_PLAN_PAGES_MAX, (int)ASSAY_PLAN_PAGE_ROWS, (unsigned)pages);
}

enum assay_status assay_config_take_services(const struct assay_config_file *file,
                                             const struct assay_yaml_services *yaml,
                                             uint32_t epoch_ms, struct assay_registry_plan *plan,
                                             bool *has)
{
    plan->group_count = yaml->groups_count;
    for (uint32_t i = 0; i < yaml->groups_count; i++)
        ASSAY_TRY(take_group(file, &yaml->groups[i], i, plan));
    ASSAY_TRY(take_shares(file, yaml, plan));
    ASSAY_TRY(take_tasks(file, yaml, plan));
    ASSAY_TRY(take_identity(file, &yaml->identity, epoch_ms, plan));
    *has = plan->group_count > 0 || plan->has_shares || plan->has_tasks || plan->has_identity;
    if (!*has) return ASSAY_OK;
    ASSAY_TRY(check_pages(file, plan));
    const enum assay_status status = assay_registry_plan_check(plan);
    if (status == ASSAY_OK) return ASSAY_OK;
    return assay_config_fail(file, status, "services", "%s",
                             status == ASSAY_E_RANGE ? "first balances add up to more than 2^64 - 1"
                                                     : assay_status_text(status));
}

/* ------------------------------------------------------------ a file of the section alone */

struct yaml_file {
    char *plan_version;
    struct assay_yaml_services services;
};

static const cyaml_schema_field_t file_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("plan_version", struct yaml_file, plan_version),
    CYAML_FIELD_MAPPING("services", CYAML_FLAG_DEFAULT, struct yaml_file, services,
                        assay_config_services_fields),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t file_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_file, file_fields) };

static enum assay_status take_file(const struct assay_config_file *file, uint32_t epoch_ms,
                                   struct assay_registry_plan *plan)
{
    const struct yaml_file *yaml = file->data;
    bool has = false;
    if (yaml->plan_version != NULL)
        ASSAY_TRY(assay_config_take_version(file, "plan_version", yaml->plan_version));
    ASSAY_TRY(assay_config_take_services(file, &yaml->services, epoch_ms, plan, &has));
    if (has) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_NOT_FOUND, "services",
                             "expected groups, shares, tasks or identity, found nothing");
}

enum assay_status assay_config_services_load(const char *path, uint32_t epoch_ms,
                                             struct assay_registry_plan *plan,
                                             char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_file file = { .path = path, .schema = &file_schema, .message = message };
    struct assay_registry_plan *found = NULL;
    enum assay_status status = assay_config_open(&file);
    if (status == ASSAY_OK && (found = calloc(1, sizeof *found)) == NULL) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = take_file(&file, epoch_ms, found);
    if (status == ASSAY_OK) *plan = *found;
    free(found);
    assay_config_close(&file);
    return status;
}
