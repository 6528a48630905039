/*
 * tests/unit/quote/x509/test_x509_kinds.c - tests of vendors' certificate extensions.
 *
 * What certificates of AMD, AWS and vendors of TPMs say, and what is refused in each.
 */
#include "quote/x509.h"

#include "quote/certificates/chain.h"
#include "tests/support/authority.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct assay_vek milan = { .struct_version = 1,
                                        .product = "Milan-B0",
                                        .bootloader = 4,
                                        .tee = 0,
                                        .snp = 24,
                                        .microcode = 219,
                                        .hwid_len = 64,
                                        .hwid = { 0xa3, 0xfd, [63] = 0xe4 } };

/* An end entity of P-384 under a signer of any type. */
struct maker {
    struct authority_key *signer;
    struct authority_key *key;
    struct authority_certificate terms;
};

static struct maker maker_of(enum assay_key_type type, enum assay_signature_alg alg)
{
    struct maker m = { .signer = authority_key_make(type),
                       .key = authority_key_make(ASSAY_KEY_P384) };
    m.terms = authority_leaf("leaf", m.key, "signer", m.signer, alg);
    return m;
}

static struct maker plain_maker(void)
{
    return maker_of(ASSAY_KEY_P256, ASSAY_SIGNATURE_ECDSA_SHA256);
}

static void maker_close(struct maker *m)
{
    authority_key_free(&m->signer);
    authority_key_free(&m->key);
}

static enum assay_status read_made(const struct authority_certificate *terms,
                                   struct assay_certificate *c)
{
    uint8_t der[AUTHORITY_DER_MAX];
    const size_t len = authority_certificate_make(terms, der);
    return assay_x509_certificate(der, len, c);
}

/* Replaces the one place where the bytes from occur (asserted), keeping the length. */
static void replace(uint8_t *der, size_t len, const void *from, const void *to, size_t count)
{
    unsigned found = 0;
    for (size_t at = 0; at + count <= len; at++) {
        if (!assay_bytes_equal(der + at, from, count)) continue;
        assay_bytes_copy(der + at, count, to, count);
        found += 1;
    }
    cr_assert_geq(found, 1);
}

