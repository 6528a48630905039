/*
 * base/pem_certificate.h - certificates and keys of TLS clients in PEM files, before they are
 * used: whether they belong together, for which purpose and how long.
 *
 * An interface next to base/crypto.h, for tools: implemented by base/crypto/openssl_certificate.c.
 */
#ifndef ASSAY_BASE_PEM_CERTIFICATE_H
#define ASSAY_BASE_PEM_CERTIFICATE_H

#include "base/bytes.h"
#include "base/status.h"

#include <stdbool.h>

enum { ASSAY_PEM_SUBJECT_LEN = 256, ASSAY_PEM_FILE_MAX = 64 * 1024 };

/* The first certificate of a file. */
struct assay_pem_certificate {
    char subject[ASSAY_PEM_SUBJECT_LEN]; /* "CN=ann,OU=Audit,O=Example", ASCII, may be cut */
    uint8_t key_sha256[32];              /* of its SubjectPublicKeyInfo */
    int64_t begins_unix_s, ends_unix_s;
    bool is_for_clients; /* names the purpose clientAuth (RFC 5280 4.2.1.12) */
};

/* Returns: ASSAY_OK | ASSAY_E_SYNTAX (no certificate in PEM) | ASSAY_E_CRYPTO (no memory, a date or
 * key that cannot be read) */
ASSAY_CHECKED enum assay_status assay_pem_certificate_read(struct assay_slice pem,
                                                           struct assay_pem_certificate *out);
/* Is this the key of the first certificate? Returns: ASSAY_OK | ASSAY_E_KEY (of another one) |
 * ASSAY_E_SYNTAX (no key in PEM, or one behind a passphrase) | ASSAY_E_CRYPTO */
ASSAY_CHECKED enum assay_status assay_pem_key_check(struct assay_slice certificate_pem,
                                                    struct assay_slice key_pem);

#endif
