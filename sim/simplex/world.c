/*
 * sim/simplex/world.c - machines, clock and crashes of the Simplex world.
 */
#include "base/crypto/model.h"
#include "sim/simplex/world_internal.h"

#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

/* --- one step of one machine */

struct signed_message {
    enum assay_message_kind kind;
    enum assay_store_class class_;
    uint8_t *bytes;
    size_t len;
    struct assay_store_key key;
};

static size_t sign_all(struct assay_sim_simplex *w, struct sxw_machine *m,
                       struct signed_message *signed_)
{
    size_t count = 0;
    for (size_t i = 0; i < m->actions.count; i++) {
        const struct assay_simplex_action *action = &m->actions.items[i];
        if (action->kind != ASSAY_SIMPLEX_SIGN) continue;
        const struct assay_slice payload = action->effect.as.sign.payload;
        struct signed_message *out = &signed_[count++];
        *out = (struct signed_message){ .kind = action->effect.as.sign.message,
                                        .len = payload.len,
                                        .class_ = action->effect.as.sign.class_,
                                        .key = action->effect.as.sign.store_key };
        out->bytes = assay_sxw_must(malloc(payload.len));
        assay_bytes_copy(out->bytes, payload.len, payload.bytes, payload.len);
        assay_sim_simplex_sign(w, m->slot, action->effect.as.sign.digest,
                               out->bytes + action->effect.as.sign.signature_at);
    }
    return count;
}

static void persist_all(struct assay_sim_simplex *w, struct sxw_machine *m,
                        const struct signed_message *signed_, size_t count)
{
    for (size_t i = 0; i < m->actions.count; i++) {
        const struct assay_simplex_action *action = &m->actions.items[i];
        if (action->kind != ASSAY_SIMPLEX_PERSIST) continue;
        if (w->options.plant == ASSAY_SIM_SIMPLEX_FORGETS_CERTIFICATES &&
            action->effect.as.persist.class_ == ASSAY_STORE_CERTIFICATE)
            continue;
        assay_sxw_log_put(m, action->effect.as.persist.class_, &action->effect.as.persist.key,
                          action->effect.as.persist.value);
    }
    for (size_t i = 0; i < count; i++)
        if (w->options.plant != ASSAY_SIM_SIMPLEX_SKIPS_STORE)
            assay_sxw_log_put(m, signed_[i].class_, &signed_[i].key,
                              assay_slice_over(signed_[i].bytes, signed_[i].len));
    if (m->durable.epoch != m->ledger.epoch)
        assay_sxw_log_prune(m, m->durable.epoch); /* this step may send messages of it */
    m->durable = m->ledger;
}

/* limit: number of messages that are sent before the machine crashes. */
static void send_all(struct assay_sim_simplex *w, struct sxw_machine *m,
                     const struct signed_message *signed_, size_t count, size_t limit)
{
    size_t sent = 0;
    for (size_t i = 0; i < m->actions.count; i++) {
        const struct assay_simplex_action *action = &m->actions.items[i];
        if (action->kind != ASSAY_SIMPLEX_SEND) continue;
        if (sent++ >= limit) return;
        assay_sxw_send(w, m, action->effect.as.send.to, action->effect.as.send.except,
                       action->effect.as.send.message, action->effect.as.send.payload);
    }
    for (size_t i = 0; i < count; i++) {
        if (sent++ >= limit) return;
        assay_sxw_send(w, m, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, signed_[i].kind,
                       assay_slice_over(signed_[i].bytes, signed_[i].len));
    }
}

static bool has_output(const struct sxw_machine *m)
{
    for (size_t i = 0; i < m->actions.count; i++) {
        const enum assay_simplex_action_kind kind = m->actions.items[i].kind;
        if (kind == ASSAY_SIMPLEX_SIGN || kind == ASSAY_SIMPLEX_PERSIST) return true;
    }
    return false;
}

static void step_machine(struct assay_sim_simplex *w, struct sxw_machine *m,
                         const struct sxw_event *event);

static void feed_back(struct assay_sim_simplex *w, struct sxw_machine *m,
                      const struct signed_message *message)
{
    const struct sxw_event own = { .kind = SXW_MESSAGE,
                                   .from = ASSAY_SLOT_SELF,
                                   .message = message->kind,
                                   .bytes = message->bytes,
                                   .len = message->len };
    if (m->alive && w->violation[0] == 0) step_machine(w, m, &own);
}

