/*
 * apps/assay/evidence/claims.c - JSON fields of a quote and of the PCK certificate in it.
 */
#include "apps/assay/evidence/claims.h"
#include "apps/assay/evidence/claims_kinds.h"

#include "quote/certificates/chain.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/package.h"

#include <stdio.h>
#include <stdlib.h>

#define HEX(object, name, array) assay_json_set_hex(object, name, array, sizeof(array))

static void put_sgx(struct assay_json *out, const struct assay_sgx_report *body)
{
    enum { DEBUG = 0x02 };
    HEX(out, "cpusvn", body->cpusvn);
    HEX(out, "mrenclave", body->mrenclave);
    HEX(out, "mrsigner", body->mrsigner);
    assay_json_set_uint(out, "isvprodid", body->isvprodid);
    assay_json_set_uint(out, "isvsvn", body->isvsvn);
    HEX(out, "attributes", body->attributes);
    HEX(out, "miscselect", body->miscselect);
    HEX(out, "report_data", body->report_data);
    assay_json_set_bool(out, "debug", (body->attributes[0] & DEBUG) != 0);
}

static void put_td(struct assay_json *out, enum assay_body_type type,
                   const struct assay_td_report *body)
{
    enum { DEBUG = 0x01 };
    static const char *const rtmr[] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
    HEX(out, "tee_tcb_svn", body->tee_tcb_svn);
    HEX(out, "mrseam", body->mrseam);
    HEX(out, "mrsignerseam", body->mrsignerseam);
    HEX(out, "seam_attributes", body->seam_attributes);
    HEX(out, "td_attributes", body->td_attributes);
    HEX(out, "xfam", body->xfam);
    HEX(out, "mrtd", body->mrtd);
    HEX(out, "mrconfigid", body->mrconfigid);
    HEX(out, "mrowner", body->mrowner);
    HEX(out, "mrownerconfig", body->mrownerconfig);
    for (size_t i = 0; i < 4; i++)
        HEX(out, rtmr[i], body->rtmr[i]);
    HEX(out, "report_data", body->report_data);
    assay_json_set_bool(out, "debug", (body->td_attributes[0] & DEBUG) != 0);
    if (type < ASSAY_BODY_TD_15) return;
    HEX(out, "tee_tcb_svn2", body->tee_tcb_svn2);
    HEX(out, "mrservicetd", body->mrservicetd);
    if (type < ASSAY_BODY_TD_15_EX) return;
    assay_json_set_uint(out, "vm_id", body->vm_id);
    HEX(out, "td_id", body->td_id);
    HEX(out, "device_info", body->device_info);
    HEX(out, "init_service_td_hash", body->init_service_td_hash);
    HEX(out, "init_service_td_attributes", body->init_service_td_attributes);
    HEX(out, "init_cpusvn", body->init_cpusvn);
    HEX(out, "init_tee_tcb_svn", body->init_tee_tcb_svn);
    HEX(out, "init_tee_fmspc", body->init_tee_fmspc);
    HEX(out, "current_service_td_hash", body->current_service_td_hash);
    HEX(out, "current_service_td_attributes", body->current_service_td_attributes);
}

static const char *body_text(enum assay_body_type type)
{
    switch (type) {
    case ASSAY_BODY_SGX: return "sgx";
    case ASSAY_BODY_TD_10: return "tdx10";
    case ASSAY_BODY_TD_15: return "tdx15";
    case ASSAY_BODY_TD_15_EX: return "tdx15ex";
    }
    return "unknown";
}

static void put_quote(struct assay_json *out, const struct assay_quote *quote)
{
    assay_json_set_uint(out, "quote_version", quote->version);
    assay_json_set_text(out, "body_type", body_text(quote->body_type));
    assay_json_set_uint(out, "qe_svn_header", quote->qe_svn);
    assay_json_set_uint(out, "pce_svn_header", quote->pce_svn);
    HEX(out, "user_data", quote->user_data);
    HEX(out, "attestation_key", quote->attestation_key);
    assay_json_set_uint(out, "cert_data_type", quote->cert_data_type);
    assay_json_set_uint(out, "qe_auth_data_len", quote->qe_auth_data.len);
    assay_json_set_uint(out, "qe_isvsvn", quote->qe_report.isvsvn);
    assay_json_set_uint(out, "quote_len", quote->len);
}

static void put_octet(struct assay_json *out, const char *name, uint8_t value)
{
    assay_json_set_hex(out, name, &value, 1);
}

/* A serial number is an integer: its hexadecimal digits without leading zeros. */
static void put_serial(struct assay_json *out, const uint8_t serial[ASSAY_SERIAL_LEN])
{
    char text[2 * ASSAY_SERIAL_LEN + 1];
    size_t zeros = 0;
    assay_hex_encode(serial, ASSAY_SERIAL_LEN, text, sizeof text);
    while (zeros < sizeof text - 2 && text[zeros] == '0')
        zeros += 1;
    assay_json_set_text(out, "pck_serial", text + zeros);
}

