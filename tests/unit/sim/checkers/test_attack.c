/*
 * tests/unit/sim/checkers/test_attack.c - tests of attacks on evidence and votes.
 *
 * Who acts when, and what each attack makes of evidence, ballots and clocks: what both fidelities
 * ask.
 */
#include "sim/adversary/rows.h"
#include "sim/attack.h"

#include <criterion/criterion.h>
#include <signal.h>

enum { NODES = 10, VICTIM = 1, ATTACKER = 2 }; /* cohorts 1 and 2; 0 is honest */

/* Slots 0..5 honest, 6 and 7 victims, 8 and 9 attackers. */
static const uint8_t cohort_of[NODES] = { 0, 0, 0, 0, 0, 0, VICTIM, VICTIM, ATTACKER, ATTACKER };

static struct assay_scenario with(enum assay_sim_attack attack)
{
    struct assay_scenario s = assay_scenario_default();
    s.nodes = NODES;
    s.cohort_count = 3;
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){ .attack = attack,
                                                     .cohort = ATTACKER,
                                                     .victims = VICTIM,
                                                     .start_epoch = 3,
                                                     .stop_epoch = 9,
                                                     .rate_permille = 1000 };
    return s;
}

static struct assay_attack_acts acts_of(const struct assay_scenario *s, uint32_t node,
                                        uint64_t epoch)
{
    const struct assay_attack_scene about = {
        .scenario = s, .cohort_of = cohort_of, .seed = 5, .epoch = epoch, .node = node
    };
    struct assay_attack_acts acts;
    assay_attack_acts_find(&about, &acts);
    return acts;
}

