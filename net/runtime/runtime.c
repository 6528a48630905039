/*
 * net/runtime/runtime.c - node runtime: opening, closing and the main loop.
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

static enum assay_status open_engine(struct assay_runtime *runtime,
                                     const struct assay_engine_renewal *renewal)
{
    ASSAY_ASSERT(runtime->engine == NULL && runtime->self < runtime->members);
    const struct assay_key_set *set = runtime_key_set(runtime);
    struct assay_engine_config config = {
        .genesis = runtime->config.genesis,
        .state = runtime->config.state,
        .renewal = renewal,
        .document_check = runtime->config.document_check,
        .updates = runtime->config.updates,
        .plan_follow = runtime->config.plan_follow,
        .services = runtime_services_ledger(runtime),
        .self = runtime->self,
        .keys = { .incarnation = set->incarnation },
        .history_epochs = runtime->config.history_epochs,
        .key_tables = runtime->config.key_tables,
        .checkpoint = runtime->config.checkpoint,
        .keys_unused = runtime->keys_are_new,
        .log_kept = runtime->has_bound_store,
        .newcomer = runtime->config.newcomer,
        .neighbours = runtime_overlay_is_wanted(runtime),
    };
    assay_bytes_copy(config.keys.voting_public, ASSAY_P256_PUBLIC_LEN, set->voting_public,
                     sizeof set->voting_public);
    assay_bytes_copy(config.keys.transport_public, 32, set->transport_public,
                     sizeof set->transport_public);
    assay_bytes_copy(config.verifier_digest, 32, runtime->config.verifier_digest, 32);
    config.level = runtime->config.level;
    ASSAY_TRY(assay_random(config.confirm_secret, sizeof config.confirm_secret));
    const size_t len = (assay_engine_size(&config) + 63) / 64 * 64;
    runtime->engine_memory = aligned_alloc(64, len);
    if (runtime->engine_memory == NULL) return ASSAY_E_MEMORY;
    return assay_engine_init(runtime->engine_memory, len, &config, &runtime->engine);
}

struct restoring {
    struct assay_runtime *runtime;
    struct assay_effects *effects; /* nothing is acted on */
    enum assay_store_class class_;
    enum assay_status status;
};

/* An item of a past epoch, or a duplicate, is not damage; an unreadable item is. */
static bool is_damage(enum assay_status status)
{
    return status == ASSAY_E_TRUNCATED || status == ASSAY_E_TRAILING ||
           status == ASSAY_E_ENCODING || status == ASSAY_E_TYPE || status == ASSAY_E_UNSUPPORTED ||
           assay_status_class(status) == ASSAY_CLASS_HOST;
}

static bool restore_item(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct restoring *restoring = context;
    ASSAY_ASSERT(restoring->status == ASSAY_OK); /* the first damage ends the scan */
    struct assay_runtime *runtime = restoring->runtime;
    struct assay_event event = {
        .now_ms = runtime->now_ms,
        .at_unix_ms = runtime->at_unix_ms,
        .kind = ASSAY_EVENT_RESTORE,
        .as.restore = { .class_ = restoring->class_, .key = *key, .value = value },
    };
    const enum assay_status status = assay_engine_step(runtime->engine, &event, restoring->effects);
    if (is_damage(status)) restoring->status = status;
    return !is_damage(status);
}

static enum assay_status restore_all(struct assay_runtime *runtime, struct assay_effects *effects,
                                     char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT(runtime->engine != NULL);
    struct assay_store *store = runtime->config.store;
    for (const enum assay_store_class *c = assay_engine_restore_order(); *c != 0; c++) {
        struct restoring restoring = { .runtime = runtime, .effects = effects, .class_ = *c };
        struct assay_store_key from = { 0 }, to = { .era = UINT32_MAX,
                                                    .epoch = UINT64_MAX,
                                                    .number = UINT64_MAX };
        for (size_t i = 0; i < sizeof to.id; i++)
            to.id[i] = 0xff;
        assay_engine_restore_from(runtime->engine, *c, &from.era, &from.epoch);
        enum assay_status status =
            store->ops->scan(store, *c, &from, &to, false, restore_item, &restoring);
        if (status == ASSAY_OK) status = restoring.status;
        if (status == ASSAY_OK) continue;
        (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "the store, class %u: %s", (unsigned)*c,
                       assay_status_text(status));
        return ASSAY_E_STORE;
    }
    return ASSAY_OK;
}

