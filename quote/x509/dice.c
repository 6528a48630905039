/*
 * quote/x509/dice.c - firmware of a device that its certificate names (TCG DICE Attestation
 * Architecture 1.1, 6.1): a CompositeDeviceID of older devices, a TcbInfo of newer ones.
 */
#include "quote/x509/parts.h"

/* 2.23.133.5.4.1, and 2.23.133.5.4.1.1 below it. */
static const uint8_t device_id[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x01 };
static const uint8_t tcb_info[] = { 0x67, 0x81, 0x05, 0x05, 0x04, 0x01, 0x01 };

enum { TAG_FWIDS = 0xa6, TCB_INFO_FIELDS_MAX = 12 };

static bool is_oid(struct assay_slice oid, const uint8_t *wanted, size_t len)
{
    return oid.len == len && assay_bytes_equal(oid.bytes, wanted, len);
}

bool assay_x509_is_dice(struct assay_slice oid)
{
    return is_oid(oid, device_id, sizeof device_id) || is_oid(oid, tcb_info, sizeof tcb_info);
}

/* FWID ::= SEQUENCE { hashAlg OBJECT IDENTIFIER, digest OCTET STRING } */
static enum assay_status read_fwid(struct assay_cursor *in, uint8_t out[ASSAY_FWID_LEN])
{
    static const uint8_t sha384[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02 };
    struct assay_cursor inside;
    struct assay_asn1 algorithm, digest;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &inside));
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_OID, &algorithm));
    ASSAY_TRY(assay_asn1_take(&inside, ASSAY_ASN1_OCTET_STRING, &digest));
    ASSAY_TRY(assay_asn1_end(&inside));
    if (!assay_asn1_is_oid(&algorithm, sha384, sizeof sha384)) return ASSAY_E_UNSUPPORTED;
    if (digest.content.len != ASSAY_FWID_LEN) return ASSAY_E_RANGE;
    assay_bytes_copy(out, ASSAY_FWID_LEN, digest.content.bytes, digest.content.len);
    return ASSAY_OK;
}

/* CompositeDeviceID ::= SEQUENCE { version INTEGER, deviceID SubjectPublicKeyInfo, fwid FWID } */
static enum assay_status read_device_id(struct assay_cursor *fields, uint8_t out[ASSAY_FWID_LEN])
{
    struct assay_asn1 key;
    uint32_t version = 0;
    ASSAY_TRY(assay_asn1_number(fields, ASSAY_ASN1_INTEGER, UINT32_MAX, &version));
    ASSAY_TRY(assay_asn1_take(fields, ASSAY_ASN1_SEQUENCE, &key));
    ASSAY_TRY(read_fwid(fields, out));
    return assay_asn1_end(fields);
}

/* Of several layers the first is the device's: others follow it. */
static enum assay_status read_tcb_info(struct assay_cursor *fields, bool *has,
                                       uint8_t out[ASSAY_FWID_LEN])
{
    for (unsigned i = 0; i < TCB_INFO_FIELDS_MAX && assay_cursor_left(fields) > 0; i++) {
        struct assay_asn1 field;
        ASSAY_TRY(assay_asn1_next(fields, &field));
        if (field.tag != TAG_FWIDS) continue;
        if (*has) return ASSAY_E_DUPLICATE;
        struct assay_cursor fwids = assay_asn1_over(field.content);
        ASSAY_TRY(read_fwid(&fwids, out));
        *has = true;
    }
    return assay_asn1_end(fields);
}

enum assay_status assay_x509_dice(struct assay_slice oid, struct assay_slice value, bool *has,
                                  uint8_t out[ASSAY_FWID_LEN])
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_cursor fields;
    if (*has) return ASSAY_E_DUPLICATE; /* both forms in one certificate */
    ASSAY_TRY(assay_asn1_open(&in, ASSAY_ASN1_SEQUENCE, &fields));
    ASSAY_TRY(assay_asn1_end(&in));
    if (!is_oid(oid, device_id, sizeof device_id)) return read_tcb_info(&fields, has, out);
    ASSAY_TRY(read_device_id(&fields, out));
    *has = true;
    return ASSAY_OK;
}
