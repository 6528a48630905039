/*
 * net/runtime/runtime.c - opening a node, and the one loop that owns engine, store and every
 * socket.
 */
#include "net/runtime/runtime_internal.h"

#include "engine/consensus/block.h"
#include "engine/sync/sync.h"
#include "net/fetch/fetcher.h"
#include "net/http/http.h"
#include "quote/accept/policy.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The largest block that is stored. */
enum { SERVE_SCRATCH_LEN = ASSAY_BLOCK_LEN_MAX + ASSAY_PROPOSAL_OVERHEAD_MAX };

/* ------------------------------------------------------------ the engine and what it had stored */

static enum assay_status open_engine(struct assay_host *host,
                                     const struct assay_engine_renewal *renewal)
{
    const struct assay_key_set *set = host_key_set(host);
    struct assay_engine_config config = {
        .genesis = host->config.genesis,
        .state = host->config.state,
        .renewal = renewal,
        .document_check = host->config.document_check,
        .updates = host->config.updates,
        .plan_follow = host->config.plan_follow,
        .services = host_services_ledger(host),
        .self = host->self,
        .keys = { .incarnation = set->incarnation },
        .history_epochs = host->config.history_epochs,
        .checkpoint = host->config.checkpoint,
        .keys_unused = host->keys_unused,
        .log_kept = host->log_kept,
        .newcomer = host->config.newcomer,
        .neighbours = host_neighbours_wanted(host),
    };
    assay_bytes_copy(config.keys.voting_public, ASSAY_P256_PUBLIC_LEN, set->voting_public,
                     sizeof set->voting_public);
    assay_bytes_copy(config.keys.transport_public, 32, set->transport_public,
                     sizeof set->transport_public);
    assay_bytes_copy(config.verifier_digest, 32, host->config.verifier_digest, 32);
    config.level = host->config.level;
    ASSAY_TRY(assay_random(config.vouch_secret, sizeof config.vouch_secret));
    const size_t len = (assay_engine_size(&config) + 63) / 64 * 64;
    host->engine_memory = aligned_alloc(64, len);
    if (host->engine_memory == NULL) return ASSAY_E_MEMORY;
    return assay_engine_init(host->engine_memory, len, &config, &host->engine);
}

struct restoring {
    struct assay_host *host;
    struct assay_effects *effects; /* nothing is acted on */
    enum assay_store_class class_;
    enum assay_status status;
};

/*
 * An item of an epoch that is over, or that came twice, is no damage; one that cannot be read is.
 */
static bool is_damage(enum assay_status status)
{
    return status == ASSAY_E_TRUNCATED || status == ASSAY_E_TRAILING ||
           status == ASSAY_E_ENCODING || status == ASSAY_E_TYPE || status == ASSAY_E_UNSUPPORTED ||
           assay_status_class(status) == ASSAY_CLASS_HOST;
}

static bool restore_item(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct restoring *restoring = context;
    struct assay_host *host = restoring->host;
    struct assay_event event = {
        .now_ms = host->now_ms,
        .at_unix_ms = host->at_unix_ms,
        .kind = ASSAY_EVENT_RESTORE,
        .as.restore = { .class_ = restoring->class_, .key = *key, .value = value },
    };
    const enum assay_status status = assay_engine_step(host->engine, &event, restoring->effects);
    if (is_damage(status)) restoring->status = status;
    return !is_damage(status);
}

static enum assay_status restore_all(struct assay_host *host, struct assay_effects *effects,
                                     char message[static ASSAY_HOST_MESSAGE_LEN])
{
    struct assay_store *store = host->config.store;
    for (const enum assay_store_class *c = assay_engine_restore_order(); *c != 0; c++) {
        struct restoring restoring = { .host = host, .effects = effects, .class_ = *c };
        struct assay_store_key from = { 0 }, to = { .era = UINT32_MAX,
                                                    .epoch = UINT64_MAX,
                                                    .number = UINT64_MAX };
        for (size_t i = 0; i < sizeof to.id; i++)
            to.id[i] = 0xff;
        assay_engine_restore_from(host->engine, *c, &from.era, &from.epoch);
        enum assay_status status =
            store->ops->scan(store, *c, &from, &to, false, restore_item, &restoring);
        if (status == ASSAY_OK) status = restoring.status;
        if (status == ASSAY_OK) continue;
        (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "the store, class %u: %s", (unsigned)*c,
                       assay_status_text(status));
        return ASSAY_E_STORE;
    }
    return ASSAY_OK;
}

