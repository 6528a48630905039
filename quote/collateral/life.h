/*
 * quote/collateral/life.h - lifetime of the collateral of each root, and its alarm levels.
 *
 * docs/protocol.md 8.6. The date of a revocation list that a newer one of the same authority
 * supersedes, in any entry of the root, does not count (evidence-rules.md 1.12), nor that of an
 * OCSP response next to a newer one about the same certificate.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_LIFE_H
#define ASSAY_QUOTE_COLLATERAL_LIFE_H

#include "quote/collateral/collateral.h"
#include "quote/request.h"

enum assay_collateral_age {
    ASSAY_AGE_FRESH = 0, /* also: it never ends */
    ASSAY_AGE_HALF,      /* half of its life, or more, is gone: nothing newer came */
    ASSAY_AGE_ENDED,     /* evidence of the root is UNJUDGED, scores are held */
    ASSAY_AGE_EARLY,     /* not yet valid */
};

struct assay_collateral_life {
    struct assay_key root;
    uint32_t kinds;       /* of all its entries together */
    uint32_t entry_count; /* in the set */
    bool is_bounded;      /* false: nothing stands below the root that could end (8.2) */
    int64_t from_unix_s;  /* since when every piece is valid */
    int64_t until_unix_s; /* and until when: the one below ends first */
    const char *expires_first; /* static text: "TCB info" */
    uint32_t ends_in;       /* which entry of the set */
    uint32_t evaluation_number; /* the highest of Intel's documents; 0: has none */
};

/*
 * assay_collateral_lifetimes - one row a root, in the order of the set.
 * Out:     lives[*count]
 */
void assay_collateral_lifetimes(const struct assay_endorsements *set,
                                struct assay_collateral_life lives[static ASSAY_ENDORSEMENTS_MAX],
                                size_t *count);
/* Half-way between from (or since when it has been in force, when that is later) and its end.
 * Returns: seconds since 1970; INT64_MAX when it never ends */
int64_t assay_collateral_half_life(const struct assay_collateral_life *life, int64_t since_unix_s);
/* Returns: its age at that time. */
enum assay_collateral_age assay_collateral_age(const struct assay_collateral_life *life,
                                               int64_t since_unix_s, int64_t at_unix_s);
/* Returns: "fresh", "half", "ended", "early". */
const char *assay_collateral_age_text(enum assay_collateral_age age);

#endif
