/*
 * tests/support/world_node.c - one node's host: signs, persists, sends, acts, in that order.
 */
#include "engine/engine_internal.h" /* WORLD_PLANT_STATE reaches into a machine */
#include "tests/support/world_internal.h"

#include <stdlib.h>
#include <string.h>

static void load_signer(const struct assay_secret32 *key, struct assay_p256_signer **signer)
{
    assay_p256_signer_free(signer);
    const enum assay_status status = assay_p256_signer_load(key, signer);
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* A key set of an incarnation; the transport key is only a name here. */
static void make_keys(struct world *w, uint32_t node, uint64_t turn)
{
    struct world_node *n = &w->nodes[node];
    struct assay_secret32 key;
    world_key(w, node, 1, turn, &key);
    enum assay_status status = assay_p256_public(&key, n->keys.voting_public);
    ASSAY_ASSERT(status == ASSAY_OK);
    load_signer(&key, &n->voting);
    world_key(w, node, 2, turn, &key);
    assay_bytes_copy(n->keys.transport_public, 32, key.bytes, 32);
    world_key(w, node, 0, 0, &key);
    load_signer(&key, &n->identity);
    n->key_turn = turn;
}

static bool restore_one(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct {
        struct world *w;
        uint32_t node;
        enum assay_store_class class_;
    } *c = context;
    struct assay_event event = { .kind = ASSAY_EVENT_RESTORE, .now_ms = c->w->now_ms + 1000 };
    event.as.restore.class_ = c->class_;
    event.as.restore.key = *key;
    event.as.restore.value = value;
    const enum assay_status status =
        assay_engine_step(c->w->nodes[c->node].engine, &event, c->w->effects);
    if (status != ASSAY_OK)
        world_broken(c->w, "node %u: restore of class %d refused: %s", c->node, (int)c->class_,
                     assay_status_symbol(status));
    return status == ASSAY_OK;
}

static void restore_all(struct world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    for (const enum assay_store_class *c = assay_engine_restore_order(); *c != 0; c++) {
        struct {
            struct world *w;
            uint32_t node;
            enum assay_store_class class_;
        } context = { w, node, *c };
        struct assay_store_key from = { 0 };
        struct assay_store_key to = { .era = UINT32_MAX,
                                      .epoch = ASSAY_STORE_NUMBER_MAX,
                                      .number = ASSAY_STORE_NUMBER_MAX };
        memset(to.id, 0xff, sizeof to.id);
        assay_engine_restore_from(n->engine, *c, &from.era, &from.epoch);
        const enum assay_status status =
            n->store->ops->scan(n->store, *c, &from, &to, false, restore_one, &context);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
}

void world_node_open(struct world *w, uint32_t node, bool restore)
{
    struct world_node *n = &w->nodes[node];
    if (n->voting == NULL) {
        make_keys(w, node, 0);
        n->keys.incarnation = 1;
    }
    const struct assay_engine_config config = { .genesis = w->genesis,
                                                .self = (uint16_t)node,
                                                .keys = n->keys,
                                                .keys_unused = !restore,
                                                .blocks_max = 96 };
    const size_t len = assay_engine_size(&config);
    n->memory = aligned_alloc(64, (len + 63) & ~(size_t)63);
    ASSAY_ASSERT(n->memory != NULL);
    const enum assay_status status = assay_engine_init(n->memory, len, &config, &n->engine);
    ASSAY_ASSERT(status == ASSAY_OK);
    if (n->evidence == NULL) n->evidence = calloc(EVIDENCE_KEPT, sizeof *n->evidence);
    if (n->signed_ == NULL) n->signed_ = calloc(SIGNED_KEPT, sizeof *n->signed_);
    ASSAY_ASSERT(n->evidence != NULL && n->signed_ != NULL);
    n->alive = true;
    n->life++;
    n->wake_ms = UINT64_MAX;
    if (restore) restore_all(w, node);
    struct assay_engine_view view;
    assay_engine_view(n->engine, &view);
    n->closed = view.epoch - 1;
    const struct assay_event start = { .kind = ASSAY_EVENT_START };
    world_step(w, node, &start);
}

void world_node_close(struct world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    assay_engine_deinit(&n->engine);
    free(n->memory);
    n->memory = NULL;
    n->alive = false;
}

void world_node_keys(struct world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    struct assay_member_view member;
    assay_engine_member_view(n->engine, (uint16_t)node, &member);
    make_keys(w, node, n->key_turn + 1);
    n->keys.incarnation = member.incarnation + 1;
    n->acts.tampered = false; /* the agent starts the right build */
    n->acts.foreign_platform = false;
    struct assay_event event = { .kind = ASSAY_EVENT_KEYS };
    assay_bytes_copy(event.as.keys.voting_public, 64, n->keys.voting_public, 64);
    assay_bytes_copy(event.as.keys.transport_public, 32, n->keys.transport_public, 32);
    world_step(w, node, &event);
}

/* --- sending */

static uint64_t delay(struct world *w)
{
    const uint64_t spread = w->options.delay_max_ms - w->options.delay_min_ms + 1;
    return w->options.delay_min_ms + world_random(w) % spread;
}

static void deliver(struct world *w, uint32_t from, uint32_t to, enum assay_message_kind kind,
                    struct assay_slice payload)
{
    if (!w->nodes[to].alive || !world_hears(w, from, to)) return;
    if (world_random(w) % 1000 < w->options.loss_permille) return;
    const bool sync = kind == ASSAY_MESSAGE_SYNC_ASK;
    struct item *item = world_item(w, to, sync ? ITEM_SYNC_ASK : ITEM_EVENT,
                                   w->now_ms + w->extra_delay_ms + delay(w));
    item->bytes = malloc(payload.len + 1);
    ASSAY_ASSERT(item->bytes != NULL);
    assay_bytes_copy(item->bytes, payload.len, payload.bytes, payload.len);
    item->len = payload.len;
    item->from = (uint16_t)from;
    item->event.kind = ASSAY_EVENT_MESSAGE;
    item->event.as.message.from = (uint16_t)from;
    item->event.as.message.kind = kind;
    item->event.as.message.payload = assay_slice_over(item->bytes, item->len);
    world_push(w, item);
}

static void send(struct world *w, uint32_t from, uint16_t to, uint16_t except,
                 enum assay_message_kind kind, struct assay_slice payload)
{
    for (uint32_t i = 0; i < w->options.nodes; i++) {
        if (i == from || (to != ASSAY_SLOT_ALL && i != to) || i == except) continue;
        deliver(w, from, i, kind, payload);
    }
}

/* Own signed messages come back as events after they are durable. */
static void loop_back(struct world *w, uint32_t node, enum assay_message_kind kind,
                      struct assay_slice payload)
{
    struct item *item = world_item(w, node, ITEM_EVENT, w->now_ms + w->extra_delay_ms);
    item->bytes = malloc(payload.len + 1);
    ASSAY_ASSERT(item->bytes != NULL);
    assay_bytes_copy(item->bytes, payload.len, payload.bytes, payload.len);
    item->len = payload.len;
    item->event.kind = ASSAY_EVENT_MESSAGE;
    item->event.as.message.from = ASSAY_SLOT_SELF;
    item->event.as.message.kind = kind;
    item->event.as.message.payload = assay_slice_over(item->bytes, item->len);
    world_push(w, item);
}

void world_node_sync(struct world *w, uint32_t node, uint16_t from, struct assay_slice ask)
{
    struct assay_writer out = assay_writer_over(w->page, ASSAY_SYNC_ANSWER_LEN_MAX);
    const enum assay_status status =
        assay_sync_answer(w->nodes[node].store, w->genesis->chain_id, ask, w->scratch,
                          ASSAY_SYNC_ANSWER_LEN_MAX, &out);
    if (status != ASSAY_OK) {
        world_broken(w, "node %u cannot answer a SYNC_ASK: %s", node, assay_status_symbol(status));
        return;
    }
    deliver(w, node, from, ASSAY_MESSAGE_SYNC_ANSWER, assay_slice_over(out.bytes, out.len));
}

/* --- evidence */

static void answer_verdict(struct world *w, uint32_t node, const uint8_t *digest, int64_t at_unix_s,
                           enum assay_evidence_kind kind, struct assay_slice bytes, uint32_t asked,
                           uint64_t after_ms)
{
    struct item *item = world_item(w, node, ITEM_EVENT, w->now_ms + after_ms);
    item->event.kind = ASSAY_EVENT_VERDICT;
    assay_bytes_copy(item->event.as.verdict.digest, 32, digest, 32);
    item->event.as.verdict.at_unix_s = at_unix_s;
    item->event.as.verdict.asked = asked;
    if (bytes.len > 0) {
        item->verdict = malloc(sizeof *item->verdict);
        ASSAY_ASSERT(item->verdict != NULL);
        world_verify(w, bytes, kind, at_unix_s, item->verdict);
        item->event.as.verdict.verdict = item->verdict;
    }
    world_push(w, item);
}

static void fetch(struct world *w, uint32_t node, const struct assay_effect *effect)
{
    const uint8_t *digest = effect->as.fetch.digest;
    const struct evidence *found = world_evidence_find(w, node, digest);
    uint32_t asked = 0;
    for (uint32_t k = 0; found == NULL && k < w->options.nodes; k++) {
        const uint32_t peer = (effect->as.fetch.origin + k) % w->options.nodes;
        if (peer == node) continue;
        asked++;
        if (w->nodes[peer].alive && world_hears(w, node, peer))
            found = world_evidence_find(w, peer, digest);
    }
    struct assay_slice bytes = { 0 };
    if (found != NULL) {
        bytes = assay_slice_over(found->bytes, EVIDENCE_LEN);
        world_evidence_keep(w, node, found->bytes, EVIDENCE_LEN);
    }
    answer_verdict(w, node, digest, effect->as.fetch.at_unix_s, effect->as.fetch.evidence_kind,
                   bytes, asked, 2 * delay(w) + VERIFY_MS);
}

static void load(struct world *w, uint32_t node, const uint8_t *digest)
{
    const struct evidence *found = world_evidence_find(w, node, digest);
    struct item *item = world_item(w, node, ITEM_EVENT, w->now_ms);
    item->event.kind = ASSAY_EVENT_EVIDENCE;
    assay_bytes_copy(item->event.as.evidence.digest, 32, digest, 32);
    if (found != NULL) {
        item->bytes = malloc(EVIDENCE_LEN);
        ASSAY_ASSERT(item->bytes != NULL);
        assay_bytes_copy(item->bytes, EVIDENCE_LEN, found->bytes, EVIDENCE_LEN);
        item->event.as.evidence.bytes = assay_slice_over(item->bytes, EVIDENCE_LEN);
    }
    world_push(w, item);
}

static void quote(struct world *w, uint32_t node, const struct assay_effect *effect)
{
    struct world_node *n = &w->nodes[node];
    if (n->acts.quiet) return; /* the enclave does not answer */
    struct item *item = world_item(w, node, ITEM_EVENT, w->now_ms + QUOTE_MS);
    item->bytes = malloc(EVIDENCE_LEN);
    ASSAY_ASSERT(item->bytes != NULL);
    world_quote(w, node, effect->as.quote.report_data, item->bytes);
    world_evidence_keep(w, node, item->bytes, EVIDENCE_LEN);
    item->event.kind = ASSAY_EVENT_QUOTE;
    item->event.as.quote.epoch = effect->as.quote.epoch;
    item->event.as.quote.incarnation = effect->as.quote.incarnation;
    item->event.as.quote.bytes = assay_slice_over(item->bytes, EVIDENCE_LEN);
    world_push(w, item);
}

/* --- the agent */

static void order(struct world *w, uint32_t node, const struct assay_order *o)
{
    struct world_node *n = &w->nodes[node];
    if (o->slot != node) world_broken(w, "node %u got an order for slot %u", node, o->slot);
    if (o->kind != ASSAY_ORDER_RESTART) {
        n->orders[o->kind]++;
        return;
    }
    if (o->incarnation <= n->restarted) return; /* at most one for an incarnation */
    n->restarted = o->incarnation;
    n->orders[ASSAY_ORDER_RESTART]++;
    world_push(w, world_item(w, node, ITEM_RESTARTED, w->now_ms + AGENT_MS));
}

static void note(struct world *w, uint32_t node, const struct assay_effect *effect)
{
    if (w->note_count == w->note_capacity) {
        w->note_capacity = w->note_capacity == 0 ? 1024 : 2 * w->note_capacity;
        w->notes = realloc(w->notes, w->note_capacity * sizeof *w->notes);
        ASSAY_ASSERT(w->notes != NULL);
    }
    w->notes[w->note_count++] = (struct world_note){ .at_ms = w->now_ms,
                                                     .node = node,
                                                     .epoch = w->nodes[node].closed + 1,
                                                     .note = effect->as.note.note,
                                                     .slot = effect->as.note.slot,
                                                     .a = effect->as.note.a,
                                                     .b = effect->as.note.b };
    if (effect->as.note.note == ASSAY_NOTE_ROOT_MISMATCH && w->options.plant != WORLD_PLANT_STATE)
        world_broken(w, "node %u: its state is not the network's", node);
}

/* --- the order of engine.h: sign, persist, send, act */

struct signed_message {
    uint8_t *bytes;
    size_t len;
};

static void sign_all(struct world *w, uint32_t node, struct assay_effects *effects,
                     struct signed_message *messages)
{
    struct world_node *n = &w->nodes[node];
    for (size_t i = 0; i < effects->count; i++) {
        struct assay_effect *e = &effects->items[i];
        if (e->kind != ASSAY_EFFECT_SIGN) continue;
        const size_t len = e->as.sign.payload.len;
        messages[i].bytes = malloc(len + 1);
        ASSAY_ASSERT(messages[i].bytes != NULL);
        assay_bytes_copy(messages[i].bytes, len, e->as.sign.payload.bytes, len);
        messages[i].len = len;
        world_tamper_sign(w, node, e, messages[i].bytes, len);
        const struct assay_p256_signer *signer =
            e->as.sign.key == ASSAY_KEY_VOTING ? n->voting : n->identity;
        const enum assay_status status =
            assay_p256_sign(signer, e->as.sign.digest, messages[i].bytes + e->as.sign.signature_at);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
}

/* What is neither durable nor sent was never said. */
static void check_said(struct world *w, uint32_t node, const struct assay_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind == ASSAY_EFFECT_SIGN)
            world_check_signed(w, node, &effects->items[i]);
    }
}

static void persist_all(struct world *w, uint32_t node, const struct assay_effects *effects,
                        const struct signed_message *messages)
{
    struct assay_store *store = w->nodes[node].store;
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; i < effects->count && status == ASSAY_OK; i++) {
        const struct assay_effect *e = &effects->items[i];
        if (e->kind == ASSAY_EFFECT_SIGN && e->as.sign.persist)
            status = assay_store_put(store, e->as.sign.class_, &e->as.sign.store_key,
                                     assay_slice_over(messages[i].bytes, messages[i].len));
        else if (e->kind == ASSAY_EFFECT_PERSIST)
            status = assay_store_put(store, e->as.persist.class_, &e->as.persist.key,
                                     e->as.persist.value);
        else if (e->kind == ASSAY_EFFECT_PRUNE)
            status =
                assay_store_prune(store, e->as.prune.class_, e->as.prune.era, e->as.prune.epoch);
    }
    if (status == ASSAY_OK) status = assay_store_commit(store);
    ASSAY_ASSERT(status == ASSAY_OK);
}

