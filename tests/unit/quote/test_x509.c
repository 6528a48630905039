/*
 * tests/unit/quote/test_x509.c - tests of certificates and revocation lists: accepted and rejected
 * ones.
 */
#include "tests/unit/quote/world.h"

#include "base/base64.h"
#include "quote/certificates/chain.h"
#include "quote/certificates/crl.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum assay_status read_exact(const uint8_t *der, size_t len, struct assay_certificate *out)
{
    uint8_t *const exact = malloc(len == 0 ? 1 : len);
    cr_assert_not_null(exact);
    if (len > 0) assay_bytes_copy(exact, len, der, len);
    const enum assay_status status = assay_x509_certificate(exact, len, out);
    free(exact);
    return status;
}

Test(quote_x509, reads_what_the_maker_wrote)
{
    struct world *const w = world_open();
    struct assay_certificate chain[3];
    size_t count = 0;
    cr_assert_eq(assay_x509_pem_chain(w->node.chain, w->node.chain_len, chain, 3, &count),
                 ASSAY_OK);
    cr_assert_eq(count, 3);
    const struct assay_certificate *const pck = &chain[0];
    cr_assert(pck->has_pck && !pck->is_ca && pck->has_basic_constraints);
    cr_assert_eq(pck->key_usage, ASSAY_KEY_USAGE_DIGITAL_SIGNATURE);
    cr_assert_arr_eq(pck->pck.ppid, w->node.ppid, 16);
    cr_assert_arr_eq(pck->pck.fmspc, w->ca.fmspc, 6);
    cr_assert_arr_eq(pck->serial, w->node.pck_serial, ASSAY_SERIAL_LEN);
    cr_assert_eq(pck->not_before_s, WORLD_FROM);
    cr_assert_eq(pck->not_after_s, WORLD_TO);
    cr_assert_str_eq(pck->issuer_name, "SOFT PCK Platform CA alpha");
    cr_assert_str_eq(pck->subject_name, "SOFT PCK Certificate alpha");
    cr_assert(chain[1].is_ca && chain[1].has_path_len && chain[1].path_len == 0);
    cr_assert(chain[2].is_ca && chain[2].path_len == 1);
    cr_assert_arr_eq(chain[2].key.bytes, w->ca.root_public, 64);
    cr_assert(assay_chain_names(&chain[1], &chain[0]) && assay_chain_names(&chain[2], &chain[1]));
    cr_assert_not(assay_chain_names(&chain[2], &chain[0]));
    cr_assert_eq(assay_chain_signed(&chain[1].key, pck->tbs_digest, &pck->signature), ASSAY_OK);
    cr_assert_eq(assay_chain_signed(&chain[2].key, pck->tbs_digest, &pck->signature),
                 ASSAY_E_SIGNATURE);
    world_close(w);
}

Test(quote_x509, rejects_every_truncation_and_one_byte_too_many)
{
    struct world *const w = world_open();
    struct assay_certificate c;
    uint8_t longer[ASSAY_SOFT_CERT_MAX + 1] = { 0 };
    const uint32_t len = w->ca.platform_der_len;
    cr_assert_eq(read_exact(w->ca.platform_der, len, &c), ASSAY_OK);
    for (uint32_t cut = 0; cut < len; cut++)
        cr_assert_eq(read_exact(w->ca.platform_der, cut, &c), ASSAY_E_SYNTAX, "%u", cut);
    assay_bytes_copy(longer, sizeof longer, w->ca.platform_der, len);
    cr_assert_eq(read_exact(longer, len + 1, &c), ASSAY_E_TRAILING);
    world_close(w);
}

/* A flipped bit of a certificate is refused by the reader or changes what is verified. */
Test(quote_x509, notices_every_flipped_bit_of_a_certificate)
{
    struct world *const w = world_open();
    struct assay_certificate c;
    uint8_t *const der = w->ca.platform_der;
    const uint32_t len = w->ca.platform_der_len;
    const struct assay_key root = assay_key_p256(w->ca.root_public);
    for (uint32_t at = 0; at < len; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            der[at] ^= (uint8_t)(1u << bit);
            if (read_exact(der, len, &c) == ASSAY_OK)
                cr_assert_neq(assay_chain_signed(&root, c.tbs_digest, &c.signature), ASSAY_OK,
                              "bit %u of byte %u", bit, at);
            der[at] ^= (uint8_t)(1u << bit);
        }
    world_close(w);
}

