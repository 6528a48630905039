/*
 * tests/unit/quote/x509/test_x509_svid.c - form of the certificates that a network signs
 * (docs/identity.md 5.1 to 5.5): one profile, each element of it at its place and of its length.
 * The reader verifies no signature.
 */
#include "quote/x509.h"

#include "tests/unit/quote/x509/certificate_text.h"
#include "tests/unit/quote/x509/der_text.h"

#include <criterion/criterion.h>
#include <string.h>

#define ED25519 "30{ 06{2b6570} }"
#define PUBLIC  "30{ " ED25519 " 03{00 " BYTES_32 "} }"
#define KEY_ID  "8cf3e5f40cf025a984d8e00b307bbab2b520c91b" /* SHA-256 of BYTES_32, its first 20 */
#define NODE    "aebagbafaydqqaicamcakbqhbaaqeayeaudaocabaibqibiga4ea" /* BYTES_32 in base32 */
#define DOMAIN  "example.org"
#define CA_NAME "Assay CA 3f2a91c07d5be816 1"

#define ATTRIBUTE(type, text) "31{ 30{ 06{5504" type "} 0c{'" text "'} } }"
#define SUBJECT(more, text)   "30{ " ATTRIBUTE("0a", DOMAIN) " " more " " ATTRIBUTE("03", text) " }"
#define UNIT                  ATTRIBUTE("0b", "INSECURE")
#define EXTENSION(oid, value) "30{ 06{" oid "} 04{ " value " } }"
#define CRITICAL(oid, value)  "30{ 06{" oid "} 01{ff} 04{ " value " } }"
#define SUBJECT_KEY_ID        EXTENSION("551d0e", "04{" KEY_ID "}")
#define AUTHORITY_KEY_ID      EXTENSION("551d23", "30{ 80{" BYTES_20 "} }")
#define SERIAL                "02{40 020304 05060708 " BYTES_8 "}"
#define LEAF_TIME             "30{ 17{'261201000000Z'} 17{'261202000500Z'} }"
#define CA_TIME               "30{ 17{'261201000000Z'} 17{'281130000500Z'} }"
#define SIGNED(tbs)           "30{ " tbs " " ED25519 " 03{00 " BYTES_32 BYTES_32 "} }"
#define CERTIFICATE(issuer, time, subject, key, list)                                              \
    SIGNED("30{ a0{ 02{02} } " SERIAL " " ED25519 " " issuer " " time " " subject " " key          \
           " a3{ 30{ " list " } } }")

/* --- of the network's own key */
#define CA_NAMES(uri)          EXTENSION("551d11", "30{ 86{'" uri "'} }")
#define CA_CONSTRAINTS(domain) CRITICAL("551d1e", "30{ a0{ 30{ 82{'" domain "'} } } }")
#define CA_EXTENSIONS                                                                              \
    CRITICAL("551d0f", "03{0204}")                                                                 \
    SUBJECT_KEY_ID CA_NAMES("spiffe://" DOMAIN) CA_CONSTRAINTS(DOMAIN)
#define CA_OF(subject, key, list) CERTIFICATE(SUBJECT("", CA_NAME), CA_TIME, subject, key, list)
#define CA_PATH                   CRITICAL("551d13", "30{ 01{ff} 02{01} }")
#define CA(list)                  CA_OF(SUBJECT("", CA_NAME), PUBLIC, list CA_PATH)

/* --- of a member's key */
#define STATE(score)                                                                               \
    EXTENSION("2b0601040181fd591101",                                                              \
              "30{ 02{01} 04{" BYTES_32 "} 02X{01} 02X{02} 04{" BYTES_32 "} 04{" BYTES_32 "} "     \
              "02X{01} 0c{'FULL'} 02{" score "} 02X{03} 04{" BYTES_32 "} 04{" BYTES_32 "} }")
#define PURPOSES             EXTENSION("551d25", "30{ 06{2b06010505070301} 06{2b06010505070302} }")
#define LEAF_NAMES(dns, uri) EXTENSION("551d11", "30{ " dns " 86{'" uri "'} }")
#define DNS(name)            "82{'" name "'}"
#define LEAF_OF(common, key, names)                                                                \
    CERTIFICATE(SUBJECT("", CA_NAME), LEAF_TIME, SUBJECT("", common), key,                         \
                CRITICAL("551d0f", "03{0780}")                                                     \
                    SUBJECT_KEY_ID AUTHORITY_KEY_ID CRITICAL("551d13", "30{}")                     \
                        PURPOSES names STATE("2710"))
#define OF_NODE        DNS("web." NODE ".node." DOMAIN)
#define NODE_URI       "spiffe://" DOMAIN "/node/" NODE "/web"
#define NODE_LEAF(key) LEAF_OF(NODE, key, LEAF_NAMES(OF_NODE, NODE_URI))
#define SERVICE_LEAF                                                                               \
    LEAF_OF("web", PUBLIC, LEAF_NAMES(DNS("web." DOMAIN) OF_NODE, "spiffe://" DOMAIN "/svc/web"))

static struct assay_x509_svid svid;

