/*
 * sim/world/host.c - engine, keys, disk, links and agent of a simulated node, under host/.
 */
#include "engine/ledger/records/record.h"
#include "engine/parts/engine_internal.h" /* ASSAY_SIM_WORLD_PLANT_STATE changes a state */
#include "engine/sync/sync.h"
#include "sim/world/world_internal.h"

#include <stdlib.h>

enum { US = 1000 };

/* --- received messages */

static void answer_sync_request(struct assay_sim_world *w, uint32_t node, uint16_t from,
                                struct assay_slice ask)
{
    struct world_node *n = &w->nodes[node];
    const struct assay_serve serve = { .store = n->store,
                                       .chain_id = w->genesis->chain_id,
                                       .counters = n->counters,
                                       .scratch = w->scratch,
                                       .scratch_len = ASSAY_SYNC_ANSWER_LEN_MAX,
                                       .answer = w->page };
    struct assay_slice out;
    const enum assay_status status =
        assay_serve_sync(&serve, n->limits != NULL ? &n->limits[from] : NULL,
                         world_mono_ms(w, node), ask, &out);
    if (status == ASSAY_E_RATE) return;
    if (status != ASSAY_OK) {
        world_report_violation(w, ASSAY_SIM_CHECKER_INVARIANTS,
                               "node %u cannot answer a SYNC_ASK: %s", node,
                               assay_status_symbol(status));
        return;
    }
    struct world_payload *payload = world_payload(w, out.bytes, out.len);
    world_send(w, node, from, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ANSWER, payload);
    world_payload_drop(w, payload);
}

/* --- operations of host/overlay/intake.h */

struct delivery {
    struct assay_sim_world *w;
    const struct item *item;
};

/* Counts repeated deliveries, and the hops of new ones. */
static void count_flooded(struct assay_sim_world *w, const struct item *item)
{
    const struct world_node *n = &w->nodes[item->node];
    const enum assay_message_kind kind = (enum assay_message_kind)item->message;
    if (!world_overlay_used(w, item->node)) return;
    if (assay_seen_has(n->seen, world_mono_ms(w, item->node),
                       world_payload_digest(item->payload))) {
        w->count.flooded_again++;
        w->count.authored_again += assay_admission_is_flooded(kind);
        return;
    }
    w->count.flooded++;
    w->count.authored += assay_admission_is_flooded(kind);
    if (kind == ASSAY_MESSAGE_VOTE)
        w->count.vote_hops[item->hops < HOPS_KEPT ? item->hops : HOPS_KEPT - 1]++;
}

static void hash_delivered(void *context, uint16_t from, struct assay_slice payload,
                           uint8_t digest[static 32])
{
    const struct delivery *d = context;
    (void)from;
    (void)payload;
    count_flooded(d->w, d->item);
    assay_bytes_copy(digest, 32, world_payload_digest(d->item->payload), 32);
}

/* Returns: false when the node ends by it, or is an adversary that ignores the message. */
static bool step_delivered(void *context, struct assay_event *event, enum assay_status *status)
{
    const struct delivery *d = context;
    struct assay_sim_world *w = d->w;
    const struct item *item = d->item;
    const struct world_node *n = &w->nodes[item->node];
    const uint32_t life = n->life;
    if (!world_run_accepts(w, item->node, event->as.message.kind, item->payload)) return false;
    if (event->as.message.kind == ASSAY_MESSAGE_ENVELOPE)
        world_ballots_received(w, item->node, event->as.message.payload);
    w->handled = item->payload;
    w->handled_hops = item->hops;
    *status = world_step(w, item->node, event);
    return n->alive && n->life == life;
}

static void relay_delivered(void *context, uint16_t from, enum assay_message_kind kind,
                            struct assay_slice payload, bool resent)
{
    const struct delivery *d = context;
    (void)payload;
    world_relay(d->w, d->item->node, from, kind, d->item->payload, resent);
}

static void on_sender_banned(void *context, uint16_t slot)
{
    const struct delivery *d = context;
    world_lanes_banned(d->w, d->item->node, slot);
}

