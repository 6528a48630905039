/*
 * tests/unit/services/identity/test_svid_certificate.c - tests of certificates of a network as a
 * relying party verifies them.
 *
 * What the network signs is valid and states what it was made of; everything else has a refusal of
 * its own, above all what a thief of the CA's key or a CA with errors would sign.
 */
#include "tests/unit/services/identity/credential_world.h"

#include "base/base64.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define EXPECT(w, leaf, expected)                                                                  \
    cr_assert_eq(credential_world_verify(w, leaf), ASSAY_IDENTITY_##expected, "%s: %s",            \
                 assay_name_of_identity((w)->answer), (w)->claims.why)

Test(svid_certificate, states_what_it_was_made_of)
{
    struct credential_world *w = credential_world_new();
    for (int i = 0; i < 60; i++) {
        const struct assay_credential_state *const state = &w->p.state;
        w->request.standing_worst = (enum assay_standing)state->standing;
        w->request.accept_insecure = w->p.ca[0].insecure;
        EXPECT(w, &w->leaf, VALID);
        const struct assay_identity_claims *const c = &w->claims;
        cr_assert_arr_eq(c->chain_id, w->p.ca[0].chain_id, 32);
        cr_assert_arr_eq(c->node_id, state->node_id, 32);
        cr_assert_arr_eq(c->block_id, state->block_id, 32);
        cr_assert_arr_eq(c->proof_digest, state->proof_digest, 32);
        cr_assert_arr_eq(c->entry_digest, w->p.entry.digest, 32);
        cr_assert_eq(c->era, state->era);
        cr_assert_eq(c->epoch, state->epoch);
        cr_assert_eq(c->incarnation, state->incarnation);
        cr_assert_eq((int)c->standing, (int)state->standing);
        cr_assert_eq(c->score_bp, state->score_bp);
        cr_assert_eq(c->evidence_kind, state->evidence_kind);
        cr_assert_eq(c->insecure, w->p.ca[0].insecure);
        cr_assert_eq(c->ca_number, w->p.ca[0].number);
        cr_assert_eq(c->issued_unix_s, (int64_t)(state->time_ms / 1000));
        cr_assert_eq(c->expires_unix_s, c->issued_unix_s + w->p.ca[0].validity_s);
        cr_assert_eq(c->is_service, w->p.entry.granted);
        cr_assert_eq(strlen(c->name), w->p.entry.name.len);
        cr_assert_arr_eq(c->name, w->p.entry.name.bytes, w->p.entry.name.len);
        cr_assert_eq(strlen(c->trust_domain), w->p.ca[0].trust_domain.len);
        cr_assert_arr_eq(c->trust_domain, w->p.ca[0].trust_domain.bytes, strlen(c->trust_domain));
        cr_assert_eq(c->key.len, w->p.entry.spki.len);
        cr_assert_arr_eq(c->key.bytes, w->p.entry.spki.bytes, c->key.len);
        cr_assert_null(c->key_thumbprint);
        credential_world_draw(w);
    }
    credential_world_free(w);
}

Test(svid_certificate, no_byte_of_it_can_be_changed)
{
    struct credential_world *w = credential_world_new();
    for (size_t at = 0; at < w->leaf.len; at++) {
        struct credential changed = w->leaf;
        changed.bytes[at] ^= (uint8_t)(1u << at % 8);
        cr_assert_neq(credential_world_verify(w, &changed), ASSAY_IDENTITY_VALID, "byte %zu", at);
    }
    for (size_t len = 0; len < w->leaf.len; len++) {
        struct credential cut = w->leaf;
        cut.len = len;
        EXPECT(w, &cut, MALFORMED);
    }
    struct credential longer = w->leaf;
    longer.len += 1;
    EXPECT(w, &longer, MALFORMED);
    longer = w->leaf;
    longer.bytes[longer.len - 40] ^= 1; /* of the signature */
    EXPECT(w, &longer, FORGED);
    credential_world_free(w);
}

Test(svid_certificate, a_key_that_was_rolled_over_certifies_nothing)
{
    struct credential_world *w = credential_world_new();
    w->request.trusted = credential_bytes(&w->ca[1]);
    EXPECT(w, &w->leaf, NO_KEY);
    cr_assert_not_null(strstr(w->claims.why, "CA number 1; given are other keys, of 2"));
    /* the same number with another key */
    w->p.ca[1].number = 1;
    credential_world_certify(w);
    w->request.trusted = credential_bytes(&w->ca[1]);
    EXPECT(w, &w->leaf, NO_KEY);
    credential_world_free(w);
}

