/*
 * net/services/shares/vault.h - what a program of services keeps over a restart, sealed: rows of
 * bytes by kind and name in one SQLite file (docs/services.md 5.13).
 *
 * A row is sealed by XChaCha20-Poly1305, bound to its kind and name, so a host can neither read nor
 * swap rows; it can hand out an older file as a whole. The key is the vault's, of shares a wrapping
 * key in a file of its own (vault_key.h): what is erased stays in SQLite's log and on the disk for
 * long, and is destroyed with that key (assay_vault_rewrap). What was put,
 * erased or wiped is there after commit, and then durably (WAL, synchronous FULL), or not at all. A
 * vault whose disk refused does nothing any more. One process at a time; one thread calls.
 */
#ifndef ASSAY_NET_SERVICES_SHARES_VAULT_H
#define ASSAY_NET_SERVICES_SHARES_VAULT_H

#include "base/bytes.h"
#include "base/secret.h"

enum { ASSAY_VAULT_MESSAGE_LEN = 512, ASSAY_VAULT_ROW_MAX = 64 * 1024 };

/* Of rows. In the file, hence never reused. */
enum assay_vault_kind {
    ASSAY_VAULT_CHECK = 1, /* the vault's own: whether a key is the right one */
    ASSAY_VAULT_OWN = 2,   /* what a program remembers of itself: keys, what it has seen */
    ASSAY_VAULT_SHARE = 3, /* of a holder, by id */
    ASSAY_VAULT_CLAIM = 4, /* of an executor, by task */
    ASSAY_VAULT_TASK = 5,  /* of a requestor, by task */
    ASSAY_VAULT_RESULT = 6, /* the same, by task and step */
    ASSAY_VAULT_OWED = 7, /* of an executor, by task on an EVM chain */
};

struct assay_vault;

/*
 * assay_vault_open - opens the file at path, or makes it, for its owner alone.
 * In:      key: copied
 * Out:     message says why not, for people
 * Returns: ASSAY_OK | ASSAY_E_SIGNATURE (made with another key) | ASSAY_E_STORE (no vault, damaged,
 *          locked, its wrapping key gone, the disk) | ASSAY_E_MEMORY | ASSAY_E_RANGE (path) |
 *          ASSAY_E_CRYPTO
 */
ASSAY_CHECKED enum assay_status assay_vault_open(const char *path,
                                                 const struct assay_secret32 *key,
                                                 struct assay_vault **out,
                                                 char message[static ASSAY_VAULT_MESSAGE_LEN]);
/* Accepts a pointer to NULL; nulls it. What was not committed is gone. Returns: nothing. */
void assay_vault_close(struct assay_vault **vault);
/* In place of what was there. In: bytes: at most ASSAY_VAULT_ROW_MAX (asserted). Returns: ASSAY_OK
 * | ASSAY_E_STORE | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_vault_put(struct assay_vault *vault,
                                                enum assay_vault_kind kind,
                                                const uint8_t name[static 32],
                                                struct assay_slice bytes);
/* What is not there is erased as well. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_erase(struct assay_vault *vault,
                                                  enum assay_vault_kind kind,
                                                  const uint8_t name[static 32]);
/* Every row of a kind. Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_wipe(struct assay_vault *vault,
                                                 enum assay_vault_kind kind);
/* What was asked for since the last commit is durable. Costs nothing when that was nothing.
 * Returns: ASSAY_OK | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_commit(struct assay_vault *vault);
/*
 * assay_vault_rewrap - destroys what was overwritten or erased of shares: those that there are are
 * sealed under another wrapping key, and the one before is destroyed. Commits what was asked for.
 * Costs nothing when no share was touched since the last time.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_CRYPTO | ASSAY_E_MEMORY | ASSAY_E_SIGNATURE (a row
 * was changed); the vault does nothing any more then
 */
ASSAY_CHECKED enum assay_status assay_vault_rewrap(struct assay_vault *vault);
/* One row. Out: *out, borrowed from bytes. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND |
 * ASSAY_E_SIGNATURE (changed) | ASSAY_E_FULL | ASSAY_E_STORE */
ASSAY_CHECKED enum assay_status assay_vault_get(struct assay_vault *vault,
                                                enum assay_vault_kind kind,
                                                const uint8_t name[static 32], uint8_t *bytes,
                                                size_t capacity, struct assay_slice *out);
/* Every row of a kind, ascending by name; bytes are borrowed, and wiped after it. row must not
 * touch the vault, and Returns: ASSAY_OK, or what ends the visit. Returns: ASSAY_OK | what row said
 * | ASSAY_E_SIGNATURE (a row was changed) | ASSAY_E_STORE */
typedef enum assay_status assay_vault_row(void *context, const uint8_t name[static 32],
                                          struct assay_slice bytes);
ASSAY_CHECKED enum assay_status assay_vault_each(struct assay_vault *vault,
                                                 enum assay_vault_kind kind, assay_vault_row *row,
                                                 void *context);
/* Returns: how many commits changed something: for tests of what is durable when. */
uint64_t assay_vault_commits(const struct assay_vault *vault);

#endif
