/*
 * tests/unit/sim/checkers/watch_fixture.h - a network of seven whose closed epochs are written by
 * hand.
 *
 * Slots 0 to 4 are honest, 5 and 6 of the cohort "bad"; everyone on a platform and under an
 * operator and vendor root of its own, weight 10000. A test changes what it is about in before
 * and after, and closes the epoch.
 */
#ifndef ASSAY_TESTS_UNIT_SIM_WATCH_FIXTURE_H
#define ASSAY_TESTS_UNIT_SIM_WATCH_FIXTURE_H

#include "sim/checkers/watch.h"

enum { FIXTURE_NODES = 7, FIXTURE_BAD = 1 };

struct fixture {
    struct assay_scenario scenario;
    uint8_t cohort_of[FIXTURE_NODES];
    struct assay_sim_outcome outcome;
    struct assay_sim_watch *watch;
    struct assay_state before, after;
    void *memory[2];
    struct assay_sim_truth truth[FIXTURE_NODES];
    uint8_t rows[FIXTURE_NODES][(FIXTURE_NODES + 1) / 2];
    const uint8_t *row_of[FIXTURE_NODES];
    uint8_t fails[FIXTURE_NODES];
    bool with_rows; /* hand rows and fails over */
    bool seats_by_hand; /* else everybody votes with its weight */
    const struct assay_genesis *genesis; /* hand changes over, too; NULL: there are none */
    struct assay_slice changes[4];       /* of the epoch */
    uint32_t change_count;
    uint64_t at_ms;
};

/* The bad cohort does `attack` from start_epoch on. Returns: before epoch 1, everybody at the
 * genesis values. */
struct fixture *fixture_create(enum assay_sim_attack attack, uint64_t start_epoch);
/* The scenario may be changed before the watch is there: it is made at the first close. */
void fixture_destroy(struct fixture **f);
/* Starts an epoch: `before` becomes what `after` was, `after` the same an epoch later: certified,
 * all ballots counted, everybody alive and heard, evidence as the attack says. */
void fixture_epoch(struct fixture *f);
/* Closes it. root: NULL takes that of the state. */
void fixture_close(struct fixture *f, const uint8_t *root);
/* The same, and what the rules give: +500 or -1/4 of A, +100 of I, standings, for each by its
 * evidence. */
void fixture_play(struct fixture *f);
/* Only what the rules give. */
void fixture_rules(struct fixture *f);
/* Returns: how often a checker found something, and how often it looked. */
uint64_t fixture_violated(const struct fixture *f, enum assay_sim_checker checker);
uint64_t fixture_checked(const struct fixture *f, enum assay_sim_checker checker);
/* Returns: true when no checker found anything; prints what was found. */
bool fixture_silent(const struct fixture *f);

#endif
