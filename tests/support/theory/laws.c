/*
 * tests/support/theory/laws.c - the closed forms, as they are printed.
 */
#include "tests/support/theory/laws.h"

#include <math.h>

double assay_sim_law_on_off(double theta, double rise)
{
    return 1 / (1 + theta / (3 * rise));
}

bool assay_sim_law_side_certifies(double share)
{
    return 3 * share > 2;
}

double assay_sim_law_eigentrust(double b, double a)
{
    return a / (1 - (1 - a) * (1 - b));
}

double assay_sim_law_leak_stake_epochs(double stake)
{
    return stake >= 1 ? 0 : sqrt(ldexp(1, 25) * log(1 / stake));
}

double assay_sim_law_leak_final_epochs(double beta)
{
    /* final once active = (1-beta)/2 + beta is two thirds: what is left of the others is half */
    return assay_sim_law_leak_stake_epochs((1 + beta) / (2 * (1 - beta)));
}

double assay_sim_law_gossip_reach(double c)
{
    return exp(-exp(-c));
}
