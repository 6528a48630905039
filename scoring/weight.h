/*
 * scoring/weight.h - table of voting weights of the next epoch, and its fault tolerance.
 *
 * protocol.md 6: raw weight from integrity, one unit per platform, factors of the caps and their
 * guard, tolerance. A factor depends on the roster and on the highest weight that each member has
 * had (H), never on a fall: a coalition cannot raise its share by harming itself.
 */
#ifndef ASSAY_SCORING_WEIGHT_H
#define ASSAY_SCORING_WEIGHT_H

#include "scoring/groups.h"
#include "scoring/trust.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ASSAY_WEIGHT_UNIT = 10000, /* one platform holds at most this much */
    /* B in percent (protocol.md 6.3.2): no coalition of u of the live units holds more than
     * B u / (B u + 1 - u) of the table. */
    ASSAY_AMPLIFICATION_PERCENT = 150,
    ASSAY_AMPLIFICATION_PERCENT_MIN = 100, /* caps cut nothing */
    ASSAY_AMPLIFICATION_PERCENT_MAX = 300,
    ASSAY_FACTOR_ONE = 65536, /* a factor is a fraction of this */
};

/* The largest share that one group may hold: num / den. */
struct assay_cap {
    uint32_t num;
    uint32_t den; /* 1..10000, num <= den */
};

struct assay_weight_rules {
    struct assay_cap operator_cap;
    struct assay_cap vendor_cap;
    uint32_t amplification_percent; /* B: 100 .. 300 */
};

/* Returns: operators 20 of 100, vendor roots 33 of 100, B = 3/2. */
struct assay_weight_rules assay_weight_rules_default(void);

/* Cuts that apply (protocol.md 6.3): the first of these that raises no group above a third. */
enum assay_cuts {
    ASSAY_CUTS_TWICE = 0,    /* operators, vendor roots, operators, vendor roots */
    ASSAY_CUTS_ONCE = 1,     /* operators, vendor roots */
    ASSAY_CUTS_VENDOR = 2,   /* vendor roots */
    ASSAY_CUTS_OPERATOR = 3, /* operators */
    ASSAY_CUTS_NONE = 4,
};

/* Returns: static text, e.g. "vendor roots alone"; never NULL. */
const char *assay_cuts_text(enum assay_cuts cuts);

struct assay_weight_input {
    const struct assay_weight_rules *rules;
    const struct assay_groups *groups; /* gives count */
    const struct assay_trust_state *trust; /* [count]: as the tally left it */
    const bool *unlisted;              /* [count]: no incarnation is listed; NULL: all are */
    const uint32_t *previous;          /* [count]: the table in force; NULL at genesis */
};

/* One family of groups in the final table. */
struct assay_share {
    uint64_t largest_weight; /* of one group; its share is largest_weight / total_weight */
    uint32_t third_count;    /* how many groups must fail together to reach a third (3x >= W) */
};

struct assay_tolerance {
    uint64_t total_weight;
    uint64_t electorate_weight_min; /* smallest electorate of any member */
    uint32_t voter_count;           /* members of positive weight */
    struct assay_share node;
    struct assay_share platform;
    struct assay_share operator_;
    struct assay_share vendor;
    enum assay_cuts cuts;         /* that produced the table */
    bool operator_cap_met;        /* no operator above its cap in the final table */
    bool vendor_cap_met;          /* no vendor root above its cap in the final table */
    bool vendor_break_survivable; /* no vendor root holds a third or more */
    bool refused; /* the new table was empty: the previous one stays */
};

/* Returns: bytes of scratch that assay_weights needs for count members. */
size_t assay_weights_memory_len(uint32_t count);

/*
 * assay_weights - the table of the next epoch.
 *
 * In:       *input; memory: scratch, aligned for uint64_t, assay_weights_memory_len(count) or more
 * Out:      weights[count] (must not be input->previous), *tolerance, computed on the final table
 * Returns:  nothing: every input has a table (an empty one only where previous is NULL or empty)
 * Cost:     O(count log count)
 */
void assay_weights(const struct assay_weight_input *input, void *memory, size_t memory_len,
                   uint32_t *weights, struct assay_tolerance *tolerance);

/* Intermediate results of the table, each array [count]. */
struct assay_weight_stages {
    uint32_t *raw;    /* I, or 0 (docs/protocol.md 6.0) */
    uint32_t *unit;   /* after one unit per platform (6.2) */
    uint32_t *peak;   /* H after one unit per platform: what the cuts are made of (6.3.2) */
    uint32_t *factor; /* the part of it that the applied cuts leave, of ASSAY_FACTOR_ONE (6.3.2) */
    uint32_t *capped; /* unit times factor */
};

/*
 * assay_weight_stages - intermediate results of the table of assay_weights, for explanations.
 *
 * In:       *input; memory as of assay_weights
 * Out:      every array of *stages
 * Returns:  which cuts stand
 */
enum assay_cuts assay_weight_stages(const struct assay_weight_input *input, void *memory,
                                    size_t memory_len, const struct assay_weight_stages *stages);

#endif
