/*
 * net/keys/store_binding.h - binding between a store and the keys that vote with it
 * (docs/protocol.md 2.7.1).
 *
 * A random id and a counter, with a copy in the keys directory, and the key set that the store
 * started with. They are one entry, so they are committed together.
 */
#ifndef ASSAY_NET_KEYS_STORE_BINDING_H
#define ASSAY_NET_KEYS_STORE_BINDING_H

#include "engine/store/store.h"

enum {
    ASSAY_STORE_BINDING_ID_LEN = 32,
    ASSAY_STORE_BINDING_COPY_LEN = ASSAY_STORE_BINDING_ID_LEN + 8
};

struct assay_store_binding {
    uint8_t id[ASSAY_STORE_BINDING_ID_LEN];
    uint8_t set[32]; /* SHA-256 of its voting key; zeros: unbound, the store was restored */
    /* Counts closed epochs. The copy with the keys is written behind the store: a store with a
     * lower one was rolled back (docs/protocol.md 2.7.4). */
    uint64_t generation;
};

/* The file with the keys: id and generation. Store and file of a version that counted no epochs
 * are of generation 0. */
void assay_keyring_binding_encode_copy(const struct assay_store_binding *binding,
                                       uint8_t bytes[static ASSAY_STORE_BINDING_COPY_LEN]);
/* Returns: ASSAY_OK | ASSAY_E_VERSION (another length) */
ASSAY_CHECKED enum assay_status assay_keyring_binding_decode_copy(struct assay_slice bytes,
                                                                  struct assay_store_binding *copy);
/* Does a store lack what its copy has seen? Returns: whether so. */
bool assay_keyring_binding_is_behind(const struct assay_store_binding *store,
                                     const struct assay_store_binding *copy);

/* That file, store.id of the keys folder.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (there, but not to be read) | ASSAY_E_VERSION
 */
ASSAY_CHECKED enum assay_status assay_keyring_binding_read_copy(const char *keys_dir,
                                                                struct assay_store_binding *copy);
/* Returns: whether these keys never had a store: there is no such file. */
bool assay_keyring_binding_is_first(const char *keys_dir);
/* Returns: ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_keyring_binding_write_copy(
    const char *keys_dir, const struct assay_store_binding *binding);

enum assay_store_binding_fit {
    ASSAY_STORE_BINDING_FITS,   /* the store of these keys, or both are still unbound */
    ASSAY_STORE_BINDING_NONE,   /* these keys have a store, and it is not here */
    ASSAY_STORE_BINDING_OTHER,  /* they have another one */
    ASSAY_STORE_BINDING_BEHIND, /* it is theirs, and was rolled back */
};
/* Returns whether a start would create new keys, according to id and counter; writes nothing.
 * In:      store: NULL: there is none
 * Returns: as assay_keyring_binding_read_copy, but ASSAY_OK where there is no file | as
 * assay_keyring_binding_load */
ASSAY_CHECKED enum assay_status assay_keyring_binding_check(const char *keys_dir,
                                                            struct assay_store *store,
                                                            enum assay_store_binding_fit *fit);

/* Into the open batch. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_keyring_binding_save(
    struct assay_store *store, const struct assay_store_binding *binding);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (an empty store) | ASSAY_E_STORE | ASSAY_E_VERSION (of no
 * version that is known) */
ASSAY_CHECKED enum assay_status assay_keyring_binding_load(struct assay_store *store,
                                                           struct assay_store_binding *binding);
/* Marks a store without a vote log (engine/audit/archive.h) as unbound: the first daemon on it
 * creates new keys, whatever keys exist. Into the open batch. Returns: ASSAY_OK | ASSAY_E_STORE |
 * ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyring_binding_save_unbound(struct assay_store *store);

/* Stores the chain id, written by the first daemon into the open batch. Returns: ASSAY_OK |
 * ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_keyring_binding_save_chain(struct assay_store *store,
                                                                 const uint8_t chain_id[static 32]);
/* Loads the chain id, else that of the newest block. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (an
 * empty store) | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_keyring_binding_chain(struct assay_store *store,
                                                            uint8_t chain_id[static 32]);

#endif