/* Sign, persist, send, feed back; or crash in between. */
static void execute_actions(struct assay_sim_simplex *w, struct sxw_machine *m)
{
    struct signed_message signed_[ASSAY_SIMPLEX_ACTIONS_MAX];
    const size_t count = sign_all(w, m, signed_);
    const bool dies = has_output(m) && assay_sxw_chance(w, w->options.crash_permille);
    const uint64_t where = dies ? assay_sxw_random(w) % 3 : 3;
    if (where > 0 && w->options.plant == ASSAY_SIM_SIMPLEX_SENDS_FIRST)
        send_all(w, m, signed_, count, SIZE_MAX);
    if (where > 0) persist_all(w, m, signed_, count);
    if (where > 1 && w->options.plant != ASSAY_SIM_SIMPLEX_SENDS_FIRST)
        send_all(w, m, signed_, count, where == 2 ? assay_sxw_random(w) % 4 : SIZE_MAX);
    if (dies) {
        assay_sim_simplex_crash(w, (uint32_t)(m - w->machines));
        const struct sxw_event restart = { .kind = SXW_RESTART,
                                           .machine = (uint32_t)(m - w->machines),
                                           .at_ms = w->now + assay_sxw_between(w, 1, 3000) };
        assay_sxw_schedule(w, &restart);
    } else {
        for (size_t i = 0; i < count; i++)
            feed_back(w, m, &signed_[i]);
    }
    for (size_t i = 0; i < count; i++)
        free(signed_[i].bytes);
}

enum assay_status assay_sxw_input(struct assay_sim_simplex *w, struct sxw_machine *m,
                                  const struct sxw_event *event)
{
    enum assay_status status = ASSAY_OK;
    assay_simplex_release(m->simplex);
    m->actions.count = 0;
    w->counts.steps++;
    if (assay_sxw_chance(w, w->options.crowded_permille))
        while (m->actions.count < ASSAY_SIMPLEX_ACTIONS_MAX - w->counts.steps % 32)
            m->actions.items[m->actions.count++] =
                (struct assay_simplex_action){ .kind = ASSAY_SIMPLEX_NOTE };
    switch (event->kind) {
    case SXW_MESSAGE:
        status = assay_simplex_message(m->simplex, w->now, event->from, event->message,
                                       assay_slice_over(event->bytes, event->len), &m->actions);
        break;
    case SXW_TICK: assay_simplex_tick(m->simplex, w->now, &m->actions); break;
    case SXW_CHECKED:
        assay_simplex_on_checked(m->simplex, w->now, event->id, event->valid, &m->actions);
        break;
    case SXW_RUN: assay_simplex_run(m->simplex, w->now, event->valid, &m->actions); break;
    case SXW_RESTART: break;
    }
    return status;
}

static void step_machine(struct assay_sim_simplex *w, struct sxw_machine *m,
                         const struct sxw_event *event)
{
    const enum assay_status status = assay_sxw_input(w, m, event);
    const bool own = event->from == ASSAY_SLOT_SELF && event->kind == SXW_MESSAGE;
    if (own && status != ASSAY_OK && status != ASSAY_E_STALE && !m->byzantine && !w->options.splits)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_INVARIANTS,
                                  "a machine refused its own message: %s",
                                  assay_status_symbol(status));
    for (size_t i = 0; i < m->actions.count; i++) /* answers of the ledger append to the list */
        assay_sxw_ledger_act(w, m, i);
    if (w->options.check_every == 0 || w->counts.steps % w->options.check_every == 0)
        assay_simplex_check(m->simplex);
    execute_actions(w, m);
    if (m->alive) m->wake_at = assay_simplex_wake_at(m->simplex);
}

/* --- the clock */

static struct sxw_machine *first_awake(struct assay_sim_simplex *w)
{
    struct sxw_machine *first = NULL;
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct sxw_machine *m = &w->machines[i];
        if (m->alive && (first == NULL || m->wake_at < first->wake_at)) first = m;
    }
    return first != NULL && first->wake_at != UINT64_MAX ? first : NULL;
}

static void deliver_event(struct assay_sim_simplex *w, struct sxw_event *event)
{
    struct sxw_machine *m = &w->machines[event->machine];
    if (event->kind == SXW_RESTART) assay_sim_simplex_restart(w, event->machine);
    else if (m->alive && (event->kind != SXW_CHECKED || event->life == m->life))
        step_machine(w, m, event);
    free(event->bytes);
}

