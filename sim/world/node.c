/*
 * sim/world/node.c - life of one node: keys, store, engine, crash and restart.
 */
#define _GNU_SOURCE
#include "engine/ledger/state/state.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { US = 1000, BLOCKS_MAX = 96 };

static void load_signer(const struct assay_secret32 *key, struct assay_p256_signer **signer)
{
    assay_p256_signer_free(signer);
    const enum assay_status status = assay_p256_signer_load(key, signer);
    ASSAY_ASSERT(status == ASSAY_OK);
}

static void public_identity(const struct assay_sim_world *w, uint32_t node, uint64_t turn,
                            struct assay_secret32 *key,
                            uint8_t public[static ASSAY_P256_PUBLIC_LEN])
{
    world_key(w, node, KEY_IDENTITY, turn, key);
    const enum assay_status status = assay_p256_public(key, public);
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* The first identity key, which names the node. */
static void make_identity(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_secret32 key;
    public_identity(w, node, 0, &key, n->identity_public);
    load_signer(&key, &n->identity);
    assay_sha256(n->identity_public, sizeof n->identity_public, n->node_id);
}

/* net/runtime/runtime_keys.c: of the identity keys that its operator has for it, the one that its
 * state lists. Turn 0 is the first one, then those of the rows of the scenario. */
static void follow_identity(struct assay_sim_world *w, uint32_t node,
                            const struct assay_genesis *rules)
{
    struct world_node *n = &w->nodes[node];
    const struct assay_genesis_member *m = &rules->members[node];
    if (node >= rules->member_count || !assay_bytes_equal(m->node_id, n->node_id, 32)) return;
    if (assay_bytes_equal(m->identity_public, n->identity_public, sizeof n->identity_public))
        return;
    for (uint64_t turn = 0; turn <= ASSAY_SIM_CHANGES_MAX; turn++) {
        struct assay_secret32 key;
        uint8_t public[ASSAY_P256_PUBLIC_LEN];
        public_identity(w, node, turn, &key, public);
        if (!assay_bytes_equal(m->identity_public, public, sizeof public)) continue;
        load_signer(&key, &n->identity);
        assay_bytes_copy(n->identity_public, sizeof n->identity_public, public, sizeof public);
        return;
    }
}

/* The key set of an incarnation; the transport key is only a name here. */
static void make_keys(struct assay_sim_world *w, uint32_t node, uint64_t turn)
{
    struct world_node *n = &w->nodes[node];
    struct assay_secret32 key;
    world_key(w, node, KEY_VOTING, turn, &key);
    enum assay_status status = assay_p256_public(&key, n->keys.voting_public);
    ASSAY_ASSERT(status == ASSAY_OK);
    load_signer(&key, &n->voting);
    n->asked = n->finished = n->lost_log = false;
    world_key(w, node, KEY_TRANSPORT, turn, &key);
    assay_bytes_copy(n->keys.transport_public, 32, key.bytes, 32);
    n->key_turn = turn;
}

void world_node_create(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    enum assay_status status = assay_store_memory_create(&n->store);
    ASSAY_ASSERT(status == ASSAY_OK);
    n->agent = assay_agent_memory_none();
    n->counters = calloc(1, sizeof *n->counters);
    n->signed_ = calloc(SIGNED_KEPT, sizeof *n->signed_);
    n->signed_keys = calloc(SIGNED_KEPT, sizeof *n->signed_keys);
    ASSAY_ASSERT(n->counters != NULL && n->signed_ != NULL && n->signed_keys != NULL);
    n->roster = (struct assay_roster){ .count = w->options.nodes, .self = (uint16_t)node };
    n->roster.entries = calloc(w->options.nodes, sizeof *n->roster.entries);
    ASSAY_ASSERT(n->roster.entries != NULL);
    const uint64_t skew_us = (uint64_t)w->options.skew_ms * US;
    n->skew_us = (int64_t)assay_sim_random_below(&w->clocks, 2 * skew_us + 1) - (int64_t)skew_us;
    make_identity(w, node);
    make_keys(w, node, 0);
    n->keys.incarnation = 1;
    n->born = node + w->options.spares < w->options.nodes;
    n->level = w->options.level;
}

static void free_memory(struct world_node *n)
{
    const int unmapped = n->memory != NULL ? munmap(n->memory, n->memory_len) : 0;
    ASSAY_ASSERT(unmapped == 0);
    n->memory = NULL;
    n->memory_len = 0;
}

void world_node_destroy(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    if (n->alive) world_node_close(w, node);
    free_memory(n);
    for (size_t i = 0; i < n->image_count; i++)
        assay_store_close(&n->images[i].store);
    free(n->images);
    assay_store_close(&n->store);
    assay_p256_signer_free(&n->voting);
    assay_p256_signer_free(&n->identity);
    if (n->first_quote != NULL) world_payload_drop(w, n->first_quote);
    free(n->counters);
    free(n->rules);
    free(n->joining);
    free(n->roster.entries);
    free(n->overlay_memory);
    free(n->limits);
    free(n->signed_);
    free(n->signed_keys);
}

/* --- restoring the engine from the store */

struct restoring {
    struct assay_sim_world *w;
    uint32_t node;
    enum assay_store_class class_;
    bool refused;
};

static bool restore_one(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct restoring *r = context;
    struct assay_event event = { .kind = ASSAY_EVENT_RESTORE,
                                 .now_ms = world_mono_ms(r->w, r->node) };
    event.as.restore.class_ = r->class_;
    event.as.restore.key = *key;
    event.as.restore.value = value;
    const enum assay_status status =
        assay_engine_step(r->w->nodes[r->node].engine, &event, r->w->effects);
    r->refused = status != ASSAY_OK;
    if (r->refused && !r->w->nodes[r->node].faulty_store)
        world_report_violation(r->w, ASSAY_SIM_CHECKER_INVARIANTS,
                               "node %u: restore of class %d refused: %s", r->node, (int)r->class_,
                               assay_status_symbol(status));
    return status == ASSAY_OK;
}

/* Returns: false when the engine refused a stored value. */
static bool restore_all(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct restoring r = { .w = w, .node = node };
    for (const enum assay_store_class *c = assay_engine_restore_order(); *c != 0; c++) {
        struct assay_store_key from = { 0 };
        struct assay_store_key to = { .era = UINT32_MAX,
                                      .epoch = ASSAY_STORE_NUMBER_MAX,
                                      .number = ASSAY_STORE_NUMBER_MAX };
        for (size_t i = 0; i < sizeof to.id; i++)
            to.id[i] = 0xff;
        r.class_ = *c;
        assay_engine_restore_from(n->engine, *c, &from.era, &from.epoch);
        const enum assay_status status =
            assay_store_scan(n->store, *c, &from, &to, false, restore_one, &r);
        ASSAY_ASSERT(status == ASSAY_OK);
        if (r.refused) return false;
    }
    return true;
}

static void empty_store(struct world_node *n)
{
    n->fenced_eras = 0;
    n->answered_eras = 0;
    assay_store_close(&n->store);
    const enum assay_status status = assay_store_memory_create(&n->store);
    ASSAY_ASSERT(status == ASSAY_OK);
}

struct copying {
    struct assay_store *to;
    enum assay_store_class class_;
};

static bool copy_one(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    const struct copying *c = context;
    const enum assay_status status = assay_store_put(c->to, c->class_, key, value);
    ASSAY_ASSERT(status == ASSAY_OK);
    return true;
}

/* An operator's bundle: a member's state, its proof, and the changes that made its rules. */
static void copy_bundle(const struct assay_store *from, struct assay_store *to)
{
    static const enum assay_store_class classes[] = { ASSAY_STORE_STATE, ASSAY_STORE_FINALITY,
                                                      ASSAY_STORE_CHANGE, ASSAY_STORE_COLLATERAL };
    const struct assay_store_key first = { 0 };
    struct assay_store_key last = { .era = UINT32_MAX,
                                    .epoch = ASSAY_STORE_NUMBER_MAX,
                                    .number = ASSAY_STORE_NUMBER_MAX };
    for (size_t i = 0; i < sizeof last.id; i++)
        last.id[i] = 0xff;
    struct assay_store *image = NULL; /* the committed contents */
    enum assay_status status = assay_store_memory_snapshot(from, &image);
    ASSAY_ASSERT(status == ASSAY_OK);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        struct copying c = { to, classes[i] };
        status = assay_store_scan(image, classes[i], &first, &last, false, copy_one, &c);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    status = assay_store_commit(to);
    ASSAY_ASSERT(status == ASSAY_OK);
    assay_store_close(&image);
}

/* By era, then by the epochs that it closed. */
static bool is_newer_donor(const struct world_node *a, const struct world_node *b)
{
    return a->seen_era != b->seen_era ? a->seen_era > b->seen_era : a->closed > b->closed;
}

/* From the genesis and an empty store it knows no member that it could fetch the chain from: the
 * genesis does not list it (it joined), or lists no other member that still has a machine. */
static bool needs_bundle(const struct assay_sim_world *w, uint32_t node)
{
    if (w->nodes[node].bundled) return true;
    for (uint32_t i = 0; i < w->genesis->member_count; i++) {
        const struct world_node *n = &w->nodes[i];
        if (i != node && n->born &&
            assay_bytes_equal(n->node_id, w->genesis->members[i].node_id, 32))
            return false;
    }
    return true;
}

/* docs/operations.md 9: its operator restores an archive of another node, the newest there is. */
static void copy_bundle_again(struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *donor = NULL;
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        const struct world_node *n = &w->nodes[i];
        if (i == node || n->store == NULL || n->wipes) continue;
        if (donor == NULL || is_newer_donor(n, donor)) donor = n;
    }
    if (donor != NULL) copy_bundle(donor->store, w->nodes[node].store);
    else ASSAY_ASSERT(!w->nodes[node].bundled); /* it was always alone: it starts from genesis */
}

