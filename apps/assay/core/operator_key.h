/*
 * apps/assay/core/operator_key.h - operator's key of an option or argument: a file, a key of a
 * PKCS#11 token, or one of an ssh-agent, with errors and exit statuses identical in every command.
 */
#ifndef ASSAY_APPS_ASSAY_CORE_OPERATOR_KEY_H
#define ASSAY_APPS_ASSAY_CORE_OPERATOR_KEY_H

#include "apps/signer/signer.h"

enum { CLI_KEY_NOTES_MAX = 2, CLI_KEY_NOTE_PATH_MAX = 4096 };

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
 * cli_operator_key_note_paths - paths of notes about a key that outlive the command.
 * By the key's id in the user's state folder, which is made:
 * ${XDG_STATE_HOME:-$HOME/.local/state}/assay/operator-ID.SUFFIX, the same for each copy and each
 * name of a key. Of a file FILE.SUFFIX as well, for each user of that file.
 * Returns: their number | 0 and *fault
 */
size_t cli_operator_key_note_paths(const char *key, const uint8_t id[static 32], const char *suffix,
                                   char paths[static CLI_KEY_NOTES_MAX][CLI_KEY_NOTE_PATH_MAX],
                                   struct cli_key_fault *fault);

#endif
