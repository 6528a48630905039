/*
 * scoring/tally.c - sums of the ballots of one epoch, and the rules applied to every member.
 *
 * protocol.md 7. Three passes: rows into sums per subject, each subject by itself, then the offence
 * record that the ids of one platform share.
 *
 * Ballots of one epoch are much alike: most votes on most subjects are equal. So a row is read in
 * blocks of sixteen subjects, and the last two patterns of each block are cached with their weight:
 * a block that is one of them costs one addition instead of sixteen.
 */
#include "scoring/tally.h"

#include "base/assert.h"
#include "scoring/integrity.h"
#include "scoring/score.h"
#include "scoring/standing.h"
#include "scoring/weight.h"

_Static_assert(UINT64_C(1) * ASSAY_SCORING_MEMBERS_MAX * ASSAY_WEIGHT_UNIT <= UINT32_MAX,
               "sums of weights are kept in 32 bits");

/* Votes on one subject, by weight. Four words side by side: one vector add. */
struct sums {
    uint32_t up_to_date;
    uint32_t needs_hardening;
    uint32_t out_of_date;
    uint32_t negative;
};

/* What one voter's outcome adds, by nibble; [1] for subjects whose FAIL is proven. */
struct addends {
    struct sums of[2][16];
};

enum { BLOCK_SUBJECTS = 16, BLOCK_LEN = 8, PATTERNS = 2 };

/* Votes on sixteen subjects, with weight not yet in any sum. */
struct pattern {
    uint64_t nibbles; /* the first subject in the lowest four bits */
    uint64_t weight;
};

struct block {
    struct pattern seen[PATTERNS]; /* the last one that occurred again first */
};

struct scratch {
    struct sums *sums;          /* [count] by subject */
    uint64_t *platform_weights; /* [platform_count] */
    struct block *blocks;       /* [block_count] */
    uint32_t *unjudged;         /* [count] by subject; rare, so apart from the sums */
    uint8_t *fail_proven;       /* [count] 0 or 1 */
    uint32_t block_count;
    uint32_t weighed; /* what addends is for */
    struct addends addends;
};

struct assay_score_rules assay_score_rules_default(void)
{
    enum { THIRTY_DAYS_OF_MINUTES = 30 * 24 * 60 };
    return (struct assay_score_rules){
        .hardening_ceiling_bp = ASSAY_SCORE_BP_MAX,
        .grace_epochs = THIRTY_DAYS_OF_MINUTES,
    };
}

static uint32_t block_count_of(uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_SCORING_MEMBERS_MAX);
    return (count + BLOCK_SUBJECTS - 1) / BLOCK_SUBJECTS;
}

size_t assay_tally_memory_len(uint32_t count)
{
    ASSAY_ASSERT(count <= ASSAY_SCORING_MEMBERS_MAX);
    const size_t each = sizeof(struct sums) + sizeof(uint64_t) + sizeof(uint32_t) + sizeof(uint8_t);
    return (size_t)count * each + block_count_of(count) * sizeof(struct block);
}

/* What the loops over members rely on: every slot is in a group of the roster. */
static bool scratch_holds(const struct scratch *scratch, const struct assay_groups *groups)
{
    return groups->count > 0 && groups->count <= ASSAY_SCORING_MEMBERS_MAX &&
           groups->platform_count > 0 && groups->platform_count <= groups->count &&
           scratch->block_count == block_count_of(groups->count);
}

static void sums_add(struct sums *sums, const struct sums *addend)
{
    sums->up_to_date += addend->up_to_date;
    sums->needs_hardening += addend->needs_hardening;
    sums->out_of_date += addend->out_of_date;
    sums->negative += addend->negative;
}

static void sums_take(struct sums *sums, const struct sums *addend)
{
    sums->up_to_date -= addend->up_to_date;
    sums->needs_hardening -= addend->needs_hardening;
    sums->out_of_date -= addend->out_of_date;
    sums->negative -= addend->negative;
}

