/*
 * tests/fuzz/net/fuzz_client_key.c - headers of proxies with the certificate of a TLS client.
 *
 * A certificate that the one form of header has, the other one has too, as its only member.
 */
#include "base/assert.h"
#include "net/http/client_key.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/* Header values are texts of their own, with an end. */
static char *make_text(const char *front, const uint8_t *bytes, size_t len, const char *back)
{
    const size_t front_len = strlen(front), back_len = strlen(back);
    char *const text = malloc(front_len + len + back_len + 1);
    ASSAY_ASSERT(text != NULL);
    assay_bytes_copy(text, front_len, front, front_len);
    assay_bytes_copy(text + front_len, len, bytes, len);
    assay_bytes_copy(text + front_len + len, back_len + 1, back, back_len + 1);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    uint8_t key[32], again[32];
    if (memchr(bytes, 0, len) != NULL) return 0;
    char *const text = make_text("", bytes, len, "");
    char *const member = make_text("Cert=\"", bytes, len, "\"");
    const enum assay_status status = assay_http_client_key(text, key);
    const enum assay_status forwarded = assay_http_client_key_forwarded(member, again);
    if (status == ASSAY_OK && memchr(bytes, '"', len) == NULL && memchr(bytes, '\\', len) == NULL)
        ASSAY_ASSERT(forwarded == ASSAY_OK && assay_bytes_equal(key, again, sizeof key));
    assay_status_ignore(assay_http_client_key_forwarded(text, again), "only crashes count");
    free(member);
    free(text);
    return 0;
}
