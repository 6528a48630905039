/*
 * tests/mutants/suite_simplex.c - six ways to treat Simplex machines, one a seed.
 */
#include "sim/scenario/random.h"
#include "tests/mutants/trial.h"

enum { FAULTS_MS = 3000, HEAL_MS = 120000, PROGRESS = 5 };

static const uint32_t tables[][8] = {
    { 4, 1, 1, 1, 1 },          { 4, 2, 2, 1, 1 },    { 4, 3, 3, 2, 2 },
    { 7, 1, 1, 1, 1, 1, 1, 1 }, { 5, 1, 1, 0, 1, 1 }, { 4, 4, 3, 2, 3 },
};

static struct assay_sim_simplex_options draw_options(struct assay_sim_random *r, uint64_t seed)
{
    const uint32_t *table = tables[assay_sim_random_below(r, sizeof tables / sizeof tables[0])];
    struct assay_sim_simplex_options o = { .seed = seed, .slot_count = table[0] };
    for (uint32_t i = 0; i < table[0]; i++)
        o.weights[i] = table[i + 1];
    o.rotate = assay_sim_random_permille(r, 500);
    o.epoch_ms = assay_sim_random_between(r, 400, 2400);
    o.epoch_blocks = (uint32_t)assay_sim_random_between(r, 1, 6);
    o.cadence_ms = assay_sim_random_permille(r, 500) ? 0 : assay_sim_random_below(r, 200);
    o.delay_min_ms = 1;
    o.delay_max_ms = assay_sim_random_between(r, 1, 60);
    return o;
}

static void take_violation(const struct assay_sim_simplex *world, struct trial_finding *finding)
{
    const char *violation = assay_sim_simplex_violation(world);
    if (violation != NULL) trial_found(finding, assay_sim_simplex_checker(world), "%s", violation);
}

/* Everything heals; then the chain must go on. */
static void heal(struct assay_sim_simplex *world, uint32_t machines, struct trial_finding *finding)
{
    assay_sim_simplex_partition(world, NULL);
    assay_sim_simplex_set_faults(world, 0, 0, 0);
    for (uint32_t i = 0; i < machines; i++)
        if (!assay_sim_simplex_alive(world, i)) assay_sim_simplex_restart(world, i);
    const uint64_t goal = assay_sim_simplex_best_height(world) + PROGRESS;
    const bool went_on = assay_sim_simplex_run_to_height(world, goal, HEAL_MS);
    take_violation(world, finding);
    if (!went_on)
        trial_found(finding, ASSAY_SIM_CHECKER_LIVENESS, "no progress after everything healed");
}

/* Loss, duplicates, crashes at every point around a commit, partitions that come and go. */
static void random_faults(struct assay_sim_random *r, uint64_t seed, struct trial_finding *finding)
{
    struct assay_sim_simplex_options o = draw_options(r, seed);
    o.loss_permille = (uint32_t)assay_sim_random_below(r, 250);
    o.duplicate_permille = (uint32_t)assay_sim_random_below(r, 100);
    o.crash_permille = (uint32_t)assay_sim_random_below(r, 40);
    o.crowded_permille = assay_sim_random_permille(r, 250) ? 300 : 0;
    o.check_ms_max = assay_sim_random_permille(r, 300) ? assay_sim_random_below(r, 80) : 0;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&o);
    for (uint64_t passed = 0; passed < FAULTS_MS; passed += 500) {
        uint32_t group_of[ASSAY_SIM_SIMPLEX_MACHINES_MAX];
        for (uint32_t i = 0; i < ASSAY_SIM_SIMPLEX_MACHINES_MAX; i++)
            group_of[i] = (uint32_t)assay_sim_random_below(r, 2);
        assay_sim_simplex_partition(world, assay_sim_random_permille(r, 350) ? group_of : NULL);
        if (!assay_sim_simplex_run(world, 500)) break;
    }
    if (assay_sim_simplex_violation(world) == NULL) heal(world, o.slot_count, finding);
    take_violation(world, finding);
    assay_sim_simplex_destroy(&world);
}

