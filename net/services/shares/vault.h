/*
 * net/services/shares/vault.h - sealed persistent storage of a service program: rows of bytes by
 * kind and name in one SQLite file (docs/services.md 5.13).
 *
 * A row is sealed by XChaCha20-Poly1305, bound to its kind and name, so a host can neither read nor
 * swap rows; it can restore an older file as a whole. Rows are sealed under the vault's key, those
 * of shares under a wrapping key in a file of its own (vault_key.h): erased rows may remain in
 * SQLite's log and on the disk, and are destroyed with that key (assay_vault_rewrap). Changes are
 * durable after commit (WAL, synchronous FULL), or not made at all. After a disk error a vault
 * rejects every call. One process at a time; not thread-safe.
 */
#ifndef ASSAY_NET_SERVICES_SHARES_VAULT_H
#define ASSAY_NET_SERVICES_SHARES_VAULT_H

#include "base/bytes.h"
#include "base/secret.h"

enum { ASSAY_VAULT_MESSAGE_LEN = 512, ASSAY_VAULT_ROW_MAX = 64 * 1024 };

/* Of rows. Stored, hence never reused. */
enum assay_vault_kind {
    ASSAY_VAULT_CHECK = 1, /* the vault's own: verifies the key */
    ASSAY_VAULT_OWN = 2,   /* a program's own state: keys, last seen ledger */
    ASSAY_VAULT_SHARE = 3, /* of a holder, by id */
    ASSAY_VAULT_CLAIM = 4, /* of an executor, by task */
    ASSAY_VAULT_TASK = 5,  /* of a requestor, by task */
    ASSAY_VAULT_RESULT = 6, /* the same, by task and step */
    ASSAY_VAULT_OWED = 7, /* of an executor, by task on an EVM chain */
};

struct assay_vault;

/*
 * assay_vault_open - opens the file at path, or creates it, for its owner alone.
 * In:      key: copied
 * Out:     message: the reason of a failure
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE (made with another key) | ASSAY_E_STORE (no vault, damaged,
 *          locked, its wrapping key missing, disk error) | ASSAY_E_MEMORY | ASSAY_E_RANGE (path) |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_vault_open(const char *path,
                                                 const struct assay_secret32 *key,
                                                 struct assay_vault **out,
                                                 char message[static ASSAY_VAULT_MESSAGE_LEN]);
/* Accepts a pointer to NULL; sets it to NULL. Uncommitted changes are lost. */
void assay_vault_close(struct assay_vault **vault);
/* Adds or replaces a row. In: bytes: at most ASSAY_VAULT_ROW_MAX (asserted). Returns: ASSAY_OK |
 * ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_vault_put(struct assay_vault *vault,
                                                enum assay_vault_kind kind,
                                                const uint8_t name[static 32],
                                                struct assay_slice bytes);
/* A missing row is no error. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_erase(struct assay_vault *vault,
                                                  enum assay_vault_kind kind,
                                                  const uint8_t name[static 32]);
/* Every row of a kind. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_wipe(struct assay_vault *vault,
                                                 enum assay_vault_kind kind);
/* Makes the changes since the last commit durable. Without changes it does nothing.
 * Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_commit(struct assay_vault *vault);
/*
 * assay_vault_rewrap - destroys overwritten or erased shares: existing ones are sealed under a new
 * wrapping key, and the previous key is destroyed. Commits pending changes. Does nothing when no
 * share changed since the last time.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO | ASSAY_E_MEMORY | ASSAY_E_SIGNATURE (a row
 *          was modified); the vault is unusable then
 */
ASSAY_CHECKED enum assay_status assay_vault_rewrap(struct assay_vault *vault);
/* One row. Out: *out, borrowed from bytes. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND |
 * ASSAY_E_SIGNATURE (modified) | ASSAY_E_FULL | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_get(struct assay_vault *vault,
                                                enum assay_vault_kind kind,
                                                const uint8_t name[static 32], uint8_t *bytes,
                                                size_t capacity, struct assay_slice *out);
/* Visits every row of a kind, ascending by name; bytes are borrowed, and wiped after it. row must
 * not use the vault, and returns ASSAY_OK, or a status that ends the visit. Returns: ASSAY_OK | the
 * status of row | ASSAY_E_SIGNATURE (a row was modified) | ASSAY_E_STORE */
typedef enum assay_status assay_vault_row(void *context, const uint8_t name[static 32],
                                          struct assay_slice bytes);
ASSAY_CHECKED enum assay_status assay_vault_each(struct assay_vault *vault,
                                                 enum assay_vault_kind kind, assay_vault_row *row,
                                                 void *context);
/* Returns: the number of commits with changes: for tests of durability. */
uint64_t assay_vault_commits(const struct assay_vault *vault);

#endif