static enum assay_status restore(struct assay_host *host,
                                 char message[static ASSAY_HOST_MESSAGE_LEN])
{
    struct assay_effects *effects = calloc(1, sizeof *effects);
    const enum assay_status status =
        effects != NULL ? restore_all(host, effects, message) : ASSAY_E_MEMORY;
    free(effects);
    return status;
}

/* ------------------------------------------------------------ the pieces */

static uint32_t default_threads(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores <= 2) return 1;
    return cores > 9 ? 8 : (uint32_t)cores - 1;
}

/* A machine on which none can run says so at the start, and only there is it waited for. */
static enum assay_status open_pool(struct assay_host *host,
                                   char message[static ASSAY_HOST_MESSAGE_LEN])
{
    char why[ASSAY_VERIFIER_SUPERVISOR_WHY] = "";
    const struct assay_verify_pool_config config = {
        .threads =
            host->config.verify_threads > 0 ? host->config.verify_threads : default_threads(),
        .endorsements = host->config.endorsements,
        .policy = host->config.policy,
        .judge = host->config.judge,
        .message = host->config.judge != NULL && !host->renewed ? why : NULL,
    };
    const enum assay_status status = assay_verify_pool_create(&config, &host->pool);
    host->config.judge = NULL;
    if (why[0] != '\0') (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "judge: %.240s", why);
    return status;
}

/* For the pieces of host/, which take their memory from the caller. */
static void *memory_of(size_t len)
{
    return aligned_alloc(64, (len + 63) / 64 * 64);
}

static enum assay_status open_pieces(struct assay_host *host,
                                     char message[static ASSAY_HOST_MESSAGE_LEN])
{
    const uint32_t epoch_ms = host->config.genesis->parameters.epoch_ms;
    const struct assay_gossip_config gossip = {
        .self = host->self,
        .members = host->members,
        .retry_ms = host->view != NULL ? assay_gossip_retry_near_ms(epoch_ms)
                                       : assay_gossip_retry_ms(epoch_ms),
        .retry_max_ms = assay_gossip_retry_max_ms(epoch_ms),
        .patience_ms = assay_gossip_patience_ms(epoch_ms),
        .counters = &host->counters,
        .view = host->view,
    };
    ASSAY_TRY(host_dates_open(host));
    ASSAY_TRY(host_addresses_open(host));
    host->roster.entries = calloc(host->members, sizeof *host->roster.entries);
    host->limits = calloc(host->members, sizeof *host->limits);
    host->snapshot.members = calloc(host->members, sizeof *host->snapshot.members);
    host->fail_epoch = calloc(host->members, sizeof *host->fail_epoch);
    host->outgoing = malloc(ASSAY_FRAME_LEN_MAX);
    host->paging = malloc(ASSAY_FRAME_LEN_MAX);
    if (host->roster.entries == NULL || host->limits == NULL || host->snapshot.members == NULL ||
        host->fail_epoch == NULL ||
        host->outgoing == NULL || host->paging == NULL)
        return ASSAY_E_MEMORY;
    host->roster.count = host->members;
    host->roster.self = host->self;
    if (host->view != NULL) assay_limit_rates_near(epoch_ms, host->members, &host->rates);
    else assay_limit_rates(epoch_ms, host->members, &host->rates);
    for (uint32_t i = 0; i < host->members; i++)
        assay_limit_init(&host->limits[i], &host->rates, host->now_ms);
    void *pages = memory_of(assay_pages_size(host->members));
    void *seen = memory_of(assay_seen_size());
    void *flights = memory_of(assay_gossip_size());
    if (pages != NULL) host->pages = assay_pages_init(pages, host->members);
    if (seen != NULL) host->seen = assay_seen_init(seen, epoch_ms);
    if (flights != NULL) host->gossip = assay_gossip_init(flights, &gossip);
    if (pages == NULL || seen == NULL || flights == NULL) return ASSAY_E_MEMORY;
    /* Those of an epoch, and of the one before, whose evidence may be asked about once more. */
    ASSAY_TRY(
        assay_evidence_cache_create(host->config.store, (size_t)2 * host->members, &host->locker));
    ASSAY_TRY(host_changes_open(host));
    ASSAY_TRY(host_offers_open(host));
    ASSAY_TRY(host_dispatch_open(host));
    host_evidence_open(host);
    host->admission = (struct assay_admission){ .chain_id = host->config.genesis->chain_id,
                                                .roster = &host->roster,
                                                .limits = host->limits,
                                                .pages = host->pages,
                                                .seen = host->seen,
                                                .counters = &host->counters,
                                                .view = host->view,
                                                .again_ms = assay_admission_again_ms(epoch_ms) };
    host->serve = (struct assay_serve){ .store = host->config.store,
                                        .chain_id = host->config.genesis->chain_id,
                                        .counters = &host->counters,
                                        .scratch = malloc(SERVE_SCRATCH_LEN),
                                        .scratch_len = SERVE_SCRATCH_LEN,
                                        .answer = malloc(ASSAY_SYNC_ANSWER_LEN_MAX) };
    if (host->serve.scratch == NULL || host->serve.answer == NULL) return ASSAY_E_MEMORY;
    if (host->config.workload_path != NULL && host->config.workload_path[0] != '\0')
        ASSAY_TRY(assay_workload_create(host->config.workload_path, &host->workload));
    ASSAY_TRY(assay_service_probe_create(host->self, host->members, host->workload, &host->counters,
                                         &host->service));
    return open_pool(host, message);
}

