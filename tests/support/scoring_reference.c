/*
 * tests/support/scoring_reference.c - see the header. Slow on purpose; nothing here is clever.
 */
#include "tests/support/scoring_reference.h"

#include "base/assert.h"
#include "base/bytes.h"

#include <stddef.h>

typedef bool same_group(const struct assay_place *a, const struct assay_place *b);

static bool same_id(const uint8_t *a, const uint8_t *b)
{
    return assay_bytes_equal(a, b, ASSAY_SCORING_ID_LEN);
}

static bool same_operator(const struct assay_place *a, const struct assay_place *b)
{
    return same_id(a->operator_id, b->operator_id);
}

static bool same_vendor(const struct assay_place *a, const struct assay_place *b)
{
    return same_id(a->vendor_root, b->vendor_root);
}

/* "Masked ids ... share one unit per (operator, vendor root), and count as one platform." */
static bool same_platform(const struct assay_place *a, const struct assay_place *b)
{
    if (a->platform_shared && b->platform_shared) return same_operator(a, b) && same_vendor(a, b);
    if (a->platform_shared || b->platform_shared) return false;
    return same_id(a->platform_id, b->platform_id);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    if (a % b != 0 && (a < 0) != (b < 0)) quotient--;
    return quotient;
}

static int64_t clamp(int64_t x, int64_t low, int64_t high)
{
    if (x < low) return low;
    return x > high ? high : x;
}

uint16_t reference_lo(uint64_t pass, uint64_t total, uint64_t table)
{
    uint16_t lo = 0;
    if (pass + pass + pass <= table) return 0;
    for (uint16_t x = 0; x <= 10000; x++)
        if ((uint64_t)x * total + 10000 * total <= 30000 * pass) lo = x;
    return lo;
}

/* On the line from (N = T/3, 10000) to (N = 2W/3, 0). */
uint16_t reference_hi(uint64_t negative, uint64_t total, uint64_t table)
{
    if (negative + negative + negative <= table) return 10000;
    for (uint16_t x = 0; x < 10000 && total + total > table; x++)
        if ((uint64_t)x * (total + total - table) + 30000 * negative >= 20000 * total) return x;
    return total + total > table ? 10000 : 0;
}

/* The report of a voter on a subject; none for silence, other ballots, own slot, own platform. */
static unsigned said(const struct assay_tally_input *input, const struct assay_place *places,
                     uint32_t voter, uint32_t subject)
{
    if (input->rows[voter] == NULL || input->members[subject].held) return ASSAY_OUTCOME_NONE;
    if (same_platform(&places[voter], &places[subject])) return ASSAY_OUTCOME_NONE;
    const unsigned pair = input->rows[voter][subject / 2];
    return subject % 2 == 1 ? pair / 16 : pair % 16;
}

/* "weighted median of PASS levels, the lower one on a tie": lay the votes out from the lowest level
 * upwards and read the one in the middle. */
static enum assay_outcome median_level(const uint64_t level_weight[3], uint64_t table)
{
    const uint64_t total = level_weight[0] + level_weight[1] + level_weight[2];
    const uint64_t middle = (total + 1) / 2; /* the lower middle when total is even */
    const uint64_t lower[2] = { level_weight[2], level_weight[2] + level_weight[1] };
    const int low = middle <= lower[0] ? 0 : middle <= lower[1] ? 1 : 2;
    if (low < 2 && 3 * lower[low] <= table) return ASSAY_OUTCOME_NONE;
    return low == 0   ? ASSAY_OUTCOME_PASS_OUT_OF_DATE
           : low == 1 ? ASSAY_OUTCOME_PASS_NEEDS_HARDENING
                      : ASSAY_OUTCOME_PASS_UP_TO_DATE;
}

