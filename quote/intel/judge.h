/*
 * quote/intel/judge.h - identities of quoting enclave and TDX module, and what a TCB level is worth
 * to a policy.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_INTEL_JUDGE_H
#define ASSAY_QUOTE_INTEL_JUDGE_H

#include "quote/collateral/collateral.h"
#include "quote/intel/quote.h"
#include "quote/verifier.h"

/* Does the window hold at the verdict's time, and is it as new as the policy wants it (policy: NULL
 * for certificates)? Also what the verdict rests on. Returns: nothing. */
void assay_appraise_window(const struct assay_window *window, const struct assay_policy *policy,
                           struct assay_verdict *verdict);
/*
 * Did it end so long before the time that no header's lead explains it (docs/protocol.md 3.8 and
 * 3.11)? What is the sender's to renew is its fault then. Returns: true when so.
 */
bool assay_appraise_expired(int64_t to_unix_s, int64_t at_unix_s);
/* May any root vouch for the kind that the request asks about? Returns: false when none may. */
bool assay_appraise_has_root(const struct assay_evidence_request *request);
/*
 * A chain that ends in a key which is not pinned. In a network that is a stranger's: forged. Where
 * the evidence is somebody's own affair (endorsements->exact) and no root at all is trusted for the
 * kind, it only says that nobody told whom to trust. Returns: nothing.
 */
void assay_appraise_unknown_root(const struct assay_evidence_request *request,
                                 enum assay_proof proof, const struct assay_fault *fault,
                                 struct assay_verdict *verdict);
/* The windows of all certificates of a chain. Returns: nothing. */
void assay_appraise_links(const struct assay_proven *proven, struct assay_verdict *verdict);
/* Is the quoting enclave the vendor's, and the TDX module? Adds reasons. Returns: nothing. */
void assay_appraise_identities(const struct assay_kind *kind, const struct assay_quote *quote,
                               const struct assay_collateral *collateral,
                               struct assay_verdict *verdict);
/*
 * TCB level, its date and advisories into the verdict, then the policy on them.
 * Returns: nothing.
 */
void assay_appraise_tcb(const struct assay_kind *kind, const struct assay_quote *quote,
                        const struct assay_pck *pck, const struct assay_collateral *collateral,
                        const struct assay_policy *policy, struct assay_verdict *verdict);

#endif
