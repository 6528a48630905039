/*
 * sim/twins/campaign.c - campaigns of Twins: every schedule up to a bound, or a number of drawn
 * ones.
 *
 * Omitted by the exhaustive campaign (docs/simulator-checks.md 4 proves that nothing is lost):
 * names of groups; the mirror image of a schedule, in which the two copies of a twin are exchanged;
 * schedules that differ from an earlier one only in rows that decided nothing there.
 */
#include "sim/scenario/random.h"
#include "sim/twins/twins_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum { PARTITIONS_MAX = 203 /* of six machines */ };

/* --- options of a campaign */

static enum assay_status check_campaign(const struct assay_twins_campaign *c,
                                        char message[static ASSAY_SIM_MESSAGE_MAX])
{
    const char *wrong = NULL;
    if (c->nodes != 4 && c->nodes != 7 && c->nodes != 10) wrong = "nodes: expected 4, 7 or 10";
    else if (c->samples == 0 && c->nodes != 4)
        wrong = "7 or 10 nodes have too many schedules to run them all: give a number of samples";
    else if (c->twins > ASSAY_TWINS_TWINS_MAX || c->twins >= c->nodes)
        wrong = "twins: expected at most 4, and fewer than nodes";
    else if (c->samples == 0 && c->twins > 2)
        wrong = "twins: expected 1 or 2 where every schedule is run";
    else if (c->views > ASSAY_TWINS_VIEWS_MAX) wrong = "views: expected at most 8";
    else if (c->phases > 2) wrong = "phases: expected 1 or 2";
    else if (c->shards > 0 && c->shard >= c->shards)
        wrong = "shard: expected a number below the number of shards";
    else if (c->ranges && c->samples == 0) wrong = "ranges: expected a number of samples";
    else if (c->groups == 1) wrong = "groups: expected 2 or more, or 0 for any number";
    if (wrong == NULL) return ASSAY_OK;
    (void)snprintf(message, ASSAY_SIM_MESSAGE_MAX, "%s", wrong);
    return ASSAY_E_RANGE;
}

static struct assay_twins_campaign fill_defaults(const struct assay_twins_campaign *c)
{
    struct assay_twins_campaign full = *c;
    if (full.twins == 0) full.twins = (full.nodes - 1) / 3;
    if (full.views == 0) full.views = 3;
    if (full.phases == 0) full.phases = 1;
    return full;
}

struct walk {
    const struct assay_twins_campaign *campaign;
    assay_twins_visit *visit;
    void *context;
    struct assay_twins_totals *totals;
    uint64_t scenarios; /* so far, of all shards */
    /* exhaustive */
    uint32_t machines;
    uint32_t partition_count;
    uint8_t (*partitions)[ASSAY_TWINS_MACHINES_MAX]; /* group of each machine */
    uint32_t *mirror; /* the same partition with a twin's copies exchanged, [partition] */
};

static bool run_one(struct walk *walk, const struct assay_twins_schedule *s,
                    struct assay_twins_result *result)
{
    struct assay_twins_totals *t = walk->totals;
    assay_twins_run(s, NULL, result);
    t->runs++;
    t->violations += result->checker != ASSAY_SIM_CHECKER_COUNT;
    t->forks += result->forked;
    t->steps += result->steps;
    t->sent += result->sent;
    t->trace += (result->trace ^ result->finals) * 0x9e3779b97f4a7c15ULL;
    return walk->visit == NULL || walk->visit(walk->context, s, result);
}

/* Counts the next scenario. Returns: whether it is one of this shard. */
static bool is_ours(struct walk *walk)
{
    const struct assay_twins_campaign *c = walk->campaign;
    const bool ours = c->shards == 0 || walk->scenarios % c->shards == c->shard;
    walk->scenarios++;
    walk->totals->scenarios += ours;
    return ours;
}

/* --- exhaustive */

/* Restricted growth strings: each partition once, under any names of its groups. */
static void list_partitions(struct walk *walk, uint32_t groups_max)
{
    uint8_t group_of[ASSAY_TWINS_MACHINES_MAX] = { 0 };
    uint32_t at = walk->machines; /* past the end: a complete string */
    for (;;) {
        if (at == walk->machines) {
            ASSAY_ASSERT(walk->partition_count < PARTITIONS_MAX); /* as check() allows */
            for (uint32_t i = 0; i < walk->machines; i++)
                walk->partitions[walk->partition_count][i] = group_of[i];
            walk->partition_count++;
        }
        /* the last machine that can go to a later group, or to one of its own */
        uint32_t next = 0;
        for (at = walk->machines; at > 1;) {
            at--;
            uint8_t used = 0;
            for (uint32_t i = 0; i < at; i++)
                if (group_of[i] >= used) used = (uint8_t)(group_of[i] + 1);
            next = group_of[at] + 1u;
            if (next <= used && next < groups_max) break;
            next = 0;
        }
        if (next == 0) return;
        group_of[at] = (uint8_t)next;
        for (uint32_t i = at + 1; i < walk->machines; i++)
            group_of[i] = 0;
        at = walk->machines;
    }
}

