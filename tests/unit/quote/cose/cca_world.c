/*
 * tests/unit/quote/cose/cca_world.c - Arm CCA platform for tests (cca_world.h).
 */
#include "tests/unit/quote/cose/cca_world.h"

#include "base/assert.h"
#include "quote/verify.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 8192 };

struct cca_world *cca_open(void)
{
    struct cca_world *const w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->cpak = maker_key_make(ASSAY_KEY_P384);
    w->rak = maker_key_make(ASSAY_KEY_P384);
    w->platform_sign1 =
        (struct maker_sign1){ .key = &w->cpak, .algorithm = ASSAY_COSE_ES384, .tagged = true };
    w->realm_sign1 =
        (struct maker_sign1){ .key = &w->rak, .algorithm = ASSAY_COSE_ES384, .tagged = true };
    w->tag = ASSAY_CCA_TAG_COLLECTION;
    w->platform_profile = "http://arm.com/CCA-SSD/1.0.0";
    w->key_hash = "sha-256";
    w->lifecycle = 0x3003;
    w->rim_len = 64;
    w->rem_len = 64;
    w->rem_count = 4;
    w->realm_hash = "sha-512";
    w->component_len = 32;
    w->client = 1;
    w->mec_number = 1;
    w->ueid_type = 1;
    w->component_count = 2;
    memset(w->challenge, 0x5c, sizeof w->challenge);
    w->endorsements.count = 1;
    w->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_CCA);
    w->endorsements.entries[0].root = w->cpak.public;
    assay_policy_default(&w->policy);
    cca_make(w);
    return w;
}

void cca_close(struct cca_world *w)
{
    maker_key_free(&w->cpak);
    maker_key_free(&w->rak);
    free(w);
}

void cca_use_2023(struct cca_world *w)
{
    w->platform_profile = "tag:arm.com,2023:cca_platform#1.0.0";
    w->realm_profile = "tag:arm.com,2023:realm#1.0.0";
    w->key_form = CCA_COSE;
}

/* --- claims: each is written where it is not left out, and once more where it comes twice */
typedef void put_claim(const struct cca_world *w, int64_t key, struct assay_writer *out);

static void put_filled(struct assay_writer *out, uint8_t fill, size_t len)
{
    uint8_t bytes[128];
    memset(bytes, fill, sizeof bytes);
    assay_cbor_put_bytes(out, bytes, len);
}

static struct assay_slice key_bytes(const struct cca_world *w, uint8_t *buffer, size_t capacity)
{
    struct assay_writer out = assay_writer_over(buffer, capacity);
    struct assay_slice written;
    if (w->key_bytes != NULL) return assay_slice_over(w->key_bytes, w->key_len);
    if (w->key_form == CCA_COSE) {
        maker_cose_key_put(&w->rak, &out);
    } else {
        assay_writer_u8(&out, 4);
        assay_writer_put(&out, w->rak.public.bytes, w->rak.public.len);
    }
    ASSAY_ASSERT(assay_writer_finish(&out, &written) == ASSAY_OK);
    return written;
}

static void put_binding(const struct cca_world *w, struct assay_writer *out)
{
    uint8_t buffer[256];
    uint8_t digest[64];
    size_t len = 32;
    struct assay_slice key = key_bytes(w, buffer, sizeof buffer);
    if (w->bind_other) key.len -= 1;
    const char *const hash = w->bind_short ? "sha-384" : w->key_hash;
    if (strcmp(hash, "sha-384") == 0) {
        assay_sha384(key.bytes, key.len, digest);
        len = 48;
    } else if (strcmp(hash, "sha-512") == 0) {
        assay_sha512(key.bytes, key.len, digest);
        len = 64;
    } else {
        assay_sha256(key.bytes, key.len, digest);
    }
    assay_cbor_put_bytes(out, digest, len);
}

static void put_ueid(const struct cca_world *w, struct assay_writer *out)
{
    uint8_t ueid[33];
    memset(ueid, 0x33, sizeof ueid);
    ueid[0] = w->ueid_type;
    assay_cbor_put_bytes(out, ueid, sizeof ueid);
}