static void put_pck(struct assay_json *out, const struct assay_certificate *c)
{
    const struct assay_pck *const pck = &c->pck;
    HEX(out, "fmspc", pck->fmspc);
    HEX(out, "pceid", pck->pceid);
    assay_json_set_uint(out, "pcesvn", pck->pcesvn);
    HEX(out, "pck_cpusvn", pck->cpusvn);
    struct assay_json *const components = assay_json_array();
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++)
        assay_json_append_uint(components, pck->components[i]);
    assay_json_set(out, "pck_tcb_components", components);
    assay_json_set_uint(out, "sgx_type", pck->sgx_type);
    if (pck->has_platform_instance) HEX(out, "platform_instance_id", pck->platform_instance);
    else assay_json_set_null(out, "platform_instance_id");
    HEX(out, "ppid", pck->ppid);
    assay_json_set_text(out, "pck_issuer", c->issuer_name);
    put_serial(out, c->serial);
    if (!pck->has_configuration) {
        assay_json_set_null(out, "pck_config");
        return;
    }
    struct assay_json *const configuration = assay_json_object();
    put_octet(configuration, "dynamic_platform", pck->dynamic_platform);
    put_octet(configuration, "cached_keys", pck->cached_keys);
    put_octet(configuration, "smt_enabled", pck->smt_enabled);
    assay_json_set(out, "pck_config", configuration);
}

/* The names of the chain's keys, from the PCK to the root. */
static void put_key_names(struct assay_json *out, const struct assay_certificate *chain,
                          size_t count)
{
    enum { LINKS = 3 };
    struct assay_chain ordered;
    char text[2 * ASSAY_SHA256_LEN + 1];
    if (count != LINKS || assay_chain_order(chain, count, &ordered) != ASSAY_OK) return;
    const struct assay_certificate *const links[LINKS] = { &ordered.pck, &ordered.ca,
                                                           &ordered.root };
    struct assay_json *const names = assay_json_array();
    for (size_t i = 0; i < LINKS; i++) {
        assay_hex_encode(links[i]->key_name, ASSAY_SHA256_LEN, text, sizeof text);
        assay_json_append_text(names, text);
    }
    assay_json_set(out, "spki_sha256", names);
}

/* Fields of the PCK certificate, if it can be parsed. */
static enum assay_status put_certificate(struct assay_json *out, const struct assay_quote *quote)
{
    if (quote->cert_data_type != ASSAY_CERT_TYPE_PCK_CHAIN) return ASSAY_OK;
    struct assay_certificate *const chain = calloc(ASSAY_CHAIN_MAX, sizeof *chain);
    size_t count = 0;
    if (chain == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = assay_x509_pem_chain(
        quote->cert_data.bytes, quote->cert_data.len, chain, ASSAY_CHAIN_MAX, &count);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        if (!chain[i].has_pck) continue;
        put_pck(out, &chain[i]);
        break;
    }
    if (status == ASSAY_OK) put_key_names(out, chain, count);
    free(chain);
    /* An unreadable certificate leaves its claims out; the verdict has the reason. */
    return assay_status_class(status) == ASSAY_CLASS_HOST ? status : ASSAY_OK;
}

static enum assay_status parse_quote(enum assay_evidence_kind kind, const uint8_t *bytes,
                                     size_t len, struct assay_kind *row, struct assay_quote *quote)
{
    struct assay_package package;
    if (assay_kind_find(kind, row) != ASSAY_OK) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_package_read(kind, bytes, len, &package));
    return assay_quote_parse(row, package.main.bytes, package.main.len, quote);
}

enum assay_status cli_claims_quote(enum assay_evidence_kind kind, struct assay_slice bytes,
                                   struct assay_json *out)
{
    struct assay_kind row;
    struct assay_quote quote;
    ASSAY_TRY(parse_quote(kind, bytes.bytes, bytes.len, &row, &quote));
    if (row.is_tdx) put_td(out, quote.body_type, &quote.body.td);
    else put_sgx(out, &quote.body.sgx);
    put_quote(out, &quote);
    return put_certificate(out, &quote);
}

enum assay_status cli_claims_json(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                  struct assay_json **claims)
{
    struct assay_json *out = assay_json_object();
    if (out == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = cli_claims_quote(kind, assay_slice_over(bytes, len), out);
    if (status != ASSAY_OK) {
        assay_json_free(&out);
        return status;
    }
    *claims = out;
    return ASSAY_OK;
}

enum assay_status cli_details_json(enum assay_evidence_kind kind, const uint8_t *bytes, size_t len,
                                   struct assay_json **details)
{
    struct assay_kind row;
    struct assay_quote quote;
    ASSAY_TRY(parse_quote(kind, bytes, len, &row, &quote));
    struct assay_json *const out = assay_json_object();
    if (out == NULL) return ASSAY_E_MEMORY;
    assay_json_set_uint(out, "attestation_key_type", quote.attestation_key_type);
    assay_json_set_uint(out, "tee_type", quote.tee_type);
    HEX(out, "qe_vendor_id", quote.qe_vendor_id);
    HEX(out, "quote_signature", quote.signature);
    struct assay_json *const qe = assay_json_object();
    put_sgx(qe, &quote.qe_report);
    assay_json_set(out, "qe_report", qe);
    HEX(out, "qe_report_signature", quote.qe_signature);
    assay_json_set_hex(out, "qe_auth_data", quote.qe_auth_data.bytes, quote.qe_auth_data.len);
    assay_json_set_uint(out, "cert_data_len", quote.cert_data.len);
    *details = out;
    return ASSAY_OK;
}
