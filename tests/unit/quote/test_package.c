/*
 * tests/unit/quote/test_package.c - round-trip tests of evidence packages.
 */
#include "quote/package.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct assay_slice text(const char *t)
{
    size_t len = 0;
    while (t[len] != '\0')
        len += 1;
    return assay_slice_over((const uint8_t *)t, len);
}

static struct assay_package full(void)
{
    return (struct assay_package){
        .kind = ASSAY_KIND_VTPM_TDX,
        .main = text("attest"),
        .certificate_count = 2,
        .certificates = { text("first"), text("second") },
        .signature = text("signature"),
        .pcrs = text("pcrs"),
        .key = text("key"),
        .hardware = text("hardware"),
        .report_data = text("report data"),
        .quote = text("quote"),
        .devices = text("devices"),
    };
}

static size_t encoded(const struct assay_package *p, uint8_t *bytes, size_t capacity)
{
    struct assay_slice out = { NULL, 0 };
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_package_encode(p, &w);
    cr_assert_eq(assay_writer_finish(&w, &out), ASSAY_OK);
    return out.len;
}

static void expect_same(struct assay_slice a, struct assay_slice b)
{
    cr_assert_eq(a.len, b.len);
    if (a.len > 0) cr_assert_arr_eq(a.bytes, b.bytes, a.len);
}

Test(quote_package, reads_back_what_it_wrote)
{
    uint8_t bytes[256];
    const struct assay_package p = full();
    struct assay_package q;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    const size_t len = encoded(&p, bytes, sizeof bytes);
    cr_assert(assay_package_detect(bytes, len, &kind));
    cr_assert_eq(kind, ASSAY_KIND_VTPM_TDX);
    cr_assert_eq(assay_package_read(kind, bytes, len, &q), ASSAY_OK);
    cr_assert_eq(q.certificate_count, 2);
    expect_same(q.main, p.main);
    expect_same(q.certificates[0], p.certificates[0]);
    expect_same(q.certificates[1], p.certificates[1]);
    expect_same(q.signature, p.signature);
    expect_same(q.pcrs, p.pcrs);
    expect_same(q.key, p.key);
    expect_same(q.hardware, p.hardware);
    expect_same(q.report_data, p.report_data);
    expect_same(q.quote, p.quote);
    expect_same(q.devices, p.devices);
}

Test(quote_package, takes_bare_bytes_as_the_main_part)
{
    struct assay_package q;
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, (const uint8_t *)"report", 6, &q), ASSAY_OK);
    cr_assert_eq(q.kind, ASSAY_KIND_SNP);
    expect_same(q.main, text("report"));
    cr_assert_eq(q.certificate_count, 0);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, (const uint8_t *)"", 0, &q), ASSAY_E_TRUNCATED);
}

Test(quote_package, rejects_every_truncation_and_one_byte_too_many)
{
    uint8_t bytes[256] = { 0 };
    const struct assay_package p = full();
    struct assay_package q;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    const size_t len = encoded(&p, bytes, sizeof bytes);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *const exact = malloc(cut + (cut == 0));
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, cut + (cut == 0), bytes, cut);
        /* Cut before the kind it is no package any more, and then bare bytes of the kind. */
        if (assay_package_detect(exact, cut, &kind))
            cr_assert_neq(assay_package_read(p.kind, exact, cut, &q), ASSAY_OK, "%zu", cut);
        else cr_assert_lt(cut, 3);
        free(exact);
    }
    cr_assert_eq(assay_package_read(p.kind, bytes, len + 1, &q), ASSAY_E_TRAILING);
}

Test(quote_package, has_one_encoding_for_one_meaning)
{
    uint8_t bytes[256];
    uint8_t again[256];
    const struct assay_package p = full();
    struct assay_package q;
    const size_t len = encoded(&p, bytes, sizeof bytes);
    for (size_t at = 0; at < len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            enum assay_evidence_kind kind = ASSAY_KIND_NONE;
            bytes[at] ^= (uint8_t)(1u << bit);
            if (assay_package_detect(bytes, len, &kind) &&
                assay_package_read(kind, bytes, len, &q) == ASSAY_OK) {
                const size_t length = encoded(&q, again, sizeof again);
                cr_assert_eq(length, len);
                cr_assert_arr_eq(again, bytes, len);
            }
            bytes[at] ^= (uint8_t)(1u << bit);
        }
}

Test(quote_package, refuses_another_kind_empty_parts_and_no_main_part)
{
    static const uint8_t empty_part[] = { 0xa3, 0x00, 0x09, 0x01, 0x41, 'x', 0x03, 0x40 };
    static const uint8_t no_main[] = { 0xa2, 0x00, 0x09, 0x03, 0x41, 'x' };
    static const uint8_t twice[] = { 0xa3, 0x00, 0x09, 0x01, 0x41, 'x', 0x01, 0x41, 'x' };
    static const uint8_t no_order[] = { 0xa3, 0x00, 0x09, 0x03, 0x41, 'x', 0x01, 0x41, 'x' };
    static const uint8_t no_certificate[] = { 0xa3, 0x00, 0x09, 0x01, 0x41, 'x', 0x02, 0x80 };
    struct assay_package q;
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, no_main, sizeof no_main, &q), ASSAY_E_INVALID);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, no_main, sizeof no_main, &q), ASSAY_E_INVALID);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, empty_part, sizeof empty_part, &q),
                 ASSAY_E_ENCODING);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, twice, sizeof twice, &q), ASSAY_E_DUPLICATE);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, no_order, sizeof no_order, &q),
                 ASSAY_E_ENCODING);
    cr_assert_eq(assay_package_read(ASSAY_KIND_TPM, no_certificate, sizeof no_certificate, &q),
                 ASSAY_E_ENCODING);
}

