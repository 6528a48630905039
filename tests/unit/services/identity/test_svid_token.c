/*
 * tests/unit/services/identity/test_svid_token.c - tests of tokens of a network as a relying party
 * verifies them.
 */
#include "base/base64.h"
#include "tests/unit/services/identity/credential_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define EXPECT(w, token, expected)                                                                 \
    cr_assert_eq(credential_world_verify_token(w, token), ASSAY_IDENTITY_##expected, "%s: %s",     \
                 assay_name_of_identity((w)->answer), (w)->claims.why)

/* Header and claims of the world's token as JSON. */
struct parts {
    char header[512], claims[2048];
};

static struct parts parts_of(const struct credential *token)
{
    struct parts parts;
    char text[4096];
    size_t len = 0;
    memset(&parts, 0, sizeof parts);
    assay_bytes_copy(text, sizeof text, token->bytes, token->len);
    text[token->len] = '\0';
    char *const claims = strchr(text, '.') + 1;
    char *const end = strchr(claims, '.');
    cr_assert_eq(assay_base64_decode(ASSAY_BASE64_URL, text, (size_t)(claims - 1 - text),
                                     (uint8_t *)parts.header, sizeof parts.header - 1, &len),
                 ASSAY_OK);
    cr_assert_eq(assay_base64_decode(ASSAY_BASE64_URL, claims, (size_t)(end - claims),
                                     (uint8_t *)parts.claims, sizeof parts.claims - 1, &len),
                 ASSAY_OK);
    return parts;
}

static void change(char *json, const char *from, const char *to)
{
    char copy[2048];
    char *const at = strstr(json, from);
    cr_assert_not_null(at, "%s", from);
    (void)snprintf(copy, sizeof copy, "%s%s", to, at + strlen(from));
    assay_bytes_copy(at, sizeof copy, copy, strlen(copy) + 1);
}

Test(svid_token, states_what_it_was_made_of)
{
    struct credential_world *w = credential_world_new();
    char issuer[ASSAY_CREDENTIAL_ISSUER_MAX + 1], audience[ASSAY_CREDENTIAL_AUDIENCE_MAX + 1];
    for (int i = 0; i < 60; i++) {
        credential_world_draw(w);
        memset(issuer, 0, sizeof issuer);
        memset(audience, 0, sizeof audience);
        assay_bytes_copy(issuer, sizeof issuer, w->p.ca[0].issuer.bytes, w->p.ca[0].issuer.len);
        assay_bytes_copy(audience, sizeof audience, w->p.entry.audience[0].bytes,
                         w->p.entry.audience[0].len);
        w->request.issuer = issuer;
        w->request.audience = audience;
        w->request.standing_worst = (enum assay_standing)w->p.state.standing;
        w->request.accept_insecure = w->p.ca[0].insecure;
        EXPECT(w, &w->token, VALID);
        cr_assert_arr_eq(w->claims.chain_id, w->p.ca[0].chain_id, 32);
        cr_assert_arr_eq(w->claims.node_id, w->p.state.node_id, 32);
        cr_assert_eq(w->claims.epoch, w->p.state.epoch);
        cr_assert_eq(w->claims.era, w->p.state.era);
        cr_assert_eq(w->claims.insecure, w->p.ca[0].insecure);
        cr_assert_eq(w->claims.is_service, w->p.entry.granted);
        cr_assert_eq(w->claims.key.len, 0);
        cr_assert_eq(strlen(w->claims.key_thumbprint), 43);
    }
    credential_world_free(w);
}

Test(svid_token, no_character_of_it_can_be_changed)
{
    struct credential_world *w = credential_world_new();
    EXPECT(w, &w->token, VALID);
    for (size_t at = 0; at < w->token.len; at++) {
        struct credential changed = w->token;
        changed.bytes[at] = changed.bytes[at] == 'A' ? 'B' : 'A';
        cr_assert_neq(credential_world_verify_token(w, &changed), ASSAY_IDENTITY_VALID,
                      "character %zu", at);
    }
    for (size_t len = 0; len < w->token.len; len += 7) {
        struct credential cut = w->token;
        cut.len = len;
        cr_assert_neq(credential_world_verify_token(w, &cut), ASSAY_IDENTITY_VALID);
    }
    credential_world_free(w);
}

static void check_text(struct credential_world *w, const struct credential *token, const char *why)
{
    EXPECT(w, token, MALFORMED);
    cr_assert_not_null(strstr(w->claims.why, why), "%s", w->claims.why);
}