static void send_all(struct world *w, uint32_t node, const struct assay_effects *effects,
                     const struct signed_message *messages)
{
    for (size_t i = 0; i < effects->count; i++) {
        const struct assay_effect *e = &effects->items[i];
        if (e->kind == ASSAY_EFFECT_SEND) {
            send(w, node, e->as.send.to, e->as.send.except, e->as.send.message, e->as.send.payload);
        } else if (e->kind == ASSAY_EFFECT_SIGN) {
            const struct assay_slice payload = assay_slice_over(messages[i].bytes, messages[i].len);
            w->extra_delay_ms =
                e->as.sign.class_ == ASSAY_STORE_BALLOT ? w->nodes[node].acts.ballot_delay_ms : 0;
            send(w, node, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, e->as.sign.message, payload);
            loop_back(w, node, e->as.sign.message, payload);
            w->extra_delay_ms = 0;
            world_tamper_sent(w, node, e, payload);
        }
    }
}

static void act(struct world *w, uint32_t node, const struct assay_effect *e)
{
    switch (e->kind) {
    case ASSAY_EFFECT_SIGN:
    case ASSAY_EFFECT_PERSIST:
    case ASSAY_EFFECT_PRUNE:
    case ASSAY_EFFECT_SEND: return;
    case ASSAY_EFFECT_FETCH: fetch(w, node, e); return;
    case ASSAY_EFFECT_VERIFY:
        world_evidence_keep(w, node, e->as.verify.bytes.bytes, e->as.verify.bytes.len);
        answer_verdict(w, node, e->as.verify.digest, e->as.verify.at_unix_s,
                       e->as.verify.evidence_kind, e->as.verify.bytes, 0, VERIFY_MS);
        return;
    case ASSAY_EFFECT_LOAD: load(w, node, e->as.load.digest); return;
    case ASSAY_EFFECT_QUOTE: quote(w, node, e); return;
    case ASSAY_EFFECT_ORDER: order(w, node, &e->as.order); return;
    case ASSAY_EFFECT_NOTE: note(w, node, e); return;
    case ASSAY_EFFECT_CLOSED:
        w->nodes[node].closed = e->as.closed.epoch;
        if (w->options.plant == WORLD_PLANT_STATE && node == 4 && e->as.closed.epoch == 3)
            w->nodes[node].engine->state.members[0].change_epoch = 1;
        world_check_closed(w, node);
        return;
    }
}

