/*
 * tests/mutants/suite_scoring.c - histories of a small network: ballots, silence, proofs.
 *
 * After each epoch first what docs/protocol.md 6 and 7 promise of any tally (P1, P2, P9, P11, mute,
 * unjudged, guard and what follows them), then that the rules written a second time (tests/support)
 * say the same, bit for bit (P10). Weights of each epoch are those that the epoch before gave.
 */
#include "tests/mutants/trial.h"
#include "tests/support/scoring_reference.h"
#include "tests/unit/scoring/world.h"

#include <string.h>

enum { EPOCHS = 60 };

struct history {
    struct world w;
    struct assay_trust_state before[WORLD_MEMBERS_MAX];
    /* Who is mostly silent, who mostly cannot be judged; and the rows of epochs, counted here. */
    bool silent[WORLD_MEMBERS_MAX], unreadable[WORLD_MEMBERS_MAX];
    uint32_t mute_row[WORLD_MEMBERS_MAX], unjudged_row[WORLD_MEMBERS_MAX];
    uint64_t random;
    struct trial_finding *finding;
};

static bool chance(struct history *h, uint32_t percent)
{
    return world_below(&h->random, 100) < percent;
}

/* What the next epoch says: most say PASS; some are absent, some slandered, few proven. */
static void draw_epoch(struct history *h)
{
    static const enum assay_outcome said[] = {
        ASSAY_OUTCOME_PASS_UP_TO_DATE,
        ASSAY_OUTCOME_PASS_UP_TO_DATE,
        ASSAY_OUTCOME_PASS_NEEDS_HARDENING,
        ASSAY_OUTCOME_PASS_OUT_OF_DATE,
        ASSAY_OUTCOME_ABSENT,
        ASSAY_OUTCOME_FAIL_HARD,
        ASSAY_OUTCOME_FAIL_SOFT,
        ASSAY_OUTCOME_NONE,
        ASSAY_OUTCOME_UNJUDGED,
    };
    struct world *w = &h->w;
    static const enum assay_outcome unjudged = ASSAY_OUTCOME_UNJUDGED;
    w->roll_present = !chance(h, 5);
    for (uint32_t s = 0; s < w->count; s++) {
        /* How the network sees this one: nearly all alike, or in pieces. */
        const enum assay_outcome mostly = h->unreadable[s] && chance(h, 85) ? unjudged
                                          : chance(h, 70) ? ASSAY_OUTCOME_PASS_UP_TO_DATE
                                                          : said[world_below(&h->random, 9)];
        const uint32_t alike = chance(h, 50) ? 100 : 30 + world_below(&h->random, 65);
        struct assay_faults *faults = &w->members[s].faults;
        for (uint32_t v = 0; v < w->count; v++)
            world_vote(w, v, s, chance(h, alike) ? mostly : said[world_below(&h->random, 9)]);
        faults->own_fail_hard = chance(h, 1);
        faults->own_fail_soft = chance(h, 3);
        faults->equivocation = chance(h, 1);
        faults->false_pass = chance(h, 1);
        faults->false_fails = chance(h, 2) ? 1 + world_below(&h->random, 2) : 0;
        world_silence(w, s, chance(h, h->silent[s] ? 92 : 10));
        if (w->trust[s].integrity.standing == ASSAY_STANDING_SUSPENDED && chance(h, 40))
            assay_trust_list(&w->trust[s]);
    }
}

/* --- promises */

/* What voters of other platforms explicitly said, counted here. */
struct counted {
    uint64_t pass, negative, unjudged, total;
    uint64_t table; /* weight of all members */
};

static struct counted count(const struct history *h, uint32_t s)
{
    const struct world *w = &h->w;
    const struct assay_faults *f = &w->members[s].faults;
    struct counted c = { 0 };
    for (uint32_t v = 0; v < w->count; v++) {
        c.table += w->weights[v];
        if (w->groups.platform[v] == w->groups.platform[s]) continue;
        c.total += w->weights[v];
        if (w->rows[v] == NULL) continue;
        const unsigned said = assay_votes_row_get(w->rows[v], s);
        const bool proven = f->own_fail_hard || f->own_fail_soft;
        if (said == ASSAY_OUTCOME_PASS_UP_TO_DATE || said == ASSAY_OUTCOME_PASS_NEEDS_HARDENING ||
            said == ASSAY_OUTCOME_PASS_OUT_OF_DATE)
            c.pass += w->weights[v];
        if (said == ASSAY_OUTCOME_ABSENT ||
            (proven && (said == ASSAY_OUTCOME_FAIL_HARD || said == ASSAY_OUTCOME_FAIL_SOFT)))
            c.negative += w->weights[v];
        if (said == ASSAY_OUTCOME_UNJUDGED) c.unjudged += w->weights[v];
    }
    return c;
}

