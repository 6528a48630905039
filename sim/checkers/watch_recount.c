/*
 * sim/checkers/watch_recount.c - the tally of an epoch done again, the slow way, from the counted
 * ballots.
 *
 * docs/protocol.md 7.1 to 7.3, 7.14 and 7.15, availability: for each subject every ballot is asked
 * in turn. Where what came out is lower than it should be P1 is broken, where it is higher P2, and
 * where it moved though the votes say HOLD P11; where other ballots count than should, P10; where
 * mute, unjudged or quiet epochs are counted otherwise, mute, unjudged and quiet. Needs rows and
 * fails of the fidelity. In large networks a window of subjects goes round the roster.
 */
#include "sim/checkers/watch_internal.h"

#include "scoring/tally.h"

enum { RECOUNT_SUBJECTS = 64 };

struct votes {
    uint64_t pass, negative, unjudged, all;
    uint64_t table; /* of its own platform too */
};

/* The ballot that counts: that of a row without a key is missing (docs/protocol.md 6.7). */
static const uint8_t *row_of(const struct assay_watch_epoch *epoch, uint32_t voter)
{
    return epoch->before->members[voter].keyless ? NULL : epoch->closed->rows[voter];
}

static struct votes count_votes(const struct assay_watch_epoch *epoch, uint32_t subject)
{
    const struct assay_sim_watch *w = epoch->watch;
    const bool fail_proven = epoch->closed->fails[subject] != ASSAY_OUTCOME_NONE;
    struct votes votes = { 0 };
    for (uint32_t voter = 0; voter < w->nodes; voter++) {
        const uint64_t weight = epoch->before->members[voter].weight;
        votes.table += weight;
        if (w->platform[voter] == w->platform[subject]) continue;
        votes.all += weight;
        const uint8_t *row = row_of(epoch, voter);
        if (row == NULL) continue;
        const unsigned said = subject % 2 == 0 ? row[subject / 2] & 15u : row[subject / 2] >> 4;
        if (said >= ASSAY_OUTCOME_PASS_UP_TO_DATE && said <= ASSAY_OUTCOME_PASS_OUT_OF_DATE)
            votes.pass += weight;
        else if (said == ASSAY_OUTCOME_UNJUDGED) votes.unjudged += weight;
        else if (said == ASSAY_OUTCOME_ABSENT || (fail_proven && (said == ASSAY_OUTCOME_FAIL_SOFT ||
                                                                  said == ASSAY_OUTCOME_FAIL_HARD)))
            votes.negative += weight;
    }
    return votes;
}

/* hi while more than a third of the table denies the subject: ceil(10000 (2W - 3N) / (2W - T)). */
static int64_t denied_bp(int64_t n, int64_t w, int64_t t)
{
    if (2 * w <= t || 3 * n >= 2 * w) return 0;
    return (10000 * (2 * w - 3 * n) + 2 * w - t - 1) / (2 * w - t);
}

/* lo = floor(10000 (3P - W) / W) where 3P > T. Returns: what A becomes. */
static int64_t availability_after(int64_t before_bp, const struct votes *votes)
{
    const int64_t p = (int64_t)votes->pass;
    const int64_t n = (int64_t)votes->negative;
    const int64_t w = (int64_t)votes->all;
    if (w == 0) return before_bp;
    const int64_t t = (int64_t)votes->table;
    int64_t lo = 3 * p <= t ? 0 : 10000 * (3 * p - w) / w;
    int64_t hi = 3 * n <= t ? 10000 : denied_bp(n, w, t);
    if (lo > 10000) lo = 10000;
    if (hi > 10000) hi = 10000;
    if (3 * (p + n) > 2 * w && before_bp > hi) return before_bp - (before_bp - hi + 3) / 4;
    if (before_bp < lo) return before_bp + 500 < lo ? before_bp + 500 : lo;
    return before_bp;
}

/* The counts of 7.14, 7.15 and 6.7 after this epoch. */
struct counts {
    uint8_t mute, unjudged, quiet;
};

/* docs/protocol.md 6.7: it voted, no FAIL was proven, and who says ABSENT is more than a third of
 * the table, who cannot judge it no more. */
static bool is_quiet(const struct assay_watch_epoch *epoch, uint32_t subject,
                     const struct votes *votes)
{
    const bool asked = row_of(epoch, subject) != NULL && !assay_trial_runs(&epoch->before->trial);
    return asked && epoch->closed->fails[subject] == ASSAY_OUTCOME_NONE &&
           3 * votes->negative > votes->table && 3 * votes->unjudged <= votes->table;
}

