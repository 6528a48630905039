/*
 * sim/swarm/random_scenario.c - random scenarios, one aspect after the other.
 *
 * Each aspect has a stream of its own, so that a further draw in one changes no other.
 */
#include "sim/swarm/random_scenario.h"

#include "base/assert.h"
#include "base/checked.h"
#include "engine/consensus/block.h"
#include "engine/ledger/state/genesis.h"
#include "sim/scenario/random.h"
#include "sim/swarm/promise.h"
#include "sim/swarm/random_internal.h"

#include <stdio.h>

enum {
    BEYOND_PERMILLE = 100,  /* of scenarios: more than a third of traitors */
    OVERLAY_PERMILLE = 250, /* of scenarios: neighbours instead of a full mesh */
    SEATS_PERMILLE = 250,   /* of scenarios: fewer voters than members, where permitted */
    BURN_PERMILLE = 15,     /* of scenarios: no proposal is delivered until healing */
    TINY_PERMILLE = 40,     /* of scenarios: one to three members */
    CAPS_PERMILLE = 300,    /* of scenarios: other caps than the default ones */
    REGIONS_PERMILLE = 150, /* of scenarios: three regions with delays between them */
    SLOW_PERMILLE = 60,     /* of scenarios: links slower than twice delta */
    LONG_PERMILLE = 25, /* of scenarios: long enough for fast sync, pruning, newcomers' weight */
    PARAMETERS_PERMILLE = 400, /* of changes of parameters: length of epochs, blocks, operators */
    TRAITOR_COHORTS_MAX = 3,
    PARTITIONS_MAX = 2,
    CRASHES_MAX = 3,
    CLOCKS_MAX = 3,
    CHANGES_MAX = 5,
    SPARES_MAX = 2,
    LONG_NODES_MAX = 10,
    LONG_EPOCHS = 130,
    VIEW_MS_MAX = 60000,
};

/* --- size, groups */
static void draw_size(struct draw *d, struct assay_sim_swarm_sizes sizes)
{
    struct assay_sim_random r = stream(d, ASPECT_SIZE);
    static const uint32_t epoch_ms[] = { 1000, 2000, 2000, 4000 };
    const uint32_t kind = between(&r, 0, 99);
    if (kind < 70) d->s->nodes = between(&r, 4, 7);
    else if (kind < 95) d->s->nodes = between(&r, 8, 10);
    else d->s->nodes = between(&r, 11, 16);
    if (sizes.nodes_max > 0) d->s->nodes = between(&r, sizes.nodes_min, sizes.nodes_max);
    d->s->epoch_ms = epoch_ms[between(&r, 0, 3)];
    d->s->heal_epoch = between(&r, 3, 9);
    /* The view that runs at healing may last half as long as the stall before it: its time-out grew
     * by 3/2 a view (docs/protocol.md 5.9). Then lagging nodes catch up. */
    d->s->progress_epochs = (uint32_t)d->s->heal_epoch * 3 / 2 + 4;
    d->s->epochs = d->s->heal_epoch + d->s->progress_epochs + between(&r, 1, 4);
    d->pace_ms = d->s->epoch_ms;
}

/* Networks of one to three members tolerate no fault; the guarantees hold for them too. */
static void draw_tiny(const struct draw *d, struct assay_sim_swarm_sizes sizes)
{
    struct assay_sim_random r = stream(d, ASPECT_TINY);
    if (!chance(&r, TINY_PERMILLE) || sizes.nodes_max > 0) return;
    d->s->nodes = between(&r, 1, NODES_MIN - 1);
}

/* Fast sync over pruned history (docs/protocol.md 5.30) and newcomers that gain weight, 54 epochs
 * after their admission, need longer runs. */
