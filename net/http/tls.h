/*
 * net/http/tls.h - TLS configuration of the HTTP server: versions and client certificates.
 *
 * TLS 1.2 and 1.3 alone. A client's certificate is of the authority of http.clients and names the
 * purpose clientAuth itself (RFC 5280 4.2.1.12).
 */
#ifndef ASSAY_NET_HTTP_TLS_H
#define ASSAY_NET_HTTP_TLS_H

#include "net/http/roles.h"

#define ASSAY_HTTP_TLS_PRIORITIES "NORMAL:-VERS-TLS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

/* session: of GnuTLS, before its handshake: without such a certificate that fails, and
 * the client receives an alert with the reason (RFC 8446 6.2). */
void assay_http_tls_require_client(void *session);
/* Sends bytes that fit into one record, or as many as the socket takes at once. */
void assay_http_tls_send(void *session, const char *bytes, size_t len);
/* Reads the verified certificate of the client of a session. Returns: false: there is none that
 * can be read. */
bool assay_http_tls_read_client(void *session, struct assay_http_identity *identity);
/* The same of a certificate's DER. */
bool assay_http_tls_read_certificate(struct assay_slice der, struct assay_http_identity *identity);
/* Whether the first certificate of a PEM text is for the name in a header Host (hostile), with or
 * without a port. pem, host: or NULL, which name nothing. */
bool assay_http_tls_has_name(const char *pem, const char *host);
/* When the first certificate of a PEM text ends. Returns: 0: there is none that can be read */
int64_t assay_http_tls_get_expiry(const char *pem);

#endif
