/*
 * tests/unit/tpm/test_format.c - tests of the structures of TPM 2.0 at their limits, and genuine
 * ones.
 */
#include "quote/tpm/tpm.h"

#include "base/file/file.h"
#include "quote/accept/policy.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* A quote of PCRs 0 and 23 over the challenge "abc", as a TPM would write it. */
static const uint8_t good[] = {
    0xff, 0x54, 0x43, 0x47, 0x80, 0x18,             /* 0: magic, type */
    0x00, 0x02, 0xaa, 0xbb,                         /* 6: qualifiedSigner */
    0x00, 0x03, 'a',  'b',  'c',                    /* 10: extraData */
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x12, 0x67, /* 15: clock */
    0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x03, /* 23: resets, restarts */
    0x01,                                           /* 31: safe */
    0x20, 0x19, 0x10, 0x23, 0x00, 0x16, 0x36, 0x36, /* 32: firmware */
    0x00, 0x00, 0x00, 0x01,                         /* 40: count of banks */
    0x00, 0x0b, 0x03, 0x01, 0x00, 0x80,             /* 44: SHA-256, PCRs 0 and 23 */
    0x00, 0x04, 0x01, 0x02, 0x03, 0x04,             /* 50: digest */
};

static enum assay_status parse(const uint8_t *bytes, size_t len, struct assay_tpm_quote *quote)
{
    uint8_t *const exact = malloc(len + 1); /* the sanitizer sees one byte too far */
    cr_assert_not_null(exact);
    assay_bytes_copy(exact + 1, len, bytes, len);
    const enum assay_status status = assay_tpm_quote_parse(exact + 1, len, quote);
    free(exact);
    return status;
}

/* The good one with one byte changed. */
static enum assay_status with(size_t at, uint8_t value)
{
    struct assay_tpm_quote quote;
    uint8_t bytes[sizeof good];
    assay_bytes_copy(bytes, sizeof bytes, good, sizeof good);
    bytes[at] = value;
    return parse(bytes, sizeof bytes, &quote);
}

Test(tpm_format, reads_every_field)
{
    struct assay_tpm_quote q;
    cr_assert_eq(assay_tpm_quote_parse(good, sizeof good, &q), ASSAY_OK);
    cr_expect(assay_slice_equal(q.qualified_signer, assay_slice_over("\xaa\xbb", 2)));
    cr_expect(assay_slice_equal(q.extra_data, assay_slice_over("abc", 3)));
    cr_expect_eq(q.clock, 0x1267);
    cr_expect_eq(q.reset_count, 2);
    cr_expect_eq(q.restart_count, 3);
    cr_expect(q.safe);
    cr_expect_eq(q.firmware_version, UINT64_C(0x2019102300163636));
    cr_assert_eq(q.bank_count, 1);
    cr_expect_eq(q.banks[0].alg, ASSAY_TPM_SHA256);
    cr_expect_eq(q.banks[0].mask, 0x800001);
    cr_expect(assay_slice_equal(q.pcr_digest, assay_slice_over("\1\2\3\4", 4)));
    cr_expect_eq(q.offset_extra_data, 10);
    cr_expect_eq(q.offset_select, 40);
    cr_expect_eq(q.offset_pcr_digest, 50);
    cr_expect_eq(assay_tpm_values_len(&q), 64);
}

Test(tpm_format, refuses_every_truncation_and_one_byte_more)
{
    struct assay_tpm_quote quote;
    uint8_t longer[sizeof good + 1] = { 0 };
    for (size_t len = 0; len < sizeof good; len++)
        cr_expect_eq(parse(good, len, &quote), ASSAY_E_TRUNCATED, "at %zu", len);
    assay_bytes_copy(longer, sizeof longer, good, sizeof good);
    cr_expect_eq(parse(longer, sizeof longer, &quote), ASSAY_E_TRAILING);
}

