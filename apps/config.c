/*
 * apps/config.c - configuration, node cards and network plans: YAML through a schema.
 *
 * One of the two adapters of libcyaml (the other reads policies). The schema structs below mirror
 * the files; what a schema cannot say (hexadecimal, paths, ranges) is checked on the way out.
 */
#include "apps/config.h"

#include "base/assert.h"
#include "base/rfc3339.h"

#include <cyaml/cyaml.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ the files as YAML has them */

struct yaml_node {
    char *state_dir, *keys_dir, *genesis;
};
struct yaml_listen {
    char *gossip, *admin;
};
struct yaml_peer {
    char *node, *address;
};
struct yaml_evidence {
    char *kind, *credential;
};
struct yaml_enclave {
    char *path, *restore_path, *service;
};
struct yaml_limits {
    unsigned verify_threads;
};
struct yaml_log {
    enum assay_log_level level;
};

struct yaml_config {
    unsigned config_version;
    struct yaml_node node;
    struct yaml_listen listen;
    struct yaml_peer *peers;
    unsigned peers_count;
    struct yaml_evidence evidence;
    struct yaml_enclave enclave;
    struct yaml_limits *limits;
    struct yaml_log *log;
};

struct yaml_card {
    unsigned card_version;
    char *name, *node_id, *identity_public, *door_public, *voting_public, *transport_public;
};

struct yaml_cap {
    unsigned num, den;
};
struct yaml_operator {
    char *name, *public_key;
};
struct yaml_member {
    char *operator, * card, *sample;
};

struct yaml_plan {
    unsigned plan_version;
    unsigned epoch_ms;
    char *time;
    unsigned threshold;
    char *policy;
    char **collateral;
    unsigned collateral_count;
    struct yaml_cap *operator_cap, *vendor_cap;
    struct yaml_operator *operators;
    unsigned operators_count;
    struct yaml_member *members;
    unsigned members_count;
};

/* ------------------------------------------------------------ schemas */

#define TEXT(key, type, member)                                                                    \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, PATH_MAX - 1)

static const cyaml_strval_t log_levels[] = { { "error", ASSAY_LOG_ERROR },
                                             { "warning", ASSAY_LOG_WARNING },
                                             { "info", ASSAY_LOG_INFO },
                                             { "debug", ASSAY_LOG_DEBUG } };

static const cyaml_schema_field_t node_fields[] = { TEXT("state_dir", struct yaml_node, state_dir),
                                                    TEXT("keys_dir", struct yaml_node, keys_dir),
                                                    TEXT("genesis", struct yaml_node, genesis),
                                                    CYAML_FIELD_END };
static const cyaml_schema_field_t listen_fields[] = { TEXT("gossip", struct yaml_listen, gossip),
                                                      TEXT("admin", struct yaml_listen, admin),
                                                      CYAML_FIELD_END };
static const cyaml_schema_field_t peer_fields[] = { TEXT("node", struct yaml_peer, node),
                                                    TEXT("address", struct yaml_peer, address),
                                                    CYAML_FIELD_END };