static void count_votes(const struct assay_tally_input *input, const struct assay_place *places,
                        uint32_t count, uint32_t subject, uint64_t table,
                        struct assay_tally_result *result)
{
    const struct assay_faults *faults = &input->members[subject].faults;
    uint64_t level_weight[3] = { 0, 0, 0 };
    for (uint32_t voter = 0; voter < count; voter++) {
        const uint32_t weight = input->weights[voter];
        if (!same_platform(&places[voter], &places[subject])) result->electorate_weight += weight;
        const unsigned outcome = said(input, places, voter, subject);
        if (outcome == ASSAY_OUTCOME_ABSENT) result->negative_weight += weight;
        if (outcome == ASSAY_OUTCOME_UNJUDGED) result->unjudged_weight += weight;
        if (outcome == ASSAY_OUTCOME_FAIL_SOFT || outcome == ASSAY_OUTCOME_FAIL_HARD)
            if (faults->own_fail_hard || faults->own_fail_soft) result->negative_weight += weight;
        if (outcome >= 4 && outcome <= 6) {
            result->pass_weight += weight;
            level_weight[outcome - 4] += weight;
        }
    }
    if (3 * result->pass_weight > table) result->level = median_level(level_weight, table);
}

static void set_bounds(uint64_t table, struct assay_tally_result *result)
{
    const int64_t p = (int64_t)result->pass_weight;
    const int64_t n = (int64_t)result->negative_weight;
    const int64_t w = (int64_t)result->electorate_weight;
    const int64_t t = (int64_t)table;
    result->lo_bp = 0;
    result->hi_bp = 10000;
    if (w == 0) return;
    if (3 * p > t) result->lo_bp = (uint16_t)clamp(floor_div(10000 * (3 * p - w), w), 0, 10000);
    if (3 * n <= t) return;
    const int64_t part = 2 * w > t ? -floor_div(-10000 * (2 * w - 3 * n), 2 * w - t) : 0;
    result->hi_bp = (uint16_t)clamp(part, 0, 10000);
}

/* "certified epochs in a row ... from 8 on": counts that stop at 8. */
static void count_epochs(const struct assay_tally_member *member, uint64_t table,
                         struct assay_trust_state *trust, const struct assay_tally_result *result)
{
    if (member->duty && member->balloted) trust->mute_epochs = 0;
    if (member->duty && !member->balloted && !member->held && trust->mute_epochs != 8)
        trust->mute_epochs++;
    const bool seen_good = 3 * result->pass_weight > table;
    const bool unjudged = 3 * result->unjudged_weight > 2 * result->electorate_weight;
    if (seen_good) trust->unjudged_epochs = 0;
    if (unjudged && !seen_good && trust->unjudged_epochs != 8) trust->unjudged_epochs++;
}

/* The new N; a mute member counts as absent for all voters, whichever report PASS. */
static bool as_absent(const struct assay_tally_member *member, uint64_t table,
                      const struct assay_trust_state *trust,
                      const struct assay_tally_result *result, struct assay_tally_result *as)
{
    *as = *result;
    if (trust->unjudged_epochs == 8) as->negative_weight += as->unjudged_weight;
    if (trust->mute_epochs == 8 && !member->held) {
        as->pass_weight = 0;
        as->negative_weight = as->electorate_weight = table; /* members with a vote */
    }
    set_bounds(table, as);
    return trust->mute_epochs == 8 || trust->unjudged_epochs == 8;
}

static void move_availability(const struct assay_tally_summary *summary,
                              const struct assay_tally_member *member,
                              struct assay_trust_state *trust, struct assay_tally_result *result)
{
    struct assay_tally_result as;
    const bool certified = summary->certified;
    if (certified) count_epochs(member, summary->total_weight, trust, result);
    const bool absent = as_absent(member, summary->total_weight, trust, result, &as);
    const int64_t a = trust->availability_bp;
    const uint64_t taking_part = as.pass_weight + as.negative_weight;
    int64_t next = a;
    result->availability_rule = ASSAY_AVAILABILITY_HOLD;
    if (!certified) {
        result->availability_rule = ASSAY_AVAILABILITY_UNCERTIFIED;
    } else if (3 * taking_part > 2 * as.electorate_weight && a > as.hi_bp) {
        next = a + floor_div(-(a - as.hi_bp), 4);
        result->availability_rule = !absent                   ? ASSAY_AVAILABILITY_FALL
                                    : trust->mute_epochs == 8 ? ASSAY_AVAILABILITY_MUTE
                                                              : ASSAY_AVAILABILITY_UNJUDGED;
    } else if (a < as.lo_bp) {
        next = clamp(a + 500, 0, as.lo_bp);
        result->availability_rule = ASSAY_AVAILABILITY_RISE;
    }
    trust->availability_bp = (uint16_t)next;
}

