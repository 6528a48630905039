/*
 * host/dispatch.c - execution of engine effects in the order of engine/messages/effect.h.
 */
#include "host/dispatch.h"

#include "base/assert.h"
#include "base/checked.h"
#include "engine/consensus/block.h"
#include "host/fifo.h"

enum {
    BLOCK_LEN = ASSAY_BLOCK_LEN_MAX + ASSAY_PROPOSAL_OVERHEAD_MAX,
    DEEDS_LEN = ASSAY_EFFECTS_MAX * (sizeof(struct assay_effect) + 2 * ASSAY_FIFO_ALIGN),
    /* What one step may sign: a block, and records and votes next to it. */
    STEP_LEN = BLOCK_LEN + (1 << 20) + DEEDS_LEN,
    ANSWER_LEN = 1 << 16, /* an answer of the host: evidence or a verdict */
};
_Static_assert(2 * STEP_LEN < ASSAY_DISPATCH_EVENTS_LEN, "own messages of two steps fit");
_Static_assert(2 * STEP_LEN < ASSAY_DISPATCH_SENDS_LEN, "and what is sent of them");
_Static_assert(DEEDS_LEN + ASSAY_RECORD_LEN_MAX < ASSAY_DISPATCH_ACTS_LEN / 2, "deeds of a step");

/* An event, or an effect, with a copy of the bytes that it points to behind it. */
struct waiting_event {
    struct assay_event event;
    uint8_t bytes[];
};
struct deferred_effect {
    struct assay_effect effect;
    uint8_t bytes[];
};

struct assay_dispatch {
    struct assay_dispatch_config config;
    struct assay_fifo events, sends, acts;
    bool open;        /* something waits for a commit */
    uint32_t stepped; /* events since the last one */
    enum assay_status failure;
    const char *what;
    struct assay_effects effects;
};

static size_t round_up(size_t len)
{
    return (len + 63) / 64 * 64;
}

size_t assay_dispatch_size(void)
{
    return round_up(sizeof(struct assay_dispatch)) + ASSAY_DISPATCH_EVENTS_LEN +
           ASSAY_DISPATCH_SENDS_LEN + ASSAY_DISPATCH_ACTS_LEN;
}

enum assay_status assay_dispatch_init(void *memory, size_t memory_len,
                                      const struct assay_dispatch_config *config,
                                      struct assay_dispatch **out)
{
    ASSAY_ASSERT((uintptr_t)memory % 64 == 0);
    ASSAY_ASSERT(config->events_per_commit > 0);
    if (memory_len < assay_dispatch_size()) return ASSAY_E_FULL;
    struct assay_dispatch *d = memory;
    uint8_t *rest = (uint8_t *)memory + round_up(sizeof *d);
    *d = (struct assay_dispatch){ .config = *config, .what = "" };
    assay_fifo_init(&d->events, rest, ASSAY_DISPATCH_EVENTS_LEN);
    assay_fifo_init(&d->sends, rest + ASSAY_DISPATCH_EVENTS_LEN, ASSAY_DISPATCH_SENDS_LEN);
    assay_fifo_init(&d->acts, rest + ASSAY_DISPATCH_EVENTS_LEN + ASSAY_DISPATCH_SENDS_LEN,
                    ASSAY_DISPATCH_ACTS_LEN);
    ASSAY_ASSERT(d->acts.memory + ASSAY_DISPATCH_ACTS_LEN ==
                 (uint8_t *)memory + assay_dispatch_size());
    *out = d;
    return ASSAY_OK;
}

/* A failure has a cause, and what waits lies in its own part of the memory. */
static bool dispatch_holds(const struct assay_dispatch *d)
{
    if (d->config.events_per_commit == 0 || d->what == NULL) return false;
    if ((d->failure == ASSAY_OK) != (d->what[0] == '\0')) return false;
    return d->events.memory + ASSAY_DISPATCH_EVENTS_LEN == d->sends.memory &&
           d->sends.memory + ASSAY_DISPATCH_SENDS_LEN == d->acts.memory;
}

