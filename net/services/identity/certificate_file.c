/*
 * net/services/identity/certificate_file.c - certificates in files, as PEM.
 */
#include "net/services/identity/certificate_file.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "net/services/identity/signing_host.h"
#include "services/identity/product.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum assay_status assay_keyholder_certificate_write(const char *path, struct assay_slice der)
{
    uint8_t text[2 * ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    size_t len = 0;
    ASSAY_ASSERT(der.len <= ASSAY_CREDENTIAL_CERTIFICATE_MAX);
    if (assay_pem_put("CERTIFICATE", der.bytes, der.len, text, sizeof text, &len) != ASSAY_OK)
        return ASSAY_E_STORE;
    return assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(text, len)) == ASSAY_OK
               ? ASSAY_OK
               : ASSAY_E_STORE;
}

enum assay_status assay_keyholder_certificate_publish(const char *folder, const char *kind,
                                                      struct assay_slice name,
                                                      struct assay_slice der)
{
    char path[PATH_MAX];
    const int len = snprintf(path, sizeof path, "%s/%s-%.*s.pem", folder, kind, (int)name.len,
                             (const char *)name.bytes);
    if (len <= 0 || (size_t)len >= sizeof path) return ASSAY_E_STORE;
    return assay_keyholder_certificate_write(path, der);
}

static struct assay_slice name_authority(uint32_t which, char text[static 24])
{
    const bool is_cross = (which & ASSAY_SIGNING_CROSS) != 0;
    const int len =
        snprintf(text, 24, "%u%s", which & ~ASSAY_SIGNING_CROSS, is_cross ? "-cross" : "");
    return assay_slice_over(text, (size_t)len);
}

enum assay_status assay_keyholder_authority_publish(const char *folder, uint32_t which,
                                                    struct assay_slice der)
{
    char text[24];
    return assay_keyholder_certificate_publish(folder, "ca", name_authority(which, text), der);
}

static bool set_record_path(const char *folder, uint32_t which, char path[static PATH_MAX])
{
    char text[24];
    const struct assay_slice name = name_authority(which, text);
    const int len = snprintf(path, PATH_MAX, "%s/ca-%.*s.signed", folder, (int)name.len,
                             (const char *)name.bytes);
    return len > 0 && len < PATH_MAX;
}

enum assay_status assay_keyholder_record_write(const char *folder, uint32_t which,
                                               struct assay_slice record)
{
    char path[PATH_MAX];
    if (!set_record_path(folder, which, path)) return ASSAY_E_STORE;
    return assay_file_replace(path, ASSAY_FILE_PUBLIC, record) == ASSAY_OK ? ASSAY_OK
                                                                           : ASSAY_E_STORE;
}

bool assay_keyholder_record_read(const char *folder, uint32_t which, uint8_t *record, size_t len)
{
    char path[PATH_MAX];
    uint8_t *bytes = NULL;
    size_t found = 0;
    const bool is_read = set_record_path(folder, which, path) &&
                         assay_file_read(path, len, &bytes, &found) == ASSAY_OK && found == len;
    if (is_read) assay_bytes_copy(record, len, bytes, len);
    free(bytes);
    return is_read;
}
