/*
 * net/keys/keyring.h - private keys of one node, in one directory with owner-only permissions.
 *
 * docs/protocol.md 2.1, 2.2: identity key (P-256) and bootstrap key (CURVE25519) of the node; a
 * voting key (P-256) and a transport key (CURVE25519) belong to one incarnation. Files in
 * DIR, each mode 0600, canonical CBOR ["assay/key/v1", role, incarnation, secret ...]:
 *   identity.key bootstrap.key    incarnation 0, one secret. An identity key that followed another
 *                            one (docs/protocol.md 9.6.8) is followed by the node id: that is the
 *                            digest of the first identity key, which is gone
 *   identity.next.key        a new identity key that the network has not listed yet; the same
 *   incarnation.key          the listed set: its number, voting secret, transport secret
 *   incarnation.next.key     a set made for a restarted enclave and not yet listed; its number is
 *                            provisional: the ledger assigns one when it lists the set
 * The two for life may lie in a folder of their own that is never written, such as credentials of
 * systemd. Every write goes to a temporary file, is synced, renamed, and the directory synced: a
 * crash leaves the old or the new file. Used by `assay keys`, `assay genesis` and
 * net/runtime/runtime.c.
 */
#ifndef ASSAY_NET_KEYS_KEYRING_H
#define ASSAY_NET_KEYS_KEYRING_H

#include "base/crypto.h"
#include "base/file/file.h"

/* One key set of one incarnation, with its public halves. */
struct assay_key_set {
    uint32_t incarnation; /* from 1; 0: no set */
    struct assay_secret32 voting_private, transport_private;
    uint8_t voting_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t transport_public[32];
};

struct assay_keyring {
    struct assay_secret32 identity_private, bootstrap_private;
    uint8_t identity_public[ASSAY_P256_PUBLIC_LEN];
    uint8_t bootstrap_public[32];
    uint8_t node_id[32];    /* SHA-256 of the first identity key */
    bool has_next_identity; /* it waits to be listed */
    struct assay_secret32 next_identity_private;
    uint8_t next_identity_public[ASSAY_P256_PUBLIC_LEN];
    struct assay_key_set current; /* the listed incarnation */
    struct assay_key_set next;    /* incarnation 0: none is waiting to be listed */
};

/* Make a new node in dir (created with mode 0700 when absent), incarnation 1 as current.
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (dir holds keys already) | ASSAY_E_IO | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyring_create(const char *dir, struct assay_keyring *ring);
/* The same node in dir, which has no identity.key: its keys for life, and a fresh set as `current`
 * with this number, which is not 0 (asserted). For keys of a backup: what their old set has signed
 * since is not known here. Returns: as assay_keyring_create | ASSAY_E_KEY */
ASSAY_CHECKED enum assay_status assay_keyring_restore(
    const char *dir, const struct assay_secret32 *identity, const struct assay_secret32 *bootstrap,
    const uint8_t node_id[static 32], uint32_t incarnation, struct assay_keyring *ring);
/* For a node whose keys for life are there (in dir, or elsewhere) and whose set is lost: a fresh
 * one as `current` in dir, with this number, which is not 0 (asserted). Never replaces one.
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (dir has incarnation.key) | ASSAY_E_IO | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyring_restore_set(const char *dir, uint32_t incarnation);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_IO (also: a file that others may read, or that is
 * no regular file) | ASSAY_E_INVALID (`next` has a key of `current`) | INPUT statuses; *ring wiped
 * unless ASSAY_OK */
ASSAY_CHECKED enum assay_status assay_keyring_load(const char *dir, struct assay_keyring *ring);
/*
 * assay_keyring_open - the same from the folder of a daemon, which nobody else may write.
 * In:      life_dir: where identity.key and bootstrap.key are; NULL or "": dir
 * Out:     message says which file is wrong and what was expected
 * Returns: as assay_keyring_load
 */
ASSAY_CHECKED enum assay_status assay_keyring_open(const char *dir, const char *life_dir,
                                                   struct assay_keyring *ring,
                                                   char message[static ASSAY_FILE_MESSAGE_LEN]);
/* The keys for life alone: ring has no set. Returns: as assay_keyring_open */
ASSAY_CHECKED enum assay_status assay_keyring_open_life(
    const char *life_dir, struct assay_keyring *ring, char message[static ASSAY_FILE_MESSAGE_LEN]);
/* Returns: the number for the set after all of the ring, from 2. */
uint32_t assay_keyring_following_number(const struct assay_keyring *ring);
/* Make and store a fresh set as `next` with this number, which is not 0 (asserted); replaces a
 * waiting one, durable when it returns.
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyring_make_next(const char *dir, uint32_t incarnation,
                                                        struct assay_keyring *ring);
/* The two halves of it: the set in memory alone, and on the disk, durably.
 * Returns: ASSAY_OK | ASSAY_E_CRYPTO; ASSAY_OK | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_keyring_generate_next(uint32_t incarnation,
                                                            struct assay_keyring *ring);
ASSAY_CHECKED enum assay_status assay_keyring_save_next(const char *dir,
                                                        const struct assay_keyring *ring);
/* `next` was listed with this number, which is not 0 (asserted): it becomes `current` with it,
 * durably; then the old set is wiped, and the bytes of its file overwritten: a voting key that is
 * over signs no other history any more. The number may be below those of the files: an era that
 * began on an older block assigns numbers again.
 * Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (no next) | ASSAY_E_IO */
ASSAY_CHECKED enum assay_status assay_keyring_promote(const char *dir, uint32_t incarnation,
                                                      struct assay_keyring *ring);
/* Make and store a new identity key next to the one in force, in the folder of the keys for life;
 * durable when it returns. One that waits already stays, and is the result.
 * Returns: ASSAY_OK | ASSAY_E_IO | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyring_make_next_identity(const char *life_dir,
                                                                 struct assay_keyring *ring);
/* The network has listed the identity key that waits (asserted: there is one): it becomes
 * identity.key, durably; then the old one is wiped, and the bytes of its file overwritten. Unless
 * ASSAY_OK the ring has the new key all the same, and the files have both.
 * Returns: ASSAY_OK | ASSAY_E_IO (a folder that is never written, such as credentials) */
ASSAY_CHECKED enum assay_status assay_keyring_promote_identity(const char *life_dir,
                                                               struct assay_keyring *ring);
/* A founding operator's key in one file of its own (mode 0600), role "operator".
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (the file is there already) | ASSAY_E_IO |
 *          ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_keyring_operator_create(
    const char *path, uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);
/* Returns: as assay_keyring_load; *private_key wiped unless ASSAY_OK */
ASSAY_CHECKED enum assay_status assay_keyring_operator_load(
    const char *path, struct assay_secret32 *private_key,
    uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);

/* The key that opens backups of nodes (apps/assay/operate/backup_file.h), in one file of its own,
 * role "backup". Returns: as assay_keyring_operator_create; as assay_keyring_operator_load */
ASSAY_CHECKED enum assay_status assay_keyring_create_backup_key(
    const char *path, uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);
/* */
ASSAY_CHECKED enum assay_status assay_keyring_load_backup_key(
    const char *path, struct assay_secret32 *private_key,
    uint8_t public_key[static ASSAY_P256_PUBLIC_LEN]);

/* Wipes every secret. */
void assay_keyring_wipe(struct assay_keyring *ring);

#endif
