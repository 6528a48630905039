/*
 * apps/assayd.c - the daemon: configuration in, store, enclave and host joined, the loop run.
 *
 * Everything that can be wrong with configuration, keys, genesis, store and ports is found before
 * the first message is sent, and said in one line. Exit statuses: 0 asked to end, 1 the world did
 * not oblige (store, socket), 2 usage or configuration, 4 this node is no member (any more).
 *
 * At a boundary that leaves another roster or other rules the host is made anew from the store
 * (docs/protocol.md 9.6); store, enclave and signals stay.
 */
#include "apps/assay/command.h"
#include "apps/config.h"
#include "apps/enclave/supervisor.h"
#include "base/assert.h"
#include "engine/store/store_sqlite.h"
#include "net/fetch/fetcher.h"
#include "net/keyring.h"
#include "net/rules.h"
#include "net/updates.h"
#include "quote/source/soft.h"
#include "quote/source/source.h"
#include "quote/source/tpm.h"
#ifdef ASSAY_TEST_HOOKS
#include "tests/byzantine/byzantine.h"
#endif

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
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
    "SIGTERM and SIGINT end it cleanly; what it promised is in the store. Status 4: this node\n"
    "is no member of the network any more.\n";

/* docs/protocol.md 9.10: what its ballots announce. A build that adds a level still speaks the one
 * before. */
enum { FEATURE_LEVEL = 0 };

/* What a ballot names: who judges with another verifier belongs to another electorate. */
static const char verifier_name[] = "assay/verifier/" ASSAY_VERSION;

/* What holds until the next boundary that changes it. */
struct charter {
    void *memory; /* that charter points into */
    struct assay_charter charter;
    struct assay_rules *rules;
    struct assay_genesis *joining; /* the genesis and this node, which it does not know: newcomer */
};

/* Everything the daemon holds; freed in reverse order by close_node. */
struct node {
    struct assay_config *config;
    struct assay_genesis *genesis;
    uint8_t *genesis_bytes;
    size_t genesis_len;
    struct assay_checkpoint checkpoint;
    uint8_t node_id[32];
    struct charter in_force;
    struct assay_soft_node *credential;
    bool credential_loaded;
    struct assay_tpm_source *tpm; /* evidence.kind tpm: instead of the credential */
    struct assay_source *source;  /* every kind but soft and tpm */
    bool lent;                    /* a quote is still being made: its maker must not be freed */
    struct assay_host_peer *peers;
    char (*endpoints)[ASSAY_ADDRESS_MAX + 8];
    struct assay_store *store;
    struct assay_supervisor *supervisor;
    struct assay_update_judge *updates;
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

static void close_charter(struct charter *charter)
{
    assay_rules_close(&charter->rules);
    free(charter->memory);
    free(charter->joining);
    *charter = (struct charter){ 0 };
}

static void close_node(struct node *node)
{
    assay_host_close(&node->host);
    close_charter(&node->in_force);
    assay_fetcher_destroy(&node->fetcher);
    assay_update_judge_destroy(&node->updates);
    node->lent = !assay_supervisor_close(&node->supervisor);
    if (node->store != NULL) node->store->ops->close(&node->store);
    if (node->lent) return; /* the process ends: everything else goes with it */
    if (node->credential_loaded) assay_soft_node_deinit(node->credential);
    assay_tpm_source_close(&node->tpm);
    assay_source_close(&node->source);
    free(node->endpoints);
    free(node->peers);
    free(node->credential);
    free(node->genesis_bytes);
    free(node->genesis);
    free(node->config);
}

static enum assay_status open_memory(struct node *node)
{
    node->config = calloc(1, sizeof *node->config);
    node->genesis = calloc(1, sizeof *node->genesis);
    node->credential = calloc(1, sizeof *node->credential);
    node->peers = calloc(ASSAY_MEMBERS_MAX, sizeof *node->peers);
    node->endpoints = calloc(ASSAY_MEMBERS_MAX, sizeof *node->endpoints);
    const bool all = node->config != NULL && node->genesis != NULL &&
                     node->credential != NULL && node->peers != NULL && node->endpoints != NULL;
    return say(node, "start", all ? ASSAY_OK : ASSAY_E_MEMORY);
}

/* ------------------------------------------------------------ configuration */

/* Those in force may be others: open_charter. */
static enum assay_status check_documents(struct node *node)
{
    struct assay_ruleset set;
    const enum assay_status status =
        assay_ruleset_open(node->genesis->policy, node->genesis->endorsements, &set);
    assay_ruleset_close(&set);
    return say(node, "genesis: policy and endorsements", status);
}

static enum assay_status open_genesis(struct node *node)
{
    struct assay_where where = { 0 };
    const char *path = node->config->genesis;
    ASSAY_TRY(say(node, path,
                  assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &node->genesis_bytes,
                                  &node->genesis_len)));
    const enum assay_status status = assay_genesis_decode(node->genesis_bytes, node->genesis_len,
                                                          false, node->genesis, &where);
    if (status == ASSAY_OK) return check_documents(node);
    (void)snprintf(node->message, sizeof node->message, "%.300s: %s%s%s", path,
                   assay_status_text(status), where.field != NULL ? " in " : "",
                   where.field != NULL ? where.field : "");
    return status;
}