/* Links or proposals slower than the first time-outs: they must grow until something is final. */
static void slow_links(struct assay_sim_random *r, uint64_t seed, struct trial_finding *finding)
{
    struct assay_sim_simplex_options o = draw_options(r, seed);
    o.epoch_ms = 2000;
    o.cadence_ms = 0;
    if (assay_sim_random_permille(r, 500)) {
        o.proposal_extra_ms = assay_sim_random_between(r, 600, 2500);
    } else {
        o.delay_min_ms = assay_sim_random_between(r, 150, 250);
        o.delay_max_ms = o.delay_min_ms;
    }
    struct assay_sim_simplex *world = assay_sim_simplex_create(&o);
    if (!assay_sim_simplex_run_to_height(world, 3, 300000))
        trial_found(finding, ASSAY_SIM_CHECKER_LIVENESS, "time-outs never fitted slow links");
    take_violation(world, finding);
    assay_sim_simplex_destroy(&world);
}

/* One machine after another stops and comes back with a disk that lost its last votes; everybody
 * else is there and tells it. Twice the same vote, with other words, must not come of it. */
static void lost_writes(struct assay_sim_random *r, uint64_t seed, struct trial_finding *finding)
{
    struct assay_sim_simplex_options o = draw_options(r, seed);
    o.epoch_blocks = 1000;
    o.cadence_ms = 40;
    o.delay_max_ms = 10;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&o);
    for (int turn = 0; turn < 12 && assay_sim_simplex_violation(world) == NULL; turn++) {
        const uint32_t machine = (uint32_t)assay_sim_random_below(r, o.slot_count);
        assay_sim_simplex_run(world, assay_sim_random_between(r, 1, 200));
        assay_sim_simplex_crash(world, machine);
        assay_sim_simplex_lose(world, machine, (uint32_t)assay_sim_random_between(r, 1, 4));
        assay_sim_simplex_run(world, 20); /* what was on its way has come */
        assay_sim_simplex_restart(world, machine);
        assay_sim_simplex_run(world, assay_sim_random_between(r, 1, 400));
    }
    take_violation(world, finding);
    assay_sim_simplex_destroy(&world);
}

/* One voter is Byzantine and makes things up; it holds a third at most. */
static void disrupted(struct assay_sim_random *r, uint64_t seed, struct trial_finding *finding)
{
    struct assay_sim_simplex_options o = draw_options(r, seed);
    const uint16_t slot = (uint16_t)assay_sim_random_below(r, o.slot_count);
    uint64_t total = 0;
    o.rotate = false;
    for (uint32_t i = 0; i < o.slot_count; i++)
        total += o.weights[i];
    if (3 * o.weights[slot] > total || o.weights[slot] == 0)
        for (uint32_t i = 0; i < o.slot_count; i++)
            o.weights[i] = 1;
    o.epoch_blocks = 1000;
    o.cadence_ms = 60; /* room to come before the leader */
    o.delay_max_ms = 10;
    o.byzantine[slot] = true;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&o);
    struct trial_disrupter *disrupter =
        trial_disrupter_create(world, slot, o.slot_count, o.slot_count, assay_sim_random_next(r));
    for (int turn = 0; turn < 120 && assay_sim_simplex_violation(world) == NULL; turn++) {
        assay_sim_simplex_run(world, assay_sim_random_between(r, 5, 40));
        trial_disrupter_act(disrupter);
    }
    trial_disrupter_destroy(&disrupter);
    if (assay_sim_simplex_violation(world) == NULL) heal(world, o.slot_count, finding);
    take_violation(world, finding);
    assay_sim_simplex_destroy(&world);
}

static bool refuses(void *context, uint32_t machine, const struct assay_block_header *header)
{
    (void)context;
    (void)machine;
    (void)header;
    return false;
}

/* For two minutes no block is valid for anybody (a time that nobody takes, say): views must not
 * burn at the speed of links, and afterwards everything goes on. */
