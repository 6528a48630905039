/*
 * sim/checkers/watch_network.c - checkers of the network (docs/protocol.md 6, 7.12 and 11.1): P5,
 * P9, P10, P11, guard.
 */
#include "sim/checkers/watch_internal.h"

#include "base/assert.h"
#include "scoring/tally.h"
#include "scoring/weight.h"

#include <stdlib.h>

enum { ROOT_NODES = 128, ROOT_EVERY = 32 };

/* Raw weight (docs/protocol.md 6.0): integrity, 0 while its standing is SUSPENDED. */
static uint64_t raw_weight(const struct assay_member *m)
{
    if (m->stage != ASSAY_STAGE_MEMBER) return 0; /* drained by operators */
    return m->trust.integrity.standing == ASSAY_STANDING_SUSPENDED ? 0 : m->trust.integrity_bp;
}

/* The highest raw weight that it has had: the base of caps (docs/protocol.md 6.3.2). */
static uint64_t peak_weight(const struct assay_member *m)
{
    const uint64_t raw = raw_weight(m);
    if (m->stage != ASSAY_STAGE_MEMBER) return 0;
    return raw > m->trust.peak_bp ? raw : m->trust.peak_bp;
}

/* Whether no member has fallen since its peak. Then the table follows from the roster. */
static bool is_at_peak(const struct assay_state *state)
{
    for (uint32_t slot = 0; slot < state->member_count; slot++)
        if (raw_weight(&state->members[slot]) < peak_weight(&state->members[slot])) return false;
    return true;
}

/* Summary of the table of the next epoch. */
struct table {
    uint64_t total;
    uint64_t raw_total; /* after platforms became units */
    bool uncapped;      /* every member has its raw weight: no cap cut anything */
    bool above_raw;     /* a member has more than that */
};

/* Units: a platform above 10000 is cut to 10000 (docs/protocol.md 6.2). */
static uint64_t units_of(struct assay_sim_watch *w, const struct assay_state *state,
                         uint64_t (*weight_of)(const struct assay_member *))
{
    uint64_t total = 0;
    for (uint32_t g = 0; g < w->platform_count; g++)
        w->sums[g] = 0;
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        w->sums[w->platform[slot]] += weight_of(&state->members[slot]);
    for (uint32_t g = 0; g < w->platform_count; g++)
        total += w->sums[g] < ASSAY_WEIGHT_UNIT ? w->sums[g] : (uint64_t)ASSAY_WEIGHT_UNIT;
    return total;
}

static struct table table_of(struct assay_sim_watch *w, const struct assay_state *state)
{
    struct table t = { .uncapped = true };
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        const uint64_t weight = state->members[slot].weight;
        const uint64_t raw = raw_weight(&state->members[slot]);
        t.total += weight;
        if (weight != raw) t.uncapped = false;
        if (weight > raw) t.above_raw = true;
    }
    t.raw_total = units_of(w, state, raw_weight);
    return t;
}

/* Every member in service has full integrity: no weight can rise from here. */
static bool is_full_table(const struct assay_state *state)
{
    for (uint32_t slot = 0; slot < state->member_count; slot++) {
        const struct assay_member *m = &state->members[slot];
        if (m->stage == ASSAY_STAGE_MEMBER && m->trust.integrity_bp < ASSAY_SCORE_BP_MAX)
            return false;
    }
    return true;
}

static void record_first_table(struct assay_sim_watch *w, const struct assay_watch_epoch *epoch)
{
    const struct table first = table_of(w, epoch->before);
    w->has_first = true;
    w->first_total = first.total;
    w->first_uncapped = first.uncapped;
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        w->first_weight[slot] = epoch->before->members[slot].weight;
}

/* P5: no capture: the weight share of a Byzantine third does not grow.
 * Preconditions: weights made of integrity; a share of a third at most in the first table; no cap
 * that cut any member then or now (capping may raise the share of uncut members: docs/protocol.md
 * 6.3, guard).
 * Honest integrity never falls and Byzantine integrity never exceeds 10000, so the share is never
 * above the first one. (Operators who change the roster, or choose rules that honest members do not
 * satisfy, redistribute the weight: it is measured again when every member in service has full
 * integrity.) A member that turns Byzantine during the run (a disk that lost writes) counts from
 * the start, and to the end: what it was convicted of stays. */
