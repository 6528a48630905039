/*
 * net/services/identity/certificate_file.c - certificates in files, as PEM.
 */
#include "net/services/identity/certificate_file.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/file/file.h"
#include "services/identity/product.h"

enum {
    LINE_LEN = 64,
    TEXT_MAX = (ASSAY_CREDENTIAL_CERTIFICATE_MAX + 2) / 3 * 4,
    FILE_MAX = TEXT_MAX + TEXT_MAX / LINE_LEN + 64,
};

enum assay_status assay_keyholder_certificate_write(const char *path, struct assay_slice der)
{
    static const char head[] = "-----BEGIN CERTIFICATE-----\n";
    static const char tail[] = "-----END CERTIFICATE-----\n";
    char text[TEXT_MAX + 1];
    uint8_t file[FILE_MAX];
    size_t len = 0;
    ASSAY_ASSERT(der.len <= ASSAY_CREDENTIAL_CERTIFICATE_MAX);
    if (assay_base64_encode(ASSAY_BASE64_STANDARD, der.bytes, der.len, text, sizeof text, &len) !=
        ASSAY_OK)
        return ASSAY_E_STORE;
    struct assay_writer w = assay_writer_over(file, sizeof file);
    assay_writer_put(&w, head, sizeof head - 1);
    for (size_t at = 0; at < len; at += LINE_LEN) {
        assay_writer_put(&w, text + at, len - at < LINE_LEN ? len - at : LINE_LEN);
        assay_writer_put(&w, "\n", 1);
    }
    assay_writer_put(&w, tail, sizeof tail - 1);
    ASSAY_ASSERT(!w.full);
    return assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(file, w.len)) == ASSAY_OK
               ? ASSAY_OK
               : ASSAY_E_STORE;
}
