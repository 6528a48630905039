/*
 * net/http/stream.c - server-sent events and their resumption.
 */
#include "net/http/stream.h"

#include "base/assert.h"
#include "net/http/answer_internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ where a reader begins */

/* "BOOT-SEQ". Returns: whether it is of that form. */
static bool parse_id(const char *text, uint64_t *boot, uint64_t *seq)
{
    ASSAY_ASSERT(text != NULL);
    const char *dash = strchr(text, '-');
    if (dash == NULL || dash == text || dash - text > 16) return false;
    *boot = 0;
    for (const char *c = text; c < dash; c++) {
        const bool digit = *c >= '0' && *c <= '9', letter = *c >= 'a' && *c <= 'f';
        if (!digit && !letter) return false;
        *boot = *boot << 4 | (uint64_t)(digit ? *c - '0' : *c - 'a' + 10);
    }
    return assay_document_number(dash + 1, seq);
}

/* A browser sends its last event id; an id of another run, or a future one, requires a resync. */
void http_events(struct http_asking *asking)
{
    ASSAY_ASSERT(asking->book->timeline != NULL);
    const char *last = asking->request->last_event_id;
    const char *since = http_parameter(asking, "since");
    const uint64_t newest = assay_timeline_log_last(asking->book->timeline);
    uint64_t boot = 0, seq = 0;
    asking->answer->status = 200;
    asking->answer->type = "text/event-stream";
    asking->answer->stream = true;
    asking->answer->stream_since = newest;
    if (last == NULL || last[0] == '\0') last = since;
    if (last == NULL) return;
    if (!parse_id(last, &boot, &seq)) {
        asking->answer->stream = false;
        http_problem(asking, HTTP_BAD_REQUEST, "since, Last-Event-ID: expected BOOT-SEQ", NULL);
        return;
    }
    asking->answer->stream_resync = boot != asking->view->boot || seq > newest;
    if (!asking->answer->stream_resync) asking->answer->stream_since = seq;
}

/* ------------------------------------------------------------ bytes */

void assay_http_stream_init(struct assay_http_stream *stream, uint64_t boot, uint64_t seq,
                            bool resync, uint64_t now_ms)
{
    *stream =
        (struct assay_http_stream){ .boot = boot, .seq = seq, .resync = resync, .sent_ms = now_ms };
}

__attribute__((format(printf, 2, 3))) static void put(struct assay_http_stream *stream,
                                                      const char *format, ...)
{
    ASSAY_ASSERT(stream->len <= sizeof stream->chunk);
    const size_t room = sizeof stream->chunk - stream->len;
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(stream->chunk + stream->len, room, format, args);
    va_end(args);
    if (len > 0 && (size_t)len < room) stream->len += (size_t)len;
}

static void write_snapshot(struct assay_http_stream *stream, const struct assay_http_snapshot *view,
                           uint64_t now_ms)
{
    ASSAY_ASSERT(view != NULL);
    const struct assay_snapshot *s = &view->snapshot;
    put(stream,
        "event: snapshot\ndata: {\"generation\":%" PRIu64 ",\"epoch\":%" PRIu64
        ",\"height\":%" PRIu64 ",\"at_unix_ms\":%" PRIu64 ",\"timeline_seq\":%" PRIu64 "}\n\n",
        view->generation, s->chain.epoch, s->chain.height, s->at_unix_ms, s->timeline_seq);
    stream->generation = view->generation;
    stream->snapshot_ms = now_ms;
}

/* JSON has no newline of its own: one line of data. */
static void write_event(struct assay_http_stream *stream, const struct assay_timeline_event *event)
{
    ASSAY_ASSERT(event->seq > stream->seq);
    struct assay_json *object = assay_document_event(event);
    char *text = assay_json_print(object, 0);
    if (text != NULL)
        put(stream, "id: %" PRIx64 "-%" PRIu64 "\nevent: timeline\ndata: %s\n\n", stream->boot,
            event->seq, text);
    free(text);
    assay_json_free(&object);
}

static void write_resync(struct assay_http_stream *stream)
{
    ASSAY_ASSERT(stream->len <= sizeof stream->chunk);
    put(stream, "id: %" PRIx64 "-%" PRIu64 "\nevent: resync\ndata: {}\n\n", stream->boot,
        stream->seq);
    stream->resync = false;
}

static void fill_events(struct assay_http_stream *stream, struct assay_timeline_log *timeline)
{
    ASSAY_ASSERT(stream->len <= sizeof stream->chunk);
    enum { ROOM = ASSAY_HTTP_CHUNK_MAX / 4 };
    struct assay_timeline_event event;
    bool gap = false;
    while (sizeof stream->chunk - stream->len > ROOM &&
           assay_timeline_log_find_after(timeline, stream->seq, &event, &gap)) {
        if (gap) { /* restart at the newest: lost events cannot be sent */
            stream->seq = assay_timeline_log_last(timeline);
            write_resync(stream);
            return;
        }
        write_event(stream, &event);
        stream->seq = event.seq;
    }
}

static void fill_chunk(struct assay_http_stream *stream, struct assay_timeline_log *timeline,
                       const struct assay_http_snapshot *view, uint64_t now_ms)
{
    ASSAY_ASSERT(stream->done == stream->len);
    stream->len = stream->done = 0;
    if (!stream->begun) put(stream, "retry: 3000\n\n");
    stream->begun = true;
    if (stream->resync) write_resync(stream);
    fill_events(stream, timeline);
    if (view != NULL && view->generation != stream->generation &&
        (stream->generation == 0 || now_ms - stream->snapshot_ms >= ASSAY_HTTP_SNAPSHOT_MS))
        write_snapshot(stream, view, now_ms);
    if (stream->len == 0 && now_ms - stream->sent_ms >= ASSAY_HTTP_HEARTBEAT_MS)
        put(stream, ": still here\n\n");
    if (stream->len > 0) stream->sent_ms = now_ms;
}

size_t assay_http_stream_read(struct assay_http_stream *stream, struct assay_timeline_log *timeline,
                              const struct assay_http_snapshot *view, uint64_t now_ms, char *out,
                              size_t capacity)
{
    ASSAY_ASSERT(stream->done <= stream->len && stream->len <= sizeof stream->chunk);
    if (stream->done == stream->len) fill_chunk(stream, timeline, view, now_ms);
    const size_t left = stream->len - stream->done;
    const size_t len = left < capacity ? left : capacity;
    assay_bytes_copy(out, capacity, stream->chunk + stream->done, len);
    stream->done += len;
    return len;
}

bool assay_http_stream_is_ready(const struct assay_http_stream *stream, uint64_t last_seq,
                                uint64_t generation, uint64_t now_ms)
{
    ASSAY_ASSERT(stream->done <= stream->len);
    if (stream->done < stream->len || !stream->begun || stream->resync) return true;
    if (stream->seq != last_seq || now_ms - stream->sent_ms >= ASSAY_HTTP_HEARTBEAT_MS) return true;
    return generation != stream->generation &&
           now_ms - stream->snapshot_ms >= ASSAY_HTTP_SNAPSHOT_MS;
}
