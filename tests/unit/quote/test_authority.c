/*
 * tests/unit/quote/test_authority.c - certificates that are signed as they should be and may not be
 * used as they are: each made from a good one by changing some bytes and signing again.
 */
#include "base/base64.h"
#include "tests/unit/quote/resign.h"
#include "tests/unit/quote/world.h"

#include "quote/source/soft/soft_x509.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* keyUsage is one byte of bits after "three unused", "one unused", "seven unused". */
static const struct patch signs_lists_only = {
    "keyUsage cRLSign", { 0x03, 0x02, 0x01, 0x06 }, { 0x03, 0x02, 0x01, 0x02 }, 4
};
static const struct patch signs_certificates_only = {
    "keyUsage keyCertSign", { 0x03, 0x02, 0x01, 0x06 }, { 0x03, 0x02, 0x02, 0x04 }, 4
};
static const struct patch signs_data = {
    "keyUsage digitalSignature", { 0x03, 0x02, 0x01, 0x06 }, { 0x03, 0x02, 0x07, 0x80 }, 4
};
static const struct patch signs_no_data = {
    "keyUsage keyEncipherment", { 0x03, 0x02, 0x07, 0x80 }, { 0x03, 0x02, 0x05, 0x20 }, 4
};
static const struct patch no_ca_below = { "pathLenConstraint 0",
                                          { 0x01, 0x01, 0xff, 0x02, 0x01, 0x01 },
                                          { 0x01, 0x01, 0xff, 0x02, 0x01, 0x00 },
                                          6 };
static const struct patch no_sgx = { "another extension than SGX's",
                                     { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, 0x04 },
                                     { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x7f, 0x04 },
                                     10 };

static const struct patch signs_data_and_certificates = {
    "keyUsage digitalSignature, keyCertSign",
    { 0x03, 0x02, 0x07, 0x80 },
    { 0x03, 0x02, 0x02, 0x84 },
    4
};
/* Intel's verifier tells certificates of one root apart by these words. */
static const struct patch another_signer = { "a signer of other documents",
                                             { 'T', 'C', 'B', ' ', 'S', 'i', 'g' },
                                             { 'P', 'C', 'K', ' ', 'S', 'i', 'g' },
                                             7 };
static const struct patch another_leaf = { "another end entity",
                                           { 'P', 'C', 'K', ' ', 'C', 'e', 'r' },
                                           { 'T', 'C', 'B', ' ', 'C', 'e', 'r' },
                                           7 };

/* The PCK certificate stands first in the chain of a node. */
static void read_pck(const struct world *w, uint8_t der[static ASSAY_SOFT_CERT_MAX], uint32_t *len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *c = strchr((const char *)w->node.chain, '\n');
    uint32_t bits = 0, count = 0;
    *len = 0;
    for (; c != NULL && *c != '-' && *c != '='; c++) {
        if (*c == '\n') continue;
        bits = bits << 6 | (uint32_t)(strchr(digits, *c) - digits);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        der[(*len)++] = (uint8_t)(bits >> count);
    }
}

static void write_chain(struct world *w, const uint8_t *pck, size_t pck_len)
{
    size_t len = 0;
    const size_t room = sizeof w->node.chain;
    cr_assert_eq(assay_pem_put("CERTIFICATE", pck, pck_len, w->node.chain, room, &len), ASSAY_OK);
    cr_assert_eq(assay_pem_put("CERTIFICATE", w->ca.platform_der, w->ca.platform_der_len,
                               w->node.chain, room, &len),
                 ASSAY_OK);
    cr_assert_eq(
        assay_pem_put("CERTIFICATE", w->ca.root_der, w->ca.root_der_len, w->node.chain, room, &len),
        ASSAY_OK);
    w->node.chain_len = (uint32_t)len;
    world_quote(w);
}

