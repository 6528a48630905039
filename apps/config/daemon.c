/*
 * apps/config/daemon.c - reader of assayd.yaml.
 */
#include "apps/config/collateral.h"
#include "apps/config/enforcement.h"
#include "apps/config/evidence.h"
#include "apps/config/http.h"
#include "apps/config/layers.h"
#include "base/sparse.h"
#include "engine/ledger/state/workload_keys.h"
#include "net/http/http.h"
#include "net/timeline/timeline.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------ the file as YAML has it */

struct yaml_node {
    char *state_dir, *keys_dir, *identity_dir, *genesis, *checkpoint, *history_epochs;
    char *history_events;
    char **recovers;
    unsigned recovers_count;
};
struct yaml_listen {
    char *gossip, *admin, *http, *services, *advertise, *transport;
};
struct yaml_peer {
    char *node, *address;
};
struct yaml_enclave {
    char *path, *restore_path, *service;
    char **key_users;
    unsigned key_users_count;
};
struct yaml_limits {
    char *verify_threads, *key_tables_mib, *drain_ms;
};
struct yaml_log {
    char *level, *format;
};
struct yaml_metrics {
    char *members;
};

struct yaml_config {
    char *config_version;
    struct yaml_node node;
    struct yaml_listen listen;
    struct assay_yaml_http http;
    struct yaml_metrics metrics;
    struct yaml_peer *peers;
    unsigned peers_count;
    struct assay_yaml_evidence evidence;
    struct yaml_enclave enclave;
    struct assay_yaml_collateral collateral;
    struct assay_yaml_enforcement enforcement;
    struct yaml_limits limits;
    struct yaml_log log;
    char **insecure;
    unsigned insecure_count;
};

static const cyaml_schema_value_t recover_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1,
                                                                       PATH_MAX) };
static const cyaml_schema_field_t node_fields[] = {
    ASSAY_CONFIG_FIELD("state_dir", struct yaml_node, state_dir),
    ASSAY_CONFIG_FIELD("keys_dir", struct yaml_node, keys_dir),
    ASSAY_CONFIG_FIELD_OPTIONAL("identity_dir", struct yaml_node, identity_dir),
    ASSAY_CONFIG_FIELD("genesis", struct yaml_node, genesis),
    ASSAY_CONFIG_FIELD_OPTIONAL("checkpoint", struct yaml_node, checkpoint),
    CYAML_FIELD_SEQUENCE("recovers", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_node,
                         recovers, &recover_value, 0, ASSAY_CONFIG_RECOVERS_MAX),
    ASSAY_CONFIG_FIELD_OPTIONAL("history_epochs", struct yaml_node, history_epochs),
    ASSAY_CONFIG_FIELD_OPTIONAL("history_events", struct yaml_node, history_events),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t listen_fields[] = {
    ASSAY_CONFIG_FIELD("gossip", struct yaml_listen, gossip),
    ASSAY_CONFIG_FIELD("admin", struct yaml_listen, admin),
    ASSAY_CONFIG_FIELD_OPTIONAL("http", struct yaml_listen, http),
    ASSAY_CONFIG_FIELD_OPTIONAL("services", struct yaml_listen, services),
    ASSAY_CONFIG_FIELD_OPTIONAL("advertise", struct yaml_listen, advertise),
    ASSAY_CONFIG_FIELD_OPTIONAL("transport", struct yaml_listen, transport),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t peer_fields[] = {
    ASSAY_CONFIG_FIELD("node", struct yaml_peer, node),
    ASSAY_CONFIG_FIELD("address", struct yaml_peer, address), CYAML_FIELD_END
};
static const cyaml_schema_value_t peer_value = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_DEFAULT, struct yaml_peer, peer_fields) };
static const cyaml_schema_value_t key_user_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1,
                                                                        ASSAY_CONFIG_KEY_MAX) };
