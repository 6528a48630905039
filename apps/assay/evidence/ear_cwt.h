/*
 * apps/assay/evidence/ear_cwt.h - attestation results that are CBOR web tokens, for the reader of
 * apps/assay/evidence/ear_read.h.
 *
 * The claims become JSON with the names of draft-ietf-rats-ear, so that one set of checks decides
 * about both encodings.
 */
#ifndef ASSAY_APPS_ASSAY_EVIDENCE_EAR_CWT_H
#define ASSAY_APPS_ASSAY_EVIDENCE_EAR_CWT_H

#include "net/json/json.h"
#include "quote/cose.h"

/* CBOR of a token begins with a tag or an array; JSON web tokens are ASCII. Returns: true for a
 * first byte that no text of ASCII has. */
bool cli_ear_is_cbor(const void *bytes, size_t len);
/*
 * cli_ear_cwt_parse - COSE_Sign1, tagged or not, or that in the tag of a CWT (RFC 8392 6).
 * Out:     *token borrows from bytes
 * Returns: as assay_cose_sign1_parse | ASSAY_E_TYPE (the tag of a CWT around another one, or none)
 */
ASSAY_CHECKED enum assay_status cli_ear_cwt_parse(const void *bytes, size_t len,
                                                  struct assay_cose_sign1 *token);
/* The type that the protected header names (RFC 9596): none, or one of an attestation result, as
 * media type or as content format (RFC 9782). Returns: true if so. */
bool cli_ear_cwt_is_result(const struct assay_cose_sign1 *token);
/* ES256 alone; any s, as in a JSON web token. Returns: true when the signature verifies. */
bool cli_ear_cwt_check(const struct assay_cose_sign1 *token, const struct assay_p256 *key);
/*
 * cli_ear_cwt_claims - the claims with their names of JSON. Unknown labels are left out; of the
 * claims of the attester and of the verifier, what is neither text, integer nor boolean as well. A
 * nonce of printable ASCII is that text, any other base64url.
 * Out:     *claims, which the caller frees; NULL unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_TRUNCATED | ASSAY_E_TRAILING | ASSAY_E_ENCODING | ASSAY_E_TYPE |
 *          ASSAY_E_RANGE | ASSAY_E_DUPLICATE | ASSAY_E_INVALID (a text has NUL, or a claim has its
 *          name of JSON where CBOR has a number) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status cli_ear_cwt_claims(struct assay_slice payload,
                                                   struct assay_json **claims);

#endif