/* A node's own message arrives here when a test delays it. */
static void deliver_to_engine(struct assay_sim_world *w, const struct item *item,
                              struct assay_slice bytes)
{
    struct world_node *n = &w->nodes[item->node];
    struct delivery delivery = { .w = w, .item = item };
    const enum assay_message_kind kind = (enum assay_message_kind)item->message;
    const struct assay_intake intake = { .admission = &n->admission,
                                         .driver = &n->driver,
                                         .gossip = n->gossip,
                                         .operations = { .context = &delivery,
                                                         .hash = hash_delivered,
                                                         .step = step_delivered,
                                                         .relay = relay_delivered,
                                                         .on_banned = on_sender_banned } };
    if (item->from == ASSAY_SLOT_SELF) {
        struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE,
                                     .as.message = { .from = ASSAY_SLOT_SELF,
                                                     .kind = kind,
                                                     .payload = bytes } };
        enum assay_status status = ASSAY_OK;
        (void)step_delivered(&delivery, &event, &status);
    } else {
        assay_intake_deliver(&intake, world_mono_ms(w, item->node), item->from, kind, bytes);
        w->handled = NULL;
        world_overlay_turn(w, item->node);
        if (w->options.plant == ASSAY_SIM_WORLD_PLANT_BAN && item->node == 1)
            world_lanes_banned(w, item->node, item->from);
    }
    w->handled = NULL;
}

/* A connection is looked up by its key: a key that belongs to no member, or to a member whose slot
 * another one has now, is rejected. */
static bool is_member_connection(const struct assay_sim_world *w, uint32_t node, uint16_t from)
{
    const struct assay_state *state = &w->nodes[node].engine->head->state;
    return from == ASSAY_SLOT_SELF ||
           (from < world_members(w, node) &&
            assay_bytes_equal(state->members[from].node_id, w->nodes[from].node_id, 32));
}

void world_host_message(struct assay_sim_world *w, const struct item *item)
{
    const enum assay_message_kind kind = (enum assay_message_kind)item->message;
    struct world_payload *payload = item->payload;
    const struct assay_slice bytes = assay_slice_over(payload->bytes, payload->len);
    if (!is_member_connection(w, item->node, item->from)) return;
    if (!world_lanes_admit(w, item, bytes)) return;
    if (item->from != ASSAY_SLOT_SELF)
        assay_overlay_driver_on_admitted(&w->nodes[item->node].driver,
                                         world_mono_ms(w, item->node), item->from);
    if (kind == ASSAY_MESSAGE_SYNC_ASK) {
        answer_sync_request(w, item->node, item->from, bytes);
    } else if (kind == ASSAY_MESSAGE_EVIDENCE_PULL) {
        world_pull(w, item->node, item->from, bytes);
    } else if (kind == ASSAY_MESSAGE_NEIGHBOUR) {
        world_overlay_on_neighbour(w, item->node, item->from, bytes);
    } else if (kind == ASSAY_MESSAGE_PRUNE) {
        world_overlay_on_prune(w, item->node, item->from, bytes);
    } else if (kind == ASSAY_MESSAGE_EVIDENCE) {
        world_pulled(w, item->node, item->from, bytes);
    } else if (kind != ASSAY_MESSAGE_RECORD || world_run_takes_record(w, item, bytes)) {
        deliver_to_engine(w, item, bytes);
    }
}

void world_host_answer(struct assay_sim_world *w, uint32_t node, struct world_answer *answer)
{
    if (answer->event.kind == ASSAY_EVENT_VERDICT && answer->evidence != NULL)
        world_deliver_verdict(w, answer);
    if (answer->event.kind == ASSAY_EVENT_VERDICT)
        world_ballots_verdict(w, node, answer->event.as.verdict.digest, answer->evidence != NULL);
    if (answer->event.kind == ASSAY_EVENT_START) world_ballots_opened(w, node);
    (void)world_step(w, node, &answer->event);
}

/* --- the agent */

