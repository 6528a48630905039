/*
 * net/keys/store_binding_file.c - store.id, the copy of the binding in the keys directory
 * (net/keys/store_binding.h).
 */
#include "net/keys/store_binding.h"

#include "base/file/file.h"

#include <limits.h>
#include <stdio.h>

static enum assay_status format_path(const char *keys_dir, char path[static PATH_MAX])
{
    const int len = snprintf(path, PATH_MAX, "%s/store.id", keys_dir);
    return len > 0 && len < PATH_MAX ? ASSAY_OK : ASSAY_E_IO;
}

bool assay_keyring_binding_is_first(const char *keys_dir)
{
    struct assay_store_binding copy;
    ASSAY_ASSERT(keys_dir != NULL);
    return assay_keyring_binding_read_copy(keys_dir, &copy) == ASSAY_E_NOT_FOUND;
}

enum assay_status assay_keyring_binding_write_copy(const char *keys_dir,
                                                   const struct assay_store_binding *binding)
{
    char path[PATH_MAX];
    uint8_t bytes[ASSAY_STORE_BINDING_COPY_LEN];
    ASSAY_TRY(format_path(keys_dir, path));
    assay_keyring_binding_encode_copy(binding, bytes);
    return assay_file_replace(path, ASSAY_FILE_SECRET, assay_slice_over(bytes, sizeof bytes));
}

enum assay_status assay_keyring_binding_read_copy(const char *keys_dir,
                                                  struct assay_store_binding *copy)
{
    char path[PATH_MAX];
    uint8_t bytes[ASSAY_STORE_BINDING_COPY_LEN + 1];
    size_t len = 0;
    ASSAY_TRY(format_path(keys_dir, path));
    const enum assay_status status = assay_file_read_secret(path, bytes, sizeof bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return status;
    if (status == ASSAY_E_RANGE) return ASSAY_E_VERSION;
    if (status != ASSAY_OK) return ASSAY_E_IO;
    return assay_keyring_binding_decode_copy(assay_slice_over(bytes, len), copy);
}

enum assay_status assay_keyring_binding_check(const char *keys_dir, struct assay_store *store,
                                              enum assay_store_binding_fit *fit)
{
    struct assay_store_binding copy = { 0 }, known = { 0 };
    *fit = ASSAY_STORE_BINDING_FITS;
    const enum assay_status kept = assay_keyring_binding_read_copy(keys_dir, &copy);
    if (kept == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(kept);
    const enum assay_status got =
        store != NULL ? assay_keyring_binding_load(store, &known) : ASSAY_E_NOT_FOUND;
    if (got != ASSAY_OK && got != ASSAY_E_NOT_FOUND) return got;
    if (got == ASSAY_E_NOT_FOUND) *fit = ASSAY_STORE_BINDING_NONE;
    else if (!assay_bytes_equal(known.id, copy.id, ASSAY_STORE_BINDING_ID_LEN))
        *fit = ASSAY_STORE_BINDING_OTHER;
    else if (assay_keyring_binding_is_behind(&known, &copy)) *fit = ASSAY_STORE_BINDING_BEHIND;
    return ASSAY_OK;
}
