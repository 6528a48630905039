/*
 * quote/source/tpm/tpm_registrar.c - registrar of attestation keys (tpm_registrar.h).
 */
#include "quote/source/tpm/tpm_registrar.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "base/file/file.h"
#include "base/secret.h"
#include "quote/certificates/path.h"
#include "quote/source/soft/issue.h"
#include "quote/source/tpm/tpm_x509.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SECRET_FILE_MAX = 8192, PEM_MAX = 4096, CRL_MAX = 4096 };

static const char registrar_tag[] = "assay/tpm-registrar/v1";

/* ------------------------------------------------------------ the registrar */

static enum assay_status take_public(struct assay_tpm_registrar *r)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    ASSAY_TRY(assay_p256_public(&r->secret, public_key));
    r->key = assay_key_p256(public_key);
    return ASSAY_OK;
}

static enum assay_status create_registrar(struct assay_tpm_registrar *r)
{
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    size_t len = 0;
    ASSAY_TRY(assay_p256_generate(&r->secret, public_key));
    ASSAY_TRY(take_public(r));
    struct assay_tpm_certificate c = { .role = ASSAY_TPM_ROLE_REGISTRAR,
                                       .registrar = r->name,
                                       .not_before_s = r->not_before_s,
                                       .not_after_s = r->not_after_s,
                                       .key = &r->key,
                                       .issuer_key = &r->key,
                                       .issuer_secret = &r->secret };
    ASSAY_TRY(assay_issue_serial(c.serial));
    ASSAY_TRY(assay_tpm_certificate_make(&c, r->root_der, sizeof r->root_der, &len));
    r->root_der_len = (uint32_t)len;
    ASSAY_ASSERT(r->root_der_len > 0 && r->root_der_len <= sizeof r->root_der);
    return ASSAY_OK;
}

enum assay_status assay_tpm_registrar_create(const char *name, int64_t not_before_s,
                                             int64_t not_after_s,
                                             struct assay_tpm_registrar *registrar)
{
    ASSAY_TRY(assay_issue_name_fits(name, ASSAY_TPM_REGISTRAR_NAME_MAX));
    *registrar =
        (struct assay_tpm_registrar){ .not_before_s = not_before_s, .not_after_s = not_after_s };
    (void)snprintf(registrar->name, sizeof registrar->name, "%s", name);
    const enum assay_status status = create_registrar(registrar);
    if (status != ASSAY_OK) assay_tpm_registrar_wipe(registrar);
    return status;
}

void assay_tpm_registrar_wipe(struct assay_tpm_registrar *registrar)
{
    assay_secret_wipe(registrar, sizeof *registrar);
}

/* ------------------------------------------------------------ on disk */

static enum assay_status join_path(char path[PATH_MAX], const char *dir, const char *name)
{
    ASSAY_ASSERT(dir != NULL && name != NULL);
    const int used = snprintf(path, PATH_MAX, "%s/%s", dir, name);
    return used > 0 && used < PATH_MAX ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status save_secret(const struct assay_tpm_registrar *r, const char *dir)
{
    ASSAY_ASSERT(r->root_der_len <= sizeof r->root_der);
    char path[PATH_MAX];
    uint8_t bytes[SECRET_FILE_MAX];
    struct assay_slice encoded;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(join_path(path, dir, "registrar.key"));
    assay_cbor_put_array(&w, 6);
    assay_cbor_put_text(&w, registrar_tag);
    assay_cbor_put_text(&w, r->name);
    assay_cbor_put_int(&w, r->not_before_s);
    assay_cbor_put_int(&w, r->not_after_s);
    assay_cbor_put_bytes(&w, r->secret.bytes, sizeof r->secret.bytes);
    assay_cbor_put_bytes(&w, r->root_der, r->root_der_len);
    enum assay_status status = assay_writer_finish(&w, &encoded);
    if (status == ASSAY_OK) status = assay_file_create(path, ASSAY_FILE_SECRET, encoded);
    assay_secret_wipe(bytes, sizeof bytes);
    return status;
}

enum assay_status assay_tpm_registrar_save(const struct assay_tpm_registrar *registrar,
                                           const char *dir)
{
    char path[PATH_MAX];
    uint8_t pem[PEM_MAX], crl[CRL_MAX];
    size_t pem_len = 0, crl_len = 0;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) return ASSAY_E_IO;
    ASSAY_TRY(save_secret(registrar, dir));
    ASSAY_TRY(assay_pem_put("CERTIFICATE", registrar->root_der, registrar->root_der_len, pem,
                            sizeof pem, &pem_len));
    ASSAY_TRY(join_path(path, dir, "root_ca.pem"));
    ASSAY_TRY(assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(pem, pem_len)));
    ASSAY_TRY(assay_tpm_registrar_crl(registrar, registrar->not_before_s, registrar->not_after_s,
                                      NULL, 0, crl, sizeof crl, &crl_len));
    ASSAY_TRY(join_path(path, dir, "crl.der"));
    return assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(crl, crl_len));
}

