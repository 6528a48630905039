/*
 * tests/unit/tpm/simulated_tpm.c - simulated TPM for tests (paper.h).
 */
#include "tests/unit/tpm/simulated_tpm.h"

#include "base/assert.h"
#include "quote/verify.h"

#include <stdlib.h>

void simtpm_make(struct simtpm *p)
{
    *p = (struct simtpm){ .magic = 0xff544347,
                          .type = ASSAY_TPM_ST_QUOTE,
                          .extra_len = 32,
                          .safe = 1,
                          .bank_count = 1,
                          .banks = { { ASSAY_TPM_SHA256, 0x800001 } },
                          .select_len = 3,
                          .values_len = 64,
                          .attributes = ASSAY_TPM_FIXED_TPM | ASSAY_TPM_SENSITIVE_DATA_ORIGIN |
                                        ASSAY_TPM_RESTRICTED | ASSAY_TPM_SIGN,
                          .scheme = ASSAY_TPM_ECDSA,
                          .scheme_hash = ASSAY_TPM_SHA256,
                          .signature_scheme = ASSAY_TPM_ECDSA,
                          .signature_hash = ASSAY_TPM_SHA256,
                          .has_report_data = true,
                          .certificate_count = 1 };
    for (size_t i = 0; i < sizeof p->report_data; i++)
        p->report_data[i] = 7;
    for (size_t i = 0; i < 64; i++)
        p->values[i] = (uint8_t)(i < 32 ? 0xc0 : 0xc1);
    assay_sha256(p->report_data, sizeof p->report_data, p->extra);
    ASSAY_ASSERT(assay_p256_generate(&p->secret, p->public_key) == ASSAY_OK);
    p->key = assay_key_p256(p->public_key);
    ASSAY_ASSERT(assay_tpm_registrar_create("paper", SIMTPM_NOW - 30 * SIMTPM_DAY,
                                            SIMTPM_NOW + 30 * SIMTPM_DAY,
                                            &p->registrar) == ASSAY_OK);
    p->ek_name[0] = 0xee;
    p->certificate = (struct assay_tpm_certificate){
        .role = ASSAY_TPM_ROLE_AK,
        .registrar = p->registrar.name,
        .ek_name = p->ek_name,
        .serial = { 0x51 },
        .not_before_s = SIMTPM_NOW - SIMTPM_DAY,
        .not_after_s = SIMTPM_NOW + SIMTPM_DAY,
        .key = &p->key,
        .issuer_key = &p->registrar.key,
        .issuer_secret = &p->registrar.secret,
    };
    p->endorsements.count = 1;
    p->endorsements.entries[0].root = p->registrar.key;
    p->endorsements.entries[0].kinds = ASSAY_KIND_BIT(ASSAY_KIND_TPM);
    assay_policy_default(&p->policy);
}

void simtpm_free(struct simtpm *p)
{
    free(p->collateral);
    p->collateral = NULL;
}

static struct assay_slice put_attest(const struct simtpm *p, uint8_t *out, size_t capacity)
{
    struct assay_writer w = assay_writer_over(out, capacity);
    struct assay_slice written;
    uint8_t digest[32];
    assay_writer_u32be(&w, p->magic);
    assay_writer_u16be(&w, p->type);
    assay_writer_u16be(&w, 0); /* qualifiedSigner */
    assay_writer_u16be(&w, (uint16_t)p->extra_len);
    assay_writer_put(&w, p->extra, p->extra_len);
    assay_writer_u64be(&w, 4711);
    assay_writer_u32be(&w, 2);
    assay_writer_u32be(&w, 3);
    assay_writer_u8(&w, p->safe);
    assay_writer_u64be(&w, 0x2020);
    assay_writer_u32be(&w, (uint32_t)p->bank_count);
    for (size_t i = 0; i < p->bank_count; i++) {
        assay_writer_u16be(&w, p->banks[i].alg);
        assay_writer_u8(&w, p->select_len);
        for (uint8_t k = 0; k < p->select_len; k++)
            assay_writer_u8(&w, (uint8_t)(k < 4 ? p->banks[i].mask >> (8 * k) & 0xff : 0));
    }
    assay_sha256(p->values, p->values_len, digest);
    if (p->other_digest) digest[0] ^= 1;
    assay_writer_u16be(&w, sizeof digest);
    assay_writer_put(&w, digest, sizeof digest);
    ASSAY_ASSERT(assay_writer_finish(&w, &written) == ASSAY_OK);
    return written;
}