static const cyaml_schema_value_t peer_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_peer, peer_fields) };
static const cyaml_schema_field_t evidence_fields[] = {
    TEXT("kind", struct yaml_evidence, kind), TEXT("credential", struct yaml_evidence, credential),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t enclave_fields[] = {
    TEXT("path", struct yaml_enclave, path),
    TEXT("restore_path", struct yaml_enclave, restore_path),
    TEXT("service", struct yaml_enclave, service), CYAML_FIELD_END
};
static const cyaml_schema_field_t limits_fields[] = {
    CYAML_FIELD_UINT("verify_threads", CYAML_FLAG_DEFAULT, struct yaml_limits, verify_threads),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t log_fields[] = {
    CYAML_FIELD_ENUM("level", CYAML_FLAG_STRICT, struct yaml_log, level, log_levels,
                     CYAML_ARRAY_LEN(log_levels)),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t config_fields[] = {
    CYAML_FIELD_UINT("config_version", CYAML_FLAG_DEFAULT, struct yaml_config, config_version),
    CYAML_FIELD_MAPPING("node", CYAML_FLAG_DEFAULT, struct yaml_config, node, node_fields),
    CYAML_FIELD_MAPPING("listen", CYAML_FLAG_DEFAULT, struct yaml_config, listen, listen_fields),
    CYAML_FIELD_SEQUENCE("peers", CYAML_FLAG_POINTER, struct yaml_config, peers, &peer_value, 0,
                         ASSAY_MEMBERS_MAX),
    CYAML_FIELD_MAPPING("evidence", CYAML_FLAG_DEFAULT, struct yaml_config, evidence,
                        evidence_fields),
    CYAML_FIELD_MAPPING("enclave", CYAML_FLAG_DEFAULT, struct yaml_config, enclave, enclave_fields),
    CYAML_FIELD_MAPPING_PTR("limits", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_config,
                            limits, limits_fields),
    CYAML_FIELD_MAPPING_PTR("log", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_config,
                            log, log_fields),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t config_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_config, config_fields) };

static const cyaml_schema_field_t card_fields[] = {
    CYAML_FIELD_UINT("card_version", CYAML_FLAG_DEFAULT, struct yaml_card, card_version),
    TEXT("name", struct yaml_card, name),
    TEXT("node_id", struct yaml_card, node_id),
    TEXT("identity_public", struct yaml_card, identity_public),
    TEXT("door_public", struct yaml_card, door_public),
    TEXT("voting_public", struct yaml_card, voting_public),
    TEXT("transport_public", struct yaml_card, transport_public),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t card_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_card, card_fields) };

static const cyaml_schema_field_t cap_fields[] = {
    CYAML_FIELD_UINT("num", CYAML_FLAG_DEFAULT, struct yaml_cap, num),
    CYAML_FIELD_UINT("den", CYAML_FLAG_DEFAULT, struct yaml_cap, den), CYAML_FIELD_END
};
static const cyaml_schema_field_t operator_fields[] = {
    TEXT("name", struct yaml_operator, name), TEXT("public_key", struct yaml_operator, public_key),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t operator_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_operator, operator_fields) };
static const cyaml_schema_field_t member_fields[] = {
    TEXT("operator", struct yaml_member, operator), TEXT("card", struct yaml_member, card),
    TEXT("sample", struct yaml_member, sample), CYAML_FIELD_END
};
static const cyaml_schema_value_t member_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_member, member_fields) };
static const cyaml_schema_value_t folder_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1,
                                                                      PATH_MAX - 1) };
static const cyaml_schema_field_t plan_fields[] = {
    CYAML_FIELD_UINT("plan_version", CYAML_FLAG_DEFAULT, struct yaml_plan, plan_version),
    CYAML_FIELD_UINT("epoch_ms", CYAML_FLAG_DEFAULT, struct yaml_plan, epoch_ms),
    CYAML_FIELD_STRING_PTR("time", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_plan, time,
                           1, 64),
    CYAML_FIELD_UINT("threshold", CYAML_FLAG_DEFAULT, struct yaml_plan, threshold),
    TEXT("policy", struct yaml_plan, policy),
    CYAML_FIELD_SEQUENCE("collateral", CYAML_FLAG_POINTER, struct yaml_plan, collateral,
                         &folder_value, 1, ASSAY_PLAN_COLLATERAL_MAX),
    CYAML_FIELD_MAPPING_PTR("operator_cap", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                            struct yaml_plan, operator_cap, cap_fields),
    CYAML_FIELD_MAPPING_PTR("vendor_cap", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL,
                            struct yaml_plan, vendor_cap, cap_fields),
    CYAML_FIELD_SEQUENCE("operators", CYAML_FLAG_POINTER, struct yaml_plan, operators,
                         &operator_value, 1, ASSAY_OPERATORS_MAX),
    CYAML_FIELD_SEQUENCE("members", CYAML_FLAG_POINTER, struct yaml_plan, members, &member_value, 1,
                         ASSAY_MEMBERS_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_value_t plan_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_plan, plan_fields) };