static enum assay_status decode_registrar(struct assay_cursor *c, struct assay_tpm_registrar *r)
{
    struct assay_slice name, der;
    ASSAY_TRY(assay_cbor_array_exact(c, 6));
    const enum assay_status tag = assay_cbor_text_expect(c, registrar_tag);
    if (tag != ASSAY_OK) return tag == ASSAY_E_UNSUPPORTED ? ASSAY_E_VERSION : tag;
    ASSAY_TRY(assay_cbor_text(c, ASSAY_TPM_REGISTRAR_NAME_MAX - 1, &name));
    if (name.len == 0) return ASSAY_E_RANGE;
    assay_bytes_copy(r->name, sizeof r->name, name.bytes, name.len);
    ASSAY_TRY(assay_cbor_int(c, &r->not_before_s));
    ASSAY_TRY(assay_cbor_int(c, &r->not_after_s));
    ASSAY_TRY(assay_cbor_bytes_exact(c, r->secret.bytes, sizeof r->secret.bytes));
    ASSAY_TRY(assay_cbor_bytes(c, sizeof r->root_der, &der));
    ASSAY_TRY(assay_cursor_end(c));
    if (der.len == 0) return ASSAY_E_RANGE;
    assay_bytes_copy(r->root_der, sizeof r->root_der, der.bytes, der.len);
    r->root_der_len = (uint32_t)der.len;
    return take_public(r);
}

enum assay_status assay_tpm_registrar_load(const char *dir, struct assay_tpm_registrar *registrar)
{
    char path[PATH_MAX];
    uint8_t bytes[SECRET_FILE_MAX];
    size_t len = 0;
    ASSAY_TRY(join_path(path, dir, "registrar.key"));
    ASSAY_TRY(assay_file_read_secret(path, bytes, sizeof bytes, &len));
    *registrar = (struct assay_tpm_registrar){ 0 };
    struct assay_cursor c = assay_cursor_over(bytes, len);
    const enum assay_status status = decode_registrar(&c, registrar);
    assay_secret_wipe(bytes, sizeof bytes);
    if (status != ASSAY_OK) assay_tpm_registrar_wipe(registrar);
    return status;
}

/* ------------------------------------------------------------ challenge and certificate */

/* Is it a TPM of a trusted vendor? */
static enum assay_status check_ek(const struct assay_tpm_request *request,
                                  const struct assay_tpm_vendors *vendors,
                                  struct assay_tpm_public *ek, const char **why)
{
    ASSAY_ASSERT(why != NULL);
    struct assay_certificate certificate;
    struct assay_path path;
    struct assay_quote_fault fault = { ASSAY_RULE_CHAIN_ROOT, 0, "", "" };
    size_t at = 0;
    enum assay_status status = ASSAY_E_CHAIN;
    *why = "the endorsement key cannot be read";
    ASSAY_TRY(assay_tpm_public_parse(request->ek_public.bytes, request->ek_public.len, ek));
    *why = "the endorsement certificate cannot be read";
    ASSAY_TRY(assay_x509_certificate(request->ek_certificate.bytes, request->ek_certificate.len,
                                     &certificate));
    *why = "the endorsement certificate is for another key";
    if (!assay_key_equal(&certificate.key, &ek->key)) return ASSAY_E_INVALID;
    *why = "the certificate is none of an endorsement key (2.23.133.8.1)";
    if (!certificate.has_extended_key_usage ||
        (certificate.extended_key_usage & ASSAY_EKU_TCG_EK) == 0 || certificate.is_ca)
        return ASSAY_E_INVALID;
    *why = "no trusted vendor root leads to the endorsement certificate";
    for (size_t i = 0; i < vendors->root_count && status != ASSAY_OK; i++) {
        status = assay_path_build(&certificate, vendors->certificates, vendors->certificate_count,
                                  &vendors->roots[i], &path);
        if (status == ASSAY_OK) status = assay_path_verify(&path, &vendors->roots[i], &fault, &at);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    }
    if (status != ASSAY_OK) return ASSAY_E_CHAIN;
    *why = "a certificate of the endorsement key is not valid today";
    ASSAY_ASSERT(path.count >= 1);
    for (size_t i = 0; i < path.count; i++)
        if (vendors->at_unix_s < path.certificates[i]->not_before_s ||
            vendors->at_unix_s > path.certificates[i]->not_after_s)
            return ASSAY_E_INVALID;
    return ASSAY_OK;
}