static void lose_store(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    empty_store(n);
    world_history_forget(w, node);
    n->store_bound = false;
    if (needs_bundle(w, node)) copy_bundle_again(w, node);
}

/* --- start */

/* The rules before those on trial, from its store; none are modelled for real evidence. */
static enum assay_status load_before(struct assay_sim_world *w, uint32_t node,
                                     const struct assay_effective_rules *rules)
{
    struct world_node *n = &w->nodes[node];
    uint8_t bytes[SET_KEPT];
    struct assay_slice document;
    n->before_set_len = 0;
    assay_bytes_zero(n->before_fails, sizeof n->before_fails);
    if (rules->state == NULL || !assay_trial_runs(&rules->state->trial) || w->soft != NULL)
        return ASSAY_OK;
    const struct assay_rules_in_force *before = &rules->state->trial.before;
    ASSAY_TRY(assay_host_rules_document(w->genesis, n->store, before->policy_digest, bytes,
                                        sizeof bytes, &document));
    world_policy_fails(document, n->before_fails);
    ASSAY_TRY(assay_host_rules_document(w->genesis, n->store, before->endorsements_digest, bytes,
                                        sizeof bytes, &document));
    assay_bytes_copy(n->before_set, sizeof n->before_set, document.bytes, document.len);
    n->before_set_len = document.len;
    return ASSAY_OK;
}

