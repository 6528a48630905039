/*
 * quote/nitro/nitro_document.c - parser of an attestation document, field by field.
 *
 * AWS's document lists the allowed fields. A field of another name is skipped here, not refused:
 * the signature covers it, so only AWS can have put it there, and refusing it would turn every
 * later addition into forged evidence.
 */
#include "quote/nitro/nitro.h"

#include "base/assert.h"
#include "quote/text.h"

/* What must be there, as bits. */
enum {
    HAS_MODULE_ID = 1,
    HAS_DIGEST = 2,
    HAS_TIMESTAMP = 4,
    HAS_PCRS = 8,
    HAS_CERTIFICATE = 16,
    HAS_CABUNDLE = 32,
};

struct reader {
    struct assay_cursor in; /* over the payload */
    uint32_t base;          /* of the payload in the evidence */
    const char *field;      /* static name of what is being read */
    uint32_t has;
    struct assay_nitro_document *document;
};

static enum assay_status read_bytes(struct reader *r, size_t len_min, size_t len_max,
                                    struct assay_nitro_field *out)
{
    ASSAY_ASSERT(len_min <= len_max);
    ASSAY_TRY(assay_cbor_bytes(&r->in, len_max, &out->bytes));
    if (out->bytes.len < len_min) return ASSAY_E_RANGE;
    out->offset = r->base + (uint32_t)(r->in.pos - out->bytes.len); /* inside the evidence */
    out->is_there = true;
    return ASSAY_OK;
}

/* The rule "no field content can be null" stands in AWS's text; genuine documents have nulls. */
static enum assay_status read_optional(struct reader *r, size_t len_min, size_t len_max,
                                       struct assay_nitro_field *out)
{
    if (assay_cbor_null(&r->in) == ASSAY_OK) return ASSAY_OK;
    return read_bytes(r, len_min, len_max, out);
}

static enum assay_status read_module_id(struct reader *r)
{
    struct assay_nitro_field *const f = &r->document->module_id;
    ASSAY_TRY(assay_cbor_text(&r->in, ASSAY_NITRO_MODULE_ID_MAX, &f->bytes));
    f->offset = r->base + (uint32_t)(r->in.pos - f->bytes.len);
    f->is_there = true;
    r->has |= HAS_MODULE_ID;
    return f->bytes.len > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_digest(struct reader *r)
{
    r->has |= HAS_DIGEST;
    const enum assay_status status = assay_cbor_text_expect(&r->in, "SHA384");
    return status == ASSAY_E_UNSUPPORTED ? ASSAY_E_INVALID : status; /* there is no other */
}

static enum assay_status read_timestamp(struct reader *r)
{
    r->has |= HAS_TIMESTAMP;
    ASSAY_TRY(assay_cbor_uint_max(&r->in, INT64_MAX, &r->document->timestamp_ms));
    return r->document->timestamp_ms > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

/* 3.2.2.2: 1 to 32 entries, indices below 32, 32, 48 or 64 bytes each; of a TPM, which signs one
 * bank, as long as its digest. */
static enum assay_status read_pcrs(struct reader *r, bool is_tpm)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    if ((r->has & HAS_PCRS) != 0) return ASSAY_E_INVALID; /* the other sort: none comes twice */
    r->document->is_tpm = is_tpm;
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_NITRO_PCRS, &map));
    while (assay_cose_map_more(&map, &r->in)) {
        ASSAY_TRY(assay_cose_map_next(&map, &r->in, &label));
        if (label.is_text) return ASSAY_E_TYPE;
        if (label.number < 0 || label.number >= ASSAY_NITRO_PCRS) return ASSAY_E_RANGE;
        struct assay_nitro_field *const pcr = &r->document->pcrs[label.number];
        ASSAY_TRY(read_bytes(r, ASSAY_SHA256_LEN, ASSAY_SHA512_LEN, pcr));
        const size_t len = pcr->bytes.len;
        if (len != ASSAY_SHA256_LEN && len != ASSAY_SHA384_LEN && len != ASSAY_SHA512_LEN)
            return ASSAY_E_RANGE;
        if (is_tpm && len != ASSAY_NITRO_PCR_LEN) return ASSAY_E_RANGE;
    }
    ASSAY_ASSERT(map.count <= ASSAY_NITRO_PCRS);
    r->has |= HAS_PCRS;
    return map.count > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

static enum assay_status read_bundle(struct reader *r)
{
    struct assay_nitro_document *const d = r->document;
    struct assay_cose_array array;
    ASSAY_TRY(assay_cose_array_open(&r->in, &array));
    /* Our limit, not AWS's: what it does not let through is no lie. */
    if (array.left > ASSAY_NITRO_BUNDLE_MAX) return ASSAY_E_UNSUPPORTED;
    while (assay_cose_array_more(&array, &r->in)) {
        if (d->bundle_count == ASSAY_NITRO_BUNDLE_MAX) return ASSAY_E_UNSUPPORTED;
        ASSAY_TRY(read_bytes(r, 1, ASSAY_NITRO_CERTIFICATE_MAX, &d->bundle[d->bundle_count]));
        d->bundle_count += 1;
        ASSAY_ASSERT(d->bundle_count <= ASSAY_NITRO_BUNDLE_MAX);
    }
    r->has |= HAS_CABUNDLE;
    return d->bundle_count > 0 ? ASSAY_OK : ASSAY_E_RANGE;
}

/* Is it this field? Then its name is what a failure names. */
static bool is_field(struct reader *r, const struct assay_cose_label *label, const char *name)
{
    if (!assay_cose_label_is(label, name)) return false;
    r->field = name;
    return true;
}

