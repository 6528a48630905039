/*
 * sim/swarm/random_more.c - draws of coinciding events, and of services.
 */
#include "sim/swarm/random_internal.h"

enum {
    SERVICES_PERMILLE = 350,     /* of scenarios: services over the ledger */
    LATER_PERMILLE = 400,        /* of these: a change adds them, or some */
    ABUSE_PERMILLE = 300,        /* of services: members exhaust the quota of an author */
    STARVED_PERMILLE = 200,      /* of shares: holders that no other reaches over links */
    AWAY_PERMILLE = 100,         /* of scenarios: operators are replaced while a member is away */
    OLD_OPERATORS_PERMILLE = 80, /* of scenarios: replaced operators continue to sign */
    ABSENT_PERMILLE = 100,       /* of scenarios: a member is away for more than 130 epochs */
    RETURNS_PERMILLE = 100,      /* of scenarios: some leave, and may return */
    FENCES_PERMILLE = 60,        /* of scenarios: a fence of operators that are then replaced */
    TRIALS_PERMILLE = 100,       /* of scenarios with adversaries: they act during a trial */
    PROPOSALS_PERMILLE = 250,    /* of scenarios: operators propose changes on the ledger */
    RAISED_PERMILLE = 300,       /* of these: the feature level is raised in the run */
    RETIRED_PERMILLE = 400,      /* of these: an operator is added, and removed while it acts */
    KEYS_PERMILLE = 150,         /* of scenarios: nodes and operators get new keys */
    WORKLOADS_PERMILLE = 200,    /* of scenarios: members declare workload keys */
    GROUP_KEY_PERMILLE = 120,    /* of scenarios: the network makes and reshares a group key */
    LOST_LOGS_PERMILLE = 250,    /* of scenarios: logs are lost unnoticed */
};

/* --- coinciding events */
/* A cohort of one member without a cohort. Returns: the cohort; 0: there is no room. */
static uint32_t add_single_cohort(const struct draw *d, const char *name)
{
    const struct assay_scenario *const s = d->s;
    if (s->cohort_count == ASSAY_SIM_COHORTS_MAX || cohort_room(s) <= s->spares) return 0;
    return add_cohort(d, name, 1);
}

static bool has_disk_faults(const struct assay_scenario *s)
{
    const struct assay_sim_store_faults *const f = &s->store;
    return f->lost_permille + f->torn_permille + f->rolled_back_permille > 0;
}

static void change_operators(const struct draw *d, enum assay_sim_action action, uint32_t at_epoch)
{
    d->s->changes[d->s->change_count++] = (struct assay_sim_change){
        .action = action,
        .at_epoch = at_epoch,
        .ahead_epochs = 2,
        .epochs = 1,
        .given_to = 3,
        .vendor_cap_num = 33,
        .vendor_cap_den = 100,
    };
}

static void add_operators(const struct draw *d, uint32_t at_epoch)
{
    change_operators(d, ASSAY_SIM_ACTION_OPERATORS, at_epoch);
}

/* Moves healing after an epoch. */
static void delay_healing(const struct draw *d, uint64_t epoch)
{
    struct assay_scenario *const s = d->s;
    if (epoch < s->heal_epoch) return;
    s->epochs += epoch + 1 - s->heal_epoch;
    s->heal_epoch = epoch + 1;
}

/* Operators are replaced while a member is down: it restarts under unknown operators. */
void random_away(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_AWAY);
    if (!chance(&r, AWAY_PERMILLE) || d->burns || has_disk_faults(s) || s->nodes <= NODES_MIN)
        return;
    if (s->change_count == ASSAY_SIM_CHANGES_MAX || s->crash_count == ASSAY_SIM_CRASHES_MAX) return;
    const uint32_t away = add_single_cohort(d, "away"), at = between(&r, 1, 3),
                   for_ = between(&r, 3, 6);
    if (away == 0) return;
    add_operators(d, at);
    s->crashes[s->crash_count++] = (struct assay_sim_crash){ .cohort = away,
                                                             .at_epoch = at + 1,
                                                             .down_ms = for_ * s->epoch_ms };
    delay_healing(d, at + 5);
}

/* Operators are replaced, and mostly return (A, B, A); from the first time on an attacker has the
 * keys of the replaced ones. A member that is down meanwhile may still obey them. */