static void execute_order(struct assay_sim_world *w, uint32_t node, const struct assay_order *o)
{
    struct world_node *n = &w->nodes[node];
    const struct assay_agent_decision decision = assay_agent_decide(&n->agent, o);
    world_check_order(w, node, o);
    if (o->kind != ASSAY_ORDER_RESTART) n->orders[o->kind]++;
    if (decision.action != ASSAY_AGENT_SET_WORK && decision.action != ASSAY_AGENT_RESTART) return;
    if (decision.action == ASSAY_AGENT_RESTART) world_check_restart(w, node, o);
    n->agent = assay_agent_begin_order(&n->agent, o, decision);
    n->agent = assay_agent_finish_order(&n->agent);
    if (decision.action != ASSAY_AGENT_RESTART) return;
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_RESTARTS) world_check_restart(w, node, o);
    n->orders[ASSAY_ORDER_RESTART]++;
    world_run_restart(w, node);
    world_push(w, world_item(w, node, ITEM_RESTARTED), w->now_us + (uint64_t)AGENT_MS * US);
}

/* A crash came between a RESTART and the keys that follow it: the agent reports it again, and they
 * are made now (net/runtime/runtime_keys.c). */
void world_host_resume_agent(struct assay_sim_world *w, uint32_t node)
{
    const struct assay_engine *e = w->nodes[node].engine;
    const uint32_t ended = assay_agent_ended_incarnation(&w->nodes[node].agent);
    if (ended == 0 || !e->key_state->listed || e->key_state->keys.incarnation != ended) return;
    world_push(w, world_item(w, node, ITEM_RESTARTED), w->now_us + (uint64_t)AGENT_MS * US);
}

