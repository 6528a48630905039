/*
 * services/identity/names.c - form of the names that operators choose for certificates and tokens;
 * beside product.c, since plans of services are read where nothing is signed.
 */
#include "base/dns_name.h"
#include "services/identity/product.h"

static bool is_equal_text(struct assay_slice a, const char *b)
{
    size_t len = 0;
    while (b[len] != '\0')
        len++;
    return a.len == len && assay_bytes_equal(a.bytes, b, len);
}

/* https://..., in characters of RFC 3986 that JSON has as they are. */
bool assay_credential_issuer_is_fit(struct assay_slice text)
{
    static const char scheme[] = "https://";
    enum { SCHEME = sizeof scheme - 1 };
    if (text.len <= SCHEME || text.len > ASSAY_CREDENTIAL_ISSUER_MAX) return false;
    if (!assay_bytes_equal(text.bytes, scheme, SCHEME)) return false;
    for (size_t i = SCHEME; i < text.len; i++) {
        const uint8_t c = text.bytes[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!is_letter && !(c >= '-' && c <= ':') && c != '_' && c != '~') return false;
    }
    return text.bytes[text.len - 1] != '/'; /* a path is appended */
}

/* docs/identity.md 5.3: `node` and `svc` are parts of the names of all members */
bool assay_credential_name_is_fit(struct assay_slice text)
{
    return assay_dns_is_label(text) && !is_equal_text(text, "node") && !is_equal_text(text, "svc");
}
