/*
 * net/timeline/timeline_file.c - timeline file.
 */
#include "net/timeline/timeline_file.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/cursor.h"
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST_LEN = 8, BODY_LEN = ASSAY_TIMELINE_RECORD_LEN - DIGEST_LEN };

struct assay_timeline_file {
    int fd;
};

/* ------------------------------------------------------------ one record */

static void digest_of(const uint8_t *body, uint8_t digest[static 32])
{
    assay_sha256(body, BODY_LEN, digest);
}

static void encode_record(const struct assay_timeline_event *event,
                          uint8_t record[static ASSAY_TIMELINE_RECORD_LEN])
{
    ASSAY_ASSERT(event->text[sizeof event->text - 1] == '\0');
    ASSAY_ASSERT(event->code[sizeof event->code - 1] == '\0');
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(record, ASSAY_TIMELINE_RECORD_LEN);
    assay_writer_u64be(&w, event->seq);
    assay_writer_u64be(&w, event->at_unix_ms);
    assay_writer_u64be(&w, event->epoch);
    assay_writer_u64be(&w, event->a);
    assay_writer_u64be(&w, event->b);
    assay_writer_u16be(&w, event->slot);
    assay_writer_put(&w, event->code, sizeof event->code);
    assay_writer_put(&w, event->text, sizeof event->text);
    ASSAY_ASSERT(w.len == BODY_LEN);
    digest_of(record, digest);
    assay_writer_put(&w, digest, DIGEST_LEN);
    ASSAY_ASSERT(w.len == ASSAY_TIMELINE_RECORD_LEN && !w.full);
}

/* Texts end inside their place and are ASCII, as runtime_log_event writes them. */
static bool read_text(struct assay_cursor *in, char *out, size_t len)
{
    ASSAY_ASSERT(len > 0);
    const uint8_t *bytes = NULL;
    if (assay_cursor_take(in, len, &bytes) != ASSAY_OK || bytes[len - 1] != 0) return false;
    assay_bytes_copy(out, len, bytes, len);
    for (size_t i = 0; out[i] != '\0'; i++)
        if ((unsigned char)out[i] < ' ' || (unsigned char)out[i] > '~') return false;
    return true;
}

static bool decode_record(const uint8_t record[static ASSAY_TIMELINE_RECORD_LEN],
                          struct assay_timeline_event *event)
{
    uint8_t digest[32];
    struct assay_cursor in = assay_cursor_over(record, BODY_LEN);
    digest_of(record, digest);
    if (!assay_bytes_equal(digest, record + BODY_LEN, DIGEST_LEN)) return false;
    *event = (struct assay_timeline_event){ 0 };
    return assay_cursor_u64be(&in, &event->seq) == ASSAY_OK &&
           assay_cursor_u64be(&in, &event->at_unix_ms) == ASSAY_OK &&
           assay_cursor_u64be(&in, &event->epoch) == ASSAY_OK &&
           assay_cursor_u64be(&in, &event->a) == ASSAY_OK &&
           assay_cursor_u64be(&in, &event->b) == ASSAY_OK &&
           assay_cursor_u16be(&in, &event->slot) == ASSAY_OK &&
           read_text(&in, event->code, sizeof event->code) &&
           read_text(&in, event->text, sizeof event->text);
}

/* ------------------------------------------------------------ the file */

static size_t record_offset(uint64_t seq)
{
    return (size_t)(seq % ASSAY_TIMELINE_MAX);
}

/* Reads the complete records at the start of the file. */
static enum assay_status read_all(int fd, uint8_t *bytes, size_t capacity, size_t *len)
{
    size_t done = 0;
    while (done < capacity) {
        const ssize_t got = pread(fd, bytes + done, capacity - done, (off_t)done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return ASSAY_E_IO;
        if (got == 0) break;
        done += (size_t)got;
    }
    *len = done;
    return ASSAY_OK;
}

/* Keeps the gapless run before the newest event. */
static void settle_file(struct assay_timeline *timeline)
{
    uint64_t seq = timeline->last;
    for (size_t i = 0; i < ASSAY_TIMELINE_MAX && seq > 0; i++, seq--)
        if (timeline->ring[record_offset(seq)].seq != seq) break;
    timeline->before = seq;
    ASSAY_ASSERT(timeline->before <= timeline->last);
}

static enum assay_status load_events(int fd, struct assay_timeline *timeline)
{
    ASSAY_ASSERT(timeline->last == 0 && timeline->before == 0);
    const size_t capacity = (size_t)ASSAY_TIMELINE_MAX * ASSAY_TIMELINE_RECORD_LEN;
    uint8_t *bytes = malloc(capacity);
    size_t len = 0;
    if (bytes == NULL) return ASSAY_E_MEMORY;
    const enum assay_status status = read_all(fd, bytes, capacity, &len);
    for (size_t i = 0; status == ASSAY_OK && i < len / ASSAY_TIMELINE_RECORD_LEN; i++) {
        struct assay_timeline_event event;
        if (!decode_record(bytes + i * ASSAY_TIMELINE_RECORD_LEN, &event)) continue;
        if (event.seq == 0 || event.seq == UINT64_MAX || record_offset(event.seq) != i) continue;
        timeline->ring[i] = event;
        if (event.seq > timeline->last) timeline->last = event.seq;
    }
    free(bytes);
    settle_file(timeline);
    return status;
}

enum assay_status assay_timeline_file_open(const char *path, struct assay_timeline *timeline,
                                           struct assay_timeline_file **out)
{
    struct stat info;
    struct assay_timeline_file *file = calloc(1, sizeof *file);
    if (file == NULL) return ASSAY_E_MEMORY;
    *timeline = (struct assay_timeline){ 0 };
    file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    enum assay_status status = file->fd >= 0 ? ASSAY_OK : ASSAY_E_IO;
    if (status == ASSAY_OK && (fstat(file->fd, &info) != 0 || !S_ISREG(info.st_mode)))
        status = ASSAY_E_IO;
    if (status == ASSAY_OK) status = load_events(file->fd, timeline);
    if (status != ASSAY_OK) {
        *timeline = (struct assay_timeline){ 0 };
        assay_timeline_file_close(&file);
        return status;
    }
    *out = file;
    return ASSAY_OK;
}

enum assay_status assay_timeline_file_append(struct assay_timeline_file *file,
                                             const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(file->fd >= 0 && event->seq > 0); /* 0 is an empty record */
    uint8_t record[ASSAY_TIMELINE_RECORD_LEN];
    encode_record(event, record);
    const off_t at = (off_t)(record_offset(event->seq) * ASSAY_TIMELINE_RECORD_LEN);
    const ssize_t put = pwrite(file->fd, record, sizeof record, at);
    return put == (ssize_t)sizeof record ? ASSAY_OK : ASSAY_E_IO;
}

void assay_timeline_file_close(struct assay_timeline_file **file)
{
    if (*file == NULL) return;
    if ((*file)->fd >= 0) (void)close((*file)->fd);
    free(*file);
    *file = NULL;
}