static void set_failure(struct assay_dispatch *d, enum assay_status status, const char *what)
{
    ASSAY_ASSERT(status != ASSAY_OK && what[0] != '\0');
    if (d->failure != ASSAY_OK) return; /* the first cause stands */
    d->failure = status;
    d->what = what;
    ASSAY_ASSERT(dispatch_holds(d));
}

enum assay_status assay_dispatch_get_failure(const struct assay_dispatch *d, const char **what)
{
    ASSAY_ASSERT(dispatch_holds(d));
    *what = d->what;
    return d->failure;
}

void assay_dispatch_clear(struct assay_dispatch *d)
{
    assay_fifo_clear(&d->events);
    assay_fifo_clear(&d->sends);
    assay_fifo_clear(&d->acts);
    d->open = false;
    d->stepped = 0;
    d->failure = ASSAY_OK;
    d->what = "";
    ASSAY_ASSERT(dispatch_holds(d) && !assay_dispatch_has_queued(d));
}

/* ------------------------------------------------------------ what waits */

bool assay_dispatch_has_queued(const struct assay_dispatch *d)
{
    return d->events.count > 0;
}

bool assay_dispatch_has_room(const struct assay_dispatch *d)
{
    return assay_fifo_room(&d->events) >= STEP_LEN + ANSWER_LEN;
}

void assay_dispatch_request_commit(struct assay_dispatch *d)
{
    ASSAY_ASSERT(dispatch_holds(d));
    d->open = true;
}

/* What an event points to: bytes, which are copied as they are. */
static struct assay_slice effect_bytes(const struct assay_event *event)
{
    const struct assay_verdict *verdict = NULL;
    switch (event->kind) {
    case ASSAY_EVENT_MESSAGE: return event->as.message.payload;
    case ASSAY_EVENT_EVIDENCE: return event->as.evidence.bytes;
    case ASSAY_EVENT_QUOTE: return event->as.quote.bytes;
    case ASSAY_EVENT_SUBMIT: return event->as.submit.payload;
    case ASSAY_EVENT_DECLARE: return event->as.declare.list;
    case ASSAY_EVENT_VERDICT:
        verdict = event->as.verdict.verdict;
        return assay_slice_over(verdict, verdict != NULL ? sizeof *verdict : 0);
    case ASSAY_EVENT_RESTORE:
    case ASSAY_EVENT_START:
    case ASSAY_EVENT_TICK:
    case ASSAY_EVENT_KEYS: return (struct assay_slice){ 0 };
    }
    ASSAY_UNREACHABLE("event kind");
}

static void relocate_effect(struct assay_event *event, struct assay_slice bytes)
{
    if (event->kind == ASSAY_EVENT_MESSAGE) event->as.message.payload = bytes;
    if (event->kind == ASSAY_EVENT_EVIDENCE) event->as.evidence.bytes = bytes;
    if (event->kind == ASSAY_EVENT_QUOTE) event->as.quote.bytes = bytes;
    if (event->kind == ASSAY_EVENT_SUBMIT) event->as.submit.payload = bytes;
    if (event->kind == ASSAY_EVENT_DECLARE) event->as.declare.list = bytes;
    if (event->kind == ASSAY_EVENT_VERDICT)
        event->as.verdict.verdict = bytes.len > 0 ? (const void *)bytes.bytes : NULL;
}

enum assay_status assay_dispatch_queue(struct assay_dispatch *d, const struct assay_event *event)
{
    ASSAY_ASSERT(dispatch_holds(d));
    ASSAY_ASSERT(event->kind != ASSAY_EVENT_RESTORE); /* before START, by assay_engine_step */
    const struct assay_slice bytes = effect_bytes(event);
    struct waiting_event *waiting =
        assay_fifo_push(&d->events, sizeof(struct waiting_event) + bytes.len);
    if (waiting == NULL) {
        set_failure(d, ASSAY_E_FULL, "event");
        return ASSAY_E_FULL;
    }
    waiting->event = *event;
    assay_bytes_copy(waiting->bytes, bytes.len, bytes.bytes, bytes.len);
    relocate_effect(&waiting->event, assay_slice_over(waiting->bytes, bytes.len));
    ASSAY_ASSERT(d->events.count > 0);
    return ASSAY_OK;
}

