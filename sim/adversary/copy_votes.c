/*
 * sim/adversary/copy_votes.c - attack: ballots repeat the first received ballot.
 *
 * Nothing is verified; its own ballot is due 5T/8 after the epoch opened, when others have sent
 * theirs (docs/protocol.md 4.2: there is no commitment). It is liable for the copied votes (E5).
 * Before the first ballot arrives it sends none.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool copy_votes_verifies(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

static enum assay_outcome copy_votes_vote(const struct assay_attack_scene *scene, uint32_t subject,
                                          enum assay_outcome honest)
{
    (void)honest;
    if (scene->first_row == NULL) return ASSAY_OUTCOME_NONE;
    const uint8_t said = assay_votes_row_get(scene->first_row, subject);
    return said < ASSAY_OUTCOME_COUNT ? (enum assay_outcome)said : ASSAY_OUTCOME_NONE;
}

const struct assay_attack assay_attack_copy_votes = {
    .attack = ASSAY_SIM_ATTACK_COPY_VOTES,
    .vote = copy_votes_vote,
    .sign = assay_twist_ballot,
    .verifies = copy_votes_verifies,
};