Test(sim_attack, every_attack_has_its_own_row)
{
    unsigned count = 0;
#define ROW(symbol, number, name, line)                                                            \
    cr_expect_eq(assay_attack_of(ASSAY_SIM_ATTACK_##symbol)->attack, ASSAY_SIM_ATTACK_##symbol);   \
    count++;
    ASSAY_SIM_ATTACK_LIST(ROW)
#undef ROW
    cr_expect_eq(count, ASSAY_SIM_ATTACK_COUNT);
}

Test(sim_attack, there_is_no_row_for_a_number_outside_the_list, .signal = SIGABRT)
{
    (void)assay_attack_of((enum assay_sim_attack)999);
}

/* What an attack does at all: the hooks of its row. An attack that gets one more by mistake does
 * more than its name says. */
Test(sim_attack, leaves_alone_what_it_is_not_about)
{
    enum { E = 1, V = 2, B = 4, Y = 8, C = 16, D = 32, R = 64, N = 128, X = 256, P = 512 };
    enum { SIGN = 1024, SENT = 2048, PASS = 4096, TAKE = 8192, H = 16384 };
    static const struct {
        enum assay_sim_attack attack;
        unsigned hooks;
    } expected[] = {
        { ASSAY_SIM_ATTACK_BADMOUTH, V | SIGN },
        { ASSAY_SIM_ATTACK_ABSENT_VOTE, V | SIGN },
        { ASSAY_SIM_ATTACK_STUFF, V | SIGN },
        { ASSAY_SIM_ATTACK_EQUIVOCATE, P | SENT },
        { ASSAY_SIM_ATTACK_TWO_ENVELOPES, P | SENT },
        { ASSAY_SIM_ATTACK_WITHHOLD, B | PASS },
        { ASSAY_SIM_ATTACK_CENSOR, X | SIGN | TAKE },
        { ASSAY_SIM_ATTACK_ECLIPSE, N | TAKE },
        { ASSAY_SIM_ATTACK_REPLAY, E },
        { ASSAY_SIM_ATTACK_RELAY, E },
        { ASSAY_SIM_ATTACK_EXTRACT, E },
        { ASSAY_SIM_ATTACK_TAMPER, E },
        { ASSAY_SIM_ATTACK_OLD_TCB, E },
        { ASSAY_SIM_ATTACK_QUIET, E },
        { ASSAY_SIM_ATTACK_ON_OFF, E },
        { ASSAY_SIM_ATTACK_SLEEPER, V | SIGN },
        { ASSAY_SIM_ATTACK_FREE_RIDE, V | Y | SIGN },
        { ASSAY_SIM_ATTACK_COPY_VOTES, V | Y | SIGN },
        { ASSAY_SIM_ATTACK_FAST_CLOCK, C },
        { ASSAY_SIM_ATTACK_SLOW_CLOCK, C },
        { ASSAY_SIM_ATTACK_LIE_IN_BLOCKS, SIGN },
        { ASSAY_SIM_ATTACK_ROLL_BACK, R },
        { ASSAY_SIM_ATTACK_SLANDER, V | SIGN | SENT },
        { ASSAY_SIM_ATTACK_SPLIT_DELIVERY, E | PASS },
        { ASSAY_SIM_ATTACK_DELAY, D },
        { ASSAY_SIM_ATTACK_OTHER_ROLL, B | SIGN },
        { ASSAY_SIM_ATTACK_UNDERRATE, V | SIGN },
        { ASSAY_SIM_ATTACK_UNJUDGED, E },
        { ASSAY_SIM_ATTACK_SHRUG, V | SIGN },
        { ASSAY_SIM_ATTACK_MUTE, B | SIGN | PASS },
        { ASSAY_SIM_ATTACK_SPAM, SENT | PASS },
        { ASSAY_SIM_ATTACK_DEAD_END, PASS },
        { ASSAY_SIM_ATTACK_RESEND, SENT },
        { ASSAY_SIM_ATTACK_DRIP, PASS },
        { ASSAY_SIM_ATTACK_EARLY_JUNK, SENT },
        { ASSAY_SIM_ATTACK_MISDEAL, H },
        { ASSAY_SIM_ATTACK_MISNAME, SIGN },
        { ASSAY_SIM_ATTACK_MISSIGN, H },
    };
    cr_assert_eq(sizeof expected / sizeof expected[0], ASSAY_SIM_ATTACK_COUNT);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        const struct assay_attack *a = assay_attack_of(expected[i].attack);
        const unsigned hooks =
            (a->evidence ? E : 0u) | (a->vote ? V : 0u) | (a->ballots ? B : 0u) |
            (a->verifies ? Y : 0u) | (a->clock_ms ? C : 0u) | (a->delay_ms ? D : 0u) |
            (a->rolls_back ? R : 0u) | (a->carries ? N : 0u) | (a->censors ? X : 0u) |
            (a->convicted ? P : 0u) | (a->sign ? SIGN : 0u) | (a->sent ? SENT : 0u) |
            (a->passes ? PASS : 0u) | (a->takes ? TAKE : 0u) | (a->holder ? H : 0u);
        cr_expect_eq(hooks, expected[i].hooks, "%s: %#x", assay_sim_attack_name(a->attack), hooks);
    }
}

/* --- who acts when */

Test(sim_attack, acts_from_its_first_epoch_up_to_but_not_in_its_last)
{
    const struct assay_scenario s = with(ASSAY_SIM_ATTACK_QUIET);
    for (uint64_t epoch = 1; epoch <= 12; epoch++)
        cr_expect_eq(acts_of(&s, 8, epoch).count, epoch >= 3 && epoch < 9 ? 1 : 0, "epoch %llu",
                     (unsigned long long)epoch);
}

Test(sim_attack, without_a_stop_goes_on_to_the_end)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_QUIET);
    s.adversaries[0].stop_epoch = 0;
    cr_expect_eq(acts_of(&s, 8, 1000000).count, 1);
    cr_expect_eq(acts_of(&s, 8, 2).count, 0);
}

Test(sim_attack, is_done_by_its_cohort_alone)
{
    const struct assay_scenario s = with(ASSAY_SIM_ATTACK_QUIET);
    for (uint32_t node = 0; node < NODES; node++) {
        cr_expect_eq(acts_of(&s, node, 4).count, node >= 8 ? 1 : 0);
        cr_expect_eq(assay_attack_byzantine(&s, cohort_of, node), node >= 8);
        cr_expect_eq(assay_attack_evidence(&s, cohort_of, 5, 4, node),
                     node >= 8 ? ASSAY_SIM_EVIDENCE_NONE : ASSAY_SIM_EVIDENCE_GOOD);
    }
}