static void draw_long(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_LONG);
    struct assay_scenario *const s = d->s;
    if (!chance(&r, LONG_PERMILLE) || d->burns || s->nodes > LONG_NODES_MAX) return;
    if (s->epochs >= LONG_EPOCHS) return; /* a member is away for as long (random_absent) */
    s->epochs = between(&r, 130, 170);
    s->history_epochs = between(&r, 16, 64);
    s->heal_epoch = between(&r, 90, 110);
    s->progress_epochs = 16;
    /* Crashes until healing: the view that runs then, and the one after it, may last as long as
     * views can (docs/protocol.md 5.9). */
    for (uint32_t i = 0; i < s->crash_count; i++)
        if (s->crashes[i].rate_permille > 0)
            s->progress_epochs = 16 + 2 * VIEW_MS_MAX / s->epoch_ms;
    if (s->epochs < s->heal_epoch + 10 + s->progress_epochs / 2)
        s->epochs = s->heal_epoch + 10 + s->progress_epochs / 2;
    for (uint32_t i = 0; i < s->change_count; i++)
        if (s->changes[i].action == ASSAY_SIM_ACTION_JOIN &&
            (d->leavers == 0 || s->changes[i].cohort != d->leavers))
            s->changes[i].at_epoch = 1 + i;
}

/* A view lasts up to a minute when nothing is delivered (docs/protocol.md 5.9): epochs so long
 * that ranges of 64 views (5.27) are burned in a few, while links and machines stay as fast as
 * they are. */
static void draw_burn(struct draw *d)
{
    enum { MINUTE_MS = 60000 };
    struct assay_sim_random r = stream(d, ASPECT_BURN);
    d->burns = chance(&r, BURN_PERMILLE);
    if (d->burns) d->s->epoch_ms = between(&r, 20, 60) * MINUTE_MS;
}

static void draw_overlay(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_OVERLAY);
    if (!chance(&r, OVERLAY_PERMILLE)) return;
    d->s->overlay_above = between(&r, NODES_MIN, NODES_MIN + 2);
    d->s->overlay_degree = between(&r, 3, 5);
}

static void draw_groups(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_GROUPS);
    struct assay_scenario *const s = d->s;
    const uint32_t vendors_max = s->nodes < 7 ? s->nodes : 7;
    s->vendors = between(&r, chance(&r, 200) || vendors_max < 4 ? 1 : 4, vendors_max);
    s->operators = chance(&r, 600) ? s->nodes : between(&r, (s->nodes + 1) / 2, s->nodes);
    if (chance(&r, 100)) s->nodes_per_platform = 2;
    if (chance(&r, 150)) s->masked_bp = between(&r, 1, 5000);
}

static void draw_caps(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_CAPS);
    struct assay_scenario *const s = d->s;
    if (!chance(&r, CAPS_PERMILLE)) return;
    s->operator_cap_num = between(&r, 5, 100);
    s->operator_cap_den = 100;
    s->vendor_cap_num = between(&r, 10, 100);
    s->vendor_cap_den = 100;
}

/* --- network, clocks, disks */
static void draw_regions(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_REGIONS);
    struct assay_sim_link *const l = &d->s->link;
    if (!chance(&r, REGIONS_PERMILLE)) return;
    const uint32_t far_ms = d->pace_ms / 16; /* delta, docs/protocol.md 5.9 */
    l->regions_01_ms = low(&r, 1, far_ms);
    l->regions_02_ms = low(&r, 1, far_ms);
    l->regions_12_ms = low(&r, 1, far_ms);
}

/* Delta is an assumption: where every message takes longer, only time may be lost. */
static void draw_slow(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_SLOW);
    struct assay_sim_link *const l = &d->s->link;
    const uint32_t delta_ms = d->pace_ms / 16;
    if (!chance(&r, SLOW_PERMILLE)) return;
    /* Time-outs grow until they suffice, view after view: over the overlay, for several links. */
    d->s->progress_epochs *= d->s->nodes > d->s->overlay_above ? 8 : 4;
    l->delay_min_ms = between(&r, 2 * delta_ms, 4 * delta_ms);
    l->delay_max_ms = between(&r, l->delay_min_ms, 6 * delta_ms);
    l->delay_mean_ms = between(&r, l->delay_min_ms, l->delay_max_ms);
}