/* Names groups in order of their first machine. */
static void rename_groups(uint8_t *group_of, uint32_t machines)
{
    uint8_t name[ASSAY_TWINS_MACHINES_MAX] = { 0 };
    uint8_t used = 0;
    for (uint32_t i = 0; i < machines; i++) {
        uint32_t first = 0;
        while (group_of[first] != group_of[i])
            first++;
        name[i] = first == i ? used++ : name[first];
    }
    for (uint32_t i = 0; i < machines; i++)
        group_of[i] = name[i];
}

static uint32_t find_partition(const struct walk *walk, const uint8_t *group_of)
{
    for (uint32_t i = 0; i < walk->partition_count; i++)
        if (assay_bytes_equal(walk->partitions[i], group_of, walk->machines)) return i;
    ASSAY_UNREACHABLE("a partition that is not in the list");
}

/* For one twin: its first machine and the second copy are exchanged. */
static void find_mirrors(struct walk *walk, uint32_t first, uint32_t second)
{
    for (uint32_t i = 0; i < walk->partition_count; i++) {
        uint8_t swapped[ASSAY_TWINS_MACHINES_MAX];
        assay_bytes_copy(swapped, sizeof swapped, walk->partitions[i], walk->machines);
        swapped[first] = walk->partitions[i][second];
        swapped[second] = walk->partitions[i][first];
        rename_groups(swapped, walk->machines);
        walk->mirror[i] = find_partition(walk, swapped);
    }
}

static void set_row(const struct walk *walk, uint32_t partition,
                    uint16_t receives[static ASSAY_TWINS_MACHINES_MAX])
{
    uint32_t group_of[ASSAY_TWINS_MACHINES_MAX];
    for (uint32_t i = 0; i < walk->machines; i++)
        group_of[i] = walk->partitions[partition][i];
    assay_twins_row(group_of, walk->machines, receives);
}

/* Where the mirror image is smaller, that one runs. Returns: the first row in which they differ,
 * plus 1; 0: this one runs. */
static uint32_t find_smaller_mirror(const struct walk *walk, const uint32_t *choice, uint32_t rows)
{
    if (walk->mirror == NULL) return 0;
    for (uint32_t row = 0; row < rows; row++) {
        const uint32_t other = walk->mirror[choice[row]];
        if (other != choice[row]) return other < choice[row] ? row + 1 : 0;
    }
    return 0;
}

static uint32_t count_self_mirrors(const struct walk *walk)
{
    uint32_t count = 0;
    for (uint32_t i = 0; walk->mirror != NULL && i < walk->partition_count; i++)
        count += walk->mirror[i] == i;
    return count;
}

static uint64_t power(uint64_t base, uint32_t exponent)
{
    uint64_t result = 1;
    for (uint32_t i = 0; i < exponent; i++)
        result *= base;
    return result;
}

/* Number of sequences that a run represents: those that begin with its decided rows, up to
 * symmetry. */
static uint64_t count_sequences(const struct walk *walk, const uint32_t *choice, uint32_t rows,
                                uint32_t decided)
{
    const uint64_t all = power(walk->partition_count, rows - decided);
    bool own_mirror = walk->mirror != NULL;
    for (uint32_t row = 0; row < decided && own_mirror; row++)
        own_mirror = walk->mirror[choice[row]] == choice[row];
    if (!own_mirror) return all;
    return (all + power(count_self_mirrors(walk), rows - decided)) / 2;
}

/* Every sequence of rows of one scenario. Returns: false when the visitor stopped. */
static bool walk_scenario(struct walk *walk, struct assay_twins_schedule *s)
{
    const uint32_t rows = s->views * s->phases;
    uint32_t choice[ASSAY_TWINS_ROWS_MAX] = { 0 };
    for (;;) {
        struct assay_twins_result result = { 0 };
        uint32_t decided = find_smaller_mirror(walk, choice, rows);
        if (decided == 0) {
            for (uint32_t row = 0; row < rows; row++)
                set_row(walk, choice[row], s->receives[row]);
            if (!run_one(walk, s, &result)) return false;
            /* Rows that were never read: their values do not matter. */
            decided = result.rows_asked < rows ? result.rows_asked : rows;
            walk->totals->schedules += count_sequences(walk, choice, rows, decided);
        }
        for (uint32_t row = decided; row < rows; row++)
            choice[row] = 0;
        while (decided > 0 && choice[decided - 1] + 1 == walk->partition_count)
            choice[--decided] = 0;
        if (decided == 0) return true;
        choice[decided - 1]++;
    }
}

