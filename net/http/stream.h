/*
 * net/http/stream.h - server-sent events: one reader's position in the timeline, and its pending
 * bytes.
 *
 * Server-sent events as docs/openapi.json says: `timeline` with an id BOOT-SEQ to go on from,
 * `snapshot` when there is something newer to ask for, `resync` after a gap, a comment as a
 * heartbeat. What a reader has not taken is kept nowhere: the timeline is the only memory, and a
 * client that is too slow for it is notified of the gap.
 */
#ifndef ASSAY_NET_HTTP_STREAM_H
#define ASSAY_NET_HTTP_STREAM_H

#include "net/http/snapshot_slot.h"
#include "net/timeline/timeline_log.h"

enum {
    ASSAY_HTTP_CHUNK_MAX = 16384, /* the longest single event is a quarter of it */
    ASSAY_HTTP_HEARTBEAT_MS = 15 * 1000,
    ASSAY_HTTP_SNAPSHOT_MS = 250, /* between two of them */
};

struct assay_http_stream {
    uint64_t boot, seq;               /* last event sent */
    uint64_t generation, snapshot_ms; /* of the last snapshot announced, and when */
    uint64_t sent_ms;                 /* when anything was */
    bool begun, resync;
    char chunk[ASSAY_HTTP_CHUNK_MAX];
    size_t len, done;
};

/* Events after seq. */
void assay_http_stream_init(struct assay_http_stream *stream, uint64_t boot, uint64_t seq,
                            bool resync, uint64_t now_ms);
/*
 * Fills the chunk when it is empty, and reads bytes from it. view: the newest snapshot.
 * Returns: bytes written to out[capacity], 0: nothing to send now
 */
size_t assay_http_stream_read(struct assay_http_stream *stream, struct assay_timeline_log *timeline,
                              const struct assay_http_snapshot *view, uint64_t now_ms, char *out,
                              size_t capacity);
/* Returns: whether there is something to send. */
bool assay_http_stream_is_ready(const struct assay_http_stream *stream, uint64_t last_seq,
                                uint64_t generation, uint64_t now_ms);

#endif