static void check_p5(const struct assay_watch_epoch *epoch, const struct table *now)
{
    struct assay_sim_watch *w = epoch->watch;
    uint64_t byzantine = 0, byzantine_now = 0;
    if (!w->has_first && !is_full_table(epoch->before)) return;
    if (!w->has_first) record_first_table(w, epoch);
    bool rebased = assay_watch_roster_changed(epoch);
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        rebased = rebased || epoch->closed->truth[slot].by_policy;
    if (rebased) {
        w->has_first = false;
        return;
    }
    if (w->scenario->weight_source != ASSAY_SIM_WEIGHT_INTEGRITY) return;
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        if (!epoch->closed->truth[slot].honest) w->tracks[slot].went_over = true;
        if (!w->tracks[slot].went_over) continue;
        byzantine += w->first_weight[slot];
        byzantine_now += epoch->after->members[slot].weight;
    }
    if (!w->first_uncapped || !now->uncapped || 3 * byzantine > w->first_total) return;
    if (byzantine_now * w->first_total > byzantine * now->total)
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P5, epoch->closed->epoch,
                               "Byzantine weight %llu of %llu, %llu of %llu at first",
                               (unsigned long long)byzantine_now, (unsigned long long)now->total,
                               (unsigned long long)byzantine, (unsigned long long)w->first_total);
    else assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P5, epoch->closed->epoch, NULL);
}

/* Whether the raw table meets the cap of a family as it is, so that nothing is cut. */
static bool is_cap_idle(struct assay_sim_watch *w, const struct assay_watch_family *f,
                        const struct assay_state *state, uint64_t raw_total)
{
    for (uint32_t g = 0; g < f->count; g++)
        w->sums[g] = 0;
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        w->sums[f->group_of[slot]] += peak_weight(&state->members[slot]);
    for (uint32_t g = 0; g < f->count; g++)
        if (f->den * w->sums[g] > f->num * raw_total) return false;
    return true;
}

/* P5 relies on it: A never changes weight (docs/protocol.md 6.0), raw weight is integrity.
 * Preconditions: weights made of integrity, no shared platform, no cap that would cut peak weights:
 * then each member has its raw weight. */
static void check_raw(const struct assay_watch_epoch *epoch,
                      const struct assay_watch_family *vendor,
                      const struct assay_watch_family *operators)
{
    struct assay_sim_watch *w = epoch->watch;
    uint64_t total = 0, peak = 0;
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        total += raw_weight(&epoch->after->members[slot]);
        peak += peak_weight(&epoch->after->members[slot]);
    }
    if (total == 0 || peak != units_of(w, epoch->after, peak_weight)) return;
    if (!is_cap_idle(w, vendor, epoch->after, peak)) return;
    if (!is_cap_idle(w, operators, epoch->after, peak)) return;
    for (uint32_t slot = 0; slot < w->nodes; slot++) {
        const struct assay_member *m = &epoch->after->members[slot];
        if (m->weight == raw_weight(m)) continue;
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P5, epoch->closed->epoch,
                               "node %u: weight %u, integrity %u, and no cap cuts", slot, m->weight,
                               m->trust.integrity_bp);
        return;
    }
    assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P5, epoch->closed->epoch, NULL);
}

/* Whether every member of raw weight has a seat. Otherwise weight is cut among seats (protocol.md
 * 5.22). */
static bool has_seats_for_all(const struct assay_watch_epoch *epoch)
{
    for (uint32_t slot = 0; slot < epoch->watch->nodes; slot++) {
        const struct assay_member *m = &epoch->after->members[slot];
        if (raw_weight(m) > 0 && m->weight == 0) return false;
    }
    return true;
}

static struct assay_watch_caps find_met_caps(const struct assay_watch_epoch *epoch,
                                             const struct assay_watch_family *operators,
                                             const struct assay_watch_family *vendor)
{
    struct assay_sim_watch *w = epoch->watch;
    if (operators->den == 0 || vendor->den == 0 || !has_seats_for_all(epoch) ||
        !is_at_peak(epoch->after))
        return (struct assay_watch_caps){ false, false };
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        w->raw[slot] = raw_weight(&epoch->after->members[slot]);
    return assay_watch_caps(w, w->raw, operators, vendor,
                            assay_parameters_amplification(&epoch->after->rules.parameters));
}

