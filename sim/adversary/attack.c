/*
 * sim/adversary/attack.c - table of attacks, activity of adversaries, and the combined acts of one
 * node.
 */
#include "base/assert.h"
#include "engine/ledger/records/row.h"
#include "sim/adversary/rows.h"
#include "sim/scenario/random.h"

static const struct assay_attack *const rows[] = {
    &assay_attack_badmouth,   &assay_attack_absent_vote,   &assay_attack_stuff,
    &assay_attack_equivocate, &assay_attack_two_envelopes, &assay_attack_withhold,
    &assay_attack_censor,     &assay_attack_eclipse,       &assay_attack_replay,
    &assay_attack_relay,      &assay_attack_extract,       &assay_attack_tamper,
    &assay_attack_old_tcb,    &assay_attack_quiet,         &assay_attack_on_off,
    &assay_attack_sleeper,    &assay_attack_free_ride,     &assay_attack_copy_votes,
    &assay_attack_fast_clock, &assay_attack_slow_clock,    &assay_attack_lie_in_blocks,
    &assay_attack_roll_back,  &assay_attack_slander,       &assay_attack_split_delivery,
    &assay_attack_delay,      &assay_attack_other_roll,    &assay_attack_underrate,
    &assay_attack_unjudged,   &assay_attack_shrug,         &assay_attack_mute,
    &assay_attack_spam,       &assay_attack_dead_end,      &assay_attack_resend,
    &assay_attack_drip,       &assay_attack_early_junk,    &assay_attack_misdeal,
    &assay_attack_misname,    &assay_attack_missign,
};
#define ONE(symbol, number, name, line) 1,
_Static_assert(sizeof rows / sizeof rows[0] == sizeof((const char[]){ ASSAY_SIM_ATTACK_LIST(ONE) }),
               "every attack of the list has its row");
#undef ONE

const struct assay_attack *assay_attack_of(enum assay_sim_attack attack)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i]->attack == attack) return rows[i];
    ASSAY_UNREACHABLE("an attack of the list has a row");
}

bool assay_attack_active(const struct assay_attack_scene *scene)
{
    const struct assay_sim_adversary *a = scene->adversary;
    if (scene->epoch < a->start_epoch || scene->epoch == 0) return false;
    if (a->stop_epoch != 0 && scene->epoch >= a->stop_epoch) return false;
    const uint64_t cycle = (uint64_t)a->on_epochs + a->off_epochs;
    const uint64_t first = a->start_epoch == 0 ? 1 : a->start_epoch;
    if (a->attack == ASSAY_SIM_ATTACK_ON_OFF && cycle > 0 &&
        (scene->epoch - first) % cycle >= a->on_epochs)
        return false;
    const uint64_t number = (uint64_t)(a - scene->scenario->adversaries);
    struct assay_sim_random random =
        assay_sim_random_of(scene->seed, ASSAY_SIM_STREAM_ATTACK, scene->epoch,
                            number * ASSAY_SIM_NODES_MAX + scene->node);
    return assay_sim_random_permille(&random, a->rate_permille);
}

bool assay_attack_byzantine(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                            uint32_t node)
{
    for (uint32_t i = 0; i < scenario->adversary_count; i++)
        if (scenario->adversaries[i].cohort == cohort_of[node]) return true;
    return false;
}

void assay_attack_acts_find(const struct assay_attack_scene *about, struct assay_attack_acts *acts)
{
    const struct assay_scenario *s = about->scenario;
    ASSAY_ASSERT(s->adversary_count <= ASSAY_SIM_ADVERSARIES_MAX);
    acts->count = 0;
    for (uint32_t i = 0; i < s->adversary_count; i++) {
        if (s->adversaries[i].cohort != about->cohort_of[about->node]) continue;
        struct assay_attack_scene *scene = &acts->views[acts->count];
        *scene = *about;
        scene->adversary = &s->adversaries[i];
        if (assay_attack_active(scene))
            acts->rows[acts->count++] = assay_attack_of(s->adversaries[i].attack);
    }
}

enum assay_sim_evidence assay_attack_evidence(const struct assay_scenario *scenario,
                                              const uint8_t *cohort_of, uint64_t seed,
                                              uint64_t epoch, uint32_t node)
{
    const struct assay_attack_scene about = {
        .scenario = scenario, .cohort_of = cohort_of, .seed = seed, .epoch = epoch, .node = node
    };
    struct assay_attack_acts acts;
    assay_attack_acts_find(&about, &acts);
    return assay_attack_acts_evidence(&acts);
}

bool assay_attack_carries(const struct assay_scenario *scenario, const uint8_t *cohort_of,
                          uint64_t seed, uint64_t epoch, uint32_t from, uint32_t to)
{
    struct assay_attack_scene scene = {
        .scenario = scenario, .cohort_of = cohort_of, .seed = seed, .epoch = epoch
    };
    for (uint32_t i = 0; i < scenario->adversary_count; i++) {
        const struct assay_attack *row = assay_attack_of(scenario->adversaries[i].attack);
        if (row->carries == NULL) continue;
        scene.adversary = &scenario->adversaries[i];
        if (assay_attack_active(&scene) && !row->carries(&scene, from, to)) return false;
    }
    return true;
}

/* --- evidence */

