/*
 * tests/unit/quote/test_quote.c - tests of the quote parser: every truncation, every bit, every
 * length field.
 */
#include "tests/unit/quote/world.h"

#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

/* Where things stand in a quote of version 3. */
enum {
    SIGNATURE_LEN_AT = 432,
    SIGNATURE_AT = 436,
    KEY_AT = 500,
    AUTH_LEN_AT = KEY_AT + 64 + 384 + 64,
    CERT_TYPE_AT = AUTH_LEN_AT + 2 + ASSAY_SOFT_AUTH_LEN,
    CERT_LEN_AT = CERT_TYPE_AT + 2,
};

static enum assay_status parse(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len)
{
    struct assay_kind row;
    struct assay_quote quote;
    cr_assert_eq(assay_kind_find(kind, &row), ASSAY_OK);
    return assay_quote_parse(&row, bytes, len, &quote);
}

/* On an exact heap copy, so that the sanitizer sees one byte too far. */
static void reject_truncations(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len)
{
    cr_assert_eq(parse(kind, bytes, len), ASSAY_OK);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *const exact = malloc(cut == 0 ? 1 : cut);
        cr_assert_not_null(exact);
        if (cut > 0) assay_bytes_copy(exact, cut, bytes, cut);
        cr_assert_eq(parse(kind, exact, cut), ASSAY_E_TRUNCATED, "%zu of %zu bytes", cut, len);
        size_t declared = 0;
        cr_assert_eq(assay_evidence_length(kind, exact, cut, &declared), ASSAY_E_TRUNCATED);
        free(exact);
    }
}

static uint8_t *read_vector(const char *name, size_t *len)
{
    char path[PATH_MAX];
    const char *const dir = vectors_dir();
    if (dir == NULL) cr_skip_test("no vectors: set ASSAY_VECTORS");
    (void)snprintf(path, sizeof path, "%s/%s/quote.bin", dir, name);
    uint8_t *const bytes = read_file(path, len);
    cr_assert_not_null(bytes);
    return bytes;
}

Test(quote_quote, rejects_every_truncation)
{
    struct world *const w = world_open();
    reject_truncations(ASSAY_KIND_SOFT, w->quote, w->quote_len);
    world_close(w);
}

Test(quote_quote, rejects_every_truncation_of_genuine_quotes)
{
    size_t len = 0;
    uint8_t *const sgx = read_vector("sgx/sgx-platform-ca-swhardening", &len);
    reject_truncations(ASSAY_KIND_SGX3, sgx, len);
    free(sgx);
    uint8_t *const tdx = read_vector("tdx/tdx-v4-uptodate", &len);
    size_t declared = 0;
    cr_assert_eq(assay_evidence_length(ASSAY_KIND_TDX4, tdx, len, &declared), ASSAY_OK);
    reject_truncations(ASSAY_KIND_TDX4, tdx, declared);
    free(tdx);
}

Test(quote_quote, rejects_one_byte_too_many_and_more_than_its_limit)
{
    struct world *const w = world_open();
    w->quote[w->quote_len] = 0;
    cr_assert_eq(parse(ASSAY_KIND_SOFT, w->quote, w->quote_len + 1), ASSAY_E_TRAILING);
    uint8_t *const big = calloc(1, ASSAY_EVIDENCE_LEN_MAX + 1);
    cr_assert_not_null(big);
    cr_assert_eq(parse(ASSAY_KIND_SOFT, big, ASSAY_EVIDENCE_LEN_MAX + 1), ASSAY_E_RANGE);
    assay_bytes_copy(big, ASSAY_EVIDENCE_LEN_MAX, w->quote, w->quote_len);
    cr_assert_eq(parse(ASSAY_KIND_SOFT, big, ASSAY_EVIDENCE_LEN_MAX), ASSAY_E_TRAILING);
    free(big);
    world_close(w);
}

static void expect_byte(struct world *w, size_t at, uint8_t value, enum assay_status wanted)
{
    const uint8_t kept = w->quote[at];
    w->quote[at] = value;
    cr_assert_eq(parse(ASSAY_KIND_SOFT, w->quote, w->quote_len), wanted, "byte %zu = %u: %d", at,
                 value, (int)parse(ASSAY_KIND_SOFT, w->quote, w->quote_len));
    w->quote[at] = kept;
}

Test(quote_quote, rejects_other_versions_key_types_and_tees)
{
    struct world *const w = world_open();
    static const uint8_t versions[] = { 0, 1, 2, 4, 5, 255 };
    for (size_t i = 0; i < sizeof versions; i++)
        expect_byte(w, 0, versions[i], ASSAY_E_UNSUPPORTED);
    expect_byte(w, 2, 3, ASSAY_E_UNSUPPORTED); /* P-384 */
    expect_byte(w, 4, 0x81, ASSAY_E_UNSUPPORTED);
    expect_byte(w, 7, 1, ASSAY_E_UNSUPPORTED);
    expect_byte(w, CERT_TYPE_AT, 0, ASSAY_E_UNSUPPORTED);
    expect_byte(w, CERT_TYPE_AT, 1, ASSAY_OK);        /* known, and refused by the appraisal */
    expect_byte(w, CERT_TYPE_AT, 3, ASSAY_E_INVALID); /* has one length */
    expect_byte(w, CERT_TYPE_AT, 6, ASSAY_E_UNSUPPORTED);
    expect_byte(w, CERT_TYPE_AT + 1, 1, ASSAY_E_UNSUPPORTED);
    world_close(w);
}

