/*
 * apps/config/plan.c - reader of the plan of a network, for `assay genesis create`.
 */
#include "apps/config/services.h"

#include "base/rfc3339.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ the file as YAML has it */

struct yaml_cap {
    char *num, *den;
};
struct yaml_operator {
    char *name, *public_key;
};
struct yaml_member {
    char *operator_name, *card, *sample;
};

struct yaml_plan {
    char *plan_version, *epoch_ms, *time, *threshold, *policy, *block_len_max, *collateral_delay;
    char *seats_max;
    char *amplification_percent;
    char *quiet_floor_percent;
    char **collateral;
    unsigned collateral_count;
    struct yaml_cap operator_cap, vendor_cap;
    struct yaml_operator *operators;
    unsigned operators_count;
    struct yaml_member *members;
    unsigned members_count;
    struct assay_yaml_services services;
};

static const cyaml_schema_field_t cap_fields[] = { ASSAY_CONFIG_FIELD("num", struct yaml_cap, num),
                                                   ASSAY_CONFIG_FIELD("den", struct yaml_cap, den),
                                                   CYAML_FIELD_END };
static const cyaml_schema_field_t operator_fields[] = {
    ASSAY_CONFIG_FIELD("name", struct yaml_operator, name),
    ASSAY_CONFIG_FIELD("public_key", struct yaml_operator, public_key), CYAML_FIELD_END
};
static const cyaml_schema_value_t operator_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_operator, operator_fields) };
static const cyaml_schema_field_t member_fields[] = {
    ASSAY_CONFIG_FIELD("operator", struct yaml_member, operator_name),
    ASSAY_CONFIG_FIELD("card", struct yaml_member, card),
    ASSAY_CONFIG_FIELD("sample", struct yaml_member, sample), CYAML_FIELD_END
};
static const cyaml_schema_value_t member_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_member, member_fields) };
static const cyaml_schema_value_t folder_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1,
                                                                      ASSAY_CONFIG_TEXT_MAX) };
static const cyaml_schema_field_t plan_fields[] = {
    ASSAY_CONFIG_FIELD("plan_version", struct yaml_plan, plan_version),
    ASSAY_CONFIG_FIELD("epoch_ms", struct yaml_plan, epoch_ms),
    ASSAY_CONFIG_FIELD_OPTIONAL("time", struct yaml_plan, time),
    ASSAY_CONFIG_FIELD_OPTIONAL("block_len_max", struct yaml_plan, block_len_max),
    ASSAY_CONFIG_FIELD_OPTIONAL("collateral_delay", struct yaml_plan, collateral_delay),
    ASSAY_CONFIG_FIELD_OPTIONAL("seats_max", struct yaml_plan, seats_max),
    ASSAY_CONFIG_FIELD_OPTIONAL("amplification_percent", struct yaml_plan, amplification_percent),
    ASSAY_CONFIG_FIELD_OPTIONAL("quiet_floor_percent", struct yaml_plan, quiet_floor_percent),
    ASSAY_CONFIG_FIELD("threshold", struct yaml_plan, threshold),
    ASSAY_CONFIG_FIELD("policy", struct yaml_plan, policy),
    CYAML_FIELD_SEQUENCE("collateral", CYAML_FLAG_POINTER, struct yaml_plan, collateral,
                         &folder_value, 1, ASSAY_PLAN_COLLATERAL_MAX),
    CYAML_FIELD_MAPPING("operator_cap", CYAML_FLAG_OPTIONAL, struct yaml_plan, operator_cap,
                        cap_fields),
    CYAML_FIELD_MAPPING("vendor_cap", CYAML_FLAG_OPTIONAL, struct yaml_plan, vendor_cap,
                        cap_fields),
    CYAML_FIELD_SEQUENCE("operators", CYAML_FLAG_POINTER, struct yaml_plan, operators,
                         &operator_value, 1, ASSAY_OPERATORS_MAX),
    CYAML_FIELD_SEQUENCE("members", CYAML_FLAG_POINTER, struct yaml_plan, members, &member_value, 1,
                         ASSAY_MEMBERS_MAX),
    CYAML_FIELD_MAPPING("services", CYAML_FLAG_OPTIONAL, struct yaml_plan, services,
                        assay_config_services_fields),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t plan_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_plan, plan_fields) };

