/*
 * net/http/tls.c - TLS options for GnuTLS; libmicrohttpd owns the sessions.
 */
#include "net/http/tls.h"

#include "base/assert.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { PURPOSES_MAX = 16 }; /* of a certificate that are looked at */

/* Returns: whether the certificate is for TLS clients. One without purposes is not, and "any" is a
 * purpose of servers and code as well. */
static bool is_for_clients(gnutls_session_t session)
{
    ASSAY_ASSERT(session != NULL);
    unsigned count = 0;
    gnutls_x509_crt_t leaf = NULL;
    bool found = false;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0 || gnutls_x509_crt_init(&leaf) != 0) return false;
    const bool read = gnutls_x509_crt_import(leaf, &chain[0], GNUTLS_X509_FMT_DER) == 0;
    for (unsigned i = 0; read && !found && i < PURPOSES_MAX; i++) {
        char oid[64] = "";
        size_t len = sizeof oid;
        const int got = gnutls_x509_crt_get_key_purpose_oid(leaf, i, oid, &len, NULL);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) break;
        found = got == 0 && strcmp(oid, GNUTLS_KP_TLS_WWW_CLIENT) == 0;
    }
    gnutls_x509_crt_deinit(leaf);
    return found;
}

/* Returns: 0, or an error that ends the handshake. */
static int verify_client(gnutls_session_t session)
{
    ASSAY_ASSERT(session != NULL);
    static char purpose[] = GNUTLS_KP_TLS_WWW_CLIENT;
    gnutls_typed_vdata_st data = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                   .data = (unsigned char *)purpose };
    unsigned faults = 0;
    const int status = gnutls_certificate_verify_peers(session, &data, 1, &faults);
    if (status != 0 || faults != 0 || !is_for_clients(session)) return GNUTLS_E_CERTIFICATE_ERROR;
    return 0;
}

void assay_http_tls_require_client(void *session)
{
    ASSAY_ASSERT(session != NULL);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_function(session, verify_client);
}

int64_t assay_http_tls_get_expiry(const char *pem)
{
    gnutls_x509_crt_t certificate = NULL;
    char *text = pem != NULL ? strdup(pem) : NULL; /* the library requires writable bytes */
    time_t ends = (time_t)-1;
    if (text != NULL && gnutls_x509_crt_init(&certificate) == 0) {
        const gnutls_datum_t bytes = { .data = (unsigned char *)text,
                                       .size = (unsigned)strlen(text) };
        if (gnutls_x509_crt_import(certificate, &bytes, GNUTLS_X509_FMT_PEM) == 0)
            ends = gnutls_x509_crt_get_expiration_time(certificate);
        gnutls_x509_crt_deinit(certificate);
    }
    free(text);
    return ends == (time_t)-1 ? 0 : (int64_t)ends;
}
