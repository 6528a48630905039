/*
 * quote/api/recognise.c - recognised pieces of a set of files.
 *
 * quote/pieces/recognise.h identifies the pieces, as for the command line; choose.h (Intel) and
 * gather.h (other vendors) select them.
 */
#include "quote/api/api.h"

#include "base/assert.h"

#include <stdlib.h>

/* Copies of the files, each with room for what is decoded of it: the pieces borrow from both. */
static enum assay_status recognise_files(const struct assay_bytes *files, size_t count,
                                         struct assay_recognise_scratch *scratch,
                                         struct assay_trust_set *set)
{
    ASSAY_ASSERT(set->bytes != NULL && set->found != NULL);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const size_t len = files[i].len, room_len = assay_recognise_room(len);
        uint8_t *const copy = set->bytes + at;
        assay_bytes_copy(copy, len, files[i].bytes, len);
        ASSAY_TRY(assay_recognise_file(set->found, scratch, assay_slice_over(copy, len), copy + len,
                                       room_len));
        at += len + room_len;
    }
    return ASSAY_OK;
}

/* Is anything recognisable? */
static bool is_of_use(struct assay_trust_set *set)
{
    ASSAY_ASSERT(set->found->count <= ASSAY_RECOGNISED_MAX);
    bool found = false;
    for (size_t i = 0; i < set->found->count; i++) {
        const enum assay_shape shape = set->found->pieces[i].shape;
        found = found || shape != ASSAY_SHAPE_OTHER;
        if (shape == ASSAY_SHAPE_TCB_INFO || shape == ASSAY_SHAPE_QE_IDENTITY) set->is_intel = true;
    }
    return found;
}

void assay_api_forget(struct assay_trust_set *set)
{
    free(set->bytes);
    free(set->found);
    *set = (struct assay_trust_set){ 0 };
}

enum assay_status assay_api_recognise(const struct assay_bytes *files, size_t count,
                                      struct assay_trust_set *set)
{
    ASSAY_ASSERT(count <= ASSAY_FILES_MAX && (int)ASSAY_FILES_MAX <= ASSAY_RECOGNISED_FILES_MAX);
    size_t len = 1;
    for (size_t i = 0; i < count; i++)
        len += files[i].len + assay_recognise_room(files[i].len);
    *set = (struct assay_trust_set){ .bytes = malloc(len), .found = calloc(1, sizeof *set->found) };
    struct assay_recognise_scratch *const scratch = malloc(sizeof *scratch);
    enum assay_status status =
        set->bytes == NULL || set->found == NULL || scratch == NULL ? ASSAY_E_MEMORY : ASSAY_OK;
    if (status == ASSAY_OK) status = recognise_files(files, count, scratch, set);
    if (status == ASSAY_OK && !is_of_use(set)) status = ASSAY_E_NOT_FOUND;
    ASSAY_ASSERT(status != ASSAY_OK || set->found->file_count == count);
    free(scratch);
    if (status != ASSAY_OK) assay_api_forget(set);
    return status;
}
