/*
 * net/documents/document_words.c - names, codes and sentences of the documents.
 */
#include "net/documents/document.h"

#include "base/assert.h"
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

bool assay_document_integrity_drop(uint64_t rule)
{
    return rule >= ASSAY_INTEGRITY_CEILING && rule <= ASSAY_INTEGRITY_FAIL_HARD;
}

bool assay_document_availability_drop(uint64_t rule)
{
    return rule == ASSAY_AVAILABILITY_FALL || rule == ASSAY_AVAILABILITY_MUTE ||
           rule == ASSAY_AVAILABILITY_UNJUDGED;
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
    if (len > 0) out->len += (size_t)len < room ? (size_t)len : room - 1;
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

static const char *count_in_standing(enum assay_standing standing)
{
    switch (standing) {
    case ASSAY_STANDING_FULL: return "is full";
    case ASSAY_STANDING_WARNING: return "in warning";
    case ASSAY_STANDING_RESTRICTED: return "restricted";
    case ASSAY_STANDING_SUSPENDED: return "suspended";
    }
    return "of unknown standing";
}

/* The drop that set the score, of the lower number. Out: *epoch, 0 when it is unknown. */
static const char *reason_text(const struct assay_snapshot_member *m, uint64_t *epoch)
{
    const struct assay_member_snapshot *l = &m->ledger;
    const bool integrity = l->trust.integrity_bp <= l->trust.availability_bp;
    *epoch = integrity ? m->integrity_fall.epoch : m->availability_fall.epoch;
    if (integrity && m->integrity_fall.epoch != 0)
        return cause_phrase(assay_document_integrity_text(m->integrity_fall.rule));
    if (!integrity && m->availability_fall.epoch != 0)
        return cause_phrase(assay_document_availability_text(m->availability_fall.rule));
    return integrity ? cause_phrase(assay_document_integrity_text(l->change_reason))
                     : cause_phrase(assay_document_availability_text(l->availability_rule));
}

static bool is_reachable(const struct assay_snapshot_member *m)
{
    return m->ledger.stage == ASSAY_STAGE_MEMBER;
}

static void format_member(struct sentence *out, const struct assay_snapshot *s, uint32_t slot)
{
    ASSAY_ASSERT(slot < s->member_count);
    char name[ASSAY_NAME_MAX + 1];
    const struct assay_snapshot_member *m = &s->members[slot];
    const enum assay_standing standing = m->ledger.trust.score.standing;
    say(out, "%s %s", assay_document_name(s, (uint16_t)slot, name, sizeof name),
        count_in_standing(standing));
    if (!is_reachable(m)) {
        say(out, ", %s", assay_document_stage((uint64_t)m->ledger.stage));
    } else if (standing != ASSAY_STANDING_FULL) {
        uint64_t epoch = 0;
        const char *const cause_text = reason_text(m, &epoch);
        if (epoch != 0) say(out, ", fell in epoch %llu", (unsigned long long)epoch);
        say(out, ": %s", cause_text);
    }
}

static void format_trouble(struct sentence *out, const struct assay_snapshot *s)
{
    ASSAY_ASSERT(out->len == 0); /* the most important facts come first */
    if (s->cannot_catch_up != NULL) say(out, "CANNOT CATCH UP, %s; ", s->cannot_catch_up);
    if (s->chain.final_at_ms == 0) say(out, "nothing has become final here yet; ");
    else if (!assay_permit_fresh(&s->chain, s->epoch_ms, s->now_ms))
        say(out, "STALE, nothing has become final for %llu s; ",
            (unsigned long long)((s->now_ms - s->chain.final_at_ms) / 1000));
    if (!s->margin.progress) say(out, "STOPPED, too few members are reachable; ");
    else if (s->margin.overdue) say(out, "OVERDUE, the running epoch should be closed by now; ");
    if (s->clock_out_of_sync) say(out, "CLOCK, the date of this machine is off; ");
}

static void format_tolerance(struct sentence *out, const struct assay_snapshot *s)
{
    const uint32_t faults = s->margin.members_stop < s->margin.members_break
                                ? s->margin.members_stop
                                : s->margin.members_break;
    if (!s->margin.progress) say(out, "; it continues when enough are back");
    else
        say(out, "; %s more fault%s can be tolerated", count_word(faults), faults == 1 ? "" : "s");
}

/* Recent: data of the epoch before the last closed one may be the newest while the next one is
 * being decided. */
static bool is_attested(const struct assay_snapshot *s, const struct assay_snapshot_member *m)
{
    return m->ledger.last_success_epoch + 2 >= s->chain.epoch;
}

const char *assay_document_sentence(const struct assay_snapshot *s,
                                    char text[static ASSAY_DOCUMENT_SENTENCE])
{
    enum { NAMED = 3 };
    struct sentence out = { .text = text };
    uint32_t there = 0, attested = 0, full = 0, named = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct assay_snapshot_member *m = &s->members[i];
        if (!is_reachable(m)) continue;
        there++;
        attested += is_attested(s, m);
        full += m->ledger.trust.score.standing == ASSAY_STANDING_FULL;
    }
    ASSAY_ASSERT(attested <= there && full <= there);
    format_trouble(&out, s);
    if (assay_permit_fresh(&s->chain, s->epoch_ms, s->now_ms))
        say(&out, "%u of %u attested, %u full", attested, there, full);
    else if (s->chain.final_at_ms == 0)
        say(&out, "%u of %u full by what its store has", full, there);
    else say(&out, "when it stalled %u of %u were FULL", full, there);
    for (uint32_t i = 0; i < s->member_count && named < NAMED; i++) {
        const struct assay_snapshot_member *m = &s->members[i];
        if (!is_reachable(m) || m->ledger.trust.score.standing == ASSAY_STANDING_FULL) continue;
        say(&out, ", ");
        format_member(&out, s, i);
        named++;
    }
    ASSAY_ASSERT(named <= there - full);
    if (there - full > named) say(&out, ", and %u more are not full", there - full - named);
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