static struct counts counts_after(const struct assay_watch_epoch *epoch, uint32_t subject,
                                  const struct votes *votes)
{
    const struct assay_trust *before = &epoch->before->members[subject].trust;
    struct counts counts = { before->mute_epochs, before->unjudged_epochs, before->quiet_epochs };
    if (!epoch->after->certified) return counts;
    if (row_of(epoch, subject) != NULL) counts.mute = 0;
    else if (counts.mute < 8) counts.mute++;
    if (3 * votes->pass > votes->table) counts.unjudged = 0;
    else if (3 * votes->unjudged > 2 * votes->all && counts.unjudged < 8) counts.unjudged++;
    if (3 * votes->pass > votes->table && counts.quiet > 0) counts.quiet--;
    else if (3 * votes->pass <= votes->table && counts.quiet < 8 &&
             is_quiet(epoch, subject, votes))
        counts.quiet++;
    return counts;
}

static void compare_count(const struct assay_watch_epoch *epoch, enum assay_sim_checker checker,
                          uint32_t subject, unsigned counted, unsigned due)
{
    if (counted == due)
        assay_sim_check_look(epoch->watch->outcome, checker, epoch->closed->epoch, NULL);
    else
        assay_sim_check_look(epoch->watch->outcome, checker, epoch->closed->epoch,
                             "node %u: %u epochs are counted, by the ballots %u", subject, counted,
                             due);
}

/* Who stands at eight counts as absent: for all of W, or for those who could not judge it. */
static struct votes votes_due(struct votes votes, struct counts counts)
{
    if (counts.unjudged == 8) votes.negative += votes.unjudged;
    if (counts.mute == 8) /* the chain shows it: no share of the table has to say so */
        votes = (struct votes){ .negative = votes.all, .all = votes.all, .table = votes.all };
    return votes;
}

static void recount(const struct assay_watch_epoch *epoch, uint32_t subject)
{
    const int64_t before = epoch->before->members[subject].trust.availability_bp;
    const int64_t after = epoch->after->members[subject].trust.availability_bp;
    const struct votes counted = count_votes(epoch, subject);
    const struct counts counts = counts_after(epoch, subject, &counted);
    const struct votes votes = votes_due(counted, counts);
    const struct assay_trust *now = &epoch->after->members[subject].trust;
    compare_count(epoch, ASSAY_SIM_CHECKER_MUTE, subject, now->mute_epochs, counts.mute);
    compare_count(epoch, ASSAY_SIM_CHECKER_UNJUDGED, subject, now->unjudged_epochs,
                  counts.unjudged);
    compare_count(epoch, ASSAY_SIM_CHECKER_QUIET, subject, now->quiet_epochs, counts.quiet);
    const int64_t due = epoch->after->certified ? availability_after(before, &votes) : before;
    const enum assay_sim_checker checker = due == before          ? ASSAY_SIM_CHECKER_P11
                                           : after < due          ? ASSAY_SIM_CHECKER_P1
                                           : counts.mute == 8     ? ASSAY_SIM_CHECKER_MUTE
                                           : counts.unjudged == 8 ? ASSAY_SIM_CHECKER_UNJUDGED
                                                                  : ASSAY_SIM_CHECKER_P2;
    if (after == due) {
        assay_sim_check_look(epoch->watch->outcome, checker, epoch->closed->epoch, NULL);
        return;
    }
    assay_sim_check_look(epoch->watch->outcome, checker, epoch->closed->epoch,
                         "node %u: availability went from %d to %d, by the ballots to %d "
                         "(P %llu, N %llu of %llu)",
                         subject, (int)before, (int)after, (int)due, (unsigned long long)votes.pass,
                         (unsigned long long)votes.negative, (unsigned long long)votes.all);
}

/* A ballot counts over the roll, policy and collateral of its epoch, and over no other (docs/
 * protocol.md 7.5): that of nobody else, and of nobody who has none. */
static void check_counted(const struct assay_watch_epoch *epoch)
{
    for (uint32_t voter = 0; voter < epoch->before->member_count; voter++) {
        if (!assay_watch_same_member(epoch, voter)) continue; /* its slot is another's now */
        const bool counted = epoch->after->members[voter].found.balloted;
        const bool there = row_of(epoch, voter) != NULL;
        if (counted == there)
            assay_sim_check_look(epoch->watch->outcome, ASSAY_SIM_CHECKER_P10, epoch->closed->epoch,
                                 NULL);
        else
            assay_sim_check_look(epoch->watch->outcome, ASSAY_SIM_CHECKER_P10, epoch->closed->epoch,
                                 "node %u: %s", voter,
                                 counted ? "a ballot counts that should not"
                                         : "its ballot should count and does not");
    }
}

void assay_watch_recount(const struct assay_watch_epoch *epoch)
{
    const uint32_t n = epoch->watch->nodes;
    if (epoch->closed->rows == NULL || epoch->closed->fails == NULL) return;
    check_counted(epoch);
    const uint32_t count = n < RECOUNT_SUBJECTS ? n : RECOUNT_SUBJECTS;
    const uint64_t first = epoch->closed->epoch * RECOUNT_SUBJECTS;
    for (uint32_t k = 0; k < count; k++)
        if (!assay_watch_set_aside(epoch, (uint32_t)((first + k) % n)))
            recount(epoch, (uint32_t)((first + k) % n));
}
