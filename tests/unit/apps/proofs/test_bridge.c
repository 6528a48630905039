/*
 * tests/unit/apps/proofs/test_bridge.c - tests of what a bridge signs: names, key and lifetime are
 * never beyond those of the source (docs/identity.md 13).
 */
#include "apps/assay/bridge/bridge_folder.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/services/identity/group.h"
#include "tests/unit/services/identity/products.h"

#include "base/base64.h"
#include "base/file/file.h"
#include "net/json/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { AT_S = 1795855000 }; /* the end of the epoch that products_plain names */

struct source {
    struct products p;
    struct group *group;
    size_t len, ca_len;
    uint8_t der[ASSAY_CREDENTIAL_CERTIFICATE_MAX], ca[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    struct assay_svid svid;
};

/* Two public keys of OpenSSL's. */
static const uint8_t p256_spki_head[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
                                          0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
                                          0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };

static struct assay_keypair *make_key(enum assay_keypair_algorithm algorithm)
{
    struct assay_keypair *key = NULL;
    cr_assert_eq(assay_keypair_generate(algorithm, &key), ASSAY_OK);
    return key;
}

static size_t certify(const struct source *s, struct assay_slice tbs, uint8_t *der)
{
    uint8_t signature[64];
    struct assay_slice out;
    struct signing *signing = group_choose(s->group, 1);
    cr_assert_eq(group_sign(s->group, signing, tbs, signature), ASSAY_OK);
    group_signing_free(signing);
    cr_assert_eq(
        assay_credential_certificate(tbs, signature, der, ASSAY_CREDENTIAL_CERTIFICATE_MAX, &out),
        ASSAY_OK);
    return out.len;
}

/* A service `api` of mesh.example. */
static struct source *source_new(void)
{
    struct source *s = calloc(1, sizeof *s);
    uint8_t spki[91], tbs[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice out;
    struct assay_keypair *key = make_key(ASSAY_KEYPAIR_ES256);
    assay_bytes_copy(spki, sizeof spki, p256_spki_head, sizeof p256_spki_head);
    assay_bytes_copy(spki + sizeof p256_spki_head, 64, assay_keypair_public(key)->bytes, 64);
    assay_keypair_free(&key);
    s->group = group_new(4, 3);
    products_plain(&s->p, s->group->key, assay_slice_over(spki, sizeof spki));
    cr_assert_eq(
        assay_credential_ca_tbs(&s->p.ca[0], &s->p.ca[0], &s->p.state, tbs, sizeof tbs, &out),
        ASSAY_OK);
    s->ca_len = certify(s, out, s->ca);
    cr_assert_eq(
        assay_credential_leaf_tbs(&s->p.ca[0], &s->p.state, &s->p.entry, tbs, sizeof tbs, &out),
        ASSAY_OK);
    s->len = certify(s, out, s->der);
    const struct assay_svid_terms terms = { .at_unix_s = AT_S, .standing_worst = 1 };
    const struct assay_slice leaf = assay_slice_over(s->der, s->len);
    cr_assert_eq(
        assay_svid_verify_chain(&terms, assay_slice_over(s->ca, s->ca_len), &leaf, 1, &s->svid),
        ASSAY_OK);
    cr_assert_eq(s->svid.answer, ASSAY_IDENTITY_VALID, "%s", s->svid.why);
    return s;
}

static void source_free(struct source *s)
{
    group_free(s->group);
    free(s);
}

/* ------------------------------------------------------------ lifetime */

Test(bridge, a_lifetime_ends_with_the_first_of_its_bounds)
{
    const struct cli_bridge_bounds whole = { .now_s = AT_S, .source = { AT_S - 300, AT_S + 900 } };
    struct cli_bridge_bounds b = whole;
    struct cli_bridge_times t;
    cr_assert_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_SIGNS);
    cr_expect_eq(t.not_before_s, AT_S - 300);
    cr_expect_eq(t.not_after_s, AT_S + 900);
    b.validity_s = 86400; /* more than the source has */
    b.trusted_until_s = AT_S + 86400;
    b.ca = (struct cli_bridge_times){ AT_S - 86400, AT_S + 86400 };
    cr_assert_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_SIGNS);
    cr_expect_eq(t.not_before_s, AT_S - 300);
    cr_expect_eq(t.not_after_s, AT_S + 900);
    b.validity_s = 60;
    cr_assert_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_SIGNS);
    cr_expect_eq(t.not_after_s, AT_S + 60);
    b = whole;
    b.trusted_until_s = AT_S + 30;
    cr_assert_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_SIGNS);
    cr_expect_eq(t.not_after_s, AT_S + 30);
    b = whole;
    b.ca = (struct cli_bridge_times){ AT_S - 10, AT_S + 20 };
    cr_assert_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_SIGNS);
    cr_expect_eq(t.not_before_s, AT_S - 10, "not before the bridge's CA");
    cr_expect_eq(t.not_after_s, AT_S + 20);
}