static void draw_link(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_LINK);
    struct assay_sim_link *const l = &d->s->link;
    const uint32_t delta_ms = d->pace_ms / 16; /* docs/protocol.md 5.9 */
    l->delay = (enum assay_sim_delay)between(&r, 0, 2);
    l->delay_min_ms = low(&r, 1, delta_ms / 4);
    l->delay_max_ms = low(&r, l->delay_min_ms, chance(&r, 100) ? 2 * delta_ms : delta_ms);
    l->delay_mean_ms = low(&r, l->delay_min_ms, l->delay_max_ms);
    if (chance(&r, 600)) l->loss_permille = low(&r, 1, 300);
    if (chance(&r, 500)) l->duplicate_permille = low(&r, 1, 500);
    if (chance(&r, 400)) {
        l->reorder_permille = low(&r, 1, 300);
        l->reorder_ms = between(&r, 1, 2 * delta_ms);
    }
    if (chance(&r, 150)) l->bandwidth_kbit_s = between(&r, 20000, 1000000);
    d->s->quote_ms = low(&r, 0, d->pace_ms / 20);
    d->s->verify_us = low(&r, 0, 5000);
    if (!d->burns) return;
    l->loss_permille = 1000;
    l->loss_of = ASSAY_SIM_LOSING_PROPOSAL;
}

/* Leaders' times may be T/8 ahead of a voter's clock (docs/protocol.md 4.5): honest clocks differ
 * by less than half of that. */
static void draw_clocks(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_CLOCK);
    if (chance(&r, 500)) d->s->skew_ms = between(&r, 1, d->pace_ms / 16);
    if (chance(&r, 300)) d->s->drift_ppm = low(&r, 1, 300);
}

/* One node, just under a third, just over, or any number of them. */
static uint32_t draw_share(struct assay_sim_random *r, uint32_t nodes)
{
    const uint32_t third = nodes > 3 ? (nodes - 1) / 3 : 1;
    const uint32_t counts[] = { 1, third, nodes / 3 + 1, between(r, 1, nodes) };
    const uint32_t count = counts[between(r, 0, 3)];
    return (count * 10000 + nodes - 1) / nodes;
}

/* Dates of some or all nodes are wrong for a while, by seconds or by days: no member is suspended
 * for it, and the guarantees after healing hold all the same. */
static void draw_dates(const struct draw *d)
{
    enum { DAYS_2_S = 2 * 24 * 3600 };
    struct assay_sim_random r = stream(d, ASPECT_DATES);
    struct assay_scenario *const s = d->s;
    if (!chance(&r, 250)) return;
    const uint32_t count = low(&r, 1, CLOCKS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct assay_sim_clock *const c = &s->clocks[s->clock_count++];
        const bool ahead = chance(&r, 500);
        const uint32_t by_s = low(&r, 1, DAYS_2_S);
        *c = (struct assay_sim_clock){ .share_bp = 10000 };
        c->by_cohort = s->cohort_count > 1 && chance(&r, 300);
        if (c->by_cohort) c->cohort = between(&r, 0, s->cohort_count - 1);
        else if (chance(&r, 700)) c->share_bp = draw_share(&r, s->nodes);
        c->at_ms = (uint64_t)s->epoch_ms * between(&r, 0, (uint32_t)s->heal_epoch) +
                   between(&r, 0, s->epoch_ms);
        c->for_ms = chance(&r, 200) ? 0 : low(&r, s->epoch_ms / 4, 20 * s->epoch_ms);
        if (ahead) c->ahead_s = by_s;
        else c->behind_s = by_s;
    }
}

/* Some crashes become stalls, of a minute at most: a node that stalls longer has lost its links,
 * and the messages that the world stores for it. */
static void draw_pauses(const struct draw *d)
{
    enum { PAUSE_MS_MAX = 60000 };
    struct assay_sim_random r = stream(d, ASPECT_PAUSES);
    struct assay_scenario *const s = d->s;
    for (uint32_t i = 0; i < s->crash_count; i++) {
        struct assay_sim_crash *const c = &s->crashes[i];
        if (c->loses_store || c->rolls_back_epochs > 0) continue;
        c->pauses = chance(&r, 250) && c->down_ms <= PAUSE_MS_MAX;
    }
}

static void draw_store(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_STORE);
    struct assay_sim_store_faults *const f = &d->s->store;
    /* Disks that lose writes: a crashed node may lose its signatures, so only the careless cohort
     * crashes (draw_crashes). */
    if (d->careless == 0) return;
    if (chance(&r, 300)) f->torn_permille = between(&r, 1, 500);
    if (!chance(&r, 300)) return;
    f->lost_permille = between(&r, 0, 500);
    f->rolled_back_permille = between(&r, 1, 500);
}