static enum assay_status restore_engine(struct assay_runtime *runtime,
                                        char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    struct assay_effects *effects = calloc(1, sizeof *effects);
    const enum assay_status status =
        effects != NULL ? restore_all(runtime, effects, message) : ASSAY_E_MEMORY;
    free(effects);
    return status;
}

/* ------------------------------------------------------------ components */

static uint32_t default_threads(void)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores <= 2) return 1;
    return cores > 9 ? 8 : (uint32_t)cores - 1;
}

/* The start waits for the verifier process, so that a machine on which it cannot run fails here. */
static enum assay_status open_pool(struct assay_runtime *runtime,
                                   char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT(runtime->pool == NULL && runtime->evidence_cache != NULL);
    char why[ASSAY_VERIFIER_SUPERVISOR_WHY] = "";
    ASSAY_TRY(runtime_appraisals_open(runtime)); /* of its verdicts */
    ASSAY_TRY(runtime_challenge_open(runtime));  /* the same */
    const struct assay_verify_pool_config config = {
        .threads =
            runtime->config.verify_threads > 0 ? runtime->config.verify_threads : default_threads(),
        .endorsements = runtime->config.endorsements,
        .policy = runtime->config.policy,
        .judge = runtime->config.judge,
        .message = runtime->config.judge != NULL && !runtime->renewed ? why : NULL,
    };
    const enum assay_status status = assay_verify_pool_create(&config, &runtime->pool);
    runtime->config.judge = NULL;
    if (why[0] != '\0') (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "verifier: %.240s", why);
    ASSAY_ASSERT((status == ASSAY_OK) == (runtime->pool != NULL));
    return status;
}

/* For the components of host/, which use memory of the caller. */
static void *engine_memory_budget(size_t len)
{
    ASSAY_ASSERT(len > 0);
    return aligned_alloc(64, (len + 63) / 64 * 64);
}

static enum assay_status open_components(struct assay_runtime *runtime,
                                         char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    const uint32_t epoch_ms = runtime->config.genesis->parameters.epoch_ms;
    const struct assay_gossip_config gossip = {
        .self = runtime->self,
        .members = runtime->members,
        .retry_ms = runtime_overlay_is_used(runtime) ? assay_gossip_retry_near_ms(epoch_ms)
                                                     : assay_gossip_retry_ms(epoch_ms),
        .retry_max_ms = assay_gossip_retry_max_ms(epoch_ms),
        .patience_ms = assay_gossip_patience_ms(epoch_ms),
        .counters = &runtime->counters,
        .view = runtime->driver.overlay,
    };
    ASSAY_TRY(runtime_peer_clocks_open(runtime));
    ASSAY_TRY(runtime_addresses_open(runtime));
    runtime->roster.entries = calloc(runtime->members, sizeof *runtime->roster.entries);
    runtime->limits = calloc(runtime->members, sizeof *runtime->limits);
    runtime->snapshot.members = calloc(runtime->members, sizeof *runtime->snapshot.members);
    runtime->fail_epoch = calloc(runtime->members, sizeof *runtime->fail_epoch);
    runtime->outgoing = malloc(ASSAY_FRAME_LEN_MAX);
    runtime->paging = malloc(ASSAY_FRAME_LEN_MAX);
    if (runtime->roster.entries == NULL || runtime->limits == NULL ||
        runtime->snapshot.members == NULL || runtime->fail_epoch == NULL ||
        runtime->outgoing == NULL || runtime->paging == NULL)
        return ASSAY_E_MEMORY;
    runtime->roster.count = runtime->members;
    runtime->roster.self = runtime->self;
    if (runtime_overlay_is_used(runtime))
        assay_limit_rates_near(epoch_ms, runtime->members, &runtime->rates);
    else assay_limit_rates(epoch_ms, runtime->members, &runtime->rates);
    for (uint32_t i = 0; i < runtime->members; i++)
        assay_limit_init(&runtime->limits[i], &runtime->rates, runtime->now_ms);
    void *pages = engine_memory_budget(assay_pages_size(runtime->members));
    void *seen = engine_memory_budget(assay_seen_size());
    void *flights = engine_memory_budget(assay_gossip_size());
    if (pages != NULL) runtime->pages = assay_pages_init(pages, runtime->members);
    if (seen != NULL) runtime->seen = assay_seen_init(seen, epoch_ms);
    if (flights != NULL) runtime->gossip = assay_gossip_init(flights, &gossip);
    if (pages == NULL || seen == NULL || flights == NULL) return ASSAY_E_MEMORY;
    /* Evidence of this epoch and the last one, which peers may still request. */
    ASSAY_TRY(assay_evidence_cache_create(runtime->config.store, (size_t)2 * runtime->members,
                                          &runtime->evidence_cache));
    ASSAY_TRY(runtime_changes_open(runtime));
    ASSAY_TRY(runtime_offers_open(runtime));
    ASSAY_TRY(runtime_dispatch_open(runtime));
    runtime_evidence_open(runtime);
    runtime->admission =
        (struct assay_admission){ .chain_id = runtime->config.genesis->chain_id,
                                  .roster = &runtime->roster,
                                  .limits = runtime->limits,
                                  .pages = runtime->pages,
                                  .seen = runtime->seen,
                                  .counters = &runtime->counters,
                                  .view = runtime->driver.overlay,
                                  .again_ms = assay_admission_repeat_ms(epoch_ms) };
    runtime_intake_open(runtime);
    runtime->serve = (struct assay_serve){ .store = runtime->config.store,
                                           .chain_id = runtime->config.genesis->chain_id,
                                           .counters = &runtime->counters,
                                           .scratch = malloc(SERVE_SCRATCH_LEN),
                                           .scratch_len = SERVE_SCRATCH_LEN,
                                           .answer = malloc(ASSAY_SYNC_ANSWER_LEN_MAX) };
    if (runtime->serve.scratch == NULL || runtime->serve.answer == NULL) return ASSAY_E_MEMORY;
    if (runtime->config.workload_path != NULL && runtime->config.workload_path[0] != '\0')
        ASSAY_TRY(assay_workload_create(runtime->config.workload_path, &runtime->workload));
    ASSAY_TRY(assay_service_probe_create(runtime->self, runtime->members, runtime->workload,
                                         &runtime->counters, &runtime->service));
    return open_pool(runtime, message);
}

