/*
 * net/timeline/timeline_log.h - timeline of a node with its file: events and numbering survive a
 * restart, and every thread of the process may read them.
 *
 * The file has a header and records of the same length, one for each place of the timeline that was
 * ever used, each with a digest; the bound of the timeline may change between two runs. Records are
 * written as they come and not synced: after a power cut the last ones may be missing, and their
 * numbers come again. It is for operators; nothing depends on it. The file of an earlier release
 * (1,024 records without a header) is taken over.
 */
#ifndef ASSAY_NET_TIMELINE_TIMELINE_LOG_H
#define ASSAY_NET_TIMELINE_TIMELINE_LOG_H

#include "base/status.h"
#include "net/timeline/timeline.h"

enum { ASSAY_TIMELINE_HEADER_LEN = 32, ASSAY_TIMELINE_RECORD_LEN = 574 };

struct assay_timeline_log;

/* An empty one, without a file. kept_max: as assay_timeline_init. Returns: ASSAY_OK |
 * ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_timeline_log_create(uint32_t kept_max,
                                                          struct assay_timeline_log **out);
/* Accepts a pointer to NULL; nulls it. */
void assay_timeline_log_destroy(struct assay_timeline_log **log);
/*
 * assay_timeline_log_open - create or open the file of an empty log, and read what is there.
 *
 * Damaged records are skipped; readers see that something is gone. On an error the log is without a
 * file; it has the events that could be read.
 * Returns: ASSAY_OK | ASSAY_E_IO (no regular file, not to be written) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_timeline_log_open(struct assay_timeline_log *log,
                                                        const char *path);
/*
 * assay_timeline_log_add - an event (assay_timeline_add), also into the file.
 * Returns: ASSAY_OK | ASSAY_E_IO: the disk is full, or gone; the event is there until the process
 * ends, and the file is given up
 */
enum assay_status assay_timeline_log_add(struct assay_timeline_log *log,
                                         const struct assay_timeline_event *event);
/* Returns: the number of the newest event, 0: none. */
uint64_t assay_timeline_log_last(struct assay_timeline_log *log);
/* Returns: the highest number of an event that was evicted or lost with the file, 0: none. */
uint64_t assay_timeline_log_gone(struct assay_timeline_log *log);
/*
 * assay_timeline_log_find_after - the oldest event with a number above since.
 * Out:     *gap: an event above since is gone, by eviction or with the file; may be NULL
 * Returns: whether there is one, and *out
 */
bool assay_timeline_log_find_after(struct assay_timeline_log *log, uint64_t since,
                                   struct assay_timeline_event *out, bool *gap);

#endif