static enum assay_status load_rules(struct assay_sim_world *w, uint32_t node,
                                    struct assay_effective_rules *rules)
{
    const struct world_node *n = &w->nodes[node];
    ASSAY_TRY(
        assay_host_rules_load(n->rules, assay_host_rules_size(), w->genesis, n->store, rules));
    return load_before(w, node, rules);
}

/* The rules of the newest state on its disk. */
static struct assay_effective_rules load_effective_rules(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_effective_rules rules = { .genesis = w->genesis };
    if (n->rules == NULL) n->rules = aligned_alloc(64, assay_host_rules_size());
    ASSAY_ASSERT(n->rules != NULL);
    enum assay_status status = load_rules(w, node, &rules);
    if (status != ASSAY_OK && n->faulty_store) {
        /* A document that its state names was torn off: the daemon reports it and exits
         * (net/verifier/rule_documents.c); the operator starts from an empty disk. */
        lose_store(w, node);
        rules = (struct assay_effective_rules){ .genesis = w->genesis };
        status = load_rules(w, node, &rules);
    }
    if (status != ASSAY_OK)
        world_report_violation(w, ASSAY_SIM_CHECKER_INVARIANTS, "node %u: its rules: %s", node,
                               assay_status_symbol(status));
    return rules;
}

/* By the plan in force, which may differ from that of the genesis. */
static const struct assay_services *services_of(const struct assay_sim_world *w,
                                                const struct assay_genesis *rules)
{
    const struct assay_slice plan = rules->services;
    if (plan.len == 0) return NULL;
    if (assay_slice_equal(plan, w->genesis->services)) return w->options.services;
    ASSAY_ASSERT(w->options.services_of != NULL); /* no change brings a plan then */
    return w->options.services_of(w->options.services_context, plan);
}

