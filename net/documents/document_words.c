/*
 * net/documents/document_words.c - names, codes and sentences of the documents.
 */
#include "net/documents/document.h"

#include "base/assert.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "scoring/tally.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------ numbers that have names */

const char *assay_document_standing(uint64_t standing)
{
    static const char *const names[] = { "FULL", "WARNING", "RESTRICTED", "SUSPENDED" };
    return standing < sizeof names / sizeof names[0] ? names[standing] : "unknown";
}

uint64_t assay_document_effective_standing(const struct assay_member_snapshot *member)
{
    return (uint64_t)(member->stage == ASSAY_STAGE_MEMBER ? member->trust.score.standing
                                                          : ASSAY_STANDING_SUSPENDED);
}

const char *assay_document_stage(uint64_t stage)
{
    static const char *const names[] = { "member", "resting", "left" };
    return stage < sizeof names / sizeof names[0] ? names[stage] : "unknown";
}

const char *assay_document_change_end(uint64_t end)
{
    static const char *const names[] = { "none", "reverted", "unfit", "dropped" };
    return end < sizeof names / sizeof names[0] ? names[end] : "unknown";
}

const char *assay_document_integrity_code(uint64_t rule)
{
    static const char *const codes[] = {
        "held_uncertified", "held_few",       "held_bound",
        "held_unlisted",    "held_no_ballot", "rise",
        "ceiling",          "false_fail",     "fail_soft",
        "false_fail_again", "false_pass",     "equivocation",
        "fail_hard",
    };
    _Static_assert(sizeof codes / sizeof codes[0] == ASSAY_INTEGRITY_FAIL_HARD + 1, "one each");
    return rule < sizeof codes / sizeof codes[0] ? codes[rule] : "unknown";
}

const char *assay_document_integrity_text(uint64_t rule)
{
    if (rule > ASSAY_INTEGRITY_FAIL_HARD) return "unknown";
    return assay_integrity_reason_text((enum assay_integrity_reason)rule);
}

const char *assay_document_availability_code(uint64_t rule)
{
    static const char *const codes[] = {
        "hold", "rise", "fall", "uncertified", "mute", "unjudged"
    };
    _Static_assert(sizeof codes / sizeof codes[0] == ASSAY_AVAILABILITY_UNJUDGED + 1, "one each");
    return rule < sizeof codes / sizeof codes[0] ? codes[rule] : "unknown";
}

const char *assay_document_availability_text(uint64_t rule)
{
    if (rule > ASSAY_AVAILABILITY_UNJUDGED) return "unknown";
    return assay_availability_rule_text((enum assay_availability_rule)rule);
}

bool assay_document_availability_drop(uint64_t rule)
{
    return rule == ASSAY_AVAILABILITY_FALL || rule == ASSAY_AVAILABILITY_MUTE ||
           rule == ASSAY_AVAILABILITY_UNJUDGED;
}

/* ------------------------------------------------------------ reasons of a low score */

static bool is_same_cause(const struct assay_fall_step *a, const struct assay_fall_step *b)
{
    return a->number == b->number && a->rule == b->rule;
}

bool assay_document_fall_has_one_cause(const struct assay_fall *fall)
{
    return is_same_cause(&fall->first, &fall->last);
}

const char *assay_document_step_number(const struct assay_fall_step *step)
{
    return step->number == ASSAY_FALL_INTEGRITY ? "integrity" : "availability";
}

struct assay_document_reason assay_document_step_reason(const struct assay_fall_step *step)
{
    if (step->number == ASSAY_FALL_INTEGRITY)
        return (struct assay_document_reason){ assay_document_integrity_code(step->rule),
                                               assay_document_integrity_text(step->rule),
                                               step->epoch };
    return (struct assay_document_reason){ assay_document_availability_code(step->rule),
                                           assay_document_availability_text(step->rule),
                                           step->epoch };
}

const char *assay_document_fall_cause(const struct assay_fall *fall, uint64_t epoch)
{
    const struct assay_fall_step *const steps[] = { &fall->last, &fall->first, &fall->integrity };
    if (epoch == 0) return NULL;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i]->epoch == epoch) return assay_document_step_reason(steps[i]).text;
    const bool within = epoch > fall->first.epoch && epoch < fall->last.epoch;
    return within && assay_document_fall_has_one_cause(fall)
               ? assay_document_step_reason(&fall->first).text
               : NULL;
}

