/*
 * tests/unit/sim/checkers/attack_cases.c - the cases. Cohorts: a fifth of the nodes is "bad" and
 * attacks from epoch START on, two are "victims", one is "wrong"; the rest is "honest".
 */
#include "tests/unit/sim/checkers/attack_cases.h"

#include "base/assert.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { BAD = 1, VICTIMS = 2, WRONG = 3, START = 4, EPOCHS = 14, EXPECTED_MAX = 10, OWN_MAX = 3 };

struct attack_row {
    struct assay_sim_adversary acts[2];
    const char *expected[EXPECTED_MAX];
    const char *at_message[OWN_MAX]; /* expected of that fidelity alone */
    const char *at_epoch[OWN_MAX];
    uint64_t epochs; /* 0: EPOCHS */
};

/* More than a ballot waits: 5T/8 (docs/protocol.md 4.3). */
enum { EPOCH_MS = 2000, TOO_LATE_MS = EPOCH_MS * 5 / 8 + 200 };

#define BY_BAD(symbol)   .attack = ASSAY_SIM_ATTACK_##symbol, .cohort = BAD
#define BY_WRONG(symbol) .attack = ASSAY_SIM_ATTACK_##symbol, .cohort = WRONG
/* No attack of this list may do this to anybody honest. */
#define NOBODY_FALLS "score_min_bp honest == 10000", "score_min_bp victims == 10000"
#define ALL_FINAL    "epochs_certified == 14", "unjust_offences == 0"
/* So many epochs show what is done to the patience of eight (docs/protocol.md 7.14, 7.15). */
#define ALL_PATIENT "epochs_certified == 20", "unjust_offences == 0"
enum { PATIENT = 20 };

