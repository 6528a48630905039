/*
 * quote/yaml/cyaml.c - policy files through libcyaml's schema, after a first pass with libyaml.
 *
 * The first pass bounds nesting and refuses a key that comes twice and aliases, which libcyaml lets
 * through. The structs mirror the file; what a schema cannot say (hexadecimal, times, names of
 * kinds) is checked on the way out.
 */
#include "quote/yaml.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <cyaml/cyaml.h>
#include <yaml.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the file as YAML has it */
struct yaml_status {
    char *status;
    enum assay_acceptance accept;
    uint64_t *grace_s;
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
    uint16_t isvsvn_min;
};

struct yaml_policy {
    unsigned policy_version;
    enum assay_profile profile;
    char **kinds;
    unsigned kinds_count;
    struct yaml_status *statuses;
    unsigned statuses_count;
    uint32_t tcb_evaluation_number_min;
    uint16_t pcesvn_min;
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
static const cyaml_strval_t reference_fields[] = {
    { "mrenclave", ASSAY_REFERENCE_MRENCLAVE }, { "mrsigner", ASSAY_REFERENCE_MRSIGNER },
    { "mrtd", ASSAY_REFERENCE_MRTD },           { "rtmr0", ASSAY_REFERENCE_RTMR0 },
    { "rtmr1", ASSAY_REFERENCE_RTMR1 },         { "rtmr2", ASSAY_REFERENCE_RTMR2 },
    { "rtmr3", ASSAY_REFERENCE_RTMR3 }
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
    CYAML_FIELD_UINT_PTR("grace_s", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_status,
                         grace_s),
    CYAML_FIELD_END
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
    CYAML_FIELD_UINT("isvsvn_min", CYAML_FLAG_OPTIONAL, struct yaml_reference, isvsvn_min),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t reference_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_reference, reference_value_fields) };

