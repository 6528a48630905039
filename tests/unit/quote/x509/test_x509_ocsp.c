/*
 * tests/unit/quote/x509/test_x509_ocsp.c - form of OCSP responses (RFC 6960 4.2.1): each element at
 * its place, none left out, none twice. The reader verifies no signature.
 */
#include "quote/x509.h"

#include "tests/unit/quote/x509/certificate_text.h"
#include "tests/unit/quote/x509/der_text.h"

#include <criterion/criterion.h>

#define SHA1                           "2b0e03021a"
#define SHA256                         "608648016503040201"
#define SHA384                         OID_SHA384
#define TIME                           "18{'20261201000000Z'}"
#define BY_KEY                         "a2{ 04EX{aabb} }"
#define BY_NAME                        "a1{ " NAME("responder") " }"
#define CERT_ID(hash, digest)                                                                      \
    "30{ 30{ 06{" hash "} 05D{} } 04{" digest "} 04{" digest                                       \
    "} 02X{01} }"
#define SHA256_ID                      CERT_ID(SHA256, BYTES_32)
#define GOOD                           "80{}"
#define UNKNOWN                        "82{}"
#define REVOKED                        "a1{ " TIME " a0D{ 0a{06} } }"
#define SINGLE(id, answer, more)       "30{ " id " " answer " " TIME " a0{ " TIME " } " more " }"
#define NONCE                          "30D{ 06X{2b0601050507300102} 04X{ 04TXR{" BYTES_8 "} } }"
#define OTHER_EXTENSION                "30D{ 06X{2a03} 04EX{01} }"
#define CRITICAL                       "30{ 06{2a03} 01{ff} 04{01} }"
#define EXTENSIONS(list)               "a1D{ 30E{ " list " } }"
#define DATA(responder, singles, more) "30{ " responder " " TIME " 30{ " singles " } " more " }"
/* Parameters of the algorithm: NULL or none. */
#define BASIC(data, certificates)                                                                  \
    "30{ " data " 30X{ 06{2a8648ce3d040302} } " SIGNATURE " " certificates " }"
#define RESPONSE(basic) "30{ 0a{00} a0{ 30{ 06{2b0601050507300101} 04{ " basic " } } } }"
#define PLAIN(answer)   RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, answer, ""), ""), ""))
/* Others may follow it. */
#define CERTIFICATE "30R{ " TBS("a0D{ 02{02} }", "") " " ECDSA_SHA256 " " SIGNATURE " }"

static struct assay_ocsp last;

static enum assay_status read_ocsp(const uint8_t *der, size_t len)
{
    return assay_x509_ocsp(der, len, &last);
}

Test(quote_x509_ocsp, each_element_stands_at_its_place_and_once)
{
    der_expect_strict(PLAIN(GOOD), read_ocsp);
    der_expect_strict(PLAIN(UNKNOWN), read_ocsp);
    der_expect_strict(PLAIN(REVOKED), read_ocsp);
}

Test(quote_x509_ocsp, names_and_extensions_have_their_form)
{
    der_expect_strict(
        RESPONSE(
            BASIC(DATA(BY_NAME, SINGLE(SHA256_ID, GOOD, EXTENSIONS(OTHER_EXTENSION)), ""), "")),
        read_ocsp);
    der_expect_strict(
        RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, ""), EXTENSIONS(NONCE OTHER_EXTENSION)),
                       "")),
        read_ocsp);
}

Test(quote_x509_ocsp, the_responder_s_certificate_stands_first_of_several)
{
    static const char text[] = RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, ""), ""),
                                              "a0{ 30{ " CERTIFICATE " 30{} 30{ 02{01} } } }"));
    der_expect(text, read_ocsp, ASSAY_OK);
    cr_expect(last.has_responder);
    cr_expect_str_eq(last.responder.subject_name, "holder");
    /* Those behind it are elements, whatever is in them; in the list nothing else is. */
    der_expect_strict(RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, ""), ""),
                                     "a0D{ 30{ " CERTIFICATE " 30DRX{} } }")),
                      read_ocsp);
    der_expect(PLAIN(GOOD), read_ocsp, ASSAY_OK);
    cr_expect_not(last.has_responder);
}

Test(quote_x509_ocsp, the_answer_is_read)
{
    der_expect(PLAIN(GOOD), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.answer, ASSAY_OCSP_GOOD);
    cr_expect_eq(last.nonce_len, 0);
    cr_expect_eq(last.this_update_s, 1796083200);
    der_expect(PLAIN(UNKNOWN), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.answer, ASSAY_OCSP_UNKNOWN);
    der_expect(PLAIN(REVOKED), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.answer, ASSAY_OCSP_REVOKED);
    cr_expect_eq(last.reason, ASSAY_OCSP_REASON_HOLD);
    der_expect(PLAIN("a1{ " TIME " }"), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.reason, 0, "a revocation without a reason");
    der_expect(PLAIN("a1{ " TIME " a0{ 0a{0a} } }"), read_ocsp, ASSAY_OK);
    der_expect(PLAIN("a1{ " TIME " a0{ 0a{0b} } }"), read_ocsp, ASSAY_E_RANGE);
    der_expect(PLAIN("a0{ " TIME " }"), read_ocsp, ASSAY_E_SYNTAX);
    der_expect(PLAIN("80{00}"), read_ocsp, ASSAY_E_SYNTAX);
    der_expect(PLAIN("82{00}"), read_ocsp, ASSAY_E_SYNTAX);
}

#define OF_ID(id) RESPONSE(BASIC(DATA(BY_KEY, SINGLE(id, GOOD, ""), ""), ""))