Test(svid_certificate, another_network_certifies_nothing_here)
{
    struct credential_world *w = credential_world_new();
    const struct credential mine = w->ca[0];
    for (size_t i = 0; i < 2; i++)
        memset(w->p.ca[i].chain_id, 0x77, 32);
    credential_world_certify(w); /* by the same keys: two networks never have them, a test can */
    w->request.trusted = credential_bytes(&mine);
    EXPECT(w, &w->leaf, OTHER_NETWORK);
    w->request.trusted = credential_bytes(&w->ca[0]);
    EXPECT(w, &w->leaf, VALID);
    uint8_t chain[32];
    memset(chain, 0x77, 32);
    w->request.chain_id = chain;
    EXPECT(w, &w->leaf, VALID);
    chain[31] ^= 1; /* beyond what the CA's name shows of it */
    EXPECT(w, &w->leaf, OTHER_NETWORK);
    w->request.chain_id = NULL;
    w->request.trust_domain = "mesh.example";
    EXPECT(w, &w->leaf, VALID);
    w->request.trust_domain = "mesh.exampl";
    EXPECT(w, &w->leaf, OTHER_NETWORK);
    credential_world_free(w);
}

Test(svid_certificate, era_and_epoch_are_those_that_were_expected)
{
    struct credential_world *w = credential_world_new();
    w->request.has_era = true;
    w->request.era = 1;
    w->request.epoch_min = 1234;
    EXPECT(w, &w->leaf, VALID);
    w->request.era = 2;
    EXPECT(w, &w->leaf, OTHER_ERA);
    w->request.era = 0;
    EXPECT(w, &w->leaf, OTHER_ERA);
    w->request.era = 1;
    w->request.epoch_min = 1235;
    EXPECT(w, &w->leaf, OLD_EPOCH);
    credential_world_free(w);
}

Test(svid_certificate, time_counts_with_the_skew_that_was_named)
{
    struct credential_world *w = credential_world_new();
    static const struct {
        int64_t at;
        uint32_t skew;
        enum assay_identity_answer answer;
    } cases[] = {
        { -300, 0, ASSAY_IDENTITY_VALID },      { -301, 0, ASSAY_IDENTITY_NOT_YET },
        { -301, 1, ASSAY_IDENTITY_VALID },      { -601, 300, ASSAY_IDENTITY_NOT_YET },
        { 900, 0, ASSAY_IDENTITY_VALID },       { 901, 0, ASSAY_IDENTITY_EXPIRED },
        { 901, 1, ASSAY_IDENTITY_VALID },       { 1201, 300, ASSAY_IDENTITY_EXPIRED },
        { 86400, 300, ASSAY_IDENTITY_EXPIRED },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        w->request.at_unix_s = WORLD_AT_S + cases[i].at;
        w->request.skew_s = cases[i].skew;
        cr_assert_eq(credential_world_verify(w, &w->leaf), cases[i].answer, "%zu", i);
    }
    /* a leaf does not outlive its CA's certificate */
    w->request.skew_s = 0;
    const struct credential ca = w->ca[0];
    w->p.state.time_ms += (uint64_t)(2 * 365 * 86400 + 1) * 1000;
    credential_world_certify(w);
    w->request.at_unix_s = WORLD_AT_S + 2 * 365 * 86400 + 1;
    EXPECT(w, &w->leaf, VALID);
    w->request.trusted = credential_bytes(&ca);
    EXPECT(w, &w->leaf, EXPIRED);
    credential_world_free(w);
}

Test(svid_certificate, age_is_counted_from_the_end_of_its_epoch)
{
    struct credential_world *w = credential_world_new();
    w->request.has_age_max = true;
    w->request.age_max_s = 60;
    w->request.at_unix_s = WORLD_AT_S + 60;
    EXPECT(w, &w->leaf, VALID);
    w->request.at_unix_s = WORLD_AT_S + 61;
    EXPECT(w, &w->leaf, TOO_OLD);
    w->request.skew_s = 1;
    EXPECT(w, &w->leaf, VALID);
    w->request.skew_s = 0;
    w->request.age_max_s = 0;
    w->request.at_unix_s = WORLD_AT_S;
    EXPECT(w, &w->leaf, VALID);
    w->request.at_unix_s = WORLD_AT_S + 1;
    EXPECT(w, &w->leaf, TOO_OLD);
    credential_world_free(w);
}