Test(tpm_format, refuses_each_field_out_of_its_range)
{
    cr_expect_eq(with(0, 0xfe), ASSAY_E_INVALID);
    cr_expect_eq(with(5, 0x17), ASSAY_E_UNSUPPORTED); /* TPM_ST_ATTEST_CERTIFY */
    cr_expect_eq(with(7, 67), ASSAY_E_RANGE);         /* a name has at most 66 bytes */
    cr_expect_eq(with(11, 67), ASSAY_E_RANGE);
    cr_expect_eq(with(31, 0), ASSAY_OK);
    cr_expect_eq(with(31, 2), ASSAY_E_RANGE);
    cr_expect_eq(with(43, 0), ASSAY_E_TRUNCATED); /* what was a bank is a digest */
    cr_expect_eq(with(43, 9), ASSAY_E_RANGE);
    cr_expect_eq(with(45, 0x99), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(with(46, 0), ASSAY_E_RANGE);
    cr_expect_eq(with(46, 5), ASSAY_E_RANGE);
    cr_expect_eq(with(50, 0xff), ASSAY_E_RANGE);
}

Test(tpm_format, refuses_a_bank_that_comes_twice)
{
    struct assay_tpm_quote quote;
    uint8_t bytes[sizeof good + 6];
    assay_bytes_copy(bytes, sizeof bytes, good, 50);
    assay_bytes_copy(bytes + 50, 6, good + 44, 6);
    assay_bytes_copy(bytes + 56, 6, good + 50, 6);
    bytes[43] = 2;
    cr_expect_eq(parse(bytes, sizeof bytes, &quote), ASSAY_E_DUPLICATE);
    bytes[51] = 0x0c; /* SHA-384 */
    cr_assert_eq(parse(bytes, sizeof bytes, &quote), ASSAY_OK);
    cr_expect_eq(assay_tpm_values_len(&quote), 64 + 96);
}

Test(tpm_format, finds_each_value_in_selection_order)
{
    struct assay_tpm_quote q = { .bank_count = 2,
                                 .banks = { { ASSAY_TPM_SHA384, 0x00000005 },
                                            { ASSAY_TPM_SHA256, 0x80800002 } } };
    uint8_t values[2 * 48 + 3 * 32];
    struct assay_slice value;
    for (size_t i = 0; i < sizeof values; i++)
        values[i] = (uint8_t)(i < 48 ? 0 : i < 96 ? 2 : i < 128 ? 1 : i < 160 ? 23 : 31);
    const struct assay_slice all = assay_slice_over(values, sizeof values);
    static const struct {
        uint16_t alg;
        uint32_t pcr;
        uint8_t found; /* 255: not selected */
    } cases[] = { { ASSAY_TPM_SHA384, 0, 0 },   { ASSAY_TPM_SHA384, 2, 2 },
                  { ASSAY_TPM_SHA384, 1, 255 }, { ASSAY_TPM_SHA256, 1, 1 },
                  { ASSAY_TPM_SHA256, 23, 23 }, { ASSAY_TPM_SHA256, 31, 31 },
                  { ASSAY_TPM_SHA256, 0, 255 }, { ASSAY_TPM_SHA1, 0, 255 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const enum assay_status status =
            assay_tpm_value(&q, all, cases[i].alg, cases[i].pcr, &value);
        if (cases[i].found == 255) {
            cr_expect_eq(status, ASSAY_E_NOT_FOUND);
            continue;
        }
        cr_assert_eq(status, ASSAY_OK);
        cr_expect_eq(value.len, assay_tpm_hash_len(cases[i].alg));
        cr_expect_eq(value.bytes[0], cases[i].found);
        cr_expect_eq(value.bytes[value.len - 1], cases[i].found);
    }
    cr_expect_eq(assay_tpm_value(&q, assay_slice_over(values, sizeof values - 1), ASSAY_TPM_SHA256,
                                 1, &value),
                 ASSAY_E_RANGE);
}

Test(tpm_format, knows_the_banks_of_a_tpm)
{
    static const struct {
        uint16_t alg;
        size_t len;
        const char *text;
    } hashes[] = { { ASSAY_TPM_SHA1, 20, "sha1" },     { ASSAY_TPM_SHA256, 32, "sha256" },
                   { ASSAY_TPM_SM3, 32, "sm3-256" },   { ASSAY_TPM_SHA3_256, 32, "sha3-256" },
                   { ASSAY_TPM_SHA384, 48, "sha384" }, { ASSAY_TPM_SHA3_384, 48, "sha3-384" },
                   { ASSAY_TPM_SHA512, 64, "sha512" }, { ASSAY_TPM_SHA3_512, 64, "sha3-512" } };
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        cr_expect_eq(assay_tpm_hash_len(hashes[i].alg), hashes[i].len);
        cr_expect_str_eq(assay_tpm_hash_text(hashes[i].alg), hashes[i].text);
    }
    cr_expect_eq(assay_tpm_hash_len(ASSAY_TPM_RSA), 0);
    cr_expect_null(assay_tpm_hash_text(ASSAY_TPM_RSA));
}

/* --- signatures */
static enum assay_status signature(const uint8_t *bytes, size_t len, enum assay_key_type type,
                                   struct assay_signature *out)
{
    struct assay_key key = { .type = type,
                             .len = type == ASSAY_KEY_RSA ? 260 : ASSAY_P256_PUBLIC_LEN };
    uint8_t *const exact = malloc(len + 1);
    cr_assert_not_null(exact);
    if (len > 0) assay_bytes_copy(exact + 1, len, bytes, len);
    const enum assay_status status = assay_tpm_signature_parse(exact + 1, len, &key, out);
    free(exact);
    return status;
}

Test(tpm_format, reads_ecdsa_with_and_without_leading_zeros)
{
    struct assay_signature s;
    static const uint8_t shortest[] = { 0, 0x18, 0, 0x0b, 0, 1, 0x05, 0, 1, 0x06 };
    static const uint8_t padded[] = { 0, 0x18, 0, 0x0b, 0, 3, 0, 0, 0x05, 0, 2, 0, 0x06 };
    static const uint8_t in_der[] = { 0x30, 6, 2, 1, 0x05, 2, 1, 0x06 };
    static const struct {
        const uint8_t *bytes;
        size_t len;
    } forms[] = { { shortest, sizeof shortest },
                  { padded, sizeof padded },
                  { in_der, sizeof in_der } };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        cr_assert_eq(signature(forms[i].bytes, forms[i].len, ASSAY_KEY_P256, &s), ASSAY_OK);
        cr_expect_eq(s.alg, ASSAY_SIGNATURE_ECDSA_SHA256);
        cr_expect_eq(s.len, 96);
        cr_expect_eq(s.bytes[47], 5);
        cr_expect_eq(s.bytes[95], 6);
        cr_expect(assay_bytes_all_zero(s.bytes, 47) && assay_bytes_all_zero(s.bytes + 48, 47));
        for (size_t len = 0; len < forms[i].len; len++)
            cr_expect_neq(signature(forms[i].bytes, len, ASSAY_KEY_P256, &s), ASSAY_OK);
        uint8_t longer[16] = { 0 };
        assay_bytes_copy(longer, sizeof longer, forms[i].bytes, forms[i].len);
        cr_expect_eq(signature(longer, forms[i].len + 1, ASSAY_KEY_P256, &s), ASSAY_E_TRAILING);
    }
}

