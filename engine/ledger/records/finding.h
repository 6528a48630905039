/*
 * engine/ledger/records/finding.h - finding: a verdict reduced to its outcome for a member.
 *
 * docs/protocol.md 3.6 to 3.12. verify() judges bytes; whether they are this member's evidence of
 * this epoch is judged here. A finding is a verdict cut down to what that needs; findings are
 * remembered by (digest, time, kind, rules), so that nothing is verified twice.
 */
#ifndef ASSAY_ENGINE_LEDGER_RECORDS_FINDING_H
#define ASSAY_ENGINE_LEDGER_RECORDS_FINDING_H

#include "engine/ledger/records/envelope.h"
#include "engine/ledger/state/grants.h"
#include "engine/ledger/state/state.h"

/* The longest rule with what it expected and observed, whole: measurements have 96 digits. */
enum { ASSAY_FINDING_REASON_LEN = 288 };

struct assay_finding_record {
    bool used;
    bool before; /* by the rules before those on trial (docs/protocol.md 9.9) */
    uint8_t digest[32];
    int64_t at_unix_s;
    enum assay_evidence_kind kind;
    enum assay_outcome outcome;
    bool has_claims, has_platform, platform_masked;
    bool unusable;  /* a version, type or certification that the roster's kind does not have */
    uint8_t grants; /* of a PASS: names whose reference values the evidence has (2.17) */
    uint8_t report_data[64];
    uint8_t platform_id[32], vendor_root[32];
    char reason[ASSAY_FINDING_REASON_LEN];
    uint64_t stamp; /* order of use, for forgetting the oldest */
};

struct assay_findings {
    struct assay_finding_record *items;
    uint32_t count;
    uint32_t newest; /* what was put last is asked for next */
    uint64_t stamp;
    const struct assay_grants *grants; /* names of the plan; NULL: none */
};

/* Returns: the finding, NULL when it is not known. */
const struct assay_finding_record *assay_findings_get(struct assay_findings *findings,
                                                      const uint8_t digest[static 32],
                                                      int64_t at_unix_s,
                                                      enum assay_evidence_kind kind, bool before);
/* Keeps what an outcome needs; forgets the finding that was used longest ago. Returns: it. */
const struct assay_finding_record *assay_findings_put(struct assay_findings *findings,
                                                      const uint8_t digest[static 32],
                                                      int64_t at_unix_s, bool before,
                                                      const struct assay_verdict *verdict);

/*
 * assay_finding_judge - the finding as evidence of one member.
 *
 * In:       expected: the 64 bytes that it must carry; kind as the envelope says
 * Out:      *outcome, also written when it is foreign (NONE)
 * Returns:  false when the evidence is bound to something else or of a form that its kind does not
 *           have: not evidence for this epoch, as if nothing had come; true otherwise: NONE,
 *           UNJUDGED, FAIL or PASS. Another platform, vendor root or kind than the roster's is FAIL
 * hard.
 */
bool assay_finding_judge(const struct assay_finding_record *finding,
                         const struct assay_member *member, enum assay_evidence_kind kind,
                         const uint8_t expected[static 64], enum assay_outcome *outcome);

/*
 * assay_finding_reason - why that outcome is no pass, for operators: "RULE: expected X, observed
 * Y". Of evidence that the roster disagrees with, the rule is ASSAY_FINDING_KIND, _ROOT or
 * _PLATFORM; of other evidence, the first reason of the verdict.
 */
void assay_finding_reason(const struct assay_finding_record *finding,
                          const struct assay_member *member, enum assay_evidence_kind kind,
                          char text[static ASSAY_FINDING_REASON_LEN]);

#define ASSAY_FINDING_KIND "roster-kind"
#define ASSAY_FINDING_ROOT "roster-root"
#define ASSAY_FINDING_PLATFORM "roster-platform"

static inline bool assay_outcome_is_pass(enum assay_outcome o)
{
    return o == ASSAY_OUTCOME_PASS_UP_TO_DATE || o == ASSAY_OUTCOME_PASS_NEEDS_HARDENING ||
           o == ASSAY_OUTCOME_PASS_OUT_OF_DATE;
}

static inline bool assay_outcome_is_fail(enum assay_outcome o)
{
    return o == ASSAY_OUTCOME_FAIL_SOFT || o == ASSAY_OUTCOME_FAIL_HARD;
}

#endif
