/*
 * quote/x509/sgx.c - parser of Intel's SGX extension 1.2.840.113741.1.13.1 of a PCK certificate: a
 * SEQUENCE of { OBJECT IDENTIFIER, ANY } ("Intel SGX PCK Certificate and CRL Profile
 * Specification", 1.5).
 */
#include "quote/x509/parts.h"

#include "base/assert.h"

static const uint8_t oid_sgx[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

enum { ITEMS_MAX = 32 };

bool assay_x509_is_sgx(struct assay_slice oid)
{
    return assay_slice_equal(oid, assay_slice_over(oid_sgx, sizeof oid_sgx));
}

/* One item: the arc behind the prefix, and a cursor at its value. */
typedef enum assay_status item_reader(uint8_t arc, struct assay_cursor *value,
                                      struct assay_pck *pck);

/* The one arc that an OID has below oid_sgx and, unless it is 0, below parent. */
static enum assay_status last_arc(struct assay_slice oid, uint8_t parent, uint8_t *arc)
{
    const size_t prefix = sizeof oid_sgx + (parent != 0 ? 1 : 0);
    if (oid.len != prefix + 1 || !assay_bytes_equal(oid.bytes, oid_sgx, sizeof oid_sgx))
        return ASSAY_E_UNSUPPORTED;
    if (parent != 0 && oid.bytes[sizeof oid_sgx] != parent) return ASSAY_E_UNSUPPORTED;
    if (oid.bytes[prefix] >= ITEMS_MAX) return ASSAY_E_UNSUPPORTED;
    *arc = oid.bytes[prefix];
    return ASSAY_OK;
}

/* Every pair of the SEQUENCE at the cursor to its reader, each arc at most once. */
static enum assay_status read_items(struct assay_cursor *in, uint8_t parent, item_reader *reader,
                                    struct assay_pck *pck, uint32_t *seen)
{
    struct assay_cursor items;
    ASSAY_TRY(assay_asn1_open(in, ASSAY_ASN1_SEQUENCE, &items));
    *seen = 0;
    while (assay_cursor_left(&items) > 0) {
        struct assay_cursor pair;
        struct assay_asn1 oid;
        uint8_t arc = 0;
        ASSAY_TRY(assay_asn1_open(&items, ASSAY_ASN1_SEQUENCE, &pair));
        ASSAY_TRY(assay_asn1_take(&pair, ASSAY_ASN1_OID, &oid));
        ASSAY_TRY(last_arc(oid.content, parent, &arc));
        ASSAY_ASSERT(arc < ITEMS_MAX);
        if ((*seen >> arc & 1) != 0) return ASSAY_E_DUPLICATE;
        *seen |= UINT32_C(1) << arc;
        ASSAY_TRY(reader(arc, &pair, pck));
        ASSAY_TRY(assay_asn1_end(&pair));
    }
    return ASSAY_OK;
}

static enum assay_status decode_octets(struct assay_cursor *in, uint8_t *out, size_t len)
{
    struct assay_asn1 value;
    ASSAY_TRY(assay_asn1_take(in, ASSAY_ASN1_OCTET_STRING, &value));
    if (value.content.len != len) return ASSAY_E_RANGE;
    assay_bytes_copy(out, len, value.content.bytes, len);
    return ASSAY_OK;
}

static enum assay_status decode_boolean(struct assay_cursor *in, uint8_t *out)
{
    bool value = false;
    ASSAY_TRY(assay_asn1_boolean(in, &value));
    *out = value ? 255 : 0;
    return ASSAY_OK;
}

static enum assay_status read_tcb_item(uint8_t arc, struct assay_cursor *value,
                                       struct assay_pck *pck)
{
    uint32_t number = 0;
    if (arc >= 1 && arc <= ASSAY_TCB_COMPONENTS) {
        ASSAY_TRY(assay_asn1_number(value, ASSAY_ASN1_INTEGER, UINT8_MAX, &number));
        pck->components[arc - 1] = (uint8_t)number;
        return ASSAY_OK;
    }
    if (arc == 17) {
        ASSAY_TRY(assay_asn1_number(value, ASSAY_ASN1_INTEGER, UINT16_MAX, &number));
        pck->pcesvn = (uint16_t)number;
        return ASSAY_OK;
    }
    if (arc == 18) return decode_octets(value, pck->cpusvn, sizeof pck->cpusvn);
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status read_configuration_item(uint8_t arc, struct assay_cursor *value,
                                                 struct assay_pck *pck)
{
    if (arc == 1) return decode_boolean(value, &pck->dynamic_platform);
    if (arc == 2) return decode_boolean(value, &pck->cached_keys);
    if (arc == 3) return decode_boolean(value, &pck->smt_enabled);
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status read_sgx_item(uint8_t arc, struct assay_cursor *value,
                                       struct assay_pck *pck)
{
    enum { TCB_ARCS = 0x7fffe }; /* 1..18: all of them, evidence-rules.md 2.7 */
    uint32_t number = 0;
    uint32_t seen = 0;
    switch (arc) {
    case 1: return decode_octets(value, pck->ppid, sizeof pck->ppid);
    case 2:
        ASSAY_TRY(read_items(value, 2, read_tcb_item, pck, &seen));
        return seen == TCB_ARCS ? ASSAY_OK : ASSAY_E_NOT_FOUND;
    case 3: return decode_octets(value, pck->pceid, sizeof pck->pceid);
    case 4: return decode_octets(value, pck->fmspc, sizeof pck->fmspc);
    case 5:
        ASSAY_TRY(assay_asn1_number(value, ASSAY_ASN1_ENUMERATED, 2, &number));
        pck->sgx_type = (uint8_t)number;
        ASSAY_ASSERT(pck->sgx_type <= 2);
        return ASSAY_OK;
    case 6:
        pck->has_platform_instance = true;
        return decode_octets(value, pck->platform_instance, sizeof pck->platform_instance);
    case 7:
        pck->has_configuration = true;
        return read_items(value, 7, read_configuration_item, pck, &seen);
    }
    return ASSAY_E_UNSUPPORTED;
}

enum assay_status assay_x509_sgx(struct assay_slice value, struct assay_pck *pck)
{
    ASSAY_ASSERT(pck != NULL);
    enum { NEEDED = 0x3e }; /* arcs 1 to 5; 6 and 7 belong to the Platform CA */
    struct assay_cursor in = assay_asn1_over(value);
    uint32_t seen = 0;
    ASSAY_TRY(read_items(&in, 0, read_sgx_item, pck, &seen));
    ASSAY_TRY(assay_asn1_end(&in));
    return (seen & NEEDED) == NEEDED ? ASSAY_OK : ASSAY_E_NOT_FOUND;
}
