/*
 * apps/config.h - configuration file of assayd (docs/configuration.md has every key).
 *
 * YAML checked against a schema: an unknown key, a wrong type, a missing or out-of-range value is
 * an error with file, line and column, never a warning. Relative paths are taken from the folder
 * of the configuration file. Secrets are named by path, never inline. apps/config/ reads it.
 */
#ifndef ASSAY_APPS_CONFIG_H
#define ASSAY_APPS_CONFIG_H

#include "enforce/container.h"
#include "enforce/hook.h"
#include "enforce/systemd.h"
#include "engine/ledger/state/genesis.h"
#include "net/fetch/round.h"
#include "net/http/roles.h"
#include "services/registry/plan.h"

#include <limits.h>

enum {
    ASSAY_CONFIG_VERSION = 1,
    ASSAY_CONFIG_LEN_MAX = 256 * 1024, /* 1024 peers take about 110 KiB */
    ASSAY_CONFIG_MESSAGE_MAX = 512,
    ASSAY_ADDRESS_MAX = 128,
    ASSAY_ADDRESSES_OF_ONE = 4,
    ASSAY_ADDRESSES_MAX = ASSAY_ADDRESSES_OF_ONE * ASSAY_ADDRESS_MAX, /* between commas */
    ASSAY_TCTI_MAX = 256,
    ASSAY_SERVICE_MAX = 64, /* names and GUIDs of services (configfs-tsm) */
};

struct assay_config_peer {
    uint8_t node_id[32];
    char address[ASSAY_ADDRESSES_MAX]; /* HOST:PORT[,HOST:PORT]... */
};

/* evidence.kind. Symbol, text. All but soft are drivers of quote/source/source.h. */
#define ASSAY_CONFIG_EVIDENCE_LIST(X)                                                              \
    X(ASSAY_CONFIG_SOFT, "soft")                                                                   \
    X(ASSAY_CONFIG_TPM, "tpm")                                                                     \
    X(ASSAY_CONFIG_TSM, "tsm")                                                                     \
    X(ASSAY_CONFIG_GRAMINE, "gramine")                                                             \
    X(ASSAY_CONFIG_NSM, "nsm")                                                                     \
    X(ASSAY_CONFIG_RECORDED, "recorded")

#define ASSAY_CONFIG_EVIDENCE_ENUM(symbol, text) symbol,
enum assay_config_evidence { ASSAY_CONFIG_EVIDENCE_LIST(ASSAY_CONFIG_EVIDENCE_ENUM) };
#undef ASSAY_CONFIG_EVIDENCE_ENUM

/* Section evidence. Text that was not said is empty: the driver's own value. */
struct assay_config_source {
    enum assay_config_evidence kind;
    char credential[PATH_MAX]; /* soft: the platform of this node; tpm: the folder with the
                                  certificate of the attestation key; empty for the others */
    char tcti[ASSAY_TCTI_MAX]; /* tpm; default device:/dev/tpmrm0 */
    char path[PATH_MAX];       /* tsm, gramine, nsm, recorded */
    char devices[PATH_MAX];    /* program for the reports of devices; "": none */
    bool has_privlevel;        /* tsm, like what follows */
    uint32_t privlevel;
    char service_provider[ASSAY_SERVICE_MAX];
    char service_guid[ASSAY_SERVICE_MAX];
    uint32_t service_manifest_version;
    uint32_t deadline_ms; /* from the enclave's request to the quote, 100..60000, default 2000 */
    uint32_t close_ms;    /* how long the end waits for a quote, 100..60000, default 3000 */
};

/* Section collateral: where newer collateral is looked for. */
struct assay_config_collateral {
    struct assay_round_source intel, amd; /* default off */
    bool early;
    size_t list_count;
    struct assay_round_list lists[ASSAY_ROUND_LISTS_MAX];
    char ca_file[PATH_MAX]; /* empty: the system's */
    uint32_t every_s;       /* 60..604800, default 21600 */
};

