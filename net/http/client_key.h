/*
 * net/http/client_key.h - the key of a TLS client, as a proxy that terminated TLS sends it in a
 * header: digest of its SubjectPublicKeyInfo.
 *
 * The proxy has verified that the client has the private key, and overwrites what its client sent.
 * Nothing of the certificate but its key is used.
 */
#ifndef ASSAY_NET_HTTP_CLIENT_KEY_H
#define ASSAY_NET_HTTP_CLIENT_KEY_H

#include "base/bytes.h"

/* Headers of 16 KiB together are read (docs/http.md 1): a certificate of 8 KiB in base64, every
 * character of it percent-encoded, is longer than those. */
enum { ASSAY_HTTP_CLIENT_KEY_TEXT_MAX = 16384 };

/*
 * assay_http_client_key - of a header X-Assay-Certificate: one certificate, as PEM or base64 of its
 * DER, percent-encoded or not.
 * Out:     spki_sha256
 * Returns: ASSAY_OK | ASSAY_E_MEMORY | INPUT statuses
 */
ASSAY_CHECKED enum assay_status assay_http_client_key(const char *header,
                                                      uint8_t spki_sha256[static 32]);
/*
 * assay_http_client_key_forwarded - of a header X-Forwarded-Client-Cert (Envoy): one element, whose
 * member Cert has the certificate.
 * Returns: as above | ASSAY_E_NOT_FOUND (it has no member Cert) | ASSAY_E_DUPLICATE (more than one
 *          element, or Cert)
 */
ASSAY_CHECKED enum assay_status assay_http_client_key_forwarded(const char *header,
                                                                uint8_t spki_sha256[static 32]);

#endif