/* What the operator says is true, of this very chain. */
static enum assay_status open_checkpoint(struct node *node)
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
    return say(node, path, status);
}

static void open_peers(struct node *node)
{
    const struct assay_config *config = node->config;
    for (uint32_t i = 0; i < config->peer_count; i++) {
        const struct assay_config_peer *peer = &config->peers[i];
        (void)snprintf(node->endpoints[i], sizeof node->endpoints[i], "tcp://%s", peer->address);
        assay_bytes_copy(node->peers[i].node_id, 32, peer->node_id, 32);
        node->peers[i].endpoint = node->endpoints[i];
    }
}

/* Only checked here: the host loads them itself. */
static enum assay_status open_keys(struct node *node)
{
    const char *dir = node->config->keys_dir;
    struct assay_keyring ring;
    ASSAY_TRY(say_secret(node, dir, assay_keyring_load(dir, &ring)));
    assay_bytes_copy(node->node_id, sizeof node->node_id, ring.node_id, sizeof ring.node_id);
    assay_keyring_wipe(&ring);
    return ASSAY_OK;
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
    ASSAY_TRY(open_checkpoint(node));
    open_peers(node);
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
        .enforcement = &node->config->enforcement,
        .node_id = node->node_id,
        .store = node->store,
    };
    return assay_supervisor_open(&settings, &node->supervisor, node->message);
}

/* ------------------------------------------------------------ what holds, and who belongs to it */

static bool is_in(const struct assay_genesis *genesis, const uint8_t node_id[static 32])
{
    for (uint32_t i = 0; i < genesis->member_count; i++)
        if (assay_bytes_equal(genesis->members[i].node_id, node_id, 32)) return true;
    return false;
}

