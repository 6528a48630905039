/*
 * quote/source/fetch/issuer_chain.h - decoder of certificate chains in HTTP headers.
 *
 * Source: Intel SGX and TDX PCS API v4: TCB-Info-Issuer-Chain, SGX-Enclave-Identity-Issuer-Chain
 * and SGX-PCK-CRL-Issuer-Chain hold PEM certificates, URL-encoded (RFC 3986 2.1).
 */
#ifndef ASSAY_QUOTE_SOURCE_FETCH_ISSUER_CHAIN_H
#define ASSAY_QUOTE_SOURCE_FETCH_ISSUER_CHAIN_H

#include "base/bytes.h"

enum { ASSAY_ISSUER_CHAIN_LEN_MAX = 16384 }; /* decoded; genuine ones take 2 KB */

/*
 * assay_issuer_chain_decode - the PEM text of a header's value.
 * In:      value, hostile
 * Out:     pem[*len], *len <= capacity, no NUL added; untouched in length unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED (an escape breaks off) | ASSAY_E_SYNTAX (an escape that is
 *          no hexadecimal number; a character that PEM has not; no certificate) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_issuer_chain_decode(struct assay_slice value, uint8_t *pem,
                                                          size_t capacity, size_t *len);

#endif
