/*
 * quote/result/jwt.h - JSON web tokens signed with ES256 (RFC 7515, 7518 3.4, 7519), compact form.
 *
 * One algorithm, so nothing of a token decides how it is checked. The content of the JSON texts is
 * the caller's; nothing here parses JSON or stores a private key.
 */
#ifndef ASSAY_QUOTE_RESULT_JWT_H
#define ASSAY_QUOTE_RESULT_JWT_H

#include "base/crypto.h"
#include "base/writer.h"

enum {
    ASSAY_JWT_LEN_MAX = 65536,
    ASSAY_JWK_THUMBPRINT_LEN = 43, /* base64url of 32 bytes */
};

/* The parts of a token of any algorithm (RFC 7515 7.1), borrowed from its text, base64url each. */
struct assay_jws {
    struct assay_slice signed_text; /* header "." claims, as signed */
    struct assay_slice header;
    struct assay_slice claims;
    struct assay_slice signature;
};
/* Returns: ASSAY_OK | ASSAY_E_RANGE (too long) | ASSAY_E_SYNTAX (not three parts) */
ASSAY_CHECKED enum assay_status assay_jws_split(const char *text, size_t len,
                                                struct assay_jws *jws);

/* A token of ES256 taken apart; slices borrow from its text. */
struct assay_jwt {
    struct assay_slice signed_text; /* header "." claims, as signed */
    struct assay_slice header;      /* base64url */
    struct assay_slice claims;      /* base64url */
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
};

/*
 * assay_jwt_split - three parts between two dots, the last one a signature of 64 bytes.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (too long) | ASSAY_E_SYNTAX (not three parts) |
 *          ASSAY_E_ENCODING (the signature) | ASSAY_E_INVALID (a signature of another length)
 */
ASSAY_CHECKED enum assay_status assay_jwt_split(const char *text, size_t len,
                                                struct assay_jwt *jwt);
/* ECDSA over SHA-256; any s: RFC 7518 has no low-s rule. Returns: true when it verifies. */
bool assay_jwt_check(const struct assay_jwt *jwt, const struct assay_p256 *key);

/* What is signed: both JSON texts in base64url with a dot. */
void assay_jwt_put(struct assay_writer *w, struct assay_slice header, struct assay_slice claims);
/* The dot and the signature after it. */
void assay_jwt_put_signature(struct assay_writer *w,
                             const uint8_t signature[static ASSAY_P256_SIGNATURE_LEN]);
/* The name of a key: SHA-256 over its JWK in canonical form (RFC 7638). */
void assay_jwk_thumbprint(const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                          char text[static ASSAY_JWK_THUMBPRINT_LEN + 1]);

#endif
