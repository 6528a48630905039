/*
 * quote/pieces/carrier.c - evidence inside a certificate or a wrapper: extraction.
 */
#include "quote/pieces/carrier.h"

#include "base/assert.h"
#include "base/base64.h"
#include "base/cbor.h"
#include "quote/json.h"
#include "quote/verify.h"
#include "quote/x509/asn1.h"

/* Provisional number of interoperable RA-TLS, and the older one of rats-tls. */
enum { TAG_TEE_QUOTE = 60000, TAG_RATS_TLS = 0x1a7501 };

struct room {
    uint8_t *bytes;
    size_t len;
};

static uint8_t first_of(struct assay_slice bytes)
{
    return bytes.len > 0 ? bytes.bytes[0] : 0;
}

/* --- what an extension contains */
static enum assay_status detect(struct assay_carrier *out)
{
    return assay_evidence_detect(out->evidence.bytes, out->evidence.len, &out->kind);
}

static enum assay_status take_raw(struct assay_slice value, struct assay_carrier *out)
{
    out->evidence = value;
    return detect(out);
}

/* [evidence, claims], both as byte strings. */
static enum assay_status take_tagged(struct assay_slice value, struct assay_carrier *out)
{
    struct assay_cursor in = assay_cursor_over(value.bytes, value.len);
    uint64_t tag = 0;
    ASSAY_TRY(assay_cbor_tag(&in, &tag));
    ASSAY_TRY(assay_cbor_array_exact(&in, 2));
    ASSAY_TRY(assay_cbor_bytes(&in, value.len, &out->evidence));
    ASSAY_TRY(assay_cbor_bytes(&in, value.len, &out->claims));
    ASSAY_TRY(assay_cursor_end(&in));
    out->form = ASSAY_CARRIER_RA_TLS;
    return detect(out);
}

static bool is_tagged(struct assay_slice value)
{
    struct assay_cursor in = assay_cursor_over(value.bytes, value.len);
    uint64_t tag = 0;
    return assay_cbor_tag(&in, &tag) == ASSAY_OK && (tag == TAG_TEE_QUOTE || tag == TAG_RATS_TLS);
}

static enum assay_status take_cbor(struct assay_slice cbor, struct assay_carrier *out)
{
    ASSAY_TRY(assay_cmw_evidence(cbor, &out->message, &out->kind));
    out->evidence = out->message.value;
    return ASSAY_OK;
}

static enum assay_status take_json(struct assay_slice text, struct room room,
                                   struct assay_carrier *out)
{
    size_t len = 0;
    ASSAY_ASSERT(room.len >= 2 * text.len);
    ASSAY_TRY(assay_doc_cmw(text.bytes, text.len, room.bytes, room.len, &len));
    return take_cbor(assay_slice_over(room.bytes, len), out);
}

/* CMW ::= CHOICE { json UTF8String, cbor OCTET STRING } */
static enum assay_status take_choice(struct assay_slice value, struct room room,
                                     struct assay_carrier *out)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_asn1 choice;
    ASSAY_TRY(assay_asn1_next(&in, &choice));
    ASSAY_TRY(assay_asn1_end(&in));
    if (choice.tag == ASSAY_ASN1_UTF8_STRING) return take_json(choice.content, room, out);
    if (choice.tag == ASSAY_ASN1_OCTET_STRING) return take_cbor(choice.content, out);
    return ASSAY_E_TYPE;
}

/* Tagged evidence of RA-TLS; a wrapper as it stands, as the CHOICE, or as TCG has it:
 * SEQUENCE { cmw OCTET STRING }. No wrapper in CBOR begins with a byte of these three. */
static enum assay_status take_dice(struct assay_slice value, struct room room,
                                   struct assay_carrier *out)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_asn1 outer;
    if (is_tagged(value)) return take_tagged(value, out);
    if (first_of(value) == ASSAY_ASN1_UTF8_STRING || first_of(value) == ASSAY_ASN1_OCTET_STRING)
        return take_choice(value, room, out);
    if (first_of(value) != ASSAY_ASN1_SEQUENCE) return take_cbor(value, out);
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_SEQUENCE, &outer));
    ASSAY_TRY(assay_asn1_end(&in));
    if (first_of(outer.content) != ASSAY_ASN1_OCTET_STRING) return ASSAY_E_TYPE;
    return take_choice(outer.content, room, out);
}

/* The quote in an OCTET STRING of its own. */
static enum assay_status take_dstack(struct assay_slice value, struct assay_carrier *out)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_asn1 inner;
    ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_OCTET_STRING, &inner));
    ASSAY_TRY(assay_asn1_end(&in));
    return take_raw(inner.content, out);
}

/* oe_report_header_t: version, type (2: for remote verifiers), length; then the quote. */
static enum assay_status take_oe_report(struct assay_slice value, struct assay_carrier *out)
{
    enum { VERSION = 1, REMOTE = 2 };
    struct assay_cursor in = assay_cursor_over(value.bytes, value.len);
    uint32_t version = 0, type = 0;
    uint64_t len = 0;
    ASSAY_TRY(assay_cursor_u32le(&in, &version));
    ASSAY_TRY(assay_cursor_u32le(&in, &type));
    ASSAY_TRY(assay_cursor_u64le(&in, &len));
    if (version != VERSION || type != REMOTE) return ASSAY_E_UNSUPPORTED;
    if (len != assay_cursor_left(&in)) return ASSAY_E_RANGE;
    ASSAY_TRY(assay_cursor_slice(&in, assay_cursor_left(&in), &out->evidence));
    return detect(out);
}

