/*
 * tests/unit/apps/proofs/test_audited.c - tests of what an audit reads of a certificate or token:
 * what it names of the ledger, who signed it, and what differs from the text of the ledger
 * (docs/identity.md 12.6).
 */
#include "apps/assay/identity/authority_certificate.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/services/identity/group.h"
#include "tests/unit/services/identity/products.h"

#include "apps/assay/core/command.h"
#include "base/base64.h"
#include "base/crypto.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SPKI_LEN = 44 };

static const uint8_t spki[SPKI_LEN] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65,
                                        0x70, 0x03, 0x21, 0x00, 1,    2,    3,    4 };
static struct folder folder;
static struct products p;
static struct group *group, *other;
static struct cli_audited audited;

static void set_up(void)
{
    folder = folder_make();
    group = group_new(4, 3);
    other = group_new(4, 3);
    products_plain(&p, group->key, assay_slice_over(spki, sizeof spki));
}

static void tear_down(void)
{
    cli_audited_free(&audited);
    group_free(group);
    group_free(other);
    folder_remove(&folder);
}

TestSuite(audited, .init = set_up, .fini = tear_down);

static struct assay_slice leaf_text(uint8_t *bytes)
{
    struct assay_slice tbs;
    p.entry.purpose = ASSAY_CREDENTIAL_PURPOSE_TLS;
    cr_assert_eq(assay_credential_leaf_tbs(&p.ca[0], &p.state, &p.entry, bytes,
                                           ASSAY_CREDENTIAL_TBS_MAX, &tbs),
                 ASSAY_OK);
    return tbs;
}

static const char *put_leaf(struct assay_slice tbs, bool is_pem)
{
    uint8_t signature[64], der[ASSAY_CREDENTIAL_CERTIFICATE_MAX], text[8192];
    struct assay_slice out;
    size_t len = 0;
    struct signing *s = group_choose(group, 1);
    cr_assert_eq(group_sign(group, s, tbs, signature), ASSAY_OK);
    group_signing_free(s);
    cr_assert_eq(assay_credential_certificate(tbs, signature, der, sizeof der, &out), ASSAY_OK);
    if (!is_pem) return folder_put(&folder, "cert.der", out.bytes, out.len, 0644);
    cr_assert_eq(assay_pem_put("CERTIFICATE", out.bytes, out.len, text, sizeof text, &len),
                 ASSAY_OK);
    return folder_put(&folder, "cert.pem", text, len, 0644);
}

static void expect_entry(const struct assay_slice text)
{
    uint8_t digest[32];
    assay_sha256(text.bytes, text.len, digest);
    cr_expect_arr_eq(audited.entry.tbs, digest, 32);
    cr_expect_eq(audited.entry.era, p.state.era);
    cr_expect_eq(audited.entry.epoch, p.state.epoch);
    cr_expect_arr_eq(audited.entry.block_id, p.state.block_id, 32);
    cr_expect_arr_eq(audited.entry.subject, p.state.node_id, 32);
    cr_expect_arr_eq(audited.entry.entry, p.entry.digest, 32);
}

Test(audited, a_certificate_names_epoch_member_and_entry_and_its_signer_is_verified)
{
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX];
    const struct assay_slice tbs = leaf_text(bytes);
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(cli_audited_read("test", put_leaf(tbs, i == 0), &audited), ASSAY_EXIT_OK);
        cr_expect_not(audited.is_token);
        expect_entry(tbs);
        cr_expect_eq(audited.entry.ca_number, p.ca[0].number);
        cr_expect_str_eq(audited.spiffe_id, "spiffe://mesh.example/svc/api");
        cr_expect(cli_audited_is_signed(&audited, &p.ca[0]));
        struct assay_credential_ca foreign = p.ca[0];
        assay_bytes_copy(foreign.public_key, 32, other->key, 32);
        cr_expect_not(cli_audited_is_signed(&audited, &foreign));
        audited.signature[63] ^= 1;
        cr_expect_not(cli_audited_is_signed(&audited, &p.ca[0]));
        audited.signature[63] ^= 1;
        audited.is_token = true; /* no signature of one use is one of the other */
        cr_expect_not(cli_audited_is_signed(&audited, &p.ca[0]));
        cli_audited_free(&audited);
    }
}

/* Returns: "validity,subjectAltName,": what differs, freed by the caller */
static const char *differing(struct assay_slice derived)
{
    static char names[512];
    struct assay_json *list = assay_json_array();
    names[0] = '\0';
    cli_audited_compare(&audited, derived, list);
    for (size_t i = 0; i < assay_json_count(list); i++) {
        const size_t at = strlen(names);
        (void)snprintf(names + at, sizeof names - at, "%s,",
                       assay_json_as_text(assay_json_at(list, i)));
    }
    assay_json_free(&list);
    return names;
}

