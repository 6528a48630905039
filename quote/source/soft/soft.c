/*
 * quote/source/soft/soft.c - authorities, credentials and quotes of kind SOFT, in memory.
 *
 * The maker knows the formats that quote/intel/quote.c reads and writes them with the writer of
 * base/. Nothing of it is used by the verifier; tests/unit/quote/test_soft.c holds one against the
 * other.
 */
#include "quote/source/soft/soft.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/writer.h"
#include "quote/intel/quote.h"
#include "quote/source/soft/issue.h"
#include "quote/source/soft/soft_qe.h"
#include "quote/source/soft/soft_x509.h"

#include <stdio.h>
#include <string.h>

/* --- authority */
static enum assay_status issue_quote(const struct assay_soft_ca *ca, enum assay_soft_role role,
                                     const uint8_t public_key[64], uint8_t *der, uint32_t *der_len)
{
    ASSAY_ASSERT(role != ASSAY_SOFT_PCK);
    struct assay_soft_certificate c = {
        .role = role,
        .vendor = ca->name,
        .not_before_s = ca->not_before_s,
        .not_after_s = ca->not_after_s,
        .public_key = public_key,
        .issuer_public_key = ca->root_public,
        .issuer_key = &ca->root_key,
    };
    size_t len = 0;
    ASSAY_TRY(assay_issue_serial(c.serial));
    ASSAY_TRY(assay_soft_certificate_make(&c, der, ASSAY_SOFT_CERT_MAX, &len));
    *der_len = (uint32_t)len;
    ASSAY_ASSERT(*der_len > 0 && *der_len <= ASSAY_SOFT_CERT_MAX);
    return ASSAY_OK;
}

static enum assay_status create_ca(struct assay_soft_ca *ca)
{
    ASSAY_TRY(assay_p256_generate(&ca->root_key, ca->root_public));
    ASSAY_TRY(assay_p256_generate(&ca->platform_key, ca->platform_public));
    ASSAY_TRY(assay_p256_generate(&ca->signing_key, ca->signing_public));
    ASSAY_TRY(assay_random(ca->fmspc, sizeof ca->fmspc));
    ASSAY_TRY(issue_quote(ca, ASSAY_SOFT_ROOT, ca->root_public, ca->root_der, &ca->root_der_len));
    ASSAY_TRY(issue_quote(ca, ASSAY_SOFT_PLATFORM_CA, ca->platform_public, ca->platform_der,
                          &ca->platform_der_len));
    return issue_quote(ca, ASSAY_SOFT_SIGNING, ca->signing_public, ca->signing_der,
                       &ca->signing_der_len);
}

enum assay_status assay_soft_ca_create(const char *name, int64_t not_before_s, int64_t not_after_s,
                                       struct assay_soft_ca *ca)
{
    ASSAY_ASSERT(name != NULL);
    ASSAY_ASSERT(ca != NULL);
    ASSAY_TRY(assay_issue_name_fits(name, ASSAY_SOFT_NAME_MAX));
    *ca = (struct assay_soft_ca){ .not_before_s = not_before_s, .not_after_s = not_after_s };
    (void)snprintf(ca->name, sizeof ca->name, "%s", name);
    const enum assay_status status = create_ca(ca);
    if (status != ASSAY_OK) assay_soft_ca_wipe(ca);
    return status;
}

void assay_soft_ca_wipe(struct assay_soft_ca *ca)
{
    ASSAY_ASSERT(ca != NULL);
    assay_secret_wipe(ca, sizeof *ca);
}

/* --- credential of a node */
void assay_soft_platform_default(struct assay_soft_platform *platform)
{
    *platform = (struct assay_soft_platform){ .pcesvn = 1, .qe_isvsvn = 1 };
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++)
        platform->components[i] = 1;
}

static void put_sgx_report(struct assay_writer *w, const struct assay_sgx_report *r)
{
    assay_writer_put(w, r->cpusvn, sizeof r->cpusvn);
    assay_writer_put(w, r->miscselect, sizeof r->miscselect);
    assay_writer_zero(w, 28);
    assay_writer_put(w, r->attributes, sizeof r->attributes);
    assay_writer_put(w, r->mrenclave, sizeof r->mrenclave);
    assay_writer_zero(w, 32);
    assay_writer_put(w, r->mrsigner, sizeof r->mrsigner);
    assay_writer_zero(w, 96);
    assay_writer_u16le(w, r->isvprodid);
    assay_writer_u16le(w, r->isvsvn);
    assay_writer_zero(w, 60);
    assay_writer_put(w, r->report_data, sizeof r->report_data);
}

