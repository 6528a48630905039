/*
 * quote/intel/quote.c - parser of Intel's quotes into struct assay_quote: header, body, signature
 * data.
 *
 * Source: docs/evidence-rules.md 2.1, after Intel's DCAP libraries. Every declared length becomes a
 * child cursor, and every level ends at its declared length (evidence-rules.md 1.7: declared
 * lengths
 * overrun, silently clamped).
 */
#include "quote/intel/quote.h"

#include "base/assert.h"
#include "quote/kinds.h"

enum { KEY_TYPE_ECDSA_P256 = 2 };

enum assay_status assay_sgx_report_parse(struct assay_cursor *in, struct assay_sgx_report *out)
{
    struct assay_sgx_report r = { 0 };
    const size_t start = in->pos;
    ASSAY_TRY(assay_cursor_copy(in, r.cpusvn, sizeof r.cpusvn));
    ASSAY_TRY(assay_cursor_copy(in, r.miscselect, sizeof r.miscselect));
    ASSAY_TRY(assay_cursor_skip(in, 28)); /* reserved, ISV extended product id */
    ASSAY_TRY(assay_cursor_copy(in, r.attributes, sizeof r.attributes));
    ASSAY_TRY(assay_cursor_copy(in, r.mrenclave, sizeof r.mrenclave));
    ASSAY_TRY(assay_cursor_skip(in, 32));
    ASSAY_TRY(assay_cursor_copy(in, r.mrsigner, sizeof r.mrsigner));
    ASSAY_TRY(assay_cursor_skip(in, 96)); /* reserved, config id */
    ASSAY_TRY(assay_cursor_u16le(in, &r.isvprodid));
    ASSAY_TRY(assay_cursor_u16le(in, &r.isvsvn));
    ASSAY_TRY(assay_cursor_skip(in, 60)); /* config SVN, reserved, ISV family id */
    ASSAY_TRY(assay_cursor_copy(in, r.report_data, sizeof r.report_data));
    ASSAY_ASSERT(in->pos - start == ASSAY_SGX_REPORT_LEN);
    *out = r;
    return ASSAY_OK;
}

static enum assay_status parse_td_10(struct assay_cursor *body, struct assay_td_report *r)
{
    ASSAY_TRY(assay_cursor_copy(body, r->tee_tcb_svn, sizeof r->tee_tcb_svn));
    ASSAY_TRY(assay_cursor_copy(body, r->mrseam, sizeof r->mrseam));
    ASSAY_TRY(assay_cursor_copy(body, r->mrsignerseam, sizeof r->mrsignerseam));
    ASSAY_TRY(assay_cursor_copy(body, r->seam_attributes, sizeof r->seam_attributes));
    ASSAY_TRY(assay_cursor_copy(body, r->td_attributes, sizeof r->td_attributes));
    ASSAY_TRY(assay_cursor_copy(body, r->xfam, sizeof r->xfam));
    ASSAY_TRY(assay_cursor_copy(body, r->mrtd, sizeof r->mrtd));
    ASSAY_TRY(assay_cursor_copy(body, r->mrconfigid, sizeof r->mrconfigid));
    ASSAY_TRY(assay_cursor_copy(body, r->mrowner, sizeof r->mrowner));
    ASSAY_TRY(assay_cursor_copy(body, r->mrownerconfig, sizeof r->mrownerconfig));
    for (size_t i = 0; i < 4; i++)
        ASSAY_TRY(assay_cursor_copy(body, r->rtmr[i], sizeof r->rtmr[i]));
    return assay_cursor_copy(body, r->report_data, sizeof r->report_data);
}

static enum assay_status parse_td_15(struct assay_cursor *body, struct assay_td_report *r)
{
    ASSAY_TRY(assay_cursor_copy(body, r->tee_tcb_svn2, sizeof r->tee_tcb_svn2));
    return assay_cursor_copy(body, r->mrservicetd, sizeof r->mrservicetd);
}

static enum assay_status parse_td_15_ex(struct assay_cursor *body, struct assay_td_report *r)
{
    ASSAY_TRY(assay_cursor_u8(body, &r->vm_id));
    ASSAY_TRY(assay_cursor_copy(body, r->td_id, sizeof r->td_id));
    ASSAY_TRY(assay_cursor_copy(body, r->device_info, sizeof r->device_info));
    ASSAY_TRY(assay_cursor_copy(body, r->init_service_td_hash, sizeof r->init_service_td_hash));
    ASSAY_TRY(assay_cursor_copy(body, r->init_service_td_attributes,
                                sizeof r->init_service_td_attributes));
    ASSAY_TRY(assay_cursor_copy(body, r->init_cpusvn, sizeof r->init_cpusvn));
    ASSAY_TRY(assay_cursor_copy(body, r->init_tee_tcb_svn, sizeof r->init_tee_tcb_svn));
    ASSAY_TRY(assay_cursor_copy(body, r->init_tee_fmspc, sizeof r->init_tee_fmspc));
    ASSAY_TRY(
        assay_cursor_copy(body, r->current_service_td_hash, sizeof r->current_service_td_hash));
    return assay_cursor_copy(body, r->current_service_td_attributes,
                             sizeof r->current_service_td_attributes);
}

