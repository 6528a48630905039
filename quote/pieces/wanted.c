/*
 * quote/pieces/wanted.c - requirements of a quote on Intel's collateral (choose.h): TEE, FMSPC,
 * and the authorities of its chain.
 */
#include "quote/pieces/choose.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/verify.h"

enum assay_status assay_collateral_wanted(enum assay_evidence_kind kind, const uint8_t *bytes,
                                          size_t len, int64_t at_unix_s,
                                          struct assay_collateral_wanted *wanted)
{
    struct assay_kind row;
    struct assay_quote quote;
    struct assay_certificate certificates[ASSAY_CHAIN_MAX];
    struct assay_chain chain;
    size_t count = 0;
    *wanted = (struct assay_collateral_wanted){ .at_unix_s = at_unix_s };
    /* The quote inside: of a paravisor's evidence, or with devices. */
    struct assay_package package;
    const bool is_read = assay_package_read(kind, bytes, len, &package) == ASSAY_OK;
    if (kind == ASSAY_KIND_VTPM_TDX) {
        if (!is_read) return ASSAY_OK;
        bytes = package.quote.bytes;
        len = package.quote.len;
        if (len == 0 || assay_evidence_detect(bytes, len, &kind) != ASSAY_OK) return ASSAY_OK;
    } else if (is_read) {
        bytes = package.main.bytes;
        len = package.main.len;
    }
    if (assay_kind_find(kind, &row) != ASSAY_OK) return ASSAY_OK;
    wanted->tee = row.is_tdx ? ASSAY_TEE_TDX : ASSAY_TEE_SGX;
    if (assay_quote_parse(&row, bytes, len, &quote) != ASSAY_OK) return ASSAY_OK;
    if (quote.cert_data_type != ASSAY_CERT_TYPE_PCK_CHAIN) return ASSAY_OK;
    const enum assay_status status = assay_x509_pem_chain(
        quote.cert_data.bytes, quote.cert_data.len, certificates, ASSAY_CHAIN_MAX, &count);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
    if (status != ASSAY_OK) return ASSAY_OK;
    if (assay_chain_order(certificates, count, &chain) != ASSAY_OK) return ASSAY_OK;
    ASSAY_ASSERT(count <= ASSAY_CHAIN_MAX);
    wanted->has_chain = true;
    assay_bytes_copy(wanted->fmspc, sizeof wanted->fmspc, chain.pck.pck.fmspc, 6);
    wanted->ca = chain.ca;
    wanted->root = chain.root;
    return ASSAY_OK;
}