static void expect_only(struct world *w, enum assay_rule rule, const char *what)
{
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE, "%s", what);
    cr_expect_eq(w->verdict.tcb_status, ASSAY_TCB_NONE, "%s: a level on unproven ground", what);
    cr_assert_gt(w->verdict.reason_count, 0, "%s", what);
    for (uint32_t i = 0; i < w->verdict.reason_count; i++)
        cr_expect_eq((int)w->verdict.reasons[i].rule, (int)rule, "%s: %s", what,
                     assay_rule_name(w->verdict.reasons[i].rule));
}

static void expect_affirming(struct world *w)
{
    cr_assert_eq(world_judge(w), ASSAY_OK);
    cr_assert_eq(w->verdict.tier, ASSAY_TIER_AFFIRMING, "%s",
                 w->verdict.reason_count == 0 ? "-" : assay_rule_name(w->verdict.reasons[0].rule));
}

/* Proves that what follows fails for the change and not for the way it is made. */
Test(quote_authority, certificates_that_are_only_signed_again_are_good)
{
    struct world *const w = world_open();
    uint8_t pck[ASSAY_SOFT_CERT_MAX];
    uint32_t len = 0;
    resign(w->ca.root_der, &w->ca.root_der_len, sizeof w->ca.root_der, &w->ca.root_key);
    resign(w->ca.platform_der, &w->ca.platform_der_len, sizeof w->ca.platform_der, &w->ca.root_key);
    resign(w->ca.signing_der, &w->ca.signing_der_len, sizeof w->ca.signing_der, &w->ca.root_key);
    world_publish(w);
    read_pck(w, pck, &len);
    resign(pck, &len, sizeof pck, &w->ca.platform_key);
    write_chain(w, pck, len);
    expect_affirming(w);
    world_close(w);
}

Test(quote_authority, a_root_must_be_one_for_two_levels)
{
    static const struct patch *const patches[] = { &signs_lists_only, &no_ca_below };
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        struct world *const w = world_open();
        resign_patched(w->ca.root_der, &w->ca.root_der_len, patches[i], &w->ca.root_key);
        world_publish(w);
        world_move(w, NULL);
        expect_only(w, ASSAY_RULE_CHAIN_CONSTRAINTS, patches[i]->what);
        world_close(w);
    }
}

Test(quote_authority, a_platform_ca_must_sign_certificates)
{
    struct world *const w = world_open();
    resign_patched(w->ca.platform_der, &w->ca.platform_der_len, &signs_lists_only, &w->ca.root_key);
    w->bundle.files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
    world_build(w); /* the lists are the old CA's: the same name and key */
    world_move(w, NULL);
    expect_only(w, ASSAY_RULE_CHAIN_CONSTRAINTS, "PCK CA");
    world_close(w);
}

Test(quote_authority, a_platform_ca_that_may_not_sign_lists_has_none)
{
    struct world *const w = world_open();
    resign_patched(w->ca.platform_der, &w->ca.platform_der_len, &signs_certificates_only,
                   &w->ca.root_key);
    world_publish(w);
    world_move(w, NULL);
    expect_only(w, ASSAY_RULE_CRL_ISSUER, "PCK CA");
    world_close(w);
}

Test(quote_authority, a_pck_certificate_must_sign_data_and_name_a_platform)
{
    static const struct {
        const struct patch *patch;
        enum assay_rule rule;
    } rows[] = { { &signs_no_data, ASSAY_RULE_CHAIN_CONSTRAINTS },
                 { &signs_data_and_certificates, ASSAY_RULE_CHAIN_CONSTRAINTS },
                 { &another_leaf, ASSAY_RULE_CHAIN_CONSTRAINTS },
                 { &no_sgx, ASSAY_RULE_CHAIN_FORMAT } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *const w = world_open();
        uint8_t pck[ASSAY_SOFT_CERT_MAX];
        uint32_t len = 0;
        read_pck(w, pck, &len);
        resign_patched(pck, &len, rows[i].patch, &w->ca.platform_key);
        write_chain(w, pck, len);
        cr_assert_eq(world_judge(w), ASSAY_OK);
        cr_expect(assay_verdict_has(&w->verdict, rows[i].rule), "%s", rows[i].patch->what);
        cr_expect_eq(w->verdict.genuine, ASSAY_GENUINE_FALSE);
        world_close(w);
    }
}