static void refused(struct assay_sim_random *r, uint64_t seed, struct trial_finding *finding)
{
    enum { REFUSED_MS = 120000, VIEWS_MAX = 60 };
    struct assay_sim_simplex_options o = draw_options(r, seed);
    struct assay_simplex_snapshot look;
    o.cadence_ms = 0;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&o);
    assay_sim_simplex_set_judge(world, refuses, NULL);
    assay_sim_simplex_run(world, REFUSED_MS);
    assay_sim_simplex_look(world, 0, &look);
    if (look.view - look.final_view > VIEWS_MAX)
        trial_found(finding, ASSAY_SIM_CHECKER_LIVENESS, "%llu views burned in %d ms",
                    (unsigned long long)(look.view - look.final_view), REFUSED_MS);
    assay_sim_simplex_set_judge(world, NULL, NULL);
    if (assay_sim_simplex_violation(world) == NULL) heal(world, o.slot_count, finding);
    take_violation(world, finding);
    assay_sim_simplex_destroy(&world);
}

/* One view is notarised and nearly final; all others are nullified, past the end of its range and
 * of the next (docs/protocol.md 5.27). Machines stop and come back meanwhile. */
struct burn {
    uint64_t nearly, end;
};

static bool burns(void *context, uint32_t machine, const struct assay_block_header *header)
{
    const struct burn *b = context;
    (void)machine;
    return header->view == b->nearly || header->view >= b->end;
}

static bool loses_f(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                    struct assay_slice payload)
{
    struct assay_vote vote;
    (void)context;
    (void)from;
    (void)to;
    if (kind != ASSAY_MESSAGE_VOTE || assay_vote_decode(payload, &vote) != ASSAY_OK) return true;
    return vote.statement.type != ASSAY_VOTE_FINALISE;
}

static void burned(struct assay_sim_random *r, uint64_t seed, struct trial_finding *finding)
{
    enum { TURN_MS = 240000, TURNS_MAX = 200, HEALED_MS = 7200000 };
    struct assay_sim_simplex_options o = draw_options(r, seed);
    struct burn b = { assay_sim_random_between(r, 2, ASSAY_RANGE_VIEWS - 2),
                      2 * ASSAY_RANGE_VIEWS + 40 };
    struct assay_simplex_snapshot look = { 0 };
    o.epoch_blocks = 1000;
    o.views_max = 4 * ASSAY_RANGE_VIEWS;
    o.rotate = false;
    struct assay_sim_simplex *world = assay_sim_simplex_create(&o);
    assay_sim_simplex_set_judge(world, burns, &b);
    assay_sim_simplex_set_filter(world, loses_f, NULL);
    for (int turn = 0; turn < TURNS_MAX && look.view + 4 < b.end; turn++) {
        const uint32_t machine = (uint32_t)assay_sim_random_below(r, o.slot_count);
        if (!assay_sim_simplex_run(world, TURN_MS)) break;
        assay_sim_simplex_crash(world, machine);
        assay_sim_simplex_restart(world, machine);
        assay_sim_simplex_look(world, (machine + 1) % o.slot_count, &look);
    }
    assay_sim_simplex_set_filter(world, NULL, NULL);
    const bool went_on = assay_sim_simplex_violation(world) == NULL &&
                         assay_sim_simplex_run_to_height(world, PROGRESS, HEALED_MS);
    take_violation(world, finding);
    if (!went_on)
        trial_found(finding, ASSAY_SIM_CHECKER_LIVENESS, "no progress after views burned");
    assay_sim_simplex_destroy(&world);
}

void trial_simplex(uint64_t seed, struct trial_finding *finding)
{
    static void (*const ways[])(struct assay_sim_random *, uint64_t, struct trial_finding *) = {
        random_faults, disrupted, random_faults, slow_links, random_faults, lost_writes, refused,
        burned,
    };
    struct assay_sim_random r = assay_sim_random_of(seed, ASSAY_SIM_STREAM_SCENARIO, 0, 0);
    ways[seed % (sizeof ways / sizeof ways[0])](&r, seed, finding);
}