Test(bridge, nothing_is_signed_of_what_is_over)
{
    struct cli_bridge_bounds b = { .now_s = AT_S, .source = { AT_S - 1200, AT_S } };
    struct cli_bridge_times t;
    cr_expect_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_OVER);
    b.source.not_after_s = AT_S + 1;
    cr_expect_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_SIGNS);
    b.trusted_until_s = AT_S;
    cr_expect_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_OVER);
    b.trusted_until_s = 0;
    b.ca = (struct cli_bridge_times){ AT_S - 1200, AT_S - 1 };
    cr_expect_eq(cli_bridge_find_times(&b, &t), CLI_BRIDGE_OVER);
}

/* ------------------------------------------------------------ standing */

static struct assay_proven_state *proven_of(const struct source *s)
{
    struct assay_proven_state *p = calloc(1, sizeof *p);
    assay_bytes_copy(p->member.node_id, 32, s->p.state.node_id, 32);
    p->next.era = (uint32_t)s->p.state.era;
    p->next.epoch = s->p.state.epoch;
    p->member.lives[0].incarnation = s->p.state.incarnation;
    p->member.stage = ASSAY_STAGE_MEMBER;
    p->member.trust.score.standing = ASSAY_STANDING_FULL;
    return p;
}

Test(bridge, the_member_stands_now_as_the_owner_wants)
{
    struct source *s = source_new();
    struct assay_proven_state *p = proven_of(s);
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, ASSAY_STANDING_FULL), CLI_BRIDGE_SIGNS);
    p->member.trust.score.standing = ASSAY_STANDING_WARNING;
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, ASSAY_STANDING_WARNING), CLI_BRIDGE_SIGNS);
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, ASSAY_STANDING_FULL),
                 CLI_BRIDGE_LOW_STANDING);
    p->member.trust.score.standing = ASSAY_STANDING_SUSPENDED;
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, ASSAY_STANDING_WARNING),
                 CLI_BRIDGE_LOW_STANDING);
    p->member.trust.score.standing = ASSAY_STANDING_FULL;
    p->member.stage = ASSAY_STAGE_LEFT; /* whatever its score is */
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, ASSAY_STANDING_WARNING),
                 CLI_BRIDGE_LOW_STANDING);
    free(p);
    source_free(s);
}

Test(bridge, an_unknown_profile_is_not_taken_for_production)
{
    cr_expect_eq(cli_bridge_check_profile(ASSAY_PROOF_PROFILE_PRODUCTION, false), CLI_BRIDGE_SIGNS);
    cr_expect_eq(cli_bridge_check_profile(ASSAY_PROOF_PROFILE_DEVELOPMENT, false),
                 CLI_BRIDGE_INSECURE);
    cr_expect_eq(cli_bridge_check_profile(ASSAY_PROOF_PROFILE_UNKNOWN, false),
                 CLI_BRIDGE_NO_PROFILE);
    cr_expect(strstr(cli_bridge_answer_text(CLI_BRIDGE_NO_PROFILE), "--policy") != NULL);
    for (int p = ASSAY_PROOF_PROFILE_UNKNOWN; p <= ASSAY_PROOF_PROFILE_DEVELOPMENT; p++)
        cr_expect_eq(cli_bridge_check_profile((enum assay_proof_profile)p, true), CLI_BRIDGE_SIGNS);
}

Test(bridge, a_proof_is_of_this_member_this_life_and_no_older_epoch)
{
    struct source *s = source_new();
    struct assay_proven_state *p = proven_of(s);
    p->member.node_id[0] ^= 1;
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, 1), CLI_BRIDGE_OTHER_MEMBER);
    p->member.node_id[0] ^= 1;
    p->member.lives[0].incarnation += 1;
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, 1), CLI_BRIDGE_OTHER_LIFE);
    p->member.lives[0].incarnation -= 1;
    p->next.epoch -= 1;
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, 1), CLI_BRIDGE_OLDER_PROOF);
    p->next.era += 1; /* a later era counts its epochs on */
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, 1), CLI_BRIDGE_SIGNS);
    p->next.era -= 2;
    p->next.epoch += 100;
    cr_expect_eq(cli_bridge_check_standing(&s->svid, p, 1), CLI_BRIDGE_OLDER_PROOF);
    free(p);
    source_free(s);
}