/* Tables in which every slot has at most a third, and the lengths of epochs: an epoch block at
 * once, tails and the next epoch within the rows; or none. */
static const uint32_t tables[][4] = { { 1, 1, 1, 1 }, { 3, 3, 2, 2 } };
static const uint32_t lengths[] = { 64, 1 };

static bool walk_twins(struct walk *walk, const uint16_t twin_of[static ASSAY_TWINS_TWINS_MAX])
{
    const struct assay_twins_campaign *c = walk->campaign;
    struct assay_twins_schedule s = {
        .nodes = c->nodes, .twins = c->twins, .views = c->views, .phases = c->phases
    };
    ASSAY_ASSERT(c->twins <= ASSAY_TWINS_TWINS_MAX);
    for (uint32_t i = 0; i < ASSAY_TWINS_TWINS_MAX; i++)
        s.twin_of[i] = twin_of[i];
    for (size_t table = 0; table < sizeof tables / sizeof tables[0]; table++) {
        for (size_t length = 0; length < sizeof lengths / sizeof lengths[0]; length++) {
            if (!is_ours(walk)) continue;
            for (uint32_t i = 0; i < c->nodes; i++)
                s.weights[i] = tables[table][i];
            s.epoch_blocks = lengths[length];
            if (c->twins == 1 && !c->unreduced) find_mirrors(walk, twin_of[0], c->nodes);
            if (!walk_scenario(walk, &s)) return false;
        }
    }
    return true;
}

static void walk_all(struct walk *walk)
{
    const struct assay_twins_campaign *c = walk->campaign;
    walk->machines = c->nodes + c->twins;
    walk->partitions = calloc(PARTITIONS_MAX, sizeof *walk->partitions);
    ASSAY_ASSERT(walk->partitions != NULL);
    list_partitions(walk, c->groups == 0 ? walk->machines : c->groups);
    if (c->twins == 1 && !c->unreduced) {
        walk->mirror = calloc(walk->partition_count, sizeof *walk->mirror);
        ASSAY_ASSERT(walk->mirror != NULL);
    }
    for (uint16_t a = 0; a < c->nodes; a++) {
        if (c->twins == 1) {
            const uint16_t one[ASSAY_TWINS_TWINS_MAX] = { a };
            if (!walk_twins(walk, one)) break;
            continue;
        }
        bool on = true;
        for (uint16_t b = (uint16_t)(a + 1); b < c->nodes && on; b++) {
            const uint16_t both[ASSAY_TWINS_TWINS_MAX] = { a, b };
            on = walk_twins(walk, both);
        }
        if (!on) break;
    }
    free(walk->partitions);
    free(walk->mirror);
}

/* --- drawn */

static void draw_twins(struct assay_sim_random *r, struct assay_twins_schedule *s)
{
    uint32_t left = s->twins;
    for (uint32_t slot = 0; slot < s->nodes; slot++)
        if (assay_sim_random_below(r, s->nodes - slot) < left)
            s->twin_of[s->twins - left--] = (uint16_t)slot;
}

/* Equal weights, or 1 to 4 each, drawn again until the twins are (or are not) a third at most. */
static void draw_weights(struct assay_sim_random *r, struct assay_twins_schedule *s, bool tolerable)
{
    const bool equal = assay_sim_random_permille(r, 400);
    for (int turn = 0; turn < 100; turn++) {
        for (uint32_t i = 0; i < s->nodes; i++)
            s->weights[i] = equal ? 1 : (uint32_t)assay_sim_random_between(r, 1, 4);
        if (assay_twins_tolerable(s) == tolerable || equal) return;
    }
    for (uint32_t i = 0; i < s->nodes; i++)
        s->weights[i] = 1;
}

/* The first copies of all twins on one side, the second ones on the other: the maximum number of
 * identities can be on both. */
static void draw_sides(struct assay_sim_random *r, const struct assay_twins_schedule *s,
                       uint16_t receives[static ASSAY_TWINS_MACHINES_MAX])
{
    uint32_t side[ASSAY_TWINS_MACHINES_MAX];
    for (uint32_t i = 0; i < s->nodes; i++)
        side[i] = (uint32_t)assay_sim_random_below(r, 2);
    for (uint32_t i = 0; i < s->twins; i++) {
        side[s->twin_of[i]] = 0;
        side[s->nodes + i] = 1;
    }
    assay_twins_row(side, s->nodes + s->twins, receives);
}

