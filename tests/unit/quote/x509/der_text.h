/*
 * tests/unit/quote/x509/der_text.h - DER documents written as text, and every change of one element
 * of them.
 *
 * An element is its tag in hexadecimal and its content in braces; content is elements, bytes in
 * hexadecimal, or characters in single quotes: "30{ 06{2a03} 0c{'name'} }". Lengths are computed,
 * so a changed document is DER all the same. Between tag and brace stand the changes under which
 * the document remains one that the reader accepts: D dropped, T another tag, E emptied, X two
 * bytes more at its end (05 00), R repeated.
 */
#ifndef ASSAY_TESTS_UNIT_QUOTE_X509_DER_TEXT_H
#define ASSAY_TESTS_UNIT_QUOTE_X509_DER_TEXT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DER_TEXT_MAX = 8192 };

enum der_change {
    DER_DROPPED,
    DER_RETAGGED,
    DER_EMPTIED,
    DER_EXTENDED,
    DER_REPEATED,
    DER_UNCHANGED,
    DER_CHANGES = DER_UNCHANGED,
};

struct der_document {
    size_t elements;
    bool is_allowed; /* the text has a mark for the change */
    size_t len;
    uint8_t bytes[DER_TEXT_MAX];
};

/* As it stands there. */
void der_write(const char *text, struct der_document *out);
/* With a change of one element: the n-th tag of the text, from 0 on. */
void der_write_changed(const char *text, size_t element, enum der_change change,
                       struct der_document *out);

/* A parser under test: of these bytes, which nothing follows in memory. */
typedef enum assay_status der_reader(const uint8_t *der, size_t len);
/*
 * Expects that the reader accepts the document, refuses each beginning of it and one byte more, and
 * accepts exactly those changes of one element that the text marks.
 */
void der_expect_strict(const char *text, der_reader *read);
/* Expects this answer to the document. */
void der_expect(const char *text, der_reader *read, enum assay_status wanted);

#endif
