/*
 * enforce/hold.c - storage of the manual hold. Row and file: version, held, eight bytes of time,
 * the reason.
 */
#include "enforce/hold.h"

#include "base/cursor.h"
#include "base/file/file.h"
#include "base/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { VERSION = 1, HEAD_LEN = 10, ROW_MAX = HEAD_LEN + ASSAY_HOLD_REASON_MAX };

static const struct assay_store_key hold_key = { .number = ASSAY_HOLD_META };

static enum assay_status decode_hold(const uint8_t *bytes, size_t len, struct assay_hold *hold)
{
    uint8_t version = 0, held = 0;
    const uint8_t *reason = NULL;
    if (len > ROW_MAX) return ASSAY_E_VERSION;
    struct assay_cursor in = assay_cursor_over(bytes, len);
    struct assay_hold read = { 0 };
    if (assay_cursor_u8(&in, &version) != ASSAY_OK || version != VERSION ||
        assay_cursor_u8(&in, &held) != ASSAY_OK || held > 1 ||
        assay_cursor_u64be(&in, &read.since_unix_ms) != ASSAY_OK ||
        assay_cursor_take(&in, len - HEAD_LEN, &reason) != ASSAY_OK)
        return ASSAY_E_VERSION;
    read.held = held == 1;
    assay_bytes_copy(read.reason, sizeof read.reason, reason, len - HEAD_LEN);
    *hold = read;
    return ASSAY_OK;
}

/* Returns: the length. */
static size_t encode_hold(const struct assay_hold *hold, uint8_t bytes[static ROW_MAX])
{
    struct assay_writer out = assay_writer_over(bytes, ROW_MAX);
    assay_writer_u8(&out, VERSION);
    assay_writer_u8(&out, hold->held ? 1 : 0);
    assay_writer_u64be(&out, hold->since_unix_ms);
    assay_writer_put(&out, hold->reason, strlen(hold->reason));
    return out.len;
}

enum assay_status assay_hold_load(struct assay_store *store, struct assay_hold *hold)
{
    uint8_t bytes[ROW_MAX];
    size_t len = 0;
    *hold = (struct assay_hold){ 0 };
    const enum assay_status status =
        assay_store_get(store, ASSAY_STORE_META, &hold_key, bytes, sizeof bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (status == ASSAY_E_FULL) return ASSAY_E_VERSION;
    ASSAY_TRY(status);
    return decode_hold(bytes, len, hold);
}

enum assay_status assay_hold_load_file(const char *path, struct assay_hold *hold)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    *hold = (struct assay_hold){ 0 };
    const enum assay_status read = assay_file_read(path, ROW_MAX, &bytes, &len);
    if (read == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    ASSAY_TRY(read);
    const enum assay_status status = decode_hold(bytes, len, hold);
    free(bytes);
    return status;
}

enum assay_status assay_hold_save_file(const char *path, const struct assay_hold *hold)
{
    uint8_t bytes[ROW_MAX];
    struct stat about; /* first: unlink of what is not there fails in a read-only mount */
    if (!hold->held && lstat(path, &about) != 0 && errno == ENOENT) return ASSAY_OK;
    if (!hold->held) return unlink(path) == 0 ? assay_file_sync_folder(path) : ASSAY_E_IO;
    const size_t len = encode_hold(hold, bytes);
    return assay_file_replace(path, ASSAY_FILE_SECRET, assay_slice_over(bytes, len));
}

enum assay_status assay_hold_save(struct assay_store *store, const struct assay_hold *hold)
{
    uint8_t bytes[ROW_MAX];
    const size_t len = encode_hold(hold, bytes);
    enum assay_status status =
        assay_store_put(store, ASSAY_STORE_META, &hold_key, assay_slice_over(bytes, len));
    if (status == ASSAY_OK) status = assay_store_commit(store);
    if (status != ASSAY_OK) store->ops->rollback(store);
    return status;
}
