/*
 * tests/unit/sim/checkers/test_attack_world.c - every attack at message fidelity, ten nodes: what
 * it does is what the rules promise (docs/protocol.md 7.12).
 */
#include "tests/unit/sim/checkers/attack_cases.h"

#include <criterion/criterion.h>

#define CASE(name)                                                                                 \
    Test(sim_attack_world, name)                                                                   \
    {                                                                                              \
        attack_case_run(ATTACK_CASE_##name, 10, ASSAY_SIM_FIDELITY_MESSAGE,                        \
                        assay_sim_run_messages);                                                   \
    }
ATTACK_CASE_LIST(CASE)