Test(tpm_format, refuses_der_that_is_not_the_shortest)
{
    struct assay_signature s;
    static const uint8_t cases[][12] = {
        { 0x30, 7, 2, 2, 0, 5, 2, 1, 6 },    /* a zero too many */
        { 0x30, 6, 2, 1, 0x85, 2, 1, 6 },    /* negative */
        { 0x30, 5, 2, 0, 2, 1, 6 },          /* empty */
        { 0x30, 6, 3, 1, 5, 2, 1, 6 },       /* no INTEGER */
        { 0x30, 0x81, 6, 2, 1, 5, 2, 1, 6 }, /* a long length */
        { 0x30, 7, 2, 1, 5, 2, 1, 6, 0 },    /* a byte inside */
    };
    static const uint8_t lengths[] = { 9, 8, 7, 8, 9, 9 };
    for (size_t i = 0; i < sizeof lengths; i++)
        cr_expect_neq(signature(cases[i], lengths[i], ASSAY_KEY_P256, &s), ASSAY_OK, "%zu", i);
}

Test(tpm_format, a_raw_rsa_signature_is_as_long_as_the_modulus)
{
    struct assay_signature s;
    uint8_t bytes[6 + 256 + 1] = { 0, 0x14, 0, 0x0b, 1, 0 };
    bytes[261] = 9;
    cr_assert_eq(signature(bytes, 262, ASSAY_KEY_RSA, &s), ASSAY_OK);
    cr_expect_eq(s.alg, ASSAY_SIGNATURE_RSA_PKCS1_SHA256);
    cr_expect_eq(s.len, 256);
    cr_expect_eq(s.bytes[255], 9);
    cr_assert_eq(signature(bytes + 6, 256, ASSAY_KEY_RSA, &s), ASSAY_OK);
    cr_expect_eq(s.bytes[255], 9);
    cr_expect_neq(signature(bytes + 6, 255, ASSAY_KEY_RSA, &s), ASSAY_OK);
    cr_expect_neq(signature(bytes + 6, 257, ASSAY_KEY_RSA, &s), ASSAY_OK);
    bytes[5] = 1; /* 257 bytes under a key of 256 */
    cr_expect_eq(signature(bytes, 263, ASSAY_KEY_RSA, &s), ASSAY_E_RANGE);
    bytes[5] = 0;
    cr_expect_eq(signature(bytes, 262, ASSAY_KEY_P256, &s), ASSAY_E_TYPE);
    bytes[1] = 0x16; /* RSAPSS */
    cr_expect_eq(signature(bytes, 262, ASSAY_KEY_RSA, &s), ASSAY_E_UNSUPPORTED);
    bytes[1] = 0x14;
    bytes[3] = 0x0c; /* SHA-384 */
    cr_expect_eq(signature(bytes, 262, ASSAY_KEY_RSA, &s), ASSAY_E_UNSUPPORTED);
}

