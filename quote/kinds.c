/*
 * quote/kinds.c - table of evidence kinds, and detection of the kind of bytes.
 */
#include "quote/kinds.h"

#include "quote/intel/quote.h"

#define KIND_ROW(symbol, number, text, give, families)                                             \
    case symbol: *row = give(); return ASSAY_OK;

enum assay_status assay_kind_find(enum assay_evidence_kind kind, struct assay_kind *row)
{
    switch (kind) {
        ASSAY_KIND_LIST(KIND_ROW)
    case ASSAY_KIND_NONE: return ASSAY_E_NOT_FOUND;
    }
    return ASSAY_E_NOT_FOUND; /* a number from the wire */
}
#undef KIND_ROW

#define KIND_SYMBOL(symbol, number, text, give, families) symbol,
enum assay_status assay_kind_at(size_t index, struct assay_kind *row)
{
    static const enum assay_evidence_kind kinds[] = { ASSAY_KIND_LIST(KIND_SYMBOL) };
    return index < sizeof kinds / sizeof kinds[0] ? assay_kind_find(kinds[index], row)
                                                  : ASSAY_E_NOT_FOUND;
}
#undef KIND_SYMBOL

/*
 * Version and TEE type name the format; within one format the vendor id of the quoting enclave
 * distinguishes SOFT from SGX. Evidence of an unknown vendor goes to the first kind of its format,
 * where it
 * fails with a reason instead of being unknown.
 */
static enum assay_status detect_quote(const uint8_t *bytes, size_t len,
                                      enum assay_evidence_kind *kind)
{
    enum { VERSION_OF_CWT = 0x3dd8, QUOTE_LEN_MAX = 8192 };
    struct assay_cursor in = assay_cursor_over(bytes, len);
    uint16_t version = 0;
    uint32_t tee_type = 0;
    const uint8_t *vendor = NULL;
    ASSAY_TRY(assay_cursor_u16le(&in, &version));
    if (version == VERSION_OF_CWT && len > QUOTE_LEN_MAX) {
        *kind = ASSAY_KIND_TDX5; /* a token of TDX by DICE, refused in words (quote/intel/dcap.c) */
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_cursor_skip(&in, 2)); /* attestation key type */
    ASSAY_TRY(assay_cursor_u32le(&in, &tee_type));
    ASSAY_TRY(assay_cursor_skip(&in, 4)); /* QE SVN, PCE SVN */
    ASSAY_TRY(assay_cursor_take(&in, 16, &vendor));

    enum assay_evidence_kind found = ASSAY_KIND_NONE;
    struct assay_kind row;
    for (size_t i = 0; assay_kind_at(i, &row) == ASSAY_OK; i++) {
        if (row.detect != NULL || row.version != version || row.tee_type != tee_type) continue;
        if (found == ASSAY_KIND_NONE) found = row.kind;
        if (assay_bytes_equal(vendor, row.qe_vendor_id, 16)) found = row.kind;
    }
    if (found == ASSAY_KIND_NONE) return ASSAY_E_UNSUPPORTED;
    *kind = found;
    return ASSAY_OK;
}

enum assay_status assay_evidence_detect(const uint8_t *bytes, size_t len,
                                        enum assay_evidence_kind *kind)
{
    struct assay_kind other;
    if (assay_package_detect(bytes, len, kind)) return ASSAY_OK;
    for (size_t i = 0; assay_kind_at(i, &other) == ASSAY_OK; i++) {
        if (other.detect == NULL || !other.detect(bytes, len)) continue;
        *kind = other.kind;
        return ASSAY_OK;
    }
    return detect_quote(bytes, len, kind);
}
