/*
 * apps/assayd.c - the daemon: configuration in, store, enclave and host joined, the loop run.
 *
 * Everything that can be wrong with configuration, keys, genesis, store and ports is found before
 * the first message is sent, and said in one line. Exit statuses: 0 asked to end, 1 the world did
 * not oblige (store, socket), 2 usage or configuration.
 */
#include "apps/assay/command.h"
#include "apps/config.h"
#include "apps/enclave/supervisor.h"
#include "base/assert.h"
#include "engine/store/store_sqlite.h"
#include "net/fetch/fetcher.h"
#include "net/keyring.h"
#include "quote/accept/policy.h"
#include "quote/collateral/endorsements.h"
#include "quote/source/soft.h"
#include "quote/source/source.h"
#include "quote/source/tpm.h"
#ifdef ASSAY_TEST_HOOKS
#include "tests/byzantine/byzantine.h"
#endif

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: assayd --config FILE [--check-config]\n"
    "\n"
    "Runs one peer of an Assay network beside its enclave: attests, verifies the others, votes on "
    "the\n"
    "scores, obeys the orders that follow. Ask it with `assay status --socket PATH`.\n"
    "\n"
    "  --config FILE     configuration in YAML (docs/operations.md has every key)\n"
    "  --check-config    read configuration, keys, genesis and credential, then exit: 0 fit, 2 "
    "not\n"
    "  --version         print the version\n"
    "SIGTERM and SIGINT end it cleanly; what it promised is in the store.\n";

/* What a ballot names: who judges with another verifier belongs to another electorate. */
static const char verifier_name[] = "assay/verifier/" ASSAY_VERSION;

/* Everything the daemon holds; freed in reverse order by close_node. */
struct node {
    struct assay_config *config;
    struct assay_genesis *genesis;
    uint8_t *genesis_bytes;
    struct assay_policy *policy;
    struct assay_collateral *collateral;
    struct assay_endorsements endorsements;
    struct assay_soft_node *credential;
    bool credential_loaded;
    struct assay_tpm_source *tpm; /* evidence.kind tpm: instead of the credential */
    struct assay_source *source;  /* every kind but soft and tpm */
    bool lent;                    /* a quote is still being made: its maker must not be freed */
    struct assay_host_peer *peers;
    char (*endpoints)[ASSAY_ADDRESS_MAX + 8];
    struct assay_store *store;
    struct assay_supervisor *supervisor;
    struct assay_fetcher *fetcher; /* NULL: nobody is asked for collateral */
    struct assay_host *host;
    char message[ASSAY_CONFIG_MESSAGE_MAX];
};

static enum assay_status say(struct node *node, const char *what, enum assay_status status)
{
    const char *text =
        status == ASSAY_E_NOT_FOUND ? "there is no such file" : assay_status_text(status);
    if (status != ASSAY_OK)
        (void)snprintf(node->message, sizeof node->message, "%.300s: %s (%s)", what, text,
                       assay_status_symbol(status));
    return status;
}

/* Files of secrets have one more way to be wrong, the most frequent one. */
static enum assay_status say_secret(struct node *node, const char *what, enum assay_status status)
{
    if (status != ASSAY_E_IO && status != ASSAY_E_INVALID) return say(node, what, status);
    (void)snprintf(node->message, sizeof node->message,
                   "%.300s: a key must be a readable regular file of mode 0600 (%s)", what,
                   assay_status_symbol(status));
    return status;
}

static void close_node(struct node *node)
{
    assay_host_close(&node->host);
    assay_fetcher_destroy(&node->fetcher);
    node->lent = !assay_supervisor_close(&node->supervisor);
    if (node->store != NULL) node->store->ops->close(&node->store);
    if (node->lent) return; /* the process ends: everything else goes with it */
    if (node->credential_loaded) assay_soft_node_deinit(node->credential);
    assay_tpm_source_close(&node->tpm);
    assay_source_close(&node->source);
    free(node->endpoints);
    free(node->peers);
    free(node->credential);
    free(node->collateral);
    free(node->policy);
    free(node->genesis_bytes);
    free(node->genesis);
    free(node->config);
}