/* --- cohorts */
/* Several lose their stores, or get older ones, at once: with fewer traitors, or no guarantee would
 * be left to check. Returns: how many; 0: the usual one or none. */
static uint32_t draw_careless(const struct draw *d, uint32_t third)
{
    struct assay_sim_random r = stream(d, ASPECT_CARELESS);
    if (d->beyond || third == 0 || !chance(&r, 100)) return 0;
    return between(&r, 1, third);
}

static void draw_cohorts(struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_COHORTS);
    static const char *const names[TRAITOR_COHORTS_MAX] = { "traitors", "liars", "thieves" };
    const uint32_t third = (d->s->nodes - 1) / 3;
    const bool nobody = chance(&r, 200);
    uint32_t left = d->beyond ? between(&r, d->s->nodes / 3 + 1, (d->s->nodes + 1) / 2) : third;
    const uint32_t careless = draw_careless(d, third);
    if (nobody && !d->beyond) left = 0;
    if (careless > 0 && left + careless > third) left = third - careless;
    for (uint32_t i = 0; i < TRAITOR_COHORTS_MAX && left > 0; i++) {
        const bool last = i + 1 == TRAITOR_COHORTS_MAX || chance(&r, 400);
        const uint32_t count = last ? left : between(&r, 1, left);
        (void)add_cohort(d, names[i], count);
        left -= count;
        if (!d->beyond && chance(&r, 300)) break; /* sometimes fewer than permitted */
    }
    if (chance(&r, 300) && cohort_room(d->s) > 0) d->victims = add_cohort(d, "victims", 1);
    if ((chance(&r, 350) || careless > 0) && cohort_room(d->s) > 0)
        d->careless = add_cohort(d, "careless", careless > 0 ? careless : 1);
}

/* --- acts of the traitors */
static uint32_t draw_amount(const struct draw *d, struct assay_sim_random *r,
                            enum assay_sim_attack attack)
{
    if (attack == ASSAY_SIM_ATTACK_ROLL_BACK) return between(r, 1, 4);
    if (attack == ASSAY_SIM_ATTACK_DELAY) return between(r, 1, d->s->epoch_ms / 2);
    return between(r, 1, 2 * d->s->epoch_ms); /* clocks */
}

/* Those that every network can have: random_group_key draws those of its holders. */
enum { ATTACKS = ASSAY_SIM_ATTACK_EARLY_JUNK };

static void add_adversary(const struct draw *d, struct assay_sim_random *r, uint32_t cohort)
{
    struct assay_scenario *const s = d->s;
    ASSAY_ASSERT(s->adversary_count < ASSAY_SIM_ADVERSARIES_MAX);
    struct assay_sim_adversary *const a = &s->adversaries[s->adversary_count++];
    const enum assay_sim_attack attack =
        (enum assay_sim_attack)between(r, 1, ATTACKS);
    /* One draw for each statement: the order within an initialiser is the compiler's choice. */
    *a = (struct assay_sim_adversary){ .attack = attack, .cohort = cohort };
    a->victims = chance(r, 500) ? d->victims : between(r, 0, s->cohort_count - 1);
    a->start_epoch = low(r, 1, (uint32_t)s->heal_epoch + 2);
    if (chance(r, 400)) a->stop_epoch = a->start_epoch + between(r, 1, 5);
    a->rate_permille = chance(r, 500) ? 1000 : between(r, 50, 1000);
    a->on_epochs = between(r, 1, 3);
    a->off_epochs = between(r, 1, 3);
    a->amount = draw_amount(d, r, attack);
    /* A victim of an eclipse is silent without fault: only one member may be, or the quorum is lost
     * with them. */
    if (attack == ASSAY_SIM_ATTACK_ECLIPSE) a->victims = d->victims != 0 ? d->victims : cohort;
}

static void draw_adversaries(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_ADVERSARIES);
    for (uint32_t c = 1; c < d->s->cohort_count; c++) {
        if (c == d->victims || c == d->careless) continue;
        const uint32_t count = low(&r, 1, 3);
        for (uint32_t i = 0; i < count; i++)
            add_adversary(d, &r, c);
    }
}