/* Is it a key that signs only what its TPM made? */
static enum assay_status check_ak(const struct assay_tpm_request *request,
                                  struct assay_tpm_public *ak, const char **why)
{
    ASSAY_ASSERT(why != NULL);
    const uint32_t wanted = ASSAY_TPM_FIXED_TPM | ASSAY_TPM_SENSITIVE_DATA_ORIGIN |
                            ASSAY_TPM_RESTRICTED | ASSAY_TPM_SIGN;
    *why = "the attestation key cannot be read";
    ASSAY_TRY(assay_tpm_public_parse(request->ak_public.bytes, request->ak_public.len, ak));
    *why = "the attestation key is no restricted signing key of a TPM";
    if ((ak->attributes & wanted) != wanted || (ak->attributes & ASSAY_TPM_DECRYPT) != 0)
        return ASSAY_E_INVALID;
    *why = "the attestation key is neither ECDSA P-256 nor RSASSA, with SHA-256";
    const uint16_t scheme = ak->type == ASSAY_TPM_RSA ? ASSAY_TPM_RSASSA : ASSAY_TPM_ECDSA;
    if (ak->key.type == ASSAY_KEY_P384) return ASSAY_E_UNSUPPORTED;
    if (ak->scheme != scheme || ak->scheme_hash != ASSAY_TPM_SHA256) return ASSAY_E_UNSUPPORTED;
    return ASSAY_OK;
}

enum assay_status assay_tpm_challenge_make(const struct assay_tpm_request *request,
                                           const struct assay_tpm_vendors *vendors,
                                           struct assay_tpm_challenge *challenge, const char **why)
{
    struct assay_tpm_public ek, ak;
    struct assay_tpm_challenge made = { 0 };
    ASSAY_TRY(check_ek(request, vendors, &ek, why));
    ASSAY_TRY(check_ak(request, &ak, why));
    *why = "no credential can be made for this endorsement key";
    assay_key_name(&ek.key, made.ek_name);
    made.ak = ak.key;
    enum assay_status status = assay_random(made.secret, sizeof made.secret);
    if (status == ASSAY_OK)
        status = assay_tpm_credential_make(&ek, assay_slice_over(ak.name, ak.name_len),
                                           assay_slice_over(made.secret, sizeof made.secret),
                                           &made.credential);
    if (status == ASSAY_OK) *challenge = made;
    assay_secret_wipe(&made, sizeof made);
    ASSAY_ASSERT(assay_bytes_all_zero(made.secret, sizeof made.secret));
    return status;
}

enum assay_status assay_tpm_certificate_issue(const struct assay_tpm_registrar *registrar,
                                              const struct assay_tpm_challenge *challenge,
                                              struct assay_slice answer, int64_t not_before_s,
                                              int64_t not_after_s, uint8_t *der, size_t capacity,
                                              size_t *len)
{
    if (answer.len != sizeof challenge->secret ||
        !assay_equal_ct(answer.bytes, challenge->secret, sizeof challenge->secret))
        return ASSAY_E_INVALID;
    if (not_before_s < registrar->not_before_s || not_after_s > registrar->not_after_s)
        return ASSAY_E_RANGE;
    struct assay_tpm_certificate c = { .role = ASSAY_TPM_ROLE_AK,
                                       .registrar = registrar->name,
                                       .ek_name = challenge->ek_name,
                                       .not_before_s = not_before_s,
                                       .not_after_s = not_after_s,
                                       .key = &challenge->ak,
                                       .issuer_key = &registrar->key,
                                       .issuer_secret = &registrar->secret };
    ASSAY_TRY(assay_issue_serial(c.serial));
    return assay_tpm_certificate_make(&c, der, capacity, len);
}

enum assay_status assay_tpm_registrar_crl(const struct assay_tpm_registrar *registrar,
                                          int64_t this_update_s, int64_t next_update_s,
                                          const uint8_t (*revoked)[ASSAY_SERIAL_LEN],
                                          size_t revoked_count, uint8_t *der, size_t capacity,
                                          size_t *len)
{
    ASSAY_ASSERT(revoked != NULL || revoked_count == 0);
    const struct assay_tpm_crl crl = { .registrar = registrar->name,
                                       .this_update_s = this_update_s,
                                       .next_update_s = next_update_s,
                                       .issuer_key = &registrar->key,
                                       .issuer_secret = &registrar->secret,
                                       .revoked = revoked,
                                       .revoked_count = revoked_count };
    return assay_tpm_crl_make(&crl, der, capacity, len);
}