/* A PCK certificate may come with its PPID masked; then it names no single platform. */
Test(quote_authority, a_masked_platform_id_is_noticed)
{
    struct world *const w = world_open();
    uint8_t pck[ASSAY_SOFT_CERT_MAX];
    uint32_t len = 0;
    size_t masked = 0;
    expect_affirming(w);
    cr_expect_not(w->verdict.platform_masked);
    read_pck(w, pck, &len);
    for (uint8_t *at = NULL; (at = resign_find(pck, len, w->node.ppid, 16)) != NULL; masked++)
        assay_bytes_zero(at, 16);
    cr_assert_geq(masked, 1);
    resign(pck, &len, sizeof pck, &w->ca.platform_key);
    write_chain(w, pck, len);
    expect_affirming(w);
    cr_expect(w->verdict.platform_masked);
    world_close(w);
}

/* RFC 5280 4.2.1.1: authorities of one name are told apart by their key ids. */
Test(quote_authority, a_pck_certificate_names_the_key_of_its_ca)
{
    struct world *const w = world_open();
    static const uint8_t head[] = { 0x30, 0x16, 0x80, 0x14 };
    uint8_t pck[ASSAY_SOFT_CERT_MAX];
    uint32_t len = 0;
    read_pck(w, pck, &len);
    uint8_t *const at = resign_find(pck, len, head, sizeof head);
    cr_assert_not_null(at);
    at[sizeof head] ^= 1;
    resign(pck, &len, sizeof pck, &w->ca.platform_key);
    write_chain(w, pck, len);
    expect_only(w, ASSAY_RULE_CHAIN_FORMAT, "authority key id");
    world_close(w);
}

/* The CA below the root, with a bit that a signer of documents needs, is a CA all the same. */
Test(quote_authority, a_ca_signs_no_collateral)
{
    struct world *const w = world_open();
    struct assay_soft_ca ca = w->ca;
    resign_patched(ca.platform_der, &ca.platform_der_len, &signs_data, &ca.root_key);
    assay_bytes_copy(ca.signing_der, sizeof ca.signing_der, ca.platform_der, ca.platform_der_len);
    ca.signing_der_len = ca.platform_der_len;
    ca.signing_key = ca.platform_key;
    assay_bytes_copy(ca.platform_der, sizeof ca.platform_der, w->ca.platform_der,
                     w->ca.platform_der_len);
    ca.platform_der_len = w->ca.platform_der_len;
    cr_assert_eq(assay_soft_collateral(&ca, &w->terms, &w->bundle), ASSAY_OK);
    world_build(w);
    expect_only(w, ASSAY_RULE_COLLATERAL_CHAIN, "a CA");
    assay_soft_ca_wipe(&ca);
    world_close(w);
}

/* Any end entity of the root could sign a TCB info otherwise. */
Test(quote_authority, a_signer_of_collateral_must_sign_data_and_be_called_so)
{
    static const struct patch *const patches[] = { &signs_no_data, &signs_data_and_certificates,
                                                   &another_signer };
    for (size_t i = 0; i < sizeof patches / sizeof patches[0]; i++) {
        struct world *const w = world_open();
        resign_patched(w->ca.signing_der, &w->ca.signing_der_len, patches[i], &w->ca.root_key);
        world_publish(w);
        expect_only(w, ASSAY_RULE_COLLATERAL_CHAIN, patches[i]->what);
        world_close(w);
    }
}