/* A name that an enclave chose is no service, whatever it is called. */
Test(svid_certificate, a_service_is_what_operators_granted)
{
    struct credential_world *w = credential_world_new();
    w->request.service = "api";
    w->request.spiffe_id = "spiffe://mesh.example/svc/api";
    w->request.node_id = w->p.state.node_id;
    EXPECT(w, &w->leaf, VALID);
    w->request.service = "ap";
    EXPECT(w, &w->leaf, OTHER_NAME);
    w->request.service = "api";
    w->request.spiffe_id = "spiffe://mesh.example/svc/api2";
    EXPECT(w, &w->leaf, OTHER_NAME);
    w->request.spiffe_id = NULL;
    uint8_t node[32] = { 1 };
    w->request.node_id = node;
    EXPECT(w, &w->leaf, OTHER_NAME);
    w->request.node_id = NULL;
    w->p.entry.granted = false;
    credential_world_certify(w);
    EXPECT(w, &w->leaf, OTHER_NAME);
    w->request.service = NULL;
    EXPECT(w, &w->leaf, VALID);
    cr_assert_not(w->claims.is_service);
    credential_world_free(w);
}

Test(svid_certificate, standing_kind_and_insecure_networks_are_accepted_by_name)
{
    struct credential_world *w = credential_world_new();
    w->request.kinds = UINT32_C(1) << w->p.state.evidence_kind;
    EXPECT(w, &w->leaf, VALID);
    w->request.kinds = ~(UINT32_C(1) << w->p.state.evidence_kind);
    EXPECT(w, &w->leaf, OTHER_KIND);
    w->request.kinds = 0;
    for (int standing = 0; standing < 4; standing++) {
        w->p.state.standing = (enum assay_credential_standing)standing;
        credential_world_certify(w);
        for (int worst = 0; worst < 4; worst++) {
            w->request.standing_worst = (enum assay_standing)worst;
            cr_assert_eq(credential_world_verify(w, &w->leaf),
                         standing <= worst ? ASSAY_IDENTITY_VALID : ASSAY_IDENTITY_LOW_STANDING);
        }
    }
    w->p.ca[0].insecure = true;
    credential_world_certify(w);
    EXPECT(w, &w->leaf, INSECURE);
    w->request.accept_insecure = true;
    EXPECT(w, &w->leaf, VALID);
    credential_world_free(w);
}

/* --- what a CA never signs, signed by its key */
static struct credential signed_again(const struct credential_world *w,
                                      const struct credential *tbs)
{
    return credential_world_certificate(w, 0, assay_slice_over(tbs->bytes, tbs->len));
}

