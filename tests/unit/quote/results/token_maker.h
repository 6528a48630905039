/*
 * tests/unit/quote/results/token_maker.h - tokens and key sets by keys of the tests' own.
 *
 * Texts are this file's until maker_forget. Every failure aborts the test.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_RESULTS_TOKEN_MAKER_H
#define ASSAY_TESTS_UNIT_QUOTE_RESULTS_TOKEN_MAKER_H

#include "tests/support/authority.h"

#include <stddef.h>

/* Frees all texts. */
void maker_forget(void);
/* Formatted. Returns: never NULL. */
__attribute__((format(printf, 1, 2))) char *maker_text(const char *format, ...);
/* base64url without padding, or base64 with. Returns: never NULL. */
char *maker_base64url(const void *bytes, size_t len);
char *maker_base64(const void *bytes, size_t len);
/* A token: both texts, signed. Returns: never NULL. */
char *maker_token(const struct authority_key *key, enum assay_signature_alg alg, const char *header,
                  const char *claims);
/* The members of a public key: "kty":"RSA","n":...,"e":... Returns: never NULL. */
char *maker_key_members(const struct authority_key *key);
/* {"keys":[{"kid":"k1","use":"sig",<members>}]} Returns: never NULL. */
char *maker_key_set(const char *kid, const char *members);
/* SHA-256 of a text in hexadecimal. Returns: never NULL. */
char *maker_digest(const char *text);
/* A certificate in base64. Returns: never NULL. */
char *maker_certificate_text(const struct authority_certificate *terms);

#endif
