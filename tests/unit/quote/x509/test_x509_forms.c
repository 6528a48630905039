/*
 * tests/unit/quote/x509/test_x509_forms.c - form of certificates, of their extensions, of lists of
 * revocations and of algorithms: each element at its place, none left out, none twice. The marks of
 * der_text.h are all that may change.
 */
#include "quote/x509/parts.h"

#include "tests/unit/quote/x509/certificate_text.h"
#include "tests/unit/quote/x509/der_text.h"

#include <criterion/criterion.h>
#include <string.h>

#define UNKNOWN_EXTENSION "30D{ 06X{2a03} 04EX{01} }"

/* --- certificates */
static struct assay_certificate certificate;

static enum assay_status read_certificate(const uint8_t *der, size_t len)
{
    return assay_x509_certificate(der, len, &certificate);
}

Test(quote_x509_forms, of_a_certificate)
{
    static const char text[] = CERTIFICATE_OF(
        TBS(V3, "a3D{ 30E{ "
                "30D{ 06X{551d13} 04{ 30E{ 01D{ff} 02DX{01} } } } "
                "30D{ 06X{551d0f} 04{ 03X{05a0} } } "
                "30D{ 06X{551d25} 04{ 30E{ 06DXR{6781050801} 06DXR{2a03} } } } "
                "30D{ 06X{551d0e} 04{ 04X{" BYTES_20 "} } } "
                "30D{ 06X{551d23} 04{ 30E{ 80DX{" BYTES_20 "} a1DEX{ 02DTEXR{01} } 82DEX{01} } } } "
                "30D{ 06X{551d11} 04{ 30EX{ 82DTEXR{'name'} } } } " UNKNOWN_EXTENSION " } }"));
    der_expect_strict(text, read_certificate);
    der_expect(text, read_certificate, ASSAY_OK);
    cr_expect(certificate.is_ca && certificate.has_path_len && certificate.path_len == 1);
    cr_expect_eq(certificate.key_usage,
                 ASSAY_KEY_USAGE_DIGITAL_SIGNATURE | ASSAY_KEY_USAGE_KEY_ENCIPHERMENT);
    cr_expect_eq(certificate.extended_key_usage, ASSAY_EKU_TCG_EK | ASSAY_EKU_OTHER);
}

#define KEY_USAGE(bits) CERTIFICATE_OF(TBS(V3, EXTENSIONS_3("30{ 06{551d0f} 04{ 03{" bits "} } }")))

/* X.690 8.6.2 and 11.2.1: up to seven unused bits, which are zero; none of no byte. */
Test(quote_x509_forms, of_a_list_of_usages)
{
    der_expect(KEY_USAGE("00"), read_certificate, ASSAY_OK);
    cr_expect(certificate.has_key_usage);
    cr_expect_eq(certificate.key_usage, 0);
    der_expect(KEY_USAGE("0780"), read_certificate, ASSAY_OK);
    cr_expect_eq(certificate.key_usage, ASSAY_KEY_USAGE_DIGITAL_SIGNATURE);
    der_expect(KEY_USAGE("0106"), read_certificate, ASSAY_OK);
    cr_expect_eq(certificate.key_usage, ASSAY_KEY_USAGE_CERT_SIGN | ASSAY_KEY_USAGE_CRL_SIGN);
    der_expect(KEY_USAGE("01"), read_certificate, ASSAY_E_SYNTAX);
    der_expect(KEY_USAGE("07"), read_certificate, ASSAY_E_SYNTAX);
    der_expect(KEY_USAGE("0800"), read_certificate, ASSAY_E_SYNTAX);
    der_expect(KEY_USAGE("07c0"), read_certificate, ASSAY_E_SYNTAX);
    der_expect(KEY_USAGE(""), read_certificate, ASSAY_E_SYNTAX);
}

#define NAMED(string)                                                                              \
    "30{ 30{ " V3 " 02{01} " ECDSA_SHA256                                                          \
    " " NAME("ca") " " VALIDITY " 30{ 31{ 30{ 06{550403} " string " } } } " KEY " } " ECDSA_SHA256 \
                   " " SIGNATURE " }"