/* --- public areas */
static struct assay_writer rsa_area(uint8_t *out, size_t capacity, uint16_t bits, size_t modulus)
{
    struct assay_writer w = assay_writer_over(out, capacity);
    assay_writer_u16be(&w, (uint16_t)(8 + 2 + 2 + 4 + 2 + 4 + 2 + modulus));
    assay_writer_u16be(&w, ASSAY_TPM_RSA);
    assay_writer_u16be(&w, ASSAY_TPM_SHA384);
    assay_writer_u32be(&w, ASSAY_TPM_SIGN);
    assay_writer_u16be(&w, 0);
    assay_writer_u16be(&w, ASSAY_TPM_NULL);
    assay_writer_u16be(&w, ASSAY_TPM_RSASSA);
    assay_writer_u16be(&w, ASSAY_TPM_SHA256);
    assay_writer_u16be(&w, bits);
    assay_writer_u32be(&w, 0); /* exponent: the default */
    assay_writer_u16be(&w, (uint16_t)modulus);
    for (size_t i = 0; i < modulus; i++)
        assay_writer_u8(&w, 0xf1);
    return w;
}

Test(tpm_format, reads_rsa_keys_with_the_default_exponent)
{
    uint8_t bytes[1024];
    struct assay_tpm_public p;
    struct assay_writer w = rsa_area(bytes, sizeof bytes, 2048, 256);
    cr_assert(!w.full);
    cr_assert_eq(assay_tpm_public_parse(bytes, w.len, &p), ASSAY_OK);
    cr_expect_eq(p.key.type, ASSAY_KEY_RSA);
    cr_expect_eq(p.key.len, 260);
    cr_expect(assay_bytes_equal(p.key.bytes + 256, "\0\1\0\1", 4));
    cr_expect_eq(p.name_len, 50);
    uint8_t digest[48];
    assay_sha384(bytes + 2, w.len - 2, digest);
    cr_expect(assay_bytes_equal(p.name + 2, digest, 48) && p.name[0] == 0 && p.name[1] == 0x0c);
    for (size_t len = 0; len < w.len; len++)
        cr_expect_neq(assay_tpm_public_parse(bytes, len, &p), ASSAY_OK);
    w = rsa_area(bytes, sizeof bytes, 2048, 255);
    cr_expect_eq(assay_tpm_public_parse(bytes, w.len, &p), ASSAY_E_RANGE);
    w = rsa_area(bytes, sizeof bytes, 1024, 128);
    cr_expect_eq(assay_tpm_public_parse(bytes, w.len, &p), ASSAY_E_UNSUPPORTED);
}