size_t assay_intel_body_len(enum assay_body_type type)
{
    switch (type) {
    case ASSAY_BODY_SGX: return ASSAY_SGX_REPORT_LEN;
    case ASSAY_BODY_TD_10: return ASSAY_TD_REPORT_LEN;
    case ASSAY_BODY_TD_15: return ASSAY_TD_REPORT_15_LEN;
    case ASSAY_BODY_TD_15_EX: return ASSAY_TD_REPORT_15_EX_LEN;
    }
    return 0; /* a number from the wire */
}

enum assay_status assay_td_report_parse(struct assay_cursor *in, enum assay_body_type type,
                                        struct assay_td_report *out)
{
    struct assay_td_report r = { 0 };
    const size_t start = in->pos;
    ASSAY_ASSERT(type >= ASSAY_BODY_TD_10 && type <= ASSAY_BODY_TD_15_EX);
    ASSAY_TRY(parse_td_10(in, &r));
    if (type >= ASSAY_BODY_TD_15) ASSAY_TRY(parse_td_15(in, &r));
    if (type >= ASSAY_BODY_TD_15_EX) ASSAY_TRY(parse_td_15_ex(in, &r));
    ASSAY_ASSERT(in->pos - start == assay_intel_body_len(type));
    *out = r;
    return ASSAY_OK;
}

/*
 * Version 5 declares type and size of the body; the size must be the type's (Intel's QVL,
 * Quote::parse), and the type of the TEE that the header names.
 */
static enum assay_status parse_body_type(struct assay_cursor *in, const struct assay_kind *kind,
                                         enum assay_body_type *type)
{
    uint16_t number = 0;
    uint32_t len = 0;
    *type = kind->is_tdx ? ASSAY_BODY_TD_10 : ASSAY_BODY_SGX;
    if (kind->version < 5) return ASSAY_OK;
    ASSAY_TRY(assay_cursor_u16le(in, &number));
    ASSAY_TRY(assay_cursor_u32le(in, &len));
    if (number < ASSAY_BODY_SGX || number > ASSAY_BODY_TD_15_EX) return ASSAY_E_UNSUPPORTED;
    *type = (enum assay_body_type)number;
    if ((*type == ASSAY_BODY_SGX) == kind->is_tdx) return ASSAY_E_INVALID;
    return len == assay_intel_body_len(*type) ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status parse_body(struct assay_cursor *in, const struct assay_kind *kind,
                                    struct assay_quote *q)
{
    ASSAY_TRY(parse_body_type(in, kind, &q->body_type));
    q->offset_body = (uint32_t)in->pos; /* <= ASSAY_EVIDENCE_LEN_MAX */
    if (q->body_type == ASSAY_BODY_SGX) return assay_sgx_report_parse(in, &q->body.sgx);
    return assay_td_report_parse(in, q->body_type, &q->body.td);
}

static enum assay_status parse_header(struct assay_cursor *in, const struct assay_kind *kind,
                                      struct assay_quote *q)
{
    ASSAY_TRY(assay_cursor_u16le(in, &q->version));
    if (q->version != kind->version) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u16le(in, &q->attestation_key_type));
    if (q->attestation_key_type != KEY_TYPE_ECDSA_P256) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u32le(in, &q->tee_type));
    if (q->tee_type != kind->tee_type) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u16le(in, &q->qe_svn));
    ASSAY_TRY(assay_cursor_u16le(in, &q->pce_svn));
    ASSAY_TRY(assay_cursor_copy(in, q->qe_vendor_id, sizeof q->qe_vendor_id));
    return assay_cursor_copy(in, q->user_data, sizeof q->user_data);
}

/* QE report, its signature, authentication data, certification data: to the end of this level. */
static enum assay_status parse_qe(struct assay_cursor *in, struct assay_quote *q)
{
    uint16_t auth_len = 0;
    uint32_t cert_len = 0;
    ASSAY_TRY(assay_cursor_slice(in, ASSAY_SGX_REPORT_LEN, &q->qe_report_bytes));
    struct assay_cursor report =
        assay_cursor_over(q->qe_report_bytes.bytes, q->qe_report_bytes.len);
    ASSAY_TRY(assay_sgx_report_parse(&report, &q->qe_report));
    ASSAY_ASSERT(report.pos == report.len);
    ASSAY_TRY(assay_cursor_copy(in, q->qe_signature, sizeof q->qe_signature));
    ASSAY_TRY(assay_cursor_u16le(in, &auth_len));
    ASSAY_TRY(assay_cursor_slice(in, auth_len, &q->qe_auth_data));
    ASSAY_TRY(assay_cursor_u16le(in, &q->cert_data_type));
    ASSAY_TRY(assay_cursor_u32le(in, &cert_len));
    ASSAY_TRY(assay_cursor_slice(in, cert_len, &q->cert_data));
    return assay_cursor_end(in);
}