/* "a certified epoch in which its own ballot counted, no FAIL was proven, 3N > T and 3U <= T: +1;
 * 3P > T: -1" */
static void move_quiet(const struct assay_tally_input *input,
                       const struct assay_tally_member *member, uint64_t table,
                       const struct assay_tally_result *result, struct assay_trust_state *trust)
{
    const bool fail = member->faults.own_fail_hard || member->faults.own_fail_soft;
    const bool passed = 3 * result->pass_weight > table;
    const bool absent = 3 * result->negative_weight > table && 3 * result->unjudged_weight <= table;
    const unsigned before = trust->quiet_epochs;
    if (passed && before > 0) trust->quiet_epochs = (uint8_t)(before - 1);
    if (!passed && absent && member->balloted && !member->held && !input->trial && !fail &&
        before < 8)
        trust->quiet_epochs = (uint8_t)(before + 1);
    if (trust->quiet_epochs < 8) trust->quiet_since_epoch = 0;
    else if (before < 8) trust->quiet_since_epoch = input->epoch;
}

static uint16_t minus_quarter(uint16_t score)
{
    uint16_t part = 0;
    while (4 * part < score)
        part++; /* ceil(score / 4) */
    return (uint16_t)(score - part);
}

/* Returns true when I dropped by a proof; *to_zero when one of them set it to 0. */
static bool strike(const struct assay_tally_input *input, const struct assay_faults *faults,
                   struct assay_trust_state *trust, struct assay_tally_result *result,
                   bool *to_zero)
{
    const uint64_t last = trust->last_false_fail_epoch;
    bool fell = false;
    if (faults->false_fails > 0) {
        const bool another = last > 0 && input->epoch < last + 512;
        if (another || faults->false_fails > 1) {
            *to_zero = true;
            result->integrity_reason = ASSAY_INTEGRITY_FALSE_FAIL_AGAIN;
        } else {
            trust->integrity_bp = minus_quarter(trust->integrity_bp);
            result->integrity_reason = ASSAY_INTEGRITY_FALSE_FAIL;
        }
        trust->last_false_fail_epoch = input->epoch;
        fell = true;
    }
    if (faults->own_fail_soft) {
        trust->integrity_bp = minus_quarter(trust->integrity_bp);
        if (!*to_zero) result->integrity_reason = ASSAY_INTEGRITY_FAIL_SOFT;
        fell = true;
    }
    const bool zero[3] = { faults->false_pass, faults->equivocation, faults->own_fail_hard };
    const enum assay_integrity_reason why[3] = { ASSAY_INTEGRITY_FALSE_PASS,
                                                 ASSAY_INTEGRITY_EQUIVOCATION,
                                                 ASSAY_INTEGRITY_FAIL_HARD };
    for (int k = 0; k < 3; k++) {
        if (!zero[k]) continue;
        *to_zero = fell = true;
        result->integrity_reason = why[k];
    }
    if (*to_zero) trust->integrity_bp = 0;
    return fell;
}

static void apply_ladder(const struct assay_tally_input *input, struct assay_trust_state *trust,
                         struct assay_tally_result *result)
{
    uint16_t ceiling = 10000;
    if (result->level == ASSAY_OUTCOME_PASS_NEEDS_HARDENING)
        ceiling = input->rules->hardening_ceiling_bp;
    if (result->level == ASSAY_OUTCOME_PASS_OUT_OF_DATE) {
        if (trust->out_of_date_since_epoch == 0) trust->out_of_date_since_epoch = input->epoch;
        ceiling = 8999;
        if (input->epoch >= trust->out_of_date_since_epoch + input->rules->grace_epochs)
            ceiling = 7499;
    } else {
        trust->out_of_date_since_epoch = 0;
    }
    result->ceiling_bp = ceiling;
}

