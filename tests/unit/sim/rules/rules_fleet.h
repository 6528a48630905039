/*
 * tests/unit/sim/rules/rules_fleet.h - members whose ballots a test writes, under one rule.
 *
 * Everybody has a platform, an operator and a vendor of its own unless the test says otherwise, so
 * that no cap cuts. Every ballot says PASS of everybody else until the test writes something.
 */
#ifndef ASSAY_TESTS_UNIT_SIM_RULES_FLEET_H
#define ASSAY_TESTS_UNIT_SIM_RULES_FLEET_H

#include "sim/rules.h"

enum { FLEET_MAX = 256 };

struct fleet {
    uint32_t count;
    uint64_t epoch; /* of the next step */
    struct assay_place places[FLEET_MAX];
    struct assay_groups groups;
    uint64_t groups_memory[FLEET_MAX * 5];
    struct assay_tally_member members[FLEET_MAX]; /* faults are cleared by each step */
    uint8_t ballots[FLEET_MAX][FLEET_MAX / 2];
    const uint8_t *rows[FLEET_MAX]; /* NULL: silent */
    bool unlisted[FLEET_MAX];
    struct assay_sim_rules *rules;
};

/* options->groups is filled in. */
void fleet_init(struct fleet *fleet, uint32_t count, struct assay_sim_rules_options options);
void fleet_free(struct fleet *fleet);
/* What the voters from..before say of the subjects; nobody speaks of itself. */
void fleet_say(struct fleet *fleet, uint32_t voter, uint32_t voter_end, uint32_t subject,
               uint32_t subject_end, enum assay_outcome outcome);
void fleet_silence(struct fleet *fleet, uint32_t voter, bool silent);
void fleet_step(struct fleet *fleet);
void fleet_steps(struct fleet *fleet, uint32_t epochs);
/* Returns: the score of a slot in basis points. */
uint16_t fleet_score(const struct fleet *fleet, uint32_t slot);
/* Returns: the share of weight that the slots 0..end hold, in basis points, rounded down. */
uint32_t fleet_share_bp(const struct fleet *fleet, uint32_t end);

#endif