/* A new secret for each engine; no other draw depends on it. */
static void draw_secret(struct assay_sim_world *w, uint32_t node, uint8_t secret[static 32])
{
    const uint64_t drawn[] = { w->options.seed, node, w->nodes[node].engines++ };
    uint8_t input[3 * 8];
    for (size_t i = 0; i < sizeof input; i++)
        input[i] = (uint8_t)(drawn[i / 8] >> 8 * (i % 8));
    assay_sha256(input, sizeof input, secret);
}

/* An engine writes most of its memory when it is created. In large pages that is hundreds of times
 * fewer page faults; networks of many nodes need the memory that rounding up would cost. A mapping
 * of its own, kept for the next engine of the node and closed meanwhile: any use of an engine that
 * has ended is stopped, in every build.
 * Returns: [len], aligned. */
static void *open_memory(const struct assay_sim_world *w, struct world_node *n, size_t len)
{
    enum { LARGE_PAGE = 2 << 20, LARGE_NODES_MAX = 64, SMALL_PAGE = 4096 };
    const bool large = w->options.nodes <= LARGE_NODES_MAX;
    const size_t unit = large ? LARGE_PAGE : SMALL_PAGE;
    const size_t needed = (len + unit - 1) / unit * unit + unit;
    if (needed > n->memory_len) {
        free_memory(n);
        n->memory =
            mmap(NULL, needed, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        ASSAY_ASSERT(n->memory != MAP_FAILED);
        n->memory_len = needed;
        if (large) (void)madvise(n->memory, needed, MADV_HUGEPAGE); /* where the kernel has them */
    }
    const int opened = mprotect(n->memory, n->memory_len, PROT_READ | PROT_WRITE);
    ASSAY_ASSERT(opened == 0);
    return (uint8_t *)n->memory + (unit - (uintptr_t)n->memory % unit) % unit;
}

static void make_engine(struct assay_sim_world *w, uint32_t node, bool keys_unused,
                        const struct assay_engine_renewal *renewal)
{
    struct world_node *n = &w->nodes[node];
    const struct assay_effective_rules rules = load_effective_rules(w, node);
    const bool newcomer = n->joining != NULL && rules.state == NULL;
    struct assay_engine_config config = { .genesis = newcomer ? n->joining : rules.genesis,
                                          .newcomer = newcomer,
                                          .neighbours = w->options.nodes > w->options.overlay_above,
                                          .level = n->level,
                                          .state = rules.state,
                                          .renewal = renewal,
                                          .self = (uint16_t)node,
                                          .keys = n->keys,
                                          .keys_unused = keys_unused,
                                          .log_kept = n->store_bound && !keys_unused,
                                          .document_check =
                                              w->soft == NULL ? world_document_check : NULL,
                                          .updates = w->soft == NULL ? &w->updates : NULL,
                                          .plan_follow = w->options.plan_follow,
                                          .services = services_of(w, rules.genesis),
                                          .checkpoint = w->options.checkpoint,
                                          .history_epochs = w->options.history_epochs,
                                          .key_tables = w->options.key_tables,
                                          .blocks_max = BLOCKS_MAX };
    draw_secret(w, node, config.confirm_secret);
    const size_t len = assay_engine_size(&config);
    w->engine_len = len;
    void *memory = open_memory(w, n, len);
    const enum assay_status status = assay_engine_init(memory, len, &config, &n->engine);
    ASSAY_ASSERT(status == ASSAY_OK);
    n->roster.count = config.genesis->member_count;
    follow_identity(w, node, config.genesis);
    world_policy_fails(rules.genesis->policy, n->fails);
    n->collateral = rules.genesis->endorsements;
}

const struct assay_member *world_member(const struct assay_state *state, uint32_t slot)
{
    static const struct assay_member nobody;
    return slot < state->member_count ? &state->members[slot] : &nobody;
}

uint32_t world_members(const struct assay_sim_world *w, uint32_t node)
{
    return w->nodes[node].roster.count;
}

/* A restarted daemon has lost the costs of its peers. */
static void make_limits(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_limit_rates rates;
    if (!w->options.limits) return;
    if (n->limits == NULL) n->limits = calloc(w->options.nodes, sizeof *n->limits);
    ASSAY_ASSERT(n->limits != NULL);
    if (w->options.nodes > w->options.overlay_above)
        assay_limit_rates_near(world_epoch_ms(w, node), w->options.nodes, &rates);
    else assay_limit_rates(world_epoch_ms(w, node), w->options.nodes, &rates);
    for (uint32_t i = 0; i < w->options.nodes; i++)
        assay_limit_init(&n->limits[i], &rates, world_mono_ms(w, node));
}

static void make_gossip(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    const struct assay_gossip_config config = {
        .self = (uint16_t)node,
        .members = n->roster.count,
        .retry_ms = world_overlay_used(w, node)
                        ? assay_gossip_retry_near_ms(world_epoch_ms(w, node))
                        : assay_gossip_retry_ms(world_epoch_ms(w, node)),
        .retry_max_ms = assay_gossip_retry_max_ms(world_epoch_ms(w, node)),
        .patience_ms = assay_gossip_patience_ms(world_epoch_ms(w, node)),
        .counters = n->counters,
        .view = n->driver.overlay,
    };
    void *flights = aligned_alloc(64, (assay_gossip_size() + 63) / 64 * 64);
    void *seen = aligned_alloc(64, (assay_seen_size() + 63) / 64 * 64);
    ASSAY_ASSERT(flights != NULL && seen != NULL);
    n->gossip = assay_gossip_init(flights, &config);
    n->seen = assay_seen_init(seen, world_epoch_ms(w, node));
    n->admission =
        (struct assay_admission){ .roster = &n->roster,
                                  .limits = n->limits,
                                  .seen = n->seen,
                                  .counters = n->counters,
                                  .view = n->driver.overlay,
                                  .again_ms = assay_admission_repeat_ms(world_epoch_ms(w, node)) };
}

/* The keys are bound to one store (net/runtime/runtime_keys.c): with an empty store the daemon
 * makes new keys first. */
static void start_with_new_keys(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    lose_store(w, node);
    make_keys(w, node, n->key_turn + 1);
    n->keys.incarnation++;
    if (n->faulty_store) n->faulty_until = n->closed + 1 + ASSAY_RETAINED_EPOCHS;
    n->faulty_store = false; /* its log belonged to finished keys */
}

/* A node that needs an archive to start from has a store that names no key set (docs/protocol.md
 * 2.7.2): new keys. */
static void lose_log(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    n->loses_log = false;
    n->lost_log = n->recovering = true;
    if (needs_bundle(w, node)) start_with_new_keys(w, node);
    else lose_store(w, node);
}

/* Damage to the disk by a fault of the scenario or the test. */
static void damage_disk(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    if (n->acts.loses_store) { /* the host does not notice */
        n->acts.loses_store = false;
        lose_store(w, node);
    }
    if (n->loses_log && !n->wipes) lose_log(w, node);
    if (n->wipes) start_with_new_keys(w, node);
    if (!n->rolls_back || n->wipes) return;
    n->rolls_back = false;
    const struct world_image *image = NULL;
    for (size_t i = 0; i < n->image_count; i++)
        if (n->images[i].epoch + n->rolls_back_epochs <= n->closed) image = &n->images[i];
    if (image == NULL && n->image_count > 0) image = &n->images[0]; /* the oldest one */
    if (image == NULL) return;
    const enum assay_status status = assay_store_memory_restore(n->store, image->store);
    ASSAY_ASSERT(status == ASSAY_OK);
    n->faulty_store = true;
    world_history_forget(w, node);
    n->lost_era = n->seen_era;
    n->fenced_eras = 0; /* its disk may be older than the fence: it is fenced again */
    n->answered_eras = 0;
    world_evidence_forget(w, node, image->epoch + 1);
}

static void restore_store(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    if (restore_all(w, node)) return;
    if (!n->faulty_store) return; /* already a violation */
    /* A disk that contradicts itself: the operator starts from an empty one. */
    lose_store(w, node);
    assay_engine_deinit(&n->engine);
    make_engine(w, node, false, NULL);
}

static void push_start(struct assay_sim_world *w, uint32_t node)
{
    struct item *item = world_item(w, node, ITEM_ANSWER);
    item->answer = world_answer(w, ASSAY_EVENT_START);
    world_push(w, item, w->now_us);
    world_run_started(w, node);
}

/* unused: the host vouches that its keys never signed. */
static void start_node(struct assay_sim_world *w, uint32_t node, bool again, bool unused)
{
    struct world_node *n = &w->nodes[node];
    make_engine(w, node, unused, NULL);
    n->store_bound =
        n->store_bound || unused; /* net/runtime/runtime_keys.c: before anything is signed */
    n->wipes = false;
    make_limits(w, node);
    n->alive = true;
    n->boots++;
    n->life++;
    n->wake_us = n->wake_item_us = n->gossip_item_us = n->overlay_item_us = UINT64_MAX;
    n->verifier_us = n->uplink_us = w->now_us;
    n->verified = 0;
    n->crash_at = CRASH_NEVER;
    assay_host_roster_update(&n->roster, n->engine);
    world_overlay_open(w, node);
    make_gossip(w, node);
    if (again) restore_store(w, node);
    assay_host_roster_update(&n->roster, n->engine);
    struct assay_engine_snapshot snapshot;
    assay_engine_snapshot(n->engine, &snapshot);
    n->closed = snapshot.epoch - 1;
    n->came_back = again;
    /* Listed keys may have signed more than the log contains. */
    n->asked = again && n->engine->key_state->listed;
    n->finished = false;
    world_trace(w, node, ITEM_REBOOT, again, NULL);
    world_overlay_turn(w, node);
    push_start(w, node);
    if (again) world_host_resume_agent(w, node);
}

void world_node_open(struct assay_sim_world *w, uint32_t node, bool again)
{
    struct world_node *n = &w->nodes[node];
    const bool forgets =
        again && (w->options.plant == ASSAY_SIM_WORLD_PLANT_FORGETS || n->first_day);
    if (again && n->first_day) lose_store(w, node);
    n->first_day = false;
    if (again) damage_disk(w, node);
    start_node(w, node, again, !again || forgets || n->wipes);
    if (again) world_run_up(w, node);
}

/* --- newcomers */

/* Only the platform remains of the previous node in the slot. */
static void clear_machine(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    for (size_t i = 0; i < n->image_count; i++)
        assay_store_close(&n->images[i].store);
    n->image_count = 0;
    if (n->first_quote != NULL) world_payload_drop(w, n->first_quote);
    n->first_quote = NULL;
    n->agent = assay_agent_memory_none();
    n->agent_differs = 0;
    for (size_t i = 0; i < sizeof n->last_orders / sizeof n->last_orders[0]; i++)
        n->last_orders[i] = (struct assay_order){ 0 };
    n->acts = (struct assay_sim_world_acts){ 0 };
    n->wipes = n->rolls_back = n->faulty_store = n->accepts = false;
    n->first_day = n->loses_log = n->lost_log = n->recovering = false;
    n->kills = 0;
    n->faulty_until = n->still_until_us = 0;
    world_evidence_forget(w, node, 0);
    world_history_forget(w, node);
}

void world_node_join(struct assay_sim_world *w, uint32_t node, uint32_t set, uint32_t donor)
{
    struct world_node *n = &w->nodes[node];
    ASSAY_ASSERT(!n->alive && node != donor);
    clear_machine(w, node);
    w->deal[node] = set;
    make_identity(w, node);
    make_keys(w, node, 0);
    n->keys.incarnation = 1;
    empty_store(n);
    copy_bundle(w->nodes[donor].store, n->store);
    n->born = n->bundled = true;
    start_node(w, node, true, true);
}

void world_node_newcomer(struct assay_sim_world *w, uint32_t node, uint32_t set)
{
    struct world_node *n = &w->nodes[node];
    char name[WORLD_NAME_LEN];
    ASSAY_ASSERT(!n->alive && n->joining == NULL && node == w->genesis->member_count);
    w->deal[node] = set;
    make_identity(w, node);
    make_keys(w, node, 0);
    n->keys.incarnation = 1;
    n->joining = malloc(sizeof *n->joining);
    ASSAY_ASSERT(n->joining != NULL);
    *n->joining = *w->genesis;
    struct assay_genesis_member *own = &n->joining->members[node];
    world_card(w, node, set, own, name);
    own->name = assay_slice_over("newcomer", 8);
    assay_sha256(own->identity_public, sizeof own->identity_public, own->node_id);
    n->joining->member_count++;
    n->born = true;
    start_node(w, node, false, true);
}

/* The agent of net/runtime/runtime.c: the engine of the next epoch takes over in the same
 * process. */
void world_node_renew(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_engine_renewal renewal;
    const uint32_t era = n->engine->head->state.era;
    world_check_leaves_epoch(w, node);
    assay_engine_renewal(n->engine, &renewal);
    assay_engine_deinit(&n->engine);
    make_engine(w, node, false, &renewal);
    if (n->engine->head->state.era != era) {
        /* protocol.md 9.11: what its log lacks is of a finished era, unless its disk is older than
         * an era that it took part in; then it requests its signatures from peers, as after any
         * start. */
        const uint32_t now = n->engine->head->state.era;
        const bool was_there = now <= n->lost_era;
        n->finished = false;
        n->asked = was_there && n->engine->key_state->listed;
        if (!was_there) {
            n->faulty_store = false;
            n->faulty_until = 0;
        }
        if (now > n->seen_era) n->seen_era = now;
        world_run_era(w, node, n->engine->head->state.era);
    }
    world_check_renewed(w, node);
    n->life++;
    n->wake_us = n->wake_item_us = n->gossip_item_us = n->overlay_item_us = UINT64_MAX;
    world_follow(w, node);
    free(n->gossip);
    free(n->seen);
    assay_host_roster_update(&n->roster, n->engine);
    world_overlay_renewed(w, node);
    make_gossip(w, node);
    restore_store(w, node);
    push_start(w, node);
}

void world_node_close(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    world_trace(w, node, ITEM_DIE, 0, NULL);
    n->died_in_era = n->engine->head->state.era;
    assay_engine_deinit(&n->engine);
    free(n->gossip);
    free(n->seen);
    n->gossip = NULL;
    n->seen = NULL;
    const int closed = mprotect(n->memory, n->memory_len, PROT_NONE);
    ASSAY_ASSERT(closed == 0);
    n->alive = false;
    w->count.crashes++;
    world_run_down(w, node);
}

void world_node_die(struct assay_sim_world *w, uint32_t node, uint64_t down_ms)
{
    assay_sim_world_kill(w, node);
    world_push(w, world_item(w, node, ITEM_REBOOT), w->now_us + down_ms * US);
}

void world_node_image(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_node *n = &w->nodes[node];
    struct world_image image = { .epoch = epoch };
    const enum assay_status status = assay_store_memory_snapshot(n->store, &image.store);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (n->images == NULL) n->images = calloc(IMAGES_KEPT, sizeof *n->images);
    ASSAY_ASSERT(n->images != NULL);
    if (n->image_count == IMAGES_KEPT) {
        assay_store_close(&n->images[0].store);
        for (size_t i = 1; i < IMAGES_KEPT; i++)
            n->images[i - 1] = n->images[i];
        n->image_count--;
    }
    n->images[n->image_count++] = image;
}

static void notify_keys(struct assay_sim_world *w, uint32_t node)
{
    const struct world_node *n = &w->nodes[node];
    struct assay_event event = { .kind = ASSAY_EVENT_KEYS };
    assay_bytes_copy(event.as.keys.voting_public, 64, n->keys.voting_public, 64);
    assay_bytes_copy(event.as.keys.transport_public, 32, n->keys.transport_public, 32);
    (void)world_step(w, node, &event);
}

enum assay_status assay_sim_world_serve(struct assay_sim_world *w, uint32_t node, uint32_t kind,
                                        const uint8_t *payload, size_t len)
{
    struct assay_event event = {
        .kind = ASSAY_EVENT_SUBMIT,
        .as.submit = { .kind = kind, .payload = assay_slice_over(payload, len) },
    };
    ASSAY_ASSERT(w->nodes[node].alive);
    return world_step(w, node, &event);
}

enum assay_status assay_sim_world_declare(struct assay_sim_world *w, uint32_t node,
                                          struct assay_slice list)
{
    struct assay_event event = { .kind = ASSAY_EVENT_DECLARE, .as.declare = { .list = list } };
    ASSAY_ASSERT(w->nodes[node].alive);
    return world_step(w, node, &event);
}

void world_node_fresh_keys(struct assay_sim_world *w, uint32_t node)
{
    make_keys(w, node, w->nodes[node].key_turn + 1);
}

void world_node_replace_keys(struct assay_sim_world *w, uint32_t node)
{
    make_keys(w, node, w->nodes[node].key_turn + 1);
    notify_keys(w, node);
}

/* The agent has started the right build: new keys, to be listed. */
void world_node_new_keys(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_member_snapshot member;
    assay_engine_member_snapshot(n->engine, (uint16_t)node, &member);
    make_keys(w, node, n->key_turn + 1);
    n->keys.incarnation = member.incarnation + 1;
    n->acts.tampered = n->acts.foreign_platform = false;
    if (n->faulty_store) n->faulty_until = n->closed + 1 + ASSAY_RETAINED_EPOCHS;
    n->faulty_store = false; /* its log belongs to finished keys */
    notify_keys(w, node);
}
