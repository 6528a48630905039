/*
 * quote/amd/snp_judge.h - the parts of the appraisal of an SNP report that stand in files of their
 * own.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_AMD_SNP_JUDGE_H
#define ASSAY_QUOTE_AMD_SNP_JUDGE_H

#include "quote/accept/policy.h"
#include "quote/amd/snp.h"
#include "quote/text.h"
#include "quote/verifier.h"

/* What an appraisal carries along. */
struct assay_snp_appraisal {
    const struct assay_evidence_request *request;
    const struct assay_platform_rules *rules;
    struct assay_verdict *verdict;
    const struct assay_proven *proven;
    enum assay_snp_product product; /* of the report; of the certificate where version 2 is mute */
    struct assay_snp_report report;
};

/* Returns: true when a certificate of an endorsement key is at hand */
bool assay_snp_has_vek(const struct assay_snp_appraisal *a);
/* A layout that is not known says nothing; assay_snp_judge_key has said so.
 * Returns: true when TCB versions can be taken apart */
bool assay_snp_has_layout(const struct assay_snp_appraisal *a);
/* The components in words. Returns: nothing. */
void assay_snp_add_tcb(struct assay_text *t, const struct assay_snp_tcb *tcb);
/* Signature, sort of the key, product, TCB version, chip. Returns: nothing. */
void assay_snp_judge_key(const struct assay_snp_appraisal *a);
/* Validity and revocation of the certificates. Returns: nothing. */
void assay_snp_judge_chain(const struct assay_snp_appraisal *a);

#endif