Test(quote_authority, a_signer_of_collateral_is_signed_by_the_root_even_when_no_root_comes_with_it)
{
    struct world *const w = world_open();
    static const enum assay_collateral_part parts[] = { ASSAY_PART_TCB_CHAIN, ASSAY_PART_QE_CHAIN };
    for (int round = 0; round < 2; round++) {
        uint8_t pem[ASSAY_SOFT_CHAIN_MAX];
        size_t len = 0;
        if (round == 1)
            resign(w->ca.signing_der, &w->ca.signing_der_len, sizeof w->ca.signing_der,
                   &w->ca.platform_key);
        cr_assert_eq(assay_pem_put("CERTIFICATE", w->ca.signing_der, w->ca.signing_der_len, pem,
                                   sizeof pem, &len),
                     ASSAY_OK);
        for (size_t i = 0; i < 2; i++)
            w->bundle.files.part[parts[i]] = assay_slice_over(pem, len);
        world_build(w);
        if (round == 0) expect_affirming(w);
        else expect_only(w, ASSAY_RULE_COLLATERAL_CHAIN, "signed by the platform CA");
    }
    world_close(w);
}

/* By its key: the same name and key id can be written into any certificate. */
Test(quote_authority, another_root_beside_the_signer_is_refused)
{
    struct world *const w = world_open();
    struct world *const other = world_open();
    struct assay_soft_ca *const twin = &other->ca;
    uint8_t pem[2][ASSAY_SOFT_CHAIN_MAX];
    for (int round = 0; round < 2; round++) {
        size_t len = 0;
        if (round == 1) { /* our root, but for the key */
            assay_bytes_copy(twin->root_der, sizeof twin->root_der, w->ca.root_der,
                             w->ca.root_der_len);
            twin->root_der_len = w->ca.root_der_len;
            uint8_t *const at =
                resign_find(twin->root_der, twin->root_der_len, w->ca.root_public, 64);
            cr_assert_not_null(at);
            assay_bytes_copy(at, 64, twin->root_public, 64);
            resign(twin->root_der, &twin->root_der_len, sizeof twin->root_der, &twin->root_key);
        }
        cr_assert_eq(assay_pem_put("CERTIFICATE", w->ca.signing_der, w->ca.signing_der_len,
                                   pem[round], sizeof pem[round], &len),
                     ASSAY_OK);
        cr_assert_eq(assay_pem_put("CERTIFICATE", twin->root_der, twin->root_der_len, pem[round],
                                   sizeof pem[round], &len),
                     ASSAY_OK);
        w->bundle.files.part[ASSAY_PART_TCB_CHAIN] = assay_slice_over(pem[round], len);
        world_build(w);
        expect_only(w, ASSAY_RULE_COLLATERAL_CHAIN, "another root");
    }
    world_close(other);
    world_close(w);
}

Test(quote_authority, a_revoked_signer_of_collateral_is_refused)
{
    struct world *const w = world_open();
    struct assay_certificate signer;
    uint8_t der[4096], serials[1][ASSAY_SERIAL_LEN];
    size_t len = 0;
    cr_assert_eq(assay_x509_certificate(w->ca.signing_der, w->ca.signing_der_len, &signer),
                 ASSAY_OK);
    for (int round = 0; round < 2; round++) {
        assay_bytes_copy(serials[0], ASSAY_SERIAL_LEN, signer.serial, ASSAY_SERIAL_LEN);
        if (round == 0) serials[0][ASSAY_SERIAL_LEN - 1] ^= 1; /* its neighbour */
        const struct assay_soft_crl crl = { .issuer = ASSAY_SOFT_ROOT,
                                            .vendor = w->ca.name,
                                            .this_update_s = WORLD_FROM,
                                            .next_update_s = WORLD_TO,
                                            .issuer_public_key = w->ca.root_public,
                                            .issuer_key = &w->ca.root_key,
                                            .revoked = (const uint8_t(*)[ASSAY_SERIAL_LEN])serials,
                                            .revoked_count = 1 };
        cr_assert_eq(assay_soft_crl_make(&crl, der, sizeof der, &len), ASSAY_OK);
        w->bundle.files.part[ASSAY_PART_ROOT_CRL] = assay_slice_over(der, len);
        world_build(w);
        if (round == 0) expect_affirming(w);
        else expect_only(w, ASSAY_RULE_CERT_REVOKED, "TCB signer");
    }
    world_close(w);
}

