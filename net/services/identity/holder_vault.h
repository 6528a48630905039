/*
 * net/services/identity/holder_vault.h - files of one holder of the group key: shares, records,
 * journal (docs/identity.md 3.11, 3.13, 4.14).
 *
 * A folder for its owner alone. Shares and secrets of ceremonies are sealed under a wrapping key
 * each, in a file of its own that is overwritten and unlinked when they are destroyed
 * (net/services/shares/vault_key.h); nothing of them is in SQLite. Records, which become public,
 * are sealed under the vault's key. An item is durable when its put returns, or as if it had never
 * been put; after a failed write the vault rejects every call. One process at a time; not
 * thread-safe. Its memory is locked.
 */
#ifndef ASSAY_NET_SERVICES_IDENTITY_HOLDER_VAULT_H
#define ASSAY_NET_SERVICES_IDENTITY_HOLDER_VAULT_H

#include "services/identity/ceremony_holder.h"
#include "services/identity/signing_journal.h"

enum {
    ASSAY_HOLDER_VAULT_MESSAGE_LEN = 512,
    ASSAY_HOLDER_VAULT_JOURNAL_LEN = 16 * 1024 * 1024, /* of one of its files, about */
};

struct assay_holder_vault;

struct assay_holder_vault_config {
    const char *folder;
    const struct assay_secret32 *key; /* copied */
    bool is_memory_only;              /* shares and secrets of ceremonies are never on the disk */
};

/*
 * assay_holder_vault_open - opens the folder, or creates it; a fresh one has a fresh holder key.
 * Out:     message: the reason of a failure
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE (of another key) | ASSAY_E_STORE (damaged, locked, open to
 *          others, disk) | ASSAY_E_CHAIN (the journal) | ASSAY_E_MEMORY | ASSAY_E_RANGE (path) |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_holder_vault_open(
    const struct assay_holder_vault_config *config, struct assay_holder_vault **out,
    char message[static ASSAY_HOLDER_VAULT_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. */
void assay_holder_vault_close(struct assay_holder_vault **vault);
/* Seed of the holder key, the same after each start. */
const struct assay_secret32 *assay_holder_vault_seed(const struct assay_holder_vault *vault);

/* Hands every stored item to `load`, and destroys what a crash left; before this process puts
 * anything. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_SIGNATURE (modified, or of an epoch after
 * the start) | the status of load */
typedef enum assay_status assay_holder_vault_load(void *context,
                                                  const struct assay_ceremony_item *item,
                                                  struct assay_slice bytes);
ASSAY_CHECKED enum assay_status assay_holder_vault_each(struct assay_holder_vault *vault,
                                                        assay_holder_vault_load *load,
                                                        void *context);
/* A second item of one name is refused, but for AGE, which is replaced. Returns: ASSAY_OK |
 * ASSAY_E_DUPLICATE | ASSAY_E_STORE | ASSAY_E_CRYPTO | ASSAY_E_RANGE (the path) */
ASSAY_CHECKED enum assay_status assay_holder_vault_put(struct assay_holder_vault *vault,
                                                       const struct assay_ceremony_item *item,
                                                       struct assay_slice bytes);
/* Out: *out, borrowed from bytes. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_SIGNATURE
 * (modified, or of an epoch after the floor) | ASSAY_E_STORE | ASSAY_E_RANGE (the path) */
ASSAY_CHECKED enum assay_status assay_holder_vault_get(
    struct assay_holder_vault *vault, const struct assay_ceremony_item *item,
    uint8_t bytes[static ASSAY_CEREMONY_ITEM_MAX], struct assay_slice *out);
/* What is no item and is replaced, under a fixed name: sealed under the vault's key, bound to the
 * name. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_holder_vault_put_note(struct assay_holder_vault *vault,
                                                            const char *name,
                                                            struct assay_slice bytes);
/* Returns: as assay_holder_vault_get; ASSAY_E_SIGNATURE: not of this vault, or another note */
ASSAY_CHECKED enum assay_status assay_holder_vault_get_note(
    struct assay_holder_vault *vault, const char *name,
    uint8_t bytes[static ASSAY_CEREMONY_ITEM_MAX], struct assay_slice *out);
/* Destroys SECRET and RECORDs of a name. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_holder_vault_erase(struct assay_holder_vault *vault,
                                                         const struct assay_ceremony_name *name);
/* The same for its SHARES. */
ASSAY_CHECKED enum assay_status assay_holder_vault_erase_shares(
    struct assay_holder_vault *vault, const struct assay_ceremony_name *name);

/* --- the floor: the newest epoch that the holder acted on, which each item is sealed with
 * (docs/identity.md 3.20): with these shares it never acts on an older ledger, whatever other file
 * is removed or replaced by an older one */
/* Items that are put from now on have this floor, unless it is lower than the one before. */
void assay_holder_vault_set_floor(struct assay_holder_vault *vault, uint64_t era, uint64_t epoch);
/* The process follows the ledger from here on: an item with a higher floor was not in the folder
 * when the vault was opened, and is not loaded. Until this call all items are. */
void assay_holder_vault_set_start(struct assay_holder_vault *vault, uint64_t era, uint64_t epoch);
/* Out: the highest of all items, of the sessions that were joined, and of set_floor. Returns:
 * false: the vault has no item, and no session was joined */
bool assay_holder_vault_get_floor(const struct assay_holder_vault *vault, uint64_t *era,
                                  uint64_t *epoch);

/* --- of signing sessions: what must be durable before a message leaves (signer.h) */
/* The last epoch in which sessions were joined; zeros: none. */
void assay_holder_vault_get_epoch(const struct assay_holder_vault *vault, uint64_t *era,
                                  uint64_t *epoch);
/* Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_holder_vault_put_epoch(struct assay_holder_vault *vault,
                                                             uint64_t era, uint64_t epoch);
/* Digest of the newest entry; zeros: none. */
void assay_holder_vault_journal_digest(const struct assay_holder_vault *vault,
                                       uint8_t digest[static 32]);
/* Returns: bytes of the journal that this process has written. */
uint64_t assay_holder_vault_journal_written(const struct assay_holder_vault *vault);
/* Appends the next entry, durably. Returns: ASSAY_OK | ASSAY_E_STORE | statuses of
 * assay_signing_journal_check: it is no next entry, and nothing was written */
ASSAY_CHECKED enum assay_status assay_holder_vault_append(struct assay_holder_vault *vault,
                                                          struct assay_slice entry);

#endif
