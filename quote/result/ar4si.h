/*
 * quote/result/ar4si.h - verdict as a trustworthiness vector (draft-ietf-rats-ar4si, section 2.3).
 *
 * Eight claims of one signed byte each, every value in one of four tiers. The vector is a function
 * of verdict and policy; its worst tier is the verdict's, and no claim is made that the kind of
 * evidence cannot support (a TPM does not attest the memory of programs).
 */
#ifndef ASSAY_QUOTE_RESULT_AR4SI_H
#define ASSAY_QUOTE_RESULT_AR4SI_H

#include "quote/accept/policy.h"

/* 0: no assertion, the same as a claim that is absent. */
struct assay_trust_vector {
    int8_t claims[ASSAY_TRUST_COUNT];
};

/*
 * assay_ar4si_vector - claims of a concluded verdict.
 * In:      policy: whether its reference values name what this kind measures decides if
 *          executables can be approved; NULL: they are not
 * Returns: the vector; at least one claim is not 0, and assay_ar4si_worst is verdict->tier
 */
struct assay_trust_vector assay_ar4si_vector(const struct assay_verdict *verdict,
                                             const struct assay_policy *policy);
/* Returns: true when evidence of this kind can support the claim at all. */
bool assay_ar4si_supports(enum assay_evidence_kind kind, enum assay_trust_claim claim);
/* The tier of a value, registered or not. Returns: the tier. */
enum assay_tier assay_ar4si_tier(int8_t value);
/*
 * assay_ar4si_worst - the least trust across the vector: contraindicated, else warning, else
 * affirming; NONE when no claim asserts anything.
 * Returns: the tier
 */
enum assay_tier assay_ar4si_worst(const struct assay_trust_vector *vector);
/*
 * assay_ar4si_status_fits - may a result have this status over such a worst tier? A status may be
 * worse than the vector, never better (draft-ietf-rats-ear, ear_status). none asserts nothing and
 * contraindicated trusts nothing: both fit always, and over a vector of nothing only they do.
 * Returns: true when it may
 */
bool assay_ar4si_status_fits(enum assay_tier status, enum assay_tier worst);
/* Returns: "instance-identity", ...; "unknown" outside the list. */
const char *assay_ar4si_name(enum assay_trust_claim claim);
/* Returns: a short text for a standard value of the claim, its tier for another one. */
const char *assay_ar4si_meaning(enum assay_trust_claim claim, int8_t value);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_ar4si_parse(const char *name, enum assay_trust_claim *claim);

#endif