void random_old_operators(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_OLD_OPERATORS);
    const uint32_t at = between(&r, 1, 3), again = at + between(&r, 3, 6);
    const uint32_t for_ = between(&r, 3, 10);
    const bool back = chance(&r, 800), away = chance(&r, 600);
    if (!chance(&r, OLD_OPERATORS_PERMILLE) || d->burns || s->nodes <= NODES_MIN) return;
    if (s->change_count + 2 > ASSAY_SIM_CHANGES_MAX) return;
    add_operators(d, at);
    if (back) change_operators(d, ASSAY_SIM_ACTION_OPERATORS_BACK, again);
    s->old_operators_epoch = at + 1;
    const uint32_t behind = away && !has_disk_faults(s) ? add_single_cohort(d, "behind") : 0;
    if (behind != 0 && s->crash_count < ASSAY_SIM_CRASHES_MAX)
        s->crashes[s->crash_count++] = (struct assay_sim_crash){ .cohort = behind,
                                                                 .at_epoch = at + 1,
                                                                 .down_ms = for_ * s->epoch_ms };
    delay_healing(d, again + 6);
}

/* Longer than the history of any store: while a member is away operators are replaced, mostly
 * return, and mostly end an era. It passes all of it by fast sync (docs/protocol.md 5.30,
 * 9.17.1). */
void random_absent(const struct draw *d)
{
    enum { NODES_MOST = 8, TWO_VIEWS_MS = 120000 };
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_ABSENT);
    const uint32_t at = between(&r, 1, 3), epochs = between(&r, 136, 150);
    const uint32_t first = at + between(&r, 2, 30), second = first + between(&r, 4, 60);
    const uint32_t ends = at + between(&r, 5, 110), history = between(&r, 16, 64);
    const bool back = chance(&r, 700), recovers = chance(&r, 800), sign_on = chance(&r, 500);
    if (!chance(&r, ABSENT_PERMILLE) || d->burns || d->beyond || has_disk_faults(s)) return;
    if (s->nodes <= NODES_MIN || s->nodes > NODES_MOST || s->recover_count > 0) return;
    if (s->change_count + 2 > ASSAY_SIM_CHANGES_MAX || s->crash_count == ASSAY_SIM_CRASHES_MAX)
        return;
    const uint32_t absent = add_single_cohort(d, "absent");
    if (absent == 0) return;
    add_operators(d, first);
    if (back) change_operators(d, ASSAY_SIM_ACTION_OPERATORS_BACK, second);
    if (sign_on && s->old_operators_epoch == 0) s->old_operators_epoch = first + 1;
    s->crashes[s->crash_count++] = (struct assay_sim_crash){ .cohort = absent,
                                                             .at_epoch = at,
                                                             .down_ms = epochs * s->epoch_ms };
    if (recovers)
        s->recovers[s->recover_count++] =
            (struct assay_sim_recover){ .at_epoch = ends, .after_epochs = 1 };
    s->history_epochs = history;
    delay_healing(d, at + epochs + 6);
    /* Where the others cannot continue alone, the running view may last another minute and the next
     * one again (docs/protocol.md 5.9). A stalled epoch of the scenario is 2T. */
    s->progress_epochs = 16 + TWO_VIEWS_MS / s->epoch_ms;
    s->epochs = s->heal_epoch + 10 + s->progress_epochs / 2;
}

/* One or two leave, and when their slots are free two join: new members, or those that left, on the
 * same or another machine (docs/protocol.md 9.6.6; sim/world/drafts.c draws it). */
void random_returns(struct draw *d)
{
    enum { NODES_FOR_TWO = 8, SLOT_WAITS = 10 };
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_RETURNS);
    const uint32_t leaves = between(&r, 1, 3), first = leaves + between(&r, 2, 4) + SLOT_WAITS;
    const uint32_t second = first + between(&r, 0, 4), count = between(&r, 1, 2);
    if (!chance(&r, RETURNS_PERMILLE) || d->burns || s->nodes <= NODES_MIN) return;
    if (s->change_count + 3 > ASSAY_SIM_CHANGES_MAX) return;
    if (s->cohort_count == ASSAY_SIM_COHORTS_MAX || cohort_room(s) <= s->spares + count) return;
    d->leavers = add_cohort(d, "leavers", s->nodes < NODES_FOR_TWO ? 1 : count);
    change_operators(d, ASSAY_SIM_ACTION_LEAVE, leaves);
    change_operators(d, ASSAY_SIM_ACTION_JOIN, first);
    change_operators(d, ASSAY_SIM_ACTION_JOIN, second);
    for (uint32_t i = s->change_count - 3; i < s->change_count; i++) {
        s->changes[i].by_cohort = true;
        s->changes[i].cohort = d->leavers;
    }
    delay_healing(d, second + 6);
}