/* Where HTTP listens: one of both, or neither. The rest: mutual TLS, "" when not said. */
struct assay_config_http {
    char socket_path[PATH_MAX], address[ASSAY_ADDRESS_MAX];
    char certificate[PATH_MAX], key[PATH_MAX], clients[PATH_MAX];
    size_t role_count; /* of certificates that are no viewer's */
    struct assay_http_role_rule roles[ASSAY_HTTP_ROLES_MAX];
    enum assay_http_role local_role; /* of a loopback address without TLS, default viewer */
    bool is_open;                    /* beyond this machine, and without TLS: ASSAY_INSECURE_HTTP */
};

/* Section enforcement: what obeys orders beside the enclave, and where orders are written down. */
enum {
    ASSAY_CONFIG_TARGETS_MAX = 16,
    ASSAY_CONFIG_ARGUMENT_MAX = 255,
    ASSAY_CONFIG_URL_MAX = 1024,
};

enum assay_config_driver {
    ASSAY_CONFIG_HOOK,
    ASSAY_CONFIG_CGROUP,
    ASSAY_CONFIG_CONTAINER,
    ASSAY_CONFIG_SYSTEMD,
    ASSAY_CONFIG_WEBHOOK,
};

/* Numbers that were not said are 0, texts empty: the driver's own value. */
struct assay_config_target {
    char name[ASSAY_NAME_MAX + 1];
    enum assay_config_driver driver;
    enum assay_order_kind severity;
    bool restrict_suspends, suspend_stops, dry_run;
    uint32_t action_ms, poll_ms, restarts_max, restarts_window_s;
    char path[PATH_MAX];   /* hook, cgroup */
    size_t argument_count; /* hook */
    char arguments[ASSAY_HOOK_ARGUMENTS_MAX][ASSAY_CONFIG_ARGUMENT_MAX + 1];
    char socket[PATH_MAX], container[ASSAY_CONTAINER_NAME_MAX + 1];
    char unit[ASSAY_SYSTEMD_UNIT_MAX + 1], bus[ASSAY_SYSTEMD_ADDRESS_MAX + 1];
    char url[ASSAY_CONFIG_URL_MAX + 1], secret[PATH_MAX], spool[PATH_MAX], ca_file[PATH_MAX];
    uint32_t spool_max;
};

struct assay_config_enforcement {
    char journal[PATH_MAX];
    uint32_t restarts_max, restarts_window_s; /* of the enclave; 0: no limit, an hour */
    size_t target_count;
    struct assay_config_target targets[ASSAY_CONFIG_TARGETS_MAX];
};

enum assay_log_level { ASSAY_LOG_ERROR, ASSAY_LOG_WARNING, ASSAY_LOG_INFO, ASSAY_LOG_DEBUG };

/* log.format; as enum assay_log_format of net/system/log.h. AUTO: the journal's under systemd,
 * text on a terminal, else logfmt. */
enum assay_config_log_format {
    ASSAY_CONFIG_LOG_LOGFMT,
    ASSAY_CONFIG_LOG_JSON,
    ASSAY_CONFIG_LOG_JOURNAL,
    ASSAY_CONFIG_LOG_TEXT,
    ASSAY_CONFIG_LOG_AUTO,
};

/* What is refused unless the list `insecure` names it. Symbol, name, what it means. */
#define ASSAY_CONFIG_INSECURE_LIST(X)                                                              \
    X(ASSAY_INSECURE_HTTP, "http-without-tls",                                                     \
      "HTTP listens beyond this machine without TLS: anybody who reaches it may read")             \
    X(ASSAY_INSECURE_EVIDENCE, "software-evidence",                                                \
      "evidence that no hardware stands behind, in a network whose policy is for production")

