/*
 * net/http/tls.c - TLS options for GnuTLS; libmicrohttpd owns the sessions.
 */
#include "net/http/tls.h"

#include "base/assert.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
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

/* The handshake ends after it; the server's library would close the connection without a word. A
 * client that does not read it learns nothing, so the result does not matter. */
static void send_alert(gnutls_session_t session, gnutls_alert_description_t alert)
{
    ASSAY_ASSERT(session != NULL);
    (void)gnutls_alert_send(session, GNUTLS_AL_FATAL, alert);
}

/* RFC 8446 6.2: which alert names these faults of a certificate. */
static gnutls_alert_description_t alert_of(unsigned faults)
{
    if ((faults & GNUTLS_CERT_SIGNER_NOT_FOUND) != 0) return GNUTLS_A_UNKNOWN_CA;
    if ((faults & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED)) != 0)
        return GNUTLS_A_CERTIFICATE_EXPIRED;
    if ((faults & GNUTLS_CERT_PURPOSE_MISMATCH) != 0) return GNUTLS_A_UNSUPPORTED_CERTIFICATE;
    return GNUTLS_A_BAD_CERTIFICATE;
}

/*
 * A client's message Certificate before it is processed. The library refuses an empty list itself,
 * behind this hook and without an alert. In TLS 1.3 a context of the request precedes it (RFC 8446
 * 4.4.2), in TLS 1.2 the message is the list (RFC 5246 7.4.6).
 */
static int on_certificate(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
                          const gnutls_datum_t *message)
{
    enum { LENGTH_LEN = 3 }; /* of the list */
    const bool is_13 = gnutls_protocol_get_version(session) == GNUTLS_TLS1_3;
    ASSAY_ASSERT(type == GNUTLS_HANDSHAKE_CERTIFICATE_PKT && when == GNUTLS_HOOK_PRE);
    if (incoming == 0 || message->size == 0) return 0;
    const size_t before = is_13 ? (size_t)1 + message->data[0] : 0;
    if (message->size != before + LENGTH_LEN) return 0; /* the library reads it */
    for (size_t i = 0; i < LENGTH_LEN; i++)
        if (message->data[before + i] != 0) return 0;
    send_alert(session, is_13 ? GNUTLS_A_CERTIFICATE_REQUIRED : GNUTLS_A_HANDSHAKE_FAILURE);
    return GNUTLS_E_CERTIFICATE_REQUIRED;
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
    if (status == 0 && faults == 0 && is_for_clients(session)) return 0;
    if (status == 0 && faults == 0) faults = GNUTLS_CERT_PURPOSE_MISMATCH;
    send_alert(session, alert_of(faults));
    return GNUTLS_E_CERTIFICATE_ERROR;
}

void assay_http_tls_send(void *session, const char *bytes, size_t len)
{
    ASSAY_ASSERT(session != NULL && len <= 1024);
    (void)gnutls_record_send(session, bytes, len);
}

void assay_http_tls_require_client(void *session)
{
    ASSAY_ASSERT(session != NULL);
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_function(session, verify_client);
    gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_CERTIFICATE_PKT, GNUTLS_HOOK_PRE,
                                       on_certificate);
}

/* ------------------------------------------------------------ the client's identity */

/* An attribute as DER: texts of ASCII or UTF-8 alone, whose bytes say what they are. Other kinds,
 * such as BMPString, would have to be converted before they are compared: they match nothing. */
static bool read_text(const uint8_t *der, size_t len, struct assay_http_text *out)
{
    enum { UTF8_STRING = 0x0c, PRINTABLE_STRING = 0x13, IA5_STRING = 0x16 };
    size_t head = 2, n = 0;
    if (len < 2) return false;
    if (der[0] != UTF8_STRING && der[0] != PRINTABLE_STRING && der[0] != IA5_STRING) return false;
    if (der[1] == 0x81 && len > 2) {
        head = 3;
        n = der[2];
    } else {
        n = der[1]; /* 0x80 and more: too long for what follows */
    }
    if (n != len - head || n > ASSAY_HTTP_SUBJECT_MAX || memchr(der + head, 0, n) != NULL)
        return false;
    assay_bytes_copy((uint8_t *)out->bytes, sizeof out->bytes, der + head, n);
    out->len = n;
    return true;
}

