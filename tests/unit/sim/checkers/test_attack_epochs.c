/*
 * tests/unit/sim/checkers/test_attack_epochs.c - every attack at epoch fidelity, fifty nodes: what
 * it does is what the rules promise (docs/protocol.md 7.12).
 */
#include "tests/unit/sim/checkers/attack_cases.h"

#include <criterion/criterion.h>

#define CASE(name)                                                                                 \
    Test(sim_attack_epochs, name)                                                                  \
    {                                                                                              \
        attack_case_run(ATTACK_CASE_##name, 50, ASSAY_SIM_FIDELITY_EPOCH, assay_sim_run_epochs);   \
    }
ATTACK_CASE_LIST(CASE)
