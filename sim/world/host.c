/*
 * sim/world/host.c - a node's host: signs, persists, sends, acts, in that order (engine/engine.h).
 */
#include "engine/engine_internal.h" /* ASSAY_SIM_WORLD_PLANT_STATE reaches into a machine */
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { US = 1000 };

/* --- messages in */

static void sync_ask(struct assay_sim_world *w, uint32_t node, uint16_t from,
                     struct assay_slice ask)
{
    struct assay_writer out = assay_writer_over(w->page, ASSAY_SYNC_ANSWER_LEN_MAX);
    const enum assay_status status =
        assay_sync_answer(w->nodes[node].store, w->genesis->chain_id, ask, w->scratch,
                          ASSAY_SYNC_ANSWER_LEN_MAX, &out);
    if (status != ASSAY_OK) {
        world_broken(w, ASSAY_SIM_CHECKER_INVARIANTS, "node %u cannot answer a SYNC_ASK: %s", node,
                     assay_status_symbol(status));
        return;
    }
    struct world_payload *payload = world_payload(w, out.bytes, out.len);
    world_send(w, node, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ANSWER, payload);
    world_payload_drop(w, payload);
}

static bool floods(enum assay_message_kind kind)
{
    return kind == ASSAY_MESSAGE_ENVELOPE || kind == ASSAY_MESSAGE_RECORD;
}

/* What the engine accepted before is not worth a step (net/host_receive.c). */
static void to_engine(struct assay_sim_world *w, const struct item *item, struct assay_slice bytes)
{
    struct world_node *n = &w->nodes[item->node];
    const enum assay_message_kind kind = (enum assay_message_kind)item->message;
    const bool flooded = floods(kind) && item->from != ASSAY_SLOT_SELF;
    const uint64_t now_ms = world_mono_ms(w, item->node);
    const uint8_t *digest = world_payload_digest(item->payload);
    if (flooded && assay_seen_has(n->seen, now_ms, digest)) return;
    if (!world_run_takes(w, item->node, kind, item->payload)) return;
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE };
    event.as.message.from = item->from;
    event.as.message.kind = kind;
    event.as.message.payload = bytes;
    const uint32_t life = n->life;
    if (kind == ASSAY_MESSAGE_ENVELOPE) world_ballots_heard(w, item->node, bytes);
    const bool accepted = world_step(w, item->node, &event);
    if (accepted && flooded && n->alive && n->life == life)
        assay_seen_note(n->seen, now_ms, digest);
}

void world_host_message(struct assay_sim_world *w, const struct item *item)
{
    const enum assay_message_kind kind = (enum assay_message_kind)item->message;
    struct world_payload *payload = item->payload;
    const struct assay_slice bytes = assay_slice_over(payload->bytes, payload->len);
    if (kind == ASSAY_MESSAGE_SYNC_ASK) {
        sync_ask(w, item->node, item->from, bytes);
    } else if (kind == ASSAY_MESSAGE_EVIDENCE_PULL) {
        world_pull(w, item->node, item->from, bytes);
    } else if (kind == ASSAY_MESSAGE_EVIDENCE) {
        world_pulled(w, item->node, item->from, bytes);
    } else {
        to_engine(w, item, bytes);
    }
}

void world_host_answer(struct assay_sim_world *w, uint32_t node, struct world_answer *answer)
{
    if (answer->event.kind == ASSAY_EVENT_VERDICT && answer->evidence != NULL)
        world_judge(w, node, answer);
    if (answer->event.kind == ASSAY_EVENT_VERDICT)
        world_ballots_verdict(w, node, answer->event.as.verdict.digest, answer->evidence != NULL);
    if (answer->event.kind == ASSAY_EVENT_START) world_ballots_opened(w, node);
    (void)world_step(w, node, &answer->event);
}

/* --- the agent */

static void order(struct assay_sim_world *w, uint32_t node, const struct assay_order *o)
{
    struct world_node *n = &w->nodes[node];
    world_check_order(w, node, o);
    if (o->kind != ASSAY_ORDER_RESTART) {
        n->orders[o->kind]++;
        return;
    }
    if (o->incarnation <= n->restarted) return; /* at most one for an incarnation */
    world_check_restart(w, node, o);
    n->restarted = o->incarnation;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_RESTARTS) world_check_restart(w, node, o);
    n->orders[ASSAY_ORDER_RESTART]++;
    world_run_restart(w, node);
    world_push(w, world_item(w, node, ITEM_RESTARTED), w->now_us + (uint64_t)AGENT_MS * US);
}