static const struct attack_row cases[ATTACK_CASE_COUNT] = {
    /* B1: FAIL without a FAIL record is void, and E5 convicts. */
    [ATTACK_CASE_badmouth] = { .acts = { { BY_BAD(BADMOUTH) } },
                               .expected = { NOBODY_FALLS, ALL_FINAL,
                                             "integrity_final_min_bp bad == 0",
                                             "weight_share_bp bad == 0",
                                             "detection_epochs bad <= 2" } },
    /* A level that the evidence does not have is a falsehood like FAIL. */
    [ATTACK_CASE_underrate] = { .acts = { { BY_BAD(UNDERRATE) } },
                                .expected = { NOBODY_FALLS, ALL_FINAL,
                                              "integrity_final_min_bp bad == 0",
                                              "weight_share_bp bad == 0",
                                              "detection_epochs bad <= 2" } },
    /* B2: nothing below a third; touches neither integrity nor weight of anybody. */
    [ATTACK_CASE_absent_vote] = { .acts = { { BY_BAD(ABSENT_VOTE) } },
                                  .expected = { NOBODY_FALLS, ALL_FINAL, "unjust_drops == 0",
                                                "offences bad == 0", "detected bad == 0" } },
    /* B3: PASS on evidence that fails is a false PASS; the tampered one falls at once. */
    [ATTACK_CASE_stuff] = { .acts = { { BY_BAD(STUFF), .victims = WRONG }, { BY_WRONG(TAMPER) } },
                            .expected = { NOBODY_FALLS, ALL_FINAL, "detection_epochs wrong <= 2",
                                          "integrity_final_min_bp wrong == 0",
                                          "detection_epochs bad <= 3",
                                          "weight_share_bp bad == 0" } },
    /* ... and about who sends nothing it lifts nobody: P <= W/3. */
    [ATTACK_CASE_stuff_for_the_absent] = { .acts = { { BY_BAD(STUFF), .victims = WRONG },
                                                     { BY_WRONG(QUIET) } },
                                           .expected = { NOBODY_FALLS, ALL_FINAL,
                                                         "suspended_final wrong == 1",
                                                         "offences bad == 0",
                                                         "detected bad == 0" } },
    [ATTACK_CASE_collusion_ring] = { .acts = { { BY_BAD(STUFF), .victims = BAD },
                                               { BY_BAD(TAMPER) } },
                                     .expected = { NOBODY_FALLS, ALL_FINAL,
                                                   "detection_epochs bad <= 2",
                                                   "score_final_max_bp bad == 0",
                                                   "weight_share_bp bad == 0" } },
    /* B9: two signed statements convict by themselves. */
    [ATTACK_CASE_equivocate] = { .acts = { { BY_BAD(EQUIVOCATE) } },
                                 .expected = { NOBODY_FALLS, ALL_FINAL, "integrity_min_bp bad == 0",
                                               "weight_share_bp bad == 0", "proofs >= 2" },
                                 .at_message = { "equivocations_seen >= 2" } },
    [ATTACK_CASE_two_envelopes] = { .acts = { { BY_BAD(TWO_ENVELOPES) } },
                                    .expected = { NOBODY_FALLS, ALL_FINAL,
                                                  "integrity_min_bp bad == 0",
                                                  "weight_share_bp bad == 0", "proofs >= 2" },
                                    .at_message = { "equivocations_seen >= 2" } },
    /* B10: the denominator is the whole electorate; weight stays in this version. */
    [ATTACK_CASE_withhold] = { .acts = { { BY_BAD(WITHHOLD) } },
                               .expected = { NOBODY_FALLS, ALL_FINAL, "unjust_drops == 0",
                                             "offences bad == 0" } },
    /* B11: ballots wait for the next leader, exceptions name what the roll omits. */
    [ATTACK_CASE_censor] = { .acts = { { BY_BAD(CENSOR), .victims = VICTIMS } },
                             .expected = { NOBODY_FALLS, ALL_FINAL, "unjust_drops == 0",
                                           "suspensions victims == 0" } },
    /* B12: absent, not guilty: service goes, integrity and weight stay. */
    [ATTACK_CASE_eclipse] = { .acts = { { BY_BAD(ECLIPSE), .victims = VICTIMS } },
                              .expected = { "score_min_bp honest == 10000", ALL_FINAL,
                                            "suspensions victims == 2",
                                            "integrity_min_bp victims == 10000",
                                            "offences victims == 0", "restarts victims == 0" } },
    /* B14: not for this epoch: as good as silence. */
    [ATTACK_CASE_replay] = { .acts = { { BY_BAD(REPLAY) } },
                             .expected = { NOBODY_FALLS, ALL_FINAL, "detection_epochs bad == 3",
                                           "integrity_min_bp bad == 10000", "offences bad == 0" },
                             .at_message = { "strange_evidence >= 2" } },
    /* B15: caught where the platform is another one, and not where it is the pinned one. */
    [ATTACK_CASE_relay] = { .acts = { { BY_BAD(RELAY) } },
                            .expected = { NOBODY_FALLS, ALL_FINAL, "detection_epochs bad <= 2",
                                          "integrity_final_min_bp bad == 0" } },
    [ATTACK_CASE_relay_pinned] = { .acts = { { BY_BAD(RELAY), .amount = 1 } },
                                   .expected = { NOBODY_FALLS, ALL_FINAL, "detected bad == 0",
                                                 "score_min_bp bad == 10000" } },
    /* B17: not seen; its share is its nodes' share. */
    [ATTACK_CASE_extract] = { .acts = { { BY_BAD(EXTRACT) } },
                              .expected = { NOBODY_FALLS, ALL_FINAL, "detected bad == 0",
                                            "score_min_bp bad == 10000",
                                            "weight_share_max_bp bad <= 2000" } },
    [ATTACK_CASE_tamper] = { .acts = { { BY_BAD(TAMPER) } },
                             .expected = { NOBODY_FALLS, ALL_FINAL, "detection_epochs bad <= 2",
                                           "integrity_final_min_bp bad == 0",
                                           "weight_share_bp bad == 0", "restarts bad >= 2" } },
    /* B19: out of date beyond grace fails soft: a quarter of integrity an epoch. */
    [ATTACK_CASE_old_tcb] = { .acts = { { BY_BAD(OLD_TCB) } },
                              .expected = { NOBODY_FALLS, ALL_FINAL, "detection_epochs bad == 3",
                                            "weight_share_bp bad == 0", "offences bad >= 2" } },
    [ATTACK_CASE_quiet] = { .acts = { { BY_BAD(QUIET) } },
                            .expected = { NOBODY_FALLS, ALL_FINAL, "detection_epochs bad == 3",
                                          "integrity_min_bp bad == 10000", "offences bad == 0",
                                          "weight_share_bp bad == 2000", "restarts bad == 0" } },
    /* B6, P8: quiet in one of five epochs costs a quarter and gains 2000: it stays below 10000 and
     * above 5000. */
    [ATTACK_CASE_on_off] = { .acts = { { BY_BAD(ON_OFF), .on_epochs = 1, .off_epochs = 4 } },
                             .expected = { NOBODY_FALLS, ALL_FINAL, "score_min_bp bad >= 5000",
                                           "score_min_bp bad <= 7500",
                                           "integrity_min_bp bad == 10000" },
                             .epochs = 14 },
    /* B7: a good record buys nothing. */
    [ATTACK_CASE_sleeper] = { .acts = { { BY_BAD(SLEEPER), .victims = VICTIMS } },
                              .expected = { NOBODY_FALLS, ALL_FINAL, "detection_epochs bad <= 2",
                                            "weight_share_bp bad == 0" } },
    /* B8: nobody sees it until somebody's evidence fails; then all riders are convicted. */
    [ATTACK_CASE_free_ride] = { .acts = { { BY_BAD(FREE_RIDE) }, { BY_WRONG(TAMPER) } },
                                .expected = { NOBODY_FALLS, ALL_FINAL,
                                              "detection_epochs wrong <= 2",
                                              "integrity_min_bp bad == 0",
                                              "weight_share_bp bad == 0" } },
    /* What was copied is right: nobody can see it in this version (no commit phase). */
    [ATTACK_CASE_copy_votes] = { .acts = { { BY_BAD(COPY_VOTES) }, { BY_WRONG(TAMPER) } },
                                 .expected = { NOBODY_FALLS, ALL_FINAL,
                                               "detection_epochs wrong <= 2",
                                               "offences bad == 0" } },
    /* B21: blocks from the future are refused, a slow clock lags behind its parent. */
    [ATTACK_CASE_fast_clock] = { .acts = { { BY_BAD(FAST_CLOCK), .amount = 60000 } },
                                 .expected = { NOBODY_FALLS, ALL_FINAL, "unjust_drops == 0" } },
    [ATTACK_CASE_slow_clock] = { .acts = { { BY_BAD(SLOW_CLOCK), .amount = 60000 } },
                                 .expected = { NOBODY_FALLS, ALL_FINAL, "unjust_drops == 0" } },
    [ATTACK_CASE_lie_in_blocks] = { .acts = { { BY_BAD(LIE_IN_BLOCKS) } },
                                    .expected = { NOBODY_FALLS, ALL_FINAL, "offences bad == 0" },
                                    .at_message = { "views_nullified >= 4" } },
    [ATTACK_CASE_roll_back] = { .acts = { { BY_BAD(ROLL_BACK), .amount = 4 } },
                                .expected = { NOBODY_FALLS, "unjust_offences == 0",
                                              "epochs_certified >= 12", "offences bad == 0" } },
    /* Slander into restart: the record is refused, the ballot convicts. */
    [ATTACK_CASE_slander] = { .acts = { { BY_BAD(SLANDER), .victims = VICTIMS } },
                              .expected = { NOBODY_FALLS, ALL_FINAL, "restarts victims == 0",
                                            "offences victims == 0", "weight_share_bp bad == 0" } },
    /* B23: who got the evidence gives it to who did not; nobody is framed. */
    [ATTACK_CASE_split_delivery] = { .acts = { { BY_BAD(SPLIT_DELIVERY) } },
                                     .expected = { NOBODY_FALLS, ALL_FINAL,
                                                   "score_min_bp bad == 10000" } },
    [ATTACK_CASE_delay] = { .acts = { { BY_BAD(DELAY), .amount = 100 } },
                            .expected = { NOBODY_FALLS, ALL_FINAL, "score_min_bp bad == 10000" } },
    [ATTACK_CASE_delay_too_long] = { .acts = { { BY_BAD(DELAY), .amount = TOO_LATE_MS } },
                                     .expected = { NOBODY_FALLS, ALL_FINAL,
                                                   "integrity_min_bp bad == 10000",
                                                   "suspended_final bad >= 1",
                                                   "offences bad == 0" } },
    /* Another electorate: excluded, never punished (docs/protocol.md 7.5). */
    /* What it costs others is bounded (the memory checker), and it ends nothing. */
    [ATTACK_CASE_spam] = { .acts = { { BY_BAD(SPAM) } },
                           .expected = { NOBODY_FALLS, ALL_FINAL, "unjust_drops == 0",
                                         "weight_share_bp bad == 2000" } },
    /* In a mesh nobody needs it to pass anything on. */
    [ATTACK_CASE_dead_end] = { .acts = { { BY_BAD(DEAD_END) } },
                               .expected = { NOBODY_FALLS, ALL_FINAL, "score_min_bp bad == 10000",
                                             "unjust_drops == 0" } },
    /* What honest nodes signed harms no honest node, whenever it arrives. */
    [ATTACK_CASE_resend] = { .acts = { { BY_BAD(RESEND) } },
                             .expected = { NOBODY_FALLS, ALL_FINAL, "score_min_bp bad == 10000",
                                           "unjust_drops == 0", "unjust_offences == 0" } },
    /* Nor does anybody there hear what it claims to have. */
    [ATTACK_CASE_drip] = { .acts = { { BY_BAD(DRIP) } },
                           .expected = { NOBODY_FALLS, ALL_FINAL, "score_min_bp bad == 10000",
                                         "unjust_drops == 0" } },
    /* Nobody passes on what it could not verify. */
    [ATTACK_CASE_early_junk] = { .acts = { { BY_BAD(EARLY_JUNK) } },
                                 .expected = { NOBODY_FALLS, ALL_FINAL, "score_min_bp bad == 10000",
                                               "unjust_drops == 0" } },
    [ATTACK_CASE_other_roll] = { .acts = { { BY_BAD(OTHER_ROLL) } },
                                 .epochs = PATIENT,
                                 .expected = { NOBODY_FALLS, ALL_PATIENT, "offences bad == 0",
                                               "detection_epochs bad == 10",
                                               "integrity_min_bp bad == 10000",
                                               "weight_share_bp bad == 2000" } },
    /* Nobody can say, so nobody does, for eight epochs; then it falls as if nothing had come. */
    [ATTACK_CASE_unjudged] = { .acts = { { BY_BAD(UNJUDGED) } },
                               .epochs = PATIENT,
                               .expected = { NOBODY_FALLS, ALL_PATIENT, "offences bad == 0",
                                             "detection_epochs bad == 10",
                                             "integrity_min_bp bad == 10000",
                                             "weight_share_bp bad == 2000" } },
    /* A fifth that can judge nobody is as good as a fifth that says nothing. */
    [ATTACK_CASE_shrug] = { .acts = { { BY_BAD(SHRUG) } },
                            .epochs = PATIENT,
                            .expected = { NOBODY_FALLS, ALL_PATIENT, "unjust_drops == 0",
                                          "offences bad == 0", "detected bad == 0" } },
    /* Who does not judge is not judged: everybody says PASS of it, and it falls. */
    [ATTACK_CASE_mute] = { .acts = { { BY_BAD(MUTE) } },
                           .epochs = PATIENT,
                           .expected = { NOBODY_FALLS, ALL_PATIENT, "offences bad == 0",
                                         "detection_epochs bad == 10",
                                         "integrity_min_bp bad == 10000",
                                         "weight_share_bp bad == 2000" } },
};

