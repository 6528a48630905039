/*
 * net/services/identity/checkpoint_file.c - the newest checkpoint that a holder acted on.
 */
#include "net/services/identity/checkpoint_file.h"

#include "base/file/file.h"

#include <stdlib.h>

enum assay_status assay_keyholder_checkpoint_load(const char *path,
                                                  const struct assay_checkpoint *given,
                                                  struct assay_checkpoint *from, uint64_t *epoch)
{
    struct assay_checkpoint stored;
    uint8_t *bytes = NULL;
    size_t len = 0;
    *from = *given;
    *epoch = 0;
    enum assay_status status = assay_file_read(path, ASSAY_CHECKPOINT_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (status == ASSAY_OK) status = assay_checkpoint_decode(assay_slice_over(bytes, len), &stored);
    free(bytes);
    if (status != ASSAY_OK) return ASSAY_E_STORE;
    if (!assay_bytes_equal(stored.chain_id, from->chain_id, 32)) return ASSAY_E_CHAIN;
    *epoch = stored.epoch;
    if (stored.era > from->era || (stored.era == from->era && stored.epoch > from->epoch))
        *from = stored;
    return ASSAY_OK;
}

enum assay_status assay_keyholder_checkpoint_store(const char *path,
                                                   const struct assay_checkpoint *checkpoint)
{
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    ASSAY_TRY(assay_checkpoint_encode(checkpoint, &w));
    return assay_file_replace(path, ASSAY_FILE_PUBLIC, assay_slice_over(bytes, w.len)) == ASSAY_OK
               ? ASSAY_OK
               : ASSAY_E_STORE;
}
