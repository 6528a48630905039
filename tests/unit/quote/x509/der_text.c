/*
 * tests/unit/quote/x509/der_text.c - DER documents written as text (der_text.h).
 */
#include "tests/unit/quote/x509/der_text.h"

#include "base/bytes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 32, OTHER_TAG = 0x8f };

static const char marks[DER_CHANGES + 1] = "DTEXR";

struct frame {
    size_t start; /* of the tag */
    size_t index;
};

struct writing {
    size_t element;
    enum der_change change;
    size_t depth;
    struct frame frames[DEPTH_MAX];
    struct der_document *out;
};

static unsigned digit_of(char c)
{
    const char *const at = strchr("0123456789abcdef", c);
    cr_assert(at != NULL && c != '\0', "'%c' is no digit", c);
    return (unsigned)(at - "0123456789abcdef");
}

static void put(struct der_document *out, uint8_t byte)
{
    cr_assert_lt(out->len, sizeof out->bytes);
    out->bytes[out->len++] = byte;
}

static void put_len(struct der_document *out, size_t at, size_t len)
{
    uint8_t head[3];
    size_t used = 0;
    if (len >= 0x80) head[used++] = len < 0x100 ? 0x81 : 0x82;
    if (len >= 0x100) head[used++] = (uint8_t)(len >> 8);
    head[used++] = (uint8_t)len;
    cr_assert_leq(out->len + used, sizeof out->bytes);
    for (size_t i = out->len; i > at; i--)
        out->bytes[i - 1 + used] = out->bytes[i - 1];
    assay_bytes_copy(out->bytes + at, used, head, used);
    out->len += used;
}

/* Marks up to the brace. Returns: the text behind it. */
static const char *open_element(struct writing *w, const char *text, uint8_t tag)
{
    struct der_document *const out = w->out;
    cr_assert_lt(w->depth, DEPTH_MAX);
    w->frames[w->depth++] = (struct frame){ .start = out->len, .index = out->elements };
    for (; *text != '{'; text++) {
        cr_assert(*text != '\0' && strchr(marks, *text) != NULL, "'%c' is no mark", *text);
        if (out->elements == w->element && w->change != DER_UNCHANGED && *text == marks[w->change])
            out->is_allowed = true;
    }
    out->elements += 1;
    put(out, tag);
    return text + 1;
}

static void close_element(struct writing *w)
{
    struct der_document *const out = w->out;
    cr_assert_gt(w->depth, 0);
    const struct frame f = w->frames[--w->depth];
    const enum der_change change = f.index == w->element ? w->change : DER_UNCHANGED;
    if (change == DER_RETAGGED) out->bytes[f.start] = OTHER_TAG;
    if (change == DER_EMPTIED) {
        if (out->len == f.start + 1) out->is_allowed = true; /* it was empty before */
        out->len = f.start + 1;
    }
    if (change == DER_EXTENDED) {
        put(out, 0x05);
        put(out, 0x00);
    }
    put_len(out, f.start + 1, out->len - f.start - 1);
    const size_t end = out->len;
    if (change == DER_REPEATED)
        for (size_t i = f.start; i < end; i++)
            put(out, out->bytes[i]);
    if (change == DER_DROPPED) out->len = f.start;
}

void der_write_changed(const char *text, size_t element, enum der_change change,
                       struct der_document *out)
{
    struct writing w = { .element = element, .change = change, .out = out };
    *out = (struct der_document){ .elements = 0 };
    while (*text != '\0') {
        if (*text == ' ') {
            text += 1;
        } else if (*text == '}') {
            close_element(&w);
            text += 1;
        } else if (*text == '\'') {
            for (text += 1; *text != '\''; text++)
                put(out, (uint8_t)*text);
            text += 1;
        } else {
            const uint8_t byte = (uint8_t)(digit_of(text[0]) << 4 | digit_of(text[1]));
            text += 2;
            if (*text == '{' || (*text != '\0' && strchr(marks, *text) != NULL))
                text = open_element(&w, text, byte);
            else put(out, byte);
        }
    }
    cr_assert_eq(w.depth, 0, "each brace is closed");
}

void der_write(const char *text, struct der_document *out)
{
    der_write_changed(text, 0, DER_UNCHANGED, out);
}

/* On the heap, in exactly as many bytes, so that a sanitizer sees a read behind the end. */
static enum assay_status read_exact(der_reader *read, const uint8_t *bytes, size_t len)
{
    uint8_t *const exact = malloc(len > 0 ? len : 1);
    cr_assert_not_null(exact);
    if (len > 0) assay_bytes_copy(exact, len, bytes, len);
    const enum assay_status status = read(exact, len);
    free(exact);
    return status;
}

void der_expect(const char *text, der_reader *read, enum assay_status wanted)
{
    struct der_document d;
    der_write(text, &d);
    const enum assay_status status = read_exact(read, d.bytes, d.len);
    cr_expect_eq(status, wanted, "%s, and not %s: %s", assay_status_symbol(status),
                 assay_status_symbol(wanted), text);
}

static void expect_allowed(const char *text, size_t element, enum der_change change,
                           der_reader *read)
{
    struct der_document d;
    der_write_changed(text, element, change, &d);
    const enum assay_status status = read_exact(read, d.bytes, d.len);
    cr_expect_eq(status == ASSAY_OK, d.is_allowed, "element %zu, change %c: %s", element,
                 marks[change], assay_status_symbol(status));
    cr_expect_eq(assay_status_class(status) == ASSAY_CLASS_HOST, false, "no fault of the host");
}

void der_expect_strict(const char *text, der_reader *read)
{
    struct der_document d;
    der_expect(text, read, ASSAY_OK);
    der_write(text, &d);
    for (size_t len = 0; len < d.len; len++)
        cr_expect_neq(read_exact(read, d.bytes, len), ASSAY_OK, "%zu bytes of %zu", len, d.len);
    put(&d, 0);
    cr_expect_neq(read_exact(read, d.bytes, d.len), ASSAY_OK, "a byte more");
    for (size_t i = 0; i < d.elements; i++)
        for (unsigned change = 0; change < DER_CHANGES; change++)
            expect_allowed(text, i, (enum der_change)change, read);
}