/* A run of one cause fell in its first epoch, however many steps it has. */
static struct assay_document_reason run_reason(const struct assay_fall *fall,
                                               const struct assay_fall_step *step)
{
    const bool in_run = step->epoch >= fall->first.epoch;
    return assay_document_step_reason(in_run && is_same_cause(step, &fall->first) ? &fall->first
                                                                                  : step);
}

/* A rise is no reason for a low number: it is low because it began low and has not risen enough. */
static struct assay_document_reason rising_reason(void)
{
    return (struct assay_document_reason){ "rising", "has not risen to 100 % yet", 0 };
}

struct assay_document_reason assay_document_integrity_reason(const struct assay_snapshot_member *m)
{
    const struct assay_fall *const fall = &m->ledger.fall;
    const bool is_low = m->ledger.trust.integrity_bp < ASSAY_SCORE_BP_MAX;
    if (fall->integrity.epoch != 0 && is_low) return run_reason(fall, &fall->integrity);
    if (is_low && m->ledger.change_reason == ASSAY_INTEGRITY_RISE) return rising_reason();
    return (struct assay_document_reason){ assay_document_integrity_code(m->ledger.change_reason),
                                           assay_document_integrity_text(m->ledger.change_reason),
                                           0 };
}

/* The step of the last run that availability made, while the standing is low. Returns: NULL: none.
 */
static const struct assay_fall_step *availability_step(const struct assay_member_snapshot *l)
{
    const struct assay_fall *const fall = &l->fall;
    if (!assay_fall_is_set(fall) || l->trust.score.standing == ASSAY_STANDING_FULL) return NULL;
    if (fall->last.epoch < l->stage_epoch) return NULL;
    if (fall->last.number == ASSAY_FALL_AVAILABILITY) return &fall->last;
    return fall->first.number == ASSAY_FALL_AVAILABILITY ? &fall->first : NULL;
}

/* docs/protocol.md 9.6.1, 9.6.2: a drain and a join set A to zero. A fall before that is not the
 * reason any more, and the tally has no rule for it. */
struct assay_document_reason assay_document_availability_reason(
    const struct assay_snapshot_member *m)
{
    const struct assay_member_snapshot *l = &m->ledger;
    const struct assay_fall_step *const step = availability_step(l);
    if (l->stage == ASSAY_STAGE_RESTING)
        return (struct assay_document_reason){ "drained", "zero: drained by the operators",
                                               l->stage_epoch };
    if (step != NULL) return run_reason(&l->fall, step);
    const bool moved = l->availability_rule != ASSAY_AVAILABILITY_HOLD &&
                       l->availability_rule != ASSAY_AVAILABILITY_UNCERTIFIED;
    if (l->stage == ASSAY_STAGE_MEMBER && l->stage_epoch != 0 && !moved &&
        l->trust.availability_bp == 0)
        return (struct assay_document_reason){ "joined",
                                               "not risen yet since it was undrained or joined",
                                               0 };
    if (l->availability_rule == ASSAY_AVAILABILITY_RISE &&
        l->trust.availability_bp < ASSAY_SCORE_BP_MAX)
        return rising_reason();
    return (struct assay_document_reason){ assay_document_availability_code(l->availability_rule),
                                           assay_document_availability_text(l->availability_rule),
                                           0 };
}

/* A member that is suspended for its evidence gets no permits, and its availability falls below its
 * integrity: that is an effect, not the cause. */
bool assay_document_is_low_by_integrity(const struct assay_member_snapshot *member)
{
    const struct assay_trust_state *const trust = &member->trust;
    const enum assay_standing standing = trust->score.standing;
    if (member->stage != ASSAY_STAGE_MEMBER) return false; /* low by a decision of operators */
    if (trust->integrity_bp <= trust->availability_bp) return true;
    return standing != ASSAY_STANDING_FULL && trust->integrity.standing == standing &&
           member->fall.integrity.epoch != 0 && trust->integrity_bp < ASSAY_SCORE_BP_MAX &&
           (standing == ASSAY_STANDING_SUSPENDED ||
            member->fall.last.number == ASSAY_FALL_INTEGRITY);
}

struct assay_document_reason assay_document_score_reason(const struct assay_snapshot_member *m)
{
    return assay_document_is_low_by_integrity(&m->ledger) ? assay_document_integrity_reason(m)
                                                          : assay_document_availability_reason(m);
}