/* The quoting enclave of SOFT: its report over the attestation key, signed by the PCK key. */
static enum assay_status make_qe_report(const struct assay_soft_platform *platform,
                                        const struct assay_secret32 *pck_key,
                                        struct assay_soft_node *node)
{
    struct assay_sgx_report report = { .isvprodid = ASSAY_SOFT_QE_PRODID,
                                       .isvsvn = platform->qe_isvsvn,
                                       .attributes = { ASSAY_SOFT_QE_ATTRIBUTES } };
    const struct assay_slice pieces[] = {
        assay_slice_over(node->attestation_public, 64),
        assay_slice_over(node->auth_data, sizeof node->auth_data),
    };
    struct assay_slice written;
    uint8_t digest[ASSAY_SHA256_LEN];
    assay_sha256_pieces(pieces, 2, report.report_data);
    assay_soft_qe_signer(report.mrsigner);
    assay_bytes_copy(report.cpusvn, sizeof report.cpusvn, platform->components, 16);
    struct assay_writer w = assay_writer_over(node->qe_report, sizeof node->qe_report);
    put_sgx_report(&w, &report);
    ASSAY_TRY(assay_writer_finish(&w, &written));
    ASSAY_ASSERT(written.len == ASSAY_SGX_REPORT_LEN);

    struct assay_p256_signer *signer = NULL;
    assay_sha256(node->qe_report, sizeof node->qe_report, digest);
    ASSAY_TRY(assay_p256_signer_load(pck_key, &signer));
    const enum assay_status status = assay_p256_sign(signer, digest, node->qe_signature);
    assay_p256_signer_free(&signer);
    return status;
}

static enum assay_status make_chain(const struct assay_soft_ca *ca, const uint8_t *pck_der,
                                    size_t pck_len, struct assay_soft_node *node)
{
    size_t len = 0;
    ASSAY_TRY(
        assay_pem_put("CERTIFICATE", pck_der, pck_len, node->chain, sizeof node->chain, &len));
    ASSAY_TRY(assay_pem_put("CERTIFICATE", ca->platform_der, ca->platform_der_len, node->chain,
                            sizeof node->chain, &len));
    ASSAY_TRY(assay_pem_put("CERTIFICATE", ca->root_der, ca->root_der_len, node->chain,
                            sizeof node->chain, &len));
    node->chain_len = (uint32_t)len;
    ASSAY_ASSERT(node->chain_len <= sizeof node->chain);
    return ASSAY_OK;
}

static enum assay_status issue_pck(const struct assay_soft_ca *ca,
                                   const struct assay_soft_platform *platform,
                                   const uint8_t public_key[64], struct assay_soft_node *node)
{
    uint8_t der[ASSAY_SOFT_CERT_MAX];
    size_t len = 0;
    struct assay_pck pck = { .pcesvn = platform->pcesvn,
                             .sgx_type = 1,
                             .has_platform_instance = true };
    assay_bytes_copy(pck.ppid, sizeof pck.ppid, node->ppid, sizeof node->ppid);
    assay_bytes_copy(pck.platform_instance, 16, node->ppid, 16);
    assay_bytes_copy(pck.components, 16, platform->components, 16);
    assay_bytes_copy(pck.cpusvn, 16, platform->components, 16);
    assay_bytes_copy(pck.fmspc, sizeof pck.fmspc, ca->fmspc, sizeof ca->fmspc);
    struct assay_soft_certificate c = {
        .role = ASSAY_SOFT_PCK,
        .vendor = ca->name,
        .not_before_s = ca->not_before_s,
        .not_after_s = ca->not_after_s,
        .public_key = public_key,
        .issuer_public_key = ca->platform_public,
        .issuer_key = &ca->platform_key,
        .pck = &pck,
    };
    ASSAY_TRY(assay_issue_serial(c.serial));
    assay_bytes_copy(node->pck_serial + ASSAY_SERIAL_LEN - 16, 16, c.serial, 16);
    ASSAY_TRY(assay_soft_certificate_make(&c, der, sizeof der, &len));
    return make_chain(ca, der, len, node);
}

static enum assay_status create_node(const struct assay_soft_ca *ca,
                                     const struct assay_soft_platform *platform,
                                     struct assay_soft_node *node)
{
    struct assay_secret32 pck_key;
    uint8_t pck_public[64];
    assay_bytes_copy(node->ppid, sizeof node->ppid, platform->ppid, sizeof platform->ppid);
    if (assay_bytes_all_zero(node->ppid, sizeof node->ppid))
        ASSAY_TRY(assay_random(node->ppid, sizeof node->ppid));
    ASSAY_TRY(assay_random(node->auth_data, sizeof node->auth_data));
    ASSAY_TRY(assay_p256_generate(&node->attestation_key, node->attestation_public));
    ASSAY_TRY(assay_p256_signer_load(&node->attestation_key, &node->signer));
    ASSAY_TRY(assay_p256_generate(&pck_key, pck_public));
    enum assay_status status = issue_pck(ca, platform, pck_public, node);
    if (status == ASSAY_OK) status = make_qe_report(platform, &pck_key, node);
    assay_secret_wipe(&pck_key, sizeof pck_key); /* it has certified its one attestation key */
    ASSAY_ASSERT(status != ASSAY_OK || (node->signer != NULL && node->chain_len > 0));
    return status;
}

