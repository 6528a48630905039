/*
 * tests/unit/sim/test_world_checkers.c - each checker of the message world sees its planted fault,
 * and nothing where nothing is wrong.
 */
#include "sim/world/world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char *violation_of(enum assay_sim_world_plant plant, bool tampered, uint64_t ms,
                                char text[static 256])
{
    const struct assay_sim_world_options options = {
        .seed = 11, .nodes = 5, .epoch_ms = 500, .plant = plant
    };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    assay_sim_world_acts(w, 1)->tampered = tampered;
    (void)assay_sim_world_run(w, ms);
    const char *found = assay_sim_world_violation(w);
    text[0] = '\0';
    if (found != NULL) (void)snprintf(text, 256, "%s", found);
    assay_sim_world_destroy(&w);
    return text;
}

static void expect(enum assay_sim_world_plant plant, bool tampered, uint64_t ms, const char *words)
{
    char text[256];
    cr_assert_not_null(strstr(violation_of(plant, tampered, ms, text), words),
                       "plant %d: expected \"%s\", found \"%s\"", (int)plant, words, text);
}

Test(sim_world_checkers, a_sound_world_breaks_nothing, .timeout = 60)
{
    char text[256];
    cr_assert_str_empty(violation_of(ASSAY_SIM_WORLD_SOUND, true, 6000, text));
}

Test(sim_world_checkers, agreement_sees_another_root)
{
    expect(ASSAY_SIM_WORLD_PLANT_ROOT, false, 4000, "another state root");
}

Test(sim_world_checkers, persist_sees_a_message_that_is_not_durable)
{
    expect(ASSAY_SIM_WORLD_PLANT_SENDS_FIRST, false, 1000, "before it is durable");
}

Test(sim_world_checkers, orders_sees_another_slot)
{
    expect(ASSAY_SIM_WORLD_PLANT_ORDER, true, 4000, "an order for slot 2");
}

Test(sim_world_checkers, orders_sees_a_second_restart)
{
    expect(ASSAY_SIM_WORLD_PLANT_RESTARTS, true, 6000, "restarts twice");
}

Test(sim_world_checkers, validity_sees_a_block_of_another_proposer)
{
    expect(ASSAY_SIM_WORLD_PLANT_PROPOSER, false, 3000, "was proposed by");
}

Test(sim_world_checkers, finality_sees_two_certificates)
{
    expect(ASSAY_SIM_WORLD_PLANT_CERTIFICATE, false, 3000, "two final certificates");
}

Test(sim_world_checkers, memory_sees_a_hoard, .timeout = 60)
{
    expect(ASSAY_SIM_WORLD_PLANT_HOARDS, false, 30000, "pieces of evidence, bound");
}

/* Its disk is lost, it says that it never signed, and nobody can tell it otherwise. */
Test(sim_world_checkers, signed_once_sees_a_node_that_forgot)
{
    static const uint32_t alone[ASSAY_SIM_WORLD_NODES_MAX] = { [3] = 1 };
    const struct assay_sim_world_options options = {
        .seed = 1, .nodes = 5, .epoch_ms = 500, .plant = ASSAY_SIM_WORLD_PLANT_FORGETS
    };
    struct assay_sim_world *w = assay_sim_world_create(&options);
    cr_assert(assay_sim_world_run(w, 300)); /* some views of the first epoch */
    assay_sim_world_kill(w, 3);
    assay_sim_world_acts(w, 3)->loses_store = true;
    assay_sim_world_partition(w, alone);
    assay_sim_world_restart(w, 3);
    cr_assert_not(assay_sim_world_run(w, 2000));
    cr_assert_not_null(strstr(assay_sim_world_violation(w), "node 3 signed twice"));
    assay_sim_world_destroy(&w);
}
