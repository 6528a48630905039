/*
 * quote/result/claims_quote.c - claims of a quote and of the PCK certificate in it.
 */
#include "quote/result/claims.h"

#include "quote/certificates/chain.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/package.h"

#define HEX(object, name, array) assay_claims_add_bytes(object, name, array, sizeof(array))

static void put_sgx(struct assay_claims *out, const struct assay_sgx_report *body)
{
    enum { DEBUG = 0x02 };
    HEX(out, "cpusvn", body->cpusvn);
    HEX(out, "mrenclave", body->mrenclave);
    HEX(out, "mrsigner", body->mrsigner);
    assay_claims_add_uint(out, "isvprodid", body->isvprodid);
    assay_claims_add_uint(out, "isvsvn", body->isvsvn);
    HEX(out, "attributes", body->attributes);
    HEX(out, "miscselect", body->miscselect);
    HEX(out, "report_data", body->report_data);
    assay_claims_add_bool(out, "debug", (body->attributes[0] & DEBUG) != 0);
}

static void put_td(struct assay_claims *out, enum assay_body_type type,
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
    assay_claims_add_bool(out, "debug", (body->td_attributes[0] & DEBUG) != 0);
    if (type < ASSAY_BODY_TD_15) return;
    HEX(out, "tee_tcb_svn2", body->tee_tcb_svn2);
    HEX(out, "mrservicetd", body->mrservicetd);
    if (type < ASSAY_BODY_TD_15_EX) return;
    assay_claims_add_uint(out, "vm_id", body->vm_id);
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

static void put_quote(struct assay_claims *out, const struct assay_quote *quote)
{
    assay_claims_add_uint(out, "quote_version", quote->version);
    assay_claims_add_text(out, "body_type", body_text(quote->body_type));
    assay_claims_add_uint(out, "qe_svn_header", quote->qe_svn);
    assay_claims_add_uint(out, "pce_svn_header", quote->pce_svn);
    HEX(out, "user_data", quote->user_data);
    HEX(out, "attestation_key", quote->attestation_key);
    assay_claims_add_uint(out, "cert_data_type", quote->cert_data_type);
    assay_claims_add_uint(out, "qe_auth_data_len", quote->qe_auth_data.len);
    assay_claims_add_uint(out, "qe_isvsvn", quote->qe_report.isvsvn);
    assay_claims_add_uint(out, "quote_len", quote->len);
}

static void put_octet(struct assay_claims *out, const char *name, uint8_t value)
{
    assay_claims_add_bytes(out, name, &value, 1);
}

/* A serial number is an integer: its hexadecimal digits without leading zeros. */
static void put_serial(struct assay_claims *out, const uint8_t serial[ASSAY_SERIAL_LEN])
{
    char text[2 * ASSAY_SERIAL_LEN + 1];
    size_t zeros = 0;
    assay_hex_encode(serial, ASSAY_SERIAL_LEN, text, sizeof text);
    while (zeros < sizeof text - 2 && text[zeros] == '0')
        zeros += 1;
    assay_claims_add_text(out, "pck_serial", text + zeros);
}

static void put_pck(struct assay_claims *out, const struct assay_certificate *c)
{
    const struct assay_pck *const pck = &c->pck;
    HEX(out, "fmspc", pck->fmspc);
    HEX(out, "pceid", pck->pceid);
    assay_claims_add_uint(out, "pcesvn", pck->pcesvn);
    HEX(out, "pck_cpusvn", pck->cpusvn);
    assay_claims_open(out, "pck_tcb_components", ASSAY_CLAIM_LIST);
    for (size_t i = 0; i < ASSAY_TCB_COMPONENTS; i++)
        assay_claims_add_uint(out, NULL, pck->components[i]);
    assay_claims_close(out);
    assay_claims_add_uint(out, "sgx_type", pck->sgx_type);
    if (pck->has_platform_instance) HEX(out, "platform_instance_id", pck->platform_instance);
    else assay_claims_add_null(out, "platform_instance_id");
    HEX(out, "ppid", pck->ppid);
    assay_claims_add_text(out, "pck_issuer", c->issuer_name);
    put_serial(out, c->serial);
    if (!pck->has_configuration) {
        assay_claims_add_null(out, "pck_config");
        return;
    }
    assay_claims_open(out, "pck_config", ASSAY_CLAIM_MAP);
    put_octet(out, "dynamic_platform", pck->dynamic_platform);
    put_octet(out, "cached_keys", pck->cached_keys);
    put_octet(out, "smt_enabled", pck->smt_enabled);
    assay_claims_close(out);
}

/* The names of the chain's keys, from the PCK to the root. */
static void put_key_names(struct assay_claims *out, const struct assay_certificate *chain,
                          size_t count)
{
    enum { LINKS = 3 };
    struct assay_chain ordered;
    if (count != LINKS || assay_chain_order(chain, count, &ordered) != ASSAY_OK) return;
    const struct assay_certificate *const links[LINKS] = { &ordered.pck, &ordered.ca,
                                                           &ordered.root };
    assay_claims_open(out, "spki_sha256", ASSAY_CLAIM_LIST);
    for (size_t i = 0; i < LINKS; i++)
        assay_claims_add_bytes(out, NULL, links[i]->key_name, ASSAY_SHA256_LEN);
    assay_claims_close(out);
}

/* Fields of the PCK certificate, if it can be parsed. */
static enum assay_status put_certificate(struct assay_claims *out, const struct assay_quote *quote)
{
    if (quote->cert_data_type != ASSAY_CERT_TYPE_PCK_CHAIN) return ASSAY_OK;
    struct assay_certificate *const chain = out->certificates;
    size_t count = 0;
    const enum assay_status status = assay_x509_pem_chain(
        quote->cert_data.bytes, quote->cert_data.len, chain, ASSAY_CHAIN_MAX, &count);
    for (size_t i = 0; status == ASSAY_OK && i < count; i++) {
        if (!chain[i].has_pck) continue;
        put_pck(out, &chain[i]);
        break;
    }
    if (status == ASSAY_OK) put_key_names(out, chain, count);
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

enum assay_status assay_claims_of_quote(enum assay_evidence_kind kind, struct assay_slice bytes,
                                        struct assay_claims *out)
{
    struct assay_kind row;
    struct assay_quote quote;
    ASSAY_TRY(parse_quote(kind, bytes.bytes, bytes.len, &row, &quote));
    if (row.is_tdx) put_td(out, quote.body_type, &quote.body.td);
    else put_sgx(out, &quote.body.sgx);
    put_quote(out, &quote);
    return put_certificate(out, &quote);
}

enum assay_status assay_claims_details_of_quote(enum assay_evidence_kind kind,
                                                struct assay_slice bytes, struct assay_claims *out)
{
    struct assay_kind row;
    struct assay_quote quote;
    ASSAY_TRY(parse_quote(kind, bytes.bytes, bytes.len, &row, &quote));
    assay_claims_open(out, ASSAY_CLAIMS_DETAILS, ASSAY_CLAIM_MAP);
    assay_claims_add_uint(out, "attestation_key_type", quote.attestation_key_type);
    assay_claims_add_uint(out, "tee_type", quote.tee_type);
    HEX(out, "qe_vendor_id", quote.qe_vendor_id);
    HEX(out, "quote_signature", quote.signature);
    assay_claims_open(out, "qe_report", ASSAY_CLAIM_MAP);
    put_sgx(out, &quote.qe_report);
    assay_claims_close(out);
    HEX(out, "qe_report_signature", quote.qe_signature);
    assay_claims_add_bytes(out, "qe_auth_data", quote.qe_auth_data.bytes, quote.qe_auth_data.len);
    assay_claims_add_uint(out, "cert_data_len", quote.cert_data.len);
    assay_claims_close(out);
    return ASSAY_OK;
}