/* A FENCE around an OPERATORS boundary (docs/protocol.md 9.12.2): of operators that are replaced
 * while one member, the only one that has it, is cut off. Later operators fence all others, too. */
void random_fences(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_FENCES);
    if (!chance(&r, FENCES_PERMILLE) || d->beyond || d->burns || s->nodes <= NODES_MIN) return;
    if (s->store.lost_permille > 0 || s->store.torn_permille > 0) return;
    if (s->change_count == ASSAY_SIM_CHANGES_MAX || s->partition_count == ASSAY_SIM_PARTITIONS_MAX)
        return;
    const uint32_t fenced = add_single_cohort(d, "fenced"), at = between(&r, 2, 3);
    const uint32_t cut = between(&r, 2, 4), after = cut + between(&r, 1, 3);
    if (fenced == 0) return;
    add_operators(d, at - 1);
    s->partitions[s->partition_count++] = (struct assay_sim_partition){
        .start_epoch = at, .stop_epoch = at + cut, .by_cohort = true, .cohort = fenced
    };
    s->recovers[s->recover_count++] = (struct assay_sim_recover){
        .at_epoch = at, .after_epochs = after, .by_cohort = true, .cohort = fenced
    };
    delay_healing(d, at + after);
}

/* Adversaries choose the moment: a vendor has published collateral for which their platforms are
 * too old, and while it is on trial their enclaves run wrong code. Strikes count all the same
 * (9.9). */
void random_trials(const struct draw *d)
{
    enum { VENDORS = 2 };
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_TRIALS);
    if (!chance(&r, TRIALS_PERMILLE) || s->adversary_count == 0 || d->burns) return;
    struct assay_sim_adversary *const a = &s->adversaries[0];
    a->attack = ASSAY_SIM_ATTACK_TAMPER;
    a->start_epoch = between(&r, 3, 5);
    a->stop_epoch = 0;
    a->rate_permille = 1000;
    for (uint32_t i = 0; i < VENDORS && s->day_count < ASSAY_SIM_DAYS_MAX; i++)
        s->days[s->day_count++] = (struct assay_sim_day){ .at_epoch = a->start_epoch - 2,
                                                          .vendor = between(&r, 0, s->vendors - 1),
                                                          .by_cohort = true,
                                                          .cohort = a->cohort,
                                                          .given_to = 2 };
}

/* --- proposals */
static void add_proposed(const struct draw *d, struct assay_sim_random *r,
                         enum assay_sim_action action, uint32_t at_epoch)
{
    struct assay_scenario *const s = d->s;
    if (s->change_count == ASSAY_SIM_CHANGES_MAX) return;
    change_operators(d, action, at_epoch);
    struct assay_sim_change *const c = &s->changes[s->change_count - 1];
    c->proposed = true;
    c->ahead_epochs = between(r, 8, 16);
    c->given_to = low(r, 1, 3);
    if (action == ASSAY_SIM_ACTION_PARAMETERS) c->vendor_cap_num = between(r, 33, 60);
}

static void draw_liars(const struct draw *d, struct assay_sim_random *r)
{
    struct assay_sim_proposals *const p = &d->s->proposals;
    const uint32_t third = (d->s->operators - 1) / 3;
    if (third == 0 || !chance(r, 600)) return;
    p->liars = between(r, 1, third < ASSAY_SIM_LIARS_MAX ? third : ASSAY_SIM_LIARS_MAX);
    if (chance(r, 600)) p->floods = low(r, 1, 40);
    if (chance(r, 600)) p->forged_permille = between(r, 100, 1000);
}

/* Operators decide on the ledger, some of them while faults last and some after; an operator that
 * is removed has open proposals and approvals. Where views burn by the hundred, no block is final
 * for hours. */
