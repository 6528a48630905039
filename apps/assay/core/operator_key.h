/*
 * apps/assay/core/operator_key.h - operator's key of an option or argument: a file, a key of a
 * PKCS#11 token, or one of an ssh-agent, with errors and exit statuses identical in every command.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_OPERATOR_KEY_H
#define ASSAY_APPS_ASSAY_CORE_OPERATOR_KEY_H

#include "apps/signer/signer.h"

/* Why a key cannot be used. */
struct cli_key_fault {
    int exit;         /* an enum assay_exit */
    const char *code; /* of cli_print_error */
    char text[1280];  /* "NAME: WHY", of a reference without its query */
};

/* In: key: FILE, pkcs11:... or ssh-agent:...; assay_signer_close frees *signer. Returns: true |
 * false and *fault */
bool cli_operator_key_open(const char *key, struct assay_signer **signer,
                           struct cli_key_fault *fault);
/* The same with a new key pair in the token. In: key: a reference (asserted) */
bool cli_operator_key_generate(const char *key, struct assay_signer **signer,
                               struct cli_key_fault *fault);
/* As assay_signer_sign. Returns: true | false and *fault */
bool cli_operator_key_sign(const char *key, struct assay_signer *signer, struct assay_slice body,
                           uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                           struct cli_key_fault *fault);
/*
 * cli_operator_key_note_path - path of a note about a key that outlives the command.
 * Of a file it is FILE.SUFFIX. Of another key it is in the user's state folder,
 * ${XDG_STATE_HOME:-$HOME/.local/state}/assay/operator-ID.SUFFIX, which is made.
 * Returns: true | false and *fault
 */
bool cli_operator_key_note_path(const char *key, const uint8_t id[static 32], const char *suffix,
                                char *path, size_t size, struct cli_key_fault *fault);

#endif