/* --- algorithms */
Test(quote_x509_kinds, reads_and_verifies_every_algorithm)
{
    static const struct {
        enum assay_key_type type;
        enum assay_signature_alg alg;
    } cases[] = {
        { ASSAY_KEY_P256, ASSAY_SIGNATURE_ECDSA_SHA256 },
        { ASSAY_KEY_P256, ASSAY_SIGNATURE_ECDSA_SHA384 },
        { ASSAY_KEY_P384, ASSAY_SIGNATURE_ECDSA_SHA256 },
        { ASSAY_KEY_P384, ASSAY_SIGNATURE_ECDSA_SHA384 },
        { ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PKCS1_SHA256 },
        { ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PKCS1_SHA384 },
        { ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PKCS1_SHA512 },
        { ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PSS_SHA256 },
        { ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PSS_SHA384 },
        { ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PSS_SHA512 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct maker m = maker_of(cases[i].type, cases[i].alg);
        struct assay_certificate c;
        struct assay_key signer;
        cr_assert_eq(read_made(&m.terms, &c), ASSAY_OK);
        authority_key_public(m.signer, &signer);
        cr_assert_eq(c.signature.alg, cases[i].alg);
        cr_assert_eq(assay_chain_signed(&signer, c.tbs_digest, &c.signature), ASSAY_OK);
        cr_assert_eq(assay_chain_signed(&c.key, c.tbs_digest, &c.signature), ASSAY_E_SIGNATURE);
        c.tbs_digest[0] ^= 1;
        cr_assert_eq(assay_chain_signed(&signer, c.tbs_digest, &c.signature), ASSAY_E_SIGNATURE);
        maker_close(&m);
    }
}

/* Exactly the parameters of base/crypto.h: another hash, mask or salt is another algorithm. */
Test(quote_x509_kinds, refuses_pss_of_other_parameters)
{
    static const uint8_t hash384[] = { 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
                                       0x01, 0x65, 0x03, 0x04, 0x02, 0x02 };
    static const uint8_t hash256[] = { 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
                                       0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
    static const uint8_t hash512[] = { 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
                                       0x01, 0x65, 0x03, 0x04, 0x02, 0x03 };
    static const uint8_t mgf1[] = { 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d };
    static const uint8_t other_mask[] = { 0xf7, 0x0d, 0x01, 0x01, 0x09, 0x30, 0x0d };
    static const uint8_t mask384[] = { 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
                                       0x01, 0x65, 0x03, 0x04, 0x02, 0x02 };
    static const uint8_t mask256[] = { 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48,
                                       0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
    static const uint8_t salt48[] = { 0xa2, 0x03, 0x02, 0x01, 0x30 };
    static const uint8_t salt32[] = { 0xa2, 0x03, 0x02, 0x01, 0x20 };
    static const uint8_t salt0[] = { 0xa2, 0x03, 0x02, 0x01, 0x00 };
    static const uint8_t trailer[] = { 0xa3, 0x03, 0x02, 0x01, 0x30 }; /* no salt but a trailer */
    static const struct {
        const uint8_t *from, *to;
        size_t len;
    } changes[] = {
        { hash384, hash256, sizeof hash384 }, { hash384, hash512, sizeof hash384 },
        { mgf1, other_mask, sizeof mgf1 },    { mask384, mask256, sizeof mask384 },
        { salt48, salt32, sizeof salt48 },    { salt48, salt0, sizeof salt48 },
        { salt48, trailer, sizeof salt48 },
    };
    struct maker m = maker_of(ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PSS_SHA384);
    struct assay_certificate c;
    uint8_t der[AUTHORITY_DER_MAX];
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const size_t len = authority_certificate_make(&m.terms, der);
        cr_assert_eq(assay_x509_certificate(der, len, &c), ASSAY_OK);
        replace(der, len, changes[i].from, changes[i].to, changes[i].len);
        cr_assert_eq(assay_x509_certificate(der, len, &c), ASSAY_E_UNSUPPORTED, "change %zu", i);
    }
    maker_close(&m);
}

Test(quote_x509_kinds, refuses_algorithms_that_are_not_on_the_list)
{
    static const uint8_t ecdsa256[] = { 0x3d, 0x04, 0x03, 0x02 };
    static const uint8_t ecdsa1[] = { 0x3d, 0x04, 0x03, 0x01 };
    static const uint8_t ecdsa512[] = { 0x3d, 0x04, 0x03, 0x04 };
    static const uint8_t p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03 };
    static const uint8_t p521[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03 };
    static const uint8_t plain[] = { 0x03, 0x62, 0x00, 0x04 };
    static const uint8_t hybrid[] = { 0x03, 0x62, 0x00, 0x06 };
    static const struct {
        const uint8_t *from, *to;
        size_t len;
    } changes[] = {
        { ecdsa256, ecdsa1, 4 },
        { ecdsa256, ecdsa512, 4 },
        { p384, p521, 8 },
        { plain, hybrid, 4 },
    };
    struct maker m = plain_maker();
    struct assay_certificate c;
    uint8_t der[AUTHORITY_DER_MAX];
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const size_t len = authority_certificate_make(&m.terms, der);
        replace(der, len, changes[i].from, changes[i].to, changes[i].len);
        cr_assert_eq(assay_x509_certificate(der, len, &c), ASSAY_E_UNSUPPORTED, "change %zu", i);
    }
    maker_close(&m);
    /* RSA keys of a size that nobody endorses with. */
    static const unsigned sizes[] = { 1024, 2056 };
    for (size_t i = 0; i < 2; i++) {
        struct authority_key *small = authority_key_make_rsa(sizes[i]);
        struct authority_key *signer = authority_key_make(ASSAY_KEY_P256);
        const struct authority_certificate terms =
            authority_ca("small", small, "signer", signer, ASSAY_SIGNATURE_ECDSA_SHA256);
        cr_assert_eq(read_made(&terms, &c), ASSAY_E_UNSUPPORTED);
        authority_key_free(&small);
        authority_key_free(&signer);
    }
}

/* RFC 5280 4.1.1.2: the algorithm inside is the one outside. */
Test(quote_x509_kinds, refuses_another_algorithm_outside_than_inside)
{
    struct maker m = plain_maker();
    struct assay_certificate c;
    uint8_t der[AUTHORITY_DER_MAX];
    static const uint8_t ecdsa256[] = { 0x3d, 0x04, 0x03, 0x02 };
    const size_t len = authority_certificate_make(&m.terms, der);
    for (size_t at = len - 100; at > 0; at--) { /* the last of the two */
        if (!assay_bytes_equal(der + at, ecdsa256, sizeof ecdsa256)) continue;
        der[at + 3] = 3;
        break;
    }
    cr_assert_eq(assay_x509_certificate(der, len, &c), ASSAY_E_SYNTAX);
    maker_close(&m);
}