/* --- dying around a commit */

enum crash_point { CRASH_NEVER, CRASH_BEFORE, CRASH_DURABLE, CRASH_SENT };

static enum crash_point choose_crash(struct world *w, const struct assay_effects *effects)
{
    bool commits = false;
    if (w->options.crash_permille == 0) return CRASH_NEVER;
    for (size_t i = 0; i < effects->count; i++)
        commits = commits || effects->items[i].kind == ASSAY_EFFECT_SIGN;
    if (!commits || world_random(w) % 1000 >= w->options.crash_permille) return CRASH_NEVER;
    return (enum crash_point)(1 + world_random(w) % 3);
}

static void die(struct world *w, uint32_t node)
{
    world_kill(w, node);
    world_push(w, world_item(w, node, ITEM_REBOOT, w->now_ms + 20 + world_random(w) % 400));
}

/* Returns: false when the node died on the way. */
static bool commit_and_send(struct world *w, uint32_t node, struct assay_effects *effects,
                            struct signed_message *messages)
{
    const enum crash_point point = choose_crash(w, effects);
    const bool early = w->options.plant == WORLD_PLANT_SENDS_FIRST;
    sign_all(w, node, effects, messages);
    if (early) send_all(w, node, effects, messages);
    if (early || point != CRASH_BEFORE) check_said(w, node, effects);
    if (point == CRASH_BEFORE) return false;
    persist_all(w, node, effects, messages);
    if (point == CRASH_DURABLE) return false;
    if (!early) send_all(w, node, effects, messages);
    return point != CRASH_SENT;
}

void world_node_obey(struct world *w, uint32_t node, struct assay_effects *effects)
{
    struct signed_message messages[ASSAY_EFFECTS_MAX] = { 0 };
    const bool lives = commit_and_send(w, node, effects, messages);
    for (size_t i = 0; i < effects->count; i++) {
        if (lives) act(w, node, &effects->items[i]);
        free(messages[i].bytes);
    }
    if (!lives) die(w, node);
}