/* All other nibbles (none, unjudged, and what no outcome has) add nothing to these sums. */
static void add_weight(struct scratch *scratch, uint32_t weight)
{
    ASSAY_ASSERT(weight > 0);
    if (scratch->weighed == weight) return;
    scratch->weighed = weight;
    for (unsigned proven = 0; proven < 2; proven++) {
        struct sums *of = scratch->addends.of[proven];
        of[ASSAY_OUTCOME_ABSENT].negative = weight;
        of[ASSAY_OUTCOME_PASS_UP_TO_DATE].up_to_date = weight;
        of[ASSAY_OUTCOME_PASS_NEEDS_HARDENING].needs_hardening = weight;
        of[ASSAY_OUTCOME_PASS_OUT_OF_DATE].out_of_date = weight;
        of[ASSAY_OUTCOME_PASS_UP_TO_DATE + ASSAY_VOTE_NO_KEYS].up_to_date = weight;
        of[ASSAY_OUTCOME_PASS_NEEDS_HARDENING + ASSAY_VOTE_NO_KEYS].needs_hardening = weight;
        of[ASSAY_OUTCOME_PASS_OUT_OF_DATE + ASSAY_VOTE_NO_KEYS].out_of_date = weight;
    }
    /* protocol.md 7.2: a FAIL counts into N only when proven, so slander alone moves nothing. */
    scratch->addends.of[1][ASSAY_OUTCOME_FAIL_SOFT].negative = weight;
    scratch->addends.of[1][ASSAY_OUTCOME_FAIL_HARD].negative = weight;
}