static enum assay_status say_stranger(struct node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum assay_status say_stranger(struct node *node, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(node->message, sizeof node->message, format, args);
    va_end(args);
    return ASSAY_E_STRANGER;
}

/* Is this node's identity on the roster? What to do is said when it is not. */
static enum assay_status find_membership(struct node *node, const struct assay_state *state)
{
    const char *dir = node->config->keys_dir;
    if (state == NULL) return ASSAY_OK; /* or a newcomer: become_newcomer */
    const unsigned long long epoch = state->epoch + 1;
    if (assay_state_slot_of(state, node->node_id) < state->member_count) return ASSAY_OK;
    for (uint32_t i = 0; i < state->member_count; i++)
        if (assay_bytes_equal(state->members[i].node_id, node->node_id, 32))
            return say_stranger(node,
                                "%.200s: this node left the network: it is no member since epoch "
                                "%llu. To come back it is joined by a change with keys of its own "
                                "making (assay keys generate), like a new one",
                                dir, (unsigned long long)state->members[i].stage_epoch);
    return say_stranger(node,
                        "%.200s: this node is no member in epoch %llu: a change that joins it must "
                        "be in force first (assay change list on a member's socket); with a newer "
                        "store, or after that epoch, start it again",
                        dir, epoch);
}

/* A place for it behind the members of the genesis, with its own keys, until it finds itself in a
 * roster (docs/protocol.md 9.6.3). Of operator, vendor and platform nothing is asked before that.
 */
static enum assay_status become_newcomer(struct node *node, struct charter *charter)
{
    struct assay_keyring ring;
    const struct assay_genesis *g = node->genesis;
    if (g->member_count >= ASSAY_VOTERS_MAX)
        return say_stranger(node,
                            "%.200s: this node is no member of %.120s, and there is no seat to "
                            "watch from: begin with an archive (assay store restore)",
                            node->config->keys_dir, node->config->genesis);
    charter->joining = malloc(sizeof *charter->joining);
    if (charter->joining == NULL) return say(node, "start", ASSAY_E_MEMORY);
    ASSAY_TRY(say_secret(node, node->config->keys_dir,
                         assay_keyring_load(node->config->keys_dir, &ring)));
    *charter->joining = *g;
    struct assay_genesis_member *own = &charter->joining->members[g->member_count];
    *own = g->members[0];
    own->name = assay_slice_over("newcomer", sizeof "newcomer" - 1);
    assay_bytes_copy(own->node_id, 32, ring.node_id, 32);
    assay_bytes_copy(own->platform_id, 32, ring.node_id, 32);
    assay_bytes_copy(own->identity_public, 64, ring.identity_public, 64);
    assay_bytes_copy(own->door_public, 32, ring.door_public, 32);
    assay_bytes_copy(own->voting_public, 64, ring.current.voting_public, 64);
    assay_bytes_copy(own->transport_public, 32, ring.current.transport_public, 32);
    assay_keyring_wipe(&ring);
    charter->joining->member_count++;
    charter->charter.genesis = charter->joining;
    return ASSAY_OK;
}

/* An address of somebody who is no member is used once it is one. */
static void warn_of_peers(const struct node *node, const struct assay_charter *charter)
{
    for (uint32_t i = 0; i < node->config->peer_count; i++) {
        const uint8_t *id = node->config->peers[i].node_id;
        char hex[65];
        if (charter->state != NULL
                ? assay_state_slot_of(charter->state, id) < charter->state->member_count
                : is_in(charter->genesis, id))
            continue;
        assay_hex_encode(id, 32, hex, sizeof hex);
        (void)fprintf(stderr,
                      "assayd: warning: peers[%u].node %.16s is no member of this network (yet): "
                      "its address waits until it is one\n",
                      (unsigned)i, hex);
    }
}

/* Ballots of another verifier than the one that operators pinned count for nothing. */
static void warn_of_verifier(const struct assay_genesis *charter)
{
    const uint8_t *pinned = charter->parameters.verifier_digest;
    uint8_t own[32];
    char hex[65];
    assay_sha256(verifier_name, sizeof verifier_name - 1, own);
    if (assay_bytes_all_zero(pinned, 32) || assay_bytes_equal(pinned, own, sizeof own)) return;
    assay_hex_encode(pinned, 32, hex, sizeof hex);
    (void)fprintf(
        stderr,
        "assayd: warning: the operators pinned verifier %.16s, and this build is another: "
        "its ballots do not count\n",
        hex);
}

/* Before anything is signed by rules that this build does not know. */
static enum assay_status check_level(struct node *node, const struct assay_genesis *charter)
{
    const uint32_t level = charter->parameters.level;
    if (level <= FEATURE_LEVEL) return ASSAY_OK;
    return say_stranger(node,
                        "feature level %u is in force, and this build speaks %u at most: install a "
                        "newer one, then start it again",
                        (unsigned)level, (unsigned)FEATURE_LEVEL);
}

static enum assay_status open_charter(struct node *node, struct charter *out)
{
    char message[ASSAY_RULES_MESSAGE];
    const size_t len = assay_charter_size();
    *out = (struct charter){ .memory = aligned_alloc(64, len) };
    if (out->memory == NULL) return say(node, "start", ASSAY_E_MEMORY);
    enum assay_status status =
        assay_charter_load(out->memory, len, node->genesis, node->store, &out->charter);
    ASSAY_TRY(say(node, "the newest state in the store", status));
    ASSAY_TRY(find_membership(node, out->charter.state));
    ASSAY_TRY(check_level(node, out->charter.genesis));
    status = assay_rules_open(node->genesis, &out->charter, node->store, &out->rules, message);
    if (status != ASSAY_OK) (void)snprintf(node->message, sizeof node->message, "%s", message);
    if (status != ASSAY_OK) return status;
    if (out->charter.state == NULL && !is_in(node->genesis, node->node_id))
        ASSAY_TRY(become_newcomer(node, out));
    warn_of_peers(node, &out->charter);
    warn_of_verifier(out->charter.genesis);
    return ASSAY_OK;
}

/* Newer collateral, where the configuration says whom to ask. */
static enum assay_status open_fetcher(struct node *node)
{
    const struct assay_config_collateral *const c = &node->config->collateral;
    const struct charter *const now_in_force = &node->in_force;
    const struct assay_slice set = now_in_force->charter.genesis->endorsements;
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
                                  now_in_force->rules->sets[0].policy->profile ==
                                  ASSAY_PROFILE_DEVELOPMENT,
                              .seed = (uint64_t)now.tv_nsec } },
        .dir = dir,
        .every_s = c->every_s,
        .seed = (uint64_t)now.tv_nsec ^ (uint64_t)getpid(),
    };
    for (size_t i = 0; i < c->list_count; i++)
        settings.round.lists[i] = c->lists[i];
    return say(node, dir,
               assay_fetcher_create(&settings, set.bytes, set.len, &node->fetcher));
}