enum assay_status assay_soft_node_create(const struct assay_soft_ca *ca, const char *name,
                                         const struct assay_soft_platform *platform,
                                         struct assay_soft_node *node)
{
    ASSAY_ASSERT(ca != NULL);
    ASSAY_ASSERT(node != NULL);
    struct assay_soft_platform usual;
    ASSAY_TRY(assay_issue_name_fits(name, ASSAY_SOFT_NAME_MAX));
    assay_soft_platform_default(&usual);
    *node = (struct assay_soft_node){ 0 };
    (void)snprintf(node->name, sizeof node->name, "%s", name);
    const enum assay_status status = create_node(ca, platform == NULL ? &usual : platform, node);
    if (status != ASSAY_OK) assay_soft_node_deinit(node);
    return status;
}

void assay_soft_node_deinit(struct assay_soft_node *node)
{
    assay_p256_signer_free(&node->signer);
    ASSAY_ASSERT(node->signer == NULL);
    assay_secret_wipe(node, sizeof *node);
}

/* --- a quote */
static void put_header(struct assay_writer *w, const struct assay_soft_node *node)
{
    assay_writer_u16le(w, 3); /* version */
    assay_writer_u16le(w, 2); /* ECDSA P-256 */
    assay_writer_u32le(w, 0); /* SGX */
    assay_writer_u16le(w, 1); /* QE SVN */
    assay_writer_u16le(w, 1); /* PCE SVN */
    assay_writer_put(w, assay_soft_vendor_id(), 16);
    assay_writer_put(w, node->ppid, 16); /* user data: which platform, as Intel's QE fills it */
    assay_writer_zero(w, 4);
}

enum assay_status assay_soft_quote(const struct assay_soft_node *node,
                                   const struct assay_soft_request *request, uint8_t *quote,
                                   size_t capacity, size_t *len)
{
    enum { AFTER_SIGNATURE = 64 + 384 + 64 + 2 + ASSAY_SOFT_AUTH_LEN + 2 + 4 };
    ASSAY_ASSERT(node->signer != NULL);
    struct assay_sgx_report body = {
        .attributes = { (uint8_t)(0x05 | (request->debug ? 0x02 : 0)), [8] = 0x03 },
        .isvprodid = request->isvprodid,
        .isvsvn = request->isvsvn,
    };
    assay_bytes_copy(body.mrenclave, 32, request->mrenclave, 32);
    assay_bytes_copy(body.mrsigner, 32, request->mrsigner, 32);
    assay_bytes_copy(body.report_data, 64, request->report_data, 64);

    struct assay_writer w = assay_writer_over(quote, capacity);
    struct assay_slice written;
    uint8_t digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    put_header(&w, node);
    put_sgx_report(&w, &body);
    ASSAY_TRY(assay_writer_finish(&w, &written));
    ASSAY_ASSERT(written.len == ASSAY_QUOTE_HEADER_LEN + ASSAY_SGX_REPORT_LEN);
    assay_sha256(written.bytes, written.len, digest);
    ASSAY_TRY(assay_p256_sign(node->signer, digest, signature));

    assay_writer_u32le(&w, 64 + AFTER_SIGNATURE + node->chain_len);
    assay_writer_put(&w, signature, sizeof signature);
    assay_writer_put(&w, node->attestation_public, 64);
    assay_writer_put(&w, node->qe_report, sizeof node->qe_report);
    assay_writer_put(&w, node->qe_signature, sizeof node->qe_signature);
    assay_writer_u16le(&w, ASSAY_SOFT_AUTH_LEN);
    assay_writer_put(&w, node->auth_data, sizeof node->auth_data);
    assay_writer_u16le(&w, ASSAY_CERT_TYPE_PCK_CHAIN);
    assay_writer_u32le(&w, node->chain_len);
    assay_writer_put(&w, node->chain, node->chain_len);
    ASSAY_TRY(assay_writer_finish(&w, &written));
    ASSAY_ASSERT(written.len <= capacity);
    *len = written.len;
    return ASSAY_OK;
}