static void expect(struct assay_scenario *s, const char *text)
{
    char assignment[ASSAY_SIM_NAME_MAX * 2 + 32];
    char message[ASSAY_SIM_MESSAGE_MAX] = "";
    if (text == NULL) return;
    (void)snprintf(assignment, sizeof assignment, "assertions[%u]=%s", s->assertion_count, text);
    const enum assay_status status = assay_scenario_set(s, assignment, message);
    cr_assert_eq(status, ASSAY_OK, "%s: %s", text, message);
}

static void cohort(struct assay_scenario *s, const char *name, uint32_t count)
{
    struct assay_sim_cohort *c = &s->cohorts[s->cohort_count++];
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    c->count = count;
}

struct assay_scenario attack_case_scenario(enum attack_case which, uint32_t nodes,
                                           enum assay_sim_fidelity fidelity)
{
    const struct attack_row *row = &cases[which];
    struct assay_scenario s = assay_scenario_default();
    s.fidelity = fidelity;
    s.nodes = s.operators = nodes;
    s.epochs = row->epochs > 0 ? row->epochs : EPOCHS;
    s.epoch_ms = EPOCH_MS;
    cohort(&s, "bad", nodes / 5);
    cohort(&s, "victims", 2);
    cohort(&s, "wrong", 1);
    for (uint32_t i = 0; i < 2 && row->acts[i].cohort != 0; i++) {
        struct assay_sim_adversary *a = &s.adversaries[s.adversary_count++];
        *a = row->acts[i];
        a->start_epoch = START;
        a->rate_permille = 1000;
    }
    for (int i = 0; i < EXPECTED_MAX; i++)
        expect(&s, row->expected[i]);
    for (int i = 0; i < OWN_MAX; i++)
        expect(&s, fidelity == ASSAY_SIM_FIDELITY_MESSAGE ? row->at_message[i] : row->at_epoch[i]);
    return s;
}

