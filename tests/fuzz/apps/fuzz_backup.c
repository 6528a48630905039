/*
 * tests/fuzz/apps/fuzz_backup.c - any bytes as a backup file and as the content of one.
 *
 * Properties: names of what is accepted are those of the table and choose no path; pieces lie in
 * the input; it encodes to the same bytes again.
 */
#include "apps/assay/operate/backup_file.h"
#include "base/assert.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_piece(const struct assay_backup_piece *piece, const uint8_t *data, size_t size)
{
    const struct assay_backup_row *const row = assay_backup_row_of(piece->kind);
    const size_t len = strlen(row->name);
    ASSAY_ASSERT(strncmp(piece->name, row->name, len) == 0);
    ASSAY_ASSERT(strchr(piece->name + len, '/') == NULL && strstr(piece->name, "/.") == NULL);
    ASSAY_ASSERT(piece->bytes.len <= row->len_max);
    ASSAY_ASSERT(piece->bytes.bytes >= data &&
                 piece->bytes.bytes + piece->bytes.len <= data + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct assay_backup backup;
    static struct assay_backup_sealed sealed;
    const struct assay_slice all = assay_slice_over(data, size);
    if (assay_backup_split(all, &sealed) == ASSAY_OK)
        ASSAY_ASSERT(sealed.before.len + sealed.content.len + ASSAY_CIPHER_TAG_LEN < size);
    if (assay_backup_decode(all, &backup) != ASSAY_OK) return 0;
    for (uint32_t i = 0; i < backup.count; i++)
        check_piece(&backup.pieces[i], data, size);
    const size_t len = assay_backup_content_len(&backup);
    uint8_t *const again = malloc(len);
    ASSAY_ASSERT(again != NULL);
    struct assay_writer w = assay_writer_over(again, len);
    ASSAY_ASSERT(assay_backup_encode(&backup, &w) == ASSAY_OK);
    ASSAY_ASSERT(w.len == size && assay_bytes_equal(again, data, size));
    free(again);
    return 0;
}