static enum assay_status open_peers(struct assay_host *host)
{
    for (uint16_t slot = 0; slot < host->members; slot++)
        ASSAY_TRY(host_address_dial(host, slot));
    return ASSAY_OK;
}

static enum assay_status open_link(struct assay_host *host,
                                   char message[static ASSAY_HOST_MESSAGE_LEN])
{
    _Static_assert((int)ASSAY_LINK_MESSAGE_LEN <= (int)ASSAY_HOST_MESSAGE_LEN, "one buffer");
    const uint32_t epoch_ms = host->config.genesis->parameters.epoch_ms;
    const struct assay_link_config config = {
        .roster = &host->roster,
        .limits = host->limits,
        .counters = &host->counters,
        .door_secret = &host->ring.door_private,
        .door_public = host->ring.door_public,
        .listen = host->config.listen,
        .redial_ms = (int)assay_max_u64(500, assay_min_u64(epoch_ms, 5000)),
        /* A member that comes back calls: a pause need not be short for its sake. */
        .pause_ms_max = (uint32_t)assay_max_u64(2000, assay_min_u64(epoch_ms, 30000)),
        .self_test = !host->renewed, /* the door is the same */
    };
    host_roster(host); /* before the door opens: members may be waiting outside */
    ASSAY_TRY(assay_transport_open(&config, host->config.transport, &host->link, message));
    host->config.transport = NULL;
    ASSAY_TRY(open_peers(host));
    host_dial(host);
    return host->failure;
}

/* ------------------------------------------------------------ opening and closing */

static void say_open(struct assay_host *host)
{
    struct assay_engine_snapshot snapshot;
    const bool insecure = host->config.policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    assay_engine_snapshot(host->engine, &snapshot);
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "node_open")) {
        assay_log_text(&host->log, "listen", assay_transport_endpoint(host->link));
        assay_log_hex(&host->log, "chain", host->config.genesis->chain_id, 8);
        assay_log_uint(&host->log, "slot", host->self);
        assay_log_uint(&host->log, "members", host->members);
        assay_log_uint(&host->log, "incarnation", host_key_set(host)->incarnation);
        assay_log_uint(&host->log, "epoch", snapshot.epoch);
        assay_log_bool(&host->log, "insecure", insecure);
    }
    assay_log_end(&host->log);
    if (host->config.newcomer && assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "newcomer"))
        assay_log_text(&host->log, "note",
                       "no member that this store knows of: it waits until a change that joins it "
                       "is in force, and begins there");
    if (host->config.newcomer) assay_log_end(&host->log);
    for (size_t i = 0; i < host->config.insecure_count; i++) {
        if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "insecure_setting"))
            assay_log_text(&host->log, "name", host->config.insecure[i]);
        assay_log_end(&host->log);
    }
    if (!insecure) return;
    if (assay_log_begin(&host->log, ASSAY_SEVERITY_WARNING, "insecure_profile"))
        assay_log_text(&host->log, "note",
                       "profile development: SOFT evidence proves nothing, INSECURE");
    assay_log_end(&host->log);
}