void random_proposals(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_proposals *const p = &s->proposals;
    struct assay_sim_random r = stream(d, ASPECT_PROPOSALS);
    const uint32_t first = between(&r, 1, 4), gap = between(&r, 6, 14);
    const bool raised = chance(&r, RAISED_PERMILLE), retired = chance(&r, RETIRED_PERMILLE);
    if (!chance(&r, PROPOSALS_PERMILLE) || d->burns || s->nodes < NODES_MIN) return;
    if (s->change_count + 4 > ASSAY_SIM_CHANGES_MAX) return;
    if (raised) {
        p->level = 1;
        change_operators(d, ASSAY_SIM_ACTION_PARAMETERS, first);
        s->changes[s->change_count - 1].level = ASSAY_SIM_LEVEL_REVIEWS;
    }
    add_proposed(d, &r, retired ? ASSAY_SIM_ACTION_OPERATORS : ASSAY_SIM_ACTION_PARAMETERS, first);
    add_proposed(d, &r, ASSAY_SIM_ACTION_PARAMETERS, first + gap);
    if (retired) add_proposed(d, &r, ASSAY_SIM_ACTION_OPERATORS_BACK, first + 2 * gap);
    draw_liars(d, &r);
    if (chance(&r, 500)) p->replayed = low(&r, 1, 12);
    if (chance(&r, 500)) p->held_permille = between(&r, 20, 400);
    if (chance(&r, 500)) p->withdrawn_permille = low(&r, 5, 200);
    if (chance(&r, 300)) p->lapsed_permille = between(&r, 50, 500);
    if (chance(&r, 400)) p->replaced_permille = low(&r, 10, 200);
    p->bars = chance(&r, 300);
    p->omits = chance(&r, 300);
    s->epochs += between(&r, 12, 24);
}

/* --- services */
static void draw_continuity(struct assay_sim_services_plan *p, struct assay_sim_random *r)
{
    static const uint32_t sizes[] = { 3, 3, 3, 5, 5, 7 };
    p->groups = low(r, 1, 2);
    p->group_size = sizes[between(r, 0, 5)];
    p->enclaves = low(r, 1, 3);
    p->clones = low(r, 1, ASSAY_SIM_CLONES_MAX);
    p->updates = between(r, 0, 12);
    p->reads = between(r, 0, 6);
    if (chance(r, 600)) p->old_states_permille = between(r, 1, 500);
    if (chance(r, 500)) p->replicas_die_permille = low(r, 1, 200);
    if (chance(r, 600)) p->enclaves_die_permille = low(r, 1, 400);
    if (chance(r, 400)) p->cutting_hosts_permille = between(r, 1, 700);
}

static void draw_tasks(struct assay_sim_services_plan *p, struct assay_sim_random *r)
{
    p->requestors = low(r, 1, 4);
    p->tasks = low(r, 1, 4);
    p->steps = low(r, 1, 5);
    if (chance(r, 500)) p->leavers_permille = between(r, 1, 500);
    if (chance(r, 500)) p->tasks_die_permille = low(r, 1, 300);
}

static void draw_shares(struct assay_sim_services_plan *p, uint32_t nodes,
                        struct assay_sim_random *r)
{
    p->share_slots = between(r, 3, nodes < 5 ? 3 : 5);
    p->share_k = between(r, 2, p->share_slots - 1);
    p->share_clusters = low(r, 1, nodes / p->share_slots > 3 ? 3 : nodes / p->share_slots);
    p->secrets = low(r, 1, 6);
    p->secret_reads = low(r, 0, 3);
    if (chance(r, 200)) p->share_liars = 1;
    if (chance(r, 500)) p->holders_die_permille = low(r, 1, 200);
    if (chance(r, 300)) p->holders_lose_permille = low(r, 1, 60);
    if (chance(r, STARVED_PERMILLE)) p->share_starved = chance(r, 500) ? nodes : low(r, 1, nodes);
}