static void put_components(const struct cca_world *w, struct assay_writer *out)
{
    maker_array_open(out, w->component_count, w->indefinite);
    for (size_t i = 0; i < w->component_count; i++) {
        maker_map_open(out, w->component_without_signer ? 4 : 5, w->indefinite);
        assay_cbor_put_uint(out, 1);
        assay_cbor_put_text(out, "RMM");
        assay_cbor_put_uint(out, 6);
        assay_cbor_put_text(out, "sha-256");
        assay_cbor_put_uint(out, 2);
        put_filled(out, 0x22, w->component_len);
        if (!w->component_without_signer) {
            assay_cbor_put_uint(out, 5);
            put_filled(out, 0x55, 32);
        }
        assay_cbor_put_uint(out, 7);
        assay_cbor_put_bool(out, true);
        maker_close(out, w->indefinite);
    }
    maker_close(out, w->indefinite);
}

static void put_platform_claim(const struct cca_world *w, int64_t key, struct assay_writer *out)
{
    if (key == 265) assay_cbor_put_text(out, w->platform_profile);
    if (key == 10 || key == 2408) put_binding(w, out);
    if (key == 2396) put_filled(out, 0x96, 32);
    if (key == 256) put_ueid(w, out);
    if (key == 2401) put_filled(out, 0xcf, 4);
    if (key == 2395) assay_cbor_put_uint(out, w->lifecycle);
    if (key == 2402) assay_cbor_put_text(out, "sha-256");
    if (key == 2400) assay_cbor_put_text(out, "https://verifier.example/");
    if (key == 2399) put_components(w, out);
    if (key == 2394) assay_cbor_put_uint(out, w->client);
    if (key == -70000) assay_cbor_put_null(out);
}

static void put_realm_claim(const struct cca_world *w, int64_t key, struct assay_writer *out)
{
    uint8_t buffer[256];
    if (key == 265) assay_cbor_put_text(out, w->realm_profile);
    if (key == 10) assay_cbor_put_bytes(out, w->challenge, sizeof w->challenge);
    if (key == 44235) put_filled(out, 0x35, 64);
    if (key == 44236) assay_cbor_put_text(out, w->realm_hash);
    if (key == 44237) {
        const struct assay_slice bytes = key_bytes(w, buffer, sizeof buffer);
        assay_cbor_put_bytes(out, bytes.bytes, bytes.len);
    }
    if (key == 44238) put_filled(out, 0x38, w->rim_len);
    if (key == 44239) {
        maker_array_open(out, w->rem_count, w->indefinite);
        for (uint8_t i = 0; i < w->rem_count; i++)
            put_filled(out, i, i == 3 ? w->rem_len : w->rim_len);
        maker_close(out, w->indefinite);
    }
    if (key == 44240) assay_cbor_put_text(out, w->key_hash);
    if (key == 44243 && w->mec_policy != NULL) assay_cbor_put_text(out, w->mec_policy);
    else if (key == 44243) assay_cbor_put_uint(out, w->mec_number);
    if (key == 256) put_ueid(w, out);
    if (key == -70000) assay_cbor_put_null(out);
}

/* sign: 1 for the platform's claims, -1 for the realm's, in leave_out and twice. */
static struct assay_slice put_claims(const struct cca_world *w, const int64_t *keys, size_t count,
                                     int64_t sign, put_claim *put, uint8_t *bytes)
{
    struct assay_writer out = assay_writer_over(bytes, TOKEN_MAX);
    struct assay_slice written;
    uint64_t pairs = 0;
    for (size_t i = 0; i < count; i++) {
        if (w->leave_out == sign * keys[i]) continue;
        pairs += w->twice == sign * keys[i] ? 2 : 1;
    }
    maker_map_open(&out, pairs, w->indefinite);
    for (size_t i = 0; i < count; i++) {
        const unsigned times = w->leave_out == sign * keys[i] ? 0
                               : w->twice == sign * keys[i]   ? 2
                                                              : 1;
        for (unsigned k = 0; k < times; k++) {
            assay_cbor_put_int(&out, keys[i]);
            put(w, keys[i], &out);
        }
    }
    maker_close(&out, w->indefinite);
    ASSAY_ASSERT(assay_writer_finish(&out, &written) == ASSAY_OK);
    return written;
}

