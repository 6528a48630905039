/*
 * engine/node/output.h - the effects of the running step, and the memory behind them.
 *
 * A slice in an effect must live until the next step: assay_eng_copy copies it into the step's
 * memory. Where there is no room the step is repeated: a wake-up at once (step.c).
 */
#ifndef ASSAY_ENGINE_NODE_OUTPUT_H
#define ASSAY_ENGINE_NODE_OUTPUT_H

#include "engine/node/effect.h"

struct assay_engine;

struct assay_output {
    struct assay_effects *effects; /* the host's; NULL between steps */
    bool crowded;                  /* effects were left out for want of room: step again */
    uint8_t *arena;
    size_t arena_len, arena_used;
};

/* Lays out nothing: arena_len bytes at arena, for as long as the engine lives. */
void assay_output_init(struct assay_engine *e, uint8_t *arena, size_t arena_len);
/* A step begins, with nothing in effects. */
void assay_output_begin(struct assay_engine *e, struct assay_effects *effects);
/* And ends. */
void assay_output_end(struct assay_engine *e, uint64_t wake_at_ms);
/* What is left is for the next step, at once. */
void assay_output_set_crowded(struct assay_engine *e);

/* Returns: an effect to fill in; NULL when there is no room (the step is repeated by a wake-up). */
struct assay_effect *assay_eng_add_effect(struct assay_engine *e, enum assay_effect_kind kind);
/* Takes back the effect that was made last. */
void assay_eng_remove_effect(struct assay_engine *e);
/* Takes back those of one kind that this step made. */
void assay_eng_remove_kind(struct assay_engine *e, enum assay_effect_kind kind);
/* Returns: whether so many more effects fit; the step is repeated when they do not. */
bool assay_eng_has_room(struct assay_engine *e, size_t effects);
/* Returns: len bytes of the step's memory, aligned to 16; NULL when there is no room. */
uint8_t *assay_eng_alloc(struct assay_engine *e, size_t len);
/* Returns: a copy; a slice of len 0 when there is no room. */
struct assay_slice assay_eng_copy(struct assay_engine *e, struct assay_slice bytes);
void assay_eng_send(struct assay_engine *e, uint16_t to, uint16_t except,
                    enum assay_message_kind kind, struct assay_slice payload);
void assay_eng_note(struct assay_engine *e, enum assay_note note, uint16_t slot, uint64_t a,
                    uint64_t b);
/* Whoever persists asked assay_eng_has_room before. */
void assay_eng_persist(struct assay_engine *e, enum assay_store_class class_,
                       const struct assay_store_key *key, struct assay_slice value);

#endif