/* Some or all services are added by a change (docs/protocol.md 12.7). */
static void draw_later(const struct draw *d, struct assay_sim_random *r)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_services_plan *const p = &s->services;
    if (s->change_count == ASSAY_SIM_CHANGES_MAX || !chance(r, LATER_PERMILLE)) return;
    p->later_groups = between(r, 0, p->groups);
    p->later_tasks = p->requestors > 0 && chance(r, 500);
    if (p->later_groups == 0 && !p->later_tasks) return;
    s->changes[s->change_count++] = (struct assay_sim_change){
        .action = ASSAY_SIM_ACTION_SERVICES,
        .at_epoch = between(r, 1, (uint32_t)s->heal_epoch + 4),
        .ahead_epochs = low(r, 2, 6),
        .epochs = 1,
        .given_to = low(r, 1, 3),
        .vendor_cap_num = 33,
        .vendor_cap_den = 100,
    };
}

/* Where views burn by the hundred, no block becomes final for hours. */
void random_services(const struct draw *d)
{
    struct assay_sim_random r = stream(d, ASPECT_SERVICES);
    if (!chance(&r, SERVICES_PERMILLE) || d->burns || d->s->nodes < NODES_MIN) return;
    struct assay_sim_services_plan *const p = &d->s->services;
    if (chance(&r, 800)) draw_continuity(p, &r);
    if (p->groups == 0 || chance(&r, 500)) draw_tasks(p, &r);
    if (chance(&r, 400)) draw_shares(p, d->s->nodes, &r);
    draw_later(d, &r);
    if (chance(&r, 400)) p->forged_permille = between(&r, 1, 300);
    struct assay_sim_random abuse = stream(d, ASPECT_QUOTA_ABUSE);
    if (chance(&abuse, ABUSE_PERMILLE)) p->quota_abusers = low(&abuse, 1, 2);
    struct assay_sim_random shown = stream(d, ASPECT_HANDOVERS);
    if (p->groups > 0 && chance(&shown, 400))
        p->forged_handovers_permille = between(&shown, 1, 300);
}

/* --- new keys of nodes and operators (docs/protocol.md 9.6.7, 9.6.8) */

static void change_key(const struct draw *d, struct assay_sim_random *r,
                       enum assay_sim_action action, uint32_t at_epoch)
{
    struct assay_scenario *const s = d->s;
    change_operators(d, action, at_epoch);
    struct assay_sim_change *const c = &s->changes[s->change_count - 1];
    c->ahead_epochs = low(r, 2, 5);
    c->given_to = low(r, 1, 3);
    c->count = 1;
    if (chance(r, 250))
        c->flaw = (enum assay_sim_flaw)between(r, ASSAY_SIM_FLAW_CONSENT, ASSAY_SIM_FLAW_KEY_TAKEN);
}

/* One member without a cohort of its own gets a new identity key, mostly twice, and an operator
 * another key; mostly an attacker has the old ones. One member alone: of a table that an era ends
 * more than a third must be able to confirm by keys that nodes behind have. A change may be in
 * vain: members leave, operators are replaced, stores are lost, and rules on trial hold it up. */
void random_keys(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_KEYS);
    const uint32_t first = between(&r, 1, 6), gap = between(&r, 3, 8);
    const bool again = chance(&r, 600), stolen = chance(&r, 700), of_operator = chance(&r, 700);
    const bool is_apart = chance(&r, 500);
    if (!chance(&r, KEYS_PERMILLE) || d->burns || s->nodes < NODES_MIN) return;
    if (s->change_count + 3 > ASSAY_SIM_CHANGES_MAX) return;
    if (assay_scenario_proposes(s) && s->proposals.level < ASSAY_SIM_LEVEL_REVIEWS) return;
    s->proposals.level = ASSAY_SIM_LEVEL_MAX;
    const uint32_t rotates = is_apart ? add_single_cohort(d, "rotates") : 0;
    const uint32_t from = s->change_count;
    change_key(d, &r, ASSAY_SIM_ACTION_IDENTITY, first);
    if (of_operator) change_key(d, &r, ASSAY_SIM_ACTION_OPERATOR_KEY, first + gap / 2);
    if (again) change_key(d, &r, ASSAY_SIM_ACTION_IDENTITY, first + gap);
    for (uint32_t i = from; i < s->change_count; i++) {
        s->changes[i].by_cohort = s->changes[i].action == ASSAY_SIM_ACTION_IDENTITY;
        s->changes[i].cohort = s->changes[i].by_cohort ? rotates : 0;
    }
    if (stolen && s->old_operators_epoch == 0) s->old_operators_epoch = first + 1;
    s->epochs += between(&r, 6, 14);
}