/* Version 4 wraps the above into certification data of type 6, and nothing else is known there. */
static enum assay_status parse_nested(struct assay_cursor *in, struct assay_quote *q)
{
    uint16_t type = 0;
    uint32_t len = 0;
    struct assay_cursor inner;
    ASSAY_TRY(assay_cursor_u16le(in, &type));
    if (type != ASSAY_CERT_TYPE_QE_REPORT) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(assay_cursor_u32le(in, &len));
    ASSAY_TRY(assay_cursor_child(in, len, &inner));
    ASSAY_TRY(parse_qe(&inner, q));
    return assay_cursor_end(in);
}

static enum assay_status parse_signature_data(struct assay_cursor *in,
                                              const struct assay_kind *kind, struct assay_quote *q)
{
    ASSAY_TRY(assay_cursor_copy(in, q->signature, sizeof q->signature));
    struct assay_cursor rest = *in;
    ASSAY_TRY(assay_cursor_slice(&rest, assay_cursor_left(&rest), &q->evidence_of_key));
    ASSAY_TRY(assay_cursor_copy(in, q->attestation_key, sizeof q->attestation_key));
    if (kind->nested_certification) return parse_nested(in, q);
    return parse_qe(in, q);
}

/* Certification data types 1 to 5 exist (evidence-rules.md 2.3); 3 has a fixed size. */
static enum assay_status check_cert_data(const struct assay_quote *q)
{
    if (q->cert_data_type < 1) return ASSAY_E_UNSUPPORTED;
    if (q->cert_data_type > ASSAY_CERT_TYPE_PCK_CHAIN) return ASSAY_E_UNSUPPORTED;
    if (q->cert_data_type == ASSAY_CERT_TYPE_ENCRYPTED_PPID &&
        q->cert_data.len != ASSAY_ENCRYPTED_PPID_DATA_LEN)
        return ASSAY_E_INVALID;
    return ASSAY_OK;
}

enum assay_status assay_quote_parse(const struct assay_kind *kind, const uint8_t *bytes, size_t len,
                                    struct assay_quote *quote)
{
    ASSAY_ASSERT(kind != NULL);
    ASSAY_ASSERT(quote != NULL);
    if (len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;

    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_quote q = { .kind = kind->kind, .len = len };
    uint32_t signature_len = 0;
    struct assay_cursor signature;
    ASSAY_TRY(parse_header(&in, kind, &q));
    ASSAY_TRY(parse_body(&in, kind, &q));
    q.signed_part = assay_slice_over(bytes, in.pos);
    ASSAY_TRY(assay_cursor_u32le(&in, &signature_len));
    q.offset_signature = (uint32_t)in.pos; /* <= ASSAY_EVIDENCE_LEN_MAX */
    ASSAY_TRY(assay_cursor_child(&in, signature_len, &signature));
    ASSAY_TRY(parse_signature_data(&signature, kind, &q));
    ASSAY_TRY(assay_cursor_end(&in));
    ASSAY_TRY(check_cert_data(&q));
    q.offset_qe_report = (uint32_t)(q.qe_report_bytes.bytes - bytes);
    q.offset_cert_data = (uint32_t)(q.cert_data.bytes - bytes);

    ASSAY_ASSERT(q.signed_part.len == q.offset_body + assay_intel_body_len(q.body_type));
    ASSAY_ASSERT(q.offset_qe_report + q.qe_report_bytes.len <= len);
    ASSAY_ASSERT(q.offset_cert_data + q.cert_data.len <= len);
    ASSAY_ASSERT((q.body_type != ASSAY_BODY_SGX) == kind->is_tdx);
    *quote = q;
    return ASSAY_OK;
}

enum assay_status assay_quote_length(const struct assay_kind *kind, const uint8_t *bytes,
                                     size_t len, size_t *declared)
{
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint32_t signature_len = 0;
    enum assay_body_type type = ASSAY_BODY_SGX;
    ASSAY_TRY(assay_cursor_skip(&in, ASSAY_QUOTE_HEADER_LEN));
    ASSAY_TRY(parse_body_type(&in, kind, &type));
    ASSAY_TRY(assay_cursor_skip(&in, assay_intel_body_len(type)));
    ASSAY_TRY(assay_cursor_u32le(&in, &signature_len));
    ASSAY_TRY(assay_cursor_skip(&in, signature_len));
    const size_t end = in.pos;
    /*
     * evidence-rules.md 2.4: a zero tail is normal (a fixed buffer of the guest driver); anything
     * else is not.
     */
    struct assay_slice tail;
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &tail));
    if (!assay_bytes_all_zero(tail.bytes, tail.len)) return ASSAY_E_TRAILING;
    ASSAY_ASSERT(end > ASSAY_QUOTE_HEADER_LEN && end <= len);
    *declared = end;
    return ASSAY_OK;
}
