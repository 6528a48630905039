/*
 * net/tie.c - what a store knows of keys: one entry of class META.
 */
#include "net/tie.h"

#include "base/crypto.h"

enum { META_NUMBER = 1000, LEN = ASSAY_TIE_ID_LEN + 32 }; /* net/host_internal.h has the others */

static const struct assay_store_key key = { .number = META_NUMBER };

enum assay_status assay_tie_put(struct assay_store *store, const struct assay_tie *tie)
{
    uint8_t bytes[LEN];
    assay_bytes_copy(bytes, ASSAY_TIE_ID_LEN, tie->id, ASSAY_TIE_ID_LEN);
    assay_bytes_copy(bytes + ASSAY_TIE_ID_LEN, 32, tie->set, 32);
    return assay_store_put(store, ASSAY_STORE_META, &key, assay_slice_over(bytes, sizeof bytes));
}

enum assay_status assay_tie_get(struct assay_store *store, struct assay_tie *tie)
{
    uint8_t bytes[LEN];
    size_t len = 0;
    const enum assay_status got =
        assay_store_get(store, ASSAY_STORE_META, &key, bytes, sizeof bytes, &len);
    if (got == ASSAY_E_NOT_FOUND) return got;
    if (got != ASSAY_OK || len != sizeof bytes) return ASSAY_E_STORE;
    assay_bytes_copy(tie->id, ASSAY_TIE_ID_LEN, bytes, ASSAY_TIE_ID_LEN);
    assay_bytes_copy(tie->set, 32, bytes + ASSAY_TIE_ID_LEN, 32);
    return ASSAY_OK;
}

enum assay_status assay_tie_put_nobody(struct assay_store *store)
{
    struct assay_tie tie = { .set = { 0 } };
    ASSAY_TRY(assay_random(tie.id, sizeof tie.id));
    return assay_tie_put(store, &tie);
}