static const cyaml_schema_field_t policy_fields[] = {
    CYAML_FIELD_UINT("policy_version", CYAML_FLAG_DEFAULT, struct yaml_policy, policy_version),
    CYAML_FIELD_ENUM("profile", CYAML_FLAG_STRICT, struct yaml_policy, profile, profiles,
                     CYAML_ARRAY_LEN(profiles)),
    CYAML_FIELD_SEQUENCE("kinds", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         kinds, &text_value, 1, KINDS_MAX),
    CYAML_FIELD_SEQUENCE("statuses", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_policy,
                         statuses, &status_value, 0, ASSAY_TCB_STATUS_COUNT),
    CYAML_FIELD_UINT("tcb_evaluation_number_min", CYAML_FLAG_OPTIONAL, struct yaml_policy,
                     tcb_evaluation_number_min),
    CYAML_FIELD_UINT("pcesvn_min", CYAML_FLAG_OPTIONAL, struct yaml_policy, pcesvn_min),
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

/* --- messages */
struct load {
    char *message; /* [ASSAY_YAML_MESSAGE_MAX] */
};

/* Returns: status, for use as `return fail(...)`. */
__attribute__((format(printf, 3, 4))) static enum assay_status fail(const struct load *load,
                                                                    enum assay_status status,
                                                                    const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(load->message, ASSAY_YAML_MESSAGE_MAX, format, args);
    va_end(args);
    return status;
}

/*
 * libcyaml logs first what is wrong and then the places, innermost first: keep up to the first
 * place.
 */
__attribute__((format(printf, 3, 0))) static void collect(cyaml_log_t level, void *context,
                                                          const char *format, va_list args)
{
    char line[256];
    struct load *const load = context;
    (void)level;
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    if (strstr(line, "Backtrace") != NULL || strstr(load->message, "(line") != NULL) return;
    const char *const text = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;
    const size_t used = strlen(load->message);
    (void)snprintf(load->message + used, ASSAY_YAML_MESSAGE_MAX - used, "%s%s",
                   used > 0 ? ", " : "", text + strspn(text, " "));
}

/* --- first pass: nesting, keys that come twice, aliases */
enum { NESTING_MAX = 8, KEYS_MAX = 4096 };

struct level {
    bool is_mapping;
    bool at_key;
    size_t first_key; /* index of its first key in keys[] */
};

struct scan {
    struct level levels[NESTING_MAX];
    size_t depth;
    size_t key_count;
    char *keys[KEYS_MAX]; /* of the open mappings, innermost last */
};

static void close_level(struct scan *scan)
{
    ASSAY_ASSERT(scan->depth > 0);
    scan->depth -= 1;
    while (scan->key_count > scan->levels[scan->depth].first_key) {
        scan->key_count -= 1;
        free(scan->keys[scan->key_count]);
    }
}

/* A node begins: as a value it turns its mapping to the next key. */
static void note_node(struct scan *scan)
{
    if (scan->depth == 0) return;
    struct level *const level = &scan->levels[scan->depth - 1];
    if (level->is_mapping) level->at_key = !level->at_key;
}

static enum assay_status open_level(const struct load *load, struct scan *scan, bool is_mapping,
                                    const yaml_event_t *event)
{
    if (scan->depth == NESTING_MAX)
        return fail(load, ASSAY_E_RANGE, "line %zu: nested deeper than %d",
                    event->start_mark.line + 1, NESTING_MAX);
    note_node(scan);
    scan->levels[scan->depth] = (struct level){ is_mapping, is_mapping, scan->key_count };
    scan->depth += 1;
    return ASSAY_OK;
}

static enum assay_status note_scalar(const struct load *load, struct scan *scan,
                                     const yaml_event_t *event)
{
    const bool is_key = scan->depth > 0 && scan->levels[scan->depth - 1].is_mapping &&
                        scan->levels[scan->depth - 1].at_key;
    note_node(scan);
    if (!is_key) return ASSAY_OK;
    const char *const text = (const char *)event->data.scalar.value;
    for (size_t i = scan->levels[scan->depth - 1].first_key; i < scan->key_count; i++)
        if (strcmp(scan->keys[i], text) == 0)
            return fail(load, ASSAY_E_DUPLICATE, "line %zu: the key \"%.40s\" comes twice",
                        event->start_mark.line + 1, text);
    if (scan->key_count == KEYS_MAX)
        return fail(load, ASSAY_E_RANGE, "line %zu: too many keys", event->start_mark.line + 1);
    char *const copy = strdup(text);
    if (copy == NULL) return fail(load, ASSAY_E_MEMORY, "no memory");
    scan->keys[scan->key_count] = copy;
    scan->key_count += 1;
    return ASSAY_OK;
}

static enum assay_status note_event(const struct load *load, struct scan *scan,
                                    const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return fail(load, ASSAY_E_SYNTAX, "line %zu: aliases are not read here",
                    event->start_mark.line + 1);
    case YAML_SCALAR_EVENT: return note_scalar(load, scan, event);
    case YAML_SEQUENCE_START_EVENT: return open_level(load, scan, false, event);
    case YAML_MAPPING_START_EVENT: return open_level(load, scan, true, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: close_level(scan); return ASSAY_OK;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: return ASSAY_OK;
    }
    ASSAY_UNREACHABLE("a YAML event");
}

static enum assay_status scan_events(const struct load *load, yaml_parser_t *parser,
                                     struct scan *scan)
{
    for (;;) {
        yaml_event_t event;
        if (yaml_parser_parse(parser, &event) != 1)
            return fail(load, ASSAY_E_SYNTAX, "line %zu: %s", parser->problem_mark.line + 1,
                        parser->problem == NULL ? "not YAML" : parser->problem);
        const bool end = event.type == YAML_STREAM_END_EVENT;
        const enum assay_status status = note_event(load, scan, &event);
        yaml_event_delete(&event);
        if (end || status != ASSAY_OK) return status;
    }
}

static enum assay_status scan_text(const struct load *load, const uint8_t *text, size_t len)
{
    yaml_parser_t parser;
    struct scan *const scan = calloc(1, sizeof *scan);
    if (scan == NULL || yaml_parser_initialize(&parser) != 1) {
        free(scan);
        return fail(load, ASSAY_E_MEMORY, "no memory");
    }
    yaml_parser_set_input_string(&parser, text, len);
    const enum assay_status status = scan_events(load, &parser, scan);
    while (scan->depth > 0)
        close_level(scan);
    yaml_parser_delete(&parser);
    free(scan);
    return status;
}

/* --- from the mirror to the policy */
static enum assay_status take_hex(const struct load *load, const char *key, const char *text,
                                  uint8_t *out, size_t len)
{
    if (assay_hex_decode(text, strlen(text), out, len) == ASSAY_OK) return ASSAY_OK;
    return fail(load, ASSAY_E_SYNTAX, "%s: expected %zu hexadecimal digits, found \"%.40s\"", key,
                2 * len, text);
}

static enum assay_status take_text(const struct load *load, const char *key, const char *text,
                                   char *out, size_t capacity)
{
    const size_t len = strlen(text);
    if (len >= capacity)
        return fail(load, ASSAY_E_RANGE, "%s: expected at most %zu characters, found %zu", key,
                    capacity - 1, len);
    assay_bytes_copy(out, capacity, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status take_kinds(const struct load *load, char **kinds, unsigned count,
                                    uint32_t *mask)
{
    *mask = 0;
    for (unsigned i = 0; i < count; i++) {
        enum assay_evidence_kind kind;
        if (assay_kind_parse(kinds[i], &kind) != ASSAY_OK)
            return fail(load, ASSAY_E_SYNTAX, "kinds: \"%.40s\" is no kind of evidence", kinds[i]);
        *mask |= ASSAY_KIND_BIT(kind);
    }
    return ASSAY_OK;
}

static enum assay_status take_time(const struct load *load, const char *key, const char *text,
                                   bool *has, int64_t *unix_s)
{
    if (text == NULL) return ASSAY_OK;
    *has = true;
    if (assay_rfc3339_parse(text, strlen(text), unix_s) == ASSAY_OK) return ASSAY_OK;
    return fail(load, ASSAY_E_SYNTAX, "references[].%s: \"%.40s\" is no RFC 3339 time", key, text);
}

static enum assay_status take_statuses(const struct load *load, const struct yaml_policy *yaml,
                                       struct assay_policy *policy)
{
    bool seen[ASSAY_TCB_STATUS_COUNT] = { false };
    for (unsigned i = 0; i < yaml->statuses_count; i++) {
        const struct yaml_status *const from = &yaml->statuses[i];
        enum assay_tcb_status status;
        if (assay_tcb_status_parse(from->status, strlen(from->status), &status) != ASSAY_OK)
            return fail(load, ASSAY_E_SYNTAX, "statuses[].status: \"%.40s\" is no TCB status",
                        from->status);
        if (seen[status])
            return fail(load, ASSAY_E_DUPLICATE, "statuses[].status: %s comes twice", from->status);
        seen[status] = true;
        policy->statuses[status].acceptance = from->accept;
        policy->statuses[status].has_grace = from->grace_s != NULL;
        policy->statuses[status].grace_s = from->grace_s == NULL ? 0 : *from->grace_s;
    }
    return ASSAY_OK;
}

static enum assay_status take_roots(const struct load *load, const struct yaml_policy *yaml,
                                    struct assay_policy *policy)
{
    for (unsigned i = 0; i < yaml->roots_count; i++) {
        struct assay_policy_root *const root = &policy->roots[i];
        ASSAY_TRY(
            take_text(load, "roots[].name", yaml->roots[i].name, root->name, sizeof root->name));
        ASSAY_TRY(take_hex(load, "roots[].key", yaml->roots[i].key, root->key, sizeof root->key));
        ASSAY_TRY(take_kinds(load, yaml->roots[i].kinds, yaml->roots[i].kinds_count, &root->kinds));
    }
    policy->root_count = yaml->roots_count;
    return ASSAY_OK;
}

static enum assay_status take_references(const struct load *load, const struct yaml_policy *yaml,
                                         struct assay_policy *policy)
{
    for (unsigned i = 0; i < yaml->references_count; i++) {
        const struct yaml_reference *const from = &yaml->references[i];
        struct assay_reference *const to = &policy->references[i];
        to->field = from->field;
        to->state = from->state;
        to->value_len = from->field <= ASSAY_REFERENCE_MRSIGNER ? 32 : 48;
        to->isvsvn_min = from->isvsvn_min;
        ASSAY_TRY(take_hex(load, "references[].value", from->value, to->value, to->value_len));
        ASSAY_TRY(take_time(load, "not_before", from->not_before, &to->has_not_before,
                            &to->not_before_s));
        ASSAY_TRY(
            take_time(load, "not_after", from->not_after, &to->has_not_after, &to->not_after_s));
    }
    policy->reference_count = yaml->references_count;
    return ASSAY_OK;
}

static enum assay_status take_policy(const struct load *load, const struct yaml_policy *yaml,
                                     struct assay_policy *policy)
{
    enum { POLICY_VERSION = 1 };
    if (yaml->policy_version != POLICY_VERSION)
        return fail(load, ASSAY_E_VERSION, "policy_version: expected %d, found %u", POLICY_VERSION,
                    yaml->policy_version);
    assay_policy_default(policy);
    policy->profile = yaml->profile;
    policy->evaluation_number_min = yaml->tcb_evaluation_number_min;
    policy->pcesvn_min = yaml->pcesvn_min;
    if (yaml->kinds != NULL)
        ASSAY_TRY(take_kinds(load, yaml->kinds, yaml->kinds_count, &policy->kinds));
    if (yaml->tee_tcb_svn_min != NULL)
        ASSAY_TRY(take_hex(load, "tee_tcb_svn_min", yaml->tee_tcb_svn_min, policy->tee_tcb_svn_min,
                           sizeof policy->tee_tcb_svn_min));
    ASSAY_TRY(take_statuses(load, yaml, policy));
    ASSAY_TRY(take_roots(load, yaml, policy));
    for (unsigned i = 0; i < yaml->advisories_denied_count; i++)
        ASSAY_TRY(take_text(load, "advisories_denied[]", yaml->advisories_denied[i],
                            policy->advisories_denied[i], ASSAY_ADVISORY_TEXT));
    policy->advisory_count = yaml->advisories_denied_count;
    ASSAY_TRY(take_references(load, yaml, policy));
    const enum assay_status status = assay_policy_check(policy);
    if (status == ASSAY_OK) return ASSAY_OK;
    return fail(load, status,
                "the policy contradicts itself: Revoked or NotSupported cannot be "
                "accepted, not_before must not be after not_after");
}

enum assay_status assay_policy_parse_yaml(const uint8_t *text, size_t len,
                                          struct assay_policy *policy,
                                          char message[static ASSAY_YAML_MESSAGE_MAX])
{
    ASSAY_ASSERT(policy != NULL);
    struct load load = { message };
    struct yaml_policy *yaml = NULL;
    struct assay_policy result;
    message[0] = '\0';
    if (len > ASSAY_YAML_LEN_MAX)
        return fail(&load, ASSAY_E_RANGE, "longer than %d bytes", ASSAY_YAML_LEN_MAX);
    ASSAY_TRY(scan_text(&load, text, len));

    const cyaml_config_t settings = { .log_fn = collect,
                                      .log_ctx = &load,
                                      .mem_fn = cyaml_mem,
                                      .log_level = CYAML_LOG_ERROR,
                                      .flags = CYAML_CFG_NO_ALIAS };
    const cyaml_err_t error =
        cyaml_load_data(text, len, &settings, &policy_schema, (cyaml_data_t **)&yaml, NULL);
    if (error != CYAML_OK || yaml == NULL) {
        if (message[0] == '\0')
            (void)fail(&load, ASSAY_E_SYNTAX, "%s",
                       error == CYAML_OK ? "the file is empty" : cyaml_strerror(error));
        return error == CYAML_ERR_OOM ? ASSAY_E_MEMORY : ASSAY_E_SYNTAX;
    }
    const enum assay_status status = take_policy(&load, yaml, &result);
    (void)cyaml_free(&settings, &policy_schema, yaml, 0);
    if (status == ASSAY_OK) *policy = result;
    return status;
}