Test(svid_certificate, nothing_but_the_profile_is_accepted_of_the_ca_itself)
{
    static const struct {
        const char *what;
        size_t len, skip;
        const char *from, *to;
    } changes[] = {
        { "keyCertSign", 4, 0, "\x03\x02\x07\x80", "\x03\x02\x02\x84" },
        { "keyCertSign too", 4, 0, "\x03\x02\x07\x80", "\x03\x02\x02\x04" },
        { "keyUsage not critical", 8, 0, "\x06\x03\x55\x1d\x0f\x01\x01\xff",
          "\x06\x03\x55\x1d\x0f\x01\x01\x00" },
        { "basicConstraints not critical", 8, 0, "\x06\x03\x55\x1d\x13\x01\x01\xff",
          "\x06\x03\x55\x1d\x13\x01\x01\x00" },
        { "no basicConstraints", 5, 0, "\x06\x03\x55\x1d\x13", "\x06\x03\x55\x1d\x0e" },
        { "codeSigning", 10, 0, "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02",
          "\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x03" },
        { "DNS name of another domain", 16, 0, "api.mesh.example", "api.mush.example" },
        { "URI of another service", 29, 0, "spiffe://mesh.example/svc/api",
          "spiffe://mesh.example/svc/apj" },
        { "URI of another domain", 29, 0, "spiffe://mesh.example/svc/api",
          "spiffe://mash.example/svc/api" },
        { "URI of another path", 29, 0, "spiffe://mesh.example/svc/api",
          "spiffe://mesh.example/sxc/api" },
        { "names of another domain", 12, 1, "mesh.example", "mush.example" },
        { "another chain", 4, 0, "\x04\x20\x3f\x3f", "\x04\x20\x3f\x3e" },
        { "another member", 3, 0, "\x04\x20\xb1", "\x04\x20\xb0" },
        { "unknown standing", 6, 0,
          "\x0c\x04"
          "FULL",
          "\x0c\x04"
          "NULL" },
    };
    struct credential_world *w = credential_world_new();
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct credential tbs = credential_world_leaf_tbs(w, 0);
        cr_assert_gt(credential_replace(&tbs, changes[i].skip, changes[i].from, changes[i].to,
                                        changes[i].len),
                     0, "%s", changes[i].what);
        const struct credential leaf = signed_again(w, &tbs);
        if (strcmp(changes[i].what, "another member") == 0) {
            EXPECT(w, &leaf, VALID); /* of the block's id: it is a claim, not a rule */
            continue;
        }
        const enum assay_identity_answer answer = credential_world_verify(w, &leaf);
        cr_assert(answer == ASSAY_IDENTITY_OTHER_PROFILE || answer == ASSAY_IDENTITY_MALFORMED,
                  "%s: %s", changes[i].what, assay_name_of_identity(answer));
    }
    credential_world_free(w);
}

Test(svid_certificate, extensions_twice_or_critical_and_unknown_are_refused)
{
    static const uint8_t usage[] = { 0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x01,
                                     0x01, 0xff, 0x04, 0x04, 0x03, 0x02, 0x07, 0x80 };
    static const uint8_t unknown[] = { 0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x36,
                                       0x01, 0x01, 0xff, 0x04, 0x02, 0x05, 0x00 };
    static const uint8_t note[] = {
        0x30, 0x09, 0x06, 0x03, 0x55, 0x1d, 0x36, 0x04, 0x02, 0x05, 0x00
    };
    static const uint8_t constraints[] = { 0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x1e,
                                           0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00 };
    struct credential_world *w = credential_world_new();
    const struct {
        const uint8_t *bytes;
        size_t len;
        enum assay_identity_answer answer;
    } cases[] = {
        { usage, sizeof usage, ASSAY_IDENTITY_MALFORMED },
        { unknown, sizeof unknown, ASSAY_IDENTITY_UNSUPPORTED },
        { note, sizeof note, ASSAY_IDENTITY_VALID }, /* RFC 5280 4.2: may be ignored */
        { constraints, sizeof constraints, ASSAY_IDENTITY_OTHER_PROFILE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct credential tbs = credential_world_leaf_tbs(w, 0);
        credential_extend(&tbs, cases[i].bytes, cases[i].len);
        const struct credential leaf = signed_again(w, &tbs);
        cr_assert_eq(credential_world_verify(w, &leaf), cases[i].answer, "%zu: %s", i,
                     w->claims.why);
    }
    credential_world_free(w);
}

Test(svid_certificate, nothing_stands_between_a_leaf_and_a_ca)
{
    struct credential_world *w = credential_world_new();
    const struct credential tbs = credential_world_leaf_tbs(w, 1);
    const struct credential leaf =
        credential_world_certificate(w, 1, assay_slice_over(tbs.bytes, tbs.len));
    struct assay_bytes chain[9] = { credential_bytes(&leaf), credential_bytes(&w->next) };
    chain[1] = credential_bytes(&w->leaf);
    cr_assert_eq(assay_identity_verify_peer(&w->request, chain, 2, w->identity, &w->answer),
                 ASSAY_OK);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_LONG_PATH);
    chain[1] = credential_bytes(&w->ca[1]); /* the peer's own root is no anchor here */
    cr_assert_eq(assay_identity_verify_peer(&w->request, chain, 2, w->identity, &w->answer),
                 ASSAY_OK);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_NO_KEY);
    chain[0] = credential_bytes(&w->leaf); /* what else a peer sends decides nothing */
    cr_assert_eq(assay_identity_verify_peer(&w->request, chain, 2, w->identity, &w->answer),
                 ASSAY_OK);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_VALID);
    /* a leaf is no CA, and a CA no leaf */
    EXPECT(w, &w->ca[0], OTHER_PROFILE);
    cr_assert_eq(assay_identity_verify_peer(&w->request, chain, 9, w->identity, &w->answer),
                 ASSAY_E_RANGE);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_NOT_READ);
    credential_world_free(w);
}