/* ------------------------------------------------------------ loading */

struct load {
    const char *path;
    char *message; /* [ASSAY_CONFIG_MESSAGE_MAX] */
};

/* Returns: status, for use as `return fail(...)`. */
__attribute__((format(printf, 3, 4))) static enum assay_status fail(const struct load *load,
                                                                    enum assay_status status,
                                                                    const char *format, ...)
{
    const int len = snprintf(load->message, ASSAY_CONFIG_MESSAGE_MAX, "%s: ", load->path);
    if (len > 0 && len < ASSAY_CONFIG_MESSAGE_MAX) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(load->message + len, (size_t)(ASSAY_CONFIG_MESSAGE_MAX - len), format,
                        args);
        va_end(args);
    }
    return status;
}

/* libcyaml tells what is wrong in one line and where in the next ones; only the innermost place is
 * of use to a person. */
static void collect(cyaml_log_t level, void *context, const char *format, va_list args)
{
    char line[256];
    struct load *load = context;
    (void)level;
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    if (strstr(line, "Backtrace") != NULL || strstr(load->message, "(line") != NULL) return;

    const char *text = strncmp(line, "Load: ", 6) == 0 ? line + 6 : line;
    const size_t used = strlen(load->message);
    (void)snprintf(load->message + used, ASSAY_CONFIG_MESSAGE_MAX - used, "%s%s", used ? "," : "",
                   text[0] == ' ' ? text + 1 : text);
}

static enum assay_status read_text(const struct load *load, uint8_t **bytes, size_t *len)
{
    FILE *file = fopen(load->path, "rbe");
    if (file == NULL) {
        const enum assay_status status = errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
        return fail(load, status, "cannot be opened: %s", strerror(errno));
    }
    uint8_t *buffer = malloc(ASSAY_CONFIG_LEN_MAX + 1);
    enum assay_status status = buffer != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) {
        *len = fread(buffer, 1, ASSAY_CONFIG_LEN_MAX + 1, file);
        if (ferror(file)) status = fail(load, ASSAY_E_IO, "cannot be read: %s", strerror(errno));
        else if (*len > ASSAY_CONFIG_LEN_MAX)
            status = fail(load, ASSAY_E_RANGE, "is larger than %d bytes", ASSAY_CONFIG_LEN_MAX);
    }
    (void)fclose(file);
    if (status == ASSAY_OK) *bytes = buffer;
    else free(buffer);
    return status;
}

static cyaml_config_t yaml_settings(struct load *load)
{
    return (cyaml_config_t){ .log_fn = collect,
                             .log_ctx = load,
                             .mem_fn = cyaml_mem,
                             .log_level = CYAML_LOG_ERROR,
                             .flags = CYAML_CFG_NO_ALIAS };
}

static enum assay_status load_yaml(struct load *load, const cyaml_schema_value_t *schema,
                                   void **out)
{
    load->message[0] = '\0';
    uint8_t *bytes = NULL;
    size_t len = 0;
    ASSAY_TRY(read_text(load, &bytes, &len));

    const cyaml_config_t settings = yaml_settings(load);
    const cyaml_err_t error = cyaml_load_data(bytes, len, &settings, schema, out, NULL);
    free(bytes);
    if (error == CYAML_OK && *out != NULL) return ASSAY_OK;
    if (error == CYAML_OK) return fail(load, ASSAY_E_SYNTAX, "the file is empty");

    char found[ASSAY_CONFIG_MESSAGE_MAX];
    (void)snprintf(found, sizeof found, "%s", load->message);
    return fail(load, ASSAY_E_SYNTAX, "%.400s", found[0] ? found : cyaml_strerror(error));
}