static enum assay_status open_admin(struct assay_host *host,
                                    char message[static ASSAY_HOST_MESSAGE_LEN])
{
    if (host->admin != NULL) { /* the host before us had it open */
        assay_admin_hand_over(host->admin, host, &host->counters);
        return ASSAY_OK;
    }
    if (host->config.admin_path == NULL || host->config.admin_path[0] == '\0') return ASSAY_OK;
    return assay_admin_open(host->config.admin_path, "admin socket", ASSAY_ADMIN_LINE_MAX,
                            host_document, host, &host->counters, &host->admin, message,
                            ASSAY_HOST_MESSAGE_LEN);
}

/* What ended the era in which this engine begins, before any peer tells how that era went on. */
static void accept_recovers(struct assay_host *host)
{
    struct assay_engine_snapshot chain;
    assay_engine_snapshot(host->engine, &chain);
    for (uint32_t i = 0; i < host->config.recover_count; i++) {
        const struct assay_accepted_recover *r = &host->config.recovers[i];
        if (r->era != chain.era + 1) continue;
        const struct assay_event accepts = {
            .kind = ASSAY_EVENT_MESSAGE,
            .as.message = { .from = ASSAY_SLOT_SELF,
                            .kind = ASSAY_MESSAGE_RECOVER,
                            .payload = assay_slice_over(r->accepting, r->accepting_len) }
        };
        host_queue(host, &accepts);
    }
}

static enum assay_status open_all(struct assay_host *host,
                                  const struct assay_engine_renewal *renewal,
                                  char message[static ASSAY_HOST_MESSAGE_LEN])
{
    char name[ASSAY_NAME_MAX + 1];
    ASSAY_TRY(host_signals_open(host));
    ASSAY_TRY(host_keys_open(host, message));
    const enum assay_severity most = host->config.log_level < ASSAY_SEVERITY_DEBUG
                                         ? (enum assay_severity)host->config.log_level
                                         : ASSAY_SEVERITY_DEBUG;
    assay_log_init(&host->log, stderr, most, host_name(host, host->self, name, sizeof name));
    host_clock(host);
    host_timeline_open(host);
    ASSAY_TRY(host_keys_tie(host, message));
    (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "cannot set up the engine");
    ASSAY_TRY(open_engine(host, renewal));
    ASSAY_TRY(restore(host, message));
    (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "cannot set up the node");
    ASSAY_TRY(host_neighbours_open(host));
    ASSAY_TRY(open_pieces(host, message));
    ASSAY_TRY(open_link(host, message));
    ASSAY_TRY(open_admin(host, message));
    ASSAY_TRY(host_services_open(host, message));
    ASSAY_TRY(host_publish_open(host, message));
    /* Last: a start that fails leaves the keys as they were. */
    ASSAY_TRY(host_keys_settle(host, message));
    const struct assay_event start = { .kind = ASSAY_EVENT_START };
    host_queue(host, &start);
    accept_recovers(host);
    /* A set that waits to be listed, or was listed in what others closed meanwhile. */
    if (host->ring.next.incarnation != 0) host_keys_tell(host);
    if (!host->renewed) host_changes_turn(host); /* else when the epoch's end was taken in */
    return host->failure;
}

/* What a host leaves to the next one of the process. */
struct left {
    struct assay_engine_renewal engine;
    struct assay_counters counters;
    struct assay_timeline timeline;
    struct assay_timeline_file *timeline_file;
    struct assay_latency latency;
    struct assay_admin *admin, *anchor;
    struct assay_service_server *desk;
    struct assay_http *http;
    uint64_t started_ms, reloads, drain_until_ms;
    bool reload_refused, draining;
    struct host_shared shared;
};

