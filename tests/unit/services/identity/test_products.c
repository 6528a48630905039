/*
 * tests/unit/services/identity/test_products.c - tests of certificates, tokens and published keys.
 *
 * What the network signs is compared with a second writer in another language, for drawn inputs;
 * names that a client could take for others are refused.
 */
#include "base/crypto.h"
#include "quote/x509.h"
#include "scoring/trust.h"
#include "tests/unit/services/identity/products.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CASES = 300, CAPACITY = 8192 };

struct made {
    uint8_t bytes[CAPACITY];
    struct assay_slice out;
};

static void put_hex(FILE *file, const char *name, struct assay_slice bytes)
{
    (void)fprintf(file, ",\"%s\":\"", name);
    for (size_t i = 0; i < bytes.len; i++)
        (void)fprintf(file, "%02x", bytes.bytes[i]);
    (void)fprintf(file, "\"");
}

static void put_text(FILE *file, const char *name, struct assay_slice text)
{
    (void)fprintf(file, ",\"%s\":\"%.*s\"", name, (int)text.len, (const char *)text.bytes);
}

static void put_inputs(FILE *file, const struct products *p, uint32_t audience)
{
    (void)fprintf(file, "{\"audience\":%u,\"cas\":[", (unsigned)audience);
    for (size_t i = 0; i < 2; i++) {
        const struct assay_credential_ca *ca = &p->ca[i];
        (void)fprintf(file, "%s{\"number\":%u,\"validity\":%u,\"insecure\":%s", i == 0 ? "" : ",",
                      (unsigned)ca->number, (unsigned)ca->validity_s,
                      ca->insecure ? "true" : "false");
        put_hex(file, "chain_id", assay_slice_over(ca->chain_id, 32));
        put_hex(file, "public_key", assay_slice_over(ca->public_key, 32));
        put_text(file, "domain", ca->trust_domain);
        put_text(file, "issuer", ca->issuer);
        (void)fprintf(file, "}");
    }
    (void)fprintf(file,
                  "],\"state\":{\"era\":%llu,\"epoch\":%llu,\"time_ms\":%llu,\"incarnation\":%u,"
                  "\"standing\":%u,\"score\":%u,\"kind\":%u",
                  (unsigned long long)p->state.era, (unsigned long long)p->state.epoch,
                  (unsigned long long)p->state.time_ms, (unsigned)p->state.incarnation,
                  (unsigned)p->state.standing, (unsigned)p->state.score_bp,
                  (unsigned)p->state.evidence_kind);
    put_hex(file, "block_id", assay_slice_over(p->state.block_id, 32));
    put_hex(file, "proof_digest", assay_slice_over(p->state.proof_digest, 32));
    put_hex(file, "node_id", assay_slice_over(p->state.node_id, 32));
    (void)fprintf(file, "},\"entry\":{\"granted\":%s,\"audiences\":[",
                  p->entry.granted ? "true" : "false");
    for (uint32_t i = 0; i < p->entry.audience_count; i++)
        (void)fprintf(file, "%s\"%.*s\"", i == 0 ? "" : ",", (int)p->entry.audience[i].len,
                      (const char *)p->entry.audience[i].bytes);
    (void)fprintf(file, "]");
    put_text(file, "name", p->entry.name);
    put_hex(file, "spki", p->entry.spki);
    put_hex(file, "digest", assay_slice_over(p->entry.digest, 32));
    (void)fprintf(file, "}");
}

#define MAKE(name, function, ...)                                                                  \
    do {                                                                                           \
        cr_assert_eq(function(__VA_ARGS__, m->bytes, CAPACITY, &m->out), ASSAY_OK);                \
        put_hex(file, name, m->out);                                                               \
    } while (0)