/* The host of a charter: the first one, or in the place of the one before. */
static enum assay_status open_host(struct node *node, const struct charter *now)
{
    char listen[ASSAY_ADDRESS_MAX + 8];
    (void)snprintf(listen, sizeof listen, "tcp://%s", node->config->gossip);
    const struct assay_rules *rules = now->rules;
    ASSAY_ASSERT(rules != NULL); /* open_charter */
    struct assay_host_config settings = {
        .genesis = now->charter.genesis,
        .state = now->charter.state,
        .founding = node->genesis,
        .genesis_file = assay_slice_over(node->genesis_bytes, node->genesis_len),
        .store = node->store,
        .keys_dir = node->config->keys_dir,
        .listen = listen,
        .advertise = node->config->advertise[0] != '\0' ? node->config->advertise
                                                        : node->config->gossip,
        .peers = node->peers,
        .peer_count = node->config->peer_count,
        .admin_path = node->config->admin,
        .http = { .socket_path = said(node->config->http.socket_path),
                  .address = said(node->config->http.address),
                  .certificate = said(node->config->http.certificate),
                  .key = said(node->config->http.key),
                  .clients = said(node->config->http.clients) },
        .workload_path = node->config->enclave_service,
        .endorsements = &rules->sets[0].endorsements,
        .policy = rules->sets[0].policy,
        .past = rules->past,
        .past_count = rules->past_count,
        .document_check = assay_rules_check,
        .updates = assay_update_judge_functions(node->updates),
        .fetcher = node->fetcher,
        .verify_threads = node->config->verify_threads,
        .log_level = (unsigned)node->config->log_level,
        .history_epochs = node->config->history_epochs,
        .checkpoint = node->config->checkpoint[0] != '\0' ? &node->checkpoint : NULL,
        .newcomer = now->joining != NULL,
        .level = FEATURE_LEVEL,
        .take_signals = true,
    };
    assay_sha256(verifier_name, sizeof verifier_name - 1, settings.verifier_digest);
    assay_supervisor_callbacks(node->supervisor, &settings.enclave);
#ifdef ASSAY_TEST_HOOKS
    assay_byzantine_hooks(&settings.hooks);
#endif
    if (node->host == NULL) return assay_host_open(&settings, &node->host, node->message);
    return assay_host_renew(&node->host, &settings, node->message);
}

/* What is newer is newer than the set in force. */
static enum assay_status follow_collateral(struct node *node, const struct charter *next)
{
    const struct assay_genesis *now = node->in_force.charter.genesis;
    const struct assay_genesis *then = next->charter.genesis;
    ASSAY_ASSERT(now != NULL && then != NULL); /* open_charter */
    if (node->fetcher == NULL ||
        assay_bytes_equal(now->endorsements_digest, then->endorsements_digest, 32))
        return ASSAY_OK;
    return say(node, "collateral in force",
               assay_fetcher_in_force(node->fetcher, then->endorsements.bytes,
                                      then->endorsements.len));
}

/* A boundary changed roster, rules or operators: on with what it left. */
static enum assay_status renew(struct node *node)
{
    struct charter next;
    enum assay_status status = open_charter(node, &next);
    if (status == ASSAY_OK) status = follow_collateral(node, &next);
    if (status == ASSAY_OK) status = open_host(node, &next);
    else assay_host_close(&node->host); /* before what it borrows */
    close_charter(&node->in_force);
    node->in_force = next;
    return status;
}

static enum assay_status open_all(struct node *node)
{
    ASSAY_TRY(open_store(node));
    ASSAY_TRY(open_charter(node, &node->in_force));
    ASSAY_TRY(open_enclave(node));
    ASSAY_TRY(say(node, "start", assay_update_judge_create(&node->updates)));
    ASSAY_TRY(open_fetcher(node));
    return open_host(node, &node->in_force);
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

static int not_opened(struct node *node, enum assay_status status, bool fit)
{
    (void)fprintf(stderr, "assayd: %s\n", node->message);
    close_node(node);
    if (status == ASSAY_E_STRANGER) return ASSAY_EXIT_DENIED;
    return fit ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE;
}

/* One epoch after the other, whatever operators decide. Returns: as assay_host_run; with
 * ASSAY_E_STRANGER and others of renew there is no host any more, and node->message. */
static enum assay_status serve(struct node *node)
{
    for (;;) {
        ASSAY_TRY(assay_host_run(node->host));
        if (!assay_host_renews(node->host)) return ASSAY_OK;
        ASSAY_TRY(renew(node));
    }
}

static int run(const char *path, bool check_only)
{
    struct node node = { .message = "" };
    enum assay_status status = open_config(&node, path);
    if (status != ASSAY_OK) return not_opened(&node, status, false);
    if (check_only) {
        (void)printf("%s: fit to run%s\n", path,
                     is_in(node.genesis, node.node_id)
                         ? ""
                         : "; this node is no member of the genesis: it begins where one joins it");
        close_node(&node);
        return ASSAY_EXIT_OK;
    }
    status = open_all(&node);
    if (status != ASSAY_OK) return not_opened(&node, status, true);
    status = serve(&node);
    if (status != ASSAY_OK && node.host == NULL) return not_opened(&node, status, true);
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
