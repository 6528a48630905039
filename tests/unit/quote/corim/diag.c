/*
 * tests/unit/quote/corim/diag.c - parser of CBOR diagnostic notation (diag.h).
 */
#include "tests/unit/quote/corim/diag.h"

#include "base/cbor.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { CONTENT_MAX = 65536, BYTES_MAX = 1024 };

static const char *put_item(const char *at, struct assay_writer *w);

static const char *skip_space(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == ',')
        at++;
    return at;
}

static const char *expect(const char *at, const char *what)
{
    const size_t len = strlen(what);
    at = skip_space(at);
    cr_assert_eq(strncmp(at, what, len), 0, "expected %s at: %.40s", what, at);
    return at + len;
}

/* Everything up to the closing bracket, then the head that counts it, then that. */
static const char *put_container(const char *at, char close, struct assay_writer *w)
{
    uint8_t *const memory = malloc(CONTENT_MAX);
    struct assay_writer content = assay_writer_over(memory, CONTENT_MAX);
    uint64_t count = 0;
    struct assay_slice bytes;
    cr_assert_not_null(memory);
    for (at = skip_space(at); *at != close; at = skip_space(at), count++) {
        at = put_item(at, &content);
        if (close != '}') continue;
        at = expect(at, ":");
        at = put_item(at, &content);
    }
    cr_assert_eq(assay_writer_finish(&content, &bytes), ASSAY_OK);
    if (close == '}') assay_cbor_put_map(w, count);
    else assay_cbor_put_array(w, count);
    assay_writer_put(w, bytes.bytes, bytes.len);
    free(memory);
    return at + 1;
}

static const char *put_embedded(const char *at, struct assay_writer *w)
{
    uint8_t *const memory = malloc(CONTENT_MAX);
    struct assay_writer content = assay_writer_over(memory, CONTENT_MAX);
    struct assay_slice bytes;
    cr_assert_not_null(memory);
    at = put_item(at, &content);
    cr_assert_eq(assay_writer_finish(&content, &bytes), ASSAY_OK);
    assay_cbor_put_bytes(w, bytes.bytes, bytes.len);
    free(memory);
    return expect(at, ">>");
}

static const char *put_hex(const char *at, struct assay_writer *w)
{
    uint8_t bytes[BYTES_MAX];
    const char *const end = strchr(at, '\'');
    cr_assert(end != NULL && (size_t)(end - at) / 2 <= sizeof bytes);
    const size_t len = (size_t)(end - at) / 2;
    if (len > 0)
        cr_assert_eq(assay_hex_decode(at, (size_t)(end - at), bytes, len), ASSAY_OK, "%.40s", at);
    assay_cbor_put_bytes(w, bytes, len);
    return end + 1;
}

static const char *put_number(const char *at, struct assay_writer *w)
{
    char *end = NULL;
    const long long number = strtoll(at, &end, 10);
    cr_assert(end != at, "expected an item at: %.40s", at);
    if (*end != '(') {
        assay_cbor_put_int(w, number);
        return end;
    }
    assay_cbor_put_tag(w, (uint64_t)number);
    return expect(put_item(end + 1, w), ")");
}

static const char *put_item(const char *at, struct assay_writer *w)
{
    at = skip_space(at);
    if (*at == '[') return put_container(at + 1, ']', w);
    if (*at == '{') return put_container(at + 1, '}', w);
    if (strncmp(at, "<<", 2) == 0) return put_embedded(at + 2, w);
    if (strncmp(at, "h'", 2) == 0) return put_hex(at + 2, w);
    if (strncmp(at, "true", 4) == 0 || strncmp(at, "false", 5) == 0) {
        assay_cbor_put_bool(w, *at == 't');
        return at + (*at == 't' ? 4 : 5);
    }
    if (strncmp(at, "null", 4) == 0) {
        assay_cbor_put_null(w);
        return at + 4;
    }
    if (*at != '"') return put_number(at, w);
    const char *const end = strchr(at + 1, '"');
    cr_assert_not_null(end);
    assay_cbor_put_text_n(w, at + 1, (size_t)(end - at - 1));
    return end + 1;
}

void diag_put(const char *text, struct assay_writer *w)
{
    const char *const end = skip_space(put_item(text, w));
    cr_assert_eq(*end, '\0', "more than one item: %.40s", end);
}