static const cyaml_schema_field_t enclave_fields[] = {
    ASSAY_CONFIG_FIELD("path", struct yaml_enclave, path),
    ASSAY_CONFIG_FIELD("restore_path", struct yaml_enclave, restore_path),
    ASSAY_CONFIG_FIELD("service", struct yaml_enclave, service),
    CYAML_FIELD_SEQUENCE("key_users", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_enclave,
                         key_users, &key_user_value, 0, ASSAY_CONFIG_KEY_USERS_MAX),
    CYAML_FIELD_END
};
static const cyaml_schema_field_t limits_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("verify_threads", struct yaml_limits, verify_threads),
    ASSAY_CONFIG_FIELD_OPTIONAL("key_tables_mib", struct yaml_limits, key_tables_mib),
    ASSAY_CONFIG_FIELD_OPTIONAL("drain_ms", struct yaml_limits, drain_ms), CYAML_FIELD_END
};
static const cyaml_schema_field_t metrics_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("members", struct yaml_metrics, members), CYAML_FIELD_END
};
static const cyaml_schema_field_t log_fields[] = {
    ASSAY_CONFIG_FIELD_OPTIONAL("level", struct yaml_log, level),
    ASSAY_CONFIG_FIELD_OPTIONAL("format", struct yaml_log, format), CYAML_FIELD_END
};
static const cyaml_schema_value_t insecure_value = { CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1,
                                                                        ASSAY_CONFIG_KEY_MAX) };
static const cyaml_schema_field_t config_fields[] = {
    ASSAY_CONFIG_FIELD("config_version", struct yaml_config, config_version),
    CYAML_FIELD_MAPPING("node", CYAML_FLAG_DEFAULT, struct yaml_config, node, node_fields),
    CYAML_FIELD_MAPPING("listen", CYAML_FLAG_DEFAULT, struct yaml_config, listen, listen_fields),
    CYAML_FIELD_MAPPING("http", CYAML_FLAG_OPTIONAL, struct yaml_config, http,
                        assay_config_http_fields),
    CYAML_FIELD_MAPPING("metrics", CYAML_FLAG_OPTIONAL, struct yaml_config, metrics,
                        metrics_fields),
    CYAML_FIELD_SEQUENCE("peers", CYAML_FLAG_POINTER, struct yaml_config, peers, &peer_value, 0,
                         ASSAY_MEMBERS_MAX),
    CYAML_FIELD_MAPPING("evidence", CYAML_FLAG_DEFAULT, struct yaml_config, evidence,
                        assay_config_evidence_fields),
    CYAML_FIELD_MAPPING("enclave", CYAML_FLAG_DEFAULT, struct yaml_config, enclave, enclave_fields),
    CYAML_FIELD_MAPPING("collateral", CYAML_FLAG_OPTIONAL, struct yaml_config, collateral,
                        assay_config_collateral_fields),
    CYAML_FIELD_MAPPING("enforcement", CYAML_FLAG_OPTIONAL, struct yaml_config, enforcement,
                        assay_config_enforcement_fields),
    CYAML_FIELD_MAPPING("limits", CYAML_FLAG_OPTIONAL, struct yaml_config, limits, limits_fields),
    CYAML_FIELD_MAPPING("log", CYAML_FLAG_OPTIONAL, struct yaml_config, log, log_fields),
    CYAML_FIELD_SEQUENCE("insecure", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct yaml_config,
                         insecure, &insecure_value, 0, ASSAY_CONFIG_INSECURE_COUNT),
    CYAML_FIELD_END
};
const cyaml_schema_value_t assay_config_schema = { CYAML_VALUE_MAPPING(
    CYAML_FLAG_POINTER, struct yaml_config, config_fields) };

/* ------------------------------------------------------------ what it means */

/* Proofs are valid for 8 epochs, and returning nodes need blocks; 100 million are two centuries of
 * minutes. */
enum { HISTORY_EPOCHS_MIN = 16, HISTORY_EPOCHS_MAX = 100000000 };

