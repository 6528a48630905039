/*
 * tests/unit/sim/checkers/watch_fixture.c - states by hand. The rules of fixture_rules are written
 * out here once more on purpose: what is right must not be asked of the code that is watched.
 */
#include "tests/unit/sim/checkers/watch_fixture.h"

#include "base/assert.h"
#include "scoring/tally.h"

#include <stdio.h>
#include <stdlib.h>

static void place(struct fixture *f)
{
    struct assay_state *states[] = { &f->before, &f->after };
    for (int i = 0; i < 2; i++) {
        f->memory[i] = calloc(1, assay_state_memory_len(FIXTURE_NODES));
        ASSAY_ASSERT(f->memory[i] != NULL);
        assay_state_init(states[i], f->memory[i], FIXTURE_NODES);
        states[i]->certified = true;
        for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++) {
            struct assay_member *m = &states[i]->members[slot];
            m->node_id[0] = (uint8_t)(slot + 1);
            m->evidence_kind = ASSAY_KIND_SOFT;
            m->life_count = 1;
            m->lives[0].incarnation = 1;
            m->trust = assay_trust_genesis();
            m->weight = m->seat_weight = 10000;
        }
    }
}

struct fixture *fixture_create(enum assay_sim_attack attack, uint64_t start_epoch)
{
    struct fixture *f = calloc(1, sizeof *f);
    ASSAY_ASSERT(f != NULL);
    f->scenario = assay_scenario_default();
    f->scenario.vendors = FIXTURE_NODES; /* no cap cuts, whoever loses weight */
    f->scenario.cohort_count = 2;
    f->scenario.cohorts[1].count = 2;
    f->scenario.adversary_count = 1;
    f->scenario.adversaries[0] = (struct assay_sim_adversary){
        .attack = attack, .cohort = FIXTURE_BAD, .start_epoch = start_epoch, .rate_permille = 1000
    };
    f->cohort_of[5] = f->cohort_of[6] = FIXTURE_BAD;
    assay_sim_outcome_init(&f->outcome);
    place(f);
    return f;
}

void fixture_destroy(struct fixture **fixture)
{
    struct fixture *f = *fixture;
    assay_sim_watch_destroy(&f->watch);
    assay_sim_outcome_free(&f->outcome);
    free(f->memory[0]);
    free(f->memory[1]);
    free(f);
    *fixture = NULL;
}

void fixture_epoch(struct fixture *f)
{
    assay_state_copy(&f->before, &f->after);
    f->after.epoch++;
    f->after.certified = true;
    f->at_ms += f->scenario.epoch_ms;
    f->change_count = 0;
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++) {
        f->after.members[slot].found =
            (struct assay_found){ .balloted = true,
                                  .integrity_reason = ASSAY_INTEGRITY_HELD_BOUND };
        f->truth[slot] =
            (struct assay_sim_truth){ .honest = f->cohort_of[slot] == 0,
                                      .alive = true,
                                      .reachable = true,
                                      .evidence = assay_attack_evidence(&f->scenario, f->cohort_of,
                                                                        1, f->after.epoch, slot) };
        f->after.members[slot].found.certified_pass =
            f->after.members[slot].stage == ASSAY_STAGE_MEMBER &&
            (f->truth[slot].evidence == ASSAY_SIM_EVIDENCE_GOOD ||
             f->truth[slot].evidence == ASSAY_SIM_EVIDENCE_FORGED);
        f->row_of[slot] = f->rows[slot];
        f->fails[slot] = 0;
        for (uint32_t k = 0; k < FIXTURE_NODES; k++)
            assay_votes_row_set(f->rows[slot], k,
                                k == slot ? ASSAY_OUTCOME_NONE : ASSAY_OUTCOME_PASS_UP_TO_DATE);
    }
}

void fixture_close(struct fixture *f, const uint8_t *root)
{
    uint8_t own[32];
    for (uint32_t slot = 0; slot < f->after.member_count && !f->seats_by_hand; slot++)
        f->after.members[slot].seat_weight = f->after.members[slot].weight;
    if (f->watch == NULL)
        f->watch = assay_sim_watch_create(&f->scenario, 1, f->cohort_of, &f->outcome);
    if (root == NULL) {
        const size_t len = assay_state_scratch_len(FIXTURE_NODES);
        void *scratch = malloc(len);
        ASSAY_ASSERT(scratch != NULL);
        assay_state_root(&f->after, scratch, len, own);
        free(scratch);
        root = own;
    }
    const struct assay_sim_closed closed = { .epoch = f->after.epoch,
                                             .at_ms = f->at_ms,
                                             .state = &f->after,
                                             .before = &f->before,
                                             .certified = f->after.certified,
                                             .root = root,
                                             .truth = f->truth,
                                             .rows = f->with_rows ? f->row_of : NULL,
                                             .fails = f->with_rows ? f->fails : NULL,
                                             .changes = f->changes,
                                             .change_count = f->change_count,
                                             .genesis = f->genesis };
    assay_sim_watch_epoch(f->watch, &closed);
}