bool assay_document_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return false;
        if (assay_mul_u64(value, 10, &value) != ASSAY_OK) return false;
        if (assay_add_u64(value, (uint64_t)(*text - '0'), &value) != ASSAY_OK) return false;
    }
    *out = value;
    return true;
}

/* ------------------------------------------------------------ sentences */

void assay_document_mark_cut(char *text, size_t size, size_t len)
{
    static const char mark[] = "...";
    ASSAY_ASSERT(size >= sizeof mark);
    if (len >= size) assay_bytes_copy(text + size - sizeof mark, sizeof mark, mark, sizeof mark);
}

enum { NAMED_MAX = 3 }; /* members of a sentence, of each sort */

struct sentence {
    char *text; /* [ASSAY_DOCUMENT_SENTENCE] */
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void say(struct sentence *out, const char *format, ...)
{
    ASSAY_ASSERT(out->len < ASSAY_DOCUMENT_SENTENCE);
    va_list args;
    va_start(args, format);
    const size_t room = ASSAY_DOCUMENT_SENTENCE - out->len;
    const int len = vsnprintf(out->text + out->len, room, format, args);
    va_end(args);
    if (len <= 0) return;
    assay_document_mark_cut(out->text, ASSAY_DOCUMENT_SENTENCE, out->len + (size_t)len);
    out->len += (size_t)len < room ? (size_t)len : room - 1;
}

static const char *count_word(uint32_t count)
{
    static const char *const words[] = { "no",  "one",   "two",   "three", "four", "five",
                                         "six", "seven", "eight", "nine",  "ten" };
    return count < sizeof words / sizeof words[0] ? words[count] : "more than ten";
}

/* "fell: its evidence fails soft": the text after the colon. */
static const char *cause_phrase(const char *text)
{
    const char *colon = strstr(text, ": ");
    return colon != NULL ? colon + 2 : text;
}

static const char *condition_phrase(enum assay_condition condition)
{
    static const char *const phrases[] = { "is full",
                                           "in warning",
                                           "restricted",
                                           "suspended",
                                           "offline",
                                           "in maintenance",
                                           "drained by the operators",
                                           "left the network" };
    _Static_assert(sizeof phrases / sizeof phrases[0] == ASSAY_CONDITIONS, "one each");
    ASSAY_ASSERT(condition < ASSAY_CONDITIONS);
    return phrases[condition];
}

/* Of the lower number. A rule that lowered nothing is given in full. A run of several causes is
 * reported from its begin. */
static void format_reason(struct sentence *out, const struct assay_snapshot *s,
                          const struct assay_snapshot_member *m)
{
    char when[ASSAY_DOCUMENT_WHEN], when_last[ASSAY_DOCUMENT_WHEN];
    const struct assay_fall *const fall = &m->ledger.fall;
    const struct assay_document_reason reason = assay_document_score_reason(m);
    if (reason.epoch == 0) {
        say(out, ", %s", reason.text);
        return;
    }
    if (reason.epoch != fall->last.epoch || assay_document_fall_has_one_cause(fall)) {
        say(out, ", fell in epoch %llu%s: %s", (unsigned long long)reason.epoch,
            assay_document_when_of(s, assay_document_reason_time(s, m, reason.epoch), when),
            cause_phrase(reason.text));
        return;
    }
    say(out, ", fell in epoch %llu%s: %s, and in epoch %llu%s: %s",
        (unsigned long long)fall->first.epoch,
        assay_document_when_of(s, fall->first.begin_ms, when),
        cause_phrase(assay_document_step_reason(&fall->first).text),
        (unsigned long long)reason.epoch, assay_document_when_of(s, fall->last.begin_ms, when_last),
        cause_phrase(reason.text));
}

/* The ledger has no more of a member that is away than when it attested last. */
static void format_offline(struct sentence *out, const struct assay_snapshot *s,
                           const struct assay_snapshot_member *m)
{
    char when[ASSAY_DOCUMENT_WHEN];
    const uint64_t last = m->ledger.last_success_epoch;
    if (last == 0) say(out, ", never attested");
    else
        say(out, ", last attested in epoch %llu%s", (unsigned long long)last,
            assay_document_when(s, last, when));
}

static void format_recovery(struct sentence *out, const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    struct assay_document_recovery recovery;
    char text[ASSAY_DOCUMENT_RECOVERY];
    if (!assay_document_recovery(s, slot, &recovery) || recovery.blocked_code != NULL) return;
    say(out, ", recovers: %s", assay_document_recovery_text(s, &recovery, text));
}

static bool is_in_service(const struct assay_snapshot_member *m)
{
    return m->ledger.stage == ASSAY_STAGE_MEMBER;
}

/* The standing that a member had when it was drained or left does not describe it: its weight is
 * zero. */
static void format_out_of_service(struct sentence *out, const struct assay_snapshot *s,
                                  const struct assay_snapshot_member *m)
{
    ASSAY_ASSERT(!is_in_service(m));
    char when[ASSAY_DOCUMENT_WHEN];
    const struct assay_document_reason integrity = assay_document_integrity_reason(m);
    if (m->ledger.stage_epoch != 0)
        say(out, " from epoch %llu%s on", (unsigned long long)m->ledger.stage_epoch,
            assay_document_when(s, m->ledger.stage_epoch, when));
    /* To undrain it does not raise that. */
    if (m->ledger.stage == ASSAY_STAGE_RESTING && integrity.epoch != 0 &&
        m->ledger.trust.integrity_bp < ASSAY_SCORE_BP_MAX)
        say(out, ", integrity fell in epoch %llu: %s", (unsigned long long)integrity.epoch,
            cause_phrase(integrity.text));
}

static void format_member(struct sentence *out, const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    char name[ASSAY_NAME_MAX + 1];
    const struct assay_snapshot_member *m = &s->members[slot];
    const enum assay_condition condition = assay_document_condition(s, slot);
    say(out, "%s %s", assay_document_name(s, (uint16_t)slot, name, sizeof name),
        condition_phrase(condition));
    if (!is_in_service(m)) format_out_of_service(out, s, m);
    else if (condition == ASSAY_CONDITION_OFFLINE) format_offline(out, s, m);
    else if (m->ledger.trust.score.standing != ASSAY_STANDING_FULL) format_reason(out, s, m);
    format_recovery(out, s, slot);
}

static bool is_fresh(const struct assay_snapshot *s)
{
    return assay_permit_fresh(&s->chain, s->epoch_ms, s->now_ms);
}

/* The causes first: under a fence nothing becomes final, whatever members are reachable. */
static void format_trouble(struct sentence *out, const struct assay_snapshot *s)
{
    ASSAY_ASSERT(out->len == 0); /* the most important facts come first */
    if (s->fenced)
        say(out, "FENCED, the operators have fenced this era and nothing more is signed in it; ");
    if (s->recover_unconfirmed)
        say(out, "ERA UNCONFIRMED, a RECOVER of era %u waits for this node's operator; ",
            (unsigned)s->chain.era + 1);
    if (s->cannot_catch_up != NULL) say(out, "CANNOT CATCH UP, %s; ", s->cannot_catch_up);
    if (s->chain.final_at_ms == 0) say(out, "nothing has become final here yet; ");
    else if (!is_fresh(s))
        say(out, "STALE, nothing has become final for %llu s; ",
            (unsigned long long)((s->now_ms - s->chain.final_at_ms) / 1000));
    if (!s->margin.progress) say(out, "STOPPED, too few members are reachable; ");
    else if (s->margin.overdue && !s->fenced)
        say(out, "OVERDUE, the running epoch should be closed by now; ");
    if (s->clock_out_of_sync) say(out, "CLOCK, the date of this machine is off; ");
}

/* Of members: those of one platform fail together (docs/protocol.md 6.2). A network in which
 * nothing becomes final tolerates nothing. */
static void format_tolerance(struct sentence *out, const struct assay_snapshot *s)
{
    ASSAY_ASSERT(s->member_count <= ASSAY_MEMBERS_MAX);
    const uint32_t faults = s->margin.members_stop < s->margin.members_break
                                ? s->margin.members_stop
                                : s->margin.members_break;
    const bool is_complete = s->margin.present_weight >= s->chain.seats_weight;
    if (s->fenced) say(out, "; it continues with the next era, or when the fence is released");
    else if (!s->margin.progress) say(out, "; it continues when enough are back");
    else if (is_fresh(s) && faults == 0)
        say(out, "; no %smember may fail", is_complete ? "" : "more ");
    else if (is_fresh(s))
        say(out, "; any %s%s member%s may fail", count_word(faults), is_complete ? "" : " more",
            faults == 1 ? "" : "s");
}

/* docs/protocol.md 9.6.2: they are out of service, and not among those that are counted. */
static void format_drained(struct sentence *out, const struct assay_snapshot *s)
{
    char name[ASSAY_NAME_MAX + 1];
    uint32_t drained = 0;
    for (uint32_t i = 0; i < s->member_count; i++) {
        if (s->members[i].ledger.stage != ASSAY_STAGE_RESTING) continue;
        if (drained++ < NAMED_MAX)
            say(out, "%s%s", drained == 1 ? "; drained by the operators: " : ", ",
                assay_document_name(s, (uint16_t)i, name, sizeof name));
    }
    if (drained > NAMED_MAX) say(out, " and %u more", drained - NAMED_MAX);
}

/* Members in service, by what is said of them. */
struct counts {
    uint32_t there, attested, full; /* full: in the ledger */
    uint32_t good;                  /* FULL, and there */
};

static struct counts count_members(const struct assay_snapshot *s)
{
    struct counts c = { .there = 0 };
    for (uint32_t i = 0; i < s->member_count; i++) {
        if (!is_in_service(&s->members[i])) continue;
        c.there++;
        c.attested += assay_document_is_attested(s, i);
        c.full += s->members[i].ledger.trust.score.standing == ASSAY_STANDING_FULL;
        c.good += assay_document_condition(s, i) == ASSAY_CONDITION_FULL;
    }
    ASSAY_ASSERT(c.attested <= c.there && c.full <= c.there && c.good <= c.full);
    return c;
}

const char *assay_document_sentence(const struct assay_snapshot *s,
                                    char text[static ASSAY_DOCUMENT_SENTENCE])
{
    struct sentence out = { .text = text };
    const struct counts c = count_members(s);
    uint32_t named = 0;
    text[0] = '\0';
    format_trouble(&out, s);
    if (is_fresh(s)) say(&out, "%u of %u attested, %u full", c.attested, c.there, c.good);
    else if (s->chain.final_at_ms == 0)
        say(&out, "%u of %u full by what its store has", c.full, c.there);
    else say(&out, "when it stalled %u of %u were FULL", c.full, c.there);
    for (uint32_t i = 0; i < s->member_count && named < NAMED_MAX; i++) {
        if (!is_in_service(&s->members[i]) ||
            assay_document_condition(s, i) == ASSAY_CONDITION_FULL)
            continue;
        say(&out, ", ");
        format_member(&out, s, i);
        named++;
    }
    ASSAY_ASSERT(named <= c.there - c.good);
    if (c.there - c.good > named) say(&out, ", and %u more are not full", c.there - c.good - named);
    format_drained(&out, s);
    format_tolerance(&out, s);
    return text;
}

const char *assay_document_member_sentence(const struct assay_snapshot *s, uint32_t slot,
                                           char text[static ASSAY_DOCUMENT_SENTENCE])
{
    ASSAY_ASSERT(slot < s->member_count);
    struct sentence out = { .text = text };
    const struct assay_member_snapshot *m = &s->members[slot].ledger;
    text[0] = '\0';
    format_member(&out, s, slot);
    say(&out, "; score %u.%02u %%, weight %u", assay_trust_score_bp(&m->trust) / 100U,
        assay_trust_score_bp(&m->trust) % 100U, m->weight);
    return text;
}

/* ------------------------------------------------------------ devices of two members */

const char *assay_document_shared_device(const struct assay_snapshot *s,
                                         const struct assay_snapshot_shared_device *shared,
                                         char text[static ASSAY_DOCUMENT_SHARED_DEVICE])
{
    char other[ASSAY_NAME_MAX + 1];
    ASSAY_ASSERT(shared->last_epoch > 0);
    (void)snprintf(text, ASSAY_DOCUMENT_SHARED_DEVICE,
                   "%s passed as a device of %s, too, last in epoch %llu: its reports are relayed "
                   "between two machines, or its key is cloned. Find out which machine has it, and "
                   "drain the other one",
                   shared->name, assay_document_name(s, shared->other, other, sizeof other),
                   (unsigned long long)shared->last_epoch);
    return text;
}