/* RFC 3629 3 and 4: shortest forms, whole characters, no surrogates, none above U+10FFFF. */
Test(quote_x509_forms, of_characters)
{
    static const struct {
        const char *text;
        enum assay_status wanted;
    } names[] = {
        { NAMED("0c{c3a9 e282ac f09f9880 41}"), ASSAY_OK },
        { NAMED("0c{f48fbfbf ed9fbf ee8080}"), ASSAY_OK },
        { NAMED("0c{c1bf}"), ASSAY_E_SYNTAX },     /* not the shortest */
        { NAMED("0c{e09fbf}"), ASSAY_E_SYNTAX },   /* not the shortest */
        { NAMED("0c{f08fbfbf}"), ASSAY_E_SYNTAX }, /* not the shortest */
        { NAMED("0c{eda080}"), ASSAY_E_SYNTAX },   /* a surrogate */
        { NAMED("0c{edbfbf}"), ASSAY_E_SYNTAX },   /* a surrogate */
        { NAMED("0c{f4908080}"), ASSAY_E_SYNTAX }, /* U+110000 */
        { NAMED("0c{f5808080}"), ASSAY_E_SYNTAX },
        { NAMED("0c{80}"), ASSAY_E_SYNTAX },     /* begins in the middle */
        { NAMED("0c{c3}"), ASSAY_E_SYNTAX },     /* ends in the middle */
        { NAMED("0c{e28241}"), ASSAY_E_SYNTAX }, /* goes on otherwise */
        { NAMED("1e{0041 0042}"), ASSAY_OK },
        { NAMED("1e{004100}"), ASSAY_E_SYNTAX },
        { NAMED("1c{00000041}"), ASSAY_OK },
        { NAMED("1c{000041}"), ASSAY_E_SYNTAX },
        { NAMED("13{'printable'}"), ASSAY_OK },
        { NAMED("02{41}"), ASSAY_E_SYNTAX }, /* no string at all */
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        der_expect(names[i].text, read_certificate, names[i].wanted);
}

Test(quote_x509_forms, a_shown_name_is_printable_and_cut)
{
    der_expect(NAMED("0c{41 00 1f 20 7e 7f c3a9}"), read_certificate, ASSAY_OK);
    cr_expect_str_eq(certificate.subject_name, "A?? ~???");
    der_expect(NAMED("13{'"
                     "0123456789012345678901234567890123456789012345678901234567890123"
                     "4'}"),
               read_certificate, ASSAY_OK);
    cr_expect_eq(strlen(certificate.subject_name), ASSAY_COMMON_NAME_MAX - 1);
}

/* --- certificates that carry evidence */
static struct assay_attested attested;

static enum assay_status read_attested(const uint8_t *der, size_t len)
{
    return assay_x509_attested(assay_slice_over(der, len), &attested);
}

#define EVIDENCE(oid, value) "30{ 06{" oid "} 04EX{" value "} }"
#define ATTESTED(list)       CERTIFICATE_OF(TBS(V3, EXTENSIONS_3(list)))

Test(quote_x509_forms, of_a_certificate_with_evidence)
{
    der_expect_strict(ATTESTED(UNKNOWN_EXTENSION " " EVIDENCE("678105050409", "aa")),
                      read_attested);
    der_expect(CERTIFICATE_OF(TBS("a0{ 02{01} }", EXTENSIONS_3(EVIDENCE("678105050409", "aa")))),
               read_attested, ASSAY_E_UNSUPPORTED);
    der_expect(CERTIFICATE_OF(TBS(V3, "")), read_attested, ASSAY_E_NOT_FOUND);
    der_expect("30{ " TBS(V3, EXTENSIONS_3(EVIDENCE("678105050409",
                                                    "aa"))) " 30{ 06{2a8648ce3d040303} } " SIGNATURE
                                                            " }",
               read_attested, ASSAY_E_SYNTAX);
    static const uint8_t large[ASSAY_ATTESTED_DER_MAX + 1];
    cr_expect_eq(read_attested(large, sizeof large), ASSAY_E_RANGE);
}

Test(quote_x509_forms, each_name_of_evidence_is_its_form)
{
    static const struct {
        const char *text;
        enum assay_attested_form form;
    } forms[] = {
        { ATTESTED(EVIDENCE("678105050409", "aa")), ASSAY_ATTESTED_DICE },
        { ATTESTED(EVIDENCE("2b06010505070123", "aa")), ASSAY_ATTESTED_CMW },
        { ATTESTED(EVIDENCE("2b0601040183e73d0101", "aa")), ASSAY_ATTESTED_DSTACK },
        { ATTESTED(EVIDENCE("2a864886f84d010d01", "03")), ASSAY_ATTESTED_SGX_SDK },
        { ATTESTED(EVIDENCE("2a864886f84d8a3906", "aa")), ASSAY_ATTESTED_GRAMINE },
        { ATTESTED(EVIDENCE("2a864886f7140a0101", "aa")), ASSAY_ATTESTED_OE_REPORT },
        { ATTESTED(EVIDENCE("2b060104018237 6901", "aa")), ASSAY_ATTESTED_OE_REPORT },
        { ATTESTED(EVIDENCE("2a864886f7140a0102", "aa")), ASSAY_ATTESTED_OE_EVIDENCE },
        { ATTESTED(EVIDENCE("2b0601040182376902", "aa")), ASSAY_ATTESTED_OE_EVIDENCE },
        /* Of several the first of the enumeration, in either order. */
        { ATTESTED(EVIDENCE("2a864886f84d8a3906", "bb") EVIDENCE("678105050409", "aa")),
          ASSAY_ATTESTED_DICE },
        { ATTESTED(EVIDENCE("678105050409", "aa") EVIDENCE("2a864886f84d8a3906", "bb")),
          ASSAY_ATTESTED_DICE },
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        der_expect(forms[i].text, read_attested, ASSAY_OK);
        cr_expect_eq(attested.form, forms[i].form, "form %zu", i);
    }
    /* The name that Intel's extension of PCK certificates has: a SEQUENCE, or nothing. */
    der_expect(ATTESTED(EVIDENCE("2a864886f84d010d01", "30{}")), read_attested, ASSAY_E_NOT_FOUND);
    der_expect(ATTESTED(EVIDENCE("2a864886f84d010d01", "")), read_attested, ASSAY_E_NOT_FOUND);
    /* Of the same lengths, and by no name of these. */
    der_expect(ATTESTED(EVIDENCE("67810505040a", "aa") EVIDENCE("2b06010505070122", "aa") EVIDENCE(
                   "2b0601040183e73d0102", "aa") EVIDENCE("2b0601040182376903", "aa")),
               read_attested, ASSAY_E_NOT_FOUND);
}

/* --- the firmware that a device's certificate names */
static enum assay_status read_dice(const uint8_t *oid, size_t oid_len, const uint8_t *der,
                                   size_t len)
{
    uint8_t fwid[ASSAY_FWID_LEN] = { 0 };
    bool has_fwid = false;
    ASSAY_TRY(assay_x509_dice(assay_slice_over(oid, oid_len), assay_slice_over(der, len), &has_fwid,
                              fwid));
    if (!has_fwid) return ASSAY_E_NOT_FOUND;
    return fwid[0] == 1 && fwid[ASSAY_FWID_LEN - 1] == 8 ? ASSAY_OK : ASSAY_E_INVALID;
}

static const uint8_t device_id[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x01 };

static enum assay_status read_device_id(const uint8_t *der, size_t len)
{
    return read_dice(device_id, sizeof device_id, der, len);
}

static enum assay_status read_tcb_info(const uint8_t *der, size_t len)
{
    static const uint8_t tcb_info[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01 };
    return read_dice(tcb_info, sizeof tcb_info, der, len);
}

#define FWID(mark, oid, digest) "30" mark "{ 06{" oid "} 04{" digest "} }"

Test(quote_x509_forms, of_a_composite_device_id)
{
    der_expect_strict("30{ 02X{01} 30EX{ 06DTEXR{2a03} } " FWID("", OID_SHA384, BYTES_48) " }",
                      read_device_id);
    der_expect("30{ 02{01} 30{} " FWID("", OID_SHA384, BYTES_32) " }", read_device_id,
               ASSAY_E_RANGE);
    der_expect("30{ 02{01} 30{} " FWID("", "608648016503040201", BYTES_32) " }", read_device_id,
               ASSAY_E_UNSUPPORTED);
    uint8_t fwid[ASSAY_FWID_LEN];
    bool has = true;
    cr_expect_eq(assay_x509_dice(assay_slice_over(device_id, sizeof device_id),
                                 assay_slice_over(device_id, sizeof device_id), &has, fwid),
                 ASSAY_E_DUPLICATE, "a second form in one certificate");
}

/* Fields of the device besides, of which no rule depends; of several layers the first counts. */
Test(quote_x509_forms, of_a_tcb_info)
{
    der_expect_strict(
        "30X{ 80DTEXR{'vendor'} a6X{ " FWID("R", OID_SHA384, BYTES_48) " } "
                                                                       "87DTEXR{00} }",
        read_tcb_info);
    der_expect("30{ a6{ " FWID("", OID_SHA384, BYTES_48) " " FWID("", OID_SHA384, BYTES_32) " } }",
               read_tcb_info, ASSAY_OK);
#define FIELDS_4  "80{} 81{} 82{} 83{} "
#define FIELDS_11 FIELDS_4 FIELDS_4 "84{} 85{} 87{} "
    static const char most[] = "30{ " FIELDS_11 "a6{ " FWID("", OID_SHA384, BYTES_48) " } }";
    static const char more[] = "30{ " FIELDS_11 "a6{ " FWID("", OID_SHA384, BYTES_48) " } 88{} }";
    der_expect(most, read_tcb_info, ASSAY_OK);
    der_expect(more, read_tcb_info, ASSAY_E_SYNTAX);
}

/* --- public keys, whatever the algorithm */
static enum assay_status read_certificate_spki(const uint8_t *der, size_t len)
{
    struct assay_slice spki;
    return assay_x509_certificate_spki(assay_slice_over(der, len), &spki);
}

static enum assay_status read_bare_spki(const uint8_t *der, size_t len)
{
    return assay_x509_bare_spki(assay_slice_over(der, len));
}

/* What stands before the key is counted, not read; what stands behind it has no meaning here. */
Test(quote_x509_forms, of_a_key_of_any_algorithm)
{
    static const char text[] =
        "30{ 30X{ a0DEX{ 02DTEXR{02} } 02EX{01} 30RX{} 30RX{} 30RX{} 30RX{} 30RX{} } "
        "30X{} 03EX{00} }";
    static const char sound[] = "30{ 30{ a0{ 02{02} } 02{01} 30{ 02{01} } 30{ 02{02} } "
                                "30{ 02{03} } 30{ 02{04} } 30{ 02{05} } a3{} } 30{} 03{00} }";
    struct der_document d;
    struct assay_slice spki;
    der_expect_strict(text, read_certificate_spki);
    der_write(sound, &d);
    cr_assert_eq(assay_x509_certificate_spki(assay_slice_over(d.bytes, d.len), &spki), ASSAY_OK);
    cr_assert_eq(spki.len, 5);
    cr_expect_eq(spki.bytes[4], 5, "the fifth of them, behind the subject");
    der_expect_strict("30{ 30EX{ 06DTEXR{2a03} } 03EX{00} }", read_bare_spki);
    static const uint8_t large[ASSAY_CERT_DER_MAX + 1];
    cr_expect_eq(read_certificate_spki(large, sizeof large), ASSAY_E_RANGE);
    cr_expect_eq(read_bare_spki(large, sizeof large), ASSAY_E_RANGE);
}

/* --- algorithms */
static enum assay_status read_algorithm(const uint8_t *der, size_t len)
{
    enum assay_signature_alg alg = ASSAY_SIGNATURE_NONE;
    return assay_x509_algorithm(assay_slice_over(der, len), &alg);
}

#define HASH(oid) "30{ 06{" oid "} 05D{} }"
#define PSS(hash, mgf1_hash, salt, trailer)                                                        \
    "30{ 06{2a864886f70d01010a} 30{ a0{ " hash " } a1{ 30{ 06{2a864886f70d010108} " mgf1_hash      \
    " } } a2{ 02{" salt "} } " trailer " } }"

/* RFC 8017 A.2.3; the defaults of the first three fields are those of SHA-1. */
Test(quote_x509_forms, of_the_parameters_of_pss)
{
    der_expect_strict(PSS(HASH(OID_SHA384), HASH(OID_SHA384), "30", "a3D{ 02{01} }"),
                      read_algorithm);
    der_expect_strict(PSS(HASH(OID_SHA384), HASH(OID_SHA384), "30", ""), read_algorithm);
    der_expect(PSS(HASH(OID_SHA384), HASH(OID_SHA384), "30", "a3{ 02{00} }"), read_algorithm,
               ASSAY_E_UNSUPPORTED);
    der_expect(PSS(HASH(OID_SHA384), HASH("608648016503040201"), "30", ""), read_algorithm,
               ASSAY_E_UNSUPPORTED);
    der_expect(PSS(HASH(OID_SHA384), HASH(OID_SHA384), "20", ""), read_algorithm,
               ASSAY_E_UNSUPPORTED);
    der_expect_strict("30{ 06{2a864886f70d01010b} 05D{} }", read_algorithm);
}

/* --- Google's virtual TPMs */
static enum assay_status read_gce(const uint8_t *der, size_t len)
{
    struct assay_gce gce;
    return assay_x509_gce(assay_slice_over(der, len), &gce);
}

Test(quote_x509_forms, of_the_extension_of_an_instance)
{
    der_expect_strict("30{ 0c{'zone'} 02X{01} 0c{'project'} 02X{02} 0c{'name'} "
                      "a0D{ 30E{ a0D{ 02X{01} } a1D{ 01{ff} } a2DEX{ 02DTEXR{07} } } } }",
                      read_gce);
    /* By rising tags, so none twice. */
    der_expect("30{ 0c{'zone'} 02{01} 0c{'project'} 02{02} 0c{'name'} "
               "a0{ 30{ a1{ 01{ff} } a0{ 02{01} } } } }",
               read_gce, ASSAY_E_SYNTAX);
}

/* --- revocation lists */
static struct assay_crl crl;

static enum assay_status read_crl(const uint8_t *der, size_t len)
{
    return assay_x509_crl(der, len, &crl);
}

#define CRL(alg, entries, more)                                                                    \
    "30{ 30{ 02{01} " alg " " NAME("ca") " 17{'261201000000Z'} 17{'271201000000Z'} " entries       \
                                         " " more " } " alg " " SIGNATURE " }"

Test(quote_x509_forms, of_a_revocation_list)
{
    der_expect_strict(
        CRL(ECDSA_SHA256,
            "30DE{ 30DR{ 02X{05} 17{'261201000000Z'} 30DE{ " UNKNOWN_EXTENSION " } } }",
            "a0D{ 30E{ 30D{ 06X{551d14} 04{ 02X{07} } } "
            "30D{ 06X{551d23} 04{ 30E{ 80DX{" BYTES_20 "} } } } " UNKNOWN_EXTENSION " } }"),
        read_crl);
    der_expect(CRL("30{ 06{2a03} }", "", ""), read_crl, ASSAY_E_UNSUPPORTED);
    static const uint8_t large[ASSAY_CRL_DER_MAX + 1];
    cr_expect_eq(read_crl(large, sizeof large), ASSAY_E_RANGE);
}

/* A critical extension that is not known may change what a list or an entry means. */
Test(quote_x509_forms, a_critical_extension_of_a_list_is_unsupported)
{
    der_expect(CRL(ECDSA_SHA256, "", "a0{ 30{ 30{ 06{2a03} 01{ff} 04{01} } } }"), read_crl,
               ASSAY_E_UNSUPPORTED);
    der_expect(CRL(ECDSA_SHA256,
                   "30{ 30{ 02{05} 17{'261201000000Z'} 30{ 30{ 06{551d1d} 01{ff} 04{01} } } } }",
                   ""),
               read_crl, ASSAY_E_UNSUPPORTED);
    der_expect(CRL(ECDSA_SHA256, "", "a0{ 30{ 30{ 06{551d1b} 04{ 02{01} } } } }"), read_crl,
               ASSAY_E_UNSUPPORTED);
    der_expect(CRL(ECDSA_SHA256, "", "a0{ 30{ 30{ 06{551d1c} 04{ 30{} } } } }"), read_crl,
               ASSAY_E_UNSUPPORTED);
}
