/*
 * tests/support/simplex_world.c - machines, clock, crashes (simplex_world.h). Links and logs
 * are simplex_network.c, the tiny ledger simplex_ledger.c, the checkers simplex_checker.c.
 */
#include "tests/support/simplex_world_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- one step of one machine */

struct signed_message {
    enum assay_message_kind kind;
    uint8_t *bytes;
    size_t len;
    bool persist;
    enum assay_store_class class_;
    struct assay_store_key key;
};

static size_t sign_all(struct simplex_world *w, struct machine *m, struct signed_message *signed_)
{
    size_t count = 0;
    for (size_t i = 0; i < m->actions.count; i++) {
        const struct assay_simplex_action *action = &m->actions.items[i];
        if (action->kind != ASSAY_SIMPLEX_SIGN) continue;
        const struct assay_slice payload = action->effect.as.sign.payload;
        struct signed_message *out = &signed_[count++];
        *out = (struct signed_message){ .kind = action->effect.as.sign.message,
                                        .len = payload.len,
                                        .persist = action->effect.as.sign.persist,
                                        .class_ = action->effect.as.sign.class_,
                                        .key = action->effect.as.sign.store_key };
        out->bytes = world_must(malloc(payload.len));
        assay_bytes_copy(out->bytes, payload.len, payload.bytes, payload.len);
        simplex_world_sign(w, m->slot, action->effect.as.sign.digest,
                           out->bytes + action->effect.as.sign.signature_at);
    }
    return count;
}

static void persist_all(struct simplex_world *w, struct machine *m,
                        const struct signed_message *signed_, size_t count)
{
    for (size_t i = 0; i < m->actions.count; i++) {
        const struct assay_simplex_action *action = &m->actions.items[i];
        if (action->kind != ASSAY_SIMPLEX_PERSIST) continue;
        if (w->options.plant == WORLD_FORGETS_CERTIFICATES &&
            action->effect.as.persist.class_ == ASSAY_STORE_CERTIFICATE)
            continue;
        world_log_put(m, action->effect.as.persist.class_, &action->effect.as.persist.key,
                      action->effect.as.persist.value);
    }
    for (size_t i = 0; i < count; i++)
        if (signed_[i].persist && w->options.plant != WORLD_SKIPS_STORE)
            world_log_put(m, signed_[i].class_, &signed_[i].key,
                          assay_slice_over(signed_[i].bytes, signed_[i].len));
    if (m->durable.epoch != m->ledger.epoch)
        world_log_prune(m, m->durable.epoch); /* this step may send of it */
    m->durable = m->ledger;
}

/* limit: how many messages leave before the machine dies. */
static void send_all(struct simplex_world *w, struct machine *m,
                     const struct signed_message *signed_, size_t count, size_t limit)
{
    size_t sent = 0;
    for (size_t i = 0; i < m->actions.count; i++) {
        const struct assay_simplex_action *action = &m->actions.items[i];
        if (action->kind != ASSAY_SIMPLEX_SEND) continue;
        if (sent++ >= limit) return;
        world_send(w, m, action->effect.as.send.to, action->effect.as.send.except,
                   action->effect.as.send.message, action->effect.as.send.payload);
    }
    for (size_t i = 0; i < count; i++) {
        if (sent++ >= limit) return;
        world_send(w, m, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, signed_[i].kind,
                   assay_slice_over(signed_[i].bytes, signed_[i].len));
    }
}

static bool has_output(const struct machine *m)
{
    for (size_t i = 0; i < m->actions.count; i++) {
        const enum assay_simplex_action_kind kind = m->actions.items[i].kind;
        if (kind == ASSAY_SIMPLEX_SIGN || kind == ASSAY_SIMPLEX_PERSIST) return true;
    }
    return false;
}

static void step(struct simplex_world *w, struct machine *m, const struct world_event *event);

static void feed_back(struct simplex_world *w, struct machine *m,
                      const struct signed_message *message)
{
    const struct world_event own = { .kind = WORLD_MESSAGE,
                                     .from = ASSAY_SLOT_SELF,
                                     .message = message->kind,
                                     .bytes = message->bytes,
                                     .len = message->len };
    if (m->alive && w->violation[0] == 0) step(w, m, &own);
}