static enum assay_status open_peers(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->link != NULL && runtime->addresses != NULL);
    for (uint16_t slot = 0; slot < runtime->members; slot++)
        ASSAY_TRY(runtime_dial_member(runtime, slot));
    return ASSAY_OK;
}

static enum assay_status open_link(struct assay_runtime *runtime,
                                   char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT(runtime->link == NULL && runtime->roster.count == runtime->members);
    ASSAY_ASSERT(runtime_overlay_is_used(runtime) == runtime_overlay_is_wanted(runtime));
    _Static_assert((int)ASSAY_LINK_MESSAGE_LEN <= (int)ASSAY_RUNTIME_MESSAGE_LEN, "one buffer");
    const uint32_t epoch_ms = runtime->config.genesis->parameters.epoch_ms;
    const struct assay_link_config config = {
        .roster = &runtime->roster,
        .limits = runtime->limits,
        .counters = &runtime->counters,
        .bootstrap_secret = &runtime->keyring.bootstrap_private,
        .bootstrap_public = runtime->keyring.bootstrap_public,
        .listen = runtime->config.listen,
        .redial_ms = (int)assay_max_u64(500, assay_min_u64(epoch_ms, 5000)),
        /* A returning member dials us, so the pause need not be short for it. */
        .pause_ms_max = (uint32_t)assay_max_u64(2000, assay_min_u64(epoch_ms, 30000)),
        .self_test = !runtime->renewed, /* the listener is the same */
    };
    runtime_update_roster(runtime); /* before the listener opens: members may be waiting */
    ASSAY_TRY(assay_transport_open(&config, runtime->config.transport, &runtime->link, message));
    runtime->config.transport = NULL;
    ASSAY_TRY(open_peers(runtime));
    runtime_dial_members(runtime);
    return runtime->failure;
}

/* ------------------------------------------------------------ opening and closing */

