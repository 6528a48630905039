/*
 * apps/daemon/node.c - resources of a daemon, opened from its configuration, except the store.
 *
 * Errors are found before the node communicates: `assayd --check-config`.
 */
#include "apps/daemon/node.h"

#include "apps/config/rights.h"
#include "apps/daemon/recover.h"
#include "apps/enclave/targets.h"
#include "base/assert.h"
#include "base/file/kind.h"
#include "base/sparse.h"
#include "base/system_clock.h"
#include "net/system/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum assay_status daemon_say(struct daemon_node *node, const char *what, enum assay_status status)
{
    const char *text =
        status == ASSAY_E_NOT_FOUND ? "there is no such file" : assay_status_text(status);
    if (status != ASSAY_OK)
        (void)snprintf(node->message, sizeof node->message, "%.300s: %s (%s)", what, text,
                       assay_status_symbol(status));
    return status;
}

/* A file that the configuration names: what it is, where that is not what is expected. */
static enum assay_status say_file(struct daemon_node *node, const char *path,
                                  enum assay_status status, const char *expected)
{
    char why[ASSAY_FILE_MESSAGE_LEN];
    struct assay_file_kind kind;
    if (status == ASSAY_OK) return status;
    const bool is_other = assay_status_class(status) == ASSAY_CLASS_INPUT &&
                          status != ASSAY_E_NOT_FOUND && assay_file_kind_at(path, &kind) &&
                          strcmp(kind.text, expected) != 0;
    const bool is_document = is_other && strcmp(kind.id, "text") != 0 &&
                             strcmp(kind.id, "binary") != 0; /* that says more than its length */
    if (!is_document && assay_file_read_fault(path, status, why))
        (void)snprintf(node->message, sizeof node->message, "%.300s: %.180s", path, why);
    else if (is_other)
        (void)snprintf(node->message, sizeof node->message, "%.300s: is %s, expected %s (%s)", path,
                       kind.text, expected, assay_status_symbol(status));
    else return daemon_say(node, path, status);
    return status;
}

/* Without colour and node: what a program prints before it is one. In the formats that programs
 * read it is a line like the others. */
static void print_line(enum assay_severity severity, const char *event, const char *prefix,
                       const char *message)
{
    struct assay_log log;
    if (!assay_log_is_structured()) {
        (void)fprintf(stderr, "assayd: %s%s\n", prefix, message);
        return;
    }
    assay_log_init(&log, stderr, ASSAY_SEVERITY_INFO, "");
    log.at_unix_ms = assay_unix_ms();
    if (assay_log_begin(&log, severity, event)) assay_log_text(&log, "reason", message);
    assay_log_end(&log);
}

void daemon_warn(const char *message)
{
    print_line(ASSAY_SEVERITY_WARNING, "start_warning", "warning: ", message);
}

void daemon_complain(const char *message)
{
    print_line(ASSAY_SEVERITY_ERROR, "stopped", "", message);
}

void daemon_place(struct daemon_node *node, const char *key)
{
    char origin[ASSAY_CONFIG_ORIGIN_MAX] = "", message[ASSAY_CONFIG_MESSAGE_MAX];
    const struct assay_config_row *row = assay_config_rows_find(&node->rows, key);
    if (row != NULL) assay_config_row_origin(row, origin);
    (void)snprintf(message, sizeof message, "%s", node->message);
    (void)snprintf(node->message, sizeof node->message, "%.100s%s%s: %.370s", origin,
                   row != NULL ? ": " : "", key, message);
}

bool daemon_is_in(const struct assay_genesis *genesis, const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < genesis->member_count; i++)
        if (assay_bytes_equal(genesis->members[i].node_id, node_id, 32)) return true;
    return false;
}