static enum assay_identity_answer verify_path(struct credential_world *w,
                                              const struct credential *leaf,
                                              const struct credential *second,
                                              const struct credential *third)
{
    const struct assay_bytes chain[3] = { credential_bytes(leaf), credential_bytes(second),
                                          credential_bytes(third) };
    cr_assert_eq(assay_identity_verify_peer(&w->request, chain, 3, w->identity, &w->answer),
                 ASSAY_OK);
    return w->answer;
}

/* docs/identity.md 5.1.1, 8.2. */
Test(svid_certificate, a_number_that_is_given_vouches_for_the_next_one)
{
    struct credential_world *w = credential_world_new();
    const struct credential tbs = credential_world_leaf_tbs(w, 1);
    const struct credential leaf =
        credential_world_certificate(w, 1, assay_slice_over(tbs.bytes, tbs.len));
    struct credential other = w->next;
    cr_expect_eq(verify_path(w, &leaf, &w->next, &w->leaf), ASSAY_IDENTITY_VALID, "%s",
                 w->claims.why);
    struct assay_identity_claims claims = { .size = sizeof claims };
    cr_expect(assay_identity_get_claims(w->identity, &claims));
    cr_expect_eq(claims.ca_number, w->p.ca[1].number);
    cr_expect_eq(verify_path(w, &leaf, &w->leaf, &w->next), ASSAY_IDENTITY_VALID, "in any order");
    other.bytes[other.len - 1] ^= 1;
    cr_expect_eq(verify_path(w, &leaf, &other, &other), ASSAY_IDENTITY_LONG_PATH, "forged");
    /* of the next number, signed by itself: anybody makes such a one */
    cr_expect_eq(verify_path(w, &leaf, &w->ca[1], &w->ca[1]), ASSAY_IDENTITY_NO_KEY);
    /* a number vouches for no number before it, and a leaf for none */
    w->request.trusted = credential_bytes(&w->ca[1]);
    cr_expect_eq(verify_path(w, &w->leaf, &w->next, &w->next), ASSAY_IDENTITY_LONG_PATH);
    w->request.trusted = credential_bytes(&w->ca[0]);
    cr_expect_eq(verify_path(w, &leaf, &w->leaf, &w->leaf), ASSAY_IDENTITY_LONG_PATH);
    /* the leaf is verified by the key of the next number */
    const struct credential foreign =
        credential_world_certificate(w, 0, assay_slice_over(tbs.bytes, tbs.len));
    cr_expect_eq(verify_path(w, &foreign, &w->next, &w->next), ASSAY_IDENTITY_FORGED);
    credential_world_free(w);
}

/* An older number of the same key would sign backwards. */
Test(svid_certificate, a_number_vouches_for_no_number_before_it)
{
    struct credential_world *w = credential_world_new();
    const uint32_t number = w->p.ca[0].number;
    w->p.ca[0].number = w->p.ca[1].number + 1;
    credential_world_certify(w);
    const struct credential tbs = credential_world_leaf_tbs(w, 1);
    const struct credential leaf =
        credential_world_certificate(w, 1, assay_slice_over(tbs.bytes, tbs.len));
    w->request.trusted = credential_bytes(&w->ca[0]);
    cr_expect_eq(verify_path(w, &leaf, &w->next, &w->next), ASSAY_IDENTITY_LONG_PATH);
    w->p.ca[0].number = number;
    credential_world_free(w);
}

static enum assay_status trust(struct credential_world *w, const void *bytes, size_t len)
{
    const struct assay_bytes chain = credential_bytes(&w->leaf);
    w->request.trusted = (struct assay_bytes){ bytes, len };
    const enum assay_status status =
        assay_identity_verify_peer(&w->request, &chain, 1, w->identity, &w->answer);
    cr_assert_eq(w->answer == ASSAY_IDENTITY_NOT_READ, status != ASSAY_OK);
    return status;
}