/* One event or one tick. Returns: false when nothing happens before the deadline. */
static bool advance_clock(struct assay_sim_simplex *w, uint64_t deadline_ms)
{
    struct sxw_machine *m = first_awake(w);
    const uint64_t event_at = w->event_count > 0 ? w->events[0].at_ms : UINT64_MAX;
    const uint64_t wake_at = m != NULL ? m->wake_at : UINT64_MAX;
    const uint64_t at = event_at < wake_at ? event_at : wake_at;
    if (at > deadline_ms) {
        w->now = deadline_ms;
        return false;
    }
    w->still = at <= w->now ? w->still + 1 : 0;
    if (w->still > 100000)
        assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_LIVENESS,
                                  "a machine spins without time passing");
    if (at > w->now) w->now = at;
    if (event_at <= wake_at) {
        struct sxw_event event = assay_sxw_next_event(w);
        deliver_event(w, &event);
    } else {
        const struct sxw_event tick = { .kind = SXW_TICK };
        step_machine(w, m, &tick);
    }
    return true;
}

bool assay_sim_simplex_run(struct assay_sim_simplex *w, uint64_t ms)
{
    const uint64_t deadline = w->now + ms;
    while (w->violation[0] == 0 && advance_clock(w, deadline)) {
    }
    return w->violation[0] == 0;
}

bool assay_sim_simplex_run_to_height(struct assay_sim_simplex *w, uint64_t height, uint64_t ms)
{
    const uint64_t deadline = w->now + ms;
    while (w->violation[0] == 0) {
        bool reached = true;
        for (uint32_t i = 0; i < w->machine_count; i++)
            if (w->machines[i].alive && !w->machines[i].byzantine &&
                w->machines[i].ledger.height < height)
                reached = false;
        if (reached) return true;
        if (!advance_clock(w, deadline)) return false;
    }
    return false;
}

/* --- life */

void assay_sim_simplex_crash(struct assay_sim_simplex *w, uint32_t machine)
{
    struct sxw_machine *m = &w->machines[machine];
    if (!m->alive) return;
    m->alive = false;
    m->life++;
    w->counts.crashes++;
    memset(m->blocks_memory, 0xdb, m->blocks_memory_len < 4096 ? m->blocks_memory_len : 4096);
}

static void restore_machine(struct assay_sim_simplex *w, struct sxw_machine *m,
                            enum assay_store_class class_)
{
    for (size_t i = 0; i < m->log_count; i++) {
        const struct sxw_log_item *item = &m->log[i];
        if (item->class_ != class_) continue;
        const enum assay_status status = assay_simplex_restore(
            m->simplex, class_, &item->key, assay_slice_over(item->bytes, item->len));
        if (status != ASSAY_OK)
            assay_sim_simplex_violate(w, ASSAY_SIM_CHECKER_INVARIANTS, "restore: %s",
                                      assay_status_symbol(status));
    }
}

void assay_sim_simplex_restart(struct assay_sim_simplex *w, uint32_t machine)
{
    struct sxw_machine *m = &w->machines[machine];
    if (m->alive) return;
    w->counts.restarts++;
    m->ledger = m->durable;
    assay_sxw_machine_init(w, m);
    restore_machine(w, m, ASSAY_STORE_CERTIFICATE);
    restore_machine(w, m, ASSAY_STORE_PROPOSAL);
    if (w->options.plant != ASSAY_SIM_SIMPLEX_FORGETS_VOTES)
        restore_machine(w, m, ASSAY_STORE_VOTE);
    m->alive = true;
    const struct sxw_event run = { .kind = SXW_RUN,
                                   .valid = w->options.plant == ASSAY_SIM_SIMPLEX_FORGETS_VOTES };
    step_machine(w, m, &run);
}

void assay_sxw_machine_init(struct assay_sim_simplex *w, struct sxw_machine *m)
{
    struct assay_simplex_config config = { .self = m->slot,
                                           .voters_max = w->options.slot_count,
                                           .views_max = w->options.views_max,
                                           .certificate_max =
                                               3 * w->options.views_max, /* the minimum */
                                           .early_len = 128 * 1024 };
    assay_bytes_copy(config.chain_id, 32, w->chain_id, 32);
    m->blocks = assay_blocks_init(m->blocks_memory, m->blocks_memory_len, w->options.blocks_max,
                                  SXW_BODY_MAX);
    config.blocks = m->blocks;
    if (m->simplex_memory == NULL) {
        m->simplex_memory_len = assay_simplex_size(&config);
        m->simplex_memory = assay_sxw_must(aligned_alloc(64, m->simplex_memory_len));
    }
    const enum assay_status status =
        assay_simplex_init(m->simplex_memory, m->simplex_memory_len, &config, &m->simplex);
    if (status != ASSAY_OK) abort();
    m->actions.count = 0;
    m->wake_at = UINT64_MAX;
    memset(m->proofs, 0, sizeof m->proofs);
    assay_sxw_ledger_begin(w, m);
}