/* ------------------------------------------------------------ certificates */

static bool has_bytes(struct assay_slice in, struct assay_slice part)
{
    for (size_t at = 0; at + part.len <= in.len; at++)
        if (assay_bytes_equal(in.bytes + at, part.bytes, part.len)) return true;
    return false;
}

Test(bridge, a_certificate_has_the_names_key_and_standing_of_its_source)
{
    struct source *s = source_new();
    static const uint8_t serial[CLI_BRIDGE_SERIAL_LEN] = { 0xff, 1, 2 };
    for (int i = 0; i < 2; i++) {
        struct assay_keypair *key = make_key(i == 0 ? ASSAY_KEYPAIR_ES256 : ASSAY_KEYPAIR_RS256);
        const struct cli_bridge_signer signer = { .key = key, .name = "bridge" };
        const struct cli_bridge_times times = { AT_S - 300, AT_S + 60 };
        uint8_t der[CLI_BRIDGE_CERTIFICATE_MAX];
        struct assay_slice out;
        struct assay_x509_svid leaf;
        const char *why = NULL;
        cr_assert_eq(
            assay_x509_svid(assay_slice_over(s->der, s->len), ASSAY_SVID_LEAF, &leaf, &why),
            ASSAY_OK);
        cr_assert_eq(cli_bridge_certificate(&signer, assay_slice_over(s->der, s->len), &times,
                                            serial, der, sizeof der, &out),
                     ASSAY_OK);
        cr_expect(has_bytes(out, leaf.subject));
        cr_expect(has_bytes(out, leaf.spki));
        cr_expect(has_bytes(out, leaf.names));
        cr_expect(has_bytes(out, leaf.standing));
        cr_expect_not(has_bytes(out, leaf.issuer));
        uint8_t small[64];
        cr_expect_eq(cli_bridge_certificate(&signer, assay_slice_over(s->der, s->len), &times,
                                            serial, small, sizeof small, &out),
                     ASSAY_E_FULL);
        cr_expect_eq(cli_bridge_certificate(&signer, assay_slice_over(s->ca, s->ca_len), &times,
                                            serial, der, sizeof der, &out),
                     ASSAY_E_INVALID, "a CA certificate of the network is no leaf");
        assay_keypair_free(&key);
    }
    source_free(s);
}

Test(bridge, a_key_of_ed25519_is_refused)
{
    struct source *s = source_new();
    cr_expect_eq(cli_bridge_check_key(&s->svid), CLI_BRIDGE_SIGNS);
    s->svid.spki_len = 120; /* P-384 */
    cr_expect_eq(cli_bridge_check_key(&s->svid), CLI_BRIDGE_SIGNS);
    s->svid.spki_len = 44;
    cr_expect_eq(cli_bridge_check_key(&s->svid), CLI_BRIDGE_OTHER_KEY);
    source_free(s);
}

/* ------------------------------------------------------------ tokens */

static struct assay_json *part_of(struct assay_slice token, unsigned number)
{
    char text[CLI_BRIDGE_TOKEN_MAX];
    uint8_t bytes[CLI_BRIDGE_TOKEN_MAX];
    struct assay_json *part = NULL;
    size_t len = 0;
    cr_assert_lt(token.len, sizeof text);
    assay_bytes_copy(text, sizeof text, token.bytes, token.len);
    text[token.len] = '\0';
    char *at = text;
    for (; number > 0; number--)
        at = strchr(at, '.') + 1;
    cr_assert_eq(
        assay_base64_decode(ASSAY_BASE64_URL, at, strcspn(at, "."), bytes, sizeof bytes, &len),
        ASSAY_OK);
    cr_assert_eq(assay_json_parse((const char *)bytes, len, &part), ASSAY_OK);
    return part;
}

