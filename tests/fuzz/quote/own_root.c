/*
 * tests/fuzz/quote/own_root.c - see own_root.h.
 */
#include "tests/fuzz/quote/own_root.h"

#include "quote/certificates/chain.h"
#include "quote/intel/quote.h"
#include "quote/kinds.h"
#include "quote/package.h"
#include "quote/verify.h"

static bool pin_all(struct assay_slice bytes, struct assay_endorsements *e)
{
    static struct assay_certificate chain[ASSAY_CHAIN_MAX];
    size_t count = 0;
    bool pinned = false;
    if (assay_x509_certificates(bytes.bytes, bytes.len, chain, ASSAY_CHAIN_MAX, &count) != ASSAY_OK)
        return false;
    for (size_t i = 0; i < count && e->count < ASSAY_ENDORSEMENTS_MAX; i++) {
        if (!assay_chain_self_issued(&chain[i])) continue;
        e->entries[e->count].root = chain[i].key;
        e->entries[e->count].kinds = ASSAY_KINDS_ALL;
        e->entries[e->count].collateral = NULL;
        e->count += 1;
        pinned = true;
    }
    return pinned;
}

static bool pin_of_quote(struct assay_slice bytes, struct assay_endorsements *e)
{
    static struct assay_quote quote;
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    struct assay_kind row;
    if (assay_evidence_detect(bytes.bytes, bytes.len, &kind) != ASSAY_OK) return false;
    if (assay_kind_find(kind, &row) != ASSAY_OK || row.qe_vendor_id == NULL) return false;
    if (assay_quote_parse(&row, bytes.bytes, bytes.len, &quote) != ASSAY_OK) return false;
    return pin_all(quote.cert_data, e);
}

bool own_root_pin(enum assay_evidence_kind kind, const uint8_t *data, size_t size,
                  struct assay_endorsements *endorsements)
{
    static struct assay_package package;
    bool pinned = false;
    if (assay_package_read(kind, data, size, &package) != ASSAY_OK) return false;
    for (size_t i = 0; i < package.certificate_count; i++)
        pinned = pin_all(package.certificates[i], endorsements) || pinned;
    if (package.quote.len > 0) pinned = pin_of_quote(package.quote, endorsements) || pinned;
    return pin_of_quote(package.main, endorsements) || pinned;
}
