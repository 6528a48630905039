/*
 * net/services/continuity/enclave_files.h - files of an instance: its identity with what it trusts,
 * and its states, sealed with a key of the enclave (docs/services.md 4.5).
 *
 * FOLDER/identity, and FOLDER/state-INDEX-SESSION for each state that may be the last certified
 * one. A file is 8 bytes of magic, a nonce of 24 bytes, and XChaCha20-Poly1305 over the rest. Names
 * have the session, so a program whose session is over replaces no file of a newer one, and none
 * removes a file that another may need. The host is hostile: it may remove, replace and change
 * files. What it does is found when a file is opened, or when the state is adopted.
 */
#ifndef ASSAY_NET_SERVICES_CONTINUITY_ENCLAVE_FILES_H
#define ASSAY_NET_SERVICES_CONTINUITY_ENCLAVE_FILES_H

#include "net/services/continuity/sealed.h"

enum {
    ASSAY_ENCLAVE_FILES_FOLDER_MAX = 3900,
    ASSAY_ENCLAVE_FILES_FILES_MAX = 65536, /* names that are read of a folder */
};

/* Plain data of the caller; holds a secret. */
struct assay_enclave_files {
    char folder[ASSAY_ENCLAVE_FILES_FOLDER_MAX + 1];
    struct assay_secret32 key;
    size_t state_max; /* bytes of a state */
};

/* A state as it was sealed. */
struct assay_enclave_state {
    uint64_t index, session; /* index 0: none */
    uint8_t prev[32];        /* digest of the state before */
    uint8_t hash[32]; /* what the digest of the state covers: salted, so it reveals nothing */
    uint8_t *bytes;   /* of malloc; NULL of an empty state */
    size_t len;
};

/* Wipes and frees the bytes. */
void assay_enclave_state_free(struct assay_enclave_state *state);

/* Returns: whether the folder has an identity, readable or not: ASSAY_OK | ASSAY_E_NOT_FOUND |
 * ASSAY_E_IO (reason in errno) */
ASSAY_CHECKED enum assay_status assay_enclave_files_has_identity(
    const struct assay_enclave_files *files);
/* Makes the folder, with mode 0700, where it is not there. Returns: ASSAY_OK | ASSAY_E_IO (reason
 * in errno) */
ASSAY_CHECKED enum assay_status assay_enclave_files_make_folder(
    const struct assay_enclave_files *files);
/* Out: *identity, a secret, and *trust on ASSAY_OK. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND |
 * ASSAY_E_SIGNATURE (changed, or sealed with another key) | ASSAY_E_IO | ASSAY_E_MEMORY | as
 * assay_enclave_sealed_decode */
ASSAY_CHECKED enum assay_status assay_enclave_files_load_identity(
    const struct assay_enclave_files *files, struct assay_enclave_identity *identity,
    struct assay_enclave_trust *trust);
/* Durable when it returns. In: is_new: the folder must have none, or this one. Returns: ASSAY_OK |
 * ASSAY_E_DUPLICATE (it has that of another instance, which stays) | ASSAY_E_IO (reason in errno) |
 * ASSAY_E_CRYPTO | as load_identity, but ASSAY_E_NOT_FOUND */
ASSAY_CHECKED enum assay_status assay_enclave_files_save_identity(
    const struct assay_enclave_files *files, const struct assay_enclave_identity *identity,
    const struct assay_enclave_trust *trust, bool is_new);

/*
 * assay_enclave_files_put - seals a state into a file of its own, durable when it returns.
 * In:      state: index, session and prev; bytes: at most state_max
 * Out:     state->hash on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_IO (reason in errno; the next put of this name replaces what may be
 *          there) | ASSAY_E_MEMORY | ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_enclave_files_put(const struct assay_enclave_files *files,
                                                        const uint8_t instance[static 32],
                                                        struct assay_enclave_state *state,
                                                        struct assay_slice bytes);
/*
 * assay_enclave_files_find - the state of the folder that is the certified one; else the newest one
 * that can be opened.
 * In:      found: entry of the instance
 * Out:     *state: owned by the caller; index 0: there is none. Its session is that of the file's
 *          name. *unreadable: name of a state of that index, or of the newest index, that cannot be
 *          opened, or of ASSAY_E_IO that cannot be read; "" without one
 * Returns: ASSAY_OK | ASSAY_E_IO (reason in errno: the folder, or a file that may be the certified
 *          one, where no other is) | ASSAY_E_MEMORY | ASSAY_E_RANGE (too many files)
 */
ASSAY_CHECKED enum assay_status assay_enclave_files_find(const struct assay_enclave_files *files,
                                                         const struct assay_cont_entry *found,
                                                         struct assay_enclave_state *state,
                                                         char unreadable[static 64]);
/* Removes the states that no session may need: those before `index`, which is certified, and those
 * of sessions before `session`, except the adopted one; and temporary files of those sessions, of
 * a crash. A file that stays is removed by a later session. */
void assay_enclave_files_sweep(const struct assay_enclave_files *files, uint64_t index,
                               uint64_t session, const struct assay_enclave_state *adopted);
void assay_enclave_files_remove(const struct assay_enclave_files *files, uint64_t index,
                                uint64_t session);

#endif