static void log_open(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->link != NULL && runtime->engine != NULL);
    ASSAY_ASSERT(runtime->config.insecure_count == 0 || runtime->config.insecure != NULL);
    struct assay_engine_snapshot snapshot;
    const bool insecure = runtime->config.policy->profile == ASSAY_PROFILE_DEVELOPMENT;
    assay_engine_snapshot(runtime->engine, &snapshot);
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "node_open")) {
        assay_log_text(&runtime->log, "listen", assay_transport_endpoint(runtime->link));
        assay_log_hex(&runtime->log, "chain", runtime->config.genesis->chain_id, 8);
        assay_log_uint(&runtime->log, "slot", runtime->self);
        assay_log_uint(&runtime->log, "members", runtime->members);
        assay_log_uint(&runtime->log, "incarnation", runtime_key_set(runtime)->incarnation);
        assay_log_uint(&runtime->log, "epoch", snapshot.epoch);
        assay_log_bool(&runtime->log, "insecure", insecure);
    }
    assay_log_end(&runtime->log);
    if (runtime->config.newcomer &&
        assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "waiting_to_join"))
        assay_log_text(&runtime->log, "note",
                       "no member in this store: it waits until a change that joins it "
                       "is in force, and begins there");
    if (runtime->config.newcomer) assay_log_end(&runtime->log);
    for (size_t i = 0; i < runtime->config.insecure_count; i++) {
        if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "insecure_setting"))
            assay_log_text(&runtime->log, "name", runtime->config.insecure[i]);
        assay_log_end(&runtime->log);
    }
    if (!insecure) return;
    if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "insecure_profile"))
        assay_log_text(&runtime->log, "note",
                       "profile development: SOFT evidence proves nothing, INSECURE");
    assay_log_end(&runtime->log);
}

static enum assay_status open_admin(struct assay_runtime *runtime,
                                    char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    if (runtime->admin != NULL) { /* the previous runtime opened it */
        ASSAY_ASSERT(runtime->renewed);
        assay_admin_set_answer(runtime->admin, runtime, &runtime->counters);
        return ASSAY_OK;
    }
    if (runtime->config.admin_path == NULL || runtime->config.admin_path[0] == '\0')
        return ASSAY_OK;
    return assay_admin_open(runtime->config.admin_path, "admin socket", ASSAY_ADMIN_LINE_MAX,
                            document_answer, runtime, &runtime->counters, &runtime->admin, message,
                            ASSAY_RUNTIME_MESSAGE_LEN);
}

/* The configured RECOVERs of the running era, before any message of a peer. */
static void accept_recovers(struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->recovers_accepted && runtime->config.recovers != NULL);
    struct assay_engine_snapshot chain;
    assay_engine_snapshot(runtime->engine, &chain);
    for (uint32_t i = 0; i < runtime->config.recover_count; i++) {
        const struct assay_accepted_recover *r = &runtime->config.recovers[i];
        if (r->era != chain.era + 1) continue;
        struct assay_event accepts = { .kind = ASSAY_EVENT_MESSAGE,
                                       .as.message = { .from = ASSAY_SLOT_SELF,
                                                       .kind = ASSAY_MESSAGE_RECOVER,
                                                       .payload = assay_slice_over(
                                                           r->accepting, r->accepting_len) } };
        const enum assay_status status = runtime_step_event(runtime, &accepts);
        runtime_process_events(runtime);
        if (status == ASSAY_OK || status == ASSAY_E_EARLY || status == ASSAY_E_AGAIN) continue;
        if (assay_log_begin(&runtime->log, ASSAY_SEVERITY_WARNING, "recover_not_accepted")) {
            assay_log_uint(&runtime->log, "number", i);
            assay_log_text(&runtime->log, "reason", assay_status_text(status));
            assay_log_end(&runtime->log);
        }
    }
}

static void accept_once(struct assay_runtime *runtime)
{
    if (runtime->config.recover_count == 0 || runtime->failure != ASSAY_OK ||
        runtime->recovers_accepted)
        return;
    runtime_process_events(runtime); /* START comes first */
    runtime->recovers_accepted = true;
    accept_recovers(runtime);
}