static void keep_note(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    if (w->run != NULL) return; /* a long run keeps none */
    if (w->note_count == w->note_capacity) {
        w->note_capacity = w->note_capacity == 0 ? 1024 : 2 * w->note_capacity;
        w->notes = realloc(w->notes, w->note_capacity * sizeof *w->notes);
        ASSAY_ASSERT(w->notes != NULL);
    }
    w->notes[w->note_count++] = (struct assay_sim_world_note){ .at_ms = w->now_us / US,
                                                               .node = node,
                                                               .epoch = w->nodes[node].closed + 1,
                                                               .note = effect->as.note.note,
                                                               .slot = effect->as.note.slot,
                                                               .a = effect->as.note.a,
                                                               .b = effect->as.note.b };
}

static void note(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    keep_note(w, node, effect);
    world_run_note(w, node, effect);
    if (effect->as.note.note == ASSAY_NOTE_ROOT_MISMATCH &&
        w->options.plant != ASSAY_SIM_WORLD_PLANT_STATE)
        world_broken(w, ASSAY_SIM_CHECKER_AGREEMENT, "node %u: its state is not the network's",
                     node);
}

/* --- the order of engine.h: sign, persist, send, act */

static void sign_all(struct assay_sim_world *w, uint32_t node, struct assay_effects *effects)
{
    struct world_node *n = &w->nodes[node];
    for (size_t i = 0; i < effects->count; i++) {
        struct assay_effect *e = &effects->items[i];
        if (e->kind != ASSAY_EFFECT_SIGN) continue;
        struct world_payload *payload =
            world_payload(w, e->as.sign.payload.bytes, e->as.sign.payload.len);
        w->signed_payloads[i] = payload;
        world_acts_sign(w, node, e, payload);
        world_run_sign(w, node, e, payload);
        const struct assay_p256_signer *signer =
            e->as.sign.key == ASSAY_KEY_VOTING ? n->voting : n->identity;
        const enum assay_status status =
            assay_p256_sign(signer, e->as.sign.digest, payload->bytes + e->as.sign.signature_at);
        ASSAY_ASSERT(status == ASSAY_OK);
    }
}

/* What is neither durable nor sent was never said. */
static void check_said(struct assay_sim_world *w, uint32_t node,
                       const struct assay_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind == ASSAY_EFFECT_SIGN)
            world_check_signed(w, node, &effects->items[i], w->signed_payloads[i]);
    }
}

static void persist_all(struct assay_sim_world *w, uint32_t node,
                        const struct assay_effects *effects)
{
    struct assay_store *store = w->nodes[node].store;
    enum assay_status status = ASSAY_OK;
    for (size_t i = 0; i < effects->count && status == ASSAY_OK; i++) {
        const struct assay_effect *e = &effects->items[i];
        if (e->kind == ASSAY_EFFECT_SIGN && e->as.sign.persist) {
            const struct world_payload *p = w->signed_payloads[i];
            status = assay_store_put(store, e->as.sign.class_, &e->as.sign.store_key,
                                     assay_slice_over(p->bytes, p->len));
        } else if (e->kind == ASSAY_EFFECT_PERSIST) {
            status = assay_store_put(store, e->as.persist.class_, &e->as.persist.key,
                                     e->as.persist.value);
        } else if (e->kind == ASSAY_EFFECT_PRUNE) {
            status =
                assay_store_prune(store, e->as.prune.class_, e->as.prune.era, e->as.prune.epoch);
        }
    }
    if (status == ASSAY_OK) status = assay_store_commit(store);
    ASSAY_ASSERT(status == ASSAY_OK);
    for (size_t i = 0; i < effects->count; i++)
        if (effects->items[i].kind == ASSAY_EFFECT_PERSIST)
            world_check_persisted(w, node, &effects->items[i]);
}

/* Back to the engine when this step is over; later, where the test delays it. */
static void loop_back(struct assay_sim_world *w, uint32_t node, enum assay_message_kind kind,
                      struct world_payload *payload)
{
    struct item *item = world_item(w, node, ITEM_MESSAGE);
    item->from = ASSAY_SLOT_SELF;
    item->message = (uint8_t)kind;
    item->payload = payload;
    payload->refs++;
    if (w->extra_delay_us > 0) {
        world_push(w, item, w->now_us + w->extra_delay_us);
        return;
    }
    if (w->own_last != NULL) w->own_last->next = item;
    else w->own_first = item;
    w->own_last = item;
}

static void send_signed(struct assay_sim_world *w, uint32_t node, struct assay_effect *e,
                        struct world_payload *payload)
{
    struct world_node *n = &w->nodes[node];
    const bool ballot = e->as.sign.class_ == ASSAY_STORE_BALLOT;
    world_check_leaves(w, node, e, payload);
    if (n->came_back && e->as.sign.message == ASSAY_MESSAGE_VOTE) {
        n->came_back = false;
        w->count.recovered++;
    }
    w->extra_delay_us = ballot ? n->acts.ballot_delay_ms * US : 0;
    world_send(w, node, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, e->as.sign.message, payload);
    loop_back(w, node, e->as.sign.message, payload);
    w->extra_delay_us = 0;
    world_acts_sent(w, node, e, assay_slice_over(payload->bytes, payload->len));
    world_run_sent(w, node, e, payload);
}