/* --- genuine ones */
enum { FILE_MAX = 4096 };

static size_t vector(const char *name, uint8_t *out)
{
    char path[PATH_MAX];
    const char *const dir = getenv("ASSAY_VECTORS");
    struct stat info;
    uint8_t *bytes = NULL;
    size_t len = 0;
    (void)snprintf(path, sizeof path, "%s/tpm/%s",
                   dir != NULL ? dir : ASSAY_SOURCE_DIR "/../shared/vectors", name);
    if (stat(path, &info) != 0) cr_skip_test("%s is not here", path);
    cr_assert_eq(assay_file_read(path, FILE_MAX, &bytes, &len), ASSAY_OK);
    assay_bytes_copy(out, FILE_MAX, bytes, len);
    free(bytes);
    return len;
}

Test(tpm_format, names_a_genuine_key_as_its_tpm_does)
{
    uint8_t area[FILE_MAX], name[FILE_MAX];
    struct assay_tpm_public p;
    const size_t len = vector("swtpm-p256-ak/ak.tpm2b_public", area);
    const size_t name_len = vector("swtpm-p256-ak/ak.name", name);
    cr_assert_eq(assay_tpm_public_parse(area, len, &p), ASSAY_OK);
    cr_expect(
        assay_slice_equal(assay_slice_over(p.name, p.name_len), assay_slice_over(name, name_len)));
    cr_expect_eq(p.scheme, ASSAY_TPM_ECDSA);
    cr_expect_eq(p.key.type, ASSAY_KEY_P256);
    for (size_t cut = 0; cut < len; cut++)
        cr_expect_neq(assay_tpm_public_parse(area, cut, &p), ASSAY_OK);
    for (size_t i = 0; i < len * 8; i++) { /* whatever it says: no crash */
        area[i / 8] ^= (uint8_t)(1u << i % 8);
        assay_status_ignore(assay_tpm_public_parse(area, len, &p), "any answer will do");
        area[i / 8] ^= (uint8_t)(1u << i % 8);
    }
}