/* WORLD_TO is 330518033320Z; the certificate alone is over before WORLD_AT. */
Test(quote_authority, every_certificate_of_a_chain_has_its_time)
{
    static const struct patch ends_early = {
        "notAfter", { '3', '3', '0', '5', '1', '8' }, { '2', '6', '0', '5', '1', '8' }, 6
    };
    for (int which = 0; which < 4; which++) {
        struct world *const w = world_open();
        uint8_t pck[ASSAY_SOFT_CERT_MAX];
        uint32_t len = 0;
        const struct assay_collateral_files files = w->bundle.files;
        read_pck(w, pck, &len);
        if (which == 0) resign_patched(pck, &len, &ends_early, &w->ca.platform_key);
        if (which == 1)
            resign_patched(w->ca.platform_der, &w->ca.platform_der_len, &ends_early,
                           &w->ca.root_key);
        if (which == 2)
            resign_patched(w->ca.root_der, &w->ca.root_der_len, &ends_early, &w->ca.root_key);
        if (which == 3) {
            resign_patched(w->ca.signing_der, &w->ca.signing_der_len, &ends_early, &w->ca.root_key);
            world_publish(w);
        } else {
            w->bundle.files = files; /* the collateral's own certificates are good */
            world_build(w);
        }
        write_chain(w, pck, len);
        cr_assert_eq(world_judge(w), ASSAY_OK);
        cr_expect_eq(w->verdict.tier, ASSAY_TIER_NONE, "certificate %d", which);
        cr_assert_geq(w->verdict.reason_count, 1);
        cr_expect_eq((int)w->verdict.reasons[0].rule, ASSAY_RULE_CERT_TIME, "certificate %d",
                     which);
        w->at_unix_s = 1747539200; /* within all windows */
        expect_affirming(w);
        world_close(w);
    }
}

/* A list in the name of the PCK CA, with and without the chain that could have told early. */
Test(quote_authority, a_revocation_list_is_signed_by_its_authority)
{
    struct world *const w = world_open();
    uint8_t der[2][4096];
    size_t len = 0;
    for (int which = 0; which < 2; which++) {
        const struct assay_soft_crl crl = {
            .issuer = which == 0 ? ASSAY_SOFT_PLATFORM_CA : ASSAY_SOFT_ROOT,
            .vendor = w->ca.name,
            .this_update_s = WORLD_FROM,
            .next_update_s = WORLD_TO,
            .issuer_public_key = which == 0 ? w->ca.platform_public : w->ca.root_public,
            .issuer_key = &w->ca.signing_key,
        };
        world_publish(w);
        cr_assert_eq(assay_soft_crl_make(&crl, der[which], sizeof der[which], &len), ASSAY_OK);
        w->bundle.files.part[which == 0 ? ASSAY_PART_PCK_CRL : ASSAY_PART_ROOT_CRL] =
            assay_slice_over(der[which], len);
        world_build(w);
        expect_only(w, ASSAY_RULE_CRL_SIGNATURE, "with a chain");
        cr_expect_not(assay_collateral_sound(&w->collateral), "list %d", which);
        w->bundle.files.part[ASSAY_PART_PCK_CHAIN] = assay_slice_over(NULL, 0);
        world_build(w);
        expect_only(w, ASSAY_RULE_CRL_SIGNATURE, "without a chain");
    }
    world_close(w);
}