/* Sign, persist, send, feed back; or die somewhere between. */
static void obey(struct simplex_world *w, struct machine *m)
{
    struct signed_message signed_[ASSAY_SIMPLEX_ACTIONS_MAX];
    const size_t count = sign_all(w, m, signed_);
    const bool dies = has_output(m) && world_chance(w, w->options.crash_permille);
    const uint64_t where = dies ? world_random(w) % 3 : 3;
    if (where > 0 && w->options.plant == WORLD_SENDS_FIRST)
        send_all(w, m, signed_, count, SIZE_MAX);
    if (where > 0) persist_all(w, m, signed_, count);
    if (where > 1 && w->options.plant != WORLD_SENDS_FIRST)
        send_all(w, m, signed_, count, where == 2 ? world_random(w) % 4 : SIZE_MAX);
    if (dies) {
        simplex_world_crash(w, (uint32_t)(m - w->machines));
        const struct world_event restart = { .kind = WORLD_RESTART,
                                             .machine = (uint32_t)(m - w->machines),
                                             .at_ms = w->now + world_between(w, 1, 3000) };
        world_schedule(w, &restart);
    } else {
        for (size_t i = 0; i < count; i++)
            feed_back(w, m, &signed_[i]);
    }
    for (size_t i = 0; i < count; i++)
        free(signed_[i].bytes);
}

enum assay_status world_input(struct simplex_world *w, struct machine *m,
                              const struct world_event *event)
{
    enum assay_status status = ASSAY_OK;
    assay_simplex_release(m->simplex);
    m->actions.count = 0;
    w->counts.steps++;
    if (world_chance(w, w->options.crowded_permille))
        while (m->actions.count < ASSAY_SIMPLEX_ACTIONS_MAX - w->counts.steps % 32)
            m->actions.items[m->actions.count++] =
                (struct assay_simplex_action){ .kind = ASSAY_SIMPLEX_NOTE };
    switch (event->kind) {
    case WORLD_MESSAGE:
        status = assay_simplex_message(m->simplex, w->now, event->from, event->message,
                                       assay_slice_over(event->bytes, event->len), &m->actions);
        break;
    case WORLD_TICK: assay_simplex_tick(m->simplex, w->now, &m->actions); break;
    case WORLD_CHECKED:
        assay_simplex_checked(m->simplex, w->now, event->id, event->valid, &m->actions);
        break;
    case WORLD_RUN: assay_simplex_run(m->simplex, w->now, event->valid, &m->actions); break;
    case WORLD_RESTART: break;
    }
    return status;
}

static void step(struct simplex_world *w, struct machine *m, const struct world_event *event)
{
    const enum assay_status status = world_input(w, m, event);
    const bool own = event->from == ASSAY_SLOT_SELF && event->kind == WORLD_MESSAGE;
    if (own && status != ASSAY_OK && status != ASSAY_E_STALE && !m->byzantine)
        world_violated(w, "a machine refused its own message: %s", assay_status_symbol(status));
    for (size_t i = 0; i < m->actions.count; i++) /* the ledger's answers append to the list */
        world_ledger_act(w, m, i);
    assay_simplex_check(m->simplex);
    obey(w, m);
    if (m->alive) m->wake_at = assay_simplex_wake_at(m->simplex);
}

/* --- the clock */

static struct machine *first_awake(struct simplex_world *w)
{
    struct machine *first = NULL;
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machines[i];
        if (m->alive && (first == NULL || m->wake_at < first->wake_at)) first = m;
    }
    return first != NULL && first->wake_at != UINT64_MAX ? first : NULL;
}

static void deliver(struct simplex_world *w, struct world_event *event)
{
    struct machine *m = &w->machines[event->machine];
    if (event->kind == WORLD_RESTART) simplex_world_restart(w, event->machine);
    else if (m->alive && (event->kind != WORLD_CHECKED || event->life == m->life))
        step(w, m, event);
    free(event->bytes);
}

/* One event or one tick. Returns: false when nothing happens before the deadline. */
static bool advance(struct simplex_world *w, uint64_t deadline_ms)
{
    struct machine *m = first_awake(w);
    const uint64_t event_at = w->event_count > 0 ? w->events[0].at_ms : UINT64_MAX;
    const uint64_t wake_at = m != NULL ? m->wake_at : UINT64_MAX;
    const uint64_t at = event_at < wake_at ? event_at : wake_at;
    if (at > deadline_ms) {
        w->now = deadline_ms;
        return false;
    }
    w->still = at <= w->now ? w->still + 1 : 0;
    if (w->still > 100000) world_violated(w, "a machine spins without time passing");
    if (at > w->now) w->now = at;
    if (event_at <= wake_at) {
        struct world_event event = world_next_event(w);
        deliver(w, &event);
    } else {
        const struct world_event tick = { .kind = WORLD_TICK };
        step(w, m, &tick);
    }
    return true;
}