void daemon_close(struct daemon_node *node)
{
    assay_runtime_close(&node->host);
    daemon_close_effective_rules(&node->in_force);
    assay_fetcher_destroy(&node->fetcher);
    assay_document_collateral_destroy(&node->updates);
    node->lent = !assay_supervisor_close(&node->supervisor);
    if (node->store != NULL) node->store->ops->close(&node->store);
    if (node->lent) return; /* the process ends: everything else goes with it */
    if (node->credential_loaded) assay_soft_node_deinit(node->credential);
    assay_tpm_source_close(&node->tpm);
    assay_source_close(&node->source);
    daemon_reloaded_close(node);
    daemon_notify_close(&node->notify);
    if (node->verifier.fd > 0) (void)close(node->verifier.fd);
    if (node->transport.fd > 0) (void)close(node->transport.fd);
    assay_config_rows_close(&node->rows);
    assay_config_layers_close(&node->layers);
    for (uint32_t i = 0; i < node->recover_count; i++)
        free(node->recovers[i].accepting);
    free(node->enforcement);
    free(node->endpoints);
    free(node->peers);
    free(node->credential);
    free(node->founding_policy);
    free(node->genesis_bytes);
    free(node->genesis);
    free(node->config);
}

static enum assay_status open_memory(struct daemon_node *node)
{
    node->config = calloc(1, sizeof *node->config);
    node->enforcement = calloc(1, sizeof *node->enforcement);
    node->genesis = calloc(1, sizeof *node->genesis);
    node->credential = calloc(1, sizeof *node->credential);
    node->peers = calloc(ASSAY_MEMBERS_MAX, sizeof *node->peers);
    node->endpoints = calloc(ASSAY_MEMBERS_MAX, sizeof *node->endpoints);
    const bool all = node->config != NULL && node->enforcement != NULL && node->genesis != NULL &&
                     node->credential != NULL && node->peers != NULL && node->endpoints != NULL;
    return daemon_say(node, "start", all ? ASSAY_OK : ASSAY_E_MEMORY);
}

/* ------------------------------------------------------------ configuration */

/* Those in force may be others: effective_rules.c. */
static enum assay_status check_documents(struct daemon_node *node)
{
    struct assay_ruleset set;
    enum assay_status status =
        assay_ruleset_open(node->genesis->policy, node->genesis->endorsements, &set);
    if (status == ASSAY_OK && (node->founding_policy = malloc(sizeof *set.policy)) == NULL)
        status = ASSAY_E_MEMORY;
    if (status == ASSAY_OK) *node->founding_policy = *set.policy;
    const uint32_t needed =
        status == ASSAY_OK ? assay_rules_level(set.policy, &set.endorsements) : 0;
    assay_ruleset_close(&set);
    if (node->genesis->parameters.level < needed) {
        /* protocol.md 3.24: builds below the level that devices need cannot read their rules */
        (void)snprintf(node->message, sizeof node->message,
                       "%.300s: its policy or collateral is about devices of members: expected "
                       "feature level %u at least, found %u: make it with assay genesis create",
                       node->config->genesis, (unsigned)needed,
                       (unsigned)node->genesis->parameters.level);
        return ASSAY_E_INVALID;
    }
    return daemon_say(node, "genesis: policy and endorsements", status);
}

static enum assay_status open_genesis(struct daemon_node *node)
{
    struct assay_where where = { 0 };
    const char *path = node->config->genesis;
    enum assay_status status = say_file(
        node, path,
        assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &node->genesis_bytes, &node->genesis_len),
        "a genesis");
    if (status != ASSAY_OK) {
        daemon_place(node, "node.genesis");
        return status;
    }
    status =
        assay_genesis_decode(node->genesis_bytes, node->genesis_len, false, node->genesis, &where);
    if (status == ASSAY_OK) return check_documents(node);
    const struct assay_file_kind kind =
        assay_file_kind_of(assay_slice_over(node->genesis_bytes, node->genesis_len));
    if (strcmp(kind.id, "genesis") != 0)
        (void)snprintf(node->message, sizeof node->message, "%.300s: is %s, expected a genesis",
                       path, kind.text);
    else
        (void)snprintf(node->message, sizeof node->message, "%.300s: %s%s%s", path,
                       assay_status_text(status), where.field != NULL ? " in " : "",
                       where.field != NULL ? where.field : "");
    daemon_place(node, "node.genesis");
    return status;
}

/* Trusted by the operator, for exactly this chain. */
static enum assay_status open_checkpoint(struct daemon_node *node)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    const char *path = node->config->checkpoint;
    if (path[0] == '\0') return ASSAY_OK;
    enum assay_status status = assay_file_read(path, ASSAY_CHECKPOINT_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK)
        status = assay_checkpoint_decode(assay_slice_over(bytes, len), &node->checkpoint);
    free(bytes);
    if (status == ASSAY_OK &&
        !assay_bytes_equal(node->checkpoint.chain_id, node->genesis->chain_id, 32))
        status = ASSAY_E_CHAIN;
    return say_file(node, path, status, "a checkpoint");
}