Test(sim_attack, a_byzantine_node_stays_one_before_it_acts)
{
    const struct assay_scenario s = with(ASSAY_SIM_ATTACK_SLEEPER);
    cr_expect_eq(acts_of(&s, 8, 1).count, 0);
    cr_expect(assay_attack_byzantine(&s, cohort_of, 8));
}

Test(sim_attack, a_rate_is_a_share_of_epochs_and_differs_between_nodes)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_QUIET);
    s.adversaries[0].start_epoch = 1;
    s.adversaries[0].stop_epoch = 0;
    s.adversaries[0].rate_permille = 250;
    uint32_t acted[2] = { 0 }, apart = 0;
    enum { EPOCHS = 8000 };
    for (uint64_t epoch = 1; epoch <= EPOCHS; epoch++) {
        const uint32_t a = acts_of(&s, 8, epoch).count;
        const uint32_t b = acts_of(&s, 9, epoch).count;
        acted[0] += a;
        acted[1] += b;
        apart += a != b;
        cr_assert_eq(a, acts_of(&s, 8, epoch).count, "asked again it says the same");
    }
    for (int i = 0; i < 2; i++) /* 2000 expected, deviation 39 */
        cr_expect(acted[i] > 1800 && acted[i] < 2200, "%u", acted[i]);
    cr_expect(apart > 2700 && apart < 3300, "independent nodes differ in 3000 epochs: %u", apart);
}

Test(sim_attack, rate_nought_never_acts)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_QUIET);
    s.adversaries[0].rate_permille = 0;
    cr_expect_eq(acts_of(&s, 8, 4).count, 0);
}

Test(sim_attack, on_off_is_bad_first_and_then_good)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_ON_OFF);
    s.adversaries[0].stop_epoch = 0;
    s.adversaries[0].on_epochs = 2;
    s.adversaries[0].off_epochs = 3;
    static const bool bad[] = { 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1 }; /* epochs 1 to 13 */
    for (uint64_t epoch = 1; epoch <= 13; epoch++)
        cr_expect_eq(assay_attack_evidence(&s, cohort_of, 5, epoch, 8),
                     bad[epoch - 1] ? ASSAY_SIM_EVIDENCE_NONE : ASSAY_SIM_EVIDENCE_GOOD,
                     "epoch %llu", (unsigned long long)epoch);
}

Test(sim_attack, only_on_off_counts_the_cycle)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_QUIET);
    s.adversaries[0].on_epochs = 1;
    s.adversaries[0].off_epochs = 1;
    for (uint64_t epoch = 3; epoch < 9; epoch++)
        cr_expect_eq(acts_of(&s, 8, epoch).count, 1);
}

/* --- evidence */

Test(sim_attack, evidence_is_what_the_attack_says)
{
    static const struct {
        enum assay_sim_attack attack;
        uint64_t epoch;
        uint32_t amount;
        enum assay_sim_evidence evidence;
    } cases[] = {
        { ASSAY_SIM_ATTACK_TAMPER, 4, 0, ASSAY_SIM_EVIDENCE_HARD },
        { ASSAY_SIM_ATTACK_OLD_TCB, 4, 0, ASSAY_SIM_EVIDENCE_SOFTLY },
        { ASSAY_SIM_ATTACK_QUIET, 4, 0, ASSAY_SIM_EVIDENCE_NONE },
        { ASSAY_SIM_ATTACK_EXTRACT, 4, 0, ASSAY_SIM_EVIDENCE_FORGED },
        { ASSAY_SIM_ATTACK_SPLIT_DELIVERY, 4, 0, ASSAY_SIM_EVIDENCE_HALF },
        { ASSAY_SIM_ATTACK_UNJUDGED, 4, 0, ASSAY_SIM_EVIDENCE_UNJUDGED },
        { ASSAY_SIM_ATTACK_REPLAY, 4, 0, ASSAY_SIM_EVIDENCE_FIRST },
        { ASSAY_SIM_ATTACK_REPLAY, 1, 0, ASSAY_SIM_EVIDENCE_GOOD }, /* there is no older one */
        { ASSAY_SIM_ATTACK_RELAY, 4, 0, ASSAY_SIM_EVIDENCE_ELSEWHERE },
        { ASSAY_SIM_ATTACK_RELAY, 4, 1, ASSAY_SIM_EVIDENCE_FORGED }, /* its platform is pinned */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_scenario s = with(cases[i].attack);
        s.adversaries[0].start_epoch = 1;
        s.adversaries[0].amount = cases[i].amount;
        cr_expect_eq(assay_attack_evidence(&s, cohort_of, 5, cases[i].epoch, 8), cases[i].evidence,
                     "case %zu", i);
    }
}