bool simplex_world_run(struct simplex_world *w, uint64_t ms)
{
    const uint64_t deadline = w->now + ms;
    while (w->violation[0] == 0 && advance(w, deadline)) {
    }
    return w->violation[0] == 0;
}

bool simplex_world_run_to_height(struct simplex_world *w, uint64_t height, uint64_t ms)
{
    const uint64_t deadline = w->now + ms;
    while (w->violation[0] == 0) {
        bool reached = true;
        for (uint32_t i = 0; i < w->machine_count; i++)
            if (w->machines[i].alive && w->machines[i].ledger.height < height) reached = false;
        if (reached) return true;
        if (!advance(w, deadline)) return false;
    }
    return false;
}

/* --- life and death */

void simplex_world_crash(struct simplex_world *w, uint32_t machine)
{
    struct machine *m = &w->machines[machine];
    if (!m->alive) return;
    m->alive = false;
    m->life++;
    w->counts.crashes++;
    memset(m->blocks_memory, 0xdb, m->blocks_memory_len < 4096 ? m->blocks_memory_len : 4096);
}

static void restore(struct simplex_world *w, struct machine *m, enum assay_store_class class_)
{
    for (size_t i = 0; i < m->log_count; i++) {
        const struct log_item *item = &m->log[i];
        if (item->class_ != class_) continue;
        const enum assay_status status = assay_simplex_restore(
            m->simplex, class_, &item->key, assay_slice_over(item->bytes, item->len));
        if (status != ASSAY_OK) world_violated(w, "restore: %s", assay_status_symbol(status));
    }
}

void simplex_world_restart(struct simplex_world *w, uint32_t machine)
{
    struct machine *m = &w->machines[machine];
    if (m->alive) return;
    w->counts.restarts++;
    m->ledger = m->durable;
    world_machine_init(w, m);
    restore(w, m, ASSAY_STORE_CERTIFICATE);
    restore(w, m, ASSAY_STORE_PROPOSAL);
    if (w->options.plant != WORLD_FORGETS_VOTES) restore(w, m, ASSAY_STORE_VOTE);
    m->alive = true;
    const struct world_event run = { .kind = WORLD_RUN,
                                     .valid = w->options.plant == WORLD_FORGETS_VOTES };
    step(w, m, &run);
}

void world_machine_init(struct simplex_world *w, struct machine *m)
{
    struct assay_simplex_config config = { .self = m->slot,
                                           .voters_max = w->options.slot_count,
                                           .views_max = WORLD_VIEWS_MAX,
                                           .certificate_max = 3 * WORLD_VIEWS_MAX, /* the least */
                                           .early_len = 128 * 1024 };
    assay_bytes_copy(config.chain_id, 32, w->chain_id, 32);
    m->blocks =
        assay_blocks_init(m->blocks_memory, m->blocks_memory_len, WORLD_BLOCKS_MAX, WORLD_BODY_MAX);
    config.blocks = m->blocks;
    if (m->simplex_memory == NULL) {
        m->simplex_memory_len = assay_simplex_size(&config);
        m->simplex_memory = world_must(aligned_alloc(64, m->simplex_memory_len));
    }
    const enum assay_status status =
        assay_simplex_init(m->simplex_memory, m->simplex_memory_len, &config, &m->simplex);
    if (status != ASSAY_OK) abort();
    m->actions.count = 0;
    m->wake_at = UINT64_MAX;
    world_ledger_begin(w, m);
}

static void make_keys(struct simplex_world *w)
{
    for (uint32_t slot = 0; slot < w->options.slot_count; slot++) {
        struct assay_secret32 private_key = { { 0 } };
        uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
        for (size_t i = 0; i < 4; i++) {
            const uint64_t word = world_random(w);
            assay_bytes_copy(private_key.bytes + 8 * i, 8, &word, 8);
        }
        if (assay_p256_public(&private_key, public_key) != ASSAY_OK) abort();
        if (assay_p256_load(public_key, &w->keys[slot]) != ASSAY_OK) abort();
        if (assay_p256_signer_load(&private_key, &w->signers[slot]) != ASSAY_OK) abort();
        memset(w->node_ids[slot], (int)(slot + 1), 32);
    }
}

