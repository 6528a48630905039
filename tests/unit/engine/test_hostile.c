/*
 * tests/unit/engine/test_hostile.c - refused messages leave the engine as it was.
 *
 * A running network's own messages, bent in every way, go to one node. Whatever is refused must not
 * have changed a byte of its memory, apart from counters and the bytes that every step writes anew.
 */
#include "engine/consensus/simplex_internal.h"
#include "engine/parts/engine_internal.h"
#include "sim/world/world_internal.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { CAUGHT_MAX = 256 };

struct caught {
    enum assay_message_kind kind;
    uint16_t from;
    uint8_t *bytes;
    size_t len;
};

struct net {
    struct caught items[CAUGHT_MAX];
    size_t count;
};

/* Takes what is on its way to node 0. */
static void catch_messages(struct assay_sim_world *w, struct net *net)
{
    const struct item *item;
    for (size_t i = 0; net->count < CAUGHT_MAX && (item = world_in_flight(w, 0, i)) != NULL; i++) {
        if (item->message >= ASSAY_MESSAGE_EVIDENCE_PULL) continue; /* the host's */
        struct caught *c = &net->items[net->count++];
        c->kind = (enum assay_message_kind)item->message;
        c->from = item->from;
        c->len = item->payload->len;
        c->bytes = malloc(c->len + 1);
        cr_assert_not_null(c->bytes);
        assay_bytes_copy(c->bytes, c->len, item->payload->bytes, c->len);
    }
}

struct frozen {
    uint8_t *image;
    size_t len;
    struct assay_effects *effects;
    uint64_t now_ms, at_unix_ms;
};

static void tick(struct assay_sim_world *w, struct frozen *f)
{
    const struct assay_event event = { .kind = ASSAY_EVENT_TICK,
                                       .now_ms = f->now_ms,
                                       .at_unix_ms = f->at_unix_ms };
    cr_assert_eq(assay_engine_step(w->nodes[0].engine, &event, f->effects), ASSAY_OK);
}

/* At a standing clock, when nothing is due any more. */
static void freeze(struct assay_sim_world *w, struct frozen *f)
{
    struct assay_engine *e = w->nodes[0].engine;
    f->now_ms = e->now_ms;
    f->at_unix_ms = e->at_unix_ms;
    for (int i = 0; i < 20; i++)
        tick(w, f);
    assay_bytes_copy(f->image, f->len, e, f->len);
}

/* As it was before, whatever the step wrote there. */
static void forgive_at(struct assay_engine *e, const struct frozen *f, void *at, size_t len)
{
    const size_t offset = (size_t)((uint8_t *)at - (uint8_t *)e);
    if (offset >= f->len) return; /* behind what is compared */
    cr_assert_leq(len, f->len - offset);
    assay_bytes_copy(at, len, f->image + offset, len);
}

/* What every step may write: counters, its own output. */
static void forgive(struct assay_engine *e, const struct frozen *f)
{
    const struct assay_engine *before = (const struct assay_engine *)(const void *)f->image;
    const size_t simplex_at = (size_t)((uint8_t *)e->simplex - (uint8_t *)e);
    const struct assay_simplex *s =
        (const struct assay_simplex *)(const void *)(f->image + simplex_at);
    assay_bytes_copy(e->refused, sizeof e->refused, before->refused, sizeof e->refused);
    forgive_at(e, f, e->actions, sizeof *e->actions);
    forgive_at(e, f, &e->parts->output, sizeof *e->output);
    forgive_at(e, f, e->output->arena, e->output->arena_len);
    forgive_at(e, f, e->branch->path, (size_t)e->branch->path_max * 32);
    e->simplex->refused = s->refused;
    assay_bytes_copy(&e->simplex->arena, sizeof s->arena, &s->arena, sizeof s->arena);
    forgive_at(e, f, e->simplex->arena.bytes, s->arena.capacity);
}

static bool deliver(struct assay_sim_world *w, struct frozen *f, uint16_t from,
                    enum assay_message_kind kind, const uint8_t *bytes, size_t len)
{
    struct assay_event event = { .kind = ASSAY_EVENT_MESSAGE,
                                 .now_ms = f->now_ms,
                                 .at_unix_ms = f->at_unix_ms };
    event.as.message.from = from;
    event.as.message.kind = kind;
    event.as.message.payload = assay_slice_over(bytes, len);
    const enum assay_status status = assay_engine_step(w->nodes[0].engine, &event, f->effects);
    assay_engine_check(w->nodes[0].engine);
    if (status == ASSAY_OK) {
        assay_bytes_copy(f->image, f->len, w->nodes[0].engine,
                         f->len); /* it was good: go on from here */
        freeze(w, f);
        return true;
    }
    return false;
}