/* Eight bytes of a row, the lowest slot in the lowest nibble. (Compilers turn it into one load.) */
static uint64_t whole_block(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24 |
           (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48 |
           (uint64_t)at[7] << 56;
}

/* What is left of a row behind its last whole block. */
static uint64_t last_block(const uint8_t *at, size_t len)
{
    ASSAY_ASSERT(len <= BLOCK_LEN);
    uint64_t nibbles = 0;
    for (size_t i = 0; i < len; i++)
        nibbles |= (uint64_t)at[i] << (8 * i);
    return nibbles;
}

/* A pattern without UNJUDGED costs four operations. */
static void add_unjudged(uint32_t *unjudged, uint32_t end, uint64_t nibbles, uint32_t weight)
{
    ASSAY_ASSERT(end <= BLOCK_SUBJECTS);
    const uint64_t ones = UINT64_C(0x1111111111111111);
    const uint64_t differs = nibbles ^ ones * ASSAY_OUTCOME_UNJUDGED; /* 0 where it says so */
    if (((differs - ones) & ~differs & ones * 8) == 0) return;
    for (uint32_t i = 0; i < end; i++, nibbles >>= 4)
        if ((nibbles & 0x0f) == ASSAY_OUTCOME_UNJUDGED) unjudged[i] += weight;
}

/* The weight behind a pattern goes into the sums of its subjects. */
static void settle_pattern(struct scratch *scratch, uint32_t count, uint32_t block,
                           struct pattern *pattern)
{
    ASSAY_ASSERT(block < scratch->block_count && block * BLOCK_SUBJECTS < count);
    const uint32_t first = block * BLOCK_SUBJECTS;
    const uint32_t end = count - first < BLOCK_SUBJECTS ? count - first : BLOCK_SUBJECTS;
    struct sums *sums = scratch->sums + first;
    const uint8_t *proven = scratch->fail_proven + first;
    uint64_t nibbles = pattern->nibbles;
    if (pattern->weight == 0) return;
    ASSAY_ASSERT(pattern->weight <= UINT32_MAX);
    const uint32_t weight = (uint32_t)pattern->weight; /* a sum of weights: 32 bits hold it */
    add_weight(scratch, weight);
    add_unjudged(scratch->unjudged + first, end, nibbles, weight);
    pattern->weight = 0;
    for (uint32_t i = 0; i < end; i++, nibbles >>= 4)
        sums_add(&sums[i], &scratch->addends.of[proven[i]][nibbles & 0x0f]);
}

static void add_block(struct scratch *scratch, uint32_t count, uint32_t block, uint64_t nibbles,
                      uint32_t weight)
{
    ASSAY_ASSERT(block < scratch->block_count && block * BLOCK_SUBJECTS < count);
    struct pattern *seen = scratch->blocks[block].seen;
    if (seen[0].nibbles == nibbles) {
        seen[0].weight += weight;
        return;
    }
    if (seen[1].nibbles == nibbles) {
        const struct pattern again = seen[1];
        seen[1] = seen[0];
        seen[0] = again;
        seen[0].weight += weight;
        return;
    }
    settle_pattern(scratch, count, block, &seen[1]);
    seen[1] = (struct pattern){ .nibbles = nibbles, .weight = weight };
}

/*
 * protocol.md 7.1, one ballot: the complete row is added, then its votes on the voter's own
 * platform are subtracted, because the electorate of s excludes s and the ids of its platform.
 * (Sums are modulo 2^32: subtraction may precede addition.)
 */
static void add_row(const struct assay_groups *groups, struct scratch *scratch, const uint8_t *row,
                    uint32_t voter, uint32_t weight)
{
    ASSAY_ASSERT(row != NULL && voter < groups->count);
    ASSAY_ASSERT(weight > 0 && weight <= ASSAY_WEIGHT_UNIT);
    const size_t row_len = assay_votes_row_len(groups->count);
    const uint32_t whole = (uint32_t)(row_len / BLOCK_LEN);
    for (uint32_t block = 0; block < whole; block++)
        add_block(scratch, groups->count, block, whole_block(row + (size_t)block * BLOCK_LEN),
                  weight);
    if (whole < scratch->block_count) {
        const size_t at = (size_t)whole * BLOCK_LEN;
        add_block(scratch, groups->count, whole, last_block(row + at, row_len - at), weight);
    }
    uint32_t own = voter;
    do {
        const uint8_t said = assay_votes_row_get(row, own);
        if (said != ASSAY_OUTCOME_NONE) {
            add_weight(scratch, weight);
            sums_take(&scratch->sums[own], &scratch->addends.of[scratch->fail_proven[own]][said]);
            if (said == ASSAY_OUTCOME_UNJUDGED) scratch->unjudged[own] -= weight;
        }
        own = groups->platform_next[own];
    } while (own != voter);
}

static void settle_patterns(struct scratch *scratch, uint32_t count)
{
    for (uint32_t block = 0; block < scratch->block_count; block++)
        for (unsigned i = 0; i < PATTERNS; i++)
            settle_pattern(scratch, count, block, &scratch->blocks[block].seen[i]);
}

static void add_ballots(const struct assay_tally_input *input, struct scratch *scratch,
                        struct assay_tally_summary *summary)
{
    const struct assay_groups *groups = input->groups;
    ASSAY_ASSERT(scratch_holds(scratch, groups));
    *summary = (struct assay_tally_summary){ 0 };
    for (uint32_t g = 0; g < groups->platform_count; g++)
        scratch->platform_weights[g] = 0;
    for (uint32_t i = 0; i < groups->count; i++) {
        const struct assay_faults *faults = &input->members[i].faults;
        scratch->sums[i] = (struct sums){ 0 };
        scratch->unjudged[i] = 0;
        scratch->fail_proven[i] = faults->own_fail_hard || faults->own_fail_soft ? 1 : 0;
    }
    for (uint32_t block = 0; block < scratch->block_count; block++)
        scratch->blocks[block] = (struct block){ 0 };
    for (uint32_t voter = 0; voter < groups->count; voter++) {
        const uint32_t weight = input->weights[voter];
        ASSAY_ASSERT(weight <= ASSAY_WEIGHT_UNIT);
        ASSAY_ASSERT(groups->platform[voter] < groups->platform_count);
        scratch->platform_weights[groups->platform[voter]] += weight;
        summary->total_weight += weight;
        if (weight == 0 || input->rows[voter] == NULL) continue;
        summary->counted_weight += weight;
        add_row(groups, scratch, input->rows[voter], voter, weight);
    }
    settle_patterns(scratch, groups->count);
    summary->certified =
        input->roll_present && 3 * summary->counted_weight > 2 * summary->total_weight;
    ASSAY_ASSERT(summary->counted_weight <= summary->total_weight);
}

/* Fills the results that depend only on votes. */
static void evaluate_votes(const struct sums *sums, uint32_t unjudged_weight,
                           uint64_t electorate_weight, const struct assay_tally_summary *summary,
                           struct assay_tally_result *result)
{
    const struct assay_level_votes levels = {
        .up_to_date = sums->up_to_date,
        .needs_hardening = sums->needs_hardening,
        .out_of_date = sums->out_of_date,
    };
    const struct assay_votes votes = {
        .pass_weight = levels.up_to_date + levels.needs_hardening + levels.out_of_date,
        .negative_weight = sums->negative,
        .electorate_weight = electorate_weight,
        .table_weight = summary->total_weight,
    };
    const bool passed = assay_votes_passed(votes);
    const struct assay_bounds bounds = assay_score_bounds(votes);
    *result = (struct assay_tally_result){
        .pass_weight = votes.pass_weight,
        .negative_weight = votes.negative_weight,
        .unjudged_weight = unjudged_weight,
        .electorate_weight = electorate_weight,
        .lo_bp = bounds.lo_bp,
        .hi_bp = bounds.hi_bp,
        .level = passed ? assay_integrity_level(levels, votes.table_weight) : ASSAY_OUTCOME_NONE,
        .certified_pass = summary->certified && passed,
    };
    ASSAY_ASSERT(votes.pass_weight + votes.negative_weight + unjudged_weight <= electorate_weight);
}

static uint8_t one_more(uint8_t epochs)
{
    ASSAY_ASSERT(epochs <= ASSAY_PATIENCE_EPOCHS);
    return epochs < ASSAY_PATIENCE_EPOCHS ? (uint8_t)(epochs + 1) : epochs;
}

/* The two counts of a certified epoch. A member without the duty to ballot is neither mute nor
 * cleared, and a held one (protocol.md 9.6.2, 9.7: drained, in maintenance) may clear itself. */
static void count_epochs(const struct assay_tally_member *member,
                         const struct assay_tally_result *result, struct assay_trust_state *trust)
{
    /* protocol.md 7.14: the chain itself shows missing ballots. */
    if (member->duty && member->balloted) trust->mute_epochs = 0;
    else if (member->duty && !member->held) trust->mute_epochs = one_more(trust->mute_epochs);
    /* protocol.md 7.15: one honest voter that passed it ends the row; more than T/3 must have. */
    if (result->certified_pass) trust->unjudged_epochs = 0;
    else if (3 * result->unjudged_weight > 2 * result->electorate_weight)
        trust->unjudged_epochs = one_more(trust->unjudged_epochs);
}

/*
 * protocol.md 6.7, a certified epoch. More than a third of the table reports ABSENT, so at least
 * one honest voter does; and at most a third could not appraise its evidence. A PASS ends the
 * suspicion of an epoch: a third that withholds evidence can never remove a vote.
 */
static void count_quiet(const struct assay_tally_input *input, uint32_t slot,
                        const struct assay_tally_summary *summary,
                        const struct assay_tally_result *result, struct assay_trust_state *trust)
{
    const struct assay_tally_member *member = &input->members[slot];
    const bool fail_proven = member->faults.own_fail_hard || member->faults.own_fail_soft;
    const bool absent = !fail_proven && 3 * result->negative_weight > summary->total_weight &&
                        3 * result->unjudged_weight <= summary->total_weight;
    if (result->certified_pass) {
        if (trust->quiet_epochs > 0) trust->quiet_epochs--;
        trust->quiet_since_epoch = 0;
        return;
    }
    if (!absent || !member->balloted || input->trial) return; /* held: not evaluated */
    if (assay_trust_is_quiet(trust)) return;
    trust->quiet_epochs++;
    if (assay_trust_is_quiet(trust)) trust->quiet_since_epoch = input->epoch;
}

/* Effect of a certified epoch on A, including both counts. */
static struct assay_votes votes_counted(const struct assay_tally_member *member,
                                        const struct assay_tally_result *result,
                                        uint64_t table_weight,
                                        const struct assay_trust_state *trust)
{
    struct assay_votes votes = {
        .pass_weight = result->pass_weight,
        .negative_weight = result->negative_weight,
        .electorate_weight = result->electorate_weight,
        .table_weight = table_weight,
    };
    if (trust->unjudged_epochs == ASSAY_PATIENCE_EPOCHS)
        votes.negative_weight += result->unjudged_weight;
    if (member->held || trust->mute_epochs < ASSAY_PATIENCE_EPOCHS) return votes;
    /* protocol.md 7.14: it is visible in the chain, so it needs no share of the table and no
     * electorate: all weight may be on the platform of the mute member. */
    return (struct assay_votes){ .negative_weight = table_weight,
                                 .electorate_weight = table_weight,
                                 .table_weight = table_weight };
}

static enum assay_availability_rule fall_rule(const struct assay_trust_state *trust)
{
    if (trust->mute_epochs == ASSAY_PATIENCE_EPOCHS) return ASSAY_AVAILABILITY_MUTE;
    if (trust->unjudged_epochs == ASSAY_PATIENCE_EPOCHS) return ASSAY_AVAILABILITY_UNJUDGED;
    return ASSAY_AVAILABILITY_FALL;
}

static void step_availability(const struct assay_tally_member *member,
                              const struct assay_tally_summary *summary,
                              struct assay_trust_state *trust, struct assay_tally_result *result)
{
    if (!summary->certified) {
        result->availability_rule = ASSAY_AVAILABILITY_UNCERTIFIED;
        return;
    }
    count_epochs(member, result, trust);
    const uint16_t before = trust->availability_bp;
    const uint16_t after = assay_score_availability_step(
        before, votes_counted(member, result, summary->total_weight, trust));
    trust->availability_bp = after;
    result->availability_rule = after > before   ? ASSAY_AVAILABILITY_RISE
                                : after < before ? fall_rule(trust)
                                                 : ASSAY_AVAILABILITY_HOLD;
    ASSAY_ASSERT(after <= ASSAY_SCORE_BP_MAX);
}

static void step_member(const struct assay_tally_input *input, uint32_t slot,
                        const struct assay_tally_summary *summary, struct assay_trust_state *trust,
                        struct assay_tally_result *result)
{
    ASSAY_ASSERT(slot < input->groups->count);

    struct assay_trust_state next = input->trust[slot];
    assay_trust_check(&next);
    step_availability(&input->members[slot], summary, &next, result);
    if (summary->certified) count_quiet(input, slot, summary, result, &next);
    assay_integrity_step(input, &input->members[slot], summary->certified, &next, result);
    next.score = assay_standing_step(next.score, assay_trust_score_bp(&next), summary->certified);
    next.peak_bp = (uint16_t)assay_trust_peak_weight(&next);
    *trust = next;
}

/* protocol.md 7.5 (one offence per 32 epochs) and 7.6 (one is forgotten per 512 clean ones). */
static void note_offences(struct assay_offences *offences, uint64_t epoch, bool failed,
                          bool clean_attested, bool faulted)
{
    const bool apart =
        offences->last_epoch == 0 || epoch - offences->last_epoch >= ASSAY_OFFENCE_APART_EPOCHS;
    if (failed && apart) {
        offences->count++;
        offences->last_epoch = epoch;
    }
    if (faulted || offences->count == 0) offences->clean_epochs = 0;
    else if (clean_attested) offences->clean_epochs++;
    if (offences->clean_epochs < ASSAY_FORGET_EPOCHS) return;
    offences->clean_epochs = 0;
    ASSAY_ASSERT(offences->count > 0);
    offences->count--;
}

/*
 * protocol.md 7.5 and 6.2. One platform, one record: an offence of one id is written into the
 * copies of all its ids. If they differ, because a roster merged them, the worst one counts.
 */
static void step_platform(const struct assay_tally_input *input, uint32_t first,
                          struct assay_trust_state *trust, struct assay_tally_result *results)
{
    ASSAY_ASSERT(first < input->groups->count);

    const uint32_t *next = input->groups->platform_next;
    struct assay_offences offences = trust[first].offences;
    bool failed = false;
    bool faulted = false;
    bool attested = false;
    uint32_t slot = first;
    do {
        offences = assay_offences_worse(offences, trust[slot].offences);
        failed = failed || results[slot].integrity_failed;
        faulted = faulted || results[slot].integrity_reason >= ASSAY_INTEGRITY_FALSE_FAIL;
        attested = attested || results[slot].certified_pass;
        slot = next[slot];
    } while (slot != first);

    const uint32_t count_before = offences.count;
    note_offences(&offences, input->epoch, failed, attested && !faulted, faulted);
    do {
        trust[slot].offences = offences;
        results[slot].offence = results[slot].integrity_failed && offences.count > count_before;
        assay_trust_check(&trust[slot]);
        slot = next[slot];
    } while (slot != first);
    ASSAY_ASSERT(slot == first);
}

void assay_tally_epoch(const struct assay_tally_input *input, void *memory, size_t memory_len,
                       struct assay_trust_state *trust, struct assay_tally_result *results,
                       struct assay_tally_summary *summary)
{
    const struct assay_groups *groups = input->groups;
    const uint32_t count = groups->count;
    ASSAY_ASSERT(input->epoch >= 1);
    ASSAY_ASSERT(memory_len >= assay_tally_memory_len(count));
    ASSAY_ASSERT((uintptr_t)memory % sizeof(uint64_t) == 0);

    uint64_t *platform_weights = memory;
    struct block *blocks = (struct block *)(platform_weights + count);
    struct sums *sums = (struct sums *)(blocks + block_count_of(count));
    struct scratch scratch = {
        .platform_weights = platform_weights,
        .blocks = blocks,
        .block_count = block_count_of(count),
        .sums = sums,
        .unjudged = (uint32_t *)(void *)(sums + count),
        .fail_proven = (uint8_t *)((uint32_t *)(void *)(sums + count) + count),
    };
    ASSAY_ASSERT(scratch.fail_proven + count <= (uint8_t *)memory + memory_len);
    add_ballots(input, &scratch, summary);
    for (uint32_t slot = 0; slot < count; slot++) {
        const uint64_t electorate_weight =
            summary->total_weight - scratch.platform_weights[groups->platform[slot]];
        ASSAY_ASSERT(electorate_weight <= summary->total_weight);
        if (input->members[slot].held) {
            scratch.sums[slot] = (struct sums){ 0 };
            scratch.unjudged[slot] = 0;
        }
        evaluate_votes(&scratch.sums[slot], scratch.unjudged[slot], electorate_weight, summary,
                       &results[slot]);
        step_member(input, slot, summary, &trust[slot], &results[slot]);
    }
    for (uint32_t slot = 0; slot < count; slot++) {
        const uint32_t next = groups->platform_next[slot];
        if (next <= slot) step_platform(input, next, trust, results); /* slot is the ring's last */
    }
}