enum { DRAIN_MS = 2000, DRAIN_MS_MAX = 60000 };
/* Enough for the keys of 26 members. */
enum { KEY_TABLES_MIB = 4, KEY_TABLES_MIB_MAX = 64 };

static enum assay_status take_peer(const struct assay_config_file *file,
                                   const struct yaml_peer *yaml, uint32_t index,
                                   struct assay_config *config)
{
    struct assay_config_peer *peer = &config->peers[index];
    char key[ASSAY_CONFIG_KEY_MAX];
    (void)snprintf(key, sizeof key, "peers[%u].node", (unsigned)index);
    ASSAY_TRY(assay_config_take_hex(file, key, yaml->node, peer->node_id, sizeof peer->node_id));
    for (uint32_t k = 0; k < index; k++)
        if (assay_bytes_equal(config->peers[k].node_id, peer->node_id, sizeof peer->node_id))
            return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "%.64s is named twice",
                                     yaml->node);
    (void)snprintf(key, sizeof key, "peers[%u].address", (unsigned)index);
    return assay_config_take_addresses(file, key, yaml->address, peer->address);
}

static enum assay_status take_paths(const struct assay_config_file *file,
                                    const struct yaml_config *yaml, struct assay_config *config)
{
    const struct {
        const char *key, *text;
        char *out; /* [PATH_MAX] */
    } paths[] = {
        { "node.state_dir", yaml->node.state_dir, config->state_dir },
        { "node.keys_dir", yaml->node.keys_dir, config->keys_dir },
        { "node.genesis", yaml->node.genesis, config->genesis },
        { "enclave.path", yaml->enclave.path, config->enclave_path },
        { "enclave.restore_path", yaml->enclave.restore_path, config->enclave_restore_path },
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        ASSAY_TRY(assay_config_take_path(file, paths[i].key, paths[i].text, paths[i].out));
    if (yaml->node.identity_dir != NULL)
        ASSAY_TRY(assay_config_take_path(file, "node.identity_dir", yaml->node.identity_dir,
                                         config->identity_dir));
    if (yaml->node.checkpoint != NULL)
        ASSAY_TRY(assay_config_take_path(file, "node.checkpoint", yaml->node.checkpoint,
                                         config->checkpoint));
    for (unsigned i = 0; i < yaml->node.recovers_count; i++) {
        char key[ASSAY_CONFIG_KEY_MAX];
        (void)snprintf(key, sizeof key, "node.recovers[%u]", i);
        ASSAY_TRY(assay_config_take_path(file, key, yaml->node.recovers[i], config->recovers[i]));
    }
    config->recover_count = yaml->node.recovers_count;
    ASSAY_TRY(assay_config_take_socket(file, "listen.admin", yaml->listen.admin, config->admin));
    ASSAY_TRY(assay_config_take_socket(file, "enclave.service", yaml->enclave.service,
                                       config->enclave_service));
    if (strcmp(config->admin, config->enclave_service) != 0) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_DUPLICATE, "enclave.service",
                             "listen.admin has the same path");
}

/* One of words, "a, b or c" in the message. */
static enum assay_status take_word(const struct assay_config_file *file, const char *key,
                                   const char *text, const char *const *words, size_t count,
                                   const char *expected, size_t *index)
{
    for (*index = 0; *index < count; ++*index)
        if (strcmp(text, words[*index]) == 0) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_SYNTAX, key, "expected %s, found \"%.40s\"", expected,
                             text);
}

