/*
 * quote/accept/policy_diff.h - difference of two policies, rule by rule: accepted by one and
 * rejected by the other.
 *
 * Compared is what the rules do, not how they were written: kinds that production refuses anyhow,
 * the pinned roots of a policy without roots, entries in another order are no changes.
 */
#ifndef ASSAY_QUOTE_ACCEPT_POLICY_DIFF_H
#define ASSAY_QUOTE_ACCEPT_POLICY_DIFF_H

#include "quote/accept/policy.h"
#include "quote/text.h"

enum assay_change_effect {
    ASSAY_CHANGE_LOOSER = 0,   /* something is accepted that was not */
    ASSAY_CHANGE_STRICTER = 1, /* something is refused that was not */
    ASSAY_CHANGE_EITHER = 2,   /* it depends: on the time, on the component */
};

enum {
    /* Every list of both policies full, and nothing in common: kinds, statuses, numbers, platform
     * rules, versions of firmware and numbers of devices, roots, advisories, fields of references,
     * values, events. */
    ASSAY_POLICY_CHANGES_MAX = 13 + 11 + 8 + 16 + 2 * ASSAY_GPU_FIRMWARES_MAX + 4 +
                               4 * ASSAY_POLICY_ROOTS_MAX +
                               2 * ASSAY_PINNED_ROOTS + 2 * ASSAY_POLICY_ADVISORIES_MAX +
                               2 * ASSAY_REFERENCE_FIELDS + 2 * ASSAY_REFERENCES_MAX + 1 +
                               2 * ASSAY_EVENT_REFERENCES_MAX,
};

struct assay_policy_change {
    enum assay_change_effect effect;
    struct assay_text what; /* "status OutOfDate" */
    struct assay_text before;
    struct assay_text after;
};

struct assay_policy_changes {
    uint32_t count;
    struct assay_policy_change changes[ASSAY_POLICY_CHANGES_MAX];
};

/*
 * assay_policy_diff - from one policy to the other.
 * In:      policies that assay_policy_check takes (asserted)
 */
void assay_policy_diff(const struct assay_policy *before, const struct assay_policy *after,
                       struct assay_policy_changes *out);
/* Returns: "accepts more", "refuses more" or "differs". */
const char *assay_policy_effect_text(enum assay_change_effect effect);

#endif