/* ------------------------------------------------------------ what it means */

static enum assay_status take_cap(const struct assay_config_file *file, const char *key,
                                  const struct yaml_cap *cap, uint32_t *num, uint32_t *den)
{
    char part[ASSAY_CONFIG_KEY_MAX];
    if (cap->num == NULL) return ASSAY_OK; /* no such section: the default applies */
    (void)snprintf(part, sizeof part, "%s.den", key);
    ASSAY_TRY(assay_config_take_number(file, part, cap->den, 1, 10000, den));
    (void)snprintf(part, sizeof part, "%s.num", key);
    return assay_config_take_number(file, part, cap->num, 1, *den, num);
}

static enum assay_status take_time(const struct assay_config_file *file, const char *text,
                                   uint64_t *time_ms)
{
    int64_t unix_s = 0;
    if (assay_rfc3339_parse(text, strlen(text), &unix_s) != ASSAY_OK || unix_s < 0)
        return assay_config_fail(file, ASSAY_E_SYNTAX, "time",
                                 "expected RFC 3339, as 2026-01-31T12:00:00Z, found \"%.40s\"",
                                 text);
    *time_ms = (uint64_t)unix_s * 1000;
    return ASSAY_OK;
}

static enum assay_status take_head(const struct assay_config_file *file,
                                   const struct yaml_plan *yaml, struct assay_plan *plan)
{
    struct assay_genesis_parameters *parameters = &plan->parameters;
    *parameters = (struct assay_genesis_parameters){ .operator_cap_num = 20,
                                                     .operator_cap_den = 100,
                                                     .vendor_cap_num = 33,
                                                     .vendor_cap_den = 100,
                                                     .block_len_max = ASSAY_BLOCK_LEN_MAX };
    ASSAY_TRY(assay_config_take_version(file, "plan_version", yaml->plan_version));
    ASSAY_TRY(assay_config_take_number(file, "epoch_ms", yaml->epoch_ms, ASSAY_EPOCH_MS_MIN,
                                       ASSAY_EPOCH_MS_MAX, &parameters->epoch_ms));
    ASSAY_TRY(take_cap(file, "operator_cap", &yaml->operator_cap, &parameters->operator_cap_num,
                       &parameters->operator_cap_den));
    ASSAY_TRY(take_cap(file, "vendor_cap", &yaml->vendor_cap, &parameters->vendor_cap_num,
                       &parameters->vendor_cap_den));
    if (yaml->block_len_max != NULL)
        ASSAY_TRY(assay_config_take_number(file, "block_len_max", yaml->block_len_max,
                                           ASSAY_BLOCK_LEN_MIN, ASSAY_BLOCK_LEN_MAX,
                                           &parameters->block_len_max));
    if (yaml->collateral_delay != NULL)
        ASSAY_TRY(assay_config_take_number(file, "collateral_delay", yaml->collateral_delay, 1,
                                           ASSAY_COLLATERAL_DELAY_S_MAX,
                                           &parameters->collateral_delay_s));
    if (yaml->seats_max != NULL)
        ASSAY_TRY(assay_config_take_number(file, "seats_max", yaml->seats_max, 1, ASSAY_VOTERS_MAX,
                                           &parameters->seats_max));
    if (parameters->seats_max == ASSAY_VOTERS_MAX) parameters->seats_max = 0;
    if (yaml->amplification_percent != NULL)
        ASSAY_TRY(assay_config_take_number(
            file, "amplification_percent", yaml->amplification_percent,
            ASSAY_AMPLIFICATION_PERCENT_MIN, ASSAY_AMPLIFICATION_PERCENT_MAX,
            &parameters->amplification_percent));
    if (parameters->amplification_percent == ASSAY_AMPLIFICATION_PERCENT)
        parameters->amplification_percent = 0;
    if (yaml->quiet_floor_percent != NULL)
        ASSAY_TRY(assay_config_take_number(
            file, "quiet_floor_percent", yaml->quiet_floor_percent, ASSAY_QUIET_FLOOR_PERCENT_MIN,
            ASSAY_QUIET_FLOOR_PERCENT_MAX, &parameters->quiet_floor_percent));
    if (parameters->quiet_floor_percent == ASSAY_QUIET_FLOOR_PERCENT)
        parameters->quiet_floor_percent = 0;
    if (parameters->collateral_delay_s == ASSAY_COLLATERAL_DELAY_S)
        parameters->collateral_delay_s = 0; /* the usual one has one encoding */
    /* protocol.md 9.1.1: more than half of the operators. */
    ASSAY_TRY(assay_config_take_number(file, "threshold", yaml->threshold,
                                       yaml->operators_count / 2 + 1, yaml->operators_count,
                                       &plan->threshold));
    plan->has_time = yaml->time != NULL;
    return plan->has_time ? take_time(file, yaml->time, &plan->time_ms) : ASSAY_OK;
}

