/*
 * scoring/tally.h - tally of one epoch: ballots and proofs in, new trust of every member out.
 *
 * protocol.md 7.1 to 7.10, 7.14, 7.15, 6.7: interval scoring of availability, integrity, TCB
 * ladder, standing. A pure function of its input, called by the engine once per epoch block, and by
 * tools. It does not verify: which ballots count and which faults are proven was decided before.
 */
#ifndef ASSAY_SCORING_TALLY_H
#define ASSAY_SCORING_TALLY_H

#include "quote/verdict.h"
#include "scoring/groups.h"
#include "scoring/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the operators' policy decides about the TCB ladder; zero is not a default, use _default. */
struct assay_score_rules {
    uint16_t hardening_ceiling_bp; /* hardening or configuration needed: 10000 or 8999 */
    uint32_t grace_epochs;         /* out of date: ceiling 8999 so long, then 7499 */
};

/* Returns: ceiling 10000 for hardening needed, grace of 43200 epochs (30 days of 60 s). */
struct assay_score_rules assay_score_rules_default(void);

/*
 * Proofs accepted in this epoch against one member. "A proof strikes an incarnation once": the
 * engine leaves out a proof that has struck before; proofs given here always strike. Each false
 * FAIL outcome is a proof of its own. A FAIL record of this epoch is both a fault
 * of its subject (own_*) and what lets FAIL outcomes on the subject count into N.
 */
struct assay_faults {
    bool own_fail_hard;   /* its evidence of this epoch fails hard */
    bool own_fail_soft;   /* its evidence of this epoch fails soft */
    bool equivocation;    /* E1..E4, E8 */
    bool false_pass;      /* E5: PASS on evidence that fails */
    uint32_t false_fails; /* E5: FAIL on evidence that passes; how many new proofs */
};

/* Facts of the epoch about one member, other than ballots. */
struct assay_tally_member {
    struct assay_faults faults;
    bool duty;     /* it has a duty to ballot (every listed member, probation included) */
    bool balloted; /* its own valid ballot is in e */
    bool held;     /* drained, gone or announced absent: votes on it do not count */
};

struct assay_tally_input {
    uint64_t epoch;    /* >= 1 */
    bool roll_present; /* the chain of e holds a ROLL */
    bool trial;        /* rules are on trial in e: members that fail under them need not be quiet */
    const struct assay_score_rules *rules;
    const struct assay_groups *groups;        /* gives count */
    const uint32_t *weights;                  /* [count]: the table of this epoch */
    const struct assay_tally_member *members; /* [count] */
    /* [count]: the outcomes of slot v's counted ballot, assay_votes_row_len(count) bytes; NULL when
     * v has none (silent, late, over another roll, collateral, policy or verifier digest). */
    const uint8_t *const *rows;
    const struct assay_trust_state *trust; /* [count]: as the epoch before left it */
};

/* Which rule moved A. */
enum assay_availability_rule {
    ASSAY_AVAILABILITY_HOLD = 0,        /* neither bound was crossed, or too few took part */
    ASSAY_AVAILABILITY_RISE = 1,        /* A < lo */
    ASSAY_AVAILABILITY_FALL = 2,        /* A > hi, and more than 2W/3 took part */
    ASSAY_AVAILABILITY_UNCERTIFIED = 3, /* the epoch was not certified: everything is HELD */
    ASSAY_AVAILABILITY_MUTE = 4,        /* FALL: no ballot of its own in 8 certified epochs */
    ASSAY_AVAILABILITY_UNJUDGED = 5,    /* FALL: not appraisable in 8 certified epochs */
};

/* Why I moved, or why it did not rise. The strongest reason, where several hold. */
enum assay_integrity_reason {
    ASSAY_INTEGRITY_HELD_UNCERTIFIED = 0, /* no certified close */
    ASSAY_INTEGRITY_HELD_FEW = 1,         /* 3P <= T */
    ASSAY_INTEGRITY_HELD_BOUND = 2,       /* I is at lo or at its ceiling already */
    ASSAY_INTEGRITY_HELD_UNLISTED = 3,    /* no incarnation listed since the last failure */
    ASSAY_INTEGRITY_HELD_NO_BALLOT = 4,   /* its own ballot is missing */
    ASSAY_INTEGRITY_RISE = 5,             /* + U */
    ASSAY_INTEGRITY_CEILING = 6,          /* lowered to the ceiling of its TCB level */
    ASSAY_INTEGRITY_FALSE_FAIL = 7,       /* first false FAIL in 512 epochs: - ceil(I/4) */
    ASSAY_INTEGRITY_FAIL_SOFT = 8,        /* - ceil(I/4) */
    ASSAY_INTEGRITY_FALSE_FAIL_AGAIN = 9, /* := 0 */
    ASSAY_INTEGRITY_FALSE_PASS = 10,      /* := 0 */
    ASSAY_INTEGRITY_EQUIVOCATION = 11,    /* := 0 */
    ASSAY_INTEGRITY_FAIL_HARD = 12,       /* := 0 */
};