/* --- AMD */
Test(quote_x509_kinds, reads_a_vcek_of_every_generation_and_a_vlek)
{
    struct assay_vek turin = milan;
    struct assay_vek vlek = milan;
    (void)snprintf(turin.product, sizeof turin.product, "Turin-C1");
    turin.hwid_len = 8;
    turin.has_fmc = true;
    turin.fmc = 130;
    vlek.hwid_len = 0;
    (void)snprintf(vlek.csp, sizeof vlek.csp, "CN=cc-us-east-2.amazonaws.com");
    const struct assay_vek *const all[] = { &milan, &turin, &vlek };
    for (size_t i = 0; i < 3; i++) {
        struct maker m = maker_of(ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PSS_SHA384);
        struct assay_certificate c;
        m.terms.serial = 0;
        m.terms.has_constraints = m.terms.has_key_ids = false;
        m.terms.key_usage = 0;
        authority_add_vek(&m.terms, all[i]);
        cr_assert_eq(read_made(&m.terms, &c), ASSAY_OK);
        cr_assert(c.has_vek && !c.has_unknown_critical && !c.has_key_usage);
        cr_assert(assay_bytes_all_zero(c.serial, sizeof c.serial));
        cr_assert_eq(c.vek.struct_version, 1);
        cr_assert_str_eq(c.vek.product, all[i]->product);
        cr_assert_str_eq(c.vek.csp, all[i]->csp);
        cr_assert_eq(c.vek.bootloader, 4);
        cr_assert_eq(c.vek.snp, 24);
        cr_assert_eq(c.vek.microcode, 219);
        cr_assert_eq(c.vek.has_fmc, all[i]->has_fmc);
        cr_assert_eq(c.vek.fmc, all[i]->fmc);
        cr_assert_eq(c.vek.hwid_len, all[i]->hwid_len);
        cr_assert_arr_eq(c.vek.hwid, all[i]->hwid, all[i]->hwid_len);
        maker_close(&m);
    }
}

