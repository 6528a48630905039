/*
 * apps/assay/evidence/evidence_package.c - assembly of evidence from text and the files of a folder
 * (evidence_package.h).
 */
#include "apps/assay/evidence/evidence_package.h"

#include "base/assert.h"
#include "quote/certificates/chain.h"
#include "quote/kinds.h"
#include "quote/pieces/assemble.h"
#include "quote/pieces/encoded.h"
#include "quote/pieces/gather.h"
#include "quote/verify.h"

#include <stdlib.h>

enum assay_status cli_evidence_decode(uint8_t **file, size_t *len)
{
    enum { DIGITS_MIN = 64 };
    enum assay_evidence_kind declared = ASSAY_KIND_NONE;
    size_t decoded_len = 0;
    if (*len < DIGITS_MIN) return ASSAY_OK;
    if (assay_evidence_detect(*file, *len, &declared) == ASSAY_OK) return ASSAY_OK;
    uint8_t *const bytes = malloc(*len);
    if (bytes == NULL) return ASSAY_E_MEMORY;
    if (assay_encoded_decode(assay_slice_over(*file, *len), bytes, *len, &decoded_len) !=
        ASSAY_OK) {
        free(bytes);
        return ASSAY_OK;
    }
    free(*file);
    *file = bytes;
    *len = decoded_len;
    return ASSAY_OK;
}

bool cli_evidence_package_wanted(enum assay_evidence_kind kind)
{
    return kind != ASSAY_KIND_NONE && (ASSAY_KINDS_QUOTE & ASSAY_KIND_BIT(kind)) == 0;
}

/* --- roots */
enum { OWN_ROOTS_MAX = 8 }; /* of a folder, as certificates of a package */

static enum assay_status add_leads(struct assay_input_files *given, const struct assay_key *root,
                                   struct assay_gathered *g, bool *any)
{
    static const bool none[ASSAY_RECOGNISED_MAX];
    ASSAY_TRY(assay_collateral_gather(&given->found, root, false, g));
    *any = *any || g->count > 0;
    cli_input_files_set_used(given, g->leads, none);
    return ASSAY_OK;
}

/* Of self-signed certificates: a copy signs nothing, itself included. */
static enum assay_status add_leads_to_own(struct assay_input_files *given, struct assay_gathered *g)
{
    struct assay_certificate c;
    bool any = false;
    for (size_t i = 0, roots = 0; i < given->found.count && roots < OWN_ROOTS_MAX; i++) {
        const struct assay_recognised *const it = &given->found.pieces[i];
        if (it->shape != ASSAY_SHAPE_CERTIFICATE || it->status != ASSAY_OK) continue;
        ASSAY_TRY(assay_x509_certificate(it->bytes.bytes, it->bytes.len, &c));
        if (!assay_chain_self_issued(&c)) continue;
        const enum assay_status status = assay_chain_signed(&c.key, c.tbs_digest, &c.signature);
        if (assay_status_class(status) == ASSAY_CLASS_HOST) return status;
        if (status != ASSAY_OK) continue;
        ASSAY_TRY(add_leads(given, &c.key, g, &any));
        roots += 1;
    }
    return ASSAY_OK;
}

enum assay_status cli_evidence_package_find_leads(struct assay_input_files *given)
{
    struct assay_key root;
    uint32_t kinds = 0;
    bool any = false;
    struct assay_gathered *const g = calloc(1, sizeof *g);
    enum assay_status status = g == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
    for (int i = 0; i < ASSAY_PINNED_ROOTS && status == ASSAY_OK; i++) {
        status = assay_pinned_root((enum assay_pinned_root)i, &root, &kinds);
        if (status == ASSAY_OK) status = add_leads(given, &root, g, &any);
    }
    if (status == ASSAY_OK && !any) status = add_leads_to_own(given, g);
    free(g);
    return status;
}

enum assay_status cli_evidence_package_take(struct assay_input_files *given,
                                            enum assay_evidence_kind kind,
                                            struct assay_slice evidence,
                                            struct assay_evidence_package *out)
{
    ASSAY_ASSERT(given != NULL);
    *out = (struct assay_evidence_package){ .evidence = evidence };
    out->package = (struct assay_package){ .kind = kind, .main = evidence };
    out->assembly = calloc(1, sizeof *out->assembly);
    if (out->assembly == NULL) return ASSAY_E_MEMORY;
    ASSAY_TRY(assay_assemble(given->found.pieces, given->leads, given->found.count, kind, evidence,
                             given->is_taken, out->assembly));
    out->evidence = out->assembly->evidence;
    out->package = out->assembly->package;
    out->left_out = out->assembly->left_out;
    return ASSAY_OK;
}

void cli_evidence_package_close(struct assay_evidence_package *pieces)
{
    free(pieces->assembly);
    *pieces = (struct assay_evidence_package){ 0 };
}
