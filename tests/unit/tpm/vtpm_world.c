/*
 * tests/unit/tpm/vtpm_world.c - paravisor for tests (vtpm_world.h).
 */
#include "tests/unit/tpm/vtpm_world.h"

#include "base/base64.h"
#include "quote/verify.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES = 24 * 32, BLOB_MAX = 8192 };

void vtpm_runtime(struct vtpm *v, const char *kid, const struct authority_key *key)
{
    struct assay_key public;
    char modulus[512];
    size_t len = 0;
    authority_key_public(key, &public);
    cr_assert_eq(
        assay_base64_encode(ASSAY_BASE64_URL, public.bytes, 256, modulus, sizeof modulus, &len),
        ASSAY_OK);
    (void)snprintf(v->runtime, sizeof v->runtime,
                   "{\"keys\":[{\"kid\":\"%s\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"%s\"},"
                   "{\"kid\":\"HCLEkPub\",\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"AQAB\"}],"
                   "\"vm-configuration\":{\"secure-boot\":true}}",
                   kid, modulus);
}

struct vtpm *vtpm_open(bool is_tdx)
{
    struct vtpm *const v = calloc(1, sizeof *v);
    cr_assert_not_null(v);
    v->is_tdx = is_tdx;
    v->ak = authority_key_make(ASSAY_KEY_RSA);
    v->other = authority_key_make(ASSAY_KEY_RSA);
    v->signer = v->ak;
    v->magic = 0x414c4348;
    v->report_type = is_tdx ? ASSAY_HCL_TDX : ASSAY_HCL_SNP;
    v->hash_type = 1;
    v->tail_len = 254;
    v->has_key = true;
    v->nonce_len = 3;
    assay_bytes_copy(v->nonce, sizeof v->nonce, "abc", 3);
    assay_policy_default(&v->policy);
    vtpm_runtime(v, "HCLAkPub", v->ak);
    if (is_tdx) {
        v->td = td_open();
        v->endorsements = v->td->world->endorsements;
    } else {
        v->snp = snp_world_open(ASSAY_SNP_MILAN);
        snp_world_certify(v->snp);
        v->endorsements = v->snp->endorsements;
    }
    for (size_t i = 0; i < v->endorsements.count; i++)
        v->endorsements.entries[i].kinds =
            ASSAY_KIND_BIT(is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP);
    return v;
}

void vtpm_close(struct vtpm *v)
{
    authority_key_free(&v->ak);
    authority_key_free(&v->other);
    if (v->td != NULL) td_close(v->td);
    if (v->snp != NULL) snp_world_close(v->snp);
    free(v);
}

void vtpm_take_svsm(struct vtpm *v, enum vtpm_svsm form)
{
    v->svsm = form;
    v->keys[0] = (struct vtpm_svsm_key){ v->ak, VTPM_SIGNS };
    v->key_count = 1;
    struct assay_reference *const r = &v->policy.references[v->policy.reference_count++];
    *r = (struct assay_reference){ .field = ASSAY_REFERENCE_SNP_MEASUREMENT, .value_len = 48 };
    assay_bytes_copy(r->value, sizeof r->value, v->snp->report + ASSAY_SNP_AT_MEASUREMENT, 48);
}

/* TPMT_PUBLIC, TPM 2.0 Part 2 12.2.4. */
static void put_area(const struct vtpm_svsm_key *from, struct assay_writer *w)
{
    struct assay_key key;
    const bool signs = (from->attributes & ASSAY_TPM_SIGN) != 0;
    authority_key_public(from->key, &key);
    assay_writer_u16be(w, ASSAY_TPM_RSA);
    assay_writer_u16be(w, ASSAY_TPM_SHA256);
    assay_writer_u32be(w, from->attributes);
    assay_writer_u16be(w, 0); /* authPolicy */
    assay_writer_u16be(w, signs ? ASSAY_TPM_NULL : ASSAY_TPM_AES);
    if (!signs) assay_writer_u16be(w, 128);
    if (!signs) assay_writer_u16be(w, ASSAY_TPM_CFB);
    assay_writer_u16be(w, signs ? ASSAY_TPM_RSASSA : ASSAY_TPM_NULL);
    if (signs) assay_writer_u16be(w, ASSAY_TPM_SHA256);
    assay_writer_u16be(w, 2048);
    assay_writer_u32be(w, 0); /* the exponent 65537 */
    assay_writer_u16be(w, 256);
    assay_writer_put(w, key.bytes, 256);
}

