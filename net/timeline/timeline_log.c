/*
 * net/timeline/timeline_log.c - timeline with its file and its lock.
 */
#include "net/timeline/timeline_log.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/cursor.h"
#include "base/file/file.h"
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    DIGEST_LEN = 8,
    BODY_LEN = ASSAY_TIMELINE_RECORD_LEN - DIGEST_LEN,
    FILE_LEN = ASSAY_TIMELINE_HEADER_LEN + ASSAY_TIMELINE_MAX * ASSAY_TIMELINE_RECORD_LEN,
    /* The file of an earlier release: no header, the place is the number modulo 1,024. */
    OLD_RECORD_LEN = 250,
    OLD_PLACES = 1024,
    OLD_TEXT = 160,
};

static const char header[ASSAY_TIMELINE_HEADER_LEN] = "assay timeline 2\n";

struct assay_timeline_log {
    pthread_mutex_t lock;
    int fd; /* -1: none, or given up */
    struct assay_timeline timeline;
};

/* ------------------------------------------------------------ one record */

static void digest_of(struct assay_slice body, uint8_t digest[static 32])
{
    assay_sha256(body.bytes, body.len, digest);
}

/* gone: of the timeline, so that it outlives what has gone. */
static void encode_record(const struct assay_timeline_event *event, uint64_t gone,
                          uint8_t record[static ASSAY_TIMELINE_RECORD_LEN])
{
    ASSAY_ASSERT(event->text[sizeof event->text - 1] == '\0');
    ASSAY_ASSERT(event->code[sizeof event->code - 1] == '\0');
    ASSAY_ASSERT(event->name[sizeof event->name - 1] == '\0');
    const uint64_t numbers[] = { event->seq,         gone,         event->first_seq,
                                 event->at_unix_ms,  event->epoch, event->first_unix_ms,
                                 event->first_epoch, event->a,     event->b };
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(record, ASSAY_TIMELINE_RECORD_LEN);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assay_writer_u64be(&w, numbers[i]);
    assay_writer_u32be(&w, event->count);
    assay_writer_u16be(&w, event->slot);
    assay_writer_put(&w, event->code, sizeof event->code);
    assay_writer_put(&w, event->name, sizeof event->name);
    assay_writer_put(&w, event->text, sizeof event->text);
    ASSAY_ASSERT(w.len == BODY_LEN);
    digest_of(assay_slice_over(record, BODY_LEN), digest);
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

static bool read_numbers(struct assay_cursor *in, uint64_t *const *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (assay_cursor_u64be(in, numbers[i]) != ASSAY_OK) return false;
    return true;
}

static bool is_intact(const uint8_t *record, size_t len)
{
    ASSAY_ASSERT(len > DIGEST_LEN);
    uint8_t digest[32];
    digest_of(assay_slice_over(record, len - DIGEST_LEN), digest);
    return assay_bytes_equal(digest, record + len - DIGEST_LEN, DIGEST_LEN);
}

static bool decode_record(const uint8_t record[static ASSAY_TIMELINE_RECORD_LEN],
                          struct assay_timeline_event *e, uint64_t *gone)
{
    uint64_t *const numbers[] = { &e->seq,         gone,      &e->first_seq,
                                  &e->at_unix_ms,  &e->epoch, &e->first_unix_ms,
                                  &e->first_epoch, &e->a,     &e->b };
    struct assay_cursor in = assay_cursor_over(record, BODY_LEN);
    *e = (struct assay_timeline_event){ 0 };
    return is_intact(record, ASSAY_TIMELINE_RECORD_LEN) &&
           read_numbers(&in, numbers, sizeof numbers / sizeof numbers[0]) &&
           assay_cursor_u32be(&in, &e->count) == ASSAY_OK &&
           assay_cursor_u16be(&in, &e->slot) == ASSAY_OK &&
           read_text(&in, e->code, sizeof e->code) && e->code[0] != '\0' &&
           read_text(&in, e->name, sizeof e->name) && read_text(&in, e->text, sizeof e->text);
}

static bool decode_old_record(const uint8_t record[static OLD_RECORD_LEN],
                              struct assay_timeline_event *e)
{
    uint64_t *const numbers[] = { &e->seq, &e->at_unix_ms, &e->epoch, &e->a, &e->b };
    struct assay_cursor in = assay_cursor_over(record, OLD_RECORD_LEN - DIGEST_LEN);
    *e = (struct assay_timeline_event){ 0 };
    return is_intact(record, OLD_RECORD_LEN) &&
           read_numbers(&in, numbers, sizeof numbers / sizeof numbers[0]) &&
           assay_cursor_u16be(&in, &e->slot) == ASSAY_OK &&
           read_text(&in, e->code, sizeof e->code) && e->code[0] != '\0' &&
           read_text(&in, e->text, OLD_TEXT);
}

/* ------------------------------------------------------------ the file */

static off_t offset_of(uint32_t place)
{
    ASSAY_ASSERT(place < ASSAY_TIMELINE_MAX);
    return (off_t)ASSAY_TIMELINE_HEADER_LEN + (off_t)place * ASSAY_TIMELINE_RECORD_LEN;
}

static enum assay_status read_all(int fd, uint8_t *bytes, size_t capacity, size_t *len)
{
    ASSAY_ASSERT(fd >= 0 && capacity > 0);
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

static enum assay_status write_at(int fd, struct assay_slice bytes, off_t at)
{
    ASSAY_ASSERT(fd >= 0);
    const ssize_t put = pwrite(fd, bytes.bytes, bytes.len, at);
    return put == (ssize_t)bytes.len ? ASSAY_OK : ASSAY_E_IO;
}

static enum assay_status write_place(struct assay_timeline_log *log, uint32_t place)
{
    ASSAY_ASSERT(log->fd >= 0);
    uint8_t record[ASSAY_TIMELINE_RECORD_LEN];
    encode_record(&log->timeline.events[place], log->timeline.gone, record);
    return write_at(log->fd, assay_slice_over(record, sizeof record), offset_of(place));
}

/* A record that is damaged may have had any number below the newest. */
static void load_records(struct assay_timeline_log *log, struct assay_slice file)
{
    ASSAY_ASSERT(log->timeline.count == 0 && log->timeline.last == 0);
    struct assay_timeline *timeline = &log->timeline;
    bool damaged = false;
    for (uint32_t place = 0; place < ASSAY_TIMELINE_MAX; place++) {
        const size_t at = (size_t)offset_of(place);
        struct assay_timeline_event event;
        uint64_t gone = 0;
        if (at >= file.len) break;
        if (file.len - at >= ASSAY_TIMELINE_RECORD_LEN &&
            decode_record(file.bytes + at, &event, &gone) && gone <= UINT64_MAX / 2 &&
            assay_timeline_restore(timeline, place, &event)) {
            if (gone > timeline->gone) timeline->gone = gone;
            continue;
        }
        for (size_t i = at; i < file.len && i < at + ASSAY_TIMELINE_RECORD_LEN; i++)
            damaged = damaged || file.bytes[i] != 0;
    }
    if (damaged && timeline->count > 0) timeline->gone = timeline->last;
    if (timeline->gone > timeline->last) timeline->last = timeline->gone;
}

static int compare_numbers(const void *a, const void *b)
{
    const struct assay_timeline_event *const one = a, *const other = b;
    return one->seq < other->seq ? -1 : one->seq > other->seq;
}

/* Numbers go on where they ended. */
static enum assay_status load_old_records(struct assay_timeline_log *log, struct assay_slice file)
{
    struct assay_timeline *timeline = &log->timeline;
    struct assay_timeline_event *const events = calloc(OLD_PLACES, sizeof *events);
    size_t count = 0;
    if (events == NULL) return ASSAY_E_MEMORY;
    for (size_t i = 0; i < OLD_PLACES && (i + 1) * OLD_RECORD_LEN <= file.len; i++)
        if (decode_old_record(file.bytes + i * OLD_RECORD_LEN, &events[count]) &&
            events[count].seq > 0 && events[count].seq <= UINT64_MAX / 2)
            count++;
    qsort(events, count, sizeof *events, compare_numbers);
    for (size_t i = 0; i < count; i++) {
        if (events[i].seq <= timeline->last) continue;
        if (events[i].seq > timeline->last + 1) timeline->gone = events[i].seq - 1;
        timeline->last = events[i].seq - 1;
        const uint32_t place = assay_timeline_add(timeline, &events[i]);
        ASSAY_ASSERT(timeline->events[place].seq == events[i].seq);
    }
    free(events);
    return ASSAY_OK;
}

/* A complete file in the place of the one of an earlier release: never a part of it. */
static enum assay_status write_file(struct assay_timeline_log *log, const char *path)
{
    ASSAY_ASSERT(log->fd >= 0 && log->timeline.count <= ASSAY_TIMELINE_MAX);
    uint8_t *const bytes = calloc(1, FILE_LEN);
    size_t len = sizeof header;
    if (bytes == NULL) return ASSAY_E_MEMORY;
    assay_bytes_copy(bytes, FILE_LEN, (const uint8_t *)header, sizeof header);
    for (uint32_t i = 0; i < log->timeline.count; i++) {
        const uint32_t place = log->timeline.order[i];
        const size_t at = (size_t)offset_of(place);
        encode_record(&log->timeline.events[place], log->timeline.gone, bytes + at);
        if (len < at + ASSAY_TIMELINE_RECORD_LEN) len = at + ASSAY_TIMELINE_RECORD_LEN;
    }
    const enum assay_status status =
        assay_file_replace(path, ASSAY_FILE_SECRET, assay_slice_over(bytes, len));
    free(bytes);
    (void)close(log->fd);
    log->fd = status == ASSAY_OK ? open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (status != ASSAY_OK) return status;
    return log->fd >= 0 ? ASSAY_OK : ASSAY_E_IO;
}

static enum assay_status load_file(struct assay_timeline_log *log, const char *path)
{
    ASSAY_ASSERT(log->fd >= 0 && log->timeline.count == 0);
    uint8_t *bytes = malloc(FILE_LEN);
    size_t len = 0;
    if (bytes == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = read_all(log->fd, bytes, FILE_LEN, &len);
    const struct assay_slice file = assay_slice_over(bytes, len);
    const bool is_current =
        len >= sizeof header && assay_bytes_equal(bytes, (const uint8_t *)header, sizeof header);
    if (status == ASSAY_OK && is_current) load_records(log, file);
    /* Records of what is evicted now would be read again. */
    if (status == ASSAY_OK && is_current && assay_timeline_trim(&log->timeline))
        status = write_file(log, path);
    if (status == ASSAY_OK && !is_current) {
        status = load_old_records(log, file);
        if (status == ASSAY_OK && len > 0 && log->timeline.count == 0) status = ASSAY_E_UNSUPPORTED;
        if (status == ASSAY_OK) status = write_file(log, path);
    }
    free(bytes);
    return status;
}

/* A file that this release cannot read, as one of a later release, stays next to the new one. */
static enum assay_status open_file(struct assay_timeline_log *log, const char *path)
{
    char aside[PATH_MAX];
    struct stat info;
    log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (log->fd < 0 || fstat(log->fd, &info) != 0 || !S_ISREG(info.st_mode)) return ASSAY_E_IO;
    const enum assay_status status = load_file(log, path);
    if (status != ASSAY_E_UNSUPPORTED) return status;
    (void)close(log->fd);
    log->fd = -1;
    const int len = snprintf(aside, sizeof aside, "%s.unread", path);
    if (len < 0 || (size_t)len >= sizeof aside || rename(path, aside) != 0) return ASSAY_E_IO;
    log->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return log->fd >= 0 ? write_file(log, path) : ASSAY_E_IO;
}

/* ------------------------------------------------------------ public */

enum assay_status assay_timeline_log_create(uint32_t kept_max, struct assay_timeline_log **out)
{
    struct assay_timeline_log *log = calloc(1, sizeof *log);
    if (log == NULL || pthread_mutex_init(&log->lock, NULL) != 0) {
        free(log);
        return ASSAY_E_MEMORY;
    }
    log->fd = -1;
    assay_timeline_init(&log->timeline, kept_max);
    *out = log;
    return ASSAY_OK;
}

void assay_timeline_log_destroy(struct assay_timeline_log **log)
{
    if (*log == NULL) return;
    if ((*log)->fd >= 0) (void)close((*log)->fd);
    (void)pthread_mutex_destroy(&(*log)->lock);
    free(*log);
    *log = NULL;
}

enum assay_status assay_timeline_log_open(struct assay_timeline_log *log, const char *path)
{
    ASSAY_ASSERT(log->fd < 0 && log->timeline.last == 0);
    (void)pthread_mutex_lock(&log->lock);
    const enum assay_status status = open_file(log, path);
    if (status != ASSAY_OK) {
        if (log->fd >= 0) (void)close(log->fd);
        log->fd = -1;
    }
    (void)pthread_mutex_unlock(&log->lock);
    return status;
}

enum assay_status assay_timeline_log_add(struct assay_timeline_log *log,
                                         const struct assay_timeline_event *event)
{
    (void)pthread_mutex_lock(&log->lock);
    const uint32_t place = assay_timeline_add(&log->timeline, event);
    enum assay_status status = ASSAY_OK;
    if (log->fd >= 0) status = write_place(log, place);
    if (status != ASSAY_OK) {
        (void)close(log->fd);
        log->fd = -1;
    }
    (void)pthread_mutex_unlock(&log->lock);
    return status;
}

uint64_t assay_timeline_log_last(struct assay_timeline_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    const uint64_t last = log->timeline.last;
    (void)pthread_mutex_unlock(&log->lock);
    return last;
}

uint64_t assay_timeline_log_gone(struct assay_timeline_log *log)
{
    (void)pthread_mutex_lock(&log->lock);
    const uint64_t gone = log->timeline.gone;
    (void)pthread_mutex_unlock(&log->lock);
    return gone;
}

bool assay_timeline_log_find_after(struct assay_timeline_log *log, uint64_t since,
                                   struct assay_timeline_event *out, bool *gap)
{
    (void)pthread_mutex_lock(&log->lock);
    const struct assay_timeline_event *event = assay_timeline_find_after(&log->timeline, since);
    if (event != NULL) *out = *event;
    if (gap != NULL) *gap = since < log->timeline.gone;
    (void)pthread_mutex_unlock(&log->lock);
    return event != NULL;
}
