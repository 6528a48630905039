/*
 * quote/yaml/policy.c - policy files, through the strict reader and a schema.
 *
 * What a schema cannot express (numbers, hexadecimal, times, keys, names of kinds and fields) is
 * checked in policy_take.c.
 */
#include "quote/yaml.h"

#include "base/assert.h"
#include "quote/yaml/policy_internal.h"

#define TEXT(key, type, member)                                                                    \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, 256)
#define OPTIONAL_TEXT(key, type, member)                                                           \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, 256)
/* A key in hexadecimal or a PEM text. */
#define LONG_TEXT(key, type, member)                                                               \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, 16384)

/* For struct assay_token_issuer, with its NUL. */
#define SHORT_TEXT(flags, key, type, member)                                                       \
    CYAML_FIELD_STRING_PTR(key, flags, type, member, 1, ASSAY_TOKEN_ISSUER_TEXT - 1)
#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

enum { KINDS_MAX = 16 };

static const cyaml_strval_t profiles[] = { { "production", ASSAY_PROFILE_PRODUCTION },
                                           { "development", ASSAY_PROFILE_DEVELOPMENT } };
static const cyaml_strval_t acceptances[] = { { "refused", ASSAY_ACCEPT_REFUSED },
                                              { "warning", ASSAY_ACCEPT_WARNING },
                                              { "affirming", ASSAY_ACCEPT_AFFIRMING } };
static const cyaml_strval_t reference_states[] = { { "allowed", ASSAY_REFERENCE_ALLOWED },
                                                   { "retiring", ASSAY_REFERENCE_RETIRING },
                                                   { "denied", ASSAY_REFERENCE_DENIED } };

static const cyaml_strval_t event_states[] = { { "allowed", ASSAY_EVENT_ALLOWED },
                                               { "retiring", ASSAY_EVENT_RETIRING },
                                               { "denied", ASSAY_EVENT_DENIED },
                                               { "required", ASSAY_EVENT_REQUIRED } };

static const cyaml_schema_value_t text_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1,
                                                                    256) };

static const cyaml_schema_field_t status_fields[] = {
    TEXT("status", struct yaml_status, status),
    CYAML_FIELD_ENUM("accept", CYAML_FLAG_STRICT, struct yaml_status, accept, acceptances,
                     CYAML_ARRAY_LEN(acceptances)),
    OPTIONAL_TEXT("grace_s", struct yaml_status, grace_s), CYAML_FIELD_END
};
static const cyaml_schema_value_t status_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_status, status_fields) };

static const cyaml_schema_field_t root_fields[] = {
    TEXT("name", struct yaml_root, name),
    LONG_TEXT("key", struct yaml_root, key),
    LONG_TEXT("pem", struct yaml_root, pem),
    OPTIONAL_TEXT("pinned", struct yaml_root, pinned),
    OPTIONAL_TEXT("attestation_keys", struct yaml_root, attestation_keys),
    CYAML_FIELD_SEQUENCE("kinds", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_root, kinds,
                         &text_value, 1, KINDS_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t root_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_root, root_fields) };

static const cyaml_schema_field_t reference_value_fields[] = {
    TEXT("field", struct yaml_reference, field),
    CYAML_FIELD_ENUM("state", CYAML_FLAG_STRICT, struct yaml_reference, state, reference_states,
                     CYAML_ARRAY_LEN(reference_states)),
    TEXT("value", struct yaml_reference, value),
    OPTIONAL_TEXT("not_before", struct yaml_reference, not_before),
    OPTIONAL_TEXT("not_after", struct yaml_reference, not_after),
    OPTIONAL_TEXT("isvsvn_min", struct yaml_reference, isvsvn_min),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t reference_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_reference, reference_value_fields) };

static const cyaml_schema_field_t event_fields[] = {
    CYAML_FIELD_ENUM("state", CYAML_FLAG_STRICT, struct yaml_event, state, event_states,
                     CYAML_ARRAY_LEN(event_states)),
    OPTIONAL_TEXT("register", struct yaml_event, reg),
    OPTIONAL_TEXT("type", struct yaml_event, type),
    OPTIONAL_TEXT("data", struct yaml_event, data),
    OPTIONAL_TEXT("file", struct yaml_event, file),
    OPTIONAL_TEXT("digest", struct yaml_event, digest),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t event_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_event, event_fields) };