/* Every bit of a genuine quote is signed; every bit of its values is in its digest. */
Test(tpm_format, a_genuine_quote_shows_each_flipped_bit)
{
    static uint8_t attest[FILE_MAX], sig[FILE_MAX], values[FILE_MAX], key[FILE_MAX];
    static uint8_t bytes[4 * FILE_MAX];
    static struct assay_endorsements endorsements;
    static struct assay_policy policy;
    struct assay_verdict verdict;
    struct assay_package package = { .kind = ASSAY_KIND_TPM };
    package.main = assay_slice_over(attest, vector("swtpm-p256-ak/quote.msg", attest));
    package.signature = assay_slice_over(sig, vector("swtpm-p256-ak/quote.sig", sig));
    package.pcrs = assay_slice_over(values, vector("swtpm-p256-ak/quote.pcrs", values));
    package.key = assay_slice_over(key, vector("swtpm-p256-ak/ak.tpm2b_public", key));
    assay_policy_default(&policy);
    uint8_t *const parts[] = { attest, sig, values };
    const size_t lengths[] = { package.main.len, package.signature.len, package.pcrs.len };
    for (size_t part = 0; part < 3; part++)
        for (size_t i = 0; i <= lengths[part] * 8; i++) {
            const bool flipped = i < lengths[part] * 8;
            if (flipped) parts[part][i / 8] ^= (uint8_t)(1u << i % 8);
            struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
            assay_package_encode(&package, &w);
            const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                            .bytes = bytes,
                                                            .len = w.len,
                                                            .at_unix_s = 1795219200,
                                                            .endorsements = &endorsements,
                                                            .policy = &policy };
            const enum assay_status status = assay_evidence_verify(NULL, &request, &verdict);
            const bool proven = status == ASSAY_OK &&
                                verdict.proofs[ASSAY_PROOF_TPM_SIGNATURE] == ASSAY_PROOF_TRUE &&
                                verdict.proofs[ASSAY_PROOF_PCR_DIGEST] == ASSAY_PROOF_TRUE;
            cr_expect_eq(proven, !flipped, "part %zu bit %zu", part, i);
            if (flipped) parts[part][i / 8] ^= (uint8_t)(1u << i % 8);
        }
}

/* --- endorsement certificates of a genuine maker's, at 2026-11-21 */
enum { AT = 1795219200 };

struct eks {
    uint8_t attest[FILE_MAX], sig[FILE_MAX], values[FILE_MAX], key[FILE_MAX];
    uint8_t rsa[FILE_MAX], ecc[FILE_MAX], issuer[FILE_MAX], root[FILE_MAX];
    struct assay_package package; /* certificates: RSA EK, ECC EK, issuer, root */
    struct assay_endorsements endorsements;
    struct assay_policy policy;
    struct assay_verdict verdict;
    uint8_t bytes[8 * FILE_MAX];
};

static struct eks *eks_open(void)
{
    static struct eks e;
    e.package = (struct assay_package){ .kind = ASSAY_KIND_TPM, .certificate_count = 4 };
    e.package.main = assay_slice_over(e.attest, vector("swtpm-p256-ak/quote.msg", e.attest));
    e.package.signature = assay_slice_over(e.sig, vector("swtpm-p256-ak/quote.sig", e.sig));
    e.package.pcrs = assay_slice_over(e.values, vector("swtpm-p256-ak/quote.pcrs", e.values));
    e.package.key = assay_slice_over(e.key, vector("swtpm-p256-ak/ak.tpm2b_public", e.key));
    struct assay_slice *const c = e.package.certificates;
    c[0] = assay_slice_over(e.rsa, vector("swtpm-p256-ak/ek-rsa2048.der", e.rsa));
    c[1] = assay_slice_over(e.ecc, vector("swtpm-p256-ak/ek-p384.der", e.ecc));
    c[2] = assay_slice_over(e.issuer, vector("swtpm-p256-ak/ca-issuer.pem", e.issuer));
    c[3] = assay_slice_over(e.root, vector("swtpm-p256-ak/ca-root.pem", e.root));
    e.endorsements = (struct assay_endorsements){ .count = 1, .exact = true };
    e.endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    cr_assert_eq(assay_x509_root(c[3].bytes, c[3].len, &e.endorsements.entries[0].root), ASSAY_OK);
    assay_policy_default(&e.policy);
    return &e;
}

static void eks_judge(struct eks *e)
{
    struct assay_writer w = assay_writer_over(e->bytes, sizeof e->bytes);
    assay_package_encode(&e->package, &w);
    cr_assert(!w.full);
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = e->bytes,
                                                    .len = w.len,
                                                    .at_unix_s = AT,
                                                    .endorsements = &e->endorsements,
                                                    .policy = &e->policy };
    cr_assert_eq(assay_evidence_verify(NULL, &request, &e->verdict), ASSAY_OK);
}