enum assay_outcome assay_attack_honest_outcome(enum assay_sim_evidence evidence)
{
    switch (evidence) {
    case ASSAY_SIM_EVIDENCE_GOOD:
    case ASSAY_SIM_EVIDENCE_FORGED:
    case ASSAY_SIM_EVIDENCE_HALF: return ASSAY_OUTCOME_PASS_UP_TO_DATE;
    case ASSAY_SIM_EVIDENCE_NONE:
    case ASSAY_SIM_EVIDENCE_FIRST: return ASSAY_OUTCOME_ABSENT;
    case ASSAY_SIM_EVIDENCE_HARD:
    case ASSAY_SIM_EVIDENCE_ELSEWHERE: return ASSAY_OUTCOME_FAIL_HARD;
    case ASSAY_SIM_EVIDENCE_SOFTLY: return ASSAY_OUTCOME_FAIL_SOFT;
    case ASSAY_SIM_EVIDENCE_UNJUDGED: return ASSAY_OUTCOME_UNJUDGED;
    case ASSAY_SIM_EVIDENCE_HELD: return ASSAY_OUTCOME_NONE;
    }
    ASSAY_UNREACHABLE("evidence outside its enum");
}

enum assay_falsehood assay_attack_falsehood(enum assay_sim_evidence evidence,
                                            enum assay_outcome said)
{
    if (evidence == ASSAY_SIM_EVIDENCE_NONE) return ASSAY_FALSE_NONE;
    const bool own = evidence != ASSAY_SIM_EVIDENCE_FIRST;
    return assay_record_falsehood((uint8_t)said, own, assay_attack_honest_outcome(evidence), false);
}

bool assay_attack_bad(enum assay_sim_evidence evidence)
{
    return evidence != ASSAY_SIM_EVIDENCE_GOOD && evidence != ASSAY_SIM_EVIDENCE_HALF &&
           evidence != ASSAY_SIM_EVIDENCE_HELD;
}

/* --- combined acts of one node. Rows are skipped where their hook is NULL. */

enum assay_sim_evidence assay_attack_acts_evidence(const struct assay_attack_acts *acts)
{
    for (uint32_t i = 0; i < acts->count; i++) {
        if (acts->rows[i]->evidence == NULL) continue;
        const enum assay_sim_evidence evidence = acts->rows[i]->evidence(&acts->views[i]);
        if (evidence != ASSAY_SIM_EVIDENCE_GOOD) return evidence;
    }
    return ASSAY_SIM_EVIDENCE_GOOD;
}

bool assay_attack_acts_votes(const struct assay_attack_acts *acts)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->vote != NULL) return true;
    return false;
}

enum assay_outcome assay_attack_acts_vote(const struct assay_attack_acts *acts, uint32_t subject,
                                          enum assay_outcome honest)
{
    enum assay_outcome said = honest;
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->vote != NULL) said = acts->rows[i]->vote(&acts->views[i], subject, said);
    return said;
}

bool assay_attack_acts_ballots(const struct assay_attack_acts *acts)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->ballots != NULL && !acts->rows[i]->ballots(&acts->views[i]))
            return false;
    return true;
}

unsigned assay_attack_acts_holder(const struct assay_attack_acts *acts)
{
    unsigned faults = 0;
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->holder != NULL) faults |= acts->rows[i]->holder(&acts->views[i]);
    return faults;
}

bool assay_attack_acts_verifies(const struct assay_attack_acts *acts)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->verifies != NULL && !acts->rows[i]->verifies(&acts->views[i]))
            return false;
    return true;
}

bool assay_attack_acts_passes(const struct assay_attack_acts *acts, uint32_t to,
                              enum assay_message_kind kind, struct assay_slice payload)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->passes != NULL &&
            !acts->rows[i]->passes(&acts->views[i], to, kind, payload))
            return false;
    return true;
}

bool assay_attack_acts_takes(const struct assay_attack_acts *acts, enum assay_message_kind kind,
                             struct assay_slice payload)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->takes != NULL && !acts->rows[i]->takes(&acts->views[i], kind, payload))
            return false;
    return true;
}

bool assay_attack_acts_censors(const struct assay_attack_acts *acts, uint32_t voter)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->censors != NULL && acts->rows[i]->censors(&acts->views[i], voter))
            return true;
    return false;
}

bool assay_attack_acts_convicted(const struct assay_attack_acts *acts)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->convicted != NULL && acts->rows[i]->convicted(&acts->views[i]))
            return true;
    return false;
}

int64_t assay_attack_acts_clock_ms(const struct assay_attack_acts *acts)
{
    int64_t ahead_ms = 0;
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->clock_ms != NULL) ahead_ms += acts->rows[i]->clock_ms(&acts->views[i]);
    return ahead_ms;
}

uint32_t assay_attack_acts_delay_ms(const struct assay_attack_acts *acts,
                                    enum assay_message_kind kind)
{
    uint32_t later_ms = 0;
    for (uint32_t i = 0; i < acts->count; i++) {
        if (acts->rows[i]->delay_ms == NULL) continue;
        const uint32_t ms = acts->rows[i]->delay_ms(&acts->views[i], kind);
        if (ms > later_ms) later_ms = ms;
    }
    return later_ms;
}

uint32_t assay_attack_acts_rolls_back(const struct assay_attack_acts *acts)
{
    uint32_t epochs = 0;
    for (uint32_t i = 0; i < acts->count; i++) {
        if (acts->rows[i]->rolls_back == NULL) continue;
        const uint32_t back = acts->rows[i]->rolls_back(&acts->views[i]);
        if (back > epochs) epochs = back;
    }
    return epochs;
}

void assay_attack_acts_sign(const struct assay_attack_acts *acts,
                            struct assay_attack_signing *signing)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->sign != NULL) acts->rows[i]->sign(&acts->views[i], signing);
}

void assay_attack_acts_sent(const struct assay_attack_acts *acts,
                            const struct assay_attack_signing *sent, assay_attack_send *send,
                            void *context)
{
    for (uint32_t i = 0; i < acts->count; i++)
        if (acts->rows[i]->sent != NULL) acts->rows[i]->sent(&acts->views[i], sent, send, context);
}