/* --- workload keys (docs/protocol.md 2.16) */

/* Where members declare keys, enclaves lose them, hosts lie about them, and ballots of traitors,
 * if there are any, say what they say. */
void random_workload_keys(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_workload_keys *const k = &s->workload_keys;
    struct assay_sim_random r = stream(d, ASPECT_WORKLOAD_KEYS);
    if (!chance(&r, WORKLOADS_PERMILLE) || d->burns || s->nodes < NODES_MIN) return;
    if (s->nodes > ASSAY_SIM_KEYED_NODES_MAX || assay_scenario_proposes(s)) return;
    k->declared_permille = between(&r, 50, 600);
    k->restarts_permille = low(&r, 0, 300);
    k->lacking_permille = low(&r, 0, 500);
}

/* --- a group key (docs/identity.md 3) */

/* Names that its plan grants to builds of enclaves, which are replaced (docs/protocol.md 2.17). */
static void random_granted_names(const struct draw *d, struct assay_sim_random *r)
{
    struct assay_scenario *const s = d->s;
    const bool misnames = chance(r, 700);
    if (!chance(r, 800)) return;
    s->services.granted_names = between(r, 1, ASSAY_SIM_GRANTED_NAMES_MAX);
    s->workload_keys.upgrades_permille = low(r, 0, 500);
    if (!misnames || s->adversary_count < 2) return;
    s->adversaries[1].attack = ASSAY_SIM_ATTACK_MISNAME;
    s->adversaries[1].start_epoch = 1;
    s->adversaries[1].stop_epoch = 0;
}

/* Holders of its shares run on every member, crash, lose their disks, find older ones, and misdeal
 * where members are Byzantine. A ceremony takes six epochs and begins 16 after the last one. */
void random_group_key(const struct draw *d)
{
    enum { NODES_MOST = 12 };
    struct assay_scenario *const s = d->s;
    struct assay_sim_services_plan *const p = &s->services;
    struct assay_sim_workload_keys *const k = &s->workload_keys;
    struct assay_sim_random r = stream(d, ASPECT_GROUP_KEY);
    const bool misdeals = chance(&r, 600), keeps_keys = chance(&r, 700);
    const bool registers = chance(&r, 300); /* programs of its members, in most epochs */
    const uint32_t epochs = between(&r, 8, 40);
    if (!chance(&r, GROUP_KEY_PERMILLE) || d->burns || s->nodes < NODES_MIN) return;
    if (s->nodes > NODES_MOST || assay_scenario_proposes(s)) return;
    p->group_key = true;
    p->key_refresh = between(&r, 64, 200);
    if (chance(&r, 500)) p->key_crashes_permille = low(&r, 1, 100);
    if (chance(&r, 300)) p->key_disks_permille = low(&r, 1, 40);
    if (p->stop_epoch == 0 && chance(&r, 500)) p->stop_epoch = s->heal_epoch + 1;
    k->declared_permille = between(&r, 300, 1000);
    k->changed_permille = registers ? between(&r, 300, 1000) : low(&r, 0, 200);
    if (keeps_keys) k->restarts_permille = k->lacking_permille = 0;
    if (misdeals && s->adversary_count > 0) {
        s->adversaries[0].attack = ASSAY_SIM_ATTACK_MISDEAL;
        s->adversaries[0].start_epoch = 1;
        s->adversaries[0].stop_epoch = 0;
    }
    s->epochs += epochs;
    random_granted_names(d, &r);
    if (!chance(&r, 400)) return;
    p->key_replaced = between(&r, 1, 2); /* a number is NEXT for 64 epochs, and OLD as long */
    if (chance(&r, 300)) s->epochs += between(&r, 40, 120);
}

/* Whether an adversary runs wrong code while a vendor's collateral is on trial (random_trials). */
static bool acts_on_trial(const struct assay_scenario *s, const struct assay_sim_adversary *a)
{
    for (uint32_t i = 0; i < s->day_count; i++)
        if (a->attack == ASSAY_SIM_ATTACK_TAMPER && s->days[i].by_cohort &&
            s->days[i].cohort == a->cohort && s->days[i].at_epoch + 2 == a->start_epoch)
            return true;
    return false;
}