static void send_all(struct assay_sim_world *w, uint32_t node, struct assay_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        struct assay_effect *e = &effects->items[i];
        if (e->kind == ASSAY_EFFECT_SEND) {
            struct world_payload *payload =
                world_payload(w, e->as.send.payload.bytes, e->as.send.payload.len);
            if (e->as.send.message == ASSAY_MESSAGE_ENVELOPE_PULL)
                world_ballots_asked(w, node, e->as.send.to, e->as.send.message, e->as.send.payload);
            world_send(w, node, e->as.send.to, e->as.send.except, e->as.send.message, payload);
            world_payload_drop(w, payload);
        } else if (e->kind == ASSAY_EFFECT_SIGN) {
            send_signed(w, node, e, w->signed_payloads[i]);
        }
    }
}

static void closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_node *n = &w->nodes[node];
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_STATE && node == 4 && epoch == 3)
        n->engine->state.members[0].change_epoch = 1;
    n->closed = epoch;
    world_ballots_opened(w, node);
    world_check_closed(w, node, epoch);
    world_run_closed(w, node, epoch);
}

static void act(struct assay_sim_world *w, uint32_t node, const struct assay_effect *e)
{
    switch (e->kind) {
    case ASSAY_EFFECT_SIGN:
    case ASSAY_EFFECT_PERSIST:
    case ASSAY_EFFECT_SEND: return;
    case ASSAY_EFFECT_PRUNE:
        if (e->as.prune.class_ == ASSAY_STORE_EVIDENCE)
            world_evidence_prune(w, node, e->as.prune.epoch);
        return;
    case ASSAY_EFFECT_FETCH:
        world_ballots_fetch(w, node, e);
        world_fetch(w, node, e);
        return;
    case ASSAY_EFFECT_VERIFY: world_verify(w, node, e); return;
    case ASSAY_EFFECT_LOAD: world_load(w, node, e); return;
    case ASSAY_EFFECT_QUOTE: world_quote_ask(w, node, e); return;
    case ASSAY_EFFECT_ORDER: order(w, node, &e->as.order); return;
    case ASSAY_EFFECT_NOTE: note(w, node, e); return;
    case ASSAY_EFFECT_CLOSED: closed(w, node, e->as.closed.epoch); return;
    }
}

/* --- dying around a commit */

static bool signs(const struct assay_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++)
        if (effects->items[i].kind == ASSAY_EFFECT_SIGN) return true;
    return false;
}

static enum crash_point choose_crash(struct assay_sim_world *w, uint32_t node,
                                     const struct assay_effects *effects)
{
    struct world_node *n = &w->nodes[node];
    const bool drawn = w->options.crash_permille > 0;
    if ((n->dies_at == CRASH_NEVER && !drawn) || !signs(effects)) return CRASH_NEVER;
    if (n->dies_at != CRASH_NEVER) return n->dies_at;
    if (!assay_sim_random_permille(&w->crashes, w->options.crash_permille)) return CRASH_NEVER;
    n->down_ms = assay_sim_random_between(&w->crashes, 20, 419);
    return (enum crash_point)assay_sim_random_between(&w->crashes, CRASH_BEFORE, CRASH_SENT);
}

/* Returns: false when the node died on the way. */
static bool commit_and_send(struct assay_sim_world *w, uint32_t node, struct assay_effects *effects)
{
    const enum crash_point point = choose_crash(w, node, effects);
    const bool early = w->options.plant == ASSAY_SIM_WORLD_PLANT_SENDS_FIRST;
    sign_all(w, node, effects);
    if (early) send_all(w, node, effects);
    if (early || point != CRASH_BEFORE) check_said(w, node, effects);
    if (point == CRASH_BEFORE) return false;
    persist_all(w, node, effects);
    if (point == CRASH_DURABLE) return false;
    if (!early) send_all(w, node, effects);
    return point != CRASH_SENT;
}

void world_host_obey(struct assay_sim_world *w, uint32_t node, struct assay_effects *effects)
{
    const bool lives = commit_and_send(w, node, effects);
    for (size_t i = 0; i < effects->count; i++) {
        /* The close of an epoch may be where its host starts it again from an older disk. */
        if (lives && w->nodes[node].alive) act(w, node, &effects->items[i]);
        if (w->signed_payloads[i] == NULL) continue;
        world_payload_drop(w, w->signed_payloads[i]);
        w->signed_payloads[i] = NULL;
    }
    if (!lives) world_node_die(w, node, w->nodes[node].down_ms);
}