static uint16_t rise_of(const struct assay_trust_state *trust)
{
    static const uint16_t by_earlier[] = { 100, 50, 25, 12 };
    if (trust->offences.count <= 1) return by_earlier[0];
    return trust->offences.count <= 4 ? by_earlier[trust->offences.count - 1] : 12;
}

/* "Up: first, whenever 3P > W ... Then ... if and only if" */
static void move_up(const struct assay_tally_input *input, const struct assay_tally_member *member,
                    bool fell, struct assay_trust_state *trust, struct assay_tally_result *result)
{
    if (result->level == ASSAY_OUTCOME_NONE) {
        if (!fell) result->integrity_reason = ASSAY_INTEGRITY_HELD_FEW;
        return;
    }
    apply_ladder(input, trust, result);
    const uint16_t before = trust->integrity_bp;
    if (trust->integrity_bp > result->ceiling_bp) trust->integrity_bp = result->ceiling_bp;
    if (fell) return;
    if (trust->integrity_bp < before) {
        result->integrity_reason = ASSAY_INTEGRITY_CEILING;
        return;
    }
    int64_t top = trust->integrity_bp + rise_of(trust);
    if (result->ceiling_bp < top) top = result->ceiling_bp;
    if (result->lo_bp < top) top = result->lo_bp;
    if (top <= trust->integrity_bp) result->integrity_reason = ASSAY_INTEGRITY_HELD_BOUND;
    else if (!trust->listed_after_failure) result->integrity_reason = ASSAY_INTEGRITY_HELD_UNLISTED;
    else if (member->duty && !member->balloted)
        result->integrity_reason = ASSAY_INTEGRITY_HELD_NO_BALLOT;
    else {
        result->integrity_reason = ASSAY_INTEGRITY_RISE;
        trust->integrity_bp = (uint16_t)top;
    }
}

static void move_standing(bool certified, uint16_t score, struct assay_hysteresis *state)
{
    static const uint16_t bounds[] = { 9000, 7500, 5000, 0 };
    unsigned standing = (unsigned)state->standing;
    unsigned held = state->held_epochs;
    if (score < bounds[standing]) {
        while (score < bounds[standing])
            standing++;
        held = 0;
    } else if (standing == 0 || score < bounds[standing - 1] + 200) {
        held = 0;
    } else if (certified) {
        held++;
    }
    if (held == 3) {
        standing--;
        held = 0;
    }
    state->standing = (enum assay_standing)standing;
    state->held_epochs = (uint8_t)held;
}

static void move_integrity(const struct assay_tally_input *input,
                           const struct assay_tally_member *member, bool certified,
                           struct assay_trust_state *trust, struct assay_tally_result *result)
{
    const struct assay_trust_state before = *trust;
    bool to_zero = false;
    result->ceiling_bp = 10000;
    result->integrity_reason = ASSAY_INTEGRITY_HELD_UNCERTIFIED;
    const bool fell = strike(input, &member->faults, trust, result, &to_zero);
    if (certified) move_up(input, member, fell, trust, result);
    move_standing(certified, trust->integrity_bp, &trust->integrity);

    const bool was_at_zero = before.integrity_bp == 0 && !before.listed_after_failure;
    const bool entered = trust->integrity.standing == ASSAY_STANDING_SUSPENDED &&
                         before.integrity.standing != ASSAY_STANDING_SUSPENDED;
    result->integrity_failed = (to_zero && !was_at_zero) || entered;
    if (result->integrity_failed) trust->listed_after_failure = false;
}

/* Offences belong to the platform: each member includes all members on its platform. */
static void move_offences(const struct assay_tally_input *input, const struct assay_place *places,
                          uint32_t count, uint32_t me, struct assay_offences *offences,
                          struct assay_tally_result *results)
{
    bool failed = false;
    bool struck = false;
    bool passed = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!same_platform(&places[i], &places[me])) continue;
        const struct assay_faults *f = &input->members[i].faults;
        failed |= results[i].integrity_failed;
        passed |= results[i].certified_pass;
        struck |= f->own_fail_hard || f->own_fail_soft || f->equivocation || f->false_pass ||
                  f->false_fails > 0;
    }
    results[me].offence = false;
    if (failed && (offences->last_epoch == 0 || input->epoch >= offences->last_epoch + 32)) {
        offences->count++;
        offences->last_epoch = input->epoch;
        results[me].offence = results[me].integrity_failed;
    }
    if (struck) offences->clean_epochs = 0;
    else if (passed && offences->count > 0) offences->clean_epochs++;
    if (offences->clean_epochs == 512) {
        offences->count--;
        offences->clean_epochs = 0;
    }
}