static void free_yaml(struct load *load, const cyaml_schema_value_t *schema, void *data)
{
    const cyaml_config_t settings = yaml_settings(load);
    (void)cyaml_free(&settings, schema, data, 0);
}

/* ------------------------------------------------------------ field checks */

static enum assay_status take_hex(const struct load *load, const char *key, const char *text,
                                  uint8_t *out, size_t len)
{
    if (assay_hex_decode(text, strlen(text), out, len) == ASSAY_OK) return ASSAY_OK;
    return fail(load, ASSAY_E_SYNTAX, "%s: expected %zu hexadecimal digits, found \"%.40s\"", key,
                2 * len, text);
}

static enum assay_status take_name(const struct load *load, const char *key, const char *text,
                                   char out[static ASSAY_NAME_MAX + 1])
{
    const size_t len = strlen(text);
    if (len > ASSAY_NAME_MAX)
        return fail(load, ASSAY_E_RANGE, "%s: expected at most %d bytes, found %zu", key,
                    ASSAY_NAME_MAX, len);
    assay_bytes_copy(out, ASSAY_NAME_MAX + 1, text, len + 1);
    return ASSAY_OK;
}

/* A relative path belongs to the folder of the file that names it. */
static enum assay_status take_path(const struct load *load, const char *key, const char *text,
                                   char out[static PATH_MAX])
{
    const char *slash = strrchr(load->path, '/');
    const int folder_len = text[0] == '/' || slash == NULL ? 0 : (int)(slash - load->path) + 1;
    const int len = snprintf(out, PATH_MAX, "%.*s%s", folder_len, load->path, text);
    if (len > 0 && len < PATH_MAX) return ASSAY_OK;
    return fail(load, ASSAY_E_RANGE, "%s: the path is too long", key);
}