static void draw_row(struct assay_sim_random *r, const struct assay_twins_schedule *s,
                     uint16_t receives[static ASSAY_TWINS_MACHINES_MAX])
{
    const uint32_t machines = s->nodes + s->twins;
    if (assay_sim_random_permille(r, 600)) {
        uint32_t group_of[ASSAY_TWINS_MACHINES_MAX];
        const uint64_t groups = assay_sim_random_between(r, 1, 3);
        /* The larger the first group, the more often it is a quorum. */
        const uint32_t first = (uint32_t)assay_sim_random_between(r, 0, 800);
        for (uint32_t i = 0; i < machines; i++)
            group_of[i] = assay_sim_random_permille(r, first)
                              ? 0
                              : (uint32_t)assay_sim_random_below(r, groups);
        assay_twins_row(group_of, machines, receives);
        return;
    }
    /* Masks: one-way, overlapping. */
    const uint32_t delivered = (uint32_t)assay_sim_random_between(r, 300, 950);
    for (uint32_t from = 0; from < machines; from++) {
        receives[from] = (uint16_t)(1u << from);
        for (uint32_t to = 0; to < machines; to++)
            if (assay_sim_random_permille(r, delivered))
                receives[from] = (uint16_t)(receives[from] | 1u << to);
    }
}

void assay_twins_sample(const struct assay_twins_campaign *campaign, uint64_t number,
                        struct assay_twins_schedule *schedule)
{
    static const uint32_t drawn_lengths[] = { 1, 2, 3, 64 };
    const struct assay_twins_campaign c = fill_defaults(campaign);
    struct assay_sim_random r =
        assay_sim_random_of(c.seed, ASSAY_SIM_STREAM_TWINS, c.nodes << 8 | c.twins, number);
    struct assay_twins_schedule *s = schedule;
    *s = (struct assay_twins_schedule){ .nodes = c.nodes, .twins = c.twins, .views = c.views };
    s->phases = (uint32_t)assay_sim_random_between(&r, 1, 2);
    s->seed = assay_sim_random_permille(&r, 250) ? 0 : assay_sim_random_next(&r);
    s->epoch_blocks = drawn_lengths[assay_sim_random_below(&r, 4)];
    draw_twins(&r, s);
    draw_weights(&r, s, 3 * c.twins <= c.nodes);
    /* Sides that last for several views cause more forks than changing ones. */
    const uint32_t sides = assay_twins_tolerable(s) ? 250 : 600;
    for (uint32_t row = 0; row < s->views * s->phases; row++) {
        const bool same = row > 0 && assay_sim_random_permille(&r, 300);
        if (same)
            assay_bytes_copy(s->receives[row], sizeof s->receives[row], s->receives[row - 1],
                             sizeof s->receives[row - 1]);
        else if (assay_sim_random_permille(&r, sides)) draw_sides(&r, s, s->receives[row]);
        else draw_row(&r, s, s->receives[row]);
    }
    if (!c.ranges) return;
    s->burns = true;
    s->epoch_blocks = 64; /* one range of one epoch */
    if (assay_sim_random_permille(&r, sides)) draw_sides(&r, s, s->range_receives);
    else draw_row(&r, s, s->range_receives);
}

static void walk_samples(struct walk *walk)
{
    const struct assay_twins_campaign *c = walk->campaign;
    for (uint64_t i = 0; i < c->samples; i++) {
        struct assay_twins_schedule s;
        struct assay_twins_result result;
        if (!is_ours(walk)) continue;
        assay_twins_sample(c, c->first + i, &s);
        walk->totals->schedules++;
        if (!run_one(walk, &s, &result)) return;
    }
}

enum assay_status assay_twins_campaign(const struct assay_twins_campaign *campaign,
                                       assay_twins_visit *visit, void *context,
                                       struct assay_twins_totals *totals,
                                       char message[static ASSAY_SIM_MESSAGE_MAX])
{
    *totals = (struct assay_twins_totals){ 0 };
    ASSAY_TRY(check_campaign(campaign, message));
    const struct assay_twins_campaign full = fill_defaults(campaign);
    struct walk walk = { .campaign = &full, .visit = visit, .context = context, .totals = totals };
    if (full.samples == 0) walk_all(&walk);
    else walk_samples(&walk);
    return ASSAY_OK;
}
