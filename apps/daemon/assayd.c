/*
 * apps/daemon/assayd.c - entry point of assayd: configuration, store, enclave and runtime, and the
 * main loop.
 *
 * Everything that can be wrong with configuration, keys, genesis, store and ports is found before
 * the first message is sent, and said in one line. Exit statuses: 0 asked to end, 1 runtime
 * error (store, socket), 2 usage or configuration, 4 this node is no member (any more).
 *
 * At a boundary that leaves another roster or other rules the runtime is initialised again from the
 * store (docs/protocol.md 9.6); store, enclave and signals stay.
 */
#include "apps/assay/core/command.h"
#include "apps/build.h"
#include "apps/daemon/node.h"
#include "apps/flags.h"
#include "base/assert.h"
#include "base/file/dumps.h"
#include "base/system_clock.h"
#include "net/sandbox/container_init.h"
#include "net/system/allocator.h"
#include "net/transport/transport.h"
#include "net/verifier/verifier_supervisor.h"
#ifdef ASSAY_TEST_HOOKS
#include "net/transport/transport_process.h"
#include "net/verifier/verifier_process.h"
#include "tests/byzantine/byzantine.h"
#endif

#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const char usage[] =
    "usage: assayd --config FILE [--set KEY=VALUE]... [--check-config]\n"
    "\n"
    "Run the daemon of one node, next to its enclave: attest, verify the other\n"
    "members, vote on blocks and scores, and execute the orders that result. Show\n"
    "its state with `assay status --socket PATH`.\n"
    "\n"
    "  --config FILE     read the configuration from this YAML file (keys, defaults,\n"
    "                    limits: docs/configuration.md 3, assayd.yaml(5))\n"
    "  --set KEY=VALUE   override one key, as in log.level=debug; up to 64 times. It\n"
    "                    overrides the environment (ASSAY_LOG__LEVEL=debug), which\n"
    "                    overrides assayd.d/*.yaml next to assayd.yaml, which\n"
    "                    overrides the file\n"
    "  --check-config    check configuration, keys, genesis, source of evidence,\n"
    "                    state folder and images of the enclave, then exit: 0 valid,\n"
    "                    2 not\n"
    "  --version         print the version\n"
    "\n"
    "examples:\n"
    "  assayd --config /etc/assay/assayd.yaml --set log.format=json\n"
    "\n"
    "signals: SIGTERM, SIGINT stop it (limits.drain_ms for work in progress); SIGHUP\n"
    "reloads the configuration; SIGUSR1 logs the state\n"
    "exit status: 0 stopped on request; 1 runtime error (store, disk, port, socket);\n"
    "             2 usage, configuration, keys or genesis; 4 this node is no member\n"
    "             of the network, or lacks its feature level\n";

/* ------------------------------------------------------------ store, enclave, host */

static enum assay_status open_enclave(struct daemon_node *node)
{
    char hold[PATH_MAX + 8];
    (void)snprintf(hold, sizeof hold, "%s/hold", node->config->keys_dir);
    const struct assay_supervisor_config settings = {
        .path = node->config->enclave_path,
        .restore_path = node->config->enclave_restore_path,
        .service_path = node->config->enclave_service,
        .key_users = node->config->key_users,
        .key_user_count = node->config->key_user_count,
        .credential = node->credential_loaded ? node->credential : NULL,
        .tpm = node->tpm,
        .source = node->source,
        .devices = daemon_said(node->config->evidence.devices),
        .quote_ms = node->config->evidence.deadline_ms,
        .close_ms = node->config->evidence.close_ms,
        .enforcement = node->enforcement,
        .hold_path = hold,
        .node_id = node->node_id,
        .store = node->store,
    };
    return assay_supervisor_open(&settings, &node->supervisor, node->message);
}