void reference_tally(const struct assay_tally_input *input, const struct assay_place *places,
                     uint32_t count, struct assay_trust_state *trust,
                     struct assay_tally_result *results, struct assay_tally_summary *summary)
{
    *summary = (struct assay_tally_summary){ 0 };
    for (uint32_t i = 0; i < count; i++) {
        summary->total_weight += input->weights[i];
        if (input->rows[i] != NULL) summary->counted_weight += input->weights[i];
    }
    const bool certified =
        input->roll_present && 3 * summary->counted_weight > 2 * summary->total_weight;
    summary->certified = certified;
    for (uint32_t i = 0; i < count; i++) {
        trust[i] = input->trust[i];
        results[i] = (struct assay_tally_result){ 0 };
        count_votes(input, places, count, i, summary->total_weight, &results[i]);
        set_bounds(summary->total_weight, &results[i]);
        results[i].certified_pass = certified && 3 * results[i].pass_weight > summary->total_weight;
        move_availability(summary, &input->members[i], &trust[i], &results[i]);
        if (certified)
            move_quiet(input, &input->members[i], summary->total_weight, &results[i], &trust[i]);
        move_integrity(input, &input->members[i], certified, &trust[i], &results[i]);
        const uint16_t a = trust[i].availability_bp;
        const uint16_t score = trust[i].integrity_bp < a ? trust[i].integrity_bp : a;
        move_standing(certified, score, &trust[i].score);
        const bool weighs = trust[i].integrity.standing != ASSAY_STANDING_SUSPENDED;
        if (weighs && trust[i].integrity_bp > trust[i].peak_bp)
            trust[i].peak_bp = trust[i].integrity_bp;
    }
    for (uint32_t i = 0; i < count; i++)
        move_offences(input, places, count, i, &trust[i].offences, results);
}

/* --- weights ------------------------------------------------------------------------------- */

uint64_t reference_cap_limit(const uint64_t *sums, uint32_t group_count, struct assay_cap cap,
                             uint64_t total_before)
{
    uint64_t total = 0;
    uint64_t max = 0;
    uint64_t min = UINT64_MAX;
    for (uint32_t g = 0; g < group_count; g++) {
        total += sums[g];
        if (sums[g] > max) max = sums[g];
        if (sums[g] > 0 && sums[g] < min) min = sums[g];
    }
    if (total == 0) return 0;
    uint64_t l1 = 0;
    uint64_t l2 = max;
    for (uint64_t limit = total + 1; limit-- > 0;) {
        uint64_t left = 0;
        for (uint32_t g = 0; g < group_count; g++)
            left += sums[g] < limit ? sums[g] : limit;
        if (l1 == 0 && cap.den * limit <= cap.num * left) l1 = limit;
        if (2 * total >= total_before && 2 * left >= total_before && limit < l2) l2 = limit;
    }
    uint64_t limit = min;
    if (l1 > limit) limit = l1;
    if (l2 > limit) limit = l2;
    return limit;
}

static uint64_t sum_of_group(const struct assay_place *places, uint32_t count, same_group *same,
                             uint32_t of, const uint32_t *weights)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        if (same(&places[i], &places[of])) sum += weights[i];
    return sum;
}