/* Returns: the first byte that differs, f->len when none does. */
static size_t changed_at(struct assay_sim_world *w, struct frozen *f)
{
    struct assay_engine *e = w->nodes[0].engine;
    size_t i = 0;
    forgive(e, f);
    if (assay_bytes_equal(e, f->image, f->len)) return f->len;
    while (((uint8_t *)e)[i] == f->image[i])
        i++;
    return i;
}

static void expect_unchanged(struct assay_sim_world *w, struct frozen *f, const char *what,
                             size_t at)
{
    const size_t changed = changed_at(w, f);
    cr_assert_eq(changed, f->len, "%s at %zu changed byte %zu of the engine", what, at, changed);
}

static void bend(struct assay_sim_world *w, struct frozen *f, const struct caught *c, size_t turn)
{
    uint8_t *bytes = malloc(c->len + 1);
    cr_assert_not_null(bytes);
    for (size_t k = 0; k < 12; k++) {
        const size_t at = (k * 97 + turn * 31) % c->len;
        assay_bytes_copy(bytes, c->len, c->bytes, c->len);
        bytes[at] = (uint8_t)(bytes[at] ^ 1u << (k + turn) % 8);
        if (!deliver(w, f, c->from, c->kind, bytes, c->len))
            expect_unchanged(w, f, "a flipped bit", at);
        if (!deliver(w, f, c->from, c->kind, c->bytes, at))
            expect_unchanged(w, f, "a truncation", at);
    }
    bytes[0] = 0;
    assay_bytes_copy(bytes, c->len, c->bytes, c->len);
    bytes[c->len] = 0;
    if (!deliver(w, f, c->from, c->kind, bytes, c->len + 1))
        expect_unchanged(w, f, "a byte more", c->len);
    if (!deliver(w, f, 300, c->kind, c->bytes, c->len)) expect_unchanged(w, f, "a stranger", 0);
    for (unsigned kind = 0; kind < 40; kind++) {
        if (kind == (unsigned)c->kind) continue;
        if (!deliver(w, f, c->from, (enum assay_message_kind)kind, c->bytes, c->len))
            expect_unchanged(w, f, "another kind", kind);
    }
    free(bytes);
}

Test(hostile, refused_messages_change_nothing, .timeout = 600)
{
    const struct assay_sim_world_options o = {
        .seed = 21, .nodes = 4, .delay_min_ms = 3, .delay_max_ms = 9
    };
    struct assay_sim_world *w = assay_sim_world_create(&o);
    struct net *net = calloc(1, sizeof *net);
    struct frozen f = { .effects = calloc(1, sizeof(struct assay_effects)) };
    cr_assert(net != NULL && f.effects != NULL);
    assay_sim_world_acts(w, 2)->tampered = true; /* FAIL records travel too */
    for (int i = 0; i < 60; i++) {
        cr_assert(assay_sim_world_run(w, 29));
        if (net->count < CAUGHT_MAX) catch_messages(w, net);
    }
    const struct assay_engine *e = w->nodes[0].engine;
    /* Everything from the engine over ledgers, pool and blocks to the head of Simplex. */
    f.len =
        (size_t)((const uint8_t *)e->simplex - (const uint8_t *)e) + sizeof(struct assay_simplex);
    f.image = malloc(f.len);
    cr_assert_not_null(f.image);
    freeze(w, &f);
    w->nodes[0].engine->parts->seats[1].asked ^= 1; /* the comparison can fail */
    cr_assert_neq(changed_at(w, &f), f.len);
    w->nodes[0].engine->parts->seats[1].asked ^= 1;
    cr_assert_eq(changed_at(w, &f), f.len);
    size_t kinds = 0;
    bool seen[64] = { false };
    for (size_t i = 0; i < net->count; i++) {
        if (!seen[net->items[i].kind % 64]) kinds++;
        else if (i % 16 != 0) continue; /* one of each kind, and some more */
        seen[net->items[i].kind % 64] = true;
        bend(w, &f, &net->items[i], i);
    }
    cr_assert_geq(kinds, 3, "proposals, votes, envelopes, records were among them");
    for (size_t i = 0; i < net->count; i++)
        free(net->items[i].bytes);
    free(net);
    free(f.effects);
    free(f.image);
    assay_sim_world_destroy(&w);
}