/* Slices of effects are valid until the next step only: the queue copies them. */
static struct deferred_effect *defer_effect(struct assay_fifo *fifo,
                                            const struct assay_effect *effect,
                                            struct assay_slice bytes)
{
    struct deferred_effect *deferred =
        assay_fifo_push(fifo, sizeof(struct deferred_effect) + bytes.len);
    if (deferred == NULL) return NULL;
    deferred->effect = *effect;
    assay_bytes_copy(deferred->bytes, bytes.len, bytes.bytes, bytes.len);
    const struct assay_slice kept = assay_slice_over(deferred->bytes, bytes.len);
    if (effect->kind == ASSAY_EFFECT_SEND) deferred->effect.as.send.payload = kept;
    if (effect->kind == ASSAY_EFFECT_SIGN) deferred->effect.as.sign.payload = kept;
    if (effect->kind == ASSAY_EFFECT_VERIFY) deferred->effect.as.verify.bytes = kept;
    if (effect->kind == ASSAY_EFFECT_CONFIRM) deferred->effect.as.confirm.payload = kept;
    ASSAY_ASSERT(kept.len == bytes.len);
    return deferred;
}

/* ------------------------------------------------------------ before the commit */

static void put_item(struct assay_dispatch *d, enum assay_store_class class_,
                     const struct assay_store_key *key, struct assay_slice value)
{
    ASSAY_ASSERT(value.len > 0);

    d->open = true;
    const enum assay_status status =
        d->config.world.put(d->config.world.context, class_, key, value);
    if (status != ASSAY_OK) set_failure(d, status, "store put");
    ASSAY_ASSERT(d->open);
}

/* The signature is written into its reserved place in a copy; that copy is stored, sent and fed
 * back. */
static void sign_effect(struct assay_dispatch *d, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_SIGN);

    const struct assay_slice body = effect->as.sign.payload;
    const size_t at = effect->as.sign.signature_at;
    ASSAY_ASSERT(at <= body.len && body.len - at >= ASSAY_P256_SIGNATURE_LEN);
    struct deferred_effect *deferred = defer_effect(&d->sends, effect, body);
    if (deferred == NULL) {
        set_failure(d, ASSAY_E_FULL, "sign");
        return;
    }
    d->open = true; /* even a message that is not stored leaves after the earlier ones */
    const enum assay_status status =
        d->config.world.sign(d->config.world.context, &deferred->effect, deferred->bytes);
    if (status != ASSAY_OK) {
        set_failure(d, status, "sign");
        return;
    }
    const struct assay_effect *done = &deferred->effect;
    const struct assay_slice payload = done->as.sign.payload;
    ASSAY_ASSERT(payload.bytes == deferred->bytes && payload.len == body.len);
    put_item(d, done->as.sign.class_, &done->as.sign.store_key, payload);
    const struct assay_event own = {
        .kind = ASSAY_EVENT_MESSAGE,
        .as.message = { .from = ASSAY_SLOT_SELF, .kind = done->as.sign.message, .payload = payload }
    };
    const enum assay_status queued = assay_dispatch_queue(d, &own);
    assay_status_ignore(queued, "a full queue is the dispatch's failure already");
}

static void prune_store(struct assay_dispatch *d, const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_PRUNE);

    d->open = true;
    const enum assay_status status =
        d->config.world.prune(d->config.world.context, effect->as.prune.class_,
                              effect->as.prune.era, effect->as.prune.epoch);
    if (status != ASSAY_OK) set_failure(d, status, "store prune");
}

static void wait_to_act(struct assay_dispatch *d, const struct assay_effect *effect,
                        struct assay_slice bytes)
{
    ASSAY_ASSERT(effect->kind != ASSAY_EFFECT_SEND && effect->kind != ASSAY_EFFECT_SIGN);
    if (defer_effect(&d->acts, effect, bytes) == NULL) set_failure(d, ASSAY_E_FULL, "effect");
}