Test(bridge, a_token_has_subject_audience_key_and_number_of_its_source)
{
    struct source *s = source_new();
    struct assay_keypair *key = make_key(ASSAY_KEYPAIR_ES256);
    const struct cli_bridge_signer signer = { .key = key, .issuer = "https://bridge.example" };
    const struct cli_bridge_times times = { AT_S - 300, AT_S + 60 };
    uint8_t bytes[CLI_BRIDGE_TOKEN_MAX];
    struct assay_slice out;
    char serial[33];
    memset(s->svid.thumbprint, 'x', 43);
    s->svid.is_insecure = true;
    cr_assert_eq(
        cli_bridge_token(&signer, &s->svid, "sts.example", &times, AT_S, bytes, sizeof bytes, &out),
        ASSAY_OK);
    struct assay_json *head = part_of(out, 0), *claims = part_of(out, 1);
    cr_expect_str_eq(assay_json_text(head, "alg", ""), "ES256");
    cr_expect_str_eq(assay_json_text(head, "typ", ""), "JWT");
    cr_expect_eq(strlen(assay_json_text(head, "kid", "")), 43);
    cr_expect_str_eq(assay_json_text(claims, "iss", ""), "https://bridge.example");
    cr_expect_str_eq(assay_json_text(claims, "aud", ""), "sts.example");
    cr_expect_str_eq(assay_json_text(claims, "sub", ""), s->svid.spiffe_id);
    cr_expect_str_eq(assay_json_text(assay_json_get(claims, "cnf"), "jkt", ""), s->svid.thumbprint);
    cr_expect_eq(assay_json_uint(claims, "exp", 0), AT_S + 60);
    cr_expect_eq(assay_json_uint(claims, "iat", 0), AT_S);
    cr_expect_eq(assay_json_uint(claims, "nbf", 0), AT_S - 300);
    cr_expect(assay_json_bool(claims, "insecure", false));
    assay_hex_encode(s->svid.serial, 16, serial, sizeof serial);
    cr_expect_str_eq(assay_json_text(claims, "jti", ""), serial);
    cr_expect_eq(assay_json_uint(assay_json_get(claims, "assay"), "epoch", 0), s->p.state.epoch);
    assay_json_free(&head);
    assay_json_free(&claims);
    assay_keypair_free(&key);
    source_free(s);
}

Test(bridge, an_attestation_result_is_no_token_of_openid)
{
    struct assay_keypair *key = make_key(ASSAY_KEYPAIR_ES256);
    const struct cli_bridge_signer signer = { .key = key, .issuer = "https://bridge.example" };
    uint8_t bytes[CLI_BRIDGE_TOKEN_MAX];
    struct assay_slice out;
    cr_assert_eq(cli_bridge_ear(&signer, "{\"exp\":5,\"iat\":4}", bytes, sizeof bytes, &out),
                 ASSAY_OK);
    struct assay_json *head = part_of(out, 0), *claims = part_of(out, 1);
    cr_expect_str_eq(assay_json_text(head, "typ", ""), "eat+jwt");
    cr_expect_str_eq(assay_json_text(claims, "iss", ""), "https://bridge.example/ear");
    cr_expect_null(assay_json_get(claims, "aud"));
    cr_expect_eq(assay_json_uint(claims, "exp", 0), 5);
    assay_json_free(&head);
    assay_json_free(&claims);
    assay_keypair_free(&key);
}

Test(bridge, an_attestation_result_ends_after_an_hour_and_never_after_the_proof)
{
    const uint64_t now_ms = (uint64_t)AT_S * 1000, hour_ms = 3600000, day_ms = 24 * hour_ms;
    cr_expect_eq(cli_bridge_find_ear_end_ms(now_ms + day_ms, AT_S, 0), now_ms + hour_ms);
    cr_expect_eq(cli_bridge_find_ear_end_ms(now_ms + hour_ms + 1, AT_S, 0), now_ms + hour_ms);
    cr_expect_eq(cli_bridge_find_ear_end_ms(now_ms + 1, AT_S, 0), now_ms + 1);
    cr_expect_eq(cli_bridge_find_ear_end_ms(now_ms + day_ms, AT_S, 60), now_ms + 60000);
    cr_expect_eq(cli_bridge_find_ear_end_ms(now_ms + day_ms, AT_S, 7200), now_ms + 2 * hour_ms);
    cr_expect_eq(cli_bridge_find_ear_end_ms(now_ms + hour_ms, AT_S, 86400), now_ms + hour_ms);
}

/* ------------------------------------------------------------ keys */