static void make_keys(struct assay_sim_simplex *w)
{
    for (uint32_t slot = 0; slot < w->options.slot_count; slot++) {
        struct assay_secret32 private_key = { { 0 } };
        uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
        for (size_t i = 0; i < 4; i++) {
            const uint64_t word = assay_sxw_random(w);
            assay_bytes_copy(private_key.bytes + 8 * i, 8, &word, 8);
        }
        assay_model_mark(&private_key);
        if (assay_p256_public(&private_key, public_key) != ASSAY_OK) abort();
        if (assay_p256_load(public_key, &w->keys[slot]) != ASSAY_OK) abort();
        if (assay_p256_signer_load(&private_key, &w->signers[slot]) != ASSAY_OK) abort();
        memset(w->node_ids[slot], (int)(slot + 1), 32);
    }
}

struct assay_sim_simplex *assay_sim_simplex_create(const struct assay_sim_simplex_options *options)
{
    struct assay_sim_simplex *w = assay_sxw_must(calloc(1, sizeof *w));
    w->options = *options;
    w->random = options->seed;
    if (w->options.epoch_ms == 0) w->options.epoch_ms = 2000;
    if (w->options.epoch_blocks == 0) w->options.epoch_blocks = 5;
    if (w->options.views_max == 0) w->options.views_max = SXW_VIEWS;
    if (w->options.blocks_max == 0) w->options.blocks_max = SXW_BLOCKS_MAX;
    ASSAY_ASSERT(w->options.views_max <= SXW_VIEWS_MAX && w->options.blocks_max <= SXW_BLOCKS_MAX);
    ASSAY_ASSERT(w->options.slot_count <= ASSAY_SIM_SIMPLEX_MACHINES_MAX);
    ASSAY_ASSERT(w->options.machine_count <= ASSAY_SIM_SIMPLEX_MACHINES_MAX);
    w->checker = ASSAY_SIM_CHECKER_COUNT;
    w->machine_count = options->machine_count > 0 ? options->machine_count : options->slot_count;
    w->now = 1000;
    memset(w->chain_id, 0xc4, 32);
    make_keys(w);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct sxw_machine *m = &w->machines[i];
        m->slot = options->machine_count > 0 ? options->slots[i] : (uint16_t)i;
        m->byzantine = options->byzantine[i];
        m->blocks_memory_len = assay_blocks_size(w->options.blocks_max, SXW_BODY_MAX);
        m->blocks_memory = assay_sxw_must(aligned_alloc(64, m->blocks_memory_len));
        assay_sxw_ledger_genesis(w, m);
        m->durable = m->ledger;
        assay_sxw_machine_init(w, m);
        m->alive = true;
    }
    for (uint32_t i = 0; i < w->machine_count; i++) { /* when every machine can receive */
        const struct sxw_event run = { .kind = SXW_RUN, .valid = true };
        step_machine(w, &w->machines[i], &run);
    }
    return w;
}

void assay_sim_simplex_destroy(struct assay_sim_simplex **world)
{
    struct assay_sim_simplex *w = *world;
    if (w == NULL) return;
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct sxw_machine *m = &w->machines[i];
        assay_sxw_log_prune(m, UINT64_MAX);
        free(m->log);
        free(m->blocks_memory);
        free(m->simplex_memory);
    }
    for (uint32_t slot = 0; slot < w->options.slot_count; slot++) {
        assay_p256_free(&w->keys[slot]);
        assay_p256_signer_free(&w->signers[slot]);
    }
    for (size_t i = 0; i < w->event_count; i++)
        free(w->events[i].bytes);
    free(w->events);
    assay_sxw_checker_free(w);
    free(w);
    *world = NULL;
}

/* --- settings and queries */

void assay_sim_simplex_set_faults(struct assay_sim_simplex *w, uint32_t loss_permille,
                                  uint32_t duplicate_permille, uint32_t crash_permille)
{
    w->options.loss_permille = loss_permille;
    w->options.duplicate_permille = duplicate_permille;
    w->options.crash_permille = crash_permille;
}