static enum assay_status open_all(struct assay_runtime *runtime,
                                  const struct assay_engine_renewal *renewal,
                                  char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT((renewal != NULL) == runtime->renewed);
    char name[ASSAY_NAME_MAX + 1];
    ASSAY_TRY(runtime_signals_open(runtime));
    ASSAY_TRY(runtime_keys_open(runtime, message));
    const enum assay_severity most = runtime->config.log_level < ASSAY_SEVERITY_DEBUG
                                         ? (enum assay_severity)runtime->config.log_level
                                         : ASSAY_SEVERITY_DEBUG;
    assay_log_init(&runtime->log, stderr, most,
                   runtime_slot_name(runtime, runtime->self, name, sizeof name));
    runtime_update_clock(runtime);
    runtime_timeline_open(runtime);
    ASSAY_TRY(runtime_keys_bind(runtime, message));
    (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "cannot set up the engine");
    ASSAY_TRY(open_engine(runtime, renewal));
    ASSAY_TRY(restore_engine(runtime, message));
    (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "cannot load the proposals of changes");
    ASSAY_TRY(runtime_reviews_open(runtime));
    (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "cannot set up the node");
    ASSAY_TRY(runtime_overlay_open(runtime));
    ASSAY_TRY(open_components(runtime, message));
    ASSAY_TRY(open_link(runtime, message));
    ASSAY_TRY(open_admin(runtime, message));
    ASSAY_TRY(runtime_services_open(runtime, message));
    ASSAY_TRY(runtime_publish_open(runtime, message));
    /* Last, so that a failed start leaves the keys unchanged. */
    ASSAY_TRY(runtime_keys_persist(runtime, message));
    const struct assay_event start = { .kind = ASSAY_EVENT_START };
    runtime_queue_event(runtime, &start);
    /* An unlisted key set, or one that was listed in an epoch that others closed. */
    if (runtime->keyring.next.incarnation != 0) runtime_keys_announce(runtime);
    if (!runtime->renewed) {
        runtime_changes_on_epoch(runtime); /* else on the epoch's close */
        runtime_reviews_on_epoch(runtime);
    }
    return runtime->failure;
}

/* State that a runtime passes to the next one of the process. */
struct left {
    struct assay_engine_renewal engine;
    struct assay_traffic_counters counters;
    struct assay_timeline_log *timeline;
    struct assay_latency latency;
    struct assay_admin *admin, *anchor;
    struct assay_service_server *service_server;
    struct assay_http *http;
    uint64_t started_ms, boot, reloads, drain_until_ms;
    bool reload_refused, draining;
    struct runtime_shared_identity shared;
};

static void adopt_previous(struct assay_runtime *runtime, struct left *left)
{
    ASSAY_ASSERT(!runtime->renewed && runtime->engine == NULL);
    ASSAY_ASSERT((left->service_server == NULL) == (left->anchor == NULL));
    runtime->counters = left->counters;
    runtime->timeline = left->timeline;
    left->timeline = NULL;
    runtime->latency = left->latency;
    runtime->admin = left->admin;
    runtime->anchor = left->anchor;
    runtime->service_server = left->service_server;
    runtime->http = left->http;
    runtime->renewed = true;
    runtime->started_ms = left->started_ms;
    runtime->boot = left->boot;
    runtime->reloads = left->reloads;
    runtime->shared = left->shared;
    runtime->reload_refused = left->reload_refused;
    runtime->draining = left->draining; /* an exit requested before the boundary still holds after
                                         * it */
    runtime->drain_until_ms = left->drain_until_ms;
    left->admin = left->anchor = NULL;
    left->service_server = NULL;
    left->http = NULL;
}

/* left: NULL at process start. */
static enum assay_status open_host(const struct assay_runtime_config *config, struct left *left,
                                   struct assay_runtime **out,
                                   char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    ASSAY_ASSERT(config->store != NULL && config->genesis->member_count <= ASSAY_MEMBERS_MAX);
    ASSAY_ASSERT(config->enclave.request_quote != NULL && config->enclave.order != NULL);
    ASSAY_ASSERT(config->enclave.poll_set != NULL && config->enclave.wake_at != NULL);
    ASSAY_ASSERT(config->enclave.step != NULL && config->enclave.next != NULL &&
                 config->enclave.look != NULL);
    struct assay_runtime *runtime = calloc(1, sizeof *runtime);
    if (runtime == NULL) return ASSAY_E_MEMORY;
    runtime->config = *config;
    runtime->signal_fd = -1;
    _Static_assert(ASSAY_MEMBERS_MAX <= UINT16_MAX, "slots are numbered in 16 bits");
    runtime->members = (uint16_t)config->genesis->member_count;
    runtime->keys_dir = strdup(config->keys_dir);
    runtime->waiting_end = &runtime->waiting;
    runtime->wake_at_ms = UINT64_MAX;
    runtime_update_clock(runtime);
    runtime->started_ms = runtime->now_ms;
    runtime->boot = runtime->at_unix_ms;
    if (left != NULL) adopt_previous(runtime, left);
    (void)snprintf(message, ASSAY_RUNTIME_MESSAGE_LEN, "cannot set up the node");
    enum assay_status status = runtime->keys_dir != NULL ? ASSAY_OK : ASSAY_E_MEMORY;
    if (status == ASSAY_OK && runtime->timeline == NULL)
        status = assay_timeline_log_create(config->history_events != 0 ? config->history_events
                                                                       : ASSAY_TIMELINE_KEPT_USUAL,
                                           &runtime->timeline);
    if (status == ASSAY_OK)
        status = open_all(runtime, left != NULL ? &left->engine : NULL, message);
    if (status != ASSAY_OK) {
        assay_runtime_close(&runtime);
        return status;
    }
    log_open(runtime);
    message[0] = '\0';
    *out = runtime;
    return ASSAY_OK;
}