/* Newer collateral, if the configuration has a source. */
static enum assay_status open_fetcher(struct daemon_node *node)
{
    const struct assay_config_collateral *const c = &node->config->collateral;
    const struct daemon_effective_rules *const now_in_force = &node->in_force;
    const struct assay_slice set = now_in_force->effective.genesis->endorsements;
    char dir[PATH_MAX + 16];
    if (!assay_config_fetches(c)) return ASSAY_OK;
    (void)snprintf(dir, sizeof dir, "%s/collateral", node->config->state_dir);
    const uint64_t seed = assay_monotonic_us(); /* members must not send requests in step */
    struct assay_fetcher_config settings = {
        .round = { .intel = c->intel,
                   .amd = c->amd,
                   .early = c->early,
                   .list_count = c->list_count,
                   .fetch = { .ca_file = c->ca_file[0] != '\0' ? c->ca_file : NULL,
                              /* A network of this profile is somebody's test. */
                              .insecure_for_tests = now_in_force->rules->sets[0].policy->profile ==
                                                    ASSAY_PROFILE_DEVELOPMENT,
                              .seed = seed } },
        .dir = dir,
        .every_s = c->every_s,
        .seed = seed ^ (uint64_t)getpid(),
    };
    for (size_t i = 0; i < c->list_count; i++)
        settings.round.lists[i] = c->lists[i];
    return daemon_say(node, dir,
                      assay_fetcher_create(&settings, set.bytes, set.len, &node->fetcher));
}

/* The node's thread has come around. */
static void on_node_turn(void *context, uint64_t now_ms)
{
    char sentence[ASSAY_RUNTIME_STATUS_LEN];
    struct daemon_node *const node = context;
    if (node->host != NULL && assay_runtime_is_draining(node->host))
        daemon_notify_stopping(&node->notify);
    assay_allocator_trim(now_ms, &node->trim_ms);
    if (!daemon_notify_turned(&node->notify, now_ms) || node->host == NULL) return;
    assay_runtime_format_status(node->host, sentence);
    daemon_notify_status(&node->notify, sentence);
}

/* Which key is wrong, when a socket or a port is. */
static enum assay_status open_first(struct daemon_node *node,
                                    const struct assay_runtime_config *settings)
{
    static const struct {
        const char *begin, *key;
    } rows[] = { { "cannot listen on", "listen.gossip" },
                 { "admin socket", "listen.admin" },
                 { "services socket", "listen.services" },
                 { "HTTP socket", "listen.http" } };
    const enum assay_status status = assay_runtime_open(settings, &node->host, node->message);
    for (size_t i = 0; status != ASSAY_OK && i < sizeof rows / sizeof rows[0]; i++)
        if (strncmp(node->message, rows[i].begin, strlen(rows[i].begin)) == 0)
            daemon_place(node, rows[i].key);
    return status;
}

static struct assay_runtime_http http_of(const struct assay_config *config)
{
    return (struct assay_runtime_http){ .socket_path = daemon_said(config->http.socket_path),
                                        .address = daemon_said(config->http.address),
                                        .certificate = daemon_said(config->http.certificate),
                                        .key = daemon_said(config->http.key),
                                        .clients = daemon_said(config->http.clients),
                                        .roles = config->http.roles,
                                        .role_count = config->http.role_count,
                                        .local_role = config->http.local_role,
                                        .accept_plain = config->insecure[ASSAY_INSECURE_HTTP],
                                        .state_dir = config->state_dir,
                                        .metrics_members = config->metrics_members };
}

static const char *timeline_path(struct daemon_node *node)
{
    (void)snprintf(node->timeline_path, sizeof node->timeline_path, "%s/timeline",
                   node->config->state_dir);
    return node->timeline_path;
}

/* Evidence is made as the policy in force accepts it. */
static void connect_attester(struct daemon_node *node, const struct assay_policy *policy,
                             struct assay_runtime_enclave *callbacks)
{
    assay_supervisor_pack_devices(node->supervisor, policy->gpu.packed);
    assay_supervisor_callbacks(node->supervisor, callbacks);
}

