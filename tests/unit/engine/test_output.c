/*
 * tests/unit/engine/test_output.c - tests of the effects of a step.
 *
 * What a step says beyond the room it has is counted, not lost without a trace, and leaves the room
 * that durable effects need.
 */
#include "engine/parts/engine_internal.h"

#include <criterion/criterion.h>

enum { RESERVED = 192, ARENA = 1 << 12 };

Test(output, counts_what_finds_no_room)
{
    static uint8_t arena[ARENA];
    static struct assay_effects effects;
    static struct assay_parts parts;
    struct assay_engine e = { .members = 4, .parts = &parts, .output = &parts.output };
    const uint8_t word[] = "word";

    assay_output_init(&e, arena, sizeof arena);
    assay_output_begin(&e, &effects);
    for (int i = 0; i < ASSAY_EFFECTS_MAX + 8; i++)
        assay_eng_send(&e, ASSAY_SLOT_ALL, ASSAY_SLOT_ALL, ASSAY_MESSAGE_VOTE,
                       assay_slice_over(word, sizeof word));
    const size_t said = effects.count;
    assay_output_end(&e, UINT64_MAX);
    cr_expect_leq(said, ASSAY_EFFECTS_MAX - RESERVED + 1);
    cr_expect_eq(said + effects.unsent, ASSAY_EFFECTS_MAX + 8);
    cr_expect(e.output->crowded);

    /* One that could not even be kept: the arena is full. The next step begins anew. */
    assay_output_begin(&e, &effects);
    cr_expect_eq(effects.unsent, 0);
    cr_expect_not_null(assay_eng_alloc(&e, ARENA));
    assay_eng_send(&e, 1, ASSAY_SLOT_ALL, ASSAY_MESSAGE_VOTE,
                   assay_eng_copy(&e, assay_slice_over(word, sizeof word)));
    assay_output_end(&e, UINT64_MAX);
    cr_expect_eq(effects.count, 0);
    cr_expect_eq(effects.unsent, 1);
}

Test(output, takes_back_what_it_made_of_one_kind)
{
    static uint8_t arena[ARENA];
    static struct assay_effects effects;
    static struct assay_parts parts;
    struct assay_engine e = { .members = 4, .parts = &parts, .output = &parts.output };
    static const enum assay_effect_kind kinds[] = { ASSAY_EFFECT_ORDER, ASSAY_EFFECT_NOTE,
                                                    ASSAY_EFFECT_ORDER, ASSAY_EFFECT_ORDER,
                                                    ASSAY_EFFECT_NOTE };
    assay_output_init(&e, arena, sizeof arena);
    assay_output_begin(&e, &effects);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct assay_effect *effect = assay_eng_add_effect(&e, kinds[i]);
        cr_assert_not_null(effect);
        if (kinds[i] == ASSAY_EFFECT_NOTE) effect->as.note.a = i;
    }
    assay_eng_remove_kind(&e, ASSAY_EFFECT_ORDER);
    cr_assert_eq(effects.count, 2);
    cr_expect_eq(effects.items[0].as.note.a, 1);
    cr_expect_eq(effects.items[1].as.note.a, 4);
    assay_eng_remove_kind(&e, ASSAY_EFFECT_NOTE);
    cr_expect_eq(effects.count, 0);
}