/* RFC 7515 2: base64url without padding, line ends or white space. */
Test(svid_token, characters_outside_its_alphabet_are_malformed)
{
    static const char *const tails[] = { "\n", "\r\n", " ", "=", "\n\n\n", "\t", "+", "\xff" };
    static const char foreign[] = "\n =+/\x80~";
    struct credential_world *w = credential_world_new();
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        struct credential longer = w->token;
        assay_bytes_copy(longer.bytes + longer.len, sizeof longer.bytes - longer.len, tails[i],
                         strlen(tails[i]));
        longer.len += strlen(tails[i]);
        check_text(w, &longer, "bytes follow the token");
    }
    struct credential longer = w->token;
    longer.bytes[longer.len++] = 0; /* its C string with the end */
    check_text(w, &longer, "bytes follow the token");
    for (size_t at = 0; at + 1 < w->token.len; at++) /* of all three parts */
        for (size_t i = 0; i < sizeof foreign; i++) {
            struct credential changed = w->token;
            changed.bytes[at] = (uint8_t)foreign[i];
            check_text(w, &changed, "not of base64url");
        }
    /* as base64url, but no signature */
    longer = w->token;
    longer.bytes[longer.len++] = 'A';
    check_text(w, &longer, "64 bytes");
    longer.len -= 3;
    check_text(w, &longer, "64 bytes");
    credential_world_free(w);
}

/* RFC 8725 3.1, 3.11: nothing of a token selects how it is verified. */
Test(svid_token, another_algorithm_or_type_is_refused_whoever_signed_it)
{
    static const char *const changes[][2] = {
        { "EdDSA", "none" }, { "EdDSA", "ES256" },     { "JWT", "eat+jwt" },
        { "JWT", "jwt" },    { "{", "{\"crit\":[]," },
    };
    struct credential_world *w = credential_world_new();
    const struct parts parts = parts_of(&w->token);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct parts changed = parts;
        change(changed.header, changes[i][0], changes[i][1]);
        const struct credential token = credential_world_token(w, changed.header, changed.claims);
        EXPECT(w, &token, UNSUPPORTED);
    }
    const struct credential same = credential_world_token(w, parts.header, parts.claims);
    EXPECT(w, &same, VALID);
    credential_world_free(w);
}

Test(svid_token, is_for_one_party_and_of_one_issuer)
{
    struct credential_world *w = credential_world_new();
    w->request.audience = "https://vault.exampl";
    EXPECT(w, &w->token, OTHER_AUDIENCE);
    w->request.audience = "https://vault.example";
    w->request.issuer = "https://id.mesh.example/ear";
    EXPECT(w, &w->token, OTHER_ISSUER);
    w->request.issuer = "https://id.mesh.example";
    w->request.service = "api";
    w->request.has_age_max = true;
    EXPECT(w, &w->token, VALID);
    w->request.at_unix_s += 1;
    EXPECT(w, &w->token, TOO_OLD);
    w->request.has_age_max = false;
    w->request.at_unix_s = WORLD_AT_S + 901;
    EXPECT(w, &w->token, EXPIRED);
    w->request.at_unix_s = WORLD_AT_S - 301;
    EXPECT(w, &w->token, NOT_YET);
    credential_world_free(w);
}

Test(svid_token, keys_are_those_of_the_set_alone)
{
    struct credential_world *w = credential_world_new();
    const struct credential keys = w->keys;
    credential_replace(&w->keys, 0, "\"kid\"", "\"kie\"", 5);
    EXPECT(w, &w->token, NO_KEY);
    w->keys = keys;
    credential_replace(&w->keys, 0, "\"use\":\"sig\"", "\"use\":\"enc\"", 11);
    EXPECT(w, &w->token, NO_KEY);
    w->keys = keys;
    credential_replace(&w->keys, 0, "\"crv\":\"Ed25519\"", "\"crv\":\"Ed25518\"", 15);
    EXPECT(w, &w->token, NO_KEY);
    w->keys = keys;
    credential_replace(&w->keys, 0, "\"alg\":\"EdDSA\"", "\"d\":\"AAAAAAA\"", 13);
    EXPECT(w, &w->token, NO_KEY); /* a private key in a published set */
    w->keys = keys;
    EXPECT(w, &w->token, VALID);
    cr_assert_gt(credential_replace(&w->keys, 1, "\"alg\":\"EdDSA\"", "\"d\":\"AAAAAAA\"", 13), 0);
    EXPECT(w, &w->token, NO_KEY); /* also of a key that signed nothing here */
    w->keys = keys;
    cr_assert_gt(credential_replace(&w->keys, 1, "\"alg\":\"EdDSA\"", "\"k\":\"AAAAAAA\"", 13), 0);
    EXPECT(w, &w->token, NO_KEY); /* a symmetric one */
    /* two keys of one id would leave the choice to the reader */
    struct assay_credential_ca both[2] = { w->p.ca[0], w->p.ca[0] };
    struct assay_slice out;
    cr_assert_eq(assay_credential_jwks(both, 2, w->keys.bytes, sizeof w->keys.bytes, &out),
                 ASSAY_OK);
    w->keys.len = out.len;
    EXPECT(w, &w->token, NO_KEY);
    /* rolled over: number 2 alone */
    cr_assert_eq(assay_credential_jwks(&w->p.ca[1], 1, w->keys.bytes, sizeof w->keys.bytes, &out),
                 ASSAY_OK);
    w->keys.len = out.len;
    EXPECT(w, &w->token, NO_KEY);
    w->keys.len -= 1;
    struct assay_identity_request request = w->request;
    request.trusted = credential_bytes(&w->keys);
    cr_assert_eq(assay_identity_verify_token(&request, w->token.bytes, w->token.len, w->identity,
                                             &w->answer),
                 ASSAY_E_KEY);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_NOT_READ);
    credential_world_free(w);
}

