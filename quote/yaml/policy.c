/*
 * quote/yaml/policy.c - policy files through the strict reader and a schema.
 *
 * The structs mirror the file; what a schema cannot say (numbers, hexadecimal, times, names of
 * kinds) is checked on the way out.
 */
#include "quote/yaml.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/yaml/document.h"

#include <stdio.h>
#include <string.h>

/* --- the file as YAML has it */
struct yaml_status {
    char *status;
    enum assay_acceptance accept;
    char *grace_s;
};

struct yaml_root {
    char *name;
    char *key;
    char **kinds;
    unsigned kinds_count;
};

struct yaml_reference {
    enum assay_reference_field field;
    enum assay_reference_state state;
    char *value;
    char *not_before;
    char *not_after;
    char *isvsvn_min;
};

struct yaml_policy {
    char *policy_version;
    enum assay_profile profile;
    char **kinds;
    unsigned kinds_count;
    struct yaml_status *statuses;
    unsigned statuses_count;
    char *tcb_evaluation_number_min;
    char *pcesvn_min;
    char *tee_tcb_svn_min;
    struct yaml_root *roots;
    unsigned roots_count;
    char **advisories_denied;
    unsigned advisories_denied_count;
    struct yaml_reference *references;
    unsigned references_count;
};

/* --- schema */
#define TEXT(key, type, member)                                                                    \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, 256)
#define OPTIONAL_TEXT(key, type, member)                                                           \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, 256)

enum { KINDS_MAX = 16 };

static const cyaml_strval_t profiles[] = { { "production", ASSAY_PROFILE_PRODUCTION },
                                           { "development", ASSAY_PROFILE_DEVELOPMENT } };
static const cyaml_strval_t acceptances[] = { { "refused", ASSAY_ACCEPT_REFUSED },
                                              { "warning", ASSAY_ACCEPT_WARNING },
                                              { "affirming", ASSAY_ACCEPT_AFFIRMING } };
/* PCRs: of Nitro (48 bytes) and of TPMs (32, SHA-256 bank): the length of the value tells. */
static const cyaml_strval_t reference_fields[] = {
    { "mrenclave", ASSAY_REFERENCE_MRENCLAVE }, { "mrsigner", ASSAY_REFERENCE_MRSIGNER },
    { "mrtd", ASSAY_REFERENCE_MRTD },           { "rtmr0", ASSAY_REFERENCE_RTMR0 },
    { "rtmr1", ASSAY_REFERENCE_RTMR1 },         { "rtmr2", ASSAY_REFERENCE_RTMR2 },
    { "rtmr3", ASSAY_REFERENCE_RTMR3 },         { "pcr0", ASSAY_REFERENCE_PCR0 + 0 },
    { "pcr1", ASSAY_REFERENCE_PCR0 + 1 },       { "pcr2", ASSAY_REFERENCE_PCR0 + 2 },
    { "pcr3", ASSAY_REFERENCE_PCR0 + 3 },       { "pcr4", ASSAY_REFERENCE_PCR0 + 4 },
    { "pcr5", ASSAY_REFERENCE_PCR0 + 5 },       { "pcr6", ASSAY_REFERENCE_PCR0 + 6 },
    { "pcr7", ASSAY_REFERENCE_PCR0 + 7 },       { "pcr8", ASSAY_REFERENCE_PCR0 + 8 },
    { "pcr9", ASSAY_REFERENCE_PCR0 + 9 },       { "pcr10", ASSAY_REFERENCE_PCR0 + 10 },
    { "pcr11", ASSAY_REFERENCE_PCR0 + 11 },     { "pcr12", ASSAY_REFERENCE_PCR0 + 12 },
    { "pcr13", ASSAY_REFERENCE_PCR0 + 13 },     { "pcr14", ASSAY_REFERENCE_PCR0 + 14 },
    { "pcr15", ASSAY_REFERENCE_PCR0 + 15 },     { "pcr16", ASSAY_REFERENCE_PCR0 + 16 },
    { "pcr17", ASSAY_REFERENCE_PCR0 + 17 },     { "pcr18", ASSAY_REFERENCE_PCR0 + 18 },
    { "pcr19", ASSAY_REFERENCE_PCR0 + 19 },     { "pcr20", ASSAY_REFERENCE_PCR0 + 20 },
    { "pcr21", ASSAY_REFERENCE_PCR0 + 21 },     { "pcr22", ASSAY_REFERENCE_PCR0 + 22 },
    { "pcr23", ASSAY_REFERENCE_PCR0 + 23 }
};
static const cyaml_strval_t reference_states[] = { { "allowed", ASSAY_REFERENCE_ALLOWED },
                                                   { "retiring", ASSAY_REFERENCE_RETIRING },
                                                   { "denied", ASSAY_REFERENCE_DENIED } };

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
    TEXT("name", struct yaml_root, name), TEXT("key", struct yaml_root, key),
    CYAML_FIELD_SEQUENCE("kinds", CYAML_FLAG_POINTER, struct yaml_root, kinds, &text_value, 1,
                         KINDS_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t root_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_root, root_fields) };

