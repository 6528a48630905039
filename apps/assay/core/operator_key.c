/*
 * apps/assay/core/operator_key.c - operator's key of an option or argument: file, token or agent.
 */
#include "apps/assay/core/operator_key.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "base/assert.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool fail_key(struct cli_key_fault *fault, int exit, const char *key, const char *why)
{
    static const struct {
        int exit;
        const char *code;
    } codes[] = {
        { ASSAY_EXIT_USAGE, "usage" },         { ASSAY_EXIT_UNREACHABLE, "unreachable" },
        { ASSAY_EXIT_DENIED, "denied" },       { ASSAY_EXIT_NOT_FOUND, "not_found" },
        { ASSAY_EXIT_CONFLICT, "conflict" },   { ASSAY_EXIT_TIMEOUT, "unreachable" },
        { ASSAY_EXIT_MALFORMED, "malformed" },
    };
    char label[ASSAY_SIGNER_LABEL_LEN];
    fault->exit = exit;
    fault->code = "internal";
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].exit == exit) fault->code = codes[i].code;
    (void)snprintf(fault->text, sizeof fault->text, "%.600s: %s", assay_signer_label(key, label),
                   why);
    return false;
}

static int exit_of(enum assay_signer_outcome outcome)
{
    switch (outcome) {
    case ASSAY_SIGNER_OK: ASSAY_UNREACHABLE("a failure has an outcome");
    case ASSAY_SIGNER_USAGE: return ASSAY_EXIT_USAGE;
    case ASSAY_SIGNER_NOT_FOUND: return ASSAY_EXIT_NOT_FOUND;
    case ASSAY_SIGNER_UNREACHABLE: return ASSAY_EXIT_UNREACHABLE;
    case ASSAY_SIGNER_DENIED: return ASSAY_EXIT_DENIED;
    case ASSAY_SIGNER_CONFLICT: return ASSAY_EXIT_CONFLICT;
    case ASSAY_SIGNER_UNFIT:
    case ASSAY_SIGNER_FAULTY: return ASSAY_EXIT_MALFORMED;
    case ASSAY_SIGNER_TIMEOUT: return ASSAY_EXIT_TIMEOUT;
    case ASSAY_SIGNER_INTERNAL: break;
    }
    return ASSAY_EXIT_INTERNAL;
}

static bool fail_signer(struct cli_key_fault *fault, const char *key,
                        const struct assay_signer_fault *why)
{
    return fail_key(fault, exit_of(why->outcome), key, why->text);
}

bool cli_operator_key_open(const char *key, struct assay_signer **signer,
                           struct cli_key_fault *fault)
{
    struct assay_signer_fault why;
    if (assay_signer_is_reference(key))
        return assay_signer_open(key, signer, &why) || fail_signer(fault, key, &why);
    const enum assay_status status = assay_signer_open_file(key, signer);
    return status == ASSAY_OK || fail_key(fault, cli_operator_key_exit(key, status), key,
                                          cli_file_fault_of(key, status, "an operator key"));
}

bool cli_operator_key_generate(const char *key, struct assay_signer **signer,
                               struct cli_key_fault *fault)
{
    struct assay_signer_fault why;
    return assay_signer_generate(key, signer, &why) || fail_signer(fault, key, &why);
}

bool cli_operator_key_sign(const char *key, struct assay_signer *signer, struct assay_slice body,
                           uint8_t signature[static ASSAY_P256_SIGNATURE_LEN],
                           struct cli_key_fault *fault)
{
    struct assay_signer_fault why;
    return assay_signer_sign(signer, body, signature, &why) || fail_signer(fault, key, &why);
}

/* ------------------------------------------------------------ notes */

/* A folder and all above it, of this user alone where they are new. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const bool is_there = mkdir(path, 0700) == 0 || errno == EEXIST;
        *slash = '/';
        if (!is_there) return false;
    }
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/* Out: folder, made where it is absent. */
static bool find_state_folder(const char *key, char folder[static PATH_MAX],
                              struct cli_key_fault *fault)
{
    const char *const state = getenv("XDG_STATE_HOME"), *const home = getenv("HOME");
    int len = 0;
    /* A relative path is ignored, as the specification of XDG wants. */
    if (state != NULL && state[0] == '/') len = snprintf(folder, PATH_MAX, "%s/assay", state);
    else if (home != NULL && home[0] == '/')
        len = snprintf(folder, PATH_MAX, "%s/.local/state/assay", home);
    else
        return fail_key(fault, ASSAY_EXIT_USAGE, key,
                        "there is no folder for the note of what this key has signed: expected an "
                        "absolute path in XDG_STATE_HOME or HOME");
    if (len >= 0 && len < PATH_MAX && make_folders(folder)) return true;
    char why[200];
    (void)snprintf(why, sizeof why,
                   "the folder for the note of what this key has signed "
                   "(XDG_STATE_HOME, or HOME) cannot be made: %s",
                   strerror(errno));
    return fail_key(fault, ASSAY_EXIT_INTERNAL, key, why);
}

size_t cli_operator_key_note_paths(const char *key, const uint8_t id[static 32], const char *suffix,
                                   char paths[static CLI_KEY_NOTES_MAX][CLI_KEY_NOTE_PATH_MAX],
                                   struct cli_key_fault *fault)
{
    char folder[PATH_MAX], hex[65];
    size_t count = 0;
    if (!find_state_folder(key, folder, fault)) return 0;
    assay_hex_encode(id, 32, hex, sizeof hex);
    int len = snprintf(paths[count++], CLI_KEY_NOTE_PATH_MAX, "%s/operator-%.64s.%s", folder, hex,
                       suffix);
    bool fits = len > 0 && len < CLI_KEY_NOTE_PATH_MAX;
    if (!assay_signer_is_reference(key)) {
        len = snprintf(paths[count++], CLI_KEY_NOTE_PATH_MAX, "%s.%s", key, suffix);
        fits = fits && len > 0 && len < CLI_KEY_NOTE_PATH_MAX;
    }
    if (fits) return count;
    (void)fail_key(fault, ASSAY_EXIT_USAGE, key, "the path is too long");
    return 0;
}
