/*
 * apps/signer/signer.h - signer of one operator: a key in a file, in a PKCS#11 token, or in an
 * ssh-agent.
 *
 * FILE                                     of `assay keys operator`
 * pkcs11:token=LABEL;object=LABEL?...      RFC 7512 (pkcs11_uri.h), key of a token
 * ssh-agent:SHA256:FINGERPRINT             key of the agent at SSH_AUTH_SOCK; or ssh-agent:COMMENT
 *
 * Modules and agents are not trusted: a signature leaves this folder with a low s, and only if it
 * verifies with the public key that the signer has shown.
 */
#ifndef ASSAY_APPS_SIGNER_SIGNER_H
#define ASSAY_APPS_SIGNER_SIGNER_H

#include "apps/signer/fault.h"
#include "base/crypto.h"

enum {
    ASSAY_SIGNER_LABEL_LEN = 160,
    ASSAY_SIGNER_ANSWER_MS = 10000,  /* an agent lists its keys, also those of a card */
    ASSAY_SIGNER_CONFIRM_MS = 60000, /* an operator confirms a signature, or enters a PIN */
};

struct assay_signer;

/* Returns: whether this names a key of a token or of an agent, and no file. */
bool assay_signer_is_reference(const char *key);
/* A key's name for messages: of a reference printable, without the part of a URI that may have a
 * PIN in it. Returns: label | key, of a file */
const char *assay_signer_label(const char *key, char label[static ASSAY_SIGNER_LABEL_LEN]);

/*
 * assay_signer_open - find the key of a reference; a token's PIN is requested where it needs one.
 * In:      reference: assay_signer_is_reference (asserted)
 * Out:     *signer, which assay_signer_close frees
 * Returns: true | false and *fault
 */
bool assay_signer_open(const char *reference, struct assay_signer **signer,
                       struct assay_signer_fault *fault);
/* The same with a new key pair that the token generates under the object's label.
 * Returns: as open; CONFLICT where the token has such an object */
bool assay_signer_generate(const char *reference, struct assay_signer **signer,
                           struct assay_signer_fault *fault);
/* Of a key file. Returns: as assay_keyring_operator_load | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_signer_open_file(const char *path,
                                                       struct assay_signer **signer);
/* Returns: the public key, ASSAY_P256_PUBLIC_LEN bytes, valid until the signer is closed. */
const uint8_t *assay_signer_public(const struct assay_signer *signer);
/*
 * assay_signer_sign - sign the SHA-256 of a body.
 * Out:     signature, verified with the public key, with a low s
 * Returns: true | false and *fault
 */
bool assay_signer_sign(struct assay_signer *signer, struct assay_slice body,
                       uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                       struct assay_signer_fault *fault);
/* Logs out of the token and wipes its PIN. Accepts a NULL signer; sets *signer to NULL. */
void assay_signer_close(struct assay_signer **signer);

#endif