static struct assay_slice put_key(const struct simtpm *p, uint8_t *out, size_t capacity)
{
    struct assay_slice written;
    size_t len = 0;
    if (p->bare_key) {
        ASSAY_ASSERT(assay_key_spki(&p->key, out, capacity, &len) == ASSAY_OK);
        return assay_slice_over(out, len);
    }
    struct assay_writer w = assay_writer_over(out, capacity);
    const uint16_t hash_len = p->scheme == ASSAY_TPM_NULL ? 0 : 2;
    assay_writer_u16be(&w, (uint16_t)(88 + hash_len - 2));
    assay_writer_u16be(&w, ASSAY_TPM_ECC);
    assay_writer_u16be(&w, ASSAY_TPM_SHA256);
    assay_writer_u32be(&w, p->attributes);
    assay_writer_u16be(&w, 0); /* authPolicy */
    assay_writer_u16be(&w, ASSAY_TPM_NULL);
    assay_writer_u16be(&w, p->scheme);
    if (hash_len > 0) assay_writer_u16be(&w, p->scheme_hash);
    assay_writer_u16be(&w, 3); /* P-256 */
    assay_writer_u16be(&w, ASSAY_TPM_NULL);
    assay_writer_u16be(&w, 32);
    assay_writer_put(&w, p->public_key, 32);
    assay_writer_u16be(&w, 32);
    assay_writer_put(&w, p->public_key + 32, 32);
    ASSAY_ASSERT(assay_writer_finish(&w, &written) == ASSAY_OK);
    return written;
}

static void put_der_integer(struct assay_writer *w, const uint8_t *half)
{
    size_t skip = 0;
    while (skip < 31 && half[skip] == 0)
        skip++;
    const bool pad = (half[skip] & 0x80) != 0;
    assay_writer_u8(w, 2);
    assay_writer_u8(w, (uint8_t)(32 - skip + (pad ? 1 : 0)));
    if (pad) assay_writer_u8(w, 0);
    assay_writer_put(w, half + skip, 32 - skip);
}

static struct assay_slice put_signature(const struct simtpm *p, struct assay_slice attest,
                                        uint8_t *out, size_t capacity)
{
    uint8_t digest[32], signature[64], body[80];
    struct assay_p256_signer *signer = NULL;
    struct assay_slice written;
    assay_sha256(attest.bytes, attest.len, digest);
    ASSAY_ASSERT(assay_p256_signer_load(&p->secret, &signer) == ASSAY_OK);
    ASSAY_ASSERT(assay_p256_sign(signer, digest, signature) == ASSAY_OK);
    assay_p256_signer_free(&signer);
    struct assay_writer w = assay_writer_over(out, capacity);
    if (p->der_signature) {
        struct assay_writer inner = assay_writer_over(body, sizeof body);
        put_der_integer(&inner, signature);
        put_der_integer(&inner, signature + 32);
        assay_writer_u8(&w, 0x30);
        assay_writer_u8(&w, (uint8_t)inner.len);
        assay_writer_put(&w, body, inner.len);
    } else {
        assay_writer_u16be(&w, p->signature_scheme);
        assay_writer_u16be(&w, p->signature_hash);
        assay_writer_u16be(&w, 32);
        assay_writer_put(&w, signature, 32);
        assay_writer_u16be(&w, 32);
        assay_writer_put(&w, signature + 32, 32);
    }
    ASSAY_ASSERT(assay_writer_finish(&w, &written) == ASSAY_OK);
    return written;
}