static void take_over(struct assay_host *host, struct left *left)
{
    host->counters = left->counters;
    host->timeline = left->timeline;
    host->timeline_file = left->timeline_file;
    left->timeline_file = NULL;
    host->latency = left->latency;
    host->admin = left->admin;
    host->anchor = left->anchor;
    host->desk = left->desk;
    host->http = left->http;
    host->renewed = true;
    host->started_ms = left->started_ms;
    host->reloads = left->reloads;
    host->shared = left->shared;
    host->reload_refused = left->reload_refused;
    host->draining = left->draining; /* who was asked to end before the boundary ends after it */
    host->drain_until_ms = left->drain_until_ms;
    left->admin = left->anchor = NULL;
    left->desk = NULL;
    left->http = NULL;
}

/* left: NULL when the process starts. */
static enum assay_status open_host(const struct assay_host_config *config, struct left *left,
                                   struct assay_host **out,
                                   char message[static ASSAY_HOST_MESSAGE_LEN])
{
    struct assay_host *host = calloc(1, sizeof *host);
    if (host == NULL) return ASSAY_E_MEMORY;
    host->config = *config;
    host->signal_fd = -1;
    _Static_assert(ASSAY_MEMBERS_MAX <= UINT16_MAX, "slots are numbered in 16 bits");
    host->members = (uint16_t)config->genesis->member_count;
    host->keys_dir = strdup(config->keys_dir);
    host->waiting_end = &host->waiting;
    host->wake_at_ms = UINT64_MAX;
    host_clock(host);
    host->started_ms = host->now_ms;
    if (left != NULL) take_over(host, left);
    (void)snprintf(message, ASSAY_HOST_MESSAGE_LEN, "cannot set up the node");
    const enum assay_status status =
        host->keys_dir != NULL ? open_all(host, left != NULL ? &left->engine : NULL, message)
                               : ASSAY_E_MEMORY;
    if (status != ASSAY_OK) {
        assay_host_close(&host);
        return status;
    }
    say_open(host);
    message[0] = '\0';
    *out = host;
    return ASSAY_OK;
}

enum assay_status assay_host_open(const struct assay_host_config *config, struct assay_host **out,
                                  char message[static ASSAY_HOST_MESSAGE_LEN])
{
    return open_host(config, NULL, out, message);
}

bool assay_host_renews(const struct assay_host *host)
{
    return host->renewing && !host->stopping;
}

enum assay_status assay_host_renew(struct assay_host **host, const struct assay_host_config *config,
                                   char message[static ASSAY_HOST_MESSAGE_LEN])
{
    struct assay_host *old = *host;
    ASSAY_ASSERT(old->renewing && old->failure == ASSAY_OK && config->state != NULL);
    *host = NULL;
    struct left *left = calloc(1, sizeof *left);
    if (left == NULL) {
        assay_host_close(&old);
        return ASSAY_E_MEMORY;
    }
    *left = (struct left){ .counters = old->counters,
                           .timeline = old->timeline,
                           .timeline_file = old->timeline_file,
                           .latency = old->latency,
                           .admin = old->admin,
                           .anchor = old->anchor,
                           .desk = old->desk,
                           .http = old->http,
                           .started_ms = old->started_ms,
                           .reloads = old->reloads,
                           .shared = old->shared,
                           .reload_refused = old->reload_refused,
                           .draining = old->draining,
                           .drain_until_ms = old->drain_until_ms };
    assay_engine_renewal(old->engine, &left->engine);
    old->timeline_file = NULL;
    old->admin = old->anchor = NULL;
    old->desk = NULL;
    old->http = NULL;
    assay_transport_linger(old->link, HOST_LINGER_MS); /* the last word of the epoch that ends */
    assay_host_close(&old);
    const enum assay_status status = open_host(config, left, host, message);
    if (status == ASSAY_OK) host_closed(*host, config->state->epoch);
    assay_timeline_file_close(&left->timeline_file);
    assay_admin_close(&left->admin);
    assay_admin_close(&left->anchor);
    assay_service_server_close(&left->desk);
    assay_http_close(&left->http);
    free(left);
    return status != ASSAY_OK ? status : (*host)->failure;
}

