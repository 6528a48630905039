/*
 * sim/checkers/watch_members.c - checkers of single members (docs/protocol.md 7.12): P1 to P4, P7,
 * P8; mute and unjudged members are suspended, and no honest member is convicted.
 *
 * The comment of each checker names its preconditions. Byzantine weight, silence and reachability
 * are ground truth; of the state it reads the decisions (I, A, standing, weights), and of the
 * findings only whose ballots counted, which is chance and not a rule.
 */
#include "sim/checkers/watch_internal.h"

#include "scoring/tally.h"

/* One member in one epoch. */
struct member {
    const struct assay_watch_epoch *epoch;
    uint32_t slot;
    const struct assay_sim_truth *truth;
    const struct assay_member *before, *after;
    struct assay_watch_track *track;
    struct assay_watch_electorate electorate;
    bool struck; /* a proof took integrity in this epoch */
};

static struct assay_sim_outcome *outcome_of(const struct member *m)
{
    return m->epoch->watch->outcome;
}

static void report_pass(const struct member *m, enum assay_sim_checker checker)
{
    assay_sim_report_check(outcome_of(m), checker, m->epoch->closed->epoch, NULL);
}

/* Reports "node 3: what" with the values before and after. */
static void report_violation(const struct member *m, enum assay_sim_checker checker,
                             const char *what, unsigned before, unsigned after)
{
    assay_sim_report_check(outcome_of(m), checker, m->epoch->closed->epoch,
                           "node %u: %s: %u before, %u after", m->slot, what, before, after);
}

static unsigned get_integrity(const struct assay_member *m)
{
    return m->trust.integrity_bp;
}

static unsigned get_availability(const struct assay_member *m)
{
    return m->trust.availability_bp;
}

static unsigned get_score(const struct assay_member *m)
{
    return get_integrity(m) < get_availability(m) ? get_integrity(m) : get_availability(m);
}

/* Evidence that every honest voter that receives it reports as FAIL or ABSENT. */
static bool is_plainly_bad(enum assay_sim_evidence evidence)
{
    switch (evidence) {
    case ASSAY_SIM_EVIDENCE_NONE:
    case ASSAY_SIM_EVIDENCE_HARD:
    case ASSAY_SIM_EVIDENCE_SOFTLY:
    case ASSAY_SIM_EVIDENCE_FIRST:
    case ASSAY_SIM_EVIDENCE_ELSEWHERE: return true;
    case ASSAY_SIM_EVIDENCE_GOOD:
    case ASSAY_SIM_EVIDENCE_FORGED:
    case ASSAY_SIM_EVIDENCE_UNJUDGED:
    case ASSAY_SIM_EVIDENCE_HELD:
    case ASSAY_SIM_EVIDENCE_HALF: return false;
    }
    return false;
}

static bool reached_all(const struct member *m)
{
    return m->truth->alive && m->truth->reachable && m->truth->unreachable_weight == 0;
}

/* P1: a node whose evidence reached so many that N <= T/3, and of which one ballot counted in each
 * eight certified epochs, never falls, under any loss, delay, partition or withholding.
 * Preconditions: honest, ran, good evidence, reachable, not mute; negative votes can come from
 * Byzantine voters and from honest ones that could not receive it, and these are a third of the
 * table at most. Certified or not. Integrity has no such precondition: see justice. A node that
 * cannot be judged because its vendor's collateral has expired does not fall either, whatever its
 * evidence (8.1). */
static void check_p1(const struct member *m)
{
    const struct assay_sim_truth *t = m->truth;
    const uint64_t may_deny = m->electorate.byzantine + t->unreachable_weight;
    if (!t->honest || !t->alive || !t->reachable) return;
    if (t->evidence != ASSAY_SIM_EVIDENCE_GOOD && t->evidence != ASSAY_SIM_EVIDENCE_HELD) return;
    if (m->track->mute_streak >= ASSAY_PATIENCE_EPOCHS) return;
    if (3 * may_deny > m->electorate.table) return;
    if (get_availability(m->after) < get_availability(m->before))
        report_violation(m, ASSAY_SIM_CHECKER_P1, "availability fell though its evidence was there",
                         get_availability(m->before), get_availability(m->after));
    else if (!m->struck && get_integrity(m->after) < get_integrity(m->before))
        report_violation(m, ASSAY_SIM_CHECKER_P1, "integrity fell without a proof",
                         get_integrity(m->before), get_integrity(m->after));
    else report_pass(m, ASSAY_SIM_CHECKER_P1);
}