#define ASSAY_CONFIG_INSECURE_ENUM(symbol, name, meaning) symbol,
enum assay_config_insecure {
    ASSAY_CONFIG_INSECURE_LIST(ASSAY_CONFIG_INSECURE_ENUM) ASSAY_CONFIG_INSECURE_COUNT
};
#undef ASSAY_CONFIG_INSECURE_ENUM

enum {
    ASSAY_CONFIG_RECOVERS_MAX = 8,   /* eras that a store which was moved away passes over */
    ASSAY_CONFIG_KEY_USERS_MAX = 16, /* names that one user registers with the enclave */
};

/* A line of enclave.key_users. */
struct assay_config_key_user {
    char text[76]; /* "NAME=UID" */
};

struct assay_config {
    char state_dir[PATH_MAX];    /* node.state_dir: store, last order */
    char keys_dir[PATH_MAX];     /* node.keys_dir: made by `assay keys generate` */
    char identity_dir[PATH_MAX]; /* node.identity_dir: keys for life, "": in keys_dir */
    char genesis[PATH_MAX];      /* node.genesis */
    char checkpoint[PATH_MAX];   /* node.checkpoint, "": none */
    char recovers[ASSAY_CONFIG_RECOVERS_MAX][PATH_MAX]; /* [recover_count] node.recovers */
    uint32_t recover_count;
    uint32_t history_epochs;          /* node.history_epochs, 0: the default */
    uint32_t history_events;          /* node.history_events, 0: the default */
    char gossip[ASSAY_ADDRESSES_MAX]; /* listen.gossip, HOST:PORT[,HOST:PORT]... */
    char admin[PATH_MAX];             /* listen.admin, a UNIX socket */
    struct assay_config_http http;
    uint32_t metrics_members; /* rows of the metrics by member, 0..128, default 0: none */
    char services[PATH_MAX];  /* listen.services, a folder of UNIX sockets; "": off */
    char advertise[ASSAY_ADDRESSES_MAX]; /* listen.advertise, the same; "": listen.gossip */
    bool transport_apart;                /* listen.transport, default process; false: thread */
    struct assay_config_source evidence;
    char enclave_path[PATH_MAX], enclave_restore_path[PATH_MAX], enclave_service[PATH_MAX];
    uint32_t key_user_count; /* enclave.key_users */
    struct assay_config_key_user key_users[ASSAY_CONFIG_KEY_USERS_MAX];
    struct assay_config_collateral collateral;
    struct assay_config_enforcement enforcement;
    uint32_t verify_threads; /* limits.verify_threads, 1..16, default 1 */
    uint32_t key_tables_mib; /* limits.key_tables_mib, 0..64, default 4; 0: none */
    uint32_t drain_ms;       /* limits.drain_ms, 0..60000, default 2000 */
    enum assay_log_level log_level;
    enum assay_config_log_format log_format;
    bool insecure[ASSAY_CONFIG_INSECURE_COUNT]; /* taken, by name */
    uint32_t peer_count;
    struct assay_config_peer peers[ASSAY_MEMBERS_MAX];
};

/* Returns: whether anybody is to be asked. */
bool assay_config_fetches(const struct assay_config_collateral *collateral);
/* Returns: "soft", "tsm", ... */
const char *assay_config_evidence_text(enum assay_config_evidence kind);

/* Returns: "http-without-tls", ... */
const char *assay_config_insecure_name(enum assay_config_insecure which);
/* Returns: its meaning, for operators. */
const char *assay_config_insecure_meaning(enum assay_config_insecure which);

/* Returns: "hook", "cgroup", ... */
const char *assay_config_driver_text(enum assay_config_driver driver);

/* Where a value comes from; later ones win (apps/config/layers.h). */
enum assay_config_layer {
    ASSAY_CONFIG_DEFAULT,
    ASSAY_CONFIG_FILE,
    ASSAY_CONFIG_FOLDER,
    ASSAY_CONFIG_ENVIRONMENT,
    ASSAY_CONFIG_FLAG,
};