Test(tpm_format, endorsement_certificates_prove_a_tpm_and_not_the_key)
{
    struct eks *const e = eks_open();
    eks_judge(e);
    cr_expect_eq(e->verdict.genuine, ASSAY_GENUINE_UNKNOWN);
    cr_expect_eq(e->verdict.proofs[ASSAY_PROOF_EK_CHAIN], ASSAY_PROOF_TRUE);
    cr_expect_eq(e->verdict.proofs[ASSAY_PROOF_AK_TRUSTED], ASSAY_PROOF_UNKNOWN);
    cr_expect(assay_verdict_has(&e->verdict, ASSAY_RULE_AK_UNPROVEN));
    cr_expect(!e->verdict.has_platform);
}

Test(tpm_format, endorsement_certificates_without_their_issuer_are_unproven)
{
    struct eks *const e = eks_open();
    e->package.certificate_count = 2;
    eks_judge(e);
    cr_expect_eq(e->verdict.proofs[ASSAY_PROOF_EK_CHAIN], ASSAY_PROOF_UNKNOWN);
    cr_expect(assay_verdict_has(&e->verdict, ASSAY_RULE_CHAIN_MISSING));
}

Test(tpm_format, endorsement_certificates_of_a_maker_that_is_not_pinned_are_strangers)
{
    struct eks *const e = eks_open();
    e->endorsements.entries[0].root.bytes[9] ^= 1;
    eks_judge(e);
    cr_expect_eq(e->verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_expect_eq(e->verdict.proofs[ASSAY_PROOF_EK_CHAIN], ASSAY_PROOF_FALSE);
    cr_expect(assay_verdict_has(&e->verdict, ASSAY_RULE_CHAIN_ROOT));
}

Test(tpm_format, a_forged_endorsement_certificate_is_seen)
{
    struct eks *const e = eks_open();
    e->rsa[e->package.certificates[0].len - 1] ^= 1;
    eks_judge(e);
    cr_expect_eq(e->verdict.proofs[ASSAY_PROOF_EK_CHAIN], ASSAY_PROOF_FALSE);
    cr_expect(assay_verdict_has(&e->verdict, ASSAY_RULE_CHAIN_SIGNATURE));
}

Test(tpm_format, what_cannot_be_read_is_as_if_it_were_not_there)
{
    struct eks *const e = eks_open();
    e->rsa[0] = 0;
    e->package.certificate_count = 1;
    eks_judge(e);
    cr_expect_eq(e->verdict.proofs[ASSAY_PROOF_EK_CHAIN], ASSAY_PROOF_UNKNOWN);
    e->key[2] = 0x77; /* a type that no key has */
    eks_judge(e);
    cr_expect(assay_verdict_has(&e->verdict, ASSAY_RULE_UNSUPPORTED));
    e->package.key = assay_slice_over("\x30\x00", 2);
    eks_judge(e);
    cr_expect(assay_verdict_has(&e->verdict, ASSAY_RULE_FORMAT));
    cr_expect_eq(e->verdict.genuine, ASSAY_GENUINE_FALSE);
}

/* --- hashes and key areas by the numbers of the specification */

Test(tpm_format, every_hash_has_a_name_and_a_length)
{
    static const struct {
        uint16_t alg;
        size_t len;
        const char *text;
    } hashes[] = {
        { ASSAY_TPM_SHA1, 20, "sha1" },         { ASSAY_TPM_SHA256, 32, "sha256" },
        { ASSAY_TPM_SM3, 32, "sm3-256" },       { ASSAY_TPM_SHA384, 48, "sha384" },
        { ASSAY_TPM_SHA3_384, 48, "sha3-384" }, { ASSAY_TPM_SHA512, 64, "sha512" },
        { ASSAY_TPM_SHA3_256, 32, "sha3-256" }, { ASSAY_TPM_SHA3_512, 64, "sha3-512" },
    };
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
        cr_expect_eq(assay_tpm_hash_len(hashes[i].alg), hashes[i].len, "%s", hashes[i].text);
        cr_expect_str_eq(assay_tpm_hash_text(hashes[i].alg), hashes[i].text);
    }
    cr_expect_eq(assay_tpm_hash_len(ASSAY_TPM_NULL), 0);
    cr_expect_null(assay_tpm_hash_text(ASSAY_TPM_NULL));
}

