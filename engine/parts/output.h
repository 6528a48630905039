/*
 * engine/parts/output.h - effects of the running step, and their memory.
 *
 * A slice in an effect must live until the next step: assay_eng_copy copies it into the step's
 * memory. Without room the step is repeated at once (step.c).
 */
#ifndef ASSAY_ENGINE_PARTS_OUTPUT_H
#define ASSAY_ENGINE_PARTS_OUTPUT_H

#include "engine/messages/effect.h"

struct assay_engine;

struct assay_output {
    struct assay_effects *effects; /* the host's; NULL between steps */
    bool crowded;                  /* effects were left out for lack of room: step again */
    uint8_t *arena;
    size_t arena_len, arena_used;
};

/* Uses arena_len bytes at arena for the lifetime of the engine. */
void assay_output_init(struct assay_engine *e, uint8_t *arena, size_t arena_len);
/* Starts a step with empty effects. */
void assay_output_begin(struct assay_engine *e, struct assay_effects *effects);
/* Ends the step. */
void assay_output_end(struct assay_engine *e, uint64_t wake_at_ms);
/* Schedules another step at once for the remaining work. */
void assay_output_set_crowded(struct assay_engine *e);

/* Returns: an effect to fill in; NULL when there is no room (the step is repeated by a wake-up). */
struct assay_effect *assay_eng_add_effect(struct assay_engine *e, enum assay_effect_kind kind);
/* Removes the effect that was added last. */
void assay_eng_remove_effect(struct assay_engine *e);
/* Removes the effects of one kind that this step added. */
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
/* The caller has checked assay_eng_has_room. */
void assay_eng_persist(struct assay_engine *e, enum assay_store_class class_,
                       const struct assay_store_key *key, struct assay_slice value);

#endif