static enum assay_status open_memory(struct node *node)
{
    node->config = calloc(1, sizeof *node->config);
    node->genesis = calloc(1, sizeof *node->genesis);
    node->policy = calloc(1, sizeof *node->policy);
    node->credential = calloc(1, sizeof *node->credential);
    node->peers = calloc(ASSAY_MEMBERS_MAX, sizeof *node->peers);
    node->endpoints = calloc(ASSAY_MEMBERS_MAX, sizeof *node->endpoints);
    const bool all = node->config != NULL && node->genesis != NULL && node->policy != NULL &&
                     node->credential != NULL && node->peers != NULL && node->endpoints != NULL;
    return say(node, "start", all ? ASSAY_OK : ASSAY_E_MEMORY);
}

/* ------------------------------------------------------------ genesis and what it carries */

static enum assay_status open_genesis(struct node *node)
{
    size_t len = 0;
    struct assay_where where = { 0 };
    const char *path = node->config->genesis;
    ASSAY_TRY(
        say(node, path, assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &node->genesis_bytes, &len)));
    const enum assay_status status =
        assay_genesis_decode(node->genesis_bytes, len, false, node->genesis, &where);
    if (status == ASSAY_OK) return ASSAY_OK;
    (void)snprintf(node->message, sizeof node->message, "%.300s: %s%s%s", path,
                   assay_status_text(status), where.field != NULL ? " in " : "",
                   where.field != NULL ? where.field : "");
    return status;
}

static enum assay_status open_appraisal(struct node *node)
{
    const struct assay_genesis *g = node->genesis;
    size_t count = 0;
    ASSAY_TRY(say(node, "genesis: policy",
                  assay_policy_decode(g->policy.bytes, g->policy.len, node->policy)));
    ASSAY_TRY(say(node, "genesis: endorsements",
                  assay_endorsements_count(g->endorsements.bytes, g->endorsements.len, &count)));
    node->collateral = calloc(count, sizeof *node->collateral);
    if (node->collateral == NULL) return say(node, "endorsements", ASSAY_E_MEMORY);
    return say(node, "genesis: endorsements",
               assay_endorsements_decode(g->endorsements.bytes, g->endorsements.len,
                                         node->collateral, count, &node->endorsements));
}

/* Every address must belong to a member, and no member may have its own. */
static enum assay_status open_peers(struct node *node)
{
    const struct assay_config *config = node->config;
    for (uint32_t i = 0; i < config->peer_count; i++) {
        const struct assay_config_peer *peer = &config->peers[i];
        bool member = false;
        for (uint32_t k = 0; k < node->genesis->member_count; k++)
            member =
                member || assay_bytes_equal(node->genesis->members[k].node_id, peer->node_id, 32);
        if (!member) {
            (void)snprintf(node->message, sizeof node->message,
                           "peers[%u].node is no member of this genesis", (unsigned)i);
            return ASSAY_E_STRANGER;
        }
        (void)snprintf(node->endpoints[i], sizeof node->endpoints[i], "tcp://%s", peer->address);
        assay_bytes_copy(node->peers[i].node_id, 32, peer->node_id, 32);
        node->peers[i].endpoint = node->endpoints[i];
    }
    return ASSAY_OK;
}

/* Only checked here: the host loads them itself. */
static enum assay_status open_keys(struct node *node)
{
    const char *dir = node->config->keys_dir;
    uint8_t node_id[32];
    struct assay_keyring ring;
    ASSAY_TRY(say_secret(node, dir, assay_keyring_load(dir, &ring)));
    assay_bytes_copy(node_id, sizeof node_id, ring.node_id, sizeof ring.node_id);
    assay_keyring_wipe(&ring);
    for (uint32_t i = 0; i < node->genesis->member_count; i++)
        if (assay_bytes_equal(node->genesis->members[i].node_id, node_id, sizeof node_id))
            return ASSAY_OK;
    (void)snprintf(node->message, sizeof node->message, "%.300s: this node is no member of %.150s",
                   dir, node->config->genesis);
    return ASSAY_E_STRANGER;
}

/* ------------------------------------------------------------ who quotes for this node */

/* What a source says about itself, which may be nothing. */
static enum assay_status say_source(struct node *node, enum assay_status status,
                                    const char *message)
{
    const char *const kind = assay_config_evidence_text(node->config->evidence.kind);
    if (status != ASSAY_OK && message[0] == '\0') return say(node, kind, status);
    if (status != ASSAY_OK) (void)snprintf(node->message, sizeof node->message, "%s", message);
    else if (message[0] != '\0') (void)fprintf(stderr, "assayd: warning: %s\n", message);
    return status;
}

