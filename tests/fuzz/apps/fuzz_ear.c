/*
 * tests/fuzz/apps/fuzz_ear.c - any bytes as an attestation result.
 *
 * The bytes are decoded three times: as an unsigned token, which must be rejected; and as the
 * claims of a JSON and of a CBOR web token that are signed here, so that the code after the
 * signature check is reached.
 *
 * Properties: a result other than VALID has a message without control characters; a valid one has a
 * status that no submodule's worst claim contradicts.
 */
#include "apps/assay/evidence/ear_read.h"
#include "base/assert.h"
#include "quote/result/cwt.h"
#include "quote/result/jwt.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct assay_secret32 secret = { { 1 } };

static void check(enum assay_ear_answer answer, const struct assay_ear *ear)
{
    if (answer != ASSAY_EAR_VALID) {
        ASSAY_ASSERT(ear->why[0] != '\0');
        for (const char *c = ear->why; *c != '\0'; c++)
            ASSAY_ASSERT(*c >= ' ' && *c <= '~');
        return;
    }
    ASSAY_ASSERT(ear->submodule_count >= 1);
    for (size_t i = 0; i < ear->submodule_count; i++) {
        const struct assay_ear_submodule *const sub = &ear->submodules[i];
        ASSAY_ASSERT(assay_ar4si_status_fits(ear->status, sub->status));
        if (sub->has_vector)
            ASSAY_ASSERT(assay_ar4si_status_fits(sub->status, assay_ar4si_worst(&sub->vector)));
    }
}

static void read_signed(const struct assay_p256_signer *signer, const struct assay_p256 *key,
                        const uint8_t *claims, size_t len)
{
    static char token[ASSAY_JWT_LEN_MAX];
    static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"eat+jwt\"}";
    uint8_t digest[ASSAY_SHA256_LEN], signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer w = assay_writer_over(token, sizeof token);
    struct assay_ear ear;
    assay_jwt_put(&w, assay_slice_over(header, sizeof header - 1), assay_slice_over(claims, len));
    if (w.full) return;
    assay_sha256(token, w.len, digest);
    ASSAY_ASSERT(assay_p256_sign(signer, digest, signature) == ASSAY_OK);
    assay_jwt_put_signature(&w, signature);
    if (w.full) return;
    check(cli_ear_read(token, w.len, key, 1800000000, NULL, &ear), &ear);
    cli_ear_close(&ear);
}

static void read_signed_cbor(const struct assay_p256_signer *signer, const struct assay_p256 *key,
                             const uint8_t public_key[static ASSAY_P256_PUBLIC_LEN],
                             struct assay_slice claims)
{
    static uint8_t token[ASSAY_JWT_LEN_MAX];
    uint8_t digest[ASSAY_SHA256_LEN], signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_writer w = assay_writer_over(token, sizeof token);
    struct assay_ear ear;
    assay_cwt_digest(public_key, claims, digest);
    ASSAY_ASSERT(assay_p256_sign(signer, digest, signature) == ASSAY_OK);
    assay_cwt_put(&w, public_key, claims, signature);
    if (w.full) return;
    const enum assay_ear_answer answer = cli_ear_read(token, w.len, key, 1800000000, NULL, &ear);
    ASSAY_ASSERT(answer != ASSAY_EAR_FORGED);
    check(answer, &ear);
    cli_ear_close(&ear);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_p256_signer *signer;
    static struct assay_p256 *key;
    static uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    struct assay_ear ear;
    if (signer == NULL) {
        ASSAY_ASSERT(assay_p256_signer_load(&secret, &signer) == ASSAY_OK);
        ASSAY_ASSERT(assay_p256_public(&secret, public_key) == ASSAY_OK);
        ASSAY_ASSERT(assay_p256_load(public_key, &key) == ASSAY_OK);
    }
    const enum assay_ear_answer answer = cli_ear_read(data, size, key, 1800000000, NULL, &ear);
    ASSAY_ASSERT(answer != ASSAY_EAR_VALID);
    check(answer, &ear);
    cli_ear_close(&ear);
    read_signed(signer, key, data, size);
    read_signed_cbor(signer, key, public_key, assay_slice_over(data, size));
    return 0;
}