static void put_case(FILE *file, struct products *p, struct made *m, uint32_t audience)
{
    uint8_t signature[64], own[ASSAY_CREDENTIAL_TBS_MAX], input[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice tbs, ear;
    group_draw(signature, sizeof signature);
    put_inputs(file, p, audience);
    put_hex(file, "signature", assay_slice_over(signature, sizeof signature));
    cr_assert_eq(assay_credential_ca_tbs(&p->ca[0], &p->ca[0], &p->state, own, sizeof own, &tbs),
                 ASSAY_OK);
    cr_assert_eq(assay_credential_ear(&p->ca[0], &p->state, input, sizeof input, &ear), ASSAY_OK);
    put_hex(file, "ca", tbs);
    put_hex(file, "ear", ear);
    MAKE("cross", assay_credential_ca_tbs, &p->ca[1], &p->ca[0], &p->state);
    MAKE("leaf", assay_credential_leaf_tbs, &p->ca[0], &p->state, &p->entry);
    p->entry.purpose = ASSAY_CREDENTIAL_PURPOSE_TOKEN;
    MAKE("token", assay_credential_token, &p->ca[0], &p->state, &p->entry, audience);
    MAKE("certificate", assay_credential_certificate, tbs, signature);
    MAKE("jws", assay_credential_jws, ear, signature);
    MAKE("jwks", assay_credential_jwks, p->ca, 2);
    const struct assay_slice both[2] = { tbs, tbs };
    MAKE("bundle", assay_credential_bundle, p->ca, both, 2, p->state.epoch);
    (void)fprintf(file, "}\n");
}

Test(products, every_byte_is_that_of_a_second_writer)
{
    char path[] = "/tmp/assay_products_XXXXXX", command[512];
    const int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    struct products *p = calloc(1, sizeof *p);
    struct made *m = calloc(1, sizeof *m);
    cr_assert(file != NULL && p != NULL && m != NULL);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    for (uint32_t i = 0; i < CASES; i++) {
        products_draw(p);
        put_case(file, p, m, i % p->entry.audience_count);
    }
    cr_assert_eq(fclose(file), 0);
    (void)snprintf(command, sizeof command,
                   "/usr/bin/python3 -B %s/tests/unit/services/identity/second_writer.py %s",
                   ASSAY_SOURCE_DIR, path);
    const int status = system(command); /* NOLINT(cert-env33-c) */
    (void)unlink(path);
    cr_assert_eq(status, 0);
    free(p);
    free(m);
}

Test(products, standings_have_the_values_of_the_ledger)
{
    cr_assert_eq((int)ASSAY_CREDENTIAL_FULL, (int)ASSAY_STANDING_FULL);
    cr_assert_eq((int)ASSAY_CREDENTIAL_WARNING, (int)ASSAY_STANDING_WARNING);
    cr_assert_eq((int)ASSAY_CREDENTIAL_RESTRICTED, (int)ASSAY_STANDING_RESTRICTED);
    cr_assert_eq((int)ASSAY_CREDENTIAL_SUSPENDED, (int)ASSAY_STANDING_SUSPENDED);
}

/* --- what must not get into a product */

static struct products *plain(void)
{
    struct products *p = calloc(1, sizeof *p);
    static uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    uint8_t key[32];
    const struct assay_secret32 secret = { { 7 } };
    cr_assert(p != NULL);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    cr_assert_eq(assay_sodium_edwards_base(&secret, key), ASSAY_OK);
    products_plain(p, key, assay_slice_over(spki, sizeof spki));
    return p;
}

static enum assay_status leaf_of(const struct products *p)
{
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice out;
    return assay_credential_leaf_tbs(&p->ca[0], &p->state, &p->entry, bytes, sizeof bytes, &out);
}

static struct assay_slice text_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

Test(products, names_that_a_client_could_take_for_others_are_refused)
{
    static const char *const wrong[] = { "",    "node",     "svc",  "a.b", "-a",
                                         "a-",  "A",        "a/b",  "*",   "a b",
                                         "a_b", "\xc3\xa4", "a\nb", "a@b", "../svc/api" };
    struct products *p = plain();
    cr_assert_eq(leaf_of(p), ASSAY_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        p->entry.name = text_of(wrong[i]);
        cr_assert_eq(leaf_of(p), ASSAY_E_SYNTAX, "%s", wrong[i]);
    }
    const char nul[] = "a\0b";
    p->entry.name = assay_slice_over(nul, 3);
    cr_assert_eq(leaf_of(p), ASSAY_E_SYNTAX);
    char label[64];
    memset(label, 'a', sizeof label);
    p->entry.name = assay_slice_over(label, 63);
    cr_assert_eq(leaf_of(p), ASSAY_OK);
    p->entry.name = assay_slice_over(label, 64);
    cr_assert_eq(leaf_of(p), ASSAY_E_SYNTAX);
    free(p);
}

Test(products, domains_and_issuers_have_one_form)
{
    static const char *const domain[] = { "", ".", "a.", ".a", "a..b", "A.b", "a.b-", "a b" };
    static const char *const issuer[] = { "",           "https://",    "http://a",
                                          "https://a/", "https://a?b", "https://a\"b",
                                          "https://a#", "ftp://abcdef" };
    struct products *p = plain();
    for (size_t i = 0; i < sizeof domain / sizeof domain[0]; i++) {
        p->ca[0].trust_domain = text_of(domain[i]);
        cr_assert_eq(leaf_of(p), ASSAY_E_SYNTAX, "%s", domain[i]);
    }
    p->ca[0].trust_domain = p->ca[1].trust_domain;
    for (size_t i = 0; i < sizeof issuer / sizeof issuer[0]; i++) {
        p->ca[0].issuer = text_of(issuer[i]);
        cr_assert_eq(leaf_of(p), ASSAY_E_SYNTAX, "%s", issuer[i]);
    }
    free(p);
}

Test(products, numbers_outside_their_range_are_refused)
{
    struct products *p = plain();
    p->ca[0].validity_s = ASSAY_CREDENTIAL_VALIDITY_S_MIN - 1;
    cr_assert_eq(leaf_of(p), ASSAY_E_RANGE);
    p->ca[0].validity_s = ASSAY_CREDENTIAL_VALIDITY_S_MAX + 1;
    cr_assert_eq(leaf_of(p), ASSAY_E_RANGE);
    p->ca[0].validity_s = 900;
    p->state.time_ms = 299999;
    cr_assert_eq(leaf_of(p), ASSAY_E_RANGE);
    p->state.time_ms = UINT64_MAX;
    cr_assert_eq(leaf_of(p), ASSAY_E_RANGE);
    p->state.time_ms = 300000;
    cr_assert_eq(leaf_of(p), ASSAY_OK);
    p->state.score_bp = 10001;
    cr_assert_eq(leaf_of(p), ASSAY_E_RANGE);
    p->state.score_bp = 0;
    p->state.standing = (enum assay_credential_standing)4;
    cr_assert_eq(leaf_of(p), ASSAY_E_RANGE);
    p->state.standing = ASSAY_CREDENTIAL_FULL;
    p->ca[0].number = 0;
    cr_assert_eq(leaf_of(p), ASSAY_E_RANGE);
    free(p);
}

/* A token is a bearer secret for its key's purpose: a TLS key makes none, and a token key no
 * certificate (docs/identity.md 5.2, 5.6). */
Test(products, an_entry_serves_its_own_purpose_alone)
{
    struct products *p = plain();
    uint8_t bytes[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice out;
    for (int purpose = 0; purpose <= 5; purpose++) {
        p->entry.purpose = (enum assay_credential_purpose)purpose;
        cr_assert_eq(leaf_of(p), purpose == 1 ? ASSAY_OK : ASSAY_E_INVALID);
        cr_assert_eq(
            assay_credential_token(&p->ca[0], &p->state, &p->entry, 0, bytes, sizeof bytes, &out),
            purpose == 3 ? ASSAY_OK : ASSAY_E_INVALID);
    }
    p->entry.purpose = ASSAY_CREDENTIAL_PURPOSE_TOKEN;
    cr_assert_eq(
        assay_credential_token(&p->ca[0], &p->state, &p->entry, 1, bytes, sizeof bytes, &out),
        ASSAY_E_NOT_FOUND);
    p->entry.audience[0] = text_of("a\"b");
    cr_assert_eq(
        assay_credential_token(&p->ca[0], &p->state, &p->entry, 0, bytes, sizeof bytes, &out),
        ASSAY_E_ENCODING);
    free(p);
}

Test(products, keys_of_another_form_are_refused)
{
    struct products *p = plain();
    uint8_t spki[ASSAY_CREDENTIAL_SPKI_MAX + 1] = { 0 };
    for (size_t bit = 0; bit < 12 * 8; bit++) {
        assay_bytes_copy(spki, 44, p->entry.spki.bytes, 44);
        spki[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct products changed = *p;
        changed.entry.spki = assay_slice_over(spki, 44);
        cr_assert_eq(leaf_of(&changed), ASSAY_E_KEY);
    }
    for (size_t len = 0; len <= sizeof spki; len++) {
        struct products changed = *p;
        assay_bytes_copy(spki, 44, p->entry.spki.bytes, 44);
        changed.entry.spki = assay_slice_over(spki, len);
        cr_assert_eq(leaf_of(&changed), len == 44 ? ASSAY_OK : ASSAY_E_KEY);
    }
    memset(p->ca[0].public_key, 0, 32);
    cr_assert_eq(leaf_of(p), ASSAY_E_KEY);
    free(p);
}

Test(products, nothing_is_written_past_a_buffer_and_a_short_one_is_reported)
{
    struct products *p = plain();
    uint8_t whole[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice all, out;
    cr_assert_eq(
        assay_credential_leaf_tbs(&p->ca[0], &p->state, &p->entry, whole, sizeof whole, &all),
        ASSAY_OK);
    for (size_t capacity = 0; capacity < all.len; capacity++) {
        uint8_t *exact = malloc(capacity + 1); /* sanitizers watch its end */
        cr_assert_not_null(exact);
        cr_assert_eq(
            assay_credential_leaf_tbs(&p->ca[0], &p->state, &p->entry, exact, capacity, &out),
            ASSAY_E_FULL);
        free(exact);
    }
    free(p);
}

/* Nobody who receives a token can show it as an attestation result or the other way round, and none
 * of them is of the key of certificates (docs/identity.md 3.18, 5.6). */
Test(products, tokens_results_and_certificates_are_kept_apart)
{
    struct products *p = plain();
    static uint8_t leaf[ASSAY_CREDENTIAL_TBS_MAX], ear[ASSAY_CREDENTIAL_TBS_MAX], keys[2048];
    struct assay_slice tbs, input, set;
    struct assay_secret32 offset;
    uint8_t key[32];
    cr_assert_eq(
        assay_credential_leaf_tbs(&p->ca[0], &p->state, &p->entry, leaf, sizeof leaf, &tbs),
        ASSAY_OK);
    cr_assert_eq(assay_credential_ear(&p->ca[0], &p->state, ear, sizeof ear, &input), ASSAY_OK);
    cr_assert_eq(tbs.bytes[0], 0x30);
    cr_assert_arr_eq(input.bytes, "ey", 2);
    cr_assert_eq(assay_credential_token_key(&p->ca[0], &offset, key), ASSAY_OK);
    cr_assert_arr_neq(key, p->ca[0].public_key, 32);
    cr_assert_eq(assay_credential_jwks(p->ca, 1, keys, sizeof keys, &set), ASSAY_OK);
    p->ca[1].number = p->ca[0].number;
    struct products *other = plain();
    other->ca[0].chain_id[0] ^= 1;
    uint8_t second[32];
    cr_assert_eq(assay_credential_token_key(&other->ca[0], &offset, second), ASSAY_OK);
    cr_assert_arr_neq(key, second, 32); /* a key of one chain and number */
    free(other);
    free(p);
}

/* --- our own reader */

Test(products, our_own_reader_finds_the_end_of_a_certificate_and_names_its_algorithm)
{
    struct products *p = calloc(1, sizeof *p);
    struct assay_certificate *c = calloc(1, sizeof *c);
    static uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX], der[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    uint8_t signature[64];
    struct assay_slice body, out;
    cr_assert(p != NULL && c != NULL);
    cr_assert_eq(assay_sodium_start(), ASSAY_OK);
    for (int i = 0; i < 100; i++) {
        products_draw(p);
        group_draw(signature, sizeof signature);
        cr_assert_eq(
            assay_credential_leaf_tbs(&p->ca[0], &p->state, &p->entry, tbs, sizeof tbs, &body),
            ASSAY_OK);
        cr_assert_eq(assay_credential_certificate(body, signature, der, sizeof der, &out),
                     ASSAY_OK);
        /* Ed25519 is none of the algorithms that vendors sign evidence with: it is refused by name
         * (or a domain's length is), and nothing else is. */
        const enum assay_status status = assay_x509_certificate(out.bytes, out.len, c);
        cr_assert(status == ASSAY_E_UNSUPPORTED || status == ASSAY_E_RANGE);
        struct assay_slice rest = out, one;
        cr_assert_eq(assay_x509_next(&rest, &one), ASSAY_X509_CERTIFICATE);
        cr_assert(rest.len == 0 && one.len == out.len);
    }
    free(c);
    free(p);
}
