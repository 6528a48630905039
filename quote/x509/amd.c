/*
 * quote/x509/amd.c - parser of AMD's extensions 1.3.6.1.4.1.3704.1 of a VCEK or VLEK ("Versioned
 * Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification", 57230, tables of the
 * X.509v3 custom extensions): each its own extension, whose octets are the value.
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

static const uint8_t oid_amd[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01 };

enum {
    ARC_STRUCT_VERSION = 1,
    ARC_PRODUCT = 2,
    ARC_TCB = 3,
    ARC_HWID = 4,
    ARC_CSP = 5,
    TCB_BOOTLOADER = 1,
    TCB_TEE = 2,
    TCB_SNP = 3,
    TCB_MICROCODE = 8,
    TCB_FMC = 9,
    SEEN_TCB = 8, /* in what was seen: from this bit on the arcs of the versions */
};

bool assay_x509_is_amd(struct assay_slice oid)
{
    return oid.len > sizeof oid_amd && assay_bytes_equal(oid.bytes, oid_amd, sizeof oid_amd);
}

static enum assay_status decode_number(struct assay_slice value, uint32_t max, uint32_t *out)
{
    struct assay_cursor in = assay_asn1_over(value);
    ASSAY_TRY(assay_asn1_number(&in, ASSAY_ASN1_INTEGER, max, out));
    return assay_asn1_end(&in);
}

static enum assay_status decode_version(struct assay_slice value, uint8_t *out)
{
    uint32_t found = 0;
    ASSAY_TRY(decode_number(value, UINT8_MAX, &found));
    *out = (uint8_t)found;
    return ASSAY_OK;
}

/* IA5String in genuine certificates; what is compared later must be all printable. */
static enum assay_status decode_text(struct assay_slice value, char *out, size_t capacity)
{
    struct assay_cursor in = assay_asn1_over(value);
    struct assay_asn1 string;
    ASSAY_TRY(assay_asn1_next(&in, &string));
    ASSAY_TRY(assay_asn1_end(&in));
    if (string.tag != ASSAY_ASN1_IA5_STRING && string.tag != ASSAY_ASN1_UTF8_STRING &&
        string.tag != ASSAY_ASN1_PRINTABLE_STRING)
        return ASSAY_E_SYNTAX;
    if (string.content.len == 0 || string.content.len >= capacity) return ASSAY_E_RANGE;
    for (size_t i = 0; i < string.content.len; i++)
        if (string.content.bytes[i] < 0x20 || string.content.bytes[i] > 0x7e) return ASSAY_E_RANGE;
    assay_bytes_copy(out, capacity, string.content.bytes, string.content.len);
    ASSAY_ASSERT(string.content.len < capacity);
    out[string.content.len] = '\0';
    return ASSAY_OK;
}

/*
 * 64 bytes, 8 from Turin on: the octets themselves, or an OCTET STRING of them (evidence-rules.md
 * 3.3).
 */
static enum assay_status decode_hwid(struct assay_slice value, struct assay_vek *vek)
{
    enum { TURIN_LEN = 8 };
    if (value.len != ASSAY_HWID_MAX && value.len != TURIN_LEN) {
        struct assay_cursor in = assay_asn1_over(value);
        struct assay_asn1 wrapped;
        ASSAY_TRY(assay_asn1_take(&in, ASSAY_ASN1_OCTET_STRING, &wrapped));
        ASSAY_TRY(assay_asn1_end(&in));
        value = wrapped.content;
    }
    if (value.len != ASSAY_HWID_MAX && value.len != TURIN_LEN) return ASSAY_E_RANGE;
    assay_bytes_copy(vek->hwid, sizeof vek->hwid, value.bytes, value.len);
    vek->hwid_len = (uint32_t)value.len;
    ASSAY_ASSERT(vek->hwid_len <= sizeof vek->hwid);
    return ASSAY_OK;
}

/* The security versions of the firmware; arcs 4 to 7 are reserved. */
static enum assay_status decode_tcb(uint8_t arc, struct assay_slice value, struct assay_vek *vek)
{
    ASSAY_ASSERT(arc < 16);
    uint8_t reserved = 0;
    switch (arc) {
    case TCB_BOOTLOADER: return decode_version(value, &vek->bootloader);
    case TCB_TEE: return decode_version(value, &vek->tee);
    case TCB_SNP: return decode_version(value, &vek->snp);
    case TCB_MICROCODE: return decode_version(value, &vek->microcode);
    case TCB_FMC: vek->has_fmc = true; return decode_version(value, &vek->fmc);
    }
    return decode_version(value, &reserved);
}

enum assay_status assay_x509_amd(struct assay_slice oid, struct assay_slice value,
                                 struct assay_vek *vek, uint32_t *seen)
{
    ASSAY_ASSERT(assay_x509_is_amd(oid));
    const uint8_t *const arcs = oid.bytes + sizeof oid_amd;
    const size_t count = oid.len - sizeof oid_amd;
    ASSAY_ASSERT(count > 0);
    if (count == 2 && arcs[0] == ARC_TCB && arcs[1] < 16) {
        *seen |= UINT32_C(1) << (SEEN_TCB + arcs[1]);
        return decode_tcb(arcs[1], value, vek);
    }
    if (count != 1 || arcs[0] >= SEEN_TCB) return ASSAY_OK;
    *seen |= UINT32_C(1) << arcs[0];
    switch (arcs[0]) {
    case ARC_STRUCT_VERSION: return decode_number(value, UINT32_MAX, &vek->struct_version);
    case ARC_PRODUCT: return decode_text(value, vek->product, sizeof vek->product);
    case ARC_HWID: return decode_hwid(value, vek);
    case ARC_CSP: return decode_text(value, vek->csp, sizeof vek->csp);
    }
    return ASSAY_OK;
}

bool assay_x509_amd_complete(uint32_t seen)
{
    /* Product, and the four versions that every generation has. */
    static const uint32_t needed =
        1u << ARC_PRODUCT | 1u << (SEEN_TCB + TCB_BOOTLOADER) | 1u << (SEEN_TCB + TCB_TEE) |
        1u << (SEEN_TCB + TCB_SNP) | 1u << (SEEN_TCB + TCB_MICROCODE);
    return (seen & needed) == needed;
}