Test(svid_certificate, ca_certificates_are_those_of_one_network_signed_by_themselves)
{
    struct credential_world *w = credential_world_new();
    struct credential both = w->ca[1];
    assay_bytes_copy(both.bytes + both.len, w->ca[0].len, w->ca[0].bytes, w->ca[0].len);
    both.len += w->ca[0].len;
    cr_assert_eq(trust(w, both.bytes, both.len), ASSAY_OK);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_VALID);
    /* the SPIFFE bundle of the network */
    struct credential bundle;
    struct assay_slice out;
    const struct assay_slice certificates[2] = { assay_slice_over(w->ca[0].bytes, w->ca[0].len),
                                                 assay_slice_over(w->ca[1].bytes, w->ca[1].len) };
    cr_assert_eq(assay_credential_bundle(w->p.ca, certificates, 2, 7, bundle.bytes,
                                         sizeof bundle.bytes, &out),
                 ASSAY_OK);
    cr_assert_eq(trust(w, out.bytes, out.len), ASSAY_OK);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_VALID);
    /* an endorsement is no anchor; nor is a leaf, a damaged one, or none at all */
    cr_assert_eq(trust(w, w->next.bytes, w->next.len), ASSAY_E_KEY);
    cr_assert_eq(trust(w, w->leaf.bytes, w->leaf.len), ASSAY_E_KEY);
    cr_assert_eq(trust(w, "{\"keys\":[]}", 11), ASSAY_E_KEY);
    cr_assert_eq(trust(w, w->keys.bytes, w->keys.len), ASSAY_E_KEY);
    struct assay_identity_claims claims = { .size = sizeof claims };
    cr_assert(assay_identity_get_claims(w->identity, &claims));
    cr_assert_str_eq(claims.why,
                     "CA certificates: found a key set, expected certificates or their bundle");
    cr_assert_eq(trust(w, " \n", 2), ASSAY_E_KEY);
    for (size_t at = 0; at < w->ca[0].len; at++) {
        struct credential changed = w->ca[0];
        changed.bytes[at] ^= (uint8_t)(1u << at % 8);
        cr_assert_neq(trust(w, changed.bytes, changed.len), ASSAY_OK, "byte %zu", at);
    }
    /* of two networks */
    both = w->ca[0];
    memset(w->p.ca[1].chain_id, 0x55, 32);
    credential_world_certify(w);
    assay_bytes_copy(both.bytes + both.len, w->ca[1].len, w->ca[1].bytes, w->ca[1].len);
    both.len += w->ca[1].len;
    cr_assert_eq(trust(w, both.bytes, both.len), ASSAY_E_INVALID);
    credential_world_free(w);
}

/* Appends a certificate as PEM. */
static void put_pem(struct assay_writer *pem, const struct credential *c)
{
    static const char begin[] = "-----BEGIN CERTIFICATE-----\n";
    static const char end[] = "\n-----END CERTIFICATE-----\n";
    char text[4096];
    size_t len = 0;
    cr_assert_eq(
        assay_base64_encode(ASSAY_BASE64_STANDARD, c->bytes, c->len, text, sizeof text, &len),
        ASSAY_OK);
    assay_writer_put(pem, begin, sizeof begin - 1);
    assay_writer_put(pem, text, len);
    assay_writer_put(pem, end, sizeof end - 1);
}

Test(svid_certificate, eight_ca_certificates_are_taken_and_no_more)
{
    static uint8_t der_bytes[16384], pem_bytes[16384];
    struct credential_world *w = credential_world_new();
    struct assay_writer der = assay_writer_over(der_bytes, sizeof der_bytes);
    struct assay_writer pem = assay_writer_over(pem_bytes, sizeof pem_bytes);
    for (uint32_t count = 1; count <= 9; count++) {
        w->p.ca[1].number = 10 + count; /* number 1, of the leaf, is the eighth */
        group_free(w->group[1]);
        w->group[1] = group_new(4, 3);
        assay_bytes_copy(w->p.ca[1].public_key, 32, w->group[1]->key, 32);
        credential_world_certify(w);
        const struct credential *const one = count == 8 ? &w->ca[0] : &w->ca[1];
        assay_writer_put(&der, one->bytes, one->len);
        put_pem(&pem, one);
        cr_assert(!der.full && !pem.full);
        const enum assay_status expected = count == 9 ? ASSAY_E_FULL : ASSAY_OK;
        cr_assert_eq(trust(w, der_bytes, der.len), expected, "%u", count);
        cr_assert_eq(trust(w, pem_bytes, pem.len), expected, "%u", count);
        if (count < 8) cr_assert_eq(w->answer, ASSAY_IDENTITY_NO_KEY);
        if (count != 8) continue;
        cr_assert_eq(w->answer, ASSAY_IDENTITY_VALID);
        /* one that is there already counts once; what is none is refused after eight too */
        const size_t end = pem.len;
        put_pem(&pem, one);
        cr_assert_eq(trust(w, pem_bytes, pem.len), ASSAY_OK);
        pem_bytes[end + 40] = '!';
        cr_assert_eq(trust(w, pem_bytes, pem.len), ASSAY_E_KEY);
        pem.len = end;
    }
    credential_world_free(w);
}

