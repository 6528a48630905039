/*
 * quote/kinds.c - table of evidence kinds.
 */
#include "quote/kinds.h"

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
