/*
 * tests/unit/scoring/world.c - network for scoring tests (world.h).
 */
#include "tests/unit/scoring/world.h"

#include "base/assert.h"

static void name(uint8_t *id, uint32_t number)
{
    for (unsigned k = 0; k < ASSAY_SCORING_ID_LEN; k++)
        id[k] = 0;
    id[0] = (uint8_t)(number >> 8);
    id[1] = (uint8_t)number;
}

void world_regroup(struct world *world)
{
    assay_groups_build(world->places, world->count, world->groups_memory,
                       sizeof world->groups_memory, &world->groups);
}

void world_init(struct world *world, uint32_t count)
{
    ASSAY_ASSERT(count <= WORLD_MEMBERS_MAX);
    *world = (struct world){ .count = count, .epoch = 1, .roll_present = true };
    world->rules = assay_score_rules_default();
    for (uint32_t i = 0; i < count; i++) {
        name(world->places[i].node_id, i + 1);
        name(world->places[i].platform_id, i + 1);
        name(world->places[i].operator_id, i + 1);
        name(world->places[i].vendor_root, i % 4 + 1);
        world->weights[i] = 10000;
        world->members[i].duty = true;
        world->trust[i] = assay_trust_genesis();
        world_silence(world, i, false);
    }
    for (uint32_t i = 0; i < count; i++)
        world_vote_all(world, i, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    world_regroup(world);
}

void world_vote(struct world *world, uint32_t voter, uint32_t subject, enum assay_outcome outcome)
{
    assay_votes_row_set(world->outcomes[voter], subject, outcome);
}

void world_vote_all(struct world *world, uint32_t subject, enum assay_outcome outcome)
{
    for (uint32_t voter = 0; voter < world->count; voter++)
        world_vote(world, voter, subject, voter == subject ? ASSAY_OUTCOME_NONE : outcome);
}

void world_silence(struct world *world, uint32_t voter, bool silent)
{
    world->rows[voter] = silent ? NULL : world->outcomes[voter];
    world->members[voter].balloted = !silent;
}

struct assay_tally_input world_input(const struct world *world)
{
    return (struct assay_tally_input){
        .epoch = world->epoch,
        .roll_present = world->roll_present,
        .rules = &world->rules,
        .groups = &world->groups,
        .weights = world->weights,
        .members = world->members,
        .rows = world->rows,
        .trust = world->trust,
    };
}

void world_step(struct world *world)
{
    const struct assay_tally_input input = world_input(world);
    assay_tally_epoch(&input, world->scratch, sizeof world->scratch, world->trust, world->results,
                      &world->summary);
    for (uint32_t i = 0; i < world->count; i++)
        world->members[i].faults = (struct assay_faults){ 0 };
    world->epoch++;
}

void world_steps(struct world *world, uint32_t epochs)
{
    for (uint32_t k = 0; k < epochs; k++)
        world_step(world);
}

uint64_t world_random(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t world_below(uint64_t *state, uint32_t below)
{
    return (uint32_t)(world_random(state) % below);
}

void world_random_places(struct world *world, uint64_t *state)
{
    const uint32_t operators = 1 + world_below(state, 6);
    const uint32_t vendors = 1 + world_below(state, 5);
    const uint32_t platforms = 1 + world_below(state, 2 * world->count);
    const uint32_t shuffle = world_below(state, 256);
    for (uint32_t i = 0; i < world->count; i++) {
        struct assay_place *place = &world->places[i];
        name(place->node_id, (i * 37 + shuffle) % 257); /* distinct: 257 is prime */
        name(place->platform_id, world_below(state, platforms));
        name(place->operator_id, world_below(state, operators));
        name(place->vendor_root, world_below(state, vendors));
        place->platform_shared = world_below(state, 4) == 0;
    }
    world_regroup(world);
}
