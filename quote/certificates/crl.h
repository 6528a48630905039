/*
 * quote/certificates/crl.h - lookup of a certificate in a revocation list.
 */
#ifndef ASSAY_QUOTE_CERTIFICATES_CRL_H
#define ASSAY_QUOTE_CERTIFICATES_CRL_H

#include "quote/verifier.h"

/* Binary search. Returns: true when the serial number is on the list. */
bool assay_crl_contains(const struct assay_crl *crl, const uint8_t serial[static ASSAY_SERIAL_LEN]);
/*
 * Raw issuer name, authority key id where both have one, and the right to sign CRLs
 * (evidence-rules.md 1.4). The signature is not checked here.
 * Returns: true when the list covers that authority
 */
bool assay_crl_issued_by(const struct assay_crl *crl, const struct assay_certificate *ca);
/* The same of a remembered certificate. Returns: true when the list covers it */
bool assay_crl_issued_by_link(const struct assay_crl *crl, const struct assay_chain_link *ca);

#endif