Test(bridge, keys_are_read_as_they_were_written)
{
    for (int i = 0; i < 2; i++) {
        struct assay_keypair *key = make_key(i == 0 ? ASSAY_KEYPAIR_ES256 : ASSAY_KEYPAIR_RS256);
        struct assay_keypair *again = NULL;
        uint8_t pem[ASSAY_KEYPAIR_PEM_MAX], signature[ASSAY_KEYPAIR_LEN_MAX];
        struct assay_verify_key *verifier = NULL;
        struct assay_signature s = { .alg = i == 0 ? ASSAY_SIGNATURE_ECDSA_SHA256
                                                   : ASSAY_SIGNATURE_RSA_PKCS1_SHA256 };
        uint8_t digest[ASSAY_DIGEST_MAX];
        size_t len = 0, signed_len = 0;
        cr_assert_eq(assay_keypair_write(key, pem, sizeof pem, &len), ASSAY_OK);
        cr_assert_eq(assay_keypair_read(assay_slice_over(pem, len), &again), ASSAY_OK);
        cr_assert(assay_key_equal(assay_keypair_public(key), assay_keypair_public(again)));
        cr_assert_eq(assay_keypair_algorithm(key), assay_keypair_algorithm(again));
        cr_assert_eq(assay_keypair_sign(again, assay_slice_over("text", 4), signature, &signed_len),
                     ASSAY_OK);
        if (i == 0) {
            assay_signature_from_p256(&s, signature);
        } else {
            s.len = (uint32_t)signed_len;
            assay_bytes_copy(s.bytes, sizeof s.bytes, signature, signed_len);
        }
        const size_t digest_len = assay_signature_digest(s.alg, "text", 4, digest);
        cr_assert_eq(assay_public_key_load(assay_keypair_public(key), &verifier), ASSAY_OK);
        cr_expect(assay_public_key_check(verifier, &s, digest, digest_len));
        digest[0] ^= 1;
        cr_expect_not(assay_public_key_check(verifier, &s, digest, digest_len));
        cr_expect_eq(assay_keypair_write(key, pem, 10, &len), ASSAY_E_FULL);
        assay_public_key_free(&verifier);
        assay_keypair_free(&again);
        assay_keypair_free(&key);
    }
    struct assay_keypair *none = NULL;
    cr_expect_eq(assay_keypair_read(assay_slice_over("nothing", 7), &none), ASSAY_E_SYNTAX);
    static const char ed25519[] =
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
        "-----END PRIVATE KEY-----\n";
    cr_expect_eq(assay_keypair_read(assay_slice_over(ed25519, sizeof ed25519 - 1), &none),
                 ASSAY_E_TYPE);
    cr_expect_null(none);
}

