/*
 * tests/integration/identity/make_certificates.c - program that signs certificates and tokens by a
 * group key, for tests with TLS libraries.
 *
 * usage: identity_certificates FOLDER TIME_S INDICES THRESHOLD; reads FOLDER/key.spki, writes DER
 * and JSON, prints the chain id.
 */
#include "base/assert.h"
#include "services/identity/product.h"
#include "services/identity/sharing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct group {
    uint32_t threshold;
    struct assay_sharing_polynomial polynomial;
    struct assay_sharing_commitments commitments;
};

static const char *folder;

static void must(enum assay_status status)
{
    if (status == ASSAY_OK) return;
    (void)fprintf(stderr, "%s\n", assay_status_text(status));
    exit(1);
}

static void draw(void *out, size_t len)
{
    ASSAY_ASSERT(getrandom(out, len, 0) == (ssize_t)len);
}

static void save_file(const char *name, struct assay_slice bytes)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    ASSAY_ASSERT(file != NULL);
    ASSAY_ASSERT(fwrite(bytes.bytes, 1, bytes.len, file) == bytes.len);
    ASSAY_ASSERT(fclose(file) == 0);
}

static void deal_group(struct group *g, uint32_t threshold)
{
    static uint8_t wide[ASSAY_FROST_SIGNERS_MAX * ASSAY_SODIUM_WIDE_LEN];
    for (size_t at = 0; at < sizeof wide; at += 256)
        draw(wide + at, sizeof wide - at < 256 ? sizeof wide - at : 256);
    g->threshold = threshold;
    must(assay_sharing_deal(threshold, NULL, wide, &g->polynomial, &g->commitments));
}

/* By the holders of the highest indices. In: offset: of the key of tokens, or NULL */
static void sign_by_group(const struct group *g, uint32_t indices,
                          const struct assay_secret32 *offset, const uint8_t key[static 32],
                          struct assay_slice message, uint8_t signature[static 64])
{
    static struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    static struct assay_frost_nonces nonces[ASSAY_FROST_SIGNERS_MAX];
    static struct assay_secret32 share[ASSAY_FROST_SIGNERS_MAX];
    static struct assay_frost_session session;
    static uint8_t answers[ASSAY_FROST_SIGNERS_MAX][32];
    const uint32_t first = indices - g->threshold + 1;
    for (uint32_t i = 0; i < g->threshold; i++) {
        uint8_t random[64];
        draw(random, sizeof random);
        must(assay_sharing_evaluate(&g->polynomial, first + i, &share[i]));
        if (offset != NULL) assay_sodium_scalar_add(&share[i], offset, &share[i]);
        must(assay_frost_commit(first + i, &share[i], random, &nonces[i], &commitment[i]));
    }
    must(assay_frost_begin(key, message, commitment, g->threshold, &session));
    for (uint32_t i = 0; i < g->threshold; i++) {
        uint8_t point[32];
        must(assay_sodium_edwards_base(&share[i], point));
        must(assay_frost_sign(&session, first + i, &share[i], point, &nonces[i], answers[i]));
    }
    must(assay_frost_combine(&session, message, answers[0], signature));
}

static void certify(const struct group *g, uint32_t indices, const char *name,
                    struct assay_slice tbs)
{
    static uint8_t bytes[ASSAY_CREDENTIAL_CERTIFICATE_MAX];
    uint8_t signature[64];
    struct assay_slice out;
    sign_by_group(g, indices, NULL, g->commitments.point[0], tbs, signature);
    must(assay_credential_certificate(tbs, signature, bytes, sizeof bytes, &out));
    save_file(name, out);
}

/* Another name of the same length where it occurs first after `front`: a domain that the CA may not
 * certify, signed all the same. */
static void replace_name(uint8_t *bytes, size_t len, const char *from, const char *to)
{
    const size_t size = strlen(from);
    for (size_t at = 0; at + size <= len; at++)
        if (assay_bytes_equal(bytes + at, from, size)) assay_bytes_copy(bytes + at, size, to, size);
}

static void sign_token(const struct group *g, uint32_t indices,
                       const struct assay_credential_ca *ca, const char *name,
                       struct assay_slice input)
{
    static uint8_t bytes[ASSAY_CREDENTIAL_JWS_MAX];
    struct assay_secret32 offset;
    uint8_t key[32], signature[64];
    struct assay_slice out;
    must(assay_credential_token_key(ca, &offset, key));
    sign_by_group(g, indices, &offset, key, input, signature);
    must(assay_credential_jws(input, signature, bytes, sizeof bytes, &out));
    save_file(name, out);
}

static struct assay_slice text_of(const char *text)
{
    return assay_slice_over(text, strlen(text));
}

/* Returns: its length */
static size_t read_file(const char *name, uint8_t *bytes, size_t capacity)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    ASSAY_ASSERT(file != NULL);
    const size_t len = fread(bytes, 1, capacity, file);
    (void)fclose(file);
    return len;
}

static struct assay_slice read_spki(void)
{
    static uint8_t spki[ASSAY_CREDENTIAL_SPKI_MAX + 1];
    return assay_slice_over(spki, read_file("key.spki", spki, sizeof spki));
}