struct assay_config_sources {
    const char *path;               /* relative paths are taken from its folder, in every layer */
    bool file_alone;                /* without the folder beside it */
    const char *const *environment; /* as environ; NULL: none */
    const char *const *sets;        /* [set_count] KEY=VALUE */
    size_t set_count;
};

/*
 * assay_config_load_layers - the same as assay_config_load, out of all that sources name.
 * Returns: as assay_config_load
 */
ASSAY_CHECKED enum assay_status assay_config_load_layers(
    const struct assay_config_sources *sources, struct assay_config *config,
    char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/* The same as a daemon that is started here: the file, its folder, this environment. Returns: as
 * assay_config_load */
ASSAY_CHECKED enum assay_status assay_config_load_here(
    const char *path, struct assay_config *config, char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/* Returns: this process' environment, as sources want it. */
const char *const *assay_config_environment(void);
/*
 * assay_config_load - read and check a configuration file, alone.
 * Out:     *config (large: keep it off the stack), written only on ASSAY_OK; message says what was
 *          expected, what was found, where, on any other status
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO | ASSAY_E_MEMORY | ASSAY_E_SYNTAX |
 *          ASSAY_E_RANGE | ASSAY_E_VERSION | ASSAY_E_DUPLICATE | ASSAY_E_UNSUPPORTED
 */
ASSAY_CHECKED enum assay_status assay_config_load(const char *path, struct assay_config *config,
                                                  char message[static ASSAY_CONFIG_MESSAGE_MAX]);

/* The rule for URLs of other machines, of files and of the command line alike: https:// and a host,
 * without a user name. Returns: whether */
bool assay_config_url_is_https(const char *url);

/* --- what `assay keys generate` prints for others and `assay genesis create` reads */

struct assay_node_card {
    char name[ASSAY_NAME_MAX + 1];
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN], node_id[32], bootstrap_public[32];
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN], transport_public[32];
};

/* Returns: as assay_config_load | ASSAY_E_KEY (node_id is not the digest of identity_public) */
ASSAY_CHECKED enum assay_status assay_node_card_load(const char *path, struct assay_node_card *card,
                                                     char message[static ASSAY_CONFIG_MESSAGE_MAX]);

/* --- the plan of a network: `assay genesis create PLAN` */

enum { ASSAY_PLAN_COLLATERAL_MAX = 32 };

struct assay_plan_operator {
    char name[ASSAY_NAME_MAX + 1];
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
};

struct assay_plan_member {
    char operator_name[ASSAY_NAME_MAX + 1];
    char card[PATH_MAX];   /* a node card */
    char sample[PATH_MAX]; /* any quote of its platform: names kind, platform id and vendor root */
};

struct assay_plan {
    struct assay_genesis_parameters parameters;
    uint32_t threshold;
    bool has_time;
    uint64_t time_ms;
    char policy[PATH_MAX];
    uint32_t collateral_count;
    char collateral[ASSAY_PLAN_COLLATERAL_MAX][PATH_MAX]; /* folders */
    uint32_t operator_count;
    struct assay_plan_operator operators[ASSAY_OPERATORS_MAX];
    uint32_t member_count;
    struct assay_plan_member members[ASSAY_MEMBERS_MAX];
    bool has_services;
    struct assay_registry_plan services;
};

/* Returns: as assay_config_load | ASSAY_E_NOT_FOUND (a member of an unknown operator) */
ASSAY_CHECKED enum assay_status assay_plan_load(const char *path, struct assay_plan *plan,
                                                char message[static ASSAY_CONFIG_MESSAGE_MAX]);
/* A file with the section services of a plan and nothing else (plan_version may stand before it).
 * In: epoch_ms: of the network. Returns: as assay_config_load */
ASSAY_CHECKED enum assay_status assay_config_services_load(
    const char *path, uint32_t epoch_ms, struct assay_registry_plan *plan,
    char message[static ASSAY_CONFIG_MESSAGE_MAX]);

#endif