/* Returns: false: an attribute that cannot be counted. */
static bool read_subject(gnutls_x509_crt_t leaf, enum assay_http_attribute which,
                         struct assay_http_identity *out)
{
    static const char *const oids[] = { GNUTLS_OID_X520_COMMON_NAME,
                                        GNUTLS_OID_X520_ORGANIZATION_NAME,
                                        GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME };
    enum { COUNTED_MAX = 64, DER_MAX = 1024 };
    for (unsigned i = 0; i < COUNTED_MAX; i++) {
        uint8_t der[DER_MAX];
        size_t len = sizeof der;
        const int got = gnutls_x509_crt_get_dn_by_oid(leaf, oids[which], i, 1, der, &len);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE) return true;
        out->subject[which].count++;
        if (got != 0 || !read_text(der, len, &out->subject[which].text))
            out->subject[which].count++; /* not one that could match */
    }
    return false;
}

bool assay_http_tls_read_certificate(struct assay_slice der, struct assay_http_identity *identity)
{
    gnutls_x509_crt_t leaf = NULL;
    *identity = (struct assay_http_identity){ 0 };
    if (der.len > UINT_MAX || gnutls_x509_crt_init(&leaf) != 0) return false;
    union {
        const uint8_t *in;
        unsigned char *out;
    } bytes = { .in = der.bytes }; /* the library only reads */
    const gnutls_datum_t datum = { .data = bytes.out, .size = (unsigned)der.len };
    size_t len = sizeof identity->key_sha256;
    bool read = gnutls_x509_crt_import(leaf, &datum, GNUTLS_X509_FMT_DER) == 0 &&
                gnutls_x509_crt_get_key_id(leaf, GNUTLS_KEYID_USE_SHA256, identity->key_sha256,
                                           &len) == 0 &&
                len == sizeof identity->key_sha256;
    for (enum assay_http_attribute a = 0; read && a < ASSAY_HTTP_ATTRIBUTES; a++)
        read = read_subject(leaf, a, identity);
    gnutls_x509_crt_deinit(leaf);
    return read;
}

bool assay_http_tls_read_client(void *session, struct assay_http_identity *identity)
{
    ASSAY_ASSERT(session != NULL);
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain == NULL || count == 0) return false;
    return assay_http_tls_read_certificate(assay_slice_over(chain[0].data, chain[0].size),
                                           identity);
}

/* Returns: the first certificate, which gnutls_x509_crt_deinit frees; NULL: there is none that can
 * be read. */
static gnutls_x509_crt_t read_pem(const char *pem)
{
    gnutls_x509_crt_t certificate = NULL;
    char *text = pem != NULL ? strdup(pem) : NULL; /* the library requires writable bytes */
    if (text != NULL && gnutls_x509_crt_init(&certificate) == 0) {
        const gnutls_datum_t bytes = { .data = (unsigned char *)text,
                                       .size = (unsigned)strlen(text) };
        if (gnutls_x509_crt_import(certificate, &bytes, GNUTLS_X509_FMT_PEM) != 0) {
            gnutls_x509_crt_deinit(certificate);
            certificate = NULL;
        }
    }
    free(text);
    return certificate;
}

bool assay_http_tls_has_name(const char *pem, const char *host)
{
    enum { NAME_MAX_LEN = 255 };
    char name[NAME_MAX_LEN + 1];
    if (pem == NULL || host == NULL) return false;
    const bool is_ipv6 = host[0] == '[';
    const char *const begin = host + is_ipv6;
    const size_t len = strcspn(begin, is_ipv6 ? "]" : ":");
    if (len == 0 || len > NAME_MAX_LEN) return false;
    (void)snprintf(name, sizeof name, "%.*s", (int)len, begin);
    gnutls_x509_crt_t certificate = read_pem(pem);
    if (certificate == NULL) return false;
    const bool has = gnutls_x509_crt_check_hostname(certificate, name) != 0;
    gnutls_x509_crt_deinit(certificate);
    return has;
}

int64_t assay_http_tls_get_expiry(const char *pem)
{
    gnutls_x509_crt_t certificate = read_pem(pem);
    if (certificate == NULL) return 0;
    const time_t ends = gnutls_x509_crt_get_expiration_time(certificate);
    gnutls_x509_crt_deinit(certificate);
    return ends == (time_t)-1 ? 0 : (int64_t)ends;
}