Test(quote_x509, bounds_chains_of_pem)
{
    struct world *const w = world_open();
    struct assay_certificate chain[ASSAY_CHAIN_MAX];
    uint8_t *const text = calloc(1, ASSAY_PEM_MAX + 2);
    size_t len = 0;
    size_t count = 0;
    cr_assert_not_null(text);
    cr_assert_eq(assay_x509_pem_chain(text, 0, chain, 1, &count), ASSAY_E_SYNTAX);
    for (int i = 0; i < ASSAY_CHAIN_MAX; i++)
        cr_assert_eq(assay_pem_put("CERTIFICATE", w->ca.root_der, w->ca.root_der_len, text,
                                   ASSAY_PEM_MAX, &len),
                     ASSAY_OK);
    cr_assert_eq(assay_x509_pem_chain(text, len, chain, ASSAY_CHAIN_MAX, &count), ASSAY_OK);
    cr_assert_eq(count, ASSAY_CHAIN_MAX);
    cr_assert_eq(assay_x509_pem_chain(text, len, chain, ASSAY_CHAIN_MAX - 1, &count), ASSAY_E_FULL);
    /* NUL bytes at the end are common, anything else is not. */
    cr_assert_eq(assay_x509_pem_chain(text, len + 5, chain, ASSAY_CHAIN_MAX, &count), ASSAY_OK);
    text[len / ASSAY_CHAIN_MAX] = 'x'; /* after the first */
    cr_assert_eq(assay_x509_pem_chain(text, len, chain, ASSAY_CHAIN_MAX, &count), ASSAY_E_SYNTAX);
    text[len] = '\n';
    cr_assert_eq(assay_x509_pem_chain(text, ASSAY_PEM_MAX + 1, chain, ASSAY_CHAIN_MAX, &count),
                 ASSAY_E_RANGE);
    free(text);
    world_close(w);
}

Test(quote_x509, reads_pem_with_carriage_returns_and_refuses_loose_padding)
{
    struct world *const w = world_open();
    uint8_t text[4096];
    uint8_t dos[8192];
    size_t len = 0;
    size_t dos_len = 0;
    size_t count = 0;
    struct assay_certificate c;
    cr_assert_eq(
        assay_pem_put("CERTIFICATE", w->ca.root_der, w->ca.root_der_len, text, sizeof text, &len),
        ASSAY_OK);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\n') dos[dos_len++] = '\r';
        dos[dos_len++] = text[i];
    }
    cr_assert_eq(assay_x509_pem_chain(dos, dos_len, &c, 1, &count), ASSAY_OK);
    /* Serial numbers have a fixed length here, so some root ends in padding sooner or later. */
    for (size_t at = 0; at + 1 < len; at++) {
        if (text[at + 1] != '=' || text[at] == '=') continue;
        text[at] = (uint8_t)(text[at] + 1); /* one of the bits that nothing reads */
        cr_assert_eq(assay_x509_pem_chain(text, len, &c, 1, &count), ASSAY_E_SYNTAX);
    }
    world_close(w);
}

Test(quote_x509, finds_the_root_key_of_pem_and_der)
{
    struct world *const w = world_open();
    struct assay_key key;
    cr_assert_eq(assay_x509_root(w->node.chain, w->node.chain_len, &key), ASSAY_OK);
    cr_assert_arr_eq(key.bytes, w->ca.root_public, 64);
    cr_assert_eq(assay_x509_root(w->ca.root_der, w->ca.root_der_len, &key), ASSAY_OK);
    cr_assert_eq(assay_x509_root(w->ca.platform_der, w->ca.platform_der_len, &key),
                 ASSAY_E_NOT_FOUND);
    cr_assert_eq(assay_x509_root((const uint8_t *)"nonsense", 8, &key), ASSAY_E_SYNTAX);
    world_close(w);
}

/* --- what a certificate may be used for */
Test(quote_x509, tells_authorities_from_signers)
{
    struct assay_certificate ca = { .has_basic_constraints = true,
                                    .is_ca = true,
                                    .has_key_usage = true,
                                    .key_usage = ASSAY_KEY_USAGE_CERT_SIGN };
    struct assay_certificate signer = { .has_key_usage = true,
                                        .key_usage = ASSAY_KEY_USAGE_DIGITAL_SIGNATURE };
    cr_assert(assay_chain_is_ca(&ca, 3) && !assay_chain_is_signer(&ca));
    cr_assert(assay_chain_is_signer(&signer) && !assay_chain_is_ca(&signer, 0));
    ca.has_path_len = true;
    ca.path_len = 1;
    cr_assert(assay_chain_is_ca(&ca, 1) && !assay_chain_is_ca(&ca, 2));
    ca.key_usage = ASSAY_KEY_USAGE_CRL_SIGN;
    cr_assert_not(assay_chain_is_ca(&ca, 0));
    ca.key_usage |= ASSAY_KEY_USAGE_CERT_SIGN;
    ca.has_unknown_critical = true;
    signer.has_unknown_critical = true;
    cr_assert(!assay_chain_is_ca(&ca, 0) && !assay_chain_is_signer(&signer));
    signer.has_unknown_critical = false;
    signer.has_key_usage = false;
    cr_assert_not(assay_chain_is_signer(&signer));
}