/* What the tally found and did for one member. */
struct assay_tally_result {
    uint64_t pass_weight;       /* P */
    uint64_t negative_weight;   /* N: ABSENT and proven FAIL */
    uint64_t unjudged_weight;   /* U: voters that could not appraise its evidence */
    uint64_t electorate_weight; /* W: all except the member and its platform */
    uint16_t lo_bp;
    uint16_t hi_bp;
    uint16_t ceiling_bp; /* of I in this epoch; 10000 unless limited by 3P > T */
    /* Weighted median of PASS levels; NONE unless 3P > T, and unless more than T/3 voted that
     * low. */
    enum assay_outcome level;
    bool certified_pass;   /* certified close and 3P > T: permits require it */
    bool integrity_failed; /* an integrity failure happened: RESTART is due */
    bool offence;          /* and it counted as an offence */
    enum assay_availability_rule availability_rule;
    enum assay_integrity_reason integrity_reason;
};

struct assay_tally_summary {
    uint64_t total_weight;   /* of the table */
    uint64_t counted_weight; /* of the voters whose ballots count */
    bool certified;          /* ROLL present and 3 * counted > 2 * total */
};

/* Static text, e.g. "own ballot missing". Returns: never NULL. */
const char *assay_integrity_reason_text(enum assay_integrity_reason reason);

/* Returns: static text of the rule, never NULL. */
const char *assay_availability_rule_text(enum assay_availability_rule rule);

/* Returns: bytes of one packed row of outcomes, two slots a byte. */
size_t assay_votes_row_len(uint32_t count);

/* The one packing of outcomes, on the wire and here: slot 2k in the low half of byte k. An odd
 * count leaves the last high half 0. Returns: the 4 bits of slot, 0..15. */
uint8_t assay_votes_row_get(const uint8_t *row, uint32_t slot);

/* Overwrites the 4 bits of slot. */
void assay_votes_row_set(uint8_t *row, uint32_t slot, enum assay_outcome outcome);

/* Added to a PASS: the evidence binds no keys although its member declared some (docs/protocol.md
 * 2.16.4). */
enum { ASSAY_VOTE_NO_KEYS = 8 };
/* Returns: the outcome in 4 bits of a row; NONE where they are no code. */
enum assay_outcome assay_votes_outcome(uint8_t code);
/* Returns: whether they say PASS of evidence without the declared keys. */
bool assay_votes_without_keys(uint8_t code);
/* Adds that to the PASS that a row has for slot (asserted). */
void assay_votes_row_set_without_keys(uint8_t *row, uint32_t slot);

/*
 * Is a row that came from outside well formed: length right, every nibble an outcome, own slot and
 * padding none? Returns: true when it is.
 */
bool assay_votes_row_valid(const uint8_t *row, size_t row_len, uint32_t count, uint32_t voter);
/* The same where evidence binds keys: PASS without them is a code, too. Returns: the same. */
bool assay_votes_row_valid_keyed(const uint8_t *row, size_t row_len, uint32_t count,
                                 uint32_t voter);

/* Returns: bytes of scratch that assay_tally_epoch needs for count members. */
size_t assay_tally_memory_len(uint32_t count);

/*
 * assay_tally_epoch - close one epoch.
 *
 * In:       *input; rows may hold any bytes (unknown nibbles count as none)
 *           memory: scratch, aligned for uint64_t, assay_tally_memory_len(count) bytes or more
 * Out:      trust[count] (may be the same array as input->trust), results[count], *summary
 * Returns:  nothing: every input has a result
 * Cost:     one pass over the rows, no allocation
 */
void assay_tally_epoch(const struct assay_tally_input *input, void *memory, size_t memory_len,
                       struct assay_trust_state *trust, struct assay_tally_result *results,
                       struct assay_tally_summary *summary);

#endif
