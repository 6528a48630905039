/*
 * net/services/shares/vault_key.h - wrapping key of a vault's shares, in a file of its own next to
 * the vault, so that it can be destroyed (docs/services.md 5.13).
 *
 * The file PATH.key.N has a random key of 32 bytes, sealed under the vault's key. It is never in
 * SQLite, whose log and free pages retain overwritten data.
 */
#ifndef ASSAY_NET_SERVICES_SHARES_VAULT_KEY_H
#define ASSAY_NET_SERVICES_SHARES_VAULT_KEY_H

#include "base/bytes.h"
#include "base/secret.h"

/* Generates key number N of the vault at path, durable on return; an existing file is destroyed
 * before. Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_RANGE (path) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_vault_key_make(const char *path, uint64_t number,
                                                     const struct assay_secret32 *vault_key,
                                                     struct assay_secret32 *made);
/* Returns: ASSAY_OK | ASSAY_E_NOT_FOUND | ASSAY_E_SIGNATURE (modified, or of another vault's key) |
 * ASSAY_E_STORE | ASSAY_E_RANGE (path) */
ASSAY_CHECKED enum assay_status assay_vault_key_read(const char *path, uint64_t number,
                                                     const struct assay_secret32 *vault_key,
                                                     struct assay_secret32 *key);
/* Overwrites, syncs and unlinks the file, and syncs its folder. A missing file is no error.
 * Returns: ASSAY_OK | ASSAY_E_STORE | ASSAY_E_RANGE (path) */
ASSAY_CHECKED enum assay_status assay_vault_key_destroy(const char *path, uint64_t number);

#endif