/* Holders sign in each epoch, also while a number is the next one, and hostile ones break the rules
 * of sessions. An adversary that misdeals or acts during a trial goes on with that, and most of
 * those that misname: another one, if there is any, missigns. */
void random_key_sessions(const struct draw *d)
{
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_KEY_SESSIONS);
    const bool signs = chance(&r, 800), missigns = chance(&r, 850), replaces = chance(&r, 300);
    if (!s->services.group_key || !signs) return;
    s->services.key_sessions = true;
    for (uint32_t i = 0; i < s->adversary_count && missigns; i++) {
        struct assay_sim_adversary *const a = &s->adversaries[i];
        if (a->attack == ASSAY_SIM_ATTACK_MISDEAL) continue;
        if (acts_on_trial(s, a)) continue;
        if (a->attack == ASSAY_SIM_ATTACK_MISNAME && !replaces) continue;
        a->attack = ASSAY_SIM_ATTACK_MISSIGN;
        a->start_epoch = 1;
        a->stop_epoch = 0;
        a->rate_permille = 1000;
        return;
    }
}

/* --- logs that are lost unnoticed (docs/protocol.md 2.7.3.1) */

/* Up to as many members as may be silent, by their weight (fit_to_promise), find an empty store,
 * and are killed before they are back: at any time, around the end of an era, or, where slots are
 * taken again, members that joined. Drawn last: a seed without it is the scenario that it was. */
void random_lost_logs(const struct draw *d)
{
    enum { KILLS_MOST = 16, KILL_EPOCHS = 3 };
    struct assay_scenario *const s = d->s;
    struct assay_sim_random r = stream(d, ASPECT_LOST_LOGS);
    struct assay_sim_crash c = { .loses_log = true };
    const uint32_t count = low(&r, 1, (s->nodes + 2) / 3);
    const bool at_era = chance(&r, 600), of_leavers = chance(&r, 500);
    c.first_day = chance(&r, 500);
    c.loses_again = chance(&r, 300);
    c.down_ms = low(&r, 1, s->epoch_ms);
    c.kills = chance(&r, 150) ? 0 : between(&r, 1, KILLS_MOST);
    /* Before the first writes, while it catches up (most of all: it follows past epochs then, in
     * which it signed), or behind the end of an epoch. */
    const uint32_t stage = between(&r, 0, 3);
    const uint32_t first = between(&r, 1, s->epoch_ms / 8);
    const uint32_t middle = between(&r, s->epoch_ms / 8, s->epoch_ms / 2);
    const uint32_t late = between(&r, 1, KILL_EPOCHS * s->epoch_ms);
    c.kill_ms = stage == 0 ? first : stage < 3 ? middle : late;
    const uint32_t last = s->heal_epoch > 2 ? (uint32_t)s->heal_epoch - 1 : 2;
    const uint32_t early_epoch = between(&r, 2, last), late_epoch = between(&r, 1 + last / 2, last);
    c.at_epoch = chance(&r, 300) ? early_epoch : late_epoch;
    const uint32_t into_era = between(&r, 0, 2);
    if (!chance(&r, LOST_LOGS_PERMILLE) || d->burns || has_disk_faults(s)) return;
    if (s->nodes <= NODES_MIN || s->crash_count == ASSAY_SIM_CRASHES_MAX) return;
    /* Where collateral expires, a node that needs new keys may wait forever. */
    if (s->collateral_life_s > 0) return;
    if (at_era && s->recover_count > 0) c.at_epoch = s->recovers[0].at_epoch + into_era;
    if (d->leavers != 0 && of_leavers) {
        c.cohort = d->leavers;
        for (uint32_t i = 0; i < s->change_count; i++)
            if (s->changes[i].action == ASSAY_SIM_ACTION_JOIN && s->changes[i].cohort == d->leavers)
                c.at_epoch = s->changes[i].at_epoch + 3 + into_era; /* it has joined by then */
    } else {
        const uint32_t left = cohort_room(s);
        if (s->cohort_count == ASSAY_SIM_COHORTS_MAX || left <= s->spares) return;
        c.cohort = add_cohort(d, "lost", count < left - s->spares ? count : left - s->spares);
    }
    s->crashes[s->crash_count++] = c;
}