static void record_note(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    if (w->run != NULL) return; /* a scenario run stores no notes */
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

static void handle_note(struct assay_sim_world *w, uint32_t node, const struct assay_effect *effect)
{
    record_note(w, node, effect);
    if (effect->as.note.note == ASSAY_NOTE_RESUMED) world_check_resumed(w, node);
    const enum assay_note what = effect->as.note.note;
    if (what == ASSAY_NOTE_RECOVER_REFUSED) world_run_refused(w, node);
    if (what == ASSAY_NOTE_RECOVER_REFUSED || what == ASSAY_NOTE_ERA_FORKED)
        world_history_alarmed(w, node);
    world_run_note(w, node, effect);
    if (effect->as.note.note == ASSAY_NOTE_ROOT_MISMATCH &&
        w->options.plant != ASSAY_SIM_WORLD_PLANT_STATE)
        world_report_violation(w, ASSAY_SIM_CHECKER_AGREEMENT,
                               "node %u: its state is not the network's", node);
}

/* --- callbacks of host/dispatch.h: engine, keys, disk and links of the stepping node */

/* A step is over when its sends and acts are done; then its engine is woken as requested. */
static void finish_step(struct assay_sim_world *w)
{
    struct world_stepping *s = &w->stepping;
    const struct world_node *n = &w->nodes[s->node];
    for (size_t i = 0; i < s->signed_count; i++)
        world_payload_drop(w, s->payloads[i]);
    s->signed_count = s->sent_count = 0;
    if (s->effects != NULL && n->alive) world_schedule_wake(w, s->node, s->wake_at_ms);
    s->effects = NULL;
}

/* A ballot whose sending a test delays returns to its sender delayed as well. */
static bool is_delayed_ballot(struct assay_sim_world *w, const struct assay_event *event)
{
    const uint64_t delay_us = w->nodes[w->stepping.node].acts.ballot_delay_ms * US;
    struct assay_record record;
    if (delay_us == 0 || w->stepping.given || event->kind != ASSAY_EVENT_MESSAGE) return false;
    if (event->as.message.kind != ASSAY_MESSAGE_RECORD) return false;
    const struct assay_slice payload = event->as.message.payload;
    if (assay_record_decode(payload, &record) != ASSAY_OK || record.kind != ASSAY_RECORD_BALLOT)
        return false;
    struct item *item = world_item(w, w->stepping.node, ITEM_MESSAGE);
    item->from = ASSAY_SLOT_SELF;
    item->message = ASSAY_MESSAGE_RECORD;
    item->payload = world_payload(w, payload.bytes, payload.len);
    world_push(w, item, w->now_us + delay_us);
    return true;
}

static enum assay_status step_engine(void *context, struct assay_event *event,
                                     struct assay_effects *effects)
{
    struct assay_sim_world *w = context;
    struct world_stepping *s = &w->stepping;
    finish_step(w);
    effects->count = 0;
    if (s->dies) return ASSAY_E_STORE; /* in the step before: this node stops */
    if (is_delayed_ballot(w, event)) return ASSAY_OK;
    const enum assay_status status = world_engine_step(w, s->node, event, effects);
    if (s->given) s->status = status;
    s->given = false;
    s->effects = effects;
    s->wake_at_ms = effects->wake_at_ms;
    return status;
}

static enum assay_status sign_effect(void *context, struct assay_effect *e, uint8_t *bytes)
{
    struct assay_sim_world *w = context;
    struct world_stepping *s = &w->stepping;
    const struct world_node *n = &w->nodes[s->node];
    const size_t len = e->as.sign.payload.len;
    struct world_payload *payload = world_payload(w, bytes, len);
    world_acts_sign(w, s->node, e, payload);
    world_run_sign(w, s->node, e, payload);
    if (e->as.sign.class_ == ASSAY_STORE_ENVELOPE) world_ballots_made(w, s->node);
    const struct assay_p256_signer *signer =
        e->as.sign.key == ASSAY_KEY_VOTING ? n->voting : n->identity;
    enum assay_status status =
        assay_p256_sign(signer, e->as.sign.digest, payload->bytes + e->as.sign.signature_at);
    if (e->as.sign.possession_at != 0 && status == ASSAY_OK)
        status = assay_p256_sign(n->voting, e->as.sign.digest,
                                 payload->bytes + e->as.sign.possession_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    ASSAY_ASSERT(payload->len == len && s->signed_count < ASSAY_EFFECTS_MAX);
    assay_bytes_copy(bytes, len, payload->bytes, len);
    s->signs[s->signed_count] = e;
    s->payloads[s->signed_count++] = payload;
    return ASSAY_OK;
}

static enum assay_status put_record(void *context, enum assay_store_class class_,
                                    const struct assay_store_key *key, struct assay_slice value)
{
    struct assay_sim_world *w = context;
    w->stepping.uncommitted = true;
    return assay_store_put(w->nodes[w->stepping.node].store, class_, key, value);
}

static enum assay_status prune_records(void *context, enum assay_store_class class_, uint32_t era,
                                       uint64_t epoch)
{
    struct assay_sim_world *w = context;
    return assay_store_prune(w->nodes[w->stepping.node].store, class_, era, epoch);
}

static void rollback_batch(void *context)
{
    const struct assay_sim_world *w = context;
    struct assay_store *store = w->nodes[w->stepping.node].store;
    store->ops->rollback(store);
}

/* --- crashes around a commit */

static enum crash_point choose_crash(struct assay_sim_world *w, uint32_t node)
{
    struct world_node *n = &w->nodes[node];
    const bool drawn = w->options.crash_permille > 0;
    if (n->crash_at == CRASH_NEVER && !drawn) return CRASH_NEVER;
    /* While it recovers it writes much before it signs anything. */
    if (w->stepping.signed_count == 0 && !n->recovering) return CRASH_NEVER;
    if (n->crash_at != CRASH_NEVER) return n->crash_at;
    if (!assay_sim_random_permille(&w->crashes, w->options.crash_permille)) return CRASH_NEVER;
    n->down_ms = assay_sim_random_between(&w->crashes, 20, 419);
    return (enum crash_point)assay_sim_random_between(&w->crashes, CRASH_BEFORE, CRASH_SENT);
}

/* A signature that is neither durable nor sent does not count. */
static void check_sent_signatures(struct assay_sim_world *w)
{
    const struct world_stepping *s = &w->stepping;
    for (size_t i = 0; i < s->signed_count; i++)
        world_check_signed(w, s->node, s->signs[i], s->payloads[i]);
}

static enum assay_status commit_batch(void *context)
{
    struct assay_sim_world *w = context;
    struct world_stepping *s = &w->stepping;
    const enum crash_point point = choose_crash(w, s->node);
    s->dies = point != CRASH_NEVER;
    if (point == CRASH_BEFORE) return ASSAY_E_STORE;
    check_sent_signatures(w);
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_SENDS_FIRST)
        return ASSAY_OK; /* planted: it was not durable */
    const enum assay_status status = assay_store_commit(w->nodes[s->node].store);
    ASSAY_ASSERT(status == ASSAY_OK);
    s->uncommitted = false;
    for (size_t i = 0; s->effects != NULL && i < s->effects->count; i++)
        if (s->effects->items[i].kind == ASSAY_EFFECT_PERSIST)
            world_check_persisted(w, s->node, &s->effects->items[i]);
    return point == CRASH_DURABLE ? ASSAY_E_STORE : ASSAY_OK;
}

/* --- after the commit */

static void send_signed(struct assay_sim_world *w, uint32_t node, struct assay_effect *e,
                        struct world_payload *payload)
{
    struct world_node *n = &w->nodes[node];
    const bool ballot = e->as.sign.class_ == ASSAY_STORE_BALLOT;
    world_check_leaves(w, node, e, payload);
    if (e->as.sign.message == ASSAY_MESSAGE_VOTE) n->recovering = false;
    if (n->came_back && e->as.sign.message == ASSAY_MESSAGE_VOTE) {
        n->came_back = false;
        w->count.recovered++;
    }
    w->extra_delay_us = ballot ? n->acts.ballot_delay_ms * US : 0;
    world_send(w, node, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, e->as.sign.message, payload);
    w->extra_delay_us = 0;
    world_acts_sent(w, node, e, assay_slice_over(payload->bytes, payload->len));
    world_run_sent(w, node, e, payload);
}

static void send_effect(void *context, struct assay_effect *e)
{
    struct assay_sim_world *w = context;
    struct world_stepping *s = &w->stepping;
    const uint32_t node = s->node;
    if (e->kind == ASSAY_EFFECT_SIGN) {
        ASSAY_ASSERT(s->sent_count < s->signed_count);
        send_signed(w, node, e, s->payloads[s->sent_count++]);
        return;
    }
    const struct assay_outbound_message letter = assay_dispatch_get_outbound(e);
    struct world_payload *payload = world_payload(w, letter.payload.bytes, letter.payload.len);
    if (letter.kind == ASSAY_MESSAGE_ENVELOPE_PULL)
        world_ballots_asked(w, node, letter.to, letter.kind, letter.payload);
    world_send(w, node, letter.to, letter.except, letter.kind, payload);
    world_payload_drop(w, payload);
}

static void confirm_payload(struct assay_sim_world *w, uint32_t node, const struct assay_effect *e)
{
    const struct assay_slice bytes = e->as.confirm.payload;
    struct world_payload *payload = world_payload(w, bytes.bytes, bytes.len);
    const enum assay_status status = assay_p256_sign(w->nodes[node].identity, e->as.confirm.digest,
                                                     payload->bytes + e->as.confirm.signature_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    world_send(w, node, e->as.confirm.to, ASSAY_SLOT_ALL, e->as.confirm.message, payload);
    world_payload_drop(w, payload);
}

static void on_epoch_closed(struct assay_sim_world *w, uint32_t node, uint64_t epoch)
{
    struct world_node *n = &w->nodes[node];
    if (w->options.plant == ASSAY_SIM_WORLD_PLANT_STATE && node == 4 && epoch == 3)
        n->engine->parts->head.state.members[0].change_epoch = 1;
    n->closed = epoch;
    n->agent_due = true;
    assay_host_roster_update(&n->roster, n->engine);
    world_overlay_closed(w, node, epoch);
    world_ballots_opened(w, node);
    world_check_closed(w, node, epoch);
    world_lanes_closed(w, node);
    world_run_closed(w, node, epoch);
    world_run_review_epoch(w, node);
}

static void execute_effect(struct assay_sim_world *w, uint32_t node, const struct assay_effect *e)
{
    switch (e->kind) {
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
    case ASSAY_EFFECT_CONFIRM: confirm_payload(w, node, e); return;
    case ASSAY_EFFECT_ORDER: execute_order(w, node, &e->as.order); return;
    case ASSAY_EFFECT_NOTE: handle_note(w, node, e); return;
    case ASSAY_EFFECT_KEYS: world_push(w, world_item(w, node, ITEM_KEYS), w->now_us); return;
    case ASSAY_EFFECT_CLOSED: on_epoch_closed(w, node, e->as.closed.epoch); return;
    case ASSAY_EFFECT_RENEW:
        world_node_renew(w, node);
        on_epoch_closed(w, node, w->nodes[node].engine->head->state.epoch);
        return;
    case ASSAY_EFFECT_SIGN:
    case ASSAY_EFFECT_PERSIST:
    case ASSAY_EFFECT_SEND: break;
    }
    ASSAY_UNREACHABLE("not an act");
}

static bool on_effect(void *context, const struct assay_effect *effect)
{
    struct assay_sim_world *w = context;
    const struct world_stepping *s = &w->stepping;
    if (s->dies) return false;
    execute_effect(w, s->node, effect);
    /* At the close of an epoch its host may restart it from an older disk. */
    return w->nodes[s->node].alive && w->nodes[s->node].life == s->life;
}

/* Messages are not split into frames here, so none shares a frame. */
static void flush_frames(void *context)
{
    (void)context;
}

static bool can_afford(void *context, uint16_t to, size_t len)
{
    struct assay_sim_world *w = context;
    struct world_node *const n = &w->nodes[w->stepping.node];
    if (n->limits == NULL || to >= n->roster.count) return true;
    return assay_limit_answer(&n->limits[to], world_mono_ms(w, w->stepping.node), len);
}

void world_dispatch_open(struct assay_sim_world *w)
{
    const struct assay_dispatch_config config = { .world = { .context = w,
                                                             .step = step_engine,
                                                             .sign = sign_effect,
                                                             .put = put_record,
                                                             .prune = prune_records,
                                                             .commit = commit_batch,
                                                             .rollback = rollback_batch,
                                                             .affords = can_afford,
                                                             .send = send_effect,
                                                             .flush = flush_frames,
                                                             .act = on_effect },
                                                  .events_per_commit = 1 };
    const size_t len = assay_dispatch_size();
    w->dispatch_memory = aligned_alloc(64, len);
    ASSAY_ASSERT(w->dispatch_memory != NULL);
    const enum assay_status status =
        assay_dispatch_init(w->dispatch_memory, len, &config, &w->dispatch);
    ASSAY_ASSERT(status == ASSAY_OK);
}

enum assay_status world_step(struct assay_sim_world *w, uint32_t node,
                             const struct assay_event *event)
{
    struct world_stepping *s = &w->stepping;
    struct assay_event e = *event;
    if (!w->nodes[node].alive || w->violation[0] != '\0') return ASSAY_E_AGAIN;
    ASSAY_ASSERT(s->effects == NULL && !assay_dispatch_has_queued(w->dispatch));
    s->node = node;
    s->life = w->nodes[node].life;
    s->given = true;
    s->dies = false;
    s->uncommitted = false;
    s->status = ASSAY_OK;
    const enum assay_status stepped = assay_dispatch_step(w->dispatch, &e);
    assay_status_ignore(stepped, "it stands in s->status, unless the node died");
    const enum assay_status status = assay_dispatch_process(w->dispatch);
    ASSAY_ASSERT(status == ASSAY_OK || s->dies);
    assay_dispatch_clear(w->dispatch);
    if (s->dies) world_node_die(w, node, w->nodes[node].down_ms);
    finish_step(w);
    world_check_agent(w, node);
    return s->status;
}
