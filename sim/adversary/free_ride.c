/*
 * sim/adversary/free_ride.c - attack: ballots report PASS for every member, nothing is verified.
 *
 * Undetected while all evidence is valid; the first failing evidence makes every free rider's
 * ballot a false PASS (E5).
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool free_ride_verifies(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

static enum assay_outcome free_ride_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                         enum assay_outcome honest)
{
    (void)scene;
    (void)subject;
    (void)honest;
    return ASSAY_OUTCOME_PASS_UP_TO_DATE;
}

const struct assay_attack assay_attack_free_ride = {
    .attack = ASSAY_SIM_ATTACK_FREE_RIDE,
    .vote = free_ride_vote,
    .sign = assay_twist_ballot,
    .verifies = free_ride_verifies,
};