/* Scale one group to limit: floors, then +1 one by one to the smallest id that still may get it. */
static void scale_group(const struct assay_place *places, uint32_t count, same_group *same,
                        uint32_t of, uint64_t sum, uint64_t limit, uint32_t *weights)
{
    bool may_get[REFERENCE_MEMBERS_MAX] = { false };
    uint64_t given = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!same(&places[i], &places[of])) continue;
        const uint64_t product = weights[i] * limit;
        may_get[i] = product % sum != 0;
        weights[i] = (uint32_t)(product / sum);
        given += weights[i];
    }
    for (; given < limit; given++) {
        uint32_t next = count;
        for (uint32_t i = 0; i < count; i++) {
            if (!may_get[i]) continue;
            if (next == count || assay_bytes_compare(places[i].node_id, places[next].node_id,
                                                     ASSAY_SCORING_ID_LEN) < 0)
                next = i;
        }
        ASSAY_ASSERT(next < count);
        weights[next]++;
        may_get[next] = false;
    }
}

static void scale_all(const struct assay_place *places, uint32_t count, same_group *same,
                      uint64_t limit, uint32_t *weights)
{
    bool done[REFERENCE_MEMBERS_MAX] = { false };
    for (uint32_t i = 0; i < count; i++) {
        if (done[i]) continue;
        for (uint32_t j = i; j < count; j++)
            if (same(&places[i], &places[j])) done[j] = true;
        const uint64_t sum = sum_of_group(places, count, same, i, weights);
        if (sum > limit) scale_group(places, count, same, i, sum, limit, weights);
    }
}

static void cut(const struct assay_place *places, uint32_t count, same_group *same,
                struct assay_cap cap, uint64_t total_before, uint32_t *weights)
{
    uint64_t sums[REFERENCE_MEMBERS_MAX];
    uint32_t groups = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool seen = false;
        for (uint32_t j = 0; j < i; j++)
            seen |= same(&places[i], &places[j]);
        if (!seen) sums[groups++] = sum_of_group(places, count, same, i, weights);
    }
    const uint64_t limit = reference_cap_limit(sums, groups, cap, total_before);
    scale_all(places, count, same, limit, weights);
}

void reference_units(const struct assay_weight_input *input, const struct assay_place *places,
                     uint32_t count, uint32_t *weights)
{
    ASSAY_ASSERT(count <= REFERENCE_MEMBERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        const bool listed = input->unlisted == NULL || !input->unlisted[i];
        const bool suspended = input->trust[i].integrity.standing == ASSAY_STANDING_SUSPENDED;
        weights[i] = listed && !suspended ? input->trust[i].integrity_bp : 0;
    }
    scale_all(places, count, same_platform, 10000, weights);
}

static uint64_t sum_of_all(uint32_t count, const uint32_t *weights)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += weights[i];
    return sum;
}

bool reference_lifted(const struct assay_place *places, uint32_t count, const uint32_t *before,
                      const uint32_t *after)
{
    same_group *const families[] = { same_operator, same_vendor };
    const uint64_t r = sum_of_all(count, before);
    const uint64_t t = sum_of_all(count, after);
    for (int f = 0; f < 2; f++)
        for (uint32_t i = 0; i < count; i++) {
            const uint64_t a = sum_of_group(places, count, families[f], i, before);
            const uint64_t b = sum_of_group(places, count, families[f], i, after);
            if (3 * b > t && !(b * r <= a * t)) return true;
        }
    return false;
}

/* H in place of I, after one unit per platform. */
void reference_peaks(const struct assay_weight_input *input, const struct assay_place *places,
                     uint32_t count, uint32_t *weights)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct assay_trust_state *t = &input->trust[i];
        const bool suspended = t->integrity.standing == ASSAY_STANDING_SUSPENDED;
        weights[i] = t->peak_bp;
        if (!suspended && t->integrity_bp > weights[i]) weights[i] = t->integrity_bp;
        if (input->unlisted != NULL && input->unlisted[i]) weights[i] = 0;
    }
    scale_all(places, count, same_platform, 10000, weights);
}

