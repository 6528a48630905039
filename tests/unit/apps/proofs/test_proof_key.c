/*
 * tests/unit/apps/proofs/test_proof_key.c - tests of `assay proof verify --key`: which file has the
 * key of a peer, and whether a proven member has it.
 */
#include "apps/assay/proofs/proof.h"
#include "base/base64.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/engine/ledger/workload_keys_bench.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of openssl req -x509, with SHA-256 of the SubjectPublicKeyInfo by openssl pkey. */
static const char peer_pem[] = "-----BEGIN CERTIFICATE-----\n"
                               "MIIBcjCCARmgAwIBAgIUVGXTc2hFgS1GtIszwc3Q1nhi1EYwCgYIKoZIzj0EAwIw\n"
                               "DzENMAsGA1UEAwwEcGVlcjAeFw0yNjExMjgyMDE0NDhaFw0yNjExMjkyMDE0NDha\n"
                               "MA8xDTALBgNVBAMMBHBlZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASAQTOo\n"
                               "XiLl1dZWZfOeuHRA5cdBa8ao3y07ONSLgs8Er/CqQoTIncaNpyu0E7rDHO8EyB2/\n"
                               "wJH0oj1la7Fo4runo1MwUTAdBgNVHQ4EFgQUaiYnwdFuE72bUS6i0d7EX9tn500w\n"
                               "HwYDVR0jBBgwFoAUaiYnwdFuE72bUS6i0d7EX9tn500wDwYDVR0TAQH/BAUwAwEB\n"
                               "/zAKBggqhkjOPQQDAgNHADBEAiBBtgLiVb+MBXFdIWfiZ8AHYfxNtoA7ynLW1vHf\n"
                               "puysWwIgYGlhAsUk2b0KImGeMevYN6eNKw3GLAiU4OACTCtHY0o=\n"
                               "-----END CERTIFICATE-----\n";
static const char peer_sha256[] =
    "39ce7cc25f1855036e1545343f15125d978d5cf8948c45d71ab11e231a9afaa1";
static const char ca_pem[] = "-----BEGIN CERTIFICATE-----\n"
                             "MIIBbjCCARWgAwIBAgIUSFfnba5AjufSdpcXuyl8+qDxKCQwCgYIKoZIzj0EAwIw\n"
                             "DTELMAkGA1UEAwwCY2EwHhcNMjYxMTI4MjAxNDQ4WhcNMjYxMTI5MjAxNDQ4WjAN\n"
                             "MQswCQYDVQQDDAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLuTyCMxKXup\n"
                             "OB5Lp/Jm9eIMywwEZUJ/ptyC+gWwKfmhX75aZzvhQEqFYcMtxXfmhNkLwuYYPKsS\n"
                             "NLpIEkaP4LOjUzBRMB0GA1UdDgQWBBQICsYNYuwKvcAKwjwAhhaYCm2ffjAfBgNV\n"
                             "HSMEGDAWgBQICsYNYuwKvcAKwjwAhhaYCm2ffjAPBgNVHRMBAf8EBTADAQH/MAoG\n"
                             "CCqGSM49BAMCA0cAMEQCIDzkcVY/z20KuVnwAsasGWr7B8tPWqXEWObHG+xQisc+\n"
                             "AiAqGVyF5dG4oBu7Brru8IcGMKIeEHZFBhkV3IJEo8dgjg==\n"
                             "-----END CERTIFICATE-----\n";
static const char ca_sha256[] = "7056b2d895e1bdfd7c48692d317343e9b8dcea433d2e9360cd01e1b4c1f30dde";

static struct folder folder;
static struct cli_proof_peer peer;

static void open_folder(void)
{
    folder = folder_make();
}

static void remove_folder(void)
{
    folder_remove(&folder);
}

TestSuite(apps_proof_key, .init = open_folder, .fini = remove_folder);

static enum assay_status read_bytes(const void *bytes, size_t len)
{
    return cli_proof_peer_read(folder_put(&folder, "peer", bytes, len, 0600), &peer);
}

static void expect_key(const char *text, const char *sha256, const char *what)
{
    char found[65];
    cr_assert_eq(read_bytes(text, strlen(text)), ASSAY_OK, "%s", what);
    assay_hex_encode(peer.spki_sha256, 32, found, sizeof found);
    cr_expect_str_eq(found, sha256, "%s", what);
}

/* RFC 8446 4.4.2: the first certificate is that of the peer. */
Test(apps_proof_key, the_first_certificate_is_that_of_the_peer)
{
    char text[4096];
    expect_key(peer_pem, peer_sha256, "one");
    (void)snprintf(text, sizeof text, "%s%s", peer_pem, ca_pem);
    expect_key(text, peer_sha256, "a chain");
    (void)snprintf(text, sizeof text, "%s%s", ca_pem, peer_pem);
    expect_key(text, ca_sha256, "another first");
    (void)snprintf(text, sizeof text, "CONNECTED(3)\n---\n%s---\nnoise\n", peer_pem);
    expect_key(text, peer_sha256, "the output of a client");
}