static const cyaml_schema_field_t token_issuer_fields[] = {
    TEXT("service", struct yaml_token_issuer, service),
    SHORT_TEXT(CYAML_FLAG_POINTER, "issuer", struct yaml_token_issuer, issuer),
    SHORT_TEXT(OPTIONAL, "audience", struct yaml_token_issuer, audience),
    SHORT_TEXT(OPTIONAL, "keys", struct yaml_token_issuer, keys),
    SHORT_TEXT(OPTIONAL, "root", struct yaml_token_issuer, root),
    OPTIONAL_TEXT("age_max_s", struct yaml_token_issuer, age_max_s),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t token_issuer_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_token_issuer, token_issuer_fields) };

static const cyaml_schema_field_t snp_tcb_fields[] = {
    OPTIONAL_TEXT("bootloader", struct yaml_snp_tcb, bootloader),
    OPTIONAL_TEXT("tee", struct yaml_snp_tcb, tee),
    OPTIONAL_TEXT("snp", struct yaml_snp_tcb, snp),
    OPTIONAL_TEXT("microcode", struct yaml_snp_tcb, microcode),
    OPTIONAL_TEXT("fmc", struct yaml_snp_tcb, fmc),
    CYAML_FIELD_END
};

static const cyaml_schema_field_t policy_fields[] = {
    TEXT("policy_version", struct yaml_policy, policy_version),
    CYAML_FIELD_ENUM("profile", CYAML_FLAG_STRICT, struct yaml_policy, profile, profiles,
                     CYAML_ARRAY_LEN(profiles)),
    CYAML_FIELD_SEQUENCE("kinds", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         kinds, &text_value, 1, KINDS_MAX),
    CYAML_FIELD_SEQUENCE("statuses", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         statuses, &status_value, 0, ASSAY_TCB_STATUS_COUNT),
    OPTIONAL_TEXT("tcb_evaluation_number_min", struct yaml_policy, tcb_evaluation_number_min),
    OPTIONAL_TEXT("collateral_age_max_s", struct yaml_policy, collateral_age_max_s),
    OPTIONAL_TEXT("pcesvn_min", struct yaml_policy, pcesvn_min),
    OPTIONAL_TEXT("tee_tcb_svn_min", struct yaml_policy, tee_tcb_svn_min),
    OPTIONAL_TEXT("service_td", struct yaml_policy, service_td),
    OPTIONAL_TEXT("sept_ve_enabled", struct yaml_policy, sept_ve_enabled),
    OPTIONAL_TEXT("td_now_out_of_date", struct yaml_policy, td_now_out_of_date),
    OPTIONAL_TEXT("td_now_revoked", struct yaml_policy, td_now_revoked),
    OPTIONAL_TEXT("vmpl_max", struct yaml_policy, vmpl_max),
    OPTIONAL_TEXT("migration_agent", struct yaml_policy, migration_agent),
    OPTIONAL_TEXT("smt", struct yaml_policy, smt),
    OPTIONAL_TEXT("single_socket_required", struct yaml_policy, single_socket_required),
    OPTIONAL_TEXT("crl_required", struct yaml_policy, crl_required),
    CYAML_FIELD_MAPPING_PTR("snp_tcb_min", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                            struct yaml_policy, snp_tcb_min, snp_tcb_fields),
    CYAML_FIELD_SEQUENCE("gpu_architectures", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct yaml_policy, gpu_architectures, &text_value, 1,
                         ASSAY_GPU_ARCHITECTURES),
    CYAML_FIELD_SEQUENCE("gpu_modes", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         gpu_modes, &text_value, 1, ASSAY_GPU_MODES),
    OPTIONAL_TEXT("gpu_driver_min", struct yaml_policy, gpu_driver_min),
    OPTIONAL_TEXT("gpu_certificate_hold", struct yaml_policy, gpu_certificate_hold),
    CYAML_FIELD_SEQUENCE("gpu_firmware_min", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct yaml_policy, gpu_firmware_min, &text_value, 1,
                         ASSAY_GPU_FIRMWARES_MAX),
    OPTIONAL_TEXT("gpu_count_min", struct yaml_policy, gpu_count_min),
    OPTIONAL_TEXT("gpu_count_max", struct yaml_policy, gpu_count_max),
    OPTIONAL_TEXT("switch_count_min", struct yaml_policy, switch_count_min),
    OPTIONAL_TEXT("switch_count_max", struct yaml_policy, switch_count_max),
    OPTIONAL_TEXT("devices_packed", struct yaml_policy, devices_packed),
    CYAML_FIELD_SEQUENCE("roots", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         roots, &root_value, 0, ASSAY_POLICY_ROOTS_MAX),
    CYAML_FIELD_SEQUENCE("advisories_denied", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct yaml_policy, advisories_denied, &text_value, 0,
                         ASSAY_POLICY_ADVISORIES_MAX),
    CYAML_FIELD_SEQUENCE("references", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         references, &reference_value, 0, ASSAY_REFERENCES_MAX),
    OPTIONAL_TEXT("tpm_weak_banks", struct yaml_policy, tpm_weak_banks),
    OPTIONAL_TEXT("ima_unknown", struct yaml_policy, ima_unknown),
    CYAML_FIELD_SEQUENCE("events", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         events, &event_value, 0, ASSAY_EVENT_REFERENCES_MAX),
    CYAML_FIELD_SEQUENCE("token_issuers", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct yaml_policy, token_issuers, &token_issuer_value, 0,
                         ASSAY_TOKEN_ISSUERS_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t policy_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_policy, policy_fields) };