/* evidence-rules.md 3.3: some write the hwid as it is, some as an OCTET STRING. */
Test(quote_x509_kinds, reads_a_hwid_raw_or_wrapped_and_of_known_length_alone)
{
    static const struct {
        size_t len;
        uint8_t head[2];
        enum assay_status status;
        uint32_t hwid_len;
    } cases[] = {
        { 64, { 1, 2 }, ASSAY_OK, 64 },           { 66, { 4, 64 }, ASSAY_OK, 64 },
        { 8, { 4, 6 }, ASSAY_OK, 8 },             { 10, { 4, 8 }, ASSAY_OK, 8 },
        { 63, { 1, 2 }, ASSAY_E_SYNTAX, 0 },      { 65, { 4, 63 }, ASSAY_E_RANGE, 0 },
        { 66, { 4, 63 }, ASSAY_E_SYNTAX, 0 },     { 0, { 0, 0 }, ASSAY_E_SYNTAX, 0 },
        { 18, { 4, 16 }, ASSAY_E_RANGE, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct maker m = plain_maker();
        struct assay_certificate c;
        struct assay_vek vek = milan;
        uint8_t value[80] = { cases[i].head[0], cases[i].head[1], 7, 8, 9 };
        vek.hwid_len = 0;
        authority_add_vek(&m.terms, &vek);
        authority_add_extension(&m.terms, "1.3.6.1.4.1.3704.1.4", false, value, cases[i].len);
        cr_assert_eq(read_made(&m.terms, &c), cases[i].status, "case %zu", i);
        if (cases[i].status == ASSAY_OK) {
            cr_assert_eq(c.vek.hwid_len, cases[i].hwid_len);
            cr_assert_arr_eq(c.vek.hwid, value + (cases[i].len - cases[i].hwid_len),
                             cases[i].hwid_len);
        }
        maker_close(&m);
    }
}

/* Without each of product and the four versions it is no endorsement; the others may be missing. */
Test(quote_x509_kinds, refuses_a_vek_that_does_not_say_what_it_endorses)
{
    struct maker m = plain_maker();
    const struct authority_certificate bare = m.terms;
    unsigned refused = 0;
    authority_add_vek(&m.terms, &milan);
    const struct authority_certificate whole = m.terms;
    for (size_t left_out = 0; left_out < whole.extension_count; left_out++) {
        struct assay_certificate c;
        m.terms = bare;
        for (size_t i = 0; i < whole.extension_count; i++) {
            const struct authority_extension *const e = &whole.extensions[i];
            if (i != left_out)
                authority_add_extension(&m.terms, e->oid, false, e->value, e->len);
        }
        const enum assay_status status = read_made(&m.terms, &c);
        cr_assert(status == ASSAY_OK || status == ASSAY_E_NOT_FOUND);
        refused += status == ASSAY_E_NOT_FOUND;
    }
    cr_assert_eq(refused, 5);
    maker_close(&m);
}

Test(quote_x509_kinds, refuses_amd_values_out_of_their_range)
{
    static const struct {
        const char *oid;
        size_t len;
        uint8_t value[8];
        enum assay_status status;
    } cases[] = {
        { "1.3.6.1.4.1.3704.1.3.1", 4, { 2, 2, 1, 0 }, ASSAY_E_RANGE },  /* 256 */
        { "1.3.6.1.4.1.3704.1.3.1", 3, { 2, 1, 0x80 }, ASSAY_E_RANGE },  /* -128 */
        { "1.3.6.1.4.1.3704.1.3.1", 4, { 2, 2, 0, 1 }, ASSAY_E_SYNTAX }, /* not the shortest */
        { "1.3.6.1.4.1.3704.1.3.1", 4, { 2, 1, 1, 1 }, ASSAY_E_SYNTAX }, /* one byte too many */
        { "1.3.6.1.4.1.3704.1.3.1", 2, { 2, 0 }, ASSAY_E_SYNTAX },
        { "1.3.6.1.4.1.3704.1.3.1", 3, { 4, 1, 1 }, ASSAY_E_SYNTAX },
        { "1.3.6.1.4.1.3704.1.2", 2, { 0x16, 0 }, ASSAY_E_RANGE },
        { "1.3.6.1.4.1.3704.1.2", 3, { 0x16, 1, 0x0a }, ASSAY_E_RANGE },
        { "1.3.6.1.4.1.3704.1.2", 3, { 0x04, 1, 'M' }, ASSAY_E_SYNTAX },
        { "1.3.6.1.4.1.3704.1.2", 5, { 0x16, 1, 'M', 5, 0 }, ASSAY_E_SYNTAX },
        { "1.3.6.1.4.1.3704.1.9", 2, { 5, 0 }, ASSAY_E_NOT_FOUND }, /* one that is not known yet */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct maker m = plain_maker();
        struct assay_certificate c;
        authority_add_extension(&m.terms, cases[i].oid, false, cases[i].value, cases[i].len);
        cr_assert_eq(read_made(&m.terms, &c), cases[i].status, "case %zu", i);
        maker_close(&m);
    }
}

/* --- vendors of TPMs */
Test(quote_x509_kinds, reads_the_uses_of_tpm_keys)
{
    static const uint8_t usages[] = { 0x30, 0x18, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x01,
                                      0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x03, 0x06, 0x08,
                                      0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02 };
    static const uint8_t names[] = { 0x30, 0x06, 0x82, 0x04, 'h', 'o', 's', 't' };
    struct maker m = maker_of(ASSAY_KEY_RSA, ASSAY_SIGNATURE_RSA_PKCS1_SHA256);
    struct assay_certificate c;
    m.terms.key_usage = ASSAY_KEY_USAGE_KEY_AGREEMENT;
    authority_add_extension(&m.terms, "2.5.29.37", true, usages, sizeof usages);
    authority_add_extension(&m.terms, "2.5.29.17", true, names, sizeof names);
    cr_assert_eq(read_made(&m.terms, &c), ASSAY_OK);
    cr_assert(c.has_extended_key_usage && !c.has_unknown_critical);
    cr_assert_eq(c.extended_key_usage,
                 ASSAY_EKU_TCG_EK | ASSAY_EKU_TCG_AK | ASSAY_EKU_OTHER);
    cr_assert_eq(c.key_usage, ASSAY_KEY_USAGE_KEY_AGREEMENT);
    /* Cut short, or with a tail, they are refused. */
    for (size_t i = 0; i < 2; i++) {
        struct authority_extension *const e = &m.terms.extensions[i];
        e->len -= 1;
        cr_assert_eq(read_made(&m.terms, &c), ASSAY_E_SYNTAX);
        e->len += 2;
        cr_assert_eq(read_made(&m.terms, &c), ASSAY_E_SYNTAX);
        e->len -= 1;
    }
    maker_close(&m);
}

/* Ids of another length than SHA-1's tell authorities apart all the same. */
Test(quote_x509_kinds, compares_key_ids_of_every_length)
{
    struct maker m = plain_maker();
    m.terms.has_key_ids = false;
    for (uint8_t len = 0; len <= 66; len++) {
        struct authority_certificate issuer = m.terms;
        struct authority_certificate subject = m.terms;
        struct assay_certificate a;
        struct assay_certificate b;
        uint8_t subject_id[70] = { 0x04, len, 1, 2, 3 };
        uint8_t authority_id[72] = { 0x30, (uint8_t)(len + 2), 0x80, len, 1, 2, 3 };
        issuer.subject = "signer";
        authority_add_extension(&issuer, "2.5.29.14", false, subject_id, len + 2u);
        authority_add_extension(&subject, "2.5.29.35", false, authority_id, len + 4u);
        const enum assay_status expected = len == 0 || len > 64 ? ASSAY_E_RANGE : ASSAY_OK;
        cr_assert_eq(read_made(&issuer, &a), expected, "%u", len);
        cr_assert_eq(read_made(&subject, &b), expected, "%u", len);
        if (expected != ASSAY_OK) continue;
        cr_assert(assay_chain_names(&a, &b), "%u", len);
        subject.extensions[0].value[3 + len] ^= 1;
        cr_assert_eq(read_made(&subject, &b), ASSAY_OK);
        cr_assert_not(assay_chain_names(&a, &b), "%u", len);
    }
    maker_close(&m);
}

/* keyIdentifier [0], authorityCertIssuer [1], authorityCertSerialNumber [2]: in order, no other. */
Test(quote_x509_kinds, reads_authority_key_ids_of_known_fields_alone)
{
    static const struct {
        size_t len;
        uint8_t value[16];
        enum assay_status status;
        bool has_id;
    } cases[] = {
        { 2, { 0x30, 0 }, ASSAY_OK, false },
        { 5, { 0x30, 3, 0x80, 1, 7 }, ASSAY_OK, true },
        { 5, { 0x30, 3, 0x82, 1, 7 }, ASSAY_OK, false },
        { 12, { 0x30, 10, 0x80, 1, 7, 0xa1, 2, 0x82, 0, 0x82, 1, 7 }, ASSAY_OK, true },
        { 8, { 0x30, 6, 0x82, 1, 7, 0x80, 1, 7 }, ASSAY_E_SYNTAX, false },
        { 8, { 0x30, 6, 0x80, 1, 7, 0x80, 1, 7 }, ASSAY_E_SYNTAX, false },
        { 5, { 0x30, 3, 0x83, 1, 7 }, ASSAY_E_SYNTAX, false },
        { 5, { 0x30, 3, 0x04, 1, 7 }, ASSAY_E_SYNTAX, false },
        { 6, { 0x30, 3, 0x80, 1, 7, 0 }, ASSAY_E_SYNTAX, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct maker m = plain_maker();
        struct assay_certificate c;
        m.terms.has_key_ids = false;
        authority_add_extension(&m.terms, "2.5.29.35", false, cases[i].value, cases[i].len);
        cr_assert_eq(read_made(&m.terms, &c), cases[i].status, "case %zu", i);
        if (cases[i].status == ASSAY_OK) cr_assert_eq(c.has_authority_key_id, cases[i].has_id);
        maker_close(&m);
    }
}

/* Endorsement keys of older TPMs are named RSAES-OAEP, with the parameters of who encrypts. */
Test(quote_x509_kinds, reads_rsa_keys_that_are_named_oaep)
{
    static const uint8_t rsa[] = { 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
    static const uint8_t oaep[] = { 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x07, 0x30, 0x00 };
    static const uint8_t md5[] = { 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x04, 0x05, 0x00 };
    struct authority_key *ek = authority_key_make(ASSAY_KEY_RSA);
    struct authority_key *signer = authority_key_make(ASSAY_KEY_P256);
    const struct authority_certificate terms =
        authority_leaf("EK", ek, "maker", signer, ASSAY_SIGNATURE_ECDSA_SHA256);
    struct assay_certificate c;
    struct assay_key key;
    uint8_t der[AUTHORITY_DER_MAX];
    size_t len = authority_certificate_make(&terms, der);
    replace(der, len, rsa, oaep, sizeof rsa);
    cr_assert_eq(assay_x509_certificate(der, len, &c), ASSAY_OK);
    authority_key_public(ek, &key);
    cr_assert(assay_key_equal(&key, &c.key));
    len = authority_certificate_make(&terms, der);
    replace(der, len, rsa, md5, sizeof rsa);
    cr_assert_eq(assay_x509_certificate(der, len, &c), ASSAY_E_UNSUPPORTED);
    authority_key_free(&ek);
    authority_key_free(&signer);
}

Test(quote_x509_kinds, refuses_an_extension_that_comes_twice_and_too_many)
{
    static const uint8_t null[] = { 0x05, 0x00 };
    static const char *const oids[] = { "1.2.3.1", "1.2.3.2", "1.2.3.1" };
    struct maker m = plain_maker();
    struct assay_certificate c;
    for (size_t i = 0; i < 3; i++) {
        authority_add_extension(&m.terms, oids[i], false, null, sizeof null);
        cr_assert_eq(read_made(&m.terms, &c), i < 2 ? ASSAY_OK : ASSAY_E_DUPLICATE);
    }
    maker_close(&m);
}

/* --- files */
Test(quote_x509_kinds, reads_what_files_hold)
{
    struct maker m = plain_maker();
    struct assay_certificate read[3];
    uint8_t der[2 * AUTHORITY_DER_MAX];
    uint8_t text[2 * AUTHORITY_DER_MAX];
    size_t count = 0;
    const size_t one = authority_certificate_make(&m.terms, der);
    cr_assert_eq(assay_x509_certificates(der, one, read, 3, &count), ASSAY_OK);
    cr_assert_eq(count, 1);
    /* Several of DER one after the other. */
    const size_t two = one + authority_certificate_make(&m.terms, der + one);
    cr_assert_eq(assay_x509_certificates(der, two, read, 3, &count), ASSAY_OK);
    cr_assert_eq(count, 2);
    cr_assert_eq(assay_x509_certificates(der, two, read, 1, &count), ASSAY_E_FULL);
    cr_assert_eq(assay_x509_certificates(der, two - 1, read, 3, &count), ASSAY_E_SYNTAX);
    cr_assert_eq(assay_x509_certificates(der, two + 1, read, 3, &count), ASSAY_E_SYNTAX);
    const size_t text_len = authority_pem("CERTIFICATE", der, one, text, sizeof text);
    cr_assert_eq(assay_x509_certificates(text, text_len, read, 3, &count), ASSAY_OK);
    cr_assert_eq(count, 1);
    cr_assert_eq(assay_x509_certificates(text, 0, read, 3, &count), ASSAY_E_SYNTAX);
    cr_assert_eq(assay_x509_certificates(text, ASSAY_PEM_MAX + 1, read, 3, &count),
                 ASSAY_E_RANGE);
    maker_close(&m);
}

Test(quote_x509_kinds, reads_bare_public_keys_of_every_type)
{
    static const enum assay_key_type types[] = { ASSAY_KEY_P256, ASSAY_KEY_P384, ASSAY_KEY_RSA };
    for (size_t i = 0; i < 3; i++) {
        struct authority_key *pair = authority_key_make(types[i]);
        struct assay_key key;
        struct assay_key read;
        uint8_t der[1024] = { 0 };
        uint8_t text[2048];
        size_t len = 0;
        authority_key_public(pair, &key);
        cr_assert_eq(assay_key_spki(&key, der, sizeof der, &len), ASSAY_OK);
        cr_assert_eq(assay_x509_public_key(der, len, &read), ASSAY_OK);
        cr_assert(assay_key_equal(&key, &read));
        for (size_t cut = 0; cut < len; cut++)
            cr_assert_eq(assay_x509_public_key(der, cut, &read), ASSAY_E_SYNTAX);
        cr_assert_eq(assay_x509_public_key(der, len + 1, &read), ASSAY_E_TRAILING);
        /* What --root takes: the same as DER and as PEM. */
        cr_assert_eq(assay_x509_root(der, len, &read), ASSAY_OK);
        cr_assert(assay_key_equal(&key, &read));
        const size_t text_len = authority_pem("PUBLIC KEY", der, len, text, sizeof text);
        memset(&read, 0, sizeof read);
        cr_assert_eq(assay_x509_root(text, text_len, &read), ASSAY_OK);
        cr_assert(assay_key_equal(&key, &read));
        text[text_len] = 'x';
        cr_assert_eq(assay_x509_root(text, text_len + 1, &read), ASSAY_E_TRAILING);
        authority_key_free(&pair);
    }
}