/* Down at once; up one step when the third epoch in a row holds the bound plus 200. */
static void follow(struct assay_hysteresis *h, uint32_t score)
{
    static const uint32_t bounds[] = { 9000, 7500, 5000, 0 };
    while (score < bounds[h->standing]) {
        h->standing++;
        h->held_epochs = 0;
    }
    if (h->standing == ASSAY_STANDING_FULL || score < bounds[h->standing - 1] + 200)
        h->held_epochs = 0;
    else if (++h->held_epochs == 3) *h = (struct assay_hysteresis){ .standing = h->standing - 1 };
}

static void strike(struct assay_member *m, uint64_t epoch)
{
    if (m->trust.integrity_bp > 0) {
        m->failure_epoch = epoch;
        m->trust.offences.count++;
        m->trust.offences.last_epoch = epoch;
    }
    m->trust.integrity_bp = 0;
    m->trust.listed_after_failure = false;
    m->found.integrity_reason = ASSAY_INTEGRITY_FAIL_HARD;
}

static void note_fall(struct fixture *f, uint32_t slot)
{
    struct assay_member *m = &f->after.members[slot];
    assay_fall_on_close(&m->fall,
                        &(struct assay_fall_close){ .epoch = f->after.epoch,
                                                    .begin_ms = f->before.head_time_ms,
                                                    .stage_epoch = m->stage_epoch,
                                                    .before = &f->before.members[slot].trust,
                                                    .after = &m->trust,
                                                    .integrity_failed =
                                                        m->failure_epoch == f->after.epoch,
                                                    .integrity_reason = m->found.integrity_reason,
                                                    .availability_rule =
                                                        m->found.availability_rule });
}

void fixture_rules(struct fixture *f)
{
    for (uint32_t slot = 0; slot < FIXTURE_NODES; slot++) {
        struct assay_member *m = &f->after.members[slot];
        struct assay_trust_state *t = &m->trust;
        const enum assay_sim_evidence e = f->truth[slot].evidence;
        const bool hard = e == ASSAY_SIM_EVIDENCE_HARD || e == ASSAY_SIM_EVIDENCE_ELSEWHERE;
        if (assay_attack_honest_outcome(e) == ASSAY_OUTCOME_PASS_UP_TO_DATE) {
            t->availability_bp =
                (uint16_t)(t->availability_bp + 500 > 10000 ? 10000 : t->availability_bp + 500);
            if (t->listed_after_failure && t->integrity_bp < 10000)
                t->integrity_bp =
                    (uint16_t)(t->integrity_bp + 100 > 10000 ? 10000 : t->integrity_bp + 100);
        } else {
            t->availability_bp = (uint16_t)(t->availability_bp - (t->availability_bp + 3) / 4);
            m->found.availability_rule = ASSAY_AVAILABILITY_FALL;
        }
        if (hard) strike(m, f->after.epoch);
        if (e == ASSAY_SIM_EVIDENCE_SOFTLY) {
            t->integrity_bp = (uint16_t)(t->integrity_bp - (t->integrity_bp + 3) / 4);
            m->found.integrity_reason = ASSAY_INTEGRITY_FAIL_SOFT;
        }
        const bool was_suspended = t->integrity.standing == ASSAY_STANDING_SUSPENDED;
        follow(&t->integrity, t->integrity_bp);
        follow(&t->score,
               t->integrity_bp < t->availability_bp ? t->integrity_bp : t->availability_bp);
        note_fall(f, slot);
        if (!was_suspended && t->integrity.standing == ASSAY_STANDING_SUSPENDED && !hard)
            t->listed_after_failure = false;
        m->weight = t->integrity.standing == ASSAY_STANDING_SUSPENDED ? 0 : t->integrity_bp;
    }
}

void fixture_play(struct fixture *f)
{
    fixture_epoch(f);
    fixture_rules(f);
    fixture_close(f, NULL);
}

uint64_t fixture_violated(const struct fixture *f, enum assay_sim_checker checker)
{
    return f->outcome.checks[checker].violated;
}

uint64_t fixture_checked(const struct fixture *f, enum assay_sim_checker checker)
{
    return f->outcome.checks[checker].checked;
}

bool fixture_silent(const struct fixture *f)
{
    for (unsigned i = 0; i < ASSAY_SIM_CHECKER_COUNT; i++)
        if (f->outcome.checks[i].violated > 0)
            (void)fprintf(
                stderr, "%s in epoch %llu: %s\n", assay_sim_checker_name((enum assay_sim_checker)i),
                (unsigned long long)f->outcome.checks[i].first_epoch, f->outcome.checks[i].message);
    return !assay_sim_outcome_violated(&f->outcome);
}
