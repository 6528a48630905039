/*
 * tests/unit/quote/snp/test_report.c - the bytes of a report: every truncation, every version and
 * what it reserves, products and layouts. No key is needed here.
 */
#include "quote/amd/snp.h"

#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void make(uint8_t report[ASSAY_SNP_REPORT_LEN], uint32_t version)
{
    memset(report, 0, ASSAY_SNP_REPORT_LEN);
    report[0] = (uint8_t)version;
    report[0x0a] = 3;
    report[0x34] = 1;
    for (size_t i = 0; i < 64; i++)
        report[0x50 + i] = (uint8_t)i;
    report[0x188] = version >= 3 ? 0x19 : 0;
    report[0x189] = version >= 3 ? 0x11 : 0;
    report[0x2a0] = 0x11; /* the lowest byte of r */
    report[0x2a0 + 47] = 0x22;
    report[0x2a0 + 72] = 0x33;
}

Test(snp_report, reads_fields_of_every_version)
{
    uint8_t bytes[ASSAY_SNP_REPORT_LEN];
    struct assay_snp_report report;
    for (uint32_t version = ASSAY_SNP_VERSION_MIN; version <= ASSAY_SNP_VERSION_MAX; version++) {
        make(bytes, version);
        if (version >= 5) bytes[0x1f8] = 0x77;
        cr_assert_eq(assay_snp_parse(bytes, sizeof bytes, &report), ASSAY_OK);
        cr_assert_eq(report.version, version);
        cr_assert_eq(report.policy, UINT64_C(0x30000));
        cr_assert_arr_eq(report.report_data, bytes + 0x50, 64);
        cr_assert_eq(report.signature.bytes[47], 0x11);
        cr_assert_eq(report.signature.bytes[0], 0x22);
        cr_assert_eq(report.signature.bytes[95], 0x33);
        cr_assert_eq(report.signed_part.len, 0x2a0);
        cr_assert_eq(report.launch_mit_vector, version >= 5 ? UINT64_C(0x77) : 0);
        cr_assert_not(report.reserved_set, "version %u", version);
        cr_assert_eq(assay_snp_report_product(&report),
                     version >= 3 ? ASSAY_SNP_GENOA : ASSAY_SNP_PRODUCT_UNKNOWN);
    }
}

Test(snp_report, rejects_every_truncation)
{
    uint8_t bytes[ASSAY_SNP_REPORT_LEN];
    struct assay_snp_report report;
    make(bytes, 3);
    for (size_t len = 0; len < sizeof bytes; len++) {
        uint8_t *const exact = malloc(len > 0 ? len : 1);
        cr_assert_not_null(exact);
        assay_bytes_copy(exact, len, bytes, len);
        cr_assert_eq(assay_snp_parse(exact, len, &report), ASSAY_E_TRUNCATED, "%zu", len);
        free(exact);
    }
}

Test(snp_report, rejects_a_byte_too_many)
{
    uint8_t bytes[ASSAY_SNP_REPORT_LEN + 1];
    struct assay_snp_report report;
    make(bytes, 3);
    bytes[ASSAY_SNP_REPORT_LEN] = 0;
    cr_assert_eq(assay_snp_parse(bytes, sizeof bytes, &report), ASSAY_E_TRAILING);
}

Test(snp_report, rejects_versions_and_algorithms_that_are_not_known)
{
    static const uint8_t versions[] = { 0, 1, ASSAY_SNP_VERSION_MAX + 1, 255 };
    uint8_t bytes[ASSAY_SNP_REPORT_LEN];
    struct assay_snp_report report;
    for (size_t i = 0; i < sizeof versions; i++) {
        make(bytes, versions[i]);
        cr_assert_eq(assay_snp_parse(bytes, sizeof bytes, &report), ASSAY_E_UNSUPPORTED);
    }
    for (unsigned algo = 0; algo < 256; algo++) {
        if (algo == 1) continue;
        make(bytes, 3);
        bytes[0x34] = (uint8_t)algo;
        cr_assert_eq(assay_snp_parse(bytes, sizeof bytes, &report), ASSAY_E_UNSUPPORTED);
    }
}