static enum assay_status take_operator(const struct assay_config_file *file,
                                       const struct yaml_operator *yaml, uint32_t index,
                                       struct assay_plan *plan)
{
    struct assay_plan_operator *to = &plan->operators[index];
    char key[ASSAY_CONFIG_KEY_MAX];
    (void)snprintf(key, sizeof key, "operators[%u].name", (unsigned)index);
    ASSAY_TRY(assay_config_take_name(file, key, yaml->name, to->name));
    for (uint32_t k = 0; k < index; k++)
        if (strcmp(plan->operators[k].name, to->name) == 0)
            return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "%s is named twice", to->name);
    (void)snprintf(key, sizeof key, "operators[%u].public_key", (unsigned)index);
    return assay_config_take_hex(file, key, yaml->public_key, to->public_key,
                                 sizeof to->public_key);
}

static enum assay_status take_member(const struct assay_config_file *file,
                                     const struct yaml_member *yaml, uint32_t index,
                                     struct assay_plan *plan)
{
    struct assay_plan_member *to = &plan->members[index];
    char key[ASSAY_CONFIG_KEY_MAX];
    (void)snprintf(key, sizeof key, "members[%u].operator", (unsigned)index);
    ASSAY_TRY(assay_config_take_name(file, key, yaml->operator_name, to->operator_name));
    uint32_t k = 0;
    while (k < plan->operator_count && strcmp(plan->operators[k].name, to->operator_name) != 0)
        k++;
    if (k == plan->operator_count)
        return assay_config_fail(file, ASSAY_E_NOT_FOUND, key,
                                 "no operator of this plan is named \"%s\"", to->operator_name);
    (void)snprintf(key, sizeof key, "members[%u].card", (unsigned)index);
    ASSAY_TRY(assay_config_take_path(file, key, yaml->card, to->card));
    (void)snprintf(key, sizeof key, "members[%u].sample", (unsigned)index);
    return assay_config_take_path(file, key, yaml->sample, to->sample);
}

static enum assay_status take_plan(const struct assay_config_file *file, struct assay_plan *plan)
{
    const struct yaml_plan *yaml = file->data;
    char key[ASSAY_CONFIG_KEY_MAX];
    ASSAY_TRY(take_head(file, yaml, plan));
    ASSAY_TRY(assay_config_take_path(file, "policy", yaml->policy, plan->policy));
    plan->collateral_count = yaml->collateral_count;
    for (uint32_t i = 0; i < yaml->collateral_count; i++) {
        (void)snprintf(key, sizeof key, "collateral[%u]", (unsigned)i);
        ASSAY_TRY(assay_config_take_path(file, key, yaml->collateral[i], plan->collateral[i]));
    }
    plan->operator_count = yaml->operators_count;
    for (uint32_t i = 0; i < yaml->operators_count; i++)
        ASSAY_TRY(take_operator(file, &yaml->operators[i], i, plan));
    plan->member_count = yaml->members_count;
    for (uint32_t i = 0; i < yaml->members_count; i++)
        ASSAY_TRY(take_member(file, &yaml->members[i], i, plan));
    return assay_config_take_services(file, &yaml->services, plan->parameters.epoch_ms,
                                      &plan->services, &plan->has_services);
}

enum assay_status assay_plan_load(const char *path, struct assay_plan *plan,
                                  char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_file file = { .path = path, .schema = &plan_schema, .message = message };
    struct assay_plan *found = NULL;
    enum assay_status status = assay_config_open(&file);
    if (status == ASSAY_OK && (found = calloc(1, sizeof *found)) == NULL) status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK) status = take_plan(&file, found);
    if (status == ASSAY_OK) *plan = *found;
    free(found);
    assay_config_close(&file);
    return status;
}
