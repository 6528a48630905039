/*
 * quote/api/api.h - the objects behind include/assay/assay.h.
 *
 * Private to this folder. Verifier, policy and verdict are the room's own structs, opaque to users;
 * trust is made here: it owns the roots, and one built bundle for each root and set of collateral
 * that belong together. This folder is the only one of the room that allocates for callers.
 */
#ifndef ASSAY_QUOTE_API_API_H
#define ASSAY_QUOTE_API_API_H

#include "quote/accept/policy.h"
#include "quote/collateral/collateral.h"
#include "quote/eventlog/appraise.h"
#include "quote/verify.h"

/* After the room's headers: it leaves out what they define. */
#include <assay/assay.h>

/* The root keys of one trust; a policy names up to 16, the library knows 5. */
enum { ASSAY_TRUST_ROOTS_MAX = 24, ASSAY_TRUST_SETS_MAX = 16 };

/* What sets with Intel's signed documents serve; every other set serves the other kinds. */
#define ASSAY_API_KINDS_INTEL ASSAY_KINDS_DCAP

/* Files of one set, copied: bundles are built again for every root added later. */
struct assay_trust_set {
    uint32_t kinds; /* that collateral of this shape can serve */
    uint8_t *bytes; /* of malloc; files point into it */
    struct assay_collateral_files files;
};

struct assay_trust {
    bool exact;
    size_t root_count;
    struct assay_policy_root roots[ASSAY_TRUST_ROOTS_MAX];
    size_t set_count;
    struct assay_trust_set sets[ASSAY_TRUST_SETS_MAX];
    size_t built_count;
    struct assay_collateral *built[ASSAY_ENDORSEMENTS_MAX]; /* of malloc */
    struct assay_endorsements endorsements;
};

/*
 * assay_api_recognise - sort the files of one set by content into the parts of a bundle.
 * Out:     *set, to be freed with free(set->bytes) on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (none is of use) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_api_recognise(const struct assay_bytes *files, size_t count,
                                                    struct assay_trust_set *set);

#endif