/* Bytes that the effects of this step after that one sign. */
static size_t count_signed(const struct assay_dispatch *d, const struct assay_effect *effect)
{
    size_t len = 0;
    const struct assay_effect *const end = d->effects.items + d->effects.count;
    ASSAY_ASSERT(effect >= d->effects.items && effect < end);
    for (const struct assay_effect *later = effect + 1; later < end; later++)
        if (later->kind == ASSAY_EFFECT_SIGN)
            len +=
                sizeof(struct deferred_effect) + later->as.sign.payload.len + 2 * ASSAY_FIFO_ALIGN;
    return len;
}

/* A SEND may go without room, a SIGN stops the node: a block that a peer requested takes no room
 * from the proposal of the same step. */
static bool leaves_room(const struct assay_dispatch *d, const struct assay_effect *effect)
{
    const size_t room = assay_fifo_room(&d->sends);
    const size_t need =
        sizeof(struct deferred_effect) + effect->as.send.payload.len + 2 * ASSAY_FIFO_ALIGN;
    if (room >= STEP_LEN + need) return true; /* as much as a step may sign */
    return room >= need && room - need >= count_signed(d, effect);
}

static void handle_effect(struct assay_dispatch *d, const struct assay_effect *effect)
{
    ASSAY_ASSERT(d->failure == ASSAY_OK);

    const struct assay_slice none = { 0 };
    switch (effect->kind) {
    case ASSAY_EFFECT_SIGN: sign_effect(d, effect); return;
    case ASSAY_EFFECT_PERSIST:
        put_item(d, effect->as.persist.class_, &effect->as.persist.key, effect->as.persist.value);
        return;
    case ASSAY_EFFECT_SEND:
        /* Delivery is never relied on: what finds no room is requested or sent again. */
        if (!leaves_room(d, effect)) return;
        if (effect->as.send.to != ASSAY_SLOT_ALL &&
            !d->config.world.affords(d->config.world.context, effect->as.send.to,
                                     effect->as.send.payload.len))
            return;
        (void)defer_effect(&d->sends, effect, effect->as.send.payload);
        return;
    case ASSAY_EFFECT_VERIFY: wait_to_act(d, effect, effect->as.verify.bytes); return;
    case ASSAY_EFFECT_CONFIRM:
        if (d->config.world.affords(d->config.world.context, effect->as.confirm.to,
                                    effect->as.confirm.payload.len))
            wait_to_act(d, effect, effect->as.confirm.payload);
        return;
    case ASSAY_EFFECT_PRUNE: prune_store(d, effect); break;
    case ASSAY_EFFECT_FETCH:
    case ASSAY_EFFECT_LOAD:
    case ASSAY_EFFECT_QUOTE:
    case ASSAY_EFFECT_ORDER:
    case ASSAY_EFFECT_NOTE:
    case ASSAY_EFFECT_KEYS:
    case ASSAY_EFFECT_RENEW:
    case ASSAY_EFFECT_CLOSED: break;
    }
    wait_to_act(d, effect, none);
}

/* Whether the effects of one more step, whatever they are, find room; a SEND may go without. */
static bool has_effect_room(const struct assay_dispatch *d)
{
    return assay_fifo_room(&d->sends) >= STEP_LEN &&
           assay_fifo_room(&d->acts) >= ASSAY_DISPATCH_ACTS_LEN / 2 &&
           d->stepped < d->config.events_per_commit;
}

static enum assay_status decode_event(struct assay_dispatch *d, struct assay_event *event)
{
    ASSAY_ASSERT(d->failure == ASSAY_OK);
    d->stepped++;
    const enum assay_status status =
        d->config.world.step(d->config.world.context, event, &d->effects);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) set_failure(d, status, "engine");
    ASSAY_ASSERT(d->effects.count <= ASSAY_EFFECTS_MAX);
    for (size_t i = 0; i < d->effects.count && d->failure == ASSAY_OK; i++)
        handle_effect(d, &d->effects.items[i]);
    return status;
}

enum assay_status assay_dispatch_step(struct assay_dispatch *d, struct assay_event *event)
{
    ASSAY_ASSERT(dispatch_holds(d));