/* The host of effective rules: the first one, or in the place of the one before. */
static enum assay_status open_host(struct daemon_node *node,
                                   const struct daemon_effective_rules *now)
{
    const struct assay_rules *rules = now->rules;
    ASSAY_ASSERT(rules != NULL); /* daemon_open_effective_rules */
    struct assay_verifier_process_set sets[ASSAY_VERIFIER_PROCESS_SETS_MAX];
    struct assay_verifier_process_config judge = { .program = node->verifier.path,
                                                   .argument = assay_build,
                                                   .sets = sets };
    judge.set_count = assay_rules_judge_sets(rules, sets);
    struct assay_transport_apart transport = { .program = node->transport.path,
                                               .argument = assay_build };
    struct assay_runtime_config settings = {
        .genesis = now->effective.genesis,
        .state = now->effective.state,
        .founding = node->genesis,
        .genesis_file = assay_slice_over(node->genesis_bytes, node->genesis_len),
        .store = node->store,
        .keys_dir = node->config->keys_dir,
        .identity_dir = node->config->identity_dir,
        .listen = node->config->gossip,
        .advertise = daemon_advertised(node->config),
        .peers = node->peers,
        .peer_count = node->config->peer_count,
        .timeline_path = timeline_path(node),
        .admin_path = node->config->admin,
        .http = http_of(node->config),
        .workload_path = node->config->enclave_service,
        .endorsements = &rules->sets[0].endorsements,
        .policy = rules->sets[0].policy,
        .past = rules->past,
        .past_count = rules->past_count,
        .before = rules->has_before ? &rules->before : NULL,
        .judge = &judge,
        .transport = node->config->transport_apart ? &transport : NULL,
        .document_check = assay_rules_check,
        .updates = assay_document_collateral_functions(node->updates),
        .plan_follow = assay_host_services_follow,
        .services = now->services,
        .services_path = daemon_said(node->config->services),
        .fetcher = node->fetcher,
        .verify_threads = node->config->verify_threads,
        .log_level = (unsigned)node->config->log_level,
        .history_epochs = node->config->history_epochs,
        .key_tables = node->config->key_tables_mib * (1u << 20) / ASSAY_P256_TABLE_LEN,
        .history_events = node->config->history_events,
        .checkpoint = node->config->checkpoint[0] != '\0' ? &node->checkpoint : NULL,
        .recovers = node->recovers,
        .recover_count = node->recover_count,
        .newcomer = now->joining != NULL,
        .level = DAEMON_FEATURE_LEVEL,
        .take_signals = true,
        .drain_ms = node->config->drain_ms,
        .turned = on_node_turn,
        .turned_context = node,
        .insecure = node->insecure,
        .insecure_count = node->insecure_count,
    };
    daemon_verifier_digest(settings.verifier_digest);
    connect_attester(node, rules->sets[0].policy, &settings.enclave);
#ifdef ASSAY_TEST_HOOKS
    assay_byzantine_hooks(&settings.hooks);
    judge.program = transport.program = NULL; /* main has these roles, with faults */
    judge.argument = assay_byzantine_verifier();
    transport.argument = assay_byzantine_transport();
    assay_byzantine_overlay(&settings.overlay_above, &settings.overlay_degree);
#endif
    if (node->host == NULL) return open_first(node, &settings);
    return assay_runtime_renew(&node->host, &settings, node->message);
}

/* What is newer is newer than the set in force. */
static enum assay_status follow_collateral(struct daemon_node *node,
                                           const struct daemon_effective_rules *next)
{
    const struct assay_genesis *now = node->in_force.effective.genesis;
    const struct assay_genesis *then = next->effective.genesis;
    ASSAY_ASSERT(now != NULL && then != NULL); /* daemon_open_effective_rules */
    if (node->fetcher == NULL ||
        assay_bytes_equal(now->endorsements_digest, then->endorsements_digest, 32))
        return ASSAY_OK;
    return daemon_say(
        node, "collateral in force",
        assay_fetcher_in_force(node->fetcher, then->endorsements.bytes, then->endorsements.len));
}