Test(quote_x509_ocsp, both_hashes_of_the_issuer_have_the_length_of_their_algorithm)
{
    der_expect(OF_ID(CERT_ID(SHA256, BYTES_32)), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.hash_len, ASSAY_SHA256_LEN);
    der_expect(OF_ID(CERT_ID(SHA384, BYTES_48)), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.hash_len, ASSAY_SHA384_LEN);
    der_expect(OF_ID(CERT_ID(SHA1, BYTES_20)), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.hash_len, ASSAY_OCSP_SHA1_LEN);
    der_expect(OF_ID(CERT_ID(SHA256, BYTES_48)), read_ocsp, ASSAY_E_RANGE);
    der_expect(OF_ID(CERT_ID(SHA384, BYTES_32)), read_ocsp, ASSAY_E_RANGE);
    der_expect(OF_ID(CERT_ID(SHA1, BYTES_32)), read_ocsp, ASSAY_E_RANGE);
    der_expect(OF_ID(CERT_ID("608648016503040203", BYTES_48 BYTES_8 BYTES_8)), read_ocsp,
               ASSAY_E_UNSUPPORTED);
}

#define WITH_NONCE(octets)                                                                         \
    RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, ""),                                       \
                        EXTENSIONS("30{ 06{2b0601050507300102} 04{" octets "} }")),                \
                   ""))

/* RFC 8954 2.1: 1 to 32 octets; some responders return more, older ones without their own tag. */
Test(quote_x509_ocsp, a_nonce_has_1_to_64_bytes)
{
    der_expect(WITH_NONCE("04{" BYTES_32 "}"), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.nonce_len, 32);
    cr_expect_eq(last.nonce[7], 8);
    der_expect(WITH_NONCE("04{" BYTES_32 BYTES_32 "}"), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.nonce_len, 64);
    der_expect(WITH_NONCE("04{" BYTES_32 BYTES_32 "00}"), read_ocsp, ASSAY_E_RANGE);
    der_expect(WITH_NONCE("04{}"), read_ocsp, ASSAY_E_RANGE);
    der_expect(WITH_NONCE(""), read_ocsp, ASSAY_E_RANGE);
    der_expect(WITH_NONCE(BYTES_8), read_ocsp, ASSAY_OK);
    cr_expect_eq(last.nonce_len, 8);
    cr_expect_eq(last.nonce[0], 1);
}

Test(quote_x509_ocsp, a_critical_extension_is_unsupported)
{
    der_expect(RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, ""), EXTENSIONS(CRITICAL)), "")),
               read_ocsp, ASSAY_E_UNSUPPORTED);
    der_expect(RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, EXTENSIONS(CRITICAL)), ""), "")),
               read_ocsp, ASSAY_E_UNSUPPORTED);
    /* Of the length of the nonce's, and another one. */
    der_expect(RESPONSE(BASIC(DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, ""),
                                   EXTENSIONS("30{ 06{2b0601050507300109} 01{ff} 04{01} }")),
                              "")),
               read_ocsp, ASSAY_E_UNSUPPORTED);
}

Test(quote_x509_ocsp, a_response_that_is_no_answer_about_one_certificate_is_refused)
{
    static const char *const refusals[] = { "30{ 0a{01} }", "30{ 0a{02} }", "30{ 0a{03} }",
                                            "30{ 0a{05} }", "30{ 0a{06} }" };
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        der_expect(refusals[i], read_ocsp, ASSAY_E_INVALID);
    der_expect("30{ 0a{07} }", read_ocsp, ASSAY_E_RANGE);
    der_expect(RESPONSE(BASIC(
                   DATA(BY_KEY, SINGLE(SHA256_ID, GOOD, "") SINGLE(SHA256_ID, GOOD, ""), ""), "")),
               read_ocsp, ASSAY_E_UNSUPPORTED);
    der_expect("30{ 0a{00} a0{ 30{ 06{2b0601050507300104} 04{ 30{} } } } }", read_ocsp,
               ASSAY_E_UNSUPPORTED);
    static const uint8_t large[ASSAY_OCSP_DER_MAX + 1];
    cr_expect_eq(assay_x509_ocsp(large, sizeof large, &last), ASSAY_E_RANGE);
}

/* --- one after the other */

Test(quote_x509_ocsp, responses_are_taken_off_one_by_one)
{
    struct der_document one;
    uint8_t two[2 * DER_TEXT_MAX];
    struct assay_slice rest, taken;
    der_write(PLAIN(GOOD), &one);
    assay_bytes_copy(two, sizeof two, one.bytes, one.len);
    assay_bytes_copy(two + one.len, sizeof one.bytes, one.bytes, one.len);
    rest = assay_slice_over(two, 2 * one.len);
    for (size_t i = 0; i < 2; i++) {
        cr_assert(assay_x509_next_ocsp(&rest, &taken));
        cr_expect_eq(taken.bytes, two + i * one.len);
        cr_expect_eq(taken.len, one.len);
        cr_expect_eq(rest.len, (1 - i) * one.len);
    }
    cr_expect_not(assay_x509_next_ocsp(&rest, &taken), "nothing is left");
}

Test(quote_x509_ocsp, what_does_not_open_like_a_response_is_not_taken_off)
{
    static const char *const others[] = { "30{ 02{00} }", "30{}", "31{ 0a{00} }", "0a{00}" };
    struct der_document d;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        der_write(others[i], &d);
        struct assay_slice rest = assay_slice_over(d.bytes, d.len), taken;
        cr_expect_not(assay_x509_next_ocsp(&rest, &taken), "%s", others[i]);
        cr_expect_eq(rest.len, d.len);
    }
    der_write(PLAIN(GOOD), &d);
    for (size_t len = 0; len < d.len; len++) {
        struct assay_slice rest = assay_slice_over(d.bytes, len), taken;
        cr_expect_not(assay_x509_next_ocsp(&rest, &taken), "%zu bytes", len);
    }
}