static bool is_never_passed(enum assay_sim_evidence evidence)
{
    return is_plainly_bad(evidence) || evidence == ASSAY_SIM_EVIDENCE_UNJUDGED ||
           evidence == ASSAY_SIM_EVIDENCE_HELD;
}

/* P2: an invalid or absent node, or one that cannot be judged (P <= T/3), never rises.
 * Preconditions: no evidence that an honest voter passes (or none at all), Byzantine weight a third
 * of the table at most: then P is no more. Neither A nor I may rise. */
static void check_p2(const struct member *m)
{
    if (!is_never_passed(m->truth->evidence) || m->truth->mixed) return;
    if (3 * m->electorate.byzantine > m->electorate.table) return;
    if (get_availability(m->after) > get_availability(m->before))
        report_violation(m, ASSAY_SIM_CHECKER_P2, "availability rose without evidence that passes",
                         get_availability(m->before), get_availability(m->after));
    else if (get_integrity(m->after) > get_integrity(m->before))
        report_violation(m, ASSAY_SIM_CHECKER_P2, "integrity rose without evidence that passes",
                         get_integrity(m->before), get_integrity(m->after));
    else report_pass(m, ASSAY_SIM_CHECKER_P2);
}

/* protocol.md 4.3.2: a FAIL counts only with its record, which closes with E: where messages are
 * lost, or proposals are refused, it may be late. */
static bool has_fail_record(const struct member *m)
{
    const uint8_t *fails = m->epoch->closed->fails;
    const enum assay_sim_evidence evidence = m->truth->evidence;
    if (evidence == ASSAY_SIM_EVIDENCE_NONE || evidence == ASSAY_SIM_EVIDENCE_FIRST) return true;
    if (m->epoch->watch->scenario->link.loss_permille == 0 &&
        m->epoch->closed->views_nullified == 0)
        return true;
    return fails == NULL || fails[m->slot] != 0;
}

/* A node that signs two envelopes shows different ones to different voters: no evidence is seen by
 * all. The same with a node that delays or replays its messages where messages are lost: they are
 * too late for some voters to appraise, and too early for these to have requested them without an
 * answer. An appraisal of the same quote in an earlier epoch gives no arrival time in this one. */
static bool is_inconsistent(const struct member *m)
{
    const struct assay_sim_watch *w = m->epoch->watch;
    const bool loses = w->scenario->link.loss_permille > 0;
    if (m->truth->mixed) return true;
    for (uint32_t i = 0; i < w->scenario->adversary_count; i++) {
        const struct assay_sim_adversary *a = &w->scenario->adversaries[i];
        if (a->cohort != w->cohort_of[m->slot]) continue;
        if (a->attack == ASSAY_SIM_ATTACK_TWO_ENVELOPES) return true;
        if (a->attack == ASSAY_SIM_ATTACK_DELAY && loses) return true;
        if (a->attack == ASSAY_SIM_ATTACK_REPLAY && loses) return true;
    }
    return false;
}

/* protocol.md 7.12: honest voters of other platforms hold more than a third of the table. With less
 * (one platform holds a third or more of it) a Byzantine third could produce any vote about a
 * subject. */
static bool has_deciding_others(const struct member *m)
{
    const struct assay_watch_electorate *e = &m->electorate;
    return 3 * (e->weight - e->byzantine - e->silent) > e->table;
}

/* Whether all voters can see this epoch's evidence: certified, calm, and the missing weight
 * (Byzantine voters, honest ones without a counted ballot) is less than W/3. */
static bool is_seen_by_all(const struct member *m)
{
    if (!m->epoch->after->certified || !m->epoch->calm) return false;
    /* Silence reaches every voter. */
    if (m->truth->evidence != ASSAY_SIM_EVIDENCE_NONE && !reached_all(m)) return false;
    if (is_inconsistent(m) || !has_deciding_others(m)) return false;
    return 3 * (m->electorate.byzantine + m->electorate.silent) < m->electorate.weight;
}