Test(sim_attack, the_first_that_spoils_evidence_decides)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_BADMOUTH);
    s.adversary_count = 3;
    s.adversaries[1] = s.adversaries[2] = s.adversaries[0];
    s.adversaries[1].attack = ASSAY_SIM_ATTACK_OLD_TCB;
    s.adversaries[2].attack = ASSAY_SIM_ATTACK_TAMPER;
    cr_expect_eq(assay_attack_evidence(&s, cohort_of, 5, 4, 8), ASSAY_SIM_EVIDENCE_SOFTLY);
    s.adversaries[1].stop_epoch = 4;
    cr_expect_eq(assay_attack_evidence(&s, cohort_of, 5, 4, 8), ASSAY_SIM_EVIDENCE_HARD);
}

/*
 * docs/protocol.md 3.4 to 3.9 and 5.23, as a table: what honest voters say, and what E5 makes of
 * PASS, FAIL and ABSENT about it.
 */
Test(sim_attack, honest_voters_and_e5_see_evidence_as_the_protocol_says)
{
    const enum assay_outcome P = ASSAY_OUTCOME_PASS_UP_TO_DATE, H = ASSAY_OUTCOME_FAIL_HARD;
    const enum assay_outcome S = ASSAY_OUTCOME_FAIL_SOFT, A = ASSAY_OUTCOME_ABSENT;
    const enum assay_outcome U = ASSAY_OUTCOME_UNJUDGED;
    enum { NONE = ASSAY_FALSE_NONE, FAIL = ASSAY_FALSE_FAIL, PASS = ASSAY_FALSE_PASS };
    const struct {
        enum assay_sim_evidence evidence;
        unsigned honest, of_pass, of_fail;
        bool bad;
    } table[] = {
        { ASSAY_SIM_EVIDENCE_GOOD, P, NONE, FAIL, false },
        { ASSAY_SIM_EVIDENCE_NONE, A, NONE, NONE, true },
        { ASSAY_SIM_EVIDENCE_HARD, H, PASS, NONE, true },
        { ASSAY_SIM_EVIDENCE_SOFTLY, S, PASS, NONE, true },
        { ASSAY_SIM_EVIDENCE_FIRST, A, PASS, FAIL, true },
        { ASSAY_SIM_EVIDENCE_ELSEWHERE, H, PASS, NONE, true },
        { ASSAY_SIM_EVIDENCE_FORGED, P, NONE, FAIL, true },
        { ASSAY_SIM_EVIDENCE_HALF, P, NONE, FAIL, false },
        { ASSAY_SIM_EVIDENCE_UNJUDGED, U, NONE, NONE, true },
        { ASSAY_SIM_EVIDENCE_HELD, ASSAY_OUTCOME_NONE, NONE, NONE, false },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        const enum assay_sim_evidence e = table[i].evidence;
        cr_expect_eq(assay_attack_honest_outcome(e), table[i].honest, "evidence %zu", i);
        cr_expect_eq(assay_attack_falsehood(e, P), table[i].of_pass, "PASS about %zu", i);
        cr_expect_eq(assay_attack_falsehood(e, H), table[i].of_fail, "FAIL about %zu", i);
        cr_expect_eq(assay_attack_falsehood(e, A), ASSAY_FALSE_NONE, "nobody proves an absence");
        cr_expect_eq(assay_attack_falsehood(e, U), ASSAY_FALSE_NONE, "nor what one could not do");
        cr_expect_eq(assay_attack_falsehood(e, assay_attack_honest_outcome(e)), ASSAY_FALSE_NONE,
                     "honest ballots are never false: %zu", i);
        cr_expect_eq(assay_attack_bad(e), table[i].bad);
    }
}