static enum assay_status take_log(const struct assay_config_file *file, const struct yaml_log *yaml,
                                  struct assay_config *config)
{
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    static const char *const formats[] = { "logfmt", "json", "journal", "text", "auto" };
    size_t level = ASSAY_LOG_INFO, format = ASSAY_CONFIG_LOG_AUTO;
    if (yaml->level != NULL)
        ASSAY_TRY(take_word(file, "log.level", yaml->level, levels, 4,
                            "error, warning, info or debug", &level));
    if (yaml->format != NULL)
        ASSAY_TRY(take_word(file, "log.format", yaml->format, formats, 5,
                            "text, logfmt, json, journal or auto", &format));
    config->log_level = (enum assay_log_level)level;
    config->log_format = (enum assay_config_log_format)format;
    return ASSAY_OK;
}

static enum assay_status take_limits(const struct assay_config_file *file,
                                     const struct yaml_limits *yaml, struct assay_config *config)
{
    config->verify_threads = 1;
    config->key_tables_mib = KEY_TABLES_MIB;
    config->drain_ms = DRAIN_MS;
    if (yaml->verify_threads != NULL)
        ASSAY_TRY(assay_config_take_number(file, "limits.verify_threads", yaml->verify_threads, 1,
                                           16, &config->verify_threads));
    if (yaml->key_tables_mib != NULL)
        ASSAY_TRY(assay_config_take_number(file, "limits.key_tables_mib", yaml->key_tables_mib, 0,
                                           KEY_TABLES_MIB_MAX, &config->key_tables_mib));
    if (yaml->drain_ms == NULL) return ASSAY_OK;
    return assay_config_take_number(file, "limits.drain_ms", yaml->drain_ms, 0, DRAIN_MS_MAX,
                                    &config->drain_ms);
}

/* Out: *name: in text. Returns: whether it is NAME=UID, as the enclave reads it. */
static bool split_key_user(const char *text, struct assay_slice *name)
{
    const char *const equals = strchr(text, '=');
    uint64_t uid = 0;
    *name = assay_slice_over((const uint8_t *)text, equals != NULL ? (size_t)(equals - text) : 0);
    if (equals == NULL || !assay_declared_key_name_is_fit(*name) || equals[1] == '\0') return false;
    for (const char *c = equals + 1; *c != '\0'; c++) {
        if (*c < '0' || *c > '9' || uid > UINT32_MAX || c - equals > 10) return false;
        uid = 10 * uid + (uint64_t)(*c - '0');
    }
    return uid < UINT32_MAX;
}

static enum assay_status take_key_users(const struct assay_config_file *file,
                                        const struct yaml_enclave *yaml,
                                        struct assay_config *config)
{
    struct assay_slice names[ASSAY_CONFIG_KEY_USERS_MAX];
    ASSAY_ASSERT(yaml->key_users_count <= ASSAY_CONFIG_KEY_USERS_MAX);
    for (unsigned i = 0; i < yaml->key_users_count; i++) {
        char key[ASSAY_CONFIG_KEY_MAX];
        const char *const text = yaml->key_users[i];
        (void)snprintf(key, sizeof key, "enclave.key_users[%u]", i);
        if (!split_key_user(text, &names[i]))
            return assay_config_fail(file, ASSAY_E_RANGE, key,
                                     "found %s, expected NAME=UID: a DNS label in lower case, and "
                                     "the number of a user",
                                     text);
        for (unsigned k = 0; k < i; k++)
            if (assay_slice_equal(names[k], names[i]))
                return assay_config_fail(file, ASSAY_E_DUPLICATE, key,
                                         "%s: the name has a user already", text);
        (void)snprintf(config->key_users[i].text, sizeof config->key_users[i].text, "%s", text);
    }
    config->key_user_count = yaml->key_users_count;
    return ASSAY_OK;
}

#define INSECURE_NAME(symbol, name, meaning) name,
static const char *const insecure_names[] = { ASSAY_CONFIG_INSECURE_LIST(INSECURE_NAME) };
#undef INSECURE_NAME
#define INSECURE_MEANING(symbol, name, meaning) meaning,
static const char *const insecure_meanings[] = { ASSAY_CONFIG_INSECURE_LIST(INSECURE_MEANING) };
#undef INSECURE_MEANING