static void judge(const struct assay_scenario *s, const struct assay_sim_outcome *o)
{
    for (uint32_t i = 0; i < s->assertion_count; i++) {
        int64_t actual = 0;
        cr_expect(assay_sim_assertion_holds(&s->assertions[i], o, &actual), "%s: it is %lld",
                  s->assertions[i].text, (long long)actual);
    }
    for (unsigned c = 0; c < ASSAY_SIM_CHECKER_COUNT; c++)
        cr_expect_eq(o->checks[c].violated, 0, "%s: epoch %llu, %s",
                     assay_sim_checker_name((enum assay_sim_checker)c),
                     (unsigned long long)o->checks[c].first_epoch, o->checks[c].message);
    static const enum assay_sim_checker looked[] = {
        ASSAY_SIM_CHECKER_P1,  ASSAY_SIM_CHECKER_P4,  ASSAY_SIM_CHECKER_P9,
        ASSAY_SIM_CHECKER_P10, ASSAY_SIM_CHECKER_P11, ASSAY_SIM_CHECKER_JUSTICE
    };
    for (size_t i = 0; i < sizeof looked / sizeof looked[0]; i++)
        cr_expect_gt(o->checks[looked[i]].checked, 0, "%s never looked",
                     assay_sim_checker_name(looked[i]));
}

void attack_case_run(enum attack_case which, uint32_t nodes, enum assay_sim_fidelity fidelity,
                     attack_run *run)
{
    const struct assay_scenario s = attack_case_scenario(which, nodes, fidelity);
    const struct assay_sim_options options = { .seed = 7, .threads = 1 };
    struct assay_sim_outcome outcome;
    char message[ASSAY_SIM_MESSAGE_MAX];
    cr_assert_eq(assay_scenario_check(&s, message), ASSAY_OK, "%s", message);
    cr_assert_gt(s.assertion_count, 3);
    cr_assert_eq(run(&s, &options, &outcome), ASSAY_OK);
    cr_expect_eq(outcome.fidelity, fidelity);
    cr_expect_str_eq(outcome.stopped, "");
    judge(&s, &outcome);
    assay_sim_outcome_free(&outcome);
}