Test(quote_package, holds_no_certificate_twice)
{
    static const uint8_t twice[] = { 0xa3, 0x00, 0x07, 0x01, 0x41, 'm',  0x02,
                                     0x83, 0x41, 'a',  0x41, 'b',  0x41, 'a' };
    uint8_t bytes[64];
    struct assay_package q = { .kind = ASSAY_KIND_SNP }, p = { .kind = ASSAY_KIND_SNP };
    cr_assert_eq((int)ASSAY_KIND_SNP, 7);
    cr_expect_eq(assay_package_read(ASSAY_KIND_SNP, twice, sizeof twice, &q), ASSAY_E_DUPLICATE);
    p.main = text("main");
    p.certificate_count = 4;
    p.certificates[0] = text("first");
    p.certificates[1] = text("second");
    p.certificates[2] = text("first");
    p.certificates[3] = text("second");
    const size_t len = encoded(&p, bytes, sizeof bytes);
    cr_assert_eq(assay_package_read(ASSAY_KIND_SNP, bytes, len, &q), ASSAY_OK);
    cr_expect_eq(q.certificate_count, 2, "what is written leaves repeated ones out");
    expect_same(q.certificates[0], text("first"));
    expect_same(q.certificates[1], text("second"));
}

enum { PARTS = 10 };

/* Part number i beside the main bytes. */
static struct assay_package with_part(enum assay_evidence_kind kind, unsigned i)
{
    struct assay_package p = { .kind = kind, .main = text("main") };
    if (i == 0) {
        p.certificate_count = 1;
        p.certificates[0] = text("first");
    }
    struct assay_slice *const parts[] = { NULL,        &p.signature,  &p.pcrs,        &p.key,
                                          &p.hardware, &p.activation, &p.report_data, &p.quote,
                                          &p.devices,  &p.packed };
    if (parts[i] != NULL) *parts[i] = text("part");
    return p;
}

Test(quote_package, holds_only_parts_that_its_kind_has_use_for)
{
    /* certificates, signature, values, key, hardware, activation, report data, quote, devices,
     * packed */
    static const char *const of_use[ASSAY_KIND_COUNT] = {
        [ASSAY_KIND_SGX3] = "c-------dd",          [ASSAY_KIND_SGX4] = "c-------dd",
        [ASSAY_KIND_SGX5] = "c-------dd",          [ASSAY_KIND_TDX4] = "c-------dd",
        [ASSAY_KIND_TDX5] = "c-------dd",          [ASSAY_KIND_SOFT] = "c-------dd",
        [ASSAY_KIND_SNP] = "c-------dd",           [ASSAY_KIND_NITRO] = "----------",
        [ASSAY_KIND_NITRO_TPM] = "----------",     [ASSAY_KIND_NVIDIA_GPU] = "c---------",
        [ASSAY_KIND_NVIDIA_SWITCH] = "c---------", [ASSAY_KIND_CCA] = "----------",
        [ASSAY_KIND_TPM] = "csvk--r-dd",           [ASSAY_KIND_VTPM_SNP] = "csvkh-r-dd",
        [ASSAY_KIND_VTPM_TDX] = "csvkh-rqdd",
    };
    uint8_t bytes[256];
    struct assay_package q;
    for (unsigned kind = ASSAY_KIND_NONE + 1; kind < ASSAY_KIND_COUNT; kind++)
        for (unsigned i = 0; i < PARTS; i++) {
            const struct assay_package p = with_part((enum assay_evidence_kind)kind, i);
            const bool fits = of_use[kind][i] != '-';
            const size_t len = encoded(&p, bytes, sizeof bytes);
            cr_expect_eq(assay_package_fits(&p), fits, "%s, part %u", assay_kind_text(p.kind), i);
            cr_expect_eq(assay_package_read(p.kind, bytes, len, &q),
                         fits ? ASSAY_OK : ASSAY_E_INVALID, "%s, part %u", assay_kind_text(p.kind),
                         i);
        }
}

Test(quote_package, main_bytes_alone_travel_bare)
{
    uint8_t bytes[16];
    struct assay_package q;
    for (unsigned kind = ASSAY_KIND_NONE + 1; kind < ASSAY_KIND_COUNT; kind++) {
        const struct assay_package p = { .kind = (enum assay_evidence_kind)kind,
                                         .main = text("main") };
        const uint8_t packed[] = { 0xa2, 0x00, (uint8_t)kind, 0x01, 0x44, 'm', 'a', 'i', 'n' };
        const size_t len = encoded(&p, bytes, sizeof bytes);
        cr_expect_eq(len, 4);
        cr_expect_arr_eq(bytes, "main", 4);
        cr_expect_eq(assay_package_read(p.kind, packed, sizeof packed, &q), ASSAY_E_ENCODING);
    }
}