/* Then hi = 0, and more than 2W/3 were counted, as a fall requires. */
static bool is_seen_bad(const struct member *m)
{
    return is_plainly_bad(m->truth->evidence) && has_fail_record(m) && is_seen_by_all(m);
}

/* P3: an invalid node that every voter can see is SUSPENDED in 3 epochs, at once on hard evidence.
 * Preconditions: seen_bad, three certified epochs in a row (HELD epochs neither count nor break the
 * row), or one with evidence that fails hard. And in each of them it falls, unless it is at 0. */
static void check_p3(const struct member *m)
{
    struct assay_watch_track *t = m->track;
    t->seen_bad_now = is_seen_bad(m);
    if (!t->seen_bad_now) {
        if (m->epoch->after->certified) t->seen_bad_streak = 0;
        return;
    }
    t->seen_bad_streak++;
    const bool hard = m->truth->evidence == ASSAY_SIM_EVIDENCE_HARD ||
                      m->truth->evidence == ASSAY_SIM_EVIDENCE_ELSEWHERE;
    const bool due = hard || t->seen_bad_streak >= 3;
    const bool suspended = m->after->trust.score.standing == ASSAY_STANDING_SUSPENDED;
    if (due && (!suspended || get_score(m->after) >= ASSAY_BOUND_RESTRICTED_BP))
        report_violation(m, ASSAY_SIM_CHECKER_P3, "invalid, seen by all, and not suspended",
                         get_score(m->before), get_score(m->after));
    else if (hard && get_integrity(m->after) != 0)
        report_violation(m, ASSAY_SIM_CHECKER_P3, "evidence failed hard and integrity is left",
                         get_integrity(m->before), get_integrity(m->after));
    else if (get_availability(m->before) > 0 &&
             get_availability(m->after) >= get_availability(m->before))
        report_violation(m, ASSAY_SIM_CHECKER_P3,
                         "invalid, seen by all, and availability did not fall",
                         get_availability(m->before), get_availability(m->after));
    else report_pass(m, ASSAY_SIM_CHECKER_P3);
}

/* From the eighth certified epoch on it falls in each, and in the tenth it is SUSPENDED. */
static void check_patience(const struct member *m, enum assay_sim_checker checker, uint32_t streak,
                           const char *subject)
{
    if (streak < ASSAY_PATIENCE_EPOCHS) return;
    const bool suspended = m->after->trust.score.standing == ASSAY_STANDING_SUSPENDED;
    if (get_availability(m->before) > 0 &&
        get_availability(m->after) >= get_availability(m->before))
        report_violation(m, checker, subject, get_availability(m->before),
                         get_availability(m->after));
    else if (streak >= ASSAY_PATIENCE_EPOCHS + 2 && !suspended)
        report_violation(m, checker, subject, get_score(m->before), get_score(m->after));
    else report_pass(m, checker);
}

/* Mute (protocol.md 7.14): preconditions: a certified close, and no counted ballot of its own in
 * this and the seven certified epochs before; neither honesty nor reachability. */
static void check_mute(const struct member *m)
{
    struct assay_watch_track *t = m->track;
    if (!m->epoch->after->certified) return;
    t->mute_streak = m->after->found.balloted ? 0 : t->mute_streak + 1;
    check_patience(m, ASSAY_SIM_CHECKER_MUTE, t->mute_streak,
                   "no ballot of its own in eight epochs, and it stands");
}

/* Unjudged (protocol.md 7.15): precondition: eight certified epochs in a row in which its evidence
 * reached all voters and could not be judged: then 3U > 2W in each. */
static void check_unjudged(const struct member *m)
{
    struct assay_watch_track *t = m->track;
    if (!m->epoch->after->certified) return;
    const bool seen = m->truth->evidence == ASSAY_SIM_EVIDENCE_UNJUDGED && is_seen_by_all(m);
    t->unjudged_streak = seen ? t->unjudged_streak + 1 : 0;
    check_patience(m, ASSAY_SIM_CHECKER_UNJUDGED, t->unjudged_streak,
                   "not to be judged in eight epochs, and it stands");
}

/* Attacks that leave a node's votes and messages unchanged: good evidence then counts like that of
 * an honest node. */
