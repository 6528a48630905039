/* tests/unit/sim/rules/rules_fleet.c - fleets of members for tests of rules */
#include "tests/unit/sim/rules/rules_fleet.h"

#include <criterion/criterion.h>

void fleet_init(struct fleet *fleet, uint32_t count, struct assay_sim_rules_options options)
{
    *fleet = (struct fleet){ .count = count, .epoch = 1 };
    for (uint32_t i = 0; i < count; i++) {
        struct assay_place *place = &fleet->places[i];
        place->node_id[0] = place->platform_id[0] = (uint8_t)i;
        place->operator_id[0] = place->vendor_root[0] = (uint8_t)i;
        fleet->members[i].duty = true;
        fleet_silence(fleet, i, false);
    }
    assay_groups_build(fleet->places, count, fleet->groups_memory, sizeof fleet->groups_memory,
                       &fleet->groups);
    fleet_say(fleet, 0, count, 0, count, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    options.groups = &fleet->groups;
    cr_assert_eq(assay_sim_rules_create(&options, &fleet->rules), ASSAY_OK);
}

void fleet_free(struct fleet *fleet)
{
    assay_sim_rules_destroy(&fleet->rules);
}

void fleet_say(struct fleet *fleet, uint32_t voter, uint32_t voter_end, uint32_t subject,
               uint32_t subject_end, enum assay_outcome outcome)
{
    for (uint32_t v = voter; v < voter_end; v++)
        for (uint32_t s = subject; s < subject_end; s++)
            if (s != v) assay_votes_row_set(fleet->ballots[v], s, outcome);
}

void fleet_silence(struct fleet *fleet, uint32_t voter, bool silent)
{
    fleet->rows[voter] = silent ? NULL : fleet->ballots[voter];
    fleet->members[voter].balloted = !silent;
}

void fleet_step(struct fleet *fleet)
{
    const struct assay_sim_rules_input input = {
        .epoch = fleet->epoch++,
        .roll_present = true,
        .members = fleet->members,
        .rows = fleet->rows,
        .unlisted = fleet->unlisted,
    };
    assay_sim_rules_step(fleet->rules, &input);
    for (uint32_t i = 0; i < fleet->count; i++)
        fleet->members[i].faults = (struct assay_faults){ 0 };
}

void fleet_steps(struct fleet *fleet, uint32_t epochs)
{
    for (uint32_t i = 0; i < epochs; i++)
        fleet_step(fleet);
}

uint16_t fleet_score(const struct fleet *fleet, uint32_t slot)
{
    return assay_sim_rules_score_bp(fleet->rules, slot);
}

uint32_t fleet_share_bp(const struct fleet *fleet, uint32_t end)
{
    const uint32_t *weights = assay_sim_rules_weights(fleet->rules);
    uint64_t sum = 0;
    uint64_t total = 0;
    for (uint32_t i = 0; i < fleet->count; i++) {
        total += weights[i];
        if (i < end) sum += weights[i];
    }
    return total == 0 ? 0 : (uint32_t)(10000 * sum / total);
}