void assay_host_close(struct assay_host **host)
{
    struct assay_host *h = *host;
    if (h == NULL) return;
    host_publish_close(h);
    assay_timeline_file_close(&h->timeline_file);
    assay_admin_close(&h->admin);
    host_services_close(h);
    /* The last words of a node that ends in order; who fails has none. */
    if (h->draining && h->stopping && h->link != NULL) host_farewell(h);
    if (h->draining && h->link != NULL) assay_transport_linger(h->link, HOST_LINGER_MS);
    assay_transport_close(&h->link);
    assay_verify_pool_destroy(&h->pool);
    host_evidence_forget(h);
    /* Pieces of evidence that no commit has taken along yet; all else was settled. */
    if (h->failure == ASSAY_OK && h->engine != NULL)
        assay_status_ignore(assay_store_commit(h->config.store), "they are pulled again");
    h->config.store->ops->rollback(h->config.store);
    assay_engine_deinit(&h->engine);
    free(h->engine_memory);
    free(h->dispatch_memory);
    assay_service_probe_destroy(&h->service);
    assay_workload_destroy(&h->workload);
    free(h->serve.scratch);
    free(h->serve.answer);
    assay_evidence_cache_destroy(&h->locker);
    free(h->gossip);
    free(h->seen);
    free(h->pages);
    host_keys_close(h);
    if (h->signal_fd >= 0) (void)close(h->signal_fd);
    free(h->roster.entries);
    free(h->limits);
    host_dates_close(h);
    host_addresses_close(h);
    host_neighbours_close(h);
    free(h->fail_epoch);
    host_changes_close(h);
    host_offers_close(h);
    free(h->snapshot.members);
    free(h->outgoing);
    free(h->paging);
    free(h->keys_dir);
    free(h);
    *host = NULL;
}

/* ------------------------------------------------------------ one turn */

static int sleep_ms(const struct assay_host *host, uint32_t wait_ms_max)
{
    uint64_t wake = host->wake_at_ms;
    wake = assay_min_u64(wake, assay_gossip_wake_at(host->gossip));
    wake = assay_min_u64(wake, assay_peer_clocks_wake_at(&host->dates));
    wake = assay_min_u64(wake, host_neighbours_wake_at(host));
    wake = assay_min_u64(wake, host->config.enclave.wake_at(host->config.enclave.context));
    if (host->workload != NULL) wake = assay_min_u64(wake, assay_workload_wake_at(host->workload));
    if (host->admin != NULL) wake = assay_min_u64(wake, assay_admin_wake_at(host->admin));
    if (host->desk != NULL) wake = assay_min_u64(wake, assay_service_server_wake_at(host->desk));
    if (host->anchor != NULL) wake = assay_min_u64(wake, assay_admin_wake_at(host->anchor));
    if (assay_dispatch_waits(host->dispatch) || wake <= host->now_ms) return 0;
    const uint64_t most = assay_min_u64(wait_ms_max, HOST_SLEEP_MS_MAX);
    return (int)assay_min_u64(wake - host->now_ms, most);
}

struct polled {
    size_t count, admin_at, anchor_at, enclave_at, enclave_count;
};

static struct polled fill_fds(struct assay_host *host)
{
    struct polled p = { 0 };
    if (host->signal_fd >= 0)
        host->fds[p.count++] = (struct pollfd){ .fd = host->signal_fd, .events = POLLIN };
    host->fds[p.count++] =
        (struct pollfd){ .fd = assay_verify_pool_fd(host->pool), .events = POLLIN };
    if (host->config.fetcher != NULL)
        host->fds[p.count++] =
            (struct pollfd){ .fd = assay_fetcher_fd(host->config.fetcher), .events = POLLIN };
    if (host->workload != NULL)
        p.count += assay_workload_poll(host->workload, host->fds + p.count, HOST_FDS_MAX - p.count);
    p.admin_at = p.count;
    if (host->admin != NULL)
        p.count += assay_admin_poll(host->admin, host->fds + p.count, ASSAY_ADMIN_CLIENTS_MAX + 1);
    p.anchor_at = p.count;
    if (host->anchor != NULL)
        p.count += assay_admin_poll(host->anchor, host->fds + p.count, ASSAY_ADMIN_CLIENTS_MAX + 1);
    if (host->desk != NULL)
        p.count += assay_service_server_poll(host->desk, host->fds + p.count,
                                             ASSAY_SERVICE_SERVER_FDS_MAX);
    p.enclave_at = p.count;
    p.enclave_count = host->config.enclave.poll_set(
        host->config.enclave.context, host->fds + p.count, ASSAY_HOST_ENCLAVE_FDS_MAX);
    ASSAY_ASSERT(p.enclave_count <= ASSAY_HOST_ENCLAVE_FDS_MAX);
    p.count += p.enclave_count;
    return p;
}