enum assay_status assay_runtime_open(const struct assay_runtime_config *config,
                                     struct assay_runtime **out,
                                     char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    return open_host(config, NULL, out, message);
}

bool assay_runtime_is_renewing(const struct assay_runtime *runtime)
{
    return runtime->renewing && !runtime->stopping;
}

enum assay_status assay_runtime_renew(struct assay_runtime **runtime,
                                      const struct assay_runtime_config *config,
                                      char message[static ASSAY_RUNTIME_MESSAGE_LEN])
{
    struct assay_runtime *old = *runtime;
    ASSAY_ASSERT(old->renewing && old->failure == ASSAY_OK && config->state != NULL);
    ASSAY_ASSERT(old->link != NULL && old->engine != NULL);
    *runtime = NULL;
    struct left *left = calloc(1, sizeof *left);
    if (left == NULL) {
        assay_runtime_close(&old);
        return ASSAY_E_MEMORY;
    }
    *left = (struct left){ .counters = old->counters,
                           .timeline = old->timeline,
                           .latency = old->latency,
                           .admin = old->admin,
                           .anchor = old->anchor,
                           .service_server = old->service_server,
                           .http = old->http,
                           .started_ms = old->started_ms,
                           .boot = old->boot,
                           .reloads = old->reloads,
                           .shared = old->shared,
                           .reload_refused = old->reload_refused,
                           .draining = old->draining,
                           .drain_until_ms = old->drain_until_ms };
    assay_engine_renewal(old->engine, &left->engine);
    old->timeline = NULL;
    old->admin = old->anchor = NULL;
    old->service_server = NULL;
    old->http = NULL;
    assay_transport_linger(old->link, RUNTIME_LINGER_MS); /* the last messages of the epoch that
                                                           * ends */
    assay_runtime_close(&old);
    const enum assay_status status = open_host(config, left, runtime, message);
    if (status == ASSAY_OK) runtime_on_epoch_closed(*runtime, config->state->epoch);
    assay_admin_close(&left->admin);
    assay_admin_close(&left->anchor);
    assay_service_server_close(&left->service_server);
    assay_http_close(&left->http);
    assay_timeline_log_destroy(&left->timeline);
    free(left);
    ASSAY_ASSERT((status == ASSAY_OK) == (*runtime != NULL));
    return status != ASSAY_OK ? status : (*runtime)->failure;
}

void assay_runtime_close(struct assay_runtime **runtime)
{
    struct assay_runtime *h = *runtime;
    if (h == NULL) return;
    ASSAY_ASSERT(h->config.store != NULL && h->waiting_end != NULL);
    runtime_publish_close(h);
    assay_admin_close(&h->admin);
    runtime_services_close(h);
    /* Farewell of an orderly exit; a failed node sends none. */
    if (h->draining && h->stopping && h->link != NULL) runtime_send_farewell(h);
    if (h->draining && h->link != NULL) assay_transport_linger(h->link, RUNTIME_LINGER_MS);
    assay_transport_close(&h->link);
    assay_verify_pool_destroy(&h->pool);
    runtime_evidence_clear(h);
    runtime_appraisals_close(h);
    runtime_challenge_close(h);
    /* Evidence that is not committed yet; everything else was processed. */
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
    assay_evidence_cache_destroy(&h->evidence_cache);
    free(h->gossip);
    free(h->seen);
    free(h->pages);
    runtime_keys_close(h);
    if (h->signal_fd >= 0) (void)close(h->signal_fd);
    free(h->roster.entries);
    free(h->limits);
    runtime_peer_clocks_close(h);
    runtime_addresses_close(h);
    runtime_overlay_close(h);
    free(h->fail_epoch);
    runtime_changes_close(h);
    runtime_reviews_close(h);
    runtime_offers_close(h);
    runtime_key_table_close(h);
    free(h->snapshot.members);
    free(h->outgoing);
    free(h->paging);
    free(h->keys_dir);
    assay_timeline_log_destroy(&h->timeline);
    free(h);
    *runtime = NULL;
}