/* The key of certificates signs no token (docs/identity.md 3.18). */
Test(svid_token, the_key_of_certificates_signs_none)
{
    struct credential_world *w = credential_world_new();
    struct credential token = w->token;
    uint8_t signature[64];
    char text[89];
    size_t input = token.len, len = 0;
    while (token.bytes[input - 1] != '.')
        input -= 1;
    credential_world_sign(w, 0, false, assay_slice_over(token.bytes, input - 1), signature);
    cr_assert_eq(
        assay_base64_encode(ASSAY_BASE64_URL, signature, sizeof signature, text, sizeof text, &len),
        ASSAY_OK);
    assay_bytes_copy(token.bytes + input, sizeof token.bytes - input, text, len);
    EXPECT(w, &token, FORGED);
    credential_world_free(w);
}

Test(svid_token, claims_that_no_network_makes_are_refused)
{
    static const struct {
        const char *from, *to;
        enum assay_identity_answer answer;
    } changes[] = {
        { "\"exp\":1795855900", "\"exp\":1795941401", ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"exp\":1795855900,", "", ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"nbf\":1795854700", "\"nbf\":1795854699", ASSAY_IDENTITY_OTHER_PROFILE },
        { "/svc/api", "/svc/api/x", ASSAY_IDENTITY_OTHER_PROFILE },
        { "/svc/api", "/svc/node", ASSAY_IDENTITY_OTHER_PROFILE },
        { "spiffe://", "https://", ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"FULL\"", "\"full\"", ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"score\":9876", "\"score\":10001", ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"aud\":\"https://vault.example\"", "\"aud\":[\"https://vault.example\"]",
          ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"cnf\":", "\"cnx\":", ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"iss\"", "\"insecure\":false,\"iss\"", ASSAY_IDENTITY_OTHER_PROFILE },
        { "\"version\":1", "\"version\":2", ASSAY_IDENTITY_UNSUPPORTED },
        { "\"iat\"", "\"iat\":0,\"iat\"", ASSAY_IDENTITY_MALFORMED },
        { "\"iss\"", "\"insecure\":true,\"iss\"", ASSAY_IDENTITY_INSECURE },
        { "\"iss\"", "\"later\":true,\"iss\"", ASSAY_IDENTITY_VALID }, /* RFC 7519 4 */
    };
    struct credential_world *w = credential_world_new();
    const struct parts parts = parts_of(&w->token);
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct parts changed = parts;
        change(changed.claims, changes[i].from, changes[i].to);
        const struct credential token = credential_world_token(w, changed.header, changed.claims);
        cr_assert_eq(credential_world_verify_token(w, &token), changes[i].answer, "%s: %s",
                     changes[i].to, w->claims.why);
    }
    credential_world_free(w);
}

Test(svid_token, an_attestation_result_is_no_token)
{
    struct credential_world *w = credential_world_new();
    struct credential ear;
    uint8_t input[ASSAY_CREDENTIAL_TBS_MAX], signature[64];
    struct assay_slice bytes, out;
    cr_assert_eq(assay_credential_ear(&w->p.ca[0], &w->p.state, input, sizeof input, &bytes),
                 ASSAY_OK);
    credential_world_sign(w, 0, true, bytes, signature);
    cr_assert_eq(assay_credential_jws(bytes, signature, ear.bytes, sizeof ear.bytes, &out),
                 ASSAY_OK);
    ear.len = out.len;
    EXPECT(w, &ear, UNSUPPORTED);
    credential_world_free(w);
}
