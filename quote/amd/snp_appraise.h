/*
 * quote/amd/snp_appraise.h - steps of the appraisal of an SNP report that have their own files.
 *
 * Private to the room.
 */
#ifndef ASSAY_QUOTE_AMD_SNP_APPRAISE_H
#define ASSAY_QUOTE_AMD_SNP_APPRAISE_H

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
    enum assay_snp_product
        product; /* of the report; of the certificate for version 2, which has none */
    struct assay_snp_report report;
};

/* Returns: true when a certificate of an endorsement key is at hand */
bool assay_snp_has_vek(const struct assay_snp_appraisal *a);
/* An unknown layout has no meaning; assay_snp_appraise_key has reported it.
 * Returns: true when TCB versions can be taken apart */
bool assay_snp_has_layout(const struct assay_snp_appraisal *a);
/* The components in words. */
void assay_snp_add_tcb(struct assay_text *t, const struct assay_snp_tcb *tcb);
/* Signature, sort of the key, product, TCB version, chip. */
void assay_snp_appraise_key(const struct assay_snp_appraisal *a);
/* Validity and revocation of the certificates. */
void assay_snp_appraise_chain(const struct assay_snp_appraisal *a);

#endif