/* Two CAs of one name and one key id: the list that the one's key signed is not the other's. */
Test(quote_authority, a_revocation_list_is_checked_with_the_key_of_the_quotes_own_ca)
{
    struct world *const w = world_open();
    struct assay_soft_ca second = w->ca;
    uint8_t pck[ASSAY_SOFT_CERT_MAX];
    uint32_t len = 0;
    cr_assert_eq(assay_p256_generate(&second.platform_key, second.platform_public), ASSAY_OK);
    uint8_t *const at =
        resign_find(second.platform_der, second.platform_der_len, w->ca.platform_public, 64);
    cr_assert_not_null(at);
    assay_bytes_copy(at, 64, second.platform_public, 64);
    resign(second.platform_der, &second.platform_der_len, sizeof second.platform_der,
           &second.root_key);
    read_pck(w, pck, &len);
    resign(pck, &len, sizeof pck, &second.platform_key);
    const struct assay_soft_ca first = w->ca;
    w->ca = second;
    write_chain(w, pck, len);
    expect_only(w, ASSAY_RULE_CRL_SIGNATURE, "list of the first");
    cr_assert(w->collateral.has_pck_issuer);
    cr_assert_eq(assay_soft_collateral(&second, &w->terms, &w->bundle), ASSAY_OK);
    w->ca = first;
    world_build(w);
    /* The list of the second names the key id of its key, which its certificate does not have. */
    expect_only(w, ASSAY_RULE_CRL_ISSUER, "list of the second");
    assay_soft_ca_wipe(&second);
    world_close(w);
}

/* ------------------------------------------------------------ what a PCK key signs */

/* The node's PCK certificate for a key of our own, which then signs the QE report as it is now. */
static void sign_qe_report(struct world *w)
{
    struct assay_secret32 key;
    uint8_t public[64], pck[ASSAY_SOFT_CERT_MAX], digest[32];
    uint32_t len = 0;
    struct assay_certificate parsed;
    struct assay_p256_signer *signer = NULL;
    cr_assert_eq(assay_p256_generate(&key, public), ASSAY_OK);
    read_pck(w, pck, &len);
    cr_assert_eq(assay_x509_certificate(pck, len, &parsed), ASSAY_OK);
    uint8_t *const at = resign_find(pck, len, parsed.key.bytes, 64);
    cr_assert_not_null(at);
    assay_bytes_copy(at, 64, public, 64);
    resign(pck, &len, sizeof pck, &w->ca.platform_key);
    assay_sha256(w->node.qe_report, sizeof w->node.qe_report, digest);
    cr_assert_eq(assay_p256_signer_load(&key, &signer), ASSAY_OK);
    cr_assert_eq(assay_p256_sign(signer, digest, w->node.qe_signature), ASSAY_OK);
    assay_p256_signer_free(&signer);
    write_chain(w, pck, len);
}

/*
 * evidence-rules.md 2.5: Intel's QVL does not look at the tail; in every genuine quote it is zero.
 */
Test(quote_authority, every_byte_of_the_qe_report_data_binds_the_attestation_key)
{
    enum { QE_REPORT_DATA = 320 };
    struct world *const w = world_open();
    sign_qe_report(w);
    expect_affirming(w);
    for (size_t i = 0; i < 64; i += 7) {
        w->node.qe_report[QE_REPORT_DATA + i] ^= 0x80;
        sign_qe_report(w);
        expect_only(w, ASSAY_RULE_AK_BINDING, "report data");
        cr_expect_not(w->verdict.has_platform, "evidence that proves nothing names nobody");
        w->node.qe_report[QE_REPORT_DATA + i] ^= 0x80;
    }
    w->node.auth_data[ASSAY_SOFT_AUTH_LEN - 1] ^= 1;
    sign_qe_report(w);
    expect_only(w, ASSAY_RULE_AK_BINDING, "authentication data");
    world_close(w);
}