/* --- ballots */

/* What the node 8 says about each subject that it would honestly call `honest`. */
static enum assay_outcome said(enum assay_sim_attack attack, uint32_t subject,
                               enum assay_outcome honest)
{
    const struct assay_scenario s = with(attack);
    const struct assay_attack_acts acts = acts_of(&s, 8, 4);
    cr_expect(assay_attack_acts_votes(&acts));
    return assay_attack_acts_vote(&acts, subject, honest);
}

Test(sim_attack, votes_change_about_victims_and_nobody_else)
{
    static const struct {
        enum assay_sim_attack attack;
        enum assay_outcome says;
    } cases[] = { { ASSAY_SIM_ATTACK_BADMOUTH, ASSAY_OUTCOME_FAIL_HARD },
                  { ASSAY_SIM_ATTACK_SLANDER, ASSAY_OUTCOME_FAIL_HARD },
                  { ASSAY_SIM_ATTACK_ABSENT_VOTE, ASSAY_OUTCOME_ABSENT },
                  { ASSAY_SIM_ATTACK_STUFF, ASSAY_OUTCOME_PASS_UP_TO_DATE } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (unsigned honest = 0; honest < ASSAY_OUTCOME_COUNT; honest++) {
            for (uint32_t subject = 0; subject < NODES; subject++) {
                const bool victim = cohort_of[subject] == VICTIM;
                cr_expect_eq(said(cases[i].attack, subject, (enum assay_outcome)honest),
                             victim ? cases[i].says : (enum assay_outcome)honest);
            }
        }
    }
}

Test(sim_attack, a_sleeper_slanders_victims_and_vouches_for_its_own)
{
    const enum assay_outcome good = ASSAY_OUTCOME_PASS_UP_TO_DATE;
    cr_expect_eq(said(ASSAY_SIM_ATTACK_SLEEPER, 6, good), ASSAY_OUTCOME_FAIL_HARD);
    cr_expect_eq(said(ASSAY_SIM_ATTACK_SLEEPER, 9, ASSAY_OUTCOME_FAIL_HARD), good);
    cr_expect_eq(said(ASSAY_SIM_ATTACK_SLEEPER, 0, ASSAY_OUTCOME_ABSENT), ASSAY_OUTCOME_ABSENT);
}

Test(sim_attack, a_free_rider_passes_everyone_and_verifies_nothing)
{
    for (unsigned honest = 0; honest < ASSAY_OUTCOME_COUNT; honest++)
        cr_expect_eq(said(ASSAY_SIM_ATTACK_FREE_RIDE, 3, (enum assay_outcome)honest),
                     ASSAY_OUTCOME_PASS_UP_TO_DATE);
    const struct assay_scenario s = with(ASSAY_SIM_ATTACK_FREE_RIDE);
    const struct assay_attack_acts acts = acts_of(&s, 8, 4);
    cr_expect_not(assay_attack_acts_verifies(&acts));
}

