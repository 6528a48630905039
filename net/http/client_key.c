/*
 * net/http/client_key.c - key of a TLS client from headers of proxies.
 */
#include "net/http/client_key.h"

#include "base/base64.h"
#include "base/crypto.h"
#include "quote/x509.h"

#include <stdlib.h>
#include <string.h>

/* Memory of one header: off the stack. */
struct room {
    char text[ASSAY_HTTP_CLIENT_KEY_TEXT_MAX + 1];
    uint8_t der[ASSAY_CERT_DER_MAX];
};

/* ------------------------------------------------------------ a certificate as text */

/* RFC 3986 2.1; "+" is itself, a character of base64. */
static enum assay_status decode_percent(struct assay_slice from, char *out, size_t *out_len)
{
    size_t len = 0;
    for (size_t i = 0; i < from.len; i++) {
        uint8_t byte = from.bytes[i];
        if (len == ASSAY_HTTP_CLIENT_KEY_TEXT_MAX) return ASSAY_E_RANGE;
        if (byte == '%') {
            if (from.len - i < 3) return ASSAY_E_ENCODING;
            ASSAY_TRY(assay_hex_decode((const char *)from.bytes + i + 1, 2, &byte, 1));
            i += 2;
        }
        if (byte == 0) return ASSAY_E_ENCODING;
        out[len++] = (char)byte;
    }
    out[len] = '\0';
    *out_len = len;
    return ASSAY_OK;
}

static bool is_blank(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (strchr(" \t\r\n", bytes[i]) == NULL || bytes[i] == '\0') return false;
    return true;
}

/* One block and nothing but white space around it: of two certificates, the proxy may have verified
 * another one than the first. */
static enum assay_status decode_pem(struct room *room, size_t text_len, size_t *der_len)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----";
    struct assay_slice rest = assay_slice_over(room->text, text_len), label;
    const char *start = strstr(room->text, begin);
    if (start == NULL || !is_blank(rest.bytes, (size_t)(start - room->text))) return ASSAY_E_SYNTAX;
    ASSAY_TRY(assay_pem_next(&rest, &label, room->der, sizeof room->der, der_len));
    return is_blank(rest.bytes, rest.len) ? ASSAY_OK : ASSAY_E_TRAILING;
}

static enum assay_status decode_certificate(struct room *room, struct assay_slice header,
                                            uint8_t spki_sha256[static 32])
{
    size_t text_len = 0, der_len = 0;
    struct assay_slice spki;
    ASSAY_TRY(decode_percent(header, room->text, &text_len));
    if (strchr(room->text, '-') != NULL) ASSAY_TRY(decode_pem(room, text_len, &der_len));
    else
        ASSAY_TRY(assay_base64_decode(ASSAY_BASE64_STANDARD, room->text, text_len, room->der,
                                      sizeof room->der, &der_len));
    ASSAY_TRY(assay_x509_certificate_spki(assay_slice_over(room->der, der_len), &spki));
    assay_sha256(spki.bytes, spki.len, spki_sha256);
    return ASSAY_OK;
}

static enum assay_status read_certificate(struct assay_slice text, uint8_t spki_sha256[static 32])
{
    struct room *room = malloc(sizeof *room);
    if (room == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = decode_certificate(room, text, spki_sha256);
    free(room);
    return status;
}

enum assay_status assay_http_client_key(const char *header, uint8_t spki_sha256[static 32])
{
    return read_certificate(assay_slice_over(header, strlen(header)), spki_sha256);
}

/* ------------------------------------------------------------ X-Forwarded-Client-Cert */

/* The next member "Key=value" or "Key=\"value\"" of an element, up to the ';' behind it. In quotes
 * '\' escapes a quote; what separates members and elements counts outside of quotes alone.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_DUPLICATE: another element begins */
static enum assay_status next_member(const char **at, struct assay_slice *key,
                                     struct assay_slice *value)
{
    const char *equals = strchr(*at, '=');
    if (equals == NULL) return ASSAY_E_SYNTAX;
    *key = assay_slice_over(*at, (size_t)(equals - *at));
    const char *end = equals + 1;
    if (*end == '"') {
        const char *start = ++end;
        while (*end != '\0' && *end != '"')
            end += *end == '\\' && end[1] != '\0' ? 2 : 1;
        if (*end == '\0') return ASSAY_E_SYNTAX;
        *value = assay_slice_over(start, (size_t)(end - start));
        end++;
    } else {
        end += strcspn(end, ";,");
        *value = assay_slice_over(equals + 1, (size_t)(end - equals - 1));
    }
    if (*end == ',') return ASSAY_E_DUPLICATE;
    if (*end != '\0' && *end != ';') return ASSAY_E_SYNTAX;
    *at = *end == ';' ? end + 1 : end;
    return ASSAY_OK;
}

static bool is_cert(struct assay_slice key)
{
    static const char cert[] = "cert";
    if (key.len != sizeof cert - 1) return false;
    for (size_t i = 0; i < key.len; i++)
        if ((key.bytes[i] | 0x20) != (uint8_t)cert[i]) return false;
    return true;
}

enum assay_status assay_http_client_key_forwarded(const char *header,
                                                  uint8_t spki_sha256[static 32])
{
    struct assay_slice key, value, found = { 0 };
    bool has_found = false;
    for (const char *at = header; *at != '\0';) {
        ASSAY_TRY(next_member(&at, &key, &value));
        if (!is_cert(key)) continue;
        if (has_found) return ASSAY_E_DUPLICATE;
        has_found = true;
        found = value;
    }
    return has_found ? read_certificate(found, spki_sha256) : ASSAY_E_NOT_FOUND;
}