static enum assay_status take_extension(struct room room, struct assay_carrier *out)
{
    const struct assay_slice value = out->certificate.evidence;
    switch (out->certificate.form) {
    case ASSAY_ATTESTED_DICE: out->form = ASSAY_CARRIER_DICE; return take_dice(value, room, out);
    case ASSAY_ATTESTED_CMW: out->form = ASSAY_CARRIER_CMW; return take_choice(value, room, out);
    case ASSAY_ATTESTED_DSTACK: out->form = ASSAY_CARRIER_DSTACK; return take_dstack(value, out);
    case ASSAY_ATTESTED_SGX_SDK: out->form = ASSAY_CARRIER_SGX_SDK; return take_raw(value, out);
    case ASSAY_ATTESTED_GRAMINE: out->form = ASSAY_CARRIER_GRAMINE; return take_raw(value, out);
    case ASSAY_ATTESTED_OE_REPORT:
        out->form = ASSAY_CARRIER_OPEN_ENCLAVE;
        return take_oe_report(value, out);
    case ASSAY_ATTESTED_OE_EVIDENCE: /* what binds the key is not published as a format */
    case ASSAY_ATTESTED_NONE: return ASSAY_E_UNSUPPORTED;
    }
    return ASSAY_E_UNSUPPORTED;
}

/* --- files */
static enum assay_status take_der(struct assay_slice der, struct room room,
                                  struct assay_carrier *out)
{
    ASSAY_TRY(assay_x509_attested(der, &out->certificate));
    return take_extension(room, out);
}

/* The first certificate, which is the one whose key a server proves to have (RFC 8446 4.4.2). The
 * evidence of a later one vouches for another key: the sender of a chain may append any. */
static enum assay_status take_pem(struct assay_slice text, struct room room,
                                  struct assay_carrier *out)
{
    struct assay_slice label;
    size_t len = 0;
    while (assay_pem_next(&text, &label, room.bytes, room.len, &len) == ASSAY_OK) {
        if (!assay_slice_equal(label, assay_slice_over("CERTIFICATE", 11))) continue;
        const struct room rest = { room.bytes + len, room.len - len };
        return take_der(assay_slice_over(room.bytes, len), rest, out);
    }
    return ASSAY_E_NOT_FOUND;
}

static enum assay_status take_wrapper(enum assay_status status, struct assay_carrier *out)
{
    out->form = ASSAY_CARRIER_WRAPPER;
    /* Other documents begin like a wrapper, too: only what is certainly one has a fault of one. */
    return status == ASSAY_OK || status == ASSAY_E_DUPLICATE || status == ASSAY_E_MEMORY
               ? status
               : ASSAY_E_NOT_FOUND;
}

static struct assay_slice without_space(struct assay_slice text)
{
    while (text.len > 0 && (first_of(text) == ' ' || first_of(text) == '\t' ||
                            first_of(text) == '\r' || first_of(text) == '\n'))
        text = assay_slice_over(text.bytes + 1, text.len - 1);
    return text;
}

static enum assay_status take_file(struct assay_slice bytes, struct room room,
                                   struct assay_carrier *out)
{
    const struct assay_slice text = without_space(bytes);
    if (first_of(bytes) == ASSAY_ASN1_SEQUENCE) return take_der(bytes, room, out);
    if (first_of(text) == '-') return take_pem(text, room, out);
    if (first_of(text) == '[' || first_of(text) == '{')
        return take_wrapper(take_json(text, room, out), out);
    return take_wrapper(take_cbor(bytes, out), out);
}

bool assay_carrier_looks(struct assay_slice bytes)
{
    const uint8_t text = first_of(without_space(bytes));
    if (bytes.len == 0 || bytes.len > ASSAY_CARRIER_LEN_MAX) return false;
    return first_of(bytes) == ASSAY_ASN1_SEQUENCE || text == '-' || text == '[' || text == '{' ||
           assay_cmw_looks(bytes);
}

enum assay_status assay_carrier_open(struct assay_slice bytes, uint8_t *room, size_t room_len,
                                     struct assay_carrier *out)
{
    ASSAY_ASSERT(out != NULL && room_len >= assay_carrier_room(bytes.len));
    struct assay_carrier made = { .form = ASSAY_CARRIER_NONE };
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    if (!assay_carrier_looks(bytes)) return ASSAY_E_NOT_FOUND;
    if (assay_evidence_detect(bytes.bytes, bytes.len, &kind) == ASSAY_OK) return ASSAY_E_NOT_FOUND;
    ASSAY_TRY(take_file(bytes, (struct room){ room, room_len }, &made));
    ASSAY_ASSERT(made.form != ASSAY_CARRIER_NONE && made.kind != ASSAY_KIND_NONE);
    *out = made;
    return ASSAY_OK;
}

/* --- names */
bool assay_carrier_has_key(const struct assay_carrier *carrier)
{
    return carrier->form != ASSAY_CARRIER_NONE && carrier->form != ASSAY_CARRIER_WRAPPER;
}

const char *assay_carrier_text(enum assay_carrier_form form)
{
    switch (form) {
    case ASSAY_CARRIER_NONE: return "none";
    case ASSAY_CARRIER_WRAPPER: return "wrapper";
    case ASSAY_CARRIER_RA_TLS: return "ra-tls";
    case ASSAY_CARRIER_DICE: return "tcg-dice";
    case ASSAY_CARRIER_CMW: return "cmw";
    case ASSAY_CARRIER_DSTACK: return "dstack";
    case ASSAY_CARRIER_SGX_SDK: return "sgx-sdk";
    case ASSAY_CARRIER_GRAMINE: return "gramine";
    case ASSAY_CARRIER_OPEN_ENCLAVE: return "open-enclave";
    }
    return "none";
}