/* --- faults of all members */
static void draw_partitions(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_PARTITIONS);
    struct assay_scenario *const s = d->s;
    if (!chance(&r, 450)) return;
    const uint32_t count = low(&r, 1, PARTITIONS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct assay_sim_partition *const p = &s->partitions[s->partition_count++];
        const uint32_t way = between(&r, 0, 3); /* half of them cut both ways */
        *p = (struct assay_sim_partition){ .a_receives_b = way == 0, .b_receives_a = way == 1 };
        p->start_epoch = between(&r, 1, (uint32_t)s->heal_epoch - 1);
        p->stop_epoch = p->start_epoch + low(&r, 1, 4);
        p->by_cohort = s->cohort_count > 1 && chance(&r, 300);
        p->cohort = between(&r, 0, s->cohort_count - 1);
        p->share_bp = between(&r, 1000, 9000);
    }
}

static void draw_crashes(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_CRASHES);
    struct assay_scenario *const s = d->s;
    const bool disks_lie =
        s->store.lost_permille + s->store.torn_permille + s->store.rolled_back_permille > 0;
    const uint32_t count = chance(&r, 600) ? low(&r, 1, CRASHES_MAX) : 0;
    for (uint32_t i = 0; i < count; i++) {
        struct assay_sim_crash *const c = &s->crashes[s->crash_count++];
        *c = (struct assay_sim_crash){ .cohort = between(&r, 0, s->cohort_count - 1) };
        c->all_members = chance(&r, 200);
        if (disks_lie) {
            c->cohort = d->careless;
            c->all_members = false;
        }
        c->down_ms = low(&r, 10, 3 * s->epoch_ms);
        if (chance(&r, 600)) c->at_epoch = between(&r, 1, (uint32_t)s->heal_epoch - 1);
        else c->rate_permille = low(&r, 10, 400);
    }
    if (d->careless == 0) return;
    struct assay_sim_crash *const c = &s->crashes[s->crash_count++];
    *c = (struct assay_sim_crash){ .cohort = d->careless, .loses_store = chance(&r, 500) };
    c->at_epoch = between(&r, 1, (uint32_t)s->heal_epoch - 1);
    c->down_ms = low(&r, 10, 2 * s->epoch_ms);
    if (!c->loses_store) c->rolls_back_epochs = between(&r, 1, 3);
}

/* --- decisions of operators, and faults while they come into force */
static struct assay_sim_change draw_change(const struct draw *d, struct assay_sim_random *r,
                                           uint32_t movers)
{
    static const enum assay_sim_action actions[] = {
        ASSAY_SIM_ACTION_REST,       ASSAY_SIM_ACTION_REST,        ASSAY_SIM_ACTION_WAKE,
        ASSAY_SIM_ACTION_WAKE,       ASSAY_SIM_ACTION_LEAVE,       ASSAY_SIM_ACTION_JOIN,
        ASSAY_SIM_ACTION_JOIN,       ASSAY_SIM_ACTION_MAINTENANCE, ASSAY_SIM_ACTION_POLICY,
        ASSAY_SIM_ACTION_POLICY,     ASSAY_SIM_ACTION_POLICY,      ASSAY_SIM_ACTION_POLICY,
        ASSAY_SIM_ACTION_PARAMETERS, ASSAY_SIM_ACTION_OPERATORS,
    };
    struct assay_sim_change c = { .vendor_cap_num = 33, .vendor_cap_den = 100 };
    c.action = actions[between(r, 0, sizeof actions / sizeof actions[0] - 1)];
    c.at_epoch = between(r, 1, (uint32_t)d->s->heal_epoch + 4);
    c.ahead_epochs = low(r, 2, 5);
    c.by_cohort = c.action != ASSAY_SIM_ACTION_POLICY || chance(r, 800);
    c.cohort = c.by_cohort ? movers : 0;
    c.count = low(r, 0, 2);
    if (c.action == ASSAY_SIM_ACTION_POLICY && chance(r, 700)) c.count = 0; /* it may be reverted */
    c.epochs = low(r, 1, 8);
    if (c.action == ASSAY_SIM_ACTION_PARAMETERS) c.vendor_cap_num = between(r, 33, 60);
    c.given_to = low(r, 1, 3);
    c.forces = c.action == ASSAY_SIM_ACTION_POLICY && chance(r, 300);
    if (chance(r, 250))
        c.flaw =
            (enum assay_sim_flaw)between(r, ASSAY_SIM_FLAW_FEW_SIGNATURES, ASSAY_SIM_FLAW_FORGED);
    const bool pointless =
        c.flaw == ASSAY_SIM_FLAW_FEW_SIGNATURES || c.flaw == ASSAY_SIM_FLAW_FORCE;
    if (c.action == ASSAY_SIM_ACTION_MAINTENANCE && pointless) c.flaw = ASSAY_SIM_FLAW_STRANGER;
    return c;
}