static void put_keys(const struct vtpm *v, struct assay_writer *w)
{
    if (v->svsm != VTPM_SVSM_LIST) {
        put_area(&v->keys[0], w);
        return;
    }
    assay_writer_u32be(w, 1);
    assay_writer_u32be(w, (uint32_t)v->key_count);
    for (size_t i = 0; i < v->key_count; i++) {
        uint8_t area[512];
        struct assay_writer inner = assay_writer_over(area, sizeof area);
        put_area(&v->keys[i], &inner);
        assay_writer_u16be(w, (uint16_t)inner.len);
        assay_writer_put(w, area, inner.len);
    }
}

/* A service without a manifest, then the vTPM (58019 7.1). */
static void put_table(const struct vtpm *v, struct assay_writer *w)
{
    enum { HEAD = 3 * 24 };
    uint8_t keys[VTPM_MANIFEST_MAX];
    struct assay_writer inner = assay_writer_over(keys, sizeof keys);
    put_keys(v, &inner);
    assay_writer_put(w, "\xbb\x9e\x84\x63\x92\x3d\x70\x46\xa1\xff\x58\xf9\xc9\x4b\x87\xbb", 16);
    assay_writer_u32le(w, (uint32_t)(HEAD + inner.len));
    assay_writer_u32le(w, 2);
    assay_writer_put(w, "another service!", 16);
    assay_writer_u32le(w, HEAD);
    assay_writer_u32le(w, 0);
    assay_writer_put(w, "\xeb\xf1\x76\xc4\x23\x01\xa5\x45\x96\x41\xb4\xe7\xdd\xe5\xbf\xe3", 16);
    assay_writer_u32le(w, HEAD);
    assay_writer_u32le(w, (uint32_t)inner.len);
    assay_writer_put(w, keys, inner.len);
}

static const uint8_t svsm_nonce[64] = { 0x5e, 0xc1 };

static void make_manifest(struct vtpm *v)
{
    struct assay_writer w = assay_writer_over(v->manifest, sizeof v->manifest);
    if (v->given.len > 0) assay_writer_put(&w, v->given.bytes, v->given.len);
    else if (v->svsm == VTPM_SVSM_TABLE) put_table(v, &w);
    else put_keys(v, &w);
    cr_assert(!w.full);
    v->manifest_len = w.len;
}

static void report_data(const struct vtpm *v, uint8_t out[64])
{
    const size_t len = strlen(v->runtime);
    const struct assay_slice pieces[] = { { svsm_nonce, sizeof svsm_nonce },
                                          { v->manifest, v->manifest_len } };
    assay_bytes_zero(out, 64);
    if (v->svsm != VTPM_HCL) {
        assay_sha512_pieces(pieces, 2, out);
        if (v->unbound) out[63] ^= 1;
        return;
    }
    if (v->hash_type == 1) assay_sha256(v->runtime, len, out);
    if (v->hash_type == 2) assay_sha384(v->runtime, len, out);
    if (v->hash_type == 3) assay_sha512(v->runtime, len, out);
    if (v->unbound) out[63] ^= 1;
}

static void put_hardware(struct vtpm *v, struct assay_writer *w)
{
    enum { SNP_REPORT_DATA_AT = 0x50, REPORT_MAC_REST = 1024 - 128 - 64 };
    uint8_t data[64];
    report_data(v, data);
    if (!v->is_tdx) {
        assay_bytes_copy(v->snp->report + SNP_REPORT_DATA_AT, 64, data, 64);
        snp_world_sign(v->snp);
        assay_writer_put(w, v->snp->report, sizeof v->snp->report);
        return;
    }
    assay_writer_zero(w, ASSAY_HCL_TD_REPORT_DATA_AT);
    assay_writer_put(w, data, sizeof data);
    assay_writer_zero(w, REPORT_MAC_REST);
    assay_writer_zero(w, ASSAY_HCL_HARDWARE_LEN - ASSAY_HCL_TD_REPORT_LEN);
    if (v->quote_unbound) data[0] ^= 1;
    assay_bytes_copy(v->td->td.report_data, 64, data, 64);
    td_quote(v->td);
}