/* ------------------------------------------------------------ one poll */

static int sleep_ms(const struct assay_runtime *runtime, uint32_t wait_ms_max)
{
    ASSAY_ASSERT(runtime->gossip != NULL && runtime->dispatch != NULL);
    uint64_t wake = runtime->wake_at_ms;
    wake = assay_min_u64(wake, assay_gossip_wake_at(runtime->gossip));
    wake = assay_min_u64(wake, assay_peer_clocks_wake_at(&runtime->peer_clocks));
    wake = assay_min_u64(wake, runtime_overlay_wake_at(runtime));
    wake = assay_min_u64(wake, runtime->config.enclave.wake_at(runtime->config.enclave.context));
    if (runtime->workload != NULL)
        wake = assay_min_u64(wake, assay_workload_wake_at(runtime->workload));
    if (runtime->admin != NULL) wake = assay_min_u64(wake, assay_admin_wake_at(runtime->admin));
    if (runtime->service_server != NULL)
        wake = assay_min_u64(wake, assay_service_server_wake_at(runtime->service_server));
    if (runtime->anchor != NULL) wake = assay_min_u64(wake, assay_admin_wake_at(runtime->anchor));
    if (assay_dispatch_has_queued(runtime->dispatch) || wake <= runtime->now_ms) return 0;
    const uint64_t most = assay_min_u64(wait_ms_max, RUNTIME_SLEEP_MS_MAX);
    return (int)assay_min_u64(wake - runtime->now_ms, most);
}

struct polled {
    size_t count, admin_at, anchor_at, enclave_at, enclave_count;
};

static struct polled fill_fds(struct assay_runtime *runtime)
{
    struct polled p = { 0 };
    if (runtime->signal_fd >= 0)
        runtime->fds[p.count++] = (struct pollfd){ .fd = runtime->signal_fd, .events = POLLIN };
    runtime->fds[p.count++] =
        (struct pollfd){ .fd = assay_verify_pool_fd(runtime->pool), .events = POLLIN };
    if (runtime->config.fetcher != NULL)
        runtime->fds[p.count++] =
            (struct pollfd){ .fd = assay_fetcher_fd(runtime->config.fetcher), .events = POLLIN };
    if (runtime->workload != NULL)
        p.count += assay_workload_poll(runtime->workload, runtime->fds + p.count,
                                       RUNTIME_FDS_MAX - p.count);
    p.admin_at = p.count;
    if (runtime->admin != NULL)
        p.count +=
            assay_admin_poll(runtime->admin, runtime->fds + p.count, ASSAY_ADMIN_CLIENTS_MAX + 1);
    p.anchor_at = p.count;
    if (runtime->anchor != NULL)
        p.count +=
            assay_admin_poll(runtime->anchor, runtime->fds + p.count, ASSAY_ADMIN_CLIENTS_MAX + 1);
    if (runtime->http != NULL)
        runtime->fds[p.count++] =
            (struct pollfd){ .fd = assay_http_core_fd(runtime->http), .events = POLLIN };
    if (runtime->service_server != NULL)
        p.count += assay_service_server_poll(runtime->service_server, runtime->fds + p.count,
                                             ASSAY_SERVICE_SERVER_FDS_MAX);
    ASSAY_ASSERT(p.count + ASSAY_RUNTIME_ENCLAVE_FDS_MAX <= RUNTIME_FDS_MAX);
    p.enclave_at = p.count;
    p.enclave_count = runtime->config.enclave.poll_set(
        runtime->config.enclave.context, runtime->fds + p.count, ASSAY_RUNTIME_ENCLAVE_FDS_MAX);
    ASSAY_ASSERT(p.enclave_count <= ASSAY_RUNTIME_ENCLAVE_FDS_MAX);
    p.count += p.enclave_count;
    return p;
}

static void expire_periodic(struct assay_runtime *runtime)
{
    struct assay_pages_losses losses;
    if (runtime->now_ms - runtime->expired_ms < RUNTIME_SLEEP_MS_MAX) return;
    runtime->expired_ms = runtime->now_ms;
    runtime_dial_members(runtime); /* the bootstrap key was tried for long enough */
    assay_pages_expire(runtime->pages, runtime->now_ms);
    const size_t held = assay_pages_get_bytes(runtime->pages, &losses);
    ASSAY_ASSERT(held <= ASSAY_PAGE_BYTES_ALL);
    runtime->counters.value[ASSAY_COUNT_PAGE_EVICTED] = losses.evicted;
    runtime->counters.value[ASSAY_COUNT_PAGE_EXPIRED] = losses.expired;
    runtime->counters.value[ASSAY_COUNT_LOG_SUPPRESSED] = runtime->log.suppressed;
}