const char *assay_config_insecure_name(enum assay_config_insecure which)
{
    return insecure_names[which];
}

const char *assay_config_insecure_meaning(enum assay_config_insecure which)
{
    return insecure_meanings[which];
}

static enum assay_status take_insecure(const struct assay_config_file *file,
                                       const struct yaml_config *yaml, struct assay_config *config)
{
    for (unsigned i = 0; i < yaml->insecure_count; i++) {
        char key[ASSAY_CONFIG_KEY_MAX];
        size_t which = 0;
        (void)snprintf(key, sizeof key, "insecure[%u]", i);
        ASSAY_TRY(take_word(file, key, yaml->insecure[i], insecure_names,
                            ASSAY_CONFIG_INSECURE_COUNT, "http-without-tls or software-evidence",
                            &which));
        config->insecure[which] = true;
    }
    return ASSAY_OK;
}

/* A folder of sockets for programs of services; a network without services needs and makes none. */
static enum assay_status take_services(const struct assay_config_file *file, const char *text,
                                       struct assay_config *config)
{
    static const char key[] = "listen.services";
    config->services[0] = '\0';
    if (text != NULL && strcmp(text, "off") == 0) return ASSAY_OK;
    if (text == NULL) assay_config_next_to_admin(config->admin, ".svcs", config->services);
    else ASSAY_TRY(assay_config_take_path(file, key, text, config->services));
    const size_t len = strlen(config->services);
    if (text != NULL && len > ASSAY_CONFIG_SERVICES_MAX)
        return assay_config_fail(file, ASSAY_E_RANGE, key,
                                 "the folder of the sockets of services has a path of %zu bytes, "
                                 "expected at most %d: name a shorter one",
                                 len, ASSAY_CONFIG_SERVICES_MAX);
    if (strcmp(config->services, config->admin) == 0)
        return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "listen.admin has the same path");
    if (strcmp(config->services, config->enclave_service) == 0)
        return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "enclave.service has the same path");
    if (strcmp(config->services, config->http.socket_path) != 0) return ASSAY_OK;
    return assay_config_fail(file, ASSAY_E_DUPLICATE, key, "listen.http has the same path");
}

/* Where the sockets between members are. */
static enum assay_status take_transport(const struct assay_config_file *file, const char *text,
                                        struct assay_config *config)
{
    static const char *const words[] = { "process", "thread" };
    size_t which = 0;
    if (text != NULL)
        ASSAY_TRY(take_word(file, "listen.transport", text, words, 2, "process or thread", &which));
    config->transport_apart = which == 0;
    return ASSAY_OK;
}

static enum assay_status take_config(const struct assay_config_file *file,
                                     struct assay_config *config)
{
    const struct yaml_config *yaml = file->data;
    ASSAY_TRY(assay_config_take_version(file, "config_version", yaml->config_version));
    ASSAY_TRY(take_paths(file, yaml, config));
    ASSAY_TRY(
        assay_config_take_addresses(file, "listen.gossip", yaml->listen.gossip, config->gossip));
    ASSAY_TRY(take_key_users(file, &yaml->enclave, config));
    ASSAY_TRY(take_insecure(file, yaml, config));
    ASSAY_TRY(assay_config_take_http(file, yaml->listen.http, &yaml->http, config));
    if (yaml->metrics.members != NULL)
        ASSAY_TRY(assay_config_take_number(file, "metrics.members", yaml->metrics.members, 0,
                                           ASSAY_HTTP_METRICS_MEMBERS_MAX,
                                           &config->metrics_members));
    ASSAY_TRY(take_services(file, yaml->listen.services, config));
    ASSAY_TRY(take_transport(file, yaml->listen.transport, config));
    if (yaml->listen.advertise != NULL)
        ASSAY_TRY(assay_config_take_addresses(file, "listen.advertise", yaml->listen.advertise,
                                              config->advertise));
    ASSAY_TRY(assay_config_take_evidence(file, &yaml->evidence, &config->evidence));
    if (yaml->node.history_epochs != NULL)
        ASSAY_TRY(assay_config_take_number(file, "node.history_epochs", yaml->node.history_epochs,
                                           HISTORY_EPOCHS_MIN, HISTORY_EPOCHS_MAX,
                                           &config->history_epochs));
    if (yaml->node.history_events != NULL)
        ASSAY_TRY(assay_config_take_number(file, "node.history_events", yaml->node.history_events,
                                           ASSAY_TIMELINE_KEPT_MIN, ASSAY_TIMELINE_KEPT_MAX,
                                           &config->history_events));
    ASSAY_TRY(assay_config_take_collateral(file, &yaml->collateral, &config->collateral));
    ASSAY_TRY(assay_config_take_enforcement(file, &yaml->enforcement, config->state_dir,
                                            &config->enforcement));
    ASSAY_TRY(take_limits(file, &yaml->limits, config));
    ASSAY_TRY(take_log(file, &yaml->log, config));
    for (uint32_t i = 0; i < yaml->peers_count; i++)
        ASSAY_TRY(take_peer(file, &yaml->peers[i], i, config));
    config->peer_count = yaml->peers_count;
    return ASSAY_OK;
}