/* protocol.md 7.14 and 7.15: from the eighth certified epoch on each counts as an absence. */
static void check_patience(struct history *h, uint32_t s, struct counted *c)
{
    const struct assay_trust_state *was = &h->before[s];
    const struct assay_trust_state *is = &h->w.trust[s];
    const bool fell = is->availability_bp < was->availability_bp || is->availability_bp == 0;
    if (!h->w.summary.certified) return;
    h->mute_row[s] = h->w.members[s].balloted ? 0 : h->mute_row[s] + 1;
    if (3 * c->pass > c->table) h->unjudged_row[s] = 0;
    else if (3 * c->unjudged > 2 * c->total) h->unjudged_row[s]++;
    if (h->unjudged_row[s] >= 8) c->negative += c->unjudged;
    if (h->unjudged_row[s] >= 8 && 3 * c->negative > 2 * c->total && 3 * c->negative > c->table &&
        !fell)
        trial_found(h->finding, ASSAY_SIM_CHECKER_UNJUDGED,
                    "nobody could judge member %u in eight epochs, and it stands", (unsigned)s);
    if (h->mute_row[s] >= 8) c->negative = c->table;
    if (h->mute_row[s] >= 8 && !fell)
        trial_found(h->finding, ASSAY_SIM_CHECKER_MUTE,
                    "member %u did not ballot in eight epochs, and it stands", (unsigned)s);
    if (h->mute_row[s] >= 8) c->pass = 0;
}

static void check_member(struct history *h, uint32_t s)
{
    const struct assay_trust_state *was = &h->before[s];
    const struct assay_trust_state *is = &h->w.trust[s];
    struct counted c = count(h, s);
    check_patience(h, s, &c);
    const uint64_t pass = c.pass, negative = c.negative, table = c.table;
    const struct assay_faults *f = &h->w.members[s].faults;
    const bool faulted = f->own_fail_hard || f->own_fail_soft || f->equivocation || f->false_pass ||
                         f->false_fails > 0;
    const bool better = is->score.standing < was->score.standing;
    if (3 * negative <= table && is->availability_bp < was->availability_bp)
        trial_found(h->finding, ASSAY_SIM_CHECKER_P1, "member %u fell though N <= T/3",
                    (unsigned)s);
    if (3 * pass <= table &&
        (is->availability_bp > was->availability_bp || is->integrity_bp > was->integrity_bp))
        trial_found(h->finding, ASSAY_SIM_CHECKER_P2, "member %u rose though P <= T/3",
                    (unsigned)s);
    if (is->availability_bp > was->availability_bp + 500 ||
        is->integrity_bp > was->integrity_bp + 100)
        trial_found(h->finding, ASSAY_SIM_CHECKER_P4, "member %u rose faster than the rates",
                    (unsigned)s);
    if ((f->own_fail_hard || f->equivocation || f->false_pass) && is->integrity_bp > 0)
        trial_found(h->finding, ASSAY_SIM_CHECKER_P3, "a proof did not strike member %u",
                    (unsigned)s);
    if (!faulted && is->integrity_bp < was->integrity_bp && is->integrity_bp < 7499)
        trial_found(h->finding, ASSAY_SIM_CHECKER_JUSTICE, "member %u was struck without a proof",
                    (unsigned)s);
    if (!h->w.summary.certified && (better || is->availability_bp != was->availability_bp))
        trial_found(h->finding, ASSAY_SIM_CHECKER_P11, "member %u moved in a HELD epoch",
                    (unsigned)s);
}

/* A voter that the second table counts at least as high: what A says must not matter. */
static void check_weights(struct history *h, const uint32_t *weights)
{
    for (uint32_t i = 0; i < h->w.count; i++) {
        const struct assay_trust_state *t = &h->w.trust[i];
        if (weights[i] > 0 && t->integrity.standing == ASSAY_STANDING_SUSPENDED)
            trial_found(h->finding, ASSAY_SIM_CHECKER_P5,
                        "member %u has weight and a suspended integrity", (unsigned)i);
    }
}

/* --- the second writing */

static void check_reference(struct history *h, const struct assay_tally_input *input)
{
    static struct assay_trust_state trust[WORLD_MEMBERS_MAX];
    static struct assay_tally_result results[WORLD_MEMBERS_MAX];
    struct assay_tally_summary summary;
    struct assay_tally_input before = *input;
    before.trust = h->before;
    reference_tally(&before, h->w.places, h->w.count, trust, results, &summary);
    if (summary.certified != h->w.summary.certified)
        trial_found(h->finding, ASSAY_SIM_CHECKER_P10, "certified, or not: two tallies differ");
    for (uint32_t s = 0; s < h->w.count; s++) {
        if (!reference_trust_equal(&trust[s], &h->w.trust[s]))
            trial_found(h->finding, ASSAY_SIM_CHECKER_P10, "two tallies differ about member %u",
                        (unsigned)s);
        if (!reference_result_equal(&results[s], &h->w.results[s]))
            trial_found(h->finding, ASSAY_SIM_CHECKER_P10,
                        "two tallies differ in what they found about member %u", (unsigned)s);
    }
}

/* No union gains by a fall of its own: one member falls, and nobody on another platform may have a
 * smaller share than with it. */