    if (!has_effect_room(d)) {
        const enum assay_status settled = assay_dispatch_process(d);
        assay_status_ignore(settled, "a failure is kept, and looked at next");
    }
    if (d->failure != ASSAY_OK) return d->failure;
    return decode_event(d, event);
}

static void step_queued(struct assay_dispatch *d)
{
    while (d->failure == ASSAY_OK && d->events.count > 0 && has_effect_room(d)) {
        struct waiting_event *waiting = assay_fifo_peek(&d->events);
        (void)decode_event(d, &waiting->event);
        if (d->failure == ASSAY_OK) assay_fifo_pop(&d->events);
    }
    ASSAY_ASSERT(dispatch_holds(d));
}

/* ------------------------------------------------------------ the commit, and after it */

struct assay_outbound_message assay_dispatch_get_outbound(const struct assay_effect *effect)
{
    ASSAY_ASSERT(effect->kind == ASSAY_EFFECT_SEND || effect->kind == ASSAY_EFFECT_SIGN);
    if (effect->kind == ASSAY_EFFECT_SIGN)
        return (struct assay_outbound_message){ .to = ASSAY_SLOT_ALL,
                                                .except = ASSAY_SLOT_ALL,
                                                .kind = effect->as.sign.message,
                                                .payload = effect->as.sign.payload };
    return (struct assay_outbound_message){ .to = effect->as.send.to,
                                            .except = effect->as.send.except,
                                            .kind = effect->as.send.message,
                                            .payload = effect->as.send.payload };
}

static void commit_batch(struct assay_dispatch *d)
{
    ASSAY_ASSERT(d->failure == ASSAY_OK);

    d->stepped = 0;
    if (!d->open) return;
    d->open = false;
    const enum assay_status status = d->config.world.commit(d->config.world.context);
    if (status != ASSAY_OK) set_failure(d, status, "store commit");
    ASSAY_ASSERT(!d->open && d->stepped == 0);
}

static void send_deferred(struct assay_dispatch *d)
{
    struct deferred_effect *deferred;
    if (d->sends.count == 0) return;
    while (d->failure == ASSAY_OK && (deferred = assay_fifo_peek(&d->sends)) != NULL) {
        d->config.world.send(d->config.world.context, &deferred->effect);
        assay_fifo_pop(&d->sends);
    }
    d->config.world.flush(d->config.world.context);
}

/* An act may have an answer: each waits until that finds room, unless acts themselves need some. */
static bool may_act(const struct assay_dispatch *d)
{
    return assay_dispatch_has_room(d) || assay_fifo_room(&d->acts) < ASSAY_DISPATCH_ACTS_LEN / 2;
}

static void act_deferred(struct assay_dispatch *d)
{
    struct deferred_effect *deferred;
    while (d->failure == ASSAY_OK && may_act(d) && (deferred = assay_fifo_peek(&d->acts)) != NULL) {
        if (!d->config.world.act(d->config.world.context, &deferred->effect)) {
            d->config.world.rollback(d->config.world.context);
            assay_dispatch_clear(d);
            return;
        }
        assay_fifo_pop(&d->acts);
    }
}

enum assay_status assay_dispatch_process(struct assay_dispatch *d)
{
    ASSAY_ASSERT(dispatch_holds(d));

    while (d->failure == ASSAY_OK) {
        step_queued(d);
        if (d->failure == ASSAY_OK) commit_batch(d);
        if (d->failure != ASSAY_OK) break;
        ASSAY_ASSERT(!d->open); /* what leaves now is durable */
        send_deferred(d);
        act_deferred(d);
        if (d->events.count == 0 && d->acts.count == 0 && !d->open) return d->failure;
    }
    /* Nothing of what was not made durable leaves the node. */
    const enum assay_status failure = d->failure;
    const char *what = d->what;
    d->config.world.rollback(d->config.world.context);
    assay_dispatch_clear(d);
    d->failure = failure;
    d->what = what;
    ASSAY_ASSERT(dispatch_holds(d) && failure != ASSAY_OK);
    return failure;
}
