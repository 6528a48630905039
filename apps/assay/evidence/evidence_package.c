/*
 * apps/assay/evidence/evidence_package.c - assembly of evidence from text and the files of a folder
 * (evidence_package.h).
 */
#include "apps/assay/evidence/evidence_package.h"

#include "base/assert.h"
#include "quote/kinds.h"
#include "quote/pieces/assemble.h"
#include "quote/pieces/encoded.h"
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