static void tick_engine(struct assay_runtime *runtime)
{
    if (runtime->now_ms < runtime->wake_at_ms || runtime->failure != ASSAY_OK) return;
    struct assay_event event = { .kind = ASSAY_EVENT_TICK };
    const enum assay_status status = runtime_step_event(runtime, &event);
    assay_status_ignore(status, "a failure of the host is kept in runtime->failure");
}

static void run_poll(struct assay_runtime *runtime, const struct polled *polled)
{
    ASSAY_ASSERT(polled->admin_at <= polled->anchor_at && polled->anchor_at <= polled->enclave_at);
    ASSAY_ASSERT(polled->enclave_at + polled->enclave_count == polled->count);
    const struct assay_runtime_enclave *enclave = &runtime->config.enclave;
    runtime_signals_read(runtime);
    enclave->step(enclave->context, runtime->now_ms, runtime->fds + polled->enclave_at,
                  polled->enclave_count);
    runtime_enclave_poll(runtime);
    if (runtime->workload != NULL) assay_workload_step(runtime->workload, runtime->now_ms);
    runtime_transport_poll(runtime);
    runtime_receive(runtime);
    tick_engine(runtime);
    runtime_process_events(runtime);
    if (runtime->failure != ASSAY_OK) return;
    runtime_evidence_poll(runtime);
    runtime_collateral_poll(runtime);
    runtime_workload_poll(runtime);
    runtime_peer_clocks_poll(runtime, false);
    runtime_overlay_poll(runtime);
    runtime_process_events(runtime);
    if (runtime->admin != NULL)
        assay_admin_step(runtime->admin, runtime->now_ms,
                         runtime->fds[polled->admin_at].revents != 0);
    if (runtime->anchor != NULL)
        assay_admin_step(runtime->anchor, runtime->now_ms,
                         runtime->fds[polled->anchor_at].revents != 0);
    runtime_services_poll(runtime);
    runtime_drain_poll(runtime);
    runtime_publish_poll(runtime);
    expire_periodic(runtime);
    if (runtime->config.turned != NULL)
        runtime->config.turned(runtime->config.turned_context, runtime->now_ms);
}

enum assay_status assay_runtime_poll(struct assay_runtime *runtime, uint32_t wait_ms_max)
{
    ASSAY_ASSERT(runtime->link != NULL && runtime->pool != NULL);
    if (runtime->failure != ASSAY_OK) return runtime->failure;
    if (runtime->stopping || runtime->renewing) return ASSAY_OK;
    runtime_update_clock(runtime);
    accept_once(runtime);
    if (runtime->failure != ASSAY_OK) return runtime->failure;
    if (runtime->renewing) return ASSAY_OK; /* a new era has begun */
    const struct polled polled = fill_fds(runtime);
    assay_transport_pause(runtime->link, runtime->waiting != NULL);
    const enum assay_status status = assay_transport_wait(
        runtime->link, runtime->now_ms, runtime->fds, polled.count, sleep_ms(runtime, wait_ms_max));
    if (status != ASSAY_OK) runtime_fail(runtime, status, "poll");
    runtime_update_clock(runtime);
    if (runtime->failure == ASSAY_OK) run_poll(runtime, &polled);
    if (runtime->failure != ASSAY_OK) return runtime->failure;
    return runtime->stopping || runtime->renewing || runtime->reloading ? ASSAY_OK : ASSAY_E_AGAIN;
}

enum assay_status assay_runtime_run(struct assay_runtime *runtime)
{
    enum assay_status status = ASSAY_E_AGAIN;
    while (status == ASSAY_E_AGAIN)
        status = assay_runtime_poll(runtime, RUNTIME_SLEEP_MS_MAX);
    if (status == ASSAY_OK && runtime->stopping &&
        assay_log_begin(&runtime->log, ASSAY_SEVERITY_INFO, "node_closed"))
        assay_log_end(&runtime->log);
    return status;
}

void assay_runtime_stop(struct assay_runtime *runtime)
{
    runtime->stopping = 1;
}

const struct assay_engine *assay_runtime_engine(const struct assay_runtime *runtime)
{
    ASSAY_ASSERT(runtime->engine != NULL);
    return runtime->engine;
}
