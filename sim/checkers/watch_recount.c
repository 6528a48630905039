/*
 * sim/checkers/watch_recount.c - the tally of an epoch repeated, without its optimisations, from
 * the counted ballots.
 *
 * docs/protocol.md 7.1 to 7.3, 7.14 and 7.15, availability: for each subject every ballot is read
 * in turn. A result in the state that is too low violates P1, one too high P2, a change although
 * the votes give HOLD P11; other counted ballots than required P10; wrong counts of mute, unjudged
 * or quiet epochs the checkers of these names. Needs rows and fails of the fidelity. In large
 * networks a window of subjects rotates through the roster.
 */
#include "sim/checkers/watch_internal.h"

#include "scoring/tally.h"

enum { RECOUNT_SUBJECTS = 64 };

struct votes {
    uint64_t pass, negative, unjudged, all;
    uint64_t table; /* of its own platform too */
};

/* protocol.md 6.7: the counted ballot; that of a row without a key is missing. */
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
        const unsigned code = subject % 2 == 0 ? row[subject / 2] & 15u : row[subject / 2] >> 4;
        const unsigned said = code >= 12 && code <= 14 ? code - 8 : code; /* PASS without keys */
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

/* lo = floor(10000 (3P - W) / W) where 3P > T. Returns: the new A. */
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

/* protocol.md 6.7: it voted, no FAIL was proven, the voters of ABSENT are more than a third of the
 * table, and those that cannot judge it are not. */
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
    const struct assay_trust_state *before = &epoch->before->members[subject].trust;
    struct counts counts = { before->mute_epochs, before->unjudged_epochs, before->quiet_epochs };
    if (!epoch->after->certified) return counts;
    if (row_of(epoch, subject) != NULL) counts.mute = 0;
    else if (counts.mute < 8) counts.mute++;
    if (3 * votes->pass > votes->table) counts.unjudged = 0;
    else if (3 * votes->unjudged > 2 * votes->all && counts.unjudged < 8) counts.unjudged++;
    if (3 * votes->pass > votes->table && counts.quiet > 0) counts.quiet--;
    else if (3 * votes->pass <= votes->table && counts.quiet < 8 && is_quiet(epoch, subject, votes))
        counts.quiet++;
    return counts;
}

static void compare_count(const struct assay_watch_epoch *epoch, enum assay_sim_checker checker,
                          uint32_t subject, unsigned counted, unsigned due)
{
    if (counted == due)
        assay_sim_report_check(epoch->watch->outcome, checker, epoch->closed->epoch, NULL);
    else
        assay_sim_report_check(epoch->watch->outcome, checker, epoch->closed->epoch,
                               "node %u: %u epochs are counted, by the ballots %u", subject,
                               counted, due);
}

/* A count of eight is treated as absent: for all of W, or for the voters that could not judge
 * it. */
static struct votes votes_due(struct votes votes, struct counts counts)
{
    if (counts.unjudged == 8) votes.negative += votes.unjudged;
    /* The chain shows it: no share of the table needs to report it, and it decays where all weight
     * is on its own platform, too, so that no member could judge it. */
    const uint64_t all = votes.all > 0 ? votes.all : 1;
    if (counts.mute == 8) votes = (struct votes){ .negative = all, .all = all, .table = all };
    return votes;
}

static void recount_subject(const struct assay_watch_epoch *epoch, uint32_t subject)
{
    const int64_t before = epoch->before->members[subject].trust.availability_bp;
    const int64_t after = epoch->after->members[subject].trust.availability_bp;
    const struct votes counted = count_votes(epoch, subject);
    const struct counts counts = counts_after(epoch, subject, &counted);
    const struct votes votes = votes_due(counted, counts);
    const struct assay_trust_state *now = &epoch->after->members[subject].trust;
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
        assay_sim_report_check(epoch->watch->outcome, checker, epoch->closed->epoch, NULL);
        return;
    }
    assay_sim_report_check(epoch->watch->outcome, checker, epoch->closed->epoch,
                           "node %u: availability went from %d to %d, by the ballots to %d "
                           "(P %llu, N %llu of %llu)",
                           subject, (int)before, (int)after, (int)due,
                           (unsigned long long)votes.pass, (unsigned long long)votes.negative,
                           (unsigned long long)votes.all);
}

/* protocol.md 7.5: a ballot counts over the roll, policy and collateral of its epoch, and over no
 * other: no other ballot, and none of a member without one. */
static void check_counted(const struct assay_watch_epoch *epoch)
{
    for (uint32_t voter = 0; voter < epoch->before->member_count; voter++) {
        if (!assay_watch_same_member(epoch, voter)) continue; /* its slot is another's now */
        const bool counted = epoch->after->members[voter].found.balloted;
        const bool there = row_of(epoch, voter) != NULL;
        if (counted == there)
            assay_sim_report_check(epoch->watch->outcome, ASSAY_SIM_CHECKER_P10,
                                   epoch->closed->epoch, NULL);
        else
            assay_sim_report_check(epoch->watch->outcome, ASSAY_SIM_CHECKER_P10,
                                   epoch->closed->epoch, "node %u: %s", voter,
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
            recount_subject(epoch, (uint32_t)((first + k) % n));
}