static enum assay_status open_recovers(struct daemon_node *node)
{
    for (uint32_t i = 0; i < node->config->recover_count; i++) {
        const char *path = node->config->recovers[i];
        ASSAY_TRY(say_file(node, path,
                           daemon_read_recover(path, node->genesis->chain_id, &node->recovers[i]),
                           "a RECOVER"));
        node->recover_count++;
    }
    return ASSAY_OK;
}

static void open_peers(struct daemon_node *node)
{
    const struct assay_config *config = node->config;
    for (uint32_t i = 0; i < config->peer_count; i++) {
        const struct assay_config_peer *peer = &config->peers[i];
        (void)snprintf(node->endpoints[i], sizeof node->endpoints[i], "%s", peer->address);
        assay_bytes_copy(node->peers[i].node_id, 32, peer->node_id, 32);
        node->peers[i].endpoint = node->endpoints[i];
    }
}

enum assay_status daemon_load_keys(struct daemon_node *node, struct assay_keyring *ring)
{
    _Static_assert((int)ASSAY_FILE_MESSAGE_LEN <= (int)ASSAY_CONFIG_MESSAGE_MAX, "one buffer");
    return assay_keyring_open(node->config->keys_dir, node->config->identity_dir, ring,
                              node->message);
}

/* Only checked here: the host loads them itself. */
static enum assay_status open_keys(struct daemon_node *node)
{
    struct assay_keyring ring;
    ASSAY_TRY(daemon_load_keys(node, &ring));
    assay_bytes_copy(node->node_id, sizeof node->node_id, ring.node_id, sizeof ring.node_id);
    assay_keyring_wipe(&ring);
    return ASSAY_OK;
}

/* ------------------------------------------------------------ source of evidence of this node */

/* Warning of a source about itself, may be empty. */
static enum assay_status say_source(struct daemon_node *node, enum assay_status status,
                                    const char *message)
{
    const char *const kind = assay_config_evidence_text(node->config->evidence.kind);
    if (status != ASSAY_OK && message[0] == '\0') return daemon_say(node, kind, status);
    if (status != ASSAY_OK) (void)snprintf(node->message, sizeof node->message, "%s", message);
    else if (message[0] != '\0') daemon_warn(message);
    return status;
}

static enum assay_status open_tpm(struct daemon_node *node)
{
    const struct assay_config_source *const evidence = &node->config->evidence;
    const struct assay_tpm_source_config settings = { .tcti = evidence->tcti,
                                                      .state_dir = evidence->credential };
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    const enum assay_status status = assay_tpm_source_open(&settings, &node->tpm, message);
    return say_source(node, status, message);
}