Test(svid_certificate, what_was_not_checked_is_listed)
{
    struct credential_world *w = credential_world_new();
    struct assay_unchecked one = { .size = sizeof one };
    size_t count = 0;
    EXPECT(w, &w->leaf, VALID);
    while (assay_identity_get_unchecked(w->identity, count, &one))
        count += 1;
    cr_assert_eq(count, 6);
    w->request.chain_id = w->p.ca[0].chain_id;
    w->request.has_era = true;
    w->request.era = 1;
    w->request.has_age_max = true;
    w->request.service = "api";
    EXPECT(w, &w->leaf, VALID);
    cr_assert(assay_identity_get_unchecked(w->identity, 1, &one));
    cr_assert_str_eq(one.what, "revocation");
    cr_assert_not_null(strstr(one.why, "/v1/nodes/ID/proof, set epoch_min ")); /* docs/http.md */
    cr_assert_not(assay_identity_get_unchecked(w->identity, 2, &one));
    w->request.era = 2;
    EXPECT(w, &w->leaf, OTHER_ERA);
    cr_assert_not(assay_identity_get_unchecked(w->identity, 0, &one));
    credential_world_free(w);
}

Test(svid_certificate, misuse_is_a_status_and_leaves_no_answer)
{
    struct credential_world *w = credential_world_new();
    const struct assay_bytes chain = credential_bytes(&w->leaf);
    struct assay_identity_claims claims = { .size = sizeof claims };
    EXPECT(w, &w->leaf, VALID);
    struct assay_identity_request changed = w->request;
    changed.size -= 1;
    cr_assert_eq(assay_identity_verify_peer(&changed, &chain, 1, w->identity, &w->answer),
                 ASSAY_E_INVALID);
    cr_assert_eq(w->answer, ASSAY_IDENTITY_NOT_READ);
    cr_assert_not(assay_identity_get_claims(w->identity, &claims)); /* nothing of the one before */
    struct {
        struct assay_identity_request request;
        uint64_t later;
    } longer = { w->request, 0 };
    longer.request.size = sizeof longer;
    cr_assert_eq(assay_identity_verify_peer(&longer.request, &chain, 1, w->identity, &w->answer),
                 ASSAY_OK);
    longer.later = 1;
    cr_assert_eq(assay_identity_verify_peer(&longer.request, &chain, 1, w->identity, &w->answer),
                 ASSAY_E_UNSUPPORTED);
    changed = w->request;
    changed.skew_s = 301;
    cr_assert_eq(assay_identity_verify_peer(&changed, &chain, 1, w->identity, &w->answer),
                 ASSAY_E_RANGE);
    changed = w->request;
    changed.at_unix_s = INT64_MAX;
    cr_assert_eq(assay_identity_verify_peer(&changed, &chain, 1, w->identity, &w->answer),
                 ASSAY_E_RANGE);
    cr_assert_eq(assay_identity_verify_peer(NULL, &chain, 1, w->identity, &w->answer),
                 ASSAY_E_INVALID);
    cr_assert_eq(assay_identity_verify_peer(&w->request, &chain, 0, w->identity, &w->answer),
                 ASSAY_E_INVALID);
    cr_assert_eq(assay_identity_verify_peer(&w->request, &chain, 1, NULL, &w->answer),
                 ASSAY_E_INVALID);
    cr_assert_eq(assay_identity_verify_peer(&w->request, &chain, 1, w->identity, NULL),
                 ASSAY_E_INVALID);
    credential_world_free(w);
}