static bool affects_only_evidence(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    const struct assay_sim_watch *w = epoch->watch;
    for (uint32_t i = 0; i < w->scenario->adversary_count; i++) {
        const struct assay_sim_adversary *a = &w->scenario->adversaries[i];
        if (a->cohort != w->cohort_of[slot]) continue;
        const struct assay_attack *row = assay_attack_of(a->attack);
        if (row->evidence == NULL || row->passes != NULL) return false;
    }
    return true;
}

/* U: 100, halved for each offence before the newest, at least 12 (protocol.md 7.6). */
static unsigned rise_of(const struct assay_member *m)
{
    unsigned rise_bp = 100;
    for (uint32_t k = 1; k < m->trust.offences.count && rise_bp > 12; k++)
        rise_bp /= 2;
    return rise_bp < 12 ? 12 : rise_bp;
}

static unsigned add_rise(unsigned from_bp, unsigned step_bp)
{
    return from_bp + step_bp > ASSAY_SCORE_BP_MAX ? ASSAY_SCORE_BP_MAX : from_bp + step_bp;
}

/* A standing is never better than its score, and improves by one step only in a certified epoch, at
 * the bound plus 200. */
static bool is_standing_valid(const struct member *m, struct assay_hysteresis before,
                              struct assay_hysteresis after, unsigned score_bp)
{
    const unsigned bounds[] = { ASSAY_BOUND_FULL_BP, ASSAY_BOUND_WARNING_BP,
                                ASSAY_BOUND_RESTRICTED_BP, 0 };
    if (score_bp < bounds[after.standing]) return false;
    if (after.standing >= before.standing) return true;
    return m->epoch->after->certified && after.standing + 1 == before.standing &&
           score_bp >= bounds[after.standing] + ASSAY_HYSTERESIS_BP;
}

/* Maximum rates under any evidence and any lies: 500 of A, U of I, and nothing of I before an
 * incarnation is listed after a failure. No precondition. */
static bool rises_too_fast(const struct member *m)
{
    const bool listed = m->before->trust.listed_after_failure;
    return get_availability(m->after) > add_rise(get_availability(m->before), 500) ||
           get_integrity(m->after) > (listed
                                          ? add_rise(get_integrity(m->before), rise_of(m->before))
                                          : get_integrity(m->before));
}

/* P4: it recovers at +500 A and +U I an epoch, and no faster: too_fast. Preconditions of the rate:
 * certified, evidence that passes, reachable to all, votes and messages unchanged; another member
 * has weight, and honest voters with a counted ballot hold 2W/3 at least: then lo = 10000, and the
 * PASS is certified whatever the others withhold: enclaves get their permits (10.6). A rises by 500
 * or to the end. I rises by U or to the end, with its own ballot counted, no proof against it, and
 * an incarnation listed since its last failure; else it stays. Standings follow their score. */
static void check_p4(const struct member *m)
{
    const enum assay_sim_evidence evidence = m->truth->evidence;
    if (rises_too_fast(m)) {
        report_violation(m, ASSAY_SIM_CHECKER_P4, "it rose faster than permitted",
                         get_score(m->before), get_score(m->after));
        return;
    }
    if (!m->epoch->after->certified || !reached_all(m)) return;
    if (evidence != ASSAY_SIM_EVIDENCE_GOOD && evidence != ASSAY_SIM_EVIDENCE_FORGED) return;
    if (!affects_only_evidence(m->epoch, m->slot)) return;
    if (!has_deciding_others(m)) return;
    if (3 * (m->electorate.byzantine + m->electorate.silent) > m->electorate.weight) return;
    if (m->track->mute_streak >= ASSAY_PATIENCE_EPOCHS) return;
    const bool rises = m->before->trust.listed_after_failure && m->after->found.balloted;
    const unsigned due =
        rises ? add_rise(get_integrity(m->before), rise_of(m->before)) : get_integrity(m->before);
    if (get_availability(m->after) != add_rise(get_availability(m->before), 500))
        report_violation(m, ASSAY_SIM_CHECKER_P4, "availability did not rise by 500",
                         get_availability(m->before), get_availability(m->after));
    else if (!m->struck && get_integrity(m->after) != due)
        report_violation(m, ASSAY_SIM_CHECKER_P4, "integrity did not rise by U",
                         get_integrity(m->before), get_integrity(m->after));
    else if (!m->after->found.certified_pass)
        report_violation(m, ASSAY_SIM_CHECKER_P4,
                         "every honest voter passed it, and its PASS is withheld",
                         get_score(m->before), get_score(m->after));
    else if (!is_standing_valid(m, m->before->trust.score, m->after->trust.score,
                                get_score(m->after)) ||
             !is_standing_valid(m, m->before->trust.integrity, m->after->trust.integrity,
                                get_integrity(m->after)))
        report_violation(m, ASSAY_SIM_CHECKER_P4, "its standing is not what its score says",
                         m->before->trust.score.standing, m->after->trust.score.standing);
    else report_pass(m, ASSAY_SIM_CHECKER_P4);
}

