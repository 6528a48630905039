/*
 * sim/checkers/watch_seats.c - checker of seats: votes of the next epoch, by goals
 * (docs/protocol.md 5.22).
 *
 * The votes of every union of operators equal its weight, which they do exactly when those of each
 * operator do. Seats belong to members with weight; where all of them may sit each votes for
 * itself; and a mute member does not sit while another of its operator is there.
 */
#include "sim/checkers/watch_internal.h"

#include "base/assert.h"
#include "scoring/tally.h"

#include <stdlib.h>

/* One operator. */
struct bench {
    uint64_t weight, votes;
    uint32_t mute_seats, present_without;
};

static const struct assay_member *member_of(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    return &epoch->after->members[slot];
}

static bool is_present(const struct assay_member *m)
{
    return m->trust.mute_epochs < ASSAY_PATIENCE_EPOCHS;
}

/* Returns: NULL, or what is wrong with one member's seat. */
static const char *find_seat_error(const struct assay_member *m, bool all_sit)
{
    if (m->weight == 0 && m->seat_weight > 0) return "a seat without weight";
    if (all_sit && !m->keyless && m->seat_weight != m->weight)
        return "all may sit, and its votes are not its weight";
    return NULL;
}

static const char *find_operator_error(const struct bench *b, bool all_sit)
{
    if (b->votes != b->weight) return "an operator's votes are not its weight";
    if (!all_sit && b->mute_seats > 0 && b->present_without > 0)
        return "a mute member sits while another of its operator is there";
    return NULL;
}

static void report_check(const struct assay_watch_epoch *epoch, const char *what, const char *kind,
                         uint32_t number, uint64_t votes, uint64_t weight)
{
    assay_sim_report_check(epoch->watch->outcome, ASSAY_SIM_CHECKER_SEATS, epoch->closed->epoch,
                           "%s %u: %s: %llu votes, weight %llu", kind, number, what,
                           (unsigned long long)votes, (unsigned long long)weight);
}

static void sum_operators(const struct assay_watch_epoch *epoch, struct bench *benches)
{
    for (uint32_t i = 0; i < epoch->after->member_count; i++) {
        const struct assay_member *m = member_of(epoch, i);
        struct bench *b = &benches[epoch->watch->operator_[i]];
        b->weight += m->keyless ? 0 : m->weight; /* it has no vote (checker quiet) */
        b->votes += m->seat_weight;
        if (m->seat_weight > 0 && !is_present(m)) b->mute_seats++;
        if (m->weight > 0 && m->seat_weight == 0 && !m->keyless && is_present(m))
            b->present_without++;
    }
}

/* Only simulated networks have more operators than seats: genesis and changes refuse them. */
static bool has_room(const struct assay_watch_epoch *epoch, const struct bench *benches)
{
    uint32_t operators = 0;
    for (uint32_t o = 0; o < epoch->watch->operator_count; o++)
        operators += benches[o].weight > 0;
    return operators <= ASSAY_VOTERS_MAX;
}

static void check_votes(const struct assay_watch_epoch *epoch, const struct bench *benches,
                        bool all_sit)
{
    const struct assay_sim_watch *w = epoch->watch;
    for (uint32_t i = 0; i < epoch->after->member_count; i++) {
        const struct assay_member *m = member_of(epoch, i);
        const char *what = find_seat_error(m, all_sit);
        if (what == NULL) continue;
        report_check(epoch, what, "node", i, m->seat_weight, m->weight);
        return;
    }
    for (uint32_t o = 0; o < w->operator_count && has_room(epoch, benches); o++) {
        const char *what = find_operator_error(&benches[o], all_sit);
        if (what == NULL) continue;
        report_check(epoch, what, "operator", o, benches[o].votes, benches[o].weight);
        return;
    }
    assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_SEATS, epoch->closed->epoch, NULL);
}

void assay_watch_seats(const struct assay_watch_epoch *epoch)
{
    struct bench *benches = calloc(epoch->watch->operator_count, sizeof *benches);
    uint32_t eligible = 0;
    ASSAY_ASSERT(benches != NULL);
    for (uint32_t i = 0; i < epoch->after->member_count; i++)
        eligible += member_of(epoch, i)->weight > 0 && !member_of(epoch, i)->keyless;
    sum_operators(epoch, benches);
    check_votes(epoch, benches, eligible <= epoch->watch->scenario->seats_max);
    free(benches);
}
