/*
 * quote/result/outlook.h - outlook of offered collateral on a platform: its verdict under the set
 * in force, under the offered set, and the difference.
 *
 * docs/protocol.md 8.7. A pure function of evidence, both sets, policy and time: with the evidence
 * of the last epochs it predicts suspensions, by the devices of a member as by its processor, the
 * security versions that fall short, and required updates (quote/result/forecast.h has the
 * distances, the documents the names of components).
 */
#ifndef ASSAY_QUOTE_RESULT_OUTLOOK_H
#define ASSAY_QUOTE_RESULT_OUTLOOK_H

#include "quote/request.h"
#include "quote/result/ar4si.h"
#include "quote/result/forecast.h"

/* In falling order of harm. */
enum assay_outlook_change {
    ASSAY_OUTLOOK_WORSENS = 0, /* a PASS becomes a FAIL */
    ASSAY_OUTLOOK_UNJUDGED,    /* could be appraised, and no longer can */
    ASSAY_OUTLOOK_DROPS, /* still a PASS, of a lower level; or a soft FAIL becomes a hard one */
    ASSAY_OUTLOOK_SAME,
    ASSAY_OUTLOOK_RISES,  /* a higher level, or a FAIL becomes a PASS */
    ASSAY_OUTLOOK_JUDGED, /* was not appraised, and will be */
};
enum { ASSAY_OUTLOOK_CHANGES = 6 };

struct assay_outlook_request {
    enum assay_evidence_kind kind;
    struct assay_slice evidence; /* hostile */
    const struct assay_endorsements *in_force;
    const struct assay_endorsements *offered; /* the set that would follow: replace.h */
    const struct assay_policy *policy;
    int64_t at_unix_s;   /* both are appraised at this time, ... */
    int64_t then_unix_s; /* ... or the second one at this: when it will come into force; 0: same */
};

/* About 20 KB. */
struct assay_outlook {
    enum assay_outlook_change change;
    struct assay_verdict now, then;
    enum assay_outcome outcome_now, outcome_then;
    struct assay_trust_vector trust_now, trust_then;
    /* --- reasons against it then whose rule did not stand against it, or against the same device
     * of it, before; in the order of the verdict */
    uint32_t reason_count;
    struct assay_reason reasons[ASSAY_REASONS_MAX];
    /* --- devices that another rule stands against then, a bit each: a verdict has few reasons */
    uint32_t changed_devices;
    /* --- of Intel's kinds: distance to the best level of the offered documents */
    bool has_forecast;
    uint32_t entry; /* of the offered set: which documents */
    struct assay_forecast forecast;
};

/*
 * assay_outlook_make - appraise under both sets and compare.
 *
 * In:      verifier as for assay_evidence_verify; may be NULL
 * Out:     *outlook, always written
 * Returns: as assay_evidence_verify: of evidence that cannot be read (it has both verdicts, and
 *          they are the same) | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_outlook_make(struct assay_verifier *verifier,
                                                   const struct assay_outlook_request *request,
                                                   struct assay_outlook *outlook);
/*
 * assay_outlook_devices - devices of the verdict then that another rule stands against than now.
 * Returns: a bit for each index; a device that was not appraised before counts when one does
 */
uint32_t assay_outlook_devices(const struct assay_verdict *now, const struct assay_verdict *then);
/* Two outcomes of a ballot. Returns: what becomes of the platform. */
enum assay_outlook_change assay_outlook_compare(enum assay_outcome now, enum assay_outcome then);
/* Returns: "suspended", "unjudged", "drops", "same", "rises", "judged". */
const char *assay_outlook_text(enum assay_outlook_change change);

#endif