static const cyaml_schema_field_t reference_value_fields[] = {
    CYAML_FIELD_ENUM("field", CYAML_FLAG_STRICT, struct yaml_reference, field, reference_fields,
                     CYAML_ARRAY_LEN(reference_fields)),
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

static const cyaml_schema_field_t policy_fields[] = {
    TEXT("policy_version", struct yaml_policy, policy_version),
    CYAML_FIELD_ENUM("profile", CYAML_FLAG_STRICT, struct yaml_policy, profile, profiles,
                     CYAML_ARRAY_LEN(profiles)),
    CYAML_FIELD_SEQUENCE("kinds", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         kinds, &text_value, 1, KINDS_MAX),
    CYAML_FIELD_SEQUENCE("statuses", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         statuses, &status_value, 0, ASSAY_TCB_STATUS_COUNT),
    OPTIONAL_TEXT("tcb_evaluation_number_min", struct yaml_policy, tcb_evaluation_number_min),
    OPTIONAL_TEXT("pcesvn_min", struct yaml_policy, pcesvn_min),
    OPTIONAL_TEXT("tee_tcb_svn_min", struct yaml_policy, tee_tcb_svn_min),
    CYAML_FIELD_SEQUENCE("roots", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         roots, &root_value, 0, ASSAY_POLICY_ROOTS_MAX),
    CYAML_FIELD_SEQUENCE("advisories_denied", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                         struct yaml_policy, advisories_denied, &text_value, 0,
                         ASSAY_POLICY_ADVISORIES_MAX),
    CYAML_FIELD_SEQUENCE("references", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         references, &reference_value, 0, ASSAY_REFERENCES_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t policy_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_policy, policy_fields) };

/* --- from the mirror to the policy; in each, key is the path of the value */

/* The path of one member of one entry: "roots[3].key"; of an entry itself without a member. */
struct path {
    char text[ASSAY_YAML_KEY_MAX];
};

static struct path path_of(const char *list, unsigned index, const char *member)
{
    struct path path;
    (void)snprintf(path.text, sizeof path.text, "%s[%u]%s%s", list, index,
                   member[0] != '\0' ? "." : "", member);
    return path;
}

/* An absent number leaves *out as it is. */
static enum assay_status take_number(const struct assay_yaml *file, const char *key,
                                     const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text == NULL) return ASSAY_OK;
    if (!assay_yaml_number(text, &value))
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                               "expected a whole number, found \"%.40s\"", text);
    if (value > max)
        return assay_yaml_fail(file, ASSAY_E_RANGE, key, "expected at most %llu, found %.40s",
                               (unsigned long long)max, text);
    *out = value;
    return ASSAY_OK;
}

static enum assay_status take_hex(const struct assay_yaml *file, const char *key, const char *text,
                                  uint8_t *out, size_t len)
{
    if (assay_hex_decode(text, strlen(text), out, len) == ASSAY_OK) return ASSAY_OK;
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "expected %zu hexadecimal digits, found \"%.40s\"", 2 * len, text);
}