struct simplex_world *simplex_world_create(const struct world_options *options)
{
    struct simplex_world *w = world_must(calloc(1, sizeof *w));
    w->options = *options;
    w->random = options->seed;
    if (w->options.epoch_ms == 0) w->options.epoch_ms = 2000;
    if (w->options.epoch_blocks == 0) w->options.epoch_blocks = 5;
    w->machine_count = options->machine_count > 0 ? options->machine_count : options->slot_count;
    w->now = 1000;
    memset(w->chain_id, 0xc4, 32);
    make_keys(w);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machines[i];
        m->slot = options->machine_count > 0 ? options->slots[i] : (uint16_t)i;
        m->byzantine = options->byzantine[i];
        m->blocks_memory_len = assay_blocks_size(WORLD_BLOCKS_MAX, WORLD_BODY_MAX);
        m->blocks_memory = world_must(aligned_alloc(64, m->blocks_memory_len));
        world_ledger_genesis(w, m);
        m->durable = m->ledger;
        world_machine_init(w, m);
        m->alive = true;
    }
    for (uint32_t i = 0; i < w->machine_count; i++) { /* once everybody can hear */
        const struct world_event run = { .kind = WORLD_RUN, .valid = true };
        step(w, &w->machines[i], &run);
    }
    return w;
}

void simplex_world_destroy(struct simplex_world **world)
{
    struct simplex_world *w = *world;
    if (w == NULL) return;
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machines[i];
        world_log_prune(m, UINT64_MAX);
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
    world_checker_free(w);
    free(w);
    *world = NULL;
}

/* --- settings and looks */

void simplex_world_set_faults(struct simplex_world *w, uint32_t loss_permille,
                              uint32_t duplicate_permille, uint32_t crash_permille)
{
    w->options.loss_permille = loss_permille;
    w->options.duplicate_permille = duplicate_permille;
    w->options.crash_permille = crash_permille;
}

void simplex_world_partition(struct simplex_world *w, const uint32_t *group_of)
{
    w->partitioned = group_of != NULL;
    for (uint32_t i = 0; group_of != NULL && i < w->machine_count; i++)
        w->group_of[i] = group_of[i];
}

void simplex_world_set_filter(struct simplex_world *w, simplex_world_filter *filter, void *context)
{
    w->filter = filter;
    w->filter_context = context;
}

void simplex_world_set_judge(struct simplex_world *w, simplex_world_judge *judge, void *context)
{
    w->judge = judge;
    w->judge_context = context;
}

enum assay_status simplex_world_inject(struct simplex_world *w, uint32_t machine, uint16_t from,
                                       enum assay_message_kind kind, struct assay_slice payload)
{
    struct machine *m = &w->machines[machine];
    uint8_t *copy =
        world_must(malloc(payload.len + 1)); /* exact, so that a sanitizer sees one too far */
    assay_bytes_copy(copy, payload.len, payload.bytes, payload.len);
    const struct world_event event = {
        .kind = WORLD_MESSAGE, .from = from, .message = kind, .bytes = copy, .len = payload.len
    };
    const enum assay_status status = world_input(w, m, &event);
    for (size_t i = 0; i < m->actions.count; i++)
        world_ledger_act(w, m, i);
    obey(w, m);
    if (m->alive) m->wake_at = assay_simplex_wake_at(m->simplex);
    free(copy);
    return status;
}

void simplex_world_sign(const struct simplex_world *w, uint16_t slot,
                        const uint8_t digest[static 32],
                        uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    if (assay_p256_sign(w->signers[slot], digest, signature) != ASSAY_OK) abort();
}

const uint8_t *simplex_world_chain_id(const struct simplex_world *w)
{
    return w->chain_id;
}

const char *simplex_world_violation(const struct simplex_world *w)
{
    return w->violation[0] == 0 ? NULL : w->violation;
}

uint64_t simplex_world_now(const struct simplex_world *w)
{
    return w->now;
}

uint64_t simplex_world_height(const struct simplex_world *w, uint32_t machine)
{
    return w->machines[machine].ledger.height;
}

uint64_t simplex_world_best_height(const struct simplex_world *w)
{
    uint64_t best = 0;
    for (uint32_t i = 0; i < w->machine_count; i++)
        if (w->machines[i].ledger.height > best) best = w->machines[i].ledger.height;
    return best;
}

bool simplex_world_alive(const struct simplex_world *w, uint32_t machine)
{
    return w->machines[machine].alive;
}

struct assay_simplex *simplex_world_machine(struct simplex_world *w, uint32_t machine)
{
    return w->machines[machine].simplex;
}

void simplex_world_look(const struct simplex_world *w, uint32_t machine,
                        struct assay_simplex_view *view)
{
    assay_simplex_look(w->machines[machine].simplex, view);
}

void simplex_world_counts(const struct simplex_world *w, struct world_counts *counts)
{
    *counts = w->counts;
}