/* A TPM2B_PUBLIC of an RSA storage key, of which len bytes of the area are there. */
static enum assay_status storage_key(size_t area_len, uint16_t bits, size_t modulus_len,
                                     uint8_t top, uint32_t exponent, struct assay_tpm_public *out)
{
    uint8_t area[700], whole[702];
    struct assay_writer w = assay_writer_over(area, sizeof area);
    assay_writer_u16be(&w, ASSAY_TPM_RSA);
    assay_writer_u16be(&w, ASSAY_TPM_SHA256);
    assay_writer_u32be(&w, ASSAY_TPM_DECRYPT | ASSAY_TPM_RESTRICTED);
    assay_writer_u16be(&w, 0); /* authPolicy */
    assay_writer_u16be(&w, ASSAY_TPM_AES);
    assay_writer_u16be(&w, 128);
    assay_writer_u16be(&w, ASSAY_TPM_CFB);
    assay_writer_u16be(&w, ASSAY_TPM_NULL);
    assay_writer_u16be(&w, bits);
    assay_writer_u32be(&w, exponent);
    assay_writer_u16be(&w, (uint16_t)modulus_len);
    for (size_t i = 0; i < modulus_len; i++)
        assay_writer_u8(&w, i == 0 ? top : 0xa5);
    cr_assert(!w.full);
    if (area_len > w.len) area_len = w.len;
    struct assay_writer outer = assay_writer_over(whole, sizeof whole);
    assay_writer_u16be(&outer, (uint16_t)area_len);
    assay_writer_put(&outer, area, area_len);
    cr_assert(!outer.full);
    return assay_tpm_public_parse(whole, outer.len, out);
}

Test(tpm_format, rsa_keys_are_of_the_sizes_of_the_profile_and_whole)
{
    struct assay_tpm_public area;
    const size_t whole = SIZE_MAX;
    for (uint16_t bits = 2048; bits <= 4096; bits = (uint16_t)(bits + 1024)) {
        cr_expect_eq(storage_key(whole, bits, bits / 8, 0x80, 0, &area), ASSAY_OK, "%u", bits);
        cr_expect_eq(area.key.len, bits / 8u + 4u);
        static const uint8_t usual[4] = { 0, 1, 0, 1 }; /* zero stands for 65537 */
        cr_expect(assay_bytes_equal(area.key.bytes + bits / 8, usual, 4));
    }
    cr_expect_eq(storage_key(whole, 2048, 256, 0x80, 3, &area), ASSAY_OK);
    cr_expect_eq(area.key.bytes[259], 3);
    cr_expect_eq(storage_key(whole, 1024, 128, 0x80, 0, &area), ASSAY_E_UNSUPPORTED);
    cr_expect_eq(storage_key(whole, 2048, 255, 0x80, 0, &area), ASSAY_E_RANGE);
    cr_expect_eq(storage_key(whole, 2048, 256, 0x7f, 0, &area), ASSAY_E_RANGE);
    cr_expect_eq(storage_key(whole, 4096, 513, 0x80, 0, &area), ASSAY_E_RANGE);
    for (size_t len = 0; len < 282; len++) /* a shorter area that says so itself */
        cr_expect_eq(storage_key(len, 2048, 256, 0x80, 0, &area), ASSAY_E_TRUNCATED, "%zu", len);
}