static void write_leaves(const struct group *g, uint32_t indices,
                         const struct assay_credential_ca *ca,
                         const struct assay_credential_state *state,
                         struct assay_credential_entry *entry)
{
    static uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    struct assay_slice out;
    must(assay_credential_leaf_tbs(ca, state, entry, tbs, sizeof tbs, &out));
    certify(g, indices, "leaf.der", out);
    replace_name(tbs, out.len, "api.mesh.example", "api.mush.example");
    certify(g, indices, "foreign.der", out);
    entry->granted = false;
    must(assay_credential_leaf_tbs(ca, state, entry, tbs, sizeof tbs, &out));
    certify(g, indices, "node.der", out);
    struct assay_credential_state past = *state;
    past.time_ms -= 2000 * 1000; /* beyond its validity */
    must(assay_credential_leaf_tbs(ca, &past, entry, tbs, sizeof tbs, &out));
    certify(g, indices, "expired.der", out);
    past.epoch -= 16;
    past.time_ms = state->time_ms - 1000 * 1000; /* over for 100 s */
    must(assay_credential_leaf_tbs(ca, &past, entry, tbs, sizeof tbs, &out));
    certify(g, indices, "older.der", out);
    past.time_ms = state->time_ms - 600 * 1000; /* valid for 300 s more */
    must(assay_credential_leaf_tbs(ca, &past, entry, tbs, sizeof tbs, &out));
    certify(g, indices, "behind.der", out);
    entry->purpose = ASSAY_CREDENTIAL_PURPOSE_TOKEN;
    must(assay_credential_token(ca, state, entry, 0, tbs, sizeof tbs, &out));
    sign_token(g, indices, ca, "token.jwt", out);
    must(assay_credential_ear(ca, state, tbs, sizeof tbs, &out));
    sign_token(g, indices, ca, "ear.jwt", out);
    must(assay_credential_jwks(ca, 1, tbs, sizeof tbs, &out));
    save_file("jwks.json", out);
}

/* Of both CA numbers. */
static void write_bundle(const struct assay_credential_ca *ca,
                         const struct assay_credential_ca *next)
{
    static uint8_t bytes[4 * ASSAY_CREDENTIAL_TBS_MAX], der[2][ASSAY_CREDENTIAL_TBS_MAX];
    static const char *const names[] = { "ca.der", "next.der" };
    const struct assay_credential_ca all[] = { *ca, *next };
    struct assay_slice certificates[2], out;
    for (size_t i = 0; i < 2; i++)
        certificates[i] = assay_slice_over(der[i], read_file(names[i], der[i], sizeof der[i]));
    must(assay_credential_bundle(all, certificates, 2, 77, bytes, sizeof bytes, &out));
    save_file("bundle.json", out);
}

int main(int count, char **argument)
{
    static uint8_t tbs[ASSAY_CREDENTIAL_TBS_MAX];
    static struct group group, next_group;
    struct assay_slice out;
    if (count != 5) return 2;
    folder = argument[1];
    const uint64_t time_s = strtoull(argument[2], NULL, 10);
    const uint32_t indices = (uint32_t)strtoul(argument[3], NULL, 10);
    must(assay_sodium_start());
    deal_group(&group, (uint32_t)strtoul(argument[4], NULL, 10));
    deal_group(&next_group, group.threshold);
    struct assay_credential_ca ca = { .trust_domain = text_of("mesh.example"),
                                      .issuer = text_of("https://id.mesh.example"),
                                      .number = 1,
                                      .validity_s = 900 };
    draw(ca.chain_id, sizeof ca.chain_id);
    struct assay_credential_ca next = ca;
    next.number = 2;
    assay_bytes_copy(ca.public_key, 32, group.commitments.point[0], 32);
    assay_bytes_copy(next.public_key, 32, next_group.commitments.point[0], 32);
    struct assay_credential_state state = { .era = 1,
                                            .epoch = 77,
                                            .time_ms = time_s * 1000,
                                            .incarnation = 1,
                                            .score_bp = 10000,
                                            .evidence_kind = 4 };
    draw(state.node_id, sizeof state.node_id);
    struct assay_credential_entry entry = { .purpose = ASSAY_CREDENTIAL_PURPOSE_TLS,
                                            .name = text_of("api"),
                                            .spki = read_spki(),
                                            .granted = true,
                                            .audience_count = 1,
                                            .audience = { text_of("vault") } };
    must(assay_credential_ca_tbs(&ca, &ca, &state, tbs, sizeof tbs, &out));
    certify(&group, indices, "ca.der", out);
    must(assay_credential_ca_tbs(&next, &ca, &state, tbs, sizeof tbs, &out));
    certify(&group, indices, "cross.der", out);
    must(assay_credential_ca_tbs(&next, &next, &state, tbs, sizeof tbs, &out));
    certify(&next_group, indices, "next.der", out);
    must(assay_credential_leaf_tbs(&next, &state, &entry, tbs, sizeof tbs, &out));
    certify(&next_group, indices, "next_leaf.der", out);
    write_leaves(&group, indices, &ca, &state, &entry);
    write_bundle(&ca, &next);
    for (size_t i = 0; i < sizeof ca.chain_id; i++)
        (void)printf("%02x", ca.chain_id[i]);
    (void)printf("\n");
    return 0;
}