static struct assay_slice make_blob(struct vtpm *v, uint8_t *out)
{
    struct assay_writer w = assay_writer_over(out, BLOB_MAX);
    const size_t len = strlen(v->runtime);
    if (v->svsm != VTPM_HCL) {
        make_manifest(v);
        put_hardware(v, &w);
        assay_writer_put(&w, svsm_nonce, sizeof svsm_nonce);
        assay_writer_put(&w, v->manifest, v->manifest_len);
        cr_assert(!w.full);
        return assay_slice_over(out, w.len);
    }
    assay_writer_u32le(&w, v->magic);
    assay_writer_u32le(&w, 2);
    assay_writer_u32le(&w, (uint32_t)(ASSAY_HCL_RUNTIME_AT + len));
    assay_writer_u32le(&w, 2);
    assay_writer_zero(&w, 16);
    put_hardware(v, &w);
    assay_writer_u32le(&w, (uint32_t)(20 + len));
    assay_writer_u32le(&w, 1);
    assay_writer_u32le(&w, v->report_type);
    assay_writer_u32le(&w, v->hash_type);
    assay_writer_u32le(&w, (uint32_t)len);
    assay_writer_put(&w, v->runtime, len);
    assay_writer_zero(&w, v->tail_len);
    cr_assert(!w.full);
    return assay_slice_over(out, w.len);
}

static struct assay_slice make_attest(const struct vtpm *v, const uint8_t *values, uint8_t *out)
{
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(out, 256);
    assay_writer_u32be(&w, UINT32_C(0xff544347));
    assay_writer_u16be(&w, ASSAY_TPM_ST_QUOTE);
    assay_writer_u16be(&w, 0);
    assay_writer_u16be(&w, (uint16_t)v->nonce_len);
    assay_writer_put(&w, v->nonce, v->nonce_len);
    assay_writer_zero(&w, 16);
    assay_writer_u8(&w, 1);
    assay_writer_zero(&w, 8);
    assay_writer_u32be(&w, 1);
    assay_writer_u16be(&w, ASSAY_TPM_SHA256);
    assay_writer_u8(&w, 3);
    assay_writer_put(&w, "\xff\xff\xff", 3);
    assay_sha256(values, VALUES, digest);
    assay_writer_u16be(&w, sizeof digest);
    assay_writer_put(&w, digest, sizeof digest);
    cr_assert(!w.full);
    return assay_slice_over(out, w.len);
}

void vtpm_build(struct vtpm *v)
{
    static uint8_t blob[BLOB_MAX], attest[256], values[VALUES], spki[640];
    struct assay_signature signature;
    struct assay_key key;
    size_t spki_len = 0;
    for (size_t i = 0; i < sizeof values; i++)
        values[i] = (uint8_t)(i / 32);
    struct assay_package package = {
        .kind = v->is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP,
        .hardware = make_blob(v, blob),
        .main = make_attest(v, values, attest),
        .pcrs = { values, sizeof values },
    };
    authority_sign(v->signer, ASSAY_SIGNATURE_RSA_PKCS1_SHA256, package.main.bytes,
                   package.main.len, &signature);
    package.signature = assay_slice_over(signature.bytes, signature.len);
    if (v->tampered_values) values[5] ^= 1;
    authority_key_public(v->other_key ? v->other : v->ak, &key);
    cr_assert_eq(assay_key_spki(&key, spki, sizeof spki, &spki_len), ASSAY_OK);
    if (v->has_key) package.key = assay_slice_over(spki, spki_len);
    if (v->is_tdx && !v->no_quote) package.quote = assay_slice_over(v->td->quote, v->td->quote_len);
    if (!v->is_tdx) {
        package.certificate_count = 3;
        package.certificates[0] = assay_slice_over(v->snp->vek_der, v->snp->vek_len);
        package.certificates[1] = assay_slice_over(v->snp->ask_der, v->snp->ask_len);
        package.certificates[2] = assay_slice_over(v->snp->ark_der, v->snp->ark_len);
    }
    if (v->certificate.len > 0) package.certificates[package.certificate_count++] = v->certificate;
    if (v->bare) {
        assay_bytes_copy(v->evidence, sizeof v->evidence, package.hardware.bytes,
                         package.hardware.len);
        v->len = package.hardware.len;
        return;
    }
    struct assay_writer w = assay_writer_over(v->evidence, sizeof v->evidence);
    assay_package_encode(&package, &w);
    cr_assert(!w.full);
    v->len = w.len;
}

enum assay_status vtpm_verify(struct vtpm *v)
{
    const struct assay_evidence_request request = {
        .kind = v->is_tdx ? ASSAY_KIND_VTPM_TDX : ASSAY_KIND_VTPM_SNP,
        .bytes = v->evidence,
        .len = v->len,
        .at_unix_s = v->is_tdx ? v->td->world->at_unix_s : v->snp->at_unix_s,
        .endorsements = &v->endorsements,
        .policy = &v->policy,
    };
    return assay_evidence_verify(NULL, &request, &v->verdict);
}
