/*
 * quote/amd/snp_vek.h - endorsement key of an SNP report: its certificate, and the chain to a
 * pinned root.
 *
 * Private to the room, and to what prints claims.
 */
#ifndef ASSAY_QUOTE_AMD_SNP_VEK_H
#define ASSAY_QUOTE_AMD_SNP_VEK_H

#include "quote/amd/snp.h"
#include "quote/package.h"
#include "quote/verifier.h"

/*
 * Returns: true when the TCB version of a certificate is the one of the report, in every component
 * that the report's layout has
 */
bool assay_snp_vek_tcb_equal(const struct assay_vek *vek, const struct assay_snp_tcb *tcb);
/* Is the chip id of the report the certificate's hardware id, with zeros after a short one?
 * Returns: true when so; false also for a certificate without one */
bool assay_snp_vek_chip_equal(const struct assay_vek *vek,
                              const uint8_t chip_id[static ASSAY_SNP_CHIP_ID_LEN]);
/* Has the certificate what makes it one of a VLEK: a provider and no chip? Returns: true when so */
bool assay_snp_is_vlek(const struct assay_vek *vek);
/* And of a VCEK: a chip and no provider. Returns: true when so */
bool assay_snp_is_vcek(const struct assay_vek *vek);
/*
 * How well a certificate fits a report: of the right sort, then chip and TCB version.
 * Returns: 0 (no endorsement key) to ASSAY_SNP_FITS (all of it)
 */
enum { ASSAY_SNP_FITS = 8 };
unsigned assay_snp_vek_fit(const struct assay_certificate *certificate,
                           const struct assay_snp_report *report);
/* The certificate that fits best, the first of equals. Returns: NULL when none is of a VEK */
const struct assay_certificate *assay_snp_vek_choose(const struct assay_certificate *certificates,
                                                     size_t count,
                                                     const struct assay_snp_report *report);
/*
 * assay_snp_vek_read - the certificates that came with a report. Unreadable ones are left out; the
 * appraisal reports what is missing.
 * Out:     out[*count], *count <= capacity
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_snp_vek_read(const struct assay_slice *pieces,
                                                   size_t piece_count,
                                                   struct assay_certificate *out, size_t capacity,
                                                   size_t *count);
/*
 * assay_snp_vek_prove - choose the key's certificate, find the way to a pinned root, decode the
 * key; from memory where it is known. The links of the proof start with the VEK's certificate; none
 * at all: there is none. Its facts are those of the certificate; its root is the pinned key that
 * the chain ends in, NONE when it ends in none.
 * Out:     *lease, closed by the caller whatever the status
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_snp_vek_prove(const struct assay_snp_report *report,
                                                    const struct assay_snp_subject *subject,
                                                    struct assay_verifier *verifier,
                                                    const struct assay_evidence_request *request,
                                                    struct assay_lease *lease);

#endif