Test(quote_x509, orders_a_chain_by_names_in_any_order_and_takes_three_only)
{
    static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
                                      { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
    struct world *const w = world_open();
    struct assay_certificate read[3], mixed[4];
    struct assay_chain chain;
    size_t count = 0;
    cr_assert_eq(assay_x509_pem_chain(w->node.chain, w->node.chain_len, read, 3, &count), ASSAY_OK);
    for (size_t i = 0; i < 6; i++) {
        for (size_t k = 0; k < 3; k++)
            mixed[k] = read[orders[i][k]];
        cr_assert_eq(assay_chain_order(mixed, 3, &chain), ASSAY_OK, "order %zu", i);
        cr_assert(chain.pck.has_pck && chain.ca.is_ca);
        cr_assert_arr_eq(chain.root.key.bytes, w->ca.root_public, 64);
    }
    mixed[3] = mixed[0];
    cr_assert_eq(assay_chain_order(mixed, 2, &chain), ASSAY_E_INVALID);
    cr_assert_eq(assay_chain_order(mixed, 4, &chain), ASSAY_E_INVALID);
    mixed[0] = mixed[1] = mixed[2];
    cr_assert_eq(assay_chain_order(mixed, 3, &chain), ASSAY_E_INVALID);
    world_close(w);
}

/* --- revocation lists */
Test(quote_x509, reads_a_list_and_rejects_every_truncation_of_it)
{
    struct world *const w = world_open();
    struct assay_crl *const crl = calloc(1, sizeof *crl);
    cr_assert_not_null(crl);
    w->terms.revoked_count = 3;
    for (uint8_t i = 0; i < 3; i++)
        w->terms.revoked[i][ASSAY_SERIAL_LEN - 1] = (uint8_t)(9 - i);
    world_publish(w);
    const struct assay_slice der = w->bundle.files.part[ASSAY_PART_PCK_CRL];
    cr_assert_eq(assay_x509_crl(der.bytes, der.len, crl), ASSAY_OK);
    cr_assert_eq(crl->revoked_count, 3);
    cr_assert_eq(crl->revoked[0][ASSAY_SERIAL_LEN - 1], 7); /* sorted */
    cr_assert(crl->has_number && crl->has_authority_key_id);
    cr_assert_eq(crl->this_update_s, WORLD_FROM);
    cr_assert_eq(crl->next_update_s, WORLD_TO);
    for (size_t cut = 0; cut < der.len; cut++) {
        uint8_t *const exact = malloc(cut == 0 ? 1 : cut);
        cr_assert_not_null(exact);
        if (cut > 0) assay_bytes_copy(exact, cut, der.bytes, cut);
        cr_assert_eq(assay_x509_crl(exact, cut, crl), ASSAY_E_SYNTAX, "%zu", cut);
        free(exact);
    }
    free(crl);
    world_close(w);
}

Test(quote_x509, searches_lists_of_every_small_length)
{
    struct assay_crl *const crl = calloc(1, sizeof *crl);
    cr_assert_not_null(crl);
    for (uint32_t count = 0; count <= 20; count++) {
        crl->revoked_count = count;
        for (uint32_t i = 0; i < count; i++)
            crl->revoked[i][19] = (uint8_t)(2 * i + 1);
        for (uint32_t value = 0; value <= 2 * count + 1; value++) {
            uint8_t serial[ASSAY_SERIAL_LEN] = { 0 };
            serial[19] = (uint8_t)value;
            cr_assert_eq(assay_crl_contains(crl, serial), value % 2 == 1 && value < 2 * count,
                         "%u of %u", value, count);
        }
    }
    free(crl);
}

Test(quote_x509, takes_a_list_only_from_an_authority_that_may_sign_lists)
{
    struct world *const w = world_open();
    struct assay_certificate ca;
    const struct assay_crl *const crl = &w->collateral.pck_crl;
    cr_assert_eq(assay_x509_certificate(w->ca.platform_der, w->ca.platform_der_len, &ca), ASSAY_OK);
    cr_assert(assay_crl_issued_by(crl, &ca));
    ca.key_usage = ASSAY_KEY_USAGE_CERT_SIGN;
    cr_assert_not(assay_crl_issued_by(crl, &ca));
    ca.key_usage |= ASSAY_KEY_USAGE_CRL_SIGN;
    ca.subject_key_id[0] ^= 1;
    cr_assert_not(assay_crl_issued_by(crl, &ca));
    ca.subject_key_id[0] ^= 1;
    ca.subject.der[ca.subject.len - 1] ^= 1;
    cr_assert_not(assay_crl_issued_by(crl, &ca));
    world_close(w);
}

/*
 * DER INTEGERs above 127 have a leading zero: 255 occurs in genuine certificates (evidence-rules.md
 * 2.7).
 */
Test(quote_x509, reads_components_of_every_value)
{
    struct world *const w = world_open();
    struct assay_soft_platform platform;
    struct assay_certificate chain[3];
    size_t count = 0;
    for (unsigned start = 0; start < 256; start += 16) {
        assay_soft_platform_default(&platform);
        for (unsigned i = 0; i < 16; i++)
            platform.components[i] = (uint8_t)(start + i);
        platform.pcesvn = (uint16_t)(start * 256 + 255);
        world_move(w, &platform);
        cr_assert_eq(assay_x509_pem_chain(w->node.chain, w->node.chain_len, chain, 3, &count),
                     ASSAY_OK);
        cr_assert_arr_eq(chain[0].pck.components, platform.components, 16);
        cr_assert_eq(chain[0].pck.pcesvn, platform.pcesvn);
    }
    world_close(w);
}