static enum assay_status read_svid(const uint8_t *der, size_t len, enum assay_svid_form form)
{
    const char *why = NULL;
    const enum assay_status status = assay_x509_svid(assay_slice_over(der, len), form, &svid, &why);
    cr_expect_eq(why == NULL, status == ASSAY_OK, "each refusal has its reason");
    return status;
}

static enum assay_status read_ca(const uint8_t *der, size_t len)
{
    return read_svid(der, len, ASSAY_SVID_CA);
}

static enum assay_status read_leaf(const uint8_t *der, size_t len)
{
    return read_svid(der, len, ASSAY_SVID_LEAF);
}

Test(quote_x509_svid, each_element_of_a_ca_stands_at_its_place)
{
    der_expect_strict(CA(CA_EXTENSIONS), read_ca);
}

Test(quote_x509_svid, each_element_of_a_leaf_stands_at_its_place)
{
    der_expect_strict(NODE_LEAF(PUBLIC), read_leaf);
    der_expect_strict(SERVICE_LEAF, read_leaf);
}

/* Its issuer is another one that its network rolled over from. */
Test(quote_x509_svid, a_ca_by_another_number_has_no_path_below)
{
    static const char zero[] = CA_OF(SUBJECT("", "Assay CA 3f2a91c07d5be816 2"), PUBLIC,
                                     CA_EXTENSIONS CRITICAL("551d13", "30{ 01{ff} 02{00} }"));
    static const char one[] =
        CA_OF(SUBJECT("", "Assay CA 3f2a91c07d5be816 2"), PUBLIC, CA_EXTENSIONS CA_PATH);
    der_expect(zero, read_ca, ASSAY_OK);
    cr_expect_eq(svid.number, 2);
    cr_expect_eq(svid.issuer_number, 1);
    der_expect(one, read_ca, ASSAY_E_INVALID);
}

#define CA_CALLED(more, name)                                                                      \
    CERTIFICATE(SUBJECT(more, name), CA_TIME, SUBJECT(more, name), PUBLIC, CA_EXTENSIONS CA_PATH)

Test(quote_x509_svid, a_ca_is_called_after_its_chain_and_number)
{
    static const struct {
        const char *text;
        enum assay_status wanted;
    } names[] = {
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 4294967295"), ASSAY_OK },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 4294967296"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 99999999999"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 01"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 0"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 "), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816-1"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 1x"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be816 /1"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3F2A91C07D5BE816 1"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CA 3f2a91c07d5be81g 1"), ASSAY_E_INVALID },
        { CA_CALLED("", "Assay CB 3f2a91c07d5be816 1"), ASSAY_E_INVALID },
        { CA_CALLED(UNIT, CA_NAME), ASSAY_OK },
        { CA_CALLED(ATTRIBUTE("0b", "SECURE"), CA_NAME), ASSAY_E_INVALID },
        { CA_CALLED(UNIT UNIT, CA_NAME), ASSAY_E_INVALID },
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        der_expect(names[i].text, read_ca, names[i].wanted);
}

#define NAMED(names, constraints)                                                                  \
    CA_OF(SUBJECT("", CA_NAME), PUBLIC,                                                            \
          CRITICAL("551d0f", "03{0204}") SUBJECT_KEY_ID names constraints CA_PATH)

Test(quote_x509_svid, a_ca_signs_names_of_its_trust_domain_alone)
{
    der_expect(NAMED(CA_NAMES("spiffe://" DOMAIN), CA_CONSTRAINTS(DOMAIN)), read_ca, ASSAY_OK);
    der_expect(NAMED(CA_NAMES("spiffe://example.net"), CA_CONSTRAINTS(DOMAIN)), read_ca,
               ASSAY_E_INVALID);
    der_expect(NAMED(CA_NAMES("https://" DOMAIN), CA_CONSTRAINTS(DOMAIN)), read_ca,
               ASSAY_E_INVALID);
    der_expect(NAMED(CA_NAMES("spiffe://" DOMAIN "/svc/web"), CA_CONSTRAINTS(DOMAIN)), read_ca,
               ASSAY_E_INVALID);
    der_expect(NAMED(CA_NAMES("spiffe://" DOMAIN), CA_CONSTRAINTS("example.net")), read_ca,
               ASSAY_E_INVALID);
    der_expect(NAMED(CA_NAMES("spiffe://" DOMAIN), CA_CONSTRAINTS("")), read_ca, ASSAY_E_INVALID);
}

/* --- keys */
Test(quote_x509_svid, a_leaf_has_a_key_of_one_of_three_forms_and_a_ca_of_one)
{
#define RSA "30{ 30{ 06{2a864886f70d010101} 05{} } 03{00 30{ 02{00 ff" BYTES_8 "} 02{010001} }} }"
    static const char ca_on_a_curve[] = CA_OF(SUBJECT("", CA_NAME), KEY, CA_EXTENSIONS CA_PATH);
    der_expect(ca_on_a_curve, read_ca, ASSAY_E_INVALID);
    der_expect(NODE_LEAF(RSA), read_leaf, ASSAY_E_INVALID);
    der_expect(NODE_LEAF("30{ " ED25519 " 03{00 " BYTES_32 "00} }"), read_leaf, ASSAY_E_INVALID);
    der_expect(NODE_LEAF("30{ " ED25519 " 03{00 " BYTES_20 "} }"), read_leaf, ASSAY_E_INVALID);
    der_expect(NODE_LEAF(KEY), read_leaf, ASSAY_E_INVALID); /* with the key id of another */
}

