/*
 * base/base64.h - base64 and base64url (RFC 4648 sections 4 and 5), PEM blocks (RFC 7468), and node
 * ids as text: hexadecimal, or base32 (RFC 4648 section 6) as SPIFFE ids and DNS names have them.
 *
 * Strict: one meaning has one text. base64 wants its padding, base64url refuses it, and the bits
 * that pad the last character must be zero.
 */
#ifndef ASSAY_BASE_BASE64_H
#define ASSAY_BASE_BASE64_H

#include "base/bytes.h"

enum { ASSAY_NODE_ID_BASE32_LEN = 52 }; /* without padding */

enum assay_base64_alphabet {
    ASSAY_BASE64_STANDARD = 0, /* + and /, padded with = */
    ASSAY_BASE64_URL = 1,      /* - and _, without padding (RFC 7515 2) */
};

/* Length of the text for len bytes, without a NUL. Returns: it; len is at most SIZE_MAX / 2. */
size_t assay_base64_len(enum assay_base64_alphabet alphabet, size_t len);
/*
 * assay_base64_encode - bytes to a NUL-terminated text.
 * Returns: ASSAY_OK and text[*text_len] | ASSAY_E_FULL (capacity below assay_base64_len + 1)
 */
ASSAY_CHECKED enum assay_status assay_base64_encode(enum assay_base64_alphabet alphabet,
                                                    const uint8_t *bytes, size_t len, char *text,
                                                    size_t capacity, size_t *text_len);
/*
 * assay_base64_decode - a text without white space, hostile.
 * Out:     bytes[*len]; their content is unspecified unless ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_ENCODING (another character, wrong length or padding, bits that pad
 *          are not zero) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_base64_decode(enum assay_base64_alphabet alphabet,
                                                    const char *text, size_t text_len,
                                                    uint8_t *bytes, size_t capacity, size_t *len);

/*
 * assay_pem_next - the next block of a PEM text; what stands between blocks is skipped.
 * In:      *rest, the text; out[capacity]
 * Out:     *rest begins after the block; *label borrows from the text ("CERTIFICATE")
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no further block) | ASSAY_E_ENCODING (base64, or an END
 *          line that does not fit) | ASSAY_E_TRUNCATED (no END line) | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_pem_next(struct assay_slice *rest, struct assay_slice *label,
                                               uint8_t *out, size_t capacity, size_t *len);
/*
 * assay_pem_put - append one block, in lines of 64 characters, to a text of *len bytes.
 * In:      label: "CERTIFICATE"
 * Out:     *len grows on ASSAY_OK alone
 * Returns: ASSAY_OK | ASSAY_E_FULL
 */
ASSAY_CHECKED enum assay_status assay_pem_put(const char *label, const uint8_t *bytes,
                                              size_t bytes_len, uint8_t *text, size_t capacity,
                                              size_t *len);

/* The id in base32, lower case, without padding: what follows /node/ in a SPIFFE id. */
void assay_id_format_base32(const uint8_t id[static 32],
                            char text[static ASSAY_NODE_ID_BASE32_LEN + 1]);
/*
 * assay_id_parse - a node id of 64 hexadecimal digits, or of 52 characters in base32; of
 * either case.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX (another length or character, bits that pad are not zero;
 *          id untouched)
 */
ASSAY_CHECKED enum assay_status assay_id_parse(const char *text, size_t len, uint8_t id[static 32]);

#endif
