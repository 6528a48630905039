/*
 * tests/unit/apps/members/test_identity_key.c - tests of the workload key of `assay identity
 * fetch`: its file, and its registration as the enclave program and the ledger verify it.
 */
#include "apps/assay/identity/identity_key.h"

#include "apps/enclave/registrations.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t chain[32] = { 1 }, node[32] = { 2 }, boot[32] = { 3 };

Test(apps_identity_key, a_key_returns_from_its_file)
{
    struct cli_identity_key key, read;
    char pem[CLI_IDENTITY_PEM_MAX];
    cr_assert_eq(cli_identity_key_generate(&key), ASSAY_OK);
    const size_t len = cli_identity_key_encode(&key, pem);
    cr_assert_eq(cli_identity_key_decode(assay_slice_over(pem, len), &read), ASSAY_OK);
    cr_expect_arr_eq(read.secret.bytes, key.secret.bytes, 32);
    cr_expect_arr_eq(read.spki, key.spki, sizeof key.spki);
    for (size_t cut = 0; cut + 1 < len; cut++)
        cr_assert_neq(cli_identity_key_decode(assay_slice_over(pem, cut), &read), ASSAY_OK,
                      "%zu bytes", cut);
}

/* Of openssl genpkey: Ed25519, and P-256 whose public half is another one. */
Test(apps_identity_key, other_keys_are_refused_by_their_kind)
{
    static const char ed25519[] =
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
        "-----END PRIVATE KEY-----\n";
    struct cli_identity_key key, other;
    char pem[CLI_IDENTITY_PEM_MAX];
    cr_expect_eq(cli_identity_key_decode(assay_slice_over(ed25519, sizeof ed25519 - 1), &key),
                 ASSAY_E_TYPE);
    cr_expect_eq(cli_identity_key_decode(assay_slice_over("no key", 6), &key), ASSAY_E_SYNTAX);
    cr_assert_eq(cli_identity_key_generate(&key), ASSAY_OK);
    cr_assert_eq(cli_identity_key_generate(&other), ASSAY_OK);
    assay_bytes_copy(key.spki, sizeof key.spki, other.spki, sizeof other.spki);
    const size_t len = cli_identity_key_encode(&key, pem);
    cr_expect_eq(cli_identity_key_decode(assay_slice_over(pem, len), &other), ASSAY_E_KEY);
}

static void decode_entry(const struct assay_registration_statement *r, uint8_t *list,
                         struct assay_declared_keys *keys)
{
    list[0] = 0x81;
    assay_bytes_copy(list + 1, ASSAY_DECLARED_KEY_LEN_MAX, r->entry, r->entry_len);
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(list, 1 + r->entry_len), keys),
                 ASSAY_OK);
}

Test(apps_identity_key, the_ledger_and_the_enclave_verify_its_registration)
{
    struct cli_identity_key key;
    struct assay_registration_statement r;
    struct assay_declared_keys keys;
    uint8_t list[1 + ASSAY_DECLARED_KEY_LEN_MAX], challenge[32];
    cr_assert_eq(cli_identity_key_generate(&key), ASSAY_OK);
    cr_assert_eq(cli_identity_key_register(&key, "api", NULL, chain, node, boot, &r), ASSAY_OK);
    decode_entry(&r, list, &keys);
    struct assay_declared_key *entry = &keys.keys[0];
    cr_expect_eq(entry->purpose, ASSAY_PURPOSE_TLS);
    cr_expect(assay_slice_equal(entry->name, assay_slice_over("api", 3)));
    cr_expect(assay_slice_equal(entry->spki, assay_slice_over(key.spki, sizeof key.spki)));
    cr_expect_eq(assay_declared_key_verify(chain, node, entry), ASSAY_OK);
    registrations_challenge(chain, boot, challenge);
    entry->proof = assay_slice_over(r.proof, r.proof_len);
    cr_expect_eq(assay_declared_key_verify(challenge, node, entry), ASSAY_OK);
    cr_expect_neq(assay_declared_key_verify(chain, node, entry), ASSAY_OK, "none for a ledger");
}

Test(apps_identity_key, a_key_for_tokens_is_registered_for_its_audience)
{
    struct cli_identity_key key;
    struct assay_registration_statement r;
    struct assay_declared_keys keys;
    uint8_t list[1 + ASSAY_DECLARED_KEY_LEN_MAX];
    cr_assert_eq(cli_identity_key_generate(&key), ASSAY_OK);
    cr_assert_eq(
        cli_identity_key_register(&key, "jobs", "https://api.example", chain, node, boot, &r),
        ASSAY_OK);
    decode_entry(&r, list, &keys);
    cr_expect_eq(keys.keys[0].purpose, ASSAY_PURPOSE_TOKEN);
    cr_assert_eq(keys.keys[0].audience_count, 1);
    cr_expect(
        assay_slice_equal(keys.keys[0].audiences[0], assay_slice_over("https://api.example", 19)));
    cr_expect_eq(assay_declared_key_verify(chain, node, &keys.keys[0]), ASSAY_OK);
}