Test(quote_x509_svid, a_certificate_is_no_longer_than_its_limit)
{
    static const uint8_t large[ASSAY_SVID_DER_MAX + 1];
    cr_expect_eq(read_leaf(large, sizeof large), ASSAY_E_RANGE);
    cr_expect_eq(read_ca(large, sizeof large), ASSAY_E_RANGE);
}

/* --- names of a leaf */
#define NODE_NAMED(common, dns, uri) LEAF_OF(common, PUBLIC, LEAF_NAMES(dns, uri))
#define OTHER_NODE                   "bebagbafaydqqaicamcakbqhbaaqeayeaudaocabaibqibiga4ea"

Test(quote_x509_svid, a_leaf_has_the_names_of_its_member_and_key)
{
    static const char *const refused[] = {
        NODE_NAMED(OTHER_NODE, OF_NODE, NODE_URI), /* the common name */
        NODE_NAMED(NODE, OF_NODE, "spiffe://" DOMAIN "/node/" OTHER_NODE "/web"),
        NODE_NAMED(NODE, DNS("web." OTHER_NODE ".node." DOMAIN), NODE_URI),
        NODE_NAMED(NODE, DNS("api." NODE ".node." DOMAIN), NODE_URI),
        NODE_NAMED(NODE, DNS("web." NODE ".mode." DOMAIN), NODE_URI),
        NODE_NAMED(NODE, DNS("web." NODE ".node.example.net"), NODE_URI),
        NODE_NAMED(NODE, DNS("web.aebag"), NODE_URI),
        NODE_NAMED(NODE, DNS("web." DOMAIN), NODE_URI),
        NODE_NAMED(NODE, "", NODE_URI),
        NODE_NAMED(NODE, DNS("web." DOMAIN) OF_NODE, NODE_URI), /* a node has no short one */
        NODE_NAMED(NODE, OF_NODE OF_NODE OF_NODE, NODE_URI),
        NODE_NAMED(NODE, OF_NODE, "spiffe://example.net/node/" NODE "/web"),
        NODE_NAMED(NODE, OF_NODE, "spiffe://" DOMAIN),
        NODE_NAMED(NODE, OF_NODE, "spiffe://" DOMAIN "/"),
        NODE_NAMED(NODE, OF_NODE, "spiffe://" DOMAIN "/nod/" NODE "/web"),
        NODE_NAMED(NODE, OF_NODE, "spiffe://" DOMAIN "/node/" NODE),
        NODE_NAMED(NODE, OF_NODE, "spiffe://" DOMAIN "/node/aebag/web"),
        NODE_NAMED(NODE, OF_NODE, "spiffe://" DOMAIN "/node/" NODE "/web/x"),
        NODE_NAMED("web", OF_NODE, "spiffe://" DOMAIN "/svc/web"), /* a service has both */
        NODE_NAMED("api", DNS("web." DOMAIN) OF_NODE, "spiffe://" DOMAIN "/svc/web"),
        NODE_NAMED("web", DNS("api." DOMAIN) OF_NODE, "spiffe://" DOMAIN "/svc/web"),
        NODE_NAMED("web", OF_NODE DNS("web." DOMAIN), "spiffe://" DOMAIN "/svc/web"),
        NODE_NAMED("svc", DNS("svc." DOMAIN) DNS("svc." NODE ".node." DOMAIN),
                   "spiffe://" DOMAIN "/svc/svc"),
        NODE_NAMED("node", DNS("node." DOMAIN) DNS("node." NODE ".node." DOMAIN),
                   "spiffe://" DOMAIN "/svc/node"),
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        der_expect(refused[i], read_leaf, ASSAY_E_INVALID);
}

/* docs/identity.md 5.3: base32 in lower case without padding, of 32 bytes. */
Test(quote_x509_svid, a_node_s_text_is_that_of_its_id_alone)
{
    uint8_t id[32];
    char text[] = NODE;
    for (size_t i = 0; i < sizeof id; i++)
        id[i] = (uint8_t)(1 + i % 8);
    const struct assay_slice whole = assay_slice_over((const uint8_t *)text, ASSAY_SVID_NODE_LEN);
    cr_expect(assay_x509_is_node_text(whole, id));
    for (size_t i = 0; i < ASSAY_SVID_NODE_LEN; i++) {
        const char kept = text[i];
        for (int c = 0; c < 128; c++) {
            text[i] = (char)c;
            cr_expect_eq(assay_x509_is_node_text(whole, id), c == kept, "%d at %zu", c, i);
        }
        text[i] = kept;
        cr_expect_not(assay_x509_is_node_text(assay_slice_over(whole.bytes, i), id));
    }
    for (size_t bit = 0; bit < 256; bit++) {
        id[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cr_expect_not(assay_x509_is_node_text(whole, id), "bit %zu", bit);
        id[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}