/* What the schema made of a file that is open, into a configuration. */
static enum assay_status take_open(const struct assay_config_file *file,
                                   struct assay_config *config)
{
    struct assay_config *found = calloc(1, sizeof *found);
    enum assay_status status = found != NULL ? take_config(file, found) : ASSAY_E_MEMORY;
    /* Of its many places for targets and peers only those that are taken: the others stay untouched
     * memory. */
    if (status == ASSAY_OK)
        assay_bytes_copy_sparse(config, sizeof *config, found,
                                offsetof(struct assay_config, peers) +
                                    found->peer_count * sizeof found->peers[0]);
    free(found);
    return status;
}

enum assay_status assay_config_load(const char *path, struct assay_config *config,
                                    char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_file file = { .path = path,
                                      .schema = &assay_config_schema,
                                      .message = message };
    enum assay_status status = assay_config_open(&file);
    if (status == ASSAY_OK) status = take_open(&file, config);
    assay_config_close(&file);
    return status;
}

enum assay_status assay_config_take_layers(const struct assay_config_layers *layers,
                                           const char *path, struct assay_config *config,
                                           char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_joined joined;
    struct assay_config_file file = { .path = path,
                                      .schema = &assay_config_schema,
                                      .message = message };
    /* One file is read as it is: its own lines and columns. */
    if (!layers->beyond_file) return assay_config_load(path, config, message);
    enum assay_status status = assay_config_layers_join(layers, &joined);
    if (status != ASSAY_OK) {
        (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX, "%.300s: all layers together: %s", path,
                       assay_status_text(status));
    } else {
        status = assay_config_open_text(&file, assay_slice_over(joined.text, joined.len),
                                        joined.lines, joined.line_count);
        if (status == ASSAY_OK) status = take_open(&file, config);
        assay_config_close(&file);
    }
    assay_config_joined_close(&joined);
    return status;
}

enum assay_status assay_config_load_layers(const struct assay_config_sources *sources,
                                           struct assay_config *config,
                                           char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_config_layers layers;
    enum assay_status status = assay_config_layers_open(sources, &layers, message);
    if (status == ASSAY_OK)
        status = assay_config_take_layers(&layers, sources->path, config, message);
    assay_config_layers_close(&layers);
    return status;
}

const char *const *assay_config_environment(void)
{
    const union {
        char **in;
        const char *const *out;
    } variables = { .in = environ };
    return variables.out;
}

enum assay_status assay_config_load_here(const char *path, struct assay_config *config,
                                         char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    const struct assay_config_sources sources = { .path = path,
                                                  .environment = assay_config_environment() };
    return assay_config_load_layers(&sources, config, message);
}
