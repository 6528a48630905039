/*
 * tests/unit/scoring/world.h - network for scoring tests, advanced one epoch at a time.
 */
#ifndef ASSAY_TESTS_UNIT_SCORING_WORLD_H
#define ASSAY_TESTS_UNIT_SCORING_WORLD_H

#include "scoring/tally.h"
#include "scoring/weight.h"

#include <stdbool.h>
#include <stdint.h>

enum { WORLD_MEMBERS_MAX = 128 };

struct world {
    uint32_t count;
    uint64_t epoch; /* of the next tally */
    bool roll_present;
    struct assay_score_rules rules;
    struct assay_place places[WORLD_MEMBERS_MAX];
    struct assay_groups groups;
    uint64_t groups_memory[WORLD_MEMBERS_MAX * 4];
    uint64_t scratch[WORLD_MEMBERS_MAX * 8];
    uint32_t weights[WORLD_MEMBERS_MAX];
    struct assay_tally_member members[WORLD_MEMBERS_MAX];
    uint8_t outcomes[WORLD_MEMBERS_MAX][WORLD_MEMBERS_MAX / 2];
    const uint8_t *rows[WORLD_MEMBERS_MAX];
    struct assay_trust_state trust[WORLD_MEMBERS_MAX];
    struct assay_tally_result results[WORLD_MEMBERS_MAX];
    struct assay_tally_summary summary;
};

/* count genesis members of weight 10000, each with a platform and an operator of its own, on four
 * vendor roots in turn; everybody says PASS of everybody, in every epoch. */
void world_init(struct world *world, uint32_t count);
/* Number the groups again after places were changed. */
void world_regroup(struct world *world);
/* The voter says this of the subject from now on. */
void world_vote(struct world *world, uint32_t voter, uint32_t subject, enum assay_outcome outcome);
/* Everybody says this of the subject from now on. */
void world_vote_all(struct world *world, uint32_t subject, enum assay_outcome outcome);
/* Ballot of the voter missing (or there again), from now on. */
void world_silence(struct world *world, uint32_t voter, bool silent);
/* Close one epoch; faults are forgotten afterwards, votes and silence stay. */
void world_step(struct world *world);
void world_steps(struct world *world, uint32_t epochs);
/* The input of the next tally. */
struct assay_tally_input world_input(const struct world *world);

/* splitmix64: one seed decides everything. */
uint64_t world_random(uint64_t *state);
/* 0 .. below - 1. */
uint32_t world_below(uint64_t *state, uint32_t below);
/* Ids, platforms, operators and vendors from small alphabets, so that some are shared. */
void world_random_places(struct world *world, uint64_t *state);

#endif