/* A boundary changed roster, rules or operators: on with what it left. */
static enum assay_status renew_epoch(struct daemon_node *node)
{
    struct daemon_effective_rules next;
    enum assay_status status = daemon_open_effective_rules(node, false, &next);
    if (status == ASSAY_OK) status = follow_collateral(node, &next);
    if (status == ASSAY_OK) status = open_host(node, &next);
    else assay_runtime_close(&node->host); /* before what it borrows */
    daemon_close_effective_rules(&node->in_force);
    node->in_force = next;
    return status;
}

static enum assay_status open_all(struct daemon_node *node)
{
    ASSAY_TRY(daemon_open_store(node));
    ASSAY_TRY(open_enclave(node));
    ASSAY_TRY(daemon_say(node, "start", assay_document_collateral_create(&node->updates)));
    ASSAY_TRY(open_fetcher(node));
    return open_host(node, &node->in_force);
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

static int not_opened(struct daemon_node *node, enum assay_status status, bool fit)
{
    daemon_complain(node->message);
    daemon_close(node);
    if (status == ASSAY_E_STRANGER) return ASSAY_EXIT_DENIED;
    return fit ? ASSAY_EXIT_INTERNAL : ASSAY_EXIT_USAGE;
}

/* One epoch after the other, whatever operators decide. Returns: as assay_runtime_run; with
 * ASSAY_E_STRANGER and others of renew there is no host any more, and node->message. */
static enum assay_status run_epochs(struct daemon_node *node)
{
    for (;;) {
        ASSAY_TRY(assay_runtime_run(node->host));
        const bool reloads = assay_runtime_poll_reload(node->host);
        if (reloads) daemon_reload(node);
        if (assay_runtime_is_renewing(node->host)) ASSAY_TRY(renew_epoch(node));
        else if (!reloads) return ASSAY_OK;
    }
}

/* Until the host reads them they wait: at no time does one of these end the daemon. Before any
 * thread exists; what is started clears its mask. */
static void hold_signals(bool those_that_end)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGHUP);
    (void)sigaddset(&set, SIGUSR1);
    (void)sigaddset(&set, SIGUSR2);
    if (those_that_end) (void)sigaddset(&set, SIGINT);
    if (those_that_end) (void)sigaddset(&set, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* What stdout could not take. */
static int end_output(int result)
{
    if (fflush(stdout) == 0 && ferror(stdout) == 0) return result;
    daemon_complain("standard output cannot be written");
    return result == ASSAY_EXIT_OK ? ASSAY_EXIT_INTERNAL : result;
}

/* Fit: what --check-config says. */
static int say_fit(struct daemon_node *node)
{
    (void)printf("%s: fit to run%s\n", node->sources.path,
                 daemon_is_in(node->genesis, node->node_id)
                     ? ""
                     : "; this node is no member of the genesis: it begins where one joins it");
    for (size_t i = 0; i < node->insecure_count; i++)
        (void)printf("INSECURE: %s\n", node->insecure[i]);
    daemon_close(node);
    return end_output(ASSAY_EXIT_OK);
}

static int finish_run(struct daemon_node *node, enum assay_status status)
{
    char why[ASSAY_CONFIG_MESSAGE_MAX];
    const int result = status == ASSAY_OK ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
    daemon_notify_stopping(&node->notify);
    if (status != ASSAY_OK) {
        (void)snprintf(why, sizeof why, "stopped: %s (%s)%s%s", assay_status_text(status),
                       assay_status_symbol(status), status == ASSAY_E_STORE ? ": " : "",
                       status == ASSAY_E_STORE ? node->store->ops->error(node->store) : "");
        daemon_complain(why);
    }
    daemon_close(node);
    if (!node->lent) return result;
    daemon_complain("a quote did not come back: the process ends without it");
    (void)fflush(NULL);
    _exit(result); /* no destructors: a thread may still wake up inside a library */
}

static int run_daemon(const struct assay_config_sources *sources, bool check_only)
{
    struct daemon_node node = { .sources = *sources, .notify = { .fd = -1 }, .message = "" };
    enum assay_status status = daemon_open_config(&node);
    if (node.config != NULL && status == ASSAY_OK && !check_only) daemon_log_style(node.config);
#ifndef ASSAY_TEST_HOOKS
    if (status == ASSAY_OK) status = daemon_open_roles(&node);
#endif
    if (status == ASSAY_OK && check_only) status = daemon_check_store(&node);
    if (status == ASSAY_OK && check_only) status = daemon_check_start(&node);
    if (status != ASSAY_OK) return not_opened(&node, status, false);
    daemon_check_library();
    if (check_only) return say_fit(&node);
    daemon_notify_open(&node.notify);
    hold_signals(true);
    status = open_all(&node);
    if (status != ASSAY_OK) return not_opened(&node, status, !node.unfit);
    daemon_notify_ready(&node.notify);
    status = run_epochs(&node);
    if (status != ASSAY_OK && node.host == NULL) return not_opened(&node, status, true);
    return finish_run(&node, status);
}

enum { SETS_MAX = 64 };

static int print_usage_error(const char *wrong)
{
    assay_flags_misuse("assayd", usage, wrong);
    return ASSAY_EXIT_USAGE;
}

static int misuse_word(const char *word)
{
    char wrong[ASSAY_FLAGS_MESSAGE_MAX];
    (void)snprintf(wrong, sizeof wrong, "expected options alone, found \"%.100s\"", word);
    return print_usage_error(wrong);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' }, { "set", required_argument, NULL, 's' },
        { "check-config", no_argument, NULL, 'k' }, { "version", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },         { NULL, 0, NULL, 0 }
    };
    static const char *sets[SETS_MAX];
    struct assay_config_sources sources = { .environment = assay_config_environment(),
                                            .sets = sets };
    char wrong[ASSAY_FLAGS_MESSAGE_MAX];
    bool check_only = false;
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as a parent may leave it, no child has a status */
    assay_allocator_init();
#ifdef ASSAY_TEST_HOOKS
    if (assay_verifier_process_is(argc, argv))
        assay_verifier_process_run(assay_byzantine_verify(argv[1]));
    if (assay_transport_is(argc, argv)) assay_transport_run(assay_byzantine_plant(argv[1]));
#endif
    for (int o; (o = assay_flags_next(argc, argv, ":c:h", options, NULL)) != -1;) {
        if (o == 'c') sources.path = optarg;
        else if (o == 's' && sources.set_count < SETS_MAX) sets[sources.set_count++] = optarg;
        else if (o == 's') return print_usage_error("--set: expected at most 64 of them");
        else if (o == 'k') check_only = true;
        else if (o == 'v') {
            (void)printf("assayd %s\n", ASSAY_VERSION);
            return end_output(ASSAY_EXIT_OK);
        } else if (o == 'h') {
            (void)fputs(usage, stdout);
            return end_output(ASSAY_EXIT_OK);
        } else {
            assay_flags_wrong(argc, argv, o, options, wrong);
            return print_usage_error(wrong);
        }
    }
    if (optind != argc) return misuse_word(argv[optind]);
    if (sources.path == NULL) return print_usage_error("expected --config FILE, found none");
    if (!check_only && assay_sandbox_init_split() != ASSAY_OK)
        return print_usage_error("no process can be made");
    hold_signals(false);
    if (!assay_dumps_forbid())
        (void)fputs("assayd: warning: core files cannot be forbidden: they may have keys\n",
                    stderr);
    allow_descriptors();
    return run_daemon(&sources, check_only);
}