static void expire(struct assay_host *host)
{
    struct assay_pages_losses losses;
    if (host->now_ms - host->expired_ms < HOST_SLEEP_MS_MAX) return;
    host->expired_ms = host->now_ms;
    host_dial(host); /* a door that was tried for long enough */
    assay_pages_expire(host->pages, host->now_ms);
    const size_t held = assay_pages_held(host->pages, &losses);
    ASSAY_ASSERT(held <= ASSAY_PAGE_BYTES_ALL);
    host->counters.value[ASSAY_COUNT_PAGE_EVICTED] = losses.evicted;
    host->counters.value[ASSAY_COUNT_PAGE_EXPIRED] = losses.expired;
    host->counters.value[ASSAY_COUNT_LOG_SUPPRESSED] = host->log.suppressed;
}

static void tick(struct assay_host *host)
{
    if (host->now_ms < host->wake_at_ms || host->failure != ASSAY_OK) return;
    struct assay_event event = { .kind = ASSAY_EVENT_TICK };
    const enum assay_status status = host_step(host, &event);
    assay_status_ignore(status, "a failure of the host is kept in host->failure");
}

static void work(struct assay_host *host, const struct polled *polled)
{
    const struct assay_host_enclave *enclave = &host->config.enclave;
    host_signals_read(host);
    enclave->step(enclave->context, host->now_ms, host->fds + polled->enclave_at,
                  polled->enclave_count);
    host_enclave_events(host);
    if (host->workload != NULL) assay_workload_step(host->workload, host->now_ms);
    host_transport_turn(host);
    host_receive(host);
    tick(host);
    host_settle(host);
    if (host->failure != ASSAY_OK) return;
    host_evidence_turn(host);
    host_collateral(host);
    host_service(host);
    host_dates_turn(host, false);
    host_neighbours_turn(host);
    host_settle(host);
    if (host->admin != NULL)
        assay_admin_step(host->admin, host->now_ms, host->fds[polled->admin_at].revents != 0);
    if (host->anchor != NULL)
        assay_admin_step(host->anchor, host->now_ms, host->fds[polled->anchor_at].revents != 0);
    host_services_turn(host);
    host_drain(host);
    host_publish_turn(host);
    expire(host);
    if (host->config.turned != NULL)
        host->config.turned(host->config.turned_context, host->now_ms);
}

enum assay_status assay_host_turn(struct assay_host *host, uint32_t wait_ms_max)
{
    if (host->failure != ASSAY_OK) return host->failure;
    if (host->stopping || host->renewing) return ASSAY_OK;
    host_clock(host);
    const struct polled polled = fill_fds(host);
    assay_transport_pause(host->link, host->waiting != NULL);
    const enum assay_status status = assay_transport_wait(host->link, host->now_ms, host->fds,
                                                     polled.count, sleep_ms(host, wait_ms_max));
    if (status != ASSAY_OK) host_fail(host, status, "poll");
    host_clock(host);
    if (host->failure == ASSAY_OK) work(host, &polled);
    if (host->failure != ASSAY_OK) return host->failure;
    return host->stopping || host->renewing || host->reloading ? ASSAY_OK : ASSAY_E_AGAIN;
}

enum assay_status assay_host_run(struct assay_host *host)
{
    enum assay_status status = ASSAY_E_AGAIN;
    while (status == ASSAY_E_AGAIN)
        status = assay_host_turn(host, HOST_SLEEP_MS_MAX);
    if (status == ASSAY_OK && host->stopping &&
        assay_log_begin(&host->log, ASSAY_SEVERITY_INFO, "node_closed"))
        assay_log_end(&host->log);
    return status;
}

void assay_host_stop(struct assay_host *host)
{
    host->stopping = 1;
}

const struct assay_engine *assay_host_engine(const struct assay_host *host)
{
    return host->engine;
}

uint16_t assay_host_slot(const struct assay_host *host)
{
    return host->self;
}