/* Length of epochs, size of blocks, cap of operators: each independently. */
static void draw_parameters(const struct draw *d, uint32_t index, struct assay_sim_change *c)
{
    struct assay_sim_random r =
        assay_sim_random_of(d->seed, ASSAY_SIM_STREAM_SCENARIO, ASPECT_PARAMETERS, index);
    if (chance(&r, PARAMETERS_PERMILLE))
        c->epoch_ms =
            between(&r, d->s->epoch_ms / 2,
                    (uint32_t)assay_min_u64(2 * (uint64_t)d->s->epoch_ms, ASSAY_EPOCH_MS_MAX));
    if (chance(&r, PARAMETERS_PERMILLE))
        c->block_len_max = between(&r, ASSAY_BLOCK_LEN_MIN, ASSAY_BLOCK_LEN_MAX);
    if (chance(&r, PARAMETERS_PERMILLE)) c->operator_cap_bp = between(&r, 500, 10000);
}

/* A crash, a cut or wrong dates around the epoch of its activation. */
static void add_disturbance(const struct draw *d, struct assay_sim_random *r,
                            const struct assay_sim_change *c)
{
    struct assay_scenario *const s = d->s;
    const struct assay_sim_store_faults *const f = &s->store;
    const bool disks_lie = f->lost_permille + f->torn_permille + f->rolled_back_permille > 0;
    const uint64_t at = c->at_epoch + between(r, 0, c->ahead_epochs + 1);
    if (chance(r, 400) && !disks_lie && s->crash_count < ASSAY_SIM_CRASHES_MAX) {
        struct assay_sim_crash *const crash = &s->crashes[s->crash_count++];
        *crash = (struct assay_sim_crash){ .all_members = chance(r, 500), .at_epoch = at };
        crash->cohort = c->cohort;
        crash->down_ms = low(r, 10, 2 * s->epoch_ms);
        crash->pauses = chance(r, 200) && !d->burns;
    }
    if (chance(r, 250) && s->partition_count < ASSAY_SIM_PARTITIONS_MAX) {
        struct assay_sim_partition *const p = &s->partitions[s->partition_count++];
        *p = (struct assay_sim_partition){ .start_epoch = at };
        p->stop_epoch = at + low(r, 1, 3);
        p->share_bp = between(r, 1000, 9000);
    }
    if (chance(r, 150) && s->clock_count < ASSAY_SIM_CLOCKS_MAX) {
        struct assay_sim_clock *const clock = &s->clocks[s->clock_count++];
        *clock = (struct assay_sim_clock){ .at_ms = at * s->epoch_ms };
        clock->share_bp = between(r, 1000, 10000);
        clock->for_ms = low(r, s->epoch_ms / 4, 5 * s->epoch_ms);
        clock->ahead_s = low(r, 1, 3600);
    }
}