/* A public key in DER: all of it, without a byte less or more. */
static void expect_public_key(struct assay_slice spki)
{
    uint8_t longer[1024] = { 0 };
    char found[65];
    cr_assert_eq(read_bytes(spki.bytes, spki.len), ASSAY_OK);
    assay_hex_encode(peer.spki_sha256, 32, found, sizeof found);
    cr_expect_str_eq(found, peer_sha256);
    cr_expect_eq(peer.spki.len, spki.len);
    for (size_t i = 0; i < spki.len; i++)
        cr_expect_neq(read_bytes(spki.bytes, i), ASSAY_OK, "cut at %zu", i);
    assay_bytes_copy(longer, sizeof longer, spki.bytes, spki.len);
    cr_expect_eq(read_bytes(longer, spki.len + 1), ASSAY_E_TRAILING);
    longer[1]++; /* the additional byte is in the SEQUENCE */
    cr_expect_neq(read_bytes(longer, spki.len + 1), ASSAY_OK);
}

Test(apps_proof_key, a_public_key_and_der_are_read_as_well)
{
    uint8_t text[1024] = { 0 };
    size_t len = 0, der_len = 0;
    struct assay_slice rest = assay_slice_over(peer_pem, strlen(peer_pem)), label;
    uint8_t der[ASSAY_CERT_DER_MAX];
    cr_assert_eq(assay_pem_next(&rest, &label, der, sizeof der, &der_len), ASSAY_OK);
    cr_assert_eq(read_bytes(der, der_len), ASSAY_OK);
    cr_assert_eq(
        assay_pem_put("PUBLIC KEY", peer.spki.bytes, peer.spki.len, text, sizeof text, &len),
        ASSAY_OK);
    expect_key((const char *)text, peer_sha256, "a public key");
    len = peer.spki.len;
    assay_bytes_copy(text, sizeof text, peer.spki.bytes, len);
    expect_public_key(assay_slice_over(text, len));
    cr_expect_neq(read_bytes(der, der_len - 1), ASSAY_OK, "cut");
    for (size_t i = 0; i + 1 < strlen(peer_pem); i += 3)
        cr_expect_neq(read_bytes(peer_pem, i), ASSAY_OK, "cut at %zu", i);
}

Test(apps_proof_key, another_file_is_refused)
{
    static const char private_key[] =
        "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n";
    static uint8_t long_der[ASSAY_CERT_DER_MAX + 1] = { 0x30 };
    static const char no_key[] = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
    cr_expect_eq(read_bytes(private_key, sizeof private_key - 1), ASSAY_E_TYPE);
    cr_expect_neq(read_bytes(no_key, sizeof no_key - 1), ASSAY_OK);
    cr_expect_eq(read_bytes("", 0), ASSAY_E_SYNTAX);
    cr_expect_eq(read_bytes("key", 3), ASSAY_E_SYNTAX);
    cr_expect_eq(read_bytes(long_der, sizeof long_der), ASSAY_E_RANGE);
    cr_expect_eq(read_bytes(long_der, sizeof long_der - 1), ASSAY_E_TRAILING);
    cr_expect_eq(cli_proof_peer_read(folder_at(&folder, "missing"), &peer), ASSAY_E_NOT_FOUND);
}

/* A member with one certified list, which has the key. */
static void prove_list(struct assay_proven_state *proven, const struct workload_entry *entry,
                       uint8_t list[static ASSAY_DECLARED_KEYS_LEN_MAX])
{
    struct assay_writer w = assay_writer_over(list, ASSAY_DECLARED_KEYS_LEN_MAX);
    struct assay_declared_keys keys;
    uint8_t root[32];
    const struct assay_declaration_close close = { .epoch = 10,
                                                   .certified_pass = true,
                                                   .bound = true };
    cr_assert_eq(assay_declared_keys_encode(&entry->key, 1, &w), ASSAY_OK);
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(list, w.len), &keys), ASSAY_OK);
    assay_declared_keys_root(&keys, root);
    proven->next.epoch = proven->member.pass_epoch = 10;
    assay_declaration_set(&proven->member.declaration, 5, root);
    assay_declaration_on_close(&proven->member.declaration, &close);
    peer.proof.list = assay_slice_over(list, w.len);
}

Test(apps_proof_key, a_key_counts_of_a_member_at_warning_or_better)
{
    static const uint8_t chain[32], node[32];
    static struct assay_proven_state proven;
    uint8_t list[ASSAY_DECLARED_KEYS_LEN_MAX];
    struct workload_entry entry;
    workload_entry_make(&entry, WORKLOAD_P256, ASSAY_PURPOSE_TLS, "api", NULL, chain, node);
    cr_assert_eq(read_bytes(peer_pem, sizeof peer_pem - 1), ASSAY_OK);
    prove_list(&proven, &entry, list);
    cr_expect_eq(cli_proof_peer_check(&peer, &proven), ASSAY_KEY_NOT_LISTED);
    peer.spki = entry.key.spki;
    cr_expect_eq(cli_proof_peer_check(&peer, &proven), ASSAY_KEY_ACTIVE);
    proven.member.trust.score.standing = ASSAY_STANDING_WARNING;
    cr_expect_eq(cli_proof_peer_check(&peer, &proven), ASSAY_KEY_ACTIVE);
    proven.member.trust.score.standing = ASSAY_STANDING_RESTRICTED;
    cr_expect_eq(cli_proof_peer_check(&peer, &proven), ASSAY_KEY_LOW_STANDING);
}