/* The factor of one member in parts of 65536: the smallest on its platform, 1/B at least. */
static uint64_t factor_of(const struct assay_weight_rules *rules, const struct assay_place *places,
                          uint32_t count, uint32_t me, const uint32_t *peak, const uint32_t *cut)
{
    uint64_t least = 0, factor = 65536;
    while (least * rules->amplification_percent < 6553600)
        least++;
    for (uint32_t i = 0; i < count; i++) {
        if (peak[i] == 0 || !same_platform(&places[i], &places[me])) continue;
        uint64_t left = 0;
        if (cut[i] > 0) left = (65536 * (uint64_t)cut[i] - 1) / peak[i] + 1;
        if (left < least) left = least;
        if (left < factor) factor = left;
    }
    return factor;
}

static uint32_t times(uint32_t weight, uint64_t factor)
{
    const uint64_t product = weight * factor / 65536;
    return weight > 0 && product == 0 ? 1 : (uint32_t)product;
}

enum assay_cuts reference_weights(const struct assay_weight_input *input,
                                  const struct assay_place *places, uint32_t count,
                                  uint32_t *weights)
{
    static const char *const sequences[] = { "ovov", "ov", "v", "o", "" };
    uint32_t peak[REFERENCE_MEMBERS_MAX], cutting[REFERENCE_MEMBERS_MAX];
    uint32_t table[REFERENCE_MEMBERS_MAX];
    uint64_t factors[REFERENCE_MEMBERS_MAX];
    unsigned stands = 0;
    reference_peaks(input, places, count, peak);
    for (bool good = false; !good; stands += good ? 0 : 1) {
        for (uint32_t i = 0; i < count; i++)
            cutting[i] = peak[i];
        for (const char *turn = sequences[stands]; *turn != '\0'; turn++)
            cut(places, count, *turn == 'o' ? same_operator : same_vendor,
                *turn == 'o' ? input->rules->operator_cap : input->rules->vendor_cap,
                sum_of_all(count, peak), cutting);
        for (uint32_t i = 0; i < count; i++) {
            factors[i] = factor_of(input->rules, places, count, i, peak, cutting);
            table[i] = times(peak[i], factors[i]);
        }
        good = !reference_lifted(places, count, peak, table);
    }
    reference_units(input, places, count, weights);
    for (uint32_t i = 0; i < count; i++)
        weights[i] = times(weights[i], factors[i]);
    if (sum_of_all(count, weights) == 0 && input->previous != NULL)
        for (uint32_t i = 0; i < count; i++)
            weights[i] = input->previous[i];
    return (enum assay_cuts)stands;
}

/* --- comparing ----------------------------------------------------------------------------- */

static bool hysteresis_equal(struct assay_hysteresis a, struct assay_hysteresis b)
{
    return a.standing == b.standing && a.held_epochs == b.held_epochs;
}

bool reference_trust_equal(const struct assay_trust_state *a, const struct assay_trust_state *b)
{
    return a->integrity_bp == b->integrity_bp && a->peak_bp == b->peak_bp &&
           a->availability_bp == b->availability_bp && hysteresis_equal(a->score, b->score) &&
           hysteresis_equal(a->integrity, b->integrity) &&
           a->listed_after_failure == b->listed_after_failure &&
           a->offences.count == b->offences.count &&
           a->offences.last_epoch == b->offences.last_epoch &&
           a->offences.clean_epochs == b->offences.clean_epochs &&
           a->last_false_fail_epoch == b->last_false_fail_epoch &&
           a->out_of_date_since_epoch == b->out_of_date_since_epoch &&
           a->mute_epochs == b->mute_epochs && a->unjudged_epochs == b->unjudged_epochs &&
           a->quiet_epochs == b->quiet_epochs && a->quiet_since_epoch == b->quiet_since_epoch;
}

bool reference_result_equal(const struct assay_tally_result *a, const struct assay_tally_result *b)
{
    return a->pass_weight == b->pass_weight && a->negative_weight == b->negative_weight &&
           a->unjudged_weight == b->unjudged_weight &&
           a->electorate_weight == b->electorate_weight && a->lo_bp == b->lo_bp &&
           a->hi_bp == b->hi_bp && a->ceiling_bp == b->ceiling_bp && a->level == b->level &&
           a->certified_pass == b->certified_pass && a->integrity_failed == b->integrity_failed &&
           a->offence == b->offence && a->availability_rule == b->availability_rule &&
           a->integrity_reason == b->integrity_reason;
}