static void check_self_harm(struct history *h, const struct assay_weight_input *input,
                            const uint32_t *weights)
{
    static uint64_t memory[WORLD_MEMBERS_MAX * 64];
    static struct assay_trust_state harmed[WORLD_MEMBERS_MAX];
    uint32_t after[WORLD_MEMBERS_MAX];
    uint64_t total = 0, total_after = 0;
    struct assay_tolerance tolerance;
    struct assay_weight_input then = *input;
    const uint32_t fallen = world_below(&h->random, h->w.count);
    for (uint32_t i = 0; i < h->w.count; i++)
        harmed[i] = h->w.trust[i];
    harmed[fallen].peak_bp = (uint16_t)assay_trust_peak_weight(&harmed[fallen]);
    harmed[fallen].integrity_bp = 0;
    harmed[fallen].integrity.standing = ASSAY_STANDING_SUSPENDED;
    then.trust = harmed;
    then.previous = NULL;
    assay_weights(&then, memory, sizeof memory, after, &tolerance);
    for (uint32_t i = 0; i < h->w.count; i++) {
        total += weights[i];
        total_after += after[i];
    }
    for (uint32_t i = 0; i < h->w.count; i++) {
        if (h->w.groups.platform[i] == h->w.groups.platform[fallen]) continue;
        if ((after[i] + 1) * total < weights[i] * total_after)
            trial_found(h->finding, ASSAY_SIM_CHECKER_SELF_HARM,
                        "member %u lost share by a fall of member %u", (unsigned)i,
                        (unsigned)fallen);
    }
}

static void next_weights(struct history *h)
{
    static uint64_t memory[WORLD_MEMBERS_MAX * 64];
    uint32_t weights[WORLD_MEMBERS_MAX];
    uint32_t again[WORLD_MEMBERS_MAX];
    struct assay_tolerance tolerance;
    const struct assay_weight_rules rules = assay_weight_rules_default();
    const struct assay_weight_input input = {
        .rules = &rules, .groups = &h->w.groups, .trust = h->w.trust, .previous = h->w.weights
    };
    assay_weights(&input, memory, sizeof memory, weights, &tolerance);
    static struct assay_trust_state unharmed[WORLD_MEMBERS_MAX];
    uint32_t peaks[WORLD_MEMBERS_MAX];
    const enum assay_cuts cuts = reference_weights(&input, h->w.places, h->w.count, again);
    if (!tolerance.refused) check_weights(h, weights);
    /* The guard is about the roster: about everybody at its peak. */
    struct assay_weight_input full = input;
    full.trust = unharmed;
    for (uint32_t i = 0; i < h->w.count; i++) {
        unharmed[i] = h->w.trust[i];
        unharmed[i].integrity_bp = (uint16_t)assay_trust_peak_weight(&unharmed[i]);
        if (unharmed[i].integrity_bp > 0) unharmed[i].integrity.standing = ASSAY_STANDING_FULL;
    }
    static uint32_t table[WORLD_MEMBERS_MAX];
    struct assay_tolerance ignored;
    assay_weights(&full, memory, sizeof memory, table, &ignored);
    reference_peaks(&input, h->w.places, h->w.count, peaks);
    if (reference_lifted(h->w.places, h->w.count, peaks, table))
        trial_found(h->finding, ASSAY_SIM_CHECKER_GUARD, "cuts raised a group above a third");
    check_self_harm(h, &input, weights);
    if (tolerance.cuts != cuts)
        trial_found(h->finding, ASSAY_SIM_CHECKER_P10, "two tables stand on other cuts");
    for (uint32_t i = 0; i < h->w.count; i++) {
        if (weights[i] != again[i])
            trial_found(h->finding, ASSAY_SIM_CHECKER_P10,
                        "two tables of weights differ at member %u: %u and %u", (unsigned)i,
                        (unsigned)weights[i], (unsigned)again[i]);
        h->w.weights[i] = weights[i];
    }
}

void trial_scoring(uint64_t seed, struct trial_finding *finding)
{
    static struct history h;
    h = (struct history){ .random = seed * 0x9e3779b97f4a7c15ULL, .finding = finding };
    world_init(&h.w, 5 + world_below(&h.random, 16));
    world_random_places(&h.w, &h.random);
    world_regroup(&h.w);
    for (uint32_t s = 0; s < h.w.count; s++) {
        h.silent[s] = chance(&h, 10);
        h.unreadable[s] = chance(&h, 10);
    }
    next_weights(&h);
    for (int epoch = 0; epoch < EPOCHS && finding->checker == ASSAY_SIM_CHECKER_COUNT; epoch++) {
        draw_epoch(&h);
        for (uint32_t s = 0; s < h.w.count; s++)
            h.before[s] = h.w.trust[s];
        const struct assay_tally_input input = world_input(&h.w);
        assay_tally_epoch(&input, h.w.scratch, sizeof h.w.scratch, h.w.trust, h.w.results,
                          &h.w.summary);
        for (uint32_t s = 0; s < h.w.count; s++)
            check_member(&h, s);
        check_reference(&h, &input);
        next_weights(&h);
        h.w.epoch++;
        for (uint32_t s = 0; s < h.w.count; s++)
            h.w.members[s].faults = (struct assay_faults){ 0 };
    }
}
