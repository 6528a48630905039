/*
 * quote/source/soft/soft_collateral.c - collateral of a SOFT vendor: TCB info, QE identity,
 * revocation lists.
 */
#include "quote/source/soft/soft.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/rfc3339.h"
#include "quote/source/soft/soft_qe.h"
#include "quote/source/soft/soft_x509.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void assay_soft_qe_signer(uint8_t mrsigner[static 32])
{
    static const char text[] = "assay/soft/quoting-enclave-signer/v1";
    assay_sha256(text, sizeof text - 1, mrsigner);
}

void assay_soft_terms_default(const struct assay_soft_ca *ca, struct assay_soft_terms *terms)
{
    *terms = (struct assay_soft_terms){
        .issue_unix_s = ca->not_before_s,
        .next_unix_s = ca->not_after_s,
        .evaluation_number = 1,
        .level_count = 1,
        .qe_isvsvn = 1,
        .qe_status = ASSAY_TCB_UP_TO_DATE,
    };
    struct assay_soft_level *const level = &terms->levels[0];
    level->pcesvn = 1;
    level->status = ASSAY_TCB_UP_TO_DATE;
    level->date_unix_s = ca->not_before_s;
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++)
        level->components[i] = 1;
}

/* --- text with a bound, checked once */
struct text {
    char *bytes;
    size_t capacity;
    size_t len;
    bool full;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
    ASSAY_ASSERT(t->len <= t->capacity);
    va_list args;
    if (t->full) return;
    va_start(args, format);
    const int len = vsnprintf(t->bytes + t->len, t->capacity - t->len, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= t->capacity - t->len) t->full = true;
    else t->len += (size_t)len;
}