static void check_cap(const struct assay_watch_epoch *epoch, const struct assay_watch_family *f,
                      const struct table *now)
{
    struct assay_sim_watch *w = epoch->watch;
    const uint64_t largest = assay_watch_sums(w, f->group_of, f->count, NULL, epoch->after);
    if (f->den * largest > f->num * now->total)
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P9, epoch->closed->epoch,
                               "one %s holds %llu of %llu, %u of %u is the cap", f->name,
                               (unsigned long long)largest, (unsigned long long)now->total, f->num,
                               f->den);
    else assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P9, epoch->closed->epoch, NULL);
}

/* Whether no vendor was cut after the operators. A cut one has the largest sum that meets the cap:
 * one unit more in a group would break it. */
static bool is_vendor_family_uncut(const struct assay_watch_epoch *epoch,
                                   const struct assay_watch_family *vendor, const struct table *now)
{
    struct assay_sim_watch *w = epoch->watch;
    const uint64_t largest =
        assay_watch_sums(w, vendor->group_of, vendor->count, NULL, epoch->after);
    return vendor->den * (largest + 1) <= vendor->num * now->total;
}

/* Guard (protocol.md 6.3): no group of either family above a third of the table has a larger share
 * of it than before the cuts. Preconditions: weights made of integrity, a table that was not
 * refused, no shared platform (then units are integrity itself), no member below its peak. */
static void check_guard(const struct assay_watch_epoch *epoch, const struct table *now,
                        const struct assay_watch_family *f)
{
    struct assay_sim_watch *w = epoch->watch;
    uint64_t raw_total = 0;
    for (uint32_t slot = 0; slot < w->nodes; slot++)
        raw_total += raw_weight(&epoch->after->members[slot]);
    if (raw_total == 0 || raw_total != now->raw_total || !is_at_peak(epoch->after)) return;
    for (uint32_t g = 0; g < f->count; g++) {
        uint64_t before = 0, after = 0;
        for (uint32_t slot = 0; slot < w->nodes; slot++) {
            if (f->group_of[slot] != g) continue;
            before += raw_weight(&epoch->after->members[slot]);
            after += epoch->after->members[slot].weight;
        }
        if (3 * after <= now->total || after * raw_total <= before * now->total) continue;
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_GUARD, epoch->closed->epoch,
                               "cuts raised one %s from %llu of %llu to %llu of %llu", f->name,
                               (unsigned long long)before, (unsigned long long)raw_total,
                               (unsigned long long)after, (unsigned long long)now->total);
        return;
    }
    assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_GUARD, epoch->closed->epoch, NULL);
}

/* P9: no platform, operator or vendor root above its cap.
 * Platforms and single members always: a platform is one unit, caps only cut. Vendor roots and
 * operators where the four cuts are sure to meet the cap (watch_caps.c); operators only when the
 * vendor cut after them took nothing, since it raises the share of the others. Precondition:
 * weights made of integrity. */
static void check_p9(const struct assay_watch_epoch *epoch, const struct table *now)
{
    struct assay_sim_watch *w = epoch->watch;
    const struct assay_scenario *s = w->scenario;
    /* Caps may be changed (watch_changes.c checks how); naive rules have none there. */
    const struct assay_genesis_parameters *p = &epoch->after->rules.parameters;
    const bool changed = w->rules != NULL && p->vendor_cap_den != 0;
    const struct assay_watch_family vendor = { "vendor root", w->vendor, w->vendor_count,
                                   changed ? p->vendor_cap_num : s->vendor_cap_num,
                                   changed ? p->vendor_cap_den : s->vendor_cap_den };
    const struct assay_watch_family operators = { "operator", w->operator_, w->operator_count,
                                      changed ? p->operator_cap_num : s->operator_cap_num,
                                      changed ? p->operator_cap_den : s->operator_cap_den };
    /* protocol.md 6.4: an empty table is refused and the previous one stays. */
    if (s->weight_source != ASSAY_SIM_WEIGHT_INTEGRITY || now->raw_total == 0) return;
    check_raw(epoch, &vendor, &operators);
    const uint64_t largest =
        assay_watch_sums(w, w->platform, w->platform_count, NULL, epoch->after);
    if (largest > ASSAY_WEIGHT_UNIT)
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P9, epoch->closed->epoch,
                               "one platform holds %llu, a unit is %u", (unsigned long long)largest,
                               (unsigned)ASSAY_WEIGHT_UNIT);
    else if (now->above_raw)
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P9, epoch->closed->epoch,
                               "a member has more weight than integrity");
    else assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P9, epoch->closed->epoch, NULL);
    check_guard(epoch, now, &vendor);
    check_guard(epoch, now, &operators);
    const struct assay_watch_caps met = find_met_caps(epoch, &operators, &vendor);
    if (met.vendors) check_cap(epoch, &vendor, now);
    if (met.operators && is_vendor_family_uncut(epoch, &vendor, now))
        check_cap(epoch, &operators, now);
}

