/*
 * sim/twins/run.c - run of one schedule, from its first view to the finalisations after healing.
 */
#include "sim/twins/twins_internal.h"

#include "engine/consensus/vote.h"

#include <stdio.h>

enum {
    EPOCH_MS = 400, /* delta = 25 ms */
    DELAY_MS = 5,
    DELAY_SEED_MS = 20,
    HEAL_MS = 60000,
    SETTLE_MS = 5000, /* between checks */
    MEET_MS = 600000,
    AHEAD = 8,
    VIEWS_HELD = 4 * ASSAY_RANGE_VIEWS,
    LATE_VIEWS = 16,                             /* docs/protocol.md 5.5 */
    BURNED = ASSAY_RANGE_VIEWS + LATE_VIEWS + 2, /* X over the first range was due */
    BURN_MS = BURNED * 120000,
    BLOCKS_HELD = 32,
};

struct run {
    const struct assay_twins_schedule *schedule;
    struct assay_sim_simplex *world;
    uint32_t rows_asked;
    bool burning; /* past the rows of the schedule */
    /* The subject of the last message: it goes to many recipients in one step, with the same
     * memory. */
    uint64_t last_step;
    struct assay_slice last;
    struct assay_vote_statement last_about;
};

/* --- reachability */

/* The subject of a message. Returns: false for one that concerns only its sender. */
static bool find_subject(enum assay_message_kind kind, struct assay_slice payload, uint32_t slots,
                         struct assay_vote_statement *st)
{
    struct assay_vote vote;
    struct assay_vote_certificate certificate;
    struct assay_proposal proposal;
    if (kind == ASSAY_MESSAGE_VOTE && assay_vote_decode(payload, &vote) == ASSAY_OK) {
        *st = vote.statement;
        return true;
    }
    if (kind == ASSAY_MESSAGE_CERTIFICATE &&
        assay_certificate_decode(payload, slots, &certificate) == ASSAY_OK) {
        *st = certificate.statement;
        return true;
    }
    if (kind == ASSAY_MESSAGE_PROPOSAL && assay_proposal_decode(payload, &proposal) == ASSAY_OK) {
        *st = (struct assay_vote_statement){ .epoch = proposal.header.epoch,
                                             .view = proposal.header.view,
                                             .type = ASSAY_VOTE_NOTARISE };
        return true;
    }
    return false;
}

static struct assay_vote_statement place_of(struct run *run, uint32_t from,
                                            enum assay_message_kind kind,
                                            struct assay_slice payload)
{
    struct assay_sim_simplex_counts counts;
    assay_sim_simplex_counts(run->world, &counts);
    if (counts.steps == run->last_step && payload.bytes == run->last.bytes &&
        payload.len == run->last.len)
        return run->last_about;
    struct assay_vote_statement st;
    if (!find_subject(kind, payload, run->schedule->nodes, &st)) {
        struct assay_simplex_snapshot look;
        assay_sim_simplex_look(run->world, from, &look);
        return (struct assay_vote_statement){ .epoch = look.epoch, .view = look.view };
    }
    run->last_step = counts.steps;
    run->last = payload;
    run->last_about = st;
    return st;
}

/* While the rest of the first range burns. Returns: whether the message is decided, and how. */
static bool decide_burning(const struct run *run, uint32_t from, uint32_t to,
                           const struct assay_vote_statement *st, bool *passes)
{
    const struct assay_twins_schedule *s = run->schedule;
    if (!s->burns) return false;
    *passes = true;
    if (assay_vote_span(st->type) > 1) {
        *passes = (s->range_receives[from] >> to & 1) != 0;
        return true;
    }
    /* Only F stays cut: what was nearly final stays so, and views continue. */
    return run->burning && st->type != ASSAY_VOTE_FINALISE;
}

/* No machine accepts a block in the views that burn. */
static bool is_valid(void *context, uint32_t machine, const struct assay_block_header *header)
{
    const struct run *run = context;
    (void)machine;
    return header->epoch > 1 || header->view <= run->schedule->views || header->view > BURNED;
}