static enum assay_status read_field(struct reader *r, const struct assay_cose_label *label)
{
    struct assay_nitro_document *const d = r->document;
    if (is_field(r, label, "module_id")) return read_module_id(r);
    if (is_field(r, label, "digest")) return read_digest(r);
    if (is_field(r, label, "timestamp")) return read_timestamp(r);
    if (is_field(r, label, "pcrs")) return read_pcrs(r, false);
    if (is_field(r, label, "nitrotpm_pcrs")) return read_pcrs(r, true);
    if (is_field(r, label, "cabundle")) return read_bundle(r);
    if (is_field(r, label, "certificate")) {
        r->has |= HAS_CERTIFICATE;
        return read_bytes(r, 1, ASSAY_NITRO_CERTIFICATE_MAX, &d->certificate);
    }
    if (is_field(r, label, "public_key"))
        return read_optional(r, 1, ASSAY_NITRO_PUBLIC_KEY_MAX, &d->public_key);
    if (is_field(r, label, "user_data"))
        return read_optional(r, 0, ASSAY_NITRO_TPM_DATA_MAX, &d->user_data);
    if (is_field(r, label, "nonce"))
        return read_optional(r, 0, ASSAY_NITRO_TPM_DATA_MAX, &d->nonce);
    r->field = "a field of another name";
    return assay_cose_skip(&r->in);
}

/* The first mandatory field that is not there; NULL when all are. */
static const char *missing_field(uint32_t has)
{
    if ((has & HAS_MODULE_ID) == 0) return "module_id";
    if ((has & HAS_DIGEST) == 0) return "digest";
    if ((has & HAS_TIMESTAMP) == 0) return "timestamp";
    if ((has & HAS_PCRS) == 0) return "pcrs";
    if ((has & HAS_CERTIFICATE) == 0) return "certificate";
    if ((has & HAS_CABUNDLE) == 0) return "cabundle";
    return NULL;
}

/* An enclave's user data and nonce are shorter; which sort it is stands anywhere in the map. */
static enum assay_status check_lengths(struct reader *r)
{
    const struct assay_nitro_document *const d = r->document;
    if (d->is_tpm) return ASSAY_OK;
    r->field = "user_data";
    if (d->user_data.bytes.len > ASSAY_NITRO_USER_DATA_MAX) return ASSAY_E_RANGE;
    r->field = "nonce";
    return d->nonce.bytes.len > ASSAY_NITRO_NONCE_MAX ? ASSAY_E_RANGE : ASSAY_OK;
}

static enum assay_status read_payload(struct reader *r)
{
    struct assay_cose_map map;
    struct assay_cose_label label;
    ASSAY_TRY(assay_cose_map_open(&r->in, ASSAY_COSE_PAIRS_MAX, &map));
    while (assay_cose_map_more(&map, &r->in)) {
        r->field = "the name of a field";
        ASSAY_TRY(assay_cose_map_next(&map, &r->in, &label));
        ASSAY_TRY(read_field(r, &label));
    }
    r->field = "the end of the payload";
    ASSAY_TRY(assay_cursor_end(&r->in));
    const char *const missing = missing_field(r->has);
    if (missing == NULL) return check_lengths(r);
    r->field = missing;
    return ASSAY_E_NOT_FOUND;
}

static void set_where(struct assay_where *where, const char *field, uint32_t offset)
{
    ASSAY_ASSERT(field != NULL);
    if (where != NULL) *where = (struct assay_where){ .field = field, .offset = offset };
}

enum assay_status assay_nitro_parse(const uint8_t *bytes, size_t len,
                                    struct assay_nitro_document *document,
                                    struct assay_where *where)
{
    ASSAY_ASSERT(document != NULL);
    struct assay_nitro_document d = { 0 };
    set_where(where, "COSE_Sign1", 0);
    ASSAY_TRY(assay_cose_sign1_parse(bytes, len, &d.cose));
    /* 3.1: {1: -35} and nothing else. */
    set_where(where, "algorithm, ES384 expected", 0);
    if (d.cose.algorithm != ASSAY_COSE_ES384) return ASSAY_E_INVALID;
    set_where(where, "payload of at most 16384 bytes", d.cose.offset_payload);
    if (d.cose.payload.len > ASSAY_NITRO_PAYLOAD_MAX) return ASSAY_E_RANGE;
    set_where(where, "signature of 96 bytes", d.cose.offset_signature);
    if (d.cose.signature.len != ASSAY_P384_SIGNATURE_LEN) return ASSAY_E_RANGE;

    struct reader r = { .in = assay_cursor_over(d.cose.payload.bytes, d.cose.payload.len),
                        .base = d.cose.offset_payload,
                        .field = "payload",
                        .document = &d };
    const enum assay_status status = read_payload(&r);
    set_where(where, r.field, r.base + (uint32_t)r.in.pos);
    if (status != ASSAY_OK) return status;
    ASSAY_ASSERT(d.bundle_count > 0 && d.certificate.is_there && d.module_id.is_there);
    ASSAY_ASSERT(d.nonce.bytes.len <= ASSAY_NITRO_TPM_DATA_MAX);
    *document = d;
    return ASSAY_OK;
}

const char *assay_nitro_pcrs_name(const struct assay_nitro_document *document)
{
    return document->is_tpm ? "nitrotpm_pcrs" : "pcrs";
}

bool assay_nitro_is_debug(const struct assay_nitro_document *document)
{
    enum { IMAGE_PCRS = 3 };
    if (document->is_tpm) return false;
    for (size_t i = 0; i < IMAGE_PCRS; i++) {
        const struct assay_nitro_field *const pcr = &document->pcrs[i];
        if (pcr->is_there && !assay_bytes_all_zero(pcr->bytes.bytes, pcr->bytes.len)) return false;
    }
    return true;
}