static void draw_changes(const struct draw *d, struct assay_sim_swarm_sizes sizes)
{
    struct assay_sim_random r = stream(d, ASPECT_CHANGES);
    struct assay_scenario *const s = d->s;
    if (!chance(&r, 500) || s->cohort_count == ASSAY_SIM_COHORTS_MAX) return;
    const uint32_t left = cohort_room(s);
    if (left == 0) return;
    const uint32_t drawn = between(&r, 1, 1 + s->nodes / 3);
    const uint32_t movers = add_cohort(d, "movers", drawn < left ? drawn : left);
    const uint32_t count = between(&r, 1, CHANGES_MAX);
    for (uint32_t i = 0; i < count; i++) {
        struct assay_sim_change *const c = &s->changes[s->change_count++];
        *c = draw_change(d, &r, movers);
        const bool alone = c->action == ASSAY_SIM_ACTION_MAINTENANCE || i == 0 ||
                           s->changes[i - 1].action == ASSAY_SIM_ACTION_MAINTENANCE;
        if (c->action == ASSAY_SIM_ACTION_PARAMETERS) draw_parameters(d, i, c);
        c->with_before = !alone && chance(&r, 200);
        add_disturbance(d, &r, c);
    }
    if (sizes.nodes_max == 0) s->spares = between(&r, 0, SPARES_MAX);
    s->nodes += s->spares;
    /* Long enough for late messages, and for a slot that is reused. */
    s->epochs += between(&r, 2, 16);
}

/* Operators end an era, stalled or not. With adversaries no member is drained, which would shift
 * its weight to them. */
static void draw_recover(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_RECOVER);
    const uint64_t last = s->heal_epoch != 0 ? s->heal_epoch : s->epochs;
    const bool honest = s->adversary_count == 0;
    if (d->beyond || s->store.lost_permille > 0 || s->store.torn_permille > 0) return;
    if (s->recover_count > 0 || !chance(&r, 400) || last < 6) return;
    struct assay_sim_recover *const row = &s->recovers[s->recover_count++];
    *row = (struct assay_sim_recover){ .at_epoch = between(&r, 1, (uint32_t)last - 4),
                                       .after_epochs = between(&r, 1, 3),
                                       .drains_stopped = chance(&r, 500) && honest };
    /* A second one soon after the first. */
    struct assay_sim_random again = stream(d, ASPECT_RECOVER_AGAIN);
    const uint32_t wait = between(&again, 1, 3), after = between(&again, 1, 3);
    const uint64_t at = row->at_epoch + row->after_epochs + wait;
    if (!chance(&again, 400)) return;
    if (at + after >= s->heal_epoch) { /* each has time to work before progress is required */
        s->epochs += at + after + 1 - s->heal_epoch;
        s->heal_epoch = at + after + 1;
    }
    s->recovers[s->recover_count++] = (struct assay_sim_recover){
        .at_epoch = at, .after_epochs = after, .drains_stopped = chance(&again, 500) && honest
    };
}

static struct assay_sim_day draw_day(const struct draw *d, struct assay_sim_random *r,
                                     uint32_t dated)
{
    struct assay_sim_day c = { .vendor = between(r, 0, d->s->vendors - 1) };
    c.at_epoch = between(r, 1, (uint32_t)d->s->heal_epoch + 4);
    c.recovery = chance(r, 500);
    c.by_cohort = dated != 0 && chance(r, 700);
    c.cohort = c.by_cohort ? dated : 0;
    c.count = low(r, 0, 2);
    if (chance(r, 300)) c.update_epoch = c.at_epoch + low(r, 0, 8);
    c.given_to = low(r, 1, 3);
    if (chance(r, 250))
        c.flaw = (enum assay_sim_day_flaw)between(r, ASSAY_SIM_DAY_OLD, ASSAY_SIM_DAY_EARLY);
    return c;
}

static bool loses_keys(const struct assay_scenario *s)
{
    for (uint32_t i = 0; i < s->crash_count; i++)
        if (s->crashes[i].loses_store || s->crashes[i].rolls_back_epochs > 0) return true;
    return s->store.lost_permille + s->store.torn_permille + s->store.rolled_back_permille > 0;
}

