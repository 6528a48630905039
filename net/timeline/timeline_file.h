/*
 * net/timeline/timeline_file.h - durable timeline: events and numbering survive a restart.
 *
 * One file of ASSAY_TIMELINE_MAX records of the same length, each in the place that its number
 * gives, each with a digest. Records are written as they come and not synced: after a power cut the
 * last ones may be missing, and their numbers come again. It is for operators; nothing depends on
 * it.
 */
#ifndef ASSAY_NET_TIMELINE_TIMELINE_FILE_H
#define ASSAY_NET_TIMELINE_TIMELINE_FILE_H

#include "base/status.h"
#include "net/timeline/timeline.h"

enum { ASSAY_TIMELINE_RECORD_LEN = 250 };

struct assay_timeline_file;

/*
 * assay_timeline_file_open - make or open the file, and read what is there.
 * Out:     *timeline: the newest events without a gap; what is damaged, and all before it, is gone
 * Returns: ASSAY_OK | ASSAY_E_IO (no regular file, not to be written) | ASSAY_E_MEMORY
 */
ASSAY_CHECKED enum assay_status assay_timeline_file_open(const char *path,
                                                         struct assay_timeline *timeline,
                                                         struct assay_timeline_file **out);
/* Returns: ASSAY_OK | ASSAY_E_IO (the disk is full, or gone) */
ASSAY_CHECKED enum assay_status assay_timeline_file_append(
    struct assay_timeline_file *file, const struct assay_timeline_event *event);
/* Accepts a pointer to NULL; nulls it. */
void assay_timeline_file_close(struct assay_timeline_file **file);

#endif