/* HOST:PORT; the port is 1..65535 and the host is not empty. */
static enum assay_status take_address(const struct load *load, const char *key, const char *text,
                                      char out[static ASSAY_ADDRESS_MAX])
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    const unsigned long port =
        colon != NULL && colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 0;
    const size_t len = strlen(text);
    if (port == 0 || port > 65535 || *end != '\0' || colon == text || len >= ASSAY_ADDRESS_MAX)
        return fail(load, ASSAY_E_SYNTAX, "%s: expected HOST:PORT, found \"%.60s\"", key, text);
    assay_bytes_copy(out, ASSAY_ADDRESS_MAX, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status take_version(const struct load *load, const char *key, unsigned found)
{
    if (found == ASSAY_CONFIG_VERSION) return ASSAY_OK;
    return fail(load, ASSAY_E_VERSION, "%s: this program reads version %d, found %u", key,
                ASSAY_CONFIG_VERSION, found);
}

/* ------------------------------------------------------------ assayd.yaml */

static enum assay_status take_peers(const struct load *load, const struct yaml_config *yaml,
                                    struct assay_config *config)
{
    for (uint32_t i = 0; i < yaml->peers_count; i++) {
        struct assay_config_peer *peer = &config->peers[i];
        ASSAY_TRY(take_hex(load, "peers[].node", yaml->peers[i].node, peer->node_id, 32));
        ASSAY_TRY(take_address(load, "peers[].address", yaml->peers[i].address, peer->address));
        for (uint32_t k = 0; k < i; k++)
            if (assay_bytes_equal(config->peers[k].node_id, peer->node_id, 32))
                return fail(load, ASSAY_E_DUPLICATE, "peers[].node: %.64s is named twice",
                            yaml->peers[i].node);
    }
    config->peer_count = yaml->peers_count;
    return ASSAY_OK;
}

static enum assay_status take_paths(const struct load *load, const struct yaml_config *yaml,
                                    struct assay_config *config)
{
    ASSAY_TRY(take_path(load, "node.state_dir", yaml->node.state_dir, config->state_dir));
    ASSAY_TRY(take_path(load, "node.keys_dir", yaml->node.keys_dir, config->keys_dir));
    ASSAY_TRY(take_path(load, "node.genesis", yaml->node.genesis, config->genesis));
    ASSAY_TRY(take_path(load, "listen.admin", yaml->listen.admin, config->admin));
    ASSAY_TRY(
        take_path(load, "evidence.credential", yaml->evidence.credential, config->credential));
    ASSAY_TRY(take_path(load, "enclave.path", yaml->enclave.path, config->enclave_path));
    ASSAY_TRY(take_path(load, "enclave.restore_path", yaml->enclave.restore_path,
                        config->enclave_restore_path));
    return take_path(load, "enclave.service", yaml->enclave.service, config->enclave_service);
}

static enum assay_status take_config(const struct load *load, const struct yaml_config *yaml,
                                     struct assay_config *config)
{
    ASSAY_TRY(take_version(load, "config_version", yaml->config_version));
    ASSAY_TRY(take_paths(load, yaml, config));
    ASSAY_TRY(take_address(load, "listen.gossip", yaml->listen.gossip, config->gossip));
    if (strcmp(yaml->evidence.kind, "soft") != 0)
        return fail(load, ASSAY_E_UNSUPPORTED, "evidence.kind: expected soft, found \"%.40s\"",
                    yaml->evidence.kind);
    config->verify_threads = yaml->limits != NULL ? yaml->limits->verify_threads : 1;
    if (config->verify_threads < 1 || config->verify_threads > 16)
        return fail(load, ASSAY_E_RANGE, "limits.verify_threads: expected 1 to 16, found %u",
                    config->verify_threads);
    config->log_level = yaml->log != NULL ? yaml->log->level : ASSAY_LOG_INFO;
    return take_peers(load, yaml, config);
}

enum assay_status assay_config_load(const char *path, struct assay_config *config,
                                    char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct load load = { path, message };
    void *yaml = NULL;
    enum assay_status status = load_yaml(&load, &config_schema, &yaml);
    if (status == ASSAY_OK) status = take_config(&load, yaml, config);
    free_yaml(&load, &config_schema, yaml);
    return status;
}

/* ------------------------------------------------------------ node card */

static enum assay_status take_card(const struct load *load, const struct yaml_card *yaml,
                                   struct assay_node_card *card)
{
    uint8_t named[32];
    ASSAY_TRY(take_version(load, "card_version", yaml->card_version));
    ASSAY_TRY(take_name(load, "name", yaml->name, card->name));
    ASSAY_TRY(take_hex(load, "node_id", yaml->node_id, named, 32));
    ASSAY_TRY(take_hex(load, "identity_public", yaml->identity_public, card->identity_public, 64));
    ASSAY_TRY(take_hex(load, "door_public", yaml->door_public, card->door_public, 32));
    ASSAY_TRY(take_hex(load, "voting_public", yaml->voting_public, card->voting_public, 64));
    ASSAY_TRY(
        take_hex(load, "transport_public", yaml->transport_public, card->transport_public, 32));
    assay_sha256(card->identity_public, 64, card->node_id);
    if (!assay_bytes_equal(named, card->node_id, 32))
        return fail(load, ASSAY_E_KEY, "node_id: is not the SHA-256 of identity_public");
    return ASSAY_OK;
}

enum assay_status assay_node_card_load(const char *path, struct assay_node_card *card,
                                       char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct load load = { path, message };
    void *yaml = NULL;
    enum assay_status status = load_yaml(&load, &card_schema, &yaml);
    if (status == ASSAY_OK) status = take_card(&load, yaml, card);
    free_yaml(&load, &card_schema, yaml);
    return status;
}

/* ------------------------------------------------------------ network plan */

static enum assay_status take_cap(const struct load *load, const char *key,
                                  const struct yaml_cap *cap, uint32_t *num, uint32_t *den)
{
    if (cap == NULL) return ASSAY_OK; /* the default stands */
    if (cap->num == 0 || cap->den == 0 || cap->num > cap->den || cap->den > 10000)
        return fail(load, ASSAY_E_RANGE, "%s: expected 0 < num <= den <= 10000, found %u/%u", key,
                    cap->num, cap->den);
    *num = cap->num;
    *den = cap->den;
    return ASSAY_OK;
}

static enum assay_status take_plan_head(const struct load *load, const struct yaml_plan *yaml,
                                        struct assay_plan *plan)
{
    ASSAY_TRY(take_version(load, "plan_version", yaml->plan_version));
    if (yaml->epoch_ms < ASSAY_EPOCH_MS_MIN || yaml->epoch_ms > ASSAY_EPOCH_MS_MAX)
        return fail(load, ASSAY_E_RANGE, "epoch_ms: expected %d to %d, found %u",
                    ASSAY_EPOCH_MS_MIN, ASSAY_EPOCH_MS_MAX, yaml->epoch_ms);
    plan->parameters = (struct assay_genesis_parameters){ yaml->epoch_ms, 20, 100, 33, 100 };
    ASSAY_TRY(take_cap(load, "operator_cap", yaml->operator_cap, &plan->parameters.operator_cap_num,
                       &plan->parameters.operator_cap_den));
    ASSAY_TRY(take_cap(load, "vendor_cap", yaml->vendor_cap, &plan->parameters.vendor_cap_num,
                       &plan->parameters.vendor_cap_den));
    if (yaml->threshold == 0 || yaml->threshold > yaml->operators_count)
        return fail(load, ASSAY_E_RANGE, "threshold: expected 1 to %u (the operators), found %u",
                    yaml->operators_count, yaml->threshold);
    plan->threshold = yaml->threshold;

    plan->has_time = yaml->time != NULL;
    if (!plan->has_time) return ASSAY_OK;
    int64_t unix_s = 0;
    if (assay_rfc3339_parse(yaml->time, strlen(yaml->time), &unix_s) != ASSAY_OK)
        return fail(load, ASSAY_E_SYNTAX, "time: expected RFC 3339, found \"%.40s\"", yaml->time);
    plan->time_ms = (uint64_t)unix_s * 1000;
    return ASSAY_OK;
}

static enum assay_status take_plan(const struct load *load, const struct yaml_plan *yaml,
                                   struct assay_plan *plan)
{
    ASSAY_TRY(take_plan_head(load, yaml, plan));
    ASSAY_TRY(take_path(load, "policy", yaml->policy, plan->policy));
    plan->collateral_count = yaml->collateral_count;
    for (uint32_t i = 0; i < yaml->collateral_count; i++)
        ASSAY_TRY(take_path(load, "collateral[]", yaml->collateral[i], plan->collateral[i]));
    plan->operator_count = yaml->operators_count;
    for (uint32_t i = 0; i < yaml->operators_count; i++) {
        const struct yaml_operator *from = &yaml->operators[i];
        ASSAY_TRY(take_name(load, "operators[].name", from->name, plan->operators[i].name));
        ASSAY_TRY(take_hex(load, "operators[].public_key", from->public_key,
                           plan->operators[i].public_key, ASSAY_P256_PUBLIC_LEN));
    }
    plan->member_count = yaml->members_count;
    for (uint32_t i = 0; i < yaml->members_count; i++) {
        const struct yaml_member *from = &yaml->members[i];
        struct assay_plan_member *to = &plan->members[i];
        ASSAY_TRY(take_name(load, "members[].operator", from->operator, to->operator_name));
        ASSAY_TRY(take_path(load, "members[].card", from->card, to->card));
        ASSAY_TRY(take_path(load, "members[].sample", from->sample, to->sample));
    }
    return ASSAY_OK;
}

enum assay_status assay_plan_load(const char *path, struct assay_plan *plan,
                                  char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct load load = { path, message };
    void *yaml = NULL;
    enum assay_status status = load_yaml(&load, &plan_schema, &yaml);
    if (status == ASSAY_OK) status = take_plan(&load, yaml, plan);
    free_yaml(&load, &plan_schema, yaml);
    return status;
}