void assay_sim_simplex_partition(struct assay_sim_simplex *w, const uint32_t *group_of)
{
    w->partitioned = group_of != NULL;
    for (uint32_t i = 0; group_of != NULL && i < w->machine_count; i++)
        w->group_of[i] = group_of[i];
}

void assay_sim_simplex_set_filter(struct assay_sim_simplex *w, assay_sim_simplex_filter *filter,
                                  void *context)
{
    w->filter = filter;
    w->filter_context = context;
}

void assay_sim_simplex_set_judge(struct assay_sim_simplex *w, assay_sim_simplex_judge *judge,
                                 void *context)
{
    w->judge = judge;
    w->judge_context = context;
}

enum assay_status assay_sim_simplex_inject(struct assay_sim_simplex *w, uint32_t machine,
                                           uint16_t from, enum assay_message_kind kind,
                                           struct assay_slice payload)
{
    struct sxw_machine *m = &w->machines[machine];
    uint8_t *copy = assay_sxw_must(
        malloc(payload.len + 1)); /* exact, so that a sanitizer detects a read one byte too far */
    assay_bytes_copy(copy, payload.len, payload.bytes, payload.len);
    const struct sxw_event event = {
        .kind = SXW_MESSAGE, .from = from, .message = kind, .bytes = copy, .len = payload.len
    };
    if (kind == ASSAY_MESSAGE_PROPOSAL) assay_sxw_note_block(w, payload);
    const enum assay_status status = assay_sxw_input(w, m, &event);
    for (size_t i = 0; i < m->actions.count; i++)
        assay_sxw_ledger_act(w, m, i);
    execute_actions(w, m);
    if (m->alive) m->wake_at = assay_simplex_wake_at(m->simplex);
    free(copy);
    return status;
}

void assay_sim_simplex_sign(const struct assay_sim_simplex *w, uint16_t slot,
                            const uint8_t digest[static 32],
                            uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    if (assay_p256_sign(w->signers[slot], digest, signature) != ASSAY_OK) abort();
}

const struct assay_p256 *assay_sim_simplex_key(const struct assay_sim_simplex *w, uint16_t slot)
{
    ASSAY_ASSERT(slot < w->options.slot_count);
    return w->keys[slot];
}

void assay_sim_simplex_set_observer(struct assay_sim_simplex *w,
                                    assay_sim_simplex_observer *observer, void *context)
{
    w->observer = observer;
    w->observer_context = context;
}

const uint8_t *assay_sim_simplex_chain_id(const struct assay_sim_simplex *w)
{
    return w->chain_id;
}

const char *assay_sim_simplex_violation(const struct assay_sim_simplex *w)
{
    return w->violation[0] == 0 ? NULL : w->violation;
}

enum assay_sim_checker assay_sim_simplex_checker(const struct assay_sim_simplex *w)
{
    return w->checker;
}

uint64_t assay_sim_simplex_now(const struct assay_sim_simplex *w)
{
    return w->now;
}

uint64_t assay_sim_simplex_height(const struct assay_sim_simplex *w, uint32_t machine)
{
    return w->machines[machine].ledger.height;
}

uint64_t assay_sim_simplex_best_height(const struct assay_sim_simplex *w)
{
    uint64_t best = 0;
    for (uint32_t i = 0; i < w->machine_count; i++)
        if (w->machines[i].ledger.height > best) best = w->machines[i].ledger.height;
    return best;
}

bool assay_sim_simplex_alive(const struct assay_sim_simplex *w, uint32_t machine)
{
    return w->machines[machine].alive;
}

struct assay_simplex *assay_sim_simplex_machine(struct assay_sim_simplex *w, uint32_t machine)
{
    return w->machines[machine].simplex;
}

void assay_sim_simplex_look(const struct assay_sim_simplex *w, uint32_t machine,
                            struct assay_simplex_snapshot *snapshot)
{
    assay_simplex_snapshot(w->machines[machine].simplex, snapshot);
}

void assay_sim_simplex_counts(const struct assay_sim_simplex *w,
                              struct assay_sim_simplex_counts *counts)
{
    *counts = w->counts;
}

bool assay_sim_simplex_has_accused(const struct assay_sim_simplex *w, uint32_t machine,
                                   uint64_t epoch, uint16_t slot, unsigned number)
{
    const struct sxw_machine *m = &w->machines[machine];
    return m->proofs_epoch == epoch && (m->proofs[slot] >> number & 1) != 0;
}