Test(sim_attack, a_copier_says_what_the_first_ballot_said)
{
    const struct assay_scenario s = with(ASSAY_SIM_ATTACK_COPY_VOTES);
    uint8_t row[NODES / 2] = { 0 };
    assay_votes_row_set(row, 0, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    assay_votes_row_set(row, 3, ASSAY_OUTCOME_FAIL_HARD);
    row[2] = 0xf0; /* slot 5: nothing that an outcome has */
    struct assay_attack_scene about = {
        .scenario = &s, .cohort_of = cohort_of, .seed = 5, .epoch = 4, .node = 8
    };
    struct assay_attack_acts acts;
    assay_attack_acts_find(&about, &acts);
    cr_expect_eq(assay_attack_acts_vote(&acts, 0, ASSAY_OUTCOME_FAIL_HARD), ASSAY_OUTCOME_NONE,
                 "before it heard a ballot it has nothing to say");
    about.first_row = row;
    assay_attack_acts_find(&about, &acts);
    cr_expect_eq(assay_attack_acts_vote(&acts, 0, ASSAY_OUTCOME_ABSENT),
                 ASSAY_OUTCOME_PASS_UP_TO_DATE);
    cr_expect_eq(assay_attack_acts_vote(&acts, 3, ASSAY_OUTCOME_PASS_UP_TO_DATE),
                 ASSAY_OUTCOME_FAIL_HARD);
    cr_expect_eq(assay_attack_acts_vote(&acts, 5, ASSAY_OUTCOME_ABSENT), ASSAY_OUTCOME_NONE);
}

Test(sim_attack, two_rows_that_vote_go_one_after_the_other)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_STUFF);
    s.adversary_count = 2;
    s.adversaries[1] = s.adversaries[0];
    s.adversaries[1].attack = ASSAY_SIM_ATTACK_ABSENT_VOTE;
    const struct assay_attack_acts acts = acts_of(&s, 8, 4);
    cr_expect_eq(acts.count, 2);
    cr_expect_eq(assay_attack_acts_vote(&acts, 6, ASSAY_OUTCOME_NONE), ASSAY_OUTCOME_ABSENT);
}

/* --- the other hooks of both fidelities */

Test(sim_attack, only_who_withholds_has_no_ballot)
{
    for (int attack = 1; attack <= 25; attack++) {
        const struct assay_scenario s = with((enum assay_sim_attack)attack);
        const struct assay_attack_acts acts = acts_of(&s, 8, 4);
        cr_expect_eq(assay_attack_acts_ballots(&acts), attack != ASSAY_SIM_ATTACK_WITHHOLD);
    }
}

Test(sim_attack, clocks_go_ahead_and_behind_by_the_amount)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_FAST_CLOCK);
    s.adversaries[0].amount = 700;
    struct assay_attack_acts acts = acts_of(&s, 8, 4);
    cr_expect_eq(assay_attack_acts_clock_ms(&acts), 700);
    s.adversaries[0].attack = ASSAY_SIM_ATTACK_SLOW_CLOCK;
    acts = acts_of(&s, 8, 4);
    cr_expect_eq(assay_attack_acts_clock_ms(&acts), -700);
    acts = acts_of(&s, 0, 4);
    cr_expect_eq(assay_attack_acts_clock_ms(&acts), 0);
}

Test(sim_attack, delays_are_the_largest_of_all_rows)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_DELAY);
    s.adversary_count = 2;
    s.adversaries[0].amount = 300;
    s.adversaries[1] = s.adversaries[0];
    s.adversaries[1].amount = 200;
    const struct assay_attack_acts acts = acts_of(&s, 8, 4);
    cr_expect_eq(assay_attack_acts_delay_ms(&acts, ASSAY_MESSAGE_VOTE), 300);
    cr_expect_eq(assay_attack_acts_delay_ms(&acts, ASSAY_MESSAGE_EVIDENCE), 300);
}

Test(sim_attack, a_store_is_rolled_back_every_so_many_epochs)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_ROLL_BACK);
    s.adversaries[0].amount = 3;
    static const uint32_t back[] = { 0, 0, 0, 0, 2, 0, 0, 2, 0 }; /* epochs 1 to 9: from 3 on */
    for (uint64_t epoch = 1; epoch <= 9; epoch++) {
        const struct assay_attack_acts acts = acts_of(&s, 8, epoch);
        cr_expect_eq(assay_attack_acts_rolls_back(&acts), back[epoch - 1], "epoch %llu",
                     (unsigned long long)epoch);
    }
    s.adversaries[0].amount = 1;
    const struct assay_attack_acts acts = acts_of(&s, 8, 3);
    cr_expect_eq(assay_attack_acts_rolls_back(&acts), 1);
}