/* P7: returning under a new incarnation gains nothing.
 * Precondition: a new one was listed. A member that had failed before keeps I, standing and (no)
 * weight as they were or worse; another gains U at most, as without. The offences of the platform
 * stay, except one that expires after 512 clean epochs. */
static void check_p7(const struct member *m)
{
    const uint32_t number = m->before->lives[0].incarnation;
    if (m->after->lives[0].incarnation == number) return;
    const struct assay_trust_state *old = &m->before->trust;
    const struct assay_trust_state *now = &m->after->trust;
    const unsigned most = old->listed_after_failure
                              ? add_rise(old->integrity_bp, rise_of(m->before))
                              : old->integrity_bp;
    const uint32_t forgotten = old->offences.clean_epochs + 1 >= 512 ? 1 : 0;
    if (m->after->lives[0].incarnation != number + 1)
        report_violation(m, ASSAY_SIM_CHECKER_P7, "an incarnation was left out", number,
                         m->after->lives[0].incarnation);
    else if (now->integrity_bp > most)
        report_violation(m, ASSAY_SIM_CHECKER_P7, "a new incarnation gained integrity",
                         old->integrity_bp, now->integrity_bp);
    else if (!old->listed_after_failure && now->integrity.standing < old->integrity.standing)
        report_violation(m, ASSAY_SIM_CHECKER_P7, "a new incarnation gained standing",
                         old->integrity.standing, now->integrity.standing);
    else if (!old->listed_after_failure && m->after->weight > m->before->weight)
        report_violation(m, ASSAY_SIM_CHECKER_P7, "a new incarnation gained weight",
                         m->before->weight, m->after->weight);
    else if (now->offences.count + forgotten < old->offences.count)
        report_violation(m, ASSAY_SIM_CHECKER_P7, "a new incarnation lost its offences",
                         old->offences.count, now->offences.count);
    else report_pass(m, ASSAY_SIM_CHECKER_P7);
}

/* Operators chose a policy that its evidence does not satisfy: its fall is correct. */
static bool drops_by_policy(const struct member *m)
{
    const enum assay_integrity_reason reason = m->after->found.integrity_reason;
    return m->truth->by_policy && reason == ASSAY_INTEGRITY_FAIL_HARD;
}

/* protocol.md 7.7: more than a third can lie once about a TCB level, before it is convicted. */
static bool may_be_underrated(const struct member *m)
{
    return m->after->found.integrity_reason == ASSAY_INTEGRITY_CEILING &&
           3 * m->electorate.byzantine > m->electorate.weight;
}

/* Justice: no honest member is convicted (protocol.md 7.4: integrity changes only by re-verifiable
 * objects, which cannot be forged). No precondition: under any Byzantine weight. */
static void check_justice(const struct member *m)
{
    if (!m->truth->honest) return;
    if (m->after->equivocation_struck > m->before->equivocation_struck)
        report_violation(m, ASSAY_SIM_CHECKER_JUSTICE, "honest and convicted of equivocation",
                         m->before->equivocation_struck, m->after->equivocation_struck);
    else if (m->struck && !drops_by_policy(m))
        report_violation(m, ASSAY_SIM_CHECKER_JUSTICE,
                         assay_integrity_reason_text(m->after->found.integrity_reason),
                         get_integrity(m->before), get_integrity(m->after));
    else if (get_integrity(m->after) < get_integrity(m->before) && !drops_by_policy(m) &&
             !may_be_underrated(m))
        report_violation(m, ASSAY_SIM_CHECKER_JUSTICE, "honest, and integrity fell",
                         get_integrity(m->before), get_integrity(m->after));
    else report_pass(m, ASSAY_SIM_CHECKER_JUSTICE);
}

