/*
 * quote/result/challenge.h - comparison of evidence with the challenge of a relying party.
 *
 * A signature says nothing about freshness: evidence that answers another challenge is a recording,
 * or was made for another party. It is contraindicated (rule `challenge`), genuine hardware or
 * not. Its reason has both as hexadecimal; "..." marks bytes that it has no room for, and the texts
 * begin where the first difference is seen.
 */
#ifndef ASSAY_QUOTE_RESULT_CHALLENGE_H
#define ASSAY_QUOTE_RESULT_CHALLENGE_H

#include "base/bytes.h"
#include "quote/verdict.h"

enum { ASSAY_CHALLENGE_NONCE_MAX = 1024 };

/* Is the challenge of a length that evidence can answer? Returns: true if so. */
bool assay_challenge_fits_report_data(struct assay_slice wanted);
bool assay_challenge_fits_nonce(struct assay_slice wanted);
/*
 * assay_challenge_report_data - all 64 bytes are compared: a shorter challenge is padded with
 * zeros, so that neither verifier nor attester can choose the remainder. Evidence without
 * readable report data answers no challenge.
 * In:      wanted: 1 to 64 bytes; is_read: the evidence could be read
 */
void assay_challenge_report_data(struct assay_verdict *verdict, struct assay_slice wanted,
                                 bool is_read);
/* The same for the claim "nonce" of the evidence; found: empty where it has none. */
void assay_challenge_nonce(struct assay_verdict *verdict, struct assay_slice wanted,
                           struct assay_slice found);

#endif