/* Each field of the quoting enclave that the identity names, in a report that is signed. */
Test(quote_authority, the_quoting_enclave_must_be_the_vendors)
{
    static const struct {
        size_t at;
        uint8_t bit;
        bool matters;
    } rows[] = {
        { 16, 0x01, true },   { 19, 0x80, true },  /* MISCSELECT */
        { 48, 0x02, true },   { 48, 0x04, false }, /* ATTRIBUTES: DEBUG; a bit outside the mask */
        { 55, 0x80, true },   { 56, 0x01, false }, /* XFRM is outside the mask */
        { 128, 0x01, true },  { 159, 0x01, true }, /* MRSIGNER */
        { 64, 0x01, false },                       /* MRENCLAVE: every build has another */
        { 256, 0x01, true },  { 257, 0x80, true }, /* ISVPRODID */
        { 259, 0x80, false },                      /* ISVSVN only higher */
    };
    struct world *const w = world_open();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        w->node.qe_report[rows[i].at] ^= rows[i].bit;
        sign_qe_report(w);
        if (rows[i].matters) expect_only(w, ASSAY_RULE_QE_IDENTITY, "quoting enclave");
        else expect_affirming(w);
        w->node.qe_report[rows[i].at] ^= rows[i].bit;
    }
    world_close(w);
}

/* ------------------------------------------------------------ choice among bundles */

/* Two bundles for one family, one with the list of another CA: the order must not matter. */
Test(quote_authority, the_bundle_with_the_list_of_its_own_ca_is_chosen)
{
    struct world *const w = world_open();
    struct assay_collateral *const other = calloc(1, sizeof *other);
    cr_assert_not_null(other);
    struct assay_collateral_files files = w->bundle.files;
    files.part[ASSAY_PART_PCK_CRL] = files.part[ASSAY_PART_ROOT_CRL];
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    cr_assert_eq(assay_collateral_build(&files, &root, other), ASSAY_OK);
    w->endorsements.count = 2;
    w->endorsements.entries[1] = w->endorsements.entries[0];
    for (size_t i = 0; i < 2; i++) {
        w->endorsements.entries[i].collateral = other;
        w->endorsements.entries[1 - i].collateral = &w->collateral;
        expect_affirming(w);
    }
    w->endorsements.entries[0].collateral = other;
    w->endorsements.entries[1].collateral = other;
    expect_only(w, ASSAY_RULE_CRL_ISSUER, "no list of its CA");
    free(other);
    world_close(w);
}

/* evidence-rules.md 1.6: the older of the two documents decides. */
Test(quote_authority, the_least_evaluation_number_is_that_of_either_document)
{
    static const enum assay_collateral_part parts[] = { ASSAY_PART_TCB_INFO,
                                                        ASSAY_PART_QE_IDENTITY };
    struct world *const w = world_open();
    w->terms.evaluation_number = 17;
    w->policy.evaluation_number_min = 17;
    for (size_t i = 0; i < 2; i++) {
        char body[ASSAY_SOFT_JSON_MAX];
        world_publish(w);
        expect_affirming(w);
        world_body(w, parts[i], body, sizeof body);
        text_replace(body, sizeof body, "\"tcbEvaluationDataNumber\":17",
                     "\"tcbEvaluationDataNumber\":16");
        world_sign(w, parts[i], body);
        cr_assert_eq(world_judge(w), ASSAY_OK);
        cr_expect(assay_verdict_has(&w->verdict, ASSAY_RULE_EVALUATION_NUMBER), "document %zu", i);
        cr_expect_eq(w->verdict.tier, ASSAY_TIER_CONTRAINDICATED, "document %zu", i);
    }
    world_close(w);
}

/* --- the memory of a verifier */
/* Puts another key id into a certificate of a vendor and signs it again. */
static void claim_key_id(uint8_t *der, uint32_t *len, const uint8_t from[20], const uint8_t to[20],
                         const struct assay_secret32 *key)
{
    size_t changed = 0;
    for (uint8_t *at = NULL; (at = resign_find(der, *len, from, 20)) != NULL; changed++)
        assay_bytes_copy(at, 20, to, 20); /* of itself and of its issuer, in a root */
    cr_assert_gt(changed, 0);
    resign(der, len, ASSAY_SOFT_CERT_MAX, key);
}