Test(bridge, a_key_set_names_each_key_and_has_no_private_part)
{
    struct assay_keypair *key[] = { make_key(ASSAY_KEYPAIR_ES256), make_key(ASSAY_KEYPAIR_RS256) };
    const struct assay_key *const keys[] = { assay_keypair_public(key[0]),
                                             assay_keypair_public(key[1]) };
    uint8_t bytes[8192];
    struct assay_slice out;
    struct assay_json *set = NULL;
    cr_assert_eq(cli_bridge_jwks(keys, 2, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_json_parse((const char *)out.bytes, out.len, &set), ASSAY_OK);
    const struct assay_json *const list = assay_json_get(set, "keys");
    cr_assert_eq(assay_json_count(list), 2);
    cr_expect_str_eq(assay_json_text(assay_json_at(list, 0), "kty", ""), "EC");
    cr_expect_str_eq(assay_json_text(assay_json_at(list, 1), "kty", ""), "RSA");
    cr_expect_str_eq(assay_json_text(assay_json_at(list, 1), "e", ""), "AQAB");
    cr_expect_str_eq(assay_json_text(assay_json_at(list, 1), "alg", ""), "RS256");
    for (size_t i = 0; i < 2; i++)
        cr_expect_null(assay_json_get(assay_json_at(list, i), "d"));
    assay_json_free(&set);
    cr_assert_eq(cli_bridge_discovery("https://bridge.example", keys, 2, bytes, sizeof bytes, &out),
                 ASSAY_OK);
    cr_expect(has_bytes(out, assay_slice_over("[\"ES256\",\"RS256\"]", 17)));
    for (size_t i = 0; i < 2; i++)
        assay_keypair_free(&key[i]);
}

/* ------------------------------------------------------------ the folder */

static void fill(struct cli_bridge *b)
{
    *b = (struct cli_bridge){ .name = "Example bridge",
                              .issuer = "https://bridge.example",
                              .domain = "mesh.example",
                              .ca = make_key(ASSAY_KEYPAIR_ES256),
                              .token = make_key(ASSAY_KEYPAIR_ES256),
                              .times = { AT_S, AT_S + 86400 } };
    b->chain_id[0] = 7;
}

Test(bridge, a_folder_is_complete_or_not_there)
{
    const struct folder folder = folder_make();
    char dir[512], path[600], message[CLI_BRIDGE_MESSAGE_LEN];
    struct cli_bridge b, again;
    struct stat found;
    fill(&b);
    (void)snprintf(dir, sizeof dir, "%s", folder_at(&folder, "bridge"));
    cr_assert_eq(cli_bridge_folder_create(dir, &b, message), ASSAY_OK, "%s", message);
    cr_assert_eq(cli_bridge_folder_load(dir, &again, message), ASSAY_OK, "%s", message);
    cr_expect_str_eq(again.name, b.name);
    cr_expect_str_eq(again.issuer, b.issuer);
    cr_expect_str_eq(again.domain, b.domain);
    cr_expect_arr_eq(again.chain_id, b.chain_id, 32);
    cr_expect_eq(again.times.not_after_s, AT_S + 86400);
    cr_expect(assay_key_equal(assay_keypair_public(again.ca), assay_keypair_public(b.ca)));
    cli_bridge_free(&again);
    static const char *const secrets[] = { "ca.key", "token.key" };
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, secrets[i]);
        cr_assert_eq(stat(path, &found), 0);
        cr_expect_eq(found.st_mode & 0777, 0600);
    }
    cr_expect_eq(cli_bridge_folder_create(dir, &b, message), ASSAY_E_DUPLICATE);
    cr_expect_eq(cli_bridge_folder_load(dir, &again, message), ASSAY_OK, "it is left alone");
    cli_bridge_free(&again);
    cli_bridge_free(&b);
    folder_remove(&folder);
}

Test(bridge, keys_that_others_read_and_keys_of_another_certificate_are_refused)
{
    const struct folder folder = folder_make();
    char dir[512], path[600], other[600], message[CLI_BRIDGE_MESSAGE_LEN];
    struct cli_bridge b, again;
    fill(&b);
    (void)snprintf(dir, sizeof dir, "%s", folder_at(&folder, "bridge"));
    cr_assert_eq(cli_bridge_folder_create(dir, &b, message), ASSAY_OK, "%s", message);
    cli_bridge_free(&b);
    (void)snprintf(path, sizeof path, "%s/ca.key", dir);
    cr_assert_eq(chmod(path, 0644), 0);
    cr_expect_eq(cli_bridge_folder_load(dir, &again, message), ASSAY_E_INVALID);
    cr_expect_not_null(strstr(message, "ca.key"));
    cli_bridge_free(&again);
    cr_assert_eq(chmod(path, 0600), 0);
    cr_assert_eq(chmod(dir, 0777), 0);
    cr_expect_eq(cli_bridge_folder_load(dir, &again, message), ASSAY_E_INVALID);
    cli_bridge_free(&again);
    cr_assert_eq(chmod(dir, 0700), 0);
    (void)snprintf(other, sizeof other, "%s/token.key", dir);
    cr_assert_eq(rename(other, path), 0);
    cr_expect_neq(cli_bridge_folder_load(dir, &again, message), ASSAY_OK);
    cli_bridge_free(&again);
    (void)snprintf(other, sizeof other, "%s/ca.pem", dir);
    fill(&b);
    uint8_t pem[ASSAY_KEYPAIR_PEM_MAX];
    size_t len = 0;
    cr_assert_eq(assay_keypair_write(b.ca, pem, sizeof pem, &len), ASSAY_OK);
    (void)snprintf(other, sizeof other, "%s/token.key", dir);
    cr_assert_eq(assay_file_replace(other, ASSAY_FILE_SECRET, assay_slice_over(pem, len)),
                 ASSAY_OK);
    cr_expect_eq(cli_bridge_folder_load(dir, &again, message), ASSAY_E_KEY);
    cr_expect_not_null(strstr(message, "another key than ca.key"));
    cli_bridge_free(&again);
    cli_bridge_free(&b);
    cr_expect_eq(cli_bridge_folder_load(folder.path, &again, message), ASSAY_E_NOT_FOUND);
    folder_remove(&folder);
}
