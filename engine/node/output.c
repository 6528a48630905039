/*
 * engine/node/output.c - effects of the running step, and their memory.
 */
#include "engine/parts/engine_internal.h"

enum {
    EFFECTS_RESERVED = 192
}; /* reserve that notes and sends leave for effects that must not be lost */

/* Invariants within a step. */
static bool output_is_valid(const struct assay_output *o)
{
    return o->effects != NULL && o->effects->count <= ASSAY_EFFECTS_MAX &&
           o->arena_used <= o->arena_len;
}

void assay_output_init(struct assay_engine *e, uint8_t *arena, size_t arena_len)
{
    ASSAY_ASSERT(arena_len > 0);
    e->parts->output = (struct assay_output){ .arena = arena, .arena_len = arena_len };
}

void assay_output_begin(struct assay_engine *e, struct assay_effects *effects)
{
    struct assay_output *o = &e->parts->output;
    ASSAY_ASSERT(o->effects == NULL && effects != NULL);
    effects->count = 0;
    effects->unsent = 0;
    effects->paused_ms = 0;
    o->effects = effects;
    o->crowded = false;
    o->arena_used = 0;
    ASSAY_ASSERT(output_is_valid(o));
}

void assay_output_end(struct assay_engine *e, uint64_t wake_at_ms)
{
    struct assay_output *o = &e->parts->output;
    ASSAY_ASSERT(o->effects != NULL && o->effects->count <= ASSAY_EFFECTS_MAX);
    ASSAY_ASSERT(o->arena_used <= o->arena_len);
    o->effects->wake_at_ms = wake_at_ms;
    o->effects = NULL;
}

void assay_output_set_crowded(struct assay_engine *e)
{
    e->parts->output.crowded = true;
}

struct assay_effect *assay_eng_add_effect(struct assay_engine *e, enum assay_effect_kind kind)
{
    ASSAY_ASSERT(output_is_valid(e->output));

    struct assay_effects *effects = e->output->effects;
    ASSAY_ASSERT(effects != NULL);
    ASSAY_ASSERT(effects->count <= ASSAY_EFFECTS_MAX);
    if (effects->count == ASSAY_EFFECTS_MAX) {
        assay_output_set_crowded(e);
        return NULL;
    }
    struct assay_effect *effect = &effects->items[effects->count++];
    assay_bytes_zero(effect, sizeof *effect);
    effect->kind = kind;
    return effect;
}

void assay_eng_remove_effect(struct assay_engine *e)
{
    ASSAY_ASSERT(output_is_valid(e->output));
    ASSAY_ASSERT(e->output->effects->count > 0);
    e->output->effects->count--;
}

void assay_eng_remove_kind(struct assay_engine *e, enum assay_effect_kind kind)
{
    ASSAY_ASSERT(output_is_valid(e->output));
    struct assay_effects *all = e->output->effects;
    size_t kept = 0;
    for (size_t i = 0; i < all->count; i++) {
        if (all->items[i].kind == kind) continue;
        if (kept < i) all->items[kept] = all->items[i];
        kept++;
    }
    all->count = kept;
}

uint8_t *assay_eng_alloc(struct assay_engine *e, size_t len)
{
    struct assay_output *o = &e->parts->output;
    const size_t rounded = (len + 15) & ~(size_t)15;
    ASSAY_ASSERT(o->effects != NULL); /* between steps the memory belongs to the host's effects */
    ASSAY_ASSERT(o->arena_used <= o->arena_len);
    if (rounded > o->arena_len - o->arena_used) {
        o->crowded = true;
        return NULL;
    }
    uint8_t *bytes = o->arena + o->arena_used;
    o->arena_used += rounded;
    ASSAY_ASSERT(output_is_valid(o));
    return bytes;
}

bool assay_eng_has_room(struct assay_engine *e, size_t effects)
{
    ASSAY_ASSERT(e->output->effects != NULL && effects <= ASSAY_EFFECTS_MAX);
    if (effects <= ASSAY_EFFECTS_MAX - e->output->effects->count) return true;
    assay_output_set_crowded(e);
    return false;
}

struct assay_slice assay_eng_copy(struct assay_engine *e, struct assay_slice bytes)
{
    uint8_t *copy = assay_eng_alloc(e, bytes.len);
    if (copy == NULL) return (struct assay_slice){ 0 };
    assay_bytes_copy(copy, bytes.len, bytes.bytes, bytes.len);
    return assay_slice_over(copy, bytes.len);
}

void assay_eng_send(struct assay_engine *e, uint16_t to, uint16_t except,
                    enum assay_message_kind kind, struct assay_slice payload)
{
    ASSAY_ASSERT(except == ASSAY_SLOT_ALL || except < e->members);
    ASSAY_ASSERT(to == ASSAY_SLOT_ALL || to == ASSAY_SLOT_NEAR || to < e->members);
    /* No room for it or its payload: peers request it again. */
    if (payload.len == 0 || !assay_eng_has_room(e, EFFECTS_RESERVED)) {
        e->output->effects->unsent++;
        return;
    }
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_SEND);
    ASSAY_ASSERT(effect != NULL);
    effect->as.send.to = to;
    effect->as.send.except = except;
    effect->as.send.message = kind;
    effect->as.send.payload = payload;
}

void assay_eng_note(struct assay_engine *e, enum assay_note note, uint16_t slot, uint64_t a,
                    uint64_t b)
{
    ASSAY_ASSERT(slot == ASSAY_SLOT_ALL || slot < e->members);
    if (!assay_eng_has_room(e, EFFECTS_RESERVED)) return;
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_NOTE);
    ASSAY_ASSERT(effect != NULL);
    effect->as.note.note = note;
    effect->as.note.slot = slot;
    effect->as.note.a = a;
    effect->as.note.b = b;
}

void assay_eng_persist(struct assay_engine *e, enum assay_store_class class_,
                       const struct assay_store_key *key, struct assay_slice value)
{
    struct assay_effect *effect = assay_eng_add_effect(e, ASSAY_EFFECT_PERSIST);
    ASSAY_ASSERT(effect != NULL); /* assay_eng_has_room was asked before */
    ASSAY_ASSERT(value.len > 0);
    effect->as.persist.class_ = class_;
    effect->as.persist.key = *key;
    effect->as.persist.value = value;
}