/* Both are of the complete file. */
static enum assay_status parse_file(const uint8_t *text, size_t len, struct assay_policy *policy,
                                    struct assay_token_issuers *issuers, char *message)
{
    struct assay_yaml file = { .text = assay_slice_over(text, len),
                               .schema = &policy_schema,
                               .message = message };
    message[0] = '\0';
    if (len > ASSAY_YAML_LEN_MAX) {
        assay_yaml_set_message(&file, (struct assay_yaml_place){ 1, 1 },
                               "longer than 131072 bytes");
        _Static_assert(ASSAY_YAML_LEN_MAX == 131072, "as the message says");
        return ASSAY_E_RANGE;
    }
    enum assay_status status = assay_yaml_open(&file);
    if (status == ASSAY_OK) status = assay_yaml_take_policy(&file, policy);
    if (status == ASSAY_OK) status = assay_yaml_take_issuers(&file, issuers);
    assay_yaml_close(&file);
    return status;
}

enum assay_status assay_policy_parse_yaml(const uint8_t *text, size_t len,
                                          struct assay_policy *policy,
                                          char message[static ASSAY_YAML_MESSAGE_MAX])
{
    ASSAY_ASSERT(policy != NULL);
    struct assay_policy result;
    struct assay_token_issuers unused; /* read all the same: the file is correct or it is not */
    const enum assay_status status = parse_file(text, len, &result, &unused, message);
    if (status == ASSAY_OK) *policy = result;
    return status;
}

enum assay_status assay_token_issuers_parse_yaml(const uint8_t *text, size_t len,
                                                 struct assay_token_issuers *issuers, char *message)
{
    ASSAY_ASSERT(issuers != NULL && message != NULL);
    struct assay_policy unused;
    struct assay_token_issuers result;
    const enum assay_status status = parse_file(text, len, &unused, &result, message);
    if (status == ASSAY_OK) *issuers = result;
    return status;
}

struct assay_yaml_line assay_policy_yaml_line(const uint8_t *text, size_t len, const char *path)
{
    ASSAY_ASSERT(path != NULL);
    char message[ASSAY_YAML_MESSAGE_MAX];
    const struct assay_yaml file = { .text = assay_slice_over(text, len), .message = message };
    const struct assay_yaml_place place = assay_yaml_find(&file, path);
    return (struct assay_yaml_line){ place.line, place.column };
}