static bool filter_message(void *context, uint32_t from, uint32_t to, enum assay_message_kind kind,
                           struct assay_slice payload)
{
    struct run *run = context;
    const struct assay_twins_schedule *s = run->schedule;
    const struct assay_vote_statement st = place_of(run, from, kind, payload);
    const uint64_t round = st.view + st.epoch - 1; /* from 1 */
    bool pass = true;
    if (decide_burning(run, from, to, &st, &pass)) return pass;
    if (round == 0 || round > s->views) return true;
    const bool late = s->phases == 2 && st.type != ASSAY_VOTE_NOTARISE;
    const uint32_t row = (uint32_t)(round - 1) * s->phases + (late ? 1 : 0);
    if (row >= run->rows_asked) run->rows_asked = row + 1;
    return (s->receives[row][from] >> to & 1) != 0;
}

/* --- the world of a schedule */

static bool is_twin(const struct assay_twins_schedule *s, uint32_t slot)
{
    for (uint32_t i = 0; i < s->twins; i++)
        if (s->twin_of[i] == slot) return true;
    return false;
}

bool assay_twins_tolerable(const struct assay_twins_schedule *s)
{
    uint64_t total = 0;
    uint64_t twins = 0;
    for (uint32_t i = 0; i < s->nodes; i++) {
        total += s->weights[i];
        if (is_twin(s, i)) twins += s->weights[i];
    }
    return 3 * twins <= total;
}

static struct assay_sim_simplex *create_world(const struct assay_twins_schedule *s)
{
    struct assay_sim_simplex_options options = { .seed = s->seed,
                                                 .slot_count = s->nodes,
                                                 .machine_count = s->nodes + s->twins,
                                                 .epoch_ms = EPOCH_MS,
                                                 .epoch_blocks = s->epoch_blocks,
                                                 .cadence_ms = 1,
                                                 .delay_min_ms = s->seed == 0 ? DELAY_MS : 1,
                                                 .delay_max_ms =
                                                     s->seed == 0 ? DELAY_MS : DELAY_SEED_MS,
                                                 .views_max = VIEWS_HELD,
                                                 .blocks_max = BLOCKS_HELD,
                                                 .splits = !assay_twins_tolerable(s) };
    options.check_every = s->burns ? 7 : 1;
    ASSAY_ASSERT(s->nodes <= ASSAY_TWINS_NODES_MAX && s->twins <= ASSAY_TWINS_TWINS_MAX);
    ASSAY_ASSERT(s->views <= ASSAY_TWINS_VIEWS_MAX && (s->phases == 1 || s->phases == 2));
    for (uint16_t i = 0; i < s->nodes; i++) {
        options.slots[i] = i;
        options.weights[i] = s->weights[i];
        options.byzantine[i] = is_twin(s, i);
    }
    for (uint32_t i = 0; i < s->twins; i++) {
        options.slots[s->nodes + i] = s->twin_of[i];
        options.byzantine[s->nodes + i] = true;
    }
    return assay_sim_simplex_create(&options);
}

/* Time enough for every view of the schedule to time out: 6 delta, grown by 3/2 each. */
static uint64_t schedule_ms(const struct assay_twins_schedule *s)
{
    uint64_t ms = 0;
    uint64_t view_ms = 6 * (EPOCH_MS / 16);
    for (uint32_t i = 0; i < s->views; i++) {
        ms += view_ms;
        view_ms += view_ms / 2;
    }
    return ms;
}

/* Until every view of the schedule had time to time out, or a machine is well past them: one that
 * lacks the body of a block while others continue would only fill its tables. */
static bool run_schedule_views(struct run *run)
{
    const uint64_t end_ms = assay_sim_simplex_now(run->world) + schedule_ms(run->schedule);
    const uint64_t far = run->schedule->views + AHEAD;
    while (assay_sim_simplex_now(run->world) < end_ms &&
           assay_sim_simplex_best_height(run->world) < far)
        if (!assay_sim_simplex_run(run->world, EPOCH_MS / 16)) return false;
    return true;
}

/* Until every machine has left the views without a proposal. */
static bool run_burning_views(struct run *run)
{
    const uint64_t end_ms = assay_sim_simplex_now(run->world) + BURN_MS;
    run->burning = true;
    const uint32_t machines = run->schedule->nodes + run->schedule->twins;
    for (bool all = false; !all && assay_sim_simplex_now(run->world) < end_ms;) {
        if (!assay_sim_simplex_run(run->world, SETTLE_MS)) return false;
        all = true;
        for (uint32_t i = 0; i < machines; i++) {
            struct assay_simplex_snapshot look;
            assay_sim_simplex_look(run->world, i, &look);
            all = all && (look.view > BURNED || look.epoch > 1);
        }
    }
    return true;
}

/* The filter applies from the first message on, those of the world's creation included: nothing is
 * proposed before cadence_ms have passed. */
