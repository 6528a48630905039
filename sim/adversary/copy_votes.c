/*
 * sim/adversary/copy_votes.c - ballots repeat the first ballot that was heard.
 *
 * Nothing is verified; its own ballot is due 5T/8 after the epoch opened, when others have shown
 * theirs (docs/protocol.md 4.2: there is no commitment). It answers for what it copied (E5).
 * Before the first ballot is heard there is nothing to say.
 */
#include "sim/adversary/rows.h"
#include "sim/adversary/twist.h"

static bool verifies(const struct assay_attack_scene *scene)
{
    (void)scene;
    return false;
}

static enum assay_outcome vote(const struct assay_attack_scene *scene, uint32_t subject,
                               enum assay_outcome honest)
{
    (void)honest;
    if (scene->first_row == NULL) return ASSAY_OUTCOME_NONE;
    const uint8_t said = assay_row_get(scene->first_row, subject);
    return said < ASSAY_OUTCOME_COUNT ? (enum assay_outcome)said : ASSAY_OUTCOME_NONE;
}

const struct assay_attack assay_attack_copy_votes = {
    .attack = ASSAY_SIM_ATTACK_COPY_VOTES,
    .vote = vote,
    .sign = assay_twist_ballot,
    .verifies = verifies,
};
