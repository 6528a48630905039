/*
 * scoring/text.c - reasons of score changes as text.
 */
#include "base/assert.h"
#include "scoring/tally.h"

const char *assay_integrity_reason_text(enum assay_integrity_reason reason)
{
    switch (reason) {
    case ASSAY_INTEGRITY_HELD_UNCERTIFIED: return "unchanged: the epoch was not certified";
    case ASSAY_INTEGRITY_HELD_FEW: return "unchanged: a third or less voted PASS";
    case ASSAY_INTEGRITY_HELD_BOUND: return "unchanged: as high as votes and TCB level allow";
    case ASSAY_INTEGRITY_HELD_UNLISTED: return "unchanged: no new incarnation since the failure";
    case ASSAY_INTEGRITY_HELD_NO_BALLOT: return "unchanged: its own ballot is missing";
    case ASSAY_INTEGRITY_RISE: return "rose: its evidence passes and its ballot counts";
    case ASSAY_INTEGRITY_CEILING: return "fell: ceiling of its TCB level";
    case ASSAY_INTEGRITY_FALSE_FAIL: return "fell: voted FAIL on evidence that passes";
    case ASSAY_INTEGRITY_FAIL_SOFT: return "fell: its evidence fails soft";
    case ASSAY_INTEGRITY_FALSE_FAIL_AGAIN: return "zero: FAIL on evidence that passes, again";
    case ASSAY_INTEGRITY_FALSE_PASS: return "zero: voted PASS on evidence that fails";
    case ASSAY_INTEGRITY_EQUIVOCATION: return "zero: signed two things that exclude each other";
    case ASSAY_INTEGRITY_FAIL_HARD: return "zero: its evidence fails hard";
    }
    ASSAY_UNREACHABLE("a reason outside its enum");
}

const char *assay_availability_rule_text(enum assay_availability_rule rule)
{
    switch (rule) {
    case ASSAY_AVAILABILITY_HOLD: return "unchanged";
    case ASSAY_AVAILABILITY_RISE: return "rose: votes of PASS allow a higher score";
    case ASSAY_AVAILABILITY_FALL: return "fell: too many votes are absent or FAIL";
    case ASSAY_AVAILABILITY_UNCERTIFIED: return "unchanged: the epoch was not certified";
    case ASSAY_AVAILABILITY_MUTE: return "fell: no ballot of its own in 8 certified epochs";
    case ASSAY_AVAILABILITY_UNJUDGED: return "fell: not appraisable in 8 certified epochs";
    }
    ASSAY_UNREACHABLE("a rule outside its enum");
}