static struct assay_slice platform_claims(const struct cca_world *w, uint8_t *bytes)
{
    int64_t keys[16] = { 2396, 256, 2401, 2395, 2402, 2400, 2399 };
    size_t count = 7;
    const bool later = w->platform_profile != NULL && strstr(w->platform_profile, ",2026:") != NULL;
    const bool client = w->platform_profile != NULL && strstr(w->platform_profile, "#2.") != NULL;
    if (w->platform_profile != NULL) keys[count++] = 265;
    keys[count++] = later ? 2408 : 10;
    if (w->bind_twice) keys[count++] = later ? 10 : 2408;
    if (client) keys[count++] = 2394;
    if (w->unknown_claims) keys[count++] = -70000;
    return put_claims(w, keys, count, 1, put_platform_claim, bytes);
}

static struct assay_slice realm_claims(const struct cca_world *w, uint8_t *bytes)
{
    int64_t keys[16] = { 10, 44235, 44237, 44236, 44240, 44238, 44239 };
    size_t count = 7;
    const bool mec = w->realm_profile != NULL && strstr(w->realm_profile, ",2023:") == NULL;
    const bool instance = w->realm_profile != NULL && strstr(w->realm_profile, "#2.") != NULL;
    if (w->realm_profile != NULL) keys[count++] = 265;
    if (mec) keys[count++] = 44243;
    if (instance) keys[count++] = 256;
    if (w->unknown_claims) keys[count++] = -70000;
    return put_claims(w, keys, count, -1, put_realm_claim, bytes);
}

static void put_entry(const struct cca_world *w, uint64_t label, struct assay_slice token,
                      struct assay_writer *out)
{
    assay_cbor_put_uint(out, label);
    if (w->tag == ASSAY_CCA_TAG_CMW) {
        assay_cbor_put_array(out, 2);
        if (w->media_type) assay_cbor_put_text(out, "application/eat+cwt");
        else assay_cbor_put_uint(out, 263);
    }
    assay_cbor_put_bytes(out, token.bytes, token.len);
}

static struct assay_slice sign(const struct maker_sign1 *terms, struct assay_slice claims,
                               uint8_t *bytes)
{
    struct assay_writer out = assay_writer_over(bytes, TOKEN_MAX);
    struct assay_slice written;
    maker_sign1_put(terms, claims, &out);
    ASSAY_ASSERT(assay_writer_finish(&out, &written) == ASSAY_OK);
    return written;
}

void cca_make(struct cca_world *w)
{
    static uint8_t claims[TOKEN_MAX], platform_bytes[TOKEN_MAX], realm_bytes[TOKEN_MAX];
    const struct assay_slice platform =
        sign(&w->platform_sign1, platform_claims(w, claims), platform_bytes);
    const struct assay_slice realm = sign(&w->realm_sign1, realm_claims(w, claims), realm_bytes);
    struct assay_writer out = assay_writer_over(w->bytes, sizeof w->bytes);
    struct assay_slice written;
    if (w->tag != 0) assay_cbor_put_tag(&out, w->tag);
    assay_cbor_put_map(&out, 1u + (w->only_one ? 0u : 1u) + (w->other_entry ? 1u : 0u));
    put_entry(w, w->swapped ? 44241 : 44234, platform, &out);
    if (!w->only_one) put_entry(w, w->swapped ? 44234 : 44241, realm, &out);
    if (w->other_entry) {
        assay_cbor_put_text(&out, "__cmwc_t");
        assay_cbor_put_text(&out, "tag:example");
    }
    ASSAY_ASSERT(assay_writer_finish(&out, &written) == ASSAY_OK);
    w->len = written.len;
}

enum assay_status cca_judge(struct cca_world *w)
{
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_CCA,
                                                    .bytes = w->bytes,
                                                    .len = w->len,
                                                    .at_unix_s = 1800000000,
                                                    .endorsements = &w->endorsements,
                                                    .policy = &w->policy };
    return assay_evidence_verify(w->verifier, &request, &w->verdict);
}