void simtpm_build(struct simtpm *p)
{
    uint8_t attest[1024], key[256], signature[256];
    struct assay_package package = { .kind = ASSAY_KIND_TPM };
    struct assay_slice written;
    package.main = put_attest(p, attest, sizeof attest);
    if (!p->no_key) package.key = put_key(p, key, sizeof key);
    if (!p->no_signature)
        package.signature = put_signature(p, package.main, signature, sizeof signature);
    if (!p->no_values) package.pcrs = assay_slice_over(p->values, p->values_len);
    if (p->has_report_data)
        package.report_data = assay_slice_over(p->report_data, sizeof p->report_data);
    if (!p->keep_certificate)
        ASSAY_ASSERT(assay_tpm_certificate_make(&p->certificate, p->certificate_der,
                                                sizeof p->certificate_der,
                                                &p->certificate_len) == ASSAY_OK);
    package.certificate_count = p->certificate_count;
    package.certificates[0] = assay_slice_over(p->certificate_der, p->certificate_len);
    package.certificates[1] = assay_slice_over(p->registrar.root_der, p->registrar.root_der_len);
    if (p->extra_certificate.len > 0)
        package.certificates[package.certificate_count++] = p->extra_certificate;
    struct assay_writer w = assay_writer_over(p->evidence, sizeof p->evidence);
    assay_package_encode(&package, &w);
    ASSAY_ASSERT(assay_writer_finish(&w, &written) == ASSAY_OK);
    p->len = written.len;
}

void simtpm_list(struct simtpm *p, const uint8_t *revoked, int64_t from_s, int64_t to_s)
{
    uint8_t der[2048], serials[1][ASSAY_SERIAL_LEN] = { { 0 } };
    size_t len = 0;
    if (revoked != NULL) assay_bytes_copy(serials[0] + ASSAY_SERIAL_LEN - 16, 16, revoked, 16);
    ASSAY_ASSERT(assay_tpm_registrar_crl(
                     &p->registrar, from_s, to_s, (const uint8_t(*)[ASSAY_SERIAL_LEN])serials,
                     revoked != NULL ? 1 : 0, der, sizeof der, &len) == ASSAY_OK);
    const struct assay_collateral_files files = { .part = { [ASSAY_PART_CRL] =
                                                                assay_slice_over(der, len) } };
    free(p->collateral);
    p->collateral = calloc(1, sizeof *p->collateral);
    ASSAY_ASSERT(p->collateral != NULL);
    ASSAY_ASSERT(assay_collateral_build(&files, &p->endorsements.entries[0].root, p->collateral) ==
                 ASSAY_OK);
    p->endorsements.entries[0].collateral = p->collateral;
}

enum assay_status simtpm_verify(const struct simtpm *p, struct assay_verdict *verdict)
{
    const struct assay_evidence_request request = { .kind = ASSAY_KIND_TPM,
                                                    .bytes = p->evidence,
                                                    .len = p->len,
                                                    .at_unix_s = SIMTPM_NOW,
                                                    .endorsements = &p->endorsements,
                                                    .policy = &p->policy };
    const enum assay_status status = assay_evidence_verify(NULL, &request, verdict);
    if (p->verifier == NULL) return status;
    struct assay_verdict again;
    ASSAY_ASSERT(assay_evidence_verify(p->verifier, &request, &again) == status);
    ASSAY_ASSERT(assay_bytes_equal(&again, verdict, sizeof again));
    return status;
}

void simtpm_appraise(struct simtpm *p, struct assay_verdict *verdict)
{
    simtpm_build(p);
    ASSAY_ASSERT(simtpm_verify(p, verdict) == ASSAY_OK);
    ASSAY_ASSERT(simtpm_verify(p, verdict) == ASSAY_OK);
}