/* Vendors publish; some platforms are too old for it. */
static void draw_days(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_DAYS);
    struct assay_scenario *const s = d->s;
    if (!chance(&r, 350)) return;
    uint32_t left = s->nodes - s->spares;
    for (uint32_t c = 1; c < s->cohort_count; c++)
        left -= s->cohorts[c].count < left ? s->cohorts[c].count : left;
    const bool room = left > 0 && s->cohort_count < ASSAY_SIM_COHORTS_MAX;
    const uint32_t drawn = between(&r, 1, 1 + s->nodes / 3);
    const uint32_t dated = room ? add_cohort(d, "dated", drawn < left ? drawn : left) : 0;
    const uint32_t count = between(&r, 1, ASSAY_SIM_DAYS_MAX / 2);
    for (uint32_t i = 0; i < count; i++)
        s->days[s->day_count++] = draw_day(d, &r, dated);
    s->collateral_delay_s = between(&r, 1, 6);
    /* A node that needs new keys waits for valid collateral, and may wait forever. */
    const uint64_t life_ms = between(&r, 3, 2 * (uint32_t)s->epochs) * (uint64_t)s->epoch_ms;
    if (chance(&r, 500) && s->recover_count == 0 && !loses_keys(s))
        s->collateral_life_s = (uint32_t)(life_ms / 1000);
    s->epochs += between(&r, 2, 8);
}

/* Shrinks the largest cohort until the guarantee holds, or none is left. */
static void fit_to_promise(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    while (!assay_sim_promise_of(s, s->seed).progress) {
        uint32_t largest = 0;
        for (uint32_t c = 1; c < s->cohort_count; c++)
            if (largest == 0 || s->cohorts[c].count > s->cohorts[largest].count) largest = c;
        if (largest == 0 || s->cohorts[largest].count == 0) return;
        s->cohorts[largest].count--;
    }
}

/* Last: only where the guarantees stay the same. */
static void draw_seats(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_SEATS);
    struct assay_scenario *const s = d->s;
    const struct assay_sim_promise all = assay_sim_promise_of(s, s->seed);
    const uint32_t usual = s->seats_max;
    if (!chance(&r, SEATS_PERMILLE) || !all.safety || s->nodes <= NODES_MIN) return;
    s->seats_max = between(&r, NODES_MIN, s->nodes - 1);
    const struct assay_sim_promise few = assay_sim_promise_of(s, s->seed);
    if (!few.safety || few.progress != all.progress) s->seats_max = usual;
}

struct assay_scenario assay_sim_random_scenario(uint64_t seed, struct assay_sim_swarm_sizes sizes)
{
    char message[ASSAY_SIM_MESSAGE_MAX];
    struct assay_scenario s = assay_scenario_default();
    struct draw d = { .seed = seed, .s = &s };
    struct assay_sim_random beyond = stream(&d, ASPECT_BEYOND);
    ASSAY_ASSERT(sizes.nodes_max == 0 || sizes.nodes_min >= NODES_MIN);
    ASSAY_ASSERT(sizes.nodes_min <= sizes.nodes_max);
    d.beyond = chance(&beyond, BEYOND_PERMILLE);

    s.seed = seed;
    s.fidelity = ASSAY_SIM_FIDELITY_MESSAGE;
    s.evidence = ASSAY_SIM_EVIDENCE_MODELLED;
    (void)snprintf(s.name, sizeof s.name, "swarm-%llu", (unsigned long long)seed);
    draw_size(&d, sizes);
    draw_tiny(&d, sizes);
    draw_burn(&d);
    draw_groups(&d);
    draw_caps(&d);
    draw_overlay(&d);
    draw_link(&d);
    draw_regions(&d);
    draw_slow(&d);
    draw_clocks(&d);
    draw_cohorts(&d);
    draw_store(&d);
    draw_adversaries(&d);
    draw_partitions(&d);
    draw_crashes(&d);
    draw_dates(&d);
    draw_pauses(&d);
    draw_changes(&d, sizes);
    random_away(&d);
    random_fences(&d);
    random_old_operators(&d);
    random_absent(&d);
    random_returns(&d);
    draw_recover(&d);
    draw_days(&d);
    random_trials(&d);
    random_services(&d);
    random_proposals(&d);
    random_keys(&d);
    random_workload_keys(&d);
    random_group_key(&d);
    random_key_sessions(&d);
    random_lost_logs(&d);
    draw_long(&d);
    if (!d.beyond) fit_to_promise(&d);
    draw_seats(&d);
    if (!assay_sim_promise_of(&s, seed).progress) s.heal_epoch = 0;
    (void)snprintf(s.title, sizeof s.title, "a random scenario of seed %llu%s",
                   (unsigned long long)seed, d.beyond ? ", beyond the third" : "");
    ASSAY_ASSERT(assay_scenario_check(&s, message) == ASSAY_OK);
    return s;
}
