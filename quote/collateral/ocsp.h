/*
 * quote/collateral/ocsp.h - OCSP responses as collateral (RFC 6960): which certificates of a chain
 * their issuers, or delegates of these, have answered about.
 *
 * A response names its certificate by hashes of the issuer's name and key, and by the serial
 * number; the issuer, or a certificate that the issuer made for this one purpose, signs it. What
 * does not match is not about the chain, and means nothing. A response that names its certificate
 * by SHA-1 revokes when the issuer or its delegate signed it, and vouches for nothing.
 */
#ifndef ASSAY_QUOTE_COLLATERAL_OCSP_H
#define ASSAY_QUOTE_COLLATERAL_OCSP_H

#include "quote/certificates/path.h"
#include "quote/request.h"
#include "quote/x509.h"

/* Responses of one bundle: twelve devices and their authorities have 15 to 27, manifests 7 more. */
enum { ASSAY_OCSP_MAX = 48 };

/* One of a bundle. */
struct assay_ocsp_entry {
    bool is_signed; /* by the certificate that came with it */
    struct assay_ocsp response;
};

/*
 * assay_ocsp_build - read one response, and verify its signature where it brings a certificate.
 * Returns: ASSAY_OK | as assay_x509_ocsp | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_ocsp_build(struct assay_slice der,
                                                 struct assay_ocsp_entry *out);
/*
 * assay_ocsp_check - every certificate of a path below the root in the responses of all bundles.
 *
 * Of several about one certificate the newest counts that had been issued at the appraisal time.
 *
 * In:      a verified path, its root
 * Out:     reasons: CERT_REVOKED or, on hold and accepted, CERT_HELD; OCSP_SIGNATURE, OCSP_NONCE,
 *          dates of the response and of who signed it; *covered: bit i for certificate i
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_ocsp_check(const struct assay_evidence_request *request,
                                                 const struct assay_path *path,
                                                 const struct assay_key *root,
                                                 struct assay_verdict *verdict, uint32_t *covered);
/* Is there a response with its serial number that names the issuer by SHA-1? For messages: nothing
 * is verified. Returns: true if so. */
bool assay_ocsp_is_named_weakly(const struct assay_evidence_request *request,
                                const struct assay_certificate *certificate);

#endif
