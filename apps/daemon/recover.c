/*
 * apps/daemon/recover.c - RECOVER files named in the configuration (node.recovers).
 */
#include "apps/daemon/recover.h"

#include "base/file/file.h"
#include "engine/ledger/records/recover.h"
#include "engine/parts/acceptance.h"

#include <stdlib.h>

static enum assay_status encode_recover(struct assay_slice recover,
                                        struct assay_accepted_recover *out)
{
    const size_t len_max = recover.len + ASSAY_ACCEPTANCE_OVERHEAD;
    out->accepting = malloc(len_max);
    if (out->accepting == NULL) return ASSAY_E_MEMORY;
    struct assay_writer w = assay_writer_over(out->accepting, len_max);
    assay_acceptance_encode(recover, &w);
    out->accepting_len = w.len;
    return ASSAY_OK;
}

enum assay_status daemon_read_recover(const char *path, const uint8_t chain_id[static 32],
                                      struct assay_accepted_recover *out)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    struct assay_recover r;
    enum assay_status status = assay_file_read(path, ASSAY_RECOVER_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK) status = assay_recover_decode(assay_slice_over(bytes, len), &r);
    if (status == ASSAY_OK && !assay_bytes_equal(r.header.chain_id, chain_id, 32))
        status = ASSAY_E_CHAIN;
    if (status == ASSAY_OK) status = assay_recover_self_approved(&r);
    if (status == ASSAY_OK) {
        out->era = r.header.era;
        status = encode_recover(assay_slice_over(bytes, len), out);
    }
    free(bytes);
    return status;
}