Test(quote_quote, rejects_lengths_that_disagree)
{
    struct world *const w = world_open();
    static const size_t lengths[] = { SIGNATURE_LEN_AT, AUTH_LEN_AT, CERT_LEN_AT };
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const size_t at = lengths[i];
        const uint8_t low = w->quote[at];
        for (int change = -1; change <= 1; change += 2) {
            w->quote[at] = (uint8_t)(low + change);
            cr_assert_neq(parse(ASSAY_KIND_SOFT, w->quote, w->quote_len), ASSAY_OK, "%zu", at);
        }
        w->quote[at] = low;
        const uint8_t high = w->quote[at + 1];
        w->quote[at + 1] = 0xff;
        cr_assert_eq(parse(ASSAY_KIND_SOFT, w->quote, w->quote_len), ASSAY_E_TRUNCATED, "%zu", at);
        w->quote[at + 1] = high;
    }
    for (size_t i = 0; i < 4; i++)
        expect_byte(w, SIGNATURE_LEN_AT + i, 0xff, i == 0 ? ASSAY_E_TRUNCATED : ASSAY_E_TRUNCATED);
    world_close(w);
}

/* A malformed quote comes with a verdict too, and it is never a good one. */
Test(quote_quote, has_a_verdict_even_when_malformed)
{
    struct world *const w = world_open();
    w->quote_len -= 1;
    cr_assert_eq(world_judge(w), ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_FAIL_HARD);
    cr_assert(assay_verdict_has(&w->verdict, ASSAY_RULE_FORMAT));
    w->quote_len += 1;
    w->quote[0] = 5;
    cr_assert_eq(world_judge(w), ASSAY_E_UNSUPPORTED);
    cr_assert_eq(assay_verdict_outcome(&w->verdict), ASSAY_OUTCOME_NONE);
    world_close(w);
}

/* --- bits: no flipped bit leaves a quote affirming */
static void expect_worse(struct world *w, size_t at, unsigned bit)
{
    w->quote[at] ^= (uint8_t)(1u << bit);
    const enum assay_status status = world_judge(w);
    cr_assert(status == ASSAY_OK || assay_status_class(status) == ASSAY_CLASS_INPUT);
    cr_assert_neq(w->verdict.tier, ASSAY_TIER_AFFIRMING, "bit %u of byte %zu", bit, at);
    cr_assert_neq(w->verdict.genuine, ASSAY_GENUINE_TRUE, "bit %u of byte %zu", bit, at);
    w->quote[at] ^= (uint8_t)(1u << bit);
}

static struct world *open_remembering(void)
{
    struct world *const w = world_open();
    const size_t size = assay_verifier_size(4);
    void *const memory = aligned_alloc(64, (size + 63) / 64 * 64);
    cr_assert_not_null(memory);
    cr_assert_eq(assay_verifier_init(memory, size, 4, &w->verifier), ASSAY_OK);
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING);
    return w;
}

static void close_remembering(struct world *w)
{
    void *const memory = w->verifier;
    assay_verifier_deinit(&w->verifier);
    free(memory);
    world_close(w);
}

Test(quote_quote, notices_every_flipped_bit_of_header_body_and_signature)
{
    struct world *const w = open_remembering();
    for (size_t at = 0; at < KEY_AT; at++)
        for (unsigned bit = 0; bit < 8; bit++)
            expect_worse(w, at, bit);
    close_remembering(w);
}

/*
 * One bit of each byte of what vouches for the key; four tests share the bytes and the processors.
 */
static void flip_evidence_of_key(size_t part)
{
    struct world *const w = world_open();
    for (size_t at = KEY_AT + part; at < w->quote_len; at += 4)
        expect_worse(w, at, (unsigned)(at / 4 % 8));
    world_close(w);
}

Test(quote_quote, notices_flipped_bits_of_key_and_certificates_1)
{
    flip_evidence_of_key(0);
}

Test(quote_quote, notices_flipped_bits_of_key_and_certificates_2)
{
    flip_evidence_of_key(1);
}

Test(quote_quote, notices_flipped_bits_of_key_and_certificates_3)
{
    flip_evidence_of_key(2);
}

Test(quote_quote, notices_flipped_bits_of_key_and_certificates_4)
{
    flip_evidence_of_key(3);
}

Test(quote_quote, is_detected_by_version_tee_and_vendor)
{
    static const uint8_t sgx[32] = { 3, 0, 2, 0, 0, 0, 0, 0 };
    static const uint8_t tdx[32] = { 4, 0, 2, 0, 0x81, 0, 0, 0 };
    static const uint8_t tdx5[32] = { 5, 0, 2, 0, 0x81, 0, 0, 0 };
    static const uint8_t sgx4[32] = { 4, 0, 2, 0, 0, 0, 0, 0 };
    static const uint8_t sgx5[32] = { 5, 0, 2, 0, 0, 0, 0, 0 };
    static const uint8_t next[32] = { 6, 0, 2, 0, 0x81, 0, 0, 0 };
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    cr_assert_eq(assay_evidence_detect(sgx, sizeof sgx, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_SGX3); /* an unknown vendor fails there, with a reason */
    cr_assert_eq(assay_evidence_detect(tdx, sizeof tdx, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_TDX4);
    cr_assert_eq(assay_evidence_detect(tdx5, sizeof tdx5, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_TDX5);
    cr_assert_eq(assay_evidence_detect(sgx4, sizeof sgx4, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_SGX4);
    cr_assert_eq(assay_evidence_detect(sgx5, sizeof sgx5, &kind), ASSAY_OK);
    cr_assert_eq(kind, ASSAY_KIND_SGX5);
    cr_assert_eq(assay_evidence_detect(next, sizeof next, &kind), ASSAY_E_UNSUPPORTED);
    for (size_t len = 0; len < 28; len++)
        cr_assert_eq(assay_evidence_detect(sgx, len, &kind), ASSAY_E_TRUNCATED);
}