/* P10: the same records give the same bytes on every machine.
 * One run can show that the root that the network agreed on is the root of this state, recomputed
 * from all leaves; root_chain compares two runs and two builds. Each epoch up to ROOT_NODES nodes,
 * else each ROOT_EVERY-th: hashing everything costs more than the epoch. */
void assay_watch_root(struct assay_sim_watch *watch, const struct assay_sim_closed *closed)
{
    uint8_t root[32];
    const struct assay_state *state = closed->state;
    if (closed->root == NULL) return;
    if (watch->nodes > ROOT_NODES && closed->epoch % ROOT_EVERY != 1) return;
    if (watch->scratch == NULL) {
        watch->scratch_len = assay_state_scratch_len(watch->nodes);
        watch->scratch = malloc(watch->scratch_len);
        ASSAY_ASSERT(watch->scratch != NULL);
    }
    assay_state_root(state, watch->scratch, watch->scratch_len, root);
    if (assay_bytes_equal(root, closed->root, sizeof root))
        assay_sim_report_check(watch->outcome, ASSAY_SIM_CHECKER_P10, closed->epoch, NULL);
    else
        assay_sim_report_check(watch->outcome, ASSAY_SIM_CHECKER_P10, closed->epoch,
                               "the state has another root than the one agreed on: %02x%02x, not "
                               "%02x%02x",
                               root[0], root[1], closed->root[0], closed->root[1]);
}

/* P11: a HOLD changes nothing.
 * Without a certified close (protocol.md 7.2: more than 2W/3 of the weight in counted ballots) A
 * stays, I falls only by a proof and never rises, and no standing improves or counts on. */
static const char *find_held_change(const struct assay_member *before,
                                    const struct assay_member *after)
{
    const struct assay_trust_state *old = &before->trust;
    const struct assay_trust_state *now = &after->trust;
    const bool struck = after->found.integrity_reason >= ASSAY_INTEGRITY_FALSE_FAIL;
    if (now->availability_bp != old->availability_bp) return "availability moved";
    if (now->integrity_bp > old->integrity_bp) return "integrity rose";
    if (now->integrity_bp < old->integrity_bp && !struck) return "integrity fell without a proof";
    if (now->score.standing < old->score.standing) return "its standing rose";
    if (!struck && now->score.held_epochs != old->score.held_epochs) return "it was counted";
    return NULL;
}

static void check_p11(const struct assay_watch_epoch *epoch)
{
    struct assay_sim_outcome *outcome = epoch->watch->outcome;
    const uint64_t number = epoch->closed->epoch;
    if (epoch->after->certified) {
        if (3 * epoch->balloted > 2 * epoch->total)
            assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_P11, number, NULL);
        else
            assay_sim_report_check(
                outcome, ASSAY_SIM_CHECKER_P11, number, "certified with ballots of %llu of %llu",
                (unsigned long long)epoch->balloted, (unsigned long long)epoch->total);
        return;
    }
    for (uint32_t slot = 0; slot < epoch->watch->nodes; slot++) {
        if (assay_watch_set_aside(epoch, slot)) continue;
        const char *what =
            find_held_change(&epoch->before->members[slot], &epoch->after->members[slot]);
        if (what == NULL) assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_P11, number, NULL);
        else
            assay_sim_report_check(outcome, ASSAY_SIM_CHECKER_P11, number,
                                   "node %u: %s in an epoch that is HELD", slot, what);
    }
}

void assay_watch_network(const struct assay_watch_epoch *epoch)
{
    const struct table now = table_of(epoch->watch, epoch->after);
    check_p5(epoch, &now);
    check_p9(epoch, &now);
    check_p11(epoch);
}