static void put_time(struct text *t, const char *name, int64_t unix_s)
{
    char time[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(unix_s, time);
    put(t, "\"%s\":\"%s\"", name, time);
}

static void put_hex(struct text *t, const char *name, const uint8_t *bytes, size_t len)
{
    ASSAY_ASSERT(bytes != NULL);
    put(t, "\"%s\":\"", name);
    for (size_t i = 0; i < len; i++)
        put(t, "%02X", bytes[i]);
    put(t, "\"");
}

static void put_status(struct text *t, int64_t date_unix_s, enum assay_tcb_status status,
                       const char *advisory)
{
    put_time(t, "tcbDate", date_unix_s);
    put(t, ",\"tcbStatus\":\"%s\"", assay_tcb_status_text(status));
    if (advisory != NULL) put(t, ",\"advisoryIDs\":[\"%s\"]", advisory);
}

static void put_tcb_info(struct text *t, const struct assay_soft_ca *ca,
                         const struct assay_soft_terms *terms)
{
    ASSAY_ASSERT(terms->level_count <= ASSAY_SOFT_LEVELS_MAX);
    static const uint8_t pceid[2] = { 0 };
    put(t, "{\"id\":\"SGX\",\"version\":3,");
    put_time(t, "issueDate", terms->issue_unix_s);
    put(t, ",");
    put_time(t, "nextUpdate", terms->next_unix_s);
    put(t, ",");
    put_hex(t, "fmspc", ca->fmspc, sizeof ca->fmspc);
    put(t, ",");
    put_hex(t, "pceId", pceid, sizeof pceid);
    put(t, ",\"tcbType\":0,\"tcbEvaluationDataNumber\":%u,\"tcbLevels\":[",
        terms->evaluation_number);
    for (size_t i = 0; i < terms->level_count; i++) {
        const struct assay_soft_level *const level = &terms->levels[i];
        put(t, "%s{\"tcb\":{\"sgxtcbcomponents\":[", i == 0 ? "" : ",");
        for (size_t k = 0; k < ASSAY_TCB_COMPONENTS; k++)
            put(t, "%s{\"svn\":%u}", k == 0 ? "" : ",", level->components[k]);
        put(t, "],\"pcesvn\":%u},", level->pcesvn);
        put_status(t, level->date_unix_s, level->status, level->advisory);
        put(t, "}");
    }
    put(t, "]}");
}

static void put_qe_identity(struct text *t, const struct assay_soft_terms *terms)
{
    static const uint8_t attributes[16] = { 0x11 }; /* INIT, PROVISION_KEY, not DEBUG */
    uint8_t attributes_mask[16] = { 0xfb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    uint8_t mrsigner[32];
    assay_soft_qe_signer(mrsigner);
    put(t, "{\"id\":\"QE\",\"version\":2,");
    put_time(t, "issueDate", terms->issue_unix_s);
    put(t, ",");
    put_time(t, "nextUpdate", terms->next_unix_s);
    put(t, ",\"tcbEvaluationDataNumber\":%u,", terms->evaluation_number);
    put(t, "\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",");
    put_hex(t, "attributes", attributes, sizeof attributes);
    put(t, ",");
    put_hex(t, "attributesMask", attributes_mask, sizeof attributes_mask);
    put(t, ",");
    put_hex(t, "mrsigner", mrsigner, sizeof mrsigner);
    put(t, ",\"isvprodid\":%u,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":%u},", ASSAY_SOFT_QE_PRODID,
        terms->qe_isvsvn);
    put_status(t, terms->issue_unix_s, terms->qe_status, NULL);
    put(t, "}]}");
}

enum assay_status assay_soft_sign_json(const struct assay_soft_ca *ca, const char *name,
                                       struct assay_slice body, uint8_t *text, size_t capacity,
                                       size_t *len)
{
    uint8_t digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    char hex[2 * ASSAY_P256_SIGNATURE_LEN + 1];
    struct assay_p256_signer *signer = NULL;
    assay_sha256(body.bytes, body.len, digest);
    ASSAY_TRY(assay_p256_signer_load(&ca->signing_key, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    ASSAY_ASSERT(signer == NULL);
    if (status != ASSAY_OK) return status;
    assay_hex_encode(signature, sizeof signature, hex, sizeof hex);

    struct text out = { (char *)text, capacity, 0, false };
    if (body.len > ASSAY_SOFT_JSON_MAX) return ASSAY_E_FULL;
    put(&out, "{\"%s\":%.*s,\"signature\":\"%s\"}", name, (int)body.len, (const char *)body.bytes,
        hex);
    if (out.full) return ASSAY_E_FULL;
    *len = out.len;
    return ASSAY_OK;
}

/* --- the bundle: parts one after the other in its memory */
static enum assay_status check_terms(const struct assay_soft_terms *terms)
{
    if (terms->level_count > ASSAY_SOFT_LEVELS_MAX) return ASSAY_E_RANGE;
    if (terms->revoked_count > ASSAY_SOFT_REVOKED_MAX) return ASSAY_E_RANGE;
    return terms->issue_unix_s <= terms->next_unix_s ? ASSAY_OK : ASSAY_E_RANGE;
}

static void set_part(struct assay_soft_bundle *bundle, enum assay_collateral_part part, size_t len)
{
    ASSAY_ASSERT((unsigned)part < ASSAY_PARTS && bundle->used + len <= ASSAY_SOFT_BUNDLE_MAX);
    bundle->files.part[part] = assay_slice_over(bundle->bytes + bundle->used, len);
    bundle->used += len;
}

static enum assay_status add_document(const struct assay_soft_ca *ca, const char *name,
                                      const struct text *body, enum assay_collateral_part part,
                                      struct assay_soft_bundle *bundle)
{
    ASSAY_ASSERT(bundle->used <= ASSAY_SOFT_BUNDLE_MAX);
    size_t len = 0;
    if (body->full) return ASSAY_E_FULL;
    ASSAY_TRY(assay_soft_sign_json(ca, name, assay_slice_over(body->bytes, body->len),
                                   bundle->bytes + bundle->used,
                                   ASSAY_SOFT_BUNDLE_MAX - bundle->used, &len));
    set_part(bundle, part, len);
    return ASSAY_OK;
}

static enum assay_status add_chain(const uint8_t *der, size_t der_len,
                                   const struct assay_soft_ca *ca, enum assay_collateral_part part,
                                   struct assay_soft_bundle *bundle)
{
    ASSAY_ASSERT(bundle->used <= ASSAY_SOFT_BUNDLE_MAX);
    size_t len = 0;
    uint8_t *const text = bundle->bytes + bundle->used;
    const size_t room = ASSAY_SOFT_BUNDLE_MAX - bundle->used;
    ASSAY_TRY(assay_pem_put("CERTIFICATE", der, der_len, text, room, &len));
    ASSAY_TRY(assay_pem_put("CERTIFICATE", ca->root_der, ca->root_der_len, text, room, &len));
    set_part(bundle, part, len);
    return ASSAY_OK;
}

static enum assay_status add_crls(const struct assay_soft_ca *ca,
                                  const struct assay_soft_terms *terms,
                                  struct assay_soft_bundle *bundle)
{
    ASSAY_ASSERT(terms->revoked_count <= ASSAY_SOFT_REVOKED_MAX);
    struct assay_certificate platform;
    size_t len = 0;
    ASSAY_TRY(assay_x509_certificate(ca->platform_der, ca->platform_der_len, &platform));
    const uint8_t(*const platform_serial)[ASSAY_SERIAL_LEN] =
        (const uint8_t(*)[ASSAY_SERIAL_LEN]) & platform.serial;
    struct assay_soft_crl crl = {
        .issuer = ASSAY_SOFT_ROOT,
        .vendor = ca->name,
        .this_update_s = terms->issue_unix_s,
        .next_update_s = terms->next_unix_s,
        .issuer_public_key = ca->root_public,
        .issuer_key = &ca->root_key,
        .revoked = platform_serial,
        .revoked_count = terms->revoke_platform_ca ? 1 : 0,
    };
    ASSAY_TRY(assay_soft_crl_make(&crl, bundle->bytes + bundle->used,
                                  ASSAY_SOFT_BUNDLE_MAX - bundle->used, &len));
    set_part(bundle, ASSAY_PART_ROOT_CRL, len);
    crl.issuer = ASSAY_SOFT_PLATFORM_CA;
    crl.issuer_public_key = ca->platform_public;
    crl.issuer_key = &ca->platform_key;
    crl.revoked = terms->revoked;
    crl.revoked_count = terms->revoked_count;
    ASSAY_TRY(assay_soft_crl_make(&crl, bundle->bytes + bundle->used,
                                  ASSAY_SOFT_BUNDLE_MAX - bundle->used, &len));
    set_part(bundle, ASSAY_PART_PCK_CRL, len);
    return ASSAY_OK;
}

enum assay_status assay_soft_collateral(const struct assay_soft_ca *ca,
                                        const struct assay_soft_terms *terms,
                                        struct assay_soft_bundle *bundle)
{
    ASSAY_ASSERT(ca != NULL);
    ASSAY_ASSERT(terms != NULL);
    char memory[ASSAY_SOFT_JSON_MAX];
    struct text body = { memory, sizeof memory, 0, false };
    ASSAY_TRY(check_terms(terms));
    bundle->files = (struct assay_collateral_files){ 0 };
    bundle->used = 0;
    put_tcb_info(&body, ca, terms);
    ASSAY_TRY(add_document(ca, "tcbInfo", &body, ASSAY_PART_TCB_INFO, bundle));
    body = (struct text){ memory, sizeof memory, 0, false };
    put_qe_identity(&body, terms);
    ASSAY_TRY(add_document(ca, "enclaveIdentity", &body, ASSAY_PART_QE_IDENTITY, bundle));
    ASSAY_TRY(add_chain(ca->platform_der, ca->platform_der_len, ca, ASSAY_PART_PCK_CHAIN, bundle));
    ASSAY_TRY(add_chain(ca->signing_der, ca->signing_der_len, ca, ASSAY_PART_TCB_CHAIN, bundle));
    ASSAY_TRY(add_chain(ca->signing_der, ca->signing_der_len, ca, ASSAY_PART_QE_CHAIN, bundle));
    return add_crls(ca, terms, bundle);
}
