/*
 * apps/assay/export/export_source.h - reader of the daemon's documents: records in order, with
 * every hole recorded.
 *
 * Events are read by number. A daemon that restarted goes on with its numbers, or starts again with
 * them when it lost its timeline (a power cut, an empty state folder), perhaps with a clock that
 * was set back: an event with an old number may be another one. So after a restart the newest
 * events that were exported are looked for, by number and time. Behind the last of them that is
 * left, all is new; if none is left, all retained events are read again, and a gap says so.
 */
#ifndef ASSAY_APPS_ASSAY_EXPORT_EXPORT_SOURCE_H
#define ASSAY_APPS_ASSAY_EXPORT_EXPORT_SOURCE_H

#include "apps/assay/export/export.h"

/* Records in order, owned. */
struct export_queue {
    struct export_item *items; /* [capacity] */
    size_t head, count, capacity;
};

/* The oldest, in one piece. Returns: how many, at most EXPORT_BATCH_MAX; 0: none */
size_t export_queue_batch(struct export_queue *queue, const struct export_item **items);
/* Frees the oldest. */
void export_queue_drop(struct export_queue *queue, size_t count);
/* Frees all. */
void export_queue_free(struct export_queue *queue);

struct export_source {
    const struct export_options *options;
    struct assay_record_origin origin;
    bool has_origin;                 /* false: to be identified before the next read */
    char boot[20];                   /* of the newest timeline, "": none */
    struct export_position position; /* of the newest record that was read */
    bool scans;                      /* retained events are read again */
    bool is_lost;                    /* nothing of what was exported is left: a gap is due */
    uint64_t scanned;                /* number up to which */
};

enum export_read {
    EXPORT_READ_MORE,      /* there is more at once */
    EXPORT_READ_ALL,       /* nothing more now */
    EXPORT_READ_UNREACHED, /* no answer, message has why */
    EXPORT_READ_REFUSED,   /* an answer that cannot be used, message has why */
};

/* Asks for what the daemon is. Returns: READ_ALL | READ_UNREACHED | READ_REFUSED */
enum export_read export_source_identify(struct export_source *source,
                                        char message[static EXPORT_MESSAGE_LEN]);
/*
 * One page of records, behind the others in queue. When another daemon answers than the one that
 * was identified, nothing is recorded, has_origin is false, and the result READ_MORE.
 */
enum export_read export_source_read(struct export_source *source, struct export_queue *queue,
                                    char message[static EXPORT_MESSAGE_LEN]);
/* Documents of this moment, for metrics. Out: *body of malloc. Returns: as export_source_identify
 */
enum export_read export_source_metrics(struct export_source *source,
                                       const struct assay_otlp_exporter *exporter, char **body,
                                       char message[static EXPORT_MESSAGE_LEN]);

#endif