static enum assay_status open_tpm(struct node *node)
{
    const struct assay_config_source *const evidence = &node->config->evidence;
    const struct assay_tpm_source_config settings = { .tcti = evidence->tcti,
                                                      .state_dir = evidence->credential };
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    const enum assay_status status = assay_tpm_source_open(&settings, &node->tpm, message);
    return say_source(node, status, message);
}

static const char *said(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static enum assay_status open_source(struct node *node)
{
    const struct assay_config_source *const evidence = &node->config->evidence;
    const struct assay_source_config settings = {
        .name = assay_config_evidence_text(evidence->kind),
        .path = said(evidence->path),
        .has_privilege_level = evidence->has_privlevel,
        .privilege_level = evidence->privlevel,
        .service_provider = said(evidence->service_provider),
        .service_guid = said(evidence->service_guid),
        .service_manifest_version = evidence->service_manifest_version,
    };
    char message[ASSAY_SOURCE_MESSAGE_LEN] = "";
    const enum assay_status status = assay_source_open(&settings, &node->source, message);
    return say_source(node, status, message);
}

static enum assay_status open_platform(struct node *node)
{
    const char *const credential = node->config->evidence.credential;
    switch (node->config->evidence.kind) {
    case ASSAY_CONFIG_TPM: return open_tpm(node);
    case ASSAY_CONFIG_TSM:
    case ASSAY_CONFIG_GRAMINE:
    case ASSAY_CONFIG_NSM:
    case ASSAY_CONFIG_RECORDED: return open_source(node);
    case ASSAY_CONFIG_SOFT:
        ASSAY_TRY(say_secret(node, credential, assay_soft_node_load(credential, node->credential)));
        node->credential_loaded = true;
        return ASSAY_OK;
    }
    ASSAY_UNREACHABLE("a kind outside the list");
}

static enum assay_status open_config(struct node *node, const char *path)
{
    ASSAY_TRY(open_memory(node));
    ASSAY_TRY(assay_config_load(path, node->config, node->message));
    ASSAY_TRY(open_genesis(node));
    ASSAY_TRY(open_appraisal(node));
    ASSAY_TRY(open_peers(node));
    ASSAY_TRY(open_platform(node));
    return open_keys(node);
}

/* ------------------------------------------------------------ store, enclave, host */

static enum assay_status open_store(struct node *node)
{
    char path[PATH_MAX + 16], message[ASSAY_STORE_MESSAGE_LEN] = "";
    if (mkdir(node->config->state_dir, 0700) != 0 && errno != EEXIST)
        return say(node, node->config->state_dir, ASSAY_E_IO);
    (void)snprintf(path, sizeof path, "%s/store.sqlite", node->config->state_dir);
    const enum assay_status status =
        assay_store_sqlite_open(path, &node->store, message, sizeof message);
    if (status != ASSAY_OK) (void)snprintf(node->message, sizeof node->message, "%s", message);
    return status;
}

static enum assay_status open_enclave(struct node *node)
{
    const struct assay_supervisor_config settings = {
        .path = node->config->enclave_path,
        .restore_path = node->config->enclave_restore_path,
        .service_path = node->config->enclave_service,
        .credential = node->credential_loaded ? node->credential : NULL,
        .tpm = node->tpm,
        .source = node->source,
        .quote_ms = node->config->evidence.deadline_ms,
        .close_ms = node->config->evidence.close_ms,
        .store = node->store,
    };
    return assay_supervisor_open(&settings, &node->supervisor, node->message);
}

/* Newer collateral, where the configuration says whom to ask. */
static enum assay_status open_fetcher(struct node *node)
{
    const struct assay_config_collateral *const c = &node->config->collateral;
    char dir[PATH_MAX + 16];
    struct timespec now = { 0 };
    if (!assay_config_fetches(c)) return ASSAY_OK;
    (void)snprintf(dir, sizeof dir, "%s/collateral", node->config->state_dir);
    (void)clock_gettime(CLOCK_MONOTONIC, &now); /* drawn from: members must not ask in step */
    struct assay_fetcher_config settings = {
        .round = { .intel = c->intel,
                   .amd = c->amd,
                   .early = c->early,
                   .list_count = c->list_count,
                   .fetch = { .ca_file = c->ca_file[0] != '\0' ? c->ca_file : NULL,
                              /* A network of this profile is somebody's test. */
                              .insecure_for_tests =
                                  node->policy->profile == ASSAY_PROFILE_DEVELOPMENT,
                              .seed = (uint64_t)now.tv_nsec } },
        .dir = dir,
        .every_s = c->every_s,
        .seed = (uint64_t)now.tv_nsec ^ (uint64_t)getpid(),
    };
    for (size_t i = 0; i < c->list_count; i++)
        settings.round.lists[i] = c->lists[i];
    return say(node, dir,
               assay_fetcher_create(&settings, node->genesis->endorsements.bytes,
                                    node->genesis->endorsements.len, &node->fetcher));
}

static enum assay_status open_host(struct node *node)
{
    char listen[ASSAY_ADDRESS_MAX + 8];
    (void)snprintf(listen, sizeof listen, "tcp://%s", node->config->gossip);
    struct assay_host_config settings = {
        .genesis = node->genesis,
        .store = node->store,
        .keys_dir = node->config->keys_dir,
        .listen = listen,
        .peers = node->peers,
        .peer_count = node->config->peer_count,
        .admin_path = node->config->admin,
        .workload_path = node->config->enclave_service,
        .endorsements = &node->endorsements,
        .policy = node->policy,
        .fetcher = node->fetcher,
        .verify_threads = node->config->verify_threads,
        .log_level = (unsigned)node->config->log_level,
        .take_signals = true,
    };
    assay_sha256(verifier_name, sizeof verifier_name - 1, settings.verifier_digest);
    assay_supervisor_callbacks(node->supervisor, &settings.enclave);
#ifdef ASSAY_TEST_HOOKS
    assay_byzantine_hooks(&settings.hooks);
#endif
    return assay_host_open(&settings, &node->host, node->message);
}

/* Keys must not reach a core file, nor a debugger of another process of the same user. */
static void forbid_dumps(void)
{
    const struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A connection costs a descriptor, and strangers may open many: no more than half of these are left
 * to those that say nothing (net/zmq/census.c). */
static void allow_descriptors(void)
{
    enum { DESCRIPTORS_MAX = 65536 };
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur >= DESCRIPTORS_MAX) return;
    files.rlim_cur = files.rlim_max < DESCRIPTORS_MAX ? files.rlim_max : DESCRIPTORS_MAX;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static int run(const char *path, bool check_only)
{
    struct node node = { .message = "" };
    enum assay_status status = open_config(&node, path);
    const bool fit = status == ASSAY_OK;
    if (fit && check_only) {
        (void)printf("%s: fit to run\n", path);
        close_node(&node);
        return ASSAY_EXIT_OK;
    }
    if (status == ASSAY_OK) status = open_store(&node);
    if (status == ASSAY_OK) status = open_enclave(&node);
    if (status == ASSAY_OK) status = open_fetcher(&node);
    if (status == ASSAY_OK) status = open_host(&node);
    if (status != ASSAY_OK) {
        (void)fprintf(stderr, "assayd: %s\n", node.message);
        close_node(&node);
        return fit ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE;
    }
    status = assay_host_run(node.host);
    if (status != ASSAY_OK)
        (void)fprintf(stderr, "assayd: stopped: %s (%s)%s%s\n", assay_status_text(status),
                      assay_status_symbol(status), status == ASSAY_E_STORE ? ": " : "",
                      status == ASSAY_E_STORE ? node.store->ops->error(node.store) : "");
    close_node(&node);
    const int result = status == ASSAY_OK ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    if (!node.lent) return result;
    (void)fputs("assayd: a quote did not come back: the process ends without it\n", stderr);
    (void)fflush(NULL);
    _exit(result); /* no destructors: a thread may still wake up inside a library */
}

int main(int argc, char **argv)
{
    static const struct option options[] = { { "config", required_argument, NULL, 'c' },
                                             { "check-config", no_argument, NULL, 'k' },
                                             { "version", no_argument, NULL, 'v' },
                                             { "help", no_argument, NULL, 'h' },
                                             { NULL, 0, NULL, 0 } };
    const char *config = NULL;
    bool check_only = false;
    for (int o; (o = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
        if (o == 'c') config = optarg;
        else if (o == 'k') check_only = true;
        else if (o == 'v') {
            (void)printf("assayd %s\n", ASSAY_VERSION);
            return ASSAY_EXIT_OK;
        } else {
            (void)fputs(usage, o == 'h' ? stdout : stderr);
            return o == 'h' ? ASSAY_EXIT_OK : ASSAY_EXIT_USAGE;
        }
    }
    if (config == NULL || optind != argc) {
        (void)fputs(usage, stderr);
        return ASSAY_EXIT_USAGE;
    }
    forbid_dumps();
    allow_descriptors();
    return run(config, check_only);
}