static enum assay_status take_text(const struct assay_yaml *file, const char *key, const char *text,
                                   char *out, size_t capacity)
{
    const size_t len = strlen(text);
    if (len >= capacity)
        return assay_yaml_fail(file, ASSAY_E_RANGE, key,
                               "expected at most %zu characters, found %zu", capacity - 1, len);
    assay_bytes_copy(out, capacity, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status take_kinds(const struct assay_yaml *file, const char *list, char **kinds,
                                    unsigned count, uint32_t *mask)
{
    *mask = 0;
    for (unsigned i = 0; i < count; i++) {
        enum assay_evidence_kind kind;
        if (assay_kind_parse(kinds[i], &kind) != ASSAY_OK)
            return assay_yaml_fail(file, ASSAY_E_SYNTAX, path_of(list, i, "").text,
                                   "\"%.40s\" is no kind of evidence", kinds[i]);
        *mask |= ASSAY_KIND_BIT(kind);
    }
    return ASSAY_OK;
}

static enum assay_status take_time(const struct assay_yaml *file, const char *key, const char *text,
                                   bool *has, int64_t *unix_s)
{
    if (text == NULL) return ASSAY_OK;
    *has = true;
    if (assay_rfc3339_parse(text, strlen(text), unix_s) == ASSAY_OK) return ASSAY_OK;
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key, "\"%.40s\" is no RFC 3339 time", text);
}

static enum assay_status take_statuses(const struct assay_yaml *file,
                                       const struct yaml_policy *yaml, struct assay_policy *policy)
{
    bool seen[ASSAY_TCB_STATUS_COUNT] = { false };
    for (unsigned i = 0; i < yaml->statuses_count; i++) {
        const struct yaml_status *const from = &yaml->statuses[i];
        const struct path key = path_of("statuses", i, "status");
        enum assay_tcb_status status;
        if (assay_tcb_status_parse(from->status, strlen(from->status), &status) != ASSAY_OK)
            return assay_yaml_fail(file, ASSAY_E_SYNTAX, key.text, "\"%.40s\" is no TCB status",
                                   from->status);
        if (seen[status])
            return assay_yaml_fail(file, ASSAY_E_DUPLICATE, key.text, "%s comes twice",
                                   from->status);
        seen[status] = true;
        struct assay_status_rule *const to = &policy->statuses[status];
        to->acceptance = from->accept;
        to->has_grace = from->grace_s != NULL;
        to->grace_s = 0;
        ASSAY_TRY(take_number(file, path_of("statuses", i, "grace_s").text, from->grace_s,
                              UINT64_MAX, &to->grace_s));
    }
    return ASSAY_OK;
}

/* A P-256 key; other keys come from files. */
static enum assay_status take_key(const struct assay_yaml *file, const char *key, const char *text,
                                  struct assay_key *out)
{
    uint8_t bytes[ASSAY_P256_PUBLIC_LEN];
    ASSAY_TRY(take_hex(file, key, text, bytes, sizeof bytes));
    assay_key_from(out, ASSAY_KEY_P256, bytes, sizeof bytes);
    return ASSAY_OK;
}

static enum assay_status take_roots(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                    struct assay_policy *policy)
{
    for (unsigned i = 0; i < yaml->roots_count; i++) {
        const struct yaml_root *const from = &yaml->roots[i];
        struct assay_policy_root *const to = &policy->roots[i];
        ASSAY_TRY(take_text(file, path_of("roots", i, "name").text, from->name, to->name,
                            sizeof to->name));
        ASSAY_TRY(take_key(file, path_of("roots", i, "key").text, from->key, &to->key));
        ASSAY_TRY(take_kinds(file, path_of("roots", i, "kinds").text, from->kinds,
                             from->kinds_count, &to->kinds));
    }
    policy->root_count = yaml->roots_count;
    return ASSAY_OK;
}

static enum assay_status take_reference(const struct assay_yaml *file,
                                        const struct yaml_reference *from, unsigned i,
                                        struct assay_reference *to)
{
    uint64_t isvsvn_min = 0;
    to->field = from->field;
    to->state = from->state;
    to->value_len = from->field <= ASSAY_REFERENCE_MRSIGNER ? 32 : 48;
    if (from->field >= ASSAY_REFERENCE_PCR0 && strlen(from->value) == 2 * ASSAY_SHA256_LEN)
        to->value_len = ASSAY_SHA256_LEN;
    ASSAY_TRY(take_number(file, path_of("references", i, "isvsvn_min").text, from->isvsvn_min,
                          UINT16_MAX, &isvsvn_min));
    to->isvsvn_min = (uint16_t)isvsvn_min;
    ASSAY_TRY(take_hex(file, path_of("references", i, "value").text, from->value, to->value,
                       to->value_len));
    ASSAY_TRY(take_time(file, path_of("references", i, "not_before").text, from->not_before,
                        &to->has_not_before, &to->not_before_s));
    return take_time(file, path_of("references", i, "not_after").text, from->not_after,
                     &to->has_not_after, &to->not_after_s);
}

static enum assay_status take_numbers(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                      struct assay_policy *policy)
{
    enum { POLICY_VERSION = 1 };
    uint64_t version = 0, evaluation_number = 0, pcesvn = 0;
    ASSAY_TRY(take_number(file, "policy_version", yaml->policy_version, UINT32_MAX, &version));
    if (version != POLICY_VERSION)
        return assay_yaml_fail(file, ASSAY_E_VERSION, "policy_version", "expected %d, found %u",
                               POLICY_VERSION, (unsigned)version);
    ASSAY_TRY(take_number(file, "tcb_evaluation_number_min", yaml->tcb_evaluation_number_min,
                          UINT32_MAX, &evaluation_number));
    ASSAY_TRY(take_number(file, "pcesvn_min", yaml->pcesvn_min, UINT16_MAX, &pcesvn));
    policy->evaluation_number_min = (uint32_t)evaluation_number;
    policy->pcesvn_min = (uint16_t)pcesvn;
    return ASSAY_OK;
}

static enum assay_status take_lists(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                    struct assay_policy *policy)
{
    if (yaml->kinds != NULL)
        ASSAY_TRY(take_kinds(file, "kinds", yaml->kinds, yaml->kinds_count, &policy->kinds));
    ASSAY_TRY(take_statuses(file, yaml, policy));
    ASSAY_TRY(take_roots(file, yaml, policy));
    for (unsigned i = 0; i < yaml->advisories_denied_count; i++)
        ASSAY_TRY(take_text(file, path_of("advisories_denied", i, "").text,
                            yaml->advisories_denied[i], policy->advisories_denied[i],
                            ASSAY_ADVISORY_TEXT));
    policy->advisory_count = yaml->advisories_denied_count;
    for (unsigned i = 0; i < yaml->references_count; i++)
        ASSAY_TRY(take_reference(file, &yaml->references[i], i, &policy->references[i]));
    policy->reference_count = yaml->references_count;
    return ASSAY_OK;
}

static enum assay_status take_policy(const struct assay_yaml *file, struct assay_policy *policy)
{
    const struct yaml_policy *const yaml = file->data;
    assay_policy_default(policy);
    ASSAY_TRY(take_numbers(file, yaml, policy));
    policy->profile = yaml->profile;
    if (yaml->tee_tcb_svn_min != NULL)
        ASSAY_TRY(take_hex(file, "tee_tcb_svn_min", yaml->tee_tcb_svn_min, policy->tee_tcb_svn_min,
                           sizeof policy->tee_tcb_svn_min));
    ASSAY_TRY(take_lists(file, yaml, policy));
    const enum assay_status status = assay_policy_check(policy);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_yaml_say(file, (struct assay_yaml_place){ 1, 1 },
                   "the policy contradicts itself: Revoked or NotSupported cannot be accepted, "
                   "not_before must not be after not_after");
    return status;
}

enum assay_status assay_policy_parse_yaml(const uint8_t *text, size_t len,
                                          struct assay_policy *policy,
                                          char message[static ASSAY_YAML_MESSAGE_MAX])
{
    ASSAY_ASSERT(policy != NULL);
    struct assay_policy result;
    struct assay_yaml file = { .text = assay_slice_over(text, len),
                               .schema = &policy_schema,
                               .message = message };
    message[0] = '\0';
    if (len > ASSAY_YAML_LEN_MAX) {
        assay_yaml_say(&file, (struct assay_yaml_place){ 1, 1 }, "longer than 131072 bytes");
        _Static_assert(ASSAY_YAML_LEN_MAX == 131072, "as the message says");
        return ASSAY_E_RANGE;
    }
    enum assay_status status = assay_yaml_open(&file);
    if (status == ASSAY_OK) status = take_policy(&file, &result);
    if (status == ASSAY_OK) *policy = result;
    assay_yaml_close(&file);
    return status;
}
