/*
 * quote/intel/soft.c - kind "soft": SGX's format and checks under a root of this project.
 *
 * It differs in one header field, the vendor id of the quoting enclave, so that no SOFT quote can
 * be taken for Intel's under any root, and in the row's `insecure`, which profile production
 * refuses.
 */
#include "quote/intel/dcap.h"
#include "quote/intel/soft_id.h"
#include "quote/kinds.h"

const uint8_t *assay_soft_vendor_id(void)
{
    static const uint8_t id[16] = { 'A', 'S', 'S', 'A', 'Y', '-', 'S', 'O',
                                    'F', 'T', '-', 'Q', 'E', '-', '0', '1' };
    return id;
}

struct assay_kind assay_kind_soft(void)
{
    return (struct assay_kind){
        .kind = ASSAY_KIND_SOFT,
        .what = "a SOFT quote: software that plays hardware, for development",
        .pieces = ASSAY_PIECE_CERTIFICATES | ASSAY_PIECE_DEVICES,
        /* Software that calls itself a platform: nothing about hardware is proven. */
        .speaks_of = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY) | ASSAY_CLAIM_BIT(CONFIGURATION) |
                     ASSAY_CLAIM_BIT(EXECUTABLES) | ASSAY_CLAIM_BIT(HARDWARE),
        .affirms = ASSAY_CLAIM_BIT(INSTANCE_IDENTITY),
        .proofs = ASSAY_PROOFS_QUOTE,
        .programs = ASSAY_PROGRAM_BIT(MRENCLAVE) | ASSAY_PROGRAM_BIT(MRSIGNER),
        .version = 3,
        .tee_type = 0,
        .qe_vendor_id = assay_soft_vendor_id(),
        .insecure = true,
        .judge_body = assay_sgx_appraise_body,
        .verify = assay_dcap_verify,
    };
}
