/*
 * tests/fuzz/quote/fuzz_recognise.c - any bytes as a file in a folder of collateral, split into
 * pieces.
 *
 * Properties: pieces refer to the file or to the scratch memory and are never empty; the same file
 * gives the same pieces twice; the header of a revocation list anywhere in the file gives a piece
 * that is a list, valid or damaged, unless the file contains another piece that can be parsed.
 */
#include "base/assert.h"
#include "quote/pieces/recognise.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 1 << 16 };

static bool lies_in(struct assay_slice piece, const uint8_t *from, size_t len)
{
    return piece.bytes >= from && piece.bytes + piece.len <= from + len;
}

static size_t count_lists(const struct assay_recognition *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->count; i++)
        count += r->pieces[i].shape == ASSAY_SHAPE_CRL;
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > FILE_MAX) return 0;
    const size_t room_len = assay_recognise_room(size);
    uint8_t *const file = malloc(size > 0 ? size : 1), *const room = malloc(room_len);
    struct assay_recognition *const found = calloc(1, sizeof *found);
    struct assay_recognise_scratch *const scratch = calloc(1, sizeof *scratch);
    ASSAY_ASSERT(file != NULL && room != NULL && found != NULL && scratch != NULL);
    if (size > 0) assay_bytes_copy(file, size, data, size);
    const enum assay_status status =
        assay_recognise_file(found, scratch, assay_slice_over(file, size), room, room_len);
    ASSAY_ASSERT(status == ASSAY_OK || status == ASSAY_E_FULL);
    for (size_t i = 0; i < found->count; i++) {
        const struct assay_slice piece = found->pieces[i].bytes;
        ASSAY_ASSERT(piece.len > 0);
        ASSAY_ASSERT(lies_in(piece, file, size) || lies_in(piece, room, room_len));
    }
    const size_t before = found->count;
    const enum assay_status again =
        assay_recognise_file(found, scratch, assay_slice_over(file, size), room, room_len);
    ASSAY_ASSERT(again == status && found->count == before);
    /* What can be read says where it ends, and what is in it is its own. */
    bool has_sound = false;
    for (size_t i = 0; i < found->count; i++)
        has_sound = has_sound || (found->pieces[i].shape != ASSAY_SHAPE_CRL &&
                                  found->pieces[i].status == ASSAY_OK);
    for (size_t at = 0; at < size && status == ASSAY_OK && !has_sound; at++)
        if (assay_x509_list_header(assay_slice_over(file + at, size - at)) ==
            ASSAY_X509_LIST_HEADER) {
            struct assay_slice rest = assay_slice_over(file + at, size - at), one;
            /* Certificates without a version begin like lists. */
            if (assay_x509_next(&rest, &one) == ASSAY_X509_CERTIFICATE) continue;
            ASSAY_ASSERT(count_lists(found) > 0);
        }
    free(file);
    free(room);
    free(found);
    free(scratch);
    return 0;
}