Test(audited, what_differs_from_the_text_of_the_ledger_is_named)
{
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX], derived[ASSAY_CREDENTIAL_TBS_MAX];
    const struct assay_slice tbs = leaf_text(bytes);
    cr_assert_eq(cli_audited_read("test", put_leaf(tbs, false), &audited), ASSAY_EXIT_OK);
    cr_expect_str_eq(differing(tbs), "");
    p.ca[0].validity_s += 60;
    cr_expect_str_eq(differing(leaf_text(derived)), "validity,");
    p.ca[0].validity_s -= 60;
    p.state.score_bp -= 1;
    cr_expect_str_eq(differing(leaf_text(derived)), "standing,");
    p.state.score_bp += 1;
    p.entry.granted = false;
    cr_expect_str_eq(differing(leaf_text(derived)), "subject,subjectAltName,");
    p.entry.granted = true;
    assay_bytes_copy(p.ca[0].public_key, 32, other->key, 32);
    cr_expect_str_eq(differing(leaf_text(derived)), "authorityKeyIdentifier,");
    assay_bytes_copy(p.ca[0].public_key, 32, group->key, 32);
    static uint8_t changed[SPKI_LEN];
    assay_bytes_copy(changed, sizeof changed, spki, sizeof spki);
    changed[SPKI_LEN - 1] ^= 1;
    p.entry.spki = assay_slice_over(changed, sizeof changed);
    const char *const keys = differing(leaf_text(derived));
    cr_expect_not_null(strstr(keys, "subjectPublicKeyInfo,"), "%s", keys);
}

static const char *put_token(struct assay_slice input)
{
    uint8_t signature[64], text[ASSAY_CREDENTIAL_JWS_MAX], key[32];
    struct assay_secret32 offset;
    struct assay_slice out;
    cr_assert_eq(assay_credential_token_key(&p.ca[0], &offset, key), ASSAY_OK);
    assay_bytes_zero(signature, sizeof signature);
    cr_assert_eq(assay_credential_jws(input, signature, text, sizeof text, &out), ASSAY_OK);
    return folder_put(&folder, "token", out.bytes, out.len, 0600);
}

Test(audited, a_token_names_them_too)
{
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX], derived[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice input, expected;
    p.entry.purpose = ASSAY_CREDENTIAL_PURPOSE_TOKEN;
    p.entry.audience_count = 1;
    p.entry.audience[0] = assay_slice_over("vault", 5);
    cr_assert_eq(
        assay_credential_token(&p.ca[0], &p.state, &p.entry, 0, bytes, sizeof bytes, &input),
        ASSAY_OK);
    cr_assert_eq(cli_audited_read("test", put_token(input), &audited), ASSAY_EXIT_OK);
    cr_expect(audited.is_token);
    expect_entry(input);
    cr_expect_str_eq(audited.spiffe_id, "spiffe://mesh.example/svc/api");
    cr_expect_not(cli_audited_is_signed(&audited, &p.ca[0]), "zeros are no signature");
    cr_expect_str_eq(differing(input), "");
    p.ca[0].validity_s += 60;
    p.entry.audience[0] = assay_slice_over("other", 5);
    cr_assert_eq(
        assay_credential_token(&p.ca[0], &p.state, &p.entry, 0, derived, sizeof derived, &expected),
        ASSAY_OK);
    cr_expect_str_eq(differing(expected), "aud,exp,");
}

Test(audited, what_no_network_signs_is_refused)
{
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX];
    static const char *const wrong[] = { "", "x", "a.b.c", "-----BEGIN CERTIFICATE-----\n",
                                         "eyJ9.eyJ9.eyJ9" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *const path = folder_put(&folder, "wrong", wrong[i], strlen(wrong[i]), 0644);
        cr_expect_eq(cli_audited_read("test", path, &audited), ASSAY_EXIT_MALFORMED, "%s",
                     wrong[i]);
        cli_audited_free(&audited);
    }
    cr_expect_eq(cli_audited_read("test", folder_at(&folder, "absent"), &audited),
                 ASSAY_EXIT_NOT_FOUND);
    const char *const path = put_leaf(leaf_text(bytes), false);
    uint8_t *whole = NULL;
    size_t len = 0;
    cr_assert_eq(assay_file_read(path, 8192, &whole, &len), ASSAY_OK);
    for (size_t i = 0; i < len; i += 7) {
        const char *const cut = folder_put(&folder, "cut", whole, i, 0644);
        cr_expect_eq(cli_audited_read("test", cut, &audited), ASSAY_EXIT_MALFORMED, "%zu", i);
        cli_audited_free(&audited);
    }
    free(whole);
}