/* P8 is evaluated over the complete run. */
static void note_p8(const struct member *m)
{
    struct assay_watch_track *t = m->track;
    if (m->epoch->after->certified) t->certified_epochs++;
    if (t->seen_bad_now) {
        t->seen_bad++;
        if (m->truth->evidence == ASSAY_SIM_EVIDENCE_SOFTLY) t->seen_soft++;
    }
    if (get_availability(m->after) < t->availability_min_bp)
        t->availability_min_bp = m->after->trust.availability_bp;
    if (get_integrity(m->after) < t->integrity_min_bp)
        t->integrity_min_bp = m->after->trust.integrity_bp;
}

/* Nothing is required of an epoch in which it was set aside; but the ledger may have counted its
 * good parts, and a row of bad epochs starts again. */
static void skip_epoch(const struct assay_watch_epoch *epoch, uint32_t slot)
{
    struct assay_watch_track *t = &epoch->watch->tracks[slot];
    if (slot >= epoch->after->member_count || !epoch->after->certified) return;
    if (epoch->after->members[slot].found.balloted) t->mute_streak = 0;
    t->unjudged_streak = t->seen_bad_streak = 0;
}

void assay_watch_members(const struct assay_watch_epoch *epoch)
{
    for (uint32_t slot = 0; slot < epoch->watch->nodes; slot++) {
        if (!assay_watch_same_member(epoch, slot))
            epoch->watch->tracks[slot] =
                (struct assay_watch_track){ .availability_min_bp = ASSAY_SCORE_BP_MAX,
                                            .integrity_min_bp = ASSAY_SCORE_BP_MAX };
        if (assay_watch_set_aside(epoch, slot)) {
            skip_epoch(epoch, slot);
            continue;
        }
        const struct member m = {
            .epoch = epoch,
            .slot = slot,
            .truth = &epoch->closed->truth[slot],
            .before = &epoch->before->members[slot],
            .after = &epoch->after->members[slot],
            .track = &epoch->watch->tracks[slot],
            .electorate = assay_watch_electorate_of(epoch, slot),
            .struck =
                epoch->after->members[slot].found.integrity_reason >= ASSAY_INTEGRITY_FALSE_FAIL,
        };
        check_mute(&m);
        check_unjudged(&m);
        check_p1(&m);
        check_p2(&m);
        check_p3(&m);
        check_p4(&m);
        check_p7(&m);
        check_justice(&m);
        note_p8(&m);
    }
}

/* P8: an on-off attacker that stays above theta is bad in at most 1/(1 + theta/(3U)) of epochs.
 * A bad epoch that all saw takes a quarter (rounded up) and leaves theta at least: it takes theta/3
 * at least. All others give U at most, and the start is 10000:
 *     bad * theta <= 3 * (U * good + 10000)
 * with theta the lowest value of the run. U is 500 for A and 100 for I. */
static void check_p8(struct assay_sim_watch *w, uint32_t slot, const char *what, uint64_t bad,
                     uint64_t theta_bp, uint64_t rise_bp)
{
    const struct assay_watch_track *t = &w->tracks[slot];
    if (bad == 0) return;
    const uint64_t good = t->certified_epochs - bad;
    if (bad * theta_bp > 3 * (rise_bp * good + ASSAY_SCORE_BP_MAX))
        assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P8, w->epochs_closed,
                               "node %u: bad in %llu epochs and good in %llu, and %s never below "
                               "%llu",
                               slot, (unsigned long long)bad, (unsigned long long)good, what,
                               (unsigned long long)theta_bp);
    else assay_sim_report_check(w->outcome, ASSAY_SIM_CHECKER_P8, w->epochs_closed, NULL);
}

void assay_watch_members_end(struct assay_sim_watch *watch)
{
    for (uint32_t slot = 0; slot < watch->nodes; slot++) {
        const struct assay_watch_track *t = &watch->tracks[slot];
        check_p8(watch, slot, "availability", t->seen_bad, t->availability_min_bp, 500);
        check_p8(watch, slot, "integrity", t->seen_soft, t->integrity_min_bp, 100);
    }
}