/*
 * A CA that its own root signed, remembered as proven under it, then shown under the pinned root
 * whose name and key id it bears: what is remembered is whose signature it is.
 */
Test(quote_authority, a_ca_of_another_root_stays_one_when_it_is_remembered)
{
    struct world *const w = world_open();
    struct world *const liar = world_open();
    struct assay_certificate genuine, root;
    uint8_t pck[ASSAY_SOFT_CERT_MAX];
    uint32_t len = 0;
    struct assay_soft_ca *const ca = &liar->ca;
    cr_assert_eq(assay_x509_certificate(w->ca.root_der, w->ca.root_der_len, &genuine), ASSAY_OK);
    cr_assert_eq(assay_x509_certificate(ca->root_der, ca->root_der_len, &root), ASSAY_OK);
    cr_assert(genuine.has_subject_key_id && root.has_subject_key_id);
    claim_key_id(ca->platform_der, &ca->platform_der_len, root.subject_key_id,
                 genuine.subject_key_id, &ca->root_key);
    claim_key_id(ca->root_der, &ca->root_der_len, root.subject_key_id, genuine.subject_key_id,
                 &ca->root_key);
    world_move(liar, NULL);

    const size_t size = assay_verifier_size(8);
    void *const memory = aligned_alloc(64, (size + 63) / 64 * 64);
    cr_assert_not_null(memory);
    cr_assert_eq(assay_verifier_init(memory, size, 8, &liar->verifier), ASSAY_OK);
    cr_assert_eq(world_judge(liar), ASSAY_OK);
    cr_assert_eq(liar->verdict.proofs[ASSAY_PROOF_CHAIN_TO_ROOT], ASSAY_PROOF_TRUE);

    read_pck(liar, pck, &len);
    assay_bytes_copy(ca->root_der, sizeof ca->root_der, w->ca.root_der, w->ca.root_der_len);
    ca->root_der_len = w->ca.root_der_len;
    write_chain(liar, pck, len);
    liar->endorsements = w->endorsements;
    cr_assert_eq(world_judge(liar), ASSAY_OK);
    cr_assert_eq(liar->verdict.genuine, ASSAY_GENUINE_FALSE);
    cr_assert(assay_verdict_has(&liar->verdict, ASSAY_RULE_CHAIN_SIGNATURE));
    struct assay_verifier_counts counts;
    assay_verifier_count(liar->verifier, &counts);
    cr_assert_eq(counts.authority_hits, 1); /* the CA was known */
    assay_verifier_deinit(&liar->verifier);
    free(memory);
    world_close(w);
    world_close(liar);
}

/* RFC 5280 5.2.4, 5.2.5: a delta, and a list of one distribution point, are not the whole list;
 * whether somebody marked the extension critical does not change that. */
Test(quote_authority, a_list_that_is_not_the_whole_list_is_none)
{
    static const uint8_t number[] = { 0x55, 0x1d, 0x14 };
    static const uint8_t narrowed[] = { 27, 28 };
    struct world *const w = world_open();
    const struct assay_slice list = w->bundle.files.part[ASSAY_PART_ROOT_CRL];
    struct assay_crl *const crl = calloc(1, sizeof *crl);
    uint8_t *const copy = malloc(list.len);
    cr_assert(crl != NULL && copy != NULL);
    assay_bytes_copy(copy, list.len, list.bytes, list.len);
    uint8_t *const at = resign_find(copy, list.len, number, sizeof number);
    cr_assert_not_null(at);
    cr_assert_eq(assay_x509_crl(copy, list.len, crl), ASSAY_OK);
    for (size_t i = 0; i < sizeof narrowed; i++) {
        at[2] = narrowed[i];
        cr_expect_eq(assay_x509_crl(copy, list.len, crl), ASSAY_E_UNSUPPORTED);
    }
    free(copy);
    free(crl);
    world_close(w);
}
