/*
 * apps/assay/identity/identity_key.h - workload key of `assay identity fetch`: a P-256 key in a
 * file (PKCS #8), and its registration with an enclave (docs/identity.md 6.6).
 */
#ifndef ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_KEY_H
#define ASSAY_APPS_ASSAY_IDENTITY_IDENTITY_KEY_H

#include "base/crypto.h"
#include "net/keys/registration/registration_statement.h"

enum {
    CLI_IDENTITY_SPKI_LEN = 91,
    CLI_IDENTITY_PEM_MAX = 512, /* of the private key */
};

struct cli_identity_key {
    struct assay_secret32 secret;
    uint8_t spki[CLI_IDENTITY_SPKI_LEN];
};

/* A new key. Returns: ASSAY_OK | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status cli_identity_key_generate(struct cli_identity_key *key);
/* Out: the text of its file. Returns: its length */
size_t cli_identity_key_encode(const struct cli_identity_key *key,
                               char pem[static CLI_IDENTITY_PEM_MAX]);
/* Returns: ASSAY_OK | ASSAY_E_SYNTAX (no private key in PEM) | ASSAY_E_TYPE (one of another kind
 * than P-256 in PKCS #8) | ASSAY_E_KEY (the halves do not belong together) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status cli_identity_key_decode(struct assay_slice pem,
                                                        struct cli_identity_key *key);

/* In: name: one that a key may have; audience: of a key for tokens; NULL: of purpose TLS. Returns:
 * ASSAY_OK | ASSAY_E_CRYPTO, and the statuses of assay_registration_statement_make */
ASSAY_CHECKED enum assay_status cli_identity_key_register(const struct cli_identity_key *key,
                                                          const char *name, const char *audience,
                                                          const uint8_t chain_id[static 32],
                                                          const uint8_t node_id[static 32],
                                                          const uint8_t boot[static 32],
                                                          struct assay_registration_statement *out);

#endif