const char *daemon_said(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

const char *daemon_advertised(const struct assay_config *config)
{
    return config->advertise[0] != '\0' ? config->advertise : config->gossip;
}

static enum assay_status open_source(struct daemon_node *node)
{
    const struct assay_config_source *const evidence = &node->config->evidence;
    const struct assay_source_config settings = {
        .name = assay_config_evidence_text(evidence->kind),
        .path = daemon_said(evidence->path),
        .has_privilege_level = evidence->has_privlevel,
        .privilege_level = evidence->privlevel,
        .service_provider = daemon_said(evidence->service_provider),
        .service_guid = daemon_said(evidence->service_guid),
        .service_manifest_version = evidence->service_manifest_version,
    };
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    const enum assay_status status = assay_source_open(&settings, &node->source, message);
    return say_source(node, status, message);
}

/* A key file has more ways to be wrong than others, and rights are the most frequent one. */
static enum assay_status open_soft(struct daemon_node *node, const char *path)
{
    const enum assay_status status = assay_soft_node_load(path, node->credential);
    node->credential_loaded = status == ASSAY_OK;
    if (status == ASSAY_OK || assay_file_secret_fault(path, node->message)) return status;
    return daemon_say(node, path, status);
}

/* Without it there would be no evidence: better known now than in the first epoch. */
static enum assay_status check_devices(struct daemon_node *node)
{
    const char *const program = node->config->evidence.devices;
    if (program[0] == '\0' || access(program, X_OK) == 0) return ASSAY_OK;
    (void)snprintf(node->message, sizeof node->message,
                   "%.200s: %s; expected a program for the reports of devices", program,
                   strerror(errno));
    daemon_place(node, "evidence.devices");
    return ASSAY_E_NOT_FOUND;
}

static enum assay_status open_platform(struct daemon_node *node)
{
    const char *const credential = node->config->evidence.credential;
    ASSAY_TRY(check_devices(node));
    switch (node->config->evidence.kind) {
    case ASSAY_CONFIG_TPM: return open_tpm(node);
    case ASSAY_CONFIG_TSM:
    case ASSAY_CONFIG_GRAMINE:
    case ASSAY_CONFIG_NSM:
    case ASSAY_CONFIG_RECORDED: return open_source(node);
    case ASSAY_CONFIG_SOFT: return open_soft(node, credential);
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}

/* No hardware stands behind it. */
static bool is_software(enum assay_config_evidence kind)
{
    return kind == ASSAY_CONFIG_SOFT || kind == ASSAY_CONFIG_RECORDED;
}

static enum assay_status read_layers(struct daemon_node *node)
{
    ASSAY_TRY(assay_config_layers_open(&node->sources, &node->layers, node->message));
    ASSAY_TRY(
        assay_config_take_layers(&node->layers, node->sources.path, node->config, node->message));
    assay_bytes_copy_sparse(node->enforcement, sizeof *node->enforcement,
                            &node->config->enforcement, sizeof node->config->enforcement);
    return daemon_say(node, "start",
                      assay_config_rows_open(&node->layers, node->config, &node->rows));
}

/* What is insecure is taken by name, or not at all. */
enum assay_status daemon_check_insecure(struct daemon_node *node,
                                        const struct assay_policy *in_force)
{
    const bool is_production = node->founding_policy->profile == ASSAY_PROFILE_PRODUCTION ||
                               in_force->profile == ASSAY_PROFILE_PRODUCTION;
    const bool needed[ASSAY_CONFIG_INSECURE_COUNT] = {
        [ASSAY_INSECURE_HTTP] = node->config->http.is_open,
        [ASSAY_INSECURE_EVIDENCE] = is_software(node->config->evidence.kind) && is_production,
    };
    node->insecure_count = 0;
    for (int i = 0; i < ASSAY_CONFIG_INSECURE_COUNT; i++) {
        const enum assay_config_insecure which = (enum assay_config_insecure)i;
        if (!needed[i]) continue;
        node->insecure[node->insecure_count++] = assay_config_insecure_name(which);
        if (node->config->insecure[i]) continue;
        (void)snprintf(node->message, sizeof node->message,
                       "%.200s: %s. Refused, unless the list insecure names it: insecure: [%s]",
                       node->sources.path, assay_config_insecure_meaning(which),
                       assay_config_insecure_name(which));
        return ASSAY_E_INVALID;
    }
    return ASSAY_OK;
}

enum assay_status daemon_read_config(struct daemon_node *node)
{
    ASSAY_TRY(open_memory(node));
    ASSAY_TRY(read_layers(node));
    if (assay_config_rights_fault(node->sources.path, &node->layers, node->config, node->message))
        return ASSAY_E_INVALID;
    /* Keys of webhooks: a reload must find out before it closes the previous targets. */
    _Static_assert((int)ASSAY_RUNTIME_MESSAGE_LEN <= (int)ASSAY_CONFIG_MESSAGE_MAX, "fits");
    if (assay_targets_check(node->enforcement, node->message) != ASSAY_OK) return ASSAY_E_INVALID;
    ASSAY_TRY(open_genesis(node));
    ASSAY_TRY(daemon_check_insecure(node, node->founding_policy));
    ASSAY_TRY(open_checkpoint(node));
    ASSAY_TRY(open_recovers(node));
    open_peers(node);
    return open_keys(node);
}

enum assay_status daemon_open_config(struct daemon_node *node)
{
    ASSAY_TRY(daemon_read_config(node));
    return open_platform(node);
}