Test(sim_attack, an_eclipse_leaves_victims_the_adversary_alone)
{
    const struct assay_scenario s = with(ASSAY_SIM_ATTACK_ECLIPSE);
    for (uint32_t from = 0; from < NODES; from++) {
        for (uint32_t to = 0; to < NODES; to++) {
            if (from == to) continue;
            const bool own = cohort_of[from] == ATTACKER || cohort_of[to] == ATTACKER;
            const bool victim = cohort_of[from] == VICTIM || cohort_of[to] == VICTIM;
            cr_expect_eq(assay_attack_carries(&s, cohort_of, 5, 4, from, to), own || !victim,
                         "%u to %u", from, to);
            cr_expect(assay_attack_carries(&s, cohort_of, 5, 2, from, to), "not begun yet");
        }
    }
}

Test(sim_attack, only_equivocators_are_convicted_of_it_and_only_who_votes)
{
    for (int attack = 1; attack <= 25; attack++) {
        const struct assay_scenario s = with((enum assay_sim_attack)attack);
        struct assay_attack_scene about = {
            .scenario = &s, .cohort_of = cohort_of, .seed = 5, .epoch = 4, .node = 8
        };
        struct assay_attack_acts acts;
        assay_attack_acts_find(&about, &acts);
        const bool envelopes = attack == ASSAY_SIM_ATTACK_TWO_ENVELOPES;
        cr_expect_eq(assay_attack_acts_convicted(&acts),
                     envelopes || attack == ASSAY_SIM_ATTACK_EQUIVOCATE);
        about.no_vote = true;
        assay_attack_acts_find(&about, &acts);
        cr_expect_eq(assay_attack_acts_convicted(&acts), envelopes);
    }
}

Test(sim_attack, a_censor_leaves_out_victims_and_never_itself)
{
    struct assay_scenario s = with(ASSAY_SIM_ATTACK_CENSOR);
    struct assay_attack_acts acts = acts_of(&s, 8, 4);
    for (uint32_t voter = 0; voter < NODES; voter++)
        cr_expect_eq(assay_attack_acts_censors(&acts, voter), cohort_of[voter] == VICTIM);
    s.adversaries[0].victims = ATTACKER;
    acts = acts_of(&s, 8, 4);
    cr_expect(assay_attack_acts_censors(&acts, 9));
    cr_expect_not(assay_attack_acts_censors(&acts, 8));
}

Test(sim_attack, who_does_nothing_is_as_an_honest_node)
{
    const struct assay_scenario s = with(ASSAY_SIM_ATTACK_WITHHOLD);
    const struct assay_attack_acts acts = acts_of(&s, 0, 4);
    const struct assay_slice none = { 0 };
    cr_expect_eq(acts.count, 0);
    cr_expect_eq(assay_attack_acts_evidence(&acts), ASSAY_SIM_EVIDENCE_GOOD);
    cr_expect_not(assay_attack_acts_votes(&acts));
    cr_expect_eq(assay_attack_acts_vote(&acts, 6, ASSAY_OUTCOME_ABSENT), ASSAY_OUTCOME_ABSENT);
    cr_expect(assay_attack_acts_ballots(&acts) && assay_attack_acts_verifies(&acts));
    cr_expect(assay_attack_acts_passes(&acts, 1, ASSAY_MESSAGE_VOTE, none));
    cr_expect(assay_attack_acts_takes(&acts, ASSAY_MESSAGE_VOTE, none));
    cr_expect_not(assay_attack_acts_censors(&acts, 6));
    cr_expect_not(assay_attack_acts_convicted(&acts));
    cr_expect_eq(assay_attack_acts_delay_ms(&acts, ASSAY_MESSAGE_VOTE), 0);
    cr_expect_eq(assay_attack_acts_rolls_back(&acts), 0);
}