/* Not signed, so they would give one report many encodings. */
Test(snp_report, rejects_anything_in_the_padding_of_the_signature)
{
    uint8_t bytes[ASSAY_SNP_REPORT_LEN];
    struct assay_snp_report report;
    size_t refused = 0;
    for (size_t at = 0x2a0; at < ASSAY_SNP_REPORT_LEN; at++) {
        const size_t in_field = (at - 0x2a0) % 72;
        const bool is_number = at < 0x2a0 + 144 && in_field < 48;
        make(bytes, 3);
        bytes[at] ^= 0x80;
        const enum assay_status status = assay_snp_parse(bytes, sizeof bytes, &report);
        cr_assert_eq(status, is_number ? ASSAY_OK : ASSAY_E_ENCODING, "%zx", at);
        if (status != ASSAY_OK) refused += 1;
    }
    cr_assert_eq(refused, 2 * 24 + 368);
}

/* Which bytes a version reserves: those that may not be set, found by setting each. */
Test(snp_report, knows_what_each_version_reserves)
{
    static const size_t reserved[] = {
        0, 0, 4 + 24 + 2 + 168, 4 + 21 + 2 + 168, 4 + 21 + 2, 4 + 21 + 2 + 152, 4 + 21 + 2
    };
    uint8_t bytes[ASSAY_SNP_REPORT_LEN];
    struct assay_snp_report report;
    for (uint32_t version = ASSAY_SNP_VERSION_MIN; version <= ASSAY_SNP_VERSION_MAX; version++) {
        size_t found = 0;
        for (size_t at = 4; at < 0x2a0; at++) {
            if (at >= 0x34 && at < 0x38) continue; /* the algorithm */
            make(bytes, version);
            bytes[at] |= 1;
            cr_assert_eq(assay_snp_parse(bytes, sizeof bytes, &report), ASSAY_OK);
            if (!report.reserved_set) continue;
            cr_assert_eq(report.reserved_offset, at);
            found += 1;
        }
        cr_assert_eq(found, reserved[version], "version %u: %zu", version, found);
    }
}