static void run_world(struct run *run)
{
    assay_sim_simplex_set_filter(run->world, filter_message, run);
    if (run->schedule->burns) assay_sim_simplex_set_judge(run->world, is_valid, run);
    if (!run_schedule_views(run)) return;
    if (run->schedule->burns && !run_burning_views(run)) return;
    assay_sim_simplex_set_filter(run->world, NULL, NULL);
    if (!assay_twins_tolerable(run->schedule)) { /* a fork is visible when the sides meet */
        assay_sim_simplex_run(run->world,
                              run->schedule->burns ? MEET_MS : schedule_ms(run->schedule));
        return;
    }
    const uint64_t heal_ms = run->schedule->burns ? BURN_MS : HEAL_MS;
    const uint64_t goal = assay_sim_simplex_best_height(run->world) + ASSAY_TWINS_FINALISATIONS;
    if (!assay_sim_simplex_run_to_height(run->world, goal, heal_ms))
        assay_sim_simplex_violate(run->world, ASSAY_SIM_CHECKER_LIVENESS,
                                  "healed, and %d finalisations did not come in %d s of its time",
                                  ASSAY_TWINS_FINALISATIONS, (int)(heal_ms / 1000));
}

/* --- conviction after a fork */

/* Repeats the run with an observer that records every message. */
static uint32_t find_culprits(const struct assay_twins_schedule *schedule, unsigned lost,
                              unsigned *numbers)
{
    struct run run = { .schedule = schedule, .world = create_world(schedule) };
    struct assay_twins_proofs *proofs = assay_twins_proofs_create(run.world, schedule->nodes);
    assay_sim_simplex_set_observer(run.world, assay_twins_proofs_note, proofs);
    run_world(&run);
    const uint32_t convicted = assay_twins_proofs_convict(proofs, lost, numbers);
    assay_twins_proofs_destroy(&proofs);
    assay_sim_simplex_destroy(&run.world);
    return convicted;
}

static void check_fork(const struct assay_twins_schedule *s, const struct assay_twins_plant *plant,
                       struct assay_twins_result *result)
{
    uint64_t total = 0;
    uint64_t guilty = 0;
    result->forked = true;
    result->convicted = find_culprits(s, plant == NULL ? 0 : plant->lost_proofs, &result->proofs);
    for (uint32_t slot = 0; plant != NULL && plant->frames && slot < s->nodes; slot++)
        if (!is_twin(s, slot)) result->convicted |= 1u << slot;
    for (uint32_t slot = 0; slot < s->nodes; slot++) {
        const bool named = (result->convicted >> slot & 1) != 0;
        total += s->weights[slot];
        if (named) guilty += s->weights[slot];
        if (!named || is_twin(s, slot)) continue;
        result->checker = ASSAY_SIM_CHECKER_JUSTICE;
        (void)snprintf(result->violation, sizeof result->violation,
                       "slot %u is honest and was convicted", (unsigned)slot);
        return;
    }
    if (3 * guilty > total) return;
    result->checker = ASSAY_SIM_CHECKER_P6;
    (void)snprintf(result->violation, sizeof result->violation,
                   "the chain split and only %u of %u were convicted", (unsigned)guilty,
                   (unsigned)total);
}

void assay_twins_run(const struct assay_twins_schedule *schedule,
                     const struct assay_twins_plant *plant, struct assay_twins_result *result)
{
    struct run run = { .schedule = schedule, .world = create_world(schedule) };
    struct assay_sim_simplex_counts counts;
    run_world(&run);
    assay_sim_simplex_counts(run.world, &counts);
    *result = (struct assay_twins_result){ .checker = assay_sim_simplex_checker(run.world),
                                           .rows_asked = run.rows_asked,
                                           .steps = counts.steps,
                                           .sent = counts.sent,
                                           .trace = counts.trace,
                                           .finals = assay_sim_simplex_best_height(run.world) };
    const char *violation = assay_sim_simplex_violation(run.world);
    if (violation != NULL)
        (void)snprintf(result->violation, sizeof result->violation, "%s", violation);
    assay_sim_simplex_destroy(&run.world);
    if (result->checker != ASSAY_SIM_CHECKER_AGREEMENT || assay_twins_tolerable(schedule)) return;
    result->checker = ASSAY_SIM_CHECKER_COUNT; /* expected; find the culprits */
    result->violation[0] = '\0';
    check_fork(schedule, plant, result);
}