Test(snp_report, knows_products_by_family_and_model)
{
    static const struct {
        uint8_t family, model;
        enum assay_snp_product product;
    } cases[] = {
        { 0x19, 0x00, ASSAY_SNP_MILAN },           { 0x19, 0x01, ASSAY_SNP_MILAN },
        { 0x19, 0x11, ASSAY_SNP_GENOA },           { 0x19, 0xa0, ASSAY_SNP_GENOA },
        { 0x19, 0xaf, ASSAY_SNP_GENOA },           { 0x1a, 0x02, ASSAY_SNP_TURIN },
        { 0x1a, 0x11, ASSAY_SNP_TURIN },           { 0x1a, 0x50, ASSAY_SNP_VENICE },
        { 0x17, 0x31, ASSAY_SNP_PRODUCT_UNKNOWN }, { 0x19, 0x21, ASSAY_SNP_PRODUCT_UNKNOWN },
        { 0x19, 0xb0, ASSAY_SNP_PRODUCT_UNKNOWN }, { 0x1a, 0x20, ASSAY_SNP_PRODUCT_UNKNOWN },
        { 0, 0, ASSAY_SNP_PRODUCT_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(assay_snp_product_of_cpu(cases[i].family, cases[i].model), cases[i].product,
                     "%02x %02x", cases[i].family, cases[i].model);
}

/* evidence-rules.md 3.3: values of extensions were compared by their beginning. */
Test(snp_report, knows_products_by_their_whole_name)
{
    static const char *const strangers[] = { "",         "Mila",    "Milano",    "milan",
                                             "Milan-",   "Milan-B", "Milan-B0x", "Milan-b0",
                                             "Milan B0", "MilanB0", "Genoa-B0-", "Turi",
                                             "Naples",   "xMilan",  "Milan-BG" };
    cr_assert_eq(assay_snp_product_of_name("Milan"), ASSAY_SNP_MILAN);
    cr_assert_eq(assay_snp_product_of_name("Milan-B0"), ASSAY_SNP_MILAN);
    cr_assert_eq(assay_snp_product_of_name("Genoa-B1"), ASSAY_SNP_GENOA);
    cr_assert_eq(assay_snp_product_of_name("Siena-A1"), ASSAY_SNP_GENOA);
    cr_assert_eq(assay_snp_product_of_name("Bergamo-A2"), ASSAY_SNP_GENOA);
    cr_assert_eq(assay_snp_product_of_name("Turin-C1"), ASSAY_SNP_TURIN);
    cr_assert_eq(assay_snp_product_of_name("Venice"), ASSAY_SNP_VENICE);
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++)
        cr_expect_eq(assay_snp_product_of_name(strangers[i]), ASSAY_SNP_PRODUCT_UNKNOWN, "%s",
                     strangers[i]);
}

Test(snp_report, takes_tcb_versions_apart_by_product)
{
    static const uint8_t raw[ASSAY_SNP_TCB_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    const struct assay_snp_tcb milan = assay_snp_tcb(ASSAY_SNP_MILAN, raw);
    cr_assert(!milan.has_fmc && milan.fmc == 0 && milan.bootloader == 1 && milan.tee == 2);
    cr_assert(milan.snp == 7 && milan.microcode == 8);
    const struct assay_snp_tcb turin = assay_snp_tcb(ASSAY_SNP_TURIN, raw);
    cr_assert(turin.has_fmc && turin.fmc == 1 && turin.bootloader == 2 && turin.tee == 3);
    cr_assert(turin.snp == 4 && turin.microcode == 8);
    for (size_t i = 0; i < ASSAY_SNP_TCB_LEN; i++) {
        uint8_t one[ASSAY_SNP_TCB_LEN] = { 0 };
        one[i] = 1;
        cr_assert_eq(assay_snp_tcb_clean(ASSAY_SNP_GENOA, one), i < 2 || i > 5, "%zu", i);
        cr_assert_eq(assay_snp_tcb_clean(ASSAY_SNP_TURIN, one), i < 4 || i > 6, "%zu", i);
    }
}

Test(snp_report, compares_tcb_versions_component_by_component)
{
    const struct assay_snp_tcb base = { true, 1, 1, 1, 1, 1 };
    cr_assert(assay_snp_tcb_covers(&base, &base));
    for (int i = 0; i < 5; i++) {
        struct assay_snp_tcb above = base;
        uint8_t *const components[] = { &above.fmc, &above.bootloader, &above.tee, &above.snp,
                                        &above.microcode };
        *components[i] += 1;
        cr_assert(assay_snp_tcb_covers(&above, &base));
        cr_assert_not(assay_snp_tcb_covers(&base, &above), "%d", i);
    }
}

Test(snp_report, is_detected_among_other_kinds)
{
    uint8_t bytes[ASSAY_SNP_REPORT_LEN + 64];
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    size_t declared = 0;
    make(bytes, 5);
    memset(bytes + ASSAY_SNP_REPORT_LEN, 0, 64);
    cr_assert_eq(assay_evidence_detect(bytes, sizeof bytes, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_SNP);
    cr_assert_eq(assay_evidence_length(kind, bytes, sizeof bytes, &declared), ASSAY_OK);
    cr_assert_eq(declared, ASSAY_SNP_REPORT_LEN);
    bytes[ASSAY_SNP_REPORT_LEN + 63] = 1;
    cr_assert_eq(assay_evidence_length(kind, bytes, sizeof bytes, &declared), ASSAY_E_TRAILING);
    cr_assert_eq(assay_evidence_length(kind, bytes, 100, &declared), ASSAY_E_TRUNCATED);

    kind = ASSAY_KIND_NONE;
    const enum assay_status status = assay_evidence_detect(bytes, ASSAY_SNP_REPORT_LEN - 1, &kind);
    cr_assert(status != ASSAY_OK || kind != ASSAY_KIND_SNP);
    bytes[2] = 2; /* a key type of Intel's quotes */
    const enum assay_status other = assay_evidence_detect(bytes, sizeof bytes, &kind);
    cr_assert(other != ASSAY_OK || kind != ASSAY_KIND_SNP);
}
